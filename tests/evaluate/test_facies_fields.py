"""Facies models against enumeration of all logs, rejection, and closed forms of two classes."""

from itertools import product

import numpy as np
import pytest

from outcrop.evaluate.facies_fields import MarkovChain, TruncatedGaussian, gibbs, probability_same
from outcrop.evaluate.gaussian_fields import Correlation, simulate
from outcrop.metric.conditional import Hard
from outcrop.metric.spatial import run_lengths

MATRIX = np.array([[0.7, 0.2, 0.1], [0.3, 0.6, 0.1], [0.0, 0.5, 0.5]])


def test_free_logs_have_stationary_proportions_and_geometric_runs():
    chain = MarkovChain.from_matrix(MATRIX)
    np.testing.assert_allclose(chain.start @ MATRIX, chain.start)
    logs = chain.draw(np.random.default_rng(0), 3000, (100,))
    for place in (0, 50, 99):
        np.testing.assert_allclose(np.bincount(logs[:, place, 0]) / 3000, chain.start, atol=0.035)
    counts = run_lengths(logs[..., 0], 3).sum(axis=0)
    for kind in range(3):
        stay = MATRIX[kind, kind]
        np.testing.assert_allclose(counts[kind, :3] / counts[kind].sum(), (1 - stay) * stay ** np.arange(3), atol=0.015)
    again = MarkovChain.of(logs, 3)
    np.testing.assert_allclose(again.matrix, MATRIX, atol=0.01)


def test_logs_given_data_have_the_probabilities_of_enumeration():
    chain, length = MarkovChain.from_matrix(MATRIX), 6
    hard = Hard(np.array([[1], [4]]), np.array([[2], [0]]))
    drawn = chain.draw(np.random.default_rng(1), 20000, (length,), hard)[..., 0]
    assert (drawn[:, 1] == 2).all() and (drawn[:, 4] == 0).all()
    every = np.array([log for log in product(range(3), repeat=length) if log[1] == 2 and log[4] == 0])
    chance = chain.start[every[:, 0]] * MATRIX[every[:, :-1], every[:, 1:]].prod(axis=1)
    chance /= chance.sum()
    code = 3 ** np.arange(length)
    found = np.bincount(drawn @ code, minlength=3**length)[every @ code] / 20000
    assert found.sum() == pytest.approx(1)
    np.testing.assert_allclose(found, chance, atol=0.015)


def test_what_never_followed_is_rare_but_possible():
    chain = MarkovChain.of(np.array([[[0], [0], [1], [1]]]), 3)
    hard = Hard(np.array([[0], [1]]), np.array([[1], [2]]))
    assert (hard.at(chain.draw(np.random.default_rng(2), 5, (4,), hard)) == hard.values).all()


def test_probability_of_the_same_class():
    half = np.array([-np.inf, 0.0, np.inf])
    for rho in (-0.4, 0.0, 0.3, 0.95):
        assert probability_same(half, rho) == pytest.approx(0.5 + np.arcsin(rho) / np.pi, abs=1e-4)
    three = np.array([-np.inf, -0.5, 1.0, np.inf])
    shares = np.diff([0, 0.3085375, 0.8413447, 1])
    assert probability_same(three, 0.0) == pytest.approx((shares**2).sum(), abs=1e-4)


def test_a_truncated_field_is_found_again():
    known = Correlation("exponential", (6.0, 3.0))
    edges = np.array([-np.inf, -0.5, 1.0, np.inf])
    images = np.searchsorted(edges[1:-1], simulate(known, (40, 30), 300, np.random.default_rng(3)))[..., None]
    found = TruncatedGaussian.of(images, 3)
    np.testing.assert_allclose(found.edges[1:-1], edges[1:-1], atol=0.05)
    lag = np.array([[1, 0], [3, 0], [0, 1], [0, 3]])
    np.testing.assert_allclose(found.correlation.of(lag), known.of(lag), atol=0.05)


def test_gibbs_has_the_law_of_rejection():
    rng = np.random.default_rng(4)
    covariance = np.exp(-np.abs(np.subtract.outer(np.arange(3.0), np.arange(3.0))) / 2)
    low, high = np.array([-np.inf, 0.5, -1.0]), np.array([-0.2, np.inf, 0.3])
    free = rng.normal(size=(400000, 3)) @ np.linalg.cholesky(covariance).T
    kept = free[((free >= low) & (free <= high)).all(axis=1)]
    found = gibbs(covariance, low, high, 8000, rng, sweeps=30)
    assert ((found >= low) & (found <= high)).all() and len(kept) > 5000
    np.testing.assert_allclose(found.mean(axis=0), kept.mean(axis=0), atol=0.03)
    np.testing.assert_allclose(np.cov(found.T), np.cov(kept.T), atol=0.03)


def test_gibbs_far_in_the_tails_stays_between_its_bounds():
    found = gibbs(np.eye(2), np.array([7.0, -9.0]), np.array([np.inf, -8.0]), 50, np.random.default_rng(5), sweeps=3)
    assert np.isfinite(found).all() and (found[:, 0] >= 7).all() and (found[:, 0] < 8).all()
    assert (found[:, 1] >= -9).all() and (found[:, 1] <= -8).all()


def test_facies_given_data_have_the_shares_of_rejection():
    model = TruncatedGaussian(np.array([-np.inf, -0.5, 1.0, np.inf]), Correlation("exponential", (3.0, 3.0)))
    hard = Hard(np.array([[0, 0], [2, 3]]), np.array([[2], [0]]))
    rng = np.random.default_rng(6)
    free = model.draw(rng, 100000, (3, 4))
    kept = free[(hard.at(free) == hard.values).all(axis=(1, 2))]
    found = model.draw(rng, 8000, (3, 4), hard)
    assert len(kept) > 1500 and (hard.at(found) == hard.values).all()
    for kind in range(3):
        np.testing.assert_allclose((found == kind).mean(axis=0), (kept == kind).mean(axis=0), atol=0.04)
