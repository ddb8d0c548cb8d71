"""A convolutional variational autoencoder in one or two dimensions: a Gaussian code per coarse place."""

from __future__ import annotations

import functools

import equinox as eqx
import jax
from jaxtyping import Array, Float, PRNGKeyArray

from outcrop.model import check, conv_autoencoder
from outcrop.model.conv import Conv
from outcrop.model.conv_autoencoder import Decoder, Encoder, checked, cropped
from outcrop.model.dropout import split
from outcrop.model.vae import Gaussian, mean_and_log_variance


class ConvVAE(eqx.Module):
    """As `conv_autoencoder.ConvAutoencoder`, but the encoder gives mean and log variance of the code.

    Called, it decodes the mean. The loss `elbo` draws the code, z = mean + exp(log_variance / 2) * noise. The prior is
    N(0, I) for every place by itself: what reaches further than the decoder sees is not in what `sample` draws.

    Source: Kingma and Welling (2014), arXiv:1312.6114, section 3.
    """

    encoder: Encoder
    decoder: Decoder
    last: Conv
    multiple: int = eqx.field(static=True)
    latent_size: int = eqx.field(static=True)

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        *,
        widths: tuple[int, ...] = (16, 32, 64),
        latent_size: int = 8,
        blocks: int = 1,
        kernel_size: int = 3,
        activation: str = "gelu",
        dropout: float = 0.0,
        num_spatial_dims: int = 1,
        key: PRNGKeyArray,
    ):
        """Builds the network with random weights; arguments as in `conv_autoencoder.ConvAutoencoder`."""
        common = checked(
            widths, latent_size, blocks, kernel_size, activation=activation, dropout=dropout, dims=num_spatial_dims
        )
        check.positive(in_channels=in_channels, out_channels=out_channels)
        first, second, third = jax.random.split(key, 3)
        self.encoder = Encoder(in_channels, 2 * latent_size, key=first, **common)
        self.decoder = Decoder(latent_size, key=second, **common)
        self.last = Conv(widths[0], out_channels, num_spatial_dims=num_spatial_dims, key=third)
        self.multiple, self.latent_size = 2 ** (len(widths) - 1), latent_size

    def encode(self, x: Float[Array, "*sample in_channel"], *, key: PRNGKeyArray | None = None) -> Gaussian:
        """Mean and log variance of the code of one example, each (*place, latent)."""
        return mean_and_log_variance(self.encoder(x, key=key))

    def decode(
        self, z: Float[Array, "*place latent"], *, key: PRNGKeyArray | None = None
    ) -> Float[Array, "*sample out"]:
        """What a code stands for: `multiple` samples per place."""
        return self.last(self.decoder(z, key=key))

    def sample(self, *size: int, key: PRNGKeyArray) -> Float[Array, "*sample out"]:
        """One example of a size drawn from the prior: a code from N(0, I) for every place, decoded."""
        places = tuple(-(-length // self.multiple) for length in size)
        return cropped(self.decode(jax.random.normal(key, (*places, self.latent_size))), size)

    def __call__(
        self, x: Float[Array, "*sample in_channel"], *, key: PRNGKeyArray | None = None
    ) -> Float[Array, "*sample out"]:
        """The reconstruction from the mean of the code, of the size of the example; `key` is for dropout only."""
        first, second = split(key, 2)
        return cropped(self.decode(self.encode(x, key=first)[0], key=second), x.shape[:-1])


parameter_count = functools.partial(conv_autoencoder.parameter_count, encoded=2)  # mean and log variance
