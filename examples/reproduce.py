"""Runs the worked examples and writes their results.json: `make examples`, or python examples/reproduce.py NAME ...

A result names the code, the data and the split it was measured with. `--collect RUN...` writes results.json from run
folders that exist already, under the names of `runs.toml` beside the example. `--evidence` writes what all
results.json say as the table that outcrop ships and `outcrop new --advise` quotes.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import tomllib
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
EVIDENCE = HERE.parent / "src/outcrop/config/evidence.csv"
KEPT = ("value", "low", "high")


def variants(example: Path) -> dict[str, list[str]]:
    """Name -> `--set` changes of every run of an example; one run without changes where there is no runs.toml."""
    listed = example / "runs.toml"
    return tomllib.loads(listed.read_text("utf-8")) if listed.is_file() else {"main": []}


def summary(run: Path) -> dict[str, Any]:
    """What a run folder says, without its tables: scores, verdicts, the gap, time, memory, fingerprints."""
    metrics, about = (json.loads((run / name).read_text("utf-8")) for name in ("metrics.json", "environment.json"))
    if "problem" in metrics:
        return _solved(metrics, about)
    data = json.loads((run / "data.json").read_text("utf-8"))
    promise, entry = next(iter(metrics["promises"].items()))
    metric = entry["primary"]

    def kept(scores: dict[str, Any]) -> dict[str, Any]:
        return {key: _rounded(scores[metric].get(key)) for key in KEPT}

    return {
        "promise": promise,
        "metric": metric,
        "resampled": entry["resampled"],
        "network": kept(entry["test"]["model"]),
        "all_metrics": {name: _rounded(score["value"]) for name, score in entry["test"]["model"].items()},
        "baselines": {name: kept(scores) for name, scores in entry["test"]["baselines"].items() if metric in scores},
        "verdict": {name: _some(row, "word", "difference", "low", "high") for name, row in entry["verdict"].items()},
        "intervals": _held(entry.get("intervals")),
        "by_lead": _by_lead(entry, metric),
        **_given_back(entry),
        **_drawn(entry),
        "optimism_gap": entry["optimism_gap"] and _some(entry["optimism_gap"], "random", "promised", "gap"),
        "high_confidence": entry["high_confidence"] and _rounded(entry["high_confidence"]["model"][metric]),
        "effective_samples": _rounded(metrics["effective_samples"]["total"]),
        "wall_time_seconds": about["wall_time_seconds"],
        "peak_memory_bytes": about["peak_memory_bytes"],
        "parameters": about["parameters"],
        "code_version": about["code_version"],
        "data_fingerprint": data["fingerprint"],
        "scored_before": metrics.get("scored_before", 0),
    }


def _solved(metrics: dict[str, Any], about: dict[str, Any]) -> dict[str, Any]:
    """What a run of an equation says."""
    told = metrics["problem"]
    rows = [row | {"value": _rounded(row["value"])} for row in told["rows"]]
    size = ("wall_time_seconds", "peak_memory_bytes", "parameters", "code_version")
    steps = {"steps": metrics["timing"]["steps"]}
    head = {key: told[key] for key in ("equation", "formula", "members")}
    return head | {"rows": rows} | {key: about[key] for key in size} | steps


def _held(entry: dict[str, Any] | None) -> dict[str, Any] | None:
    """What calibrated intervals were asked for and what they held, or why there are none."""
    keys = ("level", "coverage", "lowest", "mean_size", "calibration_groups", "noun", "reason")
    return entry and {key: _rounded(entry[key]) for key in keys if key in entry}


def _by_lead(entry: dict[str, Any], metric: str) -> dict[str, dict[str, Any]] | None:
    """Lead -> score of the network and of every baseline, at eight leads at most."""
    rows = entry.get("by_lead") or []
    kept = rows[:: -(-len(rows) // 8)] + rows[-1:] if rows else []
    scores = {row["lead"]: {"network": row["model"][metric], **row["baselines"]} for row in kept}
    return {str(k): {name: _rounded(v) for name, v in row.items()} for k, row in scores.items()} or None


def _given_back(entry: dict[str, Any]) -> dict[str, Any]:
    """Of inputs given back: the gain in dB at every ratio of noise, and how often usual samples are flagged."""
    found: dict[str, Any] = {}
    if rows := entry.get("by_snr_db"):
        gains = {str(row["snr_db"]): row["gain"] for row in rows}
        found["gain_db"] = {k: {n: _some(g, *KEPT) for n, g in row.items()} for k, row in gains.items()}
    if alarms := entry.get("anomaly"):
        found["alarms"] = _some(alarms, "asked", "flagged", "lowest", "highest")
    return found


def _drawn(entry: dict[str, Any]) -> dict[str, Any]:
    """Of generators: every metric of realisations beside its floor, and what is honoured, of the first fold."""
    found: dict[str, Any] = {}
    for key in ("judged", "told"):
        for fold in (entry.get(key) or [])[:1]:
            own = fold["model"]["rows"]
            found[key] = {
                metric: {"floor": [_rounded(row["low"]), _rounded(row["high"])]}
                | {name: _rounded(other["rows"].get(metric, {}).get("value")) for name, other in fold.items()}
                for metric, row in own.items()
            }
            found[f"{key}_flags"] = {name: [flag["id"] for flag in other["flags"]] for name, other in fold.items()}
            if key == "told":
                shares = {name: other["honoured"] and other["honoured"]["data"] for name, other in fold.items()}
                found["honoured"] = {name: _rounded(share) for name, share in shares.items()}
    return found


def _some(row: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {key: _rounded(row[key]) for key in keys}


def _rounded(value: Any) -> Any:
    return float(f"{value:.4g}") if isinstance(value, float) else value


def evidence() -> str:
    """One row per network of every example with a run file and results, as CSV (`outcrop.config.evidence.Measured`)."""
    from dataclasses import fields

    from outcrop.config.evidence import Measured

    text = io.StringIO()
    writer = csv.DictWriter(text, [entry.name for entry in fields(Measured)], lineterminator="\n")
    writer.writeheader()
    for listed in sorted(HERE.glob("*/results.json")):
        results = json.loads(listed.read_text("utf-8"))
        if (listed.parent / "run.toml").is_file():
            changes = variants(listed.parent)
            runs = {name: result for name, result in results.items() if name in changes}
            writer.writerows(
                (_solved_row if "equation" in result else _row)(listed.parent, name, changes[name], result)
                for name, result in runs.items()
                if "network" in result or "equation" in result
            )
    return text.getvalue()


def _row(example: Path, run: str, changes: list[str], result: dict[str, Any]) -> dict[str, Any]:
    """What one run measured, beside the best baseline."""
    from outcrop.config.load import overridden
    from outcrop.metric.table import METRICS
    from outcrop.model.entries import FAMILIES

    file, changes = _run_file(changes)
    raw = overridden(tomllib.loads((example / file).read_text("utf-8")), changes)
    view, family = raw["data"].get("view", {}), raw["model"]["family"]
    stated = "sequences" if "history" in view and "sequences" in FAMILIES[family].views else FAMILIES[family].views[0]
    stated = "points" if "steps" in view else stated
    sign = -1 if METRICS[result["metric"]].better == "higher" else 1
    known = {name: score["value"] for name, score in result["baselines"].items() if score["value"] is not None}
    best = min(known, key=lambda name: sign * known[name])
    score = result["network"]
    return {
        "example": example.name,
        "title": (example / "README.md").read_text("utf-8").splitlines()[0].lstrip("# "),
        "run": run,
        "view": view.get("kind", "auto") if view.get("kind", "auto") != "auto" else stated,
        "family": family,
        "promise": result["promise"],
        "metric": result["metric"],
        "score": score["value"],
        "low": score["low"],
        "high": score["high"],
        "baseline": best,
        "baseline_score": known[best],
        "word": _word(result["verdict"].get(best, {"word": "cannot tell", "low": None, "high": None})),
        "independent": result["effective_samples"],
        "parameters": result["parameters"],
    }


def _solved_row(example: Path, run: str, changes: list[str], result: dict[str, Any]) -> dict[str, Any]:
    """The error of what an equation was solved for, with the range over networks; of draws where they were compared."""
    from outcrop.config.load import overridden

    file, changes = _run_file(changes)
    raw = overridden(tomllib.loads((example / file).read_text("utf-8")), changes)
    errors = {row["what"].partition("relative L2 error")[2]: row for row in result["rows"] if "L2" in row["what"]}
    own, rivals = errors.pop(""), {name.removeprefix(" of "): row["value"] for name, row in errors.items()}
    best = min(rivals, key=lambda name: rivals[name])
    low, _, high = own["spread"].partition(" to ")
    compared = example / "seeds.json"
    row = {
        "example": example.name,
        "title": (example / "README.md").read_text("utf-8").splitlines()[0].lstrip("# "),
        "run": run,
        "view": "collocation",
        "family": raw.get("model", {}).get("family", "mlp"),
        "promise": "",
        "metric": "relative_l2",
        "score": own["value"],
        "low": low,
        "high": high,
        "baseline": best,
        "baseline_score": rivals[best],
        "word": "no rival",
        "independent": "",
        "parameters": result["parameters"],
    }
    if compared.is_file() and run == next(iter(variants(example))):  # drawn anew beside other methods
        told = json.loads(compared.read_text("utf-8"))
        score, other = told["summary"]["network"], told["best_classical"]
        row |= {"score": _rounded(score["median"]), "low": _rounded(score["low"]), "high": _rounded(score["high"])}
        row |= {"baseline": other, "baseline_score": _rounded(told["summary"][other]["median"])}
        low, high = told["gain"]["low"], told["gain"]["high"]
        row["word"] = "beats" if low > 0 else "does not beat" if high < 0 else "cannot tell"
    return row


def _word(verdict: dict[str, Any]) -> str:
    """The verdict; a clear difference that none is given on, because so few groups were held out, is named."""
    low, high = verdict["low"], verdict["high"]
    clear = low is not None and high is not None and low * high > 0
    return "too few groups" if verdict["word"] == "cannot tell" and (clear or low is None) else verdict["word"]


def reproduce(example: Path) -> dict[str, Any]:
    """Runs every variant of an example; folders go to `runs/` in the example."""
    import outcrop
    from outcrop.run.folder import next_free

    results = {}
    for name, changes in variants(example).items():
        print(f"{example.name}: {name}", flush=True)
        out = next_free(example / "runs", name)
        file, changes = _run_file(changes)
        outcrop.run(example / file, out=out, overrides=changes, tell=_Lines())
        results[name] = summary(out)
    return results


def _run_file(changes: list[str]) -> tuple[str, list[str]]:
    """The run file of a variant, `run.toml` unless its first entry names another one, and its changes."""
    other = bool(changes) and changes[0].endswith(".toml")
    return (changes[0], changes[1:]) if other else ("run.toml", changes)


class _Lines:
    """Prints finished stages."""

    def __call__(self, sentence: str) -> None:
        print("  " + sentence, flush=True)

    def step(self, *_: Any) -> None:
        """Steps are not printed."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="examples, by the start of their folder's name; all by default")
    parser.add_argument("--collect", nargs="+", type=Path, help="run folders to summarise instead of running")
    parser.add_argument("--evidence", action="store_true", help="write the table that outcrop ships, and stop")
    arguments = parser.parse_args()
    if arguments.evidence:
        EVIDENCE.write_text(evidence(), "utf-8")
        print(f"wrote {EVIDENCE.relative_to(HERE.parent)}")
        return
    folders = sorted(path.parent for path in HERE.glob("*/run.toml"))
    chosen = [f for f in folders if not arguments.names or any(f.name.startswith(name) for name in arguments.names)]
    for example in chosen:
        if arguments.collect:
            results = dict(zip(variants(example), map(summary, arguments.collect), strict=True))
        else:
            results = reproduce(example)
        text = json.dumps(results, indent=1, ensure_ascii=False) + "\n"
        (example / "results.json").write_text(text, "utf-8")
        print(f"wrote {example.name}/results.json")
    EVIDENCE.write_text(evidence(), "utf-8")


if __name__ == "__main__":
    main()
