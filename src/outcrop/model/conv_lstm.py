"""A convolutional LSTM: a state on every place of a map, carried from step to step and passed on to its neighbours."""

from __future__ import annotations

import math

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from outcrop.model import check
from outcrop.model.block import conv_parameters
from outcrop.model.conv import Conv, convolved, gathered, scattered
from outcrop.model.dropout import channel_dropout, split
from outcrop.model.initial import check_initial
from outcrop.model.lstm import GATES, lstm_cell
from outcrop.model.pool import within
from outcrop.model.recurrence import Carry, Product
from outcrop.model.recurrent import RecurrentLayer

MAPS = 2
"""Dimensions of a map."""


def _turned(kernel: Array) -> Array:
    """The kernel that carries gradients back: mirrored in space, outputs and inputs exchanged."""
    return jnp.flip(kernel, range(kernel.ndim - 2)).swapaxes(-1, -2)


def _slope(x: Array, gradient: Array, shape: tuple[int, ...]) -> Array:
    """The gradient of a kernel in every example (batch, *shape), from all steps and places at once, tap by tap.

    As products of matrices: the gradient of a convolution with one kernel per example is one the CPU computes slowly.
    """
    kernel, places = shape[:-2], x.shape[2:-1]
    room = [(0, 0), (0, 0), *((size // 2, size // 2) for size in kernel), (0, 0)]
    padded = jnp.pad(x.swapaxes(0, 1), room)
    flat = gradient.swapaxes(0, 1).reshape(x.shape[1], -1, shape[-1])
    taps = []
    for tap in np.ndindex(*kernel):
        window = tuple(slice(at, at + size) for at, size in zip(tap, places, strict=True))
        seen = padded[(slice(None), slice(None), *window)].reshape(x.shape[1], -1, shape[-2])
        taps.append(jnp.einsum("bni,bng->big", seen, flat))
    return jnp.stack(taps, axis=1).reshape(-1, *shape)


CELL = lstm_cell(Product(convolved, _turned, _slope))


class ConvLSTM(eqx.Module):
    """Layers of long short-term memory whose products are convolutions, (step, y, x, in) to (step, y, x, out).

    i, f, o = sigmoid(W * X + U * H + b), G = tanh(W * X + U * H + b), C' = f C + i G, H' = o tanh(C'), where * is a
    convolution with zeros beyond the map. As in the source a step's answer is a 1x1 convolution of the outputs of all
    layers, and `patch` x `patch` places share one place of the state. A forecast is encoded and continued by the same
    layers: after the history they read what is known ahead (the hour, the last map) and a channel that says so, where
    the source continues with a second set of layers that reads nothing. Without its peepholes (W_c C in the gates),
    whose weights would tie the network to one size of map.

    Steps before the first one whose inputs are not all 0 lie outside of a record and leave the state at zero.

    Source: Shi et al. (2015), Convolutional LSTM network, arXiv:1506.04214, equation 3 and figure 3.
    """

    layers: tuple[RecurrentLayer, ...]
    last: Conv
    patch: int = eqx.field(static=True)
    dropout: float = eqx.field(static=True)

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        *,
        width_size: int = 16,
        depth: int = 1,
        kernel_size: int = 3,
        patch: int = 1,
        initial: str = "orthogonal",
        dropout: float = 0.1,
        key: PRNGKeyArray,
    ) -> None:
        """Builds the network with random weights.

        Args:
            in_channels: variables (and masks) per place and step.
            out_channels: one per class (logits), or 1 for a number.
            width_size: channels of the state of each layer.
            depth: number of layers.
            kernel_size: taps of each convolution along each dimension, odd; how far a state moves in one step.
            patch: places along each dimension that share one place of the state; 2 is four times faster.
            initial: how recurrent kernels are drawn, a name of initial.py.
            dropout: probability that a channel is dropped after each layer in training, at all steps and places.
            key: for the weights.
        """
        check.positive(in_channels=in_channels, out_channels=out_channels, width_size=width_size, depth=depth)
        check.positive(patch=patch)
        check.odd(kernel_size=kernel_size)
        check.share(dropout=dropout)
        check_initial(initial)
        last, *keys = jax.random.split(key, 1 + depth)
        sizes = [patch**MAPS * in_channels] + [width_size] * (depth - 1)
        kernel = (kernel_size,) * MAPS
        self.layers = tuple(
            RecurrentLayer(size, width_size, CELL, kernel=kernel, initial=initial, key=k)
            for size, k in zip(sizes, keys, strict=True)
        )
        self.last = Conv(depth * width_size, patch**MAPS * out_channels, key=last)
        self.patch, self.dropout = patch, dropout

    def __call__(
        self, x: Float[Array, "step y x in_channel"], *, key: PRNGKeyArray | None = None
    ) -> Float[Array, "step y x out"]:
        """Logits or scaled values of every step and place; without `key` nothing is dropped."""
        begun = within(x.reshape(len(x), -1), causal=True)[:, None].astype(x.dtype)
        y, outputs = self._entering(x), []
        for layer, layer_key in zip(self.layers, split(key, len(self.layers)), strict=True):
            y = channel_dropout(layer(y, begun), self.dropout, layer_key)
            outputs.append(y)
        return self._leaving(outputs, x.shape)

    def initial_carry(self, y: int, x: int) -> tuple[Carry, ...]:
        """The state before the first step, for maps of y by x places: zeros, one carry per layer."""
        places = (math.ceil(y / self.patch), math.ceil(x / self.patch))
        return tuple(layer.initial_carry(places) for layer in self.layers)

    def scan(
        self, x: Float[Array, "step y x in_channel"], carry: tuple[Carry, ...]
    ) -> tuple[Float[Array, "step y x out"], tuple[Carry, ...]]:
        """Some steps of a long record: their outputs from the state left by those before them, and the state after.

        Pieces of any length, one after the other, equal the whole record at once.

        Args:
            x: inputs of the piece.
            carry: from the piece before, or `initial_carry(y, x)`.
        """
        y, outputs, after = self._entering(x), [], []
        for layer, own in zip(self.layers, carry, strict=True):
            y, own = layer.scan(y, own)
            outputs.append(y)
            after.append(own)
        return self._leaving(outputs, x.shape), tuple(after)

    def _entering(self, x: Array) -> Array:
        """Maps padded with zeros to a multiple of `patch`, the places of each patch as channels of one."""
        room = [(0, -size % self.patch) for size in x.shape[1:-1]]
        return jax.vmap(lambda one: gathered(one, self.patch))(jnp.pad(x, [(0, 0), *room, (0, 0)]))

    def _leaving(self, outputs: list[Array], shape: tuple[int, ...]) -> Array:
        out = self.last(jnp.concatenate(outputs, axis=-1))
        return jax.vmap(lambda one: scattered(one, self.patch))(out)[:, : shape[1], : shape[2]]


def parameter_count(
    in_channels: int,
    out_channels: int,
    *,
    width_size: int = 16,
    depth: int = 1,
    kernel_size: int = 3,
    patch: int = 1,
    **_: object,
) -> int:
    """Trainable numbers: per layer and gate a kernel for the inputs, one for the state, a bias; the last layer.

    >>> parameter_count(3, 1, width_size=5, depth=1, kernel_size=3)  # 4 * 5 * (9 * (3 + 5) + 1) + 6
    1466
    """
    taps, place = kernel_size**MAPS, patch**MAPS
    entering = [place * in_channels] + [width_size] * (depth - 1)
    layers = sum(GATES * width_size * (taps * (size + width_size) + 1) for size in entering)
    return layers + conv_parameters(depth * width_size, place * out_channels)
