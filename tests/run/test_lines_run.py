"""Interpreted lines in files of their own: numbered by name, split by number, copied as a baseline, drawn."""

import json

import numpy as np
import pytest
from PIL import Image

import outcrop
from outcrop.config.load import load
from outcrop.errors import DataError
from outcrop.run import parts
from outcrop.run.lines import lines_of
from outcrop.run.problem import load_problem

RUN = """[data]
frame = {spacing_m = {crossline = 25}}
view = {kind = "patches", size = {row = 16, column = 8}}
source.images = {files = "images/*.png", number = "crossline", variable = "amplitude"}
variable.amplitude = {}
variable.depth = {from = ["row"]}
[data.source.masks]
files = "masks/*.png"
number = "crossline"
variable = "facies"
join = "same_grid"
palette = {"(0,0,0)" = 0, "(20,70,245)" = 1}
[data.target.FACIES]
from = ["facies"]
classes = {0 = "above", 1 = "below"}
[promise]
wider = {variable = "crossline", above = 1014}
[model]
family = "unet2d"
widths = [4]
patch = 2
[train]
steps = 4
evaluate_every = 2
batch_size = 4
[evaluate]
metrics = ["mean_iou", "accuracy"]
baselines = ["majority", "level", "nearest_line"]
[bundle]
model = "held_out"
"""


@pytest.fixture
def survey(tmp_path):
    """Sixteen lines of 16 x 12 pixels, every second crossline from 1000; a boundary that dips by a row per line."""
    rng = np.random.default_rng(0)
    for folder in ("images", "masks"):
        (tmp_path / folder).mkdir()
    for place in range(16):
        below = np.arange(16)[:, None] >= np.full((16, 12), 3 + place // 2)
        grey = 128 + np.where(below, 30, 15) * rng.normal(size=below.shape)
        colours = np.where(below[..., None], [20, 70, 245], [0, 0, 0])
        name = f"{1000 + 2 * place}_.png"
        Image.fromarray(np.clip(grey, 0, 255).astype(np.uint8)).save(tmp_path / "images" / name)
        Image.fromarray(colours.astype(np.uint8)).save(tmp_path / "masks" / name)
    (tmp_path / "run.toml").write_text(RUN)
    return tmp_path


def test_lines_are_known_where_the_promise_numbers_them(survey):
    problem = load_problem(load(survey / "run.toml"), survey)
    assert [record.name for record in problem.records][:2] == ["crossline 1000", "crossline 1002"]
    lines = lines_of(problem, parts.view_of(problem))
    assert lines.line[[0, 191, 192]].tolist() == [1000, 1000, 1002]
    assert lines.cell[[0, 13, 191, 192]].tolist() == [0, 13, 191, 0]
    assert lines.level[[0, 13, 191]].tolist() == [0, 1, 15]
    other = load_problem(load(survey / "run.toml", ["promise={new = 'crossline'}"]), survey)
    assert lines_of(other, parts.view_of(other)) is None


def test_slices_of_a_cube_are_lines_too(survey):
    text = RUN.replace("number =", "stack =")
    (survey / "run.toml").write_text(text)
    problem = load_problem(load(survey / "run.toml"), survey)
    lines = lines_of(problem, parts.view_of(problem))
    assert lines.line[[0, 191, 192]].tolist() == [1000, 1000, 1002]
    assert lines.cell[[13, 192]].tolist() == [13, 0] and lines.level[[13, 205]].tolist() == [1, 1]


def test_a_run_scores_the_copy_and_draws_the_sections(survey):
    result = outcrop.run(survey / "run.toml", out=survey / "run")
    entry = next(iter(json.loads((survey / "run" / "metrics.json").read_text())["promises"].values()))
    assert entry["primary"] == "mean_iou" and entry["resampled"] == "9 crosslines"
    assert set(entry["verdict"]) == {"majority", "level", "nearest_line"}
    rows, copied = [3 + place // 2 for place in range(7, 16)], 3 + 6 // 2  # the boundary of each line, of line 1012
    above = sum(min(row, copied) for row in rows) / sum(max(row, copied) for row in rows)
    below = sum(16 - max(row, copied) for row in rows) / sum(16 - min(row, copied) for row in rows)
    assert entry["test"]["baselines"]["nearest_line"]["mean_iou"]["value"] == pytest.approx((above + below) / 2)
    by_line = {row["record"]: row["distance_m"] for row in entry["per_record"]}
    assert by_line["crossline 1030"] == by_line["crossline 1014"] + 16 * 25 and by_line["crossline 1014"] >= 2 * 25
    assert "Held-out" in result.report.read_text() and "where they differ" in result.report.read_text()
    assert "best on crossline 10" in (survey / "run" / "findings.json").read_text()
    predicted = outcrop.predict(result.bundle, survey / "images" / "1030_.png", out=survey / "predicted")
    assert predicted is not None and list((survey / "predicted").rglob("*FACIES_PRED*"))


def test_files_without_numbers_cannot_be_numbered(survey):
    (survey / "images" / "1000_.png").rename(survey / "images" / "first.png")
    with pytest.raises(DataError, match="number the files"):
        load_problem(load(survey / "run.toml"), survey)
