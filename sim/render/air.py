"""What is in the air: falling rain and snow, the glow of lamps in fog, spray, and the veil of a sun that shines into the lens.

Added to the light of finished pictures.

Each is followed along a pixel's ray up to what is seen there, in closed form or in few fixed steps: no noise, and no cost without weather.
Labels know nothing of it.
"""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

from collections.abc import Callable

import warp as wp

from sim.render.camera import ATTACHED, Cameras, Views, pixel_direction, project
from sim.render.lights import CONE, HIGH, Lights, lamp_flux
from sim.render.materials import hash3
from sim.render.poses import Poses
from sim.render.sky import Sky
from sim.render.spray import Spray, gather_spray, make_spray, spray_depth
from sim.types import TICK, Scene

wp.set_module_options({"enable_backward": False, "max_unroll": 1})

LAYERS = 8
"""Cylinders about the eye on which rain and snow are drawn."""
SHUTTER = 0.006
"""Time over which a drop or flake draws its streak [s]."""
RAIN_SPEED, SNOW_SPEED = 6.5, 1.3
"""Falling drops of 2 mm (Gunn and Kinzer 1949) and flakes [m/s]."""
AHEAD, SHARE_AHEAD = 0.75, 0.7
"""Asymmetry of what droplets of fog scatter ahead, and its share; they scatter the rest evenly."""
STEPS = 4
"""Points of a ray at which a lamp's light in fog is asked for."""
FINEST = 0.07
"""Angle that its light is turned by below which they do not lie closer [rad]."""
BRIGHTEST = 1.5
"""Irradiance by lamps beyond which drops grow no brighter: those right before a lamp are over in no time."""
VEIL, BEYOND = 0.3, 5.0e4
"""Share of the eye's glare that a camera has; distance beyond which one sees the sky [m]."""
BONNET = 2.5
"""Distance below which lamps have no glow [m]."""
CLEAR = 3.0e-4
"""Extinction of air in which lamps have no glow [1/m]."""


@wp.struct
class Air:
    """What lights and fills it."""

    sky: Sky
    lights: Lights
    spray: Spray
    dazzle: wp.array2d[wp.vec3]
    """Irradiance of the sun on the lens as far as it is in the picture and nothing hides it, (nworld, ncamera)."""


@wp.struct
class Sight:
    """A pixel's ray and what it ends at."""

    eye: wp.vec3
    """[m]."""
    d: wp.vec3
    """Unit."""
    reach: float
    """Distance of what is seen [m]."""
    pixel: float
    """A pixel's angle [rad]."""


def make_air(sky: Sky, lights: Lights, ncamera: int) -> Air:
    """Clear air under a sky and lamps."""
    out, nworld, device = Air(), sky.sun.shape[0], sky.sun.device
    out.sky, out.lights, out.spray = sky, lights, make_spray(nworld, device)
    out.dazzle = wp.zeros((nworld, ncamera), dtype=wp.vec3, device=device)
    return out


@wp.kernel
def _find_sun(cameras: Cameras, views: Views, depth: wp.array4d[float], air: Air):
    """Reads the sun, where the cameras look and distances. Writes how much of the sun dazzles each lens."""
    world, camera = wp.tid()
    air.dazzle[world, camera] = wp.vec3(0.0, 0.0, 0.0)
    to = wp.transpose(views.rot[world, camera]) * air.sky.sun_direction[world]
    at = project(cameras, world, camera, to)
    if at.seen == 0 or air.sky.sun[world][1] <= 0.0:
        return
    found = float(0.0)
    for k in range(9):
        row = int(at.row + 0.5) + k / 3 - 1
        col = int(at.col + 0.5) + k % 3 - 1
        if row >= 0 and col >= 0 and row < depth.shape[2] and col < depth.shape[3]:
            found += wp.where(depth[world, camera, row, col] > BEYOND, 1.0 / 9.0, 0.0)
    air.dazzle[world, camera] = air.sky.sun[world] * (found * wp.max(to[2], 0.0))


def find_sun(cameras: Cameras, views: Views, depth: wp.array, air: Air) -> None:
    """Tell how much of the sun dazzles each lens; only launches. Arguments as of `fill_air`."""
    wp.launch(_find_sun, dim=air.dazzle.shape, inputs=[cameras, views, depth], outputs=[air], device=air.dazzle.device)


@wp.func
def veil(angle: float) -> float:
    """Radiance that a lens and a windscreen scatter over the irradiance of a source, by the angle from it [rad].

    Small-angle glare of the CIE (1999, Vos and van den Berg), 10 / a^3 + 5 / a^2 in degrees for the eye, of which glass makes a third.
    """
    a = wp.max(angle * 57.29578, 1.2)
    return VEIL * (10.0 / (a * a * a) + 5.0 / (a * a))


@wp.func(inline=True)
def lamps_at(air: Air, world: int, p: wp.vec3) -> wp.vec3:
    """Irradiance of all lamps on what faces them, without shadow."""
    out = wp.vec3(0.0, 0.0, 0.0)
    for k in range(air.lights.count[world]):
        out += lamp_flux(air.lights, world, k, p)
    return out


@wp.kernel
def _light_spray(air: Air):
    """Reads clouds of spray and lamps. Writes the lamps' light in the clouds."""
    world, k = wp.tid()
    if k < air.spray.count[world]:
        air.spray.lit[world, k] = lamps_at(air, world, air.spray.pos[world, k] + wp.vec3(0.0, 0.0, 0.4))


def light_spray(air: Air) -> None:
    """Ask the lamps for their light in the clouds of spray; only launches."""
    wp.launch(_light_spray, dim=air.spray.lit.shape, outputs=[air], device=air.spray.lit.device)


@wp.struct
class Fall:
    """Rain or snow."""

    motion: wp.vec3
    """Seen from the camera [m/s]."""
    phase: float
    """Way it has come along its motion [m]."""
    width: float
    """Diameter of a drop or flake [m]."""
    cell: float
    """Width of the cells that hold one each [m]."""
    chance: float
    """Share of the cells that do."""
    clear: float
    """Share of a drop's light in its streak's."""
    salt: int


@wp.func
def streak_of(fall: Fall, sight: Sight, along: wp.vec3, side: wp.vec3, up: wp.vec3, layer: int) -> wp.vec2:
    """How much of a pixel the drops of one cylinder cover, and how far they are [m].

    Drops move along the axis of a cylinder about the eye, so their streaks are straight lines on it, whatever the camera's way and speed:
    they fan out from where the motion comes from.
    """
    c = wp.dot(sight.d, along)
    sine = wp.sqrt(wp.max(1.0 - c * c, 1.0e-6))
    radius = 0.7 * wp.pow(1.6, float(layer))
    t = radius / sine
    if t > sight.reach or sine < 0.03:
        return wp.vec2(0.0, t)
    columns = wp.max(wp.round(6.2831853 * radius / fall.cell), 5.0)
    angle = wp.atan2(wp.dot(sight.d, up), wp.dot(sight.d, side)) * 0.15915494 + 0.5
    x = angle * columns
    column = int(wp.floor(x)) % int(columns)
    streak = wp.length(fall.motion) * SHUTTER + fall.width
    tall = wp.max(3.0 * fall.cell, 2.2 * streak)
    y = (t * c - fall.phase) / tall + 7.0 * hash3(column, layer, fall.salt)
    row = int(wp.floor(y))
    if hash3(column, row, fall.salt + layer) >= fall.chance:
        return wp.vec2(0.0, t)
    # Where the drop is in its cell, and the pixel's distance from its way.
    size = fall.width * (0.6 + 0.8 * hash3(column, row, fall.salt + 31))
    half_cell = fall.cell * 0.5
    middle = (hash3(column, row, fall.salt + 32) - 0.5) * (fall.cell - size)
    across = wp.abs((x - wp.floor(x) - 0.5) * fall.cell - middle)
    from_end = wp.abs(
        (y - wp.floor(y) - 0.5) * tall - (hash3(column, row, fall.salt + 33) - 0.5) * (tall - streak) * 0.9
    )
    past = wp.max(from_end - 0.5 * (streak - size), 0.0)
    off = wp.sqrt(across * across + past * past)
    # Never thinner than a pixel: then it is fainter instead.
    blur = wp.max(0.5 * size, 0.75 * sight.pixel * t)
    share = wp.min(0.5 * size / blur, 1.0) * wp.smoothstep(1.0, 0.25, off / wp.min(blur * 1.3, half_cell))
    # The nearest are out of focus.
    return wp.vec2(share * fall.clear * wp.smoothstep(0.03, 0.2, sine) * wp.smoothstep(0.0, 2.0, t), t)


@wp.func(inline=True)
def falls(air: Air, world: int, fall: Fall, sight: Sight, color: wp.vec3) -> wp.vec3:
    """Light with all drops or flakes before it."""
    out = color
    along = wp.normalize(fall.motion)
    helper = wp.vec3(1.0, 0.0, 0.0)
    if wp.abs(along[0]) > 0.8:
        helper = wp.vec3(0.0, 1.0, 0.0)
    side = wp.normalize(wp.cross(along, helper))
    up = wp.cross(along, side)
    day = air.sky.haze[world] * 0.35 + air.sky.ambient[world] * 0.65 + air.sky.sun[world] * 0.04
    for j in range(LAYERS):
        layer = LAYERS - 1 - j
        hit = streak_of(fall, sight, along, side, up, layer)
        if hit[0] > 0.0:
            near = lamps_at(air, world, sight.eye + sight.d * hit[1])
            light = day + wp.min(near, wp.vec3(BRIGHTEST, BRIGHTEST, BRIGHTEST)) * 0.06
            out = wp.lerp(out, light, hit[0])
    return out


@wp.func(inline=True)
def blurred_flux(lights: Lights, world: int, k: int, p: wp.vec3) -> wp.vec3:
    """Irradiance of a lamp in fog: that blurs the edges of a car's beam, which has little light for what lies right before the bonnet."""
    if lights.beam[world, k] == wp.static(CONE):
        return lamp_flux(lights, world, k, p)
    to = p - lights.pos[world, k]
    r2 = wp.max(wp.dot(to, to), 0.05)
    axis = lights.axis[world, k]
    ahead = wp.dot(to, axis) / wp.sqrt(r2)
    sink = (to[2] / wp.sqrt(r2) - axis[2] * ahead) + 0.03
    below = wp.min(sink, 0.0)
    near = 0.06 + 0.94 * wp.exp(-70.0 * below * below)
    beam = 2.6 * wp.exp(-7.0 * (1.0 - ahead)) * wp.smoothstep(0.16, -0.16, sink) * near
    if lights.beam[world, k] == wp.static(HIGH):
        beam += 5.0 * wp.exp(-40.0 * (1.0 - ahead))
    return lights.intensity[world, k] * (beam * wp.smoothstep(0.0, 0.3, ahead) / r2)


@wp.func
def fog_phase(cosine: float) -> float:
    """Share of light that droplets of fog turn by an angle, per steradian over that of even scattering.

    Droplets are far larger than light's waves: most goes nearly ahead (Henyey and Greenstein 1941; to Mie's theory fog's asymmetry is 0.85,
    here less, as light is scattered more than once), so lamps that shine at the eye have halos. Back comes 0.36 of what even scattering
    would send, 0.028 per steradian, and fog is no white wall before one's own lamps. Lidars see twice that of clouds of water, 1 / 18 per
    steradian (Pinnick et al. 1983), but in a narrow peak straight back that this form leaves out: a driver sits above the lamps.
    """
    q = 1.0 + AHEAD * AHEAD - 2.0 * AHEAD * cosine
    return SHARE_AHEAD * (1.0 - AHEAD * AHEAD) / (q * wp.sqrt(q)) + (1.0 - SHARE_AHEAD)


@wp.func(inline=True)
def lamp_glow(air: Air, world: int, sight: Sight) -> wp.vec3:
    """Light of lamps that fog scatters towards the eye, once.

    Steps along the ray as the lamp sees it (equiangular, Kulla and Fajardo 2012), each longer than the one before by the same factor:
    most light comes where it is hardly turned, as beams and `fog_phase` are narrow.
    """
    out = wp.vec3(0.0, 0.0, 0.0)
    k = air.sky.extinction[world]
    for j in range(air.lights.count[world]):
        to = air.lights.pos[world, j] - sight.eye
        middle = wp.dot(to, sight.d)
        h = wp.sqrt(wp.max(wp.dot(to, to) - middle * middle, 0.04))
        # Not from the bonnet on, over which a driver's own lamps lie.
        at = wp.atan2(h, middle - BONNET) + FINEST
        last = wp.atan2(h, middle - wp.clamp(sight.reach, BONNET, 400.0)) + FINEST
        half = wp.pow(last / at, wp.static(0.5 / STEPS))
        grow = half * half
        for _i in range(STEPS):
            t = middle - h / wp.tan(at * half - FINEST)
            r2 = h * h + (t - middle) * (t - middle)
            e = blurred_flux(air.lights, world, j, sight.eye + sight.d * t) * fog_phase((middle - t) / wp.sqrt(r2))
            out += e * (r2 / h * at * (grow - 1.0) * wp.exp(-k * (wp.max(t, 0.0) + wp.sqrt(r2))))
            at *= grow
    return out * ((k - CLEAR) * 0.0795775)


@wp.func
def way_through(traveled: float, wind: float, speed: float, time: float) -> float:
    """How far drops that fall at ``speed`` [m/s] have come through the camera's frame [m].

    Of a camera and a wind that keep their velocities it is their relative speed times the time, but for how wind and camera point;
    whatever the camera does, it grows with the way that it has ``traveled`` [m], so streaks never run backwards.
    """
    return wp.sqrt(traveled * traveled + (wind * wind + speed * speed) * time * time)


@wp.func(inline=True)
def through_fall(
    air: Air, scene: Scene, poses: Poses, world: int, carried: float, sight: Sight, color: wp.vec3
) -> wp.vec3:
    """Light with rain and snow before it; ``carried``: 1 of a camera on the ego, whose turning is left out, else 0."""
    ego = poses.vel[world, 0] * carried
    way = poses.traveled[world, 0] * carried
    out = color
    rain = scene.weather.rain[world]
    snow = scene.weather.snow[world]
    wind = wp.vec3(scene.weather.wind[world][0], scene.weather.wind[world][1], 0.0)
    time = float(poses.tick[world]) * wp.static(TICK)
    fall = Fall()
    fall.salt = int(scene.world_key[world] % wp.uint32(9973)) * 17
    if rain > 0.0:
        fall.motion = wind - ego - wp.vec3(0.0, 0.0, RAIN_SPEED)
        fall.phase = way_through(way, wp.length(wind), RAIN_SPEED, time)
        fall.width = 0.0026
        fall.cell = 0.05
        fall.chance = wp.min(0.07 * wp.pow(rain, 0.7), 0.7)
        fall.clear = 0.34
        out = falls(air, world, fall, sight, out)
    if snow > 0.0:
        sway = wp.vec3(0.4 * wp.sin(1.3 * time), 0.4 * wp.cos(1.1 * time), 0.0)
        fall.motion = wind - ego + sway - wp.vec3(0.0, 0.0, SNOW_SPEED)
        fall.phase = way_through(way, wp.length(wind), SNOW_SPEED, time)
        fall.width = 0.009
        fall.cell = 0.11
        fall.chance = wp.min(0.14 * wp.pow(snow, 0.6), 0.6)
        fall.clear = 0.85
        fall.salt += 5
        out = falls(air, world, fall, sight, out)
    return out


@wp.kernel
def _fill_air(
    scene: Scene, poses: Poses, air: Air, cameras: Cameras, views: Views, depth: wp.array4d[float], first_row: int,
    image: wp.array4d[wp.vec3],
):  # fmt: skip
    """Reads weather, poses, lamps, spray, distances in units of the pixels' directions. Writes what is in the air into the light."""
    world, camera, row, col = wp.tid()
    row += first_row
    falling = scene.weather.rain[world] + scene.weather.snow[world] > 0.0
    glows = air.lights.count[world] > 0 and air.sky.extinction[world] > CLEAR
    dazzle = air.dazzle[world, camera]
    if not (falling or glows or air.spray.count[world] > 0 or dazzle[1] > 0.0):
        return
    ray = pixel_direction(cameras, world, camera, float(col), float(row))
    length = wp.length(ray)
    if length == 0.0:
        return
    sight = Sight()
    sight.eye = views.pos[world, camera]
    sight.d = views.rot[world, camera] * (ray / length)
    sight.reach = depth[world, camera, row, col] * length
    sight.pixel = 1.0 / cameras.intrinsics[world, camera][0]
    c = image[world, camera, row, col]
    if glows:
        c += lamp_glow(air, world, sight)
    thick = float(0.0)
    lit = wp.vec3(0.0, 0.0, 0.0)
    for k in range(air.spray.count[world]):
        t = spray_depth(air.spray, world, k, sight.eye, sight.d, sight.reach)
        if t > 1.0e-4:
            lit += air.spray.lit[world, k] * t
            thick += t
    if thick > 0.0:
        mu = wp.max(wp.dot(sight.d, air.sky.sun_direction[world]), 0.0)
        white = (
            air.sky.ambient[world] * 0.85 + air.sky.sun[world] * (0.05 + 0.25 * wp.pow(mu, 8.0)) + lit * (0.08 / thick)
        )
        c = wp.lerp(white, c, wp.exp(-thick))
    if falling:
        carried = wp.where((cameras.flags[world, camera] & ATTACHED) != 0, 1.0, 0.0)
        c = through_fall(air, scene, poses, world, carried, sight, c)
    if dazzle[1] > 0.0:
        c += dazzle * veil(wp.acos(wp.clamp(wp.dot(sight.d, air.sky.sun_direction[world]), -1.0, 1.0)))
    image[world, camera, row, col] = c


def fill_air(
    scene: Scene, poses: Poses, air: Air, cameras: Cameras, views: Views, depth: wp.array, image: wp.array, rows: Callable[..., None],
) -> None:  # fmt: skip
    """Add what is in the air to the light of all pictures; only launches.

    Args:
        scene: The batch's scene.
        poses: Of the pictures.
        air: Its light; spray and dazzle are found anew.
        cameras: The renderer's.
        views: Where they are.
        depth: Distances of what is seen, in units of the pixels' directions.
        image: The light; changed.
        rows: `sim.render.launches.Launches.rows` of the pictures.
    """
    gather_spray(scene, poses, air.spray)
    light_spray(air)
    find_sun(cameras, views, depth, air)
    rows(_fill_air, [scene, poses, air, cameras, views, depth], [image])
