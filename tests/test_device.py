"""JAX's set-up: options only where they are accepted, a cache folder per processor, never XLA_FLAGS."""

import os

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from outcrop import device


@pytest.fixture
def no_cache():
    names = (
        "jax_compilation_cache_dir",
        "jax_persistent_cache_min_compile_time_secs",
        "jax_persistent_cache_min_entry_size_bytes",
    )
    before = {name: getattr(jax.config, name) for name in names}
    jax.config.update("jax_compilation_cache_dir", None)
    yield
    for name, value in before.items():
        jax.config.update(name, value)


def test_options_change_no_result():
    def smooth(x):
        return jax.lax.conv_general_dilated(
            x, jnp.ones((3, 1, 1)), (1,), "SAME", dimension_numbers=("NWC", "WIO", "NWC")
        )

    x = jnp.arange(6.0).reshape(1, 6, 1)
    by_hand = [1, 3, 6, 9, 12, 9]
    for convolutional in (False, True):
        np.testing.assert_allclose(device.jit(smooth, convolutional=convolutional)(x).ravel(), by_hand)


def test_jit_passes_its_arguments_on():
    twice = device.jit(lambda x, n: x * n, static_argnames="n")
    assert float(twice(jnp.asarray(2.0), n=3)) == 6


@pytest.mark.parametrize("convolutional", [False, True])
def test_a_rejected_option_is_dropped(monkeypatch, convolutional):
    for name in ("WITH_CONVOLUTIONS", "WITHOUT"):
        monkeypatch.setattr(device, name, {"xla_no_such_option": "1"})
    assert device.compiler_options(convolutional=convolutional) is None
    assert float(device.jit(lambda x: x + 1, convolutional=convolutional)(1.0)) == 2


@pytest.mark.skipif(jax.__version_info__ >= device.NOT_NEEDED_FROM, reason="this jaxlib needs no option")
def test_this_jaxlib_takes_the_options_that_make_it_fast():
    """Were they refused, nothing but the time would tell."""
    assert device.compiler_options(convolutional=True) == device.WITH_CONVOLUTIONS
    assert device.compiler_options(convolutional=False) == device.WITHOUT


def test_newer_jaxlib_needs_no_option(monkeypatch):
    monkeypatch.setattr(device, "NOT_NEEDED_FROM", (0, 0, 0))
    assert device.compiler_options(convolutional=True) is None


def test_setup_makes_a_folder_per_processor_and_is_idempotent(tmp_path, no_cache):
    flags = os.environ.get("XLA_FLAGS")
    folder = device.setup(tmp_path)
    assert folder is not None and folder.is_dir() and folder.parent == tmp_path / "compiled"
    assert jax.config.jax_compilation_cache_dir == str(folder) == str(device.setup(tmp_path / "elsewhere"))
    assert os.environ.get("XLA_FLAGS") == flags


def test_setup_without_a_writable_cache_goes_on(tmp_path, no_cache):
    (tmp_path / "file").write_text("")
    assert device.setup(tmp_path / "file") is None
    assert jax.config.jax_compilation_cache_dir is None


def test_cache_folder_can_be_named(monkeypatch, tmp_path):
    monkeypatch.setenv("OUTCROP_CACHE_DIR", str(tmp_path))
    assert device.cache_folder() == tmp_path
    monkeypatch.delenv("OUTCROP_CACHE_DIR")
    assert device.cache_folder().name == "outcrop"


def test_description_is_plain_json():
    import json

    told = device.describe()
    assert json.loads(json.dumps(told)) == told
    assert told["versions"]["jax"] == jax.__version__
    assert told["cores"] >= 1 and told["processor"]
