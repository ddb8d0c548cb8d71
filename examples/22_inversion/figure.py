"""Draws figure.png from the run folders: python figure.py PRIOR_RUN BASIN_RUN."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import jax.numpy as jnp
import numpy as np
from basins import CALIBRATION, CONTRAST, DECAY_M, MEMBERS, NOISE_MGAL, asked, profiles
from basins import HELD_OUT as BASINS
from crosshole import CELL_M, CELLS, HELD_OUT, HERE, NOISE_S, matrix, slowness, trained_on
from matplotlib.figure import Figure
from velocity import contenders

from outcrop.physics.forward.gravity import gravity_of_compacted_basin
from outcrop.physics.invert.gaussian import Belief, believed, randomised
from outcrop.physics.invert.newton import gauss_newton
from outcrop.report.style import ACCENT, INK, SECOND, SEQUENTIAL, SOFT, styled
from outcrop.simulate.basin import edges_of

SECTION, BASIN = 3, 4


def velocities(run: Path) -> list[tuple[str, np.ndarray]]:
    """Title and section of one held-out case, m/s."""
    truth = slowness(**HELD_OUT)
    noise = NOISE_S * np.random.default_rng(0).standard_normal((len(truth), len(matrix())))
    data = (truth.reshape(len(truth), -1) @ matrix().T + noise)[SECTION]
    known = contenders(run, trained_on())
    drawn = {name: 1 / known[name](data, SECTION) for name in ("tikhonov", "gaussian", "diffusion_fine")}
    return [
        ("truth", 1 / truth[SECTION]),
        ("Tikhonov", drawn["tikhonov"][0]),
        ("Gaussian,\none draw", drawn["gaussian"][0]),
        ("diffusion,\none draw", drawn["diffusion_fine"][0]),
        ("diffusion,\nanother", drawn["diffusion_fine"][1]),
        ("diffusion,\nmean", drawn["diffusion_fine"].mean(axis=0)),
    ]


@styled
def picture(prior: Path, basin: Path) -> Figure:
    """A section by three methods above, a basin below."""
    figure = Figure(figsize=(9.6, 5.4), layout="constrained")
    upper, lower = figure.subfigures(2, 1, height_ratios=[1, 1.15])
    panels = velocities(prior)
    low, high = (float(f(panels[0][1])) for f in (np.min, np.max))
    places, side = upper.subplots(1, len(panels), sharey=True), CELLS * CELL_M
    for place, (title, section) in zip(places, panels, strict=True):
        image = place.imshow(section.T, cmap=SEQUENTIAL, vmin=low, vmax=high, extent=(0, side, side, 0))
        place.set_title(title)
        place.set_xlabel("distance (m)")
    places[0].set_ylabel("depth below 1,200 m (m)")
    upper.colorbar(image, ax=places, shrink=0.8, label="velocity (m/s)")
    _basin(lower, basin)
    return figure


def _basin(figure: Figure, run: Path) -> None:
    distance, gravity, depth = profiles(**BASINS)
    edges, own = edges_of(distance), gravity[BASIN]

    def forward(model):
        return gravity_of_compacted_basin(distance, edges, jnp.exp(model), CONTRAST, DECAY_M)

    _, tuning, deep = profiles(**CALIBRATION)
    told = asked(run, own[None])[0]
    errors = believed(np.log(deep) - asked(run, tuning))
    belief = Belief(told + errors.mean, errors.covariance)
    models = np.exp(randomised(forward, own, NOISE_MGAL, belief, np.random.default_rng(BASIN), MEMBERS))
    smooth = np.exp(gauss_newton(forward, own, NOISE_MGAL, np.full(len(distance), np.log(1000.0))).model)
    left, right = figure.subplots(1, 2, width_ratios=[1.6, 1])
    x = distance / 1000
    low, high = np.quantile(models, [0.05, 0.95], axis=0)
    left.fill_between(x, low, high, color=ACCENT, alpha=0.25, linewidth=0, label="network and physics, 90 %")
    left.plot(x, depth[BASIN], "--", color=INK, label="truth")
    left.plot(x, smooth, color=SOFT, label="smooth Tikhonov")
    left.plot(x, np.exp(told), color=SECOND, label="network alone")
    left.plot(x, models.mean(axis=0), color=ACCENT, label="network and physics, mean")
    left.invert_yaxis()
    left.set(title="basement of a held-out basin", xlabel="distance (km)", ylabel="depth (m)")
    left.legend(loc="best")
    each = json.loads((HERE / "basins.json").read_text("utf-8"))["each"]
    names = [name for name in ("smooth", "network", "gaussian", "network_gaussian") if name in each]
    for place, name in enumerate(names):
        values = np.array(each[name]["rmse"])
        shift = np.linspace(-0.15, 0.15, len(values))
        right.plot(place + shift, values, "o", color=ACCENT if name == "network_gaussian" else SOFT, markersize=2.5)
        right.plot([place - 0.28, place + 0.28], [np.median(values)] * 2, color=INK, linewidth=1.4)
    words = {"smooth": "smooth\nTikhonov", "gaussian": "Gaussian\nbelief", "network_gaussian": "network\nand physics"}
    right.set_xticks(range(len(names)), [words.get(name, name) for name in names])
    right.set(title="error over fifty basins", ylabel="root mean square error (m)", ylim=(0, None))


if __name__ == "__main__":
    picture(Path(sys.argv[1]), Path(sys.argv[2])).savefig(HERE / "figure.png", dpi=110)
