"""Tables: groups, axes, dates, missing cells, faults; and copies with columns added."""

import gzip

import numpy as np
import pandas as pd
import pytest

from outcrop.data.content import Curve
from outcrop.data.table import read, write
from outcrop.errors import ConfigError, DataError

LOGS = "WELL,DEPTH,GR,ZONE\nA,1.0,10,x\nB,1.0,30,y\nA,1.5,NA,x\nB,1.5,40.50,\n"


def test_one_record_per_group(tmp_path):
    path = tmp_path / "logs.csv"
    path.write_text(LOGS)
    first, second = read(path, group="WELL", axis="DEPTH", units={"DEPTH": "m", "GR": "gAPI"})
    assert (first.name, first.dim, first.groups["WELL"]) == ("A", "depth", "A")
    np.testing.assert_array_equal(first.axis, [1.0, 1.5])
    np.testing.assert_array_equal(first.data["GR"], [10, np.nan])
    assert second.data["ZONE"].to_numpy().tolist() == ["y", ""]
    assert first.data["depth"].attrs["units"] == "m" and first.data["GR"].attrs["units"] == "gAPI"
    assert first.data.attrs["rows"].tolist() == [0, 2]


def test_whole_file_dates_and_compression(tmp_path):
    path = tmp_path / "heads.csv.gz"
    path.write_bytes(gzip.compress(b"date;level\n2020-01-01;1.5\n2020-01-02;1.75\n"))
    (record,) = read(path, axis="date")
    assert (record.name, record.dim) == ("heads", "time")
    assert record.axis.dtype == np.dtype("datetime64[ns]") and record.axis[1] == np.datetime64("2020-01-02")
    rows = read(path)[0]
    assert rows.dim == "row" and "numbered rows" in rows.notes[0]


def test_parquet_reads_like_csv(tmp_path):
    table = pd.DataFrame(
        {"WELL": ["A", "A"], "DEPTH": [1.0, 2.0], "GR": [5, 6], "T": pd.to_datetime(["2020-01-01", "2020-01-02"])}
    )
    table.to_parquet(tmp_path / "t.parquet")
    (record,) = read(tmp_path / "t.parquet", group="WELL", axis="DEPTH")
    np.testing.assert_array_equal(record.data["GR"], [5.0, 6.0])
    assert record.data["T"].dtype.kind == "M"
    out = write(
        tmp_path / "t.parquet", tmp_path / "o.parquet", {"A": [Curve("P", np.array([1.0, np.nan]))]}, group="WELL"
    )
    again = pd.read_parquet(out)
    pd.testing.assert_frame_equal(again[table.columns], table)
    np.testing.assert_array_equal(again["P"], [1.0, np.nan])
    (tmp_path / "bad.parquet").write_bytes(b"PAR1 and nothing more")
    with pytest.raises(DataError, match="Fix: copy or export the file again"):
        read(tmp_path / "bad.parquet")


def test_codes_with_leading_zeros_stay_text(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("id,code,v\n007,01,1\n008,02,2\n")
    assert [record.name for record in read(path, group="id")] == ["007", "008"]
    assert read(path, text=["code"])[0].data["code"].to_numpy().tolist() == ["01", "02"]


@pytest.mark.parametrize(
    ("text", "options", "fix"),
    [
        ("a,b\n", {}, "Fix: copy or export the file again"),
        ("a,b\n1,2\n", {"group": "c"}, "Fix: use one of its columns: a, b"),
        ("WELL,b\n1,2\n", {"group": "WEL"}, "did you mean 'WELL'"),
        ("a,b\n1,2,3\n1,2,3\n", {}, "Fix: give every column a name"),
        ("a,b\n1,2\n1,2,3\n", {}, "Fix: correct that line"),
        ("w,b\nA,2\n,3\n", {"group": "w"}, "first in line 3[\\s\\S]*Fix: fill or remove"),
        ("t,b\n1.0,2\n,3\n", {"axis": "t"}, "first in line 3[\\s\\S]*Fix: fill or remove"),
        ("t,b\nmonday,2\n", {"axis": "t"}, "Fix: write the dates as YYYY-MM-DD"),
        ("a, a\n1,2\n", {}, "Fix: rename one of them"),
        (
            "v\n" + "1\n" * 20 + "1,\n".replace(",", "x"),
            {},
            "'1x' is not a number[\\s\\S]*line 22[\\s\\S]*Fix: correct it",
        ),
    ],
)
def test_bad_tables(tmp_path, text, options, fix):
    path = tmp_path / "bad.csv"
    path.write_text(text)
    with pytest.raises(DataError, match=fix) as error:
        read(path, **options)
    assert "bad.csv" in str(error.value)


def test_group_and_axis_must_differ(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text(LOGS)
    with pytest.raises(ConfigError, match="Fix: name two different columns"):
        read(path, group="WELL", axis="WELL")


def test_writer_keeps_cells_as_text_and_finds_the_rows(tmp_path):
    path = tmp_path / "logs.csv"
    path.write_text(LOGS)
    new = {"B": [Curve("P", np.array([1.0, 2.5]))], "A": [Curve("P", np.array([np.nan, 7.0]))]}
    out = write(path, tmp_path / "o.csv", new, group="WELL")
    assert out.read_text() == "WELL,DEPTH,GR,ZONE,P\nA,1.0,10,x,\nB,1.0,30,y,1\nA,1.5,NA,x,7\nB,1.5,40.50,,2.5\n"
    with pytest.raises(DataError, match=r"did you mean 'A'|record names"):
        write(path, tmp_path / "o.csv", {"C": new["A"]}, group="WELL")
    with pytest.raises(DataError, match="Fix: write into another folder"):
        write(path, path, new, group="WELL")


def test_stated_null_codes(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("v\n1\n-99\n")
    np.testing.assert_array_equal(read(path, null=(-99,))[0].data["v"], [1.0, np.nan])


def test_writer_reads_as_the_reader_did(tmp_path):
    path = tmp_path / "t.csv"
    path.write_bytes(
        "v;note\n".encode("cp437") + "".join(f"{i};{i}\n" for i in range(20)).encode() + "5;Grün\n".encode("cp437")
    )
    options = {"text": ["note"], "encoding": "cp437", "separator": ";"}
    (record,) = read(path, **options)
    assert record.data["note"].to_numpy()[-1] == "Grün"
    out = write(path, tmp_path / "o.csv", [Curve("P", np.arange(21.0))], **options)
    assert out.read_bytes().decode("cp437").splitlines()[-1] == "5;Grün;20"


def test_local_times_become_utc_and_flagged_values_missing(tmp_path):
    path = tmp_path / "s.csv"
    path.write_text("time,pm,flag\n2019-03-31T01:00,1,A\n2019-03-31T03:00,2,X\n2019-07-01T12:00,3,V\n")
    flags = {"pm": {"column": "flag", "keep": ["A", "V"]}}
    record = read(path, axis="time", time_zone="Europe/Amsterdam", flags=flags)[0]
    expected = np.array(["2019-03-31T00", "2019-03-31T01", "2019-07-01T10"], "datetime64[ns]")
    np.testing.assert_array_equal(record.axis, expected)
    assert np.isnan(record.data["pm"].to_numpy()[1]) and record.data["pm"].to_numpy()[2] == 3
    assert any("1 values with a flag other than A, V" in note for note in record.notes)
    path.write_text("time,pm\n2019-10-27T02:30,1\n")  # this half hour occurs twice
    with pytest.raises(DataError, match="Fix: write the stamps with their offset"):
        read(path, axis="time", time_zone="Europe/Amsterdam")
