"""Recurrent networks: a state is carried from step to step, so that an output knows all that came before it.

What the three families share: layers on top of each other, both directions, one answer per step or per example, and
the state carried over long records. The cells are in elman.py, lstm.py and gru.py.
"""

from __future__ import annotations

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from outcrop.errors import ConfigError, message
from outcrop.model import check
from outcrop.model.block import conv_parameters
from outcrop.model.conv import Conv
from outcrop.model.dropout import channel_dropout, split
from outcrop.model.initial import check_initial, draw
from outcrop.model.pool import POOLS, pooled, repeated, within
from outcrop.model.recurrence import Carry, Scan


class Cell(NamedTuple):
    """What tells one recurrence from another.

    Attributes:
        scan: (weight, recurrent, x, carry) -> (outputs, carry), see `recurrence.fused`. The last row of `weight` is
            the bias, the last channel of x is 1.
        biases: where the bias of each gate starts; their number is the number of gates.
        states: arrays carried from step to step, the output first.
    """

    scan: Scan
    biases: tuple[float, ...]
    states: int


class RecurrentLayer(eqx.Module):
    """One recurrence along time, forwards or backwards, (time, *place, in) to (time, *place, width).

    There are places where the weights are kernels of convolutions; else each step is one row of values.

    Recurrent weights are drawn gate by gate as `initial` says (orthogonal ones keep the length of the state, Saxe et
    al., 2014, arXiv:1312.6120), input weights as "glorot_uniform".
    """

    weight: Float[Array, "*kernel in_channel gate"]
    recurrent: Float[Array, "*kernel width gate"]
    bias: Float[Array, " gate"]
    cell: Cell = eqx.field(static=True)
    backwards: bool = eqx.field(static=True)

    def __init__(
        self,
        in_size: int,
        width_size: int,
        cell: Cell,
        *,
        kernel: tuple[int, ...] = (),
        backwards: bool = False,
        initial: str,
        key: PRNGKeyArray,
    ) -> None:
        gates = len(cell.biases)
        own, others = jax.random.split(key)

        def drawn(name: str, rows: int, key: PRNGKeyArray) -> Array:
            keys = jax.random.split(key, gates)
            return jnp.concatenate([draw(name, k, (*kernel, rows, width_size)) for k in keys], axis=-1)

        self.weight = drawn("glorot_uniform", in_size, own)
        self.recurrent = drawn(initial, width_size, others)
        self.bias = jnp.repeat(jnp.asarray(cell.biases), width_size)
        self.cell, self.backwards = cell, backwards

    def __call__(
        self, x: Float[Array, "time *place in_channel"], begun: Float[Array, "time 1"] | None = None
    ) -> Float[Array, "time *place width"]:
        """The outputs of all steps, from a state of zeros, which stays so where `begun` is 0."""
        begun = jnp.ones((len(x), 1), x.dtype) if begun is None else begun
        carry = self.initial_carry(x.shape[1:-1])
        if self.backwards:
            return self._run(x[::-1], begun[::-1], carry)[0][::-1]
        return self._run(x, begun, carry)[0]

    def scan(
        self, x: Float[Array, "time *place in_channel"], carry: Carry, begun: Float[Array, "time 1"] | None = None
    ) -> tuple[Float[Array, "time *place width"], Carry]:
        """The outputs from a given state on, and the state after the last step; 0 in `begun` leaves it as it is."""
        return self._run(x, jnp.ones((len(x), 1), x.dtype) if begun is None else begun, carry)

    def initial_carry(self, places: tuple[int, ...] = ()) -> Carry:
        """The state before the first step: zeros at every place."""
        return (jnp.zeros((*places, self.recurrent.shape[-2]), self.recurrent.dtype),) * self.cell.states

    def _run(self, x: Array, begun: Array, carry: Carry) -> tuple[Array, Carry]:
        # inputs and bias of 0 leave a state of zeros as it is, in all cells; the middle of a kernel holds the bias
        ones = jnp.ones((*x.shape[:-1], 1), x.dtype)
        with_one = jnp.concatenate([x, ones], axis=-1) * begun.reshape(-1, *(1,) * (x.ndim - 1))
        kernel = self.weight.shape[:-2]
        bias = self.bias.reshape(*(1,) * len(kernel), 1, -1)
        bias = jnp.pad(bias, [*((size // 2, size // 2) for size in kernel), (0, 0), (0, 0)])
        weight = jnp.concatenate([self.weight, bias], axis=-2)
        return self.cell.scan(weight, self.recurrent, with_one, carry)


class Recurrent(eqx.Module):
    """`depth` recurrent layers, then one linear layer per step; what the families rnn, lstm and gru have in common.

    With both directions the next layer reads the outputs of the two side by side (Schuster and Paliwal, 1997, IEEE
    Transactions on Signal Processing 45, 2673-2681, doi:10.1109/78.650093). Dropout takes whole channels, the same
    ones at all steps, after each layer (Gal and Ghahramani, 2016, arXiv:1512.05287, there inside the recurrence too).

    Steps before the first and after the last one whose inputs are not all 0 lie outside of a record: they leave the
    outputs of the others as they are, and do not count for `pool`.
    """

    first: Conv | None
    layers: tuple[tuple[RecurrentLayer, ...], ...]
    last: Conv
    pool: str = eqx.field(static=True)
    dropout: float = eqx.field(static=True)
    cell: eqx.AbstractClassVar[Cell]

    def __init__(
        self,
        in_size: int,
        out_size: int,
        *,
        width_size: int = 64,
        depth: int = 1,
        bidirectional: bool = False,
        input_size: int = 0,
        pool: str = "none",
        initial: str = "orthogonal",
        dropout: float = 0.1,
        key: PRNGKeyArray,
    ) -> None:
        """Builds the network with random weights.

        Args:
            in_size: curves (and masks) per step.
            out_size: one per class (logits), or 1 for a number.
            width_size: size of the state of each layer and direction.
            depth: number of recurrent layers.
            bidirectional: also from the last step to the first one: each output then knows the future too.
            input_size: width of a dense layer (tanh) on the inputs of each step before the recurrence; 0 for none.
            pool: one answer for all steps, from their "mean" or the state after the "last" one (of both directions);
                "none" answers for each.
            initial: how recurrent weights are drawn, a name of initial.py.
            dropout: probability that a channel is dropped after each layer in training.
            key: for the weights.
        """
        check.positive(in_size=in_size, out_size=out_size, width_size=width_size, depth=depth)
        check.one_of(POOLS, pool=pool)
        check.share(dropout=dropout)
        check_initial(initial)
        if input_size:
            check.positive(input_size=input_size)
        first, last, *keys = jax.random.split(key, 2 + 2 * depth)
        directions = (False, True) if bidirectional else (False,)
        entering = [input_size or in_size] + [len(directions) * width_size] * (depth - 1)
        self.first = Conv(in_size, input_size, key=first) if input_size else None
        self.layers = tuple(
            tuple(
                RecurrentLayer(size, width_size, self.cell, backwards=backwards, initial=initial, key=k)
                for backwards, k in zip(directions, keys[2 * number :], strict=False)
            )
            for number, size in enumerate(entering)
        )
        self.last = Conv(len(directions) * width_size, out_size, key=last)
        self.pool, self.dropout = pool, dropout

    @property
    def bidirectional(self) -> bool:
        """Whether outputs know the future."""
        return len(self.layers[0]) > 1

    def __call__(
        self, x: Float[Array, "time in_channel"], *, key: PRNGKeyArray | None = None
    ) -> Float[Array, "time out"]:
        """Logits or scaled values of every step; without `key` nothing is dropped."""
        begun = [within(x, causal=True), within(x[::-1], causal=True)[::-1]]  # seen forwards and backwards
        begun = [there[:, None].astype(x.dtype) for there in begun]
        y = self._entering(x)
        for directions, layer_key in zip(self.layers, split(key, len(self.layers)), strict=True):
            outputs = [layer(y, there) for layer, there in zip(directions, begun, strict=False)]
            y = channel_dropout(jnp.concatenate(outputs, axis=1), self.dropout, layer_key)
        if self.pool == "none":
            return self.last(y)
        there = within(x)
        if self.pool == "mean" or not self.bidirectional:
            return repeated(self.last(pooled(y, there, self.pool)), there)
        forwards, backwards = jnp.split(y, 2, axis=1)
        ends = pooled(forwards, there, "last"), pooled(backwards[::-1], there[::-1], "last")
        return repeated(self.last(jnp.concatenate(ends, axis=1)), there)

    def initial_carry(self) -> tuple[Carry, ...]:
        """The state before the first step of a record: zeros, one carry per layer."""
        return tuple(layer.initial_carry() for layer, *_ in self.layers)

    def scan(
        self, x: Float[Array, "time in_channel"], carry: tuple[Carry, ...]
    ) -> tuple[Float[Array, "time out"], tuple[Carry, ...]]:
        """A piece of a long record: its outputs from the state that the piece before it left, and the state after it.

        Pieces of any length, one after the other, equal the whole record at once: steps of zeros before the first
        one that is not leave the state at zeros here too.

        Args:
            x: inputs of the piece.
            carry: from the piece before, or `initial_carry()`.

        Raises:
            ConfigError: the outputs of a piece depend on later ones.
        """
        if self.bidirectional or self.pool != "none":
            what = "bidirectional = true" if self.bidirectional else f'pool = "{self.pool}"'
            fix = 'bidirectional = false and pool = "none", or the whole record at once'
            raise ConfigError(message(f"With {what} a piece is not known before the rest of its record.", fix=fix))
        before = jnp.any(jnp.stack([jnp.any(leaf != 0) for leaf in jax.tree.leaves(carry)]))
        begun = (within(x, causal=True) | before)[:, None].astype(x.dtype)
        y, after = self._entering(x), []
        for (layer,), own in zip(self.layers, carry, strict=True):
            y, own = layer.scan(y, own, begun)
            after.append(own)
        return self.last(y), tuple(after)

    def _entering(self, x: Array) -> Array:
        return x if self.first is None else jnp.tanh(self.first(x))


def stack_parameters(
    gates: int,
    in_size: int,
    out_size: int,
    *,
    width_size: int = 64,
    depth: int = 1,
    bidirectional: bool = False,
    input_size: int = 0,
    **_: object,
) -> int:
    """Trainable numbers: per gate, layer and direction a row per input, one per state and a bias; the dense layers.

    >>> stack_parameters(4, 3, 1, width_size=5, depth=2)  # 4 * 5 * (3 + 5 + 1) + 4 * 5 * (5 + 5 + 1) + 6
    406
    """
    ways = 2 if bidirectional else 1
    entering = [input_size or in_size] + [ways * width_size] * (depth - 1)
    layers = sum(ways * gates * width_size * (size + width_size + 1) for size in entering)
    first = conv_parameters(in_size, input_size) if input_size else 0
    return first + layers + conv_parameters(ways * width_size, out_size)
