"""A camera that follows the ego through clear air: level behind it, higher or nearer where something stands in between."""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false, reportReturnType=false
from __future__ import annotations

import warp as wp

from sim.render.camera import FOLLOWS, Cameras, Views
from sim.render.library import Geometry
from sim.render.raycast import trace
from sim.render.scene_bvh import Instances
from sim.types import Scene

wp.set_module_options({"enable_backward": False, "fuse_fp": False})

OVER = 0.3
"""Height over the ego's box from which a camera's arm reaches back [m]."""
TRIES, RAISE = 6, 0.2
"""Arms that are tried, each so much steeper than the one before [rad]."""
KEEP_OFF = 0.4
"""Distance from what ends the longest of them [m]."""


@wp.func
def look_at(eye: wp.vec3, target: wp.vec3) -> wp.mat33:
    """Axes of a camera, right, down and forward, upright."""
    forward = wp.normalize(target - eye)
    right = wp.normalize(wp.cross(forward, wp.vec3(0.0, 0.0, 1.0)))
    return wp.matrix_from_cols(right, wp.cross(forward, right), forward)  # pyright: ignore[reportReturnType]


@wp.kernel
def _clear_views(
    scene: Scene,
    geo: Geometry,
    inst: Instances,
    cameras: Cameras,
    ego_pos: wp.array2d[wp.vec3],
    ego_rot: wp.array2d[wp.quat],
    views: Views,
):
    """Reads where the ego is and what stands about it. Writes views of cameras that follow it and would be cut off from it."""
    world, camera = wp.tid()
    if (cameras.flags[world, camera] & wp.static(FOLLOWS)) == 0:
        return
    middle = ego_pos[world, 0] + wp.quat_rotate(ego_rot[world, 0], scene.box_center[world, 0])
    pivot = middle + wp.vec3(0.0, 0.0, 0.5 * scene.size[world, 0][2] + wp.static(OVER))
    arm = views.pos[world, camera] - pivot
    length = wp.length(arm)
    flat = wp.normalize(wp.vec3(arm[0], arm[1], 0.0))
    rise = wp.asin(wp.clamp(arm[2] / length, -1.0, 1.0))
    best = float(0.0)
    chosen = int(0)
    k = int(0)
    while k < wp.static(TRIES) and best < 1.0:
        angle = wp.min(rise + float(k) * wp.static(RAISE), 1.4)
        d = (flat * wp.cos(angle) + wp.vec3(0.0, 0.0, wp.sin(angle))) * length
        hit = trace(geo, inst, world, pivot, d, 1.0 + wp.static(KEEP_OFF) / length, 0)
        free = float(1.0)
        if hit.slot >= 0:
            free = wp.min(hit.t - wp.static(KEEP_OFF) / length, 1.0)
        if free > best:
            best = free
            chosen = k
            arm = d * free
        k += 1
    if chosen > 0 or best < 1.0:
        views.pos[world, camera] = pivot + arm
        views.rot[world, camera] = look_at(pivot + arm, middle)


def clear_views(
    scene: Scene, geometry: Geometry, instances: Instances, cameras: Cameras, pos: wp.array, rot: wp.array, views: Views
) -> None:
    """Move cameras that follow the ego to where they see it.

    Args:
        scene: The batch's scene.
        geometry: Of the library.
        instances: What stands where; ``pos`` and ``rot``, (nworld, nactor), are the actors' poses of the same moment.
        cameras: As given.
        pos: [m].
        rot: Actor frame to world.
        views: As `sim.render.camera.place_cameras` left them.
    """
    inputs = [scene, geometry, instances, cameras, pos, rot]
    wp.launch(_clear_views, dim=views.pos.shape, inputs=inputs, outputs=[views], device=views.pos.device, block_dim=64)
