"""The run folder: every file is there, has its documented shape, and agrees with the others."""

import csv
import json
import zipfile
from html import unescape

import numpy as np
import pytest
import xarray as xr

from outcrop.config.load import load
from outcrop.run.surrogate import load as load_model
from synthetic_wells import WELLS

FILES = (
    "run.toml", "data.json", "split.json", "audit.json", "history.csv", "predictions.nc", "metrics.json",
    "findings.json", "model.outcrop", "report.html", "environment.json", "layout.npz", "norms.csv",
)  # fmt: skip


def content(finished, name):
    return json.loads((finished.folder / name).read_text("utf-8"))


def at(metrics, pointer):
    """The value a JSON path points to."""
    value = metrics
    for part in pointer.strip("/").split("/"):
        value = value[int(part)] if isinstance(value, list) else value[part]
    return value


def test_all_files_are_there_and_nothing_half_written(finished):
    names = {path.name for path in finished.folder.iterdir()}
    assert names == {*FILES, "checkpoints"}
    assert sorted(p.name for p in (finished.folder / "checkpoints").iterdir()) == ["fold-0.members", "fold-0.npz"]


def test_run_toml_is_the_resolved_run_file(finished):
    text = (finished.folder / "run.toml").read_text("utf-8")
    assert f"Relative paths start from {finished.base}" in text
    copy = finished.base / "again.toml"
    copy.write_text(text, "utf-8")
    config = load(copy)
    copy.unlink()
    assert config.bundle.model == "held_out" and config.train.weight_decay == 1e-4
    assert config.data.variable["GR"].unit == "gAPI"


def test_data_json(finished):
    data = content(finished, "data.json")
    assert set(data) == {"records", "variables", "resolutions", "joins", "classes", "frame", "fingerprint"}
    assert [record["name"] for record in data["records"]] == list(WELLS)
    first = data["records"][0]
    assert set(first) == {
        "name", "source", "sha256", "groups", "samples", "labelled", "position", "effective_samples", "notes",
        "dims", "shape",
    }  # fmt: skip
    assert (first["samples"], first["labelled"], len(first["sha256"])) == (300, 300, 64)
    assert first["position"] == {"easting": 450_000.0, "northing": 6_500_000.0}
    assert data["classes"][2] == {"code": 30, "name": "Lime"}
    assert [v["role"] for v in data["variables"]] == ["input"] * 3 + ["target"]
    assert len(data["resolutions"]) == 4 * len(WELLS)


def test_split_json(finished):
    promise = content(finished, "split.json")["promises"]["new = well"]
    assert (promise["key"], promise["kind"]) == ("well", "holdout")
    fold = promise["folds"][0]
    assert fold["test"] == ["Alpha-2", "Delta-1"]
    assert sorted(fold["train"] + fold["validation"] + fold["test"]) == sorted(WELLS)


def test_history_csv(finished):
    rows = list(csv.DictReader((finished.folder / "history.csv").open()))
    always = ["fold", "member", "stage", "step", "train_loss", "validation_loss", "learning_rate", "seconds"]
    assert list(rows[0]) == [*always, "cross_entropy"]  # the parts of the loss come last
    assert [int(row["step"]) for row in rows] == [10, 20, 30, 40]
    assert float(rows[-1]["validation_loss"]) < float(rows[0]["validation_loss"])


def test_predictions_nc(finished):
    with xr.open_dataset(finished.folder / "predictions.nc", engine="h5netcdf") as data:
        assert json.loads(data.attrs["records"])[1] == "Alpha-2"
        assert dict(data.sizes) == {"sample": 320 + 400, "class": 3}
        assert set(np.unique(data["record"])) == {1, 5}
        np.testing.assert_allclose(data["probability"].sum("class"), 1, atol=1e-6)
        np.testing.assert_array_equal(data["probability"].argmax("class"), data["prediction"])
        np.testing.assert_allclose(data["confidence"], data["probability"].max("class"))
        assert data["input_GR"].attrs["units"] == "gAPI" and data["depth"].attrs["units"] == "m"
        assert {"target", "index", "fold", "valid", "distance", "baseline_majority"} <= set(data)


def test_metrics_agree_with_the_predictions(finished):
    entry = content(finished, "metrics.json")["promises"]["new = well"]
    with xr.open_dataset(finished.folder / "predictions.nc", engine="h5netcdf") as data:
        right = float((data["prediction"] == data["target"]).mean())
        majority = float((data["baseline_majority"] == data["target"]).mean())
    assert entry["test"]["model"]["accuracy"]["value"] == pytest.approx(right, abs=1e-12)
    assert entry["test"]["baselines"]["majority"]["accuracy"]["value"] == pytest.approx(majority, abs=1e-12)
    assert right > majority + 0.2
    assert np.sum(entry["confusion"]) == 720


def test_optimism_gap_is_measured_on_request(finished):
    gap = content(finished, "metrics.json")["promises"]["new = well"]["optimism_gap"]
    assert gap["metric"] == "macro_f1" and 0.5 < gap["random"] <= 1


def test_findings_quote_the_metrics(finished):
    metrics, findings = content(finished, "metrics.json"), content(finished, "findings.json")
    quoted = [(path, value) for finding in findings for path, value in finding["values"].items()]
    assert len(findings) >= 4 and len(quoted) > 10
    for path, value in quoted:
        file, _, pointer = path.rpartition("#")
        assert at(content(finished, file) if file else metrics, pointer) == value, path


def test_environment_json(finished):
    about = content(finished, "environment.json")
    assert about["versions"]["jax"] and about["device"]["backend"] == "cpu"
    assert about["seeds"] == {"split": 0, "train": 0} and about["parameters"] > 100
    assert about["peak_memory_bytes"] > 1e7 and about["wall_time_seconds"] > 0


def test_accepted_finding_is_printed_in_report_and_bundle(finished):
    assert content(finished, "audit.json")[0]["accepted"] == finished.reason
    assert finished.reason in unescape((finished.folder / "report.html").read_text("utf-8"))
    assert load_model(finished.folder / "model.outcrop").bundle.provenance["accepted"] == [
        f"few_groups: {finished.reason}"
    ]


def test_report_is_one_file_that_loads_nothing(finished):
    page = (finished.folder / "report.html").read_text("utf-8")
    assert "<html" in page and 'new = "well"' in unescape(page)
    assert 'src="http' not in page and "<link" not in page


def test_bundle_holds_no_pickle(finished):
    with zipfile.ZipFile(finished.folder / "model.outcrop") as archive:
        assert sorted(archive.namelist()) == ["bundle.json", "weights.safetensors"]


def test_the_run_told_its_stages(finished):
    told = "\n".join(finished.told.sentences)
    assert "7 records, 2,520 labelled samples" in told and "held out by name" in told
    assert "All 40 steps were taken" in told
    assert {step[0] for step in finished.told.steps} == {"training", "baselines", "random split"}
    assert finished.result.report.name == "report.html" and finished.result.verdict
