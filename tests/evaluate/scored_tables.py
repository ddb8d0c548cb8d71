"""Made-up scored wells and months with known scores, shared by the tests of evaluation."""

from types import SimpleNamespace

import numpy as np

from outcrop.evaluate.scored import Scored

COST = np.array([[0.0, 2.0, 4.0], [2.0, 0.0, 3.0], [4.0, 3.0, 0.0]])


def classes(cost=COST):
    """Three rocks; only what evaluation reads of a class table."""
    return SimpleNamespace(codes=(30, 65, 90), names=("sand", "shale", "coal"), cost=cost)


def wells(count=12, each=60, right=None, cost=COST, seed=0):
    """Wells whose samples every contender gets right with its own probability."""
    rng = np.random.default_rng(seed)
    right = right or {"model": 0.9, "majority": 0.5, "boosted_trees": 0.7}
    record = np.repeat(np.arange(count), each)
    target = rng.choice(3, p=[0.3, 0.6, 0.1], size=len(record))
    predictions, probabilities = {}, {}
    for name, share in right.items():
        labels = np.where(rng.random(len(target)) < share, target, (target + 1) % 3)
        predictions[name] = labels
        sure = rng.uniform(0.4, 1.0, len(target))[:, None]
        probabilities[name] = np.where(np.arange(3) == labels[:, None], sure, (1 - sure) / 2)
    names = tuple(f"well {i:02d}" for i in range(count))
    position = np.tile(1000.0 + 0.5 * np.arange(each), count)
    groups = {"well": np.array(names), "field": np.array([f"field {i // 4}" for i in range(count)])}
    return Scored(
        record,
        names,
        position,
        target,
        predictions,
        probabilities,
        fold=record % 3,
        classes=classes(cost),
        groups=groups,
    )


def months(years=12, error=None, seed=0):
    """One record of monthly temperature in degC, with normal errors of the given standard deviations."""
    rng = np.random.default_rng(seed)
    time = np.arange("1990-01", f"{1990 + years}-01", dtype="datetime64[M]").astype("datetime64[ns]")
    target = 25.0 + np.sin(2 * np.pi * np.arange(len(time)) / 12)
    error = error or {"model": 0.2, "persistence": 0.6, "mean": 1.0}
    predictions = {name: target + sd * rng.normal(size=len(time)) for name, sd in error.items()}
    return Scored(np.zeros(len(time), dtype=int), ("nino",), time, target, predictions, unit="degC")
