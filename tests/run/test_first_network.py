"""The first example: its run file beats the mean and the line, and its page answers "what if"."""

import re
from pathlib import Path

import pytest

import outcrop
from gridded_files import need

EXAMPLE = Path(__file__).parents[2] / "examples/01_first_network"


@pytest.fixture(scope="module")
def zinc(tmp_path_factory):
    need("skgstat")
    return outcrop.run(EXAMPLE / "run.toml", out=tmp_path_factory.mktemp("first") / "zinc")


def test_it_beats_the_mean_and_the_line_in_blocks_it_has_not_seen(zinc):
    (entry,) = zinc.metrics["promises"].values()
    assert entry["noun"] == "block" and entry["groups"] == 9
    assert entry["verdict"]["mean"]["word"] == entry["verdict"]["linear"]["word"] == "beats"
    told = entry["intervals"]
    assert told["level"] == 0.8 and 0.7 < told["coverage"] <= 1


def test_what_it_declares_is_asked_of_the_soil_too(zinc):
    (entry,) = zinc.metrics["promises"].values()
    (check,) = entry["ledger"]
    assert check["asked"] == check["truth"]["share"]["value"] ** -1 == 155  # one sample, far away and polluted
    assert "far_and_polluted" in (zinc.folder / "report.html").read_text("utf-8")


def test_the_python_of_its_page(zinc, capsys):
    (code,) = re.findall(r"```python\n(.*?)```", (EXAMPLE / "README.md").read_text("utf-8"), flags=re.DOTALL)
    found = {}
    exec(compile(code.replace("runs/zinc/model.outcrop", str(zinc.bundle)), "README.md", "exec"), found)
    soil = found["soil"]
    assert soil.valid.tolist() == [1, 1, 1, 0]
    assert soil.values[0] > 1.5 * soil.values[1] > 1.5 * soil.values[2]
    printed = capsys.readouterr().out
    assert "nan" not in printed and len(printed.splitlines()) == 2
