"""What real boxes on wheels show: doors with bars and hinges, stripes that reflect, lamps, a guard below, flaps, lettering."""

from __future__ import annotations

from dataclasses import dataclass

import livery
import looks as lk
import numpy as np
from sh3f import Soup
from shape import box, tube

from sim.render.mesh import Material, Role, Surface

Point = tuple[float, float, float]
THIN = 0.0075
"""Boxes thinner than this are drawn as a face [m]."""
RUBBER = lk.colored("flap", (0.03, 0.03, 0.031), 0.85, surface=Surface.RUBBER)
LOOKS: dict[str, Material | str] = {
    "^bars$": lk.STEEL, "^ribs$": lk.STEEL, "^band$": lk.PAINT, "^marker$": lk.lamp(Role.TAIL_LAMP), "^seam$": lk.LINE, "^flap$": RUBBER,
    "reflective red": lk.colored("reflective red", (0.42, 0.015, 0.012), 0.4),
    "reflective white": lk.colored("reflective white", (0.62, 0.62, 0.6), 0.4),
    "reflective yellow": lk.colored("reflective yellow", (0.62, 0.42, 0.02), 0.4),
    "^frame rail$": lk.colored("aluminium edge", (0.3, 0.3, 0.31), 0.45), "^door leaf$": lk.colored("door leaf", (0.5, 0.5, 0.49), 0.5),
    "^lettering": "atlas",
}  # fmt: skip
"""Materials of all that is added here."""


@dataclass(frozen=True)
class Tail:
    """The rear wall of a box, in the model's frame [m]."""

    x: float
    half: float
    """Half of its width."""
    low: float
    top: float
    guard: tuple[float, float]
    """Lower and upper edge of the guard below."""
    guard_x: float
    """Ahead of the wall, rear face of the guard."""
    deep: float = 0.06
    """How far the bars' handles stick out."""


class Fitter:
    """Adds boxes to a soup by look.

    Args:
        soup: What they are added to.
    """

    def __init__(self, soup: Soup) -> None:
        self.soup = soup

    def add(self, look: str, lower: Point, upper: Point) -> None:
        """A box; of what is as thin as paint only the face that looks away from the vehicle."""
        faces, size = box(lower, upper), np.subtract(upper, lower)
        thin = int(size.argmin())
        if size[thin] < THIN:
            middle = 0.5 * (lower[thin] + upper[thin])
            faces = faces[(faces[..., thin] * np.sign(middle) > abs(middle)).all(axis=1)]
        self.soup = livery.add_faces(self.soup, faces, look)

    def beside(
        self, look: str, side: float, x: tuple[float, float], y: tuple[float, float], z: tuple[float, float]
    ) -> None:
        """A box on the left (``side`` 1) or the right (-1); ``y`` counts from the middle outwards."""
        near, far = sorted((side * y[0], side * y[1]))
        self.add(look, (x[0], near, z[0]), (x[1], far, z[1]))


def doors(soup: Soup, tail: Tail) -> Soup:
    """Two leaves with locking bars, keepers, handles and hinges; a contour that reflects and marker lamps."""
    f, x, low, top, half, deep = Fitter(soup), tail.x, tail.low, tail.top, tail.half, tail.deep
    f.add("seam", (x - 0.004, -0.012, low), (x + 0.01, 0.012, top - 0.03))
    for y in np.array([-0.73, -0.24, 0.24, 0.73]) * half:
        f.soup = livery.add_faces(
            f.soup, tube(np.array([[x - 0.4 * deep, y, low - 0.03], [x - 0.4 * deep, y, top - 0.06]]), 0.017, 5), "bars"
        )
        for z in (low + 0.03, low + 0.45 * (top - low), top - 0.12):
            f.add("bars", (x - 0.8 * deep, y - 0.05, z - 0.035), (x - 0.005, y + 0.05, z + 0.035))
        s = float(np.sign(y)) * (-1.0 if abs(y) < 0.5 * half else 1.0)
        y0, y1 = sorted((y, y - 0.34 * s))
        f.add("bars", (x - deep, y0, low + 0.42), (x - 0.5 * deep, y1, low + 0.46))
        f.add("seam", (x - 0.5 * deep, y - 0.3 * s - 0.05, low + 0.39), (x - 0.002, y - 0.3 * s + 0.05, low + 0.49))
    for s in (-1.0, 1.0):
        for z in np.linspace(low + 0.2, top - 0.28, 5):
            f.beside("bars", s, (x - 0.5 * deep, x - 0.004), (half - 0.2, half), (z, z + 0.06))
        f.beside("reflective red", s, (x - 0.009, x - 0.003), (half - 0.055, half), (low + 0.02, top - 0.05))
        f.beside("marker", s, (x - 0.6 * deep, x - 0.005), (half - 0.14, half - 0.04), (top - 0.07, top - 0.02))
    for z0, z1 in ((top - 0.06, top - 0.01), (low + 0.01, low + 0.065)):
        f.add("reflective red", (x - 0.009, -half + 0.06, z0), (x - 0.003, half - 0.06, z1))
    return f.soup


def guard(soup: Soup, tail: Tail, stripes: int = 12) -> Soup:
    """The bar that keeps cars from running under, striped, on two posts."""
    f, (z0, z1) = Fitter(soup), tail.guard
    x = tail.x + tail.guard_x
    wide = 1.93 * tail.half / stripes
    for k in range(stripes):
        y = -0.965 * tail.half + wide * k
        f.add("reflective red" if k % 2 else "reflective white", (x, y, z0), (x + 0.07, y + wide, z1))
    for s in (-1.0, 1.0):
        f.beside("frame rail", s, (x + 0.27, x + 0.36), (0.42, 0.5), (z0, tail.low))
        f.beside("frame rail", s, (x + 0.07, x + 0.36), (0.42, 0.5), (z0, z0 + 0.06))
    return f.soup


def flaps(soup: Soup, x: float, y: tuple[float, float], z: tuple[float, float]) -> Soup:
    """Rubber flaps behind the last wheels."""
    f = Fitter(soup)
    for s in (-1.0, 1.0):
        f.beside("flap", s, (x, x + 0.012), y, z)
        f.beside("reflective white", s, (x - 0.003, x), (y[0] + 0.1, y[1] - 0.1), (z[0] + 0.04, z[0] + 0.1))
    return f.soup


def flanks(soup: Soup, tail: Tail, ahead: float, ribs: list[float]) -> Soup:
    """A box's sides: ribs, a name's band and the line that reflects."""
    f = Fitter(soup)
    for s in (-1.0, 1.0):
        f.beside(
            "reflective white",
            s,
            (tail.x + 0.1, ahead),
            (tail.half, tail.half + 0.004),
            (tail.low + 0.04, tail.low + 0.095),
        )
        f.beside(
            "band", s, (tail.x + 0.4, ahead - 0.3), (tail.half, tail.half + 0.004), (tail.low + 0.7, tail.low + 1.25)
        )
        for x in ribs:
            f.beside("ribs", s, (x - 0.02, x + 0.02), (tail.half, tail.half + 0.014), (tail.low, tail.top))
    return f.soup


def name(soup: Soup, picture: np.ndarray, look: str, x: tuple[float, float], z: tuple[float, float], y: float) -> Soup:
    """A picture on both flanks, readable from outside, a few millimetres before them."""
    for s in (-1.0, 1.0):
        y0, y1 = sorted((s * (y - 0.003), s * (y + 0.004)))
        faces, uvs = livery.facing((x[0], y0, z[0]), (x[1], y1, z[1]), 1)
        soup = livery.pictured(soup, faces, uvs, look, picture)
    return soup
