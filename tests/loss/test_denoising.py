"""The denoising loss against closed forms: the best denoiser of Gaussian data is linear, what it leaves is known."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from outcrop.errors import ConfigError
from outcrop.loss.denoising import Denoising, denoising
from outcrop.loss.generated import sometimes_dropped
from outcrop.loss.table import build
from outcrop.process import noise
from outcrop.records import Batch

KEY, SPREAD = jax.random.key(3), 0.5


@pytest.fixture(autouse=True)
def strict():
    with jax.numpy_dtype_promotion("strict"), jax.numpy_rank_promotion("raise"):
        yield


def compiled(loss, network, batch, key):
    """Value, weight and parts."""
    return jax.jit(lambda batch, key: loss.loss(network, None, batch, key)[:3])(batch, key)


def gaussian(count=30_000):
    data = SPREAD * jax.random.normal(jax.random.key(0), (count, 1))
    return Batch(jnp.zeros((count, 0)), data, jnp.ones((count, 1)))


def best(predicts, extra=0.0):
    """What a network must answer so that D = s^2 / (s^2 + sigma^2) x, and `extra` more."""

    def network(scaled, t, condition, *, key=None):
        sigma = jnp.exp(4 * t)
        c = noise.coefficients(predicts)(sigma, 1.0)
        x = scaled / c.c_in
        return (SPREAD**2 / (SPREAD**2 + sigma**2) - c.c_skip) * x / c.c_out + extra

    return network


@pytest.mark.parametrize("sigma", [0.1, 3.0])
@pytest.mark.parametrize("predicts", noise.PREDICTIONS)
def test_what_the_best_denoiser_leaves(predicts, sigma):
    """E |D - data|^2 = s^2 sigma^2 / (s^2 + sigma^2), weighted by 1 / c_out^2."""
    loss = Denoising(predicts, level_mean=float(np.log(sigma)), level_spread=1e-7)
    c_out = float(noise.coefficients(predicts)(jnp.asarray(sigma), 1.0).c_out)
    expected = SPREAD**2 * sigma**2 / (SPREAD**2 + sigma**2) / c_out**2
    batch = gaussian()
    value, worse = (compiled(loss, best(predicts, extra), batch, KEY)[0] for extra in (0.0, 0.3))
    assert float(value) == pytest.approx(expected, rel=0.03)
    assert float(worse - value) == pytest.approx(0.09, abs=0.025)  # a network that is off by 0.3 at all levels


def test_data_of_the_stated_spread_leave_one():
    """c_skip x is the best denoiser then, F = 0 the best answer, and its loss is 1 at every level."""
    loss = denoising(sigma_data=SPREAD)
    value, _, parts = compiled(loss, lambda x, t, c, *, key: 0.0 * x, gaussian(), KEY)
    for number in (value, *parts.values()):
        assert float(number) == pytest.approx(1.0, rel=0.05)
    assert set(parts) == {"much_noise", "some_noise", "little_noise"}


def test_the_denoiser_of_a_network():
    for predicts in noise.PREDICTIONS:
        denoise = Denoising(predicts).denoiser(best(predicts))
        for sigma in (0.3, 3.0):
            exact = SPREAD**2 / (SPREAD**2 + sigma**2) * 2.0
            assert float(denoise(jnp.asarray([2.0]), jnp.asarray(sigma))[0]) == pytest.approx(exact, rel=1e-4)


@pytest.mark.parametrize("schedule", ["edm", "linear", "cosine"])
def test_levels_are_those_of_the_schedule(schedule):
    loss = denoising(schedule=schedule)
    drawn = np.asarray(jax.jit(lambda key: loss.drawn(key, 30_000))(KEY))
    low, high = loss.edges
    np.testing.assert_allclose([(drawn < low).mean(), (drawn < high).mean()], [1 / 3, 2 / 3], atol=0.01)
    if schedule == "edm":
        np.testing.assert_allclose([np.log(drawn).mean(), np.log(drawn).std()], [-1.2, 1.2], atol=0.03)
    else:
        known = noise.sigmas_of(getattr(noise, f"{schedule}_schedule")())
        assert np.isin(drawn, known.astype(np.float32)).all()
    levels = loss.levels(10)
    assert len(levels) == 11 and levels[-1] == 0 and 0.001 < levels[-2] < 0.02 and 70 < levels[0] <= 160


def test_what_is_missing_counts_for_nothing():
    data = jax.random.normal(KEY, (4, 6, 2))
    weight = jnp.ones((4, 6)).at[1].set(0.0)

    @jax.jit
    @jax.value_and_grad
    def value(scale, target):
        return denoising().loss(lambda x, t, c, *, key: scale * x, None, Batch(None, target, weight)).value

    (first, slope), (other, _) = (value(0.5, data.at[1].set(missing)) for missing in (jnp.nan, 9.0))
    assert float(first) == float(other) and bool(jnp.isfinite(slope))
    assert float(denoising().loss(lambda x, t, c, *, key: x, None, Batch(None, data, weight)).weight) == 36


def test_validation_draws_the_same_levels_and_several():
    batch, seen = gaussian(5), []

    def network(x, t, condition, *, key):
        jax.debug.callback(lambda t: seen.append(float(t)), t)
        return 0.0 * x

    first, again = (denoising().loss(network, None, batch) for _ in range(2))
    jax.effects_barrier()
    assert float(first.value) == float(again.value) and float(first.weight) == 5
    assert len(seen) == 40 and len(set(seen)) == 20  # four of each example, twice
    values = [float(denoising().loss(network, None, batch, jax.random.key(number)).value) for number in range(2)]
    assert values[0] != values[1]


def test_a_share_of_conditions_is_dropped_in_training_alone():
    condition = jnp.ones((4000, 3, 2))
    told = np.asarray(sometimes_dropped(condition, 0.2, KEY)).reshape(4000, -1).sum(axis=1)
    assert set(told) == {0.0, 6.0}  # as a whole
    assert (told == 0).mean() == pytest.approx(0.2, abs=0.02)
    network = lambda x, t, c, *, key=None: 0.0 * x + c[:1]  # noqa: E731
    batch, loss = Batch(jnp.ones((50, 1)), jnp.zeros((50, 1)), jnp.ones((50, 1))), denoising(condition_dropout=0.5)
    assert float(loss.loss(network, None, batch).value) == float(denoising().loss(network, None, batch).value)
    assert float(loss.loss(network, None, batch, KEY).value) < float(denoising().loss(network, None, batch, KEY).value)


@pytest.mark.parametrize(
    ("arguments", "fix"),
    [
        ({"schedule": "linear", "noise_steps": 100}, r'Fix: schedule = "cosine"; or more steps'),
        ({"schedule": "cosin"}, r"did you mean 'cosine'\?[\s\S]*Fix: choose one of edm, linear, cosine"),
        ({"predicts": "score"}, "Fix: choose one of edm, noise, data, velocity"),
        ({"condition_dropout": 1.0}, "Fix: condition_dropout = 0.1"),
    ],
)
def test_what_cannot_be_is_refused_with_a_fix(arguments, fix):
    with pytest.raises(ConfigError, match=fix):
        build("denoising", "number", arguments=arguments)


def test_a_target_without_channels_is_refused():
    with pytest.raises(ConfigError, match=r"Fix: both as \(example, \*place, channel\)"):
        denoising().loss(
            lambda x, t, c, *, key: x, None, Batch(jnp.ones((3, 5, 2)), jnp.ones((3, 5)), jnp.ones((3, 5)))
        )
