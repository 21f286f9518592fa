"""Scene flow: how far each pixel's point moves in the world until the next frame."""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

import warp as wp

from sim.render.library import Geometry
from sim.render.primary import BLOCK, Hits, PixelHit, Share, is_inside, pixel_of
from sim.render.scene_bvh import Instances

wp.set_module_options({"enable_backward": False, "fuse_fp": False})


@wp.func(inline=True)
def point_of(geo: Geometry, inst: Instances, world: int, at: PixelHit) -> wp.vec3:
    """World position of a point of a triangle [m]; NaN if the moment does not have it."""
    mesh = inst.mesh[world, at.slot]
    if mesh < 0:
        return wp.vec3(wp.nan, wp.nan, wp.nan)
    p = wp.mesh_eval_position(geo.mesh_id[mesh], at.face, at.u, at.v)
    return inst.linear[world, at.slot] * p + inst.pos[world, at.slot]


@wp.kernel(grid_stride=False, launch_bounds=(64, 8))
def _follow_points(
    geo: Geometry, now: Instances, then: Instances, hits: Hits, share: Share, motion: wp.array4d[wp.vec3],
):  # fmt: skip
    """Reads hits and instances of both frames. Writes displacements in the world frame [m]: 0 for sky and all that stands still."""
    world, camera, tile, lane = wp.tid()
    while lane < BLOCK:
        px = pixel_of(world, camera, share.first + tile, lane, hits.at.shape[3])
        lane += share.lanes
        if is_inside(px, share, hits.at):
            at = hits.at[world, camera, px.row, px.col]
            moved = wp.vec3(0.0, 0.0, 0.0)
            if at.slot >= 0:
                moved = point_of(geo, then, world, at) - point_of(geo, now, world, at)
            motion[world, camera, px.row, px.col] = moved
