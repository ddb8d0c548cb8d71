"""Problems stated in Python: an equation of one's own, and L-BFGS at the end."""

from __future__ import annotations

import numpy as np
import pytest

import outcrop
from outcrop.errors import ConfigError
from outcrop.physics.coefficient import Known
from outcrop.physics.conditions import Condition
from outcrop.physics.entries import equation
from outcrop.physics.equation import Equation, Parameter
from outcrop.physics.expression import Expression
from outcrop.physics.problem import Problem
from outcrop.view.collocation import Domain

TINY = {"width_size": 8, "depth": 2, "activation": "tanh"}


def cooling(at):
    """u_t + r (u - 2)."""
    return (at.d("u", "t") + at.d("rate") * (at.d("u") - 2),)


COOLING = Equation(
    "cooling", cooling, "u_t = -r (u - 2)", ("u",), (1, 0), "what is hot cools", "Newton (1701)",
    {"rate": Parameter(None, {"t": -1}, "rate")}, space=(0,),
)  # fmt: skip


def cooled(**changes):
    domain = Domain({"t": (0.0, 6.0)})
    start = Condition("start", (("t", "low"),), {"u": Expression("5", domain.names)})
    own = {"equation": COOLING, "domain": domain, "coefficients": {"rate": Known(Expression("1.5", domain.names))}}
    return Problem(**{**own, "conditions": (start,), **changes})


def test_an_equation_of_ones_own():
    train = {"steps": 50, "stage": [{"steps": 25, "optimiser": "gauss_newton"}]}
    solution = outcrop.solve(cooled(), arguments=TINY, loss={"points": 60}, train=train)
    t = np.linspace(0, 6, 13)
    assert np.allclose(solution.predict(t=t)["u"], 2 + 3 * np.exp(-1.5 * t), atol=2e-3)
    assert float(solution.predict(t=0.0)["u"]) == pytest.approx(5, abs=1e-12)
    assert "u_t = -r (u - 2)" in repr(solution)


def test_lbfgs_ends_a_training_too():
    domain = Domain({"x": (0.0, 1.0)})
    edge = Condition("edge", (("x", "low"), ("x", "high")), {"u": Expression("0", domain.names)})
    source = {"source": Known(Expression("-pi**2 * sin(pi * x)", domain.names))}
    problem = Problem(equation("poisson"), domain, source, (edge,))
    train = {"steps": 50, "stage": [{"steps": 60, "optimiser": "lbfgs"}]}
    solution = outcrop.solve(problem, arguments=TINY, loss={"points": 60}, train=train, members=2)
    x = np.linspace(0, 1, 11)
    found = solution.predict(x=x)
    assert np.allclose(found["u"], np.sin(np.pi * x), atol=1e-2)
    assert found["u_sd"].shape == x.shape


def test_what_cannot_be_solved_is_refused():
    with pytest.raises(ConfigError, match="what u is at first"):
        outcrop.solve(cooled(conditions=()))
