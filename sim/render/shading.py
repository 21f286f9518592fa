"""Light at a hit: the surface, rays to sun and lamps, the sky's share. Shared by the fast and the full pass."""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

import warp as wp

from sim.render.ground import look_of_ground
from sim.render.library import Geometry
from sim.render.lights import Lights, lamp_light, luminance
from sim.render.materials import (
    Surf,
    hash3,
    lamp_radiance,
    look_of_thing,
    look_of_wall,
    look_of_window,
    value_noise,
)
from sim.render.mesh import Role, Surface
from sim.render.plates import PLATES
from sim.render.raycast import Hit, actor_of, interpolate_uv, visibility
from sim.render.scene_bvh import Instances
from sim.render.sky import Sky
from sim.render.textures import sample_texture
from sim.render.weather import is_open_ground
from sim.types import Weather

wp.set_module_options({"enable_backward": False})


@wp.struct
class World:
    """Everything a colour pass reads, for all worlds."""

    geo: Geometry
    inst: Instances
    sky: Sky
    lights: Lights
    weather: Weather
    world_key: wp.array[wp.uint32]
    """As in `Scene`, like the following; small, since functions take structs by value."""
    seed: wp.array[wp.uint32]
    map_index: wp.array[wp.int32]
    paint: wp.array2d[wp.vec3]
    tick: wp.array[wp.int32]
    """As in `Poses`, like the following."""
    lamp_bits: wp.array2d[wp.int32]
    signal: wp.array2d[wp.int32]


@wp.func(inline=True)
def painted_surface(
    geo: Geometry, inst: Instances, paint: wp.array2d[wp.vec3], world: int, hit: Hit, foot: float
) -> Surf:
    """Material, texture and paint at a hit, before lamps, procedural detail and weather."""
    row = geo.triangle[geo.mesh_triangle[hit.mesh] + hit.face][3] & 65535
    color = geo.materials.color[row]
    layer = geo.materials.layer[row]
    kind = geo.materials.kind[row]
    out = Surf()
    out.albedo = wp.vec3(color[0], color[1], color[2])
    out.roughness = color[3]
    out.metallic = layer[0]
    out.coat = layer[1]
    out.transmission = layer[2]
    out.emission = geo.materials.emission[row]
    out.surface = kind[1]
    actor = actor_of(inst, hit.slot)
    if kind[2] == wp.static(int(Role.PAINT)) or (kind[1] == wp.static(int(Surface.CAR_PAINT)) and kind[2] == 0):
        if actor >= 0:
            out.albedo = paint[world, actor]
        elif hit.slot > 0:
            # Parked things of the map: a paint by place.
            h = hash3(hit.slot, 7, 3)
            out.albedo = wp.lerp(wp.vec3(0.03, 0.035, 0.05), wp.vec3(0.62, 0.62, 0.6), h * h)
        out.coat = 1.0
    picture = kind[0]
    if picture >= 0 and kind[2] == wp.static(int(Role.PLATE)):
        which = hash3(hit.slot, 7, 5)
        if actor >= 0:
            tint = paint[world, actor]
            which = hash3(actor, int(4096.0 * tint[0]), int(4096.0 * tint[2]))
        picture = geo.materials.plate + int(which * wp.static(float(PLATES) - 0.01))
    if picture >= 0:
        uv = interpolate_uv(geo, hit.mesh, hit.face, hit.u, hit.v)
        texel = sample_texture(geo.textures, picture, uv, geo.density[geo.mesh_triangle[hit.mesh] + hit.face] * foot)
        out.albedo = wp.cw_mul(out.albedo, wp.vec3(texel[0], texel[1], texel[2]))
    return out


@wp.func(inline=True)
def base_surface(w: World, world: int, hit: Hit, foot: float) -> Surf:
    """Material, texture, paint and lamps at a hit, before procedural detail and weather."""
    geo = w.geo
    out = painted_surface(geo, w.inst, w.paint, world, hit, foot)
    kind = geo.materials.kind[geo.triangle[geo.mesh_triangle[hit.mesh] + hit.face][3] & 65535]
    if kind[2] >= wp.static(int(Role.HEAD_LAMP)) and kind[2] != wp.static(int(Role.PLATE)):
        lamps = int(0)
        aspect = int(0)
        actor = actor_of(w.inst, hit.slot)
        if actor >= 0:
            lamps = w.lamp_bits[world, actor]
        elif hit.slot > 0:
            signal = geo.static_signal[geo.map_static[w.map_index[world]] + hit.slot - 1]
            if signal >= 0:
                aspect = w.signal[world, signal]
        out.emission += lamp_radiance(kind[2], lamps, w.tick[world], aspect, w.sky.night[world])
    return out


@wp.func(inline=True)
def smooth_normal(w: World, world: int, hit: Hit, d: wp.vec3) -> wp.vec3:
    """Interpolated normal in the world frame, on the side the ray comes from; ``hit.normal`` is not read."""
    geo = w.geo
    tri = geo.triangle[geo.mesh_triangle[hit.mesh] + hit.face]
    base = geo.mesh_normal[hit.mesh]
    n = geo.normal[base + tri[0]] * hit.u + geo.normal[base + tri[1]] * hit.v
    n += geo.normal[base + tri[2]] * (1.0 - hit.u - hit.v)
    to_world = wp.transpose(w.inst.inverse[world, hit.slot])
    n = wp.normalize(to_world * n)
    cosine = wp.dot(n, d)
    if wp.abs(cosine) < 0.2:
        # Seen along the surface, only the triangle itself tells its front from its back.
        face = to_world * wp.mesh_eval_face_normal(geo.mesh_id[hit.mesh], hit.face)
        if wp.dot(face, d) > 0.0:
            face = -face
        if wp.dot(n, n) == 0.0:
            n = wp.normalize(face)
        if wp.dot(n, face) < 0.0:
            n = -n
            cosine = -cosine
    elif cosine > 0.0:
        n = -n
        cosine = -cosine
    if cosine > -0.02:
        n = wp.normalize(n - d * (cosine + 0.03))
    return n


@wp.func(inline=True)
def object_point(w: World, world: int, hit: Hit, p: wp.vec3) -> wp.vec3:
    """A hit in the frame of its mesh."""
    return w.inst.inverse[world, hit.slot] * (p - w.inst.pos[world, hit.slot])


@wp.func(inline=True)
def on_lane(geo: Geometry, surface: int, hit: Hit) -> wp.vec2:
    """Metres left of its lane's middle, and 1, of a hit on a road's lanes; zeros elsewhere."""
    if hit.slot != 0 or (surface != wp.static(int(Surface.ASPHALT)) and surface != wp.static(int(Surface.MARKING))):
        return wp.vec2(0.0, 0.0)
    return interpolate_uv(geo, hit.mesh, hit.face, hit.u, hit.v)


@wp.func
def detailed(s: Surf, p: wp.vec3, n: wp.vec3, lane: wp.vec2, foot: float, night: float, on_map: bool) -> Surf:
    """A surface with its procedural look; ``p`` in the frame of its mesh, ``lane`` as `on_lane`, ``foot`` the ray's footprint [m]."""
    if is_open_ground(s.surface) and s.surface != wp.static(int(Surface.PAVING)):
        q = p
        if wp.abs(n[2]) < 0.7:
            # Upright concrete: along the wall and up. Things turn, and the normal is the world's.
            q = wp.vec3(wp.where(on_map, p[0] * n[1] - p[1] * n[0], 0.8 * p[0] + 0.6 * p[1]), p[2], 0.0)
        return look_of_ground(s, q, lane, foot)
    if s.surface == wp.static(int(Surface.WINDOW)):
        return look_of_window(s, p, n, night)
    if s.surface >= wp.static(int(Surface.BARK)):
        if s.surface == wp.static(int(Surface.ICE)):
            return s
        return look_of_thing(s, p, foot)
    if s.surface != wp.static(int(Surface.NONE)):
        return look_of_wall(s, p, n, foot)
    if on_map:
        s.albedo = s.albedo * (0.88 + 0.24 * value_noise(p * 0.8))
    return s


@wp.func
def lift(p: wp.vec3, n: wp.vec3, t: float) -> wp.vec3:
    """A start for secondary rays that stays clear of the surface."""
    return p + n * (1.0e-3 + 2.0e-5 * t)


@wp.func
def around(axis: wp.vec3, spread: float, u: float, v: float) -> wp.vec3:
    """A direction evenly within a small disc about ``axis``."""
    a = wp.vec3(1.0, 0.0, 0.0)
    if wp.abs(axis[0]) > 0.8:
        a = wp.vec3(0.0, 1.0, 0.0)
    t = wp.normalize(wp.cross(axis, a))
    b = wp.cross(axis, t)
    r = spread * wp.sqrt(u)
    return wp.normalize(axis + t * (r * wp.cos(6.2831853 * v)) + b * (r * wp.sin(6.2831853 * v)))


@wp.func
def cosine_direction(n: wp.vec3, u: float, v: float) -> wp.vec3:
    """A direction above ``n`` with density cosine over pi."""
    z = 1.0 - 2.0 * u
    r = wp.sqrt(wp.max(0.0, 1.0 - z * z))
    d = n + wp.vec3(r * wp.cos(6.2831853 * v), r * wp.sin(6.2831853 * v), z) * 0.999
    return wp.normalize(d)


@wp.func(inline=True)
def ambient_light(w: World, world: int, n: wp.vec3) -> wp.vec3:
    """Irradiance over pi of sky and ground on a surface that sees both freely."""
    up = 0.5 + 0.5 * n[2]
    return w.sky.ambient[world] * up + w.sky.ground[world] * (1.0 - up)


@wp.struct
class LightRay:
    """Where light may come from, and how much if nothing is in the way."""

    direction: wp.vec3
    t_max: float
    light: wp.vec3
    """Irradiance; 0 if there is nothing to ask."""
    all: float
    """Luminance of the irradiance of all lamps."""


@wp.func(inline=True)
def roof_ray(w: World, world: int) -> LightRay:
    """Upwards, where lamps of a tunnel are near: what meets nothing brings light of 1."""
    out = LightRay()
    if w.lights.in_tunnel[world] > 0:
        out.direction = wp.vec3(0.02, 0.01, 0.99975)
        out.t_max = 30.0
        out.light = wp.vec3(1.0, 1.0, 1.0)
    return out


@wp.func(inline=True)
def open_sky(w: World, world: int, p: wp.vec3, n: wp.vec3) -> float:
    """Share of the sky's light that reaches a place: nearly none under a tunnel's roof."""
    ray = roof_ray(w, world)
    if ray.t_max == 0.0:
        return 1.0
    return 0.02 + 0.98 * visibility(w.geo, w.inst, world, lift(p, n, 1.0), ray.direction, ray.t_max, 0)


@wp.func(inline=True)
def sun_ray(w: World, world: int, n: wp.vec3, u: float, v: float) -> LightRay:
    """Towards a point of the sun's disc, which is 0.53 degrees wide: soft shadows."""
    out = LightRay()
    l = w.sky.sun_direction[world]
    nl = wp.dot(n, l)
    sun = w.sky.sun[world]
    if nl > 0.0 and sun[1] > 1.0e-4:
        out.direction = around(l, 0.00465, u, v)
        out.t_max = 3000.0
        out.light = sun * nl
    return out


@wp.func(inline=True)
def lamp_ray(w: World, world: int, p: wp.vec3, n: wp.vec3, u: float) -> LightRay:
    """Towards one of the world's lamps, picked by its share with the uniform draw ``u``; it stands for all."""
    out = LightRay()
    sum = float(0.0)
    pick = int(-1)
    picked = float(1.0)
    for k in range(w.lights.count[world]):
        e = lamp_light(w.lights, world, k, p, n)
        g = luminance(e)
        # What is next to nothing would be picked once in a while, and its share divided by.
        if g > 1.0e-9:
            sum += g
            # Reservoir: with probability g / sum this lamp replaces the pick; of all lamps' light only the colour is left to chance.
            if u * sum < g:
                pick = k
                picked = g
                u = u * sum / g
            else:
                u = (u * sum - g) / wp.max(sum - g, 1.0e-12)
    out.all = sum
    if pick >= 0 and sum > 1.0e-6:
        to = w.lights.pos[world, pick] - p
        r = wp.length(to)
        out.direction = to / r
        # The lamp's own housing casts no shadow.
        out.t_max = wp.max(r - 0.45, 0.01)
        out.light = lamp_light(w.lights, world, pick, p, n) * (sum / picked)
    return out
