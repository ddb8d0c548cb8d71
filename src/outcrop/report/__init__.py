"""Turns a finished run folder into one readable page; reads the folder and nothing else."""

from pathlib import Path


def write(folder: str | Path) -> Path:
    """Writes `report.html` into a run folder and returns its path. See `outcrop.report.page.write`."""
    from outcrop.report import page

    return page.write(folder)
