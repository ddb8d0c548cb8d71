"""Milliseconds per training step of a network that solves Burgers' equation: outcrop's loop against DeepXDE on PyTorch.

    pip install -e '.[benchmark]'
    python benchmarks/pinn_step.py [--rounds 9] [--threads 2]

The same network (2-32-32-32-32-1, tanh), the same number of points (1,000 inside, 200 on each face), the same terms of
the loss, Adam, float32; both are told nothing of scales and balance nothing. They take turns in one process, chunks of
200 steps; the median round counts. The time of outcrop holds its book-keeping, that of DeepXDE `Model.train` as its
users call it, without a test in between.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import statistics
import time
from collections.abc import Callable

os.environ["DDE_BACKEND"] = "pytorch"

import deepxde
import jax
import numpy as np
import optax
import torch

from outcrop.loss.residual import ResidualLoss
from outcrop.model.trainable import parameter_count
from outcrop.physics.coefficient import Known
from outcrop.physics.conditions import Condition, faces_of
from outcrop.physics.entries import equation
from outcrop.physics.expression import Expression
from outcrop.physics.problem import Problem
from outcrop.records import Batch
from outcrop.run.solved_model import untrained
from outcrop.train.doctor import plain
from outcrop.train.loop import Run
from outcrop.train.progress import Plan
from outcrop.view.collocation import Domain

STEPS, POINTS, ON_FACES, WIDTH, DEPTH = 200, 1000, 200, 32, 4
VISCOSITY = 0.01 / np.pi


def outcrop_round() -> tuple[Callable[[], None], int]:
    """200 steps through the loop, and the number of parameters."""
    domain = Domain({"x": (-1.0, 1.0), "t": (0.0, 1.0)})
    formula = {text: Expression(text, domain.names) for text in ("-sin(pi * x)", "0")}
    conditions = (
        Condition("start", faces_of("t low", domain, ""), {"u": formula["-sin(pi * x)"]}),
        Condition("walls", faces_of("boundary", domain, ""), {"u": formula["0"]}),
    )
    viscosity = {"viscosity": Known(Expression(float(VISCOSITY), domain.names))}
    problem = Problem(equation("burgers"), domain, viscosity, conditions, hard=False)
    model = untrained("mlp", {"width_size": WIDTH, "depth": DEPTH}, problem, 0)
    loss = ResidualLoss(problem, points=POINTS, condition_points=ON_FACES, balance="none")
    plan = Plan(steps=10**9, batch_size=1, evaluate_every=STEPS)
    run = Run([model], loss, optax.adam(1e-3), Batch(None), [jax.random.key(0)], None, plan)
    return lambda: run.advance(None, plain), parameter_count(model)


def deepxde_round() -> tuple[Callable[[], None], int]:
    """200 steps of DeepXDE, and the number of parameters."""
    geometry = deepxde.geometry.GeometryXTime(deepxde.geometry.Interval(-1, 1), deepxde.geometry.TimeDomain(0, 1))

    def residual(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        slope = deepxde.grad.jacobian(y, x, i=0, j=0)
        change = deepxde.grad.jacobian(y, x, i=0, j=1)
        return change + y * slope - VISCOSITY * deepxde.grad.hessian(y, x, i=0, j=0)

    conditions = [
        deepxde.icbc.IC(geometry, lambda x: -np.sin(np.pi * x[:, :1]), lambda _, initial: initial),
        deepxde.icbc.DirichletBC(geometry, lambda _: 0, lambda _, boundary: boundary),
    ]
    data = deepxde.data.TimePDE(
        geometry, residual, conditions, num_domain=POINTS, num_boundary=2 * ON_FACES, num_initial=ON_FACES
    )
    network = deepxde.nn.FNN([2] + [WIDTH] * DEPTH + [1], "tanh", "Glorot normal")
    model = deepxde.Model(data, network)
    with contextlib.redirect_stdout(io.StringIO()):
        model.compile("adam", lr=1e-3, verbose=0)

    def steps() -> None:
        with contextlib.redirect_stdout(io.StringIO()):
            model.train(iterations=STEPS, display_every=10**9, verbose=0)

    return steps, sum(p.numel() for p in network.parameters())


def main() -> None:
    """Times both in turn and prints the ratio."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, set(sorted(os.sched_getaffinity(0))[: options.threads]))
    torch.set_num_threads(options.threads)
    (own, count), (peer, other) = outcrop_round(), deepxde_round()
    if count != other:
        raise SystemExit(f"{count} parameters in outcrop, {other} in DeepXDE")
    seconds: dict[str, list[float]] = {"outcrop": [], "DeepXDE": []}
    for number in range(1 + options.rounds):
        for name, each in (("outcrop", own), ("DeepXDE", peer)):
            begun = time.perf_counter()
            each()
            if number:  # the first round compiles
                seconds[name].append(time.perf_counter() - begun)
    ratios = [b / a for a, b in zip(seconds["outcrop"], seconds["DeepXDE"], strict=True)]
    low, _, high = statistics.quantiles(ratios, n=4)
    took = {name: 1e3 * statistics.median(spent) / STEPS for name, spent in seconds.items()}
    print(f"outcrop {took['outcrop']:.2f} ms, DeepXDE {took['DeepXDE']:.2f} ms per step")
    print(f"ratio {took['DeepXDE'] / took['outcrop']:.1f} ({low:.1f} to {high:.1f})")


if __name__ == "__main__":
    main()
