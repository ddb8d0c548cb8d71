"""What a generator is told of an example and what it has to draw."""

import numpy as np
import pytest

from outcrop.view.generated import Generated, Given, surface
from outcrop.view.windows import windows


@pytest.fixture
def view_and_tables(make_records, make_tables):
    records = make_records([40, 24])
    tables = make_tables(records)
    for table in tables.values():
        table.target, table.weight = table.inputs[:, :1], np.ones((len(table.inputs), 1), np.float32)
    tables["W0"].weight[3] = 0
    tables["W0"].target[3] = np.nan
    return windows(records, 8, 8), tables


def test_conditions_are_the_other_inputs_and_targets_have_no_gaps(view_and_tables):
    view, tables = view_and_tables
    batch = Generated(view, (1,)).gather(tables, np.arange(len(view.origins)))
    assert batch.inputs.shape == (8, 8, 1) and batch.target.shape == (8, 8, 1)
    np.testing.assert_array_equal(batch.inputs[:, 0, 0], view.origins.record)
    assert batch.target[0, 3, 0] == 0 and batch.weight[0, 3, 0] == 0


def test_known_values_are_the_target_where_they_are_known(view_and_tables):
    view, tables = view_and_tables
    generated = Generated(view, (1,), Given("points", count=(2, 5), test=3))
    index = np.arange(len(view.origins))
    fixed = generated.gather(tables, index)
    told, known = fixed.inputs[..., 1], fixed.inputs[..., 2]
    assert fixed.inputs.shape[-1] == 3
    assert set(known[1:].sum(axis=1).tolist()) == {3.0}  # the first example may have drawn its gap
    np.testing.assert_array_equal(told, np.where(known > 0, fixed.target[..., 0], 0))
    assert known[0, 3] == 0  # what is missing is not known
    np.testing.assert_array_equal(generated.gather(tables, index[::-1]).inputs, fixed.inputs[::-1])
    rng = np.random.default_rng(0)
    drawn = np.concatenate([generated.gather(tables, index[1:], rng=rng).inputs[..., 2].sum(axis=1) for _ in range(20)])
    assert set(drawn.tolist()) == {2.0, 3.0, 4.0, 5.0}


def test_a_surface_through_the_known_values_is_told_before_them(view_and_tables):
    view, tables = view_and_tables
    index = np.arange(1, len(view.origins))
    plain = Generated(view, (1,), Given("points", test=3)).gather(tables, index).inputs
    told = Generated(view, (1,), Given("points", test=3, interpolate=True)).gather(tables, index).inputs
    np.testing.assert_array_equal(told[..., [0, 2, 3]], plain)
    known = told[..., 3] > 0
    np.testing.assert_allclose(told[..., 1][known], told[..., 2][known], atol=1e-5)
    for row, where in zip(told, known, strict=True):  # a linear variogram on a line: straight between, flat outside
        cells = np.flatnonzero(where)
        np.testing.assert_allclose(row[:, 1], np.interp(np.arange(8), cells, row[cells, 1]), atol=1e-5)


def test_a_surface_is_ordinary_kriging():
    rng = np.random.default_rng(0)
    values, known = rng.normal(size=(6, 7, 2)), rng.random((6, 7)) < 0.3
    found = surface(values, known)
    places, cells = np.argwhere(np.ones((6, 7))), np.argwhere(known)
    apart = np.linalg.norm(cells[:, None] - cells, axis=-1)
    system = np.block([[apart, np.ones((len(cells), 1))], [np.ones((1, len(cells))), np.zeros((1, 1))]])
    for place, own in zip(places, found.reshape(-1, 2), strict=True):
        weight = np.linalg.solve(system, np.append(np.linalg.norm(cells - place, axis=-1), 1))[:-1]
        np.testing.assert_allclose(own, weight @ values[known], atol=1e-9)
    assert not surface(values, np.zeros((6, 7), bool)).any()
    np.testing.assert_allclose(
        surface(values, np.arange(42).reshape(6, 7) == 3), np.broadcast_to(values[0, 3], (6, 7, 2))
    )


@pytest.mark.parametrize("fixed", [True, False])
def test_lines_run_along_one_dimension_and_a_box_is_all_but_a_box(fixed):
    rng = np.random.default_rng(1)
    lines = Given("lines", count=(3, 3), test=3, along=1).known((6, 5, 4), rng, fixed=fixed)
    assert (lines.all(axis=1) == lines.any(axis=1)).all() and lines[:, 0].sum() == 3
    box = ~Given("box", size=(2, 3)).known((6, 5), rng, fixed=fixed)
    rows, columns = np.flatnonzero(box.any(axis=1)), np.flatnonzero(box.any(axis=0))
    assert box.sum() == 6 and np.ptp(rows) == 1 and np.ptp(columns) == 2


def test_more_points_than_samples_know_everything():
    assert Given("points", count=(99, 99), test=99).known((3, 2), np.random.default_rng(0), fixed=True).all()
