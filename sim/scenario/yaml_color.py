"""Colours by name or as '#rrggbb', in linear RGB."""

from __future__ import annotations

import re

from sim.scenario.fields import suggest
from sim.scenario.units import QuantityError

COLORS = {
    "white": "#e8e8e6", "silver": "#b9bcc0", "grey": "#6f7276", "black": "#141416", "red": "#9c1c1c", "blue": "#1d3a6e",
    "green": "#1f5136", "yellow": "#d8b021", "orange": "#c65d1a", "brown": "#4a3426", "beige": "#b7a98d",
}  # fmt: skip


def color_of(text: str) -> tuple[float, float, float]:
    """Linear RGB of a colour.

    Raises:
        QuantityError: if there is none of that name.
    """
    code = COLORS.get(text, text)
    if not re.fullmatch(r"#[0-9a-fA-F]{6}", code):
        raise QuantityError(f"unknown colour {text!r}", f"{suggest(text, COLORS)} Or '#rrggbb', quoted.")
    return tuple(_linear(int(code[i : i + 2], 16) / 255) for i in (1, 3, 5))  # type: ignore[return-value]


def _linear(v: float) -> float:
    return v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4
