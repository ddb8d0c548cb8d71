"""The promise "what comes next is drawn like what I have": examples divided at random, with the reason stated.

Right for independent simulations; for samples along a well or a time series it measures interpolation.
"""

from __future__ import annotations

import numpy as np

from outcrop.errors import ConfigError, message
from outcrop.records import Origins
from outcrop.split.promise import Split


def same_population(
    origins: Origins, reason: str, *, test_share: float = 0.2, validation_share: float = 0.2, seed: int = 0
) -> list[Split]:
    """One split of examples at random.

    Args:
        reason: why the examples are independent draws of one population; printed beside the score.
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
    n_test = round(len(origins) * test_share)
    n_validation = round((len(origins) - n_test) * validation_share)
    if n_test < 1 or n_test + n_validation >= len(origins) or min(test_share, validation_share) < 0:
        raise ConfigError(
            message(
                f"{len(origins)} examples cannot be divided with test_share = {test_share} and "
                f"validation_share = {validation_share}.",
                where="[promise]",
                fix="test_share = 0.2 and validation_share = 0.2",
            )
        )
    test, validation, train = _deal(len(origins), [n_test, n_validation], seed)
    sentence = f"Scored on examples drawn at random, because {reason.strip().rstrip('.')}."
    groups = dict.fromkeys(("train", "validation", "test"), origins.names)
    return [Split(train, validation, test, sentence, "same_population", groups)]


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
