import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from outcrop.errors import ConfigError
from outcrop.records import Footprints
from outcrop.view.ranges import Ranges, along_one, by_name, cover, from_names, union
from outcrop.view.view import VIEWS, by_record, make

ROWS = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 20), st.integers(0, 8)), max_size=12)


@pytest.mark.parametrize("kind, arguments", [("points", {"context": (-1, 0)}), ("windows", {"length": 4})])
def test_every_view_of_the_table_keeps_the_protocol(make_records, make_tables, kind, arguments):
    records = make_records([9, 5])
    view = make(kind, records, **arguments)
    index = np.arange(len(view.origins))
    batch = view.gather(make_tables(records), index)
    assert view.kind == kind and batch.inputs.shape == (len(index), *view.input_shape(2))
    assert batch.inputs.dtype == batch.target.dtype == batch.weight.dtype == np.float32
    assert view.stitch(index, batch.target[..., None])["W0"].shape == (9, 1)
    assert view.read_ranges(index) == view.score_ranges(index) == {"W0": [(0, 9)], "W1": [(0, 5)]}
    room = view.room(index)
    assert room.shape == (len(index), 2) and np.all(room[:, 0] <= room[:, 1])
    empty = index[:0]
    assert (
        len(view.gather(make_tables(records), empty).inputs) == 0
        and view.stitch(empty, np.empty((0, *batch.target.shape[1:], 1))) == {}
    )


def test_the_table_lists_what_was_tested():
    assert set(VIEWS) == {"points", "windows", "patches", "sequences", "graphs"}


def test_an_unknown_view_gets_a_suggestion(make_records):
    with pytest.raises(ConfigError, match=r"did you mean 'windows'.*\n.*\nFix: kind = one of points, windows"):
        make("window", make_records([3]))


@given(ROWS)
def test_union_and_cover_agree_with_sets(rows):
    columns = np.array(rows, int).reshape(-1, 3)
    ranges = Ranges(columns[:, 0], columns[:, 1], columns[:, 1] + columns[:, 2])
    merged, offsets = union(ranges), np.array([0, 30, 60, 90])
    expected = {(r, i) for r, a, n in rows for i in range(a, a + n)}
    assert {(r, i) for r, a, b in zip(*map(np.ndarray.tolist, merged), strict=True) for i in range(a, b)} == expected
    assert set(np.flatnonzero(cover(ranges, offsets)).tolist()) == {30 * r + i for r, i in expected}
    apart = (merged.start[1:] > merged.stop[:-1]) | (merged.record[1:] > merged.record[:-1])
    assert apart.all()
    names = ("A", "B", "C")
    assert all(np.array_equal(a, b) for a, b in zip(from_names(by_name(merged, names), names), merged, strict=True))


def test_rows_are_grouped_by_record_in_any_order():
    assert by_record(np.array([2, 2, 0])) == [(2, slice(0, 2)), (0, slice(2, 3))]
    grouped = by_record(np.array([1, 0, 1]))
    assert [(r, rows.tolist()) for r, rows in grouped] == [(0, [1]), (1, [0, 2])]


def test_scattered_or_many_dimensional_footprints_are_refused():
    square = {"inline": np.zeros((1, 2)), "crossline": np.zeros((1, 2))}
    with pytest.raises(ConfigError, match=r"inline.*crossline.*\nFix: data.view"):
        along_one(Footprints(square))


def test_views_and_splits_import_neither_jax_nor_pandas():
    code = (
        "import sys, outcrop.view.windows, outcrop.view.points, outcrop.split.new, outcrop.split.audit;"
        "print([m for m in ('jax', 'pandas', 'xarray', 'sklearn', 'scipy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
