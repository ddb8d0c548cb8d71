"""Milliseconds per training step of every family: outcrop's loop, the bare jitted step, and the same in PyTorch.

    pip install -e '.[benchmark]'
    python benchmarks/train_families.py [--only lstm gru] [--rounds 11] [--threads 2] [--compiled]

All contenders take turns in one process, so that a busy machine slows each of them alike; the median round counts.
Workloads and the goals from the design are in workloads.py; all are trained with Adam in float32. `--compiled` adds
`torch.compile`, which needs a C++ compiler. The goal for the loop is less than 10 % over the bare step.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from twins_dense import elbo
from workloads import KEY, Workload, workloads

from outcrop import device
from outcrop.loss.elbo import ELBO
from outcrop.model.trainable import parameter_count
from outcrop.train.doctor import plain
from outcrop.train.loop import Run
from outcrop.train.progress import Plan

Round = Callable[[], None]


def outcrop_round(work: Workload) -> tuple[Round, bool]:
    """One chunk through the loop, book-keeping included; and whether the loop steps from Python."""
    plan = Plan(steps=10**9, batch_size=work.batch_size, evaluate_every=work.steps)
    keys = list(jax.random.split(KEY, work.members))
    run = Run([work.model] * work.members, work.loss, optax.adam(1e-3), work.data, keys, None, plan)
    return lambda: run.advance(None, plain), run.stepwise


def bare_round(work: Workload, *, stepwise: bool) -> Round:
    """The least that must be done: gather, loss, gradient, Adam; scanned where the loop scans."""
    arrays, static = eqx.partition(work.model, eqx.is_array)
    optimiser, data = optax.adam(1e-3), jax.tree.map(jnp.asarray, work.data._replace(shared=None))
    state = (arrays, optimiser.init(arrays))
    index = np.random.default_rng(0).integers(0, len(data.target), (work.steps, work.batch_size)).astype(np.int32)
    keys = jax.random.split(KEY, work.steps)

    def step(state: Any, given: Any) -> tuple[Any, jax.Array]:
        batch = jax.tree.map(lambda leaf: leaf[given[0]], data)._replace(shared=work.data.shared)

        def value_of(arrays: Any) -> jax.Array:
            model = eqx.combine(arrays, static)
            return work.loss.loss(model, None, batch, given[1], work.loss.groups[0]).value

        value, gradient = jax.value_and_grad(value_of)(state[0])
        update, after = optimiser.update(gradient, state[1], state[0])
        return (optax.apply_updates(state[0], update), after), value

    one = device.jit(step, convolutional=True)
    scan = device.jit(lambda state, given: jax.lax.scan(step, state, given))

    def steps() -> None:
        nonlocal state
        if stepwise:
            for i in range(work.steps):
                state, _ = one(state, (index[i], keys[i]))
        else:
            state, _ = scan(state, (index, keys))
        jax.block_until_ready(state)

    return steps


def torch_round(work: Workload, torch: Any, *, compiled: bool) -> Round:
    """The usual loop: index the tensors, forward, backward, Adam; members one after another."""
    inputs, target = torch.from_numpy(work.data.inputs), torch.from_numpy(work.data.target)
    if work.channels_first:
        inputs = inputs.movedim(-1, 1).contiguous()
    target = target.long() if work.classes else target
    loss = _torch_loss(work, torch)
    parts = []
    for _ in range(work.members):
        network = work.twin(torch)
        count = sum(parameter.numel() for parameter in network.parameters()) - work.spare
        if count != parameter_count(work.model):
            raise SystemExit(f"{work.name}: {count} parameters in PyTorch, {parameter_count(work.model)} in outcrop")
        optimiser = torch.optim.Adam(network.parameters(), lr=1e-3)
        parts.append((torch.compile(network) if compiled else network, optimiser))

    def steps() -> None:
        for network, optimiser in parts:
            order = torch.randperm(len(target))
            for i in range(work.steps):
                at = (i * work.batch_size) % (len(target) - work.batch_size)
                index = order[at : at + work.batch_size]
                value = loss(network(inputs[index]), target[index])
                optimiser.zero_grad()
                value.backward()
                optimiser.step()
            value.item()

    return steps


def _torch_loss(work: Workload, torch: Any) -> Callable[[Any, Any], Any]:
    if isinstance(work.loss, ELBO):
        return elbo(torch)
    if work.classes:
        return torch.nn.CrossEntropyLoss()
    channel = 1 if work.channels_first else -1
    return lambda output, target: torch.nn.functional.mse_loss(output.squeeze(channel), target)


def load_torch(threads: int) -> Any:
    """PyTorch, or a clear word on how to get it."""
    try:
        import torch
    except ImportError:
        raise SystemExit("This benchmark needs PyTorch. Fix: pip install -e '.[benchmark]'") from None
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    return torch


def timed(contenders: dict[str, Round], rounds: int) -> dict[str, list[float]]:
    """Seconds of every round of every contender; they take turns."""
    for each in contenders.values():  # compile and warm up
        each()
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, each in contenders.items():
            begin = time.perf_counter()
            each()
            seconds[name].append(time.perf_counter() - begin)
    return seconds


def row(work: Workload, seconds: dict[str, list[float]]) -> str:
    """The line of a table in Markdown: milliseconds per step, and ratios with their quartiles over rounds."""
    took = {name: 1e3 * statistics.median(spent) / work.steps for name, spent in seconds.items()}
    cells = [f"{took[name]:.3g}" if name in took else "" for name in ("bare", "outcrop", "eager", "compiled")]
    ratios = [torch / own for torch, own in zip(seconds["eager"], seconds["outcrop"], strict=True)]
    low, _, high = statistics.quantiles(ratios, n=4)
    over = f"{took['outcrop'] / took['bare'] - 1:.0%}" if "bare" in took else ""
    speed = f"{took['eager'] / took['outcrop']:.2f} ({low:.2f} to {high:.2f})"
    return " | ".join(["", work.name, *cells, over, speed, f"{work.goal:g}", ""]).strip()


def main() -> None:
    """Times all contenders in turn and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", default=[], help="families, by the start of their name")
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--compiled", action="store_true")
    options = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):  # the same cores for everybody
        os.sched_setaffinity(0, set(sorted(os.sched_getaffinity(0))[: options.threads]))
    torch = load_torch(options.threads)
    print("| workload | bare step | outcrop's loop | PyTorch | compiled | loop over bare | PyTorch / outcrop | goal |")
    print("|---|---|---|---|---|---|---|---|", flush=True)
    for work in workloads():
        if options.only and not any(work.name.startswith(name) for name in options.only):
            continue
        own, stepwise = outcrop_round(work)
        contenders: dict[str, Round] = {} if work.members > 1 else {"bare": bare_round(work, stepwise=stepwise)}
        contenders |= {"outcrop": own, "eager": torch_round(work, torch, compiled=False)}
        if options.compiled:
            contenders["compiled"] = torch_round(work, torch, compiled=True)
        print(row(work, timed(contenders, options.rounds)), flush=True)


if __name__ == "__main__":
    main()
