"""The run of a problem in words: whether it is one, its title, and the answers to the four questions."""

from __future__ import annotations

from typing import Any

from outcrop.report import words
from outcrop.report.folder import RunFolder

OFTEN = {"gradients": "its gradient is as long as that of the others", "kernel": "it learns as fast as the others"}


def is_problem(run: RunFolder) -> bool:
    """Whether the run solved an equation."""
    return "physics" in run.run


def told(run: RunFolder) -> dict[str, Any]:
    """metrics.json, "problem"."""
    return run.metrics.get("problem") or {}


def title(run: RunFolder) -> str:
    """The equation and what was looked for."""
    about = run.data.get("problem") or {}
    found = about.get("found") or about.get("unknowns") or []
    what = words.series(list(map(str, found)))
    return f"{words.plain(str(about.get('equation', ''))).capitalize()} equation: {what}"


def answers(run: RunFolder) -> dict[str, list[tuple[str, str]]]:
    """Question -> (lead, sentence) pairs."""
    about, section = run.data.get("problem") or {}, run.run["physics"]
    units = about.get("units") or {}
    spans = [
        f"{name} from {low:g} to {high:g}{' ' + units[name] if name in units else ''}"
        for name, (low, high) in (about.get("coordinates") or {}).items()
    ]
    unknowns = [f"{name} ({units[name]})" if name in units else str(name) for name in about.get("unknowns") or []]
    inside = [("In.", f"Coordinates of a point: {words.series(spans)}."), ("Out.", f"{words.series(unknowns)} there.")]
    for table in about.get("measured") or []:
        noise = f", noise {table['noise_sd']:.3g}" if table.get("noise_sd") else ""
        inside.append(("Data.", f"{words.number(table['count'])} values of {table['unknown']}{noise}."))
    found = about.get("found") or []
    learned = [("", f"One solution of {about.get('formula')}: {about.get('help')} ({about.get('source')}).")]
    learned += [("", f"With it {words.series(list(map(str, found)))}, which the data have to tell.")] if found else []
    model, loss = run.run.get("model") or {}, run.run.get("loss") or {}
    learned.append(("", f"The function is a {words.plain(model.get('family', 'network'))} of the coordinates."))
    hard = "built into the solution, which meets them exactly" if section.get("hard", True) else "terms of the loss"
    minimised = [
        ("", f"The mean square of what is left over of the equation at {words.number(loss.get('points', 0))} points."),
        ("", f"Values that conditions give are {hard}."),
    ]
    if any(name.startswith("roughness of") for name in terms(run)):
        minimised.append(("", "Data count in units of their noise, equation and conditions a hundred times as much."))
        minimised.append(("", "Slopes of what is found have a price, as high as the noise of the data allows."))
    elif loss.get("balance") == "self_adaptive":
        minimised.append(("", "Every point has a weight that grows with what was left over there."))
    elif len(terms(run)) > 1:
        how = OFTEN.get(str(loss.get("balance")))
        minimised.append(("", f"Each term is weighed so that {how}." if how else "All terms have the same weight."))
    if loss.get("refine") == "residual":
        minimised.append(("", "Points move to where much of the equation is left over."))
    assumed = [("Physics.", "That the equation, its coefficients and its conditions are those of nature.")]
    assumed += [("Doubt.", str(doubt)) for doubt in about.get("doubts") or []]
    assumed.append(("Network.", "That the solution is smooth at the scale that network and points resolve."))
    return {
        "What goes in, and what comes out?": inside,
        "What exactly is learned?": learned,
        "Which loss is minimised, and what does that buy?": minimised,
        "Which assumptions hide in equation, architecture and loop?": assumed,
    }


def terms(run: RunFolder) -> list[str]:
    """Names of the terms of the loss."""
    known = {"fold", "member", "stage", "step", "train_loss", "validation_loss", "learning_rate", "seconds"}
    return [name for name in run.history if name not in known and not name.startswith("weight of ")]
