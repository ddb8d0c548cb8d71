"""What it costs that rays bend and the inversion believes them straight: python model_error.py.

The data of the held-out sections are made by the eikonal equation, and inverted with straight rays: once with the noise
alone, once with the mean and covariance of what straight rays get wrong on simulated sections added to it (Kaipio and
Somersalo, 2007, doi:10.1016/j.cam.2005.09.027). Writes `model_error.json`.
"""

from __future__ import annotations

import json

import numpy as np
from crosshole import HELD_OUT, HERE, NOISE_S, bent, matrix, slowness, trained_on
from judged import scores, summary
from velocity import DRAWS

from outcrop.physics.invert.gaussian import believed, posterior

LEARNED_FROM = 60
"""Simulated sections that the errors are known from; they are among those of training."""


def main() -> None:
    """Scores both and writes what came out."""
    sections, operator = trained_on(), matrix()
    belief, truth = believed(sections), slowness(**HELD_OUT)
    straight = [own.reshape(len(own), -1) @ operator.T for own in (sections[:LEARNED_FROM], truth)]
    curved = [bent(sections[:LEARNED_FROM]), bent(truth)]
    error = believed(curved[0] - straight[0])
    data = curved[1] + NOISE_S * np.random.default_rng(0).standard_normal(curved[1].shape)
    ways = {"noise alone": (np.zeros(len(operator)), NOISE_S**2 * np.eye(len(operator)))}
    ways["noise and error"] = (error.mean, NOISE_S**2 * np.eye(len(operator)) + error.covariance)
    content = {"error_over_noise": float(np.sqrt(np.mean((curved[1] - straight[1]) ** 2)) / NOISE_S), "scores": {}}
    for name, (shift, covariance) in ways.items():
        root = np.linalg.cholesky(covariance)
        rows = []
        for number, (own, true) in enumerate(zip(data - shift, truth, strict=True)):
            after = posterior(belief, np.linalg.solve(root, operator), np.linalg.solve(root, own), 1.0)
            models = after.draw(np.random.default_rng(number), DRAWS)
            rest = np.linalg.solve(root, (models.reshape(DRAWS, -1) @ operator.T - own).T)
            rows.append(scores(1 / models, 1 / true, float(np.mean(rest**2))))
        content["scores"][name] = summary(rows)
        print(name, content["scores"][name], flush=True)
    (HERE / "model_error.json").write_text(json.dumps(content, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
