"""Copies of the target among the inputs, under other names, units, codes and depths."""

import numpy as np
import pytest

from outcrop.split.audit import audit
from outcrop.split.promise import folds
from outcrop.view.points import points

LEAK = [("target_copy", "violation")]


def plant(records, make, name="X"):
    """The records with one more input made from the target."""
    rng = np.random.default_rng(5)
    return [r.with_data(r.data.assign({name: (r.dim, make(r.data.Y.to_numpy(), rng))})) for r in records]


def late(values, lag):
    out = np.full(len(values), np.nan)
    if lag >= 0:
        out[: len(values) - lag or None] = values[lag:]
    else:
        out[-lag:] = values[:lag]
    return out


CLASS_COPIES = {
    "codes": lambda y, rng: y.astype(float),
    "recoded": lambda y, rng: np.array([65000.0, 70000.0, 30000.0])[y],
    "noisy": lambda y, rng: y * -2.0 + 0.3 * rng.normal(size=len(y)),
    "with gaps": lambda y, rng: np.where(rng.random(len(y)) < 0.3, np.nan, y),
    "deeper": lambda y, rng: late(y.astype(float), 7),
    "shallower": lambda y, rng: late(y.astype(float), -12),
}
NUMBER_COPIES = {
    "units": lambda y, rng: 1000 * y,
    "monotone": lambda y, rng: -np.exp(y / 3),
    "noisy": lambda y, rng: y + 0.02 * rng.normal(size=len(y)),
    "deeper": lambda y, rng: late(y, 7),
    "shallower": lambda y, rng: late(2 - y, -20),
}


@pytest.mark.parametrize("make", CLASS_COPIES.values(), ids=CLASS_COPIES)
def test_class_copies_are_caught(wells, found, context, make):
    records = plant(wells, make)
    assert found(records) == LEAK
    (finding,) = audit(context(records))
    assert "'X' is a copy of the target 'Y'" in finding.place and finding.fix == "remove variable.X from [data]"


@pytest.mark.parametrize("make", NUMBER_COPIES.values(), ids=NUMBER_COPIES)
def test_number_copies_are_caught(well, found, make):
    assert found(plant([well(i, classes=False) for i in range(12)], make), classes=False) == LEAK


def test_the_shift_is_named(wells, context):
    (finding,) = audit(context(plant(wells, CLASS_COPIES["deeper"])))
    assert "shifted by -7 samples" in finding.place or "shifted by +7 samples" in finding.place


def test_a_good_predictor_is_no_copy(well, found):
    """Vp tells much of Vs (correlation 0.95 and more), and is another measurement."""
    records = [well(i, classes=False) for i in range(12)]
    assert found(plant(records, lambda y, rng: y + 0.3 * y.std() * rng.normal(size=len(y))), classes=False) == []
    assert found(plant(records, lambda y, rng: y + 0.12 * y.std() * rng.normal(size=len(y))), classes=False) == []


def test_a_rule_that_is_right_19_times_of_20_is_no_copy(wells, found):
    def mostly(y, rng):
        return np.where(rng.random(len(y)) < 0.05, rng.integers(0, 3, len(y)), y).astype(float)

    assert found(plant(wells, mostly)) == []


def test_a_copy_in_training_alone_is_no_finding(wells, found):
    records = plant(wells, CLASS_COPIES["codes"])
    rng = np.random.default_rng(1)
    for i in (10, 11):
        records[i] = records[i].with_data(records[i].data.assign(X=("depth", rng.normal(size=300))))
    assert found(records) == []


def daily(well):
    stamps = np.datetime64("2000-01-01", "ns") + np.arange(900) * np.timedelta64(1, "D")
    record = well(0, n=900, dim="time", axis=stamps, classes=False)
    return record, {"promise": "later", "axes": {"W0": stamps}, "test_from": "2001-12-01"}


def test_the_targets_own_history_is_fair_and_its_future_is_not(well, found):
    record, promise = daily(well)
    (own,) = plant([record], lambda y, rng: y)
    forecast = points([own], range(-5, 1), lead=3)
    assert found([own], classes=False, view=forecast, promise=dict(promise)) == []
    (ahead,) = plant([record], lambda y, rng: late(y, 4))
    forecast = points([ahead], range(-5, 1), lead=3)
    assert found([ahead], classes=False, view=forecast, promise=dict(promise)) == LEAK


def test_a_lagged_column_in_time_is_a_note(well, found):
    record, promise = daily(well)
    (past,) = plant([record], lambda y, rng: late(y, -2))
    assert found([past], classes=False, promise=dict(promise)) == [("target_copy", "note")]
    (future,) = plant([record], lambda y, rng: late(y, 2))
    assert found([future], classes=False, promise=dict(promise)) == LEAK


def test_the_audit_of_240_000_samples_finds_nothing_where_nothing_is(well, context):
    records = [well(i, n=8000) for i in range(30)]
    for k in range(8):
        walks = np.random.default_rng(k)
        records = plant(records, lambda y, rng, walks=walks: walks.normal(size=len(y)).cumsum(), name=f"X{k}")
    view = points(records, range(-10, 10))
    split = folds("new", view.origins, key="well", folds=6)[0]
    fresh = context(records, view=view, split=split, key="well")
    assert [finding for finding in audit(fresh) if finding.level != "note"] == []
