"""Arrays whose meaning the run file states: dimensions, coordinates, folding; tensors without running their code."""

import contextlib

import numpy as np
import pytest

from outcrop.data import arrays
from outcrop.data.content import Curve
from outcrop.data.read import read
from outcrop.errors import ConfigError, DataError
from small_files import tensor_file


@pytest.fixture
def stations(tmp_path):
    values = np.arange(2 * 4 * 3, dtype=np.float32).reshape(2, 4, 3)
    values[0, 1, 2] = -999
    path = tmp_path / "stations.npz"
    np.savez(path, data=values, names=np.array(["Ål", "Bø"]), columns=np.array(["T", "P", "U"]))
    return path, values


def test_stations_become_records_and_columns_variables(stations):
    path, values = stations
    coords = {
        "station": {"from": "names"}, "column": {"from": "columns"},
        "time": {"start": "2020-01-01T08:00", "step": "1h", "zone": "Asia/Shanghai"},
    }  # fmt: skip
    dims = {"data": ["station", "time", "column"]}
    options = {"dims": dims, "coords": coords, "fold": "column", "records": "station", "null": [-999.0]}
    first, second = arrays.read(path, **options, units={"T": "degC"})
    assert (first.name, second.name, first.dims, first.groups["station"]) == ("Ål", "Bø", ("time",), "Ål")
    assert first.axis[0] == np.datetime64("2020-01-01T00:00") and first.data["T"].attrs["units"] == "degC"
    np.testing.assert_array_equal(second.data["P"].to_numpy(), values[1, :, 1])
    assert np.isnan(first.data["U"].to_numpy()[1])


def test_the_meaning_of_dimensions_must_be_said(stations):
    with pytest.raises(ConfigError, match=r"data \(2, 4, 3\)[\s\S]*Fix: dims = \{data"):
        arrays.read(stations[0])
    with pytest.raises(ConfigError, match="did you mean 'data'"):
        arrays.read(stations[0], dims={"dat": ["a", "b", "c"]})
    with pytest.raises(ConfigError, match="name 3 different dimensions"):
        arrays.read(stations[0], dims={"data": ["a", "b"]})


def test_written_arrays_stand_beside_the_old_ones(stations, tmp_path):
    path, values = stations
    curves = {name: [Curve("T_PRED", np.full(4, k), "degC", "")] for k, name in enumerate(("Ål", "Bø"))}
    written = arrays.write(path, tmp_path / "out", curves)
    with np.load(written) as held:
        np.testing.assert_array_equal(held["data"], values)
        assert held["T_PRED"].tolist() == [[0] * 4, [1] * 4]


@pytest.mark.parametrize("strides", [(12, 4, 1), (1, 2, 6)])
def test_tensors_are_laid_out_by_their_strides(tmp_path, strides):
    tensor = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    path = tensor_file(tmp_path / "t.pt", tensor, strides)
    record = arrays.read(path, dims={"u": ["run", "y", "x"]})[0]
    np.testing.assert_array_equal(record.data["u"].to_numpy(), tensor)


def test_a_file_of_tensors_runs_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError, match="which is no tensor"):
        arrays.read(tensor_file(tmp_path / "evil.pt", np.zeros((2, 2, 2), np.float32), (4, 2, 1), evil=True))
    assert not (tmp_path / "pwned").exists()


def test_objects_are_refused(tmp_path):
    np.savez(tmp_path / "o.npz", data=np.array([{"a": 1}], object))
    with pytest.raises(DataError, match="would run code"):
        arrays.read(tmp_path / "o.npz", dims={"data": ["x"]})


def test_darcy_tensors_are_fields(data_dir):
    """Stored in Fortran order: read with the wrong order neighbours would not resemble each other."""
    dims = {"x": ["run", "row", "column"], "y": ["run", "row", "column"]}
    records = read(data_dir / "pde/darcy_train_16.pt", dims=dims, records="run")
    assert len(records) == 1000 and records[0].shape == (16, 16)
    pressure = np.stack([r.data["y"].to_numpy() for r in records[:50]])
    for a, b in ((pressure[:, 1:], pressure[:, :-1]), (pressure[:, :, 1:], pressure[:, :, :-1])):
        assert np.corrcoef(a.ravel(), b.ravel())[0, 1] > 0.85
    assert set(np.unique(records[0].data["x"].to_numpy())) == {0, 1}


def test_matlab_files(tmp_path):
    from scipy.io import savemat

    savemat(tmp_path / "m.mat", {"u": np.arange(6.0).reshape(2, 3), "name": "x"})
    record = arrays.read(tmp_path / "m.mat", dims={"u": ["x", "t"]})[0]
    assert record.shape == (2, 3)


def test_damage_is_told(stations, tmp_path):
    raw, other = stations[0].read_bytes(), tmp_path / "x.npz"
    rng = np.random.default_rng(0)
    for size in (0, 10, len(raw) // 2, len(raw) - 3):
        other.write_bytes(raw[:size])
        with pytest.raises(DataError, match="Fix"):
            arrays.read(other, dims={"data": ["a", "b", "c"]})
    for _ in range(60):
        damaged = bytearray(raw)
        damaged[rng.integers(len(raw))] ^= 1 << int(rng.integers(8))
        other.write_bytes(damaged)
        with contextlib.suppress(DataError, ConfigError):
            assert arrays.read(other, dims={"data": ["a", "b", "c"]})[0].data["data"].ndim == 3
