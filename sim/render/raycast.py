"""Rays through the scene: closest hits, and how much light gets through."""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

import warp as wp

from sim.render.eights import on_cpu
from sim.render.library import Geometry
from sim.render.materials import MESH_CUTOUT
from sim.render.occlusion import is_blocked
from sim.render.scene_bvh import Instances
from sim.render.textures import sample_texture

wp.set_module_options({"enable_backward": False, "fuse_fp": False})

FAR = 1.0e5
"""Longest ray [m]."""


@wp.struct
class Hit:
    """Closest surface along a ray."""

    t: float
    """Distance along the ray, in units of its direction."""
    slot: int
    """-1 for none."""
    mesh: int
    face: int
    u: float
    """Barycentric weight of the first vertex."""
    v: float
    """Barycentric weight of the second vertex."""
    normal: wp.vec3
    """Geometric normal, unit, world frame, on the side the ray comes from."""


@wp.func(inline=True)
def interpolate_uv(geo: Geometry, mesh: int, face: int, u: float, v: float) -> wp.vec2:
    """Texture coordinates at a hit."""
    tri = geo.triangle[geo.mesh_triangle[mesh] + face]
    base = geo.mesh_uv[mesh]
    return geo.uv[base + tri[0]] * u + geo.uv[base + tri[1]] * v + geo.uv[base + tri[2]] * (1.0 - u - v)


@wp.func(inline=True)
def is_hole(geo: Geometry, mesh: int, face: int, u: float, v: float) -> bool:
    """Whether a hit falls into a hole cut by the texture's alpha."""
    material = geo.triangle[geo.mesh_triangle[mesh] + face][3] & 65535
    cutoff = geo.materials.layer[material][3]
    if cutoff <= 0.0:
        return False
    texel = sample_texture(geo.textures, geo.materials.kind[material][0], interpolate_uv(geo, mesh, face, u, v), 1.0)
    return texel[3] < cutoff


@wp.func(inline=True)
def approach(geo: Geometry, mesh: int, o: wp.vec3, d: wp.vec3) -> float:
    """Where a ray comes near a mesh, in its frame: from there, rounding opens no slits between its triangles' boxes."""
    lower = geo.mesh_lower[mesh]
    upper = geo.mesh_upper[mesh]
    k = 1.0 / wp.dot(d, d)
    return wp.max(0.0, wp.dot((lower + upper) * 0.5 - o, d) * k - wp.length(upper - lower) * 0.51 * wp.sqrt(k))


@wp.func(inline=True)
def mesh_hit(geo: Geometry, inst: Instances, world: int, slot: int, o: wp.vec3, d: wp.vec3, best: float) -> Hit:
    """Closest hit nearer than ``best`` of the mesh in one slot, holes left out; ``normal`` as the mesh has it, not unit."""
    out = Hit()
    out.slot = -1
    out.t = best
    mesh = inst.mesh[world, slot]
    m = inst.inverse[world, slot]
    lo = m * (o - inst.pos[world, slot])
    ld = m * d
    cutout = (geo.mesh_flags[mesh] & MESH_CUTOUT) != 0
    start = float(0.0)
    step = 1.0e-4 / wp.length(d)
    if slot > 0:
        start = approach(geo, mesh, lo, ld)
    tries = int(24)
    while tries > 0:
        h = wp.mesh_query_ray(geo.mesh_id[mesh], lo + ld * start, ld, best - start)
        tries -= 1
        if not h.result:
            tries = 0
        elif cutout and is_hole(geo, mesh, h.face, h.u, h.v):
            start += h.t + step
        else:
            tries = 0
            out.t = start + h.t
            out.slot = slot
            out.mesh = mesh
            out.face = h.face
            out.u = h.u
            out.v = h.v
            out.normal = wp.transpose(m) * h.normal
    return out


@wp.func
def off_axes(d: wp.vec3) -> wp.vec3:
    """A direction with no component of zero, whose inverse times a distance of zero would be no number."""
    out = d
    for k in range(3):
        if wp.abs(out[k]) < 1.0e-12:
            out[k] = 1.0e-12
    return out


@wp.func(inline=True)
def trace(geo: Geometry, inst: Instances, world: int, o: wp.vec3, d: wp.vec3, t_max: float, hidden: int) -> Hit:
    """Closest hit of a world's instances; ``hidden`` is an actor that the ray does not see, -1 for none.

    The map comes first: it ends most rays, and what lies behind it is never entered.
    """
    first_hidden = inst.first_actor + hidden * inst.part_capacity
    end_hidden = first_hidden + inst.part_capacity
    if hidden < 0:
        end_hidden = first_hidden
    out = mesh_hit(geo, inst, world, 0, o, d, t_max)
    best = out.t
    q = wp.bvh_query_ray(inst.bvh, o, off_axes(d), inst.root[world])
    row = int(0)
    while wp.bvh_query_next(q, row, best):
        slot = row - inst.first - world * inst.nslot
        if slot > 0 and inst.mesh[world, slot] >= 0 and (slot < first_hidden or slot >= end_hidden):
            near = mesh_hit(geo, inst, world, slot, o, d, best)
            if near.slot >= 0:
                out = near
                best = near.t
    if out.slot >= 0:
        normal = wp.normalize(out.normal)
        if wp.dot(normal, d) > 0.0:
            normal = -normal
        out.normal = normal
    return out


@wp.func(inline=True)
def mesh_light(
    geo: Geometry, inst: Instances, world: int, slot: int, o: wp.vec3, d: wp.vec3, t_max: float, exact: int
) -> float:
    """Share of light that the mesh in one slot lets through."""
    mesh = inst.mesh[world, slot]
    m = inst.inverse[world, slot]
    lo = m * (o - inst.pos[world, slot])
    ld = m * d
    if (geo.mesh_flags[mesh] & exact) == 0:
        blocked = bool(False)
        if on_cpu():
            blocked = is_blocked(geo, mesh, lo, ld, t_max)
        else:
            blocked = wp.mesh_query_ray_anyhit(geo.mesh_id[mesh], lo, ld, t_max)
        return wp.where(blocked, 0.0, 1.0)
    light = float(1.0)
    start = float(0.0)
    tries = int(12)
    while tries > 0:
        h = wp.mesh_query_ray(geo.mesh_id[mesh], lo + ld * start, ld, t_max - start)
        tries -= 1
        if not h.result:
            tries = 0
        else:
            material = geo.triangle[geo.mesh_triangle[mesh] + h.face][3] & 65535
            if geo.materials.layer[material][2] > 0.0:
                light = light * 0.7
            elif not is_hole(geo, mesh, h.face, h.u, h.v):
                light = 0.0
                tries = 0
            start = start + h.t + 1.0e-3 / wp.length(d)
    return light


@wp.func(inline=True)
def visibility(geo: Geometry, inst: Instances, world: int, o: wp.vec3, d: wp.vec3, t_max: float, exact: int) -> float:
    """Share of light that reaches ``o`` from ``d``: 0 in shadow, 0.7 per pane of glass.

    ``exact`` holds the flags (MESH_CUTOUT, MESH_GLASS) of meshes whose holes and panes count; others block at any hit.
    """
    light = mesh_light(geo, inst, world, 0, o, d, t_max, exact)
    if light == 0.0:
        return 0.0
    q = wp.bvh_query_ray(inst.bvh, o, off_axes(d), inst.root[world])
    row = int(0)
    while wp.bvh_query_next(q, row, t_max):
        slot = row - inst.first - world * inst.nslot
        if slot > 0 and inst.mesh[world, slot] >= 0:
            light = light * mesh_light(geo, inst, world, slot, o, d, t_max, exact)
            if light == 0.0:
                return 0.0
    return light


@wp.func(inline=True)
def actor_of(inst: Instances, slot: int) -> int:
    """Actor that a slot belongs to, -1 for map and static instances."""
    if slot < inst.first_actor:
        return -1
    return (slot - inst.first_actor) / inst.part_capacity
