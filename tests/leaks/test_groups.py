"""Leaks through groups and places: planted ones are caught by name, clean ones raise nothing."""

from dataclasses import replace

import numpy as np
import pytest

from outcrop.errors import ConfigError, LeakageError
from outcrop.split.audit import audit, enforce
from outcrop.split.promise import folds
from outcrop.view.points import points
from outcrop.view.windows import windows

ROTATION = {"promise": "new", "key": "well", "folds": 4}


def move(record, **position):
    return replace(record, position={**record.position, **position})


@pytest.mark.parametrize("classes", [True, False])
def test_clean_wells_raise_nothing(well, context, classes):
    records = [well(i, classes=classes) for i in range(12)]
    for view in (points(records, (-4, 0, 4)), windows(records, 64)):
        for split in folds("new", view.origins, key="well", folds=4):
            findings = audit(context(records, classes, view=view, split=split, key="well"))
            assert findings == []
            enforce(findings)


def test_a_well_on_both_sides_is_caught(wells, context):
    view = points(wells)
    split = folds("new", view.origins, key="well", test=["W10", "W11"])[0]
    moved, rest = split.test[:100], split.test[100:]
    leaky = replace(split, train=np.sort(np.r_[split.train, moved]), test=rest)
    findings = audit(context(wells, view=view, split=leaky, key="well"))
    assert [(f.check, f.level) for f in findings] == [("shared_groups", "violation")]
    assert findings[0].place == "The test part shares wells with training: 'W10'"
    assert findings[0].size == "1 of 2 (50 %) wells"


def test_a_shared_validation_well_is_an_inflation(wells, found):
    view = points(wells)
    split = folds("new", view.origins, key="well", test=["W10"])[0]
    half = 100
    leaky = replace(
        split, train=np.sort(np.r_[split.train, split.validation[:half]]), validation=split.validation[half:]
    )
    assert found(wells, view=view, split=leaky, key="well") == [("shared_groups", "inflation")]


def test_a_sidetrack_of_a_training_well_is_caught_unless_roots_are_promised(wells, found, context):
    wells[11] = replace(wells[11], groups={"well": "W11", "well_root": "W3"})
    assert found(wells) == [("close_neighbours", "violation")]
    findings = audit(context(wells))
    assert "W11 beside W3" in findings[0].place and findings[0].fix == '[promise] new = "well_root"'
    assert found(wells, promise={"promise": "new", "key": "well_root", "test": ["W10"]}) == []


def test_two_records_at_one_place_are_caught_and_near_ones_are_told(wells, found, context):
    wells[11] = move(wells[11], easting=15_000.4)
    assert found(wells) == [("close_neighbours", "violation")]
    wells[11] = move(wells[11], easting=15_400.0)
    (finding,) = audit(context(wells))
    assert finding.level == "inflation" and "W11 to W3: 400 m" in finding.place
    assert found(wells, neighbour_distance_m=100) == []


def test_wells_without_coordinates_are_no_neighbours(wells, found):
    wells[11] = replace(wells[11], position={})
    wells[3] = move(wells[3], easting=np.nan)
    assert found(wells) == []


@pytest.mark.parametrize("held, level", [(2, "inflation"), (6, "note"), (10, None)])
def test_few_groups_are_told(wells, found, held, level):
    assert found(wells, held_out=held) == ([("few_groups", level)] if level else [])


def test_a_hold_out_counts_its_own_groups(wells, context):
    (finding,) = audit(context(wells, held_out=None))
    assert finding.size == "2 wells held out" and finding.fix == "[promise] folds = 12 without promise.test"


def set_target(record, values):
    return record.with_data(record.data.assign(Y=(record.dim, values)))


def test_single_class_and_unlabelled_test_groups_are_told(wells, found):
    wells[11] = set_target(wells[11], np.ones(300, np.int32))
    assert found(wells) == [("degenerate_groups", "note")]
    wells[10] = set_target(wells[10], np.ones(300, np.int32))
    assert found(wells) == [("degenerate_groups", "inflation")]
    wells[10] = set_target(wells[10], np.full(300, -1, np.int32))
    assert ("degenerate_groups", "note") in found(wells)
    wells[11] = set_target(wells[11], np.full(300, -1, np.int32))
    assert found(wells) == [("degenerate_groups", "violation")]


def test_a_number_that_hardly_varies_is_told(well, found):
    records = [well(i, classes=False) for i in range(12)]
    records[11] = set_target(records[11], 1 + 1e-4 * records[11].data.Y.to_numpy())
    assert found(records, classes=False) == [("degenerate_groups", "note")]


def test_a_class_that_training_never_had_is_told(wells, context):
    for i in range(10):
        wells[i] = set_target(wells[i], np.minimum(wells[i].data.Y.to_numpy(), 1))
    findings = [f for f in audit(context(wells)) if f.check == "unseen_class"]
    assert len(findings) == 1 and "'limestone'" in findings[0].place
    assert findings[0].fix.endswith("target.Y = {ignore = [70000]}")


def test_findings_can_be_accepted_with_a_reason_only(wells, context):
    wells[11] = replace(wells[11], groups={"well": "W11", "well_root": "W3"})
    leaky = context(wells)
    with pytest.raises(LeakageError, match=r'new = "well_root"; or accept = \{close_neighbours = "reason"\}') as caught:
        enforce(audit(leaky))
    assert caught.value.exit_code == 3 and str(caught.value).count("\n") <= 3
    accepted = audit(leaky, accept={"close_neighbours": "drilled for this purpose"})
    enforce(accepted)
    assert accepted[0].accepted == "drilled for this purpose" and "Accepted: drilled" in str(accepted[0])
    with pytest.raises(ConfigError, match=r"did you mean 'close_neighbours'(.|\n)*use one of shared_groups"):
        audit(leaky, accept={"close_neighbour": "why"})
    with pytest.raises(ConfigError, match="why it does no harm here"):
        audit(leaky, accept={"close_neighbours": " "})
