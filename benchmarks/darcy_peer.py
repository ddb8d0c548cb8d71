"""Relative L2 errors of neuraloperator's own networks on the data of examples/17_darcy_operator, on this machine.

    pip install -e '.[benchmark]'
    OUTCROP_DATA_DIR=... python benchmarks/darcy_peer.py [--seeds 3] [--threads 2]

The same 900 simulations train and 100 choose the epoch as in the example; the same number of steps and examples per
step, AdamW with a rate of 2e-3 that falls along a cosine, pressure in standard units. `fno` has the sizes of the
example and its loss; `tfno` is the publisher's choice: weights in Tucker form, a loss with derivatives (H1). Scored are
the 50 test simulations on the grid of training and on the finer one, once, at the epoch with the best validation error.
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from neuralop import H1Loss, LpLoss
from neuralop.models import FNO, TFNO

STEPS, BATCH, RATE = 1800, 16, 2e-3
KINDS = {
    "fno": (lambda: FNO((16, 16), 1, 1, 32, domain_padding=0.25), LpLoss(d=2, p=2)),
    "tfno": (lambda: TFNO((16, 16), 1, 1, 32, domain_padding=0.25, rank=0.42), H1Loss(d=2)),
}


def read(name: str) -> tuple[torch.Tensor, torch.Tensor]:
    """Permeability and pressure, (simulation, 1, row, column)."""
    found = torch.load(Path(os.environ["OUTCROP_DATA_DIR"]) / "pde" / name, weights_only=True)
    return found["x"].float().contiguous()[:, None], found["y"].float().contiguous()[:, None]


def relative_l2(model: Any, x: torch.Tensor, y: torch.Tensor, scale: tuple[float, float]) -> float:
    """Mean over simulations."""
    with torch.no_grad():
        off = torch.linalg.vector_norm((model(x) * scale[1] + scale[0] - y).flatten(1), dim=1)
    return float((off / torch.linalg.vector_norm(y.flatten(1), dim=1)).mean())


def trained(kind: str, seed: int) -> tuple[dict[str, float], int]:
    """Errors at the best epoch, and the number of parameters."""
    torch.manual_seed(seed)
    build, loss = KINDS[kind]
    model: Any = build()
    x, y = read("darcy_train_16.pt")
    tests = {size: read(f"darcy_test_{size}.pt") for size in (16, 32)}
    scale = float(y[:900].mean()), float(y[:900].std())
    optimiser = torch.optim.AdamW(model.parameters(), lr=RATE, weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, STEPS)
    best, kept = float("inf"), {}
    for step in range(STEPS):
        index = torch.randint(0, 900, (BATCH,))
        given, wanted = x[index], (y[index] - scale[0]) / scale[1]
        value = loss(model(given), wanted)
        optimiser.zero_grad()
        value.backward()
        optimiser.step()
        schedule.step()
        if (step + 1) % 100 == 0:
            model.eval()
            held = relative_l2(model, x[900:], y[900:], scale)
            if held < best:
                best = held
                kept = {f"{size} x {size}": relative_l2(model, *test, scale) for size, test in tests.items()}
            model.train()
    return {"validation": best} | kept, sum(p.numel() for p in model.parameters())


def main() -> None:
    """Every kind with every seed: mean and range."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    asked = parser.parse_args()
    torch.set_num_threads(asked.threads)
    for kind in KINDS:
        begun = time.process_time()
        rows, sizes = zip(*(trained(kind, seed) for seed in range(asked.seeds)), strict=True)
        took = (time.process_time() - begun) / asked.seeds
        for name in rows[0]:
            values = np.array([row[name] for row in rows])
            print(f"{kind:5s} {name:10s} {values.mean():.4f} ({values.min():.4f} to {values.max():.4f})", flush=True)
        print(f"{kind:5s} {sizes[0]:,} parameters, {took:.0f} s of processor time each", flush=True)


if __name__ == "__main__":
    main()
