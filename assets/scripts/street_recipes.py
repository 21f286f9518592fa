"""Recipes of street furniture and works equipment: signal, lamp, barriers, beacon, bollard, triangle, bin, hydrant."""

from __future__ import annotations

import math

import cv2  # noqa: TID253
import looks as lk
import numpy as np
import numpy.typing as npt
from prop_recipes import ORANGE, WHITE_BAND
from props import Prop, Sculpture, shift, turn
from sh3f import Soup
from shape import box, grid_faces, lathe, tube

from sim.render.mesh import Material, Role, Semantic, Surface
from sim.scenery.furniture import LAMP_CONE, LAMP_INTENSITY

HOUSING = lk.colored("signal housing", (0.014, 0.017, 0.016), 0.5)
BOARD = lk.colored("backboard", (0.01, 0.011, 0.011), 0.7)
GALVANISED = lk.colored("galvanised steel", (0.38, 0.39, 0.4), 0.5, metallic=0.6, surface=Surface.METAL)
OBSTACLE = Semantic.OBSTACLE
RUBBER_FOOT = lk.colored("recycled rubber", (0.03, 0.03, 0.03), 0.95, surface=Surface.RUBBER)
BIN_BODY = lk.colored("bin", (0.035, 0.04, 0.042), 0.6)


def _lens(role: Role, color: tuple[float, float, float]) -> Material:
    """A ribbed lens, dull when off."""
    n = 96
    y, x = np.mgrid[0:n, 0:n] / (n - 1) * 2 - 1
    r = np.hypot(x, y)
    facets = 0.72 + 0.28 * np.abs(np.sin(x * 22)) * np.abs(np.sin(y * 22))
    shade = facets * np.clip(1.15 - 0.55 * r, 0.2, 1.0)
    image = np.full((n, n, 4), 255, np.uint8)
    image[..., :3] = np.clip(shade * 255, 0, 255)[..., None]
    return Material(f"lens, {role.name.lower()}", color, 0.2, clearcoat=1.0, texture=image, role=role)


LENSES = [
    _lens(Role.SIGNAL_RED, (0.16, 0.012, 0.01)),
    _lens(Role.SIGNAL_AMBER, (0.17, 0.08, 0.01)),
    _lens(Role.SIGNAL_GREEN, (0.012, 0.12, 0.065)),
]


def _disc(radius: float, depth: float, n: int = 24) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """A dome that looks along +x and its texture coordinates."""
    angle = np.arange(n) * (math.tau / n)
    rings, uv = [], []
    for share in (1.0, 0.66, 0.33, 0.0):
        rings.append(
            np.stack(
                [np.full(n, depth * (1 - share**2)), share * radius * np.cos(angle), share * radius * np.sin(angle)], 1
            )
        )
        uv.append(np.stack([0.5 + 0.5 * share * np.cos(angle), 0.5 - 0.5 * share * np.sin(angle), np.zeros(n)], 1))
    return grid_faces(np.array(rings)), grid_faces(np.array(uv))[..., :2]


def _head(s: Sculpture, z: float) -> None:
    """Three aspects, visors and backboard; the lower edge at a height ``z``, lenses look along +x."""
    cell = 0.3
    s.add(box((-0.2, -0.29, z - 0.13), (-0.19, 0.29, z + 3 * cell + 0.13)), BOARD)
    low, high = z - 0.13, z + 3 * cell + 0.13
    frame = [((-0.29, low), (0.29, low + 0.03)), ((-0.29, high - 0.03), (0.29, high)),
             ((-0.29, low + 0.03), (-0.26, high - 0.03)), ((0.26, low + 0.03), (0.29, high - 0.03))]  # fmt: skip
    for (y0, z0), (y1, z1) in frame:
        s.add(box((-0.192, y0, z0), (-0.185, y1, z1)), WHITE_BAND)
    faces, uv = _disc(0.1, 0.022)
    arc = np.linspace(-0.12 * math.pi, 1.12 * math.pi, 19)
    for k in range(3):
        middle = z + (2.5 - k) * cell
        s.add(box((-0.18, -0.145, middle - 0.146), (0.0, 0.145, middle + 0.146)), HOUSING)
        s.add(faces, LENSES[k], uv, shift(0.002, 0, middle))
        rim = np.array(
            [
                [[0.001, r * math.cos(a), middle + r * math.sin(a)] for a in np.linspace(0, math.tau, 25)]
                for r in (0.122, 0.1)
            ]
        )
        s.add(grid_faces(rim, closed=False), HOUSING)
        for r, order in ((0.122, 1), (0.117, -1)):
            reach = 0.21 * (0.62 + 0.38 * np.sin(arc))
            near = np.stack([np.zeros(len(arc)), r * np.cos(arc), middle + r * np.sin(arc)], 1)
            far = near + np.stack([reach, 0 * arc, 0 * arc - 0.01], 1)
            s.add(grid_faces(np.array([near, far]), closed=False)[:, ::order], HOUSING)


def _signal() -> tuple[Soup, list[Material]]:
    """A three-aspect signal on a post."""
    s = Sculpture()
    post = -0.3
    s.add(
        lathe([(0.16, 0.0), (0.16, 0.02), (0.085, 0.03), (0.085, 0.9), (0.06, 0.92), (0.06, 3.45), (0.0, 3.47)], 16),
        GALVANISED,
        move=shift(post, 0, 0),
    )
    for level in (2.5, 3.2):
        s.add(tube(np.array([[post, 0, level], [-0.18, 0, level]]), 0.02, 8), GALVANISED)
    _head(s, 2.4)
    return s.finish()


def _lamp() -> tuple[Soup, list[Material]]:
    """A street lamp of 7.5 m; its arm reaches along +x."""
    s = Sculpture()
    s.add(lathe([(0.19, 0.0), (0.19, 0.02), (0.1, 0.03), (0.1, 1.2), (0.07, 1.3), (0.045, 7.2)], 14), GALVANISED)
    bend = np.array([[0.25 * (1 - math.cos(a)), 0.0, 7.2 + 0.25 * math.sin(a)] for a in np.linspace(0, 1.45, 7)])
    arm = np.concatenate([bend, bend[-1:] + np.array([[0.9, 0.0, 0.11]])])
    s.add(tube(arm, np.linspace(0.045, 0.034, len(arm)), 10), GALVANISED)
    tip = arm[-1]
    outline = [(-0.05, 0.05), (0.1, 0.11), (0.4, 0.14), (0.62, 0.11), (0.7, 0.04)]
    rings = [[(tip[0] + x, y, tip[2] + z) for y, z in ((-w, -0.05), (-w, 0.0), (-0.5 * w, 0.06), (0.5 * w, 0.06), (w, 0.0), (w, -0.05))]
             for x, w in outline]  # fmt: skip
    rings = [[rings[0][0]] * 6, *rings, [rings[-1][0]] * 6]
    faces = grid_faces(np.array(rings, float))
    size = np.linalg.norm(np.cross(faces[:, 1] - faces[:, 0], faces[:, 2] - faces[:, 0]), axis=1)
    s.add(faces[size > 1e-9], lk.colored("lamp head", (0.25, 0.26, 0.26), 0.4))
    glass = Material("lamp glass", (0.6, 0.58, 0.52), 0.3, role=Role.STREET_LAMP)
    s.add(box((tip[0] + 0.12, -0.1, tip[2] - 0.07), (tip[0] + 0.6, 0.1, tip[2] - 0.048)), glass)
    return s.finish()


def stripes(width: int, height: int, slant: float, period: float) -> npt.NDArray[np.uint8]:
    """Slanting red and white bands of a works board, sRGB with alpha."""
    k = 4
    y, x = np.mgrid[0 : height * k, 0 : width * k] / k
    red = ((x + slant * y) / period) % 1.0 < 0.5
    image = np.full((height * k, width * k, 4), 255, np.uint8)
    image[..., :3] = np.where(red[..., None], (190, 26, 24), (226, 226, 222))
    return cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)


def facing(lower: tuple[float, float, float], upper: tuple[float, float, float]) -> tuple[np.ndarray, np.ndarray]:
    """A box and texture coordinates that lay a picture over its faces along x."""
    faces = box(lower, upper)
    lo, hi = np.array(lower), np.array(upper)
    share = (faces - lo) / np.maximum(hi - lo, 1e-9)
    return faces, np.stack([share[..., 1], 1.0 - share[..., 2]], -1)


def _beacon() -> tuple[Soup, list[Material]]:
    """A guide board of road works, in its rubber foot."""
    s = Sculpture()
    board = lk.atlas("red and white board", stripes(64, 256, 1.0, 64.0), 0.4)
    s.add(box((-0.4, -0.2, 0.0), (0.4, 0.2, 0.06)), RUBBER_FOOT)
    s.add(box((-0.3, -0.13, 0.06), (0.3, 0.13, 0.11)), RUBBER_FOOT)
    s.add(box((-0.02, -0.02, 0.1), (0.02, 0.02, 0.25)), GALVANISED)
    faces, uv = facing((-0.015, -0.125, 0.22), (0.015, 0.125, 1.22))
    s.add(faces, board, uv)
    return s.finish()


def _barrier() -> tuple[Soup, list[Material]]:
    """A plastic barrier that stands across a lane: red and white, water filled."""
    s = Sculpture()
    profile = [
        (-0.25, 0.0),
        (-0.25, 0.16),
        (-0.13, 0.36),
        (-0.09, 0.78),
        (-0.06, 0.8),
        (0.06, 0.8),
        (0.09, 0.78),
        (0.13, 0.36),
        (0.25, 0.16),
        (0.25, 0.0),
    ]
    for k, y in enumerate((-1.0, 0.0)):
        material = (ORANGE, WHITE_BAND)[k]
        a, b = y + 0.008, y + 0.992
        inset = [(x * 0.96, z * 0.985 + 0.004) for x, z in profile]
        rings = [
            [(x, a, z) for x, z in inset],
            [(x, a + 0.02, z) for x, z in profile],
            [(x, b - 0.02, z) for x, z in profile],
            [(x, b, z) for x, z in inset],
        ]
        s.add(grid_faces(np.array(rings, float), closed=False), material)
        for end, order in ((rings[0], -1), (rings[-1], 1)):
            ring = np.array(end, float)
            fan = np.array([[ring[0], ring[i], ring[i + 1]] for i in range(1, len(ring) - 1)])
            s.add(fan[:, ::order], material)
        for hole in (-0.25, 0.25):
            for x in (-0.24, 0.24):
                s.add(box((x - 0.02, y + 0.5 + hole - 0.12, 0.02), (x + 0.02, y + 0.5 + hole + 0.12, 0.11)), lk.PLASTIC)
        s.add(lathe([(0.04, 0.79), (0.04, 0.815), (0.0, 0.82)], 12), lk.PLASTIC, move=shift(0, y + 0.5, 0))
    return s.finish()


def _board() -> tuple[Soup, list[Material]]:
    """A works barrier: one striped plank across, on two feet."""
    s = Sculpture()
    plank = lk.atlas("striped plank", stripes(512, 48, 1.0, 64.0), 0.4)
    faces, uv = facing((-0.02, -1.0, 0.75), (0.02, 1.0, 1.0))
    s.add(faces, plank, uv)
    for y in (-0.8, 0.8):
        s.add(box((-0.025, y - 0.025, 0.06), (0.025, y + 0.025, 1.02)), GALVANISED)
        s.add(box((-0.4, y - 0.12, 0.0), (0.4, y + 0.12, 0.08)), RUBBER_FOOT)
        lens = lathe([(0.0, 0.0), (0.09, 0.0), (0.09, 0.03), (0.0, 0.045)], 18)
        amber = lk.lamp(Role.WARNING_LAMP, (0.6, 0.24, 0.02))
        s.add(lens, amber, move=turn(math.pi / 2, "y", (0.01, y, 1.12)))
        s.add(lens, amber, move=turn(-math.pi / 2, "y", (-0.01, y, 1.12)))
        s.add(box((-0.03, y - 0.06, 1.0), (0.03, y + 0.06, 1.06)), lk.PLASTIC)
    return s.finish()


def _bollard() -> tuple[Soup, list[Material]]:
    """A cast-iron bollard with a white band."""
    s = Sculpture()
    iron = lk.colored("painted iron", (0.02, 0.022, 0.022), 0.45, surface=Surface.METAL)
    s.add(lathe([(0.09, 0.0), (0.09, 0.06), (0.065, 0.1), (0.06, 0.7)], 20), iron)
    s.add(lathe([(0.0605, 0.7), (0.0605, 0.8)], 20), WHITE_BAND)
    s.add(
        lathe([(0.06, 0.8), (0.06, 0.86), (0.072, 0.88), (0.072, 0.91), (0.06, 0.95), (0.035, 0.98), (0.0, 0.99)], 20),
        iron,
    )
    return s.finish()


def _triangle() -> tuple[Soup, list[Material]]:
    """A warning triangle, set up; it faces along -x."""
    s = Sculpture()
    red = lk.colored("reflecting red", (0.55, 0.02, 0.012), 0.25, clearcoat=1.0, emission=(0.02, 0.0, 0.0))
    glow = lk.colored("fluorescent", (0.75, 0.16, 0.03), 0.6)
    h = 0.43
    corners = np.array([[0, -0.25, 0.03], [0, 0.25, 0.03], [0, 0.0, 0.03 + h]])
    centre = corners.mean(axis=0)

    def frame(outer: float, inner: float, x: float, material: Material) -> None:
        rings = [centre + (corners - centre) * k for k in (outer, inner)]
        for i in range(3):
            j = (i + 1) % 3
            a, b, c, d = rings[0][i], rings[0][j], rings[1][j], rings[1][i]
            quad = np.array([[a, b, c], [a, c, d]])
            thick = np.array([x, 0, 0])
            s.add(quad + thick, material)
            s.add(quad[:, ::-1] - thick, material)
            for p, q in ((a, b), (c, d)):
                s.add(np.array([[p + thick, p - thick, q - thick], [p + thick, q - thick, q + thick]]), material)

    frame(1.0, 0.72, 0.006, red)
    frame(0.72, 0.5, 0.005, glow)
    for y in (-0.2, 0.2):
        s.add(tube(np.array([[-0.14, y, 0.006], [0.0, y * 0.9, 0.035], [0.14, y, 0.006]]), 0.005, 6), lk.STEEL)
    return s.finish()


ALL = [
    Prop("signal", ["signal", "traffic_light"], Semantic.TRAFFIC_LIGHT, 150.0, make=_signal, category="pole"),
    Prop("street_lamp", ["lamp", "street_lamp"], Semantic.POLE, 180.0, make=_lamp, category="streetlamp",
         lights=[{"role": "street_lamp", "pos": [0.76, 0.0, 7.4], "direction": [0.0, 0.0, -1.0], "intensity": list(LAMP_INTENSITY),
                  "inner": round(math.acos(LAMP_CONE[0]), 3), "outer": round(math.acos(LAMP_CONE[1]), 3)}]),
    Prop("beacon", ["beacon"], OBSTACLE, 30.0, make=_beacon, category="barrier"),
    Prop("barrier", ["barrier"], OBSTACLE, 40.0, make=_barrier, category="barrier"),
    Prop("works_board", ["barrier", "works_board"], OBSTACLE, 60.0, make=_board, category="barrier"),
    Prop("bollard", ["bollard"], Semantic.STATIC, 60.0, make=_bollard, category="pole"),
    Prop("triangle", ["triangle"], OBSTACLE, 1.2, make=_triangle),
    Prop("wheelie_bin", ["bin"], Semantic.STATIC, 14.0, source="katorlegaz/residential-trashcan", thin=0.13, size=(0.73, 0.58, 1.07),
         looks={"green": BIN_BODY, "METAL": lk.STEEL, "black": lk.PLASTIC}, changed="stretched, thinned out, recoloured, normals creased"),
    Prop("hydrant", ["hydrant"], Semantic.STATIC, 60.0, source="katorlegaz/fire-hydrant", thin=0.08,
         looks={"red": lk.colored("hydrant red", (0.42, 0.02, 0.014), 0.4, clearcoat=0.5)},
         changed="thinned out, recoloured, normals creased"),
]  # fmt: skip
