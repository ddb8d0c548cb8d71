"""Sequences: what is read, known and scored, in their records, on grids, moved and stitched back."""

from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from outcrop.errors import ConfigError, DataError
from outcrop.records import Record
from outcrop.view.sequences import sequences
from outcrop.view.span import Span

SPANS = st.one_of(
    st.builds(
        lambda history, horizon, lead, known: {
            "history": history, "horizon": horizon, "lead": lead, "known_future": ("rain",) if known else (),
        },
        st.integers(1, 7), st.integers(1, 4), st.integers(1, 3), st.booleans(),
    ),
    st.builds(lambda up, more: {"history": up + more, "spin_up": up}, st.integers(0, 5), st.integers(1, 6)),
)  # fmt: skip


def series(lengths):
    data = [xr.Dataset(coords={"time": np.arange(n)}) for n in lengths]
    return [Record(own, f"W{i}") for i, own in enumerate(data)]


def tables_of(records):
    """Channel 0 (rain) is the number of the sample over all records plus 1, channel 1 (head) the same negated."""
    tables, first = {}, 1
    for record in records:
        count = (first + np.arange(len(record))).astype(np.float32)
        tables[record.name] = SimpleNamespace(
            inputs=np.stack([count, -count], axis=1), target=count, weight=np.ones(len(record), np.float32),
            usable=np.ones(len(record), bool), owners=("rain", "head"), channels=("rain", "head"),
        )  # fmt: skip
        first += len(record)
    return tables


def everything(view):
    return np.arange(len(view.origins))


@settings(max_examples=120, deadline=None)
@given(lengths=st.lists(st.integers(1, 40), min_size=1, max_size=3), span=SPANS, ragged=st.booleans(), data=st.data())
def test_reads_and_scores_are_what_the_span_says(lengths, span, ragged, data):
    records = series(lengths)
    made = Span(**span)
    assume(max(lengths) >= made.length)
    stride = data.draw(st.integers(1, made.scored))
    view = sequences(records, **span, stride=stride, ragged=ragged)
    tables, index = tables_of(records), everything(view)
    batch = view.gather(tables, index)
    assert batch.inputs.shape == (len(index), *view.input_shape(2))
    offsets = np.cumsum([0, *lengths])
    for row, which in enumerate(view.origins.record.tolist()):
        steps = view.start[row] + np.arange(made.length)
        inside = (steps >= 0) & (steps < lengths[which])
        numbers = np.where(inside, offsets[which] + steps + 1, 0)
        known = np.arange(made.length) < made.history
        np.testing.assert_array_equal(batch.inputs[row, :, 0], numbers * (known | ("rain" in made.known_future)))
        np.testing.assert_array_equal(batch.inputs[row, :, 1], -numbers * known)
        scored = inside & (np.arange(made.length) >= made.first)
        np.testing.assert_array_equal(batch.weight[row] > 0, scored)
        np.testing.assert_array_equal(batch.target[row][scored], numbers[scored])
        assert np.isnan(batch.target[row][~scored]).all()


@settings(max_examples=120, deadline=None)
@given(lengths=st.lists(st.integers(1, 40), min_size=1, max_size=3), span=SPANS, ragged=st.booleans(), data=st.data())
def test_every_sample_that_can_be_predicted_is_and_comes_back(lengths, span, ragged, data):
    records = series(lengths)
    made = Span(**span)
    assume(max(lengths) >= made.length)
    view = sequences(records, **span, stride=data.draw(st.integers(1, made.scored)), ragged=ragged)
    index = everything(view)
    numbers = view.gather(tables_of(records), index).target[..., None]
    rows, answers = view.rows(index), view.answers(index, np.nan_to_num(numbers))
    offsets = view.cells.offsets
    np.testing.assert_allclose(answers[:, 0], rows.flat(offsets) + 1)
    stitched = view.stitch(index, np.nan_to_num(numbers))
    for which, length in enumerate(lengths):
        first = (made.lead if made.horizon else 0) if ragged else made.first
        earliest = first if length >= made.length or ragged else length
        if ragged and length - made.length < -(made.history - 1 if made.horizon else made.spin_up):
            earliest = length  # too short even for the shortest history
        wanted = np.where(np.arange(length) >= earliest, offsets[which] + np.arange(length) + 1.0, np.nan)
        found = stitched.get(f"W{which}", np.full((length, 1), np.nan))[:, 0]
        np.testing.assert_allclose(found, wanted)
        read = view.read_at(which)
        np.testing.assert_array_equal(read >= 0, np.isfinite(wanted))
        if made.horizon:
            ahead = (np.arange(length) - read)[read >= 0]
            assert np.all((ahead >= made.lead) & (ahead < made.lead + made.horizon))
        else:
            np.testing.assert_array_equal(read[read >= 0], np.flatnonzero(read >= 0))


def test_a_forecast_has_a_row_for_each_lead_and_the_best_informed_is_written():
    view = sequences(series([8]), 3, horizon=3, stride=1)
    index = everything(view)
    rows = view.rows(index)
    assert list(zip(rows.sample.tolist(), (rows.sample - rows.read).tolist(), strict=True)) == [
        (3, 1), (4, 2), (4, 1), (5, 3), (5, 2), (5, 1), (6, 3), (6, 2), (7, 3),
    ]  # fmt: skip
    values = np.zeros((3, 6, 1))
    values[:, 3:, 0] = np.arange(3)[:, None]  # every forecast says the number of its example
    assert view.stitch(index, values)["W0"][3:, 0].tolist() == [0, 1, 2, 2, 2]


@settings(max_examples=60, deadline=None)
@given(length=st.integers(8, 60), span=SPANS, seed=st.integers(0, 99))
def test_moved_sequences_stay_inside_what_their_part_touches(length, span, seed):
    records, made = series([length]), Span(**span)
    assume(length >= made.length)
    view, rng = sequences(records, **span), np.random.default_rng(seed)
    part = np.flatnonzero(rng.random(len(view.origins)) < 0.6)
    assume(len(part) > 0)
    origins = view.origins.take(part)
    cells = view.cells
    allowed = cells.cover(origins.record, origins.reads) | cells.cover(origins.record, origins.scores)
    room = view.room(part)[part]
    assert np.all(room[:, 0] <= view.start[part]) and np.all(room[:, 1] >= view.start[part])
    assert np.abs(room - view.start[part][:, None]).max() <= view.stride // 2
    for low, high, start in zip(*room.T.tolist(), view.start[part].tolist(), strict=True):
        for moved in {low, high} - {start}:
            assert allowed[moved : moved + made.length].all()
    batch = view.gather(tables_of(records), part, rng=rng, room=view.room(part))
    assert set(batch.target[batch.weight > 0].astype(int) - 1) <= set(np.flatnonzero(allowed))


def test_sequences_on_a_grid_stand_at_single_places_or_over_boxes():
    shape, dims = (9, 4, 5), ("time", "latitude", "longitude")
    coords = {dim: np.arange(size, dtype=float) for dim, size in zip(dims, shape, strict=True)}
    record = Record(xr.Dataset({"v": (dims, np.zeros(shape))}, coords), "field", dims=dims)
    tables = tables_of([record])
    single = sequences([record], 3, horizon=2)
    assert single.input_shape(2) == (5, 2) and len(single.origins) == 3 * 20  # 6 scored steps in 3 sequences, 20 places
    over = sequences([record], 3, horizon=2, size={"latitude": 4, "longitude": 3}, area_weight=False)
    assert over.input_shape(2) == (5, 4, 3, 2)
    for view in (single, over):
        index = everything(view)
        batch = view.gather(tables, index)
        back = view.stitch(index, np.nan_to_num(batch.target)[..., None])["field"][:, 0].reshape(shape)
        assert np.isnan(back[:3]).all()
        np.testing.assert_allclose(back[3:].ravel(), np.arange(60, 180) + 1, rtol=1e-6)
        assert (batch.inputs[:, 3:] == 0).all()
        rows = view.rows(index)
        assert len(rows) == 6 * 20 and set((rows.sample - rows.read) // 20) == {1, 2}
        moved = view.gather(tables, index, rng=np.random.default_rng(0))
        assert moved.inputs.shape == batch.inputs.shape


def test_a_forecast_does_not_count_where_its_last_sample_lacks_a_demanded_input():
    records = series([6])
    tables = tables_of(records)
    tables["W0"].usable[2] = False
    weight = sequences(records, 2, horizon=1).gather(tables, np.arange(4)).weight
    assert (weight.sum(axis=1) > 0).tolist() == [True, False, True, True]


@pytest.mark.parametrize(
    "arguments, words",
    [
        ({"history": 0}, "history >= 1"),
        ({"history": 4, "spin_up": 4}, "nothing of a history of 4 samples is left"),
        ({"history": 4, "horizon": 2, "spin_up": 1}, "no spin_up"),
        ({"history": 4, "horizon": 2, "stride": 3}, "leaves samples between"),
        ({"history": 4, "known_future": ("rain",)}, "knows all of them"),
        ({"history": 4, "along": "tyme"}, "do not run along 'tyme'"),
    ],
)
def test_impossible_spans_are_refused_with_a_line_to_paste(arguments, words):
    with pytest.raises(ConfigError, match=rf"(?s){words}.*Fix: "):
        sequences(series([20]), **arguments)


def test_records_that_are_too_short_are_named_with_their_length():
    with pytest.raises(DataError, match=r"has the 30 samples.*longest has 20.\n.*\nFix: a shorter history"):
        sequences(series([20, 3]), 28, horizon=2)


@pytest.mark.parametrize("known", [(), ("rain",)])
def test_inputs_may_keep_their_last_value_over_the_horizon(known):
    records = series([12])
    view = sequences(records, 3, horizon=4, lead=2, known_future=known, unknown_future="last")
    inputs = view.gather(tables_of(records), np.array([0])).inputs[0]  # channel 0 counts 1, 2, ...; channel 1 is -that
    assert inputs[:, 1].tolist() == [-1, -2, -3, *[-3] * 5]
    assert inputs[3:, 0].tolist() == ([4, 5, 6, 7, 8] if known else [3] * 5)
    masked = tables_of(records)
    masked["W0"].owners, masked["W0"].channels = ("rain", "rain"), ("rain", "rain_present")
    told = view.gather(masked, np.array([0])).inputs[0, :, 1].tolist()
    assert told == (list(range(-1, -9, -1)) if known else [-1, -2, -3, *[0] * 5])  # a last value is no present one
    stray = tables_of(records)
    stray["W0"].inputs[3:] = 99  # what is not known yet changes nothing
    same = view.gather(stray, np.array([0])).inputs[0]
    assert np.array_equal(same[:, 1], inputs[:, 1]) and np.array_equal(same[:3], inputs[:3])
