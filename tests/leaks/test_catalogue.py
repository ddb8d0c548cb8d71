"""The catalogue: planted leaks are caught under the right name, clean cases raise no alarm, the table is current."""

from functools import cache

import clean
import planted
import pytest
from audit_table import ALARMS, PAGE, page

from outcrop.split.audit import CHECKS, audit

LEAKS, CLEAN = planted.c.LEAKS, clean.c.CLEAN


@cache
def findings(case):
    return audit(case.build())


@pytest.mark.parametrize("case", LEAKS, ids=lambda case: case.name)
def test_a_planted_leak_is_caught_under_its_name(case):
    alarms = {finding.check for finding in findings(case) if finding.level in ALARMS}
    assert set(case.expected) <= alarms, list(map(str, findings(case)))


@pytest.mark.parametrize("case", CLEAN, ids=lambda case: case.name)
def test_a_clean_case_raises_no_alarm(case):
    assert not [str(finding) for finding in findings(case) if finding.level in ALARMS]


def test_findings_say_what_to_do_in_numbers():
    for case in LEAKS:
        for finding in findings(case):
            assert finding.check in CHECKS and finding.fix and any(sign.isdigit() for sign in finding.size), finding


def test_the_catalogue_is_large_and_covers_all_kinds_and_checks():
    assert len(LEAKS) >= 25 and len(CLEAN) >= 15
    kinds = {case.kind for case in LEAKS}
    assert len(kinds) >= 10 and kinds == {case.kind for case in CLEAN}
    told = {check for case in LEAKS for check in case.expected}
    assert set(CHECKS) - told == {
        "few_groups",
        "seen_before",
        "unseen_class",
        "same_inputs",
    }  # in test_groups.py, test_single_checks.py, run/test_start.py


def test_the_table_in_the_docs_is_current():
    assert PAGE.read_text("utf-8") == page(findings), "run: python tests/leaks/audit_table.py"
