"""Seismic images: direct convolution, linearity, wavelets by their spectra, noise, depth to time."""

import numpy as np
import pytest

from outcrop.errors import ConfigError
from outcrop.physics.forward import convolutional as model
from outcrop.physics.forward import wavelet as wavelets
from outcrop.simulate import seismic as s

STEP = 0.004


def test_convolution_is_that_of_numpy_trace_by_trace():
    rng = np.random.default_rng(0)
    traces, wavelet = rng.standard_normal((3, 5, 97)), wavelets.ricker(30.0, STEP)
    direct = np.apply_along_axis(lambda trace: np.convolve(trace, wavelet, "same"), -1, traces)
    np.testing.assert_allclose(s.convolved(traces, wavelet), direct, atol=1e-12)
    short = rng.standard_normal((2, 11))  # shorter than the wavelet
    full = np.apply_along_axis(lambda trace: np.convolve(trace, wavelet), -1, short)
    half = len(wavelet) // 2
    np.testing.assert_allclose(s.convolved(short, wavelet), full[:, half : half + 11], atol=1e-12)


def test_a_spike_becomes_the_wavelet_and_sums_become_sums():
    wavelet = wavelets.ricker(25.0, STEP)
    spike = np.zeros((1, 101))
    spike[0, 50] = 0.1
    found = s.convolved(spike, wavelet)[0]
    half = len(wavelet) // 2
    np.testing.assert_allclose(found[50 - half : 51 + half], 0.1 * wavelet, atol=1e-15)
    a, b = np.random.default_rng(1).standard_normal((2, 4, 60))
    np.testing.assert_allclose(
        s.convolved(2 * a - 3 * b, wavelet), 2 * s.convolved(a, wavelet) - 3 * s.convolved(b, wavelet), atol=1e-12
    )


def test_reflections_add_up_to_the_logarithm_of_impedance():
    impedance = np.exp(0.02 * np.cumsum(np.random.default_rng(2).standard_normal((2, 400)), axis=-1))
    found = model.reflectivity(impedance)
    np.testing.assert_allclose(2 * np.arctanh(found).cumsum(axis=-1), np.log(impedance / impedance[:, :1]), atol=1e-12)


def test_a_ricker_wavelet_has_its_peak_frequency_no_mean_and_its_known_zero():
    wavelet = wavelets.ricker(30.0, 0.0005)
    spectrum = np.abs(np.fft.rfft(wavelet, 2**16))
    assert np.fft.rfftfreq(2**16, 0.0005)[spectrum.argmax()] == pytest.approx(30, abs=0.05)
    assert wavelet.max() == wavelet[len(wavelet) // 2] == 1 and abs(wavelet.sum() * 0.0005) < 1e-9
    times = 0.0005 * (np.arange(len(wavelet)) - len(wavelet) // 2)
    assert np.interp(1 / (np.pi * 30 * np.sqrt(2)), times[times >= 0], wavelet[times >= 0]) == pytest.approx(
        0, abs=1e-3
    )


def test_an_ormsby_wavelet_has_a_trapezium_for_a_spectrum():
    wavelet = wavelets.ormsby((5.0, 15.0, 50.0, 70.0), 0.001)
    spectrum = np.abs(np.fft.rfft(wavelet, 2**15))
    at = {
        f: spectrum[np.argmin(np.abs(np.fft.rfftfreq(2**15, 0.001) - f))] / spectrum.max() for f in (1, 10, 30, 60, 90)
    }
    assert at[30] > 0.97 and at[10] == pytest.approx(0.5, abs=0.08) and at[60] == pytest.approx(0.5, abs=0.03)
    assert at[1] < 0.1 and at[90] < 0.01


@pytest.mark.parametrize("wavelet", [None, wavelets.ricker(30.0, STEP)], ids=["white", "band"])
def test_noise_has_the_stated_power_and_band(wavelet):
    rng = np.random.default_rng(3)
    signal = 0.3 * rng.standard_normal((20, 500))
    noise = s.noise_of(rng, signal, 6.0, wavelet)
    assert 10 * np.log10(np.mean(signal**2) / np.mean(noise**2)) == pytest.approx(6)
    power = (np.abs(np.fft.rfft(noise, axis=-1)) ** 2).mean(axis=0)
    high = power[len(power) // 2 :].sum() / power.sum()
    assert high == pytest.approx(0.5, abs=0.05) if wavelet is None else high < 0.1


def test_depth_to_time_by_hand():
    velocity = np.array([[2000.0] * 3 + [4000.0] * 5])
    times = model.two_way_time(velocity, 10.0)
    np.testing.assert_allclose(times[0, :5], [0, 0.01, 0.02, 0.03, 0.035])
    found = s.in_time(times, np.array([0.0, 0.0099, 0.0101, 0.031, 0.036, 9.0]))
    assert found.tolist() == [[0, 0, 1, 3, 4, 7]]


def test_depth_to_time_is_a_search_in_every_trace():
    rng = np.random.default_rng(4)
    times = model.two_way_time(rng.uniform(1500, 6000, (3, 4, 80)), 8.0)
    wanted = 0.004 * np.arange(40)
    found = s.in_time(times, wanted)
    for place in np.ndindex(3, 4):
        np.testing.assert_array_equal(found[place], np.searchsorted(times[place], wanted, side="right") - 1)


@pytest.mark.parametrize("shape", [(20, 64), (4, 5, 64)])
def test_an_image_is_the_convolution_of_the_ground_it_comes_with(shape):
    spacing = (25.0, 25.0)[: len(shape) - 1]
    data = s.seismic(np.random.default_rng(5), shape=shape, spacing_m=spacing, snr_db=200.0, faults=2)
    known = s.convolved(model.reflectivity(data["impedance"].to_numpy().astype(float)), wavelets.ricker(30.0, STEP))
    np.testing.assert_allclose(data["amplitude"], known, atol=1e-6)
    assert np.all(np.diff(data["layer"], axis=-1) >= 0) and data["amplitude"].dims[-1] == "twt"
    assert float(data["twt"][1]) == 4.0 and data["twt"].units == "ms"
    changes = np.diff(data["layer"], axis=-1) != 0
    assert np.all(data["reflectivity"].to_numpy()[..., 1:][~changes] == 0)


def test_impossible_images_say_what_is_possible():
    rng = np.random.default_rng(0)
    for wavelet in ((5.0, 10.0), (100.0,)):
        with pytest.raises(ConfigError, match=r"wavelet_hz = \[30\]"):
            s.seismic(rng, wavelet_hz=wavelet)
    with pytest.raises(ConfigError, match=r"wavelet_hz = \[5, 10, 60, 80\]"):
        s.seismic(rng, wavelet_hz=(5.0, 4.0, 60.0, 80.0))
    with pytest.raises(ConfigError, match="units and ranges"):
        s.seismic(rng, faults=-1)
