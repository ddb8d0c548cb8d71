"""Finds every declared variable in every record: by alias, in the declared unit, inside the valid range.

Second step after reading: afterwards a record's Dataset holds exactly the declared variables under their run names.
Nothing is filled in here; a missing value stays NaN (-1 for a class), and every conversion and removal is reported.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from outcrop.data import units
from outcrop.data.classes import plain_code
from outcrop.data.coarsen import coarsened
from outcrop.data.resolution import Resolution
from outcrop.data.variable import Variable
from outcrop.errors import ConfigError, DataError, did_you_mean, message
from outcrop.records import Record

DAYS = "days since 1970-01-01"
POSITION_UNITS = {"longitude": "degrees", "latitude": "degrees", "easting": "m", "northing": "m", "elevation": "m"}
MESH = "elements"
"""The array of a mesh that says which nodes its elements have: no curve, but what links the nodes of a graph."""


@dataclass(frozen=True)
class _Curve:
    """One curve of a file as a variable: values, what is missing in the file, and what was done."""

    name: str
    values: np.ndarray
    absent: np.ndarray
    unit: str = ""
    conversion: str = ""
    out_of_range: int = 0


def resolve(
    records: Sequence[Record], variables: Sequence[Variable], *, training: bool = True
) -> tuple[list[Record], list[Resolution]]:
    """Records that hold exactly the declared variables.

    Args:
        records: as read, joined and aligned.
        variables: with unique names, at most one target and one weight.
        training: False for records to be predicted: an input or target may then be absent from all of them.

    Returns:
        Records whose Dataset holds each variable over the whole grid as float64 (NaN missing) or, for classes, int32
        index (-1 missing); and one Resolution per record and variable, record by record. Time stamps used as a
        variable are days since 1970-01-01.

    Raises:
        DataError: an input with missing = "error" or "drop" is absent from a record, an input or the target is absent
            from all, units disagree or are not stated, codes are unknown, or a curve holds text.
    """
    _check_names(records, variables)
    resolved, resolutions = [], []
    for record in records:
        columns, found = {}, []
        for variable in variables:
            values, attributes, resolution = _resolve_one(record, variable)
            columns[variable.name] = (record.dims, values.reshape(record.shape), attributes)
            found.append(resolution)
        resolved.append(_rebuilt(record, columns, variables, found))
        resolutions += found
    for variable in variables:
        mine = [resolution for resolution in resolutions if resolution.variable == variable.name]
        if training:
            _check_somewhere(variable, mine, records)
        _check_units_agree(variable, mine)
    return resolved, resolutions


def _check_names(records: Sequence[Record], variables: Sequence[Variable]) -> None:
    names = [variable.name for variable in variables]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ConfigError(
            message(f"{', '.join(twice)} is declared twice.", where="[data]", fix="give every variable its own name.")
        )
    for role in ("target", "weight"):
        several = [variable.name for variable in variables if variable.role == role]
        if len(several) > 1:
            what = f"There are {len(several)} variables with the role {role}: {', '.join(several)}."
            raise ConfigError(message(what, where="[data]", fix=f"keep one {role} per run."))
    for record in records:
        for dim in set(record.dims).intersection(names):
            fix = f'name it {dim}_input = {{from = ["{dim}"]}}.'
            raise ConfigError(
                message(f"A variable has the name of the axis, {dim!r}.", where=f"variable.{dim}", fix=fix)
            )


def _resolve_one(record: Record, variable: Variable) -> tuple[np.ndarray, dict[str, str], Resolution]:
    candidates = _candidates(record, variable)
    used, values = _spliced(record, variable, candidates)
    if not used:
        return _absent(record, variable)
    gaps = values < 0 if variable.classes is not None else np.isnan(values)
    _check_complete(record, variable, gaps, used)
    taken = {curve.name for curve in used}
    resolution = Resolution(
        record=record.name,
        variable=variable.name,
        source=" + ".join(curve.name for curve in used),
        unit=used[0].unit,
        conversion="; ".join(dict.fromkeys(curve.conversion for curve in used if curve.conversion)),
        missing_share=float(gaps.mean()) if len(gaps) else 0.0,
        out_of_range=sum(curve.out_of_range for curve in used),
        others=tuple(name for name in candidates if name not in taken),
    )
    description = str(_attributes(record, used[0].name).get("long_name", ""))
    unit = variable.unit or used[0].unit
    return values, {"units": unit, "long_name": description, "source": resolution.source}, resolution


def _spliced(record: Record, variable: Variable, candidates: list[str]) -> tuple[list[_Curve], np.ndarray]:
    """The preferred curve that has values; with splice = "fill", its gaps taken from the next ones."""
    used: list[_Curve] = []
    values, absent = np.empty(0), np.ones(len(record), bool)
    for name in candidates:
        curve = _load(record, name, variable)
        take = absent & ~curve.absent
        if take.any():
            values = np.where(take, curve.values, values) if used else curve.values
            absent &= ~take
            used.append(curve)
            if variable.splice == "first":
                break
    return used, values


def _absent(record: Record, variable: Variable) -> tuple[np.ndarray, dict[str, str], Resolution]:
    if variable.role == "input" and variable.missing in ("error", "drop"):
        known = [str(name) for name in record.data.data_vars]
        effect = "which leaves no sample of this record" if variable.missing == "drop" else "which allows no gap"
        what = f"{record.name} has no value of {_aliases(variable)}, and missing = {variable.missing!r}, {effect}."
        likely = did_you_mean(variable.sources[0], known)
        fix = f'add its name in the file to from = [...]{likely}, leave the record out, or missing = "mask".'
        raise DataError(message(what, where=f"{variable.where}, {record.source}", fix=fix))
    values = np.full(len(record), np.nan) if variable.classes is None else np.full(len(record), -1, np.int32)
    resolution = Resolution(record.name, variable.name, missing=True, missing_share=1.0)
    return values, {"units": variable.unit or "", "long_name": "", "source": ""}, resolution


def _candidates(record: Record, variable: Variable) -> list[str]:
    """Names in the record that the aliases stand for, by preference; exact spelling first, then any case."""
    known = [str(name) for name in [*record.data.data_vars, *record.data.coords]]
    known += [name for name in record.position if name not in known]
    found: list[str] = []
    for alias in variable.sources:
        matches = [name for name in known if name == alias] or [
            name for name in known if name.casefold() == alias.casefold()
        ]
        if not matches:
            matches = [
                name
                for name in known
                if name.casefold().startswith(f"{alias.casefold()}:") and name[len(alias) + 1 :].isdigit()
            ]
        if len(matches) > 1:
            fix = f'say which: from = ["{matches[0]}"].'
            what = f"{len(matches)} curves are called {alias!r}: {', '.join(matches)}."
            raise DataError(message(what, where=f"{record.name} ({record.source}), {variable.where}", fix=fix))
        found += [name for name in matches if name not in found]
    return found


def _attributes(record: Record, name: str) -> Mapping[str, Any]:
    """The attributes of a curve or coordinate; a position of the whole record has its usual unit, if any."""
    if name in record.data:
        return record.data[name].attrs
    return {"units": POSITION_UNITS.get(name, "")}


def _values(record: Record, name: str, where: str) -> np.ndarray:
    """One value per sample, repeated along the dimensions that the curve does not have.

    Raises:
        DataError: the curve has a dimension that the samples do not have.
    """
    if name not in record.data:
        return np.full(len(record), record.position[name])
    further = [dim for dim in record.data[name].dims if dim not in record.dims]
    if further:
        what = f"{name} has the dimensions {record.data[name].dims}; samples run along {', '.join(record.dims)}."
        fix = (
            f'fold = "{further[0]}" in the source makes one variable per {further[0]}; or leave it out of from = [...].'
        )
        raise DataError(message(what, where=where, fix=fix))
    return record.flat(name)


def _load(record: Record, name: str, variable: Variable) -> _Curve:
    """One curve along the record's axis, in the wanted unit, without values that cannot be."""
    where = f"{record.name} ({record.source}), curve {name}"
    attributes = _attributes(record, name)
    values = _values(record, name, where)
    if "missing" in attributes and values.dtype.kind in "iu":
        values = np.where(values == attributes["missing"], np.nan, values)
    unit = str(attributes.get("units", "") or "")
    unit = unit if units.has_unit(unit) else ""
    if variable.classes is not None:
        return _Curve(name, variable.classes.index(values, where=where), variable.classes.missing(values), unit)
    if variable.weight_map is not None:
        values = _mapped_weights(values, variable, where)
        return _Curve(name, values, np.isnan(values), unit)
    if values.dtype.kind == "M":
        values, unit = _days(values), unit or DAYS
    values = _as_numbers(values, where)
    if variable.per_area is not None:
        values, unit = _over_area(record, values, unit, variable, where)
    values, sentence = _converted(values, unit, variable, where)
    possible = _possible(values, variable)
    removed = int(np.count_nonzero(~possible & ~np.isnan(values)))
    values = np.where(possible, values, np.nan)
    if variable.coarsen is not None:
        values = coarsened(values, record, variable.coarsen, variable.where)
    if variable.role == "weight" and (values < 0).any():
        raise DataError(
            message(f"{name} has weights below 0.", where=where, fix="range = [0, 1], or weight_map = {code = weight}.")
        )
    return _Curve(name, values, np.isnan(values), unit, sentence, removed)


def _over_area(record: Record, values: np.ndarray, unit: str, variable: Variable, where: str) -> tuple[np.ndarray, str]:
    """A discharge divided by the area of its catchment, in mm/d.

    Raises:
        DataError: no area, one that is not above 0, or values that are no discharge.
    """
    name = str(variable.per_area)
    try:
        area = record.flat(name).astype(float) if name in record.data else np.float64(record.groups[name])
    except (KeyError, ValueError):
        known = [*map(str, record.data.data_vars), *record.groups]
        fix = f"per_area names a curve or group key with the area in km2{did_you_mean(name, known)}."
        raise DataError(message(f"{record.name} has no area {name!r}.", where=where, fix=fix)) from None
    if not np.all(area > 0):
        raise DataError(message(f"The area {name!r} is not above 0.", where=where, fix="state it in km2."))
    cubic, _ = units.convert(values, unit or variable.assume_unit or "", "m3/s")
    return np.asarray(cubic) * 86.4 / area, "mm/d"  # 86,400 s and 1,000 mm over 1e6 m2


def _as_numbers(values: np.ndarray, where: str) -> np.ndarray:
    if values.dtype.kind in "fiub":
        return values.astype(np.float64)
    words = [value for value in values.tolist() if plain_code(value) is not None and isinstance(plain_code(value), str)]
    if words:
        what = f"{len(words)} values are text, the first {str(words[0])!r}, where numbers are wanted."
        raise DataError(
            message(what, where=where, fix='declare its classes: classes = {CODE = "name"}, or correct the file.')
        )
    codes = [plain_code(value) for value in values.tolist()]
    return np.array([np.nan if code is None else code for code in codes], np.float64)


def _days(stamps: np.ndarray) -> np.ndarray:
    nanoseconds = stamps.astype("datetime64[ns]")
    return np.where(np.isnat(nanoseconds), np.nan, nanoseconds.astype(np.int64) / 86_400e9)


def _converted(values: np.ndarray, unit: str, variable: Variable, where: str) -> tuple[np.ndarray, str]:
    """Values in the wanted unit; a declared unit stands in where the file states none."""
    if variable.unit is None or unit == DAYS:
        return values, ""
    assumed = not unit and variable.assume_unit is not None
    try:
        converted, sentence = units.convert(values, variable.assume_unit if assumed else unit, variable.unit)
    except DataError as error:
        raise DataError(f"{variable.where}: {_placed(str(error), where)}") from None
    if assumed:
        sentence = f"no unit in the file, {variable.assume_unit} assumed" + (f"; {sentence}" if sentence else "")
    return np.asarray(converted, np.float64), sentence


def _placed(text: str, where: str) -> str:
    """An error of the units table with the place added before its fix."""
    what, separator, fix = text.partition("\nFix: ")
    return f"{what}\nWhere: {where}{separator}{fix}"


def _possible(values: np.ndarray, variable: Variable) -> np.ndarray:
    possible = np.isfinite(values)
    with np.errstate(invalid="ignore"):
        possible &= variable.plain_transform.defined(values)
        if variable.valid_range is not None:
            possible &= (values >= variable.valid_range[0]) & (values <= variable.valid_range[1])
    return possible


def _mapped_weights(values: np.ndarray, variable: Variable, where: str) -> np.ndarray:
    table: dict[Any, float] = dict(variable.weight_map or {})
    if values.dtype.kind in "fiub":
        distinct, place = np.unique(values, return_inverse=True)
        flat = distinct.tolist()
    else:
        flat, place = values.tolist(), np.arange(len(values))
    codes = [plain_code(value) for value in flat]
    unknown = sorted({str(code) for code in codes if code is not None and code not in table})
    if unknown:
        what = f"weight_map has no weight for {', '.join(unknown[:8])}."
        raise DataError(message(what, where=where, fix=f"weight_map = {{..., {unknown[0]} = 1.0}}"))
    weights = np.array([np.nan if code is None else table[code] for code in codes], np.float64)
    return weights[place]


def _check_complete(record: Record, variable: Variable, gaps: np.ndarray, used: list[_Curve]) -> None:
    if variable.role != "input" or variable.missing != "error" or not gaps.any():
        return
    first = int(np.flatnonzero(gaps)[0])
    removed = sum(curve.out_of_range for curve in used)
    told = f" ({removed} of them out of range)" if removed else ""
    place = f"first at {record.dim} {record.axis[first]}"
    what = f"{variable.name} is missing in {int(gaps.sum())} of {len(gaps)} samples{told}, {place}."
    raise DataError(
        message(
            what,
            where=f"{record.name} ({record.source}), {variable.where}",
            fix='missing = "mask", "impute" or "drop".',
        )
    )


def _rebuilt(record: Record, columns: dict, variables: Sequence[Variable], found: list[Resolution]) -> Record:
    """The record with the declared variables alone (and the elements of a mesh), and a note for each that it lacks."""
    import xarray as xr

    inside = set(record.dims)
    if MESH in record.data and MESH not in columns:
        columns = {**columns, MESH: record.data[MESH]}
    coordinate = {
        name: values
        for name, values in record.data.coords.items()
        if name not in columns and inside.issuperset(values.dims)
    }
    notes = []
    for variable, resolution in zip(variables, found, strict=True):
        if not resolution.missing:
            continue
        effect = {"target": "the record is unlabelled", "weight": "its labels count 1"}.get(
            variable.role, f"missing = {variable.missing}"
        )
        notes.append(f"no value of {_aliases(variable)}: {effect}")
    return record.with_data(xr.Dataset(columns, coordinate, record.data.attrs), *notes)


def _aliases(variable: Variable) -> str:
    others = [alias for alias in variable.sources if alias != variable.name]
    return variable.name + (f" (in the files {', '.join(variable.sources)})" if others else "")


def _check_somewhere(variable: Variable, mine: list[Resolution], records: Sequence[Record]) -> None:
    """A variable that no training record has is a wrong name, not a missing value."""
    if not mine or not all(resolution.missing for resolution in mine):
        return
    known = sorted({str(name) for record in records for name in record.data.data_vars})
    likely = did_you_mean(variable.sources[0], known)
    listed = ", ".join(known[:12]) + (" ..." if len(known) > 12 else "")
    there = [source for source in variable.sources if source in known]
    if there:
        what = f"{variable.name} is missing in every sample of all records: {there[0]} holds no number."
        fix = f'check the file, source.NAME.null and {variable.where}.range, or {variable.where}.from = ["another"]'
    else:
        what = f"No record has a value of {_aliases(variable)}{likely}."
        fix = f'{variable.where}.from = ["name in the files"]'
    raise DataError(message(what, where=f"{variable.where}; {len(records)} records with {listed}", fix=fix))


def _check_units_agree(variable: Variable, mine: list[Resolution]) -> None:
    """Without a wanted unit nothing is converted, so all files must state the same."""
    if variable.unit is not None or variable.classes is not None or variable.role == "weight":
        return
    stated: dict[str, str] = {}
    for resolution in mine:
        if resolution.unit:
            stated.setdefault(units.canonical(resolution.unit), f"{resolution.unit} in {resolution.record}")
    if len(stated) > 1:
        what = f"The files state {len(stated)} units of {variable.name}: {', '.join(list(stated.values())[:4])}."
        unit = next(iter(stated.values())).split(" in ")[0]
        raise DataError(
            message(what, where=variable.where, fix=f'state the unit wanted: {variable.where}.unit = "{unit}"')
        )
