"""What the screens print, as plain text of a stated width."""

import io
from types import SimpleNamespace

import pytest
from rich.console import Console

from outcrop.cli import screens
from outcrop.view.span import Span


def printed(renderable, width=100):
    stream = io.StringIO()
    Console(file=stream, width=width, markup=False).print(renderable)
    return stream.getvalue()


def score(value, low=None, high=None):
    return {"rmse": {"value": value, "low": low, "high": high}}


@pytest.fixture
def entry():
    verdict = {"climatology": {"word": "beats"}, "my_own": {"word": "cannot tell"}}
    baselines = {"climatology": score(1.52, 1.1, 1.9), "my_own": score(1.13, 0.8, 1.6)}
    return {
        "primary": "rmse", "unit": "[degC]", "resampled": "17 blocks of 12 months",
        "test": {"model": score(1.2263, 0.764, 1.769), "baselines": baselines}, "verdict": verdict,
    }  # fmt: skip


ABOUT = {"rmse": {"label": "root mean square error", "better": "lower"}}


def test_a_unit_in_brackets_is_not_eaten_as_markup(entry):
    text = printed(screens.ladder_table(entry, ABOUT))
    assert "Test part: root mean square error in [degC], lower is better" in text
    assert "95 % interval over 17 blocks of 12 months" in text


def test_the_ladder_is_sorted_named_in_words_and_rounded_alike(entry):
    rows = [line.split() for line in printed(screens.ladder_table(entry, ABOUT)).splitlines()[2:]]
    assert [" ".join(row) for row in rows] == [
        "my own 1.13 0.80 to 1.60 cannot tell",
        "network 1.23 0.76 to 1.77",
        "the climatology 1.52 1.10 to 1.90 beats",
    ]


def test_scores_without_interval_and_undefined_ones_do_not_break_it(entry):
    entry["test"]["model"] = score(0.5)
    entry["test"]["baselines"] = {"climatology": score(None)}
    (row,) = printed(screens.ladder_table(entry, ABOUT)).splitlines()[2:]
    assert row.split() == ["network", "0.50"]


def test_no_screen_line_is_wider_than_the_terminal():
    assert max(len(line.rstrip()) for line in printed(screens.data_screen()).splitlines()) <= 100


@pytest.mark.parametrize(
    ("span", "told"),
    [
        (Span(1002, spin_up=637), "reads 1,002 samples and predicts the last 365 of them"),
        (Span(48, 24), "reads 48 samples and predicts 24 after them"),
        (None, "reads its own sample only"),
    ],
)
def test_the_network_says_what_it_reads(span, told):
    config = SimpleNamespace(model=SimpleNamespace(family="gru", members=1))
    result = SimpleNamespace(
        problem=SimpleNamespace(config=config), reach=(0, 0), parameters=9, view=SimpleNamespace(span=span)
    )
    assert screens._network(result) == f"gru, 9 parameters; {told}"
