import numpy as np
import pytest
import xarray as xr

from outcrop.records import Record
from outcrop.split.effective import effective_samples


def first_order(phi, n, seed):
    from scipy.signal import lfilter

    return lfilter([1.0], [1.0, -phi], np.random.default_rng(seed).normal(size=n))


def series(values, axis=None, name="A", dim=None, **attrs):
    """A record of one dimension: time where the axis holds time stamps."""
    axis = np.arange(len(values)) if axis is None else np.asarray(axis)
    axis = axis.astype("datetime64[ns]") if axis.dtype.kind == "M" else axis
    dim = dim or ("time" if axis.dtype.kind == "M" else "depth")
    return Record(xr.Dataset({"T": (dim, np.asarray(values))}, {dim: (dim, axis, attrs)}), name)


def field(values, dims, coords=None, name="A"):
    return Record(xr.Dataset({"T": (dims, np.asarray(values))}, coords), name, dims=tuple(dims))


def worth(*records):
    return effective_samples(records, "T").total


@pytest.mark.parametrize("phi", [0.0, 0.5, 0.9])
def test_an_autoregressive_series_has_its_closed_form(phi):
    assert worth(series(first_order(phi, 60_000, 1))) == pytest.approx(60_000 * (1 - phi) / (1 + phi), rel=0.12)


def test_a_short_series_is_not_taken_for_a_long_one():
    found = [worth(series(first_order(0.9, 400, seed)[200:])) for seed in range(200)]
    lags = np.arange(1, 200)
    closed = 200 / (1 + 2 * ((1 - lags / 200) * 0.9**lags).sum())
    assert np.median(found) == pytest.approx(closed, rel=0.25)


def test_gaps_at_random_leave_a_series_its_worth():
    values = first_order(0.9, 60_000, 2)
    values[np.random.default_rng(0).random(60_000) < 0.3] = np.nan
    share = 0.7
    closed = 60_000 * share / (1 + share * (19 - 1))  # a pair of present samples is share times as frequent
    assert worth(series(values)) == pytest.approx(closed, rel=0.15)


def test_a_value_every_fortnight_on_a_daily_axis():
    seldom = first_order(0.9, 4000, 3)
    daily = np.full(4000 * 14, np.nan)
    daily[::14] = seldom
    assert worth(series(daily)) == pytest.approx(worth(series(seldom)), rel=0.1)


def test_beds_of_one_class_count_as_beds():
    rng = np.random.default_rng(3)
    found = effective_samples([series(np.repeat(rng.integers(0, 4, 500), 20))], "T")
    assert found.labelled == 10_000 and 300 < found.total < 800


def test_equal_beds_of_classes_have_the_time_of_a_triangle():
    # rho(k) = 1 - k / L for beds of L samples with independent classes, so that L samples are worth one.
    beds = np.repeat(np.random.default_rng(6).integers(0, 5, 8000), 10)
    found = effective_samples([series(beds, units="m")], "T")
    assert found.total == pytest.approx(8000, rel=0.1)
    assert found.scales["depth"].samples == pytest.approx(10, rel=0.1)
    assert (found.scales["depth"].distance, found.scales["depth"].unit) == (found.scales["depth"].samples, "m")


def test_constant_missing_and_several_records():
    records = [
        series([3.0] * 50, name="constant"),
        series([np.nan] * 9, name="empty"),
        series([np.nan, 2.0], name="number"),
        series(np.full(20, 0.1, np.float32), name="rounded"),
    ]
    found = effective_samples(records, "T")
    assert found.per_record == {"constant": 1.0, "empty": 0.0, "number": 1.0, "rounded": 1.0}
    assert found.total == 3.0 and found.labelled == 71
    found = effective_samples([series(np.full(50, 3), name="one"), series(np.full(9, -1), name="none")], "T")
    assert found.per_record == {"one": 1.0, "none": 0.0} and found.labelled == 50
    assert effective_samples([series(np.full(9, -1))], "T").labelled == 0


def test_labels_without_weight_do_not_count():
    values = np.random.default_rng(0).normal(size=4000)
    labelled = np.arange(4000) < 1000
    found = effective_samples([series(values)], "T", {"A": labelled})
    assert found.labelled == 1000 and 800 < found.total <= 1000


def test_a_large_offset_does_not_hide_the_variation():
    values = first_order(0.5, 20_000, 4)
    assert worth(series(values + 1e6)) == pytest.approx(worth(series(values)), rel=1e-3)
    assert worth(series((values + 100).astype(np.float32))) == pytest.approx(worth(series(values)), rel=1e-3)


@pytest.mark.parametrize("amplitude", [1.0, 2.0])
def test_a_sine_with_noise_is_summed_over_its_first_lobe(amplitude):
    period, rng = 40, np.random.default_rng(5)
    values = amplitude * np.sin(2 * np.pi * np.arange(40_000) / period) + rng.normal(size=40_000)
    weight = (amplitude**2 / 2) / (amplitude**2 / 2 + 1)
    closed = 1 + 2 * weight * np.cos(2 * np.pi * np.arange(1, period // 4 + 1) / period).sum()
    assert worth(series(values)) == pytest.approx(40_000 / closed, rel=0.1)


def test_an_alternating_series_is_not_worth_more_than_its_samples():
    assert worth(series(first_order(-0.7, 5000, 7))) == pytest.approx(5000, rel=1e-3)


def months(years):
    return np.datetime64("1950-01") + np.arange(12 * years)


def test_the_season_is_taken_out_of_monthly_values():
    time = months(300)
    anomaly = first_order(0.8, len(time), 8)
    season = 30 * np.sin(2 * np.pi * np.arange(len(time)) / 12) + 7 * np.cos(2 * np.pi * np.arange(len(time)) / 6)
    found = worth(series(anomaly + season, time))
    assert found == pytest.approx(len(time) / 9, rel=0.15)  # (1 + 0.8) / (1 - 0.8)
    assert found == pytest.approx(worth(series(anomaly, time)))


def test_the_day_is_taken_out_of_hourly_values():
    time = np.datetime64("2000-01-01T00") + np.arange(24 * 365 * 4)
    anomaly = first_order(0.8, len(time), 9)
    hour, month = time.astype(np.int64) % 24, time.astype("datetime64[M]").astype(np.int64) % 12
    daily = (5 + month) * np.sin(2 * np.pi * hour / 24)
    found = effective_samples([series(anomaly + daily, time)], "T")
    assert found.total == pytest.approx(len(time) / 9, rel=0.15)
    assert found.scales["time"].unit == "h" and found.scales["time"].distance == pytest.approx(9, rel=0.15)


def test_each_place_has_its_own_season():
    time, rng = months(40), np.random.default_rng(10)
    season = np.sin(2 * np.pi * np.arange(480) / 12)[:, None] * np.linspace(-9, 9, 30) + np.linspace(0, 50, 30)
    coords = {"time": time.astype("datetime64[ns]"), "latitude": np.arange(30.0)}
    assert worth(field(season + rng.normal(size=(480, 30)), ("time", "latitude"), coords)) > 0.75 * 480 * 30


def test_two_years_have_no_season_to_take_out():
    values = np.sin(2 * np.pi * np.arange(24) / 12)
    assert worth(series(values, months(2))) == worth(series(values))


def stations(count, shared, seed, time):
    """Series of correlation `shared` with each other at one time and 0.9 from one step to the next."""
    common, *own = (first_order(0.9, len(time), 100 * seed + i) for i in range(count + 1))
    return [np.sqrt(shared) * common + np.sqrt(1 - shared) * values for values in own]


@pytest.mark.parametrize("shared", [0.0, 0.3, 0.9])
@pytest.mark.parametrize("how", ["records", "dimension"])
def test_stations_that_measure_the_same_count_less(shared, how):
    time = np.datetime64("2020-01-01T00") + np.arange(4000)
    found = []
    for seed in range(10):
        values = stations(6, shared, seed, time)
        if how == "records":
            found.append(worth(*(series(v, time, f"S{i}") for i, v in enumerate(values))))
        else:
            coords = {"time": time.astype("datetime64[ns]"), "station": [f"S{i}" for i in range(6)]}
            found.append(worth(field(np.stack(values), ("station", "time"), coords)))
    assert np.mean(found) == pytest.approx(6 * (4000 / 19) / (1 + 5 * shared), rel=0.25)


def test_records_share_what_they_share_in_time_only():
    time = np.datetime64("2020-01-01T00") + np.arange(8000)
    values = first_order(0.5, 8000, 11)

    def total(second):
        return effective_samples([series(values[:4000], time[:4000]), series(values[second], time[second], "B")], "T")

    whole, half, none = (total(slice(start, start + 4000)) for start in (0, 2000, 4000))
    assert whole.shared == pytest.approx(1.0, abs=1e-4) and whole.total == pytest.approx(4000 / 3, rel=0.15)
    assert half.shared == pytest.approx(0.5, abs=0.05) and half.total == pytest.approx(4 / 3 * 4000 / 3, rel=0.15)
    assert none.shared == pytest.approx(0.0, abs=0.05) and none.total == pytest.approx(8000 / 3, rel=0.15)


def test_classes_of_stations_are_compared_class_by_class():
    time = np.datetime64("2020-01-01T00") + np.arange(3000)
    rng = np.random.default_rng(12)
    same, other = np.repeat(rng.integers(0, 3, (2, 600)), 5, axis=1)
    records = [series(same, time, "A"), series(same, time, "B"), series(other, time, "C")]
    found = effective_samples(records, "T")
    assert found.shared == pytest.approx(1 / 3, abs=0.05)
    assert found.total == pytest.approx(3 * 600 / (1 + 2 / 3), rel=0.2)


def test_wells_and_simulations_are_independent_of_each_other():
    values = first_order(0.5, 4000, 13)
    one = worth(series(values))
    assert worth(series(values), series(values, name="B")) == pytest.approx(2 * one)
    same = field(np.stack([values, values]), ("simulation", "depth"))
    assert worth(same) == pytest.approx(2 * one, rel=0.01)


def test_the_eastern_pacific_is_worth_far_fewer_months_than_it_has():
    from outcrop.data import datasets

    (record,) = datasets.load("elnino")
    found = effective_samples([record], "SST")
    assert found.labelled == 732 and 40 < found.total < 140
