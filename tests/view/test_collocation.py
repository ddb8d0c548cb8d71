"""Collocation points: inside their domain, on its faces, evenly spread, and the same for the same seed."""

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import qmc

from outcrop.errors import ConfigError, DataError
from outcrop.records import Record
from outcrop.view.collocation import METHODS, Domain, domain_of, measured

BOUNDS = st.lists(st.tuples(st.floats(-1e3, 1e3), st.floats(0.1, 1e3)), min_size=1, max_size=4)


@settings(max_examples=60, deadline=None)
@given(spans=BOUNDS, count=st.integers(1, 70), method=st.sampled_from(METHODS), seed=st.integers(0, 9))
def test_points_lie_inside_and_follow_the_seed(spans, count, method, seed):
    domain = Domain({f"x{i}": (low, low + width) for i, (low, width) in enumerate(spans)})
    points = domain.interior(count, method, seed)
    assert points.shape[1] == len(spans) and domain.inside(points).all()
    assert len(points) == count or (method == "grid" and len(points) >= count)
    np.testing.assert_array_equal(points, domain.interior(count, method, seed))


@settings(max_examples=30, deadline=None)
@given(spans=BOUNDS, side=st.sampled_from(["low", "high"]), data=st.data())
def test_faces_hold_one_coordinate_at_its_end(spans, side, data):
    domain = Domain({f"x{i}": (low, low + width) for i, (low, width) in enumerate(spans)})
    name = data.draw(st.sampled_from(domain.names))
    points = domain.face(name, side, 9)
    assert domain.inside(points).all() and points.shape == (9, len(spans))
    assert np.all(points[:, domain.names.index(name)] == domain.bounds[name][side == "high"])


@pytest.mark.parametrize("method", ["sobol", "halton", "latin_hypercube"])
def test_low_discrepancy_points_are_more_even_than_random_ones(method):
    domain = Domain({"x": (0, 1), "t": (0, 1)})
    even = np.median([qmc.discrepancy(domain.interior(256, method, seed)) for seed in range(5)])
    drawn = np.median([qmc.discrepancy(domain.interior(256, "random", seed)) for seed in range(5)])
    assert even < drawn / (2 if method == "latin_hypercube" else 5)


def test_a_grid_is_regular():
    points = Domain({"x": (0.0, 3.0), "y": (0.0, 1.0)}).interior(9, "grid")
    assert sorted(set(points[:, 0])) == [0.5, 1.5, 2.5] and len(points) == 9


def section():
    data = {"u": (("time", "x"), np.array([[1.0, np.nan, 3.0], [4.0, 5.0, 6.0]]))}
    coords = {"time": np.array(["2000-01-01", "2000-01-02"], "datetime64[ns]"), "x": [0.0, 10.0, 20.0]}
    return Record(xr.Dataset(data, coords), "section", dims=("time", "x"))


def test_the_domain_and_the_measurements_of_a_record():
    assert domain_of(section(), ("x", "time")).bounds == {"x": (0.0, 20.0), "time": (0.0, 86_400.0)}
    points, values = measured(section(), "u", ("x", "time"))
    assert values.tolist() == [1, 3, 4, 5, 6] and points[1].tolist() == [20.0, 0.0]


def test_what_cannot_be_is_answered_with_a_fix():
    with pytest.raises(ConfigError, match=r"runs from 1 to 1(?s:.*)Fix: \{\"x\""):
        Domain({"x": (1, 1)})
    with pytest.raises(ConfigError, match=r"did you mean 'sobol'(?s:.*)Fix: a positive count"):
        Domain({"x": (0, 1)}).interior(4, "sobel")
    with pytest.raises(ConfigError, match=r'(?s)no left face.*Fix: face\("x", "low"'):
        Domain({"x": (0, 1)}).face("x", "left", 4)
    with pytest.raises(DataError, match=r"(?s)no variable 'v'.*Fix: it has u"):
        measured(section(), "v", ("x",))
    with pytest.raises(DataError, match=r"(?s)no coordinate 'z'.*Fix: it has time, x"):
        domain_of(section(), ("z",))
