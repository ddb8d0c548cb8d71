"""Does the score mean what the promise says? One check per file, their table and `audit` in `audit.py`."""

from outcrop.split.audit.audit import CHECKS, audit, enforce
from outcrop.split.audit.context import AuditContext
from outcrop.split.audit.finding import Finding

__all__ = ["CHECKS", "AuditContext", "Finding", "audit", "enforce"]
