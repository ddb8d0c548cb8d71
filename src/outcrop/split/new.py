"""The promise "it must work in a new well" (survey, station ...): whole groups are held out, once or in rotation.

Source: Roberts et al. (2017), Cross-validation strategies for data with temporal, spatial, hierarchical, or
phylogenetic structure, Ecography 40, 913-929, doi:10.1111/ecog.02881. Groups are dealt to folds largest first, each
to the fold with the fewest samples that has room, so that folds hold similar numbers of groups and of samples.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from outcrop.errors import ConfigError, DataError, did_you_mean, message
from outcrop.records import Origins
from outcrop.split.promise import Split, named, plural

MOST_FOLDS = 7


@dataclass(frozen=True)
class Groups:
    """The groups of one key: names, labelled samples in each, and the group of every example."""

    key: str
    names: np.ndarray
    size: np.ndarray
    of_example: np.ndarray

    @property
    def scored(self) -> np.ndarray:
        """Groups with at least one labelled sample; only they can be held out."""
        return np.flatnonzero(self.size > 0)

    def examples(self, groups: np.ndarray) -> np.ndarray:
        """The examples of some groups, sorted."""
        return np.flatnonzero(np.isin(self.of_example, groups))

    def labels(self, groups: np.ndarray) -> tuple[str, ...]:
        """The names of some groups."""
        return tuple(self.names[np.sort(groups)].tolist())


def new(
    origins: Origins,
    key: str,
    *,
    folds: int | None = None,
    test: Sequence[str] | None = None,
    validation_share: float = 0.2,
    calibration_share: float = 0.0,
    size: Mapping[str, float] | None = None,
    seed: int = 0,
) -> list[Split]:
    """Whole groups held out: one split when `test` names them, else a rotation in which each group is tested once.

    Args:
        key: group key ("well"): no value of it is in two parts of a split.
        folds: splits of the rotation; by default 7, or one per group when there are fewer.
        test: groups of a single hold-out, or patterns of their names; `folds` is not used then.
        validation_share, calibration_share: share of the remaining samples, drawn as whole groups.
        size: record name -> labelled samples, to balance folds; by default the number of examples.
        seed: the same seed gives the same folds.

    Raises:
        ConfigError: unknown key or group, or too few groups.
        DataError: a record has no value for the key.
    """
    groups = _groups(origins, key, size)
    if test is not None:
        held = [_find(groups, test)]
        sentence = f"Scored on {{n}} {{what}} held out by name: the model must work in a new {key.replace('_', ' ')}."
    else:
        held = _deal(groups, folds, seed)
        sentence = (
            f"Fold {{fold}} of {len(held)} is scored on {{n}} {{what}} that its training never saw: "
            f"the model must work in a new {key.replace('_', ' ')}."
        )
    splits = []
    for number, outer in enumerate(held, start=1):
        rng = np.random.default_rng((seed, number))
        inner = np.setdiff1d(groups.scored, outer)
        leave = 1 + (calibration_share > 0)
        validation = _draw(groups, inner, validation_share, rng, "validation", leave)
        inner = np.setdiff1d(inner, validation)
        calibration = _draw(groups, inner, calibration_share, rng, "calibration", 1)
        train = np.setdiff1d(np.arange(len(groups.names)), np.concatenate([outer, validation, calibration]))
        what = plural(key) if len(outer) > 1 else key.replace("_", " ")
        reason = sentence.format(fold=number, n=len(outer), what=what)
        parts = {"train": train, "validation": validation, "calibration": calibration, "test": outer}
        splits.append(
            Split(
                **{part: groups.examples(which) for part, which in parts.items()},
                sentence=reason,
                promise=f"new = {key}",
                groups={part: groups.labels(which) for part, which in parts.items()},
            )
        )
    return splits


def _groups(origins: Origins, key: str, size: Mapping[str, float] | None) -> Groups:
    if key not in origins.groups:
        known = [k for k in origins.groups if k != "record"]
        fix = (
            f'new = "{known[0]}"'
            if known
            else f'data.groups = {{{key} = "..."}}  (header item or column that holds it)'
        )
        raise ConfigError(
            message(
                f"There is no group key {key!r}{did_you_mean(key, known)}; known keys: {', '.join(known) or 'none'}.",
                where="promise.new",
                fix=fix,
            )
        )
    value = np.asarray(origins.groups[key])
    used = np.bincount(origins.record, minlength=len(origins.names))
    nameless = [name for name, v, n in zip(origins.names, value, used, strict=True) if n and not v]
    if nameless:
        raise DataError(
            message(
                f"{len(nameless)} of {len(origins.names)} records have no {key!r}.",
                where=f"records {named(nameless)}",
                fix=f"give them one through data.groups.{key}, or remove them from data.source.",
            )
        )
    per_record = used if size is None else np.array([float(size.get(name, 0)) for name in origins.names])
    names, group = np.unique(value[used > 0], return_inverse=True)
    lookup = np.full(len(value), -1)
    lookup[used > 0] = group
    weight = np.bincount(group, per_record[used > 0], minlength=len(names))
    return Groups(key, names, weight, lookup[origins.record])


def _find(groups: Groups, test: Sequence[str]) -> np.ndarray:
    """Positions of the groups that are named, or match a pattern such as "darcy_test_*"."""
    names, known = [str(name) for name in test], set(groups.names.tolist())
    found = {name: [name] if name in known else fnmatch.filter(groups.names.tolist(), name) for name in names}
    unknown = [name for name, those in found.items() if not those]
    if unknown or not names:
        hint = did_you_mean(unknown[0], groups.names) if unknown else ""
        raise ConfigError(
            message(
                f"promise.test names {named(unknown) if unknown else 'nothing'}{hint}, which no labelled record has.",
                where=f"known {plural(groups.key)}: {named(groups.names, 8)}",
                fix=f'test = ["{groups.names[-1]}"]',
            )
        )
    chosen = np.flatnonzero(np.isin(groups.names, [name for those in found.values() for name in those]))
    if len(chosen) == len(groups.names):
        raise ConfigError(
            message(
                f"All {len(chosen)} {plural(groups.key)} are held out: nothing is left to train on.",
                where="promise.test",
                fix=f'test = ["{groups.names[-1]}"], or no test and folds = {min(MOST_FOLDS, len(chosen))}',
            )
        )
    return chosen


def _deal(groups: Groups, folds: int | None, seed: int) -> list[np.ndarray]:
    """Deals the labelled groups to folds, largest first, each to the fold with the fewest samples."""
    scored = groups.scored
    folds = min(MOST_FOLDS, len(scored)) if folds is None else int(folds)
    if not 2 <= folds <= len(scored):
        raise ConfigError(
            message(
                f"{folds} folds need at least 2 and at most {len(scored)} labelled {plural(groups.key)}; "
                f"there are {len(scored)}.",
                where="promise.folds",
                fix=f"folds = {len(scored)}" if len(scored) > 1 else f"add records of another {groups.key}.",
            )
        )
    shuffled = np.random.default_rng(seed).permutation(scored)
    order = shuffled[np.argsort(-groups.size[shuffled], kind="stable")]
    total, members = np.zeros(folds), [[] for _ in range(folds)]
    room = -(-len(order) // folds)
    for group in order:
        fold = int(np.argmin([np.inf if len(own) == room else held for own, held in zip(members, total, strict=True)]))
        members[fold].append(group)
        total[fold] += groups.size[group]
    return [np.sort(np.array(chosen)) for chosen in members]


def _draw(
    groups: Groups, available: np.ndarray, share: float, rng: np.random.Generator, part: str, leave: int
) -> np.ndarray:
    """Whole groups that hold about `share` of the samples; at least one group is drawn and `leave` are left."""
    if not 0 <= share < 1:
        raise ConfigError(
            message(f"{part}_share is {share}.", where="[promise]", fix=f"{part}_share = 0.2 (0 to below 1)")
        )
    if share == 0:
        return np.empty(0, np.int64)
    if len(available) < 1 + leave:
        raise ConfigError(
            message(
                f"Beside the test part there are {len(available)} {plural(groups.key)}; {part} needs one of its own.",
                where=f"promise.new = {groups.key!r}",
                fix=f"hold out fewer {plural(groups.key)}, add records, or set {part}_share = 0",
            )
        )
    goal, total, chosen = share * groups.size[available].sum(), 0.0, []
    for group in rng.permutation(available):
        if len(chosen) < len(available) - leave and (not chosen or total + groups.size[group] <= 1.25 * goal):
            chosen.append(group)
            total += groups.size[group]
        if total >= goal:
            break
    return np.sort(np.array(chosen))
