import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outcrop.errors import ConfigError, DataError
from outcrop.records import Record
from outcrop.split.promise import folds
from outcrop.view.points import points

LENGTHS = st.lists(st.integers(1, 40), min_size=4, max_size=12)


@settings(max_examples=50, deadline=None)
@given(lengths=LENGTHS, number=st.integers(2, 4), seed=st.integers(0, 9), calibration=st.booleans())
def test_a_rotation_tests_every_example_once_and_parts_are_disjoint(make_origins, lengths, number, seed, calibration):
    origins = make_origins(lengths)
    share = 0.2 if calibration and len(lengths) > 7 else 0.0
    splits = folds("new", origins, key="well", folds=number, calibration_share=share, seed=seed)
    assert len(splits) == number
    assert np.array_equal(np.sort(np.concatenate([s.test for s in splits])), np.arange(len(origins)))
    for split in splits:
        together = np.concatenate(list(split.parts.values()))
        assert np.array_equal(np.sort(together), np.arange(len(origins)))
        wells = [set(origins.group("well")[part].tolist()) for part in split.parts.values()]
        assert sum(map(len, wells)) == len(set.union(*wells))
        assert [set(split.groups[name]) for name in split.parts] == wells
        assert len(split.train) and len(split.validation) and (len(split.calibration) > 0) == (share > 0)


def test_same_seed_same_folds_and_another_seed_others(make_origins):
    origins = make_origins([9] * 12)

    def tested(seed):
        return [split.groups["test"] for split in folds("new", origins, key="well", folds=4, seed=seed)]

    assert tested(3) == tested(3) != tested(4)


def test_folds_are_balanced_by_labelled_samples(make_origins):
    lengths = [100, 60, 55, 50, 30, 20, 10, 5]
    origins = make_origins(lengths)
    size = {f"W{i}": n for i, n in enumerate(reversed(lengths))}
    for given_size, expected in ((None, lengths), (size, lengths[::-1])):
        splits = folds("new", origins, key="well", folds=3, size=given_size)
        totals = [sum(expected[int(name[1:])] for name in split.groups["test"]) for split in splits]
        assert max(totals) - min(totals) <= 30


def test_validation_holds_about_its_share(make_origins):
    origins = make_origins([50] * 20)
    for split in folds("new", origins, key="well", folds=5, validation_share=0.25):
        assert len(split.validation) == pytest.approx(0.25 * (len(origins) - len(split.test)), rel=0.26)


def test_a_named_hold_out_is_one_split_with_its_reason(make_origins):
    (split,) = folds("new", make_origins([5, 6, 7, 8]), key="well", test=["W3"], validation_share=0.3)
    assert split.groups["test"] == ("W3",) and split.promise == "new = well"
    assert split.sentence == "Scored on 1 well held out by name: the model must work in a new well."


def test_a_hold_out_can_be_named_by_a_pattern(make_origins):
    origins = make_origins([5] * 12)
    (split,) = folds("new", origins, key="well", test=["W1?", "W3"], validation_share=0.3)
    assert split.groups["test"] == ("W10", "W11", "W3")
    with pytest.raises(ConfigError, match=r"promise\.test names 'X\*'"):
        folds("new", origins, key="well", test=["X*", "W3"])


def test_groups_wider_than_a_record_stay_together(make_origins):
    for split in folds("new", make_origins([4] * 6), key="field", validation_share=0.3):
        assert split.sentence.startswith("Fold") and len(split.groups["test"]) == 1 and len(split.test) == 8


def test_groups_without_labels_are_never_held_out(make_origins):
    size = {"W0": 0, "W1": 5, "W2": 5, "W3": 5}
    splits = folds("new", make_origins([5] * 4), key="well", size=size)
    assert len(splits) == 3 and all("W0" in split.groups["train"] for split in splits)


@pytest.mark.parametrize(
    "arguments, fix",
    [
        ({"key": "wel"}, "did you mean 'well'(.|\n)*Fix: new = \"well\""),
        ({"key": "well", "folds": 9}, "Fix: folds = 4"),
        ({"key": "well", "folds": 1}, "Fix: folds = 4"),
        ({"key": "well", "test": ["W33"]}, 'did you mean(.|\n)*Fix: test = \\["W3"\\]'),
        ({"key": "well", "test": []}, 'Fix: test = \\["W3"\\]'),
        ({"key": "well", "test": ["W0", "W1", "W2", "W3"]}, 'Fix: test = \\["W3"\\], or no test and folds = 4'),
        ({"key": "well", "test": ["W0", "W1", "W2"]}, "hold out fewer wells, add records, or set validation_share = 0"),
        ({"key": "well", "validation_share": 1.5}, r"validation_share = 0\.2"),
    ],
)
def test_promises_that_cannot_be_kept_say_what_to_paste(make_origins, arguments, fix):
    with pytest.raises(ConfigError, match=fix):
        folds("new", make_origins([4, 4, 4, 4]), **arguments)


def test_a_record_without_the_key_is_named(make_wells):
    wells = make_wells([3, 3, 3])
    wells[1] = Record(wells[1].data, "lonely")
    with pytest.raises(DataError, match=r"'lonely'(.|\n)*data\.groups\.well"):
        folds("new", points(wells).origins, key="well")


def test_unknown_promises_and_empty_views_are_refused(make_origins, make_wells):
    with pytest.raises(ConfigError, match=r"did you mean 'later'(.|\n)*new = \"well\", or later"):
        folds("latr", make_origins([3]))
    with pytest.raises(ConfigError, match=r"check \[data\] target"):
        folds("new", points(make_wells([3]), labelled={}).origins, key="well")
