"""Running sums to amounts per interval, by hand: days that end at midnight, forecasts, gaps, starts in the middle."""

import numpy as np
import pytest
import xarray as xr

from outcrop.data.accumulated import RUN, deaccumulated, per_interval
from outcrop.errors import ConfigError, DataError
from outcrop.records import Record


def hourly(start, amounts, columns=1):
    """ERA5-Land: metres since 00 UTC, so that the stamp 00:00 holds the whole day before."""
    stamps = np.datetime64(start, "h") + np.arange(len(amounts))
    sums, total = [], 0.0
    for stamp, amount in zip(stamps, amounts, strict=True):
        hour = int(stamp.astype(int) % 24)
        total = amount if hour == 1 else total + amount
        sums.append(total)
    values = np.repeat(np.array(sums, np.float32)[:, None], columns, 1)
    return series(stamps, values)


def series(stamps, values, **coords):
    data = xr.Dataset(
        {"tp": (("time", "x"), values, {"units": "m"})}, {"time": stamps.astype("datetime64[ns]"), **coords}
    )
    return Record(data, "rain", dims=("time", "x"))


def test_a_day_ends_at_midnight_and_belongs_to_the_day_before():
    truth = np.random.default_rng(0).integers(0, 5, 72) / 8
    record = deaccumulated(hourly("2020-01-01T01", truth, 2), {"tp": "day"}, None)
    np.testing.assert_allclose(record.data["tp"][:, 1], truth, atol=1e-6)
    about = record.data["tp"].attrs
    assert (about["cell"], about["stamp"], about["interval_s"], about["units"]) == ("accumulated", "end", 3600, "m")
    assert record.data["tp"].dtype == np.float32 and "made amounts per interval" in record.notes[0]


def test_a_file_that_starts_within_a_day_does_not_know_its_first_amount():
    truth = np.ones(30)
    record = hourly("2020-01-01T01", truth)
    late = record.with_data(record.data.isel(time=slice(5, None)))
    amounts = deaccumulated(late, {"tp": "day"}, None).data["tp"].to_numpy()[:, 0]
    assert np.isnan(amounts[0]) and (amounts[1:] == 1).all()


def test_the_amount_after_a_gap_is_missing():
    record = hourly("2020-01-01T01", np.ones(30))
    holes = record.with_data(record.data.isel(time=[i for i in range(30) if i not in (4, 5, 24)]))
    result = deaccumulated(holes, {"tp": "day"}, None)
    amounts = result.data["tp"].to_numpy()[:, 0]
    assert np.flatnonzero(np.isnan(amounts)).tolist() == [4, 22] and np.nansum(amounts) == 25
    assert "2 stamps" in result.notes[0]


def test_missing_sums_stay_missing():
    record = hourly("2020-01-01T01", np.ones(6))
    record.data["tp"][2] = np.nan
    amounts = deaccumulated(record, {"tp": "day"}, None).data["tp"].to_numpy()[:, 0]
    assert np.isnan(amounts).tolist() == [False, False, True, True, False, False]


def test_forecasts_one_after_the_other():
    stamps = np.datetime64("2020-01-01T06", "h") + np.arange(1, 25)
    run = np.datetime64("2020-01-01T06", "ns") + np.repeat([0, 12], 12) * np.timedelta64(1, "h")
    values = np.tile(np.arange(1.0, 13) * 2, 2)[:, None]
    record = series(stamps, values, **{RUN: ("time", run)})
    assert (deaccumulated(record, {"tp": "step"}, None).data["tp"] == 2).all()


def test_steps_of_a_forecast_as_a_dimension():
    hours = np.array([6, 12, 18, 24])
    data = xr.Dataset(
        {"tp": (("step", "x"), hours[:, None] * np.ones(2) / 6)}, {"step": hours * np.timedelta64(1, "h")}
    )
    record = Record(data, "rain", dims=("step", "x"))
    assert (deaccumulated(record, {"tp": "step"}, "end").data["tp"] == 1).all()


def test_days_of_another_calendar_start_at_midnight_too():
    about = {"since": "2000-02-30T12:00:00", "units": "d"}
    hour = np.arange(24)
    sums = np.where(hour <= 12, hour + 12, hour - 12).astype(float)
    data = xr.Dataset({"tp": (("time",), sums)}, {"time": ("time", hour / 24, about)})
    amounts = deaccumulated(Record(data, "rain", dims=("time",)), {"tp": "day"}, None).data["tp"].to_numpy()
    assert np.isnan(amounts[0]) and (amounts[1:] == 1).all()


def test_sums_that_fall_are_noted():
    record = deaccumulated(hourly("2020-01-01T01", np.array([3.0, -1, 2, -1])), {"tp": "day"}, None)
    assert "50.0% of the amounts are negative" in record.notes[0]


def test_what_cannot_be():
    record = hourly("2020-01-01T01", np.ones(4))
    with pytest.raises(ConfigError, match="did you mean 'tp'"):
        deaccumulated(record, {"tpp": "day"}, None)
    with pytest.raises(ConfigError, match="did you mean 'end'"):
        deaccumulated(record, {}, "ende")
    with pytest.raises(DataError, match="sort the file"):
        deaccumulated(record.with_data(record.data.isel(time=[1, 0, 2])), {"tp": "day"}, None)
    with pytest.raises(DataError, match="leave it out"):
        deaccumulated(record.with_data(record.data.drop_vars("time")), {"tp": "day"}, None)


def test_one_stamp_per_window_keeps_its_sum():
    amounts, lost = per_interval(np.array([5.0, 6.0]), np.array([86400.0, 86400]), np.array([True, True]))
    assert amounts.tolist() == [5, 6] and lost == 0
