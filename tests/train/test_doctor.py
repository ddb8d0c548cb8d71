"""The doctor names the culprit: a value, a parameter, a line of code, or a step that was too long."""

from __future__ import annotations

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from parts import MLP, MSE, table

from outcrop.records import Footprints, Origins
from outcrop.train.doctor import Case, Places, diagnose

KEY = jax.random.key(0)


def case(model=None, loss=None, **changes):
    data = table(6)._replace(**changes)
    return Case(MLP(KEY) if model is None else model, loss or MSE(), None, data, KEY, np.arange(10, 16), 7)


def test_a_bad_target_with_weight_zero_is_a_matter_of_the_target():
    target = table(6).target.copy()
    target[2] = np.nan
    weight = np.ones(6, np.float32)
    weight[2] = 0
    error = str(diagnose(case(target=target, weight=weight)))
    assert "at step 7" in error and "example 12 of the training part, target: value nan" in error
    assert "Fix: give missing targets weight 0 and any finite value" in error


def test_only_examples_that_do_harm_are_named():
    """A model that copes with NaN in one channel is not reported for it."""

    class Coping(MLP):
        def __call__(self, x, *, key=None):
            return super().__call__(jnp.where(jnp.isnan(x[0]), 0.0, 1.0) * jnp.nan_to_num(x, nan=0.0, posinf=jnp.inf))

    inputs = table(6).inputs.copy()
    inputs[1, 0], inputs[4, 2] = np.nan, np.inf
    assert "example 14 of the training part, inputs[2]: value inf" in str(diagnose(case(Coping(KEY), inputs=inputs)))


def test_a_parameter_that_is_not_finite():
    model = eqx.tree_at(lambda m: m.net.layers[1].bias, MLP(KEY), jnp.full(8, jnp.nan))
    error = str(diagnose(case(model)))
    assert "parameter model.net.layers[1].bias" in error and "start from finite parameters" in error


def test_the_operation_that_makes_the_first_nan_is_named():
    class Root(MLP):
        def __call__(self, x, *, key=None):
            return super().__call__(x) + jnp.sqrt(x[:1] + 50.0)

    inputs = table(6).inputs.copy()
    inputs[3, 0] = -80.0
    error = str(diagnose(case(Root(KEY), inputs=inputs)))
    assert "example 13" in error and "first NaN from sqrt in Root.__call__ (test_doctor.py, line" in error
    assert "largest input 80 at example 13 of the training part, inputs[0]" in error


def test_overflow_of_one_example_names_its_largest_input():
    class Cubed(MLP):
        def __call__(self, x, *, key=None):
            return super().__call__(x) + x[:1] ** 3

    inputs = table(6).inputs.copy()
    inputs[5, 0] = 1e10
    error = str(diagnose(case(Cubed(KEY), inputs=inputs)))
    assert "example 15" in error and "largest input 1e+10" in error and "ten times lower" in error


def test_a_step_too_long_has_no_culprit():
    error = str(diagnose(case()))
    assert "every example is finite on its own" in error and "train.learning_rate ten times lower" in error
    assert len(error.splitlines()) <= 4


def test_places_of_points_with_context():
    rows = np.arange(5)
    prints = Footprints({"depth": np.stack([rows, rows + 1], -1)})
    origins = Origins(np.zeros(5, int), ("A",), {"record": np.array(["A"])}, prints, prints)
    places = Places(origins, ("GR", "RT"), context=(-1, 0, 1))
    assert places(3, "inputs", (5,)) == "variable RT, record 'A', row 4"
    assert places(3, "inputs", (0,)) == "variable GR, record 'A', row 2"
    assert places(3, "target", ()) == "target, record 'A', row 3"
