"""Lays trajectories whose points are relative to lanes or roads (`wp.func`s): along the road where their entity is when they start.

Other relative trajectories keep their shape and are only moved (`sim.behavior.follow_path`). Points, headings and arc lengths are those of
`sim.behavior.trajectory`.
"""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

import warp as wp

from sim.behavior.codes import Laying, RowField
from sim.behavior.measures import spot_of
from sim.behavior.path import wrap_angle
from sim.behavior.trajectory import CORNER, FINE
from sim.types import Scene, State

wp.set_module_options({"enable_backward": False})

_PATH, _LAYING, _POSITION, _COUNT = (int(RowField[n]) for n in ("PATH", "SHAPE", "POSITION", "POSITION2"))
SHARES = 6
"""Number of a row that says where the shares of its NURBS begin."""


@wp.func
def _lay_vertices(scene: Scene, state: State, world: int, r: int, first: int, count: int):
    """Write a polyline's vertices, their headings and arc lengths."""
    position = scene.story.row_code[world, r, wp.static(_POSITION)]
    s = float(0.0)
    for i in range(count):
        spot = spot_of(scene, state, world, position + i)
        here = wp.vec3(spot.pos[0], spot.pos[1], 0.0)
        if i > 0:
            s += wp.length(here - scene.path.point[world, first + i - 1])
        scene.path.point[world, first + i] = here
        scene.path.s[world, first + i] = s
    current = float(0.0)
    begun = bool(False)
    for i in range(count - 1):
        step = scene.path.point[world, first + i + 1] - scene.path.point[world, first + i]
        if wp.length(step) > 1.0e-6:
            current = wp.atan2(step[1], step[0])
            if not begun:
                for k in range(i):
                    scene.path.heading[world, first + k] = current
            begun = True
        scene.path.heading[world, first + i] = current
    scene.path.heading[world, first + count - 1] = current


@wp.func
def _turn_at_corners(scene: Scene, world: int, first: int, count: int):
    """Make four points of each segment between vertices, in place and from the end: the actor turns only near the vertices."""
    i = count - 2
    while i >= 0:
        a = scene.path.point[world, first + i]
        b = scene.path.point[world, first + i + 1]
        s = scene.path.s[world, first + i]
        length = scene.path.s[world, first + i + 1] - s
        here = scene.path.heading[world, first + i]
        before = here + 0.5 * wrap_angle(scene.path.heading[world, first + wp.max(i - 1, 0)] - here)
        after = here + wrap_angle(scene.path.heading[world, first + i + 1] - here) * wp.where(i < count - 2, 0.5, 1.0)
        reach = wp.min(wp.static(CORNER), 0.5 * length)
        j = first + 4 * i
        t0 = scene.path.time[world, j]
        t1 = scene.path.time[world, j + 3]
        for k in range(4):
            at = wp.where(k == 0, 0.0, wp.where(k == 1, reach, wp.where(k == 2, length - reach, length)))
            f = wp.where(length > 1.0e-9, at / wp.max(length, 1.0e-9), wp.where(k == 3, 1.0, 0.0))
            scene.path.point[world, j + k] = a + (b - a) * f
            scene.path.heading[world, j + k] = wp.where(k == 0, before, wp.where(k == 3, after, here))
            scene.path.s[world, j + k] = s + at
            scene.path.time[world, j + k] = t0 + (t1 - t0) * f
        i -= 1


@wp.func
def _mix_points(scene: Scene, state: State, world: int, r: int, path: int, shares: int, base: wp.vec3):
    """Write points as shares of a row's control points, from ``base`` for the sake of rounding."""
    position = scene.story.row_code[world, r, wp.static(_POSITION)]
    ncontrol = scene.story.row_code[world, r, wp.static(_COUNT)]
    first = scene.path.first[world, path]
    for i in range(ncontrol):
        spot = spot_of(scene, state, world, position + i)
        control = wp.vec3(spot.pos[0] - base[0], spot.pos[1] - base[1], 0.0)
        for j in range(scene.path.count[world, path]):
            share = control * scene.story.share[world, shares + j * ncontrol + i]
            if i == 0:
                scene.path.point[world, first + j] = share
            else:
                scene.path.point[world, first + j] = scene.path.point[world, first + j] + share


@wp.func
def _lay_nurbs(scene: Scene, state: State, world: int, r: int, path: int):
    """Lay a NURBS: its points, and its tangents at its chords' ends in the path that follows it in the table."""
    ncontrol = scene.story.row_code[world, r, wp.static(_COUNT)]
    shares = int(scene.story.row_value[world, r, wp.static(SHARES)])
    count = scene.path.count[world, path]
    base = spot_of(scene, state, world, scene.story.row_code[world, r, wp.static(_POSITION)]).pos
    _mix_points(scene, state, world, r, path, shares, base)
    _mix_points(scene, state, world, r, path + 1, shares + count * ncontrol, base)
    first = scene.path.first[world, path]
    ahead = scene.path.first[world, path + 1]
    nchord = (count - 1) // wp.static(FINE)
    s = float(0.0)
    for c in range(nchord + 1):
        j = first + c * wp.static(FINE)
        here = scene.path.point[world, j]
        step = scene.path.point[world, ahead + c]
        if c > 0:
            s += wp.length(here - scene.path.point[world, j - wp.static(FINE)])
        scene.path.s[world, j] = s
        scene.path.heading[world, j] = wp.atan2(step[1], step[0])
    scene.path.heading[world, first] = scene.path.heading[world, first + wp.static(FINE)]
    for k in range(count):
        scene.path.point[world, first + k] = scene.path.point[world, first + k] + wp.vec3(base[0], base[1], 0.0)
    for k in range(count - 1):
        j = first + k - k % wp.static(FINE)
        f = float(k % wp.static(FINE)) / float(wp.static(FINE))
        turn = wrap_angle(scene.path.heading[world, j + wp.static(FINE)] - scene.path.heading[world, j])
        scene.path.heading[world, first + k] = scene.path.heading[world, j] + turn * f
        scene.path.s[world, first + k] = (
            scene.path.s[world, j] + (scene.path.s[world, j + wp.static(FINE)] - scene.path.s[world, j]) * f
        )


@wp.func
def lay_path(scene: Scene, state: State, world: int, r: int):
    """Lay the trajectory of a starting row along the road, if it is one that bends with it."""
    laying = scene.story.row_code[world, r, wp.static(_LAYING)]
    if laying == wp.static(int(Laying.FIXED)):
        return
    path = scene.story.row_code[world, r, wp.static(_PATH)]
    first = scene.path.first[world, path]
    count = scene.story.row_code[world, r, wp.static(_COUNT)]
    if laying == wp.static(int(Laying.NURBS)):
        _lay_nurbs(scene, state, world, r, path)
        return
    _lay_vertices(scene, state, world, r, first, count)
    if laying == wp.static(int(Laying.CORNERS)):
        _turn_at_corners(scene, world, first, count)
