"""Steady states against closed forms, manufactured solutions and a sparse direct solver."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from orders import check_adjoint, check_gradient, order, relative
from outcrop.errors import ConfigError
from outcrop.physics.solve.steady import steady_1d, steady_2d
from outcrop.physics.solve.volumes import Dirichlet, Neumann, along, outflow


def middles(count):
    return (np.arange(count) + 0.5) / count


def manufactured_1d(count, x):
    """u = sin(3 x) + x^2 with kappa = 1 + x^2 / 2."""
    at = middles(count)
    kappa, slope, bend = 1 + at**2 / 2, 3 * np.cos(3 * at) + 2 * at, -9 * np.sin(3 * at) + 2
    source = -(at * slope + kappa * bend)
    return steady_1d(kappa, source, 1 / count, x), np.sin(3 * at) + at**2


@pytest.mark.parametrize(
    "faces",
    [
        (Dirichlet(0.0), Dirichlet(np.sin(3) + 1)),
        (Neumann(-3.0), Dirichlet(np.sin(3) + 1)),
        (Dirichlet(0.0), Neumann(1.5 * (3 * np.cos(3) + 2))),
    ],
)
def test_second_order_in_one_dimension(faces):
    errors = [relative(*manufactured_1d(count, faces)) for count in (40, 80, 160)]
    assert errors[-1] < 1e-4 and order(errors) == pytest.approx(2, abs=0.1)


def test_layers_are_exact():
    """Across layers of a contrast of 1e4 without source the flux is (u0 - u1) / sum(thickness / kappa)."""
    kappa = np.array([1.0, 1.0, 1e-4, 1e4, 2.0])
    u = steady_1d(kappa, 0.0, 0.2, (Dirichlet(3.0), Dirichlet(1.0)))
    flux = 2.0 / np.sum(0.2 / kappa)
    before = np.cumsum(0.2 / kappa) - 0.1 / kappa
    np.testing.assert_allclose(u, 3.0 - flux * before, rtol=1e-10)


def wavy(y, x):
    return np.sin(2 * x + y) + x * y


def manufactured_2d(shape):
    y, x = np.meshgrid(2 * middles(shape[0]), middles(shape[1]), indexing="ij")
    kappa, in_y, in_x = 1 + 0.5 * x * y, 0.5 * x, 0.5 * y
    slope_y, slope_x = np.cos(2 * x + y) + x, 2 * np.cos(2 * x + y) + y
    source = -(in_y * slope_y + in_x * slope_x - 5 * kappa * np.sin(2 * x + y))
    rows = Dirichlet(wavy(0.0, x[0])), Dirichlet(wavy(2.0, x[0]))
    columns = Neumann(-(2 * np.cos(y[:, 0]) + y[:, 0])), Dirichlet(wavy(y[:, 0], 1.0))
    return steady_2d(kappa, source, (2 / shape[0], 1 / shape[1]), rows, columns), wavy(y, x)


def test_second_order_in_two_dimensions():
    errors = [relative(*manufactured_2d((3 * n, 2 * n))) for n in (8, 16, 32)]
    assert errors[-1] < 2e-4 and order(errors) == pytest.approx(2, abs=0.1)


def test_rough_ground_against_a_sparse_direct_solver():
    import scipy.sparse as sparse
    from scipy.sparse.linalg import spsolve

    rng = np.random.default_rng(0)
    kappa = np.exp(2.5 * rng.standard_normal((17, 24)))  # contrast above 1e5
    source = rng.standard_normal((17, 24))
    faces = {"y": (Neumann(0.3), Neumann(0.0)), "x": (Dirichlet(1.0), Neumann(-0.2))}
    rows, columns = along(jnp.asarray(kappa), 0.1, faces["y"], 0), along(jnp.asarray(kappa), 0.2, faces["x"], 1)
    units = jnp.eye(kappa.size).reshape(-1, 17, 24)
    applied = jax.vmap(lambda u: outflow(u, rows.conductance, 0) + outflow(u, columns.conductance, 1))(units)
    right = source + rows.inflow + columns.inflow
    wanted = spsolve(sparse.csr_matrix(np.asarray(applied).reshape(kappa.size, -1)), np.asarray(right).ravel())
    found = steady_2d(kappa, source, (0.1, 0.2), **faces)
    assert relative(found, wanted.reshape(17, 24)) < 1e-9


def test_rows_are_profiles():
    """A ground that varies along x alone, closed along y, is the one-dimensional problem in every row."""
    kappa = np.exp(np.sin(7 * middles(30)))
    faces = (Dirichlet(1.0), Neumann(0.5))
    wanted = steady_1d(kappa, 2.0, 1 / 30, faces)
    found = steady_2d(np.tile(kappa, (5, 1)), 2.0, (0.2, 1 / 30), (Neumann(), Neumann()), faces)
    np.testing.assert_allclose(found, np.tile(wanted, (5, 1)), rtol=1e-10)


def test_adjoint_and_gradient():
    rng = np.random.default_rng(1)
    kappa, source, weight = np.exp(rng.standard_normal((9, 7))), rng.standard_normal((9, 7)), rng.random((9, 7))
    spacing = (0.1, 0.15)
    check_adjoint(lambda f: steady_2d(kappa, f, spacing), jnp.asarray(source), jnp.asarray(weight), rtol=1e-11)
    check_gradient(
        lambda k, f, edge: jnp.sum(weight * steady_2d(jnp.exp(k), f, spacing, x=(Dirichlet(edge), Neumann(edge)))),
        jnp.log(kappa), jnp.asarray(source), jnp.asarray(0.7),
    )  # fmt: skip
    check_gradient(
        lambda log_kappa, inflow: jnp.sum(
            weight[0] * steady_1d(jnp.exp(log_kappa), source[0], 0.1, (Dirichlet(1.0), Neumann(inflow)))
        ),
        jnp.log(kappa[0]), jnp.asarray(0.4),
    )  # fmt: skip


def test_batches_compile_in_float32():
    rng = np.random.default_rng(2)
    kappa = np.where(rng.random((3, 16, 16)) > 0.5, 12.0, 3.0)
    wanted = np.stack([steady_2d(one, 1.0, (1 / 16, 1 / 16)) for one in kappa])
    found = jax.jit(jax.vmap(lambda one: steady_2d(one, 1.0, (1 / 16, 1 / 16))))(kappa.astype(np.float32))
    assert found.dtype == jnp.float32 and relative(found, wanted) < 1e-5
    held = (Dirichlet(np.float64(1.0)), Neumann(np.float64(0.5)))
    one = steady_1d(kappa[0, 0].astype(np.float32), 1.0, np.float64(1 / 16), held)
    assert one.dtype == jnp.float32


def test_impossible_arguments():
    with pytest.raises(ConfigError, match=r"x = \(Dirichlet\(0\.0\), Neumann\(0\.0\)\)"):
        steady_1d(np.ones(5), 1.0, 0.2, (Neumann(), Neumann()))
    with pytest.raises(ConfigError, match="the least kappa is -1"):
        steady_2d(np.array([[1.0, -1.0], [1.0, 1.0]]), 1.0, (0.5, 0.5))
    with pytest.raises(ConfigError, match=r"spacing = 1\.0"):
        steady_1d(np.ones(5), 1.0, 0.0)
    with pytest.raises(ConfigError, match="two conditions"):
        steady_1d(np.ones(5), 1.0, 0.2, (Dirichlet(), 0.0))
