"""The system of ordinary kriging: both forms say the same, and places left out have no say."""

import numpy as np

from outcrop.data.kriging import bordered, ordinary, toward

PLACES = np.random.default_rng(0).uniform(0, 10, (6, 2))
APART = np.linalg.norm(PLACES[:, None] - PLACES[None], axis=-1)
WANTED = np.linalg.norm(PLACES - 5.0, axis=-1)


def test_semivariances_and_covariances_give_the_same_weights():
    sill = 20.0  # C(h) = sill - gamma(h): the multiplier takes up the constant
    by_gamma, variance = ordinary(APART, WANTED)
    by_covariance, common = ordinary(sill - APART, sill - WANTED)
    np.testing.assert_allclose(by_gamma, by_covariance, atol=1e-9)
    np.testing.assert_allclose(by_gamma.sum(), 1)
    np.testing.assert_allclose(variance, sill - common, atol=1e-9)
    assert variance > 0


def test_at_a_known_place_it_has_all_the_weight_and_no_error():
    weight, variance = ordinary(APART, APART[2])
    np.testing.assert_allclose(weight, np.eye(6)[2], atol=1e-12)
    assert abs(variance) < 1e-12


def test_a_place_left_out_is_as_if_it_were_not_there():
    present = np.array([True, True, False, True, True, False])
    rows = np.stack([present, ~present, np.zeros(6, bool)])
    weight, variance = ordinary(np.stack([APART] * 3), np.stack([WANTED] * 3), rows)
    for row, kept in enumerate(rows[:2]):
        own, spread = ordinary(APART[np.ix_(kept, kept)], WANTED[kept])
        np.testing.assert_allclose(weight[row, kept], own)
        np.testing.assert_allclose(variance[row], spread)
        assert not weight[row, ~kept].any()
    assert not weight[2].any() and variance[2] == 1


def test_one_matrix_serves_many_columns():
    many = np.stack([WANTED, APART[0]])
    found = np.linalg.solve(bordered(APART), toward(many).T).T
    for row, wanted in zip(found, many, strict=True):
        np.testing.assert_allclose(row[:-1], ordinary(APART, wanted)[0], atol=1e-9)
