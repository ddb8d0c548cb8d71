"""How the report writes numbers, metrics, promises and choices: plain words, one place.

`metrics.json` may carry `"metrics": {name: {"label", "better", "unit"}}`; that wins over the small table here.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

DASH, MINUS = "\u2013", "\u2212"


class MetricWords(NamedTuple):
    """How a metric is called on the page, which way is better ("higher" or "lower"), and its unit."""

    label: str
    better: str
    unit: str = ""


METRICS = {
    "accuracy": MetricWords("accuracy", "higher"),
    "balanced_accuracy": MetricWords("balanced accuracy", "higher"),
    "macro_f1": MetricWords("macro F1", "higher"),
    "mean_iou": MetricWords("mean IoU", "higher"),
    "f1": MetricWords("F1", "higher"),
    "iou": MetricWords("IoU", "higher"),
    "precision": MetricWords("precision", "higher"),
    "recall": MetricWords("recall", "higher"),
    "expected_cost": MetricWords("mean penalty", "lower"),
    "contest_score": MetricWords("contest score", "higher"),
    "log_loss": MetricWords("log loss", "lower"),
    "rmse": MetricWords("root mean square error", "lower", "target"),
    "mae": MetricWords("mean absolute error", "lower", "target"),
    "bias": MetricWords("bias", "zero", "target"),
    "r2": MetricWords("R²", "higher"),
    "nse": MetricWords("Nash-Sutcliffe efficiency", "higher"),
    "pick_f1": MetricWords("F1 of picks", "higher"),
    "snr_db": MetricWords("signal-to-noise ratio in dB", "higher"),
}

QUANTITIES = {
    "max": "highest value",
    "min": "lowest value",
    "mean": "mean",
    "range": "range",
    "rms": "root mean square",
}

WORDS = {
    "majority": "majority class",
    "mean": "mean",
    "nearest_neighbours": "nearest neighbours",
    "logistic": "logistic regression",
    "linear": "ridge regression",
    "boosted_trees": "boosted trees",
    "boosted_trees_window": "boosted trees with a window",
    "linear_window": "ridge regression on the window",
    "level": "the usual answer at each level",
    "nearest_line": "copy of the nearest line",
    "other_nodes": "mean of the other nodes",
    "nearest_node": "nearest node",
    "inverse_distance": "inverse distance",
    "linear_interpolation": "linear interpolation",
    "kriging": "ordinary kriging",
    "persistence": "persistence",
    "damped_persistence": "damped persistence",
    "anomaly_persistence": "persistence of the anomaly",
    "climatology": "climatology",
    "linear_reservoir": "linear reservoir",
    "ridge_operator": "linear operator (ridge)",
    "pod": "reduced linear operator",
    "mean_field": "mean field",
    "same_place": "same place in every record",
    "sta_lta": "STA/LTA",
    "ar_aic": "AR-AIC picker",
    "identity": "noisy input",
    "pca": "principal components",
    "pca_chosen": "principal components, chosen",
    "band_pass": "band-pass",
    "wiener": "Wiener filter",
    "wiener_short_time": "short-time Wiener filter",
    "mlp": "multilayer perceptron",
    "resnet1d": "1-D residual network",
    "unet1d": "1-D U-Net",
    "cross_entropy": "cross-entropy",
    "expected_cost": "expected penalty",
    "mse": "mean squared error",
    "mae": "mean absolute error",
    "huber": "Huber loss",
    "momentum": "gradient descent with momentum",
    "rmsprop": "RMSProp",
    "adam": "Adam",
    "adamw": "AdamW",
    "sgd": "stochastic gradient descent",
    "lbfgs": "L-BFGS",
}
STEPS = {
    "second": 1.0,
    "minute": 60.0,
    "hour": 3600.0,
    "day": 86400.0,
    "week": 604800.0,
    "month": 2.63e6,
    "year": 3.156e7,
}


def metric(name: str, metrics: Mapping[str, Any] | None = None, unit: str = "") -> MetricWords:
    """The words for a metric; `unit` is the target's unit, used by errors in physical units."""
    told = ((metrics or {}).get("metrics") or {}).get(name) or {}
    known = METRICS.get(name, MetricWords(plain(name), "higher"))
    own = str(told.get("unit", known.unit))
    words = MetricWords(str(told.get("label", known.label)), str(told.get("better", known.better)), own)
    return words._replace(unit=unit if own == "target" else own)


def plain(name: str) -> str:
    """A name as words.

    >>> plain("boosted_trees"), plain("my_metric")
    ('boosted trees', 'my metric')
    """
    return WORDS.get(name, str(name).replace("_", " "))


def number(value: Any, digits: int = 3) -> str:
    r"""A number as it is read aloud: significant digits, thousands separated, a true minus sign, a dash for none.

    >>> number(0.03456), number(-1234.5), number(12), number(None), number(240113)
    ('0.0346', '\u22121,234', '12', '\u2013', '240,113')
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return DASH
    if isinstance(value, int) or abs(value) >= 10 ** (digits - 1):
        text = f"{value:,.0f}"
    elif value == 0:
        text = "0"
    else:
        text = f"{value:.{max(0, digits - 1 - math.floor(math.log10(abs(value))))}f}"
    return text.replace("-", MINUS)


def edge(value: float) -> str:
    """A limit of an axis in three digits.

    >>> edge(-0.05), edge(171.0)
    ('\u22120.05', '171')
    """
    return f"{value:.3g}".replace("-", MINUS)


def decimals(value: Any, places: int = 3) -> str:
    """A score with a fixed number of decimals, so that a column lines up.

    >>> decimals(0.5), decimals(-0.4321, 2), decimals(float("nan"))
    ('0.500', '\u22120.43', '\u2013')
    """
    if not isinstance(value, int | float) or not math.isfinite(value):
        return DASH
    return f"{value:,.{places}f}".replace("-", MINUS)


def percent(share: Any) -> str:
    """A share of one in percent.

    >>> percent(0.061), percent(0.5), percent(None)
    ('6.1 %', '50 %', '\u2013')
    """
    if not isinstance(share, int | float) or not math.isfinite(share):
        return DASH
    if 0 < share < 0.0005:
        return "<0.1 %"
    return f"{100 * share:.1f} %" if 0 < share < 0.0995 else f"{100 * share:.0f} %"


def step(times: Any) -> str:
    """The word for one step of time stamps; "sample" where the steps have no name of their own.

    >>> import numpy as np
    >>> step(np.arange("1990-01", "1991-01", dtype="datetime64[M]")), step(np.arange(5.0))
    ('month', 'sample')
    """
    times = np.unique(times)
    if times.dtype.kind != "M" or len(times) < 2:
        return "sample"
    seconds = float(np.median(np.diff(times.astype("datetime64[s]")).astype(np.float64)))
    name = min(STEPS, key=lambda key: abs(math.log(seconds / STEPS[key])))
    return name if 0.9 < seconds / STEPS[name] < 1.1 else "sample"


def treatment(transform: str) -> str:
    """A transform as a clause behind the name of a variable; empty for none.

    >>> treatment("anomaly:month"), treatment("log10"), treatment("sin_cos:360")
    ('less its usual value of the calendar month', 'as log10', 'as a point on a circle of 360')
    """
    kind, _, argument = str(transform or "none").partition(":")
    argument, _, place = argument.partition(",")
    usual = {"month": "calendar month", "hour": "hour of the day"}.get(argument or "month", argument)
    circle = "year" if argument.startswith("365") else argument
    told = {
        "none": "",
        "anomaly": f"less its usual value of the {usual}{' at its place' if place else ''}",
        "climatology": f"as its usual value of the {usual}{' at its place' if place else ''}",
        "sin_cos": f"as a point on {'the circle of the year' if circle == 'year' else f'a circle of {circle}'}",
    }
    return told.get(kind, f"as {plain(kind)}")


def duration(seconds: Any) -> str:
    """Wall time in words.

    >>> duration(42), duration(754), duration(7322)
    ('42 s', '12 min 34 s', '2 h 2 min')
    """
    if not isinstance(seconds, int | float) or not math.isfinite(seconds):
        return DASH
    whole = round(seconds)
    if whole < 60:
        return f"{seconds:.2g} s" if seconds < 10 else f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def series(items: list[str], most: int = 12) -> str:
    """Names joined for a sentence.

    >>> series(["GR", "RHOB", "NPHI"]), series(["GR"])
    ('GR, RHOB and NPHI', 'GR')
    """
    items = [str(item) for item in items]
    if len(items) > most:
        return f"{', '.join(items[:most])} and {len(items) - most} more"
    return " and ".join(filter(None, [", ".join(items[:-1]), items[-1]])) if items else "none"


def plural(count: int, noun: str) -> str:
    """A count with its noun.

    >>> plural(1, "well"), plural(28, "well"), plural(2, "class"), plural(3, "survey")
    ('1 well', '28 wells', '2 classes', '3 surveys')
    """
    if count == 1:
        return f"1 {noun}"
    if noun.endswith("y") and noun[-2:-1] not in "aeiou":
        return f"{number(count)} {noun[:-1]}ies"
    return f"{number(count)} {noun}{'es' if noun.endswith(('s', 'x', 'ch')) else 's'}"
