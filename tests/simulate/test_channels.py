"""Channels: sinuosity in closed form, cut-offs, the shape of a body, the share asked for."""

import numpy as np
import pytest
from scipy.special import j0

from outcrop.errors import ConfigError
from outcrop.simulate import meander
from outcrop.simulate.channels import CHANNEL, FLOODPLAIN, LEVEE, channels, cross_section


@pytest.mark.parametrize("sinuosity", [1.1, 1.5, 2.5])
def test_a_sine_generated_curve_has_the_sinuosity_of_langbein_and_leopold(sinuosity):
    angle = meander.directions(np.random.default_rng(0), 20_000, 2 * np.pi / 400, sinuosity, 0.0)
    assert j0(np.abs(angle).max()) * sinuosity == pytest.approx(1, abs=1e-4)
    assert 1 / np.cos(angle).mean() == pytest.approx(sinuosity, rel=1e-6)


def test_an_irregular_river_has_the_sinuosity_of_a_gaussian_direction_and_its_wavelength():
    angle = meander.directions(np.random.default_rng(1), 1_000_000, 2 * np.pi / 200, 1.5, 0.2)
    assert angle.std() == pytest.approx(np.sqrt(2 * np.log(1.5)), rel=0.02)
    assert 1 / np.cos(angle).mean() == pytest.approx(1.5, rel=0.01)
    power = np.abs(np.fft.rfft(angle.reshape(250, 4000))) ** 2
    assert 4000 / power.mean(axis=0).argmax() == pytest.approx(200, rel=0.1)


def test_the_oscillator_has_the_autocorrelation_of_a_damped_swing():
    wave, damping = 2 * np.pi / 100, 0.3
    series = meander.oscillator(np.random.default_rng(2), 1_000_000, wave, damping)
    lags = np.arange(0, 150, 10)
    found = [np.mean(series[: len(series) - lag] * series[lag:]) for lag in lags]
    turn = np.sqrt(1 - damping**2) * wave * lags
    known = np.exp(-damping * wave * lags) * (np.cos(turn) + damping / np.sqrt(1 - damping**2) * np.sin(turn))
    np.testing.assert_allclose(found, known, atol=0.03)


def test_a_river_does_not_come_near_itself_after_cut_offs():
    options = {"length_m": 30_000.0, "step_m": 25.0, "wavelength_m": 1090.0, "sinuosity": 2.5, "irregularity": 0.3}
    line = meander.centre_line(np.random.default_rng(3), width_m=100.0, **options)
    apart = np.linalg.norm(line.points[:, None] - line.points[None], axis=-1)
    places = np.arange(len(line.points))
    far = np.abs(places[:, None] - places[None]) * 25.0 > 800
    assert apart[far].min() > 60
    steps = np.linalg.norm(np.diff(line.points, axis=0), axis=1)
    assert steps.max() < 26 and np.abs(line.points[len(line.points) // 2]).max() == 0


def test_a_cross_section_is_a_parabola_where_the_river_runs_straight():
    across = np.linspace(-0.49, 0.49, 99)
    depth = 1 - 4 * across**2
    for level in (0.0, 0.3, 0.8):
        inside = cross_section(across, np.zeros(99), np.full(99, level)) < 1
        np.testing.assert_array_equal(inside, depth > level + 1e-12)


@pytest.mark.parametrize("thalweg", [-0.25, 0.1, 0.25])
def test_a_cross_section_is_deepest_at_its_thalweg_and_ends_at_the_banks(thalweg):
    across = np.linspace(-0.5, 0.5, 2001)
    deep = across[cross_section(across, np.full(2001, thalweg), np.full(2001, 0.999)) < 1]
    assert deep.mean() == pytest.approx(thalweg, abs=0.01) and np.ptp(deep) < 0.06
    np.testing.assert_allclose(cross_section(np.array([-0.5, 0.5]), np.full(2, thalweg), np.zeros(2)), 1)


@pytest.mark.parametrize("net_to_gross", [0.1, 0.35, 0.7])
@pytest.mark.parametrize("shape", [(50, 70), (24, 30, 20)])
def test_the_share_of_channel_is_met_to_a_cell(shape, net_to_gross):
    spacing = (25.0, 25.0, 0.5)[: len(shape)]
    data = channels(np.random.default_rng(4), shape=shape, spacing_m=spacing, net_to_gross=net_to_gross)
    facies = data["facies"].to_numpy()
    assert abs(int((facies == CHANNEL).sum()) - net_to_gross * facies.size) <= 1
    assert set(np.unique(facies)) == {FLOODPLAIN, CHANNEL, LEVEE}


def test_flow_keeps_its_direction():
    options = {"sinuosity": 1.05, "azimuth_deg": (90.0, 0.0), "levee_widths": 0.0, "net_to_gross": 0.2}
    east = channels(np.random.default_rng(5), **options)["facies"].to_numpy() == CHANNEL
    north = channels(np.random.default_rng(5), **options | {"azimuth_deg": (0.0, 0.0)})["facies"].to_numpy() == CHANNEL
    assert (east[:, 5:] == east[:, :-5]).mean() > (east[5:] == east[:-5]).mean() + 0.05
    assert (north[5:] == north[:-5]).mean() > (north[:, 5:] == north[:, :-5]).mean() + 0.05


def test_channels_are_flat_on_top_and_narrow_downwards():
    data = channels(
        np.random.default_rng(6), shape=(40, 40, 40), spacing_m=(10.0, 10.0, 0.25), net_to_gross=0.02,
        width_m=(150.0, 150.0), sinuosity=1.0, levee_widths=0.0,
    )  # fmt: skip
    area = (data["facies"].to_numpy() == CHANNEL).sum(axis=(0, 1))
    held = area[area > 0]
    assert held[0] == held.max() and np.all(np.diff(held) <= 0)


def test_impossible_channels_say_what_is_possible(monkeypatch):
    rng = np.random.default_rng(0)
    with pytest.raises(ConfigError, match=r"shape = \[64, 64\]"):
        channels(rng, shape=(64,))
    with pytest.raises(ConfigError, match=r"width_m = \[100, 300\]"):
        channels(rng, width_m=(300.0, 100.0))
    monkeypatch.setattr("outcrop.simulate.channels.MOST_CHANNELS", 2)
    with pytest.raises(ConfigError, match=r"width_m = \[40, 80\]"):
        channels(rng, width_m=(10.0, 20.0))
