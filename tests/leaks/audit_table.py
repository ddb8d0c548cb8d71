"""Writes docs/audit.md: every check, every planted leak and every clean case with what the audit says to it.

Run `python tests/leaks/audit_table.py` after a change; a test compares the page with the code.
"""

from pathlib import Path

import clean
import planted

from outcrop.split.audit import CHECKS, audit

PAGE = Path(__file__).parents[2] / "docs" / "audit.md"
ALARMS = ("violation", "inflation")

HEAD = """# What the audit finds

`outcrop check` compares the split with the data before anything is trained. A *violation* makes the score mean
something else than the promise says and is refused; an *inflation* is warned about; a *note* is told. A finding can be
accepted with a reason: `accept = {CHECK = "why it does no harm here"}` in `[evaluate]`.

Checks see raw values, look at no more than a fixed random draw where data are large, and name where, how much, and
what to do.

The cases are small synthetic data made for this purpose, and the limits of the checks were set with them and with the
real data of `tests/leaks/test_real_splits.py`: the counts below say what the audit can see, not how often it is right
on data nobody has looked at.

This page is written by `python tests/leaks/audit_table.py` from the cases in `tests/leaks`, which the tests run.
"""


def sentence(check):
    """First sentence of a check's module: what it asks."""
    module = CHECKS[check].split(":")[0]
    text = __import__(module, fromlist=["x"]).__doc__ or ""
    return " ".join(text.split("\n\n")[0].split())


def rows(cases, findings):
    for case in sorted(cases, key=lambda case: case.kind):
        found = findings(case)
        alarms = dict.fromkeys(f"`{f.check}` ({f.level})" for f in found if f.level in ALARMS)
        notes = dict.fromkeys(f"`{f.check}`" for f in found if f.level == "note")
        yield case, ", ".join(alarms), ", ".join(notes)


def page(findings):
    """The text of docs/audit.md; `findings` returns the findings on a case."""
    leaks, clear = planted.c.LEAKS, clean.c.CLEAN
    lines = [HEAD, "## Checks\n", "| check | what it is about |", "|---|---|"]
    lines += [f"| `{check}` | {sentence(check)} |" for check in CHECKS]
    table = list(rows(leaks, findings))
    caught = sum(set(case.expected) <= {f.check for f in findings(case) if f.level in ALARMS} for case in leaks)
    lines += ["", "## Planted leaks\n", f"{caught} of {len(leaks)} are caught under the name expected (in bold).\n"]
    lines += ["| data | what was done | found |", "|---|---|---|"]
    for case, alarms, _ in table:
        for check in case.expected:
            alarms = alarms.replace(f"`{check}`", f"**`{check}`**")
        lines.append(f"| {case.kind} | {case.what} | {alarms} |")
    quiet = sum(not [f for f in findings(case) if f.level in ALARMS] for case in clear)
    lines += ["", "## Clean cases\n", f"{quiet} of {len(clear)} raise no alarm; notes are no alarm.\n"]
    lines += ["| data | what looks like a leak | alarms | notes |", "|---|---|---|---|"]
    lines += [f"| {case.kind} | {case.what} | {alarms or 'none'} | {notes} |" for case, alarms, notes in rows(
        clear, findings)]  # fmt: skip
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    known = {}

    def found(case):
        if case.name not in known:
            known[case.name] = audit(case.build())
        return known[case.name]

    PAGE.write_text(page(found), encoding="utf-8")
