"""From noise to data: integrators of a denoiser or a velocity, and guidance towards observations."""

import sys

from outcrop import Room

sys.modules[__name__].__class__ = Room  # so that outcrop.sample(...) works whatever was imported before
