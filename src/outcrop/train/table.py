"""The tables of optimisers and learning-rate schedules: what a run file may name.

Holds import strings only, so that help texts and the check of a run file need no JAX.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any, NamedTuple


class Entry(NamedTuple):
    """One line of a table: `module:function` that makes it, what the help says about it, and what it asks for.

    An `exact` optimiser compares values of the loss: it takes all examples in every step, as they are, without dropout.
    One that is `steady` remembers gradients too, so that the loss must stay as it is for as long as it runs.
    """

    address: str
    help: str
    exact: bool = False
    steady: bool = False

    def make(self, *arguments: Any) -> Any:
        """The optimiser or schedule itself."""
        module, _, function = self.address.partition(":")
        return getattr(import_module(module), function)(*arguments)


DIRECTIONS: dict[str, Entry] = {
    "sgd": Entry("optax:identity", "plain gradient descent"),
    "momentum": Entry("outcrop.train.optimiser:momentum", "gradient descent with momentum 0.9 (Polyak, 1964)"),
    "rmsprop": Entry("optax:scale_by_rms", "gradient over its root mean square (Tieleman and Hinton, 2012)"),
    "adam": Entry("optax:scale_by_adam", "momentum over root mean square (Kingma and Ba, 2015)"),
    "adamw": Entry("optax:scale_by_adam", "Adam with decoupled decay (Loshchilov and Hutter, 2019); the default"),
    "lbfgs": Entry(
        "optax:lbfgs", "quasi-Newton with line search (Liu and Nocedal, 1989); full batch", exact=True, steady=True
    ),
    "gauss_newton": Entry(
        "outcrop.train.gauss_newton:gauss_newton",
        "damped Gauss-Newton (Levenberg, 1944; Marquardt, 1963) for sums of squares; full batch",
        exact=True,
    ),
}

SCHEDULES: dict[str, Entry] = {
    "constant": Entry("outcrop.train.optimiser:constant", "the same learning rate throughout"),
    "cosine": Entry("optax:cosine_decay_schedule", "half a cosine down to zero at the last step; the default"),
    "step": Entry("outcrop.train.optimiser:step", "a tenth after half of the steps, a hundredth after three quarters"),
    "plateau": Entry("outcrop.train.optimiser:constant", "halved whenever the training loss has stopped falling"),
}
