"""`outcrop inspect RUN.toml|BUNDLE`: what would be built, or what a model file holds."""

from pathlib import Path
from typing import Annotated

import typer


def command(
    path: Annotated[Path, typer.Argument(help="Run file (TOML) or model file (*.outcrop).")],
    figure: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Draw the network into an .svg, .png or .pdf file.")
    ] = None,
) -> None:
    """What a run file would build, or what a bundle holds."""
    from outcrop.cli.progress import console
    from outcrop.cli.screens import inspect_screen
    from outcrop.run.inspect import inspect

    console().print(inspect_screen(inspect(path, figure=figure)))
    if figure is not None:
        console().print(f"Drawn into {figure}.", highlight=False, markup=False)
