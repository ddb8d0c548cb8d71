"""Seismic wavelets of zero phase and peak amplitude 1, sampled in float64.

Polarity is that of the SEG: an increase of impedance is a positive number.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from outcrop.errors import ConfigError, message


def ricker(peak_hz: float, step_s: float) -> np.ndarray:
    """A zero-phase Ricker wavelet of peak amplitude 1, odd in length, to where it has died away (2 / peak_hz).

    Source: Ricker, N. (1953), The form and laws of propagation of seismic wavelets, Geophysics 18(1),
    doi:10.1190/1.1437843.
    """
    squared = (np.pi * peak_hz * _times(2 / peak_hz, step_s)) ** 2
    return (1 - 2 * squared) * np.exp(-squared)


def ormsby(corners_hz: tuple[float, float, float, float], step_s: float) -> np.ndarray:
    """A zero-phase wavelet whose spectrum is a trapezium between four frequencies, of peak amplitude 1, tapered.

    Raises:
        ConfigError: frequencies that do not grow.

    Source: Ryan, H. (1994), Ricker, Ormsby, Klauder, Butterworth - a choice of wavelets, CSEG Recorder 19(7).
    """
    if any(low >= high for low, high in pairwise(corners_hz)) or corners_hz[0] < 0:
        what = f"The corner frequencies {tuple(corners_hz)} Hz must grow."
        raise ConfigError(message(what, fix="wavelet_hz = [5, 10, 60, 80]"))
    times = _times(3 / (corners_hz[0] + corners_hz[1]) * 2, step_s)
    f1, f2, f3, f4 = (frequency**2 * np.sinc(frequency * times) ** 2 for frequency in corners_hz)
    width = np.diff(corners_hz)[[0, 2]]
    wavelet = (f4 - f3) / width[1] - (f2 - f1) / width[0]
    return wavelet / wavelet[len(times) // 2] * np.hanning(len(times) + 2)[1:-1]


def wavelet_of(wavelet_hz: tuple[float, ...], step_s: float) -> np.ndarray:
    """A `ricker` wavelet of one frequency, an `ormsby` wavelet of four.

    Raises:
        ConfigError: another number of frequencies, or some that cannot be sampled.
    """
    if len(wavelet_hz) not in (1, 4) or max(wavelet_hz) * (2 if len(wavelet_hz) == 1 else 1) > 0.5 / step_s:
        what = (
            f"wavelet_hz = {wavelet_hz}: one frequency makes a Ricker wavelet, four an Ormsby wavelet; at {step_s:g} s "
            f"the highest is {0.25 / step_s:g} Hz, and {0.5 / step_s:g} Hz."
        )
        raise ConfigError(message(what, fix="wavelet_hz = [30], or [5, 10, 60, 80], with step_ms = 4"))
    if len(wavelet_hz) == 1:
        return ricker(wavelet_hz[0], step_s)
    return ormsby((wavelet_hz[0], wavelet_hz[1], wavelet_hz[2], wavelet_hz[3]), step_s)


def _times(half_s: float, step_s: float) -> np.ndarray:
    count = int(np.ceil(half_s / step_s))
    return step_s * np.arange(-count, count + 1)
