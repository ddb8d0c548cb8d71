"""Realisations per second of a flow, drawn by outcrop and by PyTorch: the same network, the same evaluations.

    pip install -e '.[benchmark]'
    python benchmarks/sampling.py [--rounds 7] [--threads 2]

`time_mlp` with 128 x 3 on pairs of numbers, as in examples/15_porosity_prior; 16 steps of the midpoint method, which
are 32 evaluations, in batches of 4,096. Both take turns in one process; the median round counts.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from typing import Any

import jax
import numpy as np
import torch
from torch import nn

from outcrop.loss.table import build as build_loss
from outcrop.model.table import build
from outcrop.model.time_embedding import FASTEST, PAIRS, SLOWEST
from outcrop.model.trainable import parameter_count
from outcrop.run.drawing import drawn
from outcrop.sample.realise import Plan

BATCH, STEPS, WIDTH, DEPTH, SIZE = 4096, 16, 128, 3, 2


class Block(nn.Module):
    """The block of outcrop.model.time_mlp."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(WIDTH)
        self.widen, self.film, self.narrow = (
            nn.Linear(WIDTH, WIDTH),
            nn.Linear(WIDTH, 2 * WIDTH),
            nn.Linear(WIDTH, WIDTH),
        )

    def forward(self, x: Any, embedding: Any) -> Any:
        scale, shift = self.film(embedding).chunk(2, dim=-1)
        return x + self.narrow(nn.functional.silu((1 + scale) * self.widen(self.norm(x)) + shift))


class Twin(nn.Module):
    """The network of outcrop.model.time_mlp without a condition."""

    def __init__(self) -> None:
        super().__init__()
        self.frequencies = torch.from_numpy(np.geomspace(SLOWEST, FASTEST, PAIRS, dtype=np.float32))
        self.embed = nn.Sequential(nn.Linear(2 * PAIRS, WIDTH), nn.SiLU(), nn.Linear(WIDTH, WIDTH), nn.SiLU())
        self.first, self.last = nn.Linear(SIZE, WIDTH), nn.Linear(WIDTH, SIZE)
        self.blocks = nn.ModuleList(Block() for _ in range(DEPTH))

    def forward(self, x: Any, t: float) -> Any:
        angles = t * self.frequencies
        embedding = self.embed(torch.cat([angles.sin(), angles.cos()]))
        y = self.first(x)
        for block in self.blocks:
            y = block(y, embedding)
        return self.last(nn.functional.silu(y))


def in_torch(network: Any) -> None:
    """One batch by the midpoint method."""
    with torch.inference_mode():
        x = torch.randn(BATCH, SIZE)
        for step in range(STEPS):
            t, dt = step / STEPS, 1 / STEPS
            x = x + dt * network(x + 0.5 * dt * network(x, t), t + 0.5 * dt)


def main() -> None:
    """Times both in turn and prints realisations per second."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, set(sorted(os.sched_getaffinity(0))[: options.threads]))
    torch.set_num_threads(options.threads)
    shape = {"width_size": WIDTH, "depth": DEPTH}
    model, twin = build("time_mlp", in_size=0, out=SIZE, arguments=shape, key=jax.random.key(0)), Twin().eval()
    loss, plan = build_loss("flow", "number", arguments={}), Plan(sampler="ode", steps=STEPS)
    if parameter_count(model) != sum(p.numel() for p in twin.parameters()):
        raise SystemExit(f"{parameter_count(model)} parameters in outcrop, another number in PyTorch")
    told = np.zeros((1, 0), np.float32)
    how = {"count": BATCH, "seed": 0, "batch_size": BATCH}
    contenders = {
        "outcrop": lambda: drawn([model], loss, plan, told, (SIZE,), **how),
        "PyTorch": lambda: in_torch(twin),
    }
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    for number in range(1 + options.rounds):
        for name, each in contenders.items():
            begun = time.perf_counter()
            each()
            if number:  # the first round compiles
                seconds[name].append(time.perf_counter() - begun)
    ratios = [b / a for a, b in zip(seconds["outcrop"], seconds["PyTorch"], strict=True)]
    low, _, high = statistics.quantiles(ratios, n=4)
    rate = {name: BATCH / statistics.median(spent) for name, spent in seconds.items()}
    print(", ".join(f"{name} {value:,.0f} realisations/s" for name, value in rate.items()))
    print(f"ratio {rate['outcrop'] / rate['PyTorch']:.2f} ({low:.2f} to {high:.2f})")


if __name__ == "__main__":
    main()
