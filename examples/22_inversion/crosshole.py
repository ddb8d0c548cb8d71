"""The survey between the boreholes, and the simulated ground that prior and held-out sections are drawn from."""

from __future__ import annotations

import tomllib
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

import outcrop
from outcrop.physics.forward.eikonal import travel_times
from outcrop.physics.forward.rays import ray_lengths

HERE = Path(__file__).parent
RUN = tomllib.loads((HERE / "run.toml").read_text("utf-8"))
SOURCE = RUN["data"]["source"]["sections"]
GROUND = {key: value for key, value in SOURCE.items() if key not in ("simulation", "count", "seed")}
CELLS, CELL_M = GROUND["shape"][0], GROUND["spacing_m"][0]
SHOTS = 10
"""Sources in one borehole, and receivers in the other."""
NOISE_S = 1e-4
HELD_OUT = {"count": 20, "seed": 2}
FINER = 3
"""Nodes per cell of the solver that bends the rays."""


def slowness(count: int, seed: int) -> np.ndarray:
    """Simulated sections, (section, trace, depth), s/m; `run.toml` trains on those of its own count and seed."""
    sections = outcrop.simulate(SOURCE["simulation"], count=count, seed=seed, **GROUND)
    return np.stack([1 / section.data["velocity"].to_numpy().astype(float) for section in sections])


def trained_on() -> np.ndarray:
    """All sections of the run file, (section, trace, depth), s/m."""
    return slowness(SOURCE["count"], SOURCE["seed"])


def places() -> tuple[np.ndarray, np.ndarray]:
    """Sources and receivers, (SHOTS, 2): (x, z) in metres, at both sides of the section."""
    depth = (np.arange(SHOTS) + 0.5) / SHOTS * CELLS * CELL_M
    return np.stack([0 * depth, depth], axis=1), np.stack([0 * depth + CELLS * CELL_M, depth], axis=1)


def matrix() -> np.ndarray:
    """G of straight rays: metres of every ray in every cell, (ray, cell), cells in C order of (trace, depth)."""
    edges = np.arange(CELLS + 1.0) * CELL_M
    sources, receivers = places()
    ends = np.repeat(sources, SHOTS, axis=0), np.tile(receivers, (SHOTS, 1))
    with jax.enable_x64(True):
        found = np.asarray(ray_lengths(*map(jnp.asarray, (*ends, edges, edges))), float)
    return found.reshape(-1, CELLS, CELLS).transpose(0, 2, 1).reshape(len(found), -1)


def bent(sections: np.ndarray) -> np.ndarray:
    """Times of first arrivals along rays that bend, (section, ray), s: the eikonal equation on a finer grid."""
    nodes = np.minimum((np.arange(CELLS * FINER + 1) - 0.5).clip(0) // FINER, CELLS - 1).astype(int)
    sources, receivers = places()
    spacing = (CELL_M / FINER, CELL_M / FINER)
    times = [travel_times(own.T[np.ix_(nodes, nodes)], spacing, sources, receivers) for own in sections]
    return np.stack([np.asarray(one, float).ravel() for one in times])
