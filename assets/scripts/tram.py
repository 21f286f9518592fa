"""A four-axle tram, lofted: windows, doors, displays, lamps and a pantograph."""

from __future__ import annotations

import math

import livery
import looks as lk
import numpy as np
import numpy.typing as npt
import vehicles
from livery import facing
from manifest import PROJECT
from pack import Piece
from props import Sculpture, shift, turn
from recipe import Recipe
from shape import box, lathe, outward, to_mesh, tube
from wheels import Wheel

from sim.render.mesh import Material, Role, Semantic, Surface

Floats = npt.NDArray[np.float64]
STRAIGHT = 5.5
"""Half of the part with parallel sides [m]."""
BOGIE, AXLE, RADIUS, GAUGE = 3.2, 0.95, 0.34, 1.435
SIDE = [
    (1.1, 0.3),
    (1.2, 0.38),
    (1.235, 0.62),
    (1.25, 1.02),
    (1.25, 1.14),
    (1.243, 2.42),
    (1.235, 2.5),
    (1.2, 2.8),
    (1.1, 3.02),
    (0.8, 3.14),
    (0.4, 3.19),
]
"""Half of the section: distance from the middle and height [m]."""
BELT, LINTEL, SILL = 4, 5, 1
"""Rows of `SIDE` where windows begin and end, and where doors begin."""
DOORS = (-4.35, 0.0, 4.35)
HALF_DOOR = 0.66
MIDDLE = (0.0, 0.0, 1.6)
WHITE = lk.colored("white paint", (0.62, 0.62, 0.6), 0.4, clearcoat=1.0)
ROOF = lk.colored("roof", (0.24, 0.25, 0.26), 0.6)
PANE = lk.colored("tram glass", (0.62, 0.68, 0.67), 0.02, clearcoat=1.0, transmission=0.6, role=Role.GLASS)
FLOOR = lk.colored("floor", (0.12, 0.12, 0.125), 0.8)
LINING = lk.colored("lining", (0.5, 0.5, 0.48), 0.7)
SEATS = lk.colored("tram seats", (0.05, 0.09, 0.2), 0.85, surface=Surface.CLOTH)
POLE = lk.colored("poles", (0.6, 0.45, 0.03), 0.35)
SEAM = lk.colored("seam", (0.06, 0.06, 0.062), 0.8)
INSULATOR = lk.colored("insulator", (0.2, 0.06, 0.03), 0.4)


def _nose(z: Floats) -> Floats:
    """How far the ends reach at a height: a raked windscreen [m]."""
    return np.interp(z, [0.3, 0.62, 1.14, 2.42, 2.8, 3.02, 3.19], [7.0, 7.14, 7.16, 6.84, 6.7, 6.5, 6.25])


def _section(x: float, end: float) -> Floats:
    """Half of the body's section: at ``x`` where sides are parallel, else at a share ``end`` of the way to the tip, (n, 3)."""
    y, z = np.array(SIDE).T
    if end == 0.0:
        return np.stack([np.full_like(y, x), y, z], 1)
    reach = STRAIGHT + (_nose(z) - STRAIGHT) * math.sin(0.5 * math.pi * end)
    return np.stack([math.copysign(1.0, x) * reach, y * (1.0 - 0.3 * end**2.6), z], 1)


def _columns() -> list[tuple[float, str]]:
    """Left edges of the fields of the straight sides and what each is: window, pillar or door."""
    edges: list[tuple[float, str]] = []
    for door in DOORS:
        edges += [(door - HALF_DOOR - 0.1, "pillar"), (door - HALF_DOOR, "door"), (door - 0.025, "seal"), (door + 0.025, "door"),
                  (door + HALF_DOOR, "pillar")]  # fmt: skip
    for a, b in ((DOORS[0], DOORS[1]), (DOORS[1], DOORS[2])):
        low, high = a + HALF_DOOR + 0.1, b - HALF_DOOR - 0.1
        wide = (high - low - 0.09) / 2
        edges += [(low, "window"), (low + wide, "pillar"), (low + wide + 0.09, "window")]
    edges += [(-STRAIGHT, "window"), (DOORS[2] + HALF_DOOR + 0.1, "window")]
    return sorted(edges)


def _quads(a: Floats, b: Floats, mirror: bool) -> Floats:
    """Two triangles for each pair of neighbouring points of two sections of the left or, mirrored, the right, (n - 1, 2, 3, 3)."""
    if mirror:
        a, b = a * [1, -1, 1], b * [1, -1, 1]
    p, q, r, s = a[:-1], b[:-1], b[1:], a[1:]
    return np.stack([np.stack([p, s, r], 1), np.stack([p, r, q], 1)], 1)


def _look(row: int, kind: str) -> Material:
    """Material of a field of the side."""
    if row >= 8:
        return ROOF
    if kind == "door" and SILL <= row <= LINTEL - 1:
        return PANE if row > SILL + 1 else WHITE
    if kind == "seal" and SILL <= row < LINTEL:
        return lk.PLASTIC
    if row == BELT:
        return PANE if kind in ("window", "cab") else lk.TRIM
    if row in (LINTEL, LINTEL + 1):
        return lk.TRIM if row == LINTEL else WHITE
    return lk.PAINT if row < BELT else WHITE


def _sides(s: Sculpture) -> None:
    columns = [*_columns(), (STRAIGHT, "")]
    ends = [k / 5 for k in range(6)]
    for mirror in (False, True):
        for (x0, kind), (x1, _) in zip(columns[:-1], columns[1:], strict=True):
            quads = _quads(_section(x0, 0.0), _section(x1, 0.0), mirror)
            for row, quad in enumerate(quads):
                s.add(outward(quad, MIDDLE), _look(row, kind))
        for sign in (1.0, -1.0):
            for e0, e1 in zip(ends[:-1], ends[1:], strict=True):
                a, b = _section(sign * STRAIGHT, e0), _section(sign * STRAIGHT, e1)
                for row, quad in enumerate(_quads(a, b, mirror)):
                    s.add(outward(quad, MIDDLE), _look(row, "cab" if e1 < 1.0 else "corner"))
    y, z = SIDE[-1]
    top = np.array([[-6.4, -y, z], [6.4, -y, z], [6.4, y, z], [-6.4, y, z]])
    s.add(top[[[0, 1, 2], [0, 2, 3]]], ROOF)
    for sign in (1.0, -1.0):
        _end(s, sign)


def _end(s: Sculpture, sign: float) -> None:
    """Front or rear: a bowed wall with a windscreen."""
    edge = _section(sign * STRAIGHT, 1.0)
    share = np.linspace(1.0, -1.0, 9)
    wall = edge[:, None, :] * np.stack([np.ones(9), share, np.ones(9)], 1)[None]
    wall[..., 0] += sign * 0.13 * (1.0 - share**2)
    for row in range(len(wall) - 1):
        a, b = wall[row], wall[row + 1]
        quads = np.stack([np.stack([a[:-1], b[:-1], b[1:]], 1), np.stack([a[:-1], b[1:], a[1:]], 1)], 1)
        look = PANE if row == BELT else lk.TRIM if row in (LINTEL, LINTEL + 1) else lk.PAINT if row < BELT else ROOF
        s.add(outward(quads, MIDDLE), look)


def _ends(s: Sculpture) -> None:
    """Wipers, a number below the windscreen, a coupler's cover, the windscreen's pillars' seams and grab rails."""
    for sign in (1.0, -1.0):

        def reach(y: float, z: float, out: float = 0.02, sign: float = sign) -> float:
            return sign * (float(_nose(np.array([z]))[0]) + 0.13 * (1.0 - (y / 0.87) ** 2) + out)

        for y0, y1 in ((-0.55, -0.15), (0.1, 0.5)):
            line = [
                [reach(y0 + t * (y1 - y0), 1.16 + 0.85 * t), y0 + t * (y1 - y0), 1.16 + 0.85 * t]
                for t in (0.0, 0.5, 1.0)
            ]
            s.add(tube(np.array(line), 0.014, 5), lk.PLASTIC)
        x0, x1 = sorted((sign * 7.2, reach(0.0, 0.98)))
        faces, uvs = facing((x0, -0.17, 0.84), (x1, 0.17, 1.08), 0)
        s.add(faces, NUMBER, uvs)
        x0, x1 = sorted((sign * 7.2, reach(0.0, 0.62)))
        s.add(box((x0, -0.3, 0.56), (x1, 0.3, 0.6)), SEAM)
        for y in (-0.78, 0.78):
            x0, x1 = sorted((reach(y, 0.78, -0.1), reach(y, 0.78, 0.005)))
            s.add(box((x0, y - 0.1, 0.62), (x1, y + 0.1, 0.92)), lk.TRIM)


def _lamp(s: Sculpture, sign: float, y: float, z: float, radius: float, material: Material) -> None:
    """A round lamp in an end's wall."""
    reach = float(np.interp(z, [p[1] for p in SIDE], _nose(np.array([p[1] for p in SIDE])))) + 0.13 * (
        1 - (y / 0.87) ** 2
    )
    dome = lathe([(radius, -0.06), (radius, 0.015), (0.7 * radius, 0.03), (0.0, 0.035)], 16)
    s.add(dome, material, move=turn(sign * math.pi / 2, "y", (sign * reach, y, z)))


def _details(s: Sculpture) -> None:
    """Lamps, displays, bumpers, underfloor, pantograph and boxes on the roof."""
    for sign in (1.0, -1.0):
        for y in (-0.62, 0.62):
            left = Role.INDICATOR_LEFT if y > 0 else Role.INDICATOR_RIGHT
            _lamp(s, sign, 1.2 * y, 0.98, 0.06, lk.lamp(left))
            if sign > 0:
                _lamp(s, sign, y, 0.76, 0.105, lk.lamp(Role.HEAD_LAMP))
            else:
                _lamp(s, sign, y, 0.8, 0.075, lk.lamp(Role.TAIL_LAMP))
                _lamp(s, sign, 0.7 * y, 0.8, 0.075, lk.lamp(Role.BRAKE_LAMP))
        x0, x1 = sorted((sign * 6.72, sign * 6.92))
        faces, uvs = facing((x0, -0.62, 2.5), (x1, 0.62, 2.76), 0)
        s.add(faces, DISPLAY, uvs)
        x0, x1 = sorted((sign * 6.9, sign * 7.33))
        s.add(box((x0, -0.75, 0.36), (x1, 0.75, 0.56)), lk.PLASTIC)
        for y in (-1.36, 1.36):
            s.add(tube(np.array([[sign * 6.3, 0.82 * y, 2.3], [sign * 6.5, y, 2.32]]), 0.018, 6), lk.PLASTIC)
            s.add(box((sign * 6.5 - 0.05, y - 0.09, 1.95), (sign * 6.5 + 0.05, y + 0.09, 2.34)), lk.PLASTIC)
    for side in (-1.0, 1.0):
        y0, y1 = sorted((side * 1.2, side * 1.247))
        faces, uvs = facing((2.0, y0, 2.52), (3.1, y1, 2.74), 1)
        s.add(faces, DISPLAY, uvs)
    s.add(box((-6.4, -1.12, 0.42), (6.4, 1.12, 0.7)), FLOOR)
    for x in (-BOGIE, BOGIE):
        for y in (-0.95, 0.95):
            s.add(box((x - 1.25, y - 0.06, 0.18), (x + 1.25, y + 0.06, 0.5)), lk.PLASTIC)
    for x0, x1 in ((-5.2, -3.2), (-2.4, -1.2), (2.2, 4.6)):
        s.add(box((x0, -0.75, 3.1), (x1, 0.75, 3.42)), WHITE)
        for x in np.arange(x0 + 0.12, x1 - 0.1, 0.14):
            for y in (-0.753, 0.753):
                slat = np.array([[x, y, 3.2], [x + 0.07, y, 3.2], [x + 0.07, y, 3.36], [x, y, 3.36]])
                s.add(outward(slat[[[0, 1, 2], [0, 2, 3]]], MIDDLE), SEAM)
    _pantograph(s)


def _doors(s: Sculpture) -> None:
    """Frames of the leaves, handrails, buttons, a lamp above and a step's edge below; gaps about the bogies' skirts; seams."""
    for side in (-1.0, 1.0):

        def beside(x: tuple[float, float], z: tuple[float, float], y: tuple[float, float], look: Material) -> None:
            y0, y1 = sorted((side * y[0], side * y[1]))  # noqa: B023
            s.add(box((x[0], y0, z[0]), (x[1], y1, z[1])), look)

        for door in DOORS:
            for x0, x1 in ((door - HALF_DOOR, door - 0.02), (door + 0.02, door + HALF_DOOR)):
                for a, b in ((x0, x0 + 0.06), (x1 - 0.06, x1)):
                    beside((a, b), (0.4, 2.42), (1.2, 1.262), WHITE)
                for z in (1.08, 2.36):
                    beside((x0, x1), (z, z + 0.07), (1.2, 1.261), WHITE)
            beside((door - HALF_DOOR, door + HALF_DOOR), (0.34, 0.39), (1.15, 1.25), POLE)
            beside((door - 0.12, door - 0.06), (1.2, 1.27), (1.25, 1.27), POLE)
            beside((door - HALF_DOOR - 0.02, door + HALF_DOOR + 0.02), (2.5, 2.54), (1.2, 1.252), lk.TRIM)
        for x in (-BOGIE, BOGIE):
            for edge in (x - 1.5, x + 1.5):
                if min(abs(edge - door) for door in DOORS) > HALF_DOOR:
                    beside((edge - 0.012, edge + 0.012), (0.32, 1.14), (1.2, 1.2515), SEAM)
            for offset in (AXLE, -AXLE):
                if min(abs(x + offset - door) for door in DOORS) > HALF_DOOR:
                    beside((x + offset - 0.3, x + offset + 0.3), (0.3, 0.5), (1.15, 1.226), lk.PLASTIC)
        beside((-STRAIGHT, STRAIGHT), (1.09, 1.13), (1.24, 1.2525), STRIPE)


def _inside(s: Sculpture) -> None:
    """Seats in pairs, poles by the doors, a lining below the windows and the ceiling, walls of the cabs with a console."""
    for x in np.arange(-4.9, 5.0, 0.8):
        if min(abs(x - door) for door in DOORS) < HALF_DOOR + 0.35:
            continue
        for y in (-0.72, 0.72):
            s.add(box((x - 0.2, y - 0.42, 0.98), (x + 0.22, y + 0.42, 1.12)), SEATS)
            s.add(box((x - 0.26, y - 0.42, 1.1), (x - 0.18, y + 0.42, 1.78)), SEATS)
    for door in DOORS:
        for x in (door - HALF_DOOR - 0.1, door + HALF_DOOR + 0.1):
            for y in (-0.75, 0.75):
                s.add(tube(np.array([[x, y, 0.7], [x, y, 2.75]]), 0.022, 5), POLE)
    for y in (-0.55, 0.55):
        s.add(tube(np.array([[-5.2, y, 2.3], [5.2, y, 2.3]]), 0.018, 5), POLE)
    s.add(box((-6.2, -0.9, 2.78), (6.2, 0.9, 2.8)), LINING)
    s.add(box((-5.2, -0.06, 2.755), (5.2, 0.06, 2.775)), lk.colored("ceiling lamps", (0.8, 0.8, 0.78), 0.5))
    for sign in (1.0, -1.0):
        x0, x1 = sorted((sign * 5.34, sign * 5.38))
        s.add(box((x0, -1.1, 0.7), (x1, -0.25, 2.7)), LINING)
        s.add(box((x0, 0.25, 0.7), (x1, 1.1, 2.7)), LINING)
        x0, x1 = sorted((sign * 6.35, sign * 6.8))
        s.add(box((x0, -0.85, 0.7), (x1, 0.85, 1.22)), lk.PLASTIC)
        x0, x1 = sorted((sign * 5.62, sign * 5.74))
        s.add(box((x0, -0.26, 1.05), (x1, 0.26, 1.95)), lk.SEAT)


def _pantograph(s: Sculpture) -> None:
    for y in (-0.35, 0.35):
        s.add(lathe([(0.06, 3.15), (0.06, 3.35)], 8), INSULATOR, move=shift(-0.4, y, 0))
        s.add(lathe([(0.06, 3.15), (0.06, 3.35)], 8), INSULATOR, move=shift(1.3, y, 0))
        low = np.array([[-0.4, y, 3.37], [1.3, y, 3.37]])
        s.add(tube(low, 0.025, 6), lk.STEEL)
        s.add(tube(np.array([[1.25, y, 3.38], [-0.25, 0.6 * y, 3.86]]), 0.025, 6), lk.STEEL)
        s.add(tube(np.array([[-0.25, 0.6 * y, 3.86], [0.95, 1.1 * y, 4.28]]), 0.02, 6), lk.STEEL)
    bow = [[0.95, y, 4.3 - 0.16 * max(0.0, abs(y) - 0.55) ** 2 / 0.16] for y in np.linspace(-0.95, 0.95, 15)]
    for dx in (-0.12, 0.12):
        s.add(tube(np.array(bow) + [dx, 0, 0], 0.018, 6), lk.STEEL)


def _wheelset() -> tuple[Floats, Floats]:
    """Two railway wheels and their axle about its middle: treads and discs; axle."""
    tread = [(0.0, -0.05), (RADIUS - 0.06, -0.05), (RADIUS - 0.05, -0.065), (RADIUS, -0.065), (RADIUS, 0.045), (RADIUS + 0.016, 0.05),
             (RADIUS + 0.012, 0.075), (RADIUS - 0.06, 0.07), (0.0, 0.07)]  # fmt: skip
    wheel = lathe(tread, 28) * [1, 1, -1]
    parts = []
    for side in (1.0, -1.0):
        m = turn(-side * math.pi / 2, "x", (0, side * GAUGE / 2, 0))
        parts.append(wheel @ m[:3, :3].T + m[:3, 3])
    axle = tube(np.array([[0.0, -0.7, 0.0], [0.0, 0.7, 0.0]]), 0.07, 8)
    return np.concatenate(parts), axle


STRIPE = lk.colored("stripe", (0.62, 0.6, 0.55), 0.4, clearcoat=1.0)
NUMBER = lk.atlas("car number", livery.lettering("7012", (25, 27, 32), (214, 212, 205), (64, 32)), 0.3)
DISPLAY = lk.atlas("display", lk.board(160, 32, "7 Station"), 0.3)


def build() -> None:
    """Write the tram; its origin is under the rear bogie."""
    s = Sculpture()
    _sides(s)
    _details(s)
    _doors(s)
    _inside(s)
    _ends(s)
    soup, materials = s.finish()
    soup.corners = soup.corners + np.array([BOGIE, 0.0, 0.0])
    wheels, pieces = [], [Piece("body", to_mesh(soup, materials, Semantic.TRAIN))]
    parts = Sculpture()
    treads, axle = _wheelset()
    parts.add(treads, lk.STEEL)
    parts.add(axle, lk.PLASTIC)
    rolling, metals = parts.finish()
    mesh = to_mesh(rolling, metals, Semantic.TRAIN)
    for x in (0.0, 2 * BOGIE):
        wheels += [Wheel(np.zeros(0, bool), np.array([x, y, RADIUS]), RADIUS) for y in (GAUGE / 2, -GAUGE / 2)]
        for k, offset in enumerate((AXLE, -AXLE)):
            center = (x + offset, 0.0, RADIUS)
            pieces.append(Piece(f"{'front' if x else 'rear'}_axle_{k + 1}", mesh, "wheel", center))
    recipe = Recipe(
        "tram", "", ["tram"], "tram", Semantic.TRAIN, 17000.0, "", {}, max_steer=0.35, parameters="bus",
        changed="made by this project",
    )  # fmt: skip
    vehicles.finish(recipe, pieces, wheels, PROJECT)
