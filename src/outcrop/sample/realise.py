"""One realisation of a trained generator, whatever it was trained with: what is told, what is observed, which sampler.

Diffusion is sampled with its denoiser; a flow with its velocity, or as the denoiser that it stands for where a sampler
of diffusion is asked for or something is observed; an adversarial generator in one evaluation. Hard data are honoured
exactly in every one of them; a generator without a denoiser is only overwritten there, and does not know of them.
"""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, PRNGKeyArray

from outcrop.errors import ConfigError, message
from outcrop.process.noise import karras_levels
from outcrop.process.path import denoiser_of
from outcrop.sample import diffusion
from outcrop.sample.diffusion import Denoiser
from outcrop.sample.flow import flow
from outcrop.sample.guidance import Rows, filled_in, orthogonal, towards, towards_classes, without_classifier
from outcrop.sample.linear import Linear, towards_linear

LEAST_NOISE = 1e-2
"""Standard deviation that hard data are given while a sampler is bent: as good as exact, and the division is safe."""


class Plan(NamedTuple):
    """How realisations are drawn.

    Attributes:
        sampler: "heun", "euler", "stochastic", "ancestral", "ode" (flows), or "auto": "ode" for a flow of which nothing
            is observed, else "heun".
        steps: of the sampler.
        guidance: towards the condition; 1 draws from the conditional distribution itself.
        churn: new noise of "stochastic".
    """

    sampler: str = "auto"
    steps: int = 18
    guidance: float = 1.0
    churn: float = 40.0


class Observed(NamedTuple):
    """What is observed of one realisation.

    Attributes:
        known: where, of the shape of the realisation.
        values: there, standard units; anything elsewhere.
        noise_sd: standard deviation of their noise, standard units, of all or of each variable; 0 for hard data.
        soft: attributes of every cell that are linear in its variables, the same for all realisations.
        likelihood: of other attributes of every cell, given each class, the same for all realisations.
        linear: data that are linear in a whole realisation, the same for all; not beside other observations with noise.
    """

    known: Bool[Array, "*place variable"]
    values: Float[Array, "*place variable"]
    noise_sd: Float[Array, "*variable"]
    soft: Rows | None = None
    likelihood: Float[Array, "*place class"] | None = None
    linear: Linear | None = None


def realisation(
    model: Any,
    loss: Any,
    shape: tuple[int, ...],
    plan: Plan,
    *,
    key: PRNGKeyArray,
    condition: Float[Array, "*place condition"] | None = None,
    observed: Observed | None = None,
    guided: bool = False,
) -> Float[Array, "*place variable"]:
    """One realisation, standard units.

    Args:
        model: a trained network.
        loss: what it was trained with: it has a `denoiser` or a `velocity`, or the network has a `generator`.
        shape: of the realisation, (*place, variable).
        plan: how it is drawn.
        key: decides it.
        condition: what the generator is told.
        observed: values to honour.
        guided: whether the sampler is bent towards them (`guidance.towards`); else a network that is told of them in
            its condition is trusted with the rest of the realisation.

    Raises:
        ConfigError: a sampler that does not fit what was trained.
    """
    if hasattr(model, "generator"):
        if observed is not None and any(part is not None for part in observed[3:]):
            what = "A generator that was trained by a game has no denoiser that such data could bend."
            fix = 'leave [soft] and [linear] out, or train one with loss = {kind = "denoising"} or "flow".'
            raise ConfigError(message(what, where="[soft] or [linear]", fix=fix))
        return _overwritten(model.sample(key, condition), observed)
    is_flow = not hasattr(loss, "denoiser")
    plain = observed is None and plan.guidance == 1
    if is_flow and plan.sampler in ("auto", "ode") and plain:
        noise = jax.random.normal(key, shape)
        return flow(loss.velocity(model, condition), noise, solver="midpoint", steps=plan.steps).x
    if plan.sampler == "ode" and not is_flow:
        fix = 'sampler = "heun", "euler", "stochastic" or "ancestral"'
        raise ConfigError(message("The sampler ode is for flows.", where="sample.sampler", fix=fix))

    def denoiser(told: Array | None) -> Denoiser:
        return denoiser_of(loss.velocity(model, told)) if is_flow else loss.denoiser(model, told)

    bent = denoiser(condition)
    if plan.guidance != 1:
        bent = without_classifier(bent, denoiser(None), plan.guidance)
    if observed is not None:
        bent = _honouring(bent, observed, guided)
    levels = karras_levels(plan.steps) if is_flow else loss.levels(plan.steps)
    begun, more = jax.random.split(key)
    x = diffusion.start(begun, shape, levels)
    if plan.sampler == "stochastic":
        return diffusion.stochastic(bent, x, levels, key=more, churn=plan.churn)
    if plan.sampler == "ancestral":
        return diffusion.ancestral(bent, x, levels, key=more)
    return {"euler": diffusion.euler}.get(plan.sampler, diffusion.heun)(bent, x, levels)


def _honouring(denoiser: Denoiser, observed: Observed, guided: bool) -> Denoiser:
    """A denoiser that is bent towards what is observed, and answers with hard data where they are."""
    known, values, noise_sd, soft, likelihood, linear = observed
    bent = denoiser
    weight = known.astype(values.dtype)  # A picks single cells
    least = jnp.broadcast_to(jnp.maximum(noise_sd, LEAST_NOISE), values.shape)
    if linear is not None:
        bent = towards_linear(denoiser, linear)
    elif soft is not None:
        rows, sizes = orthogonal(_together(soft, weight, values, least) if guided else soft)
        observe = partial(jnp.einsum, "...rv,...v->...r", rows.operator)
        bent = towards(
            denoiser, lambda data: observe(data).ravel(), rows.observed.ravel(), noise_sd=1.0, size=sizes.ravel()
        )
    elif likelihood is not None:
        bent = towards_classes(denoiser, jnp.where(known, values > 0, likelihood) if guided else likelihood)
    elif guided:
        bent = towards(
            denoiser, lambda data: (weight * data).ravel(), (weight * values).ravel(), noise_sd=least.ravel(), size=1.0
        )
    return filled_in(bent, known & (noise_sd == 0), values)


def _together(soft: Rows, weight: Array, values: Array, noise_sd: Array) -> Rows:
    """Attributes and single values as rows of one operator."""
    single = weight[..., None] * jnp.eye(values.shape[-1], dtype=values.dtype)
    parts = zip(soft, (single, weight * values, noise_sd), (-2, -1, -1), strict=True)
    return Rows(*(jnp.concatenate([one, other], axis=axis) for one, other, axis in parts))


def _overwritten(x: Array, observed: Observed | None) -> Array:
    return x if observed is None else jnp.where(observed.known, observed.values, x)
