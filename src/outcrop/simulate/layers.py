"""Layered ground that was folded, then cut by normal faults, on a section or in a cube, with rock properties by layer.

Each cell is traced back through its history, youngest event first: out of the faults, out of the fold, to the depth at
which it was deposited; that depth says its layer. All planes and waves have closed forms, so the truth is exact.

Source: Wu, X., Liang, L., Shi, Y., Fomel, S. (2019), FaultSeg3D, Geophysics 84(3), doi:10.1190/geo2018-0646.1 (folded
and faulted models as training data); Jessell, M., et al. (2022), Into the Noddyverse, Earth System Science Data 14,
doi:10.5194/essd-14-381-2022 (kinematic events traced back).
"""

from __future__ import annotations

from typing import Annotated, NamedTuple

import numpy as np
import xarray as xr
from pydantic import Field

from outcrop.errors import ConfigError, message
from outcrop.simulate import rock_physics as rock
from outcrop.simulate.grid import (
    Finite,
    NotNegative,
    Positive,
    Shape,
    Share,
    Spacing,
    checked,
    coordinates,
    labelled,
    spaced,
)

DIMS = {2: ("trace", "depth"), 3: ("inline", "crossline", "depth")}
SAND, SHALE = 0, 1
MINERALS = (rock.QUARTZ, rock.mixed((0.6, 0.4), (rock.CLAY, rock.QUARTZ)))
"""Of sand, and of shale."""
SURFACE_POROSITY, DECAY_M = (0.49, 0.63), (3700.0, 1960.0)
"""Of sand, and of shale, for `athy`: Sclater and Christie (1980)."""
VARIABLES = {
    "layer": ("", "number of the layer, from the top"),
    "deposited_depth": ("m", "depth before folds and faults"),
    "facies": ("", "0 sand, 1 shale"),
    "fault": ("", "number of the fault through the cell, from the oldest; 0 for none"),
    "porosity": ("v/v", "porosity"),
    "velocity": ("m/s", "P-wave velocity"),
    "density": ("kg/m3", "bulk density"),
}
"""Name -> unit and description."""
Place = tuple[np.ndarray, np.ndarray, np.ndarray]


class Fold(NamedTuple):
    """Waves in plan that move the ground up and down: amplitude (m), wavelength (m), azimuth and phase (radians)."""

    amplitude: np.ndarray
    wavelength: np.ndarray
    azimuth: np.ndarray
    phase: np.ndarray

    def lowered(self, easting: np.ndarray, northing: np.ndarray) -> np.ndarray:
        """How far down the ground at a place was moved, metres, of the shape of the place."""
        along = easting[..., None] * np.sin(self.azimuth) + northing[..., None] * np.cos(self.azimuth)
        return np.sum(self.amplitude * np.cos(2 * np.pi * along / self.wavelength + self.phase), axis=-1)


class Fault(NamedTuple):
    """A plane through a point; the ground above it (the hanging wall) slid down along its dip.

    Attributes:
        easting, northing, depth: of the point, metres.
        dip_deg: of the plane, from horizontal.
        azimuth_deg: direction in which it dips, clockwise from north.
        displacement_m: along the dip.
    """

    easting: float
    northing: float
    depth: float
    dip_deg: float
    azimuth_deg: float
    displacement_m: float

    def above(self, place: Place) -> np.ndarray:
        """Distance above the plane (perpendicular to it, metres), negative below."""
        easting, northing, depth = place
        dip, azimuth = np.radians(self.dip_deg), np.radians(self.azimuth_deg)
        along = (easting - self.easting) * np.sin(azimuth) + (northing - self.northing) * np.cos(azimuth)
        return along * np.sin(dip) - (depth - self.depth) * np.cos(dip)

    def restored(self, place: Place) -> Place:
        """Where the ground at a place was before the fault moved."""
        easting, northing, depth = place
        dip, azimuth = np.radians(self.dip_deg), np.radians(self.azimuth_deg)
        slip = np.where(self.above(place) > 0, self.displacement_m, 0.0)
        heave, throw = slip * np.cos(dip), slip * np.sin(dip)
        return easting - heave * np.sin(azimuth), northing - heave * np.cos(azimuth), depth - throw


@checked
def layers(
    rng: np.random.Generator,
    *,
    shape: Shape = (128, 128),
    spacing_m: Spacing = (25.0, 5.0),
    top_m: Finite = 1500.0,
    thickness_m: tuple[Positive, Positive] = (40.0, 25.0),
    sand_share: Share = 0.4,
    fold_m: tuple[NotNegative, Positive] = (40.0, 3000.0),
    faults: Annotated[int, Field(ge=0, le=50)] = 3,
    displacement_m: tuple[NotNegative, NotNegative] = (20.0, 100.0),
    dip_deg: tuple[Positive, Positive] = (50.0, 70.0),
) -> xr.Dataset:
    """A section (trace, depth) or cube (inline, crossline, depth) of `VARIABLES`.

    Args:
        rng: random numbers.
        shape, spacing_m: of the grid, spacing in metres.
        top_m: depth of the top, metres.
        thickness_m: mean and standard deviation of the thickness of a layer.
        sand_share: expected share of layers that are sand.
        fold_m: standard deviation of the depth of a folded layer, and mean wavelength of its waves.
        faults: number of normal faults.
        displacement_m: least and greatest, along the dip.
        dip_deg: least and greatest, below 90.

    Raises:
        ConfigError: numbers that do not fit each other, or a dip of 90 degrees and more.
    """
    spaced(shape, spacing_m, tuple(DIMS))
    if not dip_deg[0] <= dip_deg[1] < 90 or displacement_m[0] > displacement_m[1]:
        what = f"dip_deg = {dip_deg}, displacement_m = {displacement_m}: a least and a greatest each, dips below 90."
        raise ConfigError(message(what, fix="dip_deg = [50, 70], displacement_m = [20, 100]"))
    place = _places(shape, spacing_m, top_m)
    flat = len(shape) == 2
    fold = _fold(rng, *fold_m, flat=flat)
    planes = [_fault(rng, place, displacement_m, dip_deg, flat=flat) for _ in range(faults)]
    deposited, fault = traced_back(place, fold, planes, max(spacing_m))
    tops, sandy, porous = _stack(rng, deposited, *thickness_m, sand_share)
    layer = np.searchsorted(tops, deposited, side="right") - 1
    facies, porosity = np.where(sandy[layer], SAND, SHALE), porous[layer]
    velocity, density = properties(porosity, facies)
    arrays = (layer, deposited, facies, fault, porosity, velocity, density)
    dims = DIMS[len(shape)]
    variables = {name: (dims, array, *about) for (name, about), array in zip(VARIABLES.items(), arrays, strict=True)}
    return labelled(variables, coordinates(dims, shape, spacing_m, top_m))


def traced_back(place: Place, fold: Fold, faults: list[Fault], width_m: float) -> tuple[np.ndarray, np.ndarray]:
    """Depth of deposition of every cell (m), and the number of the fault that passes within half of `width_m`, or 0.

    Args:
        place: easting, northing, depth of the cells, metres.
        fold: older than all faults.
        faults: oldest first.
        width_m: of the zone that counts as fault.
    """
    through = np.zeros(np.shape(place[2]), int)
    for number, fault in reversed(list(enumerate(faults, 1))):
        through = np.where((through == 0) & (np.abs(fault.above(place)) <= width_m / 2), number, through)
        place = fault.restored(place)
    easting, northing, depth = place
    return depth - fold.lowered(easting, northing), through


def properties(porosity: np.ndarray, facies: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """P-wave velocity (m/s, `raymer`) and density (kg/m3) of sand and shale full of brine."""
    matrix, grain = np.array([(mineral.vp, mineral.density) for mineral in MINERALS]).T[:, facies]
    fluid = rock.BRINE
    velocity = rock.raymer(porosity, matrix, fluid.vp, grain_density=grain, fluid_density=fluid.density)
    return velocity, rock.bulk_density(porosity, grain, fluid.density)


def _places(shape: tuple[int, ...], spacing_m: tuple[float, ...], top_m: float) -> Place:
    """Easting, northing and depth of every cell, metres, of the shape of the grid."""
    sides = [np.arange(n) * step for n, step in zip(shape, spacing_m, strict=True)]
    *plan, depth = np.meshgrid(*sides, indexing="ij")
    northing, easting = (np.zeros(shape), plan[0]) if len(plan) == 1 else plan
    return easting, northing, depth + top_m


def _fold(rng: np.random.Generator, amplitude_m: float, wavelength_m: float, *, flat: bool, waves: int = 4) -> Fold:
    """Waves whose sum has the standard deviation `amplitude_m`, in any direction, or along a section."""
    weights = rng.dirichlet(np.full(waves, 2.0))
    lengths = wavelength_m * rng.uniform(0.6, 1.4, waves)
    azimuth = np.full(waves, np.pi / 2) if flat else rng.uniform(0, 2 * np.pi, waves)
    return Fold(amplitude_m * np.sqrt(2 * weights), lengths, azimuth, rng.uniform(0, 2 * np.pi, waves))


def _fault(
    rng: np.random.Generator,
    place: Place,
    displacement_m: tuple[float, float],
    dip_deg: tuple[float, float],
    *,
    flat: bool,
) -> Fault:
    """A plane through a random point; of a section it dips along the section, to either side."""
    easting, northing, depth = (float(rng.uniform(side.min(), side.max())) for side in place)
    azimuth = rng.choice([90.0, 270.0]) if flat else rng.uniform(0, 360)
    return Fault(easting, northing, depth, rng.uniform(*dip_deg), float(azimuth), rng.uniform(*displacement_m))


def _stack(
    rng: np.random.Generator, deposited: np.ndarray, thickness_m: float, spread_m: float, sand_share: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Tops (m), whether sand, and porosity of layers that reach over all depths of deposition, shape (layer,) each."""
    low, high = float(deposited.min()), float(deposited.max())
    form = (thickness_m / spread_m) ** 2
    thickness = np.zeros(0)
    while np.sum(thickness[1:]) <= high - low:
        more = rng.gamma(form, thickness_m / form, 16 + int(2 * (high - low) / thickness_m))
        thickness = np.concatenate([thickness, np.maximum(more, 0.02 * thickness_m)])
    most = len(thickness)
    tops = low - thickness[0] * rng.random() + np.concatenate([[0.0], np.cumsum(thickness[:-1])])
    sandy = rng.random(most) < sand_share
    burial = np.maximum(tops + thickness / 2, 0.0)
    kind = np.where(sandy, SAND, SHALE)
    trend = rock.athy(burial, surface_porosity=np.take(SURFACE_POROSITY, kind), decay_m=np.take(DECAY_M, kind))
    return tops, sandy, np.clip(trend + 0.03 * rng.standard_normal(most), 0.01, 0.6)
