"""Picks by hand: peaks above a threshold, pairs nearest first, and scores that add over groups."""

import numpy as np
import pytest

from outcrop.metric import picks


def test_one_pick_per_stretch_and_none_below_the_threshold():
    curve = np.array([0.1, 0.6, 0.8, 0.55, 0.2, 0.7, 0.1, np.nan, 0.9])
    assert picks.peaks(curve, 0.5).tolist() == [2, 5, 8]
    assert picks.peaks(curve, 0.5, separation=4).tolist() == [2, 8]  # 5 is 3 from both, and lower
    assert picks.peaks(curve, 0.95).tolist() == []


def test_a_flat_top_is_picked_in_its_middle_also_at_the_end_of_a_record():
    box = np.zeros(60)
    box[20:41] = 0.9 + 0.05 * np.random.default_rng(0).random(21)
    assert picks.peaks(box, 0.5).tolist() == [30]
    assert picks.peaks(box[:36], 0.5).tolist() == [27]  # 20 to 35


def test_pairs_are_one_to_one_and_do_not_depend_on_the_tolerance():
    found, true = np.array([0.0, 1.0, 1.3]), np.array([1.1, 2.4])
    assert picks.paired(found, true, 0.5).tolist() == [[1, 0]]  # 1.3 is near 1.1 too, but that is taken
    assert picks.paired(found, true, 2.0).tolist() == [[1, 0], [2, 1]]
    assert picks.paired(np.empty(0), true, 1.0).shape == (0, 2)


def one(found=0, true=0, hit=0, residual=0.0):
    return [found, true, hit, residual]


def test_scores_by_hand():
    # P: two hits (+0.02, +0.04), one false, one missed; S: found once, 0.3 too late, which is no hit
    table = np.array([
        [one(1, 1, 1, 0.02), one()],
        [one(1, 1, 1, 0.04), one(1, 1, 0, 0.3)],
        [one(1, 0), one()],
        [one(0, 1), one()],
    ])  # fmt: skip
    target = np.zeros(4, int)
    sums = picks.pick_sums(table, target, np.zeros(4, int), 1)[0]
    assert picks.f1_of_phases(sums).tolist() == pytest.approx([4 / 6, 0.0])
    assert picks.pick_f1(prediction=table, target=target) == pytest.approx(2 / 6)
    assert picks.pick_precision(prediction=table, target=target) == pytest.approx((2 / 3 + 0) / 2)
    assert picks.pick_recall(prediction=table, target=target) == pytest.approx((2 / 3 + 0) / 2)
    assert picks.pick_bias(prediction=table, target=target) == pytest.approx(0.03)
    assert picks.pick_spread(prediction=table, target=target) == pytest.approx(0.01)


def test_sums_add_over_groups_and_a_phase_without_picks_does_not_count():
    table = np.array([[one(1, 1, 1, 0.02), one()], [one(0, 1), one()]])
    parts = picks.pick_sums(table, np.zeros(2), np.array([0, 1]), 3)
    assert parts.shape == (3, 2, 5) and not parts[2].any()
    whole = picks.pick_sums(table, np.zeros(2), np.zeros(2, int), 1)[0]
    np.testing.assert_allclose(parts.sum(axis=0), whole)
    assert picks.pick_f1_of_sums(whole) == pytest.approx(2 / 3)
    assert np.isnan(picks.pick_f1_of_sums(parts)[2])
