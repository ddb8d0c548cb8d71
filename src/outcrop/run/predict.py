"""`predict`: a model file and new files in, the same files with predictions out, and a summary of what was done."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from outcrop import __version__
from outcrop.data import side_by_side
from outcrop.data.content import Curve
from outcrop.data.frame import CONVERTED, axis_m
from outcrop.data.read import FORMATS, matching, options_of, read, write
from outcrop.errors import ConfigError, DataError, OutcropError, message
from outcrop.records import Record
from outcrop.run import picking
from outcrop.run.cutouts import bytes_of
from outcrop.run.folder import write_csv
from outcrop.run.predict_blocks import parse_region, predict_large
from outcrop.run.solved_model import SolvedModel
from outcrop.run.surrogate import Model, Predicted, load

KINDS = ("class", "confidence", "interval", "probabilities", "set", "validity", "value")
SUMMARY = (
    "record",
    "file",
    "status",
    "samples",
    "predicted",
    "outside_validity",
    "missing_inputs",
    "conversions",
    "written",
    "estimate",
)
LARGE_BYTES = 512 * 2**20
"""Records of more bytes are predicted block by block."""


@dataclass(frozen=True)
class Prediction:
    """What `predict` did.

    Attributes:
        rows: one per record, as in summary.csv.
        folder: where the files are.
        dry_run: nothing was written.
    """

    rows: list[dict[str, Any]]
    folder: Path
    dry_run: bool


def predict(
    bundle: str | Path,
    files: str | Path | Iterable[str | Path],
    *,
    out: str | Path,
    write: Sequence[str] = (),
    dry_run: bool = False,
    region: str | Mapping[str, tuple[Any, Any]] | None = None,
    block_bytes: int = LARGE_BYTES,
    carry: bool = False,
    tell: Any = None,
) -> Prediction:
    """Predicts on files and writes copies of them with the predictions added, `summary.csv`, and the picks if it picks.

    A file that cannot be read or predicted is named in the summary and the others go on; if none can, that is an error.

    Args:
        bundle: model file.
        files: paths or patterns.
        out: folder for the results; files of the same name in it are replaced.
        write: what to add beside the prediction: "confidence", "interval", "probabilities", "set" (classes that cannot
            be ruled out), "validity"; by default class or value, confidence or interval, and validity.
        dry_run: read and check, predict and write nothing; for large records say what it would cost.
        region: part of gridded records, `"inline=100:200,twt=0:500"`; the rest of the output stays empty.
        block_bytes: records of more bytes are predicted block by block, and can be taken up again.
        carry: whether the state of a recurrent network runs over the whole record, instead of beginning anew in every
            window; see `carried.py`.
        tell: receives (title, blocks done, blocks in all, text) while such a record is predicted.

    Raises:
        ConfigError: nothing matches, or `write` names something else.
        BundleError: the model file cannot be used.
        DataError: no file could be predicted.
    """
    unknown = [kind for kind in write if kind not in KINDS]
    if unknown:
        raise ConfigError(message(f"--write does not know {unknown[0]!r}.", fix=f"use some of {','.join(KINDS)}."))
    model = load(bundle)
    if isinstance(model, SolvedModel):
        return Prediction(_at_points(model, files, out), Path(out), False)
    model.check_predicts()
    if model.bundle.provenance.get("joins"):
        names = ", ".join(model.bundle.provenance["joins"])
        fix = "predict in Python: outcrop.load(path).predict(NAME=array, ...)"
        what = f"The inputs {names} came from joined sources, which files alone do not bring."
        raise ConfigError(message(what, where=str(bundle), fix=fix))
    paths, folder = matching(files), Path(out)
    _not_in_place(paths, folder)
    part = parse_region(region) if isinstance(region, str) else region
    options = {"region": part, "dry_run": dry_run, "carry": carry, "tell": tell}
    together = "network" in model.bundle.provenance["reading"]  # all files are the stations of one network
    parts = [paths] if together else [[path] for path in paths]
    rows = [row for own in parts for row in _together(model, own, folder, tuple(write), block_bytes, options)]
    _any_predicted(rows, len(paths))
    picks = [pick for row in rows for pick in row.pop("picks", [])]
    if not dry_run:
        write_csv(folder / "summary.csv", rows, SUMMARY)
        if model.bundle.provenance.get("picks"):
            write_csv(folder / "picks.csv", picks, picking.COLUMNS)
    return Prediction(rows, folder, dry_run)


def _at_points(model: SolvedModel, files: Any, out: str | Path) -> list[dict[str, Any]]:
    """Files of points with the fields of a solved problem; rows as in the summary of `predict`."""
    return [
        row | {"status": "ok", "predicted": row["samples"], "outside_validity": row["outside_domain"]}
        for row in model.predict_files(files, out)
    ]


def _any_predicted(rows: Sequence[Mapping[str, Any]], files: int) -> None:
    """Raises DataError, for the reason of the first file, where none could be predicted."""
    if any(row["status"] == "ok" for row in rows):
        return
    reason, _, fix = rows[0]["status"].rpartition(" Fix: ")
    many = f"None of {files} files could be predicted, the first"
    what = "The file could not be predicted" if files == 1 else many
    reason, _, where = (reason or fix).partition(" Where: ")
    raise DataError(message(f"{what}: {reason}", where=where or rows[0]["file"], fix=fix))


def _not_in_place(paths: Sequence[Path], folder: Path) -> None:
    inside = [path for path in paths if path.resolve().parent == folder.resolve()]
    if inside:
        fix = "--out another folder."
        raise ConfigError(message("The results would replace the input files.", where=str(inside[0]), fix=fix))
    stems: dict[str, Path] = {}
    for path in paths:
        other = stems.setdefault(path.name.partition(".")[0], path)
        if other is not path:
            fix = "predict them in two calls, with another --out each."
            raise ConfigError(
                message("Two input files would be written to one result.", where=f"{other} and {path}", fix=fix)
            )


def _together(
    model: Model,
    paths: Sequence[Path],
    folder: Path,
    kinds: tuple[str, ...],
    block_bytes: int,
    options: Mapping[str, Any],
) -> list[dict[str, Any]]:
    """Predicts on the records of one file, or of all files of one network."""
    rows, dry_run, carry, path = [], options["dry_run"], options["carry"], paths[0]
    try:
        reading = model.bundle.provenance["reading"]
        records = read(paths, **reading)
        if len(records) == 1 and (options["region"] or bytes_of(records[0]) > block_bytes):
            if model.reconstructs or carry or model.reads_whole:
                whole = "A state is carried over" if carry else "Inputs are given back for"
                whole = "Examples are" if model.reads_whole else whole
                what = f"{whole} whole records; this one is larger, or a region was asked for."
                raise DataError(message(what, where=str(path), fix="cut the file into smaller ones."))

            def curves_of(record: Record, prepared: Record, predicted: Predicted) -> list[Curve]:
                return _curves(model, record, prepared, predicted, kinds)

            own = {key: value for key, value in options.items() if key != "carry"}
            done = predict_large(model, records[0], folder, curves_of=curves_of, reading=reading, **own)
            return [done | {"file": str(path)}]
        curves: dict[str, list[Curve]] = {}
        for record in records:
            curves[record.name], row = _one_record(model, record, kinds, dry_run, carry)
            rows.append(row | {"file": str(path)})
        written = "" if dry_run else ", ".join(p.name for p in _write(model, records, path, folder, curves))
        return [row | {"written": written} for row in rows]
    except OutcropError as error:
        return [{"record": path.stem, "file": str(path), "status": " ".join(str(error).splitlines())}]


def _one_record(
    model: Model, record: Record, kinds: tuple[str, ...], dry_run: bool, carry: bool
) -> tuple[list[Curve], dict[str, Any]]:
    prepared, resolutions = model.prepare(record)
    done = [note for note in prepared.notes[len(record.notes) :] if note.startswith(("resampled", CONVERTED))]
    row: dict[str, Any] = {
        "record": record.name,
        "status": "ok",
        "samples": len(record),
        "missing_inputs": "; ".join(f"{r.variable} ({_policy(model, r.variable)})" for r in resolutions if r.missing),
        "conversions": "; ".join([*done, *(f"{r.variable}: {r.conversion}" for r in resolutions if r.conversion)]),
    }
    if dry_run:
        return [], row
    predicted = model.predict_record(prepared, carry=carry)
    valid = _on_file(model, record, prepared, predicted.valid)
    there = np.isfinite(valid)
    row["predicted"] = int(there.sum())
    row["outside_validity"] = round(float((valid[there] == 0).mean()), 4) if there.any() else ""
    if (how := model.bundle.provenance.get("picks")) and predicted.probabilities is not None and len(record.dims) == 1:
        row["picks"] = picking.pick_rows(how, prepared, predicted.probabilities)
    return _curves(model, record, prepared, predicted, kinds), row


def _policy(model: Model, variable: str) -> str:
    return next(v.missing for v in model.inputs if v.name == variable)


def _curves(
    model: Model, record: Record, prepared: Record, predicted: Predicted, kinds: tuple[str, ...]
) -> list[Curve]:
    """The new curves on the rows of the file."""
    target = model.target
    name, described = target.name, f"predicted by {model.bundle.family}, {model.bundle.promise}"

    def curve(mnemonic: str, values: np.ndarray, unit: str, description: str) -> Curve:
        return Curve(mnemonic, _on_file(model, record, prepared, values), unit, description)

    if model.reconstructs:
        curves = [curve(*row) for row in _restored(model, predicted, described)]
    elif target.classes is None:
        curves = [curve(f"{name}_PRED", predicted.values, target.unit or "", f"{name} {described}")]
    else:
        codes = _codes(target.classes, predicted.values)
        curves = [curve(f"{name}_PRED", codes, "", f"{name} {described}")]
    if predicted.low is not None and predicted.high is not None and (not kinds or "interval" in kinds):
        level = f"{model.bundle.provenance['interval']['level']:.0%}"
        for end, values in (("LOW", predicted.low), ("HIGH", predicted.high)):
            curves.append(
                curve(f"{name}_{end}", values, target.unit or "", f"{end.lower()} end of the {level} interval")
            )
    if predicted.confidence is not None and (not kinds or "confidence" in kinds):
        curves.append(curve(f"{name}_CONF", predicted.confidence, "", "probability of the most probable class"))
    if target.classes is not None and predicted.probabilities is not None and "probabilities" in kinds:
        for number, (code, label) in enumerate(zip(target.classes.codes, target.classes.names, strict=True)):
            curves.append(curve(f"{name}_P_{code}", predicted.probabilities[:, number], "", f"probability of {label}"))
    if predicted.sets is not None and "set" in kinds:
        for number, (code, label) in enumerate(zip(target.classes.codes, target.classes.names, strict=True)):
            curves.append(curve(f"{name}_S_{code}", predicted.sets[:, number], "", f"1: {label} cannot be ruled out"))
    if not kinds or "validity" in kinds:
        curves.append(curve(f"{name}_VALID", predicted.valid, "", "1 inside, 0 outside the area of validity"))
    return curves


def _restored(model: Model, predicted: Predicted, described: str) -> list[tuple[str, np.ndarray, str, str]]:
    """The inputs given back, how unusual each sample is and whether it is flagged: mnemonic, values, unit, words."""
    name, units = model.target.name, {v.name: v.unit or "" for v in model.inputs}
    rows = [(f"{n}_PRED", values, units[n], f"{n} {described}") for n, values in predicted.restored.items()]
    if predicted.anomaly is not None and predicted.flag is not None:
        asked = model.bundle.provenance["usual"]["false_alarms"]
        rows.append((f"{name}_ANOMALY", predicted.anomaly, "", "error of reconstruction, 1 is usual"))
        rows.append((f"{name}_FLAG", predicted.flag, "", f"1: above the threshold that flags {asked:.1%} of the usual"))
    return rows


def _on_file(model: Model, record: Record, prepared: Record, values: np.ndarray) -> np.ndarray:
    """Values on the samples of the file: on the rows of its axis, or in the shape of its grid."""
    if len(record.dims) > 1 or record.dim == "link":
        return np.asarray(values, np.float64).reshape(record.shape)
    return model.frame.back(axis_m(record), prepared.axis, values)


def _codes(classes: Any, index: np.ndarray) -> np.ndarray:
    """Codes for the file: the class codes where they are numbers, else the class index; NaN where there is none."""
    numeric = all(isinstance(code, int | float) for code in classes.codes)
    codes = np.array([*(classes.codes if numeric else range(len(classes.codes))), np.nan], float)
    return codes[index]  # index -1 is the last one


def _write(
    model: Model, records: Sequence[Record], path: Path, folder: Path, curves: dict[str, list[Curve]]
) -> list[Path]:
    """A copy of the file with the curves, in its own format: one file, or one per quantity."""
    folder.mkdir(parents=True, exist_ok=True)
    reading = model.bundle.provenance["reading"]
    if records[0].format == "las":
        classes, name = model.target.classes, model.target.name
        parameters = (
            {}
            if classes is None
            else {
                f"{name}_{code}": (label, f"class of {name}_PRED")
                for code, label in zip(classes.codes, classes.names, strict=True)
            }
        )
        provenance = (
            f"{name}_PRED by outcrop {__version__}, model {Path(model.bundle.source).name}, {model.bundle.promise}"
        )
        options = {key: reading[key] for key in ("encoding",) if key in reading}
        added = curves[records[0].name]
        return [write(path, folder, added, parameters=parameters, provenance=provenance, **options)]
    kind = records[0].format
    taken = options_of(FORMATS[kind].writer)
    options = {key: value for key, value in reading.items() if key in taken}
    if "network" in reading:
        return side_by_side.write(records[0], folder, curves[records[0].name], **options)
    added = curves if len(records) > 1 or "group" in reading else curves[records[0].name]
    written = write(path, folder, added, format=kind, **options)
    return list(written) if isinstance(written, list | tuple) else [written]
