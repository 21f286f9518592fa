"""Light of the sky: a table per world of scattered sunlight, haze and night glow, the clouds before it, and the sun.

Clear sky: Nishita et al. 1993 (single scattering, spherical atmosphere), with a factor for higher orders.
Overcast: the CIE sky, L(z) = Lz (1 + 2 cos z) / 3. Clouds: `sim.render.clouds`; the sun's own share shines through where none hides it.
Scale: outside the atmosphere the sun gives ``SUN``.
Pictures instead of all this: `sim.render.sky_pictures`.
"""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

import warp as wp

from sim.render.clear_sky import CLEAR_DAY, HAZE_HEIGHT, HAZE_LOSS, SUN, clear_radiance, exp3, haze_of, sun_depth
from sim.render.clouds import Clouds, cloud_depth, cloud_place, cloud_share, clouds_of
from sim.render.sky_pictures import COLS, DECK, ROWS, SkyLook, SkyPictures, look_at, picture_radiance, turned_cell
from sim.types import Scene, Weather

wp.set_module_options({"enable_backward": False})

NIGHT = wp.constant(wp.vec3(0.0004, 0.00046, 0.0006))
"""Radiance of a town's night sky."""
DUST_EXTINCTION = 0.02
"""Of air full of dust [1/m]: one sees 200 m, the limit below which a dust storm is severe."""
FOG_TOP = 60.0
"""Height of the fog's layer [m]."""
DUSK_TINT = wp.constant(wp.vec3(0.24, 0.34, 0.56))
"""Radiance that a dusk's sky gains from light scattered several times, over that of once."""
DUSK = 18.0
"""How fast lamps take over, by the sine of the sun's height: tenfold from 1 to 9 degrees below the horizon."""
DISC = 0.99997
"""Cosine of half the sun's disc, as cameras see it."""


@wp.struct
class Sky:
    """Light of each world, derived from its `Weather`."""

    table: wp.array3d[wp.vec4]
    """Radiance of the upper half of the sky without clouds and the sun's disc, and the share that clouds hide, (nworld, ROWS, COLS)."""
    sun_direction: wp.array[wp.vec3]
    """Unit, (nworld,)."""
    sun: wp.array[wp.vec3]
    """Irradiance on a surface facing the sun, (nworld,)."""
    ambient: wp.array[wp.vec3]
    """Irradiance of the sky on a level surface over pi, (nworld,)."""
    ground: wp.array[wp.vec3]
    """Radiance of distant ground, (nworld,)."""
    extinction: wp.array[float]
    """Of the air near the ground: of fog and of haze [1/m], (nworld,)."""
    fog: wp.array[float]
    """The fog's part of it, with what falls, dust and a clear day's haze, FOG_TOP deep [1/m], (nworld,)."""
    clouds: wp.array[Clouds]
    """(nworld,)."""
    beam: wp.array[wp.vec3]
    """Irradiance of the sun above the clouds, (nworld,)."""
    gray: wp.array[wp.vec3]
    """Light of an overcast sky on level ground over pi, (nworld,)."""
    night: wp.array[float]
    """0 by day .. 1 at night: share of their light that lamps give, (nworld,)."""
    haze: wp.array[wp.vec3]
    """Light that air scatters towards the eye from a long path, away from the sun, (nworld,)."""
    glow: wp.array[wp.vec3]
    """What is added to it towards the sun, times the phase function's denominator, (nworld,)."""
    texel: wp.array[wp.uint32]
    """Of all pictures, as in `SkyPictures`."""
    look: wp.array[SkyLook]
    """The world's picture, if it has one, (nworld,)."""


def make_sky(nworld: int, device: wp.DeviceLike, pictures: SkyPictures) -> Sky:
    """Empty tables of worlds that may show ``pictures``."""
    out = Sky()
    none = SkyLook()
    none.first = -1
    out.texel, out.look = pictures.texel, wp.full(nworld, none, dtype=SkyLook, device=device)
    out.table = wp.zeros((nworld, ROWS, COLS), dtype=wp.vec4, device=device)
    out.clouds = wp.zeros(nworld, dtype=Clouds, device=device)
    for name in ("sun_direction", "sun", "ambient", "ground", "haze", "glow", "beam", "gray"):
        setattr(out, name, wp.zeros(nworld, dtype=wp.vec3, device=device))
    for name in ("extinction", "fog", "night"):
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
def table_direction(row: int, col: int) -> wp.vec3:
    """Centre of a cell of the table."""
    v = (float(row) + 0.5) / float(ROWS)
    z = v * v
    a = (float(col) + 0.5) / float(COLS) * 6.2831853
    r = wp.sqrt(1.0 - z * z)
    return wp.vec3(r * wp.cos(a), r * wp.sin(a), z)


@wp.func
def haze_over(weather: Weather, world: int) -> wp.vec2:
    """`haze_of` a world; where a picture is its sky that of a clear day, as all other haze is in the picture."""
    return haze_of(wp.where(weather.sky[world] > 0, CLEAR_DAY, weather.turbidity[world]))


@wp.kernel
def _scatter_sky(scene: Scene, mask: wp.array[wp.int32], sky: Sky):
    """Reads weather, keys. Writes the table of the masked worlds: the cloudless sky, and where clouds hide it."""
    world, row, col = wp.tid()
    if mask[world] == 0:
        return
    weather = scene.weather
    mie = haze_over(weather, world)[0]
    d = table_direction(row, col)
    c = clear_radiance(d, weather.sun_direction[world], mie) + NIGHT * (1.6 - 0.8 * d[2])
    clouds = clouds_of(scene.world_key[world], scene.seed[world], weather.cloud_cover[world])
    share = cloud_share(clouds, cloud_depth(clouds, cloud_place(clouds, d), 3), d[2])
    sky.table[world, row, col] = wp.vec4(c[0], c[1], c[2], share)
    if row == 0 and col == 0:
        sky.clouds[world] = clouds


@wp.func
def night_of(sun: float) -> float:
    """Share of their light at night that lamps give, by the sine of the sun's height.

    They are switched on at sunset. As the scale of the night is not the day's, they are brighter than in truth, at dusk less than at night:
    streets lie in the light of the sky then, and lamps take over as fast as it fades.
    """
    return wp.smoothstep(0.06, -0.02, sun) * wp.clamp(wp.exp(DUSK * (-0.15 - sun)), 0.1, 1.0)


@wp.func
def clear_ambient(sky: Sky, world: int) -> wp.vec3:
    """Irradiance over pi of the table's cloudless sky on level ground."""
    out = wp.vec3(0.0, 0.0, 0.0)
    for row in range(ROWS):
        # A cell's solid angle is dz d(azimuth), z = v^2; cosine weighted, over pi.
        lo = float(row) / float(ROWS)
        hi = float(row + 1) / float(ROWS)
        z = (float(row) + 0.5) / float(ROWS)
        weight = (hi * hi - lo * lo) * z * z * 2.0 / float(COLS)
        for col in range(COLS):
            c = sky.table[world, row, col]
            out += wp.vec3(c[0], c[1], c[2]) * weight
    return out


@wp.func
def dusk_light(clear: wp.vec3, sun: float) -> wp.vec3:
    """Radiance that the sky gains all over at dusk from light scattered several times, blue as it is.

    The air in the earth's shadow has no other light. ``clear``: the sky's irradiance over pi without it; ``sun``: sine of the sun's height.
    """
    lit = 0.333333 * (clear[0] + clear[1] + clear[2] - 1.1 * (NIGHT[0] + NIGHT[1] + NIGHT[2]))
    return DUSK_TINT * (wp.max(lit, 0.0) * wp.smoothstep(0.06, -0.06, sun))


@wp.func
def sun_through_clouds(clouds: Clouds, sun: wp.vec3) -> float:
    """Share of the sun's beam that no cloud hides."""
    hidden = float(0.0)
    up = wp.max(sun[2], 0.05)
    for k in range(4):
        # Over a few degrees: an edge of a cloud dims the sun, it does not switch it off.
        a = 1.5707963 * float(k)
        d = wp.normalize(wp.vec3(sun[0] + 0.02 * wp.cos(a), sun[1] + 0.02 * wp.sin(a), up))
        hidden += 0.25 * cloud_share(clouds, cloud_depth(clouds, cloud_place(clouds, d), 4), 1.0)
    return wp.clamp(1.0 - hidden, 0.0, 1.0) * (1.0 - clouds.deck)


@wp.func
def veil_table(scene: Scene, pictures: SkyPictures, sky: Sky, world: int, dusk: wp.vec3):
    """Add the light of ``dusk`` to the table or lay the world's picture into it, if it has one, and fog over that."""
    look = sky.look[world]
    number = scene.weather.sky[world] - 1
    for row in range(ROWS):
        for col in range(COLS):
            c = sky.table[world, row, col]
            clear = wp.vec3(c[0], c[1], c[2]) + dusk
            hidden = c[3] * (1.0 - look.foggy)
            if look.first >= 0:
                clear = turned_cell(pictures, number, look.heading, row, col) * look.scale
                hidden = 0.0
            clear = wp.lerp(clear, look.mist, look.foggy)
            sky.table[world, row, col] = wp.vec4(clear[0], clear[1], clear[2], hidden)


@wp.kernel
def _balance_sky(scene: Scene, pictures: SkyPictures, mask: wp.array[wp.int32], sky: Sky):
    """Reads weather, pictures, the table. Writes sun, ambient, ground, fog, night and looks; lays picture and fog into the table."""
    world = wp.tid()
    if mask[world] == 0:
        return
    weather = scene.weather
    sun = weather.sun_direction[world]
    up = wp.max(sun[2], 0.0)
    haze = haze_over(weather, world)
    direct = exp3(sun_depth(2.0, sun[2], haze[0])) * SUN * wp.clamp(sun[2] * 40.0 + 0.4, 0.0, 1.0)
    clear = clear_ambient(sky, world)
    dusk = dusk_light(clear, sun[2])
    clear += dusk
    dust = weather.dust[world]
    k = extinction_of(weather.fog_visibility[world], weather.rain[world], weather.snow[world])
    k += DUST_EXTINCTION * dust * dust
    veil = wp.exp(-k * FOG_TOP / wp.max(sun[2], 0.05))
    through = sun_through_clouds(sky.clouds[world], sun)
    level = direct * up * 0.31831 + clear
    bright = (level[0] + level[1] + level[2]) * 0.333333
    # A deck that rains is thick: darker by day.
    thick = 1.0 - 0.4 * (1.0 - wp.exp(-0.15 * (weather.rain[world] + weather.snow[world])))
    overcast = wp.lerp(level, wp.vec3(bright * 0.96, bright, bright * 1.04), 0.8) * (DECK * thick)
    dim = wp.lerp(clear, overcast, wp.smoothstep(0.0, 1.0, weather.cloud_cover[world]))
    look = look_at(scene, pictures, world, bright, (direct[0] + direct[1] + direct[2]) * (0.333333 * 0.31831) * up)
    if look.first >= 0:
        direct = pictures.sun[weather.sky[world] - 1] * look.scale
        dim = pictures.ambient[weather.sky[world] - 1] * look.scale
        through = 1.0
    look.foggy = 1.0 - wp.exp(-k * FOG_TOP * 2.0)
    uniform = dim + direct * (through * up * 0.31831 * (1.0 - veil) * 0.6)
    # Dust in the air: less blue in everything that crosses it.
    uniform = wp.cw_mul(uniform, wp.lerp(wp.vec3(1.0, 1.0, 1.0), wp.vec3(1.04, 0.79, 0.52), wp.min(2.0 * dust, 1.0)))
    look.mist = uniform
    sky.beam[world] = direct
    sky.gray[world] = overcast
    sky.sun[world] = direct * (through * veil)
    sky.ambient[world] = wp.lerp(dim, uniform, look.foggy)
    total = sky.ambient[world] + direct * (through * veil * up * 0.31831)
    sky.ground[world] = wp.cw_mul(
        total, wp.lerp(wp.vec3(0.16, 0.155, 0.13), wp.vec3(0.7, 0.72, 0.75), weather.snow_cover[world])
    )
    # A clear day's haze is in the fog's visibility; what sun and sky cross of the rest is in theirs already.
    sky.fog[world] = k
    sky.extinction[world] = k + HAZE_LOSS * haze[1]
    sky.sun_direction[world] = sun
    sky.night[world] = night_of(sun[2])
    horizon = wp.lerp(blend_clouds(sky, world, 0, 0, dusk), blend_clouds(sky, world, 0, COLS / 2, dusk), 0.5)
    if look.first >= 0:
        horizon = pictures.horizon[weather.sky[world] - 1] * look.scale
    sky.haze[world] = wp.lerp(horizon * 0.5 + dim * 0.5, uniform, look.foggy)
    # A low sun stands behind trees and houses: its beams do not reach the air before them.
    sky.glow[world] = sky.sun[world] * (0.0084 * wp.smoothstep(0.02, 0.3, sun[2]))
    sky.look[world] = look
    veil_table(scene, pictures, sky, world, dusk)


def update_sky(scene: Scene, pictures: SkyPictures, sky: Sky, mask: wp.array) -> None:
    """Compute the light of the masked worlds ((nworld,) int32); needed once per episode."""
    nworld = sky.sun.shape[0]
    device = sky.sun.device
    wp.launch(_scatter_sky, dim=(nworld, ROWS, COLS), inputs=[scene, mask], outputs=[sky], device=device)
    wp.launch(_balance_sky, dim=nworld, inputs=[scene, pictures, mask], outputs=[sky], device=device)


@wp.func(inline=True)
def cloud_light(sky: Sky, world: int, d: wp.vec3, thick: float) -> wp.vec3:
    """Radiance of a cloud seen in direction ``d``.

    ``thick``: 0 where the sun shines through, 1 in its shadow. A heap in the sun mirrors much of its beam, most of it forwards through thin
    edges (the silver lining); a deck is the CIE's overcast sky.
    """
    z = wp.max(d[2], 0.0)
    mu = wp.max(wp.dot(d, sky.sun_direction[world]), 0.0)
    lining = mu * mu * mu * mu
    lit = sky.beam[world] * (0.035 + (0.11 + 0.12 * lining * lining) * (1.0 - thick)) + sky.ambient[world] * 0.8
    deck = sky.gray[world] * ((3.0 / 7.0) * (1.0 + 2.0 * z) * (1.22 - 0.44 * thick))
    return wp.lerp(lit, deck, sky.clouds[world].deck)


@wp.func
def blend_clouds(sky: Sky, world: int, row: int, col: int, dusk: wp.vec3) -> wp.vec3:
    """Radiance of a cell of the table, to which ``dusk`` is still to be added, with its clouds."""
    c = sky.table[world, row, col]
    return wp.lerp(wp.vec3(c[0], c[1], c[2]) + dusk, cloud_light(sky, world, table_direction(row, col), 0.5), c[3])


@wp.func(inline=True)
def table_radiance(sky: Sky, world: int, d: wp.vec3) -> wp.vec4:
    """The table in direction ``d``, between its cells."""
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
    return wp.lerp(a, b, v)


@wp.func(inline=True)
def sky_radiance(sky: Sky, world: int, d: wp.vec3) -> wp.vec3:
    """Radiance of the sky without the sun's disc, of the ground below the horizon; clouds as coarse as the table."""
    c = table_radiance(sky, world, d)
    out = wp.vec3(c[0], c[1], c[2])
    if c[3] > 0.0:
        out = wp.lerp(out, cloud_light(sky, world, d, 0.5), c[3])
    if d[2] < 0.0:
        out = wp.lerp(out, sky.ground[world], wp.clamp(-d[2] * 12.0, 0.0, 1.0))
    return out


@wp.func(inline=True)
def plain_sky(sky: Sky, world: int, d: wp.vec3) -> wp.vec3:
    """What a camera sees of the sky but for details of clouds: the world's picture, with its sun's disc, or the table."""
    look = sky.look[world]
    if look.first < 0:
        return sky_radiance(sky, world, d)
    out = picture_radiance(sky.texel, look, d)
    if d[2] < 0.0:
        return wp.lerp(out, sky.ground[world], wp.clamp(-d[2] * 12.0, 0.0, 1.0))
    if wp.dot(d, sky.sun_direction[world]) > DISC:
        out += sky.sun[world] * 60.0
    return out


@wp.func(inline=True)
def seen_sky(sky: Sky, world: int, d: wp.vec3) -> wp.vec3:
    """What a camera sees of the sky: the world's picture, or the table with clouds in full detail and the sun's disc."""
    if d[2] < 0.0 or sky.look[world].first >= 0:
        return plain_sky(sky, world, d)
    c = table_radiance(sky, world, d)
    out = wp.vec3(c[0], c[1], c[2])
    clouds = sky.clouds[world]
    share = float(0.0)
    if clouds.level < 0.85:
        at = cloud_place(clouds, d)
        depth = cloud_depth(clouds, at, 6)
        # What the sun's beam has crossed when it comes here.
        s = sky.sun_direction[world]
        towards = wp.vec2(s[0], s[1]) * (0.16 / wp.max(wp.abs(s[2]), 0.35))
        above = cloud_depth(clouds, at + towards, 4)
        thick = wp.smoothstep(0.0, 2.2, 0.45 * depth + 0.75 * above)
        # A deck has no edges; what one sees are its billows.
        billow = wp.smoothstep(0.28, 0.72, clouds.level + clouds.soft * depth)
        thick = wp.lerp(thick, billow, clouds.deck)
        # Heaps stand above the haze, whose light the table holds; under a deck haze has the deck's light.
        haze = (sky.extinction[world] - sky.fog[world]) * (1.0 - clouds.deck)
        air = sky.fog[world] * FOG_TOP + haze * HAZE_HEIGHT
        share = cloud_share(clouds, depth, d[2]) * wp.exp(-air / wp.max(d[2], 0.02))
        out = wp.lerp(out, cloud_light(sky, world, d, thick), share)
    if wp.dot(d, sky.sun_direction[world]) > DISC:
        out += sky.sun[world] * (60.0 * (1.0 - share))
    return out
