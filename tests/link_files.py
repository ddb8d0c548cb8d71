"""Small networks whose links obey a known law: pipes between tanks, and rivers that gather runoff."""

from pathlib import Path

import numpy as np


def pipes(
    path: Path,
    *,
    tanks: int = 16,
    count: int = 50,
    days: int = 20,
    seed: int = 0,
    places: bool = True,
    twin: bool = False,
) -> Path:
    """Writes `head` (m) on (time, node), `conductance` (m2/s) on link and `flow` = conductance * difference of heads.

    Args:
        places: whether tanks have map coordinates.
        twin: the last pipe is the first one the other way, so that one tells the other.
    """
    import xarray as xr

    rng = np.random.default_rng(seed)
    pairs = [(number, number + 1) for number in range(tanks - 1)]
    while len(pairs) < count:
        first, last = sorted(rng.choice(tanks, 2, replace=False).tolist())
        pairs += [(first, last)] if (first, last) not in pairs else []
    first, last = np.array(pairs).T
    conductance = np.exp(rng.uniform(-1, 1, count))
    if twin:
        first[-1], last[-1], conductance[-1] = last[0], first[0], conductance[0]
    head = 20 + 0.2 * np.cumsum(rng.normal(0, 1, (days, tanks)), axis=0) + rng.normal(0, 3, tanks)
    names = np.array([f"TANK{number}" for number in range(tanks)])
    coords = {
        "time": ("time", np.datetime64("2020-01-01", "ns") + np.arange(days) * np.timedelta64(1, "D")),
        "node": ("node", names),
        "link": ("link", [f"PIPE{number}" for number in range(count)]),
        "from": ("link", names[first]),
        "to": ("link", names[last]),
    }
    for name, values in zip(("easting", "northing"), rng.uniform(0, 20_000, (2, tanks)), strict=True):
        coords |= {name: ("node", values, {"units": "m"})} if places else {}
    columns = {
        "head": (("time", "node"), head, {"units": "m"}),
        "conductance": ("link", conductance, {"units": "m2/s"}),
        "flow": (("time", "link"), conductance * (head[:, first] - head[:, last]), {"units": "m3/s"}),
    }
    xr.Dataset(columns, coords).to_netcdf(path, engine="h5netcdf")
    return path


def river(path: Path, *, reaches: int = 14, seed: int = 0) -> Path:
    """Writes a table of reaches, each of which drains into another: discharge is its own runoff and that above it."""
    rng = np.random.default_rng(seed)
    runoff = rng.gamma(2, 1, reaches)
    discharge, rows = runoff.copy(), ["reach,from,to,runoff,discharge"]
    into = [-1] + [int(rng.integers(max(0, number - 4), number)) for number in range(1, reaches)]
    for number in range(1, reaches):
        discharge[into[number]] += runoff[number]
    for number, below in enumerate(into):
        end = f"J{below}" if below >= 0 else "sea"
        rows.append(f"R{number},J{number},{end},{runoff[number]:.6f},{discharge[number]:.6f}")
    path.write_text("\n".join(rows) + "\n")
    return path
