"""Interpolation between nodes against closed forms, SciPy and GSTools."""

import numpy as np
import pytest
from scipy.interpolate import LinearNDInterpolator

from gridded_files import need
from outcrop.data.space import cartesian
from outcrop.errors import DataError
from outcrop.evaluate import spatial
from outcrop.evaluate.baselines import Table, fit_predict
from outcrop.evaluate.spatial import Space
from outcrop.split.variogram import Variogram, of_pairs, spherical

NAMES = ("other_nodes", "nearest_node", "inverse_distance", "linear_interpolation", "kriging")


def space_of(points, node, known, values):
    """One snapshot for every row of `known`; row i asks for node[i] in snapshot i."""
    start = np.cumsum([0, *map(len, known)])
    return Space(points, np.asarray(node), np.arange(len(node)), start, np.concatenate(known), np.concatenate(values))


def table(space, level=5.0):
    size = len(space.node)
    return Table(np.empty((size, 0), np.float32), np.full(size, level), space=space)


@pytest.fixture
def line():
    """Five nodes 1 km apart; the third is asked for, at first from three others, then from none, then from one."""
    points = np.stack([1000.0 * np.arange(5), np.zeros(5)], axis=1)
    known = [np.array([0, 1, 4]), np.array([], int), np.array([4])]
    return space_of(points, [2, 2, 2], known, [np.array([8.0, 2.0, 11.0]), np.array([]), np.array([7.0])])


def test_nodes_on_a_line_by_hand(line):
    train = table(line)
    found = {name: fit_predict(name, train, table(line)).values for name in NAMES[:4]}
    assert found["other_nodes"].tolist() == [7.0, 5.0, 7.0]
    assert found["nearest_node"].tolist() == [2.0, 5.0, 7.0]
    weights = np.array([1 / 4, 1, 1 / 4])  # 2, 1 and 2 km away
    np.testing.assert_allclose(found["inverse_distance"], [weights @ [8, 2, 11] / weights.sum(), 5, 7])
    np.testing.assert_allclose(found["linear_interpolation"], [2, 5, 7])  # no triangle on a line


def test_linear_interpolation_is_that_of_scipy_and_the_nearest_node_outside():
    rng = np.random.default_rng(0)
    known, wanted = rng.uniform(0, 100, (30, 2)), rng.uniform(-10, 110, (200, 2))
    values = rng.normal(size=30)
    near, weight = spatial.triangles(known, wanted)
    found, scipy = (values[near] * weight).sum(axis=1), LinearNDInterpolator(known, values)(wanted)
    inside = np.isfinite(scipy)
    assert 0 < inside.sum() < 200
    np.testing.assert_allclose(found[inside], scipy[inside])
    outside = values[np.argmin(np.linalg.norm(known[None] - wanted[~inside][:, None], axis=2), axis=1)]
    np.testing.assert_allclose(found[~inside], outside)


def test_linear_interpolation_over_the_date_line_and_the_pole():
    rng = np.random.default_rng(1)
    points = rng.normal(size=(1500, 3))
    points = 6_371_008.8 * points / np.linalg.norm(points, axis=1, keepdims=True)
    wanted = cartesian({"longitude": np.array([180.0, -180, 30, 10]), "latitude": np.array([20.0, 20, 90, -90])})
    near, weight = spatial.triangles(points, wanted)
    smooth = points @ np.array([1.0, 2.0, 3.0]) / 6_371_008.8
    exact = wanted @ np.array([1.0, 2.0, 3.0]) / 6_371_008.8
    np.testing.assert_allclose((smooth[near] * weight).sum(axis=1), exact, atol=0.03)
    assert weight.min() >= -1e-9 and np.ptp((smooth[near] * weight).sum(axis=1)[:2]) < 1e-12


def model_of(nugget=0.0, sill=2.0, reach=40.0):
    return Variogram(np.zeros(1), np.zeros(1), np.ones(1), nugget, sill, reach)


def test_kriging_by_closed_forms():
    known = np.array([[0.0, 0.0], [10.0, 0.0]])
    middle, at_first = np.array([[5.0, 0.0]]), np.array([[0.0, 0.0]])
    _, weight = spatial.kriging_weights(known, middle, model_of())
    np.testing.assert_allclose(weight, [[0.5, 0.5]])
    near, weight = spatial.kriging_weights(known, at_first, model_of())
    np.testing.assert_allclose(weight[0, np.argsort(near[0])], [1, 0], atol=1e-6)
    model, away = model_of(), np.array([[-10.0, 0.0]])  # w1 - w2 = (C(10) - C(20)) / (C(0) - C(10)), w1 + w2 = 1
    near, weight = spatial.kriging_weights(known, away, model)
    gamma = spherical(np.array([10.0, 20.0]), 0.0, model.sill, model.range)
    difference = (gamma[1] - gamma[0]) / gamma[0]
    np.testing.assert_allclose(weight[0, np.argsort(near[0])], [(1 + difference) / 2, (1 - difference) / 2], rtol=1e-6)
    _, weight = spatial.kriging_weights(known, away, model_of(nugget=2.0))
    np.testing.assert_allclose(weight, [[0.5, 0.5]])  # nothing but nugget: the mean


@pytest.mark.parametrize("nugget", [0.0, 0.5])
def test_kriging_is_that_of_gstools(nugget):
    need("gstools")
    import gstools

    rng = np.random.default_rng(2)
    known, wanted, values = rng.uniform(0, 100, (20, 2)), rng.uniform(0, 100, (50, 2)), rng.normal(size=20)
    near, weight = spatial.kriging_weights(known, wanted, model_of(nugget))
    theirs = gstools.Spherical(dim=2, var=2.0 - nugget, len_scale=40.0, nugget=nugget)
    field, _ = gstools.krige.Ordinary(theirs, known.T, values)(wanted.T)
    np.testing.assert_allclose((values[near] * weight).sum(axis=1), field, atol=1e-5)


def test_a_variogram_is_found_from_its_own_pairs():
    distance = np.linspace(1, 100, 400)
    found = of_pairs(distance, spherical(distance, 0.3, 1.2, 60.0))
    assert (found.nugget, found.sill, found.range) == pytest.approx((0.3, 1.5, 60.0), rel=0.03)
    few = of_pairs(np.array([2.0, 1.0]), np.array([3.0, 1.0]))
    assert (few.nugget, few.sill, few.range) == (0.0, 2.0, 2.0)


def test_kriging_of_a_smooth_field_beats_the_simpler_rules():
    rng = np.random.default_rng(3)
    points = rng.uniform(0, 100e3, (40, 2))
    phase = rng.uniform(0, 6, 30)
    field = np.sin(points[:, 0] / 30e3 + phase[:, None]) + np.cos(points[:, 1] / 25e3 - phase[:, None])
    asked, others = np.arange(30) % 8, np.arange(8, 40)
    space = space_of(points, asked, [others] * 30, list(field[:, 8:]))
    truth = field[np.arange(30), asked]
    error = {
        name: float(np.sqrt(np.mean((fit_predict(name, table(space), table(space)).values - truth) ** 2)))
        for name in NAMES
    }
    assert error["kriging"] < error["inverse_distance"] < error["other_nodes"] and error["kriging"] < 0.3


def test_a_node_never_counts_for_itself():
    points = np.stack([1000.0 * np.arange(4), np.zeros(4)], axis=1)
    space = space_of(
        points, [1, 1], [np.array([0, 1, 2]), np.array([1])], [np.array([4.0, 99.0, 6.0]), np.array([9.0])]
    )
    assert spatial.without_own(space)[0] == 5.0 and np.isnan(spatial.without_own(space)[1])


def test_sets_of_known_nodes_that_change_give_the_same_as_one_by_one():
    rng = np.random.default_rng(4)
    points = rng.uniform(0, 1e4, (9, 2))
    known = [np.sort(rng.permutation(8)[: rng.integers(1, 8)]) + 1 for _ in range(60)]
    values = [rng.normal(size=len(own)) for own in known]
    space = space_of(points, np.zeros(60, int), known, values)
    for weigh in (spatial.nearest, spatial.by_distance, spatial.triangles):
        found = spatial.interpolated(space, weigh)
        for row in range(60):
            near, weight = weigh(points[known[row]], points[:1])
            np.testing.assert_allclose(found[row], (values[row][near[0]] * weight[0]).sum())


def test_what_a_baseline_in_space_needs_is_asked_for():
    with pytest.raises(DataError, match=r"(?s)other nodes.*Fix: take it off the list.*hide = 0\.5"):
        bare = Table(np.empty((3, 0), np.float32), np.ones(3))
        fit_predict("inverse_distance", bare, bare)
