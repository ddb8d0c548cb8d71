"""What is drawn when a score gets its interval: whole groups (wells, stations), or contiguous blocks of time.

Neighbouring samples say the same thing, so rows are never drawn. One record in time is cut into blocks of stated
length; several records share the blocks, since they share the weather.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

from outcrop.errors import ConfigError, message
from outcrop.evaluate.scored import Scored
from outcrop.evaluate.words import count

STEPS = (
    ("second", 1.0),
    ("minute", 60.0),
    ("hour", 3600.0),
    ("day", 86400.0),
    ("week", 604800.0),
    ("month", 2.63e6),
    ("year", 3.156e7),
)


@dataclass(frozen=True)
class Units:
    """The units of a resampling.

    Attributes:
        member: index of the unit each sample belongs to.
        labels: one name per unit.
        noun: what a unit is called in a sentence ("well", "block of 24 months").
    """

    member: Int[np.ndarray, " sample"]
    labels: tuple[str, ...]
    noun: str

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def sentence(self) -> str:
        """How many of what: "31 wells", "12 blocks of 24 months"."""
        return count(len(self), self.noun)


def by_group(scored: Scored, key: str = "record", noun: str | None = None) -> Units:
    """Whole groups: every sample of a well stays together."""
    labels, member = np.unique(np.asarray(scored.key(key)).astype(str), return_inverse=True)
    return Units(member, tuple(labels.tolist()), noun or NOUNS.get(key, key.replace("_", " ")))


CYCLES = {"month": 12, "hour": 24}
ENOUGH_BLOCKS = 6
NOUNS = {"well_root": "well", "record": "record"}


def step_noun(position: np.ndarray) -> str:
    """The word for one step of an axis: "month" for monthly stamps, "sample" where the axis is not time."""
    position = np.unique(position)
    if not np.issubdtype(position.dtype, np.datetime64) or len(position) < 2:
        return "sample"
    seconds = float(np.median(np.diff(position).astype("timedelta64[s]").astype(np.float64)))
    name, length = min(STEPS, key=lambda step: abs(np.log(seconds / step[1])))
    return name if 0.9 < seconds / length < 1.1 else "sample"


def default_length(steps: np.ndarray) -> int:
    """Steps per block where none are stated: the square root of their number, in whole cycles where they are short.

    >>> default_length(np.arange("1990-01", "2010-01", dtype="datetime64[M]")), default_length(np.arange(100.0))
    (12, 10)
    """
    root = max(1, round(len(steps) ** 0.5))
    cycle = CYCLES.get(step_noun(steps), 1)
    whole = cycle * max(1, round(root / cycle))
    return whole if len(steps) // whole >= ENOUGH_BLOCKS else root


def by_block(scored: Scored, length: int | None = None) -> Units:
    """Contiguous blocks of `length` steps of the axis, shared by all records; a shorter rest joins the last.

    Args:
        scored: the samples.
        length: steps per block; it should exceed the time over which errors stay alike. Default: the square root of
            the number of steps; for months and hours whole years and days, where that leaves at least six blocks.
    """
    steps, rank = np.unique(scored.position, return_inverse=True)
    length = default_length(steps) if length is None else length
    if length < 1:
        raise ConfigError(
            message(f"A block of {length} steps is empty.", where="[evaluate]", fix="set a block length of 1 or more.")
        )
    blocks = max(1, len(steps) // length)
    member = np.minimum(rank // length, blocks - 1)
    labels = tuple(str(steps[i * length]) for i in range(blocks))
    return Units(member, labels, f"block of {count(length, step_noun(steps))}")


def units(scored: Scored, key: str = "record", *, block_length: int | None = None, noun: str | None = None) -> Units:
    """Groups where there are at least two of them and no block length is asked for, else blocks of the axis."""
    if block_length is None:
        groups = by_group(scored, key, noun)
        if len(groups) > 1 or not np.issubdtype(scored.position.dtype, np.datetime64):
            return groups
    return by_block(scored, block_length)
