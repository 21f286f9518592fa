"""Boxes of each actor in each picture: bounds of its pixels, of its posed meshes, of what to search for it."""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

import warp as wp

from sim.render.camera import HIDES_EGO, Cameras, Spot, Views, found_spot, place_at, project, start_search, take_step
from sim.render.lens import PINHOLE
from sim.render.library import Geometry
from sim.render.poses import Poses
from sim.render.scene_bvh import Instances
from sim.types import Scene

wp.set_module_options({"enable_backward": False, "fuse_fp": False, "max_unroll": 1})

NEAR = 0.05
"""Boxes are cut off here before they are projected [m]."""
STEPS = 12
"""Pieces of a box's edge that are projected by a lens that bends lines."""


@wp.struct
class ActorLabels:
    """What each picture shows of each actor. Boxes are (x, y, width, height) in whole pixels, 0 if nothing is there."""

    visible_count: wp.array3d[wp.int32]
    """Visible pixels, (nworld, ncamera, nactor)."""
    visible_box: wp.array3d[wp.vec4i]
    """Bounds of the visible pixels, (nworld, ncamera, nactor)."""
    amodal_count: wp.array3d[wp.int32]
    """Pixels of the picture that the actor would cover if it were alone, (nworld, ncamera, nactor)."""
    amodal_box: wp.array3d[wp.vec4i]
    """Their bounds, (nworld, ncamera, nactor)."""
    outside_count: wp.array3d[wp.int32]
    """Pixels it would cover beyond the picture, up to one picture's size away, (nworld, ncamera, nactor)."""
    occlusion: wp.array3d[float]
    """Share of ``amodal_count`` that something else hides, (nworld, ncamera, nactor)."""
    truncation: wp.array3d[float]
    """Share of the silhouette, as far as the lens would show it, that lies outside the picture, (nworld, ncamera, nactor)."""
    box_center: wp.array2d[wp.vec3]
    """Centre of the tight box of the posed meshes, in the actor's frame [m], (nworld, nactor). Of who has limbs it holds the poses of all
    rows of a rolling shutter."""
    box_size: wp.array2d[wp.vec3]
    """Length, width, height of that box [m], 0 for actors without a mesh, (nworld, nactor)."""
    box_pos: wp.array2d[wp.vec3]
    """Its centre in the world frame [m], (nworld, nactor)."""
    box_rot: wp.array2d[wp.quat]
    """Its orientation, box to world, (nworld, nactor)."""
    camera_pos: wp.array3d[wp.vec3]
    """Its centre in the camera frame [m], (nworld, ncamera, nactor)."""
    camera_rot: wp.array3d[wp.quat]
    """Its orientation, box to camera frame, (nworld, ncamera, nactor)."""
    corner: wp.array4d[wp.vec3]
    """Column, row and plane depth [m] of the corners: bits 0, 1, 2 of the index choose front, left, top; NaN columns
    and rows behind the camera or beyond the lens's field, (nworld, ncamera, nactor, 8)."""
    rect: wp.array3d[wp.vec4i]
    """Columns and rows to search for the actor: first column, first row, columns, rows, (nworld, ncamera, nactor)."""
    visible_bound: wp.array4d[wp.int32]
    """Least column, least row, greatest column, greatest row, (nworld, ncamera, nactor, 4)."""
    amodal_bound: wp.array4d[wp.int32]
    """As ``visible_bound``."""
    moments: wp.int32
    """1, or a moment for every row (`sim.render.shutter`)."""
    nword: wp.int32
    """Words per pixel in ``amodal_mask``; 0: no masks."""
    amodal_mask: wp.array4d[wp.uint32]
    """Bit ``a % 32`` of word ``a // 32`` is set where actor a would be, (nworld, ncamera * nword, height, width)."""


@wp.func
def spread_bound(
    bound: wp.array4d[wp.int32], world: int, camera: int, actor: int, col0: int, row0: int, col1: int, row1: int
):
    """Widen a bound to hold the pixels between two corners."""
    wp.atomic_min(bound, world, camera, actor, 0, col0)
    wp.atomic_min(bound, world, camera, actor, 1, row0)
    wp.atomic_max(bound, world, camera, actor, 2, col1)
    wp.atomic_max(bound, world, camera, actor, 3, row1)


@wp.kernel
def _count_visible(instance: wp.array4d[wp.int32], out: ActorLabels):
    """Reads the instance image, a row per thread. Writes visible counts and bounds."""
    world, camera, row = wp.tid()
    width = instance.shape[3]
    start = int(0)
    last = int(0)
    for col in range(width + 1):
        value = int(0)
        if col < width:
            value = instance[world, camera, row, col]
        if value != last:
            if last > 0:
                wp.atomic_add(out.visible_count, world, camera, last - 1, col - start)
                spread_bound(out.visible_bound, world, camera, last - 1, start, row, col - 1, row)
            start = col
            last = value


@wp.func
def bound_segment(k: wp.vec4, a: wp.vec3, b: wp.vec3, bound: wp.vec4) -> wp.vec4:
    """Widen (least column, least row, greatest ...) by a segment in the camera frame, cut off at NEAR."""
    p = a
    q = b
    if p[2] < NEAR and q[2] < NEAR:
        return bound
    if p[2] < NEAR:
        p = p + (q - p) * ((NEAR - p[2]) / (q[2] - p[2]))
    if q[2] < NEAR:
        q = q + (p - q) * ((NEAR - q[2]) / (p[2] - q[2]))
    u = wp.vec2(k[0] * p[0] / wp.max(p[2], NEAR) + k[2], k[0] * q[0] / wp.max(q[2], NEAR) + k[2])
    v = wp.vec2(k[1] * p[1] / wp.max(p[2], NEAR) + k[3], k[1] * q[1] / wp.max(q[2], NEAR) + k[3])
    return wp.vec4(
        wp.min(bound[0], wp.min(u[0], u[1])),
        wp.min(bound[1], wp.min(v[0], v[1])),
        wp.max(bound[2], wp.max(u[0], u[1])),
        wp.max(bound[3], wp.max(v[0], v[1])),
    )


@wp.func(inline=True)
def bound_curve(cameras: Cameras, world: int, camera: int, a: wp.vec3, b: wp.vec3, bound: wp.vec4) -> wp.vec4:
    """As `bound_segment`, by a lens that bends lines: pieces of the segment, and beyond them a share of the longest one."""
    low = wp.vec2(1.0e9, 1.0e9)
    high = wp.vec2(-1.0e9, -1.0e9)
    last = Spot()
    longest = float(0.0)
    for i in range(STEPS + 1):
        at = project(cameras, world, camera, a + (b - a) * (float(i) / float(STEPS)))
        if i > 0:
            longest = wp.max(longest, wp.max(wp.abs(at.col - last.col), wp.abs(at.row - last.row)))
        last = at
        low = wp.vec2(wp.min(low[0], at.col), wp.min(low[1], at.row))
        high = wp.vec2(wp.max(high[0], at.col), wp.max(high[1], at.row))
    # A bow rises over its chord by less than a quarter of it unless it turns by more than a right angle.
    pad = 0.25 * longest + 1.0
    return wp.vec4(
        wp.min(bound[0], low[0] - pad),
        wp.min(bound[1], low[1] - pad),
        wp.max(bound[2], high[0] + pad),
        wp.max(bound[3], high[1] + pad),
    )


@wp.func
def pick_corner(lower: wp.vec3, upper: wp.vec3, index: int) -> wp.vec3:
    """A corner of a box: bits 0, 1, 2 of the index choose the upper x, y, z."""
    p = lower
    for axis in range(3):
        if ((index >> axis) & 1) != 0:
            p[axis] = upper[axis]
    return p


@wp.func(inline=True)
def bound_actor(
    inst: Instances, cameras: Cameras, views: Views, world: int, camera: int, actor: int, moment: int, bound: wp.vec4
) -> wp.vec4:
    """Widen a bound by an actor's boxes at a moment."""
    at = moment * cameras.flags.shape[0] + world
    k = cameras.intrinsics[world, camera]
    straight = cameras.lens[world, camera].model == wp.static(PINHOLE)
    pos = views.pos[at, camera]
    to_camera = wp.transpose(views.rot[at, camera])
    out = bound
    for part in range(inst.part_capacity):
        slot = inst.first_actor + actor * inst.part_capacity + part
        if inst.mesh[at, slot] >= 0:
            lower = inst.lower[at * inst.nslot + slot]
            upper = inst.upper[at * inst.nslot + slot]
            for i in range(8):
                a = to_camera * (pick_corner(lower, upper, i) - pos)
                for axis in range(3):
                    j = i | (1 << axis)
                    if j != i:
                        b = to_camera * (pick_corner(lower, upper, j) - pos)
                        if straight:
                            out = bound_segment(k, a, b, out)
                        else:
                            out = bound_curve(cameras, world, camera, a, b, out)
    return out


@wp.kernel
def _bound_actors(inst: Instances, cameras: Cameras, views: Views, size: wp.vec2i, out: ActorLabels):
    """Reads instances and views. Clears counts and bounds; writes the rectangle to search for each actor."""
    world, camera, actor = wp.tid()
    out.visible_count[world, camera, actor] = 0
    out.amodal_count[world, camera, actor] = 0
    out.outside_count[world, camera, actor] = 0
    for i in range(4):
        start = int(1000000)
        if i > 1:
            start = -1
        out.visible_bound[world, camera, actor, i] = start
        out.amodal_bound[world, camera, actor, i] = start
    bound = wp.vec4(1.0e9, 1.0e9, -1.0e9, -1.0e9)
    if actor != 0 or (cameras.flags[world, camera] & HIDES_EGO) == 0:
        last = out.moments - 1
        bound = bound_actor(inst, cameras, views, world, camera, actor, last / 2, bound)
        if last > 0:
            # Where it is at the first and the last row too, and a little more for its way between.
            bound = bound_actor(inst, cameras, views, world, camera, actor, 0, bound)
            bound = bound_actor(inst, cameras, views, world, camera, actor, last, bound)
            if bound[0] < 1.0e8:
                pad = 2.0 + 0.1 * wp.max(bound[2] - bound[0], bound[3] - bound[1])
                bound = bound + wp.vec4(-pad, -pad, pad, pad)
    height = size[0]
    width = size[1]
    col0 = int(wp.clamp(wp.floor(bound[0]), float(-width), float(2 * width)))
    row0 = int(wp.clamp(wp.floor(bound[1]), float(-height), float(2 * height)))
    col1 = int(wp.clamp(wp.ceil(bound[2]), float(-width - 1), float(2 * width - 1)))
    row1 = int(wp.clamp(wp.ceil(bound[3]), float(-height - 1), float(2 * height - 1)))
    out.rect[world, camera, actor] = wp.vec4i(col0, row0, wp.max(col1 - col0 + 1, 0), wp.max(row1 - row0 + 1, 0))


@wp.struct
class Extent:
    """Bounds in an actor's frame [m]."""

    lower: wp.vec3
    upper: wp.vec3


@wp.func(inline=True)
def spread_part(
    geo: Geometry, inst: Instances, poses: Poses, row: int, actor: int, slot: int, extent: Extent
) -> Extent:
    """Widen an actor's bounds by one of its parts, as a row of the instances and poses has it."""
    out = extent
    mesh = inst.mesh[row, slot]
    if mesh >= 0:
        to_actor = wp.transpose(wp.quat_to_matrix(poses.rot[row, actor]))
        m = to_actor * inst.linear[row, slot]
        shift = to_actor * (inst.pos[row, slot] - poses.pos[row, actor])
        off = wp.abs(m[0, 1]) + wp.abs(m[0, 2]) + wp.abs(m[1, 0])
        off += wp.abs(m[1, 2]) + wp.abs(m[2, 0]) + wp.abs(m[2, 1])
        if off < 1.0e-4:
            # Not turned in the actor's frame: the mesh's own bounds, scaled.
            for i in range(8):
                p = m * pick_corner(geo.mesh_lower[mesh], geo.mesh_upper[mesh], i) + shift
                out.lower = wp.min(out.lower, p)
                out.upper = wp.max(out.upper, p)
        else:
            points = wp.mesh_get(geo.mesh_id[mesh]).points
            for i in range(points.shape[0]):
                p = m * points[i] + shift
                out.lower = wp.min(out.lower, p)
                out.upper = wp.max(out.upper, p)
    return out


@wp.func
def moves_limbs(geo: Geometry, asset: int, part: int) -> bool:
    """Whether a part of a model, of which it need not have as many, is a body that walks, pedals, runs or falls."""
    clip = geo.model_clip[asset][0] > 0.0 or geo.model_gait[asset][2] > 0
    return clip and part < geo.model_part[asset + 1] and geo.part_frames[part] > 1


@wp.kernel
def _bound_meshes(
    geo: Geometry, scene: Scene, inst: Instances, poses: Poses, swept: Instances, swept_poses: Poses, out: ActorLabels
):  # fmt: skip
    """Reads geometry, instances, poses; those at rows' moments. Writes the tight 3D box of each actor's posed meshes.

    Under a rolling shutter it holds a body with limbs as each row sees it: meanwhile they move, and a fall turns it over.
    """
    world, actor = wp.tid()
    e = Extent(wp.vec3(1.0e9, 1.0e9, 1.0e9), wp.vec3(-1.0e9, -1.0e9, -1.0e9))
    first = inst.first_actor + actor * inst.part_capacity
    for part in range(inst.part_capacity):
        e = spread_part(geo, inst, poses, world, actor, first + part, e)
        asset = scene.asset[world, actor]
        if out.moments > 1 and asset >= 0:
            if moves_limbs(geo, asset, geo.model_part[asset] + part):
                for moment in range(out.moments):
                    row = moment * poses.pos.shape[0] + world
                    e = spread_part(geo, swept, swept_poses, row, actor, first + part, e)
    lower = e.lower
    upper = e.upper
    if lower[0] > upper[0]:
        lower = wp.vec3(0.0, 0.0, 0.0)
        upper = wp.vec3(0.0, 0.0, 0.0)
    center = (lower + upper) * 0.5
    out.box_center[world, actor] = center
    out.box_size[world, actor] = upper - lower
    out.box_pos[world, actor] = poses.pos[world, actor] + wp.quat_rotate(poses.rot[world, actor], center)
    out.box_rot[world, actor] = poses.rot[world, actor]


@wp.func
def bound_box(bound: wp.array4d[wp.int32], world: int, camera: int, actor: int) -> wp.vec4i:
    """Bounds as x, y, width, height; zeros if empty."""
    col = bound[world, camera, actor, 0]
    row = bound[world, camera, actor, 1]
    last_col = bound[world, camera, actor, 2]
    if last_col < 0:
        return wp.vec4i(0, 0, 0, 0)
    return wp.vec4i(col, row, last_col - col + 1, bound[world, camera, actor, 3] - row + 1)


@wp.func(inline=True)
def corner_at(
    cameras: Cameras, poses: Poses, views: Views, world: int, camera: int, actor: int, p: wp.vec3, moment: int
) -> Spot:
    """Where a point of an actor's frame is in the picture, as a moment has it."""
    at = moment * cameras.flags.shape[0] + world
    there = poses.pos[at, actor] + wp.quat_rotate(poses.rot[at, actor], p)
    return place_at(cameras, views, world, camera, there, moment)


@wp.func(inline=True)
def land_corner(
    cameras: Cameras, poses: Poses, views: Views, world: int, camera: int, actor: int, p: wp.vec3, moments: int
) -> Spot:
    """Where a point of an actor's frame is in the picture: on the row that sees when the point is on that row."""
    search = start_search(moments / 2 - 1, moments)
    while search.ended == 0:
        one = corner_at(cameras, poses, views, world, camera, actor, p, search.first)
        two = corner_at(cameras, poses, views, world, camera, actor, p, search.first + 1)
        search = take_step(search, one, two)
    return found_spot(search)


@wp.kernel
def _finish_labels(cameras: Cameras, views: Views, poses: Poses, table: Views, out: ActorLabels):
    """Reads counts, bounds, 3D boxes, views; poses and views at rows' moments. Writes 2D boxes, ratios, boxes to the camera, corners."""
    world, camera, actor = wp.tid()
    out.visible_box[world, camera, actor] = bound_box(out.visible_bound, world, camera, actor)
    out.amodal_box[world, camera, actor] = bound_box(out.amodal_bound, world, camera, actor)
    visible = float(out.visible_count[world, camera, actor])
    amodal = float(out.amodal_count[world, camera, actor])
    total = amodal + float(out.outside_count[world, camera, actor])
    out.occlusion[world, camera, actor] = 1.0 - visible / wp.max(amodal, 1.0)
    if amodal == 0.0:
        out.occlusion[world, camera, actor] = 0.0
    out.truncation[world, camera, actor] = wp.where(total > 0.0, 1.0 - amodal / wp.max(total, 1.0), 0.0)
    pos = views.pos[world, camera]
    rot = views.rot[world, camera]
    to_camera = wp.transpose(rot)
    center = out.box_pos[world, actor]
    turn = wp.quat_to_matrix(out.box_rot[world, actor])
    out.camera_pos[world, camera, actor] = to_camera * (center - pos)
    out.camera_rot[world, camera, actor] = wp.quat_from_matrix(to_camera * turn)
    half = out.box_size[world, actor] * 0.5
    for i in range(8):
        q = project(cameras, world, camera, to_camera * (center + turn * pick_corner(-half, half, i) - pos))
        if out.moments > 1:
            depth = q.depth
            p = out.box_center[world, actor] + pick_corner(-half, half, i)
            q = land_corner(cameras, poses, table, world, camera, actor, p, out.moments)
            q.depth = depth
        corner = wp.vec3(wp.nan, wp.nan, q.depth)
        if q.seen == 1:
            corner = wp.vec3(q.col, q.row, q.depth)
        out.corner[world, camera, actor, i] = corner
