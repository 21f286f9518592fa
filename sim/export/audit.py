"""Checks the labels of a frame against each other and against rays of their own; what is found wrong comes back as sentences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from sim.cameras import CameraConfig
from sim.export import audit_geometry, audit_images, audit_space
from sim.export.audit_poses import carried, rays, seen_at, world_points
from sim.export.coco import decode_mask
from sim.export.frames import FrameRenderer
from sim.export.views import views_of
from sim.render.hidden import TOUCH, TOUCH_SHARE
from sim.render.lens import intrinsic_matrix
from sim.render.probe import probe_pixels
from sim.rotation import inverse, rotate

BOX_MARGIN = 0.02
"""How far depth points may lie outside their instance's 3D box [m]."""
DEPTH_MARGIN, DEPTH_SHARE = 0.02, 2e-3
"""How far depth may differ from where flow leads [m], and per metre of depth."""
PART_MARGIN = 1.2
"""The same for actors, whose wheels, doors and limbs move within them [m]."""
SIGNAL_SIZE = 0.14
"""Least height of a traffic light's head that must show [m]: farther away it is narrower than a pixel."""

_TURN = np.arange(8) * (np.pi / 4)
SHIFTS = np.concatenate([r * np.stack([np.cos(_TURN), np.sin(_TURN)], 1) for r in (3e-5, 3e-4, 3e-3, 0.02)])
"""Nudges for points that rounding puts beside a silhouette, a sliver or a slit of a mesh [pixels]."""
ROLLING_SHIFTS = np.concatenate([SHIFTS, 10.0 * SHIFTS[-16:]])
"""Of a rolling shutter: between two rows, actors are probed as the nearer row has them."""

Floats = npt.NDArray[np.floating]


def audit_frame(renderer: FrameRenderer, frame: int, camera: int = 0) -> list[str]:
    """Render a frame with all its labels and check them.

    - tight boxes equal the bounds of their masks, counts their areas; the exported masks are the picture's;
    - depth points of an instance lie in its 3D box;
    - flow carries every pixel outside its occlusion mask onto the same instance and depth, by rays cast in the next frame;
    - flow of what is rigid, corners of 3D boxes and keypoints are where depth, poses and OpenCV's lens formulas put them, row by row;
    - amodal masks contain the visible ones, and their boxes and areas fit;
    - no instance without a visible pixel is exported as visible, and none with one is missing;
    - what else the data set holds (`sim.export.outputs`) fits: `sim.export.audit_images`, `sim.export.audit_space`.

    Args:
        renderer: Of the world; with amodal masks, depth and flow.
        frame: Its number in the tracks.
        camera: Which camera of the rig.

    Returns:
        One sentence per fault, none if all is well.
    """
    view = views_of("audit", renderer.config)[camera]
    picture = renderer.render(frame, camera)
    sample = renderer.sample(view, frame, picture)
    if sample["json"]["camera"].get("shows_frame", frame) not in (frame, -1):
        # A frozen camera's sample has made the renderer show an earlier frame.
        picture = renderer.render(frame, camera)
    faults = check_boxes(picture) + check_depth(renderer, picture, frame) + check_flow(renderer, picture, frame)
    faults += audit_geometry.check_flow_geometry(renderer, picture, frame)
    faults += audit_geometry.check_corners(renderer, picture, frame)
    faults += audit_geometry.check_keypoints_land(renderer, picture)
    faults += check_export(picture, sample["json"]) + check_outputs(renderer, picture, sample["json"])
    return [f"frame {frame}: {fault}" for fault in faults]


def check_outputs(renderer: FrameRenderer, picture: Mapping[str, Any], labels: Mapping[str, Any]) -> list[str]:
    """Everything beyond boxes, masks, depth and flow that the data set holds."""
    arrays, chosen = picture["arrays"], renderer.config.outputs
    with np.errstate(invalid="ignore"):
        points = world_points(renderer, picture)
    poses = renderer.renderer.window.current
    ego = poses.pos.numpy()[0, 0].astype(float), poses.rot.numpy()[0, 0].astype(float)
    reach = SIGNAL_SIZE * float(intrinsic_matrix(renderer.renderer.config.cameras[0])[0, 0])
    faults = audit_space.check_keypoints(picture, labels) + audit_space.check_signals(picture, labels, reach)
    faults += audit_images.check_states(arrays, labels) + audit_images.check_light(arrays, picture["rows"][1])
    if "panoptic" in chosen:
        faults += audit_images.check_panoptic(arrays, labels)
    if "part" in chosen:
        faults += audit_images.check_parts(arrays)
    camera, rolling = renderer.renderer.config.cameras[0], renderer.renderer.sweep_next is not None
    if "scene_flow" in chosen:
        view = renderer.renderer.views[2]
        then = view.pos.numpy()[0, 0].astype(float), view.rot.numpy()[0, 0]
        # Under a rolling shutter flow leads to another row's moment.
        ahead = None if rolling else then
        faults += audit_images.check_motion(arrays, points, lambda p: project_points(camera, p), ahead)
    if "bev" in picture:
        faults += audit_space.check_birds_eye(picture, points, ego)
    if "occupancy" in chosen:
        # The grid is of the frame's time, actors in a rolling shutter's rows are not; the ego is in no grid.
        absent = arrays["instance"] > 0 if rolling else arrays["instance"] == 1
        still = np.where(absent[..., None], np.inf, points)
        faults += audit_space.check_occupancy(picture, still, ego)
    if "lane_lines" in chosen and "bev" in picture:
        faults += audit_space.check_lanes(picture)
    return faults


def project_points(camera: CameraConfig, points: Floats) -> Floats:
    """Columns and rows of points of the camera's frame before it (n, 3), by OpenCV, (n, 2)."""
    import cv2

    k, nothing = intrinsic_matrix(camera), np.zeros(3)
    if not len(points):
        return np.zeros((0, 2))
    distortion = np.array(camera.lens.distortion or [0.0] * 4, float)
    if camera.lens.model == "kannala_brandt":
        return cv2.fisheye.projectPoints(points[:, None], nothing, nothing, k, distortion)[0][:, 0].astype(float)
    return cv2.projectPoints(points, nothing, nothing, k, distortion)[0][:, 0].astype(float)


def bounds(mask: npt.NDArray[np.bool_]) -> list[int]:
    """Column, row, width and height of a mask; zeros if it is empty."""
    rows, cols = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if len(rows) == 0:
        return [0, 0, 0, 0]
    return [int(cols[0]), int(rows[0]), int(cols[-1] - cols[0] + 1), int(rows[-1] - rows[0] + 1)]


def check_boxes(picture: Mapping[str, Any]) -> list[str]:
    """Boxes, counts and ratios against the masks."""
    labels, instance, amodal = picture["labels"], picture["arrays"]["instance"], picture["amodal"]
    faults = []
    for a in range(len(labels["visible_count"])):
        seen = instance == a + 1
        if labels["visible_box"][a].tolist() != bounds(seen) or labels["visible_count"][a] != seen.sum():
            faults.append(f"actor {a}: visible box {labels['visible_box'][a]} is not its mask's {bounds(seen)}")
        if amodal is None:
            continue
        whole = amodal[a]
        if labels["amodal_box"][a].tolist() != bounds(whole) or labels["amodal_count"][a] != whole.sum():
            faults.append(f"actor {a}: amodal box {labels['amodal_box'][a]} is not its mask's {bounds(whole)}")
        x, y, w, h = labels["visible_box"][a]
        ax, ay, aw, ah = labels["amodal_box"][a]
        if w and not (ax <= x and ay <= y and x + w <= ax + aw and y + h <= ay + ah):
            faults.append(
                f"actor {a}: its visible box {labels['visible_box'][a]} is not in its amodal box {labels['amodal_box'][a]}"
            )
        if (seen & ~whole).any():
            faults.append(f"actor {a}: {int((seen & ~whole).sum())} visible pixels are not in its amodal mask")
        if whole.any() and abs(labels["occlusion"][a] - (1.0 - seen.sum() / whole.sum())) > 1e-5:
            faults.append(f"actor {a}: occlusion {labels['occlusion'][a]} does not fit its masks")
    return faults


def check_depth(renderer: FrameRenderer, picture: Mapping[str, Any], frame: int) -> list[str]:
    """Depth points against the 3D boxes, below which wheels may hang; plane depth against ray length.

    A rolling shutter's points are taken along with their actor, from the time of their row to the frame's, as the boxes are.
    """
    labels, arrays = picture["labels"], picture["arrays"]
    with np.errstate(invalid="ignore"):
        points = world_points(renderer, picture)
    faults = []
    hang = np.maximum(-renderer.renderer.window.current.lift.numpy()[0].min(axis=1), 0.0)
    for a in np.unique(arrays["instance"]):
        if a == 0:
            continue
        turn, mine = labels["box_rot"][a - 1], arrays["instance"] == a
        there = points[mine]
        if renderer.tracks.span:
            when = seen_at(renderer, np.nonzero(mine)[0])
            there = carried(renderer, a - 1, there, (frame, when), (frame, np.zeros(len(when))))
        local = rotate(inverse(turn), there - labels["box_pos"][a - 1])
        local[:, 2] = np.where(local[:, 2] < 0.0, np.minimum(local[:, 2] + hang[a - 1], 0.0), local[:, 2])
        outside = (np.abs(local) - labels["box_size"][a - 1] / 2).max(1)
        if outside.max() > BOX_MARGIN:
            faults.append(f"actor {a - 1}: depth points lie up to {outside.max():.3f} m outside its 3D box")
    finite = np.isfinite(arrays["depth"])
    d = rays(renderer, arrays["depth"].shape)[finite]
    depth = arrays["range"][finite] * d[..., 2] / np.linalg.norm(d, axis=-1)
    if not np.allclose(depth, arrays["depth"][finite], rtol=1e-4, atol=1e-5 * arrays["range"][finite]):
        faults.append("plane depth and ray length do not agree")
    return faults


def check_flow(renderer: FrameRenderer, picture: Mapping[str, Any], frame: int) -> list[str]:
    """Flow against rays cast through its ends in the next frame."""
    arrays = picture["arrays"]
    instance, flow = arrays["instance"], arrays["flow"]
    shape = instance.shape
    col, row = np.meshgrid(np.arange(shape[1]), np.arange(shape[0]))
    end = np.stack([col + flow[..., 0], row + flow[..., 1]], -1)
    there, depth = probe(renderer, end)
    open_ = arrays["flow_occluded"] == 0
    faults = []
    inside = (end >= -0.5).all(-1) & (end[..., 0] < shape[1] - 0.5) & (end[..., 1] < shape[0] - 0.5)
    if (open_ & ~inside).any():
        faults.append(f"flow leaves the picture at {int((open_ & ~inside).sum())} pixels that are not marked")
    expected = next_depth(renderer, picture, frame)
    wrong = open_ & ~arrives(instance, expected, there, depth)
    if wrong.any():
        shifts = SHIFTS if renderer.renderer.sweep_next is None else ROLLING_SHIFTS
        near = probe(renderer, end[wrong][:, None] + shifts)
        wrong[wrong] = ~arrives(instance[wrong][:, None], expected[wrong][:, None], *near).any(1)
    if wrong.any():
        r, c = np.argwhere(wrong)[0]
        faults.append(
            f"flow misses at {int(wrong.sum())} of {int(open_.sum())} pixels, first ({c}, {r}) to {end[r, c].round(2)}: instance "
            f"{instance[r, c]} at {expected[r, c]:.3f} m expected, {there[r, c]} at {depth[r, c]:.3f} m found"
        )
    return faults


def probe(renderer: FrameRenderer, points: Floats) -> tuple[npt.NDArray[np.integer], Floats]:
    """Instance and plane depth behind points (..., 2) of the next frame, (...)."""
    instance, depth = probe_pixels(renderer.renderer, points.reshape(1, -1, 2), moment="next")
    return instance.reshape(points.shape[:-1]), depth.reshape(points.shape[:-1])


def arrives(
    instance: npt.NDArray[np.integer], expected: Floats, there: npt.NDArray[np.integer], depth: Floats
) -> npt.NDArray[np.bool_]:
    """Whether points that should be of an instance at a depth are what was found there, or touch it, as soles touch the ground."""
    near = np.where(instance > 0, PART_MARGIN, DEPTH_MARGIN + DEPTH_SHARE * np.abs(np.nan_to_num(expected, posinf=0.0)))
    with np.errstate(invalid="ignore"):
        off = np.abs(depth - expected)
        touches = off <= TOUCH + TOUCH_SHARE * np.abs(expected)
    return touches | ((there == instance) & ((off <= near) | (np.isinf(expected) & np.isinf(depth))))


def next_depth(renderer: FrameRenderer, picture: Mapping[str, Any], frame: int) -> Floats:
    """Plane depth that each pixel's point has in the next frame [m], (height, width).

    Of actors by scene flow, which is checked on its own; under a rolling shutter, whose rows it does not cross, as if they were rigid.
    """
    instance = picture["arrays"]["instance"]
    sweep = renderer.renderer.sweep_next
    rows = np.arange(instance.shape[0])
    with np.errstate(invalid="ignore"):
        points = world_points(renderer, picture)
        landed = np.arange(instance.shape[0])[:, None] + picture["arrays"]["flow"][..., 1].astype(float)
    landed = np.clip(np.nan_to_num(landed), 0, len(rows) - 1)
    now, then = (seen_at(renderer, r) for r in (np.broadcast_to(rows[:, None], instance.shape), landed))
    moves = instance > 0
    if sweep is None and "scene_flow" in picture["arrays"]:
        points[moves] += picture["arrays"]["scene_flow"][moves]
        moves = np.zeros_like(moves)
    for a in np.unique(instance[moves]):
        mine = instance == a
        points[mine] = carried(renderer, a - 1, points[mine], (frame, now[mine]), (frame + 1, then[mine]))
    view = renderer.renderer.views[2] if sweep is None else sweep.views
    pos, rot = view.pos.numpy()[:, 0].astype(float), view.rot.numpy()[:, 0].astype(float)
    row = np.round(landed).astype(int) if sweep is not None else np.zeros(instance.shape, int)
    with np.errstate(invalid="ignore"):
        depth = ((points - pos[row]) * rot[row][..., 2]).sum(-1)
    return np.where(np.isinf(picture["arrays"]["depth"]), np.inf, depth)


def check_export(picture: Mapping[str, Any], labels: Mapping[str, Any]) -> list[str]:
    """What is written against what the picture shows."""
    instance, amodal = picture["arrays"]["instance"], picture["amodal"]
    faults = []
    shown = {item["track_id"]: item for item in labels["objects"]}
    for a in range(1, len(picture["labels"]["visible_count"]) + 1):
        seen = instance == a
        if a not in shown:
            continue
        item = shown[a]
        if not seen.any():
            faults.append(f"{item['actor']} has no visible pixel but is exported as visible")
            continue
        if item["bbox"] != bounds(seen) or item["area"] != seen.sum():
            faults.append(f"{item['actor']}: the exported box {item['bbox']} is not its mask's")
        if (decode_mask(item["segmentation"]).astype(bool) != seen).any():
            faults.append(f"{item['actor']}: the exported mask is not the picture's")
        if amodal is not None and (decode_mask(item["amodal_segmentation"]).astype(bool) != amodal[a - 1]).any():
            faults.append(f"{item['actor']}: the exported amodal mask is not the rays'")
    if any(item.get("area", 0) for item in labels["hidden"]):
        faults.append("an actor listed as hidden has visible pixels")
    return faults
