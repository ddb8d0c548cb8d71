"""Tables of the documentation that are read from the product and from examples/*/results.json when it is built.

A page asks for one with a comment on a line of its own, `<!-- results 08 -->`. What is not there yet is said in a
sentence, so that no page breaks where an example is missing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from outcrop.config.choice import CHOICES, SIZES
from outcrop.config.evidence import Measured, measured, rival
from outcrop.data.structure import STRUCTURES
from outcrop.evaluate.baselines import BASELINES
from outcrop.evaluate.geostatistics import GEOSTATISTICS
from outcrop.evaluate.words import count, decimals, number, percent, span
from outcrop.loss.table import LOSSES
from outcrop.metric.ensembles import ENSEMBLE_METRICS
from outcrop.metric.table import METRICS
from outcrop.model.activation import ACTIVATIONS
from outcrop.model.entries import FAMILIES
from outcrop.physics.entries import EQUATIONS
from outcrop.train.table import DIRECTIONS, SCHEDULES

ROOT = Path(__file__).parents[2]
MISSING = "*No example has measured this yet.*"


def filled(markdown: str, page: str) -> str:
    """A page with its tables in place of the comments that ask for them."""
    up = "../" * (page.count("/") + 1)  # from a page in docs/ to the root of the repository

    def table(found: re.Match[str]) -> str:
        return TABLES[found[1]](*found[2].split(), up=up) if found[1] in TABLES else found[0]

    return re.sub(r"^<!-- ([a-z]+)((?: [\w.*-]+)*) -->$", table, markdown, flags=re.MULTILINE)


def rows(heads: list[str], cells: list[list[str]]) -> str:
    """A table in Markdown."""
    lines = [heads, ["---"] * len(heads), *cells]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def example(name: str) -> Path | None:
    """The folder of an example, by the number it starts with."""
    found = sorted(ROOT.glob(f"examples/{name}_*/README.md"))
    return found[0].parent if found else None


def results(name: str, *runs: str, up: str) -> str:
    """Scores of the networks of one example beside their baselines; all runs, or those named."""
    folder = example(name)
    if folder is None or not (folder / "results.json").is_file():
        return MISSING
    title = (folder / "README.md").read_text("utf-8").splitlines()[0].lstrip("# ")
    link = f"[{title}]({up}examples/{folder.name}/README.md)"
    every = json.loads((folder / "results.json").read_text("utf-8"))
    scored = {run: result for run, result in every.items() if isinstance(result, dict) and "network" in result}
    found = {run: result for run, result in scored.items() if not runs or run in runs}
    if not found:
        return f"See {link}."
    first = next(iter(found.values()))
    metric, lower = METRICS[first["metric"]], METRICS[first["metric"]].better != "higher"
    names = list(dict.fromkeys(name for result in found.values() for name in result["baselines"]))
    known = {n: [r["baselines"][n]["value"] for r in found.values() if n in r["baselines"]] for n in names}
    names.sort(key=lambda n: (known[n][0] is None, (1 if lower else -1) * (known[n][0] or 0)))
    heads = ["contender", *(f"{run.replace('_', ' ')}" for run in found)]
    places = [decimals(result["network"]["value"]) for result in found.values()]
    own = zip(found.values(), places, strict=True)
    cells = [["**network**", *(f"**{_score(result['network'], at)}**" for result, at in own)]]
    for name in names:
        against = (_against(result, name, at) for result, at in zip(found.values(), places, strict=True))
        cells.append([rival(name), *against])
    worth = f"{first['effective_samples']:,.0f}" if first.get("effective_samples") else "not counted"
    caption = (
        f"{link}: {metric.words}, {metric.better} is better, with 95 % "
        f"intervals over {first['resampled']}; independent samples: {worth}. "
        "Behind each baseline: the verdict on the network."
    )
    return f"{rows(heads, cells)}\n\n{caption}\n{{: .caption }}"


def _against(result: dict[str, Any], baseline: str, places: int) -> str:
    """The score of a baseline, and the verdict on the network against it."""
    if baseline not in result["baselines"]:
        return ""
    verdict = result["verdict"].get(baseline, {})
    word, low, high = verdict.get("word", ""), verdict.get("low"), verdict.get("high")
    if word == "cannot tell" and low is not None and low * high > 0:
        word = "too few groups"
    return _score(result["baselines"][baseline], places) + (f": {word}" if word else "")


def _score(score: dict[str, Any], places: int | None = None) -> str:
    value, low, high = score["value"], score.get("low"), score.get("high")
    if value is None:
        return "undefined"
    places = decimals(value) if places is None else places
    return number(value, places) + ("" if low is None or high is None else f" ({span(low, high, places)})")


def figures(name: str, *, up: str) -> str:
    """The figures of an example, in the order and with the words of its README."""
    folder = example(name)
    if folder is None:
        return ""
    shown = re.findall(r"!\[([^\]]*)\]\(([\w.-]+)\)", (folder / "README.md").read_text("utf-8"))
    at = f"{up}examples/{folder.name}"
    return "\n\n".join(
        f"![{words}]({at}/{file})\n\n{words} ([example]({at}/README.md)).\n{{: .caption }}"
        for words, file in shown
        if (folder / file).is_file()
    )


def families(*names: str, up: str) -> str:
    """Families with the views they read, their arguments and the file that implements them; names may hold a star."""
    cells = []
    for family in (family for family in FAMILIES.values() if any(fnmatch(family.name, name) for name in names or "*")):
        file = "src/" + family.architecture.partition(":")[0].replace(".", "/") + ".py"
        arguments = ", ".join(f"`{key} = {_toml(value)}`" for key, value in family.defaults.items())
        cells.append(
            [f"`{family.name}`", family.help, ", ".join(family.views), arguments, f"[{Path(file).name}]({up}{file})"]
        )
    return rows(["family", "what it is", "views", "arguments and defaults", "file"], cells)


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return "[" + ", ".join(map(str, value)) + "]"
    return f'"{value}"' if isinstance(value, str) else f"{value:g}"


def choices(*, up: str) -> str:
    """From structure and promise to families."""
    cells = [
        [
            STRUCTURES[row.structure]
            + (f", at least {row.least_length} samples long" if row.least_length > 16 else ""),
            f"`{row.promise}`" if row.promise else "any other" if _several(row.structure) else "any",
            f"**`{row.families[0]}`**" + "".join(f", `{name}`" for name in row.families[1:]),
            row.view,
            row.first,
            row.why,
        ]
        for row in CHOICES
    ]
    return rows(["data", "promise", "try", "view", "the bar", "why"], cells)


def _several(structure: str) -> bool:
    return sum(row.structure == structure for row in CHOICES) > 1


def minds(*, up: str) -> str:
    """The usual mistake with each structure."""
    return "\n".join(
        f"* **{STRUCTURES[row.structure].capitalize()}{f' ({row.promise})' if row.promise else ''}:** {row.mind}."
        for row in CHOICES
    )


def sizes(*, up: str) -> str:
    """From independent samples to how large a network may be."""
    below = 0.0
    cells = []
    for row in SIZES:
        many = f"below {row.below:,.0f}" if row.below < float("inf") else f"{below:,.0f} and more"
        many = many if not below or row.below == float("inf") else f"{below:,.0f} to {row.below:,.0f}"
        cells.append([many, row.say, f"{row.share:g}", str(row.members), f"{row.dropout:g}", f"{row.steps:,}"])
        below = row.below
    heads = ["independent samples", "what to do", "share of the default width", "members", "dropout", "steps at most"]
    return rows(heads, cells)


def evidence(*, up: str) -> str:
    """What every example measured, beside its best baseline."""
    cells = [
        [
            f"[{_short(row.example)}]({up}examples/{row.example}/README.md), {row.run.replace('_', ' ')}",
            f"`{row.family}`",
            "" if row.independent is None else f"{row.independent:,.0f}",
            f"{METRICS[row.metric].words} {_measured(row)}",
            f"{rival(row.baseline)} {_beside(row)}",
            row.outcome,
        ]
        for row in measured()
    ]
    return rows(["example", "family", "independent samples", "network", "best baseline", "outcome"], cells)


def _measured(row: Measured) -> str:
    """A score with its interval; of solutions, whose errors are of any size, with the range over networks."""
    if row.independent is not None:
        return _score({"value": row.score, "low": row.low, "high": row.high})
    return f"{row.score:.2g}" + (f" ({row.low:.2g} to {row.high:.2g})" if row.low is not None else "")


def _beside(row: Measured) -> str:
    solved = row.independent is None
    return f"{row.baseline_score:.2g}" if solved else number(row.baseline_score, decimals(row.score))


def tally(*, up: str) -> str:
    """How often networks won, in a sentence."""
    words = [row.word for row in measured() if row.independent is not None]
    told = {"win": "beats", "lose": "does not beat", "are too close to call": "cannot tell"}
    counts = [f"{words.count(word)} {said}" for said, word in told.items()]
    few = words.count("too few groups")
    rest = f"; {few} rest on too few groups for a verdict" if few else ""
    outcomes = f"{', '.join(counts[:-1])} and {counts[-1]}"
    return f"Of {len(words)} networks measured on held-out data beside their best baseline {outcomes}{rest}."


def _short(example: str) -> str:
    """`08_air_quality` as a reader would say it."""
    return example.replace("_", " ")


def _runs() -> list[tuple[Path, str, dict[str, Any]]]:
    """Folder, name and result of every run of every example that has a README."""
    found = []
    for listed in sorted(ROOT.glob("examples/*/results.json")):
        every = json.loads(listed.read_text("utf-8"))
        if (listed.parent / "README.md").is_file():
            found += [(listed.parent, run, r) for run, r in every.items() if isinstance(r, dict) and "network" in r]
    return found


def coverage(*, up: str) -> str:
    """What intervals were asked for and what they held, in every example that has some."""
    cells = []
    for folder, run, result in _runs():
        held = result.get("intervals") or {}
        if held.get("coverage") is not None:
            groups = count(held["calibration_groups"], held["noun"])
            shares = [percent(held[key]) for key in ("level", "coverage", "lowest")]
            cells.append(
                [
                    f"[{_short(folder.name)}]({up}examples/{folder.name}/README.md), {run.replace('_', ' ')}",
                    *shares,
                    groups,
                ]
            )
    return rows(["run", "asked for", "held", "worst group", "calibrated on"], cells) if cells else MISSING


def worth(*, up: str) -> str:
    """Independent samples in every example."""
    cells = [
        [
            f"[{_short(folder.name)}]({up}examples/{folder.name}/README.md), {run.replace('_', ' ')}",
            f"{result['effective_samples']:,.0f}",
            result["resampled"],
            f"{result['parameters']:,}",
        ]
        for folder, run, result in _runs()
        if result.get("effective_samples")
    ]
    return rows(["run", "independent samples", "the score rests on", "parameters of a network"], cells)


def names(*, up: str) -> str:
    """The public names of the package, each with its documentation."""
    import outcrop

    bare = "\n    options: {show_root_heading: false, show_root_toc_entry: false}"
    parts = [f"## outcrop.{name}\n\n::: {target.replace(':', '.')}{bare}" for name, target in outcrop._PUBLIC.items()]
    return "\n\n".join(parts)


def architectures(*, up: str) -> str:
    """The class of every family."""
    found: dict[str, list[str]] = {}
    for family in FAMILIES.values():
        found.setdefault(family.architecture.replace(":", "."), []).append(f"`{family.name}`")
    return "\n\n".join(f"## {', '.join(named)}\n\n::: {target}" for target, named in found.items())


def losses(*, up: str) -> str:
    """The table of losses."""
    return rows(["loss", "what it is"], [[f"`{name}`", entry.help] for name, entry in LOSSES.items()])


def metrics(*, up: str) -> str:
    """The table of metrics."""
    cells = [[f"`{m.name}`", m.words, f"`{m.formula}`", m.better, m.source] for m in METRICS.values()]
    return rows(["metric", "in words", "formula", "better", "source"], cells)


def ensembles(*, up: str) -> str:
    """The table of metrics between two ensembles."""
    cells = [
        [
            f"`{m.name}`",
            m.words,
            f"`{m.formula}`",
            "1" if m.better == "one" else m.better,
            " and ".join(m.kinds),
            m.source,
        ]
        for m in ENSEMBLE_METRICS.values()
    ]
    return rows(["metric", "in words", "formula", "better", "fields", "source"], cells)


def geostatistics(*, up: str) -> str:
    """The classical ways to draw fields."""
    cells = [
        [f"`{row.name}`", row.help, " and ".join(row.kinds), ", ".join(f"{n}-D" for n in row.places), row.honours]
        for row in GEOSTATISTICS.values()
    ]
    heads = ["baseline", "what it draws", "fields", "dimensions", "honours data"]
    return rows(heads, [[*cell[:-1], "exactly" if cell[-1] else "no"] for cell in cells])


def baselines(*, up: str) -> str:
    """The ladder of baselines."""
    cells = [[f"`{row.name}`", row.help, " and ".join(row.kinds), row.features] for row in BASELINES.values()]
    return rows(["baseline", "what it predicts", "targets", "reads"], cells)


def training(*, up: str) -> str:
    """Optimisers and schedules."""
    cells = [[f"`{name}`", entry.help] for table in (DIRECTIONS, SCHEDULES) for name, entry in table.items()]
    return rows(["name", "what it does"], cells)


def equations(*, up: str) -> str:
    """The named equations."""
    cells = []
    for entry in EQUATIONS.values():
        parameters = ", ".join(
            f"`{name}`" + ("" if parameter.default is None else f" = {parameter.default:g}")
            for name, parameter in entry.parameters.items()
        )
        space = " or ".join(map(str, entry.space))
        cells.append([f"`{entry.name}`", f"`{entry.formula}`", entry.help, parameters, space, entry.source])
    return rows(["equation", "formula", "what it is", "parameters", "dimensions", "source"], cells)


def solved(name: str, *, up: str) -> str:
    """What the runs of an example that solve equations measured."""
    folder = example(name)
    if folder is None or not (folder / "results.json").is_file():
        return MISSING
    cells = []
    for run, result in json.loads((folder / "results.json").read_text("utf-8")).items():
        for row in result.get("rows", []):
            value = f"{row['value']:.2g}" + (f" ({row['spread']})" if row["spread"] else "")
            cells.append([run.replace("_", " "), row["what"], value, "" if row["unit"] == "1" else row["unit"]])
    link = f"[example]({up}examples/{folder.name}/README.md)"
    table = rows(["run", "what", "median (over members)", "unit"], cells)
    return f"{table}\n\nFrom the {link}.\n{{: .caption }}"


def activations(*, up: str) -> str:
    """Names of activations."""
    return ", ".join(f"`{name}`" for name in ACTIVATIONS)


TABLES: dict[str, Callable[..., str]] = {
    function.__name__: function
    for function in (
        results, figures, families, choices, minds, sizes, evidence, tally, coverage, worth, names, architectures,
        losses, metrics, ensembles, geostatistics, baselines, training, activations, equations, solved,
    )
}  # fmt: skip
