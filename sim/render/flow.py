"""Optical flow and its occlusion mask: each pixel's point on its triangle, followed into the neighbouring frame."""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

import warp as wp

from sim.render.camera import HIDES_EGO, Cameras, Views, pixel_direction, project
from sim.render.library import Geometry
from sim.render.raycast import Labels, pixel_of, trace
from sim.render.scene_bvh import Instances

wp.set_module_options({"enable_backward": False, "fuse_fp": False})


@wp.func
def store_flow(labels: Labels, back: int, world: int, camera: int, row: int, col: int, flow: wp.vec2, occluded: int):
    """Write a pixel's flow and mask, forward or back."""
    if back == 0:
        labels.flow[world, camera, row, col] = flow
        labels.flow_occluded[world, camera, row, col] = wp.uint8(occluded)
    else:
        labels.flow_back[world, camera, row, col] = flow
        labels.flow_back_occluded[world, camera, row, col] = wp.uint8(occluded)


@wp.kernel(grid_stride=False, launch_bounds=(64, 8))
def _follow_pixels(
    geo: Geometry, then: Instances, cameras: Cameras, now_views: Views, views: Views, back: int, first_tile: int,
    labels: Labels,
):  # fmt: skip
    """Reads the frame's hits and views, the other frame's instances and views. Writes flow (``back`` 1: flow back) to it."""
    world, camera, tile, lane = wp.tid()
    height = labels.slot.shape[2]
    width = labels.slot.shape[3]
    pixel = pixel_of(first_tile + tile, lane, width)
    row = pixel[0]
    col = pixel[1]
    if row >= height or col >= width:
        return
    k = cameras.intrinsics[world, camera]
    pos = views.pos[world, camera]
    rot = views.rot[world, camera]
    slot = labels.slot[world, camera, row, col]
    bary = labels.bary[world, camera, row, col]
    face = labels.face[world, camera, row, col]
    t_max = float(1.0e5)
    target = pos
    mesh = int(-1)
    if slot < 0:
        # The sky turns with the camera and is infinitely far.
        d = now_views.rot[world, camera] * pixel_direction(k, float(col), float(row))
        target = pos + d * t_max
    else:
        mesh = then.mesh[world, slot]
        if mesh < 0:
            store_flow(labels, back, world, camera, row, col, wp.vec2(wp.nan, wp.nan), 1)
            return
        p = wp.mesh_eval_position(geo.mesh_id[mesh], face, bary[0], bary[1])
        target = then.linear[world, slot] * p + then.pos[world, slot]
    q = project(k, pos, rot, target)
    if q[2] <= 1.0e-4:
        store_flow(labels, back, world, camera, row, col, wp.vec2(wp.nan, wp.nan), 1)
        return
    occluded = int(0)
    if q[0] < -0.5 or q[1] < -0.5 or q[0] >= float(width) - 0.5 or q[1] >= float(height) - 0.5:
        occluded = 1
    else:
        hidden = int(-1)
        if (cameras.flags[world, camera] & HIDES_EGO) != 0:
            hidden = 0
        hit = trace(geo, then, world, pos, target - pos, 2.0, hidden)
        if (
            hit.slot >= 0
            and not (hit.slot == slot and hit.face == face)
            and hit.t < 1.0 - 2.0e-4 - 2.0e-3 / wp.max(q[2], 0.1)
        ):
            occluded = 1
    store_flow(labels, back, world, camera, row, col, wp.vec2(q[0] - float(col), q[1] - float(row)), occluded)
