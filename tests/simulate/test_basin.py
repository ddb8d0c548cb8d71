"""Simulated basins: their gravity is that of the forward model, faults and sag are as asked for."""

import numpy as np
import pytest

from outcrop.errors import ConfigError
from outcrop.physics.forward.gravity import gravity_of_compacted_basin
from outcrop.simulate.basin import SHALLOWEST_M, edges_of
from outcrop.simulate.table import simulate


def profile(**options):
    data = simulate("basin", count=1, seed=4, **options)[0].data
    return (data[name].to_numpy().astype(float) for name in ("distance", "basement", "gravity"))


def test_gravity_is_that_of_the_basement_with_its_noise():
    x, depth, gravity = profile(samples=400, noise_mgal=0.3)
    clean = np.asarray(gravity_of_compacted_basin(x, edges_of(x), depth, -450.0, 3000.0))
    assert np.std(gravity - clean) == pytest.approx(0.3, rel=0.1)
    assert clean.min() < -5 and clean.max() < 0


def test_without_faults_there_is_a_sag_that_closes():
    x, depth, _ = profile(faults=(0, 0), sag_m=(800, 800), roughness_m=0, width_m=20e3)
    wanted = 800 * np.sin(np.pi * x / 20e3) * np.clip(np.minimum(x, 20e3 - x) / 2e3, 0, 1)
    np.testing.assert_allclose(depth, np.maximum(wanted, SHALLOWEST_M), rtol=1e-5)


def test_a_fault_lowers_one_side_by_its_throw():
    x, depth, _ = profile(samples=2048, faults=(1, 1), throw_m=(1000, 1000), sag_m=(500, 500), roughness_m=0)
    sag = 500 * np.sin(np.pi * x / 40e3)
    inside = (x > 4e3) & (x < 36e3)
    moved = (depth - sag)[inside]
    assert 900 < moved.max() < 1010  # beside the fault; less by what the tilt takes on the width of the fault
    assert moved.min() == pytest.approx(-150, abs=5)  # the footwall
    slopes = np.abs(np.diff(moved) / np.diff(x[inside]))
    assert 0.6 < slopes.max() < 3.5  # dips of about 45 to 70 degrees


def test_what_cannot_be():
    with pytest.raises(ConfigError, match=r"throw_m = \[300.0, 900.0\]"):
        simulate("basin", throw_m=(900, 300))
    with pytest.raises(ConfigError, match="help"):
        simulate("basin", decay_m=0)
