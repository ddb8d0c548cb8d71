"""The convolutional model as a differentiable one: NumPy and JAX agree, and gradients are right."""

import jax
import jax.numpy as jnp
import numpy as np

from orders import check_gradient
from outcrop.physics.forward.convolutional import reflectivity, seismogram, two_way_time
from outcrop.physics.forward.wavelet import ricker


def test_both_kinds_of_arrays_agree():
    impedance = 2 + np.random.default_rng(0).random((3, 40))
    wavelet = ricker(30.0, 0.004)
    found = seismogram(jnp.asarray(impedance), wavelet)
    assert isinstance(found, jax.Array) and isinstance(seismogram(impedance, wavelet), np.ndarray)
    wanted = np.stack([np.convolve(row, wavelet)[len(wavelet) // 2 :][:40] for row in reflectivity(impedance)])
    np.testing.assert_allclose(found, wanted, atol=1e-12)
    np.testing.assert_allclose(seismogram(impedance, wavelet), wanted, atol=1e-12)
    np.testing.assert_allclose(two_way_time(jnp.asarray(impedance), 2.0), two_way_time(impedance, 2.0))


def test_gradient_and_dtype():
    rng = np.random.default_rng(1)
    impedance, weight, wavelet = 2 + rng.random((2, 30)), rng.random((2, 30)), ricker(25.0, 0.004)
    check_gradient(lambda z: jnp.sum(weight * seismogram(z, wavelet)), jnp.asarray(impedance))
    assert jax.jit(lambda z: seismogram(z, wavelet))(impedance.astype(np.float32)).dtype == jnp.float32
