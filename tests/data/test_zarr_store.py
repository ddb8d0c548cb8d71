"""Zarr stores of both versions: read lazily, and written back chunk by chunk."""

import json

import numpy as np
import pytest

from gridded_files import need, weather, write_zarr
from outcrop.data.content import Curve
from outcrop.data.read import read, write
from outcrop.errors import ConfigError, DataError

pytestmark = pytest.mark.filterwarnings("ignore:Consolidated metadata")


@pytest.fixture(params=[(2, True), (2, False), (3, True), (3, False)], ids=str)
def store(request, tmp_path):
    need("zarr")
    return write_zarr(tmp_path / "weather.zarr", *request.param)


def files(folder):
    """Every file of a store that is no index of others."""
    found = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    return {name: path.read_bytes() for name, path in found.items() if name not in (".zmetadata", "zarr.json")}


def test_a_store_is_a_field(store):
    (record,) = read(store)
    assert record.dims == ("time", "latitude", "longitude") and record.format == "zarr"
    np.testing.assert_allclose(record.data["tas"], weather()["tas"])
    assert record.data["pr"].attrs["cell"] == "accumulated" and record.data["pr"].attrs["stamp"] == "end"
    (same,) = read(f"{store.parent}/*.zarr")
    assert same.sha256 == record.sha256


def test_writing_keeps_every_file_and_uses_the_same_chunks(store, tmp_path):
    import zarr

    (record,) = read(store)
    identity = record.data["tas"].to_numpy()
    (out,) = write(store, tmp_path / "out", [Curve("P", identity, "K", "copy")])
    before, after = files(store), files(out)
    assert {name: after[name] for name in before} == before
    assert all(name.startswith("P/") for name in set(after) - set(before))
    assert zarr.open_array(str(out / "P"), mode="r").chunks == (1, 3, 5)
    (again,) = read(out)  # through the consolidated metadata where the store has them
    np.testing.assert_array_equal(again.data["P"], identity)
    assert again.data["P"].attrs["units"] == "K" and again.data["P"].attrs["grid_mapping"] == "crs"
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["weather.zarr"]
    write(store, tmp_path / "out", [Curve("P", identity)])  # replaces the result


def test_a_stream_is_taken_up_where_it_was_left(store, tmp_path):
    from outcrop.data.zarr_store import stream

    (record,) = read(store)
    truth, curves = record.data["tas"].to_numpy(), [Curve("P", np.zeros(0)), Curve("Q", np.zeros(0))]
    first = stream(store, tmp_path / "out", curves)
    first.put((0, 0, 0), {"P": truth[:2], "Q": truth[:2] * 2})
    second = stream(store, tmp_path / "out", curves)
    assert second.shape == (4, 3, 5)
    second.put((2, 1, 0), {"P": truth[2:, 1:], "Q": truth[2:, 1:] * 2})
    (out,) = second.finish()
    (again,) = read(out)
    expected = truth.copy()
    expected[2:, 0] = np.nan
    np.testing.assert_array_equal(again.data["P"], expected)
    np.testing.assert_array_equal(again.data["Q"], expected * 2)


def test_records_are_written_back_onto_the_grid(store, tmp_path):
    days = read(store, records="time")
    curves = {day.name: [Curve("P", day.data["tas"].to_numpy())] for day in days}
    (out,) = write(store, tmp_path / "out", curves, records="time")
    (again,) = read(out)
    np.testing.assert_array_equal(again.data["P"], again.data["tas"])


@pytest.mark.parametrize("version", [2, 3])
def test_arrays_without_names_of_dimensions(version, tmp_path):
    need("zarr")
    import zarr

    cube = np.arange(60, dtype=np.float32).reshape(3, 4, 5)
    group = zarr.open_group(str(tmp_path / "g.zarr"), mode="w", zarr_format=version)
    group.create_array("amplitude", shape=cube.shape, chunks=(1, 4, 5), dtype="f4")[...] = cube
    (record,) = read(tmp_path / "g.zarr")
    assert record.shape == (3, 4, 5) and record.dims == ("phony_dim_0", "phony_dim_1", "phony_dim_2")
    (out,) = write(tmp_path / "g.zarr", tmp_path / "out", [Curve("P", cube * 2)])
    np.testing.assert_array_equal(read(out)[0].data["P"], cube * 2)
    zarr.create_array(str(tmp_path / "a.zarr"), shape=cube.shape, chunks=(1, 4, 5), dtype="f4", zarr_format=version)[
        ...
    ] = cube
    (alone,) = read(tmp_path / "a.zarr")
    np.testing.assert_array_equal(alone.data["a"], cube)
    one, two = write(tmp_path / "a.zarr", tmp_path / "out", [Curve("P", cube), Curve("Q", cube + 1)])
    assert (one.name, two.name) == ("a_P.zarr", "a_Q.zarr")
    np.testing.assert_array_equal(read(two)[0].data["a_Q"], cube + 1)


def test_large_arrays_stay_on_disk(store, monkeypatch):
    monkeypatch.setattr("outcrop.data.cf.LAZY_BYTES", 100)
    (record,) = read(store)
    assert not record.data["tas"].variable._in_memory
    for number in (0, 1, 3):  # other steps are not touched, damaged as they may be
        for chunk in store.glob(f"tas/{number}.*") if (store / ".zgroup").exists() else store.glob(f"tas/c/{number}"):
            chunk.rename(chunk.with_name("moved" + chunk.name))
    np.testing.assert_allclose(record.data["tas"].isel(time=2), weather()["tas"][2])


def test_zeros_that_count_as_missing_are_noted(tmp_path):
    need("zarr")
    import zarr

    group = zarr.open_group(str(tmp_path / "g.zarr"), mode="w", zarr_format=2)
    about = {"_ARRAY_DIMENSIONS": ["x"]}
    group.create_array("v", shape=(3,), chunks=(3,), dtype="f4", fill_value=0, attributes=about)[...] = [0, 1, 2]
    (record,) = read(tmp_path / "g.zarr")
    assert any(note.startswith("zeros are missing") for note in record.notes)


def test_errors_name_the_place_and_a_fix(store, tmp_path):
    with pytest.raises(ConfigError, match="it has"):
        read(store, group="nowhere")
    with pytest.raises(DataError, match="another name"):
        write(store, tmp_path / "out", [Curve("tas", np.zeros((4, 3, 5)))])
    root = next(path for path in (store / ".zattrs", store / "zarr.json") if path.exists())
    root.write_text(json.dumps(json.loads(root.read_text()))[:-3])
    with pytest.raises(DataError, match="copy or download"):
        read(store)
