"""Baselines that give back whole examples: identity, mean, principal components, and filters against noise.

All get the noisy example as the network does. Where a baseline has something to choose (a band, a number of
components), it is chosen on validation, for each ratio of signal to noise apart, and the filters are told the ratio:
the network is not.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

import numpy as np
from jaxtyping import Float

from outcrop.errors import ConfigError, did_you_mean, message

Examples = Float[np.ndarray, "example *size channel"]
Restore = Callable[[Examples], Examples]


@dataclass(frozen=True)
class Pair:
    """Examples of one part at one ratio of signal to noise.

    Attributes:
        noisy: what is read, standard units.
        clean: what is to be given back; 0 where it is missing.
        weight: of every number of `clean`, 0 where it is missing.
    """

    noisy: Examples
    clean: Examples
    weight: Examples

    def error(self, restored: Examples) -> float:
        """Mean squared error of the numbers that count."""
        return float((np.square(restored - self.clean) * self.weight).sum() / max(self.weight.sum(), 1e-12))


@dataclass(frozen=True)
class Reconstruction:
    """One baseline.

    Attributes:
        words: how a sentence names it.
        is_plural: whether it "reach" or "reaches" a score.
        fit: `module:function`, (train Pair, validation Pair, code size) -> function(noisy) -> restored.
        denoises: only where noise was added.
        along_one: only for examples along one dimension.
        coded: only for a network with a code, whose size it takes.
    """

    words: str
    is_plural: bool
    fit: str
    denoises: bool = False
    along_one: bool = False
    coded: bool = False


_HERE, _FILTERS = "outcrop.evaluate.reconstruction:", "outcrop.evaluate.filters:"
RECONSTRUCTIONS: dict[str, Reconstruction] = {
    "identity": Reconstruction("the noisy input as it is", False, _HERE + "identity", denoises=True),
    "mean": Reconstruction("the training mean", False, _HERE + "mean"),
    "pca": Reconstruction("as many principal components as the code has numbers", True, _HERE + "pca", coded=True),
    "pca_chosen": Reconstruction(
        "principal components, their number and window chosen on validation", True, _HERE + "pca_chosen",
        denoises=True, along_one=True,
    ),
    "band_pass": Reconstruction(
        "a band-pass chosen on validation", False, _FILTERS + "band_pass", denoises=True, along_one=True
    ),
    "wiener": Reconstruction("a Wiener filter", False, _FILTERS + "wiener", denoises=True, along_one=True),
    "wiener_short_time": Reconstruction(
        "a Wiener filter in short windows", False, _FILTERS + "wiener_short_time", denoises=True, along_one=True
    ),
}  # fmt: skip


def names_for(*, noise: bool, along_one: bool, coded: bool) -> tuple[str, ...]:
    """The baselines that fit a task, simplest first.

    >>> names_for(noise=False, along_one=True, coded=True)
    ('mean', 'pca')
    """
    able = {"denoises": noise, "along_one": along_one, "coded": coded}
    return tuple(
        name for name, row in RECONSTRUCTIONS.items() if all(able[key] or not getattr(row, key) for key in able)
    )


def check(names: tuple[str, ...], fitting: tuple[str, ...]) -> tuple[str, ...]:
    """The names back, after a check that each gives whole examples back."""
    for name in names:
        if name not in fitting:
            what = f"The baseline {name!r} does not reconstruct these inputs{did_you_mean(name, fitting)}."
            raise ConfigError(message(what, where="evaluate.baselines", fix=f"use some of {', '.join(fitting)}."))
    return names


def fit(name: str, train: Pair, validation: Pair, code_size: int) -> Restore:
    """Fits one baseline at one ratio of signal to noise."""
    module, function = RECONSTRUCTIONS[name].fit.split(":")
    return getattr(import_module(module), function)(train, validation, code_size)


def identity(train: Pair, validation: Pair, code_size: int) -> Restore:
    """The input as it is."""
    return lambda noisy: noisy


def mean(train: Pair, validation: Pair, code_size: int) -> Restore:
    """The mean of every channel."""
    axes = tuple(range(train.clean.ndim - 1))
    level = (train.clean * train.weight).sum(axis=axes) / np.maximum(train.weight.sum(axis=axes), 1e-12)
    return lambda noisy: np.broadcast_to(level.astype(noisy.dtype), noisy.shape)


@dataclass(frozen=True)
class Components:
    """Principal components of vectors.

    Source: Pearson (1901), doi:10.1080/14786440109462720; no linear code of the same size has a smaller error.

    Attributes:
        centre: their mean, shape (number,).
        vectors: shape (component, number), the largest variance first.
    """

    centre: np.ndarray
    vectors: np.ndarray

    @classmethod
    def of(cls, rows: np.ndarray, most: int) -> Components:
        """At most `most` components of rows (row, number)."""
        centre = rows.mean(axis=0)
        _, _, vectors = np.linalg.svd(rows - centre, full_matrices=False)
        return cls(centre, vectors[:most])

    def restored(self, rows: np.ndarray, count: int | None = None) -> np.ndarray:
        """The rows projected on the first components."""
        vectors = self.vectors[:count]
        return ((rows - self.centre) @ vectors.T) @ vectors + self.centre


def pca(train: Pair, validation: Pair, code_size: int) -> Restore:
    """Whole examples through as many components as the network's code has numbers (or as training examples allow)."""
    found = Components.of(train.clean.reshape(len(train.clean), -1), code_size)
    return lambda noisy: found.restored(noisy.reshape(len(noisy), -1)).reshape(noisy.shape)


PARTS = (1, 4, 16)
"""Into how many windows an example is cut before components are taken."""


def pca_chosen(train: Pair, validation: Pair, code_size: int) -> Restore:
    """Components of the example, or of shorter windows of it; their number and the windows chosen on validation."""
    best: tuple[float, int, Components, int] | None = None
    for parts in PARTS:
        if train.clean.shape[1] % parts:
            continue
        found = Components.of(_cut(train.clean, parts), most=min(_cut(train.clean[:1], parts).shape[1], 512))
        counts = np.unique(np.geomspace(1, len(found.vectors), 16).astype(int))
        rows = _cut(validation.noisy, parts)
        for count in counts.tolist():
            error = validation.error(found.restored(rows, count).reshape(validation.noisy.shape))
            if best is None or error < best[0]:
                best = error, parts, found, count
    assert best is not None  # an example is always one window
    _, parts, found, count = best
    return lambda noisy: found.restored(_cut(noisy, parts), count).reshape(noisy.shape)


def _cut(examples: Examples, parts: int) -> np.ndarray:
    """(example, time, channel) -> (example * part, time / parts * channel)."""
    return np.ascontiguousarray(examples).reshape(len(examples) * parts, -1)
