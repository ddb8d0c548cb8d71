"""Examples to be given back: as another view cuts them, with noise added to what is read, each on a scale of its own.

Training draws noise and its ratio anew for every example. A held-out record has one fixed draw for each ratio, all
along it: windows that overlap share it, or their mean would have less noise than was added. Noise is white, or cut-outs
of records of the same part of the split: what a test is made of has never been heard in training.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING
from zlib import crc32

import numpy as np

from outcrop.records import Batch
from outcrop.view.ranges import along_one
from outcrop.view.wrapping import Wrapping

if TYPE_CHECKING:
    from outcrop.data.normalise import Encoded

FADE = 100
"""Samples over which cut-outs of noise are joined."""


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
        names: of the records, which the fixed draws follow: another record more changes no other's white noise, and
            cut-outs only where it becomes a donor.
    """

    amplitude: np.ndarray
    measured: np.ndarray
    snr_db: tuple[float, ...]
    train_snr_db: tuple[float, float]
    donors: Sequence[np.ndarray] = ()
    recorded: Mapping[int, np.ndarray] = field(default_factory=dict)
    seed: int = 0
    names: tuple[str, ...] = ()

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

    def along(self, record: int, length: int, snr_db: float) -> np.ndarray:
        """The fixed noise all along a record at one ratio, shape (time, column), at its amplitude.

        Cut-outs are joined over `FADE` samples so that their power stays the same.
        """
        own = crc32(self.names[record].encode()) if self.names else record
        rng = np.random.default_rng([self.seed, own, round(1000 * snr_db) % 2**32])
        columns = self.measured.shape[1]
        if not self.recorded:
            return self.amplitude_at(record, snr_db) * self.draw(record, (length, columns), rng)
        longest = min(len(self.recorded[int(donor)]) for donor in self.donors[record])
        fade = min(FADE, longest // 2)
        ramp = np.sin(0.5 * np.pi * (np.arange(fade) + 0.5) / fade)[:, None]
        series = np.zeros((length + longest, columns))
        for start in range(0, length, longest - fade):
            piece = self.draw(record, (longest, columns), rng)
            piece[:fade] *= ramp if start else 1.0
            piece[longest - fade :] *= ramp[::-1]
            series[start : start + longest] += piece
        return self.amplitude_at(record, snr_db) * series[:length]

    def amplitude_at(self, record: int, snr_db: float) -> float:
        """Root mean square of the noise of a record at one ratio."""
        return float(self.amplitude[record] * 10 ** (-snr_db / 20))


@dataclass(frozen=True)
class Corrupted(Wrapping):
    """A view whose examples are to be given back. Everything but the arrays is the inner view's.

    Attributes:
        inner: cuts the records into examples.
        columns: input channels that are given back, in the order of the target's columns.
        noise: what is added to them, or None.
        rescale: whether each example is divided by the root mean square of what is read of these channels.
    """

    columns: tuple[int, ...]
    noise: Noise | None = None
    rescale: bool = False

    @cached_property
    def _turn(self) -> np.ndarray:
        """The number of every example within its record, shape (example,)."""
        record = self.inner.origins.record
        order = np.argsort(record, kind="stable")
        first = np.searchsorted(record[order], record[order])
        turn = np.empty(len(record), np.int64)
        turn[order] = np.arange(len(record)) - first
        return turn

    @property
    def redrawn(self) -> bool:
        """Whether an example is another one each time it is gathered for training."""
        return self.noise is not None

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
            return self._counted(*self._scaled(batch), index, None)
        if rng is None:
            every = np.asarray(self.noise.snr_db)
            ratios = every[self._turn[index] % len(every)]
            return self._counted(*self._scaled(self._noisy(batch, index, ratios)), index, ratios)
        shape, noise = (*batch.inputs.shape[1:-1], len(self.columns)), self.noise
        ratios = rng.uniform(*noise.train_snr_db, size=len(index))
        drawn = [
            noise.amplitude_at(which, ratio) * noise.draw(which, shape, rng)
            for which, ratio in zip(self.inner.origins.record[index].tolist(), ratios.tolist(), strict=True)
        ]
        return self._counted(*self._scaled(self._added(batch, np.stack(drawn))), index, ratios)

    def at(self, tables: Mapping[str, Encoded], index: np.ndarray, snr_db: float | None) -> tuple[Batch, np.ndarray]:
        """Examples with their fixed noise at one ratio (None: as they are), and the scale of each, shape (example,)."""
        index = np.asarray(index)
        batch, ratios = self.inner.gather(tables, index), None
        if snr_db is not None:
            ratios = np.full(len(index), snr_db)
            batch = self._noisy(batch, index, ratios)
        batch, scale = self._scaled(batch)
        return self._counted(batch, scale, index, ratios), scale

    def _noisy(self, batch: Batch, index: np.ndarray, ratios: np.ndarray) -> Batch:
        assert self.noise is not None
        record, size = self.inner.origins.record[index], batch.inputs.shape[1]
        start = along_one(self.inner.origins.reads)[index, 0]
        noise = np.empty((*batch.inputs.shape[:2], len(self.columns)), np.float32)
        for which, ratio in {*zip(record.tolist(), ratios.tolist(), strict=True)}:
            series = self.noise.along(which, int(self.inner.lengths[which]), ratio)
            own = np.flatnonzero((record == which) & (ratios == ratio))
            noise[own] = series[np.minimum(start[own][:, None] + np.arange(size), len(series) - 1)]
        return self._added(batch, noise)

    def _added(self, batch: Batch, noise: np.ndarray) -> Batch:
        inputs = batch.inputs.copy()
        inputs[..., list(self.columns)] += noise.astype(np.float32)
        return batch._replace(inputs=inputs)

    def _counted(self, batch: Batch, scale: np.ndarray, index: np.ndarray, ratios: np.ndarray | None) -> Batch:
        """Squared errors count as in the score, in units of the noise (or as they are, without): on the scale of each
        example, what is done to one with little noise would be cheap.
        """
        if batch.weight is None:
            return batch
        unit = np.ones(len(index))
        if ratios is not None and self.noise is not None:
            unit = self.noise.amplitude[self.inner.origins.record[index]] * 10 ** (-ratios / 20)
        counts = np.square(scale / unit).reshape(-1, *[1] * (batch.weight.ndim - 1))
        return batch._replace(weight=(batch.weight * counts).astype(np.float32))

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
