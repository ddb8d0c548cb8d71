"""Problems for tests, made from the text of a [physics] section."""

from __future__ import annotations

import tomllib
from pathlib import Path

from outcrop.config.physics import PhysicsSection
from outcrop.run.pose import problem_of

HEAT = """
equation = "heat"
domain = {x = [0, 2], t = [0, 1]}
parameter.diffusivity = 0.1
condition.start = {at = "t low", u = "sin(pi * x) + x"}
condition.edge = {at = "x low", u = "0"}
condition.far = {at = "x high", u = "2 + t"}
hard = true
"""


def problem(text: str, base: Path | None = None):
    """The problem of a section, unchecked."""
    return problem_of(PhysicsSection.model_validate(tomllib.loads(text)), base or Path.cwd(), [])
