"""Intervals over groups: closed forms, coverage, pairing, speed."""

import time

import numpy as np
import pytest
from scored_tables import wells

from outcrop.evaluate.interval import Bootstrap, group_bootstrap, paired_difference
from outcrop.evaluate.resample import Units, by_group
from outcrop.evaluate.scored import Scored


def test_equals_a_bootstrap_that_really_draws_the_rows():
    scored = wells(5, 20)
    drawn = Bootstrap(scored, by_group(scored, "well"), n=20, seed=3)
    for draw, value in zip(drawn.draws, drawn.resampled("macro_f1", "model"), strict=True):
        rows = np.concatenate([np.flatnonzero(scored.record == i) for i, n in enumerate(draw) for _ in range(int(n))])
        assert scored.where(rows).value("macro_f1", "model") == pytest.approx(value)


def test_half_width_is_that_of_the_mean_over_independent_groups():
    rng = np.random.default_rng(0)
    level = rng.normal(size=200)
    record = np.repeat(np.arange(200), 30)
    scored = Scored(record, tuple(map(str, range(200))), record * 1.0, np.zeros(6000), {"model": level[record]})
    found = group_bootstrap(scored, "bias", "model", by_group(scored), n=4000)
    assert found.value == pytest.approx(level.mean())
    # 1.96 standard errors of 200 independent groups, not of 6000 rows
    assert (found.high - found.low) / 2 == pytest.approx(1.96 * level.std() / 200**0.5, rel=0.06)


def test_difference_is_paired_and_positive_where_the_first_is_better():
    scored = wells(10)
    drawn = by_group(scored, "well")
    for metric in ("expected_cost", "accuracy"):
        gap = paired_difference(scored, metric, "model", "boosted_trees", drawn)
        assert gap.low > 0 and gap.low < gap.value < gap.high
        assert paired_difference(scored, metric, "boosted_trees", "model", drawn).value == pytest.approx(-gap.value)
        same = paired_difference(scored, metric, "model", "model", drawn)
        assert (same.value, same.low, same.high) == (0, 0, 0)


def test_one_group_has_no_interval_and_says_why():
    scored = wells(1)
    found = group_bootstrap(scored, "accuracy", "model", by_group(scored, "well"))
    assert found.low is None and "1 well" in found.reason
    assert found.plain()["reason"] == found.reason


def test_same_seed_same_interval():
    scored = wells(6)
    drawn = by_group(scored)
    assert group_bootstrap(scored, "accuracy", "model", drawn) == group_bootstrap(scored, "accuracy", "model", drawn)


def test_two_thousand_draws_of_a_large_table_take_a_moment():
    rng, size = np.random.default_rng(0), 240_000
    record = np.repeat(np.arange(30), size // 30)
    scored = wells(30, 1)
    large = Scored(
        record,
        scored.names,
        record * 1.0,
        rng.integers(0, 3, size),
        {"model": rng.integers(0, 3, size)},
        classes=scored.classes,
    )
    start = time.process_time()
    Bootstrap(large, Units(record, scored.names, "well")).interval("macro_f1", "model")
    assert time.process_time() - start < 1.0
