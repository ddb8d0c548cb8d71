"""Scores of a signal that was given back: its ratio to what is wrong with it, in decibels.

The functions that end in `_of_sums` take the sums of `regression.error_sums` with any leading axes.
"""

from __future__ import annotations

import numpy as np

from outcrop.metric.regression import COUNT, SQUARE, TARGET_SQUARE, Values, error_sums


def snr_db_of_sums(sums: np.ndarray, *, cost: None = None) -> np.ndarray:
    """Signal-to-noise ratio in dB from sums (..., 6); NaN where either is 0."""
    signal, error = sums[..., TARGET_SQUARE], sums[..., SQUARE]
    known = (sums[..., COUNT] > 0) & (signal > 0) & (error > 0)
    ratio = np.divide(signal, error, out=np.full(error.shape, np.nan), where=known)
    return 10.0 * np.log10(ratio)


def snr_db(*, prediction: Values, target: Values) -> float:
    """10 log10(sum t^2 / sum (y - t)^2): what is left of the noise, against the signal; higher is better.

    The target is a signal about 0; missing values are skipped.

    >>> snr_db(prediction=np.array([10.0, 11.0]), target=np.array([10.0, 10.0]))  # 200 / 1
    23.010299956639813
    """
    return float(snr_db_of_sums(error_sums(prediction, target, np.zeros(len(target), np.int64), 1)[0]))


def snr_gain_db(*, noisy: Values, prediction: Values, target: Values) -> float:
    """What denoising gains: the ratio of the prediction less that of the noisy input, in dB; 0 where nothing is gained.

    10 log10(sum (x - t)^2 / sum (y - t)^2), with x the noisy input.

    Source: Zhu, Mousavi and Beroza (2019), doi:10.1109/TGRS.2019.2926772, who compare ratios before and after.

    >>> snr_gain_db(noisy=np.array([2.0, 0.0]), prediction=np.array([1.1, 1.0]), target=np.array([1.0, 1.0])) > 23
    True
    """
    return snr_db(prediction=prediction, target=target) - snr_db(prediction=noisy, target=target)
