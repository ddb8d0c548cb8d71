"""Where the time of a training step goes, in outcrop and in PyTorch: why a family is ahead or behind.

    pip install -e '.[benchmark]'
    python benchmarks/profile_step.py unet3d [--threads 2] [--top 8]

Names are those of train_families.py, by their beginning. Both steps are traced for some rounds after they are warm;
times are of the kinds of operations, added over threads, in milliseconds per step.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import re
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import jax
from train_families import load_torch, outcrop_round, torch_round
from workloads import Workload, workloads

ROUNDS = 3


def of_outcrop(work: Workload) -> Counter[str]:
    """Kind of compiled operation -> milliseconds per step: a product, a convolution, or what was fused into one."""
    steps, _ = outcrop_round(work)
    steps()
    with tempfile.TemporaryDirectory() as folder:
        with jax.profiler.trace(folder):
            for _ in range(ROUNDS):
                steps()
        (trace,) = Path(folder).rglob("*.trace.json.gz")
        events = json.loads(gzip.decompress(trace.read_bytes()))["traceEvents"]
    spent: Counter[str] = Counter()
    for event in events:
        name = event.get("args", {}).get("hlo_op", "")
        if name and not name.startswith(("while", "call")):
            spent[re.sub(r"[.\d]+(clone)?$", "", name)] += event["dur"] / 1e3 / ROUNDS / work.steps
    return spent


def of_torch(work: Workload, torch: Any) -> Counter[str]:
    """Operator -> milliseconds per step, without what it calls."""
    steps = torch_round(work, torch, compiled=False)
    steps()
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]) as profile:
        for _ in range(ROUNDS):
            steps()
    return Counter({row.key: row.self_cpu_time_total / 1e3 / ROUNDS / work.steps for row in profile.key_averages()})


def main() -> None:
    """Prints both tables of each workload that is named."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="+", help="families, by the start of their name")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--top", type=int, default=8)
    asked = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, set(sorted(os.sched_getaffinity(0))[: asked.threads]))
    torch = load_torch(asked.threads)
    for work in workloads():
        if not work.name.startswith(tuple(asked.names)):
            continue
        for who, spent in (("outcrop", of_outcrop(work)), ("PyTorch", of_torch(work, torch))):
            whole = sum(spent.values())
            print(f"{work.name}, {who}: {whole:.3g} ms of processor time per step")
            for name, took in spent.most_common(asked.top):
                print(f"  {took:8.3g}  {took / whole:4.0%}  {name}")


if __name__ == "__main__":
    main()
