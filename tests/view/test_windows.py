import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outcrop.errors import ConfigError
from outcrop.view.taper import hann
from outcrop.view.windows import windows

LENGTHS = st.lists(st.integers(1, 60), min_size=1, max_size=4)
SIZES = st.integers(1, 12).flatmap(lambda n: st.tuples(st.just(n), st.integers(1, n)))


def everything(view):
    return np.arange(len(view.origins))


@settings(max_examples=60, deadline=None)
@given(lengths=LENGTHS, sizes=SIZES, classes=st.booleans())
def test_gather_then_stitch_gives_every_sample_back(make_records, make_tables, lengths, sizes, classes):
    records = make_records(lengths)
    view, tables = windows(records, *sizes), make_tables(records, classes)
    back = view.stitch(everything(view), view.gather(tables, everything(view)).target[..., None].astype(np.float32))
    assert set(back) == {record.name for record in records}
    for record in records:
        assert np.allclose(back[record.name][:, 0], tables[record.name].target, rtol=1e-6)


@settings(max_examples=60, deadline=None)
@given(lengths=LENGTHS, sizes=SIZES, seed=st.integers(0, 9))
def test_no_window_leaves_its_record_moved_or_not(make_records, make_tables, lengths, sizes, seed):
    records = make_records(lengths)
    view = windows(records, *sizes)
    reads, scores = view.origins.reads.ranges["depth"], view.origins.scores.ranges["depth"]
    size = view.lengths[view.origins.record]
    assert np.all(reads[:, 0] >= 0) and np.all(scores[:, 1] <= size) and np.all(reads == scores)
    batch = view.gather(make_tables(records), everything(view), rng=np.random.default_rng(seed))
    real = batch.weight > 0
    assert np.array_equal(real.sum(axis=1), reads[:, 1] - reads[:, 0])
    assert np.all((batch.inputs[..., 1] == view.origins.record[:, None])[real])
    assert np.all((batch.target - batch.inputs[..., 0])[real] == 0)


@settings(max_examples=60, deadline=None)
@given(lengths=LENGTHS, sizes=SIZES, seed=st.integers(0, 9))
def test_moved_windows_stay_inside_what_their_part_reads(make_records, make_tables, lengths, sizes, seed):
    records = make_records(lengths)
    view, tables, rng = windows(records, *sizes), make_tables(records), np.random.default_rng(seed)
    part = np.flatnonzero(rng.random(len(view.origins)) < 0.5)
    if not len(part):
        return
    batch = view.gather(tables, part, rng=rng, room=view.room(part))
    firsts = {record.name: tables[record.name].inputs[0, 0] for record in records}
    allowed = {
        firsts[name] + i for name, spans in view.read_ranges(part).items() for a, b in spans for i in range(a, b)
    }
    assert set(batch.inputs[..., 0][batch.weight > 0].tolist()) <= allowed


def test_windows_move_when_there_is_room(make_records, make_tables):
    view = windows(make_records([100]), 20)
    tables, index = make_tables(make_records([100])), everything(view)
    starts = view.gather(tables, index, rng=np.random.default_rng(0)).inputs[:, 0, 0]
    still = view.gather(tables, index).inputs[:, 0, 0]
    assert np.any(starts != still) and np.abs(starts - still).max() <= view.stride // 2


def test_the_last_window_ends_with_the_record(make_records):
    view = windows(make_records([11, 8]), 4, 3)
    assert view.origins.reads.ranges["depth"].tolist() == [[0, 4], [3, 7], [6, 10], [7, 11], [0, 4], [3, 7], [4, 8]]
    assert view.read_size == 4 and view.input_shape(2) == (4, 2)


def test_a_short_record_is_padded_without_weight(make_records, make_tables):
    records = make_records([2, 5])
    view = windows(records, 4)
    batch = view.gather(make_tables(records, classes=True), np.array([0]))
    assert batch.inputs[0].tolist() == [[0, 0], [1, 0], [0, 0], [0, 0]]
    assert batch.target[0].tolist() == [0, 1, -1, -1] and batch.weight[0].tolist() == [1, 1, 0, 0]
    assert view.origins.scores.ranges["depth"][0].tolist() == [0, 2]


@pytest.mark.parametrize("classes", [True, False])
def test_a_record_without_a_target_has_no_weight_beside_others(make_records, make_tables, classes):
    records = make_records([6, 4])
    view, tables = windows(records, 4), make_tables(records, classes)
    tables["W0"].target = tables["W0"].weight = None
    batch = view.gather(tables, everything(view))
    unlabelled = view.origins.record == 0
    assert np.all(batch.weight[unlabelled] == 0) and np.all(batch.weight[~unlabelled] == 1)
    missing = batch.target == -1 if classes else np.isnan(batch.target)
    assert np.array_equal(missing.all(axis=1), unlabelled)
    assert view.gather(tables, np.flatnonzero(unlabelled)).target is None


def test_windows_without_a_label_are_left_out(make_records):
    mask = np.zeros(12, bool)
    mask[5] = True
    view = windows(make_records([12, 7]), 4, 4, labelled={"W0": mask})
    assert view.origins.reads.ranges["depth"].tolist() == [[4, 8]]
    assert np.isnan(view.stitch(np.array([0]), np.ones((1, 4, 1)))["W0"][:4]).all()


def test_taper_weights_blend_towards_the_nearer_centre(make_records):
    view = windows(make_records([6]), 4, 2)
    back = view.stitch(np.array([0, 1]), np.stack([np.zeros((4, 1)), np.ones((4, 1))]))["W0"][:, 0]
    w = hann(4)
    assert np.allclose(back, [0, 0, w[0] / (w[0] + w[2]), w[1] / (w[1] + w[3]), 1, 1])


def test_position_is_the_centre_of_what_is_scored(make_records):
    assert windows(make_records([9]), 5, 4).origins.position["depth"].tolist() == [2, 6]


@pytest.mark.parametrize("sizes", [(0, None), (8, 9), (8, 0)])
def test_impossible_sizes_are_refused_with_a_line_to_paste(make_records, sizes):
    with pytest.raises(ConfigError, match=r'view = \{kind = "windows", length = 256'):
        windows(make_records([30]), *sizes)
