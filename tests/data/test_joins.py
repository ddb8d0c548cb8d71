"""Joins of grids, polygons, picks, horizons and mapped areas: by hand, with what matched and what stays unlabelled."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from outcrop.data.joins import JOINS, join
from outcrop.errors import ConfigError, DataError
from outcrop.records import Record


def series(values, name="A", start="2020-01-01", step="D", variable="v", groups=None, position=None):
    time = np.datetime64(start) + np.arange(len(values)) * np.timedelta64(1, step)
    data = xr.Dataset({variable: ("time", np.asarray(values, float))}, {"time": time.astype("datetime64[ns]")})
    return Record(data, name, groups or {}, f"{name}.csv", position=position or {})


def weather(values, longitude=(0.0, 1.0), latitude=(10.0, 60.0), step="D"):
    time = np.datetime64("2020-01-01") + np.arange(values.shape[0]) * np.timedelta64(1, step)
    coords = {"time": time.astype("datetime64[ns]"), "latitude": list(latitude), "longitude": list(longitude)}
    data = xr.Dataset({"rain": (("time", "latitude", "longitude"), values, {"units": "mm"})}, coords)
    return data


@pytest.fixture
def files(tmp_path):
    weather(np.arange(12.0).reshape(3, 2, 2)).to_netcdf(tmp_path / "w.nc", engine="h5netcdf")
    return tmp_path


def test_every_join_is_known_and_errors_name_it():
    with pytest.raises(ConfigError, match="did you mean 'same_grid'"):
        join("same_gird", [], [], {})
    assert all(entry.takes in ("table", "records", "path") for entry in JOINS.values())


def test_series_meet_where_their_times_agree(tmp_path):
    (tmp_path / "heads.csv").write_text(",head\n2020-01-02,5\n2020-01-09,6\n2021-01-01,7\n")
    records, report = join("along", [series(np.arange(10))], [tmp_path / "heads.csv"], {"axis": ""})
    head = records[0].data["head"].to_numpy()
    assert head[[1, 8]].tolist() == [5, 6] and np.isnan(np.delete(head, [1, 8])).all()
    assert (report.matched, report.unmatched, report.samples) == (2, 1, 2)


def test_the_nearest_cell_within_a_distance(files):
    near = series([0, 0, 0], "near", position={"longitude": 0.9, "latitude": 59.9})
    far = series([0, 0, 0], "far", position={"longitude": 0.5, "latitude": 30.0})
    records, report = join("nearest", [near, far], [files / "w.nc"], {"distance_m": 20_000})
    assert records[0].data["rain"].to_numpy().tolist() == [3, 7, 11]
    assert np.isnan(records[1].data["rain"].to_numpy()).all() and report.records_without == ("far",)
    with pytest.raises(DataError, match="has no position"):
        join("nearest", [series([0], "nowhere")], [files / "w.nc"], {"distance_m": 1})


def test_means_over_a_polygon_count_area_and_part_of_cells(files):
    geopandas, shapely = pytest.importorskip("geopandas"), pytest.importorskip("shapely")
    left = shapely.box(-0.5, -15, 0.5, 85)  # all of the two western cells
    geopandas.GeoDataFrame({"name": ["A"]}, geometry=[left], crs="EPSG:4326").to_file(files / "p.geojson")
    options = {"polygons": files / "p.geojson", "on": "record"}
    records, _ = join("polygon_mean", [series([0, 0, 0])], [files / "w.nc"], options)
    weight = np.cos(np.radians([10, 60]))
    expected = [(weight * [day, day + 2]).sum() / weight.sum() for day in (0, 4, 8)]
    np.testing.assert_allclose(records[0].data["rain"].to_numpy(), expected, rtol=1e-6)
    with pytest.raises(DataError, match="There is no polygon 'B'"):
        join("polygon_mean", [series([0], "B")], [files / "w.nc"], options)


def test_hours_are_summed_to_days(tmp_path):
    geopandas, shapely = pytest.importorskip("geopandas"), pytest.importorskip("shapely")
    weather(np.ones((48, 2, 2)), step="h").to_netcdf(tmp_path / "h.nc", engine="h5netcdf")
    box = shapely.box(-1, -20, 2, 90)
    geopandas.GeoDataFrame({"name": ["A"]}, geometry=[box], crs="EPSG:4326").to_file(tmp_path / "p.geojson")
    options = {"polygons": tmp_path / "p.geojson", "on": "record", "resample": "sum"}
    records, _ = join("polygon_mean", [series([0, 0, 0])], [tmp_path / "h.nc"], options)
    rain = records[0].data["rain"].to_numpy()
    assert rain[:2].tolist() == [24, 24] and np.isnan(rain[2])


def test_images_and_masks_meet_on_one_grid(tmp_path):
    data = xr.Dataset({"a": (("row", "column"), np.zeros((2, 3)))}, {"row": [0, 1], "column": [0, 1, 2]})
    image = Record(data, "1", dims=("row", "column"))
    np.savez(tmp_path / "m.npz", mask=np.arange(6).reshape(2, 3))
    options = {"dims": {"mask": ["row", "column"]}}
    records, report = join("same_grid", [image], [tmp_path / "m.npz"], options)
    assert records[0].data["mask"].to_numpy().tolist() == [[0, 1, 2], [3, 4, 5]] and report.matched == 1
    np.savez(tmp_path / "n.npz", mask=np.zeros((2, 4)))
    with pytest.raises(DataError, match="The grids differ"):
        join("same_grid", [image], [tmp_path / "n.npz"], options)


def trace(name, picks=None):
    data = {"z": ("time", np.zeros(100))} | ({"itp": ((), float(picks))} if picks is not None else {})
    return Record(xr.Dataset(data, {"time": np.arange(100) * 0.1}), name)


def test_picks_leave_their_uncertainty_unlabelled(tmp_path):
    (tmp_path / "p.csv").write_text("record,time,phase,sigma\nA,3.0,P,0.2\nA,6.0,S,0.2\nC,99,P,0.1\n")
    options = {"sigma": "sigma", "half_width": 0.1}
    records, report = join("picks", [trace("A"), trace("B")], [tmp_path / "p.csv"], options)
    curve = records[0].data["PICK"].to_numpy()
    assert curve[[29, 30, 31]].tolist() == [1, 1, 1] and np.isnan(curve[[27, 28, 32, 33]]).all()
    assert curve[60] == 2 and curve[10] == 0
    assert np.isnan(records[1].data["PICK"].to_numpy()).all()  # nobody said that B has no arrival
    assert (report.matched, report.unmatched, report.records_without) == (2, 1, ("B",))


def test_picks_of_the_records_themselves():
    records, _ = join("picks", [trace("A", 40)], [], {"at": {"P": "itp"}, "by": "sample", "half_width": 2})
    assert np.flatnonzero(records[0].data["PICK"].to_numpy() == 1).tolist() == [38, 39, 40, 41, 42]


@pytest.fixture
def cube():
    coords = {"inline": [1, 2], "crossline": [10, 11], "twt": np.arange(0.0, 50, 10)}
    data = xr.Dataset({"a": (("inline", "crossline", "twt"), np.zeros((2, 2, 5)))}, coords)
    return Record(data, "cube", dims=("inline", "crossline", "twt"))


def test_units_lie_between_horizons(cube, tmp_path):
    rows = [(i, c, n, z) for i in (1, 2) for c in (10, 11) for n, z in (("top", 15.0), ("base", 35.0))]
    table = pd.DataFrame(rows, columns=["inline", "crossline", "horizon", "twt"]).drop(index=7)  # no base at 2, 11
    table.to_csv(tmp_path / "h.csv", index=False)
    records, report = join("horizons", [cube], [tmp_path / "h.csv"], {})
    units = records[0].data["UNIT"].to_numpy()
    assert units[0, 0].tolist() == [0, 0, 1, 1, 2]
    assert units[1, 1, :2].tolist() == [0, 0] and np.isnan(units[1, 1, 2:]).all()  # where the base was not picked
    assert report.matched == 7
    blurred, _ = join("horizons", [cube], [tmp_path / "h.csv"], {"sigma": 6.0})
    assert np.isnan(blurred[0].data["UNIT"].to_numpy()[0, 0, [1, 2, 3, 4]]).all()
    maps, _ = join("horizons", [cube], [tmp_path / "h.csv"], {"as_map": True})
    assert maps[0].data["top"].to_numpy().tolist() == [[15, 15], [15, 15]]


def test_horizons_that_cross_are_told(cube, tmp_path):
    (tmp_path / "h.csv").write_text(
        "inline,crossline,horizon,twt\n1,10,top,30\n1,10,base,20\n1,11,top,10\n1,11,base,20\n"
    )
    with pytest.raises(DataError, match="top to bottom"):
        join("horizons", [cube], [tmp_path / "h.csv"], {"order": ["top", "base"]})


def test_cells_near_a_boundary_are_unlabelled(tmp_path):
    geopandas, shapely = pytest.importorskip("geopandas"), pytest.importorskip("shapely")
    shapes = [shapely.box(0, 0, 5, 10), shapely.box(5, 0, 10, 10)]
    geopandas.GeoDataFrame({"name": ["salt", "sand"]}, geometry=shapes, crs="EPSG:32633").to_file(
        tmp_path / "a.geojson"
    )
    coords = {"easting": ("x", np.arange(0.5, 12)), "northing": ("y", [5.0]), "x": np.arange(12), "y": [0]}
    record = Record(xr.Dataset({"v": (("y", "x"), np.zeros((1, 12)))}, coords), "map", dims=("y", "x"))
    records, report = join("areas", [record], [tmp_path / "a.geojson"], {"sigma": 0.6})
    found = records[0].data["AREA"].to_numpy()[0]
    assert found[1:4].tolist() == [1, 1, 1] and found[6:9].tolist() == [2, 2, 2]
    assert np.isnan(found[[0, 4, 5, 9, 10, 11]]).all()  # near a boundary, or outside all
    assert report.matched == 2
