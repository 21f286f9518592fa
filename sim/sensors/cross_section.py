"""How strongly things reflect at 77 GHz, and what rain takes away."""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

import math

import numpy as np
import warp as wp

from sim.render.mesh import Semantic
from sim.types import Scene

wp.set_module_options({"enable_backward": False})

ACTORS: dict[Semantic, tuple[float, float, float, float]] = {
    Semantic.CAR: (12.0, 20.0, 14.0, 0.0),
    Semantic.VAN: (14.0, 23.0, 16.0, 0.0),
    Semantic.TRUCK: (20.0, 30.0, 24.0, 0.0),
    Semantic.BUS: (20.0, 30.0, 24.0, 0.0),
    Semantic.TRAIN: (25.0, 35.0, 25.0, 0.0),
    Semantic.TRAILER: (18.0, 28.0, 22.0, 0.0),
    Semantic.MOTORCYCLE: (2.0, 8.0, 2.0, 0.0),
    Semantic.BICYCLE: (-6.0, 1.0, -6.0, 0.0),
    Semantic.RIDER: (-5.0, -5.0, -5.0, 0.6),
    Semantic.PERSON: (-5.0, -5.0, -5.0, 0.6),
    Semantic.ANIMAL: (-5.0, -2.0, -5.0, 0.6),
    Semantic.OBSTACLE: (-6.0, -6.0, -6.0, 1.0),
    Semantic.TRAFFIC_CONE: (-12.0, -12.0, -12.0, 0.2),
    Semantic.STATIC: (-3.0, -3.0, -3.0, 1.0),
}
"""Radar cross-section of actors seen from ahead, from the side and from behind [dBsm]; then the projected area that this is of [m^2],
with which it grows, or 0 for what has it at any size.

Orders of magnitude of measurements at 76 to 79 GHz and of the corridors that test targets must keep: cars 10 to 20 (ISO 19206-3;
Schipper et al. 2011), lorries 20 to 30, motorcycles 0 to 8, bicycles -8 to 2 (ISO 19206-4), pedestrians -8 to 0 (ISO 19206-2;
Yamada et al. 2005), deer like people.
"""

SURFACES: dict[Semantic, float] = {
    Semantic.ROAD: -35.0, Semantic.ROAD_MARKING: -35.0, Semantic.SIDEWALK: -30.0, Semantic.TERRAIN: -22.0, Semantic.VEGETATION: -13.0,
    Semantic.BUILDING: -12.0, Semantic.WALL: -12.0, Semantic.FENCE: -5.0, Semantic.GUARD_RAIL: 3.0, Semantic.POLE: 5.0,
    Semantic.TRAFFIC_SIGN: 8.0, Semantic.TRAFFIC_LIGHT: 3.0, Semantic.STATIC: -3.0,
}  # fmt: skip
"""Cross-section of surroundings per square metre across the ray [dB]; of ground at the flat angles at which radars see it."""

MIRRORS: dict[Semantic, float] = {
    Semantic.GUARD_RAIL: 0.5, Semantic.CAR: 0.15, Semantic.VAN: 0.3, Semantic.TRUCK: 0.3, Semantic.BUS: 0.3, Semantic.TRAIN: 0.3,
    Semantic.TRAILER: 0.3, Semantic.BUILDING: 0.03, Semantic.WALL: 0.03,
}  # fmt: skip
"""Share of power that goes on in the mirror's direction."""

DEFAULT_SURFACE = -15.0
NCLASS = 32


@wp.struct
class Reflectivity:
    """The tables above by class."""

    actor: wp.array[wp.vec4]
    """Ahead, side, behind [dBsm], area [m^2], (NCLASS,)."""
    surface: wp.array[float]
    """Cross-section per area, as a ratio, (NCLASS,)."""
    mirror: wp.array[float]
    """(NCLASS,)."""


def make_reflectivity(device: wp.DeviceLike) -> Reflectivity:
    """The tables on a device."""
    actor = np.full((NCLASS, 4), (DEFAULT_SURFACE, DEFAULT_SURFACE, DEFAULT_SURFACE, 1.0), np.float32)
    surface, mirror = np.full(NCLASS, 10 ** (DEFAULT_SURFACE / 10), np.float32), np.zeros(NCLASS, np.float32)
    for semantic, row in ACTORS.items():
        actor[semantic] = row
    for semantic, level in SURFACES.items():
        surface[semantic] = 10 ** (level / 10)
    for semantic, share in MIRRORS.items():
        mirror[semantic] = share
    out = Reflectivity()
    out.actor = wp.array(actor, dtype=wp.vec4, device=device)
    out.surface = wp.array(surface, dtype=float, device=device)
    out.mirror = wp.array(mirror, dtype=float, device=device)
    return out


@wp.func
def projected_area(size: wp.vec3, d: wp.vec3) -> float:
    """Area of a box seen along a direction of its own frame [m^2]."""
    return size[1] * size[2] * wp.abs(d[0]) + size[0] * size[2] * wp.abs(d[1]) + size[0] * size[1] * wp.abs(d[2])


@wp.func
def cross_section(row: wp.vec4, d: wp.vec3, area: float) -> float:
    """Radar cross-section of a whole actor [m^2] for a ray along ``d``, unit, in its frame.

    Lobes about its axes, cos^8 of the angle from each, over what its corners show: 3 dB less than its weaker end.
    """
    corner = wp.min(row[0], row[2]) - 3.0
    c = d[0] * d[0]
    s = d[1] * d[1]
    level = corner + wp.where(d[0] < 0.0, row[0] - corner, row[2] - corner) * c * c * c * c
    level += (row[1] - corner) * s * s * s * s
    scale = float(1.0)
    if row[3] > 0.0:
        scale = area / row[3]
    return wp.pow(10.0, 0.1 * level) * scale


def rain_coefficients(frequency: float) -> tuple[float, float]:
    """K and alpha of ITU-R P.838-3: rain of R mm/h attenuates by k R^alpha dB/km; level path, polarised at 45 degrees.

    Args:
        frequency: [Hz].
    """
    x = math.log10(frequency * 1e-9)

    def bells(rows: tuple[tuple[float, float, float], ...], slope: float, offset: float) -> float:
        return sum(a * math.exp(-(((x - b) / c) ** 2)) for a, b, c in rows) + slope * x + offset

    k_h = 10 ** bells(
        ((-5.33980, -0.10008, 1.13098), (-0.35351, 1.26970, 0.45400), (-0.23789, 0.86036, 0.15354), (-0.94158, 0.64552, 0.16817)),
        -0.18961, 0.71147,
    )  # fmt: skip
    k_v = 10 ** bells(
        ((-3.80595, 0.56934, 0.81061), (-3.44965, -0.22911, 0.51059), (-0.39902, 0.73042, 0.11899), (0.50167, 1.07319, 0.27195)),
        -0.16398, 0.63297,
    )  # fmt: skip
    alpha_h = bells(
        (
            (-0.14318, 1.82442, -0.55187), (0.29591, 0.77564, 0.19822), (0.32177, 0.63773, 0.13164),
            (-5.37610, -0.96230, 1.47828), (16.1721, -3.29980, 3.43990),
        ),
        0.67849, -1.95537,
    )  # fmt: skip
    alpha_v = bells(
        (
            (-0.07771, 2.33840, -0.76284), (0.56727, 0.95545, 0.54039), (-0.20238, 1.14520, 0.26809),
            (-48.2991, 0.791669, 0.116226), (48.5833, 0.791459, 0.116479),
        ),
        -0.053739, 0.83433,
    )  # fmt: skip
    k = (k_h + k_v) / 2
    return k, (k_h * alpha_h + k_v * alpha_v) / (2 * k)


RADOME_RADIUS = 0.05
"""[m]."""
WATER_LOSS = 28_500.0
"""Of water at 77 GHz and 15 degC [dB/m]: index 3.4 - 2.05i (Liebe, Hufford and Manabe 1991)."""


@wp.func
def radome_loss(rain: float) -> float:
    """What the film of water on the radome absorbs, there and back [dB].

    Its thickness after Gibble 1964: (3 mu a R / (2 g))^(1/3) with the viscosity mu of water, 1.1e-6 m^2/s, and the radius a.
    """
    film = wp.pow(1.5 * 1.1e-6 * RADOME_RADIUS * rain / (3.6e6 * 9.81), 1.0 / 3.0)
    return 2.0 * WATER_LOSS * film


@wp.func(inline=True)
def rain_loss(scene: Scene, world: int, coefficients: wp.vec2) -> wp.vec2:
    """Two-way loss of rain per metre [dB/m], and of the radome [dB]."""
    rain = scene.weather.rain[world]
    if rain <= 0.0:
        return wp.vec2(0.0, 0.0)
    return wp.vec2(2.0e-3 * coefficients[0] * wp.pow(rain, coefficients[1]), radome_loss(rain))
