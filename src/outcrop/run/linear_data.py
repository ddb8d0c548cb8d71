"""Linear data of a given file: read, brought to the standard units of a generator, and how well realisations fit them.

The spread of what is generated, which the guidance needs (`sample.linear`), is that of realisations drawn without data.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

from outcrop.config.given import GivenFile, LinearSection
from outcrop.data.read import under
from outcrop.errors import ConfigError, DataError, did_you_mean, message
from outcrop.physics.invert.gaussian import believed
from outcrop.run.on_grid import Grid, shape_of
from outcrop.run.sampling import Setting
from outcrop.run.surrogate import Model
from outcrop.sample.linear import Linear, whitened

DRAWN = 256
"""Realisations without data that the spread is taken from."""
SEED_APART = 7919
"""Between the seed of these and that of the realisations given data."""


class Measured(NamedTuple):
    """Linear data in the standard units of a generator.

    Attributes:
        operator: (datum, number), numbers of a realisation in C order.
        observed: (datum,).
        noise_sd: of every datum.
        parts: name of a section -> which data are its own.
    """

    operator: np.ndarray
    observed: np.ndarray
    noise_sd: np.ndarray
    parts: Mapping[str, slice]

    def notes(self, made: np.ndarray) -> list[str]:
        """How realisations (realisation, *place, variable) fit, in a sentence for each section."""
        misfit = ((made.reshape(len(made), -1) @ self.operator.T - self.observed) / self.noise_sd) ** 2
        told = "1 is what the stated noise leaves"
        return [
            f"Linear data {name}: {own.stop - own.start}; misfit of realisations {misfit[:, own].mean():.3g} ({told})."
            for name, own in self.parts.items()
        ]


def measured_of(model: Model, asked: GivenFile, grid: Grid, base: Path) -> Measured | None:
    """What the given file says in [linear.NAME]; None if nothing.

    Raises:
        ConfigError: classes are generated, the variable is not generated, or wells or attributes are given as well.
        DataError: a file that holds no matrix and data of the grid.
    """
    if not asked.linear:
        return None
    if asked.observations is not None or asked.soft:
        what = "Linear data are not combined with [observations] or [soft]."
        raise ConfigError(
            message(what, where="[linear]", fix="add a row of the matrix, 1 in its cell, for each value.")
        )
    if model.target.classes:
        what = "Linear data are of numbers, and classes are generated."
        raise ConfigError(message(what, where="[linear]", fix="leave [linear] out, or generate the number itself."))
    rows = [_part(model, name, section, grid, base) for name, section in asked.linear.items()]
    ends = np.cumsum([0, *(len(row[1]) for row in rows)])
    parts = {name: slice(int(a), int(b)) for name, a, b in zip(asked.linear, ends[:-1], ends[1:], strict=True)}
    return Measured(*(np.concatenate(part) for part in zip(*rows, strict=True)), parts)  # type: ignore[arg-type]


def _part(
    model: Model, name: str, section: LinearSection, grid: Grid, base: Path
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Operator, data and noise of a section."""
    names, where = model.bundle.provenance["generates"], f"linear.{name}"
    own = section.of or names[0]
    if own not in names or (section.of is None and len(names) > 1):
        fix = f"of = one of {', '.join(names)}{did_you_mean(own, names)}"
        raise ConfigError(message(f"It is not said which generated variable {name} is of.", where=where, fix=fix))
    path, shape = under(base, section.files), shape_of(grid)
    matrix, data = _arrays(Path(path), where)
    if matrix.shape != (len(data), *shape) or not (np.isfinite(matrix).all() and np.isfinite(data).all()):
        what = f"matrix has shape {matrix.shape} and data {data.shape}, or some of them are not finite."
        fix = f"matrix of shape (datum, {', '.join(grid)}) = (datum, {', '.join(map(str, shape))}), data (datum,)"
        raise DataError(message(what, where=f"{where}, {path}", fix=fix))
    scale = model.normaliser.statistics[own]
    operator = np.zeros((*matrix.shape, len(names)))
    operator[..., names.index(own)] = matrix * scale.spread
    rest = data - scale.centre * matrix.reshape(len(data), -1).sum(axis=1)
    return operator.reshape(len(data), -1), rest, np.full(len(data), float(section.noise_sd))


def _arrays(path: Path, where: str) -> tuple[np.ndarray, np.ndarray]:
    fix = "np.savez(path, matrix=..., data=...)"
    try:
        with np.load(path, allow_pickle=False) as file:
            return np.asarray(file["matrix"], float), np.atleast_1d(np.asarray(file["data"], float))
    except FileNotFoundError:
        raise DataError(message("There is no such file.", where=f"{where}, {path}", fix=fix)) from None
    except (KeyError, ValueError, OSError, TypeError):
        what = "It holds no arrays called matrix and data."
        raise DataError(message(what, where=f"{where}, {path}", fix=fix)) from None


def linear_of(measured: Measured, how: Setting) -> Linear:
    """The data with the spread of realisations drawn without them, less the trend."""
    made = how._replace(count=DRAWN, seed=how.seed + SEED_APART, linear=None).realisations(None)
    observed = measured.observed
    if how.offset is not None:
        observed = observed - measured.operator @ how.offset.ravel()
    covariance = believed(made.reshape(len(made), -1)).covariance
    return whitened(measured.operator, observed, measured.noise_sd, covariance)
