"""Truth for two equations without a formula: python examples/20_equations/reference.py

Writes allen_cahn.nc and shallow_water.nc beside this file, from outcrop's own solvers on grids so fine that half of
them changes less than 1e-4 of the solution; the change is printed.
"""

from __future__ import annotations

from pathlib import Path

import jax
import numpy as np
import xarray as xr

from outcrop.physics.solve.periodic import allen_cahn
from outcrop.physics.solve.shallow_water import shallow_water

HERE = Path(__file__).parent
TIMES = 101


def phases(nodes: int) -> xr.Dataset:
    """Two phases that separate on a ring: Allen and Cahn's equation, D = 1e-3, r = 5, from t = 0 to 1."""
    x = -1 + 2 * np.arange(nodes) / nodes
    every = nodes // 64
    u = allen_cahn(
        x**2 * np.cos(np.pi * x), 2 / nodes, 0.01 / every, 100 * every, diffusion=1e-3, rate=5.0, every=every
    )
    return xr.Dataset({"u": (("t", "x"), np.asarray(u))}, {"x": x, "t": np.linspace(0, 1, TIMES)})


def hump(cells: int) -> xr.Dataset:
    """A hump of water of 0.2 m falls apart on 1 m of water: 6 m, half a second."""
    edges = np.linspace(-3, 3, cells + 1)
    x = (edges[1:] + edges[:-1]) / 2
    every = cells // 100
    h, q = shallow_water(
        1 + 0.2 * np.exp(-(x**2) / 0.18), 0.0, 6 / cells, 0.005 / every, 100 * every, gravity=9.81, every=every
    )
    fields = {"h": (("t", "x"), np.asarray(h)), "v": (("t", "x"), np.asarray(q / h))}
    return xr.Dataset(fields, {"x": x, "t": np.linspace(0, 0.5, TIMES)})


def main() -> None:
    """Both files, and what half of the grid changes."""
    with jax.enable_x64(True):
        for name, solved, count in (("allen_cahn", phases, 1024), ("shallow_water", hump, 6400)):
            fine, coarse = solved(count), solved(count // 2)
            for unknown in fine:
                off = fine[unknown].interp(x=coarse.x, method="cubic") - coarse[unknown]
                change = float(np.sqrt((off**2).mean() / (coarse[unknown] ** 2).mean()))
                print(f"{name}: half of the grid changes {unknown} by {change:.1e}")
            fine.isel(x=slice(None, None, count // 200)).to_netcdf(HERE / f"{name}.nc", engine="h5netcdf")


if __name__ == "__main__":
    main()
