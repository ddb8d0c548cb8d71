"""The reader that picks the format: patterns, unknown files, names, options and groups."""

import lzma
import time
from pathlib import Path

import numpy as np
import pytest
from las_files import las_text, write_las

from outcrop.data import read, write
from outcrop.data.content import Curve
from outcrop.data.read import format_of, under
from outcrop.data.regroup import regroup
from outcrop.errors import ConfigError, DataError


def test_pattern_list_and_mixed_formats(tmp_path):
    write_las(tmp_path, "b.las", well="B")
    write_las(tmp_path, "a.las", well="A")
    (tmp_path / "t.csv").write_text("x\n1\n")
    assert [record.name for record in read(tmp_path / "*.las")] == ["A", "B"]
    assert [record.format for record in read([tmp_path / "t.csv", tmp_path / "*.las", tmp_path / "a.las"])] == [
        "table",
        "las",
        "las",
    ]


def test_a_path_that_begins_with_a_variable_is_read_as_the_shell_would(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OUTCROP_DATA_DIR", "shared/data")
    run_file = tmp_path / "runs"
    assert under(run_file, "$OUTCROP_DATA_DIR/a.las") == tmp_path / "shared/data/a.las"
    assert under(run_file, "a.las") == run_file / "a.las"
    monkeypatch.setenv("OUTCROP_DATA_DIR", "/data")
    assert under(run_file, "$OUTCROP_DATA_DIR/a.las") == Path("/data/a.las")


def test_content_decides_where_the_name_does_not(tmp_path):
    assert format_of(write_las(tmp_path, "well.txt")) == "las"
    assert format_of(write_las(tmp_path, "well.dat", text="# comment\n" + las_text())) == "las"
    packed = tmp_path / "w.dat.xz"
    packed.write_bytes(lzma.compress(las_text().encode()))
    assert read(packed)[0].name == "A-1"
    (tmp_path / "x.bin").write_bytes(b"\x00\x01\x02")
    with pytest.raises(DataError, match='Fix: rename it, or state format = "las"'):
        read(tmp_path / "x.bin")


def test_nothing_matches(tmp_path):
    write_las(tmp_path, "well_a.las")
    with pytest.raises(ConfigError, match=r"did you mean 'well_a.las'"):
        read(tmp_path / "wel_a.las")
    with pytest.raises(ConfigError, match="No file matches"):
        read(tmp_path / "*.dlis")
    with pytest.raises(ConfigError, match="which does not exist"):
        read(tmp_path / "nowhere" / "*.las")
    with pytest.raises(ConfigError, match=r"Fix: write .*/\*\.las"):
        read(tmp_path)
    with pytest.raises(ConfigError, match="Fix: state files"):
        read([])


def test_unknown_options_and_formats(tmp_path):
    path = write_las(tmp_path)
    with pytest.raises(ConfigError, match="did you mean 'null'"):
        read(path, nul=(1.0,))
    with pytest.raises(ConfigError, match="did you mean 'table'"):
        read(path, format="tabel")
    assert len(read(path, group=None, encoding=None)) == 1


def test_two_wells_with_one_name(tmp_path):
    write_las(tmp_path, "a.las")
    write_las(tmp_path, "b.las")
    with pytest.raises(
        DataError, match=r"with the same content[\s\S]*a\.las and .*b\.las[\s\S]*Fix: leave one file out"
    ):
        read(tmp_path / "*.las")


def test_groups_from_header_and_columns(tmp_path):
    (record,) = regroup(read(write_las(tmp_path)), {"area": "FLD", "well": "WELL"})
    assert record.groups["area"] == "Alpha" and record.groups["well"] == "A-1"
    with pytest.raises(DataError, match="did you mean 'FLD'"):
        regroup([record], {"area": "FLDD"})
    (tmp_path / "t.csv").write_text("well,zone,gr\nA,north,1\nA,north,2\nB,south,3\n")
    records = regroup(read(tmp_path / "t.csv", group="well"), {"zone": "zone"})
    assert [r.groups["zone"] for r in records] == ["north", "south"]
    lines = regroup(records, {"x": "gr"})[0]  # points of one record on several flight lines
    assert lines.data["x"].to_numpy().tolist() == ["1", "2"] and "x" not in lines.groups
    depths = regroup(read(tmp_path / "t.csv", group="well", axis="gr", dim="depth"), {"zone": "zone"})
    assert depths[0].groups["zone"] == "north"
    (tmp_path / "t.csv").write_text("well,depth,zone\nA,1,north\nA,2,south\n")
    with pytest.raises(DataError, match='Fix: split the table by it: group = "zone"'):
        regroup(read(tmp_path / "t.csv", group="well", axis="depth"), {"zone": "zone"})


def test_write_picks_the_writer(tmp_path):
    out = write(write_las(tmp_path), tmp_path / "o.las", [Curve("X", np.arange(3.0))], provenance="test")
    np.testing.assert_array_equal(read(out)[0].data["X"], [0, 1, 2])


def test_all_force_wells(data_dir):
    start = time.perf_counter()
    records = read(data_dir / "force2020/las/*.las.xz")
    seconds = time.perf_counter() - start
    assert len(records) == 28 and sum(map(len, records)) == 367559
    assert seconds < 30, f"{seconds:.1f} s; about 3 s on two idle cores"
    assert {record.data["RHOB"].attrs["units"] for record in records} == {"g/cm3"}
    assert all(np.nanmin(record.data["GR"]) >= 0 for record in records)
    labelled = sum(int(np.isfinite(r.data["FORCE_2020_LITHOFACIES_LITHOLOGY"]).sum()) for r in records)
    assert labelled == 239901
    assert not any(record.notes for record in records)
    assert len({record.groups["well_root"] for record in records}) == 28
