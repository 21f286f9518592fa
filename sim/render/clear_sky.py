"""Light of a sky without clouds: Nishita et al. 1993 (single scattering, spherical atmosphere), with a factor for higher orders."""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

import warp as wp

wp.set_module_options({"enable_backward": False})

SUN = 10.0
"""Irradiance of the sun outside the atmosphere; a road by day then reflects about 0.3."""
EARTH, TOP = 6_371_000.0, 80_000.0
"""Radius of the earth, and height up to which there is air [m]."""
HAZE, HAZY = 4.0e-6, 6.0e-5
"""Scattering of haze at sea level per unit of turbidity, and how much more per unit above CLEAR_DAY [1/m]: at 8 one sees
9.6 km, at which a black object keeps 2 % of its contrast, 3.912 / (HAZE_LOSS * 5 * HAZY + 3.912 / 50 km), if no fog is thicker than that
50 km (McCartney 1976; Preetham et al. 1999)."""
CLEAR_DAY = 3.0
"""Turbidity of a clear day."""
HAZE_HEIGHT = 1200.0
"""Over which it falls to 1 / e [m]."""
HAZE_TINT = wp.constant(wp.vec3(0.8, 1.0, 1.25))
"""Its scattering by colour, with the wavelength to the power -1 (Angstrom 1929)."""
HAZE_LOSS = 1.1
"""Extinction of haze over its scattering."""
HAZE_AHEAD = 0.8
"""How fast the factor for higher orders falls with the haze's optical depth straight up: what haze scatters mostly goes on ahead, so of it
single scattering leaves out less. Not measured but chosen, so that haze makes a sky whiter and the sun weaker, and level ground no brighter
(`tests/render/test_hours.py`)."""
RAYLEIGH = wp.constant(wp.vec3(5.8e-6, 13.5e-6, 33.1e-6))
"""Scattering at sea level [1/m]."""


@wp.func
def exp3(v: wp.vec3) -> wp.vec3:
    """exp(-v) by component."""
    return wp.vec3(wp.exp(-v[0]), wp.exp(-v[1]), wp.exp(-v[2]))


@wp.func
def haze_of(turbidity: float) -> wp.vec2:
    """Scattering of haze at sea level, and the share of it that a clear day has not [1/m]."""
    t = wp.clamp(turbidity, 1.0, 12.0)
    more = HAZY * wp.max(t - CLEAR_DAY, 0.0)
    return wp.vec2(HAZE * t + more, more)


@wp.func
def sphere_exit(height: float, mu: float, radius: float) -> float:
    """Distance from ``height`` to a sphere about the earth's centre, at cosine ``mu`` to the vertical; -1 if missed."""
    r = EARTH + height
    disc = r * r * (mu * mu - 1.0) + radius * radius
    if disc < 0.0:
        return -1.0
    return -r * mu + wp.sqrt(disc)


@wp.func
def sun_depth(height: float, mu: float, mie: float) -> wp.vec3:
    """Optical depth from a point towards the sun at cosine ``mu`` of its zenith angle; 1e3 behind the earth."""
    r = EARTH + height
    if mu < 0.0 and r * wp.sqrt(1.0 - mu * mu) < EARTH:
        return wp.vec3(1.0e3, 1.0e3, 1.0e3)
    length = sphere_exit(height, mu, EARTH + TOP)
    ray = float(0.0)
    haze = float(0.0)
    for k in range(8):
        # Quadratic steps: most of the air, and nearly all haze, is near.
        step = length * float(2 * k + 1) / 64.0
        s = length * (float(k * k) + float(k) + 0.5) / 64.0
        h = wp.max(wp.sqrt(r * r + s * s + 2.0 * r * s * mu) - EARTH, 0.0)
        ray += wp.exp(-h / 8000.0) * step
        haze += wp.exp(-h / HAZE_HEIGHT) * step
    return RAYLEIGH * ray + HAZE_TINT * (HAZE_LOSS * mie * haze)


@wp.func
def clear_radiance(d: wp.vec3, sun: wp.vec3, mie: float) -> wp.vec3:
    """Radiance of the cloudless sky in direction ``d`` (upwards)."""
    mu = wp.dot(d, sun)
    phase_r = 0.0596831 * (1.0 + mu * mu)
    g = 0.76
    phase_m = 0.1193662 * (1.0 - g * g) * (1.0 + mu * mu) / ((2.0 + g * g) * wp.pow(1.0 + g * g - 2.0 * g * mu, 1.5))
    length = sphere_exit(2.0, d[2], EARTH + TOP)
    ray = float(0.0)
    haze = float(0.0)
    out = wp.vec3(0.0, 0.0, 0.0)
    before = float(0.0)
    for k in range(20):
        # Quadratic steps: most of the air is near.
        after = length * float((k + 1) * (k + 1)) / 400.0
        s = 0.5 * (before + after)
        step = after - before
        before = after
        r = EARTH + 2.0
        radius = wp.sqrt(r * r + s * s + 2.0 * r * s * d[2])
        h = wp.max(radius - EARTH, 0.0)
        dr = wp.exp(-h / 8000.0) * step
        dm = wp.exp(-h / HAZE_HEIGHT) * step
        ray += 0.5 * dr
        haze += 0.5 * dm
        mu_sun = (r * sun[2] + s * mu) / radius
        tau = RAYLEIGH * ray + HAZE_TINT * (HAZE_LOSS * mie * haze) + sun_depth(h, mu_sun, mie)
        light = exp3(tau)
        # Higher orders: about as much again, less coloured.
        more = exp3(tau * 0.35) * 0.35
        out += wp.cw_mul(RAYLEIGH * (dr * phase_r), light + more) + wp.cw_mul(
            HAZE_TINT, light * phase_m + more * 0.06
        ) * (mie * dm)
        ray += 0.5 * dr
        haze += 0.5 * dm
    # What single scattering leaves out: a clear sky gives about a sixth of the light on level ground at noon, and is less blue.
    depth = HAZE_LOSS * HAZE_HEIGHT * mie
    y = 0.2126 * out[0] + 0.7152 * out[1] + 0.0722 * out[2]
    return (out * 0.58 + wp.vec3(0.4, 0.42, 0.45) * y) * (1.85 * SUN / (1.0 + HAZE_AHEAD * depth))
