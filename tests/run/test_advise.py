"""Advice on real files: what they are, how many independent samples they hold, which family fits, what was measured."""

import tomllib
from pathlib import Path

import numpy as np
import pytest

from outcrop.cli import _call
from outcrop.config.load import load
from outcrop.errors import ConfigError
from outcrop.run.advise import advise
from outcrop.run.check import check
from outcrop.run.new import draft

ROOT = Path(__file__).parents[2]


def test_logs(data_dir):
    advice = advise(str(data_dir / "force2020/las/31_*.las.xz"))
    facts = advice.facts
    assert (facts.structure, facts.promise, facts.key) == ("wells", "new", "well")
    assert facts.counted_on == "FORCE_2020_LITHOFACIES_LITHOLOGY" and 50 < facts.independent < 500
    assert advice.family == "unet1d" and advice.settings == {"members": 3, "widths": [16, 32, 64]}
    assert advice.evidence[0].example == "03_facies_from_logs"
    assert any(f"rests on {facts.groups} wells" in sentence for sentence in advice.sentences)


def test_stations_by_promise(data_dir, monkeypatch):
    monkeypatch.setenv("OUTCROP_DATA_DIR", str(data_dir))
    later = advise(ROOT / "examples/08_air_quality/run.toml")
    assert (later.facts.structure, later.family, later.facts.target) == ("stations", "gru", "PM")
    assert later.facts.independent == pytest.approx(932, abs=1)
    assert "too close to call" in later.measured[0] and "08_air_quality" in later.measured[0]
    new = advise(ROOT / "examples/10_station_network/run.toml")
    assert (new.facts.structure, new.facts.groups, new.choice.view) == ("stations", 12, "graphs")
    assert any("rests on 12 stations" in sentence for sentence in new.sentences)


@pytest.mark.parametrize(
    ("files", "options", "structure", "family"),
    [
        ("segy/segyio_f3.sgy", {"domain": "time", "polarity": "normal"}, "cube", "unet2d"),
        ("imagery/NDVI.npy", {"dims": ["time", "y", "x", "band"], "fold": "time"}, "stack", "mlp"),
        ("seismic_f3/images/13*.png", {}, "images", "unet2d"),
        ("mesh/nod2d.out", {"fields": "temp.fesom.1948.nc"}, "mesh", "encode_process_decode"),
        ("points/rio-magnetic.csv.xz", {"target": "total_field_anomaly_nt"}, "points", "mlp"),
        ("groundwater/Sweden_2/heads.csv", {"target": "head"}, "series", "gru"),
        ("grids/era5-2mt-2019-03-uk.grib", {"target": "t2m"}, "maps", "convlstm"),
    ],
)
def test_other_files(data_dir, files, options, structure, family):
    advice = advise(data_dir / files, **options)
    assert (advice.facts.structure, advice.family) == (structure, family)
    assert 1 <= advice.facts.independent < advice.facts.samples / 10
    assert tomllib.loads(advice.run_file)["model"]["family"] == family
    assert advice.measured


def test_few_samples_put_simple_models_first(data_dir):
    advice = advise(data_dir / "groundwater/Sweden_2/heads.csv", target="head")
    assert advice.facts.independent < 50 and advice.settings["members"] == 8
    assert "trees, ridge regression" in advice.sentences[0]
    assert "the network loses" in " ".join(advice.measured)
    assert "Advice" in str(advice) and "gru" in advice._repr_html_()


def test_the_draft_takes_the_family_with_its_reason(data_dir, tmp_path):
    options = {"domain": "time", "polarity": "normal"}
    _, path = draft(data_dir / "segy/segyio_f3.sgy", tmp_path / "run.toml", target="amplitude", **options)
    text, config = path.read_text("utf-8"), load(path)
    assert config.model.family == "unet2d" and config.data.view.kind == "patches"
    assert config.data.source["data"].options == options and "# Why unet2d: " in text
    assert config.data.view.size == {"crossline": 4, "twt": 64} and not check(path).refused
    assert max(map(len, (line for line in text.splitlines() if line.startswith("# ")))) <= 110


def test_two_snapshots_of_a_mesh_are_held_out_by_area(data_dir, tmp_path):
    _, path = draft(data_dir / "mesh/nod2d.out", tmp_path / "run.toml", target="temp", fields="temp.fesom.*.nc")
    config = load(path)
    assert config.promise.kind == "area" and config.data.view.edges == "mesh"
    assert config.model.family == "encode_process_decode" and "folds" not in path.read_text("utf-8")


def test_command(tmp_path, monkeypatch, capsys):
    rng = np.random.default_rng(0)
    rows = "".join(f"{a:.3f},{b:.3f},{a + b:.3f}\n" for a, b in rng.normal(size=(60, 2)))
    (tmp_path / "soil.csv").write_text("clay,sand,carbon\n" + rows)
    monkeypatch.chdir(tmp_path)
    assert _call(["new", "--advise", "soil.csv", "--target", "carbon"], False) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert 'family = "mlp"' in told and "rows of a table" in told and "Measured in the examples" in told
    assert list(tmp_path.iterdir()) == [tmp_path / "soil.csv"]
    assert _call(["new", "--from", "soil.csv", "--target", "carbon"], False) == 0
    assert load("run.toml").data.target["carbon"].sources == ["carbon"]
    assert _call(["check", "run.toml"], False) == 0
    capsys.readouterr()
    assert _call(["new", "--advise", "soil.csv", "--from", "soil.csv"], False) == 2
    assert "Fix: outcrop new" in capsys.readouterr().err
    assert _call(["new", "--advise", "soil.csv", "--option", "separator"], False) == 2
    assert "for example --option domain=time" in capsys.readouterr().err
    np.save("cube.npy", np.zeros((3, 16, 20)))
    assert _call(["new", "--advise", "cube.npy"], False) == 2
    assert "--option 'dims = ..." in capsys.readouterr().err
    assert _call(["new", "--advise", "cube.npy", "--option", 'dims = ["inline", "crossline", "twt"]'], False) == 0
    assert "unet2d" in capsys.readouterr().out
    with pytest.raises(ConfigError, match="did you mean 'carbon'"):
        advise("soil.csv", target="carbn")
