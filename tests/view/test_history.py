"""A history in a few numbers: means over spans, and reservoirs, by hand."""

from types import SimpleNamespace

import numpy as np
import xarray as xr

from outcrop.records import Record
from outcrop.view.cells import cells_of
from outcrop.view.history import CASCADE, RESERVOIRS, TIME_CONSTANTS, reservoirs, span_means


def one_pulse(sizes, at):
    """Records along time with an input that is 1 at one sample of the second one, and another that is 2 there."""
    records = [Record(xr.Dataset(coords={"time": np.arange(n)}), f"W{i}") for i, n in enumerate(sizes)]
    tables = {r.name: SimpleNamespace(inputs=np.zeros((len(r), 2), np.float32)) for r in records}
    tables["W1"].inputs[at] = 1, 2
    return cells_of(records), tables


def test_reservoirs_of_a_pulse_are_an_exponential_and_a_gamma_response():
    cells, tables = one_pulse([5, 400], at=10)
    since = np.array([-1, 0, 1, 7, 100])
    held = reservoirs(cells, tables, 5 + 10 + since, 50, "time").reshape(-1, CASCADE, TIME_CONSTANTS, 2)
    constants = np.geomspace(1, 50, TIME_CONSTANTS)
    a, k = np.exp(-1 / constants), since[:, None]
    there = np.maximum(k, 0)
    alone = np.where(k >= 0, (1 - a) * a**there, 0)
    behind = np.where(k >= 0, (1 - a) ** 2 * (there + 1) * a**there, 0)
    np.testing.assert_allclose(held[:, 0, :, 0], alone, rtol=1e-5, atol=1e-9)
    np.testing.assert_allclose(held[:, 1, :, 0], behind, rtol=1e-5, atol=1e-9)
    np.testing.assert_allclose(held[..., 1], 2 * held[..., 0], rtol=1e-6, atol=1e-30)


def test_reservoirs_know_neither_the_future_nor_other_records():
    cells, tables = one_pulse([30, 40], at=20)
    before = np.r_[0:30, 30:50]
    assert not reservoirs(cells, tables, before, 9, "time").any()
    assert reservoirs(cells, tables, np.array([50]), 9, "time").shape == (1, RESERVOIRS * 2)


def test_reservoirs_run_along_time_at_every_place_of_a_grid():
    data = xr.Dataset({"rain": (("time", "x"), np.zeros((6, 3)))}, {"time": np.arange(6), "x": np.arange(3)})
    inputs = np.zeros((6, 3, 1), np.float32)
    inputs[1, 2] = 1
    cells = cells_of([Record(data, "G", dims=("time", "x"))])
    tables = {"G": SimpleNamespace(inputs=inputs.reshape(-1, 1))}
    held = reservoirs(cells, tables, np.arange(18), 4, "time").reshape(6, 3, -1)
    assert not held[:, :2].any() and not held[0].any() and (held[1:, 2] > 0).all()


def test_means_over_spans_count_what_is_known():
    cells, tables = one_pulse([3, 20], at=4)
    tables["W1"].inputs[3, 0] = np.nan
    means = span_means(cells, tables, np.array([3 + 4, 3 + 6]), 4, "time").reshape(2, 2, 2)
    np.testing.assert_allclose(means[0, :, 0], [1, 0])  # samples 1 to 3, of which one is not known
    np.testing.assert_allclose(means[1, :, 0], [0, 0.5])  # samples 3 to 5: not known, 1, 0
