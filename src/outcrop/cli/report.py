"""`outcrop report RUNDIR`: writes the report page of a run folder again."""

from pathlib import Path
from typing import Annotated

import typer


def command(folder: Annotated[Path, typer.Argument(help="Run folder.")]) -> None:
    """Write the report page of a run folder again."""
    from outcrop.report.page import write

    print(write(folder))
