"""The convolutional seismic model: reflectivity of an impedance, seismograms, depth to two-way time.

Normal incidence, no multiples, no losses, every trace for itself. Arrays run along depth or time in their last
dimension and may be NumPy's or JAX's (then differentiable); results are of the same kind. Polarity is that of the SEG:
an increase of impedance is a positive number.

Source: Sheriff, R. E., Geldart, L. P. (1995), Exploration Seismology, 2nd edition, Cambridge University Press,
doi:10.1017/CBO9781139168359.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import numpy as np

if TYPE_CHECKING:  # simulations use this module and need no JAX
    from jax import Array

Numbers = TypeVar("Numbers", "np.ndarray", "Array")


def reflectivity(impedance: Numbers) -> Numbers:
    """Reflection coefficient at the top of every sample, of the shape of the impedance; 0 at the first.

    >>> reflectivity(np.array([2.0, 2.0, 6.0])).tolist()
    [0.0, 0.0, 0.5]
    """
    xp = impedance.__array_namespace__()
    upper, lower = impedance[..., :-1], impedance[..., 1:]
    inner = (lower - upper) / (lower + upper)
    return xp.concat([xp.zeros_like(inner[..., :1]), inner], axis=-1)


def seismogram(impedance: Numbers, wavelet: np.ndarray) -> Numbers:
    """Traces of the shape of the impedance, the middle of the wavelet on every reflection.

    Args:
        impedance: in two-way time, any unit, (..., time).
        wavelet: odd in length, sampled as the impedance.

    >>> seismogram(np.array([2.0, 2.0, 6.0, 6.0]), np.array([-1.0, 2.0, -1.0])).round(6).tolist()
    [0.0, -0.5, 1.0, -0.5]
    """
    xp = impedance.__array_namespace__()
    count = impedance.shape[-1]
    size = count + len(wavelet) - 1
    spectrum = xp.fft.rfft(reflectivity(impedance), n=size) * xp.fft.rfft(
        xp.asarray(wavelet, dtype=impedance.dtype), n=size
    )
    first = len(wavelet) // 2
    return xp.fft.irfft(spectrum, n=size)[..., first : first + count]


def two_way_time(velocity: Numbers, step_m: float) -> Numbers:
    """Two-way time (s) from the top of the grid to the top of every sample, of the shape of the velocity (m/s).

    >>> two_way_time(np.array([1000.0, 2000.0, 2000.0]), 5.0).round(6).tolist()
    [0.0, 0.01, 0.015]
    """
    steps = 2 * step_m / velocity
    return velocity.__array_namespace__().cumulative_sum(steps, axis=-1) - steps
