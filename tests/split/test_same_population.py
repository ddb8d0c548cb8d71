import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outcrop.errors import ConfigError
from outcrop.split.promise import folds
from outcrop.split.same_population import random_split


@settings(max_examples=30, deadline=None)
@given(n=st.integers(10, 80), seed=st.integers(0, 9))
def test_parts_are_disjoint_and_of_the_asked_size(make_origins, n, seed):
    origins = make_origins([n])
    (split,) = folds("same_population", origins, reason="draws of one prior.", seed=seed)
    assert np.array_equal(np.sort(np.concatenate(list(split.parts.values()))), np.arange(n))
    assert len(split.test) == round(0.2 * n)
    assert split.sentence == "Scored on examples drawn at random, because draws of one prior."


@settings(max_examples=30, deadline=None)
@given(lengths=st.lists(st.integers(1, 30), min_size=4, max_size=8), seed=st.integers(0, 9))
def test_the_naive_split_has_the_sizes_of_the_promised_one(make_origins, lengths, seed):
    origins = make_origins(lengths)
    for promised in folds("new", origins, key="well", folds=2):
        naive = random_split(origins, promised, seed)
        assert [len(p) for p in naive.parts.values()] == [len(p) for p in promised.parts.values()]
        assert np.array_equal(np.sort(np.concatenate(list(naive.parts.values()))), np.arange(len(origins)))


def test_a_random_split_needs_a_reason_and_room(make_origins):
    with pytest.raises(ConfigError, match='same_population = "independent simulations from one prior"'):
        folds("same_population", make_origins([9]), reason="  ")
    with pytest.raises(ConfigError, match=r"folds = 5 and validation_share = 0\.2"):
        folds("same_population", make_origins([9]), reason="draws", test_share=1.0)
    for number in (0, 1, 10):
        with pytest.raises(ConfigError, match=f"9 examples cannot be divided with folds = {number}"):
            folds("same_population", make_origins([9]), reason="draws", folds=number)


def test_a_rotation_tests_every_example_once(make_origins):
    splits = folds("same_population", make_origins([23]), reason="draws", folds=4, validation_share=0.25)
    assert np.array_equal(np.sort(np.concatenate([split.test for split in splits])), np.arange(23))
    for split in splits:
        assert np.array_equal(np.sort(np.concatenate(list(split.parts.values()))), np.arange(23))
        assert len(split.test) in (5, 6) and len(split.validation) == 4
