"""What the catalogue does not reach: group keys of samples, the sphere, promises by name, formulas by hand."""

from dataclasses import replace

import catalogue as c
import numpy as np
import pytest

from outcrop.split.audit import audit
from outcrop.split.audit.copied_neighbours import copy_baseline
from outcrop.split.audit.copy_curve import copy_curve, copy_score
from outcrop.split.audit.nested_groups import containing
from outcrop.view.points import points


def network(**arguments):
    record = c.station_grid(**arguments)
    view = points([record])
    split = c.parts(c.start_of(view, "station") >= 8, "new = station")
    return c.context([record], view, split, "Y", key="station", held_out=10)


def test_groups_may_be_coordinates_of_samples():
    context = network()
    names, code = context.group_codes("station")
    assert names.tolist() == [f"S{i}" for i in range(10)] and code[:12].tolist() == [*range(10), 0, 1]
    assert context.groups_in(context.split.test, "station") == ["S8", "S9"]
    assert context.points.shape == (3000, 3) and context.is_dated and context.along == 0


@pytest.mark.parametrize(
    "text, kinds",
    [
        ("new = well", {"new"}),
        ("new = area", {"new"}),
        ("area = 5,000 m; later = 2001-01-01", {"area", "later"}),
        ("between = crossline, every 3", {"between"}),
        ("same_population", {"same_population"}),
        ("later = 2001-01-01", {"later"}),
    ],
)
def test_kinds_of_promise_are_read_from_the_split(text, kinds):
    context = network()
    assert replace(context, split=replace(context.split, promise=text), key=None).promises == kinds


def test_places_are_compared_on_the_sphere_over_the_date_line():
    records = c.stations(12, spread=20.0)
    for i, longitude in ((3, 179.9995), (11, -179.9995)):
        records[i] = replace(records[i], position={"longitude": longitude, "latitude": 40.0})
    view = points(records)
    split = c.by_record(view, ("S10", "S11"), "new = station")
    findings = audit(c.context(records, view, split, "Y", key="station", held_out=12))
    (near,) = [f for f in findings if f.check == "close_neighbours"]
    assert "S11 to S3: 85 m" in near.place


def test_reach_counts_by_dimension():
    record = c.weather(120)
    view = points([record])
    west = c.start_of(view, "longitude") < 4
    context = c.context([record], view, c.parts(west, "area = 1 m"), "Y")
    assert not [f for f in audit(context) if f.check == "network_reach"]
    wide = replace(context, reach={"longitude": (2, 2)})
    (finding,) = [f for f in audit(wide) if f.check == "network_reach"]
    assert finding.level == "violation" and finding.size.startswith("1,440 of 2,880")


def test_integers_are_missing_by_their_code_only_unless_they_are_classes():
    record = c.scene()
    height = np.arange(48 * 48).reshape(48, 48).astype(np.int32) - 100
    record = c.add(record, HEIGHT=height)
    record.data.HEIGHT.attrs["missing"] = -99
    view = points([record])
    column = c.context([record], view, c.at_random(view), "Y", 3).column("HEIGHT")
    assert column[0] == -100 and np.isnan(column[1]) and column[2] == -98


def test_scores_of_copies_by_hand():
    table = np.array([[0, 1, 1, 2.0], [0, 1, 2, np.nan]])
    assert copy_score(table, np.array([0]), table, np.array([1]), classes=3) == pytest.approx((1 + 0.5 + 0) / 3)
    numbers = np.array([[1.0, 3.0], [2.0, 3.0]])
    assert copy_score(numbers, np.array([0]), numbers, np.array([1]), variance=1.0) == pytest.approx(0.5)
    assert np.isnan(copy_score(numbers * np.nan, np.array([0]), numbers, np.array([1])))


def test_the_curve_of_a_random_walk_falls_with_distance_and_is_repeatable():
    walk = np.random.default_rng(0).normal(size=(3000, 4)).cumsum(axis=0)
    curve = copy_curve(walk, np.arange(3000))
    assert [s.distance for s in curve] == sorted(s.distance for s in curve) and curve == copy_curve(
        walk, np.arange(3000)
    )
    assert curve[0].score > 0.99 > curve[-1].score and sum(s.pairs for s in curve) > 10_000


def test_nested_outlines_are_found():
    square = np.array([[0, 0], [10, 0], [10, 10], [0, 10.0]])
    outlines = {"river": square, "brook": square / 4 + 1, "beside": square + 20, "across": square + 5}
    assert containing(outlines) == {"river": ["brook"], "brook": [], "beside": [], "across": []}


def test_stations_nearer_than_those_to_be_predicted_are_told():
    records = c.stations(20, spread=3.0)
    rng = np.random.default_rng(0)
    for i in (18, 19):
        twin = records[i - 10]
        place = {"longitude": twin.position["longitude"] + 0.02, "latitude": twin.position["latitude"]}
        records[i] = replace(records[i], position=place)
        records[i] = c.add(records[i], Y=twin.data.Y.to_numpy() + 0.1 * rng.normal(size=400))
    view = points(records)
    split = c.by_record(view, ("S18", "S19"), "new = station")
    context = c.context(records, view, split, "Y", key="station", held_out=20)
    told = [f for f in audit(context) if f.check == "copied_neighbours"]
    assert [f.level for f in told] == ["inflation"] and "closer to training" in told[0].place
    here = {name: np.array([r.position[name] + d for r in records[:18]]) for name, d in (
        ("longitude", 0.02), ("latitude", 0.0))}  # fmt: skip
    near = replace(context, deploy=here)
    assert [f.level for f in audit(near) if f.check == "copied_neighbours"] == ["note"]
    assert copy_baseline(near).units.what == "station"


def test_the_hour_and_the_season_of_one_time_axis_are_no_copies():
    records = c.stations(12)
    records = [
        replace(
            r, data=r.data.assign({name: ("time", np.arange(float(len(r)))) for name in ("hour", "season", "twin")})
        )
        for r in records
    ]
    view = points(records)
    context = c.context(records, view, c.by_record(view, ("S10", "S11"), "new = station"), "Y", key="station")
    period = {"hour": 1.0, "season": 365.25, "twin": 365.25}
    for variable in context.variables:
        variable.period = period.get(variable.name)
    found = [f.place for f in audit(context) if f.check == "same_inputs"]
    assert found == ["'season' and 'twin' hold the same values"]
