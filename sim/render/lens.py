"""Lenses: from directions to pixels and back, as OpenCV's pinhole, Brown-Conrady (rational) and fisheye (Kannala-Brandt) models have it.

A point (x, y) at unit plane depth goes to (x', y') before focal lengths and principal point come in. Brown-Conrady, r the length of (x, y):
x' = x (1 + k1 r^2 + k2 r^4 + k3 r^6) / (1 + k4 r^2 + k5 r^4 + k6 r^6) + 2 p1 x y + p2 (r^2 + 2 x^2), and likewise y'. Kannala-Brandt, a the
angle from the axis: (x', y') has length a (1 + k1 a^2 + k2 a^4 + k3 a^6 + k4 a^8) and the direction of (x, y).
"""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false, reportReturnType=false
from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import warp as wp

from sim.cameras import LENSES, WIDEST, CameraConfig, Lens

wp.set_module_options({"enable_backward": False, "fuse_fp": False, "max_unroll": 1})

PINHOLE, BROWN, FISHEYE = range(len(LENSES))
STEEPEST = math.tan(math.radians(89.0))
"""Length of (x, y) at unit depth beyond which no lens but a fisheye is asked."""
TURNS = 12
"""Most Newton steps; three or four suffice for lenses that are sold."""

Floats = npt.NDArray[np.float64]


@wp.struct
class LensValues:
    """A lens: what its model reads."""

    model: int
    """PINHOLE, BROWN or FISHEYE."""
    radial: wp.vec4
    """k1, k2, k3, k4."""
    more: wp.vec4
    """k5, k6, p1, p2 of Brown-Conrady."""
    field: float
    """Where it ends: length of (x, y) at unit depth, or of a fisheye the angle from the axis [rad]."""


@wp.func
def stretched(lens: LensValues, a: float) -> wp.vec2:
    """Distance from the middle, before tangential terms, of what lies ``a`` from it, and its derivative.

    ``a`` and the result are lengths at unit depth; of a fisheye ``a`` is an angle.
    """
    k = lens.radial
    q = a * a
    if lens.model == wp.static(FISHEYE):
        f = 1.0 + q * (k[0] + q * (k[1] + q * (k[2] + q * k[3])))
        return wp.vec2(a * f, 1.0 + q * (3.0 * k[0] + q * (5.0 * k[1] + q * (7.0 * k[2] + q * 9.0 * k[3]))))
    top = 1.0 + q * (k[0] + q * (k[1] + q * k[2]))
    bottom = 1.0 + q * (k[3] + q * (lens.more[0] + q * lens.more[1]))
    rise = 1.0 + q * (3.0 * k[0] + q * (5.0 * k[1] + q * 7.0 * k[2]))
    fall = 2.0 * a * (k[3] + q * (2.0 * lens.more[0] + q * 3.0 * lens.more[1]))
    return wp.vec2(a * top / bottom, (rise * bottom - a * top * fall) / (bottom * bottom))


@wp.func
def relaxed(lens: LensValues, r: float) -> float:
    """What `stretched` takes to a distance from the middle; -1 if that lies beyond the lens's field."""
    low = float(0.0)
    high = lens.field
    if r > stretched(lens, high)[0]:
        return -1.0
    a = wp.min(r, high)
    k = int(0)
    while k < wp.static(TURNS):
        f = stretched(lens, a)
        # Rising throughout the field: the root stays bracketed, and steps that leave it are halved.
        if f[0] > r:
            high = a
        else:
            low = a
        b = a - (f[0] - r) / wp.max(f[1], 1.0e-6)
        if b < low or b > high:
            b = 0.5 * (low + high)
        if wp.abs(b - a) <= 1.0e-7 * (1.0 + a):
            k = wp.static(TURNS)
        a = b
        k += 1
    return a


@wp.func
def bent(lens: LensValues, x: float, y: float) -> wp.vec2:
    """Where Brown-Conrady puts a point at unit depth."""
    q = x * x + y * y
    k = lens.radial
    m = lens.more
    f = (1.0 + q * (k[0] + q * (k[1] + q * k[2]))) / (1.0 + q * (k[3] + q * (m[0] + q * m[1])))
    return wp.vec2(
        x * f + 2.0 * m[2] * x * y + m[3] * (q + 2.0 * x * x), y * f + m[2] * (q + 2.0 * y * y) + 2.0 * m[3] * x * y
    )


@wp.func
def straightened(lens: LensValues, u: float, v: float) -> wp.vec3:
    """Direction that Brown-Conrady shows at (u, v), z = 1; zero if there is none."""
    r = wp.sqrt(u * u + v * v)
    a = relaxed(lens, r)
    radial = lens.more[2] == 0.0 and lens.more[3] == 0.0
    if a < 0.0:
        if radial:
            return wp.vec3(0.0, 0.0, 0.0)
        # The tangential terms may have moved a point out there from within the field.
        a = lens.field
    x = float(0.0)
    y = float(0.0)
    if r > 0.0:
        x = u * a / r
        y = v * a / r
    if radial:
        return wp.vec3(x, y, 1.0)
    found = int(0)
    k = int(0)
    while k < wp.static(TURNS):
        # Newton's method, with the Jacobian of the radial part alone turned to the radius.
        at = bent(lens, x, y)
        s = wp.sqrt(x * x + y * y)
        g = stretched(lens, wp.min(s, lens.field))
        e = wp.vec2(u - at[0], v - at[1])
        around = g[0] / wp.max(s, 1.0e-9)
        if s < 1.0e-6:
            around = 1.0
        n = wp.vec2(x, y) / wp.max(s, 1.0e-9)
        out = wp.dot(e, n) / wp.max(g[1], 1.0e-6)
        side = (e[1] * n[0] - e[0] * n[1]) / wp.max(around, 1.0e-6)
        if s < 1.0e-6:
            x += e[0]
            y += e[1]
        else:
            x += n[0] * out - n[1] * side
            y += n[1] * out + n[0] * side
        # Out there the model folds: back to the edge of the field.
        most = 1.05 * lens.field / wp.max(wp.sqrt(x * x + y * y), 1.0e-9)
        if most < 1.0:
            x *= most
            y *= most
        k += 1
        if wp.abs(e[0]) + wp.abs(e[1]) < 2.0e-6 * (1.0 + r):
            found = 1
        if wp.abs(e[0]) + wp.abs(e[1]) < 2.0e-7 * (1.0 + r):
            k = wp.static(TURNS)
    # Where the model folds the search may end nowhere.
    if found == 0 or x * x + y * y > lens.field * lens.field:
        return wp.vec3(0.0, 0.0, 0.0)
    return wp.vec3(x, y, 1.0)


@wp.func
def lens_direction(lens: LensValues, u: float, v: float) -> wp.vec3:
    """Direction in the camera frame that a lens shows at (u, v): z = 1, of a fisheye unit length, zero beyond its field."""
    if lens.model != wp.static(FISHEYE):
        return straightened(lens, u, v)
    r = wp.sqrt(u * u + v * v)
    a = relaxed(lens, r)
    if a < 0.0:
        return wp.vec3(0.0, 0.0, 0.0)
    s = wp.sin(a) / wp.max(r, 1.0e-9)
    return wp.vec3(u * s, v * s, wp.cos(a))


@wp.func
def lens_place(lens: LensValues, c: wp.vec3) -> wp.vec3:
    """Where a lens puts a point of the camera frame: (u, v), and 1 if it lies in its field.

    What lies beyond the field goes to its rim.
    """
    r = wp.sqrt(c[0] * c[0] + c[1] * c[1])
    a = float(0.0)
    if lens.model == wp.static(FISHEYE):
        a = wp.atan2(r, c[2])
    elif c[2] > 1.0e-4:
        a = r / c[2]
    else:
        a = 1.0e9
    seen = float(1.0)
    if a > lens.field:
        seen = 0.0
        a = lens.field
    if r < 1.0e-12:
        return wp.vec3(0.0, 0.0, seen)
    if lens.model == wp.static(FISHEYE):
        s = stretched(lens, a)[0] / r
        return wp.vec3(c[0] * s, c[1] * s, seen)
    at = bent(lens, c[0] * (a / r), c[1] * (a / r))
    return wp.vec3(at[0], at[1], seen)


# --- on the host ----------------------------------------------------------------------------------------------------------


def coefficients(lens: Lens) -> tuple[Floats, Floats]:
    """k1, k2, k3, k4 and k5, k6, p1, p2 of a lens."""
    d = np.zeros(8)
    d[: len(lens.distortion)] = lens.distortion
    if lens.model == "brown_conrady":
        return d[[0, 1, 4, 5]], d[[6, 7, 2, 3]]
    return d[:4], np.zeros(4)


def stretch(lens: Lens, a: Any) -> Any:
    """`stretched` on the host, in double precision."""
    k, more = coefficients(lens)
    q = np.square(a)
    if lens.model == "kannala_brandt":
        return a * (1.0 + q * (k[0] + q * (k[1] + q * (k[2] + q * k[3]))))
    bottom = 1.0 + q * (k[3] + q * (more[0] + q * more[1]))
    return a * (1.0 + q * (k[0] + q * (k[1] + q * k[2]))) / bottom


FOLD = 0.02
"""A lens with tangential terms ends where its picture grows by less than this share of what it does at the middle: farther out it folds."""


def field_of(lens: Lens) -> float:
    """Where a lens ends, as `LensValues.field` says: its ``max_angle``, or where its model folds if that comes first."""
    fisheye = lens.model == "kannala_brandt"
    angle = WIDEST if lens.max_angle is None else lens.max_angle
    widest = angle if fisheye else min(math.tan(min(angle, 1.56)), STEEPEST)
    # Finer near the axis, where most pixels are, than far out.
    a = widest * np.linspace(0.0, 1.0, 20001) ** 2
    least = FOLD if any(coefficients(lens)[1][2:]) and not fisheye else 0.0
    with np.errstate(divide="ignore", invalid="ignore"):
        r = stretch(lens, a)
        falls = np.flatnonzero(~(np.diff(r) > least * np.diff(a)))
    return float(a[falls[0]]) if len(falls) else widest


def largest_angle(lens: Lens) -> float:
    """Angle from the axis at which a lens ends [rad]."""
    field = field_of(lens)
    return field if lens.model == "kannala_brandt" else math.atan(field)


def focal_length(camera: CameraConfig) -> float:
    """Of a camera whose lens has no intrinsics [pixels]."""
    half = 0.5 * camera.horizontal_fov
    if camera.lens.model == "kannala_brandt":
        return 0.5 * camera.width / float(stretch(camera.lens, half))
    return 0.5 * camera.width / math.tan(half)


def intrinsic_matrix(camera: CameraConfig) -> Floats:
    """K of a camera, (3, 3), for pixel centres at whole numbers."""
    if camera.lens.intrinsics is not None:
        fx, fy, cx, cy = camera.lens.intrinsics
        return np.array([[fx, 0.0, cx], [0.0, fy, cy], [0.0, 0.0, 1.0]])
    f = focal_length(camera)
    return np.array([[f, 0.0, 0.5 * (camera.width - 1)], [0.0, f, 0.5 * (camera.height - 1)], [0.0, 0.0, 1.0]])


def relax(lens: Lens, r: Floats) -> Floats:
    """`relaxed` on the host, by bisection; NaN beyond the lens's field."""
    low, high = np.zeros_like(r), np.full_like(r, field_of(lens))
    beyond = r > stretch(lens, high)
    for _ in range(60):
        middle = 0.5 * (low + high)
        over = stretch(lens, middle) > r
        low, high = np.where(over, low, middle), np.where(over, middle, high)
    return np.where(beyond, np.nan, 0.5 * (low + high))


def directions(camera: CameraConfig, points: npt.ArrayLike) -> Floats:
    """`sim.render.camera.pixel_direction` on the host, in double precision and another way: what checks are held against.

    Args:
        camera: Which.
        points: Columns and rows, (..., 2).

    Returns:
        Directions in the camera frame, (..., 3): z = 1, of a fisheye unit length, zero where the lens shows nothing.
    """
    k, at = intrinsic_matrix(camera), np.asarray(points, float)
    aim = (at - k[:2, 2]) / np.array([k[0, 0], k[1, 1]])
    if camera.lens.model == "pinhole":
        return np.concatenate([aim, np.ones_like(aim[..., :1])], -1)
    p1, p2 = coefficients(camera.lens)[1][2:]
    shift = np.zeros_like(aim)
    for _ in range(1 if p1 == p2 == 0.0 else 100):
        r = np.linalg.norm(aim - shift, axis=-1)
        a = relax(camera.lens, r)
        # Tangential terms may bring points from beyond the field into it: only the last turn tells.
        inner = np.where(np.isnan(a), field_of(camera.lens), a)
        xy = (aim - shift) * (inner / np.maximum(r, 1e-12))[..., None]
        x, y = xy[..., 0], xy[..., 1]
        before, shift = shift, np.stack(
            [2 * p1 * x * y + p2 * (3 * x * x + y * y), p1 * (x * x + 3 * y * y) + 2 * p2 * x * y], -1
        ) * (camera.lens.model == "brown_conrady")  # fmt: skip
        if not (np.abs(shift - before) > 1e-15).any():
            break
    if camera.lens.model == "kannala_brandt":
        unit = (aim / np.maximum(r, 1e-12)[..., None]) * np.sin(a)[..., None]
        out = np.concatenate([unit, np.cos(a)[..., None]], -1)
    else:
        out = np.concatenate([xy, np.ones_like(aim[..., :1])], -1)
    return np.where(np.isnan(a)[..., None], 0.0, out)
