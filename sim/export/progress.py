"""What long work shows on standard error, so that output can be piped: bars on a terminal, elsewhere a line from time to time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock
from types import TracebackType
from typing import Any

SHOWN = 6
"""Finished bars that stay on the screen."""
PAUSE = 10.0
"""Time between the lines that tell how far something is where there is no terminal [s]."""


class Progress:
    """Bars for simulating and rendering, a spinner for everything else; without a terminal plain lines say the same.

    Args:
        quiet: Show nothing.
    """

    def __init__(self, quiet: bool = False) -> None:
        from rich import progress
        from rich.console import Console

        console = Console(stderr=True)
        self._plain = not quiet and not console.is_terminal
        self._told = time.monotonic()
        self._bars = progress.Progress(
            progress.SpinnerColumn(),
            progress.TextColumn("{task.description}"),
            progress.BarColumn(bar_width=28),
            progress.TextColumn("{task.fields[detail]}"),
            progress.TimeElapsedColumn(),
            progress.TextColumn("{task.fields[left]}"),
            console=console,
            disable=quiet or self._plain,
        )

    def __enter__(self) -> Progress:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()

    def _say(self, text: str, *, at_once: bool = True) -> None:
        """Print a line where there is no terminal; unless ``at_once``, only if the last is `PAUSE` old."""
        now = time.monotonic()
        if self._plain and (at_once or now - self._told >= PAUSE):
            self._told = now
            self._bars.console.print(text, markup=False, highlight=False, soft_wrap=True)

    @contextmanager
    def stage(self, text: str) -> Iterator[None]:
        """A spinner while something of unknown length goes on; gone when it is over."""
        self._say(f"{text} ...")
        task = self._bars.add_task(text, total=None, detail="", left="")
        try:
            yield
        finally:
            self._bars.remove_task(task)

    @contextmanager
    def simulation(self, seconds: float, text: str = "Simulating") -> Iterator[Callable[[float], None]]:
        """A bar over simulated time; the function given takes the time reached [s]."""
        self._say(f"{text} {seconds:.1f} s ...")
        task = self._bars.add_task(text, total=seconds, detail="", left="")

        def reach(now: float) -> None:
            self._bars.update(task, completed=min(now, seconds), detail=f"{now:5.1f} s")
            self._say(f"{text}: {now:.1f} of {seconds:.1f} s", at_once=False)

        try:
            yield reach
        finally:
            self._bars.remove_task(task)

    @contextmanager
    def pictures(self, text: str, total: int) -> Iterator[Callable[[int], None]]:
        """A bar over pictures of a film, gone when it is over; the function given, of any thread, takes how many more are done."""
        self._say(f"{text} ...")
        task = self._bars.add_task(text, total=total, detail="", left="")
        lock, done = Lock(), 0

        def step(count: int) -> None:
            nonlocal done
            with lock:
                done += count
                self._bars.update(task, completed=done, detail=f"{done}/{total} frames")
                self._say(f"{text}: {done}/{total} frames", at_once=False)

        try:
            yield step
        finally:
            self._bars.remove_task(task)

    def frames(self, draw: str, total: int, done: int = 0) -> Callable[[int], None]:
        """A bar over a draw's frames; the function given takes how many more are done."""
        over = [t.id for t in self._bars.tasks if t.total is not None and t.completed >= t.total]
        for old in over[: max(0, len(over) - SHOWN + 1)]:
            self._bars.remove_task(old)
        text = f"Rendering {draw}"
        task = self._bars.add_task(text, total=total, completed=done, detail=f"{done}/{total} frames", left="")
        self._say(f"{text}: {done}/{total} frames")

        def step(count: int) -> None:
            self._bars.advance(task, count)
            state: Any = next(t for t in self._bars.tasks if t.id == task)
            left, over = state.time_remaining, state.completed >= total
            detail, rest = f"{int(state.completed)}/{total} frames", f"{left:.0f} s left" if left and not over else ""
            self._bars.update(task, detail=detail, left=rest)
            self._say(f"{text}: {detail}{rest and ', ' + rest}", at_once=over)

        return step

    def note(self, text: str) -> None:
        """A line above the bars."""
        self._bars.console.print(f"note: {text}", markup=False, highlight=False)
