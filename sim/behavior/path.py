"""Points on and nearest to the polylines of `PathTables`: routes, trajectories, walking paths."""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

import warp as wp

from sim.types import PathTables

wp.set_module_options({"enable_backward": False})

COARSE = 16
"""Every so many points of a path are looked at first."""
SKIP = 20.0
"""Stretches from this length on are skipped [m]."""
SLACK = 0.1
"""By how much more than rounding a skipped stretch is farther [m]."""


@wp.struct
class PathPoint:
    """A place on a path."""

    pos: wp.vec3
    """[m]."""
    heading: float
    """Direction of travel [rad]."""
    s: float
    """Arc length from the path's start [m]."""
    offset: float
    """Of the query point, left of the path [m]."""


@wp.func
def wrap_angle(a: float) -> float:
    """The same angle in -pi..pi."""
    if wp.abs(a) < 3.1415:
        return a
    return a - 2.0 * wp.pi * wp.round(a / (2.0 * wp.pi))


@wp.func
def path_length(path: PathTables, world: int, p: int) -> float:
    """Arc length of path ``p`` [m], 0 without points."""
    n = path.count[world, p]
    if n == 0:
        return 0.0
    return path.s[world, path.first[world, p] + n - 1]


@wp.func
def path_segment(path: PathTables, world: int, p: int, s: float) -> int:
    """Index of the point that begins the segment holding ``s``, by bisection."""
    lo = path.first[world, p]
    hi = lo + wp.max(path.count[world, p] - 2, 0)
    while lo < hi:
        mid = (lo + hi + 1) // 2
        if path.s[world, mid] <= s:
            lo = mid
        else:
            hi = mid - 1
    return lo


@wp.func
def path_point(path: PathTables, world: int, p: int, s: float) -> PathPoint:
    """The point at arc length ``s``; beyond the ends the path goes on straight."""
    out = PathPoint()
    i = path_segment(path, world, p, s)
    if path.count[world, p] < 2:
        out.pos = path.point[world, i]
        out.heading = path.heading[world, i]
        return out
    s0 = path.s[world, i]
    length = wp.max(path.s[world, i + 1] - s0, 1.0e-6)
    f = (s - s0) / length
    a = path.point[world, i]
    b = path.point[world, i + 1]
    turn = wrap_angle(path.heading[world, i + 1] - path.heading[world, i])
    out.pos = a + (b - a) * f
    out.heading = path.heading[world, i] + turn * wp.clamp(f, 0.0, 1.0)
    out.s = s
    return out


@wp.func
def path_project(path: PathTables, world: int, p: int, pos: wp.vec3) -> PathPoint:
    """The point of path ``p`` nearest to ``pos`` in the plane, with the signed offset of ``pos``.

    A path comes nearer by at most its arc length, so stretches that are too far for their length are skipped.
    """
    first = path.first[world, p]
    last = first + wp.max(path.count[world, p] - 1, 0)
    within = float(1.0e15)  # some point is as near
    i = int(first)
    while i < last:
        q = pos - path.point[world, i]
        within = wp.min(within, wp.sqrt(q[0] * q[0] + q[1] * q[1]))
        i += wp.static(COARSE)
    best = float(1.0e30)
    best_i = int(first)
    best_f = float(0.0)
    i = int(first)
    while i < last:
        a = path.point[world, i]
        d = path.point[world, i + 1] - a
        q = pos - a
        f = wp.clamp((q[0] * d[0] + q[1] * d[1]) / wp.max(d[0] * d[0] + d[1] * d[1], 1.0e-9), 0.0, 1.0)
        ex = q[0] - f * d[0]
        ey = q[1] - f * d[1]
        e = ex * ex + ey * ey
        if e < best:
            best = e
            best_i = i
            best_f = f
        i += 1
        reach = wp.sqrt(e) - wp.min(within, wp.sqrt(best)) - wp.static(SLACK)
        if reach > wp.static(SKIP):
            i = wp.max(i, path_segment(path, world, p, path.s[world, i] + reach))
    s0 = path.s[world, best_i]
    s1 = s0
    if path.count[world, p] > 1:
        s1 = path.s[world, best_i + 1]
    out = path_point(path, world, p, s0 + best_f * (s1 - s0))
    out.s = s0 + best_f * (s1 - s0)
    q = pos - out.pos
    out.offset = -wp.sin(out.heading) * q[0] + wp.cos(out.heading) * q[1]
    return out


@wp.func
def path_direction(path: PathTables, world: int, p: int, s: float) -> float:
    """Direction of the segment at ``s``; a segment without length takes the next one with some."""
    i = path_segment(path, world, p, s)
    last = path.first[world, p] + path.count[world, p] - 2
    while i < last and path.s[world, i + 1] - path.s[world, i] < 1.0e-6:
        i += 1
    while i > path.first[world, p] and path.s[world, i + 1] - path.s[world, i] < 1.0e-6:
        i -= 1
    d = path.point[world, i + 1] - path.point[world, i]
    return wp.atan2(d[1], d[0])
