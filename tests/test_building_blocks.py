"""The numbers in the text of example 02 are those of its results.json, to the digits shown."""

import json
from pathlib import Path
from statistics import median

import pytest

PLACE = Path(__file__).parents[1] / "examples/02_building_blocks"
RESULTS = json.loads((PLACE / "results.json").read_text("utf-8"))


def table(head: str) -> list[list[str]]:
    """The rows of the table whose first cell is `head`, without the line below it."""
    lines = (PLACE / "README.md").read_text("utf-8").splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith(f"| {head}"))
    rows = [line.strip("| ").split(" | ") for line in lines[start : start + 12] if line.startswith("|")]
    return [rows[0], *rows[2:]]


def test_widths():
    widths, errors = table("units")
    for width, told in zip(widths[1:], errors[1:], strict=True):
        assert float(told) == pytest.approx(median(RESULTS["widths"][width]), abs=6e-4), width


def test_optimisers():
    names, rates, losses = table("optimiser")
    for name, rate, told in zip(names[1:], rates[1:], losses[1:], strict=True):
        own = RESULTS["optimisers"][name.lower().replace("l-bfgs", "lbfgs")]
        assert float(told) == pytest.approx(median(own["final_loss"]), abs=6e-5), name
        assert "learning_rate" not in own or float(rate) == own["learning_rate"], name


def test_depth():
    for name, signal, gradient, error in table("activation")[1:]:
        own = RESULTS["depth"][name]
        assert float(signal.replace(",", "")) == pytest.approx(own["signal_last_over_first"], rel=0.08)
        assert float(gradient) == pytest.approx(own["gradient_first_over_last_hidden"], rel=0.12)
        assert float(error.split(":")[0]) == pytest.approx(own["held_out_error"], abs=6e-4)


def test_pictures_are_there():
    text = (PLACE / "README.md").read_text("utf-8")
    for picture in PLACE.glob("*.png"):
        assert f"({picture.name})" in text
    assert text.count(".png)") == len(list(PLACE.glob("*.png")))
