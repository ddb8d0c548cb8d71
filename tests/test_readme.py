"""Every command and number of the README: commands run on small wells, numbers agree with the committed results."""

import csv
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from synthetic_wells import las, well

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")
FEWER = {
    "steps = 1000": "steps = 6\nevaluate_every = 3",
    'new = "well"': 'new = "well"\nfolds = 2\n#',
    "[loss]": "widths = [8, 16]\n[loss]",
    "[train]": '[evaluate]\nbaselines = ["majority"]\nbootstrap = 100\n[train]',
}


def blocks(language: str) -> list[str]:
    """The fenced blocks of one language."""
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    """A folder with wells whose curves are named as in the README, and the README's own run file, with few steps."""
    base = tmp_path_factory.mktemp("readme")
    for folder, numbers in (("wells", range(4)), ("new", range(6, 8))):
        (base / folder).mkdir()
        for number in numbers:
            curves = well(number)
            curves["LITH"] = curves.pop("FACIES") / 10
            las(base / folder / f"W{number}.las", curves, name=f"W-{number}")
    text = next(block for block in blocks("toml") if "[data]" in block)
    for long, short in FEWER.items():
        assert long in text
        text = text.replace(long, short)
    (base / "readme.toml").write_text(text, "utf-8")
    return base


def outcrop(line: str, place: Path) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", *shlex.split(line.split("#")[0])]
    return subprocess.run(
        command, cwd=place, capture_output=True, text=True, env={**os.environ, "COLUMNS": "100"}, timeout=600
    )


def test_the_commands(place):
    lines = [line for block in blocks("sh") for line in block.splitlines() if line.startswith("outcrop ")]
    assert [line.split()[1] for line in lines] == ["new", "check", "run", "predict"]
    for line in lines:
        done = outcrop(line, place)
        assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"
        if line.startswith("outcrop new"):  # the draft is replaced by the README's own run file, so that few steps do
            assert (place / "run.toml").is_file()
            (place / "run.toml").write_text((place / "readme.toml").read_text("utf-8"), "utf-8")
    assert (place / "predicted" / "W6.las").is_file()
    assert "LITH_PRED" in (place / "predicted" / "W6.las").read_text("utf-8")


def test_the_python(place, monkeypatch, capsys):
    monkeypatch.chdir(place)
    (place / "run.toml").write_text((place / "readme.toml").read_text("utf-8"), "utf-8")
    (python,) = blocks("python")
    python = python.replace("runs/first", "runs/python").replace('"predicted"', '"predicted-2"')
    exec(compile(python, "README.md", "exec"), {})
    assert "network" in capsys.readouterr().out
    assert (place / "predicted-2" / "W0.las").is_file()


def test_the_acceptance_line():
    """The other TOML block is a valid [evaluate] section."""
    import tomllib

    from outcrop.config.schema import EvaluateSection

    text = next(block for block in blocks("toml") if "[data]" not in block)
    assert EvaluateSection.model_validate(tomllib.loads(text)["evaluate"]).accept


def test_the_numbers():
    """The README's table of scores is that of results.json, to the digits shown."""
    results = json.loads((ROOT / "examples/03_facies_from_logs/results.json").read_text("utf-8"))
    table = README.split("<!-- numbers: examples/03_facies_from_logs/results.json -->")[1].split("\n\n")[1]
    rows = [[cell.strip(" *") for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]]
    assert len(rows) == 1 + len(results["well"]["baselines"])
    for name, *cells in rows:
        for run, text in zip(("well", "quadrant"), cells[:2], strict=True):
            scores = results[run]
            score = scores["network"] if name == "network" else scores["baselines"][name.replace(" ", "_")]
            assert text == f"{score['value']:.2f} ({score['low']:.2f} to {score['high']:.2f})"


def test_the_numbers_of_other_tasks():
    """Network and baseline of every row are a pair of some run of the examples, to the digits shown."""
    with (ROOT / "src/outcrop/config/evidence.csv").open(encoding="utf-8") as stream:
        measured = [(float(row["score"]), float(row["baseline_score"])) for row in csv.DictReader(stream)]
    table = README.split("### On other tasks")[1].split("\n\n")[2]
    rows = [line.strip("|").split("|")[1:3] for line in table.splitlines()[2:]]
    assert len(rows) >= 9
    for cells in rows:
        shown = [re.search(r"[\d.]+$", cell.strip())[0] for cell in cells]
        half = [0.501 * 10.0 ** -len(text.partition(".")[2]) for text in shown]
        close = [np.all(np.abs(np.subtract(pair, [float(text) for text in shown])) <= half) for pair in measured]
        assert any(close), cells


def test_make_targets_exist():
    makefile = (ROOT / "Makefile").read_text("utf-8")
    for target in re.findall(r"^make (\w+)", "\n".join(blocks("sh")), flags=re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, flags=re.MULTILINE), target


def test_links_lead_somewhere():
    for link in re.findall(r"\]\(([^)#]+)\)", README):
        assert (ROOT / link).exists(), link


def test_the_run_file_page_has_every_family_and_loss_with_its_arguments():
    from outcrop.loss.table import LOSSES
    from outcrop.model.entries import FAMILIES

    page = (ROOT / "docs/run-file.md").read_text("utf-8")
    lines = page.splitlines()
    for name, family in FAMILIES.items():
        row = next(line for line in lines if line.startswith("| `") and f"`{name}`" in line.split("|")[1])
        missing = [argument for argument in family.defaults if f"`{argument} = " not in row]
        assert not missing, (name, missing)
    for name, entry in LOSSES.items():
        assert f"`{name}`" in page, name
        assert [argument for argument in entry.arguments if argument != "cost" and f"`{argument}" not in page] == []
