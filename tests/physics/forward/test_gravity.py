"""Gravity and magnetic anomalies against closed forms of other bodies, quadrature and each other."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.constants import G
from scipy.integrate import dblquad

from orders import check_adjoint, check_gradient, relative
from outcrop.errors import ConfigError, DataError
from outcrop.physics.forward import gravity, magnetic

STATIONS = np.linspace(-4000.0, 4000.0, 9)


def circle(radius, depth, count=4000):
    angle = 2 * np.pi * np.arange(count) / count
    return radius * np.cos(angle), depth + radius * np.sin(angle)


def test_a_horizontal_cylinder_is_a_line_of_mass():
    radius, depth, contrast = 300.0, 1000.0, 400.0
    wanted = 2e5 * np.pi * G * contrast * radius**2 * depth / (STATIONS**2 + depth**2)
    corners = circle(radius, depth)
    np.testing.assert_allclose(gravity.gravity_of_polygon(STATIONS, *corners, contrast), wanted, rtol=1e-5)
    reversed_corners = [side[::-1] for side in corners]
    np.testing.assert_allclose(gravity.gravity_of_polygon(STATIONS, *reversed_corners, contrast), wanted, rtol=1e-5)


def test_a_prism_is_its_integral_and_its_polygon():
    left, right, top, bottom = -200.0, 700.0, 100.0, 900.0
    for height in (0.0, 50.0):
        found = gravity.prism_kernel(STATIONS, *(jnp.array([side]) for side in (left, right, top, bottom)), height)
        box = np.array([left, right, right, left]), np.array([top, top, bottom, bottom])
        np.testing.assert_allclose(found[:, 0], gravity.gravity_of_polygon(STATIONS, *box, 1.0, height), rtol=1e-9)
        for station, value in zip(STATIONS[3:6], found[3:6, 0], strict=True):
            whole, _ = dblquad(
                lambda z, x, s=station, h=height: (z + h) / ((x - s) ** 2 + (z + h) ** 2), left, right, top, bottom
            )
            assert float(value) == pytest.approx(2e5 * G * whole, rel=1e-7)


def test_stations_on_corners_and_sides_are_finite_with_their_gradient():
    edges = jnp.array([0.0, 1000.0, 2000.0])
    stations = jnp.array([0.0, 500.0, 1000.0, 2000.0])
    jacobian = jax.jacobian(lambda depth: gravity.gravity_of_basin(stations, edges, depth, -400.0))(
        jnp.array([800.0, 300.0])
    )
    assert np.isfinite(jacobian).all() and (np.asarray(jacobian) < 0).all()
    both = gravity.gravity_of_basin(stations, edges, jnp.array([800.0, 800.0]), -400.0)
    one = gravity.gravity_of_basin(stations, edges[::2], jnp.array([800.0]), -400.0)
    np.testing.assert_allclose(both, one, rtol=1e-12)


def test_a_section_is_linear_in_density():
    x, z = np.array([0.0, 100.0, 300.0, 350.0]), np.array([10.0, 60.0, 200.0])
    matrix = gravity.gravity_matrix(STATIONS, x, z, 5.0)
    assert matrix.shape == (9, 6)
    rng = np.random.default_rng(0)
    check_adjoint(lambda rho: matrix @ rho, jnp.asarray(rng.random(6)), jnp.asarray(rng.random(9)))
    lower_middle = np.zeros((2, 3))
    lower_middle[1, 1] = 2.0
    box = np.array([100.0, 300.0, 300.0, 100.0]), np.array([60.0, 60.0, 200.0, 200.0])
    wanted = gravity.gravity_of_polygon(STATIONS, *box, 2.0, 5.0)
    np.testing.assert_allclose(matrix @ lower_middle.ravel(), wanted, rtol=1e-9)


def test_gradients_of_depth_and_shape():
    edges = jnp.linspace(-2000.0, 2000.0, 6)
    weight = np.random.default_rng(1).random(9)
    depth = jnp.array([300.0, 800.0, 1500.0, 700.0, 200.0])
    check_gradient(lambda d: jnp.sum(weight * gravity.gravity_of_basin(STATIONS, edges, d, -400.0)), depth, step=1e-2)
    x, z = (jnp.asarray(side) for side in circle(300.0, 900.0, 7))
    check_gradient(lambda x, z: jnp.sum(weight * gravity.gravity_of_polygon(STATIONS, x, z, 300.0)), x, z, step=1e-2)
    assert gravity.gravity_of_basin(
        STATIONS.astype(np.float32), edges.astype(np.float32), depth.astype(np.float32), -400.0
    ).dtype == (jnp.float32)


def test_edges_that_do_not_fit():
    with pytest.raises(DataError, match=r"np\.linspace\(0, 40e3"):
        gravity.gravity_of_basin(STATIONS, np.arange(4.0), np.ones(4), -400.0)
    with pytest.raises(DataError, match="x_edges_m = np"):
        gravity.gravity_matrix(STATIONS, np.array([0.0, 0.0]), np.array([0.0, 1.0]))


FIELD = magnetic.MainField(48_000.0, 55.0, 4.0, 70.0)


def test_a_magnetic_prism_is_the_integral_of_line_dipoles():
    left, right, top, bottom = -300.0, 500.0, 200.0, 900.0
    found = magnetic.prism_kernel(STATIONS, *(jnp.array([side]) for side in (left, right, top, bottom)), FIELD, 30.0)
    unit = np.array([float(part) for part in FIELD.in_section()])

    def dipole(z, x, station):
        to = np.array([station - x, -30.0 - z])
        squared = to @ to
        return 48_000.0 / (2 * np.pi) * (2 * (unit @ to) ** 2 / squared - unit @ unit) / squared

    for station, value in zip(STATIONS[2:7], found[2:7, 0], strict=True):
        whole, _ = dblquad(dipole, left, right, top, bottom, args=(station,))
        assert float(value) == pytest.approx(whole, rel=1e-7)


def test_poisson_relation_at_the_pole():
    """Upright magnetisation: the anomaly is proportional to the vertical derivative of gravity."""
    sides = [jnp.array([side]) for side in (-300.0, 500.0, 200.0, 900.0)]
    pole = magnetic.MainField(1.0, 90.0)
    found = magnetic.prism_kernel(STATIONS, *sides, pole)
    slope = -jax.jvp(lambda h: gravity.prism_kernel(STATIONS, *sides, h), (0.0,), (1.0,))[1]
    np.testing.assert_allclose(found, slope / (4e5 * np.pi * G), rtol=1e-9)


def test_magnetic_cells_add_up():
    x, z = np.array([-300.0, 100.0, 500.0]), np.array([200.0, 500.0, 900.0])
    matrix = magnetic.magnetic_matrix(STATIONS, x, z, FIELD)
    whole = magnetic.prism_kernel(STATIONS, *(jnp.array([side]) for side in (-300.0, 500.0, 200.0, 900.0)), FIELD)
    assert relative(matrix.sum(axis=1), np.asarray(whole[:, 0])) < 1e-12
    above = magnetic.prism_kernel(jnp.array([-300.0]), *(jnp.array([s]) for s in (-300.0, 500.0, 200.0, 900.0)), FIELD)
    near = magnetic.prism_kernel(jnp.array([-300.001]), *(jnp.array([s]) for s in (-300.0, 500.0, 200.0, 900.0)), FIELD)
    assert float(above[0, 0]) == pytest.approx(float(near[0, 0]), rel=1e-4)


def test_compacted_sediments_are_the_integral_over_depth():
    edges, depth, decay = np.array([-3000.0, 0.0, 2500.0]), np.array([1500.0, 4000.0]), 2000.0
    found = gravity.gravity_of_compacted_basin(STATIONS, edges, depth, -400.0, decay)
    thin = 0.0
    for top in np.arange(0.0, 4000.0, 50.0):  # thin slabs
        bottom = np.minimum(top + 50.0, depth)
        thin = thin + gravity.gravity_of_basin(
            STATIONS, edges, np.maximum(bottom, top), -400.0 * np.exp(-(top + 25.0) / decay), top
        )
    assert relative(found, thin) < 5e-3
    finer = gravity.gravity_of_compacted_basin(STATIONS, edges, depth, -400.0, decay, slabs=32)
    assert relative(finer, thin) < relative(found, thin) / 10  # second order: a sixteenth
    weight = np.random.default_rng(2).random(9)
    check_gradient(
        lambda d: jnp.sum(weight * gravity.gravity_of_compacted_basin(STATIONS, edges, d, -400.0, decay)),
        jnp.asarray(depth), step=1e-2,
    )  # fmt: skip
    with pytest.raises(ConfigError, match=r"decay_m = 1\.0"):
        gravity.gravity_of_compacted_basin(STATIONS, edges, depth, -400.0, 0.0)
