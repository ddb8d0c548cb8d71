"""The inventory and the run file it drafts, for good files and for awkward ones."""

import io
import tomllib

import numpy as np
import pytest
from las_files import HEADER, las_text, write_las
from rich.console import Console

from outcrop.data.inventory import inventory
from outcrop.errors import DataError

WITH_TARGET = HEADER.replace("RHOB.G/C3  : Bulk density", "RHOB.G/C3  : Bulk density\nFACIES. : Interpreted facies")


def wells(folder, count, **options):
    """Wells with GR, RHOB and three facies."""
    for number in range(count):
        rows = [
            [100 + 0.5 * i, 40.0 + number + i % 7, 2.2 + 0.01 * (i % 11), float(i // 100 % 3 + 1)] for i in range(600)
        ]
        write_las(folder, f"{number}.las", las_text(rows, well=f"W-{number}", header=WITH_TARGET, **options))
    return str(folder / "*.las")


def shown(found):
    """The tables as text."""
    console = Console(width=160, record=True, file=io.StringIO())
    console.print(found.table())
    return console.export_text()


def test_draft_for_clean_wells(tmp_path):
    found = inventory(wells(tmp_path, 4))
    draft = tomllib.loads(found.draft_run_file())
    assert draft["data"]["variable"]["GR"]["from"] == ["GR"] and draft["data"]["variable"]["GR"]["unit"] == "gAPI"
    assert draft["data"]["variable"]["GR"]["missing"] == "impute"
    assert draft["data"]["target"]["FACIES"] == {"from": ["FACIES"], "classes": {"1": "1", "2": "2", "3": "3"}}
    assert draft["promise"] == {"new": "well", "folds": 4}
    assert draft["data"]["view"] == {"kind": "windows", "length": 256}
    assert draft["data"]["frame"] == {"vertical": "md"}
    assert found.classes("FACIES") == {1: 800, 2: 800, 3: 800}
    text = shown(found)
    assert "4 records" in text and "target, 3 classes" in text and "gamma ray" in text


def test_paths_are_relative_to_the_run_file(tmp_path, monkeypatch):
    wells(tmp_path, 3)
    monkeypatch.chdir(tmp_path)
    draft = tomllib.loads(inventory("*.las").draft_run_file(tmp_path / "runs"))
    assert draft["data"]["source"]["logs"]["files"] == "../*.las"


def test_without_target_nothing_is_chosen(tmp_path):
    for number in range(3):
        write_las(tmp_path, f"{number}.las", well=f"W{number}")
    text = inventory(tmp_path / "*.las").draft_run_file()
    assert "target" not in tomllib.loads(text)["data"]
    assert "# No target was chosen: no curve looks like interpreted classes." in text


def test_two_possible_targets_are_both_named(tmp_path):
    header = WITH_TARGET.replace("RHOB.G/C3  : Bulk density", "LITHO.  : Lithology")
    for number in range(3):
        rows = [[100 + i, 50.0 + 0.1 * i, float(i % 2), float(i % 3)] for i in range(30)]
        write_las(tmp_path, f"{number}.las", las_text(rows, well=f"W{number}", header=header))
    text = inventory(tmp_path / "*.las").draft_run_file()
    assert "several curves could be it: LITHO, FACIES" in text and "target" not in tomllib.loads(text)["data"]


def test_axis_rules_are_written_with_the_records_that_need_them(tmp_path):
    pattern = wells(tmp_path, 3)
    rows = [[300.0 - i, 50.0, 2.2, 1.0 + i % 2] for i in range(200)]
    write_las(tmp_path, "down.las", las_text(rows, well="Falling", header=WITH_TARGET))
    rows = [[100.0, 50.0, 2.2, 1.0]] + [[100 + 0.5 * i, 50.0, 2.2, 2.0] for i in range(200)]
    write_las(tmp_path, "twice.las", las_text(rows, well="Twice", header=WITH_TARGET))
    found = inventory(pattern)
    frame = tomllib.loads(found.draft_run_file())["data"]["frame"]
    assert frame == {"vertical": "md", "order": "sort", "duplicates": "first", "step_m": 0.5}
    assert "depth decreases in Falling" in found.draft_run_file()


def test_bad_files_are_listed_and_do_not_stop_it(tmp_path):
    pattern = wells(tmp_path, 3)
    write_las(tmp_path, "empty.las", text="")
    rows = [[100.0 + i, -999.25 if i < 9 else 50.0, 2.0, 1.0] for i in range(40)]
    write_las(tmp_path, "null.las", las_text(rows, well="Null", header=WITH_TARGET, null="-9999"))
    found = inventory(pattern)
    assert len(found.records) == 4
    assert any("empty.las" in problem and problem.startswith("not read") for problem in found.problems)
    assert tomllib.loads(found.draft_run_file())["data"]["source"]["logs"]["null"] == [-999.25]
    assert "empty.las" in shown(found)
    with pytest.raises(DataError, match="The file is empty"):
        inventory(tmp_path / "empty.las")


def test_few_wells_get_a_promise_they_can_keep(tmp_path):
    two = tomllib.loads(inventory(wells(tmp_path, 2)).draft_run_file())
    assert two["promise"] == {"new": "well", "folds": 2, "validation_share": 0}
    text = inventory(tmp_path / "0.las").draft_run_file()
    one = tomllib.loads(text)
    assert one["promise"] == {"later": "339.6"} and "# 1 well: too few to hold out whole wells." in text
    assert (one["data"]["view"]["kind"], one["model"]["family"]) == ("points", "mlp")


def test_wells_without_labels_are_not_counted_as_folds(tmp_path):
    pattern = wells(tmp_path, 3)
    rows = [[100.0 + 0.5 * i, 50.0, 2.2, -999.25] for i in range(600)]
    write_las(tmp_path, "bare.las", las_text(rows, well="Bare", header=WITH_TARGET))
    assert tomllib.loads(inventory(pattern).draft_run_file())["promise"] == {"new": "well", "folds": 3}


def test_sidetracks_share_a_group(tmp_path):
    for name in ("31/2-1", "31/2-1 A", "31/2-2", "31/2-3"):
        rows = [[100.0 + i, 50.0, 2.2, 1.0 + i % 2] for i in range(50)]
        write_las(tmp_path, f"{name.replace('/', '_')}.las", las_text(rows, well=name, header=WITH_TARGET))
    draft = tomllib.loads(inventory(tmp_path / "*.las").draft_run_file())
    assert draft["promise"] == {"new": "well_root", "folds": 3}
    assert draft["model"]["family"] == "mlp"


def test_table_of_wells(tmp_path):
    rng = np.random.default_rng(0)
    lines = ["WELL,DEPTH,GR,X,Y,ROCK"]
    for well in "ABC":
        lines += [
            f"{well},{100 + 0.5 * i},{rng.normal(60, 20):.2f},500100,6500200,{'sand' if i % 2 else 'shale'}"
            for i in range(150)
        ]
    path = tmp_path / "wells.csv"
    path.write_text("\n".join(lines) + "\n")
    draft = tomllib.loads(inventory(path).draft_run_file())
    assert draft["data"]["source"]["logs"] == {"files": str(path), "group": "WELL", "axis": "DEPTH"}
    assert draft["data"]["groups"] == {"well": "WELL"} and draft["promise"]["new"] == "well"
    assert draft["data"]["target"]["ROCK"]["classes"] == {"sand": "sand", "shale": "shale"}
    assert draft["data"]["frame"]["easting"] == "X"


def test_time_series(tmp_path):
    path = tmp_path / "gauge.csv"
    path.write_text(
        "date,level\n" + "".join(f"20{10 + i // 12}-{i % 12 + 1:02d}-01,{1 + 0.01 * i}\n" for i in range(60))
    )
    draft = tomllib.loads(inventory(path).draft_run_file())
    assert draft["promise"] == {"later": "2013-12-07"} and "level" in draft["data"]["variable"]


def test_force_wells(data_dir):
    found = inventory(data_dir / "force2020/las/31_*.las.xz")
    draft = tomllib.loads(found.draft_run_file())["data"]
    assert draft["frame"] == {"vertical": "md", "easting": "x_loc", "northing": "y_loc"}
    assert {"GR", "RHOB", "NPHI", "DTC", "RDEP"} <= set(draft["variable"])
    assert draft["variable"]["RDEP"]["transform"] == "log10" and draft["variable"]["RHOB"]["missing"] == "mask"
    assert draft["target"]["LITHOLOGY"]["from"] == ["FORCE_2020_LITHOFACIES_LITHOLOGY"]
    assert draft["target"]["LITHOLOGY"]["classes"]["65000"] == "Shale"
    assert found.quality() == ["FORCE_2020_LITHOFACIES_CONFIDENCE"]
