"""`outcrop data list|fetch NAME`: the registered data sets, with licence and citation."""

from typing import Annotated

import typer

from outcrop.errors import ConfigError, message


def command(
    action: Annotated[str, typer.Argument(help="list or fetch.")] = "list",
    name: Annotated[str | None, typer.Argument(help="Data set to fetch.")] = None,
) -> None:
    """List and fetch registered data sets."""
    from outcrop.cli.progress import console
    from outcrop.cli.screens import data_screen
    from outcrop.data import datasets

    if action == "list":
        console().print(data_screen())
    elif action == "fetch" and name:
        for path in datasets.fetch(name) or [f"{name} ships with an installed package; there is nothing to fetch"]:
            print(path)
    else:
        raise ConfigError(
            message(
                f"outcrop data {action} {name or ''}".strip() + " is not a command.",
                fix="outcrop data list, or outcrop data fetch NAME",
            )
        )
