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


def test_netcdf3_keeps_values_types_and_attributes(tmp_path):
    from scipy.io import netcdf_file

    for source in (write_nc3(tmp_path / "weather.nc"), sample("space_weather.nc")):
        (record,) = read(source)
        out = write(source, tmp_path / "out", [Curve("P", np.ones(record.shape), "K", "ones")])
        old, new = netcdf_file(source, mmap=False), netcdf_file(out, mmap=False)
        assert old.dimensions == new.dimensions and old.version_byte == new.version_byte
        assert str(old._attributes) == str(new._attributes) and set(new.variables) - set(old.variables) == {"P"}
        for name, variable in old.variables.items():
            other = new.variables[name]
            assert variable.data.tobytes() == other.data.tobytes() and variable.typecode() == other.typecode()
            assert str(variable._attributes) == str(other._attributes) and variable.dimensions == other.dimensions
        (again,) = read(out)
        assert (again.flat("P") == 1).all() and again.data["P"].dims == record.dims


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


def test_a_stream_is_taken_up_where_it_was_left(tmp_path):
    source, out = write_nc4(tmp_path / "weather.nc"), tmp_path / "out"
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
    before, after = everything(source), everything(path)
    assert {key: after[key] for key in before} == before


def test_netcdf3_has_no_stream(tmp_path):
    with pytest.raises(DataError, match="nccopy"):
        stream(write_nc3(tmp_path / "weather.nc"), tmp_path / "out", [Curve("P", np.zeros(0))])
