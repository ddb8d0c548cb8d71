"""metrics.json and findings.json from scored wells and months: shape, numbers, sentences tied to numbers."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest
from scored_tables import months, wells

from outcrop.errors import ConfigError
from outcrop.evaluate.breakdown import Extras
from outcrop.evaluate.finding import lookup
from outcrop.evaluate.findings import findings
from outcrop.evaluate.gap import optimism_gap
from outcrop.evaluate.summary import Question, assemble, summarise

NEW_WELL = Question("new = well", key="well")


def metrics_of(scored, question=NEW_WELL, extras=None, **more):
    return assemble({question.promise: summarise(scored, question, extras)}, **more)


def extras_of(scored):
    rng = np.random.default_rng(0)
    distances = {name: 900.0 * (i + 1) for i, name in enumerate(scored.names)}
    gap = optimism_gap(0.1, 0.3, "expected_cost", noun="well")
    return Extras(rng.random(len(scored)) < 0.7, rng.random(len(scored)) < 0.9, distances, gap)


def by_id(found):
    return {entry["id"]: entry["sentence"] for entry in found}


def test_shape_for_classes():
    scored = wells()
    entry = summarise(scored, NEW_WELL, extras_of(scored))
    assert (entry["task"], entry["primary"], entry["resampled"]) == ("class", "expected_cost", "12 wells")
    assert set(entry["test"]["model"]) == {"expected_cost", "accuracy", "balanced_accuracy", "macro_f1", "log_loss"}
    assert set(entry["test"]["model"]["accuracy"]) == {"value", "low", "high"}
    assert set(entry["verdict"]) == set(entry["test"]["baselines"]) == {"majority", "boosted_trees"}
    assert entry["strongest_baseline"] == "boosted_trees"
    assert len(entry["per_record"]) == 12 and len(entry["per_class"]) == 3 and len(entry["folds"]) == 3
    assert np.sum(entry["confusion"]) == len(scored)
    assert sum(row["records"] for row in entry["by_distance"]) == 12
    assert sum(row["share"] for row in entry["by_confidence"]) == pytest.approx(1.0)
    json.dumps(entry, allow_nan=False)


def test_tables_agree_with_the_pooled_score():
    scored = wells()
    entry = summarise(scored, NEW_WELL, extras_of(scored))
    pooled = entry["test"]["model"]["expected_cost"]["value"]
    for table in ("per_record", "folds", "by_distance"):
        size = np.array([row["samples"] for row in entry[table]])
        values = np.array([row["model"]["expected_cost"] for row in entry[table]])
        assert (size * values).sum() / size.sum() == pytest.approx(pooled)
    support = np.array([row["support"] for row in entry["per_class"]])
    cost = np.array([row["expected_cost"] for row in entry["per_class"]])
    assert (support * cost).sum() / support.sum() == pytest.approx(pooled)


def test_masks_stay_aligned_when_unlabelled_samples_are_dropped():
    scored = wells(8)
    target = scored.target.copy()
    target[::2] = -1
    high = np.arange(len(scored)) % 4 == 1
    entry = summarise(replace(scored, target=target), NEW_WELL, Extras(high_confidence=high))
    assert entry["coverage"] == {"samples": 480, "labelled": 240, "scored": 240, "without_prediction": 0, "records": 8}
    kept = high & (target >= 0)
    expected = (scored.predictions["model"][kept] == scored.target[kept]).mean()
    assert entry["high_confidence"]["model"]["accuracy"] == pytest.approx(expected)
    assert entry["high_confidence"]["share"] == pytest.approx(0.5)


def test_shape_for_a_series_in_time():
    question = Question("later = 1990-01-01", block_length=12)
    entry = summarise(months(), question)
    assert (entry["task"], entry["primary"], entry["unit"]) == ("number", "rmse", "degC")
    assert entry["resampled"] == "12 blocks of 12 months"
    assert entry["verdict"]["persistence"]["word"] == "beats"
    assert "confusion" not in entry and "per_class" not in entry
    sentence = by_id(findings(metrics_of(months(), question)))["headline"]
    assert sentence.startswith(
        "From 1990-01-01 on, a time it has never seen, the network's root mean square error is 0.1"
    )
    assert (
        "degC" in sentence
        and "persistence on the same split reaches" in sentence
        and "12 blocks of 12 months" in sentence
    )


def test_one_well_has_no_interval_and_says_why():
    entry = summarise(wells(1), NEW_WELL)
    assert entry["test"]["model"]["accuracy"]["low"] is None and "1 well" in entry["reason"]
    assert {verdict["word"] for verdict in entry["verdict"].values()} == {"cannot tell"}
    told = by_id(findings(metrics_of(wells(1))))
    assert "few_groups" in told and "no_usable_signal" not in told


def test_class_without_cost_rests_on_macro_f1_or_the_first_asked_for():
    scored = wells(cost=None)
    assert summarise(scored, NEW_WELL)["primary"] == "macro_f1"
    asked = replace(NEW_WELL, metrics=("balanced_accuracy", "accuracy"))
    entry = summarise(scored, asked)
    assert entry["primary"] == "balanced_accuracy" and set(entry["test"]["model"]) == {"balanced_accuracy", "accuracy"}
    with pytest.raises(ConfigError, match="first"):
        summarise(scored, replace(NEW_WELL, metrics=("rmse",)))


def test_headline_reads_as_written_by_a_person():
    sentence = by_id(findings(metrics_of(wells(28))))["headline"]
    assert sentence.startswith("On wells it has never seen the network's mean penalty is 0.2")
    pattern = (
        r".*0\.2\d \(95 % interval 0\.\d\d to 0\.\d\d over 28 wells\); boosted trees on the same split reach 0\.\d\d: "
    )
    assert re.fullmatch(pattern + r"the network beats them by 0\.\d\d \(0\.\d\d to 0\.\d\d\)\.", sentence)


def test_every_number_told_is_where_its_path_says():
    scored = wells()
    metrics = metrics_of(
        scored, extras=extras_of(scored), effective_samples={"total": 81.3, "labelled": 720, "per_record": {}}
    )
    audit = [
        {"check": "close_neighbours", "level": "inflation", "place": "a", "size": "3 m", "fix": "b", "accepted": ""}
    ]
    told = findings(json.loads(json.dumps(metrics)), audit)
    expected = {
        "headline", "ladder", "optimism_gap", "records", "classes", "by_distance", "by_confidence", "by_validity",
        "high_confidence", "effective_samples", "audit_close_neighbours",
    }  # fmt: skip
    assert {entry["id"] for entry in told} == expected
    for entry in told:
        assert entry["values"], entry["id"]
        for path, value in entry["values"].items():
            if path.startswith("audit.json#"):
                assert lookup(audit, path.removeprefix("audit.json#")) == value
            else:
                assert lookup(metrics, path) == value


def test_no_signal_is_said_first_and_plainly():
    scored = wells(right={"model": 0.5, "majority": 0.52, "boosted_trees": 0.7})
    told = findings(metrics_of(scored))
    assert told[0]["id"] == "no_usable_signal"
    assert told[0]["sentence"].startswith("No usable signal") and "Do not use this model" in told[0]["sentence"]


def test_losing_to_trees_is_reported_and_is_not_no_signal():
    told = by_id(findings(metrics_of(wells(right={"model": 0.7, "majority": 0.4, "boosted_trees": 0.9}))))
    assert "the network loses to them by" in told["headline"] and "no_usable_signal" not in told


def test_flags_of_realisations_are_findings():
    metrics = metrics_of(wells())
    (entry,) = metrics["promises"].values()
    entry["judged"] = [{"model": {"flags": [{"id": "mode_collapse", "sentence": "Mode collapse: one log."}]}}]
    (told,) = [found for found in findings(metrics) if found["id"] == "flagged"]
    assert told["sentence"] == "Mode collapse: one log."
    assert [value[0]["id"] for value in told["values"].values()] == ["mode_collapse"]
    entry["judged"][0]["model"]["flags"] = []
    assert "flagged" not in by_id(findings(metrics))


def test_accepted_audit_findings_carry_their_reason():
    audit = [
        {
            "check": "few_groups",
            "level": "inflation",
            "place": "x",
            "size": "2",
            "fix": "y",
            "accepted": "all there is.",
        }
    ]
    told = by_id(findings(metrics_of(wells()), audit))
    assert told["audit_few_groups"].endswith("accepted because all there is.")


def test_gap_says_who_flatters():
    assert optimism_gap(0.8, 0.5, "macro_f1")["gap"] == pytest.approx(0.3)
    assert "flatters by 0.30" in optimism_gap(0.8, 0.5, "macro_f1")["sentence"]
    assert "would not have flattered" in optimism_gap(1.2, 1.1, "rmse", unit="degC")["sentence"]
