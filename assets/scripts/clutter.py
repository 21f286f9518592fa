"""Shapes of street furniture, works equipment and lost things; their recipes stand in `clutter_recipes`."""

from __future__ import annotations

import math

import cv2  # noqa: TID253
import looks as lk
import numpy as np
import numpy.typing as npt
from prop_recipes import RUBBER
from props import Sculpture, turn
from sh3f import Soup
from shape import box, grid_faces, lathe, outward, tube
from street_recipes import GALVANISED, facing, stripes

from sim.render.mesh import Material, Role, Surface

CONCRETE = lk.colored("concrete", (0.36, 0.35, 0.33), 0.9, surface=Surface.CONCRETE)
WOOD = lk.colored("slats", (0.26, 0.15, 0.075), 0.7)
IRON = lk.colored("painted iron", (0.02, 0.024, 0.022), 0.45)
REFLECTOR = lk.colored("reflector", (0.75, 0.5, 0.05), 0.2, clearcoat=1.0)
WARNING = lk.lamp(Role.WARNING_LAMP, (0.6, 0.24, 0.02))
WIRE = lk.colored("zinc wire", (0.5, 0.51, 0.52), 0.35, metallic=0.9)
BLUE_SHEET = lk.colored("tarpaulin", (0.02, 0.1, 0.32), 0.5, surface=Surface.CLOTH)
Built = tuple[Soup, list[Material]]


def _w_profile() -> npt.NDArray[np.float64]:
    """Section of a W-beam, about its middle: depth and height [m] (31 cm high, EN 1317's usual rail)."""
    return np.array([(0.0, -0.155), (0.02, -0.15), (0.075, -0.11), (0.082, -0.085), (0.075, -0.06), (0.02, -0.02), (0.015, 0.0), (0.02,
         0.02),
                     (0.075, 0.06), (0.082, 0.085), (0.075, 0.11), (0.02, 0.15), (0.0, 0.155)])  # fmt: skip


def guard_rail() -> Built:
    """Four metres of W-beam on posts; it faces +x and runs along y."""
    s = Sculpture()
    section = _w_profile()
    rings = np.array([[(d, y, 0.6 + z) for d, z in section] for y in (-2.0, 2.0)])
    faces = grid_faces(rings, closed=False)
    s.add(faces[:, ::-1], GALVANISED)
    s.add(faces - [0.003, 0.0, 0.0], GALVANISED)
    for y in (-1.5, 0.0, 1.5):
        s.add(box((-0.15, y - 0.05, 0.0), (-0.09, y + 0.05, 0.78)), GALVANISED)
        s.add(box((-0.09, y - 0.04, 0.5), (0.005, y + 0.04, 0.7)), GALVANISED)
    s.add(box((0.083, -0.06, 0.65), (0.09, 0.06, 0.71)), REFLECTOR)
    return s.finish()


def crowd_barrier() -> Built:
    """A steel barrier of 2.3 m on flat feet, along y."""
    s = Sculpture()
    frame = np.array(
        [
            [0, -1.15, 0.2],
            [0, -1.15, 0.95],
            [0, -1.0, 1.1],
            [0, 1.0, 1.1],
            [0, 1.15, 0.95],
            [0, 1.15, 0.2],
            [0, -1.15, 0.2],
        ]
    )
    s.add(tube(frame, 0.019, 8), GALVANISED)
    for y in np.linspace(-1.0, 1.0, 15):
        s.add(tube(np.array([[0, y, 0.2], [0, y, 1.09]]), 0.008, 5), GALVANISED)
    for y in (-0.85, 0.85):
        s.add(tube(np.array([[-0.3, y, 0.02], [0, y, 0.05], [0.3, y, 0.02]]), 0.019, 6), GALVANISED)
        s.add(tube(np.array([[0, y, 0.03], [0, y, 0.22]]), 0.019, 6), GALVANISED)
    return s.finish()


def delineator() -> Built:
    """A post of the verge with a black slanting band and reflectors."""
    s = Sculpture()
    white = lk.colored("post", (0.7, 0.7, 0.68), 0.5)
    a = np.linspace(0, math.tau, 13)[:-1]
    ring = lambda z, dz: np.stack([0.06 * np.cos(a), 0.05 * np.sin(a), z + dz * np.cos(a) * 0.05], 1)  # noqa: E731
    levels = [(0.0, 0.0), (0.62, 0.8), (0.82, 0.8), (1.0, 0.8)]
    for (z0, d0), (z1, d1), look in zip(levels, levels[1:], (white, lk.PLASTIC, white), strict=False):
        s.add(grid_faces(np.array([ring(z0, d0), ring(z1, d1)])), look)
    top = ring(1.0, 0.8)
    s.add(np.array([[top.mean(axis=0), top[i], top[(i + 1) % 12]] for i in range(12)]), white)
    for x in (-1.0, 1.0):
        s.add(box((min(0.058 * x, 0.064 * x), -0.02, 0.66), (max(0.058 * x, 0.064 * x), 0.02, 0.8)), REFLECTOR)
    return s.finish()


def jersey() -> Built:
    """A concrete barrier of 2 m with New Jersey's slopes; it runs along y."""
    s = Sculpture()
    half = [(0.305, 0.0), (0.305, 0.075), (0.18, 0.255), (0.09, 0.79), (0.075, 0.81)]
    outline = np.array([*half, *((-x, z) for x, z in reversed(half))])
    rings = np.array([[(x, y, z) for x, z in outline] for y in (-1.0, 1.0)])
    s.add(outward(grid_faces(rings), (0.0, 0.0, 0.2)), CONCRETE)
    for ring in rings:
        middle = ring.mean(axis=0)
        fan = np.array([[middle, ring[i], ring[(i + 1) % len(ring)]] for i in range(len(ring))])
        s.add(outward(fan, (0.0, 0.0, 0.2)), CONCRETE)
    return s.finish()


def barricade() -> Built:
    """Three striped boards on skids with two flashing lamps: type III of the MUTCD."""
    s = Sculpture()
    boards = lk.atlas("slanting stripes", stripes(512, 42, 1.0, 64.0), 0.4)
    for z in (0.42, 0.88, 1.34):
        faces, uv = facing((-0.02, -1.2, z), (0.02, 1.2, z + 0.2))
        s.add(faces, boards, uv)
    for y in (-0.9, 0.9):
        s.add(box((-0.07, y - 0.025, 0.05), (-0.02, y + 0.025, 1.54)), GALVANISED)
        s.add(box((-0.6, y - 0.03, 0.0), (0.6, y + 0.03, 0.05)), GALVANISED)
        s.add(tube(np.array([[-0.5, y, 0.04], [-0.05, y, 0.6]]), 0.018, 6), GALVANISED)
        _lamp(s, (0.0, y, 1.64))
    return s.finish()


def _lamp(s: Sculpture, at: tuple[float, float, float]) -> None:
    """A battery lamp with a lens on both sides."""
    x, y, z = at
    lens = lathe([(0.0, 0.0), (0.09, 0.0), (0.09, 0.03), (0.0, 0.045)], 18)
    s.add(lens, WARNING, move=turn(math.pi / 2, "y", (x + 0.01, y, z)))
    s.add(lens, WARNING, move=turn(-math.pi / 2, "y", (x - 0.01, y, z)))
    s.add(box((x - 0.03, y - 0.06, z - 0.16), (x + 0.03, y + 0.06, z - 0.08)), lk.PLASTIC)


def arrow_board() -> Built:
    """A trailer with a board of lamps that point to the left of who drives towards it along +x."""
    s = Sculpture()
    back = lk.colored("board", (0.012, 0.012, 0.013), 0.6)
    s.add(box((-0.04, -1.2, 1.5), (0.04, 1.2, 2.9)), back)
    dots = [(y, 2.2) for y in np.linspace(0.85, -0.5, 6)] + [(-0.72, 2.2), (-0.95, 2.2)]
    dots += [(-0.95 + 0.26 * k, 2.2 + 0.2 * k) for k in (1, 2, 3)] + [
        (-0.95 + 0.26 * k, 2.2 - 0.2 * k) for k in (1, 2, 3)
    ]
    for y, z in ((-y, z) for y, z in dots):
        s.add(
            lathe([(0.07, 0.0), (0.06, 0.03), (0.0, 0.035)], 14), WARNING, move=turn(-math.pi / 2, "y", (-0.04, y, z))
        )
    rim = lk.colored("works yellow", (0.62, 0.4, 0.01), 0.5)
    for y in (-0.55, 0.55):
        s.add(tube(np.array([[0.0, y, 0.62], [0.0, y, 1.55]]), 0.035, 8), rim)
        s.add(tube(np.array([[0.7, y, 0.6], [0.05, y, 1.4]]), 0.025, 6), rim)
    s.add(box((-0.75, -0.6, 0.5), (0.85, 0.6, 0.62)), rim)
    s.add(box((-0.3, -0.45, 0.62), (0.5, 0.45, 0.95)), rim)
    wheel = lathe(
        [(0.14, -0.09), (0.28, -0.09), (0.31, -0.06), (0.31, 0.06), (0.28, 0.09), (0.14, 0.09), (0.0, 0.07)], 24
    )
    for y in (-0.78, 0.78):
        s.add(wheel, RUBBER, move=turn(math.pi / 2 if y < 0 else -math.pi / 2, "x", (0.05, y, 0.31)))
        s.add(box((-0.3, y - 0.12, 0.64), (0.4, y + 0.12, 0.68)), rim)
    s.add(tube(np.array([[0.8, 0.0, 0.55], [1.75, 0.0, 0.5]]), 0.04, 8), rim)
    s.add(tube(np.array([[1.6, 0.0, 0.0], [1.6, 0.0, 0.6]]), 0.03, 8), lk.STEEL)
    panel = facing((-0.78, -0.55, 0.52), (-0.75, 0.55, 0.7))
    s.add(panel[0], lk.atlas("stripes", stripes(128, 24, 1.0, 32.0), 0.4), panel[1])
    return s.finish()


def manhole() -> Built:
    """An open manhole, its cover beside it."""
    s = Sculpture()
    iron = lk.colored("cast iron", (0.05, 0.048, 0.046), 0.6, metallic=0.5, surface=Surface.METAL)
    hole = lk.colored("shaft", (0.004, 0.004, 0.004), 1.0)
    s.add(lathe([(0.42, 0.0), (0.42, 0.02), (0.32, 0.025), (0.31, 0.008), (0.0, 0.008)], 32), iron)
    s.add(lathe([(0.309, 0.0095), (0.0, 0.0095)], 32), hole)
    cover = Sculpture()
    cover.add(lathe([(0.33, 0.0), (0.335, 0.03), (0.3, 0.045), (0.0, 0.045)], 32), iron)
    for k in range(8):
        cover.add(box((0.08, -0.018, 0.045), (0.27, 0.018, 0.055)), iron, move=turn(k * math.tau / 8))
    soup, _ = cover.finish()
    s.add(soup.corners, iron, move=turn(0.12, "y", (0.55, 0.35, 0.06)))
    return s.finish()


def tread() -> Built:
    """The tread that a lorry's tyre has shed: a torn, curled strip."""
    s = Sculpture()
    rng = np.random.default_rng(8)
    t = np.linspace(0.0, 1.0, 36)
    angle = 0.5 * np.sin(2.6 * t) - 0.5 * t
    x = np.cumsum(np.cos(angle)) * 1.5 / 36
    z = 0.05 + np.abs(0.16 * np.sin(7.0 * t + 0.6)) * (0.35 + t)
    y = 0.25 * np.sin(4.0 * t)
    half = 0.13 * (1 - 0.25 * rng.uniform(0, 1, 36)) * np.clip(np.minimum(t, 1 - t) * 12, 0.35, 1.0)
    roll = 0.5 * np.sin(5.0 * t)
    side = np.stack([0 * t, np.cos(roll), np.sin(roll)], 1)
    middle = np.stack([x, y, z], 1)
    up = np.stack([0 * t, -np.sin(roll), np.cos(roll)], 1) * 0.018
    rings = np.array(
        [
            [m - h * d + u, m + h * d + u, m + h * d - u, m - h * d - u]
            for m, h, d, u in zip(middle, half, side, up, strict=True)
        ]
    )
    s.add(grid_faces(rings)[:, ::-1], RUBBER)
    for k in range(0, 35):
        for share in (-0.6, 0.0, 0.6):
            m = middle[k] + share * half[k] * side[k] + up[k]
            s.add(box((-0.014, -0.03, 0.0), (0.014, 0.03, 0.02)), RUBBER, move=turn(0.5 * (k % 2), "z", tuple(m)))
    for _ in range(14):
        k = rng.integers(2, 34)
        edge = middle[k] + (1 if rng.uniform() < 0.5 else -1) * half[k] * side[k]
        s.add(tube(np.array([edge, edge + rng.normal(0, 0.05, 3) + [0, 0, 0.03]]), 0.003, 4), lk.STEEL)
    return s.finish()


def tarpaulin() -> Built:
    """A crumpled sheet that came off a load."""
    s = Sculpture()
    rng = np.random.default_rng(2)
    n = 44
    u, v = np.meshgrid(np.linspace(-1, 1, n), np.linspace(-0.8, 0.8, n), indexing="ij")
    z = np.zeros_like(u)
    for k in range(1, 9):
        a, p, q = rng.uniform(0, math.tau, 3)
        z += np.abs(np.sin(2.1 * k**0.8 * (u * math.cos(a) + v * math.sin(a)) * 2 + p)) ** 1.6 / k**0.9 * math.cos(q)
    z = 0.14 * (z - z.min()) / np.ptp(z)
    z *= np.clip(1.25 - np.maximum(np.abs(u), np.abs(v / 0.8)) ** 3, 0.15, 1.0)
    z += 0.18 * np.exp(-(((u - 0.2) / 0.4) ** 2 + ((v + 0.1) / 0.3) ** 2))
    points = np.stack([1.25 * u * (1 - 0.15 * z / 0.2), 1.3 * v + 0.12 * np.sin(3 * u), z + 0.004], -1)
    faces = grid_faces(points, closed=False)[:, ::-1]
    s.add(faces, BLUE_SHEET)
    s.add(faces[:, ::-1] - [0, 0, 0.003], BLUE_SHEET)
    return s.finish()


def shelter() -> Built:
    """A bus shelter of glass and steel, open towards +x, with a bench and a poster."""
    s = Sculpture()
    frame = lk.colored("frame", (0.035, 0.04, 0.045), 0.45)
    for x, y in ((-0.65, -1.9), (-0.65, 0.0), (-0.65, 1.9), (0.6, 1.9)):
        s.add(box((x - 0.04, y - 0.04, 0.0), (x + 0.04, y + 0.04, 2.4)), frame)
    s.add(box((-0.85, -2.05, 2.4), (0.85, 2.05, 2.5)), frame)
    s.add(box((0.8, -2.05, 2.3), (0.85, 2.05, 2.4)), frame)
    for y0, y1 in ((-1.86, -0.04), (0.04, 1.86)):
        s.add(box((-0.656, y0, 0.25), (-0.644, y1, 2.3)), lk.GLASS)
        for z in (0.22, 2.3):
            s.add(box((-0.67, y0, z), (-0.63, y1, z + 0.04)), frame)
    poster = np.full((256, 170, 4), 255, np.uint8)
    yy, xx = np.mgrid[0:256, 0:170]
    poster[..., 0], poster[..., 1], poster[..., 2] = 40 + yy // 2, 90 + xx // 3, 170 - yy // 4
    cv2.circle(poster, (85, 110), 46, (240, 196, 60, 255), -1, cv2.LINE_AA)
    cv2.rectangle(poster, (18, 190), (152, 236), (236, 236, 230, 255), -1)
    cv2.putText(poster, "SUMMER", (26, 221), cv2.FONT_HERSHEY_DUPLEX, 0.86, (30, 60, 110, 255), 2, cv2.LINE_AA)
    faces = box((-0.6, 1.86, 0.35), (0.56, 1.94, 2.15))
    lo, hi = np.array([-0.6, 1.86, 0.35]), np.array([0.56, 1.94, 2.15])
    share = (faces - lo) / (hi - lo)
    inner = np.cross(faces[:, 1] - faces[:, 0], faces[:, 2] - faces[:, 0])[:, 1] < 0
    u = np.where(inner[:, None], share[..., 0], 1.0 - share[..., 0])
    s.add(faces, lk.atlas("poster", poster, 0.25, clearcoat=0.8), np.stack([u, 1.0 - share[..., 2]], -1))
    s.add(box((-0.55, -1.3, 0.44), (-0.2, 0.9, 0.48)), WOOD)
    for y in (-1.1, 0.7):
        s.add(box((-0.42, y - 0.03, 0.0), (-0.36, y + 0.03, 0.44)), frame)
    return s.finish()


def cart() -> Built:
    """A supermarket's trolley of wire; its handle is at the back."""
    s = Sculpture()
    ring = lambda x0, x1, y0, y1, z: np.array([[x0, -y0, z], [x1, -y1, z], [x1, y1, z], [x0, y0, z], [x0, -y0, z]])  # noqa: E731
    for z, x0, x1, y0, y1 in (
        (0.95, -0.45, 0.45, 0.27, 0.22),
        (0.8, -0.44, 0.42, 0.265, 0.21),
        (0.65, -0.43, 0.39, 0.26, 0.2),
        (0.5, -0.42, 0.36, 0.25, 0.19),
    ):
        s.add(tube(ring(x0, x1, y0, y1, z), 0.008 if z == 0.95 else 0.004, 5), WIRE)
    for t in np.linspace(0, 1, 14):
        for side in (-1.0, 1.0):
            a = np.array([-0.45 + 0.9 * t, side * (0.27 - 0.05 * t), 0.95])
            b = np.array([-0.42 + 0.78 * t, side * (0.25 - 0.06 * t), 0.5])
            s.add(tube(np.array([a, b]), 0.003, 4), WIRE)
        y = -0.2 + 0.4 * t
        s.add(tube(np.array([[0.45, 1.1 * y, 0.95], [0.36, 0.95 * y, 0.5]]), 0.003, 4), WIRE)
        s.add(tube(np.array([[-0.42, 1.2 * y, 0.5], [0.36, 0.95 * y, 0.5]]), 0.003, 4), WIRE)
    for side in (-1.0, 1.0):
        s.add(
            tube(
                np.array(
                    [
                        [-0.5, 0.27 * side, 1.03],
                        [-0.42, 0.27 * side, 0.5],
                        [-0.4, 0.27 * side, 0.16],
                        [0.42, 0.2 * side, 0.16],
                    ]
                ),
                0.013,
                7,
            ),
            WIRE,
        )
        for x, y in ((-0.4, 0.27), (0.42, 0.2)):
            s.add(
                lathe([(0.0, -0.016), (0.06, -0.016), (0.06, 0.016), (0.0, 0.016)], 16),
                RUBBER,
                move=turn(math.pi / 2, "x", (x, y * side, 0.062)),
            )
            s.add(box((x - 0.02, y * side - 0.022, 0.06), (x + 0.02, y * side + 0.022, 0.16)), lk.PLASTIC)
    s.add(
        tube(np.array([[-0.5, -0.27, 1.03], [-0.5, 0.27, 1.03]]), 0.016, 8),
        lk.colored("handle", (0.45, 0.02, 0.015), 0.4),
    )
    return s.finish()


def pipes() -> Built:
    """Plastic pipes that rolled off a lorry."""
    s = Sculpture()
    for k, (y, yaw) in enumerate(((0.0, 0.05), (0.34, -0.22), (-0.5, 0.4))):
        pipe = lathe([(0.1, -1.4), (0.11, -1.4), (0.11, 1.4), (0.1, 1.4), (0.1, -1.4)], 20)
        m = turn(yaw) @ turn(math.pi / 2, "y")
        m[:3, 3] = (0.3 * k, y, 0.11)
        s.add(pipe, lk.colored("pipe", (0.45, 0.13, 0.03), 0.45), move=m)
    return s.finish()


def sandbags() -> Built:
    """Five sandbags."""
    s = Sculpture()
    jute = lk.colored("jute", (0.27, 0.21, 0.13), 0.95, surface=Surface.CLOTH)
    a = np.linspace(0, math.tau, 15)[:-1]
    for k, (x, y, z, yaw) in enumerate(
        (
            (-0.3, -0.3, 0, 0.1),
            (-0.32, 0.28, 0, -0.15),
            (0.3, -0.28, 0, 0.3),
            (0.32, 0.3, 0, 0.0),
            (0.0, 0.0, 0.15, 0.8),
        )
    ):
        rings = []
        for t in np.linspace(-1, 1, 9):
            w = 0.17 * (1 - abs(t) ** 3.5) + 0.03
            h = 0.085 * (1 - abs(t) ** 3) + 0.008
            rings.append(
                np.stack(
                    [
                        np.full(14, 0.29 * t),
                        w * np.cos(a) * (1 + 0.04 * np.sin(3 * a + k)),
                        h * np.sign(np.sin(a)) * np.abs(np.sin(a)) ** 0.7 + 0.085,
                    ],
                    1,
                )
            )
        s.add(grid_faces(np.array(rings)), jute, move=turn(yaw, "z", (x, y, z)))
    return s.finish()


def debris() -> Built:
    """What a crash leaves: shards of bumpers and lamps, glass, a hubcap."""
    s = Sculpture()
    rng = np.random.default_rng(12)
    looks = [
        lk.PLASTIC,
        lk.colored("shard of paint", (0.3, 0.02, 0.02), 0.3, clearcoat=1.0),
        lk.colored("shard of lamp", (0.5, 0.04, 0.02), 0.15, clearcoat=1.0),
        lk.CHROME,
    ]
    for k in range(34):
        size = rng.uniform(0.04, 0.16) * (2.2 if k < 3 else 1.0)
        corners = (
            np.array(
                [[math.cos(t), math.sin(t) * rng.uniform(0.4, 1.0), 0.0] for t in np.sort(rng.uniform(0, math.tau, 5))]
            )
            * size
        )
        corners[:, 2] = 0.15 * size * rng.uniform(0, 1, 5)
        fan = np.array([[corners[0], corners[i], corners[i + 1]] for i in range(1, 4)])
        place = turn(rng.uniform(0, math.tau), "z", (rng.normal(0, 0.7), rng.normal(0, 0.7), 0.012))
        for order, dz in ((1, 0.006), (-1, 0.0)):
            s.add(fan[:, ::order] + [0, 0, dz], looks[k % 4], move=place)
    crumb = box((-0.006, -0.006, 0.0), (0.006, 0.006, 0.006))
    glass = lk.colored("crumbs of glass", (0.5, 0.58, 0.56), 0.05, clearcoat=1.0)
    for _ in range(110):
        s.add(
            crumb, glass, move=turn(rng.uniform(0, math.tau), "z", (rng.normal(0.2, 0.5), rng.normal(-0.1, 0.5), 0.0))
        )
    s.add(
        lathe([(0.2, 0.0), (0.19, 0.03), (0.1, 0.045), (0.0, 0.04)], 24), lk.RIM, move=turn(0.1, "x", (-0.7, 0.5, 0.02))
    )
    return s.finish()


def cabinet() -> Built:
    """A grey distribution cabinet."""
    s = Sculpture()
    grey = lk.colored("cabinet", (0.24, 0.26, 0.25), 0.6)
    s.add(box((-0.2, -0.5, 0.0), (0.2, 0.5, 0.1)), CONCRETE)
    s.add(box((-0.18, -0.48, 0.1), (0.18, 0.48, 1.2)), grey)
    s.add(box((-0.21, -0.51, 1.2), (0.21, 0.51, 1.25)), grey)
    for y in (-0.46, 0.01):
        s.add(box((0.18, y, 0.14), (0.186, y + 0.45, 1.17)), grey)
    s.add(box((0.186, -0.06, 0.6), (0.2, -0.03, 0.72)), lk.PLASTIC)
    return s.finish()
