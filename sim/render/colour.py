"""The full colour pass: a sample for every pixel, more where there is contrast; what the filters smooth is kept apart."""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

import warp as wp

from sim.render.camera import Cameras, Views, pixel_direction
from sim.render.draws import fraction
from sim.render.options import RAYS
from sim.render.path import Sample, follow_path
from sim.render.primary import BLOCK, Hits, Pixel, Share, hidden_actor, is_inside, known_hit, pixel_of
from sim.render.raycast import FAR, Hit
from sim.render.shading import World

wp.set_module_options(RAYS | {"max_unroll": 1})

GOLDEN = wp.constant(wp.vec4(0.8566749, 0.7338919, 0.6287067, 0.5385973))
"""Additive recurrence of four dimensions (R4 sequence): even cover by few samples."""
CONTRAST = 0.09
"""Difference over sum of the light of neighbouring pixels above which they get all samples."""
BRIGHT = 0.3
"""Above which they do where a rough coat mirrors, whose noise is less: that is a lamp."""
ROUGH = (12.0, 40.0)
"""By how many pixels a coat blurs what it mirrors where the noise of that begins not to count, and where it does not at all."""


@wp.struct
class Buffers:
    """Linear light of every camera, (nworld, ncamera, height, width) each."""

    direct: wp.array4d[wp.vec3]
    """Radiance of what shines, of the sky, of the air and of glints: all that is not below."""
    sun: wp.array4d[wp.vec4]
    """Radiance of sunlit matt surfaces as if nothing shaded them, and the share of the sun they see."""
    albedo: wp.array4d[wp.vec3]
    """What the bounce's irradiance over pi is multiplied with."""
    bounce: wp.array4d[wp.vec4]
    """Irradiance over pi from diffuse bounces, summed, and over how many samples."""
    glow: wp.array4d[wp.vec3]
    """Radiance of matt surfaces in white light as bright as all lamps' without shadow."""
    lamps: wp.array4d[wp.vec4]
    """Irradiance over pi from lamps with shadow, summed over samples, and the luminance of that without."""
    tint: wp.array4d[wp.vec3]
    """What mirrored light is multiplied with."""
    mirror: wp.array4d[wp.vec4]
    """Mirrored radiance times the tint's luminance, summed over samples, and the latter."""
    blur: wp.array4d[wp.vec2]
    """By how many pixels across and down the surface blurs what it mirrors, summed like ``mirror``."""
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
    """Number of the pass's first sample: 0 in the first pass."""
    last: int
    """Number of samples when the pass is done."""
    known: int
    """1 if the first sample's hit is known."""
    bounces: int
    """How many of them bounce; negative: the first one alone, in every ``-bounces``-th pixel."""
    depth: int
    """How often these bounce."""
    hits: Hits


def make_buffers(shape: tuple[int, int, int, int], device: wp.DeviceLike) -> Buffers:
    """Empty buffers."""
    out = Buffers()
    out.contrast = wp.zeros(shape, dtype=wp.uint8, device=device)
    for name in ("direct", "albedo", "glow", "tint"):
        setattr(out, name, wp.zeros(shape, dtype=wp.vec3, device=device))
    for name in ("bounce", "guide", "lamps", "mirror", "sun"):
        setattr(out, name, wp.zeros(shape, dtype=wp.vec4, device=device))
    out.blur = wp.zeros(shape, dtype=wp.vec2, device=device)
    out.depth = wp.zeros(shape, dtype=float, device=device)
    return out


@wp.func(inline=True)
def mirrored_light(buffers: Buffers, world: int, camera: int, row: int, col: int) -> wp.vec3:
    """Radiance that a pixel mirrors."""
    m = buffers.mirror[world, camera, row, col]
    return wp.cw_mul(buffers.tint[world, camera, row, col], wp.vec3(m[0], m[1], m[2])) / wp.max(m[3], 1.0e-12)


@wp.func(inline=True)
def light_and_noise(buffers: Buffers, level: wp.vec3, world: int, camera: int, row: int, col: int) -> wp.vec2:
    """Light of a pixel without lamps' shadows, in surroundings as bright as ``level``, and how much more a rough coat happens to mirror."""
    sun = buffers.sun[world, camera, row, col]
    light = buffers.direct[world, camera, row, col] + wp.vec3(sun[0], sun[1], sun[2]) * sun[3]
    light += buffers.glow[world, camera, row, col] + wp.cw_mul(buffers.albedo[world, camera, row, col], level)
    blur = wp.length(buffers.blur[world, camera, row, col]) / wp.max(
        buffers.mirror[world, camera, row, col][3], 1.0e-12
    )
    rough = wp.smoothstep(wp.static(ROUGH[0]), wp.static(ROUGH[1]), blur)
    mirrored = mirrored_light(buffers, world, camera, row, col)
    expected = wp.lerp(mirrored, wp.cw_mul(buffers.tint[world, camera, row, col], level), rough)
    more = mirrored - expected
    light += expected
    return wp.vec2(light[0] + light[1] + light[2], more[0] + more[1] + more[2])


@wp.kernel
def _mark_contrast(w: World, first_row: int, buffers: Buffers):
    """Reads the first samples. Writes where a pixel differs from a neighbour in light, distance or direction."""
    world, camera, row, col = wp.tid()
    row += first_row
    height = buffers.contrast.shape[2]
    width = buffers.contrast.shape[3]
    level = w.sky.ambient[world] + w.sky.sun[world] * 0.05
    dark = (0.03 * (level[0] + level[1] + level[2]) + 1.0e-4) / CONTRAST
    own = buffers.guide[world, camera, row, col]
    y = light_and_noise(buffers, level, world, camera, row, col)
    found = int(0)
    for i in range(4):
        r = row + (i / 2) * (2 * (i % 2) - 1)
        c = col + (1 - i / 2) * (2 * (i % 2) - 1)
        if r >= 0 and c >= 0 and r < height and c < width:
            other = buffers.guide[world, camera, r, c]
            z = light_and_noise(buffers, level, world, camera, r, c)
            near = wp.min(own[3], other[3])
            apart = wp.abs(own[3] - other[3]) > 0.1 * near + 0.05 and near < 400.0
            turned = own[0] * other[0] + own[1] * other[1] + own[2] * other[2] < 0.8 and near < 60.0
            step = wp.abs(y[0] - z[0]) / (y[0] + z[0] + dark)
            edge = (apart or turned) and wp.abs(y[0] - z[0]) > 0.06 * (y[0] + z[0])
            lamp = wp.abs(y[0] + y[1] - z[0] - z[1]) > BRIGHT * (y[0] + y[1] + z[0] + z[1] + dark)
            if step > CONTRAST or edge or lamp:
                found = 1
    buffers.contrast[world, camera, row, col] = wp.uint8(found)


@wp.func(inline=True)
def noise_of(w: World, cameras: Cameras, px: Pixel, width: int) -> wp.vec4:
    """Four numbers in 0..1 that a pixel's samples start from."""
    key = (
        int(w.world_key[px.world]) * 9781
        + w.tick[px.world] * 6271
        + cameras.number[px.world, px.camera] * 31
        + int(w.seed[px.world])
    )
    state = wp.rand_init(key, px.row * width + px.col)
    base = wp.vec4(wp.randf(state), wp.randf(state), wp.randf(state), wp.randf(state))
    # Neighbours' shadows and bounces take complementary samples: interleaved gradient noise (Jimenez 2014).
    shift = 5.588238 * float(w.tick[px.world] % 64)
    base[0] = fraction(
        52.9829189 * fraction(0.06711056 * (float(px.col) + shift) + 0.00583715 * (float(px.row) + shift))
    )
    base[3] = fraction(base[0] + 0.38196601 * float(px.row % 3 + 3 * (px.col % 3)))
    return base


@wp.func(inline=True)
def bounces(w: World, plan: Plan, px: Pixel, sample: int) -> int:
    """How often a sample bounces."""
    if sample < plan.bounces:
        return plan.depth
    if plan.bounces >= 0:
        return 0
    # The filter fills the gaps.
    if sample == 0 and ((-plan.bounces / 2) * px.row + px.col + w.tick[px.world]) % (-plan.bounces) == 0:
        return plan.depth
    return 0


@wp.func
def pupil_point(radius: float, base: wp.vec4, f: float) -> wp.vec3:
    """A point of a lens's pupil in the camera frame, the ``f``-th of an even cover."""
    r = radius * wp.sqrt(fraction(base[1] + f * 0.7548777))
    a = 6.2831853 * fraction(base[2] + f * 0.5698403)
    return wp.vec3(r * wp.cos(a), r * wp.sin(a), 0.0)


@wp.struct
class EyeRay:
    """A ray from the camera."""

    start: wp.vec3
    """[m]."""
    dir: wp.vec3
    """Unit."""
    reach: float
    """Length of the pixel's direction, 0 where the lens shows nothing."""


@wp.func(inline=True)
def eye_ray(cameras: Cameras, views: Views, px: Pixel, at: wp.vec2, base: wp.vec4, f: float) -> EyeRay:
    """The ray through a point of the picture; with depth of field through the ``f``-th point of the pupil."""
    out = EyeRay()
    rot = views.rot[px.world, px.camera]
    out.start = views.pos[px.world, px.camera]
    ray = pixel_direction(cameras, px.world, px.camera, at[0], at[1])
    length = wp.length(ray)
    out.reach = length
    if length > 0.0:
        pupil = cameras.pupil[px.world, px.camera]
        if pupil[0] > 0.0:
            # To where the ray through the pupil's middle is in focus.
            off = pupil_point(pupil[0], base, f)
            ray = ray * pupil[1] - off
            out.start += rot * off
            length = wp.length(ray)
        out.dir = rot * (ray / length)
    return out


@wp.func(inline=True)
def seen_so_far(out: Buffers, world: int, camera: int, row: int, col: int, done: float) -> Sample:
    """The sum of a pixel's samples so far, ``done`` in number."""
    total = Sample()
    total.direct = out.direct[world, camera, row, col] * done
    sun = out.sun[world, camera, row, col]
    total.sun = wp.vec3(sun[0], sun[1], sun[2]) * done
    total.lit = total.sun[1] * sun[3]
    total.albedo = out.albedo[world, camera, row, col] * done
    total.bounce = out.bounce[world, camera, row, col]
    total.glow = out.glow[world, camera, row, col] * done
    total.lamps = out.lamps[world, camera, row, col]
    total.tint = out.tint[world, camera, row, col] * done
    total.mirror = out.mirror[world, camera, row, col]
    guide = out.guide[world, camera, row, col]
    total.normal = wp.vec3(guide[0], guide[1], guide[2])
    total.distance = guide[3]
    total.first = out.depth[world, camera, row, col]
    return total


@wp.func(inline=True)
def added(total: Sample, s: Sample, depth: float) -> Sample:
    """A sum of samples and one more; the first on a surface tells direction and distance."""
    out = total
    out.direct += wp.vec3(wp.min(s.direct[0], 40.0), wp.min(s.direct[1], 40.0), wp.min(s.direct[2], 40.0))
    out.sun += s.sun
    out.lit += s.sun[1] * s.lit
    out.albedo += s.albedo
    out.bounce += s.bounce
    out.glow += s.glow
    out.lamps += s.lamps
    out.tint += s.tint
    out.mirror += s.mirror
    if total.distance >= FAR:
        out.normal = s.normal
        out.distance = s.distance
    out.first = wp.min(total.first, depth)
    return out


@wp.func(inline=True)
def keep(out: Buffers, world: int, camera: int, row: int, col: int, total: Sample, g: float):
    """Write a sum of samples, ``g`` one over their number."""
    out.direct[world, camera, row, col] = total.direct * g
    lit = total.lit / wp.max(total.sun[1], 1.0e-9)
    out.sun[world, camera, row, col] = wp.vec4(total.sun[0] * g, total.sun[1] * g, total.sun[2] * g, lit)
    out.albedo[world, camera, row, col] = total.albedo * g
    out.bounce[world, camera, row, col] = total.bounce
    out.glow[world, camera, row, col] = total.glow * g
    out.lamps[world, camera, row, col] = total.lamps
    out.tint[world, camera, row, col] = total.tint * g
    out.mirror[world, camera, row, col] = total.mirror
    out.guide[world, camera, row, col] = wp.vec4(total.normal[0], total.normal[1], total.normal[2], total.distance)
    out.depth[world, camera, row, col] = total.first


@wp.func
def blur_of(n: wp.vec3, s: Sample) -> wp.vec2:
    """By how many pixels across and down a surface with the normal ``n`` in the camera's frame blurs what it mirrors.

    Facets turned about by an angle turn mirrored rays by twice that in the plane of the ray and the normal, and by less across it.
    """
    long = wp.sqrt(n[0] * n[0] + n[1] * n[1])
    across = s.facing
    mx = float(0.707)
    my = float(0.707)
    if long > 1.0e-3:
        mx = n[0] / long
        my = n[1] / long
    return wp.vec2(wp.sqrt(mx * mx + across * across * my * my), wp.sqrt(my * my + across * across * mx * mx)) * s.blur


@wp.func(inline=True)
def colour_pixel(w: World, cameras: Cameras, views: Views, plan: Plan, out: Buffers, px: Pixel):
    """Add a pass's samples to a pixel."""
    world = px.world
    camera = px.camera
    row = px.row
    col = px.col
    total = Sample()
    total.distance = FAR
    total.first = FAR
    blur = wp.vec2(0.0, 0.0)
    last = plan.last
    if plan.first > 0:
        if out.contrast[world, camera, row, col] == wp.uint8(0):
            return
        total = seen_so_far(out, world, camera, row, col, float(plan.first))
        blur = out.blur[world, camera, row, col]
    k = cameras.intrinsics[world, camera]
    hidden = hidden_actor(cameras, world, camera)
    base = noise_of(w, cameras, px, out.depth.shape[3])
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
        with_bounce = bounces(w, plan, px, i)
        eye = eye_ray(cameras, views, px, wp.vec2(float(col) + u, float(row) + v), base, f)
        if eye.reach > 0.0:
            knows = wp.where(i == 0, plan.known, 0)
            if knows == 1:
                known = known_hit(w.geo, w.inst, plan.hits, px, eye.start, eye.dir)
            s = follow_path(w, world, eye.start, eye.dir, hidden, 1.0 / k[0], draw, with_bounce, knows, known)
            total = added(total, s, s.first / eye.reach)
            if s.mirror[3] > 0.0:
                blur += blur_of(wp.transpose(views.rot[world, camera]) * s.normal, s) * s.mirror[3]
        i += 1
    out.blur[world, camera, row, col] = blur
    keep(out, world, camera, row, col, total, 1.0 / float(last))


@wp.kernel(grid_stride=False, launch_bounds=(64, 8))
def _trace_colour(
    w: World, cameras: Cameras, views: Views, mask: wp.array[wp.int32], plan: Plan, share: Share, out: Buffers,
):  # fmt: skip
    """Reads the masked worlds, cameras, views, the plan. Writes the buffers, averaged over a pixel's samples so far."""
    world, camera, tile, lane = wp.tid()
    while lane < BLOCK and mask[world] != 0:
        px = pixel_of(world, camera, share.first + tile, lane, out.depth.shape[3])
        lane += share.lanes
        if is_inside(px, share, plan.hits.at):
            colour_pixel(w, cameras, views, plan, out, px)
