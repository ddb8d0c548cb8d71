"""The ladder of baselines: simple predictors on the same split and the same variables as the network.

Holds the table (import strings only) and `fit_predict`. Cost is bounded for a fold of 200,000 rows: every row of the
table states how many training rows it may use; larger sets are thinned at random with a fixed seed. Classes are
decided from the baseline's own probabilities by the same rule as the network's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib import import_module

import numpy as np
from jaxtyping import Float, Shaped

from outcrop.errors import ConfigError, DataError, did_you_mean, message
from outcrop.evaluate.decisions import decide
from outcrop.evaluate.fields import Fields
from outcrop.evaluate.picks import Picking
from outcrop.evaluate.seismic import Waves
from outcrop.evaluate.spatial import Space
from outcrop.metric.missing import present


@dataclass(frozen=True)
class Table:
    """Samples for a baseline, one row each.

    Attributes:
        inputs: standardised inputs of the sample, or of the samples around it, as the baseline's `features` says.
        target: class index or number in physical units; missing in rows that are only predicted.
        weight: 0 where a row must not be learned from; None = all 1.
        time: time stamp of the target (climatology).
        last_value: the target's last value known when the forecast is made, physical units (persistence).
        last_time: time stamp of `last_value`.
        lead: steps from `last_time` to `time`; None where it is the same everywhere.
        space: what other nodes of the network measure when the row is predicted.
        line: number of the line that the row lies on, where the promise speaks of numbered lines.
        cell: place of the row on its line, the same for corresponding samples of all lines.
        level: its place along the line's vertical alone.
        place: number of the cell of a grid, which then has a climatology of its own; None elsewhere.
        waves: the seismograms that the rows are samples of (picks).
        fields: the whole fields that the rows are cells of.
    """

    inputs: Float[np.ndarray, "sample feature"]
    target: Shaped[np.ndarray, " sample"]
    weight: Float[np.ndarray, " sample"] | None = None
    time: Shaped[np.ndarray, " sample"] | None = None
    last_value: Float[np.ndarray, " sample"] | None = None
    last_time: Shaped[np.ndarray, " sample"] | None = None
    lead: Shaped[np.ndarray, " sample"] | None = None
    space: Space | None = None
    line: Float[np.ndarray, " sample"] | None = None
    cell: Shaped[np.ndarray, " sample"] | None = None
    level: Shaped[np.ndarray, " sample"] | None = None
    place: Shaped[np.ndarray, " sample"] | None = None
    waves: Waves | None = None
    fields: Fields | None = None

    def __len__(self) -> int:
        return len(self.target)

    def where(self, rows: np.ndarray) -> Table:
        """Some of the rows, by mask or index."""
        apart = ("space", "waves", "fields")
        whole = {name: getattr(self, name) for name in apart if getattr(self, name) is not None}
        columns = {name: column for name, column in vars(self).items() if column is not None and name not in whole}
        cut = {name: np.asarray(column)[rows] for name, column in columns.items()}
        return replace(self, **cut, **{name: one.where(rows) for name, one in whole.items()})

    def learnable(self, most: int | None, seed: int) -> Table:
        """The rows with a target and a weight, thinned at random to at most `most` of them."""
        keep = present(self.target) if self.weight is None else present(self.target) & (np.asarray(self.weight) > 0)
        rows = np.flatnonzero(keep)
        if not len(rows):
            raise DataError(
                message(
                    "A baseline has no training sample with a target.",
                    fix="check that training records carry the target ([data.target]).",
                )
            )
        if most is not None and len(rows) > most:
            rows = np.sort(np.random.default_rng(seed).choice(rows, most, replace=False))
        return self.where(rows)


@dataclass(frozen=True)
class Prediction:
    """What a baseline says: a class index or a number per row, and probabilities (row, class) where it has them."""

    values: np.ndarray
    probabilities: np.ndarray | None = None


@dataclass(frozen=True)
class Task:
    """What is predicted: `classes` = number of classes (None for numbers), with their cost and decision rule.

    `picking` says how picks are read from class probabilities, where picks are scored.
    """

    classes: int | None = None
    cost: np.ndarray | None = None
    decide: str = "auto"
    picking: Picking | None = None


@dataclass(frozen=True)
class Baseline:
    """One rung of the ladder.

    Attributes:
        name: key in the run file and in metrics.json.
        words: how a sentence names it.
        is_plural: whether it "reach" or "reaches" a score.
        kinds: kinds of target it predicts ("class", "number", "picks").
        features: "none", "sample" (the sample's own inputs), "window" (also those around it, or the history),
            "reservoirs" (`view.history.reservoirs` of the inputs), "calendar" (`time`), "series" (`time`,
            `last_value`, `last_time`), "space" (`space`), "lines" (`line`, `cell`, `level`), "place" or "waveform"
            (`waves`; the first reads no input), "field" (`fields`).
        fill: whether missing inputs must be filled (`Normaliser.encode(fill=True)`); trees read NaN as it is.
        most_rows: training rows used at most.
        is_floor: a predictor without inputs; a network that does not beat it has found no usable signal.
        fit: `module:function`, `(train, validation, task, seed) -> function(test Table) -> values or probabilities`.
        help: one line for the help text.
    """

    name: str
    words: str
    is_plural: bool
    kinds: tuple[str, ...]
    features: str
    fill: bool
    most_rows: int | None
    is_floor: bool
    fit: str
    help: str


_TABULAR, _SERIES, _SPATIAL, _LINES, _SEISMIC, _FIELDS = (
    f"outcrop.evaluate.{module}:" for module in ("tabular", "series", "spatial", "lines", "seismic", "fields")
)
_BOTH = ("class", "number")
FEATURES = ("sample", "window", "reservoirs", "calendar", "series", "space", "lines", "place", "waveform", "field")

BASELINES: dict[str, Baseline] = {
    row.name: row
    for row in (
        Baseline(
            "majority", "always guessing by the class frequencies", False, ("class",), "none", True, None, True,
            _TABULAR + "majority", "the training class frequencies for every sample: the commonest or cheapest class",
        ),
        Baseline(
            "mean", "the training mean", False, ("number",), "none", True, None, True,
            _TABULAR + "mean", "the mean of the training targets for every sample",
        ),
        Baseline(
            "level", "the usual answer at each level", False, _BOTH, "lines", True, None, False,
            _LINES + "level", "the class frequencies, or the mean, of all training lines at the same level (row)",
        ),
        Baseline(
            "nearest_line", "a copy of the nearest training line", False, _BOTH, "lines", True, None, False,
            _LINES + "nearest_line", "what the nearest line with labels says at the same place",
        ),
        Baseline(
            "persistence", "persistence", False, ("number",), "series", True, None, False,
            _SERIES + "persistence", "the last known value of the target",
        ),
        Baseline(
            "climatology", "the climatology", False, ("number",), "calendar", True, None, False,
            _SERIES + "climatology", "the training mean of the month (and hour of the day), of each place of a grid",
        ),
        Baseline(
            "damped_persistence", "damped persistence", False, ("number",), "series", True, None, False,
            _SERIES + "damped_persistence", "climatology plus a fitted share of the last known anomaly",
        ),
        Baseline(
            "anomaly_persistence", "the persistence of the anomaly", False, ("number",), "series", True, None, False,
            _SERIES + "anomaly_persistence", "climatology plus the last known anomaly",
        ),
        Baseline(
            "same_place", "picking the same place in every record", False, ("picks",), "place", True, None, True,
            _SEISMIC + "same_place", "the median place, from the start of the record, of the training picks",
        ),
        Baseline(
            "sta_lta", "STA/LTA", False, ("picks",), "waveform", True, None, False,
            _SEISMIC + "sta_lta", "short- over long-term average of the energy, settings chosen on training records",
        ),
        Baseline(
            "ar_aic", "the AR-AIC picker", False, ("picks",), "waveform", True, None, False,
            _SEISMIC + "ar_aic", "STA/LTA, then the change of an autoregressive model: one P and one S per record",
        ),
        Baseline(
            "other_nodes", "the mean of the other nodes", False, ("number",), "space", True, None, False,
            _SPATIAL + "other_nodes", "the mean of all nodes of the network that are measured at the same time",
        ),
        Baseline(
            "nearest_node", "the nearest node", False, ("number",), "space", True, None, False,
            _SPATIAL + "nearest_node", "the value of the nearest node that is measured",
        ),
        Baseline(
            "inverse_distance", "inverse-distance weighting", False, ("number",), "space", True, None, False,
            _SPATIAL + "inverse_distance", "the 32 nearest nodes that are measured, weighted by 1 / distance squared",
        ),
        Baseline(
            "linear_interpolation", "linear interpolation", False, ("number",), "space", True, None, False,
            _SPATIAL + "linear_interpolation", "linear in triangles of measured nodes, the nearest one outside",
        ),
        Baseline(
            "kriging", "ordinary kriging", False, ("number",), "space", True, None, False,
            _SPATIAL + "kriging", "the 32 nearest nodes that are measured, weighted by a variogram of training nodes",
        ),
        Baseline(
            "nearest_neighbours", "the 15 nearest neighbours", True, _BOTH, "sample", True, 40_000, False,
            _TABULAR + "nearest_neighbours", "mean of the 15 training samples with the most similar inputs",
        ),
        Baseline(
            "logistic", "logistic regression", False, ("class",), "sample", True, 60_000, False,
            _TABULAR + "logistic", "multinomial logistic regression",
        ),
        Baseline(
            "linear", "ridge regression", False, ("number",), "sample", True, 200_000, False,
            _TABULAR + "linear", "ridge regression, strength by generalised cross-validation",
        ),
        Baseline(
            "linear_window", "ridge regression on the window", False, ("number",), "window", True, 200_000, False,
            _TABULAR + "linear", "ridge regression on the inputs around the sample (for a forecast: an autoregression)",
        ),
        Baseline(
            "linear_reservoir", "a linear reservoir", False, ("number",), "reservoirs", True, 40_000, False,
            _SERIES + "linear_reservoir", "a simulation: exponential or gamma response to the inputs, least squares",
        ),
        Baseline(
            "mean_field", "the mean field", False, ("number",), "field", True, None, True,
            _FIELDS + "mean_field", "the training mean of every cell of a field",
        ),
        Baseline(
            "ridge_operator", "a linear operator", False, ("number",), "field", True, None, False,
            _FIELDS + "ridge_operator", "a ridge regression of the whole output field on the whole input field",
        ),
        Baseline(
            "pod", "principal components of the fields", True, ("number",), "field", True, None, False,
            _FIELDS + "pod", "the same through the leading principal components of the targets",
        ),
        Baseline(
            "boosted_trees", "boosted trees", True, _BOTH, "sample", False, 60_000, False,
            _TABULAR + "boosted_trees", "gradient-boosted trees, stopped on the validation groups",
        ),
        Baseline(
            "boosted_trees_window", "boosted trees with a window", True, _BOTH, "window", False, 40_000, False,
            _TABULAR + "boosted_trees", "gradient-boosted trees on the inputs around the sample",
        ),
    )
}  # fmt: skip


def find(name: str) -> Baseline:
    """The row of one baseline, or a ConfigError with the likely spelling."""
    if name not in BASELINES:
        raise ConfigError(
            message(
                f"Unknown baseline {name!r}{did_you_mean(name, BASELINES)}.",
                where="[evaluate] baselines",
                fix=f"use some of {', '.join(BASELINES)}.",
            )
        )
    return BASELINES[name]


def ladder(kind: str, *, features: tuple[str, ...] = ("sample", "window")) -> tuple[str, ...]:
    """The baselines that "auto" stands for, simplest first.

    Args:
        kind: kind of target.
        features: what the caller can offer; add "calendar" on a time axis, "series" for a forecast, "reservoirs" for a
            simulation, "space" where other nodes of a network are measured, "lines" where lines are numbered, "field"
            where examples are whole records.

    >>> ladder("class", features=("sample",))
    ('majority', 'nearest_neighbours', 'logistic', 'boosted_trees')
    """
    return tuple(row.name for row in BASELINES.values() if kind in row.kinds and row.features in ("none", *features))


def check(names: tuple[str, ...], kind: str) -> tuple[str, ...]:
    """The names back, after a check that each exists and predicts this kind of target.

    Picks are read from class probabilities, so that baselines for classes can be asked for too.
    """
    able = {kind, "class"} if kind == "picks" else {kind}
    for name in names:
        if not able & set(find(name).kinds):
            raise ConfigError(
                message(
                    f"Baseline {name!r} does not predict a target of kind {kind!r}.",
                    where="[evaluate] baselines",
                    fix=f"use some of {', '.join(ladder(kind, features=FEATURES))}.",
                )
            )
    return names


def _load(import_string: str) -> Callable[..., Callable[[Table], np.ndarray]]:
    module, function = import_string.split(":")
    return getattr(import_module(module), function)


def fit_predict(
    name: str, train: Table, test: Table, task: Task | None = None, *, validation: Table | None = None, seed: int = 0
) -> Prediction:
    """Fits one baseline on the training rows and predicts the test rows.

    Args:
        name: key of the table.
        train: training rows, with the inputs that the baseline's `features` and `fill` ask for.
        test: rows to predict; its target is not read.
        task: classes, cost and decision rule; None for numbers.
        validation: rows of the validation groups; trees stop on them, and lines among them may be copied.
        seed: of the thinning and of the trees.

    Raises:
        ConfigError: the baseline is unknown or does not predict this kind of target.
    """
    task = task or Task()
    row = find(name)
    check((name,), "picks" if task.picking else "number" if task.classes is None else "class")
    blind = replace(test, target=np.full(len(test), -1), weight=None)
    most = None if row.most_rows is None else 20_000
    held = None if validation is None else validation.learnable(most, seed)
    answer = _load(row.fit)(train.learnable(row.most_rows, seed), held, task, seed)(blind)
    if task.classes is None:
        return Prediction(np.asarray(answer, dtype=np.float64))
    return Prediction(decide(answer, task.cost, task.decide), np.asarray(answer, dtype=np.float32))
