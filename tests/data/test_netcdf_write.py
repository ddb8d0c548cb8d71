"""Results into copies of NetCDF and HDF5: what was there stays byte for byte, what is new can be read again."""

import h5py
import numpy as np
import pytest

from gridded_files import sample, write_nc3, write_nc4
from outcrop.data.content import Curve
from outcrop.data.netcdf_write import stream
from outcrop.data.read import read, write
from outcrop.errors import DataError

SCALES = ("REFERENCE_LIST", "DIMENSION_LIST")  # which variables use a dimension; grows with a new one
REAL = ["SOI_Darwin.nc", "ostia_monthly.nc", "toa_brightness_stereographic.nc", "vlstr_type.nc", "hybrid_height.nc"]


@pytest.fixture(autouse=True)
def here(monkeypatch):
    """Sound files are read in this process alone; that damaged ones are not is tested with them."""
    monkeypatch.setattr("outcrop.data.netcdf._probed", lambda path: None)


def everything(path):
    """Raw values, types, chunks, filters and attributes of all that an HDF5 file holds."""
    found = {}

    def look(name, item):
        attributes = {key: str(item.attrs[key]) for key in item.attrs if key not in SCALES}
        found[name] = attributes
        if isinstance(item, h5py.Dataset):
            raw = item[()].tobytes() if item.dtype.kind != "O" else item[()].tolist()
            how = (item.dtype.str, item.chunks, item.compression, item.compression_opts, item.shuffle, item.fletcher32)
            found[name] = attributes, raw, how, item.maxshape, str(item.fillvalue)

    with h5py.File(path) as file:
        file.visititems(look)
        found["/"] = {key: str(file.attrs[key]) for key in file.attrs}
    return found


@pytest.mark.parametrize("name", [*REAL, "written here"])
def test_netcdf4_keeps_everything_and_gains_the_prediction(name, tmp_path):
    source = write_nc4(tmp_path / "weather.nc") if name == "written here" else sample(name)
    (record,) = read(source)
    variable = next(iter(n for n, a in record.data.data_vars.items() if a.dims == record.dims))
    identity = record.data[variable].to_numpy()
    out = write(source, tmp_path / "out", [Curve(f"{variable}_PRED", identity, "K", "a copy")])
    before, after = everything(source), everything(out)
    assert {key: after[key] for key in before} == before and set(after) - set(before) == {f"{variable}_PRED"}
    (again,) = read(out)
    np.testing.assert_array_equal(again.data[f"{variable}_PRED"], identity.astype(np.float32))
    np.testing.assert_array_equal(again.data[variable], identity)
    assert again.data[f"{variable}_PRED"].attrs["units"] == "K" and again.dims == record.dims
    assert list((tmp_path / "out").iterdir()) == [out]


def test_a_new_variable_lies_like_its_neighbours(tmp_path):
    source = write_nc4(tmp_path / "weather.nc")
    out = write(source, tmp_path / "out", [Curve("P", np.zeros((4, 3, 5)), "K", "zero")])
    with h5py.File(out) as file:
        assert file["P"].chunks == (1, 3, 5) and file["P"].attrs["grid_mapping"] in (b"crs", "crs")
        assert np.isnan(file["P"].fillvalue)


def classic(path, limit):
    """NetCDF 3 with what scipy's own writer cannot: a scalar beside records of odd length, and text of odd length."""
    import xarray as xr

    columns = {
        "v": (("time", "x"), np.arange(12, dtype=np.int16).reshape(4, 3), {"units": "K", "grid_mapping": "crs"}),
        "w": (("time",), np.arange(4.0)),
        "name": (("x", "letter"), np.frombuffer(b"abcdefghi", "S1").reshape(3, 3)),
    }
    data = xr.Dataset(columns, {"time": np.arange(4), "x": [1.0, 2, 3]}, {"title": "odd", "n": np.int16(3)})
    keep = {"one": ["v"], "two": ["v", "name"], "fixed": ["v", "w", "name"]}[limit]
    data = data[keep].drop_vars("time") if limit == "one" else data[keep]
    limits = [] if limit == "fixed" else ["time"]
    data.to_netcdf(path, engine="scipy", unlimited_dims=limits, format="NETCDF3_64BIT" if limit == "two" else None)
    return path


@pytest.mark.parametrize("kind", ["one", "two", "fixed", "weather", "real"])
def test_netcdf3_keeps_values_types_and_attributes(kind, tmp_path):
    from scipy.io import netcdf_file

    builders = {"weather": write_nc3, "real": lambda path: sample("space_weather.nc")}
    source = builders.get(kind, lambda path: classic(path, kind))(tmp_path / "a.nc")
    (record,) = read(source)
    values = np.arange(len(record), dtype=float).reshape(record.shape)
    first = write(source, tmp_path / "one", [Curve("P", values, "K", "numbers"), Curve("Q", -values)])
    out = write(first, tmp_path / "two", [Curve("R", values * 2)])
    old, new = netcdf_file(source, mmap=False), netcdf_file(out, mmap=False)
    assert old.dimensions == new.dimensions and old.version_byte == new.version_byte
    assert str(old._attributes) == str(new._attributes) and set(new.variables) - set(old.variables) == {"P", "Q", "R"}
    for name, variable in old.variables.items():
        other = new.variables[name]
        assert variable.data.tobytes() == other.data.tobytes() and variable.typecode() == other.typecode()
        assert str(variable._attributes) == str(other._attributes) and variable.dimensions == other.dimensions
    (again,) = read(out)
    for name, factor in (("P", 1), ("Q", -1), ("R", 2)):
        np.testing.assert_array_equal(again.data[name], values * factor)
    assert new.variables["P"].units == b"K" and np.isnan(new.variables["P"]._FillValue)


def test_a_scalar_beside_records_survives(tmp_path):
    """Scalars come after records where scipy writes; here they keep their place."""
    from outcrop.data.netcdf_classic import append, header

    source = classic(tmp_path / "a.nc", "two")
    append(source, tmp_path / "b.nc", [Curve("crs", np.array(7.0))], [], {})
    append(tmp_path / "b.nc", tmp_path / "c.nc", [Curve("P", np.full((4, 3), 5.0))], ["time", "x"], {})
    (record,) = read(tmp_path / "c.nc", variables=["v", "P"])
    assert record.flat("v").tolist() == list(range(12)) and (record.flat("P") == 5).all()
    assert {variable.name for variable in header(tmp_path / "c.nc").variables} >= {"v", "crs", "P"}
    from scipy.io import netcdf_file

    assert float(netcdf_file(tmp_path / "c.nc", mmap=False).variables["crs"].data) == 7.0


def test_records_and_fold_are_written_back_onto_the_grid_of_the_file(tmp_path):
    source = write_nc4(tmp_path / "weather.nc")
    days = read(source, records="time")
    curves = {day.name: [Curve("P", day.data["tas"].to_numpy(), "K")] for day in days[1:]}
    out = write(source, tmp_path / "out", curves, records="time")
    (again,) = read(out)
    assert np.isnan(again.data["P"][0]).all()
    np.testing.assert_array_equal(again.data["P"][1:], again.data["tas"][1:])
    (folded,) = read(source, fold="latitude", variables=["tas"])
    turned = [Curve("P", folded.data["tas_52"].to_numpy())]
    out = write(source, tmp_path / "out", turned, fold="latitude", variables=["tas"])
    (again,) = read(out)
    np.testing.assert_array_equal(again.data["P"], again.data["tas"].sel(latitude=52))


def test_another_order_of_samples_is_turned_back(tmp_path):
    source = write_nc4(tmp_path / "weather.nc")
    order = ["longitude", "time", "latitude"]
    (record,) = read(source, samples=order)
    values = record.flat("tas").reshape(record.shape)
    out = write(source, tmp_path / "out", [Curve("P", values)], samples=order)
    (again,) = read(out)
    assert again.data["P"].dims == ("time", "latitude", "longitude")
    np.testing.assert_array_equal(again.data["P"], again.data["tas"])


def test_plain_hdf5_gains_a_data_set(tmp_path):
    source = tmp_path / "plain.h5"
    with h5py.File(source, "w") as file:
        file["model/vp"] = np.arange(24.0).reshape(2, 3, 4)
    out = write(source, tmp_path / "out", [Curve("P", np.ones((2, 3, 4)), "m/s")], group="model/vp")
    before, after = everything(source), everything(out)
    assert {key: after[key] for key in before} == before
    assert set(read(out, group="model")[0].data.data_vars) == {"vp", "P"}


@pytest.mark.parametrize(
    ("curve", "fix"),
    [
        (Curve("tas", np.zeros((4, 3, 5))), "another name"), (Curve("P", np.zeros((4, 5, 3))), "one value per sample"),
        (Curve("a b", np.zeros((4, 3, 5))), "letters, digits"), (Curve("lat", np.zeros((4, 3, 5))), "another name"),
    ],
)  # fmt: skip
def test_what_cannot_be_written(tmp_path, curve, fix):
    source = write_nc4(tmp_path / "weather.nc")
    with pytest.raises(DataError, match=fix):
        write(source, tmp_path / "out", [curve])
    assert not list((tmp_path / "out").glob("*")) if (tmp_path / "out").exists() else True


@pytest.mark.parametrize("builder", [write_nc3, write_nc4], ids=["netcdf3", "netcdf4"])
def test_a_stream_is_taken_up_where_it_was_left(builder, tmp_path):
    source, out = builder(tmp_path / "weather.nc"), tmp_path / "out"
    (record,) = read(source)
    truth, curves = record.data["tas"].to_numpy(), [Curve("P", np.zeros(0), "K", "copy")]
    first = stream(source, out, curves)
    assert first.shape == (4, 3, 5)
    first.put((0, 0, 0), {"P": truth[:2, :, :3]})
    del first  # the process dies
    second = stream(source, out, curves)
    second.put((0, 0, 3), {"P": truth[:2, :, 3:]})
    second.put((2, 0, 0), {"P": truth[2:3]})
    (path,) = second.finish()
    (again,) = read(path)
    np.testing.assert_array_equal(again.data["P"][:3], truth[:3])
    assert np.isnan(again.data["P"][3]).all() and list(out.iterdir()) == [path]
    np.testing.assert_array_equal(again.data["tas"], truth)


def test_mesh_fields_are_written_beside_their_mesh(data_dir, tmp_path):
    """A field with nodes first, and nothing but a name for the new one."""
    source = data_dir / "mesh/nod2d.out"
    records = read(source, fields="temp.fesom.1948.nc")
    copies = {record.name: [Curve("P", record.data["temp"].to_numpy())] for record in records}
    (out,) = write(source, tmp_path, copies, fields="temp.fesom.1948.nc")
    (again,) = read(out)
    assert again.data["P"].dims == ("nod2", "nz1")
    np.testing.assert_array_equal(again.data["P"].to_numpy().T, records[0].data["temp"].to_numpy())
