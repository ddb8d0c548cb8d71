"""A run on seismograms from file to picks: random pieces, pickers as baselines, scores of picks, and picks.csv."""

import csv
import json

import numpy as np
import pytest

import outcrop

RUN = """
[data]
groups = {station = "name ~ ^[a-z]+"}
view = {kind = "windows", length = 256, stride = 128}
crop = {samples = 512, first = [0, 240]}
source.events = {files = "events.npz", dims = {data = ["name", "time", "component"], itp = ["name"], its = ["name"]}, fold = "component", names = ["E", "N", "Z"], records = "name", coords = {name = {from = "names"}, time = {start = 0, step = 0.01, unit = "s"}}}
source.picks = {join = "picks", at = {P = "itp", S = "its"}, by = "sample", half_width = 5}
variable = {E = {scope = "record"}, N = {scope = "record"}, Z = {scope = "record"}}
target.PHASE = {from = ["PICK"], classes = {0 = "noise", 1 = "P", 2 = "S"}}
[promise]
new = "station"
test = ["e", "f"]
[model]
family = "unet1d"
widths = [8]
patch = 4
kernel_size = 7
[train]
steps = 80
learning_rate = 1e-2
evaluate_every = 40
[evaluate]
optimism_gap = false
baselines = ["same_place", "ar_aic"]
"""  # noqa: E501


@pytest.fixture
def events(tmp_path):
    """Eighteen records of six stations; P at sample 300 of every record, as in event files."""
    rng = np.random.default_rng(0)
    time, gap = np.arange(900), rng.integers(60, 120, 18)
    data = 0.05 * rng.normal(size=(18, 900, 3))
    for row in range(18):
        for at, period, size in ((300, 12, (0.3, 0.3, 1.0)), (300 + gap[row], 25, (3.0, 3.0, 1.0))):
            since = np.maximum(time - at, 0)
            data[row] += np.outer(np.sin(2 * np.pi * since / period) * np.exp(-since / 60), size)
    names = [f"{'abcdef'[row // 3]}{row}" for row in range(18)]
    np.savez(tmp_path / "events.npz", data=data.astype(np.float32), itp=np.full(18, 300.0), its=300.0 + gap,
             names=np.array(names))  # fmt: skip
    (tmp_path / "run.toml").write_text(RUN)
    return tmp_path


def test_picks_are_scored_and_written(events, no_report):
    result = outcrop.run(events / "run.toml", out=events / "run")
    entry = result.metrics["promises"]["new = station"]
    assert entry["task"] == "picks" and entry["primary"] == "pick_f1" and entry["groups"] == 2
    assert entry["test"]["baselines"]["same_place"]["pick_f1"]["value"] < 0.2  # a clock knows nothing
    assert entry["test"]["model"]["pick_f1"]["value"] > 0.4
    assert 0 < entry["test"]["baselines"]["ar_aic"]["pick_f1"]["value"] <= 1
    assert {(row["phase"], row["tolerance"]) for row in entry["picks"]} == {
        (phase, tolerance) for phase in "PS" for tolerance in (0.1, 0.5)
    }
    assert json.loads((events / "run/metrics.json").read_text("utf-8"))["metrics"]["pick_f1"]["better"] == "higher"

    with (events / "run/picks.csv").open() as stream:
        scored = [row for row in csv.DictReader(stream) if row["contender"] == "model" and row["true"]]
    assert len(scored) == 12  # six records of two stations, two phases each
    hits = sum(row["model"]["hits"] for row in entry["picks"] if row["tolerance"] == 0.1)
    assert sum(int(row["hit"]) for row in scored) == hits
    gaps = np.random.default_rng(0).integers(60, 120, 18)  # of S behind P, in samples
    for row in scored:  # pieces are cut at random, but P and S stay their distance apart
        number = int(row["record"].lstrip("abcdef"))
        other = next(r for r in scored if r["record"] == row["record"] and r["phase"] != row["phase"])
        apart = abs(float(row["true"]) - float(other["true"]))
        assert apart == pytest.approx(gaps[number] / 100, abs=0.011)
        found = row["found"] != ""
        assert int(row["hit"]) == (found and abs(float(row["found"]) - float(row["true"])) <= 0.1 + 1e-6)

    done = outcrop.predict(result.bundle, events / "events.npz", out=events / "predicted")
    assert {row["status"] for row in done.rows} == {"ok"}
    with (events / "predicted/picks.csv").open() as stream:
        picks = list(csv.DictReader(stream))
    assert {pick["phase"] for pick in picks} <= {"P", "S"} and len({pick["record"] for pick in picks}) > 12
    near = [abs(float(pick["place"]) - 3.0) < 0.1 for pick in picks if pick["phase"] == "P"]
    assert np.mean(near) > 0.2  # by chance 0.02; whole records are predicted, where P lies at sample 300


def test_uncut_records_are_refused(events):
    text = (events / "run.toml").read_text().replace("crop = {samples = 512, first = [0, 240]}\n", "")
    (events / "whole.toml").write_text(text.replace("length = 256, stride = 128", "length = 900"))
    checks = {finding.check: finding for finding in outcrop.check(events / "whole.toml").findings}
    found = checks["fixed_positions"]
    assert found.level == "violation" and "cut windows at random places" in found.fix
    assert "fixed_positions" not in {finding.check for finding in outcrop.check(events / "run.toml").findings}


def test_pickers_are_offered_by_themselves(events):
    from outcrop.run.ladder import names_of

    checked = outcrop.check(events / "run.toml", overrides=['evaluate.baselines="auto"'])
    assert names_of(checked.problem, checked.view) == ("same_place", "sta_lta", "ar_aic")


def test_a_component_scaled_in_two_ways_is_one_component(events):
    from outcrop.config.load import load
    from outcrop.run.picking import waves_of
    from outcrop.run.problem import load_problem
    from outcrop.view.rows import Rows

    twice = 'data.variable.Z_noise={from=["Z"],scope="record",robust=true}'
    problem = load_problem(load(events / "run.toml", [twice]), events)
    waves = waves_of(problem, Rows(np.array([3]), np.array([0]), np.array([0])))
    assert sorted(waves.components) == ["E", "N", "Z"] and waves.rate_hz == pytest.approx(100.0)
    assert waves.component(3, vertical=True).shape == (512, 1)
