"""Realisations as files of other formats, wells left out in turn, and the page."""

import json

import lasio
import numpy as np
import pytest
from sample_models import CENTRE, SPREAD, model

import outcrop
from outcrop.data.read import read
from outcrop.errors import ConfigError, DataError, MissingExtraError
from outcrop.metric import conditional
from outcrop.report.sampled import write as write_page

CUBE = "[grid]\ninline = {start = 11, step = 1}\ncrossline = {start = 21, step = 1}\ndepth = {start = 1500, step = 4}\n"


@pytest.fixture(scope="module")
def logs():
    return model("logs")


@pytest.fixture(scope="module")
def maps():
    return model("maps", classes=True)


@pytest.fixture(scope="module")
def cubes():
    return model("cubes", "PHI")


def drawn(bundle, folder, text="", count=3, report=False, **how):
    (folder / "given.toml").write_text(text, "utf-8")
    return outcrop.sample(bundle, folder / "given.toml", count=count, out=folder / "out", report=report, **how)


@pytest.mark.parametrize("format", ["grdecl", "roff"])
def test_cubes_come_back_from_reservoir_grids(cubes, tmp_path, format):
    found = drawn(cubes, tmp_path, CUBE, format=format)
    names = {path.stem for path in found.files}
    assert names == {"realisation_001", "realisation_002", "realisation_003", "mean", "sd", "p10", "p50", "p90"}
    for path in found.files:
        (back,) = read(path)
        own = found.data["PHI"][int(path.stem[-3:]) - 1] if "_" in path.stem else found.data[f"PHI {path.stem}"]
        own = own.transpose("depth", "inline", "crossline")
        np.testing.assert_allclose(back.data["PHI"], own, rtol=1e-6)
        np.testing.assert_allclose(back.data["depth"][:, 0, 0], own["depth"], rtol=1e-6)
        np.testing.assert_allclose(back.data["easting"][0, 0], own["crossline"], rtol=1e-6)
        np.testing.assert_allclose(back.data["northing"][0, :, 0], own["inline"], rtol=1e-6)
    assert not [path for path in (tmp_path / "out").iterdir() if path.name.startswith(".")]


def test_classes_of_maps_are_codes_with_names_in_one_layer(maps, tmp_path):
    found = drawn(maps, tmp_path, format="roff")
    (back,) = read(tmp_path / "out/realisation_002.roff")
    np.testing.assert_array_equal(back.data["T"][0], found.data["T"][1])
    assert back.data["T"].attrs["codes"] == {0: "Shale", 1: "Sand"}
    (share,) = read(tmp_path / "out/probability_Sand.roff")
    np.testing.assert_allclose(share.data["probability_Sand"][0], found.data["probability Sand"], rtol=1e-6)
    assert (tmp_path / "out/entropy.roff").is_file()


def test_cubes_come_back_from_segy(cubes, tmp_path):
    found = drawn(cubes, tmp_path, CUBE, format="segy")
    assert len(found.files) == 3 + 5
    (back,) = read(tmp_path / "out/realisation_003_PHI.sgy", domain="depth", dead="keep")
    assert back.dims == ("inline", "crossline", "depth")
    values = next(iter(back.data.data_vars.values()))
    np.testing.assert_allclose(values, found.data["PHI"][2], rtol=1e-6)
    for dim in back.dims:
        np.testing.assert_allclose(back.data[dim], found.data[dim])


def test_logs_come_back_from_las(logs, tmp_path):
    found = drawn(logs, tmp_path, "[grid.depth]\nstart = 1000\nstep = 0.5\n", format="las")
    las = lasio.read(tmp_path / "out/realisation_001.las")
    np.testing.assert_allclose(las["GR"], found.data["GR"][0], rtol=1e-6)
    np.testing.assert_allclose(las.index, found.data["depth"])
    assert {path.stem for path in found.files} >= {"mean", "p90"}


def test_a_format_that_cannot_hold_the_grid_is_refused_before_anything_is_drawn(
    logs, maps, cubes, tmp_path, monkeypatch
):
    for bundle, format, told in (
        (maps, "segy", "SEG-Y holds lines and cubes"), (logs, "roff", "A reservoir grid holds maps and cubes"),
        (maps, "las", "A LAS file holds values along depth"), (logs, "rof", "did you mean 'roff'"),
    ):  # fmt: skip
        with pytest.raises(ConfigError, match=told):
            drawn(bundle, tmp_path, format=format)
    with pytest.raises(ConfigError, match="steps of whole thousandths"):
        drawn(cubes, tmp_path, CUBE.replace("step = 4", "step = 90"), format="segy")
    assert not (tmp_path / "out").exists()
    monkeypatch.setitem(__import__("sys").modules, "xtgeo", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'outcrop\[mesh\]'"):
        drawn(cubes, tmp_path, CUBE, format="roff")


def wells(folder, names, dims="northing,easting,T"):
    rng = np.random.default_rng(0)
    rows = [f"{name},{10 * n},{10 * c},{rng.integers(0, 2)}" for name in names for n, c in rng.integers(0, 16, (5, 2))]
    (folder / "wells.csv").write_text("\n".join([f"WELL,{dims}", *rows]), "utf-8")
    return '[observations]\nfiles = "wells.csv"\n'


def test_several_variables_without_a_place_are_drawn_too(tmp_path):
    points = model("points", "GR", "RHOB")
    found = drawn(points, tmp_path, count=400, report=True)
    np.testing.assert_allclose([float(found.data[f"{name} sd"]) for name in ("GR", "RHOB")], SPREAD, rtol=0.15)
    assert "400 realisations." in found.report.read_text("utf-8").replace(" The prior", "")
    with pytest.raises(ConfigError, match="has no place"):
        drawn(points, tmp_path, format="roff")


def test_wells_are_left_out_in_turn(maps, tmp_path):
    names = ["Ål-1", "Бор 2", "井戸3", "A/4"]
    found = drawn(maps, tmp_path, wells(tmp_path, names), 6, leave_out="WELL", report=True)
    (own,) = found.left_out["variables"].values()
    assert [row["well"] for row in own["wells"]] == names
    assert 0 <= own["probability"] <= 1 and own["cells"] == sum(row["cells"] for row in own["wells"])
    about = json.loads((tmp_path / "out/sample.json").read_text("utf-8"))
    assert about["left_out"]["variables"]["T"]["brier"] == pytest.approx(own["brier"])
    page = (tmp_path / "out/sample.html").read_text("utf-8")
    assert "井戸3" in page and "Wells left out in turn" in page and "fair Brier score" in found.left_out["sentence"]


def test_a_well_left_out_is_scored_by_what_is_drawn_given_the_others(logs, tmp_path):
    text = "WELL,depth,GR\n" + "".join(
        f"{w},{d},{60 + 10 * i + d / 8}\n" for i, w in enumerate("abc") for d in (i, i + 4, i + 8)
    )
    (tmp_path / "wells.csv").write_text(text)
    grid = "[grid.depth]\nstart = 0\nstep = 0.5\n"
    given = f'{grid}[observations]\nfiles = "wells.csv"\n'
    found = drawn(logs, tmp_path, given, 19, leave_out="well")
    own = found.left_out["variables"]["GR"]
    assert own["unit"] == "gAPI"
    (tmp_path / "wells.csv").write_text("\n".join(line for line in text.splitlines() if not line.startswith("b")))
    others = drawn(logs, tmp_path, given, 19).data["GR"].sel(depth=[1, 5, 9]).to_numpy()
    truth = np.array([70 + d / 8 for d in (1, 5, 9)])
    row = own["wells"][1]
    assert row["cells"] == 3 and row["crps"] == pytest.approx(conditional.crps(samples=others, truth=truth), rel=1e-3)
    assert row["coverage"] == pytest.approx(conditional.coverage(samples=others, truth=truth))
    assert found.left_out["right"] == 0.9


def test_groups_of_wells_are_left_out_together(maps, tmp_path):
    rows = [f"{n},F{n % 3},{10 * n},{30},{n % 2}.0" for n in range(9)]  # whole numbers with decimals are codes
    (tmp_path / "wells.csv").write_text("\n".join(["WELL,FIELD,northing,easting,T", *rows]))
    found = drawn(maps, tmp_path, '[observations]\nfiles = "wells.csv"\n', 3, leave_out="FIELD")
    assert [row["well"] for row in found.left_out["variables"]["T"]["wells"]] == ["F0", "F1", "F2"]
    about = json.loads((tmp_path / "out/sample.json").read_text())["observations"]
    assert len(about["wells"]) == 9 and about["groups"] == ["F0", "F1", "F2"]


def test_where_the_prior_is_true_nine_of_ten_cells_lie_in_the_intervals(tmp_path):
    rng = np.random.default_rng(1)
    logs, cells = model("logs"), rng.permutation(300)
    values = CENTRE + SPREAD * rng.standard_normal(300)
    rows = [
        f"w{number % 5},{0.5 * cell},{value}" for number, (cell, value) in enumerate(zip(cells, values, strict=True))
    ]
    (tmp_path / "wells.csv").write_text("\n".join(["well,depth,GR", *rows]))
    text = '[grid.depth]\nstart = 0\nstep = 0.5\ncount = 300\n[observations]\nfiles = "wells.csv"\n'
    own = drawn(logs, tmp_path, text, 39, leave_out="well").left_out["variables"]["GR"]
    assert own["coverage"] == pytest.approx(0.9, abs=0.05)  # three standard errors of 300 independent cells
    assert own["crps"] == pytest.approx(SPREAD / np.sqrt(np.pi), rel=0.1)  # of a normal forecast that is right
    noisy = drawn(logs, tmp_path, text + "noise_sd = {GR = 60}\n", 39, leave_out="well").left_out["variables"]["GR"]
    assert noisy["coverage"] > 0.97  # intervals of observations are wider by their noise


def test_what_cannot_be_left_out_is_said(maps, tmp_path):
    text = wells(tmp_path, ["a", "b"])
    with pytest.raises(ConfigError, match="at least 3 wells"):
        drawn(maps, tmp_path, text, leave_out="WELL")
    with pytest.raises(ConfigError, match="name the column of the observations"):
        drawn(maps, tmp_path, text, leave_out="FIELD")
    with pytest.raises(ConfigError, match="with a column WELL"):
        drawn(maps, tmp_path, leave_out="WELL")
    with pytest.raises(ConfigError, match="-n 39"):
        drawn(maps, tmp_path, wells(tmp_path, "abc"), 1, leave_out="WELL")


def test_the_page_says_what_was_given_and_what_the_prior_rests_on(maps, tmp_path):
    found = drawn(maps, tmp_path, wells(tmp_path, ["a", "b"]), 4, report=True)
    page = found.report.read_text("utf-8")
    assert "every realisation honours all of them" in page and "The prior is simulated geology" in page
    assert "600 records: simulated geology (gaussian)" in page
    assert "on simulated truth: energy score 0.640 (0.637 to 0.644), lower is better. It beats " in page
    assert "cannot be told from" in page
    assert page.count("<img") == 2 and "<script" not in page and "http" not in page.replace("http-equiv", "")
    assert write_page(tmp_path / "out").read_text("utf-8") == page  # from the folder alone, the same bytes
    (tmp_path / "out/sample.json").write_text("{")
    with pytest.raises(DataError, match="outcrop sample again"):
        write_page(tmp_path / "out")


@pytest.mark.parametrize(("kind", "text"), [("logs", ""), ("cubes", CUBE)])
def test_pages_of_wells_and_cubes(logs, cubes, tmp_path, kind, text):
    page = drawn({"logs": logs, "cubes": cubes}[kind], tmp_path, text, 4, report=True).report.read_text("utf-8")
    assert page.count("<img") == 2 and ("Slice at inline 12" in page) == (kind == "cubes")
