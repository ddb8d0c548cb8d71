"""Networks as examples: snapshots, context and lead, and the same snapshot divided between training and test."""

from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from outcrop.errors import ConfigError, DataError
from outcrop.records import Record
from outcrop.split.colour import NONE, TEST, TRAIN, VALIDATION
from outcrop.view.divided import divided
from outcrop.view.graphs import graphs


def network(times=6, nodes=5, name="stations", seed=0):
    rng = np.random.default_rng(seed)
    coords = {
        "time": np.arange(times),
        "station": [f"S{i}" for i in range(nodes)],
        "longitude": ("station", rng.uniform(-180, 180, nodes)),
        "latitude": ("station", rng.uniform(-90, 90, nodes)),
    }
    data = xr.Dataset({"v": (("time", "station"), np.zeros((times, nodes)))}, coords)
    return Record(data, name, dims=("time", "station"))


def tables_of(records):
    """Channel 0 numbers the samples from 1, channels 1 and 2 are the known target and whether it is there."""
    tables, first = {}, 1
    for record in records:
        count = (first + np.arange(len(record))).astype(np.float32)
        tables[record.name] = SimpleNamespace(
            inputs=np.stack([count, count, np.ones_like(count)], axis=1), target=count,
            weight=np.ones(len(record), np.float32), usable=np.ones(len(record), bool), owners=("x", "KNOWN", "KNOWN"),
        )  # fmt: skip
        first += len(record)
    return tables


def everything(view):
    return np.arange(len(view.origins))


@settings(max_examples=40, deadline=None)
@given(
    sizes=st.lists(st.tuples(st.integers(1, 6), st.integers(2, 6)), min_size=1, max_size=3),
    context=st.lists(st.integers(-2, 0), min_size=1, max_size=3, unique=True),
    lead=st.integers(0, 2),
)
def test_every_sample_that_has_a_past_comes_back(sizes, context, lead):
    records = [network(*size, name=f"R{i}", seed=i) for i, size in enumerate(sizes)]
    view, tables = graphs(records, "station", context=context, lead=lead), tables_of(records)
    if not len(view.origins):
        return
    batch = view.gather(tables, everything(view))
    most, features = view.input_shape(3)
    assert batch.inputs.shape[::2] == (len(view.origins), features) and batch.inputs.shape[1] <= most
    assert (batch.shared is None) == (len({*view.origins.record.tolist()}) > 1)
    back = view.stitch(everything(view), np.nan_to_num(batch.target)[..., None])
    first = 1
    for record, (times, nodes) in zip(records, sizes, strict=True):
        number = first + np.arange(times * nodes, dtype=float)
        number[: lead * nodes] = np.nan
        found = back.get(record.name, np.full((len(record), 1), np.nan))[:, 0]
        np.testing.assert_allclose(found, number)
        read = view.read_at(records.index(record))
        assert np.all(read[read >= 0] == np.flatnonzero(read >= 0) - lead * nodes)
        first += len(record)


def test_context_is_read_at_every_node_and_clipped_at_the_ends():
    record = network(4, 3)
    view = graphs([record], "station", context=(-2, 0), lead=1)
    inputs = view.gather(tables_of([record]), everything(view)).inputs.reshape(3, 3, 2, 3)[..., 0]
    assert inputs[:, 0, 1].tolist() == [1, 4, 7] and inputs[:, 0, 0].tolist() == [1, 1, 1]
    assert inputs[2, 2].tolist() == [3, 9]


def test_networks_of_different_sizes_are_padded_without_weight_or_links():
    records = [network(2, 3, "A"), network(2, 5, "B", 1)]
    view = graphs(records, "station", neighbours=2)
    batch = view.gather(tables_of(records), everything(view))
    assert batch.shared is None and batch.inputs.shape[1] == 5
    assert batch.weight.sum(axis=1).tolist() == [3, 3, 5, 5] and not batch.inputs[0, 3:].any()
    assert batch.static.present.sum(axis=1).tolist() == [6, 6, 10, 10]
    assert batch.static.nodes.sum(axis=1).tolist() == [3, 3, 5, 5]


def test_all_batches_of_a_part_have_one_structure():
    """Batches are stacked for compiled steps: which examples they happen to hold must not change their shapes."""
    records = [network(3, 3, "A"), network(3, 5, "B", 1)]
    view, tables = graphs(records, "station", neighbours=2), tables_of(records)
    shapes = {tuple(a.shape[1:] for a in view.gather(tables, np.array(two)).static) for two in ([0, 1], [3, 4], [2, 5])}
    assert len(shapes) == 1
    same = [network(3, 4, "A"), network(5, 4, "B")]  # one network, measured in two periods
    twice = graphs(same, "station", neighbours=2)
    for some in ([0, 1], [0, 4], [5, 6]):
        batch = twice.gather(tables_of(same), np.array(some))
        assert batch.static is None and len(batch.shared.senders) == 8


def test_links_are_measured_in_one_unit_however_few_nodes_a_part_reads():
    record = network(2, 9)
    view = graphs([record], "station", neighbours=8)
    parts = divided(view, [split_stations(record)], past=[False])
    whole, few = view.graph(0), parts.graph(int(np.flatnonzero(parts.part == TRAIN)[0]))
    assert set(np.round(few.features[:, 0], 5)) < set(np.round(whole.features[:, 0], 5))
    unit = view.settled["unit_m"]
    assert unit == 10 ** round(np.log10(unit)) and 0.3 < np.median(whole.features[:, 0]) < 3.2
    again = graphs([network(1, 4, seed=3)], "station", **view.settled)
    assert again.settled == view.settled


def split_stations(record, test=("S0",), validation=("S1",)):
    names = record.data["station"].to_numpy()
    code = np.where(np.isin(names, test), TEST, np.where(np.isin(names, validation), VALIDATION, TRAIN))
    return np.broadcast_to(code, record.shape).ravel().astype(np.int8)


@pytest.mark.parametrize("hide", [0.0, 0.4])
def test_a_new_station_reads_known_ones_and_training_never_sees_it(hide):
    record = network(6, 5)
    view = graphs([record], "station", hide=hide, known="KNOWN")
    parts = divided(view, [split_stations(record)], past=[False])
    tables = tables_of([record])
    of = {code: np.flatnonzero(parts.part == code) for code in (TRAIN, VALIDATION, TEST)}
    assert [len(of[code]) for code in (TRAIN, VALIDATION, TEST)] == [6, 6, 6]
    read = {code: {tuple(parts.origins[i].reads["station"]) for i in of[code]} for code in of}
    assert read == {TRAIN: {(2, 3, 4)}, VALIDATION: {(1, 2, 3, 4)}, TEST: {(0, 1, 2, 3, 4)}}
    batch = parts.gather(tables, of[TEST])
    assert batch.weight.sum(axis=1).tolist() == [1] * 6 and np.all(batch.weight[:, 0] == 1)
    known = batch.inputs[..., 2]
    assert known[:, 0].tolist() == ([0] * 6 if hide else [1] * 6) and np.all(known[:, 1:] == 1)
    training = parts.gather(tables, of[TRAIN], rng=np.random.default_rng(0))
    scored = training.weight > 0
    assert np.all(scored.sum(axis=1) >= 1)
    if hide:
        np.testing.assert_array_equal(training.inputs[..., 2] == 0, scored)  # hidden where scored, known elsewhere
        assert not scored.all()
    rows = parts.rows(of[TEST])
    assert set(rows.sample % 5) == {0}
    back = parts.stitch(of[TEST], batch.target[..., None])[record.name].reshape(6, 5)
    assert np.isfinite(back[:, 0]).all() and np.isnan(back[:, 1:]).all()


@settings(max_examples=60, deadline=None)
@given(times=st.integers(1, 6), nodes=st.integers(2, 7), seed=st.integers(0, 999), past=st.booleans(), data=st.data())
def test_parts_never_share_a_scored_sample_and_training_reads_training_only(times, nodes, seed, past, data):
    record = network(times, nodes, seed=seed)
    rng = np.random.default_rng(seed)
    colours = rng.choice([NONE, TRAIN, VALIDATION, TEST], len(record)).astype(np.int8)
    context = data.draw(st.sampled_from([(0,), (-1, 0), (-2, -1)]))
    view = divided(graphs([record], "station", context=context, hide=0.3), [colours], past=[past])
    cells, origins = view.cells, view.origins
    seen = np.zeros(len(record), int)
    for code in (TRAIN, VALIDATION, TEST):
        index = np.flatnonzero(view.part == code)
        scored = cells.cover(origins.record[index], origins.scores.take(index))
        read = cells.cover(origins.record[index], origins.reads.take(index))
        assert np.all(colours[scored] == code)
        allowed = (TRAIN,) if code == TRAIN else (*((NONE,) if past else ()), *range(TRAIN, code + 1))
        assert np.isin(colours[read], allowed).all()
        seen += scored
    assert seen.max(initial=0) <= 1


def test_meshes_and_rivers_are_linked_as_stated():
    record = network(2, 4)
    elements = ("element", "corner"), np.array([[0, 1, 2], [1, 2, 3]])
    meshed = record.with_data(record.data.assign(elements=elements))
    made = graphs([meshed], "station", edges="mesh").graph(0)
    assert len(made.senders) == 10
    flowing = graphs([record], "station", edges="directed", links=[("S0", "S1"), ("S1", "S3")]).graph(0)
    assert sorted(zip(flowing.senders.tolist(), flowing.receivers.tolist(), strict=True)) == [(0, 1), (1, 3)]


def test_what_a_network_needs_is_asked_for():
    record = network()
    bare = record.with_data(record.data.drop_vars(["longitude", "latitude"]))
    cases = [
        (ConfigError, {"nodes": "stations"}, "did you mean 'station'"),
        (ConfigError, {"edges": "near"}, "Fix: edges = one of knn"),
        (ConfigError, {"edges": "radius"}, "Fix: radius_m = 50000"),
        (ConfigError, {"edges": "directed"}, "Fix: links ="),
        (ConfigError, {"hide": 1.0}, "Fix: hide = 0.3"),
    ]
    for error, arguments, words in cases:
        with pytest.raises(error, match=f"(?s){words}"):
            graphs([record], **{"nodes": "station", **arguments})
    with pytest.raises(DataError, match=r"(?s)need places.*Fix: frame\.easting"):
        graphs([bare], "station").graph(0)
    with pytest.raises(DataError, match=r'(?s)no elements.*Fix: edges = "knn"'):
        graphs([record], "station", edges="mesh").graph(0)
