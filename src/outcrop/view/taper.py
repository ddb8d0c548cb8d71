"""Where windows start along an axis, and the weights by which overlapping ones are blended."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def hann(length: int) -> np.ndarray:
    """Hann weights without the zeros at the ends, so that a sample under one window only is defined.

    >>> hann(3).round(3).tolist()
    [0.5, 1.0, 0.5]
    """
    return np.sin(np.pi * np.arange(1, length + 1) / (length + 1)) ** 2


def tapered(size: Sequence[int]) -> np.ndarray:
    """The product of Hann weights along every dimension of a box, shape `size`."""
    weights = np.ones(())
    for length in size:
        weights = weights[..., None] * hann(length)
    return weights


def starts_over(size: int, length: int, stride: int) -> np.ndarray:
    """First samples of windows that cover `size` samples; the last one is shifted back to end with them.

    >>> starts_over(10, 4, 3).tolist(), starts_over(3, 4, 3).tolist()
    ([0, 3, 6], [0])
    """
    if size <= length:
        return np.zeros(int(size > 0), np.int64)
    regular = np.arange(0, size - length + 1, stride)
    return regular if regular[-1] == size - length else np.r_[regular, size - length]
