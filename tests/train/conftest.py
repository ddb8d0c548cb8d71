"""Programs compiled by these tests are kept for the session: many of them train the same small network."""

import jax
import pytest


@pytest.fixture(scope="package", autouse=True)
def compiled_once(tmp_path_factory):
    names = ("jax_compilation_cache_dir", "jax_persistent_cache_min_compile_time_secs")
    before = [getattr(jax.config, name) for name in names]
    jax.config.update(names[0], str(tmp_path_factory.mktemp("compiled")))
    jax.config.update(names[1], 0.05)
    yield
    for name, value in zip(names, before, strict=True):
        jax.config.update(name, value)
