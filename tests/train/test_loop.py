"""The loop keeps its promises: same bits, exact resume, whole-part validation, best so far, any loss and optimiser."""

from __future__ import annotations

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from parts import MLP, MSE, Convolution, Group, arrays, error_on, same_bits, table, windows

from outcrop.errors import BundleError, ConfigError, NonFiniteError
from outcrop.records import Batch, Footprints, Origins
from outcrop.train import step as step_module
from outcrop.train.doctor import Places
from outcrop.train.loop import fit, fit_members
from outcrop.train.optimiser import make

KEY = jax.random.key(3)


def train(model=None, data=None, loss=None, key=KEY, **options):
    options = {"steps": 20, "batch_size": 8, "evaluate_every": 5} | options
    model = MLP(jax.random.key(0), dropout=0.2) if model is None else model
    optimiser = options.pop("optimiser", optax.adam(1e-2))
    return fit(model, loss or MSE(), optimiser, table() if data is None else data, key=key, **options)


def test_learns_and_reports():
    seen = []
    data = table(64)
    validate = error_on(table(32, seed=1))
    options = {"steps": 300, "evaluate_every": 50, "optimiser": make(steps=300, learning_rate=1e-2)}
    result = train(MLP(jax.random.key(0)), data, validate=validate, progress=seen.append, **options)
    assert result.best_value < 0.25 * validate(MLP(jax.random.key(0)))
    assert result.best_value == validate(result.best)
    assert [row["step"] for row in result.history] == [50, 100, 150, 200, 250, 300]
    assert {"train_loss", "validation_loss", "learning_rate", "seconds", "bias", "norms"} == set(result.history[0]) - {
        "step"
    }
    assert result.history[0]["learning_rate"] > result.history[-1]["learning_rate"] > 0
    assert result.stop_reason == f"All 300 steps were taken; the best is from step {result.best_step}."
    assert seen[-1].step == 300 and seen[-1].seconds_left == 0 and seen[2].seconds_left > 0
    assert seen[-1].best == result.best_value


@pytest.mark.parametrize(("model", "data"), [(MLP(KEY, dropout=0.3), table()), (Convolution(KEY), windows())])
def test_same_seed_same_bits(model, data):
    first, again = (train(model, data, steps=10) for _ in range(2))
    other = train(model, data, steps=10, key=jax.random.key(4))
    assert same_bits(first.last, again.last)
    assert not same_bits(first.last, other.last)
    assert [row["train_loss"] for row in first.history] == [row["train_loss"] for row in again.history]


@pytest.mark.parametrize(("model", "data"), [(MLP(KEY, dropout=0.3), table()), (Convolution(KEY), windows())])
def test_resume_equals_the_uninterrupted_run(tmp_path, model, data):
    options = {"validate": error_on(data), "ema_decay": 0.9, "steps": 20}
    optimiser = make(steps=20, clip_norm=0.5)
    whole = train(model, data, optimiser=optimiser, **options)
    file = tmp_path / "run.safetensors"

    def stop_at_ten(progress):
        if progress.step == 10:
            raise KeyboardInterrupt

    part = train(model, data, optimiser=optimiser, checkpoint=file, progress=stop_at_ten, **options)
    rest = train(model, data, optimiser=optimiser, checkpoint=file, resume=True, **options)
    assert part.stop_reason.startswith("Interrupted at step 10 of 20; the best so far is kept, from step")
    assert same_bits(rest.last, whole.last) and same_bits(rest.best, whole.best)
    assert rest.best_step == whole.best_step and rest.best_value == whole.best_value
    for row, twin in zip(rest.history, whole.history, strict=True):
        assert {**row, "seconds": 0} == {**twin, "seconds": 0}
    finished = train(model, data, optimiser=optimiser, checkpoint=file, resume=True, **options)
    assert same_bits(finished.best, whole.best) and finished.stop_reason == whole.stop_reason


def test_resume_refuses_another_run(tmp_path):
    file = tmp_path / "run.safetensors"
    train(checkpoint=file)
    with pytest.raises(BundleError, match="resume with the run file it was made with"):
        train(checkpoint=file, resume=True, key=jax.random.key(9))
    with pytest.raises(BundleError, match="resume with the run file it was made with"):
        train(MLP(KEY, width=9), checkpoint=file, resume=True)


def test_chunked_scan_equals_stepping(monkeypatch):
    scanned = train(steps=15)
    monkeypatch.setattr("outcrop.train.loop.slow_in_scan", lambda *a: True)
    stepped = train(steps=15)
    for a, b in zip(arrays(scanned.last), arrays(stepped.last), strict=True):
        np.testing.assert_allclose(a, b, rtol=2e-5, atol=2e-6)


@pytest.mark.skipif(jax.default_backend() != "cpu", reason="convolutions scan well on an accelerator")
def test_convolutions_are_found(monkeypatch):
    found = []
    real = step_module.slow_in_scan
    monkeypatch.setattr("outcrop.train.loop.slow_in_scan", lambda *a: found.append(real(*a)) or found[-1])
    train(steps=1)
    train(Convolution(KEY), windows(), steps=1)
    assert found == [False, True]


@pytest.mark.parametrize("kind", ["dense", "convolutional"])
def test_members_equal_models_trained_one_by_one(kind, tmp_path):
    data, make_model = (table(), MLP) if kind == "dense" else (windows(), Convolution)
    models = [make_model(jax.random.key(n)) for n in range(3)]
    keys = [jax.random.key(10 + n) for n in range(3)]
    options = {"steps": 40, "batch_size": 8, "evaluate_every": 4, "patience": 2, "validate": error_on(data)}
    optimiser = make("sgd", steps=40, learning_rate=0.9 if kind == "dense" else 0.1, schedule="constant")
    file = {"checkpoint": tmp_path / "c.safetensors"}
    together = fit_members(models, MSE(), optimiser, data, keys=keys, **file, **options)
    for model, key, member in zip(models, keys, together, strict=True):
        alone = fit(model, MSE(), optimiser, data, key=key, **options)
        assert member.best_step == alone.best_step and member.stop_reason == alone.stop_reason
        assert [row["step"] for row in member.history] == [row["step"] for row in alone.history]
        for tree, twin in ((member.best, alone.best), (member.last, alone.last)):
            for a, b in zip(arrays(tree), arrays(twin), strict=True):
                np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)
    if kind == "dense":
        assert len({len(member.history) for member in together}) > 1, "members should stop at different steps"
    again = fit_members(models, MSE(), optimiser, data, keys=keys, resume=True, **file, **options)
    assert [fit.stop_reason for fit in again] == [fit.stop_reason for fit in together]
    assert all(same_bits(a.best, b.best) for a, b in zip(again, together, strict=True))


def test_early_stopping_keeps_the_best():
    values = iter([5.0, 3.0, 4.0, 2.0, 2.5, 2.2, 9.0, 1.0])
    models = []
    result = train(steps=1000, patience=3, validate=lambda model: models.append(model) or next(values))
    assert result.best_value == 2.0 and result.best_step == 20 and len(result.history) == 7
    assert same_bits(result.best, models[3]) and same_bits(result.last, models[-1])
    expected = "The validation value did not improve in 3 evaluations up to step 35; the best is from step 20."
    assert result.stop_reason == expected


def test_without_validation_the_last_is_the_best():
    result = train(patience=1)
    assert same_bits(result.best, result.last) and result.best_step == 20


def test_ctrl_c_during_validation_keeps_the_best_so_far():
    values = iter([2.0, 1.0, 3.0])

    def validate(model):
        try:
            return next(values)
        except StopIteration:
            raise KeyboardInterrupt from None

    result = train(steps=1000, validate=validate)
    assert result.best_step == 10 and result.best_value == 1.0
    assert result.stop_reason == "Interrupted at step 15 of 1000; the best so far is kept, from step 10."


def test_time_limit():
    result = train(steps=10**6, max_minutes=1e-9, validate=lambda model: 1.0)
    assert result.stop_reason.startswith("The time limit of 1e-09 minutes was reached at step 0")


def test_validation_that_is_not_a_number_is_an_error():
    with pytest.raises(NonFiniteError, match="look for NaN in the inputs or targets of the validation part"):
        train(validate=lambda model: float("nan"))


def test_plan_refuses_the_impossible():
    with pytest.raises(ConfigError, match=r"set train\.steps to 1 or more"):
        train(steps=0)
    with pytest.raises(ConfigError, match=r"train\.ema_decay = 0\.999"):
        train(ema_decay=1.0)
    with pytest.raises(ConfigError, match="one for each group"):
        train(optimiser={"generator": optax.sgd(0.1)})


def test_moving_average_is_what_is_validated():
    seen = []
    result = train(steps=5, ema_decay=0.9, validate=lambda model: seen.append(model) or 1.0)
    assert same_bits(result.best, seen[0]) and not same_bits(result.best, result.last)


def test_weightless_batch_moves_nothing_with_plain_descent():
    data = table()._replace(weight=np.zeros(40, np.float32))
    model = MLP(KEY)
    assert same_bits(train(model, data, optimiser=optax.sgd(0.1)).last, model)


# ---- a step that is not finite ------------------------------------------------------------------------------------


def origins(records=("A", "B"), rows=20):
    start = np.tile(np.arange(rows), len(records))
    ranges = Footprints({"depth": np.stack([start, start + 1], -1)})
    which = np.repeat(np.arange(len(records)), rows)
    return Origins(which, tuple(records), {"record": np.array(records)}, ranges, ranges)


@pytest.mark.parametrize("members", [1, 2])
def test_planted_nan_is_named_by_variable_record_and_row(members):
    data = table(40)
    data.inputs[20 + 17, 1] = np.nan
    axis = {"B": 1000 + 0.5 * np.arange(20)}
    describe = Places(origins(), ("GR", "RHOB", "NPHI"), axis=axis)
    models, keys = [MLP(jax.random.key(n)) for n in range(members)], [jax.random.key(n) for n in range(members)]
    with pytest.raises(NonFiniteError, match=r"variable RHOB, record 'B', row 17 \(depth 1008.5\): value nan") as error:
        fit_members(
            models,
            MSE(),
            optax.adam(1e-2),
            data,
            keys=keys,
            steps=20,
            batch_size=8,
            evaluate_every=10,
            describe=describe,
        )
    assert "Fix: mark the value as missing" in str(error.value)


def test_planted_nan_in_a_window_of_a_convolutional_model():
    data = windows(12, length=7)
    data.inputs[5, 3, 1] = np.inf
    reads = Footprints({"depth": np.stack([np.arange(12) * 4, np.arange(12) * 4 + 7], -1)})
    own = Origins(np.zeros(12, int), ("C",), {"record": np.array(["C"])}, reads, reads)
    with pytest.raises(NonFiniteError, match="variable RT, record 'C', row 23: value inf"):
        train(Convolution(KEY), data, describe=Places(own, ("GR", "RT")), batch_size=4)


def test_frozen_before_the_bad_step(tmp_path):
    """What is on disk after a bad step is the run before it, and finite."""
    data = table(40)
    data.target[11] = np.inf
    file = tmp_path / "run.safetensors"
    with pytest.raises(NonFiniteError, match=r"example 11 of the training part, target: value inf"):
        train(data=data, evaluate_every=1, batch_size=2, checkpoint=file, checkpoint_every_s=0.0)
    if file.exists():
        from safetensors.numpy import load_file

        assert all(np.isfinite(array).all() for array in load_file(file).values())


# ---- other losses and optimisers through the same loop --------------------------------------------------------------


class Pair(eqx.Module):
    generator: MLP
    critic: MLP


class Game(MSE):
    """Two groups: the critic follows the target in three turns, the generator follows the critic in one."""

    groups = (
        Group("generator", 1, lambda model: Pair(True, False)),
        Group("critic", 3, lambda model: Pair(False, True)),
    )

    def init(self, model, key):
        return {"turns": jnp.zeros(2, jnp.int32), "refreshed": jnp.int32(0)}

    def refresh(self, model, state, data, key):
        return state | {"refreshed": state["refreshed"] + 1}

    def loss(self, model, state, batch, key, group):
        first = group.name == "generator"
        state = state | {"turns": state["turns"].at[0 if first else 1].add(1)}
        if first:
            value = jnp.mean((jax.vmap(model.generator)(batch.inputs) - jax.vmap(model.critic)(batch.inputs)) ** 2)
            return value, 1.0 * len(batch.target), {}, state
        value, weight, parts, _ = super().loss(model.critic, None, batch, key, group)
        return value, weight, parts, state


def test_groups_take_their_own_turns():
    model = Pair(MLP(jax.random.key(0)), MLP(jax.random.key(1)))
    optimisers = {"generator": optax.sgd(0.0), "critic": optax.adam(1e-2)}
    result = train(model, loss=Game(), optimiser=optimisers, steps=20)
    assert same_bits(result.last.generator, model.generator) and not same_bits(result.last.critic, model.critic)
    assert result.loss_state["turns"].tolist() == [20, 60] and int(result.loss_state["refreshed"]) == 4
    assert {"generator_loss", "critic_loss", "critic_bias"} <= set(result.history[0])


def test_adam_then_lbfgs():
    data = table(40)
    first = train(MLP(KEY), data, steps=50)
    second = train(first.last, data, optimiser=make("lbfgs", steps=30), steps=30, batch_size=40)
    assert second.history[-1]["train_loss"] < 0.2 * first.history[-1]["train_loss"]


class Fixed(eqx.Module):
    """A loss may need no data at all."""

    x: jax.Array


class Bowl(MSE):
    def loss(self, model, state, batch, key, group):
        return jnp.sum((model.x - 3.0) ** 2), jnp.float32(1), {}, state


def test_a_loss_without_data():
    result = train(Fixed(jnp.zeros(2)), Batch(None), Bowl(), optimiser=optax.sgd(0.3))
    np.testing.assert_allclose(result.last.x, 3.0, rtol=1e-4)


class Disk:
    """A source that reads from a table as if it lay on disk."""

    def __init__(self, data):
        self.data = data

    def __len__(self):
        return len(self.data.inputs)

    def batch(self, index, rng):
        return Batch(*(leaf[index] for leaf in self.data[:3]))


@pytest.mark.parametrize(("model", "data"), [(MLP(KEY), table()), (Convolution(KEY), windows())])
def test_a_source_trains_like_data_on_the_device(model, data):
    resident, streamed = train(model, data), train(model, Disk(data))
    for a, b in zip(arrays(resident.last), arrays(streamed.last), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


def test_augmentation_is_part_of_the_step():
    still = train(MLP(KEY), augment=lambda batch, key: batch)
    moved = train(MLP(KEY), augment=lambda batch, key: batch._replace(target=batch.target + jax.random.normal(key)))
    assert same_bits(still.last, train(MLP(KEY)).last) and not same_bits(still.last, moved.last)
