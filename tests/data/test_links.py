"""Links of a network as samples: what their ends know, tables and NetCDF, and results back."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from link_files import pipes
from outcrop.data.content import Curve
from outcrop.data.read import read, write
from outcrop.errors import ConfigError, DataError

LINKS = "pipe,from,to,length\nP1,A,B,10\nP2,B,C,20\nP3,C,A,30\n"
NODES = "node,head,easting,northing\nC,3,0,60\nA,1,0,0\nB,2,40,0\n"


@pytest.fixture
def tables(tmp_path):
    """A table of three links, and one of three nodes in another order beside it."""
    (tmp_path / "net.csv").write_text(LINKS)
    (tmp_path / "net_nodes.txt").write_text(NODES)
    return tmp_path / "net.csv"


def test_a_link_knows_what_its_ends_know(tables):
    (record,) = read(tables, format="links", nodes="*_nodes.txt", link="pipe", units={"head": "m"})
    assert record.dims == ("link",) and record.name == "net"
    assert record.data["link"].to_numpy().tolist() == ["P1", "P2", "P3"]
    assert record.flat("head_FROM").tolist() == [1, 2, 3] and record.flat("head_TO").tolist() == [2, 3, 1]
    assert record.data["head_TO"].attrs["units"] == "m" and record.flat("length").tolist() == [10, 20, 30]
    assert record.data["easting"].to_numpy().tolist() == [20, 20, 0]  # the middle
    assert record.data["pair"].to_numpy().tolist() == ["A - B", "B - C", "A - C"]
    (alone,) = read(tables, format="links", link="pipe")
    assert alone.sha256 != record.sha256 and "head_FROM" not in alone.data


def test_the_middle_of_a_link_over_the_date_line_is_there(tables):
    text = NODES.replace("easting", "longitude").replace("northing", "latitude")
    (tables.parent / "net_nodes.txt").write_text(text.replace("A,1,0,0", "A,1,179,0").replace("B,2,40,0", "B,2,-177,4"))
    (record,) = read(tables, format="links", nodes="net_nodes.txt", link="pipe")
    assert record.data["longitude"].to_numpy()[0] % 360 == 181 and record.data["latitude"].to_numpy()[0] == 2


def test_netcdf_and_a_table_of_its_links_hold_the_same(tmp_path):
    path = pipes(tmp_path / "net.nc", tanks=6, count=8, days=3)
    (whole,) = read(path, format="links")
    with xr.open_dataset(path, engine="h5netcdf") as data:
        data = data.load()
    first = [data["node"].to_numpy().tolist().index(name) for name in data["from"].to_numpy()]
    np.testing.assert_array_equal(whole.data["head_FROM"], data["head"].to_numpy()[:, first])
    assert whole.dims == ("time", "link") and whole.flat("conductance").shape == (24,)
    named = {"start": data["from"].to_numpy(), "end": data["to"].to_numpy(), "conductance": data["conductance"]}
    table = pd.DataFrame({"link": data["link"].to_numpy(), **named})
    table.iloc[::-1].to_csv(tmp_path / "links.csv", index=False)
    data.drop_vars(["from", "to", "conductance"]).rename(node="tank").to_netcdf(tmp_path / "b.nc", engine="h5netcdf")
    (other,) = read(tmp_path / "b.nc", format="links", links="links.csv", ends=["start", "end"], node="tank")
    for name in ("head_FROM", "head_TO", "conductance", "flow"):
        np.testing.assert_array_equal(other.flat(name), whole.flat(name))


def test_results_go_back_to_the_rows_and_dimensions_of_the_file(tables, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    write(tables, out, [Curve("Q_PRED", np.array([1.0, 2.0, 3.0]))], format="links", link="pipe")
    lines = (out / "net.csv").read_text().splitlines()
    assert lines[0].endswith("length,Q_PRED") and lines[2] == "P2,B,C,20,2"
    path = pipes(tmp_path / "net.nc", tanks=6, count=8, days=3)
    values = np.arange(24.0).reshape(3, 8)
    write(path, out, [Curve("Q_PRED", values, "m3/s")], format="links")
    with (
        xr.open_dataset(out / "net.nc", engine="h5netcdf") as after,
        xr.open_dataset(path, engine="h5netcdf") as before,
    ):
        assert after["Q_PRED"].dims == ("time", "link")
        np.testing.assert_array_equal(after["Q_PRED"], values)
        xr.testing.assert_identical(after.drop_vars("Q_PRED").load(), before.load())


@pytest.mark.parametrize(
    ("change", "options", "error", "words"),
    [
        (("P2,B,C", "P2,B,D"), {}, DataError, r"(?s)Link 2 ends at 'D'.*Fix: the nodes are called C, A, B"),
        (("P2,B,C", "P1,B,C"), {}, DataError, r"(?s)called 'P1'.*Fix: give each its own name"),
        (("", ""), {"ends": ["from", "too"]}, ConfigError, r"(?s)Nothing is called 'too'.*Fix: ends = .*did you mean"),
        (("", ""), {"ends": ["from"]}, ConfigError, r'(?s)two ends, not 1.*Fix: ends = \["from", "to"\]'),
        (("", ""), {"nodes": "none.csv"}, ConfigError, r"(?s)no table 'none.csv'.*Fix: nodes = the name"),
        (("", ""), {"node": "tank"}, ConfigError, r"(?s)no column 'tank'.*Fix: node = one of node, head"),
    ],
)
def test_what_does_not_fit_is_said(tables, change, options, error, words):
    tables.write_text(LINKS.replace(*change) if change[0] else LINKS)
    with pytest.raises(error, match=words):
        read(tables, format="links", **{"nodes": "net_nodes.txt", "link": "pipe", **options})
