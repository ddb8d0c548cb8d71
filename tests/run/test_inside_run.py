"""Inside a model file on data: places, coordinates, what was read; every picture can be drawn."""

import numpy as np
import pytest
import xarray as xr

import outcrop
from outcrop.errors import ConfigError
from outcrop.records import Record
from outcrop.run.places import samples_of
from outcrop.view.ranges import along_one
from outcrop.view.view import make
from synthetic_wells import QUICK, field, run_file

CHEAP = [*QUICK, "evaluate.optimism_gap=false", "train.batch_size=8"]


@pytest.fixture(scope="module")
def wells(tmp_path_factory):
    base = tmp_path_factory.mktemp("inside")
    field(base / "wells")
    run_file(base)
    return base


@pytest.fixture(scope="module")
def transformer(wells, pageless):
    model = 'model={family="transformer",width_size=8,num_heads=2,depth=1}'
    with pageless():
        outcrop.run(wells / "run.toml", out=wells / "transformer", overrides=[*CHEAP, model])
    return wells / "transformer"


@pytest.fixture(scope="module")
def autoencoder(wells, pageless):
    model = 'model={family="autoencoder1d",widths=[4,8],latent_size=3}'
    with pageless():
        outcrop.run(wells / "run.toml", out=wells / "autoencoder", overrides=[*CHEAP, model])
    return wells / "autoencoder"


def test_attention_has_the_depths_and_logs_it_was_computed_on(wells, transformer):
    model = outcrop.load(transformer / "model.outcrop")
    record = outcrop.read(wells / "wells/Alpha-2.las")[0]
    seen = model.inside("attention", wells / "wells/Alpha-2.las", at=1130)
    (weights,) = seen.arrays.values()
    assert weights.shape == (2, 64, 64)
    np.testing.assert_allclose(weights.sum(axis=-1), 1, rtol=1e-5)
    depth = seen.coordinates["depth"]
    assert depth[0] < 1130 < depth[-1] and np.allclose(np.diff(depth), 0.5)
    rows = np.searchsorted(record.axis, depth)
    np.testing.assert_allclose(seen.place.read["GR"], record.flat("GR")[rows], rtol=1e-5)
    assert seen.place.read_units["GR"] == "gAPI" and "Alpha-2" in str(seen)


def test_codes_carry_the_class_in_the_middle_of_their_place(wells, autoencoder):
    model = outcrop.load(autoencoder / "model.outcrop")
    seen = model.inside("latent", [wells / "wells/Alpha-1.las", wells / "wells/Alpha-2.las"])
    codes = seen.arrays["latent"]
    assert codes.shape[1] == 3 and len(seen.labels["target"]) == len(codes)
    assert seen.names == ("Sand", "Shale", "Lime") and set(np.unique(seen.labels["record"])) == {0, 1}
    for number in (0, 1):
        record = outcrop.read(wells / f"wells/Alpha-{number + 1}.las")[0]
        view, _ = model.examples(model.prepare(record)[0])
        start = along_one(view.origins.reads)[:, 0]
        rows = (start[:, None] + 2 * np.arange(32) + 1).ravel()  # windows of 64, halved once: a code for two samples
        middle = record.flat("FACIES")[rows] / 10 - 1  # facies 10, 20, 30
        np.testing.assert_array_equal(seen.labels["target"][seen.labels["record"] == number], middle)
    assert len(np.unique(codes.round(5), axis=0)) > len(codes) // 4, "other logs have other codes"


@pytest.mark.parametrize(
    ("run", "show", "files", "words"),
    [
        ("transformer", None, 0, {"step"}),
        ("transformer", "filters", 0, {"GR", "RHOB", "NPHI"}),
        ("transformer", "states", 1, {"GR\n(gAPI)", "units"}),
        ("transformer", "attention", 1, {"head 0", "head 1"}),
        ("autoencoder", "latent", 2, {"Sand", "Shale", "Lime"}),
    ],
)
def test_every_look_is_drawn(wells, transformer, autoencoder, tmp_path, monkeypatch, run, show, files, words):
    from matplotlib.figure import Figure
    from matplotlib.text import Text

    drawn, saved = [], Figure.savefig
    monkeypatch.setattr(Figure, "savefig", lambda self, *a, **k: (drawn.append(self), saved(self, *a, **k))[1])
    given = [wells / "wells" / name for name in ("Alpha-1.las", "Alpha-2.las")][:files]
    path = wells / run / ("model.outcrop" if show else "")
    outcrop.inspect(path, given, show=show, figure=tmp_path / "figure.png")
    assert (tmp_path / "figure.png").stat().st_size > 10_000
    told = [text.get_text() for text in drawn[0].findobj(Text)]
    assert all(any(word in text for text in told) for word in words), sorted({*told})
    assert any(ax.images or ax.lines or ax.collections for ax in drawn[0].axes)


def test_a_run_folder_tells_how_each_layer_trained(transformer):
    shown = outcrop.inspect(transformer).shown()
    assert shown.rows[0][0] == "first" and len(shown.columns) == 5
    assert all(float(row[1]) > 0 for row in shown.rows)
    named = outcrop.inspect(transformer / "model.outcrop").layers
    told = {row[0] for row in shown.rows}
    assert {"first", "last"} <= told and len(told) == len(shown.rows) <= len(named)


def test_what_cannot_be_shown_is_said_with_its_fix(wells, transformer):
    model, file = transformer / "model.outcrop", wells / "wells/Alpha-1.las"
    for files, show, fix in (
        ((), "attention", "FILE --show attention"),
        ((), "filter", "did you mean 'filters'"),
        (file, None, "--show states"),
        (file, "latent", "families with one: autoencoders"),
    ):
        with pytest.raises(ConfigError, match=fix):
            outcrop.inspect(model, files, show=show)
    with pytest.raises(ConfigError, match=r"inspect MODEL\.outcrop FILE --show states"):
        outcrop.inspect(wells / "run.toml", file, show="states")
    with pytest.raises(ConfigError, match="--at depth="):
        outcrop.inspect(model, file, show="states", at="shallow")


def record(**sizes):
    """A grid without variables."""
    return Record(xr.Dataset(coords={dim: np.arange(float(n)) for dim, n in sizes.items()}), "R", dims=tuple(sizes))


def test_samples_behind_the_places_of_an_example():
    well = record(depth=10)
    points = samples_of(make("points", [well], context=[-1, 0, 1]), well, np.array([4]))
    assert points.tolist() == [[4]]
    windows = samples_of(make("windows", [record(depth=5)], length=8), record(depth=5), np.array([0]))
    assert windows.tolist() == [[0, 1, 2, 3, 4, -1, -1, -1]]
    ahead = make("sequences", [well], history=3, horizon=2)
    assert samples_of(ahead, well, np.array([0])).tolist() == [[0, 1, 2, 3, 4]]
    section = record(trace=4, twt=6)
    patches = make("patches", [section], size={"trace": 2, "twt": 3})
    assert samples_of(patches, section, np.array([0])).tolist() == [[[0, 1, 2], [6, 7, 8]]]
