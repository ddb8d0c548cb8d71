"""Class tables: from the codes in the files to class indices and back, with merges, ignored codes and costs.

Lithology, facies or land-cover codes are arbitrary numbers or words. A network sees indices 0 .. n-1 in the order of
the table, and -1 where there is no class. Every code in a file must be in the table, merged, or ignored by name.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from outcrop.errors import ConfigError, DataError, did_you_mean, message

Code = str | int | float
WHERE = "target classes"


def plain_code(value: Any) -> Code | None:
    """A code as tables keep it: a number where it reads as one, else text; None where it is missing.

    >>> plain_code("30000"), plain_code(30000.0), plain_code(" shale "), plain_code(float("nan")), plain_code("")
    (30000, 30000, 'shale', None, None)
    """
    if value is None:
        return None
    if isinstance(value, str | np.str_):
        value = str(value).strip()
        if not value:
            return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        return str(value)
    if math.isnan(number):
        return None
    if not math.isfinite(number):
        return str(value)
    return int(number) if number.is_integer() else number


@dataclass(frozen=True, eq=False)
class ClassTable:
    """The classes of a categorical variable, as the network sees them.

    Attributes:
        codes: code of each class that is kept; its place is the class index.
        names: name of each class, in the order of `codes`.
        merges: code in the files -> kept code it is counted as.
        ignore: codes that count as missing.
        cost: cost[true, predicted] >= 0 in the order of `codes`, that is AFTER merges; None where none is stated.

    >>> table = ClassTable.build([1, 2, 3], ["sand", "silt", "shale"], merges={2: 1})
    >>> table.index(np.array([1.0, 2.0, 3.0, np.nan]), where="well A").tolist()
    [0, 0, 1, -1]
    """

    codes: tuple[Code, ...]
    names: tuple[str, ...]
    merges: Mapping[Code, Code] = field(default_factory=dict)
    ignore: tuple[Code, ...] = ()
    cost: np.ndarray | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "codes", tuple(_stated(code) for code in self.codes))
        object.__setattr__(self, "names", tuple(str(name) for name in self.names))
        object.__setattr__(self, "merges", {_stated(a): _stated(b) for a, b in self.merges.items()})
        object.__setattr__(self, "ignore", tuple(_stated(code) for code in self.ignore))
        self._check()
        if self.cost is not None:
            object.__setattr__(self, "cost", _checked_cost(self.cost, len(self.codes)))

    def _check(self) -> None:
        twice = sorted({str(code) for code in self.codes if self.codes.count(code) > 1})
        if twice:
            raise ConfigError(
                message(f"Class codes occur twice: {', '.join(twice)}.", where=WHERE, fix="remove the repeated lines.")
            )
        if len(self.names) != len(self.codes):
            what = f"There are {len(self.codes)} class codes and {len(self.names)} names."
            raise ConfigError(message(what, where=WHERE, fix="give every code one name."))
        kept = set(self.codes)
        both = [code for code in [*self.merges, *self.ignore] if code in kept]
        if both:
            fix = "ClassTable.build(codes, names, merges=..., ignore=...) removes them from the classes."
            raise ConfigError(message(f"Merged or ignored codes are classes too: {_list(both)}.", where=WHERE, fix=fix))
        clash = [code for code in self.merges if code in self.ignore]
        if clash:
            raise ConfigError(
                message(f"Codes are both merged and ignored: {_list(clash)}.", where=WHERE, fix="choose one.")
            )
        lost = {a: b for a, b in self.merges.items() if b not in kept}
        if lost:
            a, b = next(iter(lost.items()))
            fix = (
                f"merge {a} into a class that is kept{did_you_mean(str(b), map(str, self.codes))}: {_list(self.codes)}."
            )
            raise ConfigError(
                message(f"Class {a} is merged into {b}, which is no class that is kept.", where=WHERE, fix=fix)
            )
        if len(self.codes) < 2:
            fix = "keep at least two classes, or predict a number."
            raise ConfigError(
                message(f"{len(self.codes)} class is left, so there is nothing to tell apart.", where=WHERE, fix=fix)
            )

    @classmethod
    def build(
        cls,
        codes: Sequence[Any],
        names: Sequence[str],
        *,
        merges: Mapping[Any, Any] | None = None,
        ignore: Iterable[Any] = (),
        cost: np.ndarray | None = None,
        cost_order: Sequence[Any] | None = None,
    ) -> ClassTable:
        """A table from all classes of a legend, some of which are merged or ignored.

        Args:
            codes, names: the whole legend.
            merges: code or name -> code or name it is counted as.
            ignore: codes or names that count as missing.
            cost: cost[true, predicted] in the order of `cost_order`.
            cost_order: codes of the rows of `cost`; by default `codes`, or the kept ones where the size says so.
                Rows of codes that are no class here are left out.

        Raises:
            ConfigError: codes, merges or costs contradict each other. The cost of a merged class must be stated:
                where the rows or columns of merged classes differ, no mean is taken in silence.
        """
        legend = [_stated(code) for code in codes]
        if len(names) != len(legend):
            what = f"There are {len(legend)} class codes and {len(names)} names."
            raise ConfigError(message(what, where=WHERE, fix="give every code one name."))
        merged = {_find(a, legend, names): _find(b, legend, names) for a, b in (merges or {}).items()}
        ignored = tuple(_find(code, legend, names) for code in ignore)
        gone = {*merged, *ignored}
        kept = [(code, name) for code, name in zip(legend, names, strict=True) if code not in gone]
        kept_codes = [code for code, _ in kept]
        if cost is not None:
            cost = _reduced(np.asarray(cost, np.float64), cost_order, legend, kept_codes, merged)
        return cls(tuple(kept_codes), tuple(name for _, name in kept), merged, ignored, cost)

    def __len__(self) -> int:
        return len(self.codes)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ClassTable) and self.to_json() == other.to_json()

    def __hash__(self) -> int:
        return hash((self.codes, self.names))

    def index(self, values: np.ndarray, *, where: str) -> np.ndarray:
        """Class index of each value, int32; -1 where it is missing or ignored.

        Args:
            values: codes as numbers (NaN missing) or as text ("" or None missing), any shape.
            where: record and curve, for the error.

        Raises:
            DataError: codes that are in no table, with their counts.
        """
        values = np.asarray(values)
        lookup = {**{code: i for i, code in enumerate(self.codes)}, **dict.fromkeys(self.ignore, -1)}
        lookup |= {code: lookup[kept] for code, kept in self.merges.items()}
        found = _numbers(values, lookup) if values.dtype.kind in "fiub" else _words(values, lookup)
        unknown = found == -2
        if unknown.any():
            self._refuse(values[unknown], where)
        return found

    def _refuse(self, values: np.ndarray, where: str) -> None:
        codes, counts = np.unique([str(plain_code(value)) for value in values.tolist()], return_counts=True)
        order = np.argsort(-counts)
        shown = ", ".join(f"{codes[i]} ({counts[i]} samples)" for i in order[:8])
        more = f" and {len(codes) - 8} more" if len(codes) > 8 else ""
        first = str(codes[order[0]])
        likely = did_you_mean(first, map(str, self.codes))
        fix = f"add {first} to classes{likely}, or merges = {{{first} = {self.codes[0]}}}, or ignore = [{first}]"
        what = f"{len(codes)} class codes are not in the class table: {shown}{more}."
        raise DataError(message(what, where=where, fix=fix))

    def missing(self, values: np.ndarray) -> np.ndarray:
        """True where a file has no code at all (an ignored code is there)."""
        values = np.asarray(values)
        if values.dtype.kind in "fiub":
            return np.isnan(values) if values.dtype.kind == "f" else np.zeros(values.shape, bool)
        return np.array([plain_code(value) is None for value in values.ravel().tolist()], bool).reshape(values.shape)

    def code(self, index: np.ndarray) -> np.ndarray:
        """The code of each class index: float64 with NaN for -1, or text with "" for -1 where a code is text.

        >>> ClassTable((30000, 65000), ("sand", "shale")).code(np.array([1, -1]))
        array([65000.,    nan])
        """
        index = np.asarray(index)
        if any(isinstance(code, str) for code in self.codes):
            table = np.array([*map(str, self.codes), ""], dtype=object)
        else:
            table = np.array([*self.codes, np.nan], dtype=np.float64)
        return table[np.where(index < 0, len(self.codes), index)]

    def to_json(self) -> dict[str, Any]:
        """The table as plain lists and dictionaries."""
        cost = None if self.cost is None else self.cost.tolist()
        merges = [[a, b] for a, b in self.merges.items()]
        lists = {"codes": list(self.codes), "names": list(self.names), "merges": merges, "ignore": list(self.ignore)}
        return {**lists, "cost": cost}

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> ClassTable:
        """The inverse of `to_json`, to the bit."""
        cost = content["cost"]
        merges = dict(content["merges"])
        codes, names, ignore = (tuple(content[key]) for key in ("codes", "names", "ignore"))
        return cls(codes, names, merges, ignore, None if cost is None else np.asarray(cost, np.float64))


def _list(codes: Iterable[Code]) -> str:
    return ", ".join(str(code) for code in codes)


def _stated(value: Any) -> Code:
    code = plain_code(value)
    if code is None:
        raise ConfigError(message("A class has no code.", where=WHERE, fix="give every class a number or a word."))
    return code


def _find(value: Any, legend: Sequence[Code], names: Sequence[str]) -> Code:
    """The code that a code or a name in the run file stands for."""
    code = _stated(value)
    if code in legend:
        return code
    matches = [legend[i] for i, name in enumerate(names) if str(name) == str(value)]
    if len(matches) == 1:
        return matches[0]
    known = [*map(str, legend), *map(str, names)]
    fix = f"use a code or a name of the class table{did_you_mean(str(value), known)}."
    raise ConfigError(message(f"merges or ignore names {value!r}, which is no class.", where=WHERE, fix=fix))


def _numbers(values: np.ndarray, lookup: Mapping[Code, int]) -> np.ndarray:
    """Indices of numeric codes by binary search; -2 where unknown."""
    pairs = sorted((float(code), i) for code, i in lookup.items() if not isinstance(code, str))
    keys, targets = np.array([k for k, _ in pairs]), np.array([i for _, i in pairs], np.int32)
    values = values.astype(np.float64)
    if not len(keys):
        return np.where(np.isnan(values), -1, -2).astype(np.int32)
    place = np.minimum(np.searchsorted(keys, values), len(keys) - 1)
    found = np.where(keys[place] == values, targets[place], -2)
    return np.where(np.isnan(values), -1, found).astype(np.int32)


def _words(values: np.ndarray, lookup: Mapping[Code, int]) -> np.ndarray:
    """Indices of codes held as text or mixed objects; each distinct value is read once."""
    flat = values.ravel().tolist()
    seen = {value: (-1 if (code := plain_code(value)) is None else lookup.get(code, -2)) for value in set(flat)}
    return np.array([seen[value] for value in flat], np.int32).reshape(values.shape)


def _checked_cost(cost: np.ndarray, size: int) -> np.ndarray:
    cost = np.array(cost, dtype=np.float64)
    if cost.shape != (size, size):
        what = f"The cost matrix is {' x '.join(map(str, cost.shape))}, but {size} classes are left after merging."
        fix = f"state a {size} x {size} matrix cost[true, predicted] of the kept classes."
        raise ConfigError(message(what, where=WHERE, fix=fix))
    if not np.isfinite(cost).all() or (cost < 0).any():
        row, column = np.argwhere(~(np.isfinite(cost) & (cost >= 0)))[0]
        what = f"The cost of true class {row} predicted as class {column} is {cost[row, column]}."
        fix = "state costs of 0 or more (a score with negative numbers: change its sign)."
        raise ConfigError(message(what, where=WHERE, fix=fix))
    cost.flags.writeable = False
    return cost


def _reduced(
    cost: np.ndarray, order: Sequence[Any] | None, legend: list[Code], kept: list[Code], merges: Mapping[Code, Code]
) -> np.ndarray:
    """The costs of the kept classes, in their order."""
    size = len(cost)
    rows = [_stated(code) for code in order] if order is not None else (kept if size == len(kept) else legend)
    if cost.shape != (len(rows), len(rows)):
        what = f"The cost matrix is {' x '.join(map(str, cost.shape))}, but there are {len(rows)} classes in its order."
        raise ConfigError(message(what, where=WHERE, fix="cost_order = [codes of its rows, in order]"))
    place = {code: i for i, code in enumerate(rows)}
    absent = [code for code in kept if code not in place]
    if absent:
        fix = "add them to cost_order, and their rows and columns to the matrix."
        raise ConfigError(message(f"The cost matrix lacks the classes {_list(absent)}.", where=WHERE, fix=fix))
    index = np.array([place[code] for code in kept])
    for gone, into in merges.items():
        if gone not in place:
            continue
        a, b = place[gone], place[into]
        others = np.array([i for i in index if i != b])
        if not (np.array_equal(cost[a, others], cost[b, others]) and np.array_equal(cost[others, a], cost[others, b])):
            what = f"Class {gone} is merged into {into}, but their costs differ: the cost of both is not stated."
            fix = f"cost_order = [{_list(kept)}] with a {len(kept)} x {len(kept)} matrix of the merged classes."
            raise ConfigError(message(what, where=WHERE, fix=fix))
    return cost[np.ix_(index, index)]
