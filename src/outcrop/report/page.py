"""Writes report.html: one self-contained page of a run, from the run folder and nothing else."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from outcrop.report import folder as run_folder
from outcrop.report import headline
from outcrop.report.folder import RunFolder
from outcrop.report.sections import sections

HERE = Path(__file__).parent


def write(folder: str | Path) -> Path:
    """Reads a run folder and writes `report.html` into it, whole or not at all.

    Args:
        folder: what `outcrop run` wrote; every file in it is optional, its section then stays away.

    Returns:
        The path of the page.

    Raises:
        DataError: not a run folder, or a damaged file in it.
    """
    run = run_folder.read(folder)
    path = run.path / "report.html"
    handle, name = tempfile.mkstemp(dir=run.path, prefix=".report.", suffix=".html")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(render(run))
        os.chmod(name, 0o644)
        os.replace(name, path)
    finally:
        Path(name).unlink(missing_ok=True)
    return path


def render(run: RunFolder) -> str:
    """The page as HTML text."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    loader = FileSystemLoader(HERE)
    engine = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return engine.get_template("page.html").render(
        title=headline.title(run),
        name=run.path.resolve().name,
        about=_about(run),
        verdict=headline.verdict(run),
        keys=headline.keys(run),
        sections=sections(run),
        style=(HERE / "style.css").read_text(encoding="utf-8"),
    )


def _about(run: RunFolder) -> str:
    """The line above the title: what kind of page this is and when the run was made."""
    when = run.environment.get("finished") or run.environment.get("date") or run.environment.get("started") or ""
    return " · ".join(filter(None, ["outcrop run report", run.path.resolve().name, str(when)[:10]]))
