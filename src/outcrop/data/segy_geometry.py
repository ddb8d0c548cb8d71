"""The geometry of a SEG-Y file from its trace headers: a bin grid, however it is rotated, or a line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from outcrop.data.segy_file import SegyFile
from outcrop.errors import ConfigError, DataError, message

KINDS = ("auto", "2d", "3d")


@dataclass(frozen=True)
class Geometry:
    """Where traces are.

    Attributes:
        dims: ("inline", "crossline") or ("trace",).
        axes: values along each of `dims`.
        trace: number of the trace at each place, -1 where there is none; shape of the axes.
        easting, northing: metres (or the unit of the header) at each place, NaN without a trace.
        notes: what was found, in words.
    """

    dims: tuple[str, ...]
    axes: tuple[np.ndarray, ...]
    trace: np.ndarray
    easting: np.ndarray
    northing: np.ndarray
    notes: tuple[str, ...]


def geometry(file: SegyFile, places: Mapping[str, int], kind: str = "auto") -> Geometry:
    """Reads the positions of all traces.

    Raises:
        ConfigError: an unknown kind.
        DataError: two traces in one bin of a cube, or headers that form no grid where one is asked for.
    """
    if kind not in KINDS:
        raise ConfigError(message(f"kind = {kind!r} is not known.", where="SEG-Y", fix='kind = "auto", "2d" or "3d"'))
    inline, crossline = file.header(places["inline"]), file.header(places["crossline"])
    x, y = _coordinates(file, places)
    lines, crosses = np.unique(inline), np.unique(crossline)
    grid = (
        len(lines) > 1 and len(crosses) > 1 and len(np.unique(np.stack([inline, crossline]), axis=1).T) == file.traces
    )
    filled = file.traces / max(len(lines) * len(crosses), 1)
    if kind == "3d" and not grid:
        shape = f"{len(lines)} inlines and {len(crosses)} crosslines"
        what = f"{file.traces} traces lie on {shape}, some twice or on one line."
        named = f"inline = {places['inline']}, crossline = {places['crossline']}"
        fix = f'bytes = {{{named}}} names other header words; or kind = "2d".'
        raise DataError(message(what, where=str(file.path), fix=fix))
    if kind == "2d" or not grid or (kind == "auto" and filled < 0.25):
        return _line(file, places, x, y)
    return _cube(inline, crossline, lines, crosses, x, y)


def _coordinates(file: SegyFile, places: Mapping[str, int]) -> tuple[np.ndarray, np.ndarray]:
    """Map coordinates with the scalar applied: below 0 it divides, above 0 it multiplies, 0 counts as 1."""
    scalar = file.header(places["scalar"]).astype(float)
    factor = np.where(scalar < 0, -1 / np.where(scalar == 0, 1, scalar), np.where(scalar == 0, 1, scalar))
    factor = factor * (0.3048 if file.feet else 1.0)
    return file.header(places["x"]) * factor, file.header(places["y"]) * factor


def _cube(
    inline: np.ndarray, crossline: np.ndarray, lines: np.ndarray, crosses: np.ndarray, x: np.ndarray, y: np.ndarray
) -> Geometry:
    lines, crosses = _regular(lines), _regular(crosses)
    row, column = np.searchsorted(lines, inline), np.searchsorted(crosses, crossline)
    trace = np.full((len(lines), len(crosses)), -1, np.int64)
    trace[row, column] = np.arange(len(inline))
    notes = []
    missing = int((trace < 0).sum())
    if missing:
        notes.append(f"{missing} of {trace.size} bins have no trace: they are missing values")
    easting, northing = (np.full(trace.shape, np.nan) for _ in range(2))
    if np.ptp(x) > 0 or np.ptp(y) > 0:
        ones = np.stack([np.ones(len(x)), inline.astype(float), crossline.astype(float)], axis=1)
        fit, *_ = np.linalg.lstsq(ones, np.stack([x, y], axis=1), rcond=None)
        off = np.hypot(*(ones @ fit - np.stack([x, y], axis=1)).T)
        steps = [float(np.hypot(*fit[k])) for k in (1, 2)]
        angle = float(np.degrees(np.arctan2(fit[1, 0], fit[1, 1])))
        notes.append(
            f"bins of {steps[0]:.4g} x {steps[1]:.4g} per number, inlines counted towards {angle % 360:.4g} degrees"
        )
        if np.median(off) > 0.5 * max(min(steps), 1e-9):
            notes.append(f"map coordinates lie off the bin grid by {np.median(off):.3g} at the median")
        grid = np.stack(np.meshgrid(lines, crosses, indexing="ij"), axis=-1).astype(float)
        easting, northing = (fit[0, k] + grid[..., 0] * fit[1, k] + grid[..., 1] * fit[2, k] for k in (0, 1))
        easting[row, column], northing[row, column] = x, y
    else:
        notes.append("the headers hold no map coordinates")
    return Geometry(("inline", "crossline"), (lines, crosses), trace, easting, northing, tuple(notes))


def _regular(numbers: np.ndarray) -> np.ndarray:
    """Line numbers filled up to equal steps, where the gaps are whole steps."""
    steps = np.diff(numbers)
    step = int(np.gcd.reduce(steps)) if len(steps) else 1
    count = (numbers[-1] - numbers[0]) // step + 1
    return np.arange(numbers[0], numbers[-1] + 1, step) if count <= 4 * len(numbers) else numbers


def _line(file: SegyFile, places: Mapping[str, int], x: np.ndarray, y: np.ndarray) -> Geometry:
    cdp = file.header(places["cdp"])
    numbers = cdp if len(np.unique(cdp)) == file.traces and np.all(np.diff(cdp) != 0) else np.arange(1, file.traces + 1)
    notes = [f"a line of {file.traces} traces, in the order of the file"]
    known = bool(np.ptp(x) > 0 or np.ptp(y) > 0)
    if not known:
        notes.append("the headers hold no map coordinates")
        x, y = np.full(file.traces, np.nan), np.full(file.traces, np.nan)
    return Geometry(("trace",), (numbers,), np.arange(file.traces), x, y, tuple(notes))
