"""One entry of the table of families: names, views, arguments and defaults, without JAX."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import equinox as eqx


@dataclass(frozen=True)
class Family:
    """One entry of the table.

    Attributes:
        name: as in `[model] family`.
        architecture: "module:Class", built as `Class(in_size, out_size, *, key, **arguments)`.
        views: kinds of view it works on, the preferred one first.
        help: one line for the help text and the docs.
        defaults: its arguments in a run file with their default values.
        convolutional: whether its training steps contain convolutions.
        axes: dimensions of one example's inputs before the channels: 0 for the features of a sample, 1 along depth or
            time, 2 for sections, maps and images, 3 for cubes and fields in time.
        fixed: arguments that the name stands for, such as the number of dimensions.
        code: whether all that reaches the output goes through a code, so that no line may pass the network.
        losses: those that train it, where it needs one of its own, the preferred one first; () where any other does.
        generates: how it makes new examples: "noise" for `model(x, t, condition)` on noisy data x, "latent" for a pair
            of generator and critic; "" for a network that answers `model(x)`. `in_size` of the first two is that of
            the condition, `out_size` that of what is generated.
    """

    name: str
    architecture: str
    views: tuple[str, ...]
    help: str
    defaults: Mapping[str, Any]
    convolutional: bool
    axes: int
    fixed: Mapping[str, Any] = field(default_factory=dict)
    code: bool = False
    losses: tuple[str, ...] = ()
    generates: str = ""

    def load(self) -> Callable[..., eqx.Module]:
        """The class."""
        return _load(self.architecture)

    def parameter_count(self, in_size: int, out_size: int, **arguments: Any) -> int:
        """Trainable numbers by the family's formula, without building it."""
        return _load(self.architecture.split(":")[0] + ":parameter_count")(
            in_size, out_size, **{**self.defaults, **self.fixed, **arguments}
        )


def _load(import_string: str) -> Any:
    module, attribute = import_string.split(":")
    return getattr(import_module(module), attribute)
