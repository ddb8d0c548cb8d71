"""When the networks of finished runs pay: beside the solver itself, made as coarse as a network is inaccurate.

python examples/23_operators/pays.py NAME=RUN:PROCESSOR_SECONDS ...      writes pays.json beside this file

NAME is one of runs.toml, RUN its folder, PROCESSOR_SECONDS what its training took on the processor. Every time here is
processor time. A network is compared with the cheapest grid and time step whose error is no larger than its own:
against the solver of its training data, which is far more accurate than it is, every network looks fast.
"""

from __future__ import annotations

import functools
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from scipy.signal import resample

import outcrop
from outcrop.physics.solve.burgers import burgers
from outcrop.physics.solve.periodic import allen_cahn

HERE = Path(__file__).parent
GRIDS, STEPS = (16, 32, 64, 128), (2, 4, 8, 16, 32, 64)
SAMPLES, FINE, TESTED, CALLS, SINGLE = 64, 256, 100, 100_000, 200
SLOPES = 20
OPTIONS: dict[str, dict[str, Any]] = {
    "diffusion_reaction": {},
    "burgers": {"viscosity": (0.01, 0.1), "time": 0.5},
}


def solved(equation: str, forcing: Any, nu: Any, steps: int) -> Any:
    """One solution on the grid of one input function."""
    n = forcing.shape[0]
    if equation == "burgers":
        return burgers(forcing, nu, 1 / n, 0.5 / steps, steps, every=steps, periodic=True)[-1]
    return allen_cahn(
        jnp.zeros(n), 1 / n, 1 / steps, steps, diffusion=2e-3, rate=3.0, source=forcing, every=steps
    )[-1]  # fmt: skip


@functools.cache
def tested(equation: str, count: int = TESTED, seed: int = 77) -> dict[str, np.ndarray]:
    """New pairs on the finest grid, (example, x), and the viscosity of each."""
    pairs = outcrop.simulate(equation, count=count, seed=seed, samples=FINE, **OPTIONS[equation])
    found = {name: np.stack([p.data[name].to_numpy() for p in pairs]) for name in ("forcing", "solution")}
    nu = [float(p.data["viscosity"][0]) if "viscosity" in p.data else 0.0 for p in pairs]
    return found | {"nu": np.array(nu, np.float32)}


def error(told: np.ndarray, true: np.ndarray) -> float:
    """Mean relative L2 error."""
    with np.errstate(over="ignore", invalid="ignore"):  # too large steps
        return float(np.mean(np.linalg.norm(told - true, axis=1) / np.linalg.norm(true, axis=1)))


def seconds(call: Callable[[], Any], times: int) -> float:
    """Processor seconds of one call, the first one, which compiles, left aside."""
    jax.block_until_ready(call())
    begun = time.process_time()
    for _ in range(times):
        jax.block_until_ready(call())
    return (time.process_time() - begun) / times


@functools.cache
def ladder(equation: str) -> list[dict[str, Any]]:
    """Grid, steps, error and times of the solver, from coarse to fine."""
    data, rows = tested(equation), []
    true = data["solution"][:, :: FINE // SAMPLES]
    for n in GRIDS:
        forcing = jnp.asarray(data["forcing"][:, :: FINE // n])
        for steps in STEPS:
            one = functools.partial(solved, equation, steps=steps)
            many = jax.jit(jax.vmap(one))
            found = np.asarray(many(forcing, data["nu"]))
            told = found[:, :: n // SAMPLES] if n >= SAMPLES else resample(found, SAMPLES, axis=1)
            off = error(told, true)
            if not np.isfinite(off) or (rows and off > 1):
                continue
            batched = seconds(lambda m=many, f=forcing: m(f, data["nu"]), 3) / len(forcing)
            rows.append({"samples": n, "steps": steps, "error": off, "batched": batched})
    return rows


def cheapest(equation: str, most: float) -> dict[str, Any]:
    """The quickest row whose error is at most `most`, with the time of a single call."""
    data, rows = tested(equation), ladder(equation)
    row = min((row for row in rows if row["error"] <= most), key=lambda row: row["batched"])
    one = jax.jit(functools.partial(solved, equation, steps=row["steps"]))
    forcing = jnp.asarray(data["forcing"][0, :: FINE // row["samples"]])
    return row | {"single": seconds(lambda: one(forcing, data["nu"][0]), SINGLE)}


def given(equation: str, data: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The inputs of a network, on its grid."""
    forcing = data["forcing"][:, :: FINE // SAMPLES]
    return {"f": forcing} | ({"nu": data["nu"]} if equation == "burgers" else {})


def surrogate(model: outcrop.Model, equation: str, data: dict[str, np.ndarray]) -> dict[str, Any]:
    """Its error on new functions, and what a call costs: one after another (a sample), and all at once (in full)."""
    inputs = given(equation, data)
    told = model.predict(**inputs)
    many = {name: np.resize(values, (CALLS, *values.shape[1:])) for name, values in inputs.items()}
    one = {name: values[0] for name, values in inputs.items()}
    single = seconds(lambda: model.predict(**one).values, SINGLE)
    model.predict(**{name: values[:2048] for name, values in many.items()})  # compiles
    begun = time.process_time()
    model.predict(**many)
    return {
        "error": error(told.values, data["solution"][:, :: FINE // SAMPLES]),
        "inside": float(told.valid.mean()),
        "single": single,
        "batched": (time.process_time() - begun) / CALLS,
    }


def slope(model: outcrop.Model, equation: str, data: dict[str, np.ndarray]) -> dict[str, float]:
    """Relative error of d mean(u^2) / d f through the network against the same through the solver, median of functions.

    Of the slope at every place, and of slopes along functions of the same kind, which are what training has shown.
    """

    def by_network(f: Any, nu: Any) -> Any:
        given = {"f": f} | ({"nu": nu} if equation == "burgers" else {})
        return jnp.mean(jnp.square(model.predict(**given).values))

    def by_solver(f: Any, nu: Any) -> Any:
        return jnp.mean(jnp.square(solved(equation, f, nu, 64)))

    forcing, nu = given(equation, data)["f"][:SLOPES], data["nu"][:SLOPES]
    own, true = (np.asarray(jax.jit(jax.vmap(jax.grad(one)))(forcing, nu)) for one in (by_network, by_solver))
    along = given(equation, data)["f"][SLOPES:].T
    own_along, true_along = own @ along, true @ along
    return {
        "places": float(np.median(np.linalg.norm(own - true, axis=1) / np.linalg.norm(true, axis=1))),
        "along": float(np.median(np.linalg.norm(own_along - true_along, axis=1) / np.linalg.norm(true_along, axis=1))),
    }


def outside(model: outcrop.Model, equation: str, data: dict[str, np.ndarray]) -> list[dict[str, Any]]:
    """Usual functions, and unusual ones: how many are flagged, errors, and errors with the solver to fall back on."""
    place = np.arange(FINE) / FINE
    changed = {
        "as in training": data["forcing"],
        "twice as large": 2 * data["forcing"],
        "a wave of length 1/12 added": data["forcing"] + 0.3 * np.sin(2 * np.pi * 12 * place),
    }
    rows = []
    for name, forcing in changed.items():
        own = data | {"forcing": forcing.astype(np.float32)}
        exact = jax.jit(jax.vmap(functools.partial(solved, equation, steps=128)))
        true = np.asarray(exact(jnp.asarray(own["forcing"]), own["nu"]))[:, :: FINE // SAMPLES]

        def solver(f: np.ndarray, nu: Any = None) -> np.ndarray:
            still = np.zeros(len(f)) if nu is None else nu[:, 0]
            return np.asarray(jax.vmap(functools.partial(solved, equation, steps=64))(jnp.asarray(f), still))

        inputs = given(equation, own)
        plain, helped = model.predict(**inputs), model.predict(fallback=solver, **inputs)
        rows.append(
            {"inputs": name, "flagged": float(helped.solved.mean()), "error": error(plain.values, true)}
            | {"with_fallback": error(helped.values, true)}
        )
    return rows


def row_of(name: str, run: str, trained: float) -> dict[str, Any]:
    """All that is said of one run."""
    equation = name.rsplit("_", 1)[0]
    data, model = tested(equation), outcrop.load(Path(run) / "model.outcrop")
    begun = time.process_time()
    outcrop.simulate(equation, count=40, seed=1, samples=SAMPLES, **OPTIONS[equation])
    made = (time.process_time() - begun) / 40 * 800
    own = surrogate(model, equation, data)
    best = 2 * min(row["error"] for row in ladder(equation))
    equal, exact = (cheapest(equation, most) for most in (own["error"], best))
    saved, spent = equal["batched"] - own["batched"], made + trained
    return {
        "surrogate": own,
        "solver_at_equal_error": equal,
        "most_accurate_solver": exact,
        "data_seconds": made,
        "training_seconds": trained,
        "pays_from": spent / saved if saved > 0 else None,
        "pays_from_against_most_accurate": spent / gained
        if (gained := exact["batched"] - own["batched"]) > 0
        else None,
        "gradient_error": slope(model, equation, data),
        "outside": outside(model, equation, data),
    }


def rounded(value: Any) -> Any:
    """Four digits of every number."""
    if isinstance(value, dict):
        return {key: rounded(one) for key, one in value.items()}
    if isinstance(value, list):
        return [rounded(one) for one in value]
    return float(f"{value:.4g}") if isinstance(value, float) else value


def main() -> None:
    file = HERE / "pays.json"
    found = json.loads(file.read_text("utf-8")) if file.is_file() else {}
    for argument in sys.argv[1:]:
        name, rest = argument.split("=", 1)
        run, trained = rest.rsplit(":", 1)
        found[name] = rounded(row_of(name, run, float(trained)))
        print(name, json.dumps(found[name]), flush=True)
        file.write_text(json.dumps(found, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
