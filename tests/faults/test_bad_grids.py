"""Damaged and mislabelled NetCDF, HDF5, Zarr and GRIB files: a DataError with place and fix, or a Record; no crash."""

import random
import shutil

import numpy as np
import pytest
from damage import outcome

from gridded_files import need, write_grib, write_nc3, write_nc4, write_zarr
from outcrop.data import isolated, netcdf
from outcrop.data.read import read

BUILDERS = {"netcdf3.nc": write_nc3, "netcdf4.nc": write_nc4, "fields.grib": write_grib}
FLIPS = {"netcdf3.nc": 100, "netcdf4.nc": 30, "fields.grib": 8}
"""HDF5 is tried in another process, in a third of a second; GRIB in two seconds."""


@pytest.fixture(scope="module", params=list(BUILDERS))
def sound(request, tmp_path_factory):
    if request.param.endswith("grib"):
        need("cfgrib")
    return BUILDERS[request.param](tmp_path_factory.mktemp("sound") / request.param)


def test_files_that_are_cut_short(sound, tmp_path):
    raw = sound.read_bytes()
    for share in (0.0, 0.001, 0.01, 0.1, 0.5, 0.9, 0.999):
        path = tmp_path / f"{share}{sound.suffix}"
        path.write_bytes(raw[: int(share * len(raw))])
        assert isinstance(outcome(path), str), share


def test_flipped_bits(sound, tmp_path):
    raw = sound.read_bytes()
    for seed in range(FLIPS[sound.name]):
        draw = random.Random(seed)
        damaged = bytearray(raw)
        limit = len(raw) if seed % 2 else min(len(raw), 2500)  # half of them where the structure is
        for _ in range(draw.choice([1, 3])):
            damaged[draw.randrange(limit)] ^= 1 << draw.randrange(8)
        path = tmp_path / f"{seed}{sound.suffix}"
        path.write_bytes(damaged)
        outcome(path)
        path.unlink()


@pytest.mark.parametrize("suffix", [".nc", ".h5", ".grib"])
def test_other_formats_under_this_name(suffix, tmp_path):
    contents = {
        "text": b"~Version\nVERS. 2.0 :\n" * 50,
        "zip": b"PK\x03\x04" + bytes(400),
        "nothing": b"",
        "zeros": bytes(5000),
        "magic": b"CDF\x01" if suffix == ".grib" else b"GRIB\0\0\0\x01",
    }
    for name, content in contents.items():
        path = tmp_path / f"{name}{suffix}"
        path.write_bytes(content)
        assert isinstance(outcome(path), str), name


def test_magic_alone(tmp_path):
    for name, head in {
        "a.nc": b"CDF\x01",
        "b.nc": b"CDF\x05" + bytes(40),
        "c.nc": b"CDF",
        "d.h5": b"\x89HDF\r\n\x1a\n",
    }.items():
        path = tmp_path / name
        path.write_bytes(head)
        assert isinstance(outcome(path), str), name


def test_a_cut_netcdf_says_how_many_bytes_are_missing(tmp_path):
    for builder in (write_nc3, write_nc4):
        path = builder(tmp_path / "a.nc")
        size = path.stat().st_size
        path.write_bytes(path.read_bytes()[:-40])
        assert f"{size - 40:,} of {size:,} bytes" in outcome(path)


def test_a_library_that_dies_is_a_damaged_file(tmp_path, monkeypatch):
    path = write_nc4(tmp_path / "a.nc")
    monkeypatch.setattr(netcdf, "call", lambda address, path: isolated.call("gridded_files:dies", path))
    assert "crashed" in outcome(path)


def test_a_compressed_file_is_to_be_unpacked(tmp_path):
    path = tmp_path / "a.nc.gz"
    path.write_bytes(b"\x1f\x8b" + bytes(100))
    assert "unpack it first" in outcome(path)


@pytest.mark.parametrize("version", [2, 3])
def test_damaged_stores(version, tmp_path):
    need("zarr")
    sound = write_zarr(tmp_path / "sound.zarr", version)
    (record,) = read(sound)
    files = sorted(path.relative_to(sound) for path in sound.rglob("*") if path.is_file())
    for seed in range(40):
        draw = random.Random(seed)
        store = tmp_path / f"{seed}.zarr"
        shutil.copytree(sound, store)
        target = store / draw.choice(files)
        raw = bytearray(target.read_bytes())
        if seed % 4 == 0:
            raw = raw[: draw.randrange(len(raw))]
        else:
            raw[draw.randrange(len(raw))] ^= 1 << draw.randrange(8)
        target.write_bytes(raw)
        outcome(store)
        shutil.rmtree(store)
    (again,) = read(sound)
    np.testing.assert_array_equal(again.flat("tas"), record.flat("tas"))
