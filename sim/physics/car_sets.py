"""Parameter sets of six-degree-of-freedom vehicles, from those of `sim.physics.parameters`.

What the flat vehicle has no use for comes from:

- unsprung share of the mass, 0.11: mean of sets 1 to 3 of CommonRoad (Althoff and Wursching 2020, table 6).
- ride frequencies 1.2 Hz in front, 1.4 Hz behind (flat ride), damping 0.3 of critical: Gillespie 1992, ch. 5; tyres sink 18 mm under the
  static load (the same three sets: 12 to 19 mm).
- anti-roll bars: what the springs leave of the set's roll gradient, shared by its front part.
- weights of combined slip: ADAMS/Tyre handbook, as in CommonRoad, table 7. Relaxation lengths: Pacejka 2012, ch. 7.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from sim.physics.magic_formula import MagicTyre
from sim.physics.parameters import GRAVITY, SETS
from sim.physics.suspension import CarSet

COMBINED = {
    "rbx1": 13.276, "rbx2": -13.778, "rcx1": 1.2568, "rex1": 0.65225, "rhx1": 0.0, "rby1": 7.1433, "rby2": 9.1916, "rby3": 0.0,
    "rcy1": 1.0719, "rey1": -0.27572, "rhy1": 0.0,
}  # fmt: skip
"""Weights of combined slip; without the shifts that make a tyre pull to one side."""
UNSPRUNG = 0.11
RIDE = (1.2, 1.4)
"""Of the front and the rear [Hz]."""
DAMPING = 0.3
SINK = 0.018
"""Of the tyres under the static load [m]."""
ROLL_CENTER = 0.05
"""[m]."""
RELAX_X, RELAX_Y = 0.15, 0.45
"""Relaxation lengths [m]."""
ABS_SLIP = 0.14


def magic_tyre(kind: str, load: float) -> Any:
    """Tyre of a kind of `sim.physics.parameters.SETS` at its static ``load`` [N]."""
    p = SETS[kind].tyre
    tyre = MagicTyre()
    tyre.cx1, tyre.ex1, tyre.kx1, tyre.dx1, tyre.dx2 = p.cx, p.ex, p.kx, p.friction, p.dx2
    tyre.cy1, tyre.ey1, tyre.dy1, tyre.dy2 = p.cy, p.ey, p.friction * p.dy, p.dy2
    tyre.ky1, tyre.ky2, tyre.load = -2.0 * p.ky1 / p.ky2, 1.0 / p.ky2, load
    tyre.relax_x, tyre.relax_y = RELAX_X, RELAX_Y
    for name, value in COMBINED.items():
        setattr(tyre, name, value)
    return tyre


def car_set(row: Mapping[str, Any], kind: str) -> Any:
    """A `CarSet` of an actor on four wheels.

    Args:
        row: Its `sim.physics.parameters.actor_parameters`.
        kind: Its set's name in `sim.physics.parameters.SETS`.
    """
    mass, base, track, radius = row["mass"], row["wheelbase"], row["track"], row["wheel_radius"]
    behind, tall = row["cog"]
    car = CarSet()
    car.mass, car.sprung = mass, (1.0 - UNSPRUNG) * mass
    # The whole mass's centre of gravity is given; wheels hang at their hubs.
    car.height = (mass * tall - (mass - car.sprung) * radius) / car.sprung + SINK
    car.unsprung_height = car.radius = radius
    car.inertia = (car.sprung / mass * row["inertia"][0], *row["inertia"][1:])
    spread = row["roll"]
    arm = car.height - ROLL_CENTER
    stiff = car.sprung * arm * (1.0 / abs(spread[0]) + GRAVITY)
    for axle, x, load, ride, front in (
        (car.front, base - behind, behind / base, RIDE[0], 1.0), (car.rear, -behind, 1.0 - behind / base, RIDE[1], 0.0)
    ):  # fmt: skip
        corner = 0.5 * car.sprung * load
        axle.x, axle.track, axle.mass = x, track, 0.5 * (mass - car.sprung)
        axle.spring = corner * (2.0 * math.pi * ride) ** 2
        axle.damper = 2.0 * DAMPING * math.sqrt(corner * axle.spring)
        share = spread[3] if front else 1.0 - spread[3]
        axle.bar = max(share * stiff - 0.5 * axle.spring * track**2, 0.0)
        axle.roll_center = ROLL_CENTER
        axle.drive = row["drive_front"] if front else 1.0 - row["drive_front"]
        axle.brake = row["brake_front"] if front else 1.0 - row["brake_front"]
    car.travel, car.spin = 0.09, row["wheel_inertia"]
    car.tyre_spring = 0.25 * mass * GRAVITY / SINK
    car.slip_arm = car.apart = car.ackermann = 1.0
    car.max_steer, car.steer_rate = row["max_steer"], row["steer_rate"]
    car.max_drive, car.power = row["drive_force"], row["power"]
    car.max_brake, car.brake_rate = row["brake_force"], row["brake_rate"]
    car.abs_slip = ABS_SLIP if row["abs"] else 0.0
    car.drag, car.rolling = row["drag"], row["rolling"]
    car.tyre = magic_tyre(kind, 0.25 * mass * GRAVITY)
    return car
