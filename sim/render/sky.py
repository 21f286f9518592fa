"""Light of the sky: a table per world of scattered sunlight, clouds, haze and night glow, and the sun.

Clear sky: Nishita et al. 1993 (single scattering, spherical atmosphere), with a factor for higher orders.
Overcast: the CIE sky, L(z) = Lz (1 + 2 cos z) / 3. Scale: outside the atmosphere the sun gives ``SUN``.
"""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

import warp as wp

from sim.render.materials import plane_noise
from sim.types import Weather

wp.set_module_options({"enable_backward": False})

ROWS, COLS = 32, 64
"""Size of the table: elevation (finer at the horizon) and azimuth."""
SUN = 10.0
"""Irradiance of the sun outside the atmosphere; a road by day then reflects about 0.3."""
EARTH = 6_371_000.0
TOP = 80_000.0
RAYLEIGH = wp.constant(wp.vec3(5.8e-6, 13.5e-6, 33.1e-6))
"""Scattering at sea level [1/m]."""
NIGHT = wp.constant(wp.vec3(0.0022, 0.0026, 0.0036))
"""Radiance of a town's night sky."""
FOG_TOP = 60.0
"""Height of the fog's layer [m]."""


@wp.struct
class Sky:
    """Light of each world, derived from its `Weather`."""

    table: wp.array3d[wp.vec3]
    """Radiance of the upper half of the sky without the sun's disc, (nworld, ROWS, COLS)."""
    sun_direction: wp.array[wp.vec3]
    """Unit, (nworld,)."""
    sun: wp.array[wp.vec3]
    """Irradiance on a surface facing the sun, (nworld,)."""
    ambient: wp.array[wp.vec3]
    """Irradiance of the sky on a level surface over pi, (nworld,)."""
    ground: wp.array[wp.vec3]
    """Radiance of distant ground, (nworld,)."""
    extinction: wp.array[float]
    """Of the air near the ground [1/m], (nworld,)."""
    cloud: wp.array[float]
    """Cover, 0..1, (nworld,)."""
    night: wp.array[float]
    """0 by day, 1 once lamps are lit, (nworld,)."""
    haze: wp.array[wp.vec3]
    """Light that air scatters towards the eye from a long path, away from the sun, (nworld,)."""
    glow: wp.array[wp.vec3]
    """What is added to it towards the sun, times the phase function's denominator, (nworld,)."""


def make_sky(nworld: int, device: wp.DeviceLike) -> Sky:
    """Empty tables."""
    out = Sky()
    out.table = wp.zeros((nworld, ROWS, COLS), dtype=wp.vec3, device=device)
    for name in ("sun_direction", "sun", "ambient", "ground", "haze", "glow"):
        setattr(out, name, wp.zeros(nworld, dtype=wp.vec3, device=device))
    for name in ("extinction", "cloud", "night"):
        setattr(out, name, wp.zeros(nworld, dtype=float, device=device))
    return out


@wp.func
def extinction_of(visibility: float, rain: float, snow: float) -> float:
    """Extinction of air near the ground [1/m].

    Koschmieder: a black object fades to 2 % contrast at the visibility V, 3.912 / V. Rain of R mm/h adds
    1.08 R^0.67 dB/km; snow of the same water content about eight times as much.
    """
    k = 3.912 / wp.max(visibility, 1.0)
    if rain > 0.0:
        k += 2.48e-4 * wp.pow(rain, 0.67)
    if snow > 0.0:
        k += 2.0e-3 * wp.pow(snow, 0.67)
    return k


@wp.func
def exp3(v: wp.vec3) -> wp.vec3:
    """exp(-v) by component."""
    return wp.vec3(wp.exp(-v[0]), wp.exp(-v[1]), wp.exp(-v[2]))


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
    step = length / 8.0
    for k in range(8):
        s = (float(k) + 0.5) * step
        h = wp.max(wp.sqrt(r * r + s * s + 2.0 * r * s * mu) - EARTH, 0.0)
        ray += wp.exp(-h / 8000.0) * step
        haze += wp.exp(-h / 1200.0) * step
    return RAYLEIGH * ray + wp.vec3(1.0, 1.0, 1.0) * (1.1 * mie * haze)


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
        dm = wp.exp(-h / 1200.0) * step
        ray += 0.5 * dr
        haze += 0.5 * dm
        mu_sun = (r * sun[2] + s * mu) / radius
        tau = RAYLEIGH * ray + wp.vec3(1.0, 1.0, 1.0) * (1.1 * mie * haze) + sun_depth(h, mu_sun, mie)
        light = exp3(tau)
        # Higher orders: about as much again, less coloured.
        more = exp3(tau * 0.35) * 0.35
        out += wp.cw_mul(RAYLEIGH * (dr * phase_r), light + more) + (light * phase_m + more * 0.06) * (mie * dm)
        ray += 0.5 * dr
        haze += 0.5 * dm
    # What single scattering leaves out: a clear sky gives about a sixth of the light on level ground at noon, and is less blue.
    y = 0.2126 * out[0] + 0.7152 * out[1] + 0.0722 * out[2]
    return (out * 0.58 + wp.vec3(0.4, 0.42, 0.45) * y) * (1.85 * SUN)


@wp.func
def table_direction(row: int, col: int) -> wp.vec3:
    """Centre of a cell of the table."""
    v = (float(row) + 0.5) / float(ROWS)
    z = v * v
    a = (float(col) + 0.5) / float(COLS) * 6.2831853
    r = wp.sqrt(1.0 - z * z)
    return wp.vec3(r * wp.cos(a), r * wp.sin(a), z)


@wp.kernel
def _scatter_sky(weather: Weather, mask: wp.array[wp.int32], sky: Sky):
    """Reads weather. Writes the cloudless part of the table of the masked worlds."""
    world, row, col = wp.tid()
    if mask[world] == 0:
        return
    mie = 4.0e-6 * wp.clamp(weather.turbidity[world], 1.0, 12.0)
    d = table_direction(row, col)
    sky.table[world, row, col] = clear_radiance(d, weather.sun_direction[world], mie) + NIGHT * (1.6 - 0.8 * d[2])


@wp.kernel
def _balance_sky(weather: Weather, mask: wp.array[wp.int32], sky: Sky):
    """Reads weather, the table. Writes sun, ambient, ground, fog and night; blends clouds and fog into the table."""
    world = wp.tid()
    if mask[world] == 0:
        return
    sun = weather.sun_direction[world]
    mie = 4.0e-6 * wp.clamp(weather.turbidity[world], 1.0, 12.0)
    direct = exp3(sun_depth(2.0, sun[2], mie)) * SUN * wp.clamp(sun[2] * 40.0 + 0.4, 0.0, 1.0)
    clear = wp.vec3(0.0, 0.0, 0.0)
    for row in range(ROWS):
        # A cell's solid angle is dz d(azimuth), z = v^2; cosine weighted, over pi.
        lo = float(row) / float(ROWS)
        hi = float(row + 1) / float(ROWS)
        z = (float(row) + 0.5) / float(ROWS)
        weight = (hi * hi - lo * lo) * z * z * 2.0 / float(COLS)
        for col in range(COLS):
            clear += sky.table[world, row, col] * weight
    cover = wp.clamp(weather.cloud_cover[world], 0.0, 1.0)
    k = extinction_of(weather.fog_visibility[world], weather.rain[world], weather.snow[world])
    up = wp.max(sun[2], 0.05)
    veil = wp.exp(-k * FOG_TOP / up)
    through = 1.0 - wp.smoothstep(0.45, 0.95, cover)
    level = direct * wp.max(sun[2], 0.0) * 0.31831 + clear
    grey = (level[0] + level[1] + level[2]) * 0.333333
    overcast = wp.lerp(level, wp.vec3(grey * 0.96, grey, grey * 1.04), 0.8) * 0.42
    share = wp.smoothstep(0.0, 1.0, cover)
    dim = wp.lerp(clear, overcast, share)
    foggy = 1.0 - wp.exp(-k * FOG_TOP * 2.0)
    uniform = dim + direct * (through * wp.max(sun[2], 0.0) * 0.31831 * (1.0 - veil) * 0.6)
    sky.sun[world] = direct * (through * veil)
    sky.ambient[world] = wp.lerp(dim, uniform, foggy)
    total = sky.ambient[world] + direct * (through * veil * wp.max(sun[2], 0.0) * 0.31831)
    sky.ground[world] = wp.cw_mul(total, wp.vec3(0.16, 0.155, 0.13))
    sky.extinction[world] = k
    sky.cloud[world] = cover
    sky.night[world] = 1.0 - wp.smoothstep(-0.02, 0.06, sun[2])
    sky.sun_direction[world] = sun
    if grey < 0.035:
        sky.night[world] = 1.0
    for row in range(ROWS):
        z = table_direction(row, 0)[2]
        cie = overcast * (3.0 / 7.0 * (1.0 + 2.0 * z))
        for col in range(COLS):
            c = wp.lerp(sky.table[world, row, col], cie, share)
            sky.table[world, row, col] = wp.lerp(c, uniform, foggy)
    horizon = wp.lerp(sky.table[world, 0, 0], sky.table[world, 0, COLS / 2], 0.5)
    sky.haze[world] = horizon * 0.5 + sky.ambient[world] * 0.5
    # A low sun stands behind trees and houses: its beams do not reach the air before them.
    sky.glow[world] = sky.sun[world] * (0.0084 * wp.smoothstep(0.02, 0.3, sun[2]))


def update_sky(weather: Weather, sky: Sky, mask: wp.array) -> None:
    """Compute the light of the masked worlds ((nworld,) int32); needed once per episode."""
    nworld = sky.sun.shape[0]
    device = sky.sun.device
    wp.launch(_scatter_sky, dim=(nworld, ROWS, COLS), inputs=[weather, mask], outputs=[sky], device=device)
    wp.launch(_balance_sky, dim=nworld, inputs=[weather, mask], outputs=[sky], device=device)


@wp.func(inline=True)
def sky_radiance(sky: Sky, world: int, d: wp.vec3) -> wp.vec3:
    """Radiance of the sky without the sun's disc, of the ground below the horizon."""
    z = wp.clamp(d[2], 0.0, 1.0)
    v = wp.sqrt(z) * float(ROWS) - 0.5
    u = wp.atan2(d[1], d[0]) * (float(COLS) / 6.2831853)
    if u < 0.0:
        u += float(COLS)
    u -= 0.5
    fu = wp.floor(u)
    fv = wp.floor(v)
    x0 = (int(fu) + COLS) % COLS
    x1 = (x0 + 1) % COLS
    y0 = wp.max(int(fv), 0)
    y1 = wp.min(int(fv) + 1, ROWS - 1)
    u -= fu
    v -= fv
    a = wp.lerp(sky.table[world, y0, x0], sky.table[world, y0, x1], u)
    b = wp.lerp(sky.table[world, y1, x0], sky.table[world, y1, x1], u)
    out = wp.lerp(a, b, v)
    if d[2] < 0.0:
        out = wp.lerp(out, sky.ground[world], wp.clamp(-d[2] * 12.0, 0.0, 1.0))
    return out


@wp.func(inline=True)
def seen_sky(sky: Sky, world: int, d: wp.vec3, drift: float) -> wp.vec3:
    """What a camera sees of the sky: the table, broken clouds and the sun's disc."""
    out = sky_radiance(sky, world, d)
    cover = sky.cloud[world]
    n = wp.normalize(d)
    fog = wp.exp(-sky.extinction[world] * FOG_TOP / wp.max(n[2], 0.02))
    if n[2] > 0.01 and cover > 0.02:
        s = 1.9 / (n[2] + 0.08)
        x = n[0] * s + drift
        y = n[1] * s
        warp = plane_noise(x * 0.7 + 9.0, y * 0.7)
        c = 0.5 * plane_noise(x + warp, y) + 0.25 * plane_noise(x * 2.3, y * 2.3 + warp)
        c += 0.13 * plane_noise(x * 5.1, y * 5.1) + 0.07 * plane_noise(x * 11.0, y * 11.0)
        t = 0.74 - 0.55 * cover
        dense = wp.smoothstep(t, t + 0.22, c) * wp.clamp((n[2] - 0.01) * 9.0, 0.0, 1.0)
        lit = sky.sun[world] * 0.085 + sky.ambient[world] * 0.95
        shade = 1.0 - 0.35 * wp.smoothstep(t + 0.1, t + 0.4, c)
        if cover > 0.6:
            lit = sky.ambient[world] * 1.1
            dense = dense * 0.5
        out = wp.lerp(out, lit * shade, dense * fog * 0.92)
    mu = wp.dot(n, sky.sun_direction[world])
    if mu > 0.99997:
        out += sky.sun[world] * 60.0
    return out
