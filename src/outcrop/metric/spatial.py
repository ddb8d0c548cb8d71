"""Spatial statistics of facies and of continuous fields, one row per realisation, and the distances between them.

Facies are class codes from 0 on, `(realisation, *place)`; continuous fields are `(realisation, *place, variable)`, in
one to three dimensions. Lags are in cells along the axes, those of all axes one after another (`lags`). Statistics
are means or counts per realisation, so that those of any subset follow without a second look at the fields.
"""

from __future__ import annotations

from functools import reduce
from itertools import combinations

import numpy as np
from jaxtyping import Float, Integer

Facies = Integer[np.ndarray, "realisation *place"]
Fields = Float[np.ndarray, "realisation *place variable"]
Rows = Float[np.ndarray, "realisation kind lag"]

MOST_LAGS = 24


def lags(shape: tuple[int, ...]) -> list[tuple[int, int]]:
    """Pairs (axis, lag): lags up to half the length of every axis, at most 24 of them, closer where they are short.

    >>> lags((6, 4))
    [(0, 1), (0, 2), (0, 3), (1, 1), (1, 2)]
    """
    return [
        (axis, lag)
        for axis, length in enumerate(shape)
        for lag in np.unique(np.geomspace(1, max(length // 2, 1), MOST_LAGS).round().astype(int)).tolist()
        if lag < length
    ]


def shifted(fields: np.ndarray, axis: int, lag: int) -> tuple[np.ndarray, np.ndarray]:
    """The cells that have another one `lag` cells further along an axis of place, and that one."""
    axis += 1
    length = fields.shape[axis]
    return fields.take(range(length - lag), axis), fields.take(range(lag, length), axis)


def proportions(facies: Facies, classes: int) -> Float[np.ndarray, "realisation kind"]:
    """Share of cells of each class.

    >>> proportions(np.array([[0, 0, 1, 0]]), 3).tolist()
    [[0.75, 0.25, 0.0]]
    """
    flat = facies.reshape(len(facies), -1)
    return np.stack([(flat == kind).mean(axis=1) for kind in range(classes)], axis=1)


def total_variation(samples: Float[np.ndarray, "row kind"], real: Float[np.ndarray, "row kind"]) -> float:
    """Half the sum over classes of |p - q|, of the mean shares; 0 to 1, lower is better.

    Source: Levin, Peres and Wilmer (2009), Markov Chains and Mixing Times, proposition 4.2.

    >>> total_variation(np.array([[0.75, 0.25]]), np.array([[0.5, 0.5]]))
    0.25
    """
    return float(np.abs(samples.mean(axis=0) - real.mean(axis=0)).sum() / 2)


def run_lengths(facies: Facies, classes: int, axis: int = 0) -> Rows:
    """Number of runs of each class and length along an axis of place, `(realisation, class, length)` from length 1 on.

    Runs that the edge cuts count with the length that is seen.

    >>> run_lengths(np.array([[0, 0, 1, 0]]), 2)[0].astype(int).tolist()
    [[1, 1, 0, 0], [1, 0, 0, 0]]
    """
    lines = np.moveaxis(facies, axis + 1, -1)
    count, length = len(lines), lines.shape[-1]
    lines = lines.reshape(-1, length)
    begins = np.ones(lines.shape, bool)
    begins[:, 1:] = lines[:, 1:] != lines[:, :-1]
    row, start = np.nonzero(begins)
    end = np.append(start[1:], length)
    end = np.where(np.append(row[1:] != row[:-1], True), length, end)
    place = np.ravel_multi_index(
        (row // (len(lines) // count), lines[row, start], end - start - 1), (count, classes, length)
    )
    return np.bincount(place, minlength=count * classes * length).reshape(count, classes, length).astype(float)


def run_length_distance(samples: Rows, real: Rows) -> float:
    """Wasserstein-1 distance between the two distributions of run lengths, in cells; the mean over classes of `real`.

    A class without any run counts as runs of length 0. Lower is better.

    Source: distributions of run lengths as a statistic of facies models: Boisvert, Pyrcz and Deutsch (2007),
    doi:10.1007/s11053-008-9058-9.
    """
    first, second = (_cumulative(rows.sum(axis=0)) for rows in (samples, real))
    return float(np.abs(first - second).sum(axis=1)[real.sum(axis=(0, 2)) > 0].mean())


def _cumulative(counts: np.ndarray) -> np.ndarray:
    """P(length <= l) per class from l = 0 on; all at 0 where there is no run."""
    total = counts.sum(axis=1, keepdims=True)
    shares = np.divide(counts, total, out=np.zeros_like(counts), where=total > 0)
    return np.concatenate([total == 0, shares], axis=1).cumsum(axis=1)


def variogram(fields: Fields) -> Rows:
    """Half the mean squared difference of cells at every lag of `lags`, `(realisation, variable, lag)`.

    Source: Matheron (1963), Principles of geostatistics, Economic Geology 58, 1246-1266.

    >>> variogram(np.array([[[0.0], [1.0], [0.0], [1.0]]]))[0].tolist()  # lags 1 and 2
    [[0.5, 0.0]]
    """
    place = tuple(range(1, fields.ndim - 1))
    columns = []
    for axis, lag in lags(fields.shape[1:-1]):
        here, there = shifted(fields, axis, lag)
        columns.append(np.square(there - here).mean(axis=place) / 2)
    return np.stack(columns, axis=-1)


def indicator_variogram(facies: Facies, classes: int) -> Rows:
    """The variogram of the indicator of each class: half the share of pairs of which one is of the class.

    >>> indicator_variogram(np.array([[0, 1, 0, 1]]), 2)[0].tolist()
    [[0.5, 0.0], [0.5, 0.0]]
    """
    return variogram((facies[..., None] == np.arange(classes)).astype(np.float32)).astype(float)


def relative_distance(samples: Rows, real: Rows) -> float:
    """Sum over lags of |difference of the means| over the sum of the real ones, the mean over classes or variables.

    Classes or variables that do not vary in `real` are left out. 0 or more, lower is better.

    >>> relative_distance(np.array([[[1.0, 3.0]]]), np.array([[[2.0, 2.0]]]))
    0.5
    """
    first, second = samples.mean(axis=0), real.mean(axis=0)
    total = np.abs(second).sum(axis=1)
    varies = total > 0
    return float((np.abs(first - second).sum(axis=1)[varies] / total[varies]).mean()) if varies.any() else 0.0


def connected_pairs(facies: Facies, classes: int) -> Float[np.ndarray, "realisation kind lag two"]:
    """Pairs of cells of one class at every lag: how many lie in one body, and how many there are.

    A body is what hangs together over the faces of its cells. The ratio of the two, over many realisations, is the
    connectivity function: the probability that two cells of a class at that lag are connected.

    Source: Pardo-Iguzquiza and Dowd (2003), doi:10.1016/S0098-3004(03)00028-1.
    """
    from scipy.ndimage import generate_binary_structure, label

    structure = generate_binary_structure(facies.ndim, 1)
    structure[0] = structure[-1] = False  # realisations are not neighbours
    place = tuple(range(1, facies.ndim))
    found = []
    for kind in range(classes):
        bodies, _ = label(facies == kind, structure)
        pairs = [shifted(bodies, axis, lag) for axis, lag in lags(facies.shape[1:])]
        together = [((here == there) & (here > 0)).sum(axis=place) for here, there in pairs]
        both = [((here > 0) & (there > 0)).sum(axis=place) for here, there in pairs]
        found.append(np.stack([np.stack(together, axis=1), np.stack(both, axis=1)], axis=-1))
    return np.stack(found, axis=1).astype(float)


def connectivity_distance(samples: np.ndarray, real: np.ndarray) -> float:
    """Mean over classes and lags of |difference of the connectivity functions|, where `real` has pairs; 0 to 1.

    A function without pairs is 0. Lower is better.
    """
    first, second = (_connectivity(rows) for rows in (samples, real))
    known = real.sum(axis=0)[..., 1] > 0
    return float(np.abs(first - second)[known].mean()) if known.any() else 0.0


def _connectivity(rows: np.ndarray) -> np.ndarray:
    together, both = np.moveaxis(rows.sum(axis=0), -1, 0)
    return np.divide(together, both, out=np.zeros_like(both), where=both > 0)


def euler_number(facies: Facies, classes: int) -> Float[np.ndarray, "realisation kind"]:
    """Bodies less tunnels plus cavities of each class: cells - pairs + squares of four - cubes of eight of the class.

    Neighbours share a face. In two dimensions: bodies less holes.

    Source: Serra (1982), Image Analysis and Mathematical Morphology, chapter VI (the Euler-Poincare characteristic).

    >>> euler_number(np.array([[[1, 1, 1], [1, 0, 1], [1, 1, 1]]]), 2).tolist()  # one body; one body with one hole
    [[1.0, 0.0]]
    """
    axes, place = range(facies.ndim - 1), tuple(range(1, facies.ndim))
    found = np.zeros((len(facies), classes))
    for kind in range(classes):
        inside = facies == kind
        for size in range(facies.ndim):
            for chosen in combinations(axes, size):
                block = inside
                for axis in chosen:
                    block = np.logical_and(*shifted(block, axis, 1))
                found[:, kind] += (-1) ** size * block.sum(axis=place)
    return found


def radial_spectrum(fields: Fields) -> Rows:
    """Mean power in rings of wavenumber, `(realisation, variable, ring)`, from 1 cycle per shortest axis to Nyquist.

    Fields are taken about their own mean and tapered (Hann). Wavenumbers are in cycles per cell.

    Source: van der Schaaf and van Hateren (1996), doi:10.1016/0042-6989(96)00002-8, for the taper and the rings.
    """
    shape = fields.shape[1:-1]
    place = tuple(range(1, len(shape) + 1))
    taper = reduce(np.multiply.outer, (np.hanning(length + 2)[1:-1] for length in shape))
    about = fields - fields.mean(axis=place, keepdims=True)
    power = np.square(np.abs(np.fft.fftn(about * taper[..., None], axes=place)))
    wavenumber = np.sqrt(sum(np.square(part) for part in np.meshgrid(*map(np.fft.fftfreq, shape), indexing="ij")))
    count = max(min(shape) // 2, 1)
    ring = np.ceil(wavenumber.ravel() * 2 * count - 0.5).astype(int) - 1
    used = (ring >= 0) & (ring < count)
    flat = power.reshape(len(fields), -1, fields.shape[-1])
    rings = [flat[:, used & (ring == one)].mean(axis=1) for one in np.unique(ring[used])]
    return np.stack(rings, axis=-1)


def spectral_distance(samples: Rows, real: Rows) -> float:
    """Root mean square over rings of the ratio of the mean spectra in dB, the mean over variables; lower is better.

    Source: Gray and Markel (1976), doi:10.1109/TASSP.1976.1162849 (log spectral distance).
    """
    ratio = np.maximum(samples.mean(axis=0), 1e-300) / np.maximum(real.mean(axis=0), 1e-300)
    return float(np.sqrt(np.square(10 * np.log10(ratio)).mean(axis=1)).mean())
