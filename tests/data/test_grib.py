"""GRIB: a real file and damaged ones; levels, forecasts and sums of small ones with known numbers."""

import numpy as np
import pytest

from gridded_files import grib_message, need, write_grib
from outcrop.data import grib
from outcrop.data.content import Curve
from outcrop.data.read import read
from outcrop.errors import ConfigError, DataError


def test_a_month_of_temperature(data_dir, tmp_path):
    path = data_dir / "grids/era5-2mt-2019-03-uk.grib"
    record = read(path)[0]
    assert record.dims == ("time", "latitude", "longitude") and record.shape == (744, 33, 49)
    assert record.data["t2m"].attrs["units"] == "K" and 250 < float(record.data["t2m"].mean()) < 300
    assert record.axis[0] == np.datetime64("2019-03-01T00")
    assert not list(path.parent.glob("*.idx"))
    written = grib.write(path, tmp_path, [Curve("t2m_PRED", record.data["t2m"].to_numpy(), "K", "identity")])
    back = read(written)[0]
    np.testing.assert_array_equal(back.data["t2m_PRED"].to_numpy(), record.data["t2m"].to_numpy())


def test_damage_is_told(data_dir, tmp_path):
    raw = (data_dir / "grids/era5-2mt-2019-03-uk.grib").read_bytes()
    path = tmp_path / "x.grib"
    for content in (raw[:-100], raw[:5000], b"nothing of the kind" * 30, raw[:7] + b"\x09" + raw[8:]):
        path.write_bytes(content)
        with pytest.raises(DataError, match="Fix"):
            read(path)
    first = int.from_bytes(raw[4:7], "big")
    damaged = bytearray(raw[:first])
    damaged[30:60] = bytes(30)  # the chain holds, the inside does not
    path.write_bytes(damaged)
    try:
        record = read(path)[0]
        assert record.data["t2m"].shape == record.shape
    except DataError as error:
        assert "Fix" in str(error)


@pytest.fixture
def here(monkeypatch):
    """Sound files are read in this process; that damaged ones are not is tested with them."""
    monkeypatch.setattr("outcrop.data.grib.call", lambda address, path, **options: grib.load(str(path), **options))


@pytest.fixture
def levels(tmp_path, here):
    """Temperature on two pressure levels, and one at the surface."""
    need("cfgrib")
    kinds = [("isobaricInhPa", 500, 1), ("isobaricInhPa", 850, 2), ("surface", 0, 3)]
    path = tmp_path / "levels.grib"
    path.write_bytes(b"".join(grib_message(np.full(12, v), shortName="t", typeOfLevel=k, level=n) for k, n, v in kinds))
    return path


def forecasts(path, step_type="accum"):
    """Rain of three forecasts of twelve hours, 06 and 18 UTC, as sums since their start."""
    need("cfgrib")
    messages = [
        grib_message(
            np.full(12, step * (run + 1)), shortName="tp", stepType=step_type, dataDate=20200101 + (run > 1),
            dataTime=(600, 1800)[run % 2], stepRange=f"0-{step}",
        )
        for run in range(3) for step in range(1, 13)
    ]  # fmt: skip
    path.write_bytes(b"".join(messages))
    return path


def test_mixed_levels_name_the_filter(levels):
    with pytest.raises(DataError, match=r'filter = \{typeOfLevel = "isobaricInhPa"\}'):
        read(levels)
    (record,) = read(levels, filter={"typeOfLevel": "isobaricInhPa"})
    assert record.dims == ("isobaricInhPa", "latitude", "longitude") and record.shape == (2, 3, 4)
    with pytest.raises(DataError, match="leave filter out"):
        read(levels, filter={"shortName": "zz"})
    assert sorted(p.name for p in levels.parent.iterdir()) == ["levels.grib"]


def test_levels_become_variables_or_records_and_are_written_back(levels, tmp_path):
    chosen = {"filter": {"typeOfLevel": "isobaricInhPa"}}
    (folded,) = read(levels, fold="isobaricInhPa", **chosen)
    assert float(folded.data["t_850"].mean()) == 2 and float(folded.data["t_500"].mean()) == 1
    parts = read(levels, records="isobaricInhPa", **chosen)
    curves = {part.name: [Curve("P", part.data["t"].to_numpy() * 10, "K")] for part in parts}
    out = grib.write(levels, tmp_path / "out", curves, records="isobaricInhPa", **chosen)
    (again,) = read(out)
    np.testing.assert_array_equal(again.data["P"], again.data["t"] * 10)
    with pytest.raises(DataError, match="another name"):
        grib.write(levels, tmp_path / "out", [Curve("t", np.zeros((2, 3, 4)))], **chosen)


def test_forecasts_end_to_end_and_their_sums(tmp_path, here):
    path = forecasts(tmp_path / "tp.grib")
    (both,) = read(path)
    assert both.shape == (3, 12, 3, 4) and both.dims[:2] == ("time", "step")
    assert both.data["valid_time"].shape == (3, 12) and any("valid_time = true" in note for note in both.notes)
    (line,) = read(path, valid_time=True, deaccumulate={"tp": "step"})
    assert line.shape == (36, 3, 4) and (np.diff(line.data["time"].to_numpy()) == np.timedelta64(1, "h")).all()
    assert str(line.data["time"].to_numpy()[0]) == "2020-01-01T07:00:00.000000000"
    np.testing.assert_allclose(line.data["tp"][:, 0, 0], np.repeat([1, 2, 3], 12), atol=1e-3)
    about = line.data["tp"].attrs
    assert (about["cell"], about["interval_s"], about["stamp"]) == ("accumulated", 3600, "end")


def test_time_is_when_a_field_is_valid(tmp_path, here):
    need("cfgrib")
    one = [grib_message(np.full(12, step), shortName="2t", stepRange=str(step)) for step in (0, 6, 12)]
    (tmp_path / "one.grib").write_bytes(b"".join(one))
    (record,) = read(tmp_path / "one.grib")
    assert record.dims[0] == "time" and str(record.axis[-1])[:13] == "2020-01-01T12"
    lead = [grib_message(np.full(12, d), shortName="2t", stepRange="24", dataDate=20200100 + d) for d in (1, 2)]
    (tmp_path / "lead.grib").write_bytes(b"".join(lead))
    (later,) = read(tmp_path / "lead.grib")
    assert str(later.axis[0])[:10] == "2020-01-02" and any("valid" in note for note in later.notes)


def test_two_messages_of_one_field(tmp_path, here):
    path = write_grib(tmp_path / "a.grib")
    path.write_bytes(path.read_bytes() * 2)
    with pytest.raises(DataError, match="tells them apart"):
        read(path)


def test_bytes_between_messages_are_passed_over(tmp_path, here):
    path = write_grib(tmp_path / "a.grib")
    (plain,) = read(path)
    raw = path.read_bytes()
    path.write_bytes(b"TTAA00 EGRR 010000\r\r\n" + raw + b"\0" * 80)
    (padded,) = read(path)
    np.testing.assert_array_equal(padded.data["t2m"], plain.data["t2m"])
    assert plain.data["t2m"].attrs["units"] == "K" and float(plain.data["t2m"][2, 0, 0]) == pytest.approx(272, abs=0.01)


def test_large_files_stay_on_disk(tmp_path, here, monkeypatch):
    path = write_grib(tmp_path / "a.grib")
    (whole,) = read(path)
    monkeypatch.setattr("outcrop.data.grib.LAZY_BYTES", 100)
    monkeypatch.setattr("outcrop.data.cf.LAZY_BYTES", 100)
    (record,) = read(path)
    assert not record.data["t2m"].variable._in_memory
    np.testing.assert_array_equal(record.data["t2m"][1, 1:], whole.data["t2m"][1, 1:])
    assert [p.name for p in tmp_path.iterdir()] == ["a.grib"]


def test_options_that_are_not_there(tmp_path):
    with pytest.raises(ConfigError, match="did you mean 'filter'"):
        read(write_grib(tmp_path / "a.grib"), filters={})
