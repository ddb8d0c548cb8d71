"""The relative error of whole fields: closed forms in physical units, gaps, and gradients where the root has none."""

import jax
import jax.numpy as jnp
import numpy as np

from outcrop.loss.field import relative_h1, relative_l2
from outcrop.loss.table import build


def test_every_example_counts_alike_whatever_its_size():
    target = jnp.asarray([[3.0, 4.0], [300.0, 400.0]])
    value = relative_l2().score((1.1 * target)[..., None], target)
    np.testing.assert_allclose(value.value, 0.1, rtol=1e-5)
    assert float(value.weight) == 2 and set(value.parts) == {"relative_l2"}


def test_it_is_the_ratio_of_the_values_themselves():
    """Standardised by centre 5 and spread 2, as a run does."""
    rng = np.random.default_rng(0)
    target, prediction = 5 + 2 * rng.normal(size=(2, 3, 4, 6))
    expected = np.mean([np.linalg.norm(p - t) / np.linalg.norm(t) for p, t in zip(prediction, target, strict=True)])
    scaled = [jnp.asarray((values - 5) / 2, jnp.float32) for values in (prediction, target)]
    found = build("relative_l2", "number", zero=-2.5).score(*scaled).value
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_gaps_and_empty_examples_change_nothing():
    target, prediction = jnp.asarray([[3.0, 4.0, 9.0], [1.0, 1.0, 1.0]]), jnp.asarray([[3.0, 5.0, 0.0], [5.0] * 3])
    weight = jnp.asarray([[1.0, 1.0, 0.0], [0.0, 0.0, 0.0]])
    missing = target.at[0, 2].set(jnp.nan)
    for own in (target, missing):
        value = relative_l2().score(prediction, own, weight)
        np.testing.assert_allclose(value.value, 0.2, rtol=1e-6)
        assert float(value.weight) == 1
    nothing = relative_l2().score(prediction, target, jnp.zeros_like(weight))
    assert float(nothing.value) == 0 and float(nothing.weight) == 0


def test_slopes_count_as_on_a_domain_of_length_one():
    rng = np.random.default_rng(1)
    target, prediction = rng.normal(size=(2, 3, 4, 6))

    def square(field):
        slopes = [np.sum((np.diff(field, axis=axis) * field.shape[axis]) ** 2, axis=(1, 2)) for axis in (1, 2)]
        return np.sum(field**2, axis=(1, 2)) + sum(slopes)

    expected = np.mean(np.sqrt(square(prediction - target) / square(target)))
    scaled = [jnp.asarray((values - 5) / 2, jnp.float32) for values in (prediction, target)]
    value = build("relative_h1", "number", zero=-2.5).score(*scaled)
    np.testing.assert_allclose(value.value, expected, rtol=1e-5)
    assert set(value.parts) == {"relative_h1"}


def test_slopes_over_a_gap_do_not_count():
    target, weight = jnp.asarray([[1.0, jnp.nan, 2.0, 4.0]]), jnp.asarray([[1.0, 0.0, 1.0, 1.0]])
    value = relative_h1().score(jnp.asarray([[1.0, 50.0, 2.0, 5.0]]), target, weight).value
    np.testing.assert_allclose(value, np.sqrt((1 + 4**2) / (1 + 4 + 16 + 8**2)), rtol=1e-6)


def test_gradients_stay_finite_where_nothing_is_wrong_and_where_nothing_is():
    target = jnp.asarray([[3.0, 4.0], [0.0, 0.0]])

    def value(prediction, target):
        return relative_l2().score(prediction, target).value

    for prediction in (target, target + 1.0):
        assert bool(jnp.all(jnp.isfinite(jax.grad(value)(prediction, target))))
    slope = jax.grad(value)(jnp.asarray([[3.0, 5.0]]), jnp.asarray([[3.0, 4.0]]))
    np.testing.assert_allclose(slope, [[0.0, 0.2]], atol=1e-6)
