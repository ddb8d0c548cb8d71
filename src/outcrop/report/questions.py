"""The four questions every run must answer, answered from run.toml, data.json and split.json in sentences.

What a network family or a loss assumes is said here once, in the words of the field; a family that is not in the
table is described by its name and arguments only.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from outcrop.report import problem, words
from outcrop.report.folder import RunFolder


class Sentence(NamedTuple):
    """A sentence and the word it is filed under, if any."""

    text: str
    lead: str = ""


class Answer(NamedTuple):
    """One question with its answer as sentences."""

    question: str
    sentences: list[Sentence]


BUYS = {
    "cross_entropy": "It is lowest when the predicted probabilities are the true frequencies of the classes given the "
    "inputs, so it buys calibrated probabilities first and good labels through them.",
    "expected_cost": "It is the mean penalty the predicted probabilities would earn, so it buys few expensive "
    "mistakes; cheap mistakes are tolerated, and probabilities are sharper than the truth.",
    "mse": "It is lowest at the conditional mean, so it buys a small root mean square error; rare extremes are pulled "
    "towards the mean.",
    "mae": "It is lowest at the conditional median, so it buys robustness to outliers; skewed targets are "
    "underestimated on average.",
    "relative_l2": "It is the error of every field as a share of that field, so it buys faint fields as well as strong "
    "ones.",
    "relative_h1": "It is the error of every field and of its slopes as a share of both, so it buys short waves as "
    "well as long ones.",
    "denoising": "It is lowest when the network tells the mean of all data that may lie behind noise, at every level "
    "of noise: taken away step by step, that draws from the distribution of the data.",
    "flow": "It is lowest at the mean velocity of all paths from noise to data through a point: followed from noise "
    "on, it carries noise to the distribution of the data.",
    "adversarial": "The critic learns to tell realisations from data, the generator to be taken for data: no value of "
    "it says how good they are, the metrics below do.",
    "huber": "It is quadratic for small and linear for large errors, so it buys a conditional mean that outliers "
    "cannot pull far.",
}
ARGUMENTS = {
    "cross_entropy": ("label_smoothing",),
    "expected_cost": ("cross_entropy_share",),
    "huber": ("delta",),
    "denoising": ("predicts", "schedule"),
    "flow": ("coupling", "times"),
    "adversarial": ("objective",),
}
"""The keys of the run file's [loss] that each loss reads."""
ARCHITECTURE = {
    "mlp": "The network sees each example as one flat list of numbers: no order or neighbourhood is built in beyond "
    "the samples listed in the view.",
    "resnet1d": "Convolutions assume that a pattern means the same wherever it occurs along the axis, and that nothing "
    "outside the window matters.",
    "unet1d": "Convolutions at several scales assume that a pattern means the same wherever it occurs along the axis, "
    "and that nothing outside the window matters.",
}
WEIGHTS = {
    "balanced": "Classes are weighted by the inverse of their frequency: rare classes count as much as common ones, "
    "and the probabilities no longer follow the natural proportions.",
    "sqrt": "Classes are weighted by the inverse square root of their frequency: rare classes count more than their "
    "share, at the price of probabilities that do not follow the natural proportions.",
}


def answers(run: RunFolder) -> list[Answer]:
    """The four answers, each only with what the run folder tells; empty when there is no run file."""
    if not run.run:
        return []
    if problem.is_problem(run):
        told = problem.answers(run).items()
        return [Answer(question, [Sentence(text, lead) for lead, text in said]) for question, said in told]
    found = [
        Answer("What goes in, and what comes out?", _in_and_out(run)),
        Answer("What exactly is learned?", _learned(run)),
        Answer("Which loss is minimised, and what does that buy?", _loss(run)),
        Answer("Which assumptions hide in split, architecture and loop?", _assumptions(run)),
    ]
    return [answer for answer in found if answer.sentences]


def _in_and_out(run: RunFolder) -> list[Sentence]:
    rows = run.data.get("variables") or []
    inputs = [_treated(row) for row in rows if row.get("role") == "input"]
    outputs = [_with_unit(row) for row in run.targets]
    sentences = []
    if inputs:
        sentences.append(
            Sentence(
                f"{'; '.join(inputs) if any(',' in name for name in inputs) else words.series(inputs, 16)}.", "In."
            )
        )
    view = _section(run, "data").get("view") or {}
    if generated(run):
        text = f"Each realisation is drawn as a whole{_extent(view)}{_given(run)}."
        sentences.append(Sentence(text))
    else:
        sentences += [Sentence(text) for text in _view(view, step_noun(run))]
    if outputs:
        classes = f", one of {words.plural(len(run.class_names), 'class')} per sample" if run.class_names else ""
        sentences.append(Sentence(f"{words.series(outputs)}{classes}.", "Out."))
    records = run.data.get("records") or []
    if records:
        samples = sum(int(row.get("samples") or 0) for row in records)
        labelled = sum(int(row.get("labelled") or 0) for row in records)
        what = words.plural(len(records), noun(run))
        sentences.append(
            Sentence(f"{what} with {words.number(samples)} samples, {words.number(labelled)} labelled.", "From.")
        )
    return sentences


def generated(run: RunFolder) -> list[str]:
    """The variables whose distribution a generator learns; empty for other runs."""
    sections = (_section(run, "data").get("target") or {}).values()
    return [str(name) for section in sections for name in section.get("generate") or []]


def _extent(view: Mapping[str, Any]) -> str:
    if view.get("kind") == "windows":
        return f", {view.get('length', 256)} samples at a time"
    size = view.get("size") or {}
    return f", {' x '.join(f'{n} ({dim})' for dim, n in size.items())}" if size else ""


def _given(run: RunFolder) -> str:
    """What is known of a realisation while it is drawn."""
    section = next(iter((_section(run, "data").get("target") or {}).values()), {})
    given = section.get("given") or {}
    if not given:
        return ""
    if given.get("kind") == "box":
        return "; all but a box of it is known"
    low, high = given.get("count") or (0, 0)
    along = f" along {given['along']}" if given.get("along") else ""
    return f"; in training {low} to {high} {given.get('kind', 'points')}{along} of it are known"


def step_noun(run: RunFolder) -> str:
    """What one step along a record is called: "month" for monthly stamps, else "sample"."""
    predictions = run.predictions
    return "sample" if predictions is None else words.step(predictions[predictions.axis])


def _view(view: Mapping[str, Any], step: str = "sample") -> list[str]:
    lead = view.get("lead") or 0
    ahead = f" The answer is for {words.plural(lead, step)} after the last one read." if lead else ""
    if view.get("kind") == "windows":
        return [f"The network reads windows of {view.get('length', 256)} samples and answers for every sample.{ahead}"]
    if steps := view.get("steps"):
        named = ", ".join([steps] if isinstance(steps, str) else steps)
        return [f"Each example is one sample; the inputs {named} are the steps of a series.{ahead}"]
    context = _offsets(view.get("context"))
    if len(context) > 1:
        ends = f"from {_offset(context[0])} to {_offset(context[-1])}"
        if lead and context == list(range(1 - len(context), 1)):
            return [f"Each example reads the last {words.plural(len(context), step)}.{ahead}"]
        return [f"Each example reads {words.plural(len(context), step)}, {ends}.{ahead}"]
    if view.get("context_length"):
        return [f"Each example reads its surroundings over {view['context_length']} samples.{ahead}"]
    return [f"Each example is one sample.{ahead}"] if view.get("kind") == "points" else []


def _offsets(context: Any) -> list[int]:
    """The offsets a run file lists, or writes as a span.

    >>> _offsets("-2:0"), _offsets([-4, 0]), _offsets(None)
    ([-2, -1, 0], [-4, 0], [])
    """
    if isinstance(context, str):
        first, last = (int(end) for end in context.split(":"))
        return list(range(first, last + 1))
    return list(context) if isinstance(context, list) else []


def _offset(samples: int) -> str:
    """An offset in words.

    >>> _offset(-11), _offset(0), _offset(4)
    ('11 before', 'the sample itself', '4 after')
    """
    return "the sample itself" if samples == 0 else f"{abs(samples)} {'before' if samples < 0 else 'after'}"


def _learned(run: RunFolder) -> list[Sentence]:
    model = _section(run, "model")
    what = words.series([str(row.get("name")) for row in run.targets])
    lead = (_section(run, "data").get("view") or {}).get("lead")
    if generated(run):
        told = [str(row["name"]) for row in run.data.get("variables") or [] if row.get("role") == "input"]
        told = [name for name in told if name not in generated(run)]
        first = f"The distribution of {words.series(generated(run))}{f' given {words.series(told)}' if told else ''}."
    elif run.class_names:
        first = f"A label: the probability of each of {len(run.class_names)} classes of {what}, sample by sample."
    elif lead:
        first = (
            f"A forecast: the value of {what} {words.plural(lead, step_noun(run))} ahead, from what is known by then."
        )
    else:
        first = f"A number: the value of {what}, sample by sample."
    sentences = [Sentence(first)] if run.targets else []
    family = model.get("family")
    if family:
        own = {k: v for k, v in model.items() if k not in ("family", "members", "start_from", "freeze")}
        told = ", ".join(f"{words.plain(k)} {_value(v)}" for k, v in own.items())
        count = run.environment.get("parameters") or run.metrics.get("parameters")
        size = f" with {words.number(count)} parameters" if isinstance(count, int) else ""
        sentences.append(Sentence(f"The function is a {words.plain(family)}{size}{f' ({told})' if told else ''}."))
    start = run.data.get("start") or {}
    if start:
        seen = words.series([str(name) for name in start.get("trained_on") or []], 6) or "data it does not name"
        kept = f"; {words.series(start['frozen'])} stayed as it was there" if start.get("frozen") else ""
        text = f"It starts from the weights in {start.get('file')}, trained on {seen}{kept}."
        scale = " Inputs and target are scaled as they were there, since the weights were learned for that scale."
        sentences.append(Sentence(text + scale, "Origin."))
    if int(model.get("members") or 1) > 1:
        sentences.append(
            Sentence(f"The mean of {model['members']} such networks, trained from different seeds, is the answer.")
        )
    return sentences


def _loss(run: RunFolder) -> list[Sentence]:
    loss = _section(run, "loss")
    kind = str(loss.get("kind", ""))
    if kind in ("", "auto"):
        return []
    own = {k: v for k, v in loss.items() if k in ARGUMENTS.get(kind, ())}
    told = ", ".join(f"{words.plain(k)} {_value(v)}" for k, v in own.items() if v not in (None, 0, 0.0))
    sentences = [Sentence(f"{words.plain(kind).capitalize()}{f' ({told})' if told else ''}.")]
    sentences += [Sentence(BUYS[kind])] if kind in BUYS else []
    clause = words.series([t for row in run.targets if (t := words.treatment(str(row.get("transform"))))])
    if not run.class_names and run.targets and clause != "none":
        sentences.append(Sentence(f"It sees the target {clause}, in standard deviations of the training part."))
    weights = loss.get("class_weights")
    sentences += [Sentence(WEIGHTS[weights])] if isinstance(weights, str) and weights in WEIGHTS else []
    asked = loss.get("ledger") or {}
    names = words.series([f"{name} ({weight:g})" for name, weight in asked.items()])
    sentences += (
        [Sentence(f"Beside it, with these weights, what declared checks leave over: {names}.")] if asked else []
    )
    return sentences


def _assumptions(run: RunFolder) -> list[Sentence]:
    sentences = [Sentence(_stop(text), "Split.") for text in split_sentences(run)]
    family = str(_section(run, "model").get("family", ""))
    if family in ARCHITECTURE:
        sentences.append(Sentence(ARCHITECTURE[family], "Architecture."))
    validated = any(
        fold.get("validation") for p in (run.split.get("promises") or {}).values() for fold in p.get("folds", [])
    )
    loop = _loop(_section(run, "train"), validated)
    if loop:
        sentences.append(Sentence(loop, "Loop."))
    accepted = [row for row in run.audit if row.get("accepted")]
    if accepted:
        sentences.append(
            Sentence(f"{words.plural(len(accepted), 'finding')} accepted with a reason, listed below.", "Audit.")
        )
    return sentences


def _loop(train: Mapping[str, Any], validated: bool) -> str:
    if not train.get("steps"):
        return ""
    optimiser = words.plain(train.get("optimiser", "gradient descent"))
    text = f"{'At most' if validated else 'All'} {words.number(train['steps'])} steps of {optimiser}"
    if train.get("learning_rate"):
        text += f" at learning rate {train['learning_rate']:g}"
    for stage in train.get("stage") or []:
        how = words.plain(stage.get("optimiser", train.get("optimiser", "gradient descent")))
        text += f", then {words.number(stage['steps'])} of {how} from where those ended"
    if not validated:
        text += "; nothing is held out to stop on, the last step is kept"
    elif train.get("patience") and train.get("evaluate_every"):
        text += (
            f"; the step with the best validation value is kept, and training stops after "
            f"{words.plural(train['patience'] * train['evaluate_every'], 'step')} without a better one"
        )
    augment = {k: v for k, v in (train.get("augment") or {}).items() if v and k != "data_type"}
    if augment:
        told = words.series([f"{words.plain(k).replace(' sd', '')} {_value(v)}" for k, v in augment.items()])
        text += f". Training inputs are varied ({told}), which assumes the label survives it"
    return text + "."


def split_sentences(run: RunFolder) -> list[str]:
    """The reason of every promise's split, in one sentence each."""
    return [str(p["sentence"]) for p in (run.split.get("promises") or {}).values() if p.get("sentence")]


def _section(run: RunFolder, name: str) -> Mapping[str, Any]:
    section = run.run.get(name)
    return section if isinstance(section, Mapping) else {}


def group_noun(run: RunFolder) -> str:
    """What is held out as a whole: the promise's group key where it is a plain word, else "record"."""
    keys = [str(p.get("key") or "") for p in (run.split.get("promises") or {}).values()]
    plain = ("well", "station", "line", "event", "inline", "crossline")
    known = {"well_root": "well"} | {word: word for word in plain}
    return known.get(keys[0], "record") if keys else "record"


def noun(run: RunFolder) -> str:
    """What a record is called: as a group is, unless a station (or another group) has several records."""
    word = group_noun(run)
    groups = [(row.get("groups") or {}).get(word) for row in run.data.get("records") or []]
    return "record" if len({group for group in groups if group}) < sum(map(bool, groups)) else word


def _with_unit(row: Mapping[str, Any]) -> str:
    unit = row.get("unit")
    return f"{row.get('name')} ({unit})" if unit else str(row.get("name"))


def _treated(row: Mapping[str, Any]) -> str:
    """A variable with its unit and what is done to it."""
    clause = words.treatment(str(row.get("transform")))
    return _with_unit(row) + (f", {clause}" if clause else "")


def _value(value: Any) -> str:
    if isinstance(value, list | tuple):
        return "-".join(_value(item) for item in value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def _stop(sentence: str) -> str:
    return sentence if sentence.rstrip().endswith((".", "!", "?")) else sentence.rstrip() + "."
