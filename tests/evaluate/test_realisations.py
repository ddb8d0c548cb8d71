"""A judge must flag what is planted (copies, memory, wrong spread or proportions) and pass an independent real draw."""

import json

import numpy as np
import pytest

from outcrop.evaluate.finding import lookup
from outcrop.evaluate.gaussian_fields import Correlation, simulate
from outcrop.evaluate.geostatistics import fit
from outcrop.evaluate.realisations import judge

KINDS = ["facies log", "facies map", "pairs", "log", "map"]
SHAPES = {"facies log": (20,), "facies map": (9, 8), "pairs": (), "log": (20,), "map": (9, 8)}
COUNT = 60


def draw(kind, rng, count):
    shape = SHAPES[kind]
    if not shape:
        first = rng.normal(size=(count, 1))
        return np.hstack([first, 2 + 0.8 * first + 0.6 * rng.normal(size=(count, 1))])
    fields = simulate(Correlation("exponential", (2.5,) * len(shape)), shape, count, rng)[..., None]
    return np.searchsorted([-0.3, 0.8], fields) if kind.startswith("facies") else 40 + 5 * fields


def noisy(kind, rng, fields):
    if kind.startswith("facies"):
        return np.where(rng.random(fields.shape) < 0.02, rng.integers(0, 3, fields.shape), fields)
    return fields + 0.02 * fields.std() * rng.normal(size=fields.shape)


def found(kind, samples, seed=0, draws=100):
    rng = np.random.default_rng(100 + seed)
    real, train = draw(kind, rng, COUNT), draw(kind, rng, 100)
    return judge(samples(rng, train), real, rng, train=train, classes=3 if "facies" in kind else None, draws=draws)


def ids(result):
    return {flag["id"] for flag in result["flags"]}


SOME = [kind if kind in ("facies log", "map") else pytest.param(kind, marks=pytest.mark.slow) for kind in KINDS]


@pytest.mark.parametrize("kind", SOME)
def test_an_independent_real_draw_raises_no_alarm(kind):
    alarms = [flag for seed in range(20) for flag in ids(found(kind, lambda rng, _: draw(kind, rng, COUNT), seed))]
    assert len(alarms) <= 1, alarms


@pytest.mark.parametrize("kind", KINDS)
def test_copies_of_a_few_samples_are_mode_collapse(kind):
    def collapsed(rng, train):
        return noisy(kind, rng, draw(kind, rng, 5)[rng.integers(0, 5, COUNT)])

    assert all("mode_collapse" in ids(found(kind, collapsed, seed)) for seed in range(3))


@pytest.mark.parametrize("kind", KINDS)
def test_training_samples_with_a_little_noise_are_memorisation(kind):
    def remembered(rng, train):
        return noisy(kind, rng, train[rng.permutation(len(train))[:COUNT]])

    assert all("memorisation" in ids(found(kind, remembered, seed)) for seed in range(3))


@pytest.mark.parametrize("kind", ["log", "map"])
@pytest.mark.parametrize("change", ["shrunken", "widened", "shifted"])
def test_values_of_a_wrong_schedule_are_flagged(kind, change):
    def wrong(rng, train):
        fields = draw(kind, rng, COUNT)
        factor = {"shrunken": 0.6, "widened": 1.6, "shifted": 1.0}[change]
        return 40 + factor * (fields - 40) + 5 * (change == "shifted")

    result = found(kind, wrong)
    assert "distribution" in ids(result)


def test_classical_draws_are_judged_as_what_they_are():
    rng = np.random.default_rng(5)
    real, train = (draw("map", rng, count) for count in (COUNT, 200))
    judged = {
        name: judge(fit(name, train)(rng, COUNT, (9, 8)), real, rng, train=train)
        for name in ("gaussian_simulation", "simple_kriging", "bootstrap")
    }
    assert ids(judged["gaussian_simulation"]) == set()
    assert "memorisation" in ids(judged["bootstrap"])
    cell_by_cell = judged["simple_kriging"]["rows"]
    assert cell_by_cell["variogram"]["word"] == "above the floor" and cell_by_cell["wasserstein_1"]["ratio"] < 3
    facies = draw("facies log", rng, COUNT)
    chain = fit("markov_chain", draw("facies log", rng, 200))(rng, COUNT, (20,))
    assert ids(judge(chain, facies, rng)) == set()


def test_proportions_that_are_off_are_flagged():
    result = found("facies map", lambda rng, _: np.minimum(draw("facies map", rng, COUNT) + 1, 2))
    assert "proportions" in ids(result)


def test_the_table_is_json_and_flags_point_into_it():
    result = found("facies map", lambda rng, _: np.zeros((COUNT, 9, 8, 1), int))
    again = json.loads(json.dumps(result, allow_nan=False))
    assert again["kind"] == "facies" and again["place"] == [9, 8] and (again["samples"], again["train"]) == (60, 100)
    assert {"proportions", "run_lengths", "connectivity", "euler_number", "share_near"} <= set(again["rows"])
    assert ids(again) >= {"mode_collapse", "proportions"} and again["notes"] == []
    for flag in again["flags"]:
        assert flag["sentence"].endswith(".") and flag["paths"]
        assert all(lookup(again, path) is not None for path in flag["paths"])


def test_what_cannot_be_judged_is_said():
    rng = np.random.default_rng(0)
    result = judge(draw("pairs", rng, 50), draw("pairs", rng, 12), rng)
    assert {row["word"] for row in result["rows"].values()} == {"cannot tell"} and result["flags"] == []
    assert "from 12 real realisations and 50 samples: at least 20 and 8 are needed" in result["notes"][0]
    assert "no training realisations were given" in result["notes"][1]
    assert "share_near" not in result["rows"]


def test_fields_of_three_dimensions():
    rng = np.random.default_rng(1)
    fields = simulate(Correlation("exponential", (2.0, 2.0, 1.0)), (5, 6, 4), 70, rng)[..., None]
    result = judge(fields[:30], fields[30:], rng, draws=20)
    assert {"variogram", "spectrum", "diversity"} <= set(result["rows"])
    facies = judge((fields[:30] > 0).astype(int), (fields[30:] > 0).astype(int), rng, draws=20)
    assert {"connectivity", "euler_number"} <= set(facies["rows"])
