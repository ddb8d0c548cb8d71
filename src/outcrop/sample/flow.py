"""Flow samplers: the velocity integrated from noise (t = 0) to data (t = 1), and the density it gives to data.

Integration is Diffrax's, with fixed steps or an adaptive step size. All work on ONE example; `jax.vmap` makes many.

Source: Chen et al. (2018), Neural ordinary differential equations, arXiv:1806.07366, equation 8 (the density);
Grathwohl et al. (2019), FFJORD, arXiv:1810.01367, section 3.1 (its estimate with one random direction).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from outcrop.errors import ConfigError, did_you_mean, message
from outcrop.process.path import Velocity, log_normal_density

SOLVERS = {"euler": "Euler", "midpoint": "Midpoint", "heun": "Heun", "tsit5": "Tsit5", "dopri5": "Dopri5"}
EVALUATIONS = {"euler": 1, "midpoint": 2, "heun": 2, "tsit5": 6, "dopri5": 6}
"""Of the velocity per step."""
MOST_STEPS = 4096


class Flowed(NamedTuple):
    """The end of a path.

    Attributes:
        x: of the shape of the start.
        evaluations: of the velocity.
    """

    x: Float[Array, "*x"]
    evaluations: Float[Array, ""]


def flow(
    velocity: Velocity,
    x: Float[Array, "*x"],
    *,
    solver: str = "midpoint",
    steps: int | None = 32,
    tolerance: float = 1e-5,
    backwards: bool = False,
) -> Flowed:
    """Carries noise to data; `backwards` data to noise.

    Args:
        velocity: v(x, t).
        x: noise ~ N(0, 1), or data with `backwards`.
        solver: "euler", "midpoint", "heun", "tsit5" or "dopri5".
        steps: of equal length; None chooses them by `tolerance`.
        tolerance: relative and absolute error per step where steps are chosen.

    Raises:
        ConfigError: the solver is not known, or has no error estimate to choose steps by.
    """
    solution = _solved(lambda t, y, _: velocity(y, t), x, solver, steps, tolerance, backwards)
    return Flowed(solution.ys[0], solution.stats["num_steps"] * EVALUATIONS[solver])


def log_density(
    velocity: Velocity,
    x: Float[Array, "*x"],
    *,
    key: PRNGKeyArray | None = None,
    solver: str = "tsit5",
    steps: int | None = None,
    tolerance: float = 1e-5,
) -> Float[Array, ""]:
    """log p(x) of one example under the flow, in nats.

    The divergence of the velocity is exact (a column of the Jacobian per number of x), or with `key` an unbiased
    estimate along one random direction, for large x.
    """
    direction = None if key is None else jax.random.rademacher(key, x.shape, x.dtype)

    def both(t: Array, state: tuple[Array, Array], _: Any) -> tuple[Array, Array]:
        y, _log = state
        if direction is not None:
            value, change = jax.jvp(lambda y: velocity(y, t), (y,), (direction,))
            return value, jnp.sum(change * direction)
        value, pushed = jax.linearize(lambda y: velocity(y, t), y)
        basis = jnp.eye(y.size, dtype=y.dtype).reshape(y.size, *y.shape)
        return value, jnp.sum(jax.vmap(lambda e: jnp.sum(pushed(e) * e))(basis))

    solution = _solved(both, (x, jnp.zeros((), x.dtype)), solver, steps, tolerance, True)
    start, integral = (leaf[0] for leaf in solution.ys)
    return log_normal_density(start) + integral


def _solved(slope: Any, begun: Any, solver: str, steps: int | None, tolerance: float, backwards: bool) -> Any:
    import diffrax

    if solver not in SOLVERS:
        what = f"There is no solver {solver!r}{did_you_mean(solver, SOLVERS)}."
        raise ConfigError(message(what, fix=f"choose one of {', '.join(SOLVERS)}."))
    if steps is None and solver == "euler":
        fix = 'steps = 64, or solver = "tsit5"'
        raise ConfigError(message("Euler's method has no estimate of its error to choose steps by.", fix=fix))
    if steps is not None and steps < 1:
        raise ConfigError(message(f"A path needs at least one step, not {steps}.", fix="steps = 32"))
    begin, end = (1.0, 0.0) if backwards else (0.0, 1.0)
    control = diffrax.ConstantStepSize() if steps else diffrax.PIDController(rtol=tolerance, atol=tolerance)
    return diffrax.diffeqsolve(
        diffrax.ODETerm(slope),
        getattr(diffrax, SOLVERS[solver])(),
        begin,
        end,
        None if steps is None else (end - begin) / steps,
        begun,
        stepsize_controller=control,
        max_steps=steps or MOST_STEPS,
    )
