"""Four struts between a sprung body and its wheels: springs, dampers, anti-roll bars, stops, and how links pass on side force.

Each wheel slides along the body's vertical on a spring and a damper and stands on the ground by its tyre's spring (Gillespie 1992,
Fundamentals of vehicle dynamics, ch. 5). Side force enters the body at the axle's roll centre (Milliken and Milliken 1995, Race car
vehicle dynamics, ch. 17, 18).
"""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

import warp as wp

from sim.physics.options import VEHICLES
from sim.types import Axle

wp.set_module_options(VEHICLES)

STOP_RATE = 10.0
"""Stiffness of bump and droop stops over the spring's."""


@wp.func(inline=True)
def strut_force(axle: Axle, travel: float, stop: float, lift: float, rate: float, other: float) -> float:
    """Force over the static one [N] at a wheel's rise ``lift`` [m] in the body and its rate; ``other``: of the axle's other wheel."""
    force = axle.spring * lift + axle.damper * rate + axle.bar / (axle.track * axle.track) * (lift - other)
    past = wp.abs(lift) - travel
    if past > 0.0:
        force += wp.sign(lift) * past * stop * axle.spring
    return force


@wp.func(inline=True)
def axle_moment(axle: Axle, radius: float, low: float, through: float, lean: float) -> float:
    """Roll moment on an axle's two wheels about their hubs [N m]: side force at the road against what the links pass on.

    Args:
        axle: Parameters.
        radius: Of the wheels [m].
        low: Side forces of the tyres times the heights of their hubs over the road [N m].
        through: What of the side force reaches the body, at the roll centre [N].
        lean: Load of both wheels times the body's roll against the axle [N].
    """
    return low - (radius - axle.roll_center) * through - axle.rigid * radius * lean
