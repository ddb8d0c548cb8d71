"""Every named equation: an exact solution leaves nothing over, and one that is a little wrong does."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from posed import HEAT, problem

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


def left_over(name, change=None, sizes=None):
    """Residuals at 20 points; `sizes`: a coordinate, unknown or parameter -> how many small units are one of it."""
    unknowns, parameters, coordinates = EXACT[name]
    names, sizes = tuple(coordinates), sizes or {}
    formulas = {n: Expression(text, names) for n, text in {**unknowns, **parameters}.items()}
    changed = change or (lambda point, value: value)
    factor = jnp.array([sizes.get(n, 1.0) for n in formulas])
    steps = jnp.array([sizes.get(n, 1.0) for n in names])

    def values(small):
        point = small / steps
        found = [changed(point, f(point)) if n in unknowns else f(point) for n, f in formulas.items()]
        return factor * jnp.stack(found)

    points = steps * jnp.array(np.random.default_rng(0).uniform(0.2, 0.9, (20, len(names))))
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


@pytest.mark.parametrize("name", EQUATIONS)
def test_what_is_left_over_has_the_unit_that_the_table_says(name):
    """In units three times as small lengths are three times as many; what is left over follows as its powers say."""
    entry = EQUATIONS[name]
    scale = {"x": 3.0, "z": 3.0, "t": 7.0, "u": 11.0, "T": 11.0, "h": 3.0, "v": 3 / 7, "k": 5.0, "conductivity": 5.0}
    scale |= {"allen_cahn": {"u": 1.0}, "burgers": {"u": 3 / 7}}.get(name, {})  # theirs are no unit of one's own

    def powers(dimension):
        return np.prod([scale[part] ** power for part, power in dimension.items()])

    sizes = {n: scale[n] for n in (*EXACT[name][2], *entry.unknowns)}
    sizes |= {n: powers(parameter.dimension) for n, parameter in entry.parameters.items()}
    wrong = {"change": lambda point, value: value * (1.1 + 0.2 * point[0])}
    factor = np.array([powers(entry.dimensions[part]) for part in entry.parts])
    np.testing.assert_allclose(left_over(name, **wrong, sizes=sizes), factor * left_over(name, **wrong), rtol=1e-6)


def test_a_residual_has_a_unit_in_words_where_all_of_its_factors_have_one():
    units = 'units = {x = "m", t = "d", u = "degC", diffusivity = "m2/d"}\n'
    assert problem(HEAT).residual_unit("equation") == ""
    assert problem(units + HEAT).residual_unit("equation") == "degC/d"
    flow = """
equation = "darcy"
domain = {x = [0, 100]}
parameter.conductivity = 10
condition.ends = {at = ["x low", "x high"], u = "0"}
"""
    assert problem('units = {x = "m", u = "m", conductivity = "m/d"}\n' + flow).residual_unit("equation") == "1/d"
    rays = """
equation = "eikonal"
domain = {x = [0, 1], z = [0, 1]}
parameter.velocity = 2
condition.shot = {at = {x = 0, z = 0}, T = "0"}
units = {x = "km", z = "km", T = "s", velocity = "km/s"}
"""
    assert problem(rays).residual_unit("equation") == "1"


def test_an_unknown_equation_is_refused_with_the_known_ones():
    with pytest.raises(ConfigError, match="did you mean 'burgers'") as caught:
        equation("burger")
    assert "Fix: choose one of heat" in str(caught.value)
