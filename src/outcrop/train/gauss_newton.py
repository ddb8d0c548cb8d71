"""Gauss-Newton with damping, for losses that are a sum of squares: the optimiser of small networks with few residuals.

    (J^T J + mu I) step = -J^T r

J holds the derivatives of all residuals r by all parameters. When the loss does not fall, the damping mu grows and the
step is tried again; when it falls, mu shrinks. Exact, full batch; costs O(rows x parameters^2) a step.

Source: Levenberg (1944), doi:10.1090/qam/10666; Marquardt (1963), doi:10.1137/0111030. For networks that solve
equations: Jnini, Vella and Zeinhofer (2024), arXiv:2402.10680; Mueller and Zeinhofer (2023), arXiv:2302.13163.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Float

START, LEAST, MOST = 1e-2, 1e-14, 1e6
"""Damping, in units of the mean of the diagonal of J^T J."""
TRIES = 6
GROWS, SHRINKS = 4.0, 0.3


class State(NamedTuple):
    """The damping of the next step."""

    damping: Float[Array, ""]


class LeastSquares(optax.GradientTransformationExtraArgs):
    """An optimiser that has to be handed `linearise` besides value and gradient."""


def gauss_newton() -> optax.GradientTransformationExtraArgs:
    """The optimiser; `update` needs `value`, `value_fn` and `linearise`: parameters -> (r, J), loss = sum(r^2)."""

    def init(parameters: Any) -> State:
        return State(jnp.full((), START, jax.tree.leaves(parameters)[0].dtype))

    def update(
        gradient: Any, state: State, parameters: Any = None, *, value: Any, value_fn: Any, linearise: Any, **_: Any
    ) -> tuple[Any, State]:
        flat, unravel = ravel_pytree(parameters)
        r, slopes = linearise(parameters)
        solve = _damped(r, slopes)

        def attempt(carry: tuple) -> tuple:
            damping, _, tries, _ = carry
            step = solve(damping)
            after = value_fn(unravel(flat + step))
            better = jnp.isfinite(after) & (after < value)
            return jnp.where(better, damping, damping * GROWS), jnp.where(better, step, 0.0), tries + 1, better

        first = (state.damping, jnp.zeros_like(flat), 0, jnp.array(False))
        damping, step, tries, better = jax.lax.while_loop(lambda c: (c[2] < TRIES) & ~c[3], attempt, first)
        damping = jnp.where(better & (tries == 1), damping * SHRINKS, damping)
        return unravel(step), State(jnp.clip(damping, LEAST, MOST))

    return LeastSquares(init, update)


def _damped(r: Float[Array, " row"], slopes: Float[Array, "row parameter"]) -> Any:
    """damping -> step, by the smaller of the two normal equations."""
    rows, parameters = slopes.shape
    wide = parameters > rows
    product = slopes @ slopes.T if wide else slopes.T @ slopes
    unit = jnp.trace(product) / parameters

    def solve(damping: Float[Array, ""]) -> Float[Array, " parameter"]:
        system = product + damping * unit * jnp.eye(len(product), dtype=product.dtype)
        factor = jax.scipy.linalg.cho_factor(system)
        if wide:
            return -slopes.T @ jax.scipy.linalg.cho_solve(factor, r)
        return -jax.scipy.linalg.cho_solve(factor, slopes.T @ r)

    return solve
