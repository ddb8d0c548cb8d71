"""Velocity between boreholes from travel times, by a learned prior and by classical inversion: python velocity.py RUN.

Writes `velocity.json`: scores of twenty held-out sections with their intervals (bootstrap over sections).
"""

from __future__ import annotations

import sys
from functools import cache, partial
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from crosshole import CELLS, HELD_OUT, NOISE_S, matrix, slowness, trained_on
from judged import scores, written

import outcrop
from outcrop.loss import table as losses
from outcrop.physics.invert.gaussian import believed, posterior
from outcrop.physics.invert.linear import tikhonov, total_variation
from outcrop.sample.diffusion import heun, start
from outcrop.sample.linear import Linear, towards_linear, whitened

DRAWS = 39
SHAPE = (CELLS, CELLS, 1)
Drawn = dict[str, np.ndarray]


class Prior:
    """The trained generator: realisations of slowness given data that are linear in it.

    Args:
        run: folder of the run.
        sections: that it was trained on, for their covariance.
    """

    def __init__(self, run: Path, sections: np.ndarray):
        model = outcrop.load(run / "model.outcrop")
        about = model.bundle.provenance["loss"]
        self.loss = losses.build(about["kind"], "number", arguments=about)
        self.network = eqx.nn.inference_mode(model.members[0])
        self.scale = model.normaliser.statistics["VP"]
        self.covariance = believed(self.standard(sections)).covariance

    def standard(self, values: np.ndarray) -> np.ndarray:
        """Slowness as the network sees it."""
        return (values - self.scale.centre) / self.scale.spread

    def draw(
        self, data: np.ndarray, noise: Any, *, seed: int, covariance: bool, gradient: bool, steps: int = 18
    ) -> np.ndarray:
        """Realisations given travel times, (realisation, trace, depth), s/m."""
        operator = matrix()
        rest = data - operator.sum(axis=1) * self.scale.centre
        known = self.covariance if covariance else None
        linear = whitened(operator * self.scale.spread, rest, noise, known)
        keys = jax.random.split(jax.random.key(seed), DRAWS)
        made = np.asarray(_drawn(self.network, self.loss, gradient, steps, keys, linear), float)
        return made[..., 0] * self.scale.spread + self.scale.centre


@eqx.filter_jit
def _drawn(network: Any, loss: Any, gradient: bool, steps: int, keys: jax.Array, linear: Linear) -> jax.Array:
    levels = jnp.asarray(loss.levels(steps))
    guided = towards_linear(loss.denoiser(network), linear, gradient=gradient)
    return jax.vmap(lambda key: heun(guided, start(key, SHAPE, levels), levels))(keys)


def contenders(run: Path, sections: np.ndarray) -> dict[str, Any]:
    """Name -> function of (data, number of the section), which gives models (model, trace, depth), s/m."""
    prior = cache(lambda: Prior(run, sections))
    operator, belief = matrix(), believed(sections)
    mean = np.full((CELLS, CELLS), sections.mean())
    classical = {"noise": NOISE_S, "shape": (CELLS, CELLS)}

    def gaussian(data: np.ndarray, number: int) -> np.ndarray:
        return posterior(belief, operator, data, NOISE_S).draw(np.random.default_rng(number), DRAWS)

    def diffusion(data: np.ndarray, number: int, **how: Any) -> np.ndarray:
        return prior().draw(data, NOISE_S, seed=number, **how)

    return {
        "mean": lambda data, number: belief.mean[None],
        "tikhonov": lambda data, number: tikhonov(operator, data, reference=mean, **classical).model[None],
        "total_variation": lambda data, number: total_variation(operator, data, **classical).model[None],
        "gaussian": gaussian,
        "diffusion": partial(diffusion, covariance=True, gradient=True),
        "diffusion_closed": partial(diffusion, covariance=True, gradient=False),
        "diffusion_fine": partial(diffusion, covariance=True, gradient=False, steps=64),
        "diffusion_independent": partial(diffusion, covariance=False, gradient=True),
    }


def judge(models: np.ndarray, truth: np.ndarray, data: np.ndarray) -> dict[str, float]:
    """What one section says: m/s but for shares, ratios and the misfit, the mean of ((G m - d) / noise)^2."""
    times = models.reshape(len(models), -1) @ matrix().T
    return scores(1 / models, 1 / truth, float(np.mean(((times - data) / NOISE_S) ** 2)))


def main(run: Path, names: list[str]) -> None:
    """Scores contenders (all of them by default) and writes what came out beside what is there."""
    sections = trained_on()
    truth = slowness(**HELD_OUT)
    noise = NOISE_S * np.random.default_rng(0).standard_normal((len(truth), len(matrix())))
    data = truth.reshape(len(truth), -1) @ matrix().T + noise
    known = contenders(run, sections)
    for name in names or list(known):
        each = enumerate(zip(data, truth, strict=True))
        rows = [judge(known[name](own, number), true, own) for number, (own, true) in each]
        told = written("velocity.json", name, rows, best="diffusion")
        print(name, told["scores"][name], flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
