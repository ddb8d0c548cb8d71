r"""Flow matching: a network learns the velocity of straight paths from noise (t = 0) to data (t = 1).

    mean of  w | v(x_t, t) - (data - noise + b'(t) z) |^2,    x_t = (1 - t) noise + t data + b(t) z

w are the weights of the data. With b(t) = interpolant_noise * sin(pi t)^2 and z ~ N(0, 1) the paths are those of a
stochastic interpolant, which smooths what lies between noise and data; with 0 they are straight.

Source: Lipman et al. (2023), arXiv:2210.02747, equation 23; Albergo, Boffi and Vanden-Eijnden (2023), Stochastic
interpolants, arXiv:2303.08797, definition 2.1; times: Esser et al. (2024), arXiv:2403.03206, section 3.1; pairs of
noise and data: Tong et al. (2024), arXiv:2302.00482, section 3.2.3.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, pi
from statistics import NormalDist
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray, PyTree

from outcrop.errors import ConfigError, message
from outcrop.loss.generated import VALIDATION_DRAWS, a_share, examples, mean_and_parts, one_of, sometimes_dropped
from outcrop.loss.loss import Group, LossValue
from outcrop.process.path import Velocity, between, coupled, straight
from outcrop.records import Batch

COUPLINGS = ("independent", "optimal_transport")
TIMES = ("uniform", "logit_normal")


@dataclass(frozen=True, eq=False)
class Flow:
    """The flow matching loss of `model(x, t, condition, key=key)`, t from 0 (noise) to 1 (data); made by `flow`.

    Attributes:
        coupling: "independent"; or "optimal_transport", which gives noise to the data of a batch that are near it, so
            that paths cross less; within equal conditions only.
        times: "uniform"; or "logit_normal", log(t / (1 - t)) ~ N(time_mean, time_spread^2), more in the middle.
        time_mean, time_spread: of these.
        interpolant_noise: standard deviation of the further noise in the middle of a path.
        condition_dropout: share of examples that are learned without their condition.
        start: (sample, *x), what paths begin with in place of noise: data of another distribution, drawn from anew in
            every step. None: noise ~ N(0, 1). From Python only: `outcrop.sample.flow` then begins with such data, too.
    """

    coupling: str = "independent"
    times: str = "uniform"
    time_mean: float = 0.0
    time_spread: float = 1.0
    interpolant_noise: float = 0.0
    condition_dropout: float = 0.0
    start: Float[Array, " sample *x"] | None = None
    groups: tuple[Group, ...] = (Group("model"),)

    def init(self, model: PyTree, key: PRNGKeyArray | None = None) -> None:
        """No state."""

    def loss(
        self, model: PyTree, state: Any, batch: Batch, key: PRNGKeyArray | None = None, group: Group | None = None
    ) -> LossValue:
        """Draws one path and one time per example; without `key` (validation) always the same four."""
        repeats = 1 if key is not None else VALIDATION_DRAWS
        data, weight, condition = examples(batch, repeats)
        keys = jax.random.split(jax.random.key(0) if key is None else key, 5)
        t = self.drawn(keys[0], len(data)).astype(data.dtype)
        noise, z = self.begun(keys[1], data), jax.random.normal(keys[2], data.shape, data.dtype)
        if self.coupling == "optimal_transport":
            noise = noise[paired(noise, data, condition)]
        told = sometimes_dropped(condition, self.condition_dropout, None if key is None else keys[3])
        own_keys = None if key is None else jax.random.split(keys[4], len(data))

        def error(noise: Array, data: Array, z: Array, t: Array, condition: Any, key: Any) -> Array:
            bump, slope = self.bump(t)
            answer = model(between(noise, data, t) + bump * z, t, condition, key=key)
            return jnp.square(answer - straight(noise, data) - slope * z)

        each = jax.vmap(error)(noise, data, z, t, told, own_keys)
        value, total, parts = mean_and_parts(each, weight, 1 - t, self.edges)
        return LossValue(value, total / repeats, parts, state)

    def begun(self, key: PRNGKeyArray, data: Float[Array, " example *x"]) -> Float[Array, " example *x"]:
        """What the paths to these data begin with."""
        if self.start is None:
            return jax.random.normal(key, data.shape, data.dtype)
        return self.start[jax.random.randint(key, (len(data),), 0, len(self.start))]

    def drawn(self, key: PRNGKeyArray, count: int) -> Float[Array, " example"]:
        """Times to train on."""
        if self.times == "uniform":
            return jax.random.uniform(key, (count,))
        return jax.nn.sigmoid(self.time_mean + self.time_spread * jax.random.normal(key, (count,)))

    @property
    def edges(self) -> tuple[float, float]:
        """Shares of noise 1 - t that one third, and two thirds, of all draws stay below."""
        if self.times == "uniform":
            return 1 / 3, 2 / 3
        logits = NormalDist(-self.time_mean, self.time_spread)
        low, high = (1 / (1 + exp(-logits.inv_cdf(share))) for share in (1 / 3, 2 / 3))
        return low, high

    def bump(self, t: Float[Array, ""]) -> tuple[Array, Array]:
        """The standard deviation of the further noise at a time, and its derivative; 0 at both ends."""
        size = self.interpolant_noise
        return size * jnp.square(jnp.sin(pi * t)), size * pi * jnp.sin(2 * pi * t)

    def velocity(self, model: PyTree, condition: Array | None = None) -> Velocity:
        """v(x, t) of a trained network on ONE example, for `outcrop.sample.flow`."""
        return lambda x, t: model(x, t, condition)

    def check(self, data: Batch) -> None:
        """Whether noise can be paired with these data, the whole training part: before training, outside of `jit`.

        Raises:
            ConfigError: pairs are asked for, and most conditions are shared by no other example: they are fields or
                numbers, and every noise would be left with the data it was drawn for.
        """
        if self.coupling != "optimal_transport" or data.inputs is None or not np.size(data.inputs):
            return
        labels = _labels(np.asarray(data.inputs))
        different = len(np.unique(labels))
        if 2 * different > len(labels):
            what = (
                f"Noise is paired with data of equal conditions, and {len(labels)} examples have {different} of them."
            )
            raise ConfigError(message(what, where="loss.coupling", fix='coupling = "independent"'))


def flow(
    *,
    coupling: str = "independent",
    times: str = "uniform",
    time_mean: float = 0.0,
    time_spread: float = 1.0,
    interpolant_noise: float = 0.0,
    condition_dropout: float = 0.0,
) -> Flow:
    """The flow matching loss with the names of the run file; see `Flow`.

    Raises:
        ConfigError: a name is not known, or a number cannot be.
    """
    one_of(COUPLINGS, coupling=coupling)
    one_of(TIMES, times=times)
    a_share(condition_dropout=condition_dropout)
    if not (time_spread > 0 and interpolant_noise >= 0):
        what = f"time_spread = {time_spread} and interpolant_noise = {interpolant_noise} cannot be."
        raise ConfigError(message(what, where="[loss]", fix="time_spread = 1.0, interpolant_noise = 0.0"))
    return Flow(coupling, times, time_mean, time_spread, interpolant_noise, condition_dropout)


def paired(noise: Array, data: Array, condition: Array | None) -> Array:
    """Which noise goes with which data, (example,), found on the host: see `process.path.coupled`."""

    def on_host(noise: Any, data: Any, condition: Any = None) -> np.ndarray:
        labels = None if condition is None else _labels(np.asarray(condition))
        return coupled(np.asarray(noise), np.asarray(data), labels).astype(np.int32)

    given = (noise, data) if condition is None or not condition.size else (noise, data, condition)
    shape = jax.ShapeDtypeStruct((len(data),), jnp.int32)
    return jax.pure_callback(on_host, shape, *given, vmap_method="sequential")


def _labels(condition: np.ndarray) -> np.ndarray:
    """A number for every example, the same for those with equal conditions."""
    return np.unique(condition.reshape(len(condition), -1), axis=0, return_inverse=True)[1].reshape(-1)
