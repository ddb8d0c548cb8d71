"""Patches on grids of any dimension, also around the globe: all is covered, stitched back, and counted rightly."""

from types import SimpleNamespace
from unittest import mock

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from outcrop.errors import ConfigError
from outcrop.records import Footprints, Record
from outcrop.view.cells import cells_of
from outcrop.view.patches import patches
from outcrop.view.points import points
from outcrop.view.windows import windows


def grid(shape, dims=None, name="R", around=False):
    dims = dims or ("time", "latitude", "longitude")[-len(shape) :]
    coords = {dim: np.arange(size, dtype=float) for dim, size in zip(dims, shape, strict=True)}
    if around:
        coords["longitude"] = np.arange(shape[-1]) * (360 / shape[-1])
    return Record(xr.Dataset({"v": (dims, np.zeros(shape))}, coords), name, dims=dims)


def table(record, seed=0):
    rng = np.random.default_rng(seed)
    n = len(record)
    values = rng.normal(size=n).astype(np.float32)
    return SimpleNamespace(
        inputs=values[:, None], target=values, weight=np.ones(n, np.float32), usable=np.ones(n, bool)
    )


SHAPES = st.lists(st.integers(1, 9), min_size=1, max_size=3)


@settings(max_examples=60, deadline=None)
@given(shape=SHAPES, data=st.data(), around=st.booleans())
def test_gather_and_stitch_are_inverse(shape, data, around):
    shape = tuple(shape)
    around = around and shape[-1] >= 3
    records = [grid(shape, around=around), grid(tuple(s + 1 for s in shape), name="S")]
    records = records if not around else records[:1]
    dims = records[0].dims
    chosen = data.draw(st.lists(st.sampled_from(dims), min_size=1, unique=True))
    size = {dim: data.draw(st.integers(1, 6), label=dim) for dim in chosen}
    stride = {dim: data.draw(st.integers(1, n)) for dim, n in size.items()}
    view = patches(records, size, stride, area_weight=False)
    tables = {record.name: table(record) for record in records}
    index = np.arange(len(view.origins))
    batch = view.gather(tables, index)
    back = view.stitch(index, np.nan_to_num(batch.target)[..., None])
    for record in records:
        np.testing.assert_allclose(back[record.name][:, 0], tables[record.name].target, rtol=1e-5, atol=1e-6)
        assert view.read_ranges(index)[record.name] == [(0, len(record))]
    inside = np.isfinite(batch.target)
    np.testing.assert_array_equal(batch.weight, inside)


@settings(max_examples=40, deadline=None)
@given(
    shape=st.lists(st.integers(2, 7), min_size=2, max_size=3),
    seed=st.integers(0, 999),
    around=st.booleans(),
    few=st.sampled_from([0, 4096]),
)
def test_cover_and_count_agree_with_brute_force(shape, seed, around, few):
    with mock.patch("outcrop.view.cells.FEW", few):  # one by one, and by sums
        compare_with_brute_force(shape, seed, around)


def compare_with_brute_force(shape, seed, around):
    rng = np.random.default_rng(seed)
    around = around and shape[-1] >= 3
    records = [grid(tuple(shape), around=around)]
    cells = cells_of(records)
    n = 5
    ranges = {}
    for dim, size in zip(cells.dims, shape, strict=True):
        start = rng.integers(0, size, n)
        room = size if dim in cells.periodic else size - start
        ranges[dim] = np.stack([start, start + 1 + rng.integers(0, room)], axis=1)
    prints, record = Footprints(ranges), np.zeros(n, int)
    mask = rng.random(cells.total) < 0.5
    touched = [cells.samples(0, prints.take(np.array([i]))) for i in range(n)]
    assert cells.count(mask, record, prints).tolist() == [int(mask[rows].sum()) for rows in touched]
    np.testing.assert_array_equal(np.flatnonzero(cells.cover(record, prints)), np.unique(np.concatenate(touched)))


def test_patches_cross_the_date_line_and_not_the_poles():
    record = grid((4, 12), around=True)
    view = patches([record], {"latitude": 2, "longitude": 6}, 3 - 1)
    assert view.cells.periodic == ("longitude",)
    assert (view.origins.reads.ranges["longitude"][:, 1] > 12).any()
    assert view.origins.reads.ranges["latitude"][:, 1].max() == 4


def test_training_patches_move_inside_their_part():
    record = grid((8, 20), ("inline", "twt"))
    view = patches([record], {"inline": 4, "twt": 4}, 4)
    part = np.flatnonzero(view.origins.position["twt"] < 10)
    room = view.room(part)
    assert (room[part, :, 1] - room[part, :, 0]).max() > 0
    last = room[part, 1, 1] + 4
    assert last.max() <= view.origins.reads.ranges["twt"][part, 1].max()


def test_cells_count_by_their_area():
    data = xr.Dataset(
        {"v": (("latitude", "longitude"), np.zeros((2, 2)))}, {"latitude": [0.0, 60], "longitude": [0.0, 1]}
    )
    record = Record(data, "R", dims=("latitude", "longitude"))
    batch = patches([record], {"latitude": 2, "longitude": 2}).gather({"R": table(record)}, np.array([0]))
    np.testing.assert_allclose(batch.weight[0], [[1, 1], [0.5, 0.5]], rtol=1e-6)


def test_points_of_a_field_look_back_in_time_at_their_own_place():
    record = grid((6, 2, 3))
    held = table(record)
    view = points([record], context=(-2, 0), lead=1, along="time")
    index = np.arange(len(view.origins))
    batch = view.gather({"R": held}, index)
    cube = held.target.reshape(6, 2, 3)
    time, row, column = (view.origins.scores.ranges[dim][:, 0] for dim in record.dims)
    np.testing.assert_array_equal(batch.inputs[:, 1], cube[time - 1, row, column])
    np.testing.assert_array_equal(batch.inputs[:, 0], cube[np.maximum(time - 3, 0), row, column])
    np.testing.assert_array_equal(batch.target, cube[time, row, column])
    back = view.stitch(index, batch.target[:, None])["R"][:, 0].reshape(6, 2, 3)
    np.testing.assert_array_equal(back[1:], cube[1:])
    assert np.isnan(back[0]).all()


def test_windows_run_along_every_trace():
    record = grid((2, 3, 10), ("inline", "crossline", "twt"))
    view = windows([record], 4, 4)
    assert view.input_shape(1) == (4, 1) and len(view.origins) == 2 * 3 * 3
    assert np.all(np.diff(view.origins.reads.ranges["inline"], axis=1) == 1)


def test_whole_records_are_one_patch_each_of_any_size():
    for shape in ((4, 6), (9, 5)):
        records = [grid(shape, name=name) for name in "AB"]
        view = patches(records, "whole")
        assert view.of_fields and view.size == shape and len(view.origins) == 2
        tables = {record.name: table(record) for record in records}
        batch = view.gather(tables, np.arange(2))
        np.testing.assert_array_equal(batch.inputs[1, ..., 0].ravel(), tables["B"].inputs[:, 0])
        back = view.stitch(np.arange(2), batch.inputs)
        np.testing.assert_allclose(back["A"], tables["A"].inputs, rtol=1e-5)
    assert (view.room(np.arange(2))[..., 0] == view.room(np.arange(2))[..., 1]).all()  # nothing moves


def test_one_dimension_can_be_taken_whole():
    record = grid((4, 6), around=True)
    view = patches([record], {"longitude": "whole"})
    assert view.size == (6,) and len(view.origins) == 4 and view.of_fields
    assert view.numbers(np.arange(4)).tolist() == np.arange(24).reshape(4, 6).tolist()
    assert not patches([record], {"longitude": 3}, 3).of_fields
    assert patches([grid((3, 4, 6))], {"latitude": "whole", "longitude": "whole"}).input_shape(2) == (4, 6, 2)
    assert patches([grid((9, 8))], {"latitude": "whole", "longitude": 4}, 2).size == (9, 4)


def test_records_of_several_sizes_cannot_be_taken_whole_together():
    with pytest.raises(ConfigError, match=r"4 and 9 samples along 'latitude'(?s:.*)Fix: train on records of one size"):
        patches([grid((4, 6)), grid((9, 6), name="B")], "whole")
