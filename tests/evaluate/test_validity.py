"""The area of validity: distance, calibration, saving, refusals."""

import numpy as np
import pytest

from outcrop.errors import BundleError, DataError, NotTrainedError
from outcrop.evaluate.validity import Validity


def inputs(size, seed, shift=0.0):
    return (np.random.default_rng(seed).normal(size=(size, 3)) + shift).astype(np.float32)


def test_distance_by_hand():
    train = np.array([[0.0, 0.0], [2.0, 0.0], [50.0, 50.0]], dtype=np.float32)
    validity = Validity.fit(train, neighbours=2)
    # from (0, 0): 0 and 2, mean 1, over the square root of two channels
    np.testing.assert_allclose(validity.score(np.array([[0.0, 0.0], [np.nan, 0.0]])), [1 / 2**0.5, np.nan])


def test_calibrated_share_is_inside_and_strangers_are_not():
    validity = Validity.fit(inputs(5000, 0)).calibrate(inputs(3000, 1))
    assert validity.valid(inputs(3000, 2)).mean() == pytest.approx(0.95, abs=0.02)
    assert not validity.valid(inputs(100, 3, shift=8.0)).any()
    assert not validity.valid(np.full((1, 3), np.nan)).any()


def test_arrays_bring_the_same_bits_back():
    validity = Validity.fit(inputs(300, 0)).calibrate(inputs(100, 1))
    back = Validity.from_arrays(validity.to_arrays())
    np.testing.assert_array_equal(back.score(inputs(50, 2)), validity.score(inputs(50, 2)))
    assert back.threshold == validity.threshold
    assert Validity.from_arrays(Validity.fit(inputs(9, 0)).to_arrays()).threshold is None


def test_errors_say_what_to_do():
    validity = Validity.fit(inputs(30, 0))
    with pytest.raises(NotTrainedError, match="calibrate"):
        validity.valid(inputs(3, 1))
    with pytest.raises(DataError, match="encode the record with the normaliser"):
        validity.score(np.zeros((3, 2)))
    with pytest.raises(DataError, match="fill missing inputs"):
        Validity.fit(np.full((3, 2), np.nan))
    with pytest.raises(DataError, match="hold out validation records"):
        validity.calibrate(np.full((3, 3), np.nan))
    with pytest.raises(BundleError, match="write the model file again"):
        Validity.from_arrays({"representatives": np.zeros((3, 2))})
