"""When the ego and another actor touch, both going on at their present speed and yaw rate (`wp.func`s)."""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

import warp as wp

from sim.physics.boxes import NEVER, Footprint, footprint, plane_distance, side_of, sweep_time
from sim.types import Scene, State

wp.set_module_options({"enable_backward": False})

HORIZON = 10.0
"""Contacts later than this are not looked for [s]."""
TURN_RATE = 2.0e-3
"""Slower turning counts as none [rad/s]."""
HARSH = 12.0
"""Sideways acceleration beyond which a yaw rate is a jump of the storyboard, not a turn [m/s^2]."""
NEAR = 0.05
"""Actors that turn touch when they come nearer than a part of this [m]."""
MARGIN = 1.0
"""By how much circles about boxes must clear each other before boxes are left alone: bodies shift after circles are drawn [m]."""
SPAN = 2.5
"""Time for which a straight line stands for the way of an actor that turns [s]."""
CLEARANCE = 1.5
"""Height between boxes on different roads from which they pass over each other [m]."""


@wp.struct
class Course:
    """How an actor goes on: rigidly on a circle or straight."""

    box: Footprint
    vel: wp.vec2
    """Of the box's centre [m/s]."""
    rate: float
    """Yaw rate [rad/s]."""


@wp.func
def course_rate(v: wp.vec3, rate: float) -> float:
    """The yaw rate that an actor goes on with [rad/s]."""
    if wp.abs(rate) < wp.static(TURN_RATE):
        return 0.0
    speed = wp.sqrt(v[0] * v[0] + v[1] * v[1])
    if wp.abs(rate) * speed > wp.static(HARSH) or wp.abs(rate) > 1.5:
        return 0.0
    return rate


@wp.func
def course_of(scene: Scene, state: State, world: int, a: int) -> Course:
    """An actor's box and how it moves."""
    out = Course()
    out.box = footprint(scene, state, world, a)
    v = state.vel[world, a]
    rate = course_rate(v, state.ang_vel[world, a][2])
    pos = state.pos[world, a]
    out.vel = wp.vec2(v[0], v[1]) + side_of(out.box.center - wp.vec2(pos[0], pos[1])) * rate
    out.rate = rate
    return out


@wp.func
def _rotate(v: wp.vec2, c: float, s: float) -> wp.vec2:
    return wp.vec2(c * v[0] - s * v[1], s * v[0] + c * v[1])


@wp.func
def go_on(c: Course, t: float) -> Course:
    """The actor after ``t`` seconds."""
    if t == 0.0:
        return c
    out = Course()
    out.box = c.box
    out.rate = c.rate
    if c.rate == 0.0:
        out.vel = c.vel
        out.box.center = c.box.center + c.vel * t
        return out
    turn = c.rate * t
    cos = wp.cos(turn)
    sin = wp.sin(turn)
    out.vel = _rotate(c.vel, cos, sin)
    out.box.axis = _rotate(c.box.axis, cos, sin)
    out.box.center = c.box.center + (c.vel * sin + side_of(c.vel) * (1.0 - cos)) / c.rate
    return out


@wp.func
def turning_time(a: Course, b: Course) -> float:
    """When two actors touch in the plane of whom at least one turns: by steps in which they cannot pass each other [s]."""
    turn = wp.abs(a.rate) * wp.length(a.vel) + wp.abs(b.rate) * wp.length(b.vel)
    spin = wp.abs(a.rate) * wp.length(a.box.half) + wp.abs(b.rate) * wp.length(b.box.half)
    t = float(0.0)
    while t <= wp.static(HORIZON):
        p = go_on(a, t)
        q = go_on(b, t)
        d = plane_distance(p.box, q.box)
        if d < 0.01:
            return t
        v = wp.length(q.vel - p.vel) + spin
        step = wp.max(2.0 * d / (v + wp.sqrt(v * v + 2.0 * turn * d) + 1.0e-6), 0.01)
        t += step
    return wp.static(NEVER)


@wp.func
def passes_by(a: Course, b: Course) -> bool:
    """Whether two actors of whom at least one turns surely do not touch within `HORIZON`.

    In each `SPAN` both go straight, as in its middle, in boxes widened by the most that turning takes them away from that: sideways
    acceleration times `SPAN`^2 / 8, and a turn by yaw rate times `SPAN` / 2.
    """
    turn = wp.abs(a.rate) * wp.length(a.vel) + wp.abs(b.rate) * wp.length(b.vel)
    spin = wp.abs(a.rate) * wp.length(a.box.half) + wp.abs(b.rate) * wp.length(b.box.half)
    wider = wp.static(SPAN * SPAN / 8.0) * turn + wp.static(0.5 * SPAN) * spin + wp.static(NEAR)
    i = int(0)
    while i < wp.static(round(HORIZON / SPAN)):
        t = (float(i) + 0.5) * wp.static(SPAN)
        p = go_on(a, t)
        q = go_on(b, t)
        v = q.vel - p.vel
        q.box.center -= v * wp.static(0.5 * SPAN)
        q.box.half += wp.vec2(wider, wider)
        if sweep_time(p.box, q.box, v) <= wp.static(SPAN):
            return False
        i += 1
    return True


@wp.func
def stays_apart(state: State, world: int, ego: Course, b: int) -> bool:
    """Whether the circles of the ego and actor ``b`` already show that the two do not touch within `HORIZON`.

    Their relative way d + v t + a t^2 / 2 is followed by chords. A chord is left by at most a `SPAN`^2 / 8, and the parabola by at most
    t^3 / 6 times speed times yaw rate squared of both (Taylor's remainder on a circle).
    """
    own = state.bound[world, 0]
    other = state.bound[world, b]
    pos = state.pos[world, b]
    v = state.vel[world, b]
    rate = course_rate(v, state.ang_vel[world, b][2])
    vel = wp.vec2(v[0], v[1])
    turn = side_of(ego.vel) * -ego.rate
    jerk = wp.length(turn) * wp.abs(ego.rate) / 6.0
    if rate != 0.0:
        vel += side_of(wp.vec2(other[0] - pos[0], other[1] - pos[1])) * rate
        turn += side_of(vel) * rate
        jerk += wp.length(vel) * rate * rate / 6.0
    d = wp.vec2(other[0] - own[0], other[1] - own[1])
    rel = vel - ego.vel
    reach = own[3] + other[3] + wp.static(MARGIN) + wp.static(SPAN * SPAN / 8.0) * wp.length(turn)
    most = reach + wp.static(HORIZON) * wp.length(rel) + wp.static(0.5 * HORIZON * HORIZON) * wp.length(turn)
    most += wp.static(HORIZON**3) * jerk
    if wp.dot(d, d) > most * most:
        return True
    begin = wp.vec2(d)
    for i in range(wp.static(round(HORIZON / SPAN))):
        t = float(i + 1) * wp.static(SPAN)
        end = d + rel * t + turn * (0.5 * t * t)
        chord = end - begin
        f = wp.clamp(-wp.dot(begin, chord) / wp.max(wp.dot(chord, chord), 1.0e-9), 0.0, 1.0)
        near = begin + chord * f
        least = reach + jerk * t * t * t
        if wp.dot(near, near) < least * least:
            return False
        begin = end
    return True


@wp.func
def time_to_collision(scene: Scene, state: State, world: int, a: Course, b: int) -> float:
    """When the ego and actor ``b`` touch, both going on as they are [s]; infinite if they do not within `HORIZON`."""
    if stays_apart(state, world, a, b):
        return wp.inf
    c = course_of(scene, state, world, b)
    t = float(wp.static(NEVER))
    if a.rate == 0.0 and c.rate == 0.0:
        t = sweep_time(a.box, c.box, c.vel - a.vel)
    elif not passes_by(a, c):
        t = turning_time(a, c)
    if t > wp.static(HORIZON):
        return wp.inf
    if state.road[world, 0] != state.road[world, b] or state.road[world, b] < 0:  # a bridge lies between, not a crest
        rise = (state.vel[world, b][2] - state.vel[world, 0][2]) * t
        apart_z = wp.max(c.box.low + rise - a.box.high, a.box.low - c.box.high - rise)
        if apart_z > wp.static(CLEARANCE):
            return wp.inf
    return t
