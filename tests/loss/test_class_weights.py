"""Class weights by hand."""

import numpy as np
import pytest

from outcrop.errors import ConfigError
from outcrop.loss.class_weights import class_weights

COUNTS = [100, 300, 0, 600]


@pytest.mark.parametrize("rule", ["balanced", "sqrt"])
def test_mean_over_training_samples_is_one(rule):
    factors = class_weights(rule, COUNTS)
    np.testing.assert_allclose((factors * COUNTS).sum() / 1000, 1.0)
    assert factors[2] == 1


def test_balanced_gives_every_class_the_same_total_and_sqrt_half_of_that_in_logarithm():
    balanced, root = class_weights("balanced", COUNTS), class_weights("sqrt", COUNTS)
    np.testing.assert_allclose(balanced[0] / balanced[3], 6)
    np.testing.assert_allclose(root[0] / root[3], np.sqrt(6))


def test_named_factors_by_code_or_name():
    table = {"codes": (30000, 65000), "names": ("Sandstone", "Shale")}
    np.testing.assert_array_equal(class_weights({"30000": 2.0}, [1, 1], **table), [2, 1])
    np.testing.assert_array_equal(class_weights({"Shale": 0.5}, [1, 1], **table), [1, 0.5])
    with pytest.raises(ConfigError, match=r"did you mean 'Shale'\?\)[\s\S]*Fix: use one of 30000, 65000"):
        class_weights({"Shales": 1.0}, [1, 1], **table)


def test_none_and_unknown_rules():
    assert class_weights("none", COUNTS) is None
    assert class_weights("balanced", []) is None
    with pytest.raises(ConfigError, match="Fix: choose one of none, balanced, sqrt"):
        class_weights("balance", COUNTS)
