"""A forklift of sweethome3d-furniture, and a farm tractor and a caravan modelled here."""

from __future__ import annotations

import math

import livery
import looks as lk
import numpy as np
import numpy.typing as npt
import vehicles
from manifest import PROJECT
from pack import Piece
from props import Sculpture, shift, turn
from recipe import Recipe
from sh3f import Soup
from shape import add_look, box, grid_faces, lathe, outward, to_mesh, tube
from wheels import Wheel

from sim.render.mesh import MeshData, Role, Semantic, merge
from sim.render.plates import plate_picture

Floats = npt.NDArray[np.float64]
GREEN = lk.colored("tractor green", (0.012, 0.085, 0.02), 0.4, clearcoat=0.8)
RIM_YELLOW = lk.colored("rim", (0.55, 0.4, 0.02), 0.4, clearcoat=0.4)
GREY = lk.colored("frame", (0.05, 0.052, 0.055), 0.55)
CARAVAN = lk.colored("caravan white", (0.66, 0.66, 0.63), 0.4, clearcoat=0.8)
BAND = lk.colored("caravan band", (0.1, 0.17, 0.28), 0.4, clearcoat=0.6)
LAMP = {
    role: lk.lamp(role) for role in Role if "LAMP" in role.name or "INDICATOR" in role.name or "BEACON" in role.name
}


# --- forklift -----------------------------------------------------------------------------------------------------------


def _forklift(soup: Soup) -> Soup:
    """Turned to look ahead, its wheels told from the steering wheel, with lamps and an amber beacon."""
    c = soup.corners
    soup.corners = np.stack([-c[..., 1], c[..., 0], c[..., 2]], -1)
    add_look(soup, "wheel tyre", soup.of_look("^tire$") & (soup.corners[..., 2].max(axis=1) < 0.76))
    add = livery.add_faces
    for s in (-1.0, 1.0):
        soup = add(
            soup,
            lathe([(0.085, 0.0), (0.085, 0.05), (0.0, 0.06)], 16) @ turn(math.pi / 2, "y")[:3, :3].T
            + [0.42, s * 0.45, 1.95],
            "lamp HEAD_LAMP",
        )
        for z, look in (
            (1.0, "lamp TAIL_LAMP"),
            (1.07, "lamp BRAKE_LAMP"),
            (1.14, f"lamp INDICATOR_{'LEFT' if s > 0 else 'RIGHT'} rear"),
        ):
            soup = add(soup, box((-1.2, s * 0.5 - 0.05, z), (-1.13, s * 0.5 + 0.05, z + 0.055)), look)
        soup = add(
            soup,
            box((0.44, s * 0.5 - 0.05, 1.78), (0.47, s * 0.5 + 0.05, 1.83)),
            f"lamp INDICATOR_{'LEFT' if s > 0 else 'RIGHT'} front",
        )
    dome = lathe([(0.06, 0.0), (0.06, 0.1), (0.04, 0.14), (0.0, 0.15)], 14)
    return add(soup, dome + [-0.7, 0.35, 2.14], "lamp AMBER_BEACON")


FORKLIFT = Recipe(
    "forklift", "blendswap-cc-0/forkLift", ["forklift"], "truck", Semantic.TRUCK, 3600.0, "^wheel tyre$",
    {"wheel tyre|^tire$": lk.TYRE, "yellow": lk.colored("forklift yellow", (0.6, 0.34, 0.01), 0.4, clearcoat=0.7), "seat": lk.SEAT,
     "^body$": lk.PLASTIC, "^frame$": GREY, "^frame2$": lk.STEEL, "bumper": GREY},
    prepare=_forklift, parameters="van", changed="turned ahead, wheels split off, lamps added, recoloured, normals creased",
)  # fmt: skip


# --- farm tractor -------------------------------------------------------------------------------------------------------


def _lugged(radius: float, width: float, lugs: int) -> MeshData:
    """A wheel with slanting lugs about its middle; axle along y."""
    s = Sculpture()
    half, bead = width / 2, 0.62 * radius
    profile = [
        (bead, -0.42 * width),
        (bead + 0.02, -half),
        (0.86 * radius, -half),
        (0.95 * radius, -0.4 * width),
        (0.96 * radius, 0.0),
    ]
    tyre = lathe([*profile, *((r, -y) for r, y in reversed(profile[:-1]))], 32)
    lie = turn(-math.pi / 2, "x")
    s.add(outward(tyre, (0.0, 0.0, 0.0)), lk.TYRE, move=lie)
    disc = [
        (bead, -0.36 * width),
        (bead - 0.05, -0.3 * width),
        (0.4 * radius, -0.12 * width),
        (0.2 * radius, -0.2 * width),
        (0.0, -0.2 * width),
    ]
    s.add(lathe(disc, 24), RIM_YELLOW, move=lie)
    s.add(lathe([(r, -y) for r, y in disc], 24), RIM_YELLOW, move=lie)
    block = box((0.93 * radius, -half * 0.98, -0.035), (radius, 0.02, 0.035))
    skew = np.array([[1, 0, 0], [0, 1, 0], [0, 0.45, 1.0]])
    for k in range(lugs):
        for side in (1.0, -1.0):
            lug = block @ skew.T * [1, side, 1]
            lug = lug if side > 0 else lug[:, ::-1]
            s.add(lug, lk.TYRE, move=turn(math.tau * (k + 0.25 * side) / lugs, "y"))
    soup, materials = s.finish()
    return to_mesh(soup, materials, Semantic.TRUCK)


def _fender(x: float, y: float, radius: float, width: float, start: float, end: float) -> Floats:
    """A curved sheet over a wheel, with a skirt on its inner side."""
    a = np.linspace(start, end, 11)
    arc = np.stack([x + radius * np.cos(a), np.zeros(11), radius * np.sin(a)], 1)
    rows = [arc + [0, y - width / 2, 0.86], arc + [0, y + width / 2, 0.86]]
    return grid_faces(np.array(rows), closed=False)


def _tractor() -> Sculpture:
    s = Sculpture()
    nose = [(2.95, 0.30, 0.98, 1.5), (2.9, 0.36, 0.9, 1.6), (2.3, 0.4, 0.86, 1.68), (1.25, 0.43, 0.84, 1.74)]
    rings = np.array(
        [
            [(x, -w, lo), (x, -w, hi - 0.12), (x, -0.7 * w, hi), (x, 0.7 * w, hi), (x, w, hi - 0.12), (x, w, lo)]
            for x, w, lo, hi in nose
        ]
    )
    s.add(outward(grid_faces(rings), (2.0, 0.0, 1.25)), GREEN)
    fan = np.array([[rings[0][0], rings[0][i], rings[0][i + 1]] for i in range(1, 5)])
    s.add(outward(fan, (2.0, 0.0, 1.25)), lk.TRIM)
    for z in np.linspace(1.05, 1.4, 6):
        s.add(box((2.95, -0.26, z), (2.965, 0.26, z + 0.03)), GREY)
    s.add(box((-0.35, -0.28, 0.5), (2.75, 0.28, 0.92)), GREY)
    s.add(box((2.7, -0.3, 0.62), (3.12, 0.3, 0.88)), GREY)
    s.add(tube(np.array([[1.45, -0.47, 1.6], [1.45, -0.47, 2.55], [1.38, -0.47, 2.62]]), 0.05, 10), lk.STEEL)
    s.add(tube(np.array([[2.25, -0.62, 0.57], [2.25, 0.62, 0.57]]), 0.09, 8), GREY)
    s.add(tube(np.array([[0.0, -0.6, 0.86], [0.0, 0.6, 0.86]]), 0.17, 10), GREY)
    _cab(s)
    for y in (-0.83, 0.83):
        faces = _fender(0.0, y, 0.95, 0.5, 0.35, 2.5)
        s.add(outward(faces, (0.0, y, 0.8)), GREEN)
        s.add(box((0.55, y - 0.2, 0.55), (1.05, y + 0.12, 0.6)), GREY)
    for y in (-0.3, 0.3):
        s.add(tube(np.array([[-0.3, y, 0.7], [-1.15, 1.2 * y, 0.6]]), 0.04, 8), GREY)
    s.add(box((-0.75, -0.08, 0.42), (-0.3, 0.08, 0.5)), GREY)
    _tractor_lamps(s)
    return s


def _cab(s: Sculpture) -> None:
    """A glazed cab of four posts, with a seat and a wheel inside."""
    low = np.array([(-0.62, -0.62), (-0.62, 0.62), (1.22, 0.56), (1.22, -0.56)])
    high = np.array([(-0.55, -0.6), (-0.55, 0.6), (0.95, 0.58), (0.95, -0.58)])
    z0, z1 = 1.28, 2.6
    for k in range(4):
        n = (k + 1) % 4
        a, b = np.array([*low[k], z0]), np.array([*high[k], z1])
        c, d = np.array([*low[n], z0]), np.array([*high[n], z1])
        s.add(tube(np.array([a, b]), 0.045, 6), lk.TRIM)
        s.add(tube(np.array([a, c]), 0.035, 6), lk.TRIM)
        s.add(outward(np.array([[a, c, d], [a, d, b]]), (0.3, 0.0, 1.9)), lk.GLASS)
    s.add(box((-0.6, -0.6, 0.92), (1.2, 0.6, 1.28)), GREY)
    s.add(box((-0.72, -0.68, 2.58), (1.12, 0.68, 2.76)), GREEN)
    s.add(box((-0.66, -0.62, 2.76), (1.0, 0.62, 2.8)), GREEN)
    s.add(box((-0.25, -0.25, 1.28), (0.2, 0.25, 1.52)), lk.SEAT)
    s.add(box((-0.34, -0.25, 1.5), (-0.22, 0.25, 2.1)), lk.SEAT)
    ring = np.array(
        [
            [0.62 + 0.06 * math.sin(a), 0.2 * math.cos(a), 1.75 + 0.19 * math.sin(a)]
            for a in np.linspace(0, math.tau, 17)
        ]
    )
    s.add(tube(ring, 0.016, 6), lk.PLASTIC)
    s.add(tube(np.array([[0.9, 0.0, 1.4], [0.62, 0.0, 1.75]]), 0.03, 6), lk.PLASTIC)
    for y in (-0.78, 0.78):
        s.add(tube(np.array([[1.05, 0.75 * y, 2.3], [1.2, y, 2.25]]), 0.015, 5), lk.PLASTIC)
        s.add(box((1.17, y - 0.08, 2.0), (1.22, y + 0.08, 2.32)), lk.PLASTIC)


def _tractor_lamps(s: Sculpture) -> None:
    for y in (-0.2, 0.2):
        s.add(box((2.955, y - 0.1, 1.38), (2.985, y + 0.1, 1.48)), LAMP[Role.HEAD_LAMP])
    for y in (-0.85, 0.85):
        left = Role.INDICATOR_LEFT if y > 0 else Role.INDICATOR_RIGHT
        s.add(box((-0.93, y - 0.15, 1.36), (-0.87, y - 0.05, 1.44)), LAMP[Role.TAIL_LAMP])
        s.add(box((-0.93, y - 0.04, 1.36), (-0.87, y + 0.05, 1.44)), LAMP[Role.BRAKE_LAMP])
        s.add(box((-0.93, y + 0.06, 1.36), (-0.87, y + 0.15, 1.44)), LAMP[left])
        s.add(box((0.98, 0.72 * y - 0.05, 2.47), (1.03, 0.72 * y + 0.05, 2.55)), LAMP[left])
        s.add(box((1.1, 0.5 * y - 0.1, 2.62), (1.14, 0.5 * y + 0.1, 2.72)), lk.LENS)
    s.add(
        lathe([(0.06, 2.8), (0.06, 2.92), (0.04, 2.95), (0.0, 2.96)], 14),
        LAMP[Role.AMBER_BEACON],
        move=shift(-0.4, 0.45, 0),
    )


def build_tractor() -> None:
    """Write the farm tractor; its origin is under the rear axle."""
    soup, materials = _tractor().finish()
    pieces = [Piece("body", to_mesh(soup, materials, Semantic.TRUCK))]
    wheels = []
    for end, x, radius, width, y in (("front", 2.25, 0.57, 0.34, 0.74), ("rear", 0.0, 0.86, 0.48, 0.83)):
        mesh = _lugged(radius, width, 18 if end == "rear" else 16)
        for side, sign in (("left", 1.0), ("right", -1.0)):
            at = (x, sign * y, radius)
            pieces.append(Piece(f"{end}_{side}", mesh, "steered_wheel" if end == "front" else "wheel", at))
            wheels.append(Wheel(np.zeros(0, bool), np.array(at), 0.86))
    recipe = Recipe(
        "farm_tractor",
        "",
        ["farm_tractor"],
        "truck",
        Semantic.TRUCK,
        4800.0,
        "",
        {},
        parameters="tractor",
        changed="made by this project",
    )
    vehicles.finish(recipe, pieces, wheels, PROJECT)


# --- caravan ------------------------------------------------------------------------------------------------------------

OUTLINE = [(-2.35, 0.42), (-2.42, 0.75), (-2.42, 1.25), (-2.36, 1.95), (-2.2, 2.42), (-1.9, 2.56), (1.55, 2.56), (2.0, 2.4), (2.32,
     1.9), (2.48, 1.2),
           (2.5, 0.8), (2.38, 0.42)]  # fmt: skip
"""The caravan's side: ahead of its axle and height [m]."""
HALF = 1.08


def _caravan() -> Sculpture:
    s = Sculpture()
    middle = (0.0, 0.0, 1.5)
    edge = np.array([(x, z) for x, z in OUTLINE])
    inset = edge + (np.array([0.0, 1.5]) - edge) * 0.03
    ring = lambda points, y: np.stack([points[:, 0], np.full(len(points), y), points[:, 1]], 1)  # noqa: E731
    rings = np.array([ring(inset, -HALF), ring(edge, -HALF + 0.07), ring(edge, HALF - 0.07), ring(inset, HALF)])
    s.add(outward(grid_faces(rings), middle), CARAVAN)
    for y in (-HALF, HALF):
        side = ring(inset, y)
        center = np.array([0.0, y, 1.5])
        s.add(
            outward(np.array([[center, side[i], side[(i + 1) % len(side)]] for i in range(len(side))]), middle), CARAVAN
        )
        y0, y1 = sorted((y, y * 1.006))
        s.add(box((-2.34, y0, 0.78), (2.4, y1, 0.98)), BAND)
        for x0, x1 in ((-1.95, -0.85), (1.2, 1.95)):
            s.add(box((x0, y0, 1.35), (x1, y1, 2.0)), lk.TRIM)
            s.add(
                box((x0 + 0.05, *sorted((y, y * 1.012))[:1], 1.4), (x1 - 0.05, sorted((y, y * 1.012))[1], 1.95)),
                lk.PRIVACY,
            )
        arch = [(0.42 * math.cos(a), 0.34 + 0.42 * math.sin(a)) for a in np.linspace(0.1, math.pi - 0.1, 12)]
        fan = np.array(
            [
                [(0.0, y * 1.004, 0.36), (p[0], y * 1.004, p[1]), (q[0], y * 1.004, q[1])]
                for p, q in zip(arch, arch[1:], strict=False)
            ]
        )
        s.add(outward(fan, middle), lk.PLASTIC)
    s.add(box((0.44, -HALF - 0.006, 0.5), (1.1, -HALF, 2.2)), lk.LINE)
    s.add(box((0.46, -HALF - 0.016, 0.52), (1.08, -HALF, 2.18)), CARAVAN)
    s.add(box((0.58, -HALF - 0.022, 1.4), (0.96, -HALF, 1.95)), lk.PRIVACY)
    s.add(box((0.5, -HALF - 0.03, 1.15), (0.58, -HALF, 1.2)), lk.PLASTIC)
    _caravan_ends(s)
    return s


def _caravan_ends(s: Sculpture) -> None:
    """Windows ahead and behind, lamps, drawbar, jockey wheel, box for gas."""
    for (x0, za), (x1, zb) in (((-2.41, 1.45), (-2.36, 1.95)), ((2.45, 1.4), (2.34, 1.9))):
        out = 0.02 if x0 > 0 else -0.02
        quad = np.array([(x0 + out, -0.8, za), (x0 + out, 0.8, za), (x1 + out, 0.8, zb), (x1 + out, -0.8, zb)])
        s.add(outward(quad[[[0, 1, 2], [0, 2, 3]]], (0.0, 0.0, 1.5)), lk.PRIVACY)
    for y in (-0.9, 0.9):
        left = Role.INDICATOR_LEFT if y > 0 else Role.INDICATOR_RIGHT
        for z, role in ((0.62, Role.TAIL_LAMP), (0.73, Role.BRAKE_LAMP), (0.84, left)):
            s.add(box((-2.45, y - 0.09, z), (-2.39, y + 0.09, z + 0.09)), LAMP[role])
    plate = lk.atlas("plate", plate_picture(256, 56, "QC 512"), 0.4, role=Role.PLATE)
    faces = box((-2.45, -0.26, 0.62), (-2.42, 0.26, 0.73))
    share = (faces - faces.reshape(-1, 3).min(axis=0)) / np.ptp(faces.reshape(-1, 3), axis=0)
    s.add(faces, plate, np.stack([1.0 - share[..., 1], 1.0 - share[..., 2]], -1))
    s.add(box((-2.42, -1.0, 0.42), (-2.36, 1.0, 0.56)), lk.PLASTIC)
    for y in (-0.35, 0.35):
        s.add(tube(np.array([[2.3, y * 1.6, 0.45], [3.55, 0.0, 0.45]]), 0.04, 6), lk.STEEL)
    s.add(box((3.4, -0.07, 0.42), (3.85, 0.07, 0.54)), lk.PLASTIC)
    s.add(box((2.45, -0.62, 0.5), (2.95, 0.62, 1.05)), CARAVAN)
    s.add(tube(np.array([[3.3, 0.16, 0.12], [3.3, 0.16, 0.85]]), 0.03, 8), lk.STEEL)
    s.add(lathe([(0.1, -0.03), (0.1, 0.03)], 14), lk.TYRE, move=turn(math.pi / 2, "x", (3.3, 0.16, 0.1)))
    s.add(box((-2.3, -0.95, 0.36), (2.35, 0.95, 0.44)), GREY)
    s.add(box((-0.6, -0.35, 2.56), (0.2, 0.35, 2.63)), CARAVAN)


def _car_wheel(radius: float, width: float) -> MeshData:
    """A plain wheel about its middle; axle along y."""
    s = Sculpture()
    lie = turn(-math.pi / 2, "x")
    half = width / 2
    tyre = [
        (0.62 * radius, -half),
        (0.93 * radius, -half),
        (radius, -0.7 * half),
        (radius, 0.7 * half),
        (0.93 * radius, half),
        (0.62 * radius, half),
    ]
    s.add(outward(lathe(tyre, 28), (0.0, 0.0, 0.0)), lk.TYRE, move=lie)
    for sign in (1.0, -1.0):
        s.add(
            lathe(
                [(0.63 * radius, 0.9 * half * sign), (0.55 * radius, 0.6 * half * sign), (0.0, 0.75 * half * sign)], 20
            ),
            lk.RIM,
            move=lie,
        )
    soup, materials = s.finish()
    return to_mesh(soup, materials, Semantic.TRAILER)


def build_caravan() -> None:
    """Write the caravan; its origin is under its axle, its coupling 3.75 m ahead."""
    soup, materials = _caravan().finish()
    radius = 0.33
    wheel = _car_wheel(radius, 0.19)
    moved = [MeshData(wheel.vertices + np.array([0, y, 0], np.float32), wheel.triangles, wheel.normals, wheel.uvs, wheel.material,
         wheel.semantic, wheel.materials)
             for y in (0.98, -0.98)]  # fmt: skip
    pieces = [
        Piece("body", to_mesh(soup, materials, Semantic.TRAILER)),
        Piece("rear_axle", merge(moved), "wheel", (0.0, 0.0, radius)),
    ]
    wheels = [Wheel(np.zeros(0, bool), np.array([0.0, y, radius]), radius) for y in (0.98, -0.98)]
    recipe = Recipe(
        "caravan", "", ["caravan"], "trailer", Semantic.TRAILER, 1250.0, "", {}, coupler=3.75, parameters="trailer",
             changed="made by this project",
    )  # fmt: skip
    vehicles.finish(recipe, pieces, wheels, PROJECT)


ALL = {"farm_tractor": build_tractor, "caravan": build_caravan}
