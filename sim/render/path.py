"""One path of the full colour pass: through panes to the first opaque surface, then a mirrored and a bounced ray."""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

import warp as wp

from sim.render.draws import reshuffled
from sim.render.gloss import facet_cosine, fresnel, ggx_facet, relief
from sim.render.ground import track_of
from sim.render.lights import luminance
from sim.render.materials import Surf
from sim.render.radiance import DIFFUSE, MIRROR, PRIMARY, Lit, Seen, lights_at, shade_indirect, shade_seen
from sim.render.raycast import FAR, Hit, trace
from sim.render.shading import (
    World,
    base_surface,
    cosine_direction,
    detailed,
    lift,
    object_point,
    on_lane,
    smooth_normal,
)
from sim.render.sky import seen_sky, sky_radiance
from sim.render.weather import fog_radiance, fog_transmittance, is_weathered, through_air, weathered

wp.set_module_options({"enable_backward": False, "max_unroll": 1})

BRIGHTEST = 12.0
"""Clamp of indirect samples: fewer fireflies for a little lost light."""
SMOOTH = 0.008
"""Half the angle of what a surface blurs up to which it mirrors lamps as they are [rad]."""


@wp.struct
class Sample:
    """What one path brings back."""

    direct: wp.vec3
    sun: wp.vec3
    lit: float
    albedo: wp.vec3
    bounce: wp.vec4
    glow: wp.vec3
    lamps: wp.vec4
    tint: wp.vec3
    mirror: wp.vec4
    blur: float
    facing: float
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
    facing: float
    """Cosine between the normal and the ray that it mirrors."""
    spread: float
    """Half the greatest angle over which its surface spreads mirrored rays [rad]."""


@wp.func
def cap(c: wp.vec3) -> wp.vec3:
    """Clamp a sample's brightness, keeping its colour."""
    m = wp.max(c[0], wp.max(c[1], c[2]))
    if m > BRIGHTEST:
        return c * (BRIGHTEST / m)
    return c


@wp.func
def mirror_ray(p: wp.vec3, n: wp.vec3, d: wp.vec3, width: float, t: float, weight: wp.vec3, draw: wp.vec4) -> Ray:
    """The mirrored ray of one of the facets of a surface; ``width``: of its GGX lobe.

    Facets are turned, not rays: seen at a grazing angle, reflections are drawn out towards the eye.
    """
    out = Ray()
    facet = n
    if width > 0.0:
        facet = ggx_facet(n, d, width, draw[0], draw[1])
    r = d - facet * (2.0 * wp.dot(facet, d))
    if wp.dot(r, n) < 0.01:
        r = wp.normalize(r + n * (0.02 - wp.dot(r, n)))
    out.wanted = 1
    out.origin = lift(p, n, t)
    out.direction = r
    out.weight = weight
    out.spread = 2.4 * width
    out.facing = facet_cosine(wp.dot(n, d), width)
    return out


@wp.struct
class Walk:
    """Where a path stands, and what it has brought back so far."""

    out: Sample
    start: wp.vec3
    dir: wp.vec3
    """Of the ray that is followed."""
    kind: int
    """What that ray is for."""
    unseen: int
    """Actor that it does not see, or -1."""
    weight: wp.vec3
    """What the panes so far let through."""
    total: float
    """Length of the primary ray so far [m]."""
    mirror: Ray
    diffuse: Ray
    left: int
    """Diffuse bounces that may follow."""
    panes: int
    """How many the camera has looked through: light bounced behind one comes in through others."""


@wp.func(inline=True)
def set_out(o: wp.vec3, d: wp.vec3, hidden: int, bounces: int) -> Walk:
    """A path's beginning: the camera's ray."""
    walk = Walk()
    walk.out.first = FAR
    walk.out.distance = FAR
    walk.weight = wp.vec3(1.0, 1.0, 1.0)
    walk.start = o
    walk.dir = d
    walk.kind = PRIMARY
    walk.unseen = hidden
    walk.left = bounces
    return walk


@wp.func(inline=True)
def surface_met(w: World, world: int, walk: Walk, hit: Hit, p: wp.vec3, n: wp.vec3, pixel: float) -> Surf:
    """The surface at a ray's hit ``p`` with its detail and weather; ``pixel``: a pixel's angle [rad]."""
    primary = walk.kind == PRIMARY
    q = object_point(w, world, hit, p)
    foot = hit.t * 0.1 + 0.02
    if primary:
        foot = walk.total * pixel / wp.max(0.2, wp.abs(wp.dot(n, walk.dir)))
    s = base_surface(w, world, hit, foot)
    lane = on_lane(w.geo, s.surface, hit)
    if primary:
        s = detailed(s, q, n, lane, foot, w.sky.night[world], hit.slot == 0)
    if is_weathered(w.weather, world, s.surface):
        s = weathered(w.weather, world, s, q, n, foot, w.tick[world], track_of(lane))
    if not primary and s.transmission > 0.0:
        s.albedo = wp.vec3(0.03, 0.03, 0.03)
    return s


@wp.func(inline=True)
def pass_pane(walk: Walk, s: Surf, p: wp.vec3, n: wp.vec3, t: float, air: float, draw: wp.vec4) -> Walk:
    """On through a pane, which also mirrors; ``t``: distance of the hit [m], ``air``: what the air lets through.

    A car's glass (transmission 0.7) lets three quarters through, slightly green (UN Regulation 43: at least 0.7), and mirrors with both
    faces. Skylight comes into a cabin the same way: a ray bounced behind a pane goes on through others.
    """
    f = fresnel(0.08, wp.abs(wp.dot(n, walk.dir)))
    through = wp.vec3(0.9, 0.95, 0.93) * ((0.35 + 0.65 * s.transmission) * (1.0 - f))
    walk.start = p + walk.dir * (1.0e-3 + 1.0e-5 * walk.total)
    if walk.kind == DIFFUSE:
        walk.diffuse.weight = wp.cw_mul(walk.diffuse.weight, through)
        return walk
    if walk.mirror.wanted == 0:
        walk.mirror = mirror_ray(p, n, walk.dir, 0.0, t, walk.weight * (f * air), draw)
    walk.weight = wp.cw_mul(walk.weight, through)
    walk.panes += 1
    return walk


@wp.func(inline=True)
def bounce_off(walk: Walk, n: wp.vec3, lit: Lit, weight: wp.vec3, draw: wp.vec4) -> Walk:
    """Let a diffuse ray wait that leaves a surface and brings back ``weight`` of what it finds."""
    walk.diffuse.wanted = 1
    walk.diffuse.origin = lit.near
    walk.diffuse.direction = cosine_direction(n, draw[3], draw[2])
    walk.diffuse.weight = weight
    walk.left -= 1
    return walk


@wp.func(inline=True)
def keep_seen(walk: Walk, s: Surf, p: wp.vec3, n: wp.vec3, air: float, lit: Lit, seen: Seen, draw: wp.vec4) -> Walk:
    """Keep what the camera sees of its first opaque surface, and let the rays that leave it wait."""
    walk.out.sun = wp.cw_mul(wp.cw_mul(walk.weight, s.albedo), lit.open_sun) * (0.31831 * seen.matt * air)
    walk.out.lit = lit.sun[1] / wp.max(lit.open_sun[1], 1.0e-6)
    walk.out.albedo = wp.cw_mul(walk.weight, s.albedo) * (seen.matt * air)
    walk.out.glow = walk.out.albedo * lit.all_lamps
    walk.out.lamps = wp.vec4(lit.lamps[0], lit.lamps[1], lit.lamps[2], lit.all_lamps)
    walk.out.normal = n
    walk.out.distance = walk.total
    if seen.mirrors != 0:
        walk.mirror = mirror_ray(p, n, walk.dir, seen.spread, walk.total, wp.cw_mul(walk.weight, seen.tint) * air, draw)
    if walk.left > 0:
        walk = bounce_off(walk, n, lit, wp.vec3(1.0, 1.0, 1.0), draw)
        walk.out.bounce = wp.vec4(0.0, 0.0, 0.0, 1.0)
    return walk


@wp.func(inline=True)
def take_in(walk: Walk, color: wp.vec3, t: float, pixel: float) -> Walk:
    """Add the radiance that a ray has brought from ``t`` [m] away; ``pixel``: a pixel's angle [rad]."""
    if walk.kind == PRIMARY:
        walk.out.direct += wp.cw_mul(walk.weight, color)
    elif walk.kind == MIRROR:
        share = luminance(walk.mirror.weight)
        c = cap(color) * share
        walk.out.tint = walk.mirror.weight
        walk.out.mirror = wp.vec4(c[0], c[1], c[2], share)
        walk.out.blur = walk.mirror.spread * t / (pixel * (walk.total + t))
        walk.out.facing = walk.mirror.facing
    else:
        c = wp.cw_mul(walk.diffuse.weight, cap(color))
        walk.out.bounce += wp.vec4(c[0], c[1], c[2], 0.0)
    return walk


@wp.func(inline=True)
def next_ray(walk: Walk) -> Walk:
    """Turn to a ray that waits; ``kind`` is -1 where none does."""
    walk.unseen = -1
    if walk.mirror.wanted == 1:
        walk.mirror.wanted = 2
        walk.kind = MIRROR
        walk.start = walk.mirror.origin
        walk.dir = walk.mirror.direction
    elif walk.diffuse.wanted == 1:
        walk.diffuse.wanted = 2
        walk.kind = DIFFUSE
        walk.start = walk.diffuse.origin
        walk.dir = walk.diffuse.direction
    else:
        walk.kind = -1
    return walk


@wp.func(inline=True)
def meet_sky(w: World, world: int, walk: Walk, pixel: float) -> Walk:
    """The end of a ray that meets nothing."""
    color = wp.vec3(0.0, 0.0, 0.0)
    if walk.kind == PRIMARY:
        color = through_air(w.sky, world, seen_sky(w.sky, world, walk.dir), walk.dir, FAR)
    else:
        color = sky_radiance(w.sky, world, walk.dir)
    return take_in(walk, color, FAR, pixel)


@wp.func(inline=True)
def meet_opaque(
    w: World, world: int, walk: Walk, s: Surf, p: wp.vec3, n: wp.vec3, t: float, air: float, pixel: float, last: bool, draw: wp.vec4,
) -> Walk:  # fmt: skip
    """The end of a ray on an opaque surface ``t`` away [m]; ``air``: what the air lets through, ``last``: no ray may follow."""
    lit = lights_at(w, world, s, p, n, walk.total, walk.kind, last, draw)
    color = wp.vec3(0.0, 0.0, 0.0)
    if walk.kind != PRIMARY:
        blurs = wp.where(walk.kind == MIRROR and walk.mirror.spread > SMOOTH, 1, 0)
        color = shade_indirect(w, world, s, n, walk.dir, lit, walk.kind, last, blurs)
        walk = take_in(walk, color, t, pixel)
        if walk.kind == DIFFUSE and not last:
            weight = wp.cw_mul(walk.diffuse.weight, s.albedo * (1.0 - s.metallic))
            walk = bounce_off(walk, n, lit, weight, draw)
    else:
        seen = shade_seen(w, world, s, n, walk.dir, lit, walk.mirror.wanted)
        walk = keep_seen(walk, s, p, n, air, lit, seen, draw)
        color = seen.color * air + fog_radiance(w.sky, world, walk.dir) * (1.0 - air)
        walk = take_in(walk, color, t, pixel)
    return walk


@wp.func(inline=True)
def follow_path(
    w: World, world: int, o: wp.vec3, d: wp.vec3, hidden: int, pixel: float, draw: wp.vec4, bounces: int, known: int, first: Hit,
) -> Sample:  # fmt: skip
    """One sample: through up to four panes to the first opaque surface, then a mirrored ray and a chain of bounced ones.

    All rays go through one loop, so that tracing and shadows stand in the code once: kernels stay small on GPUs. ``pixel`` is a pixel's
    angle [rad], ``hidden`` an actor the first rays do not see, ``first`` the first ray's hit where ``known`` is 1.
    """
    walk = set_out(o, d, hidden, bounces)
    most = 7 + bounces
    k = int(0)
    while k < most and walk.kind >= 0:
        hit = first
        if k > 0 or known == 0:
            hit = trace(w.geo, w.inst, world, walk.start, walk.dir, FAR, walk.unseen)
        passes = int(0)
        if hit.slot < 0:
            walk = meet_sky(w, world, walk, pixel)
        else:
            p = walk.start + walk.dir * hit.t
            n = smooth_normal(w, world, hit, walk.dir)
            if walk.kind == PRIMARY:
                walk.total += hit.t
                walk.out.first = wp.min(walk.out.first, walk.total)
            s = surface_met(w, world, walk, hit, p, n, pixel)
            if walk.kind == PRIMARY:
                n = relief(n, walk.dir, s.bump)
                passes = wp.where(s.transmission > 0.0 and k < 4, 1, 0)
            elif walk.kind == DIFFUSE and walk.panes > 0 and s.transmission > 0.0:
                passes = 1
            air = fog_transmittance(w.sky.extinction[world], walk.total)
            if passes == 1:
                before = walk.weight
                walk = pass_pane(walk, s, p, n, hit.t, air, draw)
                # The fog before the pane is not seen through it.
                color = fog_radiance(w.sky, world, walk.dir) * (1.0 - air)
                walk.out.direct += wp.cw_mul(before - walk.weight, color)
            else:
                chance = draw
                if walk.kind == DIFFUSE:
                    chance = reshuffled(draw, k)
                last = walk.kind != PRIMARY and (walk.kind == MIRROR or walk.left == 0 or k + 1 == most)
                walk = meet_opaque(w, world, walk, s, p, n, hit.t, air, pixel, last, chance)
        k += 1
        if passes == 0:
            walk = next_ray(walk)
    if walk.kind == DIFFUSE:
        # Out of steps behind yet another pane: there is the sky, as far as is known.
        walk = take_in(walk, sky_radiance(w.sky, world, walk.dir), FAR, pixel)
    return walk.out
