"""The default controller: scripted actors go on along their lane, and every scripted actor's pose follows from its road place."""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

import warp as wp

from sim.behavior.actions import run_actions
from sim.behavior.cargo import carry_cargo
from sim.behavior.lateral import ENDED, LONGITUDINAL, advance, pose_rotation
from sim.behavior.path import wrap_angle
from sim.behavior.places import note_motion
from sim.behavior.trailers import pull_trailers
from sim.behavior.triggers import evaluate_triggers
from sim.road.frenet import lane_center, lane_rise, lane_slope, road_pose
from sim.road.surface import relief_above
from sim.structs import actor_threads
from sim.types import TICK, Motion, Scene, State

wp.set_module_options({"enable_backward": False})

LONG = 0.5
"""Wheelbase from which an actor tilts where a bump or a pothole lies under one axle; people stay upright [m]."""


@wp.func
def place_on_road(scene: Scene, state: State, world: int, a: int):
    """Pose of an actor from its road place, facing and turn, its axles' middles on the road; where its lane shifts it heads along that."""
    r = state.road[world, a]
    s = state.s[world, a]
    t = state.t[world, a]
    lane = state.lane[world, a]
    pose = road_pose(scene.road, r, s, t)
    turn = state.story.turn[world, a] + wp.where(state.story.direction[world, a] > 0, 0.0, wp.pi)
    along = turn + wp.atan(lane_slope(scene.road, r, lane, s))
    climb = wp.cos(turn) * wp.atan(-pose.twist * t)
    base = scene.vehicle.wheelbase[world, a]
    under = relief_above(scene.road, r, s, t)
    if base > wp.static(LONG):
        ahead = relief_above(scene.road, r, s + base * wp.cos(along), t + base * wp.sin(along))
        if under != ahead:
            climb -= wp.atan((ahead - under) / base)
    state.pos[world, a] = pose.pos + wp.vec3(0.0, 0.0, lane_rise(scene.road, r, s, lane) + under)
    state.rot[world, a] = pose_rotation(wrap_angle(pose.heading), pose.pitch, pose.roll) * pose_rotation(
        along, climb, 0.0
    )


@wp.func
def _go_straight(scene: Scene, state: State, world: int, a: int, dt: float):
    """Move an actor that is on no road along its heading; where there are no roads at all it stops, as esmini's default controller does."""
    m = scene.map_index[world]
    if scene.road.map_first_road[m + 1] == scene.road.map_first_road[m]:
        state.speed[world, a] = 0.0
        return
    x = wp.quat_rotate(state.rot[world, a], wp.vec3(1.0, 0.0, 0.0))
    state.pos[world, a] = state.pos[world, a] + x * (state.speed[world, a] * dt)


@wp.func
def move_actor(scene: Scene, state: State, world: int, a: int, dt: float):
    """A tick of a scripted actor."""
    moved = state.story.moved[world, a]
    if state.story.posed[world, a] != 0:
        if moved == 0 and wp.abs(state.speed[world, a]) < 1.0e-6:
            note_motion(scene, state, world, a, dt)
            return
        state.story.posed[world, a] = 0
    on_path = state.story.path[world, a] >= 0 or (moved & wp.static(ENDED)) != 0
    if state.road[world, a] < 0:
        if moved == 0:
            _go_straight(scene, state, world, a, dt)
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
    note_motion(scene, state, world, a, dt)


@wp.kernel
def _move_scripted(scene: Scene, state: State, dt: float, stride: int):
    """Reads speeds, road places and what actions moved. Writes places, poses, velocities, distances and stand-still clocks."""
    world, first = wp.tid()
    if state.done[world] != 0:
        return
    for a in range(first, scene.valid.shape[1], stride):
        free = state.motion[world, a] == wp.static(int(Motion.SCRIPTED)) and scene.valid[world, a] != 0
        if free and state.story.tow[world, a] < 0:
            move_actor(scene, state, world, a, dt)


def move_scripted(scene: Scene, state: State, dt: float = TICK) -> None:
    """Move all scripted actors by one tick."""
    dim, stride = actor_threads(state.motion)
    wp.launch(_move_scripted, dim=dim, inputs=[scene, state, dt, stride], device=state.tick.device)


def settle(scene: Scene, state: State) -> None:
    """Carry out what the storyboards do at time zero, before anything moves: as players do before the first step."""
    evaluate_triggers(scene, state)
    run_actions(scene, state, 0.0)
    move_scripted(scene, state, 0.0)
    pull_trailers(scene, state, 0.0)
    carry_cargo(scene, state, 0.0)
