"""Processes that step PyBullet's worlds side by side: each holds some worlds of a batch and takes and gives their rows through a pipe.

A process ends when its pipe closes: when the batch is let go of, and when the process that began it ends, however that comes about. It
leaves Ctrl-C to that one. It imports the script that began it once more, which therefore keeps what it does under
``if __name__ == "__main__":``. Worlds know nothing of each other, so how they are shared out changes nothing.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import traceback
import weakref
from collections.abc import Callable, Mapping, Sequence
from multiprocessing.connection import Connection
from typing import Any

import numpy as np

from sim.errors import SwerveError

Rows = Mapping[str, np.ndarray]
"""Arrays of some worlds by dotted field name, the world first."""
PATIENCE = 5.0
"""How long a process may take to end [s]."""


class WorldsProcess:
    """A process and the worlds that it holds.

    Args:
        make: Called in the process with ``scene``; returns what a request is answered by: (name of the work, rows) -> rows. Pickled.
        scene: Rows of `Scene` of its worlds.
    """

    def __init__(self, make: Callable[[Rows], Callable[[str, Rows], Rows]], scene: Rows) -> None:
        context = multiprocessing.get_context("spawn")  # a fork would copy Warp's threads and other processes' pipes
        self._pipe, theirs = context.Pipe()
        self.process = context.Process(target=_serve, args=(theirs, make, scene), daemon=True)
        self.process.start()
        theirs.close()
        self._close = weakref.finalize(self, _end, self.process, self._pipe)

    def ask(self, work: str, rows: Rows) -> None:
        """Let it begin with some work; `answer` returns what came of it."""
        try:
            self._pipe.send((work, dict(rows)))
        except OSError:
            raise self._ended() from None

    def answer(self) -> Rows:
        """What came of the work.

        Raises:
            SwerveError: what a world raised, or that the process has ended.
        """
        try:
            found = self._pipe.recv()
        except (EOFError, OSError):
            raise self._ended() from None
        if isinstance(found, SwerveError):
            raise found
        if isinstance(found, str):
            raise RuntimeError(f"a world of PyBullet failed:\n{found}")
        return found

    def _ended(self) -> SwerveError:
        self.process.join(PATIENCE)
        return SwerveError(
            f"a process of PyBullet's worlds has ended (exit code {self.process.exitcode}). "
            'A script that steps them needs if __name__ == "__main__": around what it does; or give processes=1.'
        )

    def close(self) -> None:
        """End the process."""
        self._close()


def answers(processes: Sequence[WorldsProcess]) -> list[Rows]:
    """What came of the work of all of them.

    Raises:
        SwerveError, RuntimeError: the first failure, once every process has answered: no answer is left for the next question.
    """
    found, failed = [], None
    for process in processes:
        try:
            found.append(process.answer())
        except (SwerveError, RuntimeError) as error:
            failed = failed or error
    if failed is not None:
        raise failed
    return found


def _end(process: Any, pipe: Connection) -> None:
    """Close the pipe, by which the process ends."""
    pipe.close()
    process.join(PATIENCE)
    if process.is_alive():
        process.kill()


def _serve(pipe: Connection, make: Callable[[Rows], Callable[[str, Rows], Rows]], scene: Rows) -> None:
    """The process: answer until the pipe closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    worlds = None
    while True:
        try:
            work, rows = pipe.recv()
        except (EOFError, OSError):
            os._exit(0)  # at once: an interpreter takes half a second to tidy up
        try:
            worlds = worlds or make(scene)
            found: Any = worlds(work, rows)
        except SwerveError as error:
            found = error
        except Exception:
            found = traceback.format_exc()
        try:
            pipe.send(found)
        except OSError:
            os._exit(1)
