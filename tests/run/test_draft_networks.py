"""Drafts for networks and operators: stations and links get a graph, simulated fields an operator, and all pass."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import outcrop
from link_files import pipes, river
from outcrop.config.load import load
from outcrop.data.inventory import inventory
from outcrop.run.advise import advise
from outcrop.run.check import check
from outcrop.run.new import draft
from station_files import stations


@pytest.fixture
def folder(tmp_path):
    """Twelve stations in a NetCDF file, and each in a table of its own; the third of them begins later."""
    stations(tmp_path / "net.nc")
    with xr.open_dataset(tmp_path / "net.nc", engine="h5netcdf") as data:
        for number in range(12):
            own = data.isel(station=number)
            columns = {"date": own.time, "x": float(own.easting), "y": float(own.northing), "temp": own.temp}
            table = pd.DataFrame({**columns, "wind": own.wind})
            table.iloc[5 * (number == 3) :].to_csv(tmp_path / f"S{number}.csv", index=False)
    return tmp_path


@pytest.mark.parametrize("files", ["*.csv", "net.nc"])
def test_stations_with_places_become_a_network(folder, files):
    stock, path = draft(folder / files, folder / "run.toml", target="temp")
    config, text = load(path), path.read_text("utf-8")
    assert stock.structure == "stations" and config.model.family == "graph_interpolation"
    view = config.data.view
    assert (view.kind, view.neighbours, view.hide, view.interpolate) == ("graphs", 8, 0.5, True)
    assert (config.promise.new, config.promise.folds) == ("station", 5)
    assert "# Why graph_interpolation: a new place is filled in" in text and "# Forecasts for the same" in text
    assert not check(path).refused


def test_a_drafted_network_predicts_into_the_tables_it_came_from(folder, quick_run):
    _, path = draft(folder / "*.csv", folder / "run.toml", target="temp")
    one_fit = ['promise={new="station",test=["S1","S3","S5"]}', "bundle.model=held_out", "model.depth=1"]
    small = ["model.members=1", "model.width_size=4", 'evaluate.baselines=["mean"]']
    result, _ = quick_run(path, folder / "run", *one_fit, *small)
    outcrop.predict(result.bundle, str(folder / "S*.csv"), out=folder / "predicted")
    written = pd.read_csv(folder / "predicted/S3.csv")
    assert len(written) == 55 and written["temp_PRED"].notna().all()
    apart = [pd.read_csv(folder / f"predicted/S{number}.csv")["temp_PRED"].mean() for number in range(12)]
    assert len(np.unique(np.round(apart, 3))) > 6, "each station has its own values"


def test_stations_without_places_are_forecast(folder):
    for path in folder.glob("*.csv"):
        pd.read_csv(path).drop(columns=["x", "y"]).to_csv(path, index=False)
    _, path = draft(folder / "*.csv", folder / "run.toml", target="temp")
    assert load(path).data.view.kind != "graphs" and not check(path).refused


@pytest.mark.parametrize(("make", "edges", "target"), [(pipes, "adjacent", "flow"), (river, "downstream", "discharge")])
def test_links_become_a_graph_of_links(tmp_path, make, edges, target):
    options = {"format": "links"} if make is pipes else {}  # of NetCDF it has to be said
    file = make(tmp_path / ("net.nc" if make is pipes else "river.csv"))
    stock, path = draft(file, tmp_path / "run.toml", target=target, **options)
    config = load(path)
    assert stock.structure == "links" and stock.options["format"] == "links"
    assert (config.data.view.kind, config.data.view.edges, config.promise.new) == ("graphs", edges, "link")
    assert config.model.family == "message_passing" and not check(path).refused


def test_depths_from_and_to_are_no_links(tmp_path):
    rows = "".join(f"H{hole},{top},{top + 2},{0.1 * top}\n" for hole in range(4) for top in range(0, 40, 2))
    (tmp_path / "assays.csv").write_text("HOLE,FROM,TO,AU\n" + rows)
    assert inventory(tmp_path / "assays.csv").structure != "links"
    rows = "".join(f"{top + 0.5},{top + 2.5},{0.1 * top}\n" for top in range(0, 40, 2))
    (tmp_path / "assays.csv").write_text("FROM,TO,AU\n" + rows)
    assert inventory(tmp_path / "assays.csv").structure != "links"


def test_simulated_fields_get_an_operator(data_dir, tmp_path):
    dims = {name: ["simulation", "row", "column"] for name in ("x", "y")}
    file = data_dir / "pde/darcy_test_16.pt"
    stock, path = draft(file, tmp_path / "run.toml", target="y", dims=dims, records="simulation")
    config, text = load(path), path.read_text("utf-8")
    assert stock.structure == "fields" and (config.model.family, config.loss.kind) == ("fno2d", "relative_l2")
    assert config.data.view.size == "whole" and list(config.data.variable) == ["x"]
    assert "17_darcy_operator (fno): relative L2 error 0.097" in text and not check(path).refused


def test_a_mesh_passes_its_check(data_dir, tmp_path):
    _, path = draft(data_dir / "mesh/nod2d.out", tmp_path / "run.toml", target="temp", fields="temp.fesom.1948.nc")
    config = load(path)
    assert config.data.view.edges == "mesh" and config.model.family == "encode_process_decode"
    assert not check(path).refused


def test_an_equation_is_advised_with_what_was_solved(data_dir, monkeypatch):
    monkeypatch.setenv("OUTCROP_DATA_DIR", str(data_dir))
    advice = advise(Path(__file__).parents[2] / "examples/21_hidden_coefficients/viscosity.toml")
    assert advice.facts.structure == "equation" and advice.facts.target == "u and viscosity"
    told = " ".join(advice.measured)
    assert "20_equations" in told and "tikhonov 0.033: too close to call" in told
    assert "a solver on a grid" in str(advice) and "independent samples" not in told
