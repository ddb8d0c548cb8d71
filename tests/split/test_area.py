"""Areas, lines, wider ranges and their combinations: samples are coloured, examples follow, buffers are kept."""

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from outcrop.data.space import EARTH_RADIUS_M
from outcrop.errors import ConfigError, DataError
from outcrop.records import Record
from outcrop.split.promise import folds
from outcrop.split.variogram import spherical, variogram
from outcrop.view.patches import patches
from outcrop.view.points import points


def scattered(x, y, names=("easting", "northing")):
    coords = {
        names[0]: ("row", np.asarray(x, float)),
        names[1]: ("row", np.asarray(y, float)),
        "row": np.arange(len(x)),
    }
    return Record(xr.Dataset({"v": ("row", np.zeros(len(x)))}, coords), "survey", dims=("row",))


def haversine(a, b):
    """Metres between two places in degrees (longitude, latitude)."""
    (lon1, lat1), (lon2, lat2) = np.radians(a), np.radians(b)
    h = np.sin((lat2 - lat1) / 2) ** 2 + np.cos(lat1) * np.cos(lat2) * np.sin((lon2 - lon1) / 2) ** 2
    return 2 * EARTH_RADIUS_M * np.arcsin(np.sqrt(h))


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), sphere=st.booleans(), buffer_km=st.floats(1, 400))
def test_no_training_sample_lies_within_the_buffer(seed, sphere, buffer_km):
    rng = np.random.default_rng(seed)
    if sphere:  # many near the date line and the poles
        x, y = (rng.uniform(170, 190, 120) + 180) % 360 - 180, np.degrees(np.arcsin(rng.uniform(-1, 1, 120)))
        record = scattered(x, y, ("longitude", "latitude"))
    else:
        x, y = rng.uniform(0, 4e6, (2, 120))
        record = scattered(x, y)
    view = points([record])
    try:
        splits = folds(
            "area", view.origins, cells=view.cells, block_m=1e6, buffer_m=1000 * buffer_km, folds=3, seed=seed
        )
    except ConfigError:
        return
    tested = np.concatenate([split.test for split in splits])
    assert sorted(tested) == list(range(120))  # every sample is tested once
    for split in splits:
        parts = np.concatenate(list(split.parts.values()))
        assert len(np.unique(parts)) == len(parts)
        for i in split.test[:20]:
            near = np.concatenate([split.train, split.validation])
            gap = haversine((x[i], y[i]), (x[near], y[near])) if sphere else np.hypot(x[near] - x[i], y[near] - y[i])
            assert gap.min() >= 1000 * buffer_km * (1 - 1e-9)


def test_blocks_close_around_the_globe():
    longitude, latitude = np.meshgrid(np.arange(-180.0, 180, 10), [-89.0, 0, 89])
    record = scattered(longitude.ravel(), latitude.ravel(), ("longitude", "latitude"))
    view = points([record])
    split = folds("area", view.origins, cells=view.cells, block_m=4e6, folds=3)[0]
    polar = np.flatnonzero(record.data["latitude"].to_numpy() == 89)
    assert len(np.unique(split.unit[polar])) <= 3  # all longitudes meet at the pole


def test_a_region_over_the_date_line():
    record = scattered([175.0, 179, -179, -175, 0, 10, 20], np.zeros(7), ("longitude", "latitude"))
    view = points([record])
    split = folds("area", view.origins, cells=view.cells, region=[170, -170, -10, 10], validation_share=0)[0]
    assert split.test.tolist() == [0, 1, 2, 3] and split.train.tolist() == [4, 5, 6]


def test_too_few_blocks_say_what_to_change():
    view = points([scattered([0.0, 1], [0.0, 1])])
    with pytest.raises(ConfigError, match=r"Fix: area = \{block_m = a smaller number\}"):
        folds("area", view.origins, cells=view.cells, block_m=1e6)
    one = Record(xr.Dataset({"v": ("depth", np.zeros(9))}, {"depth": np.arange(9.0)}), "well")
    view = points([one])
    with pytest.raises(ConfigError, match="no map coordinates"):
        folds("area", view.origins, cells=view.cells, block_m=10)


def lines(numbers=range(1500, 1600, 5), rows=4):
    data = xr.Dataset({"v": (("crossline", "row"), np.zeros((len(numbers), rows)))}, {"crossline": list(numbers)})
    return Record(data, "f3", dims=("crossline", "row"))


def test_between_known_lines():
    record = lines()
    view = patches([record], {"row": 4}, 4)
    split = folds("between", view.origins, cells=view.cells, along="crossline", every=3, validation_share=0)[0]
    tested = view.origins.position["crossline"][split.test]
    assert tested.tolist() == list(range(1505, 1595, 15))
    known = view.origins.position["crossline"][split.train]
    assert {1500, 1595} <= set(known.tolist()) and "5 away" in split.sentence
    with pytest.raises(DataError, match="There is no coordinate 'line'"):
        folds("between", view.origins, cells=view.cells, along="line")


def test_wider_is_beyond_what_was_seen():
    record = lines()
    view = patches([record], {"row": 4}, 4)
    split = folds("wider", view.origins, cells=view.cells, variable="crossline", above=1550, margin=10)[0]
    at = view.origins.position["crossline"]
    assert (
        at[split.test].min() == 1550
        and at[split.validation].max() < 1540
        and at[split.train].max() < at[split.validation].min()
    )
    with pytest.raises(ConfigError, match="runs from 1500 to 1595"):
        folds("wider", view.origins, cells=view.cells, variable="crossline", above=9999)


def test_a_new_station_and_a_later_time():
    time = np.arange("2020-01-01", "2020-04-10", dtype="datetime64[D]").astype("datetime64[ns]")
    data = xr.Dataset({"v": (("time", "station"), np.zeros((100, 5)))}, {"time": time, "station": list("ABCDE")})
    record = Record(data, "network", dims=("time", "station"))
    view = points([record])
    later = {"test_from": "2020-03-01", "gap": "5d"}
    splits = folds("new_later", view.origins, cells=view.cells, new={"key": "station", "folds": 5}, later=later)
    assert len(splits) == 5
    for split in splits:
        station = lambda rows: set(view.origins.position["station"][rows].tolist())  # noqa: E731
        date = view.origins.position["time"]
        assert not station(split.test) & (station(split.train) | station(split.validation))
        assert date[split.test].min() >= np.datetime64("2020-03-01") and date[split.train].max() < np.datetime64(
            "2020-02-25"
        )
    with pytest.raises(ConfigError, match="no duration"):
        folds(
            "new_later",
            view.origins,
            cells=view.cells,
            new={"key": "station"},
            later={"test_from": "2020-03-01", "gap": "soon"},
        )


def test_hold_outs_imitate_the_files_to_be_predicted():
    rng = np.random.default_rng(0)
    records = [
        Record(xr.Dataset({"v": ("depth", np.zeros(5))}, {"depth": np.arange(5.0)}), f"W{i}", {"well": f"W{i}"})
        for i in range(30)
    ]
    points_m = np.repeat(rng.uniform(0, 100_000, (10, 2)), 3, axis=0) + rng.normal(0, 300, (30, 2))
    view = points(records)
    near, far = points_m[:5] + 200, points_m[:5] + 1e6
    found = {}
    for name, deployed in (("near", near), ("far", far)):
        splits = folds(
            "deploy", view.origins, cells=view.cells, points=points_m, deployed=deployed, missing=[("RHOB",)]
        )
        held = []
        for split in splits:
            test, train = (np.unique(view.origins.record[rows]) for rows in (split.test, split.train))
            held += np.linalg.norm(points_m[test][:, None] - points_m[train][None], axis=2).min(axis=1).tolist()
        found[name] = np.median(held)
        assert "imitates the files" in splits[0].sentence and splits[0].blank["W0"] == ("RHOB",)
    assert found["far"] > 3 * found["near"]


def test_a_splitter_of_scikit_learn():
    records = [
        Record(xr.Dataset({"v": ("depth", np.zeros(4))}, {"depth": np.arange(4.0)}), f"W{i}", {"field": f"F{i % 3}"})
        for i in range(9)
    ]
    view = points(records)
    name = "sklearn.model_selection:GroupKFold"
    splits = folds("splitter", view.origins, cells=view.cells, name=name, arguments={"n_splits": 3}, groups="field")
    for split in splits:
        fields = [set(np.asarray(view.origins.group("field"))[rows]) for rows in (split.train, split.test)]
        assert not fields[0] & fields[1]
    with pytest.raises(ConfigError, match="cannot be used"):
        folds("splitter", view.origins, cells=view.cells, name="sklearn.model_selection:GroupKFoldd")


def test_the_variogram_finds_the_range_of_a_field():
    rng = np.random.default_rng(1)
    place = rng.uniform(0, 100, (700, 2))
    gap = np.linalg.norm(place[:, None] - place[None], axis=2)
    covariance = 1 - spherical(gap, 0.0, 1.0, 20.0)
    values = np.linalg.cholesky(covariance + 1e-8 * np.eye(700)) @ rng.normal(size=700)
    assert 12 < variogram(values, place).range < 30
