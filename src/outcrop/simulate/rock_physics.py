"""From minerals, porosity and fluid to velocity and density: bounds, averages, empirical relations, Gassmann.

Units are SI throughout: velocity m/s, density kg/m3, moduli Pa; porosity, saturations and mixtures are fractions. Every
function works elementwise on arrays that broadcast against each other.

Source: Mavko, G., Mukerji, T., Dvorkin, J. (2020), The Rock Physics Handbook, 3rd edition, Cambridge University Press,
doi:10.1017/9781108333016; every function names the original.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike


class Material(NamedTuple):
    """A mineral, a mixture or a fluid: bulk and shear modulus in Pa, density in kg/m3."""

    bulk: float
    shear: float
    density: float

    @property
    def vp(self) -> float:
        """P-wave velocity, m/s."""
        return float(velocities(*self)[0])


QUARTZ = Material(37.0e9, 44.0e9, 2650.0)
CLAY = Material(21.0e9, 7.0e9, 2600.0)
CALCITE = Material(76.8e9, 32.0e9, 2710.0)
BRINE = Material(2.6e9, 0.0, 1040.0)
OIL = Material(1.2e9, 0.0, 800.0)
GAS = Material(0.04e9, 0.0, 150.0)


def velocities(bulk: ArrayLike, shear: ArrayLike, density: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """P- and S-wave velocity (m/s) of an isotropic elastic solid from its moduli (Pa) and density (kg/m3)."""
    bulk, shear, density = (np.asarray(value, float) for value in (bulk, shear, density))
    return np.sqrt((bulk + 4 / 3 * shear) / density), np.sqrt(shear / density)


def moduli(vp: ArrayLike, vs: ArrayLike, density: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Bulk and shear modulus (Pa) from velocities (m/s) and density (kg/m3): `velocities` turned round."""
    vp, vs, density = (np.asarray(value, float) for value in (vp, vs, density))
    return density * (vp**2 - 4 / 3 * vs**2), density * vs**2


def bulk_density(porosity: ArrayLike, grain: ArrayLike, fluid: ArrayLike) -> np.ndarray:
    """Density of a rock (kg/m3): the mean of grains and fluid by volume.

    >>> float(bulk_density(0.2, 2650.0, 1000.0))
    2320.0
    """
    porosity = np.asarray(porosity, float)
    return (1 - porosity) * np.asarray(grain, float) + porosity * np.asarray(fluid, float)


def voigt(fractions: ArrayLike, values: ArrayLike) -> np.ndarray:
    """Upper bound of a mixture, all parts strained alike: the arithmetic mean over the last axis.

    Source: Voigt (1910), Lehrbuch der Kristallphysik; Mavko et al. (2020).
    """
    return np.sum(np.asarray(fractions, float) * np.asarray(values, float), axis=-1)


def reuss(fractions: ArrayLike, values: ArrayLike) -> np.ndarray:
    """Lower bound of a mixture, all parts stressed alike: the harmonic mean over the last axis; 0 if a part is 0.

    Exact for the bulk modulus of a mixture of fluids (Wood 1955).

    Source: Reuss (1929), doi:10.1002/zamm.19290090104; Mavko et al. (2020).
    """
    fractions, values = np.broadcast_arrays(np.asarray(fractions, float), np.asarray(values, float))
    with np.errstate(divide="ignore"):
        parts = np.divide(fractions, values, out=np.zeros(fractions.shape), where=fractions > 0)
        return 1 / np.sum(parts, axis=-1)


def hill(fractions: ArrayLike, values: ArrayLike) -> np.ndarray:
    """Mean of `voigt` and `reuss`: the usual estimate for mixed minerals. Source: Hill (1952)."""
    return (voigt(fractions, values) + reuss(fractions, values)) / 2


def mixed(fractions: ArrayLike, parts: tuple[Material, ...]) -> Material:
    """A mixture of minerals by `hill`, its density the mean by volume."""
    bulk, shear, density = np.array(parts, float).T
    return Material(float(hill(fractions, bulk)), float(hill(fractions, shear)), float(voigt(fractions, density)))


def hashin_shtrikman(
    fractions: ArrayLike, bulk: ArrayLike, shear: ArrayLike
) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """The narrowest bounds of a mixture of isotropic parts that need no geometry, parts along the last axis.

    Args:
        fractions: by volume, summing to 1.
        bulk, shear: moduli of the parts, Pa.

    Returns:
        ((lower bulk, lower shear), (upper bulk, upper shear)), Pa.

    Source: Hashin, Z., Shtrikman, S. (1963), doi:10.1016/0022-5096(63)90060-7, for several parts as in Berryman, J. G.
    (1995), doi:10.1029/RF003p0205; Mavko et al. (2020).
    """
    bulk, shear = np.asarray(bulk, float), np.asarray(shear, float)
    bounds = []
    for extreme in (np.min, np.max):
        k, g = extreme(bulk, axis=-1, keepdims=True), extreme(shear, axis=-1, keepdims=True)
        around_bulk = 4 / 3 * g
        with np.errstate(invalid="ignore", divide="ignore"):
            around_shear = np.where(g > 0, g / 6 * (9 * k + 8 * g) / (k + 2 * g), 0.0)
        bounds.append(
            tuple(
                reuss(fractions, values + around) - around[..., 0]
                for values, around in ((bulk, around_bulk), (shear, around_shear))
            )
        )
    return bounds[0], bounds[1]


def wyllie(porosity: ArrayLike, matrix: ArrayLike, fluid: ArrayLike) -> np.ndarray:
    """P-wave velocity (m/s) by the time average: travel times through matrix and fluid (m/s) add up.

    Source: Wyllie, M. R. J., Gregory, A. R., Gardner, L. W. (1956), doi:10.1190/1.1438217.
    """
    porosity = np.asarray(porosity, float)
    return 1 / ((1 - porosity) / np.asarray(matrix, float) + porosity / np.asarray(fluid, float))


def raymer(
    porosity: ArrayLike,
    matrix: ArrayLike,
    fluid: ArrayLike,
    *,
    grain_density: ArrayLike = QUARTZ.density,
    fluid_density: ArrayLike = BRINE.density,
) -> np.ndarray:
    """P-wave velocity (m/s) of consolidated rock below 0.37 porosity, of a suspension above 0.47, and between them.

    Args:
        porosity: 0 to 1.
        matrix, fluid: their velocities, m/s.
        grain_density, fluid_density: kg/m3, for the suspension.

    Source: Raymer, L. L., Hunt, E. R., Gardner, J. S. (1980), An improved sonic transit time-to-porosity transform,
    SPWLA 21st Annual Logging Symposium, paper P.
    """
    porosity, matrix, fluid = (np.asarray(value, float) for value in (porosity, matrix, fluid))
    grain_density, fluid_density = np.asarray(grain_density, float), np.asarray(fluid_density, float)

    def firm(phi: ArrayLike) -> np.ndarray:
        return (1 - np.asarray(phi)) ** 2 * matrix + phi * fluid

    def loose(phi: ArrayLike) -> np.ndarray:
        density = bulk_density(phi, grain_density, fluid_density)
        compliance = phi / (fluid_density * fluid**2) + (1 - np.asarray(phi)) / (grain_density * matrix**2)
        return 1 / np.sqrt(density * compliance)

    between = 1 / ((0.47 - porosity) / 0.10 / firm(0.37) + (porosity - 0.37) / 0.10 / loose(0.47))
    return np.where(porosity < 0.37, firm(porosity), np.where(porosity > 0.47, loose(porosity), between))


def gardner_density(velocity: ArrayLike, *, factor: float = 310.0, exponent: float = 0.25) -> np.ndarray:
    """Density (kg/m3) of water-bearing sedimentary rock from P-wave velocity (m/s).

    >>> float(gardner_density(2401.0))
    2170.0

    Source: Gardner, G. H. F., Gardner, L. W., Gregory, A. R. (1974), doi:10.1190/1.1440465, in SI units.
    """
    return factor * np.asarray(velocity, float) ** exponent


def gardner_velocity(density: ArrayLike, *, factor: float = 310.0, exponent: float = 0.25) -> np.ndarray:
    """P-wave velocity (m/s) from density (kg/m3): `gardner_density` turned round."""
    return (np.asarray(density, float) / factor) ** (1 / exponent)


def gassmann(dry: ArrayLike, mineral: ArrayLike, fluid: ArrayLike, porosity: ArrayLike) -> np.ndarray:
    """Bulk modulus (Pa) of a rock whose pores are filled, at frequencies so low that pore pressure evens out.

    The shear modulus stays that of the dry rock.

    Args:
        dry, mineral, fluid: bulk moduli, Pa; dry between 0 and (1 - porosity) mineral.
        porosity: above 0.

    Source: Gassmann, F. (1951), Uber die Elastizitat poroser Medien, Vierteljahrsschrift der Naturforschenden
    Gesellschaft in Zurich 96, 1-23; Mavko et al. (2020).
    """
    dry, mineral, fluid, porosity = (np.asarray(value, float) for value in (dry, mineral, fluid, porosity))
    biot = 1 - dry / mineral
    return dry + biot**2 / (porosity / fluid + (1 - porosity) / mineral - dry / mineral**2)


def dried(saturated: ArrayLike, mineral: ArrayLike, fluid: ArrayLike, porosity: ArrayLike) -> np.ndarray:
    """Bulk modulus (Pa) of the dry rock from that of the saturated one: `gassmann` turned round."""
    saturated, mineral, fluid, porosity = (np.asarray(value, float) for value in (saturated, mineral, fluid, porosity))
    filled = porosity * mineral / fluid
    return (saturated * (filled + 1 - porosity) - mineral) / (filled + saturated / mineral - 1 - porosity)


def athy(depth: ArrayLike, *, surface_porosity: ArrayLike, decay_m: ArrayLike) -> np.ndarray:
    """Porosity of sediment that compacts under its own weight; depth of burial and decay in metres.

    Source: Athy, L. F. (1930), AAPG Bulletin 14, 1-24; Sclater, J. G., Christie, P. A. F. (1980),
    doi:10.1029/JB085iB07p03711, for its constants.
    """
    return np.asarray(surface_porosity, float) * np.exp(-np.asarray(depth, float) / np.asarray(decay_m, float))
