"""Stages: each starts from the last model of the one before, and they are resumed and told as one training."""

import jax
import jax.numpy as jnp
import pytest
from parts import MLP, MSE, error_on, same_bits, table

from outcrop.train.loop import fit
from outcrop.train.optimiser import make
from outcrop.train.stages import Exact, Stage, fit_stages

KEY = jax.random.key(3)
DATA, HELD_OUT = table(40), table(20, seed=1)
PLAN = {"batch_size": 8, "evaluate_every": 10}


class Quiet(MSE):
    """The MSE of a network without dropout where there is no key."""

    def loss(self, model, state, batch, key, group):
        if key is not None:
            return super().loss(model, state, batch, key, group)
        output = jax.vmap(model)(batch.inputs)[..., 0]
        return jnp.mean((output - batch.target) ** 2), batch.weight.sum(), {}, state


def stages(adam=40, lbfgs=20):
    return [
        Stage("adam", make("adam", steps=40, learning_rate=1e-2), lambda: DATA, PLAN | {"steps": adam}),
        Stage("lbfgs", make("lbfgs", steps=20), lambda: DATA, PLAN | {"batch_size": 40, "steps": lbfgs}, exact=True),
    ]


def train(each, **options):
    options = {"validate": error_on(HELD_OUT)} | options
    return fit_stages([MLP(KEY, dropout=0.2)], Quiet(), each, keys=[KEY], **options)[0]


def test_a_stage_starts_where_the_last_one_ended():
    both = train(stages())
    alone = fit(
        MLP(KEY, dropout=0.2), Quiet(), make("adam", steps=40, learning_rate=1e-2), DATA,
        key=jax.random.fold_in(KEY, 2), steps=40, **PLAN,
    )  # fmt: skip
    second = fit(
        alone.last, Exact(Quiet()), make("lbfgs", steps=20), DATA,
        key=jax.random.fold_in(KEY, 3), steps=20, batch_size=40, evaluate_every=10,
    )  # fmt: skip
    assert same_bits(both.last, second.last)
    assert [row["stage"] for row in both.history] == ["adam"] * 4 + ["lbfgs"] * 2
    assert [row["step"] for row in both.history] == [10, 20, 30, 40, 50, 60]
    assert sorted(row["seconds"] for row in both.history) == [row["seconds"] for row in both.history]
    assert both.history[-1]["train_loss"] < 0.5 * both.history[3]["train_loss"]
    assert both.stop_reason.startswith("Stage adam: All 40 steps") and "Stage lbfgs: All 20 steps" in both.stop_reason


def test_the_best_model_is_that_of_any_stage():
    both = train(stages())
    best = min(both.history, key=lambda row: row["validation_loss"])
    assert both.best_step == best["step"] and both.best_value == best["validation_loss"]
    assert sum(both.stage_steps) == both.best_step and len(both.stage_steps) == 2
    assert error_on(HELD_OUT)(both.best) == pytest.approx(both.best_value)


def test_without_validation_the_last_stage_is_kept():
    both = train(stages(), validate=None)
    assert same_bits(both.best, both.last) and both.stage_steps == (40, 20)


def test_resumed_stages_equal_the_uninterrupted_ones(tmp_path):
    whole = train(stages())
    train(stages()[:1], checkpoint=tmp_path / "fold.ckpt", checkpoint_every_s=0.0)
    train(stages(lbfgs=10), checkpoint=tmp_path / "fold.ckpt", resume=True)  # as if killed in the second stage
    assert (tmp_path / "fold_stage1.ckpt").exists()
    again = train(stages(), checkpoint=tmp_path / "fold.ckpt", resume=True)
    assert same_bits(again.last, whole.last) and same_bits(again.best, whole.best)
    assert [row["train_loss"] for row in again.history] == [row["train_loss"] for row in whole.history]


def test_an_interruption_begins_no_further_stage():
    def stop(progress):
        if progress.step == 20:
            raise KeyboardInterrupt

    both = train(stages(), progress=stop)
    assert {row["stage"] for row in both.history} == {"adam"} and both.stop_reason.startswith("Interrupted at step 20")
    assert both.interrupted and both.stage_steps == (both.best_step,)


def test_the_time_limit_is_that_of_all_stages():
    limited = train(stages(), max_minutes=1e-9)
    assert "time limit" in limited.stop_reason and "lbfgs" not in limited.stop_reason and limited.stage_steps == (0,)


def test_progress_goes_on_over_stages():
    told = []
    train(stages(), progress=told.append)
    assert [p.step for p in told] == [10, 20, 30, 40, 50, 60] and {p.steps for p in told} == {60}
