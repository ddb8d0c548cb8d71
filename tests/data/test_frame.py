"""The frame: order, duplicates, steps, resampling, positions, and the way back to the file's rows."""

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from outcrop.data.frame import Frame, axis_m, step_of
from outcrop.errors import ConfigError, DataError
from outcrop.records import Record


def record(depth, name="A", unit="m", **curves):
    """A record with the given depth and curves (GR = 10, 11, ... by default)."""
    depth = np.asarray(depth, dtype=float)
    curves = curves or {"GR": 10.0 + np.arange(len(depth))}
    variables = {key: ("depth", np.asarray(value)) for key, value in curves.items()}
    return Record(xr.Dataset(variables, {"depth": ("depth", depth, {"units": unit})}), name, source=f"{name}.las")


def test_feet_become_metres():
    aligned = Frame().align(record([1000, 1000.5, 1001, 1001.5], unit="FT"))
    np.testing.assert_allclose(aligned.axis, 0.3048 * np.array([1000, 1000.5, 1001, 1001.5]))
    assert aligned.data["depth"].attrs["units"] == "m" and aligned.notes == ("depth converted from FT to m",)
    with pytest.raises(DataError, match=r'Fix: state it: for a table units = {DEPTH = "m"}'):
        Frame().align(record([1, 2, 3], unit=""))
    with pytest.raises(DataError, match="Fix: correct the unit of the depth curve"):
        axis_m(record([1, 2, 3], unit="us/ft"))


def test_order_needs_a_rule():
    falling = record([3.0, 2.0, 1.0])
    with pytest.raises(DataError, match=r'decreases throughout[\s\S]*A \(A.las\)[\s\S]*frame.order = "sort"'):
        Frame().align(falling)
    aligned = Frame(order="sort").align(falling)
    np.testing.assert_array_equal(aligned.axis, [1, 2, 3])
    np.testing.assert_array_equal(aligned.data["GR"], [12, 11, 10])
    assert "sorted" in aligned.notes[0]


def test_duplicates_need_a_rule():
    double = record([1.0, 2.0, 2.0, 3.0], GR=[1.0, 2.0, 4.0, 5.0], LITH=np.array([1, 2, 3, 4], np.int32))
    with pytest.raises(DataError, match=r'1 samples repeat[\s\S]*frame.duplicates = "first"'):
        Frame().align(double)
    np.testing.assert_array_equal(Frame(duplicates="first").align(double).data["GR"], [1, 2, 5])
    mean = Frame(duplicates="mean").align(double)
    np.testing.assert_array_equal(mean.data["GR"], [1, 3, 5])
    np.testing.assert_array_equal(mean.data["LITH"], [1, 2, 4])
    codes = record([1.0, 2.0, 2.0], LITH=[1.0, 1.0, 3.0])  # as LAS holds them: the mean would be another class
    np.testing.assert_array_equal(Frame(duplicates="mean").align(codes, ["LITH"]).data["LITH"], [1, 1])


def test_unequal_intervals_need_a_rule():
    uneven = record([0.0, 1.0, 2.0, 5.0, 6.0])
    with pytest.raises(DataError, match=r"1 of 4 depth intervals are not 1 m[\s\S]*frame.step_m = 1 "):
        Frame().align(uneven)
    assert len(Frame(regular=False).align(uneven)) == 5
    filled = Frame(step_m=1.0).align(uneven)
    np.testing.assert_array_equal(filled.axis, np.arange(7.0))
    np.testing.assert_array_equal(filled.data["GR"], [10, 11, 12, np.nan, np.nan, 13, 14])


def test_resampling_numbers_and_classes():
    source = record(
        [0.0, 1.0, 2.0, 3.0],
        GR=[0.0, 10.0, np.nan, 30.0],
        LITH=np.array([5, 6, -1, 8], np.int32),
        CODE=[100.0, 200.0, 200.0, 300.0],
    )
    aligned = Frame(step_m=0.5).align(source, classes=("CODE",))
    np.testing.assert_allclose(aligned.data["GR"], [0, 5, 10, 15, 20, 25, 30])
    assert aligned.data["LITH"].dtype == np.int32
    np.testing.assert_array_equal(aligned.data["LITH"], [5, 5, 6, 6, 6, 8, 8])
    assert set(aligned.data["CODE"].to_numpy()) == {100.0, 200.0, 300.0}
    assert "4 samples became 7" in aligned.notes[-1]


def test_a_step_that_makes_endless_records_is_refused():
    with pytest.raises(DataError, match=r"Fix: frame.step_m = 1, the step of the file"):
        Frame(step_m=1e-12).align(record([0.0, 1.0, 2.0]))


def test_already_at_the_step_stays_untouched():
    source = record(100 + 0.152 * np.arange(50))
    assert (
        Frame(step_m=0.152).align(source).data["GR"].equals(source.data["GR"].assign_coords(depth=source.data["depth"]))
    )


def test_steps_that_differ_are_named():
    records = [record(0.152 * np.arange(9), "A"), record(0.1524 * np.arange(9), "B"), record(0.5 * np.arange(9), "C")]
    with pytest.raises(DataError, match=r"1 of 3 records[\s\S]*C 0.5 m[\s\S]*frame.step_m = 0.1524"):
        Frame().check_steps(records)
    Frame().check_steps(records[:2])
    Frame(step_m=0.2).check_steps(records)
    assert step_of(records[2]) == 0.5


def test_position_is_the_median_of_the_curves():
    here = record([1, 2, 3], x=[np.nan, 10.0, 12.0], y=[5.0, 5.0, 5.0])
    frame = Frame(easting="x", northing="y")
    assert dict(frame.locate(here).position) == {"easting": 11.0, "northing": 5.0}
    nowhere = frame.locate(record([1, 2, 3], x=[np.nan] * 3, y=[5.0] * 3))
    assert dict(nowhere.position) == {"northing": 5.0} and "no map position: x" in nowhere.notes[0]


def test_impossible_frames():
    with pytest.raises(ConfigError, match="did you mean 'sort'"):
        Frame(order="sorted")
    with pytest.raises(ConfigError, match="Fix: state both"):
        Frame(easting="x")
    with pytest.raises(ConfigError, match="Fix: state metres above 0"):
        Frame(step_m=-1.0)
    with pytest.raises(ConfigError, match=r"frame.vertical"):
        Frame(vertical="mdd")


def test_back_gives_values_to_unsorted_rows():
    back = Frame().back(np.array([2.1, 0.4, 7.0, 1.0]), np.array([0.0, 1.0, 2.0]), np.array([[5.0], [6.0], [7.0]]))
    np.testing.assert_array_equal(back[:, 0], [7.0, 5.0, np.nan, 6.0])
    assert Frame().back(np.zeros(2), np.zeros(0), np.zeros(0)).tolist() != [0.0, 0.0]


@given(st.integers(2, 40), st.floats(0.05, 3.0), st.floats(-1e4, 1e4))
def test_there_and_back_is_the_identity(samples, step, start):
    source = record(start + step * np.arange(samples))
    aligned = Frame().align(source)
    np.testing.assert_array_equal(
        Frame().back(source.axis, aligned.axis, aligned.data["GR"].to_numpy()), source.data["GR"]
    )


def test_time_axis_keeps_its_stamps():
    stamps = np.array(["2020-02-01", "2020-01-01"], "datetime64[ns]")
    later = Record(xr.Dataset({"x": ("time", [2.0, 1.0])}, {"time": stamps}), "t")
    with pytest.raises(DataError, match="sort"):
        Frame().align(later)
    np.testing.assert_array_equal(Frame(order="sort").align(later).data["x"], [1.0, 2.0])
