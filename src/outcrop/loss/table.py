"""The table of losses: what a run file may name, for which targets, with which arguments. Holds no JAX."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from outcrop.errors import ConfigError, did_you_mean, message

if TYPE_CHECKING:
    import numpy as np

    from outcrop.loss.loss import Loss


@dataclass(frozen=True)
class Entry:
    """One loss.

    Attributes:
        name: as in `[loss] kind`.
        function: "module:function" that makes it.
        kinds: target kinds it is for, "class" or "number".
        help: one line for the help text and the docs.
        arguments: which keys of `[loss]` it uses.
    """

    name: str
    function: str
    kinds: tuple[str, ...]
    help: str
    arguments: tuple[str, ...] = ()


_ROOM = "outcrop.loss.supervised"
LOSSES: dict[str, Entry] = {
    entry.name: entry
    for entry in (
        Entry(
            "cross_entropy",
            f"{_ROOM}:cross_entropy",
            ("class",),
            "-log probability of the true class",
            ("class_weights", "label_smoothing"),
        ),
        Entry(
            "expected_cost",
            f"{_ROOM}:expected_cost",
            ("class",),
            "mean cost of a class drawn from the predicted probabilities, mixed with cross entropy",
            ("cost", "cross_entropy_share", "class_weights", "label_smoothing"),
        ),
        Entry("mse", f"{_ROOM}:mse", ("number",), "squared error"),
        Entry("mae", f"{_ROOM}:mae", ("number",), "absolute error, less moved by outliers"),
        Entry("huber", f"{_ROOM}:huber", ("number",), "squared error up to delta, absolute beyond", ("delta",)),
    )
}
AUTO = {"class": "cross_entropy", "number": "mse"}


def resolve(kind: str, target_kind: str) -> str:
    """The name of the loss: "auto" is cross entropy for classes and squared error for numbers.

    Raises:
        ConfigError: no such loss, or not for this kind of target.
    """
    kind = AUTO[target_kind] if kind == "auto" else kind
    fitting = [name for name, entry in LOSSES.items() if target_kind in entry.kinds]
    fix = f"choose one of auto, {', '.join(fitting)}."
    if kind not in LOSSES:
        raise ConfigError(
            message(f"There is no loss {kind!r}{did_you_mean(kind, LOSSES)}.", where="loss.kind", fix=fix)
        )
    if kind not in fitting:
        raise ConfigError(
            message(f"The loss {kind!r} is not for a target that is a {target_kind}.", where="loss.kind", fix=fix)
        )
    return kind


def build(
    kind: str,
    target_kind: str,
    *,
    class_counts: Sequence[int | float] | np.ndarray = (),
    class_codes: Sequence[object] = (),
    class_names: Sequence[str] = (),
    cost: np.ndarray | None = None,
    arguments: Mapping[str, Any] | None = None,
) -> Loss:
    """The loss of a run.

    Args:
        kind: a key of `LOSSES`, or "auto".
        target_kind: "class" or "number".
        class_counts: training samples per class, for class weights.
        class_codes, class_names: the class table, for class weights by class.
        cost: cost[true, predicted], for expected_cost.
        arguments: the keys of `[loss]` without `kind`; those another loss uses are left aside.

    Raises:
        ConfigError: see `resolve` and `class_weights`; or expected_cost without a cost matrix.
    """
    entry = LOSSES[resolve(kind, target_kind)]
    given: dict[str, Any] = {k: v for k, v in (arguments or {}).items() if k in entry.arguments}
    if "class_weights" in given:
        from outcrop.loss.class_weights import class_weights

        given["class_weights"] = class_weights(
            given["class_weights"], class_counts, codes=class_codes, names=class_names
        )
    if "cost" in entry.arguments:
        if cost is None:
            raise ConfigError(
                message(
                    "The loss 'expected_cost' needs a cost matrix, and the target has none.",
                    where="loss.kind",
                    fix='target.NAME.cost = "penalty.csv", or [loss] kind = "cross_entropy"',
                )
            )
        given["cost"] = cost
    module, function = entry.function.split(":")
    return getattr(import_module(module), function)(**given)
