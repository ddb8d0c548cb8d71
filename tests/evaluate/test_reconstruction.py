"""Filters, components and thresholds against cases whose answer is known."""

import numpy as np
import pytest

from outcrop.errors import ConfigError
from outcrop.evaluate.anomaly import calibrated, quantile_over_groups
from outcrop.evaluate.reconstruction import RECONSTRUCTIONS, Components, Pair, check, fit, names_for
from outcrop.metric.detection import auroc
from outcrop.metric.signal import snr_db, snr_gain_db


def pair(seed, *, examples=12, length=256, noise_at=0.3, strength=1.0):
    """Waves of 0.05 cycles per sample in noise around another frequency; two channels."""
    rng, time = np.random.default_rng(seed), np.arange(length)[:, None]
    clean = np.sin(2 * np.pi * 0.05 * time + 6 * rng.random((examples, 1, 2)))
    tone = np.sin(2 * np.pi * (noise_at + 0.03 * rng.standard_normal((examples, 1, 2))) * time)
    noisy = clean + strength * tone * np.sqrt(2) * np.sqrt(0.5)
    return Pair(noisy, clean, np.ones_like(clean))


@pytest.mark.parametrize("name", ["band_pass", "wiener", "wiener_short_time", "pca_chosen", "pca"])
def test_noise_of_another_frequency_is_taken_away(name):
    train, held, test = (pair(seed) for seed in range(3))
    restored = fit(name, train, held, 4)(test.noisy)
    assert restored.shape == test.noisy.shape
    assert test.error(restored) < 0.25 * test.error(test.noisy)


def test_a_band_pass_has_no_delay_and_believes_little_of_pure_noise():
    quiet = pair(1, strength=0.0)
    restored = fit("band_pass", quiet, quiet, 0)(quiet.noisy)
    assert quiet.error(restored) < 1e-6
    rng = np.random.default_rng(0)
    none = Pair(rng.standard_normal((8, 256, 1)), np.zeros((8, 256, 1)), np.ones((8, 256, 1)))
    assert np.abs(fit("band_pass", none, none, 0)(none.noisy)).max() < 1e-6


def test_a_wiener_filter_of_white_noise_reaches_its_formula():
    """White signal and noise of equal power: every frequency times 1/2, so that half of the noise's power is left."""
    rng = np.random.default_rng(5)
    clean, noise = rng.standard_normal((2, 400, 128, 1))
    both = Pair(clean + noise, clean, np.ones_like(clean))
    assert np.isclose(both.error(fit("wiener", both, both, 0)(both.noisy)), 0.5, atol=0.02)


def test_components_are_those_of_the_covariance():
    rng = np.random.default_rng(2)
    rows = rng.standard_normal((500, 4)) @ np.diag([4.0, 3.0, 0.1, 0.1]) + 7
    found = Components.of(rows, 2)
    assert np.abs(found.restored(rows) - rows).std() < 0.1
    values = np.linalg.eigvalsh(np.cov(rows.T))
    assert np.isclose(np.square(found.restored(rows) - rows).sum() / 499, values[:2].sum(), rtol=1e-6)


def test_the_gain_is_the_difference_of_two_ratios():
    rng = np.random.default_rng(1)
    clean, noise = rng.standard_normal((2, 1000))
    gain = snr_gain_db(noisy=clean + noise, prediction=clean + 0.1 * noise, target=clean)
    assert np.isclose(gain, 20)
    assert np.isclose(snr_db(prediction=np.r_[clean + noise, 1], target=np.r_[clean, np.nan]),
                      10 * np.log10((clean**2).sum() / (noise**2).sum()))  # fmt: skip


def test_a_threshold_flags_what_was_asked_for_with_every_group_counting_alike():
    rng = np.random.default_rng(4)
    error = np.r_[rng.standard_normal(9000), 3 * rng.standard_normal(1000)][:, None]
    group = np.repeat([0, 1], [9000, 1000])
    usual = calibrated(error, group, 0.1)
    flags = usual.flags(usual.score(error))
    assert np.isclose(np.mean([flags[group == g].mean() for g in (0, 1)]), 0.1, atol=0.002)
    assert not np.isclose(flags.mean(), 0.1, atol=0.02)  # the long group does not decide alone
    assert quantile_over_groups(np.arange(10.0), np.zeros(10, int), 0.9) == 8.0


def test_variables_that_are_missing_do_not_count_in_a_score():
    usual = calibrated(np.array([[1.0, 2.0], [-1.0, np.nan]]), np.zeros(2, int), 0.1)
    assert usual.spread == (1.0, 2.0)
    assert usual.score(np.array([[2.0, np.nan], [np.nan, np.nan]]))[0] == 2.0
    assert np.isnan(usual.flags(usual.score(np.array([[np.nan, np.nan]]))))[0]


def test_auroc_is_the_share_of_pairs_in_order():
    rng = np.random.default_rng(7)
    score, unusual = rng.integers(0, 6, 80).astype(float), rng.random(80) < 0.3
    above = score[unusual][:, None] - score[~unusual][None]
    assert np.isclose(auroc(score=score, unusual=unusual), (above > 0).mean() + 0.5 * (above == 0).mean())
    assert np.isnan(auroc(score=score, unusual=np.zeros(80, bool)))


def test_only_baselines_that_fit_are_offered():
    assert set(names_for(noise=True, along_one=True, coded=True)) == set(RECONSTRUCTIONS)
    assert names_for(noise=True, along_one=False, coded=False) == ("identity", "mean")
    with pytest.raises(ConfigError, match="use some of mean, pca"):
        check(("wiener",), ("mean", "pca"))
