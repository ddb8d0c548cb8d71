"""Every simulation through one suite: seeds, labels, round trips through files; the command."""

import numpy as np
import pytest

import outcrop
from outcrop.cli import _call
from outcrop.errors import ConfigError
from outcrop.simulate.save import save
from outcrop.simulate.table import SIMULATIONS, options_of, simulate

SMALL = {
    "logs": {"samples": 60, "step_m": 0.1524, "top_m": 1234.5},
    "porosity": {"samples": 30},
    "channels": {"shape": (20, 24)},
    "gaussian": {"shape": (20, 24)},
    "layers": {"shape": (20, 24)},
    "seismic": {"shape": (12, 32)},
    "basin": {"samples": 32},
    "antiderivative": {"samples": 32},
    "diffusion_reaction": {"samples": 32},
    "burgers": {"samples": 32},
}
CUBES = {
    "channels": {"shape": (6, 5, 8), "spacing_m": (25.0, 12.5, 0.5)},
    "gaussian": {"shape": (6, 5, 8), "spacing_m": (25.0, 25.0, 1.0), "range_m": (100.0, 100.0, 4.0)},
    "layers": {"shape": (6, 5, 8), "spacing_m": (25.0, 25.0, 5.0)},
    "seismic": {"shape": (6, 5, 20), "spacing_m": (25.0, 12.5), "start_ms": 1200.0},
}
EVERY = [*SMALL.items(), *CUBES.items()]


def test_the_suite_covers_the_table():
    assert set(SMALL) == set(SIMULATIONS)


@pytest.mark.parametrize(("name", "options"), EVERY)
def test_realisations_depend_on_seed_and_number_alone(name, options):
    few, many, other = (simulate(name, count=n, seed=k, **options) for n, k in ((2, 7), (4, 7), (2, 8)))
    for a, b in zip(few, many, strict=False):
        assert a.data.identical(b.data) and a.sha256 == b.sha256 and a.name == b.name
    assert len({record.sha256 for record in (*many, *other)}) == 6


@pytest.mark.parametrize(("name", "options"), EVERY)
def test_everything_is_labelled_and_finite(name, options):
    record = simulate(name, count=1, seed=3, **options)[0]
    assert record.groups == {"record": f"{name}-3-0000", "simulation": name, "realisation": "0000"}
    assert record.source == f"simulate:{name}" and "seed 3" in record.notes[0]
    for variable in record.data.variables.values():
        assert {"units", "long_name"} <= set(variable.attrs)
        assert np.isfinite(variable.to_numpy()).all()
    for array in record.data.data_vars.values():
        assert array.dims == record.dims


def same(read, made, names, *, attributes=True):
    for name in names:
        np.testing.assert_array_equal(
            read[name].to_numpy().astype(np.float32), made[name].to_numpy().astype(np.float32)
        )
        assert not attributes or read[name].attrs["units"] == made[name].attrs["units"], name


@pytest.mark.parametrize(("name", "options"), EVERY)
def test_netcdf_gives_back_everything(name, options, tmp_path):
    made = simulate(name, count=2, seed=5, **options)
    read = outcrop.read(save(made, tmp_path))
    assert [record.name for record in read] == [record.name for record in made]
    for a, b in zip(read, made, strict=True):
        same(a.data, b.data, b.data.variables)
        np.testing.assert_array_equal(a.data[b.dims[-1]], b.data[b.dims[-1]])
        assert a.dims == b.dims and a.data.attrs["realisation"] == b.data.attrs["realisation"]


WELLS = [("logs", SMALL["logs"]), ("gaussian", {"shape": (40,), "spacing_m": (2.5,), "range_m": (20.0,)})]


@pytest.mark.parametrize(("name", "options"), WELLS)
def test_las_gives_back_curves_units_and_depths(name, options, tmp_path):
    made = simulate(name, count=2, seed=5, **options)
    for a, b in zip(outcrop.read(save(made, tmp_path, "las")), made, strict=True):
        same(a.data, b.data, b.data.data_vars)
        np.testing.assert_array_equal(a.data["depth"], b.data["depth"])
        assert a.name == b.name and a.groups["well"] == b.name and a.data["depth"].units == "m"


LINES = [("layers", SMALL["layers"]), ("seismic", SMALL["seismic"]), *CUBES.items()]


@pytest.mark.parametrize(("name", "options"), LINES)
def test_segy_gives_back_values_places_and_the_vertical_axis(name, options, tmp_path):
    made = simulate(name, count=1, seed=5, **options)
    paths = save(made, tmp_path, "segy")
    truth = made[0].data
    assert [path.stem for path in paths] == [f"{made[0].name}_{variable}" for variable in truth.data_vars]
    domain = "time" if "twt" in made[0].dims else "depth"
    for path, variable in zip(paths, truth.data_vars, strict=True):
        (read,) = outcrop.read(path, domain=domain, dead="keep", variable=str(variable))
        assert read.dims == made[0].dims
        same(read.data, truth, [variable], attributes=False)
        same(read.data, truth, [dim for dim in read.dims if dim in ("twt", "depth")])
        for place in ("easting", "northing", *read.dims):
            np.testing.assert_allclose(read.data[place], truth[place], rtol=0, atol=1e-9)


def test_obspy_reads_the_segy_files(tmp_path):
    segy = pytest.importorskip("obspy.io.segy.segy")
    made = simulate("seismic", seed=1, shape=(6, 30))
    file = segy._read_segy(str(save(made, tmp_path, "segy")[0]))
    np.testing.assert_array_equal([trace.data for trace in file.traces], made[0].data["amplitude"])
    header = file.traces[2].header
    assert header.sample_interval_in_ms_for_this_trace == 4000 and header.ensemble_number == 3
    assert header.source_coordinate_x == 0 and file.binary_file_header.seg_y_format_revision_number == 0x0100


def test_what_a_format_cannot_hold_is_said(tmp_path):
    channels = simulate("channels", **SMALL["channels"])
    with pytest.raises(ConfigError, match='format = "netcdf"'):
        save(channels, tmp_path, "las")
    with pytest.raises(ConfigError, match='format = "netcdf"'):
        save(channels, tmp_path, "segy")
    with pytest.raises(ConfigError, match="choose one of netcdf, las, segy"):
        save(channels, tmp_path, "netcdff")
    with pytest.raises(ConfigError, match="steps of whole thousandths"):
        save(simulate("layers", shape=(4, 5), spacing_m=(25.0, 70.0)), tmp_path, "segy")
    assert not list(tmp_path.iterdir())


def test_impossible_requests_say_what_is_possible():
    with pytest.raises(ConfigError, match="did you mean 'channels'"):
        simulate("chanels")
    with pytest.raises(ConfigError, match="did you mean 'net_to_gross'"):
        simulate("channels", net_gross=0.3)
    with pytest.raises(ConfigError, match="count = 10, seed = 0"):
        simulate("logs", count=0)
    assert next(iter(options_of("seismic"))) == "shape" and options_of("seismic")["faults"] == 3


def test_the_public_name_is_the_function_whatever_was_imported():
    assert outcrop.simulate("logs", samples=10)[0].shape == (10,)


def test_the_command_writes_files_and_lists_what_there_is(tmp_path, capsys):
    arguments = ["--count", "2", "--seed", "4", "--out", str(tmp_path), "--format", "las", "--option", "samples=40"]
    assert _call(["simulate", "logs", *arguments], False) == 0
    assert "logs-4-0000.las to logs-4-0001.las" in " ".join(capsys.readouterr().out.split())
    assert outcrop.read(tmp_path / "logs-4-0001.las")[0].shape == (40,)
    assert _call(["simulate"], False) == 0
    told = capsys.readouterr().out
    assert all(name in told for name in SIMULATIONS) and "proportions=[0.25,0.75]" in told
    assert _call(["simulate", "logs"], False) == 2
    assert "--out simulated" in capsys.readouterr().err
    assert _call(["simulate", "logs", "--out", str(tmp_path), "--option", "samples"], False) == 2
    assert "net_to_gross=0.4" in capsys.readouterr().err


@pytest.mark.parametrize("format", ["grdecl", "roff"])
def test_reservoir_grids_give_back_cubes_where_they_lie(tmp_path, format):
    options = {"shape": (3, 4, 5), "spacing_m": (25.0, 50.0, 5.0), "range_m": (100.0, 100.0, 20.0), "top_m": 1500.0}
    made = simulate("gaussian", count=1, seed=2, **options)
    (back,) = outcrop.read(save(made, tmp_path, format))
    own = made[0].data.transpose("depth", "inline", "crossline")
    for name in ("facies", "field_1"):
        found = back.data[name if format == "roff" else name.upper()]
        np.testing.assert_allclose(found, own[name], rtol=1e-6)
    np.testing.assert_allclose(back.data["easting"][0], own["easting"], atol=1e-3)
    np.testing.assert_allclose(back.data["northing"][0], own["northing"], atol=1e-3)
    np.testing.assert_allclose(back.data["depth"][:, 0, 0], own["depth"], rtol=1e-6)
    with pytest.raises(ConfigError, match="A reservoir grid holds maps and cubes"):
        save(simulate("logs"), tmp_path, format)
