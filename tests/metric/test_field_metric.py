"""The relative error of fields, by hand: means over fields, groups, gaps."""

import numpy as np

from outcrop.evaluate.scored import Scored
from outcrop.metric.field import relative_l2, relative_l2_of_sums, relative_l2_sums

FIELD = np.array([0, 0, 1, 1, 2, 2])
TARGET = np.array([3.0, 4.0, 0.0, 10.0, 0.0, 0.0])
PREDICTION = np.array([3.0, 5.0, 0.0, 5.0, 1.0, 1.0])


def test_the_mean_over_fields_leaves_out_those_that_are_zero():
    assert relative_l2(prediction=PREDICTION, target=TARGET, field=FIELD) == 0.35  # 1/5 and 1/2
    flat = relative_l2(prediction=PREDICTION, target=TARGET)
    np.testing.assert_allclose(flat, np.linalg.norm(PREDICTION - TARGET) / np.linalg.norm(TARGET))


def test_groups_hold_their_fields_and_gaps_are_skipped():
    group = np.array([0, 0, 0, 0, 1, 1])
    sums = relative_l2_sums(PREDICTION, TARGET, group, 3, field=FIELD)
    np.testing.assert_allclose(sums, [[2, 0.7], [0, 0], [0, 0]])
    assert np.isnan(relative_l2_of_sums(sums)[1:]).all()
    gap = np.where(np.arange(6) == 1, np.nan, TARGET)
    assert relative_l2(prediction=PREDICTION, target=gap, field=FIELD) == 0.25  # the first field is right elsewhere
    assert np.isnan(relative_l2(prediction=PREDICTION[4:], target=TARGET[4:]))


def test_a_field_is_a_record_of_the_scored_table():
    table = Scored(FIELD, ("a", "b", "c"), np.arange(6), TARGET, {"model": PREDICTION})
    assert table.value("relative_l2", "model") == 0.35
