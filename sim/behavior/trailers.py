"""Trailers of scripted vehicles: each follows the hitch that pulls it, as its wheels roll without slipping sideways.

A tick moves the hitch; the trailer's reference point is drawn along the line between the two until the distance is its coupler's again, and
the trailer points at the hitch: the tractrix (Huygens 1693), by steps; esmini's way too. Behind a vehicle that physics moves a trailer is
one on tyres itself, and `sim.physics.hitch` holds the two together.
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
def couple(state: State, world: int, a: int, trailer: int):
    """Let actor ``a`` pull a trailer instead of the one it pulls, which goes on by itself; -1 for none."""
    link = int(a)
    for _i in range(state.story.tow.shape[1]):
        if link == trailer and trailer >= 0:
            return  # a train does not pull itself
        if link >= 0:
            link = state.story.tow[world, link]
    old = state.story.towing[world, a]
    if old >= 0:
        state.story.tow[world, old] = -1
    if trailer >= 0:
        other = state.story.tow[world, trailer]
        if other >= 0:
            state.story.towing[world, other] = -1
        state.story.tow[world, trailer] = a
    state.story.towing[world, a] = trailer


@wp.func
def pull(scene: Scene, state: State, world: int, a: int, b: int):
    """Draw trailer ``b`` behind actor ``a``."""
    yaw = yaw_of(state.rot[world, a])
    front = state.pos[world, a]
    ahead = scene.story.hitch[world, a]
    x = front[0] + wp.cos(yaw) * ahead
    y = front[1] + wp.sin(yaw) * ahead
    dx = x - state.pos[world, b][0]
    dy = y - state.pos[world, b][1]
    heading = float(yaw)
    if dx * dx + dy * dy > 1.0e-6:
        heading = wp.atan2(dy, dx)
    length = scene.story.coupler[world, b]
    point = wp.vec3(x - wp.cos(heading) * length, y - wp.sin(heading) * length, front[2])
    put_freely(scene, state, world, b, point, heading, False)
    state.speed[world, b] = state.speed[world, a]


@wp.func
def physical(state: State, world: int, a: int) -> bool:
    """Whether physics moves an actor."""
    motion = state.motion[world, a]
    return motion == wp.static(int(Motion.DRIVEN)) or motion == wp.static(int(Motion.BODY))


@wp.func
def hand_over(scene: Scene, state: State, world: int, b: int):
    """Let physics move a trailer on wheels from now on; its nose rests on what pulls it."""
    if scene.vehicle.car[world, b].mass > 0.0 and scene.vehicle.car[world, b].balance == 0.0:
        state.motion[world, b] = wp.static(int(Motion.DRIVEN))
        state.vehicle.ready[world, b] = 0
        state.vehicle.pull[world, b] = wp.vec3(0.0, 0.0, scene.vehicle.car[world, b].nose)
        state.vehicle.plate[world, b] = 0.0


@wp.kernel
def _pull_trailers(scene: Scene, state: State, dt: float, physics: int):
    """Reads poses of whatever pulls. Writes poses, places and velocities of scripted trailers, front to back.

    With ``physics``, one behind a vehicle that physics moves is handed over to it; one that was hit behind a scripted vehicle is let go.
    """
    world = wp.tid()
    if state.done[world] != 0:
        return
    n = scene.story.hitch.shape[1]
    for head in range(n):
        if state.story.tow[world, head] < 0:
            a = int(head)
            b = state.story.towing[world, head]
            i = int(0)
            while b >= 0 and i < n:
                if state.motion[world, b] == wp.static(int(Motion.SCRIPTED)):
                    pull(scene, state, world, a, b)
                    note_motion(scene, state, world, b, dt)
                    if physics != 0 and physical(state, world, a):
                        hand_over(scene, state, world, b)
                    a = b
                    b = state.story.towing[world, b]
                elif physical(state, world, a):
                    a = b
                    b = state.story.towing[world, b]
                else:
                    couple(state, world, a, -1)
                    b = -1
                i += 1


def pull_trailers(scene: Scene, state: State, dt: float = TICK, *, physics: bool = True) -> None:
    """Draw all trailers after whatever pulls them; launches nothing if the batch has none.

    Args:
        scene: The batch.
        state: Of the batch.
        dt: Since the last call [s].
        physics: Whether what a vehicle on tyres pulls becomes one, too.
    """
    if scene.story.hitch.shape[1] > 1:
        wp.launch(
            _pull_trailers, dim=state.tick.shape[0], inputs=[scene, state, dt, int(physics)], device=state.tick.device
        )
