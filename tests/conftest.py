"""Fixtures for all tests: where the acceptance data are, small synthetic wells, and one finished run on them."""

import gc
import importlib
import os
import sys
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # synthetic_wells
MOST_RESIDENT_BYTES = 3 * 2**30
JAXLIB = tuple(int(part) for part in version("jaxlib").split(".")[:2])


def pytest_configure():
    """Tests compile much and compute little: XLA is told to optimise little, which takes a third of its time.

    Set before JAX is imported. `make demo` runs with all optimisations, as users do.
    """
    os.environ.setdefault("JAX_DISABLE_MOST_OPTIMIZATIONS", "1")
    if JAXLIB < (0, 11):  # XLA ends the process where it does not know a flag
        os.environ.setdefault("XLA_FLAGS", "--xla_cpu_use_fusion_emitters=false")
    gc.set_threshold(50_000, 20, 20)  # tracing makes many short-lived objects; looking for cycles took a tenth


def pytest_collection_modifyitems(config, items):
    """Slow tests run with `-m slow` alone; the longest go first, so that no worker waits for them at the end."""
    items.sort(key=lambda item: item.path.stem != "test_readme")
    if not config.getoption("markexpr"):
        slow = [item for item in items if item.get_closest_marker("slow")]
        config.hook.pytest_deselected(items=slow)
        items[:] = [item for item in items if item not in slow]


@pytest.fixture(scope="module", autouse=True)
def memory_bounded():
    """Compiled programs of many modules pile up to gigabytes in a worker; what is still needed is compiled anew."""
    yield
    if (resident := _resident_bytes()) is not None and resident > MOST_RESIDENT_BYTES:
        import jax

        jax.clear_caches()
        gc.collect()


def _resident_bytes() -> int | None:
    """Memory of this process; None where the system does not tell."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        return None


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """Folder with the acceptance data; without it a test is skipped, in CI it fails."""
    folder = os.environ.get("OUTCROP_DATA_DIR")
    if folder and Path(folder).is_dir():
        return Path(folder).resolve()
    reason = "set OUTCROP_DATA_DIR to the folder with the acceptance data (force2020 and others)"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def wells(tmp_path_factory) -> Path:
    """A folder with seven LAS files in `wells/` and `run.toml`, a facies run file. Read only."""
    from synthetic_wells import field, run_file

    base = tmp_path_factory.mktemp("field")
    field(base / "wells")
    run_file(base)
    return base


@pytest.fixture(scope="session")
def finished(wells, tmp_path_factory) -> SimpleNamespace:
    """One finished run with held-out wells and the model that was scored in its bundle. Read only."""
    import outcrop
    from synthetic_wells import Told

    folder = tmp_path_factory.mktemp("runs") / "facies"
    told = Told()
    reason = "two wells are all there is to hold out"
    overrides = ["bundle.model=held_out", "evaluate.optimism_gap=true", f'evaluate.accept={{few_groups = "{reason}"}}']
    result = outcrop.run(wells / "run.toml", out=folder, overrides=overrides, tell=told)
    return SimpleNamespace(base=wells, folder=folder, result=result, told=told, reason=reason)


@contextmanager
def without_page():
    """Runs within draw no page, which takes as long as their training."""
    with pytest.MonkeyPatch.context() as patch:
        module = importlib.import_module("outcrop.run.run")
        patch.setattr(module, "write_report", lambda folder: folder / "report.html")
        yield


@pytest.fixture
def no_report():
    """Runs of this test draw no page."""
    with without_page():
        yield


@pytest.fixture(scope="module")
def pageless():
    """`with pageless():` for the runs of fixtures that several tests share."""
    return without_page


@pytest.fixture
def quick_run(no_report):
    """`quick_run(run_file, out, *overrides)` -> (result, told): a run of eight steps, one baseline and no page."""
    import outcrop
    from synthetic_wells import QUICK, Told

    def run(run_file, out, *overrides, **options):
        told = Told()
        result = outcrop.run(run_file, out=out, overrides=[*QUICK, *overrides], tell=told, **options)
        return result, told.sentences

    return run
