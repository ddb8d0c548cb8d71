"""`outcrop demo`: the main job on real data that is already installed, in about a minute."""

from pathlib import Path
from typing import Annotated

import typer

TEMPLATE = "forecast"


def command(
    out: Annotated[Path, typer.Option(help="Folder for the run; replaced when it holds an earlier demo.")] = Path(
        "demo-run"
    ),
) -> None:
    """A one-minute run on real data that is already installed."""
    import shutil

    from outcrop.cli.progress import Terminal, console
    from outcrop.config.template import template_path
    from outcrop.run.run import run

    console().print(
        "Demo: can a small network forecast the sea-surface temperature off Peru three months ahead, in years it has "
        "never seen, better than the calendar, the last anomaly fading away, or a straight line? About a minute.",
        highlight=False,
    )
    if (out / "run.toml").is_file() and "elnino" in (out / "run.toml").read_text("utf-8"):
        shutil.rmtree(out)  # an earlier demo; any other run there is refused below
    with Terminal() as terminal:
        result = run(template_path(TEMPLATE), out=out, tell=terminal)
    terminal.result(result)
