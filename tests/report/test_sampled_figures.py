"""Figures of realisations on a grid: which way is up, where marks stand, what colours mean."""

import numpy as np
import pytest

from outcrop.report.figures.sampled import Field, realisations, summaries

DEPTH, EASTING = 1000 + 2.0 * np.arange(4), 500 + 50.0 * np.arange(3)
METRES = {"depth": "m", "easting": "m", "northing": "m"}


def section(classes=(), seen=True):
    """Seven realisations of four depths and three eastings, one cell observed."""
    drawn = np.random.default_rng(0).random((7, 4, 3)) if not classes else np.ones((7, 4, 3), int)
    observed = np.full((4, 3), np.nan)
    observed[1, 2] = 1
    return Field("PHI", "v/v", classes, {"depth": DEPTH, "easting": EASTING}, METRES, drawn, observed if seen else None)


@pytest.mark.parametrize("turned", [False, True])
def test_depth_goes_down_and_marks_stand_in_their_cells(turned):
    field = section()
    if turned:
        field = field._replace(
            axes={"easting": EASTING, "depth": DEPTH}, drawn=field.drawn.transpose(0, 2, 1), observed=field.observed.T
        )
    figure = realisations(field)
    panels = [place for place in figure.axes if place.images]
    assert len(panels) == 6 and panels[0].get_ylim() == (1007, 999) and panels[0].get_xlim() == (475, 625)
    np.testing.assert_array_equal(panels[0].images[0].get_array(), section().drawn[0])
    for marks in panels[0].collections:
        np.testing.assert_array_equal(marks.get_offsets(), [[600, 1002]])
    assert figure.get_supxlabel() == "easting (m)" and figure.get_supylabel() == "depth (m)"


def test_maps_have_north_up_and_equal_sides():
    axes = {"northing": np.arange(3.0), "easting": EASTING}
    field = Field("T", "", ("Shale", "Sand"), axes, METRES, np.ones((2, 3, 3), int))
    figure = realisations(field)
    assert figure.axes[0].get_ylim() == (-0.5, 2.5) and figure.axes[0].get_aspect() == 1
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["Shale", "Sand"]


def test_scales_are_those_of_what_is_shown():
    field = section(("Shale", "Sand", "Coal"))
    values = {"probability Sand": np.full((4, 3), 0.5), "entropy": np.ones((4, 3))}
    panels = [p for p in summaries(field, values, {"probability Sand": "1", "entropy": "bit"}).axes if p.images]
    assert [place.images[0].get_clim() for place in panels] == [(0, 1), (0, pytest.approx(np.log2(3)))]
    field, values = section(), {"PHI mean": np.full((4, 3), 0.5), "PHI sd": np.full((4, 3), 0.2)}
    mean, sd = (p for p in summaries(field, values, dict.fromkeys(values, "v/v")).axes if p.images)
    assert mean.images[0].get_clim() == tuple(np.quantile(field.drawn, [0.01, 0.99])) and sd.images[0].get_clim() == (
        0,
        0.2,
    )


def test_classes_along_depth_are_strips_and_probabilities_that_fill_the_width():
    drawn = np.random.default_rng(0).integers(0, 2, (40, 4))
    observed = np.array([np.nan, 1, np.nan, 0])
    field = Field("T", "", ("Shale", "Sand"), {"depth": DEPTH}, METRES, drawn, observed)
    (place,) = realisations(field).axes
    shown = place.images[0].get_array()
    np.testing.assert_array_equal(shown[:, 0].filled(-1), [-1, 1, -1, 0])
    np.testing.assert_array_equal(shown[:, 3:], drawn[:30].T)
    assert place.get_ylim() == (1007, 999) and place.get_xlabel() == "observed, then 30 realisations"
    share = (drawn == 1).mean(axis=0)
    values = {"probability Shale": 1 - share, "probability Sand": share, "entropy": share}
    units = {"probability Shale": "1", "probability Sand": "1", "entropy": "bit"}
    (place,) = summaries(field, values, units).axes
    ends = [collection.get_paths()[0].vertices[:, 0] for collection in place.collections]
    assert len(ends) == 2 and max(ends[0]) == pytest.approx(max(1 - share)) and max(ends[1]) == pytest.approx(1)
    assert place.get_ylim()[0] > place.get_ylim()[1]


def test_numbers_along_a_line_run_across():
    field = Field("Z", "m", (), {"distance": EASTING}, {"distance": "m"}, np.arange(9.0).reshape(3, 3))
    (place,) = realisations(field).axes
    np.testing.assert_array_equal(place.lines[1].get_xdata(), EASTING)
    np.testing.assert_array_equal(place.lines[1].get_ydata(), [3, 4, 5])
    values = {f"Z {word}": np.arange(3.0) + at for at, word in enumerate(("p10", "p50", "p90"))}
    (place,) = summaries(field, values, dict.fromkeys(values, "m")).axes
    np.testing.assert_array_equal(place.lines[0].get_ydata(), [1, 2, 3])
