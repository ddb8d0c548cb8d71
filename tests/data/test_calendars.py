"""Time coordinates by hand: ordinary dates, calendars that ordinary dates can and cannot hold, months, odd units."""

import numpy as np
import pytest
import xarray as xr

from gridded_files import need, weather
from outcrop.data.calendars import CALENDARS, decoded_times
from outcrop.data.read import read
from outcrop.errors import ConfigError, DataError


def times(values, unit, stated=None, name="time", **options):
    about = {"units": unit} | ({"calendar": stated} if stated else {})
    data = xr.Dataset({"v": ((name,), np.zeros(len(values)))}, {name: (name, np.asarray(values), about)})
    return decoded_times(data, "a.nc", **options)


@pytest.mark.parametrize(
    ("values", "unit", "last"),
    [
        ([0, 31], "days since 2020-01-01", "2020-02-01T00"),
        ([0.0, 1.5], "hours since 1970-1-1 12:00:00", "1970-01-01T13:30"),
        ([0, 90], "minutes since 2000-02-28T23:00", "2000-02-29T00:30"),
        ([1.0], "d since 1999-12-31", "2000-01-01T00"),
        ([86400], "seconds since 1948-01-01 0:0:0", "1948-01-02T00"),
        ([1], "Hours since 2001-01-01 00:00:00.0", "2001-01-01T01"),
        ([25000 + 1 / 24], "days since 1950-01-01", "2018-06-13T01"),
        ([736329], "days since 0001-01-03", "2017-01-01T00"),  # two days of the Julian calendar before 1582
    ],
)
def test_ordinary_dates(values, unit, last):
    data, notes = times(values, unit)
    assert data["time"].to_numpy()[-1] == np.datetime64(last) and not notes
    assert data["time"].dtype == "datetime64[ns]"


def test_arithmetic_agrees_with_cftime():
    need("cftime")
    import cftime

    values = np.random.default_rng(0).uniform(0, 60_000, 50).round(3)
    ours = times(values, "days since 1850-01-01")[0]["time"].to_numpy()
    theirs = cftime.num2date(values, "days since 1850-01-01", "standard")
    np.testing.assert_array_equal(ours.astype("datetime64[ms]"), [np.datetime64(t.isoformat(), "ms") for t in theirs])


def test_a_calendar_without_leap_years_keeps_its_dates():
    need("cftime")
    data, notes = times([58, 59], "days since 2004-01-01", "noleap")
    assert [str(t)[:10] for t in data["time"].to_numpy()] == ["2004-02-28", "2004-03-01"]
    assert data["time"].attrs["calendar"] == "noleap" and "noleap" in notes[0]


def test_months_of_360_days_keep_their_dates_and_days_do_not():
    need("cftime")
    months, _ = times([15, 45, 75], "days since 2000-01-01", "360_day")
    assert [str(t)[:10] for t in months["time"].to_numpy()] == ["2000-01-16", "2000-02-16", "2000-03-16"]
    days, notes = times([58, 59, 60], "days since 2000-01-01 06:00", "360_day")
    assert days["time"].to_numpy().tolist() == [0, 1, 2] and days["time"].attrs["since"] == "2000-02-29T06:00:00"
    assert days["month"].to_numpy().tolist() == [2, 2, 3] and days["day"].to_numpy().tolist() == [29, 30, 1]
    assert days["day_of_year"].to_numpy().tolist() == [59, 60, 61] and days["hour"].to_numpy().tolist() == [6, 6, 6]
    assert days["time"].attrs["units"] == "d" and "days since" in notes[0]


def test_the_stated_calendar_goes_before_that_of_the_file():
    need("cftime")
    data, _ = times([58, 59], "days since 2000-01-01", "standard", calendar="360_day")
    assert data["month"].to_numpy().tolist() == [2, 2]
    with pytest.raises(ConfigError, match="360_day"):
        times([0], "days since 2000-01-01", calendar="360")


def test_months_since_are_whole_months():
    need("cftime")
    data, _ = times([0, 1, 14], "months since 1960-01-01")
    assert [str(t)[:10] for t in data["time"].to_numpy()] == ["1960-01-01", "1960-02-01", "1961-03-01"]
    with pytest.raises(DataError, match="correct the units"):
        times([0.5, 1.5], "months since 1960-01-01")


def test_years_before_1678_are_days_with_year_and_month():
    need("cftime")
    data, _ = times([0, 31], "days since 0850-01-01", "proleptic_gregorian")
    assert data["time"].to_numpy().tolist() == [0, 31] and data["year"].to_numpy().tolist() == [850, 850]


@pytest.mark.parametrize("calendar", CALENDARS)
def test_every_calendar_gives_numbers_that_increase(calendar):
    need("cftime")
    data, _ = times(np.arange(400), "days since 1999-12-30", calendar)
    steps = np.diff(data["time"].to_numpy())
    assert (steps > np.zeros(1, steps.dtype)).all()


def test_the_only_time_axis_is_called_time():
    data, _ = times([0, 1], "days since 2000-01-01", name="t")
    assert "time" in data.dims and data.attrs["file_names"] == {"time": "t"}


def test_times_that_cannot_be():
    need("cftime")
    with pytest.raises(DataError, match="remove these steps"):
        times([0.0, np.nan], "days since 2000-01-01")
    with pytest.raises(DataError, match="correct the units"):
        times([0.0], "fortnights since 2000-01-01")
    with pytest.raises(DataError, match="correct the units"):
        times([0.0], "days since yesterday")


def test_a_season_can_be_a_variable_where_dates_cannot(tmp_path):
    need("cftime")
    data = weather(calendar="360_day")
    data["time"].attrs["units"] = "days since 2001-02-27"
    data.to_netcdf(tmp_path / "a.nc", engine="h5netcdf")
    (record,) = read(tmp_path / "a.nc")
    assert record.axis.dtype.kind == "f" and set(record.flat("month").tolist()) == {2, 3}
