"""figure.png: the conductivity of the rod, by the network and by classical inversion: python figure.py RUN."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

import outcrop
from outcrop.physics.invert.penalty import Smooth, Variation
from outcrop.physics.invert.problems import conductivity, solve
from outcrop.report.style import ACCENT, CATEGORIES, INK, SECOND, SOFT, styled

HERE = Path(__file__).parent


@styled
def drawn(bundle: Path) -> Figure:
    """Data, what was found from them, and the errors over twenty draws of the noise."""
    problem = conductivity(seed=0)
    x, model = problem.coordinates["x"], outcrop.load(bundle)
    found = model.predict(x=x)
    figure = Figure(figsize=(9.3, 3.0), layout="constrained")
    data, field, spread = figure.subplots(1, 3)
    data.plot(x, found["u"], color=ACCENT, label="network")
    data.plot(
        problem.coordinates["sensor"], problem.data, "o", color=SECOND, markersize=3, label="sensors, noise 0.005"
    )
    data.set(title="potential", xlabel="x")
    field.plot(x, problem.property_of(problem.truth), "--", color=INK, label="truth")
    field.plot(x, found["conductivity"], color=ACCENT, label="network")
    for name, penalty, colour in (("Tikhonov", Smooth(1), CATEGORIES[2]), ("total variation", Variation(), SOFT)):
        field.plot(x, problem.property_of(solve(problem, penalty).model), color=colour, linewidth=0.9, label=name)
    field.set(title="conductivity", xlabel="x")
    for place in (data, field):
        place.legend(loc="best")
    errors = json.loads((HERE / "seeds.json").read_text("utf-8"))["errors"]
    for place, (name, values) in enumerate(errors.items()):
        shift = np.linspace(-0.12, 0.12, len(values))
        spread.plot(place + shift, values, "o", color=ACCENT if name == "network" else SOFT, markersize=3)
        spread.plot([place - 0.25, place + 0.25], [np.median(values)] * 2, color=INK, linewidth=1.4)
    spread.set_xticks(range(len(errors)), [name.replace("_", "\n") for name in errors])
    spread.set(title="relative error, twenty draws", ylim=(0, None))
    return figure


if __name__ == "__main__":
    drawn(Path(sys.argv[1]) / "model.outcrop").savefig(HERE / "figure.png", dpi=150)
