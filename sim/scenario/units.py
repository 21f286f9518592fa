"""Units and dimensions of the quantities that people write: "50 km/h", "3.5 m", "18:30", "4 mm/h", "0.3 g", "-2 degC".

A dimension holds the exponents of metre, second, kilogram, radian, degree Celsius and millimetre of rain per hour; the last two are kept
apart so that a speed cannot pass for a rain rate. All values are SI (rain stays in mm/h, temperature in degrees Celsius).
"""

from __future__ import annotations

import difflib
import math
import re
from dataclasses import dataclass

Dimension = tuple[int, int, int, int, int, int]
"""Exponents of m, s, kg, rad, degC, mm/h (rain)."""

NONE: Dimension = (0, 0, 0, 0, 0, 0)
LENGTH: Dimension = (1, 0, 0, 0, 0, 0)
TIME: Dimension = (0, 1, 0, 0, 0, 0)
MASS: Dimension = (0, 0, 1, 0, 0, 0)
ANGLE: Dimension = (0, 0, 0, 1, 0, 0)
TEMPERATURE: Dimension = (0, 0, 0, 0, 1, 0)
RAIN: Dimension = (0, 0, 0, 0, 0, 1)
SPEED: Dimension = (1, -1, 0, 0, 0, 0)
ACCELERATION: Dimension = (1, -2, 0, 0, 0, 0)
ANGULAR_SPEED: Dimension = (0, -1, 0, 1, 0, 0)

_NAMES = {
    NONE: "a plain number",
    LENGTH: "a length",
    TIME: "a time",
    MASS: "a mass",
    ANGLE: "an angle",
    TEMPERATURE: "a temperature",
    RAIN: "a rain rate",
    SPEED: "a speed",
    ACCELERATION: "an acceleration",
    ANGULAR_SPEED: "an angular speed",
}

G = 9.80665
"""Standard gravity [m/s^2]."""

UNITS: dict[str, tuple[Dimension, float]] = {
    "m": (LENGTH, 1.0),
    "km": (LENGTH, 1000.0),
    "cm": (LENGTH, 0.01),
    "mm": (LENGTH, 0.001),
    "ft": (LENGTH, 0.3048),
    "mi": (LENGTH, 1609.344),
    "s": (TIME, 1.0),
    "ms": (TIME, 0.001),
    "min": (TIME, 60.0),
    "h": (TIME, 3600.0),
    "kg": (MASS, 1.0),
    "t": (MASS, 1000.0),
    "rad": (ANGLE, 1.0),
    "deg": (ANGLE, math.pi / 180),
    "degC": (TEMPERATURE, 1.0),
    "mm/h": (RAIN, 1.0),
    "m/s": (SPEED, 1.0),
    "km/h": (SPEED, 1 / 3.6),
    "mph": (SPEED, 0.44704),
    "m/s2": (ACCELERATION, 1.0),
    "m/s^2": (ACCELERATION, 1.0),
    "g": (ACCELERATION, G),
    "deg/s": (ANGULAR_SPEED, math.pi / 180),
    "rad/s": (ANGULAR_SPEED, 1.0),
    "%": (NONE, 0.01),
}
"""Unit -> (dimension, factor to SI)."""

_MEANT = {
    "kph": "km/h", "kmh": "km/h", "km/hr": "km/h", "mps": "m/s", "c": "degC", "°c": "degC", "°": "deg", "degree": "deg",
    "degrees": "deg", "sec": "s", "seconds": "s", "meters": "m", "metres": "m", "meter": "m", "percent": "%", "ms2": "m/s2",
}  # fmt: skip
"""What people write for a unit."""

_UNIT = re.compile(
    r"\s*(" + "|".join(re.escape(u) for u in sorted(UNITS, key=len, reverse=True)) + r")(?![\w^/%]*[\w%])"
)
_UNIT_LIKE = re.compile(r"\s*([A-Za-z%µ°][\w/^°%]*)")


class QuantityError(ValueError):
    """A value that cannot be understood.

    Args:
        message: What is wrong.
        hint: What would be right.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        self.message = message
        self.hint = hint
        super().__init__(f"{message}. {hint}" if hint else message)


@dataclass(frozen=True)
class Kind:
    """What a field holds: its dimension, its bounds in SI, and an example for messages."""

    name: str
    dimension: Dimension
    example: str
    low: float = -math.inf
    high: float = math.inf
    whole: bool = False
    """Only whole numbers."""


def describe(dimension: Dimension) -> str:
    """A dimension in words."""
    if dimension in _NAMES:
        return _NAMES[dimension]
    bases = ("m", "s", "kg", "rad", "degC", "mm/h")
    return "a quantity in " + " ".join(f"{b}^{e}" if e != 1 else b for b, e in zip(bases, dimension, strict=True) if e)


def article(noun: str) -> str:
    """A noun with its article: "a speed", "an acceleration"."""
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


def allowed_units(dimension: Dimension) -> str:
    """The units of a dimension, for messages."""
    return ", ".join(unit for unit, (d, _) in UNITS.items() if d == dimension)


def read_unit(text: str, start: int) -> tuple[str | None, int]:
    """The unit that stands at ``start`` (blanks before it allowed) and where it ends; (None, start) if there is none.

    Raises:
        QuantityError: if a word stands there that is no unit.
    """
    match = _UNIT.match(text, start)
    if match:
        return match[1], match.end()
    other = _UNIT_LIKE.match(text, start)
    if other and not re.fullmatch(r"x[\d.]*", other[1]):
        low = other[1].lower()
        near = [_MEANT[low]] if low in _MEANT else [unit for unit in UNITS if unit.lower() == low]
        near = near or difflib.get_close_matches(other[1], UNITS, 1, 0.5)
        hint = f"Did you mean {near[0]!r}?" if near else f"Known units: {', '.join(UNITS)}."
        raise QuantityError(f"unknown unit {other[1]!r} in {text!r}", hint)
    return None, start


def multiply(a: Dimension, b: Dimension, sign: int = 1) -> Dimension:
    """Dimension of a product (sign 1) or quotient (sign -1)."""
    return tuple(x + sign * y for x, y in zip(a, b, strict=True))  # type: ignore[return-value]
