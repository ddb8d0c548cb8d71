"""Three generators that are meant to fail, and what the judge says of them: writes failures.json beside this file.

    python examples/14_blocky_logs/failures.py                     # trains all three
    python examples/14_blocky_logs/failures.py NAME=RUN ...        # reads run folders that exist

`collapsed` makes logs of one number, `wrong_levels` learns at noise far above the data, `memorising` learns 40 pairs of
the next example for 10,000 steps, without a validation part that would stop it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import outcrop

HERE = Path(__file__).parent
LOGS, PAIRS = HERE / "run.toml", HERE.parent / "15_porosity_prior/run.toml"
DIFFUSION = ['model={family="time_unet1d",widths=[16,32,64]}', "train.learning_rate=2e-3", "train.optimiser=adamw"]
DIFFUSION += ["train.schedule=cosine"]
MEANT_TO_FAIL = {
    "collapsed": (LOGS, ["model.latent_size=1", "loss.objective=non_saturating", "train.steps=600"]),
    "wrong_levels": (
        LOGS, [*DIFFUSION, 'loss={kind="denoising",level_mean=2.5,level_spread=0.3}', "train.steps=600"],
    ),
    "memorising": (
        PAIRS,
        [
            "data.source.samples.count=120", "data.source.samples.samples=2", "train.steps=10000",
            "train.batch_size=40", "train.evaluate_every=1000", "train.patience=100", "model.width_size=256",
            'promise={new="realisation",test=["00[2-9]?","01??"],validation_share=0}',
        ],
    ),
}  # fmt: skip


def main() -> None:
    """What is flagged, and the numbers that each flag rests on, beside the floor between real ones."""
    runs = dict(argument.split("=", 1) for argument in sys.argv[1:])
    found = {}
    for name, (run_file, changes) in MEANT_TO_FAIL.items():
        out = Path(runs.get(name, HERE / "runs" / name))
        if name not in runs:
            outcrop.run(run_file, out=out, overrides=[*changes, "bundle.model=none"])
        (entry,) = json.loads((out / "metrics.json").read_text("utf-8"))["promises"].values()
        (fold,) = entry["judged"]
        rows = {key: row for key, row in fold["model"]["rows"].items() if row["value"] is not None}
        found[name] = {
            "energy_score": entry["test"]["model"]["energy_score"],
            "flags": [flag["id"] for flag in fold["model"]["flags"]],
            "numbers": {key: [float(f"{row[k]:.3g}") for k in ("value", "low", "high")] for key, row in rows.items()},
        }
        print(name, found[name]["flags"], flush=True)
    (HERE / "failures.json").write_text(json.dumps(found, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
