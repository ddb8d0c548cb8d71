"""What networks say about their own uncertainty, as quantiles of the target at fixed levels.

A Gaussian head, a quantile head, an ensemble and dropout left on at prediction all end in the same form: one point
prediction and one quantile per level, in standardised units of the target. Several members are combined as a mixture
with the mean and variance of all of them (Lakshminarayanan et al. 2017, arXiv:1612.01474, section 2.4), quantile heads
by averaging quantiles (Vincent 1912; Ratcliff 1979, doi:10.1037/0033-2909.86.3.446).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from outcrop.metric.regression import LEVELS


@dataclass(frozen=True)
class Head:
    """What the outputs of a network mean.

    Attributes:
        kind: "class" (logits), "point", "gaussian" (mean, log standard deviation) or "quantile".
        levels: of a quantile head.
    """

    kind: str
    levels: tuple[float, ...] = ()

    def spreads(self, draws: int) -> bool:
        """Whether a distribution comes out of so many members (times draws with dropout)."""
        return self.kind in ("gaussian", "quantile") or (self.kind == "point" and draws > 1)


def combined(
    outputs: Sequence[Float[np.ndarray, "*sample output"]], head: Head, levels: Sequence[float] = LEVELS
) -> Float[np.ndarray, "*sample value"]:
    """The point prediction and the quantiles of a mixture of members.

    Args:
        outputs: of each member (and draw), in standardised units; of classes, probabilities.
        head: what they mean.
        levels: of the quantiles wanted.

    Returns:
        Probabilities (*sample, class); or (*sample, 1 + level) with the point first; (*sample, 1) where the members
        say nothing about their spread.

    >>> combined([np.array([[1.0, 0.0]])], Head("gaussian"), [0.5, 0.975]).round(2).tolist()
    [[1.0, 1.0, 2.96]]
    """
    if head.kind == "class":
        return _mean(outputs)
    if head.kind == "quantile":
        return _of_quantiles(_mean([np.sort(each, axis=-1) for each in outputs]), head.levels, levels)
    if head.kind == "gaussian":
        means = [each[..., :1] for each in outputs]
        within = _mean([np.exp(2 * each[..., 1:2]) for each in outputs])
    elif len(outputs) == 1:
        return np.asarray(outputs[0])
    else:
        means, within = outputs, 0.0
    middle = _mean(means)
    between = np.var(np.stack(means), axis=0, ddof=min(len(means) - 1, 1)) if len(means) > 1 else 0.0
    return _normal(middle, np.sqrt(within + between), levels)


def _mean(arrays: Sequence[np.ndarray]) -> np.ndarray:
    return np.asarray(arrays[0]) if len(arrays) == 1 else np.mean(arrays, axis=0, dtype=np.float64)


def _normal(mean: np.ndarray, sd: np.ndarray, levels: Sequence[float]) -> np.ndarray:
    from scipy.stats import norm

    return np.concatenate([mean, mean + sd * norm.ppf(np.asarray(levels))], axis=-1)


def _of_quantiles(known: np.ndarray, at: Sequence[float], levels: Sequence[float]) -> np.ndarray:
    """Quantiles at other levels: straight lines over the normal deviate of the level, and beyond the outermost ones."""
    from scipy.stats import norm

    x, wanted = norm.ppf(np.asarray(at)), norm.ppf(np.asarray(levels))
    right = np.clip(np.searchsorted(x, wanted), 1, len(x) - 1)
    share = (wanted - x[right - 1]) / (x[right] - x[right - 1])
    found = known[..., right - 1] * (1 - share) + known[..., right] * share
    point = known[..., [list(at).index(0.5)]]
    return np.concatenate([point, found], axis=-1)
