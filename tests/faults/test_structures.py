"""What was found by damaging files at random: each fault is named, with its place and a fix, or is survived."""

import bz2
import pickle
import struct
import zipfile

import numpy as np
import pytest
from damage import outcome

from outcrop.data import isolated
from outcrop.data.read import read
from outcrop.errors import ConfigError, DataError
from small_files import KINDS, U, tensor_file


def made(tmp_path, name, **how):
    return KINDS[name].write(tmp_path / name, **how), dict(KINDS[name].options)


def spoil(path, change):
    path.write_bytes(change(path.read_bytes()))
    return path


def refused(path, words, **options):
    """The reader says these words."""
    with pytest.raises(DataError, match=words):
        read(path, **options)
    assert isinstance(outcome(path, **options), str)


def test_a_file_of_waveforms_runs_no_pickle(tmp_path, monkeypatch):
    """obspy, left to find the format, unpickles."""
    monkeypatch.chdir(tmp_path)

    class Evil:
        def __reduce__(self):
            import os

            return os.system, ("touch pwned",)

    path = tmp_path / "a.mseed"
    path.write_bytes(pickle.dumps(Evil(), 0))
    refused(path, "neither miniSEED nor SAC")
    assert not (tmp_path / "pwned").exists()


def test_bytes_after_an_array_are_told(tmp_path):
    path, options = made(tmp_path, "a.npy")
    refused(spoil(path, lambda raw: raw.replace(b"(3, 4, 2)", b"(2, 4, 2)")), "32 bytes follow the array", **options)


def test_a_pickle_that_names_far_places_in_memory(tmp_path):
    """Which the unpickler would make room for: 64 GB of it."""
    path = tensor_file(tmp_path / "a.pt", np.zeros((2, 2), np.float32), (2, 1))
    with zipfile.ZipFile(path) as archive:
        held = {name: archive.read(name) for name in archive.namelist()}
    at = held["archive/data.pkl"].index(b"R")
    held["archive/data.pkl"] = held["archive/data.pkl"][:at] + b"r\xff\xff\xff\xff." + held["archive/data.pkl"][at:]
    with zipfile.ZipFile(path, "w") as archive:
        for name, raw in held.items():
            archive.writestr(name, raw)
    refused(path, "place 4294967295", dims={"u": ["x", "y"]})


@pytest.mark.parametrize("strides", [(0, 0, 0), (-3, 1, 1)])
def test_a_tensor_larger_than_its_numbers(tmp_path, strides):
    tensor = np.zeros((1, 1, 1), np.float32)
    path = tensor_file(tmp_path / "a.pt", tensor, strides, declared=(4000, 4000, 4000))
    refused(path, "made of 1|outside its numbers", **U)


def test_a_compressed_file_that_unpacks_without_end(tmp_path):
    path = tmp_path / "a.las.bz2"
    path.write_bytes(bz2.compress(bytes(100 * 2**20)))
    refused(path, "unpacks to more than")


def test_a_jpeg_that_ends_before_its_height(tmp_path):
    path, _ = made(tmp_path, "image.jpg")
    at = path.read_bytes().index(b"\xff\xc0")
    refused(spoil(path, lambda raw: raw[: at + 5] + b"\x01\x08" + raw[at + 7 :]), "image cannot be read")


def test_a_png_without_its_end(tmp_path):
    path, _ = made(tmp_path, "image.png")
    refused(spoil(path, lambda raw: raw[:-6]), "its end is missing")


def test_images_are_png_or_jpeg_whatever_else_can_be_decoded(tmp_path):
    from PIL import Image

    Image.fromarray(np.zeros((4, 4), np.uint8)).save(tmp_path / "a.png", format="GIF")
    refused(tmp_path / "a.png", "image cannot be read")


@pytest.mark.parametrize(
    ("tag", "words"),
    [(257, "need 1 blocks|blocks of 5"), (273, "points to bytes|block ends"), (279, "points to bytes|block ends")],
)
def test_blocks_of_a_tiff_that_do_not_add_up(tmp_path, tag, words):
    path, _ = made(tmp_path, "scene.tif")

    def change(raw):
        at = int.from_bytes(raw[4:8], "little")
        for entry in range(at + 2, at + 2 + 12 * int.from_bytes(raw[at : at + 2], "little"), 12):
            if raw[entry : entry + 2] == tag.to_bytes(2, "little"):
                return raw[: entry + 8] + (13 if tag == 257 else 9000).to_bytes(4, "little") + raw[entry + 12 :]
        raise AssertionError

    refused(spoil(path, change), words)


def test_two_bands_of_one_name(tmp_path):
    import rasterio

    path, _ = made(tmp_path, "scene.tif")
    with rasterio.open(path, "r+") as file:
        file.descriptions = ("B", "B")
    refused(path, r"called 'B'[\s\S]*Fix: bands = ")
    (record,) = read(path, bands={"first": 1, "second": 2})
    assert list(record.data.data_vars) == ["first", "second"]


def test_impossible_places_in_a_sac_header(tmp_path):
    """obspy turns a longitude of 1e38 around the globe until it is small."""
    path, _ = made(tmp_path, "a.sac")
    refused(spoil(path, lambda raw: raw[:128] + struct.pack("<f", 1e38) + raw[132:]), "stlo = 1e[+]38 is no place")


def test_a_time_stamp_years_away(tmp_path):
    path, _ = made(tmp_path, "a.mseed")
    refused(spoil(path, lambda raw: raw[:1044] + (2030).to_bytes(2, "big") + raw[1046:]), "lie within 3,653.0 days")


def test_records_of_waveforms_that_do_not_add_up(tmp_path):
    path, _ = made(tmp_path, "a.mseed")
    whole = path.read_bytes()
    refused(spoil(path, lambda raw: raw[:800]), "last record has 512 bytes, of which 288")
    path.write_bytes(whole[:200] + bytes([whole[200] ^ 4]) + whole[201:])  # a sample; the last one is stated
    refused(path, "Data integrity check")


def test_a_row_of_a_dlis_file_that_is_lost(tmp_path):
    path, _ = made(tmp_path, "a.dlis")
    at = path.read_bytes().index(b"\x04MAIN\x05") - 2
    refused(spoil(path, lambda raw: raw[: at - 2] + b"\x10" + raw[at - 1 :]), r"Row 6 follows on row 4[\s\S]*accept")
    (record,) = read(path, incomplete="accept")
    assert record.shape == (19,) and "rows are missing in 1 places" in record.notes


def test_rows_of_an_unknown_frame(tmp_path):
    path, _ = made(tmp_path, "a.dlis")
    refused(spoil(path, lambda raw: raw.replace(b"\x04MAIN\x05", b"\x04MAIM\x05")), "a frame that is not described")


@pytest.mark.parametrize("part", ["a.shx", "a.dbf"])
def test_a_shapefile_without_its_parts(tmp_path, part):
    path, _ = made(tmp_path, "a.shp")
    (tmp_path / part).unlink()
    refused(path, f"is missing[\\s\\S]*Fix: copy {part} beside it")


def test_places_without_a_coordinate_system_are_degrees_only_where_they_can_be(tmp_path):
    import geopandas
    from shapely import Point

    for x, name, words in ((5.0, "longitude", "taken for degrees"), (500_000.0, "easting", "taken for metres")):
        geopandas.GeoDataFrame({"v": [1.0]}, geometry=[Point(x, 60.0)]).to_file(tmp_path / "a.shp", engine="pyogrio")
        (record,) = read(tmp_path / "a.shp")
        assert name in record.data.coords and words in record.notes[0]


def test_columns_and_coordinate_systems_that_do_not_exist(tmp_path):
    path, _ = made(tmp_path, "a.geojson")
    refused(path, r"no column 'nam'[\s\S]*did you mean 'name'", group="nam")
    with pytest.raises(ConfigError, match='Fix: crs = "EPSG:23031"'):
        read(path, crs="EPSG:0")


@pytest.mark.parametrize(
    ("name", "part", "old", "new", "words"),
    [
        ("a.geojson", "a.geojson", b'"type": "Feature", ', b'"type": "Fexture", ', "feature 1"),
        ("a.geojson", "a.geojson", b'"Point"', b'"Paint"', "feature 1"),
        ("a.shp", "a.dbf", b"\x06\0\0\0", b"\x05\0\0\0", "6 features, and a table of 5 rows"),
        ("a.shp", "a.prj", b"GEOGCS", b"GEOHCS", "coordinate system of the file is not understood"),
        ("a.shp", "a.shx", b"\0\0\0\x32\0\0\0\x0a", b"\0\0\0\x33\0\0\0\x0a", "index does not fit the features"),
        ("nod2d.out", "nod2d.out", b"\n10 ", b"\n10 1 ", "there are 41 numbers"),
        ("nod2d.out", "aux3d.out", b"3\n", b"2\n", "2 levels and 10 depths make 12 numbers, 13 follow"),
        ("nod2d.out", "nod2d.out", b"\n2 0.0", b"\n2 inf", "not finite"),
        ("ugrid.nc", "ugrid.nc", b"x y\0", b"x T\0", "parts of the mesh do not fit"),
        ("a.vtu", "a.vtu", b'Name="T" format="binary">', b'Name="T" format="binary">A', "cannot be read"),
        ("a.irap", "a.irap", b"\n3.000000", b"\n", "5 x 4 nodes; there are 19 values"),
        ("a.csv", "a.csv", b"1014.5,36.25,B\xc3\xb8\n", b"1014.5,36.25", "line 31[\\s\\S]*complete the line"),
        ("a.csv", "a.csv", b"1001.0,", b"1001.0\n", "line 4[\\s\\S]*complete the line"),
        ("a.parquet", "a.parquet", b"PAR1", b"PAR2", "cannot be read|binary"),
    ],
)
def test_parts_that_do_not_fit(tmp_path, name, part, old, new, words):
    path, options = made(tmp_path, name)
    assert old in (tmp_path / part).read_bytes()
    spoil(tmp_path / part, lambda raw: raw.replace(old, new, 1))
    refused(path, words, **options)


def test_a_library_that_hangs_on_half_a_file(tmp_path, monkeypatch):
    """meshio reads half a mesh of Ansys for ever."""
    import meshio

    path = tmp_path / "a.msh"
    meshio.Mesh(np.eye(3), [("triangle", np.array([[0, 1, 2]]))]).write(path, file_format="ansys")
    assert outcome(path) == [(3,)]
    monkeypatch.setattr(isolated, "TIMEOUT_S", 1.0)
    refused(spoil(path, lambda raw: raw[:-30]), "did not come back within 1 s")
