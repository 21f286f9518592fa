"""What drivers ask of a vehicle and what its electronics make of it: steering, pedals, stability control, a rider's balance.

Stability control holds the yaw rate to what the steering asks for at this speed and friction, and the side-slip to what tyres can turn
back, by braking wheels of one side and cutting the engine (Rajamani 2012, Vehicle dynamics and control, ch. 8.2 and 8.3).
"""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

import warp as wp

from sim.physics.chassis import Demand
from sim.physics.options import VEHICLES
from sim.physics.sets import GRAVITY
from sim.physics.wheels import CarMotion, tractive_force, turn_steering
from sim.types import CarSet, Control, Lamp, Motion, Scene, State

wp.set_module_options(VEHICLES)

THROTTLE_LAG = 0.15
"""Time constant of the engine [s]."""
LINE_LAG = 0.2
"""Time constant of a trailer's brake line [s] (UNECE R13, annex 6: three quarters of the pressure after 0.6 s at most)."""
HELD = 0.4
"""Brake pressure that the anti-lock system leaves a wheel with little load in a full stop on a dry road, of the pedal's."""
ESC_SPEED = 5.0
"""Stability control works from here on [m/s]."""
YAW_DEADBAND, SLIP_DEADBAND = 0.06, 0.03
"""Yaw rate off the wanted one [rad/s] and side-slip beyond its bound [rad] that stability control lets pass."""
BRAKING_DEADBAND = 0.03
"""The first where a driver brakes fully and no longer steers: with little load on its rear wheels, the car turns by itself [rad/s]."""
YAW_GAIN, SLIP_GAIN = 2.5, 4.0
"""Brake pressure over them."""
LOST_LEAN, LOST_GRIP = 0.6, 0.2
"""Lean off the wanted one [rad], and speed sideways over that ahead, at which a rider can no longer hold a cycle."""


@wp.func
def finite(x: float) -> float:
    """The number, 0 where it is none."""
    return wp.where(wp.isfinite(x), x, 0.0)


@wp.func
def wanted_yaw_rate(car: CarSet, steer: float, speed: float, friction: float) -> float:
    """Yaw rate of the single-track model, as far as friction lets it turn (Rajamani 2012, eq. 8.4 and 8.8) [rad/s]."""
    base = car.front.x - car.rear.x
    rate = speed * steer / (base + (car.slip_front - car.slip_rear) * speed * speed)
    most = 0.85 * friction * wp.static(GRAVITY) / speed
    return wp.clamp(rate, -most, most)


@wp.func
def stability_brakes(car: CarSet, vel: wp.vec3, rate: float, steer: float, friction: float, passes: float) -> wp.vec4:
    """Pedal that stability control puts on each wheel, 0..1; ``vel``: body axes [m/s], ``rate``: of yaw [rad/s].

    ``passes``: what it lets pass of the yaw rate off the wanted one [rad/s].
    """
    out = wp.vec4()
    if car.esc == 0.0 or vel[0] < wp.static(ESC_SPEED):
        return out
    wanted = wanted_yaw_rate(car, steer, vel[0], friction)
    off = wanted - rate
    turn = wp.sign(off) * wp.max(wp.abs(off) - passes, 0.0) * wp.static(YAW_GAIN)
    slip = (vel[1] + rate * car.rear.x) / vel[0]
    bound = wp.static(0.02 * GRAVITY) * friction + wp.static(SLIP_DEADBAND)
    turn += wp.sign(slip) * wp.max(wp.abs(slip) - bound, 0.0) * wp.static(SLIP_GAIN)
    press = wp.min(wp.abs(turn), 1.0)
    left = turn > 0.0
    # Turning in too far: the outer front wheel; too little: the inner rear one.
    if rate * turn < 0.0:
        out[wp.where(left, 0, 1)] = press
        out[wp.where(left, 2, 3)] = 0.3 * press
    else:
        out[wp.where(left, 2, 3)] = press
    return out


@wp.func
def wheel_pedals(pedal: float, held: float, esc: wp.vec4) -> wp.vec4:
    """Each wheel's pedal; ``esc``: `stability_brakes`.

    Brakes that turn the car the wrong way, as on split friction, are let off from ``held``.
    """
    left = wp.min(esc[1] + esc[3], 1.0)
    right = wp.min(esc[0] + esc[2], 1.0)
    out = wp.vec4(pedal, pedal, pedal, pedal)
    if left > 0.0:
        out[0] = held * (1.0 - left)
        out[2] = held * (1.0 - left)
    if right > 0.0:
        out[1] = held * (1.0 - right)
        out[3] = held * (1.0 - right)
    return wp.max(esc, out)


@wp.func
def work_engine(state: State, world: int, a: int, asked: float, dt: float) -> float:
    """What the engine gives of what it can, 0..1, after its lag."""
    throttle = state.vehicle.throttle[world, a]
    throttle += (asked - throttle) * wp.min(dt / wp.static(THROTTLE_LAG), 1.0)
    state.vehicle.throttle[world, a] = throttle
    return throttle


@wp.func
def light_brakes(state: State, world: int, a: int, pedal: float):
    """Brake lamps."""
    lamp = wp.static(int(Lamp.BRAKE))
    if pedal > 0.02:
        state.lamps[world, a] = state.lamps[world, a] | lamp
    else:
        state.lamps[world, a] = state.lamps[world, a] & (~lamp)


@wp.func
def drive_demand(
    state: State, control: Control, world: int, a: int, car: CarSet, b: CarMotion, friction: float, dt: float
) -> Demand:
    """A driver's demand of a DRIVEN actor after limits and lags; keeps the engine's state and the brake lamps."""
    out = Demand()
    vel = wp.quat_rotate_inv(b.rot, b.vel)
    accel = finite(control.accel[world, a])
    wanted = wp.clamp(finite(control.steer[world, a]), -1.0, 1.0) * car.max_steer
    out.aim = turn_steering(car, b.steer, wanted, dt)
    pedal = wp.clamp(-accel, 0.0, 1.0)
    light_brakes(state, world, a, pedal)
    throttle = work_engine(state, world, a, wp.clamp(accel, 0.0, 1.0), dt)
    esc = stability_brakes(car, vel, b.rate[2], out.aim, friction, wp.static(YAW_DEADBAND))
    if pedal < 0.1:  # a braking driver keeps his brakes
        throttle *= wp.clamp(1.0 - 2.0 * (esc[0] + esc[1] + esc[2] + esc[3]), 0.0, 1.0)
    out.drive = throttle * tractive_force(car, wp.abs(vel[0]), b.spin)
    out.brake = wheel_pedals(pedal, pedal, esc)
    if car.balance > 0.0 and state.fallen[world, a] == 0:
        out.balance = 1.0
        out.lean = -wp.atan(vel[0] * b.rate[2] / wp.static(GRAVITY))
    return out


@wp.func
def trailer_demand(state: State, control: Control, world: int, a: int, head: int, dt: float) -> Demand:
    """Of a trailer in the train of a DRIVEN actor ``head``: the same pedal, after the lag of its brake line."""
    out = Demand()
    pedal = wp.clamp(-finite(control.accel[world, head]), 0.0, 1.0)
    light_brakes(state, world, a, pedal)
    line = state.vehicle.line[world, a]
    line += (pedal - line) * wp.min(dt / wp.static(LINE_LAG), 1.0)
    state.vehicle.line[world, a] = line
    out.brake = wp.vec4(line, line, line, line)
    return out


@wp.func
def loses_balance(car: CarSet, b: CarMotion, ask: Demand) -> bool:
    """Whether a cycle falls: it lies too far off the lean that its bend asks for, or a wheel slides away."""
    if ask.balance == 0.0:
        return False
    side = wp.quat_rotate(b.rot, wp.vec3(0.0, 1.0, 0.0))
    off = wp.asin(wp.clamp(side[2], -1.0, 1.0)) - ask.lean
    vel = wp.quat_rotate_inv(b.rot, b.vel)
    rear = wp.abs(vel[1] + b.rate[2] * car.rear.x)
    front = wp.abs(vel[1] + b.rate[2] * car.front.x - wp.tan(b.steer) * vel[0])
    return wp.abs(off) > wp.static(LOST_LEAN) or wp.max(rear, front) > wp.static(LOST_GRIP) * wp.max(
        wp.abs(vel[0]), 5.0
    )


@wp.func
def wreck_demand(
    scene: Scene, state: State, world: int, a: int, head: int, car: CarSet, b: CarMotion, friction: float
) -> Demand:
    """A body's, in the train of ``head``: the steering stays; that one's driver brakes fully, or nobody does and damaged wheels bind.

    Where he brakes, the car is whole and its stability control works. While it corrects, it lets pressure off from `HELD`: more than that
    the anti-lock system may not grant anyway, and nothing would change.
    """
    out = Demand()
    out.aim = b.steer
    esc = wp.vec4()
    force = scene.vehicle.slide[world, a][0] * friction * car.mass * wp.static(GRAVITY)
    pedal = wp.clamp(force / car.max_brake, 0.0, 1.0)
    if state.motion[world, head] == wp.static(int(Motion.BODY)) and state.vehicle.braking[world, head] != 0:
        pedal = 1.0
        light_brakes(state, world, a, pedal)
        esc = stability_brakes(
            car, wp.quat_rotate_inv(b.rot, b.vel), b.rate[2], b.steer, friction, wp.static(BRAKING_DEADBAND)
        )
    out.brake = wheel_pedals(pedal, wp.min(pedal, wp.static(HELD)), esc)
    state.vehicle.throttle[world, a] = 0.0
    return out
