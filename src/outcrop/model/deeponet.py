"""The deep operator network: coefficients from the input field, basis functions from the place that is asked.

    G(u)(y) = sum over k of b_k(u) t_k(y) + bias

The branch b reads the input field at a fixed number of sensors, the trunk t the coordinates of a place, so that the
answer can be asked at any place: on a finer grid as well. With `variant = "pod"` the basis is not learned but the
leading principal components of the training targets.

Source: Lu et al. (2021), Learning nonlinear operators via DeepONet, arXiv:1910.03193, equation 2 and figure 1 (stacked
and unstacked); POD-DeepONet: Lu et al. (2022), arXiv:2111.05512, section 3.1.3.
"""

from __future__ import annotations

import math

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from outcrop.errors import ConfigError, message
from outcrop.model import check
from outcrop.model.lattice import interpolated, places
from outcrop.model.mlp import MLP
from outcrop.model.mlp import parameter_count as mlp_parameters
from outcrop.model.trainable import Buffer

VARIANTS = ("unstacked", "stacked", "pod")


class Expansion(eqx.Module):
    """The sum of basis functions, each times its coefficient, plus one bias per output."""

    bias: Float[Array, " out"]

    def __call__(
        self, basis: Float[Array, "*sample latent"], coefficients: Float[Array, "latent out"]
    ) -> Float[Array, "*sample out"]:
        return basis @ coefficients + self.bias.reshape((1,) * (basis.ndim - 1) + (-1,))


class Components(eqx.Module):
    """A basis of principal components, known at the sensors' places and linear between them, and the mean field."""

    values: Buffer
    mean: Buffer

    def __init__(self, size: tuple[int, ...], latent_size: int):
        self.values = Buffer(jnp.zeros((*size, latent_size)))
        self.mean = Buffer(jnp.zeros((*size, 1)))

    def __call__(self, sizes: tuple[int, ...]) -> tuple[Float[Array, "*sample latent"], Float[Array, "*sample 1"]]:
        return interpolated(self.values.value, sizes), interpolated(self.mean.value, sizes)


class DeepONet(eqx.Module):
    """A branch on the flattened input field and a trunk on coordinates -1 to 1, multilayer perceptrons with GELU.

    Fields on other grids than `size` are interpolated to the sensors, which lie at i / size along each dimension.
    """

    branch: MLP
    trunk: MLP | Components
    last: Expansion
    size: tuple[int, ...] = eqx.field(static=True)
    latent_size: int = eqx.field(static=True)
    variant: str = eqx.field(static=True)

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        *,
        size: tuple[int, ...] = (32,),
        latent_size: int = 64,
        width_size: int = 128,
        depth: int = 2,
        variant: str = "unstacked",
        dropout: float = 0.0,
        num_spatial_dims: int = 1,
        key: PRNGKeyArray,
    ):
        """Builds the network with random weights.

        Args:
            in_channels: of the input field.
            out_channels: of the output field: one per class (logits), or 1 for a number.
            size: sensors along each dimension; a run takes the grid of its training.
            latent_size: number of basis functions.
            width_size, depth: of the hidden layers of branch and trunk.
            variant: "unstacked", one branch for all coefficients; "stacked", a branch of its own for each of them;
                "pod", principal components of the training targets in place of the trunk.
            dropout: probability that a hidden value of the branch is dropped in training.
            num_spatial_dims: 1, 2 or 3.
            key: for the weights.

        Raises:
            ConfigError: an impossible size, or "pod" with several outputs.
        """
        check.positive(in_channels=in_channels, out_channels=out_channels, size=size, latent_size=latent_size)
        check.one_of(VARIANTS, variant=variant)
        if len(size) != num_spatial_dims:
            fix = f"size = {[32] * num_spatial_dims}, or deeponet{len(size)}d"
            raise ConfigError(message(f"size is {list(size)}.", where="model.size", fix=fix))
        if variant == "pod" and out_channels > 1:
            what = f"Principal components are those of one number per sample; here are {out_channels} outputs."
            raise ConfigError(message(what, where="model.variant", fix='variant = "unstacked"'))
        branch, trunk = jax.random.split(key)
        sensors = math.prod(size) * in_channels
        common = {"width_size": width_size, "depth": depth}
        if variant == "stacked":
            build = eqx.filter_vmap(lambda key: MLP(sensors, out_channels, dropout=dropout, key=key, **common))
            self.branch = build(jax.random.split(branch, latent_size))
        else:
            self.branch = MLP(sensors, latent_size * out_channels, dropout=dropout, key=branch, **common)
        pod = variant == "pod"
        self.trunk = Components(size, latent_size) if pod else MLP(num_spatial_dims, latent_size, key=trunk, **common)
        self.last = Expansion(jnp.zeros(out_channels))
        self.size, self.latent_size, self.variant = size, latent_size, variant

    def __call__(
        self, x: Float[Array, "*sample in_channel"], *, key: PRNGKeyArray | None = None
    ) -> Float[Array, "*sample out"]:
        """Logits or scaled values at the places of the samples of x; without `key` nothing is dropped."""
        sizes = x.shape[:-1]
        field = interpolated(x, self.size).reshape(-1)
        if self.variant == "stacked":
            coefficients = eqx.filter_vmap(lambda own: own(field, key=key))(self.branch)
        else:
            coefficients = self.branch(field, key=key).reshape(self.latent_size, -1)
        if isinstance(self.trunk, Components):
            basis, mean = self.trunk(sizes)
            return self.last(basis, coefficients) + mean
        at = 2 * places(sizes, x.dtype).reshape(-1, len(sizes)) - 1
        basis = jax.nn.gelu(jax.vmap(self.trunk)(at))
        return self.last(basis, coefficients).reshape(*sizes, -1)

    def fitted(self, targets: Float[np.ndarray, " example *sample"]) -> DeepONet:
        """The network with the principal components of some targets as its basis; others come back as they are.

        Components are scaled so that coefficients have variance 1 over the targets. Missing values count as the mean.
        """
        if not isinstance(self.trunk, Components):
            return self
        rows = np.asarray(targets, np.float64).reshape(len(targets), -1)
        mean = np.nanmean(np.where(np.isfinite(rows).any(axis=0), rows, 0.0), axis=0)
        _, spread, axes = np.linalg.svd(np.nan_to_num(rows - mean), full_matrices=False)
        scaled = (axes * spread[:, None] / len(rows) ** 0.5)[: self.latent_size]
        values = np.zeros((rows.shape[1], self.latent_size))
        values[:, : len(scaled)] = scaled.T
        kind = self.last.bias.dtype
        found = jnp.asarray(values.reshape(*self.size, -1), kind), jnp.asarray(mean.reshape(*self.size, 1), kind)
        return eqx.tree_at(lambda own: (own.trunk.values.value, own.trunk.mean.value), self, found)


def parameter_count(
    in_channels: int,
    out_channels: int,
    *,
    size: tuple[int, ...] = (32,),
    latent_size: int = 64,
    width_size: int = 128,
    depth: int = 2,
    variant: str = "unstacked",
    num_spatial_dims: int = 1,
    **_: object,
) -> int:
    """Trainable numbers of branch, trunk and bias; principal components are none.

    >>> parameter_count(1, 1, size=(8,), latent_size=3, width_size=4, depth=1)  # 36 + 15 + 8 + 15 + 1
    75
    """
    sensors, own = math.prod(size) * in_channels, {"width_size": width_size, "depth": depth}
    if variant == "stacked":
        branch = latent_size * mlp_parameters(sensors, out_channels, **own)
    else:
        branch = mlp_parameters(sensors, latent_size * out_channels, **own)
    trunk = 0 if variant == "pod" else mlp_parameters(num_spatial_dims, latent_size, **own)
    return branch + trunk + out_channels
