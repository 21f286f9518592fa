"""What long work shows on the screen, on standard error so that output can be piped."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any

SHOWN = 6
"""Finished bars that stay on the screen."""


class Progress:
    """Bars for simulating and rendering, a spinner for everything else.

    Args:
        quiet: Show nothing.
    """

    def __init__(self, quiet: bool = False) -> None:
        from rich import progress
        from rich.console import Console

        self._bars = progress.Progress(
            progress.SpinnerColumn(),
            progress.TextColumn("{task.description}"),
            progress.BarColumn(bar_width=28),
            progress.TextColumn("{task.fields[detail]}"),
            progress.TimeElapsedColumn(),
            progress.TextColumn("{task.fields[left]}"),
            console=Console(stderr=True),
            disable=quiet,
        )

    def __enter__(self) -> Progress:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()

    @contextmanager
    def stage(self, text: str) -> Iterator[None]:
        """A spinner while something of unknown length goes on; gone when it is over."""
        task = self._bars.add_task(text, total=None, detail="", left="")
        try:
            yield
        finally:
            self._bars.remove_task(task)

    @contextmanager
    def simulation(self, seconds: float, text: str = "Simulating") -> Iterator[Callable[[float], None]]:
        """A bar over simulated time; the function given takes the time reached [s]."""
        task = self._bars.add_task(text, total=seconds, detail="", left="")
        try:
            yield lambda now: self._bars.update(task, completed=min(now, seconds), detail=f"{now:5.1f} s")
        finally:
            self._bars.remove_task(task)

    def frames(self, draw: str, total: int, done: int = 0) -> Callable[[int], None]:
        """A bar over a draw's frames; the function given takes how many more are done."""
        over = [t.id for t in self._bars.tasks if t.total is not None and t.completed >= t.total]
        for old in over[: max(0, len(over) - SHOWN + 1)]:
            self._bars.remove_task(old)
        task = self._bars.add_task(
            f"Rendering {draw}", total=total, completed=done, detail=f"{done}/{total} frames", left=""
        )

        def step(count: int) -> None:
            self._bars.advance(task, count)
            state: Any = next(t for t in self._bars.tasks if t.id == task)
            left = state.time_remaining
            self._bars.update(
                task,
                detail=f"{int(state.completed)}/{total} frames",
                left="" if left is None or state.completed >= total else f"{left:.0f} s left",
            )

        return step

    def note(self, text: str) -> None:
        """A line above the bars."""
        self._bars.console.print(f"note: {text}", markup=False, highlight=False)
