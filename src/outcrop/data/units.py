"""Units of logs and soundings: one spelling for each, and conversion with a sentence that says what was done.

Files spell the same unit in many ways (GAPI, API; G/C3, G/CC, g/cm3). A table brings the spellings together, pint does
the arithmetic. No unit is ever guessed: a file without one needs `assume_unit` in the run file.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from outcrop.errors import DataError, did_you_mean, message

if TYPE_CHECKING:
    import pint

NO_UNIT = {"", "_", "-", "--", ".", "?", "none", "unknown", "unkn", "unitless", "n/a", "na"}

# pint name: spellings in files, in lower case and without blanks
SPELLINGS: dict[str, str] = {
    "gAPI": "gapi api gammaapi apiunits gr.api",
    "nAPI": "napi",
    "barn_per_electron": "b/e barns/e b/elec barn/electron barns/electron be",
    "barn / centimeter ** 3": "b/cm3 b/c3 b/cc barns/cm3",
    "meter": "m metre metres meter meters mtr",
    "foot": "f ft feet foot",
    "inch": 'in inch inches "',
    "millimeter": "mm millimetre millimeter",
    "centimeter": "cm",
    "kilometer": "km",
    "ohm * meter": "ohmm ohm.m ohm-m ohm*m om ohm_m ohm/m.m ohmmeter ohmmetre ohm.metre Ωm ωm Ω.m ω.m",
    "siemens / meter": "s/m",
    "millisiemens / meter": "ms/m mmho/m mmhos/m mmo/m",
    "fraction": "v/v m3/m3 m³/m³ cfcf ft3/ft3 f3/f3 cm3/cm3 vol/vol g/g kg/kg frac fraction dec decimal dimensionless",
    "percent": "% percent pu p.u. vol% v/v%",
    "microsecond / foot": "us/ft us/f usec/ft usec/f µs/ft μs/ft microsec/ft µsec/ft us/feet",
    "microsecond / meter": "us/m usec/m µs/m μs/m µsec/m",
    "meter / second": "m/s m/sec",
    "foot / second": "ft/s ft/sec f/s",
    "kilometer / second": "km/s",
    "meter / hour": "m/h m/hr m/hour",
    "foot / hour": "ft/h ft/hr f/hr",
    "minute / meter": "min/m",
    "gram / centimeter ** 3": "g/c3 g/cc g/cm3 gm/cc gm/c3 gm/cm3 gr/cc g/cm³ g/cm**3 gcm3 sg s.g.",
    "kilogram / meter ** 3": "kg/m3 k/m3 kg/m³ kgm3",
    "pound / gallon": "ppg lb/gal lbs/gal",
    "millivolt": "mv",
    "volt": "v",
    "degree_Celsius": "degc deg_c deg.c °c celsius",
    "degree_Fahrenheit": "degf deg_f deg.f °f fahrenheit",
    "kelvin": "k kelvin degk",
    "degree": "deg degree degrees dega °",
    "radian": "rad",
    "millidarcy": "md mdarcy",
    "second": "s sec",
    "millisecond": "ms msec",
    "microsecond": "us usec µs",
    "psi": "psi psia psig",
    "kilopascal": "kpa",
    "megapascal": "mpa",
    "gigapascal": "gpa",
    "hectopascal": "hpa mbar",
    "bar": "bar bars",
    "microgram / meter ** 3": "ug/m3 µg/m3 μg/m3 µg/m³",
    "milligram / kilogram": "mg/kg",
    "part_per_million": "ppm",
    "part_per_billion": "ppb",
}
EXTRA_DEFINITIONS = (
    "gAPI = [gamma_ray_api]",
    "nAPI = [neutron_api]",
    "barn_per_electron = [photoelectric_factor]",
    "fraction = []",
    "part_per_million = 1e-6",
    "part_per_billion = 1e-9",
)
LONGEST = 40
NO_UNIT_TEXT = re.compile(r"\d{2}|\d\s*(\*\*|\^)")
"""pint calculates what it reads, so that `9**9**9` from a file would never end: numbers and towers are refused."""
_PINT_NAMES = {spelling: name for name, spellings in SPELLINGS.items() for spelling in spellings.split()}


def has_unit(unit: str | None) -> bool:
    """Whether a file states a unit: `_`, `-`, `UNKNOWN` and an empty text are none.

    >>> has_unit("gAPI"), has_unit("_")
    (True, False)
    """
    return unit is not None and unit.strip().lower() not in NO_UNIT


def canonical(unit: str) -> str:
    """pint's name of a unit; the text itself where the table does not know it.

    >>> canonical("G/C3"), canonical("us/ft")
    ('gram / centimeter ** 3', 'microsecond / foot')
    """
    stripped = re.sub(r"\s+", "", unit.strip())
    return _PINT_NAMES.get(stripped.lower(), stripped)


def same(first: str | None, second: str | None) -> bool:
    """Whether two spellings mean one unit; two times no unit is the same."""
    if not has_unit(first) or not has_unit(second):
        return has_unit(first) == has_unit(second)
    return canonical(first or "") == canonical(second or "")


def convert(values: np.ndarray, unit_in_file: str | None, unit_wanted: str | None) -> tuple[np.ndarray, str]:
    """Values in the wanted unit, and a sentence that says what was done ("" when nothing was).

    >>> values, sentence = convert(np.array([100.0]), "US/FT", "us/m")
    >>> round(float(values[0]), 2), sentence
    (328.08, 'us/ft to us/m, times 3.28084')

    Raises:
        DataError: the file states no unit though one is wanted, or the two units measure different things.
    """
    if not has_unit(unit_wanted):
        return values, ""
    wanted = (unit_wanted or "").strip()
    if not has_unit(unit_in_file):
        fix = f'check what it is and declare it: assume_unit = "{wanted}".'
        raise DataError(message(f"The file states no unit, and {wanted} is wanted.", fix=fix))
    found = (unit_in_file or "").strip()
    if canonical(found) == canonical(wanted):
        return values, ""
    source, target = _unit(found), _unit(wanted)
    if source.dimensionality != target.dimensionality:
        what = f"The unit in the file, {found}, cannot become {wanted}: they measure different things."
        raise DataError(
            message(what, fix=f'state unit = "{found}" if the file is right, or leave this curve out of from = [...].')
        )
    registry = _registry()
    converted = np.asarray(registry.Quantity(np.asarray(values, dtype=np.float64), source).to(target).magnitude)
    zero, one = (float(registry.Quantity(x, source).to(target).magnitude) for x in (0.0, 1.0))
    if np.isclose(one - zero, 1.0, rtol=1e-12) and zero == 0.0:
        return values, ""
    shift = f" plus {zero:.6g}" if zero else ""
    return converted, f"{found.lower() if found.isupper() else found} to {wanted}, times {one - zero:.6g}{shift}"


def power_product(powers: Mapping[str, float], wanted: str) -> float | None:
    """How many of the wanted unit a product of powers of units is; None where it is something else.

    >>> power_product({"km": 2, "s": -1}, "m2/s")
    1000000.0

    Raises:
        DataError: a unit is not known.
    """
    product: Any = 1.0
    for unit, power in powers.items():
        product = product * _registry().Quantity(1.0, _unit(unit)) ** power
    if not hasattr(product, "to"):
        product = _registry().Quantity(product, "")
    target = _unit(wanted)
    return float(product.to(target).magnitude) if product.dimensionality == target.dimensionality else None


@functools.cache
def _registry() -> pint.UnitRegistry:
    import pint

    registry: Any = pint.UnitRegistry(autoconvert_offset_to_baseunit=True)
    for definition in EXTRA_DEFINITIONS:
        registry.define(definition)
    return registry


@functools.cache
def _unit(text: str) -> pint.Unit:
    registry = _registry()
    plausible = len(text) <= LONGEST and not NO_UNIT_TEXT.search(text)
    powers = re.sub(r"(?<=[A-Za-z])(-?\d)", r"**\1", text)  # m2/s, kg m-3
    for spelling in dict.fromkeys((canonical(text), text, text.lower(), powers)) if plausible else ():
        try:
            return registry.Unit(spelling)
        except Exception:  # pint raises UndefinedUnitError, and parser errors of many kinds, for text that is no unit
            continue
    fix = f'state the unit of the curve with assume_unit = "..."{did_you_mean(text.lower(), _PINT_NAMES)}.'
    raise DataError(message(f"The unit {text!r} is not known.", fix=fix))
