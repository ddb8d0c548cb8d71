import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outcrop.errors import ConfigError, DataError
from outcrop.split.promise import folds
from outcrop.view.points import points
from outcrop.view.windows import windows


def axes_of(records):
    return {record.name: record.axis for record in records}


@settings(max_examples=60, deadline=None)
@given(
    back=st.integers(0, 6),
    lead=st.integers(0, 4),
    gap=st.integers(0, 5),
    boundary=st.integers(50, 60),
    windowed=st.booleans(),
)
def test_training_ends_before_a_boundary_and_scores_begin_after_it(make_wells, back, lead, gap, boundary, windowed):
    records = make_wells([90, 70], dim="time")
    view = windows(records, back + 1) if windowed else points(records, range(-back, 1), lead=lead)
    (split,) = folds(
        "later", view.origins, axes=axes_of(records), test_from=boundary, validation_from=30, gap_samples=gap
    )
    reads, scores = (prints.ranges["time"] for prints in (view.origins.reads, view.origins.scores))
    first, last = scores[:, 0], np.maximum(reads[:, 1], scores[:, 1]) - 1
    assert last[split.train].max() < 30 - gap
    assert first[split.validation].min() >= 30 and last[split.validation].max() < boundary - gap
    assert first[split.test].min() >= boundary
    chosen = np.concatenate(list(split.parts.values()))
    assert len(np.unique(chosen)) == len(chosen)
    left = np.setdiff1d(np.arange(len(view.origins)), chosen)
    kept_out = ((first < 30) & (last >= 30 - gap)) | ((first < boundary) & (last >= boundary - gap))
    assert np.array_equal(left, np.flatnonzero(kept_out))


def monthly(make_wells, n=120):
    (record,) = make_wells([n], dim="time")
    stamps = np.arange("1980-01", n, dtype="datetime64[M]").astype("datetime64[ns]")
    return record.with_data(record.data.assign_coords(time=stamps))


def test_dates_durations_and_a_default_validation(make_wells):
    record = monthly(make_wells)
    view = points([record], range(-11, 1), lead=1, edge="drop")
    gap = np.timedelta64(90, "D")
    (split,) = folds("later", view.origins, axes=axes_of([record]), test_from="1988-01-01", gap=gap)
    when = view.origins.position["time"]
    assert when[split.test].min() == np.datetime64("1988-01-01")  # its history lies before the boundary
    assert when[split.validation].max() == np.datetime64("1987-10-01")
    assert when[split.train].max() < when[split.validation].min()
    assert split.promise == "later = 1988-01-01" and "from 1988-01-01 on" in split.sentence
    assert split.groups["test"] == ("W0",)


def test_no_validation_when_its_share_is_zero(make_wells):
    records = make_wells([50], dim="time")
    (split,) = folds("later", points(records).origins, axes=axes_of(records), test_from=40, validation_share=0)
    assert len(split.train) == 40 and len(split.validation) == 0


def test_boundaries_that_leave_nothing_or_make_no_sense_are_refused(make_wells):
    record = monthly(make_wells)
    origins, axes = points([record]).origins, axes_of([record])
    with pytest.raises(ConfigError, match='run from 1980-01-01 to 1989-12-01\nFix: later = "1988-01-01"'):
        folds("later", origins, axes=axes, test_from="1995-01-01")
    with pytest.raises(ConfigError, match='later = "1988-01-01"'):
        folds("later", origins, axes=axes, test_from="next year")
    with pytest.raises(ConfigError, match=r"validation_share = 0\.2"):
        folds("later", origins, axes=axes, test_from="1988-01-01", validation_share=2)
    with pytest.raises(DataError, match='order = "sort"'):
        folds("later", origins, axes={"W0": axes["W0"][::-1]}, test_from="1988-01-01")
