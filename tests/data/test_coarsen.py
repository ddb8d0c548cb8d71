"""Means of blocks, repeated on their cells: of whole grids, with gaps, and as a variable of a run."""

import numpy as np
import pytest
import xarray as xr

from outcrop.data.coarsen import coarsened
from outcrop.data.variable import Variable, resolve
from outcrop.errors import ConfigError
from outcrop.records import Record


def field(values):
    data = xr.Dataset({"t2m": (("time", "latitude", "longitude"), values, {"units": "K"})})
    return Record(data, "field", dims=("time", "latitude", "longitude"))


def test_blocks_hold_their_mean_on_every_cell():
    values = np.random.default_rng(0).normal(size=(5, 6, 8))
    record = field(values)
    found = coarsened(record.flat("t2m"), record, {"latitude": 3, "longitude": 4}, "").reshape(values.shape)
    means = values.reshape(5, 2, 3, 2, 4).mean(axis=(2, 4))
    np.testing.assert_allclose(found, means.repeat(3, axis=1).repeat(4, axis=2))
    along = coarsened(record.flat("t2m"), record, {"longitude": 3}, "").reshape(values.shape)
    np.testing.assert_allclose(along[..., 6], values[..., 6:].mean(axis=-1))  # the last block has two cells


def test_gaps_are_left_out_of_means_and_empty_blocks_are_missing():
    values = np.arange(16.0).reshape(1, 4, 4)
    values[0, 0, 0] = values[0, 2:, :2] = np.nan
    found = coarsened(values.ravel(), field(values), {"latitude": 2, "longitude": 2}, "").reshape(4, 4)
    assert found[0, 0] == found[1, 1] == (1 + 4 + 5) / 3 and np.isnan(found[2:, :2]).all()


def test_a_coarse_variable_is_averaged_in_its_own_unit_within_its_range():
    values = np.array([[[280.0, 284.0, 999.0, 290.0]]])
    coarse = Variable("COARSE", sources=("t2m",), unit="degC", valid_range=(-50, 50), coarsen={"longitude": 2})
    ((record,), _) = resolve([field(values)], [coarse, Variable("T", sources=("t2m",), role="target", unit="degC")])
    np.testing.assert_allclose(record.flat("COARSE"), [8.85, 8.85, 16.85, 16.85])
    assert Variable.from_json(coarse.to_json()) == coarse


def test_what_cannot_be_averaged():
    with pytest.raises(ConfigError, match="did you mean 'latitude'"):
        coarsened(np.zeros(4), field(np.zeros((1, 2, 2))), {"latitud": 2}, "variable.T")
    with pytest.raises(ConfigError, match="remove coarsen"):
        Variable("AZI", transform="sin_cos:360", coarsen={"latitude": 2})
