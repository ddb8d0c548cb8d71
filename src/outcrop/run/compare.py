"""`compare`: the scores of several run folders side by side, with a warning where they answer different questions."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from outcrop.errors import DataError, message


@dataclass(frozen=True)
class Comparison:
    """Rows of run, promise, family, scores; and a warning when the runs were not scored on the same data.

    Attributes:
        rows: one per run and promise.
        metrics: columns that at least one run has.
        warning: why the numbers cannot be compared, empty when they can.
    """

    rows: list[dict[str, Any]]
    metrics: list[str]
    warning: str


def compare(runs: Sequence[str | Path]) -> Comparison:
    """Reads metrics.json of several run folders.

    Raises:
        DataError: a folder is no finished run.
    """
    rows, data, metrics = [], set(), []
    for run in map(Path, runs):
        content, about = _read(run, "metrics.json"), _read(run, "data.json")
        for promise, entry in content["promises"].items():
            split = _read(run, "split.json")["promises"].get(promise, {})
            tested = sorted(name for fold in split.get("folds", ()) for name in fold.get("test", ()))
            data.add((content.get("test_fingerprint", about["fingerprint"]), promise, *tested))
            best = entry.get("strongest_baseline")
            rows.append(
                {
                    "run": run.name,
                    "promise": promise,
                    "scores": entry["test"]["model"],
                    "baseline": best,
                    "verdict": entry["verdict"].get(best, {}).get("word", ""),
                }
            )
            metrics += [name for name in entry["test"]["model"] if name not in metrics]
    warning = (
        ""
        if len(data) == 1
        else "These runs differ in data, promise or test part: their scores do not answer the same question."
    )
    return Comparison(rows, metrics, warning)


def _read(run: Path, name: str) -> Any:
    try:
        return json.loads((run / name).read_text("utf-8"))
    except (OSError, ValueError) as error:
        fix = "name folders that outcrop run has finished."
        raise DataError(
            message(f"{run} is no finished run: {name} cannot be read.", where=str(error), fix=fix)
        ) from None
