"""The word and the sentence of a comparison."""

import numpy as np
from scored_tables import wells

from outcrop.evaluate.interval import Bootstrap, Interval
from outcrop.evaluate.resample import Units, by_group
from outcrop.evaluate.verdict import sentence, verdicts, word

MANY = Units(np.arange(28), tuple(map(str, range(28))), "well")
FEW = Units(np.arange(4), tuple("abcd"), "well")


def test_words_need_an_interval_without_zero_over_enough_groups():
    assert word(Interval(0.1, 0.01, 0.2), 6) == "beats"
    assert word(Interval(0.1, 0.01, 0.2), 5) == "cannot tell"
    assert word(Interval(0.1, -0.01, 0.2), 28) == "cannot tell"
    assert word(Interval(-0.1, -0.2, -0.01), 28) == "does not beat"
    assert word(Interval(0.1), 1) == "cannot tell"


def test_sentences_read_as_written_by_a_person():
    def told(difference, drawn=MANY):
        return sentence("boosted_trees", 0.701, difference, drawn)

    assert told(Interval(0.081, 0.02, 0.14)) == (
        "boosted trees on the same split reach 0.70: the network beats them by 0.08 (0.02 to 0.14)"
    )
    assert told(Interval(-0.081, -0.14, -0.02)).endswith("the network loses to them by 0.08 (0.02 to 0.14)")
    assert told(Interval(0.02, -0.05, 0.09)).endswith(
        "too close to call, the network is ahead of them by 0.02 (between 0.05 behind and 0.09 ahead)"
    )
    assert told(Interval(0.08, 0.02, 0.14), FEW).endswith(
        "the network is ahead of them by 0.08, but 4 wells are too few to tell (at least 6)"
    )
    lone = sentence("persistence", 1.2, Interval(-0.3, reason="no interval: one well"), FEW, "degC")
    assert (
        lone
        == "persistence on the same split reaches 1.20 degC: the network is behind it by 0.30, no interval: one well"
    )


def test_every_baseline_gets_a_verdict():
    scored = wells(12, right={"model": 0.8, "majority": 0.5, "boosted_trees": 0.95, "logistic": 0.8})
    found = verdicts(Bootstrap(scored, by_group(scored, "well")), "expected_cost")
    assert {name: verdict.word for name, verdict in found.items()} == {
        "majority": "beats",
        "boosted_trees": "does not beat",
        "logistic": "cannot tell",
    }
    assert found["majority"].difference > 0 > found["boosted_trees"].difference
