"""PyTorch twins of the dense, recurrent and attention families: same layers, sizes, activations and dropout."""

from __future__ import annotations

from itertools import pairwise
from typing import Any


def mlp(torch: Any, sizes: tuple[int, ...]) -> Any:
    """Linear layers with tanh between them, on (batch, feature)."""
    nn, layers = torch.nn, []
    for entering, leaving in pairwise(sizes):
        layers += [nn.Linear(entering, leaving), nn.Tanh()]
    return nn.Sequential(*layers[:-1])


def vae(torch: Any, in_size: int, latent_size: int, width_size: int) -> Any:
    """A dense VAE with two hidden layers on each side; returns what `elbo` needs."""
    nn = torch.nn

    def half(entering: int, leaving: int) -> Any:
        gelu = [nn.GELU(approximate="tanh") for _ in range(2)]
        hidden = nn.Linear(entering, width_size), gelu[0], nn.Linear(width_size, width_size), gelu[1]
        return nn.Sequential(*hidden, nn.Linear(width_size, leaving))

    class VAE(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.encoder, self.decoder = half(in_size, 2 * latent_size), half(latent_size, in_size)

        def forward(self, x: Any) -> Any:
            mean, raw = self.encoder(x).chunk(2, -1)
            log_variance = 10 * torch.tanh(raw / 10)
            z = mean + torch.exp(0.5 * log_variance) * torch.randn_like(mean)
            return self.decoder(z), mean, log_variance

    return VAE()


def elbo(torch: Any) -> Any:
    """Half the squared error, and a tenth of the divergence from N(0, 1), per number."""

    def loss(outputs: Any, target: Any) -> Any:
        decoded, mean, log_variance = outputs
        kl = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance)
        return 0.5 * (decoded - target).square().mean() + 0.1 * kl.sum() / target.numel()

    return loss


def recurrent(torch: Any, kind: str, in_size: int, width_size: int) -> Any:
    """One layer of `torch.nn.RNN`, `LSTM` or `GRU`, channel dropout, a linear layer per step."""
    nn = torch.nn

    class Recurrent(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = getattr(nn, kind)(in_size, width_size, batch_first=True)
            self.drop, self.last = nn.Dropout1d(0.1), nn.Linear(width_size, 1)

        def forward(self, x: Any) -> Any:
            y = self.layer(x)[0]
            return self.last(self.drop(y.transpose(1, 2)).transpose(1, 2))

    return Recurrent()


def encoder_block(torch: Any, width: int, heads: int) -> Any:
    """Pre-norm attention and feed-forward, with PyTorch's fused attention."""
    nn, functional = torch.nn, torch.nn.functional

    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.norms = nn.ModuleList([nn.LayerNorm(width), nn.LayerNorm(width)])
            self.query, self.value, self.out = nn.Linear(width, width), nn.Linear(width, width), nn.Linear(width, width)
            self.key = nn.Linear(width, width, bias=False)
            self.widen, self.narrow, self.drop = (
                nn.Linear(width, 4 * width),
                nn.Linear(4 * width, width),
                nn.Dropout(0.1),
            )

        def forward(self, x: Any) -> Any:
            y = self.norms[0](x)
            q, k, v = (
                f(y).unflatten(-1, (heads, width // heads)).transpose(1, 2) for f in (self.query, self.key, self.value)
            )
            y = functional.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(-2)
            x = x + self.drop(self.out(y))
            return x + self.drop(self.narrow(functional.gelu(self.widen(self.norms[1](x)), approximate="tanh")))

    return Block()


def sinusoidal(torch: Any, places: Any, width: int) -> Any:
    """Sines and cosines of places (token, dim), an equal share of the channels per dimension."""
    pairs = width // (2 * places.shape[1])
    angles = places[..., None] * 1e4 ** (-torch.arange(pairs) / pairs)
    return torch.cat([angles.sin(), angles.cos()], -1).reshape(len(places), width)


def transformer(torch: Any, in_size: int, steps: int, width: int = 64, depth: int = 2, heads: int = 4) -> Any:
    """The network of outcrop.model.transformer on (batch, step, channel)."""
    nn = torch.nn

    class Transformer(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.norm, self.last = nn.Linear(in_size, width), nn.LayerNorm(width), nn.Linear(width, 1)
            self.blocks = nn.Sequential(*(encoder_block(torch, width, heads) for _ in range(depth)))
            self.register_buffer("places", sinusoidal(torch, torch.arange(steps)[:, None].float(), width))

        def forward(self, x: Any) -> Any:
            return self.last(self.norm(self.blocks(self.first(x) + self.places)))

    return Transformer()


def vit(torch: Any, in_channels: int, classes: int, side: int, patch: int = 8, width: int = 64, heads: int = 4) -> Any:
    """The network of outcrop.model.vit on (batch, channel, row, column); classes of every pixel, channels first."""
    nn, grid = torch.nn, side // patch

    class ViT(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first = nn.Conv2d(in_channels, width, patch, stride=patch)
            self.blocks = nn.Sequential(*(encoder_block(torch, width, heads) for _ in range(2)))
            self.norm, self.last = nn.LayerNorm(width), nn.Linear(width, classes * patch**2)
            places = torch.cartesian_prod(torch.arange(grid), torch.arange(grid)).float()
            self.register_buffer("places", sinusoidal(torch, places, width))
            self.pixels = nn.PixelShuffle(patch)

        def forward(self, x: Any) -> Any:
            y = self.first(x).flatten(2).transpose(1, 2)
            y = self.last(self.norm(self.blocks(y + self.places)))
            return self.pixels(y.transpose(1, 2).unflatten(2, (grid, grid)))

    return ViT()
