"""Gloss: Fresnel's share, the glints of the sun and of lamps, relief, for the full pass."""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

import warp as wp

from sim.render.lights import lamp_flux
from sim.render.materials import Surf
from sim.render.shading import World

wp.set_module_options({"enable_backward": False, "max_unroll": 1})

CLEAN = 0.05
"""Roughness of a clean, level coat."""


@wp.func
def fresnel(f0: float, cosine: float) -> float:
    """Schlick's approximation."""
    return f0 + (1.0 - f0) * wp.pow(1.0 - wp.clamp(cosine, 0.0, 1.0), 5.0)


@wp.func
def coat_width(s: Surf) -> float:
    """Width of a coat's GGX lobe: of a clean one, what dirt adds, and its ripples' slope times the root of 2."""
    r = CLEAN + 0.3 * (1.0 - s.coat)
    return wp.sqrt(r * r * r * r + 2.0 * s.ripple * s.ripple)


@wp.func
def facet_cosine(cosine: float, width: float) -> float:
    """Cosine between a ray and the facets that it meets: at grazing angles it meets those that are turned towards it.

    ``cosine``: of the ray and the normal, ``width``: of the GGX lobe. Chosen so that Fresnel's share at this cosine is its mean over the
    facets of `ggx_facet`, within 0.05 for widths up to 0.3: seen at 3 degrees, of ice a fifth, of a wet road a third to a half, of still
    water 0.8.
    """
    off = width * (1.0 - cosine)
    return wp.min(wp.sqrt(cosine * cosine + 3.0 * off * off / (1.0 + 6.0 * width)), 1.0)


@wp.func
def ggx_facet(n: wp.vec3, d: wp.vec3, width: float, u: float, v: float) -> wp.vec3:
    """Normal of a facet that a ray along ``d`` meets, drawn with two uniform numbers; the farthest tail of GGX is cut off.

    Visible normals are those of a cap of the sphere in a frame stretched by ``width`` (Heitz 2018; Dupuy and Benyoub 2023).
    """
    cosine = -wp.dot(n, d)
    t = -d - n * cosine
    sine = wp.length(t)
    if sine > 1.0e-3:
        t = t / sine
    else:
        t = wp.normalize(wp.cross(n, wp.vec3(0.36, 0.48, 0.8)))
    seen = wp.normalize(wp.vec2(width * sine, cosine))
    z = 1.0 - 0.85 * u * (1.0 + seen[1])
    r = wp.sqrt(wp.max(1.0 - z * z, 0.0))
    x = (r * wp.cos(6.2831853 * v) + seen[0]) * width
    y = r * wp.sin(6.2831853 * v) * width
    return wp.normalize(t * x + wp.cross(n, t) * y + n * (z + seen[1]))


@wp.func
def ggx_sun(n: wp.vec3, v: wp.vec3, l: wp.vec3, width: float) -> float:
    """GGX lobe times cosine for F = 1 (Walter et al. 2007, height-correlated Smith visibility)."""
    a = wp.max(width, 0.02)
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


@wp.func(inline=True)
def highlight(
    w: World, world: int, s: Surf, n: wp.vec3, view: wp.vec3, f0: wp.vec3, coat: float, sun: wp.vec3
) -> wp.vec3:
    """The sun's glint on a surface and on its coat; ``sun`` is its irradiance there, with shadow."""
    l = w.sky.sun_direction[world]
    nl = wp.max(wp.dot(n, l), 0.02)
    r = wp.max(s.roughness, 0.12)
    lobe = ggx_sun(n, view, l, r * r) * (1.0 - coat)
    out = wp.cw_mul(f0, sun) * wp.min(lobe / nl, 8.0)
    if s.coat > 0.0:
        out += sun * (s.coat * 0.04 * wp.min(ggx_sun(n, view, l, coat_width(s)) / nl, 60.0))
    return out


@wp.func(inline=True)
def lamp_glints(w: World, world: int, p: wp.vec3, n: wp.vec3, view: wp.vec3, coat: float, width: float) -> wp.vec3:
    """The glints of all lamps on a coat, as on a wet road at night; their shadows are left out."""
    out = wp.vec3(0.0, 0.0, 0.0)
    for k in range(w.lights.count[world]):
        l = wp.normalize(w.lights.pos[world, k] - p)
        lobe = ggx_sun(n, view, l, width)
        if lobe > 1.0e-4:
            f = fresnel(0.04, wp.dot(view, wp.normalize(l + view)))
            out += lamp_flux(w.lights, world, k, p) * (coat * f * wp.min(0.4 * lobe, 12.0))
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
