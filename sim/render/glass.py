"""What lens and cover glass do to light besides bending it: vignetting, chromatic aberration, dirt, drops, glare that blinds."""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import warp as wp

from sim.cameras import CameraConfig
from sim.render.camera import Cameras, Views, pixel_direction, project
from sim.render.materials import hash3, plane_noise
from sim.render.primary import Pixel
from sim.render.sky import Sky
from sim.types import TICK, Scene

wp.set_module_options({"enable_backward": False, "max_unroll": 1})

SPREADING = ("dirt", "drops", "blinding")
"""Faults that change light; the others change which picture is written (`sim.export.frames`)."""
GLARE_ANGLE = 0.035
"""Angle within which a blinding light is a disc; beyond, its veil falls off with the angle's square (CIE 146:2002) [rad]."""


@wp.struct
class Glass:
    """Lenses and what lies on them, (ncamera,) each; faults as strength, start and end [s]."""

    vignetting: wp.array[float]
    aberration: wp.array[float]
    exposed: wp.array[float]
    dirt: wp.array[wp.vec3]
    drops: wp.array[wp.vec3]
    blinding: wp.array[wp.vec3]


def set_glass(out: Glass, cameras: Sequence[CameraConfig], device: wp.DeviceLike) -> None:
    """Write the cameras' optics and faults, into the arrays that are there or new ones."""
    rows = {
        name: np.array([getattr(c.optics, name) for c in cameras], np.float32)
        for name in ("vignetting", "aberration", "exposed")
    }
    for kind in SPREADING:
        of = [next((f for f in c.faults if f.kind == kind), None) for c in cameras]
        rows[kind] = np.array([(f.strength, f.start, f.end) if f else (0.0, 0.0, 0.0) for f in of], np.float32)
    for name, values in rows.items():
        if getattr(out, name) is None:
            kind = wp.vec3 if values.ndim == 2 else wp.float32
            setattr(out, name, wp.zeros(len(cameras), dtype=kind, device=device))
        getattr(out, name).assign(values)


def has_glass(camera: CameraConfig) -> bool:
    """Whether a camera's glass changes light at all."""
    o = camera.optics
    return bool(o.vignetting or o.aberration or o.exposed or spoils_light(camera))


def spoils_light(camera: CameraConfig) -> bool:
    """Whether a camera has a fault that changes light."""
    return any(fault.kind in SPREADING for fault in camera.faults)


@wp.func
def strength_at(fault: wp.vec3, tick: int, faulty: int) -> float:
    """Strength of a fault at a tick, 0 outside its time or where faults are left out."""
    time = float(tick) * wp.static(TICK)
    return wp.where(faulty == 1 and time >= fault[1] and time < fault[2], fault[0], 0.0)


@wp.func
def light_at(image: wp.array4d[wp.vec3], world: int, camera: int, col: float, row: float) -> wp.vec3:
    """Light between pixels, bilinear; at the edge the nearest."""
    u = wp.clamp(col, 0.0, float(image.shape[3] - 1))
    v = wp.clamp(row, 0.0, float(image.shape[2] - 1))
    x = int(u)
    y = int(v)
    x1 = wp.min(x + 1, image.shape[3] - 1)
    y1 = wp.min(y + 1, image.shape[2] - 1)
    a = wp.lerp(image[world, camera, y, x], image[world, camera, y, x1], u - float(x))
    b = wp.lerp(image[world, camera, y1, x], image[world, camera, y1, x1], u - float(x))
    return wp.lerp(a, b, v - float(y))


@wp.func
def drop_of(x: float, y: float, size: float, chance: float, salt: int) -> wp.vec4:
    """The water drop that covers a point: its middle, its radius and the point's distance from it over that; radius 0: none.

    Drops sit in a grid of cells ``size`` wide, one at most in each.
    """
    i = int(wp.floor(x / size))
    j = int(wp.floor(y / size))
    out = wp.vec4(0.0, 0.0, 0.0, 1.0)
    if hash3(i, j, salt) < chance:
        radius = size * (0.16 + 0.26 * hash3(i, j, salt + 1))
        cx = (float(i) + 0.5) * size + (size * 0.5 - radius) * (2.0 * hash3(i, j, salt + 2) - 1.0)
        cy = (float(j) + 0.5) * size + (size * 0.5 - radius) * (2.0 * hash3(i, j, salt + 3) - 1.0)
        # A little irregular, and longer downwards.
        dx = x - cx
        dy = (y - cy) * wp.where(y > cy, 0.85, 1.0)
        turn = wp.atan2(dy, dx)
        wobble = (
            1.0
            + 0.06 * wp.sin(2.0 * turn + 6.0 * hash3(i, j, salt + 4))
            + 0.03 * wp.sin(3.0 * turn + 6.0 * hash3(i, j, salt + 5))
        )
        q = wp.sqrt(dx * dx + dy * dy) / (radius * wobble)
        if q < 1.0:
            out = wp.vec4(cx, cy, radius, q)
    return out


@wp.func
def through_drop(image: wp.array4d[wp.vec3], world: int, camera: int, at: wp.vec2, d: wp.vec4, scale: float) -> wp.vec3:
    """Light through a drop: a small lens that turns the view upside down, out of focus, dark at its rim."""
    total = wp.vec3(0.0, 0.0, 0.0)
    for k in range(49):
        dx = float(k % 7 - 3) * 0.07 * d[2]
        dy = float(k / 7 - 3) * 0.07 * d[2]
        # Rays near the rim are bent furthest.
        bend = 2.6 + 2.2 * d[3] * d[3]
        x = d[0] - (at[0] - d[0] + dx) * bend
        y = d[1] - (at[1] - d[1] + dy) * bend
        total += light_at(image, world, camera, x * scale, y * scale)
    rim = wp.smoothstep(0.72, 1.0, d[3])
    return total * ((1.0 - 0.55 * rim) / 49.0)


@wp.func
def soiled(x: float, y: float, salt: float, strength: float) -> float:
    """Share of light that dirt takes at a point of the glass, in picture heights: clods, smears and specks, all out of focus."""
    clods = 0.65 * plane_noise(x * 3.1 + salt, y * 3.1 - salt) + 0.35 * plane_noise(x * 8.3 - salt, y * 8.3 + salt)
    smear = plane_noise(x * 1.3 + 2.0 * salt, y * 14.0 + salt)
    level = 0.86 - 0.46 * strength
    out = wp.smoothstep(level, level + 0.16, clods)
    out = wp.max(out, 0.6 * wp.smoothstep(level + 0.04, level + 0.3, smear))
    for k in range(2):
        # Spatter: round specks, softer at their edges than they are dense.
        size = wp.where(k == 0, 0.05, 0.021)
        speck = drop_of(x + 0.013 * float(k), y, size, 0.55 * strength, int(salt) + 31 * k)
        out = wp.max(out, 0.75 * (1.0 - wp.smoothstep(0.35, 1.0, speck[3])))
    return out * (0.5 + 0.45 * strength)


@wp.func(inline=True)
def blinding_light(
    cameras: Cameras, views: Views, sky: Sky, px: Pixel, size: wp.vec2, ray: wp.vec3, strength: float, white: wp.vec3
) -> wp.vec3:
    """Light that a blinding source scatters to a pixel: the sun where the camera sees it, else a lamp a little above the horizon."""
    world = px.world
    camera = px.camera
    to = wp.transpose(views.rot[world, camera]) * sky.sun_direction[world]
    at = project(cameras, world, camera, to)
    inside = at.col > 0.0 and at.row > 0.0 and at.col < size[0] and at.row < size[1]
    if at.seen == 0 or not inside or sky.sun_direction[world][2] < 0.0:
        n = float(cameras.number[world, camera])
        to = wp.normalize(wp.vec3(0.25 * wp.sin(2.0 + 3.0 * n), -0.06, 1.0))
    cosine = wp.dot(wp.normalize(ray), to)
    angle = wp.acos(wp.clamp(cosine, -1.0, 1.0))
    veil = 1.0 / (1.0 + angle * angle / wp.static(GLARE_ANGLE * GLARE_ANGLE))
    haze = 0.012 / (0.05 + angle)
    return wp.cw_mul(white, wp.vec3(1.0, 0.97, 0.9)) * (strength * strength * (160.0 * veil + 5.0 * haze))


@wp.kernel
def _pass_glass(
    glass: Glass, scene: Scene, cameras: Cameras, views: Views, sky: Sky, image: wp.array4d[wp.vec3], run: wp.array2d[wp.vec4],
    out: wp.array4d[wp.vec3],
):  # fmt: skip
    """Reads glass, the picture's light, per picture its gains and tick (negative less 1: without faults). Writes light behind the glass."""
    world, camera, row, col = wp.tid()
    gain = run[world, camera]
    faulty = wp.where(gain[3] >= 0.0, 1, 0)
    tick = int(wp.where(faulty == 1, gain[3], -1.0 - gain[3]))
    k = cameras.intrinsics[world, camera]
    ray = pixel_direction(cameras, world, camera, float(col), float(row))
    c = image[world, camera, row, col]
    height = float(image.shape[2])
    at = wp.vec2((float(col) + 0.5) / height, (float(row) + 0.5) / height)
    salt = int(scene.world_key[world] % wp.uint32(9973)) + 101 * cameras.number[world, camera]
    rained = glass.exposed[camera] * (1.0 - wp.exp(-0.25 * scene.weather.rain[world]))
    drops = wp.max(strength_at(glass.drops[camera], tick, faulty), rained)
    if drops > 0.0:
        d = drop_of(at[0], at[1], 0.23, 0.55 * drops, salt)
        if d[2] == 0.0:
            d = drop_of(at[0] + 0.31, at[1], 0.085, 0.5 * drops, salt + 11) - wp.vec4(0.31, 0.0, 0.0, 0.0)
        if d[2] > 0.0:
            clear = wp.smoothstep(0.93, 1.0, d[3])
            c = wp.lerp(through_drop(image, world, camera, at, d, height), c, clear)
    a = glass.aberration[camera]
    if a != 0.0:
        u = float(col) - k[2]
        v = float(row) - k[3]
        c[0] = (
            c[0]
            + light_at(image, world, camera, k[2] + u / (1.0 + a), k[3] + v / (1.0 + a))[0]
            - image[world, camera, row, col][0]
        )
        c[2] = (
            c[2]
            + light_at(image, world, camera, k[2] + u / (1.0 - a), k[3] + v / (1.0 - a))[2]
            - image[world, camera, row, col][2]
        )
        c = wp.max(c, wp.vec3(0.0, 0.0, 0.0))
    white = wp.vec3(1.0 / wp.max(gain[0], 1.0e-6), 1.0 / wp.max(gain[1], 1.0e-6), 1.0 / wp.max(gain[2], 1.0e-6))
    dirt = strength_at(glass.dirt[camera], tick, faulty)
    if dirt > 0.0:
        cover = soiled(at[0], at[1], float(salt % 613) * 0.37, dirt)
        c = c * (1.0 - cover) + wp.cw_mul(white, wp.vec3(0.11, 0.095, 0.075)) * cover
    blinding = strength_at(glass.blinding[camera], tick, faulty)
    lit = wp.dot(ray, ray) > 0.0
    if blinding > 0.0 and lit:
        px = Pixel(world, camera, row, col)
        c += blinding_light(cameras, views, sky, px, wp.vec2(float(image.shape[3]), height), ray, blinding, white)
    if lit:
        cosine = wp.max(ray[2], 0.0) / wp.length(ray)
        c = c * (1.0 - glass.vignetting[camera] * (1.0 - cosine * cosine * cosine * cosine))
    out[world, camera, row, col] = c
