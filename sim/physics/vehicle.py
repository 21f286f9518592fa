"""Four-wheel vehicles on Magic Formula tyres: chassis in the plane of the road, body roll and pitch, wheels, pedals and steering.

Per tick: the ground under the wheels is read once, then `SUBSTEPS` backward Euler steps of chassis (3 degrees of freedom) and wheel spins
(4) are solved as one linear system with the tyres' resistances held (`sim.physics.tyre`). Body roll and pitch are damped oscillators
driven by the specific force; what springs and dampers carry is the load transfer.
"""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

import warp as wp

from sim.behavior.lateral import pose_rotation
from sim.behavior.measures import yaw_of
from sim.behavior.path import wrap_angle
from sim.physics.parameters import GRAVITY
from sim.physics.place import ground_near, keep_place, road_place
from sim.physics.tyre import tyre_force
from sim.structs import actor_threads, index
from sim.types import TICK, Control, Lamp, Motion, Scene, State, VehicleParams

# Loops stay loops: unrolled, this module takes three times as long to compile for a GPU and runs no faster.
wp.set_module_options({"enable_backward": False, "max_unroll": 1})

SUBSTEPS = 5
THROTTLE_LAG = 0.15
"""Time constant of the engine [s]."""
ABS_SPEED = 1.5
"""Below this the anti-lock system lets wheels lock [m/s]."""


@wp.struct
class Ground:
    """What the vehicle stands on, over a tick."""

    z: float
    """Height under the rear axle's middle [m]."""
    pitch: float
    """Positive nose down [rad]."""
    roll: float
    """Positive left side up [rad]."""
    friction: wp.vec4
    """Under each wheel, weather included."""
    pull: wp.vec3
    """Gravity along the vehicle, to its left, and into the road [m/s^2]."""


@wp.struct
class Pedals:
    """What the driver asks for, over a tick."""

    steer: wp.vec4
    """Cosine and sine of the front left and the front right wheel's angle."""
    drive: float
    """Tractive force [N]."""
    brake: float
    """0..1."""


@wp.struct
class Chassis:
    """A vehicle within a tick."""

    vel: wp.vec3
    """Of the centre of gravity, forward and left [m/s], and yaw rate [rad/s]."""
    shift: wp.vec2
    """Way of the centre of gravity since the tick began, in the plane of the road, world axes [m]."""
    yaw: float
    spin: wp.vec4
    brake: wp.vec4
    lean: wp.vec4
    load: wp.vec4


@wp.func
def steer_wheels(wheelbase: float, track: float, angle: float) -> wp.vec4:
    """Cosines and sines of the front wheels' angles, both square to one centre of turn (Ackermann)."""
    t = wp.tan(angle)
    left = wp.atan(wheelbase * t / wp.max(wheelbase - 0.5 * track * t, 0.1))
    right = wp.atan(wheelbase * t / wp.max(wheelbase + 0.5 * track * t, 0.1))
    return wp.vec4(wp.cos(left), wp.sin(left), wp.cos(right), wp.sin(right))


@wp.func
def wheel_loads(params: VehicleParams, world: int, a: int, lean: wp.vec4, gravity: float) -> wp.vec4:
    """Loads from the static ones and what the springs and dampers of the leaning body carry; no wheel pulls."""
    m = params.mass[world, a]
    base = params.wheelbase[world, a]
    cog = params.cog[world, a]
    roll = params.roll[world, a]
    pitch = params.pitch[world, a]
    ay = (lean[0] + 2.0 * roll[2] / roll[1] * lean[1]) / roll[0]
    ax = -(lean[2] + 2.0 * pitch[2] / pitch[1] * lean[3]) / pitch[0]
    front = 0.5 * m * (gravity * cog[0] - ax * cog[1]) / base
    rear = 0.5 * m * gravity - front
    side = m * ay * pitch[3] / params.track[world, a]
    df = side * roll[3]
    dr = side - df
    out = wp.vec4(wp.max(front - df, 0.0), wp.max(front + df, 0.0), wp.max(rear - dr, 0.0), wp.max(rear + dr, 0.0))
    return out * (m * gravity / wp.max(out[0] + out[1] + out[2] + out[3], 1.0))


@wp.func
def wheel_brake(
    params: VehicleParams, world: int, a: int, pressure: float, pedal: float, sliding: bool, h: float
) -> float:
    """Brake pressure of a wheel after a sub-step: builds up at the system's rate, or is let off by the anti-lock system."""
    rate = params.brake_rate[world, a]
    if sliding:
        return wp.max(pressure * (1.0 - 25.0 * h) - 0.05 * h, 0.0)
    if pedal > pressure:
        grow = rate * h
        if params.abs[world, a] != 0 and pressure > 0.05:
            grow = wp.min(grow, 12.0 * pressure * h)
        return wp.min(pressure + grow, pedal)
    return wp.max(pressure - 4.0 * rate * h, pedal)


@wp.func
def step_chassis(
    params: VehicleParams, world: int, a: int, c: Chassis, ground: Ground, pedals: Pedals, wind: wp.vec2, h: float
) -> Chassis:
    """One backward Euler step of ``h`` seconds."""
    m = params.mass[world, a]
    inertia = params.inertia[world, a][2]
    cog = params.cog[world, a]
    base = params.wheelbase[world, a]
    radius = params.wheel_radius[world, a]
    spin_h = params.wheel_inertia[world, a] / h
    gx = ground.pull[0]
    gy = ground.pull[1]
    cy = wp.cos(c.yaw)
    sy = wp.sin(c.yaw)
    air = wp.vec2(c.vel[0] - (cy * wind[0] + sy * wind[1]), c.vel[1] - (cy * wind[1] - sy * wind[0]))
    drag = params.drag[world, a] * wp.length(air)
    load = wheel_loads(params, world, a, c.lean, ground.pull[2])
    lhs = wp.diag(wp.vec3(m / h, m / h, inertia / h))
    rhs = wp.vec3(
        m * (c.vel[0] / h + gx) - drag * air[0], m * (c.vel[1] / h + gy) - drag * air[1], inertia / h * c.vel[2]
    )
    keep = wp.vec4()  # wheel spin at zero hub speed
    gain = wp.vec4()  # spin per hub speed
    brake = wp.vec4(c.brake)
    for i in range(4):
        front = i < 2
        x = wp.where(front, base, 0.0) - cog[0]
        y = wp.where(i % 2 == 0, 0.5, -0.5) * params.track[world, a]
        ex = wp.vec2(1.0, 0.0)
        if front:
            ex = wp.vec2(pedals.steer[2 * (i % 2)], pedals.steer[2 * (i % 2) + 1])
        jx = wp.vec3(ex[0], ex[1], ex[1] * x - ex[0] * y)
        jy = wp.vec3(-ex[1], ex[0], ex[0] * x + ex[1] * y)
        vx = wp.dot(jx, c.vel)
        rolling = c.spin[i] * radius
        f = tyre_force(params, world, a, load[i], ground.friction[i], vx, wp.dot(jy, c.vel), rolling)
        slides = f.use > 1.05 and wp.abs(rolling) < wp.abs(vx) and wp.abs(vx) > wp.static(ABS_SPEED)
        brake[i] = wheel_brake(params, world, a, c.brake[i], pedals.brake, slides and params.abs[world, a] != 0, h)
        share = wp.where(front, params.drive_front[world, a], 1.0 - params.drive_front[world, a])
        brake_share = wp.where(front, params.brake_front[world, a], 1.0 - params.brake_front[world, a])
        stop = 0.5 * radius * brake_share * params.brake_force[world, a] * brake[i]
        stop += radius * params.rolling[world, a] * load[i]
        push = spin_h * c.spin[i] + 0.5 * share * pedals.drive * radius
        stiff = spin_h + radius * radius * f.kx
        free = push + radius * f.kx * vx
        if wp.abs(free) > stop:
            push -= wp.sign(free) * stop
            keep[i] = push / stiff
            gain[i] = radius * f.kx / stiff
        rhs += jx * (f.kx * radius * keep[i])
        lhs += wp.outer(jx, jx) * (f.kx * (1.0 - radius * gain[i])) + wp.outer(jy, jy) * f.ky
    vel = wp.inverse(lhs) * rhs
    return _finish_step(params, world, a, c, vel, keep, gain, brake, load, pedals, wp.vec2(gx, gy), h)


@wp.func
def _finish_step(
    params: VehicleParams,
    world: int,
    a: int,
    c: Chassis,
    vel: wp.vec3,
    keep: wp.vec4,
    gain: wp.vec4,
    brake: wp.vec4,
    load: wp.vec4,
    pedals: Pedals,
    slope: wp.vec2,
    h: float,
) -> Chassis:
    """Wheel spins, body lean and position that belong to the new velocity."""
    out = Chassis()
    base = params.wheelbase[world, a]
    for i in range(4):
        x = wp.where(i < 2, base, 0.0) - params.cog[world, a][0]
        y = wp.where(i % 2 == 0, 0.5, -0.5) * params.track[world, a]
        ex = wp.vec2(1.0, 0.0)
        if i < 2:
            ex = wp.vec2(pedals.steer[2 * (i % 2)], pedals.steer[2 * (i % 2) + 1])
        out.spin[i] = keep[i] + gain[i] * (ex[0] * (vel[0] - vel[2] * y) + ex[1] * (vel[1] + vel[2] * x))
    fx = (vel[0] - c.vel[0]) / h - slope[0]
    fy = (vel[1] - c.vel[1]) / h - slope[1]
    roll = params.roll[world, a]
    pitch = params.pitch[world, a]
    roll_rate = c.lean[1] + h * roll[1] * (roll[1] * (roll[0] * fy - c.lean[0]) - 2.0 * roll[2] * c.lean[1])
    pitch_rate = c.lean[3] + h * pitch[1] * (pitch[1] * (-pitch[0] * fx - c.lean[2]) - 2.0 * pitch[2] * c.lean[3])
    lean_roll = wp.clamp(c.lean[0] + h * roll_rate, -1.0, 1.0)
    lean_pitch = wp.clamp(c.lean[2] + h * pitch_rate, -0.3, 0.3)
    out.lean = wp.vec4(lean_roll, roll_rate, lean_pitch, pitch_rate)
    turn = vel[2] * h
    c0 = wp.cos(c.yaw)
    s0 = wp.sin(c.yaw)
    out.shift = c.shift + wp.vec2(c0 * vel[0] - s0 * vel[1], s0 * vel[0] + c0 * vel[1]) * h
    # The step was taken in the axes of its beginning; they turn with the vehicle.
    c1 = wp.cos(turn)
    s1 = wp.sin(turn)
    out.vel = wp.vec3(c1 * vel[0] + s1 * vel[1], c1 * vel[1] - s1 * vel[0], vel[2])
    out.yaw = c.yaw + turn
    out.brake = brake
    out.load = load
    return out


@wp.func
def read_ground(scene: Scene, state: State, world: int, a: int, yaw: float) -> Ground:
    """Height, slope and friction under the wheels."""
    out = Ground()
    pos = state.pos[world, a]
    base = scene.vehicle.wheelbase[world, a]
    half = 0.5 * scene.vehicle.track[world, a]
    near = road_place(state, world, a, yaw)
    c = wp.cos(yaw)
    s = wp.sin(yaw)
    z = wp.vec4()
    for i in range(4):
        x = wp.where(i < 2, base, 0.0)
        y = wp.where(i % 2 == 0, half, -half)
        point = ground_near(
            scene.road, scene.map_index[world], near, wp.vec2(pos[0] + c * x - s * y, pos[1] + s * x + c * y)
        )
        z[i] = point.z
        out.friction[i] = point.friction * scene.weather.friction_scale[world]
    out.z = 0.5 * (z[2] + z[3])
    out.pitch = wp.atan((out.z - 0.5 * (z[0] + z[1])) / base)
    out.roll = wp.atan(0.5 * (z[0] + z[2] - z[1] - z[3]) / wp.max(2.0 * half, 0.1))
    out.pull = wp.vec3(
        wp.static(GRAVITY) * wp.sin(out.pitch), -wp.static(GRAVITY) * wp.sin(out.roll),
        wp.static(GRAVITY) * wp.cos(out.pitch) * wp.cos(out.roll),
    )  # fmt: skip
    return out


@wp.func
def start_chassis(scene: Scene, state: State, world: int, a: int, ground: Ground) -> Chassis:
    """The vehicle as the tick begins; at the first tick wheels roll and the body leans as its motion asks."""
    c = Chassis()
    vel = state.vel[world, a]
    rate = state.ang_vel[world, a][2]
    c.yaw = yaw_of(state.rot[world, a])
    cy = wp.cos(c.yaw)
    sy = wp.sin(c.yaw)
    along = cy * vel[0] + sy * vel[1]
    along = wp.sign(along) * wp.sqrt(along * along + vel[2] * vel[2])
    c.vel = wp.vec3(along, cy * vel[1] - sy * vel[0] + rate * scene.vehicle.cog[world, a][0], rate)
    c.spin = state.vehicle.wheel_speed[world, a]
    c.brake = state.vehicle.brake[world, a]
    c.lean = state.vehicle.lean[world, a]
    if state.vehicle.ready[world, a] == 0:
        state.vehicle.ready[world, a] = 1
        w = along / scene.vehicle.wheel_radius[world, a]
        c.spin = wp.vec4(w, w, w, w)
        side = along * rate + wp.static(GRAVITY) * wp.sin(ground.roll)
        c.lean = wp.vec4(
            scene.vehicle.roll[world, a][0] * side, 0.0,
            scene.vehicle.pitch[world, a][0] * wp.static(GRAVITY) * wp.sin(ground.pitch), 0.0,
        )  # fmt: skip
    return c


@wp.func
def read_pedals(scene: Scene, state: State, control: Control, world: int, a: int, speed: float, dt: float) -> Pedals:
    """Steering and pedals after rate limits and lags; also keeps the steering angle, the engine and the brake lamps."""
    out = Pedals()
    steer = control.steer[world, a]
    accel = control.accel[world, a]
    if not wp.isfinite(steer):
        steer = 0.0
    if not wp.isfinite(accel):
        accel = 0.0
    limit = scene.vehicle.max_steer[world, a]
    step = scene.vehicle.steer_rate[world, a] * dt
    old = state.steer[world, a]
    angle = wp.clamp(old + wp.clamp(wp.clamp(steer, -1.0, 1.0) * limit - old, -step, step), -limit, limit)
    state.steer[world, a] = angle
    out.steer = steer_wheels(scene.vehicle.wheelbase[world, a], scene.vehicle.track[world, a], angle)
    throttle = state.vehicle.throttle[world, a]
    throttle += (wp.clamp(accel, 0.0, 1.0) - throttle) * wp.min(dt / wp.static(THROTTLE_LAG), 1.0)
    state.vehicle.throttle[world, a] = throttle
    out.drive = throttle * wp.min(
        scene.vehicle.drive_force[world, a], scene.vehicle.power[world, a] / wp.max(wp.abs(speed), 1.0)
    )
    out.brake = wp.clamp(-accel, 0.0, 1.0)
    lamp = wp.static(int(Lamp.BRAKE))
    if out.brake > 0.02:
        state.lamps[world, a] = state.lamps[world, a] | lamp
    else:
        state.lamps[world, a] = state.lamps[world, a] & (~lamp)
    return out


@wp.func
def write_vehicle(scene: Scene, state: State, world: int, a: int, c: Chassis, ground: Ground, dt: float):
    """Pose, velocities and wheels after the tick; the body pivots about its middle, so that pitching lowers one end and lifts the other."""
    cog_x = scene.vehicle.cog[world, a][0]
    before = state.pos[world, a]
    yaw0 = yaw_of(state.rot[world, a])
    cp = wp.cos(ground.pitch)
    c0 = wp.cos(yaw0)
    s0 = wp.sin(yaw0)
    c1 = wp.cos(c.yaw)
    s1 = wp.sin(c.yaw)
    along = c0 * c.shift[0] + s0 * c.shift[1]
    dx = c.shift[0] - c0 * along * (1.0 - cp) + cog_x * (c0 - c1)
    dy = c.shift[1] - s0 * along * (1.0 - cp) + cog_x * (s0 - s1)
    rise = -along * wp.sin(ground.pitch)
    raised = cog_x * wp.sin(c.lean[2])
    state.pos[world, a] = wp.vec3(before[0] + dx, before[1] + dy, ground.z + rise + raised)
    state.rot[world, a] = pose_rotation(wrap_angle(c.yaw), ground.pitch + c.lean[2], ground.roll + c.lean[0])
    side = c.vel[1] - c.vel[2] * cog_x
    forward = c.vel[0] * cp
    vel = wp.vec3(c1 * forward - s1 * side, s1 * forward + c1 * side, -c.vel[0] * wp.sin(ground.pitch))
    state.accel[world, a] = (vel - state.vel[world, a]) / dt
    state.vel[world, a] = vel
    state.ang_vel[world, a] = wp.vec3(0.0, 0.0, c.vel[2])
    state.speed[world, a] = c.vel[0]
    state.vehicle.wheel_speed[world, a] = c.spin
    state.vehicle.brake[world, a] = c.brake
    state.vehicle.lean[world, a] = c.lean
    state.vehicle.load[world, a] = c.load
    state.vehicle.friction[world, a] = 0.25 * (
        ground.friction[0] + ground.friction[1] + ground.friction[2] + ground.friction[3]
    )
    mean = 0.25 * (c.spin[0] + c.spin[1] + c.spin[2] + c.spin[3])
    state.wheel_angle[world, a] = wrap_angle(state.wheel_angle[world, a] + mean * dt)
    keep_place(scene, state, world, a, c.yaw, wp.length(wp.vec2(dx, dy)))


@wp.func
def drive_vehicle(scene: Scene, state: State, control: Control, world: int, a: int, dt: float):
    """A tick of a DRIVEN actor."""
    ground = read_ground(scene, state, world, a, yaw_of(state.rot[world, a]))
    c = start_chassis(scene, state, world, a, ground)
    pedals = read_pedals(scene, state, control, world, a, c.vel[0], dt)
    for _i in range(wp.static(SUBSTEPS)):
        c = step_chassis(
            scene.vehicle, world, a, c, ground, pedals, scene.weather.wind[world], dt / wp.static(float(SUBSTEPS))
        )
    write_vehicle(scene, state, world, a, c, ground, dt)


@wp.kernel
def _drive_vehicles(scene: Scene, state: State, control: Control, dt: float, stride: int):
    """Reads pedals, ground, weather and vehicle parameters. Writes pose, velocities, road place and vehicle state of DRIVEN actors."""
    world, first = wp.tid()
    world = index(world)
    if state.done[world] != 0:
        return
    for i in range(first, scene.valid.shape[1], stride):
        a = index(i)
        if state.motion[world, a] == wp.static(int(Motion.DRIVEN)) and scene.valid[world, a] != 0:
            drive_vehicle(scene, state, control, world, a, dt)


def drive_vehicles(scene: Scene, state: State, control: Control) -> None:
    """Move all DRIVEN actors by one tick under their `Control`."""
    dim, stride = actor_threads(state.motion)
    wp.launch(_drive_vehicles, dim=dim, inputs=[scene, state, control, TICK, stride], device=state.tick.device)
