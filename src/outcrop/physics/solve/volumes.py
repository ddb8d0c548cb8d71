r"""Finite volumes on a regular grid: conductances between cells, and what the faces of the box let in.

    (-div(kappa grad u))_i = c_i (u_i - u_{i-1}) - c_{i+1} (u_{i+1} - u_i),   c = harmonic mean of kappa / spacing^2

Values belong to cells; a face of the box lies half a cell from the outermost value. The harmonic mean makes the flux
through layers exact, whatever their contrast. Lengths in one unit (m), kappa and u in any units that fit together.

Source: Patankar, S. V. (1980), Numerical Heat Transfer and Fluid Flow, equation 4.9, doi:10.1201/9781482234213.
"""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float

from outcrop.errors import ConfigError, message
from outcrop.physics.arguments import positive


class Dirichlet(NamedTuple):
    """The value of u on a face: one number, or one per cell along the face."""

    value: ArrayLike = 0.0


class Neumann(NamedTuple):
    """The flux that enters through a face, kappa du/dn with n pointing outwards; 0 closes the face."""

    inflow: ArrayLike = 0.0


Face = Dirichlet | Neumann
Faces = tuple[Face, Face]
"""The face at the low end of an axis and the one at its high end."""
HELD: Faces = (Dirichlet(0.0), Dirichlet(0.0))


class Axis(NamedTuple):
    """One axis of the operator.

    Attributes:
        conductance: between neighbours along the axis, one more than cells; at the ends that of the faces.
        inflow: what the faces add to the right-hand side, one number per cell.
    """

    conductance: Array
    inflow: Array


def along(kappa: Float[Array, "*cell"], spacing: float, faces: Faces, axis: int) -> Axis:
    """The conductances along one axis, and the inflow through its two faces.

    Args:
        kappa: conductivity of every cell, positive.
        spacing: width of a cell along the axis.
        faces: conditions at the low and at the high end.
        axis: which axis.
    """
    kappa = jnp.moveaxis(kappa, axis, 0)
    between = 2 / (1 / kappa[:-1] + 1 / kappa[1:])
    ends = [2 * kappa[end] * isinstance(face, Dirichlet) for end, face in zip((0, -1), faces, strict=True)]
    conductance = jnp.concatenate([ends[0][None], between, ends[1][None]]) / spacing**2
    inflow = jnp.zeros_like(kappa)
    for end, face in zip((0, -1), faces, strict=True):
        if isinstance(face, Dirichlet):
            inflow = inflow.at[end].add(conductance[end] * jnp.asarray(face.value, kappa.dtype))
        else:
            inflow = inflow.at[end].add(jnp.asarray(face.inflow, kappa.dtype) / spacing)
    return Axis(jnp.moveaxis(conductance, 0, axis), jnp.moveaxis(inflow, 0, axis))


def outflow(u: Float[Array, "*cell"], conductance: Array, axis: int) -> Float[Array, "*cell"]:
    """-div(kappa grad u) of one axis, without what enters through the faces; symmetric and not negative in u."""
    pad = [(1, 1) if number == axis % u.ndim else (0, 0) for number in range(u.ndim)]
    return -jnp.diff(conductance * jnp.diff(jnp.pad(u, pad), axis=axis), axis=axis)


def checked(spacing: float, faces: Faces) -> float:
    """Checks the arguments that describe one axis.

    Returns:
        The spacing, as a float.

    Raises:
        ConfigError: faces that are no conditions, a spacing that is not positive.
    """
    if len(faces) != 2 or not all(isinstance(face, Dirichlet | Neumann) for face in faces):
        what = f"The faces of an axis are two conditions, at its low and its high end; got {faces!r}."
        raise ConfigError(message(what, fix="x = (Dirichlet(0.0), Neumann(0.0))"))
    return positive("spacing", spacing)


def bounded(*axes: Faces) -> None:
    """Checks that the value of u is known somewhere on the faces: a steady state has none of its own.

    Raises:
        ConfigError: there are only Neumann faces.
    """
    if not any(isinstance(face, Dirichlet) for faces in axes for face in faces):
        what = "With flux given on every face, u is known up to a constant only."
        raise ConfigError(message(what, where="faces", fix="x = (Dirichlet(0.0), Neumann(0.0))"))
