"""Gradient of one ConvLSTM layer on the CPU: the convolution inside a scan as it stands, against outcrop's layer.

    python benchmarks/convlstm_step.py

Prints processor time per gradient (least of some rounds) and of compilation. Measured on one busy core, JAX 0.10.2,
12 steps, batch 8, maps of 17 x 25 with 24 channels, state of 16: see docs/speed.md. `unroll` of the scan is not tried
here: at 24 steps its compilation took 215 s.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp

from outcrop import device
from outcrop.model.conv import convolved
from outcrop.model.conv_lstm import CELL
from outcrop.model.recurrent import RecurrentLayer

STEPS, BATCH, HEIGHT, WIDTH, CHANNELS, STATE = 12, 8, 17, 25, 24, 16
ROUNDS = 5


def plain(layer: RecurrentLayer, x: jax.Array) -> jax.Array:
    """A batch through the layer's formula, the inputs' convolution for all steps at once, differentiated as it is."""
    along = x.swapaxes(0, 1)
    ahead = convolved(along, layer.weight) + layer.bias

    def step(carry: tuple[jax.Array, jax.Array], ahead: jax.Array) -> tuple[Any, jax.Array]:
        h, c = carry
        i, f, g, o = jnp.split(ahead + convolved(h, layer.recurrent), 4, axis=-1)
        c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
        h = jax.nn.sigmoid(o) * jnp.tanh(c)
        return (h, c), h

    zero = jnp.zeros((BATCH, HEIGHT, WIDTH, STATE))
    return jax.lax.scan(step, (zero, zero), ahead)[1].swapaxes(0, 1)


def timed(outputs: Callable[[RecurrentLayer, jax.Array], jax.Array]) -> tuple[float, float]:
    """Seconds of processor time to compile, and per gradient."""
    layer = RecurrentLayer(CHANNELS, STATE, CELL, kernel=(3, 3), initial="orthogonal", key=jax.random.key(0))
    arrays, rest = eqx.partition(layer, eqx.is_array)
    x = jax.random.normal(jax.random.key(1), (BATCH, STEPS, HEIGHT, WIDTH, CHANNELS))
    loss = lambda arrays: jnp.sum(jnp.square(outputs(eqx.combine(arrays, rest), x)))  # noqa: E731
    gradient = device.jit(jax.grad(loss), convolutional=True)
    seconds = []
    for _ in range(1 + ROUNDS):
        begun = time.process_time()
        jax.block_until_ready(gradient(arrays))
        seconds.append(time.process_time() - begun)
    return seconds[0], min(seconds[1:])


def main() -> None:
    for name, outputs in {"plain scan": plain, "outcrop": lambda layer, x: jax.vmap(layer)(x)}.items():
        compiled, step = timed(outputs)
        print(f"{name:12s} compiled in {compiled:.1f} s, {1000 * step:.0f} ms per gradient", flush=True)


if __name__ == "__main__":
    main()
