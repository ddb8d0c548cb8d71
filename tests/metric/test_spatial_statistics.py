"""Spatial statistics against closed forms: Markov chains, exponential covariance, shapes counted by hand."""

import numpy as np
import pytest

from outcrop.metric import spatial


def chain(rng, count, length, stay):
    """Logs of two facies that stay with the given probabilities, from the stationary law."""
    logs = np.empty((count, length), int)
    logs[:, 0] = rng.random(count) < (1 - stay[0]) / (2 - stay[0] - stay[1])
    for place in range(1, length):
        keeps = rng.random(count) < np.where(logs[:, place - 1] == 0, *stay)
        logs[:, place] = np.where(keeps, logs[:, place - 1], 1 - logs[:, place - 1])
    return logs


STAY = (0.9, 0.7)


def test_a_markov_chain_has_its_proportions_run_lengths_and_variogram():
    logs = chain(np.random.default_rng(0), 400, 500, STAY)
    shares = spatial.proportions(logs, 2).mean(axis=0)
    np.testing.assert_allclose(shares, [0.75, 0.25], atol=0.01)
    counts = spatial.run_lengths(logs, 2).sum(axis=0)
    assert counts @ np.arange(1, 501) == pytest.approx(shares * logs.size)
    for kind, stay in enumerate(STAY):  # geometric
        np.testing.assert_allclose(counts[kind, :4] / counts[kind].sum(), (1 - stay) * stay ** np.arange(4), atol=0.01)
    half = spatial.indicator_variogram(logs, 2).mean(axis=0)
    lags = np.array([lag for _, lag in spatial.lags((500,))])
    expected = 0.75 * 0.25 * (1 - (STAY[0] + STAY[1] - 1) ** lags)
    np.testing.assert_allclose(half, [expected, expected], atol=0.006)


def test_run_lengths_along_both_axes_by_hand():
    image = np.array([[[0, 0, 1], [1, 0, 1]]])
    assert spatial.run_lengths(image, 2, axis=0)[0].astype(int).tolist() == [[1, 1], [1, 1]]
    assert spatial.run_lengths(image, 2, axis=1)[0].astype(int).tolist() == [[1, 1, 0], [3, 0, 0]]
    assert spatial.run_lengths(image, 3, axis=1)[0, 2].sum() == 0


def test_distance_of_run_lengths_is_that_of_the_means_where_one_is_longer():
    one, two, none = np.zeros((3, 1, 1, 6))
    one[..., 0], two[..., 2] = 5, 7
    assert spatial.run_length_distance(one, two) == pytest.approx(2)
    assert spatial.run_length_distance(none, two) == pytest.approx(3)


def test_the_variogram_of_an_exponential_covariance():
    rng, reach, length = np.random.default_rng(1), 5.0, 100
    covariance = np.exp(-np.abs(np.subtract.outer(np.arange(length), np.arange(length))) / reach)
    fields = rng.normal(size=(4000, length)) @ np.linalg.cholesky(covariance).T
    found = spatial.variogram(fields[..., None]).mean(axis=0)[0]
    lags = np.array([lag for _, lag in spatial.lags((length,))])
    np.testing.assert_allclose(found, 1 - np.exp(-lags / reach), atol=0.03)


def test_lags_of_two_axes_are_told_apart():
    ramp = np.broadcast_to(np.arange(6.0)[:, None], (2, 6, 4))[..., None]
    expected = [lag**2 / 2 if axis == 0 else 0 for axis, lag in spatial.lags((6, 4))]
    assert spatial.variogram(ramp)[0, 0].tolist() == expected


def test_the_spectrum_of_white_noise_is_flat_and_a_wave_is_in_its_ring():
    rng = np.random.default_rng(2)
    rows = spatial.radial_spectrum(rng.normal(size=(600, 16, 24, 1)))
    assert rows.shape == (600, 1, 8)
    assert np.ptp(rows.mean(axis=0)) < 0.1 * rows.mean()
    wave = np.sin(2 * np.pi * 4 * np.arange(32) / 32)[None, :, None]
    assert spatial.radial_spectrum(wave)[0, 0].argmax() == 3  # the fourth ring
    assert spatial.spectral_distance(10 * rows, rows) == pytest.approx(10)


def test_connectivity_by_hand():
    image = np.array([[[1, 1, 0, 1]] * 2])
    pairs = spatial.connected_pairs(image, 2)[0, 1]
    by_lag = dict(zip(spatial.lags((2, 4)), pairs.astype(int).tolist(), strict=True))
    assert by_lag[0, 1] == [3, 3] and by_lag[1, 1] == [2, 2] and by_lag[1, 2] == [0, 2]


def test_realisations_are_not_neighbours():
    one = np.array([[1, 0, 1, 1, 0, 0]])
    both = np.concatenate([one, one[:, ::-1]])
    expected = np.concatenate([spatial.connected_pairs(each, 2) for each in (one, one[:, ::-1])])
    np.testing.assert_array_equal(spatial.connected_pairs(both, 2), expected)


def test_connectivity_distance_between_a_whole_and_a_scattered_facies():
    whole = np.ones((3, 8, 8), int)
    whole[:, :, 4] = 0
    joined = np.ones((3, 8, 8), int)
    first, second = (spatial.connected_pairs(each, 2) for each in (whole, joined))
    assert spatial.connectivity_distance(first, first) == 0
    assert 0.1 < spatial.connectivity_distance(first, second) < 1


@pytest.mark.parametrize(
    ("shape", "expected"),
    [("#.#", 2), ("####\n#..#\n####", 0), ("#.\n.#", 2), ("....", 0), ("###\n###", 1)],
    ids=["two bodies", "a hole", "corners do not touch", "nothing", "a block"],
)
def test_euler_number_in_two_dimensions(shape, expected):
    image = np.array([[[cell == "#" for cell in line] for line in shape.split("\n")]]).astype(int)
    assert spatial.euler_number(image, 2)[0, 1] == expected


def test_euler_number_in_three_dimensions():
    ring = np.ones((1, 3, 3, 1), int)
    ring[0, 1, 1] = 0
    shell = np.ones((1, 3, 3, 3), int)
    shell[0, 1, 1, 1] = 0
    assert spatial.euler_number(ring, 2)[0, 1] == 0  # one body less one tunnel
    assert spatial.euler_number(shell, 2)[0, 1] == 2  # one body and one cavity
