"""From rock properties to a seismic image: impedance, reflectivity, depth to time, wavelet, noise.

The convolutional model: normal incidence, no multiples, no losses, every trace for itself. Arrays run along depth or
time in their last dimension. Polarity is that of the SEG: an increase of impedance is a positive number.

Source: Sheriff, R. E., Geldart, L. P. (1995), Exploration Seismology, 2nd edition, Cambridge University Press,
doi:10.1017/CBO9781139168359.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import xarray as xr
from scipy.signal import oaconvolve

from outcrop.errors import ConfigError, message
from outcrop.simulate.grid import Finite, NotNegative, Positive, Shape, Spacing, checked, coordinates, labelled, spaced
from outcrop.simulate.layers import DIMS, MINERALS, VARIABLES, layers

FINE = 2
"""Depth samples per distance that the fastest rock passes in one sample of time, so that no thin layer is lost."""


def reflectivity(impedance: np.ndarray) -> np.ndarray:
    """Reflection coefficient at the top of every sample, of the shape of the impedance; 0 at the first.

    >>> reflectivity(np.array([2.0, 2.0, 6.0])).tolist()
    [0.0, 0.0, 0.5]
    """
    upper, lower = impedance[..., :-1], impedance[..., 1:]
    inner = (lower - upper) / (lower + upper)
    return np.concatenate([np.zeros_like(inner[..., :1]), inner], axis=-1)


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


def convolved(reflections: np.ndarray, wavelet: np.ndarray) -> np.ndarray:
    """Traces of the shape of the reflections, the middle of the wavelet on every reflection."""
    traces = reflections.reshape(-1, reflections.shape[-1])
    full = oaconvolve(traces, wavelet[None, :], mode="full", axes=1)
    first = len(wavelet) // 2
    return full[:, first : first + traces.shape[1]].reshape(reflections.shape)


def noise_of(
    rng: np.random.Generator, signal: np.ndarray, snr_db: float, wavelet: np.ndarray | None = None
) -> np.ndarray:
    """Gaussian noise to be added: its power is that of the signal less `snr_db` decibels, exactly.

    Args:
        rng: random numbers.
        signal: traces; power is the mean square over all of them.
        snr_db: signal-to-noise ratio, 10 log10(signal power / noise power).
        wavelet: gives the noise the band of the signal; white without.
    """
    noise = rng.standard_normal(signal.shape)
    if wavelet is not None:
        noise = convolved(noise, wavelet)
    power = np.mean(signal**2) / 10 ** (snr_db / 10)
    return noise * np.sqrt(power / np.mean(noise**2))


def two_way_time(velocity: np.ndarray, step_m: float) -> np.ndarray:
    """Two-way time (s) from the top of the grid to the top of every sample, of the shape of the velocity (m/s)."""
    steps = 2 * step_m / velocity
    return np.cumsum(steps, axis=-1) - steps


def in_time(times: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """The depth sample in which each wanted time lies, shape (..., time); the last one beyond the ground.

    Args:
        times: two-way times of the tops of the depth samples, growing along the last dimension, s.
        wanted: times, ascending, shape (time,), s.
    """
    traces = times.reshape(-1, times.shape[-1])
    span = 1.0 + max(float(traces.max()), float(wanted.max()))  # sets every trace apart, so that one search does all
    offsets = span * np.arange(len(traces))[:, None]
    found = np.searchsorted((traces + offsets).ravel(), (wanted + offsets).ravel(), side="right") - 1
    index = found.reshape(len(traces), -1) - traces.shape[1] * np.arange(len(traces))[:, None]
    return np.maximum(index, 0).reshape(*times.shape[:-1], -1)


@checked
def seismic(
    rng: np.random.Generator,
    *,
    shape: Shape = (128, 128),
    spacing_m: Spacing = (25.0,),
    step_ms: Positive = 4.0,
    start_ms: NotNegative = 0.0,
    wavelet_hz: tuple[Positive, ...] = (30.0,),
    snr_db: Finite = 15.0,
    band_limited: bool = True,
    **ground: Any,
) -> xr.Dataset:
    """A seismic section (trace, twt) or cube (inline, crossline, twt) over `layers`, with the ground it shows.

    Args:
        rng: random numbers.
        shape: of the image; its last number counts samples of time.
        spacing_m: between traces, metres, one number less than `shape`.
        step_ms: sampling interval of time.
        start_ms: two-way time at the top of the ground.
        wavelet_hz: peak frequency of a Ricker wavelet, or the four corners of an Ormsby wavelet.
        snr_db: signal-to-noise ratio of powers, decibels.
        band_limited: whether the noise has the band of the wavelet, or is white.
        ground: further options of `layers`.

    Raises:
        ConfigError: numbers that do not fit each other.
    """
    spaced(shape[:-1], spacing_m, tuple(n - 1 for n in DIMS))
    step_s = step_ms / 1000
    step_m = max(mineral.vp for mineral in MINERALS) * step_s / 2 / FINE
    sides = {"shape": (*shape[:-1], FINE * shape[-1] + 1), "spacing_m": (*spacing_m, step_m)}
    found = layers(rng, **sides, **ground)
    sample = in_time(two_way_time(found["velocity"].to_numpy(), step_m), step_s * np.arange(shape[-1]))
    held = {str(name): np.take_along_axis(array.to_numpy(), sample, axis=-1) for name, array in found.items()}
    impedance = held["velocity"].astype(float) * held["density"]
    reflections = reflectivity(impedance)
    wavelet = wavelet_of(wavelet_hz, step_s)
    clean = convolved(reflections, wavelet)
    amplitude = clean + noise_of(rng, clean, snr_db, wavelet if band_limited else None)
    dims = (*DIMS[len(shape)][:-1], "twt")
    variables = {
        "amplitude": (dims, amplitude, "", "seismic amplitude, with noise"),
        "reflectivity": (dims, reflections, "", "reflection coefficient at the top of the sample"),
        "impedance": (dims, impedance, "kg/m2/s", "acoustic impedance"),
        **{name: (dims, held[name], *VARIABLES[name]) for name in ("layer", "facies", "fault", "porosity")},
    }
    return labelled(variables, coordinates(dims, shape, (*spacing_m, step_ms), start_ms))
