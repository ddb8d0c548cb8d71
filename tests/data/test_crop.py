"""Records cut at random: the same piece for the same name and seed, labels no longer at one place."""

import numpy as np
import pytest
import xarray as xr

from outcrop.data.crop import crop
from outcrop.data.regroup import regroup
from outcrop.errors import ConfigError, DataError
from outcrop.records import Record


def events(count=30, size=100, at=40):
    values = np.zeros(size)
    values[at] = 1.0
    data = xr.Dataset({"PICK": ("time", values)}, {"time": np.arange(size) / 100})
    return [Record(data, f"NC_MCB_{number:04d}") for number in range(count)]


def test_pieces_start_at_random_and_keep_their_labels_and_their_axis():
    pieces = crop(events(), 50, (0, 35), seed=1)
    places = [int(piece.flat("PICK").argmax()) for piece in pieces]
    assert {len(piece) for piece in pieces} == {50} and len(set(places)) > 12
    assert all(5 <= place <= 40 for place in places)
    assert all(piece.axis[place] == pytest.approx(0.4) for piece, place in zip(pieces, places, strict=True))
    assert [int(p.flat("PICK").argmax()) for p in crop(events()[3:], 50, (0, 35), seed=1)] == places[3:]
    assert [int(p.flat("PICK").argmax()) for p in crop(events(), 50, (0, 35), seed=2)] != places
    assert pieces[0].notes[-1] == f"cut to samples {40 - places[0]} to {89 - places[0]} of 100"


def test_a_record_that_is_too_short_is_named_with_what_fits():
    with pytest.raises(DataError, match=r"crop = \{samples = 50, first = \[0, 50\]\}"):
        crop(events(1), 80, (0, 30))


def test_groups_can_be_read_out_of_a_name():
    record = regroup(events(1), {"station": "record ~ ^[A-Z]+_[A-Z0-9]+", "network": "record ~ ^([A-Z]+)_"})[0]
    assert (record.groups["station"], record.groups["network"]) == ("NC_MCB", "NC")
    with pytest.raises(DataError, match="finds nothing in record = 'NC_MCB_0000'"):
        regroup(events(1), {"station": "record ~ ^x"})
    with pytest.raises(ConfigError, match="no regular expression"):
        regroup(events(1), {"station": "record ~ ("})
