"""Mirrors, turns and polarity move inputs, targets and weights together, and only where the data allow it."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from outcrop.errors import ConfigError
from outcrop.records import Batch
from outcrop.train.allowed import DATA_TYPES, Move, moves
from outcrop.train.moves import flip, polarity, quarter_turn, transpose

KEY = jax.random.key(0)


def batch(examples=64, size=(4, 4)):
    """Channel 0 and the target number the samples of an example; the weight is the number of the row."""
    number = np.arange(np.prod(size), dtype=np.float32).reshape(size)
    inputs = np.broadcast_to(np.stack([number, number + 100], axis=-1), (examples, *size, 2))
    weight = np.broadcast_to(np.arange(size[0], dtype=np.float32)[:, None], size)
    return Batch(jnp.asarray(inputs), *(jnp.asarray(np.broadcast_to(a, (examples, *size))) for a in (number, weight)))


def test_a_mirror_moves_inputs_target_and_weight_of_half_of_the_examples():
    still = batch()
    moved = flip(0)(still, KEY)
    turned = np.asarray(moved.weight[:, 0, 0] != 0)
    assert 0.25 < turned.mean() < 0.75
    np.testing.assert_array_equal(moved.inputs[..., 0], moved.target)  # they stay together
    np.testing.assert_array_equal(moved.inputs[turned], np.flip(still.inputs[turned], 1))
    np.testing.assert_array_equal(moved.inputs[~turned], still.inputs[~turned])


def test_components_along_a_mirrored_dimension_change_their_sign_about_zero():
    mean, spread = 3.0, 2.0
    wind = np.array([-1.0, 5.0])  # physical values of two samples
    inputs = jnp.asarray((wind - mean) / spread, jnp.float32).reshape(1, 2, 1).repeat(40, 0)
    moved = flip(0, {0: 2 * mean / spread})(Batch(inputs), KEY).inputs[..., 0] * spread + mean
    assert {tuple(np.round(row, 4).tolist()) for row in np.asarray(moved)} == {(-1.0, 5.0), (-5.0, 1.0)}
    targets = Batch(inputs, inputs[..., 0])
    both = flip(0, {0: 2 * mean / spread}, 2 * mean / spread)(targets, KEY)
    np.testing.assert_allclose(both.inputs[..., 0], both.target, atol=1e-6)


def test_quarter_turns_come_in_four_equally_often():
    moved = quarter_turn((0, 1), (4, 4))(batch(400), KEY)
    corners = np.asarray(moved.target[:, 0, 0]).astype(int)
    share = np.bincount(corners, minlength=16)[[0, 3, 12, 15]] / 400
    assert share.sum() == 1 and share.min() > 0.15
    np.testing.assert_array_equal(moved.inputs[..., 0], moved.target)


def test_quarter_turns_need_squares():
    with pytest.raises(ConfigError, match=r"squares.*4 by 5 samples(?s:.*)Fix: give view\.size the same size"):
        quarter_turn((0, 1), (4, 5))


def test_swapped_dimensions_keep_the_first_corner():
    still = batch()
    moved = transpose((0, 1), (4, 4))(still, KEY)
    turned = np.asarray(moved.target[:, 0, 1] == 4)
    assert 0.25 < turned.mean() < 0.75 and (np.asarray(moved.target[:, 0, 0]) == 0).all()
    np.testing.assert_array_equal(moved.inputs[turned], np.swapaxes(still.inputs, 1, 2)[turned])
    np.testing.assert_array_equal(moved.inputs[~turned], still.inputs[~turned])
    np.testing.assert_array_equal(moved.weight[turned], np.swapaxes(still.weight, 1, 2)[turned])
    with pytest.raises(ConfigError, match=r"Swapped dimensions need squares(?s:.*)Fix: give view\.size the same size"):
        transpose((0, 1), (4, 5))


def test_polarity_changes_the_sign_of_some_channels_only():
    moved = polarity({1: 0.0})(batch(), KEY)
    sign = np.sign(np.asarray(moved.inputs[:, 0, 0, 1]))
    assert set(sign) == {-1.0, 1.0}
    np.testing.assert_array_equal(moved.inputs[..., 0], batch().inputs[..., 0])
    np.testing.assert_array_equal(moved.target, batch().target)


@pytest.mark.parametrize("move", [flip(0), quarter_turn((0, 1), (4, 4)), polarity({0: 0.0})])
def test_moves_are_a_matter_of_the_key_and_compile(move):
    again = jax.jit(move)(batch(), KEY)
    for a, b in zip(move(batch(), KEY)[:3], again[:3], strict=True):
        np.testing.assert_array_equal(a, b)
    assert not np.array_equal(move(batch(), jax.random.key(1)).inputs, again.inputs)


ALLOWED = [
    ("segy", None, "flip:crossline", ("crossline", "twt")),
    ("raster", None, "quarter_turn:y,x", ("y", "x")),
    ("waveform", None, "polarity", ("time",)),
    ("arrays", "isotropic", "quarter_turn:row,column", ("row", "column")),
]
REFUSED = [
    ("segy", None, "flip:twt", ("crossline", "twt"), "run downwards"),
    ("segy", None, "polarity", ("crossline", "twt"), "hard from soft"),
    ("waveform", None, "flip:time", ("time",), "runs forwards"),
    ("las", None, "flip:depth", ("depth",), "follow each other"),
    ("grib", None, "flip:longitude", ("latitude", "longitude"), "directions"),
    ("arrays", "isotropic", "flip:time", ("time", "x"), "does not leave"),
]


@pytest.mark.parametrize("format, data_type, text, dims", ALLOWED)
def test_moves_that_leave_examples_true(format, data_type, text, dims):
    (move,) = moves([text], data_type, format, dims)
    assert isinstance(move, Move) and all(dim in dims for dim in move.dims)


@pytest.mark.parametrize("format, data_type, text, dims, why", REFUSED)
def test_moves_that_do_not_are_refused_with_the_reason(format, data_type, text, dims, why):
    with pytest.raises(ConfigError, match=rf"(?s){why}.*Fix: remove it"):
        moves([text], data_type, format, dims)


@pytest.mark.parametrize(
    "text, data_type, words",
    [
        ("flip", "image", r"'flip' is not known.*Fix: moves = \["),
        ("flop:x", "image", r"'flop:x' is not known.*did you mean 'flip'"),
        ("flip:z", "image", r"no dimension 'z'.*Fix: their dimensions are y, x"),
        ("flip:x", None, r"says nothing about that.*Fix: data_type = \"image\""),
        ("flip:x", "imagery", r"did you mean 'image'"),
    ],
)
def test_what_cannot_be_read_is_answered_with_a_line_to_paste(text, data_type, words):
    with pytest.raises(ConfigError, match=f"(?s){words}"):
        moves([text], data_type, "arrays", ("y", "x"))


def test_every_kind_of_data_says_why():
    assert all(entry.why for entry in DATA_TYPES.values())
