"""The evidence lower bound: what a variational autoencoder is trained with.

Each number counts once: value = sum(weight * error) / sum(weight) over samples and columns, so batches combine as for
every other loss.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray, PyTree

from outcrop.errors import ConfigError, message
from outcrop.loss.loss import Group, LossValue
from outcrop.records import Batch


@dataclass(frozen=True, eq=False)
class ELBO:
    r"""The negative evidence lower bound: half the squared error + beta * KL(code || N(0, I)), per number.

    With beta = 1 it bounds -log p(x) of a decoder whose observations scatter with unit variance around its output (up
    to log 2 pi / 2). With another beta the optimum is that of observations of variance beta, in squared standardised
    units: what varies less than that is left to noise, and its code falls back to N(0, 1) (Lucas et al., 2019,
    arXiv:1911.02469, section 3). Larger beta: fewer, more independent numbers are used.

    Attributes:
        beta: weight of the KL divergence.
        warmup_steps: steps over which that weight grows from 0, so that the code is used before it is priced.
        free_bits: nats per number of the code that cost nothing; 0 for the bound itself.

    Source: Kingma and Welling (2014), arXiv:1312.6114, equations 7 and 10; Higgins et al. (2017), beta-VAE, ICLR,
    equation 4; Bowman et al. (2016), arXiv:1511.06349, section 3.1 (warm-up); Kingma et al. (2016), arXiv:1606.04934,
    appendix C.8 (free bits).
    """

    beta: float = 0.1
    warmup_steps: int = 0
    free_bits: float = 0.0
    groups: tuple[Group, ...] = (Group("model"),)

    def init(self, model: PyTree, key: PRNGKeyArray | None = None) -> Float[Array, ""] | None:
        """Steps taken so far, for the warm-up."""
        return jnp.zeros(()) if self.warmup_steps else None

    def loss(
        self, model: PyTree, state: Any, batch: Batch, key: PRNGKeyArray | None = None, group: Group | None = None
    ) -> LossValue:
        """Draws one code per example; without `key` (validation) always the same draw, at the full price."""
        beta = self.beta
        if self.warmup_steps and key is not None and state is not None:
            beta, state = self.beta * jnp.minimum(state / self.warmup_steps, 1.0), state + 1
        mean, log_variance, outputs = self.drawn(model, batch, key)
        error, weight = errors(outputs, batch)
        total = jnp.sum(weight)
        share = 1 / jnp.where(total > 0, total, 1.0)
        scored = jnp.any(weight > 0, axis=tuple(range(1, weight.ndim))).astype(mean.dtype)  # (example,)
        reconstruction = 0.5 * jnp.sum(weight * error) * share
        price, kl = (share * each for each in self.price(kl_to_standard_normal(mean, log_variance), scored))
        parts = {"reconstruction": reconstruction, "kl": kl}
        return LossValue(reconstruction + beta * price, total, parts, state)

    def drawn(self, model: PyTree, batch: Batch, key: PRNGKeyArray | None) -> tuple[Array, Array, Array]:
        """Means and log variances of the codes (example, *place, latent), and what one draw of each decodes to."""
        inputs = batch.inputs
        noise_key, *own = jax.random.split(jax.random.key(0) if key is None else key, 3)
        keys, along = (None, None) if key is None else ([jax.random.split(one, len(inputs)) for one in own], 0)
        code = jax.vmap(lambda x, k: _encoded(model, x, k), in_axes=(0, along))(inputs, keys and keys[0])
        mean, log_variance = code
        z = mean + jnp.exp(0.5 * log_variance) * jax.random.normal(noise_key, mean.shape, mean.dtype)
        decode = jax.vmap(lambda one, k: model.decode(one, key=k), in_axes=(0, along))
        outputs = decode(z, keys and keys[1])
        return mean, log_variance, outputs[(slice(None), *(slice(0, size) for size in inputs.shape[1:-1]))]

    def price(self, kl: Float[Array, "example *place latent"], scored: Float[Array, " example"]) -> tuple[Array, Array]:
        """What the codes of the scored examples cost, in nats: with the free bits, and without."""
        per_number = jnp.einsum("e...,e->...", kl, scored)  # summed over examples, (*place, latent)
        plain = jnp.sum(per_number)
        if not self.free_bits:
            return plain, plain
        codes = jnp.sum(scored) * (per_number.size // per_number.shape[-1])
        each = jnp.sum(per_number.reshape(-1, per_number.shape[-1]), axis=0) / jnp.maximum(codes, 1.0)
        return codes * jnp.sum(jnp.maximum(each, self.free_bits)), plain


def elbo(*, kl_weight: float = 0.1, kl_warmup_steps: int = 0, free_bits: float = 0.0) -> ELBO:
    """The negative evidence lower bound with the names of the run file; see `ELBO`."""
    return ELBO(kl_weight, kl_warmup_steps, free_bits)


def kl_to_standard_normal(mean: Float[Array, "*code"], log_variance: Float[Array, "*code"]) -> Float[Array, "*code"]:
    """KL(N(mean, exp(log_variance)) || N(0, 1)) per number, in nats.

    Source: Kingma and Welling (2014), arXiv:1312.6114, appendix B.

    >>> round(float(kl_to_standard_normal(jnp.array(1.0), jnp.log(jnp.array(4.0)))), 4)  # (1 + 4 - 1 - log 4) / 2
    1.3069
    """
    return 0.5 * (jnp.square(mean) + jnp.exp(log_variance) - 1.0 - log_variance)


def errors(outputs: Float[Array, "*sample column"], batch: Batch) -> tuple[Array, Array]:
    """Squared error and weight of every number that is reconstructed, (*sample, column).

    A target with a last axis of its own, in Python, is reconstructed as a whole.

    Raises:
        ConfigError: the network gives another number of columns.
    """
    wanted = jnp.asarray(batch.target)
    weight = jnp.ones(wanted.shape, outputs.dtype) if batch.weight is None else jnp.asarray(batch.weight, outputs.dtype)
    if wanted.ndim < outputs.ndim:
        wanted, weight = wanted[..., None], weight[..., None]
    elif weight.ndim < outputs.ndim:
        weight = jnp.broadcast_to(weight[..., None], wanted.shape)
    if wanted.shape != outputs.shape:
        what = f"The network gives {outputs.shape} where {wanted.shape} are reconstructed."
        raise ConfigError(message(what, where="[model] and [loss]", fix="give it one output for each of the target."))
    # what is missing may be NaN: it is replaced before the formula, so that its gradient is 0 and not 0 * NaN
    held = weight > 0
    return jnp.square(jnp.where(held, outputs, 0.0) - jnp.where(held, wanted, 0.0)), jnp.where(held, weight, 0.0)


def _encoded(model: PyTree, x: Array, key: PRNGKeyArray | None) -> tuple[Array, Array]:
    encode = getattr(model, "encode", None)
    code = None if encode is None else encode(x, key=key)
    if not isinstance(code, tuple):
        what = f"The loss 'elbo' needs mean and log variance of a code, which {type(model).__name__} does not give."
        raise ConfigError(message(what, where="loss.kind", fix='family = "vae1d", or [loss] kind = "mse"'))
    return code
