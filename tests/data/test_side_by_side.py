"""Series of many stations as one network: times, places, gaps; and every value back in the row it came from."""

import numpy as np
import pandas as pd
import pytest

from outcrop.data import side_by_side as beside
from outcrop.data.content import Curve
from outcrop.data.read import read
from outcrop.errors import ConfigError, DataError

HEADS = {"A": [1.0, 2.0, 3.0], "B": [4.0, 5.0], "C": [6.0, 7.0, 8.0]}


@pytest.fixture
def folder(tmp_path):
    """Three stations; B lacks the second day."""
    days = ["2020-01-01", "2020-01-02", "2020-01-03"]
    for number, (name, heads) in enumerate(HEADS.items()):
        own = days if len(heads) == 3 else [days[0], days[2]]
        table = pd.DataFrame({"date": own, "head": heads, "lon": 5.0 + number, "lat": 52.0, "word": "x"})
        table.to_csv(tmp_path / f"{name}.csv", index=False)
    return tmp_path


def test_stations_share_an_axis_and_gaps_are_missing(folder):
    (record,) = read(folder / "*.csv", axis="date", network="station")
    assert record.dims == ("time", "station") and record.data["station"].to_numpy().tolist() == ["A", "B", "C"]
    np.testing.assert_array_equal(record.data["head"], [[1, 4, 6], [2, np.nan, 7], [3, 5, 8]])
    assert record.data["word"].to_numpy().tolist()[1] == ["x", "", "x"]
    assert record.data["longitude"].to_numpy().tolist() == [5, 6, 7] and "lon" not in record.data
    assert record.data["latitude"].dims == ("station",)


def test_a_column_of_names_makes_the_same_network_of_one_table(folder):
    tables = [pd.read_csv(folder / f"{name}.csv").assign(gauge=name) for name in HEADS]
    pd.concat(tables).to_csv(folder / "all.csv", index=False)
    one = read(folder / "all.csv", group="gauge", axis="date", network="gauge")[0]
    many = read(folder / "[ABC].csv", axis="date", network="gauge")[0]
    np.testing.assert_array_equal(one.data["head"], many.data["head"])


def test_values_go_back_to_the_rows_of_their_files(folder, tmp_path):
    (record,) = read(folder / "*.csv", axis="date", network="station")
    curves = [Curve("DOUBLE", 2 * record.data["head"].to_numpy())]
    (tmp_path / "out").mkdir()
    written = beside.write(record, tmp_path / "out", curves)
    assert [path.name for path in written] == ["A.csv", "B.csv", "C.csv"]
    for path in written:
        table = pd.read_csv(path)
        np.testing.assert_array_equal(table["DOUBLE"], 2 * table["head"])


def test_places_may_stand_in_a_table_of_their_own(folder):
    for name in HEADS:
        pd.read_csv(folder / f"{name}.csv").drop(columns=["lon", "lat"]).to_csv(folder / f"{name}.csv", index=False)
    (folder / "places").mkdir()
    (folder / "places/where.csv").write_text("station,easting,northing\nB,20,2\nA,10,1\nC,30,3\n")
    (record,) = read(folder / "*.csv", axis="date", network="station", places="places/where.csv")
    assert record.data["easting"].to_numpy().tolist() == [10, 20, 30]
    (folder / "places/where.csv").write_text("station,easting,northing\nB,20,2\nA,10,1\n")
    with pytest.raises(DataError, match="Fix: add its row"):
        read(folder / "*.csv", axis="date", network="station", places="places/where.csv")
    (folder / "places/where.csv").write_text("station,easting\nB,20\n")
    with pytest.raises(ConfigError, match="Fix: name its columns station, longitude, latitude"):
        read(folder / "*.csv", axis="date", network="station", places="places/where.csv")
    with pytest.raises(ConfigError, match="Fix: places = a table there"):
        read(folder / "*.csv", axis="date", network="station", places="none.csv")


@pytest.mark.parametrize(
    ("change", "fix"),
    [
        (lambda t: t.assign(date="2020-01-01"), 'group = "STATION"'),
        (lambda t: t.assign(date=range(len(t))), 'axis = "DATE"'),
        (lambda t: t.assign(station="A"), 'group = "station"'),
        (lambda t: t.assign(word=1.0), r'text = \["word"\]'),
    ],
)
def test_what_cannot_stand_side_by_side_is_named(folder, change, fix):
    change(pd.read_csv(folder / "C.csv")).to_csv(folder / "C.csv", index=False)
    with pytest.raises(DataError, match=f"Fix: {fix}"):
        read(folder / "*.csv", axis="date", network="station")
