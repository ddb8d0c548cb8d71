r"""The linear system of ordinary kriging, in one place: weights that add to 1, from semivariances or covariances.

    [ K   1 ] [ w  ]   [ k ]
    [ 1'  0 ] [ mu ] = [ 1 ]

K holds what two known places have in common, k what a known and a wanted place have: semivariances gamma(h) in both, or
covariances C(h) in both. Views (`view/interpolated.py`, `view/generated.py`) and baselines (`evaluate/spatial.py`,
`evaluate/gaussian_fields.py`) bring their own variograms.

Source: Cressie (1993), Statistics for Spatial Data, equations 3.2.12 and 3.2.13.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float


def bordered(
    between: Float[np.ndarray, "*row near near"], present: Bool[np.ndarray, "*row near"] | None = None
) -> Float[np.ndarray, "*row system system"]:
    """The matrix on the left, of every row.

    Args:
        between: semivariances or covariances of the known places.
        present: which of them are used; the row and the column of another are those of the identity, which gives it
            the weight 0. Where none is used the multiplier is 1 and all weights are 0.
    """
    count = between.shape[-1]
    system = np.ones((*between.shape[:-2], count + 1, count + 1))
    system[..., :count, :count], system[..., count, count] = between, 0
    if present is None:
        return system
    system[..., :count, :count] *= present[..., :, None] & present[..., None, :]
    system[..., range(count), range(count)] += ~present
    system[..., :count, count] = system[..., count, :count] = present
    system[..., count, count] = ~present.any(axis=-1)
    return system


def toward(
    wanted: Float[np.ndarray, "*row near"], present: Bool[np.ndarray, "*row near"] | None = None
) -> Float[np.ndarray, "*row system"]:
    """The column on the right, of every row: between the known places and the wanted one, and 1."""
    used = wanted if present is None else wanted * present
    return np.concatenate([used, np.ones((*wanted.shape[:-1], 1))], axis=-1)


def ordinary(
    between: Float[np.ndarray, "*row near near"],
    wanted: Float[np.ndarray, "*row near"],
    present: Bool[np.ndarray, "*row near"] | None = None,
) -> tuple[Float[np.ndarray, "*row near"], Float[np.ndarray, " *row"]]:
    """Weights of the known places, and w . k + mu: with semivariances the variance of the error.

    >>> apart = np.array([[0.0, 2.0], [2.0, 0.0]])  # gamma(h) = h, and a place midway between the two
    >>> weight, variance = ordinary(apart, np.array([1.0, 1.0]))
    >>> weight.tolist(), float(variance)
    ([0.5, 0.5], 1.0)
    """
    right = toward(wanted, present)
    found = np.linalg.solve(bordered(between, present), right[..., None])[..., 0]
    return found[..., :-1], (found * right).sum(axis=-1)
