"""Baselines on numbered lines, by hand: sections of two levels and two columns."""

from dataclasses import replace

import numpy as np
import pytest

from outcrop.errors import DataError
from outcrop.evaluate.baselines import Table, Task, fit_predict


def lines(numbers, targets):
    """One row per cell of each line: cells 0, 1 at level 0 and 2, 3 at level 1."""
    size = 4 * len(numbers)
    where = {"line": np.repeat(np.asarray(numbers, float), 4), "cell": np.tile([0, 1, 2, 3], len(numbers)),
             "level": np.tile([0, 0, 1, 1], len(numbers))}  # fmt: skip
    return Table(np.empty((size, 0), np.float32), np.asarray(targets), np.ones(size), **where)


def test_the_nearest_line_is_copied_cell_by_cell():
    train = lines([10, 20], [0, 0, 1, 1, 2, 1, 1, 0])
    asked = lines([11, 15, 16, 99], [0] * 16)
    copied = fit_predict("nearest_line", train, asked, Task(3))
    assert copied.values.reshape(4, 4).tolist() == [[0, 0, 1, 1], [0, 0, 1, 1], [2, 1, 1, 0], [2, 1, 1, 0]]
    assert set(np.unique(copied.probabilities)) == {0.0, 1.0}


def test_a_validation_line_is_known_too():
    train, held, asked = lines([10], [0, 0, 1, 1]), lines([30], [2, 2, 2, 2]), lines([28], [0] * 4)
    assert fit_predict("nearest_line", train, asked, Task(3), validation=held).values.tolist() == [2] * 4
    assert fit_predict("nearest_line", train, asked, Task(3)).values.tolist() == [0, 0, 1, 1]


def test_a_cell_without_label_on_the_nearest_line_gets_what_is_usual():
    train = lines([10, 20], [0, 0, 1, -1, 2, 1, 1, 1])
    values = fit_predict("nearest_line", train, lines([12], [0] * 4), Task(3)).values
    assert values.tolist() == [0, 0, 1, 1]
    depths = lines([10, 20], [5.0, 6.0, np.nan, 8.0, 1.0, 2.0, 3.0, 4.0])
    copied = fit_predict("nearest_line", depths, lines([12], [0.0] * 4)).values
    assert copied == pytest.approx([5.0, 6.0, 29 / 7, 8.0])


def test_every_level_has_its_usual_answer():
    train = lines([10, 20], [0, 0, 1, 1, 0, 2, 1, 2])
    found = fit_predict("level", train, lines([99], [0] * 4), Task(3))
    np.testing.assert_allclose(found.probabilities[[0, 2]], [[0.75, 0, 0.25], [0, 0.75, 0.25]])
    depths = lines([10], [1.0, 3.0, 5.0, 9.0])
    assert fit_predict("level", depths, lines([99], [0.0] * 4)).values.tolist() == [2, 2, 7, 7]
    deeper = replace(lines([99], [0.0] * 4), level=np.array([0, 1, 2, 3]))
    assert fit_predict("level", depths, deeper).values == pytest.approx([2, 7, 4.5, 4.5])


@pytest.mark.parametrize("name", ["nearest_line", "level"])
def test_without_lines_the_promise_is_asked_for(name):
    bare = Table(np.empty((3, 0), np.float32), np.ones(3))
    with pytest.raises(DataError, match=r"promise = \{wider"):
        fit_predict(name, bare, bare)
