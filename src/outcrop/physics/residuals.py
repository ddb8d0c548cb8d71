"""Residuals of the named equations: what their left side minus their right side is at a point, in physical units.

Each takes `At`, the fields and their derivatives at one point, and returns one number for each part of the equation.
Coefficients are fields like any other, so that they may vary and are differentiated where the equation does so.
"""

from __future__ import annotations

from jaxtyping import Array, Float

from outcrop.physics.derivative import At

Residuals = tuple[Float[Array, ""], ...]


def heat(at: At) -> Residuals:
    """u_t - D lap u - f."""
    return (at.d("u", "t") - at.d("diffusivity") * at.laplacian("u") - at.d("source"),)


def poisson(at: At) -> Residuals:
    """lap u - f."""
    return (at.laplacian("u") - at.d("source"),)


def darcy(at: At) -> Residuals:
    """-div(K grad u) - f."""
    across = sum(k * u for k, u in zip(at.gradient("conductivity"), at.gradient("u"), strict=True))
    return (-(at.d("conductivity") * at.laplacian("u") + across) - at.d("source"),)


def advection(at: At) -> Residuals:
    """u_t + c u_x."""
    return (at.d("u", "t") + at.d("speed") * at.d("u", at.space[0]),)


def burgers(at: At) -> Residuals:
    """u_t + u u_x - nu u_xx."""
    x = at.space[0]
    return (at.d("u", "t") + at.d("u") * at.d("u", x) - at.d("viscosity") * at.d("u", x, x),)


def allen_cahn(at: At) -> Residuals:
    """u_t - D lap u - r (u - u^3)."""
    u = at.d("u")
    return (at.d("u", "t") - at.d("diffusivity") * at.laplacian("u") - at.d("rate") * (u - u**3),)


def diffusion_reaction(at: At) -> Residuals:
    """u_t - D lap u - k u^2 - f."""
    gained = at.d("rate") * at.d("u") ** 2 + at.d("source")
    return (at.d("u", "t") - at.d("diffusivity") * at.laplacian("u") - gained,)


def korteweg_de_vries(at: At) -> Residuals:
    """u_t + a u u_x + b u_xxx."""
    x = at.space[0]
    steepening = at.d("steepening") * at.d("u") * at.d("u", x)
    return (at.d("u", "t") + steepening + at.d("dispersion") * at.d("u", x, x, x),)


def wave(at: At) -> Residuals:
    """u_tt - c^2 lap u - f."""
    return (at.d("u", "t", "t") - at.d("speed") ** 2 * at.laplacian("u") - at.d("source"),)


def helmholtz(at: At) -> Residuals:
    """lap u + k^2 u - f."""
    return (at.laplacian("u") + at.d("wavenumber") ** 2 * at.d("u") - at.d("source"),)


def eikonal(at: At) -> Residuals:
    """v^2 |grad T|^2 - 1."""
    return (at.d("velocity") ** 2 * sum(slope**2 for slope in at.gradient("T")) - 1,)


def shallow_water(at: At) -> Residuals:
    """Mass: h_t + (h v)_x. Momentum: v_t + v v_x + g h_x."""
    x, h, v = at.space[0], at.d("h"), at.d("v")
    mass = at.d("h", "t") + h * at.d("v", x) + v * at.d("h", x)
    return mass, at.d("v", "t") + v * at.d("v", x) + at.d("gravity") * at.d("h", x)
