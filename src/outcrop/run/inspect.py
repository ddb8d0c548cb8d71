"""`inspect`: the network a run file would build, or what a model file holds, as rows to print and as a diagram."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jax

from outcrop.bundle import Bundle
from outcrop.errors import ConfigError, message
from outcrop.model import table as families
from outcrop.model.diagram import Diagram, diagram
from outcrop.model.summary import Layer, Layers, rows_of
from outcrop.model.traced import traced
from outcrop.run import parts
from outcrop.run.check import check
from outcrop.run.solve import prepare
from outcrop.run.surrogate import load
from outcrop.shown import Readable, Shown
from outcrop.view.edges import ring

PICTURES = (".svg", ".png", ".pdf")
STAND_IN = 32
"""Samples along a dimension, or nodes of a graph, where a model file does not say how many there were."""


@dataclass(frozen=True, repr=False)
class Inspection(Readable):
    """What there is to know about a network.

    Attributes:
        title: one line.
        facts: (name, value) pairs.
        layers: rows of the table; see `outcrop.model.summary.Layer`.
        drawn: boxes and arrows of its diagram.
        graph: whether it works on nodes and links.
    """

    title: str
    facts: Sequence[tuple[str, str]]
    layers: Layers = field(default_factory=Layers)
    drawn: Diagram | None = None
    graph: bool = False

    def shown(self) -> Shown:
        """The facts and the table; in a notebook the diagram too."""
        table = self.layers.shown()
        return Shown(self.title, self.facts, table.columns, table.rows, self.picture())

    def picture(self) -> str:
        """The diagram as an image for a page."""
        from outcrop.report.figures.network import network
        from outcrop.report.style import svg

        if self.drawn is None:
            return ""
        address = svg(network(self.drawn.boxes, self.drawn.arrows))
        return f'<img style="max-width:100%" alt="diagram of the network" src="{address}">'


def inspect(path: str | Path, *, figure: str | Path | None = None) -> Inspection:
    """Describes a run file (TOML) or a model file (*.outcrop).

    Args:
        path: the file.
        figure: where to draw the network, an .svg, .png or .pdf file.

    Raises:
        ConfigError, DataError, BundleError: the file cannot be used; names what and where.
    """
    path = Path(path)
    if not path.exists():
        raise ConfigError(message(f"There is no file {str(path)!r}.", fix="name a run file or a model file."))
    if figure is not None and Path(figure).suffix.lower() not in PICTURES:
        what = f"--figure {str(figure)!r} is no picture."
        raise ConfigError(message(what, fix=f"--figure {Path(figure).with_suffix('.svg')}"))
    found = _run_file(path) if path.suffix == ".toml" else _bundle(path)
    if figure is not None:
        draw(found, Path(figure))
    return found


def draw(found: Inspection, figure: Path) -> Path:
    """Draws the network into a file."""
    from outcrop.report.figures.network import network

    if found.drawn is None:
        raise ConfigError(message("There is nothing to draw.", fix="inspect a run file or a model file."))
    figure.parent.mkdir(parents=True, exist_ok=True)
    network(found.drawn.boxes, found.drawn.arrows, title=found.title).savefig(figure, dpi=150)
    return figure


def _table(model: Any, shape: tuple[int, ...], out: int, nodes: int) -> dict[str, Any]:
    """Rows, diagram and whether it is a network on graphs; such a one gets a ring of `nodes` as a stand-in."""
    given = (ring(nodes),) if nodes else ()
    trace = traced(model, shape, *given)
    rows = rows_of(model, trace, shape, sight=True, graph=bool(nodes))
    drawn = diagram(trace, rows, shape, (*shape[:-1], out), graph=bool(nodes))
    return {"layers": rows, "drawn": drawn, "graph": bool(nodes)}


def _cost(rows: Sequence[Layer], batch: int | None) -> tuple[str, str]:
    products, size = sum(row.products for row in rows), sum(row.bytes for row in rows)
    told = f"{products:,} multiply-adds forward, {_bytes(size)} of layer outputs"
    return ("per example", told if batch is None else f"{told}; {_bytes(batch * size)} in a batch of {batch}")


def _bytes(size: int) -> str:
    """A size in memory.

    >>> _bytes(76), _bytes(2_410_000)
    ('0.076 kB', '2.41 MB')
    """
    return f"{size / 1e3:.3g} kB" if size < 1e6 else f"{size / 1e6:,.3g} MB"


def _run_file(path: Path) -> Inspection:
    checked = check(path)
    problem, view = checked.problem, checked.view
    has = parts.labelled_examples(problem, view)
    normaliser, _ = prepare(problem, view, parts.with_labels(checked.splits[0], has))
    model = parts.network(problem, view, normaliser, jax.random.key(0))
    shape = view.input_shape(normaliser.in_channels)
    table = _table(model, shape, problem.out_size, shape[0] if view.kind == "graphs" else 0)
    before, after = checked.reach
    start = problem.start
    facts = [
        ("inputs", ", ".join(normaliser.channels)),
        ("output", f"{problem.out_size} per sample ({problem.target.name})"),
        ("examples", f"{int(has.sum()):,} with labels, each {shape}"),
        ("sees", f"{before} samples before and {after} after its own"),
        ("members", str(problem.config.model.members)),
        _cost(table["layers"], problem.config.train.batch_size),
        *([] if start is None else [_origin(start.to_json())]),
    ]
    return Inspection(f"{problem.config.model.family}: {checked.parameters:,} parameters", facts, **table)


def _bundle(path: Path) -> Inspection:
    model = load(path)
    bundle = model.bundle
    scores = [_score(name, entry) for name, entry in bundle.scores["test"].items()]
    verdict = ", ".join(f"{word} {name.replace('_', ' ')}" for name, word in bundle.scores["verdict"].items())
    shape = example_shape(bundle)
    table = _table(model.members[0], shape, bundle.arguments["out"], shape[0] if _on_graphs(bundle) else 0)
    start = bundle.provenance.get("start")
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
        *([] if start is None else [_origin(start)]),
        ("accepted", "; ".join(bundle.provenance["accepted"]) or "nothing"),
        ("data", bundle.fingerprints["data"]),
        _cost(table["layers"], None),
    ]
    return Inspection(model.title, facts, **table)


def example_shape(bundle: Bundle) -> tuple[int, ...]:
    """Shape of one example's inputs; where the view does not say how long a dimension is, a stand-in."""
    sizes, view = bundle.arguments, bundle.view
    if "in_size" in sizes:
        return (sizes["in_size"],)
    kind = view.get("kind")
    box = [n for n in dict(view.get("size") or {}).values() if n > 1]
    ahead = max(view.get("lead") or 0, 1) - 1 + view["horizon"] if view.get("horizon") else 0
    along = {
        "windows": [view.get("length")],
        "sequences": [(view.get("history") or 0) + ahead, *box],
        "patches": box,
    }.get(str(kind), [])
    axes = families.family(bundle.family).axes if bundle.family in families.FAMILIES else len(along)
    axes += "steps" in sizes  # they become channels inside the network
    known = [int(n) for n in along if n][:axes]
    return (*known, *[STAND_IN] * (axes - len(known)), sizes["in_channels"])


def _on_graphs(bundle: Bundle) -> bool:
    return bundle.view.get("kind") == "graphs"


def _origin(start: dict[str, Any]) -> tuple[str, str]:
    frozen = f"; frozen: {', '.join(start['frozen'])}" if start["frozen"] else ""
    return (
        "starts from",
        f"{start['file']} ({start['family']}, trained on {len(start['trained_on'])} records{frozen})",
    )


def _score(name: str, entry: dict[str, Any]) -> str:
    span = "" if entry.get("low") is None else f" ({entry['low']:.3g} to {entry['high']:.3g})"
    return f"{name.replace('_', ' ')} {entry['value']:.3g}{span}"
