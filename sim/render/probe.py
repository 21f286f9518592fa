"""Rays through any points of a picture, at this frame or its neighbours: for checks, not for pictures."""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

import numpy as np
import numpy.typing as npt
import warp as wp

from sim.render.camera import Cameras, Views, land_still, pixel_direction, row_of
from sim.render.frames import Renderer
from sim.render.hidden import look_along
from sim.render.library import Geometry
from sim.render.primary import hidden_actor
from sim.render.raycast import FAR, actor_of, trace
from sim.render.scene_bvh import Instances

wp.set_module_options({"enable_backward": False, "fuse_fp": False})


@wp.kernel
def _probe_pixels(
    geo: Geometry,
    inst: Instances,
    cameras: Cameras,
    views: Views,
    camera: int,
    pixel: wp.array2d[wp.vec2],
    instance_out: wp.array2d[wp.int32],
    depth_out: wp.array2d[float],
):
    """Reads geometry, instances, views, points (column, row). Writes the actor's slot + 1 and the plane depth behind each."""
    world, i = wp.tid()
    instance_out[world, i] = 0
    depth_out[world, i] = wp.inf
    at = pixel[world, i]
    if wp.isnan(at[0]) or wp.isnan(at[1]):
        return
    ray = pixel_direction(cameras, world, camera, at[0], at[1])
    if wp.dot(ray, ray) == 0.0:
        return
    hit = look_along(geo, inst, cameras, views, world, camera, at[1], ray, FAR, True)
    if hit.slot >= 0:
        instance_out[world, i] = actor_of(inst, hit.slot) + 1
        depth_out[world, i] = hit.t * ray[2]


def probe_pixels(
    renderer: Renderer, points: npt.ArrayLike, *, moment: str = "now", camera: int = 0
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float32]]:
    """What lies behind points of the pictures that `Renderer.render` made last.

    Args:
        renderer: With flow among its outputs for ``moment`` "next".
        points: Column and row of points, (nworld, n, 2); NaN hits nothing.
        moment: "now", or "next" for the frame that flow leads to.
        camera: Which.

    Returns:
        Instance (slot + 1, or 0) and plane depth [m] (inf for sky), (nworld, n) each.
    """
    bvh = renderer.bvh if moment == "now" else renderer.bvh_next
    if bvh is None:
        raise ValueError("the next frame is known only to renderers with flow")
    views = renderer.views[1 if moment == "now" else 2]
    instances = bvh.instances
    sweep = renderer.sweep if moment == "now" else renderer.sweep_next
    if sweep is not None:
        views, instances = sweep.views, sweep.bvh.instances
    at = wp.array(np.ascontiguousarray(points, np.float32), dtype=wp.vec2, device=renderer.device)
    instance = wp.zeros(at.shape, dtype=wp.int32, device=renderer.device)
    depth = wp.zeros(at.shape, dtype=float, device=renderer.device)
    inputs = [renderer.library.geometry, instances, renderer.cameras, views, camera, at]
    wp.launch(_probe_pixels, dim=at.shape, inputs=inputs, outputs=[instance, depth], device=renderer.device)
    return np.asarray(instance.numpy(), np.int32), np.asarray(depth.numpy(), np.float32)


@wp.kernel
def _see_points(
    geo: Geometry, inst: Instances, cameras: Cameras, views: Views, camera: int, size: wp.vec2i, point: wp.array2d[wp.vec3],
    pixel_out: wp.array2d[wp.vec3],
):  # fmt: skip
    """Reads geometry, instances, views, points. Writes column, row, and 1 where nothing stands before a point; NaN outside the picture."""
    world, i = wp.tid()
    pixel_out[world, i] = wp.vec3(wp.nan, wp.nan, 0.0)
    q = land_still(cameras, views, world, camera, point[world, i])
    outside = q.col < -0.5 or q.row < -0.5 or q.col >= float(size[1]) - 0.5 or q.row >= float(size[0]) - 0.5
    if q.seen == 0 or outside:
        return
    row = row_of(cameras, views, world, q.row)
    pos = views.pos[row, camera]
    hit = trace(geo, inst, row, pos, point[world, i] - pos, 0.999, hidden_actor(cameras, world, camera))
    pixel_out[world, i] = wp.vec3(q.col, q.row, wp.where(hit.slot < 0, 1.0, 0.0))


def see_points(
    renderer: Renderer, points: npt.ArrayLike, camera: int = 0
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]]:
    """Where points of the first world that stand still lie in the picture that `Renderer.render` made last, and which of them are seen.

    Args:
        renderer: The renderer.
        points: World frame [m], (n, 3).
        camera: Which.

    Returns:
        Column and row, NaN outside the picture, (n, 2); whether nothing stands before each, (n,).
    """
    at = wp.array(np.ascontiguousarray(points, np.float32)[None], dtype=wp.vec3, device=renderer.device)
    out = wp.zeros(at.shape, dtype=wp.vec3, device=renderer.device)
    r = renderer
    inst, views = (r.bvh.instances, r.views[1]) if r.sweep is None else (r.sweep.bvh.instances, r.sweep.views)
    inputs = [r.library.geometry, inst, r.cameras, views, camera, r.size, at]
    wp.launch(_see_points, dim=(1, at.shape[1]), inputs=inputs, outputs=[out], device=r.device)
    found = np.asarray(out.numpy()[0], np.float32)
    return found[:, :2], found[:, 2] > 0.5
