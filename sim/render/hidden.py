"""What optical flow loses sight of: points that something hides in the neighbouring frame."""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

import warp as wp

from sim.render.camera import Cameras, remoteness
from sim.render.flow import ViewPair, follow, land
from sim.render.library import Geometry
from sim.render.options import RAYS
from sim.render.primary import BLOCK, Hits, Pixel, Share, hidden_actor, is_inside, pixel_of
from sim.render.raycast import trace
from sim.render.scene_bvh import Instances

wp.set_module_options(RAYS | {"fuse_fp": False})


@wp.func(inline=True)
def is_hidden(geo: Geometry, then: Instances, cameras: Cameras, views: ViewPair, hits: Hits, px: Pixel) -> bool:
    """Whether the other frame shows something else than a pixel's point: before it, or behind if rounding puts it off an edge."""
    world = px.world
    camera = px.camera
    at = hits.at[world, camera, px.row, px.col]
    moment = int(0)
    if views.moments > 1:
        moment = wp.clamp(int(wp.round(land(geo, then, cameras, views, at, px).row)), 0, views.moments - 1)
    row = moment * cameras.flags.shape[0] + world
    to = follow(geo, then, cameras, views, at, px, row)
    pos = views.then.pos[row, camera]
    way = to.point - pos
    depth = remoteness(cameras, world, camera, wp.transpose(views.then.rot[row, camera]) * way)
    hit = trace(geo, then, row, pos, way, 2.0, hidden_actor(cameras, world, camera))
    if hit.slot < 0 or to.slot < 0:
        return hit.slot != to.slot
    own = hit.slot == to.slot and hit.face == to.face
    return not own and wp.abs(hit.t - 1.0) > 2.0e-4 + 2.0e-3 / wp.max(depth, 0.1)


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
