"""Vans of other builds than the panel van: a box on its chassis, a minibus, a small one made of a car; all in a footprint that there is."""

from __future__ import annotations

from dataclasses import replace

import freight
import livery
import looks as lk
import numpy as np
import numpy.typing as npt
import tails
from car_recipes import MPV
from freight import Fitter
from pack import look
from sh3f import Soup
from shape import add_look, box, components, cut
from vehicle_recipes import VAN

from sim.render.mesh import Semantic

Floats = npt.NDArray[np.float64]

BACK = 0.5
"""Rear end of a cab on its own [m]."""
CONTAINER = lk.colored("container", (0.55, 0.55, 0.54), 0.55)


def _low_roof(soup: Soup, above: float, keep: float) -> None:
    """Press flat what is higher than a height [m] to a share of it. Changes the soup."""
    z = soup.corners[..., 2:]
    flat = np.concatenate([soup.corners[..., :2], above + keep * (z - above)], -1)
    soup.corners = np.where((z > above) & ~_wheels(soup)[:, None, None], flat, soup.corners)


def _wheels(soup: Soup) -> npt.NDArray[np.bool_]:
    """What hangs together with tyres."""
    part = components(soup.corners)
    return np.isin(part, part[soup.of_look("^tires$")])


def _cab(soup: Soup) -> Soup:
    """A van cut off behind its doors, on a frame and its wheels: a wall behind the seats, tail lamps below what it carries."""
    soup = tails.van_body(soup)
    soup = cut(soup, soup.corners[..., 0] - BACK, ~_wheels(soup))
    soup = soup.pick((soup.centers[:, 0] > BACK) | _wheels(soup))
    _low_roof(soup, 1.95, 0.4)
    f, tail = Fitter(soup), -2.979
    f.add("cab wall", (BACK, -0.94, 0.5), (BACK + 0.04, 0.94, 2.16))
    for s in (-1.0, 1.0):
        f.beside("frame", s, (tail + 0.12, BACK + 0.3), (0.4, 0.5), (0.55, 0.72))
        f.beside("tail plastic", s, (tail + 0.05, tail + 0.12), (0.5, 1.0), (0.6, 0.8))
        for k, role in enumerate(("REVERSE_LAMP", "BRAKE_LAMP", "TAIL_LAMP", "BLINK")):
            name = f"INDICATOR_{'LEFT' if s > 0 else 'RIGHT'}" if role == "BLINK" else role
            y = 0.53 + 0.115 * k
            f.beside(f"lamp {name} tail", s, (tail + 0.035, tail + 0.05), (y, y + 0.1), (0.63, 0.77))
        f.beside("flap", s, (-2.2, -2.188), (0.68, 1.0), (0.25, 0.8))
        arch = _arch(s)
        f.soup = livery.add_faces(f.soup, arch, "tail plastic")
    f.add("tail plastic", (tail + 0.06, -0.95, 0.42), (tail + 0.14, 0.95, 0.54))
    for x in (-2.6, -0.9, 0.2):
        f.add("frame", (x, -0.5, 0.6), (x + 0.1, 0.5, 0.7))
    return f.soup


def _arch(side: float) -> Floats:
    """A mudguard over a rear wheel."""
    turn = np.linspace(np.radians(20.0), np.radians(170.0), 9)
    rim = np.array([[-1.7 + 0.45 * np.cos(t), 0.0, 0.373 + 0.45 * np.sin(t)] for t in turn])
    y0, y1 = sorted((side * 0.68, side * 1.0))
    near, far = rim + [0.0, y0, 0.0], rim + [0.0, y1, 0.0]
    a, b, c, d = near[:-1], near[1:], far[1:], far[:-1]
    return np.concatenate([np.stack([a, b, c], 1), np.stack([a, c, d], 1)])


WALL = freight.Tail(-2.93, 1.04, 0.9, 2.565, (0.42, 0.54), 0.03, 0.049)


def _box_van(soup: Soup) -> Soup:
    """A box with doors at the back, higher than the cab."""
    soup = livery.add_faces(_cab(soup), box((WALL.x, -WALL.half, WALL.low), (BACK, WALL.half, WALL.top)), "container")
    soup = freight.flanks(freight.doors(soup, WALL), WALL, BACK, [-2.05, -1.2, -0.35])
    f = Fitter(soup)
    for s in (-1.0, 1.0):
        for z in (0.45, 0.68):
            f.beside("frame rail", s, (-1.1, 0.35), (0.93, 0.96), (z, z + 0.1))
        f.beside(
            "frame rail",
            s,
            (BACK - 0.03, BACK + 0.012),
            (WALL.half - 0.04, WALL.half + 0.008),
            (WALL.low, WALL.top - 0.001),
        )
    f.add(
        "frame rail", (WALL.x + 0.01, -WALL.half - 0.006, WALL.low - 0.05), (BACK + 0.006, WALL.half + 0.006, WALL.low)
    )
    return f.soup


ROWS = (-0.25, -1.15, -2.2)
"""Hips of those who sit behind the driver, ahead of the source's middle [m]."""
FLOOR, HIPS = 0.76, 1.12
"""Heights [m]."""


def _minibus(soup: Soup) -> Soup:
    """Panes where the van has pressed panels, whose seams stay as pillars; seats, walls and a ceiling behind the driver."""
    soup = tails.van_body(soup)
    soup = soup.pick(~(soup.of_look("^interior$") & (soup.corners[..., 0].max(axis=1) < 0.64)))
    for x in (-1.2, -0.05):
        for edge in (x - 0.04, x + 0.04):
            panel = soup.of_look("^whiteglass$") & (np.abs(soup.centers[:, 1]) > 0.6)
            soup = cut(soup, soup.corners[:, :, 0] - edge, panel)
        add_look(soup, "pillar", soup.of_look("^whiteglass$") & (np.abs(soup.centers[:, 0] - x) < 0.04))
    f = Fitter(soup)
    f.add("cabin", (-2.84, -0.86, FLOOR - 0.03), (0.66, 0.86, FLOOR))
    f.add("ceiling", (-2.7, -0.72, 2.26), (0.6, 0.72, 2.29))
    f.add("cabin", (-2.87, -0.78, FLOOR), (-2.84, 0.78, 1.27))
    for s in (-1.0, 1.0):
        f.beside("cabin", s, (-2.66, 0.66), (0.87, 0.885), (FLOOR, 1.27))
        f.beside("ceiling", s, (-2.7, 0.6), (0.72, 0.76), (2.18, 2.26))
    for k, x in enumerate(ROWS):
        for y in (-0.6, 0.0, 0.6) if k == len(ROWS) - 1 else (-0.55, 0.55):
            f.add("seats", (x - 0.22, y - 0.26, FLOOR + 0.12), (x + 0.3, y + 0.26, HIPS - 0.07))
            back = box((x - 0.3, y - 0.26, HIPS - 0.16), (x - 0.2, y + 0.26, HIPS + 0.5))
            head = box((x - 0.3, y - 0.13, HIPS + 0.52), (x - 0.22, y + 0.13, HIPS + 0.74))
            for faces in (back, head):
                faces[..., 0] -= 0.2 * (faces[..., 2] - HIPS + 0.1)
                f.soup = livery.add_faces(f.soup, faces, "seats")
    return f.soup


def _bulge(corners: Floats) -> Floats:
    """A car's rear pulled out to a box: flanks upright, roof level, tail steep, from behind the front doors on."""
    x, y, z = corners[..., 0], corners[..., 1], corners[..., 2]
    share = np.clip((-0.39 - x) / 0.35, 0.0, 1.0) * (z > 1.05)
    flank = np.interp(z, (1.05, 1.3, 1.54, 1.66), (0.8, 0.715, 0.615, 0.5))
    upright = np.interp(z, (1.05, 1.3, 1.54, 1.66), (0.8, 0.79, 0.75, 0.62))
    roof = np.interp(x, (-2.0, -1.76, -1.43, -1.03, -0.47), (1.45, 1.49, 1.575, 1.62, 1.66))
    level = 1.05 + (z - 1.05) * (1.645 - 1.05) / (roof - 1.05)
    high = np.minimum(z + share * (level - z), 1.645 + 0.1 * (1.0 - share))
    back = np.interp(z, (1.07, 1.43, 1.55), (0.0, 0.1, 0.12)) * np.clip((-1.25 - x) / 0.4, 0.0, 1.0)
    return np.stack([x - back, y * (1.0 + share * (upright / flank - 1.0)), high], -1)


def _small_van(soup: Soup) -> Soup:
    """Panels for panes behind the front doors and in the roof, two leaves at the back, a wall behind the seats, bumpers of plastic."""
    assert MPV.prepare
    soup = MPV.prepare(soup)
    rear = soup.corners[..., 0].max(axis=1) < -0.25
    soup = soup.pick(~(soup.of_group("^inside_") & rear))
    rear = soup.corners[..., 0].max(axis=1) < -0.29
    soup.corners = _bulge(soup.corners)
    add_look(soup, "panel", (soup.of_look("^glass$") & rear) | soup.of_look("^dark-glass$"))
    add_look(
        soup,
        "panel",
        soup.of_look("^black-plastic$") & (soup.corners[..., 0].max(axis=1) < -0.24) & (soup.centers[:, 2] > 1.0),
    )
    f = Fitter(soup)
    for half, top in ((0.7, 1.2), (0.57, 1.54)):
        f.add("cabin", (-0.47, -half, 0.45), (-0.44, half, top))
    soup = f.soup
    skin = "^color-beige-green$|^panel$"
    for path in ([(0.0, 0.42), (0.0, 1.6)], [(-0.66, 0.5), (-0.66, 1.52), (0.66, 1.52), (0.66, 0.5)]):
        soup = livery.seam(soup, skin, path, "van seam", 0.016)
    for y in (-0.36, 0.36):
        pane = livery.rectangle((y - 0.2, y + 0.2), (1.14, 1.42))
        soup = livery.stencil(soup, skin, pane, "rear window")
    soup = livery.stencil(soup, skin, livery.rectangle((-1.1, 1.1), (0.2, 0.52)), "tail plastic", deep=0.4)
    soup = livery.stencil(soup, skin, livery.rectangle((-1.1, 1.1), (0.2, 0.5)), "tail plastic", ahead=True, deep=0.4)
    return livery.stencil(soup, skin, livery.rectangle((-1.05, 1.0), (0.46, 0.56)), "tail plastic", flank=0.7)


BOX_VAN = replace(
    VAN, name="box_van", kinds=["box_van"], stands_for="van", variants=[], prepare=_box_van, lamps=VAN.lamps[:1],
    looks={"^container$": CONTAINER, "^cab wall$": lk.PAINT, "^frame$": lk.colored("frame", (0.06, 0.06, 0.062), 0.6),
           **freight.LOOKS, **VAN.looks},
    plate_at=[(-2.926, 0.68)], plates=[("blank plate", "QV 318")],
    changed=VAN.changed + ", cut off behind its doors, a box added",
)  # fmt: skip

MINIBUS = replace(
    VAN, name="minibus", kinds=["minibus"], mass=2900.0, prepare=_minibus, parameters="van",
    looks={"^pillar$": lk.TRIM, "^seats$": lk.SEAT, "^cabin$": lk.CABIN, "^ceiling$": lk.colored("cabin ceiling", (0.35, 0.35, 0.34), 0.9),
           **VAN.looks, "^whiteglass$": lk.GLASS},
    variants=[look("passenger_van", kinds=["passenger_van"], mass=VAN.mass, stands_for="van")],
    changed=VAN.changed + ", windows in the sides, seats behind them",
)  # fmt: skip
SMALL_VAN = replace(
    MPV, name="small_van", kinds=["small_van"], stands_for="mpv", semantic=Semantic.VAN, prepare=_small_van, parameters="suv",
    looks={"^panel$": lk.PAINT, "^van seam$": lk.LINE, **tails.LOOKS, **MPV.looks},
    changed=MPV.changed + ", its rear pulled out to a box, panels for the panes behind",
)  # fmt: skip

ALL = [BOX_VAN, MINIBUS, SMALL_VAN]
