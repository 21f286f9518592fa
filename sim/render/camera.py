"""Pinhole cameras, OpenCV convention, pixel (0, 0) centred at (0, 0), mounted on actor 0 or fixed."""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import warp as wp

from sim.config import CameraConfig
from sim.rotation import quaternion

wp.set_module_options({"enable_backward": False})

CHASE = CameraConfig(name="chase", horizontal_fov=1.05, pos=(-8.5, 0.0, 3.6), pitch=0.2, show_ego=True, follows=True)
"""Third-person view from behind the ego, for people who review."""

ATTACHED = 1
HIDES_EGO = 2
FOLLOWS = 4


@wp.struct
class Cameras:
    """Cameras of each world; constant over an episode."""

    intrinsics: wp.array2d[wp.vec4]
    """fx, fy, cx, cy [pixels], (nworld, ncamera)."""
    mount_pos: wp.array2d[wp.vec3]
    """In the ego's frame, or the world's if not attached [m], (nworld, ncamera)."""
    mount_rot: wp.array2d[wp.quat]
    """Mount frame (x forward, y left, z up) to the ego's or the world's, (nworld, ncamera)."""
    flags: wp.array2d[wp.int32]
    """ATTACHED, HIDES_EGO, FOLLOWS, (nworld, ncamera)."""


@wp.struct
class Views:
    """Where the cameras are at one moment."""

    pos: wp.array2d[wp.vec3]
    """World frame [m], (nworld, ncamera)."""
    rot: wp.array2d[wp.mat33]
    """Columns: the camera's right, down and forward axes in the world frame, (nworld, ncamera)."""


def intrinsic_matrix(camera: CameraConfig) -> npt.NDArray[np.float64]:
    """K of a camera, (3, 3), for pixel centres at whole numbers."""
    f = 0.5 * camera.width / math.tan(0.5 * camera.horizontal_fov)
    return np.array([[f, 0.0, 0.5 * (camera.width - 1)], [0.0, f, 0.5 * (camera.height - 1)], [0.0, 0.0, 1.0]])


def make_cameras(cameras: Sequence[CameraConfig], nworld: int, device: wp.DeviceLike) -> Cameras:
    """The same cameras in every world; write single rows afterwards where worlds differ."""
    k = [intrinsic_matrix(c) for c in cameras]
    hide = [c.attached if c.show_ego is None else not c.show_ego for c in cameras]

    def rows(values: Sequence[object], dtype: type) -> wp.array:
        array = np.broadcast_to(np.array(values), (nworld, *np.shape(values)))
        return wp.array(np.ascontiguousarray(array), dtype=dtype, device=device)

    out = Cameras()
    out.intrinsics = rows([(m[0, 0], m[1, 1], m[0, 2], m[1, 2]) for m in k], wp.vec4)
    out.mount_pos = rows([c.pos for c in cameras], wp.vec3)
    out.mount_rot = rows([quaternion(c.yaw, c.pitch, c.roll) for c in cameras], wp.quat)
    flags = [ATTACHED * c.attached + HIDES_EGO * h + FOLLOWS * c.follows for c, h in zip(cameras, hide, strict=True)]
    out.flags = rows(flags, wp.int32)
    return out


def make_views(nworld: int, ncamera: int, device: wp.DeviceLike) -> Views:
    """Empty views."""
    out = Views()
    out.pos = wp.zeros((nworld, ncamera), dtype=wp.vec3, device=device)
    out.rot = wp.zeros((nworld, ncamera), dtype=wp.mat33, device=device)
    return out


@wp.kernel
def _place_cameras(cameras: Cameras, ego_pos: wp.array2d[wp.vec3], ego_rot: wp.array2d[wp.quat], views: Views):
    """Reads cameras and the ego's pose. Writes views."""
    world, camera = wp.tid()
    pos = cameras.mount_pos[world, camera]
    rot = cameras.mount_rot[world, camera]
    if (cameras.flags[world, camera] & ATTACHED) != 0:
        carrier = ego_rot[world, 0]
        if (cameras.flags[world, camera] & FOLLOWS) != 0:
            ahead = wp.quat_rotate(carrier, wp.vec3(1.0, 0.0, 0.0))
            carrier = wp.quat_from_axis_angle(wp.vec3(0.0, 0.0, 1.0), wp.atan2(ahead[1], ahead[0]))
        pos = ego_pos[world, 0] + wp.quat_rotate(carrier, pos)
        rot = carrier * rot
    m = wp.quat_to_matrix(rot)
    views.pos[world, camera] = pos
    views.rot[world, camera] = wp.matrix_from_cols(
        wp.vec3(-m[0, 1], -m[1, 1], -m[2, 1]), wp.vec3(-m[0, 2], -m[1, 2], -m[2, 2]), wp.vec3(m[0, 0], m[1, 0], m[2, 0])
    )


def place_cameras(cameras: Cameras, ego_pos: wp.array, ego_rot: wp.array, views: Views) -> None:
    """Put every camera where its carrier is."""
    wp.launch(
        _place_cameras,
        dim=views.pos.shape,
        inputs=[cameras, ego_pos, ego_rot],
        outputs=[views],
        device=views.pos.device,
    )


@wp.func
def pixel_direction(k: wp.vec4, u: float, v: float) -> wp.vec3:
    """Direction through a pixel in the camera frame, z = 1."""
    return wp.vec3((u - k[2]) / k[0], (v - k[3]) / k[1], 1.0)


@wp.func
def project(k: wp.vec4, pos: wp.vec3, rot: wp.mat33, p: wp.vec3) -> wp.vec3:
    """Pixel column, pixel row and plane depth [m] of a point; depth is not positive behind the camera."""
    c = wp.transpose(rot) * (p - pos)
    if c[2] < 1.0e-4:
        return wp.vec3(0.0, 0.0, c[2])
    return wp.vec3(k[0] * c[0] / c[2] + k[2], k[1] * c[1] / c[2] + k[3], c[2])
