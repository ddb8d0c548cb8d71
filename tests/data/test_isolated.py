"""Work in another process: answers, errors, crashes, hangs and hunger for memory come back as what they are."""

import os
import signal
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from outcrop.data import isolated
from outcrop.data.isolated import call
from outcrop.errors import DataError

HERE = "test_isolated"
linux = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere every call starts a process")


def size_of(path, *, more=0):
    return Path(path).stat().st_size + more


def number(path):
    return os.getpid(), os.getppid()


def fail(path):
    raise ArithmeticError("over\nand out")


def refuse(path):
    raise DataError(f"{path} is not good.\nFix: another.")


def die(path):
    os.kill(os.getpid(), signal.SIGSEGV)


def hang(path):
    while True:
        pass


def devour(path):
    return len(bytearray(2**34))


@pytest.fixture
def file(tmp_path):
    (tmp_path / "a.bin").write_bytes(bytes(10))
    return tmp_path / "a.bin"


@pytest.fixture(params=["forked", "started"])
def way(request, monkeypatch):
    """Both ways to get a process."""
    if request.param == "started":
        monkeypatch.setattr(isolated, "_forked", lambda task, library: isolated._started(task, 20.0))
    elif sys.platform != "linux":
        pytest.skip("forks are for Linux")


def test_answers_and_errors_come_back(way, file):
    assert call(f"{HERE}:size_of", file, more=5) == 15
    with pytest.raises(DataError, match=r"cannot be read \(over and out\)[\s\S]*a.bin\nFix: copy or export"):
        call(f"{HERE}:fail", file)
    with pytest.raises(DataError, match=r"is not good.\nFix: another.$"):
        call(f"{HERE}:refuse", file)
    with pytest.raises(DataError, match="crashed"):
        call(f"{HERE}:die", file)


def test_the_file_is_named_from_where_we_are(way, file, monkeypatch):
    monkeypatch.chdir(file.parent)
    assert call(f"{HERE}:size_of", "a.bin") == 10


def wait(path):
    time.sleep(0.8)
    return 1


@linux
def test_a_busy_machine_spoils_no_sound_file(file):
    assert call(f"{HERE}:wait", file, timeout_s=0.5) == 1


@linux
def test_a_hang_and_a_hunger_end(file):
    with pytest.raises(DataError, match="did not come back within 1 s"):
        call(f"{HERE}:hang", file, timeout_s=1.0)
    with pytest.raises(DataError, match="MemoryError"):
        call(f"{HERE}:devour", file)


@linux
def test_calls_share_a_server_that_keeps_the_library_and_is_replaced_when_it_dies(file):
    first, parent = call(f"{HERE}:number", file, library="csv")
    second, same = call(f"{HERE}:number", file, library="csv")
    assert first != second and parent == same != os.getpid()
    assert call(f"{HERE}:number", file, library="no_such_library")[1] != parent
    os.kill(parent, signal.SIGKILL)
    isolated._SERVERS["csv"][1].wait()
    assert call(f"{HERE}:number", file, library="csv")[1] != parent


@linux
def test_many_threads_at_once(file):
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda more: call(f"{HERE}:size_of", file, more=more), range(12)))
    assert found == [10 + more for more in range(12)] and threading.active_count() < 20
