"""Memory that was freed goes back to the system, also where small blocks that stay lie between."""

import subprocess
import sys

import pytest

PROGRAM = """
import sys
import numpy as np
from outcrop.run.freed import give_back_freed_memory

def held():
    with open("/proc/self/statm") as told:
        return int(told.read().split()[1]) * 4096 / 1e6

if sys.argv[1] == "set" and not give_back_freed_memory():
    raise SystemExit(3)
np.ones(4_000_000)  # 32 MB given back once: from then on the C library keeps what is smaller
before, large, stays = held(), [], []
for _ in range(80):
    large.append(np.ones(500_000))  # 4 MB
    stays.append([np.ones(1000) for _ in range(4)])
large.clear()
print(held() - before)
"""


def kept(how):
    done = subprocess.run([sys.executable, "-c", PROGRAM, how], capture_output=True, text=True)
    if done.returncode == 3:
        pytest.skip("the C library has no such settings")
    return float(done.stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_freed_blocks_go_back_at_once():
    assert kept("set") < 40  # MB, of 320
    assert kept("unset") > 200  # or the settings would not be needed
