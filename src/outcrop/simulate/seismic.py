"""From rock properties to a seismic image: impedance, reflectivity, depth to time, wavelet, noise.

The convolutional model: normal incidence, no multiples, no losses, every trace for itself. Arrays run along depth or
time in their last dimension. Polarity is that of the SEG: an increase of impedance is a positive number.

Source: Sheriff, R. E., Geldart, L. P. (1995), Exploration Seismology, 2nd edition, Cambridge University Press,
doi:10.1017/CBO9781139168359.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from scipy.signal import oaconvolve

from outcrop.physics.forward.convolutional import reflectivity, two_way_time
from outcrop.physics.forward.wavelet import wavelet_of
from outcrop.simulate.grid import Finite, NotNegative, Positive, Shape, Spacing, checked, coordinates, labelled, spaced
from outcrop.simulate.layers import DIMS, MINERALS, VARIABLES, layers

FINE = 2
"""Depth samples per distance that the fastest rock passes in one sample of time, so that no thin layer is lost."""


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
