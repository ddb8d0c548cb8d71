"""The conductivity of the rod from twenty draws of the noise: the network beside Tikhonov and total variation.

Writes `seeds.json`: relative L2 errors by method and draw, and the paired difference to the best classical method with
its 95 % interval (bootstrap over draws).
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

import numpy as np
from sensors import write

import outcrop
from outcrop.physics.invert.penalty import Smooth, Variation
from outcrop.physics.invert.problems import InverseProblem, solve

HERE = Path(__file__).parent
CLASSICAL = {"tikhonov": Smooth(1), "total_variation": Variation()}


def errors(seed: int, folder: Path) -> dict[str, float]:
    """The relative error of every method on one draw, over the cells of the classical inversions."""
    table = folder / f"sensors-{seed}.csv"
    problem = write(table, seed)
    changes = [f"physics.measured.sensors.files='{table}'", f"train.seed={seed}"]
    result = outcrop.run(HERE / "run.toml", out=folder / f"run-{seed}", overrides=changes)
    found = outcrop.load(result.bundle).predict(x=problem.coordinates["x"])["conductivity"]
    told = {"network": found}
    told |= {name: problem.property_of(solve(problem, penalty).model) for name, penalty in CLASSICAL.items()}
    return {name: relative(np.asarray(values), problem) for name, values in told.items()}


def relative(found: np.ndarray, problem: InverseProblem) -> float:
    """Relative L2 error of the conductivity."""
    true = np.asarray(problem.property_of(problem.truth))
    return float(np.linalg.norm(found - true) / np.linalg.norm(true))


def main() -> None:
    """Runs all draws and writes what came out."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=20)
    count = parser.parse_args().seeds
    with tempfile.TemporaryDirectory() as folder:
        rows = []
        for seed in range(count):
            rows.append(errors(seed, Path(folder)))
            print(seed, {name: round(value, 4) for name, value in rows[-1].items()}, flush=True)
    table = {name: [row[name] for row in rows] for name in rows[0]}
    best = min(CLASSICAL, key=lambda name: float(np.median(table[name])))
    gain = np.array(table[best]) - np.array(table["network"])
    draws = np.random.default_rng(0).integers(0, count, (5000, count))
    low, high = np.quantile(gain[draws].mean(axis=1), [0.025, 0.975])
    summary = {name: {"median": float(np.median(v)), "low": min(v), "high": max(v)} for name, v in table.items()}
    content = {"seeds": count, "errors": table, "summary": summary, "best_classical": best}
    content |= {"gain": {"mean": float(gain.mean()), "low": float(low), "high": float(high)}}
    (HERE / "seeds.json").write_text(json.dumps(content, indent=1) + "\n", "utf-8")
    print(json.dumps(content["summary"] | {"gain": content["gain"]}, indent=1))


if __name__ == "__main__":
    main()
