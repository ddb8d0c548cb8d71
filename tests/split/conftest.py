"""Wells of unequal length with a point view over them."""

import numpy as np
import pytest
import xarray as xr

from outcrop.records import Record
from outcrop.view.points import points


@pytest.fixture(scope="session")
def make_wells():
    def make(lengths, dim="depth", start=0):
        records = []
        for i, length in enumerate(lengths):
            axis = start + np.arange(length)
            data = xr.Dataset(coords={dim: axis})
            records.append(Record(data, f"W{i}", {"well": f"W{i}", "field": f"F{i % 3}"}))
        return records

    return make


@pytest.fixture(scope="session")
def make_origins(make_wells):
    def make(lengths, **arguments):
        return points(make_wells(lengths), **arguments).origins

    return make
