"""What a person sees while a long command works: one progress bar in a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn


def console() -> Console:
    """The terminal; 110 columns where there is none, so that tables do not break."""
    return Console(markup=False) if sys.stdout.isatty() else Console(width=110, soft_wrap=False, markup=False)


class Terminal:
    """Receives what a run tells: `terminal(stage)` for a new stage, `terminal.step(...)` while training."""

    def __init__(self) -> None:
        self.console = console()
        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[detail]}", markup=False),
        )
        self._bar = Progress(
            *columns,
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=self.console,
            transient=True,
            disable=not self.console.is_terminal,
        )
        self._task: Any = None

    def __enter__(self) -> Terminal:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def __call__(self, sentence: str) -> None:
        """Prints one finished stage or remark."""
        if self._task is not None:
            self._bar.remove_task(self._task)
            self._task = None
        self.console.print(sentence, highlight=False, markup=False)

    def step(self, title: str, done: float, total: float, detail: str) -> None:
        """Moves the bar of the stage in progress; `detail` is the loss so far."""
        if self._task is None:
            self._task = self._bar.add_task(title, total=total, detail=detail)
        self._bar.update(self._task, description=title, completed=done, total=total, detail=detail)

    def result(self, result: Any) -> None:
        """The end of a run: verdict, warnings, and where the report is."""
        from outcrop.cli.screens import result_screen

        self.console.print(result_screen(result))
