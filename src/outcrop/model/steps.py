"""A network of images on a sequence of them: the steps become channels, so that a U-Net can forecast fields in time."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from outcrop.errors import ConfigError, message


class StepsAsChannels(eqx.Module):
    """The maps of all steps side by side as channels of one image; the outputs are the maps of the scored steps.

    Each pair of steps has weights of its own, and nothing says that time goes forwards: what a recurrent network is
    given, this one has to learn. As in Weyn, Durran and Caruana (2020), doi:10.1029/2020MS002109, section 3.
    """

    network: Any
    steps: int = eqx.field(static=True)
    scored: int = eqx.field(static=True)

    def entering(self, x: Float[Array, "step *place in_channel"]) -> Float[Array, "*place stacked"]:
        """What the network inside reads of a sequence."""
        image = jnp.moveaxis(x, 0, -2)
        return image.reshape(*image.shape[:-2], -1)

    def __call__(
        self, x: Float[Array, "step *place in_channel"], *, key: PRNGKeyArray | None = None
    ) -> Float[Array, "step *place out"]:
        """Logits or scaled values of the scored steps, the last ones; 0 in those before them.

        Raises:
            ConfigError: an example has another number of steps.
        """
        if len(x) != self.steps:
            what = f"The network was built for sequences of {self.steps} steps, and an example has {len(x)}."
            raise ConfigError(message(what, where="data.view", fix="the history and horizon it was trained with"))
        out = self.network(self.entering(x), key=key)
        maps = jnp.moveaxis(out.reshape(*out.shape[:-1], self.scored, -1), -2, 0)
        return jnp.pad(maps, [(self.steps - self.scored, 0), *((0, 0),) * (maps.ndim - 1)])
