"""Memorisation, copies within an ensemble and modes, on planted cases and with their expected values."""

import numpy as np
import pytest

from outcrop.metric import copies


def gaussian(rng, count, size=6):
    return rng.normal(size=(count, size))


def test_expected_values_of_independent_draws():
    rng = np.random.default_rng(0)
    train, samples, real = (gaussian(rng, 2000) for _ in range(3))
    near, far = (copies.nearness(rows, train) for rows in (samples, real))
    assert copies.share_near(near, far) == pytest.approx(0.05, abs=0.015)
    assert copies.nearer_than_real(near, far) == pytest.approx(0.5, abs=0.03)
    assert copies.diversity(samples, real) == pytest.approx(1, abs=0.02)
    assert copies.nearest_other(samples, real) == pytest.approx(1, abs=0.05)


def test_copies_of_training_are_near_and_smooth_ones_are_not():
    rng = np.random.default_rng(1)
    train, real = gaussian(rng, 200), gaussian(rng, 200)
    copied = train[:100] + 0.01 * gaussian(rng, 100)
    smooth = 0.6 * gaussian(rng, 200)
    near = copies.nearness(real, train)
    assert copies.share_near(copies.nearness(copied, train), near) == 1
    assert copies.nearer_than_real(copies.nearness(copied, train), near) == 1
    assert copies.share_near(copies.nearness(smooth, train), near) < 0.1


def test_copies_of_one_another():
    rng = np.random.default_rng(2)
    real = gaussian(rng, 100)
    few = gaussian(rng, 5)[rng.integers(0, 5, 100)]
    assert copies.nearest_other(few + 0.01 * gaussian(rng, 100), real) < 0.05
    assert copies.diversity(np.tile(real[:1], (9, 1)), real) == 0
    assert copies.diversity(3 * real, real) == pytest.approx(3)
    same = np.tile(real[:1], (9, 1))
    assert copies.nearest_other(same, np.concatenate([same, real])) == pytest.approx(1)  # recurs in truth too


def test_modes_that_are_missing():
    rng = np.random.default_rng(3)
    centres = 20 * np.eye(4)
    kind = rng.integers(0, 4, 400)
    modes = copies.Modes.of(centres[kind] + rng.normal(size=(400, 4)), 4)
    shares = modes.shares(centres[kind])
    assert sorted(shares.mean(axis=0)) == pytest.approx(sorted(np.bincount(kind) / 400))
    assert copies.missing_modes(shares, shares) == 0
    assert copies.missing_modes(modes.shares(centres[kind[kind < 2]]), shares) == 2
    named = copies.one_hot(np.array([0, 2, 2]), 3)
    assert named.tolist() == [[1, 0, 0], [0, 0, 1], [0, 0, 1]]
