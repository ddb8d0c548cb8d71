"""Roll-outs judged: a perfect one, one that stands still, one that grows, and shapes that are no roll-out."""

import numpy as np
import pytest

from outcrop.errors import DataError
from outcrop.evaluate.rollout import stability

TRUTH = np.random.default_rng(0).normal(size=(1, 3, 8)) * np.linspace(1, 0.5, 6)[:, None, None]


def test_the_truth_itself_is_stable():
    told = stability(TRUTH, TRUTH)
    assert told.error.shape == (5, 3) and told.error.max() == 0 and (told.growth == 1).all()
    assert not told.worse.any() and not told.blown_up.any()
    assert told.sentence.endswith("0 of 3 simulations were at some step no better than standing still, 0 blew up.")


def test_standing_still_is_no_better_than_itself():
    told = stability(np.repeat(TRUTH[:1], 6, axis=0), TRUTH)
    np.testing.assert_array_equal(told.error, told.persistence)
    assert told.worse.tolist() == [1, 1, 1] and not told.blown_up.any()


def test_one_that_grows_is_found_at_its_step():
    own = TRUTH.copy()
    own[3:, 1] *= 10  # norm 7 times the largest one of the truth
    own[4:, 2] = np.nan
    told = stability(own, TRUTH)
    assert told.blown_up.tolist() == [0, 3, 4] and told.worse.tolist() == [0, 3, 4]
    assert told.growth[2, 1] == pytest.approx(10) and np.isinf(told.error[3, 2])
    assert "2 blew up" in told.sentence


@pytest.mark.parametrize("shape", [(6, 3, 7), (1, 3, 8)])
def test_other_shapes_are_refused(shape):
    with pytest.raises(DataError, match=r"Fix: give both as \(time, example, \*size\)"):
        stability(np.ones(shape), TRUTH[: shape[0]])
