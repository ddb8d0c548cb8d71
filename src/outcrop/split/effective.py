r"""How many independent samples a target holds, per record and in total: N_eff = 1 / (mean of rho over all pairs).

Which pairs are alike depends on what the samples of a record lie on:

* along a dimension with an order (depth, time, inline, latitude, pixels): neighbours, up to the end of the first
  positive lobe of the autocorrelation, jointly over all such dimensions (`autocorrelation.py`). What the calendar
  explains is no news: with a time axis of at least three years the mean of each calendar month, with steps under a day
  of each hour in it, is taken out first, place by place.
* along a dimension without one (names of stations, members of an ensemble): any two, N / (1 + (R - 1) mean rho).
  Simulations are drawn independently.
* scattered over a map or the globe (rows of a table, nodes of a mesh): by their distance, N / (1 + (N - 1) mean rho)
  with rho of the fitted variogram, great circles on the sphere.
* several records with the same time stamps (stations): records of the worth n_r at once are worth
  (sum n_r)^2 / sum_rs rho_rs sqrt(n_r n_s), for equal ones R n / (1 + (R - 1) mean rho); rho_rs is their correlation
  where both have a value. Other records (wells, lines, simulations) count as independent of each other.

A class target is a vector of indicators, one per class. Missing samples are left out of every product. A constant
record holds one independent sample. Unequal steps count as equal ones, and pixels of longitude as equally wide.

Source: Thiebaux & Zwiers (1984), J. Climate Appl. Meteor. 23, 800-811; Griffith (2005), Effective geographic sample
size, Annals AAG 95, 740-760, doi:10.1111/j.1467-8306.2005.00484.x; Bretherton et al. (1999), The effective number of
spatial degrees of freedom of a time-varying field, J. Climate 12, 1990-2009; Kish (1965), Survey sampling, section 5.4
(R / (1 + (R - 1) rho)).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from outcrop.data.space import EARTH_RADIUS_M, LATITUDE, LONGITUDE, cartesian, periodic_dims
from outcrop.records import Record
from outcrop.split.autocorrelation import Field, calendar, independent, lobes
from outcrop.split.variogram import LAGS, mean_correlation, resolved

MEMBERS = ("station", "node", "cell", "member", "ensemble")
"""Numbered dimensions whose numbers are names."""
DRAWS = ("simulation", "realization", "realisation")
"""Numbered dimensions along which samples are drawn independently."""
MOST_CLASSES = 16
MOST_RECORDS = 400
MOST_STAMPS = 2**14
COLUMNS = 3
LARGER = {
    "s": (("d", 172_800.0, 86_400.0), ("h", 7200.0, 3600.0), ("min", 120.0, 60.0)),
    "m": (("km", 10_000.0, 1000.0),),
}
"""Unit -> larger ones: name, from how much on they are said, size."""


@dataclass(frozen=True)
class Scale:
    """How far a target repeats itself along a dimension: the median over the records.

    Attributes:
        samples: how many samples along it are worth one, the sum of rho.
        distance: the same in `unit` (h, km ...); between scattered samples the range of the variogram. None where the
            dimension has no unit.
        unit: of the distance.
    """

    samples: float
    distance: float | None = None
    unit: str = ""


@dataclass(frozen=True)
class Effective:
    """Independent samples, beside the number of labelled ones.

    Attributes:
        per_record: record name -> independent samples, each record by itself.
        total: over all records.
        labelled: samples with a target.
        scales: dimension -> how far the target repeats itself along it.
        shared: mean correlation between records at the same times, 0 where none have common ones.
    """

    per_record: Mapping[str, float]
    total: float
    labelled: int
    scales: Mapping[str, Scale] = field(default_factory=dict)
    shared: float = 0.0


def effective_samples(
    records: Sequence[Record], target: str, labelled: Mapping[str, np.ndarray] | None = None
) -> Effective:
    """Counts independent samples of a target.

    Args:
        records: their coordinates say what is a neighbour.
        target: variable of numbers with NaN for missing, or of class indices (integers) with -1 for missing.
        labelled: record name -> which samples count, shape (sample,); by default those with a value.

    >>> import xarray as xr
    >>> first, second = (xr.Dataset({"K": ("depth", k)}) for k in ([0, 0, 0, 0], [1, -1, -1]))
    >>> effective_samples([Record(first, "A"), Record(second, "B")], "K").total
    2.0
    """
    classes = _classes(records, target)
    stamps = _common_stamps(records, max(1, len(classes)))
    worth, count, signals, scales = {}, 0, {}, defaultdict(list)
    for record in records:
        own = _field(record, target, classes, (labelled or {}).get(record.name))
        count += int(own.present.sum())
        worth[record.name], found = _worth(record, own)
        for dim, scale in found.items():
            scales[dim].append(scale)
        if len(stamps) and _dated(record) is not None and worth[record.name] > 0:
            signals[record.name] = _at(stamps, record, own, classes)
    total, shared = _together(worth, signals)
    return Effective(worth, total, count, {dim: _median(own) for dim, own in scales.items()}, shared)


def _classes(records: Sequence[Record], target: str) -> list[int]:
    """The most frequent class indices of all records, at most 16; none for a target of numbers."""
    if not all(np.issubdtype(record.data[target].dtype, np.integer) for record in records):
        return []
    counts = np.zeros(1, np.int64)
    for record in records:
        values = record.flat(target)
        values = np.bincount(values[values >= 0])
        counts = np.pad(counts, (0, max(0, len(values) - len(counts))))
        counts[: len(values)] += values
    order = np.argsort(-counts, kind="stable")[:MOST_CLASSES]
    return [int(index) for index in order if counts[index]]


def _field(record: Record, target: str, classes: Sequence[int], labelled: np.ndarray | None) -> Field:
    values = record.flat(target).reshape(record.shape)
    present = values >= 0 if np.issubdtype(values.dtype, np.integer) else np.isfinite(values)
    if labelled is not None:
        present &= labelled.reshape(record.shape)
    if classes:
        here = np.bincount(values[present], minlength=max(classes) + 1) > 0
        classes = [index for index in classes if here[index]]
    dated = _dated(record)
    phase = None if dated is None else calendar(record.data[record.dims[dated]].to_numpy())
    return Field(
        values,
        present,
        classes,
        {} if dated is None or phase is None else {dated: phase},
        tuple(record.dims.index(dim) for dim in periodic_dims(record)),
    )


def _worth(record: Record, own: Field) -> tuple[float, dict[str, Scale]]:
    """Independent samples of one record, and the scales of its dimensions, distances in s or m where they can be."""
    if not own.present.any():
        return 0.0, {}
    kinds = {dim: _kind(record, dim) for dim in record.dims}
    ordered = [axis for axis, dim in enumerate(record.dims) if kinds[dim] == "order"]
    members = [axis for axis, dim in enumerate(record.dims) if kinds[dim] == "members"]
    found = lobes(own, ordered, members if ordered else ())
    if found is None:
        return 1.0, {}
    worth, scales = independent(own, found), {}
    for axis, lobe in found.items():
        if own.present.shape[axis] > 1:
            step, unit = _step(record, record.dims[axis])
            scales[record.dims[axis]] = Scale(lobe.samples, step and step * lobe.samples, unit if step else "")
    for axis, dim in enumerate(record.dims):
        if kinds[dim] == "places" and (points := _points(record, dim)) is not None:
            factor, reach = _over_map(own, axis, points)
            worth, scales[dim] = worth / factor, Scale(factor, reach, "m")
    return float(max(worth, 1.0)), scales


def _kind(record: Record, dim: str) -> str:
    """What the samples along a dimension are to each other: order, members, draws or places."""
    along = record.data[dim].dtype if dim in record.data.coords else np.dtype(int)
    if along.kind in "OUSb":
        return "members"
    if along.kind in "iu" and (points := _points(record, dim)) is not None:
        known = points[np.isfinite(points).all(axis=1)]
        way, extent = np.linalg.norm(np.diff(known, axis=0), axis=1).sum(), np.linalg.norm(np.ptp(known, axis=0))
        if way > 2 * extent > 0:
            return "places"  # else points in the order of a line
    return "members" if dim in MEMBERS else "draws" if dim in DRAWS else "order"


def _points(record: Record, dim: str) -> np.ndarray | None:
    """Places of the samples along a dimension in metres, where it has both coordinates and enough of them."""
    own = {str(k): v.to_numpy() for k, v in record.data.coords.items() if v.dims == (dim,) and k != dim}
    points = cartesian(own)
    return None if points is None or np.isfinite(points).all(axis=1).sum() < LAGS else points


def _over_map(own: Field, axis: int, points: np.ndarray) -> tuple[float, float | None]:
    """1 + (n - 1) mean rho of n labelled places, and the range of their variogram, from a few columns over them.

    A column is one cell of the other dimensions, such as a level. Where the means of columns differ by more than chance
    lets them, all places of a column share that difference.
    """
    present = np.moveaxis(own.present, axis, 0).reshape(len(points), -1) & np.isfinite(points).all(
        axis=1, keepdims=True
    )
    size = np.count_nonzero(present, axis=0)
    full = np.flatnonzero(size >= LAGS)
    if not len(full):
        return 1.0, None
    chosen = full if len(full) <= COLUMNS else np.random.default_rng(0).choice(full, COLUMNS, replace=False)
    parts, means = [], np.zeros(len(full))
    for y in own.channels():
        columns = np.where(present, np.moveaxis(y, axis, 0).reshape(present.shape), 0)
        means += np.square(columns[:, full].sum(axis=0, dtype=np.float64) / size[full])
        parts.append(columns[:, chosen])
    values = np.stack(parts, axis=-1)
    found = []
    for i, column in enumerate(chosen):
        there = present[:, column]
        model = resolved(values[there, i], points[there])
        found.append((model.sill, model.sill * mean_correlation(model, points[there]), model.range))
    sill, shared, reach = np.mean(found, axis=0)
    common = max(float(np.average(means, weights=size[full])) - shared, 0.0)
    alike = (common + shared) / (common + sill) if common + sill else 0.0
    return 1 + (np.count_nonzero(present.any(axis=1)) - 1) * float(alike), float(reach)


def _dated(record: Record) -> int | None:
    """The number of the first dimension with time stamps."""
    kinds = [record.data[dim].dtype.kind if dim in record.data.coords else "" for dim in record.dims]
    return kinds.index("M") if "M" in kinds else None


def _stamps(record: Record) -> np.ndarray:
    return record.data[record.dims[_dated(record) or 0]].to_numpy().astype("datetime64[ns]")


def _common_stamps(records: Sequence[Record], channels: int) -> np.ndarray:
    """Times at which records are compared: a fixed random choice from the axes of at most 400 dated records."""
    dated, rng = [record for record in records if _dated(record) is not None], np.random.default_rng(0)
    if len(dated) < 2:
        return np.zeros(0, "datetime64[ns]")
    chosen = [dated[i] for i in rng.permutation(len(dated))[:MOST_RECORDS]]
    each = max(8, MOST_STAMPS // (channels * len(chosen)))
    picks = [rng.permutation(_stamps(record))[:each] for record in chosen]
    return np.unique(np.concatenate(picks))


def _at(stamps: np.ndarray, record: Record, own: Field, classes: Sequence[int]) -> np.ndarray:
    """The record's anomaly at some times (mean over other dimensions), 0 where it has none; shape (stamp, channel)."""
    mine, axis = _stamps(record), _dated(record) or 0
    order = np.argsort(mine, kind="stable")
    place = order[np.minimum(np.searchsorted(mine[order], stamps), len(mine) - 1)]
    there = mine[place] == stamps
    present = np.moveaxis(own.present, axis, 0)[place].reshape(len(stamps), -1).sum(axis=1)
    signal = np.zeros((len(stamps), max(1, len(classes))), np.float32)
    for index, y in zip(own.classes or [0], own.channels(), strict=True):
        total = np.moveaxis(y, axis, 0)[place].reshape(len(stamps), -1).sum(axis=1)
        column = list(classes).index(index) if own.classes else 0
        signal[:, column] = np.where(there, total / np.maximum(present, 1), 0)
    return signal


def _together(worth: Mapping[str, float], signals: Mapping[str, np.ndarray]) -> tuple[float, float]:
    """Independent samples of all records, and the mean correlation of those with a signal."""
    power = {name: float(np.square(signal).sum()) for name, signal in signals.items()}
    names = [name for name in signals if power[name] > 0]
    apart = sum(worth[name] for name in worth if name not in names)
    size = np.array([worth[name] for name in names])
    if len(names) < 2:
        return float(apart + size.sum()), 0.0
    some = np.sort(np.random.default_rng(0).permutation(len(names))[:MOST_RECORDS])
    unit = np.stack([signals[names[i]].ravel() / np.sqrt(power[names[i]]) for i in some])
    root = np.sqrt(size[some])
    alike = float(np.square(root @ unit).sum() - size[some].sum())
    shared = max(alike / float(root.sum() ** 2 - size[some].sum()), 0.0)
    among = size.sum() / (1 + shared * (np.sqrt(size).sum() ** 2 / size.sum() - 1))
    return float(apart + max(among, size.max())), shared


def _step(record: Record, dim: str) -> tuple[float | None, str]:
    """The usual step along a dimension: seconds, metres, or the unit of its coordinate; None where it has none."""
    if record.data.sizes[dim] < 2:
        return None, ""
    along = record.data[dim] if dim in record.data.coords else None
    if along is not None and along.dtype.kind == "M":
        return float(np.median(np.abs(np.diff(along.to_numpy().astype("datetime64[ns]").astype(float)))) / 1e9), "s"
    if along is not None and along.dtype.kind in "fiu" and dim in (*LONGITUDE, *LATITUDE):
        north = [record.data[name].to_numpy() for name in LATITUDE if name in record.data.coords]
        narrow = np.cos(np.radians(np.mean(north[0]))) if dim in LONGITUDE and north else 1.0
        return float(np.median(np.abs(np.diff(np.radians(along.to_numpy()))))) * EARTH_RADIUS_M * narrow, "m"
    if along is not None and along.dtype.kind in "fiu" and along.attrs.get("units"):
        return float(np.median(np.abs(np.diff(along.to_numpy().astype(float))))), str(along.attrs["units"])
    coords = [record.data[name] for name in ("easting", "northing") if name in record.data.coords]
    steps = [float(np.nanmedian(np.abs(c.diff(dim).to_numpy()))) for c in coords if dim in c.dims]
    metres = float(np.linalg.norm(steps)) if steps else 0.0
    return (metres, "m") if metres > 0 else (None, "")


def _median(scales: Sequence[Scale]) -> Scale:
    """The median of the scales of several records, in a unit that people say."""
    samples = float(np.median([scale.samples for scale in scales]))
    unit = scales[0].unit
    told = [scale.distance for scale in scales if scale.distance is not None and scale.unit == unit]
    if not told:
        return Scale(samples)
    distance = float(np.median(told))
    for name, least, size in LARGER.get(unit, ()):
        if distance >= least:
            return Scale(samples, distance / size, name)
    return Scale(samples, distance, unit)
