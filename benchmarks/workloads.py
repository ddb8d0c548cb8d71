"""What the families are timed on: a network, data of a realistic size, and the same network in PyTorch."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jax
import numpy as np
import twins_conv
import twins_dense
import twins_graph

from outcrop.loss.elbo import elbo
from outcrop.loss.supervised import cross_entropy, mse
from outcrop.model import table
from outcrop.records import Batch
from outcrop.view.edges import Graph, knn

KEY = jax.random.key(0)
NODES = 1000


class Workload(NamedTuple):
    """One network with its data.

    Attributes:
        name: with sizes and batch.
        goal: times the speed of PyTorch, from the design.
        model, loss, data: for outcrop; the data have a leading axis of examples.
        twin: torch -> the same network.
        batch_size, steps: examples per step, steps per timed round.
        channels_first: whether the twin wants (example, channel, *sample).
        members: networks trained side by side; PyTorch trains them one after another.
        spare: numbers that the twin has more: PyTorch gives recurrent layers two biases.
    """

    name: str
    goal: float
    model: Any
    loss: Any
    data: Batch
    twin: Callable[[Any], Any]
    batch_size: int
    steps: int
    channels_first: bool = False
    members: int = 1
    spare: int = 0

    @property
    def classes(self) -> bool:
        """Whether the target is a class."""
        return self.data.target.dtype == np.int32


def build(family: str, in_size: int, out_size: int, **arguments: Any) -> Any:
    """A network of the table with its defaults, except for the arguments given."""
    return table.build(family, in_channels=in_size, out=out_size, arguments=arguments, key=KEY)


def workloads() -> list[Workload]:
    """One per family, or per kind of layer where families share them."""
    return [*_dense(), *_convolutional(), *_recurrent(), *_attention(), *_graphs()]


def _numbers(*shape: int) -> Batch:
    """Inputs, and a smooth function of two of their channels at every sample."""
    x = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    return Batch(x, np.tanh(x[..., 0] - x[..., 1]), np.ones(shape[:-1], np.float32))


def _labels(classes: int, *shape: int) -> Batch:
    """Inputs, and a class of every sample from its first channel."""
    x = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    label = np.clip(classes / 2 + x[..., 0] * classes / 4, 0, classes - 1).astype(np.int32)
    return Batch(x, label, np.ones(shape[:-1], np.float32))


def _dense() -> list[Workload]:
    table, small, many = _numbers(20_480, 8), _numbers(5_120, 8), _numbers(20_480, 32)
    mlp = partial(build, "mlp", 8, 1, activation="tanh")
    vae = build("vae", 32, 32)
    code = Batch(many.inputs, many.inputs, np.ones(many.inputs.shape, np.float32))
    one = partial(twins_dense.mlp, sizes=(8, 64, 64, 64, 1))
    few = partial(twins_dense.mlp, sizes=(8, 32, 32, 1))
    eight = "eight MLPs 8-32-32-1 side by side, batch 64"
    return [
        Workload("mlp 8-64-64-64-1, batch 256", 4, mlp(width_size=64, depth=3), mse(), table, one, 256, 200),
        Workload(eight, 8, mlp(width_size=32, depth=2), mse(), small, few, 64, 100, members=8),
        Workload(
            "vae 32-64-64-8, batch 256",
            1,
            vae,
            elbo(),
            code,
            partial(twins_dense.vae, in_size=32, latent_size=8, width_size=64),
            256,
            100,
        ),
    ]


def _convolutional() -> list[Workload]:
    def work(
        name: str, family: str, data: Batch, out: int, twin: Any, batch_size: int, steps: int, **arguments: Any
    ) -> Workload:
        model = build(family, data.inputs.shape[-1], out, **arguments)
        loss = cross_entropy() if data.target.dtype == np.int32 else mse()
        return Workload(name, 1, model, loss, data, twin, batch_size, steps, channels_first=True)

    conv, logs = twins_conv, _labels(12, 640, 256, 14)
    # reconstructs its one channel; a second would need a target of two columns
    signal = np.random.default_rng(0).normal(size=(640, 256, 1)).astype(np.float32)
    copy = Batch(signal, signal[..., 0], np.ones(signal.shape[:-1], np.float32))
    resnet, unet = conv.resnet, conv.unet
    return [
        work(
            "cnn2d 16-32-64, 32 x 32, batch 32",
            "cnn2d",
            _labels(3, 256, 32, 32, 2),
            3,
            partial(conv.cnn, dims=2, entering=2, classes=3, widths=(16, 32, 64)),
            32,
            8,
        ),
        work(
            "resnet1d 64 x 5, length 256, batch 16",
            "resnet1d",
            logs,
            12,
            partial(resnet, dims=1, entering=14, leaving=12, width=64, dilations=(1, 2, 4, 8, 16)),
            16,
            6,
        ),
        work(
            "resnet2d 32 x 3, 64 x 64, batch 8",
            "resnet2d",
            _labels(5, 64, 64, 64, 2),
            5,
            partial(resnet, dims=2, entering=2, leaving=5, width=32, dilations=(1, 2, 4)),
            8,
            3,
        ),
        work(
            "unet1d 32-64-128, length 256, batch 32",
            "unet1d",
            logs,
            12,
            partial(unet, dims=1, entering=14, leaving=12, widths=(32, 64, 128)),
            32,
            5,
        ),
        work(
            "unet2d 16-32-64, 128 x 128, batch 8",
            "unet2d",
            _labels(5, 32, 128, 128, 2),
            5,
            partial(unet, dims=2, entering=2, leaving=5, widths=(16, 32, 64)),
            8,
            2,
        ),
        work(
            "unet3d 8-16-32, 32 x 32 x 32, batch 4",
            "unet3d",
            _labels(5, 16, 32, 32, 32, 2),
            5,
            partial(unet, dims=3, entering=2, leaving=5, widths=(8, 16, 32)),
            4,
            2,
        ),
        work(
            "autoencoder1d 16-32-64, length 256, batch 32",
            "autoencoder1d",
            copy,
            1,
            partial(conv.autoencoder, dims=1, channels=1, widths=(16, 32, 64), latent_size=8),
            32,
            6,
        ),
    ]


def _recurrent() -> list[Workload]:
    series, gates = _numbers(512, 128, 8), {"RNN": 1, "LSTM": 4, "GRU": 3}
    return [
        Workload(
            f"{kind.lower()} 64, length 128, batch 32",
            1,
            build(kind.lower(), 8, 1),
            mse(),
            series,
            partial(twins_dense.recurrent, kind=kind, in_size=8, width_size=64),
            32,
            16,
            spare=64 * count,
        )
        for kind, count in gates.items()
    ]


def _attention() -> list[Workload]:
    vit = build("vit", 2, 5)
    transformer = partial(twins_dense.transformer, in_size=8, steps=128)
    images = partial(twins_dense.vit, in_channels=2, classes=5, side=64)
    return [
        Workload(
            "transformer 64 x 2, length 128, batch 16",
            1,
            build("transformer", 8, 1),
            mse(),
            _numbers(512, 128, 8),
            transformer,
            16,
            10,
        ),
        Workload(
            "vit 64 x 2, 64 x 64, batch 16",
            1,
            vit,
            cross_entropy(),
            _labels(5, 64, 64, 64, 2),
            images,
            16,
            8,
            channels_first=True,
        ),
    ]


def _graphs() -> list[Workload]:
    """1,000 nodes, 8 links to each, 64 channels, batches of two snapshots of the same graph."""
    rng = np.random.default_rng(0)
    senders, receivers = (ends.astype(np.int32) for ends in knn(rng.uniform(size=(NODES, 2)), 8))
    features = rng.normal(size=(len(senders), 3)).astype(np.float32)
    graph = Graph(senders, receivers, features, np.ones(len(senders), np.float32), np.ones(NODES, np.float32))
    data = _numbers(32, NODES, 8)._replace(shared=graph)
    twins = {
        "gcn": partial(twins_graph.gcn, in_size=8, width=64),
        "gat": partial(twins_graph.gat, in_size=8, width=64, heads=4),
        "message_passing": partial(twins_graph.message_passing, in_size=8, width=64, depth=3),
        "encode_process_decode": partial(twins_graph.encode_process_decode, in_size=8, width=64, depth=6),
    }

    def on_union(torch: Any, twin: Callable[..., Any]) -> Any:
        return twin(twins_graph.union(torch, graph, NODES, 2))

    return [
        Workload(
            f"{family}, 1000 nodes, batch 2",
            1.5,
            build(family, 8, 1),
            mse(),
            data,
            partial(on_union, twin=twin),
            2,
            6,
        )
        for family, twin in twins.items()
    ]
