import numpy as np
import pytest

from outcrop.split.effective import autocorrelation_time, effective_samples


def first_order(phi, n, seed):
    from scipy.signal import lfilter

    return lfilter([1.0], [1.0, -phi], np.random.default_rng(seed).normal(size=n))


@pytest.mark.parametrize("phi", [0.0, 0.5, 0.9])
def test_an_autoregressive_series_has_its_closed_form(phi):
    series = first_order(phi, 60_000, 1)[:, None]
    assert autocorrelation_time(series, np.ones(len(series), bool)) == pytest.approx((1 + phi) / (1 - phi), rel=0.12)


def test_gaps_do_not_change_the_time():
    series = first_order(0.9, 60_000, 2)
    present = np.random.default_rng(0).random(len(series)) > 0.3
    assert autocorrelation_time(series[:, None], present) == pytest.approx(19, rel=0.15)


def test_beds_of_one_class_count_as_beds():
    rng = np.random.default_rng(3)
    beds = np.repeat(rng.integers(0, 4, 500), 20)
    found = effective_samples({"A": beds})
    assert found.labelled == 10_000 and 300 < found.total < 800


def test_constant_missing_and_several_records():
    values = {
        "constant": np.full(50, 3),
        "empty": np.full(9, -1),
        "number": np.array([np.nan, 2.0]),
        "none": np.full(3, np.nan),
    }
    found = effective_samples(values)
    assert found.per_record == {"constant": 1.0, "empty": 0.0, "number": 1.0, "none": 0.0}
    assert found.total == 2.0 and found.labelled == 51


def test_a_large_offset_does_not_hide_the_variation():
    series = first_order(0.5, 20_000, 4)
    assert effective_samples({"A": series + 1e6}).total == pytest.approx(
        effective_samples({"A": series}).total, rel=1e-3
    )


@pytest.mark.parametrize("amplitude", [1.0, 2.0])
def test_a_sine_with_noise_is_summed_over_its_first_lobe(amplitude):
    period, rng = 40, np.random.default_rng(5)
    series = amplitude * np.sin(2 * np.pi * np.arange(40_000) / period) + rng.normal(size=40_000)
    weight = (amplitude**2 / 2) / (amplitude**2 / 2 + 1)
    closed = 1 + 2 * weight * np.cos(2 * np.pi * np.arange(1, period // 4 + 1) / period).sum()
    assert autocorrelation_time(series[:, None], np.ones(40_000, bool)) == pytest.approx(closed, rel=0.1)


def test_equal_beds_of_classes_have_the_time_of_a_triangle():
    # rho(k) = 1 - k / L for beds of L samples with independent classes, so tau = L.
    beds = np.repeat(np.random.default_rng(6).integers(0, 5, 8000), 10)
    channels = (beds[:, None] == np.arange(5)).astype(float)
    assert autocorrelation_time(channels, np.ones(len(beds), bool)) == pytest.approx(10, rel=0.1)


def test_an_alternating_series_is_not_worth_more_than_its_samples():
    series = first_order(-0.7, 5000, 7)
    assert autocorrelation_time(series[:, None], np.ones(5000, bool)) == 1.0


def months(years):
    return np.datetime64("1950-01") + np.arange(12 * years)


def test_the_season_is_taken_out_of_monthly_values():
    time = months(2000)
    anomaly = first_order(0.8, len(time), 8)
    season = 30 * np.sin(2 * np.pi * np.arange(len(time)) / 12) + 7 * np.cos(2 * np.pi * np.arange(len(time)) / 6)
    plain, seasonal = ({"A": anomaly}, {"A": anomaly + season})
    closed = len(time) / 9  # (1 + 0.8) / (1 - 0.8)
    assert effective_samples(seasonal, {"A": time}).total == pytest.approx(closed, rel=0.12)
    assert effective_samples(seasonal, {"A": time}).total == pytest.approx(effective_samples(plain, {"A": time}).total)


def test_the_day_is_taken_out_of_hourly_values():
    time = np.datetime64("2000-01-01T00") + np.arange(24 * 365 * 4)
    anomaly = first_order(0.8, len(time), 9)
    hour, month = time.astype(np.int64) % 24, time.astype("datetime64[M]").astype(np.int64) % 12
    daily = (5 + month) * np.sin(2 * np.pi * hour / 24)
    assert effective_samples({"A": anomaly + daily}, {"A": time}).total == pytest.approx(len(time) / 9, rel=0.15)


def test_two_years_have_no_season_to_take_out():
    time = months(2)
    values = np.sin(2 * np.pi * np.arange(24) / 12)
    assert effective_samples({"A": values}, {"A": time}) == effective_samples({"A": values})


def test_the_eastern_pacific_is_worth_far_fewer_months_than_it_has():
    from outcrop.data import datasets

    (record,) = datasets.load("elnino")
    found = effective_samples({"elnino": record.data["SST"].to_numpy()}, {"elnino": record.axis})
    assert found.labelled == 732 and 40 < found.total < 140
