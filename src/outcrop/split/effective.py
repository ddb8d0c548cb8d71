r"""How many independent samples a target holds: n divided by its integrated autocorrelation time tau.

tau = 1 + 2 sum_k rho(k) over lags 1 .. M. M ends where a pair rho(2k) + rho(2k + 1) first fails to be positive, or at
M >= 5 tau(M) where that comes sooner: summed over all lags the positive and negative lobes of a season would cancel,
and the estimate would be noise. What the calendar explains is no news: with a time axis of at least three years the
mean of each calendar month is taken out first, with steps under a day also that of each hour. n_eff = n / tau.
A class target is a vector of indicators, one per class, and rho is the sum of their autocovariances over the sum of
their variances. Missing samples are left out of every product. A constant record holds one independent sample.

Source: Geyer (1992), Practical Markov chain Monte Carlo, Statistical Science 7, 473-483, section 3.3 (initial positive
sequence), doi:10.1214/ss/1177011137; Sokal (1997), Monte Carlo methods in statistical mechanics, section 3 (window),
doi:10.1007/978-1-4899-0319-8_6. For an oscillating rho the estimate is on the careful side: too few, never too many.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

WINDOW = 5.0
FEWEST_YEARS = 3


@dataclass(frozen=True)
class Effective:
    """Independent samples per record and in total, beside the number of labelled samples."""

    per_record: Mapping[str, float]
    total: float
    labelled: int


def effective_samples(values: Mapping[str, np.ndarray], axes: Mapping[str, np.ndarray] | None = None) -> Effective:
    """Counts independent samples of a target; records count as independent of each other.

    Args:
        values: record name -> target in the order of its axis: numbers with NaN for missing, or class indices
            (integers) with -1 for missing.
        axes: record name -> its axis; time stamps let the calendar be taken out, any other axis is not read.

    >>> effective_samples({"A": np.array([0, 0, 0, 0]), "B": np.array([2.0, np.nan])}).total
    2.0
    """
    axes = axes or {}
    per_record = {name: _effective(np.asarray(value), axes.get(name)) for name, value in values.items()}
    labelled = sum(int(_present(np.asarray(value)).sum()) for value in values.values())
    return Effective(per_record, float(sum(per_record.values())), labelled)


def autocorrelation_time(channels: np.ndarray, present: np.ndarray) -> float:
    """The integrated autocorrelation time, in samples, of a (sample, channel) series; at least 1.

    A series without variance has an infinite one.
    """
    count = present.sum()
    mean = channels[present].mean(axis=0)
    centred = np.where(present[:, None], channels - mean, 0.0)
    if np.square(centred).sum() <= 1e-24 * max(np.square(channels[present]).sum(), 1e-300):
        return np.inf
    tau = 2.0 * np.cumsum(_correlation(centred, present)) - 1.0
    pairs = np.diff(tau[1::2], prepend=-1.0)  # 2 (rho(2k) + rho(2k + 1)), from k = 0
    lobe = np.flatnonzero(pairs <= 0)
    window = np.flatnonzero(np.arange(len(tau)) >= WINDOW * tau)
    ends = [2 * lobe[0] - 1] if len(lobe) else []
    ends += [window[0]] if len(window) else []
    chosen = tau[max(min(ends), 0)] if ends else tau.max()
    return float(np.clip(chosen, 1.0, count))


def _correlation(centred: np.ndarray, present: np.ndarray) -> np.ndarray:
    """rho(k) from k = 0, zero at lags that no two present samples have."""
    size = 2 ** int(np.ceil(np.log2(2 * len(centred))))
    spectrum = np.square(np.abs(np.fft.rfft(centred, size, axis=0))).sum(axis=1)
    pairs = np.fft.irfft(np.square(np.abs(np.fft.rfft(present.astype(float), size))), size)[: len(centred)]
    covariance = np.fft.irfft(spectrum, size)[: len(centred)] / np.maximum(pairs, 1.0)
    return np.where(pairs > 0.5, covariance / covariance[0], 0.0)


def without_calendar(channels: np.ndarray, present: np.ndarray, axis: np.ndarray) -> np.ndarray:
    """The channels less the mean of their calendar month (and hour, where steps are under a day).

    Unchanged where the axis holds no time stamps or less than three years: so few seasons have no mean.
    """
    axis = np.asarray(axis)
    if axis.dtype.kind != "M" or len(axis) < 2:
        return channels
    axis = axis.astype("datetime64[s]")
    if axis[-1] - axis[0] < np.timedelta64(365 * FEWEST_YEARS - 31, "D"):
        return channels
    phase = axis.astype("datetime64[M]").astype(np.int64) % 12
    if np.median(np.diff(axis)) < np.timedelta64(1, "D"):
        phase = phase * 24 + axis.astype("datetime64[h]").astype(np.int64) % 24
    _, phase = np.unique(phase, return_inverse=True)
    size = np.bincount(phase, weights=present)
    sums = [np.bincount(phase, weights=np.where(present, column, 0.0)) for column in channels.T]
    means = np.stack(sums, axis=1) / np.maximum(size, 1.0)[:, None]
    return channels - means[phase]


def _present(value: np.ndarray) -> np.ndarray:
    return value >= 0 if np.issubdtype(value.dtype, np.integer) else np.isfinite(value)


def _effective(value: np.ndarray, axis: np.ndarray | None) -> float:
    present = _present(value)
    count = int(present.sum())
    if count == 0:
        return 0.0
    if np.issubdtype(value.dtype, np.integer):
        channels = (value[:, None] == np.unique(value[present])).astype(float)
    else:
        channels = np.where(present, value, 0.0)[:, None]
    if axis is not None:
        channels = without_calendar(channels, present, axis)
    return max(count / autocorrelation_time(channels, present), 1.0)
