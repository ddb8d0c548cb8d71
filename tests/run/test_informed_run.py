"""`[loss] ledger`: checks that are trained for, from the run file to the history, and what is refused."""

from __future__ import annotations

import csv

import numpy as np
import pytest

import outcrop
from outcrop.errors import ConfigError
from outcrop.run.informed import with_asked
from outcrop.run.parts import labelled_examples, with_labels
from outcrop.run.run import warnings
from outcrop.simulate.table import simulate
from synthetic_wells import field, run_file

RUN = """
[data]
view = {kind = "patches", size = "whole"}
source.pairs = {simulation = "antiderivative", count = 40, samples = 16}
variable.f = {from = ["forcing"]}
target.u = {from = ["solution"]}
[promise]
new = "realisation"
test = ["000?"]
validation_share = 0.2
[model]
family = "deeponet1d"
width_size = 16
[loss]
kind = "relative_l2"
ledger = {slope = 1.0}
[train]
steps = 60
batch_size = 8
evaluate_every = 20
[evaluate]
baselines = ["mean_field"]
metrics = ["relative_l2"]
optimism_gap = false
ledger.slope = {balance = "d(u, x) - f"}
ledger.rising = {monotonic = "increasing", along = "x"}
ledger.never = {never = "u > 1"}
[bundle]
model = "none"
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pairs")
    (folder / "run.toml").write_text(RUN)
    return folder


def left_over(place, out, *changes, check="slope"):
    """How much a check finds in the network's fields, in its unit, and the rows of the history."""
    result = outcrop.run(place / "run.toml", out=place / out, overrides=changes)
    (entry,) = result.metrics["promises"].values()
    with (result.folder / "history.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert (f"what declared checks leave over: {check}" in result.report.read_text("utf-8")) == (check in rows[0])
    return next(one for one in entry["ledger"] if one["name"] == check)["model"]["size"]["value"], rows


def test_a_check_that_is_trained_for_leaves_less(place):
    longer = ["train.steps=400", "train.evaluate_every=100", "train.learning_rate=3e-3"]
    informed, rows = left_over(place, "informed", "loss.ledger={slope=10}", *longer)
    plain, without = left_over(place, "plain", "loss.ledger={}", *longer)
    assert informed < 0.8 * plain
    assert float(rows[-1]["slope"]) < float(rows[0]["slope"]) and "slope" not in without[0]


FEW = RUN.replace(
    "count = 40, samples = 16}",
    """count = 12, samples = 16}
source.unsolved = {simulation = "antiderivative", count = 60, samples = 16, seed = 2, omit = ["solution"]}
source.held_out = {simulation = "antiderivative", count = 20, samples = 16, seed = 3}""",
).replace('new = "realisation"\ntest = ["000?"]', 'new = "record"\ntest = ["antiderivative-3-*"]')


def test_fields_that_nobody_has_solved_teach_what_few_solved_ones_cannot(place):
    (place / "few.toml").write_text(FEW)
    error = {}
    for out, changes in {"unsolved": [], "solved": ["data.source.unsolved.count=1"]}.items():
        longer = ["train.steps=500", "train.evaluate_every=100", "train.learning_rate=3e-3", *changes]
        result = outcrop.run(place / "few.toml", out=place / f"few_{out}", overrides=longer)
        (entry,) = result.metrics["promises"].values()
        error[out] = entry["test"]["model"]["relative_l2"]["value"]
    assert error["unsolved"] < 0.7 * error["solved"]


def test_what_becomes_of_records_without_a_label_is_told(place):
    (place / "few.toml").write_text(FEW)
    for changes, fate in (([], "where they train for the ledger alone"), (["loss.ledger={}"], "predicted only")):
        (told,) = warnings(outcrop.check(place / "few.toml", overrides=changes))
        assert told.startswith("No value of u in antiderivative-2-0000") and told.endswith(f"not labelled, {fate}.")


def test_only_whole_fields_with_all_inputs_are_asked_without_a_label(place):
    (place / "few.toml").write_text(FEW)
    checked = outcrop.check(place / "few.toml")
    problem, view, has = checked.problem, checked.view, labelled_examples(checked.problem, checked.view)
    split = with_labels(checked.splits[0], has)
    assert len(split.unlabelled) == 60 and not has[split.unlabelled].any()
    every = np.union1d(split.train, split.unlabelled)
    np.testing.assert_array_equal(with_asked(problem, view, split).train, every)
    gap, lacking = split.unlabelled[4], view.cells.records[view.origins.record[split.unlabelled[4]]]
    lacking.data["f"][3] = np.nan
    np.testing.assert_array_equal(with_asked(problem, view, split).train, every[every != gap])
    silent = outcrop.check(place / "few.toml", overrides=["loss.ledger={}"])
    assert with_asked(silent.problem, silent.view, split) is split


def test_the_audit_looks_at_what_the_checks_train_on(place):
    (place / "few.toml").write_text(FEW)
    (place / "copies").mkdir()
    for number, record in enumerate(simulate("antiderivative", count=20, seed=3, samples=16)):  # those held out
        record.data[["forcing"]].to_netcdf(place / "copies" / f"copy-{number}.nc", engine="h5netcdf")
    same = ['data.source.unsolved={files="copies/*.nc"}']
    (finding,) = outcrop.check(place / "few.toml", overrides=same).findings
    assert finding.check == "duplicate_records" and finding.level == "violation"
    assert not outcrop.check(place / "few.toml", overrides=[*same, "loss.ledger={}"]).findings


@pytest.mark.parametrize(
    ("changes", "fix"),
    [
        (['data.source.unsolved.omit=["solutio"]'], "no 'solutio' to omit.*did you mean 'solution'"),
        (['data.source.unsolved.join="points"'], "a join says what it takes with columns"),
    ],
)
def test_what_cannot_be_omitted_is_refused(place, changes, fix):
    (place / "few.toml").write_text(FEW)
    with pytest.raises(ConfigError, match=f"(?s){fix}"):
        outcrop.check(place / "few.toml", overrides=changes)


@pytest.mark.parametrize("check", ["rising", "bounds"])
def test_order_and_bounds_are_kept_better_by_who_is_trained_for_them(place, check):
    changes = ["train.steps=200", "train.learning_rate=3e-3", "evaluate.ledger.bounds={range=[-0.1,0.1]}"]
    informed, _ = left_over(place, f"with_{check}", f"loss.ledger={{{check}=100}}", *changes, check=check)
    plain, _ = left_over(place, f"without_{check}", "loss.ledger={}", *changes, check=check)
    assert informed < 0.5 * plain


@pytest.mark.parametrize(
    ("changes", "fix"),
    [
        (["loss.ledger={slop=1}"], "did you mean 'slope'.*declare .evaluate.ledger.slop."),
        (["loss.ledger={never=1}"], "one of balance, range, monotonic"),
        (["loss.kind=gaussian"], "a loss such as mse"),
        (['data.target.u={from=["solution"],transform="reciprocal"}'], "plain numbers"),
        (['train.augment={moves=["flip:x"],data_type="isotropic"}'], "remove train.augment.moves"),
        (['data.variable.f={from=["forcing"],missing="mask"}'], "plain numbers"),
        (['data.variable.f={from=["forcing"],scope="record"}'], "plain numbers"),
    ],
)
def test_what_cannot_be_trained_for_is_refused_by_check(place, changes, fix):
    with pytest.raises(ConfigError, match=f"(?s){fix}"):
        outcrop.check(place / "run.toml", overrides=changes)


def test_points_with_context_are_no_pieces_of_a_grid(tmp_path):
    field(tmp_path / "wells")
    number = {
        '[data.target.FACIES]\nclasses = {10 = "Sand", 20 = "Shale", 30 = "Lime"}': '[data.target.PERM]\nunit = "mD"',
        '["majority", "nearest_neighbours"]': '["mean"]\nledger.possible = {range = [0, 200]}',
        "[train]": '[loss]\nkind = "mse"\nledger = {possible = 1}\n[train]',
    }
    with pytest.raises(ConfigError, match=r'(?s)no pieces of a grid.*view.kind = "windows"'):
        outcrop.check(run_file(tmp_path, replace=number))
