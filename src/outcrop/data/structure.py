"""What the samples of records lie on: rows, wells, stations, images, cubes, maps in time, a mesh.

Read off formats, names of dimensions and coordinates, never off values: it decides which networks fit
(`config/choice.py`), not what a sample means.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np

from outcrop.records import Record

STRUCTURES = {
    "table": "rows of a table, each for itself",
    "points": "points scattered over a map",
    "wells": "samples along depth, in wells",
    "series": "a series in time",
    "stations": "stations that measure at the same times",
    "waveforms": "waveforms, one record each",
    "images": "images, maps or sections",
    "stack": "images of many dates or bands, a series in every pixel",
    "cube": "cubes",
    "maps": "maps that follow each other in time",
    "mesh": "nodes of a mesh",
    "links": "links of a network",
    "fields": "fields of many simulations, each on one grid",
    "equation": "an equation, with few data or none",
}
"""Structure -> how a sentence names it."""

FEWEST_LAYERS = 8
"""Variables whose names differ in their number or date alone, from which on images are a stack."""
_PLACES = {"longitude", "latitude", "lon", "lat", "easting", "northing", "x_loc", "y_loc"}
_NETWORKS = ("station", "gauge", "site", "sensor")
_DRAWN = ("simulation", "realisation", "realization", "member", "ensemble")
"""Group keys of records that a simulator made."""
_NODES = ("node", "cell", "nod2", "elem", "ncells")
_SLOWEST_WAVE_S = 1.0
"""Series with shorter steps are waveforms."""


def structure(records: Sequence[Record]) -> str:
    """The structure of records that were read together: a key of `STRUCTURES`.

    >>> import xarray as xr
    >>> structure([Record(xr.Dataset({"amplitude": (("inline", "crossline", "twt"), [[[0.0]]])}), "F3",
    ...                   dims=("inline", "crossline", "twt"))])
    'cube'
    """
    first = records[0]
    dims = [dim for dim in first.dims if first.data.sizes[dim] > 1] or list(first.dims)
    if first.format == "mesh" or any(dim in _NODES for dim in dims):
        return "mesh"
    if first.format == "links":
        return "links"
    if any(dim in _NETWORKS for dim in dims) or "network" in first.data.attrs:
        return "stations"
    if len(dims) > 2:
        return "maps" if "time" in dims else "cube"
    if len(dims) == 2 and len(records) > 1 and any(key in first.groups for key in _DRAWN):
        return "fields"
    if len(dims) == 2:
        stems = Counter(re.sub(r"[\d:.b-]+$", "", str(name)) for name in first.data.data_vars)
        return "stack" if max(stems.values(), default=0) >= FEWEST_LAYERS else "images"
    if dims[0] == "time":
        return _along_time(records)
    if dims[0] == "depth":
        return "wells"
    names = {str(name).casefold() for name in first.data.variables}
    return "points" if len(names & _PLACES) > 1 else "table"


def _along_time(records: Sequence[Record]) -> str:
    """Series, waveforms (many short steps), or stations: several series of which most share their times."""
    axis = records[0].axis
    if len(axis) > 1:
        step = axis[1] - axis[0]
        seconds = step / np.timedelta64(1, "s") if axis.dtype.kind == "M" else float(step)
        if records[0].format == "waveform" or (axis.dtype.kind != "M" and seconds < _SLOWEST_WAVE_S):
            return "waveforms"
    shared = [len(np.intersect1d(axis, record.axis)) > len(axis) / 2 for record in records[1:]]
    return "stations" if shared and np.mean(shared) > 0.5 else "series"
