"""Predictions of gridded files larger than memory, written box by box to a Zarr store or a NetCDF file beside.

The store holds the coordinates of the original and the new variables; a copy of the original would double the disk.
What was written stays when the work is interrupted, and is taken up again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from outcrop.data.content import Curve, stem
from outcrop.errors import missing_extra
from outcrop.records import Record

CHUNK_BYTES = 16 * 2**20


@dataclass
class GridStream:
    """A store that is filled box by box; `done` arrays are those of the file."""

    part: Path
    place: Path
    store: Any

    def put(self, start: tuple[int, ...], values: Mapping[str, np.ndarray]) -> None:
        """Writes a box of every quantity whose first sample is `start`."""
        for name, box in values.items():
            where = tuple(slice(a, a + n) for a, n in zip(start, box.shape, strict=True))
            self.store[name][where] = np.asarray(box, np.float32)

    def finish(self) -> list[Path]:
        """Gives the store its name."""
        self.part.replace(self.place)
        return [self.place]


def stream(record: Record, out: str | Path, curves: list[Curve], chunks: tuple[int, ...] | None = None) -> GridStream:
    """Opens the Zarr store `NAME_pred.zarr` for a record; an unfinished one is continued.

    Args:
        record: its grid and coordinates.
        out: folder.
        curves: names, units and descriptions; values are not read.
        chunks: of the new arrays; by default blocks of about 16 MB along the first dimensions.
    """
    try:
        import zarr
    except ImportError:
        raise missing_extra("zarr", "geo", "Writing box by box") from None
    import xarray as xr

    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    place = out / f"{stem(record.source)}_pred.zarr"
    part = out / f".{place.name}.partial"
    if not part.is_dir():
        coords = {n: c for n, c in record.data.coords.items() if set(c.dims) <= set(record.dims)}
        xr.Dataset(coords=coords).to_zarr(part, mode="w", consolidated=False)
        group = zarr.open_group(part, mode="a")
        for curve in curves:
            array = group.create_array(
                curve.mnemonic, shape=record.shape, chunks=chunks or default_chunks(record.shape), dtype="float32",
                fill_value=float("nan"), dimension_names=list(record.dims) if group.metadata.zarr_format == 3 else None,
            )  # fmt: skip
            array.attrs.update(
                {"units": curve.unit, "long_name": curve.description, "_ARRAY_DIMENSIONS": list(record.dims)}
            )
    return GridStream(part, place, zarr.open_group(part, mode="a"))


def default_chunks(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Whole last dimensions as far as 16 MB go.

    >>> default_chunks((1000, 1000, 1000))
    (4, 1000, 1000)
    """
    room, chunks = CHUNK_BYTES // 4, []
    for size in reversed(shape):
        chunks.append(max(1, min(size, room)))
        room = max(1, room // size)
    return tuple(reversed(chunks))
