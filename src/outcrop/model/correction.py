"""A network that corrects an estimate it is given, such as an interpolation, in place of saying everything itself.

Source: residual learning, He et al. (2016), doi:10.1109/CVPR.2016.90; a branch that begins as 0, as in ReZero
(Bachlechner et al. 2021, arXiv:2003.04887, equation 2). In geostatistics: regression kriging the other way round.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from outcrop.errors import ConfigError, message


class Correction(eqx.Module):
    r"""y_i = a * estimate_i + g * network(x)_i, with the estimate as the last feature of a node.

    It begins as the estimate itself (a = 1 for outputs that are values of the target, g = 0), so that only what the
    estimate misses is trained. Outputs beyond `corrected` (the spread of a Gaussian) begin with a = 0 and g = 1.
    """

    network: Any
    share: Float[Array, " out"]
    gain: Float[Array, " out"]

    def __init__(self, network: Any, corrected: int, out: int) -> None:
        if not 0 < corrected <= out:
            what = f"corrects is {corrected}, and the network has {out} outputs."
            raise ConfigError(message(what, where="model.corrects", fix=f"corrects = {out}"))
        first = np.arange(out) < corrected
        self.network = network
        self.share, self.gain = jnp.asarray(first, jnp.float32), jnp.asarray(~first, jnp.float32)

    def __call__(self, x: Float[Array, "node feature"], *graph: Any, key: PRNGKeyArray | None = None) -> Array:
        """Outputs of every node (node, out)."""
        return self.share * x[:, -1:] + self.gain * self.network(x, *graph, key=key)


class Residual(eqx.Module):
    """y = x in some channels + g * network(x), with a gain g per output that begins as 0: the noisy, less its noise.

    Source: residual learning of the noise, Zhang et al. (2017), doi:10.1109/TIP.2017.2662206, section III.B.
    """

    network: Any
    channels: tuple[int, ...] = eqx.field(static=True)
    gain: Float[Array, " out"]

    def __init__(self, network: Any, channels: Sequence[int]) -> None:
        """Wraps a network whose outputs are as many as the channels that they are added to."""
        self.network = network
        self.channels = tuple(int(channel) for channel in channels)
        self.gain = jnp.zeros(len(self.channels))

    def __call__(self, x: Float[Array, "*place channel"], *, key: PRNGKeyArray | None = None) -> Array:
        """Outputs of every place (*place, out)."""
        return x[..., jnp.asarray(self.channels)] + self.gain * self.network(x, key=key)
