"""What a given file says of realisations: wells from tables and logs, lines, soft attributes and trends."""

import json
from dataclasses import replace

import equinox as eqx
import jax
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from sample_models import CENTRE, SHARES, SPREAD, model

import outcrop
from outcrop.errors import ConfigError, DataError
from outcrop.records import Record
from outcrop.simulate.save import save

GRID = "[grid.depth]\nstart = 1000\nstep = 0.5\ncount = 32\n"
DEPTH = 1000 + 0.5 * np.arange(32)


@pytest.fixture(scope="module")
def logs():
    return model("logs")


@pytest.fixture(scope="module")
def maps():
    return model("maps", classes=True)


def drawn(bundle, folder, text, count=4, **how):
    (folder / "given.toml").write_text(text, "utf-8")
    return outcrop.sample(bundle, folder / "given.toml", count=count, out=folder / "out", report=False, **how)


def las(folder, name, depth, unit="m", **curves):
    arrays = {key: ("depth", values, {"units": unit_of}) for key, (values, unit_of) in curves.items()}
    data = xr.Dataset(arrays, {"depth": ("depth", depth, {"units": unit})})
    (path,) = save([Record(data, name)], folder, "las")
    return path


def test_logs_are_averaged_in_cells_in_metres_and_the_unit_of_training(logs, tmp_path):
    depth = np.arange(1000.0625, 1004.0, 0.125)  # four samples per cell
    values = 60 + 10 * np.arange(32.0) % 7
    path = las(tmp_path, "31/2-1 Ø".replace("/", "_"), np.round(depth / 0.3048, 4), "ft", GR=(values, "gAPI"))
    text = f'{GRID}[observations]\nfiles = "{path.name}"\n'
    found = drawn(logs, tmp_path, text)
    cell = np.round((depth - 1000) / 0.5)
    right = pd.Series(values).groupby(cell).mean()
    observed = found.data["GR observed"].to_numpy()
    np.testing.assert_allclose(observed[: len(right)], right, rtol=1e-4)
    assert np.isnan(observed[len(right) :]).all()
    np.testing.assert_allclose(found.data["GR"][:, : len(right)], np.tile(right, (4, 1)), atol=0.05)
    about = json.loads((tmp_path / "out/sample.json").read_text("utf-8"))
    assert about["observations"]["wells"] == ["31_2-1 Ø"] and about["honoured"]["every"] == [1, 1, 1, 1]
    median = drawn(logs, tmp_path, text + 'average = "median"\ntolerance = 0.2\n').data["GR observed"]
    near = np.abs((depth - 1000) / 0.5 - cell) <= 0.2 + 1e-9
    np.testing.assert_allclose(median[:8], pd.Series(values[near]).groupby(cell[near]).median()[:8], rtol=1e-4)


def test_wells_stand_where_their_heads_say(tmp_path):
    cubes = model("cubes", "PHI")
    for name, value in (("A-1", 80.0), ("B-2", 60.0)):
        las(tmp_path, name, np.arange(5.0), PHI=(np.full(5, value), "gAPI"))
    (tmp_path / "heads.csv").write_text("Well,inline,crossline\nA-1,2,3\nB-2,3,1\n")
    grid = "[grid]\ninline = {start = 1, step = 1}\ncrossline = {start = 1, step = 1}\n"
    text = f'{grid}[observations]\nfiles = "*.las"\nheads = "heads.csv"\n'
    data = drawn(cubes, tmp_path, text).data["PHI"]
    np.testing.assert_allclose(data.sel(inline=2, crossline=3), 80, atol=0.01)
    np.testing.assert_allclose(data.sel(inline=3, crossline=1), 60, atol=0.01)
    with pytest.raises(DataError, match=r'heads = "heads.csv", with columns well, inline, crossline'):
        drawn(cubes, tmp_path, text.replace('heads = "heads.csv"', ""))
    (tmp_path / "heads.csv").write_text("Well,inline,crossline\nA-1,2,3\n")
    with pytest.raises(DataError, match="no well 'B-2'"):
        drawn(cubes, tmp_path, text)
    (tmp_path / "heads.csv").write_text("Well,inline,crossline\nA-1,2,3\nA-1,2,4\n")
    with pytest.raises(DataError, match="keep one row of every well"):
        drawn(cubes, tmp_path, text)


def test_rows_of_a_well_become_a_line_where_they_are_near(logs, maps, tmp_path):
    table = "well,depth,GR\na,1000,40\na,1002,80\na,1010,90\nb,1012,50\n"
    (tmp_path / "wells.csv").write_text(table)
    text = f'{GRID}[observations]\nfiles = "wells.csv"\n'
    assert np.isfinite(drawn(logs, tmp_path, text).data["GR observed"]).sum() == 4
    line = drawn(logs, tmp_path, text + "line_gap = 5\n")
    observed = line.data["GR observed"].to_numpy()
    assert np.isfinite(observed).sum() == 7 and "4 of 4" not in line.notes[-1]
    np.testing.assert_allclose(
        observed[1:4], [50, 60, 70], atol=1e-3
    )  # means of three points a quarter of a metre apart
    np.testing.assert_allclose(observed[[0, 4]], [42.5, 77.5], atol=1e-3)
    (tmp_path / "line.csv").write_text("well,northing,easting,T\nx,0,0,Sand\nx,90,90,Shale\n")
    cells = drawn(maps, tmp_path, '[observations]\nfiles = "line.csv"\nline_gap = 20\n').data["T observed"].to_numpy()
    np.testing.assert_array_equal(np.diag(cells)[:10], [1, 1, 1, 1, 1, 0, 0, 0, 0, 0])
    assert np.isfinite(cells).sum() == 10
    (tmp_path / "line.csv").write_text("northing,easting,T\n0,0,Sand\n90,90,Shale\n")
    with pytest.raises(ConfigError, match="line_gap joins the rows of a well"):
        drawn(maps, tmp_path, '[observations]\nfiles = "line.csv"\nline_gap = 20\n')


def field(folder, name, values, **coords):
    dims = tuple(coords)
    xr.Dataset({name: (dims, values)}, coords).to_netcdf(folder / f"{name}.nc", engine="h5netcdf")


def posterior(attribute, slope, intercept, noise_sd, centre=CENTRE):
    """Mean and standard deviation of N(centre, SPREAD^2) given an attribute."""
    precision = SPREAD**-2 + (slope / noise_sd) ** 2
    gain = slope / noise_sd**2 / precision
    return centre + gain * (attribute - intercept - slope * centre), precision**-0.5


def test_a_soft_attribute_of_a_number_gives_the_posterior(logs, tmp_path):
    attribute = 2 * (90 + 30 * np.sin(np.arange(32) / 3)) + 5
    attribute[20:] = np.nan
    field(tmp_path, "AI", attribute, depth=DEPTH)
    text = f'{GRID}[soft.AI]\nfiles = "AI.nc"\nslope = 2\nintercept = 5\nnoise_sd = 40\n'
    found = drawn(logs, tmp_path, text, 400, steps=60)
    assert "20 of 32 cells" in found.notes[0]
    mean, sd = posterior(attribute, 2, 5, 40)
    own = found.data["GR"].to_numpy()
    np.testing.assert_allclose(own[:, :20].mean(axis=0), mean[:20], atol=4)  # sd / 20 is 0.8
    np.testing.assert_allclose(own[:, :20].std(axis=0).mean(), sd, rtol=0.05)
    np.testing.assert_allclose([own[:, 20:].mean(), own[:, 20:].std()], [CENTRE, SPREAD], rtol=0.05)


def test_a_soft_attribute_and_a_noisy_value_of_one_cell_are_weighed(logs, tmp_path):
    field(tmp_path, "AI", np.full(32, 200.0), depth=DEPTH)
    (tmp_path / "wells.csv").write_text("depth,GR\n1004,60\n")
    soft = '[soft.AI]\nfiles = "AI.nc"\nslope = 2\nnoise_sd = 40\n'
    text = f'{GRID}{soft}[observations]\nfiles = "wells.csv"\nnoise_sd = {{GR = 15}}\n'
    own = drawn(logs, tmp_path, text, 400, steps=60).data["GR"].sel(depth=1004)
    precision = SPREAD**-2 + (2 / 40) ** 2 + 15**-2
    mean = (CENTRE / SPREAD**2 + 2 * 200 / 40**2 + 60 / 15**2) / precision
    np.testing.assert_allclose([own.mean(), own.std()], [mean, precision**-0.5], rtol=0.1)


def test_a_soft_attribute_of_classes_gives_the_odds_of_bayes_and_spares_hard_data(maps, tmp_path):
    axis = 10.0 * np.arange(16)
    velocity = np.full((16, 16), 2600.0)
    velocity[:, 8:] = 2400.0
    field(tmp_path, "VP", velocity, northing=axis, easting=axis)
    (tmp_path / "wells.csv").write_text("northing,easting,T\n50,20,Sand\n50,120,Shale\n")
    soft = '[soft.VP]\nfiles = "VP.nc"\nmeans = {Shale = 2800, Sand = 2200}\nnoise_sd = 300\n'
    sand = drawn(maps, tmp_path, f'{soft}[observations]\nfiles = "wells.csv"\n', 40).data["probability Sand"]
    for half, attribute in ((sand[6:, :8], 2600), (sand[6:, 8:], 2400)):
        odds = np.array(SHARES) * np.exp(-0.5 * ((attribute - np.array([2800, 2200])) / 300) ** 2)
        np.testing.assert_allclose(half.mean(), odds[1] / odds.sum(), atol=0.04)
    assert float(sand.sel(northing=50, easting=20)) == 1 and float(sand.sel(northing=50, easting=120)) == 0


def test_a_trend_takes_the_place_of_the_mean_of_training(logs, tmp_path):
    plain = drawn(logs, tmp_path, GRID).data["GR"].load()
    slope = np.linspace(40, 160, 32)
    field(tmp_path, "GR", slope, depth=DEPTH)
    text = f'{GRID}[trend.GR]\nfiles = "GR.nc"\n'
    moved = drawn(logs, tmp_path, text).data["GR"]
    np.testing.assert_allclose(moved, plain + slope - CENTRE, rtol=1e-4, atol=1e-2)
    (tmp_path / "wells.csv").write_text("depth,GR\n1004,99\n")
    field(tmp_path, "AI", np.full(32, 300.0), depth=DEPTH)
    more = '[observations]\nfiles = "wells.csv"\n[soft.AI]\nfiles = "AI.nc"\nslope = 2\nnoise_sd = 40\n'
    seen = drawn(logs, tmp_path, text + more, 400).data
    np.testing.assert_allclose(seen["GR"].sel(depth=1004), 99, atol=0.05)
    np.testing.assert_allclose(seen["GR observed"].sel(depth=1004), 99, atol=0.05)
    mean, _ = posterior(300.0, 2, 0, 40, centre=slope)
    others = np.arange(32) != 8
    np.testing.assert_allclose(seen["GR"].mean("realisation")[others], mean[others], atol=4)


def test_a_transform_is_that_of_the_attribute_and_the_trend(tmp_path):
    logs = model("logs", transform="sqrt")
    field(tmp_path, "GR", np.full(32, 10_000.0), depth=DEPTH)
    plain = drawn(logs, tmp_path, GRID).data["GR"].load()
    moved = drawn(logs, tmp_path, f'{GRID}[trend.GR]\nfiles = "GR.nc"\n').data["GR"]
    roots = np.sqrt(plain)
    above = roots > 30  # roots below 0 do not come back
    np.testing.assert_allclose(np.sqrt(moved.where(above)), (roots + 100 - CENTRE).where(above), rtol=1e-3)


def test_noise_of_some_variables_leaves_others_hard_and_every_realisation_is_told_apart(logs, tmp_path):
    (tmp_path / "wells.csv").write_text("depth,GR\n1004,99\n1008,60\n")
    text = f'{GRID}[observations]\nfiles = "wells.csv"\nnoise_sd = {{GR = 5}}\n'
    drawn(logs, tmp_path, text, 6)
    kept = json.loads((tmp_path / "out/sample.json").read_text())["honoured"]
    assert kept["noisy"] and len(kept["every"]) == 6 and kept["data"] > 0.5


@pytest.mark.parametrize(
    ("files", "given", "kind", "told"),
    [
        ({"w.csv": ""}, '[observations]\nfiles = "w.csv"\n', DataError, "The file is empty"),
        ({"w.csv": "depth,GR\n"}, '[observations]\nfiles = "w.csv"\n', DataError, "The table has no rows"),
        ({"w.csv": "depth,GR\n1000,\n1001,NA\n"}, '[observations]\nfiles = "w.csv"\n', DataError, "All 2 observations"),
        ({"w.csv": "depth,GR\n50,60\n"}, '[observations]\nfiles = "w.csv"\n', DataError, "say .grid. start, step"),
        ({"w.csv": "depth,GR\ndeep,60\n"}, '[observations]\nfiles = "w.csv"\n', DataError, "no place along depth"),
        (
            {"w.csv": "depth,GR\n1000,60\n"}, '[observations]\nfiles = "w.csv"\nnoise_sd = {GRR = 1}\n', ConfigError,
            "did you mean 'GR'",
        ),
        ({}, "[soft.AI]\nfiles = 'AI.nc'\nnoise_sd = 1\n", ConfigError, "needs slope"),
        ({}, "[soft.AI]\nfiles = 'AI.nc'\nslope = 1\n", ConfigError, "soft.AI.noise_sd"),
        ({}, "[soft.AI]\nfiles = 'AI.nc'\nslope = 1\nnoise_sd = 1\n", ConfigError, "No file matches"),
        ({}, "[trend.GRR]\nfiles = 'GR.nc'\n", ConfigError, "did you mean 'GR'"),
        ({}, "[trendy.GR]\nfiles = 'GR.nc'\n", ConfigError, "trendy"),
    ],
)  # fmt: skip
def test_awkward_files_say_what_to_do(logs, tmp_path, files, given, kind, told):
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    with pytest.raises(kind, match=told):
        drawn(logs, tmp_path, GRID + given)
    assert not (tmp_path / "out").exists()


def test_fields_that_do_not_fit_say_what_would(logs, maps, tmp_path):
    text = f'{GRID}[trend.GR]\nfiles = "GR.nc"\n'
    field(tmp_path, "GR", np.ones(32), depth=DEPTH - 500)
    with pytest.raises(DataError, match=r"lies on depth 500 to 515\.5"):
        drawn(logs, tmp_path, text)
    field(tmp_path, "GR", np.where(np.arange(32) == 3, np.nan, 1.0), depth=DEPTH)
    with pytest.raises(DataError, match="fill it on the whole grid"):
        drawn(logs, tmp_path, text)
    field(tmp_path, "GR", np.ones((32, 2)), depth=DEPTH, easting=[0, 1])
    with pytest.raises(DataError, match="the grid on depth"):
        drawn(logs, tmp_path, text)
    with pytest.raises(DataError, match="did you mean 'GR'"):
        drawn(logs, tmp_path, f'{text}variable = "GRR"\n')
    field(tmp_path, "GR", np.ones(32), depth=np.where(np.arange(32) == 4, 1000, DEPTH))
    with pytest.raises(DataError, match="sort the file"):
        drawn(logs, tmp_path, text)
    field(tmp_path, "AI", np.full(32, np.nan), depth=DEPTH)
    with pytest.raises(DataError, match=r"leave \[soft.AI\] out"):
        drawn(logs, tmp_path, f'{GRID}[soft.AI]\nfiles = "AI.nc"\nslope = 1\nnoise_sd = 1\n')
    field(tmp_path, "VP", np.ones((16, 16)), northing=10.0 * np.arange(16), easting=10.0 * np.arange(16))
    soft = '[soft.VP]\nfiles = "VP.nc"\nnoise_sd = 1\n'
    with pytest.raises(ConfigError, match=r"means = \{Shale = ..., Sand = ...\}"):
        drawn(maps, tmp_path, f"{soft}means = {{Sand = 1}}\n")
    with pytest.raises(ConfigError, match=r"means = \{Shale = ..., Sand = ...\}"):
        drawn(maps, tmp_path, f"{soft}slope = 1\n")
    with pytest.raises(ConfigError, match="train with the proportion as a condition"):
        drawn(maps, tmp_path, '[trend.T]\nfiles = "VP.nc"\n')


def test_conditions_are_told_in_standard_units_everywhere_or_cell_by_cell(tmp_path):
    logs, layers = model("logs", condition="NTG"), np.where(np.arange(32) < 12, CENTRE + 3 * SPREAD, CENTRE - SPREAD)
    same = drawn(logs, tmp_path, f"{GRID}[conditions]\nNTG = {CENTRE + 2 * SPREAD}\n", 200).data["GR"]
    np.testing.assert_allclose(same.mean(), CENTRE + 2 * SPREAD, atol=2)  # a network that draws what it is told
    field(tmp_path, "NTG", layers, depth=DEPTH)
    own = drawn(logs, tmp_path, f'fields = "NTG.nc"\n{GRID}', 200).data["GR"].mean("realisation")
    np.testing.assert_allclose([own[:12].mean(), own[12:].mean()], [CENTRE + 3 * SPREAD, CENTRE - SPREAD], atol=3)
    with pytest.raises(ConfigError, match="has to be told NTG"):
        drawn(logs, tmp_path, GRID)
    with pytest.raises(ConfigError, match="its conditions are NTG"):
        drawn(logs, tmp_path, f"{GRID}[conditions]\nNTGG = 1\n")


class Game(eqx.Module):
    """A network that makes realisations at once, as one trained by a game does."""

    generator: bool = True

    def sample(self, key, condition):
        return jax.random.normal(key, (32, 1))


def test_generators_of_games_take_hard_data_alone(logs, tmp_path):
    game = replace(logs, members=[Game()])
    (tmp_path / "w.csv").write_text("depth,GR\n1004,60\n")
    text = f'{GRID}[observations]\nfiles = "w.csv"\n'
    np.testing.assert_allclose(drawn(game, tmp_path, text).data["GR"].sel(depth=1004), 60, atol=1e-3)
    with pytest.raises(ConfigError, match="leave noise_sd out"):
        drawn(game, tmp_path, text + "noise_sd = {GR = 5}\n")
    field(tmp_path, "AI", np.full(32, 200.0), depth=DEPTH)
    with pytest.raises(ConfigError, match=r"leave \[soft\] and \[linear\] out"):
        drawn(game, tmp_path, f'{GRID}[soft.AI]\nfiles = "AI.nc"\nslope = 1\nnoise_sd = 1\n')


def test_classes_take_no_noise_and_no_mean(maps, tmp_path):
    (tmp_path / "w.csv").write_text("northing,easting,T\n0,0,Sand\n0,10,\n400,0,Shale\n")
    text = '[observations]\nfiles = "w.csv"\n'
    found = drawn(maps, tmp_path, text)
    assert [note.split(" observations ")[0] for note in found.notes[:2]] == ["1 of 3", "1 of 3"]
    with pytest.raises(ConfigError, match="uncertain classes are soft data"):
        drawn(maps, tmp_path, text + "noise_sd = {T = 0.1}\n")
    with pytest.raises(ConfigError, match='average = "majority"'):
        drawn(maps, tmp_path, text + 'average = "mean"\n')
    (tmp_path / "w.csv").write_text("northing,easting,T\n400,0,Shale\n")
    with pytest.raises(DataError, match=r"say \[grid\] start, step"):
        drawn(maps, tmp_path, text)
    (tmp_path / "w.csv").write_text("northing,easting,T\n0,0,Sandd\n")
    with pytest.raises(DataError, match="did you mean 'Sand'"):
        drawn(maps, tmp_path, text)
