"""Things that stand beside roads: lamps, posts, guard rails, signs, poles with wires, bins, benches, shelters, fences."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from sim.render.mesh import Light, Material, Role, Semantic, Surface
from sim.scenery.parts import Floats, MeshBuilder, plain, srgb, turn
from sim.types import Solid

UP = np.array([0.0, 0.0, 1.0])
STEEL = Material("galvanised steel", (0.42, 0.43, 0.43), 0.45, metallic=0.6, surface=Surface.METAL)
POST = plain("post, painted", srgb(86, 92, 90), Surface.METAL, 0.5)
DARK = plain("painted iron", srgb(40, 46, 44), Surface.METAL, 0.5)
WHITE = plain("white plastic", (0.62, 0.62, 0.6), Surface.NONE, 0.6)
BLACK = plain("black plastic", (0.02, 0.02, 0.02), Surface.NONE, 0.6)
WOOD = plain("wood", srgb(120, 92, 64), Surface.BARK, 0.9)
PALE_WOOD = plain("planed wood", srgb(150, 120, 84), Surface.NONE, 0.8)
STONE = plain("garden wall", (0.3, 0.28, 0.25), Surface.CONCRETE, 0.9)
BRICKWORK = plain("garden wall, brick", srgb(146, 84, 62), Surface.BRICK, 0.9)
GREEN = plain("bin", srgb(46, 66, 56), Surface.NONE, 0.5)
GREY_BIN = plain("wheelie bin", srgb(62, 64, 66), Surface.NONE, 0.5)
BROWN_BIN = plain("wheelie bin, brown", srgb(92, 62, 44), Surface.NONE, 0.5)
CABINET = plain("cabinet", srgb(128, 134, 128), Surface.NONE, 0.6)
WIRE = plain("wire", (0.02, 0.02, 0.02), Surface.NONE, 0.7)
REFLECTOR = Material("reflector", (0.55, 0.5, 0.4), 0.2, clearcoat=1.0)
LAMP_GLASS = Material("lamp", (0.6, 0.58, 0.52), 0.3, role=Role.STREET_LAMP)
PANE = Material("shelter glass", (0.6, 0.64, 0.62), 0.05, clearcoat=1.0, transmission=0.8)
POSTER = plain("poster", srgb(190, 120, 60), Surface.NONE, 0.6)
SIGN_BACK = plain("sign, back", (0.36, 0.37, 0.37), Surface.METAL, 0.5)

POLE, STATIC, FENCE, SIGN = (int(x) for x in (Semantic.POLE, Semantic.STATIC, Semantic.FENCE, Semantic.TRAFFIC_SIGN))
LAMP_INTENSITY = (7.8, 6.35, 4.2)
"""On the axis of a street lamp, in the sky's scale times m^2."""
LAMP_CONE = (0.7, 0.14)
"""Cosines of the angles from straight down up to which it shines in full and beyond which not at all: cut off 8 degrees below the
horizon, so that the lower storeys opposite are lit, ever less upwards, and nothing above the lamp."""


def street_lamps(builder: MeshBuilder, pos: Floats, yaw: npt.ArrayLike, height: float, arm: float) -> list[Light]:
    """Lamps at points (n, 3) whose arms reach out along ``yaw`` (n,); returns their lights."""
    pos = np.asarray(pos, float).reshape(-1, 3)
    out = turn(np.broadcast_to(yaw, len(pos)))[:, :, 0]
    top = pos + UP * height
    builder.solids.posts(Solid.LAMP_POST, pos, 0.085, height)
    builder.tubes(pos - UP * 0.3, pos + UP * 1.1, 0.085, POST, POLE, sides=10, cap=False)
    builder.tubes(pos + UP * 1.1, top, 0.07, POST, POLE, sides=10, end_radius=0.045, cap=False)
    tip = top + out * arm + UP * 0.18
    builder.tubes(top - UP * 0.02, tip, 0.04, POST, POLE, sides=8, end_radius=0.032)
    builder.boxes(tip + out * 0.2 - UP * 0.06, (0.62, 0.26, 0.1), yaw, POST, POLE)
    builder.boxes(tip + out * 0.2 - UP * 0.09, (0.5, 0.2, 0.03), yaw, LAMP_GLASS, POLE, bottom=True)
    head = tip + out * 0.2 - UP * 0.14
    return [
        Light(tuple(map(float, p)), (0.0, 0.0, -1.0), LAMP_INTENSITY, *LAMP_CONE)  # type: ignore[arg-type]
        for p in head
    ]


def delineators(builder: MeshBuilder, pos: Floats, yaw: Floats) -> None:
    """White posts with a black band and reflectors, facing along ``yaw``."""
    pos = np.asarray(pos, float).reshape(-1, 3)
    builder.boxes(pos - UP * 0.15, (0.1, 0.12, 0.85), yaw, WHITE, POLE)
    builder.boxes(pos + UP * 0.7, (0.104, 0.124, 0.22), yaw, BLACK, POLE)
    builder.boxes(pos + UP * 0.92, (0.1, 0.12, 0.08), yaw, WHITE, POLE)
    builder.boxes(pos + UP * 0.75, (0.112, 0.05, 0.16), yaw, REFLECTOR, POLE)


def guard_rail(builder: MeshBuilder, path: Floats, toward: Floats, spacing: float = 4.0) -> None:
    """A W-beam rail along points on the ground (n, 3), its face turned ``toward`` the road (n, 3)."""
    path, toward = np.asarray(path, float), np.asarray(toward, float)
    step = np.diff(path, axis=0)
    left = np.stack([-step[:, 1], step[:, 0]], 1)
    flip = float(np.sum(left[0] * toward[0, :2])) < 0
    depth = np.array([0.0, 0.08, 0.0, 0.08, 0.0, -0.012, -0.012])
    level = np.array([0.44, 0.5, 0.6, 0.7, 0.76, 0.76, 0.44])
    profile = np.stack([depth, level], 1)
    profile = profile if flip else profile[::-1]
    builder.solids.chain(Solid.GUARD_RAIL, path - toward * 0.02, 0.2, 0.76)
    builder.sweep(path, toward, profile, STEEL, int(Semantic.GUARD_RAIL))
    s = np.concatenate([[0.0], np.cumsum(np.linalg.norm(step, axis=1))])
    at = np.arange(0.5, s[-1], spacing)
    foot = np.stack([np.interp(at, s, path[:, k]) for k in range(3)], 1)
    face = np.stack([np.interp(at, s, toward[:, k]) for k in range(3)], 1)
    yaw = np.arctan2(face[:, 1], face[:, 0])
    builder.boxes(foot - face * 0.07 - UP * 0.4, (0.1, 0.06, 1.14), yaw, STEEL, int(Semantic.GUARD_RAIL))


def concrete_barrier(builder: MeshBuilder, path: Floats, left: Floats, height: float = 0.81) -> None:
    """A New Jersey barrier along points on the ground."""
    k = height / 0.81
    half = np.array([(0.3, -0.2), (0.3, 0.08), (0.12, 0.33), (0.08, 0.81)]) * [1.0, k]
    profile = np.concatenate([half, (half * [-1.0, 1.0])[::-1]])
    builder.solids.chain(Solid.BARRIER, path, 0.24, height)  # as wide as its upper part: wheels climb its foot
    concrete = plain("barrier", (0.36, 0.355, 0.34), Surface.CONCRETE, 0.9)
    builder.sweep(np.asarray(path, float), np.asarray(left, float), profile[::-1], concrete, int(Semantic.WALL))


def utility_line(builder: MeshBuilder, pos: Floats, yaw: Floats, height: float = 8.0) -> None:
    """Wooden poles with crossbars, and three wires that sag between them."""
    pos = np.asarray(pos, float).reshape(-1, 3)
    builder.solids.posts(Solid.POLE, pos, 0.13, height)
    builder.tubes(pos - UP * 0.5, pos + UP * height, 0.14, WOOD, POLE, sides=8, end_radius=0.1)
    builder.boxes(pos + UP * (height - 0.7), (0.1, 1.8, 0.12), yaw, WOOD, POLE, bottom=True)
    side = turn(yaw)[:, :, 1]
    for offset in (-0.8, 0.0, 0.8):
        hook = pos + side * offset + UP * (height - 0.5 + (0.45 if offset == 0.0 else 0.0))
        builder.tubes(hook - UP * 0.08, hook + UP * 0.1, 0.04, WHITE, POLE, sides=5)
        f = np.linspace(0.0, 1.0, 8)[None, :, None]
        span = hook[:-1, None] * (1 - f) + hook[1:, None] * f
        length = np.linalg.norm(hook[1:] - hook[:-1], axis=1)
        span[..., 2] -= 4.0 * (f * (1 - f))[..., 0] * (0.018 * length)[:, None]
        builder.tubes(span[:, :-1].reshape(-1, 3), span[:, 1:].reshape(-1, 3), 0.012, WIRE, POLE, sides=3, cap=False)


def bins(builder: MeshBuilder, pos: Floats, yaw: npt.ArrayLike) -> None:
    """Litter bins on posts."""
    pos = np.asarray(pos, float).reshape(-1, 3)
    builder.tubes(pos, pos + UP * 1.1, 0.03, DARK, STATIC, sides=6)
    builder.boxes(pos + UP * 0.35 + turn(yaw)[..., :, 0] * 0.17, (0.28, 0.36, 0.55), yaw, GREEN, STATIC, bottom=True)


def wheelie_bins(builder: MeshBuilder, pos: Floats, yaw: float, kinds: npt.NDArray[np.integer]) -> None:
    """Household bins on two wheels, at points (n, 3); ``kinds`` picks the colour."""
    pos = np.asarray(pos, float).reshape(-1, 3)
    for kind, material in enumerate((GREY_BIN, GREEN, BROWN_BIN)):
        at = pos[kinds == kind]
        if len(at):
            builder.boxes(at + UP * 0.06, (0.5, 0.46, 0.88), yaw, material, STATIC, bottom=True)
            builder.boxes(at + UP * 0.94, (0.58, 0.52, 0.09), yaw, material, STATIC, bottom=True)
            back = turn(yaw)[:, 0] * -0.22
            side = turn(yaw)[:, 1] * 0.2
            for s in (-1.0, 1.0):
                hub = at + back + s * side + UP * 0.1
                builder.tubes(hub, hub + turn(yaw)[:, 1] * 0.06 * s, 0.1, BLACK, STATIC, sides=8)


def bench(builder: MeshBuilder, pos: Floats, yaw: float) -> None:
    """A park bench that looks along ``yaw``."""
    pos = np.asarray(pos, float)
    rot = turn(yaw)
    for depth in (-0.18, -0.02, 0.14):
        builder.boxes(pos + rot @ [depth, 0, 0.42], (0.13, 1.7, 0.04), yaw, PALE_WOOD, STATIC, bottom=True)
    for level in (0.6, 0.75):
        builder.boxes(pos + rot @ [-0.27, 0, level], (0.04, 1.7, 0.11), yaw, PALE_WOOD, STATIC, bottom=True)
    for side in (-0.7, 0.7):
        builder.boxes(pos + rot @ [-0.03, side, 0.0], (0.42, 0.07, 0.42), yaw, DARK, STATIC)
        builder.boxes(pos + rot @ [-0.27, side, 0.0], (0.05, 0.07, 0.86), yaw, DARK, STATIC)


def bollards(builder: MeshBuilder, pos: Floats) -> None:
    """Iron bollards."""
    pos = np.asarray(pos, float).reshape(-1, 3)
    builder.solids.posts(Solid.OBJECT, pos, 0.055, 0.92)
    builder.tubes(pos - UP * 0.1, pos + UP * 0.82, 0.055, DARK, POLE, sides=8)
    builder.tubes(pos + UP * 0.82, pos + UP * 0.92, 0.07, DARK, POLE, sides=8, end_radius=0.03)


def cabinet(builder: MeshBuilder, pos: Floats, yaw: float) -> None:
    """A telecom cabinet against a wall."""
    builder.solids.boxes(Solid.OBJECT, pos, (0.32, 1.05, 1.27), yaw)
    builder.boxes(pos, (0.36, 1.1, 0.12), yaw, STONE, STATIC)
    builder.boxes(np.asarray(pos) + UP * 0.12, (0.32, 1.05, 1.1), yaw, CABINET, STATIC)
    builder.boxes(np.asarray(pos) + UP * 1.22, (0.38, 1.12, 0.05), yaw, CABINET, STATIC, bottom=True)


def bus_shelter(builder: MeshBuilder, pos: Floats, yaw: float) -> None:
    """A shelter open along ``yaw``, with a bench, a poster and the stop's flag."""
    pos = np.asarray(pos, float)
    rot = turn(yaw)
    for x, y in ((-0.65, -1.9), (-0.65, 1.9), (0.55, -1.9), (0.55, 1.9)):
        foot = pos + rot @ [x, y, 0.0]
        builder.tubes(foot - UP * 0.1, foot + UP * 2.35, 0.04, DARK, STATIC, sides=6, cap=False)
    builder.boxes(pos + UP * 2.35, (1.7, 4.2, 0.12), yaw, DARK, STATIC, bottom=True)
    builder.boxes(pos + rot @ [-0.65, 0.0, 0.25], (0.02, 3.7, 1.9), yaw, PANE, STATIC)
    builder.boxes(pos + rot @ [-0.05, -1.9, 0.25], (1.1, 0.06, 1.9), yaw, POSTER, STATIC)
    builder.boxes(pos + rot @ [-0.4, 0.2, 0.45], (0.35, 2.4, 0.05), yaw, PALE_WOOD, STATIC, bottom=True)
    for y in (-0.8, 1.2):
        builder.boxes(pos + rot @ [-0.4, y, 0.0], (0.08, 0.08, 0.45), yaw, DARK, STATIC)
    flag = pos + rot @ [0.55, 3.2, 0.0]
    builder.tubes(flag - UP * 0.1, flag + UP * 2.9, 0.035, POST, POLE, sides=8)
    builder.boxes(
        flag + UP * 2.4, (0.04, 0.45, 0.45), yaw + math.pi / 2, plain("bus stop", srgb(214, 180, 40)), SIGN, bottom=True
    )


def advertising_column(builder: MeshBuilder, pos: Floats, rng: np.random.Generator) -> None:
    """A round column with posters."""
    pos = np.asarray(pos, float)
    builder.solids.posts(Solid.OBJECT, pos, 0.6, 2.9)
    builder.tubes(pos, pos + UP * 2.9, 0.6, STONE, STATIC, sides=20)
    builder.tubes(pos + UP * 2.9, pos + UP * 3.2, 0.7, DARK, STATIC, sides=20, end_radius=0.25)
    angle = np.arange(6) * math.tau / 6
    for k, a in enumerate(angle):
        color = srgb(*(int(c) for c in rng.integers(40, 220, 3)))
        out = turn(a)[:, 0]
        builder.boxes(
            pos + out * 0.58 + UP * rng.uniform(0.6, 0.9), (0.06, 0.5, 1.5), a, plain(f"poster {k}", color), STATIC
        )


def wall_along(
    builder: MeshBuilder, path: Floats, height: float, thickness: float, material: Material, coping: bool = True
) -> None:
    """A garden wall along points on the ground (n, 3)."""
    path = np.asarray(path, float)
    left = _left_of(path)
    t = thickness / 2
    builder.solids.chain(Solid.WALL, path, thickness, height)
    body = np.array([(t, -0.4), (t, height), (-t, height), (-t, -0.4)])
    builder.sweep(path, left, body[::-1], material, int(Semantic.WALL), closed=True)
    if coping:
        c = t + 0.04
        cap = np.array([(c, height), (c, height + 0.06), (-c, height + 0.06), (-c, height)])
        builder.sweep(path, left, cap[::-1], STONE, int(Semantic.WALL), closed=True)


def fence_along(
    builder: MeshBuilder, path: Floats, height: float, material: Material, *, slats: bool, gap: float = 0.14
) -> None:
    """A fence along points on the ground: posts, two rails and slats, or posts and wires."""
    path = np.asarray(path, float)
    s = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1))])

    def at(x: Floats) -> tuple[Floats, Floats]:
        points = np.stack([np.interp(x, s, path[:, k]) for k in range(3)], 1)
        ahead = np.stack([np.interp(x + 0.05, s, path[:, k]) - np.interp(x - 0.05, s, path[:, k]) for k in range(2)], 1)
        return points, np.arctan2(ahead[:, 1], ahead[:, 0])

    posts, yaw = at(np.linspace(0.0, s[-1], max(2, int(s[-1] / 2.4) + 1)))
    builder.boxes(posts - UP * 0.3, (0.09, 0.09, height + 0.35), yaw, material, FENCE)
    levels = (0.3, height - 0.2) if slats else (0.35, 0.65, 0.95, height - 0.05)
    for level in levels:
        if slats:
            middle = (posts[1:] + posts[:-1]) / 2 + UP * level
            length = np.linalg.norm(np.diff(posts, axis=0), axis=1)
            size = np.stack([length, np.full_like(length, 0.03), np.full_like(length, 0.08)], 1)
            builder.boxes(middle, size, yaw[:-1], material, FENCE, bottom=True)
        else:
            builder.tubes(posts[:-1] + UP * level, posts[1:] + UP * level, 0.008, WIRE, FENCE, sides=3, cap=False)
    if slats:
        boards, turned = at(np.arange(0.1, s[-1], gap))
        side = _left_of(path)[0] * 0.03
        builder.boxes(boards + side + UP * 0.08, (0.09, 0.02, height - 0.08), turned, material, FENCE)


def _left_of(path: Floats) -> Floats:
    step = np.gradient(path[:, :2], axis=0)
    step /= np.maximum(np.linalg.norm(step, axis=1, keepdims=True), 1e-9)
    return np.stack([-step[:, 1], step[:, 0], np.zeros(len(path))], 1)
