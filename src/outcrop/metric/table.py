"""The table of metrics: name, formula, source, which direction is better, and for which kinds of target.

Holds import strings only, so that the help text and the run file's check need neither NumPy nor the formulas. Each
metric is a formula on sums that add over samples (a confusion matrix, sums of errors), which is why one pass over the
samples gives the pooled score, the score of every well and two thousand resamples of wells.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from outcrop.errors import ConfigError, did_you_mean, message


@dataclass(frozen=True)
class Metric:
    """One row of the table.

    Attributes:
        name: key in the run file and in metrics.json.
        words: how a sentence names it ("mean penalty").
        formula: in plain notation; n samples, t target, y prediction.
        source: where the definition comes from.
        better: "higher", "lower" or "zero" (a bias).
        kinds: kinds of target it is defined for ("class", "number", "picks"; "draws" of a generator).
        function: `module:function` of the public function, `f(*, prediction, target, ...) -> float`. The function of
            the same name with `_of_sums` turns sums (any leading axes) into values, `(sums, *, cost) -> (...)`.
        sums: `module:function` that gathers the additive sums per group, `(prediction, target, group, groups, weight,
            classes) -> (group, ...)`.
        reads: what it compares with the target: "label" or "value" (the decision), "field" (the values of a whole
            record: `sums` is also told `field`, the number of each sample's record), "probabilities", "quantiles" or
            "picks".
        unit: "" (a pure number), "target" (the target's unit; of picks that of the axis) or "cost" (that of the cost
            matrix, which it needs).
        on_request: says nearly what another one says (Nash-Sutcliffe efficiency and R2, mean IoU and macro F1), so that
            only those who name it get it.
    """

    name: str
    words: str
    formula: str
    source: str
    better: str
    kinds: tuple[str, ...]
    function: str
    sums: str
    reads: str
    unit: str = ""
    on_request: bool = False

    @property
    def of_sums(self) -> str:
        """`module:function` from sums to values."""
        return self.function + "_of_sums"

    @property
    def needs_cost(self) -> bool:
        """Whether it is defined only where the class table has a cost matrix."""
        return self.unit == "cost"

    @property
    def has_unit(self) -> bool:
        """Whether its value carries the target's unit."""
        return self.unit == "target"

    def load(self, part: str) -> Callable[..., Any]:
        """The callable behind `function`, `sums` or `of_sums`."""
        return _load(getattr(self, part))


def _load(import_string: str) -> Callable[..., Any]:
    module, name = import_string.split(":")
    return getattr(import_module(module), name)


def _class(
    name: str,
    words: str,
    formula: str,
    source: str,
    better: str = "higher",
    sums: str = "confusion",
    unit: str = "",
    on_request: bool = False,
) -> Metric:
    """A row for class targets, on a confusion matrix or on the log loss of probabilities."""
    module = "outcrop.metric.classification:"
    reads = "label" if sums == "confusion" else "probabilities"
    function, gather = module + name, f"{module}{sums}_sums"
    return Metric(name, words, formula, source, better, ("class",), function, gather, reads, unit, on_request)


def _number(
    name: str,
    words: str,
    formula: str,
    source: str,
    better: str = "lower",
    unit: str = "target",
    sums: str = "error",
    on_request: bool = False,
) -> Metric:
    """A row for numbers, on sums of errors or on the scores of quantiles."""
    module = "outcrop.metric.regression:"
    function, gather = module + name, f"{module}{sums}_sums"
    reads = "value" if sums == "error" else "quantiles"
    return Metric(name, words, formula, source, better, ("number",), function, gather, reads, unit, on_request)


def _picks(name: str, words: str, formula: str, better: str = "higher", unit: str = "") -> Metric:
    """A row for picks, on hits, misses and residuals."""
    module = "outcrop.metric.picks:"
    source = "Zhu and Beroza (2019), doi:10.1093/gji/ggy423, section 4"
    return Metric(name, words, formula, source, better, ("picks",), module + name, f"{module}pick_sums", "picks", unit)


_SOKOLOVA = "Sokolova and Lapalme (2009), doi:10.1016/j.ipm.2009.03.002"
_FORCE = "FORCE 2020 contest, doi:10.5281/zenodo.4351156 (its score is the negative of this)"
_LONG = "Long et al. (2015), doi:10.1109/CVPR.2015.7298965"
_GNEITING = "Gneiting and Raftery (2007), doi:10.1198/016214506000001437"
_NASH = "Nash and Sutcliffe (1970), doi:10.1016/0022-1694(70)90255-6"
_LI = "Li et al. (2021), arXiv:2010.08895, section 5"
_ZHU = "Zhu, Mousavi and Beroza (2019), doi:10.1109/TGRS.2019.2926772"
_WILKS = "Wilks (2019), Statistical Methods in the Atmospheric Sciences, chapter 9"

METRICS: dict[str, Metric] = {
    row.name: row
    for row in (
        _class("expected_cost", "mean penalty", "mean of cost[t, y]", _FORCE, "lower", unit="cost"),
        _class("accuracy", "accuracy", "share of samples with y = t", _SOKOLOVA),
        _class("balanced_accuracy", "balanced accuracy", "mean over observed classes of recall", _SOKOLOVA),
        _class("macro_f1", "macro F1", "mean over observed classes of 2 P R / (P + R)", _SOKOLOVA),
        _class("mean_iou", "mean IoU", "mean over observed classes of TP / (TP + FP + FN)", _LONG, on_request=True),
        _class("log_loss", "log loss", "mean of -ln p[t]", _GNEITING, "lower", sums="log_loss"),
        _number("rmse", "root mean square error", "sqrt(mean of (y - t)^2)", _WILKS),
        _number("mae", "mean absolute error", "mean of |y - t|", _WILKS),
        _number("r2", "R2", "1 - sum (y - t)^2 / sum (t - mean t)^2", _WILKS, "higher", ""),
        _number("nse", "Nash-Sutcliffe efficiency", "R2 (mean of scored t)", _NASH, "higher", "", on_request=True),
        _number("bias", "bias", "mean of y - t", _WILKS, "zero"),
        Metric(
            "snr_db", "signal-to-noise ratio in dB", "10 log10(sum t^2 / sum (y - t)^2)", _ZHU, "higher", ("number",),
            "outcrop.metric.signal:snr_db", "outcrop.metric.regression:error_sums", "value", on_request=True,
        ),
        Metric(
            "relative_l2", "relative L2 error", "mean over records of |y - t| / |t|, norms over samples", _LI,
            "lower", ("number",), "outcrop.metric.field:relative_l2", "outcrop.metric.field:relative_l2_sums", "field",
            on_request=True,
        ),
        _number("crps", "CRPS", "2 * integral over q of the pinball loss of quantile q", _GNEITING, sums="crps"),
        Metric(
            "energy_score", "energy score", "mean over examples of E|x - s| - E|s - s'| / 2, realisations s", _GNEITING,
            "lower", ("draws",), "outcrop.metric.energy:energy_score", "outcrop.metric.regression:error_sums", "value",
            "target", on_request=True,
        ),
        _picks("pick_f1", "F1 of picks", "mean over phases of 2 hits / (picks found + true picks)"),
        _picks("pick_precision", "precision of picks", "mean over phases of hits / picks found"),
        _picks("pick_recall", "recall of picks", "mean over phases of hits / true picks"),
        _picks("pick_bias", "mean residual of picks", "mean over hits of found - true", "zero", "target"),
        _picks("pick_spread", "spread of picks", "standard deviation over hits of found - true", "lower", "target"),
    )
}  # fmt: skip

PRIMARY = {
    "class with cost": "expected_cost",
    "class": "macro_f1",
    "number": "rmse",
    "picks": "pick_f1",
    "draws": "energy_score",
}
"""The metric a verdict rests on when the run file names none."""


def find(name: str) -> Metric:
    """The row of one metric, or a ConfigError with the likely spelling."""
    if name not in METRICS:
        raise ConfigError(
            message(
                f"Unknown metric {name!r}{did_you_mean(name, METRICS)}.",
                where="[evaluate] metrics",
                fix=f"use one of {', '.join(METRICS)}.",
            )
        )
    return METRICS[name]


def defined_for(
    kind: str, *, cost: bool = False, probabilities: bool = True, quantiles: bool = True
) -> tuple[str, ...]:
    """Names of the metrics that exist for a kind of target, in the table's order.

    >>> defined_for("number")
    ('rmse', 'mae', 'r2', 'nse', 'bias', 'snr_db', 'relative_l2', 'crps')
    """
    return tuple(
        row.name
        for row in METRICS.values()
        if kind in row.kinds
        and (cost or not row.needs_cost)
        and (probabilities or row.reads != "probabilities")
        and (quantiles or row.reads != "quantiles")
    )


def primary(kind: str, *, cost: bool = False, wanted: str | None = None) -> str:
    """The metric the verdict rests on: the wanted one after a check, or the default for the kind of target.

    >>> primary("class", cost=True), primary("class"), primary("number")
    ('expected_cost', 'macro_f1', 'rmse')
    """
    if wanted is None:
        return PRIMARY["class with cost" if kind == "class" and cost else kind]
    row = find(wanted)
    if kind not in row.kinds or (row.needs_cost and not cost) or row.better == "zero":
        allowed = [name for name in defined_for(kind, cost=cost) if METRICS[name].better != "zero"]
        raise ConfigError(
            message(
                f"A verdict cannot rest on {wanted!r} for a target of kind {kind!r}"
                + (" without a cost matrix." if row.needs_cost and not cost else "."),
                where="[evaluate] metrics",
                fix=f"put one of {', '.join(allowed)} first.",
            )
        )
    return wanted
