"""Records larger than memory: splits hold for all their boxes, and training streams through every one of them."""

import numpy as np
import pytest
import xarray as xr

import outcrop
from outcrop.config.load import load
from outcrop.errors import DataError
from outcrop.run import parts
from outcrop.run.cutouts import cutout, slabs
from outcrop.run.problem import load_problem
from outcrop.run.solve import prepare, training_data
from outcrop.run.splitting import splits_of
from outcrop.run.stream import Stream

RUN = """[data]
view = {kind = "patches", size = {inline = 4, twt = 8}}
memory_mb = 2.0
source.cube = {files = "cube.zarr"}
frame = {spacing_m = {crossline = 25, inline = 25}}
variable.A = {unit = "1"}
target.Y = {unit = "1"}
[promise]
area = {block_m = 400, buffer_m = 50}
folds = 2
[model]
family = "unet2d"
widths = [4, 8]
[train]
steps = 12
evaluate_every = 6
batch_size = 16
[evaluate]
baselines = ["mean"]
bootstrap = 100
optimism_gap = true
"""
SHAPE = (40, 60, 256)  # crossline, inline, twt


@pytest.fixture(scope="module")
def cube(tmp_path_factory):
    pytest.importorskip("zarr")
    folder = tmp_path_factory.mktemp("cube")
    rng = np.random.default_rng(0)
    number = np.arange(np.prod(SHAPE), dtype=np.float32).reshape(SHAPE)
    coords = {"crossline": 100 + np.arange(40), "inline": 300 + np.arange(60), "twt": 4.0 * np.arange(256)}
    dims = ("crossline", "inline", "twt")
    values = (number / number.size + rng.normal(size=SHAPE) / 10).astype(np.float32)
    data = xr.Dataset({"A": (dims, values, {"units": "1"}), "Y": (dims, number, {"units": "1"})}, coords)
    data["twt"].attrs["units"] = "ms"
    encoding = {name: {"chunks": (8, 16, 64)} for name in ("A", "Y")}
    data.to_zarr(folder / "cube.zarr", encoding=encoding, zarr_format=2)
    (folder / "run.toml").write_text(RUN)
    return folder


def opened(folder, *overrides):
    problem = load_problem(load(folder / "run.toml", overrides), folder)
    view = parts.view_of(problem)
    splits = splits_of(problem, view, folder)
    split = parts.with_labels(splits[0], parts.labelled_examples(problem, view))
    normaliser, tables = prepare(problem, view, split)
    return problem, view, split, normaliser, training_data(problem, view, tables, split, normaliser)


def test_the_split_of_the_sample_holds_for_every_box(cube):
    problem, view, split, _, stream = opened(cube)
    (one,) = problem.tiled
    assert len(one) == 40 * 15 * 32 and len(problem.records) == len(one.drawn) == len(view.origins)
    assert isinstance(stream, Stream) and len(stream) == len(split.boxes) > 10 * len(split.train)
    assert set(one.drawn[split.train]) <= set(split.boxes)
    assert not set(one.drawn[np.r_[split.test, split.validation]]) & set(split.boxes)

    def corners(number):
        box = one.box(number)
        return [(25.0 * (300 + i), 25.0 * (100 + x)) for x in (box[0].start, box[0].stop - 1)
                for i in (box[1].start, box[1].stop - 1)]  # fmt: skip

    places = {name: np.array([c for n in numbers for c in corners(n)]) for name, numbers in
              (("train", split.boxes[::7]), ("test", one.drawn[split.test]))}  # fmt: skip
    gap = np.abs(places["train"][:, None] - places["test"][None])
    assert np.hypot(gap[..., 0], gap[..., 1]).min() >= 50


def test_an_epoch_visits_every_training_box_once_and_mixes_slabs(cube):
    *_, stream = opened(cube)
    order = stream.order(np.random.default_rng(0))
    assert np.array_equal(np.sort(order), np.arange(len(stream)))
    batches = stream.slab_of[order][: len(order) // 16 * 16].reshape(-1, 16)
    distinct = np.array([len(set(row)) for row in batches.tolist()])
    assert stream.depth >= 4 and np.median(distinct) >= min(stream.depth, 6) * 0.6
    where = np.empty(len(order), int)
    where[order] = np.arange(len(order))
    drift = np.corrcoef(where, stream.boxes)[0, 1]
    assert abs(drift) < 0.2  # early batches are not one end of the cube
    assert not np.array_equal(order, stream.order(np.random.default_rng(1)))


def test_batches_are_the_boxes_themselves_and_memory_is_bounded(cube):
    problem, _, _, normaliser, stream = opened(cube)
    (one,) = problem.tiled
    order = stream.order(np.random.default_rng(3))
    seen = 0
    for start in range(0, 640, 16):
        index = order[start : start + 16]
        batch = stream.batch(index, np.random.default_rng(0))
        assert batch.inputs.shape == (16, 4, 8, 1) and len(stream._open) <= stream.depth + 2
        for row in (0, 7, 15):
            box = cutout(one.record, one.box(int(stream.boxes[index[row]])), one.used)
            truth = normaliser.encode(box)
            np.testing.assert_allclose(batch.target[row].ravel(), truth.target, rtol=1e-5)
            np.testing.assert_allclose(batch.inputs[row].reshape(-1, 1), truth.inputs, rtol=1e-5, atol=1e-6)
        seen += 16
    assert stream.read <= seen  # and far fewer slabs than boxes, once they are shared
    again = stream.batch(order[:16], np.random.default_rng(0))
    np.testing.assert_array_equal(again.target, opened(cube)[-1].batch(order[:16], np.random.default_rng(0)).target)


def test_slabs_cover_all_boxes_once_and_hold_whole_chunks(cube):
    problem, *_ = opened(cube)
    (one,) = problem.tiled
    count = np.zeros(one.counts, int)
    for place in slabs(one, 20_000):
        count[place] += 1
        assert [s.start * n % chunk for s, n, chunk in zip(place, one.side, (8, 16, 64), strict=True)] == [0, 0, 0]
    assert np.all(count == 1)


def test_a_run_streams_bundles_and_says_so(cube, tmp_path, quick_run):
    result, _ = quick_run(cube / "run.toml", tmp_path / "run", "evaluate.baselines=['mean']")
    assert any("streams through all" in str(note) for note in _notes(result))
    entry = next(iter(result.metrics["promises"].values()))
    assert entry["optimism_gap"] and entry["test"]["model"]["rmse"]["value"] > 0
    out = outcrop.predict(
        result.bundle, cube / "cube.zarr", out=tmp_path / "out", region="crossline=100:103", block_bytes=1000
    )
    assert out.rows[0]["predicted"] == 4 * 60 * 256
    dry = outcrop.predict(
        result.bundle, cube / "cube.zarr", out=tmp_path / "dry", region="inline=300:310", block_bytes=1000, dry_run=True
    )
    assert "GB of memory" in dry.rows[0]["estimate"] and "minutes" in dry.rows[0]["estimate"]


def _notes(result):
    import json

    return [
        note for record in json.loads((result.folder / "data.json").read_text())["records"] for note in record["notes"]
    ]


def test_a_resumed_stream_goes_on_as_if_it_had_not_stopped(cube, tmp_path, monkeypatch):
    from outcrop.train.batches import Feed

    *_, stream = opened(cube)
    whole = Feed(stream, (1, 2), 16)
    first = [whole.step(k).target for k in range(4)]
    *_, fresh = opened(cube)
    later = Feed(fresh, (1, 2), 16)
    np.testing.assert_array_equal(later.step(3).target, first[3])
    whole.close()
    later.close()


def test_labels_that_are_rare_are_looked_up_once(cube, tmp_path):
    import shutil

    shutil.copytree(cube / "cube.zarr", tmp_path / "cube.zarr")
    import zarr

    store = zarr.open_group(str(tmp_path / "cube.zarr"), mode="r+")
    labels = store["Y"][:]
    kept = np.zeros(SHAPE, bool)
    kept[::10] = True
    store["Y"][:] = np.where(kept, labels, np.nan)
    (tmp_path / "run.toml").write_text(RUN.replace("block_m = 400", "block_m = 200"))
    problem, _, _, _, stream = opened(tmp_path)
    (one,) = problem.tiled
    assert one.labelled is not None and one.labelled.reshape(one.counts).any(axis=(1, 2)).sum() == 4
    assert one.labelled[stream.boxes].all() and all(mask.any() for mask in problem.labelled().values())
    store["Y"][:] = np.nan
    with pytest.raises(DataError, match=r"(?s)No(ne of|t)? .*value of Y.*Fix: check the names"):
        opened(tmp_path)
