"""Rock physics: limits, bounds and inverses."""

import numpy as np
import pytest

from outcrop.simulate import rock_physics as rock

PHI = np.linspace(0.0, 1.0, 101)


def test_velocity_and_moduli_are_inverse_and_quartz_is_as_fast_as_tables_say():
    assert rock.QUARTZ.vp == pytest.approx(6008, abs=1)
    bulk, shear = rock.moduli(*rock.velocities(37e9, 44e9, 2650.0), 2650.0)
    np.testing.assert_allclose([bulk, shear], [37e9, 44e9])
    assert rock.velocities(2.25e9, 0.0, 1000.0)[0] == pytest.approx(1500)


@pytest.mark.parametrize("relation", [rock.wyllie, rock.raymer])
def test_empirical_relations_end_at_matrix_and_fluid(relation):
    velocity = relation(PHI, 6000.0, 1500.0)
    np.testing.assert_allclose(velocity[[0, -1]], [6000.0, 1500.0], rtol=1e-12)


def test_wyllie_by_hand():
    assert rock.wyllie(0.25, 6000.0, 1500.0) == pytest.approx(1 / (0.75 / 6000 + 0.25 / 1500))


def test_raymer_is_continuous_and_is_wood_beyond_a_porosity_of_47_percent():
    fine = np.linspace(0, 1, 100_001)
    velocity = rock.raymer(fine, 6000.0, 1500.0)
    assert np.abs(np.diff(velocity)).max() < 0.5
    assert rock.raymer(0.2, 6000.0, 1500.0) == pytest.approx(0.64 * 6000 + 0.2 * 1500)
    modulus = rock.reuss([0.4, 0.6], [2650.0 * 6000.0**2, 1040.0 * 1500.0**2])
    assert rock.raymer(0.6, 6000.0, 1500.0) == pytest.approx(np.sqrt(modulus / rock.bulk_density(0.6, 2650.0, 1040.0)))


def test_gardner_and_its_inverse():
    assert rock.gardner_density(3000.0) == pytest.approx(1000 * 0.23 * (3000 / 0.3048) ** 0.25, rel=0.005)  # feet
    np.testing.assert_allclose(rock.gardner_velocity(rock.gardner_density(np.array([1800.0, 4500.0]))), [1800, 4500])


def test_gassmann_limits():
    dry, mineral, phi = 12e9, 37e9, 0.25
    assert rock.gassmann(dry, mineral, 1e-3, phi) == pytest.approx(dry)  # nothing in the pores
    assert rock.gassmann(dry, mineral, mineral, phi) == pytest.approx(mineral)  # pores full of mineral
    soft = rock.gassmann(1e-3, mineral, 2.6e9, phi)  # no frame: a suspension
    assert soft == pytest.approx(float(rock.reuss([1 - phi, phi], [mineral, 2.6e9])), rel=1e-6)


def test_fluid_substitution_goes_there_and_back():
    phi = np.array([0.1, 0.2, 0.3])
    dry = np.array([20e9, 12e9, 6e9])
    wet = rock.gassmann(dry, 37e9, rock.BRINE.bulk, phi)
    np.testing.assert_allclose(rock.dried(wet, 37e9, rock.BRINE.bulk, phi), dry, rtol=1e-10)
    gas = rock.gassmann(dry, 37e9, rock.GAS.bulk, phi)
    assert np.all(gas < wet) and np.all(gas > dry)


def test_bounds_are_in_order_and_meet_where_they_must():
    fractions = np.stack([1 - PHI, PHI], axis=-1)
    bulk, shear = np.array([37e9, 21e9]), np.array([44e9, 7e9])
    (low_bulk, low_shear), (high_bulk, high_shear) = rock.hashin_shtrikman(fractions, bulk, shear)
    for low, high, values in ((low_bulk, high_bulk, bulk), (low_shear, high_shear, shear)):
        order = [rock.reuss(fractions, values), low, high, rock.voigt(fractions, values)]
        assert np.all(np.diff(order, axis=0) >= -1e-3)
        np.testing.assert_allclose(np.array(order)[:, [0, -1]], np.repeat(values[None], 4, axis=0))
    (low, _), (high, _) = rock.hashin_shtrikman(fractions, bulk, np.full(2, 10e9))
    np.testing.assert_allclose(low, high)  # Hill (1963): one bulk modulus where shear is the same


def test_hashin_shtrikman_of_two_parts_is_the_formula_of_1963():
    k1, g1, k2, g2, f = 37e9, 44e9, 21e9, 7e9, 0.3
    _, (bulk, shear) = rock.hashin_shtrikman([1 - f, f], [k1, k2], [g1, g2])
    assert bulk == pytest.approx(k1 + f / (1 / (k2 - k1) + (1 - f) / (k1 + 4 / 3 * g1)))
    known = g1 + f / (1 / (g2 - g1) + 2 * (1 - f) * (k1 + 2 * g1) / (5 * g1 * (k1 + 4 / 3 * g1)))
    assert shear == pytest.approx(known)


def test_the_lower_bound_with_a_fluid_is_wood():
    (bulk, shear), _ = rock.hashin_shtrikman([0.7, 0.3], [37e9, 2.6e9], [44e9, 0.0])
    assert bulk == pytest.approx(float(rock.reuss([0.7, 0.3], [37e9, 2.6e9]))) and shear == 0


def test_a_mixture_lies_between_its_parts():
    mixed = rock.mixed((0.6, 0.4), (rock.CLAY, rock.QUARTZ))
    assert rock.CLAY.bulk < mixed.bulk < rock.QUARTZ.bulk and mixed.density == pytest.approx(2620)
    assert rock.athy(1960.0, surface_porosity=0.63, decay_m=1960.0) == pytest.approx(0.63 / np.e)
