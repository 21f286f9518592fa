"""The full colour pass: stratified primary rays, see-through glass, coats, one bounce, one traced reflection."""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

import warp as wp

from sim.render.camera import HIDES_EGO, Cameras, Views, pixel_direction
from sim.render.materials import MESH_CUTOUT, MESH_GLASS, Surf
from sim.render.mesh import Surface
from sim.render.raycast import FAR, Hit, pixel_of, trace, visibility
from sim.render.shading import (
    LightRay,
    World,
    ambient_light,
    base_surface,
    cosine_direction,
    detailed,
    lamp_ray,
    lift,
    object_point,
    smooth_normal,
    sun_ray,
)
from sim.render.sky import seen_sky, sky_radiance
from sim.render.weather import fog_radiance, fog_transmittance, through_air, weathered

wp.set_module_options({"enable_backward": False, "max_unroll": 1})

EXACT = MESH_CUTOUT | MESH_GLASS
GOLDEN = wp.constant(wp.vec4(0.8566749, 0.7338919, 0.6287067, 0.5385973))
"""Additive recurrence of four dimensions (R4 sequence): even cover by few samples."""
CONTRAST = 0.09
"""Difference over sum of the light of neighbouring pixels above which they get all samples."""
PRIMARY, MIRROR, DIFFUSE = 0, 1, 2
"""What a ray of a path is for."""
BRIGHTEST = 12.0
"""Clamp of indirect samples: fewer fireflies for a little lost light."""


@wp.struct
class Buffers:
    """Linear light of every camera, (nworld, ncamera, height, width) each."""

    direct: wp.array4d[wp.vec3]
    """Radiance without the light of lamps, of the diffuse bounce and of the sun's disc on matt surfaces."""
    sun: wp.array4d[wp.vec4]
    """Radiance of sunlit matt surfaces as if nothing shaded them, and the share of the sun they see."""
    albedo: wp.array4d[wp.vec3]
    """What the bounce's irradiance over pi is multiplied with."""
    bounce: wp.array4d[wp.vec4]
    """Irradiance over pi from lamps and diffuse bounces, summed, and over how many samples."""
    guide: wp.array4d[wp.vec4]
    """Normal (world frame) and distance [m] of the first surface behind glass."""
    depth: wp.array4d[float]
    """Plane depth of the first surface [m], for falling rain."""
    contrast: wp.array4d[wp.uint8]
    """1 where one sample is not enough."""


@wp.struct
class Plan:
    """Which samples a pass takes, and the hits of the rays through the pixels' centres, which are its first samples."""

    first: int
    """Number of the pass's first sample: 0, or 1 for the pass that refines."""
    samples: int
    """Number of samples when both passes are done."""
    bounces: int
    """How many of them bounce; negative: by day the first one alone, in every ``-bounces``-th pixel, and with lamps all."""
    slot: wp.array4d[wp.int32]
    """As in `Labels`, like the following."""
    face: wp.array4d[wp.int32]
    bary: wp.array4d[wp.vec2]


def make_buffers(shape: tuple[int, int, int, int], device: wp.DeviceLike) -> Buffers:
    """Empty buffers."""
    out = Buffers()
    out.contrast = wp.zeros(shape, dtype=wp.uint8, device=device)
    for name in ("direct", "albedo"):
        setattr(out, name, wp.zeros(shape, dtype=wp.vec3, device=device))
    for name in ("bounce", "guide", "sun"):
        setattr(out, name, wp.zeros(shape, dtype=wp.vec4, device=device))
    out.depth = wp.zeros(shape, dtype=float, device=device)
    return out


@wp.struct
class Sample:
    """What one path brings back."""

    direct: wp.vec3
    sun: wp.vec3
    lit: float
    albedo: wp.vec3
    bounce: wp.vec4
    lamps: wp.vec4
    normal: wp.vec3
    distance: float
    first: float


@wp.struct
class Ray:
    """A secondary ray that waits for its turn."""

    wanted: int
    origin: wp.vec3
    direction: wp.vec3
    weight: wp.vec3


@wp.func
def fraction(x: float) -> float:
    """Of a number: what is left over its floor."""
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
def mirror_ray(p: wp.vec3, n: wp.vec3, d: wp.vec3, roughness: float, t: float, weight: wp.vec3, draw: wp.vec4) -> Ray:
    """The mirrored ray, spread by roughness."""
    out = Ray()
    r = d - n * (2.0 * wp.dot(n, d))
    r = wp.normalize(r + wp.vec3(draw[0] - 0.5, draw[1] - 0.5, draw[2] - 0.5) * (roughness * roughness * 1.6))
    if wp.dot(r, n) < 0.01:
        r = wp.normalize(r + n * (0.02 - wp.dot(r, n)))
    out.wanted = 1
    out.origin = lift(p, n, t)
    out.direction = r
    out.weight = weight
    return out


@wp.func
def highlight(
    w: World, world: int, s: Surf, n: wp.vec3, view: wp.vec3, f0: wp.vec3, coat: float, sun: wp.vec3
) -> wp.vec3:
    """The sun's glint on a surface and on its coat; ``sun`` is its irradiance there, with shadow."""
    l = w.sky.sun_direction[world]
    nl = wp.max(wp.dot(n, l), 0.02)
    lobe = ggx_sun(n, view, l, wp.max(s.roughness, 0.12)) * (1.0 - coat)
    out = wp.cw_mul(f0, sun) * wp.min(lobe / nl, 8.0)
    if s.coat > 0.0:
        out += sun * (s.coat * 0.04 * wp.min(ggx_sun(n, view, l, 0.09) / nl, 60.0))
    return out


@wp.func
def relief(n: wp.vec3, d: wp.vec3, bump: wp.vec2) -> wp.vec3:
    """Normal of a level surface with its small-scale relief, kept on the ray's side."""
    if n[2] < 0.7:
        return n
    out = wp.normalize(n + wp.vec3(bump[0], bump[1], 0.0))
    if wp.dot(out, d) > -0.01:
        out = wp.normalize(out - d * (wp.dot(out, d) + 0.02))
    return out


@wp.func
def known_hit(w: World, world: int, slot: int, face: int, bary: wp.vec2, o: wp.vec3, d: wp.vec3) -> Hit:
    """The hit that the label pass found, along a unit ray; slot -1 for sky."""
    out = Hit()
    out.slot = slot
    if slot >= 0:
        out.mesh = w.inst.mesh[world, slot]
        out.face = face
        out.u = bary[0]
        out.v = bary[1]
        mesh = w.geo.mesh_id[out.mesh]
        p = w.inst.linear[world, slot] * wp.mesh_eval_position(mesh, face, bary[0], bary[1]) + w.inst.pos[world, slot]
        out.t = wp.dot(p - o, d)
        n = wp.normalize(wp.transpose(w.inst.inverse[world, slot]) * wp.mesh_eval_face_normal(mesh, face))
        if wp.dot(n, d) > 0.0:
            n = -n
        out.normal = n
    return out


@wp.func
def follow_path(
    w: World,
    world: int,
    o: wp.vec3,
    d: wp.vec3,
    hidden: int,
    pixel: float,
    draw: wp.vec4,
    bounce: int,
    known: int,
    first: Hit,
) -> Sample:
    """One sample: through up to four panes to the first opaque surface, then a mirrored and a bounced ray.

    All rays go through one loop, so that tracing and shadows stand in the code once: kernels stay small on GPUs.
    ``pixel`` is a pixel's angle [rad], ``hidden`` an actor the first rays do not see, ``bounce`` 1 to bounce, ``first`` the
    first ray's hit where ``known`` is 1.
    """
    out = Sample()
    weight = wp.vec3(1.0, 1.0, 1.0)
    total = float(0.0)
    out.first = FAR
    out.distance = FAR
    mirror = Ray()
    diffuse = Ray()
    start = o
    dir = d
    kind = int(PRIMARY)
    unseen = hidden
    extinction = w.sky.extinction[world]
    k = int(0)
    while k < 8:
        hit = first
        if k > 0 or known == 0:
            hit = trace(w.geo, w.inst, world, start, dir, FAR, unseen)
        color = wp.vec3(0.0, 0.0, 0.0)
        passes = int(0)
        if hit.slot < 0:
            if kind == PRIMARY:
                color = through_air(w.sky, world, seen_sky(w.sky, world, dir, 0.0), dir, FAR)
            else:
                color = sky_radiance(w.sky, world, dir)
        else:
            p = start + dir * hit.t
            n = smooth_normal(w, world, hit, dir)
            foot = hit.t * 0.1 + 0.02
            if kind == PRIMARY:
                total += hit.t
                out.first = wp.min(out.first, total)
                foot = total * pixel / wp.max(0.2, wp.abs(wp.dot(n, dir)))
            s = base_surface(w, world, hit, foot)
            if kind == PRIMARY:
                s = detailed(s, object_point(w, world, hit, p), n, foot, w.sky.night[world], hit.slot == 0)
            if s.surface != 0 or w.weather.snow_cover[world] > 0.0:
                s = weathered(w.weather, world, s, p, n, foot)
            if kind == PRIMARY:
                n = relief(n, dir, s.bump)
                if s.transmission > 0.0 and k < 4:
                    passes = 1
            elif s.transmission > 0.0:
                s.albedo = wp.vec3(0.03, 0.03, 0.03)
            air = fog_transmittance(extinction, total)
            if passes == 1:
                f = fresnel(0.08, wp.abs(wp.dot(n, dir)))
                if mirror.wanted == 0:
                    mirror = mirror_ray(p, n, dir, 0.0, hit.t, weight * (f * air), draw)
                weight = wp.cw_mul(weight, wp.vec3(0.8, 0.86, 0.84)) * ((0.35 + 0.65 * s.transmission) * (1.0 - f))
                start = p + dir * (1.0e-3 + 1.0e-5 * total)
            else:
                side = n
                if s.surface == wp.static(int(Surface.LEAF)) and wp.dot(n, w.sky.sun_direction[world]) < 0.0:
                    side = -n
                near = lift(p, side, total)
                sun = wp.vec3(0.0, 0.0, 0.0)
                open_sun = wp.vec3(0.0, 0.0, 0.0)
                lamps = wp.vec3(0.0, 0.0, 0.0)
                for j in range(2):
                    ray = LightRay()
                    if j == 0:
                        ray = sun_ray(w, world, side, draw[0], draw[1])
                    elif w.lights.count[world] > 0:
                        ray = lamp_ray(w, world, near, n, draw[2])
                    if ray.light[0] + ray.light[1] + ray.light[2] > 1.0e-6:
                        exact = EXACT
                        if kind != PRIMARY:
                            exact = 0
                        e = ray.light * visibility(w.geo, w.inst, world, near, ray.direction, ray.t_max, exact)
                        if j == 0:
                            sun = e
                            open_sun = ray.light
                        else:
                            lamps = e * 0.31831
                if wp.dot(side, n) < 0.0:
                    # Leaves let light through, greener.
                    sun = wp.cw_mul(sun, wp.vec3(0.75, 0.95, 0.32))
                if kind != PRIMARY:
                    e = sun * 0.31831 + lamps + ambient_light(w, world, n) * 0.75
                    color = wp.cw_mul(s.albedo, e * (1.0 - s.metallic)) + s.emission
                    if s.metallic > 0.0:
                        sky = sky_radiance(w.sky, world, dir - n * (2.0 * wp.dot(n, dir)))
                        color += wp.cw_mul(s.albedo, sky) * s.metallic
                    if kind == DIFFUSE:
                        # Lamps are asked for directly; a chance hit would only be noise.
                        color -= s.emission * (1.0 - 0.05 / wp.max(wp.max(s.emission[0], s.emission[1]), 0.05))
                else:
                    nv = wp.max(-wp.dot(n, dir), 0.0)
                    coat = s.coat * fresnel(0.04, nv)
                    kd = (1.0 - s.metallic) * (1.0 - coat)
                    f0 = wp.lerp(wp.vec3(0.04, 0.04, 0.04), s.albedo, s.metallic)
                    color = s.emission
                    if wp.dot(side, n) < 0.0:
                        open_sun = wp.cw_mul(open_sun, wp.vec3(0.75, 0.95, 0.32))
                    out.sun = wp.cw_mul(wp.cw_mul(weight, s.albedo), open_sun) * (0.31831 * kd * air)
                    out.lit = sun[1] / wp.max(open_sun[1], 1.0e-6)
                    if sun[1] > 0.0 and wp.dot(side, n) > 0.0:
                        color += highlight(w, world, s, n, -dir, f0, coat, sun)
                    if coat > 0.01:
                        if mirror.wanted == 0:
                            mirror = mirror_ray(
                                p, n, dir, 0.08 + 0.3 * (1.0 - s.coat), total, weight * (coat * air), draw
                            )
                        else:
                            color += sky_radiance(w.sky, world, dir - n * (2.0 * wp.dot(n, dir))) * (0.4 * coat)
                    elif s.metallic > 0.3:
                        if s.roughness < 0.75 and mirror.wanted == 0:
                            mirror = mirror_ray(p, n, dir, s.roughness, total, wp.cw_mul(weight, f0) * air, draw)
                        else:
                            color += wp.cw_mul(f0, ambient_light(w, world, n))
                    out.lamps = wp.vec4(lamps[0], lamps[1], lamps[2], 1.0)
                    out.albedo = wp.cw_mul(weight, s.albedo) * (kd * air)
                    out.normal = n
                    out.distance = total
                    color = color * air + fog_radiance(w.sky, world, dir) * (1.0 - air)
                    if bounce != 0:
                        diffuse.wanted = 1
                        diffuse.origin = near
                        diffuse.direction = cosine_direction(n, draw[3], draw[2])
        k += 1
        if passes == 0:
            if kind == PRIMARY:
                out.direct += wp.cw_mul(weight, color)
            elif kind == MIRROR:
                out.direct += wp.cw_mul(mirror.weight, cap(color))
            else:
                c = cap(color)
                out.bounce = wp.vec4(c[0], c[1], c[2], 1.0)
            unseen = -1
            if mirror.wanted == 1:
                mirror.wanted = 2
                kind = MIRROR
                start = mirror.origin
                dir = mirror.direction
            elif diffuse.wanted == 1:
                diffuse.wanted = 2
                kind = DIFFUSE
                start = diffuse.origin
                dir = diffuse.direction
            else:
                k = 100
    return out


@wp.func
def seen_light(buffers: Buffers, world: int, camera: int, row: int, col: int) -> wp.vec3:
    """Radiance of a pixel without lamps and bounce."""
    sun = buffers.sun[world, camera, row, col]
    return buffers.direct[world, camera, row, col] + wp.vec3(sun[0], sun[1], sun[2]) * sun[3]


@wp.kernel
def _mark_contrast(w: World, first_row: int, buffers: Buffers):
    """Reads the first samples. Writes where a pixel differs from a neighbour in light, distance or direction."""
    world, camera, row, col = wp.tid()
    row += first_row
    height = buffers.contrast.shape[2]
    width = buffers.contrast.shape[3]
    level = w.sky.ambient[world] + w.sky.sun[world] * 0.05
    dark = 0.03 * (level[0] + level[1] + level[2]) + 1.0e-4
    own = buffers.guide[world, camera, row, col]
    albedo = buffers.albedo[world, camera, row, col]
    light = seen_light(buffers, world, camera, row, col) + wp.cw_mul(albedo, level)
    y = light[0] + light[1] + light[2]
    found = int(0)
    for i in range(4):
        r = row + (i / 2) * (2 * (i % 2) - 1)
        c = col + (1 - i / 2) * (2 * (i % 2) - 1)
        if r >= 0 and c >= 0 and r < height and c < width:
            other = buffers.guide[world, camera, r, c]
            albedo = buffers.albedo[world, camera, r, c]
            light = seen_light(buffers, world, camera, r, c) + wp.cw_mul(albedo, level)
            z = light[0] + light[1] + light[2]
            near = wp.min(own[3], other[3])
            apart = wp.abs(own[3] - other[3]) > 0.1 * near + 0.05 and near < 400.0
            turned = own[0] * other[0] + own[1] * other[1] + own[2] * other[2] < 0.8 and near < 60.0
            if wp.abs(y - z) > CONTRAST * (y + z) + dark or ((apart or turned) and wp.abs(y - z) > 0.06 * (y + z)):
                found = 1
    buffers.contrast[world, camera, row, col] = wp.uint8(found)


@wp.kernel(grid_stride=False, launch_bounds=(64, 8))
def _trace_colour(
    w: World, cameras: Cameras, views: Views, size: wp.vec2i, mask: wp.array[wp.int32], plan: Plan, first_tile: int,
    out: Buffers,
):  # fmt: skip
    """Reads the masked worlds, cameras, views, the plan. Writes the buffers, averaged over a pixel's samples so far."""
    world, camera, tile, lane = wp.tid()
    if mask[world] == 0:
        return
    pixel = pixel_of(first_tile + tile, lane, size[1])
    row = pixel[0]
    col = pixel[1]
    if row >= size[0] or col >= size[1]:
        return
    direct = wp.vec3(0.0, 0.0, 0.0)
    sun = wp.vec3(0.0, 0.0, 0.0)
    lit = float(0.0)
    albedo = wp.vec3(0.0, 0.0, 0.0)
    bounce = wp.vec4(0.0, 0.0, 0.0, 0.0)
    guide = wp.vec4(0.0, 0.0, 0.0, FAR)
    nearest = float(FAR)
    last = int(1)
    if plan.first > 0:
        if out.contrast[world, camera, row, col] == wp.uint8(0):
            return
        last = plan.samples
        direct = out.direct[world, camera, row, col]
        before = out.sun[world, camera, row, col]
        sun = wp.vec3(before[0], before[1], before[2])
        lit = sun[1] * before[3]
        albedo = out.albedo[world, camera, row, col]
        bounce = out.bounce[world, camera, row, col]
        guide = out.guide[world, camera, row, col]
        nearest = out.depth[world, camera, row, col]
    k = cameras.intrinsics[world, camera]
    rot = views.rot[world, camera]
    o = views.pos[world, camera]
    hidden = int(-1)
    if (cameras.flags[world, camera] & HIDES_EGO) != 0:
        hidden = 0
    key = int(w.world_key[world]) * 9781 + w.tick[world] * 6271 + camera * 31 + int(w.seed[world])
    state = wp.rand_init(key, row * size[1] + col)
    base = wp.vec4(wp.randf(state), wp.randf(state), wp.randf(state), wp.randf(state))
    # Neighbours' shadows and bounces take complementary samples: interleaved gradient noise (Jimenez 2014).
    shift = 5.588238 * float(w.tick[world] % 64)
    base[0] = fraction(52.9829189 * fraction(0.06711056 * (float(col) + shift) + 0.00583715 * (float(row) + shift)))
    base[3] = fraction(base[0] + 0.38196601 * float(row % 3 + 3 * (col % 3)))
    known = Hit()
    i = int(plan.first)
    while i < last:
        f = float(i)
        draw = wp.vec4(
            fraction(base[0] + f * GOLDEN[0]),
            fraction(base[1] + f * GOLDEN[1]),
            fraction(base[2] + f * GOLDEN[2]),
            fraction(base[3] + f * GOLDEN[3]),
        )
        # The first sample is the label's ray through the centre; the others cover the pixel evenly (R2 sequence).
        u = float(0.0)
        v = float(0.0)
        if i > 0:
            u = fraction(base[0] + f * 0.7548777) - 0.5
            v = fraction(base[1] + f * 0.5698403) - 0.5
        with_bounce = int(0)
        if i < plan.bounces:
            with_bounce = 1
        elif plan.bounces < 0:
            # Lamps need every sample; by day the filter fills the gaps.
            if w.lights.count[world] > 0:
                with_bounce = 1
            elif i == 0 and ((-plan.bounces / 2) * row + col + w.tick[world]) % (-plan.bounces) == 0:
                with_bounce = 1
        ray = pixel_direction(k, float(col) + u, float(row) + v)
        length = wp.length(ray)
        d = rot * (ray / length)
        if i == 0:
            known = known_hit(
                w, world, plan.slot[world, camera, row, col], plan.face[world, camera, row, col],
                plan.bary[world, camera, row, col], o, d,
            )  # fmt: skip
        s = follow_path(w, world, o, d, hidden, 1.0 / k[0], draw, with_bounce, wp.where(i == 0, 1, 0), known)
        direct += wp.vec3(wp.min(s.direct[0], 40.0), wp.min(s.direct[1], 40.0), wp.min(s.direct[2], 40.0))
        sun += s.sun
        lit += s.sun[1] * s.lit
        albedo += s.albedo
        if s.bounce[3] > 0.0:
            # Noisy as well, the lamps' light is filtered with the bounce.
            bounce += s.bounce + wp.vec4(s.lamps[0], s.lamps[1], s.lamps[2], 0.0)
        if guide[3] >= FAR:
            guide = wp.vec4(s.normal[0], s.normal[1], s.normal[2], s.distance)
        nearest = wp.min(nearest, s.first / length)
        i += 1
    g = 1.0 / float(last)
    out.direct[world, camera, row, col] = direct * g
    lit = lit / wp.max(sun[1], 1.0e-9)
    out.sun[world, camera, row, col] = wp.vec4(sun[0] * g, sun[1] * g, sun[2] * g, lit)
    out.albedo[world, camera, row, col] = albedo * g
    out.bounce[world, camera, row, col] = bounce
    out.guide[world, camera, row, col] = guide
    out.depth[world, camera, row, col] = nearest
