"""The body of a six-degree-of-freedom vehicle on the ground: the corners of its box, with friction and restitution.

A corner under the ground takes the impulse that stops it there (Brach 1991, Mechanical impact dynamics), friction at most what the impulse
allows and never more than stops it, one corner after the other. What is left of the depth is taken out of the position, so that it
gives no speed.
"""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false, reportInvalidTypeForm=false
from __future__ import annotations

import warp as wp

from sim.physics.options import VEHICLES
from sim.physics.wheels import CarMotion, Footing, wheel_axle, wheel_side
from sim.types import CarSet

wp.set_module_options(VEHICLES)

SCRAPE = 0.5
"""Friction of a car's body on asphalt (Fricke 1990, Traffic accident reconstruction: 0.3 to 0.5 on the roof, up to 0.7 on the side)."""
BOUNCE, BOUNCE_SPEED = 0.15, 1.0
"""Restitution of sheet metal on a road, and the speed from which it counts [m/s]."""
SLOP, LIFT = 0.004, 0.2
"""Depth that is left alone [m], and the share of more that is taken out per step."""
PASSES = 2
"""Over all corners, per step."""


@wp.func(inline=True)
def corner(half: wp.vec3, k: int) -> wp.vec3:
    """Corner ``k`` of eight of a box about the origin."""
    return wp.vec3(
        wp.where(k & 1, half[0], -half[0]), wp.where(k & 2, half[1], -half[1]), wp.where(k & 4, half[2], -half[2])
    )


@wp.func(inline=True)
def lowest_corner(car: CarSet, up: wp.vec3) -> float:
    """Height of the lowest corner of the body's box over its centre of gravity [m]; ``up``: body axes."""
    half = car.hull_half
    return wp.dot(up, car.hull) - wp.abs(up[0]) * half[0] - wp.abs(up[1]) * half[1] - wp.abs(up[2]) * half[2]


@wp.func(inline=True)
def resist(car: CarSet, arm: wp.vec3, axis: wp.vec3) -> float:
    """Change of velocity over impulse of a point at ``arm`` along ``axis``, body axes [1/kg]."""
    turn = wp.cross(arm, axis)
    return 1.0 / car.mass + wp.dot(turn, wp.cw_div(turn, car.inertia))


@wp.func(inline=True)
def push_hull(car: CarSet, vel: wp.vec3, rate: wp.vec3, arm: wp.vec3, up: wp.vec3, grip: float) -> wp.vec3:
    """Impulse that the ground gives a corner at ``arm`` [N s]; velocities and ``up``, the ground's normal, in body axes."""
    v = vel + wp.cross(rate, arm)
    rise = wp.dot(v, up)
    if rise >= 0.0:
        return wp.vec3()
    bounce = wp.where(rise < -wp.static(BOUNCE_SPEED), 1.0 + wp.static(BOUNCE), 1.0)
    normal = -bounce * rise / resist(car, arm, up)
    slip = v - rise * up
    speed = wp.length(slip)
    if speed < 1.0e-6:
        return normal * up
    along = slip / speed
    return normal * up - wp.min(grip * normal, speed / resist(car, arm, along)) * along


@wp.func(inline=True)
def land_hull(car: CarSet, b: CarMotion, back: wp.mat33, ground: Footing) -> CarMotion:
    """The vehicle's velocities and place once the ground has stopped its body; ``back``: world axes to body's."""
    up = back * ground.floor_normal
    over = wp.dot(ground.floor_normal, b.shift - ground.floor)
    if over + lowest_corner(car, up) > wp.max(ground.bed):
        return b
    over += wp.dot(up, car.hull)
    half = car.hull_half
    vel = back * b.vel
    rate = b.rate
    deepest = float(0.0)
    grip = (
        wp.static(SCRAPE) * 0.25 * (ground.friction[0] + ground.friction[1] + ground.friction[2] + ground.friction[3])
    )
    n = int(0)
    while n < 8 * wp.static(PASSES):  # no range: it would be unrolled
        arm = corner(half, n)
        depth = ground.bed[n & 7] - over - wp.dot(up, arm)
        if depth > 0.0:
            deepest = wp.max(deepest, depth)
            arm += car.hull
            push = push_hull(car, vel, rate, arm, up, grip)
            vel += push / car.mass
            rate += wp.cw_div(wp.cross(arm, push), car.inertia)
        n += 1
    out = b
    out.vel = wp.transpose(back) * vel
    out.rate = rate
    out.shift = b.shift + ground.floor_normal * (wp.static(LIFT) * wp.max(deepest - wp.static(SLOP), 0.0))
    return out


@wp.func
def trip(car: CarSet, b: CarMotion, ground: Footing) -> CarMotion:
    """The vehicle's velocities once the wheels that slid against a step have stopped there, all of a sudden: what makes it roll over."""
    out = b
    left = wp.vec3(0.0, 1.0, 0.0)
    vel = wp.quat_rotate_inv(b.rot, b.vel)
    for i in range(4):
        if ground.block[i] > 0.0:
            axle = wheel_axle(car, i)
            arm = wp.vec3(axle.x, 0.5 * wheel_side(i) * axle.track, 0.2 * car.radius - car.height + b.lift[i])
            push = -wp.dot(vel + wp.cross(out.rate, arm), left) / resist(car, arm, left) * left
            vel += push / car.mass
            out.rate = out.rate + wp.cw_div(wp.cross(arm, push), car.inertia)
    out.vel = wp.quat_rotate(b.rot, vel)
    return out
