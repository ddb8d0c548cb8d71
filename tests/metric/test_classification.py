"""Class metrics against numbers worked out by hand, and against scikit-learn."""

import numpy as np
import pytest

from outcrop.errors import DataError
from outcrop.metric import classification as metric
from outcrop.metric.missing import skipped

# true 0 0 0 1 1 2 and one sample without a label
TARGET = np.array([0, 0, 0, 1, 1, 2, -1])
PREDICTION = np.array([0, 0, 1, 1, 0, 3, 1])
COST = np.array([[0.0, 2.0, 3.0, 4.0], [1.0, 0.0, 2.0, 2.0], [3.0, 3.0, 0.0, 1.5], [1.0, 1.0, 1.0, 0.0]])


def test_confusion_matrix_is_true_by_predicted_and_skips_missing_targets():
    expected = [[2, 1, 0, 0], [1, 1, 0, 0], [0, 0, 0, 1], [0, 0, 0, 0]]
    assert metric.confusion_matrix(prediction=PREDICTION, target=TARGET, classes=4).tolist() == expected
    assert skipped(target=TARGET) == 1


def test_scores_by_hand():
    assert metric.accuracy(prediction=PREDICTION, target=TARGET) == pytest.approx(3 / 6)
    assert metric.balanced_accuracy(prediction=PREDICTION, target=TARGET) == pytest.approx((2 / 3 + 1 / 2 + 0) / 3)
    # F1 of class 0: 2*2/(3+3); of class 1: 2*1/(2+2); of class 2: 0; class 3 is never observed and does not count
    assert metric.macro_f1(prediction=PREDICTION, target=TARGET) == pytest.approx((4 / 6 + 2 / 4 + 0) / 3)
    # overlap of class 0: 2/(3+3-2); of class 1: 1/(2+2-1)
    assert metric.mean_iou(prediction=PREDICTION, target=TARGET) == pytest.approx((2 / 4 + 1 / 3 + 0) / 3)
    assert metric.expected_cost(prediction=PREDICTION, target=TARGET, cost=COST) == pytest.approx((2.0 + 1.0 + 1.5) / 6)


def test_per_class_by_hand_with_nan_where_undefined():
    table = metric.per_class(prediction=PREDICTION, target=TARGET, classes=4)
    np.testing.assert_allclose(table["precision"], [2 / 3, 1 / 2, np.nan, 0])
    np.testing.assert_allclose(table["recall"], [2 / 3, 1 / 2, 0, np.nan])
    assert table["support"].tolist() == [3, 2, 1, 0]
    assert table["predicted"].tolist() == [3, 2, 0, 1]


def test_log_loss_by_hand_and_bounded_for_an_excluded_class():
    probabilities = np.array([[0.5, 0.5], [0.2, 0.8], [np.nan, np.nan]])
    target = np.array([0, 1, -1])
    assert metric.log_loss(prediction=probabilities, target=target) == pytest.approx(-(np.log(0.5) + np.log(0.8)) / 2)
    assert metric.log_loss(prediction=np.array([[1.0, 0.0]]), target=np.array([1])) == pytest.approx(-np.log(1e-7))


def test_against_scikit_learn():
    import sklearn.metrics as peer

    rng = np.random.default_rng(0)
    target, prediction = rng.integers(0, 5, 400), rng.integers(0, 5, 400)
    ours = metric.macro_f1(prediction=prediction, target=target)
    assert ours == pytest.approx(peer.f1_score(target, prediction, average="macro"))
    ours = metric.balanced_accuracy(prediction=prediction, target=target)
    assert ours == pytest.approx(peer.balanced_accuracy_score(target, prediction))
    probabilities = rng.dirichlet(np.ones(5), 400)
    ours = metric.log_loss(prediction=probabilities, target=target)
    assert ours == pytest.approx(peer.log_loss(target, probabilities))


def test_sums_over_groups_add_up_to_the_whole_and_carry_weights():
    group = np.array([0, 1, 1, 0, 1, 0, 1])
    sums = metric.confusion_sums(PREDICTION, TARGET, group, 2, None, 4)
    assert sums.shape == (2, 4, 4)
    np.testing.assert_array_equal(
        sums.sum(axis=0), metric.confusion_matrix(prediction=PREDICTION, target=TARGET, classes=4)
    )
    twice = metric.confusion_sums(PREDICTION, TARGET, group, 2, np.full(7, 2.0), 4)
    np.testing.assert_array_equal(twice, 2 * sums)
    assert metric.accuracy_of_sums(sums).tolist() == pytest.approx([2 / 3, 1 / 3])


def test_missing_prediction_is_an_error_with_the_fix():
    with pytest.raises(DataError, match="predict every sample"):
        metric.accuracy(prediction=np.array([0, -1]), target=np.array([0, 1]))
    with pytest.raises(DataError, match="one prediction for every target"):
        metric.accuracy(prediction=np.array([0]), target=np.array([0, 1]))


def test_nothing_to_score_is_undefined():
    assert np.isnan(metric.accuracy(prediction=np.array([0, 1]), target=np.array([-1, -1])))
