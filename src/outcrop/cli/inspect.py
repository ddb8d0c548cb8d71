"""`outcrop inspect RUN.toml|BUNDLE|RUNFOLDER`: what would be built, what a model file holds, how training went."""

from pathlib import Path
from typing import Annotated

import typer


def command(
    path: Annotated[Path, typer.Argument(help="Run file (TOML), model file (*.outcrop) or run folder.")],
    files: Annotated[list[str] | None, typer.Argument(help="Data to look inside a model file with.")] = None,
    show: Annotated[
        str | None, typer.Option(help="Look inside a model file: filters, states, attention or latent.")
    ] = None,
    at: Annotated[
        str | None, typer.Option(metavar="POSITION", help="Which example: 2150, 2016-05-01 or inline=100,twt=0.5.")
    ] = None,
    member: Annotated[int, typer.Option(help="Which network, where there are several.")] = 0,
    figure: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Draw it into an .svg, .png or .pdf file.")
    ] = None,
) -> None:
    """What a run file would build, what a bundle holds, how a run trained."""
    from outcrop.cli.progress import console
    from outcrop.cli.screens import inspect_screen
    from outcrop.run.inspect import inspect

    found = inspect(path, files or (), figure=figure, show=show, at=at, member=member)
    console().print(inspect_screen(found))
    if figure is not None:
        console().print(f"Drawn into {figure}.", highlight=False, markup=False)
