"""Generated maps of a field in time: land as gaps, anomalies by place, block means as a condition."""

import numpy as np
import pytest
import xarray as xr

import outcrop
from outcrop.errors import ConfigError, DataError

RUN = """
[data]
view = {kind = "patches", size = {latitude = 6, longitude = 8}}
source.sea = {files = "sea.nc"}
variable.SST = {unit = "degC", transform = "anomaly:time,place", missing = "mask"}
target.MAP = {generate = ["SST"], given = {kind = "points", count = [2, 8], test = 6}}

[promise]
later = "2001-02-20"
validation_from = "2001-02-10"

[model]
family = "time_unet2d"
widths = [8, 8]

[loss]
kind = "denoising"

[train]
steps = 6
batch_size = 8
evaluate_every = 3
warmup_steps = 0

[sample]
steps = 3
realisations = 4
most_examples = 24

[evaluate]
bootstrap = 100
baselines = ["bootstrap", "kriging_mean"]
optimism_gap = false
"""
COARSE = [
    "data.variable={SST={unit='degC'},COARSE={from=['SST'],unit='degC',coarsen={latitude=3,longitude=4}},north={from=['latitude']}}",
    "data.target={MAP={generate=['SST']}}",
    "data.source.sea.files=whole.nc",
    "evaluate.baselines=auto",
]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Sixty days of a sea of 6 x 16 cells, a third of whose western half is land; and the same without land."""
    base = tmp_path_factory.mktemp("fields")
    rng = np.random.default_rng(0)
    smooth = np.cumsum(rng.normal(size=(60, 6, 16)), axis=2) / 4
    values = (285 + smooth + np.arange(16)).astype(np.float32)
    coords = {
        "time": np.datetime64("2001-01-01") + np.arange(60).astype("timedelta64[D]"),
        "latitude": ("latitude", np.arange(6.0), {"units": "degrees_north"}),
        "longitude": ("longitude", np.arange(16.0), {"units": "degrees_east"}),
    }
    dims, units = ("time", "latitude", "longitude"), {"units": "K"}
    xr.Dataset({"SST": (dims, values, units)}, coords).to_netcdf(base / "whole.nc", engine="h5netcdf")
    values[:, :4, :4] = np.nan
    xr.Dataset({"SST": (dims, values, units)}, coords).to_netcdf(base / "sea.nc", engine="h5netcdf")
    (base / "run.toml").write_text(RUN)
    return base


@pytest.fixture(scope="module")
def sea(place):
    return outcrop.run(place / "run.toml", out=place / "sea")


def test_land_is_told_held_and_left_out(sea):
    (entry,) = sea.metrics["promises"].values()
    (told,) = entry["told"]
    assert told["model"]["honoured"]["data"] == told["kriging_mean"]["honoured"]["data"] == 1
    assert entry["judged"][0]["model"]["real"] < told["model"]["cases"]  # only those without land
    with xr.open_dataset(sea.folder / "realisations.nc", engine="h5netcdf") as found:
        truth, drawn = found["truth:SST"], found["model:SST"]
        assert truth.dims[2:] == ("latitude", "longitude") and truth.attrs["long_name"].startswith("anomaly")
        land = np.isnan(truth.to_numpy()[:, 0])
        assert land.any(axis=(1, 2)).any() and not land.any(axis=(1, 2)).all() and land[:, 5].sum() == 0
        np.testing.assert_array_equal(np.isnan(drawn.to_numpy()), np.broadcast_to(land[:, None], drawn.shape))


def test_realisations_are_as_wide_as_the_validation_part_asks(sea, place):
    wider = outcrop.run(
        place / "run.toml", out=place / "wider", overrides=["sample.inflation=true", "bundle.model=held_out"]
    )
    (told,) = next(iter(wider.metrics["promises"].values()))["told"]
    (factor,) = told["model"]["inflation"]["factor"]
    assert told["model"]["honoured"]["data"] == 1 and abs(factor - 1) > 0.05
    drawn = []
    for result in (sea, wider):
        with xr.open_dataset(result.folder / "realisations.nc", engine="h5netcdf") as found:
            drawn.append(found["model:SST"].to_numpy().astype(float))
    apart = [made - made.mean(axis=1, keepdims=True) for made in drawn]
    np.testing.assert_allclose(*(made.mean(axis=1) for made in drawn), atol=0.01)  # kept as float16
    np.testing.assert_allclose(apart[1], factor * apart[0], atol=0.02)
    assert "as the validation part asks" in (wider.folder / "report.html").read_text()
    sampled = [
        outcrop.sample(result.bundle, count=count, out=place / "any").data["SST"].to_numpy()
        for result, count in ((sea, 4), (wider, 4), (wider, 1))
    ]
    means = [made.mean(axis=0) for made in sampled[:2]]
    np.testing.assert_allclose(sampled[1] - means[1], factor * (sampled[0] - means[0]), atol=1e-3)
    np.testing.assert_allclose(sampled[2][0], sampled[1][0], atol=1e-5)  # the same for any count


def test_inflation_needs_a_part_to_choose_it_by(place):
    changes = ["sample.inflation=true", "promise={later='2001-02-20',validation_share=0}"]
    with pytest.raises(ConfigError, match="no validation part"):
        outcrop.check(place / "run.toml", overrides=changes)


def test_scores_are_per_value_that_is_there(sea):
    (entry,) = sea.metrics["promises"].values()
    with xr.open_dataset(sea.folder / "realisations.nc", engine="h5netcdf") as found:
        truth, drawn = (found[name].to_numpy() for name in ("truth:SST", "kriging_mean:SST"))
    spread = np.nanstd(truth)  # of the test part, near that of training
    error = np.sqrt(np.nanmean(np.square(drawn[:, 0] - truth[:, 0]), axis=(1, 2))).mean() / spread
    assert entry["test"]["baselines"]["kriging_mean"]["energy_score"]["value"] == pytest.approx(error, rel=0.3)


def test_a_given_file_says_where_land_is(sea, place):
    values = np.zeros((6, 8))
    values[:2, :3] = np.nan
    coords = {"latitude": np.arange(6.0), "longitude": np.arange(8.0)}
    data = xr.Dataset({"SST": (("latitude", "longitude"), values, {"units": "degC"})}, coords)
    data.to_netcdf(place / "mask.nc", engine="h5netcdf")
    (place / "mask.toml").write_text('fields = "mask.nc"\n')
    drawn = outcrop.sample(sea.bundle, place / "mask.toml", count=3, out=place / "masked").data["SST"]
    np.testing.assert_array_equal(np.isnan(drawn.to_numpy()), np.broadcast_to(np.isnan(values), (3, 6, 8)))
    everywhere = outcrop.sample(sea.bundle, count=2, out=place / "everywhere").data["SST"]
    assert np.isfinite(everywhere).all() and "anomaly" in everywhere.attrs["long_name"]


def test_without_a_mask_examples_with_gaps_are_not_scored(place):
    gap = ["data.variable={SST={unit='degC'}}", "data.view.size={latitude=6,longitude=16}"]
    with pytest.raises(DataError, match='missing = "mask"'):
        outcrop.check(place / "run.toml", overrides=gap)


def test_block_means_are_a_condition_that_baselines_know_too(place, no_report):
    result = outcrop.run(place / "run.toml", out=place / "coarse", overrides=COARSE)
    (entry,) = result.metrics["promises"].values()
    score = {name: row["energy_score"]["value"] for name, row in entry["test"]["baselines"].items()}
    assert set(score) == {
        "bootstrap",
        "gaussian_simulation",
        "interpolation",
        "block_simulation",
        "coarse_regression",
    }
    assert score["block_simulation"] < score["gaussian_simulation"] and score["interpolation"] < score["bootstrap"]
    with xr.open_dataset(result.folder / "realisations.nc", engine="h5netcdf") as found:
        truth, drawn = (found[name].to_numpy() for name in ("truth:SST", "block_simulation:SST"))
    means = [part.reshape(*part.shape[:2], 2, 3, 2, 4).mean(axis=(3, 5)) for part in (truth, drawn)]
    np.testing.assert_allclose(means[1], np.broadcast_to(means[0], means[1].shape), atol=0.02)  # kept as float16
    data = xr.open_dataset(place / "whole.nc", engine="h5netcdf").isel(time=[59], longitude=slice(8))
    data.to_netcdf(place / "fine.nc", engine="h5netcdf")
    (place / "fine.toml").write_text('fields = "fine.nc"\n')
    sampled = outcrop.sample(result.bundle, place / "fine.toml", count=3, out=place / "fine").data["SST"]
    assert sampled.shape == (3, 6, 8) and 0 < float(sampled.mean()) < 40


def test_blocks_along_what_the_promise_cuts_are_refused(place):
    change = ["data.variable={SST={unit='degC'},COARSE={from=['SST'],unit='degC',coarsen={time=2}}}", *COARSE[1:]]
    with pytest.raises(ConfigError, match=r"leave time out of variable\.COARSE\.coarsen"):
        outcrop.check(place / "run.toml", overrides=change)
