"""`new`: a run file drafted from the user's own files with the family that fits them, or copied from a template."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from outcrop.config.template import template_path
from outcrop.data.inventory import Inventory, taken_stock
from outcrop.errors import ConfigError, message
from outcrop.run.advise import for_files
from outcrop.run.folder import write_text


def draft(
    files: str | Path | Iterable[str | Path],
    out: Path,
    *,
    force: bool = False,
    target: str | None = None,
    **options: Any,
) -> tuple[Inventory, Path]:
    """Takes stock of files and writes a commented run file for them.

    Args:
        files: a path, a pattern, or a list of both.
        out: the run file.
        force: whether it may replace one.
        target: the curve to predict, where the inventory should not guess it.
        options: of the reader.

    Raises:
        ConfigError: nothing matches, or `out` exists.
        DataError: none of the files can be read.
    """
    _free(out, force)
    stock, records = taken_stock(files, **options)
    proposal = for_files(stock, records, target=target).proposal()
    return stock, write_text(out, stock.draft_run_file(out.resolve().parent, proposal))


def from_template(name: str, out: Path, *, force: bool = False) -> Path:
    """Copies the run file of a template.

    Raises:
        ConfigError: there is no such template, or `out` exists.
    """
    text = template_path(name).read_text(encoding="utf-8")
    _free(out, force)
    return write_text(out, text)


def _free(out: Path, force: bool) -> None:
    if out.exists() and not force:
        raise ConfigError(message(f"{str(out)!r} exists.", fix=f"--out {out.stem}-2.toml, or --force to replace it."))
