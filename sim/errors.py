"""Errors a user's input can cause: each says where it is, what is wrong and what would be right."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple


class SwerveError(Exception):
    """Base of every error that the command line prints as a message instead of a traceback."""


class ScenarioError(SwerveError):
    """A scenario, map, catalog or asset file that cannot be used.

    Args:
        message: What is wrong.
        file: File that holds the fault, if known.
        line: 1-based line in ``file``, if known.
        path: Dotted path or XPath of the faulty element, if known.
        hint: What would be right.
        rest: Further faults that were found along with it.
    """

    def __init__(
        self,
        message: str,
        *,
        file: str | Path | None = None,
        line: int | None = None,
        path: str | None = None,
        hint: str | None = None,
        rest: Sequence[ScenarioError] = (),
    ) -> None:
        self.message = message
        self.file = str(file) if file is not None else None
        self.line = line
        self.path = path
        self.hint = hint
        self.rest = tuple(rest)
        super().__init__(str(self))

    def __str__(self) -> str:
        where = self.file or ""
        if self.line is not None:
            where += f":{self.line}"
        parts = [where] if where else []
        if self.path:
            parts.append(self.path)
        parts.append(self.message)
        text = ": ".join(parts)
        if self.rest:
            text += f" (and {len(self.rest)} more fault{'s' if len(self.rest) > 1 else ''})"
        return f"{text}. {self.hint}" if self.hint else text

    def each(self) -> list[ScenarioError]:
        """This fault and those found along with it, one by one."""
        alone = ScenarioError(self.message, file=self.file, line=self.line, path=self.path, hint=self.hint)
        return [alone, *self.rest] if self.rest else [self]


def first_of(faults: Sequence[ScenarioError]) -> ScenarioError:
    """Faults of a file as one error: the first by line, with the others along."""
    first, *rest = sorted(faults, key=lambda f: f.line or 0)
    return ScenarioError(first.message, file=first.file, line=first.line, path=first.path, hint=first.hint, rest=rest)


class Faults:
    """Gathers faults that do not depend on one another, and raises them together at the end of its ``with`` block.

    They go before whatever else ends the block, as that may only follow from them.
    """

    def __init__(self) -> None:
        self.found: list[ScenarioError] = []

    def __enter__(self) -> Faults:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if error is not None and not isinstance(error, Exception):
            return
        if isinstance(error, ScenarioError):
            self.found += error.each()
        if self.found:
            raise first_of(self.found) from None

    @contextmanager
    def kept(self) -> Iterator[None]:
        """A `ScenarioError` ends this block alone."""
        try:
            yield
        except ScenarioError as error:
            self.found += error.each()


class Origin(NamedTuple):
    """Where in a file something stands."""

    file: str
    line: int


@contextmanager
def placed(origin: Origin | None, fallback: str | None = None) -> Iterator[None]:
    """A `ScenarioError` that names no file names ``origin``'s file and line, or without one the file ``fallback``."""
    try:
        yield
    except ScenarioError as error:
        if error.file or (origin is None and fallback is None):
            raise
        file, line = origin or (fallback, None)
        raise ScenarioError(
            error.message, file=file, line=line, path=error.path, hint=error.hint, rest=error.rest
        ) from None


@contextmanager
def told_plainly() -> Iterator[None]:
    """A user's mistake ends the program with one line on standard error and exit code 2, not with a traceback."""
    try:
        yield
    except SwerveError as error:
        print(f"error: {error}", file=sys.stderr)
        raise SystemExit(2) from None
