"""Burgers' equation in steps: a network, a linear operator and standing still, each applied to its own answers.

python examples/23_operators/roll.py RUN          writes roll.json beside this file; RUN is `burgers_step`

The network saw 20 steps of every training simulation; here it takes 60 steps of new ones.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.linear_model import RidgeCV

import outcrop
from outcrop.evaluate.fields import WEIGHTS
from outcrop.evaluate.rollout import Stability, stability

HERE = Path(__file__).parent
STEP, SEEN, TAKEN, COUNT = 0.05, 20, 60, 40
TOLD = (1, 5, 20, 40, 60)


def states(count: int, seed: int, steps: int) -> np.ndarray:
    """Velocities of simulations, (time, example, x)."""
    pairs = outcrop.simulate("burgers", count=count, seed=seed, samples=64, time=STEP, steps=steps)
    first = [np.concatenate([p.data["forcing"].to_numpy()[:1], p.data["solution"].to_numpy()]) for p in pairs]
    return np.stack(first, axis=1)


def linear(truth: np.ndarray) -> np.ndarray:
    """The roll-out of the ridge regression from a state to the next one, fitted on the training simulations."""
    known = states(160, 23, SEEN)[:, 40:]  # the first 40 are held out in the run
    before, after = (part.reshape(-1, part.shape[-1]) for part in (known[:-1], known[1:]))
    model, found = RidgeCV(alphas=WEIGHTS).fit(before, after), [truth[0]]
    for _ in range(len(truth) - 1):
        found.append(model.predict(found[-1]))
    return np.stack(found)


def summary(judged: Stability) -> dict[str, Any]:
    """Lowest, median and largest error of every step, growth at some, and how many simulations were lost."""
    spread = np.quantile(judged.error, [0, 0.5, 1], axis=1)
    return {
        "error": {
            name: [float(f"{value:.4g}") for value in row]
            for name, row in zip(("low", "median", "high"), spread, strict=True)
        },
        "growth": {str(k): float(f"{np.median(judged.growth[k - 1]):.4g}") for k in TOLD},
        "worse_than_standing_still": int((judged.worse > 0).sum()),
        "blown_up": int((judged.blown_up > 0).sum()),
        "sentence": judged.sentence,
    }


def main() -> None:
    truth = states(COUNT, 77, TAKEN)
    rolled = outcrop.load(Path(sys.argv[1]) / "model.outcrop").rollout(TAKEN, f=truth[0])
    fields = {"network": rolled.fields, "linear operator": linear(truth), "standing still": np.repeat(truth[:1], 61, 0)}
    found: dict[str, Any] = {name: summary(stability(own, truth)) for name, own in fields.items()}
    found["network"]["outside_validity"] = {str(k): float(np.mean(~rolled.valid[k - 1])) for k in TOLD}
    (HERE / "roll.json").write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    for name, row in found.items():
        print(f"{name}: {row['sentence']}")


if __name__ == "__main__":
    main()
