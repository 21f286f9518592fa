"""What optical flow loses sight of: points that something hides in the neighbouring frame."""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

import warp as wp

from sim.render.camera import ATTACHED, Cameras, Eye, Views, eye_between, pixel_direction, remoteness, row_of
from sim.render.flow import ViewPair, follow, land, sight_of
from sim.render.library import Geometry
from sim.render.options import RAYS
from sim.render.primary import BLOCK, Hits, Pixel, Share, hidden_actor, is_inside, pixel_of
from sim.render.raycast import Hit, actor_of, trace
from sim.render.scene_bvh import Instances

wp.set_module_options(RAYS | {"fuse_fp": False})

TOUCH, TOUCH_SHARE = wp.constant(2.0e-3), wp.constant(2.0e-4)
"""Surfaces nearer to each other than this, and per metre of depth, do not hide each other [m]; five times as far of one and the same thing
that stands still, whose ray is rounded to a pixel's place."""


@wp.func(inline=True)
def look_along(
    geo: Geometry, inst: Instances, cameras: Cameras, views: Views, world: int, camera: int, row: float, ray: wp.vec3, reach: float,
    still: bool,
) -> Hit:  # fmt: skip
    """First surface along a ray of the camera frame, up to ``reach`` times its length, when a point between two rows is read.

    All is where the nearer row has it, the ego also to its own camera. What stands still is where the camera between the rows sees it
    (``still``), which moves half a row's way at most: a hand's breadth before the lens, that is pixels of the ego's body.
    """
    near = row_of(cameras, views, world, row)
    hidden = hidden_actor(cameras, world, camera)
    between = still and views.pos.shape[0] > cameras.flags.shape[0]
    hit = Hit()
    hit.slot = -1
    if not between or ((cameras.flags[world, camera] & ATTACHED) != 0 and hidden != 0):
        hit = trace(geo, inst, near, views.pos[near, camera], views.rot[near, camera] * ray, reach, hidden)
        if not between or (hit.slot >= 0 and actor_of(inst, hit.slot) == 0):
            return hit
        hidden = 0
    eye = eye_between(cameras, views, world, camera, row)
    return trace(geo, inst, near, eye.pos, eye.rot * ray, reach, hidden)


@wp.func(inline=True)
def is_hidden(geo: Geometry, then: Instances, cameras: Cameras, views: ViewPair, hits: Hits, px: Pixel) -> bool:
    """Whether the other frame shows something else than a pixel's point: before it, or behind if rounding puts it off an edge.

    For what stands still, the ray is that of the place where flow ends, one metre deep as all rays of the camera are: of a surface seen
    edge-on no ray may be left of a pixel's, and rays that differ in length alone may hit and miss it.
    """
    world = px.world
    camera = px.camera
    at = hits.at[world, camera, px.row, px.col]
    sight = sight_of(cameras, views, px)
    q = land(geo, then, cameras, views, at, sight, px)
    row = row_of(cameras, views.then, world, q.row)
    to = follow(geo, then, views, at, sight, px, row)
    still = to.slot < then.first_actor
    eye = Eye(views.then.pos[row, camera], views.then.rot[row, camera])
    if still:
        eye = eye_between(cameras, views.then, world, camera, q.row)
    ray = wp.transpose(eye.rot) * (to.point - eye.pos)
    depth = remoteness(cameras, world, camera, ray)
    if still:
        ray = pixel_direction(cameras, world, camera, q.col, q.row)
        if wp.dot(ray, ray) == 0.0:
            return True
    else:
        ray = ray / depth
    hit = look_along(geo, then, cameras, views.then, world, camera, q.row, ray, 2.0 * depth, still)
    if hit.slot < 0 or to.slot < 0:
        return hit.slot != to.slot
    off = wp.abs(hit.t - depth)
    if hit.slot != to.slot or not still:
        return (hit.slot != to.slot or hit.face != to.face) and off > TOUCH + TOUCH_SHARE * depth
    return off > 5.0 * (TOUCH + TOUCH_SHARE * depth)


@wp.kernel(grid_stride=False, launch_bounds=(64, 8))
def _hide_pixels(
    geo: Geometry, then: Instances, cameras: Cameras, views: ViewPair, hits: Hits, share: Share, mask: wp.array4d[wp.uint8],
):  # fmt: skip
    """Reads the frame's hits and views, the other frame's instances and views. Writes 1 to the flow's mask where the point is hidden."""
    world, camera, tile, lane = wp.tid()
    while lane < BLOCK:
        px = pixel_of(world, camera, share.first + tile, lane, hits.at.shape[3])
        lane += share.lanes
        if is_inside(px, share, hits.at) and mask[world, camera, px.row, px.col] == wp.uint8(0):
            if is_hidden(geo, then, cameras, views, hits, px):
                mask[world, camera, px.row, px.col] = wp.uint8(1)
