"""Seeded geology with known truth, as Records: `outcrop.simulate(NAME, count=, seed=)` and one file per kind."""

import sys

from outcrop import Room

sys.modules[__name__].__class__ = Room  # so that outcrop.simulate(...) and outcrop.simulate.channels are both there
