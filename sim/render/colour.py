"""The full colour pass: stratified primary rays, see-through glass, coats, one diffuse bounce and one traced reflection."""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportGeneralTypeIssues=false
from __future__ import annotations

import warp as wp

from sim.render.camera import HIDES_EGO, Cameras, Views, pixel_direction
from sim.render.materials import MESH_CUTOUT, MESH_GLASS, Surf
from sim.render.mesh import Surface
from sim.render.raycast import BLOCK, FAR, pixel_of, tile_count, trace
from sim.render.shading import (
    World,
    ambient_light,
    cosine_direction,
    detailed_surface,
    far_color,
    lamps_light,
    lift,
    smooth_normal,
    sun_light,
)
from sim.render.sky import seen_sky, sky_radiance
from sim.render.weather import fog_radiance, fog_transmittance, through_air

wp.set_module_options({"enable_backward": False, "max_unroll": 1})

EXACT = MESH_CUTOUT | MESH_GLASS
GOLDEN = wp.constant(wp.vec4(0.8566749, 0.7338919, 0.6287067, 0.5385973))
"""Additive recurrence of four dimensions (R4 sequence): even cover by few samples."""
BRIGHTEST = 12.0
"""Clamp of indirect samples: fewer fireflies for a little lost light."""


@wp.struct
class Buffers:
    """Linear light of every camera, (nworld, ncamera, height, width) each."""

    direct: wp.array4d[wp.vec3]
    """Radiance without the light of lamps and of the diffuse bounce."""
    albedo: wp.array4d[wp.vec3]
    """What the bounce's irradiance over pi is multiplied with."""
    bounce: wp.array4d[wp.vec4]
    """Sum of irradiance over pi from the lamps and the diffuse bounces of the pixel, and how many bounces there were."""
    guide: wp.array4d[wp.vec4]
    """Normal (world frame) and distance [m] of the first surface behind glass."""
    depth: wp.array4d[float]
    """Plane depth of the first surface [m], for falling rain."""


def make_buffers(shape: tuple[int, int, int, int], device: wp.context.Devicelike) -> Buffers:
    """Empty buffers."""
    out = Buffers()
    for name in ("direct", "albedo"):
        setattr(out, name, wp.zeros(shape, dtype=wp.vec3, device=device))
    for name in ("bounce", "guide"):
        setattr(out, name, wp.zeros(shape, dtype=wp.vec4, device=device))
    out.depth = wp.zeros(shape, dtype=float, device=device)
    return out


@wp.struct
class Sample:
    """What one path brings back."""

    direct: wp.vec3
    albedo: wp.vec3
    bounce: wp.vec4
    lamps: wp.vec4
    normal: wp.vec3
    distance: float
    first: float


@wp.func
def fraction(x: float) -> float:
    """x - floor(x)."""
    return x - wp.floor(x)


@wp.func
def cap(c: wp.vec3) -> wp.vec3:
    """Clamp a sample's brightness, keeping its colour."""
    m = wp.max(c[0], wp.max(c[1], c[2]))
    if m > BRIGHTEST:
        return c * (BRIGHTEST / m)
    return c


@wp.func
def fresnel(f0: float, cosine: float) -> float:
    """Schlick's approximation."""
    return f0 + (1.0 - f0) * wp.pow(1.0 - wp.clamp(cosine, 0.0, 1.0), 5.0)


@wp.func
def ggx_sun(n: wp.vec3, v: wp.vec3, l: wp.vec3, roughness: float) -> float:
    """GGX lobe times cosine for F = 1 (Walter et al. 2007, height-correlated Smith visibility)."""
    a = wp.max(roughness * roughness, 0.02)
    a2 = a * a
    nl = wp.dot(n, l)
    nv = wp.max(wp.dot(n, v), 0.02)
    if nl <= 0.0:
        return 0.0
    h = wp.normalize(l + v)
    nh = wp.max(wp.dot(n, h), 0.0)
    q = nh * nh * (a2 - 1.0) + 1.0
    dist = a2 / (3.14159265 * q * q)
    smith = 0.5 / (nl * wp.sqrt(nv * nv * (1.0 - a2) + a2) + nv * wp.sqrt(nl * nl * (1.0 - a2) + a2))
    return dist * smith * nl


@wp.func
def reflected(w: World, world: int, p: wp.vec3, n: wp.vec3, d: wp.vec3, roughness: float, t: float, draw: wp.vec4) -> wp.vec3:
    """Radiance from the mirror direction, spread by roughness; traced."""
    r = d - n * (2.0 * wp.dot(n, d))
    spread = wp.vec3(draw[0] - 0.5, draw[1] - 0.5, draw[2] - 0.5) * (roughness * roughness * 1.6)
    r = wp.normalize(r + spread)
    if wp.dot(r, n) < 0.01:
        r = wp.normalize(r + n * (0.02 - wp.dot(r, n)))
    return cap(far_color(w, world, lift(p, n, t), r, 600.0, 0, draw[2], draw[3], draw[0]))


@wp.func
def shade(w: World, world: int, out: Sample, s: Surf, p: wp.vec3, n: wp.vec3, d: wp.vec3, t: float, draw: wp.vec4, bounce: int) -> Sample:
    """Add an opaque surface's light to a sample, unweighted by what lies before it."""
    start = lift(p, n, t)
    view = -d
    nv = wp.max(wp.dot(n, view), 0.0)
    coat = s.coat * fresnel(0.04, nv)
    kd = (1.0 - s.metallic) * (1.0 - coat)
    sun = sun_light(w, world, start, n, EXACT, draw[0], draw[1])
    e = sun * 0.31831
    lamps = wp.vec3(0.0, 0.0, 0.0)
    if w.lights.count[world] > 0:
        lamps = lamps_light(w, world, start, n, EXACT, draw[2]) * 0.31831
    out.lamps = wp.vec4(lamps[0], lamps[1], lamps[2], 1.0)
    if s.surface == wp.static(int(Surface.LEAF)):
        # Leaves let light through: the far side's sun, greener.
        back = sun_light(w, world, lift(p, -n, t), -n, 0, draw[0], draw[1]) * 0.31831
        e += wp.cw_mul(back, wp.vec3(0.45, 0.6, 0.2))
    direct = wp.cw_mul(s.albedo, e) * kd + s.emission
    f0 = wp.lerp(wp.vec3(0.04, 0.04, 0.04), s.albedo, s.metallic)
    lit = sun[0] + sun[1] + sun[2]
    l = w.sky.sun_direction[world]
    if lit > 0.0:
        nl = wp.max(wp.dot(n, l), 0.02)
        lobe = ggx_sun(n, view, l, wp.max(s.roughness, 0.12)) * (1.0 - coat)
        direct += wp.cw_mul(f0, sun) * wp.min(lobe / nl, 8.0)
        if s.coat > 0.0:
            direct += sun * (s.coat * 0.04 * wp.min(ggx_sun(n, view, l, 0.09) / nl, 60.0))
    gloss = wp.max(f0[0], wp.max(f0[1], f0[2])) * wp.clamp(1.3 - 1.6 * s.roughness, 0.0, 1.0)
    if coat > 0.01:
        direct += reflected(w, world, p, n, d, 0.08 + 0.3 * (1.0 - s.coat), t, draw) * coat
    elif s.metallic > 0.3 and gloss > 0.05:
        direct += wp.cw_mul(f0, reflected(w, world, p, n, d, s.roughness, t, draw))
    elif s.metallic > 0.3:
        direct += wp.cw_mul(f0, ambient_light(w, world, n))
    out.direct = direct
    out.albedo = s.albedo * kd
    if bounce != 0:
        h = cosine_direction(n, draw[3], draw[2])
        c = cap(far_color(w, world, start, h, 400.0, 0, draw[1], draw[0], draw[3]))
        out.bounce = wp.vec4(c[0], c[1], c[2], 1.0)
    return out


@wp.func
def follow_path(w: World, world: int, o: wp.vec3, d: wp.vec3, hidden: int, pixel: float, draw: wp.vec4, bounce: int) -> Sample:
    """One sample: through up to four panes of glass to the first opaque surface or the sky.

    Args:
        pixel: Angle of a pixel [rad].
    """
    out = Sample()
    weight = wp.vec3(1.0, 1.0, 1.0)
    before = wp.vec3(0.0, 0.0, 0.0)
    total = float(0.0)
    out.first = FAR
    out.distance = FAR
    start = o
    done = int(0)
    for k in range(5):
        if done == 0:
            hit = trace(w.geo, w.inst, world, start, d, FAR, hidden)
            if hit.slot < 0:
                c = through_air(w.sky, world, seen_sky(w.sky, world, d, 0.0), d, FAR)
                out.direct = before + wp.cw_mul(weight, c)
                out.albedo = wp.vec3(0.0, 0.0, 0.0)
                done = 1
            else:
                p = start + d * hit.t
                total += hit.t
                if k == 0:
                    out.first = total
                n = smooth_normal(w, world, hit, d)
                foot = total * pixel / wp.max(0.2, wp.abs(wp.dot(n, d)))
                s = detailed_surface(w, world, hit, p, n, foot)
                if n[2] > 0.7:
                    n = wp.normalize(n + wp.vec3(s.bump[0], s.bump[1], 0.0))
                    if wp.dot(n, d) > -0.01:
                        n = wp.normalize(n - d * (wp.dot(n, d) + 0.02))
                if s.transmission > 0.0 and k < 4:
                    f = fresnel(0.08, wp.abs(wp.dot(n, d)))
                    mirror = wp.vec3(0.0, 0.0, 0.0)
                    if k == 0:
                        mirror = reflected(w, world, p, n, d, 0.0, hit.t, draw)
                    else:
                        mirror = sky_radiance(w.sky, world, d - n * (2.0 * wp.dot(n, d))) * 0.5
                    air = fog_transmittance(w.sky.extinction[world], total)
                    before += wp.cw_mul(weight, mirror) * (f * air)
                    tint = wp.vec3(0.8, 0.86, 0.84) * (0.35 + 0.65 * s.transmission)
                    weight = wp.cw_mul(weight, tint) * (1.0 - f)
                    start = p + d * (1.0e-3 + 1.0e-5 * total)
                else:
                    out = shade(w, world, out, s, p, n, d, total, draw, bounce)
                    air = fog_transmittance(w.sky.extinction[world], total)
                    fog = fog_radiance(w.sky, world, d) * (1.0 - air)
                    out.direct = before + wp.cw_mul(weight, out.direct * air + fog)
                    out.albedo = wp.cw_mul(weight, out.albedo) * air
                    out.normal = n
                    out.distance = total
                    done = 1
    return out


@wp.kernel(grid_stride=False, launch_bounds=64)
def _trace_colour(
    w: World, cameras: Cameras, views: Views, size: wp.vec2i, samples: int, bounces: int, first_tile: int, out: Buffers
):
    """Reads the world, cameras, views. Writes direct, albedo, bounce, guide and depth, averaged over the pixel's samples."""
    world, camera, tile, lane = wp.tid()
    pixel = pixel_of(first_tile + tile, lane, size[1])
    row = pixel[0]
    col = pixel[1]
    if row >= size[0] or col >= size[1]:
        return
    k = cameras.intrinsics[world, camera]
    rot = views.rot[world, camera]
    hidden = int(-1)
    if (cameras.flags[world, camera] & HIDES_EGO) != 0:
        hidden = 0
    key = int(w.scene.world_key[world]) * 9781 + w.poses.tick[world] * 6271 + camera * 31 + int(w.scene.seed[world])
    state = wp.rand_init(key, row * size[1] + col)
    base = wp.vec4(wp.randf(state), wp.randf(state), wp.randf(state), wp.randf(state))
    across = int(wp.ceil(wp.sqrt(float(samples))))
    down = (samples + across - 1) / across
    direct = wp.vec3(0.0, 0.0, 0.0)
    albedo = wp.vec3(0.0, 0.0, 0.0)
    bounce = wp.vec4(0.0, 0.0, 0.0, 0.0)
    lamps = wp.vec4(0.0, 0.0, 0.0, 0.0)
    normal = wp.vec3(0.0, 0.0, 0.0)
    distance = float(0.0)
    first = float(FAR)
    every = samples / bounces
    for i in range(samples):
        u = (float(i % across) + wp.randf(state)) / float(across) - 0.5
        v = (float(i / across) + wp.randf(state)) / float(down) - 0.5
        if samples == 1:
            u = 0.0
            v = 0.0
        f = float(i)
        draw = wp.vec4(
            fraction(base[0] + f * GOLDEN[0]), fraction(base[1] + f * GOLDEN[1]),
            fraction(base[2] + f * GOLDEN[2]), fraction(base[3] + f * GOLDEN[3]),
        )
        with_bounce = int(0)
        if i % every == 0 and i / every < bounces:
            with_bounce = 1
        ray = pixel_direction(k, float(col) + u, float(row) + v)
        length = wp.length(ray)
        d = rot * (ray / length)
        s = follow_path(w, world, views.pos[world, camera], d, hidden, 1.0 / k[0], draw, with_bounce)
        direct += wp.vec3(wp.min(s.direct[0], 40.0), wp.min(s.direct[1], 40.0), wp.min(s.direct[2], 40.0))
        albedo += s.albedo
        bounce += s.bounce
        lamps += s.lamps
        normal += s.normal
        distance += s.distance
        first = wp.min(first, s.first / length)
    if bounce[3] > 0.0:
        # Noisy as well, the lamps' light is filtered with the bounce.
        k_lamps = bounce[3] / wp.max(lamps[3], 1.0)
        bounce += wp.vec4(lamps[0] * k_lamps, lamps[1] * k_lamps, lamps[2] * k_lamps, 0.0)
    g = 1.0 / float(samples)
    out.direct[world, camera, row, col] = direct * g
    out.albedo[world, camera, row, col] = albedo * g
    out.bounce[world, camera, row, col] = bounce
    out.guide[world, camera, row, col] = wp.vec4(normal[0] * g, normal[1] * g, normal[2] * g, distance * g)
    out.depth[world, camera, row, col] = first
