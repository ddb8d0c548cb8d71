"""How fast errors fall, and whether a gradient is that of the function: what tests of solvers share."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest


@pytest.fixture(autouse=True)
def float64():
    """Conftests of rooms whose tests need many digits import this."""
    with jax.enable_x64(True):
        yield


def order(errors, ratio=2.0):
    """The observed order of convergence of the last refinement, each finer by `ratio`."""
    return float(np.log(errors[-2] / errors[-1]) / np.log(ratio))


def relative(found, wanted):
    return float(np.linalg.norm(np.asarray(found) - wanted) / np.linalg.norm(wanted))


def check_gradient(function, *arguments, rtol=1e-6, step=1e-6):
    """Reverse-mode derivative along a random direction against central differences."""
    rng = np.random.default_rng(0)
    direction = [jnp.asarray(rng.standard_normal(np.shape(argument))) for argument in arguments]
    function = jax.jit(function)
    gradient = jax.jit(jax.grad(function, argnums=tuple(range(len(arguments)))))(*arguments)
    along = sum(float(jnp.vdot(g, d)) for g, d in zip(gradient, direction, strict=True))
    ahead, behind = (
        function(*(a + sign * step * d for a, d in zip(arguments, direction, strict=True))) for sign in (1, -1)
    )
    wanted = float(ahead - behind) / (2 * step)
    assert abs(along - wanted) <= rtol * max(abs(wanted), 1e-12), (along, wanted)


def check_adjoint(function, x, y, rtol=1e-12):
    """<A x, y> = <x, A^T y> for a linear function."""
    forward, transposed = jax.vjp(jax.jit(function), x)
    left, right = float(jnp.vdot(forward, y)), float(jnp.vdot(x, transposed(y)[0]))
    assert abs(left - right) <= rtol * max(abs(left), abs(right)), (left, right)
