"""A cross-plot of porosity and velocity with two rock populations, each with a trend of its own.

One straight line through both is wrong for each: the usual example of a mixture that has to be told apart.

Source of the trends: Han, D., Nur, A., Morgan, D. (1986), Effects of porosity and clay content on wave velocities in
sandstones, Geophysics 51(11), 2093-2107, doi:10.1190/1.1442062: Vp = 6080 - 8060 porosity (m/s) for clean sandstone,
Vp = 5590 - 6930 porosity - 2180 clay for shaly sandstone, water-saturated at 40 MPa.
"""

from __future__ import annotations

from typing import Annotated

import numpy as np
import xarray as xr
from pydantic import Field
from scipy.stats import truncnorm

from outcrop.errors import ConfigError, message
from outcrop.simulate.grid import Finite, NotNegative, Positive, Share, checked, coordinates, labelled

Pair = tuple[Finite, Finite]


@checked
def porosity(
    rng: np.random.Generator,
    *,
    samples: Annotated[int, Field(ge=2)] = 400,
    share: Share = 0.5,
    intercepts_m_s: Pair = (6080.0, 4718.0),
    slopes_m_s: Pair = (-8060.0, -6930.0),
    mean_porosities: tuple[Share, Share] = (0.19, 0.16),
    porosity_spreads: tuple[Positive, Positive] = (0.06, 0.05),
    velocity_spread_m_s: NotNegative = 120.0,
    porosity_limits: tuple[Share, Share] = (0.02, 0.35),
) -> xr.Dataset:
    """Rows of `porosity`, `velocity` (m/s) and `population` (the truth): 0 clean sandstone, 1 shaly, 40 % clay.

    Args:
        rng: random numbers.
        samples: rows.
        share: expected share of population 1.
        intercepts_m_s: velocity of each trend at porosity 0.
        slopes_m_s: change of velocity per unit of porosity.
        mean_porosities, porosity_spreads: of a normal distribution, before it is cut off.
        velocity_spread_m_s: standard deviation about the trend.
        porosity_limits: where the distribution is cut off.

    Raises:
        ConfigError: limits in the wrong order.
    """
    low, high = porosity_limits
    if low >= high:
        fix = f"porosity_limits = [{high:g}, {low + 0.1:g}]"
        raise ConfigError(message(f"porosity_limits = ({low:g}, {high:g}): the first must be smaller.", fix=fix))
    population = (rng.random(samples) < share).astype(int)
    mean, spread, intercept, slope = (
        np.asarray(pair)[population] for pair in (mean_porosities, porosity_spreads, intercepts_m_s, slopes_m_s)
    )
    limits = (low - mean) / spread, (high - mean) / spread
    pores = mean + spread * truncnorm.rvs(*limits, size=samples, random_state=rng)
    velocity = intercept + slope * pores + velocity_spread_m_s * rng.standard_normal(samples)
    variables = {
        "porosity": (("sample",), pores, "v/v", "porosity"),
        "velocity": (("sample",), velocity, "m/s", "P-wave velocity"),
        "population": (("sample",), population, "", "0 clean sandstone, 1 shaly sandstone"),
    }
    return labelled(variables, coordinates(("sample",), (samples,), (1.0,)))
