"""Examples to be given back: as another view cuts them, with noise added to what is read, each on a scale of its own.

Training draws noise and its ratio anew for every batch; held-out examples have one fixed draw for each ratio, by the
number of the example. Noise is white, or a cut-out of records of the same part of the split: what a test is made of has
never been heard in training.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from outcrop.records import Batch

if TYPE_CHECKING:
    from outcrop.data.normalise import Encoded


@dataclass(frozen=True)
class Noise:
    """What is added to clean examples.

    Attributes:
        amplitude: root mean square of the clean signal of every record, standard units, shape (record,).
        measured: which columns every record has, shape (record, column): what was not recorded gets no noise.
        snr_db: ratios that held-out examples are scored at.
        train_snr_db: between which training draws its ratios evenly.
        donors: for every record of the view, the records whose cut-outs it may be given; empty for white noise.
        recorded: record index -> noise (sample, column) without its mean, standard units.
        seed: of the fixed draws.
    """

    amplitude: np.ndarray
    measured: np.ndarray
    snr_db: tuple[float, ...]
    train_snr_db: tuple[float, float]
    donors: Sequence[np.ndarray] = ()
    recorded: Mapping[int, np.ndarray] = field(default_factory=dict)
    seed: int = 0

    def draw(self, record: int, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
        """Noise of mean square 1 over the measured columns of one example, shape (time, column)."""
        own = self.measured[record]
        if not self.recorded:
            drawn = rng.standard_normal(shape)
        else:
            able = self.donors[record]
            source = self.recorded[int(able[rng.integers(len(able))])]
            start = rng.integers(len(source) - shape[0] + 1)
            drawn = source[start : start + shape[0]]
        return np.where(own, drawn, 0) / max(float(np.sqrt(np.mean(np.square(drawn[:, own])))), 1e-12)

    def of(self, record: np.ndarray, snr_db: np.ndarray, shape: tuple[int, ...], rngs: Any) -> np.ndarray:
        """Noise of some examples at their ratios, shape (example, time, column)."""
        amplitude = self.amplitude[record] * 10 ** (-np.asarray(snr_db) / 20)
        draws = [self.draw(int(which), shape, rng) for which, rng in zip(record, rngs, strict=True)]
        return np.stack(draws).astype(np.float32) * amplitude[:, None, None].astype(np.float32)


@dataclass(frozen=True)
class Corrupted:
    """A view whose examples are to be given back. Everything but the arrays is the inner view's.

    Attributes:
        inner: cuts the records into examples.
        columns: input channels that are given back, in the order of the target's columns.
        noise: what is added to them, or None.
        rescale: whether each example is divided by the root mean square of what is read of these channels.
    """

    inner: Any
    columns: tuple[int, ...]
    noise: Noise | None = None
    rescale: bool = False

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name == "inner":
            raise AttributeError(name)
        return getattr(self.inner, name)

    def gather(
        self,
        tables: Mapping[str, Encoded],
        index: np.ndarray,
        *,
        rng: np.random.Generator | None = None,
        room: np.ndarray | None = None,
    ) -> Batch:
        """Inputs with noise and the clean target, on the scale of each example; held-out ones take turns in ratio."""
        index = np.asarray(index)
        batch = self.inner.gather(tables, index, rng=rng, room=room)
        if self.noise is None:
            return self._scaled(batch)[0]
        if rng is None:
            ratios = np.asarray(self.noise.snr_db)
            return self._scaled(self._noisy(batch, index, ratios[index % len(ratios)]))[0]
        ratios = rng.uniform(*self.noise.train_snr_db, len(index))
        noise = self.noise.of(self.inner.origins.record[index], ratios, self._shape(batch), [rng] * len(index))
        return self._scaled(self._added(batch, noise))[0]

    def at(self, tables: Mapping[str, Encoded], index: np.ndarray, snr_db: float | None) -> tuple[Batch, np.ndarray]:
        """Examples with their fixed noise at one ratio (None: as they are), and the scale of each, shape (example,)."""
        index = np.asarray(index)
        batch = self.inner.gather(tables, index)
        if snr_db is not None:
            batch = self._noisy(batch, index, np.full(len(index), snr_db))
        return self._scaled(batch)

    def _noisy(self, batch: Batch, index: np.ndarray, ratios: np.ndarray) -> Batch:
        assert self.noise is not None
        seeds = np.round(1000 * ratios).astype(np.int64) % 2**32  # a draw of its own for each ratio
        rngs = [np.random.default_rng([self.noise.seed, int(i), int(s)]) for i, s in zip(index, seeds, strict=True)]
        noise = self.noise.of(self.inner.origins.record[index], ratios, self._shape(batch), rngs)
        return self._added(batch, noise)

    def _shape(self, batch: Batch) -> tuple[int, ...]:
        return (*batch.inputs.shape[1:-1], len(self.columns))

    def _added(self, batch: Batch, noise: np.ndarray) -> Batch:
        inputs = batch.inputs.copy()
        inputs[..., list(self.columns)] += noise
        return batch._replace(inputs=inputs)

    def _scaled(self, batch: Batch) -> tuple[Batch, np.ndarray]:
        if not self.rescale:
            return batch, np.ones(len(batch.inputs), np.float32)
        own = list(self.columns)
        read = batch.inputs[..., own].reshape(len(batch.inputs), -1)
        scale = np.maximum(np.sqrt(np.mean(np.square(read), axis=1)), 1e-6).astype(np.float32)
        around = scale.reshape(-1, *[1] * (batch.inputs.ndim - 1))
        inputs = batch.inputs.copy()
        inputs[..., own] /= around
        target = None if batch.target is None else batch.target / around
        return batch._replace(inputs=inputs, target=target), scale
