"""Reads a run folder into plain arrays and dictionaries: the only door through which the report sees a run.

Every file is optional; what is missing is empty here and its section does not appear on the page. A file that is
there but damaged is a DataError that names it.
"""

from __future__ import annotations

import csv
import json
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from outcrop.errors import DataError, message

AXES = ("depth", "time", "row")


@dataclass(frozen=True)
class Predictions:
    """The scored samples of `predictions.nc`, by columns; all columns have shape (sample,).

    Attributes:
        columns: `record`, `index`, `fold`, `target`, `prediction`, `confidence`, `valid`, `baseline_<name>`,
            `input_<variable>` and the axis values, as far as the file has them. Class columns are integers, -1 where
            missing; number columns are float, NaN where missing.
        units: column -> unit.
        records: record names, indexed by the column `record`.
        axis: name of the coordinate along a record: "depth", "time" or "row".
        classes: whether target and prediction are class indices.
    """

    columns: Mapping[str, np.ndarray]
    units: Mapping[str, str]
    records: tuple[str, ...]
    axis: str
    classes: bool

    def __len__(self) -> int:
        return len(self.columns["record"])

    def __getitem__(self, name: str) -> np.ndarray:
        return self.columns[name]

    def __contains__(self, name: str) -> bool:
        return name in self.columns

    def starting_with(self, prefix: str) -> dict[str, np.ndarray]:
        """Columns whose name starts with `prefix`, under the rest of their name."""
        return {name[len(prefix) :]: value for name, value in self.columns.items() if name.startswith(prefix)}

    def rows_of(self, record: str) -> np.ndarray:
        """Row numbers of one record, in the order of its axis."""
        rows = np.flatnonzero(self["record"] == self.records.index(record))
        return rows[np.argsort(self[self.axis][rows], kind="stable")]


@dataclass(frozen=True)
class RunFolder:
    """What a run left behind; `run`, `data` ... are the files of the same name."""

    path: Path
    run: dict[str, Any] = field(default_factory=dict)
    data: dict[str, Any] = field(default_factory=dict)
    split: dict[str, Any] = field(default_factory=dict)
    audit: list[dict[str, Any]] = field(default_factory=list)
    history: dict[str, np.ndarray] = field(default_factory=dict)
    norms: dict[str, np.ndarray] = field(default_factory=dict)
    predictions: Predictions | None = None
    metrics: dict[str, Any] = field(default_factory=dict)
    findings: list[dict[str, Any]] = field(default_factory=list)
    environment: dict[str, Any] = field(default_factory=dict)
    search: dict[str, Any] = field(default_factory=dict)
    layouts: tuple[dict[str, np.ndarray], ...] = ()

    @property
    def promises(self) -> list[str]:
        """Names of the promises that were scored or split."""
        return list(self.metrics.get("promises") or self.split.get("promises") or {})

    @property
    def class_names(self) -> list[str]:
        """Names of the classes in the order of their index; empty for a number target."""
        return [str(row.get("name", row.get("code"))) for row in self.data.get("classes") or []]

    @property
    def targets(self) -> list[dict[str, Any]]:
        """The variables whose role is target."""
        return [row for row in self.data.get("variables") or [] if row.get("role") == "target"]


def read(folder: str | Path) -> RunFolder:
    """Reads a run folder.

    Raises:
        DataError: the folder does not exist, holds none of the files, or one of them cannot be read.
    """
    path = Path(folder)
    if not path.is_dir() or not any((path / name).exists() for name in ("run.toml", "metrics.json", "data.json")):
        raise DataError(
            message(
                f"{path} is not a run folder: it holds no run.toml, data.json or metrics.json.",
                fix="give the folder that `outcrop run RUN.toml --out FOLDER` wrote.",
            )
        )
    data = _load(path / "data.json", _json, {})
    return RunFolder(
        path=path,
        run=_load(path / "run.toml", _toml, {}),
        data=data,
        split=_load(path / "split.json", _json, {}),
        audit=_load(path / "audit.json", _json, []),
        history=_load(path / "history.csv", _history, {}),
        norms=_load(path / "norms.csv", _history, {}),
        predictions=_load(path / "predictions.nc", lambda file: _predictions(file, data), None),
        metrics=_load(path / "metrics.json", _json, {}),
        findings=_load(path / "findings.json", _json, []),
        environment=_load(path / "environment.json", _json, {}),
        search=_load(path / "search.json", _json, {}),
        layouts=tuple(_load(file, _arrays, {}) for file in sorted(path.glob("layout*.npz"))),
    )


def _load(file: Path, reader: Callable[[Path], Any], empty: Any) -> Any:
    """The content of one file, `empty` when there is none."""
    if not file.exists():
        return empty
    try:
        content = reader(file)
    except (ValueError, KeyError, OSError, tomllib.TOMLDecodeError) as error:
        raise DataError(
            message(f"A file of the run folder cannot be read: {error}", where=str(file), fix="repeat the run.")
        ) from error
    if content is not None and empty is not None and not isinstance(content, type(empty)):
        kinds = {dict: "an object", list: "a list"}
        raise DataError(
            message(
                f"{file.name} must hold {kinds[type(empty)]}, not {type(content).__name__}.",
                where=str(file),
                fix="repeat the run.",
            )
        )
    return content


def _json(file: Path) -> Any:
    return json.loads(file.read_text(encoding="utf-8"))


def _toml(file: Path) -> dict[str, Any]:
    return tomllib.loads(file.read_text(encoding="utf-8"))


def _arrays(file: Path) -> dict[str, np.ndarray]:
    with np.load(file, allow_pickle=False) as held:
        return {name: held[name] for name in held.files}


def _history(file: Path) -> dict[str, np.ndarray]:
    """Columns of history.csv or norms.csv; `fold` (also "refit"), `member`, `stage`, `layer` as text, the rest floats,
    NaN if empty.
    """
    with file.open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    names = list(rows[0]) if rows else []
    labels = ("fold", "member", "stage", "layer")
    return {
        name: np.array([row[name] if name in labels else float(row[name] or "nan") for row in rows]) for name in names
    }


def _predictions(file: Path, data: Mapping[str, Any]) -> Predictions | None:
    import xarray as xr

    with xr.open_dataset(file, engine="h5netcdf") as dataset:
        if "record" not in dataset or not dataset.sizes.get("sample"):
            return None
        names = [str(n) for n in dataset.variables if dataset[n].dims == ("sample",) and n != "sample"]
        columns = {name: dataset[name].to_numpy() for name in names}
        units = {name: str(dataset[name].attrs.get("units", "")) for name in names}
        listed = dataset.attrs.get("records")
    records = json.loads(listed) if isinstance(listed, str) else [row["name"] for row in data.get("records") or []]
    classes = bool(data.get("classes"))
    axis = next((name for name in AXES if name in columns), "row")
    columns.setdefault(axis, columns.get("index", np.arange(len(columns["record"]))))
    for name in columns:
        if name in ("target", "prediction") or name.startswith("baseline_"):
            columns[name] = _as_class(columns[name]) if classes else columns[name].astype(float)
    columns["record"] = columns["record"].astype(int)
    return Predictions(columns, units, tuple(str(r) for r in records), axis, classes)


def _as_class(values: np.ndarray) -> np.ndarray:
    """Class indices as int, -1 where missing.

    >>> _as_class(np.array([2.0, np.nan, -1.0])).tolist()
    [2, -1, -1]
    """
    values = np.asarray(values, dtype=float)
    return np.where(np.isfinite(values), values, -1).astype(int)
