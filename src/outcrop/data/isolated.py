"""Calls into C libraries that a damaged file may crash or hang, made in a process of their own.

A reader looks at the structure of a file in plain Python first. Where the structure does not hold together, it hands
the file to a second process: when that dies or does not come back, the file is at fault and the run goes on to say so.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import tempfile
from importlib import import_module
from pathlib import Path
from typing import Any

from outcrop.errors import DataError, OutcropError, message

TIMEOUT_S = 60.0


def call(address: str, path: str | Path, /, *, timeout_s: float = TIMEOUT_S, **options: Any) -> Any:
    """`module:function` called with a path in another process.

    Args:
        address: import string of a function whose result can be pickled.
        path: the file, first argument of the function.
        timeout_s: longest wait.
        options: keyword arguments of the function.

    Raises:
        DataError: the process crashed or hung, or the function raised an error of its own.
    """
    with tempfile.TemporaryDirectory(prefix="outcrop-") as folder:
        task, answer = Path(folder) / "task", Path(folder) / "answer"
        task.write_bytes(pickle.dumps((address, str(path), options)))
        command = [sys.executable, "-m", "outcrop.data.isolated", str(task), str(answer)]
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry)}
        try:
            subprocess.run(command, env=environment, capture_output=True, timeout=timeout_s, check=False)
        except subprocess.TimeoutExpired:
            raise _at_fault(path, f"did not come back within {timeout_s:.0f} s") from None
        if not answer.is_file():
            raise _at_fault(path, "crashed")
        outcome, value = pickle.loads(answer.read_bytes())  # written by our own process, in our own folder
    if outcome == "error":
        raise value
    return value


def _at_fault(path: str | Path, how: str) -> DataError:
    fix = "copy or export the file again; it is damaged or not what its name says."
    return DataError(message(f"The library that reads this file {how}.", where=str(path), fix=fix))


def _work(task: Path, answer: Path) -> None:
    address, path, options = pickle.loads(task.read_bytes())
    module, name = address.split(":")
    try:
        result = ("done", getattr(import_module(module), name)(path, **options))
    except OutcropError as error:
        result = ("error", error)
    except Exception as error:  # every library has errors of its own; all mean that the file cannot be read
        text = " ".join(str(error).split()) or type(error).__name__
        fix = "copy or export the file again."
        result = ("error", DataError(message(f"The file cannot be read ({text}).", where=path, fix=fix)))
    part = answer.with_suffix(".part")
    part.write_bytes(pickle.dumps(result))
    part.rename(answer)


if __name__ == "__main__":
    _work(Path(sys.argv[1]), Path(sys.argv[2]))
