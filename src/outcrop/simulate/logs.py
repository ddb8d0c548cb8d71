"""Blocky well logs: beds of two facies or more, each with its own gamma-ray level, noise and the tool's smoothing.

The simplest truth a network can be asked for, and the usual first example of one: which facies is this sample of?
Beds follow each other independently, so that neighbours may be of one facies; `segment` numbers them.

The usual textbook example, after no single source: independent beds of uniform length, a level per facies, white noise
and the moving average of a tool.
"""

from __future__ import annotations

from typing import Annotated

import numpy as np
import xarray as xr
from pydantic import Field
from scipy.ndimage import uniform_filter1d

from outcrop.errors import ConfigError, message
from outcrop.simulate.grid import Finite, NotNegative, Positive, Share, checked, coordinates, labelled

Count = Annotated[int, Field(ge=1)]


@checked
def logs(
    rng: np.random.Generator,
    *,
    samples: Annotated[int, Field(ge=2)] = 256,
    step_m: Positive = 0.5,
    top_m: Finite = 1000.0,
    proportions: tuple[Share, ...] = (0.25, 0.75),
    levels: tuple[Finite, ...] = (0.25, 0.75),
    segment_samples: tuple[Count, Count] = (8, 25),
    noise: NotNegative = 0.04,
    smoothing_samples: Count = 3,
) -> xr.Dataset:
    """One well with `GR` (gamma ray, 0 clean to 1 shale), `FACIES` (the truth) and `SEGMENT` (number of the bed).

    Args:
        rng: random numbers.
        samples: along depth.
        step_m: between samples.
        top_m: depth of the first sample.
        proportions: expected share of every facies; they sum to 1.
        levels: gamma ray of every facies, 0 to 1.
        segment_samples: shortest and longest bed; every length between is equally likely.
        noise: standard deviation, before smoothing.
        smoothing_samples: length of the moving average of the tool, 1 for none.

    Raises:
        ConfigError: see `facies_of`; or another number of levels than proportions.
    """
    if len(levels) != len(proportions):
        what = f"There are {len(proportions)} proportions and {len(levels)} levels."
        raise ConfigError(
            message(what, where="simulation 'logs'", fix="proportions = [0.25, 0.75], levels = [0.25, 0.75]")
        )
    facies, segment = beds(rng, samples, proportions, segment_samples)
    clean = np.asarray(levels)[facies] + noise * rng.standard_normal(samples)
    gamma = np.clip(uniform_filter1d(clean, smoothing_samples, mode="nearest"), 0.0, 1.0)
    variables = {
        "GR": (("depth",), gamma, "", "gamma ray, scaled from 0 (clean) to 1 (shale)"),
        "FACIES": (("depth",), facies, "", "code of the facies"),
        "SEGMENT": (("depth",), segment, "", "number of the bed, from the top"),
    }
    return labelled(variables, coordinates(("depth",), (samples,), (step_m,), top_m))


def beds(
    rng: np.random.Generator, samples: int, proportions: tuple[float, ...], segment_samples: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray]:
    """Facies and number of the bed of every sample, shape (sample,) each; the first bed is cut at a random place.

    Raises:
        ConfigError: proportions that do not sum to 1, or a shortest bed longer than the longest.
    """
    shortest, longest = segment_samples
    if shortest > longest:
        fix = f"segment_samples = [{longest}, {shortest}]"
        raise ConfigError(message(f"The shortest bed, {shortest} samples, is longer than {longest}.", fix=fix))
    shares = shares_of(proportions)
    most = -(-samples // shortest) + -(-longest // shortest) + 1
    lengths = rng.integers(shortest, longest + 1, most)
    codes = rng.choice(len(shares), most, p=shares)
    cut = int(rng.integers(lengths[0]))
    segment = np.repeat(np.arange(most), lengths)[cut : cut + samples]
    return codes[segment], segment


def shares_of(proportions: tuple[float, ...]) -> np.ndarray:
    """Proportions as an array that sums to 1.

    Raises:
        ConfigError: they are fewer than two, negative, or do not sum to 1.
    """
    shares = np.asarray(proportions, float)
    if len(shares) < 2 or (shares < 0).any() or abs(shares.sum() - 1) > 1e-6:
        what = f"proportions = {tuple(proportions)}: at least two shares are needed, which sum to 1."
        raise ConfigError(message(what, fix="proportions = [0.25, 0.75]"))
    return shares / shares.sum()
