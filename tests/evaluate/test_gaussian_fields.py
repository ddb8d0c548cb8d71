"""Gaussian fields against their covariance, GSTools' models and kriging, and the exact conditional law."""

import numpy as np
import pytest

from gridded_files import need
from outcrop.evaluate.gaussian_fields import MODELS, Correlation, Kriging, fitted, mean_correlation, simulate
from outcrop.metric.spatial import lags

SHAPE = (7, 5)
PLACES = np.indices(SHAPE).reshape(2, -1).T
CELLS = np.array([[0, 0], [3, 4], [6, 2]])
VALUES = np.array([1.5, -1.0, 0.5])


@pytest.mark.parametrize("model", MODELS)
def test_models_and_kriging_are_those_of_gstools(model):
    need("gstools")
    import gstools

    own = Correlation(model, (4.0, 2.0), 0.0)
    theirs = getattr(gstools, model.capitalize())(dim=2, len_scale=[4.0, 2.0], rescale=1.0)
    offset = PLACES - PLACES[0]
    np.testing.assert_allclose(own.of(offset), theirs.cor_spatial(offset.T.astype(float)), atol=1e-9)
    for kind, ordinary in (("Simple", False), ("Ordinary", True)):
        krige = getattr(gstools.krige, kind)(theirs, CELLS.T.astype(float), VALUES)
        field, variance = krige(PLACES.T.astype(float))
        found = Kriging.of(own, CELLS, SHAPE, ordinary=ordinary)
        np.testing.assert_allclose(found.mean(VALUES).ravel(), field, atol=1e-5)
        if not ordinary:  # of ordinary kriging the library's variance is that of the simple one plus the mean's
            np.testing.assert_allclose(found.variance.ravel(), variance, atol=1e-5)


@pytest.mark.parametrize(
    "correlation", [Correlation("exponential", (3.0, 1.5), 0.2), Correlation("spherical", (4.0, 4.0))]
)
def test_free_fields_have_the_covariance(correlation):
    fields = simulate(correlation, SHAPE, 20000, np.random.default_rng(0)).reshape(20000, -1)
    np.testing.assert_allclose(fields.mean(axis=0), 0, atol=0.04)
    np.testing.assert_allclose(np.cov(fields.T), correlation.between(PLACES, PLACES), atol=0.05)


def test_real_and_imaginary_part_are_independent():
    fields = simulate(Correlation("exponential", (3.0, 3.0)), SHAPE, 20000, np.random.default_rng(1))
    assert abs(np.corrcoef(fields[::2, 2, 2], fields[1::2, 2, 2])[0, 1]) < 0.03
    assert simulate(Correlation("gaussian", (2.0,)), (9,), 3, np.random.default_rng(1)).shape == (3, 9)


def test_conditioned_fields_are_draws_of_the_exact_conditional_law():
    correlation = Correlation("exponential", (3.0, 2.0), 0.1)
    kriging = Kriging.of(correlation, CELLS, SHAPE)
    fields = kriging.condition(simulate(correlation, SHAPE, 20000, np.random.default_rng(2)), VALUES)
    gain = correlation.between(PLACES, CELLS) @ np.linalg.inv(correlation.between(CELLS, CELLS))
    mean = gain @ VALUES
    covariance = correlation.between(PLACES, PLACES) - gain @ correlation.between(CELLS, PLACES)
    flat = fields.reshape(20000, -1)
    np.testing.assert_allclose(flat.mean(axis=0), mean, atol=0.04)
    np.testing.assert_allclose(np.cov(flat.T), covariance, atol=0.05)
    np.testing.assert_allclose(kriging.variance.ravel(), np.diag(covariance), atol=1e-5)
    assert (fields[(slice(None), *CELLS.T)] == VALUES).all()


@pytest.mark.parametrize("model", MODELS)
def test_a_model_is_found_again(model):
    known, shape = Correlation(model, (6.0, 3.0), 0.1), (40, 30)
    offsets = np.array([[lag, 0] if axis == 0 else [0, lag] for axis, lag in lags(shape)])
    found = fitted(known.of(offsets), shape)
    assert found.model == model and found.nugget == pytest.approx(0.1, abs=1e-3)
    assert found.ranges == pytest.approx((6.0, 3.0), rel=1e-2)


def test_the_correlation_of_fields_is_found():
    known = Correlation("exponential", (4.0,), 0.0)
    fields = simulate(known, (200,), 400, np.random.default_rng(3))[..., None] * 7 + 3
    expected = known.of(np.array([[lag] for _, lag in lags((200,))]))
    np.testing.assert_allclose(mean_correlation(fields), expected, atol=0.04)
    assert not mean_correlation(np.ones((3, 8, 1))).any()
