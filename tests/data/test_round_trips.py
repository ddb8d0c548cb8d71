"""Read, "predict" the target itself, write, read again: equal values, and everything else in the file as it was.

NetCDF and Zarr are in `test_netcdf_write` and `test_zarr_store`, real wells in `test_las`, cell texts in `test_table`.
"""

import json
import warnings

import numpy as np
import pytest

from gridded_files import write_nc3, write_nc4
from outcrop.data.content import Curve
from outcrop.data.read import FORMATS, options_of, read, write
from outcrop.errors import DataError
from small_files import HEAD, KINDS, TRACE, cube_headers, write_mesh, write_segy, write_vector

XYZ = ["x", "y", "z"]
BACK = {"dlis": {}, "arrays": {"dims": {"T_PRED": XYZ}}}
"""Options to read the result with, where they are not those of the source."""


def identity(source, out, variable=None, values=None, **options):
    """Writes a variable of a file back as its own prediction T_PRED; its values, and the files written."""
    (record,) = read(source, **options)
    numeric = [str(n) for n, a in record.data.data_vars.items() if a.dims == record.dims and a.dtype.kind == "f"]
    truth = record.data[variable or numeric[0]].to_numpy() if values is None else values
    taken = {key: value for key, value in options.items() if key in options_of(FORMATS[record.format].writer)}
    out.mkdir()
    written = write(source, out, [Curve("T_PRED", truth, "K", "a copy")], format=record.format, **taken)
    return truth, written if isinstance(written, list) else [written]


@pytest.fixture
def sound(request, tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the libraries that write
        return KINDS[request.param].write(tmp_path / request.param)


@pytest.mark.parametrize("sound", [name for name in KINDS if name != "a.roff"], indirect=True)
def test_values_come_back(sound, tmp_path):
    kind = KINDS[sound.name]
    truth, (place,) = identity(sound, tmp_path / "out", **kind.options)
    if sound.name == "nod2d.out":  # the fields lie beside the mesh
        for part in ("nod2d.out", "elem2d.out", "aux3d.out"):
            (place.parent / part).write_bytes((tmp_path / part).read_bytes())
        place = place.with_name("nod2d.out")
    (before,) = read(sound, **kind.options)
    found = read(place, **{**kind.options, **BACK.get(before.format, {})})
    after = found[-1]  # of waveforms: what was predicted is a station of its own
    alone = "T_PRED" not in after.data
    again = after.data[str(next(iter(after.data.data_vars))) if alone else "T_PRED"].to_numpy()
    np.testing.assert_array_equal(np.asarray(again, np.float32), np.asarray(truth, np.float32))
    for name, array in before.data.data_vars.items() if not alone else ():
        if name in after.data and array.dtype.kind in "fiu":
            np.testing.assert_array_equal(np.float32(after.data[name]), np.float32(array))
            assert after.data[name].dims == array.dims
    for name, array in before.data.coords.items() if before.format not in ("dlis", "arrays") else ():
        np.testing.assert_array_equal(after.data[name].to_numpy(), array.to_numpy())
    leftovers = [path.name for path in (tmp_path / "out").iterdir() if path.name.startswith(".")]
    assert not leftovers


@pytest.mark.parametrize(("code", "order", "extended"), [(1, ">", 0), (3, "<", 0), (8, ">", 2), (5, "<", 1)])
def test_segy_headers_stay_byte_for_byte(tmp_path, code, order, extended):
    headers = cube_headers((10, 11), (100, 101, 102))
    for number, header in enumerate(headers):
        header |= {201: 77 * number, 5: 4_000_000 + number}  # words of no meaning here
    samples = np.arange(1, 25).reshape(6, 4)
    source = write_segy(tmp_path / "a.sgy", samples, headers, code=code, order=order, extended=extended)
    truth, (place,) = identity(source, tmp_path / "out", domain="time")
    old, new, start = source.read_bytes(), place.read_bytes(), HEAD + 3200 * extended
    width = (len(old) - start) // 6 - TRACE
    np.testing.assert_array_equal(
        np.frombuffer(old[start:], "u1").reshape(6, -1)[:, :TRACE],
        np.frombuffer(new[start:], "u1").reshape(6, -1)[:, :TRACE],
    )
    assert len(new) - len(old) == 6 * 4 * (4 - width // 4)
    changed = [byte for byte in range(start) if old[byte] != new[byte]]
    assert all(3120 <= byte < 3200 or byte in (3224, 3225) for byte in changed)
    np.testing.assert_array_equal(read(place, domain="time")[0].data["amplitude"], truth)


@pytest.mark.parametrize("dtype", ["uint8", "int16", "float64"])
def test_maps_keep_their_place(tmp_path, dtype):
    import rasterio
    from rasterio.transform import Affine

    turned = Affine.translation(1000, 2000) @ Affine.rotation(30) @ Affine.scale(10, -10)
    profile = {"driver": "GTiff", "width": 4, "height": 3, "count": 1, "dtype": dtype, "crs": "EPSG:23031"}
    with rasterio.open(tmp_path / "a.tif", "w", **profile, transform=turned, nodata=7, tiled=True, blockxsize=16,
                       blockysize=16) as file:  # fmt: skip
        file.write(np.arange(12).reshape(1, 3, 4).astype(dtype))
        file.update_tags(ACQUIRED="2019-06-01")
    truth, (place,) = identity(tmp_path / "a.tif", tmp_path / "out", "band_1")
    with rasterio.open(tmp_path / "a.tif") as old, rasterio.open(place) as new:
        assert (new.crs, new.transform, new.tags()["ACQUIRED"]) == (old.crs, old.transform, "2019-06-01")
        np.testing.assert_array_equal(new.read()[-1], np.where(np.isnan(truth), 7, truth))
        if dtype == "float64":
            assert new.nodata == old.nodata and new.count == 2 and new.block_shapes[0] == old.block_shapes[0]


def test_gaps_and_headers_of_waveforms(tmp_path):
    import obspy

    source = KINDS["a.mseed"].write(tmp_path / "a.mseed")
    truth, (place,) = identity(source, tmp_path / "out", "N")
    assert np.isnan(truth).sum() == 50 and place.read_bytes().startswith(source.read_bytes())
    new = [trace for trace in obspy.read(str(place)) if trace.stats.location == "OC"]
    old = [trace for trace in obspy.read(str(source)) if trace.stats.channel == "HHN"]
    for a, b in zip(new, old, strict=True):
        assert (a.stats.starttime, a.stats.sampling_rate, a.stats.npts) == (
            b.stats.starttime, b.stats.sampling_rate, b.stats.npts)  # fmt: skip
        assert (a.stats.network, a.stats.station) == (b.stats.network, b.stats.station)
        np.testing.assert_array_equal(a.data, b.data)
    source = KINDS["a.sac"].write(tmp_path / "a.sac")
    _, (place,) = identity(source, tmp_path / "sac")
    old, new = source.read_bytes(), place.read_bytes()
    assert new == old  # the identity, and every word of the header


@pytest.mark.parametrize("on", ["nodes", "cells"])
@pytest.mark.parametrize("compression", [None, "zlib", "lzma"])
def test_a_mesh_keeps_every_byte(tmp_path, on, compression):
    source = write_mesh(tmp_path / "a.vtu", compression=compression)
    time = b'<DataArray type="Float64" Name="TimeValue" NumberOfTuples="1" format="ascii">2.5</DataArray>'
    fields = b"<FieldData>" + time + b"</FieldData><Piece"
    source.write_bytes(source.read_bytes().replace(b"<Piece", fields, 1))
    truth, (place,) = identity(source, tmp_path / "out", on=on)
    old, new = source.read_bytes(), place.read_bytes()
    start = next(i for i in range(len(old)) if old[i] != new[i])
    assert new[-(len(old) - start) :] == old[start:] and b'Name="T_PRED"' in new
    (before,), (after,) = read(source, on=on), read(place, on=on)
    np.testing.assert_array_equal(after.data["T_PRED"], truth)
    for name in [*before.data.variables]:
        np.testing.assert_array_equal(after.data[name], before.data[name])
    with pytest.raises(DataError, match="already has a curve"):
        write(place, tmp_path, [Curve("T_PRED", truth)], on=on)


def test_a_mesh_without_values_gets_its_first(tmp_path):
    import meshio

    meshio.Mesh(np.eye(3), [("triangle", np.array([[0, 1, 2]]))]).write(tmp_path / "a.vtu", binary=False)
    (tmp_path / "out").mkdir()
    place = write(tmp_path / "a.vtu", tmp_path / "out", [Curve("P", np.array([1.0, np.nan, 3.0]))])
    np.testing.assert_array_equal(read(place)[0].data["P"], [1, np.nan, 3])


def test_reservoir_grids_keep_text_and_cells(tmp_path):
    import xtgeo

    source = KINDS["a.grdecl"].write(tmp_path / "a.grdecl")
    truth, (place,) = identity(source, tmp_path / "out")
    assert place.read_text().startswith(source.read_text())
    names = [Curve(name, truth, "", f"the {name}") for name in ("FACIES_PRED", "FACIES_PROB", "PORO")]
    (tmp_path / "more").mkdir()
    (place,) = write(source, tmp_path / "more", names)
    (again,) = read(place)
    assert [str(n) for n in again.data.data_vars] == ["PORO", "FACIES_P", "FACIES_2", "PORO2"]
    assert "-- FACIES_PROB" in place.read_text()
    source = KINDS["a.roff"].write(tmp_path / "a.roff")
    truth, (place,) = identity(source, tmp_path / "roff")
    values = xtgeo.gridproperty_from_file(place, fformat="roff", name="T_PRED").values
    np.testing.assert_allclose(np.transpose(values.filled(np.nan), (2, 1, 0)), truth)


@pytest.mark.filterwarnings("ignore:Field day created as String")
@pytest.mark.parametrize("suffix", ["shp", "geojson", "gpkg"])
def test_map_features_keep_geometry_and_attributes(tmp_path, suffix):
    import geopandas
    from shapely import Point

    columns = {"name": ["Ål", "Bø", None], "k": [1, 2, 3], "day": np.array(["2020-01-01"] * 3, "datetime64[ms]")}
    places = [Point(500_000.125 + i, 6_000_000.5 - i) for i in range(3)]
    source = tmp_path / f"a.{suffix}"
    geopandas.GeoDataFrame(columns, geometry=places, crs="EPSG:32631").to_file(source, engine="pyogrio")
    truth, (place,) = identity(source, tmp_path / "out", values=np.array([1.5, np.nan, -1 / 3]))
    before, after = geopandas.read_file(source), geopandas.read_file(place)
    assert after.crs == before.crs and after.geometry.equals(before.geometry)
    for name in ("name", "k", "day"):
        assert after[name].astype(str).tolist() == before[name].astype(str).tolist()
    np.testing.assert_allclose(after["T_PRED"].astype(float), truth, rtol=1e-14)
    assert not any(name.startswith(".") for name in (path.name for path in place.parent.iterdir()))


def test_geojson_keeps_what_gdal_does_not_know(tmp_path):
    source = write_vector(tmp_path / "a.geojson")
    content = json.loads(source.read_text("utf-8")) | {"licence": "CC BY 4.0"}
    content["features"][0] |= {"id": "x-1", "bbox": [5, 60, 5, 60]}
    content["features"][0]["properties"]["nested"] = {"a": [1, 2]}
    source.write_text(json.dumps(content), "utf-8")
    _, (place,) = identity(source, tmp_path / "out", "v")
    again = json.loads(place.read_text("utf-8"))
    for feature in again["features"]:
        assert feature["properties"].pop("T_PRED") == feature["properties"]["v"]
    assert again == content


def test_the_other_layers_of_a_geopackage_stay(tmp_path):
    import geopandas
    import pyogrio
    from shapely import Point

    source = tmp_path / "a.gpkg"
    for name in ("wells", "faults"):
        frame = geopandas.GeoDataFrame({"v": [1.0, 2.0]}, geometry=[Point(1, 2), Point(3, 4)], crs="EPSG:32631")
        frame.to_file(source, layer=name, engine="pyogrio")
    _, (place,) = identity(source, tmp_path / "out", layer="faults")
    assert sorted(pyogrio.list_layers(place)[:, 0]) == ["faults", "wells"]
    assert "T_PRED" in geopandas.read_file(place, layer="faults")
    assert "T_PRED" not in geopandas.read_file(place, layer="wells")
    with pytest.raises(DataError, match="already has a curve"):
        write(source, tmp_path / "out", [Curve("v", np.zeros(2))], layer="wells")


def test_tables_keep_every_cell(tmp_path):
    source = tmp_path / "a.csv"
    text = 'depth;"GR; raw";zone\r\n1.50;0010.0;"a;b"\r\n2.00;1e1;ä\r\n'
    source.write_bytes(text.encode("cp1252"))
    truth, (place,) = identity(source, tmp_path / "out", axis="depth")
    assert place.read_bytes().decode("cp1252") == (
        'depth;"GR; raw";zone;T_PRED\r\n1.50;0010.0;"a;b";10\r\n2.00;1e1;ä;10\r\n')  # fmt: skip
    assert truth.tolist() == [10, 10]


@pytest.mark.parametrize("calendar", ["360_day", "noleap", "standard"])
@pytest.mark.parametrize("builder", [write_nc3, write_nc4])
def test_calendars_and_packed_integers_stay(tmp_path, builder, calendar):
    import xarray as xr

    source = builder(tmp_path / "a.nc", calendar=calendar)
    truth, (place,) = identity(source, tmp_path / "out", "tas")
    engine = {"decode_cf": False, "engine": "scipy" if builder is write_nc3 else "h5netcdf"}
    with xr.open_dataset(source, **engine) as old, xr.open_dataset(place, **engine) as new:
        for name, array in old.variables.items():  # as they are stored: integers of 16 bits, days since a date
            assert array.dtype == new[name].dtype and str(array.attrs) == str(new[name].attrs)
            np.testing.assert_array_equal(array, new[name])
        assert str(old.attrs) == str(new.attrs)
    (before,), (after,) = read(source), read(place)
    np.testing.assert_array_equal(after.data["T_PRED"], truth)
    np.testing.assert_array_equal(after.axis, before.axis)
