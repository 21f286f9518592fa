"""Drawn parameters as a reviewer reads them: numbers of SI with the unit that their name implies."""

from __future__ import annotations

UNITS = {
    "speed": "m/s", "gap": "m", "offset": "m", "length": "m", "width": "m", "height": "m", "radius": "m", "s": "m",
    "lane_width": "m", "sidewalk": "m", "shoulder": "m", "fog": "m", "rain": "mm/h", "snow": "mm/h", "temperature": "\u00b0C",
}  # fmt: skip
"""Unit of a quantity by the last part of its name."""
DIGITS = 4
"""Significant digits."""


def readable(name: str, value: float | str) -> str:
    """A drawn value as text: 13.9 of 'actors.ego.speed' is '13.9 m/s (50.0 km/h)', 45296 of 'environment.time' is '12:34'."""
    if isinstance(value, str):
        return value
    last = name.rsplit(".", 1)[-1]
    if name == "environment.time":
        minutes = int(value // 60) % (24 * 60)
        return f"{minutes // 60:02d}:{minutes % 60:02d}"
    if last == "speed":
        return f"{value:.{DIGITS}g} m/s ({value * 3.6:.1f} km/h)"
    whole = float(value).is_integer() or abs(value) >= 1000
    text = f"{value:.0f}" if whole and abs(value) < 1e15 else f"{value:.{DIGITS}g}"
    unit = UNITS.get(last)
    return f"{text} {unit}" if unit else text
