"""Fixed noise of held-out examples follows the name of their record, whatever other records there are."""

from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr

from outcrop.records import Record
from outcrop.view.corrupted import Corrupted, Noise
from outcrop.view.view import make

SNR = (0.0, 10.0, 20.0)


def corrupted(names, *, recorded=False):
    """Records of 20 zeros in windows of 8, with noise of amplitude 1."""
    records = [Record(xr.Dataset(coords={"time": np.arange(20.0)}), name, dims=("time",)) for name in names]
    count = len(names)
    rng = np.random.default_rng(3)
    told = {number: rng.normal(size=(30, 1)) for number in range(count)} if recorded else {}
    donors = [np.flatnonzero(np.arange(count) != number) for number in range(count)] if recorded else ()
    noise = Noise(np.ones(count), np.ones((count, 1), bool), SNR, (0.0, 20.0), donors, told, 0, tuple(names))
    view = Corrupted(make("windows", records, length=8, stride=4), (0,), noise)
    blank = np.zeros((20, 1), np.float32)
    table = SimpleNamespace(
        inputs=blank, target=blank, weight=np.ones((20, 1), np.float32), usable=np.ones(20, bool), owners=("X",)
    )
    return view, dict.fromkeys(names, table)


def of(name, names, **how):
    view, tables = corrupted(names, **how)
    mine = np.flatnonzero(np.asarray(view.inner.origins.record) == names.index(name))
    return view.gather(tables, mine).inputs


@pytest.mark.parametrize("others", [["a", "c"], ["a", "b", "c"], ["0", "a", "b", "c", "d"]])
def test_another_record_changes_no_draw_and_no_ratio(others):
    np.testing.assert_array_equal(of("c", ["c"]), of("c", others))


def test_two_records_have_noise_of_their_own():
    both = [of(name, ["a", "b"]) for name in "ab"]
    assert abs(np.corrcoef(both[0].ravel(), both[1].ravel())[0, 1]) < 0.6 and not np.allclose(*both)


def test_examples_of_a_record_take_turns_in_ratio():
    drawn = of("a", ["a", "b"])
    view, tables = corrupted(["a", "b"])
    for number in range(4):
        at, _ = view.at(tables, np.array([number]), SNR[number % 3])
        np.testing.assert_allclose(drawn[number], at.inputs[0])


def test_windows_that_overlap_share_their_noise_at_one_ratio():
    view, tables = corrupted(["a"], recorded=False)
    batch, _ = view.at(tables, np.array([0, 1]), 0.0)
    np.testing.assert_array_equal(batch.inputs[0, 4:], batch.inputs[1, :4])
    assert 0.5 < np.sqrt(np.mean(np.square(batch.inputs))) < 1.6  # amplitude 1 at 0 dB


def test_cut_outs_come_from_other_records():
    view, _ = corrupted(["a", "b"], recorded=True)
    noise = view.noise
    series = noise.along(0, 20, 0.0).ravel()
    donor = noise.recorded[1].ravel()
    starts = [np.corrcoef(series, donor[s : s + 20])[0, 1] for s in range(11)]
    assert max(starts) > 0.99
