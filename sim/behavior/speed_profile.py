"""SpeedProfileAction (`wp.func`s over the working numbers of a row): speeds through entries, within limits of acceleration and jerk.

When the action starts its entries become segments of constant jerk, v = v0 + k t + j t^2 / 2. In 'position' mode they are the straight
lines between the entries. In 'follow' mode jerks round the corners: with several entries the lines are met between them; with one its
speed is reached with no acceleration left, in time if the limits allow.

Tables: the row's path holds the segments (time: begin [s], s: v0, heading: k, point x: j), the next one the entries (time: after the entry
before, negative if as soon as possible, s: speed), the one after that is where the corners are worked out.
"""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

import warp as wp

from sim.behavior import codes
from sim.behavior.codes import RowField
from sim.types import TICK, Scene, State

wp.set_module_options({"enable_backward": False})

_ENTITY, _FLAGS, _PATH = (int(RowField[n]) for n in ("ENTITY", "FLAGS", "PATH"))
CLOCK, SEGMENTS, CORNERS = 0, 1, 2
"""Working numbers: time since the start [s]; how many segments and corners there are."""
UP, DOWN, RATE_UP, RATE_DOWN, TOP = 0, 1, 2, 3, 4
"""Numbers of a row: greatest acceleration, deceleration, their rates, and speed."""
SMALL = 1.0e-6
ROUNDING = 4.0 * 2.0**-24 / TICK**2
"""Acceleration per metre from the origin that rounding alone can make [1/s^2]: it is the second difference of positions."""


@wp.func
def _add_segment(scene: Scene, state: State, world: int, r: int, t: float, v: float, k: float, j: float):
    n = int(state.story.row_value[world, r, wp.static(SEGMENTS)])
    i = scene.path.first[world, scene.story.row_code[world, r, wp.static(_PATH)]] + n
    scene.path.time[world, i] = t
    scene.path.s[world, i] = v
    scene.path.heading[world, i] = k
    scene.path.point[world, i] = wp.vec3(j, 0.0, 0.0)
    state.story.row_value[world, r, wp.static(SEGMENTS)] = float(n + 1)


@wp.func
def _put_corner(scene: Scene, world: int, i: int, t: float, v: float):
    scene.path.time[world, i] = t
    scene.path.s[world, i] = v
    scene.path.heading[world, i] = 0.0


@wp.func
def _find_corners(scene: Scene, state: State, world: int, r: int, a: int):
    """Times and speeds of the entries, and the acceleration (heading) from each to the next, within the limits."""
    path = scene.story.row_code[world, r, wp.static(_PATH)]
    entry = scene.path.first[world, path + 1]
    corner = scene.path.first[world, path + 2]
    follows = (scene.story.row_code[world, r, wp.static(_FLAGS)] & wp.static(codes.FLAG_ACCELERATED)) != 0
    b = scene.story.row_code[world, r, wp.static(_ENTITY)]
    base = float(0.0)
    if b >= 0:
        base = state.speed[world, b]
    n = int(0)
    time = float(0.0)
    _put_corner(scene, world, corner, 0.0, state.speed[world, a])
    for i in range(scene.path.count[world, path + 1]):
        span = scene.path.time[world, entry + i]
        speed = scene.path.s[world, entry + i] + base
        dv = speed - scene.path.s[world, corner + n]
        at_once = span >= 0.0 and span < wp.static(SMALL)
        if at_once and not (i == 0 and follows):
            scene.path.s[world, corner + n] = speed
        if not at_once and (span >= 0.0 or wp.abs(dv) > wp.static(SMALL)):
            up = scene.story.row_value[world, r, wp.static(UP)]
            down = scene.story.row_value[world, r, wp.static(DOWN)]
            k = dv / wp.max(span, wp.static(SMALL))
            if span < 0.0:
                up = wp.min(up, scene.max_acceleration[world, a])
                down = wp.min(down, scene.max_deceleration[world, a])
                k = wp.where(dv < 0.0, -down, up)
            if span < 0.0 or k > up or k < -down:
                k = wp.clamp(k, -down, up)
                span = dv / k
            scene.path.heading[world, corner + n] = k
            n += 1
            time += span
            _put_corner(scene, world, corner + n, time, speed)
    state.story.row_value[world, r, wp.static(CORNERS)] = float(n + 1)


@wp.func
def _reach_one(scene: Scene, state: State, world: int, r: int, c: int, k0: float):
    """Jerk, constant acceleration, jerk: from an acceleration ``k0`` to the speed of the second corner with none left."""
    span = scene.path.time[world, c + 1]
    v0 = scene.path.s[world, c]
    v1 = scene.path.s[world, c + 1]
    rate_up = scene.story.row_value[world, r, wp.static(RATE_UP)]
    rate_down = scene.story.row_value[world, r, wp.static(RATE_DOWN)]
    rises = scene.path.heading[world, c] > k0
    j0 = wp.where(rises, rate_up, -rate_down)
    j1 = wp.where(scene.path.heading[world, c] < 0.0, rate_up, -rate_down)
    # v1 - v0 = (k^2 - k0^2) / 2 j0 + k t + -k^2 / 2 j1, the three phases lasting the span together
    q = 0.5 / j1 - 0.5 / j0
    half = 0.5 * (span + k0 / j0)
    rest = -k0 * k0 / (2.0 * j0) - (v1 - v0)
    inside = half * half - q * rest
    k = float(0.0)
    if inside >= 0.0 and wp.abs(q) > 1.0e-12:
        k = (-half + wp.sqrt(inside)) / q
    elif inside >= 0.0:
        k = -rest / (2.0 * half)
    else:  # no time for a constant acceleration: it takes longer
        k = wp.sqrt(wp.max(rest / q, 0.0)) * wp.where(j0 > 0.0, 1.0, -1.0)
    k = wp.clamp(k, -scene.story.row_value[world, r, wp.static(DOWN)], scene.story.row_value[world, r, wp.static(UP)])
    t1 = wp.max((k - k0) / j0, 0.0)
    ramp = k0 * t1 + 0.5 * j0 * t1 * t1
    t2 = float(t1)
    if wp.abs(k) > wp.static(SMALL):
        t2 += wp.max((v1 - v0 - ramp + 0.5 * k * k / j1) / k, 0.0)
    _add_segment(scene, state, world, r, 0.0, v0, k0, j0)
    _add_segment(scene, state, world, r, t1, v0 + ramp, k, 0.0)
    _add_segment(scene, state, world, r, t2, v0 + ramp + k * (t2 - t1), k, j1)
    _add_segment(scene, state, world, r, t2 + wp.max(-k / j1, 0.0), v1, 0.0, 0.0)


@wp.func
def _round_corners(scene: Scene, state: State, world: int, r: int, c: int, n: int, k0: float):
    """The straight lines between corners, joined by jerks that begin half their time before the lines meet."""
    rate_up = scene.story.row_value[world, r, wp.static(RATE_UP)]
    rate_down = scene.story.row_value[world, r, wp.static(RATE_DOWN)]
    k = scene.path.heading[world, c]
    v = scene.path.s[world, c]
    t = float(0.0)
    if wp.abs(k - k0) > wp.static(SMALL):
        jerk = wp.where(k < k0, -rate_down, rate_up)
        _add_segment(scene, state, world, r, 0.0, v, k0, jerk)
        t = (k - k0) / jerk
        v += 0.5 * (k0 + k) * t
    _add_segment(scene, state, world, r, t, v, k, 0.0)
    for i in range(1, n):
        after = scene.path.heading[world, c + i]
        tc = scene.path.time[world, c + i]
        vc = scene.path.s[world, c + i]
        if wp.abs(after - k) > wp.static(SMALL):
            jerk = wp.where(after < k, -rate_down, rate_up)
            lasts = (after - k) / jerk
            # where this line meets the next one, less half the jerk's time
            begin = tc + (vc - v - k * (tc - t)) / (k - after) - 0.5 * lasts
            if begin < t:  # no room: on along the corner's own line
                begin = tc
                lasts = 0.0
                v = vc
            else:
                v += k * (begin - t)
                _add_segment(scene, state, world, r, begin, v, k, jerk)
                v += 0.5 * (k + after) * lasts
            t = begin + lasts
            k = after
            _add_segment(scene, state, world, r, t, v, k, 0.0)


@wp.func
def start_profile(scene: Scene, state: State, world: int, r: int, a: int):
    """Work out the segments of a SpeedProfileAction."""
    _find_corners(scene, state, world, r, a)
    path = scene.story.row_code[world, r, wp.static(_PATH)]
    c = scene.path.first[world, path + 2]
    n = int(state.story.row_value[world, r, wp.static(CORNERS)])
    x = wp.quat_rotate(state.rot[world, a], wp.vec3(1.0, 0.0, 0.0))
    k0 = wp.dot(state.accel[world, a], x)
    if wp.abs(k0) < wp.length(state.pos[world, a]) * wp.static(ROUNDING):
        k0 = 0.0
    if (scene.story.row_code[world, r, wp.static(_FLAGS)] & wp.static(codes.FLAG_ACCELERATED)) == 0 or n < 2:
        for i in range(n):
            k = scene.path.heading[world, c + i]
            _add_segment(scene, state, world, r, scene.path.time[world, c + i], scene.path.s[world, c + i], k, 0.0)
    elif n == 2:
        _reach_one(scene, state, world, r, c, k0)
    else:
        _round_corners(scene, state, world, r, c, n, k0)


@wp.func
def run_profile(scene: Scene, state: State, world: int, r: int, a: int, dt: float) -> bool:
    """One step of a SpeedProfileAction; True at the last entry's speed."""
    first = scene.path.first[world, scene.story.row_code[world, r, wp.static(_PATH)]]
    last = first + int(state.story.row_value[world, r, wp.static(SEGMENTS)]) - 1
    t = state.story.row_value[world, r, wp.static(CLOCK)] + dt
    state.story.row_value[world, r, wp.static(CLOCK)] = t
    i = int(first)
    while i < last and t > scene.path.time[world, i + 1] - 1.0e-5:
        i += 1
    t -= scene.path.time[world, i]
    speed = scene.path.s[world, i] + (scene.path.heading[world, i] + 0.5 * scene.path.point[world, i][0] * t) * t
    top = wp.min(scene.story.row_value[world, r, wp.static(TOP)], scene.max_speed[world, a])
    state.speed[world, a] = wp.clamp(speed, -top, top)
    return i == last
