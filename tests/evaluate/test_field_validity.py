"""Fields unlike those of training: usual ones inside; rough, large and shifted ones outside; any grid, from a file."""

import equinox as eqx
import numpy as np
import pytest

from outcrop.errors import BundleError, DataError, NotTrainedError
from outcrop.evaluate.field_validity import FieldValidity


def waves(count, seed, size=32, highest=4):
    """Random sums of the lowest waves, (example, x, 1)."""
    rng, place = np.random.default_rng(seed), np.arange(size) / size
    kinds = [f(2 * np.pi * k * place) / k for k in range(1, highest + 1) for f in (np.sin, np.cos)]
    return (rng.normal(size=(count, len(kinds))) @ kinds)[..., None].astype(np.float32)


@pytest.fixture(scope="module")
def area():
    return FieldValidity.fit(waves(400, 0)).calibrate(waves(200, 1))


def share(area, fields):
    return area.inside(area.score(fields)).mean()


def test_usual_fields_are_inside_and_unusual_ones_are_not(area):
    usual, place = waves(300, 2), np.arange(32) / 32
    assert 0.9 < share(area, usual) < 0.99
    rough = usual + 0.2 * np.sin(2 * np.pi * 9 * place)[:, None]
    for other in (rough, 3 * usual, usual + 4):
        assert share(area, other) < 0.1
    assert np.abs(rough).max() < np.abs(waves(400, 0)).max() * 1.1  # no value is unusual


def test_a_finer_grid_is_the_same_field(area):
    np.testing.assert_allclose(area.score(waves(5, 3, size=128)), area.score(waves(5, 3)), rtol=1e-4)


def test_distances_are_those_of_a_loop_and_of_a_compiled_function(area):
    fields = waves(4, 4)
    told = area.score(fields)
    own = np.stack([np.asarray(area.coordinates(field)) for field in fields])
    away = np.linalg.norm(np.asarray(area.representatives)[None] - own[:, None], axis=2)
    wanted = np.sort(away, axis=1)[:, :5].mean(axis=1) / own.shape[1] ** 0.5
    np.testing.assert_allclose(told, wanted, rtol=1e-3)
    np.testing.assert_allclose(eqx.filter_jit(area.distance)(fields[2]), told[2], rtol=1e-5)


def test_it_comes_back_from_a_file(area):
    back = FieldValidity.from_arrays(area.to_arrays())
    assert back.threshold == area.threshold and back.sensors == (32,)
    np.testing.assert_array_equal(back.score(waves(3, 5)), area.score(waves(3, 5)))


@pytest.mark.parametrize("spoil", [lambda a: a.pop("axes"), lambda a: a.update(spread=a["spread"][:-1])])
def test_a_damaged_file_says_what_to_do(area, spoil):
    arrays = area.to_arrays()
    spoil(arrays)
    with pytest.raises(BundleError, match="Fix: write the model file again from its run"):
        FieldValidity.from_arrays(arrays)


def test_large_fields_are_thinned():
    fields = np.random.default_rng(0).normal(size=(12, 256, 128, 1)).astype(np.float32)
    assert FieldValidity.fit(fields).sensors == (64, 32)


def test_nothing_to_fit_or_no_threshold():
    with pytest.raises(DataError, match="Fix: give more records to training"):
        FieldValidity.fit(waves(0, 0))
    with pytest.raises(NotTrainedError, match=r"Fix: call validity\.calibrate"):
        FieldValidity.fit(waves(9, 0)).inside(np.zeros(2))
