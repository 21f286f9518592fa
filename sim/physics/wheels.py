"""Wheels of a six-degree-of-freedom vehicle: where they stand, slip, spin, brakes, and what their tyres do to it."""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false, reportInvalidTypeForm=false
from __future__ import annotations

import warp as wp

from sim.physics.magic_formula import tyre_grip
from sim.physics.suspension import Axle, CarSet

wp.set_module_options({"enable_backward": False, "max_unroll": 1})

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


@wp.struct
class Footing:
    """Planes under the wheels and their friction, over a tick; wheels front left, front right, rear left, rear right."""

    point: Rows
    """A point of each plane, relative to the centre of gravity at the start of the tick [m]."""
    normal: Rows
    friction: wp.vec4


@wp.struct
class Body:
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
def wheel_axle(cars: wp.array[CarSet], row: int, i: int) -> Axle:
    """The axle of wheel ``i``."""
    if i < 2:
        return cars[row].front
    return cars[row].rear


@wp.func
def wheel_angle(cars: wp.array[CarSet], row: int, i: int, steer: float) -> float:
    """Steering angle of a wheel: both front ones alike, or square to one centre of turn."""
    if i > 1:
        return 0.0
    base = cars[row].front.x - cars[row].rear.x
    half = wp.where(i == 0, 0.5, -0.5) * cars[row].front.track * cars[row].ackermann
    t = wp.tan(steer)
    return wp.atan(base * t / wp.max(base - half * t, 0.1))


@wp.func
def relax(old: float, steady: float, velocity: float, speed: float, length: float, h: float) -> float:
    """Slip after a step with relaxation, implicit: length * slip' + speed * slip = slip velocity (Pacejka 2012, eq. 7.7, 7.9).

    At standstill the tyre is a spring, so that a parked vehicle does not creep.
    """
    if length <= 0.0:
        return steady
    return (old + h * velocity / length) / (1.0 + h * speed / length)


@wp.func
def brake_pressure(
    cars: wp.array[CarSet], row: int, pressure: float, pedal: float, slip: float, enough: float, h: float
) -> float:
    """A wheel's brake pressure after a step: towards the pedal at the system's rate, or ruled by the anti-lock system.

    Past its slip that lets pressure off, but not below ``enough``, at which the tyre spins the wheel up again.
    """
    limit = cars[row].abs_slip
    rate = cars[row].brake_rate
    if limit > 0.0 and slip < -limit:
        return wp.min(wp.min(pressure, pedal), wp.max(pressure * (1.0 - 25.0 * h) - 0.05 * h, enough))
    if pedal > pressure:
        grow = rate * h
        if limit > 0.0 and pressure > 0.05:
            grow = wp.min(grow, 12.0 * pressure * h)
        return wp.min(pressure + grow, pedal)
    return wp.max(pressure - 4.0 * rate * h, pedal)


@wp.func
def roll_wheel(
    cars: wp.array[CarSet], row: int, w: Wheels, b: Body, i: int, drive: float, grip: wp.vec2, h: float
) -> Wheels:
    """Spin of a wheel under drive, brake and tyre, implicit; ``grip``: force lengthwise and its secant."""
    radius = cars[row].radius
    inertia = cars[row].spin / h
    axle = wheel_axle(cars, row, i)
    stop = 0.5 * radius * axle.brake * cars[row].max_brake * w.brake[i] + radius * cars[row].rolling * w.load[i]
    push = inertia * b.spin[i] + radius * (0.5 * axle.drive * drive - grip[0] + radius * grip[1] * b.spin[i])
    stiff = inertia + radius * radius * grip[1]
    if wp.abs(push) > stop:
        w.keep[i] = (push - wp.sign(push) * stop) / stiff
        w.gain[i] = radius * grip[1] / stiff
    else:
        w.keep[i] = 0.0
        w.gain[i] = 0.0
    w.fx[i] = grip[0] + grip[1] * radius * (w.keep[i] - b.spin[i])
    w.kx[i] = grip[1] * (1.0 - radius * w.gain[i])
    return w


@wp.func
def stand_wheel(
    cars: wp.array[CarSet], row: int, w: Wheels, b: Body, turn: wp.mat33, ground: Footing, i: int
) -> Wheels:
    """Load, directions and height of a wheel over its plane; ``turn``: body axes to world."""
    axle = wheel_axle(cars, row, i)
    y = wp.where(i % 2 == 0, 0.5, -0.5) * axle.track
    hub = wp.vec3(axle.x, y, cars[row].radius - cars[row].height + b.lift[i])
    n = ground.normal[i]
    up = wp.transpose(turn) * n
    upright = wp.max(wp.sqrt(wp.max(1.0 - up[1] * up[1], 0.0)), 0.1)
    below = wp.dot(n, b.shift + turn * hub - ground.point[i]) / upright
    angle = wheel_angle(cars, row, i, b.steer)
    ex = wp.vec3(wp.cos(angle), wp.sin(angle) / wp.lerp(1.0, upright, axle.rigid), 0.0)
    ex = wp.normalize(ex - up * wp.dot(ex, up))
    w.ex[i] = ex
    w.ey[i] = wp.cross(up, ex)
    w.up[i] = up
    w.below[i] = below
    # A hub under the ground belongs to a vehicle that has rolled over: its wheels carry nothing more.
    stands = up[2] > 0.1 and below > 0.0
    w.load[i] = wp.where(stands, wp.max((cars[row].radius - below) * upright * cars[row].tyre_spring, 0.0), 0.0)
    return w


@wp.func
def grip_wheel(
    cars: wp.array[CarSet], row: int, w: Wheels, b: Body, i: int, vel: wp.vec3, friction: float, ask: wp.vec2, h: float
) -> Wheels:
    """Slip, brake pressure and force of a wheel's tyre, and its spin.

    Args:
        cars: Parameter sets.
        row: Which of them.
        w: `Wheels` so far.
        b: The vehicle.
        i: Wheel.
        vel: Of the body, its axes [m/s].
        friction: The road's.
        ask: Tractive force [N] and brake pedal, 0..1.
        h: Step [s].
    """
    axle = wheel_axle(cars, row, i)
    left = wp.where(i % 2 == 0, 1.0, -1.0)
    ex = w.ex[i]
    ey = w.ey[i]
    deep = cars[row].radius - cars[row].height + b.lift[i] - w.below[i]
    deep *= cars[row].slip_arm * wp.min(wp.length(vel) / wp.static(CALM_SPEED), 1.0)
    at = vel + wp.cross(b.rate, wp.vec3(axle.x, 0.5 * left * axle.track, deep))
    first = i - i % 2
    rolls = b.rate[0] + (b.lift_rate[first] - b.lift_rate[first + 1]) / axle.track
    at += wp.vec3(0.0, axle.rigid * rolls * w.below[i], 0.0)
    vx = wp.dot(ex, at)
    vy = wp.dot(ey, at)
    ref = wp.max(wp.abs(vx), wp.static(CREEP_SPEED))
    rolling = b.spin[i] * cars[row].radius
    steady_x = (rolling - vx) / ref
    long_x = cars[row].tyre.relax_x
    long_y = cars[row].tyre.relax_y
    slip = wp.vec2(
        relax(b.slip_x[i], steady_x, rolling - vx, wp.abs(vx), long_x, h),
        relax(b.slip_y[i], vy / ref, vy, wp.abs(vx), long_y, h),
    )
    w.slip_x[i] = slip[0]
    w.slip_y[i] = slip[1]
    near = wp.max(1.0 - ref / wp.static(DAMP_SPEED), 0.0)
    if long_x > 0.0:
        slip[0] = slip[0] + 0.2 * near * (rolling - vx)
    if long_y > 0.0:
        slip[1] = slip[1] + 0.2 * near * vy
    # Inclination: the body's roll against the road and the links' share.
    out = -b.lift[i]
    lean = -wp.asin(wp.clamp(w.up[i][1], -1.0, 1.0)) - left * (axle.camber * out + axle.camber2 * out * out)
    grip = tyre_grip(cars[row].tyre, wp.vec2(slip[0], wp.atan(slip[1])), lean, w.load[i], friction, ref)
    let_off = wp.where(wp.abs(vx) > wp.static(ABS_SPEED), steady_x / wp.max(friction, 0.05), 0.0)
    most = wp.max(0.5 * axle.brake * cars[row].max_brake, 1.0)
    enough = wp.static(RECOVERY) * wp.abs(grip.fx) / most
    w.brake[i] = brake_pressure(cars, row, b.brake[i], ask[1], let_off, enough, h)
    kx = grip.kx
    ky = grip.ky
    if long_x > 0.0:  # what the force still changes by within the step
        kx *= wp.min(h * ref / long_x + 0.2 * near * ref, 1.0)
    if long_y > 0.0:
        ky *= wp.min(h * ref / long_y + 0.2 * near * ref, 1.0)
    w.fy[i] = grip.fy
    w.ky[i] = ky
    return roll_wheel(cars, row, w, b, i, ask[0], wp.vec2(grip.fx, kx), h)
