"""The promise "it must work on these files": hold-outs as far from training, and as incomplete, as what comes.

Records are grouped so that the distances from held-out records to the nearest training record are distributed like the
distances from the files to be predicted to the nearest record (nearest-neighbour distance matching).
Source: Mila et al. (2022), Methods Ecol. Evol. 13, 1304-1316, doi:10.1111/2041-210X.13851; the k-fold form: Linnenbrink
et al. (2024), kNNDM CV, GMD 17, 5897-5912, doi:10.5194/gmd-17-5897-2024.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from outcrop.data.space import along_surface
from outcrop.errors import ConfigError, message
from outcrop.records import Origins
from outcrop.split.colour import TEST, TRAIN, VALIDATION, Colouring, folded
from outcrop.split.promise import Split
from outcrop.view.cells import Cells

MOST_FOLDS = 7


def deploy(
    origins: Origins,
    cells: Cells,
    *,
    points: np.ndarray,
    deployed: np.ndarray,
    missing: Sequence[tuple[str, ...]] = (),
    folds: int | None = None,
    validation_share: float = 0.2,
    seed: int = 0,
    labelled: np.ndarray | None = None,
) -> list[Split]:
    """A rotation over records, grouped by place.

    Args:
        points: place of every record, as from `space.cartesian`, shape (record, 2 or 3).
        deployed: places of the files to be predicted.
        missing: names of the inputs that each of these files lacks; held-out records lose the same in turn.
        folds: of the rotation; by default 7, or the number of records where that is less.

    Raises:
        ConfigError: fewer than three records with a place, or no place of the files.
    """
    from dataclasses import replace

    known = np.ones(cells.total, bool) if labelled is None else labelled
    placed = np.isfinite(points).all(axis=1)
    if placed.sum() < 3 or not len(deployed) or not np.isfinite(deployed).all():
        what = (
            f"{int(placed.sum())} records and {len(deployed)} files have a place; three records and all files need one."
        )
        fix = 'frame = {easting = "X", northing = "Y"}, or a join of positions; or promise new = "well".'
        raise ConfigError(message(what, where="promise.deploy", fix=fix))
    count = min(MOST_FOLDS, int(placed.sum())) if folds is None else folds
    wanted = _to_nearest(deployed, points[placed])
    cluster, distance = _matched(points, placed, wanted, count, seed)
    of_sample = cluster[cells.record_of]
    group_sets = folded(
        of_sample, known, folds=min(count, len(np.unique(cluster))), validation_share=validation_share, seed=seed
    )
    held = _distances(points, placed, cluster, [test for test, _ in group_sets])
    blank = {
        name: tuple(missing[i % len(missing)])
        for i, name in enumerate(cells.names)
        if missing and missing[i % len(missing)]
    }
    told = (
        f"held-out records lie {_km(np.median(held))} from training at the median, the files to be predicted "
        f"{_km(np.median(wanted))} (distance of the distributions {_km(distance)})"
    )
    told += f"; {len(blank)} of {len(cells.names)} lose the inputs that the files lack" if blank else ""
    found = []
    for number, (test, validation) in enumerate(group_sets, start=1):
        code = np.where(np.isin(of_sample, test), TEST, np.where(np.isin(of_sample, validation), VALIDATION, TRAIN))
        sentence = f"Fold {number} of {len(group_sets)} imitates the files to be predicted: {told}."
        one = Colouring(code.astype(np.int8), sentence, "deploy", fix="more records, or fewer folds")
        found.append(replace(one.split(origins, cells, known), blank=blank))
    return found


def _to_nearest(places: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Metres from each place to the nearest of others."""
    from scipy.spatial import cKDTree

    gap, _ = cKDTree(others).query(places)
    return along_surface(gap, places.shape[1])


def _distances(points: np.ndarray, placed: np.ndarray, cluster: np.ndarray, tests: Sequence[np.ndarray]) -> np.ndarray:
    """Metres from every held-out record to the nearest record that is not held out with it."""
    found = []
    for test in tests:
        held = placed & np.isin(cluster, test)
        rest = placed & ~np.isin(cluster, test)
        if held.any() and rest.any():
            found.append(_to_nearest(points[held], points[rest]))
    return np.concatenate(found) if found else np.zeros(0)


def _matched(
    points: np.ndarray, placed: np.ndarray, wanted: np.ndarray, folds: int, seed: int
) -> tuple[np.ndarray, float]:
    """The clusters of records whose folds come nearest to the wanted distances, and how near (Wasserstein-1, m)."""
    from scipy.stats import wasserstein_distance
    from sklearn.cluster import KMeans

    rows = np.flatnonzero(placed)
    best, nearest = np.arange(len(points)), np.inf
    for size in dict.fromkeys(
        [len(rows), *np.unique(np.geomspace(folds, len(rows), 12).round().astype(int))[::-1].tolist()]
    ):
        cluster = np.arange(len(points)) + len(points)  # a record without a place is a cluster of its own
        if size == len(rows):
            cluster[rows] = np.arange(len(rows))
        else:
            cluster[rows] = KMeans(int(size), n_init=4, random_state=seed).fit_predict(points[rows])
        _, cluster = np.unique(cluster, return_inverse=True)
        every = np.ones(len(points), bool)
        tests = [test for test, _ in folded(cluster, every, folds=min(folds, size), validation_share=0, seed=seed)]
        held = _distances(points, placed, cluster, tests)
        gap = wasserstein_distance(held, wanted) if len(held) else np.inf
        if gap < nearest:
            best, nearest = cluster, float(gap)
    return best, nearest


def _km(metres: float) -> str:
    return f"{metres / 1000:,.3g} km" if metres >= 1000 else f"{metres:,.0f} m"
