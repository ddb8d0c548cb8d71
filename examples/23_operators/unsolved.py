"""What functions without a solution teach: writes unsolved.json beside this file.

    python examples/23_operators/unsolved.py

The network of unsolved.toml after so many solved functions, with 500 unsolved ones, with the check on the solved
ones alone, and with neither, two seeds each.
"""

from __future__ import annotations

import json
from pathlib import Path

import outcrop

HERE = Path(__file__).parent
SOLVED, SEEDS = (8, 24, 96), (0, 1)
WAYS = {"with unsolved": [], "check alone": ["data.source.unsolved.count=1"], "solved alone": ["loss.ledger={}"]}
"""With the check on all, on the solved ones (and one more), and without it, when nobody asks the unsolved ones."""


def main() -> None:
    """Relative L2 error on the held-out functions and what the check leaves over, of network and best baseline."""
    found = []
    for count in SOLVED:
        for seed in SEEDS:
            own = [f"data.source.solved.count={count}", f"data.source.solved.seed={10 + seed}", f"train.seed={seed}"]
            for way, changes in WAYS.items():
                out = HERE / "runs" / f"unsolved_{count}_{seed}_{way.split()[0]}"
                result = outcrop.run(HERE / "unsolved.toml", out=out, overrides=[*own, *changes])
                (entry,) = result.metrics["promises"].values()
                (check,) = entry["ledger"]
                error = {name: one["relative_l2"]["value"] for name, one in entry["test"]["baselines"].items()}
                error["network"] = entry["test"]["model"]["relative_l2"]["value"]
                row = {name: float(f"{value:.4g}") for name, value in error.items()}
                left = float(f"{check['model']['size']['value']:.4g}")
                found.append({"solved": count, "seed": seed, "way": way, "error": row, "left_over": left})
                print(found[-1], flush=True)
    (HERE / "unsolved.json").write_text(json.dumps(found, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
