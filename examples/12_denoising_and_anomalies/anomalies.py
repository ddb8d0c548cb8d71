"""Plants anomalies in logs of wells that a model has not seen, and measures who finds them.

python anomalies.py RUN_FOLDER [--part validation] [--out anomalies_vae.json] writes anomalies.json beside this file
(validation prints only).
Six kinds, in one of the five logs at a time, where all five were measured: see `KINDS`. Every detector gives a score
per sample; the ones that reconstruct share the way an error becomes a score (`evaluate/anomaly.py`), and all take their
threshold from the same validation wells. Area under the ROC curve per well: planted samples against the samples of the
well as it is. Real wells hold washouts and bad samples of their own, which count as usual here.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

import outcrop
from outcrop.config.load import load
from outcrop.evaluate.anomaly import calibrated
from outcrop.evaluate.reconstruction import Components
from outcrop.metric.detection import alarm_rate, auroc
from outcrop.records import Record
from outcrop.run.problem import load_problem
from outcrop.run.reconstruct import code_size
from outcrop.view.view import make

HERE = Path(__file__).parent
COUNT, SEED, DRAWS = 10, 12, 2000
FEWEST = 500
"""Samples with all logs that a well needs to be scored."""


def spike(own: np.ndarray, logs: np.ndarray, k: int, spread: float, rng: np.random.Generator) -> np.ndarray:
    """One sample, 4 standard deviations of the log off."""
    return own + rng.choice([-1, 1]) * 4 * spread


def dropout(own: np.ndarray, logs: np.ndarray, k: int, spread: float, rng: np.random.Generator) -> np.ndarray:
    """The tool sticks: 3 m at the first value."""
    return np.full_like(own, own[0])


def step(own: np.ndarray, logs: np.ndarray, k: int, spread: float, rng: np.random.Generator) -> np.ndarray:
    """A base line that jumps: 8 m, 1.5 standard deviations off."""
    return own + rng.choice([-1, 1]) * 1.5 * spread


def gain(own: np.ndarray, logs: np.ndarray, k: int, spread: float, rng: np.random.Generator) -> np.ndarray:
    """A wrong scale: 8 m with half or twice the deviation from the mean of these metres."""
    return own.mean() + rng.choice([0.5, 2.0]) * (own - own.mean())


def wrong_sign(own: np.ndarray, logs: np.ndarray, k: int, spread: float, rng: np.random.Generator) -> np.ndarray:
    """A wrong polarity: 8 m mirrored at their mean."""
    return 2 * own.mean() - own


def swapped(own: np.ndarray, logs: np.ndarray, k: int, spread: float, rng: np.random.Generator) -> np.ndarray:
    """Another log under this name: 8 m, on the scale of this log."""
    other = logs[:, (k + 1 + rng.integers(logs.shape[1] - 1)) % logs.shape[1]]
    return own.mean() + (other - other.mean()) / max(other.std(), 1e-9) * own.std()


KINDS: dict[str, tuple[int, Callable[..., np.ndarray]]] = {
    "spike": (1, spike), "dropout": (20, dropout), "step": (52, step), "gain": (52, gain),
    "wrong_sign": (52, wrong_sign), "swapped": (52, swapped),
}  # fmt: skip
"""Name -> samples (0.152 m each) and what is done to them, in standard units of the log."""


class Wells:
    """The records of a run, prepared, encoded and by part."""

    def __init__(self, run: Path) -> None:
        self.model = outcrop.load(run / "model.outcrop")
        problem = load_problem(load(run / "run.toml"), HERE)
        fold = json.loads((run / "split.json").read_text())["promises"]
        groups = next(iter(fold.values()))["folds"][0]
        self.records = {record.name: record for record in problem.records}
        self.parts = {part: [n for n, r in self.records.items() if r.groups["well"] in groups[part]] for part in groups
                      if part in ("train", "validation", "test")}  # fmt: skip
        self.names = self.model.reconstructs
        self.view = {k: v for k, v in self.model.bundle.view.items() if k != "kind"}

    def encoded(self, record: Record) -> np.ndarray:
        """The five logs in standard units, NaN where missing, (sample, log)."""
        normaliser = self.model.normaliser
        own = [normaliser.layout[name].values[0] for name in self.names]
        return normaliser.encode(record, fill=False).inputs[:, own].astype(float)

    def all(self, part: str) -> list[np.ndarray]:
        return [self.encoded(self.records[name]) for name in self.parts[part]]

    def planted(self, name: str, kind: str) -> tuple[Record, np.ndarray]:
        """A copy of a well with anomalies of one kind, and which samples they are."""
        record, (length, change) = self.records[name], KINDS[kind]
        logs, normaliser = self.encoded(record), self.model.normaliser
        whole = np.isfinite(logs).all(axis=1)
        starts = np.flatnonzero(np.convolve(whole, np.ones(length + 2 * 32), "valid") == length + 64) + 32
        rng = np.random.default_rng([SEED, sorted(self.records).index(name), list(KINDS).index(kind)])
        mask, changed = np.zeros(len(record), bool), logs.copy()
        for start in rng.permutation(starts)[:2000]:
            span = slice(start, start + length)
            if mask[max(start - 64, 0) : start + length + 64].any() or mask.sum() >= COUNT * length:
                continue
            k = int(rng.integers(len(self.names)))
            changed[span, k] = change(logs[span, k], logs[span], k, np.nanstd(logs[:, k]), rng)
            mask[span] = True
        data = record.data.copy()
        for k, curve in enumerate(self.names):
            values = normaliser.decode_input(record, curve, changed[:, k])
            old = record.flat(curve).astype(float)
            data = data.assign({curve: record.data[curve].copy(data=np.where(mask, values, old))})
        return record.with_data(data), mask


def detectors(wells: Wells) -> dict[str, Callable[[Record], np.ndarray]]:
    """Name -> a function from a well to a score per sample; all are fitted on training wells alone."""
    train = np.concatenate(wells.all("train"))
    whole = train[np.isfinite(train).all(axis=1)]
    centre, inverse = whole.mean(axis=0), np.linalg.inv(np.cov(whole.T))
    usual_jump = np.nanstd(np.concatenate([_jump(logs) for logs in wells.all("train")]), axis=0)

    def mahalanobis(record: Record) -> np.ndarray:
        off = wells.encoded(record) - centre
        return np.sqrt(np.einsum("si,ij,sj->s", off, inverse, off))

    def zscore(record: Record) -> np.ndarray:
        return np.abs((wells.encoded(record) - centre) / whole.std(axis=0)).max(axis=1)

    def despiking(record: Record) -> np.ndarray:
        return np.abs(_jump(wells.encoded(record)) / usual_jump).max(axis=1)

    return {
        "network": lambda record: wells.model.predict_record(record).anomaly,
        "pca_window": _by_error(wells, _window_pca(wells)),
        "pca_sample": _by_error(wells, _sample_pca(whole)),
        "mahalanobis": mahalanobis, "zscore": zscore, "despiking": despiking,
    }  # fmt: skip


def _jump(logs: np.ndarray) -> np.ndarray:
    """What stands out of the median of 11 samples."""
    from scipy.ndimage import median_filter

    return logs - median_filter(np.nan_to_num(logs), size=(11, 1))


def _by_error(wells: Wells, give_back: Callable[[np.ndarray], np.ndarray]) -> Callable[[Record], np.ndarray]:
    """A score from an error of reconstruction, as for the network."""

    def errors(part: str) -> np.ndarray:
        return np.concatenate([give_back(logs) - logs for logs in wells.all(part)])

    held = wells.all("validation")
    group = np.repeat(np.arange(len(held)), [len(logs) for logs in held])
    usual = calibrated(errors("validation"), group, 0.02)

    def score(record: Record) -> np.ndarray:
        logs = wells.encoded(record)
        return usual.score(give_back(logs) - logs)

    return score


def _window_pca(wells: Wells) -> Callable[[np.ndarray], np.ndarray]:
    """As many components of a window as the network's code of it has numbers; overlaps blended as for the network."""
    length = wells.view["length"]
    size = code_size(wells.model.members[0], (length, wells.model.normaliser.in_channels))

    def windows_of(logs: np.ndarray) -> tuple[Any, np.ndarray]:
        import xarray as xr

        view = make("windows", [Record(xr.Dataset({"x": ("depth", logs[:, 0])}), "w")], **wells.view)
        starts = view.origins.reads.ranges["depth"][:, 0]
        return view, np.nan_to_num(logs)[np.minimum(starts[:, None] + np.arange(length), len(logs) - 1)]

    rows = np.concatenate([windows_of(logs)[1] for logs in wells.all("train")])
    found = Components.of(rows.reshape(len(rows), -1), size)

    def give_back(logs: np.ndarray) -> np.ndarray:
        view, rows = windows_of(logs)
        back = found.restored(rows.reshape(len(rows), -1)).reshape(rows.shape)
        return view.stitch(np.arange(len(rows)), back)["w"]

    return give_back


def _sample_pca(whole: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """Two of five components of one sample at a time."""
    found = Components.of(whole, 2)
    return lambda logs: found.restored(np.nan_to_num(logs))


def measured(wells: Wells, part: str) -> dict[str, Any]:
    """AUROC by kind and detector over the wells of a part, and what the thresholds flag in the wells as they are."""
    scores = detectors(wells)
    thresholds = {}
    for name, detector in scores.items():
        held = [detector(wells.records[well]) for well in wells.parts["validation"]]
        group = np.repeat(np.arange(len(held)), [len(one) for one in held])
        about = calibrated(np.concatenate(held)[:, None], group, 0.02)
        thresholds[name] = about.threshold * about.spread[0]  # the score itself, not its ratio to the usual one
    thresholds["network"] = float(wells.model.bundle.provenance["usual"]["threshold"])
    areas: dict[str, dict[str, list[float]]] = {kind: {name: [] for name in scores} for kind in KINDS}
    alarms: dict[str, list[float]] = {name: [] for name in scores}
    caught: dict[str, dict[str, list[float]]] = {kind: {name: [] for name in scores} for kind in KINDS}
    used = []
    for well in wells.parts[part]:
        clean = np.isfinite(wells.encoded(wells.records[well])).all(axis=1)
        if clean.sum() < FEWEST:
            continue
        used.append(well)
        usual = {name: detector(wells.records[well]) for name, detector in scores.items()}
        for name, one in usual.items():
            alarms[name].append(alarm_rate(score=one, threshold=thresholds[name]))
        for kind in KINDS:
            record, mask = wells.planted(well, kind)
            for name, detector in scores.items():
                found = detector(record)
                both = np.r_[found[mask], usual[name][clean]]
                areas[kind][name].append(auroc(score=both, unusual=np.arange(len(both)) < mask.sum()))
                caught[kind][name].append(alarm_rate(score=found[mask], threshold=thresholds[name]))
    draws = np.random.default_rng(0).integers(len(used), size=(DRAWS, len(used)))
    return {
        "part": part, "wells": used, "asked": 0.02,
        "auroc": {kind: {n: _mean(v, draws) for n, v in each.items()} for kind, each in areas.items()},
        "ahead_of": {kind: {n: _mean(np.subtract(each["network"], v), draws) for n, v in each.items() if n != "network"}
                     for kind, each in areas.items()},
        "flagged": {n: {**_mean(v, draws), "lowest_well": min(v), "highest_well": max(v)} for n, v in alarms.items()},
        "caught": {kind: {n: _mean(v, draws) for n, v in each.items()} for kind, each in caught.items()},
    }  # fmt: skip


def _mean(values: Any, draws: np.ndarray) -> dict[str, float]:
    """The mean over wells with its 95 % interval, by drawing wells."""
    values = np.asarray(values, float)
    low, high = np.quantile(values[draws].mean(axis=1), [0.025, 0.975])
    return {"value": float(values.mean()), "low": float(low), "high": float(high)}


def _told(found: Mapping[str, Any]) -> None:
    names = list(found["flagged"])
    print(f"{found['part']}: {len(found['wells'])} wells; AUROC (mean over wells)")
    print(" " * 12 + "".join(f"{name:>13}" for name in names))
    for kind, row in found["auroc"].items():
        print(f"{kind:12}" + "".join(f"{row[name]['value']:13.3f}" for name in names))
    print("flagged     " + "".join(f"{found['flagged'][name]['value']:13.3f}" for name in names))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path)
    parser.add_argument("--part", default="test", choices=["validation", "test"])
    parser.add_argument("--out", type=Path, default=HERE / "anomalies.json")
    arguments = parser.parse_args()
    found = measured(Wells(arguments.run), arguments.part)
    _told(found)
    if arguments.part == "test":
        text = json.dumps(found, indent=1, ensure_ascii=False, default=float) + "\n"
        arguments.out.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
