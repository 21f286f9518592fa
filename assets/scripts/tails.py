"""Tails of a van and of buses: windows, lids with grilles, seams, hinges, lamps and a number, laid over bodies that have none."""

from __future__ import annotations

from dataclasses import replace

import livery
import looks as lk
import numpy as np
import numpy.typing as npt
from freight import Fitter
from livery import rectangle, stencil
from sh3f import Soup
from shape import add_look, cut

from sim.render.mesh import Material

LOOKS: dict[str, Material | str] = {
    "^rear window$": lk.PRIVACY, "^tail trim$": lk.TRIM, "^tail seam$": lk.LINE, "^tail plastic$": lk.PLASTIC, "^tail number$": "atlas",
}  # fmt: skip
"""Materials of what is added here."""
Point = tuple[float, float, float]


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


def _harden(soup: Soup) -> None:
    """Texels of the picture are there or not, which is all that a cut-out asks of them and takes half the bytes. Changes the soup."""
    for k, item in enumerate(soup.looks):
        if item.name == "textured" and item.texture is not None:
            picture = lk.enlarged(item.texture, 2)
            picture[..., 3] = np.where(picture[..., 3] < 128, 0, 255)
            picture[picture[..., 3] == 0, :3] = 0
            soup.looks[k] = replace(item, texture=picture)


def _filled(a: Point, b: Point, c: Point, d: Point) -> npt.NDArray[np.float64]:
    """Two triangles between four corners."""
    return np.array([[a, b, c], [a, c, d]])


def _on_door(x: float, z: float, side: float) -> Point:
    """A point on a van's door, which leans out from the sill to its strip."""
    return x, side * (0.932 + 0.04 * max(0.0, z - 0.33) / 0.215), z


def van_body(soup: Soup) -> Soup:
    """A van without its maker's badge: the black plate that held it between the rear windows is pane and skin, in one plane with these.

    Its doors' lower seam, a concave outline that readers fill, is laid anew; of the lines along its flanks, which a cut-out picture
    breaks up, the upper one stands clear of the skin and the lower one goes.
    """
    _harden(soup)
    c, line = soup.corners, soup.of_look("^textured$")
    behind = (c[..., 0].max(axis=1) < -2.9) & (np.abs(c[..., 1]).max(axis=1) < 0.18)
    plate = (
        behind
        & soup.of_look("^blackplastics$|^textured$")
        & (c[..., 2].min(axis=1) > 1.27)
        & (c[..., 2].max(axis=1) < 1.53)
    )
    sill = line & soup.of_group("Plane.002") & (np.ptp(c[..., 0], axis=1) > 0.5) & (c[..., 2].max(axis=1) < 0.6)
    v = soup.uvs[..., 1].mean(axis=1)
    along = line & (np.abs(soup.centers[:, 1]) > 0.7) & ((v > 0.87) | (v < 0.11))
    soup.corners = c + np.where(along[:, None, None], np.sign(soup.centers[:, None, 1:2]) * [0.0, 0.004, 0.0], 0.0)
    soup = soup.pick(~(plate | sill | (along & (v > 0.87))))
    outer, inner = [(0.727, 0.327), (1.41, 0.306), (1.445, 0.545)], [(0.736, 0.335), (1.403, 0.316), (1.437, 0.545)]
    for s in (-1.0, 1.0):
        top, low = (-2.922, 0.158 * s, 1.518), (-2.934, 0.178 * s, 1.292)
        pane = _filled((-2.922, 0.0, 1.523), top, low, (-2.935, 0.0, 1.292))
        soup = livery.add_faces(soup, pane, "whiteglass")
        rim = _filled((-2.935, 0.0, 1.292), low, (-2.942, 0.17 * s, 1.277), (-2.948, 0.0, 1.277))
        soup = livery.add_faces(soup, rim, "firstcolor")
        for corners in zip(outer, outer[1:], inner[1:], inner, strict=False):
            soup = livery.add_faces(soup, _filled(*(_on_door(x, z, s) for x, z in corners)), "tail seam")
    seam = _filled((-2.95, -0.007, 1.277), (-2.95, 0.0, 1.277), (-2.924, 0.0, 1.523), (-2.924, -0.007, 1.523))
    return livery.add_faces(soup, seam, "tail seam")


def van(soup: Soup) -> Soup:
    """Windows in the rear doors and a step."""
    soup = van_body(soup)
    soup = cut(soup, np.abs(soup.corners[..., 1]) - 0.045, soup.of_look("^whiteglass$") & (soup.centers[:, 0] < -2.6))
    middle = soup.centers
    add_look(soup, "rear window", soup.of_look("^whiteglass$") & (middle[:, 0] < -2.6) & (np.abs(middle[:, 1]) > 0.045))
    f, x = Fitter(soup), float(soup.bounds[0][0])
    f.add("tail plastic", (x + 0.002, -0.72, 0.4), (x + 0.2, 0.72, 0.47))
    return f.soup
