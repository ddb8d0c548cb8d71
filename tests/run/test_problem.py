"""From the run file to data: class tables, costs, weights, groups and label quality, right and wrong."""

import numpy as np
import pytest

import outcrop
from outcrop.errors import ConfigError, DataError
from outcrop.run import bundling, parts
from synthetic_wells import WELLS, field, las, run_file, well

INLINE = 'classes = {10 = "Sand", 20 = "Shale", 30 = "Lime"}'


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Five wells with a curve of label quality, a class table, a cost matrix and a table of fields."""
    base = tmp_path_factory.mktemp("problem")
    field(base / "wells", WELLS[:5])
    for number, name in enumerate(WELLS[:5]):
        curves = well(number) | {"QUALITY": np.where(np.arange(320) % 3, 1.0, 2.0)}
        las(base / "wells" / f"{name}.las", curves, name=name)
    (base / "classes.csv").write_text("Code,Name\n10,Sand\n20,Shale\n30,Lime\n")
    (base / "cost.csv").write_text("0,1,2\n1,0,1\n2,1,0\n")
    (base / "wells.csv").write_text("well,BLOCK\n" + "".join(f"{name},{name[0]}\n" for name in WELLS))
    return base


def checked(place, target, *overrides, groups=""):
    changes = {INLINE: target, 'test = ["Alpha-2", "Delta-1"]': 'test = ["Alpha-2"]'}
    return outcrop.check(
        run_file(place, replace=changes | ({"[data]\n": f"[data]\n{groups}\n"} if groups else {})), overrides=overrides
    )


def test_a_target_must_be_able_to_name_a_curve(place):
    with pytest.raises(ConfigError, match=r'Fix: target.PM2_5 = {from = \["PM2.5"\]}'):
        outcrop.check(run_file(place, replace={"[data.target.FACIES]": '[data.target."PM2.5"]'}))


def test_classes_and_costs_from_files(place):
    table = checked(place, 'classes = "classes.csv"\ncost = "cost.csv"\ncost_order = [10, 20, 30]').problem.classes
    assert table.names == ("Sand", "Shale", "Lime") and table.cost[0, 2] == 2


def test_merged_and_ignored_classes(place):
    table = checked(place, f"{INLINE}\nmerges = {{20 = 10}}").problem.classes
    assert len(table.codes) == 2
    problem = checked(place, f"{INLINE}\nignore = [30]").problem
    assert all(mask.sum() < 320 for mask in problem.labelled().values())


def test_weights_of_labels(place):
    problem = checked(place, f'{INLINE}\nweight = "QUALITY"\nweight_map = {{1 = 1.0, 2 = 0.25}}').problem
    assert set(np.unique(problem.records[0].data["FACIES_WEIGHT"])) == {0.25, 1.0}
    with pytest.raises(DataError, match="Fix: weight_map = "):
        checked(place, f'{INLINE}\nweight = "QUALITY"\nweight_map = {{1 = 1.0}}')


def test_labels_of_weight_0_are_no_labels(place):
    problem = checked(place, f'{INLINE}\nweight = "QUALITY"\nweight_map = {{1 = 1.0, 2 = 0}}').problem
    assert np.mean(problem.labelled()["Alpha-1"]) == pytest.approx(2 / 3, abs=0.01)


def test_joined_depths_in_another_unit_must_be_said(place, tmp_path):
    import shutil

    shutil.copytree(place / "wells", tmp_path / "wells")
    for path in (tmp_path / "wells").iterdir():
        path.write_text(path.read_text().replace("DEPT.M", "DEPT.FT").replace(".M ", ".FT "))
    (tmp_path / "core.csv").write_text("well,TOP,BASE,ROCK\nAlpha-1,1010,1020,1\n")
    join = 'source.core = {files = "core.csv", join = "interval"%s}'
    with pytest.raises(
        DataError, match=r'does not say what TOP is in.*\n.*\nFix: source.core.units = {TOP = "ft", BASE'
    ):
        checked(tmp_path, INLINE, groups=join % "")
    problem = checked(tmp_path, INLINE, groups=join % ', units = {TOP = "ft", BASE = "ft"}').problem
    assert problem.joins[0].samples == 20 and bundling.joined_inputs(problem) == []


def test_label_quality(place):
    problem = checked(place, INLINE, "evaluate.high_confidence={curve = 'QUALITY', equals = 1}").problem
    assert parts.trusted_samples(problem).mean() == pytest.approx(2 / 3, abs=0.01)
    with pytest.raises(DataError, match=r"did you mean 'QUALITY'.*\n.*\nFix: name the curve of label quality"):
        checked(place, INLINE, "evaluate.high_confidence={curve = 'QALITY', equals = 1}")


def test_group_keys_from_the_header_and_from_a_table(place):
    groups = 'groups = {area = "FLD", block = "wells.csv:BLOCK"}'
    record = checked(place, INLINE, groups=groups).problem.records[2]
    assert (record.groups["area"], record.groups["block"]) == ("Testfield", "B")
    with pytest.raises(DataError, match=r"Fix: .*groups.area .did you mean 'FLD'"):
        checked(place, INLINE, groups='groups = {area = "FLDD"}')


@pytest.mark.parametrize(
    ("file", "text", "words"),
    [("classes.csv", "a,b\n1,2\n", "needs the columns code and name.*\n.*\nFix: it has a, b"),
     ("cost.csv", "x,y\n", "cost matrix cannot be read.*\n.*\nFix: save numbers, one row per true class")],
)  # fmt: skip
def test_unreadable_tables(place, file, text, words):
    before = (place / file).read_text()
    (place / file).write_text(text)
    try:
        with pytest.raises(ConfigError, match=words):
            checked(place, 'classes = "classes.csv"\ncost = "cost.csv"\ncost_order = [10, 20, 30]')
    finally:
        (place / file).write_text(before)


def test_name_declared_twice(place):
    with pytest.raises(ConfigError, match="Fix: give every variable its own name"):
        checked(place, INLINE, "data.variable.FACIES={}")


def test_check_estimates_the_cost(place):
    result = outcrop.check(
        place / "run.toml",
        overrides=["train.steps=8", "data.target.FACIES.classes={10='a', 20='b', 30='c'}"],
        cost=True,
    )
    assert result.cost["seconds_per_step"] > 0 and result.cost["data_bytes"] > 1000
    assert result.reach == (4, 4) and not result.refused
