"""Parameter sets of vehicles and other bodies: one per kind, scaled to each actor's own mass and size.

Sources
-------
- Tyres of cars: Pacejka, Tyre and Vehicle Dynamics (3rd ed. 2012), table A3.1: 205/60R15 91V at 2.2 bar. Friction is normalised so that the
  road's coefficient is the mean of the peaks lengthwise and crosswise at nominal load; the share left when sliding from Wallman and
  Astrom 2001 (VTI meddelande 911A).
- Tyres of lorries and buses: Fancher et al. 1986, A factbook of the mechanical properties of the components for single-unit and
  articulated heavy trucks (UMTRI-86-12): cornering coefficient near 0.1/deg, peak friction about 0.8 of a car's, less load-sensitive.
- Centres of gravity, inertias: Heydinger et al. 1999, Measured vehicle inertial parameters (SAE 1999-01-1336); UMTRI-86-12 for lorries.
- Roll and pitch: Gillespie 1992, Fundamentals of vehicle dynamics, ch. 6, 7 (roll gradients of 4 to 7 deg/g, 1 to 2 Hz).
- Drag and rolling resistance: Hucho 1998, Aerodynamics of road vehicles; Gillespie ch. 4.
- Sliding of people and of cars after impact: Searle and Searle 1983 (SAE 831622); Fricke 1990, Traffic accident reconstruction.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

GRAVITY = 9.81
"""[m/s^2]."""
AIR_DENSITY = 1.225
"""[kg/m^3]."""


@dataclass(frozen=True)
class Tyre:
    """Magic Formula coefficients in Pacejka's names."""

    cx: float = 1.685
    """pCx1."""
    ex: float = 0.344
    """pEx1."""
    kx: float = 21.51
    """pKx1: slip stiffness over load."""
    dx2: float = -0.037 / 1.210
    """pDx2 / pDx1."""
    cy: float = 1.193
    """pCy1."""
    ey: float = -1.003
    """pEy1."""
    dy: float = 0.990 / 1.210
    """pDy1 / pDx1."""
    dy2: float = -0.145 / 0.990
    """pDy2 / pDy1."""
    ky1: float = 14.95
    """pKy1."""
    ky2: float = 2.13
    """pKy2."""
    sliding: float = 0.75
    """Share of the peak friction left on a locked wheel."""
    friction: float = 2.0 / (1.0 + 0.990 / 1.210)
    """Peak friction lengthwise over the road's coefficient, which stands for the mean of the peaks lengthwise and crosswise."""


CAR_TYRE = Tyre()
TRUCK_TYRE = Tyre(
    cx=1.6, ex=0.3, kx=14.0, dx2=-0.05, cy=1.25, ey=-0.6, dy=0.9, dy2=-0.1, ky1=9.3, ky2=3.0, friction=0.84
)


@dataclass(frozen=True)
class ParameterSet:
    """A kind of vehicle; masses and lengths scale with the actor."""

    front_load: float
    """Front axle's share of the weight."""
    cog_height: float
    """[m]."""
    yaw_radius: float
    """Squared radius of gyration over the product of the axles' distances from the centre of gravity."""
    track: float
    """Over the actor's width."""
    wheel_inertia: float
    """[kg m^2]."""
    max_steer: float
    steer_rate: float
    drive: float
    """Greatest tractive force over weight."""
    power: float
    """At the wheels [W/kg]."""
    drive_front: float
    brake: float
    """Full pedal on a road that holds [m/s^2]."""
    brake_front: float
    drag_area: float
    """cd A [m^2]."""
    rolling: float
    roll_gradient: float
    """[rad per m/s^2]."""
    pitch_gradient: float
    roll_front: float
    """Front axle's share of the lateral load transfer."""
    transfer_height: float
    """Arm of the lateral load transfer over the centre of gravity's height; 0 for what leans into bends."""
    brake_rate: float = 6.0
    tyre: Tyre = CAR_TYRE
    slide: tuple[float, float] = (0.35, 0.8)
    """Friction of a knocked vehicle: partly braked and damaged wheels lengthwise, tyres crosswise."""


_DEG_PER_G = math.pi / 180.0 / GRAVITY

SETS: dict[str, ParameterSet] = {
    "car": ParameterSet(
        0.60, 0.54, 0.95, 0.84, 1.1, 0.61, 0.9, 0.42, 62.0, 1.0, 11.0, 0.66, 0.66, 0.012, 4.8 * _DEG_PER_G, 2.0 * _DEG_PER_G, 0.58, 1.0,
    ),
    "suv": ParameterSet(
        0.55, 0.68, 0.95, 0.83, 1.6, 0.58, 0.9, 0.45, 66.0, 0.5, 11.0, 0.65, 0.88, 0.012, 5.5 * _DEG_PER_G, 2.4 * _DEG_PER_G, 0.56, 1.0,
    ),
    "van": ParameterSet(
        0.52, 0.80, 1.0, 0.84, 1.8, 0.62, 0.8, 0.38, 42.0, 0.0, 10.0, 0.62, 1.6, 0.012, 6.0 * _DEG_PER_G, 2.4 * _DEG_PER_G, 0.55, 1.0,
    ),
    "lorry": ParameterSet(
        0.35, 1.50, 1.1, 0.80, 14.0, 0.70, 0.5, 0.30, 14.0, 0.0, 7.5, 0.45, 5.6, 0.007, 5.0 * _DEG_PER_G, 1.6 * _DEG_PER_G, 0.40, 1.0,
        brake_rate=3.0, tyre=TRUCK_TYRE,
    ),
    "bus": ParameterSet(
        0.36, 1.20, 1.2, 0.82, 12.0, 0.80, 0.5, 0.28, 15.0, 0.0, 7.5, 0.45, 4.8, 0.008, 4.5 * _DEG_PER_G, 1.4 * _DEG_PER_G, 0.42, 1.0,
        brake_rate=3.5, tyre=TRUCK_TYRE,
    ),
    "motorcycle": ParameterSet(
        0.48, 0.62, 1.0, 0.45, 0.5, 0.50, 1.5, 0.75, 190.0, 0.0, 9.0, 0.65, 0.55, 0.015, -1.0 / GRAVITY, 2.0 * _DEG_PER_G, 0.50, 0.0,
        slide=(0.5, 0.6),
    ),
    "bicycle": ParameterSet(
        0.42, 1.00, 1.0, 0.40, 0.08, 0.70, 2.0, 0.15, 3.0, 0.0, 5.5, 0.60, 0.50, 0.006, -1.0 / GRAVITY, 0.5 * _DEG_PER_G, 0.50, 0.0,
        slide=(0.5, 0.6),
    ),
    "person": ParameterSet(
        0.50, 0.95, 1.0, 0.80, 0.1, 0.50, 1.0, 0.1, 3.0, 0.0, 5.0, 0.50, 0.50, 0.02, 0.001, 0.001, 0.5, 0.0, slide=(0.66, 0.66),
    ),
    "thing": ParameterSet(
        0.50, 0.30, 1.0, 0.80, 0.1, 0.50, 1.0, 0.1, 3.0, 0.0, 5.0, 0.50, 0.50, 0.02, 0.001, 0.001, 0.5, 0.0, slide=(0.55, 0.55),
    ),
}  # fmt: skip
"""Parameter sets by name; `VehicleParams.kind` is the place in this order."""

_BY_CATEGORY = {
    "car": "car", "van": "van", "truck": "lorry", "semitrailer": "lorry", "trailer": "lorry", "bus": "bus", "motorbike": "motorcycle",
    "bicycle": "bicycle", "pedestrian": "person", "wheelchair": "person", "animal": "person",
}  # fmt: skip
_SUV_HEIGHT = 1.6
"""Cars at least this high count as SUVs [m]."""


def set_name(category: str, height: float) -> str:
    """Name of the parameter set for an OpenSCENARIO category (lower case) and a height [m]."""
    name = _BY_CATEGORY.get(category, "thing")
    return "suv" if name == "car" and height >= _SUV_HEIGHT else name


def peak_argument(c: float, e: float) -> float:
    """B times slip at which C atan(Bx - E (Bx - atan Bx)) reaches pi/2, by bisection."""
    target = math.tan(0.5 * math.pi / c)
    low, high = 0.0, 50.0
    for _ in range(60):
        x = 0.5 * (low + high)
        if (1.0 - e) * x + e * math.atan(x) < target:
            low = x
        else:
            high = x
    return 0.5 * (low + high)


def actor_parameters(
    category: str,
    size: tuple[float, float, float],
    mass: float,
    *,
    wheelbase: float,
    wheel_radius: float,
    box_center: tuple[float, float, float],
) -> dict[str, Any]:
    """Fields of `sim.types.VehicleParams` of one actor.

    Args:
        category: OpenSCENARIO category, lower case.
        size: Length, width, height [m].
        mass: [kg].
        wheelbase: [m].
        wheel_radius: [m].
        box_center: Centre of the box in the actor's frame [m].
    """
    name = set_name(category, size[2])
    p = SETS[name]
    tyre = p.tyre
    length, width, height = size
    rolls = name not in ("person", "thing")
    front = wheelbase * p.front_load
    cog_x = front if rolls else box_center[0]
    box = [mass * (a**2 + b**2) / 12.0 for a, b in ((width, height), (length, height), (length, width))]
    yaw = max(mass * p.yaw_radius * front * (wheelbase - front) if rolls else box[2], 0.3 * box[2], 1e-3)
    # Vehicles: in pitch as in yaw, in roll a radius of gyration of 0.42 of the height (Heydinger et al. 1999).
    roll, pitch = (mass * (0.42 * height) ** 2, yaw) if rolls else box[:2]
    weight = mass * GRAVITY
    return {
        "mass": mass,
        "inertia": (max(roll, 1e-3), max(pitch, 1e-3), yaw),
        "cog": (cog_x, min(p.cog_height, 0.6 * height) if rolls else 0.5 * height),
        "wheelbase": wheelbase,
        "track": p.track * width,
        "wheel_radius": wheel_radius,
        "wheel_inertia": p.wheel_inertia,
        "max_steer": p.max_steer,
        "steer_rate": p.steer_rate,
        "drive_force": p.drive * weight,
        "power": p.power * mass,
        "drive_front": p.drive_front,
        "brake_force": p.brake * mass,
        "brake_front": p.brake_front,
        "brake_rate": p.brake_rate,
        "abs": int(name not in ("bicycle", "person", "thing")),
        "drag": 0.5 * AIR_DENSITY * p.drag_area,
        "rolling": p.rolling,
        "roll": (p.roll_gradient, 2 * math.pi * 1.4, 0.45, p.roll_front),
        "pitch": (p.pitch_gradient, 2 * math.pi * 1.6, 0.5, p.transfer_height * min(p.cog_height, 0.6 * height)),
        "tyre_long": (tyre.cx, tyre.ex, tyre.kx, tyre.dx2),
        "tyre_lat": (tyre.cy, tyre.ey, tyre.dy, tyre.dy2),
        "tyre_corner": (tyre.ky1, tyre.ky2, weight / 4.0),
        "tyre_peak": (peak_argument(tyre.cx, tyre.ex), peak_argument(tyre.cy, tyre.ey), tyre.sliding, tyre.friction),
        "slide": p.slide,
        "kind": list(SETS).index(name),
        "driver": -1,
    }


def vehicle_row(actors: Sequence[Any]) -> dict[str, np.ndarray]:
    """One world's row of `sim.types.VehicleParams` from its resolved actors (`sim.sampling.ResolvedActor`)."""
    rows = [
        actor_parameters(
            a.spec.category, a.size, a.mass, wheelbase=a.wheelbase, wheel_radius=a.wheel_radius, box_center=a.box_center
        )
        for a in actors
    ]
    whole = ("abs", "kind", "driver")
    return {key: np.array([row[key] for row in rows], np.int32 if key in whole else np.float32) for key in rows[0]}
