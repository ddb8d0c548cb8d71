"""Weights per class from the class counts of the training part (pure NumPy)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float

from outcrop.errors import ConfigError, did_you_mean, message

RULES = ("none", "balanced", "sqrt")


def class_weights(
    rule: str | Mapping[str, int | float],
    counts: Sequence[int | float] | np.ndarray,
    *,
    codes: Sequence[object] = (),
    names: Sequence[str] = (),
) -> Float[np.ndarray, " klass"] | None:
    """One factor per class, with mean 1 over the training samples, so that the learning rate keeps its meaning.

    Args:
        rule: "none"; "balanced": proportional to 1 / count; "sqrt": to 1 / sqrt(count), between the two; or factors
            by class code or name, 1 for those not named, used as they are.
        counts: training samples (or their weights) per class. A class without any has factor 1 and is never used.
        codes: class codes, for a mapping.
        names: class names, for a mapping.

    Returns:
        Factors in the order of `counts`, or None for "none".

    >>> class_weights("balanced", [10, 30])  # 40 / (2 * 10), 40 / (2 * 30)
    array([2.        , 0.66666667])
    """
    counts = np.asarray(counts, dtype=float)
    if isinstance(rule, Mapping):
        return _named(rule, len(counts), [str(code) for code in codes], list(names))
    if rule not in RULES:
        raise ConfigError(
            message(
                f"There is no rule {rule!r} for class weights{did_you_mean(rule, RULES)}.",
                where="loss.class_weights",
                fix=f"choose one of {', '.join(RULES)}, or give factors by class code.",
            )
        )
    if rule == "none" or counts.sum() == 0:
        return None
    present = counts > 0
    factors = np.ones(len(counts))
    factors[present] = counts[present] ** (-1.0 if rule == "balanced" else -0.5)
    factors[present] *= counts.sum() / (factors[present] * counts[present]).sum()
    return factors


def _named(factors: Mapping[str, int | float], classes: int, codes: list[str], names: list[str]) -> np.ndarray:
    found = np.ones(classes)
    for key, factor in factors.items():
        known = codes if str(key) in codes else names
        if str(key) not in known:
            raise ConfigError(
                message(
                    f"Class {key!r} is not in the class table{did_you_mean(key, codes + names)}.",
                    where="loss.class_weights",
                    fix=f"use one of {', '.join(codes or names)}.",
                )
            )
        found[known.index(str(key))] = factor
    return found
