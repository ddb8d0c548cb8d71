"""Formulas of a run file: values, derivatives, and what is refused."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outcrop.errors import ConfigError
from outcrop.physics.expression import Expression

NAMES = ("x", "t")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("x + 2 * t - 1", 3.5),
        ("-x ** 2", -0.25),
        ("exp(0) + sin(pi / 2)", 2.0),
        ("where(t > 1, x, -x)", 0.5),
        ("minimum(x, t) / maximum(x, t)", 0.25),
        (3, 3.0),
        ("1e-3", 1e-3),
    ],
)
def test_values(text, value):
    assert float(Expression(text, NAMES)(jnp.array([0.5, 2.0]))) == pytest.approx(value, rel=1e-6)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("__import__('os').system('true')", "calls|arithmetic"),
        ("x.real", "no arithmetic"),
        ("y + x", "'y'"),
        ("sine(x)", "did you mean 'sin'"),
        ("x +", "no formula"),
        ("'x'", "holds"),
        ("True", "holds"),
        ("[x]", "no arithmetic"),
        ("sin(x, key=1)", "no arithmetic"),
        ("x < t < 1", "no arithmetic"),
        ("lambda: x", "no arithmetic"),
        ("", "no formula"),
    ],
)
def test_what_is_no_formula_is_refused_with_what_is_known(text, part):
    with pytest.raises(ConfigError, match=part) as caught:
        Expression(text, NAMES, "physics.condition.start u")
    assert "Fix: " in str(caught.value) and "sin" in str(caught.value)
    assert "physics.condition.start u" in str(caught.value)


@settings(deadline=None, max_examples=20)
@given(st.floats(-3, 3), st.floats(0.1, 3))
def test_it_is_differentiable(x, t):
    formula = Expression("sin(2 * x) * t ** 3", NAMES)
    slope = jax.grad(formula)(jnp.array([x, t]))
    assert slope[0] == pytest.approx(float(2 * jnp.cos(2 * x) * t**3), rel=1e-4, abs=1e-4)
    assert slope[1] == pytest.approx(float(3 * jnp.sin(2 * x) * t**2), rel=1e-4, abs=1e-4)
