"""What is known of a solution on the faces of its domain or at points: initial, boundary and source conditions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from outcrop.errors import ConfigError, did_you_mean, message
from outcrop.physics.expression import Expression
from outcrop.view.collocation import Domain

SIDES = ("low", "high")
Face = tuple[str, str]


@dataclass(frozen=True)
class Condition:
    """Values or slopes of unknowns on faces of the domain, or at one point.

    Attributes:
        name: of the condition, in messages and pictures.
        faces: (coordinate, "low" or "high"), several where the same holds on all of them.
        values: unknown -> its value there.
        slopes: unknown -> its derivative along the face's coordinate (not along the outward normal).
        fluxes: unknown -> that derivative times the coefficient that conducts it, such as K u_x.
        point: coordinates of one point instead of faces; values only.
    """

    name: str
    faces: tuple[Face, ...] = ()
    values: Mapping[str, Expression] = ()  # type: ignore[assignment]
    slopes: Mapping[str, Expression] = ()  # type: ignore[assignment]
    point: tuple[float, ...] | None = None
    fluxes: Mapping[str, Expression] = ()  # type: ignore[assignment]

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", dict(self.values))
        object.__setattr__(self, "slopes", dict(self.slopes))
        object.__setattr__(self, "fluxes", dict(self.fluxes))

    def points(self, domain: Domain, count: int, seed: int = 0) -> np.ndarray:
        """Where it is enforced, shape (point, coordinate): `count` points on each face, from a Sobol sequence."""
        if self.point is not None:
            return np.array([self.point], float)
        return np.concatenate([domain.face(*face, count, seed=seed) for face in self.faces])


def faces_of(text: str, domain: Domain, where: str) -> tuple[Face, ...]:
    """Faces as a run file names them: "x low", "t low", "boundary" for all faces in space.

    Raises:
        ConfigError: no such face.
    """
    known = [(name, side) for name in domain.names for side in SIDES]
    if text == "boundary":
        return tuple(face for face in known if face[0] != "t")
    face = tuple(text.split())
    if face not in known:
        names = [" ".join(each) for each in known]
        what = f"There is no face {text!r}{did_you_mean(text, names)}."
        raise ConfigError(message(what, where=where, fix=f'at = "boundary", or one of {", ".join(names)}.'))
    return ((face[0], face[1]),)
