"""The physics ledger: checks that the user declares, asked of the truth, of every baseline and of the network alike.

Truth rarely satisfies a check exactly (noise, terms that were not measured), so a contender is compared with what the
truth does on the same cells, over the same draws of groups as every score. A check is asked on the grid of a record, of
the cells that are scored: one grid for each fold, and for each forecast where one forecast has several leads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from outcrop.evaluate.interval import Bootstrap
from outcrop.evaluate.scored import MODEL, Scored
from outcrop.evaluate.verdict import CANNOT_TELL, FEWEST_FOR_A_VERDICT
from outcrop.metric.physical import band_power, outside, sum_along, wrong_way
from outcrop.physics.formula import Formula

TRUTH = "truth"
FEWEST_CELLS = 8
"""Cells of the shortest line whose spectrum is taken."""
MORE, NO_MORE = "more than the truth", "no more than the truth"
ROUGHER, SMOOTHER = "rougher than the truth", "smoother than the truth"


@dataclass(frozen=True)
class Declared:
    """One check.

    Attributes:
        name: in the run file.
        kind: key of `KINDS`.
        formula: what it speaks of.
        unit: of its numbers.
        factor: from the unit of the formula to that.
        along: dimension of steps, sums and wavelengths; "" where there is none.
        low, high: bounds of a range; a sum has the same for both.
        increasing: of an order.
        tolerance: amounts up to here are no breach; None where every amount counts by its size.
        cells: the wavelength, in samples, that divides long from short, by record.
        wavelength: the same in words.
        time_s: seconds of the unit in which dates are differentiated.
    """

    name: str
    kind: str
    formula: Formula
    unit: str
    factor: float = 1.0
    along: str = ""
    low: float = -np.inf
    high: float = np.inf
    increasing: bool = True
    tolerance: float | None = 0.0
    cells: Mapping[str, float] = field(default_factory=dict)
    wavelength: str = ""
    time_s: float = 86400.0

    @property
    def sentence(self) -> str:
        """What is declared, in words."""
        return _sentence(self)

    @property
    def score(self) -> str:
        """What truth and contenders are compared by: `share` of breaches, `size` of what is left over, `short_db`."""
        return "short_db" if self.kind == "spectrum" else "size" if self.tolerance is None else "share"


@dataclass(frozen=True)
class Grid:
    """One record as checks see it.

    Attributes:
        name: of the record.
        dims, shape: of its grid.
        coordinates: dimension -> coordinate: numbers, dates or names.
        columns: gives an input or coordinate on all cells.
    """

    name: str
    dims: tuple[str, ...]
    shape: tuple[int, ...]
    coordinates: Mapping[str, np.ndarray]
    columns: Callable[[str], np.ndarray]

    def asked(self, check: Declared, values: np.ndarray, target: str) -> np.ndarray:
        """What a check's formula says on the grid, in the unit of the check, shape (cell,)."""
        columns = {target: values.reshape(self.shape)}
        columns |= {name: self.columns(name).reshape(self.shape) for name in check.formula.uses if name != target}
        along = {
            dim: (self.dims.index(dim), numbers(self.coordinates[dim], check.time_s))
            for dim in check.formula.differentiates
        }
        return np.broadcast_to(check.factor * check.formula(columns, along), self.shape)

    def around(self, cell: np.ndarray) -> tuple[Grid, np.ndarray]:
        """The smallest box that holds some cells, and their numbers in it."""
        at = np.unravel_index(cell, self.shape)
        box = tuple(slice(int(i.min()), int(i.max()) + 1) for i in at)
        shape = tuple(part.stop - part.start for part in box)
        coordinates = {
            dim: self.coordinates[dim][part]
            for dim, part in zip(self.dims, box, strict=True)
            if dim in self.coordinates
        }
        inside = Grid(
            self.name, self.dims, shape, coordinates, lambda name: self.columns(name).reshape(self.shape)[box]
        )
        moved = tuple(i - part.start for i, part in zip(at, box, strict=True))
        return inside, np.ravel_multi_index(moved, shape)

    def place(self, cell: int) -> str:
        """Where a cell lies, in words."""
        at = np.unravel_index(cell, self.shape)
        told = [
            (dim, self.coordinates[dim][i]) for dim, i in zip(self.dims, at, strict=True) if dim in self.coordinates
        ]
        return ", ".join(f"{dim} {_told(value)}" for dim, value in told)


@dataclass(frozen=True)
class Ledger:
    """The declared checks and where the scored rows lie.

    Attributes:
        checks: in the order of the run file.
        target: its name in formulas.
        grids: one per record.
        cell: number of the cell of every row.
        forecast: which forecast of its record every row belongs to, where forecasts have several leads.
        codes: of the classes, by which formulas know a class target; empty for numbers.
    """

    checks: Sequence[Declared]
    target: str
    grids: Sequence[Grid]
    cell: np.ndarray
    forecast: np.ndarray | None = None
    codes: Sequence[float] = ()

    def where(self, mask: np.ndarray) -> Ledger:
        """The same for some of the rows."""
        forecast = None if self.forecast is None else self.forecast[mask]
        return replace(self, cell=self.cell[mask], forecast=forecast)

    def column(self, values: np.ndarray) -> np.ndarray:
        """Target or prediction as formulas see it: numbers, or codes of classes."""
        if not len(self.codes):
            return np.asarray(values, float)
        return np.where(values >= 0, np.asarray(self.codes, float)[values], np.nan)


def _sentence(check: Declared) -> str:
    text, unit = check.formula.text, f" {check.unit}" if check.unit and check.unit != "1" else ""
    if check.kind == "range":
        low = f"{check.low:g} <= " if np.isfinite(check.low) else ""
        high = f" <= {check.high:g}" if np.isfinite(check.high) else ""
        said = f"{low}{text}{high}{unit}"
    elif check.kind == "sum":
        said = f"{text} adds up to {check.low:g}{unit} over {check.along}"
    elif check.kind == "monotonic":
        said = f"{text} {'increases' if check.increasing else 'decreases'} along {check.along}"
    elif check.kind == "spectrum":
        return f"waves of {text} along {check.along} shorter than {check.wavelength} are as strong as in the truth"
    else:
        said = f"{text} = 0{unit}" if check.kind == "balance" else f"never {text}"
    return f"{said} (within {check.tolerance:g}{unit})" if check.tolerance else said


def _excess(check: Declared, values: np.ndarray, axis: int) -> np.ndarray:
    return outside(values, check.low, check.high)


def _order(check: Declared, values: np.ndarray, axis: int) -> np.ndarray:
    return wrong_way(values, axis, increasing=check.increasing)


def _total(check: Declared, values: np.ndarray, axis: int) -> np.ndarray:
    return sum_along(values, axis) - check.low


def _left_over(check: Declared, values: np.ndarray, axis: int) -> np.ndarray:
    return values


@dataclass(frozen=True)
class Kind:
    """One kind of check: what is told of it, and the amount by which each cell breaks it (None: by wavelengths)."""

    words: str
    amount: Callable[[Declared, np.ndarray, int], np.ndarray] | None


KINDS: dict[str, Kind] = {
    "range": Kind("values outside", _excess),
    "monotonic": Kind("steps the wrong way", _order),
    "sum": Kind("lines off the sum", _total),
    "balance": Kind("left over", _left_over),
    "never": Kind("cells", _left_over),
    "spectrum": Kind("power of short waves against the truth", None),
}


def ledger_of(ledger: Ledger, scored: Scored, bootstrap: Bootstrap) -> list[dict[str, Any]]:
    """One entry per check: what truth, network and baselines do, and whether the network does worse than the truth."""
    columns = {TRUTH: ledger.column(scored.target)}
    columns |= {name: ledger.column(values) for name, values in scored.predictions.items()}
    return [_entry(check, ledger, scored, columns, bootstrap) for check in ledger.checks]


def _entry(
    check: Declared, ledger: Ledger, scored: Scored, columns: Mapping[str, np.ndarray], bootstrap: Bootstrap
) -> dict[str, Any]:
    rows = amounts(check, ledger, scored, columns, bootstrap.units.member)
    known = np.logical_and.reduce([np.isfinite(row).all(axis=1) for row in rows.values()])
    sums = {name: _sums(check, row, known, bootstrap) for name, row in rows.items()}
    read = _spectrum if check.kind == "spectrum" else _counts
    truth = sums[TRUTH]
    told = {name: read(own, truth, bootstrap) for name, own in sums.items()}
    if check.kind != "spectrum":
        for name, entry in told.items():
            entry |= _largest(rows[name][:, 0], known, ledger, scored)
    difference = _difference(check, sums, bootstrap)
    return {
        "name": check.name, "kind": check.kind, "sentence": check.sentence, "unit": check.unit, "score": check.score,
        "what": KINDS[check.kind].words, "wavelength": check.wavelength, "tolerance": check.tolerance,
        "asked": int(known.sum()), "undefined": int((np.isfinite(rows[TRUTH]).all(axis=1) & ~known).sum()),
        TRUTH: told.pop(TRUTH), MODEL: told.pop(MODEL), "baselines": told,
        "difference": difference, "word": _word(difference, len(bootstrap.units), check.kind == "spectrum"),
    }  # fmt: skip


def amounts(
    check: Declared, ledger: Ledger, scored: Scored, columns: Mapping[str, np.ndarray], member: np.ndarray
) -> dict[str, np.ndarray]:
    """What each row adds for every contender, NaN where the check cannot be asked.

    Returns:
        Contender -> (row, 1), the amount in the unit of the check; for spectra (row, 2), the power of long and of short
        waves of the line that begins there.
    """
    kind = KINDS[check.kind]
    found = {name: np.full((len(scored), 1 if kind.amount else 2), np.nan) for name in columns}
    for which, rows in _fields(scored, ledger.forecast):
        grid, cell = ledger.grids[which].around(ledger.cell[rows])
        units = np.full(np.prod(grid.shape, dtype=int), -1)
        units[cell] = member[rows]
        axis = grid.dims.index(check.along) if check.along else 0
        for name, column in columns.items():
            values = np.full(len(units), np.nan)
            values[cell] = column[rows]
            asked = grid.asked(check, values, ledger.target)
            if kind.amount is None:
                own = _powers(asked, units.reshape(grid.shape), axis, check.cells[grid.name])
            else:
                own = kind.amount(check, asked, axis).reshape(-1, 1)
            found[name][rows] = own[cell]
    return found


def _fields(scored: Scored, forecast: np.ndarray | None) -> Iterator[tuple[int, np.ndarray]]:
    """The rows that lie on one grid: of one record, one fold and one forecast."""
    keys = [np.asarray(scored.record)]
    keys += [np.asarray(key) for key in (scored.fold, forecast) if key is not None]
    distinct, which = np.unique(np.stack(keys), axis=1, return_inverse=True)
    order = np.argsort(which.ravel(), kind="stable")
    edges = np.cumsum(np.bincount(which.ravel(), minlength=distinct.shape[1]))[:-1]
    for number, rows in enumerate(np.split(order, edges)):
        yield int(distinct[0, number]), rows


def _powers(values: np.ndarray, units: np.ndarray, axis: int, shorter_than: float) -> np.ndarray:
    """Power of long and of short waves of every unbroken line within one unit, at its first cell, (cell, 2)."""
    found = np.full((*values.shape, 2), np.nan)
    lines, groups, out = (
        np.moveaxis(part, axis, -1 if part.ndim == values.ndim else -2) for part in (values, units, found)
    )
    for at in np.ndindex(lines.shape[:-1]):
        line, group = lines[at], groups[at]
        there = np.isfinite(line)
        breaks = np.flatnonzero((np.diff(group) != 0) | (np.diff(there) != 0)) + 1
        for piece in np.split(np.arange(len(line)), breaks):
            if len(piece) >= FEWEST_CELLS and there[piece[0]]:
                out[(*at, piece[0])] = band_power(line[piece], shorter_than)
    return found.reshape(-1, 2)


def _sums(check: Declared, row: np.ndarray, known: np.ndarray, bootstrap: Bootstrap) -> np.ndarray:
    """What adds over rows, per unit: rows, breaches, amount, squared amount; for spectra the powers."""
    if check.kind == "spectrum":
        parts = [row[:, 0], row[:, 1]]
    else:
        amount = row[:, 0]
        parts = [np.ones(len(row)), np.abs(amount) > (check.tolerance or 0.0), amount, np.square(amount)]
    member, size = bootstrap.units.member[known], len(bootstrap.units)
    return np.stack([np.bincount(member, part[known].astype(float), size) for part in parts], axis=1)


def _share(sums: np.ndarray) -> np.ndarray:
    return _ratio(sums[..., 1], sums[..., 0])


def _size(sums: np.ndarray) -> np.ndarray:
    return np.sqrt(_ratio(sums[..., 3], sums[..., 0]))


def _mean(sums: np.ndarray) -> np.ndarray:
    return _ratio(sums[..., 2], sums[..., 0])


READ: dict[str, Callable[[np.ndarray], np.ndarray]] = {"share": _share, "size": _size, "mean": _mean}


def _ratio(above: Any, below: Any) -> np.ndarray:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(above, float) / np.asarray(below, float)


NO_WAVES = 1e-20
"""Power below this share of the truth's is rounding: a constant has none, and its ratio in dB no number."""


def _decibel(own: np.ndarray, truth: np.ndarray, band: int) -> np.ndarray:
    ratio = _ratio(own[..., band], truth[..., band])
    return 10 * np.log10(np.where(ratio > NO_WAVES, ratio, np.nan))


def _counts(own: np.ndarray, truth: np.ndarray, bootstrap: Bootstrap) -> dict[str, Any]:
    """Share of breaches, size and mean of the amounts, with intervals."""
    drawn = bootstrap.draws @ own
    return {
        name: bootstrap.bounded(float(value(own.sum(axis=0))), value(drawn)).plain() for name, value in READ.items()
    }


def _spectrum(own: np.ndarray, truth: np.ndarray, bootstrap: Bootstrap) -> dict[str, Any]:
    """Power against the truth's in dB, of long and of short waves, with intervals."""
    drawn, other = bootstrap.draws @ own, bootstrap.draws @ truth
    return {
        name: bootstrap.bounded(
            float(_decibel(own.sum(axis=0), truth.sum(axis=0), band)), _decibel(drawn, other, band)
        ).plain()
        for band, name in enumerate(("long_db", "short_db"))
    }


def _largest(amount: np.ndarray, known: np.ndarray, ledger: Ledger, scored: Scored) -> dict[str, Any]:
    """The largest amount, and where it is."""
    size = np.where(known, np.abs(amount), -1.0)
    if not known.any() or size.max() == 0:
        return {"largest": 0.0 if known.any() else None, "record": None, "place": ""}
    row = int(size.argmax())
    which = int(scored.record[row])
    return {
        "largest": float(amount[row]), "record": scored.names[which],
        "place": ledger.grids[which].place(int(ledger.cell[row])),
    }  # fmt: skip


def _difference(check: Declared, sums: Mapping[str, np.ndarray], bootstrap: Bootstrap) -> dict[str, Any]:
    """Network minus truth by the score of the check, on the same draws."""
    own, truth = sums[MODEL], sums[TRUTH]
    if check.kind == "spectrum":
        return _spectrum(own, truth, bootstrap)["short_db"]
    value = READ[check.score]
    apart = value(bootstrap.draws @ own) - value(bootstrap.draws @ truth)
    return bootstrap.bounded(float(value(own.sum(axis=0)) - value(truth.sum(axis=0))), apart).plain()


def _word(difference: Mapping[str, Any], groups: int, spectrum: bool) -> str:
    """Whether the network breaks it more than the truth does; a verdict needs as many groups as any other."""
    above, below = (ROUGHER, SMOOTHER) if spectrum else (MORE, NO_MORE)
    low, high = difference["low"], difference["high"]
    if low is None or high is None or groups < FEWEST_FOR_A_VERDICT:
        return CANNOT_TELL
    if low > 0:
        return above
    return below if high < 0 or (high == 0 and not spectrum) else CANNOT_TELL


def numbers(coordinate: np.ndarray, time_s: float) -> np.ndarray:
    """A coordinate as numbers; dates in units of `time_s` seconds from the first one.

    >>> numbers(np.array(["2020-01-01", "2020-01-03"], dtype="datetime64[D]"), 86400.0).tolist()
    [0.0, 2.0]
    """
    if coordinate.dtype.kind != "M":
        return np.asarray(coordinate, float)
    return (coordinate - coordinate[0]) / np.timedelta64(1, "s") / time_s


def _told(value: Any) -> str:
    if isinstance(value, np.datetime64):
        return str(value)[:16].removesuffix("T00:00")
    return str(value) if isinstance(value, str) else f"{value:.6g}"
