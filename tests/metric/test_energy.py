"""The energy score against CRPS, and against what it must prefer."""

import numpy as np
import pytest

from outcrop.metric.conditional import crps
from outcrop.metric.distances import energy_distance
from outcrop.metric.energy import energy_score, energy_scores, energy_scores_of_one

RNG = np.random.default_rng(0)


def test_of_one_number_it_is_the_crps():
    samples, truth = RNG.normal(size=(30, 12, 1)), RNG.normal(size=(30, 1))
    found = energy_scores(samples=samples, truth=truth).mean()
    assert found == pytest.approx(crps(samples=samples[..., 0].T, truth=truth[:, 0]), rel=1e-9)


def test_two_ensembles_differ_by_half_the_difference_of_their_energy_distances():
    truth = RNG.normal(size=(400, 3))
    near, far = RNG.normal(size=(500, 3)), 1.0 + RNG.normal(size=(500, 3))
    gap = np.diff([energy_scores_of_one(samples=each, truth=truth).mean() for each in (near, far)])[0]
    squared = [energy_distance(samples=each, real=truth) ** 2 for each in (near, far)]
    assert gap == pytest.approx(np.diff(squared)[0] / 2 / np.sqrt(3), rel=0.02)


@pytest.mark.parametrize("change", [lambda s: 0.6 * s, lambda s: 1.6 * s, lambda s: s + 0.5, lambda s: 0 * s])
def test_draws_from_the_truth_score_best(change):
    truth, drawn = RNG.normal(size=(2000, 4)), RNG.normal(size=(400, 4))
    right, wrong = (energy_scores_of_one(samples=each, truth=truth).mean() for each in (drawn, change(drawn)))
    assert right < wrong - 0.005


def test_the_score_of_a_run_is_the_mean_over_examples():
    assert energy_score(prediction=np.array([0.2, 0.4]), target=np.zeros(2)) == pytest.approx(0.3)
