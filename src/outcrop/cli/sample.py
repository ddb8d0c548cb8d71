"""`outcrop sample BUNDLE GIVEN`: realisations of a generator."""

from pathlib import Path
from typing import Annotated

import typer


def command(
    bundle: Annotated[Path, typer.Argument(help="Model file (*.outcrop) of a generator.")],
    given: Annotated[
        Path | None, typer.Argument(help="Grid, conditions, observations, soft data, trends (TOML).")
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder for the results.")] = Path("sampled"),
    count: Annotated[int, typer.Option("-n", "--count", min=1, help="Realisations.")] = 100,
    seed: Annotated[int, typer.Option(help="Decides the realisations.")] = 0,
    sampler: Annotated[str | None, typer.Option(help="heun, euler, stochastic, ancestral, ode.")] = None,
    steps: Annotated[int | None, typer.Option(min=1, help="Of the sampler.")] = None,
    format: Annotated[
        str,
        typer.Option(help="netcdf alone; or grdecl, roff, segy, las: a file more for each realisation and summary."),
    ] = "netcdf",
    leave_out: Annotated[
        str | None, typer.Option(help="Column of wells: each is left out in turn, and compared with the realisations.")
    ] = None,
) -> None:
    """Draw realisations on a grid that honour observations, with mean, quantiles, probabilities, entropy and a page."""
    from rich.console import Console

    from outcrop.run.sample import sample

    result = sample(
        bundle, given, count=count, out=out, seed=seed, sampler=sampler, steps=steps, format=format, leave_out=leave_out
    )
    Console().print(str(result))
