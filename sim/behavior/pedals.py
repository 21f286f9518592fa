"""Pedals and steering in the storyboard's hands: how they move there, and what a driver is left with (`wp.func`s)."""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

import warp as wp

from sim.behavior.codes import RowField
from sim.physics.sets import CYCLES
from sim.types import Motion, Scene, State

wp.set_module_options({"enable_backward": False})

HOLDS_PEDALS, HOLDS_STEERING = 1, 2
"""Bits of `VehicleState.held`."""
TARGET, OVER = 0, 1
"""Numbers of a row: where the pedals (-1 full brake, 1 full throttle) or the front wheels [rad] go, and how long that takes [s]."""
START, CLOCK = 0, 1
"""Its working numbers: where they were, and the time since [s]."""

_FLAGS, _INDEX = int(RowField.FLAGS), int(RowField.INDEX)


@wp.func
def take_hold(scene: Scene, state: State, world: int, r: int, a: int):
    """Take pedals or steering out of a driver's hands. Whoever was scripted is driven from then on; wrecks and walkers stay as they are."""
    if scene.vehicle.kind[world, a] >= wp.static(CYCLES) or state.motion[world, a] == wp.static(int(Motion.BODY)):
        return
    bit = scene.story.row_code[world, r, wp.static(_FLAGS)]
    start = state.steer[world, a]
    if bit == wp.static(HOLDS_PEDALS):
        start = wp.where((state.vehicle.held[world, a] & bit) != 0, state.vehicle.held_pedal[world, a], 0.0)
    state.story.row_value[world, r, wp.static(START)] = start
    state.vehicle.held[world, a] = state.vehicle.held[world, a] | bit
    state.motion[world, a] = wp.static(int(Motion.DRIVEN))
    state.rest[world, a] = 0


@wp.func
def let_go(scene: Scene, state: State, world: int, r: int, a: int):
    """Give pedals or steering back to the driver."""
    bit = scene.story.row_code[world, r, wp.static(_FLAGS)]
    state.vehicle.held[world, a] = state.vehicle.held[world, a] & (~bit)


@wp.func
def hold_controls(scene: Scene, state: State, world: int, r: int, a: int, dt: float) -> bool:
    """Move pedals or steering on towards their target; True once they are there."""
    t = state.story.row_value[world, r, wp.static(CLOCK)] + dt
    state.story.row_value[world, r, wp.static(CLOCK)] = t
    over = scene.story.row_value[world, r, wp.static(OVER)]
    share = float(1.0)
    if t < over:
        share = t / over
    target = scene.story.row_value[world, r, wp.static(TARGET)]
    now = wp.lerp(state.story.row_value[world, r, wp.static(START)], target, share)
    if scene.story.row_code[world, r, wp.static(_FLAGS)] == wp.static(HOLDS_PEDALS):
        state.vehicle.held_pedal[world, a] = now
    else:
        state.vehicle.held_steer[world, a] = now
    return share >= 1.0


@wp.func
def as_held(scene: Scene, state: State, world: int, a: int, wish: wp.vec2) -> wp.vec2:
    """Steering and pedals, each -1..1: the driver's ``wish`` but for what the storyboard holds."""
    out = wish
    held = state.vehicle.held[world, a]
    if (held & wp.static(HOLDS_STEERING)) != 0:
        out[0] = wp.clamp(state.vehicle.held_steer[world, a] / scene.vehicle.car[world, a].max_steer, -1.0, 1.0)
    if (held & wp.static(HOLDS_PEDALS)) != 0:
        out[1] = state.vehicle.held_pedal[world, a]
    return out
