"""Room under vehicles: what lies lower than their floor passes between their wheels, or they roll over it (`wp.func`s).

People and animals give way under a load, so that they count as half as high. A wheel that meets somebody takes him along a little, which is
an impact; then he is ground to it, a bump that `sim.physics.footing` reads in the next tick.
"""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

import warp as wp

from sim.physics.body import Body, axis_of
from sim.physics.capsules import core_of
from sim.physics.collide import reach_along
from sim.physics.impulse import Impulse, bounded_share, scaled
from sim.physics.wheels import wheel_axle, wheel_side
from sim.types import TICK, Scene, State

wp.set_module_options({"enable_backward": False, "max_unroll": 1})

PRESSED = 0.5
"""Height of somebody under a vehicle over his own: he gives way (chosen)."""
FLAT = 0.8
"""Least vertical part of a vehicle's upright axis with which it stands on its wheels."""
FLANK = 0.1
"""How far beside a body a wheel begins to climb onto it [m]."""
DRAG = 0.15
"""Share of its speed that a wheel gives to what it rolls onto (chosen)."""


@wp.func
def height_of(low: Body, up: wp.vec3) -> float:
    """How high a body reaches over its own middle [m]."""
    if low.radius > 0.0:
        return low.radius + wp.abs(wp.dot(core_of(low), up))
    return reach_along(low, up)


@wp.func
def drives_over(car: Body, low: Body) -> bool:
    """Whether a body lies so low that a vehicle passes over it."""
    up = axis_of(car.axes, 2)
    if car.room <= 0.0 or low.room > 0.0 or low.mass <= 0.0 or up[2] < wp.static(FLAT):
        return False
    if low.radius > 0.0 and low.inertia[0, 0] == 0.0:
        return False  # who stands
    top = wp.dot(low.center - car.center, up) + car.half[2] + height_of(low, up)
    return top < wp.where(low.radius > 0.0, car.room / wp.static(PRESSED), car.room)


@wp.func
def bump_at(low: Body, p: wp.vec3) -> float:
    """Height of the ground that a low body is to a wheel over or under a point [m]."""
    up = wp.vec3(0.0, 0.0, 1.0)
    d = p - low.center
    d[2] = 0.0
    if low.radius > 0.0:
        core = core_of(low)
        core[2] = 0.0
        t = wp.clamp(wp.dot(d, core) / wp.max(wp.length_sq(core), 1.0e-6), -1.0, 1.0)
        beside = wp.length(d - core * t) / (low.radius + wp.static(FLANK))
        return wp.static(2.0 * PRESSED) * height_of(low, up) * wp.max(1.0 - beside * beside, 0.0)
    local = wp.transpose(low.axes) * d
    inside = bool(True)
    for k in range(3):
        if wp.abs(low.axes[2, k]) < 0.7 and wp.abs(local[k]) > low.half[k]:
            inside = False
    return wp.where(inside, 2.0 * height_of(low, up), 0.0)


@wp.func
def wheel_at(scene: Scene, state: State, world: int, a: int, car: Body, i: int) -> wp.vec3:
    """Where an actor's wheel ``i`` stands, at the height of its reference point [m]."""
    params = scene.vehicle.car[world, a]
    axle = wheel_axle(params, i)
    return state.pos[world, a] + car.axes * wp.vec3(axle.x - params.reference, 0.5 * wheel_side(i) * axle.track, 0.0)


@wp.func
def wheel_reaches(scene: Scene, state: State, world: int, a: int, car: Body, low: Body) -> bool:
    """Whether one of an actor's wheels is on a body under it, or will be within a tick."""
    way = (low.vel - car.vel) * wp.static(TICK)
    for i in range(4):
        p = wheel_at(scene, state, world, a, car, i)
        if bump_at(low, p) > 0.0 or bump_at(low, p - way) > 0.0:
            return True
    return False


@wp.func
def roll_onto(scene: Scene, state: State, world: int, a: int, car: Body, low: Body) -> Impulse:
    """Lift an actor's wheels over a body under it in the next tick; impulse that those that have just reached it give it."""
    bumps = state.vehicle.bump[world, a]
    out = Impulse()
    for i in range(4):
        p = wheel_at(scene, state, world, a, car, i)
        slide = low.vel - car.vel
        bump = bump_at(low, p - slide * wp.static(TICK))
        bumps[i] = wp.max(bumps[i], bump)
        if bump > 0.0 and bump_at(low, p) <= 0.0:
            push = wp.vec3(slide[0], slide[1], 0.0) * (-wp.static(DRAG) / low.mass)
            out.linear += push
            out.turn0 += wp.cross(p - car.cog, push)
            out.turn1 += wp.cross(p - low.cog, push)
    state.vehicle.bump[world, a] = bumps
    return scaled(out, bounded_share(car, low, out, 1.0))
