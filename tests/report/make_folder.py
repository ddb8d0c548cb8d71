"""Fabricates the run folder of a facies rotation over wells with a seeded generator.

The numbers are made up and consistent with each other (scores are computed from the predictions that are written).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from make_texts import AUDIT, ENVIRONMENT, FINDINGS, RUN_FACIES

CLASSES = (
    "Sandstone", "Sandstone/Shale", "Shale", "Marl", "Dolomite", "Limestone",
    "Chalk", "Halite", "Anhydrite", "Tuff", "Coal", "Basement",
)  # fmt: skip
CODES = (30000, 65030, 65000, 80000, 74000, 70000, 70032, 88000, 86000, 99000, 90000, 93000)
COMMON = np.array([0.12, 0.1, 0.55, 0.06, 0.01, 0.06, 0.04, 0.02, 0.005, 0.02, 0.01, 0.005])
INPUTS = {"GR": "gAPI", "RHOB": "g/cm3", "NPHI": "m3/m3", "DTC": "us/ft", "RDEP": "ohm.m", "PEF": "b/e"}
BASELINES = {
    "boosted_trees_window": 0.30,
    "boosted_trees": 0.33,
    "nearest_neighbours": 0.4,
    "logistic": 0.45,
    "majority": 1.0,
}
MODEL = 0.27


@dataclass
class Well:
    """One fabricated (or real) well: depth m, class index (-1 missing), input curves."""

    name: str
    depth: np.ndarray
    target: np.ndarray
    inputs: dict[str, np.ndarray]
    easting: float
    northing: float


def facies(
    folder: Path, *, wells: int = 28, samples: int = 300, folds: int = 7, seed: int = 0, real: list[Well] | None = None
) -> Path:
    """Writes the run folder of a K-fold rotation over wells with twelve classes."""
    rng = np.random.default_rng(seed)
    made = real or [_well(rng, i, samples) for i in range(wells)]
    fold_of = np.arange(len(made)) % folds
    table = _predict(rng, made, fold_of)
    folder.mkdir(parents=True, exist_ok=True)
    _netcdf(folder, table, [w.name for w in made])
    parts = [_parts(made, fold_of, k) for k in range(folds)]
    sentence = f"Every well is tested once, by a network trained on other wells ({folds} folds)."
    split = {"promises": {"new = well": {"sentence": sentence, "key": "well", "kind": "rotation", "folds": parts}}}
    write_json(folder, "split", split)
    write_json(folder, "data", _data(made, table))
    write_json(folder, "metrics", _metrics(table, made, fold_of))
    write_json(folder, "audit", AUDIT)
    write_json(folder, "findings", FINDINGS)
    write_json(folder, "environment", ENVIRONMENT)
    (folder / "run.toml").write_text(RUN_FACIES, encoding="utf-8")
    write_history(folder, rng, folds)
    return folder


def _well(rng: np.random.Generator, number: int, samples: int) -> Well:
    """Layers of random thickness; every curve follows its class with noise; one gap, some curves absent."""
    target = np.repeat(rng.choice(len(CLASSES), size=samples, p=COMMON / COMMON.sum()), rng.integers(3, 25, samples))[
        :samples
    ]
    level = np.random.default_rng(99).normal(size=(len(INPUTS), len(CLASSES)))
    inputs = {}
    for k, (name, scale) in enumerate(
        zip(INPUTS, ((80, 35), (2.4, 0.15), (0.25, 0.1), (95, 20), (0.6, 0.5), (4, 1)), strict=True)
    ):
        values = scale[0] + scale[1] * (level[k][target] + 0.4 * rng.normal(size=samples))
        inputs[name] = 10**values if name == "RDEP" else values
    if number % 3 == 0:
        inputs["PEF"] = np.full(samples, np.nan)
    inputs["NPHI"][samples // 5 : samples // 4] = np.nan
    depth = 1000 + 37.0 * number + 0.152 * np.arange(samples)
    depth[samples // 2 :] += 0.152 * samples / 20
    place = rng.normal(size=2) * (30_000, 90_000) + (470_000, 6_550_000)
    return Well(f"{15 + number % 3}/{1 + number % 9}-{number + 1}", depth, target, inputs, *place)


def _predict(rng: np.random.Generator, wells: list[Well], fold_of: np.ndarray) -> dict[str, np.ndarray]:
    """The sample table: wrong stretches of random length, more of them in some wells."""
    columns: dict[str, list[np.ndarray]] = {}
    for number, well in enumerate(wells):
        size = len(well.target)
        hard = float(np.clip(rng.gamma(4, 0.25), 0.3, 2.4))
        rows = {
            "record": np.full(size, number, np.int32),
            "index": np.arange(size, dtype=np.int32),
            "fold": np.full(size, fold_of[number], np.int32),
            "depth": well.depth,
            "target": well.target.astype(np.int32),
            "prediction": _mislead(rng, well.target, MODEL * hard),
            "distance": rng.gamma(2, 0.3, size).astype(np.float32),
        }
        wrong = rows["prediction"] != well.target
        rows["confidence"] = np.clip(rng.beta(6, 2, size) - 0.2 * wrong, 0.1, 1).astype(np.float32)
        rows["valid"] = (np.convolve(rng.normal(size=size), np.ones(25) / 5, "same") < 1.8).astype(np.float32)
        for name, rate in BASELINES.items():
            rows[f"baseline_{name}"] = (
                np.full(size, 2, np.int32) if rate == 1.0 else _mislead(rng, well.target, rate * hard)
            )
        rows |= {f"input_{k}": v.astype(np.float32) for k, v in well.inputs.items()}
        for name, values in rows.items():
            columns.setdefault(name, []).append(values)
    return {name: np.concatenate(parts) for name, parts in columns.items()}


def _mislead(rng: np.random.Generator, target: np.ndarray, rate: float) -> np.ndarray:
    """The truth with wrong stretches; wrong classes are mostly the common ones."""
    size = len(target)
    length = max(4, size // 150)
    blocks = -(-size // length)
    wrong = np.repeat(rng.random(blocks) < min(rate, 0.9), length)[:size]
    other = np.repeat(rng.choice(len(CLASSES), size=blocks, p=COMMON / COMMON.sum()), length)[:size]
    known = np.where(target >= 0, target, np.roll(other, 7))
    return np.where(wrong, other, known).astype(np.int32)


def _netcdf(
    folder: Path, table: dict[str, np.ndarray], records: list[str], units: dict[str, str] | None = None
) -> None:
    import xarray as xr

    known = {f"input_{k}": u for k, u in INPUTS.items()} | {"depth": "m"} | (units or {})
    variables = {k: ("sample", v, {"units": known[k]} if k in known else {}) for k, v in table.items()}
    xr.Dataset(variables, attrs={"records": json.dumps(records)}).to_netcdf(
        folder / "predictions.nc", engine="h5netcdf"
    )


def _parts(wells: list[Well], fold_of: np.ndarray, k: int) -> dict[str, list[str]]:
    rest = [w.name for w, f in zip(wells, fold_of, strict=True) if f != k]
    return {
        "train": rest[4:],
        "validation": rest[:4],
        "test": [w.name for w, f in zip(wells, fold_of, strict=True) if f == k],
    }


def _data(wells: list[Well], table: dict[str, np.ndarray]) -> dict:
    rng = np.random.default_rng(5)
    records = [
        {
            "name": w.name,
            "source": f"wells/{w.name.replace('/', '_')}.las",
            "sha256": rng.bytes(32).hex(),
            "groups": {"well": w.name},
            "samples": len(w.depth),
            "labelled": int((w.target >= 0).sum()),
            "position": {"easting": w.easting, "northing": w.northing},
            "effective_samples": round(float((np.diff(w.target) != 0).sum()) * 0.7 + 1, 1),
            "notes": ["resampled from 0.1524 m to 0.152 m"] if i % 5 == 0 else [],
        }
        for i, w in enumerate(wells)
    ]
    variables = [
        {
            "name": k,
            "role": "input",
            "unit": u,
            "sources": [k],
            "transform": "log10" if k == "RDEP" else "none",
            "missing": "mask",
            "scope": "training",
        }
        for k, u in INPUTS.items()
    ]
    variables.append(
        {
            "name": "LITH",
            "role": "target",
            "unit": None,
            "sources": ["FORCE_2020_LITHOFACIES_LITHOLOGY"],
            "transform": "none",
            "missing": "drop",
            "scope": "training",
        }
    )
    resolutions = [
        {
            "record": w.name,
            "variable": "PEF",
            "source": None,
            "conversion": "",
            "missing": True,
            "missing_share": 1.0,
            "out_of_range": 0,
        }
        for w in wells
        if "PEF" in w.inputs and not np.isfinite(w.inputs["PEF"]).any()
    ]
    classes = [{"code": c, "name": n} for c, n in zip(CODES, CLASSES, strict=True)]
    frame = {"vertical": "md", "positive": "down", "crs": "EPSG:23031"}
    return {
        "records": records,
        "variables": variables,
        "resolutions": resolutions,
        "joins": [],
        "classes": classes,
        "frame": frame,
        "fingerprint": "9f" * 32,
    }


SIZE = len(CLASSES)
COST = np.abs(np.subtract.outer(np.arange(SIZE), np.arange(SIZE))) ** 0.5 * 1.2


def _metrics(table: dict[str, np.ndarray], wells: list[Well], fold_of: np.ndarray) -> dict:
    """metrics.json in the shape that evaluate writes."""
    known = table["target"] >= 0
    t = {name: column[known] for name, column in table.items()}
    target, prediction = t["target"], t["prediction"]
    model = _scores(target, prediction)
    lines = {name: _scores(target, t[f"baseline_{name}"]) for name in BASELINES}
    gains = {name: line["expected_cost"] - model["expected_cost"] for name, line in lines.items()}
    promise = {
        "promise": "new = well",
        "primary": "expected_cost",
        "resampled": f"{len(wells)} wells",
        "level": 0.95,
        "test": {"model": _spread(model), "baselines": {k: _spread(v) for k, v in lines.items()}},
        "verdict": {name: _verdict(name, gain) for name, gain in gains.items()},
        "folds": [],
        "per_record": [
            _record_row(w.name, int(fold_of[i]), target[t["record"] == i], prediction[t["record"] == i])
            for i, w in enumerate(wells)
        ],
        "per_class": _per_class(target, prediction),
        "confusion": _counts(target, prediction).tolist(),
        "by_distance": [],
        "by_confidence": _by_confidence(t["confidence"], prediction == target),
        "by_validity": {
            name: {"share": float(mask.mean()), "model": _scores(target[mask], prediction[mask])}
            for name, mask in (("inside", t["valid"] == 1), ("outside", t["valid"] == 0))
        },
        "high_confidence": {"share": 0.84, "model": {"expected_cost": model["expected_cost"] * 0.9}},
        "optimism_gap": {
            "metric": "expected_cost",
            "promised": model["expected_cost"],
            "random": model["expected_cost"] * 0.55,
            "sentence": "A random split would have promised less: samples of one well are then on both sides.",
        },
        "coverage": {"samples": len(known), "labelled": int(known.sum()), "without_prediction": 0},
    }
    about = {"expected_cost": {"label": "mean penalty", "better": "lower", "unit": ""}}
    timing = {"train_seconds": 1263.0, "predict_seconds": 31.2}
    told = {"total": 3412.4, "labelled": int(known.sum()), "per_record": {}}
    return {"promises": {"new = well": promise}, "metrics": about, "effective_samples": told, "timing": timing}


def _counts(target: np.ndarray, prediction: np.ndarray) -> np.ndarray:
    counts = np.zeros((SIZE, SIZE), int)
    np.add.at(counts, (target, prediction), 1)
    return counts


def _scores(target: np.ndarray, prediction: np.ndarray) -> dict[str, float]:
    counts = _counts(target, prediction)
    f1 = 2 * np.diag(counts) / np.maximum(counts.sum(0) + counts.sum(1), 1)
    return {
        "expected_cost": float(COST[target, prediction].mean()),
        "macro_f1": float(f1[counts.sum(1) > 0].mean()),
        "accuracy": float((target == prediction).mean()),
    }


def _spread(scores: dict[str, float]) -> dict[str, dict[str, float]]:
    return {
        k: {"value": v, "low": v * 0.9, "high": v * 1.1 if k == "expected_cost" else v * 1.05}
        for k, v in scores.items()
    }


def _verdict(name: str, gain: float) -> dict:
    word = "beats" if gain > 0.06 else "cannot tell"
    return {"word": word, "difference": gain, "low": gain - 0.05, "high": gain + 0.05, "sentence": f"{word} {name}"}


def _record_row(name: str, fold: int, target: np.ndarray, prediction: np.ndarray) -> dict:
    row = {"record": name, "fold": fold, "samples": len(target), "distance_m": None, "valid_share": 0.94}
    return row | {"model": _scores(target, prediction), "baselines": {}}


def _per_class(target: np.ndarray, prediction: np.ndarray) -> list[dict]:
    counts = _counts(target, prediction)
    rows = []
    for k, name in enumerate(CLASSES):
        wrong = np.where(np.arange(SIZE) == k, 0, counts[k])
        support, called = int(counts[k].sum()), int(counts[:, k].sum())
        row = {"class": name, "code": CODES[k], "support": support, "records": min(28, support // 500 + bool(support))}
        row |= {"precision": float(counts[k, k] / max(called, 1)), "recall": float(counts[k, k] / max(support, 1))}
        row |= {"f1": float(2 * counts[k, k] / max(support + called, 1)), "taken_for": None}
        if wrong.any():
            row |= {"taken_for": CLASSES[wrong.argmax()], "taken_for_share": float(wrong.max() / support)}
        rows.append(row)
    return rows


def _by_confidence(confidence: np.ndarray, right: np.ndarray) -> list[dict[str, float]]:
    rows = []
    for low, high in ((0.0, 0.5), (0.5, 0.7), (0.7, 0.9), (0.9, 1.01)):
        mask = (confidence >= low) & (confidence < high)
        if mask.any():
            means = {"confidence": float(confidence[mask].mean()), "accuracy": float(right[mask].mean())}
            rows.append({"from": low, "to": high, "share": float(mask.mean()), **means})
    return rows


def write_history(folder: Path, rng: np.random.Generator, folds: int) -> None:
    lines = ["fold,member,step,train_loss,validation_loss,learning_rate,seconds"]
    for fold in range(folds):
        floor, start = rng.normal(0.62, 0.08), rng.normal(0.03, 0.01)
        for step in range(50, 2001, 50):
            train = 0.35 + 1.7 * np.exp(-step / 250) + 0.02 * rng.normal()
            validation = floor + 1.5 * np.exp(-step / 220) + 0.1 * abs(start) * (step / 400) ** 2 + 0.015 * rng.normal()
            lines.append(f"{fold},0,{step},{train:.5f},{validation:.5f},0.001,{step / 40:.2f}")
        lines.append(f"{fold},0,2050,{train:.5f},,0.001,51.3")
    (folder / "history.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_json(folder: Path, name: str, content: object) -> None:
    (folder / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")
