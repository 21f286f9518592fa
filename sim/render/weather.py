"""What weather does to light on its way and to surfaces: fog; wet, icy, snow-covered and dusty ones."""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

import warp as wp

from sim.render.materials import Surf, fade, hash3, plane_noise, value_noise
from sim.render.mesh import Surface
from sim.render.sky import FOG_TOP, Sky
from sim.types import TICK, Weather

wp.set_module_options({"enable_backward": False})

RING_CELL, RING_TIME = 0.17, 0.6
"""Width of the cells of water in which one drop falls at a time [m], and how long its rings last [s]."""
GRAINS, DROWNED = 0.125, 0.4
"""Slope (root mean square) of the thinnest film, which follows the grains of a road, and the depth of water that levels it by e [mm]."""


@wp.func
def fog_transmittance(extinction: float, distance: float) -> float:
    """Share of light that crosses the air over a distance [m]."""
    return wp.exp(-extinction * distance)


@wp.func(inline=True)
def fog_radiance(sky: Sky, world: int, d: wp.vec3) -> wp.vec3:
    """Light the air scatters towards the eye from a long path: the sky at the horizon, brighter towards the sun."""
    q = wp.max(1.5625 - 1.5 * wp.min(wp.dot(d, sky.sun_direction[world]), 1.0), 0.3)
    return sky.haze[world] + sky.glow[world] / (q * wp.sqrt(q))


@wp.func(inline=True)
def through_air(sky: Sky, world: int, color: wp.vec3, d: wp.vec3, distance: float) -> wp.vec3:
    """A surface's radiance after ``distance`` [m] of air; the sky's with ``distance`` inf, through the fog's layer: haze is in it."""
    k = sky.extinction[world]
    path = distance
    if path > 1.0e4:
        path = wp.min(FOG_TOP / wp.max(d[2], 1.0e-3), 1.0e4)
        # Good weather's is haze too.
        k = wp.max(sky.fog[world] - 3.0e-4, 0.0)
    t = fog_transmittance(k, path)
    return color * t + fog_radiance(sky, world, d) * (1.0 - t)


@wp.func
def is_open_ground(surface: int) -> bool:
    """Surfaces that water wets and snow covers as ground."""
    return (surface >= wp.static(int(Surface.ASPHALT)) and surface <= wp.static(int(Surface.SOIL))) or (
        surface == wp.static(int(Surface.MARKING))
        or surface == wp.static(int(Surface.GRAVEL))
        or surface == wp.static(int(Surface.HOLE))
    )


@wp.func
def rain_rings(x: float, y: float, time: float, rate: float) -> wp.vec2:
    """Slope of the rings that drops draw on water, a share ``rate`` of the most there can be; place [m], time [s]."""
    out = wp.vec2(0.0, 0.0)
    for k in range(2):
        u = x / RING_CELL + 0.37 * float(k)
        v = y / RING_CELL - 0.21 * float(k)
        i = int(wp.floor(u))
        j = int(wp.floor(v))
        cycle = time / RING_TIME + hash3(i, j, 71 + k)
        n = int(wp.floor(cycle))
        age = cycle - wp.floor(cycle)
        if hash3(i, j, 73 + k + 2 * n) < rate:
            du = (u - float(i) - 0.35 - 0.3 * hash3(i, j, 79 + n)) * RING_CELL
            dv = (v - float(j) - 0.35 - 0.3 * hash3(i, j, 83 + n)) * RING_CELL
            r = wp.sqrt(du * du + dv * dv) + 1.0e-4
            off = (r - age * 0.4 * RING_CELL) / 0.011
            wave = wp.sin(2.7 * off) * wp.exp(-off * off) * (1.0 - age) * 0.4 / r
            out += wp.vec2(du * wave, dv * wave)
    return out


@wp.func
def wetted(weather: Weather, world: int, s: Surf, q: wp.vec3, foot: float, time: float, track: float) -> Surf:
    """Level ground under water: it fills the pores (darker), then a film follows the grains, then ruts and hollows stand full.

    All follows from the depth of water at a place. A film has the slopes of the grains under it, less the deeper it is, until standing
    water is a mirror, on which rain draws rings; so what a road mirrors at night is drawn out into streaks (CIE 047-1979: the luminance
    of wet road surfaces), and Fresnel's share of facets that face the eye is far below that of a level one (`sim.render.gloss`).
    """
    out = s
    wet = weather.wetness[world]
    hollow = 0.55 * plane_noise(q[0] * 0.33, q[1] * 0.33) + 0.33 * plane_noise(q[0] * 1.7, q[1] * 1.7)
    hollow += 0.12 * plane_noise(q[0] * 6.7, q[1] * 6.7)
    depth = (0.3 + 0.12 * track) * wet + 9.0 * wp.max(hollow + 0.16 * track - 0.99 + 0.3 * wet, 0.0)
    if s.surface == wp.static(int(Surface.HOLE)):
        depth = 4.0 * wp.max(3.0 * wet + 0.5 * hollow - 0.6, 0.0)
    if s.surface == wp.static(int(Surface.GRASS)) or s.surface == wp.static(int(Surface.SOIL)):
        out.albedo = out.albedo * (1.0 - 0.42 * wp.min(1.0, 1.6 * wet))
        return out
    level = wp.exp(-depth / wp.static(DROWNED))
    pool = (1.0 - level) * (1.0 - level)
    out.albedo = out.albedo * (1.0 - (0.42 + 0.15 * pool) * wp.min(1.0, 1.6 * wet))
    out.coat = wp.max(out.coat, (1.0 - 0.35 * level) * wp.min(1.0, 2.0 * wet))
    out.roughness = wp.lerp(out.roughness, 0.35, wet)
    near = fade(foot, 0.06)
    grain = (plane_noise(q[0] * 37.0, q[1] * 37.0) - 0.5) * near * 0.16 * level
    out.bump = out.bump * (0.06 + 0.24 * level) + wp.vec2(grain, -grain)
    out.ripple = wp.static(GRAINS) * level
    rate = wp.min(0.07 * weather.rain[world], 0.9)
    if rate > 0.0 and pool > 0.0:
        rings = fade(foot, 0.03)
        if rings > 0.0:
            out.bump += rain_rings(q[0], q[1], time, rate) * (pool * rings)
        # Rings too small to see still blur what the water mirrors.
        out.ripple += 0.04 * wp.sqrt(rate) * pool * (1.0 - rings)
    return out


@wp.func
def iced(ice: float, s: Surf, q: wp.vec3, foot: float, track: float) -> Surf:
    """Level ground under a thin glaze, with hoar where nobody drives and rests of trodden snow; grass and soil turn hoary.

    A glaze follows the road's grains and is full of bubbles: it hardly darkens the road, and unlike water it mirrors dimly, from place
    to place differently rough, never sharply. Along its edges and between the tracks lies hoar, matt and whitish (albedo of hoar and old
    snow 0.4 to 0.7, Warren 1982), in patches; tyres polish it away.
    """
    out = s
    fine = plane_noise(q[0] * 23.0, q[1] * 23.0) * fade(foot, 0.08)
    if s.surface == wp.static(int(Surface.GRASS)) or s.surface == wp.static(int(Surface.SOIL)):
        hoar = wp.clamp(ice * 1.5, 0.0, 1.0) * (0.25 + 0.35 * fine)
        out.albedo = wp.lerp(s.albedo, wp.vec3(0.6, 0.62, 0.64), hoar)
        return out
    patch = 0.6 * plane_noise(q[0] * 0.31, q[1] * 0.31) + 0.25 * plane_noise(q[0] * 1.3, q[1] * 1.3)
    patch += 0.15 * plane_noise(q[0] * 6.1, q[1] * 6.1)
    glaze = wp.clamp((patch - 1.0 + 1.1 * ice + 0.1 * track) * 4.5, 0.0, 1.0)
    streak = plane_noise(q[0] * 2.9 + 1.7 * q[1], q[1] * 2.9 - 1.7 * q[0])
    hoar = wp.clamp(0.4 * streak + 0.4 * patch + 0.5 * fine + 0.55 * ice - 0.62, 0.0, 1.0)
    hoar *= 0.35 + 2.0 * glaze * (1.0 - glaze)
    hoar = wp.min(ice * hoar * 1.6 * (1.0 - 0.7 * track), 0.8)
    snow = wp.clamp((patch + 0.2 * streak + 0.3 * ice - 1.08 - 0.3 * track) * 8.0, 0.0, 1.0) * wp.min(2.0 * ice, 1.0)
    white = wp.max(hoar, 0.85 * snow)
    milky = wp.lerp(s.albedo * (1.0 - 0.25 * glaze), wp.vec3(0.3, 0.315, 0.33), 0.13 * glaze)
    out.albedo = wp.lerp(milky, wp.vec3(0.62, 0.65, 0.69), white)
    shine = (0.8 - 0.3 * streak) * glaze
    out.coat = wp.max(s.coat, shine) * (1.0 - white)
    out.roughness = wp.lerp(s.roughness, 0.4, glaze)
    # As far as it is ice that mirrors, not water.
    share = shine / wp.max(shine + s.coat * (1.0 - glaze), 1.0e-6)
    out.ripple = wp.lerp(s.ripple, wp.max(s.ripple, 0.06 + 0.12 * streak), share)
    out.bump = s.bump * (1.0 - 0.6 * glaze) + wp.vec2(fine - 0.5, 0.5 - fine) * (0.15 * snow * fade(foot, 0.08))
    return out


@wp.func
def snowed(snow: float, ground: bool, s: Surf, q: wp.vec3, n: wp.vec3, foot: float, track: float) -> Surf:
    """A surface on which snow lies: more on what faces up, in drifts on the ground, grey where it is driven on and thin."""
    out = s
    rise = wp.smoothstep(0.3, 0.7, n[2])
    cover = snow
    fine = plane_noise(q[0] * 19.0, q[1] * 19.0) * fade(foot, 0.1) + 0.5 * (1.0 - fade(foot, 0.1))
    drift = 0.5 * plane_noise(q[0] * 0.6, q[1] * 0.6) + 0.3 * plane_noise(q[0] * 3.3, q[1] * 3.3) + 0.2 * fine
    if not ground:
        drift = (
            0.55 * plane_noise(q[0] * 2.1 + q[2], q[1] * 2.1)
            + 0.25 * plane_noise(q[0] * 9.0, q[1] * 9.0 + q[2])
            + 0.2 * fine
        )
        # What is cold and dry keeps more than a road; people and animals are warm and move.
        cover = wp.min(1.0, 1.7 * snow)
        if s.surface == wp.static(int(Surface.CLOTH)) or s.surface == wp.static(int(Surface.FUR)):
            cover = 0.35 * snow
        if s.surface == wp.static(int(Surface.LEAF)) or s.surface == wp.static(int(Surface.BARK)):
            # A leaf shows either side; twigs hold what its edge does not.
            rise = 0.25 + 0.75 * wp.smoothstep(-0.2, 0.4, n[2])
    drift -= track * (0.62 - 0.5 * snow)
    lies = wp.clamp((drift - 0.97 + 1.05 * cover) * 5.0, 0.0, 1.0) * rise
    white = wp.vec3(0.82, 0.84, 0.87)
    driven = s.surface == wp.static(int(Surface.MARKING)) or s.surface == wp.static(int(Surface.ASPHALT))
    if driven and ground:
        slush = (1.0 - snow) * (0.35 + 0.5 * drift)
        white = wp.lerp(white, wp.vec3(0.36, 0.35, 0.34), slush)
        out.albedo = out.albedo * (1.0 - 0.35 * wp.min(1.0, 2.0 * snow))
    out.albedo = wp.lerp(out.albedo, white * (0.9 + 0.2 * drift), lies)
    out.coat = out.coat * (1.0 - lies)
    out.metallic = out.metallic * (1.0 - lies)
    out.roughness = wp.lerp(out.roughness, 0.9, lies)
    out.emission = out.emission * (1.0 - 0.8 * lies)
    lump = wp.vec2(
        plane_noise(q[0] * 2.3 + 0.2, q[1] * 2.3) - plane_noise(q[0] * 2.3 - 0.2, q[1] * 2.3),
        plane_noise(q[0] * 2.3, q[1] * 2.3 + 0.2) - plane_noise(q[0] * 2.3, q[1] * 2.3 - 0.2),
    )
    out.bump = wp.lerp(out.bump, lump * 0.45 + wp.vec2(fine - 0.5, 0.5 - fine) * 0.2, lies)
    return out


@wp.func
def dusted(dust: float, s: Surf, q: wp.vec3, n: wp.vec3) -> Surf:
    """A surface under dust: most on what faces up, none underneath."""
    out = s
    up = wp.clamp(0.35 + 0.65 * n[2], 0.0, 1.0)
    patch = 0.6 * value_noise(q * 0.9) + 0.4 * value_noise(q * 5.3)
    share = wp.clamp(dust * up * (0.5 + 0.9 * patch), 0.0, 0.93)
    out.albedo = wp.lerp(s.albedo, wp.vec3(0.33, 0.25, 0.165), share)
    out.coat = s.coat * (1.0 - share)
    out.metallic = s.metallic * (1.0 - share)
    out.roughness = wp.lerp(s.roughness, 0.95, share)
    return out


@wp.func(inline=True)
def is_weathered(weather: Weather, world: int, surface: int) -> bool:
    """Whether `weathered` changes surfaces of a kind at all."""
    any = weather.wetness[world] + weather.snow_cover[world] + weather.ice[world] + weather.dust[world]
    return any > 0.0 or surface == wp.static(int(Surface.ICE))


@wp.func(inline=True)
def weathered(
    weather: Weather, world: int, s: Surf, q: wp.vec3, n: wp.vec3, foot: float, tick: int, track: float
) -> Surf:
    """A surface under the world's dust, water, ice and snow.

    ``q``: the place in the frame of its mesh (what lies on a car moves with it), ``n``: normal in the world frame, ``foot``: the ray's
    footprint [m], ``track``: `track_of` the place.
    """
    out = s
    ground = is_open_ground(s.surface)
    dust = weather.dust[world]
    if dust > 0.0 and s.transmission == 0.0:
        out = dusted(dust, out, q, n)
    if ground and n[2] > 0.6:
        if weather.wetness[world] > 0.0:
            out = wetted(weather, world, out, q, foot, float(tick) * wp.static(TICK), track)
        if weather.ice[world] > 0.0:
            out = iced(weather.ice[world], out, q, foot, track)
    if s.surface == wp.static(int(Surface.ICE)):
        out.albedo = s.albedo * (0.6 + 0.8 * plane_noise(q[0] * 1.3, q[1] * 1.3))
        out.bump = wp.vec2(0.0, 0.0)
    leaf = s.surface == wp.static(int(Surface.LEAF)) and n[2] > -0.7
    if weather.snow_cover[world] > 0.0 and (n[2] > -0.1 or leaf) and s.transmission == 0.0:
        out = snowed(weather.snow_cover[world], ground, out, q, n, foot, track)
    return out
