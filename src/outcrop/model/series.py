"""A network along time on samples that hold a whole series each: one answer for the series, none for its steps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from outcrop.model.pool import pooled, within


class AlongSeries(eqx.Module):
    """The features of a sample as the steps of a series, a network along them, and the mean of its answers.

    A network with `pool = "last"` or "mean" repeats its one answer on all steps, which their mean leaves as it is.
    Steps before the first and after the last one with an input that is not 0 (all missing, with a channel that says
    so) do not count.
    """

    network: Any
    columns: tuple[tuple[int, ...], ...] = eqx.field(static=True)

    def __init__(self, network: Any, columns: Sequence[Sequence[int]]) -> None:
        """Wraps a network.

        Args:
            network: (step, channel) to (step, out).
            columns: for every step, the features that are its channels; a feature may serve several steps.
        """
        self.network = network
        self.columns = tuple(tuple(map(int, step)) for step in columns)

    def entering(self, x: Float[Array, " feature"]) -> Float[Array, "step channel"]:
        """What the network inside reads of a sample."""
        return x[jnp.asarray(np.array(self.columns))]

    def __call__(self, x: Float[Array, " feature"], *, key: PRNGKeyArray | None = None) -> Float[Array, " out"]:
        """Logits or scaled values of the sample; without `key` nothing is dropped."""
        series = self.entering(x)
        return pooled(self.network(series, key=key), within(series), "mean")[0]
