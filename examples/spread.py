"""How much the scores of an example depend on the seed of training: writes spread.json beside its results.json.

    python examples/spread.py 14_blocky_logs --seeds 1 2           # every variant again, with those seeds
    python examples/spread.py 14_blocky_logs --seeds 1 2 --runs X  # X/VARIANT-SEED are run folders that exist

What results.json holds is the first seed, 0.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from reproduce import HERE, summary, variants

import outcrop


def values(result: dict[str, Any]) -> dict[str, Any]:
    """Score, metrics of realisations and flags of one run."""
    judged = {name: row["model"] for name, row in result["judged"].items()}
    return {result["metric"]: result["network"]["value"], **judged, "flags": result["judged_flags"]["model"]}


def main() -> None:
    """Runs what is missing and writes the values of every metric, seed by seed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("example")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--runs", type=Path, help="folder of runs, by default runs/ in the example")
    asked = parser.parse_args()
    example = HERE / asked.example
    first = json.loads((example / "results.json").read_text("utf-8"))
    spread = {}
    for name, changes in variants(example).items():
        results = [first[name]]
        for seed in asked.seeds:
            out = (asked.runs or example / "runs") / f"{name}-{seed}"
            if not (out / "metrics.json").is_file():
                overrides = [*changes, f"train.seed={seed}", "bundle.model=none"]
                outcrop.run(example / "run.toml", out=out, overrides=overrides)
            results.append(summary(out))
        each = [values(result) for result in results]
        spread[name] = {metric: [row[metric] for row in each] for metric in each[0]}
        print(name, {metric: row for metric, row in spread[name].items() if metric != "flags"}, flush=True)
    (example / "spread.json").write_text(json.dumps({"seeds": [0, *asked.seeds], **spread}) + "\n", "utf-8")


if __name__ == "__main__":
    main()
