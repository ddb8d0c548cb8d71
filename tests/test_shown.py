"""What results look like at a prompt and in a notebook: readable, and with every text of the data escaped."""

import dataclasses

import jax
import pytest

import outcrop
from outcrop.model.summary import layers
from outcrop.model.table import build
from outcrop.shown import MOST_ROWS, Shown
from outcrop.split.audit.finding import Finding, Findings


def html(thing):
    page = thing._repr_html_()
    assert page.startswith("<div>") and page.endswith("</div>") and page.count("<table") == page.count("</table>")
    return page


def test_text_is_aligned_and_long_tables_are_cut():
    shown = Shown("a", [("one", "1")], ["name", ">n"], [["x", "10"], ["longer", "5"]])
    assert shown.text().splitlines() == ["a", "one  1", "name     n", "x       10", "longer   5"]
    long = Shown("a", (), ["n"], [[str(i)] for i in range(MOST_ROWS + 3)])
    assert long.text().endswith("... and 3 more") and "and 3 more" in long.html()


def test_every_text_is_escaped():
    page = Shown("<i>", [("<i>", "<i>")], ["<i>"], [["<i>"]]).html()
    assert "<i>" not in page and page.count("&lt;i&gt;") == 5


@pytest.fixture(scope="module")
def checked(finished):
    return outcrop.check(finished.base / "run.toml")


def test_check_split_problem_and_audit(checked):
    assert (
        repr(checked).startswith("Check: ready to run\n") and "mlp" in repr(checked) and "few_groups" in repr(checked)
    )
    assert "few_groups" in html(checked)
    split = checked.splits[0]
    assert "promise  new = well" in repr(split) and "Alpha-2, Delta-1" in repr(split)
    assert "Alpha-2, Delta-1" in html(split) and len(repr(split)) < 1000
    assert "RHOB" in repr(checked.problem) and "3 classes" in repr(checked.problem) and "GR" in html(checked.problem)
    assert isinstance(checked.findings, Findings) and repr(checked.findings).startswith("Audit: ")
    assert repr(Findings()) == "Audit: nothing found"
    bad = dataclasses.replace(
        checked, findings=Findings([Finding("shared_groups", "violation", "wells", "2 of 9", "x")])
    )
    assert repr(bad).startswith("Check: the audit refuses this split")


def test_result_and_model(finished):
    told = repr(finished.result)
    assert "macro F1" in told and "majority" in told and "95 % interval" in told and str(finished.folder) in told
    assert "majority" in html(finished.result)
    model = outcrop.load(finished.result.bundle)
    assert repr(model).startswith("Model mlp: GR, RHOB, NPHI -> FACIES (3 classes); new = well")
    assert "NPHI" in html(model) and "macro f1" in repr(model).lower()


def test_networks(finished):
    found = outcrop.inspect(finished.result.bundle)
    assert "layers.0" in repr(found) and "total" in repr(found)
    assert "image/svg+xml" in html(found)
    rows = layers(build("mlp", in_size=3, out=2, key=jax.random.key(0)), (3,))
    assert repr(rows).startswith("Network: 33,794 parameters") and "128 x 3 + 128" in html(rows)
