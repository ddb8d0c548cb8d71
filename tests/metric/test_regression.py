"""Metrics of numbers against values worked out by hand."""

import numpy as np
import pytest

from outcrop.errors import DataError
from outcrop.metric import regression as metric

TARGET = np.array([1.0, 2.0, np.nan, 6.0])
PREDICTION = np.array([2.0, 2.0, 5.0, 3.0])


def test_scores_by_hand():
    # errors 1, 0, -3
    assert metric.rmse(prediction=PREDICTION, target=TARGET) == pytest.approx((10 / 3) ** 0.5)
    assert metric.mae(prediction=PREDICTION, target=TARGET) == pytest.approx(4 / 3)
    assert metric.bias(prediction=PREDICTION, target=TARGET) == pytest.approx(-2 / 3)
    # squares about the mean 3: 4 + 1 + 9
    assert metric.r2(prediction=PREDICTION, target=TARGET) == pytest.approx(1 - 10 / 14)
    assert metric.nse(prediction=PREDICTION, target=TARGET) == metric.r2(prediction=PREDICTION, target=TARGET)


def test_r2_of_a_constant_target_is_undefined():
    assert np.isnan(metric.r2(prediction=np.array([1.0, 2.0]), target=np.array([280.1, 280.1])))


def test_sums_over_groups_add_up():
    group = np.array([0, 1, 1, 1])
    sums = metric.error_sums(PREDICTION, TARGET, group, 3)
    assert sums.shape == (3, 6)
    assert float(metric.rmse_of_sums(sums.sum(axis=0))) == pytest.approx(
        metric.rmse(prediction=PREDICTION, target=TARGET)
    )
    np.testing.assert_allclose(metric.rmse_of_sums(sums), [1.0, 4.5**0.5, np.nan])


def test_weights_stand_for_unequal_areas():
    weight = np.array([3.0, 1.0, 1.0, 0.0])
    sums = metric.error_sums(PREDICTION, TARGET, np.zeros(4, dtype=int), 1, weight)
    assert float(metric.mae_of_sums(sums[0])) == pytest.approx(3 / 4)


def test_missing_prediction_is_an_error_with_the_fix():
    with pytest.raises(DataError, match="predict every sample"):
        metric.rmse(prediction=np.array([np.nan]), target=np.array([1.0]))
