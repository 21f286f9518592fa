"""Cargo: actors that ride on others until they come loose, and go on as bodies with the velocity that they had up there.

A rider's ``tow`` is its carrier, as a trailer's is its tractor, so that neither counts as touching the other; but nobody pulls it.
"""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

import warp as wp

from sim.behavior.measures import yaw_of
from sim.behavior.places import note_motion, put_freely
from sim.types import TICK, Motion, Scene, State

wp.set_module_options({"enable_backward": False})


@wp.func
def come_loose(state: State, world: int, a: int):
    """Let a rider go."""
    if state.story.tow[world, a] >= 0:
        state.story.tow[world, a] = -1
        state.motion[world, a] = wp.static(int(Motion.BODY))


@wp.func
def carry(scene: Scene, state: State, world: int, a: int, carrier: int, dt: float):
    """Put rider ``a`` on its seat."""
    seat = scene.story.seat[world, a]
    base = state.rot[world, carrier]
    arm = wp.quat_rotate(base, wp.vec3(seat[0], seat[1], seat[2]))
    turn = base * wp.quat_from_axis_angle(wp.vec3(0.0, 0.0, 1.0), seat[3])
    pos = state.pos[world, carrier] + arm
    put_freely(scene, state, world, a, pos, yaw_of(turn), True)
    state.rot[world, a] = turn
    note_motion(scene, state, world, a, dt)
    rate = state.ang_vel[world, carrier]
    vel = state.vel[world, carrier] + wp.cross(rate, arm)
    state.vel[world, a] = vel
    state.ang_vel[world, a] = rate
    state.speed[world, a] = wp.dot(vel, wp.quat_rotate(turn, wp.vec3(1.0, 0.0, 0.0)))


@wp.kernel
def _carry_cargo(scene: Scene, state: State, dt: float):
    """Reads poses of carriers. Writes poses, places and velocities of what rides on them; a rider that was hit is let go."""
    world = wp.tid()
    if state.done[world] != 0:
        return
    for a in range(scene.story.seat.shape[1]):
        carrier = state.story.tow[world, a]
        if carrier >= 0:
            if state.story.towing[world, carrier] != a:
                if state.motion[world, a] == wp.static(int(Motion.SCRIPTED)):
                    carry(scene, state, world, a, carrier, dt)
                else:
                    state.story.tow[world, a] = -1


def carry_cargo(scene: Scene, state: State, dt: float = TICK) -> None:
    """Move all riders along with their carriers; launches nothing if the batch has none."""
    if scene.story.seat.shape[1] > 1:
        wp.launch(_carry_cargo, dim=state.tick.shape[0], inputs=[scene, state, dt], device=state.tick.device)
