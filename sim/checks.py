"""Checks of settings: `SwerveError` says what is wrong and what would be right."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from sim.errors import SwerveError


def check_whole(name: str, value: Any, low: int, high: int) -> None:
    """A whole number between two bounds."""
    if isinstance(value, bool) or not hasattr(value, "__index__") or not low <= value <= high:
        raise SwerveError(f"{name} must be a whole number between {low} and {high}, not {value!r}")


def check_number(name: str, value: Any, low: float = -math.inf, high: float = math.inf) -> None:
    """A finite number between two bounds."""
    if isinstance(value, bool) or not hasattr(value, "__float__") or not math.isfinite(value):
        raise SwerveError(f"{name} must be a finite number, not {value!r}")
    if not low <= value <= high:
        raise SwerveError(f"{name} must lie between {low:g} and {high:g}, not {value:g}")


def check_word(name: str, value: Any, words: Sequence[str]) -> None:
    """One of some words."""
    if value not in words:
        raise SwerveError(f"no {name} {value!r}: choose one of {', '.join(words)}")
