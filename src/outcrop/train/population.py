"""The statistics that batch norms use outside of training, measured on batches of the training part.

Measured with the weights as they are whenever a model is looked at, instead of averaged along training while the
weights still move (Wu and Johnson, 2021, Rethinking "Batch" in BatchNorm, arXiv:2105.07576, section 3.1).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from outcrop import device
from outcrop.model.apply import apply
from outcrop.model.norm import BatchNorm
from outcrop.records import Batch

BATCHES = 16
"""Batches measured at most; Wu and Johnson find that more than a thousand examples change nothing."""


def batch_norms(model: Any) -> list[BatchNorm]:
    """All batch norms of a model, in order."""
    leaves = jax.tree.leaves(model, is_leaf=lambda node: isinstance(node, BatchNorm))
    return [leaf for leaf in leaves if isinstance(leaf, BatchNorm)]


def measured(model: Any, batches: Sequence[Batch]) -> Any:
    """The model with the mean and variance of these batches in its batch norms; dropout is off.

    The variance is that of all samples: the mean variance within the batches, and that of their means.

    Args:
        model: an Equinox module on ONE example; one without batch norms comes back as it is.
        batches: of the training part, equal in size.
    """
    norms = batch_norms(model)
    if not norms or not batches:
        return model
    probes = [jnp.zeros((3, len(norm.scale))) for norm in norms]
    each = [_compiled()(probes, model, batch) for batch in batches]
    settled = []
    for number, norm in enumerate(norms):
        count, mean, square = np.moveaxis(np.stack([np.asarray(found[number]) for found in each]), 1, 0)
        means = mean / count
        variance = (square / count).mean(axis=0) + means.var(axis=0)
        values = jnp.asarray(means.mean(axis=0)), jnp.asarray(variance)
        settled.append(eqx.tree_at(lambda n: (n.mean.value, n.variance.value), norm, values))
    return _with_norms(model, settled)


def _with_norms(model: Any, norms: Sequence[BatchNorm]) -> Any:
    coming = iter(norms)
    return jax.tree.map(
        lambda node: next(coming) if isinstance(node, BatchNorm) else node,
        model,
        is_leaf=lambda node: isinstance(node, BatchNorm),
    )


@lru_cache(maxsize=1)
def _compiled() -> Callable[..., Any]:
    """(probes, model, batch) -> what the probes were told: one pass forwards and back."""

    def output(probes: list[jax.Array], model: Any, batch: Batch) -> jax.Array:
        probed = [
            eqx.tree_at(lambda n: n.probe, norm, probe, is_leaf=lambda node: node is None)
            for norm, probe in zip(batch_norms(model), probes, strict=True)
        ]
        return jnp.sum(apply(_with_norms(model, probed), batch))

    return eqx.filter_jit(eqx.filter_grad(output), compiler_options=device.compiler_options(convolutional=True))
