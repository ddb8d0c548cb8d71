"""`outcrop run RUN.toml`: the whole path, from files to a report."""

import json
from pathlib import Path
from typing import Annotated

import typer


def fine_tuning(start_from: Path | None, freeze: str) -> list[str]:
    """The two options as changes to the run file; the path is taken from where you are."""
    changes = [] if start_from is None else [f"model.start_from={json.dumps(str(start_from.resolve()))}"]
    parts = [part.strip() for part in freeze.split(",") if part.strip()]
    return [*changes, f"model.freeze={json.dumps(parts)}"] if parts else changes


def command(
    run_file: Annotated[Path, typer.Argument(help="Run file (TOML).")],
    out: Annotated[Path | None, typer.Option(help="Run folder; by default runs/NAME-1, -2 ...")] = None,
    set_: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Change one key, e.g. model.family=mlp.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done and what it costs; train nothing.")
    ] = False,
    start_from: Annotated[
        Path | None, typer.Option("--from", metavar="BUNDLE", help="Fine-tune: start from the weights of a model file.")
    ] = None,
    freeze: Annotated[
        str, typer.Option(metavar="PART,...", help="Parts of it that stay as they are, as outcrop inspect names them.")
    ] = "",
    resume: Annotated[bool, typer.Option("--resume", help="Continue a run that was stopped.")] = False,
) -> None:
    """Train, compare with baselines, explain, report, bundle."""
    changes = [*(set_ or []), *fine_tuning(start_from, freeze)]
    if dry_run:
        from outcrop.cli import check

        check.show(run_file, changes, cost=True)
        return
    from outcrop.config.load import load

    load(run_file, changes)  # a wrong run file is answered before the slow imports
    from outcrop.cli.progress import Terminal
    from outcrop.run.run import run

    with Terminal() as terminal:
        result = run(run_file, out=out, overrides=changes, resume=resume, tell=terminal)
    terminal.result(result)
