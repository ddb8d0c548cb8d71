"""NetCDF and HDF5 files to Records: names, times, units, cells, masks, choices of dimensions, values left on disk."""

import numpy as np
import pytest

from gridded_files import sample, weather, write_nc3, write_nc4
from outcrop.data import cf
from outcrop.data.read import read
from outcrop.errors import ConfigError, DataError


@pytest.fixture(autouse=True)
def here(monkeypatch):
    """Sound files are read in this process alone; that damaged ones are not is tested with them."""
    monkeypatch.setattr("outcrop.data.netcdf._probed", lambda path: None)


@pytest.fixture(params=[write_nc3, write_nc4], ids=["netcdf3", "netcdf4"])
def file(request, tmp_path):
    return request.param(tmp_path / "weather.nc")


def test_a_field_has_its_grid_names_units_and_missing_values(file):
    (record,) = read(file)
    assert record.dims == ("time", "latitude", "longitude") and record.shape == (4, 3, 5)
    assert set(record.data.data_vars) == {"tas", "pr", "land"}
    truth = weather()["tas"].to_numpy()
    np.testing.assert_allclose(record.data["tas"], truth)
    assert np.isnan(record.data["tas"][1, 2, 3]) and record.data["tas"].dtype.isnative
    assert record.data["tas"].attrs["units"] == "K" and record.data["land"].attrs["units"] == ""
    assert record.flat("land").shape == (60,)
    assert record.data.attrs["file_names"] == {"latitude": "lat", "longitude": "lon"}
    assert record.data.attrs["grid_mappings"]["crs"]["earth_radius"] == 6371229.0
    assert record.format == "netcdf" and len(record.sha256) == 64
    assert "latitudes descend, as in the file" in record.notes and "longitudes run from 0 to 360" in record.notes


def test_cells_and_bounds_say_what_a_value_covers(file):
    (record,) = read(file)
    mean, rain = record.data["tas"].attrs, record.data["pr"].attrs
    assert (mean["cell"], rain["cell"]) == ("mean", "accumulated")
    assert mean["interval_s"] == rain["interval_s"] == 86_400 and mean["stamp"] == "end"
    assert "cell" not in record.data["land"].attrs
    (told,) = read(file, stamp="start")
    assert told.data["tas"].attrs["stamp"] == "start"


@pytest.mark.parametrize(
    ("methods", "cell"),
    [
        ("time: point", "instant"), ("lat: lon: mean", None), ("time: maximum (interval: 1 h)", "maximum"),
        ("lon: lat: time: mean where land", "mean"), ("month: year: mean", "mean"), ("time: variance", None),
    ],
)  # fmt: skip
def test_cell_methods(methods, cell):
    assert cf._cell({"cell_methods": methods}) == cell


def test_stated_units_fill_and_correct_with_a_note(file):
    (record,) = read(file, units={"land": "1", "pr": "kg m-2"})
    assert record.data["land"].attrs["units"] == "1" and record.data["pr"].attrs["units"] == "kg m-2"
    assert [note for note in record.notes if "'mm'" in note] and not [note for note in record.notes if "land" in note]


def test_choices_of_variables_samples_records_and_fold(file):
    (one,) = read(file, variables=["land"])
    assert one.dims == ("latitude", "longitude") and list(one.data.data_vars) == ["land"]
    days = read(file, records="time")
    assert len(days) == 4 and days[0].dims == ("latitude", "longitude")
    assert days[1].groups["time"] == "2001-03-01"
    (folded,) = read(file, fold="latitude", variables=["tas"])
    assert set(folded.data.data_vars) == {"tas_52", "tas_51", "tas_50"} and folded.dims == ("time", "longitude")
    (turned,) = read(file, samples=["latitude", "longitude", "time"])
    assert turned.shape == (3, 5, 4)
    np.testing.assert_array_equal(turned.flat("tas").reshape(3, 5, 4)[0, 0], one_column(turned))


def one_column(record):
    return record.data["tas"].isel(latitude=0, longitude=0).to_numpy()


@pytest.mark.parametrize(
    ("options", "fix"),
    [
        ({"variables": ["tass"]}, "did you mean 'tas'"), ({"variables": ["crs"]}, "leave it out of variables"),
        ({"samples": ["level"]}, "its dimensions are"), ({"calendar": "mayan"}, "calendar = one of"),
        ({"stamp": "stop"}, "stamp = one of start, end, instant"), ({"group": "nowhere"}, "leave group|it has none"),
        ({"variables": ["tas", "land"], "samples": ["latitude", "longitude"]}, "state samples = "),
        ({"deaccumulate": {"pr": "dy"}}, "did you mean 'day'"), ({"filtre": 1}, "use variables"),
    ],
)  # fmt: skip
def test_impossible_options_say_what_is_possible(file, options, fix):
    with pytest.raises(ConfigError, match=fix):
        read(file, **options)


def test_variables_off_the_grid_are_left_out_with_a_note(tmp_path):
    data = weather()
    data["profile"] = ("level", np.arange(7.0))
    data.to_netcdf(tmp_path / "a.nc", engine="h5netcdf")
    (record,) = read(tmp_path / "a.nc")
    assert "profile" not in record.data and any("profile" in note for note in record.notes)
    (own,) = read(tmp_path / "a.nc", variables=["profile"])
    assert own.dims == ("level",)


def test_values_outside_the_valid_range_are_missing(tmp_path):
    data = weather()
    data["tas"].attrs.update(valid_min=np.float32(281.0), valid_max=np.float32(286.0))
    data.to_netcdf(tmp_path / "a.nc", engine="h5netcdf")
    (record,) = read(tmp_path / "a.nc")
    values = record.data["tas"].to_numpy()
    assert np.nanmin(values) == 281.0 and np.nanmax(values) == 286.0
    assert any(note.startswith("tas: 19 values outside") for note in record.notes)


def test_a_series_at_one_place_keeps_its_position(tmp_path):
    weather().isel(lat=[1], lon=[2]).to_netcdf(tmp_path / "gauge.nc", engine="h5netcdf")
    (record,) = read(tmp_path / "gauge.nc", variables=["tas"])
    assert record.dims == ("time",) and record.position == {"latitude": 51.0, "longitude": 144.0}


def test_stations_are_named_by_their_identifier(tmp_path):
    import xarray as xr

    text = xr.DataArray(np.array([b"Bern", b"Chur"]), dims="station", attrs={"cf_role": "timeseries_id"})
    columns = {"level": (("station", "time"), np.arange(6.0).reshape(2, 3)), "station_name": text}
    coords = {"lat": ("station", [46.9, 46.8], {"units": "degrees_north"}), "time": [0.0, 1, 2]}
    xr.Dataset(columns, coords).to_netcdf(tmp_path / "s.nc", engine="scipy")
    bern, chur = read(tmp_path / "s.nc", records="station")
    assert (bern.name, chur.name) == ("Bern", "Chur") and bern.position["latitude"] == 46.9
    np.testing.assert_array_equal(chur.flat("level"), [3, 4, 5])


def test_projected_grids_get_metres_and_keep_latitudes_in_two_dimensions(tmp_path):
    (record,) = read(sample("toa_brightness_stereographic.nc"))
    assert record.dims == ("northing", "easting") and record.data["latitude"].dims == ("northing", "easting")
    import xarray as xr

    axis = {"units": "km", "standard_name": "projection_x_coordinate"}
    xr.Dataset({"v": (("x",), np.arange(3.0))}, {"x": ("x", [1.0, 2, 3], axis)}).to_netcdf(tmp_path / "k.nc")
    (km,) = read(tmp_path / "k.nc")
    assert km.data["easting"].to_numpy().tolist() == [1000, 2000, 3000] and "x: km to m" in km.notes


def test_a_rotated_pole_is_turned_back():
    (record,) = read(sample("hybrid_height.nc"))
    pyproj = pytest.importorskip("pyproj")
    mapping = record.data.attrs["grid_mappings"]["rotated_latitude_longitude"]
    crs = pyproj.CRS.from_cf(mapping)
    turn = pyproj.Transformer.from_crs(crs, crs.source_crs, always_xy=True)
    lon, lat = np.meshgrid(record.data["grid_longitude"], record.data["grid_latitude"])
    east, north = turn.transform(lon, lat)
    np.testing.assert_allclose(record.data["latitude"], north, atol=1e-4)
    np.testing.assert_allclose(record.data["longitude"], east, atol=1e-4)


def test_plain_hdf5_is_read_by_group_or_data_set(tmp_path):
    import h5py

    path = tmp_path / "plain.h5"
    with h5py.File(path, "w") as file:
        file["model/vp"] = np.arange(24.0).reshape(2, 3, 4)
        file["model/names"] = np.array([b"x", b"y"])
    with pytest.raises(ConfigError, match="group = one of 'model'"):
        read(path)
    for group in ("model", "model/vp", "/model/vp"):
        (record,) = read(path, group=group)
        assert record.shape == (2, 3, 4) and list(record.data.data_vars) == ["vp"]


def test_large_arrays_stay_on_disk_and_give_the_same_boxes(file, monkeypatch):
    (whole,) = read(file)
    for module in ("cf", "netcdf"):
        monkeypatch.setattr(f"outcrop.data.{module}.LAZY_BYTES", 100)
    (record,) = read(file)
    assert not record.data["tas"].variable._in_memory
    box = {"time": slice(1, 3), "longitude": slice(2, 5)}
    np.testing.assert_array_equal(record.data["tas"].isel(box).to_numpy(), whole.data["tas"].isel(box).to_numpy())
    assert not record.data["tas"].variable._in_memory
    assert "values stay on disk and are read as they are needed" in record.notes


def test_a_file_in_which_nothing_is_numeric(tmp_path):
    import xarray as xr

    xr.Dataset({"name": ("x", ["a", "b"])}).to_netcdf(tmp_path / "a.nc", engine="h5netcdf")
    with pytest.raises(DataError, match="group = "):
        read(tmp_path / "a.nc")


def test_real_files():
    (series,) = read(sample("SOI_Darwin.nc"))
    assert series.dims == ("time",) and series.shape == (1776,) and str(series.axis[0])[:10] == "1866-01-01"
    assert np.isnan(series.flat("SOI_Darwin")).sum() == 0 or np.nanmin(series.flat("SOI_Darwin")) > -90
    (ocean,) = read(sample("ostia_monthly.nc"))
    assert ocean.shape == (54, 18, 432) and 0 < np.isnan(ocean.flat("surface_temperature")).mean() < 0.5
    (climate,) = read(sample("E1_north_america.nc"))
    assert climate.axis.dtype.kind == "M" and any("360_day" in note for note in climate.notes)
    assert climate.data["air_temperature"].attrs["interval_s"] == 360 * 86_400
    assert climate.data["air_temperature"].attrs["stamp"] == "middle"


def test_a_mesh_field_of_the_acceptance_data(data_dir):
    (record,) = read(data_dir / "mesh/temp.fesom.1948.nc")
    assert record.dims == ("nod2", "nz1") and record.shape == (3140, 47)
