"""A horse of sweethome3d-furniture and a cow bent from it; both walk and gallop."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import people
import sh3f
from animals import DEER_RUN, DEER_WALK, beast, body_of, save, smooth_noise
from pack import look
from people import Body, Tint
from quadruped import Mover
from sh3f import Look, Soup
from shape import grid_faces, lathe, tube
from skeleton import skin

from sim.render.mesh import Material

Array = npt.NDArray[np.float64]
EYE = Material("eye", (0.012, 0.009, 0.007), 0.08, clearcoat=1.0)
HOOF = Material("hoof", (0.03, 0.026, 0.022), 0.5)
HORN = Material("horn", (0.35, 0.29, 0.2), 0.45)
HAIR = Material("hair", (0.035, 0.024, 0.017), 0.7)
TUSK = Material("tusk", (0.6, 0.55, 0.44), 0.35)
SKIN = Material("bare skin", (0.42, 0.24, 0.19), 0.55)


def joined(soup: Soup, extras: Sequence[tuple[str, Array]]) -> Soup:
    """A soup with more triangles, each of a look of its own name."""
    parts = [soup.corners, *(faces for _, faces in extras)]
    n = len(soup.corners)
    more = sum(len(faces) for _, faces in extras)
    looks = [*soup.looks]
    names = [item.name for item in looks]
    row = []
    for name, faces in extras:
        if name not in names:
            names.append(name)
            looks.append(Look(name))
        row.append(np.full(len(faces), names.index(name), np.int32))
    return Soup(
        np.concatenate(parts), np.concatenate([soup.uvs, np.zeros((more, 3, 2))]), np.concatenate([soup.look, *row]),
        np.zeros(n + more, np.int32), looks, [""], soup.credit,
    )  # fmt: skip


def ball(center: Sequence[float], radius: Sequence[float], sides: int = 12) -> Array:
    """An ellipsoid; triangles."""
    a = np.linspace(0.02, math.pi - 0.02, sides // 2 + 1)
    faces = lathe([(math.sin(t), -math.cos(t)) for t in a], sides)
    return faces * np.array(radius) + np.array(center)


def leaf(root: Array, tip: Array, half: float, across: Array) -> Array:
    """A leaf-shaped ear from root to tip; triangles."""
    along = tip - root
    across = across - (across @ along) / (along @ along) * along
    across = across / np.linalg.norm(across)
    out = np.cross(along, across)
    out = out / np.linalg.norm(out)
    rings = []
    for t in np.linspace(0.0, 1.0, 6):
        w = half * math.sin(math.pi * (0.15 + 0.85 * t)) ** 0.7
        back = 0.35 * w * out
        rings.append([root + t * along + s * w * across - (1 - s * s) * back for s in (-1.0, -0.5, 0.0, 0.5, 1.0)])
    return grid_faces(np.array(rings), closed=False)


def bristled(path: Array, rise: float, width: float, seed: int) -> Array:
    """A jagged crest of hair along a path; triangles."""
    rng = np.random.default_rng(seed)
    out = []
    for a, b in zip(path, path[1:], strict=False):
        for _ in range(16):
            t = rng.uniform(0, 1)
            root = a + t * (b - a) + [0, rng.uniform(-width, width), 0]
            tip = root + [-rng.uniform(0.4, 1.0) * rise, rng.uniform(-0.3, 0.3) * width, rng.uniform(0.6, 1.1) * rise]
            side = np.array([0.0, 0.006, 0.0]) + 0.012 * (b - a) / np.linalg.norm(b - a)
            out.append([root - side, root + side, tip])
    return np.array(out)


def side_uvs(body: Body, mover: Mover, of: str) -> tuple[Array, Array]:
    """Lay the picture of one look over both sides, left in its left half, as the animal stands; returns the box of the picture."""
    shown = skin(body.points, body.weights, mover.standing()[0])
    lower, upper = shown.min(axis=0), shown.max(axis=0)
    corners = shown[body.index]
    uv = np.stack([corners[..., 0] - lower[0], upper[2] - corners[..., 2]], axis=-1) / (upper - lower)[[0, 2]]
    right = corners[..., 1].mean(axis=1) < 0
    uv[..., 0] = np.clip(uv[..., 0] * 0.49 + np.where(right, 0.505, 0.005)[:, None], 0.0, 1.0)
    mine = body.soup.of_look(f"^{of}")
    body.soup.uvs = np.where(mine[:, None, None], uv, body.soup.uvs)
    return lower, upper


def canvas(lower: Array, upper: Array) -> tuple[Array, Array]:
    """Place of each texel of a side picture: ahead and height [m], (512, 1024)."""
    x = np.linspace(lower[0], upper[0], 512)
    return np.tile(np.concatenate([x, x]), (512, 1)), np.tile(np.linspace(upper[2], lower[2], 512)[:, None], (1, 1024))


def ramp(v: Array, a: float, b: float) -> Array:
    """Smooth step from a to b, with an axis for colours."""
    t = np.clip((v - a) / (b - a), 0.0, 1.0)
    return (t * t * (3 - 2 * t))[..., None]


def finished(color: Array, fur: float, seed: int) -> npt.NDArray[np.uint8]:
    """A coat with strands, shrunk to 512 x 256."""
    import cv2

    strands = (
        smooth_noise(color.shape[:2], (1.0, 4.0), seed) * fur
        + smooth_noise(color.shape[:2], (14.0, 20.0), seed + 1) * 0.05
    )
    image = np.clip(color * (1 + strands[..., None]), 0, 255).astype(np.uint8)
    out = np.full((256, 512, 4), 255, np.uint8)
    out[..., :3] = cv2.resize(image, (512, 256), interpolation=cv2.INTER_AREA)
    return out


# --- horse --------------------------------------------------------------------------------------------------------------

HORSE_POINTS = """hips -0.75 0 1.3, spine -0.3 0 1.25, chest 0.15 0 1.22, neck 0.4 0 1.38, head 0.82 0 1.75, nose 1.12 0 1.42,
    fl_up 0.33 0.15 1.1, fl_low 0.22 0.14 0.9, fl_can 0.24 0.135 0.54, fl_paw 0.19 0.135 0.2, fl_tip 0.27 0.14 0.02,
    hl_up -0.76 0.14 1.2, hl_low -0.62 0.15 0.92, hl_can -0.93 0.13 0.56, hl_paw -0.85 0.14 0.2, hl_tip -0.76 0.15 0.02"""
HORSE_RADII = {"hips": 0.28, "spine": 0.3, "chest": 0.3, "neck": 0.17, "head": 0.12, "f_up": 0.12, "f_low": 0.08, "f_can": 0.05,
     "f_paw": 0.05,
               "h_up": 0.16, "h_low": 0.1, "h_can": 0.05, "h_paw": 0.05}  # fmt: skip
HORSE = beast(
    HORSE_POINTS,
    HORSE_RADII,
    track={"f": 0.135, "h": 0.14},
    crouch=0.985,
    paw={"f": 24.0, "h": 24.0},
    trunk={"neck": 8.0, "head": 6.0},
)
WALK_FOLD = {
    "f": ((0.0, 0.0), (0.63, 0.0), (0.76, 60.0), (0.93, 0.0), (1.0, 0.0)),
    "h": ((0.0, 0.0), (0.63, 0.0), (0.76, 50.0), (0.93, 0.0), (1.0, 0.0)),
}
RUN_FOLD = {
    "f": ((0.0, 0.0), (0.24, 0.0), (0.48, 80.0), (0.9, 0.0), (1.0, 0.0)),
    "h": ((0.0, 0.0), (0.24, 0.0), (0.48, 70.0), (0.9, 0.0), (1.0, 0.0)),
}
"""Hooves stay flat as long as they stand."""
HORSE_WALK = replace(DEER_WALK, stride=1.75, lift=0.09, bob=0.012, fold=WALK_FOLD)
HORSE_RUN = replace(DEER_RUN, stride=4.4, lift=0.22, bob=0.06, sink=0.05, flex=4.0, pitch=5.0, fold=RUN_FOLD)


def _tail(root: Array, length: float, radius: float, seed: int) -> Array:
    """A horse's tail: strands that hang and flare."""
    rng = np.random.default_rng(seed)
    out = []
    for _ in range(16):
        side = rng.uniform(-1, 1)
        t = np.linspace(0.0, 1.0, 6)
        flare = radius * np.sin(math.pi * np.clip(0.15 + 0.8 * t, 0, 1))
        path = root + np.stack(
            [
                -0.1 * np.sin(0.5 * math.pi * np.minimum(2 * t, 1)) - 0.04 * rng.uniform(-1, 1) * t,
                side * flare,
                -length * t * rng.uniform(0.8, 1.0),
            ],
            1,
        )
        out.append(tube(path, np.interp(t, [0, 0.3, 0.8, 1], [0.03, 0.035, 0.025, 0.004]), 5))
    return np.concatenate(out)


def _mane(seed: int) -> Array:
    """Locks that fall from the horse's crest to its right, and a forelock."""
    rng = np.random.default_rng(seed)
    crest = np.array([[0.2, 0.0, 1.54], [0.45, 0.0, 1.72], [0.62, 0.0, 1.82], [0.78, 0.0, 1.87], [0.86, 0.0, 1.87]])
    out = []
    for k in range(40):
        t = (k + rng.uniform(-0.3, 0.3)) / 39 * (len(crest) - 1)
        i = int(np.clip(t, 0, len(crest) - 2))
        root = crest[i] + (t - i) * (crest[i + 1] - crest[i]) + [0, 0, 0.005]
        fall = rng.uniform(0.14, 0.24)
        wide = rng.uniform(0.02, 0.035)
        a, b = root + [-wide, 0.015, 0.0], root + [wide, 0.015, 0.0]
        m = root + [-0.02, -0.085, -0.35 * fall]
        e = root + [rng.uniform(-0.05, 0.01), -0.13, -fall]
        out += [
            [a, b, m + [wide, 0, 0]],
            [a, m + [wide, 0, 0], m - [wide, 0, 0]],
            [m - [wide, 0, 0], m + [wide, 0, 0], e],
        ]
    for s in (-0.02, 0.0, 0.02):
        out.append([[0.88, s - 0.02, 1.86], [0.88, s + 0.02, 1.86], [0.99, s, 1.7]])
    return np.array(out)


def _horse(triangles: int) -> Soup:
    soup = sh3f.load("blendswap-cc-by/horse")
    soup = soup.pick(np.ones(len(soup), bool))
    soup.looks = [replace(item, name="coat") for item in soup.looks]
    return people.thinned(soup, triangles)


def build_horse() -> None:
    """Write the horse, with mane and tail."""
    soup = _horse(6000)
    stump = (
        (soup.centers[:, 0] < -1.0)
        & (soup.centers[:, 2] > 1.0)
        & (np.abs(soup.centers[:, 1]) < 0.07)
        & (soup.centers[:, 0] < -1.06)
    )
    soup = soup.pick(~stump)
    soup = joined(soup, [("hair", np.concatenate([_mane(5), _tail(np.array([-1.03, 0.0, 1.34]), 0.85, 0.07, 6)]))])
    people.whole_uvs(soup)
    body = body_of(soup, HORSE, "^hair$")
    mover = Mover(HORSE)
    mover.put_on_ground(body.points, body.weights)
    picture = next(item.texture for item in soup.looks if item.texture is not None)
    coat = np.array(picture, np.float64)
    coat[..., :3] *= [0.62, 0.5, 0.44]
    materials = [Material("coat", (0.95, 0.95, 0.95), 0.7, texture=coat.astype(np.uint8)), HAIR]
    variants = [
        look("horse_black", [Tint("^coat$", 0.0, 0.5, 0.42)], height=1.85),
        look("horse_chestnut", [Tint("^coat$", -6.0, 1.25, 0.9), Tint("^hair$", 0.0, 1.3, 3.0)], height=1.78),
        look("horse_grey", [Tint("^coat$", 0.0, 0.12, 1.7), Tint("^hair$", 0.0, 0.2, 6.0)], height=1.8),
    ]
    save("horse", body, mover, materials, HORSE_WALK, HORSE_RUN, {"kinds": ["horse"], "mass": 520.0, "variants": variants},
         "rigged, taken to walk and gallop, mane and tail added, thinned out, darkened")  # fmt: skip


# --- cow ----------------------------------------------------------------------------------------------------------------


def _cowed(p: Array) -> Array:
    """Places of the horse's body in that of a cow: shorter legs, deep wide trunk, short broad head."""
    x, y, z = p[..., 0], p[..., 1], p[..., 2]
    head = np.clip((x - 0.72) / 0.12, 0.0, 1.0) * (z > 1.2)
    low = np.where(z < 0.86, 0.8 * z, z - 0.172)
    trunk = np.clip((x + 1.1) / 0.15, 0, 1) * np.clip((0.75 - x) / 0.3, 0, 1) * np.clip((z - 0.55) / 0.3, 0, 1)
    belly = (
        np.clip((x + 0.95) / 0.35, 0, 1)
        * np.clip((0.5 - x) / 0.4, 0, 1)
        * np.clip((z - 0.7) / 0.12, 0, 1)
        * np.clip((1.2 - z) / 0.3, 0, 1)
    )
    leg = np.clip((0.75 - z) / 0.2, 0.0, 1.0)
    out = np.stack([x, y * (1.0 + 0.3 * trunk + 0.28 * leg), low - 0.15 * belly], -1)
    # The back is level, the rump square.
    out[..., 2] += 0.05 * np.clip(1.0 - np.abs(x + 0.2) / 0.4, 0, 1) * np.clip((z - 1.2) / 0.2, 0, 1)
    neck = np.clip((x - 0.35) / 0.2, 0, 1) * (1 - head) * (z > 1.0)
    out[..., 1] *= 1.0 + 0.3 * neck
    out[..., 2] -= 0.13 * neck * np.clip((1.5 - z) / 0.3, 0, 1)  # dewlap
    joint = np.array([0.82, 0.0, 1.75 - 0.172])
    short = joint + (out - joint) * [0.86, 1.0, 0.86]
    short[..., 1] = y * 1.32
    return out + head[..., None] * (short - out)


COW = beast(
    """hips -0.75 0 1.12, spine -0.3 0 1.06, chest 0.15 0 1.04, neck 0.4 0 1.18, head 0.82 0 1.56, nose 1.08 0 1.29,
    fl_up 0.33 0.19 0.92, fl_low 0.22 0.18 0.72, fl_can 0.24 0.17 0.432, fl_paw 0.19 0.17 0.16, fl_tip 0.27 0.18 0.016,
    hl_up -0.76 0.18 1.02, hl_low -0.62 0.19 0.74, hl_can -0.93 0.165 0.448, hl_paw -0.85 0.18 0.16, hl_tip -0.76 0.19 0.016""",
    {**HORSE_RADII, "hips": 0.34, "spine": 0.36, "chest": 0.36, "neck": 0.2, "f_can": 0.06, "h_can": 0.06},
    track={"f": 0.17, "h": 0.18}, crouch=0.99, paw={"f": 20.0, "h": 20.0}, trunk={"neck": 26.0, "head": 10.0},
)  # fmt: skip
COW_WALK = replace(HORSE_WALK, stride=1.4, lift=0.07, bob=0.006, nod=3.0)
COW_RUN = replace(HORSE_RUN, stride=2.4, lift=0.18, bob=0.03, sink=0.06, flex=3.0, pitch=4.0)


def _cow_coat(lower: Array, upper: Array, tone: tuple[float, float, float]) -> npt.NDArray[np.uint8]:
    """White with large patches that go on over the back, a dark head with a white muzzle, pink at its end, sRGB with alpha."""
    x, z = canvas(lower, upper)
    length = upper[0] - lower[0]
    ahead = (x - lower[0]) / length
    # Both sides are alike along the outline, where they meet, and differ within.
    both = np.tile(smooth_noise((512, 512), (40.0, 34.0), 23), (1, 2))
    within = np.exp(-(((ahead - 0.45) / 0.2) ** 2) - ((z - 0.98) / 0.2) ** 2)
    patch = both + 0.9 * within * smooth_noise(x.shape, (40.0, 40.0), 17)
    patch += 0.12 * smooth_noise(x.shape, (7.0, 7.0), 18) + 0.1
    head = ramp(ahead, 0.74, 0.77)[..., 0] * (z > 1.05)
    shade = ramp(patch + 2.5 * head - 2.0 * (z < 0.5) - 0.8 * ((z < 0.66) & (ahead < 0.75)), 0.02, 0.1)
    white = np.array([216.0, 211.0, 200.0])
    color = white + shade * (np.array(tone) - white)
    color += (
        ramp(ahead + 0.25 * (1.3 - z), 0.92, 0.95) * (z > 1.0)[..., None] * (np.array([206.0, 176.0, 160.0]) - color)
    )
    color += (1 - ramp(z, 0.0, 0.75)) * (np.array([150.0, 136.0, 116.0]) - color) * 0.35
    color += (1 - ramp(z, 0.075, 0.09)) * (np.array([48.0, 42.0, 36.0]) - color)
    return finished(color, 0.05, 19)


def build_cow() -> None:
    """Write the cow."""
    soup = _horse(7000)
    c = soup.centers
    ears = (c[:, 2] > 1.8) & (c[:, 0] > 0.84) & (np.abs(c[:, 1]) > 0.045)
    stump = (c[:, 0] < -1.06) & (np.abs(c[:, 1]) < 0.07) & (c[:, 2] > 1.0)
    soup = soup.pick(~(ears | stump))
    soup.corners = _cowed(soup.corners)
    extras = []
    for s in (1.0, -1.0):
        root = np.array([0.84, 0.11 * s, 1.62])
        extras.append(("coat 2", leaf(root, root + [-0.06, 0.2 * s, 0.02], 0.055, np.array([0.3, 0.0, 1.0]))))
        horn = root + np.array(
            [[0.01, -0.03 * s, 0.05], [0.0, 0.05 * s, 0.11], [0.05, 0.12 * s, 0.16], [0.1, 0.12 * s, 0.22]]
        )
        extras.append(("horn", tube(horn, np.array([0.028, 0.024, 0.016, 0.004]), 8)))
        extras.append(("eye", ball((0.94, 0.105 * s, 1.5), (0.022, 0.014, 0.02), 8)))
    extras.append(("skin", ball((-0.52, 0.0, 0.62), (0.2, 0.13, 0.13), 16)))
    for x in (-0.6, -0.46):
        for y in (-0.06, 0.06):
            extras.append(("skin", tube(np.array([[x, y, 0.53], [x, y, 0.46]]), 0.016, 6)))
    tail = np.array(
        [
            [-1.04, 0.0, 1.2],
            [-1.09, 0.0, 1.1],
            [-1.08, 0.0, 0.8],
            [-1.07, 0.0, 0.54],
            [-1.07, 0.0, 0.42],
            [-1.07, 0.0, 0.3],
        ]
    )
    extras.append(("hair", tube(tail, np.array([0.022, 0.018, 0.016, 0.02, 0.042, 0.006]), 7)))
    soup = joined(soup, extras)
    body = body_of(soup, COW, "^(coat 2|horn|eye|skin|hair)$")
    mover = Mover(COW)
    mover.put_on_ground(body.points, body.weights)
    lower, upper = side_uvs(body, mover, "coat")
    table = {"horn": HORN, "eye": EYE, "skin": SKIN, "hair": HAIR,
             "coat": Material("coat", (0.95, 0.95, 0.95), 0.85, texture=_cow_coat(lower, upper, (38.0, 25.0, 18.0)))}  # fmt: skip
    materials = [table[item.name.removesuffix(" 2")] for item in soup.looks]
    variants = [
        look(
            "cow_brown",
            [Tint("^coat$", over=0.35, value=2.3), Tint("^coat$", under=0.35, tone=(0.5, 0.31, 0.19))],
            height=1.36,
        ),
        look("cow_red", [Tint("^coat$", over=0.35, value=3.1)], height=1.42),
    ]
    save("cow", body, mover, materials, COW_WALK, COW_RUN, {"kinds": ["cow"], "mass": 620.0, "variants": variants},
         "bent to the shape of a cow, rigged, taken to walk and gallop, coat painted, horns, ears, udder and tail added")  # fmt: skip


ALL = {"horse": build_horse, "cow": build_cow}
