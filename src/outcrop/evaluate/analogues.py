"""Training realisations as answers: any of them, or those that agree best with the data."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Shaped

from outcrop.errors import DataError, message
from outcrop.metric.conditional import Hard

Fields = Shaped[np.ndarray, "realisation *place variable"]


NEAREST = 10


@dataclass(frozen=True)
class Analogues:
    """Training realisations, `(realisation, *place, variable)`; integers are facies."""

    train: Fields

    def any(self, rng: np.random.Generator, count: int, shape: tuple[int, ...], hard: Hard | None = None) -> Fields:
        """Training realisations drawn with replacement: nothing new, and no data honoured.

        Raises:
            DataError: another grid is asked for.
        """
        self._check(shape)
        return self.train[rng.integers(0, len(self.train), count)]

    def nearest(self, rng: np.random.Generator, count: int, shape: tuple[int, ...], hard: Hard | None = None) -> Fields:
        """Draws among the 10 training realisations closest to the data, each as likely; without data among all.

        Closest in the mean square of the difference over the training standard deviation, or in the number of cells
        that differ for facies. Data are honoured only as far as an analogue happens to.

        Source: Lorenz (1969), doi:10.1175/1520-0469(1969)26<636:APARBN>2.0.CO;2: analogues of weather, here in space.

        Raises:
            DataError: another grid is asked for.
        """
        if hard is None:
            return self.any(rng, count, shape)
        self._check(shape)
        train, here, values = self.train, hard.at(self.train), np.asarray(hard.values)
        if np.issubdtype(train.dtype, np.integer):
            miss = (here != values).mean(axis=(1, 2))
        else:
            spread = train.reshape(-1, train.shape[-1]).std(axis=0)
            miss = np.square((here - values) / np.where(spread > 0, spread, 1.0)).mean(axis=(1, 2))
        order = np.lexsort((rng.random(len(train)), miss))  # ties at random
        return train[rng.choice(order[:NEAREST], count)]

    def _check(self, shape: tuple[int, ...]) -> None:
        grid = self.train.shape[1:-1]
        if grid != tuple(shape):
            what = f"Training realisations are on a grid of {grid}, {tuple(shape)} is asked for."
            raise DataError(message(what, where="analogues", fix="cut the training realisations to the grid first."))
