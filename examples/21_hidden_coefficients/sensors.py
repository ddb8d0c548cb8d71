"""Writes sensors.csv: the potential along the rod at twenty places, with noise."""

from __future__ import annotations

import argparse
from pathlib import Path

import pandas as pd

from outcrop.physics.invert.problems import InverseProblem, conductivity

HERE = Path(__file__).parent


def write(path: Path, seed: int) -> InverseProblem:
    """Writes the table of one draw of the noise, and gives back the problem it belongs to."""
    problem = conductivity(seed=seed)
    pd.DataFrame({"x": problem.coordinates["sensor"], "u": problem.data}).to_csv(path, index=False)
    return problem


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    write(HERE / "sensors.csv", parser.parse_args().seed)
