"""Rasters: place, nodata and band names kept on the way back; colours as classes; images stacked into a cube."""

import numpy as np
import pytest
import rasterio
from PIL import Image
from rasterio.transform import Affine

from outcrop.data import raster
from outcrop.data.content import Curve
from outcrop.data.read import read
from outcrop.errors import ConfigError, DataError


@pytest.fixture
def scene(tmp_path):
    path = tmp_path / "scene.tif"
    values = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    values[0, 0, 0] = -9999
    profile = {"driver": "GTiff", "width": 4, "height": 3, "count": 2, "dtype": "float32",
               "crs": "EPSG:32633",
               "transform": Affine(10, 0, 500_000, 0, -10, 5_200_000), "nodata": -9999,
               "compress": "deflate"}  # fmt: skip
    with rasterio.open(path, "w", **profile) as file:
        file.write(values)
        file.descriptions = ("NDVI", None)
        file.set_band_unit(1, "1")
        file.update_tags(ACQUIRED="2019-06-01")
    return path, values


def test_cells_have_places_and_bands_names(scene):
    record = raster.read(scene[0])[0]
    assert record.dims == ("y", "x") and list(record.data.data_vars) == ["NDVI", "band_2"]
    assert record.data["easting"].to_numpy().tolist() == [500_005, 500_015, 500_025, 500_035]
    assert record.data["northing"].to_numpy()[0] == 5_199_995
    assert np.isnan(record.data["NDVI"].to_numpy()[0, 0])
    with pytest.raises(ConfigError, match="its 2 bands are NDVI"):
        raster.read(scene[0], bands={"x": 3})


def test_round_trip_keeps_place_nodata_names_and_values(scene, tmp_path):
    path, values = scene
    record = raster.read(path)[0]
    written = raster.write(path, tmp_path / "out", [Curve("NDVI_PRED", record.data["NDVI"].to_numpy(), "1", "")])
    with rasterio.open(path) as old, rasterio.open(written) as new:
        assert (new.crs, new.transform, new.nodata) == (old.crs, old.transform, old.nodata)
        assert new.descriptions == ("NDVI", "band_2", "NDVI_PRED") and new.tags()["ACQUIRED"] == "2019-06-01"
        np.testing.assert_array_equal(new.read()[:2], values)
        np.testing.assert_array_equal(new.read(3), old.read(1))
        assert new.compression == old.compression


def test_codes_in_bytes_are_not_stretched_into_the_source(tmp_path):
    path = tmp_path / "codes.tif"
    with rasterio.open(path, "w", driver="GTiff", width=2, height=2, count=1, dtype="uint8", nodata=0) as file:
        file.write(np.array([[[0, 1], [2, 3]]], np.uint8))
    record = raster.read(path)[0]
    assert record.data["band_1"].attrs["missing"] == 0
    place = raster.write(path, tmp_path / "out", [Curve("P", np.array([[np.nan, 0.5], [0.25, 1]]))])
    with rasterio.open(place) as file:
        assert place.name == "codes_pred.tif" and file.count == 1 and np.isnan(file.nodata)


def test_a_rotated_raster_has_a_place_per_cell(tmp_path):
    path = tmp_path / "r.tif"
    turned = Affine.translation(1000, 2000) @ Affine.rotation(30) @ Affine.scale(10, -10)
    with rasterio.open(path, "w", driver="GTiff", width=3, height=2, count=1, dtype="float32", crs="EPSG:32633",
                       transform=turned) as file:  # fmt: skip
        file.write(np.ones((1, 2, 3), np.float32))
    record = raster.read(path)[0]
    x, y = turned @ (0.5, 0.5)
    assert record.data["easting"].shape == (2, 3)
    assert record.data["easting"].to_numpy()[0, 0] == pytest.approx(x) and record.data["northing"].to_numpy()[
        0, 0
    ] == pytest.approx(y)


def test_colours_are_classes_and_unknown_ones_are_told(tmp_path):
    pixels = np.array([[[20, 70, 245], [0, 0, 0]]], np.uint8)
    Image.fromarray(pixels).save(tmp_path / "mask.png")
    palette = {"(20,70,245)": 1, "(0,0,0)": 0}
    record = raster.read(tmp_path / "mask.png", palette=palette, variable="facies")[0]
    assert record.data["facies"].to_numpy().tolist() == [[1, 0]] and record.dims == ("row", "column")
    with pytest.raises(DataError, match=r"1 pixels .* the first \(0,0,0\)"):
        raster.read(tmp_path / "mask.png", palette={"(20,70,245)": 1})


def test_class_maps_are_written_as_their_codes(tmp_path):
    Image.fromarray(np.zeros((2, 2), np.uint8)).save(tmp_path / "a.png")
    place = raster.write(tmp_path / "a.png", tmp_path / "out", [Curve("F", np.array([[1, 2], [np.nan, 9]]))])[0]
    with Image.open(place) as image:
        assert np.asarray(image).tolist() == [[1, 2], [255, 9]] and image.text["missing"] == "255"


def test_interpreted_lines_stack_into_a_cube(data_dir):
    record = read(data_dir / "seismic_f3/images/*.png", stack="crossline", variable="amplitude")[0]
    lines = record.data["crossline"].to_numpy()
    assert record.dims == ("crossline", "row", "column") and record.shape == (36, 512, 512)
    assert np.all(np.diff(lines) > 0) and {1550, 1555} <= set(lines.tolist())


def test_damage_is_told(scene, tmp_path):
    raw, other = scene[0].read_bytes(), tmp_path / "x.tif"
    rng = np.random.default_rng(0)
    for size in (0, 4, 40, len(raw) // 2):
        other.write_bytes(raw[:size])
        with pytest.raises(DataError, match="Fix"):
            raster.read(other)
    for _ in range(40):
        damaged = bytearray(raw)
        damaged[rng.integers(len(raw))] ^= 1 << int(rng.integers(8))
        other.write_bytes(damaged)
        try:
            record = raster.read(other)[0]
            assert all(record.data[name].shape == record.shape for name in record.data.data_vars)
        except (DataError, ConfigError):
            pass
    other.write_bytes(b"GRIB" + raw[4:])
    with pytest.raises(DataError, match="no TIFF"):
        raster.read(other)
