"""Fluvial channels: meandering sand bodies with levees in a floodplain, on a map or stacked in a cube.

Channels are placed one by one until they fill the share of the cells asked for (net-to-gross); then all bodies shrink
about their deepest line by one common factor, so that the share is met to a cell. A body is flat on top and curved
below, deepest towards the outer bank of its bends. Younger channels lie higher and cut older ones.

Source: Deutsch, C. V., Tran, T. T. (2002), FLUVSIM, Computers & Geosciences 28(4), 525-535,
doi:10.1016/S0098-3004(01)00075-9; Holden, L., et al. (1998), Modeling of fluvial reservoirs with object models,
Mathematical Geology 30(5), 473-496. Both condition on wells by annealing, which is not done here.
"""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import numpy as np
import xarray as xr
from pydantic import Field
from scipy.spatial import KDTree

from outcrop.errors import ConfigError, message
from outcrop.simulate.grid import Finite, NotNegative, Positive, Shape, Spacing, checked, coordinates, labelled, spaced
from outcrop.simulate.meander import Line, centre_line

FLOODPLAIN, CHANNEL, LEVEE = 0, 1, 2
DIMS = {2: ("northing", "easting"), 3: ("inline", "crossline", "depth")}
WAVELENGTH_WIDTHS = 10.9
"""Length of a meander along the valley in channel widths: Leopold, L. B., Wolman, M. G. (1960), River meanders, GSA
Bulletin 71, doi:10.1130/0016-7606(1960)71[769:RM]2.0.CO;2."""
LEVEE_THICKNESS = 0.3
"""Of a levee at the bank, over that of the channel; it thins out to nothing away from the bank."""
MOST_CHANNELS = 2000


class Offset(NamedTuple):
    """Where map cells lie beside a channel.

    Attributes:
        across: distance from the centre line in widths, negative to the right looking downstream, shape (cell,).
        thalweg: place of the deepest line in the same measure, -0.25 to 0.25, shape (cell,).
    """

    across: np.ndarray
    thalweg: np.ndarray


@checked
def channels(
    rng: np.random.Generator,
    *,
    shape: Shape = (128, 128),
    spacing_m: Spacing = (25.0, 25.0),
    net_to_gross: Annotated[float, Field(ge=0.01, le=0.9)] = 0.3,
    width_m: tuple[Positive, Positive] = (100.0, 200.0),
    width_to_thickness: Positive = 30.0,
    sinuosity: Annotated[float, Field(ge=1, le=3)] = 1.5,
    irregularity: Annotated[float, Field(ge=0, le=1)] = 0.2,
    azimuth_deg: tuple[Finite, NotNegative] = (90.0, 10.0),
    levee_widths: NotNegative = 0.4,
    top_m: Finite = 1000.0,
) -> xr.Dataset:
    """Facies 0 floodplain, 1 channel, 2 levee on a map (northing, easting) or in a cube (inline, crossline, depth).

    Args:
        rng: random numbers.
        shape, spacing_m: of the grid, spacing in metres.
        net_to_gross: share of the cells that are channel, met to a cell (to a row of cells where channels run straight
            along the grid).
        width_m: narrowest and widest channel, metres; their wavelength is 10.9 widths.
        width_to_thickness: width of a channel over its greatest thickness, in a cube.
        sinuosity: mean length of a channel over that of its valley.
        irregularity: 0 regular bends, towards 1 bends that hardly repeat.
        azimuth_deg: direction of flow, clockwise from north: mean and standard deviation from channel to channel.
        levee_widths: width of a levee on either side, in channel widths; 0 for none.
        top_m: depth of the top of a cube, metres.

    Raises:
        ConfigError: numbers that do not fit each other, or channels too small to reach `net_to_gross`.
    """
    spaced(shape, spacing_m, tuple(DIMS))
    if width_m[0] > width_m[1]:
        fix = f"width_m = [{width_m[1]:g}, {width_m[0]:g}]"
        raise ConfigError(message(f"The narrowest channel, {width_m[0]:g} m, is wider than the widest.", fix=fix))
    cube = len(shape) == 3
    depth = np.arange(shape[2]) * spacing_m[2] if cube else np.zeros(1)
    body, levee = np.full((*shape[:2], len(depth)), np.inf), np.zeros((*shape[:2], len(depth)), bool)
    wanted = round(net_to_gross * body.size)
    for _ in range(MOST_CHANNELS):
        if np.count_nonzero(body < 1) >= wanted:
            break
        width = rng.uniform(*width_m)
        line = _placed(rng, shape, spacing_m, width, sinuosity, irregularity, azimuth_deg)
        thickness = width / width_to_thickness
        level = (depth - rng.uniform(-thickness, depth[-1])) / thickness if cube else depth
        _add(body, levee, line, width, level, levee_widths, spacing_m)
    else:
        what = f"{MOST_CHANNELS} channels do not fill {net_to_gross:.0%} of the cells."
        raise ConfigError(message(what, fix=f"width_m = [{4 * width_m[0]:g}, {4 * width_m[1]:g}]"))
    factor = np.partition(body.ravel(), wanted)[wanted]
    facies = np.where(body < factor, CHANNEL, np.where(levee, LEVEE, FLOODPLAIN)).reshape(shape)
    variables = {"facies": (DIMS[len(shape)], facies, "", "0 floodplain, 1 channel, 2 levee")}
    return labelled(variables, coordinates(DIMS[len(shape)], shape, spacing_m, top_m))


def _placed(
    rng: np.random.Generator,
    shape: tuple[int, ...],
    spacing_m: tuple[float, ...],
    width: float,
    sinuosity: float,
    irregularity: float,
    azimuth_deg: tuple[float, float],
) -> Line:
    """A centre line whose middle lies at a random place of the map and which leaves it on both sides."""
    sides = np.array(shape[:2]) * spacing_m[:2]
    margin = width * WAVELENGTH_WIDTHS
    line = centre_line(
        rng,
        length_m=2.0 * float(np.hypot(*sides)) + 2 * margin,
        step_m=min(*spacing_m[:2], width / 4) / 2,
        width_m=width,
        wavelength_m=margin,
        sinuosity=sinuosity,
        irregularity=irregularity,
    )
    angle = np.radians(90.0 - rng.normal(*azimuth_deg))
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    place = rng.uniform(-0.1, 1.1, 2) * sides[::-1]
    return Line((line.points @ turn) + place, line.angle + angle, line.curvature)


def _add(
    body: np.ndarray,
    levee: np.ndarray,
    line: Line,
    width: float,
    level: np.ndarray,
    levee_widths: float,
    spacing_m: tuple[float, ...],
) -> None:
    """Writes one channel into `body` (relative distance from its deepest line, 1 at its edge) and `levee`.

    `level` is depth below the top of the channel in thicknesses, shape (depth,).
    """
    reach = (0.5 + levee_widths) * width
    near, offset = _beside(line, body.shape[:2], spacing_m, width, reach)
    rows = np.flatnonzero((level >= 0) & (level < 1))
    if not len(rows) or not len(near[0]):
        return
    at = (near[0][:, None], near[1][:, None], rows[None, :])
    relative = cross_section(offset.across[:, None], offset.thalweg[:, None], level[None, rows])
    body[at] = np.minimum(body[at], relative)
    if levee_widths > 0:
        beyond = np.maximum(np.abs(offset.across) - 0.5, 0.0) / levee_widths
        levee[at] |= LEVEE_THICKNESS * (1.0 - beyond[:, None]) > level[None, rows]


def _beside(
    line: Line, shape: tuple[int, ...], spacing_m: tuple[float, ...], width: float, reach: float
) -> tuple[tuple[np.ndarray, np.ndarray], Offset]:
    """Rows and columns of the map cells nearer to the line than `reach`, and where they lie beside it."""
    northing, easting = np.indices(shape).reshape(2, -1) * np.array(spacing_m[:2])[:, None]
    places = np.stack([easting, northing], axis=1)
    found: Any = KDTree(line.points).query(places, distance_upper_bound=reach)
    distance, nearest = found
    near = np.flatnonzero(np.isfinite(distance))
    at = nearest[near]
    away = places[near] - line.points[at]
    left = np.cos(line.angle[at]) * away[:, 1] - np.sin(line.angle[at]) * away[:, 0]
    across = np.sign(left) * distance[near] / width
    bend = np.tanh(line.curvature[at] * width * WAVELENGTH_WIDTHS / (2 * np.pi))
    return np.unravel_index(near, shape), Offset(across, -0.25 * bend)  # type: ignore[return-value]


def cross_section(across: np.ndarray, thalweg: np.ndarray, level: np.ndarray) -> np.ndarray:
    """Distance from the deepest line over the half-width on that side at this depth: below 1 inside of the channel.

    The channel is as deep as 4 p (1 - p) of its thickness, where p = u^b or 1 - (1 - u)^c from the right bank u = 0 to
    the left bank u = 1, with p = 1/2 at the thalweg.

    Args:
        across: -0.5 at the right bank to 0.5 at the left.
        thalweg: place of the deepest line, in the same measure.
        level: depth below the top in thicknesses, 0 to 1.

    Source: Deutsch, C. V., Wang, L. (1996), Hierarchical object-based stochastic modeling of fluvial reservoirs,
    Mathematical Geology 28(7), doi:10.1007/BF02066005.
    """
    middle = 0.5 + thalweg
    root = np.sqrt(1.0 - level)
    edges = []
    for p in ((1 - root) / 2, (1 + root) / 2):
        right = p ** (np.log(middle) / np.log(0.5))
        left = 1 - (1 - p) ** (np.log(1 - middle) / np.log(0.5))
        edges.append(np.where(middle <= 0.5, right, left))
    away = across + 0.5 - middle
    side = np.where(away < 0, middle - edges[0], edges[1] - middle)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(away == 0, 0.0, np.abs(away) / side)
