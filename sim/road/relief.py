"""Speed bumps and potholes: the one definition of their height, which wheels, bodies and pictures share.

Round-top humps are arcs of a circle (Watts 1973, TRRL LR 597: 3.7 m long, 0.1 m high), sinusoidal ones a period of a cosine; flat-topped
ones have straight ramps, 1 in 10 by default (1 in 10 to 1 in 15: TRL report 186). Shapes: Department for Transport, Traffic Advisory
Leaflet 10/00. At their ends across the road they fall to 0 by 1 in 4 (sides of speed cushions: TRL project report 32). A pothole is a
bowl, depth (1 - r^2 / R^2)^2.
"""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false, reportReturnType=false
from __future__ import annotations

import math
from typing import Any

import numpy as np
import warp as wp

from sim.road.elements import Bump, Pothole
from sim.types import Relief, RoadTables

wp.set_module_options({"enable_backward": False})

MOST = 64
"""Bumps and potholes that a road may have."""
SIDE = 4.0
"""Width over height of a bump's ends across the road."""
REACH = 0.2
"""Half the distance of the two circles by which a wheel feels the ground, over its radius: about its contact's half length."""
ARC = (1.0 - math.sqrt(1.0 - 4.0 * REACH * REACH)) / REACH
"""How much higher a wheel's circle lies twice `REACH` from its lowest point, over `REACH`."""


def relief_rows(bumps: list[Bump], potholes: list[Pothole]) -> tuple[list[Any], list[Any]]:
    """Rows of `RoadTables.relief_box` and ``relief_form``."""
    boxes: list[Any] = []
    forms: list[Any] = []
    for b in bumps:
        half = 0.5 * b.length
        own = {"round": (half * half + b.height * b.height) / (2.0 * b.height), "sinus": half, "flat": b.ramp}
        boxes.append((b.s - half, b.s + half, b.t0, b.t1))
        forms.append((int(Relief[b.shape.upper()]), b.height, own[b.shape], side_ramp(b)))
    for p in potholes:
        half = 0.5 * p.diameter
        boxes.append((p.s - half, p.s + half, p.t - half, p.t + half))
        forms.append((int(Relief.BOWL), -p.depth, half, 0.0))
    return boxes, forms


def side_ramp(bump: Bump) -> float:
    """Width over which a bump falls off to either side [m]."""
    return min(SIDE * bump.height, 0.25 * (bump.t1 - bump.t0))


@wp.func
def rise_of(box: wp.vec4, form: wp.vec4, s: float, t: float) -> wp.vec3:
    """Height [m] of a bump or pothole at a place inside its box, and its slopes along s and t."""
    half = 0.5 * (box[1] - box[0])
    x = s - 0.5 * (box[0] + box[1])
    kind = int(form[0])
    if kind == wp.static(int(Relief.BOWL)):
        y = t - 0.5 * (box[2] + box[3])
        per = 1.0 / (half * half)
        u = wp.max(1.0 - (x * x + y * y) * per, 0.0)
        bend = -4.0 * form[1] * u * per
        return wp.vec3(form[1] * u * u, bend * x, bend * y)
    z = float(0.0)
    slope = float(0.0)
    if kind == wp.static(int(Relief.ROUND)):
        root = wp.sqrt(form[2] * form[2] - x * x)
        z = root - (form[2] - form[1])
        slope = -x / root
    elif kind == wp.static(int(Relief.SINUS)):
        angle = x * (wp.static(math.pi) / half)
        z = 0.5 * form[1] * (1.0 + wp.cos(angle))
        slope = -0.5 * form[1] * (wp.static(math.pi) / half) * wp.sin(angle)
    else:
        up = (half - wp.abs(x)) / form[2]
        z = form[1] * wp.min(up, 1.0)
        if up < 1.0:
            slope = -wp.sign(x) * form[1] / form[2]
    side = wp.min(t - box[2], box[3] - t) / form[3]
    if side >= 1.0:
        return wp.vec3(z, slope, 0.0)
    fall = wp.where(t - box[2] < box[3] - t, 1.0, -1.0) / form[3]
    return wp.vec3(z * side, slope * side, z * fall)


@wp.func
def relief_at(road: RoadTables, r: int, s: float, t: float) -> wp.vec3:
    """Height [m] of road ``r``'s bumps and potholes at (s, t) over its smooth surface, and its slopes along s and t."""
    out = wp.vec3()
    for i in range(road.road_first_relief[r], road.road_first_relief[r + 1]):
        box = road.relief_box[i]
        if s > box[0] and s < box[1] and t > box[2] and t < box[3]:
            out += rise_of(box, road.relief_form[i], s, t)
    return out


@wp.func
def rolled_relief(road: RoadTables, r: int, s: float, t: float, ds: float, dt: float) -> wp.vec3:
    """What of `relief_at` a wheel feels that points along (ds, dt), of length `REACH` times its radius; the point's own if 0.

    The tandem of Schmeitz 2004 (Pacejka 2012, ch. 10), with circles of the wheel's radius as cams, each laid upon three points: a
    wheel feels the mean of their heights, and the slope of the line through them. It bridges a hole that is shorter than itself.
    """
    long = wp.sqrt(ds * ds + dt * dt)
    arc = wp.static(ARC) * long
    back = float(0.0)
    b = wp.vec3()
    a = wp.vec3()
    far = float(0.0)
    k = int(0)
    last = int(4)
    if long == 0.0:
        k = 2
        last = 3
    while k < last:  # no range: unrolled, it would only take registers
        way = float(2 * k - 3)
        z = relief_at(road, r, s + way * ds, t + way * dt)
        if k == 0:
            back = z[0]
        elif k == 1:
            b = z
        elif k == 2:
            a = z
        else:
            far = z[0]
        k += 1
    if long == 0.0:
        return a
    first = wp.max(a[0], wp.max(far, b[0]) - arc)
    second = wp.max(b[0], wp.max(back, a[0]) - arc)
    along = 0.5 * (first - second) / long
    across = 0.5 * ((a[2] + b[2]) * ds - (a[1] + b[1]) * dt) / long
    return wp.vec3(0.5 * (first + second), (along * ds - across * dt) / long, (along * dt + across * ds) / long)


@wp.kernel
def _add_rises(box: wp.vec4, form: wp.vec4, place: wp.array[wp.vec2], z: wp.array[float]):
    """Reads places (s, t). Adds a bump's or pothole's height to ``z``."""
    i = wp.tid()
    at = place[i]
    if at[0] > box[0] and at[0] < box[1] and at[1] > box[2] and at[1] < box[3]:
        z[i] = z[i] + rise_of(box, form, at[0], at[1])[0]


def relief_heights(bumps: list[Bump], potholes: list[Pothole], places: Any) -> np.ndarray:
    """Height of bumps and potholes over the smooth surface [m] at road places (s, t), (n, 2): (n,)."""
    place = wp.array(places, dtype=wp.vec2, device="cpu")
    z = wp.zeros(len(place), dtype=float, device="cpu")
    for box, form in zip(*relief_rows(bumps, potholes), strict=True):
        wp.launch(_add_rises, dim=len(place), inputs=[wp.vec4(*box), wp.vec4(*form), place, z], device="cpu")
    return z.numpy()
