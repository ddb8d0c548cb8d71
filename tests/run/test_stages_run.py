"""Stages in the run file: Adam then L-BFGS through a rotation with refit, resumed and reported as one training."""

import csv

import numpy as np
import pytest

import outcrop
from outcrop.config.load import dump, load, validate
from outcrop.errors import ConfigError
from synthetic_wells import QUICK

STAGE = '[[train.stage]]\noptimiser = "lbfgs"\nsteps = 6\nevaluate_every = 3\n'


@pytest.fixture
def staged(wells, tmp_path):
    text = (wells / "run.toml").read_text("utf-8").replace("[evaluate]", STAGE + "[evaluate]")
    path = tmp_path / "staged.toml"
    path.write_text(text.replace('"wells/', f'"{wells}/wells/'), "utf-8")
    return path


def test_run_with_stages(staged, tmp_path, quick_run):
    changes = ("bundle.model=refit", "train.schedule=plateau", "model.dropout=0.1")
    result, told = quick_run(staged, tmp_path / "run", *changes)
    with (result.folder / "history.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    first = [row for row in rows if row["fold"] == "0"]
    assert [row["stage"] for row in first] == ["adamw", "adamw", "lbfgs", "lbfgs"]
    assert [row["step"] for row in first] == ["4", "8", "11", "14"]
    losses = [float(row["train_loss"]) for row in first]
    assert np.isfinite(losses).all() and losses[-1] < losses[1]
    assert any(row["fold"] == "-1" and row["stage"] == "lbfgs" for row in rows)
    assert any("Stage lbfgs: All 6 steps" in sentence for sentence in told)
    page = outcrop.report(result.folder).read_text("utf-8")
    assert "then 6 of L-BFGS from where those ended" in page and "The stage L-BFGS begins after step 8" in page
    assert load(result.folder / "run.toml").train.stages == load(staged, [*QUICK, *changes]).train.stages


def test_stages_take_what_they_do_not_state_from_the_section(staged):
    config = load(staged, ["train.learning_rate=0.02"])
    stages = config.train.stages
    assert list(stages) == ["adamw", "lbfgs"] and stages["lbfgs"].learning_rate == 0.02
    assert (stages["lbfgs"].steps, stages["lbfgs"].warmup_steps, stages["lbfgs"].stage) == (6, 0, [])
    assert validate(dump(config)).train == config.train


def test_stages_of_the_same_optimiser_have_names_of_their_own(staged):
    staged.write_text(staged.read_text("utf-8").replace('optimiser = "lbfgs"', "learning_rate = 1e-4"), "utf-8")
    assert list(load(staged).train.stages) == ["adamw", "adamw 2"]


def test_lbfgs_refuses_batch_norms(staged):
    text = staged.read_text("utf-8").replace("width_size = 16\ndepth = 1\n", 'norm = "batch"\n')
    staged.write_text(text, "utf-8")
    with pytest.raises(ConfigError, match=r'lbfgs has no batches(?s:.*)Fix: norm = "layer"'):
        outcrop.check(staged, overrides=["model.family=resnet1d", "data.view.length=32"])


def test_problems_of_a_stage_are_placed(staged):
    lines = staged.read_text("utf-8").replace("lbfgs", "lbgfs").replace("evaluate_every = 3", "evry = 3").splitlines()
    staged.write_text("\n".join(lines), "utf-8")
    with pytest.raises(ConfigError) as error:
        load(staged)
    first, last = lines.index('optimiser = "lbgfs"') + 1, lines.index("evry = 3") + 1
    wrong = f"line {first}: train.stage.0.optimiser = 'lbgfs' is not known (did you mean 'lbfgs'?)"
    assert wrong in str(error.value)
    assert f"line {last}: unknown key 'train.stage.0.evry'" in str(error.value)
