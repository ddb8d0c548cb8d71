"""Sets JAX up on this machine: compiler options for convolutions, the compile cache, and what the report says about it.

Nothing here reads or writes XLA_FLAGS: an unknown flag there kills the process. JAX is imported by the functions that
need it, so that the command line can import this module for free.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import os
import platform
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

# jaxlib 0.10 hands convolutions, reductions and products to a library that is slow at some of them on the CPU: with
# convolutions it may take the products alone, without any nothing (docs/speed.md).
WITH_CONVOLUTIONS = {"xla_cpu_experimental_ynn_fusion_type": "LIBRARY_FUSION_TYPE_DOT"}
WITHOUT = {"xla_cpu_experimental_ynn_fusion_type": ""}
NOT_NEEDED_FROM = (0, 11, 2)
LIBRARIES = ("jax", "jaxlib", "equinox", "optax", "numpy")


def jit(fun: Callable[..., Any], *, convolutional: bool = False, **options: Any) -> Callable[..., Any]:
    """`jax.jit`, with the compiler options that make it fast on this machine.

    Args:
        fun: a function of arrays.
        convolutional: whether it contains convolutions.
        **options: further arguments of `jax.jit` (`donate_argnums`, `static_argnames`, ...).
    """
    import jax

    return jax.jit(fun, compiler_options=compiler_options(convolutional=convolutional), **options)


def compiler_options(*, convolutional: bool) -> dict[str, str] | None:
    """What `jax.jit` and `equinox.filter_jit` want; None on accelerators and where jaxlib rejects or needs nothing."""
    import jax

    if jax.default_backend() != "cpu" or jax.__version_info__ >= NOT_NEEDED_FROM:
        return None
    wanted = WITH_CONVOLUTIONS if convolutional else WITHOUT
    return dict(wanted) if _accepted(tuple(wanted.items())) else None


@functools.cache
def _accepted(options: tuple[tuple[str, str], ...]) -> bool:
    """Compiles x -> x + 1 once with the options; a compiler that does not know them raises."""
    import jax

    try:
        jax.jit(lambda x: x + 1.0, compiler_options=dict(options)).lower(0.0).compile()
    except (jax.errors.JaxRuntimeError, ValueError):
        return False
    return True


def setup(cache: str | Path | None = None) -> Path | None:
    """Keeps compiled programs between runs, in a folder of the user's cache named after this processor.

    A program compiled for one processor may not run on another, hence the name. A folder that JAX was already told to
    use (JAX_COMPILATION_CACHE_DIR) is left alone. Calling it again changes nothing.

    Args:
        cache: parent folder; the user's cache folder (`OUTCROP_CACHE_DIR`, else the system's) by default.

    Returns:
        The folder in use; None where it cannot be written, in which case every run compiles anew.
    """
    import jax

    if present := _setting("jax_compilation_cache_dir"):
        return Path(present)
    folder = (Path(cache) if cache else cache_folder()) / "compiled" / _processor_key()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    if not os.access(folder, os.W_OK):
        return None
    jax.config.update("jax_compilation_cache_dir", str(folder))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.05)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)
    return folder


def cache_folder() -> Path:
    """Where outcrop keeps what it can make again: OUTCROP_CACHE_DIR, else the system's cache folder for this user."""
    if os.environ.get("OUTCROP_CACHE_DIR"):
        return Path(os.environ["OUTCROP_CACHE_DIR"])
    import pooch

    return Path(pooch.os_cache("outcrop"))


def processor() -> str:
    """The processor's model, as its maker writes it."""
    return _cpuinfo().get("model name") or platform.processor() or platform.machine()


def describe() -> dict[str, Any]:
    """What a reader needs to know about the machine to judge timings and to repeat the run, for environment.json."""
    import jax

    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "versions": {name: _version(name) for name in LIBRARIES},
        "backend": jax.default_backend(),
        "devices": [device.device_kind for device in jax.devices()],
        "processor": processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "float64": bool(_setting("jax_enable_x64")),
        "compiler_options": compiler_options(convolutional=True) or {},
        "compile_cache": bool(_setting("jax_compilation_cache_dir")),
    }


def _setting(name: str) -> Any:
    """The present value of a JAX setting."""
    import jax

    return getattr(jax.config, name)


def _version(library: str) -> str:
    try:
        return importlib.metadata.version(library)
    except importlib.metadata.PackageNotFoundError:
        return ""


@functools.cache
def _cpuinfo() -> dict[str, str]:
    """The first processor of /proc/cpuinfo; empty on systems without it."""
    try:
        first = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").split("\n\n")[0]
    except OSError:
        return {}
    pairs = (line.partition(":") for line in first.splitlines())
    return {key.strip(): value.strip() for key, _, value in pairs}


def _processor_key() -> str:
    """A short name for this processor, its instruction set and this Python's word size."""
    features = _cpuinfo().get("flags") or _cpuinfo().get("Features", "")
    text = "|".join([processor(), features, platform.machine(), sys.platform, _version("jaxlib")])
    return hashlib.sha256(text.encode()).hexdigest()[:16]
