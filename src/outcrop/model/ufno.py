"""A Fourier neural operator with a small U-Net beside its last layers, for what changes from sample to sample: fronts.

Source: Wen et al. (2022), U-FNO, Advances in Water Resources 163, 104180, doi:10.1016/j.advwatres.2022.104180,
equation 7: plain layers first, then as many with a U-Net, here one of two levels.
"""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
from jaxtyping import Array, Float, PRNGKeyArray

from outcrop.model.fno import FNO
from outcrop.model.fno import parameter_count as fno_parameters
from outcrop.model.unet import UNet
from outcrop.model.unet import parameter_count as unet_parameters

LEVELS = 2


class UFNO(eqx.Module):
    """The last half of the layers are v' = act(K v + W v + U v), U a U-Net.

    A U-Net counts in samples: on a finer grid it looks at less of the domain than in training.
    """

    fno: FNO
    local: tuple[UNet, ...]

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        *,
        width_size: int = 64,
        modes: int = 16,
        depth: int = 4,
        padding: float = 0.25,
        factorisation: str = "none",
        expansion: float = 0.0,
        dropout: float = 0.0,
        num_spatial_dims: int = 1,
        key: PRNGKeyArray,
    ):
        """Builds the network with random weights; arguments as of `FNO`."""
        first, *keys = jax.random.split(key, 1 + beside(depth))
        own: dict[str, Any] = {"width_size": width_size, "modes": modes, "depth": depth, "padding": padding}
        own |= {"factorisation": factorisation, "expansion": expansion}
        own |= {"dropout": dropout, "num_spatial_dims": num_spatial_dims}
        self.fno = FNO(in_channels, out_channels, key=first, **own)
        sizes: dict[str, Any] = {"widths": (width_size,) * LEVELS, "num_spatial_dims": num_spatial_dims}
        self.local = tuple(UNet(width_size, width_size, dropout=0.0, key=k, **sizes) for k in keys)

    def __call__(
        self, x: Float[Array, "*sample in_channel"], *, key: PRNGKeyArray | None = None
    ) -> Float[Array, "*sample out"]:
        """Logits or scaled values of every sample of one field; without `key` nothing is dropped."""
        return self.fno(x, key=key, beside=self.local)


def beside(depth: int) -> int:
    """How many of the layers have a U-Net beside them.

    >>> beside(4), beside(3)
    (2, 2)
    """
    return depth - depth // 2


def parameter_count(
    in_channels: int,
    out_channels: int,
    *,
    width_size: int = 64,
    depth: int = 4,
    num_spatial_dims: int = 1,
    **others: Any,
) -> int:
    """Trainable numbers: those of the operator, and of one U-Net for every second layer.

    >>> parameter_count(1, 1, width_size=4, modes=3, depth=1) - fno_parameters(1, 1, width_size=4, modes=3, depth=1)
    608
    """
    own = {"width_size": width_size, "depth": depth, "num_spatial_dims": num_spatial_dims, **others}
    local = unet_parameters(width_size, width_size, widths=(width_size,) * LEVELS, num_spatial_dims=num_spatial_dims)
    return fno_parameters(in_channels, out_channels, **own) + beside(depth) * local
