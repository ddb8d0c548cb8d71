"""`outcrop simulate NAME`: geology with known truth, as files that every other command reads."""

from pathlib import Path
from typing import Annotated

import typer

from outcrop.errors import ConfigError, message


def command(
    name: Annotated[str, typer.Argument(help="What to simulate; list shows what there is, and its options.")] = "list",
    count: Annotated[int, typer.Option(help="Number of realisations.")] = 1,
    seed: Annotated[int, typer.Option(help="Same seed, same geology; realisation k is the same for every count.")] = 0,
    out: Annotated[Path | None, typer.Option(help="Folder for the files.")] = None,
    format: Annotated[
        str, typer.Option(help="netcdf, las (along depth), segy (lines, cubes), grdecl or roff (maps, cubes).")
    ] = "netcdf",
    option: Annotated[
        list[str] | None,
        typer.Option("--option", metavar="KEY=VALUE", help="Of the simulation, e.g. net_to_gross=0.4; repeatable."),
    ] = None,
) -> None:
    """Make geology with known truth, as files."""
    from outcrop.cli.options import parsed
    from outcrop.cli.progress import console
    from outcrop.cli.screens import simulation_screen
    from outcrop.simulate.save import save
    from outcrop.simulate.table import simulate

    if name == "list":
        console().print(simulation_screen())
        return
    options = parsed(option or [], example="net_to_gross=0.4")
    if out is None:
        fix = f"outcrop simulate {name} --count {count} --seed {seed} --out simulated"
        raise ConfigError(message("No folder is named for the files.", where="--out", fix=fix))
    paths = save(simulate(name, count=count, seed=seed, **options), out, format)
    first = f"{paths[0]}" + (f" to {paths[-1].name}" if len(paths) > 1 else "")
    console().print(f"Wrote {first}.", highlight=False, markup=False)
