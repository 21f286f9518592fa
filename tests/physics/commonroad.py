"""Manoeuvres in the multi-body model of CommonRoad, the reference for the vehicle's dynamics.

Althoff, Koschi and Manzinger 2017, CommonRoad: Composable benchmarks for motion planning on roads (IV 2017), and its vehicle model
document (29 states, after Allen et al. 1992, VDANL). That model writes z down and y to the right; it is symmetric, so its y, yaw and
steering are read as ours here, and its left wheels are our right ones.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from scipy.integrate import solve_ivp
from vehiclemodels.init_mb import init_mb
from vehiclemodels.vehicle_dynamics_mb import vehicle_dynamics_mb
from vehiclemodels.vehicle_parameters import setup_vehicle_parameters

from sim.physics.cars import flat_cars, step_cars
from sim.types import CarSet, MagicTyre

TICK = 0.01
Inputs = Callable[[float, np.ndarray, Any], tuple[float, float]]
"""Time, state, parameters -> wanted steering angle [rad], acceleration asked of the wheels [m/s^2]."""


@dataclass(frozen=True)
class Manoeuvre:
    """What is driven; ``limit``: tyres saturate."""

    speed: float
    seconds: float
    inputs: Inputs
    limit: bool
    friction: float = 1.0
    """Of the road, relative to the tyres' own; below 1 tyres saturate before wheels lift, where those of the reference hold to the road."""


@dataclass(frozen=True)
class Track:
    """Motion sampled every tick, first sample at 0 s; all (n,) unless said."""

    time: np.ndarray
    steer: np.ndarray
    """Angle of the front wheels [rad]."""
    accel: np.ndarray
    """Asked for in the tick that starts here [m/s^2]."""
    pos: np.ndarray
    """Centre of gravity of the sprung mass [m], (n, 2)."""
    speed: np.ndarray
    yaw_rate: np.ndarray
    roll: np.ndarray
    """Positive: left side up [rad]."""
    pitch: np.ndarray
    """Positive: nose down [rad]."""


def step_steer(angle: float) -> Inputs:
    """ISO 7401: to ``angle`` at the steering's own rate, after 0.5 s."""
    return lambda t, _x, _p: (angle if t >= 0.5 else 0.0, 0.0)


def sine_with_dwell(angle: float) -> Inputs:
    """FMVSS 126: 0.7 Hz, held for 0.5 s at the second peak."""

    def inputs(t: float, _x: np.ndarray, _p: Any) -> tuple[float, float]:
        t = t - 0.5
        period = 1.0 / 0.7
        if t < 0.0 or t > period + 0.5:
            return 0.0, 0.0
        phase = t if t < 0.75 * period else max(t - 0.5, 0.75 * period)
        return angle * math.sin(2.0 * math.pi * phase / period), 0.0

    return inputs


def brake_in_turn(angle: float, deceleration: float) -> Inputs:
    """ISO 7975: brakes after 2.5 s of a steady turn."""
    return lambda t, _x, _p: (angle, -deceleration if t >= 2.5 else 0.0)


def full_brake(deceleration: float) -> Inputs:
    """Straight ahead after 0.5 s, as hard as no wheel locks: with a locked one the reference spins, on a straight road."""
    return lambda t, _x, _p: (0.0, -deceleration if t >= 0.5 else 0.0)


def constant_radius(radius: float, acceleration: float) -> Inputs:
    """ISO 4138: the steering holds the radius while speed grows."""

    def inputs(_t: float, x: np.ndarray, p: Any) -> tuple[float, float]:
        curvature = min(x[0] / 20.0, 1.0) / radius
        return (p.a + p.b) * curvature + 0.6 * (curvature * x[3] - x[5]), acceleration

    return inputs


MANOEUVRES = {
    "step steer": Manoeuvre(20.0, 5.0, step_steer(0.03), False),
    "step steer, limit": Manoeuvre(20.0, 5.0, step_steer(0.06), True, 0.6),
    "sine with dwell": Manoeuvre(22.2, 5.0, sine_with_dwell(0.025), False),
    "sine with dwell, limit": Manoeuvre(22.2, 5.0, sine_with_dwell(0.04), True, 0.6),
    "braking in a turn": Manoeuvre(20.0, 5.0, brake_in_turn(0.025, 4.0), False),
    "braking in a turn, limit": Manoeuvre(20.0, 5.0, brake_in_turn(0.04, 3.0), True, 0.6),
    "full brake": Manoeuvre(30.0, 5.0, full_brake(7.0), False),
    "constant radius": Manoeuvre(10.0, 5.0, constant_radius(80.0, 1.5), False),
}


@cache
def parameters(vehicle: int, friction: float = 1.0) -> Any:
    """The package's parameter set 1 (Ford Escort), 2 (BMW 320i) or 3 (VW Vanagon), its tyres' friction scaled."""
    p = setup_vehicle_parameters(vehicle_id=vehicle)
    for name in ("p_dx1", "p_dy1", "p_vy1", "p_vy3"):
        setattr(p.tire, name, friction * getattr(p.tire, name))
    return p


def settled(p: Any, speed: float) -> np.ndarray:
    """State of straight running with the suspension at rest; the package's own start lets the body drop by 2 cm."""
    x = np.array(init_mb([0.0, 0.0, 0.0, speed, 0.0, 0.0, 0.0], p))
    x[8] = (x[21] - x[16]) / (p.a + p.b)
    x[11] = x[16] + p.a * x[8]
    return x


def drive_reference(vehicle: int, manoeuvre: Manoeuvre) -> Track:
    """The manoeuvre in the multi-body model, until its end or 1 m/s."""
    p = parameters(vehicle, manoeuvre.friction)
    gain = 1.0 / (0.5 * TICK)

    def rates(t: float, x: np.ndarray) -> list[float]:
        angle, accel = manoeuvre.inputs(t, x, p)
        return vehicle_dynamics_mb(x.tolist(), [gain * (angle - x[2]), accel], p)

    def slow(_t: float, x: np.ndarray) -> float:
        return x[3] - 1.0

    slow.terminal = True  # type: ignore[attr-defined]
    time = np.arange(0.0, manoeuvre.seconds + 0.5 * TICK, TICK)
    atol = np.full(29, 1e-6)
    atol[23:27] = 1e-2  # a wheel's spin stops at zero with a jump, which smaller steps never resolve
    out = solve_ivp(
        rates, (0.0, time[-1]), settled(p, manoeuvre.speed), "LSODA", time, rtol=1e-5, atol=atol, max_step=TICK,
        events=slow,
    )  # fmt: skip
    x, time = out.y, out.t
    accel = np.array([manoeuvre.inputs(t + 0.5 * TICK, x[:, i], p)[1] for i, t in enumerate(time)])
    return Track(time, x[2], accel, x[:2].T, np.hypot(x[3], x[10]), x[5], -x[6], -x[8])


@cache
def reference(vehicle: int, name: str) -> Track:
    """`drive_reference` of a manoeuvre of `MANOEUVRES`, driven once."""
    return drive_reference(vehicle, MANOEUVRES[name])


@dataclass(frozen=True)
class Difference:
    """How far a model is from the reference."""

    position: float
    """At the end [m]."""
    yaw_rate: float
    """Root mean square [rad/s]."""
    peak: float
    """Greatest yaw rate of the reference [rad/s]."""

    def __str__(self) -> str:
        share = f"{100 * self.yaw_rate / self.peak:5.1f} %" if self.peak >= 0.05 else f"{self.yaw_rate:.4f}"
        return f"{self.position:6.2f} m {share:>8}"


def compare(track: Track, pos: np.ndarray, yaw_rate: np.ndarray) -> Difference:
    """Of a model's positions (n, 2) and yaw rates (n,) at the times of ``track``."""
    return Difference(
        float(np.linalg.norm(pos[-1] - track.pos[-1])),
        float(np.sqrt(np.mean((yaw_rate - track.yaw_rate) ** 2))),
        float(np.abs(track.yaw_rate).max()),
    )


def mapped_set(vehicle: int) -> Any:
    """The package's set as ours, in the configuration of that model: no load sensitivity, relaxation, drag, anti-lock system."""
    p = parameters(vehicle)
    car, tyre = CarSet(), MagicTyre()
    for name in (n for n in tyre._cls.vars if n[0] in "cdekhv"):
        setattr(tyre, name, getattr(p.tire, f"p_{name}", 0.0))
    for name in (n for n in tyre._cls.vars if n.startswith("r") and hasattr(p.tire, f"r_{n[1:]}")):
        setattr(tyre, name, getattr(p.tire, f"r_{name[1:]}"))
    tyre.rhy1, tyre.rvy6 = -tyre.rhy1, -tyre.rvy6  # slip is positive when braked there
    tyre.load = p.m * 9.81 / 4
    car.tyre = tyre
    car.mass, car.sprung, car.inertia = p.m, p.m_s, (p.I_Phi_s, p.I_y_s, p.I_z)
    car.height = car.unsprung_height = p.h_s
    for axle, end, x, drive, brake in (
        (car.front, "f", p.a, p.T_se, p.T_sb), (car.rear, "r", -p.b, 1 - p.T_se, 1 - p.T_sb)
    ):  # fmt: skip
        axle.x, axle.drive, axle.brake = x, drive, brake
        axle.track, axle.mass = getattr(p, f"T_{end}"), getattr(p, f"m_u{end}")
        axle.spring, axle.damper = getattr(p, f"K_s{end}"), getattr(p, f"K_sd{end}")
        axle.bar, axle.roll_center = -getattr(p, f"K_ts{end}"), getattr(p, f"h_ra{end}")
        axle.rigid = 1.0
        axle.bears = 0.5 * p.m_s * 9.81 * (1.0 - abs(x) / (p.a + p.b))
        axle.camber, axle.camber2 = getattr(p, f"D_{end}"), getattr(p, f"E_{end}")
    car.travel, car.radius, car.spin = 1.0, p.R_w, p.I_y_w
    car.tyre_side = p.K_lt
    car.front.tyre_spring = car.rear.tyre_spring = p.K_zt
    car.max_steer, car.steer_rate = p.steering.max, 1e3
    car.max_drive = car.max_brake = p.m * p.longitudinal.a_max
    car.power = p.m * p.longitudinal.a_max * p.longitudinal.v_switch
    car.brake_rate = 1e6
    return car


def world_yaw_rate(q: np.ndarray, rate: np.ndarray) -> float:
    """Part about the world's vertical of an angular velocity in body axes."""
    up = 2 * (q[0] * q[2] - q[3] * q[1]), 2 * (q[1] * q[2] + q[3] * q[0]), 1 - 2 * (q[0] ** 2 + q[1] ** 2)
    return float(np.dot(up, rate))


def drive_cars(
    sets: list[Any], tracks: list[Track], friction: float = 1.0, steps: int = 3
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Positions (n, 2) and yaw rates (n,) of our vehicles, one per world, under the inputs of reference runs."""
    rows = np.arange(len(sets))[:, None]
    cars, state, inputs = flat_cars(sets, rows, [[t.speed[0]] for t in tracks], friction, device="cpu")
    mass = np.array([s.mass for s in sets])
    count = max(len(t.time) for t in tracks)
    out = [(np.zeros((len(t.time), 2)), np.zeros(len(t.time))) for t in tracks]
    for k in range(count):
        for i, (pos, rate) in enumerate(out):
            if k < len(rate):
                pos[k] = state.pos.numpy()[i, 0, :2]
                rate[k] = world_yaw_rate(state.rot.numpy()[i, 0], state.rate.numpy()[i, 0])
        now = [min(k + 1, len(t.time) - 1) for t in tracks]
        steer = np.array([t.steer[j] for t, j in zip(tracks, now, strict=True)])
        accel = mass * [t.accel[j - 1] for t, j in zip(tracks, now, strict=True)]
        inputs.steer.assign(steer[:, None].astype(np.float32))
        inputs.drive.assign(np.maximum(accel, 0)[:, None].astype(np.float32))
        inputs.brake.assign(np.maximum(-accel, 0)[:, None].astype(np.float32))
        step_cars(cars, state, inputs, TICK, steps)
    return out
