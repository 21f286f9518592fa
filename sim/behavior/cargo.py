"""Cargo and riders of cycles: actors on others until they come loose, and go on as bodies with the velocity that they had up there.

Their ``tow`` is their carrier, as a trailer's is its tractor, so that neither counts as touching the other; but nobody pulls them. A rider
leaves a cycle that falls, with the velocity from before the blow, and a cycle whose rider is hit falls; their ways part without contact.
"""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

import warp as wp

from sim.behavior.measures import yaw_of
from sim.behavior.places import note_motion, put_freely
from sim.physics.body import is_rider
from sim.types import TICK, Motion, Scene, State

wp.set_module_options({"enable_backward": False})

UPRIGHT, JERK = 0.8, 1.0
"""Of a cycle that nobody controls: vertical part of its upright axis below which, and change of speed within a tick [m/s] from which its
rider has left it."""
TOPPLE, PIVOT = 0.8, 0.4
"""Rate at which a cycle and its rider tip over as they part [rad/s], and that at which he turns ahead, over his speed [rad/m] (chosen)."""
SOON, LEFT_LEAN = 0.3, 0.02
"""A rider who moves sideways of his cycle counts as leaning by as much as after so long, a metre up [s]; they fall to the left from
this lean on [rad] (chosen)."""


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


@wp.func
def sit(state: State, world: int, a: int, cycle: int):
    """Rider ``a`` pedals as the cycle moves, and is seen if it is."""
    state.traveled[world, a] = state.traveled[world, cycle]
    state.speed[world, a] = state.speed[world, cycle]
    state.visible[world, a] = state.visible[world, cycle] & 7


@wp.func
def is_down(state: State, world: int, a: int, cycle: int) -> bool:
    """Whether a cycle no longer holds its rider ``a``: it was felled or, with nobody in control, has tilted or jerked."""
    if state.fallen[world, cycle] != 0:
        return True
    up = wp.quat_rotate(state.rot[world, cycle], wp.vec3(0.0, 0.0, 1.0))
    jerk = wp.length(state.vel[world, cycle] - state.vel[world, a])
    body = state.motion[world, cycle] == wp.static(int(Motion.BODY))
    return body and (up[2] < wp.static(UPRIGHT) or jerk > wp.static(JERK))


@wp.func
def tip_over(scene: Scene, state: State, world: int, a: int, cycle: int):
    """Turn rider and cycle as they part: both to a side, the rider over the handlebar that holds his legs; his middle goes on as it was.

    They fall to the left if they lean or he moves that way, else to the right.
    """
    left = wp.quat_rotate(state.rot[world, cycle], wp.vec3(0.0, 1.0, 0.0))
    lean = wp.static(SOON) * wp.dot(state.vel[world, a] - state.vel[world, cycle], left) - left[2]
    side = wp.where(lean > wp.static(LEFT_LEAN), -wp.static(TOPPLE), wp.static(TOPPLE))
    topple = wp.quat_rotate(state.rot[world, cycle], wp.vec3(side, 0.0, 0.0))
    state.ang_vel[world, cycle] = state.ang_vel[world, cycle] + topple
    turn = topple + wp.cross(wp.vec3(0.0, 0.0, wp.static(PIVOT)), state.vel[world, a])
    arm = wp.quat_rotate(state.rot[world, a], scene.box_center[world, a])
    state.ang_vel[world, a] = state.ang_vel[world, a] + turn
    state.vel[world, a] = state.vel[world, a] - wp.cross(turn, arm)


@wp.func
def part_ways(scene: Scene, state: State, world: int, a: int, cycle: int, dt: float):
    """Rider ``a`` leaves its cycle: both are bodies that fall. Nothing is done to those who have parted before."""
    body = wp.static(int(Motion.BODY))
    now = state.tick[world] + 1
    bodies = state.motion[world, a] == body and state.motion[world, cycle] == body
    if bodies and state.fallen[world, a] != 0 and state.fallen[world, cycle] != 0:
        # Felled in one tick are only two that were struck together, in the tick before this one: else the rider follows his cycle.
        if state.fallen[world, a] != state.fallen[world, cycle] or state.fallen[world, a] != now - 1:
            return
    if state.motion[world, a] != body:  # the way of this tick, which bodies have already gone
        state.pos[world, a] = state.pos[world, a] + state.vel[world, a] * dt
    tip_over(scene, state, world, a, cycle)
    if state.fallen[world, a] == 0:
        state.fallen[world, a] = now
    if state.fallen[world, cycle] == 0:
        state.fallen[world, cycle] = wp.where(state.fallen[world, a] == now, wp.max(now - 1, 1), now)
    state.motion[world, cycle] = body
    state.motion[world, a] = body


@wp.kernel
def _carry_cargo(scene: Scene, state: State, dt: float):
    """Reads poses of carriers. Writes poses, places and velocities of what is on them.

    What was hit is let go, and who rides a cycle that fell.
    """
    world = wp.tid()
    if state.done[world] != 0:
        return
    for a in range(scene.story.seat.shape[1]):
        carrier = state.story.tow[world, a]
        if carrier >= 0:
            if state.story.towing[world, carrier] != a:
                still = state.motion[world, a] == wp.static(int(Motion.SCRIPTED))
                rider = is_rider(scene, state, world, a)
                if rider and (is_down(state, world, a, carrier) or not still):
                    part_ways(scene, state, world, a, carrier, dt)
                elif still:
                    carry(scene, state, world, a, carrier, dt)
                    if rider:
                        sit(state, world, a, carrier)
                else:
                    state.story.tow[world, a] = -1


def carry_cargo(scene: Scene, state: State, dt: float = TICK) -> None:
    """Move all riders along with their carriers; launches nothing if the batch has none."""
    if scene.story.seat.shape[1] > 1:
        wp.launch(_carry_cargo, dim=state.tick.shape[0], inputs=[scene, state, dt], device=state.tick.device)
