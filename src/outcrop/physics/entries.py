"""The named equations, one entry each; a further one is a function in `residuals.py` and an entry here.

Holds import strings only, so that help texts and the check of a run file need no JAX.
"""

from __future__ import annotations

from outcrop.errors import ConfigError, did_you_mean, message
from outcrop.physics.equation import Equation, Parameter

_AT = "outcrop.physics.residuals:"
_SOURCE = Parameter(0.0, {"u": 1, "t": -1}, "what is added per time")
_PER_TIME = {"equation": {"u": 1, "t": -1}}
_PER_AREA = {"equation": {"u": 1, "x": -2}}
_DIFFUSIVITY = Parameter(None, {"x": 2, "t": -1}, "diffusivity", positive=True)

EQUATIONS: dict[str, Equation] = {
    equation.name: equation
    for equation in (
        Equation(
            "heat", _AT + "heat", "u_t = D (u_xx + ...) + f", ("u",), (1, 2),
            "conduction of heat, diffusion", "Fourier (1822), Théorie analytique de la chaleur",
            {"diffusivity": _DIFFUSIVITY, "source": _SOURCE}, conducts={"u": "diffusivity"},
            dimensions=_PER_TIME,
        ),
        Equation(
            "poisson", _AT + "poisson", "u_xx + ... = f", ("u",), (0, 2),
            "potentials: gravity, steady heat, steady flow in uniform ground", "Poisson (1813)",
            {"source": Parameter(0.0, {"u": 1, "x": -2}, "density of sources")}, time=False,
            scale={"u": {"source": 1, "x": 2}},
            dimensions=_PER_AREA,
        ),
        Equation(
            "darcy", _AT + "darcy", "-(K u_x)_x - ... = f", ("u",), (0, 2),
            "steady flow of groundwater; heat in varied rock",
            "Darcy (1856); Bear (1972), Dynamics of Fluids in Porous Media",
            {
                "conductivity": Parameter(None, {"k": 1}, "hydraulic conductivity", positive=True),
                "source": Parameter(0.0, {"conductivity": 1, "u": 1, "x": -2}, "recharge"),
            },
            time=False, conducts={"u": "conductivity"},
            dimensions={"equation": {"conductivity": 1, "u": 1, "x": -2}},
        ),
        Equation(
            "advection", _AT + "advection", "u_t + c u_x = 0", ("u",), (1, 1),
            "transport by a given current", "LeVeque (2002), Finite Volume Methods for Hyperbolic Problems",
            {"speed": Parameter(None, {"x": 1, "t": -1}, "speed of the current")}, space=(1,),
            dimensions=_PER_TIME,
        ),
        Equation(
            "burgers", _AT + "burgers", "u_t + u u_x = nu u_xx", ("u",), (1, 2),
            "steepening and viscosity; forms shocks", "Burgers (1948), doi:10.1016/S0065-2156(08)70100-5",
            {"viscosity": Parameter(None, {"x": 2, "t": -1}, "viscosity", positive=True)}, space=(1,),
            dimensions=_PER_TIME,
        ),
        Equation(
            "allen_cahn", _AT + "allen_cahn", "u_t = D (u_xx + ...) + r (u - u^3)", ("u",), (1, 2),
            "separation of phases", "Allen and Cahn (1979), doi:10.1016/0001-6160(79)90196-2",
            {"diffusivity": _DIFFUSIVITY, "rate": Parameter(None, {"t": -1}, "rate of separation", positive=True)},
            dimensions=_PER_TIME,
        ),
        Equation(
            "diffusion_reaction", _AT + "diffusion_reaction", "u_t = D (u_xx + ...) + k u^2 + f", ("u",), (1, 2),
            "diffusion of something that reacts with itself", "Lu et al. (2021), doi:10.1038/s42256-021-00302-5",
            {
                "diffusivity": _DIFFUSIVITY, "source": _SOURCE,
                "rate": Parameter(None, {"u": -1, "t": -1}, "rate of the reaction"),
            },
            dimensions=_PER_TIME,
        ),
        Equation(
            "kdv", _AT + "korteweg_de_vries", "u_t + a u u_x + b u_xxx = 0", ("u",), (1, 3),
            "long waves on shallow water", "Korteweg and de Vries (1895), doi:10.1080/14786449508620739",
            {
                "steepening": Parameter(6.0, {"x": 1, "u": -1, "t": -1}, "a"),
                "dispersion": Parameter(1.0, {"x": 3, "t": -1}, "b"),
            },
            space=(1,),
            dimensions=_PER_TIME,
        ),
        Equation(
            "wave", _AT + "wave", "u_tt = c^2 (u_xx + ...) + f", ("u",), (2, 2),
            "acoustic waves in uniform density", "Aki and Richards (2002), Quantitative Seismology",
            {
                "speed": Parameter(None, {"x": 1, "t": -1}, "speed of the wave", positive=True),
                "source": Parameter(0.0, {"u": 1, "t": -2}, "source of the wave"),
            },
            dimensions={"equation": {"u": 1, "t": -2}},
        ),
        Equation(
            "helmholtz", _AT + "helmholtz", "u_xx + ... + k^2 u = f", ("u",), (0, 2),
            "waves of one frequency", "Aki and Richards (2002), Quantitative Seismology",
            {
                "wavenumber": Parameter(None, {"x": -1}, "wavenumber, in radians", positive=True),
                "source": Parameter(0.0, {"u": 1, "x": -2}, "source of the wave"),
            },
            time=False,
            dimensions=_PER_AREA,
        ),
        Equation(
            "eikonal", _AT + "eikonal", "v^2 (T_x^2 + ...) = 1", ("T",), (0, 1),
            "first arrivals of waves",
            "Cerveny (2001), Seismic Ray Theory; |x - source| as a factor: Fomel et al. (2009)",
            {"velocity": Parameter(None, {"x": 1, "T": -1}, "velocity", positive=True)}, time=False, positive=("T",),
            scale={"T": {"x": 1, "velocity": -1}},
            dimensions={"equation": {}},
        ),
        Equation(
            "shallow_water", _AT + "shallow_water", "h_t + (h v)_x = 0, v_t + v v_x + g h_x = 0", ("h", "v"), (1, 1),
            "waves much longer than the water is deep, in one dimension", "Stoker (1957), Water Waves, chapter 10",
            {"gravity": Parameter(9.81, {"x": 1, "t": -2}, "acceleration of gravity")}, space=(1,),
            parts=("mass", "momentum"),
            dimensions={"mass": {"h": 1, "t": -1}, "momentum": {"v": 1, "t": -1}},
        ),
    )
}  # fmt: skip


def equation(name: str) -> Equation:
    """The entry of a name.

    Raises:
        ConfigError: no such equation.
    """
    if name not in EQUATIONS:
        what = f"There is no equation {name!r}{did_you_mean(name, EQUATIONS)}."
        raise ConfigError(message(what, where="physics.equation", fix=f"choose one of {', '.join(EQUATIONS)}."))
    return EQUATIONS[name]
