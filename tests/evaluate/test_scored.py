"""The table of scored samples: all contenders on the same samples, and errors that say what to do."""

from dataclasses import replace

import numpy as np
import pytest
from scored_tables import months, wells

from outcrop.errors import DataError


def test_only_labelled_samples_with_every_prediction_are_scored():
    scored = wells(2, 5)
    target, trees = scored.target.copy(), scored.predictions["boosted_trees"].copy()
    target[0], trees[1] = -1, -1
    scored = replace(scored, target=target, predictions={**scored.predictions, "boosted_trees": trees})
    assert scored.labelled.tolist() == [False] + [True] * 9
    assert scored.rows.tolist() == [False, False] + [True] * 8
    assert len(scored.scorable()) == 8


def test_value_equals_the_plain_metric():
    scored = wells(3, 40)
    wrong = scored.predictions["model"] != scored.target
    assert scored.value("accuracy", "model") == pytest.approx(1 - wrong.mean())
    assert scored.value("expected_cost", "model") == pytest.approx(
        scored.cost[scored.target, scored.predictions["model"]].mean()
    )


def test_errors_say_what_to_do():
    scored = months()
    with pytest.raises(DataError, match="one value per scored sample"):
        replace(scored, record=scored.record[:-1])
    with pytest.raises(DataError, match="hold out records with labels"):
        replace(scored, target=np.full(len(scored), np.nan)).scorable()
    with pytest.raises(DataError, match="did you mean 'well'"):
        wells().key("wel")
