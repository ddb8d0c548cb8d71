"""`outcrop new`: a run file drafted from the user's own files, or from a template; or advice on the family to take."""

import re
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shlex import quote
from typing import Annotated

import typer

from outcrop.errors import ConfigError, DataError, message


def command(
    template: Annotated[str | None, typer.Argument(help="Template: facies, forecast, table.")] = None,
    directory: Annotated[Path, typer.Argument(help="Folder for the template's run file.")] = Path("."),
    from_: Annotated[
        list[str] | None, typer.Option("--from", metavar="FILES", help="Files to take stock of; repeatable.")
    ] = None,
    advise: Annotated[
        list[str] | None,
        typer.Option("--advise", metavar="FILES|RUN.toml", help="Which network fits them, and why; writes nothing."),
    ] = None,
    target: Annotated[str | None, typer.Option(help="Of files: the curve to predict.")] = None,
    option: Annotated[
        list[str] | None,
        typer.Option("--option", metavar="KEY=VALUE", help="Of the reader of the files, e.g. domain=time; repeatable."),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Name of the drafted run file; by default run.toml.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite an existing run file.")] = False,
) -> None:
    """Draft a run file from your files, start from a template, or ask which network fits."""
    from outcrop.cli.options import parsed
    from outcrop.cli.progress import console
    from outcrop.run.new import draft, from_template

    if sum((template is not None, bool(from_), bool(advise))) != 1:
        raise ConfigError(
            message(
                "Say a template, --from FILES or --advise FILES.",
                fix='outcrop new --from "wells/*.las", or outcrop new facies',
            )
        )
    options = {"target": target, **parsed(option or [], example="domain=time")}
    if advise:
        from outcrop.cli.screens import advice_screen
        from outcrop.run.advise import advise as advice_on

        with _fix_by_option():
            console().print(advice_screen(advice_on(advise, **options)))
        return
    if from_:
        with _fix_by_option():
            inventory, path = draft(from_, out or Path("run.toml"), force=force, **options)
        console().print(inventory.table())
    else:
        path = from_template(str(template), directory / (out or "run.toml"), force=force)
    named = "target" in tomllib.loads(path.read_text("utf-8"))["data"]
    first = "" if named else "name the target in it ([data.target]), then "
    console().print(f"Wrote {path}. Next: {first}outcrop check {quote(str(path))}", highlight=False, markup=False)


@contextmanager
def _fix_by_option() -> Iterator[None]:
    """A fix that is a key of a source in the run file (`domain = "time"`) is said as an option of this command too."""
    try:
        yield
    except (ConfigError, DataError) as error:
        if key := re.search(r"^Fix: (\w+) = ", str(error), flags=re.MULTILINE):
            raise type(error)(f"{error}\nHere:  outcrop new ... --option '{key[1]} = ...'") from None
        raise
