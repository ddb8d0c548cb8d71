"""A view around another one, which changes the arrays of its examples and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Wrapping:
    """All but what a subclass defines is the inner view's.

    Attributes:
        inner: cuts the records into examples.
    """

    inner: Any

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name == "inner":
            raise AttributeError(name)
        return getattr(self.inner, name)
