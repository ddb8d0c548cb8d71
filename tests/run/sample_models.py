"""Generators whose distribution is known exactly, in place of trained ones, for the tests of `outcrop sample`.

Independent Gaussian numbers (the answer 0 of a network makes the denoiser x / (1 + sigma^2)), or independent classes of
stated shares: what is drawn given observations and attributes then has a closed form, and nothing has to be trained.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from outcrop.bundle import Bundle
from outcrop.data.classes import ClassTable
from outcrop.data.frame import Frame
from outcrop.data.normalise import Normaliser
from outcrop.data.statistic import Statistic
from outcrop.data.variable import Variable
from outcrop.evaluate.validity import Validity
from outcrop.run.surrogate import Model

CENTRE, SPREAD = 90.0, 30.0
SHARES = (0.6, 0.4)
PLACES = {
    "logs": {"depth": {"count": 32, "step": 0.5}},
    "maps": {"northing": {"count": 16, "step": 10.0}, "easting": {"count": 16, "step": 10.0}},
    "cubes": {dim: {"count": size, "step": 1} for dim, size in {"inline": 3, "crossline": 4, "depth": 5}.items()},
    "points": {},
}


class Gaussian(eqx.Module):
    """The network of independent numbers ~ N(0, 1), or ~ N(condition, 1) where it is told one."""

    def __call__(self, x, t, condition=None, *, key=None):
        if condition is None or not condition.shape[-1]:
            return jnp.zeros_like(x)
        sigma = jnp.exp(4 * t)
        return sigma / jnp.sqrt(1 + sigma**2) * condition[..., :1]


class Classes(eqx.Module):
    """The network of independent classes of stated shares, which answers with the data."""

    def __call__(self, x, t, condition=None, *, key=None):
        sigma = jnp.exp(4 * t)
        x = x * jnp.sqrt(1 + sigma**2)
        shares = jnp.asarray(SHARES)
        codes = 2 * jnp.eye(len(SHARES)) - 1
        near = ((x[..., None, :] - codes) ** 2).sum(axis=-1)
        return jax.nn.softmax(jnp.log(shares) - near / (2 * sigma**2), axis=-1) @ codes


def model(place, *names, classes=False, transform="none", given=None, condition=None):
    """A generator on one of `PLACES`: of numbers ~ N(CENTRE, SPREAD^2), or of shale and sand."""
    names = names or ("GR",)
    table = ClassTable((0, 1), ("Shale", "Sand")) if classes else None
    inputs = [Variable(name, unit=None if classes else "gAPI", transform=transform) for name in names]
    target = Variable("T", role="target", classes=table)
    if condition:
        inputs.append(Variable(condition))
    variables = (*inputs, target)
    statistics = {variable.name: Statistic(CENTRE, SPREAD, 100) for variable in inputs}
    about = {
        "generates": list(names), "given": given, "place": PLACES[place],
        "loss": {"kind": "denoising", "predicts": "data" if classes else "edm"},
        "sample": {"sampler": "auto", "steps": 18, "guidance": 1.0, "churn": 40.0},
        "prior": {
            "simulated": True, "records": 600,
            "sources": [{"name": "all", "kind": "simulation", "of": "gaussian", "joined": False}],
        },
    }  # fmt: skip
    scores = {
        "test": {"energy_score": {"value": 0.64, "low": 0.637, "high": 0.644}},
        "verdict": {"bootstrap": "beats", "truncated_gaussian": "cannot tell"},
    }
    bundle = Bundle(family="exact", provenance=about, promise="same_population", source="exact.outcrop", scores=scores)
    member = Classes() if classes else Gaussian()
    normaliser = Normaliser(variables, statistics, {}, "none")
    return Model(bundle, [member], normaliser, variables, Frame(), Validity(np.zeros((1, 1), np.float32), 1.0))
