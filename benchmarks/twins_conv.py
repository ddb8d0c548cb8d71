"""PyTorch twins of the convolutional families, channels first as PyTorch wants them, in one to three dimensions."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, NamedTuple


class Layers(NamedTuple):
    """The layers of one number of dimensions."""

    torch: Any
    dims: int

    def conv(self, entering: int, leaving: int, size: int = 1, dilation: int = 1) -> Any:
        """A convolution that keeps the size."""
        kind = getattr(self.torch.nn, f"Conv{self.dims}d")
        return kind(entering, leaving, size, padding=dilation * (size // 2), dilation=dilation)

    def halve(self, entering: int, leaving: int) -> Any:
        """Kernel 2 and stride 2."""
        return getattr(self.torch.nn, f"Conv{self.dims}d")(entering, leaving, 2, stride=2)

    def double(self, entering: int, leaving: int) -> Any:
        """The transposed convolution of kernel 2, with a bias per place as outcrop's linear layer has."""
        return _double(self.torch, self.dims, entering, leaving)

    def norm(self, channels: int) -> Any:
        """Over the channels of each sample."""
        return _norm(self.torch, channels)

    def drop(self) -> Any:
        """Whole channels, a tenth of them."""
        return getattr(self.torch.nn, f"Dropout{self.dims}d")(0.1)

    def block(self, entering: int, width: int, dilation: int = 1, drop: bool = True) -> Any:
        """The residual block of outcrop.model.block."""
        return _block(self, entering, width, dilation, drop)


def _norm(torch: Any, channels: int) -> Any:
    class Norm(torch.nn.LayerNorm):
        def forward(self, x: Any) -> Any:
            return super().forward(x.movedim(1, -1)).movedim(-1, 1)

    return Norm(channels)


def _double(torch: Any, dims: int, entering: int, leaving: int) -> Any:
    nn = torch.nn

    class Double(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.linear = nn.Linear(entering, 2**dims * leaving)

        def forward(self, x: Any) -> Any:
            batch, size = len(x), x.shape[2:]
            y = self.linear(x.movedim(1, -1)).reshape(batch, *size, *(2,) * dims, leaving)
            order = [0, 2 * dims + 1, *(axis for d in range(dims) for axis in (1 + d, 1 + dims + d))]
            return y.permute(order).reshape(batch, leaving, *(2 * length for length in size))

    return Double()


def _block(layers: Layers, entering: int, width: int, dilation: int, drop: bool) -> Any:
    nn, gelu = layers.torch.nn, layers.torch.nn.functional.gelu

    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.norms = nn.ModuleList([layers.norm(entering), layers.norm(width)])
            self.first, self.second = layers.conv(entering, width, 3, dilation), layers.conv(width, width, 3, dilation)
            self.shortcut = nn.Identity() if entering == width else layers.conv(entering, width)
            self.drop = layers.drop() if drop else nn.Identity()

        def forward(self, x: Any) -> Any:
            y = self.first(gelu(self.norms[0](x), approximate="tanh"))
            y = self.drop(gelu(self.norms[1](y), approximate="tanh"))
            return self.second(y) + self.shortcut(x)

    return Block()


def resnet(torch: Any, dims: int, entering: int, leaving: int, width: int, dilations: tuple[int, ...]) -> Any:
    """The network of outcrop.model.resnet."""
    nn, layers = torch.nn, Layers(torch, dims)
    blocks = (layers.block(width, width, dilation) for dilation in dilations)
    last = layers.norm(width), nn.GELU(approximate="tanh"), layers.conv(width, leaving)
    return nn.Sequential(layers.conv(entering, width, 3), *blocks, *last)


def unet(torch: Any, dims: int, entering: int, leaving: int, widths: tuple[int, ...]) -> Any:
    """The network of outcrop.model.unet."""
    nn, layers, pairs = torch.nn, Layers(torch, dims), list(pairwise(widths))

    class UNet(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.last = layers.conv(entering, widths[0], 3), layers.conv(widths[0], leaving)
            self.down = nn.ModuleList([layers.block(width, width) for width in widths])
            self.halve = nn.ModuleList([layers.halve(fine, coarse) for fine, coarse in pairs])
            self.widen = nn.ModuleList([layers.double(coarse, fine) for fine, coarse in pairs])
            self.up = nn.ModuleList([layers.block(2 * fine, fine) for fine, _ in pairs])
            self.norm = layers.norm(widths[0])

        def forward(self, x: Any) -> Any:
            x, skips = self.first(x), []
            for level, block in enumerate(self.down):
                x = block(x)
                if level < len(self.halve):
                    skips.append(x)
                    x = self.halve[level](x)
            for level in reversed(range(len(self.up))):
                x = self.up[level](torch.cat([self.widen[level](x), skips[level]], 1))
            return self.last(nn.functional.gelu(self.norm(x), approximate="tanh"))

    return UNet()


def autoencoder(torch: Any, dims: int, channels: int, widths: tuple[int, ...], latent_size: int) -> Any:
    """The network of outcrop.model.conv_autoencoder."""
    nn, layers, back = torch.nn, Layers(torch, dims), tuple(reversed(widths))
    down: list[Any] = [layers.conv(channels, widths[0], 3)]
    for level, width in enumerate(widths):
        down.append(layers.block(width, width, drop=False))
        down += [layers.halve(width, widths[level + 1])] if level + 1 < len(widths) else []
    up: list[Any] = [layers.conv(latent_size, back[0])]
    for level, width in enumerate(back):
        up.append(layers.block(width, width, drop=False))
        up += [layers.double(width, back[level + 1])] if level + 1 < len(back) else []
    ends = layers.conv(widths[-1], latent_size), nn.GELU(approximate="tanh"), layers.conv(widths[0], channels)
    return nn.Sequential(*down, ends[0], *up, *ends[1:])


def cnn(torch: Any, dims: int, entering: int, classes: int, widths: tuple[int, ...]) -> Any:
    """The network of outcrop.model.cnn: one answer, repeated on each sample as outcrop gives it."""
    nn, layers, pool = torch.nn, Layers(torch, dims), getattr(torch.nn, f"MaxPool{dims}d")
    levels: list[Any] = []
    for a, b in pairwise((entering, *widths)):
        levels += [layers.conv(a, b, 3), layers.norm(b), nn.ReLU(), layers.drop(), pool(2)]

    class CNN(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.levels, self.drop = nn.Sequential(*levels), nn.Dropout(0.1)
            self.head, self.last = nn.Linear(widths[-1], widths[-1]), nn.Linear(widths[-1], classes)

        def forward(self, x: Any) -> Any:
            y = self.levels(x).flatten(2).mean(-1)
            y = self.last(self.drop(self.head(y).relu()))
            return y[(...,) + (None,) * dims].expand(-1, -1, *x.shape[2:])

    return CNN()
