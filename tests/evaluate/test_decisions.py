"""From probabilities to a class, by probability or by expected cost."""

import numpy as np
import pytest

from outcrop.errors import ConfigError
from outcrop.evaluate.decisions import decide

COST = np.array([[0.0, 1.0, 4.0], [1.0, 0.0, 4.0], [9.0, 9.0, 0.0]])
UNSURE = np.array([[0.5, 0.2, 0.3], [0.1, 0.9, 0.0], [np.nan, 0.5, 0.5]])


def test_argmax_and_least_expected_cost_by_hand():
    assert decide(UNSURE).tolist() == [0, 1, -1]
    # expected costs of row 0: 0.2 + 2.7, 0.5 + 2.7, 2.0 + 0.8: the third class is cheapest though least expected
    assert decide(UNSURE, COST).tolist() == [2, 1, -1]
    assert decide(UNSURE, COST, "argmax").tolist() == [0, 1, -1]


def test_errors_say_what_to_do():
    with pytest.raises(ConfigError, match="add cost = "):
        decide(UNSURE, None, "cost")
    with pytest.raises(ConfigError, match="did you mean 'argmax'"):
        decide(UNSURE, None, "argmx")
