"""A problem from its run file to a run folder, a model file and files of points."""

from __future__ import annotations

import json
import tomllib

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import outcrop
from outcrop.config.load import load as load_run_file
from outcrop.errors import BundleError, ConfigError, DataError
from outcrop.run.predict import predict
from outcrop.run.run import run

TEXT = """
[physics]
equation = "heat"
domain = {x = [0, 1], t = [0, 1]}
parameter.diffusivity = 0.1
condition.start = {at = "t low", u = "sin(pi * x)"}
condition.edge = {at = "boundary", u = 0}
exact = {u = "exp(-0.1 * pi**2 * t) * sin(pi * x)"}
units = {x = "m", t = "s", u = "K", diffusivity = "m2/s"}
[model]
family = "mlp"
width_size = 8
depth = 2
activation = "tanh"
members = 2
[loss]
points = 100
[train]
steps = 30
stage = [{steps = 15, optimiser = "gauss_newton", evaluate_every = 5}]
"""


@pytest.fixture(scope="module")
def solved(tmp_path_factory):
    folder = tmp_path_factory.mktemp("heat")
    (folder / "heat.toml").write_text(TEXT)
    return run(folder / "heat.toml", out=folder / "out")


def test_the_solution_is_close_and_said_to_be(solved):
    error = solved.metrics["problem"]["fields"]["u"]["relative_l2"]
    assert error["low"] <= error["value"] <= error["high"] < 1e-2
    assert error["value"] < 0.05 * solved.metrics["problem"]["fields"]["u"]["baselines"]["conditions alone"]
    assert "u is close to the truth" in solved.verdict[0] and "over 2 members" in solved.verdict[0]
    assert "relative L2 error" in repr(solved)


def test_the_run_folder_holds_what_was_measured(solved):
    names = {path.name for path in solved.folder.iterdir()}
    assert {
        "run.toml",
        "data.json",
        "history.csv",
        "metrics.json",
        "findings.json",
        "solution.nc",
        "model.outcrop",
    } <= names
    with xr.open_dataset(solved.folder / "solution.nc") as data:
        off = np.linalg.norm(data["u"] - data["u_true"]) / np.linalg.norm(data["u_true"])
        highest = solved.metrics["problem"]["fields"]["u"]["relative_l2"]["high"]
        assert 0 < off <= highest * (1 + 1e-9)  # the mean of members is no further away than the farthest
        assert data["u"].dims == ("x", "t") and data["u"].attrs["units"] == "K"
        assert (
            data["residual_equation"].attrs["units"]
            == "K/s"
            == solved.metrics["problem"]["residual"]["equation"]["unit"]
        )
        assert float(abs(data["u"].sel(x=0)).max()) < 1e-12
    history = pd.read_csv(solved.folder / "history.csv")
    assert set(history["stage"]) == {"adam", "gauss_newton"} and set(history["member"]) == {0, 1}
    page = solved.report.read_text("utf-8")
    assert "Heat equation: u" in page and "left over of the equation" in page


def test_the_resolved_run_file_states_the_same_problem(solved):
    text = tomllib.loads((solved.folder / "run.toml").read_text("utf-8"))
    assert text["physics"]["condition"]["start"]["u"] == "sin(pi * x)"
    assert (
        load_run_file(solved.folder / "run.toml").physics == load_run_file(solved.folder.parent / "heat.toml").physics
    )


def test_the_model_file_gives_the_solution_at_points(solved):
    model = outcrop.load(solved.bundle)
    found = model.predict(x=np.array([0.25, 0.5]), t=0.3)
    true = np.exp(-0.1 * np.pi**2 * 0.3) * np.sin(np.pi * np.array([0.25, 0.5]))
    assert np.allclose(found["u"], true, atol=2e-2) and (found["u_sd"] < 2e-2).all()
    assert model.predict(x=[0.5, 2.0], t=[0.5, 0.5])["valid"].tolist() == [1, 0]
    with xr.open_dataset(solved.folder / "solution.nc") as data:
        again = model.predict(x=data["x"].to_numpy()[:, None], t=data["t"].to_numpy())["u"]
        assert np.allclose(again, data["u"], atol=1e-12)
    with pytest.raises(DataError, match="The coordinates are x, t"):
        model.predict(y=1)


def test_files_of_points_come_back_with_the_solution(solved, tmp_path):
    table = pd.DataFrame({"x": [0.0, 0.5, 3.0], "t": [0.1, 0.2, 0.3], "name": ["Öl", "b", "c"]})
    table.to_csv(tmp_path / "points.csv", index=False)
    predicted = predict(solved.bundle, tmp_path / "points.csv", out=tmp_path / "out")
    back = pd.read_csv(tmp_path / "out" / "points.csv")
    assert back["name"].tolist() == table["name"].tolist()
    assert back["u_PRED"][0] == pytest.approx(0, abs=1e-9)
    assert back["DOMAIN_VALID"].tolist() == [1, 1, 0]
    assert predicted.rows[0]["outside_validity"] == pytest.approx(1 / 3)
    table.drop(columns="t").to_csv(tmp_path / "short.csv", index=False)
    with pytest.raises(DataError, match="no coordinate 't'"):
        predict(solved.bundle, tmp_path / "short.csv", out=tmp_path / "out")


def test_a_damaged_model_file_is_refused(solved, tmp_path):
    from outcrop.bundle import load, save

    bundle = load(solved.bundle)
    wrong = dict(bundle.provenance) | {"physics": {"equation": "heat", "domain": {"x": [0, 1]}}}
    from dataclasses import replace

    path = save(tmp_path / "wrong.outcrop", replace(bundle, provenance=wrong))
    with pytest.raises((BundleError, ConfigError)):
        outcrop.load(path)


def test_a_stopped_run_goes_on_as_if_it_had_not(tmp_path):
    text = TEXT.replace("members = 2", "members = 1")
    (tmp_path / "heat.toml").write_text(text)
    whole = run(tmp_path / "heat.toml", out=tmp_path / "whole")
    again = run(tmp_path / "heat.toml", out=tmp_path / "whole", resume=True)
    assert again.metrics["problem"]["fields"] == whole.metrics["problem"]["fields"]


@pytest.mark.parametrize("noise", [0.0, 0.02])
def test_a_coefficient_is_found_from_data(tmp_path, noise):
    x, t = (a.ravel() for a in np.meshgrid(np.linspace(0, 1, 12), np.linspace(0, 1, 8)))
    u = np.exp(-0.1 * np.pi**2 * t) * np.sin(np.pi * x) + noise * np.random.default_rng(0).normal(size=len(x))
    pd.DataFrame({"x": x, "t": t, "temp": u}).to_csv(tmp_path / "logger.csv", index=False)
    text = TEXT.replace("diffusivity = 0.1\n", 'diffusivity = {find = "number", start = 0.5}\n').replace(
        "members = 2", "members = 1"
    )
    text = text.replace("exact = {", "exact = {diffusivity = 0.1, ")
    text += '[physics.measured.logger]\nfiles = "logger.csv"\nvariable = {u = "temp"}\n'
    text += f"noise_sd = {{u = {noise}}}\n" if noise else ""
    (tmp_path / "run.toml").write_text(text)
    result = run(tmp_path / "run.toml", out=tmp_path / "out")
    found = result.metrics["problem"]["found"]["diffusivity"]
    assert found["value"] == pytest.approx(0.1, rel=0.02 + 3 * noise)
    assert any("diffusivity is 0.1" in said or "diffusivity is 0.09" in said for said in result.verdict)
    assert not any("Training has not met the equation" in said for said in result.verdict)  # noise is no failure
    data = json.loads((tmp_path / "out" / "data.json").read_text("utf-8"))
    assert data["problem"]["measured"] == [{"unknown": "u", "count": 96, "noise_sd": noise or None}]


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (("equation = ", "equaton = "), "unknown key 'physics.equaton' (did you mean 'equation'?)"),
        (('"heat"', '"heet"'), "did you mean 'heat'"),
        (('family = "mlp"', 'family = "unet1d"'), "a solution is a network of coordinates"),
        (("points = 100", "points = 1"), "loss.points"),
        (("points = 100", 'points = 100\nbalance = "self_adaptive"'), 'refine = "none"'),
        (('"gauss_newton"', '"gauss"'), "gauss_newton"),
        (("sin(pi * x)", "sine(pi * x)"), "did you mean 'sin'"),
        (("[model]", "[promise]\nnew = \"well\"\n[model]"), "promise"),
    ],
)  # fmt: skip
def test_a_wrong_run_file_is_refused(tmp_path, change, what):
    (tmp_path / "run.toml").write_text(TEXT.replace(*change))
    with pytest.raises(ConfigError) as caught:
        run(tmp_path / "run.toml", out=tmp_path / "out")
    assert what in str(caught.value)
    assert not (tmp_path / "out" / "metrics.json").exists()


def test_gauss_newton_is_refused_on_data(tmp_path):
    from outcrop.config.load import validate

    with pytest.raises(ConfigError, match="gauss_newton solves equations"):
        validate({"data": {}, "promise": {}, "train": {"optimiser": "gauss_newton"}})


def test_check_and_inspect_say_what_is_solved_and_by_what(solved):
    checked = outcrop.check(solved.folder.parent / "heat.toml")
    assert "u_t = D (u_xx + ...) + f" in repr(checked) and "u at x low, x high" in repr(checked)
    for path in (solved.folder.parent / "heat.toml", solved.bundle):
        shown = repr(outcrop.inspect(path))
        assert "mlp: 105 parameters" in shown and "x, t" in shown  # 3 * 8 + 9 * 8 + 9
