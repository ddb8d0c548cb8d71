"""Members, heads and draws end in the same quantiles; scored against closed forms."""

import numpy as np
import pytest
from scipy import stats

from outcrop.evaluate.distribution import LEVELS, Head, combined
from outcrop.metric.regression import crps

Z = stats.norm.ppf(LEVELS)


def test_one_gaussian_is_itself():
    found = combined([np.array([[2.0, np.log(0.5)]])], Head("gaussian"))
    np.testing.assert_allclose(found[0], [2.0, *(2 + 0.5 * Z)])


def test_members_are_a_mixture_with_the_mean_and_variance_of_all():
    members = [np.array([[m, np.log(s)]]) for m, s in ((0.0, 1.0), (1.0, 0.5), (2.0, 2.0))]
    point, *quantiles = combined(members, Head("gaussian"))[0]
    draws = np.concatenate([np.random.default_rng(k).normal(m, s, 400_000) for k, (m, s) in
                            enumerate(((0.0, 1.0), (1.0, 0.5), (2.0, 2.0)))])  # fmt: skip
    assert point == pytest.approx(draws.mean(), abs=0.01)
    spread = (quantiles[-1] - quantiles[0]) / (Z[-1] - Z[0])
    within, between = np.mean([1, 0.25, 4]), np.var([0, 1, 2], ddof=1)
    assert spread == pytest.approx(np.sqrt(within + between)) and spread == pytest.approx(draws.std(), rel=0.12)


def test_points_spread_only_when_there_are_several():
    one = np.array([[3.0], [4.0]])
    assert combined([one], Head("point")).tolist() == [[3.0], [4.0]] and not Head("point").spreads(1)
    found = combined([one - 1, one + 1], Head("point"))
    assert found.shape == (2, 1 + len(LEVELS)) and found[:, 0].tolist() == [3.0, 4.0] and Head("point").spreads(2)
    np.testing.assert_allclose(found[0, 1:], 3 + np.sqrt(2) * Z)


def test_quantiles_are_averaged_sorted_and_carried_to_other_levels():
    head = Head("quantile", (0.05, 0.25, 0.5, 0.75, 0.95))
    normal = stats.norm(1.0, 2.0).ppf(head.levels)
    found = combined(
        [normal[None] - 1, normal[None, ::-1] + 1], head
    )  # the second crosses: it is sorted after averaging
    assert found.shape == (1, 1 + len(LEVELS)) and np.all(np.diff(found[0, 1:]) >= 0)
    exact = combined([normal[None]], head)[0]
    np.testing.assert_allclose(exact, [1.0, *stats.norm(1.0, 2.0).ppf(LEVELS)], atol=1e-9)


def test_classes_are_averaged():
    both = combined([np.array([[0.2, 0.8]]), np.array([[0.6, 0.4]])], Head("class"))
    np.testing.assert_allclose(both, [[0.4, 0.6]])


def test_crps_of_gaussians_agrees_with_the_closed_form():
    rng = np.random.default_rng(0)
    mean, sd, target = rng.normal(size=500), rng.uniform(0.3, 2, 500), rng.normal(size=500)
    z = (target - mean) / sd
    wanted = sd * (z * (2 * stats.norm.cdf(z) - 1) + 2 * stats.norm.pdf(z) - 1 / np.sqrt(np.pi))
    found = crps(prediction=mean[:, None] + sd[:, None] * Z, target=target)
    assert found == pytest.approx(wanted.mean(), rel=0.02)
    assert crps(prediction=mean[:, None], target=target) == pytest.approx(np.abs(mean - target).mean())
