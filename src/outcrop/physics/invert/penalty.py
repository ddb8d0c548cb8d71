r"""What makes an inverse problem solvable: how much a model may vary, as rows L of a least-squares problem.

    minimise  sum ((F(m) - d) / noise)^2 + weight * R(m),    R = |L m|^2  (smooth)  or  sum |D m|  (total variation)

Sums run over all axes of the model. Total variation is that of differences along the axes, each for itself
(anisotropic), rounded near 0 and minimised by reweighted least squares.

Source: Tikhonov, A. N., Arsenin, V. Y. (1977), Solutions of Ill-Posed Problems, Winston; Rudin, L. I., Osher, S.,
Fatemi, E. (1992), doi:10.1016/0167-2789(92)90242-F; Vogel, C. R., Oman, M. E. (1996), Iterative methods for total
variation denoising, SIAM J. Sci. Comput. 17(1), doi:10.1137/0917016.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import scipy.sparse as sparse

from outcrop.errors import ConfigError, message


class Smooth(NamedTuple):
    """|L (m - reference)|^2: the model itself (order 0), its differences (1) or those of its differences (2)."""

    order: int = 1


class Variation(NamedTuple):
    """sum sqrt((D m)^2 + rounding^2): few jumps of any size.

    Attributes:
        rounding: in units of the model, far below the jumps expected; None takes 1/1000 of the range of the smooth
            solution.
    """

    rounding: float | None = None


Penalty = Smooth | Variation
FLAT = Smooth(1)


def differences(shape: tuple[int, ...], order: int) -> sparse.csr_array:
    """Differences of an order between neighbours along every axis, shape (difference, cell); order 0 is the identity.

    Args:
        shape: of the model; its cells are in C order.
        order: 0, 1 or 2.

    Raises:
        ConfigError: another order, or an axis too short for it on its own.

    >>> differences((3,), 2).toarray().tolist()
    [[1.0, -2.0, 1.0]]
    """
    if order not in (0, 1, 2) or max(shape) <= order:
        what = f"Differences of order {order} of a model of shape {tuple(shape)} do not exist."
        raise ConfigError(message(what, where="penalty", fix="penalty = Smooth(order=1), and more than one cell"))
    if order == 0:
        return sparse.csr_array(sparse.eye_array(int(np.prod(shape))))
    rows = []
    for axis, count in enumerate(shape):
        if count <= order:
            continue
        line = np.diff(np.eye(count), n=order, axis=0)
        before, after = int(np.prod(shape[:axis])), int(np.prod(shape[axis + 1 :]))
        rows.append(sparse.kron(sparse.eye_array(before), sparse.kron(line, sparse.eye_array(after))))
    return sparse.csr_array(sparse.vstack(rows))


class Roughness(NamedTuple):
    """A penalty on models of one shape.

    Attributes:
        penalty: which.
        matrix: its differences, (difference, cell).
        reference: the model that is not penalised, (cell,).
    """

    penalty: Penalty
    matrix: sparse.csr_array
    reference: np.ndarray

    def value(self, model: np.ndarray) -> float:
        """R(m)."""
        steps = self.matrix @ (model - self.reference)
        if isinstance(self.penalty, Smooth):
            return float(steps @ steps)
        return float(np.sum(np.hypot(steps, self.penalty.rounding or 0.0)))

    def rows(self, model: np.ndarray) -> np.ndarray:
        """L, so that |L (m - reference)|^2 is R or touches it from above at `model`, (difference, cell)."""
        if isinstance(self.penalty, Smooth):
            return self.matrix.toarray()
        steps = np.hypot(self.matrix @ (model - self.reference), self.penalty.rounding or 0.0)
        return self.matrix.multiply(1 / np.sqrt(2 * steps)[:, None]).toarray()


def roughness(penalty: Penalty, shape: tuple[int, ...], reference: np.ndarray) -> Roughness:
    """The penalty for models of a shape, around a reference of shape (cell,)."""
    return Roughness(penalty, differences(shape, penalty.order if isinstance(penalty, Smooth) else 1), reference)
