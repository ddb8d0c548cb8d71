"""`inspect`: what a run file would build, what a model file holds and shows inside, how a run's training went."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jax

from outcrop.bundle import Bundle
from outcrop.config.load import load as load_run_file
from outcrop.errors import ConfigError, message
from outcrop.model import table as families
from outcrop.model.diagram import Diagram, diagram
from outcrop.model.ordinary import ordinary
from outcrop.model.solution import Solution, in_size
from outcrop.model.summary import Layer, Layers, rows_of
from outcrop.model.traced import traced
from outcrop.model.trainable import parameter_count
from outcrop.physics.problem import Problem as Equations
from outcrop.run import parts
from outcrop.run.check import check
from outcrop.run.inside import Inside
from outcrop.run.own_target import told_channels
from outcrop.run.places import input_shape
from outcrop.run.pose import Posed
from outcrop.run.solve import prepare
from outcrop.run.solved_model import SolvedModel, untrained
from outcrop.run.surrogate import load
from outcrop.run.trained import Trained, trained
from outcrop.shown import Readable, Shown
from outcrop.view.edges import ring

PICTURES = (".svg", ".png", ".pdf")
if TYPE_CHECKING:
    from matplotlib.figure import Figure


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
        columns = [">nodes it sees" if self.graph and name == ">sees" else name for name in table.columns]
        return Shown(self.title, self.facts, columns, table.rows, self.picture())

    def figure(self) -> Figure:
        """The diagram.

        Raises:
            ConfigError: nothing was read that could be drawn.
        """
        from outcrop.report.figures.network import network

        if self.drawn is None:
            raise ConfigError(message("There is nothing to draw.", fix="inspect a run file or a model file."))
        return network(self.drawn.boxes, self.drawn.arrows, title=self.title)

    def picture(self) -> str:
        """The diagram as an image for a page."""
        from outcrop.report.figures.network import network
        from outcrop.report.style import svg

        if self.drawn is None:
            return ""
        address = svg(network(self.drawn.boxes, self.drawn.arrows))
        return f'<img style="max-width:100%" alt="diagram of the network" src="{address}">'


def inspect(
    path: str | Path,
    files: str | Path | Sequence[str | Path] = (),
    *,
    figure: str | Path | None = None,
    show: str | None = None,
    at: str | None = None,
    member: int = 0,
) -> Inspection | Inside | Trained:
    """Describes a run file (TOML), a model file (*.outcrop) or a run folder.

    Args:
        path: the file or folder.
        files: data to look inside a model file with; for `show`.
        figure: where to draw what is told, an .svg, .png or .pdf file: the network; what is inside; gradients by layer.
        show: of a model file "filters", "states", "attention" or "latent", see `outcrop.run.inside`.
        at, member: which example, and which of several networks; for `show`.

    Raises:
        ConfigError, DataError, BundleError: the file cannot be used; names what and where.
    """
    path = Path(path)
    if not path.exists():
        raise ConfigError(message(f"There is no file {str(path)!r}.", fix="name a run file or a model file."))
    if figure is not None and Path(figure).suffix.lower() not in PICTURES:
        what = f"--figure {str(figure)!r} is no picture."
        raise ConfigError(message(what, fix=f"--figure {Path(figure).with_suffix('.svg')}"))
    bundle = path.is_file() and path.suffix != ".toml"
    if (show is not None or files) and not bundle:
        what = "Only a model file can be looked into."
        raise ConfigError(
            message(what, where=str(path), fix=f"outcrop inspect MODEL.outcrop FILE --show {show or 'states'}")
        )
    if files and show is None:
        raise ConfigError(message("What shall be shown of these files?", fix="--show states, attention or latent"))
    if path.is_dir():
        found: Inspection | Inside | Trained = trained(path)
    elif show is not None:
        found = load(path).inside(show, files, at=at, member=member)
    else:
        found = _bundle(path) if bundle else _run_file(path)
    if figure is not None:
        Path(figure).parent.mkdir(parents=True, exist_ok=True)
        found.figure().savefig(figure, dpi=150)
    return found


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
    if isinstance(checked, Posed):
        model = load_run_file(path).model
        return _solution(
            untrained(model.family, model.arguments, checked.problem, 0), checked.problem, model.family, ()
        )
    problem, view = checked.problem, checked.view
    has = parts.labelled_examples(problem, view)
    normaliser, _ = prepare(problem, view, parts.with_labels(checked.splits[0], has))
    model = parts.network(problem, view, normaliser, jax.random.key(0))
    shape = view.input_shape(told_channels(problem, normaliser) if problem.generates else normaliser.in_channels)
    model, shape = ordinary(model, shape, problem.out_size, _generates(problem.config.model.family))
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
    if isinstance(model, SolvedModel):
        with jax.enable_x64(True):
            return _solution(model.members[0], model.problem, bundle.family, model.shown().rows)
    scores = [_score(name, entry) for name, entry in bundle.scores["test"].items()]
    verdict = ", ".join(f"{word} {name.replace('_', ' ')}" for name, word in bundle.scores["verdict"].items())
    network, shape = ordinary(model.members[0], input_shape(bundle), bundle.arguments["out"], _generates(bundle.family))
    table = _table(network, shape, bundle.arguments["out"], shape[0] if _on_graphs(bundle) else 0)
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


def _solution(model: Solution, problem: Equations, family: str, scores: Sequence[Sequence[str]]) -> Inspection:
    """The network behind a solution: coordinates go in, fields come out."""
    size, names = in_size(len(problem.coordinates), model.periodic), problem.outputs
    table = _table(model.network, (size,), len(names), 0)
    facts = [
        ("equation", problem.equation.formula),
        ("inputs", ", ".join(problem.coordinates) + (f"; {size} features" if model.periodic else "")),
        ("output", ", ".join(names)),
        *([("numbers", ", ".join(problem.found_numbers))] if problem.found_numbers else []),
        *((what, value) for what, _, value in scores),
        _cost(table["layers"], None),
    ]
    return Inspection(f"{family}: {parameter_count(model):,} parameters", facts, **table)


def _generates(family: str) -> str:
    return families.FAMILIES[family].generates if family in families.FAMILIES else ""


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
