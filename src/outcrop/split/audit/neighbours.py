"""The units among which a target could be copied: lines of a cube, stations, columns of a map, samples of a series.

Which of them applies follows from how the parts lie: slices along a dimension where parts share no slice, whole
records where parts share no record, else single columns or samples.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from outcrop.data.space import cartesian
from outcrop.split.audit.context import AuditContext

UPWARD = ("depth", "dept", "md", "tvd", "tvdss", "twt", "time", "elevation", "level", "z")
SOME_GROUPS = 15
MOST_TEST, MOST_UNITS, MOST_VALUES = 3_000, 1_000_000, 64


@dataclass(frozen=True)
class Units:
    """Places with a target each.

    Attributes:
        what: word for one of them ("crossline", "station", "sample").
        unit: unit of distances ("m", or what positions are counted in).
        names: name of each unit, for messages; empty where there are too many to name.
        values: target, shape (unit, cell), NaN where missing; cells of two units correspond.
        position: shape (unit, k).
        test, fitted: which units are scored in the test part and which in the others.
        group: number of the promised group of each unit, where a group has many of them.
    """

    what: str
    unit: str
    names: tuple[str, ...]
    values: np.ndarray
    position: np.ndarray
    test: np.ndarray
    fitted: np.ndarray
    group: np.ndarray | None = None

    def spacing(self) -> float:
        """Usual (median) distance from a unit to the nearest other one, of another group where there are groups."""
        from scipy.spatial import KDTree

        rng = np.random.default_rng(0)
        used = np.flatnonzero(self.test | self.fitted)
        if self.group is None or len(np.unique(self.group[used])) < 2:
            some = rng.choice(used, min(len(used), 2_000), replace=False)
            return float(np.median(KDTree(self.position[used]).query(self.position[some], k=2)[0][:, 1]))
        found = []
        names = np.unique(self.group[used])
        for name in rng.choice(names, min(len(names), SOME_GROUPS), replace=False):
            own = self.group[used] == name
            inside = used[own]
            some = rng.choice(inside, min(len(inside), 200), replace=False)
            found.append(KDTree(self.position[used[~own]]).query(self.position[some])[0])
        return float(np.median(np.concatenate(found)))

    def nearest(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Test units (at most 3,000, drawn with a fixed seed), the fitted unit closest to each, and their distance."""
        from scipy.spatial import KDTree

        known, test = np.flatnonzero(self.fitted & ~self.test), np.flatnonzero(self.test)
        if len(test) > MOST_TEST:
            test = np.sort(np.random.default_rng(0).choice(test, MOST_TEST, replace=False))
        distance, near = KDTree(self.position[known]).query(self.position[test])
        return test, known[near], distance


def units_of(context: AuditContext) -> Units | None:
    """The units that lie between the parts of this split, or None where none can be told apart."""
    test, fitted = context.scored(context.split.test), context.scored(context.split.fitted)
    if not test.any() or not fitted.any():
        return None
    units = _slices(context, test, fitted) or _records(context, test, fitted) or _columns(context, test, fitted)
    if units is None or not (units.fitted & ~units.test).any() or not units.test.any():
        return None
    return units


def _slices(context: AuditContext, test: np.ndarray, fitted: np.ndarray) -> Units | None:
    """Slices across the one dimension along which the parts of a single grid share no slice."""
    cells = context.cells
    if len(context.ordered) != 1 or len(cells.dims) < 2:
        return None
    record, shape = context.ordered[0], tuple(cells.shapes[0].tolist())
    for place, dim in enumerate(cells.dims):
        if dim.lower() in UPWARD or _is_dated(context, dim):
            continue
        others = tuple(d for d in range(len(shape)) if d != place)
        tested, known = (mask.reshape(shape).any(axis=others) for mask in (test, fitted))
        if (tested & known).any():
            continue
        values = np.where(test | fitted, context.target_values, np.nan).reshape(shape)
        position, unit = _along(context, dim)
        names = tuple(map(str, record.data[dim].to_numpy())) if dim in record.data.coords else ()
        names = names or tuple(map(str, range(shape[place])))
        values = np.moveaxis(values, place, 0).reshape(shape[place], -1)
        return Units(dim, unit, names, values, position, tested, known)
    return None


def _along(context: AuditContext, dim: str) -> tuple[np.ndarray, str]:
    """Positions of the slices across one dimension: on the ground, by their number, or by counting them."""
    data = context.ordered[0].data
    names = [name for name in context.position_names if name in data.coords and data[name].dims == (dim,)]
    if len(names) == 2:
        points = cartesian({name: data[name].to_numpy() for name in names})
        if points is not None and np.isfinite(points).all():
            return points, "m"
    if dim in data.coords and data[dim].dtype.kind in "iuf":
        return data[dim].to_numpy().astype(float)[:, None], f"{dim} numbers"
    return np.arange(data.sizes[dim], dtype=float)[:, None], f"{dim}s"


def _is_dated(context: AuditContext, dim: str) -> bool:
    data = context.ordered[0].data
    return dim in data.coords and data[dim].dtype.kind in "MO"


def _records(context: AuditContext, test: np.ndarray, fitted: np.ndarray) -> Units | None:
    """Whole records at known places, whose samples correspond: of one shape, or at the same times."""
    count = len(context.ordered)
    tested, known = (np.bincount(context.record_of[mask], minlength=count) > 0 for mask in (test, fitted))
    if count < 3 or (tested & known).any():
        return None
    position, unit, what = _record_positions(context)
    values = side_by_side(context, test | fitted) if len(position) else None
    if values is None:
        return None
    usable = np.isfinite(position).all(axis=1)
    return Units(what, unit, context.origins.names, values, np.nan_to_num(position), tested & usable, known & usable)


def _record_positions(context: AuditContext) -> tuple[np.ndarray, str, str]:
    keys = set.intersection(*(set(record.position) for record in context.ordered))
    table = {key: np.array([float(record.position[key]) for record in context.ordered]) for key in keys}
    points = cartesian(table)
    what = context.key if context.key in context.origins.groups else "record"
    if points is not None:
        return points, "m", str(what)
    if len(keys) == 1:
        (key,) = keys
        return table[key][:, None], f"{key} numbers", key
    return np.empty((0, 1)), "", "record"


def side_by_side(context: AuditContext, counted: np.ndarray) -> np.ndarray | None:
    """The target of every record on common cells, shape (record, cell): grids of one shape, or equal time stamps."""
    values = np.where(counted, context.target_values, np.nan)
    dims, shapes = context.cells.dims, context.cells.shapes
    if len(dims) > 1:
        return values.reshape(len(shapes), -1) if (shapes == shapes[0]).all() else None
    if not context.is_dated:
        return None
    axes = [record.axis for record in context.ordered]
    stamps = np.unique(np.concatenate(axes))
    if len(stamps) > 10 * max(map(len, axes)):
        return None
    out = np.full((len(axes), len(stamps)), np.nan)
    for row, (axis, first, stop) in enumerate(zip(axes, context.offsets[:-1], context.offsets[1:], strict=True)):
        out[row, np.searchsorted(stamps, axis)] = values[first:stop]
    return out


def _columns(context: AuditContext, test: np.ndarray, fitted: np.ndarray) -> Units | None:
    """Single columns of a map, or single samples along one series, of which a few values each are compared."""
    ground = _ground(context)
    if ground is None:
        return None
    dims, position, unit = ground
    cells, keep = context.cells, [place for place, dim in enumerate(context.cells.dims) if dim in dims]
    values, tested, known, groups = [], [], [], []
    code = context.group_codes(context.key)[1] if context.key is not None else np.zeros(cells.total, np.int64)
    for which in range(len(context.ordered)):
        part = slice(cells.offsets[which], cells.offsets[which + 1])
        shape = tuple(cells.shapes[which].tolist())
        target = np.where((test | fitted)[part], context.target_values[part], np.nan)
        for out, column in ((values, target), (tested, test[part]), (known, fitted[part]), (groups, code[part])):
            out.append(np.moveaxis(column.reshape(shape), keep, range(len(keep))).reshape(_count(shape, keep), -1))
    widths = {block.shape[1] for block in values}
    if len(widths) != 1 or sum(map(len, values)) > MOST_UNITS:
        return None
    table = np.concatenate(values)
    step = -(-table.shape[1] // MOST_VALUES)
    in_test, in_fitted = (np.concatenate([b.any(axis=1) for b in blocks]) for blocks in (tested, known))
    if (in_test & in_fitted).sum() > in_test.sum() / 2:
        return _single(context, test, fitted, dims, position)
    use = (in_test | in_fitted) & np.isfinite(position).all(axis=1)
    what = "sample" if table.shape[1] == 1 else "column"
    group = np.concatenate([block[:, 0] for block in groups])[use] if context.key is not None else None
    return Units(what, unit, (), table[use, ::step], position[use], in_test[use], in_fitted[use], group)


def _single(
    context: AuditContext, test: np.ndarray, fitted: np.ndarray, dims: tuple[str, ...], ground: np.ndarray
) -> Units | None:
    """Single samples of a grid whose columns are in both parts: neighbours on the ground and along other dimensions.

    Distances count cells: the usual distance on the ground, or one step along another dimension. Of large grids the
    first million samples.
    """
    cells = context.cells
    if len(cells.dims) == len(dims) or context.promises & {"new", "later"}:
        return None
    from scipy.spatial import KDTree

    known = np.isfinite(ground).all(axis=1)
    usual = float(np.median(KDTree(ground[known]).query(ground[known][:2_000], k=2)[0][:, 1]))
    places, column = [], 0
    for which in range(len(context.ordered)):
        index = np.indices(tuple(cells.shapes[which].tolist())).reshape(len(cells.dims), -1)
        sizes = [int(cells.shapes[which, d]) if dim in dims else 1 for d, dim in enumerate(cells.dims)]
        flat = np.zeros(index.shape[1], np.int64)
        for d, dim in enumerate(cells.dims):
            flat = flat * sizes[d] + (index[d] if dim in dims else 0)
        others = [index[d] for d, dim in enumerate(cells.dims) if dim not in dims]
        places.append(np.column_stack([ground[column + flat] / max(usual, 1e-300), *others]))
        column += int(np.prod(sizes))
    position = np.concatenate(places)[:MOST_UNITS]
    use = ((test | fitted)[:MOST_UNITS]) & np.isfinite(position).all(axis=1)
    values = np.where(test | fitted, context.target_values, np.nan)[:MOST_UNITS, None]
    return Units("sample", "cells", (), values[use], position[use], test[:MOST_UNITS][use], fitted[:MOST_UNITS][use])


def _count(shape: tuple[int, ...], keep: list[int]) -> int:
    """Number of columns over these dimensions."""
    return int(np.prod([shape[place] for place in keep]))


def _ground(context: AuditContext) -> tuple[tuple[str, ...], np.ndarray, str] | None:
    """Dimensions on the ground, the position of every column in the order of records, and its unit."""
    dims, records = context.cells.dims, context.ordered
    names = [n for n in context.position_names if all(n in r.data.coords for r in records)]
    if len(names) == 2:
        along = tuple(d for d in dims if any(d in records[0].data[name].dims for name in names))
        if along and not any(dim.lower() in UPWARD for dim in along):
            blocks = []
            for record in records:
                small = record.data[names].isel({dim: 0 for dim in dims if dim not in along}, missing_dims="ignore")
                grid = type(record)(small, record.name, dims=along)
                blocks.append(cartesian({name: grid.flat(name).astype(float) for name in names}))
            return along, np.concatenate(blocks), "m"
    if len(records) == 1 and len(dims) > 1:
        along = tuple(dim for dim in dims if dim.lower() not in UPWARD and not _is_dated(context, dim))
        size = [records[0].data.sizes[dim] for dim in along]
        return (along, np.indices(size).reshape(len(size), -1).T.astype(float), "cells") if along else None
    if len(dims) == 1:
        within = np.arange(context.cells.total) - context.offsets[context.record_of]
        apart = context.record_of * 1e9
        return dims, (within + apart)[:, None], "samples"
    return None
