r"""Adversarial losses: a generator makes examples, a critic learns to tell them from data, and each learns in its turn.

    objective         the critic lowers                                                 the generator lowers
    non_saturating    softplus(-C(data)) + softplus(C(made))                            softplus(-C(made))
    least_squares     (C(data) - 1)^2 / 2 + C(made)^2 / 2                               (C(made) - 1)^2 / 2
    wgan_gp           C(made) - C(data) + penalty_weight (|gradient of C| - 1)^2        -C(made)

The gradient is that with respect to the example, at a random point between data and made. `r1_weight` adds
r1_weight / 2 times its square at the data to the critic's loss, which lets the game settle.

Momentum keeps the two circling around each other (Gidel et al., 2019, arXiv:1807.04740): optimise with "rmsprop".
No value of such a loss says how good the examples are: validation needs a distance between made and held-out data.

Source: Goodfellow et al. (2014), arXiv:1406.2661, section 3; Mao et al. (2017), arXiv:1611.04076, equation 9; Gulrajani
et al. (2017), arXiv:1704.00028, equation 3 and algorithm 1; Mescheder, Geiger and Nowozin (2018), arXiv:1801.04406,
equation 9 (R1).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray, PyTree

from outcrop.errors import ConfigError, message
from outcrop.loss.generated import Examples, examples, one_of
from outcrop.loss.loss import Group, LossValue
from outcrop.records import Batch

Scores = Float[Array, " example"]


class Objective(NamedTuple):
    """One row of the table at the top of the file.

    Attributes:
        data, made: what the critic lowers, from its scores.
        wanted: what the generator lowers, from the critic's scores.
        middle: score above which the critic takes an example for data; None where scores have no such meaning.
        critic_turns: of the critic per turn of the generator.
    """

    data: Callable[[Scores], Scores]
    made: Callable[[Scores], Scores]
    wanted: Callable[[Scores], Scores]
    middle: float | None
    critic_turns: int = 1


OBJECTIVES: dict[str, Objective] = {
    "non_saturating": Objective(lambda s: jax.nn.softplus(-s), jax.nn.softplus, lambda s: jax.nn.softplus(-s), 0.0),
    "least_squares": Objective(
        lambda s: 0.5 * jnp.square(s - 1), lambda s: 0.5 * jnp.square(s), lambda s: 0.5 * jnp.square(s - 1), 0.5
    ),
    "wgan_gp": Objective(lambda s: -s, lambda s: s, lambda s: -s, None, critic_turns=5),
}


@dataclass(frozen=True, eq=False)
class Adversarial:
    """The game of `model.generator(z, condition, key=key)` and `model.critic(x, condition, key=key)`.

    Where data are missing, what is made is hidden as well, so that the critic cannot tell the two by their gaps.

    Attributes:
        objective: a key of `OBJECTIVES`.
        penalty_weight: of the gradient penalty of "wgan_gp".
        r1_weight: of the squared gradient at the data; 0 for none.
        groups: "critic", which moves first, and "generator".
    """

    objective: str
    penalty_weight: float
    r1_weight: float
    groups: tuple[Group, ...]

    def init(self, model: PyTree, key: PRNGKeyArray | None = None) -> None:
        """No state."""

    def loss(
        self, model: PyTree, state: Any, batch: Batch, key: PRNGKeyArray | None = None, group: Group | None = None
    ) -> LossValue:
        """What the group lowers, by default the critic; without `key` always the same draws."""
        data, weight, condition = own = examples(batch)
        shown = (weight > 0).astype(data.dtype)
        each = jnp.mean(weight.reshape(len(weight), -1), axis=1)  # of every example
        total = jnp.sum(each)
        share = each / jnp.where(total > 0, total, 1.0)
        first, second, third = jax.random.split(jax.random.key(0) if key is None else key, 3)
        keys = [None if key is None else jax.random.split(draw, len(data)) for draw in jax.random.split(second)]
        z = jax.random.normal(first, (len(data), model.latent_size), data.dtype)
        made = shown * jax.vmap(lambda z, c, k: model.generator(z, c, key=k))(z, condition, keys[0])
        rule = OBJECTIVES[self.objective]

        def score(x: Array, keys: Any = keys[1]) -> Scores:
            return jax.vmap(lambda x, c, k: model.critic(x, c, key=k))(x, condition, keys)

        if group is not None and group.name == "generator":
            value = jnp.sum(share * rule.wanted(score(made)))
            return LossValue(value, total, {}, state)
        made = jax.lax.stop_gradient(made)
        scores = score(data), score(made)
        value = jnp.sum(share * (rule.data(scores[0]) + rule.made(scores[1])))
        parts = {"gap": jnp.sum(share * (scores[0] - scores[1]))}
        if rule.middle is not None:
            right = (scores[0] > rule.middle).astype(data.dtype) + (scores[1] <= rule.middle).astype(data.dtype)
            parts["accuracy"] = jnp.sum(share * right) / 2
        for name, penalty in self.penalties(model, own, made, third).items():
            parts[name] = jnp.sum(share * penalty)
            value = value + parts[name]
        return LossValue(value, total, parts, state)

    def penalties(self, model: PyTree, own: Examples, made: Array, key: PRNGKeyArray) -> dict[str, Scores]:
        """What steep slopes of the critic cost, per example."""

        def steepness(x: Array) -> Scores:
            slope = jax.vmap(jax.grad(lambda x, c: model.critic(x, c)))(x, own.condition)
            return jnp.sum(jnp.square(slope).reshape(len(x), -1), axis=1)

        found = {}
        if self.objective == "wgan_gp":
            at = jax.random.uniform(key, (len(made),) + (1,) * (made.ndim - 1), made.dtype)
            length = jnp.sqrt(steepness(at * own.data + (1 - at) * made) + 1e-12)  # the root has no slope at 0
            found["penalty"] = self.penalty_weight * jnp.square(length - 1)
        if self.r1_weight:
            found["r1"] = 0.5 * self.r1_weight * steepness(own.data)
        return found


def adversarial(
    *,
    objective: str = "non_saturating",
    critic_turns: int = 0,
    penalty_weight: float = 10.0,
    r1_weight: float = 0.0,
) -> Adversarial:
    """The adversarial loss with the names of the run file.

    Args:
        objective: "non_saturating", "least_squares" or "wgan_gp".
        critic_turns: steps of the critic per step of the generator; 0 for 5 with "wgan_gp" and 1 with the others.
        penalty_weight: of the gradient penalty of "wgan_gp".
        r1_weight: of the squared gradient at the data; 0 for none, 0.1 to 10 where the game does not settle.

    Raises:
        ConfigError: the objective is not known, or a number is below 0.
    """
    one_of(OBJECTIVES, objective=objective)
    if min(critic_turns, penalty_weight, r1_weight) < 0:
        what = (
            f"critic_turns = {critic_turns}, penalty_weight = {penalty_weight} or r1_weight = {r1_weight} is below 0."
        )
        raise ConfigError(message(what, where="[loss]", fix="critic_turns = 0, penalty_weight = 10, r1_weight = 0"))
    turns = critic_turns or OBJECTIVES[objective].critic_turns
    groups = (Group("critic", turns, _only("critic")), Group("generator", 1, _only("generator")))
    return Adversarial(objective, penalty_weight, r1_weight, groups)


def _only(name: str) -> Callable[[PyTree], PyTree]:
    """The arrays of one of the two networks."""

    def where(model: PyTree) -> PyTree:
        both = lambda pair: (pair.generator, pair.critic)  # noqa: E731
        return eqx.tree_at(both, model, (name == "generator", name == "critic"))

    return where
