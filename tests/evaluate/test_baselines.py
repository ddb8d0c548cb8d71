"""Every baseline of the table: shape, blindness to test targets, repeatability; and each by a closed form."""

from dataclasses import replace

import numpy as np
import pytest

from outcrop.errors import ConfigError, DataError
from outcrop.evaluate.baselines import BASELINES, Table, Task, check, find, fit_predict, ladder
from outcrop.evaluate.fields import Fields
from outcrop.evaluate.spatial import Space
from outcrop.view.history import RESERVOIRS

PAIRS = [(name, kind) for name, row in BASELINES.items() for kind in row.kinds if kind != "picks"]


def table(kind, size=240, seed=0):
    """Two inputs that decide the target, twelve months of dates, and the target's last value."""
    rng = np.random.default_rng(seed)
    inputs = rng.normal(size=(size, 2)).astype(np.float32)
    number = 2.0 * inputs[:, 0] - inputs[:, 1]
    time = np.datetime64("1990-01") + np.arange(size)
    target = np.digitize(number, [-1.0, 1.0]) if kind == "class" else number.astype(np.float64)
    last = np.roll(number, 1).astype(np.float64)
    rows = np.arange(size)
    lines = {"line": 10.0 * (rows // 20), "cell": rows % 20, "level": rows % 20 // 4}
    fields = Fields(inputs[: size // 5 * 5].reshape(-1, 10), rows // 5, rows % 5, 5)
    return Table(inputs, target, np.ones(size), time, last, time - 1, space=around(size), fields=fields, **lines)


def around(size, nodes=6):
    """Six nodes, of which all but the row's own are measured."""
    places, rows = np.random.default_rng(9).uniform(0, 1e4, (nodes, 2)), np.arange(size)
    known = np.stack([np.setdiff1d(np.arange(nodes), row % nodes) for row in rows])
    value = places[known].sum(axis=2) / 1e4
    return Space(places, rows % nodes, rows, (nodes - 1) * np.arange(size + 1), known.ravel(), value.ravel())


def task(kind):
    return Task(classes=4) if kind == "class" else Task()


@pytest.mark.parametrize(("name", "kind"), PAIRS)
def test_contract(name, kind):
    train, test, held = (table(kind, size, seed) for seed, size in enumerate((240, 50, 60)))
    if BASELINES[name].features == "reservoirs":
        train, test, held = (replace(t, inputs=np.tile(t.inputs, RESERVOIRS)) for t in (train, test, held))
    found = fit_predict(name, train, test, task(kind), validation=held)
    assert found.values.shape == (50,)
    assert np.isfinite(found.values).all()
    if kind == "class":
        assert found.probabilities.shape == (50, 4) and (found.probabilities[:, 3] == 0).all()
        np.testing.assert_allclose(found.probabilities.sum(axis=1), 1.0, atol=1e-5)
    hidden = replace(test, target=test.target[::-1].copy())
    again = fit_predict(name, train, hidden, task(kind), validation=held)
    np.testing.assert_array_equal(found.values, again.values)


@pytest.mark.parametrize("name", ["nearest_neighbours", "logistic", "boosted_trees"])
def test_class_models_learn(name):
    train, test = table("class", 2000), table("class", 500, seed=1)
    right = fit_predict(name, train, test, Task(classes=3)).values == test.target
    assert right.mean() > 0.85


@pytest.mark.parametrize("name", ["nearest_neighbours", "linear", "boosted_trees"])
def test_number_models_learn(name):
    train, test = table("number", 2000), table("number", 500, seed=1)
    error = fit_predict(name, train, test).values - test.target
    assert error.std() < 0.35 * test.target.std()


def test_rows_of_weight_zero_or_without_target_teach_nothing():
    train = table("number", 100)
    spoilt = replace(
        train,
        target=np.r_[train.target, 1e6, np.nan],
        inputs=np.r_[train.inputs, np.zeros((2, 2), np.float32)],
        weight=np.r_[train.weight, 0.0, 1.0],
        time=None,
        last_value=None,
        last_time=None,
    )
    test = table("number", 5, seed=1)
    np.testing.assert_allclose(fit_predict("mean", spoilt, test).values, train.target.mean())


def test_trees_read_missing_inputs_as_they_are():
    train, test = table("class", 300), table("class", 20, seed=1)
    train.inputs[::3, 1] = np.nan
    test.inputs[::2, 0] = np.nan
    assert (fit_predict("boosted_trees", train, test, Task(classes=3)).values >= 0).all()


@pytest.mark.parametrize("kind", ["class", "number"])
@pytest.mark.parametrize("known", [0, 1])
def test_trees_learn_without_a_column_that_training_hardly_has(kind, known):
    train, held, test = table(kind, 300), table(kind, 60, seed=2), table(kind, 20, seed=1)
    hardly = np.full((300, 1), np.nan, np.float32)
    hardly[:known] = 3.0
    wider = replace(train, inputs=np.hstack([train.inputs, hardly]))
    held, test = (replace(t, inputs=np.hstack([t.inputs, t.inputs[:, :1]])) for t in (held, test))
    other = replace(test, inputs=test.inputs * np.array([1, 1, -5], np.float32))
    found = [fit_predict("boosted_trees", wider, t, task(kind), validation=held).values for t in (test, other)]
    np.testing.assert_array_equal(*found)


def test_a_class_seen_only_in_validation_does_not_stop_the_trees():
    train, held = table("class", 300), table("class", 60, seed=2)
    train = train.where(train.target < 2)
    assert (fit_predict("boosted_trees", train, held, Task(classes=3), validation=held).values < 2).all()


@pytest.mark.parametrize("name", ladder("class"))
def test_one_class_in_training_is_all_there_is_to_say(name):
    train = table("class")
    train = train.where(train.target == 1)
    assert set(fit_predict(name, train, table("class", 9), Task(classes=3)).values.tolist()) == {1}


def test_majority_decides_by_cost_where_there_is_one():
    train = Table(np.zeros((10, 1), np.float32), np.array([0] * 6 + [1] * 4))
    cost = np.array([[0.0, 1.0], [9.0, 0.0]])
    assert fit_predict("majority", train, train, Task(2)).values.tolist() == [0] * 10
    assert fit_predict("majority", train, train, Task(2, cost)).values.tolist() == [1] * 10
    assert fit_predict("majority", train, train, Task(2, cost, "argmax")).values.tolist() == [0] * 10


def test_time_series_by_hand():
    time = np.datetime64("2000-01") + np.arange(48)
    season = np.tile(np.arange(12.0), 4)
    anomaly = np.repeat([1.0, -1.0, 1.0, -1.0], 12)
    target = season + anomaly
    last = np.r_[np.nan, target[:-1]]
    series = Table(np.zeros((48, 1), np.float32), target, None, time, last, time - 1)
    np.testing.assert_allclose(fit_predict("climatology", series, series).values, season)
    np.testing.assert_allclose(fit_predict("persistence", series, series).values, np.r_[target.mean(), target[:-1]])
    # of 47 known last anomalies (all +-1), 44 are kept and 3 change sign: the slope is (44 - 3) / 47
    damped = fit_predict("damped_persistence", series, series).values
    np.testing.assert_allclose(damped, season + np.r_[0.0, anomaly[:-1]] * 41 / 47)


def test_on_a_grid_every_place_has_its_own_climatology():
    time = np.repeat(np.datetime64("2000-01-01T00") + np.arange(72), 2)
    place = np.tile([0, 1], 72)
    cycle = np.where(place == 0, 0.0, 50.0) + np.tile(np.repeat(np.arange(24.0), 2), 3)
    target = cycle + np.repeat([1.0, -1.0, 0.0], 48)
    last = np.r_[np.nan, np.nan, target[:-2]]
    rows = Table(np.zeros((144, 1), np.float32), target, None, time, last, time - 1, place=place)
    np.testing.assert_allclose(fit_predict("climatology", rows, rows).values, cycle, atol=1e-12)
    kept = fit_predict("anomaly_persistence", rows, rows).values
    np.testing.assert_allclose(kept, cycle + np.r_[0.0, 0.0, (target - cycle)[:-2]], atol=1e-12)
    elsewhere = replace(rows, place=place + 2)
    np.testing.assert_allclose(fit_predict("climatology", rows, elsewhere).values, cycle + 25 - 50 * place)


def test_a_linear_reservoir_finds_the_response_that_made_the_heads():
    rng = np.random.default_rng(3)
    held = rng.normal(size=(400, RESERVOIRS, 2)).astype(np.float32)
    heads = 11.0 + 0.5 * held[:, 17, 0] - 0.2 * held[:, 17, 1]
    made = Table(held.reshape(400, -1), heads.astype(np.float64), np.ones(400))
    early, late = made.where(np.arange(300)), made.where(np.arange(300, 400))
    np.testing.assert_allclose(fit_predict("linear_reservoir", early, late).values, late.target, atol=1e-5)
    spoilt = replace(
        early, target=np.where(np.arange(300) < 50, 99.0, early.target), weight=np.r_[[0.0] * 50, [1.0] * 250]
    )
    np.testing.assert_allclose(fit_predict("linear_reservoir", spoilt, late).values, late.target, atol=1e-5)


def test_thinning_is_bounded_and_repeatable():
    train = table("number", 500)
    assert len(train.learnable(100, seed=0)) == 100
    np.testing.assert_array_equal(train.learnable(100, seed=0).target, train.learnable(100, seed=0).target)


def test_ladder_offers_what_the_caller_has():
    assert ladder("class") == ("majority", "nearest_neighbours", "logistic", "boosted_trees", "boosted_trees_window")
    assert "persistence" in ladder("number", features=("sample", "series"))
    assert "persistence" not in ladder("number")
    assert "linear_reservoir" in ladder("number", features=("sample", "reservoirs"))


def test_errors_say_what_to_do():
    with pytest.raises(ConfigError, match="did you mean 'boosted_trees'"):
        find("boosted_tree")
    with pytest.raises(ConfigError, match="use some of majority"):
        check(("persistence",), "class")
    train = table("number", 10)
    with pytest.raises(DataError, match="remove persistence and climatology"):
        fit_predict("climatology", replace(train, time=None), train)
    with pytest.raises(DataError, match="training records carry the target"):
        fit_predict("mean", replace(train, target=np.full(10, np.nan)), train)
