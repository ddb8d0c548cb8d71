"""First values of weights, by name: how wide they are drawn, so that signals neither fade nor grow from layer to layer.

fan-in is the number of inputs of one output, fan-out the number of outputs that one input feeds.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from outcrop.errors import ConfigError, did_you_mean, message


class Initial(NamedTuple):
    """One row: variance of the weights from (fan-in, fan-out), the distribution they are drawn from, the source."""

    variance: Callable[[int, int], float]
    distribution: str
    source: str


_LECUN = "LeCun, Bottou, Orr and Mueller (1998), Efficient BackProp, section 4.6: for tanh and the like"
_GLOROT = "Glorot and Bengio (2010), AISTATS, PMLR 9, 249-256, equation 16: a compromise of forward and backward pass"
_HE = "He et al. (2015), Delving deep into rectifiers, arXiv:1502.01852, equation 10: for ReLU"
_SAXE = "Saxe, McClelland and Ganguli (2014), arXiv:1312.6120, section 3: every layer keeps lengths"

INITIALS: dict[str, Initial] = {
    "lecun_normal": Initial(lambda fan_in, fan_out: 1 / fan_in, "normal", _LECUN),
    "lecun_uniform": Initial(lambda fan_in, fan_out: 1 / fan_in, "uniform", _LECUN),
    "glorot_normal": Initial(lambda fan_in, fan_out: 2 / (fan_in + fan_out), "normal", _GLOROT),
    "glorot_uniform": Initial(lambda fan_in, fan_out: 2 / (fan_in + fan_out), "uniform", _GLOROT),
    "he_normal": Initial(lambda fan_in, fan_out: 2 / fan_in, "normal", _HE),
    "he_uniform": Initial(lambda fan_in, fan_out: 2 / fan_in, "uniform", _HE),
    "orthogonal": Initial(lambda fan_in, fan_out: 1 / max(fan_in, fan_out), "orthogonal", _SAXE),
}


def check_initial(name: str) -> None:
    """Raises ConfigError unless there is an initialisation of this name."""
    if name not in INITIALS:
        what = f"There is no initialisation {name!r}{did_you_mean(name, INITIALS)}."
        raise ConfigError(message(what, where="model.initial", fix=f"choose one of {', '.join(INITIALS)}."))


def draw(name: str, key: PRNGKeyArray, shape: tuple[int, ...]) -> Array:
    """Random weights of shape (*kernel, in, out).

    Args:
        name: a key of INITIALS.
        key: for the draw.
        shape: fan-in is the product of all but the last, fan-out of all but the last but one.

    >>> weights = draw("he_normal", jax.random.key(0), (3, 32, 64))
    >>> round(float(weights.std()) / (2 / (3 * 32)) ** 0.5, 1)
    1.0
    """
    check_initial(name)
    taps = math.prod(shape[:-2])
    fan_in, fan_out = taps * shape[-2], taps * shape[-1]
    if INITIALS[name].distribution == "orthogonal":
        return _orthogonal(key, (fan_in, shape[-1])).reshape(shape)
    sd = INITIALS[name].variance(fan_in, fan_out) ** 0.5
    return standard(key, shape, sd, uniform=INITIALS[name].distribution == "uniform")


def standard(key: PRNGKeyArray, shape: tuple[int, ...], sd: float, *, uniform: bool = False) -> Array:
    """Numbers of standard deviation `sd`, cut from few standard lengths, because each new length has to be compiled."""
    size = math.prod(shape)
    length = max(4096, 4 ** math.ceil(math.log(size, 4)))
    return _draw(key, sd, length, uniform)[:size].reshape(shape)


@functools.partial(jax.jit, static_argnums=(2, 3))
def _draw(key: PRNGKeyArray, sd: Float[Array, ""], length: int, uniform: bool) -> Float[Array, " length"]:
    if uniform:
        return sd * 3**0.5 * jax.random.uniform(key, (length,), minval=-1.0, maxval=1.0)
    return sd * jax.random.normal(key, (length,))


def _orthogonal(key: PRNGKeyArray, shape: tuple[int, int]) -> Float[Array, "row column"]:
    """Orthonormal columns, or rows where there are fewer of those; uniform among all such matrices."""
    tall = shape if shape[0] >= shape[1] else shape[::-1]
    q, r = jnp.linalg.qr(standard(key, tall, 1.0))
    q = q * jnp.where(jnp.diagonal(r) < 0, -1.0, 1.0)[None]
    return q if shape[0] >= shape[1] else q.T
