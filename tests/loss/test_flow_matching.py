"""Flow matching against closed forms of Gaussian data, and pairs of noise and data within a compiled step."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from outcrop.errors import ConfigError
from outcrop.loss.flow import Flow, flow, paired
from outcrop.loss.table import build
from outcrop.records import Batch

KEY, SPREAD = jax.random.key(3), 0.5


@pytest.fixture(autouse=True)
def strict():
    with jax.numpy_dtype_promotion("strict"), jax.numpy_rank_promotion("raise"):
        yield


def compiled(loss, network, batch):
    return float(jax.jit(lambda batch: loss.loss(network, None, batch, KEY).value)(batch))


def gaussian(count=30_000):
    data = SPREAD * jax.random.normal(jax.random.key(0), (count, 1))
    return Batch(None, data, jnp.ones((count, 1)))


@pytest.mark.parametrize("bump", [0.0, 0.4])
@pytest.mark.parametrize("t", [0.1, 0.7])
def test_what_the_best_velocity_leaves(t, bump):
    """v = cov / var x_t, which leaves var u - cov^2 / var, for u = data - noise + b' z."""
    b, slope = bump * np.sin(np.pi * t) ** 2, bump * np.pi * np.sin(2 * np.pi * t)
    variance = (1 - t) ** 2 + t**2 * SPREAD**2 + b**2
    covariance = t * SPREAD**2 - (1 - t) + b * slope
    left = 1 + SPREAD**2 + slope**2 - covariance**2 / variance
    loss = Flow(times="logit_normal", time_mean=float(np.log(t / (1 - t))), time_spread=1e-7, interpolant_noise=bump)
    slope_of_best, batch = float(covariance / variance), gaussian()
    value, worse = (
        compiled(loss, lambda x, t, c, *, key, extra=extra: slope_of_best * x + extra, batch) for extra in (0.0, 0.3)
    )
    assert value == pytest.approx(left, rel=0.03)
    assert worse - value == pytest.approx(0.09, abs=0.03)


def test_the_further_noise_is_none_at_both_ends_and_its_slope_is_its_slope():
    loss = flow(interpolant_noise=0.7)
    for t in (0.0, 1.0):
        np.testing.assert_allclose(loss.bump(jnp.asarray(t)), (0.0, 0.0), atol=1e-5)
    for t in (0.2, 0.6):
        slope = jax.grad(lambda t: loss.bump(t)[0])(t)
        assert float(loss.bump(jnp.asarray(t))[1]) == pytest.approx(float(slope), rel=1e-4)


@pytest.mark.parametrize("times", ["uniform", "logit_normal"])
def test_times(times):
    loss = flow(times=times, time_mean=0.5)
    t = np.asarray(loss.drawn(KEY, 30_000))
    low, high = loss.edges
    np.testing.assert_allclose([(1 - t < low).mean(), (1 - t < high).mean()], [1 / 3, 2 / 3], atol=0.01)
    assert np.median(t) == pytest.approx(0.5 if times == "uniform" else 1 / (1 + np.exp(-0.5)), abs=0.01)


def test_pairs_are_formed_within_a_compiled_step():
    rng = np.random.default_rng(0)
    noise, data = (jnp.asarray(rng.normal(size=(30, 2)), jnp.float32) for _ in range(2))
    order = jax.jit(lambda n, d: paired(n, d, None))(noise, data)
    assert sorted(np.asarray(order)) == list(range(30))
    together = jax.vmap(lambda n, d: paired(n, d, None))(noise[None], data[None])  # members trained side by side
    np.testing.assert_array_equal(together[0], order)
    length = lambda order: float(jnp.square(noise[order] - data).sum())  # noqa: E731
    assert length(order) < 0.5 * length(jnp.arange(30))


def test_pairs_stay_within_equal_conditions():
    rng = np.random.default_rng(1)
    noise, data = (jnp.asarray(rng.normal(size=(40, 3, 1)), jnp.float32) for _ in range(2))
    kind = rng.integers(0, 3, 40)
    condition = jnp.asarray(np.eye(3)[kind][:, None].repeat(3, axis=1), jnp.float32)  # (example, place, class)
    order = np.asarray(jax.jit(paired)(noise, data, condition))
    np.testing.assert_array_equal(kind[order], kind)
    assert (order != np.arange(40)).any()


def test_paired_paths_are_shorter():
    data = Batch(None, gaussian(256).target + 2.0, jnp.ones((256, 1)))
    still = lambda x, t, c, *, key=None: 0.0 * x  # noqa: E731
    lengths = [compiled(flow(coupling=name), still, data) for name in ("independent", "optimal_transport")]
    assert lengths[0] == pytest.approx(4 + 1 + SPREAD**2, rel=0.15)
    assert lengths[1] == pytest.approx(4 + (1 - SPREAD) ** 2, rel=0.15)  # squared Wasserstein distance of two Gaussians


def test_fields_as_conditions_cannot_be_paired():
    rng = np.random.default_rng(0)
    fields, classes = rng.normal(size=(20, 5, 1)), np.eye(2)[rng.integers(0, 2, 20)]
    loss = flow(coupling="optimal_transport")
    with pytest.raises(ConfigError, match=r'Fix: coupling = "independent"'):
        loss.check(Batch(fields, fields, np.ones((20, 5, 1))))
    loss.check(Batch(classes, np.ones((20, 3)), np.ones((20, 3))))
    loss.check(Batch(np.zeros((20, 0)), np.ones((20, 3)), np.ones((20, 3))))
    flow().check(Batch(fields, fields, np.ones((20, 5, 1))))


@pytest.mark.parametrize(
    ("arguments", "fix"),
    [
        ({"coupling": "optimal"}, "Fix: choose one of independent, optimal_transport"),
        ({"times": "lognormal"}, "Fix: choose one of uniform, logit_normal"),
        ({"interpolant_noise": -1.0}, "interpolant_noise = 0.0"),
        ({"condition_dropout": -0.1}, "Fix: condition_dropout = 0.1"),
    ],
)
def test_what_cannot_be_is_refused_with_a_fix(arguments, fix):
    with pytest.raises(ConfigError, match=fix):
        build("flow", "number", arguments=arguments)


def test_paths_may_begin_with_data():
    """From one place to another the velocity is their difference: any other start, or noise, leaves something."""
    data = Batch(None, jnp.full((50, 1), 3.0), jnp.ones((50, 1)))
    exact = lambda x, t, c, *, key: jnp.full_like(x, 5.0)  # noqa: E731
    assert compiled(Flow(start=jnp.full((7, 1), -2.0)), exact, data) == pytest.approx(0, abs=1e-9)
    assert compiled(Flow(start=jnp.full((7, 1), -1.0)), exact, data) == pytest.approx(1)
    assert compiled(Flow(), exact, data) > 1
    drawn = Flow(start=jnp.arange(4.0)[:, None]).begun(KEY, jnp.zeros((400, 1)))
    assert np.unique(np.asarray(drawn), return_counts=True)[1].min() > 60  # every sample is drawn from
