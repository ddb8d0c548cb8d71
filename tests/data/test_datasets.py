"""Named data sets: where they are found, what they hold, and a checked download from a server on this machine."""

import hashlib
import shutil
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
from las_files import las_text

from outcrop.data import datasets
from outcrop.data.datasets import DataSet, File
from outcrop.errors import ConfigError, DataError


class Quiet(SimpleHTTPRequestHandler):
    """A file server that logs nothing."""

    def log_message(self, *arguments):
        """Keeps the test output clean."""


@pytest.fixture
def server(tmp_path):
    """Folder and address of an HTTP server on this machine."""
    folder = tmp_path / "served"
    folder.mkdir()
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as http:
        threading.Thread(target=http.serve_forever, daemon=True).start()
        yield folder, f"http://127.0.0.1:{http.server_address[1]}"
        http.shutdown()


@pytest.fixture
def small_set(monkeypatch, tmp_path, server):
    """A registered set of one well behind the server, with an empty cache and no data folder."""
    folder, address = server
    text = las_text().encode()
    (folder / "my well.las").write_bytes(text)
    file = File("las/well.las", len(text), hashlib.sha256(text).hexdigest(), "my%20well.las")
    monkeypatch.setitem(datasets.DATASETS, "small", DataSet("one well", "CC0", "nobody", address, (file,)))
    monkeypatch.setenv("OUTCROP_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.delenv("OUTCROP_DATA_DIR", raising=False)
    return folder


def test_download_once_then_from_the_cache(small_set):
    (path,) = datasets.find("small")
    assert path.parts[-4:] == ("cache", "small", "las", "well.las")
    assert datasets.load("small")[0].name == "A-1"
    shutil.rmtree(small_set)
    assert datasets.find("small") == datasets.fetch("small") == [path]


def test_another_file_behind_the_address_is_refused(small_set, tmp_path):
    (small_set / "my well.las").write_text("something else")
    with pytest.raises(DataError, match=r"another SHA-256[\s\S]*Fix: try again"):
        datasets.find("small")
    assert not (tmp_path / "cache/small/las/well.las").exists()


def test_damaged_cache_is_downloaded_again(small_set):
    (path,) = datasets.find("small")
    path.write_text("cut")
    assert datasets.load("small")[0].name == "A-1"


def test_missing_file_and_dead_server(small_set):
    (small_set / "my well.las").unlink()
    with pytest.raises(DataError, match=r"download failed[\s\S]*Fix: check the connection"):
        datasets.fetch("small")
    with pytest.raises(DataError, match=r"download failed[\s\S]*OUTCROP_DATA_DIR"):
        datasets.fetch("small", base_url="http://127.0.0.1:9")


def test_a_set_without_an_address_says_so(small_set, monkeypatch):
    entry = datasets.DATASETS["small"]
    monkeypatch.setitem(datasets.DATASETS, "small", DataSet("one well", "CC0", "nobody", "", entry.files))
    with pytest.raises(DataError, match=r"not published at a fixed address[\s\S]*Fix: get it from its source"):
        datasets.find("small")


def test_another_file_in_the_data_folder_is_refused(small_set, monkeypatch, tmp_path):
    local = tmp_path / "local/small/las"
    local.mkdir(parents=True)
    (local / "well.las").write_text(las_text(well="Z"))
    monkeypatch.setenv("OUTCROP_DATA_DIR", str(tmp_path / "local"))
    with pytest.raises(DataError, match=r"Fix: replace the file[\s\S]*outcrop data fetch small"):
        datasets.load("small")


def test_unknown_names():
    with pytest.raises(ConfigError, match="did you mean 'force2020'"):
        datasets.describe("force2002")
    with pytest.raises(ConfigError, match=r"did you mean 'penalty_matrix.npy'"):
        datasets.path("force2020", "penalty_matrx.npy")
    with pytest.raises(DataError, match=r'Fix: use datasets.load\("co2"\)'):
        datasets.find("co2")


def test_force_files_are_found_and_registered(data_dir):
    assert len(datasets.find("force2020")) == 28
    matrix = np.load(datasets.path("force2020", "penalty_matrix.npy"))
    assert matrix.shape == (12, 12) and (np.diag(matrix) == 0).all()
    entry = datasets.describe("force2020")
    assert entry.address.startswith("https://") and all(len(file.sha256) == 64 for file in entry.files)


def test_packaged_sets():
    elnino = datasets.load("elnino")[0]
    assert (elnino.dim, len(elnino)) == ("time", 732)
    assert elnino.data["SST"].attrs["units"] == "degC" and elnino.axis[1] == np.datetime64("1950-02-01")
    np.testing.assert_allclose(elnino.data["SST"][:2], [23.11, 24.20])
    co2 = datasets.load("co2")[0]
    assert len(co2) == 2284 and int(co2.data["CO2"].isnull().sum()) == 59 and co2.data["CO2"].attrs["units"] == "ppm"
    meuse = datasets.load("meuse")[0]
    assert (meuse.dim, len(meuse)) == ("row", 155)
    assert meuse.data["zinc"].attrs["units"] == "mg/kg" and float(meuse.data["zinc"][0]) == 1022.0
    assert meuse.data["landuse"].to_numpy()[0] == "Ah" and "28992" in meuse.notes[0]
    (ostia,) = datasets.load("ostia")
    assert ostia.shape == (54, 18, 432) and ostia.dims == ("time", "latitude", "longitude")
    assert ostia.data["surface_temperature"].attrs["units"] == "K"
    assert len({elnino.sha256, co2.sha256, meuse.sha256}) == 3
