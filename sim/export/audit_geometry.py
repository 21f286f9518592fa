"""Checks of where points land: flow, boxes' corners and keypoints against depth, poses and OpenCV's lens formulas, row by row.

Points are projected by NumPy from the recorded views of the rows, without the lens or shutter code of the renderer.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from sim.cameras import CameraConfig
from sim.export.audit_poses import carried, rays, seen_at, world_points
from sim.render.lens import intrinsic_matrix
from sim.render.mesh import Semantic
from sim.render.parts import Part
from sim.rotation import matrices

if TYPE_CHECKING:
    from sim.export.frames import FrameRenderer

FLOW_MARGIN, FLOW_SHARE = 0.05, 2e-4
"""How far flow may lead from where depth and poses, or scene flow, do [pixels], and per pixel of flow: depth is single precision."""
CORNER_MARGIN, CORNER_SHARE = 0.05, 1e-3
"""The same of 3D boxes' corners, and per pixel beyond the picture's middle."""
RIGID = (Semantic.CAR, Semantic.VAN, Semantic.TRUCK, Semantic.BUS, Semantic.TRAIN, Semantic.TRAILER)
"""Whose bodies move as one piece."""
APART = (Part.NONE, Part.WHEEL, Part.DOOR, Part.STEERING, Part.PEDALS)
"""Of these, what may move otherwise."""
FAR = 1e6
"""Where the sky is taken to be [m]."""
NEAR = 0.3
"""Points of lenses without a fisheye's field that lie less far ahead than this are not looked at [m]."""

Floats = npt.NDArray[np.floating]


def project(camera: CameraConfig, points: Floats) -> Floats:
    """Columns and rows of points of the camera's frame (n, 3), (n, 2); NaN behind a lens that is no fisheye.

    OpenCV's documented formulas, of `projectPoints` (rational model with tangential terms) and `fisheye::projectPoints`.
    """
    k = intrinsic_matrix(camera)
    x, y, z = np.asarray(points, float).T
    if camera.lens.model == "kannala_brandt":
        r = np.hypot(x, y)
        angle = np.arctan2(r, z)
        k1, k2, k3, k4 = camera.lens.distortion or (0.0,) * 4
        bent = angle * (1 + k1 * angle**2 + k2 * angle**4 + k3 * angle**6 + k4 * angle**8)
        scale = np.where(r > 1e-12, bent / np.maximum(r, 1e-12), 1.0)
        u, v = x * scale, y * scale
    else:
        z = np.where(z > NEAR, z, np.nan)
        a, b = x / z, y / z
        k1, k2, p1, p2, k3, k4, k5, k6 = (*camera.lens.distortion, *(0.0,) * 8)[:8]
        q = a * a + b * b
        radial = (1 + q * (k1 + q * (k2 + q * k3))) / (1 + q * (k4 + q * (k5 + q * k6)))
        u = a * radial + 2 * p1 * a * b + p2 * (q + 2 * a * a)
        v = b * radial + p1 * (q + 2 * b * b) + 2 * p2 * a * b
    return np.stack([k[0, 0] * u + k[0, 2], k[1, 1] * v + k[1, 2]], -1)


def view_at(renderer: FrameRenderer, row: Floats, moment: int) -> tuple[Floats, Floats]:
    """Position and axes (columns) of the camera when rows are read, (n, 3) and (n, 3, 3), between two rows in between.

    Args:
        renderer: After it rendered.
        row: Of the picture, fractions allowed, (n,).
        moment: 1 this frame, 2 the next.
    """
    r = renderer.renderer
    sweep = (None, r.sweep, r.sweep_next)[moment]
    views = r.views[moment] if sweep is None else sweep.views
    pos, rot = (a.numpy()[:, 0].astype(float) for a in (views.pos, views.rot))
    # Half a row beyond the first and the last still belongs to the picture.
    at = np.clip(np.nan_to_num(row), -0.5, len(pos) - 0.5) if len(pos) > 1 else np.zeros(len(row))
    first = np.clip(np.floor(at).astype(int), 0, max(len(pos) - 2, 0))
    after = np.minimum(first + 1, len(pos) - 1)
    f = at - first
    turn = rot[first] * (1.0 - f)[:, None, None] + rot[after] * f[:, None, None]
    return pos[first] * (1.0 - f)[:, None] + pos[after] * f[:, None], turn


def land(renderer: FrameRenderer, points: Floats, row: Floats, moment: int) -> Floats:
    """Where world points (n, 3) land if seen when ``row`` is read, (n, 2)."""
    pos, rot = view_at(renderer, row, moment)
    return project(renderer.renderer.config.cameras[0], np.einsum("nj,njk->nk", points - pos, rot))


def check_flow_geometry(renderer: FrameRenderer, picture: Mapping[str, Any], frame: int) -> list[str]:
    """Flow of all that stands still, of the sky and of vehicles' bodies, hidden later or not, against depth and poses.

    A rolling shutter's end is right if the row that flow ends in sees the point there.
    """
    arrays = picture["arrays"]
    instance, flow, semantic = arrays["instance"], arrays["flow"].astype(float), arrays["semantic"]
    height, width = instance.shape
    body = np.isin(semantic, [int(s) for s in RIGID]) & ~np.isin(arrays["part"], [int(p) for p in APART])
    doors = renderer.tracks.arrays["door"][frame : frame + 2]
    swinging = 1 + np.flatnonzero((doors[0] != doors[1]).any(-1))
    body &= ~np.isin(instance, swinging)
    known = np.isfinite(flow).all(-1) & (semantic != int(Semantic.VOID)) & ((instance == 0) | body)
    row, col = np.nonzero(known)
    start = np.stack([col, row], 1).astype(float)
    end = start + flow[known]
    # Far outside the picture, distortion is steep and no row is read.
    near = (np.abs(end - (width / 2, height / 2)) < (width, height)).all(1)
    row, col, start, end = row[near], col[near], start[near], end[near]
    points = _points_next(renderer, picture, frame, (row, col), end[:, 1])
    off = np.linalg.norm(land(renderer, points, end[:, 1], 2) - end, axis=1)
    with np.errstate(invalid="ignore"):
        # Places are single precision, which shows in what is very near.
        close = np.abs(points).max(1) / np.maximum(arrays["range"][row, col], 1e-3)
        rounding = 4.0 * np.finfo(np.float32).eps * close * intrinsic_matrix(renderer.renderer.config.cameras[0])[0, 0]
        bad = off > FLOW_MARGIN + FLOW_SHARE * np.linalg.norm(end - start, axis=1) + rounding
    # What no row of a rolling shutter sees has no end that could be checked.
    if renderer.renderer.sweep_next is not None:
        bad &= arrays["flow_occluded"][row, col] == 0
    if not bad.any():
        return []
    k = int(np.argmax(np.where(bad, off, 0.0)))
    which = Semantic(int(semantic[row[k], col[k]])).name, int(instance[row[k], col[k]])
    return [
        f"flow differs from depth and poses at {int(bad.sum())} of {len(bad)} pixels, by {off[k]:.3f} pixels at ({col[k]}, {row[k]}), "
        f"{which[0]} of track {which[1]}"
    ]


def _points_next(
    renderer: FrameRenderer, picture: Mapping[str, Any], frame: int, pixel: tuple[Any, Any], landed: Floats
) -> Floats:
    """Where the surfaces behind pixels (rows, columns) are when the next frame's rows ``landed`` are read [m], (n, 3)."""
    instance, height = picture["arrays"]["instance"], len(picture["arrays"]["instance"])
    with np.errstate(invalid="ignore"):
        points = world_points(renderer, picture)[pixel]
    sky = ~np.isfinite(points).all(1)
    if sky.any():
        pos, rot = (np.asarray(part, float)[pixel[0][sky]] for part in picture["rows"])
        ray = rays(renderer, instance.shape)[pixel][sky]
        points[sky] = pos + FAR * np.einsum("nij,nj->ni", rot, ray / np.linalg.norm(ray, axis=1, keepdims=True))
    instance = instance[pixel]
    now, then = (seen_at(renderer, at) for at in (pixel[0].astype(float), np.clip(landed, -0.5, height - 0.5)))
    for a in np.unique(instance[instance > 0]):
        mine = instance == a
        points[mine] = carried(renderer, a - 1, points[mine], (frame, now[mine]), (frame + 1, then[mine]))
    return points


def check_corners(renderer: FrameRenderer, picture: Mapping[str, Any], frame: int) -> list[str]:
    """Corners of 3D boxes land where they are said to, each seen by its row."""
    labels = picture["labels"]
    height, width = picture["arrays"]["instance"].shape
    bits = np.array([[i >> axis & 1 for axis in range(3)] for i in range(8)]) - 0.5
    faults = []
    for a in np.flatnonzero(labels["visible_count"]):
        said = labels["corner"][a].astype(float)
        # Rear to front, right to left, bottom to top.
        corners = (bits * labels["box_size"][a]) @ matrices(labels["box_rot"][a]).T + labels["box_pos"][a]
        here = np.isfinite(said).all(1) & (np.abs(said[:, :2] - (width / 2, height / 2)) < (width, height)).all(1)
        if renderer.renderer.sweep is not None:
            here &= (said[:, 1] >= 0.0) & (said[:, 1] <= height - 1.0)
        if not here.any():
            continue
        still = np.zeros(int(here.sum()))
        moved = carried(renderer, int(a), corners[here], (frame, still), (frame, seen_at(renderer, said[here, 1])))
        with np.errstate(invalid="ignore"):
            off = np.linalg.norm(land(renderer, moved, said[here, 1], 1) - said[here, :2], axis=1)
            allowed = CORNER_MARGIN + CORNER_SHARE * np.abs(said[here, :2] - (width / 2, height / 2)).max(1)
            bad = off > allowed
        if bad.any():
            faults.append(f"actor {a}: corners of its 3D box lie up to {np.nanmax(off):.2f} pixels off in the picture")
    return faults


def check_keypoints_land(renderer: FrameRenderer, picture: Mapping[str, Any]) -> list[str]:
    """Keypoints of people lie where the lens puts their places in the world; under a rolling shutter limbs move meanwhile."""
    if renderer.tracks.span:
        return []
    labels, faults = picture["labels"], []
    for a in np.flatnonzero(labels["visible_count"]):
        known = labels["keypoint_seen"][a] > 0
        if not known.any():
            continue
        said = labels["keypoint"][a][known, :2].astype(float)
        points = labels["keypoint_3d"][a][known].astype(float)
        off = np.linalg.norm(land(renderer, points, said[:, 1], 1) - said, axis=1)
        if (off > CORNER_MARGIN).any():
            faults.append(f"actor {a}: keypoints lie up to {np.nanmax(off):.2f} pixels from their places in the world")
    return faults
