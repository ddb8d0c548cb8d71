"""Memory that was freed goes back to the system at once, where a process works through more data than it may hold.

The C library of Linux keeps freed blocks of up to 32 MB for later. Blocks of ever other sizes leave it in pieces: on a
SEG-Y of 2.8 GB a run held 1.41 GB at its end, and 0.96 GB with these settings (benchmarks/larger_than_memory.py).
"""

from __future__ import annotations

import ctypes
import functools

TRIM_THRESHOLD, MMAP_THRESHOLD, ARENA_MAX = -1, -3, -8  # numbers of malloc.h
BLOCK = 1 << 20
"""Bytes; larger blocks come from the system and go back to it."""


@functools.cache
def give_back_freed_memory() -> bool:
    """Sets the C library so, for the rest of the process; returns whether it has such settings (glibc)."""
    try:
        setting = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return False
    return all([setting(ARENA_MAX, 2), setting(MMAP_THRESHOLD, BLOCK), setting(TRIM_THRESHOLD, BLOCK)])
