"""Rules that read one promise's entry of metrics.json and say one sentence, or stay silent.

`RULES` lists them in the order of the report. A rule names the path of every number it tells.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from outcrop.evaluate.baselines import BASELINES
from outcrop.evaluate.finding import Finding, Part
from outcrop.evaluate.ledger_rules import ledger_broken, ledger_truth, ledger_waves
from outcrop.evaluate.verdict import BEATS, CANNOT_TELL, DOES_NOT_BEAT, FEWEST_FOR_A_VERDICT, phrase
from outcrop.evaluate.words import count, distance, listing, percent, plural, span


def no_usable_signal(part: Part) -> Finding | None:
    """Speaks when the network is not shown to be better than a predictor without inputs."""
    verdicts = part.entry["verdict"]
    floors = [name for name in verdicts if name in BASELINES and BASELINES[name].is_floor]
    enough = part.entry["groups"] >= FEWEST_FOR_A_VERDICT
    lost = [
        name
        for name in floors
        if verdicts[name]["word"] == DOES_NOT_BEAT
        or (verdicts[name]["word"] == CANNOT_TELL and (enough or (verdicts[name]["difference"] or 0.0) <= 0))
    ]
    if not lost:
        return None
    name = lost[0]
    base, own = part.entry["test"]["baselines"][name][part.primary.name], part.entry["test"]["model"][part.primary.name]
    text = (
        f"No usable signal: the network's {part.primary.words} of {part.score(own['value'])} is not shown to be better "
        "than "
        f"{phrase(name)[0]} ({part.score(base['value'])}), which looks at no input. Do not use this model."
    )
    paths = [
        part.path("test", "model", part.primary.name, "value"),
        part.path("test", "baselines", name, part.primary.name, "value"),
    ]
    return Finding("no_usable_signal", text, (*paths, part.path("verdict", name, "difference")))


def headline(part: Part) -> Finding:
    """The score with its interval, and the verdict on the strongest baseline."""
    score, metric = part.entry["test"]["model"][part.primary.name], part.primary
    here = ("test", "model", metric.name)
    text = f"{part.place} the network's {metric.words} is {part.score(score['value'])}"
    paths = [part.path(*here, "value")]
    if score["low"] is not None:
        text += f" (95 % interval {span(score['low'], score['high'], part.places)} over {part.entry['resampled']})"
        paths += [part.path(*here, "low"), part.path(*here, "high"), part.path("resampled")]
    elif part.entry["reason"]:
        text += f" ({part.entry['reason']})"
        paths.append(part.path("reason"))
    best = part.entry["strongest_baseline"]
    if best is not None:
        text += f"; {part.entry['verdict'][best]['sentence']}"
        paths += [part.path("test", "baselines", best, metric.name, "value")]
        paths += [part.path("verdict", best, key) for key in ("difference", "low", "high")]
    return Finding("headline", text + ".", tuple(paths))


def ladder(part: Part) -> Finding | None:
    """The other baselines by verdict, in one sentence."""
    verdicts = {
        name: entry for name, entry in part.entry["verdict"].items() if name != part.entry["strongest_baseline"]
    }
    told = {
        word: [phrase(name)[0] for name, entry in verdicts.items() if entry["word"] == word]
        for word in (BEATS, CANNOT_TELL, DOES_NOT_BEAT)
    }
    openings = {BEATS: "beats", CANNOT_TELL: "cannot be told from", DOES_NOT_BEAT: "loses to"}
    clauses = [f"{openings[word]} {listing(names)}" for word, names in told.items() if names]
    if not clauses:
        return None
    return Finding(
        "ladder",
        f"The network also {'; it '.join(clauses)}.",
        tuple(part.path("verdict", name, "word") for name in verdicts),
    )


def records(part: Part) -> Finding | None:
    """The easiest and the hardest records, and the middle half."""
    rows = [(i, row["model"].get(part.primary.name)) for i, row in enumerate(part.entry["per_record"])]
    rows = sorted(
        (pair for pair in rows if pair[1] is not None), key=lambda pair: pair[1], reverse=part.primary.better != "lower"
    )
    if len(rows) < 3:
        return None
    (best, easy), (worst, hard) = rows[0], rows[-1]
    noun = part.held_out
    names = [part.entry["per_record"][i]["record"] for i in (best, worst)]
    names = [name if name.startswith(noun) else f"{noun} {name}" for name in names]  # "crossline 1550" says it already
    text = (
        f"It does best on {names[0]} ({part.score(easy)}) and worst on {names[1]} ({part.score(hard)})"
        f" of {count(len(rows), noun)}; a new {noun} can turn out like either."
    )
    paths = [part.path("per_record", i, "model", part.primary.name) for i in (best, worst)]
    middle = part.entry["spread"]
    if middle and part.noun == noun:
        text = (
            text[:-1]
            + f", half of them lie between {part.score(middle['quarter'])} and {part.score(middle['three_quarters'])}."
        )
        paths += [part.path("spread", key) for key in ("quarter", "three_quarters")]
    return Finding("records", text, tuple(paths))


def classes(part: Part) -> Finding | None:
    """The class found best and the classes found least."""
    rows = [(i, row) for i, row in enumerate(part.entry.get("per_class") or []) if row["support"] > 0]
    if len(rows) < 2:
        return None
    rows.sort(key=lambda pair: pair[1]["recall"])
    best, worst = rows[-1], rows[: 1 if len(rows) < 5 else 2]

    def told(row: Mapping[str, Any]) -> str:
        taken = f", most often called {row['taken_for']}" if row["taken_for"] else ""
        return f"{row['class']} ({percent(row['recall'])} of {count(row['support'], 'sample')}{taken})"

    text = f"Found best: {best[1]['class']} ({percent(best[1]['recall'])} of its samples). Found least: " + listing(
        told(row) for _, row in worst
    )
    paths = [part.path("per_class", i, key) for i, _ in (best, *worst) for key in ("recall", "support")]
    return Finding("classes", text + ".", tuple(paths))


def rare_classes(part: Part) -> Finding | None:
    """Classes that the held-out part cannot judge, because one record alone has them."""
    rows = [(i, row) for i, row in enumerate(part.entry.get("per_class") or []) if row["records"] == 1]
    if not rows or part.entry["coverage"]["records"] < 2:
        return None
    names = listing(f"{row['class']} ({count(row['support'], 'sample')})" for _, row in rows)
    noun = part.held_out
    text = f"In one held-out {noun} only: {names}; the scores of such classes say little about the next {noun}."
    return Finding("rare_classes", text, tuple(part.path("per_class", i, "records") for i, _ in rows))


def picks(part: Part) -> Finding | None:
    """What is found of every phase at the tolerance of the verdict, and how far off it is."""
    rows = part.entry.get("picks") or []
    told, paths = [], []
    for number, row in enumerate(rows):
        own = row["model"]
        if row["tolerance"] != rows[0]["tolerance"] or own["precision"] is None or own["mean_residual"] is None:
            continue
        text = (
            f"{row['phase']}: {percent(own['recall'])} of {count(own['true'], 'true pick')} found within "
            f"{row['tolerance']:g} {part.entry['pick_unit']}, {percent(own['precision'])} of its picks are true "
            f"(F1 {own['f1']:.2f}), {own['mean_residual']:+.3f} {part.entry['pick_unit']} off on average "
            f"(standard deviation {own['sd_residual']:.3f})"
        )
        told.append(text)
        keys = ("recall", "true", "precision", "f1", "mean_residual", "sd_residual")
        paths += [part.path("picks", number, "tolerance"), *(part.path("picks", number, "model", key) for key in keys)]
    return Finding("picks", "; ".join(told) + ".", tuple(paths)) if told else None


def by_distance(part: Part) -> Finding | None:
    """Nearest against farthest records."""
    rows = part.entry["by_distance"]
    if len(rows) < 2:
        return None
    near, far, noun = rows[0], rows[-1], part.held_out
    scores = [row["model"][part.primary.name] for row in (near, far)]
    if None in scores:
        return None
    worse = scores[1] > scores[0] if part.primary.better == "lower" else scores[1] < scores[0]
    text = (
        f"{plural(noun).capitalize()} up to {distance(near['to_m'])} from the nearest training {noun} "
        f"score {part.score(scores[0])}, "
        f"those beyond {distance(far['from_m'])} {part.score(scores[1])}: "
        + ("the score gets worse with distance." if worse else "distance does not make it worse here.")
    )
    last = len(rows) - 1
    paths = [part.path("by_distance", i, "model", part.primary.name) for i in (0, last)]
    return Finding(
        "by_distance", text, (*paths, part.path("by_distance", 0, "to_m"), part.path("by_distance", last, "from_m"))
    )


def by_confidence(part: Part) -> Finding | None:
    """What the network's own confidence is worth."""
    rows = part.entry.get("by_confidence") or []
    if len(rows) < 2:
        return None
    last, low, high = len(rows) - 1, rows[0], rows[-1]
    text = (
        f"Where the network is at least {percent(high['from'])} sure ({percent(high['share'])} of the samples) it is "
        f"right in {percent(high['accuracy'])}; where it is less than {percent(low['to'])} sure "
        f"({percent(low['share'])}) in {percent(low['accuracy'])}."
    )
    if high["confidence"] - high["accuracy"] > 0.05:
        text += " It is surer than it should be."
    return Finding(
        "by_confidence",
        text,
        tuple(part.path("by_confidence", i, key) for i in (0, last) for key in ("share", "accuracy")),
    )


def by_validity(part: Part) -> Finding | None:
    """The score outside the area of validity."""
    both = part.entry["by_validity"] or {}
    if set(both) != {"inside", "outside"}:
        return None
    inside, outside = (both[key]["model"][part.primary.name] for key in ("inside", "outside"))
    text = (
        f"{percent(both['outside']['share'])} of the held-out samples lie outside the area of validity; "
        f"the {part.primary.words} is {part.score(outside)} there and {part.score(inside)} inside."
    )
    paths = [part.path("by_validity", key, "model", part.primary.name) for key in ("inside", "outside")]
    return Finding("by_validity", text, (*paths, part.path("by_validity", "outside", "share")))


def high_confidence(part: Part) -> Finding | None:
    """The score on the labels of highest quality."""
    told, metric = part.entry["high_confidence"], part.primary
    every = part.entry["test"]["model"][metric.name]["value"]
    if not told or told["model"].get(metric.name) is None or told["share"] == 1.0:
        return None
    text = (
        f"On the labels of highest confidence ({percent(told['share'])} of the scored samples) the {metric.words} is "
        f"{part.score(told['model'][metric.name])}, on all labels {part.score(every)}."
    )
    paths = (part.path("high_confidence", "model", part.primary.name), part.path("high_confidence", "share"))
    return Finding("high_confidence", text, paths)


def optimism(part: Part) -> Finding | None:
    """The optimism gap."""
    told = part.entry["optimism_gap"]
    if not told:
        return None
    return Finding(
        "optimism_gap", told["sentence"], tuple(part.path("optimism_gap", key) for key in ("random", "promised", "gap"))
    )


def few_groups(part: Part) -> Finding | None:
    """How much, or how little, the score rests on."""
    if part.entry["groups"] >= FEWEST_FOR_A_VERDICT:
        return None
    held = (
        f"Rotate over all {plural(part.noun)} ([promise] folds), or add some."
        if part.noun == part.held_out
        else ("Hold out a longer time, or set shorter blocks if errors are that short-lived.")
    )
    text = (
        f"The score rests on {part.entry['resampled']}, too few for a verdict (at least {FEWEST_FOR_A_VERDICT}). {held}"
    )
    return Finding("few_groups", text, (part.path("groups"),))


def intervals(part: Part) -> Finding | None:
    """How often calibrated intervals or sets held the truth, and in the worst group; or why there are none."""
    told = part.entry.get("intervals")
    if not told:
        return None
    if "coverage" not in told:
        return Finding("intervals", f"There are {told['reason']}.", (part.path("intervals", "reason"),))
    what = "sets of classes" if told["kind"] == "sets" else "intervals"
    text = f"Its {percent(told['level'])} {what} hold {percent(told['coverage'])} of the true values"
    paths = [part.path("intervals", key) for key in ("level", "coverage")]
    if told["groups"] > 1:
        text += (
            f"; over {count(told['groups'], part.noun)} {percent(told['median'])} at the median and "
            f"{percent(told['lowest'])} in the worst"
        )
        paths += [part.path("intervals", key) for key in ("groups", "median", "lowest")]
    size = told["mean_size"]
    text += f". A set holds {size:.2g} classes" if told["kind"] == "sets" else f". They are {part.score(size)} wide"
    return Finding("intervals", text + " on average.", (*paths, part.path("intervals", "mean_size")))


def not_scored(part: Part) -> Finding | None:
    """Labelled samples that got no prediction."""
    told = part.entry["coverage"]
    if not told["without_prediction"]:
        return None
    lost, labelled = told["without_prediction"], count(told["labelled"], "labelled sample")
    text = f"{lost:,} of {labelled} got no prediction and are not in the score."
    return Finding("not_scored", text, (part.path("coverage", "without_prediction"), part.path("coverage", "labelled")))


def flagged(part: Part) -> Finding | None:
    """What the judge flags in the realisations of a generator: collapse, memorisation, a wrong distribution."""
    told, paths = {}, []
    for kind in ("told", "judged"):
        for number, fold in enumerate(part.entry.get(kind) or []):
            own = {flag["id"]: flag["sentence"] for flag in fold["model"]["flags"]}
            told |= own
            paths += [part.path(kind, number, "model", "flags")] if own else []
    return Finding("flagged", " ".join(told.values()), tuple(paths)) if told else None


RULES: tuple[Callable[[Part], Finding | None], ...] = (
    no_usable_signal, headline, flagged, ladder, few_groups, optimism, records, picks, classes, rare_classes,
    by_distance, by_confidence, by_validity, intervals, high_confidence, ledger_broken, ledger_truth, ledger_waves,
    not_scored,
)  # fmt: skip
