"""Runs every check on a split, marks what the user accepts, and refuses what stays a violation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from importlib import import_module

from outcrop.errors import ConfigError, LeakageError, did_you_mean, message
from outcrop.split.audit.context import AuditContext
from outcrop.split.audit.finding import LEVELS, Finding, Findings

CHECKS = {
    "shared_groups": "outcrop.split.audit.shared_groups:shared_groups",
    "seen_before": "outcrop.split.audit.seen_before:seen_before",
    "duplicate_rows": "outcrop.split.audit.duplicate_rows:duplicate_rows",
    "duplicate_records": "outcrop.split.audit.duplicate_records:duplicate_records",
    "overlapping_windows": "outcrop.split.audit.overlapping_windows:overlapping_windows",
    "network_reach": "outcrop.split.audit.network_reach:network_reach",
    "statistics": "outcrop.split.audit.statistics:statistics",
    "target_copy": "outcrop.split.audit.target_copy:target_copy",
    "target_parts": "outcrop.split.audit.target_parts:target_parts",
    "target_means": "outcrop.split.audit.target_means:target_means",
    "interval_ends": "outcrop.split.audit.interval_ends:interval_ends",
    "filled_gaps": "outcrop.split.audit.filled_gaps:filled_gaps",
    "identifiers": "outcrop.split.audit.identifiers:identifiers",
    "fixed_positions": "outcrop.split.audit.fixed_positions:fixed_positions",
    "copied_neighbours": "outcrop.split.audit.copied_neighbours:copied_neighbours",
    "close_neighbours": "outcrop.split.audit.close_neighbours:close_neighbours",
    "nested_groups": "outcrop.split.audit.nested_groups:nested_groups",
    "few_groups": "outcrop.split.audit.few_groups:few_groups",
    "degenerate_groups": "outcrop.split.audit.degenerate_groups:degenerate_groups",
    "unseen_class": "outcrop.split.audit.unseen_class:unseen_class",
    "distribution_shift": "outcrop.split.audit.distribution_shift:distribution_shift",
    "same_inputs": "outcrop.split.audit.same_inputs:same_inputs",
}
OF_COPIES = ("target_copy", "target_parts", "target_means", "interval_ends", "identifiers", "degenerate_groups")
"""Checks that look for the target among the inputs: where inputs are to be given back, it is there by declaration."""


def audit(context: AuditContext, accept: Mapping[str, str] | None = None) -> Findings:
    """All findings on one split, the most serious first.

    Args:
        context: the split and its data.
        accept: check name -> reason; findings of these checks are kept and marked as accepted.

    Raises:
        ConfigError: `accept` names an unknown check or gives no reason.
    """
    accept = dict(accept or {})
    for name, reason in accept.items():
        if name not in CHECKS:
            what = f"There is no check {name!r}{did_you_mean(name, CHECKS)}."
            raise ConfigError(message(what, where="evaluate.accept", fix=f"use one of {', '.join(CHECKS)}"))
        if not str(reason).strip():
            fix = f'accept = {{{name} = "why it does no harm here"}}'
            raise ConfigError(message(f"{name!r} is accepted without a reason.", where="evaluate.accept", fix=fix))
    findings: list[Finding] = []
    for name, place in CHECKS.items():
        if context.reconstructs and name in OF_COPIES:
            continue
        module, function = place.split(":")
        findings += getattr(import_module(module), function)(context)
    marked = [replace(finding, accepted=str(accept.get(finding.check, "")).strip()) for finding in findings]
    return Findings(sorted(marked, key=lambda finding: LEVELS.index(finding.level)))


def enforce(findings: Iterable[Finding]) -> None:
    """Refuses a split with violations that nobody accepted; says nothing otherwise.

    Raises:
        LeakageError: names each violation, its size and its fix.
    """
    open_ones = list(dict.fromkeys(f for f in findings if f.level == "violation" and not f.accepted))
    if not open_ones:
        return
    reasons = ", ".join(f'{check} = "reason"' for check in dict.fromkeys(f.check for f in open_ones))
    what = "; ".join(f"{f.place} ({f.size})" for f in open_ones[:3])
    more = f"; and {len(open_ones) - 3} more violations" if len(open_ones) > 3 else ""
    fixes = "; ".join(dict.fromkeys(f.fix for f in open_ones[:3]))
    checks = ", ".join(dict.fromkeys(f.check for f in open_ones))
    raise LeakageError(
        message(f"{what}{more}.", where=f"audit: {checks}", fix=f"{fixes}; or accept = {{{reasons}}} in [evaluate].")
    )
