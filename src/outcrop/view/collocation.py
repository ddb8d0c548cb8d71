"""Points at which an equation is enforced: inside a domain, on its faces, and where something was measured.

A domain is a box of named coordinates, `Domain({"x": (0, 1), "time": (0, 10)})`, or that of a Record. Low-discrepancy
sequences fill it more evenly than random draws; the grid is regular in every dimension.
Source: Sobol (1967) doi:10.1016/0041-5553(67)90144-9; Halton (1960) doi:10.1007/BF01386213; McKay, Beckman and Conover
(1979) doi:10.2307/1268522 (Latin hypercube); all three scrambled, from scipy.stats.qmc.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from outcrop.errors import ConfigError, DataError, did_you_mean, message
from outcrop.records import Record

METHODS = ("grid", "random", "sobol", "halton", "latin_hypercube")


@dataclass(frozen=True)
class Domain:
    """A box of coordinates.

    Attributes:
        bounds: coordinate -> lowest and highest value, in its own unit. Points have their columns in this order.
    """

    bounds: Mapping[str, tuple[float, float]]

    def __post_init__(self) -> None:
        for name, (low, high) in self.bounds.items():
            if not (np.isfinite(low) and np.isfinite(high) and low < high):
                fix = f'{{"{name}": (0.0, 1.0)}}'
                what = f"The coordinate {name!r} runs from {low} to {high}, which is no interval."
                raise ConfigError(message(what, where="domain", fix=fix))

    @property
    def names(self) -> tuple[str, ...]:
        """The coordinates, in the order of the columns of points."""
        return tuple(self.bounds)

    def interior(self, count: int, method: str = "sobol", seed: int = 0) -> np.ndarray:
        """Points inside the domain.

        Args:
            count: number of points; a grid has the next larger number that fills it, the shape nearest to a cube.
            method: "grid", "random", "sobol", "halton" or "latin_hypercube".
            seed: of all but the grid.

        Returns:
            Shape (point, coordinate), float64.

        Raises:
            ConfigError: an unknown method, or no point.
        """
        low, high = np.array(list(self.bounds.values()), float).T
        return low + _unit(count, len(low), method, seed) * (high - low)

    def face(self, name: str, side: str, count: int, method: str = "sobol", seed: int = 0) -> np.ndarray:
        """Points on one face: where one coordinate is at its "low" or "high" end (an initial time, a boundary).

        Raises:
            ConfigError: an unknown coordinate or side.
        """
        if name not in self.bounds or side not in ("low", "high"):
            fix = f'face("{self.names[0]}", "low", {count})'
            what = f"There is no {side} face of {name!r}{did_you_mean(name, self.bounds)}."
            raise ConfigError(message(what, where="domain", fix=fix))
        place, value = self.names.index(name), self.bounds[name][side == "high"]
        others = Domain({key: span for key, span in self.bounds.items() if key != name})
        rest = others.interior(count, method, seed) if others.bounds else np.empty((count, 0))
        return np.insert(rest, place, value, axis=1)

    def inside(self, points: np.ndarray) -> np.ndarray:
        """Which points lie in the domain, faces included, shape (point,)."""
        low, high = np.array(list(self.bounds.values()), float).T
        return ((points >= low) & (points <= high)).all(axis=1)


def _unit(count: int, dims: int, method: str, seed: int) -> np.ndarray:
    """Points of the unit cube."""
    if method not in METHODS or count < 1:
        what = f"{count} points by {method!r}{did_you_mean(method, METHODS)} cannot be drawn."
        raise ConfigError(message(what, where="collocation", fix=f"a positive count, and one of {', '.join(METHODS)}."))
    if method == "random":
        return np.random.default_rng(seed).random((count, dims))
    if method == "grid":
        side = 1
        while side**dims < count:
            side += 1
        axis = (np.arange(side) + 0.5) / side
        return np.stack(np.meshgrid(*[axis] * dims, indexing="ij"), axis=-1).reshape(-1, dims)
    from scipy.stats import qmc

    if method == "sobol":  # balanced at powers of two only: draw the next one and take the first points
        return qmc.Sobol(dims, rng=np.random.default_rng(seed)).random_base2(int(np.ceil(np.log2(count))))[:count]
    family = qmc.Halton if method == "halton" else qmc.LatinHypercube
    return family(dims, rng=np.random.default_rng(seed)).random(count)


def domain_of(record: Record, names: Sequence[str]) -> Domain:
    """The box that the coordinates of a record span; time stamps as seconds since the first one.

    Raises:
        DataError: a coordinate is missing.
    """
    return Domain({name: (float(values.min()), float(values.max())) for name, values in _columns(record, names)})


def measured(record: Record, variable: str, names: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Where a variable was measured, and its values: for the data term of an inverse problem.

    Returns:
        Points (point, coordinate) and values (point,), samples without a value left out.

    Raises:
        DataError: the variable or a coordinate is missing.
    """
    if variable not in record.data:
        known = [str(name) for name in record.data.data_vars]
        fix = f"it has {', '.join(known) or 'none'}{did_you_mean(variable, known)}."
        raise DataError(message(f"There is no variable {variable!r}.", where=record.name, fix=fix))
    values = record.flat(variable).astype(float)
    points = np.stack([column for _, column in _columns(record, names)], axis=1)
    known = np.isfinite(values) & np.isfinite(points).all(axis=1)
    return points[known], values[known]


def columns(record: Record, names: Sequence[str]) -> list[np.ndarray]:
    """The coordinates of all samples of a record, each of shape (sample,); time stamps as seconds since the first one.

    Raises:
        DataError: a coordinate is missing.
    """
    return [values for _, values in _columns(record, names)]


def _columns(record: Record, names: Sequence[str]) -> list[tuple[str, np.ndarray]]:
    found = []
    for name in names:
        if name not in record.data.coords and name not in record.data.data_vars:
            fix = f"it has {', '.join(map(str, record.data.coords))}."
            raise DataError(message(f"There is no coordinate {name!r}.", where=record.name, fix=fix))
        column = record.flat(name)
        if column.dtype.kind == "M":
            column = (column - column.min()) / np.timedelta64(1, "s")
        found.append((name, column.astype(float)))
    return found
