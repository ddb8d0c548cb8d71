"""How the page words steps, transforms, decimals and the reading of a forecast."""

from types import SimpleNamespace

import numpy as np
import pytest

from outcrop.report import questions, words
from outcrop.report.scores import Score
from outcrop.report.tables import places


@pytest.mark.parametrize(
    ("times", "word"),
    [
        (np.datetime64("1990-01") + np.arange(30), "month"),
        (np.datetime64("1990-01-01T00") + np.arange(30), "hour"),
        (np.datetime64("1990-01-01") + 10 * np.arange(30), "sample"),
        (np.arange(30.0), "sample"),
        (np.datetime64("1990-01-01") + np.arange(1), "sample"),
    ],
)
def test_a_step_has_a_word_only_where_it_is_one(times, word):
    assert words.step(times) == word


def test_a_forecast_reads_in_months_and_not_in_offsets():
    (text,) = questions._view({"kind": "points", "context": "-5:0", "lead": 3}, "month")
    assert text == "Each example reads the last 6 months. The answer is for 3 months after the last one read."
    (text,) = questions._view({"kind": "points", "context": [-4, 0, 4]})
    assert text == "Each example reads 3 samples, from 4 before to 4 after."


def test_only_the_arguments_a_loss_reads_are_told(forecast_run):
    run = forecast_run({"kind": "mse", "cross_entropy_share": 0.5, "delta": 1.0})
    assert questions._loss(run)[0].text == "Mean squared error."
    run = forecast_run({"kind": "huber", "cross_entropy_share": 0.5, "delta": 1.0})
    assert questions._loss(run)[0].text == "Huber loss (delta 1)."


@pytest.fixture
def forecast_run():
    return lambda loss: SimpleNamespace(run={"loss": loss}, targets=[], class_names=[])


def test_as_many_decimals_as_the_interval_carries():
    assert [
        places(Score(*row)) for row in ((0.9151, 0.75, 1.08), (0.61, 0.608, 0.613), (812.0, 700.0, 900.0), (0.5,))
    ] == [2, 4, 0, 3]
