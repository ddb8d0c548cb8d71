"""What the page shows of the run of a problem: the solution on its domain, how good it is, the terms of its loss."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from outcrop.report.figures import solution as figures
from outcrop.report.folder import RunFolder
from outcrop.report.pictures import Picture, picture
from outcrop.report.problem import is_problem, terms, told
from outcrop.report.tables import Cell, Table


def error_table(run: RunFolder) -> Table | None:
    """Errors against the truth, what is left over, what was found."""
    rows = told(run).get("rows") or []
    if not rows:
        return None
    cells = [
        [row["what"], row["unit"], Cell(f"{row['value']:.3g}", right=True), Cell(row["spread"], right=True)]
        for row in rows
    ]
    head: list[Cell | str] = ["", "unit", Cell("value", right=True), Cell("over members", right=True)]
    return Table(head, cells, "How good the solution is")


def term_pictures(run: RunFolder) -> list[Picture]:
    """The terms of the loss over the steps: of an equation with their weights, of other losses their parts."""
    names = terms(run)
    if len(names) < 2:
        return []
    if is_problem(run):
        title, caption = "mean square of each term", "What is left of each term, in units of its size, and its weight."
    else:
        title, caption = "parts of the loss", "Means over training examples between two evaluations."
    drawn = figures.terms(run.history, names, title)
    return [picture(drawn, f"Loss by term: {', '.join(names)}.", caption)]


def solution_pictures(run: RunFolder) -> list[Picture]:
    """Every field on its domain."""
    file = run.path / "solution.nc"
    if not file.is_file():
        return []
    import xarray as xr

    with xr.open_dataset(file, engine="h5netcdf") as opened:
        data = opened.load()
    about = run.data.get("problem") or {}
    axes = [figures.Axis(n, data[n].to_numpy(), _unit(data[n])) for n in about.get("coordinates") or {}]
    unknowns = [str(name) for name in about.get("unknowns") or []]
    hidden = [str(name) for name in about.get("found") or [] if name in data]
    left = [str(name) for name in data.data_vars if str(name).startswith("residual_")]
    beside = {name: left[min(i, len(left) - 1)] for i, name in enumerate(unknowns) if left}
    return [_field(data, name, axes, beside.get(name)) for name in (*unknowns, *hidden)]


def _field(data: Any, name: str, axes: list[figures.Axis], left: str | None) -> Picture:
    """One field; beside it the residual called `left`, of an equation of several parts that of the same number."""
    unit, values = _unit(data[name]), data[name].to_numpy()
    residual, over = (None, "") if left is None else (data[left].to_numpy(), _unit(data[left]))
    over = f" ({over})" if over not in ("", "1") else ""
    of = "" if left in (None, "residual_equation") else f": {left.removeprefix('residual_')}"
    truth = data[f"{name}_true"].to_numpy() if f"{name}_true" in data else None
    measured = _measured(data, name, axes)
    spread = data[f"{name}_sd"].to_numpy() if f"{name}_sd" in data else None
    alt = f"{name} on its domain, beside the truth, its error and what is left over of the equation."
    caption = f"{name}{' and its truth' if truth is not None else ''} on the domain."
    if len(axes) == 1:
        curves = {"network": values} | ({"truth": truth} if truth is not None else {})
        drawn = figures.lines(
            curves,
            axes[0],
            name=name,
            unit=unit,
            spread=spread,
            residual=None if residual is None else (f"left over{over}", residual),
            points=measured and (measured[0][:, 0], measured[1]),
        )
        return picture(drawn, alt, caption)
    panels = [figures.Map(f"{name}, network", values, "value")]
    own = axes
    if truth is None and f"{name}_reference" in data:
        shaped = _on_grid(data, name, axes)
        if shaped is not None:
            own, values, truth = shaped
            panels = [figures.Map(f"{name}, network", values, "value")]
            residual = None
    if truth is not None:
        panels += [figures.Map("truth", truth, "value"), figures.Map("network minus truth", values - truth, "error")]
    elif spread is not None:
        panels.append(figures.Map("spread over members", spread, "size"))
    if residual is not None:
        panels.append(figures.Map(f"left over{of}{over}", residual, "size"))
    return picture(figures.maps(panels, own, unit=unit, points=measured and measured[0]), alt, caption)


def _unit(field: Any) -> str:
    return str(field.attrs.get("units", ""))


def _measured(data: Any, name: str, axes: list[figures.Axis]) -> tuple[np.ndarray, np.ndarray] | None:
    column = next((str(n) for n in data.data_vars if str(n).startswith(f"{name}_measured_")), None)
    if column is None:
        return None
    dim = column.removeprefix(f"{name}_")
    return np.stack([data[f"{dim}_{axis.name}"].to_numpy() for axis in axes], axis=-1), data[column].to_numpy()


def _on_grid(data: Mapping[str, Any], name: str, axes: list[figures.Axis]) -> Any:
    """Axes, network and truth of a reference whose points make a grid; None where they make none."""
    columns = [np.asarray(data[f"reference_{axis.name}"]) for axis in axes]
    levels = [np.unique(column) for column in columns]
    if np.prod([len(level) for level in levels]) != len(columns[0]):
        return None
    order = np.lexsort(columns[::-1])
    shape = tuple(len(level) for level in levels)
    own = [figures.Axis(axis.name, level, axis.unit) for axis, level in zip(axes, levels, strict=True)]
    return own, *(np.asarray(data[f"{name}_{what}"])[order].reshape(shape) for what in ("at_reference", "reference"))
