"""Prediction on files: the numbers of training, the files as they came, and a summary that hides nothing."""

import csv
import importlib
import json
from dataclasses import replace

import lasio
import numpy as np
import pytest
import xarray as xr

import outcrop
from outcrop.bundle import load, save
from outcrop.errors import BundleError, ConfigError, DataError
from outcrop.records import Record
from synthetic_wells import las, well


@pytest.fixture(scope="module")
def predicted(finished, tmp_path_factory):
    """Alpha-2, a held-out well, predicted from its file."""
    out = tmp_path_factory.mktemp("predicted")
    files = finished.base / "wells" / "Alpha-2.las"
    outcrop.predict(
        finished.folder / "model.outcrop", files, out=out, write=["class", "confidence", "probabilities", "validity"]
    )
    return out


def scored(finished, name):
    """Rows of predictions.nc of one well."""
    with xr.open_dataset(finished.folder / "predictions.nc", engine="h5netcdf") as data:
        number = json.loads(data.attrs["records"]).index(name)
        return data.isel(sample=np.flatnonzero(data["record"] == number)).load()


def summary(folder):
    return list(csv.DictReader((folder / "summary.csv").open(encoding="utf-8")))


def one(finished, path, out, **options):
    """Predicts one file; the summary's row and the new LAS file."""
    outcrop.predict(finished.folder / "model.outcrop", path, out=out, **options)
    return summary(out)[0], lasio.read(out / path.name, mnemonic_case="preserve")


def test_training_and_prediction_give_the_same_numbers(finished, predicted):
    new, run = lasio.read(predicted / "Alpha-2.las", mnemonic_case="preserve"), scored(finished, "Alpha-2")
    found = np.column_stack([new[f"FACIES_P_{code}"] for code in (10, 20, 30)])
    np.testing.assert_allclose(found, run["probability"], rtol=0, atol=1e-6)
    np.testing.assert_array_equal(new["FACIES_PRED"], np.take([10, 20, 30], run["prediction"].to_numpy()))
    np.testing.assert_array_equal(new["FACIES_VALID"], run["valid"])


def test_what_was_in_the_file_stays(finished, predicted):
    before = lasio.read(finished.base / "wells" / "Alpha-2.las", mnemonic_case="preserve")
    after = lasio.read(predicted / "Alpha-2.las", mnemonic_case="preserve")
    for curve in before.curves:
        same = after.curves[curve.mnemonic]
        assert (same.unit, same.descr) == (curve.unit, curve.descr)
        np.testing.assert_array_equal(same.data, curve.data)
    text = (finished.base / "wells" / "Alpha-2.las").read_text().split("~Ascii\n")[1].splitlines()
    new = (predicted / "Alpha-2.las").read_text().split("~Ascii\n")[1].splitlines()
    assert all(row.startswith(old) for old, row in zip(text, new, strict=True))


def test_class_names_and_provenance_are_in_the_header(predicted):
    new = lasio.read(predicted / "Alpha-2.las", mnemonic_case="preserve")
    assert new.params["FACIES_20"].value == "Shale"
    assert [c.mnemonic for c in new.curves][-6:] == [
        "FACIES_PRED", "FACIES_CONF", "FACIES_P_10", "FACIES_P_20", "FACIES_P_30", "FACIES_VALID"
    ]  # fmt: skip
    assert "FACIES_PRED by outcrop" in (predicted / "Alpha-2.las").read_text()


def test_summary(predicted):
    row = summary(predicted)[0]
    assert (row["record"], row["status"], row["samples"], row["predicted"]) == ("Alpha-2", "ok", "320", "320")
    assert 0 <= float(row["outside_validity"]) < 0.5 and row["written"] == "Alpha-2.las"


def test_python_call_gives_the_same_numbers(finished):
    run, model = scored(finished, "Delta-1"), outcrop.load(finished.folder / "model.outcrop")
    inputs = {name: run[f"input_{name}"].to_numpy() for name in ("GR", "RHOB", "NPHI")}
    np.testing.assert_allclose(model.predict(**inputs).probabilities, run["probability"], atol=1e-5)
    assert "3 classes" in repr(model)


def test_python_call_names_wrong_inputs(finished):
    model = outcrop.load(finished.folder / "model.outcrop")
    with pytest.raises(DataError, match=r"did you mean 'RHOB'.*\n.*\nFix: the inputs are GR, RHOB, NPHI"):
        model.predict(GR=[1.0], RHOBB=[2.0])
    with pytest.raises(DataError, match="Fix: pass arrays of one length"):
        model.predict(GR=[1.0, 2.0], RHOB=[2.0], NPHI=[0.1])


def test_other_units_are_converted(finished, tmp_path):
    curves = well(1, samples=320)
    plain, _ = one(finished, las(tmp_path / "plain.las", curves, name="Alpha-2"), tmp_path / "a")
    curves["RHOB"] = curves["RHOB"] * 1000
    row, new = one(
        finished, las(tmp_path / "metric.las", curves, name="Alpha-2", units={"RHOB": "kg/m3"}), tmp_path / "b"
    )
    old = lasio.read(tmp_path / "a" / "plain.las", mnemonic_case="preserve")
    np.testing.assert_allclose(new["FACIES_CONF"], old["FACIES_CONF"], atol=1e-4)
    assert "RHOB" in row["conversions"] and not plain["conversions"]


def test_units_that_cannot_be_converted_are_refused(finished, tmp_path):
    path = las(tmp_path / "odd.las", well(1), name="Odd-1", units={"RHOB": "ohm.m"})
    with pytest.raises(DataError, match=r"could not be predicted.*ohm.m.*\n.*odd.las.*\nFix: "):
        outcrop.predict(finished.folder / "model.outcrop", path, out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_missing_curve_follows_the_policy_and_is_named(finished, tmp_path):
    curves = well(1)
    del curves["NPHI"]
    row, new = one(finished, las(tmp_path / "less.las", curves, name="Less-1"), tmp_path / "out")
    assert row["missing_inputs"] == "NPHI (mask)" and row["status"] == "ok"
    assert np.isfinite(new["FACIES_PRED"]).all()


def test_other_depth_step_predicts_on_the_rows_of_the_file(finished, tmp_path):
    curves = well(1)
    curves["DEPT"] = curves["DEPT"] * 2
    row, new = one(finished, las(tmp_path / "coarse.las", curves, name="Coarse-1"), tmp_path / "out")
    assert row["predicted"] == str(len(new["DEPT"])) and "resampled from 1 m to 0.5 m" in row["conversions"]


def test_good_files_go_on_beside_a_bad_one(finished, tmp_path):
    good = las(tmp_path / "good.las", well(1), name="Good-1")
    bad = tmp_path / "bad.las"
    bad.write_text(good.read_text().split("~Ascii")[0])
    result = outcrop.predict(finished.folder / "model.outcrop", [good, bad], out=tmp_path / "out")
    by_name = {row["record"]: row for row in result.rows}
    assert by_name["Good-1"]["status"] == "ok" and "Fix:" in by_name["bad"]["status"]
    assert [row["file"] for row in summary(tmp_path / "out")] == [str(good), str(bad)]
    assert {p.name for p in (tmp_path / "out").iterdir()} == {"good.las", "summary.csv"}


def test_dry_run_writes_nothing(finished, tmp_path):
    files = finished.base / "wells" / "*.las"
    result = outcrop.predict(finished.folder / "model.outcrop", files, out=tmp_path / "out", dry_run=True)
    assert len(result.rows) == 7 and not (tmp_path / "out").exists()


def test_refusals(finished, tmp_path):
    model, file = finished.folder / "model.outcrop", finished.base / "wells" / "Alpha-1.las"
    with pytest.raises(ConfigError, match="Fix: use some of class,confidence"):
        outcrop.predict(model, file, out=tmp_path, write=["classes"])
    with pytest.raises(ConfigError, match="Fix: --out another folder"):
        outcrop.predict(model, file, out=file.parent)
    with pytest.raises(ConfigError, match=r"did you mean"):
        outcrop.predict(model, file.with_name("Alpa-1.las"), out=tmp_path)
    twin = tmp_path / "Alpha-1.las"
    twin.write_text(file.read_text())
    with pytest.raises(ConfigError, match="Fix: predict them in two calls"):
        outcrop.predict(model, [file, twin], out=tmp_path / "out")


@pytest.mark.parametrize(
    ("part", "change"),
    [("arguments", {"arguments": {"width_size": 16, "depth": 10**9}}), ("view", {"context": [0] * (2**20 + 1)})],
)
def test_sizes_that_no_array_bears_out_are_refused(finished, tmp_path, part, change):
    bundle = load(finished.folder / "model.outcrop")
    large = save(tmp_path / "large.outcrop", replace(bundle, **{part: {**getattr(bundle, part), **change}}))
    with pytest.raises(BundleError, match=r"does not describe a model: .*\n.*\nFix: copy it again"):
        outcrop.load(large)


def test_predict_says_which_inputs_came_from_joined_tables(finished, tmp_path):
    bundle = load(finished.folder / "model.outcrop")
    joined = replace(bundle, provenance={**bundle.provenance, "joins": ["TVD"]})
    path = save(tmp_path / "joined.outcrop", joined)
    with pytest.raises(ConfigError, match=r"The inputs TVD came from joined sources.*\n.*\nFix: predict in Python"):
        outcrop.predict(path, finished.base / "wells" / "Alpha-1.las", out=tmp_path / "out")


def test_a_well_without_any_input_is_outside_validity(finished, tmp_path):
    curves = well(3)
    bare = {
        name: values if name in ("DEPT", "X", "Y") else np.full_like(values, np.nan) for name, values in curves.items()
    }
    las(tmp_path / "bare.las", bare, name="Bare-1")
    rows = outcrop.predict(finished.result.bundle, tmp_path / "bare.las", out=tmp_path / "out").rows
    assert rows[0]["outside_validity"] == 1.0


def test_labels_in_python_are_class_names(finished):
    predicted = outcrop.load(finished.result.bundle).predict(GR=[35.0, 110.0], RHOB=[2.25, 2.45], NPHI=[0.25, 0.35])
    assert predicted.labels == [predicted.names[i] for i in predicted.values]
    assert set(predicted.labels) <= {"Sand", "Shale", "Lime"}


def test_chunks_of_examples_change_nothing(finished, monkeypatch):
    solve = importlib.import_module("outcrop.run.solve")
    model = outcrop.load(finished.result.bundle)
    curves = {"GR": np.linspace(20, 120, 300), "RHOB": np.linspace(2.2, 2.7, 300), "NPHI": np.linspace(0.05, 0.4, 300)}
    whole = model.predict(**curves).probabilities
    monkeypatch.setitem(solve.PREDICT_BATCH, "points", 64)
    monkeypatch.setattr(solve, "CHUNK_BATCHES", 1)
    np.testing.assert_allclose(model.predict(**curves).probabilities, whole, atol=1e-6)


@pytest.mark.parametrize("spacing, fits", [("31D", True), ("1D", False)])
def test_a_time_step_other_than_that_of_training_is_refused(finished, spacing, fits):
    model = outcrop.load(finished.result.bundle)
    monthly = replace(model.bundle, provenance={**model.bundle.provenance, "step_s": 30.4 * 86400})
    time = np.datetime64("2000-01-01", "ns") + np.arange(5) * np.timedelta64(int(spacing[:-1]), "D")
    record = Record(xr.Dataset({"GR": ("time", np.ones(5))}, {"time": time}), "station")
    if fits:
        replace(model, bundle=monthly)._check_time_step(record)
        return
    with pytest.raises(DataError, match="Fix: bring the file to the step of training first"):
        replace(model, bundle=monthly)._check_time_step(record)
