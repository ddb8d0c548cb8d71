"""Normalisation by name: over the channels of each sample ("layer"), over a window ("group"), over a batch ("batch").

The default is "layer", which mixes no samples: a prediction depends on its neighbourhood only, and shifting the input
shifts the output. "group" lets every prediction depend on the entire window, on its padding and on where it was cut.
"batch" uses the statistics of the batch in training and fixed ones, measured on the training part, ever after.
"""

from __future__ import annotations

import math

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from outcrop.errors import ConfigError, message
from outcrop.model.trainable import Buffer

NORMS = ("layer", "group", "batch", "none")
BATCH = "batch"
"""Name of the axis of examples in `apply`, over which batch norms take their mean."""
GROUP_SIZE = 8


class LayerNorm(eqx.Module):
    """Zero mean and unit variance over the last axis, then a learned scale and shift per channel.

    Source: Ba, Kiros and Hinton (2016), Layer Normalization, arXiv:1607.06450, equation 4; over the channels of each
    sample as in ConvNeXt (Liu et al., 2022, arXiv:2201.03545).
    """

    scale: Float[Array, " channel"]
    shift: Float[Array, " channel"]
    epsilon: float = eqx.field(static=True)

    def __init__(self, channels: int, *, epsilon: float = 1e-5):
        self.scale = jnp.ones(channels)
        self.shift = jnp.zeros(channels)
        self.epsilon = epsilon

    def __call__(self, x: Float[Array, "*sample channel"], *, training: bool = False) -> Array:
        centred = x - jnp.mean(x, axis=-1, keepdims=True)
        variance = jnp.mean(jnp.square(centred), axis=-1, keepdims=True)
        scaled = centred * jax.lax.rsqrt(variance + self.epsilon) * _per_channel(self.scale, x)
        return scaled + _per_channel(self.shift, x)


class GroupNorm(eqx.Module):
    """Zero mean and unit variance over all samples of the example and 8 neighbouring channels at a time.

    Source: Wu and He (2018), Group Normalization, arXiv:1803.08494, equations 1 to 7; groups of 8 channels, or of as
    many as divide their number.
    """

    scale: Float[Array, " channel"]
    shift: Float[Array, " channel"]
    epsilon: float = eqx.field(static=True)

    def __init__(self, channels: int, *, epsilon: float = 1e-5):
        self.scale = jnp.ones(channels)
        self.shift = jnp.zeros(channels)
        self.epsilon = epsilon

    def __call__(self, x: Float[Array, "*sample channel"], *, training: bool = False) -> Array:
        size = math.gcd(x.shape[-1], GROUP_SIZE)
        groups = x.reshape(-1, x.shape[-1] // size, size)
        centred = groups - groups.mean(axis=(0, 2), keepdims=True)
        variance = jnp.square(centred).mean(axis=(0, 2), keepdims=True)
        scaled = (centred * jax.lax.rsqrt(variance + self.epsilon)).reshape(x.shape)
        return scaled * _per_channel(self.scale, x) + _per_channel(self.shift, x)


class BatchNorm(eqx.Module):
    """Zero mean and unit variance per channel: over the batch in training, of the training part afterwards.

    Needs `vmap(..., axis_name="batch")` in training, as `apply` does it. `mean` and `variance` do not move by
    themselves: `train.population` measures them, in the passes that carry a `probe`.

    Source: Ioffe and Szegedy (2015), Batch Normalization, arXiv:1502.03167, algorithms 1 and 2; the population
    statistics are measured with the final weights instead of averaged along training, as in Wu and Johnson (2021),
    Rethinking "Batch" in BatchNorm, arXiv:2105.07576, section 3.
    """

    scale: Float[Array, " channel"]
    shift: Float[Array, " channel"]
    mean: Buffer
    variance: Buffer
    epsilon: float = eqx.field(static=True)
    probe: Float[Array, "3 channel"] | None

    def __init__(self, channels: int, *, epsilon: float = 1e-5):
        self.scale = jnp.ones(channels)
        self.shift = jnp.zeros(channels)
        self.mean, self.variance = Buffer(jnp.zeros(channels)), Buffer(jnp.ones(channels))
        self.epsilon, self.probe = epsilon, None

    def __call__(self, x: Float[Array, "*sample channel"], *, training: bool = False) -> Array:
        mean, variance = self.mean.value, self.variance.value
        if training or self.probe is not None:
            mean, variance = _batch_statistics(x)
        if self.probe is not None:
            x = _noted(x, jax.lax.stop_gradient(mean), self.probe)
        scale = self.scale * jax.lax.rsqrt(variance + self.epsilon)
        return (x - _per_channel(mean, x)) * _per_channel(scale, x) + _per_channel(self.shift, x)


class NoNorm(eqx.Module):
    """Leaves everything as it is."""

    def __call__(self, x: Float[Array, "*sample channel"], *, training: bool = False) -> Array:
        return x


Norm = LayerNorm | GroupNorm | BatchNorm | NoNorm


def norm(kind: str, channels: int) -> Norm:
    """The norm of a name; `kind` is checked by the networks."""
    if kind == "none":
        return NoNorm()
    return {"layer": LayerNorm, "group": GroupNorm, "batch": BatchNorm}[kind](channels)


def norm_parameters(kind: str, channels: int) -> int:
    """Trainable numbers of one norm: a scale and a shift per channel."""
    return 0 if kind == "none" else 2 * channels


def film(y: Float[Array, "*place channel"], both: Float[Array, " both"]) -> Float[Array, "*place channel"]:
    """Scaled and shifted per channel by what another layer says: y (1 + scale) + shift.

    Source: Perez et al. (2018), FiLM, arXiv:1709.07871, equation 2, with a scale that is 1 where nothing is said.

    Args:
        y: channels.
        both: all scales, then all shifts.

    >>> film(jnp.asarray([[1.0, 2.0]]), jnp.asarray([0.0, 1.0, 5.0, 7.0])).tolist()
    [[6.0, 11.0]]
    """
    scale, shift = jnp.split(both.reshape((1,) * (y.ndim - 1) + (-1,)), 2, axis=-1)
    return y * (1 + scale) + shift


def _per_channel(values: Float[Array, " channel"], x: Array) -> Array:
    return values.reshape((1,) * (x.ndim - 1) + (-1,))


def _batch_statistics(x: Float[Array, "*sample channel"]) -> tuple[Array, Array]:
    """Mean and variance per channel over all samples of all examples of the batch."""
    every = tuple(range(x.ndim - 1))
    try:
        mean = jax.lax.pmean(x.mean(axis=every), BATCH)
    except NameError as error:
        what = "A batch norm needs the other examples of its batch in training."
        fix = f'outcrop.model.apply.apply(model, batch, key), or jax.vmap(..., axis_name="{BATCH}")'
        raise ConfigError(message(what, where='norm = "batch"', fix=fix)) from error
    return mean, jax.lax.pmean(jnp.square(x - _per_channel(mean, x)).mean(axis=every), BATCH)


@jax.custom_vjp
def _noted(x: Array, mean: Array, probe: Float[Array, "3 channel"]) -> Array:
    """x, whose "gradient" with respect to the probe is what is to be known about x.

    Summed over the examples of a batch, as gradients are: their number, the sum of their means, and the sum of their
    mean squared distances from the batch's mean.
    """
    return x


def _note(x: Array, mean: Array, probe: Array) -> tuple[Array, tuple[Array, Array]]:
    return x, (x, mean)


def _tell(noted: tuple[Array, Array], gradient: Array) -> tuple[Array, Array, Array]:
    x, mean = noted
    every = tuple(range(x.ndim - 1))
    rows = jnp.ones_like(mean), x.mean(axis=every), jnp.square(x - _per_channel(mean, x)).mean(axis=every)
    return gradient, jnp.zeros_like(mean), jnp.stack(rows)


_noted.defvjp(_note, _tell)
