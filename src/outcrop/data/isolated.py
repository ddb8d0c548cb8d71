"""Calls into C libraries that a damaged file may crash or hang, made in a process of their own.

A reader looks at the structure of a file in plain Python first. Where the structure does not hold together, it hands
the file to a second process: when that dies, does not come back or wants more memory than such a file can need, the
file is at fault and the run goes on to say so.

On Linux one quiet process per library imports it once and forks for every call, which takes milliseconds instead of
seconds; elsewhere, where forking is not safe, every call starts a process.
"""

from __future__ import annotations

import atexit
import os
import pickle
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from threading import Lock
from typing import Any

from outcrop.errors import DataError, OutcropError, message

TIMEOUT_S, BYTES_PER_S = 20.0, 2**20
"""A call may take TIMEOUT_S and a second for every BYTES_PER_S of its file."""
WAITING = 4.0
"""On Linux that is processor time, so that a busy machine spoils no sound file; a call may wait this many times it."""
MEMORY, MEMORY_PER_BYTE = 4 * 2**30, 64
"""A call may use MEMORY and this many bytes for every byte of its file (on Linux)."""


def call(
    address: str, path: str | Path, /, *, library: str = "", timeout_s: float | None = None, **options: Any
) -> Any:
    """`module:function` called with a path in another process.

    Args:
        address: import string of a function whose result can be pickled.
        path: the file, first argument of the function.
        library: what the function imports, one name or several with blanks between; kept ready for the next call.
        timeout_s: how long it may work (see `WAITING`); by default according to the size of the file.
        options: keyword arguments of the function.

    Raises:
        DataError: the process crashed or hung, or the function raised an error of its own.
    """
    size = Path(path).stat().st_size if Path(path).is_file() else 0
    timeout_s = TIMEOUT_S + size / BYTES_PER_S if timeout_s is None else timeout_s
    most = MEMORY + MEMORY_PER_BYTE * size
    task = pickle.dumps((sys.path, os.getcwd(), timeout_s, most, address, str(path), options))
    begin = time.monotonic()
    answer = _forked(task, library) if sys.platform == "linux" else _started(task, timeout_s)
    if not answer:
        late = time.monotonic() - begin >= timeout_s
        raise _at_fault(path, f"did not come back within {timeout_s:.0f} s" if late else "crashed")
    outcome, value = pickle.loads(answer)  # written by our own process, through our own socket or folder
    if outcome == "error":
        raise value
    return value


def _at_fault(path: str | Path, how: str) -> DataError:
    fix = "copy or export the file again; it is damaged or not what its name says."
    return DataError(message(f"The library that reads this file {how}.", where=str(path), fix=fix))


def _started(task: bytes, timeout_s: float) -> bytes:
    """The answer of a process started for one task; empty when it crashed or hung."""
    with tempfile.TemporaryDirectory(prefix="outcrop-") as folder:
        place, answer = Path(folder) / "task", Path(folder) / "answer"
        place.write_bytes(task)
        with suppress(subprocess.TimeoutExpired):
            subprocess.run([*_command(), str(place), str(answer)], capture_output=True, timeout=timeout_s, check=False,
                           env=_environment())  # fmt: skip
        return answer.read_bytes() if answer.is_file() else b""


def _command() -> list[str]:
    return [sys.executable, "-m", "outcrop.data.isolated"]


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry)}


_SERVERS: dict[str, tuple[socket.socket, subprocess.Popen]] = {}
"""Library -> our end of the line to the process that keeps it ready, and that process."""
_LOCK = Lock()


def _forked(task: bytes, library: str) -> bytes:
    """The answer of a fork of the library's server; empty when it crashed or hung."""
    ours, theirs = socket.socketpair()
    with ours:
        with theirs, _LOCK:
            try:
                socket.send_fds(_SERVERS[library][0], [b"t"], [theirs.fileno()])
            except (KeyError, OSError):  # none yet, or it has been ended
                _end(library)
                _SERVERS[library] = _server(library)
                socket.send_fds(_SERVERS[library][0], [b"t"], [theirs.fileno()])
        ours.sendall(task)
        ours.shutdown(socket.SHUT_WR)
        return _all(ours)


def _server(library: str) -> tuple[socket.socket, subprocess.Popen]:
    """Starts the process that keeps a library ready; it ends when our end of the line is closed, as when we end."""
    ours, theirs = socket.socketpair()
    with theirs:
        quiet: dict[str, Any] = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.DEVNULL)
        quiet |= {"pass_fds": (theirs.fileno(),), "env": _environment(), "start_new_session": True}
        return ours, subprocess.Popen([*_command(), "--serve", str(theirs.fileno()), library], **quiet)


def _end(library: str) -> None:
    if library in _SERVERS:
        line, process = _SERVERS.pop(library)
        line.close()
        process.wait()


@atexit.register
def _end_all() -> None:
    for library in list(_SERVERS):
        _end(library)


def _all(line: socket.socket) -> bytes:
    parts = []
    with suppress(ConnectionResetError):  # it died over the task
        while part := line.recv(2**20):
            parts.append(part)
    return b"".join(parts)


def _serve(number: int, library: str) -> None:
    """Forks for every task that comes down the line, until its other end is closed."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with suppress(ImportError):  # the function says so itself
        for name in ("numpy", *library.split()):
            import_module(name)
    control = socket.socket(fileno=number)
    while True:
        text, fds, *_ = socket.recv_fds(control, 1, 1)
        if not text:
            return
        if os.fork() == 0:
            try:
                with socket.socket(fileno=fds[0]) as line:
                    task = _all(line)
                    _bound(task)
                    line.sendall(_work(task))
            finally:
                os._exit(0)
        os.close(fds[0])


def _bound(task: bytes) -> None:
    """Ends this process when it takes too long, and refuses it more memory than a sound file of this size needs."""
    import resource

    timeout_s, most = pickle.loads(task)[2:4]
    signal.setitimer(signal.ITIMER_PROF, timeout_s)
    signal.setitimer(signal.ITIMER_REAL, WAITING * timeout_s)
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


def _work(task: bytes) -> bytes:
    """The answer to a task: ("done", value) or ("error", exception), pickled."""
    sys.path[:], folder, _, _, address, path, options = pickle.loads(task)
    os.chdir(folder)
    module, name = address.split(":")
    try:
        return pickle.dumps(("done", getattr(import_module(module), name)(path, **options)), protocol=5)
    except OutcropError as error:
        return pickle.dumps(("error", error))
    except Exception as error:  # every library has errors of its own; all mean that the file cannot be read
        text = " ".join(str(error).split()) or type(error).__name__
        fix = "copy or export the file again."
        return pickle.dumps(("error", DataError(message(f"The file cannot be read ({text}).", where=path, fix=fix))))


if __name__ == "__main__":
    if sys.argv[1] == "--serve":
        _serve(int(sys.argv[2]), sys.argv[3])
    else:
        finished = Path(sys.argv[2]).with_suffix(".part")
        finished.write_bytes(_work(Path(sys.argv[1]).read_bytes()))
        finished.rename(sys.argv[2])
