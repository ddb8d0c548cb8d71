"""Writes report.html: one self-contained page of a run, from the run folder and nothing else."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

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
    return put(run.path / "report.html", render(run))


def put(path: Path, text: str) -> Path:
    """Writes a page, whole or not at all."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}.", suffix=path.suffix)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
        os.chmod(name, 0o644)
        os.replace(name, path)
    finally:
        Path(name).unlink(missing_ok=True)
    return path


def render(run: RunFolder) -> str:
    """The page as HTML text."""
    return page(
        title=headline.title(run),
        name=run.path.resolve().name,
        about=_about(run),
        verdict=headline.verdict(run),
        keys=headline.keys(run),
        sections=sections(run),
    )


def page(**parts: Any) -> str:
    """The template filled: title, name, about, verdict, keys and sections."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    loader = FileSystemLoader(HERE)
    engine = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    style = (HERE / "style.css").read_text(encoding="utf-8")
    return engine.get_template("page.html").render(style=style, **parts)


def _about(run: RunFolder) -> str:
    """The line above the title: what kind of page this is and when the run was made."""
    when = run.environment.get("finished") or run.environment.get("date") or run.environment.get("started") or ""
    return " · ".join(filter(None, ["outcrop run report", run.path.resolve().name, str(when)[:10]]))
