"""Which pixels boxes and triangles may cover, eight at a time, and whether what was drawn hides them."""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false, reportInvalidTypeForm=false
from __future__ import annotations

import warp as wp

from sim.render.eights import dot8, least8, most8, none_negative, splat, vec8, whole
from sim.render.library import Geometry
from sim.render.options import RAYS
from sim.render.primary import Hits

wp.set_module_options(RAYS | {"fuse_fp": False, "max_unroll": 4})

ASKED = 16
"""Most pixels that a box may cover to be asked whether what was drawn hides it."""
NEAR = wp.constant(1.0e-3)
"""What reaches nearer than this [m] is not projected: it may reach behind the eye."""


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
    eye: wp.vec3
    """In the frame of the mesh [m]."""
    across: wp.vec3
    """Of a point minus the eye, ``across . p / depth . p`` is the column."""
    down: wp.vec3
    """Likewise for the row."""
    depth: wp.vec3
    """``depth . p`` is the plane depth [m]."""


@wp.struct
class Cover:
    """Pixels whose centres something may cover."""

    left: int
    right: int
    top: int
    bottom: int
    nearest: float
    """Least plane depth [m]; 0 if it may reach behind the eye."""


@wp.func
def reach(row: wp.vec3, half: wp.vec3) -> float:
    """How far a box of the given half sizes extends along a row of a matrix."""
    return wp.abs(row[0]) * half[0] + wp.abs(row[1]) * half[1] + wp.abs(row[2]) * half[2]


@wp.func
def reaches(normal: wp.vec3, center: wp.vec3, half: wp.vec3) -> bool:
    """Whether some of a box lies on the side of a plane through the origin that its normal points to."""
    return wp.dot(normal, center) + reach(normal, half) >= 0.0


@wp.func(inline=True)
def near_cover(hits: Hits, to: Target, center: wp.vec3, half: wp.vec3) -> Cover:
    """All pixels between a target's rows if a box, its centre minus the eye, reaches into the picture's pyramid."""
    out = Cover()
    width = float(hits.at.shape[3] - 1) + 0.01
    first = float(to.first) - 0.01
    last = float(to.last) + 0.01
    out.right = -1
    if (
        reaches(to.across + to.depth * 0.01, center, half)
        and reaches(to.depth * width - to.across, center, half)
        and reaches(to.down - to.depth * first, center, half)
        and reaches(to.depth * last - to.down, center, half)
    ):
        out.right = hits.at.shape[3] - 1
        out.top = to.first
        out.bottom = to.last
    return out


@wp.func(inline=True)
def shows(hits: Hits, to: Target, c: Cover) -> bool:
    """Whether something may be seen in front of what was drawn; what covers many pixels is not asked."""
    count = (c.right - c.left + 1) * (c.bottom - c.top + 1)
    if c.left > c.right or c.top > c.bottom:
        return False
    if count > ASKED:
        return True
    row = c.top
    while row <= c.bottom:
        col = c.left
        while col <= c.right:
            if hits.at[to.world, to.camera, row, col].t > c.nearest:
                return True
            col += 1
        row += 1
    return False


@wp.func
def reach8(x: vec8, y: vec8, z: vec8, hx: vec8, hy: vec8, hz: vec8) -> vec8:
    """`reach` of eight boxes, each along a row of its own."""
    return wp.cw_mul(wp.abs(x), hx) + wp.cw_mul(wp.abs(y), hy) + wp.cw_mul(wp.abs(z), hz)


@wp.struct
class Covers:
    """Pixels whose centres eight things may cover: whole numbers, or before `to_pixels` where they are seen."""

    left: vec8
    right: vec8
    top: vec8
    bottom: vec8
    nearest: vec8
    """Least plane depth [m]."""
    mask: int
    """Bits of those that cover some pixel's centre."""
    near: int
    """Bits of those that may reach behind the eye."""


@wp.func(inline=True)
def to_pixels(hits: Hits, to: Target, p: Covers) -> Covers:
    """Places on the picture rounded to the pixels' centres within them; ``mask`` and ``near`` are set."""
    out = Covers()
    out.nearest = p.nearest
    out.left = most8(whole(p.left + splat(0.4999)), splat(0.0))
    out.right = least8(whole(p.right - splat(0.4999)), splat(float(hits.at.shape[3] - 1)))
    out.top = most8(whole(p.top + splat(0.4999)), splat(float(to.first)))
    out.bottom = least8(whole(p.bottom - splat(0.4999)), splat(float(to.last)))
    out.near = none_negative(splat(NEAR) - p.nearest, splat(0.0))
    out.mask = none_negative(out.right - out.left, out.bottom - out.top) & ~out.near
    return out


@wp.func(inline=True)
def project_boxes(geo: Geometry, hits: Hits, to: Target, node: int) -> Covers:
    """Pixels that the boxes of a node's children may cover; nothing is said of those that are ``near``."""
    out = Covers()
    x = geo.node[node, 0] - splat(to.eye[0])
    y = geo.node[node, 1] - splat(to.eye[1])
    z = geo.node[node, 2] - splat(to.eye[2])
    hx = geo.node[node, 3]
    hy = geo.node[node, 4]
    hz = geo.node[node, 5]
    far = dot8(to.depth, x, y, z)
    deep = reach8(splat(to.depth[0]), splat(to.depth[1]), splat(to.depth[2]), hx, hy, hz)
    out.nearest = far - deep
    scale = wp.cw_div(splat(1.0), most8(far, splat(NEAR)))
    wide = wp.cw_div(splat(1.0), most8(out.nearest, splat(NEAR)))
    col = wp.cw_mul(dot8(to.across, x, y, z), scale)
    ax = splat(to.across[0]) - col * to.depth[0]
    ay = splat(to.across[1]) - col * to.depth[1]
    az = splat(to.across[2]) - col * to.depth[2]
    dx = wp.cw_mul(reach8(ax, ay, az, hx, hy, hz), wide) + splat(1.0e-3)
    out.left = col - dx
    out.right = col + dx
    row = wp.cw_mul(dot8(to.down, x, y, z), scale)
    ax = splat(to.down[0]) - row * to.depth[0]
    ay = splat(to.down[1]) - row * to.depth[1]
    az = splat(to.down[2]) - row * to.depth[2]
    dy = wp.cw_mul(reach8(ax, ay, az, hx, hy, hz), wide) + splat(1.0e-3)
    out.top = row - dy
    out.bottom = row + dy
    return to_pixels(hits, to, out)


@wp.func(inline=True)
def cover_at(hits: Hits, to: Target, p: Covers, i: int) -> Cover:
    """Pixels between a target's rows that thing ``i`` of eight may cover."""
    out = Cover()
    out.left = int(p.left[i])
    out.right = int(p.right[i])
    out.top = int(p.top[i])
    out.bottom = int(p.bottom[i])
    out.nearest = p.nearest[i] * 0.99999
    return out


@wp.func(inline=True)
def box_cover(geo: Geometry, hits: Hits, to: Target, node: int, p: Covers, i: int) -> Cover:
    """Pixels that the box of child ``i`` of a node may cover."""
    if (p.near & (1 << i)) == 0:
        return cover_at(hits, to, p, i)
    center = wp.vec3(geo.node[node, 0][i], geo.node[node, 1][i], geo.node[node, 2][i])
    half = wp.vec3(geo.node[node, 3][i], geo.node[node, 4][i], geo.node[node, 5][i])
    return near_cover(hits, to, center - to.eye, half)
