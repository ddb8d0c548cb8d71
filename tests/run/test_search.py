"""Search inside the training part: what is tried, on what, and that the test part has no say."""

import json

import numpy as np
import pytest

import outcrop
from outcrop.config.load import load
from outcrop.config.search import trials
from outcrop.errors import ConfigError
from outcrop.run.check import check
from outcrop.run.search import Trial, best, inner_splits, over_all

SEARCH = """[search]
trials = 3
folds = 1
over.model.width_size = [4, 6]
over.train.learning_rate = {low = 1e-4, high = 1e-1}
"""


@pytest.fixture
def searching(wells, tmp_path):
    text = (wells / "run.toml").read_text("utf-8").replace("[evaluate]", SEARCH + "[evaluate]")
    text = text.replace('test = ["Alpha-2", "Delta-1"]', "folds = 3")
    path = tmp_path / "searching.toml"
    path.write_text(text.replace('"wells/', f'"{wells}/wells/'), "utf-8")
    return path


def test_settings_are_drawn_without_repetition_and_start_with_the_run_file(searching):
    config = load(searching)
    drawn = trials(config)
    assert drawn[0][0] == {} and drawn[0][1].model == config.model
    assert len(drawn) == len({json.dumps(settings) for settings, _ in drawn}) == 3
    for settings, changed in drawn[1:]:
        assert changed.model.arguments["width_size"] == settings["model.width_size"] in (4, 6)
        assert 1e-4 <= changed.train.learning_rate <= 1e-1 and changed.search is None
    assert trials(config)[1][0] == drawn[1][0]
    few = load(searching, ["search.over={model={width_size=[4, 6]}}", "search.trials=50"])
    assert [settings for settings, _ in trials(few)][1:] in (
        [{"model.width_size": 4}, {"model.width_size": 6}],
        [{"model.width_size": 6}, {"model.width_size": 4}],
    )


def test_inner_folds_keep_away_from_what_the_fold_holds_out(searching):
    checked = check(searching, overrides=["promise.folds=4", "search.folds=9"])
    for number, outer in enumerate(checked.splits):
        inner = inner_splits(checked.problem, checked.view, checked.splits, number)
        assert 1 <= len(inner) <= len(checked.splits) - 1
        for split in inner:
            parts = [split.train, split.validation, split.test]
            used = np.concatenate(parts)
            assert len(np.unique(used)) == len(used) and not np.intersect1d(used, outer.test).size
            assert np.isin(used, np.union1d(outer.train, outer.validation)).all()


def test_a_run_with_a_search(searching, tmp_path, quick_run):
    result, told = quick_run(searching, tmp_path / "run", "promise.folds=3", "bundle.model=refit")
    (entry,) = json.loads((result.folder / "search.json").read_text("utf-8")).values()
    assert len(entry["trials"]) == 3 and len(entry["chosen"]) == 3 and entry["inner_folds"] == 1
    sign = -1 if entry["better"] == "higher" else 1
    leading = min(entry["trials"], key=lambda trial: sign * trial["mean"])
    assert leading["settings"] == entry["final"]
    model = outcrop.load(result.bundle)
    wanted = entry["final"].get("model.width_size", load(searching).model.arguments.get("width_size"))
    assert model.bundle.arguments["arguments"].get("width_size") == wanted
    assert sum("of 3 settings the best" in sentence for sentence in told) == 3
    page = outcrop.report(result.folder).read_text("utf-8")
    assert "Settings tried" in page and "on inner folds (1 in each training part)" in page


def test_the_best_is_the_earliest_of_equals_and_nan_is_never_chosen():
    found = [
        Trial({}, (1.0, 3.0)),
        Trial({"train.steps": 5}, (2.0, 2.0)),
        Trial({"train.steps": 6}, (float("nan"), 0.0)),
    ]
    assert best(found, "rmse") is found[0]
    assert best(found[::-1], "macro_f1") is found[1]
    assert over_all([found, found])[0].scores == (1.0, 3.0, 1.0, 3.0)


@pytest.mark.parametrize(
    ("change", "fix"),
    [
        ("search.over={model={family=['mlp','gru']}}", "model.family cannot be searched"),
        ("search.over={model={width_size=8}}", "needs a list of values"),
        ("search.over={train={learning_rate={low=0, high=1}}}", "0 < low < high"),
        ("search.over={}", "over.model.width_size = "),
        ("search.over={dta={x=[1]}}", "'model'"),
    ],
)
def test_a_search_of_what_cannot_be_searched(searching, change, fix):
    with pytest.raises(ConfigError, match=fix):
        load(searching, [change])


def test_a_value_that_a_key_cannot_have_is_said_before_training(searching):
    with pytest.raises(ConfigError, match=r"no argument 'wdth_size'.*did you mean 'width_size'"):
        check(searching, overrides=["search.over={model={wdth_size=[1,2]}}"])


def test_a_search_without_anything_to_try_it_on(searching):
    with pytest.raises(ConfigError, match=r"promise\.validation_share = 0\.2"):
        check(searching, overrides=["promise.validation_share=0", "promise.folds=2"])
