"""Turns a finished run folder into one readable page; reads the folder and nothing else."""

import sys
from pathlib import Path

from outcrop import Room

sys.modules[__name__].__class__ = Room  # so that outcrop.report(...) works whatever was imported before


def write(folder: str | Path) -> Path:
    """Writes `report.html` into a run folder and returns its path. See `outcrop.report.page.write`."""
    from outcrop.report import page

    return page.write(folder)
