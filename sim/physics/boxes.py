"""Upright boxes of actors in the plane: overlap, distance and time to contact (`wp.func`s shared by contacts and metrics)."""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false, reportInvalidTypeForm=false
from __future__ import annotations

import warp as wp

from sim.types import Scene, State

wp.set_module_options({"enable_backward": False})

NEVER = 1.0e9
"""Stands for a time that does not come [s]."""

DOOR_LENGTH = 0.95
"""How far a door that stands open at a right angle sticks out [m]."""


@wp.struct
class Footprint:
    """An actor's box seen from above, and what heights it spans."""

    center: wp.vec2
    """World frame [m]."""
    axis: wp.vec2
    """Unit, along its length."""
    half: wp.vec2
    """Half of length and width [m]."""
    low: float
    """[m]."""
    high: float


@wp.func
def cross2(a: wp.vec2, b: wp.vec2) -> float:
    """The cross product's z."""
    return a[0] * b[1] - a[1] * b[0]


@wp.func
def side_of(a: wp.vec2) -> wp.vec2:
    """The vector turned left by a right angle."""
    return wp.vec2(-a[1], a[0])


@wp.func
def door_reach(angle: float) -> float:
    """How far an open door sticks out of a vehicle's side [m]."""
    return wp.static(DOOR_LENGTH) * wp.sin(wp.clamp(angle, 0.0, 0.5 * wp.pi))


@wp.func
def closed_footprint(scene: Scene, state: State, world: int, a: int) -> Footprint:
    """The rectangle about a box seen from above, doors apart: exact for upright boxes, the tightest along the main axis of others."""
    out = Footprint()
    q = state.rot[world, a]
    half = 0.5 * scene.size[world, a]
    middle = state.pos[world, a] + wp.quat_rotate(q, scene.box_center[world, a])
    r = wp.quat_to_matrix(q)
    px = wp.vec2(r[0, 0], r[1, 0]) * half[0]
    py = wp.vec2(r[0, 1], r[1, 1]) * half[1]
    pz = wp.vec2(r[0, 2], r[1, 2]) * half[2]
    main = wp.vec2(px)
    if r[2, 2] < 0.8:
        if wp.length_sq(py) > wp.length_sq(main):
            main = -side_of(py)
        if wp.length_sq(pz) > wp.length_sq(main):
            main = wp.vec2(pz)
    out.axis = wp.normalize(main)
    out.half = wp.vec2(
        wp.abs(wp.dot(out.axis, px)) + wp.abs(wp.dot(out.axis, py)) + wp.abs(wp.dot(out.axis, pz)),
        wp.abs(cross2(out.axis, px)) + wp.abs(cross2(out.axis, py)) + wp.abs(cross2(out.axis, pz)),
    )
    out.center = wp.vec2(middle[0], middle[1])
    rise = wp.abs(r[2, 0]) * half[0] + wp.abs(r[2, 1]) * half[1] + wp.abs(r[2, 2]) * half[2]
    out.low = middle[2] - rise
    out.high = middle[2] + rise
    return out


@wp.func
def footprint(scene: Scene, state: State, world: int, a: int) -> Footprint:
    """`closed_footprint`, widened by an open door over the vehicle's whole length: what passes alongside meets the door all the same."""
    out = closed_footprint(scene, state, world, a)
    door = state.door[world, a]
    if door[0] > 0.0 or door[1] > 0.0:
        left = door_reach(door[0])
        right = door_reach(door[1])
        out.half[1] = out.half[1] + 0.5 * (left + right)
        out.center += side_of(out.axis) * (0.5 * (left - right))
    return out


@wp.func
def overlaps(p: Footprint, q: Footprint) -> bool:
    """Whether two boxes share a point (separating axes, and heights)."""
    if p.low >= q.high or q.low >= p.high:
        return False
    d = q.center - p.center
    c = wp.abs(wp.dot(p.axis, q.axis))
    s = wp.abs(cross2(p.axis, q.axis))
    if wp.abs(wp.dot(d, p.axis)) >= p.half[0] + q.half[0] * c + q.half[1] * s:
        return False
    if wp.abs(cross2(p.axis, d)) >= p.half[1] + q.half[0] * s + q.half[1] * c:
        return False
    if wp.abs(wp.dot(d, q.axis)) >= q.half[0] + p.half[0] * c + p.half[1] * s:
        return False
    return wp.abs(cross2(q.axis, d)) < q.half[1] + p.half[0] * s + p.half[1] * c


@wp.func
def _point_distance_sq(p: Footprint, point: wp.vec2) -> float:
    d = point - p.center
    x = wp.max(wp.abs(wp.dot(d, p.axis)) - p.half[0], 0.0)
    y = wp.max(wp.abs(cross2(p.axis, d)) - p.half[1], 0.0)
    return x * x + y * y


@wp.func
def outline_corner(p: Footprint, k: int) -> wp.vec2:
    """Corner 0..3, counter-clockwise from front left."""
    x = wp.where(k == 0 or k == 3, p.half[0], -p.half[0])
    y = wp.where(k < 2, p.half[1], -p.half[1])
    return p.center + p.axis * x + side_of(p.axis) * y


@wp.func
def plane_distance(p: Footprint, q: Footprint) -> float:
    """Distance between two rectangles [m], 0 if they overlap: at the nearest points one of them has a corner."""
    d = q.center - p.center
    c = wp.abs(wp.dot(p.axis, q.axis))
    s = wp.abs(cross2(p.axis, q.axis))
    g0 = wp.abs(wp.dot(d, p.axis)) - (p.half[0] + q.half[0] * c + q.half[1] * s)
    g1 = wp.abs(cross2(p.axis, d)) - (p.half[1] + q.half[0] * s + q.half[1] * c)
    g2 = wp.abs(wp.dot(d, q.axis)) - (q.half[0] + p.half[0] * c + p.half[1] * s)
    g3 = wp.abs(cross2(q.axis, d)) - (q.half[1] + p.half[0] * s + p.half[1] * c)
    if g0 <= 0.0 and g1 <= 0.0 and g2 <= 0.0 and g3 <= 0.0:
        return 0.0
    best = float(1.0e30)
    for k in range(4):
        best = wp.min(best, _point_distance_sq(p, outline_corner(q, k)))
        best = wp.min(best, _point_distance_sq(q, outline_corner(p, k)))
    return wp.sqrt(best)


@wp.func
def _axis_times(distance: float, reach: float, speed: float) -> wp.vec2:
    """When two extents begin and cease to overlap on an axis; ``distance`` between their middles grows by ``speed``."""
    if wp.abs(speed) < 1.0e-6:
        if wp.abs(distance) < reach:
            return wp.vec2(-wp.static(NEVER), wp.static(NEVER))
        return wp.vec2(wp.static(NEVER), -wp.static(NEVER))
    t0 = (-reach - distance) / speed
    t1 = (reach - distance) / speed
    return wp.vec2(wp.min(t0, t1), wp.max(t0, t1))


@wp.func
def sweep_time(p: Footprint, q: Footprint, vel: wp.vec2) -> float:
    """When two rectangles meet if the second moves with ``vel`` against the first, neither turning [s]; `NEVER` if they do not.

    Exact: convex shapes that only shift overlap just while they do on every separating axis.
    """
    d = q.center - p.center
    c = wp.abs(wp.dot(p.axis, q.axis))
    s = wp.abs(cross2(p.axis, q.axis))
    a = _axis_times(wp.dot(d, p.axis), p.half[0] + q.half[0] * c + q.half[1] * s, wp.dot(vel, p.axis))
    b = _axis_times(cross2(p.axis, d), p.half[1] + q.half[0] * s + q.half[1] * c, cross2(p.axis, vel))
    e = _axis_times(wp.dot(d, q.axis), q.half[0] + p.half[0] * c + p.half[1] * s, wp.dot(vel, q.axis))
    f = _axis_times(cross2(q.axis, d), q.half[1] + p.half[0] * s + p.half[1] * c, cross2(q.axis, vel))
    first = wp.max(wp.max(a[0], b[0]), wp.max(e[0], f[0]))
    last = wp.min(wp.min(a[1], b[1]), wp.min(e[1], f[1]))
    if first >= last or last <= 0.0:
        return wp.static(NEVER)
    return wp.max(first, 0.0)


@wp.func
def met_within(p: Footprint, q: Footprint, vel: wp.vec2, dt: float) -> float:
    """How long ago two rectangles met if the second moved with ``vel`` against the first for ``dt`` [s]: ``dt`` if before, 0 if never."""
    before = q
    before.center = q.center - vel * dt
    t = sweep_time(p, before, vel)
    return wp.clamp(dt - t, 0.0, dt)


@wp.func
def only_door(scene: Scene, state: State, world: int, a: int, b: int) -> bool:
    """Whether two actors whose footprints overlap touch by an open door alone."""
    da = state.door[world, a]
    db = state.door[world, b]
    if da[0] <= 0.0 and da[1] <= 0.0 and db[0] <= 0.0 and db[1] <= 0.0:
        return False
    return not overlaps(closed_footprint(scene, state, world, a), closed_footprint(scene, state, world, b))
