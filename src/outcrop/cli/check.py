"""`outcrop check RUN.toml`: reads, splits and audits without training."""

from pathlib import Path
from typing import Annotated, Any

import typer


def command(
    run_file: Annotated[Path, typer.Argument(help="Run file (TOML).")],
    set_: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Change one key, e.g. promise.folds=5.")
    ] = None,
    picture: Annotated[
        Path | None, typer.Option(help="Where the picture of the split goes; by default RUN.split.png beside you.")
    ] = None,
) -> None:
    """Read, split and audit without training; says what would be done."""
    show(run_file, set_ or [], cost=False, picture=picture or Path(f"{run_file.stem}.split.png"))


def show(run_file: Path, overrides: list[str], *, cost: bool, picture: Path | None = None) -> None:
    """Prints the check of a run file; the exit code says whether the audit would refuse it."""
    from outcrop.config.load import load

    load(run_file, overrides)  # a wrong run file is answered before the slow imports
    from outcrop.cli.progress import console
    from outcrop.cli.screens import check_screen, posed_screen
    from outcrop.run.check import check
    from outcrop.run.pose import Posed

    result = check(run_file, overrides=overrides, cost=cost)
    if isinstance(result, Posed):
        console().print(posed_screen(result, run_file))
        return
    console().print(check_screen(result, run_file))
    if picture is not None:
        _draw(result, picture)
        console().print(f"Picture of the split: {picture}")
    if result.refused:
        raise typer.Exit(3)


def _draw(result: Any, picture: Path) -> None:
    """The parts of the first fold as an image file."""
    from dataclasses import asdict

    from outcrop.data.content import replacing
    from outcrop.report.figures.split import split_picture
    from outcrop.run.layout import layout

    with replacing(picture) as partial:
        split_picture(**asdict(layout(result))).savefig(partial, format="png", dpi=150)
