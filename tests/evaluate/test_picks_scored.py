"""From probabilities to scored picks: pairs stand on true picks, thresholds come from the rows they are chosen on."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from outcrop.evaluate.breakdown import Extras
from outcrop.evaluate.picks import Picking, chosen_thresholds, picked, true_picks, widened
from outcrop.evaluate.scored import Scored
from outcrop.evaluate.summary import Question, summarise
from outcrop.metric.picks import FOUND, HIT, RESIDUAL, TRUE

SIZE, RECORDS = 200, 8
HOW = Picking((1, 2), ("P", "S"), tolerance=0.1, thresholds=(0.5, 0.5))


def records(late=0, height=0.9, ghost=0.0, seed=0):
    """Target and probabilities of records at 100 Hz: P and S at random places, found `late` samples too late."""
    rng = np.random.default_rng(seed)
    target = np.zeros((RECORDS, SIZE), int)
    chances = np.zeros((RECORDS, SIZE, 3))
    for row in range(RECORDS):
        for phase, at in ((1, rng.integers(20, 80)), (2, rng.integers(110, 160))):
            target[row, at - 3 : at + 4] = phase
            chances[row, :, phase] = height * np.exp(-0.5 * ((np.arange(SIZE) - at - late) / 4.0) ** 2)
        chances[row, 195, 1] = ghost
    chances[..., 0] = 1 - chances[..., 1:].sum(axis=-1)
    record = np.repeat(np.arange(RECORDS), SIZE)
    return chances.reshape(-1, 3), target.ravel(), record, np.tile(np.arange(SIZE) / 100, RECORDS)


def test_pairs_stand_on_the_true_pick_and_false_picks_on_their_own_sample():
    chances, target, record, position = records(late=6, ghost=0.8)
    table = picked(chances, target, record, position, HOW)
    for phase in (0, 1):
        there = table[:, phase, TRUE] == 1
        assert there.sum() == RECORDS and (target[there] == phase + 1).all()
        assert (table[there, phase, HIT] == 1).all()
        np.testing.assert_allclose(table[there, phase, RESIDUAL], 0.06, atol=1e-6)
    false = (table[:, 0, FOUND] == 1) & (table[:, 0, TRUE] == 0)
    assert np.flatnonzero(false).tolist() == [195 + SIZE * k for k in range(RECORDS)]


def test_what_is_too_late_is_paired_and_no_hit():
    table = picked(*records(late=20), HOW)
    there = table[:, 0, TRUE] == 1
    assert not table[..., HIT].any() and (table[there, 0, FOUND] == 1).all()
    assert widened(table, 5.0, 0.1)[there, 0, HIT].all()


def test_thresholds_lie_between_picks_and_ghosts_and_differ_by_phase():
    chances, target, record, position = records(height=0.6, ghost=0.35)
    p, s = chosen_thresholds(chances, target, record, position, HOW)
    assert 0.35 < p <= 0.6 and s < p  # no ghost disturbs S: every threshold up to 0.6 is as good


def test_true_picks_end_with_their_record():
    first, last, kind = true_picks(np.array([0, 1, 1, 1, 1, 0]), np.array([0, 0, 0, 1, 1, 1]))
    assert list(zip(first.tolist(), last.tolist(), kind.tolist(), strict=True)) == [
        (0, 0, 0), (1, 2, 1), (3, 4, 1), (5, 5, 0),
    ]  # fmt: skip


def test_summary_tells_phases_with_intervals_over_stations():
    chances, target, record, position = records(late=2)
    worse, *_ = records(late=30)
    tables = {"model": picked(chances, target, record, position, HOW),
              "sta_lta": picked(worse, target, record, position, HOW)}  # fmt: skip
    labels = {name: each.argmax(axis=1) for name, each in (("model", chances), ("sta_lta", worse))}
    classes = SimpleNamespace(codes=(0, 1, 2), names=("noise", "P", "S"), cost=None)
    stations = np.array([f"station {i // 2}" for i in range(RECORDS)])
    scored = Scored(record, tuple(f"r{i}" for i in range(RECORDS)), position, target, labels, fold=record % 2,
                    classes=classes, groups={"station": stations}, unit="s", picks=tables)  # fmt: skip
    entry = summarise(scored, Question("new = station", key="station"), Extras(picking=HOW))
    assert entry["task"] == "picks" and entry["primary"] == "pick_f1" and entry["groups"] == 4
    assert entry["test"]["model"]["pick_f1"]["value"] == pytest.approx(1.0)
    assert entry["test"]["model"]["pick_bias"]["value"] == pytest.approx(0.02)
    assert entry["test"]["baselines"]["sta_lta"]["pick_f1"]["value"] == 0.0
    row = entry["picks"][0]
    assert (row["phase"], row["tolerance"], row["model"]["hits"]) == ("P", 0.1, RECORDS)
    assert row["baselines"]["sta_lta"]["lead"] == pytest.approx(1.0)
    wide = next(r for r in entry["picks"] if r["tolerance"] > 0.1)
    assert wide["baselines"]["sta_lta"]["f1"] == pytest.approx(1.0)
    half = scored.where(record < 4)
    assert half.value("pick_f1", "model") == pytest.approx(1.0) and len(half.picks["model"]) == 4 * SIZE
    assert replace(scored, picks={}).kind == "class"
