"""sample.html: realisations on a grid, what was observed, whether it is honoured, and what the prior was learned from.

It reads `sample.json` and `realisations.nc` of a folder and nothing else.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from outcrop.errors import DataError, message
from outcrop.report import words
from outcrop.report.figures import sampled as figures
from outcrop.report.headline import Key
from outcrop.report.page import page, put
from outcrop.report.pictures import Picture, picture
from outcrop.report.scores import score
from outcrop.report.sections import Section
from outcrop.report.tables import Cell, Table

NAME = "sample.html"
VERDICTS = {"cannot tell": "cannot be told from"}
"""Verdict of a run -> as it stands before a baseline."""
MOST_CLASSES = 5
"""Classes whose probability is shown, the most frequent ones."""


def write(folder: str | Path) -> Path:
    """Writes `sample.html` into the folder of realisations, whole or not at all.

    Raises:
        DataError: `sample.json` or `realisations.nc` is missing or damaged.
    """
    folder = Path(folder)
    facts, fields = read(folder)
    names = [field.name for field, _ in fields]
    text = page(
        title=f"Realisations of {words.series(names)}",
        name=folder.resolve().name,
        about=" · ".join(["outcrop sample report", folder.resolve().name, facts["model"]]),
        verdict=_verdict(facts),
        keys=_keys(facts),
        sections=[section for section in _sections(facts, fields) if section.blocks],
    )
    return put(folder / NAME, text)


Shown = tuple[figures.Field, dict[str, tuple[np.ndarray, str]]]
"""A variable, and its summaries with their units."""


def read(folder: Path) -> tuple[dict[str, Any], list[Shown]]:
    """What the page is made of; of cubes the slice with most observations."""
    import xarray as xr

    try:
        facts = json.loads((folder / "sample.json").read_text("utf-8"))
        with xr.open_dataset(folder / "realisations.nc", engine="h5netcdf") as data:
            drawn = [str(name) for name, array in data.data_vars.items() if "realisation" in array.dims]
            facts["cells"] = int(np.prod([size for dim, size in data.sizes.items() if dim != "realisation"]))
            facts["grid"] = {str(dim): int(size) for dim, size in data.sizes.items() if dim != "realisation"}
            data, facts["slice"] = _sliced(data)
            return facts, [_field(data, name, facts) for name in drawn]
    except (OSError, ValueError, KeyError) as error:
        what = f"The folder of realisations cannot be read ({error})."
        raise DataError(message(what, where=str(folder), fix="outcrop sample again.")) from None


def _sliced(data: Any) -> tuple[Any, str]:
    """Two dimensions at most: of a cube the slice along its first one where most is observed."""
    dims = [str(dim) for dim in data.sizes if dim != "realisation"]
    if len(dims) < 3:
        return data, ""
    first, others = dims[0], dims[1:]
    counts = data["observed"].sum(others).to_numpy() if "observed" in data else np.zeros(data.sizes[first])
    at = int(counts.argmax()) if counts.any() else data.sizes[first] // 2
    unit = str(data[first].attrs.get("units", ""))
    return data.isel({first: at}), f"{first} {float(data[first][at]):g} {unit}".strip()


def _field(data: Any, name: str, facts: dict[str, Any]) -> Shown:
    """One variable with its summaries."""
    array = data[name]
    classes = list(json.loads(array.attrs["classes"]).values()) if "classes" in array.attrs else []
    dims = [str(dim) for dim in array.dims if dim != "realisation"]
    seen = data[f"{name} observed"].to_numpy() if f"{name} observed" in data else None
    field = figures.Field(
        name, str(array.attrs.get("units", "")), classes, {dim: data[dim].to_numpy() for dim in dims},
        {dim: str(data[dim].attrs.get("units", "")) for dim in dims}, array.to_numpy(), seen,
    )  # fmt: skip
    if classes:
        order = sorted(classes, key=lambda one: -float(data[f"probability {one}"].mean()))[:MOST_CLASSES]
        keys = [f"probability {one}" for one in classes if one in order or len(dims) == 1] + ["entropy"]
        if len(classes) == 2 and len(dims) > 1:
            keys = keys[1:]
    else:
        keys = [f"{name} {word}" for word in (("p10", "p50", "p90") if len(dims) == 1 else ("mean", "sd"))]
    return field, {key: (data[key].to_numpy(), str(data[key].attrs.get("units", ""))) for key in keys}


def _verdict(facts: dict[str, Any]) -> str:
    """What was drawn and given, whether it is honoured, and what it rests on, in a few sentences."""
    grid = " x ".join(str(size) for size in facts["grid"].values())
    text = words.plural(facts["count"], "realisation") + (f" of {grid} cells" if grid else "")
    seen, kept = facts["observations"], facts["honoured"]
    if seen:
        wells = f" of {words.plural(len(seen['wells']), 'well')}" if seen["wells"] else ""
        text += f", given {words.plural(seen['cells'], 'observed cell')}{wells}; {_honoured(kept)}"
    if (facts["prior"] or {}).get("simulated"):
        text += ". The prior is simulated geology: on a field they are as good as the analogy"
    return f"{text}."


def _honoured(kept: dict[str, Any]) -> str:
    if kept["noisy"]:
        return f"{words.percent(kept['data'])} of the values lie within two standard deviations of their noise"
    full = sum(share == 1 for share in kept["every"])
    if full == len(kept["every"]):
        return "every realisation honours all of them"
    return f"{words.percent(kept['data'])} of the values are honoured"


def _keys(facts: dict[str, Any]) -> list[Key]:
    keys = [Key(words.number(facts["count"]), "realisations"), Key(words.number(facts["cells"]), "cells")]
    if facts["observations"]:
        keys.append(Key(words.number(facts["observations"]["cells"]), "observed cells"))
        keys.append(Key(words.percent(facts["honoured"]["data"]), "of what was observed is honoured"))
    return keys


def _sections(facts: dict[str, Any], fields: list[Shown]) -> list[Section]:
    """In reading order."""
    drawn = Section("realisations", "Realisations")
    together = Section("together", "What they say together")
    for field, summaries in fields:
        if field.axes:
            heading = field.name if len(fields) > 1 else ""
            drawn.add("pictures", _realisations(facts, field, heading))
            together.add("pictures", _together(facts, field, summaries, heading))
    given = Section("given", "What was given").add("table", _observations(facts)).add("table", _every(facts))
    given.add("findings", [{"sentence": note} for note in facts["notes"]])
    return [drawn, together, given, _left_out(facts), _prior(facts)]


def _realisations(facts: dict[str, Any], field: figures.Field, heading: str) -> list[Picture]:
    marked = " Circles are observed cells, in the same colours." if _is_seen(field) and len(field.axes) == 2 else ""
    cut = f" Slice at {facts['slice']}." if facts["slice"] else ""
    caption = f"The first ones, none picked by eye.{cut}{marked}"
    alt = f"The first realisations of {field.name} on the grid.{cut}"
    return [picture(figures.realisations(field), alt, caption, heading, len(field.axes) == 1)]


def _together(
    facts: dict[str, Any], field: figures.Field, summaries: dict[str, tuple[np.ndarray, str]], heading: str
) -> list[Picture]:
    values, units = ({key: pair[at] for key, pair in summaries.items()} for at in (0, 1))
    drawn = figures.summaries(field, values, units)
    cut = f" Slice at {facts['slice']}." if facts["slice"] else ""
    what = "Probability of a class, and entropy" if field.classes else "Mean and standard deviation"
    if len(field.axes) == 1:
        what = "Probability of each class" if field.classes else "Median and the range of 80 %"
    zero = " Entropy is 0 bit where all agree." if field.classes and len(field.axes) > 1 else ""
    return [
        picture(
            drawn,
            f"{what} of {field.name}.{cut}",
            f"{what} over all realisations.{cut}{zero}",
            heading,
            len(field.axes) == 1,
        )
    ]


def _is_seen(field: figures.Field) -> bool:
    return field.observed is not None and bool(np.isfinite(field.observed).any())


def _observations(facts: dict[str, Any]) -> Table | None:
    """How many observations were used, and what became of the others."""
    seen = facts["observations"]
    if not seen:
        return None
    pairs = [
        ("read", seen["rows"]), ("used", seen["used"]), ("outside of the grid", seen["outside"]),
        ("without a value", seen["missing"]), ("cells they make", seen["cells"]),
    ]  # fmt: skip
    rows: list[list[Cell | str]] = [[what, Cell(words.number(count), right=True)] for what, count in pairs]
    rows.append(["wells", Cell(words.series(seen["wells"]), right=True)])
    average = {"auto": "mean, or majority of classes"}.get(seen["average"], seen["average"])
    rows.append(["several in a cell", Cell(average, right=True)])
    rows.append(["farthest from the centre of a cell", Cell(f"{seen['tolerance']:g} cells", right=True)])
    noise = ", ".join(f"{name} {sd:g}" for name, sd in seen["noise_sd"].items())
    rows.append(["standard deviation of noise", Cell(noise or "none: hard data", right=True)])
    return Table(["", ""], rows, "Observations")


def _every(facts: dict[str, Any]) -> Table | None:
    """The share of observed values that each realisation honours; one line where it is the same for all."""
    kept = facts["honoured"]
    if not kept:
        return None
    shares, counts = np.unique(kept["every"], return_counts=True)
    head = ["honoured" if not kept["noisy"] else "within two standard deviations", Cell("realisations", right=True)]
    rows = [
        [words.percent(float(share)), Cell(words.number(int(count)), right=True)]
        for share, count in zip(shares[::-1], counts[::-1], strict=True)
    ]
    return Table(head, rows, "Share of the observed values that a realisation honours")


def _left_out(facts: dict[str, Any]) -> Section:
    """Every well beside what is drawn given the others."""
    section = Section("wells", "Wells left out in turn")
    told = facts["left_out"]
    if not told:
        return section
    section.add("text", told["sentence"])
    for name, own in told["variables"].items():
        unit = f" ({own['unit']})" if own["unit"] else ""
        heads = (
            {"coverage": f"inside {words.percent(told['right'])} intervals", "crps": f"CRPS{unit}",
             "crps_without": f"CRPS without wells{unit}"}
            if "coverage" in own
            else {"probability": "probability of what was met", "probability_without": "without wells",
                  "brier": "fair Brier score", "brier_without": "without wells"}
        )  # fmt: skip
        rows = [
            [Cell(row["well"]), Cell(words.number(row["cells"]), right=True),
             *(_score(key, row[key]) for key in heads)]
            for row in [*own["wells"], {**own, "well": "all"}]
        ]  # fmt: skip
        head = ["well left out", Cell("cells", right=True), *(Cell(text, right=True) for text in heads.values())]
        section.add("table", Table(head, rows, f"{name}: each well beside what is drawn given the others"))
    text = "Cells of a well are alike: wells count, not cells. Lower CRPS and Brier scores are better."
    return section.add("text", text)


def _score(key: str, value: float | None) -> Cell:
    return Cell(words.percent(value) if key == "coverage" else words.number(value), right=True)


def _prior(facts: dict[str, Any]) -> Section:
    """What the generator has learned from, how it scored, and how its spread fitted what was held out."""
    section, prior = Section("prior", "What the prior rests on"), facts["prior"]
    truth = "simulated truth" if (prior or {}).get("simulated") else "held-out records"
    if prior:
        sources = "; ".join(_source(row) for row in prior["sources"])
        section.add("text", f"It was trained on {words.plural(prior['records'], 'record')}: {sources}.")
    else:
        section.add("text", "The model file does not say what it was trained on: train it again with this version.")
        truth = "held-out examples"
    if facts["promise"]:
        section.add("text", f"Promise of the training run: {facts['promise']}. {_scored(facts['scores'], truth)}")
    rows = []
    for number, fold in enumerate(facts["calibration"] or [], 1):
        name = f"fold {number}: " if len(facts["calibration"]) > 1 else ""
        for row in fold["rows"].values():
            span = "" if row["low"] is None else f"{words.number(row['low'])} to {words.number(row['high'])}"
            rows.append([f"{name}{row['words']}", Cell(words.number(row["value"]), right=True), Cell(span, right=True)])
    if rows:
        head = ["calibration", Cell("network", right=True), Cell("where the truth is one more realisation", right=True)]
        cases = sum(fold["cases"] for fold in facts["calibration"])
        section.add("table", Table(head, rows, f"Calibration on {truth}: {words.plural(cases, 'held-out example')}"))
    pairs = [("sampler", f"{facts['sampler']}, {facts['steps']} steps"), ("seed", str(facts["seed"]))]
    return section.add("pairs", [*pairs, ("model file", facts["file"]), ("file of realisations", "realisations.nc")])


def _scored(scores: dict[str, Any], truth: str) -> str:
    """The energy score of the training run, and whom it beat."""
    own = score((scores.get("test") or {}).get("energy_score"))
    text = f"Its scores are on {truth}"
    if np.isfinite(own.value):
        span = f" ({words.number(own.low)} to {words.number(own.high)})" if np.isfinite(own.low) else ""
        text += f": energy score {words.number(own.value)}{span}, lower is better"
    verdicts: dict[str, list[str]] = {}
    for name, word in (scores.get("verdict") or {}).items():
        verdicts.setdefault(word, []).append(words.plain(name))
    told = "; ".join(f"{VERDICTS.get(word, word)} {words.series(names)}" for word, names in verdicts.items())
    return f"{text}. {f'It {told}.' if told else ''}".strip()


def _source(row: dict[str, Any]) -> str:
    stated = row["of"] if isinstance(row["of"], str) else words.series(list(row["of"] or []), 3)
    if row["kind"] == "simulation":
        return f"simulated geology ({stated})"
    return f"{'data set' if row['kind'] == 'dataset' else 'files'} {stated}"
