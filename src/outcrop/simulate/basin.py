"""Rifted basins along a profile: half-grabens over normal faults, a sag, and the gravity of their sediments.

Each fault lowers its hanging wall, most beside the fault and less the farther from it, so that blocks tilt; the
footwall rises by a little. Sediments are denser the deeper they lie.

Source: Barnett, J. A. M., et al. (1987), Displacement geometry in the volume containing a single normal fault, AAPG
Bulletin 71, 925-937 (displacement falls with distance, hanging wall far more than footwall); gravity: see
`physics/forward/gravity.py`.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated, Any

import jax
import numpy as np
import xarray as xr
from pydantic import Field

from outcrop.errors import ConfigError, message
from outcrop.physics.forward.gravity import gravity_of_compacted_basin
from outcrop.simulate.gaussian import gaussian_field
from outcrop.simulate.grid import Finite, NotNegative, Positive, checked, labelled

UPLIFT = 0.15
"""Rise of the footwall over the fall of the hanging wall."""
MARGIN = 0.1
"""Share of the profile, at either end, over which the basin closes."""
SHALLOWEST_M = 50.0
VARIABLES = {"basement": ("m", "depth of the basement"), "gravity": ("mGal", "gravity of the sediments, with noise")}
"""Name -> unit and description."""


@checked
def basin(
    rng: np.random.Generator,
    *,
    samples: Annotated[int, Field(ge=8, le=4096)] = 64,
    width_m: Positive = 40e3,
    faults: tuple[Annotated[int, Field(ge=0)], Annotated[int, Field(le=30)]] = (1, 5),
    throw_m: tuple[NotNegative, NotNegative] = (300.0, 2000.0),
    sag_m: tuple[NotNegative, NotNegative] = (200.0, 1200.0),
    roughness_m: NotNegative = 30.0,
    contrast: Finite = -450.0,
    decay_m: Positive = 3000.0,
    noise_mgal: NotNegative = 0.2,
) -> xr.Dataset:
    """Depth of the basement and gravity above it, (distance,), `VARIABLES`.

    Args:
        rng: random numbers.
        samples: columns of the profile, with a station in the middle of each.
        width_m: of the profile.
        faults: fewest and most.
        throw_m: least and greatest fall of a hanging wall beside its fault.
        sag_m: least and greatest depth that the basin has without faults.
        roughness_m: standard deviation of the relief of the basement.
        contrast: density of the sediments at the ground less that of the basement, kg/m3.
        decay_m: depth over which the contrast falls to 1 / e.
        noise_mgal: standard deviation of the noise.

    Raises:
        ConfigError: a least number above its greatest.
    """
    for name, (least, greatest) in {"faults": faults, "throw_m": throw_m, "sag_m": sag_m}.items():
        if least > greatest:
            what = f"{name} = [{least}, {greatest}]: the least comes first."
            raise ConfigError(message(what, where="simulation 'basin'", fix=f"{name} = [{greatest}, {least}]"))
    edges = np.linspace(0.0, width_m, samples + 1)
    x = (edges[1:] + edges[:-1]) / 2
    depth = rng.uniform(*sag_m) * np.sin(np.pi * x / width_m)
    for _ in range(rng.integers(faults[0], faults[1] + 1)):
        depth = depth + _lowered(rng, x, width_m, throw_m)
    closing = np.clip(np.minimum(x, width_m - x) / (MARGIN * width_m), 0.0, 1.0)
    relief = gaussian_field(rng, (samples,), (width_m / samples,), (0.1 * width_m,))
    depth = np.maximum(closing * depth + roughness_m * relief, SHALLOWEST_M)
    clean = np.asarray(_gravity(samples, width_m)(depth.astype(np.float32), contrast, decay_m), float)
    noisy = clean + noise_mgal * rng.standard_normal(samples)
    variables = {
        name: (("distance",), values, *about)
        for (name, about), values in zip(VARIABLES.items(), (depth, noisy), strict=True)
    }
    return labelled(variables, {"distance": ("distance", x)})


def edges_of(x_m: np.ndarray) -> np.ndarray:
    """Edges of evenly spaced columns from their middles, for the forward model of a simulated basin.

    >>> edges_of(np.array([50.0, 150.0])).tolist()
    [0.0, 100.0, 200.0]
    """
    half = (x_m[1] - x_m[0]) / 2
    return np.append(x_m - half, x_m[-1] + half)


def _lowered(rng: np.random.Generator, x: np.ndarray, width_m: float, throw_m: tuple[float, float]) -> np.ndarray:
    """How far a random fault lowered the basement, m; negative in the footwall."""
    place, reach = width_m * rng.uniform(0.12, 0.88), width_m * rng.uniform(0.12, 0.5)
    throw, dip = rng.uniform(*throw_m), np.radians(rng.uniform(45, 70))
    along = rng.choice([-1.0, 1.0]) * (x - place)
    fallen = throw * np.maximum(1 - along / reach, 0.0)
    risen = -UPLIFT * throw * np.clip(1 + along / (reach / 2), 0.0, 1.0)
    on_fault = np.clip(along * np.tan(dip) / max(throw, 1e-9), 0.0, 1.0)
    return on_fault * fallen + (1 - on_fault) * risen


@lru_cache(maxsize=8)
def _gravity(samples: int, width_m: float) -> Any:
    """Basement, contrast, decay -> gravity at the middles of columns; compiled once for a profile."""
    edges = np.linspace(0.0, width_m, samples + 1)
    x = (edges[1:] + edges[:-1]) / 2
    return jax.jit(lambda depth, contrast, decay: gravity_of_compacted_basin(x, edges, depth, contrast, decay))
