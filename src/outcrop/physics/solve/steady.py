r"""The steady state of what flows down a gradient: -div(kappa grad u) = source, in one and two dimensions.

Darcy flow (kappa: transmissivity m2/s, u: head m, source: recharge m/s), heat conduction (kappa: W/m/K, u: K, source:
W/m3), electrostatics (kappa: S/m, u: V, source: A/m3). Second order in the spacing, for smooth kappa; linear in source
and faces; differentiable in kappa, source and the values on the faces. One dimension is solved directly, two by
conjugate gradients (`elliptic.py`).

Source: Patankar, S. V. (1980), Numerical Heat Transfer and Fluid Flow, chapter 4, doi:10.1201/9781482234213.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float

from outcrop.physics.arguments import floating, positive
from outcrop.physics.solve.elliptic import solve_2d
from outcrop.physics.solve.volumes import HELD, Axis, Faces, along, bounded, checked


def steady_1d(
    kappa: Float[Array, " cell"], source: ArrayLike, spacing: float, x: Faces = HELD
) -> Float[Array, " cell"]:
    """u at the middle of every cell, of the dtype of the arguments.

    Args:
        kappa: conductivity of every cell, positive.
        source: what is released per unit length and time, one number or one per cell.
        spacing: width of a cell.
        x: conditions at the low and the high end.

    Raises:
        ConfigError: no end has a value, or kappa or spacing is not positive.

    >>> steady_1d(jnp.ones(4), 2.0, 0.25).round(4).tolist()  # x (1 - x), and spacing^2 / 4 from the half cells
    [0.125, 0.25, 0.25, 0.125]
    """
    spacing = checked(spacing, x)
    bounded(x)
    positive("kappa", kappa)
    return _steady_1d(*floating(kappa, source), spacing, x)


@jax.jit
def _steady_1d(kappa: Array, source: Array, spacing: float, x: Faces) -> Array:
    axis = along(kappa, spacing, x, 0)
    return tridiagonal(axis, jnp.zeros_like(kappa), source + axis.inflow)


def tridiagonal(axis: Axis, shift: Array, right: Float[Array, " cell"]) -> Float[Array, " cell"]:
    """Solves (shift - div kappa grad) u = right along one axis, directly; shift is one number per cell."""
    c = axis.conductance
    lower, upper = -c[:-1].at[0].set(0.0), -c[1:].at[-1].set(0.0)
    return jax.lax.linalg.tridiagonal_solve(lower, c[:-1] + c[1:] + shift, upper, right[:, None])[:, 0]


def steady_2d(
    kappa: Float[Array, "y x"], source: ArrayLike, spacing: tuple[float, float], y: Faces = HELD, x: Faces = HELD
) -> Float[Array, "y x"]:
    """u at the middle of every cell, of the dtype of the arguments; NaN where the iteration has not converged.

    Args:
        kappa: conductivity of every cell, positive.
        source: what is released per unit area and time, one number or one per cell.
        spacing: width of a cell along y and along x.
        y: conditions at the first and the last row.
        x: conditions at the first and the last column.

    Raises:
        ConfigError: no face has values, or kappa or spacing is not positive.
    """
    sides = checked(spacing[0], y), checked(spacing[1], x)
    bounded(y, x)
    positive("kappa", kappa)
    return _steady_2d(*floating(kappa, source), sides, y, x)


@jax.jit
def _steady_2d(kappa: Array, source: Array, spacing: tuple[float, float], y: Faces, x: Faces) -> Array:
    rows, columns = along(kappa, spacing[0], y, 0), along(kappa, spacing[1], x, 1)
    return solve_2d(rows, columns, source + rows.inflow + columns.inflow, spacing, (y, x))
