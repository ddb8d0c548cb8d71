"""The frame of a run: what the depth axis means, how it may be sampled, where the wells are.

`align` brings every Record to one axis in metres by stated rules; what no rule covers is a DataError that names the
record and the place. `back` returns predictions to the rows of the original file.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from outcrop.data.units import canonical, convert, has_unit
from outcrop.errors import ConfigError, DataError, did_you_mean, message
from outcrop.records import Record

if TYPE_CHECKING:
    import xarray as xr

VERTICALS = ("md", "tvd", "tvdss", "depth", "elevation", "twt", "level")
CONVERTED = "depth converted from"
"""How the note of a record begins whose depth was not in metres."""
MOST_SAMPLES = 50_000_000
STEP_TOLERANCE = 0.01
"""Steps of two wells that differ by less than this share count as equal."""
IRREGULAR = 0.1
"""An interval that differs from the median step by more than this share makes the axis irregular."""
MAX_GAP_STEPS = 2.0
"""Values are interpolated between samples at most this many steps of the file apart."""


@dataclass(frozen=True)
class Frame:
    """Vertical axis, sampling rules and map coordinates of all records of a run.

    Attributes:
        vertical: what depth means: md, tvd, tvdss, depth, elevation, twt or level.
        positive: "down" or "up".
        crs: coordinate reference system of easting and northing, e.g. "EPSG:23031".
        easting, northing: curves or columns with map coordinates in metres.
        step_m: resample every record to this step in metres; None keeps the samples of the files.
        order: "error" refuses depth that does not increase, "sort" sorts it.
        duplicates: "error", "first" or "mean" of samples at one depth.
        time: time zone of time stamps, for the report.
        spacing_m: metres per unit of a numbered dimension (crossline = 25): the first one counts as easting, the
            second as northing, where the files have no map coordinates; of numbered records, distances follow.
        regular: False accepts unequal intervals without resampling (samples are then no fixed distance apart).
    """

    vertical: str | None = None
    positive: str = "down"
    crs: str | None = None
    easting: str | None = None
    northing: str | None = None
    step_m: float | None = None
    order: str = "error"
    duplicates: str = "error"
    time: str | None = None
    regular: bool = True
    spacing_m: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        choices = {"positive": ("down", "up"), "order": ("error", "sort"), "duplicates": ("error", "first", "mean")}
        for key, known in choices.items():
            _choice(key, getattr(self, key), known)
        if self.vertical is not None:
            _choice("vertical", self.vertical, VERTICALS)
        if self.step_m is not None and not self.step_m > 0:
            raise ConfigError(
                message(f"step_m = {self.step_m} is not a step.", where="[data] frame", fix="state metres above 0.")
            )
        if (self.easting is None) != (self.northing is None):
            fix = 'state both, e.g. easting = "x_loc", northing = "y_loc".'
            raise ConfigError(message("Only one of easting and northing is stated.", where="[data] frame", fix=fix))

    def locate(self, record: Record) -> Record:
        """Fills `record.position` with the median of the map coordinate curves; a well without them stays without."""
        position = dict(record.position)
        record = _placed(self._spaced(record))
        position = dict(record.position)
        absent = []
        for key, curve in (("easting", self.easting), ("northing", self.northing)):
            if curve is None or key in position:
                continue
            if curve in record.data and (len(record.dims) > 1 or record.dim == "row"):  # a position per sample
                record = record.with_data(record.data.assign_coords({key: record.data[curve]}))
                continue
            values = record.data[curve].to_numpy() if curve in record.data.data_vars else np.zeros(0)
            finite = values[np.isfinite(values)] if values.dtype.kind == "f" else np.zeros(0)
            if finite.size:
                position[key] = float(np.median(finite))
            else:
                absent.append(curve)
        notes = (f"no map position: {', '.join(absent)} without values",) if absent else ()
        return replace(record, position=position, notes=record.notes + notes)

    def _spaced(self, record: Record) -> Record:
        """Map coordinates from the numbers of lines and the metres between them, where the files have none."""
        if not self.spacing_m or "easting" in record.data.coords:
            return record
        unknown = [dim for dim in self.spacing_m if dim not in record.dims and dim not in record.position]
        if unknown:
            fix = f"its dimensions are {', '.join(record.dims)}{did_you_mean(unknown[0], record.dims)}."
            what = f"frame.spacing_m names {unknown[0]!r}, along which {record.name} does not run."
            raise ConfigError(message(what, where="[data] frame", fix=fix))
        if any(dim not in record.dims for dim in self.spacing_m):  # numbers of whole records: distances, not a map
            return record
        names = dict(zip(("easting", "northing"), self.spacing_m, strict=False))
        metres = {
            key: (dim, np.asarray(record.data[dim].to_numpy(), float) * self.spacing_m[dim], {"units": "m"})
            for key, dim in names.items()
        }
        metres.setdefault("northing", ((), 0.0, {"units": "m"}))
        return record.with_data(record.data.assign_coords(metres))

    def align(self, record: Record, classes: Collection[str] = ()) -> Record:
        """Position, axis in metres, order and duplicates by rule, and resampling where `step_m` is stated.

        Args:
            record: before or after `variable.resolve`.
            classes: float curves that hold class codes; integer and text variables count as classes by themselves.

        Raises:
            DataError: the axis has no unit, is unsorted, has duplicates or gaps, and no rule is stated.
        """
        record = self.locate(record)
        if record.dim in ("row", "link") or len(record.dims) > 1:  # points, links and grids keep their samples
            return record
        if record.dim == "depth":
            record = _in_metres(record)
        record = _unique(_sorted(record, self.order), self.duplicates, classes)
        if record.dim != "depth" or len(record) < 3:
            return record
        if self.step_m is not None:
            return _resampled(record, self.step_m, classes)
        if self.regular:
            _check_regular(record)
        return record

    def check_steps(self, records: Sequence[Record]) -> None:
        """Without `step_m`, all records must share one step: a network sees samples, not metres.

        Raises:
            DataError: naming steps and records.
        """
        steps = {record.name: step_of(record) for record in records if record.dim == "depth" and len(record) > 1}
        if self.step_m is not None or not self.regular or not steps:
            return
        usual = float(np.median(list(steps.values())))
        others = {name: step for name, step in steps.items() if abs(step - usual) > STEP_TOLERANCE * usual}
        if others:
            shown = ", ".join(f"{name} {step:.4g} m" for name, step in list(others.items())[:6])
            more = f" and {len(others) - 6} more" if len(others) > 6 else ""
            what = f"{len(others)} of {len(steps)} records have another depth step than {usual:.4g} m: {shown}{more}."
            raise DataError(message(what, where="[data] frame", fix=f"resample all: frame.step_m = {usual:.4g}"))

    def back(self, original_axis: np.ndarray, aligned_axis: np.ndarray, values: np.ndarray) -> np.ndarray:
        """Values on the rows of the file: those of the nearest aligned sample within half a step, else NaN.

        Args:
            original_axis: axis of the file in the unit of the aligned one (see `axis_m`), in any order.
            aligned_axis: axis after `align`, increasing.
            values: (sample,) or (sample, ...) along the aligned axis.

        >>> Frame().back(np.array([0.0, 0.9, 9.0]), np.array([0.0, 1.0, 2.0]), np.array([5.0, 6.0, 7.0]))
        array([ 5.,  6., nan])
        """
        original, aligned = _as_numbers(original_axis), _as_numbers(aligned_axis)
        values = np.asarray(values, dtype=np.float64)
        result = np.full((len(original), *values.shape[1:]), np.nan)
        if not len(aligned):
            return result
        right = np.clip(np.searchsorted(aligned, original), 1, max(len(aligned) - 1, 1))
        left = right - 1
        right = np.minimum(right, len(aligned) - 1)
        nearest = np.where(np.abs(original - aligned[left]) <= np.abs(aligned[right] - original), left, right)
        half = 0.5 * float(np.median(np.diff(aligned))) if len(aligned) > 1 else 0.0
        near = np.abs(aligned[nearest] - original) <= half * (1 + 1e-6) + 1e-9
        result[near] = values[nearest[near]]
        return result


def _placed(record: Record) -> Record:
    """Columns called easting and northing, or longitude and latitude, as coordinates of samples or of the record.

    Points and grids keep a place for every sample; a series whose place never changes has one for the whole record.
    """
    for pair in (("easting", "northing"), ("longitude", "latitude")):
        if not all(name in record.data.variables for name in pair) or pair[0] in record.position:
            continue
        if len(record.dims) > 1 or record.dim in ("row", "node", "cell", "trace", "link"):
            return record.with_data(record.data.set_coords(list(pair)))
        values = [np.asarray(record.data[name].to_numpy(), float) for name in pair]
        finite = [each[np.isfinite(each)] for each in values]
        if all(len(each) and np.ptp(each) == 0 for each in finite):
            place = {name: float(each[0]) for name, each in zip(pair, finite, strict=True)}
            return replace(record, position={**record.position, **place})
    return record


def _choice(key: str, value: str, known: Sequence[str]) -> None:
    if value not in known:
        fix = f"use one of {', '.join(known)}{did_you_mean(value, known)}."
        raise ConfigError(message(f"frame.{key} = {value!r} is not known.", where="[data] frame", fix=fix))


def _as_numbers(axis: np.ndarray) -> np.ndarray:
    axis = np.asarray(axis)
    return axis.astype("datetime64[ns]").astype(np.float64) if axis.dtype.kind == "M" else axis.astype(np.float64)


def axis_m(record: Record) -> np.ndarray:
    """The axis of a record in metres (of depth), or as it is (time, rows).

    Raises:
        DataError: the depth axis states no unit, or one that is no length.
    """
    unit = record.data[record.dim].attrs.get("units", "") if record.dim in record.data.coords else ""
    if record.dim != "depth":
        return record.axis
    if not has_unit(unit):
        fix = 'state it: for a table units = {DEPTH = "m"} in the source; in a LAS file DEPT.M in ~C.'
        raise DataError(message("The depth axis has no unit.", where=f"{record.name} ({record.source})", fix=fix))
    try:
        return convert(record.axis, unit, "m")[0]
    except DataError:
        what = f"The unit of the depth axis, {unit!r}, is not a length."
        fix = "correct the unit of the depth curve in the file; known are m and ft."
        raise DataError(message(what, where=f"{record.name} ({record.source})", fix=fix)) from None


def step_of(record: Record) -> float:
    """Median distance of neighbouring samples, in the unit of the axis (nanoseconds for time)."""
    along = record.data[record.dim].to_numpy()
    return float(np.median(np.abs(np.diff(_as_numbers(along))))) if len(along) > 1 else float("nan")


def _in_metres(record: Record) -> Record:
    coordinate = record.data[record.dim]
    unit = coordinate.attrs.get("units", "")
    axis = axis_m(record)
    data = record.data.assign_coords({record.dim: (record.dim, axis, {**coordinate.attrs, "units": "m"})})
    return record.with_data(data, *([f"{CONVERTED} {unit} to m"] if canonical(unit) != "meter" else []))


def _place(record: Record, row: int) -> str:
    return f"{record.name} ({record.source}), {record.dim} {record.axis[row]}, sample {row + 1}"


def _sorted(record: Record, order: str) -> Record:
    differences = np.diff(_as_numbers(record.axis))
    wrong = np.flatnonzero(differences < 0)
    if not len(wrong):
        return record
    whole = len(wrong) == len(differences)
    what = f"{record.dim} decreases" + (" throughout." if whole else f" at {len(wrong)} of {len(differences)} steps.")
    if order == "error":
        raise DataError(message(what, where=_place(record, int(wrong[0]) + 1), fix='sort it: frame.order = "sort"'))
    data = record.data.isel({record.dim: np.argsort(_as_numbers(record.axis), kind="stable")})
    return record.with_data(data, f"sorted by {record.dim}; before, {what[:-1]}")


def _unique(record: Record, rule: str, classes: Collection[str] = ()) -> Record:
    axis = _as_numbers(record.axis)
    repeated = np.flatnonzero(np.diff(axis) == 0) + 1
    if not len(repeated):
        return record
    if rule == "error":
        what = f"{len(repeated)} samples repeat the {record.dim} of the sample before."
        fix = 'keep the first, or their mean: frame.duplicates = "first"  # or "mean"'
        raise DataError(message(what, where=_place(record, int(repeated[0])), fix=fix))
    starts = np.flatnonzero(np.concatenate([[True], np.diff(axis) != 0]))
    data = record.data.isel({record.dim: starts})
    if rule == "mean":
        for name, variable in record.data.data_vars.items():
            if variable.dtype.kind == "f" and variable.dims[0] == record.dim and name not in classes:
                data[name] = (variable.dims, _block_means(variable.to_numpy(), starts), variable.attrs)
    kept = "the first kept" if rule == "first" else "numbers averaged, of classes the first kept"
    return record.with_data(data, f"{len(repeated)} samples at a repeated {record.dim}: {kept}")


def _block_means(values: np.ndarray, starts: np.ndarray) -> np.ndarray:
    finite = np.isfinite(values)
    total = np.add.reduceat(np.where(finite, values, 0.0), starts, axis=0)
    count = np.add.reduceat(finite.astype(np.float64), starts, axis=0)
    return np.divide(total, count, out=np.full_like(total, np.nan), where=count > 0)


def _check_regular(record: Record) -> None:
    steps = np.diff(record.axis)
    usual = float(np.median(steps))
    wrong = np.flatnonzero(np.abs(steps - usual) > IRREGULAR * usual)
    if len(wrong):
        first = int(wrong[0])
        what = f"{len(wrong)} of {len(steps)} depth intervals are not {usual:.4g} m, the first {steps[first]:.4g} m."
        fix = f"resample: frame.step_m = {usual:.4g}  # or accept unequal intervals: frame.regular = false"
        raise DataError(message(what, where=_place(record, first), fix=fix))


def _resampled(record: Record, step: float, classes: Collection[str]) -> Record:
    import xarray as xr

    axis = record.axis
    old_steps = np.diff(axis)
    usual = float(np.median(old_steps))
    if np.all(np.abs(old_steps - step) <= 1e-3 * step):
        return record
    count = (axis[-1] - axis[0]) / step
    if count > MOST_SAMPLES:
        what = f"A step of {step:g} m makes {count:.3g} samples of {record.name}."
        raise DataError(message(what, where="[data] frame", fix=f"frame.step_m = {usual:.4g}, the step of the file"))
    new = axis[0] + step * np.arange(int(np.floor(count + 1e-6)) + 1)
    variables: dict[str, tuple[tuple, np.ndarray, dict]] = {}
    for name, variable in record.data.data_vars.items():
        if variable.dims != (record.dim,):
            what = f"Variable {name} has dimensions {variable.dims}; only curves along {record.dim} can be resampled."
            raise DataError(
                message(what, where=f"{record.name} ({record.source})", fix="remove frame.step_m, or leave it out.")
            )
        values = _onto(axis, variable.to_numpy(), new, usual, nearest=variable.dtype.kind != "f" or name in classes)
        variables[str(name)] = (variable.dims, values, variable.attrs)
    coordinate: xr.DataArray = record.data[record.dim]
    data = xr.Dataset(variables, {record.dim: (record.dim, new, coordinate.attrs)}, record.data.attrs)
    return record.with_data(
        data, f"resampled from {usual:.4g} m to {step:.4g} m: {len(axis)} samples became {len(new)}"
    )


def _onto(axis: np.ndarray, values: np.ndarray, new: np.ndarray, source_step: float, *, nearest: bool) -> np.ndarray:
    """Values at new depths, linear for numbers, nearest for classes; missing across gaps over two source steps."""
    empty = {"f": np.nan, "O": "", "U": "", "M": np.datetime64("NaT")}.get(values.dtype.kind, -1)
    present = np.isfinite(values) if values.dtype.kind in "fM" else values != empty
    result = np.full(len(new), empty, dtype=values.dtype)
    if not present.any():
        return result
    x, y = axis[present], values[present]
    right = np.searchsorted(x, new - 1e-6 * source_step)
    inside = right < len(x)
    right = np.minimum(right, len(x) - 1)
    left = np.maximum(np.where(np.abs(x[right] - new) <= 1e-6 * source_step, right, right - 1), 0)
    gap = x[right] - x[left]
    inside &= (gap <= MAX_GAP_STEPS * source_step * 1.001) & (x[left] <= new + 1e-6 * source_step)
    if nearest:
        closer = np.where(new - x[left] <= x[right] - new, left, right)
        result[inside] = y[closer[inside]]
        return result
    share = np.divide(new - x[left], gap, out=np.zeros_like(new), where=gap > 0)
    linear = y[left] + share * (y[right] - y[left])
    result[inside] = linear[inside]
    return result
