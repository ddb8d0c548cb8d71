"""The picture of a solution: each unknown beside what is left over of its own part of the equation, with its unit."""

import numpy as np
import pytest
import xarray as xr

from outcrop.report import solved
from outcrop.report.folder import RunFolder


@pytest.fixture
def panels(tmp_path, monkeypatch):
    """The panels of both unknowns of an equation of two parts."""
    axis, plane = np.linspace(0, 1, 4), ("x", "t")
    fields = {name: (plane, np.full((4, 4), k + 1.0)) for k, name in enumerate(("h", "v"))}
    fields["residual_mass"] = (plane, np.full((4, 4), 0.1), {"units": "m/s"})
    fields["residual_momentum"] = (plane, np.full((4, 4), 0.2), {"units": "m/s2"})
    xr.Dataset(fields, {"x": axis, "t": axis}).to_netcdf(tmp_path / "solution.nc", engine="h5netcdf")
    about = {"problem": {"coordinates": {"x": [0, 1], "t": [0, 1]}, "unknowns": ["h", "v"]}}
    seen, draw = [], solved.figures.maps
    monkeypatch.setattr(
        solved.figures, "maps", lambda panels, *rest, **more: seen.append(panels) or draw(panels, *rest, **more)
    )
    assert len(solved.solution_pictures(RunFolder(tmp_path, data=about))) == 2
    return seen


def test_every_unknown_has_its_own_part_and_unit(panels):
    last = [own[-1] for own in panels]
    assert [one.title for one in last] == ["left over: mass (m/s)", "left over: momentum (m/s2)"]
    assert [float(one.values.max()) for one in last] == [0.1, 0.2]
