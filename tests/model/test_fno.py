"""The Fourier neural operator: its answer belongs to the domain, not to the grid."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from test_spectral import waves

from outcrop.model.fno import FNO
from outcrop.model.ufno import UFNO


def network(dims, **arguments):
    own = {"width_size": 8, "modes": 4, "depth": 2, "num_spatial_dims": dims, **arguments}
    return FNO(2, 1, key=jax.random.key(3), **own)


@pytest.mark.parametrize("padding", [0.0, 0.25])
@pytest.mark.parametrize("dims", [1, 2])
def test_finer_grids_of_one_field_give_answers_that_agree(dims, padding):
    """Where they hold the same places; what activations make of high frequencies fades as the grid is refined."""
    model = network(dims, padding=padding)
    answers = [np.asarray(model(waves((n,) * dims, highest=2))) for n in (16, 32, 64)]
    coarse, middle, fine = (a[(slice(None, None, len(a) // 16),) * dims] for a in answers)
    apart = [np.sqrt(np.mean((a - fine) ** 2)) / fine.std() for a in (coarse, middle)]
    assert apart[1] < 0.1 and apart[1] < 0.7 * apart[0]


def test_on_a_periodic_domain_a_shifted_field_gives_the_shifted_answer():
    model, x = network(2, padding=0.0), jax.random.normal(jax.random.key(0), (8, 9, 2))
    np.testing.assert_allclose(model(jnp.roll(x, 2, axis=1)), jnp.roll(model(x), 2, axis=1), atol=1e-5)
    placed = network(2, padding=0.1)  # coordinates, and a padding of no cell
    assert np.abs(placed(jnp.roll(x, 2, axis=1)) - jnp.roll(placed(x), 2, axis=1)).max() > 1e-3


def test_padding_keeps_one_end_from_the_other():
    """A spike at the last sample reaches the first one of a periodic domain, and less so over a gap."""
    x = jnp.zeros((32, 2)).at[-1, 0].set(1.0)
    effect = {
        share: float(jnp.abs(network(1, padding=share, modes=16)(x) - network(1, padding=share, modes=16)(0 * x))[0, 0])
        for share in (0.0, 0.5)
    }
    assert effect[0.5] != effect[0.0]


def test_the_perceptron_of_a_layer_has_a_way_past_it():
    """With a perceptron that is silent, the layer passes on what entered it, whatever its convolutions say."""
    model = network(1, depth=1, padding=0.0, expansion=0.5)
    x = jax.random.normal(jax.random.key(0), (9, 2))
    assert model.mixers[0].widen.weight.shape == (1, 8, 4)
    silent = eqx.tree_at(lambda m: m.mixers[0].narrow.weight, model, replace_fn=jnp.zeros_like)
    past = model.last(jax.nn.gelu(model.hidden(model.first(x))))
    np.testing.assert_allclose(silent(x), past, atol=1e-6)
    assert float(jnp.abs(model(x) - past).max()) > 1e-3


def test_u_nets_are_added_to_the_last_half_of_the_layers():
    """Without what their last layers give, the network with them is the one without."""
    own = {"width_size": 8, "modes": 4, "num_spatial_dims": 2}
    model = UFNO(2, 1, depth=3, key=jax.random.key(3), **own)
    x = jax.random.normal(jax.random.key(0), (8, 9, 2))
    assert len(model.local) == 2
    assert float(jnp.abs(model(x) - model.fno(x)).max()) > 1e-3
    silent = eqx.tree_at(lambda m: [u.last.weight for u in m.local], model, replace_fn=jnp.zeros_like)
    np.testing.assert_allclose(silent(x), model.fno(x), atol=1e-6)
