"""Vehicles on tyres: a tick of every DRIVEN actor and of every body on four wheels, by the six-degree-of-freedom model of `chassis`.

Per tick the ground under each wheel is read once and pedals, stability control and engine are worked; then `STEPS` steps follow. A vehicle
that has stood still for `SLEEP_TICKS` sleeps, bit for bit where it is, until its driver or another body moves it.
"""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

import warp as wp

from sim.behavior.lateral import pose_rotation
from sim.behavior.measures import yaw_of
from sim.behavior.path import wrap_angle
from sim.physics.belly import belly_clearance, find_belly, ground_belly
from sim.physics.body import SLEEP_TICKS
from sim.physics.chassis import Demand, run_tick
from sim.physics.controls import drive_demand, loses_balance, trailer_demand, wreck_demand
from sim.physics.faults import FADE_START, damage_controls, damage_wheels, warm_brakes
from sim.physics.footing import read_footing
from sim.physics.four import sub  # noqa: F401 (operators of wp.vec4)
from sim.physics.hitch import couple_loads, train_head
from sim.physics.hull import trip
from sim.physics.options import VEHICLES
from sim.physics.place import keep_place
from sim.physics.sets import CYCLES, FOUR_WHEELS
from sim.physics.wheels import CarMotion, Footing, reference_arm
from sim.structs import actor_threads, index
from sim.types import TICK, CarSet, Control, Motion, Scene, State

wp.set_module_options(VEHICLES)

STEPS = 3
"""Per tick."""
STILL_SPEED, STILL_RATE = 0.02, 0.02
"""Below both a vehicle stands still [m/s, rad/s]."""


@wp.func(inline=True)
def load_vehicle(state: State, world: int, a: int, car: CarSet) -> CarMotion:
    """The vehicle as the tick begins; at its first tick wheels roll and springs carry the static load."""
    b = CarMotion()
    b.rot = state.rot[world, a]
    rate = state.ang_vel[world, a]
    b.rate = wp.quat_rotate_inv(b.rot, rate)
    b.vel = state.vel[world, a] - wp.cross(rate, wp.quat_rotate(b.rot, reference_arm(car)))
    b.steer = state.steer[world, a]
    if state.vehicle.ready[world, a] == 0:
        ahead = wp.quat_rotate(b.rot, wp.vec3(1.0, 0.0, 0.0))
        w = wp.dot(ahead, state.vel[world, a]) / car.radius
        b.spin = wp.vec4(w, w, w, w)
        return b
    b.spin = state.vehicle.wheel_speed[world, a]
    b.lift = state.vehicle.lift[world, a]
    b.lift_rate = state.vehicle.lift_rate[world, a]
    b.slip_x = state.vehicle.slip_x[world, a]
    b.slip_y = state.vehicle.slip_y[world, a]
    b.brake = state.vehicle.brake[world, a]
    b.load = state.vehicle.load[world, a]
    return b


@wp.struct
class Start:
    """Where a vehicle begins to drive."""

    body: CarMotion
    ground: Footing
    cog: wp.vec3
    """Centre of gravity of the sprung mass [m]."""


@wp.func
def stand_on_ground(car: CarSet, b: CarMotion, ground: Footing, cog: wp.vec3) -> Start:
    """A vehicle that was moved along the road as a point: set on the ground under its wheels, with its velocity along that."""
    out = Start()
    z = ground.point.z
    pitch = wp.atan(0.5 * (z[2] + z[3] - z[0] - z[1]) / (car.front.x - car.rear.x))
    roll = float(0.0)
    if car.balance == 0.0:
        roll = wp.atan(0.5 * (z[0] + z[2] - z[1] - z[3]) / car.front.track)
    out.body = b
    out.body.rot = pose_rotation(yaw_of(b.rot), pitch, roll)
    before = wp.quat_rotate(b.rot, reference_arm(car))
    after = wp.quat_rotate(out.body.rot, reference_arm(car))
    ahead = (car.reference - car.rear.x) / (car.front.x - car.rear.x)
    height = wp.lerp(0.5 * (z[2] + z[3]), 0.5 * (z[0] + z[1]), ahead)
    shift = wp.vec3(before[0] - after[0], before[1] - after[1], height - after[2])
    up = wp.quat_rotate(out.body.rot, wp.vec3(0.0, 0.0, 1.0))
    out.body.vel = wp.vec3(b.vel[0], b.vel[1], -(b.vel[0] * up[0] + b.vel[1] * up[1]) / up[2])
    out.cog = cog + shift
    out.ground = ground
    out.ground.point.x = ground.point.x - shift[0]
    out.ground.point.y = ground.point.y - shift[1]
    out.ground.point.z = ground.point.z - shift[2]
    out.ground.floor = ground.floor - shift
    return out


@wp.func(inline=True)
def keep_vehicle(scene: Scene, state: State, world: int, a: int, car: CarSet, b: CarMotion, cog: wp.vec3, dt: float):
    """Write pose, velocities, wheels and road place after the tick; ``cog``: where the centre of gravity was [m]."""
    before = state.pos[world, a]
    arm = wp.quat_rotate(b.rot, reference_arm(car))
    rate = wp.quat_rotate(b.rot, b.rate)
    vel = b.vel + wp.cross(rate, arm)
    pos = cog + (b.shift + arm)
    state.accel[world, a] = (vel - state.vel[world, a]) / dt
    state.pos[world, a] = pos
    state.rot[world, a] = b.rot
    state.vel[world, a] = vel
    state.ang_vel[world, a] = rate
    state.speed[world, a] = wp.dot(vel, wp.quat_rotate(b.rot, wp.vec3(1.0, 0.0, 0.0)))
    state.steer[world, a] = b.steer
    state.vehicle.ready[world, a] = 1
    state.vehicle.wheel_speed[world, a] = b.spin
    state.vehicle.lift[world, a] = b.lift
    state.vehicle.lift_rate[world, a] = b.lift_rate
    state.vehicle.slip_x[world, a] = b.slip_x
    state.vehicle.slip_y[world, a] = b.slip_y
    state.vehicle.brake[world, a] = b.brake
    state.vehicle.load[world, a] = b.load
    mean = 0.25 * (b.spin[0] + b.spin[1] + b.spin[2] + b.spin[3])
    state.wheel_angle[world, a] = wrap_angle(state.wheel_angle[world, a] + mean * dt)
    moved = wp.length(wp.vec2(pos[0] - before[0], pos[1] - before[1]))
    keep_place(scene, state, world, a, yaw_of(b.rot), moved)


@wp.func(inline=True)
def stays_asleep(state: State, control: Control, world: int, a: int, head: int, driven: bool) -> bool:
    """Whether a vehicle goes on sleeping: nothing pushes it, and its driver, ``head``'s, neither drives nor works the brakes."""
    if state.rest[world, a] < wp.static(SLEEP_TICKS):
        return False
    pushed = wp.length_sq(state.vel[world, a]) + wp.length_sq(state.ang_vel[world, a]) > 0.0
    accel = control.accel[world, head]
    pedal = wp.clamp(-accel, 0.0, 1.0)
    works = driven and (accel > 0.0 or wp.abs(pedal - wp.max(state.vehicle.brake[world, a])) > 0.01)
    if pushed or works:
        state.rest[world, a] = 0
        return False
    return True


@wp.func(inline=True)
def settle(state: State, world: int, a: int, b: CarMotion):
    """Count for how long the vehicle has stood still; it stops altogether once it falls asleep."""
    if (
        wp.length(b.vel) > wp.static(STILL_SPEED)
        or wp.length(b.rate) > wp.static(STILL_RATE)
        or state.vehicle.throttle[world, a] > 1.0e-3
    ):
        state.rest[world, a] = 0
        return
    still = state.rest[world, a] + 1
    state.rest[world, a] = still
    if still == wp.static(SLEEP_TICKS):
        state.vel[world, a] = wp.vec3()
        state.ang_vel[world, a] = wp.vec3()
        state.accel[world, a] = wp.vec3()
        state.speed[world, a] = 0.0
        state.vehicle.wheel_speed[world, a] = wp.vec4()
        if state.story.still_since[world, a] < 0:
            state.story.still_since[world, a] = state.tick[world]


@wp.func(inline=True)
def move_vehicle(scene: Scene, state: State, control: Control, world: int, a: int, dt: float):
    """A tick of a vehicle."""
    head = train_head(state, world, a)
    driven = state.motion[world, a] == wp.static(int(Motion.DRIVEN)) and state.motion[world, head] == wp.static(
        int(Motion.DRIVEN)
    )
    if stays_asleep(state, control, world, a, head, driven):
        state.vehicle.bump[world, a] = wp.vec4()
        return
    car = scene.vehicle.car[world, a]
    b = load_vehicle(state, world, a, car)
    cog = state.pos[world, a] - wp.quat_rotate(b.rot, reference_arm(car))
    ground = read_footing(scene, state, world, a, car, b, cog, dt)
    if driven and state.vehicle.ready[world, a] == 0:
        start = stand_on_ground(car, b, ground, cog)
        b = start.body
        ground = start.ground
        cog = start.cog
    if wp.max(ground.block) > 0.0:
        b = trip(car, b, ground)
    friction = 0.25 * (ground.friction[0] + ground.friction[1] + ground.friction[2] + ground.friction[3])
    state.vehicle.friction[world, a] = friction
    ask = Demand()
    if driven and head != a:
        ask = trailer_demand(state, control, world, a, head, dt)
    elif driven and state.fallen[world, a] == 0:
        ask = drive_demand(state, control, world, a, car, b, friction, dt)
        if loses_balance(car, b, ask):
            state.fallen[world, a] = state.tick[world] + 1
    else:
        ask = wreck_demand(scene, state, world, a, head, car, b, friction)
    broken = state.faults.broken[world, a]
    warm = wp.max(state.faults.heat[world, a]) + scene.weather.temperature[world]
    if broken != 0 or warm > wp.static(FADE_START):
        ground = damage_wheels(state, world, a, car, ground, dt)
        if driven:
            ask = damage_controls(scene, state, world, a, car, b, ask, dt)
    ask = couple_loads(scene, state, world, a, car, b.rot, ask)
    if ground.hump > 0.0 and car.balance == 0.0 and ground.hump > belly_clearance(car, b, ground, dt):
        belly = find_belly(scene, state, world, a, car, b, cog, dt)
        grounded = ground_belly(car, b, ground, belly, ask, dt)
        b = grounded.body
        ask = grounded.ask
    car = scene.vehicle.car[world, a]
    wind = scene.weather.wind[world]
    b = run_tick(car, b, ground, ask, wp.vec3(wind[0], wind[1], 0.0), dt / wp.static(float(STEPS)), wp.static(STEPS))
    warm_brakes(state, world, a, car, b, dt)
    keep_vehicle(scene, state, world, a, car, b, cog, dt)
    settle(state, world, a, b)


@wp.kernel
def _move_vehicles(scene: Scene, state: State, control: Control, dt: float, stride: int):
    """Reads pedals, ground, weather and vehicle parameters. Writes pose, velocities, road place and vehicle state.

    Of DRIVEN actors on wheels and of bodies on four wheels.
    """
    world, first = wp.tid()
    world = index(world)
    if state.done[world] != 0:
        return
    for i in range(first, scene.valid.shape[1], stride):
        a = index(i)
        motion = state.motion[world, a]
        kind = scene.vehicle.kind[world, a]
        driven = motion == wp.static(int(Motion.DRIVEN)) and kind < wp.static(CYCLES)
        wreck = motion == wp.static(int(Motion.BODY)) and kind < wp.static(FOUR_WHEELS)
        if (driven or wreck) and scene.valid[world, a] != 0:
            move_vehicle(scene, state, control, world, a, dt)
        else:
            state.vehicle.bump[world, a] = wp.vec4()


def drive_vehicles(scene: Scene, state: State, control: Control) -> None:
    """Move all DRIVEN actors under their `Control`, and all bodies on four wheels, by one tick."""
    dim, stride = actor_threads(state.motion)
    wp.launch(_move_vehicles, dim=dim, inputs=[scene, state, control, TICK, stride], device=state.tick.device)
