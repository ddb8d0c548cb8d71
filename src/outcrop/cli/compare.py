"""`outcrop compare RUN...`: scores of several run folders side by side."""

from pathlib import Path
from typing import Annotated

import typer


def command(runs: Annotated[list[Path], typer.Argument(help="Run folders.")]) -> None:
    """Scores of several runs side by side."""
    from outcrop.cli.progress import console
    from outcrop.cli.screens import compare_screen
    from outcrop.run.compare import compare

    console().print(compare_screen(compare(runs)))
