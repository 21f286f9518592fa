"""Where people sit in vehicles: hips [m] in the actor's frame, the driver's first.

Chosen over sections of the models, so that hands are at the wheel and heads under the roof.
"""

from __future__ import annotations

Vec3 = tuple[float, float, float]


def _pair(x: float, y: float, z: float, back: float = 0.1) -> list[Vec3]:
    """A driver on the left, and a passenger beside him, further ``back``."""
    return [(x, y, z), (x - back, -y, z)]


_CITY, _MPV, _VAN, _LORRY = (
    _pair(0.76, 0.27, 0.63),
    _pair(1.36, 0.36, 0.69),
    _pair(2.8, 0.48, 1.06),
    _pair(3.64, 0.62, 1.66, 0.0),
)
_SUV = _pair(1.26, 0.36, 0.68)
SEATS: dict[str, list[Vec3]] = {
    "beetle": _pair(1.28, 0.36, 0.65, 0.18), "city_car": _CITY, "compact": _pair(1.41, 0.34, 0.58), "coupe": _pair(0.98, 0.36, 0.34),
    "hatchback": _pair(1.36, 0.36, 0.66), "mpv": _MPV, "taxi": _MPV, "pickup": _pair(1.86, 0.36, 0.68), "police_car": _SUV, "suv": _SUV,
    "sedan": _pair(1.52, 0.38, 0.58), "van": _VAN, "ambulance": _VAN, "box_van": _VAN, "small_van": _MPV,
    "minibus": [*_VAN, (1.46, -0.55, 1.12), (0.56, 0.55, 1.12), (1.46, 0.55, 1.12)],
    "lorry": _LORRY, "tipper": _LORRY, "fire_engine": _LORRY,
    "city_bus": [(7.84, 0.7, 0.92), (4.08, 0.92, 1.04), (4.95, -0.92, 1.04), (1.72, 0.92, 1.1), (4.95, 0.92, 1.04)],
    "coach": [(9.2, 0.7, 1.3), (7.29, -0.88, 2.1), (6.5, 0.88, 2.1), (5.73, -0.88, 2.1), (4.17, 0.88, 2.1)],
    "tram": [(9.06, 0.0, 1.15), (5.4, 0.9, 1.2), (6.2, -0.9, 1.2), (4.6, -0.9, 1.2), (0.57, 0.9, 1.2)],
    "articulated_lorry": _pair(11.46, 0.62, 1.9, 0.0), "tractor": _pair(4.18, 0.62, 1.9, 0.0),
    "farm_tractor": [(0.1, 0.0, 1.57)], "forklift": [(0.62, 0.0, 1.21)],
}  # fmt: skip
"""By name."""
