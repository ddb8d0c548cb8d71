"""The data room: files in, Records out, and back; `read` and `write` pick the format."""

from outcrop.data.read import read, write

__all__ = ["read", "write"]
