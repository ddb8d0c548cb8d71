"""Blocky logs: lengths of beds, proportions, noise after smoothing; the cross-plot of two populations."""

import numpy as np
import pytest

from outcrop.errors import ConfigError
from outcrop.simulate.logs import beds, logs
from outcrop.simulate.porosity import porosity


def test_beds_are_as_long_as_stated_every_length_as_often():
    _, segment = beds(np.random.default_rng(0), 600_000, (0.25, 0.75), (8, 25))
    lengths = np.bincount(segment)[1:-1]
    assert lengths.min() == 8 and lengths.max() == 25
    counts = np.bincount(lengths)[8:]
    expected = len(lengths) / 18
    assert ((counts - expected) ** 2 / expected).sum() < 43.8  # chi-square, 17 degrees of freedom, p = 0.0004


def test_facies_have_their_proportions_and_stay_within_a_bed():
    facies, segment = beds(np.random.default_rng(1), 600_000, (0.25, 0.75), (8, 25))
    assert facies.mean() == pytest.approx(0.75, abs=0.01)
    assert np.all((np.diff(facies) == 0) | (np.diff(segment) == 1))


def test_the_first_bed_is_cut_at_a_random_place():
    starts = [np.bincount(beds(np.random.default_rng(k), 60, (0.5, 0.5), (8, 25))[1])[0] for k in range(300)]
    assert min(starts) == 1 and max(starts) > 20


def test_noise_shrinks_by_the_root_of_the_window_inside_of_beds():
    data = logs(np.random.default_rng(2), samples=60_000)
    gamma, segment = data["GR"].to_numpy(), data["SEGMENT"].to_numpy()
    level = np.array([0.25, 0.75])[data["FACIES"].to_numpy()]
    inside = np.zeros(len(gamma), bool)
    inside[1:-1] = segment[2:] == segment[:-2]
    assert (gamma - level)[inside].std() == pytest.approx(0.04 / np.sqrt(3), rel=0.02)
    assert gamma.min() >= 0 and gamma.max() <= 1


def test_a_log_without_noise_and_smoothing_is_its_levels():
    options = {"noise": 0.0, "smoothing_samples": 1, "levels": (0.1, 0.5, 0.9), "proportions": (0.2, 0.3, 0.5)}
    data = logs(np.random.default_rng(3), step_m=0.25, top_m=1200.5, **options)
    np.testing.assert_allclose(data["GR"], np.array([0.1, 0.5, 0.9])[data["FACIES"]], rtol=1e-6)
    assert data["depth"].to_numpy()[[0, 4]].tolist() == [1200.5, 1201.5] and data["depth"].units == "m"


def test_impossible_logs_say_what_is_possible():
    rng = np.random.default_rng(0)
    with pytest.raises(ConfigError, match=r"segment_samples = \[8, 25\]"):
        logs(rng, segment_samples=(25, 8))
    with pytest.raises(ConfigError, match=r"levels = \[0.25, 0.75\]"):
        logs(rng, levels=(0.5,))
    with pytest.raises(ConfigError, match="units and ranges"):
        logs(rng, noise=-1.0)


def test_each_population_follows_its_own_trend():
    data = porosity(np.random.default_rng(4), samples=20_000, share=0.3)
    assert float(data["population"].mean()) == pytest.approx(0.3, abs=0.01)
    for code, (intercept, slope) in enumerate([(6080.0, -8060.0), (4718.0, -6930.0)]):
        rows = data["population"].to_numpy() == code
        x, y = data["porosity"].to_numpy()[rows], data["velocity"].to_numpy()[rows]
        fit = np.polyfit(x.astype(float), y.astype(float), 1)
        np.testing.assert_allclose(fit, [slope, intercept], rtol=0.02)
        assert (y - np.polyval(fit, x)).std() == pytest.approx(120, rel=0.03)
        assert x.min() >= 0.02 and x.max() <= 0.35
    with pytest.raises(ConfigError, match=r"porosity_limits = \[0.1, 0.4\]"):
        porosity(np.random.default_rng(0), porosity_limits=(0.3, 0.1))
