"""`outcrop check RUN.toml`: reads, splits and audits without training."""

from pathlib import Path
from typing import Annotated

import typer


def command(
    run_file: Annotated[Path, typer.Argument(help="Run file (TOML).")],
    set_: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Change one key, e.g. promise.folds=5.")
    ] = None,
) -> None:
    """Read, split and audit without training; says what would be done."""
    show(run_file, set_ or [], cost=False)


def show(run_file: Path, overrides: list[str], *, cost: bool) -> None:
    """Prints the check of a run file; the exit code says whether the audit would refuse it."""
    from outcrop.config.load import load

    load(run_file, overrides)  # a wrong run file is answered before the slow imports
    from outcrop.cli.progress import console
    from outcrop.cli.screens import check_screen
    from outcrop.run.check import check

    result = check(run_file, overrides=overrides, cost=cost)
    console().print(check_screen(result, run_file))
    if result.refused:
        raise typer.Exit(3)
