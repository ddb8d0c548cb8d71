"""`inspect`: the network a run file would build, or what a model file holds, as rows to print."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jax

from outcrop.errors import ConfigError, message
from outcrop.model.summary import layers
from outcrop.run import parts
from outcrop.run.check import check
from outcrop.run.solve import prepare
from outcrop.run.surrogate import load


@dataclass(frozen=True)
class Inspection:
    """What there is to know about a network.

    Attributes:
        title: one line.
        facts: (name, value) pairs.
        layers: rows of layer, kind, output shape, parameters.
    """

    title: str
    facts: Sequence[tuple[str, str]]
    layers: Sequence[Any] = field(default=())


def inspect(path: str | Path) -> Inspection:
    """Describes a run file (TOML) or a model file (*.outcrop).

    Raises:
        ConfigError, DataError, BundleError: the file cannot be used; names what and where.
    """
    path = Path(path)
    if not path.exists():
        raise ConfigError(message(f"There is no file {str(path)!r}.", fix="name a run file or a model file."))
    return _run_file(path) if path.suffix == ".toml" else _bundle(path)


def _run_file(path: Path) -> Inspection:
    checked = check(path)
    problem, view = checked.problem, checked.view
    has = parts.labelled_examples(problem, view)
    normaliser, _ = prepare(problem, view, parts.with_labels(checked.splits[0], has))
    model = parts.network(problem, view, normaliser, jax.random.key(0))
    shape = view.input_shape(normaliser.in_channels)
    before, after = checked.reach
    facts = [
        ("inputs", ", ".join(normaliser.channels)),
        ("output", f"{problem.out_size} per sample ({problem.target.name})"),
        ("examples", f"{int(has.sum()):,} with labels, each {shape}"),
        ("sees", f"{before} samples before and {after} after its own"),
        ("members", str(problem.config.model.members)),
    ]
    return Inspection(f"{problem.config.model.family}: {checked.parameters:,} parameters", facts, layers(model, shape))


def _bundle(path: Path) -> Inspection:
    model = load(path)
    bundle = model.bundle
    sizes = bundle.arguments
    view = bundle.view
    shape = (view["length"], sizes["in_channels"]) if "in_channels" in sizes else (sizes["in_size"],)
    scores = [_score(name, entry) for name, entry in bundle.scores["test"].items()]
    verdict = ", ".join(f"{word} {name.replace('_', ' ')}" for name, word in bundle.scores["verdict"].items())
    facts = [
        ("promise", bundle.promise),
        ("split", bundle.split["sentence"]),
        ("score", f"{'; '.join(scores)} ({bundle.scores['score']})"),
        ("verdict", verdict),
        ("inputs", ", ".join(f"{v.name} [{v.unit or '-'}], missing: {v.missing}" for v in model.inputs)),
        (
            "target",
            f"{model.target.name}" + (f" ({len(model.target.classes.codes)} classes)" if model.target.classes else ""),
        ),
        ("members", str(len(model.members))),
        ("trained on", f"{len(bundle.provenance['records'])} records"),
        ("accepted", "; ".join(bundle.provenance["accepted"]) or "nothing"),
        ("data", bundle.fingerprints["data"]),
    ]
    return Inspection(repr(model).strip("<>"), facts, layers(model.members[0], shape))


def _score(name: str, entry: dict[str, Any]) -> str:
    span = "" if entry.get("low") is None else f" ({entry['low']:.3g} to {entry['high']:.3g})"
    return f"{name.replace('_', ' ')} {entry['value']:.3g}{span}"
