"""The folder reader and the tables: tolerant of what is missing, exact about what is there."""

from __future__ import annotations

import json

import numpy as np
import pytest

from outcrop.report import folder, provenance, scores, tables, words
from outcrop.report.scores import Promise
from outcrop.report.words import MetricWords


def test_predictions_by_columns(facies_folder):
    run = folder.read(facies_folder)
    table = run.predictions
    assert table.classes and table.axis == "depth" and len(table) == 8 * 240
    rows = table.rows_of(table.records[3])
    assert len(rows) == 240 and (np.diff(table["depth"][rows]) > 0).all()
    assert table.units["input_GR"] == "gAPI" and "majority" in table.starting_with("baseline_")


def test_history_keeps_fold_names(tmp_path):
    (tmp_path / "run.toml").write_text("", encoding="utf-8")
    (tmp_path / "history.csv").write_text("fold,member,step,train_loss,validation_loss\nrefit,0,50,0.5,\n", "utf-8")
    history = folder.read(tmp_path).history
    assert history["fold"].tolist() == ["refit"] and np.isnan(history["validation_loss"]).all()


def _promise(content: dict, better: str = "lower") -> Promise:
    return Promise("p", content, "rmse", MetricWords("RMSE", better))


def test_ladder_is_sorted_best_first_and_tolerates_null():
    lines = {"mean": {"rmse": {"value": None}}, "linear": {"rmse": {"value": 0.4}}, "persistence": {"rmse": 0.9}}
    content = {"test": {"model": {"rmse": {"value": 0.5, "low": None, "high": None}}, "baselines": lines}}
    assert [rung.name for rung in _promise(content).ladder] == ["linear", "model", "persistence", "mean"]
    assert [rung.name for rung in _promise(content, "higher").ladder] == ["persistence", "model", "linear", "mean"]


@pytest.mark.parametrize(
    "row", [{"record": "A", "rmse": 0.3}, {"name": "A", "rmse": {"value": 0.3}}, {"group": "A", "model": {"rmse": 0.3}}]
)
def test_rows_of_any_shape(row):
    assert _promise({"per_record": [row]}).by_record() == {"A": 0.3}


def test_verdict_cell_tells_the_gain():
    rung = scores.Rung("linear", {}, False, {"word": "beats", "difference": 0.2, "low": 0.1, "high": 0.3})
    cell = tables.verdict_cell(rung)
    assert cell.text == "beats it: 0.200 (0.100 to 0.300)" and cell.tone == "good"


def test_metric_words_from_the_folder_win(tmp_path):
    told = {"metrics": {"x": {"label": "my score", "better": "lower", "unit": "mm"}}}
    told["promises"] = {"p": {"test": {"model": {"x": {"value": 1.0}}}}}
    (tmp_path / "metrics.json").write_text(json.dumps(told), encoding="utf-8")
    promise = scores.promises(folder.read(tmp_path))[0]
    assert promise.words == MetricWords("my score", "lower", "mm") and promise.lower_is_better


def test_long_tables_fold_and_empty_columns_go():
    table = tables.Table(["a", "b"], [["x", words.DASH]] * 20).compact()
    assert table.is_long and [head.text for head in table.heads()] == ["a"]


def test_provenance_shows_no_machine_paths():
    run = folder.RunFolder(folder.Path("."), data={"records": [{"name": "A", "source": "/home/me/data/wells/A.las"}]})
    assert provenance.files(run).cells()[0][1].text == "wells/A.las"
