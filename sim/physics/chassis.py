"""Six-degree-of-freedom vehicles: a sprung body on four struts, wheels with spin and hop, Magic Formula tyres, any ground under each.

A step of a millisecond or two: tyre forces at the old slip; the body's motion in its own plane (forward, left, yaw) and the wheels'
spins by a linearly implicit Euler step, with tyres resisting by their secants, so that it is stable down to standstill; heave, roll,
pitch and wheel hop by a symplectic Euler step with the forces so found. Newton and Euler as in Kane and Levinson; frames ISO 8855.
In the body's plane the whole mass is moved, along its vertical the sprung one. Layout of forces after Allen et al. 1992 (VDANL) and
Althoff and Wursching 2020 (CommonRoad: Vehicle models, ch. 10), with four free wheels instead of two rigid axles.
"""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

import warp as wp

from sim.physics.four import Vectors, above, add, axles, div, least, most, mul, other, size, sub, total  # noqa: F401 (operators of wp.vec4)
from sim.physics.hull import land_hull
from sim.physics.options import VEHICLES
from sim.physics.sets import GRAVITY
from sim.physics.suspension import axle_moments, strut_forces
from sim.physics.wheels import (
    CALM_SPEED,
    CarMotion,
    Footing,
    Wheels,
    grip_wheels,
    stand_wheels,
    steer_wheels,
    wheel_velocities,
    wheel_x,
    wheel_y,
)
from sim.types import CarSet

wp.set_module_options(VEHICLES)


MAX_RATE = 30.0
"""Greatest angular velocity of a body [rad/s]."""
BALANCE_RATE = 7.0
"""Natural frequency of a rider's balance [rad/s]."""


@wp.struct
class Demand:
    """What is asked for, over a tick."""

    aim: float
    """Angle of the front wheels at the tick's end [rad]."""
    drive: float
    """Tractive force [N]."""
    brake: wp.vec4
    """Brake pedal as each wheel feels it, 0..1."""
    balance: float
    """1: the rider holds ``lean``, 0: nobody balances."""
    lean: float
    """Wanted roll [rad]."""
    push: wp.vec3
    """Force of couplings, world axes [N]."""
    twist: wp.vec3
    """Their moment about the sprung mass's centre of gravity, body axes [N m]."""
    firm: float
    """1: the body's roll and pitch rates move the contact patches at standstill, too, as they move couplings; 0: `CALM_SPEED` holds."""


@wp.func(inline=True)
def solve_plane(
    car: CarSet, w: Wheels, pull: wp.vec3, drag: wp.vec3, turning: wp.vec3, rate: float, twist: float, h: float
) -> wp.vec3:
    """Change over a step of the body's forward and left speed along its own axes and of its yaw rate.

    Args:
        car: Parameters.
        w: Wheels.
        pull: Gravity, body axes [m/s^2].
        drag: Of air and couplings, body axes [N].
        turning: Acceleration that only turns the velocity with the axes [m/s^2].
        rate: Yaw rate [rad/s].
        twist: Yaw moment of couplings [N m].
        h: Step [s].
    """
    m = car.mass
    uneven = car.front.mass * car.front.x + car.rear.mass * car.rear.x
    apart = uneven * car.apart
    r0 = m * (pull[0] - turning[0]) + drag[0] + apart * rate * rate
    r1 = m * (pull[1] - turning[1]) + drag[1]
    r2 = twist + uneven * pull[1] - apart * turning[1]
    x = wheel_x(car)
    y = wheel_y(car)
    ex = w.ex
    ey = w.ey
    up = w.up
    px = ex.y * x - ex.x * y
    py = ey.y * x - ey.x * y
    r0 += total(ex.x * w.fx + ey.x * w.fy + up.x * w.load)
    r1 += total(ex.y * w.fx + ey.y * w.fy + up.y * w.load)
    r2 += total(px * w.fx + py * w.fy + (up.y * x - up.x * y) * w.load)
    a00 = m / h + total(ex.x * ex.x * w.kx + ey.x * ey.x * w.ky)
    a01 = total(ex.x * ex.y * w.kx + ey.x * ey.y * w.ky)
    a02 = total(ex.x * px * w.kx + ey.x * py * w.ky)
    a11 = m / h + total(ex.y * ex.y * w.kx + ey.y * ey.y * w.ky)
    a12 = apart / h + total(ex.y * px * w.kx + ey.y * py * w.ky)
    a22 = car.inertia[2] / h + total(px * px * w.kx + py * py * w.ky)
    return wp.inverse(wp.mat33(a00, a01, a02, a01, a11, a12, a02, a12, a22)) * wp.vec3(r0, r1, r2)


@wp.func(inline=True)
def settle_forces(car: CarSet, w: Wheels, change: wp.vec3) -> Wheels:
    """Tyre forces and spins once the body's motion in its plane has changed."""
    dx = change[0] - change[2] * wheel_y(car)
    dy = change[1] + change[2] * wheel_x(car)
    along = w.ex.x * dx + w.ex.y * dy
    w.fx = w.fx - w.kx * along
    w.fy = w.fy - w.ky * (w.ey.x * dx + w.ey.y * dy)
    w.keep = w.keep + w.gain * along
    return w


@wp.struct
class Heave:
    """What struts and links do to the body and the wheels; body axes."""

    force: float
    """Of the struts, upwards [N]."""
    moment: wp.vec2
    """In roll and in pitch [N m]."""
    wheel: wp.vec4
    """Net force on each wheel along the body's vertical, but for its weight [N]."""


@wp.func(inline=True)
def carry_body(car: CarSet, w: Wheels, b: CarMotion, pull: wp.vec3, accel: wp.vec3) -> Heave:
    """What carries the body; ``pull``: gravity, ``accel``: of the body forward, left [m/s^2] and in yaw [rad/s^2]."""
    rigid = axles(car.front.rigid, car.rear.rigid)
    track = axles(car.front.track, car.rear.track)
    left = wp.vec4(1.0, -1.0, 1.0, -1.0)
    middle = 0.5 * (b.lift + other(b.lift))
    below = w.below
    one = Vectors()
    one.x = w.ex.x * w.fx + w.ey.x * w.fy + w.up.x * w.load
    one.y = w.ex.y * w.fx + w.ey.y * w.fy + w.up.y * w.load
    one.z = w.ex.z * w.fx + w.ey.z * w.fy + w.up.z * w.load
    # Side force enters at its own wheel's height: leaning outwards, the body is nearer to the road at the wheel that bears it.
    low = one.y * (below + rigid * (0.5 * (other(below) - below)))
    high = one.y * (b.lift + rigid * (middle - b.lift))
    shifted = w.load * (one.y - w.load * w.up.y) * car.tyre_side
    even = 0.5 * (one.z - w.load * w.up.z)
    pitch = (one.x - rigid * w.load * w.up.x) * ((car.radius - car.height) + b.lift - below)
    mass = axles(car.front.mass, car.rear.mass)
    heavy_x = (pull[0] - accel[0]) * mass
    heavy_y = mass * (pull[1] - accel[1] - accel[2] * wheel_x(car))
    through = one.y + other(one.y) + heavy_y
    tilt = 0.5 * (w.up.y + other(w.up.y)) - left * (below - other(below)) / track
    pair = axle_moments(car, low + other(low), through, tilt * (w.load + other(w.load)))
    pair += shifted + other(shifted)
    heights = axles(car.front.roll_center, car.rear.roll_center) - car.height
    center = 0.5 * (heights * through + middle * heavy_y) + high  # half of what both wheels of an axle share
    strut = strut_forces(car, b.lift, b.lift_rate)
    out = Heave()
    out.force = total(strut)
    unsprung = 0.5 * (car.unsprung_height - car.height)
    roll = total(wheel_y(car) * strut - center)
    out.moment = wp.vec2(roll, total(pitch + unsprung * heavy_x - wheel_x(car) * strut))
    rise = one.z + rigid * (w.load * w.up.z + even + other(even) - one.z)
    out.wheel = rise - strut + left * pair / track
    return out


@wp.func(inline=True)
def hop_wheels(
    car: CarSet, b: CarMotion, heave: Heave, out: CarMotion, fall: float, turning: wp.vec3, h: float
) -> CarMotion:
    """Rise of the wheels in the body after a step; ``fall``, ``turning``: the body's own accelerations [m/s^2, rad/s^2]."""
    most_lift = 2.0 * car.travel
    hop = heave.wheel * axles(2.0 / car.front.mass, 2.0 / car.rear.mass) + fall
    hop += turning[1] * wheel_x(car) - turning[0] * wheel_y(car)
    rate = b.lift_rate + h * hop
    lift = most(least(b.lift + h * rate, most_lift), -most_lift)
    out.lift = lift
    out.lift_rate = above(most_lift - size(lift), 0.0, rate, 0.0)
    return out


@wp.func(inline=True)
def keep_wheels(out: CarMotion, w: Wheels) -> CarMotion:
    """Spins, slips, brakes and loads after a step."""
    out.spin = w.keep
    out.slip_x = w.slip_x
    out.slip_y = w.slip_y
    out.brake = w.brake
    out.load = w.load
    return out


@wp.func
def balance_moment(car: CarSet, back: wp.mat33, rate: float, lean: float) -> float:
    """Roll moment by which a rider holds the wanted lean [N m]: a spring and a damper about the wheels' line; ``back``: world to body."""
    roll = wp.asin(wp.clamp(back[1, 2], -1.0, 1.0))
    inert = car.inertia[0] + car.mass * car.stand * car.stand
    gain = wp.static(BALANCE_RATE * BALANCE_RATE)
    wish = gain * (lean - roll) - wp.static(2.0 * 0.8 * BALANCE_RATE) * rate
    most = car.mass * wp.static(GRAVITY) * car.stand
    return wp.clamp(inert * wish, -most, most)


@wp.func(inline=True)
def air_force(car: CarSet, air: wp.vec3) -> wp.vec4:
    """Drag [N] and, last, its yaw moment [N m] of air that streams by at ``-air``; body axes [m/s]."""
    fast = wp.length(air)
    drag = wp.cw_mul(air, wp.vec3(-car.drag * fast, -car.side_drag * fast, -car.drag * fast))
    # Air from ahead pushes a body sideways ahead of its middle (Hucho 1998, ch. 5), air from the side at its middle.
    return wp.vec4(drag[0], drag[1], drag[2], drag[1] * car.air_center * wp.abs(air[0]) / wp.max(fast, 0.1))


@wp.func(inline=True)
def swing_arm(car: CarSet) -> wp.vec2:
    """Rolling, the body swings against the unsprung masses, which the links hold at the side: about an arm, the second [m].

    The first is that arm times the unsprung masses' share.
    """
    arm = car.height - wp.lerp(car.radius, car.front.roll_center, car.front.rigid)
    return wp.vec2((1.0 - car.sprung / car.mass) * arm, arm)


@wp.func(inline=True)
def step_body(
    car: CarSet, b: CarMotion, ground: Footing, ask: Demand, steer: wp.vec4, wind: wp.vec3, h: float
) -> CarMotion:
    """One step of ``h`` seconds, up to five milliseconds; ``steer``: `sim.physics.wheels.steer_wheels`."""
    out = CarMotion()
    turn = wp.quat_to_matrix(b.rot)
    back = wp.transpose(turn)
    vel = back * b.vel
    pull = back * wp.vec3(0.0, 0.0, -wp.static(GRAVITY))
    air = air_force(car, back * (b.vel - wind))
    drag = wp.vec3(air[0], air[1], air[2]) + back * ask.push
    twist = air[3] + ask.twist[2]
    calm = car.slip_arm * wp.min(wp.length(vel) * wp.static(1.0 / CALM_SPEED) + ask.firm, 1.0)
    w = stand_wheels(car, b, back, ground, steer)
    at = wheel_velocities(car, w, b, vel, calm)
    w = grip_wheels(car, w, b, at, ground, ask.drive, ask.brake, h)
    # The body's axes turn within the step: tyres resist what its speeds along them change by, not what only turns.
    turning = wp.cross(b.rate, vel)
    change = solve_plane(car, w, pull, drag, turning, b.rate[2], twist, h)
    w = settle_forces(car, w, change)
    change = change + wp.vec3(h * turning[0], h * turning[1], 0.0)
    accel = change * (1.0 / h)
    heave = carry_body(car, w, b, pull, accel)
    heave.moment += wp.vec2(ask.twist[0], ask.twist[1])
    rise = pull[2] + (heave.force + drag[2]) * (1.0 / car.sprung)
    inertia = car.inertia
    arm = swing_arm(car)
    swing = 1.0 / (inertia[0] + car.sprung * arm[0] * arm[1])
    if ask.balance > 0.0:
        heave.moment = heave.moment + wp.vec2(balance_moment(car, back, b.rate[0], ask.lean), 0.0)
    roll = (heave.moment[0] + (inertia[1] - inertia[2]) * b.rate[1] * b.rate[2]) * swing
    change = change - wp.vec3(0.0, h * arm[0] * roll, 0.0)
    pitch = (heave.moment[1] + (inertia[2] - inertia[0]) * b.rate[2] * b.rate[0]) * (1.0 / inertia[1])
    yaw = accel[2] + ((inertia[0] - inertia[1]) / inertia[2]) * b.rate[0] * b.rate[1]
    spun = wp.vec3(roll, pitch, yaw)
    out = hop_wheels(car, b, heave, out, pull[2] - rise, spun, h)
    rate = b.rate + h * spun
    out.rate = rate * wp.min(wp.static(MAX_RATE) / wp.max(wp.length(rate), 1.0), 1.0)
    out.vel = b.vel + turn * wp.vec3(change[0], change[1], h * rise)
    out.shift = b.shift
    out = land_hull(car, out, back, ground)
    out.shift = out.shift + h * out.vel
    half = (0.5 * h) * out.rate
    out.rot = wp.normalize(b.rot * wp.quat(half[0], half[1], half[2], 1.0))
    return keep_wheels(out, w)


@wp.func(inline=True)
def run_tick(car: CarSet, b: CarMotion, ground: Footing, ask: Demand, wind: wp.vec3, h: float, steps: int) -> CarMotion:
    """``steps`` steps of ``h`` seconds; the steering turns evenly over them."""
    begin = steer_wheels(car, b.steer)
    turn = (steer_wheels(car, ask.aim) - begin) * (1.0 / float(steps))
    steer = begin - 0.5 * turn
    for _k in range(steps):
        steer += turn
        b = step_body(car, b, ground, ask, steer, wind, h)
    b.steer = ask.aim
    return b
