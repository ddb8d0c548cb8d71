"""Depth of the basement of fifty held-out basins from their gravity: network, network and physics, classical inversion.

Writes `basins.json`. python basins.py RUN, with the folder of a run of `basin.toml`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

import outcrop
from outcrop.metric import conditional
from outcrop.physics.forward.gravity import gravity_of_compacted_basin
from outcrop.physics.invert.gaussian import Belief, believed, randomised
from outcrop.physics.invert.newton import gauss_newton
from outcrop.physics.invert.penalty import Smooth
from outcrop.simulate.basin import edges_of

HERE = Path(__file__).parent
HELD_OUT, CALIBRATION = {"count": 50, "seed": 2}, {"count": 300, "seed": 3}
NOISE_MGAL, CONTRAST, DECAY_M = 0.2, -450.0, 3000.0
MEMBERS = 19


def profiles(count: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Distance (m), gravity (basin, station), mGal, and depth of the basement (basin, column), m."""
    records = outcrop.simulate("basin", count=count, seed=seed)
    gravity, depth = (
        np.stack([one.data[name].to_numpy().astype(float) for one in records]) for name in ("gravity", "basement")
    )
    return records[0].data["distance"].to_numpy(), gravity, depth


def asked(run: Path, gravity: np.ndarray) -> np.ndarray:
    """The network's log depth, (basin, column)."""
    model = outcrop.load(run / "model.outcrop")
    return np.log(np.stack([np.asarray(model.predict(gravity=own)["basement"]) for own in gravity]))


def contenders(run: Path, forward: Any, gravity: np.ndarray, start: np.ndarray) -> dict[str, list[np.ndarray]]:
    """Name -> log depths of every basin, (model, column)."""
    _, tuning, deep = profiles(**CALIBRATION)
    told, known = asked(run, gravity), np.log(deep)
    errors, before = believed(known - asked(run, tuning)), believed(known)
    smooth = [gauss_newton(forward, own, NOISE_MGAL, start, penalty=Smooth(1)).model[None] for own in gravity]
    guided = [
        gauss_newton(forward, own, NOISE_MGAL, mean, penalty=Smooth(1), reference=mean).model[None]
        for own, mean in zip(gravity, told, strict=True)
    ]

    def ensemble(belief_of: Any) -> list[np.ndarray]:
        each = enumerate(gravity)
        return [
            randomised(forward, own, NOISE_MGAL, belief_of(n), np.random.default_rng(n), MEMBERS) for n, own in each
        ]

    return {
        "mean": [before.mean[None]] * len(gravity),
        "smooth": smooth,
        "gaussian": ensemble(lambda n: before),
        "network": [own[None] for own in told],
        "network_smooth": guided,
        "network_gaussian": ensemble(lambda n: Belief(told[n] + errors.mean, errors.covariance)),
    }


def scores(models: np.ndarray, truth: np.ndarray, gravity: np.ndarray, forward: Any) -> dict[str, float]:
    """What one basin says: metres but for shares and the misfit."""
    depth = np.exp(models)
    mean = depth.mean(axis=0)
    predicted = np.stack([np.asarray(forward(jnp.asarray(own, jnp.float32)), float) for own in models])
    found = {
        "rmse": float(np.sqrt(np.mean((mean - truth) ** 2))),
        "misfit": float(np.mean(((predicted - gravity) / NOISE_MGAL) ** 2)),
    }
    if len(models) == 1:
        return found | {"crps": float(np.abs(mean - truth).mean())}
    return found | {
        "crps": conditional.crps(samples=depth, truth=truth),
        "coverage": conditional.coverage(samples=depth, truth=truth),
        "spread_skill": conditional.spread_skill(samples=depth, truth=truth),
    }


def main(run: Path) -> None:
    """Scores everybody and writes what came out."""
    from velocity import summary

    distance, gravity, depth = profiles(**HELD_OUT)
    edges = edges_of(distance)

    def forward(model: Array) -> Array:
        return gravity_of_compacted_basin(distance, edges, jnp.exp(model), CONTRAST, DECAY_M)

    start = np.full(depth.shape[1], np.log(1000.0))
    content: dict[str, Any] = {"basins": len(depth), "each": {}, "scores": {}}
    for name, models in contenders(run, forward, gravity, start).items():
        rows = [scores(*each, forward) for each in zip(models, depth, gravity, strict=True)]
        content["each"][name] = {key: [float(f"{row[key]:.4g}") for row in rows] for key in rows[0]}
        content["scores"][name] = summary(rows)
        print(name, content["scores"][name], flush=True)
    each = content["each"]
    for other in ("smooth", "gaussian"):
        gain = np.array(each[other]["rmse"]) - np.array(each["network_gaussian"]["rmse"])
        content[f"gain_over_{other}"] = summary([{"rmse": float(value)} for value in gain])
    (HERE / "basins.json").write_text(json.dumps(content, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
