"""Records larger than the memory allowed, cut into small ones: a cutout of a Record is a Record.

A cube of many gigabytes cannot be trained on whole. Boxes of the size of one example are drawn at random over all of
it, read, and become records of their own with the place and the groups they came from; everything after that is the
ordinary path. The sample is uniform over the boxes of the record, so that statistics and scores of it are those of the
whole, up to the error of sampling; memory is bounded by the number of boxes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import prod

import numpy as np

from outcrop.config.schema import Config
from outcrop.data.variable import Variable
from outcrop.errors import ConfigError, DataError, message
from outcrop.records import Record

BYTES_PER_SAMPLE = 700
"""What a sample takes at most on the way: values, encodings, examples of the baselines, columns of the audit."""
TRIES = 30
"""Boxes looked at, per box wanted, before a record counts as unlabelled."""


def bytes_of(record: Record) -> int:
    """Bytes of all variables of a record, read or not."""
    return sum(int(array.size) * array.dtype.itemsize for array in record.data.data_vars.values())


def cut(config: Config, records: Sequence[Record], variables: Sequence[Variable]) -> list[Record]:
    """The records, those larger than `data.memory_mb` replaced by random boxes of themselves.

    Raises:
        ConfigError: a view whose examples have no box.
        DataError: no box of a record holds a label.
    """
    limit = config.data.memory_mb * 1e6
    large = [record for record in records if bytes_of(record) > limit]
    if not large:
        return list(records)
    names = {name for variable in variables for name in (variable.name, *variable.sources)}
    found: list[Record] = [record for record in records if bytes_of(record) <= limit]
    for record in large:
        size = _box(config, record)
        used = [str(name) for name in record.data.data_vars if str(name) in names]
        count = int(limit / len(large) / (BYTES_PER_SAMPLE * prod(size)))
        target = next(variable for variable in variables if variable.role == "target")
        found += _drawn(record, used, size, max(count, 12), target, config.train.seed)
    return found


def _box(config: Config, record: Record) -> tuple[int, ...]:
    """Samples of one box along every dimension."""
    view = config.data.view
    if view.size:
        wanted: Mapping[str, int] = view.size
    elif view.kind in ("auto", "windows"):
        wanted = {view.along or record.dims[-1]: view.length}
    else:
        fix = 'view = {kind = "patches", size = {...}}'
        raise ConfigError(
            message("Records larger than memory are cut into patches or windows.", where="data.view", fix=fix)
        )
    return tuple(min(wanted.get(dim, 1), extent) for dim, extent in zip(record.dims, record.shape, strict=True))


def _drawn(
    record: Record, used: Sequence[str], size: tuple[int, ...], count: int, target: Variable, seed: int
) -> list[Record]:
    tiles = [max(extent // side, 1) for extent, side in zip(record.shape, size, strict=True)]
    total = prod(tiles)
    rng = np.random.default_rng(seed)
    if total <= 2_000_000:
        order = rng.permutation(total)
    else:
        order = np.unique(rng.integers(0, total, 2 * count * TRIES))
        order = rng.permutation(order)
    known = [name for name in used if name in (target.name, *target.sources)]
    chosen: list[tuple[int, tuple[slice, ...]]] = []
    looked = 0
    for tile in order[: count * TRIES].tolist():
        looked += 1
        place = np.unravel_index(tile, tiles)
        box = tuple(slice(int(p) * s, int(p) * s + s) for p, s in zip(place, size, strict=True))
        if _labelled(record, known, box):
            chosen.append((tile, box))
        if len(chosen) == count:
            break
    if not chosen:
        what = f"None of {looked:,} boxes drawn from {record.name} holds a value of {target.name}."
        raise DataError(message(what, where=record.source, fix="check the names of the target."))
    gigabytes = bytes_of(record) / 1e9
    note = f"{len(chosen):,} boxes of {' x '.join(map(str, size))} drawn at random from {total:,} ({gigabytes:.3g} GB)"
    return [cutout(record, box, used, note if number == 0 else "") for number, (_, box) in enumerate(sorted(chosen))]


def _labelled(record: Record, known: Sequence[str], box: tuple[slice, ...]) -> bool:
    for name in known:
        values = record.data[name].isel(dict(zip(record.dims, box, strict=True)), missing_dims="ignore").to_numpy()
        if values.dtype.kind != "f" or np.isfinite(values).any():
            return True
    return not known


def cutout(record: Record, box: Sequence[slice], used: Sequence[str] | None = None, note: str = "") -> Record:
    """A box of a record, in memory.

    The group key `record` stays that of the whole: boxes of one cube are no independent records.
    """
    data = record.data if used is None else record.data[list(used)]
    data = data.isel(dict(zip(record.dims, box, strict=True))).load()
    if record.format == "segy":
        from outcrop.data.segy import without_dead

        data = data.assign({n: (a.dims, without_dead(a.to_numpy())[0], a.attrs) for n, a in data.data_vars.items()})
    place = ", ".join(f"{s.start}:{s.stop}" for s in box)
    groups = {**record.groups, "source_record": record.name}
    groups.pop("record")
    notes = (*record.notes, note) if note else ()
    return replace(record, data=data, name=f"{record.name} [{place}]", groups=groups, notes=notes)
