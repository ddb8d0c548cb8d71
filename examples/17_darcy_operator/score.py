"""The networks of finished runs on the held-out simulations at 16 x 16, and at 32 x 32, which they never trained on.

python examples/17_darcy_operator/score.py NAME=RUN ...       adds to resolution.json beside this file

A network of 32 x 32 has a simple rival: its own answer at 16 x 16, interpolated. The publisher's grids hold samples
0, 2, 4 ... of each other; behind the last one lies the boundary, where pressure is 0.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import numpy as np
from scipy.interpolate import RegularGridInterpolator

import outcrop
from outcrop.data.read import read

HERE = Path(__file__).parent
DRAWS = 2000


def fields(model: outcrop.Model, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Permeability and pressure of the test simulations, each (simulation, row, column)."""
    file = Path(os.environ["OUTCROP_DATA_DIR"]) / f"pde/darcy_test_{size}.pt"
    records = read(file, **model.bundle.provenance["reading"])
    return tuple(np.stack([record.data[name].to_numpy() for record in records]).astype(float) for name in "xy")


def interpolated(coarse: np.ndarray) -> np.ndarray:
    """Fields on twice as many places, linear in between, 0 at the far boundary."""
    size = coarse.shape[-1]
    axis, fine = np.arange(size + 1) / size, np.arange(2 * size) / (2 * size)
    at = np.stack(np.meshgrid(fine, fine, indexing="ij"), axis=-1)
    padded = np.pad(coarse, ((0, 0), (0, 1), (0, 1)))
    return np.stack([RegularGridInterpolator((axis, axis), field)(at) for field in padded])


def errors(told: np.ndarray, true: np.ndarray) -> np.ndarray:
    """Relative L2 error of every simulation."""
    return np.linalg.norm(told - true, axis=(1, 2)) / np.linalg.norm(true, axis=(1, 2))


def summary(each: np.ndarray) -> dict[str, float]:
    """Mean with its 95 % interval over simulations, median and worst."""
    draws = np.random.default_rng(0).choice(each, (DRAWS, len(each))).mean(axis=1)
    low, high = np.quantile(draws, [0.025, 0.975])
    rows = {"mean": each.mean(), "low": low, "high": high, "median": np.median(each), "worst": each.max()}
    return {name: round(float(value), 4) for name, value in rows.items()}


def scores(model: outcrop.Model) -> dict[str, dict[str, float]]:
    """Both grids, and the coarse answer interpolated to the fine one."""
    (coarse, true), (fine, true_fine) = fields(model, 16), fields(model, 32)
    told = model.predict(permeability=coarse).values
    return {
        "16 x 16": summary(errors(told, true)),
        "32 x 32": summary(errors(model.predict(permeability=fine).values, true_fine)),
        "16 x 16, interpolated to 32 x 32": summary(errors(interpolated(told), true_fine)),
        "truth at 16 x 16, interpolated to 32 x 32": summary(errors(interpolated(true), true_fine)),
    }


def main() -> None:
    runs = dict(argument.split("=", 1) for argument in sys.argv[1:])
    found = {name: scores(outcrop.load(Path(run) / "model.outcrop")) for name, run in runs.items()}
    file = HERE / "resolution.json"
    before = json.loads(file.read_text("utf-8")) if file.is_file() else {}
    file.write_text(json.dumps(before | found, indent=1) + "\n", "utf-8")
    for name, rows in found.items():
        for grid, row in rows.items():
            print(
                f"{name}, {grid}: {row['mean']:.4f} ({row['low']:.4f} to {row['high']:.4f}), median {row['median']:.4f}"
            )


if __name__ == "__main__":
    main()
