"""Intervals calibrated by group hold in new groups what they promise, and are refused where groups are too few."""

import numpy as np
import pytest

from outcrop.evaluate.conformal import calibrate, fewest_groups, missed, outside, sets
from outcrop.evaluate.coverage import coverage
from outcrop.evaluate.resample import Units


def groups(rng, number, samples=40):
    """Groups with a bias of their own: samples of a group are wrong in the same way."""
    size = rng.integers(samples // 2, 2 * samples, number)
    member = np.repeat(np.arange(number), size)
    error = rng.normal(size=number)[member] + 0.4 * rng.normal(size=len(member))
    return error, member


def held(level, number, by_rows, trials=300):
    """Mean share of a new group's samples inside, over many draws of calibration groups and a new one."""
    share = []
    for seed in range(trials):
        rng = np.random.default_rng((seed, number))
        error, member = groups(rng, number + 1)
        known = member < number
        unit = np.arange(known.sum()) if by_rows else member[known]
        margin = calibrate(np.abs(error[known]), unit, level).margin
        share.append((np.abs(error[~known]) <= margin).mean())
    return np.mean(share)


@pytest.mark.parametrize("level", [0.8, 0.9])
@pytest.mark.parametrize("number", [12, 40])
def test_a_new_group_is_held_as_often_as_promised(level, number):
    assert level - 0.03 < held(level, number, by_rows=False) < min(1.0, level + 2 / number + 0.05)


def test_calibrating_on_rows_promises_too_much():
    assert held(0.9, 12, by_rows=True) < held(0.9, 12, by_rows=False)


def test_each_group_counts_once_whatever_its_size():
    scores = np.concatenate([np.zeros(1000), np.arange(1.0, 20.0)])
    member = np.concatenate([np.zeros(1000, int), np.arange(1, 20)])
    assert calibrate(scores, member, 0.9).margin == 18.0
    assert calibrate(scores, np.arange(len(scores)), 0.9).margin == 0.0


@pytest.mark.parametrize("level, needed", [(0.8, 4), (0.9, 9), (0.95, 19)])
def test_too_few_groups_are_refused_in_words(level, needed):
    assert fewest_groups(level) == needed
    rng = np.random.default_rng(0)
    assert calibrate(rng.random(needed), np.arange(needed), level, "well").margin is not None
    few = calibrate(rng.random(100), np.arange(100) % (needed - 1), level, "well")
    assert few.margin is None and few.groups == needed - 1
    assert f"need {needed} wells to be calibrated on, and there are {needed - 1}" in few.reason
    assert calibrate(np.empty(0), np.empty(0, int), level).margin is None


def test_distances_to_intervals_and_probabilities_of_true_classes():
    assert outside(np.array([0.0, 0.0]), np.array([1.0, 1.0]), np.array([0.3, -2.0])).tolist() == [-0.3, 2.0]
    found = missed(np.array([[0.2, 0.8], [0.5, 0.5]]), np.array([1, -1]))
    assert found[0] == pytest.approx(0.2) and np.isnan(found[1])


def test_sets_hold_at_least_the_most_probable_class_and_grow_with_the_margin():
    p = np.array([[0.7, 0.2, 0.1], [0.4, 0.35, 0.25]])
    assert sets(p, 0.0).tolist() == [[True, False, False], [True, False, False]]
    assert sets(p, 0.7).tolist() == [[True, False, False], [True, True, False]]
    assert sets(p, 0.95).all()


def test_sets_of_classes_hold_new_groups_too():
    rng = np.random.default_rng(1)
    share = []
    for _ in range(150):
        member = np.repeat(np.arange(31), 30)
        sharp = rng.uniform(0.3, 3, 31)[member]  # how sure the model is, by group
        logits = sharp[:, None] * rng.normal(size=(len(member), 4))
        p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        flat = np.full(4, 0.25)
        target = np.array([rng.choice(4, p=0.7 * row + 0.3 * flat) for row in p])
        known = member < 30
        margin = calibrate(missed(p[known], target[known]), member[known], 0.9).margin
        chosen = sets(p[~known], margin)
        share.append(chosen[np.arange(len(chosen)), target[~known]].mean())
    assert 0.87 < np.mean(share) < 0.96


def test_folds_without_intervals_do_not_count_as_missed():
    """Nine groups can calibrate a model file, and not the folds that hold some of them out."""
    units = Units(np.arange(9), tuple("abcdefghi"), "block")
    final, inside = calibrate(np.zeros(9), np.arange(9), 0.9, "block"), np.zeros(9, bool)
    none = coverage(inside, np.full(9, np.nan), units, final, method="", sets=False)
    assert "coverage" not in none
    assert "need 9 blocks beside those that a fold holds out" in none["reason"] and "all 9" in none["reason"]
    inside[0] = True
    some = coverage(inside, np.array([2.0, 4.0] + [np.nan] * 7), units, final, method="", sets=False)
    assert some["coverage"] == 0.5 and some["groups"] == 2 and some["mean_size"] == 3
    classes = coverage(inside, np.array([2] + [0] * 8), units, final, method="", sets=True)
    assert classes["coverage"] == 1 and classes["mean_size"] == 2
