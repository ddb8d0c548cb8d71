"""The floor: the same law is at it, another is not, and its size is that of theory."""

import numpy as np
import pytest

from outcrop.evaluate.floor import against_floor, beside
from outcrop.metric.ensembles import compare


def gaussian(rng, count, mean=0.0, size=3):
    return mean + rng.normal(size=(count, size))


def test_one_law_is_at_the_floor_and_another_above_it():
    words = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        found = against_floor("energy", gaussian(rng, 60), gaussian(rng, 80), rng, draws=100)
        words.append(found.word)
        assert found.sizes == (40, 40) and found.real == 80 and found.low <= found.median <= found.high
    assert words.count("at the floor") >= 19
    rng = np.random.default_rng(0)
    found = against_floor("energy", gaussian(rng, 60, 0.8), gaussian(rng, 80), rng, draws=100)
    assert found.word == "above the floor" and found.far and found.ratio > 1.5 and found.as_bad < 0.02
    assert "is above the floor of" in found.sentence and "from 80 real realisations, 40 against 40" in found.sentence


def test_the_floor_has_the_size_of_theory():
    """The mean of m Gaussians less that of M others: standard deviation sqrt(1/m + 1/M)."""
    rng = np.random.default_rng(1)
    found = against_floor("mean_shift", gaussian(rng, 50, size=1), gaussian(rng, 400, size=1), rng, draws=2000)
    assert found.sizes == (50, 350)
    spread = np.sqrt(1 / 50 + 1 / 350)
    assert found.median == pytest.approx(0.6745 * spread, rel=0.15)
    assert found.high == pytest.approx(2.2414 * spread, rel=0.15)


def test_a_distance_of_ones_own():
    rng = np.random.default_rng(2)
    found = against_floor(lambda s, r: float(abs(s.mean() - r.mean())), gaussian(rng, 40, 5), gaussian(rng, 40), rng)
    assert found.value == pytest.approx(5, abs=0.5) and found.far and found.metric == "metric"


def test_samples_nearer_than_real_ones_are_below_the_floor():
    rng = np.random.default_rng(3)
    real = gaussian(rng, 60)
    found = against_floor("nearest_other", np.tile(real[:2], (20, 1)), real, rng)
    assert found.word == "below the floor" and found.far
    copied = against_floor("energy", np.repeat(real, 5, axis=0), real, rng)
    assert copied.value < compare("energy", samples=gaussian(rng, 30), real=real[:30])


@pytest.mark.parametrize(("samples", "real"), [(30, 19), (7, 40)])
def test_too_few_are_refused_in_words(samples, real):
    rng = np.random.default_rng(4)
    found = against_floor("energy", gaussian(rng, samples), gaussian(rng, real), rng)
    assert found.word == "cannot tell" and np.isnan(found.value) and not found.far
    assert f"{real} real realisations and {samples} samples; at least 20 and 8 are needed" in found.sentence


def test_words_and_shares_of_a_known_floor():
    floor = np.arange(100) / 100
    for value, word, as_bad in ((0.5, "at the floor", 51 / 101), (2.0, "above the floor", 1 / 101)):
        found = beside("energy", "lower", value, floor, (9, 9), 18, "case")
        assert (found.word, found.as_bad) == (word, pytest.approx(as_bad))
    below = beside("diversity", "one", -1.0, floor, (9, 9), 18, "case")
    assert below.word == "below the floor" and below.far
    assert not beside("energy", "lower", -1.0, floor, (9, 9), 18, "case").far  # closer than real ones is not bad
