"""The table of picks: every phase and tolerance, contenders by F1, residuals in the unit of the axis."""

from outcrop.report.scores import Promise
from outcrop.report.tables import picks
from outcrop.report.words import DASH, MetricWords

SCORES = {"f1": 0.8, "f1_low": 0.7, "f1_high": 0.9, "precision": 0.85, "recall": 0.75, "mean_residual": -0.012,
          "sd_residual": 0.031}  # fmt: skip
NOTHING = dict.fromkeys(SCORES, None) | {"f1": 0.0}


def promise(rows):
    return Promise("new = station", {"picks": rows, "pick_unit": "s"}, "pick_f1", MetricWords("F1 of picks", "higher"))


def test_contenders_stand_by_f1_and_what_is_undefined_is_a_dash():
    row = {"phase": "P", "tolerance": 0.1, "model": NOTHING, "baselines": {"sta_lta": SCORES}}
    table = picks(promise([row]))
    first, second = table.cells()
    told = ["P", "0.1 s", "STA/LTA", "0.80 (0.70 to 0.90)", "0.85", "0.75", "\N{MINUS SIGN}0.012", "0.031"]
    assert [cell.text for cell in first] == told
    assert second[2].text == "network" and second[2].strong and second[-1].text == DASH
    assert table.heads()[6].text == "mean residual (s)"


def test_other_targets_have_no_such_table():
    assert picks(promise([])) is None
