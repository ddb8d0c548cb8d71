"""Noise levels, schedules and what networks answer with, against closed forms."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from outcrop.errors import ConfigError
from outcrop.process.noise import (
    PREDICTIONS,
    check_schedule,
    coefficients,
    cosine_schedule,
    denoiser,
    karras_levels,
    linear_schedule,
    lognormal,
    sigmas_of,
    stepped,
)

SPREAD = 0.5


@pytest.mark.parametrize("name", PREDICTIONS)
@pytest.mark.parametrize("sigma", [0.01, 0.5, 20.0])
def test_the_right_answer_of_the_network_gives_the_data_back(name, sigma):
    keys = jax.random.split(jax.random.key(0))
    data, noise = SPREAD * jax.random.normal(keys[0], (7, 3)), jax.random.normal(keys[1], (7, 3))
    c = coefficients(name)(jnp.asarray(sigma), SPREAD)
    x = data + sigma * noise
    answer = (data - c.c_skip * x) / c.c_out
    network = denoiser(lambda scaled, level: answer, name, SPREAD)
    np.testing.assert_allclose(network(x, jnp.asarray(sigma)), data, atol=2e-5)


def test_answers_are_what_their_names_say():
    sigma = jnp.asarray(0.7)
    data, noise = jnp.asarray([0.3]), jnp.asarray([-1.1])
    x = data + sigma * noise
    alpha = 1 / jnp.sqrt(1 + sigma**2)
    wanted = {"noise": noise, "data": data, "velocity": alpha * noise - sigma * alpha * data}
    for name, answer in wanted.items():
        c = coefficients(name)(sigma, 1.0)
        np.testing.assert_allclose((data - c.c_skip * x) / c.c_out, answer, rtol=1e-5)


@pytest.mark.parametrize("sigma", [0.02, 0.5, 30.0])
def test_inputs_and_answers_of_edm_have_unit_variance(sigma):
    keys = jax.random.split(jax.random.key(1))
    data, noise = SPREAD * jax.random.normal(keys[0], (200_000,)), jax.random.normal(keys[1], (200_000,))
    c = coefficients("edm")(jnp.asarray(sigma), SPREAD)
    x = data + sigma * noise
    assert float(jnp.std(c.c_in * x)) == pytest.approx(1, abs=0.01)
    assert float(jnp.std((data - c.c_skip * x) / c.c_out)) == pytest.approx(1, abs=0.01)


def test_schedules_leave_no_signal():
    for schedule in (linear_schedule(), cosine_schedule(), cosine_schedule(50)):
        assert check_schedule(schedule) is not None and np.sqrt(schedule[-1]) < 0.05
    with pytest.raises(ConfigError, match=r'schedule = "cosine"'):
        check_schedule(linear_schedule(40, 1e-4, 0.03))  # keeps 74 % of the amplitude
    with pytest.raises(ConfigError, match="must fall"):
        check_schedule(np.array([0.5, 0.6, 0.001]))
    with pytest.raises(ConfigError, match="to more than 0"):
        check_schedule(np.array([0.5, 0.001, 0.0]))


def test_levels_of_a_schedule_are_those_of_its_process():
    alpha_bar = cosine_schedule(20)
    sigma = sigmas_of(alpha_bar)
    np.testing.assert_allclose(1 / (1 + sigma**2), alpha_bar, rtol=1e-12)
    drawn = np.asarray(stepped(jax.random.key(0), alpha_bar, (4000,)))
    assert set(np.unique(drawn)) <= set(sigma.astype(np.float32))
    assert np.bincount(np.searchsorted(np.sort(sigma.astype(np.float32)), drawn)).min() > 120  # 200 expected


def test_sampling_levels_fall_to_zero():
    levels = karras_levels(18)
    assert len(levels) == 19 and levels[0] == pytest.approx(80) and levels[-2] == pytest.approx(0.002)
    assert levels[-1] == 0 and np.all(np.diff(levels) < 0)
    with pytest.raises(ConfigError, match=r"low = 0\.002"):
        karras_levels(10, 1.0, 0.5)


def test_training_levels_are_lognormal():
    drawn = np.log(np.asarray(lognormal(jax.random.key(2), (100_000,))))
    assert drawn.mean() == pytest.approx(-1.2, abs=0.02) and drawn.std() == pytest.approx(1.2, abs=0.02)


def test_an_answer_that_is_not_known():
    with pytest.raises(ConfigError, match="did you mean 'velocity'") as raised:
        coefficients("velocty")
    assert "choose one of edm, noise, data, velocity" in str(raised.value)
