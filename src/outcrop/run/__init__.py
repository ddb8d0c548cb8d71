"""The only room that knows all parts: from a validated run file to a run folder, and from a bundle to new files."""

import sys

from outcrop import Room

sys.modules[__name__].__class__ = Room  # so that outcrop.run(...) and outcrop.run.problem are both there
