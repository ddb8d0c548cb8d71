"""Position along a well from its deviation survey: the minimum curvature method.

Between two stations the well is an arc of a circle. Pure NumPy; `join.survey` puts the result on the records.
"""

from __future__ import annotations

import numpy as np

from outcrop.errors import DataError, message

STRAIGHT_RAD = 1e-7
"""Below this change of direction the arc is taken as a straight line."""
LARGEST_DOGLEG_RAD = np.pi / 2


def minimum_curvature(
    md: np.ndarray, inclination: np.ndarray, azimuth: np.ndarray, at: np.ndarray, *, where: str = ""
) -> np.ndarray:
    """Offsets from the first station: true vertical depth, northing and easting.

    Args:
        md: measured depth of the stations, increasing, in any unit of length.
        inclination: degrees from vertical, 0 to 180.
        azimuth: degrees clockwise from north.
        at: measured depths wanted, in the unit of `md`.
        where: record, for errors.

    Returns:
        (depth, 3) vertical (down), northing, easting, in the unit of `md`; NaN outside the stations.

    Raises:
        DataError: stations out of order, or a turn of more than 90 degrees between two of them.

    Source:
        Sawaryn, S. J. and Thorogood, J. L. (2005), A compendium of directional calculations based on the minimum
        curvature method, SPE Drilling & Completion 20(1), 24-36, doi:10.2118/84246-PA.

    >>> minimum_curvature(np.array([0.0, 100.0]), np.array([0.0, 0.0]), np.array([0.0, 0.0]), np.array([40.0])).tolist()
    [[40.0, 0.0, 0.0]]
    """
    md, at = np.asarray(md, np.float64), np.asarray(at, np.float64)
    _check(md, inclination, where)
    inc, azi = np.radians(np.asarray(inclination, np.float64)), np.radians(np.asarray(azimuth, np.float64))
    tangent = np.stack([np.cos(inc), np.sin(inc) * np.cos(azi), np.sin(inc) * np.sin(azi)], axis=1)  # (station, 3)
    dogleg = _dogleg(inc, azi)
    _check_dogleg(md, dogleg, where)
    steps = np.diff(md)
    ends = (steps / 2 * _ratio(dogleg))[:, None] * (tangent[:-1] + tangent[1:])
    station = np.concatenate([np.zeros((1, 3)), np.cumsum(ends, axis=0)])
    k = np.clip(np.searchsorted(md, at, side="right") - 1, 0, len(md) - 2)
    share = (at - md[k]) / steps[k]
    here = _turned(tangent[k], tangent[k + 1], dogleg[k], share)
    length = at - md[k]
    position = station[k] + (length / 2 * _ratio(share * dogleg[k]))[:, None] * (tangent[k] + here)
    position[(at < md[0]) | (at > md[-1]) | ~np.isfinite(at)] = np.nan
    return position


def _dogleg(inc: np.ndarray, azi: np.ndarray) -> np.ndarray:
    """Angle between the directions of neighbouring stations, in radians; accurate for small angles."""
    half = np.sin(np.diff(inc) / 2) ** 2 + np.sin(inc[:-1]) * np.sin(inc[1:]) * np.sin(np.diff(azi) / 2) ** 2
    return 2 * np.arcsin(np.sqrt(np.clip(half, 0.0, 1.0)))


def _ratio(angle: np.ndarray) -> np.ndarray:
    """The ratio factor 2/angle * tan(angle/2), 1 for a straight line."""
    bent = np.maximum(np.abs(angle), STRAIGHT_RAD)
    return np.where(np.abs(angle) < STRAIGHT_RAD, 1.0, 2 / bent * np.tan(bent / 2))


def _turned(first: np.ndarray, second: np.ndarray, dogleg: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Direction at a share of the arc between two directions."""
    bent = np.maximum(dogleg, STRAIGHT_RAD)
    a = np.where(dogleg < STRAIGHT_RAD, 1 - share, np.sin((1 - share) * bent) / np.sin(bent))
    b = np.where(dogleg < STRAIGHT_RAD, share, np.sin(share * bent) / np.sin(bent))
    return a[:, None] * first + b[:, None] * second


def _check(md: np.ndarray, inclination: np.ndarray, where: str) -> None:
    if len(md) < 2:
        raise DataError(
            message(
                "The survey has fewer than two stations.", where=where, fix="add its stations, or leave the survey out."
            )
        )
    wrong = np.flatnonzero(~(np.diff(md) > 0))
    if len(wrong):
        what = f"Survey stations do not increase: {md[wrong[0]]:g} is followed by {md[wrong[0] + 1]:g}."
        raise DataError(message(what, where=where, fix="sort the stations by measured depth and remove repeated ones."))
    inclination = np.asarray(inclination, np.float64)
    if ((inclination < 0) | (inclination > 180)).any():
        first = inclination[(inclination < 0) | (inclination > 180)][0]
        what = f"An inclination of {first:g} is not between 0 and 180 degrees."
        raise DataError(message(what, where=where, fix="correct the station."))


def _check_dogleg(md: np.ndarray, dogleg: np.ndarray, where: str) -> None:
    sharp = np.flatnonzero(dogleg > LARGEST_DOGLEG_RAD)
    if len(sharp):
        k = sharp[0]
        turn = f"{np.degrees(dogleg[k]):.0f} degrees"
        what = f"The well turns by {turn} between the stations at {md[k]:g} and {md[k + 1]:g}."
        raise DataError(message(what, where=where, fix="correct the station; inclination and azimuth are in degrees."))
