"""What weather does to air and surfaces: fog, falling rain and snow, wet, snow-covered and icy ground."""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

import warp as wp

from sim.render.materials import Surf, fade, hash3, plane_noise
from sim.render.mesh import Surface
from sim.render.sky import FOG_TOP, Sky
from sim.types import Weather

wp.set_module_options({"enable_backward": False})

LAYERS = 6
"""Depths at which falling rain and snow are drawn."""


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
    """A surface's radiance after ``distance`` [m] of air; the sky's with ``distance`` inf, through the fog's layer."""
    k = sky.extinction[world]
    path = distance
    if path > 1.0e4:
        path = wp.min(FOG_TOP / wp.max(d[2], 1.0e-3), 1.0e4)
        # The table holds the haze of good weather already.
        k = wp.max(k - 3.0e-4, 0.0)
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


@wp.func(inline=True)
def weathered(weather: Weather, world: int, s: Surf, p: wp.vec3, n: wp.vec3, foot: float) -> Surf:
    """A surface under the world's wetness, snow and ice; ``n`` in the world frame."""
    out = s
    wet = weather.wetness[world]
    snow = weather.snow_cover[world]
    ice = weather.ice[world]
    ground = is_open_ground(s.surface)
    if ground and n[2] > 0.6:
        if wet > 0.0:
            # Water fills the pores (darker), then the hollows (a mirror).
            hollow = 0.6 * plane_noise(p[0] * 0.33, p[1] * 0.33) + 0.4 * plane_noise(p[0] * 1.7, p[1] * 1.7)
            pool = wp.clamp((hollow - 0.78 + 0.42 * wet) * 6.0, 0.0, 1.0)
            film_of = float(1.0)
            if s.surface == wp.static(int(Surface.HOLE)):
                pool = wp.clamp(3.0 * wet + 0.5 * hollow - 0.6, 0.0, 1.0)
            if s.surface == wp.static(int(Surface.GRASS)) or s.surface == wp.static(int(Surface.SOIL)):
                pool = 0.0
                film_of = 0.0
            out.albedo = out.albedo * (1.0 - (0.42 + 0.15 * pool) * wp.min(1.0, 1.6 * wet))
            out.coat = wp.max(out.coat, film_of * wp.min(1.0, 1.5 * wet) * (0.35 + 0.65 * pool))
            out.roughness = wp.lerp(out.roughness, 0.35, wet)
            ripple = (plane_noise(p[0] * 37.0, p[1] * 37.0) - 0.5) * fade(foot, 0.06)
            film = wp.lerp(0.16, 0.012 + 0.05 * wp.min(weather.rain[world] * 0.1, 1.0), pool)
            out.bump = out.bump * (1.0 - 0.8 * pool) * 0.3 + wp.vec2(ripple * film, -ripple * film)
        if ice > 0.0 and s.surface != wp.static(int(Surface.GRASS)):
            sheet = wp.clamp((plane_noise(p[0] * 0.5, p[1] * 0.5) - 0.95 + ice) * 4.0, 0.0, 1.0)
            out.albedo = wp.lerp(out.albedo, out.albedo * 0.8 + wp.vec3(0.02, 0.025, 0.03), sheet)
            out.coat = wp.max(out.coat, 0.9 * sheet)
    if s.surface == wp.static(int(Surface.ICE)):
        out.coat = 1.0
        out.albedo = s.albedo * (0.8 + 0.4 * plane_noise(p[0] * 1.3, p[1] * 1.3))
        out.bump = wp.vec2(0.0, 0.0)
    if snow > 0.0 and n[2] > 0.35 and s.transmission == 0.0:
        drift = 0.65 * plane_noise(p[0] * 0.7, p[1] * 0.7) + 0.35 * plane_noise(p[0] * 4.3, p[1] * 4.3)
        lies = wp.clamp((drift - 1.02 + 1.15 * snow) * 5.0, 0.0, 1.0) * wp.clamp((n[2] - 0.35) * 3.0, 0.0, 1.0)
        if s.surface == wp.static(int(Surface.MARKING)) or s.surface == wp.static(int(Surface.ASPHALT)):
            lies = lies * wp.clamp(0.35 + snow, 0.0, 1.0)
        out.albedo = wp.lerp(out.albedo, wp.vec3(0.82, 0.84, 0.87), lies)
        out.coat = out.coat * (1.0 - lies)
        out.roughness = wp.lerp(out.roughness, 0.9, lies)
    return out


@wp.func(inline=True)
def falling(
    weather: Weather, sky: Sky, world: int, d: wp.vec3, speed: float, tick: int, depth: float, color: wp.vec3
) -> wp.vec3:
    """Rain streaks and snow flakes in front of what is seen at ``depth`` [m].

    ``d`` is the ray in the camera frame with z = 1, ``speed`` the camera's along its axis [m/s]: drops come at it.
    """
    rain = weather.rain[world]
    snow = weather.snow[world]
    out = color
    bright = sky.ambient[world] * 0.9 + sky.sun[world] * 0.03
    time = float(tick) * 0.01
    for k in range(LAYERS):
        z = 1.3 * wp.pow(1.75, float(k))
        if z < depth:
            if rain > 0.0:
                fall = 7.0 * time + 3.7 * float(k)
                x = d[0] * z * 60.0
                # Streaks lean outwards with speed, as drops come from the vanishing point.
                x = x - d[1] * z * d[0] * speed * 2.2
                y = (d[1] * z - fall) * 4.0
                column = int(wp.floor(x))
                y = y + 13.0 * hash3(column, k, 91)
                cell = int(wp.floor(y))
                chance = hash3(column, cell, 17 + k)
                if chance < wp.min(0.02 + 0.008 * rain, 0.3):
                    fx = (x - float(column)) * 2.0 - 1.0
                    fy = (y - float(cell)) * 2.0 - 1.0
                    a = wp.max(0.0, 1.0 - fx * fx * (1.0 + 5.0 / z)) * (1.0 - fy * fy) * 0.12
                    out = wp.lerp(out, bright, a)
            if snow > 0.0:
                drop = 1.4 * time
                side = 0.4 * wp.sin(time * 1.3 + float(k))
                x = (d[0] * z + side) * 5.5
                y = (d[1] * z - drop) * 5.5 + 0.9 * speed * time * d[1]
                column = int(wp.floor(x))
                cell = int(wp.floor(y))
                chance = hash3(column, cell, 41 + k)
                if chance < wp.min(0.06 + 0.05 * snow, 0.5):
                    fx = x - float(column) - 0.25 - 0.5 * hash3(column, cell, 5)
                    fy = y - float(cell) - 0.25 - 0.5 * hash3(column, cell, 6)
                    r = 0.10 + 0.06 * chance
                    a = wp.clamp(1.0 - wp.sqrt(fx * fx + fy * fy) / r, 0.0, 1.0)
                    out = wp.lerp(out, bright * 1.1, wp.min(a * 1.6, 0.8))
    return out
