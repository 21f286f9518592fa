"""The default controller: scripted actors go on along their lane, and every scripted actor's pose follows from its road place."""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

import warp as wp

from sim.behavior.actions import run_actions
from sim.behavior.lateral import ENDED, LONGITUDINAL, advance, pose_rotation
from sim.behavior.measures import yaw_of
from sim.behavior.path import wrap_angle
from sim.behavior.triggers import evaluate_triggers
from sim.road.frenet import lane_center, lane_rise, lane_slope, road_pose
from sim.structs import actor_threads
from sim.types import TICK, Motion, Scene, State

wp.set_module_options({"enable_backward": False})

STILL_SPEED = 1.0e-3
"""Below this an actor stands still [m/s]; esmini's."""


@wp.func
def place_on_road(scene: Scene, state: State, world: int, a: int):
    """Pose of an actor from its road place, facing and turn; on a lane that shifts it heads along the lane."""
    r = state.road[world, a]
    s = state.s[world, a]
    t = state.t[world, a]
    lane = state.lane[world, a]
    pose = road_pose(scene.road, r, s, t)
    turn = state.story.turn[world, a] + wp.where(state.story.direction[world, a] > 0, 0.0, wp.pi)
    along = turn + wp.atan(lane_slope(scene.road, r, lane, s))
    climb = wp.cos(turn) * wp.atan(-pose.twist * t)
    state.pos[world, a] = pose.pos + wp.vec3(0.0, 0.0, lane_rise(scene.road, r, s, lane))
    state.rot[world, a] = pose_rotation(wrap_angle(pose.heading), pose.pitch, pose.roll) * pose_rotation(
        along, climb, 0.0
    )


@wp.func
def _go_straight(state: State, world: int, a: int, dt: float):
    """Move an actor that is on no road along its heading."""
    x = wp.quat_rotate(state.rot[world, a], wp.vec3(1.0, 0.0, 0.0))
    state.pos[world, a] = state.pos[world, a] + x * (state.speed[world, a] * dt)


@wp.func
def move_actor(scene: Scene, state: State, world: int, a: int, dt: float):
    """A tick of a scripted actor."""
    last = state.story.last[world, a]
    before = wp.vec3(last[0], last[1], last[2])
    yaw = last[3]
    moved = state.story.moved[world, a]
    on_path = state.story.path[world, a] >= 0 or (moved & wp.static(ENDED)) != 0
    if state.road[world, a] < 0:
        if moved == 0:
            _go_straight(state, world, a, dt)
    elif (moved & wp.static(LONGITUDINAL)) == 0:
        if wp.abs(state.speed[world, a]) > 1.0e-6:
            lane = state.lane[world, a]
            center = lane_center(scene.road, state.road[world, a], lane, state.s[world, a])
            advance(scene, state, world, a, lane, state.t[world, a] - center, state.speed[world, a] * dt)
            if state.story.end_since[world, a] >= 0:
                state.speed[world, a] = 0.0
        place_on_road(scene, state, world, a)
    elif not on_path:
        place_on_road(scene, state, world, a)
    after = state.pos[world, a]
    state.story.last[world, a] = wp.vec4(after[0], after[1], after[2], yaw_of(state.rot[world, a]))
    if dt <= 0.0:
        state.vel[world, a] = wp.quat_rotate(state.rot[world, a], wp.vec3(state.speed[world, a], 0.0, 0.0))
        _watch(state, world, a)
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
    _watch(state, world, a)


@wp.kernel
def _move_scripted(scene: Scene, state: State, dt: float, stride: int):
    """Reads speeds, road places and what actions moved. Writes places, poses, velocities, distances and stand-still clocks."""
    world, first = wp.tid()
    if state.done[world] != 0:
        return
    for a in range(first, scene.valid.shape[1], stride):
        if state.motion[world, a] == wp.static(int(Motion.SCRIPTED)) and scene.valid[world, a] != 0:
            move_actor(scene, state, world, a, dt)


@wp.func
def _watch(state: State, world: int, a: int):
    """Keep the clocks of standing still and being off the road."""
    now = state.tick[world] + 1
    if wp.abs(state.speed[world, a]) < wp.static(STILL_SPEED):
        if state.story.still_since[world, a] < 0:
            state.story.still_since[world, a] = now
    else:
        state.story.still_since[world, a] = -1
    if state.road[world, a] < 0:
        if state.story.offroad_since[world, a] < 0:
            state.story.offroad_since[world, a] = now
    else:
        state.story.offroad_since[world, a] = -1


def move_scripted(scene: Scene, state: State, dt: float = TICK) -> None:
    """Move all scripted actors by one tick."""
    dim, stride = actor_threads(state.motion)
    wp.launch(_move_scripted, dim=dim, inputs=[scene, state, dt, stride], device=state.tick.device)


def settle(scene: Scene, state: State) -> None:
    """Carry out what the storyboards do at time zero, before anything moves: as players do before the first step."""
    evaluate_triggers(scene, state)
    run_actions(scene, state, 0.0)
    move_scripted(scene, state, 0.0)
