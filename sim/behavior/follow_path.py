"""FollowTrajectoryAction (`wp.func`s over the working numbers of a row): by time, or at the actor's own speed."""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportGeneralTypeIssues=false
from __future__ import annotations

import warp as wp

from sim.behavior import codes
from sim.behavior.codes import Anchor, RowField
from sim.behavior.lateral import ENDED, LATERAL, LONGITUDINAL
from sim.behavior.lay_path import lay_path
from sim.behavior.measures import yaw_of
from sim.behavior.path import path_direction, path_length, path_point, path_segment
from sim.behavior.places import FACING, put_freely
from sim.road.frenet import lane_center, road_pose
from sim.types import TICK, Scene, State

wp.set_module_options({"enable_backward": False})

_FLAGS, _PATH, _ENTITY, _INDEX = (int(RowField[n]) for n in ("FLAGS", "PATH", "ENTITY", "INDEX"))
CLOCK, SIGN, SPEED, SHIFT_X, SHIFT_Y, SHIFT_TURN = 0, 1, 2, 3, 4, 5
"""Working numbers: time on the trajectory [s]; +1, or -1 if the actor faces against it; speed at the start [m/s]; and how a
trajectory given relative to an entity lies now against where it lay when it was sampled."""


@wp.struct
class TrajectoryPose:
    """Where an actor is put."""

    pos: wp.vec3
    heading: float
    """Of the actor [rad]."""
    direction: float
    """Of the trajectory [rad]."""


@wp.func
def _pose_at(scene: Scene, state: State, world: int, r: int, s: float) -> TrajectoryPose:
    """Pose at ``s`` of a row's trajectory."""
    path = scene.story.row_code[world, r, wp.static(_PATH)]
    flags = scene.story.row_code[world, r, wp.static(_FLAGS)]
    point = path_point(scene.path, world, path, s)
    out = TrajectoryPose()
    out.pos = point.pos
    out.heading = point.heading
    out.direction = path_direction(scene.path, world, path, s)
    if (flags & wp.static(codes.FLAG_ANCHORED)) != 0:
        turn = state.story.row_value[world, r, wp.static(SHIFT_TURN)]
        c = wp.cos(turn)
        n = wp.sin(turn)
        x = c * point.pos[0] - n * point.pos[1] + state.story.row_value[world, r, wp.static(SHIFT_X)]
        y = n * point.pos[0] + c * point.pos[1] + state.story.row_value[world, r, wp.static(SHIFT_Y)]
        out.pos = wp.vec3(x, y, point.pos[2])
        out.heading += turn
        out.direction += turn
    return out


@wp.func
def _shift(scene: Scene, state: State, world: int, r: int):
    """Move a relative trajectory with its entity: with its pose, its lane or its road, as its positions are relative to."""
    b = scene.story.row_code[world, r, wp.static(_ENTITY)]
    anchor = scene.story.row_code[world, r, wp.static(_INDEX)]
    pos = state.pos[world, b]
    heading = yaw_of(state.rot[world, b])
    road = state.road[world, b]
    if anchor == wp.static(int(Anchor.WORLD)):
        heading = scene.story.row_value[world, r, 5]
    elif anchor != wp.static(int(Anchor.OBJECT)) and road >= 0:
        t = state.t[world, b]
        if anchor == wp.static(int(Anchor.LANE)):
            t = lane_center(scene.road, road, state.lane[world, b], state.s[world, b])
        pose = road_pose(scene.road, road, state.s[world, b], t)
        pos = pose.pos
        heading = pose.heading
    turn = heading - scene.story.row_value[world, r, 5]
    c = wp.cos(turn)
    n = wp.sin(turn)
    x = scene.story.row_value[world, r, 3]
    y = scene.story.row_value[world, r, 4]
    state.story.row_value[world, r, wp.static(SHIFT_X)] = pos[0] - (c * x - n * y)
    state.story.row_value[world, r, wp.static(SHIFT_Y)] = pos[1] - (n * x + c * y)
    state.story.row_value[world, r, wp.static(SHIFT_TURN)] = turn


@wp.func
def start_follow(scene: Scene, state: State, world: int, r: int, a: int):
    """Prepare a FollowTrajectoryAction: where the trajectory lies, which way the actor faces on it, when it begins."""
    flags = scene.story.row_code[world, r, wp.static(_FLAGS)]
    path = scene.story.row_code[world, r, wp.static(_PATH)]
    s = scene.story.row_value[world, r, 0]
    state.story.path[world, a] = path
    state.story.path_s[world, a] = s
    lay_path(scene, state, world, r)
    if (flags & wp.static(codes.FLAG_ANCHORED)) != 0:
        _shift(scene, state, world, r)
    pose = _pose_at(scene, state, world, r, s)
    sign = wp.where(state.speed[world, a] < 0.0, -1.0, 1.0)
    if (flags & wp.static(codes.FLAG_EXPLICIT)) != 0:
        sign = wp.where(wp.cos(pose.heading - pose.direction) < wp.static(FACING), -1.0, 1.0)
    elif (flags & wp.static(codes.FLAG_TIMED)) != 0:
        sign = 1.0
    state.story.row_value[world, r, wp.static(SIGN)] = sign
    state.story.row_value[world, r, wp.static(SPEED)] = state.speed[world, a]
    i = path_segment(scene.path, world, path, s)
    state.story.row_value[world, r, wp.static(CLOCK)] = wp.max(scene.path.time[world, i], 0.0)


@wp.func
def put_on_path(scene: Scene, state: State, world: int, r: int, a: int, point: TrajectoryPose, beyond: float):
    """Pose of an actor on a trajectory, with its road coordinates; ``beyond``: what is left of the step after the trajectory's end."""
    flags = scene.story.row_code[world, r, wp.static(_FLAGS)]
    heading = point.heading
    if (flags & wp.static(codes.FLAG_EXPLICIT)) == 0 and state.story.row_value[world, r, wp.static(SIGN)] < 0.0:
        heading += wp.pi
    pos = point.pos + wp.vec3(wp.cos(point.heading) * beyond, wp.sin(point.heading) * beyond, 0.0)
    put_freely(scene, state, world, a, pos, heading, (flags & wp.static(codes.FLAG_ABSOLUTE_Z)) != 0)


@wp.func
def _s_by_time(scene: Scene, world: int, path: int, time: float) -> float:
    """Arc length at a time of a timed path."""
    first = scene.path.first[world, path]
    last = first + scene.path.count[world, path] - 1
    for i in range(first, last):
        t0 = scene.path.time[world, i]
        t1 = scene.path.time[world, i + 1]
        if time < t1 and t1 > t0:
            f = wp.max(time - t0, 0.0) / (t1 - t0)
            return scene.path.s[world, i] + f * (scene.path.s[world, i + 1] - scene.path.s[world, i])
    return scene.path.s[world, last]


@wp.func
def _s_by_acceleration(scene: Scene, world: int, path: int, time: float, start_speed: float) -> float:
    """Arc length at a time of a polyline followed at one constant acceleration per segment, so that each vertex is reached in time."""
    first = scene.path.first[world, path]
    last = first + scene.path.count[world, path] - 1
    v = float(start_speed)
    for i in range(first, last):
        t0 = scene.path.time[world, i]
        span = scene.path.time[world, i + 1] - t0
        ds = scene.path.s[world, i + 1] - scene.path.s[world, i]
        acc = float(0.0)
        end = float(0.0)
        if ds > 1.0e-6 and span > 1.0e-6:
            acc = 2.0 * (ds - v * span) / (span * span)
            end = v + acc * span
            if end * v < 0.0 or (end < 0.0 and v == 0.0):
                acc = -v * v / (2.0 * ds)
                end = 0.0
        if time <= t0 + span:
            t = wp.max(time - t0, 0.0)
            if acc < 0.0:
                t = wp.min(t, -v / acc)
            if ds <= 1.0e-6:
                return scene.path.s[world, i]
            return scene.path.s[world, i] + t * v + 0.5 * acc * t * t
        v = end
    return scene.path.s[world, last]


@wp.func
def _follow_clock(scene: Scene, state: State, world: int, r: int, a: int, dt: float) -> float:
    """Move by time; returns what is left of the step beyond the end [m], -1 while there is more to come."""
    flags = scene.story.row_code[world, r, wp.static(_FLAGS)]
    path = scene.story.row_code[world, r, wp.static(_PATH)]
    scale = scene.story.row_value[world, r, 2]
    clock = state.story.row_value[world, r, wp.static(CLOCK)] + scale * dt
    if (flags & wp.static(codes.FLAG_ABSOLUTE_TIME)) != 0:
        clock = (float(state.tick[world]) * wp.static(TICK) + dt) * scale
    state.story.row_value[world, r, wp.static(CLOCK)] = clock
    time = clock + scene.story.row_value[world, r, 1]
    end = scene.path.time[world, scene.path.first[world, path] + scene.path.count[world, path] - 1]
    s = state.story.path_s[world, a]
    new = float(s)
    if (flags & wp.static(codes.FLAG_ACCELERATED)) != 0:
        new = _s_by_acceleration(scene, world, path, time, state.story.row_value[world, r, wp.static(SPEED)])
    else:
        new = _s_by_time(scene, world, path, time)
    state.story.path_s[world, a] = new
    if time > end - 1.0e-5:
        return wp.max(time - end, 0.0) * state.speed[world, a]
    if dt > 0.0:
        state.speed[world, a] = (new - s) / dt
    return -1.0


@wp.func
def _follow_speed(scene: Scene, state: State, world: int, r: int, a: int, dt: float) -> float:
    """Move at the actor's speed; returns what is left of the step beyond the end [m], -1 while there is more to come."""
    flags = scene.story.row_code[world, r, wp.static(_FLAGS)]
    length = path_length(scene.path, world, scene.story.row_code[world, r, wp.static(_PATH)])
    step = state.speed[world, a] * state.story.row_value[world, r, wp.static(SIGN)] * dt
    new = state.story.path_s[world, a] + step
    beyond = float(-1.0)
    if (flags & wp.static(codes.FLAG_CONTINUOUS)) != 0:
        new = new - length * wp.floor(new / wp.max(length, 1.0e-6))
    elif step > 0.0 and new > length - 1.0e-5:
        beyond = wp.max(new - length, 0.0)
        new = length
    elif step < 0.0 and new < 1.0e-5:
        beyond = wp.max(-new, 0.0)
        new = 0.0
    state.story.path_s[world, a] = new
    return beyond


@wp.func
def follow_trajectory(scene: Scene, state: State, world: int, r: int, a: int, dt: float) -> bool:
    """One step of a FollowTrajectoryAction; at the end what is left of the step goes straight on."""
    state.story.moved[world, a] = wp.static(LONGITUDINAL | LATERAL)
    beyond = float(-1.0)
    timed = (scene.story.row_code[world, r, wp.static(_FLAGS)] & wp.static(codes.FLAG_TIMED)) != 0
    if timed:
        beyond = _follow_clock(scene, state, world, r, a, dt)
    else:
        beyond = _follow_speed(scene, state, world, r, a, dt)
    pose = _pose_at(scene, state, world, r, state.story.path_s[world, a])
    if timed and beyond < 0.0 and dt > 0.0 and wp.cos(pose.heading - pose.direction) < wp.static(FACING):
        state.speed[world, a] = -state.speed[world, a]  # it faces against the way it moves
    put_on_path(scene, state, world, r, a, pose, wp.max(beyond, 0.0))
    if beyond < 0.0:
        return False
    state.story.path[world, a] = -1
    state.story.moved[world, a] = wp.static(LONGITUDINAL | LATERAL | ENDED)
    return True
