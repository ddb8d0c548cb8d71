"""What is interpolated to the nodes of an example: against closed forms and SciPy, and blind to what is hidden."""

from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr

from outcrop.data.space import cartesian
from outcrop.errors import ConfigError
from outcrop.records import Record
from outcrop.split.colour import TEST, TRAIN
from outcrop.view.divided import divided
from outcrop.view.graphs import graphs
from outcrop.view.interpolated import UNKNOWN, interpolated, weights

LINE = np.stack([1000.0 * np.arange(5), np.zeros(5)], axis=1)
TREND = np.array([[0.0, 1.0, 2.0, 3.0, 4.0]])


def told(known, values=TREND, nodes=None, points=LINE):
    places = np.arange(len(points))[None] if nodes is None else nodes
    return interpolated(points, places, values, np.asarray(known)[None] > 0, 1000.0)[0].T


def test_on_a_line_it_is_linear_between_neighbours_and_the_nearest_value_beyond():
    spread, estimate = told([1, 0, 0, 1, 0])
    np.testing.assert_allclose(estimate[[1, 2]], [1.0, 2.0], atol=0.01)
    assert estimate[4] == pytest.approx(3.0, abs=0.02)
    np.testing.assert_allclose(estimate[[0, 3]], [3.0, 0.0], atol=0.02)  # known themselves: the other one's value
    assert spread[1] == pytest.approx(spread[2], rel=0.01) and spread[4] > spread[2] > 0


def test_nothing_known_and_one_known():
    spread, estimate = told([0, 0, 0, 0, 0])
    assert (spread == UNKNOWN).all() and not estimate.any()
    spread, estimate = told([0, 0, 1, 0, 0])
    np.testing.assert_allclose(estimate, [2, 2, 0, 2, 2])
    assert spread[2] == UNKNOWN and spread[0] > spread[1] > 0


def test_weights_are_those_of_kriging_with_a_linear_variogram():
    rng = np.random.default_rng(0)
    known, wanted = rng.uniform(0, 1e5, (9, 2)), rng.uniform(0, 1e5, (4, 2))
    near, weight, spread = weights(known, wanted, np.full(4, -1))
    np.testing.assert_allclose(weight.sum(axis=1), 1)
    ones = np.ones((9, 1))
    between = np.linalg.norm(known[:, None] - known[None], axis=-1)
    system = np.block([[between, ones], [ones.T, np.zeros((1, 1))]])
    right = np.linalg.norm(known[:, None] - wanted[None], axis=-1)
    exact = np.linalg.solve(system, np.vstack([right, np.ones((1, 4))]))
    mine = np.zeros((4, 9))
    np.put_along_axis(mine, near, weight, axis=1)
    np.testing.assert_allclose(mine, exact[:9].T, atol=0.01)
    np.testing.assert_allclose(spread**2, (exact * np.vstack([right, np.ones((1, 4))])).sum(axis=0), rtol=0.02)


def test_two_nodes_at_one_place_and_neighbours_over_the_date_line():
    twice = np.concatenate([LINE, LINE[:1]])
    _, estimate = told([1, 0, 0, 1, 0, 1], np.array([[0.0, 0, 0, 3, 0, 0.2]]), points=twice)
    assert np.isfinite(estimate).all() and estimate[0] == pytest.approx(0.2, abs=0.05)
    around = cartesian({"longitude": np.array([179.0, -179.0, 0.0]), "latitude": np.zeros(3)})
    _, estimate = told([0, 1, 1], np.array([[0.0, 5.0, 9.0]]), points=around)
    assert estimate[0] == pytest.approx(5, abs=0.1)


@pytest.fixture
def view():
    """Six snapshots of five nodes, the last two of which a promise holds out."""
    coords = {"time": np.arange(6), "easting": ("node", LINE[:, 0]), "northing": ("node", LINE[:, 1])}
    record = Record(xr.Dataset({"v": (("time", "node"), np.zeros((6, 5)))}, coords), "A", dims=("time", "node"))
    whole = graphs([record], "node", context=[-1, 0], hide=0.5, known="KNOWN", interpolate=True, edges="knn")
    return divided(whole, [np.tile([TRAIN, TRAIN, TRAIN, TEST, TEST], 6)], past=[False])


def tables(values):
    flat = values.ravel().astype(np.float32)
    there = np.isfinite(flat)
    inputs = np.stack([np.nan_to_num(flat), there], axis=1).astype(np.float32)
    return {"A": SimpleNamespace(inputs=inputs, target=flat, weight=there * np.float32(1), usable=there | True,
                                 owners=("KNOWN", "KNOWN"))}  # fmt: skip


def test_the_estimate_is_the_last_feature_and_does_not_see_hidden_nodes(view):
    values = np.random.default_rng(1).normal(size=(6, 5))
    test = np.flatnonzero(view.part == TEST)
    inputs = view.gather(tables(values), test).inputs
    assert inputs.shape == (6, *view.input_shape(2)) == (6, 5, 6)
    other = values.copy()
    other[:, 3:] += 100
    np.testing.assert_array_equal(inputs, view.gather(tables(other), test).inputs)
    by_hand = interpolated(LINE, np.arange(5)[None], values[:1], np.array([[True, True, True, False, False]]), 1000.0)
    np.testing.assert_allclose(inputs[0, :, -2:], by_hand[0], rtol=1e-5)


def test_in_training_it_follows_what_is_drawn(view):
    values = np.random.default_rng(1).normal(size=(6, 5))
    train = np.flatnonzero(view.part == TRAIN)
    batch = view.gather(tables(values), train, rng=np.random.default_rng(3))
    hidden = batch.weight > 0
    assert hidden.any(axis=1).all() and not hidden.all()
    for row in range(len(train)):
        expected = interpolated(LINE[:3], np.arange(3)[None], values[row : row + 1, :3], ~hidden[row][None], 1000.0)
        np.testing.assert_allclose(batch.inputs[row, :, -2:], expected[0], rtol=1e-5)


def test_it_needs_places_and_something_known(view):
    records = view.cells.records
    with pytest.raises(ConfigError, match=r"hide = 0.5"):
        graphs(records, "node", interpolate=True)
    bare = Record(records[0].data.drop_vars(["easting", "northing"]), "B", dims=("time", "node"))
    with pytest.raises(ConfigError, match="coordinates easting and northing"):
        graphs([bare], "node", edges="directed", links=[("0", "1")], hide=0.5, known="K", interpolate=True)
