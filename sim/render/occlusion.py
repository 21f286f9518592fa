"""Whether a mesh is in the way of a ray, on a CPU: boxes and triangles of its tree are asked eight at a time.

Boxes by slabs (Kay and Kajiya 1986), triangles without gaps between neighbours (Woop, Benthin and Wald 2013). A GPU asks
`wp.mesh_query_ray_anyhit` instead. For the closest hit that is as fast on a CPU, too.
"""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false, reportInvalidTypeForm=false
from __future__ import annotations

import warp as wp

from sim.render.eights import (
    children_of,
    corner8,
    dot8,
    go_on,
    least8,
    lowest_bit,
    most8,
    none_negative,
    splat,
    start_walk,
)  # fmt: skip
from sim.render.library import Geometry
from sim.render.options import RAYS

wp.set_module_options(RAYS | {"fuse_fp": False})


TINY = wp.constant(1.0e-30)
"""Least doubled area of a triangle, seen along the ray, that the ray can meet."""


@wp.struct
class MeshRay:
    """A ray in the frame of a mesh."""

    origin: wp.vec3
    """[m]."""
    inverse: wp.vec3
    """1 over each component of the direction."""
    across: wp.vec3
    """With ``down`` and ``depth``, the rows of a map that takes the direction to (0, 0, 1)."""
    down: wp.vec3
    depth: wp.vec3


@wp.func(inline=True)
def ray_of(o: wp.vec3, d: wp.vec3) -> MeshRay:
    """A ray from its origin and direction, which may have any length."""
    out = MeshRay()
    out.origin = o
    for k in range(3):
        out.inverse[k] = 1.0 / wp.where(wp.abs(d[k]) < 1.0e-18, 1.0e-18, d[k])
    # The longest component of the direction becomes the depth; the others are sheared away.
    z = int(0)
    if wp.abs(d[1]) > wp.abs(d[0]):
        z = 1
    if wp.abs(d[2]) > wp.abs(d[z]):
        z = 2
    x = (z + 1) % 3
    y = (z + 2) % 3
    out.across[x] = 1.0
    out.across[z] = -d[x] / d[z]
    out.down[y] = 1.0
    out.down[z] = -d[y] / d[z]
    out.depth[z] = 1.0 / d[z]
    return out


@wp.func(inline=True)
def cross_boxes(geo: Geometry, ray: MeshRay, node: int, t_max: float) -> int:
    """Bits of a node's children whose boxes a ray is in somewhere between 0 and ``t_max``."""
    ix = ray.inverse[0]
    iy = ray.inverse[1]
    iz = ray.inverse[2]
    x = (geo.node[node, 0] - splat(ray.origin[0])) * ix
    y = (geo.node[node, 1] - splat(ray.origin[1])) * iy
    z = (geo.node[node, 2] - splat(ray.origin[2])) * iz
    hx = geo.node[node, 3] * wp.abs(ix)
    hy = geo.node[node, 4] * wp.abs(iy)
    hz = geo.node[node, 5] * wp.abs(iz)
    enter = most8(most8(x - hx, y - hy), z - hz)
    leave = least8(least8(x + hx, y + hy), least8(z + hz, splat(t_max)))
    return none_negative(leave - enter, leave)


@wp.func(inline=True)
def cross_triangles(geo: Geometry, ray: MeshRay, mesh: int, first: int, last: int, t_max: float) -> bool:
    """Whether a ray meets one of the triangles ``first`` to ``last`` - 1 of a mesh, eight at most, between 0 and ``t_max``."""
    points = wp.mesh_get(geo.mesh_id[mesh]).points
    start = geo.mesh_triangle[mesh]
    a = corner8(points, geo.triangle, start + first, start + last - 1, 0, ray.origin)
    b = corner8(points, geo.triangle, start + first, start + last - 1, 1, ray.origin)
    c = corner8(points, geo.triangle, start + first, start + last - 1, 2, ray.origin)
    ax = dot8(ray.across, a.x, a.y, a.z)
    ay = dot8(ray.down, a.x, a.y, a.z)
    bx = dot8(ray.across, b.x, b.y, b.z)
    by = dot8(ray.down, b.x, b.y, b.z)
    cx = dot8(ray.across, c.x, c.y, c.z)
    cy = dot8(ray.down, c.x, c.y, c.z)
    u = wp.cw_mul(bx, cy) - wp.cw_mul(by, cx)
    v = wp.cw_mul(cx, ay) - wp.cw_mul(cy, ax)
    w = wp.cw_mul(ax, by) - wp.cw_mul(ay, bx)
    low = least8(least8(u, v), w)
    high = most8(most8(u, v), w)
    size = u + v + w
    inside = none_negative(low, size - splat(TINY)) | none_negative(-high, -size - splat(TINY))
    if inside == 0:
        return False
    az = dot8(ray.depth, a.x, a.y, a.z)
    bz = dot8(ray.depth, b.x, b.y, b.z)
    cz = dot8(ray.depth, c.x, c.y, c.z)
    t = wp.cw_div(wp.cw_mul(u, az) + wp.cw_mul(v, bz) + wp.cw_mul(w, cz), size)
    return (inside & none_negative(t, splat(t_max) - t)) != 0


@wp.func(inline=True)
def is_blocked(geo: Geometry, mesh: int, o: wp.vec3, d: wp.vec3, t_max: float) -> bool:
    """Whether a ray, in the frame of the mesh, meets it before ``t_max``."""
    ray = ray_of(o, d)
    ntriangle = wp.mesh_get(geo.mesh_id[mesh]).indices.shape[0] / 3
    walk = start_walk(geo.mesh_node[mesh], geo.mesh_height[mesh], ntriangle)
    while walk.height > 0:
        bits = cross_boxes(geo, ray, walk.first + walk.place, t_max) & children_of(walk)
        if walk.height == 1:
            while bits != 0:
                first = 8 * (8 * walk.place + lowest_bit(bits))
                bits = bits & (bits - 1)
                if cross_triangles(geo, ray, mesh, first, wp.min(first + 8, ntriangle), t_max):
                    return True
        walk = go_on(walk, bits, 0)
    return False
