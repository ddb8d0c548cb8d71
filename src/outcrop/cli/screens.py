"""What each command prints: Rich tables and sentences, made from the plain results of the functions behind them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from shlex import quote
from typing import Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

from outcrop.evaluate.baselines import BASELINES
from outcrop.evaluate.words import decimals, number, span

LEVELS = {"violation": "bold red", "inflation": "yellow", "note": "dim"}
WORDS = {"beats": "green", "does not beat": "red", "cannot tell": "yellow"}


def check_screen(result: Any, run_file: Path) -> Group:
    """Data, promise, audit, network and (where asked for) cost; last, what to type next."""
    problem = result.problem
    effective = result.effective
    facts = [
        (
            "data",
            f"{_count(len(problem.records), 'record')}, {effective.labelled:,} labelled samples, "
            f"worth about {effective.total:,.0f} independent ones",
        ),
        ("target", _target(problem)),
        ("promise", result.splits[0].promise + (f", {len(result.splits)} folds" if len(result.splits) > 1 else "")),
        ("network", _network(result)),
    ]
    if result.cost:
        cost = result.cost
        facts.append(
            (
                "cost",
                f"at most {cost['training_seconds_at_most'] / 60:.1f} minutes of training "
                f"({cost['seconds_per_step'] * 1e3:.0f} ms per step), {cost['data_bytes'] / 1e6:.0f} MB of data",
            )
        )
    parts = [_facts(facts), _splits(result), _missing(problem), audit_table(result.findings)]
    parts.append(
        Text("The audit refuses this split.", "bold red")
        if result.refused
        else Text(f"Ready: outcrop run {quote(str(run_file))}", "green")
    )
    return Group(*[part for part in parts if part is not None])


def posed_screen(result: Any, run_file: Path) -> Group:
    """A problem that can be solved; last, what to type next."""
    shown = result.shown()
    table = _table(*shown.columns)
    for row in shown.rows:
        table.add_row(*map(Text, row))
    ready = Text(f"Ready: outcrop run {quote(str(run_file))}", "green")
    return Group(Text(shown.title, "bold"), _facts(shown.facts), table, ready)


def _target(problem: Any) -> str:
    target, lead = problem.target, problem.config.data.view.lead
    what = (
        f"{target.name}, {len(target.classes.codes)} classes"
        if target.classes
        else f"{target.name} in {target.unit or 'no unit'}"
    )
    return what + (f", {_count(lead, 'sample')} ahead" if lead else "")


def _network(result: Any) -> str:
    """Family, members, size and reach in one line."""
    model, (before, after) = result.problem.config.model, result.reach
    size = f"{result.parameters:,} parameters" + (" each" if model.members > 1 else "")
    span = getattr(result.view, "span", None)
    reach = "reads its own sample only"
    if span is not None:
        scored = f"{span.horizon:,} after them" if span.horizon else f"the last {span.scored:,} of them"
        reach = f"reads {_count(span.history, 'sample')} and predicts {scored}"
    elif before or after:
        reach = f"reads its own sample and {before} before, {after} after it"
    return f"{model.family}{f', {model.members} members' if model.members > 1 else ''}, {size}; {reach}"


def _count(number: int, noun: str) -> str:
    """A count with its noun.

    >>> _count(1, "record"), _count(1200, "sample")
    ('1 record', '1,200 samples')
    """
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _table(*columns: str, title: str = "", right: Iterable[str] = ()) -> Table:
    """A table without lines; title and heads are plain text, never markup: a unit in brackets would vanish."""
    table = Table(
        title=Text(title, "bold") if title else None,
        title_justify="left",
        box=None,
        header_style="bold",
        pad_edge=False,
    )
    table.padding = (0, 3, 0, 0)
    for column in columns:
        table.add_column(Text(column), justify="right" if column in right else "left", overflow="fold")
    return table


def _facts(rows: Iterable[tuple[str, str]]) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold", no_wrap=True)
    table.add_column()
    for name, value in rows:
        table.add_row(name, Text(value))
    return table


def _splits(result: Any) -> Table:
    table = _table("fold", "train", "validation", "test", title="Split, in examples")
    for fold, split in enumerate(result.splits, start=1):
        cells = []
        for part in ("train", "validation", "test"):
            names = list(split.groups.get(part, ()))
            shown = ", ".join(names[:4]) + (f" + {len(names) - 4}" if len(names) > 4 else "")
            cells.append(
                f"{len(split.parts[part]):,}" + (f": {shown}" if shown and result.problem.config.promise.new else "")
            )
        table.add_row(str(fold), *map(Text, cells))
    return table


def _missing(problem: Any) -> Text | None:
    """Inputs that whole records lack, and values out of range."""
    lacking: dict[str, list[str]] = {}
    for resolution in problem.resolutions:
        if resolution.missing:
            lacking.setdefault(resolution.variable, []).append(resolution.record)
    if not lacking:
        return None
    told = [
        f"{name} in {_count(len(records), 'record')} ({', '.join(records[:5])}{' ...' * (len(records) > 5)})"
        for name, records in lacking.items()
    ]
    return Text("Missing altogether: " + "; ".join(told), "yellow")


def audit_table(findings: Iterable[Any]) -> Table | Text:
    """The audit, one row per finding."""
    findings = list(findings)
    if not findings:
        return Text("Audit: nothing found.", "green")
    table = _table("level", "check", "what and where", "size", "fix", title="Audit")
    for finding in findings:
        level = Text(
            "accepted" if finding.accepted else finding.level, "dim" if finding.accepted else LEVELS[finding.level]
        )
        fix = f"accepted: {finding.accepted}" if finding.accepted else finding.fix
        table.add_row(level, Text(finding.check), Text(finding.place), Text(finding.size), Text(fix))
    return table


def _bullets(sentences: Iterable[str]) -> Table:
    """Sentences with a hanging indent."""
    table = Table.grid(padding=(0, 1))
    for sentence in sentences:
        table.add_row("-", Text(sentence))
    return table


TOLD = ("no_usable_signal", "headline", "flagged", "few_groups", "optimism_gap", "scored_before")
"""Findings that belong on the first screen; the others are in the report."""


def result_screen(result: Any) -> Group:
    """The end of a run: scores beside baselines, the main findings, and where everything is."""
    if "problem" in result.metrics:
        return solved_screen(result)
    entry = next(iter(result.metrics["promises"].values()))
    told = [finding["sentence"] for finding in result.findings if finding["id"] in TOLD]
    more = sum(not finding["id"].startswith("audit") for finding in result.findings) - len(told)
    where = [
        ("report", str(result.report) + (f"  ({_count(more, 'more finding')}, figures, audit)" if more > 0 else ""))
    ]
    where += [("model", str(result.bundle))] if result.bundle else []
    scores = ladder_table(entry, result.metrics["metrics"])
    return Group(Text(), scores, Text(), _bullets(told), Text(), _facts(where))


def solved_screen(result: Any) -> Group:
    """The end of the run of a problem: errors, what is left over, what was found."""
    told = result.metrics["problem"]
    table = _table(
        "", "unit", "value", "over members", title=f"{told['equation']}: {told['formula']}", right=("value",)
    )
    for row in told["rows"]:
        table.add_row(Text(row["what"]), Text(row["unit"]), Text(f"{row['value']:.3g}"), Text(row["spread"]))
    where = [("report", str(result.report))] + ([("model", str(result.bundle))] if result.bundle else [])
    return Group(
        Text(), table, Text(), _bullets([found["sentence"] for found in result.findings]), Text(), _facts(where)
    )


def ladder_table(entry: dict[str, Any], about: dict[str, Any]) -> Table:
    """Network and baselines by the deciding metric, best first."""
    metric = entry["primary"]
    label, lower = about[metric]["label"], about[metric]["better"] == "lower"
    unit = f" in {entry['unit']}" if entry.get("unit") else ""
    title = f"Test part: {label}{unit}, {'lower' if lower else 'higher'} is better"
    over = f"interval over {entry['resampled']}" if entry.get("resampled") else "interval"
    table = _table("", "score", f"95 % {over}", "the network", title=title, right=("score",))
    own = entry["test"]["model"][metric]
    rows = [("network", own, "")]
    rows += [
        (name, scores[metric], entry["verdict"][name]["word"])
        for name, scores in entry["test"]["baselines"].items()
        if metric in scores
    ]
    places = max(decimals(own["value"], own["low"], own["high"]), decimals(own["value"]))
    known = [row for row in rows if row[1]["value"] is not None]
    for name, score, word in sorted(known, key=lambda row: row[1]["value"], reverse=not lower):
        interval = "" if score["low"] is None else span(score["low"], score["high"], places)
        style = "bold" if name == "network" else ""
        words = Text(BASELINES[name].words if name in BASELINES else name.replace("_", " "), style)
        table.add_row(
            words, Text(number(score["value"], places), style), Text(interval, style), Text(word, WORDS.get(word, ""))
        )
    return table


def predict_screen(result: Any) -> Group:
    """One row per record: samples, share outside validity, missing inputs; what failed stands below, in full."""
    table = _table(
        "record",
        "status",
        "samples",
        "outside validity",
        "missing inputs",
        "conversions",
        right=("samples", "outside validity"),
    )
    for row in result.rows:
        outside = row.get("outside_validity", "")
        share = f"{outside:.1%}" if isinstance(outside, float) else ""
        ok = row["status"] == "ok"
        cells = (
            row["record"],
            "ok" if ok else "failed",
            f"{row.get('samples', '')}",
            share,
            row.get("missing_inputs", ""),
            row.get("conversions", ""),
        )
        table.add_row(*[Text(cell, "" if ok else "red") for cell in cells])
    failed = [Text(f"{row['record']}: {row['status']}", "red") for row in result.rows if row["status"] != "ok"]
    costs = [Text(f"{row['record']}: {row['estimate']}.") for row in result.rows if row.get("estimate")]
    end = "Nothing was written (--dry-run)." if result.dry_run else f"Written to {result.folder}, with summary.csv."
    return Group(table, *failed, *costs, Text(end))


def inspect_screen(result: Any) -> Group:
    """A network, what is inside it or how it trained: facts, then a row per layer."""
    told = result.shown()
    columns = [column.lstrip(">") for column in told.columns]
    table = _table(*columns, right=[column[1:] for column in told.columns if column.startswith(">")])
    for row in told.rows:
        table.add_row(*(Text(cell, "bold" if row[0] == "total" else "") for cell in row))
    return Group(Text(told.title, "bold"), _facts(told.facts), table)


def advice_screen(advice: Any) -> Group:
    """A family to start from, why, what was measured, and the lines for a run file."""
    shown = advice.shown()
    told = {"What to know": advice.sentences, "Measured in the examples": advice.measured}
    parts: list[Any] = [Text(shown.title, "bold"), _facts(shown.facts)]
    for title, sentences in told.items():
        parts += [Text(), Text(title, "bold"), _bullets(sentences)]
    return Group(*parts, Text(), Text("To start with, in the run file", "bold"), Text(advice.run_file, "cyan"))


def compare_screen(result: Any) -> Group:
    """Runs side by side."""
    metrics = [name.replace("_", " ") for name in result.metrics]
    table = _table("run", "promise", *metrics, "best baseline", "the network", right=metrics)
    for row in result.rows:
        scores = [f"{row['scores'][name]['value']:.4g}" if name in row["scores"] else "" for name in result.metrics]
        told = (row["run"], row["promise"], *scores, (row["baseline"] or "").replace("_", " "))
        table.add_row(*map(Text, told), Text(row["verdict"], WORDS.get(row["verdict"], "")))
    return Group(table, Text(result.warning, "yellow")) if result.warning else Group(table)


def data_screen() -> Table:
    """The registered data sets."""
    from outcrop.data.datasets import DATASETS

    table = _table("name", "what", "licence", "where it comes from")
    for name, entry in DATASETS.items():
        origin = f"ships with {entry.package}" if entry.package else "downloaded, or read from $OUTCROP_DATA_DIR"
        table.add_row(*map(Text, (name, entry.title, entry.licence, origin)))
    return table


def simulation_screen() -> Table:
    """The simulations, with their options as `--option` takes them."""
    from outcrop.simulate.table import SIMULATIONS, options_of

    table = _table("name", "what", "options and defaults")
    for name, entry in SIMULATIONS.items():
        options = (f"{key}={_toml(value)}" for key, value in options_of(name).items())
        table.add_row(*map(Text, (name, entry.help, "\n".join(options))))
    return table


def _toml(value: Any) -> str:
    """A default as it is typed.

    >>> _toml((0.25, 0.75)), _toml(True), _toml("ordered")
    ('[0.25,0.75]', 'true', 'ordered')
    """
    if isinstance(value, tuple):
        return f"[{','.join(map(_toml, value))}]"
    return f"{value:g}" if isinstance(value, float) else str(value).lower() if isinstance(value, bool) else str(value)
