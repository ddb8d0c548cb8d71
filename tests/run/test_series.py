"""A series per place and one class per place, from a run file: networks along time, and the files that come out."""

import numpy as np
import pytest

import outcrop
from outcrop.errors import BundleError, ConfigError

RUN = """
[data]
view = {steps = ["red_*", "blue_*"]}
source.images.files = "images.npz"
source.images.dims = {red = ["time", "y", "x"], blue = ["time", "y", "x"], height = ["y", "x"]}
source.images.fold = "time"
source.images.names = ["may", "june", "july", "august"]
source.images.coords.easting = {start = 5, step = 10, unit = "m", along = "x"}
source.images.coords.northing = {start = 85, step = -10, unit = "m", along = "y"}
source.cover = {files = "cover.npy", dims = ["y", "x"], join = "same_grid"}
variable."red_*" = {missing = "mask"}
variable."blue_*" = {missing = "mask"}
variable.height = {}
target.COVER = {from = ["cover"], classes = {1 = "wheat", 2 = "maize"}}
[promise]
area = {block_m = 40}
folds = 2
[model]
family = "gru"
width_size = 8
pool = "last"
[train]
steps = 60
batch_size = 16
learning_rate = 2e-2
warmup_steps = 2
[evaluate]
optimism_gap = false
"""


@pytest.fixture
def scene(tmp_path):
    """Wheat is bright in red in May, maize in July: no single date of one class says which it is but these."""
    rng = np.random.default_rng(0)
    cover = rng.integers(1, 3, (9, 11))
    red, blue = rng.normal(0, 0.6, (2, 4, 9, 11))
    red[0] += cover == 1
    red[2] += cover == 2
    red[3][rng.uniform(size=(9, 11)) < 0.5] = np.nan  # clouds
    np.savez(tmp_path / "images.npz", red=red, blue=blue, height=rng.normal(size=(9, 11)))
    np.save(tmp_path / "cover.npy", cover)
    (tmp_path / "run.toml").write_text(RUN)
    return tmp_path


def scores(result):
    test = next(iter(result.metrics["promises"].values()))["test"]
    return {"network": test["model"]} | test["baselines"]


def test_a_network_along_time_answers_once_per_place_and_baselines_see_all_dates(scene, quick_run):
    result, _ = quick_run(scene / "run.toml", scene / "run", "train.steps=60", 'evaluate.baselines=["logistic"]')
    found = scores(result)
    assert found["network"]["accuracy"]["value"] > 0.7 and found["logistic"]["accuracy"]["value"] > 0.7
    bundle = outcrop.load(result.bundle).bundle
    assert bundle.view["kind"] == "points" and bundle.arguments["in_size"] == 2 * 4 * 2 + 1
    first, *_, last = bundle.arguments["columns"]
    assert len(first) == 2 + 2 + 1 and first[-1] == last[-1]  # a value and a mask per band, and the height at each step
    page = outcrop.report(result.folder).read_text("utf-8")
    assert "the inputs red_*, blue_* are the steps of a series" in page
    outcrop.predict(result.bundle, scene / "images.npz", out=scene / "out")
    with np.load(scene / "out" / "images.npz") as told:
        assert told["COVER_PRED"].shape == (9, 11)
        assert (told["COVER_PRED"] == np.load(scene / "cover.npy")).mean() > 0.8
    shapes = {row.layer: row.output for row in outcrop.inspect(result.bundle).layers}
    assert shapes["network.layers.0.0"] == (4, 8) and shapes["network.last"][-1] == 2


@pytest.mark.parametrize("family", ["mlp", "transformer", "cnn1d"])
def test_other_families_by_one_setting(scene, quick_run, family):
    small = {"mlp": "{family = 'mlp', depth = 1}", "transformer": "{family = 'transformer', depth = 1}"}
    model = small.get(family, "{family = 'cnn1d', widths = [4]}")
    result, _ = quick_run(
        scene / "run.toml", scene / "run", f"model={model}", "train.steps=4", 'evaluate.baselines=["majority"]'
    )
    bundle = outcrop.load(result.bundle).bundle
    assert bundle.view["kind"] == "points" and ("columns" in bundle.arguments) == (family != "mlp")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ('data.view.steps="green_*"', "0 match 'green_\\*'"),
        ('data.view.steps=["red_*", "blue_ju*"]', "every pattern matches one input per step"),
        ("data.view.context=[-1, 0]", "leave out view.context"),
        ('model={family="unet2d"}', "family = one of mlp"),
        ('data.view.kind="windows"', 'kind = "auto"'),
    ],
)
def test_steps_that_cannot_be_are_named(scene, change, words):
    with pytest.raises(ConfigError, match=words):
        outcrop.check(scene / "run.toml", overrides=[change])


def test_a_model_file_whose_steps_are_no_inputs_is_refused(scene, quick_run):
    from dataclasses import replace

    from outcrop.bundle import load, save

    result, _ = quick_run(scene / "run.toml", scene / "run", "train.steps=4", 'evaluate.baselines=["majority"]')
    bundle = load(result.bundle)
    wrong = {**bundle.arguments, "columns": [[0, 99]]}
    with pytest.raises(BundleError, match="write it again"):
        outcrop.load(save(scene / "wrong.outcrop", replace(bundle, arguments=wrong)))
