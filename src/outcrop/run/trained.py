"""How a finished run trained, from its folder: gradients, updates and weights of every layer, and what looks wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from outcrop.errors import DataError, message
from outcrop.report.folder import RunFolder, read
from outcrop.shown import Readable, Shown

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SIGNS = ("dead_layer", "vanishing_gradient", "exploding_gradient")


@dataclass(frozen=True, repr=False)
class Trained(Readable):
    """The training of a run.

    Attributes:
        title: one line.
        facts: (name, value) pairs.
        norms: columns of norms.csv.
    """

    title: str
    facts: Sequence[tuple[str, str]]
    norms: Mapping[str, np.ndarray]

    def shown(self) -> Shown:
        """A row per layer: gradient at the first and last evaluation, and the share of its weights an update moves."""
        from outcrop.report.figures.norms import by_layer

        _, rows = by_layer(self.norms, grouped=False)
        told = [[name, *(_told(own[at]) for own in pair for at in (0, -1))] for name, pair in rows.items()]
        columns = ["layer", ">gradient, first", ">last", ">update / weights, first", ">last "]
        return Shown(self.title, self.facts, columns, told)

    def figure(self) -> Figure:
        """Gradients and updates through training."""
        from outcrop.report.figures.norms import norms

        return norms(self.norms)


def trained(path: Path) -> Trained:
    """Reads a run folder.

    Raises:
        DataError: it is no run folder, or the run did not get as far as norms.csv.
    """
    run = read(path)
    if not len(run.norms.get("step", ())):
        what = "The run folder holds no norms.csv: its training did not end, or was that of an older outcrop."
        raise DataError(message(what, where=str(path), fix=f"outcrop run ... --resume --out {path}, or run it again."))
    model = run.run.get("model") or {}
    signs = [row["sentence"] for row in run.findings if row.get("id") in SIGNS]
    facts = [
        ("trainings", _trainings(run)),
        ("steps", f"{int(run.norms['step'].max()):,}"),
        ("signs", " ".join(signs) or "gradients reach every layer; none vanishes, explodes or is zero throughout"),
    ]
    if (path / "model.outcrop").is_file():
        facts.append(("network", f"outcrop inspect {path / 'model.outcrop'}"))
    return Trained(f"Training of {model.get('family', 'a network')} in {path}", facts, run.norms)


def _trainings(run: RunFolder) -> str:
    pairs: set[Any] = set(zip(run.norms["fold"].tolist(), run.norms["member"].tolist(), strict=True))
    refit = sum(fold == "-1" for fold, _ in pairs)
    return f"{len(pairs) - refit}{f' and {refit} of the refit, left out below' if refit and refit < len(pairs) else ''}"


def _told(value: float) -> str:
    return f"{value:.2e}" if np.isfinite(value) else ""
