"""The table of choices: each row names what exists and fits together; the evidence is that of the examples."""

import importlib.util
from pathlib import Path

import pytest

from outcrop.config import evidence
from outcrop.config.choice import CHOICES, SIZES, choose, settings, size
from outcrop.config.promise import KINDS
from outcrop.data.structure import STRUCTURES
from outcrop.model.entries import FAMILIES

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("row", CHOICES, ids=lambda row: f"{row.structure} {row.promise} {row.view}")
def test_the_first_family_reads_the_view_and_every_family_exists(row):
    assert row.structure in STRUCTURES and row.promise in ("", *KINDS)
    assert row.view in FAMILIES[row.families[0]].views or (row.structure, row.view) == ("equation", "collocation")
    assert set(row.families) <= set(FAMILIES) and len(set(row.families)) == len(row.families)


@pytest.mark.parametrize("structure", STRUCTURES)
def test_every_structure_has_a_choice_whatever_is_promised_and_however_short(structure):
    for promise in ("", *KINDS, "new_later"):
        assert choose(structure, promise, length=1).structure in (structure, "table")
        assert choose(structure, promise).structure == structure


def test_settings_are_arguments_of_the_family_and_grow_with_the_samples():
    for row in CHOICES:
        for family in row.families:
            known = {"members", *FAMILIES[family].defaults}
            assert all(set(settings(family, n)) <= known for n in (1, 100, 1e6))
    assert settings("gru", 10)["width_size"] < FAMILIES["gru"].defaults["width_size"]
    assert settings("mlp", 1e6) == {}
    assert [row.below for row in SIZES] == sorted(row.below for row in SIZES) and size(1e9) == SIZES[-1]


def test_the_evidence_is_what_the_examples_measured():
    spec = importlib.util.spec_from_file_location("reproduce", ROOT / "examples/reproduce.py")
    reproduce = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(reproduce)
    assert evidence.FILE.read_text("utf-8") == reproduce.evidence(), "python examples/reproduce.py --evidence"


def test_the_nearest_evidence_comes_first_and_tells_each_outcome_once():
    found = evidence.nearest(("gru", "transformer"), "sequences", 25)
    assert [row.family for row in found][:2] == ["gru", "gru"] and found[0].independent < 50
    told = [(row.example, row.word) for row in found]
    assert len(set(told)) == len(told) <= 3
    assert evidence.nearest(("unet1d",), "graphs", 25) == ()
