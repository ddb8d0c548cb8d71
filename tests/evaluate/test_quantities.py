"""Numbers read off fields: by hand, in groups, and absent where none is declared."""

import numpy as np
import pytest

from outcrop.evaluate.breakdown import Extras
from outcrop.evaluate.quantities import QUANTITIES
from outcrop.evaluate.scored import Scored
from outcrop.evaluate.summary import Question, summarise
from outcrop.report import words


def scored():
    target = np.array([[0.0, 1, 5], [0, 2, 4], [1, 1, 1], [np.nan, 3, 0]])
    model = np.array([[0.0, 1, 4], [0, 2, 4], [1, 1, 4], [9, 3, 0]])
    names = tuple("ABCD")
    return Scored(
        np.repeat(np.arange(4), 3), names, np.tile(np.arange(3.0), 4), target.ravel(),
        {"model": model.ravel(), "mean": np.full(12, 2.0)}, groups={"well": np.array(["a", "a", "b", "c"])}, unit="K",
    )  # fmt: skip


def entry(**declared):
    extras = Extras(quantities=declared)
    return summarise(scored(), Question("new = well", "well", ("rmse",), draws=100), extras)["quantities"]


def test_the_peak_of_every_record_by_hand():
    told = entry(peak="max")["peak"]
    assert told["of"] == "max" and told["unit"] == "K"
    assert told["model"]["value"] == pytest.approx((0.5 + 3 + 0) / 3)  # wells a (1, 0), b, c
    other = told["baselines"]["mean"]
    assert other["value"] == pytest.approx((2.5 + 1 + 1) / 3)  # |2 - 5|, |2 - 4|; |2 - 1|; |2 - 3|
    assert other["difference"]["value"] == pytest.approx(other["value"] - told["model"]["value"])
    assert told["model"]["low"] <= told["model"]["value"] <= told["model"]["high"]
    assert told["spread"] == pytest.approx(np.std([5, 4, 1, 3]))
    assert told["percentiles"]["truth"] == pytest.approx(np.percentile([5, 4, 1, 3], told["levels"]))
    assert told["percentiles"]["model"] == pytest.approx(np.percentile([4, 4, 4, 3], told["levels"]))


def test_every_kind_is_read_and_none_is_made_up():
    assert set(entry(**{kind: kind for kind in QUANTITIES})) == set(QUANTITIES) == set(words.QUANTITIES)
    assert QUANTITIES["range"](np.array([3.0, -1])) == 4 and QUANTITIES["rms"](np.array([3.0, -3])) == 3
    assert entry() is None
