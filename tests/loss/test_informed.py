"""Checks beside the loss of the data: by hand on a parabola, sized once, slopes that stay finite."""

from __future__ import annotations

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from outcrop.loss.informed import Informed, Physical
from outcrop.loss.supervised import mse
from outcrop.metric.physical import derivative, wrong_way
from outcrop.physics.formula import Formula, Names
from outcrop.records import Batch

X = np.arange(6) * 0.5
SLOPE = Formula("u * d(u, x) - f", Names({"u": "", "f": ""}, {"x": ""}))


def excess(inputs, fields):
    return SLOPE.inside({"u": fields, "f": inputs[..., 0]}, {"x": (1, X)})


def asked(known):
    return known[:, :-2] & known[:, 1:-1] & known[:, 2:]


CHECK = Physical("slope", excess, asked, weight=2.0)


def batch():
    u = np.stack([X**2, 1 + X]).astype(np.float32)
    f = np.stack([2 * X**3, 1 + X]).astype(np.float32)
    return Batch(jnp.asarray(f[..., None]), jnp.asarray(u), jnp.ones((2, 6)))


class Scaled(eqx.Module):
    """Answers with a factor times a field that it knows."""

    factor: jax.Array
    fields: jax.Array

    def __call__(self, x, *, key=None):
        return self.factor * self.fields[jnp.where(x[0, 0] > 0.5, 1, 0)][:, None]


def test_what_holds_leaves_nothing_and_a_factor_leaves_its_square():
    data = batch()
    known = data.weight > 0
    assert float(CHECK.value(data.inputs, data.target, known)) == pytest.approx(0, abs=1e-9)
    inner = np.asarray(data.inputs)[:, 1:-1, 0]
    wanted = np.mean((3 * inner) ** 2)  # (2 u)(2 u') - f = 3 f
    assert float(CHECK.value(data.inputs, 2 * data.target, known)) == pytest.approx(wanted, rel=1e-5)


def test_only_cells_whose_neighbours_are_known_are_asked():
    data = batch()
    known = jnp.ones((2, 6), bool).at[0, 2].set(False)
    other = data.target.at[0, 2].set(99.0)
    assert float(CHECK.value(data.inputs, other, known)) == pytest.approx(0, abs=1e-9)


def test_loss_adds_weighted_parts_and_its_gradient_is_finite():
    data = batch()
    model = Scaled(jnp.asarray(2.0), data.target)
    loss = Informed(mse(), (CHECK,))
    told = loss.loss(model, loss.init(model), data, None, loss.groups[0])
    assert set(told.parts) == {"squared_error", "slope"}
    assert float(told.value) == pytest.approx(float(told.parts["squared_error"] + 2 * told.parts["slope"]))
    slope = jax.grad(lambda factor: loss.loss(Scaled(factor, data.target), None, data).value)(jnp.asarray(2.0))
    h = 1e-2
    up, down = (loss.loss(Scaled(jnp.asarray(2.0 + s), data.target), None, data).value for s in (h, -h))
    assert float(slope) == pytest.approx(float(up - down) / (2 * h), rel=1e-2)


def test_an_example_without_labels_is_asked_everywhere_by_the_checks_alone():
    data = batch()
    none = data._replace(target=data.target.at[1].set(jnp.nan), weight=data.weight.at[1].set(0))
    model = Scaled(jnp.asarray(2.0), data.target)
    loss = Informed(mse(), (CHECK,))
    told, both = loss.loss(model, None, none), loss.loss(model, None, data)
    assert float(told.parts["squared_error"]) == pytest.approx(float(jnp.mean(data.target[0] ** 2)))
    assert float(told.parts["slope"]) == pytest.approx(float(both.parts["slope"]))
    slope = jax.grad(lambda factor: loss.loss(Scaled(factor, data.target), None, none).value)(jnp.asarray(2.0))
    assert np.isfinite(float(slope))


def test_a_check_is_counted_in_units_of_what_other_fields_leave():
    data = batch()
    sized = Informed(mse(), (CHECK,)).sized(data).checks[0]
    known = data.weight > 0
    left = [float(sized.value(data.inputs, other, known)) for other in (jnp.roll(data.target, 1, 0), 0 * data.target)]
    assert max(left) == pytest.approx(1, rel=1e-5)


def test_neighbours_of_jax_arrays_are_those_of_numpy():
    values = np.random.default_rng(0).normal(size=(3, 6))
    for order in (1, 2):
        found = derivative(jnp.asarray(values), X, 1, order)
        np.testing.assert_allclose(found, derivative(values, X, 1, order), rtol=2e-4, atol=1e-4)
    np.testing.assert_allclose(wrong_way(jnp.asarray(values), 0), wrong_way(values, 0), rtol=1e-6, atol=1e-6)
