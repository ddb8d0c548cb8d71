"""Ensembles given data: the exact conditional law raises no alarm; too narrow, too wide and disobedient ones do."""

import json

import numpy as np
import pytest

from outcrop.errors import DataError
from outcrop.evaluate.facies_fields import MarkovChain
from outcrop.evaluate.gaussian_fields import Correlation, Kriging, simulate
from outcrop.evaluate.given import judge_given
from outcrop.metric.conditional import Hard

KNOWN, SHAPE, CASES, MEMBERS = Correlation("exponential", (3.0,)), (20,), 15, 24
CELLS = np.array([[2], [9], [17]])


def conditioned(rng):
    """The exact ensemble of every case, (realisation, case, place, 1), the truths and the data."""
    truth = simulate(KNOWN, SHAPE, CASES, rng)
    kriging = Kriging.of(KNOWN, CELLS, SHAPE)
    data = truth[:, CELLS[:, 0]]
    samples = np.stack([kriging.condition(simulate(KNOWN, SHAPE, MEMBERS, rng), each) for each in data], axis=1)
    return samples[..., None], truth[..., None], [Hard(CELLS, each[:, None]) for each in data]


def ids(result):
    return {flag["id"] for flag in result["flags"]}


def test_the_exact_law_raises_no_alarm():
    alarms = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        samples, truth, hard = conditioned(rng)
        result = judge_given(samples, truth, rng, hard=hard, draws=100)
        alarms += ids(result)
        assert result["honoured"] == {"realisations": 1.0, "data": 1.0}
    assert len(alarms) <= 1, alarms


@pytest.mark.parametrize(("factor", "flag"), [(0.4, "overconfident"), (2.5, "underconfident")])
def test_a_wrong_spread_is_flagged(factor, flag):
    rng = np.random.default_rng(0)
    samples, truth, hard = conditioned(rng)
    mean = samples.mean(axis=0)
    result = judge_given(mean + factor * (samples - mean), truth, rng, hard=hard, tolerance=1e-9)
    assert flag in ids(result) and "not_honoured" not in ids(result)
    assert json.loads(json.dumps(result, allow_nan=False))["rows"] == result["rows"]


def test_free_fields_do_not_honour_data_and_are_no_better_than_the_prior():
    rng = np.random.default_rng(1)
    samples, truth, hard = conditioned(rng)
    prior = simulate(KNOWN, SHAPE, 300, rng)[..., None]
    exact = judge_given(samples, truth, rng, hard=hard, prior=prior, draws=20)
    free = simulate(KNOWN, SHAPE, MEMBERS * CASES, rng).reshape(samples.shape)
    loose = judge_given(free, truth, rng, hard=hard, prior=prior, draws=20)
    assert ids(loose) == {"not_honoured"} and loose["honoured"]["data"] == 0
    assert exact["rows"]["crps"]["value"] < 0.9 * loose["rows"]["crps"]["value"]
    assert loose["rows"]["crps"]["value"] == pytest.approx(loose["prior"]["crps"], rel=0.05)
    assert exact["prior"]["diversity"] < 0.95 and loose["prior"]["diversity"] == pytest.approx(1, abs=0.03)


def test_facies_are_scored_by_their_indicators():
    rng = np.random.default_rng(2)
    chain = MarkovChain.from_matrix(np.array([[0.8, 0.2], [0.3, 0.7]]))
    truth = chain.draw(rng, CASES, SHAPE)
    hard = [Hard(CELLS, each[CELLS[:, 0]]) for each in truth]
    samples = np.stack([chain.draw(rng, MEMBERS, SHAPE, data) for data in hard], axis=1)
    result = judge_given(samples, truth, rng, hard=hard, draws=100)
    assert set(result["rows"]) == {"crps", "spread_skill", "rank_deviation"} and ids(result) == set()
    certain = judge_given(np.zeros_like(samples), truth, rng, hard=hard, draws=100)
    assert "not_honoured" in ids(certain)
    assert certain["rows"]["crps"]["value"] > result["rows"]["crps"]["value"]


def test_what_does_not_fit_is_refused():
    rng = np.random.default_rng(3)
    samples, truth, hard = conditioned(rng)
    for wrong in ((samples[:, :3], truth, hard), (samples[:1], truth, hard), (samples, truth, hard[:2])):
        with pytest.raises(DataError, match="one Hard per case"):
            judge_given(*wrong[:2], rng, hard=wrong[2])
    with pytest.raises(DataError, match="hold missing values"):
        judge_given(np.where(samples > 2, np.nan, samples), truth, rng)
