"""Three inverse problems whose truth is known: conductivity of a bar, depth of a basin, velocity between two wells.

Each returns truth, data with noise and the forward model, so that classical and neural inversions are compared on the
same numbers. The unknown is chosen so that every value is possible (a logarithm where a quantity must be positive).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from outcrop.errors import ConfigError, did_you_mean, message
from outcrop.physics.forward.gravity import gravity_of_basin
from outcrop.physics.forward.rays import ray_lengths
from outcrop.physics.invert.linear import tikhonov, total_variation
from outcrop.physics.invert.newton import gauss_newton
from outcrop.physics.invert.penalty import FLAT, Penalty, Smooth
from outcrop.physics.invert.weight import Inverted
from outcrop.physics.solve.steady import steady_1d
from outcrop.physics.solve.volumes import Dirichlet, Neumann


@dataclass(frozen=True)
class InverseProblem:
    """An inverse problem with its truth.

    Attributes:
        name: of the problem.
        unknown: what the model holds, with its unit.
        truth: the model that made the data, in its shape.
        start: a model to begin with, which knows nothing of the truth.
        data: with noise, (datum,).
        clean: the same without.
        noise: standard deviation of the noise, in the unit of the data.
        data_unit: unit of the data.
        forward: model -> data, differentiable.
        property_of: model -> the physical quantity.
        coordinates: name -> places of model and data.
        matrix: of a linear forward model, (datum, cell); None otherwise.
    """

    name: str
    unknown: str
    truth: np.ndarray
    start: np.ndarray
    data: np.ndarray
    clean: np.ndarray
    noise: float
    data_unit: str
    forward: Callable[[Array], Array]
    property_of: Callable[[Array], Array]
    coordinates: Mapping[str, np.ndarray]
    matrix: np.ndarray | None = None


def solve(problem: InverseProblem, penalty: Penalty = FLAT, weight: float | str = "discrepancy") -> Inverted:
    """The classical inversion of a problem, linear where the problem is.

    Args:
        problem: which.
        penalty: `Smooth` or `Variation`.
        weight: of the penalty, or the rule that finds it.
    """
    if problem.matrix is None:
        return gauss_newton(problem.forward, problem.data, problem.noise, problem.start, penalty=penalty, weight=weight)
    about = {"shape": problem.truth.shape, "weight": weight}
    if isinstance(penalty, Smooth):
        return tikhonov(
            problem.matrix, problem.data, problem.noise, order=penalty.order, reference=problem.start, **about
        )
    return total_variation(problem.matrix, problem.data, problem.noise, rounding=penalty.rounding, **about)


def conductivity(
    truth: str = "smooth", *, cells: int = 100, sensors: int = 20, noise: float = 0.005, seed: int = 0
) -> InverseProblem:
    """log kappa(x) of -(kappa u')' = 1 on [0, 1], u(0) = 0, inflow 1 at x = 1, from u at sensors; all dimensionless.

    The flux, 2 - x, is 0 nowhere, so that u tells about kappa everywhere.

    Args:
        truth: "smooth" or "blocky".
        cells: unknowns.
        sensors: in the middle of evenly spaced cells.
        noise: standard deviation, in units of u, which reaches about 2.
        seed: of the noise.

    Raises:
        ConfigError: an unknown truth, or more sensors than cells.
    """
    x = (np.arange(cells) + 0.5) / cells
    truths = {
        "smooth": 0.6 * np.sin(2 * np.pi * x) - 0.4 * np.cos(5 * x),
        "blocky": np.log(np.select([x < 0.3, x < 0.65], [1.0, 3.0], 0.7)),
    }
    if truth not in truths:
        what = f"There is no truth {truth!r}{did_you_mean(truth, truths)}."
        raise ConfigError(message(what, fix=f"choose one of {', '.join(truths)}."))
    if not 1 <= sensors <= cells:
        raise ConfigError(message(f"{sensors} sensors do not fit into {cells} cells.", fix="sensors = 20, cells = 100"))
    at = np.unique(((np.arange(sensors) + 0.5) / sensors * cells).astype(int))

    def forward(log_kappa: Array) -> Array:
        faces = (Dirichlet(0.0), Neumann(1.0))
        return steady_1d(jnp.exp(log_kappa), 1.0, 1 / cells, faces)[at]

    return _made(
        InverseProblem(
            "conductivity", "log of kappa", truths[truth], np.zeros(cells), at, at, noise, "", forward, jnp.exp,
            {"x": x, "sensor": x[at]},
        ),
        seed,
    )  # fmt: skip


def basin(
    *, columns: int = 40, stations: int = 41, contrast: float = -400.0, noise_mgal: float = 0.2, seed: int = 0
) -> InverseProblem:
    """log depth (m) of the basement of a basin 40 km wide with a fault, from gravity along a profile at the surface.

    Args:
        columns: unknowns.
        stations: evenly spaced over the basin.
        contrast: density of the sediments less that of the basement, kg/m3.
        noise_mgal: standard deviation.
        seed: of the noise.
    """
    edges = np.linspace(0.0, 40e3, columns + 1)
    x = (edges[1:] + edges[:-1]) / 2
    station = np.linspace(0.0, 40e3, stations)
    depth = 300 + 1500 * np.exp(-(((x - 14e3) / 6e3) ** 2)) + 1200 / (1 + np.exp((x - 27e3) / 500.0)) * (x > 8e3)

    def forward(log_depth: Array) -> Array:
        return gravity_of_basin(jnp.asarray(station), jnp.asarray(edges), jnp.exp(log_depth), contrast)

    problem = InverseProblem(
        "basin", "log of depth in m", np.log(depth), np.full(columns, np.log(1000.0)), station, station, noise_mgal,
        "mGal", forward, jnp.exp, {"x_m": x, "x_edges_m": edges, "station_m": station},
    )  # fmt: skip
    return _made(problem, seed)


def crosshole(
    *, shape: tuple[int, int] = (20, 10), stations: int = 20, noise_s: float = 1e-4, seed: int = 0
) -> InverseProblem:
    """Slowness (s/m) between two wells 50 m apart and 100 m deep, from travel times of straight rays; linear.

    Args:
        shape: cells in depth and across.
        stations: sources in one well and receivers in the other.
        noise_s: standard deviation, s; the times are about 0.03 s.
        seed: of the noise.
    """
    x_edges, z_edges = np.linspace(0.0, 50.0, shape[1] + 1), np.linspace(0.0, 100.0, shape[0] + 1)
    x, z = (x_edges[1:] + x_edges[:-1]) / 2, (z_edges[1:] + z_edges[:-1]) / 2
    velocity = 2000 + 4 * z[:, None] + 0 * x
    velocity = np.where((abs(z[:, None] - 30) < 10) & (abs(x - 20) < 10), 1800.0, velocity)
    velocity = np.where((abs(z[:, None] - 70) < 8) & (x > 25), 2700.0, velocity)
    depth = (np.arange(stations) + 0.5) / stations * 100.0
    down, up = (side.ravel() for side in np.meshgrid(depth, depth, indexing="ij"))
    source, receiver = np.stack([0 * down, down], axis=1), np.stack([0 * up + 50.0, up], axis=1)
    with jax.enable_x64(True):
        matrix = np.asarray(ray_lengths(*map(jnp.asarray, (source, receiver, x_edges, z_edges))), float)

    def forward(slowness: Array) -> Array:
        return jnp.asarray(matrix, slowness.dtype) @ slowness.ravel()

    places = {"x_m": x, "z_m": z, "source_m": source, "receiver_m": receiver}
    problem = InverseProblem(
        "crosshole", "slowness in s/m", 1 / velocity, np.full(shape, 1 / 2200.0), depth, depth, noise_s, "s",
        forward, lambda slowness: 1 / slowness, places, matrix,
    )  # fmt: skip
    return _made(problem, seed)


def _made(problem: InverseProblem, seed: int) -> InverseProblem:
    """The problem with the data of its truth, computed in float64, and their noise."""
    with jax.enable_x64(True):
        clean = np.asarray(problem.forward(jnp.asarray(problem.truth)), float)
    noise = problem.noise * np.random.default_rng(seed).standard_normal(clean.shape)
    return replace(problem, clean=clean, data=clean + noise)
