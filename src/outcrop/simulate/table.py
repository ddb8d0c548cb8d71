"""The table of simulations, and `simulate`: a name, a number and a seed to Records with known truth.

Realisation k of a seed has random numbers of its own, whatever the number of realisations: the first ten of a hundred
are the ten of ten. Same seed and version, same bits on one machine.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from outcrop.errors import ConfigError, did_you_mean, message
from outcrop.records import Record

if TYPE_CHECKING:
    import xarray as xr


@dataclass(frozen=True)
class Simulation:
    """One line of the table.

    Attributes:
        function: "module:function"; it takes random numbers and options and gives an xarray Dataset.
        help: one line for the help text and the docs.
        further: names of other simulations whose options it passes on.
    """

    function: str
    help: str
    further: tuple[str, ...] = ()


_ROOM = "outcrop.simulate"
SIMULATIONS: dict[str, Simulation] = {
    "logs": Simulation(f"{_ROOM}.logs:logs", "a blocky gamma-ray log and its facies, noise and smoothing stated"),
    "porosity": Simulation(f"{_ROOM}.porosity:porosity", "porosity against velocity of two sandstones, each its trend"),
    "channels": Simulation(
        f"{_ROOM}.channels:channels", "meandering channels with levees, a map or a cube, net-to-gross"
    ),
    "gaussian": Simulation(f"{_ROOM}.gaussian:gaussian", "facies cut from Gaussian fields, a well, a map or a cube"),
    "layers": Simulation(
        f"{_ROOM}.layers:layers", "folded and faulted layers with rock properties, a section or a cube"
    ),
    "basin": Simulation(f"{_ROOM}.basin:basin", "a rifted basin: depth of its basement, and gravity along a profile"),
    "antiderivative": Simulation(f"{_ROOM}.operators:antiderivative", "a random function and its integral"),
    "diffusion_reaction": Simulation(
        f"{_ROOM}.operators:diffusion_reaction", "a random source, and what diffusion and reaction make of it"
    ),
    "burgers": Simulation(f"{_ROOM}.operators:burgers", "a random velocity, and what Burgers' equation makes of it"),
    "seismic": Simulation(f"{_ROOM}.seismic:seismic", "the seismic image of such layers, with noise", ("layers",)),
}


def options_of(name: str) -> dict[str, Any]:
    """The options of a simulation with their defaults, those that it passes on last.

    Raises:
        ConfigError: there is no such simulation.
    """
    entry = _entry(name)
    own = inspect.signature(_load(entry.function)).parameters.values()
    found = {parameter.name: parameter.default for parameter in own if parameter.kind is parameter.KEYWORD_ONLY}
    passed_on = {key: value for other in entry.further for key, value in options_of(other).items()}
    return found | {key: value for key, value in passed_on.items() if key not in found}


def simulate(name: str, *, count: int = 1, seed: int = 0, **arguments: Any) -> list[Record]:
    """Simulates geology whose truth is known.

    Args:
        name: a key of `SIMULATIONS`.
        count: number of realisations.
        seed: 0 or more; realisation k is the same for every `count`.
        arguments: options of the simulation, see its function.

    Returns:
        `count` Records called NAME-SEED-0000, ... with the group keys `simulation` and `realisation`.

    Raises:
        ConfigError: there is no such simulation or option, or an option is outside its range.
    """
    import numpy as np

    entry, known = _entry(name), options_of(name)
    for option in arguments:
        if option not in known:
            fix = f"use {', '.join(known)}{did_you_mean(option, known)}."
            raise ConfigError(message(f"The simulation {name!r} has no option {option!r}.", fix=fix))
    if count < 1 or seed < 0:
        what = f"count = {count} and seed = {seed}: at least one realisation is needed, and no seed below 0."
        raise ConfigError(message(what, fix="count = 10, seed = 0"))
    function = _load(entry.function)
    streams = np.random.SeedSequence(seed).spawn(count)
    made = (function(np.random.default_rng(stream), **arguments) for stream in streams)
    return [_record(data, name, seed, number, arguments) for number, data in enumerate(made)]


def _record(data: xr.Dataset, name: str, seed: int, number: int, arguments: Mapping[str, Any]) -> Record:
    from outcrop.data.content import fingerprint

    stated = json.dumps(dict(arguments), default=str)
    data.attrs = {"simulation": name, "seed": seed, "realisation": number, "arguments": stated}
    groups = {"simulation": name, "realisation": f"{number:04d}"}
    dims = tuple(map(str, next(iter(data.data_vars.values())).dims))
    raw = b"".join(array.to_numpy().tobytes() for array in data.data_vars.values())
    note = f"simulated: {name}, seed {seed}, realisation {number}, {stated}"
    title = f"{name}-{seed}-{number:04d}"
    return Record(data, title, groups, f"simulate:{name}", fingerprint(raw), "simulation", notes=(note,), dims=dims)


def _entry(name: str) -> Simulation:
    if name not in SIMULATIONS:
        fix = f"choose one of {', '.join(SIMULATIONS)}."
        raise ConfigError(message(f"There is no simulation {name!r}{did_you_mean(name, SIMULATIONS)}.", fix=fix))
    return SIMULATIONS[name]


def _load(address: str) -> Any:
    from outcrop.data.read import load_object

    return load_object(address)
