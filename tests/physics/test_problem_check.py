"""What cannot be about a problem is said before anything is computed, with the line to paste."""

from __future__ import annotations

import jax
import pytest
from posed import HEAT, problem

from outcrop.errors import ConfigError
from outcrop.physics.check import check

WAVE = """
equation = "wave"
domain = {x = [0, 1], t = [0, 1]}
parameter.speed = 1
condition.start = {at = "t low", u = "x", slope = {u = 0}}
condition.edge = {at = "x low", u = 0}
condition.far = {at = "x high", u = 1}
"""
POISSON = 'equation = "poisson"\ndomain = {x = [0, 1], z = [0, 1]}\ncondition.edge = {at = "boundary", u = 0}\n'


@pytest.fixture(autouse=True)
def _float64():
    with jax.enable_x64(True):
        yield


@pytest.mark.parametrize("text", [HEAT, WAVE, POISSON])
def test_what_is_well_posed_raises_no_doubt(text):
    assert check(problem(text)) == []


@pytest.mark.parametrize(
    ("text", "what", "fix"),
    [
        (POISSON.replace("z = [0, 1]", "t = [0, 1]"), "has no time", "domain = {x = [0, 1]}"),
        (HEAT.replace(", t = [0, 1]", ""), "There is no face 't low'", "x low, x high"),
        (HEAT.replace('u = "0"', 'v = "0"'), "names 'v'", "the unknowns of heat are u"),
        (HEAT.replace("condition.far", "condition.late").replace('"x high"', '"t high"'), "last time", 'at = "t low"'),
        (
            "\n".join(line for line in HEAT.splitlines() if "start" not in line),
            "at first",
            'condition.start = {at = "t low"',
        ),
        ("\n".join(line for line in HEAT.splitlines() if "far" not in line), "face x high", 'at = "x high"'),
        (
            "\n".join(line for line in POISSON.splitlines() if "edge" not in line),
            "no unique solution",
            'at = "boundary"',
        ),
        (WAVE.replace(", slope = {u = 0}", ""), "second order in time", "slope = {u = 0}"),
        (HEAT.replace("parameter.diffusivity = 0.1", ""), "needs diffusivity", "parameter.diffusivity = 1.0"),
        (
            HEAT.replace("diffusivity", "diffusivty"),
            "did you mean 'diffusivity'",
            "its parameters: diffusivity, source",
        ),
        (HEAT.replace("= 0.1", '= {find = "number"}'), "nothing was measured", "[physics.measured.wells]"),
        (HEAT.replace("= 0.1", '= {find = "number", start = -1}'), "is positive", "start = 1.0"),
        (HEAT.replace("x = [0, 2]", "x = [2, 0]"), "no interval", "(0.0, 1.0)"),
        (HEAT + 'periodic = ["x"]', "has no faces", "remove one"),
        (HEAT + 'periodic = ["z"]', "periodic names 'z'", 'periodic = ["x"]'),
        (HEAT + "exact = {v = 1}", "exact names 'v'", "known: u, diffusivity"),
        (HEAT.replace('u = "0"', 'u = "1"'), "Where they meet", "hard = false"),
        (
            HEAT + 'parameter.source = "log(x - 2)"',
            "parameter.source = 'log(x - 2)' gives no number at x = ",
            "the formula",
        ),
        (HEAT.replace('u = "0"', 'u = "sqrt(-t)"'), "condition.edge = 'sqrt(-t)' gives no number", "the formula"),
    ],
)
def test_what_cannot_be_is_refused(text, what, fix):
    with pytest.raises(ConfigError, match=None) as caught:
        check(problem(text))
    assert what in str(caught.value)
    assert fix in str(caught.value).partition("Fix:")[2]


def test_soft_conditions_may_disagree_and_this_is_said():
    text = HEAT.replace('u = "0"', 'u = "1"').replace("hard = true", "hard = false")
    doubts = check(problem(text))
    assert len(doubts) == 1 and "x = 0, t = 0" in doubts[0] and "neither is met exactly" in doubts[0]


RING = """
equation = "allen_cahn"
domain = {x = [-1, 1], t = [0, 1]}
parameter = {diffusivity = 0.001, rate = 5}
periodic = ["x"]
condition.start = {at = "t low", u = "x**2 * cos(pi * x)"}
"""


def test_a_kink_or_jump_where_a_ring_closes_is_not_built_in():
    (doubt,) = check(problem(RING))
    assert "slopes 2 and -2" in doubt and "set hard = false" in doubt
    assert check(problem(RING + "hard = false")) == []
    assert check(problem(RING.replace("x**2 * cos", "cos"))) == []
    jump = RING.replace("x**2", "x")
    with pytest.raises(ConfigError, match="which are one place, says u = 1 and -1"):
        check(problem(jump))
    (doubt,) = check(problem(jump + "hard = false"))
    assert "not met exactly" in doubt


@pytest.mark.parametrize(
    ("units", "what", "fix"),
    [
        ('{x = "km", t = "s", diffusivity = "m2/s"}', "diffusivity is in m2/s", "divide diffusivity by 1e+06"),
        ('{x = "m", t = "s", diffusivity = "m/s"}', "which is no", "state the unit"),
    ],
)
def test_units_that_do_not_go_together(units, what, fix):
    with pytest.raises(ConfigError) as caught:
        check(problem(HEAT + f"units = {units}"))
    assert what in str(caught.value) and fix in str(caught.value)


def test_units_of_two_coordinates_in_space():
    with pytest.raises(ConfigError, match="are in km and m"):
        check(problem(POISSON + 'units = {x = "km", z = "m"}'))


def test_a_source_of_flow_has_the_unit_of_what_flows():
    flow = 'equation = "darcy"\ndomain = {x = [0, 9]}\nparameter = {conductivity = 2, source = 1}\n'
    flow += 'condition.edge = {at = "boundary", u = 0}\n'
    units = 'units = {{x = "m", u = "m", conductivity = "m/d", source = "{}"}}\n'
    assert check(problem(flow + units.format("1/d"))) == []
    with pytest.raises(ConfigError, match="source is in m, which is no"):
        check(problem(flow + units.format("m")))


def test_units_that_go_together():
    assert check(problem(HEAT + 'units = {x = "m", t = "s", u = "K", diffusivity = "m2/s", source = "K/s"}')) == []


def test_data_outside_the_domain_and_few_data(tmp_path):
    (tmp_path / "obs.csv").write_text("x,t,u\n0.5,0.5,1.0\n9.0,0.5,1.0\n")
    text = HEAT.replace("= 0.1", '= {find = "field"}') + 'measured.obs = {files = "obs.csv"}'
    with pytest.raises(ConfigError, match="1 of 2 measured values of u lie outside the domain, such as x = 9"):
        check(problem(text, tmp_path))
    (tmp_path / "obs.csv").write_text("x,t,u\n0.5,0.5,1.0\n")
    assert "few to find the field diffusivity" in check(problem(text, tmp_path))[0]
