"""Flow matching between two sets of data, eight Gaussians and two moons, by the distance that is left in the end."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from scipy.optimize import linear_sum_assignment
from sklearn.datasets import make_moons

from outcrop.model.time_mlp import TimeMLP
from outcrop.process.path import between, coupled, straight
from outcrop.sample.flow import flow

BATCH, CHUNK, STEPS = 256, 500, 3000


def gaussians(rng, count):
    """Eight of standard deviation 0.316 on a circle of radius 5 (Tong et al. 2024, arXiv:2302.00482, section 5.1)."""
    angle = rng.integers(0, 8, count) * np.pi / 4
    centre = 5 * np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    return (centre + 0.1**0.5 * rng.normal(size=(count, 2))).astype(np.float32)


def moons(rng, count):
    """Two half circles of radius 3 with noise of 0.6."""
    points = make_moons(count, noise=0.2, random_state=int(rng.integers(2**31)))[0]
    return (3 * points - 1).astype(np.float32)


def wasserstein_2(first, second):
    """Between two sets of equally many points, by the exact assignment."""
    squared = np.square(first[:, None] - second[None]).sum(axis=-1)
    return float(np.sqrt(squared[linear_sum_assignment(squared)].mean()))


def trained(optimal_transport):
    rng = np.random.default_rng(0)
    parameters, static = eqx.partition(TimeMLP(0, 2, width_size=64, depth=2, key=jax.random.key(0)), eqx.is_array)
    optimiser = optax.adam(optax.cosine_decay_schedule(3e-3, STEPS))
    state = optimiser.init(parameters)

    @jax.jit
    def chunk(parameters, state, begin, end, times):
        def step(carry, batch):
            parameters, state = carry
            begin, end, times = batch

            def loss(parameters):
                answer = jax.vmap(eqx.combine(parameters, static))(between(begin, end, times), times)
                return jnp.mean(jnp.square(answer - straight(begin, end)))

            updates, state = optimiser.update(jax.grad(loss)(parameters), state)
            return (optax.apply_updates(parameters, updates), state), None

        return jax.lax.scan(step, (parameters, state), (begin, end, times))[0]

    for _ in range(STEPS // CHUNK):
        begin = np.stack([gaussians(rng, BATCH) for _ in range(CHUNK)])
        end = np.stack([moons(rng, BATCH) for _ in range(CHUNK)])
        if optimal_transport:
            begin = np.stack([first[coupled(first, second)] for first, second in zip(begin, end, strict=True)])
        parameters, state = chunk(parameters, state, begin, end, rng.random((CHUNK, BATCH)).astype(np.float32))
    return eqx.combine(parameters, static)
