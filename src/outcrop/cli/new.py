"""`outcrop new`: a run file drafted from the user's own files, or from a template."""

import tomllib
from pathlib import Path
from shlex import quote
from typing import Annotated

import typer

from outcrop.errors import ConfigError, message


def command(
    template: Annotated[str | None, typer.Argument(help="Template: facies, forecast, table.")] = None,
    directory: Annotated[Path, typer.Argument(help="Folder for the template's run file.")] = Path("."),
    from_: Annotated[
        list[str] | None, typer.Option("--from", metavar="FILES", help="Files to take stock of; repeatable.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Name of the drafted run file; by default run.toml.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite an existing run file.")] = False,
) -> None:
    """Draft a run file from your files, or start from a template."""
    from outcrop.cli.progress import console
    from outcrop.run.new import draft, from_template

    if (template is None) == (not from_):
        raise ConfigError(
            message(
                "Say either a template or --from FILES.",
                fix='outcrop new --from "wells/*.las", or outcrop new facies',
            )
        )
    if from_:
        inventory, path = draft(from_, out or Path("run.toml"), force=force)
        console().print(inventory.table())
    else:
        path = from_template(str(template), directory / (out or "run.toml"), force=force)
    named = "target" in tomllib.loads(path.read_text("utf-8"))["data"]
    first = "" if named else "name the target in it ([data.target]), then "
    console().print(f"Wrote {path}. Next: {first}outcrop check {quote(str(path))}", highlight=False, markup=False)
