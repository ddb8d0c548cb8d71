"""What the page says of a generator: realisations beside what was found, every metric beside its floor."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from outcrop.report import words
from outcrop.report.figures import realisations as figures
from outcrop.report.folder import RunFolder
from outcrop.report.pictures import Picture, picture
from outcrop.report.scores import Promise
from outcrop.report.tables import Cell, Table

CALLED = {"truth": "held-out examples", "model": "network"}


def drawn_pictures(run: RunFolder) -> list[Picture]:
    """Realisations of `realisations.nc`, a picture for every variable."""
    file = run.path / "realisations.nc"
    if not file.is_file():
        return []
    rows, units, place = _read(file)
    variables = list(dict.fromkeys(name for _, name in rows))
    contenders = list(dict.fromkeys(who for who, _ in rows))
    contenders = sorted(contenders, key=lambda who: ("truth", "model").index(who) if who in CALLED else 2)
    caption = "One realisation of each of some held-out examples, evenly chosen; none was picked by eye."
    if not place:
        cloud = {
            CALLED.get(who, words.plain(who)): np.stack([rows[who, name][:, 0] for name in variables], axis=-1)
            for who in contenders
        }
        pairs = (variables * 2)[:2], ([units[name] for name in variables] * 2)[:2]
        drawn = figures.points(cloud, names=pairs[0], units=pairs[1])
        return [picture(drawn, f"Cross-plots of {words.series(variables)}.", caption)]
    found = []
    for name in variables:
        shown = {CALLED.get(who, words.plain(who)): _spread(rows[who, name][:, 0]) for who in contenders}
        drawn = figures.realisations(
            shown, variable=name, unit=units[name], classes=run.class_names if run.class_names else (), along=place[0]
        )
        found.append(picture(drawn, f"Realisations of {name}.", caption))
    return found


def judged_tables(promise: Promise) -> list[Table]:
    """Every metric of the network beside its floor, and of all baselines beside the same floor."""
    found = []
    for number, fold in enumerate(promise.content.get("judged") or []):
        names = list(fold)
        rows = []
        for metric, own in fold["model"]["rows"].items():
            floor = f"{words.number(own['low'])} to {words.number(own['high'])}" if own["low"] is not None else "-"
            cells = [_value(fold[name]["rows"].get(metric)) for name in names]
            rows.append([own["words"], Cell(floor, right=True), *cells])
        head: list[Cell | str] = ["metric", Cell("between real ones", right=True)]
        head += [Cell(CALLED.get(name, words.plain(name)), right=True) for name in names]
        fold_name = f", fold {number + 1}" if len(promise.content["judged"]) > 1 else ""
        found.append(Table(head, rows, f"One realisation of each held-out example beside what was found{fold_name}"))
    return found


def told_tables(promise: Promise) -> list[Table]:
    """How realisations honour what is given, and how their spread fits what was found."""
    found = []
    for fold in promise.content.get("told") or []:
        metrics = {key: row["words"] for own in fold.values() for key, row in own["rows"].items()}
        given = any(own["honoured"] for own in fold.values())
        rows = [
            [
                CALLED.get(name, words.plain(name)),
                *([_share(own["honoured"])] if given else []),
                *(_value(own["rows"].get(key)) for key in metrics),
            ]
            for name, own in fold.items()
        ]
        head: list[Cell | str] = [""]
        head += [Cell("hard data honoured", right=True)] if given else []
        head += [Cell(text, right=True) for text in metrics.values()]
        one = next(iter(fold.values()))
        title = f"{one['realisations']} realisations of each of {one['cases']} held-out examples"
        found.append(Table(head, rows, title + _widened(fold)))
    return found


def _widened(fold: dict[str, Any]) -> str:
    """What the network's deviations from their mean were multiplied by."""
    wider = next((own["inflation"] for own in fold.values() if own.get("inflation")), None)
    if wider is None:
        return ""
    factors = words.series([words.number(factor) for factor in wider["factor"]])
    return f"; the network's are {factors} times as far from their mean as drawn, as the validation part asks"


def _share(honoured: dict[str, Any] | None) -> Cell:
    return Cell("-" if honoured is None else words.percent(honoured["data"]), right=True)


def _value(row: dict[str, Any] | None) -> Cell:
    """A value, strong where it lies away from the floor on the wrong side."""
    if row is None or row["value"] is None:
        return Cell("-", right=True)
    return Cell(words.number(row["value"]), right=True, strong=row["word"] not in ("at the floor", ""))


def _spread(values: np.ndarray) -> np.ndarray:
    """Some of them, evenly chosen."""
    chosen = np.unique(np.linspace(0, len(values) - 1, min(figures.MOST, len(values))).round().astype(int))
    return values[chosen]


def _read(file: Path) -> tuple[dict[tuple[str, str], np.ndarray], dict[str, str], list[str]]:
    """(contender, variable) -> (example, realisation, *place); units; dimensions of the place."""
    import xarray as xr

    with xr.open_dataset(file, engine="h5netcdf") as told:
        pairs = [(str(key), *str(key).partition(":")[::2]) for key in told.data_vars if ":" in str(key)]
        rows = {(who, name): told[key].to_numpy() for key, who, name in pairs}
        units = {name: str(told[key].attrs.get("units", "")) for key, _, name in pairs}
        return rows, units, json.loads(told.attrs["place"])
