"""Vehicles: parameters from `sim.physics.parameters`, and what the stages of `sim.physics` keep."""

from __future__ import annotations

import warp as wp

from sim.types.car import CarSet


@wp.struct
class VehicleParams:
    """Dynamics parameters of each actor: what all bodies have, and ``car`` for what stands on wheels.

    Sources of the numbers: `sim.physics.sets`. Wheels are numbered front left, front right, rear left, rear right.
    """

    mass: wp.array2d[float]
    """[kg], (nworld, nactor)."""
    inertia: wp.array2d[wp.vec3]
    """About the actor's axes through the centre of gravity [kg m^2], (nworld, nactor)."""
    cog: wp.array2d[wp.vec2]
    """Centre of gravity: distance ahead of the reference point, height above ground [m], (nworld, nactor)."""
    wheelbase: wp.array2d[float]
    """[m], (nworld, nactor)."""
    wheel_radius: wp.array2d[float]
    """[m], (nworld, nactor)."""
    car: wp.array2d[CarSet]
    """Chassis, tyres, engine and brakes of vehicles, all 0 for others, (nworld, nactor)."""
    slide: wp.array2d[wp.vec2]
    """Of a body off its tyres' control: friction lengthwise and crosswise as shares of the road's, (nworld, nactor)."""
    kind: wp.array2d[wp.int32]
    """Row of `sim.physics.sets.SETS`, (nworld, nactor)."""
    driver: wp.array2d[wp.int32]
    """Code of `sim.behavior.drivers.DRIVERS` that works the actor's pedals, -1: from outside, (nworld, nactor)."""


@wp.struct
class VehicleState:
    """Chassis and wheels of DRIVEN actors and of bodies on wheels, memory of drivers.

    All zero at the start of an episode but for ``pull``.
    """

    ready: wp.array2d[wp.int32]
    """1 once wheels and body were set to the actor's motion, (nworld, nactor)."""
    wheel_speed: wp.array2d[wp.vec4]
    """Spin of front left, front right, rear left, rear right [rad/s], (nworld, nactor)."""
    lift: wp.array2d[wp.vec4]
    """Rise of the wheels in the body from where the springs carry the static load [m], (nworld, nactor)."""
    lift_rate: wp.array2d[wp.vec4]
    """[m/s], (nworld, nactor)."""
    slip_x: wp.array2d[wp.vec4]
    """Slip of the tyres lengthwise, (nworld, nactor)."""
    slip_y: wp.array2d[wp.vec4]
    """Tangent of their slip angles, (nworld, nactor)."""
    bump: wp.array2d[wp.vec4]
    """Height of what lies under the wheels, which they roll over in the next tick [m], (nworld, nactor)."""
    ground: wp.array2d[wp.vec4]
    """Height of the ground under the wheels, as far as they have climbed onto it [m], (nworld, nactor)."""
    brake: wp.array2d[wp.vec4]
    """Brake pressure at the wheels, 0..1, (nworld, nactor)."""
    throttle: wp.array2d[float]
    """What the engine gives of what it can, 0..1, (nworld, nactor)."""
    load: wp.array2d[wp.vec4]
    """Wheel loads [N], (nworld, nactor)."""
    pull: wp.array2d[wp.vec3]
    """Force on a trailer at its coupling, from what pulls it, world axes [N], (nworld, nactor)."""
    plate: wp.array2d[float]
    """Roll moment that a fifth wheel passes to its trailer [N m], (nworld, nactor)."""
    line: wp.array2d[float]
    """Pressure in a trailer's brake line, share of full, (nworld, nactor)."""
    friction: wp.array2d[float]
    """Mean friction under the wheels or the body, weather included, (nworld, nactor)."""
    held: wp.array2d[wp.int32]
    """Bits: 1 pedals, 2 steering are in the storyboard's hands, not the driver's (`sim.behavior.pedals`), (nworld, nactor)."""
    held_pedal: wp.array2d[float]
    """Where it holds the pedals, -1 full brake .. 1 full throttle, (nworld, nactor)."""
    held_steer: wp.array2d[float]
    """Where it holds the front wheels, left positive [rad], (nworld, nactor)."""
    request: wp.array2d[float]
    """Acceleration that a following controller asks for [m/s^2], (nworld, nactor)."""
    alarm_tick: wp.array2d[wp.int32]
    """Tick plus one since which a driver sees a collision coming, 0 if it does not, (nworld, nactor)."""
    braking: wp.array2d[wp.int32]
    """1 while a driver brakes in an emergency, that of a body included, (nworld, nactor)."""
    leader: wp.array2d[wp.int32]
    """Of TRAFFIC: actor it follows plus one, 0 on a free road, (nworld, nactor)."""
    queue: wp.array2d[wp.int32]
    """Actors by road and s, those on no road last; kept on the CPU only and where there is traffic, (nworld, nactor)."""
    leader_speed: wp.array2d[float]
    """Its speed along the follower's way before the tick moves anybody [m/s], (nworld, nactor)."""
    leader_gap: wp.array2d[float]
    """Free way to it along the lanes, bumper to bumper [m], (nworld, nactor)."""
