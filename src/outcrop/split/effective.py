r"""How many independent samples a target holds: n divided by its integrated autocorrelation time.

tau = 1 + 2 sum_k rho(k), summed up to the first lag M >= 5 tau(M) (automatic windowing); n_eff = n / tau.
A class target is a vector of indicators, one per class, and rho is the sum of their autocovariances over the sum of
their variances. Missing samples are left out of every product. A constant record holds one independent sample.

Source: Sokal (1997), Monte Carlo methods in statistical mechanics, section 3, doi:10.1007/978-1-4899-0319-8_6.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

WINDOW = 5.0


@dataclass(frozen=True)
class Effective:
    """Independent samples per record and in total, beside the number of labelled samples."""

    per_record: Mapping[str, float]
    total: float
    labelled: int


def effective_samples(values: Mapping[str, np.ndarray]) -> Effective:
    """Counts independent samples of a target; records count as independent of each other.

    Args:
        values: record name -> target in the order of its axis: numbers with NaN for missing, or class indices
            (integers) with -1 for missing.

    >>> effective_samples({"A": np.array([0, 0, 0, 0]), "B": np.array([2.0, np.nan])}).total
    2.0
    """
    per_record = {name: _effective(np.asarray(value)) for name, value in values.items()}
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
    size = 2 ** int(np.ceil(np.log2(2 * len(centred))))
    spectrum = np.square(np.abs(np.fft.rfft(centred, size, axis=0))).sum(axis=1)
    pairs = np.fft.irfft(np.square(np.abs(np.fft.rfft(present.astype(float), size))), size)[: len(centred)]
    covariance = np.fft.irfft(spectrum, size)[: len(centred)] / np.maximum(pairs, 1.0)
    rho = np.where(pairs > 0.5, covariance / covariance[0], 0.0)
    tau = 2.0 * np.cumsum(rho) - 1.0
    enough = np.flatnonzero(np.arange(len(tau)) >= WINDOW * tau)
    chosen = tau[enough[0]] if len(enough) else tau.max()
    return float(np.clip(chosen, 1.0, count))


def _present(value: np.ndarray) -> np.ndarray:
    return value >= 0 if np.issubdtype(value.dtype, np.integer) else np.isfinite(value)


def _effective(value: np.ndarray) -> float:
    present = _present(value)
    count = int(present.sum())
    if count == 0:
        return 0.0
    if np.issubdtype(value.dtype, np.integer):
        channels = (value[:, None] == np.unique(value[present])).astype(float)
    else:
        channels = np.where(present, value, 0.0)[:, None]
    return max(count / autocorrelation_time(channels, present), 1.0)
