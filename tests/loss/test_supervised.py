"""Losses against numbers by hand, and the contract of value and weight."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from outcrop.errors import ConfigError
from outcrop.loss.distribution import gaussian, quantile
from outcrop.loss.supervised import cross_entropy, expected_cost, huber, mae, mse
from outcrop.model.table import build
from outcrop.records import Batch

COST = np.asarray([[0.0, 2.0, 4.0], [1.0, 0.0, 3.0], [4.0, 2.0, 0.0]])
LABELS = {
    "cross_entropy": cross_entropy(),
    "weighted": cross_entropy(class_weights=np.asarray([0.5, 1.0, 3.0]), label_smoothing=0.1),
    "expected_cost": expected_cost(COST, cross_entropy_share=0.3, class_weights=np.asarray([0.5, 1.0, 3.0])),
}
NUMBERS = {
    "mse": mse(),
    "mae": mae(),
    "huber": huber(delta=0.7),
    "gaussian": gaussian(beta=0.0),
    "quantile": quantile(levels=(0.1, 0.5, 0.9)),
}
ALL = LABELS | NUMBERS


@pytest.fixture(autouse=True)
def strict():
    with jax.numpy_dtype_promotion("strict"), jax.numpy_rank_promotion("raise"):
        yield


def case(name, examples=7, length=5, seed=0):
    """Scores, target and weight of unequal axes, with missing samples."""
    rng = np.random.default_rng(seed)
    weight = rng.choice([0.0, 0.3, 1.0, 2.0], size=(examples, length)).astype(np.float32)
    if name in LABELS:
        target = np.where(weight > 0, rng.integers(0, 3, size=weight.shape), -1).astype(np.int32)
        scores = rng.normal(size=(*weight.shape, 3)).astype(np.float32)
    else:
        target = np.where(weight > 0, rng.normal(size=weight.shape), np.nan).astype(np.float32)
        scores = rng.normal(size=(*weight.shape, NUMBERS[name].outputs)).astype(np.float32)
    return jnp.asarray(scores), jnp.asarray(target), jnp.asarray(weight)


@pytest.mark.parametrize("name", ALL)
def test_batches_combine_exactly(name):
    scores, target, weight = case(name)
    score = jax.jit(ALL[name].score)
    whole = score(scores, target, weight)
    pieces = (slice(0, 3), slice(3, 4), slice(4, 7))
    parts = [score(*(np.asarray(a)[s] for a in (scores, target, weight))) for s in pieces]
    total = sum(float(p.weight) for p in parts)
    np.testing.assert_allclose(float(whole.weight), total, rtol=1e-6)
    np.testing.assert_allclose(
        float(whole.value), sum(float(p.value) * float(p.weight) for p in parts) / total, rtol=1e-5
    )
    for part, value in whole.parts.items():
        combined = sum(float(p.parts[part]) * float(p.weight) for p in parts) / total
        np.testing.assert_allclose(float(value), combined, rtol=1e-5)


@pytest.mark.parametrize("name", ALL)
def test_value_is_a_float_scalar_and_jit_equals_eager(name):
    eager, jitted = ALL[name].score(*case(name)), jax.jit(ALL[name].score)(*case(name))
    assert eager.value.shape == eager.weight.shape == () and eager.value.dtype == jnp.float32
    np.testing.assert_allclose(jitted.value, eager.value, rtol=1e-5)


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_missing_samples_change_neither_value_nor_gradient(name, bad):
    scores, target, weight = case(name)
    spoiled = jnp.where((weight > 0)[..., None], scores, bad)
    of = jax.jit(jax.value_and_grad(lambda s: ALL[name].score(s, target, weight).value))
    (value, grad), (same, same_grad) = of(scores), of(spoiled)
    assert float(value) == float(same)
    np.testing.assert_array_equal(grad, same_grad)
    assert not np.asarray(grad)[np.asarray(weight) == 0].any()


@pytest.mark.parametrize("name", ALL)
def test_a_batch_without_any_target_is_zero_with_weight_zero(name):
    scores, target, weight = case(name)
    none = jnp.zeros_like(weight)
    value, grad = jax.jit(jax.value_and_grad(lambda s: ALL[name].score(s, target, none)[:2], has_aux=True))(scores)
    assert tuple(map(float, value)) == (0, 0)
    assert not np.asarray(grad).any()


@pytest.mark.parametrize("name", ALL)
def test_gradient_equals_finite_differences_in_float64(name):
    with jax.enable_x64(True):
        scores, target, weight = case(name)
        scores = scores.astype(jnp.float64)
        target = target if name in LABELS else target.astype(jnp.float64)
        direction = jnp.asarray(np.random.default_rng(1).normal(size=scores.shape))

        @jax.jit
        def value(s):
            return ALL[name].score(s, target, weight).value

        difference = (value(scores + 1e-6 * direction) - value(scores - 1e-6 * direction)) / 2e-6
        np.testing.assert_allclose(jnp.sum(jax.grad(value)(scores) * direction), difference, rtol=1e-6)


def test_cross_entropy_by_hand():
    scores = jnp.log(jnp.asarray([[0.5, 0.25, 0.25], [0.1, 0.2, 0.7]]))
    target = jnp.asarray([0, 1])
    plain = cross_entropy().score(scores, target)
    np.testing.assert_allclose(plain.value, -(np.log(0.5) + np.log(0.2)) / 2, rtol=1e-6)
    weighted = cross_entropy(class_weights=np.asarray([3.0, 1.0, 9.0])).score(scores, target)
    np.testing.assert_allclose(weighted.value, -(3 * np.log(0.5) + np.log(0.2)) / 4, rtol=1e-6)
    assert float(weighted.weight) == 4
    smooth = cross_entropy(label_smoothing=0.3).score(scores[:1], target[:1])
    even = -np.log([0.5, 0.25, 0.25]).mean()
    np.testing.assert_allclose(smooth.value, -0.7 * np.log(0.5) + 0.3 * even, rtol=1e-6)


def test_expected_cost_by_hand():
    scores = jnp.log(jnp.asarray([[0.5, 0.25, 0.25]]))
    value = expected_cost(COST, cross_entropy_share=0.25).score(scores, jnp.asarray([2]))
    np.testing.assert_allclose(value.parts["expected_cost"], 0.5 * 4 + 0.25 * 2, rtol=1e-6)
    np.testing.assert_allclose(value.value, 0.75 * 2.5 - 0.25 * np.log(0.25), rtol=1e-6)


def test_expected_cost_of_a_sure_prediction_is_the_entry_of_the_matrix():
    score = jax.jit(expected_cost(COST, cross_entropy_share=0.0).score)
    for true in range(3):
        for predicted in range(3):
            sure = jnp.asarray(50 * np.eye(3, dtype=np.float32)[[predicted]])
            np.testing.assert_allclose(score(sure, jnp.asarray([true])).value, COST[true, predicted], atol=1e-6)


def test_numbers_by_hand():
    scores, target, weight = jnp.asarray([[1.0], [4.0]]), jnp.asarray([0.0, 1.0]), jnp.asarray([1.0, 3.0])
    assert float(mse().score(scores, target, weight).value) == (1 + 3 * 9) / 4
    assert float(mae().score(scores, target, weight).value) == (1 + 3 * 3) / 4
    assert float(huber(delta=2.0).score(scores, target, weight).value) == (0.5 + 3 * 2 * (3 - 1)) / 4


def test_the_model_runs_on_each_example_with_its_own_key():
    arguments = {"width_size": 4, "dilations": (1,), "dropout": 0.5}
    model = build("resnet1d", in_channels=2, out=3, arguments=arguments, key=jax.random.key(0))
    inputs = jnp.broadcast_to(jax.random.normal(jax.random.key(1), (1, 5, 2)), (4, 5, 2))
    batch = Batch(inputs, jnp.zeros((4, 5), jnp.int32), jnp.ones((4, 5)))
    loss = cross_entropy()
    still = loss.loss(model, None, batch, None, loss.groups[0])
    np.testing.assert_allclose(still.value, loss.score(jax.vmap(model)(inputs), batch.target).value, rtol=1e-5)
    key = jax.random.key(2)
    dropped = loss.loss(model, None, batch, key, loss.groups[0])
    each = [model(inputs[0], key=k) for k in jax.random.split(key, 4)]
    assert not np.allclose(each[0], each[1])
    np.testing.assert_allclose(dropped.value, loss.score(jnp.stack(each), batch.target).value, rtol=1e-4)
    assert loss.init(model, key) is None and dropped.state is None


def test_gradient_through_the_model_is_finite():
    model = build("mlp", in_size=2, out=1, arguments={"width_size": 4}, key=jax.random.key(0))
    batch = Batch(jnp.ones((3, 2)), jnp.asarray([1.0, np.nan, 2.0]), jnp.asarray([1.0, 0.0, 1.0]))
    grads = eqx.filter_jit(eqx.filter_grad(lambda m: mse().loss(m, None, batch).value))(model)
    assert all(bool(jnp.isfinite(leaf).all()) for leaf in jax.tree.leaves(grads))


def test_a_missing_number_with_weight_is_not_hidden():
    assert np.isnan(float(mse().score(jnp.ones((1, 1)), jnp.asarray([np.nan]), jnp.ones(1)).value))


@pytest.mark.parametrize(("name", "outputs"), [("cross_entropy", (7, 3)), ("mse", (7, 2)), ("mse", (7, 5, 2))])
def test_shapes_that_do_not_fit_are_refused(name, outputs):
    _, target, weight = case(name)
    with pytest.raises(ConfigError, match=r'Fix: view.kind = "windows"'):
        ALL[name].score(jnp.zeros(outputs), target, weight)


def test_a_cost_matrix_of_another_size_is_refused():
    with pytest.raises(ConfigError, match="Fix: give the cost matrix one row and one column per class"):
        expected_cost(COST).score(jnp.zeros((2, 4)), jnp.asarray([0, 1]))
