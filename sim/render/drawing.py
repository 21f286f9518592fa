"""Hits of the rays through the pixels' centres, found triangle by triangle: how a CPU does it.

Each triangle is projected once and asked at the pixel centres it covers (edge functions, Pineda 1988; where a corner is behind the eye,
homogeneous ones, Olano and Greer 1997, so nothing is clipped). A mesh is a tree of boxes (`sim.render.clusters`), walked nearer child
first; what holds no pixel's centre, or none in front of what was drawn (Greene et al. 1993), is left out with all below it.
"""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

import warp as wp

from sim.render.camera import Cameras, Views
from sim.render.library import Geometry
from sim.render.materials import MESH_CUTOUT
from sim.render.options import RAYS
from sim.render.primary import Hits, PixelHit, hidden_actor
from sim.render.raycast import FAR, is_hole
from sim.render.scene_bvh import Instances

wp.set_module_options(RAYS | {"fuse_fp": False, "max_unroll": 4})

ASKED = 16
"""Most pixels that a box may cover to be asked whether what was drawn hides it."""


@wp.struct
class Projection:
    """How a mesh is seen; vectors in its frame."""

    eye: wp.vec3
    """[m]."""
    across: wp.vec3
    """``across . p / depth . p`` is the column of a point minus the eye."""
    down: wp.vec3
    """Likewise for the row."""
    depth: wp.vec3
    """``depth . p`` is the plane depth [m]."""


@wp.struct
class Target:
    """Where triangles go: the pixels of a picture from ``first`` to ``last`` row, all columns, and whose they are."""

    world: int
    camera: int
    slot: int
    mesh: int
    first: int
    last: int
    cutout: int
    """Whether the mesh has holes cut by its textures."""


@wp.func
def least(a: float, b: float, c: float) -> float:
    """Smallest of three; unlike `wp.min` it need not care for NaN, which costs."""
    m = wp.where(a < b, a, b)
    return wp.where(m < c, m, c)


@wp.func
def most(a: float, b: float, c: float) -> float:
    """Largest of three."""
    m = wp.where(a > b, a, b)
    return wp.where(m > c, m, c)


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
def draw_triangle(geo: Geometry, hits: Hits, to: Target, face: int, a: wp.vec3, b: wp.vec3, c: wp.vec3):
    """Draw a triangle; corners as (column z, row z, z), z the plane depth."""
    e = Edges()
    e.right = hits.at.shape[3] - 1
    e.top = to.first
    e.bottom = to.last
    if least(a[2], b[2], c[2]) > 1.0e-3:
        e.share = wp.vec3(1.0 / a[2], 1.0 / b[2], 1.0 / c[2])
        xa = a[0] * e.share[0]
        xb = b[0] * e.share[1]
        xc = c[0] * e.share[2]
        left = most(0.0, wp.ceil(least(xa, xb, xc) - 1.0e-3), 0.0)
        right = least(float(e.right), wp.floor(most(xa, xb, xc) + 1.0e-3), float(e.right))
        if left > right:
            return
        ya = a[1] * e.share[0]
        yb = b[1] * e.share[1]
        yc = c[1] * e.share[2]
        top = most(float(to.first), wp.ceil(least(ya, yb, yc) - 1.0e-3), float(to.first))
        bottom = least(float(to.last), wp.floor(most(ya, yb, yc) + 1.0e-3), float(to.last))
        if top > bottom:
            return
        e.left = int(left)
        e.right = int(right)
        e.top = int(top)
        e.bottom = int(bottom)
        # Distances to the first pixel stay small, and so does rounding.
        pa = wp.vec2(xa - left, ya - top)
        pb = wp.vec2(xb - left, yb - top)
        pc = wp.vec2(xc - left, yc - top)
        e.a = wp.vec3(pb[1] - pc[1], pc[0] - pb[0], pb[0] * pc[1] - pb[1] * pc[0])
        e.b = wp.vec3(pc[1] - pa[1], pa[0] - pc[0], pc[0] * pa[1] - pc[1] * pa[0])
        e.c = wp.vec3(pa[1] - pb[1], pb[0] - pa[0], pa[0] * pb[1] - pa[1] * pb[0])
        e.depth = wp.vec3(1.0, 1.0, 1.0)
        size = (pb[0] - pa[0]) * (pc[1] - pa[1]) - (pb[1] - pa[1]) * (pc[0] - pa[0])
        span = right - left + bottom - top + 2.0
        e.slack = 0.0 - least(4.0e-7 * span * span, 1.0e-3 * wp.abs(size), 1.0)
    else:
        e.a = from_row(wp.cross(b, c), float(to.first))
        e.b = from_row(wp.cross(c, a), float(to.first))
        e.c = from_row(wp.cross(a, b), float(to.first))
        e.share = wp.vec3(1.0, 1.0, 1.0)
        e.depth = wp.vec3(a[2], b[2], c[2])
        size = wp.dot(a, wp.cross(b, c))
    if size < 0.0:
        e.a = -e.a
        e.b = -e.b
        e.c = -e.c
    if size != 0.0:
        fill_triangle(geo, hits, to, face, e)


@wp.func
def reach(row: wp.vec3, half: wp.vec3) -> float:
    """How far a box of the given half sizes extends along a row of a matrix."""
    return wp.abs(row[0]) * half[0] + wp.abs(row[1]) * half[1] + wp.abs(row[2]) * half[2]


@wp.func
def reaches(normal: wp.vec3, center: wp.vec3, half: wp.vec3) -> bool:
    """Whether some of a box lies on the side of a plane through the origin that its normal points to."""
    return wp.dot(normal, center) + reach(normal, half) >= 0.0


@wp.func(inline=True)
def may_show(hits: Hits, to: Target, m: Projection, center: wp.vec3, half: wp.vec3) -> bool:
    """Whether a box, its centre minus the eye, may cover the centre of a pixel in front of what was drawn."""
    across = m.across
    down = m.down
    depth = m.depth
    width = float(hits.at.shape[3]) - 0.99
    first = float(to.first)
    last = float(to.last)
    z = wp.dot(depth, center)
    deep = reach(depth, half)
    if z - deep <= 1.0e-3:
        # Too near to project: asked is whether it lies beyond a side of the picture's pyramid.
        return (
            reaches(across + depth * 0.01, center, half)
            and reaches(depth * width - across, center, half)
            and reaches(down - depth * (first - 0.01), center, half)
            and reaches(depth * (last + 0.01) - down, center, half)
        )
    # A box that holds no pixel's centre shows nothing, be it out of the picture or too small.
    x = wp.dot(across, center) / z
    y = wp.dot(down, center) / z
    dx = reach(across - depth * x, half) / (z - deep) + 1.0e-3
    dy = reach(down - depth * y, half) / (z - deep) + 1.0e-3
    left = wp.where(x - dx > 0.0, wp.ceil(x - dx), 0.0)
    right = wp.where(x + dx < width, wp.floor(x + dx), width)
    top = wp.where(y - dy > first, wp.ceil(y - dy), first)
    bottom = wp.where(y + dy < last, wp.floor(y + dy), last)
    if left > right or top > bottom:
        return False
    if (right - left + 1.0) * (bottom - top + 1.0) > wp.static(float(ASKED)):
        return True
    nearest = (z - deep) * 0.99999
    row = int(top)
    while row <= int(bottom):
        col = int(left)
        while col <= int(right):
            if hits.at[to.world, to.camera, row, col].t > nearest:
                return True
            col += 1
        row += 1
    return False


@wp.func(inline=True)
def draw_leaf(geo: Geometry, hits: Hits, to: Target, m: Projection, first: int, last: int):
    """Draw triangles ``first`` to ``last`` - 1 of a mesh."""
    points = wp.mesh_get(geo.mesh_id[to.mesh]).points
    start = geo.mesh_triangle[to.mesh]
    rows = wp.matrix_from_rows(m.across, m.down, m.depth)
    face = first
    while face < last:
        corner = geo.triangle[start + face]
        a = rows * (points[corner[0]] - m.eye)
        b = rows * (points[corner[1]] - m.eye)
        c = rows * (points[corner[2]] - m.eye)
        draw_triangle(geo, hits, to, face, a, b, c)
        face += 1


@wp.func(inline=True)
def draw_mesh(geo: Geometry, hits: Hits, to: Target, m: Projection):
    """Draw the branches of a mesh that may be seen."""
    first_node = geo.mesh_node[to.mesh]
    levels = geo.mesh_levels[to.mesh]
    ntriangle = wp.int64(wp.mesh_get(geo.mesh_id[to.mesh]).indices.shape[0] / 3)
    leaf = int(1) << levels
    node = int(1)
    trail = int(1)  # a bit for each level: whether the node is its parent's second
    while node > 0:
        box = geo.node[first_node + node]
        seen = may_show(hits, to, m, wp.spatial_top(box) - m.eye, wp.spatial_bottom(box))
        if seen and node < leaf:
            # The nearer child first: it may hide the other.
            node = 2 * node
            between = wp.spatial_top(geo.node[first_node + node + 1]) - wp.spatial_top(geo.node[first_node + node])
            node += wp.where(wp.dot(m.depth, between) < 0.0, 1, 0)
            trail = 2 * trail
        else:
            if seen:
                k = wp.int64(node - leaf)
                first = int((ntriangle * k) >> wp.int64(levels))
                last = int((ntriangle * (k + wp.int64(1))) >> wp.int64(levels))
                draw_leaf(geo, hits, to, m, first, last)
            while node > 0 and (trail & 1) != 0:
                node = node >> 1
                trail = trail >> 1
            node = node ^ wp.where(node > 0, 1, 0)
            trail = trail | 1


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
            rows = pixel * inst.linear[world, slot]
            m = Projection()
            m.eye = inst.inverse[world, slot] * (views.pos[world, camera] - inst.pos[world, slot])
            m.across = wp.vec3(rows[0, 0], rows[0, 1], rows[0, 2])
            m.down = wp.vec3(rows[1, 0], rows[1, 1], rows[1, 2])
            m.depth = wp.vec3(rows[2, 0], rows[2, 1], rows[2, 2])
            draw_mesh(geo, hits, to, m)
