"""A straight line past a network along time: what it need not learn, because each step's inputs say it already.

Sources: the linear forecasts of Zeng et al. (2023), arXiv:2205.13504, section 4, which few recurrent networks and
transformers beat; here the network adds what the line does not know. What is added times a gain that begins at 0:
Bachlechner et al. (2021), arXiv:2003.04887, equation 1, here one gain per step.
"""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from outcrop.errors import ConfigError, message


class Skip(eqx.Module):
    """For each step, its inputs times weights of its own, which begin as 0, plus a gain times the network's output.

    With `unknown_future = "last"` the inputs of a step ahead are the last ones known: the line is then persistence,
    damped as each lead needs it. A state between -1 and 1 carries such levels badly.
    """

    network: Any
    weight: Float[Array, "step in_channel out"]
    gain: Float[Array, "step out"]

    def __init__(self, network: Any, steps: int, in_channels: int, out: int) -> None:
        self.network = network
        self.weight = jnp.zeros((steps, in_channels, out))
        self.gain = jnp.ones((steps, out))

    def as_persistence(self, channel: int) -> Skip:
        """The same with a line that hands one channel, the last of the target, on to the first output, and no more.

        A weight moves by about the learning rate in a step: from 0 it may never come to the 1 of the first leads. Far
        leads have the larger errors, so that what the network adds serves them; a gain per step, from 0 on, keeps it
        away from the first ones until it serves those.
        """
        begun = self.weight.at[:, channel, 0].set(1.0), self.gain.at[:, 0].set(0.0)
        return eqx.tree_at(lambda model: (model.weight, model.gain), self, begun)

    def __call__(self, x: Float[Array, "step *place in_channel"], *, key: PRNGKeyArray | None = None) -> Array:
        """Outputs of every step (step, *place, out); of a map the same line at every place.

        Raises:
            ConfigError: an example has another number of steps.
        """
        if len(x) != len(self.weight):
            what = f"skip_steps is {len(self.weight)}, and an example has {len(x)} steps."
            raise ConfigError(message(what, where="model.skip_steps", fix=f"skip_steps = {len(x)}"))
        added = self.network(x, key=key)
        gain = self.gain.reshape(len(x), *(1,) * (x.ndim - 2), -1)
        return gain * added + jnp.einsum("s...c,sco->s...o", x, self.weight)
