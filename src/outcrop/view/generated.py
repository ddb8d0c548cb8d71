"""Examples to be drawn anew: what a generator is told (conditions, known values) and what it has to draw.

Known values of what is generated (wells in a map, a gap around an image) are drawn anew for every training example, so
that one network serves all patterns of observations; a held-out example has one fixed pattern.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Bool, Float
from scipy.spatial.distance import cdist

from outcrop.data.kriging import bordered
from outcrop.records import Batch
from outcrop.view.wrapping import Wrapping

if TYPE_CHECKING:
    from outcrop.data.normalise import Encoded


@dataclass(frozen=True)
class Given:
    """Which values of an example are known.

    Attributes:
        kind: "points" (single samples), "lines" (whole lines along `along`, as wells are), "box" (all but a box).
        count: points or lines of a training example, from and to.
        test: points or lines of a held-out example.
        along: axis of the example that lines run along.
        size: samples of the box along each axis.
        seed: of the patterns of held-out examples.
        interpolate: whether a surface through the known values is told too, which the network may correct.
    """

    kind: str
    count: tuple[int, int] = (0, 8)
    test: int = 4
    along: int = 0
    size: tuple[int, ...] = ()
    seed: int = 0
    interpolate: bool = False

    def known(self, shape: tuple[int, ...], rng: np.random.Generator, *, fixed: bool) -> Bool[np.ndarray, "*place"]:
        """Where one example of this shape is known.

        >>> wells = Given("lines", count=(2, 2), test=2, along=0)
        >>> wells.known((4, 5), np.random.default_rng(0), fixed=True).sum(axis=0).tolist()
        [0, 0, 0, 4, 4]
        """
        if self.kind == "box":
            known = np.ones(shape, bool)
            starts = [int(rng.integers(max(n - s, 0) + 1)) for n, s in zip(shape, self.size, strict=True)]
            known[tuple(slice(start, start + s) for start, s in zip(starts, self.size, strict=True))] = False
            return known
        wanted = self.test if fixed else int(rng.integers(self.count[0], self.count[1] + 1))
        if self.kind == "points":
            known = np.zeros(prod(shape), bool)
            known[rng.choice(len(known), min(wanted, len(known)), replace=False)] = True
            return known.reshape(shape)
        across = shape[: self.along] + shape[self.along + 1 :]
        lines = np.zeros(prod(across), bool)
        lines[rng.choice(len(lines), min(wanted, len(lines)), replace=False)] = True
        return np.broadcast_to(np.expand_dims(lines.reshape(across), self.along), shape).copy()


@dataclass(frozen=True)
class Generated(Wrapping):
    """A view whose examples are to be drawn anew. Everything but the arrays is the inner view's.

    A batch holds as `target` what is drawn (example, *place, variable), standard units, and as `inputs` what the
    generator is told (example, *place, condition): the other inputs, then, if any values are given, the surface through
    them where one is asked for, the known values (0 where unknown) and where they are known.

    Attributes:
        inner: cuts the records into examples.
        conditions: input channels that the generator is told.
        given: which values of what is drawn are known, or None.
    """

    conditions: tuple[int, ...]
    given: Given | None = None

    @property
    def redrawn(self) -> bool:
        """Whether an example is another one each time it is gathered for training."""
        return self.given is not None

    def gather(
        self,
        tables: Mapping[str, Encoded],
        index: np.ndarray,
        *,
        rng: np.random.Generator | None = None,
        room: np.ndarray | None = None,
    ) -> Batch:
        """What is told and what is drawn; without `rng` every example has its fixed pattern of known values."""
        index = np.asarray(index)
        batch = self.inner.gather(tables, index, rng=rng, room=room)
        target = np.nan_to_num(np.asarray(batch.target))
        told = np.asarray(batch.inputs)[..., list(self.conditions)]
        if self.given is not None:
            known = np.stack([self._known(int(one), target.shape[1:-1], rng) for one in index])[..., None]
            known = known & (np.asarray(batch.weight) > 0).all(axis=-1, keepdims=True)
            parts = [told, np.where(known, target, 0), known]
            if self.given.interpolate:
                parts.insert(1, np.stack([surface(*one) for one in zip(target, known[..., 0], strict=True)]))
            told = np.concatenate(parts, axis=-1, dtype=np.float32)
        return batch._replace(inputs=told, target=target)

    def _known(self, which: int, shape: tuple[int, ...], rng: np.random.Generator | None) -> np.ndarray:
        assert self.given is not None
        if rng is not None:
            return self.given.known(shape, rng, fixed=False)
        return self.given.known(shape, np.random.default_rng([self.given.seed, which]), fixed=True)


def surface(
    values: Float[np.ndarray, "*place variable"], known: Bool[np.ndarray, "*place"]
) -> Float[np.ndarray, "*place variable"]:
    """Ordinary kriging of what is known, with distances in cells and the linear variogram gamma(h) = h; 0 without data.

    Nothing is fitted, so nothing can leak; the surface goes through the data. In its dual form one system is solved for
    all cells: z(x) = sum over i of b_i gamma(|x - x_i|) + c with sum of b = 0.

    Source: Chiles and Delfiner (2012), doi:10.1002/9781118136188, section 3.4.

    >>> surface(np.array([[1.0], [9.0], [3.0]]), np.array([True, False, True])).ravel().tolist()
    [1.0, 2.0, 3.0]
    """
    cells = np.argwhere(known).astype(float)
    if not len(cells):
        return np.zeros(values.shape)
    places = np.indices(known.shape).reshape(known.ndim, -1).T
    right = np.concatenate([values[known], np.zeros((1, values.shape[-1]))])
    weight = np.linalg.solve(bordered(cdist(cells, cells)), right)
    return (cdist(places, cells) @ weight[:-1] + weight[-1]).reshape(values.shape)
