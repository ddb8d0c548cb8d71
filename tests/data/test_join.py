"""Joins: every row is counted once, nothing is extrapolated, and a table that contradicts itself is refused."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from outcrop.data import join
from outcrop.data.join_table import open_table
from outcrop.data.survey import minimum_curvature
from outcrop.errors import ConfigError, DataError
from outcrop.records import Record


def well(name="A", axis=None, **groups):
    axis = np.arange(100.0, 110.0) if axis is None else np.asarray(axis)
    dim = "time" if axis.dtype.kind == "M" else "depth"
    data = xr.Dataset({"GR": (dim, np.zeros(len(axis)))}, {dim: (dim, axis, {"units": "m"})})
    return Record(data, name, groups or {"well": name}, f"{name}.las")


def table(text, tmp_path, name="core.csv"):
    path = tmp_path / name
    path.write_text(text)
    return path


# ---- intervals


def test_interval_takes_top_and_leaves_base(tmp_path):
    path = table(
        "WELL,TOP,BASE,LITH,PHI\nA,101,103,sand,0.2\nA,103,104.5,shale,\nB,100,101,coal,0.1\nC,1,2,coal,0.1\n", tmp_path
    )
    records, report = join.interval([well("A"), well("B", [100.0, 200.0]), well("D")], path)
    assert records[0].data["LITH"].to_numpy().tolist() == ["", "sand", "sand", "shale", "shale", "", "", "", "", ""]
    assert np.isfinite(records[0].data["PHI"]).to_numpy().tolist() == [False, True, True] + [False] * 7
    assert records[1].data["LITH"].to_numpy().tolist() == ["coal", ""] and not any(records[2].data["LITH"].to_numpy())
    assert (report.matched, report.unmatched, report.dropped, report.samples) == (3, 1, 0, 5)
    assert report.records_without == ("D",) and report.per_record["A"] == {"rows": 2, "samples": 4}
    assert report.sentence.startswith("core.csv (interval): 3 rows matched") and report.to_json()[
        "records_without"
    ] == ["D"]


def test_interval_counts_empty_and_repeated_rows(tmp_path):
    text = "well,TOP,BASE,K\nA,101,102,5\nA,101,102,5\nA,103,104,\nA,,106,5\nA,500,501,7\n"
    records, report = join.interval([well()], table(text, tmp_path), columns={"K": "PERM"})
    assert np.flatnonzero(np.isfinite(records[0].data["PERM"].to_numpy())).tolist() == [1]
    assert (report.matched, report.dropped, report.unmatched) == (1, 3, 1)


@pytest.mark.parametrize(
    ("rows", "fix"),
    [
        ("A,103,101,1", "exchange top and base"),
        ("A,101,101,1", "exchange top and base"),
        ("A,101,103,1\nA,102,104,2", "every depth has one value"),
        ("A,101,109,1\nA,102,103,2\nA,104,105,2", "every depth has one value"),
        ("A,101,x,1", "leave it empty"),
    ],
)
def test_contradicting_intervals_are_refused(rows, fix, tmp_path):
    with pytest.raises(DataError, match=rf"core\.csv, row \d \(well 'A'\)[\s\S]*Fix: .*{fix}"):
        join.interval([well()], table(f"well,TOP,BASE,K\n{rows}\n", tmp_path))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(99, 111), min_size=2, max_size=8, unique=True), st.integers(0, 10))
def test_every_sample_gets_the_one_interval_it_lies_in(ends, seed):
    ends = sorted(ends)
    frame = pd.DataFrame({"well": "A", "TOP": ends[:-1], "BASE": ends[1:], "K": np.arange(len(ends) - 1.0)})
    records, report = join.interval([well()], frame.sample(frac=1, random_state=seed))
    for depth, value in zip(records[0].axis, records[0].data["K"].to_numpy(), strict=True):
        inside = [k for k in range(len(ends) - 1) if ends[k] <= depth < ends[k + 1]]
        assert value == inside[0] if inside else np.isnan(value)
    assert report.matched + report.unmatched + report.dropped == len(ends) - 1


# ---- same depth


def test_depth_gives_a_row_to_the_nearest_sample():
    frame = pd.DataFrame(
        {"well": ["A"] * 5, "DEPTH": [100.04, 101.4, 103.02, 102.96, 250.0], "K": [1.0, 2.0, 3.0, 4.0, 5.0]}
    )
    records, report = join.depth([well()], frame, tolerance_m=0.05)
    values = records[0].data["K"].to_numpy()
    assert values[[0, 3]].tolist() == [1, 3] and np.isnan(np.delete(values, [0, 3])).all()
    assert (report.matched, report.unmatched, report.dropped, report.samples) == (2, 2, 1, 2)


def test_depth_joins_time_stamps():
    days = np.arange("2001-01-01", "2001-01-05", dtype="datetime64[D]").astype("datetime64[ns]")
    frame = pd.DataFrame({"station": ["A", "A"], "date": ["2001-01-02T00:30", "2001-01-04"], "Q": [1.0, 2.0]})
    records, report = join.depth([well(axis=days, station="A")], frame, on="station", axis="date", tolerance_s=3600)
    assert (
        np.array_equal(records[0].data["Q"].to_numpy(), [np.nan, 1, np.nan, 2], equal_nan=True) and report.matched == 2
    )
    with pytest.raises(DataError, match='join = "depth"'):
        join.interval([well(axis=days)], pd.DataFrame({"well": ["A"], "TOP": [1.0], "BASE": [2.0], "K": [1.0]}))


def test_depth_on_a_decreasing_axis():
    frame = pd.DataFrame({"well": ["A"], "DEPTH": [101.0], "K": [7.0]})
    records, _ = join.depth([well(axis=[103.0, 102.0, 101.0])], frame)
    assert records[0].data["K"].to_numpy()[2] == 7


# ---- deviation surveys


def test_minimum_curvature_is_exact_on_a_circle():
    radius, md = 500.0, np.array([0.0, 100.0, 250.0, 400.0])
    at = np.linspace(0, 400, 81)
    got = minimum_curvature(md, np.degrees(md / radius), np.full(4, 30.0), at)
    out = radius * (1 - np.cos(at / radius))
    want = np.stack([radius * np.sin(at / radius), out * np.cos(np.radians(30)), out * np.sin(np.radians(30))], axis=1)
    assert got == pytest.approx(want, abs=1e-9)


@settings(max_examples=40, deadline=None)
@given(
    inc=st.lists(st.floats(0, 60), min_size=2, max_size=6),
    azi=st.lists(st.floats(0, 360), min_size=6, max_size=6),
    turn=st.floats(-180, 180),
)
def test_a_path_is_continuous_never_longer_than_the_hole_and_turns_with_north(inc, azi, turn):
    md = 100.0 * np.arange(len(inc))
    azi = np.array(azi[: len(inc)]) / 6  # keeps turns below 90 degrees
    at = np.linspace(0, md[-1], 301)
    path = minimum_curvature(md, inc, azi, at)
    steps = np.linalg.norm(np.diff(path, axis=0), axis=1)
    assert (steps <= np.diff(at) * (1 + 1e-9)).all() and (steps >= 0.99 * np.diff(at)).all()
    rotated = minimum_curvature(md, inc, azi + turn, at)
    c, s = np.cos(np.radians(turn)), np.sin(np.radians(turn))
    north_east = path[:, 1:] @ np.array([[c, s], [-s, c]])
    assert rotated[:, 0] == pytest.approx(path[:, 0], abs=1e-7) and rotated[:, 1:] == pytest.approx(
        north_east, abs=1e-7
    )


def test_survey_adds_offsets_and_extrapolates_nothing(tmp_path):
    text = "well,MD,INC,AZI\nA,0,0,0\nA,105,0,0\nA,50,0,0\nB,0,90,90\nB,300,90,90\nQ,0,0,0\n"
    records, report = join.survey([well("A"), well("B"), well("C")], table(text, tmp_path))
    assert records[0].data["tvd"].to_numpy()[:6].tolist() == [100, 101, 102, 103, 104, 105]
    assert np.isnan(records[0].data["tvd"].to_numpy()[6:]).all() and records[0].data["tvd"].attrs["units"] == "m"
    assert records[1].data["easting_offset"].to_numpy() == pytest.approx(records[1].axis)
    assert np.isnan(records[2].data["tvd"]).all() and report.records_without == ("C",)
    assert (report.matched, report.unmatched, report.samples) == (5, 1, 16)


def test_how_a_well_gets_to_its_first_station_must_be_said(tmp_path):
    path = table("well,MD,INC,AZI\nA,90,0,0\nA,200,0,0\n", tmp_path)
    with pytest.raises(DataError, match='tie_in = "surface"'):
        join.survey([well()], path)
    assert join.survey([well()], path, tie_in="surface")[0][0].data["tvd"].to_numpy() == pytest.approx(
        np.arange(100.0, 110.0)
    )
    with pytest.raises(ConfigError, match='tie_in = "first"'):
        join.survey([well()], path, tie_in="top")


@pytest.mark.parametrize(
    ("stations", "fix"),
    [
        ("A,0,0,0", "add its stations"),
        ("A,0,0,0\nA,0,1,0", "remove repeated ones"),
        ("A,0,0,0\nA,9,181,0", "correct the station"),
        ("A,0,0,0\nA,9,120,0", "in degrees"),
    ],
)
def test_impossible_surveys_are_refused(stations, fix, tmp_path):
    with pytest.raises(DataError, match=rf"A, core\.csv[\s\S]*Fix: .*{fix}"):
        join.survey([well()], table(f"well,MD,INC,AZI\n{stations}\n", tmp_path))


# ---- attributes


def test_attributes_become_groups_and_positions(tmp_path):
    path = table("WELL,FIELD,BLOCK,EASTING,KB\n007,Troll,31,500000.5,25\n8,Oseberg,30,,26\n", tmp_path, "wells.csv")
    records, report = join.attributes([well("007"), well("8")], path)
    assert records[0].groups == {"record": "007", "well": "007", "FIELD": "Troll"} and records[0].position == {
        "easting": 500000.5
    }
    assert records[1].position == {} and (report.matched, report.unmatched) == (2, 0)
    records, _ = join.attributes([well("007")], path, columns={"field": "field", "BLOCK": "block"})
    assert records[0].groups["field"] == "Troll" and records[0].groups["block"] == "31" and not records[0].position


@pytest.mark.parametrize(
    ("text", "on", "fix"),
    [
        ("well,FIELD\nB,Troll\n", "well", "add a row with well = 'A'"),
        ("well,FIELD\nA,Troll\nA,Oseberg\n", "well", "one row per value"),
        ("well,FIELD\nA,\nB,x\n", "well", "fill it in"),
        ("name,FIELD\nA,Troll\n", "well", "use one of its columns"),
        ("region,FIELD\nA,Troll\n", "region", "on = one of record, well"),
    ],
)
def test_unknown_groups_are_never_made_up(text, on, fix, tmp_path):
    with pytest.raises(DataError, match=f"Fix: .*{fix}"):
        join.attributes([well()], table(text, tmp_path), on=on, columns=["FIELD"])


def test_several_records_may_share_a_row(tmp_path):
    records = [well("A", field="Troll"), well("B", field="Troll")]
    joined, report = join.attributes(records, table("field,BASIN\nTroll,Viking\n", tmp_path), on="field")
    assert [r.groups["BASIN"] for r in joined] == ["Viking", "Viking"] and (report.matched, report.dropped) == (1, 0)


def test_a_join_never_replaces_a_curve(tmp_path):
    path = table("well,TOP,BASE,GR\nA,100,102,5\n", tmp_path)
    with pytest.raises(DataError, match=r'columns = \{GR = "GR_2"\}'):
        join.interval([well()], path)
    assert "GR_2" in join.interval([well()], path, columns={"GR": "GR_2"})[0][0].data


def test_records_of_a_reader_can_be_joined(tmp_path):
    from outcrop.data import read

    path = table("well,TOP,BASE,K\nA,100,102,5\nB,100,101,6\n", tmp_path)
    for source in (read(path), read(path, group="well"), path, str(path)):
        records, report = join.interval([well("A"), well("B")], source)
        assert report.matched == 2 and records[1].data["K"].to_numpy()[0] == 6


def test_depths_of_a_table_are_converted_to_the_records_axis(tmp_path):
    path = table("well,TOP,BASE,ROCK\nA,327,340,sand\n", tmp_path)
    core = open_table(path, "well", units={"TOP": "ft", "BASE": "ft"})
    joined, _ = join.interval([well("A")], core)
    assert joined[0].data["ROCK"].to_numpy().tolist()[:5] == ["sand", "sand", "sand", "sand", ""]
