"""Leaks through samples: overlaps, statistics, copied rows and records."""

from dataclasses import replace

import numpy as np

from outcrop.split.audit import audit
from outcrop.split.promise import folds
from outcrop.view.points import points
from outcrop.view.windows import windows


def dated(well, n=600, i=0, **arguments):
    stamps = np.datetime64("2000-01-01", "ns") + np.arange(n) * np.timedelta64(1, "D")
    return well(i, n=n, dim="time", axis=stamps, **arguments)


def test_random_windows_along_one_well_are_caught(wells, found):
    view = windows(wells, 32)
    promise = {"promise": "same_population", "reason": "I wished it so"}
    assert found(wells, view=view, promise=promise) == [
        ("overlapping_windows", "inflation"),  # validation too
        ("overlapping_windows", "violation"),
    ]


def test_random_points_along_smooth_wells_are_told_and_with_context_refused(wells, found, context):
    """The reason given for a random split is checked: neighbours along a well are copies, shuffled rows are not."""
    promise = {"promise": "same_population", "reason": "rows are independent"}
    assert found(wells, view=points(wells), promise=dict(promise)) == [("copied_neighbours", "inflation")]
    leaky = found(wells, view=points(wells, (-1, 0, 1)), promise=dict(promise))
    assert ("overlapping_windows", "violation") in leaky
    shuffled = []
    for i, record in enumerate(wells):
        order = np.random.default_rng(i).permutation(len(record))
        rows = {name: ("depth", record.data[name].to_numpy()[order]) for name in record.data}
        shuffled.append(record.with_data(record.data.assign(rows)))
    assert found(shuffled, view=points(shuffled), promise=dict(promise)) == []


def test_a_later_split_may_read_its_past_and_any_other_that_reads_training_is_told(well, found):
    record = dated(well)
    view = points([record], range(-30, 1), lead=1)
    promise = {"promise": "later", "axes": {"W0": record.axis}, "test_from": "2001-03-01", "gap_samples": 5}
    assert found([record], view=view, promise=dict(promise)) == []
    split = folds(**promise, origins=view.origins)[0]
    reads, scores = (prints.ranges["time"] for prints in (view.origins.reads, view.origins.scores))
    assert reads[split.test, 0].min() < scores[split.validation].max()
    other = replace(split, promise="same_population")
    assert found([record], view=view, split=other) == [("overlapping_windows", "inflation")]


def test_a_model_that_looks_beyond_its_footprint_is_caught(well, found):
    record = dated(well)
    view = points([record])
    promise = {"promise": "later", "axes": {"W0": record.axis}, "test_from": "2001-03-01"}
    assert found([record], view=view, promise=dict(promise)) == []
    seen = found([record], view=view, promise={**promise, "validation_share": 0}, reach=(0, 10))
    assert seen == [("network_reach", "violation")]


def test_statistics_of_the_test_part_are_caught(wells, context):
    saw = {record.name: [(0, len(record))] for record in wells}
    (finding,) = audit(context(wells, normaliser_saw=saw))
    assert (finding.check, finding.level) == ("statistics", "violation")
    assert "'W10', 'W11'" in finding.place and finding.size == "600 of 3,600 (16.7 %) samples it saw"
    assert finding.fix.startswith("Normaliser.fit(")


def test_statistics_of_validation_are_an_inflation(wells, context):
    clean = context(wells)
    names = set(clean.split.groups["train"] + clean.split.groups["validation"])
    seen = {name: [(0, 300)] for name in names}
    assert [(f.check, f.level) for f in audit(context(wells, normaliser_saw=seen))] == [("statistics", "inflation")]


def test_each_records_own_scale_is_told_and_inflates_where_records_are_shared(well, wells, found, variables):
    assert found(wells, variables=variables(wells, GR="record")) == [("statistics", "note")]
    record = dated(well)
    promise = {"promise": "later", "axes": {"W0": record.axis}, "test_from": "2001-03-01"}
    own = variables([record], GR="record")
    assert found([record], promise=promise, variables=own) == [("statistics", "inflation")]


def test_copied_rows_under_another_name_are_caught(wells, context):
    copied = wells[3].data.isel(depth=slice(40, 90))
    part = wells[11].data.isel(depth=slice(0, 250))
    stacked = {name: ("depth", np.r_[part[name], copied[name]]) for name in part}
    wells[11] = wells[11].with_data(wells[11].data.assign(stacked))
    (finding,) = audit(context(wells))
    assert (finding.check, finding.level) == ("duplicate_rows", "violation")
    assert "W11 = W3" in finding.place and finding.size == "50 of 600 (8.33 %) test rows"
    assert "data.groups.well" in finding.fix


def test_shuffled_converted_copies_are_caught(wells, found):
    order = np.random.default_rng(0).permutation(300)
    copy = wells[3].data.isel(depth=order)
    wells[11] = wells[11].with_data(
        wells[11]
        .data.assign({name: ("depth", copy[name].to_numpy() / 1000 * 1000) for name in ("GR", "RHOB", "NPHI", "DTC")})
        .assign(Y=("depth", copy.Y.to_numpy()))
    )
    assert found(wells) == [("duplicate_rows", "violation")]


def test_a_resampled_copy_of_a_record_is_caught(wells, context):
    fine = np.linspace(0, 299, 500)
    data = {
        name: ("depth", np.interp(fine, np.arange(300), wells[3].data[name])) for name in ("GR", "RHOB", "NPHI", "DTC")
    }
    data["Y"] = ("depth", wells[3].data.Y.to_numpy()[fine.round().astype(int)])
    wells[11] = wells[11].with_data(type(wells[3].data)(data, coords={"depth": fine * 0.15}))
    (finding,) = audit(context(wells))
    assert (finding.check, finding.level) == ("duplicate_rows", "violation") and "W11 = W3" in finding.place


def test_constant_missing_and_stuck_stretches_are_no_duplicates(wells, found):
    for i, fill in ((3, np.nan), (11, np.nan), (4, 0.0), (10, 0.0)):
        data = wells[i].data.copy(deep=True)
        for name in ("GR", "RHOB", "NPHI", "DTC"):
            data[name][100:200] = fill
        wells[i] = wells[i].with_data(data)
    assert found(wells) == []
    for i in (5, 10):
        data = wells[i].data.copy(deep=True)
        for k, name in enumerate(("GR", "RHOB", "NPHI", "DTC")):
            data[name][20:90] = k + 0.5
        wells[i] = wells[i].with_data(data)
    assert found(wells) == []


def test_single_coincidences_are_ignored(well, found):
    records = [well(i, n=1500) for i in range(12)]
    data = records[11].data.copy(deep=True)
    for name in data:
        data[name][7] = records[3].data[name][9]
    records[11] = records[11].with_data(data)
    assert found(records) == []


def test_a_common_forcing_is_no_copy(well, found):
    records = [well(i, classes=False) for i in range(12)]
    shared = records[0].data.drop_vars("Y")
    records = [record.with_data(record.data.assign(shared)) for record in records]
    assert found(records, classes=False) == [("duplicate_rows", "note")]


def test_coarse_rows_that_recur_everywhere_are_a_note_only(wells, found):
    rng = np.random.default_rng(0)
    for i, record in enumerate(wells):
        coarse = {name: ("depth", rng.integers(0, 6, 300).astype(float)) for name in ("GR", "RHOB", "NPHI", "DTC")}
        target = ((coarse["GR"][1] + coarse["DTC"][1]) > 5).astype(np.int32)
        wells[i] = record.with_data(record.data.assign(coarse | {"Y": ("depth", target)}))
    assert found(wells) == [("duplicate_rows", "note")]


def test_black_and_white_records_with_as_much_black_are_no_copies_of_each_other(wells, context):
    """A clipped section beside its row number: histograms say nothing, the places of black do."""
    black, row = np.arange(1200) < 600, np.arange(1200)

    def copies():
        violations = [finding for finding in audit(context(wells)) if finding.level == "violation"]
        return [finding.place for finding in violations if finding.check == "duplicate_rows"]

    for i in range(12):
        values = np.random.default_rng(i).permutation(black).astype(float)
        columns = {"GR": values, "RHOB": row // 30 * 1.0, "NPHI": 1 - values, "DTC": row // 60 * 1.0}
        columns["Y"] = (row // 300 % 2).astype(np.int32)
        arrays = {name: ("depth", column) for name, column in columns.items()}
        wells[i] = wells[i].with_data(type(wells[i].data)(arrays, {"depth": row * 0.15}))
    assert copies() == []
    turned = wells[3].data.copy()
    turned["GR"], turned["NPHI"] = turned["GR"] * 1.0001, turned["NPHI"] * 1.0001  # no row is equal to the digit
    wells[11] = wells[11].with_data(turned)
    assert len(copies()) == 1 and "W11 = W3" in copies()[0]
