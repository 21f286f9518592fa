"""Parameter sets of vehicles and other bodies, by kind: numbers and where they come from. `sim.physics.parameters` scales them to actors.

Sources
-------
- Tyres of cars: Pacejka, Tyre and Vehicle Dynamics (3rd ed. 2012), table A3.1: 205/60R15 91V at 2.2 bar. The peaks' ratio is that of
  ADAMS/Tyre's tyre in CommonRoad, table 7 (0.89; table A3.1 has 0.82), and both are scaled alike so that the set "car" corners at 0.85 of
  the road's coefficient times gravity or more with all losses (load, slip angles, drag): 1.09 of it lengthwise, 0.98 crosswise.
  Sliding leaves 0.75 of the peak: Wallman and Astrom 2001 (VTI meddelande 911A); Fricke 1990.
- Tyres of lorries and buses: Fancher et al. 1986, A factbook of the mechanical properties of the components for single-unit and
  articulated heavy trucks (UMTRI-86-12): cornering coefficient near 0.1/deg, peak friction about 0.8 of a car's, less load-sensitive.
- Centres of gravity, inertias: Heydinger et al. 1999, Measured vehicle inertial parameters (SAE 1999-01-1336); UMTRI-86-12 for lorries.
  Tracks over widths so that half the track over the height is near the sales-weighted means of model year 2003, 1.41 for cars, 1.17 for
  SUVs, 1.18 for pickups, 1.12 for full-size vans: NHTSA, Trends in the static stability factor (DOT HS 809 868).
- Roll gradients of 4 to 7 deg/g, roll centres, ride frequencies of 1.1 to 1.4 Hz (cars; the rear is the faster one: flat ride) to 2 Hz
  (lorries), damping of 0.3 of critical: Gillespie 1992, Fundamentals of vehicle dynamics, ch. 5 to 7; UMTRI-86-12 for lorries.
- Unsprung share of cars' mass: mean of sets 1 to 3 of Althoff and Wursching 2020, CommonRoad: Vehicle models, table 6.
- Weights of combined slip: ADAMS/Tyre handbook, as in CommonRoad, table 7. Relaxation lengths: Pacejka 2012, ch. 7.
- Cycles: Cossalter 2006, Motorcycle dynamics, ch. 2, 3 (camber stiffness 0.8 to 1.1 of the load per rad); Wilson 2004, Bicycling science.
- Semi-trailers: three axles 1.31 m apart stand as two with the same second moment about the bogie's middle; king pin's share of a full
  load, centre of gravity under mixed freight: UMTRI-86-12. Caravans:
  Darling, Tilley and Gao 2009, An experimental investigation of car-trailer high-speed stability (nose load of 5 to 10 %, overrun brakes).
- Drag and rolling resistance: Hucho 1998, Aerodynamics of road vehicles; Gillespie ch. 4.
- Sliding of people and of cars after impact: Searle and Searle 1983 (SAE 831622); Fricke 1990, Traffic accident reconstruction.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

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
    dy: float = 1.0489 / 1.1739
    """pDy1 / pDx1 (CommonRoad, table 7)."""
    dy2: float = -0.145 / 0.990
    """pDy2 / pDy1."""
    ky1: float = 14.95
    """pKy1."""
    ky2: float = 2.13
    """pKy2."""
    fade: float = 0.2
    """Share of the side force that is lost where the tyre slides at right angles."""
    camber: float = 0.0
    """Thrust over load and inclination [1/rad]."""
    nominal: float = 4000.0 / 3430.0
    """Nominal load over the static one: the tyre's 4000 N on a car of 1400 kg."""
    pressure: float = 220.0
    """[kPa]."""
    friction: float = 1.092
    """Peak friction lengthwise over the road's coefficient: calibrated, see above."""


CAR_TYRE = Tyre()
TRUCK_TYRE = Tyre(
    cx=1.6,
    ex=0.3,
    kx=14.0,
    dx2=-0.05,
    cy=1.25,
    ey=-0.6,
    dy=0.9,
    dy2=-0.1,
    ky1=9.3,
    ky2=3.0,
    nominal=1.0,
    friction=0.84,
    pressure=750.0,
)
CYCLE_TYRE = Tyre(camber=0.9, dy=0.95, friction=1.05)


@dataclass(frozen=True)
class Suspension:
    """Springs, dampers and links of both axles."""

    ride: tuple[float, float] = (1.2, 1.4)
    """Natural frequency of the front and the rear on their springs [Hz]."""
    roll_center: tuple[float, float] = (0.05, 0.12)
    """Heights over the ground [m]."""
    unsprung: float = 0.11
    """Share of the mass."""
    damping: float = 0.3
    """Over critical."""
    travel: float = 0.09
    """Up and down to the stops [m]."""


@dataclass(frozen=True)
class ParameterSet:
    """A kind of vehicle; masses and lengths scale with the actor."""

    front_load: float
    """Front axle's share of the weight, a trailer's coupling's."""
    cog_height: float
    """[m]."""
    yaw_radius: float
    """Squared radius of gyration over the product of the axles' distances from the centre of gravity; trailers count as even boxes."""
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
    """Front axle's share of the brake force."""
    drag_area: float
    """cd A [m^2]."""
    rolling: float
    roll_gradient: float
    """[rad per m/s^2]; 0 for what leans into bends."""
    roll_front: float
    """Front axle's share of the lateral load transfer."""
    suspension: Suspension = Suspension()
    brake_rate: float = 6.0
    tyre: Tyre = CAR_TYRE
    spread: float = 0.0
    """Of trailers: half the distance between the model's two axles, which both stand at the bogie [m]; 0: no trailer."""
    slide: tuple[float, float] = (0.35, 0.8)
    """Friction of a knocked vehicle: partly braked and damaged wheels lengthwise, tyres crosswise."""


_DEG_PER_G = math.pi / 180.0 / GRAVITY

SETS: dict[str, ParameterSet] = {
    "small_car": ParameterSet(
        0.62, 0.53, 0.92, 0.85, 0.8, 0.63, 0.9, 0.38, 50.0, 1.0, 10.5, 0.68, 0.60, 0.012, 5.2 * _DEG_PER_G, 0.57,
        Suspension(ride=(1.25, 1.45)),
    ),
    "car": ParameterSet(0.60, 0.54, 0.95, 0.84, 1.1, 0.61, 0.9, 0.42, 62.0, 1.0, 11.0, 0.66, 0.66, 0.012, 4.8 * _DEG_PER_G, 0.56),
    "suv": ParameterSet(
        0.55, 0.65, 0.95, 0.83, 1.6, 0.58, 0.9, 0.45, 66.0, 0.5, 11.0, 0.65, 0.88, 0.012, 5.5 * _DEG_PER_G, 0.55,
        Suspension((1.25, 1.45), (0.08, 0.15), 0.12, travel=0.1),
    ),
    "pickup": ParameterSet(
        0.57, 0.66, 1.0, 0.80, 2.0, 0.60, 0.8, 0.40, 55.0, 0.0, 10.5, 0.64, 1.1, 0.013, 4.5 * _DEG_PER_G, 0.56,
        Suspension((1.35, 1.75), (0.08, 0.35), 0.13, travel=0.1),
    ),
    "van": ParameterSet(
        0.52, 0.80, 1.0, 0.84, 1.8, 0.62, 0.8, 0.38, 42.0, 0.0, 10.0, 0.62, 1.6, 0.012, 6.0 * _DEG_PER_G, 0.55,
        Suspension((1.3, 1.6), (0.08, 0.30), 0.12, travel=0.1),
    ),
    "lorry": ParameterSet(
        0.35, 1.50, 1.1, 0.80, 14.0, 0.70, 0.5, 0.30, 14.0, 0.0, 7.5, 0.45, 5.6, 0.007, 5.0 * _DEG_PER_G, 0.40,
        Suspension((1.6, 1.9), (0.45, 0.65), 0.13, 0.25), brake_rate=3.0, tyre=TRUCK_TYRE,
    ),
    "tractor": ParameterSet(
        0.58, 1.05, 0.9, 0.80, 14.0, 0.70, 0.5, 0.35, 40.0, 0.0, 7.5, 0.55, 6.0, 0.007, 5.0 * _DEG_PER_G, 0.45,
        Suspension((1.6, 1.9), (0.45, 0.70), 0.22, 0.25), brake_rate=3.0, tyre=TRUCK_TYRE,
    ),
    "bus": ParameterSet(
        0.36, 1.20, 1.2, 0.82, 12.0, 0.80, 0.5, 0.28, 15.0, 0.0, 7.5, 0.45, 4.8, 0.008, 4.5 * _DEG_PER_G, 0.42,
        Suspension((1.1, 1.2), (0.45, 0.60), 0.12, 0.25), brake_rate=3.5, tyre=TRUCK_TYRE,
    ),
    "semitrailer": ParameterSet(
        0.33, 1.95, 1.0, 0.80, 21.0, 0.0, 0.5, 0.0, 0.0, 0.0, 7.0, 0.5, 0.6, 0.007, 5.0 * _DEG_PER_G, 0.5,
        Suspension((1.7, 1.7), (0.70, 0.70), 0.08, 0.25, 0.10), brake_rate=3.0, tyre=TRUCK_TYRE, spread=1.07,
    ),
    "trailer": ParameterSet(
        0.07, 0.75, 1.0, 0.84, 1.0, 0.0, 0.5, 0.0, 0.0, 0.0, 5.0, 0.5, 0.9, 0.012, 5.0 * _DEG_PER_G, 0.5,
        Suspension((1.6, 1.6), (0.20, 0.20), 0.12, 0.2), brake_rate=3.0, spread=0.40,
    ),
    "motorcycle": ParameterSet(
        0.48, 0.62, 1.0, 0.06, 0.25, 0.50, 1.5, 0.75, 190.0, 0.0, 9.0, 0.65, 0.55, 0.015, 0.0, 0.50,
        Suspension((1.8, 2.0), (0.0, 0.0), 0.14, 0.35, 0.06), tyre=CYCLE_TYRE, slide=(0.5, 0.6),
    ),
    "bicycle": ParameterSet(
        0.42, 1.00, 1.0, 0.06, 0.04, 0.70, 2.0, 0.15, 3.0, 0.0, 5.5, 0.60, 0.50, 0.006, 0.0, 0.50,
        Suspension((3.0, 3.0), (0.0, 0.0), 0.08, 0.3, 0.03), tyre=CYCLE_TYRE, slide=(0.5, 0.6),
    ),
    "person": ParameterSet(0.50, 0.95, 1.0, 0.80, 0.1, 0.50, 1.0, 0.1, 3.0, 0.0, 5.0, 0.50, 0.50, 0.02, 0.0, 0.5, slide=(0.66, 0.66)),
    "thing": ParameterSet(0.50, 0.30, 1.0, 0.80, 0.1, 0.50, 1.0, 0.1, 3.0, 0.0, 5.0, 0.50, 0.50, 0.02, 0.0, 0.5, slide=(0.55, 0.55)),
}  # fmt: skip
"""Parameter sets by name; `VehicleParams.kind` is the place in this order."""

_BY_CATEGORY = {
    "car": "car", "van": "van", "truck": "lorry", "semitrailer": "semitrailer", "trailer": "trailer", "bus": "bus", "tram": "bus",
    "motorbike": "motorcycle",
    "bicycle": "bicycle", "pedestrian": "person", "wheelchair": "person", "animal": "person",
}  # fmt: skip
_SUV_HEIGHT, _SMALL_LENGTH = 1.6, 4.0
"""Cars at least this high count as SUVs, others shorter than this as small [m]."""

FOUR_WHEELS, CYCLES = list(SETS).index("motorcycle"), list(SETS).index("person")
"""Kinds before the first have two axles of two wheels, those from there to the second two wheels in line."""
CLEARANCE = 0.55
"""Height of a vehicle's body over the ground, over the wheel's radius."""
SEMITRAILER = list(SETS).index("semitrailer")
"""Kind of what lies on a fifth wheel; other trailers hang on a ball."""


def set_name(category: str, size: tuple[float, float, float], names: tuple[str, ...] = ()) -> str:
    """Name of an actor's parameter set.

    Args:
        category: OpenSCENARIO category, lower case.
        size: Length, width, height [m].
        names: What its asset is called in scenario files; one that names a set decides.
    """
    if category in ("semitrailer", "trailer"):
        return category
    for name in names:
        if name in SETS and name != "car":
            return name
    name = _BY_CATEGORY.get(category, "thing")
    if name == "car":
        return "suv" if size[2] >= _SUV_HEIGHT else "small_car" if size[0] < _SMALL_LENGTH else "car"
    return name
