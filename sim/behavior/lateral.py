"""Actions across the lane (`wp.func`s over the working numbers of a row)."""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false, reportReturnType=false
from __future__ import annotations

import warp as wp

from sim.behavior import codes
from sim.behavior.codes import RowField
from sim.behavior.transition import end_by_curvature, end_by_rate, transition_rate, transition_value
from sim.road.frenet import follow_lane, lane_at, lane_center, lane_slope, road_pose
from sim.scenario.storyboard import Dimension, Shape
from sim.types import Scene, State

wp.set_module_options({"enable_backward": False})

_SHAPE, _DIMENSION, _ENTITY, _FLAGS, _PATH = (
    int(RowField[n]) for n in ("SHAPE", "DIMENSION", "ENTITY", "FLAGS", "PATH")
)
START, TARGET, PARAM, END, LANE, HEADING = 0, 1, 2, 3, 5, 6
"""Working numbers of a lateral transition."""

LONGITUDINAL, LATERAL, ENDED = 1, 2, 4
"""Bits of `StoryState.moved`; ENDED: a trajectory has put the actor where it is for the last time."""


@wp.func
def advance(scene: Scene, state: State, world: int, a: int, lane: int, offset: float, distance: float):
    """Move an actor by ``distance`` along its road, holding an offset from a lane, over road ends and junctions.

    The step along the reference line is longer on the outside of a bend, so that the actor itself covers the distance. s is summed with
    a carry (Kahan 1965): ticks of centimetres would drown in the rounding of kilometres.
    """
    r = state.road[world, a]
    s = state.s[world, a]
    pose = road_pose(scene.road, r, s, 0.0)
    stretch = 1.0 / wp.max(1.0 - pose.curvature * state.t[world, a], 0.05)
    direction = state.story.direction[world, a]
    if distance < 0.0:
        direction = -direction
    ds = wp.abs(distance) * stretch * float(direction)
    y = ds - state.story.s_carry[world, a]
    new = s + y
    if new >= 0.0 and new <= scene.road.road_length[r]:
        state.story.s_carry[world, a] = (new - s) - y
    else:
        state.story.s_carry[world, a] = 0.0
    choice = int(0)
    route = state.story.route[world, a]
    if route >= 0 and (new < 0.0 or new > scene.road.road_length[r]):
        end = follow_lane(
            scene.road, r, lane, s, direction, wp.where(direction > 0, scene.road.road_length[r] - s, s) - 1.0e-3, 0
        )
        choice = _choose(scene, world, route, r, end.lane, direction)
    moved = follow_lane(scene.road, r, lane, s, direction, wp.abs(y), choice)
    if moved.road == r:
        moved.s = wp.clamp(new, 0.0, scene.road.road_length[r])
    flips = moved.direction != direction
    if flips:
        state.story.direction[world, a] = -state.story.direction[world, a]
    sign = wp.where(flips, -1.0, 1.0)
    if moved.ended != 0 or (moved.road == r and (new < 0.0 or new > scene.road.road_length[r])):
        if state.story.end_since[world, a] < 0:
            state.story.end_since[world, a] = state.tick[world]
    else:
        state.story.end_since[world, a] = -1
    state.road[world, a] = moved.road
    state.s[world, a] = moved.s
    state.lane[world, a] = moved.lane
    state.t[world, a] = lane_center(scene.road, moved.road, moved.lane, moved.s) + offset * sign


@wp.func
def _choose(scene: Scene, world: int, route: int, r: int, lane: int, direction: int) -> int:
    """Which of the links at the end of a road leads to the next road of a route; 0 if none does."""
    road = scene.road
    k = road.road_first_section[r]
    column = int(1)
    if direction > 0:
        k = road.road_first_section[r + 1] - 1
        column = 0
    row = road.section_first_lane[k] + lane - road.section_lane_min[k]
    if lane < road.section_lane_min[k] or row >= road.section_first_lane[k + 1]:
        return 0
    first_road = road.map_first_road[scene.map_index[world]]
    for i in range(scene.story.route_first[world, route], scene.story.route_first[world, route + 1] - 1):
        if first_road + scene.story.route_road[world, i] == r:
            ahead = first_road + scene.story.route_road[world, i + 1]
            for n in range(road.lane_nlink[row, column]):
                if road.link_road[road.lane_link[row, column] + n] == ahead:
                    return n
    return 0


@wp.func
def start_lane_change(scene: Scene, state: State, world: int, r: int, a: int):
    """Prepare a LaneChangeAction: the target lane, and the present offset from it."""
    flags = scene.story.row_code[world, r, wp.static(_FLAGS)]
    value = int(wp.round(scene.story.row_value[world, r, 0]))
    lane = int(value)
    if (flags & wp.static(codes.FLAG_RELATIVE)) != 0:
        b = scene.story.row_code[world, r, wp.static(_ENTITY)]
        base = state.lane[world, b]
        lane = base + value * state.story.direction[world, b]
        if lane == 0 or (lane > 0) != (base > 0):
            lane = wp.where(lane > base, 1, -1) * (wp.abs(lane) + 1)
    road = state.road[world, a]
    start = state.t[world, a] - lane_center(scene.road, road, lane, state.s[world, a])
    target = scene.story.row_value[world, r, 2] * float(state.story.direction[world, a])
    shape = scene.story.row_code[world, r, wp.static(_SHAPE)]
    end = scene.story.row_value[world, r, 1]
    if scene.story.row_code[world, r, wp.static(_DIMENSION)] == wp.static(int(Dimension.RATE)):
        end = end_by_rate(shape, start, target, end)
    state.story.row_value[world, r, wp.static(START)] = start
    state.story.row_value[world, r, wp.static(TARGET)] = target
    state.story.row_value[world, r, wp.static(END)] = end
    state.story.row_value[world, r, wp.static(LANE)] = float(lane)
    state.story.turn[world, a] = 0.0


@wp.struct
class Shift:
    """One step of a transition across the lane."""

    instant: int
    """1: it is over as it begins."""
    along: float
    """What of the step's way is along the lane [m]."""
    param: float
    """Where the transition then is."""
    value: float
    """How far from the target lane's centre [m]."""
    turn: float
    """Heading against the lane's [rad]."""


@wp.func
def shift(scene: Scene, state: State, world: int, r: int, step: float, dt: float) -> Shift:
    """Split a step of ``step`` [m] between along and across the lane."""
    shape = scene.story.row_code[world, r, wp.static(_SHAPE)]
    start = state.story.row_value[world, r, wp.static(START)]
    target = state.story.row_value[world, r, wp.static(TARGET)]
    end = state.story.row_value[world, r, wp.static(END)]
    out = Shift()
    out.param = state.story.row_value[world, r, wp.static(PARAM)]
    out.along = step
    out.value = target
    if shape == wp.static(int(Shape.STEP)) or end < 1.0e-6:
        out.instant = 1
        return out
    rate = transition_rate(shape, start, target, out.param, end)
    if scene.story.row_code[world, r, wp.static(_DIMENSION)] == wp.static(int(Dimension.DISTANCE)):
        out.along = step / wp.sqrt(1.0 + rate * rate)
        out.param += out.along
        out.value = transition_value(shape, start, target, out.param, end)
        out.turn = wp.atan(rate)
        return out
    across = dt * wp.abs(rate)
    out.along = wp.sqrt(wp.max(step * step - wp.min(across, step) * wp.min(across, step), 0.0))
    if across < step + 1.0e-6:
        out.param += dt
        out.value = transition_value(shape, start, target, out.param, end)
        out.turn = wp.atan2(wp.sign(rate) * across, out.along)
    else:
        out.param += step * end / wp.max(wp.abs(target - start), 1.0e-6)
        out.value = transition_value(wp.static(int(Shape.LINEAR)), start, target, out.param, end)
        out.turn = wp.sign(rate) * 0.5 * wp.pi
    return out


@wp.func
def change_lane(scene: Scene, state: State, world: int, r: int, a: int, dt: float) -> bool:
    """One step of a LaneChangeAction; the way covered is split between along and across the lane."""
    state.story.moved[world, a] = wp.static(LONGITUDINAL | LATERAL)
    speed = state.speed[world, a]
    if state.road[world, a] < 0:
        return True
    if wp.abs(speed) < 1.0e-6 or dt <= 0.0:
        return False
    start = state.story.row_value[world, r, wp.static(START)]
    target = state.story.row_value[world, r, wp.static(TARGET)]
    end = state.story.row_value[world, r, wp.static(END)]
    now = shift(scene, state, world, r, wp.abs(speed) * dt, dt)
    lane = int(state.story.row_value[world, r, wp.static(LANE)])
    before = state.road[world, a]
    facing = state.story.direction[world, a]
    state.t[world, a] = lane_center(scene.road, before, lane, state.s[world, a]) + now.value
    advance(scene, state, world, a, lane, now.value, now.along * wp.sign(speed))
    if state.road[world, a] != before:
        sign = wp.where(state.story.direction[world, a] != facing, -1.0, 1.0)
        state.story.row_value[world, r, wp.static(START)] = start * sign
        state.story.row_value[world, r, wp.static(TARGET)] = target * sign
    state.story.row_value[world, r, wp.static(LANE)] = float(state.lane[world, a])
    state.story.row_value[world, r, wp.static(PARAM)] = wp.min(now.param, end)
    state.lane[world, a] = lane_at(scene.road, state.road[world, a], state.s[world, a], state.t[world, a])
    if now.instant == 1 or now.param > end - 1.0e-5 or wp.abs(now.value - target) < 1.0e-6:
        state.story.turn[world, a] = 0.0
        state.lane[world, a] = int(state.story.row_value[world, r, wp.static(LANE)])
        return True
    # the actor heads along the target lane, plus the change; it is placed with the slope of the lane that it is on
    road = state.road[world, a]
    s = state.s[world, a]
    aim = int(state.story.row_value[world, r, wp.static(LANE)])
    slope = wp.atan(lane_slope(scene.road, road, aim, s)) - wp.atan(
        lane_slope(scene.road, road, state.lane[world, a], s)
    )
    state.story.turn[world, a] = now.turn * float(facing) + slope
    return state.story.end_since[world, a] >= 0


@wp.func
def start_lane_offset(scene: Scene, state: State, world: int, r: int, a: int):
    """Prepare a LaneOffsetAction."""
    flags = scene.story.row_code[world, r, wp.static(_FLAGS)]
    road = state.road[world, a]
    lane = state.lane[world, a]
    target = scene.story.row_value[world, r, 0] * float(state.story.direction[world, a])
    center = lane_center(scene.road, road, lane, state.s[world, a])
    if (flags & wp.static(codes.FLAG_RELATIVE)) != 0:
        b = scene.story.row_code[world, r, wp.static(_ENTITY)]
        target = (
            state.t[world, b] + scene.story.row_value[world, r, 0] * float(state.story.direction[world, b]) - center
        )
    start = state.t[world, a] - center
    shape = scene.story.row_code[world, r, wp.static(_SHAPE)]
    state.story.row_value[world, r, wp.static(START)] = start
    state.story.row_value[world, r, wp.static(TARGET)] = target
    state.story.row_value[world, r, wp.static(END)] = end_by_curvature(
        shape, start, target, scene.story.row_value[world, r, 1]
    )


@wp.func
def offset_lane(scene: Scene, state: State, world: int, r: int, a: int, dt: float) -> bool:
    """One step of a LaneOffsetAction; the actor goes on along its lane by itself."""
    road = state.road[world, a]
    if road < 0:
        return True
    shape = scene.story.row_code[world, r, wp.static(_SHAPE)]
    start = state.story.row_value[world, r, wp.static(START)]
    target = state.story.row_value[world, r, wp.static(TARGET)]
    param = state.story.row_value[world, r, wp.static(PARAM)]
    end = state.story.row_value[world, r, wp.static(END)]
    value = transition_value(shape, start, target, param, end)
    center = lane_center(scene.road, road, state.lane[world, a], state.s[world, a])
    finished = param > end - 1.0e-5 or wp.abs(value - target) < 1.0e-6
    if finished:
        state.t[world, a] = center + target
        state.story.turn[world, a] = 0.0
    else:
        state.t[world, a] = center + value
        rate = transition_rate(shape, start, target, param, end)
        v = state.speed[world, a]
        facing = float(state.story.direction[world, a])
        state.story.turn[world, a] = wp.atan(rate / wp.where(wp.abs(v) < 1.0e-6, 1.0e-6, v)) * facing
    state.story.row_value[world, r, wp.static(PARAM)] = wp.min(param + dt, end)
    return finished


@wp.func
def pose_rotation(yaw: float, pitch: float, roll: float) -> wp.quat:
    """Yaw about z, then pitch about y, then roll about x (ISO 8855)."""
    qz = wp.quat_from_axis_angle(wp.vec3(0.0, 0.0, 1.0), yaw)
    if pitch == 0.0 and roll == 0.0:
        return qz
    qy = wp.quat_from_axis_angle(wp.vec3(0.0, 1.0, 0.0), pitch)
    qx = wp.quat_from_axis_angle(wp.vec3(1.0, 0.0, 0.0), roll)
    return qz * qy * qx
