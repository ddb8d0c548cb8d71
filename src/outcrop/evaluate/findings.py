"""What a run found, in plain language, each sentence tied to the numbers it rests on.

`RULES` is a table of small functions that read one promise's entry of metrics.json and speak or stay silent. The numbers are
named by JSON pointers (RFC 6901) into metrics.json, or `audit.json#/...`; `lookup` follows them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, is_dataclass
from typing import Any

from outcrop.evaluate.baselines import BASELINES
from outcrop.evaluate.verdict import BEATS, CANNOT_TELL, DOES_NOT_BEAT, FEWEST_FOR_A_VERDICT, phrase
from outcrop.evaluate.words import count, decimals, distance, listing, number, percent, plural, span
from outcrop.metric.table import find

PLACES = {
    "new": "On {nouns} it has never seen",
    "later": "In the time from {value} on, which it has never seen",
    "same_population": "On held-out samples of the same population",
}


@dataclass(frozen=True)
class Finding:
    """One sentence with the paths and values of its numbers."""

    id: str
    sentence: str
    paths: tuple[str, ...]


class Part:
    """One promise's entry, read by path so that every number that is told can be traced."""

    def __init__(self, metrics: Mapping[str, Any], name: str) -> None:
        self.metrics, self.name = metrics, name
        self.entry: Mapping[str, Any] = metrics["promises"][name]
        self.primary = find(self.entry["primary"])
        self.unit: str = self.entry["unit"]
        self.noun: str = self.entry["noun"]

    def path(self, *keys: Any) -> str:
        """The pointer to a place below this promise."""
        return pointer("promises", self.name, *keys)

    @property
    def place(self) -> str:
        """Where the score holds, at the start of a sentence."""
        kind, _, value = (piece.strip() for piece in self.name.partition("="))
        text = PLACES.get(kind, "On the held-out part ({name})")
        return text.format(nouns=plural(self.noun), value=value, name=self.name)

    @property
    def held_out(self) -> str:
        """What one row of `per_record` is called."""
        return self.noun if " of " not in self.noun else "record"

    @property
    def places(self) -> int:
        """Decimals of the primary score."""
        score = self.entry["test"]["model"][self.primary.name]
        return decimals(score["value"], score["low"], score["high"])

    def score(self, value: float | None) -> str:
        """The primary score as it is written in a sentence."""
        return number(value, self.places, self.unit)


def pointer(*keys: Any) -> str:
    """A JSON pointer.

    >>> pointer("promises", "new = well", "folds", 0)
    '/promises/new = well/folds/0'
    """
    return "".join("/" + str(key).replace("~", "~0").replace("/", "~1") for key in keys)


def lookup(content: Any, path: str) -> Any:
    """The value a JSON pointer leads to.

    >>> lookup({"folds": [{"a/b": 3}]}, "/folds/0/a~1b")
    3
    """
    for key in path.split("/")[1:]:
        key = key.replace("~1", "/").replace("~0", "~")
        content = content[int(key)] if isinstance(content, Sequence) else content[key]
    return content


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
        f"No usable signal: the network's {part.primary.words} of {part.score(own['value'])} is not shown to be better than "
        f"{phrase(name)[0]} ({part.score(base['value'])}), which looks at no input. Do not use this model."
    )
    paths = [part.path("test", "model", part.primary.name, "value"), part.path("test", "baselines", name, part.primary.name, "value")]
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
    verdicts = {name: entry for name, entry in part.entry["verdict"].items() if name != part.entry["strongest_baseline"]}
    told = {
        word: [phrase(name)[0] for name, entry in verdicts.items() if entry["word"] == word]
        for word in (BEATS, CANNOT_TELL, DOES_NOT_BEAT)
    }
    openings = {BEATS: "beats", CANNOT_TELL: "cannot be told from", DOES_NOT_BEAT: "loses to"}
    clauses = [f"{openings[word]} {listing(names)}" for word, names in told.items() if names]
    if not clauses:
        return None
    return Finding("ladder", f"The network also {'; it '.join(clauses)}.", tuple(part.path("verdict", name, "word") for name in verdicts))


def records(part: Part) -> Finding | None:
    """The easiest and the hardest records, and the middle half."""
    rows = [(i, row["model"].get(part.primary.name)) for i, row in enumerate(part.entry["per_record"])]
    rows = sorted((pair for pair in rows if pair[1] is not None), key=lambda pair: pair[1], reverse=part.primary.better != "lower")
    if len(rows) < 3:
        return None
    (best, easy), (worst, hard) = rows[0], rows[-1]
    names = [part.entry["per_record"][i]["record"] for i in (best, worst)]
    noun = part.held_out
    text = (
        f"It does best on {noun} {names[0]} ({part.score(easy)}) and worst on {noun} {names[1]} ({part.score(hard)})"
        f" of {count(len(rows), noun)}; a new {noun} can turn out like either."
    )
    paths = [part.path("per_record", i, "model", part.primary.name) for i in (best, worst)]
    middle = part.entry["spread"]
    if middle and part.noun == noun:
        text = text[:-1] + f", half of them lie between {part.score(middle['quarter'])} and {part.score(middle['three_quarters'])}."
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
    text = f"In one held-out {part.held_out} only: {names}; the scores of such classes say little about the next {part.held_out}."
    return Finding("rare_classes", text, tuple(part.path("per_class", i, "records") for i, _ in rows))


def by_distance(part: Part) -> Finding | None:
    """Nearest against farthest records."""
    rows = part.entry["by_distance"]
    if len(rows) < 2:
        return None
    near, far = rows[0], rows[-1]
    scores = [row["model"][part.primary.name] for row in (near, far)]
    if None in scores:
        return None
    worse = scores[1] > scores[0] if part.primary.better == "lower" else scores[1] < scores[0]
    text = (
        f"{plural(part.held_out).capitalize()} up to {distance(near['to_m'])} from the nearest training {part.held_out} score {part.score(scores[0])}, "
        f"those beyond {distance(far['from_m'])} {part.score(scores[1])}: "
        + ("the score gets worse with distance." if worse else "distance does not make it worse here.")
    )
    last = len(rows) - 1
    paths = [part.path("by_distance", i, "model", part.primary.name) for i in (0, last)]
    return Finding("by_distance", text, (*paths, part.path("by_distance", 0, "to_m"), part.path("by_distance", last, "from_m")))


def by_confidence(part: Part) -> Finding | None:
    """What the network's own confidence is worth."""
    rows = part.entry.get("by_confidence") or []
    if len(rows) < 2:
        return None
    last, low, high = len(rows) - 1, rows[0], rows[-1]
    text = (
        f"Where the network gives its class at least {percent(high['from'])} ({percent(high['share'])} of the samples) it is right in "
        f"{percent(high['accuracy'])}; below {percent(low['to'])} ({percent(low['share'])}) in {percent(low['accuracy'])}."
    )
    if high["confidence"] - high["accuracy"] > 0.05:
        text += " It is surer than it should be."
    return Finding("by_confidence", text, tuple(part.path("by_confidence", i, key) for i in (0, last) for key in ("share", "accuracy")))


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
    told = part.entry["high_confidence"]
    if not told or told["model"].get(part.primary.name) is None or told["share"] == 1.0:
        return None
    text = (
        f"On the labels of highest confidence ({percent(told['share'])} of the scored samples) the {part.primary.words} is "
        f"{part.score(told['model'][part.primary.name])}, on all {part.score(part.entry['test']['model'][part.primary.name]['value'])}."
    )
    paths = (part.path("high_confidence", "model", part.primary.name), part.path("high_confidence", "share"))
    return Finding("high_confidence", text, paths)


def optimism(part: Part) -> Finding | None:
    """The optimism gap."""
    told = part.entry["optimism_gap"]
    if not told:
        return None
    return Finding("optimism_gap", told["sentence"], tuple(part.path("optimism_gap", key) for key in ("random", "promised", "gap")))


def few_groups(part: Part) -> Finding | None:
    """How much, or how little, the score rests on."""
    if part.entry["groups"] >= FEWEST_FOR_A_VERDICT:
        return None
    text = (
        f"The score rests on {part.entry['resampled']}, too few for a verdict: at least {FEWEST_FOR_A_VERDICT} are needed. "
        "Rotate over all groups ([promise] folds), or hold out more."
    )
    return Finding("few_groups", text, (part.path("groups"),))


def not_scored(part: Part) -> Finding | None:
    """Labelled samples that got no prediction."""
    told = part.entry["coverage"]
    if not told["without_prediction"]:
        return None
    text = f"{told['without_prediction']:,} of {count(told['labelled'], 'labelled sample')} got no prediction and are not in the score."
    return Finding("not_scored", text, (part.path("coverage", "without_prediction"), part.path("coverage", "labelled")))


RULES: tuple[Callable[[Part], Finding | None], ...] = (
    no_usable_signal, headline, ladder, few_groups, optimism, records, classes, rare_classes, by_distance, by_confidence,
    by_validity, high_confidence, not_scored,
)  # fmt: skip


def effective(metrics: Mapping[str, Any]) -> Finding | None:
    """How many independent samples the labels amount to."""
    told = metrics.get("effective_samples") or {}
    if not told.get("total") or not told.get("labelled"):
        return None
    text = f"Neighbouring samples repeat each other: {count(told['labelled'], 'labelled sample')} are worth about {round(told['total']):,} independent ones."
    return Finding("effective_samples", text, ("/effective_samples/total", "/effective_samples/labelled"))


def audited(audit: Iterable[Any]) -> list[dict[str, Any]]:
    """One sentence per violation or inflation of the audit."""
    found = []
    for i, finding in enumerate(audit):
        row = asdict(finding) if is_dataclass(finding) and not isinstance(finding, type) else dict(finding)
        if row["level"] == "note":
            continue
        end = f"accepted because {row['accepted'].rstrip('.')}" if row["accepted"] else f"fix: {row['fix'].rstrip('.')}"
        sentence = f"Audit, {str(row['check']).replace('_', ' ')} ({row['level']}): {row['place'].rstrip('.')} ({row['size']}); {end}."
        found.append({"id": f"audit_{row['check']}", "sentence": sentence, "values": {f"audit.json#/{i}/size": row["size"]}})
    return found


def findings(metrics: Mapping[str, Any], audit: Iterable[Any] = ()) -> list[dict[str, Any]]:
    """The content of findings.json.

    Args:
        metrics: the content of metrics.json, from `summary.assemble`.
        audit: the audit's findings, as records or as rows of audit.json.

    Returns:
        Dictionaries with `id`, `sentence` and `values` (path -> value); whether there is a signal comes first.
    """
    told: list[dict[str, Any]] = []
    for name in metrics["promises"]:
        part = Part(metrics, name)
        told += [_entry(metrics, finding) for rule in RULES if (finding := rule(part)) is not None]
    independent = effective(metrics)
    told += [_entry(metrics, independent)] if independent else []
    return told + audited(audit)


def _entry(metrics: Mapping[str, Any], finding: Finding) -> dict[str, Any]:
    return {"id": finding.id, "sentence": finding.sentence, "values": {path: lookup(metrics, path) for path in finding.paths}}
