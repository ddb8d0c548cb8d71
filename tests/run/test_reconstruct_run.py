"""Inputs given back: a denoiser on small seismograms, a detector of anomalies on wells, from run file to files."""

import json
from contextlib import nullcontext

import numpy as np
import pytest
import xarray as xr

import outcrop
from outcrop.config.load import load
from outcrop.errors import ConfigError
from outcrop.run import parts
from outcrop.run.own_target import examples_of
from outcrop.run.solve import prepare

EVENTS = """
[data]
view = {kind = "windows", length = 64, stride = 32}
groups = {station = "name ~ ^[^_]+"}
[data.source.events]
files = "events.npz"
dims = {data = ["name", "time", "component"]}
fold = "component"
names = ["N", "Z"]
records = "name"
coords = {name = {from = "names"}, time = {start = 0, step = 0.01, unit = "s"}}
[data.variable]
N = {scope = "record"}
Z = {scope = "record"}
[data.target.WAVE]
reconstruct = ["N", "Z"]
rescale = true
noise = {noise_only = [0, 200], clean = [200, 456], least_snr_db = 10, train_snr_db = [-5, 10], snr_db = [0, 10]}
[promise]
new = "station"
test = ["S0", "S1", "S2", "S3", "S4", "S5"]
[model]
family = "autoencoder1d"
widths = [8, 16]
latent_size = 8
[train]
steps = 60
batch_size = 16
learning_rate = 5e-3
evaluate_every = 30
[evaluate]
bootstrap = 100
"""


def events(path, *, stations=18, quiet="S7"):
    """Two events per station: 200 samples of noise around 0.3 cycles per sample, then a wavelet around 0.05."""
    rng, time = np.random.default_rng(3), np.arange(512)
    data, names = [], []
    for number in range(2 * stations):
        carrier = np.cos(2 * np.pi * 0.3 * time + 6 * rng.random((2, 1))) * rng.standard_normal((2, 512))
        late = np.maximum(time - 205, 0)
        wave = np.sin(2 * np.pi * (0.05 + 0.02 * rng.random()) * late) * np.exp(-late / 120) * (late > 0)
        wave = wave * np.array([[1.0], [0.6]]) * 10 ** rng.uniform(0, 3)
        names.append(f"S{number // 2}_{number}")
        strength = 1.0 if names[-1].startswith(quiet) else 0.02
        data.append((wave + strength * np.abs(wave).max() * carrier).T)
    np.savez(path, data=np.stack(data).astype(np.float32), names=np.array(names))


@pytest.fixture(scope="module")
def denoised(tmp_path_factory):
    folder = tmp_path_factory.mktemp("events")
    events(folder / "events.npz")
    (folder / "run.toml").write_text(EVENTS)
    return folder, outcrop.run(folder / "run.toml", out=folder / "run")


def test_every_contender_is_scored_at_every_ratio(denoised):
    _, result = denoised
    entry = next(iter(result.metrics["promises"].values()))
    assert entry["primary"] == "snr_db" and entry["groups"] == 6
    names = {"identity", "mean", "pca_chosen", "band_pass", "wiener", "wiener_short_time"}
    assert set(entry["test"]["baselines"]) == names  # the code is larger than the example: components would be perfect
    rows = {row["snr_db"]: row for row in entry["by_snr_db"]}
    assert set(rows) == {0.0, 10.0} and {row["variable"] for row in entry["by_variable"]} == {"N", "Z"}
    for ratio, row in rows.items():
        assert abs(row["baselines"]["identity"]["value"] - ratio) < 0.5  # what was added is what was asked for
        assert row["gain"]["band_pass"]["value"] > 3  # noise of other frequencies is what a band-pass is for
        gain = row["model"]["snr_db"]["value"] - row["baselines"]["identity"]["value"]
        assert np.isclose(row["gain"]["model"]["value"], gain)
    assert rows[0.0]["gain"]["model"]["value"] > 1
    assert "identity" in entry["verdict"] and "noisy input" in entry["verdict"]["identity"]["sentence"]


def test_predictions_file_and_report(denoised):
    folder, result = denoised
    with xr.open_dataset(folder / "run" / "predictions.nc") as held:
        assert held["prediction"].dims == ("sample", "snr_db", "variable")
        error = held["baseline_identity"] - held["target"]
        assert np.allclose(np.sqrt((error**2).mean(("sample", "variable"))), 1, atol=0.06)  # units of the added noise
    assert "signal-to-noise" in result.report.read_text()


def test_noise_of_test_stations_is_never_heard_in_training(denoised):
    folder, _ = denoised
    checked = outcrop.check(folder / "run.toml")
    problem, view, split = checked.problem, checked.view, checked.splits[0]
    labels = parts.with_labels(split, parts.labelled_examples(problem, view))
    normaliser, tables = prepare(problem, view, labels)
    noise = examples_of(problem, view, labels, normaliser, tables).noise
    station = view.origins.groups["station"]
    part = {name: key for key, names in split.groups.items() for name in names}
    for which, donors in enumerate(noise.donors):
        assert {part[station[d]] for d in donors} == {part[station[which]]} and which not in donors
    quiet = [w for w in range(len(station)) if station[w] == "S7"]
    names = [view.origins.names[w] for w in quiet]
    assert not any(problem.labelled()[name].any() for name in names)  # below least_snr_db: they only give noise
    assert any(set(quiet) & set(donors.tolist()) for donors in noise.donors)


def test_fixed_draws_are_fixed_and_training_draws_are_not(denoised):
    folder, _ = denoised
    checked = outcrop.check(folder / "run.toml")
    problem, view = checked.problem, checked.view
    split = parts.with_labels(checked.splits[0], parts.labelled_examples(problem, view))
    normaliser, tables = prepare(problem, view, split)
    own = examples_of(problem, view, split, normaliser, tables)
    first, again = (own.at(tables, split.test, 0.0)[0].inputs for _ in range(2))
    assert np.array_equal(first, again)
    whole = own.noise.along(0, 512, 0.0)
    assert whole.shape == (512, 2) and np.isclose(np.sqrt(np.mean(whole**2)), own.noise.amplitude[0], rtol=0.1)
    assert not np.allclose(whole, own.noise.along(1, 512, 0.0)) and not np.allclose(whole, own.noise.along(0, 512, 5.0))
    starts = view.origins.reads.ranges["time"][split.test, 0]
    noise = [own._noisy(own.inner.gather(tables, split.test), split.test, np.zeros(len(split.test))).inputs, first]
    twin = np.flatnonzero((np.diff(view.origins.record[split.test]) == 0) & (np.diff(starts) == 32))[0]
    assert np.allclose(noise[0][twin, 32:], noise[0][twin + 1, :32])  # windows that overlap share the noise
    batch, scale = own.at(tables, split.test, 0.0)
    assert np.allclose(np.sqrt(np.mean(batch.inputs**2, axis=(1, 2))), 1, atol=1e-3) and len(scale) == len(split.test)
    still = view.room(split.train[:0])
    drawn = [own.gather(tables, split.train[:4], rng=np.random.default_rng(s), room=still).inputs for s in (0, 1)]
    assert not np.allclose(*drawn)


def test_a_denoiser_writes_clean_traces_in_the_file_s_format(denoised):
    folder, result = denoised
    outcrop.predict(result.bundle, folder / "events.npz", out=folder / "out")
    with np.load(folder / "out" / "events.npz") as held:
        assert held["N_PRED"].shape == (36, 512) and "WAVE_ANOMALY" not in held.files
        data = held["data"][..., 0]
        loud = ~np.char.startswith(held["names"], "S7_")
        ratio = np.abs(held["N_PRED"][loud]).max(axis=1) / np.abs(data[loud]).max(axis=1)
    assert (ratio > 0.2).all() and (ratio < 2).all()  # counts of each record, over three orders of magnitude


@pytest.mark.parametrize(
    ("old", "new", "fix"),
    [
        ('kind = "windows", length = 64, stride = 32', 'kind = "sequences", history = 64', "windows"),
        ('reconstruct = ["N", "Z"]', 'reconstruct = ["N", "Y"]', "the inputs are N, Z"),
        ("length = 64, stride = 32", "length = 256", "shorter windows"),
        ("[train]", '[loss]\nkind = "quantile"\n[train]', "mse"),
        ('new = "station"\ntest = ["S0", "S1", "S2", "S3", "S4", "S5"]', 'later = "2.0"', "station"),
    ],
)
def test_what_cannot_be_given_back_is_said_before_training(tmp_path, old, new, fix):
    events(tmp_path / "events.npz")
    assert old in EVENTS
    (tmp_path / "run.toml").write_text(EVENTS.replace(old, new))
    with pytest.raises((ConfigError, ValueError), match=fix):
        outcrop.check(tmp_path / "run.toml")


CLASSES = 'classes = {1 = "a"}'
WELLS = """
[data]
frame = {vertical = "md"}
source.logs = {files = "wells/*.las"}
variable.GR = {unit = "gAPI"}
variable.RHOB = {unit = "g/cm3"}
variable.NPHI = {unit = "v/v", missing = "mask"}
target.LOGS = {reconstruct = ["GR", "RHOB", "NPHI"], false_alarms = 0.05}
[promise]
new = "well"
test = ["Alpha-1", "Echo-1"]
[model]
family = "FAMILY"
latent_size = 2
ARGUMENTS
[loss]
kind = "LOSS"
[train]
steps = 80
batch_size = 64
learning_rate = 5e-3
evaluate_every = 40
[evaluate]
bootstrap = 100
"""


@pytest.mark.parametrize(
    ("family", "loss", "arguments"),
    [("autoencoder", "mse", "width_size = 16"), ("vae1d", "elbo", "widths = [8, 16]"), ("vae", "elbo", "depth = 1")],
)
def test_anomalies_are_flagged_at_about_the_rate_that_was_asked_for(tmp_path, wells, pageless, family, loss, arguments):
    text = WELLS.replace("FAMILY", family).replace("LOSS", loss).replace("ARGUMENTS", arguments)
    (tmp_path / "run.toml").write_text(text.replace("wells/", f"{wells}/wells/"))
    with nullcontext() if family == "autoencoder" else pageless():  # one page of anomalies is enough
        result = outcrop.run(tmp_path / "run.toml", out=tmp_path / "run")
    entry = next(iter(result.metrics["promises"].values()))
    assert entry["primary"] == "rmse" and entry["unit"] == "standard units" and set(entry["verdict"]) == {"mean", "pca"}
    assert entry["anomaly"]["asked"] == 0.05 and 0.01 < entry["anomaly"]["flagged"] < 0.15
    assert entry["anomaly"]["lowest"] <= entry["anomaly"]["flagged"] <= entry["anomaly"]["highest"]
    outcrop.predict(result.bundle, wells / "wells" / "Echo-1.las", out=tmp_path / "out")
    import lasio

    new = lasio.read(tmp_path / "out" / "Echo-1.las")
    assert new.curves["GR_PRED"].unit == "gAPI" and abs(np.nanmean(new["GR_PRED"]) - np.nanmean(new["GR"])) < 30
    assert set(np.unique(new["LOGS_FLAG"])) <= {0.0, 1.0} and np.isclose(new["LOGS_FLAG"].mean(), 0.05, atol=0.1)
    _check_codes(outcrop.load(result.bundle), new, family)


def _check_codes(model, new, family):
    curves = {name: np.array(new[name]) for name in ("GR", "RHOB", "NPHI")}
    usual = model.predict(**curves)
    curves["GR"][100:104] += 400  # no rock has this
    spiked = model.predict(**curves)
    assert spiked.flag[101] == 1 and spiked.anomaly[101] > 3 * np.nanmedian(usual.anomaly)
    codes = model.codes(**curves)
    back = model.decode(codes)
    assert codes.shape[-1] == 2 and len(back["GR"]) == len(codes)
    if family == "autoencoder":
        assert np.allclose(back["GR"], spiked.restored["GR"], rtol=1e-3)
        with pytest.raises(ConfigError, match="vae1d"):
            model.sample(3)
    else:
        assert len(model.sample(3)["RHOB"]) == 3 and np.abs(model.sample(3)["RHOB"] - 2.4).max() < 1


def test_a_run_file_that_reconstructs_classes_is_refused(tmp_path):
    (tmp_path / "run.toml").write_text(WELLS.replace("false_alarms = 0.05", CLASSES).replace("ARGUMENTS", ""))
    with pytest.raises(ConfigError, match="reconstruct names inputs that are numbers"):
        load(tmp_path / "run.toml")


def test_the_audit_asks_for_no_proof_where_inputs_are_given_back(denoised):
    folder, _ = denoised
    found = json.loads((folder / "run" / "audit.json").read_text())
    assert not {row["check"] for row in found} & {"target_copy", "target_parts", "target_means"}


def test_what_a_station_does_not_record_gets_no_noise_and_no_score(tmp_path):
    events(tmp_path / "events.npz")
    with np.load(tmp_path / "events.npz") as held:
        data, names = held["data"].copy(), held["names"]
    data[4:8, :, 1] = 0
    np.savez(tmp_path / "events.npz", data=data, names=names)
    text = EVENTS.replace('fold = "component"', 'null = [0]\nfold = "component"')
    (tmp_path / "run.toml").write_text(text)
    checked = outcrop.check(tmp_path / "run.toml")
    problem, view = checked.problem, checked.view
    split = parts.with_labels(checked.splits[0], parts.labelled_examples(problem, view))
    normaliser, tables = prepare(problem, view, split)
    own = examples_of(problem, view, split, normaliser, tables)
    dead = np.flatnonzero(np.isin(view.origins.record, np.arange(4, 8)))
    batch, scale = own.at(tables, dead, 0.0)
    assert (batch.inputs[..., 1] == 0).all() and (batch.weight[..., 1] == 0).all()
    noise = (
        batch.inputs[..., 0] * scale[:, None]
        - own.at(tables, dead, None)[0].inputs[..., 0]
        * np.sqrt(np.mean(np.square(own.inner.gather(tables, dead).inputs), axis=(1, 2)))[:, None]
    )
    size = np.sqrt(np.mean(noise**2)) / np.sqrt(np.mean(own.noise.amplitude[view.origins.record[dead]] ** 2))
    assert np.isclose(size, 1, atol=0.1)
