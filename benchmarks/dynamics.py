"""The six-degree-of-freedom vehicle measured: against CommonRoad's multi-body model, by cause, and in time.

    python -m benchmarks.dynamics          # from the checkout's root, with commonroad-vehicle-models and scipy

Prints the tables of docs/dynamics.md.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import warp as wp

from sim.physics.cars import flat_cars, step_cars
from sim.physics.parameters import GRAVITY, peak_argument
from sim.types import Motion
from tests.physics import commonroad as cr
from tests.physics.test_chassis import brake_share, centre, ideal, sedan
from tests.physics.worlds import CAR, actor, build, run, straight, world_rows

SETS = (1, 2, 3)


def flat_vehicle(vehicle: int, track: cr.Track, friction: float) -> tuple[np.ndarray, np.ndarray]:
    """Positions and yaw rates of the flat vehicle (`sim.physics.vehicle`) with a mapped set, under the inputs of a reference run."""
    p = cr.parameters(vehicle)
    base, mass, tyre = p.a + p.b, p.m, p.tire
    most = mass * p.longitudinal.a_max
    changed = {
        "mass": mass, "inertia": (p.I_Phi_s, p.I_y_s, p.I_z), "cog": (p.b, p.h_cg), "wheelbase": base, "track": 0.5 * (p.T_f + p.T_r),
        "wheel_radius": p.R_w, "wheel_inertia": p.I_y_w, "max_steer": p.steering.max, "steer_rate": 1e3,
        "drive_force": most, "power": most * p.longitudinal.v_switch, "drive_front": p.T_se, "brake_force": most,
        "brake_front": p.T_sb, "brake_rate": 1e3, "abs": 0, "drag": 0.0, "rolling": 0.0,
        "tyre_long": (tyre.p_cx1, tyre.p_ex1, tyre.p_kx1, 0.0),
        "tyre_lat": (tyre.p_cy1, tyre.p_ey1, tyre.p_dy1 / tyre.p_dx1, 0.0),
        "tyre_corner": (-tyre.p_ky1 * 500.0, 1000.0, mass * GRAVITY / 4),
        "tyre_peak": (peak_argument(tyre.p_cx1, tyre.p_ex1), peak_argument(tyre.p_cy1, tyre.p_ey1), 0.0, tyre.p_dx1),
    }  # fmt: skip
    kind = CAR | {"mass": mass, "wheelbase": base, "wheel_radius": p.R_w}
    car = actor(kind, x=200.0 - p.b, y=0.0, speed=float(track.speed[0]), motion=Motion.DRIVEN, **changed)
    road = [straight(length=4000.0, lanes=(2, 2), lane_width=100.0)]
    arrays = build([world_rows([car], friction=friction)], road)
    state = arrays[1]
    pos, rate = np.zeros((len(track.time), 2)), np.zeros(len(track.time))
    for k in range(len(track.time)):
        x, y, z, w = state.rot.numpy()[0, 0]
        yaw = math.atan2(2 * (w * z + x * y), 1 - 2 * (y * y + z * z))
        at = state.pos.numpy()[0, 0, :2]
        pos[k] = at[0] + p.b * math.cos(yaw) - 200.0, at[1] + p.b * math.sin(yaw)
        rate[k] = state.ang_vel.numpy()[0, 0, 2]
        following = min(k + 1, len(track.time) - 1)
        arrays[2].steer.fill_(float(track.steer[following] / p.steering.max))
        gives = min(1.0, p.longitudinal.v_switch / max(track.speed[k], 1.0)) if track.accel[k] > 0 else 1.0
        arrays[2].accel.fill_(float(track.accel[k] / (p.longitudinal.a_max * gives)))
        run(arrays, 1)
    return pos, rate


def print_reference() -> None:
    """Both models against the reference."""
    print(
        "\n| manoeuvre | set | end | six degrees: position, yaw rate | flat: position, yaw rate |\n|---|---|---|---|---|"
    )
    for name, manoeuvre in cr.MANOEUVRES.items():
        tracks = [cr.reference(v, name) for v in SETS]
        ours = cr.drive_cars([cr.mapped_set(v) for v in SETS], tracks, manoeuvre.friction)
        for v, track, one in zip(SETS, tracks, ours, strict=True):
            flat = flat_vehicle(v, track, manoeuvre.friction)
            way = np.linalg.norm(np.diff(track.pos, axis=0), axis=1).sum()
            print(f"| {name} | {v} | {way:.0f} m | {cr.compare(track, *one)} | {cr.compare(track, *flat)} |")


def _tyre(**values: float) -> Callable[[Any], None]:
    def change(car: Any) -> None:
        for name, value in values.items():
            setattr(car.tyre, name, value)

    return change


def _rigid(car: Any) -> None:
    car.front.rigid = car.rear.rigid = 0.0


def _set(**values: float) -> Callable[[Any], None]:
    def change(car: Any) -> None:
        for name, value in values.items():
            setattr(car, name, value)

    return change


EFFECTS: dict[str, Callable[[Any], None]] = {
    "wheels lean with the body": _rigid,
    "body's roll and pitch rates move the contact patch": _set(slip_arm=1.0),
    "unsprung masses at the axles in yaw": _set(apart=1.0),
    "unsprung masses at hub height in pitch": _set(unsprung_height=0.344),
    # The cornering stiffness at nominal load stays what it was.
    "load sensitivity": _tyre(dx2=-0.031, dy2=-0.146, ky2=2.13, ky1=-21.92 * (2.13**2 + 1.0) / (2.0 * 2.13)),
    "relaxation (0.15 m, 0.45 m)": _tyre(relax_x=0.15, relax_y=0.45),
    "drag (cd A 0.66 m^2)": _set(drag=0.404),
    "anti-lock system": _set(abs_slip=0.14),
}


def print_effects() -> None:
    """What each effect that the reference leaves out changes, set 2."""
    names = ("step steer", "step steer, limit", "sine with dwell, limit", "braking in a turn, limit", "full brake")
    print("\n| effect switched on | " + " | ".join(names) + " |\n|---" * 1 + "|---" * len(names) + "|")
    for effect, change in EFFECTS.items():
        cells = []
        for name in names:
            track, friction = cr.reference(2, name), cr.MANOEUVRES[name].friction
            with_it = cr.mapped_set(2)
            change(with_it)
            (p0, r0), (p1, r1) = cr.drive_cars([cr.mapped_set(2), with_it], [track, track], friction)
            rms = math.sqrt(float(np.mean((r1 - r0) ** 2)))
            cells.append(f"{np.linalg.norm(p1[-1] - p0[-1]):.2f} m {rms:.4f}")
        print(f"| {effect} | " + " | ".join(cells) + " |")


def turn_limit(car: Any, friction: float, tip: bool = False) -> float:
    """Greatest lateral acceleration over friction times gravity in slowly growing steering; ``tip``: where both inner wheels are off."""
    cars, state, given = flat_cars([car], [[0]], 8.0 + 18.0 * math.sqrt(min(friction, 1.0)), friction, device="cpu")
    seen = []
    for k in range(1200):
        given.steer.fill_(0.00015 * k * math.sqrt(min(friction, 1.0)))
        step_cars(cars, state, given, steps=20)
        seen.append((*state.vel.numpy()[0, 0, :2], state.load.numpy()[0, 0, [0, 2]].max()))
    vx, vy, inner = np.array(seen).T
    vel = np.stack([vx, vy], 1)
    accel = (vel[20:] - vel[:-20]) / 0.2
    along = vel[10:-10] / np.linalg.norm(vel[10:-10], axis=1)[:, None]
    side = np.abs(along[:, 0] * accel[:, 1] - along[:, 1] * accel[:, 0])
    if tip:
        lifted = np.flatnonzero(inner[30:-10] < 1.0)
        return float(side[lifted[0] + 20] / GRAVITY) if len(lifted) else math.nan
    return float(side.max() / (friction * GRAVITY))


def print_losses() -> None:
    """The set "car" with all effects, and with each one alone, as shares of the closed forms."""
    print("\n| set car | friction | deceleration / (mu g) | lateral limit / (mu g) |\n|---|---|---|---|")
    for friction in (1.0, 0.8, 0.6, 0.3, 0.1):
        print(
            f"| everything on | {friction} | {brake_share(sedan(), friction)[0]:.3f} | {turn_limit(sedan(), friction):.3f} |"
        )
    alone: dict[str, Callable[[Any], None]] = {
        "none": lambda car: None,
        "load sensitivity": _tyre(dx2=sedan().tyre.dx2, dy2=sedan().tyre.dy2, ky2=2.13),
        "relaxation": _tyre(relax_x=0.15, relax_y=0.45),
        "drag, rolling resistance": _set(drag=sedan().drag, rolling=sedan().rolling),
    }
    for name, change in alone.items():
        car = ideal()
        change(car)
        lateral = turn_limit(car, 0.8)
        car.abs_slip, car.brake_rate = 0.14, sedan().brake_rate
        print(f"| {name} alone (braked with anti-lock) | 0.8 | {brake_share(car, 0.8)[0]:.3f} | {lateral:.3f} |")


def print_tipping() -> None:
    """Roll-over threshold over half the track over the height, by what is free to move; tall body, high friction."""

    def tall(free: bool, soft: bool) -> Any:
        car = ideal(height=1.2)
        if not free:
            car.travel = 1.0
            for axle in (car.front, car.rear):
                axle.spring, axle.damper, axle.bar = 3e6, 3e4, 0.0
        if not soft:
            car.front.tyre_spring = car.rear.tyre_spring = 4e6
        return car

    print("\n| free to move | threshold / (t / 2h) |\n|---|---|")
    for name, free, soft in (("nothing", False, False), ("tyres", False, True), ("tyres and suspension", True, True)):
        car = tall(free, soft)
        print(f"| {name} | {turn_limit(car, 1.5, tip=True) / (0.5 * car.front.track / centre(car)[1]):.3f} |")


def print_speed() -> None:
    """Processor time of a vehicle's tick on one core."""
    print("\n| steps per tick | vehicles | ns per vehicle and tick |\n|---|---|---|")
    for steps in (10, 5):
        cars, state, given = flat_cars([sedan()], np.zeros((256, 4)), 20.0, device="cpu")
        given.steer.fill_(0.03)
        with wp.ScopedCapture(device="cpu") as capture:
            step_cars(cars, state, given, 0.01, steps)
        best = math.inf
        for _ in range(60):
            start = time.process_time()
            wp.capture_launch(capture.graph)
            best = min(best, time.process_time() - start)
        print(f"| {steps} | 1024 | {1e9 * best / 1024:.0f} |")


if __name__ == "__main__":
    print_reference()
    print_effects()
    print_losses()
    print_tipping()
    print_speed()
