"""From eight Gaussians to two moons: a flow that begins with data, plain and with optimal transport.

    python benchmarks/eight_gaussians.py [--seeds 5] [--steps 20000]

Prints the 2-Wasserstein distance between moons and what the flow makes of fresh points of the eight Gaussians, for an
adaptive solver and for one step of Euler's method, beside the distance between two sets of moons of that size.

Source: the problem and the published scores (0.120 and 0.050, adaptive; 6.232 and 0.072, one step), Cheng and Schwing
(2025), arXiv:2503.10636, figure 1; distributions and network, Tong et al. (2024), arXiv:2302.00482, section 5.1.
"""

from __future__ import annotations

import argparse
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from sklearn.datasets import make_moons

from outcrop.loss.flow import Flow
from outcrop.metric.distances import wasserstein_2
from outcrop.model import table
from outcrop.records import Batch
from outcrop.sample.flow import flow
from outcrop.train.loop import fit

RADIUS, VARIANCE, NOISE = 5.0, 0.1, 0.2
POOL, COMPARED = 100_000, 2000


def eight_gaussians(rng: np.random.Generator, count: int) -> np.ndarray:
    """Points around eight places on a circle, (point, 2)."""
    angle = rng.integers(0, 8, count) * np.pi / 4
    centre = RADIUS * np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    return (centre + VARIANCE**0.5 * rng.normal(size=(count, 2))).astype(np.float32)


def moons(rng: np.random.Generator, count: int) -> np.ndarray:
    """Points of two half circles of radius 3, (point, 2)."""
    points, _ = make_moons(count, noise=NOISE, random_state=int(rng.integers(2**31)))
    return (3 * points - 1).astype(np.float32)


def trained(coupling: str, seed: int, steps: int) -> Any:
    """A network of 64 x 3 that knows the velocity from the eight Gaussians to the moons."""
    rng = np.random.default_rng([seed, 0])
    loss = Flow(coupling=coupling, start=jnp.asarray(eight_gaussians(rng, POOL)))
    model = table.build(
        "time_mlp", in_channels=0, out=2, arguments={"width_size": 64, "depth": 3}, key=jax.random.key(seed)
    )
    data = Batch(np.zeros((POOL, 0), np.float32), moons(rng, POOL), np.ones((POOL, 2), np.float32))
    rate = optax.cosine_decay_schedule(2e-3, steps)
    plan = {"steps": steps, "batch_size": 256, "evaluate_every": steps}
    return fit(model, loss, optax.adam(rate), data, key=jax.random.key(seed), **plan).last, loss


def distances(model: Any, loss: Flow, seed: int) -> dict[str, float]:
    """The 2-Wasserstein distance to fresh moons by solver, and between two sets of fresh moons."""
    rng = np.random.default_rng([seed, 1])
    start, real, other = eight_gaussians(rng, COMPARED), moons(rng, COMPARED), moons(rng, COMPARED)
    velocity = loss.velocity(model)
    solvers = {"adaptive": {"solver": "dopri5", "steps": None}, "one step": {"solver": "euler", "steps": 1}}
    found = {"between moons": wasserstein_2(samples=other, real=real)}
    for name, how in solvers.items():
        made = jax.jit(jax.vmap(lambda x, how=how: flow(velocity, x, **how).x))(jnp.asarray(start))
        found[name] = wasserstein_2(samples=np.asarray(made), real=real)
    return found


def main() -> None:
    """Every coupling with every seed: mean and standard deviation."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=20_000)
    asked = parser.parse_args()
    for coupling in ("independent", "optimal_transport"):
        rows = [distances(*trained(coupling, seed, asked.steps), seed) for seed in range(asked.seeds)]
        for name in rows[0]:
            values = np.array([row[name] for row in rows])
            told = [f"{kind.mean():.3f} +- {kind.std():.3f}" for kind in (values, values**2)]
            print(f"{coupling:18s} {name:14s} W2 {told[0]}, squared {told[1]}", flush=True)


if __name__ == "__main__":
    main()
