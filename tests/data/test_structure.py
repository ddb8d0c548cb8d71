"""What samples lie on, read off names of dimensions and coordinates."""

import numpy as np
import pytest
import xarray as xr

from outcrop.data.structure import structure
from outcrop.records import Record

HOURS = np.datetime64("2020-01-01") + np.arange(50) * np.timedelta64(1, "h")


def record(dims, name="A", coords=None, sizes=None, **options):
    sizes = sizes or [5 + i for i in range(len(dims))]
    return Record(xr.Dataset({"V": (dims, np.zeros(sizes))}, coords or {}), name, dims=dims, **options)


@pytest.mark.parametrize(
    ("dims", "expected"),
    [
        (("row",), "table"),
        (("depth",), "wells"),
        (("row", "column"), "images"),
        (("trace", "twt"), "images"),
        (("inline", "crossline", "twt"), "cube"),
        (("time", "latitude", "longitude"), "maps"),
        (("time", "station"), "stations"),
        (("level", "node"), "mesh"),
    ],
)
def test_dimensions(dims, expected):
    assert structure([record(dims)]) == expected


def test_a_dimension_of_one_does_not_count():
    assert structure([record(("inline", "crossline", "twt"), sizes=[1, 6, 7])]) == "images"


def test_images_of_many_dates_are_a_stack():
    names = [f"NDVI_2019-{month:02d}-01" for month in range(1, 13)]
    layers = {name: (("y", "x"), np.zeros((3, 4))) for name in names}
    assert structure([Record(xr.Dataset(layers), "A", dims=("y", "x"))]) == "stack"
    few = {name: layers[name] for name in names[:3]}
    assert structure([Record(xr.Dataset(few), "A", dims=("y", "x"))]) == "images"


def test_series_stations_and_waveforms():
    def series(name, axis):
        return record(("time",), name, {"time": axis}, [len(axis)])

    assert structure([series("A", HOURS)]) == "series"
    assert structure([series("A", HOURS), series("B", HOURS[5:])]) == "stations"
    assert structure([series("A", HOURS), series("B", HOURS + np.timedelta64(1000, "h"))]) == "series"
    assert structure([series(name, np.arange(90) * 0.01) for name in "AB"]) == "waveforms"


def test_rows_with_two_coordinates_are_points():
    rows = xr.Dataset({name: ("row", np.zeros(4)) for name in ("longitude", "latitude", "V")})
    assert structure([Record(rows, "A")]) == "points"
