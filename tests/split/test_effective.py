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
