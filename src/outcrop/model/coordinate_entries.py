"""Families for functions of coordinates, whose detail a plain perceptron learns slowly: further entries."""

from __future__ import annotations

from outcrop.model.family import Family

COORDINATE = (
    Family(
        name="siren",
        architecture="outcrop.model.siren:Siren",
        views=("points",),
        help="layers of sines on coordinates: smooth, with detail up to a frequency",
        defaults={"width_size": 64, "depth": 3, "frequency": 10.0, "dropout": 0.0},
        convolutional=False,
        axes=0,
    ),
    Family(
        name="fourier_mlp",
        architecture="outcrop.model.fourier_mlp:FourierMLP",
        views=("points",),
        help="fully connected layers on random Fourier features of coordinates",
        defaults={"features": 32, "frequency": 3.0, "width_size": 64, "depth": 3, "activation": "tanh", "dropout": 0.0},
        convolutional=False,
        axes=0,
    ),
)
