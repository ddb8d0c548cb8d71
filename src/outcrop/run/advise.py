"""`new --advise`: which family fits some files or a run file, how large it may be, and what was measured on such data.

The choice itself is a table (`config/choice.py`); here its questions are answered from the data: what the samples lie
on, how many independent ones there are, and where the model must work next.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from outcrop.config.choice import FEW_GROUPS, FEWEST_GROUPS, SIZES, Choice, choose, settings, size
from outcrop.config.evidence import Measured, nearest
from outcrop.config.load import load
from outcrop.config.physics import PhysicsConfig
from outcrop.config.promise import PromiseSection
from outcrop.data.draft import Proposal
from outcrop.data.draft_promise import promise as drafted_promise
from outcrop.data.draft_promise import target_name
from outcrop.data.draft_text import toml
from outcrop.data.inventory import Inventory, taken_stock
from outcrop.data.structure import STRUCTURES, structure
from outcrop.errors import ConfigError, did_you_mean, message
from outcrop.evaluate.words import count, listing
from outcrop.model.entries import FAMILIES
from outcrop.records import Record
from outcrop.shown import Readable, Shown
from outcrop.split.effective import effective_samples

MOST_CURVES = 6
"""Curves on which independent samples are counted where no target is named."""


@dataclass(frozen=True)
class Facts:
    """What the advice rests on.

    Attributes:
        structure: a key of `STRUCTURES`.
        records: how many.
        samples: of all records.
        length: samples along a record, or the shorter side of an image, at the median.
        promise: kind of promise ("new", "later"), and its words.
        promised: the promise in words.
        key, groups: what is held out as a whole, and how many of them there are; "" and 0 where nothing is.
        target: its name; "" where none is chosen.
        counted_on: what independent samples were counted on.
        independent: independent samples; None where no curve could be counted.
        placed: whether samples have places.
    """

    structure: str
    records: int
    samples: int
    length: float
    promise: str
    promised: str
    key: str
    groups: int
    target: str
    counted_on: str
    independent: float | None
    placed: bool = True


@dataclass(frozen=True, repr=False)
class Advice(Readable):
    """A family with settings to start from, and why.

    Attributes:
        facts: what it rests on.
        choice: the row of the table that fits.
        settings: arguments of `[model]` that differ from the defaults.
        evidence: what was measured on the most similar examples.
    """

    facts: Facts
    choice: Choice
    settings: dict[str, Any]
    evidence: Sequence[Measured]

    @property
    def family(self) -> str:
        """The family to try first."""
        return self.choice.families[0]

    @property
    def steps(self) -> int:
        """Training steps to start with."""
        return size(float("inf") if self.facts.independent is None else self.facts.independent).steps

    @property
    def run_file(self) -> str:
        """The lines of a run file."""
        arguments = {"family": self.family, **self.settings}
        model = "\n".join(f"{key} = {toml(value)}" for key, value in arguments.items())
        return f"[model]\n{model}\n\n[train]\nsteps = {self.steps}"

    @property
    def sentences(self) -> list[str]:
        """What to do first, and what to mind."""
        facts, told = self.facts, []
        if facts.independent is not None:
            told.append(size(facts.independent).say)
        if facts.structure == "equation":
            return [f"Mind: {self.choice.mind}."]
        told.append(
            "The baselines that outcrop knows are fitted on the same split in every run: compare with the best."
        )
        if 0 < facts.groups < FEW_GROUPS:
            few = f"The score rests on {count(facts.groups, facts.key)}"
            more = f"; below {FEWEST_GROUPS} no verdict is given" if facts.groups < FEWEST_GROUPS else ""
            told.append(f"{few}, whatever the number of samples in each{more}.")
        return [*told, f"Mind: {self.choice.mind}."]

    def _order(self) -> list[tuple[str, str]]:
        """The bar and the network; where samples are few the bar comes first."""
        network, bar = f"{self.family} ({FAMILIES[self.family].help})", self.choice.first
        few = self.facts.independent is not None and size(self.facts.independent) is SIZES[0]
        return [("first", bar), ("then", network)] if few else [("take", network), ("the bar", bar)]

    @property
    def measured(self) -> list[str]:
        """What the examples say about such a choice."""
        none = f"No example has measured {listing(self.choice.families)} on such data yet"
        return [f"{row.sentence}." for row in self.evidence] or [f"{none}: rely on the baselines."]

    def shown(self) -> Shown:
        """Facts, family, and what was measured."""
        facts = self.facts
        worth = "not counted" if facts.independent is None else f"about {facts.independent:,.0f}, of {facts.counted_on}"
        many = f": {count(facts.records, 'record')}, {count(facts.samples, 'sample')}" if facts.records else ""
        rows = [
            ("data", f"{STRUCTURES[facts.structure]}{many}"),
            ("target", facts.target or "not named: the advice holds for numbers and classes alike"),
            ("independent", worth),
            ("promise", facts.promised),
            *self._order(),
            ("view", self.choice.view),
            ("why", self.choice.why),
        ]
        if others := self.choice.families[1:]:
            rows.append(("or", ", ".join(others)))
        measured = [[sentence] for sentence in self.measured]
        return Shown(
            "Advice: a starting point, to be tried on validation", rows, ["measured in the examples"], measured
        )

    def proposal(self) -> Proposal:
        """The same for a drafted run file."""
        notes = [f"Why {self.family}: {self.choice.why}.", f"The bar: {self.choice.first}.", *self.sentences]
        notes += [f"Measured: {sentence}" for sentence in self.measured[:2]]
        then = ", ".join(self.choice.families[1:])
        why = f"or {then}" if then else "the usual network for such data"
        return Proposal(self.choice.view, self.family, why, self.settings, notes, self.steps, self.facts.target)


def advise(what: str | Path | Iterable[str | Path], *, target: str | None = None, **options: Any) -> Advice:
    """Advice for files, or for a run file.

    Args:
        what: a run file (`*.toml`), or a path, a pattern or a list of data files.
        target: of files, the curve to predict; a run file names its own.
        options: of the reader, such as `domain="time"`.

    Raises:
        ConfigError, DataError: the run file or the files cannot be read.
    """
    requests = [what] if isinstance(what, str | Path) else list(what)
    if len(requests) == 1 and str(requests[0]).endswith(".toml"):
        return _advice(facts_of_run(Path(requests[0])))
    return for_files(*taken_stock(requests, **options), target=target)


def for_files(stock: Inventory, records: Sequence[Record], *, target: str | None = None) -> Advice:
    """Advice for files that have been taken stock of."""
    curves = stock.curves()
    if target is not None and target not in curves:
        fix = f"the files have {', '.join(list(curves)[:12])}."
        raise ConfigError(
            message(f"There is no curve {target!r}{did_you_mean(target, curves)}.", where="--target", fix=fix)
        )
    target = target or target_name(stock) or ""
    made = tomllib.loads("\n".join(drafted_promise(stock)))
    promise = PromiseSection.model_validate(made)
    names = [target] if target else [n for n, s in curves.items() if s and not np.isnan(s[0].median)][:MOST_CURVES]
    counts = [n for name in names if (n := _independent(records, name)) is not None]
    groups = _groups(records, promise.new) if promise.new else 0
    facts = Facts(
        stock.structure, len(records), sum(map(len, records)), _length(records), promise.kind,
        f"{_words(promise)} (as outcrop new --from would draft it)", promise.new or "", groups, target,
        target if target else f"{listing(names)}, at the median", float(np.median(counts)) if counts else None,
        stock.places,
    )  # fmt: skip
    return _advice(facts)


def facts_of_run(path: Path) -> Facts:
    """What a run file and its data say.

    Raises:
        ConfigError, DataError: it cannot be read.
    """
    from outcrop.run.problem import load_problem

    config = load(path)
    if isinstance(config, PhysicsConfig):
        return _facts_of_equation(config, path.resolve().parent)
    problem = load_problem(config, path.resolve().parent)
    records, promise = problem.aligned, config.promise
    groups = _groups(records, promise.new) if promise.new else 0
    independent = effective_samples(problem.records, problem.target.name, problem.labelled()).total
    return Facts(
        structure(records), len(records), sum(map(len, records)), _length(records), promise.kind, _words(promise),
        promise.new or "", groups, problem.target.name, problem.target.name, independent,
    )  # fmt: skip


def _facts_of_equation(config: PhysicsConfig, base: Path) -> Facts:
    """What is posed: nothing is held out, and values that were measured are counted as they are."""
    from outcrop.physics.coefficient import Known
    from outcrop.run.pose import pose

    problem = pose(config, base).problem
    hidden = [name for name, coefficient in problem.coefficients.items() if not isinstance(coefficient, Known)]
    sought = [*problem.equation.unknowns, *hidden]
    values = sum(len(one.values) for one in problem.measured)
    told = f"{problem.equation.formula}, with {count(values, 'measured value')}"
    return Facts(
        "equation", 0, values, float("inf"), "", f"none: the equation holds on the whole domain ({told})", "", 0,
        listing(sought), "", None,
    )  # fmt: skip


def _groups(records: Sequence[Record], key: str) -> int:
    """Groups of a key: those of the records, or the places of a network that carries them along a dimension."""
    along = [record.shape[record.dims.index(key)] for record in records if key in record.dims]
    return max(along) if along else len({record.groups.get(key, record.name) for record in records})


def _advice(facts: Facts) -> Advice:
    row = choose(facts.structure, facts.promise, facts.length, facts.placed)
    arguments = settings(row.families[0], facts.independent) if facts.independent is not None else {}
    return Advice(facts, row, arguments, nearest(row.families, row.view, facts.independent))


def _words(promise: PromiseSection) -> str:
    """`new = well`, as the report has it."""
    values = {kind: getattr(promise, kind) for kind in promise.kinds}
    told = {
        k: v.model_dump(exclude_none=True, by_alias=True) if hasattr(v, "model_dump") else v for k, v in values.items()
    }
    return " and ".join(f"{k} = {toml(v) if isinstance(v, dict) else v}" for k, v in told.items())


def _length(records: Sequence[Record]) -> float:
    """Samples that a view finds along a record: the shorter side of images and cubes, else the first dimension."""
    sides = structure(records) in ("images", "cube")
    return float(np.median([min(record.shape[-2:]) if sides else record.shape[0] for record in records]))


def _independent(records: Sequence[Record], name: str) -> float | None:
    """Independent samples of a curve; codes and words count as classes."""
    having = [record for record in records if name in record.data.data_vars]
    values = [record.data[name].to_numpy() for record in having]
    if not having or any(v.ndim > len(r.dims) for v, r in zip(values, having, strict=True)):
        return None
    if any(v.dtype.kind not in "fiu" for v in values) or all(_whole(v) for v in values):
        having = _as_classes(having, values, name)
    return effective_samples(having, name).total


def _whole(values: np.ndarray) -> bool:
    """Whether a curve holds few whole numbers, as codes of classes are."""
    known = values[np.isfinite(values)] if values.dtype.kind == "f" else values.ravel()
    return bool(known.size) and not np.any(known % 1) and len(np.unique(known)) <= 40


def _as_classes(records: Sequence[Record], values: Sequence[np.ndarray], name: str) -> list[Record]:
    """The records with the curve as indices of its distinct values, -1 where it has none."""
    known = [
        v[np.isfinite(v)] if v.dtype.kind == "f" else v[v != ""] if v.dtype.kind not in "iu" else v for v in values
    ]
    codes = np.unique(np.concatenate([np.ravel(v) for v in known]))
    found = []
    for record, own in zip(records, values, strict=True):
        index = np.searchsorted(codes, own).clip(0, len(codes) - 1)
        index = np.where(codes[index] == own, index, -1)
        found.append(record.with_data(record.data.assign({name: (record.data[name].dims, index)})))
    return found
