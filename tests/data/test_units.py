"""Spellings and conversion of units."""

import numpy as np
import pytest

from outcrop.data.units import convert, same
from outcrop.errors import DataError


@pytest.mark.parametrize(
    ("found", "wanted", "factor"),
    [
        ("GAPI", "API", 1),
        ("OHMM", "ohm.m", 1),
        ("OHM-M", "OHM.M", 1),
        ("V/V", "%", 100),
        ("PU", "v/v", 0.01),
        ("M3/M3", "V/V", 1),
        ("US/FT", "us/m", 1 / 0.3048),
        ("G/C3", "kg/m3", 1000),
        ("G/CC", "g/cm3", 1),
        ("K/M3", "g/cm3", 0.001),
        ("IN", "mm", 25.4),
        ("FT", "m", 0.3048),
        ("F", "m", 0.3048),
        ("MV", "V", 0.001),
        ("b/e", "B/E", 1),
    ],
)
def test_factor(found, wanted, factor):
    values, sentence = convert(np.array([2.0, np.nan]), found, wanted)
    np.testing.assert_allclose(values, [2.0 * factor, np.nan], rtol=1e-12)
    assert bool(sentence) == (factor != 1)
    assert same(found, wanted) == (factor == 1)


def test_temperature_has_an_offset():
    values, sentence = convert(np.array([100.0]), "DEGC", "degF")
    np.testing.assert_allclose(values, [212.0])
    assert "plus 32" in sentence


def test_nothing_is_guessed():
    with pytest.raises(DataError, match='assume_unit = "m"'):
        convert(np.zeros(1), "_", "m")
    with pytest.raises(DataError, match=r'us/ft, cannot become m/s[\s\S]*Fix: state unit = "us/ft"'):
        convert(np.zeros(1), "us/ft", "m/s")
    with pytest.raises(DataError, match=r"not known[\s\S]*Fix: state the unit"):
        convert(np.zeros(1), "FOOOBAR", "m")
    with pytest.raises(DataError, match="measure different things"):
        convert(np.zeros(1), "gAPI", "V/V")
    assert convert(np.ones(1), "GAPI", None)[1] == ""
    assert same("", "-") and not same("", "m")


@pytest.mark.parametrize("unit", ["9**9**9", "m**9**9", "1e99", "m^9^9"])
def test_a_unit_that_is_a_calculation_is_refused_unread(unit):
    with pytest.raises(DataError, match="not known"):
        convert(np.ones(1), unit, "m")
