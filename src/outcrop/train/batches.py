"""The order in which examples are visited, and how a step's batches are taken from it.

Data that fit in memory are a `Batch` with a leading example axis: they live on the device and are gathered by index
inside the compiled step. Data that do not are a `Source`, which is asked for each batch in turn, in a thread that stays
ahead of the steps. The order depends on the key and the epoch alone, so step k sees the same examples whether or not
the run was interrupted before it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import lru_cache
from typing import Any, Protocol, runtime_checkable

import jax
import jax.numpy as jnp
import numpy as np

from outcrop.records import Batch


@runtime_checkable
class Source(Protocol):
    """Data read as they are needed: larger than memory, or drawn anew each time.

    A source may have a method `order(rng) -> permutation` that says in which order an epoch visits its examples, where
    some orders are quicker to read than others; by default a random one.
    """

    def __len__(self) -> int: ...

    def batch(self, index: np.ndarray, rng: np.random.Generator) -> Batch:
        """The examples `index`, as NumPy arrays; `rng` is the only randomness allowed."""
        ...


def examples(data: Batch | Source) -> int:
    """Number of examples; 1 for a batch without arrays (a loss that draws its own points).

    >>> examples(Batch(np.zeros((5, 2))))
    5
    """
    if not isinstance(data, Batch):
        return len(data)
    return max((len(leaf) for leaf in jax.tree.leaves(data._replace(shared=None))), default=1)


def take(data: Batch, index: jax.Array) -> Batch:
    """The examples `index` of data on the device; `shared` is common to all examples and passes through."""
    own = data._replace(shared=None)
    rows = jax.tree.map(lambda leaf: jnp.asarray(leaf).at[index].get(mode="promise_in_bounds"), own)
    return rows._replace(shared=data.shared)


@lru_cache(maxsize=32)
def _epoch(seed: tuple[int, ...], count: int, epoch: int) -> np.ndarray:
    return np.random.default_rng((*seed, epoch)).permutation(count).astype(np.int32)


def _on_device(data: Batch, *, fill: bool) -> Batch:
    """Data on the device; few examples filled up to a round number with copies of the last one, which no batch holds.

    Folds of a rotation differ by a few examples: filled up, they share one compiled program.
    """
    count = examples(data)
    more = -count % ROUND if fill and count <= FEW else 0

    def rows(leaf: Any) -> jax.Array:
        return jnp.asarray(np.concatenate([leaf, np.repeat(leaf[-1:], more, axis=0)]) if more else leaf)

    own = jax.tree.map(rows, data._replace(shared=None))
    return own._replace(shared=jax.tree.map(jnp.asarray, data.shared))


class Feed:
    """What each step is given: the indices of its batches (data on the device) or the batches themselves (a Source).

    A step of a loss with several turns sees `turns` batches: turn j of every group sees the j-th. The last, incomplete
    batch of an epoch is left out; data smaller than a batch are one full batch, in their own order.

    Attributes:
        resident: the data on the device; None for a Source.
    """

    def __init__(
        self, data: Batch | Source, seed: tuple[int, ...], batch_size: int, turns: int = 1, steps: int | None = None
    ) -> None:
        """Lays out the order; `steps` is where training ends at the latest, so that nothing is read beyond it."""
        self.seed, self.turns, self.steps = seed, turns, steps
        self.examples = examples(data)
        self.batch_size = min(batch_size, self.examples)
        whole = self.batch_size == self.examples
        self.resident = _on_device(data, fill=not whole) if isinstance(data, Batch) else None
        self.source = None if isinstance(data, Batch) else data
        self._orders: dict[int, np.ndarray] = {}
        self._coming: dict[int, Future[Any]] = {}
        self._thread: ThreadPoolExecutor | None = None
        self.waited = 0.0
        """Seconds that steps have waited for the batches of a source."""

    def index(self, number: int) -> np.ndarray:
        """Indices of batch `number` since the start of training, shape (batch,)."""
        if self.batch_size == self.examples:
            return np.arange(self.examples, dtype=np.int32)
        epoch, place = divmod(number, self.examples // self.batch_size)
        return self._order(epoch)[place * self.batch_size : (place + 1) * self.batch_size]

    def _order(self, epoch: int) -> np.ndarray:
        order = getattr(self.source, "order", None)
        if order is None:
            return _epoch(self.seed, self.examples, epoch)
        if epoch not in self._orders:
            self._orders = {epoch: order(np.random.default_rng((*self.seed, epoch)))}
        return self._orders[epoch]

    def step(self, step: int) -> Any:
        """What step `step` is given: its batches, stacked along a leading turn axis; the next ones are begun."""
        if self.source is None:
            return np.stack([self.index(step * self.turns + turn) for turn in range(self.turns)])
        self._begin(step, AHEAD + 1)
        begun = time.monotonic()
        given = self._coming.pop(step).result()
        self.waited += time.monotonic() - begun
        return given

    def chunk(self, start: int, count: int) -> Any:
        """What `count` steps are given, stacked along a leading step axis; the next chunk is begun."""
        if self.source is not None:
            self._begin(start, count)
        given = [self.step(start + i) for i in range(count)]
        if self.source is not None:
            self._begin(start + count, count)
        return jax.tree.map(lambda *leaves: np.stack(leaves), *given)

    def _begin(self, first: int, count: int) -> None:
        """Asks the thread for steps that it was not asked for yet; one at a time, in order."""
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, "batches")
        last = first + count if self.steps is None else min(first + count, self.steps)
        for step in range(first, max(last, first + 1)):
            if step not in self._coming:
                self._coming[step] = self._thread.submit(self._made, step)
        for step in [step for step in self._coming if step < first]:
            self._coming.pop(step).cancel()

    def _made(self, step: int) -> Any:
        rng = np.random.default_rng((*self.seed, step, 1))
        batches = [self.source.batch(self.index(step * self.turns + turn), rng) for turn in range(self.turns)]  # type: ignore[union-attr]
        return jax.tree.map(lambda *leaves: np.stack(leaves), *batches)

    def look(self, number: int) -> Batch:
        """Batch `number` outside of its turn, e.g. for statistics of the training part."""
        if self.resident is not None:
            return self.batch(self.resident, self.index(number)[None], 0)
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, "batches")
        return jax.tree.map(lambda leaf: leaf[0], self._thread.submit(self._made, number).result())

    def known(self, resident: Batch | None) -> Batch | None:
        """The data on the device without what they were filled up with."""
        if resident is None or self.batch_size == self.examples:
            return resident
        own = jax.tree.map(lambda leaf: leaf[: self.examples], resident._replace(shared=None))
        return own._replace(shared=resident.shared)

    def close(self) -> None:
        """Ends the thread; what was begun and not asked for is dropped."""
        if self._thread is not None:
            self._thread.shutdown(wait=True, cancel_futures=True)
            self._thread, self._coming = None, {}

    def batch(self, resident: Batch | None, given: Any, turn: int) -> Batch:
        """Inside the compiled step: the batch of one turn."""
        if resident is None:
            return jax.tree.map(lambda leaf: leaf[turn], given)
        return resident if self.batch_size == self.examples else take(resident, given[turn])


ROUND, FEW = 256, 4096
"""Data of at most `FEW` examples are filled up to a multiple of `ROUND`."""
AHEAD = 3
"""Batches of a source that are made while a step is computed."""
Augment = Callable[[Batch, jax.Array], Batch]
