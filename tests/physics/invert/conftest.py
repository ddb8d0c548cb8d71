"""In float64, where orders of convergence and gradients can be read off many digits."""

from orders import float64  # noqa: F401
