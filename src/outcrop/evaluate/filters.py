"""Filters along time against noise: band-pass, Wiener, and Wiener in short windows; fitted as `reconstruction` says.

Frequencies are in cycles per sample, so that no sampling rate is needed.
"""

from __future__ import annotations

from itertools import product

import numpy as np

from outcrop.evaluate.reconstruction import Examples, Pair, Restore

LOW = (0.0, 0.005, 0.01, 0.02, 0.03)
HIGH = (0.04, 0.06, 0.08, 0.12, 0.18, 0.25, 0.5)
"""Corners of a band-pass, in cycles per sample; 0 and 0.5 stand for none."""
ORDER = 4
SEGMENTS = (32, 64, 128)
"""Samples per short window."""
STRENGTH = (0.5, 1.0, 2.0, 4.0)
"""By how much the mean spectrum of the noise is multiplied before it is taken away."""


def band_pass(train: Pair, validation: Pair, code_size: int) -> Restore:
    """A Butterworth filter of order 4 run both ways (no delay); corners chosen on validation, as is a factor.

    Source: Gustafsson (1996), doi:10.1109/78.492552, for filtering both ways.
    """
    scored = {band: _filtered(validation.noisy, *band) for band in product(LOW, HIGH)}
    factor = {band: _factor(validation, found) for band, found in scored.items()}
    best = min(scored, key=lambda band: validation.error(factor[band] * scored[band]))
    return lambda noisy: (factor[best] * _filtered(noisy, *best)).astype(noisy.dtype)


def _factor(pair: Pair, found: Examples) -> float:
    """The factor of least squared error: little of a very noisy trace should be believed."""
    return float((found * pair.clean * pair.weight).sum() / max((np.square(found) * pair.weight).sum(), 1e-12))


def _filtered(noisy: Examples, low: float, high: float) -> Examples:
    from scipy.signal import butter, sosfiltfilt

    if low == 0 and high == 0.5:
        return noisy
    corners, kind = ([low, high], "bandpass") if low and high < 0.5 else (low or high, "highpass" if low else "lowpass")
    return sosfiltfilt(butter(ORDER, corners, kind, fs=1.0, output="sos"), noisy, axis=1)


def wiener(train: Pair, validation: Pair, code_size: int) -> Restore:
    """Every frequency times signal / (signal + noise), mean spectra of the training part.

    Source: Wiener (1949), Extrapolation, Interpolation, and Smoothing of Stationary Time Series; no other linear filter
    that does not change with time has a smaller error where the spectra are right.
    """
    signal, noise = (_spectrum(part) for part in (train.clean, train.noisy - train.clean))
    gain = signal / np.maximum(signal + noise, 1e-20)

    def restore(noisy: Examples) -> Examples:
        length = noisy.shape[1]
        spectrum = np.fft.rfft(noisy, n=2 * length, axis=1)
        return np.fft.irfft(spectrum * gain, n=2 * length, axis=1)[:, :length].astype(noisy.dtype)

    return restore


def _spectrum(examples: Examples) -> np.ndarray:
    """Mean power per frequency and channel, tapered, on the frequencies of twice the length."""
    taper = np.hanning(examples.shape[1] + 2)[1:-1, None]
    return np.square(np.abs(np.fft.rfft(examples * taper, n=2 * examples.shape[1], axis=1))).mean(axis=0)


def wiener_short_time(train: Pair, validation: Pair, code_size: int) -> Restore:
    """Every short window and frequency times max(0, 1 - strength * noise / power): it lets pass what stands out.

    The mean spectrum of the noise is that of the training part; length of the windows and strength are chosen on
    validation. Source: Boll (1979), doi:10.1109/TASSP.1979.1163209, with the gain of Lim and Oppenheim (1979),
    doi:10.1109/PROC.1979.11540.
    """
    settings = [(s, f) for s in SEGMENTS for f in STRENGTH if s <= train.noisy.shape[1]] or [
        (train.noisy.shape[1], 1.0)
    ]
    noise = {segment: _noise(train.noisy - train.clean, segment) for segment, _ in settings}

    def restored(noisy: Examples, segment: int, strength: float) -> Examples:
        from scipy.signal import istft, stft

        _, _, found = stft(np.moveaxis(noisy, 1, -1), nperseg=segment)  # (example, channel, frequency, window)
        power = np.maximum(np.square(np.abs(found)), 1e-20)
        kept = found * np.maximum(1 - strength * noise[segment] / power, 0)
        _, back = istft(kept, nperseg=segment)
        return np.moveaxis(back, -1, 1)[:, : noisy.shape[1]].astype(noisy.dtype)

    best = min(settings, key=lambda each: validation.error(restored(validation.noisy, *each)))
    return lambda noisy: restored(noisy, *best)


def _noise(noise: Examples, segment: int) -> np.ndarray:
    """Mean power of the noise per channel and frequency, shape (channel, frequency, 1)."""
    from scipy.signal import stft

    _, _, found = stft(np.moveaxis(noise, 1, -1), nperseg=segment)
    return np.square(np.abs(found)).mean(axis=(0, 3))[..., None]
