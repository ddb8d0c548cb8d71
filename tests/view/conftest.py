"""Records with unequal lengths, and encoded tables whose values tell where they come from."""

from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr

from outcrop.records import Record


@pytest.fixture(scope="session")
def make_records():
    def make(lengths, dim="depth", **groups):
        records = []
        for i, length in enumerate(lengths):
            data = xr.Dataset(coords={dim: 100.0 * i + np.arange(length)})
            own = {"well": f"W{i}", **{key: values[i] for key, values in groups.items()}}
            records.append(Record(data, f"W{i}", own, position={"easting": 1000.0 * i, "northing": 5.0}))
        return records

    return make


@pytest.fixture(scope="session")
def make_tables():
    """Channel 0 counts samples over all records, channel 1 is the record; the target is channel 0."""

    def make(records, classes=False):
        tables, first = {}, 0
        for i, record in enumerate(records):
            count = first + np.arange(len(record))
            inputs = np.stack([count, np.full(len(record), i)], axis=1).astype(np.float32)
            target = (count % 3).astype(np.int32) if classes else count.astype(np.float32)
            ones = np.ones(len(record), np.float32)
            tables[record.name] = SimpleNamespace(
                inputs=inputs, target=target, weight=ones, usable=ones > 0, channels=("count", "record")
            )
            first += len(record)
        return tables

    return make
