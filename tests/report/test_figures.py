"""The figures: what they draw, their units, and that they leave matplotlib's global state alone."""

from __future__ import annotations

import matplotlib
import numpy as np
import pytest

from outcrop.report.figures import confidence, confusion, ladder, learning, place, section, series, tracks
from outcrop.report.scores import Rung, Score
from outcrop.report.style import CATEGORIES, class_colours, svg


def texts(figure) -> list[str]:
    figure.draw_without_rendering()
    return [t.get_text() for t in figure.findobj(matplotlib.text.Text) if t.get_text()]


def test_ladder_orders_and_marks_the_model():
    rungs = [
        Rung("model", {"rmse": Score(0.5, 0.4, 0.6)}, True, {}),
        Rung("persistence", {"rmse": Score(0.9)}, False, {}),
        Rung("linear", {"rmse": Score(float("nan"))}, False, {}),
    ]
    drawn = texts(ladder.ladder(rungs, "rmse", label="RMSE (degC)", better="lower"))
    assert "this model" in drawn and "persistence" in drawn and "ridge regression" not in drawn
    assert "RMSE (degC) (← lower is better)" in drawn


def test_a_training_without_validation_has_no_entry_for_it():
    history = {"step": np.array([10.0, 20]), "train_loss": np.array([1.0, 0.5]), "validation_loss": np.full(2, np.nan)}
    assert "validation" not in texts(learning.learning(history))
    history["validation_loss"] = np.array([0.9, 0.8])
    assert {"validation", "best step"} <= set(texts(learning.learning(history)))


def test_a_section_shows_truth_prediction_and_where_they_differ():
    target = np.repeat([[0, 1, 1, -1]], 700, axis=0)
    prediction = np.where(np.arange(700)[:, None] < 350, target, 0)
    shown = section.Section({"AMP": np.ones((700, 4))}, target, prediction, ("row", "column"))
    drawn = section.section(shown, ["sand", "shale", "coal"])
    assert {"AMP", "truth", "predicted", "differs", "row", "column", "sand", "shale"} <= set(texts(drawn))
    assert "coal" not in texts(drawn) and "missing or not scored" in texts(drawn)
    images = [axes.get_images()[0].get_array() for axes in drawn.axes]
    assert all(image.shape[0] == 350 for image in images)  # every second row of 700
    red = np.all(np.isclose(images[3], matplotlib.colors.to_rgb(section.DIFFERENT)), axis=-1)
    assert red.sum() == 2 * 175 and not red[:175].any() and not red[:, 3].any()


def test_tracks_show_units_gaps_and_classes():
    depth = 100 + 0.5 * np.arange(60.0)
    depth[30:] += 20
    curve = np.linspace(1, 100, 60)
    curve[:10] = np.nan
    curves = {
        "GR": tracks.Curve(curve, "gAPI"),
        "RT": tracks.Curve(curve, "ohm.m", "log"),
        "PEF": tracks.Curve(curve * np.nan),
    }
    target = np.repeat([0, -1, 1], 20)
    column = tracks.Column(depth, curves, target, np.repeat([0, 1, 1], 20), np.full(60, 0.7), np.ones(60))
    drawn = texts(tracks.tracks(column, ["Sandstone", "Shale"], axis_label="depth, MD (m)"))
    for word in (
        "GR",
        "gAPI",
        "ohm.m",
        "not measured",
        "truth",
        "predicted",
        "confidence",
        "valid",
        "depth, MD (m)",
        "Shale",
    ):
        assert word in drawn


def test_bins_keep_extremes_modes_and_gaps():
    grid = tracks._Grid(np.concatenate([np.arange(5000.0), np.arange(6000.0, 8000.0)]))
    values = np.zeros(7000)
    values[1234] = 9.0
    low, high = grid.extremes(values)
    assert grid.size == tracks.BINS and np.nanmax(high) == 9.0 and np.nanmin(low) == 0.0
    assert np.isnan(high).sum() == pytest.approx(125, abs=1)
    labels = np.where(np.arange(7000) % 3 == 0, 1, 0)
    assert set(grid.most_frequent(labels, 2)) == {-1, 0}


def test_number_target_gets_one_wide_track():
    column = tracks.Column(np.arange(50.0), {}, np.linspace(0, 0.3, 50), np.linspace(0, 0.28, 50))
    drawn = texts(tracks.tracks(column, axis_label="depth (m)", target_label="PHI (v/v)"))
    assert {"PHI (v/v)", "truth", "predicted"} <= set(drawn)


def test_map_labels_do_not_touch():
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(2, 28)) * 8000 + 450_000
    names = [f"{i}/1-{i}" for i in range(28)]
    figure = place.site_map(x, y, names, [f"fold {i % 7}" for i in range(28)], "EPSG:23031")
    renderer = figure.canvas.get_renderer()
    boxes = [t.get_window_extent(renderer) for t in figure.axes[0].texts]
    touching = [(i, j) for i in range(28) for j in range(i) if boxes[i].overlaps(boxes[j])]
    assert len(boxes) == 28 and touching == []
    assert figure.axes[0].get_xlabel() == "easting (km, EPSG:23031)" and figure.axes[0].get_aspect() == 1


def test_nearest_training_leaves_out_records_without_a_place():
    spots = {"A": (0.0, 0.0), "B": (30.0, 40.0)}
    assert place.nearest_training(spots, [{"train": ["A", "C"], "test": ["B", "D"]}]) == {"B": 50.0}


def test_confusion_rows_are_shares():
    drawn = texts(confusion.confusion(np.array([[30, 10], [0, 0]]), ["Sandstone", "Shale"]))
    assert {"75", "25", "30", "10"} <= set(drawn)


def test_best_step_per_fold():
    history = {
        "fold": np.array(["0", "0", "refit", "refit"]),
        "step": np.array([10.0, 20.0, 10.0, 20.0]),
        "train_loss": np.array([1.0, 0.5, 1.0, 0.5]),
        "validation_loss": np.array([0.7, 0.9, 0.1, 0.2]),
    }
    assert learning.best_steps(history) == [(10.0, 0.7)]
    assert len(learning.runs(history)) == 2
    assert "training step" in texts(learning.learning(history))


def test_stages_are_named_where_they_begin():
    history = {
        "fold": np.array(["0"] * 4 + ["1"] * 3),
        "stage": np.array(["adam", "adam", "lbfgs", "lbfgs", "adam", "lbfgs", "lbfgs"]),
        "step": np.array([10.0, 20.0, 30.0, 40.0, 10.0, 20.0, 30.0]),
        "train_loss": np.linspace(1, 0.1, 7),
        "validation_loss": np.linspace(1, 0.2, 7),
    }
    assert learning.stage_begins(history) == {"lbfgs": [20.0, 10.0]}
    assert "L-BFGS" in texts(learning.learning(history, stages={"lbfgs": "L-BFGS"}))


def test_series_and_residuals():
    time = np.datetime64("2000-01") + np.arange(48)
    target = 20 + np.sin(np.arange(48) / 2)
    target[5] = np.nan
    line = series.forecast(
        time, target, target + 0.1, label="SST (degC)", baselines={"persistence": np.roll(target, 1)}
    )
    assert {"observed", "this model", "persistence", "SST (degC)"} <= set(texts(line))
    months = texts(series.residual_by_month(time, target * 0 + 0.1, label="SST (degC)"))
    assert "Jul" in months and any("observed" in text for text in months)
    assert "observed SST (degC)" in texts(series.residual_by_regime(target, target * 0 + 0.1, label="SST (degC)"))
    assert "predicted SST (degC)" in texts(series.scatter(target, target + 0.1, label="SST (degC)"))


def test_rock_colours_are_distinct_and_stable():
    names = ["Sandstone", "Sandstone/Shale", "Shale", "Marl", "Chalk", "Coal", "sand fine", "unit 7"]
    colours = class_colours(names)
    assert len(set(colours)) == len(names) and colours[:3] == ["#f2d544", "#b9a84b", "#8b9096"]
    assert colours[-1] in CATEGORIES


def test_global_settings_stay():
    matplotlib.get_backend()  # chosen on first use, here
    before = matplotlib.rcParams.copy()
    svg(confusion.confusion(np.eye(2), ["a", "b"]))
    assert before == matplotlib.rcParams


def test_confidence_says_how_many_samples():
    drawn = texts(confidence.confidence([0.4, 0.8], [0.3, 0.85], [0.25, 0.75]))
    assert {"25 %", "75 %", "share of right answers"} <= set(drawn)


def test_a_network_is_drawn_with_its_skips():
    from types import SimpleNamespace

    from outcrop.report.figures.network import network

    def box(name, level=0, joint=False, kinds="conv"):
        return SimpleNamespace(name=name, kinds=kinds, shape=(8, 3), parameters=1234, level=level, joint=joint)

    boxes = [
        box("input", kinds=""),
        box("down.0"),
        box("halve.0", 1),
        box("concatenate", joint=True),
        box("output", kinds=""),
    ]
    drawn = network(boxes, [(0, 1), (1, 2), (1, 3), (2, 3), (3, 4)], title="a network")
    told = texts(drawn)
    assert {"a network", "input", "down.0", "8 \u00d7 3", "1,234 parameters", "\u2016"} <= set(told)
