"""Parquet tables through pyarrow, which reads them in a process of its own: a damaged file can crash it."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from outcrop.data.content import content
from outcrop.data.isolated import call
from outcrop.errors import DataError, message, missing_extra

MAGIC = b"PAR1"
Table = Any
"""A pandas DataFrame."""


def read_parquet(path: Path, raw: bytes) -> Table:
    """The table, with an index that holds more than row numbers as columns.

    Raises:
        DataError: a damaged file.
    """
    length = int.from_bytes(raw[-8:-4], "little")
    if raw[-4:] != MAGIC or not 0 < length <= len(raw) - 12:
        fix = "copy or export the file again."
        raise DataError(message("The Parquet file is cut short: its end is missing.", where=str(path), fix=fix))
    return call("outcrop.data.table_parquet:load", path, library="pandas pyarrow.parquet")


def load(path: str) -> Table:
    """The table as pandas makes it; called in a process of its own."""
    try:
        import pandas as pd
        import pyarrow.parquet

        held = pyarrow.parquet.read_table(io.BytesIO(content(path)))
        held.validate(full=True)
        table = held.to_pandas()
        return table if isinstance(table.index, pd.RangeIndex) else table.reset_index()
    except ImportError:
        raise missing_extra("pyarrow", "parquet", "Reading Parquet") from None
    except Exception as error:  # Arrow and the metadata of pandas raise many kinds; all mean a damaged file
        reason = " ".join(str(error).split())[:160].rstrip(" .") or type(error).__name__
        fix = "copy or export the file again."
        raise DataError(message(f"The Parquet file is damaged: {reason}.", where=path, fix=fix)) from None


def write_parquet(table: Table, columns: Mapping[str, np.ndarray], out: Path, metadata: Mapping[str, Any]) -> None:
    """The table with columns added, and metadata under keys that start with `outcrop.`"""
    import pyarrow
    import pyarrow.parquet

    arrow = pyarrow.Table.from_pandas(table.assign(**columns), preserve_index=False)
    extra = {f"outcrop.{key}".encode(): str(value).encode() for key, value in metadata.items()}
    pyarrow.parquet.write_table(arrow.replace_schema_metadata({**(arrow.schema.metadata or {}), **extra}), out)
