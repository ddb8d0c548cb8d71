"""Damaged and mislabelled files of every format: an error with place and fix, or records of a bounded shape.

Never a hang, a crash, or another kind of error. NetCDF, GRIB and Zarr are in `test_bad_grids`.
"""

import resource
import shutil
import signal
import warnings
from pathlib import Path

import pytest
from damage import HUGE, SHARES, Spoilt, flipped, foreign, outcome, parts

from outcrop.data.read import format_of
from small_files import KINDS

FLIPS, FLIPS_ISOLATED, FLIPS_SLOW = 30, 12, 600
HANGS_S = 120
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # of rasterio's log


@pytest.fixture(autouse=True)
def no_hang():
    """A reader that does not come back fails its test."""

    def late(*_):
        raise TimeoutError(f"no answer within {HANGS_S} s")

    signal.signal(signal.SIGALRM, late)
    signal.alarm(HANGS_S)
    yield
    signal.alarm(0)


@pytest.fixture(scope="module")
def sound_files(tmp_path_factory):
    """One sound file of every kind, each in a folder of its own whose name is not plain ASCII."""
    base = tmp_path_factory.mktemp("Ålesund ß 北")
    found = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the libraries that write
        for name, kind in KINDS.items():
            (base / name).mkdir()
            found[name] = kind.write(base / name / name)
    return found


@pytest.fixture(params=list(KINDS))
def sound(request, sound_files):
    return sound_files[request.param]


@pytest.mark.parametrize("how", [{}, {"single": True}, {"fill": float("nan")}], ids=["whole", "single", "missing"])
@pytest.mark.parametrize("name", list(KINDS))
def test_awkward_but_sound(name, how, tmp_path):
    kind = KINDS[name]
    (tmp_path / "Ålesund ß 北").mkdir()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        path = kind.write(tmp_path / "Ålesund ß 北" / name, **how)
    (shape,) = outcome(path, **kind.options)
    assert how.get("single") or shape == kind.shape


def test_files_that_are_cut_short(sound, tmp_path):
    kind, spoilt = KINDS[sound.name], Spoilt(sound, tmp_path / "å")
    for part in parts(sound.parent):
        raw = part.read_bytes()
        sizes = {int(share * len(raw)) for share in SHARES} | {kind.structure // 2, kind.structure - 1, len(raw) - 5}
        for size in sorted(size for size in sizes if 0 <= size < len(raw)):
            found = outcome(spoilt.with_bytes(part, raw[:size]), **kind.options)
            told = kind.told or size == 0
            assert isinstance(found, str) or (not told and found[0] <= kind.shape), (part.name, size, found)


@pytest.mark.parametrize("seeds", [FLIPS, pytest.param(FLIPS_SLOW, marks=pytest.mark.slow)])
def test_flipped_bits(sound, seeds, tmp_path):
    kind, spoilt, held = KINDS[sound.name], Spoilt(sound, tmp_path / "å"), parts(sound.parent)
    for seed in range(FLIPS_ISOLATED if kind.isolated and seeds == FLIPS else seeds):
        part = held[seed // 2 % len(held)]
        outcome(spoilt.with_bytes(part, flipped(part.read_bytes(), seed, kind.structure)), **kind.options)


def test_other_contents_under_this_name(sound, sound_files, tmp_path):
    kind, spoilt, own = KINDS[sound.name], Spoilt(sound, tmp_path / "å"), format_of(sound)
    others = {path.name: path.read_bytes() for path in sound_files.values() if format_of(path) != own}
    magic = sound.read_bytes()[:8]
    for name, raw in {**dict(foreign()), **others, "magic alone": magic, "magic and zeros": magic + bytes(900)}.items():
        found = outcome(spoilt.with_bytes(sound, raw), **kind.options)
        assert isinstance(found, str) or own == "table", name


@pytest.mark.parametrize("name", list(HUGE))
def test_a_huge_size_declared_in_a_small_file(name, sound_files, tmp_path):
    sound, spoilt = sound_files[name], Spoilt(sound_files[name], tmp_path / "å")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found = outcome(spoilt.with_bytes(sound, HUGE[name](sound.read_bytes())), **KINDS[name].options)
    assert isinstance(found, str) or found == [KINDS[name].shape]
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300_000  # kilobytes


REAL = {
    "segy/segyio_f3.sgy": {"domain": "time"},
    "seismic_f3/images/1018_.png": {},
    "pde/darcy_test_16.pt": {"dims": {"x": ["run", "row", "column"], "y": ["run", "row", "column"]}},
    "pde/burgers_shock.mat": {"dims": {"usol": ["x", "time"]}},
    "imagery/LULC.npy": {"dims": ["row", "column", "class"]},
    "mesh/nod2d.out": {"fields": "temp.fesom.1948.nc"},
    "force2020/las/25_8-7.las.xz": {},
    "points/rio-magnetic.csv.xz": {},
    "groundwater/Netherlands/heads.csv": {},
}


@pytest.mark.parametrize("name", list(REAL))
def test_real_files_that_are_damaged(name, data_dir, tmp_path):
    sound = tmp_path / "sound" / Path(name).name
    sound.parent.mkdir()
    beside = [data_dir / name] if Path(name).name != "nod2d.out" else (data_dir / name).parent.glob("*")
    for path in beside:
        shutil.copyfile(path, sound.parent / path.name)
    shape = outcome(sound, **REAL[name])[0]
    spoilt, raw = Spoilt(sound, tmp_path / "å"), sound.read_bytes()
    for share in (0.0001, 0.3, 0.9):
        found = outcome(spoilt.with_bytes(sound, raw[: int(share * len(raw))]), **REAL[name])
        assert isinstance(found, str) or (name.endswith(".csv") and found[0] < shape), share
    for seed in range(8):
        outcome(spoilt.with_bytes(sound, flipped(raw, seed, 4000)), **REAL[name])
