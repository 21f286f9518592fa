"""The `state` observation: the ego, its route ahead and the nearest actors, in the ego's frame."""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

import warp as wp

from sim.behavior.measures import yaw_of
from sim.behavior.path import path_length, path_point, path_project, wrap_angle
from sim.physics.body import is_seated
from sim.road.frenet import lane_border, lane_row, road_pose
from sim.road.grip import weather_share
from sim.road.surface import vehicles_may_use
from sim.types import Motion, RoadTables, Scene, State

wp.set_module_options({"enable_backward": False})

EGO = (
    "speed / 20 m/s",
    "lateral speed / 5 m/s",
    "yaw rate / 1 rad/s",
    "longitudinal acceleration / 10 m/s^2",
    "lateral acceleration / 10 m/s^2",
    "steering angle / full lock",
    "offset from the route / 4 m, left positive",
    "sin of heading minus the route's",
    "cos of heading minus the route's",
    "curvature of the route 10 m ahead x 20 m",
    "route still to go / 200 m, at most 1",
    "time left / 30 s, at most 1",
    "desired speed / 20 m/s",
    "road wetness",
    "fog visibility / 200 m, at most 1",
    "share of the dry road's friction that the weather leaves",
    "left border of the ego's lane / 4 m, as seen from its reference point",
    "right border of the ego's lane / 4 m, negative",
    "left edge of what may be driven on / 10 m",
    "right edge of what may be driven on / 10 m, negative",
)
"""What the first numbers of an observation are, and their scale."""

ROUTE_AHEAD = (5.0, 10.0, 15.0, 20.0, 30.0, 40.0, 60.0, 80.0)
"""Distances along the route at which its points are seen [m]; each gives x / 50 m and y / 20 m in the ego's frame."""

ACTOR = (
    "1 if present",
    "x / 50 m of the box centre, ego frame",
    "y / 20 m",
    "velocity x minus the ego's / 20 m/s, ego frame",
    "velocity y / 20 m/s",
    "cos of heading minus the ego's",
    "sin of heading minus the ego's",
    "length / 10 m",
    "width / 3 m",
    "1 if it was knocked out of its course by a contact",
)
"""What each observed actor's numbers are; nearest first, absent ones are zeros."""

_AHEAD = wp.constant(wp.types.vector(length=len(ROUTE_AHEAD), dtype=wp.float32)(*ROUTE_AHEAD))
NEGO, NROUTE, NACTOR_FIELDS = len(EGO), 2 * len(ROUTE_AHEAD), len(ACTOR)


def observation_size(max_actors: int) -> int:
    """Length of an observation of up to ``max_actors`` actors."""
    return NEGO + NROUTE + NACTOR_FIELDS * max_actors


@wp.func
def _to_ego(v: wp.vec3, c: float, s: float) -> wp.vec3:
    return wp.vec3(c * v[0] + s * v[1], c * v[1] - s * v[0], v[2])


@wp.func
def _clip(x: float) -> float:
    return wp.clamp(x, -5.0, 5.0)


@wp.kernel
def _observe_ego(scene: Scene, state: State, mask: wp.array[wp.int32], obs_out: wp.array2d[float]):
    """Reads the ego, route and weather. Writes the first NEGO + NROUTE numbers of each masked world's observation."""
    world = wp.tid()
    if mask[world] == 0:
        return
    pos = state.pos[world, 0]
    yaw = yaw_of(state.rot[world, 0])
    c = wp.cos(yaw)
    s = wp.sin(yaw)
    vel = _to_ego(state.vel[world, 0], c, s)
    acc = _to_ego(state.accel[world, 0], c, s)
    obs_out[world, 0] = _clip(vel[0] / 20.0)
    obs_out[world, 1] = _clip(vel[1] / 5.0)
    obs_out[world, 2] = _clip(state.ang_vel[world, 0][2])
    obs_out[world, 3] = _clip(acc[0] / 10.0)
    obs_out[world, 4] = _clip(acc[1] / 10.0)
    obs_out[world, 5] = state.steer[world, 0] / wp.max(scene.vehicle.car[world, 0].max_steer, 0.1)
    obs_out[world, 11] = wp.min(float(scene.end_tick[world] - state.tick[world]) * 0.01 / 30.0, 1.0)
    obs_out[world, 12] = scene.desired_speed[world, 0] / 20.0
    obs_out[world, 13] = scene.weather.wetness[world]
    obs_out[world, 14] = wp.min(scene.weather.fog_visibility[world] / 200.0, 1.0)
    obs_out[world, 15] = weather_share(scene.weather, world, wp.length(state.vel[world, 0]))
    p = scene.route_path[world]
    if p < 0:
        return
    here = path_project(scene.path, world, p, pos)
    turn = wrap_angle(yaw - here.heading)
    ahead = path_point(scene.path, world, p, here.s + 10.0)
    obs_out[world, 6] = _clip(here.offset / 4.0)
    obs_out[world, 7] = wp.sin(turn)
    obs_out[world, 8] = wp.cos(turn)
    obs_out[world, 9] = _clip(wrap_angle(ahead.heading - here.heading) / 10.0 * 20.0)
    obs_out[world, 10] = wp.min((path_length(scene.path, world, p) - here.s) / 200.0, 1.0)
    for i in range(wp.static(len(ROUTE_AHEAD))):
        point = path_point(scene.path, world, p, here.s + _AHEAD[i]).pos - pos
        local = _to_ego(point, c, s)
        obs_out[world, wp.static(NEGO) + 2 * i] = _clip(local[0] / 50.0)
        obs_out[world, wp.static(NEGO) + 2 * i + 1] = _clip(local[1] / 20.0)


@wp.func
def _upper_border(road: RoadTables, r: int, s: float, lane: int) -> float:
    """The t of a lane's border on the side of greater t."""
    return lane_border(road, r, s, wp.where(lane > 0, lane, lane + 1))


@wp.func
def _lower_border(road: RoadTables, r: int, s: float, lane: int) -> float:
    """The t of a lane's border on the side of lesser t."""
    return lane_border(road, r, s, wp.where(lane < 0, lane, lane - 1))


@wp.func
def _drivable_edge(road: RoadTables, r: int, s: float, lane: int, side: int) -> float:
    """The t at which what vehicles may drive on ends, going from a lane towards greater (+1) or lesser (-1) t."""
    last = int(lane)
    for _i in range(16):
        following = last + side
        if following == 0:
            following += side
        row = lane_row(road, r, s, following)
        if row >= 0:
            if vehicles_may_use(road.lane_kind[row]):
                last = following
    if side > 0:
        return _upper_border(road, r, s, last)
    return _lower_border(road, r, s, last)


@wp.kernel
def _observe_lane(scene: Scene, state: State, mask: wp.array[wp.int32], obs_out: wp.array2d[float]):
    """Reads the ego's road place. Writes the distances to its lane's borders and the road's drivable edges."""
    world = wp.tid()
    if mask[world] == 0:
        return
    first = wp.static(NEGO - 4)
    for k in range(4):
        obs_out[world, first + k] = 0.0
    r = state.road[world, 0]
    lane = state.lane[world, 0]
    if r < 0 or lane == 0:
        return
    s = state.s[world, 0]
    t = state.t[world, 0]
    upper = _upper_border(scene.road, r, s, lane) - t
    lower = _lower_border(scene.road, r, s, lane) - t
    top = _drivable_edge(scene.road, r, s, lane, 1) - t
    bottom = _drivable_edge(scene.road, r, s, lane, -1) - t
    turn = yaw_of(state.rot[world, 0]) - road_pose(scene.road, r, s, 0.0).heading
    along = wp.cos(turn) >= 0.0
    obs_out[world, first] = _clip(wp.where(along, upper, -lower) / 4.0)
    obs_out[world, first + 1] = _clip(wp.where(along, lower, -upper) / 4.0)
    obs_out[world, first + 2] = _clip(wp.where(along, top, -bottom) / 10.0)
    obs_out[world, first + 3] = _clip(wp.where(along, bottom, -top) / 10.0)


@wp.func
def _center(scene: Scene, state: State, world: int, a: int) -> wp.vec3:
    return state.pos[world, a] + wp.quat_rotate(state.rot[world, a], scene.box_center[world, a])


@wp.kernel
def _observe_actors(scene: Scene, state: State, mask: wp.array[wp.int32], max_actors: int, obs_out: wp.array2d[float]):
    """Reads all actors. Writes the ``max_actors`` nearest to the ego of each masked world, nearest first, ties by index."""
    world = wp.tid()
    if mask[world] == 0:
        return
    origin = _center(scene, state, world, 0)
    yaw = yaw_of(state.rot[world, 0])
    c = wp.cos(yaw)
    s = wp.sin(yaw)
    last_d = float(-1.0)
    last_a = int(0)
    for k in range(max_actors):
        best_d = float(1.0e30)
        best_a = int(-1)
        for a in range(1, scene.valid.shape[1]):
            shown = scene.valid[world, a] != 0 and (state.visible[world, a] & 2) != 0
            if shown and not is_seated(scene, state, world, a):
                d = wp.length_sq(_center(scene, state, world, a) - origin)
                behind = d > last_d or (d == last_d and a > last_a)
                if behind and d < best_d:
                    best_d = d
                    best_a = a
        base = wp.static(NEGO + NROUTE) + wp.static(NACTOR_FIELDS) * k
        if best_a < 0:
            for j in range(wp.static(NACTOR_FIELDS)):
                obs_out[world, base + j] = 0.0
            best_d = 1.0e30
        else:
            local = _to_ego(_center(scene, state, world, best_a) - origin, c, s)
            vel = _to_ego(state.vel[world, best_a] - state.vel[world, 0], c, s)
            turn = yaw_of(state.rot[world, best_a]) - yaw
            obs_out[world, base + 0] = 1.0
            obs_out[world, base + 1] = _clip(local[0] / 50.0)
            obs_out[world, base + 2] = _clip(local[1] / 20.0)
            obs_out[world, base + 3] = _clip(vel[0] / 20.0)
            obs_out[world, base + 4] = _clip(vel[1] / 20.0)
            obs_out[world, base + 5] = wp.cos(turn)
            obs_out[world, base + 6] = wp.sin(turn)
            obs_out[world, base + 7] = scene.size[world, best_a][0] / 10.0
            obs_out[world, base + 8] = scene.size[world, best_a][1] / 3.0
            obs_out[world, base + 9] = float(int(state.motion[world, best_a] == wp.static(int(Motion.BODY))))
        last_d = best_d
        last_a = best_a


def observe(scene: Scene, state: State, mask: wp.array, max_actors: int, obs_out: wp.array) -> None:
    """Write the `state` observation of the masked worlds, float32 (nworld, observation_size(max_actors)).

    Layout: `EGO`, then x, y of the route's points at `ROUTE_AHEAD`, then `ACTOR` for each of the nearest actors.
    Frame: the ego's (x forward, y left), turned by heading only. Values are scaled to order one and clipped to -5..5.
    ``mask``: int32, (nworld,).
    """
    nworld = obs_out.shape[0]
    device = obs_out.device
    wp.launch(_observe_ego, dim=nworld, inputs=[scene, state, mask], outputs=[obs_out], device=device)
    wp.launch(_observe_lane, dim=nworld, inputs=[scene, state, mask], outputs=[obs_out], device=device)
    wp.launch(_observe_actors, dim=nworld, inputs=[scene, state, mask, max_actors], outputs=[obs_out], device=device)
