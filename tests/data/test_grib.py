"""GRIB: a real file, and damaged ones."""

import numpy as np
import pytest

from outcrop.data import grib
from outcrop.data.content import Curve
from outcrop.data.read import read
from outcrop.errors import DataError


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
