"""What a surface sends back along a ray of a path: the light of sun and lamps on it, and its look to the camera and to later rays."""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

import warp as wp

from sim.render.gloss import coat_width, facet_cosine, fresnel, highlight, lamp_glints
from sim.render.materials import MESH_CUTOUT, MESH_GLASS, Surf
from sim.render.mesh import Surface
from sim.render.raycast import visibility
from sim.render.shading import LightRay, World, ambient_light, lamp_ray, lift, roof_ray, sun_ray
from sim.render.sky import sky_radiance

wp.set_module_options({"enable_backward": False, "max_unroll": 1})

EXACT = MESH_CUTOUT | MESH_GLASS
PRIMARY, MIRROR, DIFFUSE = 0, 1, 2
"""What a ray of a path is for."""


@wp.struct
class Lit:
    """The light of sun and lamps on a surface."""

    side: wp.vec3
    """Normal on the side that the sun shines on: leaves let its light through."""
    near: wp.vec3
    """Where secondary rays start."""
    sun: wp.vec3
    """Irradiance of the sun, with shadow."""
    open_sun: wp.vec3
    """Without shadow."""
    lamps: wp.vec3
    """Irradiance of the lamps over pi, with shadow, as the lamp that was asked for tells."""
    all_lamps: float
    """Luminance of all lamps' irradiance over pi, without shadow."""
    open: float
    """Share of the sky's light that comes this far into a tunnel; 1 elsewhere, and where the path goes on."""


@wp.func(inline=True)
def lights_at(
    w: World, world: int, s: Surf, p: wp.vec3, n: wp.vec3, total: float, kind: int, last: bool, draw: wp.vec4
) -> Lit:  # fmt: skip
    """Ask for the sun, for one lamp, and in tunnels where the path ends (``last``) for the sky."""
    out = Lit()
    out.side = n
    through = s.surface == wp.static(int(Surface.LEAF)) and wp.dot(n, w.sky.sun_direction[world]) < 0.0
    if through:
        out.side = -n
    out.near = lift(p, out.side, total)
    exact = EXACT
    if kind != PRIMARY:
        exact = 0
    out.open = 1.0
    for j in range(3):
        ray = LightRay()
        if j == 0:
            ray = sun_ray(w, world, out.side, draw[0], draw[1])
        elif j == 1 and w.lights.count[world] > 0:
            ray = lamp_ray(w, world, out.near, n, draw[2])
        elif j == 2 and last:
            ray = roof_ray(w, world)
        if ray.light[0] + ray.light[1] + ray.light[2] > 1.0e-6:
            e = ray.light * visibility(w.geo, w.inst, world, out.near, ray.direction, ray.t_max, exact)
            if j == 0:
                out.sun = e
                out.open_sun = ray.light
            elif j == 2:
                out.open = 0.02 + 0.98 * e[0]
            else:
                out.lamps = e * 0.31831
                out.all_lamps = ray.all * 0.31831
    if through:
        # Greener on the other side.
        out.sun = wp.cw_mul(out.sun, wp.vec3(0.75, 0.95, 0.32))
        out.open_sun = wp.cw_mul(out.open_sun, wp.vec3(0.75, 0.95, 0.32))
    return out


@wp.func(inline=True)
def shade_indirect(
    w: World, world: int, s: Surf, n: wp.vec3, d: wp.vec3, lit: Lit, kind: int, last: bool, blurs: int
) -> wp.vec3:
    """Radiance of a surface that a mirrored or bounced ray meets; ``blurs``: 1 if a surface that is not smooth mirrors it.

    Where the path ends there (``last``), three quarters of the open sky stand for the light that further bounces would bring.
    """
    e = lit.sun * 0.31831 + lit.lamps
    if last:
        e += ambient_light(w, world, n) * (0.75 * lit.open)
    color = wp.cw_mul(s.albedo, e * (1.0 - s.metallic)) + s.emission
    if s.metallic > 0.0:
        color += wp.cw_mul(s.albedo, sky_radiance(w.sky, world, d - n * (2.0 * wp.dot(n, d)))) * s.metallic
    if kind == DIFFUSE:
        # Lamps are asked for directly; a chance hit would only be noise.
        color -= s.emission * (1.0 - 0.05 / wp.max(wp.max(s.emission[0], s.emission[1]), 0.05))
    elif blurs == 1 and w.lights.count[world] > 0:
        # So are their glints on what is not smooth.
        color -= s.emission * (1.0 - 1.0 / wp.max(wp.max(s.emission[0], s.emission[1]), 1.0))
    return color


@wp.struct
class Seen:
    """The look of a surface that the camera sees."""

    color: wp.vec3
    """Radiance but of the matt part."""
    matt: float
    """Share of the albedo that scatters evenly."""
    mirrors: int
    """1 if a mirrored ray is worth its cost."""
    spread: float
    """Width of its GGX lobe."""
    tint: wp.vec3
    """Its weight."""


@wp.func(inline=True)
def shade_seen(w: World, world: int, s: Surf, n: wp.vec3, d: wp.vec3, lit: Lit, mirrored: int) -> Seen:
    """Emission and gloss of a surface; ``mirrored`` is not 0 once the path has its mirrored ray."""
    out = Seen()
    width = coat_width(s)
    coat = s.coat * fresnel(0.04, facet_cosine(wp.dot(n, d), width))
    out.matt = (1.0 - s.metallic) * (1.0 - coat)
    f0 = wp.lerp(wp.vec3(0.04, 0.04, 0.04), s.albedo, s.metallic)
    out.color = s.emission
    if lit.sun[1] > 0.0 and wp.dot(lit.side, n) > 0.0:
        out.color += highlight(w, world, s, n, -d, f0, coat, lit.sun)
    if s.coat > 0.0 and w.lights.count[world] > 0:
        out.color += lamp_glints(w, world, lit.near, n, -d, s.coat, width)
    if coat > 0.01:
        out.mirrors = wp.where(mirrored == 0, 1, 0)
        out.spread = width
        out.tint = wp.vec3(coat, coat, coat)
        if out.mirrors == 0:
            out.color += sky_radiance(w.sky, world, d - n * (2.0 * wp.dot(n, d))) * (0.4 * coat)
    elif s.metallic > 0.3:
        out.mirrors = wp.where(mirrored == 0 and s.roughness < 0.75, 1, 0)
        out.spread = 0.35 * s.roughness * s.roughness
        out.tint = f0
        if out.mirrors == 0:
            out.color += wp.cw_mul(f0, ambient_light(w, world, n))
    return out
