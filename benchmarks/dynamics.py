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
from sim.physics.parameters import actor_parameters
from sim.physics.sets import GRAVITY
from sim.physics.vehicle import STEPS, drive_vehicles
from tests.physics import commonroad as cr
from tests.physics.test_chassis import brake_share, centre, ideal, sedan
from tests.physics.test_limits import FOUR, OPEN, sine_with_dwell
from tests.physics.worlds import actor, build, press, run, world_rows

SETS = (1, 2, 3)


def print_reference() -> None:
    """The model against the reference, with the step that ships and with one of a millisecond."""
    print("\n| manoeuvre | set | way | 3 steps a tick: position, yaw rate | 10 steps |\n|---|---|---|---|---|")
    for name, manoeuvre in cr.MANOEUVRES.items():
        tracks = [cr.reference(v, name) for v in SETS]
        sets = [cr.mapped_set(v) for v in SETS]
        runs = [cr.drive_cars(sets, tracks, manoeuvre.friction, steps=steps) for steps in (STEPS, 10)]
        for v, track, ship, fine in zip(SETS, tracks, *runs, strict=True):
            way = np.linalg.norm(np.diff(track.pos, axis=0), axis=1).sum()
            print(f"| {name} | {v} | {way:.0f} m | {cr.compare(track, *ship)} | {cr.compare(track, *fine)} |")


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
    "load sensitivity": _tyre(dx2=-0.031, dy2=-0.146, ky2=1 / 2.13, ky1=-21.92 * (1.0 + 1 / 2.13**2)),
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
    # Tipping takes a start so fast that tyres' drag in the bend leaves enough.
    quick = math.sqrt(min(friction, 1.0))
    speed = 30.0 if tip else 8.0 + 18.0 * quick
    cars, state, given = flat_cars([car], [[0]], speed, friction, device="cpu")
    seen = []
    for k in range(1200):
        given.steer.fill_(0.00015 * k * quick)
        step_cars(cars, state, given, steps=40 if tip else STEPS)  # locked springs need short steps
        seen.append((*state.vel.numpy()[0, 0, :2], state.load.numpy()[0, 0, [0, 2]].max()))
    vx, vy, inner = np.array(seen).T
    vel = np.stack([vx, vy], 1)
    accel = (vel[20:] - vel[:-20]) / 0.2
    along = vel[10:-10] / np.linalg.norm(vel[10:-10], axis=1)[:, None]
    side = np.abs(along[:, 0] * accel[:, 1] - along[:, 1] * accel[:, 0])
    if tip:
        lifted = np.convolve(inner < 1.0, np.ones(30), "valid")[30:-10] > 29.5
        return float(side[np.argmax(lifted) + 20] / GRAVITY) if lifted.any() else math.nan
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
        "load sensitivity": _tyre(dx2=sedan().tyre.dx2, dy2=sedan().tyre.dy2, ky2=1 / 2.13),
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
    """Roll-over threshold over half the track over the height, by what is free to move; high friction."""

    def tall(free: bool, soft: bool) -> Any:
        car = ideal(height=1.2)
        if not free:
            car.travel = 1.0
            for axle in (car.front, car.rear):
                axle.spring, axle.damper, axle.bar = 3e6, 3e4, 0.0
        if not soft:
            car.front.tyre_spring = car.rear.tyre_spring = 4e6
        return car

    print("\n| set | free to move | threshold / (t / 2h) |\n|---|---|---|")
    for name, free, soft in (("nothing", False, False), ("tyres", False, True)):
        car = tall(free, soft)
        share = turn_limit(car, 1.5, tip=True) / (0.5 * car.front.track / centre(car)[1])
        print(f"| car, centre of gravity at 1.2 m | {name} | {share:.3f} |")
    for name in ("suv", "pickup", "van", "lorry", "bus"):
        car = actor_parameters(**FOUR[name])["car"]
        car.tyre.dx1, car.tyre.dy1 = 1.5 * car.tyre.dx1, 1.5 * car.tyre.dy1
        share = turn_limit(car, 1.5, tip=True) / (0.5 * car.front.track / centre(car)[1])
        print(f"| {name} | all | {share:.3f} |")


def print_stability() -> None:
    """Sine with dwell of FMVSS 126 at 80 km/h: yaw rate left 1 s and 1.75 s after it, over its peak, worst of five amplitudes."""
    print("\n| friction | stability control | after 1 s (bound 0.35) | after 1.75 s (0.2) |\n|---|---|---|---|")
    amplitudes = [0.2, 0.26, 0.33, 0.41, 0.49]
    for friction in (0.9, 0.4):
        for esc in (1.0, 0.0):
            rows = [world_rows([actor(x=200.0, y=-200.0, speed=22.2, esc=esc)], friction=friction) for _ in amplitudes]
            rates, end = sine_with_dwell(build(rows, OPEN), amplitudes)
            peak = np.abs(rates[end - 121 : end]).max(0)
            left = [float((np.abs(rates[end + k]) / peak).max()) for k in (100, 175)]
            print(f"| {friction} | {'on' if esc else 'off'} | {left[0]:.2f} | {left[1]:.2f} |")


def best_time(graph: Any, repeats: int = 100) -> float:
    """Least processor time of a recorded graph [s]."""
    best = math.inf
    for _ in range(repeats):
        start = time.process_time()
        wp.capture_launch(graph)
        best = min(best, time.process_time() - start)
    return best


def print_speed() -> None:
    """Processor time of a vehicle's tick on one core: the model alone on planes, and an actor on a road."""
    print("\n| what | steps per tick | ns per vehicle and tick |\n|---|---|---|")
    for steps in (10, 5, 4, STEPS):
        cars, state, given = flat_cars([sedan()], np.zeros((256, 4)), 20.0, device="cpu")
        given.steer.fill_(0.03)
        with wp.ScopedCapture(device="cpu") as capture:
            step_cars(cars, state, given, 0.01, steps)
        print(f"| model | {steps} | {1e9 * best_time(capture.graph) / 1024:.0f} |")
    for what, y in (("actor astride two lanes: each wheel read by itself", -200.0), ("actor on a road", -100.0)):
        rows = [world_rows([actor(x=300.0 + i, y=y, speed=20.0)]) for i in range(256)]
        arrays = build(rows, OPEN)
        with wp.ScopedCapture(device="cpu") as capture:
            drive_vehicles(*arrays)
        print(f"| {what} | {STEPS} | {1e9 * best_time(capture.graph) / 256:.0f} |")
    press(arrays, accel=-1.0)
    run(arrays, 600)
    print(f"| actor asleep | - | {1e9 * best_time(capture.graph) / 256:.0f} |")


if __name__ == "__main__":
    print_reference()
    print_effects()
    print_losses()
    print_tipping()
    print_stability()
    print_speed()
