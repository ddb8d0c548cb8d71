"""The promise "what comes next is drawn like what I have": examples divided at random, with the reason stated.

Right for independent simulations; for samples along a well or a time series it measures interpolation.
"""

from __future__ import annotations

import numpy as np

from outcrop.errors import ConfigError, message
from outcrop.records import Origins
from outcrop.split.promise import Split

PARTS: tuple[str, ...] = ("train", "validation", "test")


def same_population(
    origins: Origins,
    reason: str,
    *,
    folds: int | None = None,
    test_share: float = 0.2,
    validation_share: float = 0.2,
    seed: int = 0,
) -> list[Split]:
    """Splits of examples at random: one, or `folds` of them that test each example once.

    Args:
        reason: why the examples are independent draws of one population; printed beside the score.
        folds: splits of a rotation; `test_share` is not used then.
        test_share: share of all examples.
        validation_share: share of the examples that are not tested.
        seed: the same seed gives the same split.

    Raises:
        ConfigError: no reason, or shares that leave a part empty.
    """
    if not isinstance(reason, str) or not reason.strip():
        raise ConfigError(
            message(
                "A random split needs its reason in words.",
                where="promise.same_population",
                fix='same_population = "independent simulations from one prior", or new = "well"',
            )
        )
    n = len(origins)
    sizes = [round(n * test_share)] if folds is None else [n // folds + (k < n % folds) for k in range(max(folds, 0))]
    n_validation = round((n - max(sizes, default=0)) * validation_share)
    single = folds is not None and folds < 2
    if single or not min(sizes) or max(sizes) + n_validation >= n or min(test_share, validation_share) < 0:
        share = f"test_share = {test_share}" if folds is None else f"folds = {folds}"
        raise ConfigError(
            message(
                f"{n} examples cannot be divided with {share} and validation_share = {validation_share}.",
                where="[promise]",
                fix="folds = 5 and validation_share = 0.2",
            )
        )
    sentence = f"Scored on examples drawn at random, because {reason.strip().rstrip('.')}."
    groups = dict.fromkeys(PARTS, origins.names)
    splits = []
    for number, test in enumerate(_deal(n, sizes, seed)[: len(sizes)]):
        rest = np.setdiff1d(np.arange(n), test, assume_unique=True)
        validation, train = (rest[part] for part in _deal(len(rest), [n_validation], seed + number))
        splits.append(Split(train, validation, test, sentence, "same_population", groups))
    return splits


def random_split(origins: Origins, like: Split, seed: int = 0) -> Split:
    """The naive random split by example with the part sizes of `like`, for the optimism gap only.

    Overlapping windows stay in, on both sides: that is what the naive split measures.
    """
    sizes = [len(like.test), len(like.validation), len(like.calibration), len(like.train)]
    test, validation, calibration, train, _ = _deal(len(origins), sizes, seed)
    sentence = "A random split by example, of the same sizes: what an unwary score would have been."
    return Split(train, validation, test, sentence, "random", {}, calibration)


def _deal(n: int, sizes: list[int], seed: int) -> list[np.ndarray]:
    """Sorted random parts of the given sizes, and the rest."""
    order = np.random.default_rng(seed).permutation(n)
    return [np.sort(part) for part in np.split(order, np.cumsum(sizes))]
