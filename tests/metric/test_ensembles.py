"""Every row of the table of metrics between ensembles: small for one law, large for another, and refusals in words."""

import numpy as np
import pytest

from outcrop.errors import ConfigError, DataError
from outcrop.metric.ensembles import ENSEMBLE_METRICS, compare, find_ensemble, fitting


def fields(rng, count, shape=(9, 7), variables=2):
    return rng.normal(size=(count, *shape, variables))


def as_facies(numbers):
    return (numbers[..., :1] > 0).astype(int) + (numbers[..., :1] > 1)


@pytest.mark.parametrize("kind", ["facies", "number"])
@pytest.mark.parametrize("name", ENSEMBLE_METRICS)
def test_a_row_works_and_says_what_it_is(name, kind):
    row, rng = ENSEMBLE_METRICS[name], np.random.default_rng(0)
    assert row.name == name and row.formula and row.source and row.words and row.better in ("lower", "one")
    real, samples, train = (fields(rng, count) for count in (40, 30, 50))
    if kind == "facies":
        real, samples, train = map(as_facies, (real, samples, train))
    if kind not in row.kinds:
        with pytest.raises(ConfigError, match="use one of"):
            compare(name, samples=samples, real=real, train=train)
        return
    right = compare(name, samples=samples, real=real, train=train)
    same = compare(name, samples=real, real=real, train=train)
    collapsed = np.repeat(train[:1], 30, axis=0)
    wrong = compare(name, samples=collapsed, real=real, train=train)
    assert np.isfinite([right, same, wrong]).all()
    if row.better == "one":
        assert wrong < 0.5 < right < 1.5 and same == pytest.approx(1)
    else:
        assert wrong > right
        assert same <= right + 0.06  # the share near training is 0.05 of any set against itself
        if row.needs != "train" and name != "mmd":
            assert same == pytest.approx(0, abs=1e-6)


def test_what_fits():
    assert fitting("number", 0, variables=2) == (
        "mean_shift", "spread_error", "wasserstein_1", "kolmogorov_smirnov", "energy", "mmd", "sliced_wasserstein_2",
        "nearest_other", "missing_modes", "modes",
    )  # fmt: skip
    assert "cross_plot" in fitting("number", 1, variables=2) and "cross_plot" not in fitting("number", 1)
    assert "euler_number" in fitting("facies", 3) and "euler_number" not in fitting("facies", 1)
    with pytest.raises(ConfigError, match="did you mean 'variogram'"):
        find_ensemble("variograms")


def test_ensembles_that_do_not_fit():
    rng = np.random.default_rng(1)
    real = fields(rng, 20)
    holed = real.copy()
    holed[3, 0] = np.nan
    for samples, words in (
        (real[:, :5], "has shape"), (as_facies(real).repeat(2, -1), "holds int64"), (holed, "in 1 of 20 realisations"),
    ):  # fmt: skip
        with pytest.raises(DataError, match=rf"(?s){words}.*give all in one form"):
            compare("energy", samples=samples, real=real)
    codes = as_facies(real)
    with pytest.raises(DataError, match="facies are one variable from 0 on"):
        compare("proportions", samples=codes - 1, real=codes)
    with pytest.raises(DataError, match="holds code 2 of 2 classes"):
        compare("proportions", samples=codes, real=codes, classes=2)


def test_numbers_are_in_units_of_real_spread():
    rng = np.random.default_rng(2)
    real = fields(rng, 200) * np.array([1000.0, 0.01])
    shifted = real + np.array([500.0, 0.005])
    assert compare("mean_shift", samples=shifted, real=real) == pytest.approx(0.5, rel=0.02)
    assert compare("wasserstein_1", samples=shifted, real=real) == pytest.approx(0.5, rel=0.02)
    assert compare("spread_error", samples=2 * real, real=real) == pytest.approx(np.log(2))
