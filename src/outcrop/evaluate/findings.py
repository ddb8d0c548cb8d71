"""What a run found, in plain language: the content of findings.json.

Each sentence carries the paths and values of its numbers in metrics.json, or in `audit.json#/...`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from outcrop.evaluate.finding import Finding, Part, lookup
from outcrop.evaluate.rules import RULES
from outcrop.evaluate.words import count


def effective(metrics: Mapping[str, Any]) -> Finding | None:
    """How many independent samples the labels amount to."""
    told = metrics.get("effective_samples") or {}
    if not told.get("total") or not told.get("labelled"):
        return None
    text = (
        f"Neighbouring samples repeat each other: {count(told['labelled'], 'labelled sample')} are worth about "
        f"{round(told['total']):,} independent ones."
    )
    return Finding("effective_samples", text, ("/effective_samples/total", "/effective_samples/labelled"))


def audited(audit: Iterable[Any]) -> list[dict[str, Any]]:
    """One sentence per violation or inflation of the audit."""
    found = []
    for i, finding in enumerate(audit):
        row: dict[str, Any] = dict(finding) if isinstance(finding, Mapping) else asdict(finding)
        if row["level"] == "note":
            continue
        end = f"accepted because {row['accepted'].rstrip('.')}" if row["accepted"] else f"fix: {row['fix'].rstrip('.')}"
        check, place = str(row["check"]).replace("_", " "), row["place"].rstrip(".")
        sentence = f"Audit, {check} ({row['level']}): {place} ({row['size']}); {end}."
        found.append(
            {"id": f"audit_{row['check']}", "sentence": sentence, "values": {f"audit.json#/{i}/size": row["size"]}}
        )
    return found


def findings(metrics: Mapping[str, Any], audit: Iterable[Any] = ()) -> list[dict[str, Any]]:
    """The content of findings.json.

    Args:
        metrics: the content of metrics.json, from `summary.assemble`.
        audit: the audit's findings, as records or as rows of audit.json.

    Returns:
        Dictionaries with `id`, `sentence` and `values` (path -> value); whether there is a signal comes first.
    """
    told: list[dict[str, Any]] = []
    for name in metrics["promises"]:
        part = Part(metrics, name)
        told += [_entry(metrics, finding) for rule in RULES if (finding := rule(part)) is not None]
    independent = effective(metrics)
    told += [_entry(metrics, independent)] if independent else []
    return told + audited(audit)


def _entry(metrics: Mapping[str, Any], finding: Finding) -> dict[str, Any]:
    return {
        "id": finding.id,
        "sentence": finding.sentence,
        "values": {path: lookup(metrics, path) for path in finding.paths},
    }
