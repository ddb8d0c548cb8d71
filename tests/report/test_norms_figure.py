"""Gradients by layer: the median of trainings, parts that share a row, and the section of the report."""

from __future__ import annotations

import numpy as np
import pytest
from make_folder import facies

from outcrop.report import folder, page
from outcrop.report.figures import norms

LINES = """fold,member,stage,step,layer,size,gradient,update,weight
0,0,adam,10,first,4,1.0,0.01,1.0
0,0,adam,10,last,1,2.0,0.02,0.0
1,0,adam,10,first,4,3.0,0.03,1.0
1,0,adam,10,last,1,4.0,0.02,2.0
-1,0,adam,10,first,4,99.0,0.03,1.0
0,0,adam,20,first,4,5.0,0.04,1.0
0,0,adam,20,last,1,2.0,0.02,2.0
"""


@pytest.fixture
def columns(tmp_path):
    (tmp_path / "run.toml").write_text("", "utf-8")
    (tmp_path / "norms.csv").write_text(LINES, "utf-8")
    return folder.read(tmp_path).norms


def test_rows_are_medians_of_the_trainings_without_the_refit(columns):
    steps, rows = norms.by_layer(columns)
    assert steps.tolist() == [10, 20] and list(rows) == ["first", "last"]
    gradient, share = rows["first"]
    assert gradient.tolist() == [2.0, 5.0]
    np.testing.assert_allclose(share, [0.02, 0.04])
    np.testing.assert_allclose(rows["last"][1], [0.01, 0.01])  # a layer that begins as zero has no share yet


def test_many_layers_share_a_row_with_their_part():
    count = norms.MOST_ROWS + 1
    layers = np.array([f"blocks.{i // 5}.norms.{i % 5}" for i in range(count)])
    ones = np.ones(count)
    columns = {"step": 10 * ones, "layer": layers, "size": ones, "gradient": ones, "update": ones, "weight": 2 * ones}
    _, rows = norms.by_layer(columns)
    assert len(rows) <= norms.MOST_ROWS and "blocks.0.norms" in rows
    np.testing.assert_allclose(rows["blocks.0.norms"], [[1.0], [0.5]])
    assert len(norms.by_layer(columns, grouped=False)[1]) == count


def test_the_report_draws_them(tmp_path):
    run = facies(tmp_path)
    before = page.write(run).read_text("utf-8")
    (run / "norms.csv").write_text(LINES, "utf-8")
    after = page.write(run).read_text("utf-8")
    assert "Gradients and updates by layer" in after and "Gradients and updates by layer" not in before
