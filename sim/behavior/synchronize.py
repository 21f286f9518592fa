"""SynchronizeAction: reach a place when the master reaches its own, at a final speed, by constant accelerations.

The speed profile is esmini's: linear where one acceleration does; else first faster, then slower ('convex'), or the other way round
('concave'), with a stop in between if need be; from the steady-state distance on at the final speed.
"""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

from enum import IntEnum

import warp as wp

from sim.behavior import codes
from sim.behavior.codes import PositionField, PositionKind, RowField
from sim.behavior.measures import FAR, Spot, spot_of, yaw_of
from sim.behavior.path import path_direction
from sim.types import Scene, State

wp.set_module_options({"enable_backward": False})

_FLAGS, _POSITION, _POSITION2, _MASTER, _ENTITY = (
    int(RowField[n]) for n in ("FLAGS", "POSITION", "POSITION2", "INDEX", "ENTITY")
)
LAST, LAST_MASTER, STEADY = 0, 1, 2
"""Working numbers: last distances [m] of actor and master, and the steady-state distance."""

HARD_BRAKING = -8.0
"""Deceleration of an immediate stop [m/s^2]; esmini's."""


class Mode(IntEnum):
    """Phase of the profile; convex and concave are its first phases."""

    NONE = 0
    CONVEX = 1
    CONCAVE = 2
    LINEAR = 3
    STOPPED = 4
    STOP_NOW = 5
    WAITING = 6
    STEADY = 7


@wp.struct
class Approach:
    """Acceleration and the speed at the profile's apex."""

    acc: float
    apex: float


@wp.func
def _speed_along(scene: Scene, state: State, world: int, a: int) -> float:
    """Part of an actor's speed along its road, without sign [m/s]; off roads all of it.

    From the direction of motion, not from velocities: those are differences of rounded positions.
    """
    if state.road[world, a] < 0:
        return wp.abs(state.speed[world, a])
    turn = state.story.turn[world, a]
    path = state.story.path[world, a]
    if path >= 0:
        yaw = yaw_of(state.rot[world, a])
        turn += path_direction(scene.path, world, path, state.story.path_s[world, a]) - yaw
    return wp.abs(state.speed[world, a] * wp.cos(turn))


@wp.func
def _facing(scene: Scene, state: State, world: int, a: int) -> float:
    """-1 for an actor that faces against the trajectory it follows, else +1."""
    path = state.story.path[world, a]
    if path < 0:
        return 1.0
    along = path_direction(scene.path, world, path, state.story.path_s[world, a])
    return wp.where(wp.cos(yaw_of(state.rot[world, a]) - along) < -1.0e-5, -1.0, 1.0)


@wp.func
def _way_left(scene: Scene, state: State, world: int, a: int, p: int, spot: Spot) -> float:
    """Signed way from an actor to a position: along the trajectory it follows, else along the road, else as the crow flies."""
    path = state.story.path[world, a]
    kind = scene.story.position_code[world, p, wp.static(int(PositionField.KIND))]
    if path >= 0 and kind == wp.static(int(PositionKind.PATH)):
        return spot.s - state.story.path_s[world, a]
    if spot.road >= 0 and spot.road == state.road[world, a]:
        return (spot.s - state.s[world, a]) * float(state.story.direction[world, a])
    d = spot.pos - state.pos[world, a]
    yaw = yaw_of(state.rot[world, a])
    ahead = d[0] * wp.cos(yaw) + d[1] * wp.sin(yaw)
    return wp.sqrt(d[0] * d[0] + d[1] * d[1]) * wp.where(ahead >= 0.0, 1.0, -1.0)


@wp.func
def start_synchronize(scene: Scene, state: State, world: int, r: int):
    """Prepare a SynchronizeAction."""
    state.story.row_value[world, r, wp.static(LAST)] = wp.static(FAR)
    state.story.row_value[world, r, wp.static(LAST_MASTER)] = wp.static(FAR)
    steady = scene.story.row_value[world, r, 1]
    seconds = scene.story.row_value[world, r, 2]
    if seconds > 0.0:
        steady = seconds * scene.story.row_value[world, r, 0]
    state.story.row_value[world, r, wp.static(STEADY)] = steady


@wp.func
def _profile(s: float, t: float, v0: float, v1: float) -> Approach:
    """Acceleration of the first of two phases of opposite, equal accelerations that cover ``s`` in ``t`` from v0 to v1."""
    out = Approach()
    if wp.abs(v1 - v0) < 1.0e-6:
        out.apex = (s - 0.5 * t * v0) / (0.5 * t)
        out.acc = (out.apex - v0) / (0.5 * t)
        return out
    root = wp.sqrt(2.0) * wp.sqrt(wp.max(2.0 * s * s - 2.0 * (v1 + v0) * t * s + (v1 * v1 + v0 * v0) * t * t, 0.0))
    x1 = -(root + 2.0 * s - 2.0 * v1 * t) / (2.0 * (v1 - v0))
    x2 = -(-root + 2.0 * s - 2.0 * v1 * t) / (2.0 * (v1 - v0))
    if x1 > 0.0 and x1 < t:
        out.apex = (2.0 * s - root) / (2.0 * t)
        out.acc = (out.apex - v0) / x1
    elif x2 > 0.0 and x2 < t:
        out.apex = (2.0 * s + root) / (2.0 * t)
        out.acc = (out.apex - v0) / x2
    return out


@wp.func
def _final_speed(scene: Scene, state: State, world: int, r: int) -> float:
    value = scene.story.row_value[world, r, 0]
    flags = scene.story.row_code[world, r, wp.static(_FLAGS)]
    if (flags & wp.static(codes.FLAG_RELATIVE)) == 0:
        return value
    other = state.speed[world, scene.story.row_code[world, r, wp.static(_ENTITY)]]
    if (flags & wp.static(codes.FLAG_FACTOR)) != 0:
        return other * value
    return other + value


@wp.func
def _run_modes(
    scene: Scene, state: State, world: int, r: int, a: int, dist: float, time: float, final: float, dt: float
):
    """Set the actor's speed by the mode of its profile, and the next mode."""
    mode = state.story.row_mode[world, r]
    v0 = state.speed[world, a]
    measured = _speed_along(scene, state, world, a) * wp.sign(v0)
    if mode == wp.static(int(Mode.WAITING)):
        if time >= wp.static(FAR):
            return
        mode = wp.static(int(Mode.NONE))
    if mode == wp.static(int(Mode.STOP_NOW)):
        v = wp.max(v0 + wp.static(HARD_BRAKING) * dt, 0.0)
        state.speed[world, a] = v
        if v == 0.0:
            mode = wp.static(int(Mode.WAITING))
        state.story.row_mode[world, r] = mode
        return
    if mode == wp.static(int(Mode.STOPPED)):
        if time < 2.0 * dist / wp.max(final, 1.0e-6):
            mode = wp.static(int(Mode.LINEAR))
        else:
            state.speed[world, a] = 0.0
            return
    if mode == wp.static(int(Mode.LINEAR)):
        v = float(0.0)
        if time > 0.001 and dist > 0.001 and time < wp.static(FAR):
            v = wp.max(2.0 * dist / time - wp.max(final, 0.0), 0.0)
        state.speed[world, a] = v
        state.story.row_mode[world, r] = mode
        return
    if mode != wp.static(int(Mode.NONE)) and time < wp.static(FAR):
        if wp.abs(v0 - (2.0 * dist / time - final)) < 0.1:
            state.story.row_mode[world, r] = wp.static(int(Mode.LINEAR))
            return
    if mode == wp.static(int(Mode.NONE)):
        mode = wp.where(0.5 * (final + v0) < dist / time, wp.static(int(Mode.CONVEX)), wp.static(int(Mode.CONCAVE)))
    plan = _profile(dist, time, measured, final)
    acc = plan.acc
    if (mode == wp.static(int(Mode.CONCAVE)) and acc > 0.0) or (mode == wp.static(int(Mode.CONVEX)) and acc < 0.0):
        mode = wp.static(int(Mode.LINEAR))
        acc = 0.0
    elif plan.apex < 0.0:
        t1 = 2.0 * measured * dist / wp.max(measured * measured + final * final, 1.0e-9)
        acc = wp.where(wp.abs(t1) > 1.0e-6, -measured / t1, 0.0)
        if t1 * measured > dist:
            acc = wp.static(HARD_BRAKING)
            mode = wp.static(int(Mode.STOP_NOW))
        if measured + acc * dt < 0.0:
            state.speed[world, a] = 0.0
            state.story.row_mode[world, r] = wp.static(int(Mode.STOPPED))
            return
    state.story.row_mode[world, r] = mode
    state.speed[world, a] = v0 + acc * dt


@wp.func(inline=True)
def _pursue(scene: Scene, state: State, world: int, r: int, a: int, left: float, until: float, final: float, dt: float):
    """Set the actor's speed so that it covers ``left`` [m] within ``until`` [s], when the master arrives, and then has its final speed."""
    dist = float(left)
    time = float(until)
    flags = scene.story.row_code[world, r, wp.static(_FLAGS)]
    if (flags & wp.static(codes.FLAG_STEADY)) != 0 and state.story.row_mode[world, r] != wp.static(int(Mode.STEADY)):
        steady = state.story.row_value[world, r, wp.static(STEADY)]
        steady_time = steady / wp.max(final, 1.0e-6)
        if dist - steady < 1.0e-6 or time - steady_time < 1.0e-6:
            state.story.row_mode[world, r] = wp.static(int(Mode.STEADY))
        elif time >= wp.static(FAR):
            # esmini takes its mark of "never" less the steady time for a time: the actor stops, to catch up once the master moves
            state.speed[world, a] = 0.0
            state.story.row_mode[world, r] = wp.static(int(Mode.CONCAVE))
            return
        else:
            dist -= steady
            time -= steady_time
    if state.story.row_mode[world, r] == wp.static(int(Mode.STEADY)):
        state.speed[world, a] = final
        return
    _run_modes(scene, state, world, r, a, dist, time, final, dt)


@wp.func
def _ways_left(scene: Scene, state: State, world: int, r: int, a: int) -> wp.vec2:
    """The master's signed way to its place and the actor's to its own [m]."""
    out = wp.vec2()
    i = int(0)
    while i < 2:
        who = a
        p = scene.story.row_code[world, r, wp.static(_POSITION2)]
        if i == 0:
            who = scene.story.row_code[world, r, wp.static(_MASTER)]
            p = scene.story.row_code[world, r, wp.static(_POSITION)]
        out[i] = _way_left(scene, state, world, who, p, spot_of(scene, state, world, p))
        i += 1
    return out


@wp.func
def synchronize(scene: Scene, state: State, world: int, r: int, a: int, dt: float) -> bool:
    """One step of a SynchronizeAction; True once either has arrived or passed its place."""
    flags = scene.story.row_code[world, r, wp.static(_FLAGS)]
    master = scene.story.row_code[world, r, wp.static(_MASTER)]
    left = _ways_left(scene, state, world, r, a)
    dist_master = wp.abs(left[0])
    dist = wp.abs(left[1])
    tolerance_master = scene.story.row_value[world, r, 3]
    tolerance = scene.story.row_value[world, r, 4]
    done = dist < tolerance + 1.0e-6 or dist_master < tolerance_master + 1.0e-6
    done = done or dist > state.story.row_value[world, r, wp.static(LAST)] + 1.0e-4
    done = done or dist_master > state.story.row_value[world, r, wp.static(LAST_MASTER)] + 1.0e-4
    state.story.row_value[world, r, wp.static(LAST)] = dist
    state.story.row_value[world, r, wp.static(LAST_MASTER)] = dist_master
    dist = wp.max(dist - tolerance, 1.0e-6)
    dist_master = wp.max(dist_master - tolerance_master, 1.0e-6)
    speed = (
        _speed_along(scene, state, world, master)
        * wp.sign(state.speed[world, master])
        * wp.where(left[0] >= 0.0, 1.0, -1.0)
    )
    speed = wp.where(dt > 0.0, speed * _facing(scene, state, world, master), 0.0)
    time = wp.static(FAR)
    if speed > 1.0e-6:
        time = dist_master / speed
        done = done or time < dt
    elif state.story.row_mode[world, r] != wp.static(int(Mode.WAITING)):
        state.story.row_mode[world, r] = wp.static(int(Mode.WAITING))
        state.speed[world, a] = 0.0
    has_final = (flags & wp.static(codes.FLAG_FINAL)) != 0
    final = _final_speed(scene, state, world, r)
    if done:
        if has_final:
            state.speed[world, a] = final
        return True
    if not has_final:
        if speed > 1.0e-6:
            v0 = state.speed[world, a]
            state.story.row_mode[world, r] = wp.static(int(Mode.LINEAR))
            state.speed[world, a] = v0 + 2.0 * (dist / time - v0) / time * dt
        return False
    _pursue(scene, state, world, r, a, dist, time, final, dt)
    return False
