"""A U-Net that knows the time: the network of diffusion and flows for series, maps, sections and cubes."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
from jaxtyping import Array, Float, PRNGKeyArray

from outcrop.model import check, unet
from outcrop.model.block import conv_parameters
from outcrop.model.condition import Condition, beside, channels
from outcrop.model.linear import Linear
from outcrop.model.time_embedding import TimeEmbedding, embedding_parameters, silenced
from outcrop.model.unet import UNet

WIDER = 4
"""The embedding of the time is so many times as wide as the finest level (Ho, Jain and Abbeel, 2020, appendix B)."""


class TimeUNet(eqx.Module):
    """`unet.UNet` on noisy data and condition side by side; the time scales and shifts inside every residual block.

    Without attention: what lies beyond the reach of the coarsest level is generated independently. See `dit.DiT`.

    Source: Ho, Jain and Abbeel (2020), arXiv:2006.11239, appendix B; scales and shifts as in Nichol and Dhariwal
    (2021), arXiv:2102.09672, section 3; the last layer starts at zero.
    """

    embedding: TimeEmbedding
    films: tuple[Linear, ...]
    network: UNet
    in_channels: int = eqx.field(static=True)

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        *,
        widths: tuple[int, ...] = (32, 64, 128),
        blocks: int = 1,
        kernel_size: int = 3,
        patch: int = 1,
        activation: str = "silu",
        dropout: float = 0.0,
        num_spatial_dims: int = 1,
        key: PRNGKeyArray,
    ):
        """Builds the network with random weights; before training it answers 0.

        Args:
            in_channels: channels of the condition; 0 for none.
            out_channels: channels that are generated.
            widths, blocks, kernel_size, patch, activation, dropout: as in `unet.UNet`.
            num_spatial_dims: 1 for windows; 2 or 3 for patches of so many dimensions.
            key: for the weights.
        """
        check.natural(in_channels=in_channels)
        check.positive(out_channels=out_channels)
        time, inner, *keys = jax.random.split(key, 2 + blocks * (2 * len(widths) - 1))
        network = UNet(
            out_channels + channels(in_channels),
            out_channels,
            widths=widths,
            blocks=blocks,
            kernel_size=kernel_size,
            patch=patch,
            activation=activation,
            dropout=dropout,
            num_spatial_dims=num_spatial_dims,
            key=inner,
        )
        self.network = eqx.tree_at(lambda net: net.last, network, silenced(network.last))
        self.embedding = TimeEmbedding(WIDER * widths[0], key=time)
        each = [block.convs[0].weight.shape[-1] for block in network.all_blocks]
        self.films = tuple(Linear(WIDER * widths[0], 2 * width, key=own) for width, own in zip(each, keys, strict=True))
        self.in_channels = in_channels

    @property
    def multiple(self) -> int:
        """Sizes are padded with zeros to a multiple of this, and cropped again."""
        return self.network.multiple

    def __call__(
        self,
        x: Float[Array, "*place out"],
        t: Float[Array, ""],
        condition: Condition = None,
        *,
        key: PRNGKeyArray | None = None,
    ) -> Float[Array, "*place out"]:
        """The answer for one noisy example at one time; without `key` nothing is dropped."""
        embedding = self.embedding(t)
        films = [each(embedding) for each in self.films]
        return self.network(beside(x, condition, self.in_channels), key=key, films=films)


def parameter_count(
    in_channels: int,
    out_channels: int,
    *,
    widths: tuple[int, ...] = (32, 64, 128),
    blocks: int = 1,
    **arguments: Any,
) -> int:
    """Trainable numbers: those of the U-Net, of the time, and two per channel of every block and number of the time.

    >>> parameter_count(0, 1, widths=(4,), blocks=1, kernel_size=3)  # 149 of the U-Net, 800 of the time, 17 x 8
    1085
    """
    own = unet.parameter_count(
        out_channels + channels(in_channels), out_channels, widths=widths, blocks=blocks, **arguments
    )
    time = WIDER * widths[0]
    films = sum(conv_parameters(time, 2 * width) for width in (*widths, *widths[:-1]))
    return own + embedding_parameters(time) + blocks * films
