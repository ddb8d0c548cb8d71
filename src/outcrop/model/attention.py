r"""Self-attention: every token asks every other one, and takes from each in proportion to how well they match.

    weights^(head) = softmax(Q K^T / sqrt(size of a head)),    output = [weights^(1) V^(1), ...] W

Holds where tokens are (encodings of their places), who may be asked (masks) and the block that transformers stack. The
layer itself is Equinox's: one that joined the three projections by hand was no faster.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, PRNGKeyArray

from outcrop.errors import ConfigError, message
from outcrop.model.block import conv_parameters
from outcrop.model.conv import Conv
from outcrop.model.dropout import dropout as drop
from outcrop.model.dropout import split
from outcrop.model.norm import LayerNorm, film

WIDER = 4
"""The feed-forward layer is so many times as wide as a token (Vaswani et al., 2017, section 3.3)."""
LONGEST = 1e4
"""Wavelengths of the encodings of places run from 2 pi to 2 pi times this, in tokens (Vaswani et al., section 3.5)."""


def sinusoidal(places: Float[Array, "token dim"], width_size: int) -> Float[Array, "token width"]:
    """Sines and cosines of the places, an equal share of the channels for each dimension; to be added to tokens.

    Source: Vaswani et al. (2017), Attention is all you need, arXiv:1706.03762, section 3.5; for images one half of the
    channels per dimension as in Beyer, Zhai and Kolesnikov (2022), arXiv:2205.01580.
    """
    angles = _angles(places, width_size)  # (token, dim, pair)
    return jnp.concatenate([jnp.sin(angles), jnp.cos(angles)], axis=-1).reshape(len(places), width_size)


def rotated(
    x: Float[Array, "token head channel"], places: Float[Array, "token dim"]
) -> Float[Array, "token head channel"]:
    """Pairs of channels turned by an angle that grows with the place: a score depends on the distance of two tokens.

    Source: Su et al. (2021), RoFormer, arXiv:2104.09864, equation 34; an equal share of the channels per dimension.
    """
    token, head, channel = x.shape
    angles = _angles(places, channel)[:, None]  # (token, 1, dim, pair)
    first, second = jnp.split(x.reshape(token, head, places.shape[1], -1), 2, axis=-1)
    cos, sin = (jnp.broadcast_to(part, first.shape) for part in (jnp.cos(angles), jnp.sin(angles)))
    turned = jnp.concatenate([first * cos - second * sin, second * cos + first * sin], axis=-1)
    return turned.reshape(x.shape)


def _angles(places: Float[Array, "token dim"], channels: int) -> Float[Array, "token dim pair"]:
    pairs = channels // (2 * places.shape[1])
    frequency = LONGEST ** (-jnp.arange(pairs, dtype=places.dtype) / pairs)
    return places[..., None] * frequency.reshape(1, 1, -1)


def visible(present: Bool[Array, " token"], *, causal: bool = False) -> Bool[Array, "query key"]:
    """Which tokens each token may look at: those that are there, with `causal` none after it, and always itself."""
    tokens = len(present)
    mask = jnp.broadcast_to(present[None], (tokens, tokens))
    return (jnp.tril(mask) if causal else mask) | jnp.eye(tokens, dtype=bool)


class EncoderBlock(eqx.Module):
    """x + attention(norm(x)), then x + feed-forward(norm(x)): norms stand before the layers, not after.

    Source: Vaswani et al. (2017), figure 1, left; pre-norm as in Xiong et al. (2020), On layer normalization in the
    transformer architecture, arXiv:2002.04745, which trains without a warm-up.
    """

    norms: tuple[LayerNorm, LayerNorm]
    attend: eqx.nn.MultiheadAttention
    widen: Conv
    narrow: Conv
    dropout: float = eqx.field(static=True)

    def __init__(self, width_size: int, *, num_heads: int, dropout: float, key: PRNGKeyArray):
        first, second, third = jax.random.split(key, 3)
        bias = dict.fromkeys(("use_query_bias", "use_value_bias", "use_output_bias"), True)
        self.norms = (LayerNorm(width_size), LayerNorm(width_size))
        self.attend = eqx.nn.MultiheadAttention(num_heads, width_size, **bias, key=first)
        self.widen = Conv(width_size, WIDER * width_size, key=second)
        self.narrow = Conv(WIDER * width_size, width_size, key=third)
        self.dropout = dropout

    def __call__(
        self,
        x: Float[Array, "token width"],
        mask: Bool[Array, "query key"],
        places: Float[Array, "token dim"] | None = None,
        *,
        adapt: Float[Array, "6 width"] | None = None,
        key: PRNGKeyArray | None = None,
    ) -> Float[Array, "token width"]:
        """Tokens that have asked each other; `places` turn queries and keys (rotary encoding).

        `adapt` holds scale and shift after the norm, and gate of what is added, of attention and then of the
        feed-forward layer (Peebles and Xie, 2023, arXiv:2212.09748, figure 3, second block).
        """
        first, second = split(key, 2)
        halves = (None, None) if adapt is None else (adapt[:3], adapt[3:])
        y = _adapted(self.norms[0](x), halves[0])
        y = self.attend(y, y, y, mask=mask, process_heads=_turning(places))
        x = x + _gated(drop(y, self.dropout, first), halves[0])
        y = _adapted(self.norms[1](x), halves[1])
        y = self.narrow(jax.nn.gelu(self.widen(y)))
        return x + _gated(drop(y, self.dropout, second), halves[1])

    def weights(
        self,
        x: Float[Array, "token width"],
        mask: Bool[Array, "query key"],
        places: Float[Array, "token dim"] | None = None,
    ) -> Float[Array, "head query key"]:
        """How much each token takes from every other one; every row sums to 1."""
        y, attend = self.norms[0](x), self.attend
        projected = (jax.vmap(project)(y) for project in (attend.query_proj, attend.key_proj))
        query, key = (heads.reshape(len(y), attend.num_heads, -1) for heads in projected)
        if places is not None:
            query, key = rotated(query, places), rotated(key, places)
        scores = jnp.einsum("qhc,khc->hqk", query, key) / query.shape[-1] ** 0.5
        return jax.nn.softmax(jnp.where(mask[None], scores, jnp.finfo(scores.dtype).min), axis=-1)


def _adapted(y: Float[Array, "token width"], half: Float[Array, "3 width"] | None) -> Float[Array, "token width"]:
    return y if half is None else film(y, half[:2].reshape(-1))


def _gated(y: Float[Array, "token width"], half: Float[Array, "3 width"] | None) -> Float[Array, "token width"]:
    return y if half is None else y * half[2:]


def _turning(places: Float[Array, "token dim"] | None) -> Callable[[Array, Array, Array], tuple] | None:
    if places is None:
        return None
    return lambda query, key, value: (rotated(query, places), rotated(key, places), value)


def encoder_block_parameters(width_size: int) -> int:
    """Trainable numbers of one block: four projections, two feed-forward layers, two norms."""
    widen, narrow = conv_parameters(width_size, WIDER * width_size), conv_parameters(WIDER * width_size, width_size)
    projections = 4 * conv_parameters(width_size, width_size) - width_size  # a bias of the keys would change nothing
    return projections + widen + narrow + 4 * width_size


def check_heads(width_size: int, num_heads: int, position: str, dims: int) -> None:
    """Raises ConfigError unless heads, and the pairs of channels that encode each dimension, divide the width."""
    pairs = {"none": 1, "rotary": 2 * dims * num_heads}.get(position, 2 * dims)
    multiple = math.lcm(num_heads, pairs)
    if width_size % multiple:
        what = f"width_size = {width_size} does not divide into {num_heads} heads with {position} places."
        fix = f"width_size = {-(-width_size // multiple) * multiple}"
        raise ConfigError(message(what, where="model.width_size", fix=fix))
