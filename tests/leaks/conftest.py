"""Clean synthetic wells, and the one call that audits a promise over them."""

from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr

from outcrop.records import Record
from outcrop.split.audit import AuditContext, audit
from outcrop.split.promise import folds
from outcrop.view.points import points

CURVES = ("GR", "RHOB", "NPHI", "DTC")
CLASSES = SimpleNamespace(codes=(30000, 65000, 70000), names=("sandstone", "shale", "limestone"))


def smooth(rng, n, width=15):
    return np.convolve(rng.normal(size=n + width), np.hanning(width + 2)[1:-1], "valid")[:n]


def make_well(i, n=300, dim="depth", classes=True, seed=0, axis=None):
    """Four smooth curves; the target follows two of them with noise."""
    rng = np.random.default_rng((seed, i))
    curves = {name: smooth(rng, n) + 0.3 * rng.normal() for name in CURVES}
    signal = curves["GR"] - 0.7 * curves["DTC"] + 0.5 * rng.normal(size=n)
    target = np.digitize(signal, [-1.5, 1.5]).astype(np.int32) if classes else signal
    data = {name: (dim, value) for name, value in curves.items()} | {"Y": (dim, target)}
    groups = {"well": f"W{i}", "well_root": f"W{i}"}
    axis = np.arange(n) * 0.15 if axis is None else axis
    return Record(
        xr.Dataset(data, coords={dim: axis}), f"W{i}", groups, position={"easting": 5000.0 * i, "northing": 0.0}
    )


def make_variables(records, classes=True, **scope):
    names = [name for name in records[0].data if name != "Y"]
    inputs = [SimpleNamespace(name=n, role="input", scope=scope.get(n, "training"), classes=None) for n in names]
    return [*inputs, SimpleNamespace(name="Y", role="target", scope="training", classes=CLASSES if classes else None)]


@pytest.fixture(scope="session")
def well():
    return make_well


@pytest.fixture(scope="session")
def variables():
    return make_variables


@pytest.fixture
def wells():
    return [make_well(i) for i in range(12)]


@pytest.fixture(scope="session")
def context():
    def make(records, classes=True, view=None, split=None, promise=None, **arguments):
        view = view or points(records)
        promise = promise or ({} if split else {"promise": "new", "key": "well", "test": ["W10", "W11"]})
        split = split or folds(promise.pop("promise"), view.origins, **promise)[0]
        given = {
            "normaliser_saw": view.read_ranges(split.train),
            "key": promise.get("key"),
            "held_out": 12,
            "variables": make_variables(records, classes),
        }
        return AuditContext(view.origins, split, records, **(given | arguments))

    return make


@pytest.fixture(scope="session")
def found(context):
    """(check, level) of every finding."""

    def run(*args, **arguments):
        return sorted({(finding.check, finding.level) for finding in audit(context(*args, **arguments))})

    return run
