"""Wheels of a six-degree-of-freedom vehicle: where they stand, slip, spin, brakes, and what their tyres do to it."""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false, reportInvalidTypeForm=false, reportReturnType=false
from __future__ import annotations

import warp as wp

from sim.physics.four import (  # noqa: F401 (operators of wp.vec4)
    Vectors,
    above,
    add,
    axles,
    crosses,
    div,
    dots,
    least,
    most,
    mul,
    other,
    root,
    share,
    signed,
    size,
    sub,
    turned,
    within,
)
from sim.physics.magic_formula import arctan, tyre_grip
from sim.physics.options import VEHICLES
from sim.types import Axle, CarSet

wp.set_module_options(VEHICLES)

CREEP_SPEED = 0.02
"""Below this speed slip counts as if at it [m/s]."""
CALM_SPEED = 2.0
"""Below this speed the body's roll and pitch rates count less and less in slip [m/s]."""
ABS_SPEED = 1.5
"""Below this speed the anti-lock system lets wheels lock [m/s]."""
RECOVERY = 0.7
"""Brake force over tyre force down to which the anti-lock system lets pressure off."""
DAMP_SPEED = 2.5
"""Below this speed a tyre with relaxation is damped (Pacejka 2012, section 8.6) [m/s]."""
FURROW, FURROW_SPEED = 1.0, 1.0
"""Force of the furrow that a wheel ploughs through soil sideways, over its load, and the speed from which it is whole [m/s].

Passive earth pressure 0.5 gamma z^2 K + 2 c z sqrt(K) (Rankine; Wong 2008, ch. 2) of loam (16 kN/m^3, cohesion 20 kPa, 25 degrees) on
a wheel that has sunk in by z = 0.1 m, over its chord of 0.46 m: 2.9 kN, 0.85 of a car's wheel load. Soils vary; 1 is assumed."""
FURROW_ANGLES = (0.2, 0.6)
"""Sine of the slip angle at which a wheel begins to plough and from which it wholly does (assumed)."""
CUT_OFF = 0.04
"""Share of an engine's greatest speed over which its limiter takes the drive away."""
BEARS = 0.15
"""Slip of a tyre about its peak where friction is 1."""

HullCorners = wp.types.vector(length=8, dtype=float)
"""A number for each corner of the body's box, in the order of `sim.physics.hull.corner`."""


@wp.struct
class Footing:
    """Planes under the wheels and their friction, over a tick; wheels front left, front right, rear left, rear right."""

    point: Vectors
    """A point of each plane, relative to the centre of gravity at the start of the tick [m]."""
    normal: Vectors
    friction: wp.vec4
    block: wp.vec4
    """1 where a wheel that slides sideways meets a step: it stops there, as it cannot roll onto it."""
    rolling: wp.vec4
    """Coefficient of rolling resistance on top of the tyres' own."""
    slack: wp.vec4
    """Share of the tyres' slip stiffness that is lost."""
    soft: wp.vec4
    """1 on ground into which wheels that slide sideways dig themselves (`FURROW`)."""
    floor: wp.vec3
    """A point of the plane that the body may touch, as ``point`` [m]."""
    floor_normal: wp.vec3
    hump: float
    """How far the ground may rise over that plane anywhere under the body [m]."""
    bed: HullCorners
    """Of a body that is near to the ground: height of that under its eight corners over the plane [m]."""


@wp.struct
class CarMotion:
    """A vehicle within a tick."""

    shift: wp.vec3
    """Of the sprung centre of gravity since the tick began, world axes [m]."""
    vel: wp.vec3
    """World axes [m/s]."""
    rot: wp.quat
    rate: wp.vec3
    """Body axes [rad/s]."""
    steer: float
    spin: wp.vec4
    """[rad/s]."""
    lift: wp.vec4
    """Rise of each wheel in the body [m]."""
    lift_rate: wp.vec4
    slip_x: wp.vec4
    slip_y: wp.vec4
    """Relaxed slips."""
    brake: wp.vec4
    """Pressure, share of full."""
    load: wp.vec4
    """[N]."""


@wp.struct
class Wheels:
    """Tyre forces of a step, linear in the change of the body's motion; body axes."""

    fx: wp.vec4
    """Lengthwise force once spins have followed [N]."""
    fy: wp.vec4
    kx: wp.vec4
    """Fall of it with velocity, spins following [N s/m]."""
    ky: wp.vec4
    keep: wp.vec4
    """Spin at the end of the step if the body kept its motion [rad/s]."""
    gain: wp.vec4
    """Change of it with the body's velocity [rad/m]."""
    ex: Vectors
    """Direction lengthwise."""
    ey: Vectors
    up: Vectors
    """Normal of the ground."""
    load: wp.vec4
    below: wp.vec4
    """Height of the hub over the road along the wheel [m]."""
    slip_x: wp.vec4
    slip_y: wp.vec4
    brake: wp.vec4


@wp.func
def reference_arm(car: CarSet) -> wp.vec3:
    """From the sprung mass's centre of gravity to the reference point, body axes [m]."""
    return wp.vec3(car.reference, 0.0, -car.stand)


@wp.func
def wheel_axle(car: CarSet, i: int) -> Axle:
    """The axle of wheel ``i``."""
    if i < 2:
        return car.front
    return car.rear


@wp.func
def wheel_side(i: int) -> float:
    """1 for a wheel on the left, -1 for one on the right."""
    return wp.where(i % 2 == 0, 1.0, -1.0)


@wp.func(inline=True)
def wheel_x(car: CarSet) -> wp.vec4:
    """How far the wheels stand ahead of the sprung mass's centre of gravity [m]."""
    return axles(car.front.x, car.rear.x)


@wp.func(inline=True)
def wheel_y(car: CarSet) -> wp.vec4:
    """How far they stand to its left [m]."""
    return wp.vec4(0.5 * car.front.track, -0.5 * car.front.track, 0.5 * car.rear.track, -0.5 * car.rear.track)


@wp.func(inline=True)
def steer_wheels(car: CarSet, steer: float) -> wp.vec4:
    """Cosine and sine of the front left and the front right wheel's angle: alike, or square to one centre of turn (Ackermann)."""
    base = car.front.x - car.rear.x
    half = 0.5 * car.front.track * car.ackermann
    t = wp.tan(steer)
    left = base * t / wp.max(base - half * t, 0.1)
    right = base * t / wp.max(base + half * t, 0.1)
    cos_left = 1.0 / wp.sqrt(1.0 + left * left)
    cos_right = 1.0 / wp.sqrt(1.0 + right * right)
    return wp.vec4(cos_left, left * cos_left, cos_right, right * cos_right)


@wp.func
def turn_steering(car: CarSet, steer: float, wanted: float, dt: float) -> float:
    """Steering angle after ``dt`` seconds, within its rate and its locks."""
    step = car.steer_rate * dt
    return wp.clamp(steer + wp.clamp(wanted - steer, -step, step), -car.max_steer, car.max_steer)


@wp.func
def tractive_force(car: CarSet, speed: float, spin: wp.vec4) -> float:
    """The most that the engine gives at ``speed`` [N], or where its wheels run faster, at theirs; ``spin``: of the wheels [rad/s].

    At its greatest speed the limiter cuts it off.
    """
    rim = 0.5 * car.radius * (car.front.drive * (spin[0] + spin[1]) + car.rear.drive * (spin[2] + spin[3]))
    fast = wp.max(speed, rim)
    force = wp.min(car.max_drive, car.power / wp.max(fast, 1.0))
    if car.top_speed > 0.0:
        force *= wp.clamp((car.top_speed - fast) / (wp.static(CUT_OFF) * car.top_speed), 0.0, 1.0)
    return force


@wp.func(inline=True)
def relax_gain(length: float, speed: wp.vec4, per: wp.vec4, h: float) -> wp.vec4:
    """Change of a relaxed slip over a step's slip velocity; ``per``: without relaxation, one over the speed [s/m].

    Implicit: length * slip' + speed * slip = slip velocity (Pacejka 2012, eq. 7.7, 7.9). At standstill the tyre is a spring then, so that a
    parked vehicle does not creep.
    """
    if length > 0.0:
        return h / (wp.max(length, 1.0e-3) + h * speed)
    return per


@wp.func(inline=True)
def relaxed(old: wp.vec4, velocity: wp.vec4, length: float, speed: wp.vec4, gain: wp.vec4, bear: wp.vec4) -> wp.vec4:
    """Slip after a step; ``gain``: `relax_gain`. Coming to rest, a tyre keeps no more deflection than it can ``bear`` before it slides."""
    slip = gain * velocity
    if length > 0.0:
        slip += old * (1.0 - gain * speed)
    most_slip = bear + 0.4 * speed
    return within(slip, -most_slip, most_slip)


@wp.func(inline=True)
def brake_pressure(car: CarSet, pressure: wp.vec4, pedal: wp.vec4, slip: wp.vec4, enough: wp.vec4, h: float) -> wp.vec4:
    """Brake pressure after a step: towards the pedal at the system's rate, or ruled by the anti-lock system.

    Past its slip that lets pressure off, but not below ``enough``, at which the tyre spins the wheel up again.
    """
    limit = car.abs_slip
    grow = wp.vec4(1.0, 1.0, 1.0, 1.0) * (car.brake_rate * h)
    if limit > 0.0:
        grow = above(pressure, 0.05, least(grow, (12.0 * h) * pressure), grow)
    down = most(pressure - 4.0 * car.brake_rate * h, pedal)
    out = above(pedal, pressure, least(pressure + grow, pedal), down)
    if limit > 0.0:
        let_off = most(pressure * (1.0 - 25.0 * h) - 0.05 * h, enough)
        out = above(-slip, limit, least(least(pressure, pedal), let_off), out)
    return out


@wp.func(inline=True)
def roll_wheels(
    car: CarSet, w: Wheels, b: CarMotion, drive: float, force: wp.vec4, secant: wp.vec4, rolling: wp.vec4, h: float
) -> Wheels:
    """Spins under drive, brakes, tyres and ``rolling`` resistance, implicit; ``force``: the tyres', ``secant``: their own."""
    radius = car.radius
    inertia = car.spin / h
    brake = axles(car.front.brake, car.rear.brake) * (0.5 * radius * car.max_brake)
    stop = brake * w.brake + radius * rolling * w.load
    stiff = radius * radius * secant
    push = (inertia + stiff) * b.spin + radius * (axles(car.front.drive, car.rear.drive) * (0.5 * drive) - force)
    give = 1.0 / (inertia + stiff)
    left = size(push) - stop
    w.keep = above(left, 0.0, signed(left, push) * give, 0.0)
    w.gain = above(left, 0.0, radius * secant * give, 0.0)
    w.fx = force + secant * (radius * (w.keep - b.spin))
    w.kx = secant * (1.0 - radius * w.gain)
    return w


@wp.func(inline=True)
def stand_wheels(car: CarSet, b: CarMotion, back: wp.mat33, ground: Footing, steer: wp.vec4) -> Wheels:
    """Loads, directions and heights of wheels over their planes; ``back``: world axes to body, ``steer``: `steer_wheels`."""
    w = Wheels()
    n = ground.normal
    up = turned(back, n)
    rise = car.radius - car.height + b.lift
    upright = root(most(1.0 - up.y * up.y, 0.01))
    steep = 1.0 / upright
    high = (
        n.x * (b.shift[0] - ground.point.x) + n.y * (b.shift[1] - ground.point.y) + n.z * (b.shift[2] - ground.point.z)
    )
    below = (high + up.x * wheel_x(car) + up.y * wheel_y(car) + up.z * rise) * steep
    rigid = axles(car.front.rigid, car.rear.rigid)
    ahead_x = wp.vec4(steer[0], steer[2], 1.0, 1.0)
    ahead_y = wp.vec4(steer[1], steer[3], 0.0, 0.0) * (1.0 + rigid * (steep - 1.0))
    into = ahead_x * up.x + ahead_y * up.y
    ex = Vectors()
    ex.x = ahead_x - up.x * into
    ex.y = ahead_y - up.y * into
    ex.z = -(up.z * into)
    long = 1.0 / root(most(dots(ex, ex), 1.0e-6))
    ex.x = ex.x * long
    ex.y = ex.y * long
    ex.z = ex.z * long
    w.ex = ex
    w.ey = crosses(up, ex)
    w.up = up
    w.below = below
    load = most((car.radius - below) * upright * axles(car.front.tyre_spring, car.rear.tyre_spring), 0.0)
    # A hub under the ground belongs to a vehicle that has rolled over: its wheels carry nothing more.
    w.load = above(least(up.z - 0.1, below), 0.0, load, 0.0)
    return w


@wp.struct
class Slide:
    """Velocities of the wheels' contacts [m/s]."""

    x: wp.vec4
    """Lengthwise."""
    y: wp.vec4
    """Crosswise."""


@wp.func(inline=True)
def wheel_velocities(car: CarSet, w: Wheels, b: CarMotion, vel: wp.vec3, calm: float) -> Slide:
    """``vel``: the body's, its own axes [m/s]; ``calm``: share of the body's roll and pitch rates that counts."""
    deep = (car.radius - car.height + b.lift - w.below) * calm
    at = Vectors()
    at.x = (vel[0] + b.rate[1] * deep) - b.rate[2] * wheel_y(car)
    at.y = (vel[1] - b.rate[0] * deep) + b.rate[2] * wheel_x(car)
    at.z = (vel[2] + b.rate[0] * wheel_y(car)) - b.rate[1] * wheel_x(car)
    if car.front.rigid > 0.0 or car.rear.rigid > 0.0:
        apart = 0.5 * (b.lift_rate - other(b.lift_rate)) / wheel_y(car)
        at.y += axles(car.front.rigid, car.rear.rigid) * (b.rate[0] + apart) * w.below
    out = Slide()
    out.x = dots(w.ex, at)
    out.y = dots(w.ey, at)
    return out


@wp.func(inline=True)
def wheel_leans(car: CarSet, b: CarMotion, side: wp.vec4) -> wp.vec4:
    """Inclinations [rad]: the body's roll against the road, of sine ``-side``, and the links' share."""
    # The arc sine by its series, within 0.02 at 60 degrees.
    u = side * side
    roll = side * (1.0 + u * (0.1666667 + u * (0.075 + u * 0.0446429)))
    out = -b.lift
    bend = axles(car.front.camber, car.rear.camber) + axles(car.front.camber2, car.rear.camber2) * out
    return wp.vec4(-1.0, 1.0, -1.0, 1.0) * out * bend - roll


@wp.func(inline=True)
def furrow_damping(at: Slide, load: wp.vec4) -> wp.vec4:
    """What soil sets against wheels that plough through it sideways, over their speeds crosswise [N s/m]."""
    side = size(at.y)
    begin = wp.static(FURROW_ANGLES[0])
    speed = most(root(at.x * at.x + at.y * at.y), 1.0e-3)
    digs = (side / speed - begin) * wp.static(1.0 / (FURROW_ANGLES[1] - FURROW_ANGLES[0]))
    return wp.static(FURROW) * load * share(digs) / most(side, wp.static(FURROW_SPEED))


@wp.func(inline=True)
def grip_wheels(
    car: CarSet, w: Wheels, b: CarMotion, at: Slide, ground: Footing, drive: float, pedal: wp.vec4, h: float
) -> Wheels:
    """Slips, brake pressures, forces and spins of the wheels.

    Args:
        car: Parameters.
        w: `Wheels` so far.
        b: The vehicle.
        at: `wheel_velocities`.
        ground: Under the wheels.
        drive: Tractive force [N].
        pedal: Brake pedal as each wheel feels it, 0..1.
        h: Step [s].
    """
    tyre = car.tyre
    firm = 1.0 - ground.slack
    fast = size(at.x)
    per = 1.0 / most(fast, wp.static(CREEP_SPEED))
    slide = b.spin * car.radius - at.x
    # What slides at right angles to its wheels, or spins them on the spot, has a slip of its own speed.
    speed_x = most(fast, 0.5 * size(slide))
    speed_y = most(fast, size(at.y))
    gain_x = relax_gain(tyre.relax_x, speed_x, per, h)
    gain_y = relax_gain(tyre.relax_y, speed_y, per, h)
    bear = wp.static(BEARS) * ground.friction
    w.slip_x = relaxed(b.slip_x, slide, tyre.relax_x, speed_x, gain_x, bear)
    w.slip_y = relaxed(b.slip_y, at.y, tyre.relax_y, speed_y, gain_y, bear)
    # A tyre that is a spring has a damper, too (section 8.6).
    damp = 0.2 * most(1.0 - speed_y * wp.static(1.0 / DAMP_SPEED), 0.0)
    damp_x = damp * wp.where(tyre.relax_x > 0.0, 1.0, 0.0)
    damp_y = damp * wp.where(tyre.relax_y > 0.0, 1.0, 0.0)
    kappa = firm * (w.slip_x + damp_x * slide)
    alpha = firm * arctan(w.slip_y + damp_y * at.y)
    grip = tyre_grip(tyre, kappa, alpha, wheel_leans(car, b, w.up.y), w.load, ground.friction)
    w.brake = b.brake
    if wp.max(pedal) > 0.0 or wp.max(b.brake) > 0.0:
        let_off = above(fast, wp.static(ABS_SPEED), slide * per / most(ground.friction, 0.05), 0.0)
        brake = most(axles(car.front.brake, car.rear.brake) * (0.5 * car.max_brake), 1.0)
        w.brake = brake_pressure(car, b.brake, pedal, let_off, wp.static(RECOVERY) * size(grip.fx) / brake, h)
    furrow = wp.vec4()
    if wp.max(ground.soft) > 0.0:
        furrow = ground.soft * furrow_damping(at, w.load)
    w.fy = grip.fy - furrow * at.y
    w.ky = grip.ky * firm * (gain_y + damp_y) + furrow
    secant = grip.kx * firm * (gain_x + damp_x)
    return roll_wheels(car, w, b, drive, grip.fx, secant, car.rolling + ground.rolling, h)
