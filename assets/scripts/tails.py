"""Tails of a van and of buses: windows, lids with grilles, seams, hinges, lamps and a number, laid over bodies that have none."""

from __future__ import annotations

import livery
import looks as lk
import numpy as np
from freight import Fitter
from livery import rectangle, stencil
from sh3f import Soup
from shape import add_look, cut

from sim.render.mesh import Material

LOOKS: dict[str, Material | str] = {
    "^rear window$": lk.PRIVACY, "^tail trim$": lk.TRIM, "^tail seam$": lk.LINE, "^tail plastic$": lk.PLASTIC, "^tail number$": "atlas",
}  # fmt: skip
"""Materials of what is added here."""


def _lamps(soup: Soup, x: float, y: tuple[float, float], z: tuple[float, float], roles: list[str]) -> Soup:
    """A stack of lamps in a dark housing on either side, the lowest first."""
    f = Fitter(soup)
    step = (z[1] - z[0]) / len(roles)
    for s in (-1.0, 1.0):
        f.beside("tail plastic", s, (x, x + 0.1), (y[0] - 0.015, y[1] + 0.015), (z[0] - 0.015, z[1] + 0.015))
        for k, role in enumerate(roles):
            name = f"INDICATOR_{'LEFT' if s > 0 else 'RIGHT'}" if role == "BLINK" else role
            f.beside(
                f"lamp {name} tail", s, (x - 0.012, x), y, (z[0] + k * step + 0.008, z[0] + (k + 1) * step - 0.008)
            )
    return f.soup


def _lid(soup: Soup, where: str, y: float, z: tuple[float, float], slats: tuple[float, float], number: int) -> Soup:
    """An engine's lid: a seam around it and a grille of slats."""
    for edge in (
        rectangle((-y, y), (z[0], z[0] + 0.018)), rectangle((-y, y), (z[1] - 0.018, z[1])),
        rectangle((-y, -y + 0.018), z), rectangle((y - 0.018, y), z),
    ):  # fmt: skip
        soup = stencil(soup, where, edge, "tail seam")
    step = (slats[1] - slats[0]) / number
    for k in range(number):
        low = slats[0] + k * step
        soup = stencil(soup, where, rectangle((-0.86 * y, 0.86 * y), (low, low + 0.6 * step)), "tail plastic")
    return soup


def city_bus(soup: Soup) -> Soup:
    """A rear window with a number in it, a lid with a grille, lamps above each other, a dark bumper."""
    paint = "^accentColor$"
    soup = stencil(soup, paint, rectangle((-1.06, 1.06), (1.5, 2.24)), "tail trim")
    soup = stencil(soup, "^tail trim$", rectangle((-1.0, 1.0), (1.56, 2.18)), "rear window")
    soup = _lid(soup, paint, 1.0, (0.62, 1.42), (1.0, 1.34), 5)
    soup = stencil(soup, paint, rectangle((-1.3, 1.3), (0.3, 0.48)), "tail plastic")
    x = soup.bounds[0][0]
    soup = _lamps(soup, x + 0.012, (1.06, 1.19), (0.95, 1.45), ["TAIL_LAMP", "BRAKE_LAMP", "BLINK"])
    soup = _lamps(soup, x + 0.05, (1.0, 1.12), (2.52, 2.68), ["BRAKE_LAMP"])
    faces, uvs = livery.facing((x + 0.003, 0.45, 1.9), (x + 0.02, 0.95, 2.15), 0)
    return livery.pictured(soup, faces, uvs, "tail number", lk.board(64, 32, "27"))


def coach(soup: Soup) -> Soup:
    """A rear window, a lid about its grille, a dark bumper, lamps high up."""
    paint = "^firstcolor$"
    low, high = (-0.98, 1.98), (0.84, 3.05)
    window = [low, (0.98, 1.98), high, (-0.84, 3.05)]
    soup = stencil(soup, paint, np.array(window) * [1.05, 1.0], "tail trim", deep=1.2)
    soup = stencil(soup, "^tail trim$", np.array(window) * [1.0, 0.985] + [0.0, 0.035], "rear window", deep=1.2)
    soup = _lid(soup, paint, 0.9, (0.75, 1.85), (1.6, 1.76), 2)
    soup = stencil(soup, paint, rectangle((-1.3, 1.3), (0.2, 0.46)), "tail plastic")
    return stencil(soup, paint, rectangle((0.75, 1.0), (3.2, 3.27)), "lamp BRAKE_LAMP tail", deep=1.2, mirrored=True)


def van(soup: Soup) -> Soup:
    """Windows in the rear doors and a step."""
    soup = cut(soup, np.abs(soup.corners[..., 1]) - 0.045, soup.of_look("^whiteglass$") & (soup.centers[:, 0] < -2.6))
    middle = soup.centers
    add_look(soup, "rear window", soup.of_look("^whiteglass$") & (middle[:, 0] < -2.6) & (np.abs(middle[:, 1]) > 0.045))
    f, x = Fitter(soup), float(soup.bounds[0][0])
    f.add("tail plastic", (x + 0.002, -0.72, 0.4), (x + 0.2, 0.72, 0.47))
    return f.soup
