"""`outcrop predict BUNDLE FILES`: file in, same-format file out."""

from pathlib import Path
from typing import Annotated

import typer


def command(
    bundle: Annotated[Path, typer.Argument(help="Model file (*.outcrop).")],
    files: Annotated[list[str], typer.Argument(help="Files or patterns.")],
    out: Annotated[Path, typer.Option(help="Folder for the results.")],
    write: Annotated[
        str,
        typer.Option(
            help="What to add: class,confidence,probabilities,set,validity (numbers: value,interval,validity)."
        ),
    ] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be read and written.")] = False,
    region: Annotated[str | None, typer.Option(help="Part of a grid, e.g. inline=100:200,twt=0:500.")] = None,
    carry: Annotated[
        bool, typer.Option("--carry", help="Recurrent networks: the state runs over whole records, not over windows.")
    ] = False,
) -> None:
    """Predict on new files, in the format they came in."""
    from outcrop.cli.progress import Terminal
    from outcrop.cli.screens import predict_screen
    from outcrop.run.predict import predict

    kinds = [kind.strip() for kind in write.split(",") if kind.strip()]
    with Terminal() as terminal:
        result = predict(
            bundle, files, out=out, write=kinds, dry_run=dry_run, region=region, carry=carry, tell=terminal.step
        )
    terminal.console.print(predict_screen(result))
    if any(row["status"] != "ok" for row in result.rows):
        raise typer.Exit(2)
