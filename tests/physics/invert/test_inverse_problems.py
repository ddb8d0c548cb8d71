"""The three problems: recovered to a stated error by classical inversion, and what the nonlinear search refuses."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from orders import relative
from outcrop.errors import ConfigError, DataError
from outcrop.physics.invert.newton import gauss_newton
from outcrop.physics.invert.penalty import Smooth, Variation
from outcrop.physics.invert.problems import basin, conductivity, crosshole, solve


def error(problem, found):
    return relative(problem.property_of(found.model), np.asarray(problem.property_of(problem.truth)))


@pytest.mark.parametrize(
    ("problem", "penalty", "most"),
    [
        (conductivity(), Smooth(2), 0.10),
        (conductivity("blocky"), Variation(), 0.15),
        (basin(), Smooth(1), 0.12),
        (crosshole(), Variation(), 0.05),
        (crosshole(), Smooth(1), 0.07),
    ],
    ids=["conductivity", "blocky", "basin", "crosshole-variation", "crosshole-smooth"],
)
def test_recovered_to_the_noise(problem, penalty, most):
    found = solve(problem, penalty)
    nothing = relative(problem.property_of(problem.start), np.asarray(problem.property_of(problem.truth)))
    assert found.misfit == pytest.approx(1, abs=0.05)
    assert error(problem, found) < min(most, 0.6 * nothing)
    np.testing.assert_allclose(found.predicted, problem.forward(jnp.asarray(found.model)), rtol=1e-6)


def test_variation_suits_blocks():
    problem = conductivity("blocky")
    assert error(problem, solve(problem, Variation())) < 0.7 * error(problem, solve(problem, Smooth(1)))


@pytest.mark.parametrize("build", [conductivity, basin, crosshole])
def test_a_problem_is_reproducible_and_consistent(build):
    first, again, other = build(), build(), build(seed=1)
    np.testing.assert_array_equal(first.data, again.data)
    assert not np.array_equal(first.data, other.data)
    assert np.std((first.data - first.clean) / first.noise) == pytest.approx(1, abs=0.4)
    with jax.enable_x64(False):
        single = first.forward(jnp.asarray(first.truth, jnp.float32))
    assert single.dtype == jnp.float32
    np.testing.assert_allclose(single, first.clean, rtol=1e-4)
    if first.matrix is not None:
        np.testing.assert_allclose(first.matrix @ first.truth.ravel(), first.clean)


def test_gauss_newton_is_exact_where_data_are():
    """Two unknowns, three exact data, hardly any penalty: the parameters of a curve."""
    x = jnp.array([0.5, 1.0, 2.0])
    found = gauss_newton(
        lambda m: jnp.exp(m[0]) * jnp.exp(-m[1] * x), np.exp(0.7 - 1.3 * np.array(x)), 0.01, np.zeros(2),
        penalty=Smooth(0), weight=1e-9,
    )  # fmt: skip
    np.testing.assert_allclose(found.model, [0.7, 1.3], atol=1e-5)


def test_searches_that_cannot_end():
    with pytest.raises(DataError, match="another start"):
        gauss_newton(lambda m: jnp.log(m), np.ones(3), 0.1, -np.ones(3), weight=1.0)
    with pytest.raises(ConfigError, match="sensors = 20"):
        conductivity(sensors=200)
    with pytest.raises(ConfigError, match="did you mean 'smooth'"):
        conductivity("smoth")
