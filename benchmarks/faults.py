"""Faults, surfaces, water and side wind measured on the set "car".

    python -m benchmarks.faults          # from the checkout's root

Prints the tables of docs/dynamics.md, section "Faults and surfaces".
"""

from __future__ import annotations

import numpy as np

from sim.physics.sets import GRAVITY
from sim.road.friction import GRIPS, film_depth, film_factor, horne_speed, tyre_factor
from sim.types import Fault
from tests.physics.test_faults import aside, car
from tests.physics.test_surfaces import deceleration, stretch
from tests.physics.worlds import actor, build, run, world_rows

FAULTS: dict[str, int] = {
    "none": 0, "front left tyre burst": Fault.BURST, "rear left tyre burst": Fault.BURST << 2,
    "front left wheel lost": Fault.WHEEL_LOST, "rear left wheel lost": Fault.WHEEL_LOST << 2,
}  # fmt: skip


def print_wheels() -> None:
    """Where a car of 120 km/h goes that nobody steers."""
    print("\n| 33.3 m/s, hands off | 1 s | 2 s | 3 s | yaw rate at 1 s | slower by 1 s |\n|---|---|---|---|---|---|")
    for name, fault in FAULTS.items():
        arrays = car(33.3, fault)
        ways = []
        for second in range(3):
            run(arrays, 100)
            ways.append(f"{aside(arrays):+.2f} m")
            if second == 0:
                rate, slower = arrays[1].ang_vel.numpy()[0, 0, 2], 33.3 - arrays[1].speed.numpy()[0, 0]
        print(f"| {name} | {' | '.join(ways)} | {rate:+.3f} rad/s | {slower:.2f} m/s |")


def print_brakes() -> None:
    """Mean deceleration of a full brake application from 30 to 5 m/s, by what is left of the brakes."""
    print("\n| full brake from 30 m/s | deceleration to 5 m/s | brakes at the end |\n|---|---|---|")
    lost = {"all circuits": (), "diagonal lost": (0, 3), "front lost": (0, 1), "rear lost": (2, 3)}
    cases = [(name, wheels, 0.0) for name, wheels in lost.items()]
    cases += [(f"hot, {heat + 15:.0f} degC", (), heat) for heat in (335.0, 485.0, 685.0)]
    for name, wheels, heat in cases:
        arrays = car(30.0, Fault.BRAKES, accel=-1.0)
        loss = np.zeros((1, 1, 4), np.float32)
        loss[0, 0, list(wheels)] = 1.0
        arrays[1].faults.brake_loss.assign(loss)
        arrays[1].faults.heat.fill_(heat)
        ticks = 0
        while arrays[1].speed.numpy()[0, 0] > 5.0 and ticks < 4000:
            run(arrays, 1)
            ticks += 1
        warm = arrays[1].faults.heat.numpy()[0, 0].max() + 15.0
        print(f"| {name} | {25.0 / (0.01 * ticks):.2f} m/s^2 | {warm:.0f} degC |")


def print_surfaces() -> None:
    """Full braking on each surface."""
    print("\n| surface | friction | rolling resistance | deceleration over g, dry | wet |\n|---|---|---|---|---|")
    for name, grip in GRIPS.items():
        dry, wet = (deceleration(20.0, stretch(name), wetness=w) / GRAVITY for w in (0.0, 1.0))
        print(f"| {name} | {grip.friction:g} | {grip.rolling:g} | {dry:.2f} | {wet:.2f} |")


def print_water() -> None:
    """Onset of aquaplaning, and braking in 5 mm of water."""
    print("\n| water | onset at 165 kPa | 220 kPa | 750 kPa |\n|---|---|---|---|")
    depths = [(f"{d:g} mm", d * 1e-3) for d in (0.5, 1.0, 2.4, 5.0, 10.0)]
    depths += [(f"{r} mm/h of rain: {film_depth(r) * 1e3:.2f} mm", film_depth(r)) for r in (25, 50, 100)]
    for name, depth in depths:
        speeds = (f"{3.6 * tyre_factor(p) * film_factor(depth):.0f} km/h" for p in (165.0, 220.0, 750.0))
        print(f"| {name} | {' | '.join(speeds)} |")
    print(f"| Horne and Dreher | {' | '.join(f'{3.6 * horne_speed(p):.0f} km/h' for p in (165.0, 220.0, 750.0))} |")
    print("\n| speed in 5 mm of water | deceleration |\n|---|---|")
    for speed in (50, 60, 70, 80, 90, 100, 120):
        print(f"| {speed} km/h | {deceleration(speed / 3.6, stretch('water'), ticks=20):.2f} m/s^2 |")


def print_wind() -> None:
    """Where side wind carries a car that nobody steers."""
    print("\n| side wind at 33.3 m/s, hands off | 1 s | 2 s | yaw rate at 2 s |\n|---|---|---|---|")
    for wind in (5.0, 10.0, 20.0):
        arrays = build([world_rows([actor(x=200.0, y=-200.0, speed=33.3)], wind=(0.0, wind))], stretch("asphalt"))
        ways = []
        for _ in range(2):
            run(arrays, 100)
            ways.append(f"{aside(arrays):+.2f} m")
        print(f"| {wind:g} m/s | {' | '.join(ways)} | {arrays[1].ang_vel.numpy()[0, 0, 2]:+.3f} rad/s |")


if __name__ == "__main__":
    print_wheels()
    print_brakes()
    print_surfaces()
    print_water()
    print_wind()
