"""The loss of a problem: nothing where nothing is left over, its linearisation, its weights and its points."""

from __future__ import annotations

import sys
from pathlib import Path

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree

sys.path.insert(0, str(Path(__file__).parents[1] / "physics"))
from posed import HEAT, problem

from outcrop.errors import ConfigError
from outcrop.loss.residual import ResidualLoss
from outcrop.model.trainable import trainable
from outcrop.records import Batch
from outcrop.run.solved_model import untrained

SOFT = HEAT.replace("hard = true", "hard = false").replace("2 + t", "2")
EXACT = 'exact = {u = "exp(-0.1 * pi**2 * t) * sin(pi * x) + x"}'


@pytest.fixture(autouse=True)
def _float64():
    with jax.enable_x64(True):
        yield


class True_(eqx.Module):
    """A model that knows the solution."""

    formula: object = eqx.field(static=True)
    own: object = eqx.field(static=True)
    wrong: jax.Array
    low: object = eqx.field(static=True, default=None)

    def fields(self):
        def values(point):
            u = self.formula(point) + self.wrong * point[1]
            return jnp.stack([u, *(c.formula(point) for c in self.own.coefficients.values())])

        return values


def value(loss, model, state=None):
    state = loss.init(model, None) if state is None else state
    return loss.loss(model, state, Batch(None), None, loss.groups[0])


def small(own, seed=0):
    return untrained("mlp", {"width_size": 6, "depth": 2}, own, seed)


@pytest.mark.parametrize("text", [HEAT.replace("2 + t", "2"), SOFT])
def test_the_true_solution_has_no_loss_and_another_one_has(text):
    own = problem(text + EXACT)
    loss = ResidualLoss(own, points=50, condition_points=20, balance="none")
    true = True_(own.exact["u"], own, jnp.array(0.0))
    assert float(value(loss, true).value) < 1e-20
    wrong = True_(own.exact["u"], own, jnp.array(0.1))
    assert float(value(loss, wrong).parts["equation"]) == pytest.approx(0.01, rel=1e-9)  # u_t is 0.1 too large


def test_soft_conditions_are_terms_and_hard_ones_are_none():
    assert [t.name for t in ResidualLoss(problem(HEAT)).terms] == ["equation"]
    assert [t.name for t in ResidualLoss(problem(SOFT)).terms] == ["equation", "start", "edge", "far"]


def test_data_are_counted_in_units_of_their_noise(tmp_path):
    (tmp_path / "obs.csv").write_text("x,t,u\n0.5,0.5,1.0\n1.0,0.5,1.0\n")
    own = problem(HEAT + 'measured.obs = {files = "obs.csv", noise_sd = {u = 0.1}}', tmp_path)
    model = small(own)
    loss = ResidualLoss(own, points=20, balance="none").sized(model)
    off = jax.vmap(model.fields())(jnp.array([[0.5, 0.5], [1.0, 0.5]]))[:, 0] - 1.0
    assert float(value(loss, model).parts["data u"]) == pytest.approx(float((off**2).mean()) / 0.01, rel=1e-9)


@pytest.mark.parametrize("causal", [0.0, 0.5])
def test_the_linearisation_is_that_of_the_loss(causal):
    own = problem(SOFT)
    model = small(own)
    loss = ResidualLoss(own, points=15, condition_points=4, causal=causal).sized(model)
    state = loss.init(model, jax.random.key(0))
    moves, rest = eqx.partition(model, trainable(model))
    flat, unravel = ravel_pytree(moves)
    rebuilt = lambda tree: eqx.combine(tree, rest)  # noqa: E731
    rows, slopes = loss.linearised(moves, rebuilt, state)
    assert float((rows**2).sum()) == pytest.approx(float(value(loss, model, state).value), rel=1e-9)
    if not causal:  # causal weights are held fixed in the linearisation and in the gradient alike
        step = 1e-6 * np.random.default_rng(0).normal(size=len(flat))
        after, _ = loss.linearised(unravel(flat + step), rebuilt, state)
        before, _ = loss.linearised(unravel(flat - step), rebuilt, state)
        assert np.allclose((after - before) / 2, slopes @ step, rtol=1e-4, atol=1e-12)
    gradient = jax.grad(lambda f: value(loss, rebuilt(unravel(f)), state).value)(flat)
    assert np.allclose(2 * slopes.T @ rows, gradient, rtol=1e-6, atol=1e-10)


def test_balance_makes_all_terms_pull_alike():
    own = problem(SOFT)
    model = small(own)
    loss = ResidualLoss(own, points=40, condition_points=10, balance="gradients").sized(model)
    state = loss.init(model, jax.random.key(0))
    moves, rest = eqx.partition(model, trainable(model))

    def term(moves, i):
        rows = loss.rows(eqx.combine(moves, rest), state)[i]
        return state.weights[i] * (rows**2).mean()

    lengths = [float(jnp.linalg.norm(ravel_pytree(jax.grad(term)(moves, i))[0])) for i in range(len(loss.terms))]
    assert np.allclose(lengths, lengths[0], rtol=1e-6)
    without = ResidualLoss(own, balance="none").init(model, jax.random.key(0))
    assert np.allclose(without.weights, 1)


def test_points_of_large_residual_gain_weight():
    own = problem(SOFT)
    model = small(own)
    adaptive = ResidualLoss(own, points=40, condition_points=10, balance="self_adaptive").sized(model)
    state = adaptive.init(model, jax.random.key(0))
    first = value(adaptive, model, state)
    plain = ResidualLoss(own, points=40, condition_points=10, balance="none").sized(model)
    assert float(first.value) == pytest.approx(float(value(plain, model).value))  # all weights are 1 at first
    left = [np.sqrt((np.asarray(rows) ** 2).sum(-1)) for rows in adaptive.rows(model, state)]
    for weight, size in zip(first.state.attention, left, strict=True):
        assert np.asarray(weight) == pytest.approx(0.999 + 0.01 * size / size.max())
    second = value(adaptive, model, first.state)
    wanted = sum(((np.asarray(w) * s) ** 2).mean() for w, s in zip(first.state.attention, left, strict=True))
    assert float(second.value) == pytest.approx(wanted) and second.parts == first.parts
    moves, rest = eqx.partition(model, trainable(model))
    rows, _ = adaptive.linearised(moves, lambda tree: eqx.combine(tree, rest), first.state)
    assert float((rows**2).sum()) == pytest.approx(wanted)
    with pytest.raises(ConfigError, match='refine = "none"'):
        ResidualLoss(own, balance="self_adaptive", refine="residual")


def test_points_move_to_where_the_residual_is():
    own = problem(
        HEAT.replace('"sin(pi * x) + x"', '"x + where(x > 1.8, 100 * (x - 1.8)**2 * (2 - x), 0)"').replace("2 + t", "2")
    )
    model = small(own)
    model = eqx.tree_at(lambda m: (m.network.last.weight, m.network.last.bias), model, replace_fn=lambda a: 0 * a)
    loss = ResidualLoss(own, points=400, refine="residual").sized(model)
    first = loss.init(model, None).points
    moved = loss.init(model, jax.random.key(1)).points
    assert moved.shape == first.shape and own.domain.inside(np.asarray(moved)).all()
    assert (moved[:, 0] > 1.8).mean() > 2 * (first[:, 0] > 1.8).mean()


def test_later_times_wait_for_earlier_ones():
    own = problem(HEAT)
    model = small(own)
    free, waiting = (ResidualLoss(own, points=200, causal=c, balance="none").sized(model) for c in (0.0, 50.0))
    late = np.asarray(free.terms[0].points)[:, 1] > 0.5
    ratio = [np.asarray(loss.rows(model, loss.init(model, None))[0][late]) for loss in (waiting, free)]
    assert np.abs(ratio[0]).max() < 0.1 * np.abs(ratio[1]).max()


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        ({"balance": "gradient"}, "did you mean 'gradients'"),
        ({"refine": "residuals"}, "did you mean 'residual'"),
        ({"weights": {"strat": 2.0}}, "weights 'strat'"),
    ],
)
def test_unknown_names_are_refused(arguments, hint):
    with pytest.raises(ConfigError, match=hint) as caught:
        ResidualLoss(problem(SOFT), **arguments)
    assert "Fix: choose one of" in str(caught.value)
