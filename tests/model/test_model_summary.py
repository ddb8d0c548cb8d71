"""The table of layers and the diagram, for the families and for a module of the user's own."""

import equinox as eqx
import jax
import jax.numpy as jnp
import pytest

from outcrop.model.diagram import diagram
from outcrop.model.summary import Layer, layers, rows_of
from outcrop.model.table import FAMILIES, build
from outcrop.model.traced import traced
from outcrop.model.trainable import Buffer, free, parameter_count, parts_of, trainable
from outcrop.view.edges import ring

KEY = jax.random.key(0)
SMALL = {
    "unet3d": {"widths": (4, 6)}, "resnet3d": {"width_size": 4, "dilations": (1,)}, "cnn3d": {"widths": (4,)},
    "vit": {"patch": 4}, "encode_process_decode": {"depth": 2},
}  # fmt: skip


class Own(eqx.Module):
    linear: eqx.nn.Linear
    gain: jax.Array
    table: Buffer

    def __call__(self, x, *, key=None):
        return self.gain * self.linear(self.linear(x)) + self.table.value


def own():
    return Own(eqx.nn.Linear(3, 3, key=KEY), jnp.ones(3), Buffer(jnp.ones(3)))


def built(name, **arguments):
    size = "in_size" if FAMILIES[name].axes == 0 else "in_channels"
    return build(name, out=2, arguments=SMALL.get(name, {}) | arguments, key=KEY, **{size: 3})


def given(name):
    if name in ON_NOISE:
        return jnp.asarray(0.3), jnp.ones((*shape(name)[:-1], 3))
    return (ring(8),) if "graphs" in FAMILIES[name].views else ()


def shape(name):
    if name in ON_NOISE:
        return (*(((), (16,), (8, 12), (4, 6, 8))[FAMILIES[name].axes]), 2)
    return ((3,), (16, 3), (8, 12, 3), (4, 6, 8, 3))[FAMILIES[name].axes] if name not in ON_GRAPHS else (8, 3)


ON_GRAPHS = [name for name in FAMILIES if "graphs" in FAMILIES[name].views]
ON_NOISE = [name for name in FAMILIES if FAMILIES[name].generates == "noise"]
ONE_NETWORK = [name for name in FAMILIES if FAMILIES[name].generates != "latent"]


def drawn(model, size, *extra, out=2):
    trace = traced(model, size, *extra)
    rows = rows_of(model, trace, size, sight=False, graph=bool(extra))
    return diagram(trace, rows, size, (*size[:-1], out), graph=bool(extra))


def by_name(picture):
    return [(picture.boxes[a].name, picture.boxes[b].name) for a, b in picture.arrows]


def test_rows_of_an_mlp():
    model = built("mlp", width_size=4, depth=1)
    assert layers(model, (3,), sight=True) == [
        Layer("layers.0", "Linear", (4,), 16, "4 x 3 + 4", (), 12, 16),
        Layer("last", "Linear", (2,), 10, "2 x 4 + 2", (), 8, 8),
    ]


def test_a_layer_that_runs_twice_counts_once_and_own_arrays_come_last():
    assert layers(own(), (3,)) == [
        Layer("linear", "Linear", (3,), 12, "3 x 3 + 3", (), 9, 12),
        Layer("linear", "Linear", (3,), 0, "", (), 9, 12),
        Layer("(own arrays)", "Own", (), 3, "3"),
    ]


@pytest.mark.parametrize("name", ONE_NETWORK)
def test_parameters_and_products_add_up_for_every_family(name):
    model, size = built(name), shape(name)
    rows = layers(model, size, *given(name))
    assert sum(row.parameters for row in rows) == parameter_count(model)
    linear = [row for row in rows if row.kind in ("Linear", "Conv", "RecurrentLayer")]
    assert linear and all(row.products and row.output and row.bytes and row.formula for row in linear)
    for row in rows:
        assert row.layer in parts_of(model) or not row.parameters or row.layer == "(own arrays)", row


def test_products_by_hand():
    dense = layers(built("gru", width_size=5), (16, 3))
    assert dense[0].products == 16 * (3 + 1) * 15 + 16 * 5 * 15  # inputs with the bias, then the state, of three gates
    first = layers(built("unet2d", widths=(4,)), (8, 12, 3))[0]
    assert first.products == 8 * 12 * 4 * 3 * 9 and first.bytes == 8 * 12 * 4 * 4
    attention = next(r for r in layers(built("transformer"), (16, 3)) if r.kind == "MultiheadAttention")
    assert attention.products == 4 * 16 * 64 * 64 + 2 * 16 * 16 * 64
    nodes, links = (row for row in layers(built("encode_process_decode"), (8, 3), ring(8)) if row.layer in NODES)
    assert (nodes.output, links.output) == ((8, 64), (16, 64)) and links.products == 16 * 3 * 64


NODES = ("encode_nodes.first", "encode_links.first")


def test_a_unet_shows_its_halved_lengths():
    model = built("unet1d", widths=(4, 6))
    shapes = {row.layer: row.output for row in layers(model, (10, 3))}
    assert shapes["first"] == (10, 4)
    assert shapes["halve.0.linear"] == (5, 6)
    assert shapes["last"] == (10, 2)


def test_what_layers_see():
    rows = {r.layer: r.sees for r in layers(built("resnet1d", width_size=4, dilations=(1, 4)), (64, 3), sight=True)}
    assert rows["first"] == (3,)
    assert rows["blocks.0.convs.1"] == (7,)  # two more convolutions of three samples
    assert rows["last"] == (23,)  # and two of three samples four apart
    assert layers(built("gru", width_size=4), (16, 3), sight=True)[0].sees == (16,)
    assert layers(built("unet2d", widths=(4,)), (8, 12, 3), sight=True)[0].sees == (3, 3)
    hops = {r.layer: r.sees for r in layers(built("gcn", depth=2, width_size=4), (8, 3), ring(8), sight=True)}
    assert hops["last"] == (5,)  # a node, and two on each side
    assert layers(built("transformer"), (16, 3), sight=True)[-1].sees == (16,)


def test_buffers_do_not_move_and_do_not_count():
    model = own()
    assert trainable(model).table.value is False
    assert trainable(model).gain is True
    assert parameter_count(model) == 15
    assert parts_of(model) == ["linear", "linear.weight", "linear.bias", "gain"]
    assert free(model, ["linear"]).gain is True and free(model, ["linear"]).linear.weight is False


def test_a_chain_of_boxes():
    picture = drawn(built("mlp", depth=2), (3,))
    assert by_name(picture) == [
        ("input", "layers.0"), ("layers.0", "layers.1"), ("layers.1", "last"), ("last", "output"),
    ]  # fmt: skip
    assert [box.shape for box in picture.boxes] == [(3,), (128,), (128,), (2,), (2,)]


def test_skips_of_a_unet_are_arrows_to_joints_of_their_level():
    picture = drawn(built("unet1d", widths=(4, 6)), (16, 3))
    names = [box.name for box in picture.boxes]
    join = names.index("concatenate")
    skip, below = sorted(a for a, b in picture.arrows if b == join)
    assert picture.boxes[skip].name == "+" and picture.boxes[below].name == "double.0"
    assert (picture.boxes[skip].level, picture.boxes[below].level, picture.boxes[join].level) == (0, 1, 0)
    assert sorted(a for a, b in picture.arrows if b == skip) == [names.index("first"), names.index("down.0")]


@pytest.mark.parametrize("name", ONE_NETWORK)
def test_every_family_is_drawn_from_input_to_output(name):
    picture = drawn(built(name), shape(name), *given(name))
    reached = {next(i for i, box in enumerate(picture.boxes) if box.name == "input")}
    for a, b in [*picture.arrows] * len(picture.boxes):
        assert a < b or FAMILIES[name].generates  # the embedding of the time enters boxes that stand before its own
        reached |= {b} if a in reached else set()
    assert picture.boxes[-1].name == "output" and len(picture.boxes) - 1 in reached
    count = sum(box.parameters for box in picture.boxes)
    assert count <= parameter_count(built(name)) and count > 0.5 * parameter_count(built(name))
