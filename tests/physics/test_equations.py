"""Every named equation: an exact solution leaves nothing over, and one that is a little wrong does."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from outcrop.errors import ConfigError
from outcrop.physics.derivative import At
from outcrop.physics.entries import EQUATIONS, equation
from outcrop.physics.expression import Expression

EXACT = {
    "heat": ({"u": "exp(-0.3 * 4 * t) * sin(2 * x) + x * t"}, {"diffusivity": 0.3, "source": "x"}, "xt"),
    "poisson": ({"u": "x**3 * z + sin(z)"}, {"source": "6 * x * z - sin(z)"}, "xz"),
    "darcy": ({"u": "x**2"}, {"conductivity": "exp(x)", "source": "-exp(x) * (2 * x + 2)"}, "x"),
    "advection": ({"u": "exp(-(x - 2 * t)**2)"}, {"speed": 2}, "xt"),
    "burgers": ({"u": "1 - 0.5 * tanh(0.5 * (x - t) / (2 * 0.1))"}, {"viscosity": 0.1}, "xt"),
    "allen_cahn": ({"u": "tanh(x * sqrt(5 / (2 * 0.02)))"}, {"diffusivity": 0.02, "rate": 5}, "xt"),
    "diffusion_reaction": (
        {"u": "sin(x) * t"},
        {"diffusivity": 0.1, "rate": 2, "source": "sin(x) + 0.1 * sin(x) * t - 2 * (sin(x) * t)**2"},
        "xt",
    ),
    "kdv": ({"u": "2 / cosh(x - 4 * t)**2"}, {"steepening": 6, "dispersion": 1}, "xt"),
    "wave": ({"u": "sin(x - 3 * t) + (z + 3 * t)**2"}, {"speed": 3, "source": 0}, "xzt"),
    "helmholtz": (
        {"u": "sin(3 * x) * exp(4 * z)"},
        {"wavenumber": "sqrt(2.0)", "source": "9 * sin(3 * x) * exp(4 * z)"},
        "xz",
    ),
    "eikonal": (
        {"T": "log(1 + 0.5 * (x**2 + z**2) / (1 + z) + sqrt((1 + 0.5 * (x**2 + z**2) / (1 + z))**2 - 1))"},
        {"velocity": "1 + z"},
        "xz",
    ),
    "shallow_water": (
        {"h": "(2 * 3 - x / (1 + t))**2 / (9 * 9.81)", "v": "2 / 3 * (x / (1 + t) + 3)"},
        {"gravity": 9.81},
        "xt",
    ),
}  # fmt: skip


@pytest.fixture(autouse=True)
def _float64():
    with jax.enable_x64(True):
        yield


def left_over(name, change=None):
    unknowns, parameters, coordinates = EXACT[name]
    names = tuple(coordinates)
    formulas = {n: Expression(text, names) for n, text in {**unknowns, **parameters}.items()}
    changed = change or (lambda point, value: value)

    def values(point):
        return jnp.stack([changed(point, f(point)) if n in unknowns else f(point) for n, f in formulas.items()])

    points = jnp.array(np.random.default_rng(0).uniform(0.2, 0.9, (20, len(names))))
    residual = equation(name).load()
    fields = tuple(formulas)
    return jax.vmap(lambda p: jnp.stack(residual(At(values, p, fields=fields, coordinates=names))))(points)


def test_every_equation_of_the_table_has_an_exact_solution_here():
    assert EXACT.keys() == EQUATIONS.keys()


@pytest.mark.parametrize("name", EQUATIONS)
def test_an_exact_solution_leaves_nothing_over(name):
    found = left_over(name)
    assert found.shape == (20, len(EQUATIONS[name].parts))
    assert jnp.abs(found).max() < 1e-9


@pytest.mark.parametrize("name", EQUATIONS)
def test_a_wrong_solution_leaves_something_over(name):
    found = left_over(name, lambda point, value: value * (1 + 0.01 * point[0] ** 3))
    assert (jnp.abs(found).max(axis=0) > 1e-4).all()


def test_an_unknown_equation_is_refused_with_the_known_ones():
    with pytest.raises(ConfigError, match="did you mean 'burgers'") as caught:
        equation("burger")
    assert "Fix: choose one of heat" in str(caught.value)
