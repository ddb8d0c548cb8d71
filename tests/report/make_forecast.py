"""Fabricates the run folder of a monthly forecast with a seeded generator."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from make_folder import write_history, write_json
from make_texts import ENVIRONMENT, RUN_FORECAST


def forecast(folder: Path, *, months: int = 228, seed: int = 0) -> Path:
    """Writes the run folder of a monthly forecast of sea-surface temperature, six months ahead."""
    import xarray as xr

    rng = np.random.default_rng(seed)
    folder.mkdir(parents=True, exist_ok=True)
    time = np.datetime64("1992-01") + np.arange(months)
    month = np.arange(months) % 12
    season = 23.2 + 3.0 * np.cos(2 * np.pi * (month - 2) / 12)
    slow = np.convolve(rng.normal(size=months + 24), np.hanning(25) / 4, "valid") * 1.6
    target = season + slow
    target[40:43] = np.nan
    table = {
        "record": np.zeros(months, np.int32),
        "index": np.arange(months, dtype=np.int32) + 500,
        "fold": np.zeros(months, np.int32),
        "time": time.astype("datetime64[ns]"),
        "target": target,
        "prediction": season + 0.55 * slow + 0.35 * rng.normal(size=months),
        "baseline_climatology": season,
        "baseline_persistence": np.roll(season + slow, 6),
        "baseline_linear": season + 0.4 * slow + 0.45 * rng.normal(size=months),
        "valid": (rng.random(months) > 0.05).astype(np.float32),
    }
    variables = {k: ("sample", v, {"units": "degC"} if k in ("target", "prediction") else {}) for k, v in table.items()}
    xr.Dataset(variables, attrs={"records": json.dumps(["NINO1+2"])}).to_netcdf(
        folder / "predictions.nc", engine="h5netcdf"
    )

    def scores(values: np.ndarray) -> dict[str, dict[str, float]]:
        error = (values - target)[np.isfinite(target)]
        known = target[np.isfinite(target)]
        rmse, mae = float(np.sqrt(np.mean(error**2))), float(np.abs(error).mean())
        r2 = 1 - float(np.mean(error**2) / np.var(known))
        return {
            "rmse": {"value": rmse, "low": rmse * 0.9, "high": rmse * 1.12},
            "mae": {"value": mae},
            "r2": {"value": r2},
            "bias": {"value": float(error.mean())},
        }

    lines = {k.removeprefix("baseline_"): scores(v) for k, v in table.items() if k.startswith("baseline_")}
    own = scores(table["prediction"])
    gains = {k: v["rmse"]["value"] - own["rmse"]["value"] for k, v in lines.items()}
    verdict = {
        k: {
            "word": "beats" if g > 0.2 else "cannot tell",
            "difference": g,
            "low": g - 0.1,
            "high": g + 0.1,
            "sentence": "",
        }
        for k, g in gains.items()
    }
    promise = {
        "test": {"model": own, "baselines": lines},
        "verdict": verdict,
        "optimism_gap": None,
        "confusion": None,
        "per_class": [],
        "per_record": [],
    }
    write_json(
        folder,
        "metrics",
        {"promises": {"later": promise}, "effective_samples": {"total": 19.0}, "timing": {"train_seconds": 8.4}},
    )
    record = {
        "name": "NINO1+2",
        "source": "elnino",
        "sha256": "ab" * 32,
        "groups": {},
        "samples": 732,
        "labelled": 729,
        "position": {},
        "notes": [],
    }
    rows = [
        {
            "name": n,
            "role": r,
            "unit": "degC",
            "sources": ["SST"],
            "transform": "none",
            "missing": "impute",
            "scope": "training",
        }
        for n, r in (("SST", "input"), ("SST", "target"))
    ]
    write_json(
        folder,
        "data",
        {
            "records": [record],
            "variables": rows,
            "resolutions": [],
            "joins": [],
            "classes": None,
            "frame": {},
            "fingerprint": "cd" * 32,
        },
    )
    sentence = (
        "The test part begins on 1992-01-01; 23 months before it are left out so that nothing read reaches across."
    )
    fold = {"train": ["NINO1+2"], "validation": ["NINO1+2"], "test": ["NINO1+2"]}
    write_json(
        folder,
        "split",
        {"promises": {"later": {"sentence": sentence, "key": "time", "kind": "holdout", "folds": [fold]}}},
    )
    write_json(folder, "audit", [])
    write_json(folder, "environment", ENVIRONMENT)
    (folder / "run.toml").write_text(RUN_FORECAST, encoding="utf-8")
    write_history(folder, rng, 1)
    return folder
