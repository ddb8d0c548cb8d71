"""Formulas on grids: values, units, and what is refused with a fix."""

import numpy as np
import pytest

from outcrop.errors import ConfigError
from outcrop.physics.formula import Formula, Names

WATER = Names({"P": "mm/d", "E": "mm/d", "S": "mm", "T": "degC", "n": ""}, {"time": "d", "depth": "m"})


def test_advection_of_a_wave_is_left_over_by_the_error_of_differences():
    """u = sin(x - c t) solves u_t + c u_x = 0; central differences leave O(h2)."""
    names = Names({"u": "K"}, {"t": "s", "x": "m"}, {"c": (2.0, "m/s")})
    formula = Formula("d(u, t) + c * d(u, x)", names)
    assert formula.unit == "K/s" and formula.differentiates == ("t", "x")
    left = []
    for count in (40, 80):
        t, x = np.linspace(0, 1, count), np.linspace(0, 3, count)
        values = formula({"u": np.sin(x - 2 * t[:, None])}, {"t": (0, t), "x": (1, x)})
        left.append(np.nanmax(np.abs(values)))
    assert left[0] / left[1] == pytest.approx(4, rel=0.15)


def test_diffusion_and_its_unit():
    names = Names({"u": "K"}, {"t": "s", "x": "m"}, {"kappa": (0.5, "m2/s")})
    formula = Formula("d(u, t) - kappa * d(u, x, x)", names)
    t, x = np.linspace(0, 2, 5), np.linspace(0, 3, 7)
    values = formula({"u": x**2 + t[:, None]}, {"t": (0, t), "x": (1, x)})
    np.testing.assert_allclose(values[1:-1, 1:-1], 0.0, atol=1e-12)
    assert np.isnan(values[0]).all() and np.isnan(values[:, 0]).all()


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("P - E - d(S, time)", "mm/d"), ("d(T, depth)", "degC/m"), ("2 * P + 1", "mm/d"), ("sqrt(S * S)", "mm"),
        ("S**2", "mm2"), ("(P > 3) * S", "mm"), ("maximum(P, E)", "mm/d"), ("n * P", ""), ("P / E", ""),
        ("exp(P / E) * S", "mm"),
    ],
)  # fmt: skip
def test_units_are_worked_out(text, unit):
    assert Formula(text, WATER).unit == unit


def test_conversion():
    assert Formula("d(T, depth)", WATER).factor("K/km") == pytest.approx(1000)
    assert Formula("P", WATER).factor("m/s") == pytest.approx(1e-3 / 86400)
    assert Formula("P / E", WATER).factor("percent") == pytest.approx(100)


@pytest.mark.parametrize(
    ("text", "fix"),
    [
        ("P - S", "correct the formula, or a variable's unit"),
        ("d(S, time) - P / 24", None),
        ("P - X", "known: P, E, S"),
        ("P - EE", "known: P, E"),
        ("d(Q, time)", "known: P, E, S, T, n"),
        ("d(S, tme)", "known: time, depth"),
        ("d(S, time, time, time)", r"d\(S, time, time\) at most"),
        ("exp(S)", "divide by something of that unit first"),
        ("S**n", "a number as exponent"),
        ("__import__('os')", "known: P"),
    ],
)
def test_what_is_refused(text, fix):
    if fix is None:
        assert Formula(text, WATER).unit == "mm/d"  # a bare number in a product has no unit
        return
    with pytest.raises(ConfigError, match=f"(?s)Fix: .*{fix}"):
        Formula(text, WATER, "evaluate.ledger.closure")


def test_units_of_another_size_are_refused():
    names = Names({"P": "mm/d", "Q": "mm/h", "T": "degC", "K": "K"})
    with pytest.raises(ConfigError, match=r'Fix: declare one unit for both.*"mm/d"'):
        Formula("P - Q", names)
    with pytest.raises(ConfigError, match="Fix: declare one unit for both"):
        Formula("T - K", names)
    with pytest.raises(ConfigError, match='Fix: unit = "degC"'):
        Formula("T", names).factor("K")
    with pytest.raises(ConfigError, match='Fix: unit = "mm/d"'):
        Formula("P", names).factor("kg")
    with pytest.raises(ConfigError, match='Fix: unit = "mm/d"'):
        Formula("P", names).factor("mmm/dd")
    with pytest.raises(ConfigError, match="Fix: state the unit of the variable"):
        Formula("n", WATER).factor("m")


def test_a_comparison_with_nothing_is_nothing():
    found = Formula("(P > 1) * (E > 1)", WATER)({"P": np.array([2.0, np.nan, 0.0]), "E": np.array([2.0, 2.0, np.nan])})
    np.testing.assert_array_equal(found, [1.0, np.nan, np.nan])


def test_too_few_arguments():
    with pytest.raises(ConfigError, match=r"Fix: maximum\(a, b\)"):
        Formula("maximum(P)", WATER)({"P": np.ones(2)})
