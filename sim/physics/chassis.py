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

from sim.physics.parameters import GRAVITY
from sim.physics.suspension import STOP_RATE, CarSet, axle_moment, strut_force
from sim.physics.wheels import Body, Footing, Wheels, grip_wheel, stand_wheel, wheel_axle

wp.set_module_options({"enable_backward": False, "max_unroll": 1})


MAX_RATE = 30.0
"""Greatest angular velocity of a body [rad/s]."""


@wp.struct
class Demand:
    """What is asked for, over a tick."""

    steer: float
    """Angle of the front wheels [rad]."""
    drive: float
    """Tractive force [N]."""
    brake: float
    """Brake force [N]."""


@wp.func
def solve_plane(
    cars: wp.array[CarSet], row: int, w: Wheels, pull: wp.vec3, drag: wp.vec3, turning: float, h: float
) -> wp.vec3:
    """Change over a step of the body's forward and left speed and its yaw rate.

    Args:
        cars: Parameter sets.
        row: Which of them.
        w: Wheels.
        pull: Gravity, body axes [m/s^2].
        drag: Of the air, body axes [N].
        turning: Yaw rate [rad/s].
        h: Step [s].
    """
    m = cars[row].mass
    lhs = wp.diag(wp.vec3(m / h, m / h, cars[row].inertia[2] / h))
    uneven = cars[row].front.mass * cars[row].front.x + cars[row].rear.mass * cars[row].rear.x
    lhs[1, 2] = uneven * cars[row].apart / h
    lhs[2, 1] = lhs[1, 2]
    swing = uneven * cars[row].apart * turning * turning
    rhs = wp.vec3(m * pull[0] + drag[0] + swing, m * pull[1] + drag[1], uneven * pull[1])
    for i in range(4):
        axle = wheel_axle(cars, row, i)
        x = axle.x
        y = wp.where(i % 2 == 0, 0.5, -0.5) * axle.track
        ex = w.ex[i]
        ey = w.ey[i]
        up = w.up[i]
        jx = wp.vec3(ex[0], ex[1], ex[1] * x - ex[0] * y)
        jy = wp.vec3(ey[0], ey[1], ey[1] * x - ey[0] * y)
        jz = wp.vec3(up[0], up[1], up[1] * x - up[0] * y)
        rhs += jx * w.fx[i] + jy * w.fy[i] + jz * w.load[i]
        lhs += wp.outer(jx, jx) * w.kx[i] + wp.outer(jy, jy) * w.ky[i]
    return wp.inverse(lhs) * rhs


@wp.func
def settle_forces(cars: wp.array[CarSet], row: int, w: Wheels, change: wp.vec3) -> Wheels:
    """Tyre forces and spins once the body's motion in its plane has changed."""
    for i in range(4):
        axle = wheel_axle(cars, row, i)
        y = wp.where(i % 2 == 0, 0.5, -0.5) * axle.track
        at = wp.vec3(change[0] - change[2] * y, change[1] + change[2] * axle.x, 0.0)
        along = wp.dot(w.ex[i], at)
        w.fx[i] = w.fx[i] - w.kx[i] * along
        w.fy[i] = w.fy[i] - w.ky[i] * wp.dot(w.ey[i], at)
        w.keep[i] = w.keep[i] + w.gain[i] * along
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


@wp.func
def carry_axle(
    cars: wp.array[CarSet], row: int, w: Wheels, b: Body, out: Heave, first: int, pull: wp.vec3, accel: wp.vec2
) -> Heave:
    """Adds an axle's share; ``first``: its left wheel, ``accel``: of the axle in the body's plane, ``pull``: gravity [m/s^2]."""
    axle = wheel_axle(cars, row, first)
    radius = cars[row].radius
    force = wp.vec3()
    shifted = float(0.0)
    pitch = float(0.0)
    up = wp.vec2()
    even = float(0.0)
    for k in range(2):
        i = first + k
        one = w.ex[i] * w.fx[i] + w.ey[i] * w.fy[i] + w.up[i] * w.load[i]
        force += one
        shifted += w.load[i] * (one[1] - w.load[i] * w.up[i][1]) * cars[row].tyre_side
        up[k] = one[2]
        even += 0.5 * (one[2] - w.load[i] * w.up[i][2])
        pitch += (one[0] - axle.rigid * w.load[i] * w.up[i][0]) * (radius - cars[row].height + b.lift[i] - w.below[i])
    heavy = axle.mass * (wp.vec2(pull[0], pull[1]) - accel)
    through = force[1] + heavy[1]
    tilt = 0.5 * (w.up[first][1] + w.up[first + 1][1]) - (w.below[first] - w.below[first + 1]) / axle.track
    lean = tilt * (w.load[first] + w.load[first + 1])
    below = 0.5 * (w.below[first] + w.below[first + 1])
    pair = axle_moment(axle, radius, force[1], through, below, lean) + shifted
    center = axle.roll_center - cars[row].height + 0.5 * (b.lift[first] + b.lift[first + 1])
    base = cars[row].front.x - cars[row].rear.x
    static = 0.5 * cars[row].sprung * wp.static(GRAVITY) * (1.0 - wp.abs(axle.x) / base)
    out.moment += wp.vec2(-center * through, pitch + heavy[0] * (cars[row].unsprung_height - cars[row].height))
    for k in range(2):
        i = first + k
        left = wp.where(k == 0, 1.0, -1.0)
        strut = static + strut_force(
            axle, cars[row].travel, wp.static(STOP_RATE), b.lift[i], b.lift_rate[i], b.lift[2 * first + 1 - i]
        )
        out.force += strut
        out.moment += wp.vec2(0.5 * left * axle.track, -axle.x) * strut
        rise = wp.lerp(up[k], w.load[i] * w.up[i][2] + even, axle.rigid)
        out.wheel[i] = rise - strut + left * pair / axle.track
    return out


@wp.func
def turn_steering(cars: wp.array[CarSet], row: int, steer: float, wanted: float, h: float) -> float:
    """Steering angle after a step, within its rate and its locks."""
    step = cars[row].steer_rate * h
    lock = cars[row].max_steer
    return wp.clamp(steer + wp.clamp(wanted - steer, -step, step), -lock, lock)


@wp.func
def step_body(cars: wp.array[CarSet], row: int, b: Body, ground: Footing, ask: Demand, wind: wp.vec3, h: float) -> Body:
    """One step of ``h`` seconds, up to two milliseconds."""
    out = Body()
    turn = wp.quat_to_matrix(b.rot)
    back = wp.transpose(turn)
    vel = back * b.vel
    pull = back * wp.vec3(0.0, 0.0, -wp.static(GRAVITY))
    air = back * (b.vel - wind)
    drag = air * (-cars[row].drag * wp.length(air))
    out.steer = turn_steering(cars, row, b.steer, ask.steer, h)
    drive = wp.clamp(ask.drive, 0.0, wp.min(cars[row].max_drive, cars[row].power / wp.max(vel[0], 1.0)))
    pedals = wp.vec2(drive, wp.clamp(ask.brake / cars[row].max_brake, 0.0, 1.0))
    w = Wheels()
    for i in range(4):
        w = stand_wheel(cars, row, w, b, turn, ground, i)
        w = grip_wheel(cars, row, w, b, i, vel, ground.friction[i], pedals, h)
    change = solve_plane(cars, row, w, pull, drag, b.rate[2], h)
    w = settle_forces(cars, row, w, change)
    accel = change / h
    heave = Heave()
    heave = carry_axle(cars, row, w, b, heave, 0, pull, wp.vec2(accel[0], accel[1] + accel[2] * cars[row].front.x))
    heave = carry_axle(cars, row, w, b, heave, 2, pull, wp.vec2(accel[0], accel[1] + accel[2] * cars[row].rear.x))
    rise = pull[2] + (heave.force + drag[2]) / cars[row].sprung
    inertia = cars[row].inertia
    # Rolling, the body swings against the unsprung masses, which the links hold at the side.
    arm = cars[row].height - wp.lerp(cars[row].radius, cars[row].front.roll_center, cars[row].front.rigid)
    hung = 1.0 - cars[row].sprung / cars[row].mass
    swing = cars[row].sprung * hung * arm * arm
    roll = (heave.moment[0] + (inertia[1] - inertia[2]) * b.rate[1] * b.rate[2]) / (inertia[0] + swing)
    change = change - wp.vec3(0.0, h * hung * arm * roll, 0.0)
    pitch = (heave.moment[1] + (inertia[2] - inertia[0]) * b.rate[2] * b.rate[0]) / inertia[1]
    yaw = accel[2] + (inertia[0] - inertia[1]) * b.rate[0] * b.rate[1] / inertia[2]
    for i in range(4):
        axle = wheel_axle(cars, row, i)
        y = wp.where(i % 2 == 0, 0.5, -0.5) * axle.track
        hop = 2.0 * heave.wheel[i] / axle.mass + pull[2] - (rise + roll * y - pitch * axle.x)
        hop_rate = b.lift_rate[i] + h * hop
        most = 2.0 * cars[row].travel
        out.lift[i] = wp.clamp(b.lift[i] + h * hop_rate, -most, most)
        out.lift_rate[i] = wp.where(wp.abs(out.lift[i]) < most, hop_rate, 0.0)
    out.rate = b.rate + h * wp.vec3(roll, pitch, yaw)
    fast = wp.length(out.rate) / wp.static(MAX_RATE)
    if fast > 1.0:
        out.rate = out.rate / fast
    out.vel = b.vel + turn * wp.vec3(change[0], change[1], h * rise)
    out.shift = b.shift + h * out.vel
    angle = wp.length(out.rate) * h
    spun = wp.quat_from_axis_angle(wp.normalize(out.rate + wp.vec3(0.0, 0.0, 1.0e-12)), angle)
    out.rot = wp.normalize(b.rot * spun)
    out.spin = w.keep
    out.slip_x = w.slip_x
    out.slip_y = w.slip_y
    out.brake = w.brake
    out.load = w.load
    return out
