"""Where physics leaves an actor: on which road and lane, on what ground, at what angles (`wp.func`s shared by vehicles and bodies)."""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

import warp as wp

from sim.behavior.path import wrap_angle
from sim.road.frenet import RoadCoord, lane_at, lane_border, locate, road_pose, section_at
from sim.road.grip import SurfacePoint
from sim.road.relief import REACH
from sim.road.surface import open_ground, surface_on
from sim.types import RoadTables, Scene, Shape, State

wp.set_module_options({"enable_backward": False})

STILL_SPEED = 1.0e-3
"""Below this an actor stands still [m/s]."""
STEP = 0.04
"""Rises of the ground by more, bumps and potholes apart, are steps: they stop bodies that slide, and wheels climb them as a ramp [m]."""


@wp.func
def project_near(road: RoadTables, near: RoadCoord, pos: wp.vec2) -> RoadCoord:
    """Road place of a point a few metres from the road place ``near``, on the same road; see `sim.road.frenet.project`."""
    out = RoadCoord()
    r = near.road
    out.road = r
    s = float(near.s)
    along = float(0.0)
    i = int(0)
    while i < 2:
        i += 1
        pose = road_pose(road, r, s, 0.0)
        c = pose.ahead[0]
        n = pose.ahead[1]
        dx = pos[0] - pose.pos[0]
        dy = pos[1] - pose.pos[1]
        along = dx * c + dy * n
        out.t = dy * c - dx * n
        if pose.roll != 0.0:
            out.t /= wp.cos(pose.roll)
        out.heading = pose.heading
        step = along / wp.max(1.0 - pose.curvature * out.t, 0.2)
        out.s = wp.clamp(s + step, 0.0, road.road_length[r])
        along -= (out.s - s) * wp.max(1.0 - pose.curvature * out.t, 0.2)
        out.heading += pose.curvature * (out.s - s)
        k = section_at(road, r, s)
        ends = road.section_s[k]
        if (road.section_shape[k] & wp.static(int(Shape.STRAIGHT))) != 0 and out.s >= ends[0] and out.s < ends[1]:
            i = 2  # the first step was exact
        s = out.s
    k = section_at(road, r, s)
    high = road.section_lane_min[k] + road.section_first_lane[k + 1] - road.section_first_lane[k] - 1
    left = lane_border(road, r, s, high)
    right = lane_border(road, r, s, road.section_lane_min[k])
    out.outside = wp.max(wp.max(out.t - left, right - out.t), 0.0) + wp.abs(along)
    return out


@wp.func
def place_near(road: RoadTables, map_index: int, near: RoadCoord, pos: wp.vec2, heading: float) -> RoadCoord:
    """Road place of a point: on the road of ``near`` while it has lanes there, else the one `locate` finds."""
    if near.road >= 0:
        coord = project_near(road, near, pos)
        if coord.outside < 0.05:
            return coord
    return locate(road, map_index, pos, heading, near.road)


@wp.func(inline=True)
def ground_near(road: RoadTables, map_index: int, near: RoadCoord, pos: wp.vec2, reach: wp.vec2) -> SurfacePoint:
    """Ground at ``pos``, some metres away from the road place ``near``, as a wheel there feels it; ``reach``: see `surface_on`."""
    coord = place_near(road, map_index, near, pos, near.heading)
    if coord.road >= 0:
        return surface_on(road, coord, reach)
    return open_ground()


@wp.func
def wheel_reach(ahead: wp.vec3, radius: float) -> wp.vec2:
    """How far along itself a wheel feels the ground [m]: `ground_near`'s ``reach``; ``ahead``: unit vector along the vehicle."""
    return wp.vec2(ahead[0], ahead[1]) * (wp.static(REACH) * radius)


@wp.func
def road_place(state: State, world: int, a: int, yaw: float) -> RoadCoord:
    """The road place that `State` holds of an actor."""
    out = RoadCoord()
    out.road = state.road[world, a]
    out.s = state.s[world, a]
    out.t = state.t[world, a]
    out.heading = yaw
    return out


@wp.func
def keep_place(scene: Scene, state: State, world: int, a: int, yaw: float, moved: float):
    """Write an actor's road coordinates, distance covered and clocks from its new position."""
    pos = state.pos[world, a]
    near = road_place(state, world, a, yaw)
    coord = place_near(scene.road, scene.map_index[world], near, wp.vec2(pos[0], pos[1]), yaw)
    now = state.tick[world] + 1
    state.road[world, a] = coord.road
    state.story.s_carry[world, a] = 0.0
    state.traveled[world, a] = state.traveled[world, a] + moved
    if coord.road >= 0:
        state.s[world, a] = coord.s
        state.t[world, a] = coord.t
        state.lane[world, a] = lane_at(scene.road, coord.road, coord.s, coord.t)
        turn = wrap_angle(yaw - coord.heading)
        facing = wp.where(wp.cos(turn) >= 0.0, 1, -1)
        state.story.direction[world, a] = facing
        state.story.turn[world, a] = wp.where(facing > 0, turn, wrap_angle(turn - wp.pi))
        state.story.offroad_since[world, a] = -1
    elif state.story.offroad_since[world, a] < 0:
        state.story.offroad_since[world, a] = now
    if wp.length(state.vel[world, a]) >= wp.static(STILL_SPEED):
        state.story.still_since[world, a] = -1
    elif state.story.still_since[world, a] < 0:
        state.story.still_since[world, a] = now
