"""Parameters of actors: the sets of `sim.physics.sets`, scaled to each actor's own mass and size."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import warp as wp

from sim.physics.sets import AIR_DENSITY, CLEARANCE, CYCLES, FOUR_WHEELS, GRAVITY, SETS, ParameterSet, Tyre, set_name
from sim.road.friction import tyre_factor
from sim.types import CarSet, MagicTyre

COMBINED = {
    "rbx1": 13.276, "rbx2": -13.778, "rcx1": 1.2568, "rex1": 0.65225, "rhx1": 0.0, "rby1": 7.1433, "rby2": 9.1916, "rby3": 0.0,
    "rcy1": 1.0719, "rey1": -0.27572, "rhy1": 0.0,
}  # fmt: skip
"""Weights of combined slip; without the shifts that make a tyre pull to one side."""
SINK = 0.018
"""Of the tyres under the static load [m] (sets 1 to 3 of CommonRoad: 12 to 19 mm)."""
RELAX_X, RELAX_Y = 0.48, 1.45
"""Relaxation lengths over the wheel's radius: 0.15 m and 0.45 m for a car's."""
ABS_SLIP = 0.14
SIDE_DRAG, AIR_CENTER = 0.8, 0.25
"""Drag coefficient of a side, and how far ahead of the wheelbase's middle, over its length, air from ahead pushes it (Hucho 1998, ch. 5:
side force of 2 to 2.5 per rad and frontal area, yaw moment of 0.4 to 0.9 on the wheelbase)."""
OVERREV = 1.15
"""Greatest speed of the driven wheels over the top speed on the level: a top gear is laid out for the engine's greatest power there, and
the limiter cuts in some 15 % above that (Gillespie 1992, ch. 2). Lower gears, whose limit is lower, are not modelled."""

PERSON_CENTER, PERSON_INERTIA = 0.553, (0.0554, 0.0496, 0.0055)
"""Of somebody who stands: height of the centre of gravity over his own, and inertia about his axes over mass and height squared (Santschi,
DuBois and Omoto 1963, AMRL-TDR-63-36, means of 66 men: 0.975 m of 1.763 m; 13.0, 11.6, 1.28 kg m^2 at 75.5 kg)."""


def magic_tyre(p: Tyre, load: float, radius: float) -> Any:
    """Coefficients of a tyre at its static ``load`` [N], for a wheel of ``radius`` [m]."""
    tyre = MagicTyre()
    tyre.cx1, tyre.ex1, tyre.kx1, tyre.dx1, tyre.dx2 = p.cx, p.ex, p.kx, p.friction, p.dx2
    tyre.cy1, tyre.ey1, tyre.dy1, tyre.dy2 = p.cy, p.ey, p.friction * p.dy, p.dy2
    tyre.ky1, tyre.ky2, tyre.vy3 = -2.0 * p.ky1 / p.ky2, 1.0 / p.ky2, p.camber
    tyre.load, tyre.fade = p.nominal * load, p.fade
    tyre.relax_x, tyre.relax_y = RELAX_X * radius, RELAX_Y * radius
    for name, value in COMBINED.items():
        setattr(tyre, name, value)
    return tyre


@dataclass(frozen=True)
class Stand:
    """Where a vehicle's two axles stand and what rests on them."""

    places: tuple[float, float]
    """Ahead of the sprung mass's centre of gravity [m]."""
    sprung: tuple[float, float]
    """On each axle, a trailer's load on it included [kg]."""
    unsprung: tuple[float, float]
    """Of each axle [kg]."""
    borne: float
    """By all wheels [kg]."""


def _stand(car: Any, p: ParameterSet, base: float, carries: tuple[float, float]) -> Stand:
    """Axles of a `CarSet` whose masses are known.

    A trailer's two stand at its bogie, ``base`` behind its coupling, which bears the rest. ``carries``: as of `actor_parameters`.
    """
    loose = car.mass - car.sprung
    if p.spread > 0.0:
        behind = p.front_load * base * car.mass / car.sprung
        sprung = 0.5 * (car.sprung - p.front_load * car.mass)
        places = (p.spread - behind, -p.spread - behind)
        return Stand(places, (sprung, sprung), (0.5 * loose, 0.5 * loose), car.mass * (1.0 - p.front_load))
    behind = base * p.front_load
    ahead, load = carries
    extra = (load * ahead / base, load * (1.0 - ahead / base))
    shares = (p.front_load, 1.0 - p.front_load)
    return Stand(
        (base - behind, -behind),
        tuple(car.sprung * s + e for s, e in zip(shares, extra, strict=True)),
        tuple(loose * s for s in shares),
        car.mass + load,
    )


def _axles(car: Any, p: ParameterSet, stand: Stand, track: float) -> None:
    """Fill in both axles of a `CarSet` whose masses and heights are known."""
    springs = p.suspension
    arm = car.height - 0.5 * sum(springs.roll_center)
    stiff = car.sprung * arm * (1.0 / p.roll_gradient + GRAVITY) if p.roll_gradient > 0.0 else 0.0
    for k, axle in enumerate((car.front, car.rear)):
        corner = 0.5 * stand.sprung[k]
        axle.x, axle.track, axle.mass = stand.places[k], track, stand.unsprung[k]
        axle.bears = corner * GRAVITY
        axle.spring = corner * (2.0 * math.pi * springs.ride[k]) ** 2
        axle.damper = 2.0 * springs.damping * math.sqrt(corner * axle.spring)
        axle.bar = max((k + (1 - 2 * k) * p.roll_front) * stiff - 0.5 * axle.spring * track**2, 0.0)
        axle.roll_center = springs.roll_center[k] + SINK
        axle.tyre_spring = (corner + 0.5 * axle.mass) * GRAVITY / SINK
        axle.drive = k + (1 - 2 * k) * p.drive_front
        axle.brake = k + (1 - 2 * k) * p.brake_front


def axle_slips(car: Any) -> tuple[float, float]:
    """Slip angles of front and rear axle over lateral acceleration [rad s^2/m]: axle loads over cornering stiffnesses."""
    tyre = car.tyre
    loads = [axle.bears + 0.5 * axle.mass * GRAVITY for axle in (car.front, car.rear)]
    stiff = [-tyre.ky1 * z / (1.0 + (tyre.ky2 * z / tyre.load) ** 2) for z in loads]
    return loads[0] / stiff[0] / GRAVITY, loads[1] / stiff[1] / GRAVITY


def car_set(
    name: str,
    size: tuple[float, float, float],
    mass: float,
    *,
    wheelbase: float,
    wheel_radius: float,
    box_center: tuple[float, float, float],
    track: float | None = None,
    coupler: float | None = None,
    carries: tuple[float, float] = (0.0, 0.0),
) -> Any:
    """The `CarSet` of an actor on wheels; arguments as of `actor_parameters`, ``name``: its set's."""
    p = SETS[name]
    base = _base(p, wheelbase, coupler)
    behind, tall = _center(p, size, base)
    car = CarSet()
    car.mass, car.sprung = mass, (1.0 - p.suspension.unsprung) * mass
    # The whole mass's centre of gravity is given; wheels hang at their hubs.
    car.height = (mass * tall - (mass - car.sprung) * wheel_radius) / car.sprung + SINK
    car.stand = car.height - SINK
    car.unsprung_height = car.radius = wheel_radius
    roll, pitch, yaw = _inertia(p, size, mass, wheelbase)
    car.inertia = (car.sprung / mass * roll, pitch, yaw)
    stand = _stand(car, p, base, carries)
    _axles(car, p, stand, track or p.track * size[1])
    car.reference = 0.5 * sum(stand.places) if p.spread > 0.0 else stand.places[1]
    car.nose = (mass - stand.borne) * GRAVITY if p.spread > 0.0 else 0.0
    car.tyre = magic_tyre(p.tyre, 0.25 * stand.borne * GRAVITY, wheel_radius)
    car.slip_front, car.slip_rear = axle_slips(car)
    low, top = CLEARANCE * wheel_radius, box_center[2] + 0.5 * size[2]
    car.hull = (box_center[0] + car.reference, box_center[1], 0.5 * (top + low) - car.stand)
    car.hull_half = (0.5 * size[0], 0.5 * size[1], max(0.5 * (top - low), 0.05))
    car.travel, car.spin = p.suspension.travel, p.wheel_inertia
    car.slip_arm = car.apart = car.ackermann = 1.0
    car.max_steer, car.steer_rate = p.max_steer, p.steer_rate
    car.max_drive, car.power = p.drive * mass * GRAVITY, p.power * mass
    car.max_brake, car.brake_rate = p.brake * stand.borne, p.brake_rate
    car.abs_slip = 0.0 if name in ("bicycle", "trailer") else ABS_SLIP
    four = list(SETS).index(name) < FOUR_WHEELS
    car.esc, car.balance = float(four and p.spread == 0.0), float(not four)
    car.drag, car.rolling = 0.5 * AIR_DENSITY * p.drag_area, p.rolling
    car.side_drag = 0.5 * AIR_DENSITY * SIDE_DRAG * size[0] * size[2]
    car.air_center = (0.5 + AIR_CENTER) * base - behind
    car.top_speed = OVERREV * _top_speed(car)
    car.float_factor = tyre_factor(p.tyre.pressure)
    return car


def _top_speed(car: Any) -> float:
    """Speed at which drag and rolling resistance take all of a vehicle's power on the level [m/s], 0 without an engine."""
    rolling = car.rolling * car.mass * GRAVITY
    speed = (car.power / car.drag) ** (1.0 / 3.0)
    for _ in range(8):  # Newton, from above
        speed -= (car.drag * speed**3 + rolling * speed - car.power) / (3.0 * car.drag * speed**2 + rolling)
    return speed


def _base(p: ParameterSet, wheelbase: float, coupler: float | None) -> float:
    """Distance between what bears a vehicle: its axles, or a trailer's bogie and coupling [m]."""
    return coupler if p.spread > 0.0 and coupler else wheelbase


def _center(p: ParameterSet, size: tuple[float, float, float], wheelbase: float) -> tuple[float, float]:
    """Centre of gravity of a vehicle: ahead of the reference point and over the ground [m]; ``wheelbase``: `_base`."""
    return wheelbase * p.front_load, min(p.cog_height, 0.6 * size[2])


def _inertia(
    p: ParameterSet | None, size: tuple[float, float, float], mass: float, wheelbase: float
) -> tuple[float, float, float]:
    """About roll, pitch and yaw axis [kg m^2]; ``p``: set of a vehicle, None: a box."""
    length, width, height = size
    roll, pitch, box = (mass * (a**2 + b**2) / 12.0 for a, b in ((width, height), (length, height), (length, width)))
    yaw = box
    if p is not None and p.spread == 0.0:
        # In pitch as in yaw, in roll a radius of gyration of 0.42 of the height (Heydinger et al. 1999).
        yaw = mass * p.yaw_radius * p.front_load * (1.0 - p.front_load) * wheelbase**2
        roll = mass * (0.42 * height) ** 2
    yaw = max(yaw, 0.3 * box, 1e-3)
    return max(roll, 1e-3), max(pitch if yaw == box else yaw, 1e-3), yaw


def _person(
    size: tuple[float, float, float], mass: float, middle: float
) -> tuple[tuple[float, float], tuple[float, float, float]]:
    """Centre of gravity and inertia, as in `actor_parameters`, of somebody who stands."""
    scale = mass * size[2] ** 2
    roll, pitch, yaw = (scale * k for k in PERSON_INERTIA)
    return (middle, PERSON_CENTER * size[2]), (roll, pitch, yaw)


def actor_parameters(
    category: str,
    size: tuple[float, float, float],
    mass: float,
    *,
    wheelbase: float,
    wheel_radius: float,
    box_center: tuple[float, float, float],
    track: float | None = None,
    names: tuple[str, ...] = (),
    coupler: float | None = None,
    carries: tuple[float, float] = (0.0, 0.0),
) -> dict[str, Any]:
    """Fields of `sim.types.VehicleParams` of one actor.

    Args:
        category: OpenSCENARIO category, lower case.
        size: Length, width, height [m].
        mass: [kg].
        wheelbase: [m].
        wheel_radius: [m].
        box_center: Centre of the box in the actor's frame [m].
        track: Of a vehicle on four wheels [m]; None: the set's share of the width.
        names: What its asset is called in scenario files.
        coupler: Of a trailer: where it is pulled, ahead of its reference point [m].
        carries: Of what pulls a trailer: where, ahead of its reference point [m], and the trailer's load there [kg].
    """
    name = set_name(category, size, names)
    p = SETS[name]
    kind = list(SETS).index(name)
    rolls = kind < CYCLES
    inertia = _inertia(p if rolls else None, size, mass, wheelbase)
    center = _center(p, size, _base(p, wheelbase, coupler)) if rolls else (box_center[0], box_center[2])
    if category == "pedestrian" and box_center[2] <= 0.5 * size[2] + 1e-3:  # who rides sits higher
        center, inertia = _person(size, mass, box_center[0])
    return {
        "mass": mass, "inertia": inertia, "cog": center, "wheelbase": wheelbase, "wheel_radius": wheel_radius,
        "slide": p.slide, "kind": kind, "driver": -1,
        "car": car_set(
            name, size, mass, wheelbase=wheelbase, wheel_radius=wheel_radius, box_center=box_center,
            track=track if kind < FOUR_WHEELS else None, coupler=coupler, carries=carries,
        )
        if rolls
        else CarSet(),
    }  # fmt: skip


def pack_rows(rows: Sequence[Mapping[str, Any]]) -> dict[str, np.ndarray]:
    """One world's row of `sim.types.VehicleParams` from the `actor_parameters` of its actors."""
    types = {"kind": np.int32, "driver": np.int32}
    out: dict[str, Any] = {
        key: np.array([row[key] for row in rows], types.get(key, np.float32)) for key in rows[0] if key != "car"
    }
    out["car"] = wp.array([row["car"] for row in rows], dtype=CarSet, device="cpu").numpy()
    return out


def vehicle_row(actors: Sequence[Any]) -> dict[str, np.ndarray]:
    """One world's row of `sim.types.VehicleParams` from its resolved actors (`sim.sampling.ResolvedActor`)."""
    rows = [_parameters(a, actors) for a in actors]
    for row, actor in zip(rows, actors, strict=True):
        car = row["car"]
        car.abs_slip = car.abs_slip if actor.spec.abs else 0.0
        car.esc = car.esc if actor.spec.esc else 0.0
        car.max_brake = car.max_brake * wp.float32(actor.spec.brakes)
    return pack_rows(rows)


def _parameters(a: Any, actors: Sequence[Any]) -> dict[str, Any]:
    """`actor_parameters` of a resolved actor; a cycle that is ridden rolls with its rider's mass, and falls with its own."""
    fit = {"wheelbase": a.wheelbase, "wheel_radius": a.wheel_radius, "coupler": a.spec.coupler}
    names = ("tractor",) if pulls_semitrailer(a, actors) else (a.asset.parameters or "", *a.asset.kinds)
    row = actor_parameters(
        a.spec.category, a.size, a.mass, box_center=a.box_center, names=names, carries=nose_load(a, actors),
        track=a.asset.track and a.asset.track * a.size[1] / a.asset.width, **fit,
    )  # fmt: skip
    rider = next((b for b in actors if b.spec.carrier == a.spec.name and b.asset.name == a.asset.rider), None)
    if rider is not None:
        size = (a.size[0], a.size[1], a.asset.ridden_height * a.size[2] / a.asset.height)
        car = car_set(
            set_name(a.spec.category, size, names), size, a.mass + rider.mass,
            box_center=(a.box_center[0], a.box_center[1], 0.5 * size[2]), **fit,
        )  # fmt: skip
        car.hull_half = row["car"].hull_half
        car.hull = (row["car"].hull[0], row["car"].hull[1], row["car"].hull[2] + row["car"].stand - car.stand)
        row["car"] = car
    return row


def pulls_semitrailer(actor: Any, actors: Sequence[Any]) -> bool:
    """Whether a resolved actor pulls a semi-trailer from the start, which makes a truck a tractor."""
    return actor.spec.category == "truck" and any(
        other.spec.category == "semitrailer" and other.spec.name == actor.spec.trailer for other in actors
    )


def nose_load(actor: Any, actors: Sequence[Any]) -> tuple[float, float]:
    """``carries`` of `actor_parameters` of a resolved actor, by the trailer that it pulls from the start."""
    for other in actors:
        if other.spec.name == actor.spec.trailer:
            p = SETS[set_name(other.spec.category, other.size, other.asset.kinds)]
            return actor.spec.hitch or 0.0, p.front_load * other.mass if p.spread > 0.0 else 0.0
    return 0.0, 0.0
