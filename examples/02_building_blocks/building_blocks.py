"""The building blocks of a network, one picture each: python examples/02_building_blocks/building_blocks.py

Activations, width, optimisers, the gradient, schedules, and what depth does to signals: every network is trained by
outcrop's own loop, with the names a run file uses. Writes results.json and the pictures beside this file. `pictures.py`
draws.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.flatten_util
import jax.numpy as jnp
import numpy as np
import optax
import pictures

from outcrop.loss import table as losses
from outcrop.model import table as families
from outcrop.model.activation import activation
from outcrop.model.initial import draw
from outcrop.records import Batch
from outcrop.train.loop import fit_members
from outcrop.train.optimiser import learning_rate_of, make
from outcrop.train.predict import predict, validation_loss
from outcrop.train.progress import Fit
from outcrop.train.stages import Stage, fit_stages

HERE = Path(__file__).parent
SEEDS, NOISE, REACH = 5, 0.05, 2.0
ACTIVATIONS = ("sigmoid", "tanh", "relu", "leaky_relu", "gelu", "softplus", "sin")
WIDTHS = (2, 4, 8, 16, 64, 256)
RATES = {"sgd": (0.03, 0.1, 0.3), "momentum": (0.01, 0.03, 0.1)}
RATES |= dict.fromkeys(("rmsprop", "adam", "adamw"), (0.003, 0.01, 0.03))
"""The grid of learning rates that each optimiser may choose from, by validation."""
EVALUATIONS = 1500
MSE = losses.build("mse", "number")


def truth(x: np.ndarray) -> np.ndarray:
    """The function to be learned: a wave under a bell."""
    return np.sin(2 * np.pi * x) * np.exp(-(x**2))


def samples(count: int, seed: int) -> Batch:
    """Places drawn evenly on [-2, 2], and the function there with noise of standard deviation 0.05."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(-REACH, REACH, (count, 1))
    y = truth(x[:, 0]) + NOISE * rng.normal(size=count)
    return Batch(x.astype(np.float32), y.astype(np.float32), np.ones(count, np.float32))


TRAINING, VALIDATION, HELD_OUT = samples(160, 0), samples(40, 1), samples(2000, 2)


def network(seed: int, **arguments: Any) -> eqx.Module:
    """An untrained multilayer perceptron of the table of families."""
    return families.build("mlp", in_size=1, out=1, arguments=arguments, key=jax.random.key(seed))


VALIDATE = validation_loss(MSE, VALIDATION, batch_size=40)


def trained(models: Sequence[Any], optimiser: Any, *, steps: int, evaluate_every: int = 20) -> list[Fit]:
    """All members trained side by side on all training points in every step; the best on validation is kept."""
    keys = [jax.random.key(100 + number) for number in range(len(models))]
    plan = {"steps": steps, "batch_size": len(TRAINING.target), "evaluate_every": evaluate_every}
    return fit_members(models, MSE, optimiser, TRAINING, keys=keys, validate=VALIDATE, **plan)


def held_out_error(model: Any) -> float:
    """Root mean square error on places never seen, noise included: no network can get below the noise."""
    return float(np.sqrt(np.mean((predict(model, HELD_OUT, 2000)[:, 0] - HELD_OUT.target) ** 2)))


def draw_activations() -> dict[str, Any]:
    """Every activation and its derivative."""
    x = jnp.linspace(-4, 4, 401)
    curves = {name: (activation(name)(x), jax.vmap(jax.grad(activation(name)))(x)) for name in ACTIVATIONS}
    pictures.activations(np.asarray(x), curves).savefig(HERE / "activations.png", dpi=110)
    return {name: {"largest_slope": round(float(slope.max()), 3)} for name, (_, slope) in curves.items()}


def fit_widths() -> dict[str, Any]:
    """Held-out error of one hidden layer against its width, five seeds each."""
    x = np.linspace(-REACH, REACH, 401)
    grid = Batch(x[:, None].astype(np.float32))
    errors, curves = {}, {}
    for width in WIDTHS:
        models = [network(seed, width_size=width, depth=1, activation="tanh") for seed in range(SEEDS)]
        optimiser = make("adam", steps=3000, learning_rate=3e-2, clip_norm=None)
        fits = trained(models, optimiser, steps=3000, evaluate_every=100)
        errors[width] = sorted(held_out_error(fit.best) for fit in fits)
        curves[width] = predict(fits[0].best, grid, 401)[:, 0]
    shown = {width: curves[width] for width in (2, 8, 64)}
    picture = pictures.widths(x, truth(x), shown, TRAINING, errors, NOISE)
    picture.savefig(HERE / "widths.png", dpi=110)
    told = {"noise_floor": NOISE, "without_a_network": round(float(np.std(HELD_OUT.target)), 4)}
    return told | {str(width): [round(error, 4) for error in each] for width, each in errors.items()}


class Counting(NamedTuple):
    """State of `counting`: the leaves of the optimiser's own, and the count, under the name that the history shows."""

    leaves: list[Any]
    learning_rate: jax.Array


def counting(optimiser: Any) -> Any:
    """L-BFGS whose "learning rate" in the history is the number of gradients asked for: a line search asks often."""

    def init(parameters: Any) -> Counting:
        return Counting(jax.tree.leaves(optimiser.init(parameters)), jnp.zeros(()))

    def update(gradient: Any, state: Counting, parameters: Any, **further: Any) -> tuple[Any, Counting]:
        structure = jax.tree.structure(jax.eval_shape(optimiser.init, parameters))
        own = jax.tree.unflatten(structure, state.leaves)
        step, own = optimiser.update(gradient, own, parameters, **further)
        asked = 1 + optax.tree.get(own, "num_linesearch_steps")
        return step, Counting(jax.tree.leaves(own), state.learning_rate + asked)

    return optax.GradientTransformationExtraArgs(init, update)


def racers(seed: int) -> eqx.Module:
    """The network of the race: 1-32-32-1."""
    return network(seed, width_size=32, depth=2, activation="tanh")


Line = list[tuple[int, float]]
"""(gradients asked for, training loss) of one seed."""


def race_first_order(name: str) -> tuple[float, list[Line]]:
    """The learning rate of the lowest median validation loss, and a line for each seed."""
    best: tuple[float, float, list[Fit]] | None = None
    for rate in RATES[name]:
        optimiser = make(name, steps=EVALUATIONS, learning_rate=rate, clip_norm=None)
        fits = trained([racers(seed) for seed in range(SEEDS)], optimiser, steps=EVALUATIONS)
        score = float(np.median([fit.best_value for fit in fits]))
        if best is None or score < best[0]:
            best = score, rate, fits
    assert best is not None
    return best[1], [[(row["step"], row["train_loss"]) for row in fit.history] for fit in best[2]]


def race_quasi_newton(before: int, rate: float) -> list[Line]:
    """L-BFGS, after so many steps of Adam, until as many gradients were asked for as the others had."""
    plan = {"batch_size": 160, "evaluate_every": 10}
    stages = [Stage("lbfgs", counting(make("lbfgs", steps=1)), lambda: TRAINING, {"steps": 500, **plan}, exact=True)]
    if before:
        adam = make("adam", steps=before, learning_rate=rate, clip_norm=None)
        stages.insert(0, Stage("adam", adam, lambda: TRAINING, {"steps": before, **plan}))
    keys = [jax.random.key(100 + seed) for seed in range(SEEDS)]
    fits = fit_stages([racers(seed) for seed in range(SEEDS)], MSE, stages, keys=keys)
    lines = []
    for each in fits:
        rows = [
            (row["learning_rate"] + before if row["stage"] == "lbfgs" else row["step"], row) for row in each.history
        ]
        lines.append([(int(asked), row["train_loss"]) for asked, row in rows if asked <= EVALUATIONS])
    return lines


def race() -> dict[str, Any]:
    """Training loss against gradients asked for, each optimiser at its own best learning rate."""
    told, lines = {}, {}
    for name in RATES:
        rate, lines[name] = race_first_order(name)
        told[name] = {"learning_rate": rate}
    rate = told["adam"]["learning_rate"]
    lines["lbfgs"] = race_quasi_newton(0, rate)
    lines["adam, then lbfgs"] = race_quasi_newton(EVALUATIONS // 3, rate)
    for name, each in lines.items():
        last = sorted(line[-1][1] for line in each)
        told.setdefault(name, {})["final_loss"] = [float(f"{value:.3g}") for value in last]
        told[name]["gradients"] = int(np.median([line[-1][0] for line in each]))
    pictures.race(lines, told, NOISE).savefig(HERE / "optimisers.png", dpi=110)
    return told


def disagreement(kind: str, steps: np.ndarray) -> dict[str, np.ndarray]:
    """How far finite differences are from the gradient along a random direction, relative to it."""
    with jax.enable_x64(kind == "float64"):
        arrays, static = eqx.partition(network(0, width_size=16, depth=2, activation="tanh"), eqx.is_array)
        weights, unravel = jax.flatten_util.ravel_pytree(arrays)
        data = jax.tree.map(lambda leaf: jnp.asarray(leaf, weights.dtype), TRAINING)
        along = jnp.asarray(np.random.default_rng(0).normal(size=weights.size), weights.dtype)
        along = along / jnp.linalg.norm(along)

        def loss(h: jax.Array) -> jax.Array:
            moved = eqx.combine(unravel(weights + h * along), static)
            return MSE.loss(moved, None, data, None, MSE.groups[0])[0]

        exact = float(jax.grad(loss)(jnp.zeros((), weights.dtype)))
        off = jnp.asarray(np.r_[0.0, steps, -steps], weights.dtype)
        here, up, down = np.split(np.asarray(jax.jit(jax.vmap(loss))(off), np.float64), [1, 1 + len(steps)])
    forward, central = (up - here) / steps, (up - down) / (2 * steps)
    return {f"forward, {kind}": np.abs(forward / exact - 1), f"central, {kind}": np.abs(central / exact - 1)}


def check_gradient() -> dict[str, Any]:
    """The gradient of backpropagation against finite differences, as their step shrinks."""
    steps = 10.0 ** np.arange(-14, 0.25, 0.25)
    found = disagreement("float64", steps) | disagreement("float32", steps)
    pictures.gradient(steps, found).savefig(HERE / "gradient.png", dpi=110)
    return {
        name: {"best_step": float(f"{steps[error.argmin()]:.2g}"), "relative_error": float(f"{error.min():.1e}")}
        for name, error in found.items()
    }


def draw_schedules() -> dict[str, Any]:
    """The learning rate step by step, of a training whose loss falls for 200 steps and then stays."""
    steps, weight = 600, jnp.zeros(1)
    losses_met = jnp.maximum(jnp.exp(-jnp.arange(steps) / 70.0), jnp.exp(-200 / 70.0))
    lines = {}
    for title, options in {
        "constant": {"schedule": "constant"},
        "cosine": {"schedule": "cosine"},
        "warm-up, then cosine": {"schedule": "cosine", "warmup_steps": 60},
        "step": {"schedule": "step"},
        "plateau": {"schedule": "plateau"},
    }.items():
        optimiser = make("adam", steps=steps, learning_rate=1e-2, clip_norm=None, **options)

        def step(state: Any, value: jax.Array, optimiser: Any = optimiser) -> tuple[Any, jax.Array]:
            _, state = optimiser.update(jnp.ones(1), state, weight, value=value)
            return state, learning_rate_of(state)

        _, rates = jax.lax.scan(step, optimiser.init(weight), losses_met)
        lines[title] = list(enumerate(np.asarray(rates).tolist(), start=1))
    pictures.schedules(lines).savefig(HERE / "schedules.png", dpi=110)
    return {title: {"last_learning_rate": float(f"{line[-1][1]:.2g}")} for title, line in lines.items()}


def go_deep() -> dict[str, Any]:
    """Signals forwards and gradients backwards through twenty layers, before training, and what is learned."""
    depth, signals, gradients, told = 20, {}, {}, {}
    for title, (name, initial, residual) in {
        "sigmoid, Glorot": ("sigmoid", "glorot_uniform", False),
        "tanh, Glorot": ("tanh", "glorot_uniform", False),
        "ReLU, LeCun": ("relu", "lecun_normal", False),
        "ReLU, He": ("relu", "he_normal", False),
        "GELU, LeCun, residual": ("gelu", "lecun_normal", True),
    }.items():
        model = started(network(0, width_size=32, depth=depth, activation=name, residual=residual), initial)
        optimiser = make("adam", steps=400, learning_rate=1e-3)
        (done,) = trained([model], optimiser, steps=400, evaluate_every=40)
        signals[title] = signal(model)
        first = done.history[0]["norms"]
        gradients[title] = [first[f"layers.{k}"]["gradient"] for k in range(depth)] + [first["last"]["gradient"]]
        told[title] = {
            "signal_last_over_first": float(f"{signals[title][-1] / signals[title][0]:.2g}"),
            "gradient_first_over_last_hidden": float(f"{gradients[title][0] / gradients[title][-2]:.2g}"),
            "held_out_error": round(held_out_error(done.best), 4),
        }
    pictures.depth(signals, gradients, told, NOISE).savefig(HERE / "depth.png", dpi=110)
    return told


def started(model: Any, initial: str) -> Any:
    """The network with its weights drawn by a named rule, and biases of zero."""
    layers = [*model.layers, model.last]
    keys = jax.random.split(jax.random.key(7), len(layers))
    weights = [draw(initial, key, layer.weight.shape[::-1]).T for key, layer in zip(keys, layers, strict=True)]
    biases = [jnp.zeros_like(layer.bias) for layer in layers]
    where = lambda m: [layer.weight for layer in (*m.layers, m.last)] + [layer.bias for layer in (*m.layers, m.last)]  # noqa: E731
    return eqx.tree_at(where, model, weights + biases)


def signal(model: Any) -> list[float]:
    """Spread over the training points of what each hidden layer passes on, mean over its units."""
    h, spreads = jnp.asarray(TRAINING.inputs), []
    for number, layer in enumerate(model.layers):
        passed = activation(model.activation)(jax.vmap(layer)(h))
        h = h + passed if model.residual and number else passed
        spreads.append(float(h.std(axis=0).mean()))
    return spreads


PARTS: dict[str, Callable[[], dict[str, Any]]] = {
    "activations": draw_activations,
    "widths": fit_widths,
    "optimisers": race,
    "gradient": check_gradient,
    "schedules": draw_schedules,
    "depth": go_deep,
}


def main() -> None:
    """All parts, or those that are named; their numbers in results.json."""
    chosen = sys.argv[1:] or list(PARTS)
    file = HERE / "results.json"
    results = json.loads(file.read_text("utf-8")) if file.is_file() else {}
    for name in chosen:
        begun = time.process_time()
        results[name] = PARTS[name]()
        results.setdefault("processor_seconds", {})[name] = round(time.process_time() - begun, 1)
        file.write_text(json.dumps(results, indent=1) + "\n", "utf-8")
        print(f"{name}: {results['processor_seconds'][name]:.1f} s", flush=True)


if __name__ == "__main__":
    main()
