"""Fine-tuning: a run whose networks start from those of a model file, with some of their parts held as they are.

The inputs and the target are scaled as they were there: the weights were learned for that scale, and a new one would
shift every input under them. Those statistics come from the earlier training, never from this run's data; whether the
earlier training saw records that are now in the test part is for the audit (`seen_before`) to say.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jax

from outcrop.bundle import Bundle
from outcrop.bundle import load as load_bundle
from outcrop.config.schema import ModelSection
from outcrop.data.normalise import Normaliser, union
from outcrop.errors import BundleError, ConfigError, did_you_mean, message
from outcrop.model import table as families
from outcrop.model.trainable import free, parts_of
from outcrop.run.folder import plain
from outcrop.run.series import network_arguments, sizes
from outcrop.run.weights import check_sizes, member

if TYPE_CHECKING:
    from outcrop.run.problem import Problem
    from outcrop.view.view import View

WITHOUT_WEIGHTS = ("dropout",)
"""Arguments of a family that may differ: they change neither arrays nor answers."""
OF_A_CHANNEL = ("role", "unit", "transform", "missing", "scope", "period", "classes", "per_area", "coarsen")
"""What must be the same of a variable, for its numbers to mean the same to the network."""


@dataclasses.dataclass(frozen=True)
class Start:
    """The model file a run starts from.

    Attributes:
        bundle: its content.
        normaliser: how its inputs and target were scaled.
        sha256: of the file.
        frozen: names of the parts that do not move, as `outcrop inspect` prints them.
    """

    bundle: Bundle
    normaliser: Normaliser
    sha256: str
    frozen: tuple[str, ...] = ()

    def scaled_as_there(self, fitted: Normaliser) -> Normaliser:
        """The statistics of the model file, with the class counts of this run's training part."""
        known = self.normaliser
        return dataclasses.replace(fitted, statistics=known.statistics, saw={}, fingerprint=known.fingerprint)

    def network(self, number: int, arguments: Mapping[str, Any]) -> Any:
        """The network that member `number` of this run starts from; this run's arguments decide on dropout."""
        own = {**self.bundle.arguments, "arguments": dict(arguments)}
        return member(dataclasses.replace(self.bundle, arguments=own), number % self.bundle.members)

    def held(self, loss: Any) -> Any:
        """The loss, whose groups leave the frozen parts where they are."""
        if not self.frozen:
            return loss
        groups = tuple(dataclasses.replace(group, where=_both(group.where, self.frozen)) for group in loss.groups)
        return dataclasses.replace(loss, groups=groups)

    @property
    def trained_on(self) -> list[dict[str, Any]]:
        """Name, SHA-256, number of samples and ranges of every record that the networks were trained on.

        Older model files tell only the names and ranges that their statistics were taken from.
        """
        known = self.bundle.fingerprints.get("trained_on")
        if known is not None:
            return list(known)
        return [
            {"name": name, "sha256": "", "samples": 0, "ranges": [list(pair) for pair in pairs]}
            for name, pairs in self.normaliser.saw.items()
        ]

    def to_json(self) -> dict[str, Any]:
        """What run folder, report and the next model file say about the origin."""
        bundle = self.bundle
        return {
            "file": Path(bundle.source).name,
            "sha256": self.sha256,
            "family": bundle.family,
            "members": bundle.members,
            "promise": bundle.promise,
            "data": bundle.fingerprints.get("data", ""),
            "trained_on": [entry["name"] for entry in self.trained_on],
            "frozen": list(self.frozen),
        }


def read_start(section: ModelSection, base: Path) -> Start | None:
    """The model file that [model] start_from names, or None.

    Raises:
        BundleError: it is missing, damaged, or not of this version.
    """
    if section.start_from is None:
        return None
    path = base / section.start_from
    bundle = load_bundle(path)
    try:
        check_sizes(bundle)
        normaliser = Normaliser.from_json(bundle.normaliser)
    except (KeyError, TypeError, ValueError) as error:
        what = f"The model file does not describe a model: {str(error).splitlines()[0]}."
        raise BundleError(message(what, where=str(path), fix="write it again from its run.")) from None
    return Start(bundle, normaliser, hashlib.sha256(path.read_bytes()).hexdigest(), tuple(section.freeze))


def check_fits(problem: Problem, view: View) -> None:
    """Refuses a model file whose networks are not those that this run would build.

    Raises:
        ConfigError: naming what differs: the family, its arguments, the channels, the target or the sizes.
    """
    start, section = problem.start, problem.config.model
    if start is None:
        return
    where = f"model.start_from = {section.start_from!r}"
    bundle = start.bundle
    if bundle.family != section.family:
        what = f"The model file holds a network of the family {bundle.family!r}, the run asks for {section.family!r}."
        raise ConfigError(message(what, where=where, fix=f'[model] family = "{bundle.family}"'))
    defaults = families.arguments_of(section.family)
    stated = bundle.arguments["arguments"], network_arguments(problem, view)
    there, here = ({**defaults, **arguments} for arguments in stated)
    other = [n for n in here if n not in WITHOUT_WEIGHTS and plain(there.get(n)) != plain(here[n])]
    if other:
        told = "; ".join(f"{name} is {plain(there.get(name))} there and {plain(here[name])} here" for name in other)
        fix = "[model] " + ", ".join(f"{name} = {families.written(there.get(name))}" for name in other)
        raise ConfigError(message(f"The network in the model file is another: {told}.", where=where, fix=fix))
    found = [*_channels(start, problem), *_sizes(start, problem, view)]
    if found:
        fix = "declare the variables, view and loss as the run file of that model does; or train from the beginning."
        what = f"The model file does not fit the data: {'; '.join(found[:4])}."
        raise ConfigError(message(what, where=where, fix=fix))


def check_parts(start: Start | None, model: Any) -> None:
    """Refuses to freeze what the network does not have, or all of it.

    Raises:
        ConfigError: with the names of the parts.
    """
    if start is None or not start.frozen:
        return
    known = parts_of(model)
    for name in start.frozen:
        if name not in known:
            what = f"The network has no part {name!r}{did_you_mean(name, known)}."
            raise ConfigError(message(what, where="model.freeze", fix=f"use some of {', '.join(known)}."))
    if not any(jax.tree.leaves(free(model, start.frozen))):
        fix = "freeze fewer parts; the last layer is called 'last'."
        raise ConfigError(message("All parts are frozen: nothing would be learned.", where="model.freeze", fix=fix))


def trained_on(problem: Problem, ranges: Mapping[str, Sequence[tuple[int, int]]]) -> list[dict[str, Any]]:
    """What the networks of a run have seen: these ranges of samples, and all that those they start from had seen."""
    rows = [] if problem.start is None else problem.start.trained_on
    for record in problem.records:
        if record.name in ranges:
            pairs = union(ranges[record.name], len(record))
            pairs = pairs if len(pairs) <= MOST_RANGES else ((pairs[0][0], pairs[-1][1]),)
            known = {"name": record.name, "sha256": record.sha256, "samples": len(record)}
            rows = [*rows, {**known, "ranges": [list(pair) for pair in pairs]}]
    return rows


MOST_RANGES = 1000
"""Of one record in a model file; more are told as one."""


def _both(where: Any, frozen: Sequence[str]) -> Any:
    def moves(model: Any) -> Any:
        mine = free(model, frozen)
        if where is None:
            return mine
        spread = jax.tree.map(lambda keep, branch: jax.tree.map(lambda _: bool(keep), branch), where(model), model)
        return jax.tree.map(lambda a, b: bool(a and b), mine, spread)

    return moves


def _channels(start: Start, problem: Problem) -> list[str]:
    """Sentences about inputs and target that mean something else to the network."""
    there = {v.name: v for v in start.normaliser.variables if v.role != "weight"}
    here = {v.name: v for v in problem.variables if v.role != "weight"}
    order = [list(known) for known in (there, here)]
    if order[0] != order[1]:
        return [f"its variables are {', '.join(order[0])} there and {', '.join(order[1])} here"]
    found = []
    for name, variable in here.items():
        ours, theirs = variable.to_json(), there[name].to_json()
        for key in OF_A_CHANNEL:
            if plain(ours.get(key)) != plain(theirs.get(key)):
                told = f"is {theirs.get(key)!r} there and {ours.get(key)!r} here" if key != "classes" else "differ"
                found.append(f"{key} of {name} {told}")
    return found


def _sizes(start: Start, problem: Problem, view: View) -> list[str]:
    wanted = sizes(problem, view, Normaliser(tuple(problem.variables), {}, {}, ""))
    known = start.bundle.arguments
    head = start.bundle.provenance.get("head", {})
    ours = {"kind": problem.head.kind, "levels": list(problem.head.levels)}
    theirs = {"kind": head.get("kind", ours["kind"]), "levels": list(head.get("levels", ()))}
    pairs = {
        "numbers read per sample": (known.get("in_channels"), wanted.get("in_channels")),
        "numbers read per example": (known.get("in_size"), wanted.get("in_size")),
        "steps of a sequence": (known.get("steps"), wanted.get("steps")),
        "steps of a series": (known.get("columns"), wanted.get("columns")),
        "outputs": (known["out"], problem.out_size),
        "what the outputs mean": (theirs["kind"], ours["kind"]),
        "quantile levels": (theirs["levels"], ours["levels"]),
    }
    return [f"{name}: {there} there and {here} here" for name, (there, here) in pairs.items() if there != here]
