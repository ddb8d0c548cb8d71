"""Realisations of trained generators: of what, how many, in batches, the same ones whatever the batch."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from outcrop.data.normalise import Normaliser
from outcrop.errors import DataError, message
from outcrop.metric.energy import energy_scores, energy_scores_of_one
from outcrop.run.own_target import conditions_of
from outcrop.sample.realise import Observed, Plan, realisation

if TYPE_CHECKING:
    from outcrop.run.problem import Problem


LEAST_THERE = 0.5
"""Share of the values of an example that must be there, for it to be judged beside its gaps."""


class Examples(NamedTuple):
    """Some examples of a view.

    Attributes:
        index: of the examples.
        told: what the generator is told, (example, *place, condition).
        real: what was found, (example, *place, variable), standard units, 0 where nothing is.
        there: where something is, of the same shape; everywhere unless gaps are asked for.
    """

    index: np.ndarray
    told: np.ndarray
    real: np.ndarray
    there: np.ndarray

    @property
    def whole(self) -> Examples:
        """Those that miss nothing."""
        kept = self.there.all(axis=tuple(range(1, self.there.ndim)))
        return Examples(*(part[kept] for part in self))


def plan_of(problem: Problem) -> Plan:
    """How the run file asks for realisations."""
    section = problem.config.sample
    return Plan(section.sampler, section.steps, section.guidance, float(section.churn))


def complete(view: Any, tables: Mapping[str, Any], index: np.ndarray, most: int, *, gaps: bool = False) -> Examples:
    """At most so many examples that miss nothing, or with `gaps` at most half, evenly spread over those of a part.

    Raises:
        DataError: every one misses something.
    """
    batch = view.gather(tables, index)
    there = np.asarray(batch.weight) > 0
    share = there.mean(axis=tuple(range(1, there.ndim)))
    able = np.flatnonzero(share >= (LEAST_THERE if gaps else 1.0))
    if not len(able):
        what = f"All {len(index):,} examples of a part miss values of what is generated, and none can be judged."
        fix = 'shorter examples, records without gaps, or missing = "mask" of what is generated.'
        raise DataError(message(what, where="data.view", fix=fix))
    chosen = able[np.unique(np.linspace(0, len(able) - 1, min(most, len(able))).round().astype(int))]
    return Examples(index[chosen], np.asarray(batch.inputs)[chosen], np.asarray(batch.target)[chosen], there[chosen])


def with_gaps(problem: Problem) -> bool:
    """Whether all that is generated may be missing where nothing is, such as a sea-surface temperature on land."""
    known = {variable.name: variable for variable in problem.variables}
    return not problem.classes and all(known[name].missing == "mask" for name in problem.generates)


def drawn(
    members: Sequence[Any],
    loss: Any,
    plan: Plan,
    told: np.ndarray,
    shape: tuple[int, ...],
    *,
    count: int,
    seed: int,
    observed: Observed | None = None,
    guided: bool = False,
    batch_size: int = 64,
) -> np.ndarray:
    """Realisations of some examples, (example, realisation, *shape), standard units; members take turns.

    Args:
        members: trained networks.
        loss: what they were trained with.
        plan: how realisations are drawn.
        told: (example, *place, condition), no channels where nothing is told.
        shape: of one, (*place, variable).
        count: realisations of each example.
        seed: decides them, whatever the batch size; the first ones are the same for any count.
        observed: values to honour, with a leading example axis on `known` and `values`.
        guided: see `realisation`.
        batch_size: realisations drawn at once.
    """
    models = [eqx.nn.inference_mode(member) for member in members]
    result = np.empty((len(told), count, *shape), np.float32)
    pairs = np.stack(np.meshgrid(np.arange(len(told)), np.arange(count), indexing="ij"), axis=-1).reshape(-1, 2)
    for which, model in enumerate(models):
        mine = pairs[pairs[:, 1] % len(models) == which]
        for start in range(0, len(mine), batch_size):
            own = mine[start : start + batch_size]
            full = own[np.arange(batch_size) % len(own)]  # the last batch is filled up: one compilation
            keys = jax.vmap(lambda e, r: jax.random.fold_in(jax.random.fold_in(jax.random.key(seed), e), r))(
                jnp.asarray(full[:, 0]), jnp.asarray(full[:, 1])
            )
            seen = observed and observed._replace(
                known=jnp.asarray(observed.known[full[:, 0]]), values=jnp.asarray(observed.values[full[:, 0]])
            )
            made = np.asarray(_some(model, loss, plan, shape, guided, keys, jnp.asarray(told[full[:, 0]]), seen))
            result[own[:, 0], own[:, 1]] = made[: len(own)]
    return result


@eqx.filter_jit
def _some(
    model: Any, loss: Any, plan: Plan, shape: tuple[int, ...], guided: bool, keys: Any, told: Any, observed: Any
) -> Any:
    """A realisation for every key."""

    def one(key: Any, told: Any, observed: Any) -> Any:
        return realisation(model, loss, shape, plan, key=key, condition=told, observed=observed, guided=guided)

    axes = None if observed is None else Observed(0, 0, None, None, None, None)  # type: ignore[arg-type]
    return jax.vmap(one, in_axes=(0, 0, axes))(keys, told, observed)


def distance_to(
    problem: Problem, view: Any, tables: Mapping[str, Any], index: np.ndarray, loss: Any, *, batch_size: int
) -> Callable[[Any], float]:
    """What a game is stopped by: network -> mean energy score on held-out examples, always with the same draws."""
    section = problem.config.sample
    held = complete(view, tables, index, section.most_examples)
    together, shape, plan = not held.told.shape[-1], held.real.shape[1:], plan_of(problem)
    how: dict[str, Any] = {"seed": section.seed + 1, "batch_size": batch_size}

    def validate(model: Any) -> float:
        if together:
            made = drawn([model], loss, plan, held.told[:1], shape, count=len(held.index), **how)[0][:, None]
        else:
            made = drawn([model], loss, plan, held.told, shape, count=4, **how)
        return float(scores(settled(problem, made), held.real, together=together).mean())

    return validate


def settled(problem: Problem, made: np.ndarray) -> np.ndarray:
    """Realisations as what they stand for: of classes the likeliest is 1, the others are -1."""
    if not problem.classes:
        return made
    best = made.argmax(axis=-1)
    return np.where(best[..., None] == np.arange(made.shape[-1]), 1, -1).astype(np.float32)


def hard_data(problem: Problem, told: np.ndarray, noise_sd: float = 0.0) -> Observed | None:
    """The known values among what a generator is told; None where none are given."""
    if problem.section.given is None:
        return None
    width = problem.out_size
    known = np.repeat(told[..., -1:] > 0, width, axis=-1)
    return Observed(known, told[..., -1 - width : -1], jnp.asarray(noise_sd, jnp.float32))  # type: ignore[arg-type]


def coarse_copies(problem: Problem) -> tuple[str, ...]:
    """For each variable that is generated the input that holds its block means; empty where one has none."""
    known = {variable.name: variable for variable in problem.variables}
    inputs = [variable for variable in problem.variables if variable.role == "input" and variable.coarsen]
    found = []
    for name in problem.generates:
        own = known[name]
        same = [v.name for v in inputs if (v.sources, v.unit, v.transform) == (own.sources, own.unit, own.transform)]
        found += same[:1]
    return tuple(found) if len(found) == len(problem.generates) else ()


def coarse_fields(problem: Problem, normaliser: Normaliser, told: np.ndarray) -> np.ndarray | None:
    """The block means among what a generator is told, (example, *place, variable), standard units of what is generated.

    None where the run file has no coarse copy of each variable.
    """
    copies, conditions = coarse_copies(problem), conditions_of(problem, normaliser)
    if not copies:
        return None
    columns = []
    for name, copy in zip(problem.generates, copies, strict=True):
        own, other = normaliser.statistics[name], normaliser.statistics[copy]
        values = told[..., conditions.index(normaliser.layout[copy].values[0])].astype(float)
        columns.append((values * other.spread + other.centre - own.centre) / own.spread)
    return np.stack(columns, axis=-1)


def held(seen: Observed | None, there: np.ndarray) -> Observed | None:
    """Known values, and 0 where nothing is: what stands there in training, and says nothing in the end."""
    if there.all():
        return seen
    if seen is None:
        return Observed(~there, np.zeros(there.shape, np.float32), jnp.zeros((), jnp.float32))  # type: ignore[arg-type]
    return seen._replace(known=np.asarray(seen.known) | ~there)


def scores(realisations: np.ndarray, real: np.ndarray, *, together: bool) -> np.ndarray:
    """The energy score of every example."""
    flat = realisations.reshape(*realisations.shape[:2], -1).astype(float)
    truth = real.reshape(len(real), -1).astype(float)
    if together:
        return energy_scores_of_one(samples=flat[:, 0], truth=truth)
    return energy_scores(samples=flat, truth=truth)
