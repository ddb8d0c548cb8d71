"""A straight line past a network along time: what it need not learn, because each step's inputs say it already.

Source: the linear forecasts of Zeng et al. (2023), arXiv:2205.13504, section 4, which few recurrent networks and
transformers beat; here the network adds what the line does not know.
"""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from outcrop.errors import ConfigError, message


class Skip(eqx.Module):
    """The outputs of a network plus, for each step, its inputs times weights of its own, which begin as 0.

    With `unknown_future = "last"` the inputs of a step ahead are the last ones known: the line is then persistence,
    damped as each lead needs it. A state between -1 and 1 carries such levels badly.
    """

    network: Any
    weight: Float[Array, "step in_channel out"]

    def __init__(self, network: Any, steps: int, in_channels: int, out: int) -> None:
        self.network = network
        self.weight = jnp.zeros((steps, in_channels, out))

    def as_persistence(self, channel: int) -> Skip:
        """The same with a line that hands the value of one channel, the last of the target, on to the first output.

        A weight moves by about the learning rate in a step: from 0 it may never come to the 1 of the first leads.
        """
        return eqx.tree_at(lambda model: model.weight, self, self.weight.at[:, channel, 0].set(1.0))

    def __call__(self, x: Float[Array, "step *place in_channel"], *, key: PRNGKeyArray | None = None) -> Array:
        """Outputs of every step (step, *place, out); of a map the same line at every place.

        Raises:
            ConfigError: an example has another number of steps.
        """
        if len(x) != len(self.weight):
            what = f"skip_steps is {len(self.weight)}, and an example has {len(x)} steps."
            raise ConfigError(message(what, where="model.skip_steps", fix=f"skip_steps = {len(x)}"))
        return self.network(x, key=key) + jnp.einsum("s...c,sco->s...o", x, self.weight)
