"""Optical flow and its occlusion mask: each pixel's point on its triangle, followed into the neighbouring frame."""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

import warp as wp

from sim.render.camera import Cameras, Views, pixel_direction, project
from sim.render.label_images import Labels
from sim.render.library import Geometry
from sim.render.primary import BLOCK, Hits, Share, hidden_actor, pixel_of
from sim.render.raycast import trace
from sim.render.scene_bvh import Instances

wp.set_module_options({"enable_backward": False, "fuse_fp": False})


@wp.struct
class ViewPair:
    """The cameras in two frames."""

    now: Views
    """Of the picture."""
    then: Views
    """Of the frame that flow leads to."""


@wp.func(inline=True)
def store_flow(labels: Labels, back: int, world: int, camera: int, row: int, col: int, flow: wp.vec2, occluded: int):
    """Write a pixel's flow and mask, forward or back."""
    if back == 0:
        labels.flow[world, camera, row, col] = flow
        labels.flow_occluded[world, camera, row, col] = wp.uint8(occluded)
    else:
        labels.flow_back[world, camera, row, col] = flow
        labels.flow_back_occluded[world, camera, row, col] = wp.uint8(occluded)


@wp.func(inline=True)
def follow_pixel(
    geo: Geometry, then: Instances, cameras: Cameras, views: ViewPair, hits: Hits, back: int, labels: Labels,
    world: int, camera: int, row: int, col: int,
):  # fmt: skip
    """Write a pixel's flow into the other frame and whether its point is hidden there."""
    height = hits.at.shape[2]
    width = hits.at.shape[3]
    k = cameras.intrinsics[world, camera]
    pos = views.then.pos[world, camera]
    rot = views.then.rot[world, camera]
    at = hits.at[world, camera, row, col]
    slot = at.slot
    face = at.face
    t_max = float(1.0e5)
    target = pos
    mesh = int(-1)
    if slot < 0:
        # The sky turns with the camera and is infinitely far.
        d = views.now.rot[world, camera] * pixel_direction(k, float(col), float(row))
        target = pos + d * t_max
    else:
        mesh = then.mesh[world, slot]
        if mesh < 0:
            store_flow(labels, back, world, camera, row, col, wp.vec2(wp.nan, wp.nan), 1)
            return
        p = wp.mesh_eval_position(geo.mesh_id[mesh], face, at.u, at.v)
        target = then.linear[world, slot] * p + then.pos[world, slot]
    q = project(k, pos, rot, target)
    if q[2] <= 1.0e-4:
        store_flow(labels, back, world, camera, row, col, wp.vec2(wp.nan, wp.nan), 1)
        return
    occluded = int(0)
    if q[0] < -0.5 or q[1] < -0.5 or q[0] >= float(width) - 0.5 or q[1] >= float(height) - 0.5:
        occluded = 1
    else:
        hit = trace(geo, then, world, pos, target - pos, 2.0, hidden_actor(cameras, world, camera))
        if (
            hit.slot >= 0
            and not (hit.slot == slot and hit.face == face)
            and hit.t < 1.0 - 2.0e-4 - 2.0e-3 / wp.max(q[2], 0.1)
        ):
            occluded = 1
    store_flow(labels, back, world, camera, row, col, wp.vec2(q[0] - float(col), q[1] - float(row)), occluded)


@wp.kernel(grid_stride=False, launch_bounds=(64, 8))
def _follow_pixels(
    geo: Geometry, then: Instances, cameras: Cameras, views: ViewPair, hits: Hits, back: int, share: Share, labels: Labels,
):  # fmt: skip
    """Reads the frame's hits and views, the other frame's instances and views. Writes flow (``back`` 1: flow back) to it."""
    world, camera, tile, lane = wp.tid()
    while lane < BLOCK:
        pixel = pixel_of(share.first + tile, lane, hits.at.shape[3])
        lane += share.lanes
        if pixel[0] < hits.at.shape[2] and pixel[1] < hits.at.shape[3]:
            follow_pixel(geo, then, cameras, views, hits, back, labels, world, camera, pixel[0], pixel[1])
