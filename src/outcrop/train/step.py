"""One training step, compiled: loss, gradient and update of every group of parameters. The loop around it is loop.py.

Steps run in chunks. A chunk is one `lax.scan` over data on the device, so that small networks are not slowed down by
Python; but on the CPU the gradient of a convolution falls to a slow kernel inside a scan, so convolutional models are
stepped from Python. Which of the two is read off the traced step.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax

from outcrop import device
from outcrop.errors import ConfigError, message
from outcrop.model.trainable import trainable
from outcrop.records import Batch
from outcrop.train.batches import Augment, Feed
from outcrop.train.gauss_newton import LeastSquares
from outcrop.train.norms import by_layer, layer_names, squares
from outcrop.train.optimiser import learning_rate_of

# Step k draws from fold_in(key, k); these two draw from numbers that are never a step.
INIT, REFRESH = 2**32 - 1, 2**32 - 2


def key_of_turn(key: jax.Array, group: int, turn: int) -> jax.Array:
    """What one turn of one group draws from, out of the key of its step."""
    return jax.random.fold_in(key, 1000 * (group + 1) + turn)


class State(NamedTuple):
    """All that changes from step to step: arrays only."""

    model: Any  # the arrays of the model, trainable or not
    optimiser: dict[str, Any]  # by group
    loss: Any  # whatever the loss carries along
    average: Any  # moving average of `model`, or None
    step: jax.Array  # number of the next step
    frozen: jax.Array  # no more steps: a bad one was met, or this member of several has finished


class Stepper:
    """All that stays the same from step to step, and the step itself.

    A step whose loss, gradient or update is not finite is not taken: the state freezes as it was before it.
    """

    def __init__(
        self, model: Any, loss: Any, optimiser: Any, feed: Feed, augment: Augment | None, ema_decay: float | None
    ) -> None:
        self.loss, self.feed, self.augment, self.ema_decay = loss, feed, augment, ema_decay
        self.static = eqx.partition(model, eqx.is_array)[1]
        self.chosen = {group.name: _chosen(model, group.where) for group in loss.groups}
        moved = {name: eqx.filter(eqx.filter(model, eqx.is_array), chosen) for name, chosen in self.chosen.items()}
        self.layers = {name: layer_names(model, own) for name, own in moved.items()}
        self.sizes = {name: [leaf.size for leaf in jax.tree.leaves(own)] for name, own in moved.items()}
        each = optimiser if isinstance(optimiser, Mapping) else {group.name: optimiser for group in loss.groups}
        if each.keys() != self.chosen.keys():
            what = f"There are optimisers for {sorted(each)}, but the loss has the groups {sorted(self.chosen)}."
            raise ConfigError(message(what, fix="give one optimiser, or one for each group."))
        self.optimisers = {name: optax.with_extra_args_support(one) for name, one in each.items()}

    def start(self, model: Any, key: jax.Array) -> State:
        """The state before step 0."""
        arrays = eqx.filter(model, eqx.is_array)
        own = {name: each.init(eqx.filter(arrays, self.chosen[name])) for name, each in self.optimisers.items()}
        own = jax.tree.map(lambda leaf: jnp.asarray(leaf, jnp.asarray(leaf).dtype), own)  # weak types compile twice
        loss = self.loss.init(model, jax.random.fold_in(key, INIT))
        average = arrays if self.ema_decay else None
        return jax.tree.map(jnp.asarray, State(arrays, own, loss, average, np.int32(0), np.bool_(False)))

    def model(self, arrays: Any) -> Any:
        """The whole model again: arrays, functions and sizes."""
        return eqx.combine(arrays, self.static)

    def step(self, state: State, resident: Batch | None, key: jax.Array, given: Any) -> tuple[State, dict[str, dict]]:
        """All turns of all groups; `given` says which examples. Returns the new state, and a record per group."""
        key = jax.random.fold_in(key, state.step)
        new, records, healthy = state, {}, ~state.frozen
        for number, group in enumerate(self.loss.groups):
            for turn in range(group.turns):
                batch = self.batch(resident, key, given, turn)
                turn_key = key_of_turn(key, number, turn)
                new, records[group.name], fine = self.turn(new, group, batch, turn_key)
                healthy &= fine
        new = new._replace(step=state.step + 1, average=self.averaged(new))
        kept = jax.tree.map(lambda after, before: jnp.where(healthy, after, before), new, state)
        return kept._replace(frozen=~healthy), records

    def batch(self, resident: Batch | None, key: jax.Array, given: Any, turn: int) -> Batch:
        """The batch of one turn, augmented."""
        batch = self.feed.batch(resident, given, turn)
        return batch if self.augment is None else self.augment(batch, jax.random.fold_in(key, turn))

    def turn(self, state: State, group: Any, batch: Batch, key: jax.Array) -> tuple[State, dict, jax.Array]:
        """One gradient step of one group of parameters; also says whether all of it was finite."""
        parameters, others = eqx.partition(state.model, self.chosen[group.name])

        def value_of(parameters: Any) -> tuple[jax.Array, Any]:
            model = self.model(eqx.combine(parameters, others))
            value, weight, parts, carried = self.loss.loss(model, state.loss, batch, key, group)
            return value, (weight, parts, carried)

        (value, (weight, parts, carried)), gradient = jax.value_and_grad(value_of, has_aux=True)(parameters)
        extra = {"value": value, "grad": gradient, "value_fn": lambda parameters: value_of(parameters)[0]}
        if isinstance(self.optimisers[group.name], LeastSquares):
            extra["linearise"] = lambda parameters: self.loss.linearised(
                parameters, lambda parameters: self.model(eqx.combine(parameters, others)), state.loss
            )
        before = state.optimiser[group.name]
        update, after = self.optimisers[group.name].update(gradient, before, parameters, **extra)
        moved = eqx.combine(optax.apply_updates(parameters, update), others)

        record = {"value": value, "weight": weight, "learning_rate": learning_rate_of(after), "parts": parts}
        record["squares"] = squares(gradient, update, parameters)
        healthy = jnp.isfinite(value) & _finite(jax.tree.map(jnp.add, gradient, update))
        optimiser = state.optimiser | {group.name: after}
        return state._replace(model=moved, optimiser=optimiser, loss=carried), record, healthy

    def norms(self, records: Mapping[str, Any]) -> dict[str, dict[str, float]]:
        """Gradient, update and weights of every layer that any group moves, from the records of a chunk."""
        found: dict[str, dict[str, float]] = {}
        for name, record in records.items():
            found |= by_layer(record["squares"], self.layers[name], self.sizes[name])
        return found

    def averaged(self, state: State) -> Any:
        """The moving average of the parameters, young at first: decay = min(ema_decay, (1 + k) / (10 + k))."""
        if state.average is None:
            return None
        decay = jnp.minimum(self.ema_decay, (1.0 + state.step) / (10.0 + state.step))

        def mix(old: jax.Array, new: jax.Array) -> jax.Array:
            return (decay * old + (1 - decay) * new).astype(new.dtype) if eqx.is_inexact_array(new) else new

        return jax.tree.map(mix, state.average, state.model)

    def refresh(self, state: State, resident: Batch | None, key: jax.Array) -> State:
        """Between chunks a loss may renew its state (loss balancing, adaptive collocation)."""
        renew = getattr(self.loss, "refresh", None)
        if renew is None:
            return state
        key = jax.random.fold_in(jax.random.fold_in(key, REFRESH), state.step)
        return state._replace(loss=renew(self.model(state.model), state.loss, self.feed.known(resident), key))


def compile_chunk(stepper: Stepper, *, stepwise: bool, many: bool) -> Callable[..., tuple[State, Any]]:
    """Compiles (state, resident, key, given) -> (state, records) over a chunk of steps.

    Args:
        stepwise: step from Python; `given` is an iterable over steps.
        many: state, key and given have a leading axis of members, trained side by side.
    """
    if stepwise:
        one = device.jit(stepper.step, convolutional=True)

        def steps(state: State, resident: Any, key: jax.Array, given: Any) -> tuple[State, Any]:
            records = []
            for each in given:
                state, record = one(state, resident, key, each)
                records.append(record)
            return state, jax.tree.map(lambda *leaves: np.stack(leaves), *records)

        return steps

    def chunk(state: State, resident: Any, key: jax.Array, given: Any) -> tuple[State, Any]:
        return jax.lax.scan(lambda state, each: stepper.step(state, resident, key, each), state, given)

    return device.jit(jax.vmap(chunk, in_axes=(0, None, 0, 0)) if many else chunk)


def slow_in_scan(stepper: Stepper, state: State, resident: Batch | None, key: jax.Array, given: Any) -> bool:
    """Does the step hold a convolution, on a CPU?"""
    if jax.default_backend() != "cpu":
        return False
    return "conv_general_dilated" in str(jax.make_jaxpr(stepper.step)(state, resident, key, given))


def _chosen(model: Any, where: Callable[[Any], Any] | None) -> Any:
    """True for each array a group moves, False for its other arrays, None for what is not an array."""
    moves = trainable(model)
    if where is not None:
        # `where` may answer for whole branches at once: (True, False) for a generator and its critic
        def spread(keep: Any, branch: Any) -> Any:
            return jax.tree.map(lambda _: bool(keep), branch)

        wanted = jax.tree.map(spread, where(model), model, is_leaf=lambda leaf: leaf is None)
        moves = jax.tree.map(lambda a, b: bool(a and b), moves, wanted)
    return eqx.filter(moves, jax.tree.map(eqx.is_array, model))


def _finite(tree: Any) -> jax.Array:
    return jnp.stack([jnp.isfinite(leaf).all() for leaf in jax.tree.leaves(tree)]).all()
