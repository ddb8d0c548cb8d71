"""The audit must say something or nothing, never fail: odd columns, odd axes, odd footprints."""

from dataclasses import replace

import catalogue as c
import numpy as np
import pytest
import xarray as xr

from outcrop.records import Footprints, Members, Record
from outcrop.split.audit import audit
from outcrop.split.promise import Split
from outcrop.view.points import points

PROMISES = ("new = well", "later = 2", "area = 5 m", "between = depth", "same_population", "wider = GR", "splitter = X")


def odd_wells(kind):
    records = [c.well(i, n=60, facies=kind != "numbers") for i in range(6)]
    columns = {
        "missing": {"GR": np.full(60, np.nan)},
        "constant": {"GR": np.full(60, 7.0)},
        "infinite": {"GR": np.r_[np.inf, -np.inf, np.zeros(58)]},
        "text-like": {"GR": np.arange(60) % 2},
        "no label": {"Y": np.full(60, -1, np.int32)},
        "one class": {"Y": np.ones(60, np.int32)},
        "numbers": {},
    }[kind]
    return [c.add(record, **columns) for record in records]


@pytest.mark.parametrize("promise", PROMISES)
@pytest.mark.parametrize("kind", ["missing", "constant", "infinite", "text-like", "no label", "one class", "numbers"])
@pytest.mark.filterwarnings("error")
def test_odd_columns_end_in_findings(kind, promise):
    records = odd_wells(kind)
    view = points(records)
    split = c.by_record(view, ("W4", "W5"), promise)
    if promise in ("same_population", "between = depth", "later = 2"):
        split = c.at_random(view, promise)
    key = "well" if promise.startswith("new") else None
    for finding in audit(c.context(records, view, split, "Y", 0 if kind == "numbers" else 3, key=key)):
        assert finding.place and finding.size and finding.fix


@pytest.mark.filterwarnings("error")
def test_a_single_short_record_and_empty_parts_end_in_findings():
    record = c.well(0, n=4)
    view = points([record])
    for test in ([0], [0, 1, 2, 3], []):
        where = np.isin(np.arange(4), test)
        audit(c.context([record], view, c.parts(where, "later = 2"), "Y", 3, normaliser_saw={"W0": [(0, 1)]}))
    nobody = Split(c.NOBODY, c.NOBODY, c.NOBODY, "", "same_population")
    audit(c.context([record], view, nobody, "Y", 3, normaliser_saw={"W0": [(0, 1)]}))


@pytest.mark.filterwarnings("error")
def test_calendars_without_leap_days_and_scattered_footprints_end_in_findings():
    cftime = pytest.importorskip("cftime")
    stamps = np.array([cftime.DatetimeNoLeap(2000, 1 + k // 28, 1 + k % 28) for k in range(300)], object)
    rng = np.random.default_rng(0)
    data = {
        "A": ("time", c.smooth(rng, 300, 3)),
        "B": ("time", rng.normal(size=300)),
        "Y": ("time", rng.normal(size=300)),
    }
    record = Record(xr.Dataset(data, {"time": stamps}), "model")
    view = points([record])
    for promise in ("later = 2000-09-01", "same_population"):
        audit(c.context([record], view, c.after(view, 200) if "later" in promise else c.at_random(view), "Y"))
    mesh = c.ocean(300)
    few = points([mesh])
    hidden = [np.sort(np.random.default_rng(i).choice(300, 30, replace=False)) for i in range(6)]
    whole = Footprints({}, {})
    scored = Footprints({}, {"node": Members(hidden, np.arange(6))})
    origins = replace(few.origins, record=np.zeros(6, int), reads=whole, scores=scored, position={})
    split = c.parts(np.arange(6) >= 4, "same_population")
    context = c.context([mesh], few, split, "Y", normaliser_saw={"mesh": [(0, 10)]})
    assert {f.check for f in audit(replace(context, origins=origins))} >= {"overlapping_windows"}
