"""Batches of six-degree-of-freedom vehicles: their state, what is asked of them, and the kernel that steps them, one thread each."""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false, reportInvalidTypeForm=false
from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import warp as wp

from sim.physics.chassis import Demand, run_tick
from sim.physics.four import (
    Vectors,
    mean_of,
    sub,  # noqa: F401 (operators of wp.vec4)
)
from sim.physics.options import VEHICLES
from sim.physics.sets import GRAVITY
from sim.physics.wheels import CarMotion, Footing, tractive_force, turn_steering
from sim.types import CarSet

wp.set_module_options(VEHICLES)


Rows = wp.types.matrix(shape=(4, 3), dtype=wp.float32)
"""A vector for each wheel."""


@wp.struct
class CarState:
    """Vehicles of all worlds; wheels front left, front right, rear left, rear right."""

    row: wp.array2d[wp.int32]
    """Row of the parameter sets, (nworld, nactor)."""
    pos: wp.array2d[wp.vec3]
    """Centre of gravity of the sprung mass [m], (nworld, nactor)."""
    rot: wp.array2d[wp.quat]
    """Body to world, (nworld, nactor)."""
    vel: wp.array2d[wp.vec3]
    """Of the centre of gravity, world axes [m/s], (nworld, nactor)."""
    rate: wp.array2d[wp.vec3]
    """Angular velocity, body axes [rad/s], (nworld, nactor)."""
    steer: wp.array2d[float]
    """Angle of the front wheels [rad], (nworld, nactor)."""
    spin: wp.array2d[wp.vec4]
    """Of the wheels [rad/s], (nworld, nactor)."""
    lift: wp.array2d[wp.vec4]
    """Rise of the wheels in the body from where the springs carry the static load [m], (nworld, nactor)."""
    lift_rate: wp.array2d[wp.vec4]
    """[m/s], (nworld, nactor)."""
    slip_x: wp.array2d[wp.vec4]
    """Slip of the tyres lengthwise, (nworld, nactor)."""
    slip_y: wp.array2d[wp.vec4]
    """Tangent of their slip angles, (nworld, nactor)."""
    brake: wp.array2d[wp.vec4]
    """Brake pressure, share of full, (nworld, nactor)."""
    load: wp.array2d[wp.vec4]
    """Wheel loads [N], (nworld, nactor)."""


@wp.struct
class CarInput:
    """What drivers and the ground do over a tick."""

    steer: wp.array2d[float]
    """Wanted angle of the front wheels [rad], (nworld, nactor)."""
    drive: wp.array2d[float]
    """Tractive force [N], (nworld, nactor)."""
    brake: wp.array2d[float]
    """Brake force on a road that holds [N], (nworld, nactor)."""
    point: wp.array2d[Rows]
    """A point of the ground's plane at each wheel [m], (nworld, nactor)."""
    normal: wp.array2d[Rows]
    """Normal of that plane, (nworld, nactor)."""
    friction: wp.array2d[wp.vec4]
    """Under each wheel, relative to the tyres' own, (nworld, nactor)."""
    wind: wp.array[wp.vec3]
    """[m/s], (nworld,)."""


@wp.func
def columns(rows: Rows) -> Vectors:
    """A vector for each wheel, by components."""
    out = Vectors()
    out.x = wp.vec4(rows[0, 0], rows[1, 0], rows[2, 0], rows[3, 0])
    out.y = wp.vec4(rows[0, 1], rows[1, 1], rows[2, 1], rows[3, 1])
    out.z = wp.vec4(rows[0, 2], rows[1, 2], rows[2, 2], rows[3, 2])
    return out


@wp.kernel
def _step_cars(cars: wp.array[CarSet], state: CarState, inputs: CarInput, h: float, steps: int):
    """Reads parameter sets and inputs. Writes ``state`` after ``steps`` steps of ``h`` seconds."""
    world, a = wp.tid()
    b = CarMotion()
    b.rot = state.rot[world, a]
    b.vel = state.vel[world, a]
    b.rate = state.rate[world, a]
    b.steer = state.steer[world, a]
    b.spin = state.spin[world, a]
    b.lift = state.lift[world, a]
    b.lift_rate = state.lift_rate[world, a]
    b.slip_x = state.slip_x[world, a]
    b.slip_y = state.slip_y[world, a]
    b.brake = state.brake[world, a]
    pos = state.pos[world, a]
    ground = Footing()
    ground.normal = columns(inputs.normal[world, a])
    ground.friction = inputs.friction[world, a]
    point = columns(inputs.point[world, a])
    ground.point.x = point.x - pos[0]
    ground.point.y = point.y - pos[1]
    ground.point.z = point.z - pos[2]
    ground.floor = mean_of(ground.point)
    ground.floor_normal = wp.normalize(mean_of(ground.normal))
    car = cars[state.row[world, a]]
    ask = Demand()
    ask.aim = turn_steering(car, b.steer, inputs.steer[world, a], h * float(steps))
    speed = wp.dot(b.vel, wp.quat_rotate(b.rot, wp.vec3(1.0, 0.0, 0.0)))
    ask.drive = wp.min(inputs.drive[world, a], tractive_force(car, speed, b.spin))
    pedal = wp.clamp(inputs.brake[world, a] / car.max_brake, 0.0, 1.0)
    ask.brake = wp.vec4(pedal, pedal, pedal, pedal)
    b = run_tick(car, b, ground, ask, inputs.wind[world], h, steps)
    state.pos[world, a] = pos + b.shift
    state.rot[world, a] = b.rot
    state.vel[world, a] = b.vel
    state.rate[world, a] = b.rate
    state.steer[world, a] = b.steer
    state.spin[world, a] = b.spin
    state.lift[world, a] = b.lift
    state.lift_rate[world, a] = b.lift_rate
    state.slip_x[world, a] = b.slip_x
    state.slip_y[world, a] = b.slip_y
    state.brake[world, a] = b.brake
    state.load[world, a] = b.load


def step_cars(cars: wp.array, state: CarState, inputs: CarInput, tick: float = 0.01, steps: int = 3) -> None:
    """Move all vehicles by a tick, in place.

    Args:
        cars: Parameter sets, (nset,) of `CarSet`.
        state: Vehicles.
        inputs: Drivers' demands and the ground under each wheel.
        tick: [s].
        steps: Steps in a tick; ``tick / steps`` may be 0.005 s at most.
    """
    wp.launch(
        _step_cars, dim=state.pos.shape, inputs=[cars, state, inputs, tick / steps, steps], device=state.pos.device
    )


def rest_pose(car: Any) -> tuple[float, float]:
    """Height of the centre of gravity [m] and pitch [rad, nose down] of a vehicle at rest on level ground."""
    front, rear = car.front, car.rear
    base = front.x - rear.x
    sink = [
        0.5 * GRAVITY * (car.sprung * share / base + axle.mass) / axle.tyre_spring
        for axle, share in ((front, -rear.x), (rear, front.x))
    ]
    pitch = math.asin((sink[0] - sink[1]) / base)
    return car.height - sink[0] + front.x * math.sin(pitch), pitch


def flat_cars(
    sets: Sequence[Any], rows: Any, speed: Any, friction: Any = 1.0, device: Any = None
) -> tuple[wp.array, CarState, CarInput]:
    """Vehicles in steady straight running along x on level ground.

    Args:
        sets: Parameter sets (`CarSet`).
        rows: Set of each vehicle, (nworld, nactor).
        speed: [m/s], broadcast to (nworld, nactor).
        friction: The road's, broadcast likewise.
        device: Warp device.

    Returns:
        Parameter sets, state and inputs for `step_cars`.
    """
    rows = np.asarray(rows, np.int32)
    shape = rows.shape
    speed = np.broadcast_to(np.asarray(speed, np.float32), shape)
    cars = wp.array(list(sets), dtype=CarSet, device=device)
    state, inputs = CarState(), CarInput()
    for struct, length in ((state, shape), (inputs, shape)):
        for name, var in struct._cls.vars.items():
            size = length if var.type.ndim == 2 else length[:1]
            setattr(struct, name, wp.zeros(size, dtype=var.type.dtype, device=device))
    pose = np.array([rest_pose(s) for s in sets])[rows]
    radius = np.array([s.radius for s in sets])[rows]
    zero = np.zeros(shape)
    state.row.assign(rows)
    state.pos.assign(np.stack([zero, zero, pose[..., 0]], -1).astype(np.float32))
    half = 0.5 * pose[..., 1]
    state.rot.assign(np.stack([zero, np.sin(half), zero, np.cos(half)], -1).astype(np.float32))
    state.vel.assign(np.stack([speed, zero, zero], -1).astype(np.float32))
    state.spin.assign(np.repeat((speed / radius)[..., None], 4, -1).astype(np.float32))
    inputs.normal.assign(np.broadcast_to(np.array([0, 0, 1], np.float32), (*shape, 4, 3)).copy())
    grip = np.broadcast_to(np.asarray(friction, np.float32), shape)
    inputs.friction.assign(np.repeat(grip[..., None], 4, -1))
    return cars, state, inputs
