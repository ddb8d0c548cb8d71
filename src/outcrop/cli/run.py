"""`outcrop run RUN.toml`: the whole path, from files to a report."""

from pathlib import Path
from typing import Annotated

import typer


def command(
    run_file: Annotated[Path, typer.Argument(help="Run file (TOML).")],
    out: Annotated[Path | None, typer.Option(help="Run folder; by default runs/NAME-1, -2 ...")] = None,
    set_: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Change one key, e.g. model.family=mlp.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done and what it costs; train nothing.")
    ] = False,
    resume: Annotated[bool, typer.Option("--resume", help="Continue a run that was stopped.")] = False,
) -> None:
    """Train, compare with baselines, explain, report, bundle."""
    if dry_run:
        from outcrop.cli import check

        check.show(run_file, set_ or [], cost=True)
        return
    from outcrop.config.load import load

    load(run_file, set_ or [])  # a wrong run file is answered before the slow imports
    from outcrop.cli.progress import Terminal
    from outcrop.run.run import run

    with Terminal() as terminal:
        result = run(run_file, out=out, overrides=set_ or [], resume=resume, tell=terminal)
    terminal.result(result)
