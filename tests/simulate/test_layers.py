"""Folded and faulted layers: order, throw, fold and properties against closed forms."""

import numpy as np
import pytest

from outcrop.errors import ConfigError
from outcrop.simulate import rock_physics as rock
from outcrop.simulate.layers import MINERALS, SHALE, Fault, Fold, layers, properties, traced_back

FLAT = Fold(*(np.zeros(1) for _ in range(4)))._replace(wavelength=np.ones(1))


@pytest.mark.parametrize("shape", [(40, 60), (12, 15, 60)])
def test_layers_only_get_older_downwards_under_normal_faults(shape):
    data = layers(np.random.default_rng(0), shape=shape, spacing_m=(25.0, 25.0, 5.0)[-len(shape) :], faults=6)
    assert np.all(np.diff(data["layer"], axis=-1) >= 0)
    assert np.all(np.diff(data["deposited_depth"], axis=-1) > 0)
    assert len(np.unique(data["layer"])) > 4 and int(data["layer"].min()) == 0


@pytest.mark.parametrize("azimuth", [90.0, 270.0, 30.0])
def test_a_fault_throws_the_hanging_wall_down_by_its_displacement(azimuth):
    fault = Fault(500.0, 0.0, 1000.0, 60.0, azimuth, 80.0)
    easting, depth = np.meshgrid(np.linspace(0, 1000, 41), np.linspace(600, 1400, 81), indexing="ij")
    deposited, _ = traced_back((easting, np.zeros_like(easting), depth), FLAT, [fault], 10.0)
    above = fault.above((easting, np.zeros_like(easting), depth)) > 0
    np.testing.assert_allclose((depth - deposited)[above], 80 * np.sin(np.radians(60)))
    np.testing.assert_allclose((depth - deposited)[~above], 0)
    dips_to_the_east = np.sin(np.radians(azimuth)) > 0
    assert above[-1, 40] == dips_to_the_east and above[0, 40] != dips_to_the_east


def test_heave_is_seen_where_layers_slope():
    fault = Fault(0.0, 0.0, 0.0, 45.0, 90.0, 100.0)
    slope = Fold(np.array([50.0]), np.array([4000.0]), np.array([np.pi / 2]), np.array([0.3]))
    place = (np.array([300.0]), np.array([0.0]), np.array([0.0]))
    side = 100 / np.sqrt(2)
    moved = 50 * np.cos(2 * np.pi * (300 - side) / 4000 + 0.3)
    assert traced_back(place, slope, [fault], 1.0)[0][0] == pytest.approx(-side - moved)


def test_a_younger_fault_moves_an_older_one():
    old, young = Fault(500.0, 0.0, 500.0, 60.0, 90.0, 10.0), Fault(400.0, 0.0, 500.0, 60.0, 270.0, 60.0)
    easting, depth = np.meshgrid(np.linspace(0, 1000, 401), np.linspace(0, 1000, 401), indexing="ij")
    _, through = traced_back((easting, np.zeros_like(easting), depth), FLAT, [old, young], 5.0)
    hanging = young.above((easting, np.zeros_like(easting), depth)) > 0
    cells = (through == 1) & hanging
    assert cells.any() and (through == 2).any()
    moved = old._replace(easting=500.0 - 60 * np.cos(np.radians(60)), depth=500.0 + 60 * np.sin(np.radians(60)))
    assert np.abs(moved.above((easting[cells], np.zeros(cells.sum()), depth[cells]))).max() <= 2.5 + 1e-9


def test_the_fold_has_the_amplitude_asked_for():
    options = {"shape": (4000, 2), "spacing_m": (25.0, 5.0), "faults": 0, "fold_m": (30.0, 2000.0)}
    found = [layers(np.random.default_rng(k), **options) for k in range(20)]
    lowered = np.concatenate([(d["depth"] - d["deposited_depth"]).to_numpy()[0] for d in found])
    assert lowered.std() == pytest.approx(30, rel=0.03)


def test_layers_have_the_thickness_asked_for():
    options = {"shape": (2, 8000), "spacing_m": (25.0, 2.0), "faults": 0, "fold_m": (0.0, 1.0), "top_m": 0.0}
    data = layers(np.random.default_rng(2), thickness_m=(40.0, 25.0), **options)
    thickness = 2.0 * np.bincount(data["layer"].to_numpy()[0])[1:-1]
    thickness = thickness[thickness > 0]
    assert thickness.mean() == pytest.approx(40, rel=0.15) and thickness.std() == pytest.approx(25, rel=0.2)


def test_properties_are_constant_in_a_layer_and_follow_rock_physics():
    data = layers(np.random.default_rng(3))
    for name in ("porosity", "velocity", "density", "facies"):
        for code in np.unique(data["layer"])[:8]:
            assert np.ptp(data[name].to_numpy()[data["layer"].to_numpy() == code]) == 0
    velocity, density = properties(np.array([0.2]), np.array([SHALE]))
    mineral = MINERALS[SHALE]
    assert velocity[0] == pytest.approx(0.64 * mineral.vp + 0.2 * rock.BRINE.vp)
    assert density[0] == pytest.approx(0.8 * mineral.density + 0.2 * 1040)


def test_impossible_ground_says_what_is_possible():
    rng = np.random.default_rng(0)
    with pytest.raises(ConfigError, match=r"dip_deg = \[50, 70\]"):
        layers(rng, dip_deg=(80.0, 100.0))
    with pytest.raises(ConfigError, match="units and ranges"):
        layers(rng, faults=-1)
