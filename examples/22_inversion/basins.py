"""Depth of the basement of fifty held-out basins from their gravity: network, network and physics, classical inversion.

Writes `basins.json`. python basins.py RUN, with the folder of a run of `basin.toml`.
"""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array
from judged import scores, written

import outcrop
from outcrop.physics.forward.gravity import gravity_of_compacted_basin
from outcrop.physics.invert.gaussian import Belief, believed, randomised
from outcrop.physics.invert.newton import gauss_newton
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
    return np.log(np.asarray(model.predict(gravity=gravity).values, float))


def contenders(run: Path, forward: Any, gravity: np.ndarray) -> dict[str, Any]:
    """Name -> function of the number of a basin, which gives log depths, (model, column)."""
    _, tuning, deep = profiles(**CALIBRATION)
    known = np.log(deep)
    before = believed(known)
    start = np.full(gravity.shape[1], np.log(1000.0))
    told = cache(lambda: asked(run, gravity))
    errors = cache(lambda: believed(known - asked(run, tuning)))

    def drawn(number: int, belief: Belief) -> np.ndarray:
        return randomised(forward, gravity[number], NOISE_MGAL, belief, np.random.default_rng(number), MEMBERS)

    def smooth(number: int, about: np.ndarray, reference: Any = None) -> np.ndarray:
        return gauss_newton(forward, gravity[number], NOISE_MGAL, about, reference=reference).model[None]

    return {
        "mean": lambda n: before.mean[None],
        "smooth": lambda n: smooth(n, start),
        "gaussian": lambda n: drawn(n, before),
        "network": lambda n: told()[n][None],
        "network_smooth": lambda n: smooth(n, told()[n], told()[n]),
        "network_gaussian": lambda n: drawn(n, Belief(told()[n] + errors().mean, errors().covariance)),
    }


def judge(models: np.ndarray, truth: np.ndarray, gravity: np.ndarray, forward: Any) -> dict[str, float]:
    """What one basin says: metres but for shares and the misfit."""
    predicted = np.asarray(forward(jnp.asarray(models, jnp.float32)), float)
    return scores(np.exp(models), truth, float(np.mean(((predicted - gravity) / NOISE_MGAL) ** 2)))


def main(run: Path, names: list[str]) -> None:
    """Scores contenders (all of them by default) and writes what came out beside what is there."""
    distance, gravity, depth = profiles(**HELD_OUT)
    edges = edges_of(distance)

    def forward(model: Array) -> Array:
        return gravity_of_compacted_basin(distance, edges, jnp.exp(model), CONTRAST, DECAY_M)

    known, told = contenders(run, forward, gravity), jax.jit(jax.vmap(forward))
    for name in names or list(known):
        rows = [judge(known[name](n), depth[n], gravity[n], told) for n in range(len(depth))]
        print(name, written("basins.json", name, rows, best="network_gaussian")["scores"][name], flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
