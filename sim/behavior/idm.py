"""Traffic: TRAFFIC actors follow their lane behind whoever is ahead on it, by the Intelligent Driver Model (`sim.behavior.follow`).

Between two looks for a leader (`sim.behavior.leaders`) the gap goes on with both speeds.
"""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

import warp as wp

from sim.behavior.follow import idm_acceleration
from sim.behavior.lateral import advance, pose_rotation
from sim.behavior.leaders import find_leaders, in_traffic
from sim.behavior.path import wrap_angle
from sim.road.frenet import center_in_section, lane_center, road_pose, sample_at, section_at
from sim.structs import actor_threads, index
from sim.types import TICK, Lamp, Scene, Shape, State

wp.set_module_options({"enable_backward": False})

CURVE_ACCELERATION = 2.5
"""Sideways acceleration drivers accept in bends [m/s^2]."""
BRAKE_LAMP = 0.7
"""Deceleration from which brake lamps are on [m/s^2]."""


@wp.func
def _go_along(scene: Scene, state: State, world: int, a: int, distance: float):
    """Move an actor along its lane, keeping its offset: at once within a lane section, else over the links (`advance`)."""
    road = scene.road
    r = index(state.road[world, a])
    s = state.s[world, a]
    lane = state.lane[world, a]
    k = section_at(road, r, s)
    row = lane - road.section_lane_min[k]
    shape = road.section_shape[k]
    step = distance * float(state.story.direction[world, a])
    if (shape & wp.static(int(Shape.STRAIGHT))) == 0:
        curvature = road.sample_curvature[road.section_first_sample[k] + sample_at(road, k, s)]
        step = distance / wp.max(1.0 - curvature * state.t[world, a], 0.05) * float(state.story.direction[world, a])
    then = s + (step - state.story.s_carry[world, a])
    inside = row >= 0 and row < road.section_first_lane[k + 1] - road.section_first_lane[k] and lane != 0
    if not inside or then <= road.section_s[k][0] or then >= road.section_s[k][1]:
        offset = state.t[world, a] - lane_center(road, r, lane, s)
        advance(scene, state, world, a, lane, offset, distance)
        return
    state.story.s_carry[world, a] = (then - s) - (step - state.story.s_carry[world, a])
    state.s[world, a] = then
    state.story.end_since[world, a] = -1
    if (shape & wp.static(int(Shape.EVEN))) == 0:
        shift = center_in_section(road, k, lane, then) - center_in_section(road, k, lane, s)
        state.t[world, a] = state.t[world, a] + shift


@wp.func
def _place(scene: Scene, state: State, world: int, a: int, acceleration: float, dt: float):
    """Pose, velocities and wheels that belong to the new road place."""
    pose = road_pose(scene.road, index(state.road[world, a]), state.s[world, a], state.t[world, a])
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
    gap = state.vehicle.leader_gap[world, a]
    ahead = state.vehicle.leader_speed[world, a]
    acceleration = idm_acceleration(speed, wish, gap, ahead, state.vehicle.leader[world, a] == 0)
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
    world = index(world)
    if state.done[world] != 0:
        return
    for i in range(first, scene.valid.shape[1], stride):
        a = index(i)
        if in_traffic(state, world, a):
            follow_on(scene, state, world, a, dt)


def follow_traffic(scene: Scene, state: State) -> None:
    """Move all TRAFFIC actors by one tick along their lanes; those that reach the end of the road network leave the scene."""
    find_leaders(scene, state)
    dim, stride = actor_threads(state.motion)
    wp.launch(_follow_traffic, dim=dim, inputs=[scene, state, TICK, stride], device=state.tick.device)
