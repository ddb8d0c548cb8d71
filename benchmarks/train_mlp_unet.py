"""Milliseconds per training step: outcrop's loop, the bare jitted step, and the same networks in PyTorch (eager).

    pip install -e '.[benchmark]'
    python benchmarks/train_mlp_unet.py [--rounds 15] [--threads 2]

All contenders take turns in one process, so that a busy machine slows each of them alike; the median round counts.
Workloads: MLP 8-64-64-64-1 (tanh, batch 256, squared error) and a 1-D U-Net (length 256, batch 32, 14 curves, 12
classes, channel dropout 0.1), both with Adam. The goal for the loop is less than 10 % over the bare step.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable
from itertools import pairwise
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax

from outcrop import device
from outcrop.loss.supervised import cross_entropy, mse
from outcrop.model.mlp import MLP
from outcrop.model.trainable import parameter_count
from outcrop.model.unet import UNet
from outcrop.records import Batch
from outcrop.train.doctor import plain
from outcrop.train.loop import Run
from outcrop.train.progress import Plan

KEY = jax.random.key(0)
WIDTHS = (32, 64, 128)


class Workload(NamedTuple):
    """One network with its data; `steps` is how many make one timed round."""

    name: str
    model: Any
    loss: Any
    data: Batch
    batch_size: int
    steps: int
    twin: Callable[[Any], Any]  # torch -> the same network
    classes: bool


def workloads() -> list[Workload]:
    """The two networks."""
    rng = np.random.default_rng(0)
    table = rng.normal(size=(20_480, 8)).astype(np.float32)
    points = Batch(table, np.tanh(table[:, 0] - table[:, 1]), np.ones(len(table), np.float32))
    logs = rng.normal(size=(640, 256, 14)).astype(np.float32)
    labels = np.clip(6 + 3 * logs[..., 0], 0, 11).astype(np.int32)
    windows = Batch(logs, labels, np.ones(labels.shape, np.float32))
    mlp = MLP(8, 1, width_size=64, depth=3, activation="tanh", key=KEY)
    unet = UNet(14, 12, widths=WIDTHS, key=KEY)
    return [
        Workload("MLP 8-64-64-64-1, batch 256", mlp, mse(), points, 256, 200, torch_mlp, False),
        Workload("1-D U-Net, length 256, batch 32", unet, cross_entropy(), windows, 32, 5, torch_unet, True),
    ]


def outcrop_round(work: Workload) -> Callable[[], None]:
    """One chunk through the loop, book-keeping included."""
    plan = Plan(steps=10**9, batch_size=work.batch_size, evaluate_every=work.steps)
    run = Run([work.model], work.loss, optax.adam(1e-3), work.data, [KEY], None, plan)
    return lambda: run.advance(None, plain)


def bare_round(work: Workload) -> Callable[[], None]:
    """The least that must be done: gather, loss, gradient, Adam; scanned where the loop scans."""
    arrays, static = eqx.partition(work.model, eqx.is_array)
    optimiser, data = optax.adam(1e-3), jax.tree.map(jnp.asarray, work.data)
    state = [arrays, optimiser.init(arrays)]
    index = np.random.default_rng(0).integers(0, len(data.target), (work.steps, work.batch_size)).astype(np.int32)
    keys = jax.random.split(KEY, work.steps)

    def step(state: Any, given: Any) -> tuple[Any, jax.Array]:
        batch = jax.tree.map(lambda leaf: leaf[given[0]], data)

        def value_of(arrays: Any) -> jax.Array:
            model = eqx.combine(arrays, static)
            return work.loss.loss(model, None, batch, given[1], work.loss.groups[0]).value

        value, gradient = jax.value_and_grad(value_of)(state[0])
        update, after = optimiser.update(gradient, state[1], state[0])
        return [optax.apply_updates(state[0], update), after], value

    one = device.jit(step, convolutional=True)
    scan = device.jit(lambda state, given: jax.lax.scan(step, state, given))

    def steps() -> None:
        nonlocal state
        if not work.classes:
            state, _ = scan(state, (index, keys))
        else:
            for i in range(work.steps):
                state, _ = one(state, (index[i], keys[i]))
        jax.block_until_ready(state)

    return steps


def torch_round(work: Workload, torch: Any) -> Callable[[], None]:
    """The usual eager loop: index the tensors, forward, backward, Adam."""
    network = work.twin(torch)
    count = sum(parameter.numel() for parameter in network.parameters())
    if count != parameter_count(work.model):
        raise SystemExit(f"{work.name}: {count} parameters in PyTorch, {parameter_count(work.model)} in outcrop")
    inputs, target = torch.from_numpy(work.data.inputs), torch.from_numpy(work.data.target)
    if work.classes:
        inputs, target = inputs.transpose(1, 2).contiguous(), target.long()
    score = torch.nn.CrossEntropyLoss() if work.classes else torch.nn.MSELoss()
    optimiser = torch.optim.Adam(network.parameters(), lr=1e-3)

    def steps() -> None:
        order = torch.randperm(len(target))
        for i in range(work.steps):
            at = (i * work.batch_size) % (len(target) - work.batch_size)
            index = order[at : at + work.batch_size]
            output = network(inputs[index])
            loss = score(output if work.classes else output[:, 0], target[index])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        loss.item()

    return steps


def torch_mlp(torch: Any) -> Any:
    """8-64-64-64-1."""
    nn, layers = torch.nn, []
    for entering in (8, 64, 64):
        layers += [nn.Linear(entering, 64), nn.Tanh()]
    return nn.Sequential(*layers, nn.Linear(64, 1))


def torch_unet(torch: Any) -> Any:
    """The network of outcrop.model.unet, channels first as PyTorch wants it."""
    nn, gelu = torch.nn, torch.nn.functional.gelu

    class Norm(nn.LayerNorm):
        def forward(self, x: Any) -> Any:
            return super().forward(x.transpose(1, 2)).transpose(1, 2)

    class Block(nn.Module):
        def __init__(self, entering: int, width: int) -> None:
            super().__init__()
            self.norms = nn.ModuleList([Norm(entering), Norm(width)])
            self.first, self.second = nn.Conv(entering, width, 3, padding=1), nn.Conv(width, width, 3, padding=1)
            self.shortcut = nn.Identity() if entering == width else nn.Conv(entering, width, 1)
            self.drop = nn.Dropout1d(0.1)

        def forward(self, x: Any) -> Any:
            y = self.first(gelu(self.norms[0](x), approximate="tanh"))
            y = self.drop(gelu(self.norms[1](y), approximate="tanh"))
            return self.second(y) + self.shortcut(x)

    class UNet(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            pairs = list(pairwise(WIDTHS))
            self.first, self.last = nn.Conv(14, WIDTHS[0], 3, padding=1), nn.Conv(WIDTHS[0], 12, 1)
            self.down = nn.ModuleList([Block(width, width) for width in WIDTHS])
            self.halve = nn.ModuleList([nn.Conv(fine, coarse, 2, stride=2) for fine, coarse in pairs])
            self.widen = nn.ModuleList([nn.Linear(coarse, 2 * fine) for fine, coarse in pairs])
            self.up = nn.ModuleList([Block(2 * fine, fine) for fine, _ in pairs])
            self.norm = Norm(WIDTHS[0])

        def forward(self, x: Any) -> Any:
            x, skips = self.first(x), []
            for level, block in enumerate(self.down):
                x = block(x)
                if level < len(self.halve):
                    skips.append(x)
                    x = self.halve[level](x)
            for level in reversed(range(len(self.up))):
                x = self.widen[level](x.transpose(1, 2))
                x = x.reshape(len(x), -1, WIDTHS[level]).transpose(1, 2)
                x = self.up[level](torch.cat([x, skips[level]], 1))
            return self.last(gelu(self.norm(x), approximate="tanh"))

    return UNet()


def load_torch(threads: int) -> Any:
    """PyTorch, or a clear word on how to get it."""
    try:
        import torch
    except ImportError:
        raise SystemExit("This benchmark needs PyTorch. Fix: pip install -e '.[benchmark]'") from None
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    return torch


def main() -> None:
    """Times all contenders in turn and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):  # the same cores for everybody
        os.sched_setaffinity(0, set(sorted(os.sched_getaffinity(0))[: options.threads]))
    torch = load_torch(options.threads)
    print(f"{'ms per step, median round':34s}     bare  outcrop  PyTorch overhead  speed-up")
    for work in workloads():
        contenders = [bare_round(work), outcrop_round(work), torch_round(work, torch)]
        for each in contenders:  # compile and warm up
            each()
        seconds: list[list[float]] = [[] for _ in contenders]
        for _ in range(options.rounds):
            for spent, each in zip(seconds, contenders, strict=True):
                begin = time.perf_counter()
                each()
                spent.append(time.perf_counter() - begin)
        bare, outcrop, eager = (1e3 * statistics.median(spent) / work.steps for spent in seconds)
        ratios = f"{outcrop / bare - 1:>8.0%} {eager / outcrop:>9.2f}x"
        print(f"{work.name:34s} {bare:8.3f} {outcrop:8.3f} {eager:8.3f} {ratios}")


if __name__ == "__main__":
    main()
