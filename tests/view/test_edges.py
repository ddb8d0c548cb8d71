"""Links between nodes: nearest ones, within a radius, of meshes and rivers; on the map and over the whole sphere."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outcrop.data.space import EARTH_RADIUS_M, along_surface, cartesian
from outcrop.errors import ConfigError, DataError
from outcrop.view.edges import between_links, directed, graph, knn, mesh, radius

PLANE = st.lists(st.tuples(st.integers(-50, 50), st.integers(-50, 50)), min_size=2, max_size=25)
SPHERE = st.lists(st.tuples(st.integers(-180, 180), st.integers(-90, 90)), min_size=2, max_size=25)


def on_sphere(pairs):
    east, north = np.array(pairs, float).T
    return cartesian({"longitude": east, "latitude": north})


def distances(points):
    chords = np.linalg.norm(points[:, None] - points[None], axis=-1)
    return along_surface(chords, points.shape[1])


@settings(max_examples=60, deadline=None)
@given(places=PLANE, k=st.integers(1, 6), around=st.booleans())
def test_each_node_hears_from_its_nearest_ones(places, k, around):
    points = on_sphere(places) if around else np.array(places, float)
    senders, receivers = knn(points, k)
    every, size = distances(points), min(k, len(points) - 1)
    assert np.all(senders != receivers)
    assert np.array_equal(np.bincount(receivers, minlength=len(points)), np.full(len(points), size))
    for node in range(len(points)):
        mine = senders[receivers == node]
        assert len(set(mine.tolist())) == size
        nearest = np.sort(np.delete(every[node], node))[:size]
        np.testing.assert_allclose(np.sort(every[node, mine]), nearest, atol=1.0)


@settings(max_examples=60, deadline=None)
@given(places=SPHERE, reach=st.floats(1e5, 2e7))
def test_within_a_radius_on_the_sphere_distance_is_along_the_ground(places, reach):
    points = on_sphere(places)
    senders, receivers = radius(points, reach)
    every = distances(points)
    wanted = {(i, j) for i in range(len(points)) for j in range(len(points)) if i != j and every[i, j] < reach - 1}
    allowed = {(i, j) for i in range(len(points)) for j in range(len(points)) if i != j and every[i, j] < reach + 1}
    found = set(zip(senders.tolist(), receivers.tolist(), strict=True))
    assert wanted <= found <= allowed


def test_neighbours_over_the_date_line_and_the_pole():
    points = on_sphere([(179.5, 0), (-179.5, 0), (170, 0), (0, 89.9), (180, 89.9), (90, 80)])
    senders, receivers = knn(points, 1)
    nearest = dict(zip(receivers.tolist(), senders.tolist(), strict=True))
    assert nearest[0] == 1 and nearest[1] == 0 and nearest[3] == 4 and nearest[4] == 3


def test_links_know_their_length_and_direction():
    made = graph(np.array([1, 2]), np.array([0, 0]), np.array([[0.0, 0.0], [300.0, 0.0], [0.0, -100.0]]))
    np.testing.assert_allclose(made.features, [[1.5, 1, 0], [0.5, 0, -1]])
    sphere = on_sphere([(179.0, 10.0), (-179.0, 10.0), (179.0, 11.0)])
    made = graph(np.array([1, 2]), np.array([0, 0]), sphere)
    np.testing.assert_allclose(made.features[:, 1:], [[1, 0], [0, 1]], atol=0.02)
    one_degree = np.pi / 180 * EARTH_RADIUS_M
    length = made.features[:, 0] * np.median([2 * one_degree * np.cos(np.radians(10)), one_degree])
    np.testing.assert_allclose(length, [2 * one_degree * np.cos(np.radians(10)), one_degree], rtol=1e-3)
    pole = graph(np.array([1]), np.array([0]), on_sphere([(0.0, 90.0), (45.0, 80.0)]))
    assert np.isfinite(pole.features).all()


def test_elements_of_a_mesh_link_their_neighbouring_corners():
    elements = np.array([[0, 1, 2, -1], [1, 3, 4, 2]])  # a triangle and a square
    senders, receivers = mesh(elements)
    pairs = {tuple(sorted(pair)) for pair in zip(senders.tolist(), receivers.tolist(), strict=True)}
    assert pairs == {(0, 1), (1, 2), (0, 2), (1, 3), (3, 4), (2, 4)} and len(senders) == 2 * len(pairs)
    kept = mesh(elements, np.array([1, 2, 4]))
    assert set(zip(*(side.tolist() for side in kept), strict=True)) == {(0, 1), (1, 0), (1, 2), (2, 1)}


def test_rivers_run_one_way():
    senders, receivers = directed([("A", "B"), ("B", "C"), ("X", "Y")], ["C", "B", "A"])
    assert sorted(zip(senders.tolist(), receivers.tolist(), strict=True)) == [(1, 0), (2, 1)]
    with pytest.raises(DataError, match=r"(?s)No link is between.*Fix: the nodes are called C, B"):
        directed([("D", "E")], ["C", "B"])


def test_links_hear_from_those_they_meet_or_from_those_above():
    begins, ends = np.array(["a", "b", "c", "d"]), np.array(["c", "c", "d", "e"])
    below = set(zip(*(side.tolist() for side in between_links(begins, ends, downstream=True)), strict=True))
    assert below == {(0, 2), (1, 2), (2, 3)}
    both = set(zip(*(side.tolist() for side in between_links(begins, ends, downstream=False)), strict=True))
    assert both == {(0, 1), (0, 2), (1, 2), (2, 3), (1, 0), (2, 0), (2, 1), (3, 2)}
    alone = between_links(np.array(["a"]), np.array(["a"]), downstream=True)
    assert len(alone[0]) == 0


def test_a_node_alone_has_no_neighbour_and_none_cannot_be_asked_for():
    assert len(knn(np.zeros((1, 2)), 3)[0]) == 0
    assert graph(*knn(np.zeros((1, 2)), 3), np.zeros((1, 2))).features.shape == (0, 3)
    with pytest.raises(ConfigError, match=r"(?s)at least one.*Fix: neighbours = 8"):
        knn(np.zeros((3, 2)), 0)
