"""The order of examples: every one once per epoch, a matter of seed and epoch alone."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from outcrop.records import Batch
from outcrop.train.batches import Feed, Source, examples, take


def data(count):
    return Batch(np.arange(count, dtype=np.float32)[:, None], shared={"grid": np.zeros(3)})


def test_an_epoch_visits_each_example_once_and_drops_the_incomplete_batch():
    feed = Feed(data(11), (0, 1), batch_size=3)
    first, second = (np.concatenate([feed.index(3 * epoch + i) for i in range(3)]) for epoch in range(2))
    assert len(set(first.tolist())) == 9 and len(set(second.tolist())) == 9
    assert first.tolist() != second.tolist()
    np.testing.assert_array_equal(first, np.random.default_rng((0, 1, 0)).permutation(11)[:9])
    assert feed.index(4).tolist() == Feed(data(11), (0, 1), batch_size=3).index(4).tolist()
    assert feed.index(0).tolist() != Feed(data(11), (0, 2), batch_size=3).index(0).tolist()


def test_data_smaller_than_a_batch_are_one_full_batch():
    feed = Feed(data(5), (0, 1), batch_size=8)
    assert feed.index(0).tolist() == feed.index(7).tolist() == [0, 1, 2, 3, 4]
    assert feed.batch(feed.resident, feed.step(0), 0) is feed.resident


def test_each_turn_has_its_own_batch():
    feed = Feed(data(12), (0, 1), batch_size=3, turns=2)
    chunk = feed.chunk(1, 2)
    assert chunk.shape == (2, 2, 3)
    assert chunk[0, 1].tolist() == feed.index(3).tolist() and chunk[1, 0].tolist() == feed.index(4).tolist()


def test_take_leaves_what_is_shared():
    batch = take(data(5)._replace(shared={"grid": jnp.zeros(3)}), jnp.array([4, 0]))
    assert batch.inputs[:, 0].tolist() == [4.0, 0.0] and batch.shared["grid"].shape == (3,)
    assert examples(data(5)) == 5 and examples(Batch(None)) == 1


def test_a_source_is_asked_for_the_same_batches_with_the_same_randomness():
    class Noisy:
        def __len__(self):
            return 6

        def batch(self, index, rng):
            return Batch(index.astype(np.float32), rng.normal(size=len(index)))

    assert isinstance(Noisy(), Source)
    feed = Feed(Noisy(), (0, 1), batch_size=2)
    one, again, other = feed.step(3), feed.step(3), feed.step(4)
    assert np.array_equal(one.target, again.target) and not np.array_equal(one.target, other.target)
    assert feed.chunk(3, 2).inputs.shape == (2, 1, 2)


def test_few_examples_are_filled_up_and_the_copies_are_in_no_batch():
    feed = Feed(data(11), (0, 1), batch_size=3)
    assert examples(feed.resident) == 256 and examples(feed.known(feed.resident)) == 11
    seen = {i for step in range(8) for i in feed.index(step).tolist()}
    assert max(seen) == 10
    assert examples(Feed(data(5000), (0, 1), batch_size=3).resident) == 5000
    assert examples(Feed(data(11), (0, 1), batch_size=20).resident) == 11  # the whole is one batch


def test_folds_of_unequal_sizes_share_one_program():
    shapes = {
        tuple(leaf.shape for leaf in jax.tree.leaves(Feed(data(n), (0, 1), batch_size=8).resident)) for n in (63, 155)
    }
    assert len(shapes) == 1
