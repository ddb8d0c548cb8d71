"""A convolutional network for whole examples: one answer per trace, image or cube, wherever in it the pattern lies.

Convolutions find patterns, pooling forgets where they were, a dense head decides. For an answer at every sample see
`unet.py` and `resnet.py`.
"""

from __future__ import annotations

from functools import reduce
from itertools import pairwise
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, PRNGKeyArray

from outcrop.model import check
from outcrop.model.activation import activation as function_of
from outcrop.model.block import conv_parameters
from outcrop.model.conv import Conv, gathered
from outcrop.model.dropout import channel_dropout, split
from outcrop.model.dropout import dropout as drop
from outcrop.model.initial import check_initial
from outcrop.model.norm import NORMS, Norm, norm_parameters
from outcrop.model.norm import norm as norm_of
from outcrop.model.pool import pooled, present, repeated


class CNN(eqx.Module):
    """Per level a convolution, a norm, an activation and the largest of every 2 neighbours; then a mean and two layers.

    The mean over all places that are left makes the answer independent of where a pattern lies, and of the size of the
    example; places that are only padding (zeros in all channels) stay zero and do not count.

    Source: LeCun et al. (1998), Gradient-based learning applied to document recognition, doi:10.1109/5.726791, section
    2; the mean in place of a flattening as in Lin, Chen and Yan (2014), arXiv:1312.4400, section 3.2.
    """

    convs: tuple[Conv, ...]
    norms: tuple[Norm, ...]
    head: Conv
    last: Conv
    activation: str = eqx.field(static=True)
    dropout: float = eqx.field(static=True)

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        *,
        widths: tuple[int, ...] = (16, 32, 64),
        kernel_size: int = 3,
        norm: str = "layer",
        initial: str = "he_normal",
        activation: str = "relu",
        dropout: float = 0.1,
        num_spatial_dims: int = 1,
        key: PRNGKeyArray,
    ):
        """Builds the network with random weights.

        Args:
            in_channels: curves, components or bands (and masks) per sample.
            out_channels: one per class (logits), or 1 for a number.
            widths: channels of each level; the size is halved after each.
            kernel_size: taps of each convolution along each dimension, odd.
            norm: "layer", "group", "batch" or "none"; see norm.py.
            initial: how first weights are drawn; a key of `initial.INITIALS`.
            activation: name in `activation.ACTIVATIONS`.
            dropout: probability that a channel (of the head: a value) is dropped in training.
            num_spatial_dims: 1 for windows; 2 or 3 for patches of so many dimensions.
            key: for the weights.
        """
        check.positive(in_channels=in_channels, out_channels=out_channels, widths=widths)
        check.odd(kernel_size=kernel_size)
        check.share(dropout=dropout)
        check.one_of(NORMS, norm=norm)
        check_initial(initial)
        function_of(activation)
        head, last, *keys = jax.random.split(key, 2 + len(widths))
        dims: dict[str, Any] = {"num_spatial_dims": num_spatial_dims}
        sizes = pairwise((in_channels, *widths))
        self.convs = tuple(
            Conv(a, b, kernel_size, initial=initial, key=k, **dims) for (a, b), k in zip(sizes, keys, strict=True)
        )
        self.norms = tuple(norm_of(norm, width) for width in widths)
        self.head = Conv(widths[-1], widths[-1], initial=initial, key=head, **dims)
        self.last = Conv(widths[-1], out_channels, key=last, **dims)
        self.activation, self.dropout = activation, dropout

    @property
    def multiple(self) -> int:
        """An example shifted by so many samples gives the same answer."""
        return 2 ** len(self.convs)

    def __call__(
        self, x: Float[Array, "*sample in_channel"], *, key: PRNGKeyArray | None = None
    ) -> Float[Array, "*sample out"]:
        """One answer (logits or scaled values) on every sample; without `key` nothing is dropped."""
        act, keys = function_of(self.activation), split(key, len(self.convs) + 1)
        y, there = x, present(x)
        for conv, norm, level_key in zip(self.convs, self.norms, keys, strict=False):  # the last key is the head's
            y = act(norm(conv(y), training=key is not None))
            y, there = halved(channel_dropout(y, self.dropout, level_key), there)
        y = act(self.head(pooled(y, there, "mean")))
        return repeated(self.last(drop(y, self.dropout, keys[-1])), present(x))


def halved(
    y: Float[Array, "*sample channel"], there: Bool[Array, "*sample"]
) -> tuple[Float[Array, "*half channel"], Bool[Array, "*half"]]:
    """The largest of every 2 neighbours along each dimension, of those that are there; 0 where none is.

    >>> y, there = halved(jnp.asarray([[1.0], [3.0], [2.0]]), jnp.ones(3, bool))
    >>> y.tolist(), there.tolist()
    ([[3.0], [2.0]], [True, True])
    """
    *shape, channels = y.shape
    room = [(0, -size % 2) for size in shape]
    there = jnp.pad(there, room)
    y = jnp.where(there[..., None], jnp.pad(y, (*room, (0, 0))), -jnp.inf)
    neighbours = gathered(y, 2)  # (*half, neighbour * channel)
    half = neighbours.shape[:-1]
    any_there = gathered(there[..., None], 2).any(axis=-1)
    each = neighbours.reshape(*half, -1, channels)
    # pairwise: the gradient of `max` over an axis is NaN where the compiler works its inputs out twice, and rounds anew
    largest = reduce(jnp.maximum, (each[..., i, :] for i in range(each.shape[-2])))
    return jnp.where(any_there[..., None], largest, 0.0), any_there


def parameter_count(
    in_channels: int,
    out_channels: int,
    *,
    widths: tuple[int, ...] = (16, 32, 64),
    kernel_size: int = 3,
    norm: str = "layer",
    num_spatial_dims: int = 1,
    **_: object,
) -> int:
    """Trainable numbers: a convolution and a norm per level, the head, the last layer.

    >>> parameter_count(2, 1, widths=(4,), kernel_size=3)  # (28 + 8) + 20 + 5
    61
    """
    levels = pairwise((in_channels, *widths))
    taps = kernel_size**num_spatial_dims
    total = sum(conv_parameters(a, b, taps) + norm_parameters(norm, b) for a, b in levels)
    return total + conv_parameters(widths[-1], widths[-1]) + conv_parameters(widths[-1], out_channels)
