"""Parameters of one vehicle on four wheels: one element per actor, as a vehicle's tick reads nearly all of them."""

from __future__ import annotations

import warp as wp


@wp.struct
class MagicTyre:
    """Coefficients in Pacejka's names, without their leading p; angles in radians."""

    cx1: float
    dx1: float
    dx2: float
    """Change of friction over relative change of load."""
    dx3: float
    ex1: float
    kx1: float
    hx1: float
    vx1: float
    rbx1: float
    rbx2: float
    rcx1: float
    rex1: float
    rhx1: float
    cy1: float
    dy1: float
    dy2: float
    """Change of friction over relative change of load."""
    dy3: float
    ey1: float
    ky1: float
    """Cornering stiffness over load where that is small, negative: twice Pacejka's pKy1 over his pKy2."""
    ky2: float
    """Nominal load over the load at which cornering stiffness peaks, one over Pacejka's pKy2; 0: stiffness is proportional to load."""
    hy1: float
    hy3: float
    vy1: float
    vy3: float
    rby1: float
    rby2: float
    rby3: float
    rcy1: float
    rey1: float
    rhy1: float
    rvy1: float
    rvy3: float
    rvy4: float
    rvy5: float
    rvy6: float
    fade: float
    """Share of the side force that is lost beyond 0.8 rad of slip; none is up to 0.3 rad."""
    load: float
    """Nominal load [N]."""
    relax_x: float
    """Relaxation length [m], 0: none."""
    relax_y: float
    """Relaxation length [m], 0: none."""


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
    tyre_spring: float
    """Vertical, each tyre [N/m]."""
    bears: float
    """Of each strut at rest on level ground, what it carries for a trailer included [N]."""


@wp.struct
class CarSet:
    """Parameters of a vehicle on wheels; sources of the numbers: `sim.physics.sets`."""

    mass: float
    """Whole [kg]."""
    sprung: float
    """[kg]."""
    inertia: wp.vec3
    """Sprung mass in roll and pitch, whole vehicle in yaw [kg m^2]."""
    height: float
    """Sprung mass's centre of gravity over the contact plane, tyres unloaded [m]."""
    stand: float
    """The same at rest, tyres loaded: over the reference point [m]."""
    unsprung_height: float
    """Height at which the unsprung masses' inertia pitches the body [m]."""
    front: Axle
    rear: Axle
    """Both stand at the bogie where the vehicle is a trailer."""
    reference: float
    """Reference point, ahead of the sprung mass's centre of gravity [m]."""
    nose: float
    """Load of a trailer on what pulls it, at rest [N]."""
    hull: wp.vec3
    """Centre of the body's box from the sprung mass's centre of gravity [m]."""
    hull_half: wp.vec3
    """Half its length, width and height [m]."""
    travel: float
    """Up and down to the stops [m]."""
    radius: float
    """Of the wheels [m]."""
    spin: float
    """Inertia of a wheel [kg m^2]."""
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
    top_speed: float
    """Speed of the driven wheels' rims at the engine's greatest speed in the top gear [m/s]; 0: no limiter."""
    max_brake: float
    """[N]."""
    brake_rate: float
    """Build-up of brake pressure, share of full per s."""
    abs_slip: float
    """Slip at which the anti-lock system lets go where friction is 1, in proportion elsewhere, as the tyre's peak; 0: none."""
    esc: float
    """1: with electronic stability control, 0: without."""
    balance: float
    """1: two wheels in line, held at their lean by the rider; 0: four wheels."""
    slip_front: float
    """Slip angle of the front axle over lateral acceleration, below the limit [rad s^2/m]."""
    slip_rear: float
    drag: float
    """Air drag over speed squared [kg/m]."""
    side_drag: float
    """The same crosswise [kg/m]."""
    air_center: float
    """How far ahead of the centre of gravity the air pushes sideways while it comes from ahead [m]."""
    rolling: float
    """Coefficient of rolling resistance."""
    float_factor: float
    """Of the tyres on water: `sim.road.friction.tyre_factor`; 0: they never aquaplane."""
    tyre: MagicTyre
