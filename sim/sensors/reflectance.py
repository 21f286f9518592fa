"""How much of a lidar's light a surface sends back: matt, mirroring and retroreflecting parts at 905 nm.

Everything is told as the reflectance of a matt white board hit squarely that would send back as much (calibrated reflectance).
"""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

import warp as wp

from sim.render.ground import track_of
from sim.render.library import Geometry
from sim.render.materials import Surf
from sim.render.mesh import Role, Semantic, Surface
from sim.render.raycast import Hit
from sim.render.scene_bvh import Instances
from sim.render.shading import detailed, on_lane, painted_surface
from sim.render.weather import weathered
from sim.types import Scene

wp.set_module_options({"enable_backward": False})

PI = wp.constant(3.14159265)

SHEETING = 250.0
"""Coefficient of retroreflection of white sheeting on signs and cones [cd/(lx m^2)]: ASTM D4956 type III, -4 and 0.2 degrees."""
PLATE_SHEETING = 45.0
"""Of number plates: ISO 7591."""
REFLEX = 20.0
"""Of lamp clusters with built-in reflectors, spread over the lamp: UN R3 asks 0.3 cd/lx of a red one of some 150 cm^2."""
BEADS = 0.15
"""Retroreflected luminance of marking paint with glass beads [cd/(lx m^2)]: EN 1436 class R3."""
DIRT = 0.02
"""What a window scatters."""


@wp.struct
class Echo:
    """What a surface sends back."""

    reflectance: float
    """Calibrated reflectance; above 1 of retroreflectors and glints."""
    passed: float
    """Share that goes on through it."""
    semantic: int
    """`sim.render.mesh.Semantic`."""


@wp.func
def infrared(surface: int, albedo: wp.vec3) -> float:
    """Diffuse reflectance at 905 nm of what looks as it does.

    Leaves and grass are bright (ECOSTRESS spectral library: 0.4 to 0.5), cloth and fur brighter than they look, as dyes are
    transparent there; of all else the red part is the best guess.
    """
    look = 0.6 * albedo[0] + 0.3 * albedo[1] + 0.1 * albedo[2]
    if surface == wp.static(int(Surface.LEAF)) or surface == wp.static(int(Surface.GRASS)):
        return wp.clamp(0.3 + 1.5 * look, 0.0, 0.6)
    if surface == wp.static(int(Surface.CLOTH)) or surface == wp.static(int(Surface.FUR)):
        return 0.25 + 0.6 * look
    if surface == wp.static(int(Surface.SOIL)) or surface == wp.static(int(Surface.BARK)):
        return wp.min(0.1 + look, 1.0)
    return wp.min(look, 1.0)


@wp.func
def relief(surface: int) -> float:
    """Standard deviation of a rough surface's slopes [rad], 0 for what is smooth or unknown."""
    if surface == wp.static(int(Surface.GRASS)) or surface == wp.static(int(Surface.SOIL)):
        return 0.6
    if surface == wp.static(int(Surface.GRAVEL)):
        return 0.6
    if surface == wp.static(int(Surface.ASPHALT)) or surface == wp.static(int(Surface.CONCRETE)):
        return 0.45
    if surface == wp.static(int(Surface.PAVING)) or surface == wp.static(int(Surface.BRICK)):
        return 0.35
    return 0.0


@wp.func
def rough_cosine(sigma: float, cosine: float) -> float:
    """What stands for the cosine of a matt surface of facets, seen from where the light comes from (Oren and Nayar 1994).

    A cos + B sin^2: at a flat angle, some facets of a road face the lidar.
    """
    q = sigma * sigma
    return (1.0 - 0.5 * q / (q + 0.33)) * cosine + 0.45 * q / (q + 0.09) * (1.0 - cosine * cosine)


@wp.func
def glint(coat: float, metallic: float, roughness: float, cosine: float) -> float:
    """A mirroring layer seen from where the light comes from: pi f cos of GGX, whose half vector is the view's direction.

    Walter et al. 2007: F D / (4 cos), without masking, which is nothing near the normal, where alone the lobe matters.
    """
    f0 = wp.max(0.04 * coat, 0.6 * metallic)
    a = wp.max(wp.where(coat > 0.5, 0.0025, roughness * roughness), 0.05)
    q = cosine * cosine * (a * a - 1.0) + 1.0
    return f0 * a * a / (4.0 * wp.max(cosine, 0.05) * q * q)


@wp.func
def retroreflection(role: int, semantic: int, s: Surf, look: float, wet: float, cosine: float) -> float:
    """What sheeting, plates, lamps' reflectors and beaded paint send straight back.

    Sheeting of coefficient R (intensity per lux and area) equals a matt white board of reflectance pi R / cos; R falls off as
    cos^3.5 (D4956: 150 of 250 at 30 degrees). Beads give a luminance instead: pi L, wherever the beam comes from.
    """
    fall = cosine * cosine * wp.sqrt(cosine)
    if role == wp.static(int(Role.PLATE)):
        return PI * wp.static(PLATE_SHEETING) * look * fall
    if role >= wp.static(int(Role.HEAD_LAMP)) and role <= wp.static(int(Role.REVERSE_LAMP)):
        return PI * wp.static(REFLEX) * fall
    if semantic == wp.static(int(Semantic.TRAFFIC_SIGN)) and s.surface == wp.static(int(Surface.NONE)):
        return PI * wp.static(SHEETING) * look * fall
    if semantic == wp.static(int(Semantic.TRAFFIC_CONE)) and look > 0.45:
        return PI * wp.static(SHEETING) * look * fall
    if s.surface == wp.static(int(Surface.MARKING)):
        # Worn paint has lost its beads; under water they do not work.
        return PI * wp.static(BEADS) * wp.clamp((look - 0.15) * 4.0, 0.0, 1.0) * (1.0 - 0.8 * wet)
    return 0.0


@wp.func(inline=True)
def surface_echo(
    geo: Geometry, inst: Instances, scene: Scene, world: int, hit: Hit, p: wp.vec3, cosine: float, foot: float
) -> Echo:
    """What the surface at a hit sends back and lets through; ``p`` in the world frame at the end of the scan."""
    out = Echo()
    packed = geo.triangle[geo.mesh_triangle[hit.mesh] + hit.face][3]
    out.semantic = (packed >> 16) & 255
    s = painted_surface(geo, inst, scene.paint, world, hit, foot)
    if s.transmission > 0.0:
        out.passed = s.transmission * (1.0 - DIRT)
        out.reflectance = DIRT * cosine + glint(1.0, 0.0, 0.0, cosine)
        return out
    q = inst.inverse[world, hit.slot] * (p - inst.pos[world, hit.slot])
    lane = on_lane(geo, s.surface, hit)
    s = detailed(s, q, hit.normal, lane, foot, 0.0, hit.slot == 0)
    s = weathered(scene.weather, world, s, q, hit.normal, foot, 0, track_of(lane))
    look = infrared(s.surface, s.albedo)
    role = geo.materials.kind[packed & 65535][2]
    wet = scene.weather.wetness[world]
    # Water fills the relief.
    matt = look * (1.0 - 0.9 * s.metallic) * rough_cosine(relief(s.surface) * (1.0 - 0.8 * wet), cosine)
    back = retroreflection(role, out.semantic, s, look, wet, cosine)
    out.reflectance = matt + glint(s.coat, s.metallic, s.roughness, cosine) + back
    return out
