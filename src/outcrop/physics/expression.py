"""Formulas of coordinates as text, such as "-sin(pi * x)": read once, checked, and evaluated with JAX.

Only arithmetic, comparisons and the functions below are understood, so that a run file or a model file runs no code.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from outcrop.errors import ConfigError, did_you_mean, message

FUNCTIONS: dict[str, Callable[..., Any]] = {
    name: getattr(jnp, name)
    for name in (
        "sin", "cos", "tan", "exp", "log", "sqrt", "sinh", "cosh", "tanh", "arctan", "abs", "minimum", "maximum",
        "where",
    )
}  # fmt: skip
CONSTANTS = {"pi": jnp.pi, "e": jnp.e}
_BINARY: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}  # fmt: skip
_COMPARED: dict[type, Callable[[Any, Any], Any]] = {
    ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge, ast.Eq: operator.eq,
}  # fmt: skip


class Expression:
    """A formula of named coordinates; a number is one too.

    >>> half = Expression("x * exp(-t) / 2", ("x", "t"))
    >>> float(half(jnp.array([4.0, 0.0])))
    2.0
    """

    def __init__(self, text: str | float, names: Sequence[str], where: str = "expression"):
        """Reads the formula.

        Args:
            text: the formula, or a number.
            names: the coordinates it may use, in the order of a point's columns.
            where: what it belongs to, for the message.

        Raises:
            ConfigError: it is no formula, or uses something that is not known.
        """
        self.text, self.names, self.where = str(text), tuple(names), where
        try:
            self.tree = ast.parse(self.text.strip(), mode="eval").body
        except SyntaxError:
            self._refuse(f"{self.text!r} is no formula.")
        self._check(self.tree)

    def __call__(self, point: Float[Array, " coordinate"]) -> Float[Array, ""]:
        """The value at one point; differentiable."""
        value = _value(self.tree, dict(zip(self.names, point, strict=True)))
        return jnp.asarray(value, point.dtype)

    def on(self, columns: Mapping[str, Any], library: Any = np) -> Any:
        """The values on arrays of one shape, of NumPy or of another library, in their own precision.

        >>> Expression("maximum(x, 0)", ("x",)).on({"x": np.array([-1.0, 2.0])}).tolist()
        [0.0, 2.0]
        """
        return _value(self.tree, columns, library)

    def __repr__(self) -> str:
        return f"Expression({self.text!r})"

    def _refuse(self, what: str) -> None:
        fix = (
            f'"-sin(pi * {self.names[0] if self.names else "x"})"; known: {", ".join([*self.names, *FUNCTIONS, "pi"])}.'
        )
        raise ConfigError(message(what, where=self.where, fix=fix))

    def _check(self, node: ast.AST) -> None:
        """Refuses everything that `_value` does not understand."""
        if isinstance(node, ast.Constant):
            if isinstance(node.value, bool) or not isinstance(node.value, int | float):
                self._refuse(f"{self.text!r} holds {node.value!r}.")
        elif isinstance(node, ast.Name):
            known = [*self.names, *CONSTANTS]
            if node.id not in known:
                self._refuse(f"{self.text!r} uses {node.id!r}{did_you_mean(node.id, known)}.")
        elif isinstance(node, ast.BinOp) and type(node.op) in _BINARY:
            self._check(node.left), self._check(node.right)
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
            self._check(node.operand)
        elif isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in _COMPARED:
            self._check(node.left), self._check(node.comparators[0])
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not node.keywords:
            if node.func.id not in FUNCTIONS:
                self._refuse(f"{self.text!r} calls {node.func.id!r}{did_you_mean(node.func.id, FUNCTIONS)}.")
            for argument in node.args:
                self._check(argument)
        else:
            self._refuse(f"{self.text!r} holds something that is no arithmetic.")


def _value(node: Any, at: Mapping[str, Any], library: Any = jnp) -> Any:
    if isinstance(node, ast.Constant):
        return float(node.value)
    if isinstance(node, ast.Name):
        return at[node.id] if node.id in at else CONSTANTS[node.id]
    if isinstance(node, ast.BinOp):
        if isinstance(node.op, ast.Pow) and isinstance(node.right, ast.Constant) and isinstance(node.right.value, int):
            return _value(node.left, at, library) ** node.right.value  # a whole power has derivatives at 0
        return _BINARY[type(node.op)](_value(node.left, at, library), _value(node.right, at, library))
    if isinstance(node, ast.UnaryOp):
        value = _value(node.operand, at, library)
        return -value if isinstance(node.op, ast.USub) else value
    if isinstance(node, ast.Compare):
        return _COMPARED[type(node.ops[0])](_value(node.left, at, library), _value(node.comparators[0], at, library))
    return getattr(library, node.func.id)(*(_value(argument, at, library) for argument in node.args))
