"""Pickers on made-up arrivals: sharp onsets are found, a fixed place is not, and training picks take off a delay."""

from dataclasses import replace

import numpy as np
import pytest

from outcrop.errors import ConfigError, DataError
from outcrop.evaluate.baselines import Table, Task, check, fit_predict
from outcrop.evaluate.picks import Picking, picked
from outcrop.evaluate.seismic import Waves
from outcrop.metric.picks import f1_of_phases, pick_sums

SIZE, RATE = 3000, 100.0
HOW = Picking((1, 2), ("P", "S"), tolerance=0.1, thresholds=(0.5, 0.5))
TASK = Task(classes=3, picking=HOW)


def table(records, seed, *, place=None, late=0):
    """P at a place or a random one, labelled `late` samples after its onset.

    Quiet noise, then a P of 6 Hz on the vertical, then a stronger S of 4 Hz on the horizontals.
    """
    rng = np.random.default_rng(seed)
    series, target, time = {}, [], np.arange(SIZE) / RATE
    for number in range(records):
        p, gap = place or (rng.integers(1200, 1900), rng.integers(250, 500))
        waves = 0.05 * rng.normal(size=(SIZE, 3))
        for at, hertz, size in ((p, 6.0, (0.3, 0.3, 1.0)), (p + gap, 4.0, (5.0, 5.0, 1.0))):
            since = np.maximum(time - at / RATE, 0)
            waves += np.outer(np.sin(2 * np.pi * hertz * since) * np.exp(-since), size)
        labels = np.zeros(SIZE, int)
        p = p + late
        labels[p - 5 : p + 6], labels[p + gap - 5 : p + gap + 6] = 1, 2
        series[number] = waves
        target.append(labels)
    record, sample = np.repeat(np.arange(records), SIZE), np.tile(np.arange(SIZE), records)
    waves = Waves(series, ("E", "N", "Z"), RATE, record, sample)
    return Table(np.empty((len(record), 0), np.float32), np.concatenate(target), np.ones(len(record)), waves=waves)


def scores(name, train, test):
    found = fit_predict(name, train, test, TASK)
    np.testing.assert_allclose(found.probabilities.sum(axis=1), 1.0)
    where = picked(found.probabilities, test.target, test.waves.record, test.waves.sample / RATE, HOW)
    return f1_of_phases(pick_sums(where, test.target, np.zeros(len(test), int), 1)[0])


@pytest.mark.parametrize(("name", "least"), [("sta_lta", (0.9, 0.5)), ("ar_aic", (0.9, 0.5))])
def test_sharp_onsets_are_found(name, least):
    assert (scores(name, table(6, 0), table(6, 1)) >= least).all()


@pytest.mark.parametrize("name", ["sta_lta", "ar_aic"])
def test_training_picks_take_off_a_constant_delay(name):
    late = {"late": 30}  # three tolerances
    assert scores(name, table(6, 0, **late), table(6, 1, **late))[0] >= 0.9
    assert scores(name, table(6, 0), table(6, 1, **late))[0] < 0.2


def test_the_same_place_is_perfect_where_places_are_fixed():
    assert (scores("same_place", table(3, 0, place=(1500, 300)), table(3, 1, place=(1500, 300))) == 1).all()


def test_the_same_place_finds_nothing_where_places_are_random():
    assert (scores("same_place", table(6, 0), table(6, 1)) < 0.5).all()


def test_the_order_of_rows_and_the_numbers_of_records_do_not_matter():
    train, test = table(4, 0), table(3, 1)
    number = np.array([7, 2, 5])  # records are picked in ascending order, rows stay where they are
    waves = test.waves
    series = {int(number[old]): own for old, own in waves.series.items()}
    mixed = np.random.default_rng(0).permutation(len(test))
    other = replace(waves, series=series, record=number[waves.record]).where(mixed)
    rows = {key: getattr(test, key)[mixed] for key in ("inputs", "target", "weight")}
    shuffled = replace(test, **rows, waves=other)
    for name in ("same_place", "sta_lta"):
        first = fit_predict(name, train, test, TASK).probabilities
        assert (first[:, 1:] > 0).any(axis=0).all()
        np.testing.assert_array_equal(fit_predict(name, train, shuffled, TASK).probabilities, first[mixed])


def test_a_record_without_a_live_vertical_is_picked_on_what_there_is():
    waves = table(1, 0).waves
    waves.series[0][:, 2] = 7.0
    assert waves.component(0, vertical=True).shape == (SIZE, 3)
    assert waves.component(0, vertical=False).shape == (SIZE, 2)


def test_baselines_for_classes_can_be_asked_for_and_frequencies_pick_nothing():
    assert check(("majority", "sta_lta"), "picks") == ("majority", "sta_lta")
    assert (scores("majority", table(2, 0), table(2, 1)) == 0).all()
    with pytest.raises(ConfigError, match="does not predict a target of kind 'class'"):
        check(("sta_lta",), "class")


def test_pickers_need_seismograms():
    bare = Table(np.empty((4, 0), np.float32), np.array([0, 1, 2, 0]))
    with pytest.raises(DataError, match="same_place"):
        fit_predict("sta_lta", bare, bare, TASK)
