"""Four struts between a sprung body and its wheels: springs, dampers, anti-roll bars, stops, and how links pass on side force.

Each wheel slides along the body's vertical on a spring and a damper and stands on the ground by its tyre's spring (Gillespie 1992,
Fundamentals of vehicle dynamics, ch. 5). Side force enters the body at the axle's roll centre (Milliken and Milliken 1995, Race car
vehicle dynamics, ch. 17, 18).
"""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

import warp as wp

from sim.physics.four import above, add, axles, div, mul, other, signed, size, sub  # noqa: F401 (operators of wp.vec4)
from sim.physics.options import VEHICLES
from sim.types import CarSet

wp.set_module_options(VEHICLES)

STOP_RATE = 10.0
"""Stiffness of bump and droop stops over the spring's."""


@wp.func(inline=True)
def strut_forces(car: CarSet, lift: wp.vec4, rate: wp.vec4) -> wp.vec4:
    """Forces of the struts [N] at the wheels' rise ``lift`` in the body [m] and its rate."""
    front = car.front
    rear = car.rear
    spring = axles(front.spring, rear.spring)
    bar = axles(front.bar / (front.track * front.track), rear.bar / (rear.track * rear.track))
    force = axles(front.bears, rear.bears) + spring * lift + axles(front.damper, rear.damper) * rate
    past = size(lift) - car.travel
    force += bar * (lift - other(lift))
    return force + above(past, 0.0, signed(past, lift) * spring * wp.static(STOP_RATE), 0.0)


@wp.func(inline=True)
def axle_moments(car: CarSet, low: wp.vec4, through: wp.vec4, lean: wp.vec4) -> wp.vec4:
    """Roll moment on each axle's two wheels about their hubs [N m]: side force at the road against what the links pass on; by wheel.

    Args:
        car: Parameters.
        low: Side forces of the tyres times the heights of their hubs over the road [N m].
        through: What of the side force reaches the body, at the roll centre [N].
        lean: Load of both wheels times the body's roll against the axle [N].
    """
    high = car.radius - axles(car.front.roll_center, car.rear.roll_center)
    return low - high * through - (car.radius * axles(car.front.rigid, car.rear.rigid)) * lean
