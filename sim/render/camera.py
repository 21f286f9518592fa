"""Cameras, OpenCV convention, pixel (0, 0) centred at (0, 0), mounted on actor 0 or fixed."""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false, reportReturnType=false
from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import warp as wp

from sim.cameras import LENSES, CameraConfig
from sim.render.lens import (
    FISHEYE,
    PINHOLE,
    LensValues,
    coefficients,
    field_of,
    intrinsic_matrix,
    lens_direction,
    lens_place,
)
from sim.rotation import quaternion

wp.set_module_options({"enable_backward": False})

TRIES = wp.constant(6)
"""Most steps towards the row on which a point lands."""

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
    number: wp.array2d[wp.int32]
    """Place in the rig: sampling noise is keyed by it, (nworld, ncamera)."""
    lens: wp.array2d[LensValues]
    """(nworld, ncamera)."""
    pupil: wp.array2d[wp.vec2]
    """Radius of the entrance pupil and distance in focus [m], (nworld, ncamera)."""


@wp.struct
class Views:
    """Where the cameras are at one moment, or at several: then the first axis counts worlds moment by moment."""

    pos: wp.array2d[wp.vec3]
    """World frame [m], (nworld, ncamera)."""
    rot: wp.array2d[wp.mat33]
    """Columns: the camera's right, down and forward axes in the world frame, (nworld, ncamera)."""


def lens_values(camera: CameraConfig) -> LensValues:
    """What the kernels read of a camera's lens."""
    out = LensValues()
    out.model = LENSES.index(camera.lens.model)
    radial, more = coefficients(camera.lens)
    out.radial, out.more = wp.vec4(*map(float, radial)), wp.vec4(*map(float, more))
    out.field = field_of(camera.lens)
    return out


def make_cameras(cameras: Sequence[CameraConfig], nworld: int, device: wp.DeviceLike) -> Cameras:
    """The same cameras in every world; write single rows afterwards where worlds differ."""
    out = Cameras()
    for name, var in Cameras.vars.items():
        setattr(out, name, wp.zeros((nworld, len(cameras)), dtype=var.type.dtype, device=device))
    aim_cameras(out, cameras, range(len(cameras)))
    return out


def aim_cameras(out: Cameras, cameras: Sequence[CameraConfig], numbers: Sequence[int]) -> None:
    """Write other cameras of the same sizes into every world.

    Args:
        out: Cameras as `make_cameras` made them.
        cameras: As many.
        numbers: Their places in the rig.
    """
    k = [intrinsic_matrix(c) for c in cameras]
    hide = [c.attached if c.show_ego is None else not c.show_ego for c in cameras]
    values: dict[str, Sequence[object]] = {
        "intrinsics": [(m[0, 0], m[1, 1], m[0, 2], m[1, 2]) for m in k],
        "mount_pos": [c.pos for c in cameras],
        "mount_rot": [quaternion(c.yaw, c.pitch, c.roll) for c in cameras],
        "flags": [
            ATTACHED * c.attached + HIDES_EGO * h + FOLLOWS * c.follows for c, h in zip(cameras, hide, strict=True)
        ],
        "number": list(numbers),
        "pupil": [(0.5 * c.optics.aperture, c.optics.focus) for c in cameras],
    }
    for name, rows in values.items():
        target = getattr(out, name)
        target.assign(np.ascontiguousarray(np.broadcast_to(np.array(rows), (target.shape[0], *np.shape(rows)))))
    lenses = np.array([lens_values(c).numpy_value() for c in cameras], dtype=LensValues.numpy_dtype())
    out.lens.assign(np.ascontiguousarray(np.broadcast_to(lenses, out.lens.shape)))


def make_views(nworld: int, ncamera: int, device: wp.DeviceLike) -> Views:
    """Empty views."""
    out = Views()
    out.pos = wp.zeros((nworld, ncamera), dtype=wp.vec3, device=device)
    out.rot = wp.zeros((nworld, ncamera), dtype=wp.mat33, device=device)
    return out


@wp.kernel
def _place_cameras(cameras: Cameras, ego_pos: wp.array2d[wp.vec3], ego_rot: wp.array2d[wp.quat], views: Views):
    """Reads cameras and the ego's pose at each moment. Writes views, moment by moment."""
    world, moment, camera = wp.tid()
    at = moment * cameras.flags.shape[0] + world
    pos = cameras.mount_pos[world, camera]
    rot = cameras.mount_rot[world, camera]
    if (cameras.flags[world, camera] & ATTACHED) != 0:
        carrier = ego_rot[at, 0]
        if (cameras.flags[world, camera] & FOLLOWS) != 0:
            ahead = wp.quat_rotate(carrier, wp.vec3(1.0, 0.0, 0.0))
            carrier = wp.quat_from_axis_angle(wp.vec3(0.0, 0.0, 1.0), wp.atan2(ahead[1], ahead[0]))
        pos = ego_pos[at, 0] + wp.quat_rotate(carrier, pos)
        rot = carrier * rot
    m = wp.quat_to_matrix(rot)
    views.pos[at, camera] = pos
    views.rot[at, camera] = wp.matrix_from_cols(
        wp.vec3(-m[0, 1], -m[1, 1], -m[2, 1]), wp.vec3(-m[0, 2], -m[1, 2], -m[2, 2]), wp.vec3(m[0, 0], m[1, 0], m[2, 0])
    )


def place_cameras(cameras: Cameras, ego_pos: wp.array, ego_rot: wp.array, views: Views) -> None:
    """Put every camera where its carrier is; poses and views may hold several moments one after another."""
    nworld, ncamera = cameras.flags.shape
    wp.launch(
        _place_cameras,
        dim=(nworld, views.pos.shape[0] // nworld, ncamera),
        inputs=[cameras, ego_pos, ego_rot],
        outputs=[views],
        device=views.pos.device,
    )


@wp.func(inline=True)
def pixel_direction(cameras: Cameras, world: int, camera: int, u: float, v: float) -> wp.vec3:
    """Direction through a point of the picture in the camera frame: z = 1, of a fisheye unit length, zero where it shows nothing."""
    k = cameras.intrinsics[world, camera]
    d = wp.vec3((u - k[2]) / k[0], (v - k[3]) / k[1], 1.0)
    if cameras.lens[world, camera].model != wp.static(PINHOLE):
        d = lens_direction(cameras.lens[world, camera], d[0], d[1])
    return d


@wp.struct
class Spot:
    """Where a point is in a picture."""

    col: float
    row: float
    depth: float
    """Along the optical axis [m]."""
    seen: int
    """1 if the lens shows it; else column and row mean nothing."""


@wp.func(inline=True)
def project(cameras: Cameras, world: int, camera: int, c: wp.vec3) -> Spot:
    """Where a point of the camera frame is in the picture."""
    out = Spot()
    out.depth = c[2]
    k = cameras.intrinsics[world, camera]
    if cameras.lens[world, camera].model == wp.static(PINHOLE):
        if c[2] > 1.0e-4:
            out.seen = 1
            out.col = k[0] * c[0] / c[2] + k[2]
            out.row = k[1] * c[1] / c[2] + k[3]
    else:
        at = lens_place(cameras.lens[world, camera], c)
        out.seen = int(at[2])
        out.col = k[0] * at[0] + k[2]
        out.row = k[1] * at[1] + k[3]
    return out


@wp.func(inline=True)
def remoteness(cameras: Cameras, world: int, camera: int, c: wp.vec3) -> float:
    """How far a point of the camera frame is: its plane depth, of a fisheye its distance [m]."""
    return wp.where(cameras.lens[world, camera].model == wp.static(FISHEYE), wp.length(c), c[2])


@wp.func
def crossing(one: float, two: float) -> float:
    """Share of the way between two rows at which a point is on the row that sees it: by how far below each row it is at its moment."""
    # The point and the rows move evenly; it would have to outrun the shutter for them to be parallel.
    return one / wp.where(wp.abs(one - two) > 1.0e-3, one - two, 1.0)


@wp.struct
class RowSearch:
    """Steps towards the row of a rolling shutter that sees a point when the point is on that row."""

    first: int
    """Of the two rows to look from next."""
    moments: int
    """Rows in all."""
    steps: int
    """Taken so far."""
    ended: int
    """0 while it goes on; 1: ``spot`` is where the point is; 2: the point outruns the shutter, no row sees it."""
    spot: Spot


@wp.func(inline=True)
def start_search(row: int, moments: int) -> RowSearch:
    """A search that looks from a row first."""
    out = RowSearch()
    out.first = wp.min(row, moments - 2)
    out.moments = moments
    return out


@wp.func(inline=True)
def take_step(search: RowSearch, one: Spot, two: Spot) -> RowSearch:
    """Go on by where the point is at the moments of the search's row and of the one below it."""
    out = search
    f = crossing(one.row - float(search.first), two.row - float(search.first + 1))
    spot = Spot()
    spot.col = wp.lerp(one.col, two.col, f)
    spot.row = float(search.first) + f
    spot.depth = wp.lerp(one.depth, two.depth, f)
    spot.seen = one.seen * two.seen
    out.spot = spot
    out.steps = search.steps + 1
    out.first = wp.clamp(int(wp.floor(spot.row)), 0, search.moments - 2)
    if out.first == search.first or spot.seen == 0:
        out.ended = 1
    elif out.steps == TRIES:
        out.ended = 2
    return out


@wp.func
def found_spot(search: RowSearch) -> Spot:
    """Where a search that ended found its point; not seen if no row sees it."""
    out = search.spot
    if search.ended == 2:
        out.seen = 0
    return out


@wp.struct
class Eye:
    """Where a camera is."""

    pos: wp.vec3
    """[m]."""
    rot: wp.mat33
    """Its axes in the world, as columns."""


@wp.func(inline=True)
def row_of(cameras: Cameras, views: Views, world: int, row: float) -> int:
    """First index of the views that see a row of the picture, whole or not: the nearest row's, or the only ones'."""
    nworld = cameras.flags.shape[0]
    last = views.pos.shape[0] / nworld - 1
    return wp.clamp(int(wp.round(row)), 0, last) * nworld + world


@wp.func(inline=True)
def eye_between(cameras: Cameras, views: Views, world: int, camera: int, row: float) -> Eye:
    """Where a camera is when a point between two rows is read; half a row beyond the picture too."""
    nworld = cameras.flags.shape[0]
    last = views.pos.shape[0] / nworld - 1
    first = wp.clamp(int(wp.floor(row)), 0, wp.max(last - 1, 0))
    one = first * nworld + world
    out = Eye()
    out.pos = views.pos[one, camera]
    out.rot = views.rot[one, camera]
    if last > 0:
        f = row - float(first)
        out.pos = wp.lerp(out.pos, views.pos[one + nworld, camera], f)
        out.rot = out.rot * (1.0 - f) + views.rot[one + nworld, camera] * f
    return out


@wp.func(inline=True)
def place_at(cameras: Cameras, views: Views, world: int, camera: int, p: wp.vec3, moment: int) -> Spot:
    """Where a point of the world is in the picture as a moment has it."""
    row = moment * cameras.flags.shape[0] + world
    return project(cameras, world, camera, wp.transpose(views.rot[row, camera]) * (p - views.pos[row, camera]))


@wp.func(inline=True)
def land_still(cameras: Cameras, views: Views, world: int, camera: int, p: wp.vec3) -> Spot:
    """Where a point that stands still is in the picture; with a moment for every row: on the row that sees it."""
    moments = views.pos.shape[0] / cameras.flags.shape[0]
    if moments == 1:
        return place_at(cameras, views, world, camera, p, 0)
    search = start_search(moments / 2 - 1, moments)
    while search.ended == 0:
        one = place_at(cameras, views, world, camera, p, search.first)
        two = place_at(cameras, views, world, camera, p, search.first + 1)
        search = take_step(search, one, two)
    return found_spot(search)
