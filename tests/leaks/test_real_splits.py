"""Right and wrong splits of real data: interpreted crosslines, waveforms with one pick, flight lines, well logs."""

import lzma
from functools import cache

import catalogue as c
import numpy as np
import pytest
import xarray as xr

from outcrop.records import Record
from outcrop.split.area import area
from outcrop.split.audit import audit
from outcrop.split.audit.copied_neighbours import copy_baseline
from outcrop.split.audit.copy_curve import copy_curve
from outcrop.split.promise import folds
from outcrop.view.patches import patches
from outcrop.view.points import points
from outcrop.view.windows import windows

COLOURS = {(0, 0, 0): 0} | {(20 * k, 70 + 20 * (k - 1), 245 - 10 * (k - 1)): k for k in range(1, 10)}


def needed(data_dir, *names):
    missing = [name for name in names if not (data_dir / name).exists()]
    if missing:
        pytest.fail(f"the acceptance data lack {missing}")


@cache
def crosslines(data_dir):
    """The 36 interpreted crosslines as one record; the amplitudes stand aside, only classes are compared."""
    from PIL import Image

    numbers, masks = [], []
    for path in sorted((data_dir / "seismic_f3/masks").glob("*.png")):
        pixels = np.asarray(Image.open(path).convert("RGB")).astype(np.int64)
        code = pixels @ np.array([65536, 256, 1])
        table = {int(np.array(colour) @ np.array([65536, 256, 1])): k for colour, k in COLOURS.items()}
        masks.append(np.vectorize(table.__getitem__, otypes=[np.int16])(code))
        numbers.append(int(path.name[:4]))
    dims = ("crossline", "row", "column")
    rng = np.random.default_rng(0)
    data = {"FACIES": (dims, np.stack(masks)), "AMP": (dims, rng.normal(size=(len(masks), 512, 512)).astype("f4"))}
    return Record(xr.Dataset(data, coords={"crossline": numbers}), "F3", dims=dims)


def f3(data_dir, test, promise):
    needed(data_dir, "seismic_f3/masks")
    record = crosslines(data_dir)
    view = patches([record], {"row": 512, "column": 512})
    number = record.data.crossline.to_numpy()[c.start_of(view, "crossline")]
    return c.context([record], view, c.parts(test(number), promise), "FACIES", 10)


def every_third(number):
    return np.isin(np.searchsorted(np.unique(number), number) % 3, 0)


def alarms(findings):
    return [(f.check, f.level) for f in findings if f.level != "note"]


def test_interleaved_crosslines_are_no_new_area(data_dir):
    context = f3(data_dir, every_third, "area = 100 crosslines")
    assert alarms(audit(context)) == [("copied_neighbours", "violation")]
    assert copy_baseline(context).score == pytest.approx(0.961, abs=0.0005)


def test_between_lines_the_copy_is_the_bar_to_beat(data_dir):
    findings = audit(f3(data_dir, every_third, "between = crossline, every 3"))
    assert alarms(findings) == []
    (bar,) = [f for f in findings if f.check == "copied_neighbours"]
    assert "bar to beat" in bar.place and "mIoU 0.961" in bar.size


def test_a_block_of_crosslines_passes_but_for_the_two_beside_training(data_dir):
    findings = audit(f3(data_dir, lambda number: number >= 1550, "area = 100 crosslines"))
    assert alarms(findings) == [("copied_neighbours", "inflation")]
    near, bar = (f for f in findings if f.check == "copied_neighbours")
    assert "'1550 (beside 1535)', '1555 (beside 1535)'" in near.place and near.size.startswith("2 of 11")
    assert "15 to 20 crossline numbers" in near.size and "mIoU 0.777" in bar.size


def test_the_copy_of_a_crossline_fades_with_distance(data_dir):
    needed(data_dir, "seismic_f3/masks")
    record = crosslines(data_dir)
    masks = record.data.FACIES.to_numpy().reshape(36, -1)[:, ::7].astype(float)
    curve = copy_curve(masks, record.data.crossline.to_numpy(), classes=10, edges=[0, 5, 10, 20, 40, 80, 160, 320, 640])
    assert [step.pairs for step in curve] == [6, 10, 11, 29, 51, 98, 195, 197]  # of the 630 pairs 33 are further apart
    expected = [0.989, 0.962, 0.954, 0.891, 0.777, 0.667, 0.590, 0.534]
    assert [step.score for step in curve] == pytest.approx(expected, abs=0.006)


@cache
def seismograms(data_dir):
    with np.load(data_dir / "waveforms/phasenet_train154.npz", allow_pickle=True) as content:
        data, first, second = content["data"], content["itp"].ravel().astype(int), content["its"].ravel().astype(int)
    records = []
    for i, trace in enumerate(data):
        phase = np.zeros(len(trace), np.int32)
        phase[first[i] - 10 : first[i] + 10], phase[second[i] - 10 : second[i] + 10] = 1, 2
        columns = {name: ("time", trace[:, k]) for k, name in enumerate("ENZ")} | {"PHASE": ("time", phase)}
        records.append(Record(xr.Dataset(columns, {"time": np.arange(len(trace)) / 100}), f"{i}", {"event": f"{i}"}))
    return records


@pytest.mark.parametrize("length", [9001, 3000])
def test_the_pick_at_sample_3000_is_flagged(data_dir, length):
    needed(data_dir, "waveforms/phasenet_train154.npz")
    records = seismograms(data_dir)
    view = windows(records, length)
    split = folds("new", view.origins, key="event", folds=5)[0]
    context = c.context(records, view, split, "PHASE", 3, key="event", held_out=154)
    (finding,) = [f for f in audit(context) if f.level != "note"]
    assert (finding.check, finding.level) == ("fixed_positions", "violation") and "class 1" in finding.place
    moved = c.context(records, view, split, "PHASE", 3, key="event", held_out=154, jitter={"time": 1000})
    assert alarms(audit(moved)) == []


@cache
def flight_lines(data_dir):
    with lzma.open(data_dir / "points/rio-magnetic.csv.xz", "rt") as file:
        head = file.readline().strip().split(",")
        rows = [line.strip().split(",") for line in file]
    table = dict(zip(head, np.array(rows).T, strict=True))
    number = {name: table[name].astype(float) for name in ("longitude", "latitude", "total_field_anomaly_nt")}
    coords = {"longitude": ("row", number["longitude"]), "latitude": ("row", number["latitude"]),
              "line": ("row", table["line_number"])}  # fmt: skip
    data = {"HEIGHT": ("row", table["height_ell_m"].astype(float)), "T": ("row", number["total_field_anomaly_nt"])}
    return Record(xr.Dataset(data, coords), "rio")


def test_random_readings_of_flight_lines_are_flagged_and_lines_and_blocks_pass(data_dir):
    needed(data_dir, "points/rio-magnetic.csv.xz")
    record = flight_lines(data_dir)
    view = points([record])
    random = c.context([record], view, c.at_random(view), "T")
    assert alarms(audit(random)) == [("copied_neighbours", "inflation")]
    assert copy_baseline(random).score > 0.95
    claimed = c.context([record], view, c.at_random(view, "area = 1000 m"), "T")
    assert alarms(audit(claimed)) == [("copied_neighbours", "violation")]
    line = record.data.line.to_numpy()
    names = np.unique(line)
    held = np.isin(line, np.random.default_rng(0).permutation(names)[: len(names) // 5])
    lines = c.context([record], view, c.parts(held, "new = line"), "T", key="line", held_out=27)
    assert alarms(audit(lines)) == [] and copy_baseline(lines).score < 0.8
    split = area(view.origins, view.cells, block_m=10_000.0, buffer_m=1000.0)[0]
    blocks = c.context([record], view, split, "T", buffer_m=1000.0)
    assert alarms(audit(blocks)) == []


def test_a_curve_that_is_a_copy_of_another_in_one_well_is_named(data_dir):
    from outcrop.data.las import read

    needed(data_dir, "force2020/las")
    records = []
    for name in ("36_7-3", "34_7-13", "35_11-7", "31_6-5", "25_11-15", "16_5-3"):
        for record in read(data_dir / f"force2020/las/{name}.las.xz"):
            rows = slice(None, None, 5)
            logs = {n: ("depth", record.data[n].to_numpy()[rows] if n in record.data else np.full(len(record), np.nan)[
                rows]) for n in ("GR", "RHOB", "PEF")}  # fmt: skip
            logs["Y"] = ("depth", np.random.default_rng(0).normal(size=len(record.axis[rows])))
            data = xr.Dataset(logs, {"depth": record.axis[rows]})
            records.append(Record(data, record.name, {"well": record.name}))
    view = points(records)
    split = c.by_record(view, [records[-1].name], "new = well")
    (finding,) = [f for f in audit(c.context(records, view, split, "Y", key="well")) if f.check == "same_inputs"]
    assert (
        finding.level == "note"
        and finding.place == "'RHOB' and 'PEF' hold the same values in '36/7-3' and differ elsewhere"
    )
