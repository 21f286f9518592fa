"""Poses in the plane as places on the road, and the motion that follows from a change of pose (`wp.func`s)."""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

import warp as wp

from sim.assets import Category
from sim.behavior.lateral import pose_rotation
from sim.behavior.measures import yaw_of
from sim.behavior.path import wrap_angle
from sim.road.frenet import RoadCoord, lane_at, lane_border, lane_center, lane_row, locate, road_pose, section_at
from sim.road.surface import relief_above
from sim.types import LaneKind, RoadTables, Scene, State

wp.set_module_options({"enable_backward": False})

FACING = -1.0e-5
"""Cosine from which two directions count as one; esmini turns at right angles."""

STILL_SPEED = 1.0e-3
"""Below this an actor stands still [m/s]; esmini's."""


@wp.func
def kerb_height(road: RoadTables, r: int, s: float, t: float) -> float:
    """Height of the lane to drive or walk on whose centre is nearest [m]: of a person on a border between the two, stepping up or down."""
    k = section_at(road, r, s)
    low = road.section_lane_min[k]
    height = float(0.0)
    least = float(1.0e9)
    for row in range(road.section_first_lane[k], road.section_first_lane[k + 1]):
        kind = road.lane_kind[row]
        lane = low + row - road.section_first_lane[k]
        d = wp.abs(t - lane_center(road, r, lane, s))
        usable = kind == wp.static(int(LaneKind.DRIVING)) or kind == wp.static(int(LaneKind.SIDEWALK))
        if lane != 0 and usable and d < least:
            least = d
            height = road.lane_height[row]
    return height


@wp.func
def standing_height(scene: Scene, state: State, world: int, a: int) -> float:
    """Height above the road's surface of an actor off its lane's line [m]: the lane's; on borders people stand as `kerb_height` says."""
    r = state.road[world, a]
    row = lane_row(scene.road, r, state.s[world, a], state.lane[world, a])
    if row < 0:
        return 0.0
    relief = relief_above(scene.road, r, state.s[world, a], state.t[world, a])
    if relief != 0.0:
        return relief + scene.road.lane_height[row]
    category = scene.category[world, a]
    walks = category >= wp.static(int(Category.PEDESTRIAN)) and category <= wp.static(int(Category.ANIMAL))
    if walks and scene.road.lane_kind[row] == wp.static(int(LaneKind.BORDER)):
        return kerb_height(scene.road, r, state.s[world, a], state.t[world, a])
    return scene.road.lane_height[row]


@wp.func
def beyond_edges(road: RoadTables, r: int, s: float, t: float) -> bool:
    """Whether a place is outside all lanes of its road."""
    k = section_at(road, r, s)
    first = road.section_first_lane[k]
    low = road.section_lane_min[k]
    high = low + road.section_first_lane[k + 1] - first - 1
    while high > 0 and road.lane_kind[first + high - low] == wp.static(int(LaneKind.NONE)):
        high -= 1
    least = int(low)
    while least < 0 and road.lane_kind[first + least - low] == wp.static(int(LaneKind.NONE)):
        least += 1
    return t > lane_border(road, r, s, high) or t < lane_border(road, r, s, least)


@wp.func
def take_place(scene: Scene, state: State, world: int, a: int, coord: RoadCoord, heading: float) -> float:
    """Note where an actor stands on the road and how it faces there; its heading relative to the reference line [rad].

    Off every road it keeps its lane.
    """
    state.road[world, a] = coord.road
    state.s[world, a] = coord.s
    state.t[world, a] = coord.t
    state.story.s_carry[world, a] = 0.0
    if coord.road >= 0:
        state.lane[world, a] = lane_at(scene.road, coord.road, coord.s, coord.t)
    turn = wrap_angle(heading - coord.heading)
    facing = wp.where(wp.cos(turn) > wp.static(FACING), 1, -1)
    state.story.direction[world, a] = facing
    state.story.turn[world, a] = wp.where(facing > 0, turn, wrap_angle(turn - wp.pi))
    return turn


@wp.func
def put_freely(scene: Scene, state: State, world: int, a: int, place: wp.vec3, heading: float, own_height: bool):
    """Put an actor at a point with a heading, with its road coordinates; on the road's surface unless the height is its own."""
    pos = place
    coord = locate(scene.road, scene.map_index[world], wp.vec2(pos[0], pos[1]), heading, state.road[world, a])
    state.road[world, a] = coord.road
    pitch = float(0.0)
    roll = float(0.0)
    if coord.road >= 0:
        turn = take_place(scene, state, world, a, coord, heading)
        if not own_height:
            road = road_pose(scene.road, coord.road, coord.s, coord.t)
            rise = standing_height(scene, state, world, a)
            pos = wp.vec3(pos[0], pos[1], road.pos[2] + rise)
            pitch = road.pitch * wp.cos(turn) + road.roll * wp.sin(turn)
            roll = road.roll * wp.cos(turn) - road.pitch * wp.sin(turn)
    state.pos[world, a] = pos
    state.rot[world, a] = pose_rotation(wrap_angle(heading), pitch, roll)


@wp.func
def _watch(scene: Scene, state: State, world: int, a: int):
    """Keep the clocks of standing still and being off the road."""
    now = state.tick[world] + 1
    if wp.abs(state.speed[world, a]) < wp.static(STILL_SPEED):
        if state.story.still_since[world, a] < 0:
            state.story.still_since[world, a] = now
    else:
        state.story.still_since[world, a] = -1
    away = state.road[world, a] < 0
    if not away and scene.story.watches_edges[world] != 0:
        away = beyond_edges(scene.road, state.road[world, a], state.s[world, a], state.t[world, a])
    if away:
        if state.story.offroad_since[world, a] < 0:
            state.story.offroad_since[world, a] = now
    else:
        state.story.offroad_since[world, a] = -1


@wp.func
def note_motion(scene: Scene, state: State, world: int, a: int, dt: float):
    """Velocities, distances, wheels and clocks of a scripted actor from where it was before the tick and where it is."""
    last = state.story.last[world, a]
    before = wp.vec3(last[0], last[1], last[2])
    yaw = last[3]
    after = state.pos[world, a]
    state.story.last[world, a] = wp.vec4(after[0], after[1], after[2], yaw_of(state.rot[world, a]))
    if dt <= 0.0:
        state.vel[world, a] = wp.quat_rotate(state.rot[world, a], wp.vec3(state.speed[world, a], 0.0, 0.0))
        _watch(scene, state, world, a)
        return
    vel = (after - before) / dt
    turned = wrap_angle(yaw_of(state.rot[world, a]) - yaw)
    speed = state.speed[world, a]
    if wp.length(after - before) > 2.0 + wp.abs(speed) * dt * 2.0:
        vel = wp.quat_rotate(state.rot[world, a], wp.vec3(speed, 0.0, 0.0))
        turned = 0.0
    else:
        state.traveled[world, a] = state.traveled[world, a] + wp.length(
            wp.vec2(after[0] - before[0], after[1] - before[1])
        )
    state.accel[world, a] = (vel - state.vel[world, a]) / dt
    state.vel[world, a] = vel
    state.ang_vel[world, a] = wp.vec3(0.0, 0.0, turned / dt)
    radius = wp.max(scene.vehicle.wheel_radius[world, a], 0.1)
    state.wheel_angle[world, a] = wrap_angle(state.wheel_angle[world, a] + speed * dt / radius)
    if wp.abs(speed) > 0.5:
        state.steer[world, a] = wp.clamp(
            wp.atan(turned / dt * scene.vehicle.wheelbase[world, a] / wp.abs(speed)), -0.7, 0.7
        )
    _watch(scene, state, world, a)
