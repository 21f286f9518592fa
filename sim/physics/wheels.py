"""Wheels of a six-degree-of-freedom vehicle: where they stand, slip, spin, brakes, and what their tyres do to it."""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false, reportInvalidTypeForm=false
from __future__ import annotations

import warp as wp

from sim.physics.magic_formula import arctan, tyre_grip
from sim.physics.options import VEHICLES
from sim.types import Axle, CarSet

wp.set_module_options(VEHICLES)

Rows = wp.types.matrix(shape=(4, 3), dtype=wp.float32)
"""A vector for each wheel."""

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
BEARS = 0.15
"""Slip of a tyre about its peak where friction is 1."""

HullCorners = wp.types.vector(length=8, dtype=float)
"""A number for each corner of the body's box, in the order of `sim.physics.hull.corner`."""


@wp.struct
class Footing:
    """Planes under the wheels and their friction, over a tick; wheels front left, front right, rear left, rear right."""

    point: Rows
    """A point of each plane, relative to the centre of gravity at the start of the tick [m]."""
    normal: Rows
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
    bed: HullCorners
    """Of a tilted body: height of the ground under its eight corners over that plane [m]."""


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
    ex: Rows
    """Direction lengthwise."""
    ey: Rows
    up: Rows
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


@wp.func
def steer_wheels(car: CarSet, steer: float) -> wp.vec4:
    """Cosine and sine of the front left and the front right wheel's angle: alike, or square to one centre of turn (Ackermann)."""
    base = car.front.x - car.rear.x
    half = 0.5 * car.front.track * car.ackermann
    t = wp.tan(steer)
    left = wp.atan(base * t / wp.max(base - half * t, 0.1))
    right = wp.atan(base * t / wp.max(base + half * t, 0.1))
    return wp.vec4(wp.cos(left), wp.sin(left), wp.cos(right), wp.sin(right))


@wp.func
def turn_steering(car: CarSet, steer: float, wanted: float, dt: float) -> float:
    """Steering angle after ``dt`` seconds, within its rate and its locks."""
    step = car.steer_rate * dt
    return wp.clamp(steer + wp.clamp(wanted - steer, -step, step), -car.max_steer, car.max_steer)


@wp.func
def tractive_force(car: CarSet, speed: float) -> float:
    """The most that the engine gives at ``speed`` [N]."""
    return wp.min(car.max_drive, car.power / wp.max(speed, 1.0))


@wp.func(inline=True)
def relax_gain(length: float, speed: float, per: float, h: float) -> float:
    """Change of a relaxed slip over a step's slip velocity; ``per``: without relaxation, one over the speed [s/m].

    Implicit: length * slip' + speed * slip = slip velocity (Pacejka 2012, eq. 7.7, 7.9). At standstill the tyre is a spring then, so that a
    parked vehicle does not creep.
    """
    return wp.where(length > 0.0, h / (wp.max(length, 1.0e-3) + h * speed), per)


@wp.func(inline=True)
def relaxed(old: float, velocity: float, length: float, speed: float, gain: float, bear: float) -> float:
    """Slip after a step; ``gain``: `relax_gain`. Coming to rest, a tyre keeps no more deflection than it can ``bear`` before it slides."""
    slip = gain * velocity + wp.where(length > 0.0, old * (1.0 - gain * speed), 0.0)
    return wp.clamp(slip, -bear - 0.4 * speed, bear + 0.4 * speed)


@wp.func(inline=True)
def brake_pressure(car: CarSet, pressure: float, pedal: float, slip: float, enough: float, h: float) -> float:
    """A wheel's brake pressure after a step: towards the pedal at the system's rate, or ruled by the anti-lock system.

    Past its slip that lets pressure off, but not below ``enough``, at which the tyre spins the wheel up again.
    """
    limit = car.abs_slip
    rate = car.brake_rate
    if limit > 0.0 and slip < -limit:
        return wp.min(wp.min(pressure, pedal), wp.max(pressure * (1.0 - 25.0 * h) - 0.05 * h, enough))
    if pedal > pressure:
        grow = rate * h
        if limit > 0.0 and pressure > 0.05:
            grow = wp.min(grow, 12.0 * pressure * h)
        return wp.min(pressure + grow, pedal)
    return wp.max(pressure - 4.0 * rate * h, pedal)


@wp.func(inline=True)
def roll_wheel(
    car: CarSet, w: Wheels, b: CarMotion, i: int, drive: float, force: float, secant: float, rolling: float, h: float
) -> Wheels:
    """Spin of a wheel under drive, brake, tyre and ``rolling`` resistance, implicit; ``force``: the tyre's, ``secant``: its own."""
    radius = car.radius
    inertia = car.spin / h
    axle = wheel_axle(car, i)
    stop = 0.5 * radius * axle.brake * car.max_brake * w.brake[i] + radius * rolling * w.load[i]
    stiff = radius * radius * secant
    push = (inertia + stiff) * b.spin[i] + radius * (0.5 * axle.drive * drive - force)
    w.keep[i] = 0.0
    w.gain[i] = 0.0
    if wp.abs(push) > stop:
        give = 1.0 / (inertia + stiff)
        w.keep[i] = (push - wp.sign(push) * stop) * give
        w.gain[i] = radius * secant * give
    w.fx[i] = force + secant * radius * (w.keep[i] - b.spin[i])
    w.kx[i] = secant * (1.0 - radius * w.gain[i])
    return w


@wp.func(inline=True)
def stand_wheel(
    car: CarSet, w: Wheels, b: CarMotion, back: wp.mat33, ground: Footing, steer: wp.vec4, i: int
) -> Wheels:
    """Load, directions and height of a wheel over its plane; ``back``: world axes to body, ``steer``: `steer_wheels`."""
    axle = wheel_axle(car, i)
    n = ground.normal[i]
    up = back * n
    hub = wp.vec3(axle.x, 0.5 * wheel_side(i) * axle.track, car.radius - car.height + b.lift[i])
    upright = wp.sqrt(wp.max(1.0 - up[1] * up[1], 0.01))
    steep = 1.0 / upright
    below = (wp.dot(n, b.shift - ground.point[i]) + wp.dot(up, hub)) * steep
    ahead = wp.vec3(1.0, 0.0, 0.0)
    if i < 2:
        ahead = wp.vec3(steer[2 * i], steer[2 * i + 1] * wp.lerp(1.0, steep, axle.rigid), 0.0)
    ex = ahead - up * wp.dot(ahead, up)
    ex = ex * (1.0 / wp.sqrt(wp.max(wp.dot(ex, ex), 1.0e-6)))
    w.ex[i] = ex
    w.ey[i] = wp.cross(up, ex)
    w.up[i] = up
    w.below[i] = below
    # A hub under the ground belongs to a vehicle that has rolled over: its wheels carry nothing more.
    stands = up[2] > 0.1 and below > 0.0
    w.load[i] = wp.where(stands, wp.max((car.radius - below) * upright * axle.tyre_spring, 0.0), 0.0)
    return w


@wp.func(inline=True)
def wheel_velocity(car: CarSet, w: Wheels, b: CarMotion, i: int, vel: wp.vec3, calm: float) -> wp.vec2:
    """Velocity of a wheel's contact lengthwise and crosswise [m/s]; ``calm``: share of the body's roll and pitch rates that counts."""
    axle = wheel_axle(car, i)
    deep = (car.radius - car.height + b.lift[i] - w.below[i]) * calm
    at = vel + wp.cross(b.rate, wp.vec3(axle.x, 0.5 * wheel_side(i) * axle.track, deep))
    if axle.rigid > 0.0:
        first = i - i % 2
        rolls = b.rate[0] + (b.lift_rate[first] - b.lift_rate[first + 1]) / axle.track
        at += wp.vec3(0.0, axle.rigid * rolls * w.below[i], 0.0)
    return wp.vec2(wp.dot(w.ex[i], at), wp.dot(w.ey[i], at))


@wp.func(inline=True)
def wheel_lean(car: CarSet, b: CarMotion, i: int, side: float) -> float:
    """Inclination [rad]: the body's roll against the road, of sine ``-side``, and the links' share."""
    axle = wheel_axle(car, i)
    out = -b.lift[i]
    # The arc sine by its series, within 0.02 at 60 degrees.
    u = side * side
    roll = side * (1.0 + u * (0.1666667 + u * (0.075 + u * 0.0446429)))
    return -roll - wheel_side(i) * out * (axle.camber + axle.camber2 * out)


@wp.func(inline=True)
def furrow_damping(at: wp.vec2, load: float) -> float:
    """What soil sets against a wheel that ploughs through it sideways, over its speed crosswise [N s/m]; ``at``: `wheel_velocity`."""
    side = wp.abs(at[1])
    begin = wp.static(FURROW_ANGLES[0])
    digs = (side / wp.max(wp.length(at), 1.0e-3) - begin) * wp.static(1.0 / (FURROW_ANGLES[1] - FURROW_ANGLES[0]))
    return wp.static(FURROW) * load * wp.clamp(digs, 0.0, 1.0) / wp.max(side, wp.static(FURROW_SPEED))


@wp.func(inline=True)
def grip_wheel(
    car: CarSet, w: Wheels, b: CarMotion, i: int, at: wp.vec2, road: wp.vec4, ask: wp.vec2, h: float
) -> Wheels:
    """Slip, brake pressure and force of a wheel's tyre, and its spin.

    Args:
        car: Parameters.
        w: `Wheels` so far.
        b: The vehicle.
        i: Wheel.
        at: Its `wheel_velocity`.
        road: Friction, rolling resistance, slack of the tyre and softness (`Footing`).
        ask: Tractive force [N] and brake pedal, 0..1.
        h: Step [s].
    """
    axle = wheel_axle(car, i)
    friction = road[0]
    firm = 1.0 - road[2]
    fast = wp.abs(at[0])
    ref = wp.max(fast, wp.static(CREEP_SPEED))
    per = 1.0 / ref
    slide = b.spin[i] * car.radius - at[0]
    # What slides at right angles to its wheels, or spins them on the spot, has a slip of its own speed.
    speed_x = wp.max(fast, 0.5 * wp.abs(slide))
    speed_y = wp.max(fast, wp.abs(at[1]))
    gain_x = relax_gain(car.tyre.relax_x, speed_x, per, h)
    gain_y = relax_gain(car.tyre.relax_y, speed_y, per, h)
    bear = wp.static(BEARS) * friction
    slip_x = relaxed(b.slip_x[i], slide, car.tyre.relax_x, speed_x, gain_x, bear)
    slip_y = relaxed(b.slip_y[i], at[1], car.tyre.relax_y, speed_y, gain_y, bear)
    w.slip_x[i] = slip_x
    w.slip_y[i] = slip_y
    # A tyre that is a spring has a damper, too (section 8.6).
    damp = 0.2 * wp.max(1.0 - speed_y * wp.static(1.0 / DAMP_SPEED), 0.0)
    damp_x = wp.where(car.tyre.relax_x > 0.0, damp, 0.0)
    damp_y = wp.where(car.tyre.relax_y > 0.0, damp, 0.0)
    kappa = firm * (slip_x + damp_x * slide)
    alpha = firm * arctan(slip_y + damp_y * at[1])
    lean = wheel_lean(car, b, i, w.up[i][1])
    grip = tyre_grip(car.tyre, kappa, alpha, lean, w.load[i], friction)
    pressure = b.brake[i]
    if ask[1] > 0.0 or pressure > 0.0:
        let_off = wp.where(fast > wp.static(ABS_SPEED), slide * per / wp.max(friction, 0.05), 0.0)
        enough = wp.static(RECOVERY) * wp.abs(grip.fx) / wp.max(0.5 * axle.brake * car.max_brake, 1.0)
        pressure = brake_pressure(car, pressure, ask[1], let_off, enough, h)
    w.brake[i] = pressure
    furrow = road[3] * furrow_damping(at, w.load[i])
    w.fy[i] = grip.fy - furrow * at[1]
    w.ky[i] = grip.ky * firm * (gain_y + damp_y) + furrow
    return roll_wheel(car, w, b, i, ask[0], grip.fx, grip.kx * firm * (gain_x + damp_x), car.rolling + road[1], h)
