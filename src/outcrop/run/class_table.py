"""The classes of a target: from the run file, or from the tables it names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from outcrop.config.schema import TargetSection
from outcrop.data.variable import ClassTable
from outcrop.errors import ConfigError, message


def class_table(section: TargetSection, base: Path, target: str) -> ClassTable:
    """Codes, names, merges, ignored codes and costs of a target's classes, from the run file or from tables."""
    codes, names = _codes(section, base, target)
    cost = _cost(section, base, target) if section.cost else None
    rules = {"merges": section.merges, "ignore": section.ignore}
    return ClassTable.build(codes, names, cost=cost, cost_order=section.cost_order, **rules)


def _codes(section: TargetSection, base: Path, target: str) -> tuple[list[Any], list[str]]:
    if isinstance(section.classes, dict):
        return list(section.classes), list(section.classes.values())
    import pandas as pd

    path = base / str(section.classes)
    if not path.is_file():
        raise ConfigError(
            message(f"There is no class table {str(path)!r}.", where=f"target.{target}.classes", fix="check the path.")
        )
    table = pd.read_csv(path)
    columns = {str(column).casefold(): column for column in table.columns}
    if "code" not in columns or "name" not in columns:
        raise ConfigError(
            message(
                "The class table needs the columns code and name.",
                where=str(path),
                fix=f"it has {', '.join(map(str, table.columns))}.",
            )
        )
    return list(table[columns["code"]]), [str(n) for n in table[columns["name"]]]


def _cost(section: TargetSection, base: Path, target: str) -> np.ndarray:
    """The cost matrix as the file has it; `DATASET:FILE` names a file of a registered data set."""
    from outcrop.data import datasets

    dataset, colon, name = str(section.cost).partition(":")
    path = datasets.path(dataset, name) if colon and dataset in datasets.DATASETS else base / str(section.cost)
    if not Path(path).is_file():
        raise ConfigError(
            message(f"There is no cost matrix {str(path)!r}.", where=f"target.{target}.cost", fix="check the path.")
        )
    try:
        return (
            np.load(path, allow_pickle=False)
            if str(path).endswith(".npy")
            else np.loadtxt(path, delimiter=",", ndmin=2)
        )
    except ValueError as error:
        fix = "save numbers, one row per true class: a .npy file, or commas and no header."
        raise ConfigError(message(f"The cost matrix cannot be read ({error}).", where=str(path), fix=fix)) from None
