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
        head: what a network's outputs mean: "class", "point", "gaussian" (mean, log sd) or "quantile".
    """

    name: str
    function: str
    kinds: tuple[str, ...]
    help: str
    arguments: tuple[str, ...] = ()
    head: str = "point"


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
            "class",
        ),
        Entry(
            "expected_cost",
            f"{_ROOM}:expected_cost",
            ("class",),
            "mean cost of a class drawn from the predicted probabilities, mixed with cross entropy",
            ("cost", "cross_entropy_share", "class_weights", "label_smoothing"),
            "class",
        ),
        Entry(
            "dice",
            "outcrop.loss.overlap:dice",
            ("class",),
            "overlap of areas: small classes count as large",
            (),
            "class",
        ),
        Entry("mse", f"{_ROOM}:mse", ("number",), "squared error"),
        Entry("mae", f"{_ROOM}:mae", ("number",), "absolute error, less moved by outliers"),
        Entry("huber", f"{_ROOM}:huber", ("number",), "squared error up to delta, absolute beyond", ("delta",)),
        Entry(
            "relative_l2", "outcrop.loss.field:relative_l2", ("number",), "error of a field over its size", ("zero",)
        ),
        Entry("relative_h1", "outcrop.loss.field:relative_h1", ("number",), "the same of values and slopes", ("zero",)),
        Entry(
            "gaussian",
            "outcrop.loss.distribution:gaussian",
            ("number",),
            "negative log likelihood of a Gaussian whose mean and standard deviation are learned",
            ("beta",),
            "gaussian",
        ),
        Entry(
            "quantile",
            "outcrop.loss.distribution:quantile",
            ("number",),
            "pinball loss: one output per quantile level",
            ("levels",),
            "quantile",
        ),
        Entry(
            "elbo",
            "outcrop.loss.elbo:elbo",
            ("number",),
            "squared error and the price of a Gaussian code, of vae, vae1d and vae2d",
            ("kl_weight", "kl_warmup_steps", "free_bits"),
        ),
        Entry(
            "denoising",
            "outcrop.loss.denoising:denoising",
            ("number",),
            "diffusion: noise of every level is taken away from data, by time_mlp, time_unet and dit",
            (
                "predicts",
                "schedule",
                "noise_steps",
                "sigma_data",
                "level_mean",
                "level_spread",
                "condition_dropout",
            ),
        ),
        Entry(
            "flow",
            "outcrop.loss.flow:flow",
            ("number",),
            "flow matching: the velocity of straight paths from noise to data, by time_mlp, time_unet and dit",
            ("coupling", "times", "time_mean", "time_spread", "interpolant_noise", "condition_dropout"),
        ),
        Entry(
            "adversarial",
            "outcrop.loss.adversarial:adversarial",
            ("number",),
            "a generator against a critic, of gan_mlp and dcgan",
            ("objective", "critic_turns", "penalty_weight", "r1_weight"),
        ),
    )
}
COMPOSITE = "composite"
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


def outputs(kind: str, target_kind: str, *, classes: int = 0, levels: Sequence[float] = ()) -> int:
    """Numbers that a network gives per sample.

    >>> outputs("auto", "number"), outputs("gaussian", "number"), outputs("auto", "class", classes=5)
    (1, 2, 5)
    """
    return {"class": classes, "point": 1, "gaussian": 2, "quantile": len(levels)}[head_of(kind, target_kind)]


def head_of(kind: str, target_kind: str) -> str:
    """What a network's outputs mean under a loss; a composite has the head of all of its parts."""
    if kind == COMPOSITE:
        return "class" if target_kind == "class" else "point"
    return LOSSES[resolve(kind, target_kind)].head


def build(
    kind: str,
    target_kind: str,
    *,
    class_counts: Sequence[int | float] | np.ndarray = (),
    class_codes: Sequence[object] = (),
    class_names: Sequence[str] = (),
    cost: np.ndarray | None = None,
    zero: float = 0.0,
    arguments: Mapping[str, Any] | None = None,
) -> Loss:
    """The loss of a run.

    Args:
        kind: a key of `LOSSES`, or "auto".
        target_kind: "class" or "number".
        class_counts: training samples per class, for class weights.
        class_codes, class_names: the class table, for class weights by class.
        cost: cost[true, predicted], for expected_cost.
        zero: 0 of the target's unit in standardised units, for relative losses.
        arguments: the keys of `[loss]` without `kind`; those another loss uses are left aside.

    Raises:
        ConfigError: see `resolve` and `class_weights`; or expected_cost without a cost matrix.
    """
    common = {"class_counts": class_counts, "class_codes": class_codes, "class_names": class_names, "cost": cost}
    common["zero"] = zero
    if kind == COMPOSITE:
        return _composite(target_kind, dict(arguments or {}), common)
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
    if "zero" in entry.arguments:
        given["zero"] = zero
    module, function = entry.function.split(":")
    return getattr(import_module(module), function)(**given)


def _composite(target_kind: str, arguments: dict[str, Any], common: Mapping[str, Any]) -> Loss:
    """A weighted sum of losses of one head, as `parts = {cross_entropy = 1.0, dice = 0.5}` names them.

    Raises:
        ConfigError: fewer than two parts, or parts that ask for different outputs.
    """
    from outcrop.loss.overlap import Composite

    parts = arguments.pop("parts", {})
    fix = 'kind = "composite", parts = {cross_entropy = 1.0, dice = 0.5}'
    heads = {LOSSES[resolve(name, target_kind)].head for name in parts}
    if len(parts) < 2 or len(heads) > 1:
        what = "A composite loss needs two parts or more, on the same outputs."
        raise ConfigError(message(what, where="loss.parts", fix=fix))
    losses = {name: build(name, target_kind, arguments=arguments, **common) for name in parts}
    return Composite({name: (float(parts[name]), loss) for name, loss in losses.items()})
