"""A generator from run file to realisations: scored beside classical draws, drawn on a grid with observations."""

import json

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import outcrop
from outcrop.cli import _call
from outcrop.errors import ConfigError, DataError

TESTED = ", ".join(f'"w{number:02d}"' for number in range(0, 40, 4))
RUN = """
[data]
view = {kind = "windows", length = 32, stride = 32}
source.logs = {files = "logs.csv", group = "WELL", axis = "DEPTH", units = {DEPTH = "m", GR = "gAPI"}}
variable.GR = {unit = "gAPI"}
target.LOGS = {generate = ["GR"]}

[promise]
new = "WELL"
test = [TESTED]

[model]
family = "time_unet1d"
widths = [8, 16]

[loss]
kind = "denoising"

[train]
steps = 20
batch_size = 16
learning_rate = 3e-3
evaluate_every = 10
warmup_steps = 0

[sample]
steps = 4
realisations = 4

[evaluate]
bootstrap = 100
"""
LITHOLOGY = [
    'data.target={LITH={generate=["FACIES"],classes={0="Sand",1="Shale"},given={kind="points",count=[0,4],test=3}}}',
    "data.variable={FACIES={}}",
    "loss.kind=flow",
]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Forty wells of blocky logs."""
    base = tmp_path_factory.mktemp("generate")
    rng, rows = np.random.default_rng(0), []
    for well in range(40):
        facies = np.repeat(rng.integers(0, 2, 16), rng.integers(4, 9, 16))[:64]
        gr = np.where(facies == 1, 150.0, 50.0) + 5 * rng.normal(size=64)
        rows.append(pd.DataFrame({"WELL": f"w{well:02d}", "DEPTH": 0.5 * np.arange(64), "GR": gr, "FACIES": facies}))
    pd.concat(rows).to_csv(base / "logs.csv", index=False)
    (base / "run.toml").write_text(RUN.replace("TESTED", TESTED))
    return base


@pytest.fixture(scope="module")
def numbers(place):
    return outcrop.run(place / "run.toml", out=place / "numbers")


@pytest.fixture(scope="module")
def classes(place):
    return outcrop.run(place / "run.toml", out=place / "classes", overrides=LITHOLOGY)


def test_one_ensemble_serves_all_examples_where_nothing_is_told(numbers):
    (entry,) = numbers.metrics["promises"].values()
    assert entry["primary"] == "energy_score" and entry["unit"] == "standard units" and entry["noun"] == "WELL"
    assert set(entry["test"]["baselines"]) == {"bootstrap", "gaussian_simulation"}
    (judged,) = entry["judged"]
    assert {flag["id"] for flag in judged["bootstrap"]["flags"]} == {"memorisation"}
    assert entry["told"] is None
    with xr.open_dataset(numbers.folder / "realisations.nc", engine="h5netcdf") as told:
        assert told["model:GR"].dims == ("example", "realisation_1", "depth")
        assert 40 < float(told["truth:GR"].mean()) < 160 and told["truth:GR"].attrs["units"] == "gAPI"
    page = numbers.report.read_text("utf-8")
    assert "Solution</h2>" not in page and "Means over training examples" in page  # parts of its loss are no solution
    assert "Realisations" in page and "The distribution of GR." in page and "gAPI</" not in page.split("Findings")[0]


def test_hard_data_are_honoured_by_all_that_know_them(classes):
    (entry,) = classes.metrics["promises"].values()
    (told,) = entry["told"]
    honoured = {name: row["honoured"]["data"] for name, row in told.items()}
    assert [honoured[name] for name in ("model", "markov_chain", "truncated_gaussian")] == [1, 1, 1]
    assert honoured["bootstrap"] < 1
    assert {(row["realisations"], row["cases"]) for row in told.values()} == {(4, 20)}
    assert "hard data honoured" in classes.report.read_text("utf-8")
    about = outcrop.load(classes.bundle).bundle.provenance
    assert about["prior"]["sources"] == [{"name": "logs", "kind": "files", "of": "logs.csv", "joined": False}]
    assert not about["prior"]["simulated"] and about["prior"]["records"] == 40
    assert about["calibration"][0]["rows"]["crps"]["value"] == told["model"]["rows"]["crps"]["value"]
    with xr.open_dataset(classes.folder / "realisations.nc", engine="h5netcdf") as found:
        assert set(np.unique(found["model:LITH"])) <= {0, 1} and found["model:LITH"].dims[1] == "realisation_4"


def test_the_first_realisations_are_the_same_for_any_count_and_batch(numbers, place):
    few = outcrop.sample(numbers.bundle, count=3, out=place / "few", seed=5).data
    many = outcrop.sample(numbers.bundle, count=40, out=place / "many", seed=5).data
    np.testing.assert_allclose(few["GR"], many["GR"][:3], rtol=1e-4, atol=1e-3)
    other = outcrop.sample(numbers.bundle, count=3, out=place / "other", seed=6).data
    assert np.abs(few["GR"] - other["GR"]).max() > 1
    np.testing.assert_allclose(many["GR p90"], np.quantile(many["GR"], 0.9, axis=0), rtol=1e-5)


def test_observations_are_blocked_to_cells_and_honoured(numbers, place):
    (place / "wells.csv").write_text("depth,GR\n2.0,140\n2.1,150\n9.9,60\n99,60\n")
    (place / "given.toml").write_text(
        '[grid.depth]\nstart = 0\nstep = 0.5\ncount = 48\n[observations]\nfiles = "wells.csv"\n'
    )
    found = outcrop.sample(numbers.bundle, place / "given.toml", count=5, out=place / "hard")
    assert found.data["GR"].shape == (5, 48)  # another size than in training
    np.testing.assert_allclose(found.data["GR"].sel(depth=2.0), 145, atol=0.01)  # the mean of two in a cell
    np.testing.assert_allclose(found.data["GR"].sel(depth=10.0), 60, atol=0.01)
    assert int(found.data["observed"].sum()) == 2 and "1 of 4 observations" in found.notes[0]
    text = (place / "given.toml").read_text()
    (place / "soft.toml").write_text(text + "noise_sd = {GR = 20.0}\n")
    soft = outcrop.sample(numbers.bundle, place / "soft.toml", count=5, out=place / "soft").data["GR"].sel(depth=2.0)
    assert soft.std() > 0.1


def test_classes_are_observed_by_code_or_name(classes, place):
    (place / "cores.csv").write_text("depth,FACIES\n2.0,Sand\n4.0,1\n")
    (place / "cores.toml").write_text('[observations]\nfiles = "cores.csv"\n')
    data = outcrop.sample(classes.bundle, place / "cores.toml", count=6, out=place / "cores").data
    assert (data["LITH"].sel(depth=2.0) == 0).all() and (data["LITH"].sel(depth=4.0) == 1).all()
    np.testing.assert_allclose(data["probability Sand"] + data["probability Shale"], 1, atol=1e-6)
    np.testing.assert_allclose(data["entropy"].sel(depth=[2.0, 4.0]), 0, atol=1e-6)
    assert json.loads(data["LITH"].attrs["classes"]) == {"0": "Sand", "1": "Shale"}
    page = (place / "cores/sample.html").read_text("utf-8")
    assert "Calibration on held-out records" in page and "40 records: files logs.csv" in page
    assert "simulated" not in page and "every realisation honours all of them" in page


@pytest.mark.parametrize(
    ("given", "kind", "told"),
    [
        ("[grid.dept]\ncount = 4\n", ConfigError, "did you mean 'depth'"),
        ("[conditions]\nNTG = 0.3\n", ConfigError, "no condition"),
        ('[observations]\nfiles = "none.csv"\n', ConfigError, "No file matches"),
        ('[observations]\nfiles = "empty.csv"\n', DataError, "no column"),
        ('[observations]\nfiles = "far.csv"\n', DataError, "No observation lies on the grid"),
        ("[observations\n", ConfigError, "no TOML"),
    ],
)
def test_what_a_given_file_cannot_say(numbers, place, given, kind, told):
    (place / "empty.csv").write_text("depth\n1\n")
    (place / "far.csv").write_text("depth,GR\n1000,60\n")
    (place / "bad.toml").write_text(given)
    with pytest.raises(kind, match=told):
        outcrop.sample(numbers.bundle, place / "bad.toml", count=2, out=place / "bad")
    assert not (place / "bad").exists()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (["model={family=\"unet1d\"}", "loss.kind=auto"], "does not generate"),
        (["loss.kind=mse"], "not trained with the loss"),
        (["evaluate.baselines=['markov_chain']"], "markov_chain"),
        (["data.target={LOGS={generate=['GR'],given={kind='lines',along='time'}}}"], "no dimension 'time'"),
        (["data.target={LOGS={generate=['RHOB']}}"], "no input"),
        (["loss.schedule=linear", "loss.noise_steps=40"], "amplitude is left"),
        (["sample.inflation=true"], "all share one set"),
        ([*LITHOLOGY, "sample.inflation=true"], "have no mean"),
    ],
)  # fmt: skip
def test_what_cannot_be_generated_is_said_before_training(place, change, told):
    with pytest.raises(ConfigError, match=told):
        outcrop.check(place / "run.toml", overrides=change)


def test_a_generator_is_inspected_and_refuses_to_predict(numbers, place, no_report):
    found = outcrop.inspect(numbers.bundle, figure=place / "network.png")
    assert found.layers.total.parameters <= 10_000 and found.layers[-1].output[-1] == 1
    assert (place / "network.png").stat().st_size > 5000
    with pytest.raises(ConfigError, match="outcrop sample"):
        outcrop.predict(numbers.bundle, place / "logs.csv", out=place / "predicted")
    with pytest.raises(ConfigError, match="predicts and generates nothing"):
        outcrop.sample(_predicting(place), count=2, out=place / "none")


def _predicting(place):
    changes = [
        'data.target={FACIES={from=["FACIES"]}}', 'model={family="mlp"}', "loss.kind=mse", "data.view={kind='points'}",
        "train.steps=2", "evaluate.baselines=['mean']",
    ]  # fmt: skip
    return outcrop.run(place / "run.toml", out=place / "predicting", overrides=changes).bundle


def test_records_full_of_gaps_are_refused_before_training(place):
    table = pd.read_csv(place / "logs.csv")
    table.loc[table.index % 7 == 0, "GR"] = np.nan
    table.to_csv(place / "gaps.csv", index=False)
    with pytest.raises(DataError, match="none can be judged"):
        outcrop.check(place / "run.toml", overrides=['data.source.logs.files="gaps.csv"'])


CONDITIONED = [
    "data.variable={GR={unit='gAPI'},FACIES={}}", "train.steps=120", "train.evaluate_every=60",
    "loss.condition_dropout=0.1", "sample.steps=8",
]  # fmt: skip


@pytest.fixture(scope="module")
def conditioned(place, pageless):
    with pageless():
        return outcrop.run(place / "run.toml", out=place / "conditioned", overrides=CONDITIONED)


def test_the_command_writes_logs_and_leaves_wells_out(numbers, place, capsys):
    rows = [f"{well},{depth},60" for well in ("a", "b", "c") for depth in (2, 4 + ord(well) % 3)]
    (place / "three.csv").write_text("\n".join(["WELL,depth,GR", *rows]))
    (place / "three.toml").write_text('[observations]\nfiles = "three.csv"\n')
    arguments = [str(numbers.bundle), str(place / "three.toml"), "-n", "3", "--out", str(place / "cli")]
    assert _call(["sample", *arguments, "--format", "las", "--leave-out", "WELL"], False) == 0
    assert (place / "cli/realisation_003.las").is_file() and "wells left out" in capsys.readouterr().out
    assert _call(["sample", *arguments, "--format", "segy"], False) == 2
    assert "SEG-Y holds lines and cubes" in capsys.readouterr().err


def level(place, bundle, facies, **how):
    (place / "told.toml").write_text(f"[conditions]\nFACIES = {facies}\n")
    return float(outcrop.sample(bundle, place / "told.toml", count=8, out=place / "told", **how).data["GR"].mean())


@pytest.mark.parametrize("sampler", ["heun", "euler", "stochastic", "ancestral"])
def test_what_is_drawn_follows_what_is_told_with_every_sampler(conditioned, place, sampler):
    shale, sand = (level(place, conditioned.bundle, facies, sampler=sampler) for facies in (1, 0))
    assert shale > sand + 50  # 150 and 50 gAPI in the data


def test_conditions_can_be_a_file_on_the_grid_and_have_to_be_told(conditioned, place):
    facies = np.repeat([0.0, 1.0], 16)
    data = xr.Dataset({"FACIES": ("depth", facies)}, coords={"depth": ("depth", 0.5 * np.arange(32), {"units": "m"})})
    data.to_netcdf(place / "facies.nc", engine="h5netcdf")
    (place / "fields.toml").write_text('fields = "facies.nc"\n')
    drawn = outcrop.sample(conditioned.bundle, place / "fields.toml", count=8, out=place / "fields").data["GR"]
    assert float(drawn[:, 18:].mean()) > float(drawn[:, :14].mean()) + 50
    with pytest.raises(ConfigError, match="has to be told FACIES"):
        outcrop.sample(conditioned.bundle, count=2, out=place / "untold")


def test_an_ensemble_drawn_under_conditions_is_judged_beside_its_floor(conditioned):
    (entry,) = conditioned.metrics["promises"].values()
    (told,) = entry["told"]
    assert told["model"]["honoured"] is None and "coverage" in told["model"]["rows"]
    assert (
        entry["test"]["model"]["energy_score"]["value"]
        < entry["test"]["baselines"]["bootstrap"]["energy_score"]["value"]
    )
    assert entry["verdict"]["bootstrap"]["word"] == "beats"


MAPS = """
[data]
view = {kind = "patches", size = {northing = 16, easting = 16}}
source.maps = {simulation = "gaussian", count = 40, shape = [16, 16], proportions = [0.5, 0.5], seed = 3}
variable.FACIES = {from = ["facies"]}
target.ROCK = {generate = ["FACIES"], classes = {0 = "Shale", 1 = "Sand"}, given = GIVEN}

[promise]
new = "realisation"
folds = 2
validation_share = 0.2

[model]
family = "FAMILY"
NETWORK

[loss]
kind = "flow"

[train]
steps = 4
batch_size = 8
evaluate_every = 2
warmup_steps = 0

[sample]
steps = 2
realisations = 3
most_examples = 8

[evaluate]
bootstrap = 100
baselines = ["bootstrap", "truncated_gaussian"]
"""


LINES = '{kind = "lines", along = "northing", count = [1, 3]}'
BOX = '{kind = "box", size = {northing = 6, easting = 5}}'


def maps(folder, given, family, network):
    """A run on sixteen by sixteen cells."""
    text = MAPS.replace("GIVEN", given).replace("FAMILY", family).replace("NETWORK", network)
    (folder / "maps.toml").write_text(text)
    return outcrop.run(folder / "maps.toml", out=folder / "run")


def test_maps_in_a_rotation_by_two_networks(tmp_path):
    result = maps(tmp_path, LINES, "time_unet2d", "members = 2\nwidths = [4, 8]")
    (entry,) = result.metrics["promises"].values()
    assert [fold["model"]["honoured"]["data"] for fold in entry["told"]] == [1, 1]
    assert entry["groups"] == 16 and len(entry["judged"]) == 2
    assert result.report.read_text("utf-8").count("fold 2") >= 1
    _refit_on_all_maps(result, tmp_path)


def test_maps_around_a_box_by_a_transformer(tmp_path, no_report):
    result = maps(tmp_path, BOX, "dit2d", "width_size = 16\ndepth = 1")
    (entry,) = result.metrics["promises"].values()
    assert [fold["model"]["honoured"]["data"] for fold in entry["told"]] == [1, 1]
    _refit_on_all_maps(result, tmp_path)


def _refit_on_all_maps(result, tmp_path):
    drawn = outcrop.sample(result.bundle, count=3, out=tmp_path / "drawn").data
    assert drawn["ROCK"].shape == (3, 16, 16)
    grid = {
        dim: (float(axis[0]), float(axis[1] - axis[0])) for dim, axis in drawn.coords.items() if dim != "realisation"
    }
    assert set(grid) == {"northing", "easting"} and {step for _, step in grid.values()} == {10.0}
