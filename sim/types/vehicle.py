"""Vehicles: parameters from `sim.physics.parameters`, and what the stages of `sim.physics` keep."""

from __future__ import annotations

import warp as wp


@wp.struct
class VehicleParams:
    """Dynamics parameters of each actor; DRIVEN actors use all, bodies mass, inertia, centre of gravity and sliding.

    Sources of the numbers: `sim.physics.parameters`. Wheels are numbered front left, front right, rear left, rear right.
    """

    mass: wp.array2d[float]
    """[kg], (nworld, nactor)."""
    inertia: wp.array2d[wp.vec3]
    """About the actor's axes through the centre of gravity [kg m^2], (nworld, nactor)."""
    cog: wp.array2d[wp.vec2]
    """Centre of gravity: distance ahead of the reference point, height above ground [m], (nworld, nactor)."""
    wheelbase: wp.array2d[float]
    """[m], (nworld, nactor)."""
    track: wp.array2d[float]
    """[m], (nworld, nactor)."""
    wheel_radius: wp.array2d[float]
    """[m], (nworld, nactor)."""
    wheel_inertia: wp.array2d[float]
    """Of one wheel with its share of the driveline [kg m^2], (nworld, nactor)."""
    max_steer: wp.array2d[float]
    """Road-wheel angle at full lock [rad], (nworld, nactor)."""
    steer_rate: wp.array2d[float]
    """Greatest rate of the road-wheel angle [rad/s], (nworld, nactor)."""
    drive_force: wp.array2d[float]
    """Greatest tractive force [N], (nworld, nactor)."""
    power: wp.array2d[float]
    """Greatest power at the wheels [W], (nworld, nactor)."""
    drive_front: wp.array2d[float]
    """Front axle's share of the tractive force, (nworld, nactor)."""
    brake_force: wp.array2d[float]
    """Sum of all wheels' brake forces at full pedal on a road that holds [N], (nworld, nactor)."""
    brake_front: wp.array2d[float]
    """Front axle's share of it, (nworld, nactor)."""
    brake_rate: wp.array2d[float]
    """Build-up of the brake pressure [share of full per s], (nworld, nactor)."""
    abs: wp.array2d[wp.int32]
    """1 with an anti-lock system, (nworld, nactor)."""
    drag: wp.array2d[float]
    """Air drag over speed squared, rho cd A / 2 [kg/m], (nworld, nactor)."""
    rolling: wp.array2d[float]
    """Coefficient of rolling resistance, (nworld, nactor)."""
    roll: wp.array2d[wp.vec4]
    """Body roll: angle over lateral acceleration [rad s^2/m], natural frequency [rad/s], damping ratio, front axle's share of the load
    transfer, (nworld, nactor)."""
    pitch: wp.array2d[wp.vec4]
    """Body pitch: as roll; last: height of the overturning moment's arm, lateral [m], (nworld, nactor)."""
    tyre_long: wp.array2d[wp.vec4]
    """Magic Formula lengthwise: C, E, slip stiffness over load, load sensitivity of friction, (nworld, nactor)."""
    tyre_lat: wp.array2d[wp.vec4]
    """Magic Formula crosswise: C, E, friction over the one lengthwise, load sensitivity, (nworld, nactor)."""
    tyre_corner: wp.array2d[wp.vec3]
    """Cornering stiffness: pKy1, pKy2, nominal load [N], (nworld, nactor)."""
    tyre_peak: wp.array2d[wp.vec4]
    """B times slip at the peak, lengthwise and crosswise; share of peak friction left when sliding; friction over the road's,
    (nworld, nactor)."""
    slide: wp.array2d[wp.vec2]
    """Of a body off its tyres' control: friction lengthwise and crosswise as shares of the road's, (nworld, nactor)."""
    kind: wp.array2d[wp.int32]
    """Row of `sim.physics.parameters.SETS`, (nworld, nactor)."""
    driver: wp.array2d[wp.int32]
    """Code of `sim.behavior.drivers.DRIVERS` that works the actor's pedals, -1: from outside, (nworld, nactor)."""


@wp.struct
class VehicleState:
    """Chassis and wheels of DRIVEN actors, memory of drivers. All zero at the start of an episode."""

    ready: wp.array2d[wp.int32]
    """1 once wheels and body were set to the actor's motion, (nworld, nactor)."""
    wheel_speed: wp.array2d[wp.vec4]
    """Spin of front left, front right, rear left, rear right [rad/s], (nworld, nactor)."""
    brake: wp.array2d[wp.vec4]
    """Brake pressure at the wheels, 0..1, (nworld, nactor)."""
    throttle: wp.array2d[float]
    """What the engine gives of what it can, 0..1, (nworld, nactor)."""
    lean: wp.array2d[wp.vec4]
    """Roll [rad], its rate, pitch [rad], its rate, of the body against the ground, (nworld, nactor)."""
    load: wp.array2d[wp.vec4]
    """Wheel loads [N], (nworld, nactor)."""
    friction: wp.array2d[float]
    """Mean friction under the wheels or the body, weather included, (nworld, nactor)."""
    request: wp.array2d[float]
    """Acceleration that a following controller asks for [m/s^2], (nworld, nactor)."""
    alarm_tick: wp.array2d[wp.int32]
    """Tick plus one since which a driver sees a collision coming, 0 if it does not, (nworld, nactor)."""
    braking: wp.array2d[wp.int32]
    """1 while a driver brakes in an emergency, (nworld, nactor)."""
    leader: wp.array2d[wp.int32]
    """Of TRAFFIC: actor it follows plus one, 0 on a free road, (nworld, nactor)."""
    queue: wp.array2d[wp.int32]
    """Actors by road and s, those on no road last; kept on the CPU only and where there is traffic, (nworld, nactor)."""
    leader_speed: wp.array2d[float]
    """Its speed along the follower's way before the tick moves anybody [m/s], (nworld, nactor)."""
    leader_gap: wp.array2d[float]
    """Free way to it along the lanes, bumper to bumper [m], (nworld, nactor)."""
