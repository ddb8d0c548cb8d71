import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outcrop.errors import ConfigError, DataError
from outcrop.view.points import context_offsets, points

LENGTHS = st.lists(st.integers(1, 30), min_size=1, max_size=4)


def everything(view):
    return np.arange(len(view.origins))


@settings(max_examples=40, deadline=None)
@given(lengths=LENGTHS, seed=st.integers(0, 99))
def test_gather_then_stitch_gives_the_target_back_once_per_sample(make_records, make_tables, lengths, seed):
    records = make_records(lengths)
    view, tables = points(records, context=(-3, 0, 2)), make_tables(records)
    index = np.random.default_rng(seed).permutation(len(view.origins))
    back = view.stitch(index, view.gather(tables, index).target[:, None])
    assert len(view.origins) == sum(lengths)
    for record in records:
        assert np.array_equal(back[record.name][:, 0], tables[record.name].target)


@settings(max_examples=40, deadline=None)
@given(lengths=LENGTHS, lead=st.integers(0, 4))
def test_context_never_leaves_its_record(make_records, make_tables, lengths, lead):
    records = make_records(lengths)
    view = points(records, context=(-9, 0, 7), lead=lead)
    if not len(view.origins):
        return
    batch = view.gather(make_tables(records), everything(view))
    which = batch.inputs.reshape(len(view.origins), 3, 2)[:, :, 1]
    assert np.array_equal(which, np.repeat(view.origins.record[:, None], 3, axis=1))
    reads = view.origins.reads.ranges["depth"]
    assert np.all(reads[:, 0] >= 0) and np.all(reads[:, 1] <= view.cells.shapes[view.origins.record, 0])


def test_features_run_offset_by_offset_and_repeat_the_end_sample(make_records, make_tables):
    records = make_records([5, 3])
    view = points(records, context=(-1, 1))
    batch = view.gather(make_tables(records), np.array([0, 4, 5]))
    assert batch.inputs.tolist() == [[0, 0, 1, 0], [3, 0, 4, 0], [5, 1, 6, 1]]
    assert view.input_shape(2) == (4,) and view.read_size == 3


def test_lead_reads_the_past_and_scores_ahead(make_records, make_tables):
    records = make_records([6], dim="time")
    view = points(records, context=(-1, 0), lead=2, edge="drop")
    batch = view.gather(make_tables(records), everything(view))
    assert batch.inputs[:, [0, 2]].tolist() == [[0, 1], [1, 2], [2, 3]]
    assert batch.target.tolist() == [3, 4, 5]
    assert view.origins.reads.ranges["time"].tolist() == [[0, 2], [1, 3], [2, 4]]
    assert view.origins.scores.ranges["time"].tolist() == [[3, 4], [4, 5], [5, 6]]
    assert view.origins.position["time"].tolist() == [3, 4, 5]
    assert view.read_ranges([0, 2]) == {"W0": [(0, 4)]} and view.score_ranges([0, 2]) == {"W0": [(3, 4), (5, 6)]}
    assert np.isnan(view.stitch(everything(view), batch.target[:, None])["W0"][:3]).all()


def test_a_target_ahead_of_an_unusable_sample_has_no_weight(make_records, make_tables):
    records = make_records([4])
    tables = make_tables(records)
    tables["W0"].usable[1] = False
    view = points(records, lead=1)
    assert view.gather(tables, everything(view)).weight.tolist() == [1, 0, 1]


def test_missing_inputs_pass_through_for_trees(make_records, make_tables):
    records = make_records([4])
    tables = make_tables(records)
    tables["W0"].inputs[2, 0] = np.nan
    batch = points(records, context=(0, 1)).gather(tables, np.arange(4))
    assert np.isnan(batch.inputs[:, 0]).tolist() == [False, False, True, False]
    assert np.isnan(batch.inputs[:, 2]).tolist() == [False, True, False, False]


def test_tables_without_a_target_give_inputs_only(make_records, make_tables):
    records = make_records([4])
    tables = make_tables(records)
    tables["W0"].target = None
    batch = points(records).gather(tables, np.arange(4))
    assert batch.target is None and batch.weight is None and batch.inputs.shape == (4, 2)


def test_only_labelled_samples_become_examples(make_records):
    records = make_records([4, 3])
    view = points(records, lead=1, labelled={"W0": np.array([True, False, True, False])})
    assert view.origins.scores.ranges["depth"].tolist() == [[2, 3]]


def test_origins_carry_groups_and_positions(make_records):
    view = points(make_records([2, 1], field=["Troll", "Oseberg"]))
    assert view.origins.group("field").tolist() == ["Troll", "Troll", "Oseberg"]
    assert view.origins.position["easting"].tolist() == [0, 0, 1000]
    assert view.origins[2].groups == {"record": "W1", "well": "W1", "field": "Oseberg"}


@pytest.mark.parametrize(
    ("length", "offsets"),
    [(0, (0,)), (2, (-1, 0, 1)), (8, (-4, -1, 0, 1, 4)), (31, (-4, -1, 0, 1, 4)), (32, (-16, -4, -1, 0, 1, 4, 16))],
)
def test_context_offsets_quadruple(length, offsets):
    assert context_offsets(length) == offsets


def test_errors_name_the_fix(make_records):
    records = make_records([3, 4])
    with pytest.raises(ConfigError, match=r"context = \[0\]"):
        points(records, context=())
    with pytest.raises(ConfigError, match='edge = "nearest" or "drop"'):
        points(records, edge="wrap")
    with pytest.raises(DataError, match="name at least one file"):
        points([])
    with pytest.raises(DataError, match="rename or remove one"):
        points([records[0], records[0]])
    with pytest.raises(DataError, match="set the same `axis`"):
        points([records[0], make_records([2, 3], dim="time")[1]])
    with pytest.raises(DataError, match="make the mask from the resolved record"):
        points(records, labelled={"W0": np.ones(9, bool)})


def test_gather_of_240_000_examples_is_quick(make_records, make_tables):
    records = make_records([8000] * 30)
    tables = make_tables(records)
    for table in tables.values():
        table.inputs = np.tile(table.inputs, (1, 6))
    view = points(records, context=range(-10, 10))
    index, best = everything(view), np.inf
    for _ in range(3):
        start = time.process_time()
        assert view.gather(tables, index).inputs.shape == (240_000, 240)
        best = min(best, time.process_time() - start)
    assert best < 1.0
