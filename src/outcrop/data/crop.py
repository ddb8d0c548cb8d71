"""Records cut to a piece that starts at a random sample, for labels that lie at the same place of every record.

Event files are cut around their event: a network, or a person, could know the answer without looking. Applied after
joins and before views, so that training, baselines and scores see the same pieces; files to be predicted are not cut.
"""

from __future__ import annotations

from collections.abc import Sequence
from zlib import crc32

import numpy as np

from outcrop.errors import DataError, message
from outcrop.records import Record


def crop(records: Sequence[Record], samples: int, first: tuple[int, int] | None = None, seed: int = 0) -> list[Record]:
    """Every record cut to `samples` samples; where each piece starts is drawn from its name and the seed.

    Args:
        records: along one dimension.
        samples: length of every piece.
        first: first and last sample that a piece may start at; by default anywhere in the record.
        seed: of the draw; the same name and seed always give the same piece.

    Raises:
        DataError: a record of several dimensions, or one that is too short.
    """
    pieces = []
    for record in records:
        if len(record.dims) > 1:
            what = f"{record.name} runs along {', '.join(record.dims)}: there is no one dimension to cut."
            raise DataError(message(what, where="data.crop", fix="remove data.crop, or cut the files."))
        low, high = first or (0, len(record) - samples)
        if low < 0 or high < low or high + samples > len(record):
            what = f"{record.name} has {len(record):,} samples: {samples:,} from sample {high:,} on do not fit."
            fix = f"crop = {{samples = {max(len(record) // 2, 1)}, first = [0, {len(record) - len(record) // 2}]}}"
            raise DataError(message(what, where="data.crop", fix=fix))
        start = int(np.random.default_rng([seed, crc32(record.name.encode())]).integers(low, high + 1))
        note = f"cut to samples {start} to {start + samples - 1} of {len(record)}"
        pieces.append(record.with_data(record.data.isel({record.dim: slice(start, start + samples)}), note))
    return pieces
