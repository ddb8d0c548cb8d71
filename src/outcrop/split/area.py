"""The promise "it must work in another area": blocks of the map are held out, with a buffer around them.

Source: Roberts et al. (2017), Ecography 40, 913-929, doi:10.1111/ecog.02881 (blocks larger than the range of spatial
correlation); Valavi et al. (2019), blockCV, Methods Ecol. Evol. 10, 225-232, doi:10.1111/2041-210X.13107.
On the sphere blocks are bands of latitude cut into equal parts that close around the globe and at the poles.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from outcrop.data.space import EARTH_RADIUS_M, LATITUDE, LONGITUDE, cartesian, chord
from outcrop.errors import ConfigError, message
from outcrop.records import Origins
from outcrop.split.colour import NONE, TEST, TRAIN, VALIDATION, Colouring, folded
from outcrop.split.promise import Split
from outcrop.split.variogram import suggest_block_m
from outcrop.view.cells import Cells

MOST_FOLDS = 5


def area(
    origins: Origins,
    cells: Cells,
    *,
    block_m: float | str = "auto",
    buffer_m: float = 0.0,
    along: str | None = None,
    region: Sequence[float] | None = None,
    folds: int | None = None,
    validation_share: float = 0.2,
    seed: int = 0,
    labelled: np.ndarray | None = None,
    values: np.ndarray | None = None,
) -> list[Split]:
    """One split per fold of blocks, or one for a region that is held out; arguments as for `colourings`."""
    found = colourings(
        cells,
        block_m=block_m,
        buffer_m=buffer_m,
        along=along,
        region=region,
        folds=folds,
        validation_share=validation_share,
        seed=seed,
        labelled=labelled,
        values=values,
    )
    return [one.split(origins, cells, labelled) for one in found]


def colourings(
    cells: Cells,
    *,
    block_m: float | str = "auto",
    buffer_m: float = 0.0,
    along: str | None = None,
    region: Sequence[float] | None = None,
    folds: int | None = None,
    validation_share: float = 0.2,
    seed: int = 0,
    labelled: np.ndarray | None = None,
    values: np.ndarray | None = None,
) -> list[Colouring]:
    """The colours of every fold.

    Args:
        cells: with easting and northing, or longitude and latitude, unless `along` is given.
        block_m: side of a block in metres (units of `along`); "auto" takes the range of the variogram of `values`.
        buffer_m: samples nearer than this to any test sample are neither trained nor validated on.
        along: one coordinate to cut into blocks, in its own unit.
        region: west, east, south, north of one hold-out, in the coordinates of the cells.
        folds: of a rotation; by default 5, or the number of blocks where that is less.
        validation_share: share of the remaining labelled samples, in whole blocks, buffered too.
        seed: decides which blocks go together.
        labelled: samples with a target, shape (sample,); by default all.
        values: the target, for the variogram.

    Raises:
        ConfigError: no coordinates, fewer than three blocks with labels, or an empty region.
    """
    known = np.ones(cells.total, bool) if labelled is None else labelled
    points = _points(cells, along)
    suggested = ""
    if block_m == "auto" and region is None:
        block_m = suggest_block_m(np.arange(cells.total) * 0.0 if values is None else values, points, known)
        suggested = " (the range of the variogram)"
    unit = "" if along else " m"
    if region is not None:
        return [_region(cells, points, region, buffer_m, validation_share, seed, known)]
    block = blocks(cells, float(block_m), along)
    labelled_blocks = np.unique(block[known & (block >= 0)])
    if len(labelled_blocks) < 3:
        what = f"Blocks of {float(block_m):,.4g}{unit} make {len(labelled_blocks)} with labels; three are needed."
        raise ConfigError(message(what, where="promise.area", fix="area = {block_m = a smaller number}"))
    count = min(MOST_FOLDS, len(labelled_blocks)) if folds is None else folds
    found = []
    for number, (test, validation) in enumerate(
        folded(block, known, folds=count, validation_share=validation_share, seed=seed), start=1
    ):
        colours = np.where(np.isin(block, test), TEST, np.where(np.isin(block, validation), VALIDATION, TRAIN))
        colours = np.where(block < 0, NONE, colours).astype(np.int8)
        colours = buffered(colours, points, buffer_m)
        what = f"Fold {number} of {count} is scored on {len(test)} of {len(labelled_blocks)} blocks"
        sentence = f"{what} of {float(block_m):,.4g}{unit}{suggested}, {buffer_m:,.4g}{unit} from all training samples."
        promise = f"area = {float(block_m):,.4g}{unit}"
        fix = "area = {block_m = larger, buffer_m = smaller}, or smaller patches"
        found.append(Colouring(colours, sentence, promise, block, "block", fix=fix))
    return found


def _points(cells: Cells, along: str | None) -> np.ndarray:
    """Places of all samples: metres in two dimensions, on the sphere in three, or one coordinate."""
    if along is not None:
        return np.asarray(cells.coordinate(along), float)[:, None]
    for pair in (("easting", "northing"), *zip(LONGITUDE, LATITUDE, strict=True)):
        if all(cells.has(name) for name in pair):
            points = cartesian({name: np.asarray(cells.coordinate(name), float) for name in pair})
            if points is not None:
                return points
    fix = 'frame = {easting = "X", northing = "Y"}; or area = {along = "crossline", block_m = 50}'
    raise ConfigError(message("The records have no map coordinates.", where="promise.area", fix=fix))


def blocks(cells: Cells, size: float, along: str | None = None) -> np.ndarray:
    """The number of the block each sample lies in, -1 without a place."""
    if along is not None:
        coordinate = np.asarray(cells.coordinate(along), float)
        return _numbered([np.floor((coordinate - np.nanmin(coordinate)) / size)], np.isfinite(coordinate))
    if cells.has("easting") and cells.has("northing"):
        both = [np.asarray(cells.coordinate(name), float) for name in ("easting", "northing")]
        return _numbered(
            [np.floor((c - np.nanmin(c)) / size) for c in both], np.isfinite(both[0]) & np.isfinite(both[1])
        )
    pair = next(p for p in zip(LONGITUDE, LATITUDE, strict=True) if all(cells.has(name) for name in p))
    longitude, latitude = (np.asarray(cells.coordinate(name), float) for name in pair)
    bands = max(1, round(np.pi * EARTH_RADIUS_M / size))
    band = np.clip(np.floor((latitude + 90) / 180 * bands), 0, bands - 1)
    middle = np.radians((band + 0.5) / bands * 180 - 90)
    around = np.maximum(1, np.round(2 * np.pi * EARTH_RADIUS_M * np.cos(middle) / size))
    place = np.floor((longitude % 360) / 360 * around) % around
    return _numbered([band, place], np.isfinite(longitude) & np.isfinite(latitude))


def _numbered(parts: list[np.ndarray], known: np.ndarray) -> np.ndarray:
    keys = np.stack([np.where(known, part, 0) for part in parts], axis=1).astype(np.int64)
    _, number = np.unique(keys, axis=0, return_inverse=True)
    return np.where(known, number.ravel(), -1)


def buffered(colours: np.ndarray, points: np.ndarray, buffer_m: float) -> np.ndarray:
    """Colours with training near test or validation, and validation near test, taken out."""
    if buffer_m <= 0:
        return colours
    from scipy.spatial import cKDTree

    known = np.isfinite(points).all(axis=1)
    places, which = np.unique(points[known], axis=0, return_inverse=True)
    which = which.ravel()
    radius = float(chord(buffer_m, points.shape[1])) if points.shape[1] > 1 else buffer_m
    out = colours.copy()
    inside = out[known]
    for held, against in ((TEST, (TRAIN, VALIDATION)), (VALIDATION, (TRAIN,))):
        held_places = np.unique(which[inside == held])
        if not len(held_places):
            continue
        gap, _ = cKDTree(places[held_places]).query(places, distance_upper_bound=radius * (1 + 1e-12))
        near = np.isfinite(gap) & (gap < radius)
        inside[near[which] & np.isin(inside, against)] = NONE
    out[known] = inside
    return out


def _region(
    cells: Cells,
    points: np.ndarray,
    region: Sequence[float],
    buffer_m: float,
    share: float,
    seed: int,
    known: np.ndarray,
) -> Colouring:
    west, east, south, north = region
    pair = ("easting", "northing") if cells.has("easting") else next(
        p for p in zip(LONGITUDE, LATITUDE, strict=True) if all(cells.has(name) for name in p)
    )  # fmt: skip
    x, y = (np.asarray(cells.coordinate(name), float) for name in pair)
    across = (x >= west) & (x <= east) if west <= east else (x >= west) | (x <= east)  # over the date line
    inside = across & (y >= south) & (y <= north)
    if not (inside & known).any() or not (~inside & known).any():
        held = int((inside & known).sum())
        what = f"The region {west:g} to {east:g}, {south:g} to {north:g} holds {held} labelled samples."
        raise ConfigError(message(what, where="promise.area.region", fix="region = [west, east, south, north]"))
    side = max(np.ptp(points[np.isfinite(points).all(axis=1)], axis=0).max() / 12, 1.0)
    block = blocks(cells, float(side))
    rest = folded(np.where(inside, -1, block), known & ~inside, folds=1, validation_share=0, seed=seed)
    names = np.random.default_rng(seed).permutation(rest[0][0])
    validation = names[: max(1, round(share * len(names)))] if share > 0 and len(names) > 1 else names[:0]
    colours = np.where(inside, TEST, np.where(np.isin(block, validation), VALIDATION, TRAIN)).astype(np.int8)
    colours = buffered(colours, points, buffer_m)
    sentence = f"Scored in the region {west:g} to {east:g}, {south:g} to {north:g}, {buffer_m:,.4g} m from training."
    return Colouring(colours, sentence, f"area = {west:g} to {east:g}, {south:g} to {north:g}", block, "block")
