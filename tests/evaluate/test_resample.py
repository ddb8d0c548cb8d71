"""What is drawn: whole wells, or blocks of the time axis."""

import numpy as np
import pytest
from scored_tables import months, wells

from outcrop.errors import ConfigError
from outcrop.evaluate.resample import by_block, by_group, step_noun, units


def test_groups_keep_wells_together():
    drawn = by_group(wells(12), "field")
    assert drawn.sentence == "3 fields"
    assert np.bincount(drawn.member).tolist() == [240, 240, 240]


def test_blocks_are_contiguous_and_share_time_between_records():
    drawn = by_block(months(12), 24)
    assert drawn.sentence == "6 blocks of 24 months"
    assert (np.diff(drawn.member) >= 0).all() and np.bincount(drawn.member).tolist() == [24] * 6
    shared = by_block(wells(2, 10), 4)
    np.testing.assert_array_equal(shared.member[:10], shared.member[10:])
    assert np.bincount(shared.member).tolist() == [8, 12]  # the rest of 2 steps joins the last block


def test_one_record_in_time_is_cut_into_blocks_and_one_well_is_not():
    assert units(months(12)).sentence == "12 blocks of 12 months"
    assert units(wells(1), "well").sentence == "1 well"
    assert units(wells(5), "well").sentence == "5 wells"


@pytest.mark.parametrize(("unit", "noun"), [("M", "month"), ("D", "day"), ("h", "hour"), ("Y", "year"), ("W", "week")])
def test_the_step_of_a_time_axis_has_a_name(unit, noun):
    assert (
        step_noun(np.arange("2000", "2009", dtype="datetime64[Y]").astype(f"datetime64[{unit}]")[0] + np.arange(9))
        == noun
    )


def test_axis_in_metres_has_samples():
    assert step_noun(np.arange(5.0)) == "sample"


def test_empty_block_is_refused():
    with pytest.raises(ConfigError, match="block length of 1 or more"):
        by_block(months(), 0)
