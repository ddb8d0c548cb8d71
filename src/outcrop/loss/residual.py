"""The loss of a problem: the equation's residual at points of its domain, conditions that are not built in, and data.

    L = sum over terms of w_k mean(r_k^2)

Residuals are counted in units of their own size at the start, data in units of their noise. Weights balance the terms
between chunks of steps; points may move to where the residual is large. Both are the loss's state.

Source: Raissi, Perdikaris and Karniadakis (2019), doi:10.1016/j.jcp.2018.10.045. Balance of gradients: Wang, Teng and
Perdikaris (2021), doi:10.1137/20M1318043, equation 40 with norms instead of extremes; of the traces of the tangent
kernel: Wang, Yu and Perdikaris (2022), doi:10.1016/j.jcp.2021.110768, equation 6.5. Points by residual: Wu et al.
(2023), doi:10.1016/j.cma.2022.115671, algorithm 2 with k = c = 1. Causal weights: Wang, Sankaran and Perdikaris (2024),
doi:10.1016/j.cma.2024.116813, equation 3.12. A weight for every point that follows its residual: Anagnostopoulos et al.
(2024), doi:10.1016/j.cma.2024.116805, equation 6 and algorithm 1.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Float, PRNGKeyArray

from outcrop.errors import ConfigError, did_you_mean, message
from outcrop.loss.loss import Group, LossValue
from outcrop.loss.residual_terms import (
    EQUATION,
    Term,
    condition_terms,
    data_name,
    data_terms,
    equation_rows,
    followed,
    noisy,
    rough,
    rough_name,
    roughness_terms,
    rows_at,
)
from outcrop.model.trainable import trainable
from outcrop.physics.coefficient import Field
from outcrop.physics.problem import Problem
from outcrop.records import Batch

BALANCES = ("none", "gradients", "kernel", "self_adaptive")
REFINEMENTS = ("none", "residual")
MEMORY = 0.7
"""Share of the old weights in the new ones."""
ATTENTION_KEPT, ATTENTION_RATE = 0.999, 0.01
"""Share of a point's weight that stays in a step, and what the point of the largest residual gains."""
CANDIDATES = 4
"""Candidates for each point that is drawn by residual."""
CAUSAL_BINS = 20
FIRM = 100.0
"""Weight of equation and conditions beside data in units of their noise, where a field is to be found."""
FASTEST = 3.0
"""Largest change of a roughness' weight between two chunks."""


class State(NamedTuple):
    """What the loss carries: the weight of every term, where the equation is enforced, and the weight of every point of
    every term where points have some.
    """

    weights: Float[Array, " term"]
    points: Float[Array, "point coordinate"]
    attention: tuple[Float[Array, " point"], ...] = ()


class ResidualLoss:
    """The loss of one problem; what a batch holds is not looked at."""

    groups = (Group("solution"),)

    def __init__(
        self,
        problem: Problem,
        *,
        points: int = 2000,
        condition_points: int = 200,
        method: str = "sobol",
        balance: str = "gradients",
        refine: str = "none",
        causal: float = 0.0,
        weights: Mapping[str, float] | None = None,
        seed: int = 0,
    ):
        """Lays out the points.

        Args:
            problem: what is to be solved.
            points: where the equation is enforced.
            condition_points: on every face with a condition that is not built in.
            method: how points fill the domain; see `view.collocation`.
            balance: "none", "gradients" or "kernel"; "self_adaptive" weighs every point by its residual in the past.
            refine: "residual" draws points anew between chunks, more where the residual is large.
            causal: how strongly later times wait for earlier ones; 0 is not at all.
            weights: term -> factor on top of the balance.
            seed: of points.

        Raises:
            ConfigError: an unknown name, a weight of no term, or weights of points that move.
        """
        _known("balance", balance, BALANCES)
        _known("refine", refine, REFINEMENTS)
        if balance == "self_adaptive" and refine != "none":
            what = "Points that move cannot have a weight that grows with their residual."
            raise ConfigError(message(what, where="loss.balance", fix='refine = "none"'))
        self.problem, self.refine, self.causal = problem, refine, causal
        inside = problem.domain.interior(points, method, seed)
        self.terms = (
            Term(EQUATION, inside, np.empty((len(inside), 0)), equation_rows(problem)),
            *condition_terms(problem, condition_points, seed),
            *data_terms(problem),
            *roughness_terms(problem, seed),
        )
        names = [term.name for term in self.terms]
        self.firm = any(isinstance(c, Field) for c in problem.coefficients.values()) and bool(noisy(problem))
        self.followed = [names.index(rough_name(name)) for name in followed(problem)]
        usual = dict.fromkeys(names[: len(names) - len(problem.measured) - len(rough(problem))], FIRM)
        usual = (usual if self.firm else {}) | {
            rough_name(name): c.roughness or 1.0 for name, c in rough(problem).items()
        }
        factors = usual | dict(weights or {})
        for name in factors:
            _known("weights", name, names)
        self.factors = jnp.array([factors.get(name, 1.0) for name in names])
        self.balance = "none" if self.firm else balance
        self.sizes: tuple[float, ...] | None = None

    def sized(self, model: Any) -> ResidualLoss:
        """The loss with residuals counted in units of what an untrained model has: done once, before training."""
        values = model.fields()
        found = []
        for term in self.terms:
            measured = next((m for m in self.problem.measured if data_name(m) == term.name), None)
            if term.name.startswith("roughness"):
                size = 1.0
            elif measured is not None:
                size = measured.noise_sd or self.problem.scale(measured.unknown)
            else:
                points = jnp.asarray(term.points, model.low.value.dtype)
                rows = rows_at(term, values, points, jnp.asarray(term.aside, points.dtype))
                size = float(jnp.sqrt((rows**2).mean()))
            found.append(size or 1.0)
        self.sizes = tuple(found)
        return self

    def init(self, model: Any, key: PRNGKeyArray | None) -> State:
        """Points and weights for the model as it is; without `key` the first ones."""
        dtype = jnp.result_type(*jax.tree.leaves(eqx.filter(model, eqx.is_inexact_array)))
        state = State(self.factors.astype(dtype), jnp.asarray(self.terms[0].points, dtype))
        if key is None:
            return state
        if self.balance == "self_adaptive":
            return state._replace(attention=tuple(jnp.ones(len(term.points), dtype) for term in self.terms))
        if self.refine == "residual":
            state = state._replace(points=self.refined(model, state, key))
        return state._replace(weights=self.balanced(model, state))

    def loss(self, model: Any, state: State, batch: Batch, key: PRNGKeyArray | None, group: Group) -> LossValue:
        """The weighted sum of all terms; the parts are their unweighted means."""
        rows = self.rows(model, state)
        means = jnp.stack([(own**2).mean() for own in rows])
        weights = jax.lax.stop_gradient(state.weights)
        parts = {term.name: mean for term, mean in zip(self.terms, means, strict=True)}
        if len(self.terms) > 1:
            parts |= {f"weight of {term.name}": w for term, w in zip(self.terms, weights, strict=True)}
        if state.attention:
            pairs = list(zip(state.attention, rows, strict=True))
            means = jnp.stack([((own * each[:, None]) ** 2).mean() for each, own in pairs])
            state = state._replace(attention=tuple(_attended(*pair) for pair in pairs))
        return LossValue((weights * means).sum(), jnp.ones((), means.dtype), parts, state)

    def rows(self, model: Any, state: State) -> list[Float[Array, "point part"]]:
        """The residuals of every term at its points, in units of their size."""
        values = model.fields()
        return [self.scaled(i, values, *self.places(i, state)) for i in range(len(self.terms))]

    def places(self, i: int, state: State) -> tuple[Array, Array]:
        """Points of a term, and what stands beside them."""
        points = state.points if i == 0 else jnp.asarray(self.terms[i].points, state.points.dtype)
        return points, jnp.asarray(self.terms[i].aside, points.dtype)

    def scaled(self, i: int, values: Any, points: Array, aside: Array) -> Float[Array, "point part"]:
        """Residuals of one term, in units of their size; those of the equation with causal weights."""
        size = 1.0 if self.sizes is None else self.sizes[i]
        rows = rows_at(self.terms[i], values, points, aside) / size
        return rows * self._causal(rows, points)[:, None] if i == 0 and self.causal else rows

    def linearised(self, parameters: Any, rebuilt: Callable[[Any], Any], state: State) -> tuple[Array, Array]:
        """Residuals r with `loss = sum(r^2)`, and their derivatives by all parameters, shapes (row,), (row, parameter).

        Args:
            parameters: what is moved, a tree of arrays.
            rebuilt: parameters -> model.
            state: of the loss.
        """
        flat, unravel = ravel_pytree(parameters)
        found, slopes = [], []
        for i, term in enumerate(self.terms):
            points, aside = self.places(i, state)

            def row(flat: Array, point: Array, beside: Array, term: Term = term) -> Array:
                return term.rows(rebuilt(unravel(flat)).fields(), point, beside)

            both = jax.vmap(lambda p, a, row=row: (row(flat, p, a), jax.jacrev(row)(flat, p, a)))
            value, slope = both(points, aside)
            factor = jnp.sqrt(state.weights[i] / value.size) / (1.0 if self.sizes is None else self.sizes[i])
            if i == 0 and self.causal:
                factor = factor * self._causal(value / (self.sizes or (1.0,))[i], points)[:, None]
            if state.attention:
                factor = factor * state.attention[i][:, None]
            found.append((value * factor).ravel())
            slopes.append((slope * jnp.broadcast_to(factor, value.shape)[..., None]).reshape(-1, len(flat)))
        return jnp.concatenate(found), jnp.concatenate(slopes)

    def refresh(self, model: Any, state: State, data: Batch | None, key: PRNGKeyArray) -> State:
        """Between chunks: points by residual, then weights."""
        if self.refine == "residual":
            state = state._replace(points=self.refined(model, state, key))
        if self.followed:
            state = state._replace(weights=self.discrepant(model, state))
        if self.balance in ("none", "self_adaptive") or len(self.terms) == 1:
            return state
        return state._replace(weights=MEMORY * state.weights + (1 - MEMORY) * self.balanced(model, state))

    def discrepant(self, model: Any, state: State) -> Float[Array, " term"]:
        """Weights of roughness raised where data are fitted closer than their noise, lowered where they are not: the
        discrepancy principle (Morozov, 1966, Soviet Mathematics Doklady 7, 414-417).
        """
        rows = self.rows(model, state)
        own = noisy(self.problem)
        misfit = jnp.stack([(rows[i] ** 2).mean() for i, term in enumerate(self.terms) if term.name in own]).mean()
        factor = jnp.clip(1 / jnp.maximum(misfit, 1e-12), 1 / FASTEST, FASTEST)
        return state.weights.at[jnp.array(self.followed)].multiply(factor)

    def balanced(self, model: Any, state: State) -> Float[Array, " term"]:
        """Weights under which every term pulls as strongly as the mean of all."""
        if self.balance == "none" or len(self.terms) == 1:
            return self.factors.astype(state.points.dtype)
        pull = jnp.stack([self._pull(i, model, state) for i in range(len(self.terms))])
        floor = 1e-6 * pull.max() + jnp.finfo(pull.dtype).tiny
        return self.factors.astype(pull.dtype) * pull.mean() / jnp.maximum(pull, floor)

    def refined(self, model: Any, state: State, key: PRNGKeyArray) -> Float[Array, "point coordinate"]:
        """Points drawn without replacement, with a chance of 1 + |r| / mean |r|."""
        low, high = jnp.asarray(list(self.problem.domain.bounds.values()), state.points.dtype).T
        place, chance = jax.random.split(key)
        shape = (CANDIDATES * len(state.points), state.points.shape[1])
        candidates = low + (high - low) * jax.random.uniform(place, shape, state.points.dtype)
        aside = jnp.empty((len(candidates), 0), candidates.dtype)
        size = jnp.abs(rows_at(self.terms[0], model.fields(), candidates, aside)).sum(-1)
        odds = jnp.log1p(size / jnp.maximum(size.mean(), jnp.finfo(size.dtype).tiny))
        drawn = jax.lax.top_k(odds + jax.random.gumbel(chance, odds.shape, odds.dtype), len(state.points))[1]
        return candidates[drawn]

    def _pull(self, i: int, model: Any, state: State) -> Float[Array, ""]:
        """Length of the gradient of one term, or the trace of its tangent kernel for each of its residuals."""
        moves, rest = eqx.partition(model, trainable(model))
        points, aside = self.places(i, state)

        def mean_square(moves: Any) -> Array:
            return (self.scaled(i, eqx.combine(moves, rest).fields(), points, aside) ** 2).mean()

        def row(moves: Any, point: Array, beside: Array) -> Array:
            return self.scaled(i, eqx.combine(moves, rest).fields(), point[None], beside[None]).sum()

        if self.balance == "gradients":
            return _length(jax.grad(mean_square)(moves))
        each = jax.vmap(lambda p, a: _length(jax.grad(row)(moves, p, a)) ** 2)
        return each(points, aside).mean()

    def _causal(self, rows: Array, points: Array) -> Float[Array, " point"]:
        """Square root of the weight of every point: exp(-causal * what is left over at earlier times)."""
        column = self.problem.coordinates.index("t")
        low, high = self.problem.domain.bounds["t"]
        place = jnp.clip(((points[:, column] - low) / (high - low) * CAUSAL_BINS).astype(int), 0, CAUSAL_BINS - 1)
        square = jax.lax.stop_gradient((rows**2).sum(-1))
        count = jnp.maximum(jax.ops.segment_sum(jnp.ones_like(square), place, CAUSAL_BINS), 1)
        left = jax.ops.segment_sum(square, place, CAUSAL_BINS) / count
        return jnp.sqrt(jnp.exp(-self.causal * (jnp.cumsum(left) - left)))[place]


def _attended(weight: Float[Array, " point"], rows: Float[Array, "point part"]) -> Float[Array, " point"]:
    """The weights of points after a step: they forget slowly, and grow where much is left over."""
    size = jax.lax.stop_gradient(jnp.sqrt((rows**2).sum(-1)))
    return ATTENTION_KEPT * weight + ATTENTION_RATE * size / jnp.maximum(size.max(), jnp.finfo(size.dtype).tiny)


def _length(tree: Any) -> Float[Array, ""]:
    return jnp.sqrt(sum((leaf**2).sum() for leaf in jax.tree.leaves(tree)))


def _known(what: str, name: str, known: Sequence[str]) -> None:
    if name not in known:
        sentence = f"There is no {what} {name!r}{did_you_mean(name, known)}."
        raise ConfigError(message(sentence, where="[loss]", fix=f"choose one of {', '.join(known)}."))
