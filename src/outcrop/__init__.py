"""outcrop: from geoscience files to a neural network whose score can be believed.

Public names are imported on first use, so that `import outcrop` costs next to nothing.
"""

import importlib
from types import ModuleType
from typing import Any

__version__ = "0.1.0"

_PUBLIC = {
    "read": "outcrop.data.read:read",
    "inventory": "outcrop.data.inventory:inventory",
    "advise": "outcrop.run.advise:advise",
    "load_config": "outcrop.config.load:load",
    "check": "outcrop.run.check:check",
    "run": "outcrop.run.run:run",
    "solve": "outcrop.run.solution:solve",
    "load": "outcrop.run.surrogate:load",
    "sample": "outcrop.run.sample:sample",
    "simulate": "outcrop.simulate.table:simulate",
    "predict": "outcrop.run.predict:predict",
    "inspect": "outcrop.run.inspect:inspect",
    "compare": "outcrop.run.compare:compare",
    "report": "outcrop.report.page:write",
}
__all__ = sorted(_PUBLIC)


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module 'outcrop' has no attribute {name!r}; it has {', '.join(__all__)}")
    module, _, attribute = _PUBLIC[name].partition(":")
    return getattr(importlib.import_module(module), attribute)


class Room(ModuleType):
    """A folder of code with the name of a public function: `outcrop.run(...)` works whatever was imported before."""

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        return __getattr__(self.__name__.rpartition(".")[2])(*arguments, **options)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
