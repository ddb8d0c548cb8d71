r"""Solves (shift - div kappa grad) u = b on a rectangle by conjugate gradients, differentiated implicitly.

The preconditioner is the same operator with kappa = 1, inverted exactly in the eigenvectors of its two axes and scaled
on both sides so that the diagonals agree: the number of iterations depends on how kappa varies, not on how many cells.
Matrix products only, so it runs as well on an accelerator.

Source: Concus, P., Golub, G. H. (1973), Use of fast direct methods for the efficient numerical solution of nonseparable
elliptic equations, SIAM J. Numer. Anal. 10(6), doi:10.1137/0710092; Lynch, R. E., Rice, J. R., Thomas, D. H. (1964),
Direct solution of partial difference equations by tensor product methods, Numer. Math. 6, doi:10.1007/BF01386067.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.sparse.linalg import cg
from jaxtyping import Array, Float

from outcrop.physics.solve.volumes import Axis, Dirichlet, Faces, outflow

MOST_ITERATIONS = 5000
ACCEPTED = 1e3
"""Residual, in units of the tolerance, above which a solution is given out as NaN."""


def solve_2d(
    rows: Axis,
    columns: Axis,
    right: Float[Array, "y x"],
    spacing: tuple[float, float],
    faces: tuple[Faces, Faces],
    shift: Array | float = 0.0,
) -> Float[Array, "y x"]:
    """u to a relative residual of 4 roundings of the dtype; NaN where the iteration stops far from it.

    Args:
        rows, columns: the operator along y and along x, from `volumes.along`.
        right: b.
        spacing: along y and x.
        faces: conditions along y and x.
        shift: what is added to the diagonal, one number or one per cell, not negative.
    """
    shift = jnp.asarray(shift, right.dtype)

    def operator(u: Array) -> Array:
        return shift * u + outflow(u, rows.conductance, 0) + outflow(u, columns.conductance, 1)

    tolerance = 4 * float(jnp.finfo(right.dtype).eps)
    c, d = rows.conductance, columns.conductance
    diagonal = c[:-1] + c[1:] + d[:, :-1] + d[:, 1:]
    inverse = _preconditioner(*jax.lax.stop_gradient((diagonal, shift)), spacing, faces)
    u, _ = cg(operator, right, tol=tolerance, maxiter=MOST_ITERATIONS, M=inverse)
    left = jnp.linalg.norm(right - operator(u))
    scale = jnp.linalg.norm(right) + jnp.linalg.norm((shift + diagonal) * u)
    return jnp.where(jax.lax.stop_gradient(left <= ACCEPTED * tolerance * scale), u, jnp.nan)


def _preconditioner(
    diagonal: Array, shift: Array, spacing: tuple[float, float], faces: tuple[Faces, Faces]
) -> Callable[[Array], Array]:
    """Applies scale (mean(shift scale^2) - div grad)^-1 scale; scale^2 is the diagonal of -div grad over `diagonal`."""
    (along_y, over_y), (along_x, over_x) = (
        _eigen(count, tuple(isinstance(face, Dirichlet) for face in pair))
        for count, pair in zip(diagonal.shape, faces, strict=True)
    )
    on_y, on_x = (jnp.asarray((vectors**2) @ values) for values, vectors in ((along_y, over_y), (along_x, over_x)))
    over_y, over_x, along_y, along_x = (jnp.asarray(a, diagonal.dtype) for a in (over_y, over_x, along_y, along_x))
    simple = on_y[:, None] / spacing[0] ** 2 + on_x[None, :] / spacing[1] ** 2
    scale = jnp.sqrt(simple.astype(diagonal.dtype) / diagonal)
    total = along_y[:, None] / spacing[0] ** 2 + along_x[None, :] / spacing[1] ** 2 + jnp.mean(shift * scale**2)
    product = functools.partial(jnp.matmul, precision="highest")

    def apply(residual: Array) -> Array:
        inside = product(product(over_y.T, scale * residual), over_x) / total
        return scale * product(product(over_y, inside), over_x.T)

    return apply


@functools.lru_cache(maxsize=32)
def _eigen(count: int, held: tuple[bool, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Eigenvalues and vectors of -d2/dx2 on cells of width 1, ends held (half a cell away) or closed."""
    from scipy.linalg import eigh_tridiagonal

    diagonal = np.full(count, 2.0)
    diagonal[0] += 1.0 if held[0] else -1.0
    diagonal[-1] += 1.0 if held[1] else -1.0
    values, vectors = eigh_tridiagonal(diagonal, np.full(count - 1, -1.0))
    return np.maximum(values, 0.0), vectors
