"""Hits of the rays through the pixels' centres, found triangle by triangle: how a CPU does it.

Each triangle is projected once and asked at the pixel centres it covers (edge functions, Pineda 1988; where a corner is behind the eye,
homogeneous ones, Olano and Greer 1997, so nothing is clipped). A mesh is a tree of boxes (`sim.render.clusters`), walked nearer child
first; what holds no pixel's centre, or none in front of what was drawn (Greene et al. 1993), is left out with all below it. Boxes of a
node and triangles of a leaf are projected eight at a time (`sim.render.cover`).
"""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false, reportInvalidTypeForm=false
from __future__ import annotations

import warp as wp

from sim.render.camera import Cameras, Views
from sim.render.cover import NEAR, Cover, Covers, Target, box_cover, cover_at, project_boxes, shows, to_pixels
from sim.render.eights import (
    children_of,
    corner8,
    dot8,
    flip_of,
    go_on,
    least8,
    lowest_bit,
    most8,
    splat,
    start_walk,
    swap_bits,
    vec8,
)  # fmt: skip
from sim.render.library import Geometry
from sim.render.materials import MESH_CUTOUT
from sim.render.options import RAYS
from sim.render.primary import Hits, PixelHit, hidden_actor
from sim.render.raycast import FAR, is_hole
from sim.render.scene_bvh import Instances

wp.set_module_options(RAYS | {"fuse_fp": False, "max_unroll": 4})


@wp.func
def least(a: float, b: float, c: float) -> float:
    """Smallest of three; unlike `wp.min` it need not care for NaN, which costs."""
    m = wp.where(a < b, a, b)
    return wp.where(m < c, m, c)


@wp.struct
class Edges:
    """A triangle on the picture: functions of column and row, each 0 on the edge across from a corner, positive inside."""

    left: int
    """First and last column, first and last row that it may cover; columns and rows count from the first ones."""
    right: int
    top: int
    bottom: int
    a: wp.vec3
    """Factors of column, row and 1 of the edge across from the first corner."""
    b: wp.vec3
    c: wp.vec3
    share: wp.vec3
    """What the three functions are multiplied with to be as the barycentric weights."""
    depth: wp.vec3
    """What they are multiplied with so that their sum over that of the weights is the plane depth [m]."""
    slack: float
    """Beyond the edges that still counts, as rounding may not open cracks between neighbours."""


@wp.func(inline=True)
def fill_triangle(geo: Geometry, hits: Hits, to: Target, face: int, e: Edges):
    """Keep a triangle at the pixels' centres inside it where it is nearer than what was drawn."""
    row = e.top
    while row <= e.bottom:
        y = float(row - e.top)
        ra = e.a[1] * y + e.a[2]
        rb = e.b[1] * y + e.b[2]
        rc = e.c[1] * y + e.c[2]
        col = e.left
        while col <= e.right:
            x = float(col - e.left)
            ea = e.a[0] * x + ra
            eb = e.b[0] * x + rb
            ec = e.c[0] * x + rc
            if least(ea, eb, ec) >= e.slack:
                scale = 1.0 / (ea * e.share[0] + eb * e.share[1] + ec * e.share[2])
                t = (ea * e.depth[0] + eb * e.depth[1] + ec * e.depth[2]) * scale
                if t < hits.at[to.world, to.camera, row, col].t and t > 0.0:
                    u = ea * e.share[0] * scale
                    v = eb * e.share[1] * scale
                    if to.cutout == 0 or not is_hole(geo, to.mesh, face, u, v):
                        hits.at[to.world, to.camera, row, col] = PixelHit(t, to.slot, face, u, v)
            col += 1
        row += 1


@wp.func
def from_row(edge: wp.vec3, row: float) -> wp.vec3:
    """The factors of an edge for rows counted from ``row``."""
    return wp.vec3(edge[0], edge[1], edge[2] + edge[1] * row)


@wp.func(inline=True)
def draw_near(geo: Geometry, hits: Hits, to: Target, face: int, a: wp.vec3, b: wp.vec3, c: wp.vec3):
    """Draw a triangle that may reach behind the eye; corners as (column z, row z, z), z the plane depth."""
    e = Edges()
    e.right = hits.at.shape[3] - 1
    e.top = to.first
    e.bottom = to.last
    size = wp.dot(a, wp.cross(b, c))
    turn = wp.where(size < 0.0, -1.0, 1.0)
    e.a = from_row(wp.cross(b, c), float(to.first)) * turn
    e.b = from_row(wp.cross(c, a), float(to.first)) * turn
    e.c = from_row(wp.cross(a, b), float(to.first)) * turn
    e.share = wp.vec3(1.0, 1.0, 1.0)
    e.depth = wp.vec3(a[2], b[2], c[2])
    if size != 0.0:
        fill_triangle(geo, hits, to, face, e)


@wp.func(inline=True)
def draw_projected(geo: Geometry, hits: Hits, to: Target, face: int, c: Cover, x: wp.vec3, y: wp.vec3, share: wp.vec3):
    """Draw a triangle before the eye; ``x``, ``y``: columns and rows of its corners, ``share``: 1 over their depths."""
    # Distances to the first pixel stay small, and so does rounding.
    pa = wp.vec2(x[0] - float(c.left), y[0] - float(c.top))
    pb = wp.vec2(x[1] - float(c.left), y[1] - float(c.top))
    pc = wp.vec2(x[2] - float(c.left), y[2] - float(c.top))
    size = (pb[0] - pa[0]) * (pc[1] - pa[1]) - (pb[1] - pa[1]) * (pc[0] - pa[0])
    turn = wp.where(size < 0.0, -1.0, 1.0)
    e = Edges()
    e.left = c.left
    e.right = c.right
    e.top = c.top
    e.bottom = c.bottom
    e.a = wp.vec3(pb[1] - pc[1], pc[0] - pb[0], pb[0] * pc[1] - pb[1] * pc[0]) * turn
    e.b = wp.vec3(pc[1] - pa[1], pa[0] - pc[0], pc[0] * pa[1] - pc[1] * pa[0]) * turn
    e.c = wp.vec3(pa[1] - pb[1], pb[0] - pa[0], pa[0] * pb[1] - pa[1] * pb[0]) * turn
    e.share = share
    e.depth = wp.vec3(1.0, 1.0, 1.0)
    span = float(c.right - c.left + c.bottom - c.top + 2)
    e.slack = 0.0 - least(4.0e-7 * span * span, 1.0e-3 * wp.abs(size), 1.0)
    if size != 0.0:
        fill_triangle(geo, hits, to, face, e)


@wp.struct
class Corners:
    """Corner a of eight triangles, as columns, rows, and 1 over their plane depths, `NEAR` at least; likewise b and c."""

    x: vec8
    y: vec8
    share: vec8
    depth: vec8
    """Plane depth as it is, less than `NEAR` or behind the eye, too [m]."""


@wp.func(inline=True)
def project_corners(
    geo: Geometry, to: Target, points: wp.array[wp.vec3], first: int, last: int, corner: int
) -> Corners:
    """A corner of each triangle of a leaf; where there are fewer than eight, the last one again."""
    p = corner8(points, geo.triangle, first, last, corner, to.eye)
    out = Corners()
    out.depth = dot8(to.depth, p.x, p.y, p.z)
    out.share = wp.cw_div(splat(1.0), most8(out.depth, splat(NEAR)))
    out.x = wp.cw_mul(dot8(to.across, p.x, p.y, p.z), out.share)
    out.y = wp.cw_mul(dot8(to.down, p.x, p.y, p.z), out.share)
    return out


@wp.func(inline=True)
def draw_leaf(geo: Geometry, hits: Hits, to: Target, first: int, last: int):
    """Draw triangles ``first`` to ``last`` - 1 of a mesh."""
    mesh = wp.mesh_get(geo.mesh_id[to.mesh])
    start = geo.mesh_triangle[to.mesh]
    a = project_corners(geo, to, mesh.points, start + first, start + last - 1, 0)
    b = project_corners(geo, to, mesh.points, start + first, start + last - 1, 1)
    c = project_corners(geo, to, mesh.points, start + first, start + last - 1, 2)
    p = Covers()
    slack = splat(1.0e-3)
    p.left = least8(least8(a.x, b.x), c.x) - slack
    p.right = most8(most8(a.x, b.x), c.x) + slack
    p.top = least8(least8(a.y, b.y), c.y) - slack
    p.bottom = most8(most8(a.y, b.y), c.y) + slack
    p.nearest = least8(least8(a.depth, b.depth), c.depth)
    q = to_pixels(hits, to, p)
    bits = q.mask & ((1 << (last - first)) - 1)
    while bits != 0:
        i = lowest_bit(bits)
        bits = bits & (bits - 1)
        cover = cover_at(hits, to, q, i)
        x = wp.vec3(a.x[i], b.x[i], c.x[i])
        y = wp.vec3(a.y[i], b.y[i], c.y[i])
        share = wp.vec3(a.share[i], b.share[i], c.share[i])
        draw_projected(geo, hits, to, first + i, cover, x, y, share)
    bits = q.near & ((1 << (last - first)) - 1)
    while bits != 0:
        i = lowest_bit(bits)
        bits = bits & (bits - 1)
        corner = geo.triangle[start + first + i]
        m = wp.matrix_from_rows(to.across, to.down, to.depth)
        pa = m * (mesh.points[corner[0]] - to.eye)
        pb = m * (mesh.points[corner[1]] - to.eye)
        pc = m * (mesh.points[corner[2]] - to.eye)
        draw_near(geo, hits, to, first + i, pa, pb, pc)


@wp.func(inline=True)
def draw_mesh(geo: Geometry, hits: Hits, to: Target):
    """Draw the branches of a mesh that may be seen, nearer ones first: they may hide the others."""
    ntriangle = wp.mesh_get(geo.mesh_id[to.mesh]).indices.shape[0] / 3
    walk = start_walk(geo.mesh_node[to.mesh], geo.mesh_height[to.mesh], ntriangle)
    while walk.height > 0:
        node = walk.first + walk.place
        p = project_boxes(geo, hits, to, node)
        flip = flip_of(p.nearest)
        bits = swap_bits((p.mask | p.near) & children_of(walk), flip)
        seen = int(0)
        while bits != 0:
            i = lowest_bit(bits)
            bits = bits & (bits - 1)
            k = i ^ flip
            cover = box_cover(geo, hits, to, node, p, k)
            if shows(hits, to, cover):
                if walk.height == 1:
                    first = 8 * (8 * walk.place + k)
                    draw_leaf(geo, hits, to, first, wp.min(first + 8, ntriangle))
                else:
                    seen = seen | (1 << i)
        walk = go_on(walk, seen, flip)


@wp.kernel
def _draw_hits(
    geo: Geometry, inst: Instances, cameras: Cameras, views: Views, mask: wp.array[wp.int32], band: int, first_band: int,
    hits: Hits,
):  # fmt: skip
    """Reads geometry, instances, cameras, views. Writes the hits of the masked worlds, ``band`` rows a thread, by triangles."""
    world, camera, part = wp.tid()
    if mask[world] == 0:
        return
    height = hits.at.shape[2]
    to = Target()
    to.world = world
    to.camera = camera
    to.first = (first_band + part) * band
    to.last = wp.min(to.first + band, height) - 1
    for row in range(to.first, to.last + 1):
        for col in range(hits.at.shape[3]):
            hits.at[world, camera, row, col] = PixelHit(FAR, -1, 0, 0.0, 0.0)
    k = cameras.intrinsics[world, camera]
    right = wp.vec3(k[0], 0.0, k[2])
    down = wp.vec3(0.0, k[1], k[3])
    pixel = wp.matrix_from_rows(right, down, wp.vec3(0.0, 0.0, 1.0)) * wp.transpose(views.rot[world, camera])
    first_hidden = inst.first_actor + hidden_actor(cameras, world, camera) * inst.part_capacity
    for slot in range(inst.nslot):
        mesh = inst.mesh[world, slot]
        hides = first_hidden >= inst.first_actor and slot >= first_hidden and slot < first_hidden + inst.part_capacity
        if mesh >= 0 and not hides:
            to.slot = slot
            to.mesh = mesh
            to.cutout = geo.mesh_flags[mesh] & MESH_CUTOUT
            to.eye = inst.inverse[world, slot] * (views.pos[world, camera] - inst.pos[world, slot])
            m = pixel * inst.linear[world, slot]
            to.across = wp.vec3(m[0, 0], m[0, 1], m[0, 2])
            to.down = wp.vec3(m[1, 0], m[1, 1], m[1, 2])
            to.depth = wp.vec3(m[2, 0], m[2, 1], m[2, 2])
            draw_mesh(geo, hits, to)
