"""Traffic: TRAFFIC actors follow their lane behind whoever is ahead on it, by the Intelligent Driver Model (`sim.behavior.follow`).

Leaders are looked for every few ticks, each actor at its own; between, the gap goes on with both speeds.
"""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

import warp as wp

from sim.behavior.follow import idm_acceleration
from sim.behavior.lateral import advance, pose_rotation
from sim.behavior.path import wrap_angle
from sim.road.frenet import LaneCoord, follow_lane, lane_center, road_pose, sample_at, section_at
from sim.structs import actor_threads
from sim.types import TICK, Lamp, Motion, Scene, State

wp.set_module_options({"enable_backward": False})

LEADER_TICKS = 5
"""Ticks between two looks for a leader."""
LOOK_AHEAD = 120.0
"""How far drivers look along their lane [m]."""
SIDE_MARGIN = 0.2
"""Sideways room below which whoever is ahead counts as in the way [m]."""
CURVE_ACCELERATION = 2.5
"""Sideways acceleration drivers accept in bends [m/s^2]."""
BRAKE_LAMP = 0.7
"""Deceleration from which brake lamps are on [m/s^2]."""


@wp.struct
class Leader:
    """Whom a driver follows."""

    actor: int
    """-1 if none."""
    gap: float
    """Free way to it [m]."""


@wp.func
def _search_road(scene: Scene, state: State, world: int, a: int, at: LaneCoord, begin: float, first: bool) -> Leader:
    """The nearest actor in the way on one road, entered at ``at`` after ``begin`` metres."""
    out = Leader()
    out.actor = -1
    out.gap = wp.static(LOOK_AHEAD)
    middle = scene.box_center[world, a][0]
    front = middle + 0.5 * scene.size[world, a][0]
    half_width = 0.5 * scene.size[world, a][1] + wp.static(SIDE_MARGIN)
    for b in range(scene.valid.shape[1]):
        if state.road[world, b] == at.road and b != a and (state.visible[world, b] & 4) != 0:
            turn = state.story.turn[world, b]
            c = float(1.0)
            n = float(0.0)
            if wp.abs(turn) > 0.05:
                c = wp.abs(wp.cos(turn))
                n = wp.abs(wp.sin(turn))
            shift = scene.box_center[world, b][0] * float(state.story.direction[world, b])
            along = begin + (state.s[world, b] + shift - at.s) * float(at.direction)
            if along > middle and along - front < out.gap + 10.0:
                size = scene.size[world, b]
                gap = along - 0.5 * (size[0] * c + size[1] * n) - front
                if gap < out.gap:
                    line = state.t[world, a]
                    if not first:
                        line = lane_center(scene.road, at.road, at.lane, state.s[world, b])
                    if wp.abs(state.t[world, b] - line) < half_width + 0.5 * (size[1] * c + size[0] * n):
                        out.actor = b
                        out.gap = gap
    return out


@wp.func
def find_leader(scene: Scene, state: State, world: int, a: int) -> Leader:
    """The nearest actor in the way along the lane and its links, within `LOOK_AHEAD`."""
    at = LaneCoord()
    at.road = state.road[world, a]
    at.lane = state.lane[world, a]
    at.s = state.s[world, a]
    at.direction = state.story.direction[world, a]
    out = _search_road(scene, state, world, a, at, 0.0, True)
    begin = float(0.0)
    for _i in range(3):
        rest = wp.where(at.direction > 0, scene.road.road_length[at.road] - at.s, at.s)
        begin += rest
        if out.actor >= 0 or begin > wp.static(LOOK_AHEAD):
            return out
        then = follow_lane(scene.road, at.road, at.lane, at.s, at.direction, rest + 0.01, 0)
        if then.ended != 0 or then.road == at.road:
            return out
        at = then
        out = _search_road(scene, state, world, a, at, begin, False)
    return out


@wp.func
def in_traffic(state: State, world: int, a: int) -> bool:
    """Whether this module moves the actor."""
    moves = state.motion[world, a] == wp.static(int(Motion.TRAFFIC))
    return moves and state.road[world, a] >= 0 and state.visible[world, a] != 0


@wp.kernel
def _find_leaders(scene: Scene, state: State, stride: int):
    """Reads road places. Writes leaders and gaps of the TRAFFIC actors whose turn it is."""
    world, first = wp.tid()
    if state.done[world] != 0:
        return
    tick = state.tick[world]
    for a in range(first, scene.valid.shape[1], stride):
        if ((tick + a) % wp.static(LEADER_TICKS) == 0 or tick == 0) and in_traffic(state, world, a):
            leader = find_leader(scene, state, world, a)
            state.vehicle.leader[world, a] = leader.actor + 1
            state.vehicle.leader_gap[world, a] = leader.gap


@wp.func
def _leader_speed(state: State, world: int, a: int, b: int) -> float:
    """Speed of the leader along the follower's way [m/s]."""
    speed = state.speed[world, b]
    turn = state.story.turn[world, b]
    if wp.abs(turn) > 0.05:
        speed *= wp.cos(turn)
    if (
        state.road[world, a] == state.road[world, b]
        and state.story.direction[world, a] != state.story.direction[world, b]
    ):
        speed = -speed
    return speed


@wp.func
def _go_along(scene: Scene, state: State, world: int, a: int, distance: float):
    """Move an actor along its lane, keeping its offset: at once within a lane section, else over the links (`advance`)."""
    road = scene.road
    r = state.road[world, a]
    s = state.s[world, a]
    lane = state.lane[world, a]
    k = section_at(road, r, s)
    i = sample_at(road, k, s)
    n = road.section_first_lane[k + 1] - road.section_first_lane[k]
    row = lane - road.section_lane_min[k]
    begin = road.section_s[k][0]
    curvature = road.sample_curvature[road.section_first_sample[k] + i]
    step = distance / wp.max(1.0 - curvature * state.t[world, a], 0.05) * float(state.story.direction[world, a])
    then = s + (step - state.story.s_carry[world, a])
    inside = row >= 0 and row < n and lane != 0 and then > begin and then < road.section_s[k][1]
    if not inside:
        offset = state.t[world, a] - lane_center(road, r, lane, s)
        advance(scene, state, world, a, lane, offset, distance)
        return
    inner = row - wp.where(lane > 0, 1, -1)
    first = road.section_first_border[k]
    width = road.section_step[k]
    i2 = sample_at(road, k, then)
    f1 = wp.clamp((s - begin) / width - float(i), 0.0, 1.0)
    f2 = wp.clamp((then - begin) / width - float(i2), 0.0, 1.0)
    j1 = first + i * n
    j2 = first + i2 * n
    low = 0.5 * (road.border[j1 + row] + road.border[j1 + inner])
    high = 0.5 * (road.border[j1 + n + row] + road.border[j1 + n + inner])
    before = low + (high - low) * f1
    low = 0.5 * (road.border[j2 + row] + road.border[j2 + inner])
    high = 0.5 * (road.border[j2 + n + row] + road.border[j2 + n + inner])
    state.story.s_carry[world, a] = (then - s) - (step - state.story.s_carry[world, a])
    state.s[world, a] = then
    state.t[world, a] = state.t[world, a] + (low + (high - low) * f2 - before)
    state.story.end_since[world, a] = -1


@wp.func
def _place(scene: Scene, state: State, world: int, a: int, acceleration: float, dt: float):
    """Pose, velocities and wheels that belong to the new road place."""
    pose = road_pose(scene.road, state.road[world, a], state.s[world, a], state.t[world, a])
    facing = float(state.story.direction[world, a])
    heading = wrap_angle(pose.heading + wp.where(facing > 0.0, 0.0, wp.pi))
    pitch = pose.pitch * facing
    q = pose_rotation(heading, pitch, pose.roll * facing)
    ahead = pose.ahead
    if heading != pose.heading:
        ahead = wp.vec2(wp.cos(heading), wp.sin(heading))
    speed = state.speed[world, a]
    before = state.vel[world, a]
    vel = wp.vec3(speed * ahead[0], speed * ahead[1], 0.0)
    if pitch != 0.0:
        flat = speed * wp.cos(pitch)
        vel = wp.vec3(flat * ahead[0], flat * ahead[1], -speed * wp.sin(pitch))
    bend = float(0.0)
    steer = float(0.0)
    if pose.curvature != 0.0:
        bend = pose.curvature / wp.max(1.0 - pose.curvature * state.t[world, a], 0.2) * facing
        steer = wp.atan(bend * scene.vehicle.wheelbase[world, a])
    state.pos[world, a] = pose.pos
    state.rot[world, a] = q
    state.vel[world, a] = vel
    state.accel[world, a] = (vel - before) / dt
    state.ang_vel[world, a] = wp.vec3(0.0, 0.0, bend * speed)
    state.steer[world, a] = steer
    state.traveled[world, a] = state.traveled[world, a] + speed * dt
    turned = state.wheel_angle[world, a] + speed * dt / wp.max(scene.vehicle.wheel_radius[world, a], 0.1)
    state.wheel_angle[world, a] = wrap_angle(turned)
    lamps = state.lamps[world, a] & (~wp.static(int(Lamp.BRAKE)))
    if acceleration < -wp.static(BRAKE_LAMP) or speed < 0.05:
        lamps = lamps | wp.static(int(Lamp.BRAKE))
    state.lamps[world, a] = lamps
    # The bend bounds the speed wished for in the tick to come.
    state.vehicle.request[world, a] = wp.sqrt(wp.static(CURVE_ACCELERATION) / wp.max(wp.abs(bend), 1.0e-4))


@wp.func
def follow_on(scene: Scene, state: State, world: int, a: int, dt: float):
    """A tick of a TRAFFIC actor."""
    speed = state.speed[world, a]
    wish = scene.desired_speed[world, a]
    if state.vehicle.request[world, a] > 0.0:
        wish = wp.min(wish, state.vehicle.request[world, a])
    leader = state.vehicle.leader[world, a] - 1
    gap = state.vehicle.leader_gap[world, a]
    ahead = float(0.0)
    if leader >= 0:
        ahead = _leader_speed(state, world, a, leader)
    acceleration = idm_acceleration(speed, wish, gap, ahead, leader < 0)
    new = wp.max(speed + acceleration * dt, 0.0)
    state.speed[world, a] = new
    state.vehicle.leader_gap[world, a] = gap + (ahead - 0.5 * (speed + new)) * dt
    if new > 0.0:
        _go_along(scene, state, world, a, 0.5 * (speed + new) * dt)
        if state.story.end_since[world, a] >= 0:  # it has left the map
            state.visible[world, a] = 0
            state.speed[world, a] = 0.0
        state.story.still_since[world, a] = -1
    elif state.story.still_since[world, a] < 0:
        state.story.still_since[world, a] = state.tick[world] + 1
    _place(scene, state, world, a, acceleration, dt)


@wp.kernel
def _follow_traffic(scene: Scene, state: State, dt: float, stride: int):
    """Reads leaders and lanes. Writes speeds, road places, poses, lamps and clocks of TRAFFIC actors."""
    world, first = wp.tid()
    if state.done[world] != 0:
        return
    for a in range(first, scene.valid.shape[1], stride):
        if in_traffic(state, world, a):
            follow_on(scene, state, world, a, dt)


def follow_traffic(scene: Scene, state: State) -> None:
    """Move all TRAFFIC actors by one tick along their lanes; those that reach the end of the road network leave the scene."""
    device = state.tick.device
    dim, stride = actor_threads(state.motion)
    wp.launch(_find_leaders, dim=dim, inputs=[scene, state, stride], device=device)
    wp.launch(_follow_traffic, dim=dim, inputs=[scene, state, TICK, stride], device=device)
