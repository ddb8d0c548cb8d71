r"""The worth of samples on a grid: from the first positive lobe of their n-dimensional autocorrelation.

The mean of N samples of variance s^2 has the variance s^2 / N_eff, and N_eff = 1 / (mean of rho over all pairs of
samples, each with itself included). Summed over all lags an estimate of rho would cancel to noise, so that pairs count
inside a box of lags only, the first positive lobe along each dimension. With q the share of pairs inside the box and r
their mean correlation about the sample mean,

    N_eff = 1 + (1 / q - 1) / r,

which is 1 / (q r) after the removal of the sample mean, whose variance s^2 / N_eff all products miss, is made good.
For white noise q = 1 / N and r = 1. Pairs are counted with gaps: where half of a long series is missing at random, what
is left is worth nearly the whole.

The lobe along a dimension: with tau(M) = 1 + 2 (rho(1) + ... + rho(M)) it ends where a pair rho(2k) + rho(2k + 1) first
fails to be positive, or at M >= 5 tau(M) where that comes sooner. Lags that no two samples have are interpolated.

Source: Thiebaux & Zwiers (1984), J. Climate Appl. Meteor. 23, 800-811 (the definition); Bretherton et al. (1999),
J. Climate 12, 1990-2009 (fields); Geyer (1992), Statistical Science 7, 473-483, section 3.3 (pairs),
doi:10.1214/ss/1177011137; Sokal (1997), doi:10.1007/978-1-4899-0319-8_6, section 3 (window). For an oscillating rho the
estimate is on the careful side: too few, never too many.

Lobes come from Fourier transforms of at most 260,000 samples along each dimension (lines chosen at random, always the
same), sums over boxes of lags from moving sums of all samples. Where these would be over four million, neighbours that
are close compared with the lobe are summed first; where that is not enough, blocks of the grid are drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Any

import numpy as np

WINDOW = 5.0
FEWEST_YEARS = 3
LINES = 2**18
"""Samples in all lines of one dimension that a lobe is found on."""
CELLS = 2**22
"""Cells times channels that boxes of lags are summed over; of a larger grid, blocks are summed first, or drawn."""
TILE = 2**16
"""Least size of a drawn block, in cells."""


@dataclass(frozen=True)
class Lobe:
    """The first positive lobe along one dimension: its largest lag, and the sum of rho over it in samples."""

    reach: int
    samples: float


def lobe(products: np.ndarray, pairs: np.ndarray) -> Lobe:
    """The first positive lobe of a correlation from sums of products at lags 0, 1, ... and their numbers.

    >>> lobe(np.array([4.0, 1.5, 0.0, -1.0]), np.array([4, 3, 2, 1]))
    Lobe(reach=1, samples=2.0)
    """
    lags, known = np.arange(len(products)), pairs > 0.5
    rho = np.interp(lags, lags[known], products[known] / pairs[known]) * pairs[0] / products[0]
    tau = 2.0 * np.cumsum(rho) - 1.0
    couples = np.diff(tau[1::2], prepend=-1.0)  # 2 (rho(2k) + rho(2k + 1)), from k = 0
    negative, window = np.flatnonzero(couples <= 0), np.flatnonzero(lags >= WINDOW * tau)
    ends = [*(2 * negative[:1] - 1), *window[:1]]
    reach = max(int(min(ends)), 0) if ends else int(tau.argmax())
    return Lobe(reach, float(np.clip(tau[reach], 1.0, len(tau))))


def calendar(axis: np.ndarray) -> np.ndarray | None:
    """The phase of every time stamp: its month, and its hour where steps are under a day.

    None where the axis holds no time stamps or less than three years: so few seasons have no mean.
    """
    axis = np.asarray(axis)
    if axis.dtype.kind != "M" or len(axis) < 2:
        return None
    axis = axis.astype("datetime64[s]")
    if axis[-1] - axis[0] < np.timedelta64(365 * FEWEST_YEARS - 31, "D"):
        return None
    phase = axis.astype("datetime64[M]").astype(np.int64) % 12
    if np.median(np.diff(axis)) < np.timedelta64(1, "D"):
        phase = phase * 24 + axis.astype("datetime64[h]").astype(np.int64) % 24
    return np.unique(phase, return_inverse=True)[1]


@dataclass(frozen=True)
class Field:
    """A target on its grid.

    Attributes:
        values: numbers, or class indices.
        present: which of them count, same shape.
        classes: the indices that become indicator channels; none for numbers.
        phases: dimension -> phase of the calendar along it, whose means are taken out place by place.
        periodic: dimensions, by number, that close on themselves.
    """

    values: np.ndarray
    present: np.ndarray
    classes: Sequence[int] = ()
    phases: Mapping[int, np.ndarray] | None = None
    periodic: tuple[int, ...] = ()

    def channels(self) -> Iterator[np.ndarray]:
        """Values less their mean, 0 where missing: one array for numbers, one for each class."""
        if not self.classes:
            yield self._anomaly(self.values)
        for index in self.classes:
            yield self._anomaly((self.values == index).astype(np.float32))

    @property
    def rounding(self) -> float:
        """Sum of squares that rounding alone leaves of values that are all the same."""
        if self.values.dtype.kind != "f":
            return 1e-24 * self.values.size
        tiny = max(1e-12, 4 * float(np.finfo(self.values.dtype).eps))
        known = np.where(self.present, self.values, 0)
        return tiny**2 * max(float(np.square(known, dtype=np.float64).sum()), 1e-300)

    def _anomaly(self, values: np.ndarray) -> np.ndarray:
        y = np.where(self.present, values, values.dtype.type(0))
        y -= float(y.sum(dtype=np.float64) / max(self.present.sum(), 1))
        y[~self.present] = 0
        for axis, phase in (self.phases or {}).items():
            y = np.where(self.present, y - self._means(y, axis, phase), 0.0)
        return y

    def _means(self, y: np.ndarray, axis: int, phase: np.ndarray) -> np.ndarray:
        order = np.argsort(phase, kind="stable")
        starts = np.searchsorted(phase[order], np.arange(phase.max() + 1))
        total, count = (
            np.add.reduceat(np.take(part, order, axis), starts, axis, dtype=np.float64) for part in (y, self.present)
        )
        return np.take(total / np.maximum(count, 1), phase, axis)


def lobes(field: Field, axes: Iterable[int], members: Iterable[int] = ()) -> dict[int, Lobe] | None:
    """The lobe along each of some dimensions, from a fixed random choice of lines where there are many.

    Args:
        field: the target.
        axes: dimensions with an order.
        members: dimensions without one (stations, members): any two count as neighbours, with their mean correlation,
            unless it is negative.

    Returns:
        None for a field without variance, which has no lobe.
    """
    shape, axes, members = field.present.shape, tuple(axes), tuple(members)
    chosen = {axis: _lines(shape, axis) for axis in axes}
    products: dict[int, Any] = dict.fromkeys((*axes, *members), 0.0)
    power = 0.0
    for y in field.channels():
        power += float(np.vdot(y, y))
        for axis in axes:
            products[axis] += _products(chosen[axis](y), axis in field.periodic)
        for axis in members:
            products[axis] += _all_pairs(y, axis)
    if power <= field.rounding:
        return None
    found = {}
    for axis in axes:
        found[axis] = lobe(products[axis], _products(chosen[axis](field.present), axis in field.periodic))
    count = int(field.present.sum())
    for axis in members:
        others = _all_pairs(field.present, axis) - count
        mean = (products[axis] - power) / max(others, 1) / (power / count)
        found[axis] = Lobe(shape[axis] - 1, 1 + (shape[axis] - 1) * mean) if mean > 0 else Lobe(0, 1.0)
    return found


def _all_pairs(values: np.ndarray, axis: int) -> float:
    """Sum of v_i v_j over all pairs along an axis, each with itself included."""
    return float(np.square(values.sum(axis, dtype=np.float64)).sum())


def _lines(shape: tuple[int, ...], axis: int, seed: int = 0) -> Callable[[np.ndarray], np.ndarray]:
    """What takes lines along an axis out of an array, shape (sample, line): all, or a random choice, cut where long."""
    rng, rest = np.random.default_rng(seed), [size for place, size in enumerate(shape) if place != axis]
    length = min(shape[axis], LINES)
    count = max(1, LINES // length)
    starts = np.linspace(0, shape[axis] - length, -(-shape[axis] // length)).astype(int)
    total = prod(rest) * len(starts)
    which = rng.choice(total, count, replace=False) if count < total else np.arange(total)
    first, *index = np.unravel_index(which, (len(starts), *rest))
    rows = starts[first] + np.arange(length)[:, None]

    def take(array: np.ndarray) -> np.ndarray:
        return np.moveaxis(array, axis, 0)[(rows, *index)].astype(float)

    return take


def _products(lines: np.ndarray, periodic: bool) -> np.ndarray:
    """Sums of products at lags 0, 1, ..., over all lines of shape (sample, line)."""
    from scipy.fft import next_fast_len

    length = len(lines)
    size = length if periodic else next_fast_len(2 * length, real=True)
    spectrum = np.square(np.abs(np.fft.rfft(lines, size, axis=0))).sum(axis=1)
    return np.fft.irfft(spectrum, size)[: length // 2 + 1 if periodic else length]


def independent(field: Field, lobes: Mapping[int, Lobe]) -> float:
    """Independent samples of a field: pairs count inside the box of these lobes, 0 lags wide where there is none.

    Where some pairs of the box are negatively correlated (corners, dips) their mean is at least that of a correlation
    which is the product of those along the dimensions.

    >>> x = np.array([1.0, 1.0, -1.0, -1.0])
    >>> independent(Field(x, np.full(4, True)), {})  # no neighbour counts
    4.0
    >>> independent(Field(x, np.full(4, True)), {0: Lobe(1, 1.0)})  # q = 10 / 16, r = (4 + 2 + 2 - 2) / 10
    2.0
    """
    count = int(field.present.sum())
    boxes = Boxes.of(field.present.shape, lobes, field.periodic, max(1, len(field.classes)))
    power = products = 0.0
    for y in field.channels():
        power += float(np.vdot(y, y))
        products += boxes.products(y)
    pairs, taking_part = boxes.products(field.present), boxes.count(field.present)
    others = pairs / taking_part - 1  # per sample
    along = prod(own.samples for own in lobes.values()) - 1
    least = (1 + others * along / max(prod(2 * own.reach + 1 for own in lobes.values()) - 1, 1)) / (1 + others)
    mean = max(products / pairs * count / power, least)
    share = pairs / taking_part * boxes.edge / count
    return float(np.clip(1 + (1 / share - 1) / mean, 1.0, count))


@dataclass(frozen=True)
class Side:
    """One dimension of a grid and of the boxes of lags on it.

    Attributes:
        stride: cells that are summed to one first, at most a sixteenth of the box: the sums over boxes are then the
            same but for their rim.
        size: summed cells of the grid, the unit of what follows.
        reach: largest lag.
        tile: cells of the blocks that sums are taken in; the size where they are taken everywhere.
        periodic: whether the grid closes on itself.
    """

    stride: int
    size: int
    reach: int
    tile: int
    periodic: bool

    @classmethod
    def of(cls, size: int, reach: int, periodic: bool, coarse: bool) -> Side:
        """A dimension of some cells and a largest lag; one cell where all pairs count."""
        if reach >= (size // 2 if periodic else size - 1):
            return cls(size, 1, 0, 1, False)
        stride = max(1, (2 * reach + 1) // 16) if coarse else 1
        cells = -(-size // stride)
        return cls(stride, cells, round((reach + 0.5) / stride - 0.5), cells, periodic)

    @property
    def closed(self) -> bool:
        """Whether a tile closes on itself."""
        return self.periodic and self.tile == self.size

    @property
    def edge(self) -> float:
        """Pairs per cell of the grid over those of a tile, of which more are at its edge."""
        return self._pairs(self.size, self.periodic) / self._pairs(self.tile, self.closed)

    def _pairs(self, size: int, periodic: bool) -> float:
        return 2 * self.reach + 1 - (0 if periodic else self.reach * (self.reach + 1) / size)


@dataclass(frozen=True)
class Boxes:
    """Sums of products of all pairs of cells inside a box of lags, in tiles of the grid."""

    sides: tuple[Side, ...]
    tiles: tuple[tuple[slice, ...], ...]

    @classmethod
    def of(cls, shape: tuple[int, ...], lobes: Mapping[int, Lobe], periodic: Sequence[int], channels: int) -> Boxes:
        """Boxes for a grid, 0 lags wide along a dimension without a lobe."""

        def sides(coarse: bool) -> list[Side]:
            reach = [lobes[axis].reach if axis in lobes else 0 for axis in range(len(shape))]
            return [Side.of(n, reach[axis], axis in periodic, coarse) for axis, n in enumerate(shape)]

        def too_many(found: list[Side]) -> bool:
            return prod(side.size for side in found) * channels > CELLS

        found = sides(coarse=too_many(sides(coarse=False)))
        if too_many(found):
            least = int(np.ceil(TILE ** (1 / sum(side.size > 1 for side in found))))
            found = [replace(side, tile=min(side.size, max(16 * side.reach, least))) for side in found]
        return cls(tuple(found), _tiles(found, channels))

    @property
    def edge(self) -> float:
        """Pairs per cell of the whole grid over those of the tiles."""
        return prod(side.edge for side in self.sides)

    def products(self, values: np.ndarray) -> float:
        """Sum of v_i v_j over the pairs."""
        from scipy.ndimage import uniform_filter1d

        found = 0.0
        for own in self._blocks(values):
            around = own
            for axis, side in enumerate(self.sides):
                if side.reach:
                    width, mode = 2 * side.reach + 1, "wrap" if side.closed else "constant"
                    around = uniform_filter1d(around, width, axis, mode=mode) * width
            found += float(np.vdot(own, around))
        return found

    def count(self, present: np.ndarray) -> float:
        """Cells that take part."""
        return sum(float(block.sum()) for block in self._blocks(present))

    def _blocks(self, values: np.ndarray) -> Iterator[np.ndarray]:
        for axis, side in enumerate(self.sides):
            if side.stride == values.shape[axis]:
                values = values.sum(axis, dtype=np.float64, keepdims=True)
            elif side.stride > 1:
                starts = np.arange(0, values.shape[axis], side.stride)
                values = np.add.reduceat(values, starts, axis, dtype=np.float64)
        for tile in self.tiles:
            yield np.asarray(values[tile], np.float64)


def _tiles(sides: Sequence[Side], channels: int, seed: int = 0) -> tuple[tuple[slice, ...], ...]:
    """Blocks of a grid, side by side: all, or a random choice that bounds their cells times channels."""
    numbers = [side.size // side.tile for side in sides]
    most = max(1, CELLS // (prod(side.tile for side in sides) * channels))
    total = prod(numbers)
    rows = np.arange(total) if total <= most else np.random.default_rng(seed).choice(total, most, replace=False)
    places = np.stack(np.unravel_index(rows, numbers), axis=1).tolist()
    return tuple(
        tuple(slice(i * side.tile, (i + 1) * side.tile) for i, side in zip(place, sides, strict=True))
        for place in places
    )
