"""Four struts between a sprung body and its wheels: springs, dampers, anti-roll bars, stops, and how links pass on side force.

Each wheel slides along the body's vertical on a spring and a damper and stands on the ground by its tyre's spring (Gillespie 1992,
Fundamentals of vehicle dynamics, ch. 5). Side force enters the body at the axle's roll centre (Milliken and Milliken 1995, Race car
vehicle dynamics, ch. 17, 18).
"""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

import warp as wp

from sim.physics.magic_formula import MagicTyre
from sim.physics.options import VEHICLES

wp.set_module_options(VEHICLES)

STOP_RATE = 10.0
"""Stiffness of bump and droop stops over the spring's."""


@wp.struct
class Axle:
    """One of the two; left and right are alike."""

    x: float
    """Ahead of the sprung mass's centre of gravity [m]."""
    track: float
    """[m]."""
    mass: float
    """Unsprung, both wheels [kg]."""
    spring: float
    """At each wheel [N/m]."""
    damper: float
    """At each wheel [N s/m]."""
    bar: float
    """Anti-roll bar: roll moment over roll angle [N m/rad]."""
    roll_center: float
    """Height over the ground [m]."""
    rigid: float
    """0: wheels lean with the body; 1: they stay upright and the struts bear on them as CommonRoad's rigid axles do."""
    camber: float
    """Change of inclination with extension, top outwards on the left [rad/m]."""
    camber2: float
    """The same, quadratic [rad/m^2]."""
    drive: float
    """Share of the drive torque."""
    brake: float
    """Share of the brake torque."""


@wp.struct
class CarSet:
    """Parameters of one kind of vehicle; actors name their row."""

    mass: float
    """Whole [kg]."""
    sprung: float
    """[kg]."""
    inertia: wp.vec3
    """Sprung mass in roll and pitch, whole vehicle in yaw [kg m^2]."""
    height: float
    """Sprung mass's centre of gravity over the contact plane, tyres unloaded [m]."""
    unsprung_height: float
    """Height at which the unsprung masses' inertia pitches the body [m]."""
    front: Axle
    rear: Axle
    travel: float
    """Up and down to the stops [m]."""
    radius: float
    """Of the wheels [m]."""
    spin: float
    """Inertia of a wheel [kg m^2]."""
    tyre_spring: float
    """Vertical [N/m]."""
    tyre_side: float
    """Shift of the load's point sideways over side force [m/N]."""
    slip_arm: float
    """Share of the body's roll and pitch rates that moves the contact patch: 1 as it is, 0 as CommonRoad's multi-body model has it."""
    apart: float
    """Share of the unsprung masses' distance from the body's centre that counts in yaw: 1 as it is, 0 as in CommonRoad's model."""
    max_steer: float
    """[rad]."""
    steer_rate: float
    """[rad/s]."""
    ackermann: float
    """1: front wheels square to one centre of turn, 0: parallel."""
    max_drive: float
    """Greatest tractive force [N]."""
    power: float
    """[W]."""
    max_brake: float
    """[N]."""
    brake_rate: float
    """Build-up of brake pressure, share of full per s."""
    abs_slip: float
    """Slip at which the anti-lock system lets go where friction is 1, in proportion elsewhere, as the tyre's peak; 0: none."""
    drag: float
    """Air drag over speed squared [kg/m]."""
    rolling: float
    """Coefficient of rolling resistance."""
    tyre: MagicTyre


@wp.func(inline=True)
def strut_force(axle: Axle, travel: float, stop: float, lift: float, rate: float, other: float) -> float:
    """Force over the static one [N] at a wheel's rise ``lift`` [m] in the body and its rate; ``other``: of the axle's other wheel."""
    force = axle.spring * lift + axle.damper * rate + axle.bar / (axle.track * axle.track) * (lift - other)
    past = wp.abs(lift) - travel
    if past > 0.0:
        force += wp.sign(lift) * past * stop * axle.spring
    return force


@wp.func(inline=True)
def axle_moment(axle: Axle, radius: float, side: float, through: float, below: float, lean: float) -> float:
    """Roll moment on an axle's two wheels about their hubs [N m]: side force at the road against what the links pass on.

    Args:
        axle: Parameters.
        radius: Of the wheels [m].
        side: Side force of both tyres [N].
        through: What of it reaches the body, at the roll centre [N].
        below: Height of the hubs over the road [m].
        lean: Load of both wheels times the body's roll against the axle [N].
    """
    return below * side - (radius - axle.roll_center) * through - axle.rigid * radius * lean
