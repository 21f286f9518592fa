"""The labels of one picture as plain data: every actor with boxes, masks and ratios."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sim.export.coco import CocoCategory, encode_mask
from sim.export.states import actor_state, coco_keypoints
from sim.rotation import rotate, yaw_of
from sim.sampling import ResolvedActor


@dataclass(frozen=True)
class Subject:
    """What is said of an actor in every frame."""

    name: str
    category: CocoCategory
    contact_center: tuple[float, float, float]
    """Centre of the contact box (the file's BoundingBox) in the actor's frame [m]."""
    contact_size: tuple[float, float, float]
    """Its length, width, height [m]."""
    actor: ResolvedActor


def round_all(values: Any, digits: int) -> list[Any]:
    """Numbers of an array as a list, rounded."""
    return [round(x, digits) if math.isfinite(x) else None for x in np.asarray(values, float).ravel().tolist()]


def annotate(
    frame: int,
    time: float,
    instance: np.ndarray,
    labels: Mapping[str, np.ndarray],
    amodal: np.ndarray | None,
    pose: Mapping[str, np.ndarray],
    view: tuple[np.ndarray, np.ndarray],
    subjects: Sequence[Subject],
    camera_name: str,
) -> dict[str, Any]:
    """Labels of one picture.

    Args:
        frame: Its number.
        time: When it is [s].
        instance: Actor slot + 1 of each pixel, (height, width).
        labels: `sim.render.labels.ActorLabels` of the picture: per actor, corners (nactor, 8, 3).
        amodal: Amodal masks, bool (nactor, height, width), if wanted.
        pose: ``pos``, ``rot``, ``visible``, ``lamps``, ``door``, ``fallen``, (nactor, ...).
        view: Position of the camera and its axes (right, down, forward as columns) in the world frame.
        subjects: The actors, by slot.
        camera_name: Of the camera.

    Returns:
        ``frame``, ``time``, ``camera``, ``objects`` (visible actors as COCO annotations without ids of image and
        annotation) and ``hidden`` (actors in the picture's bounds with no pixel visible).
    """
    objects, hidden = [], []
    for slot, subject in enumerate(subjects):
        visible, amodal_area = int(labels["visible_count"][slot]), int(labels["amodal_count"][slot])
        if max(visible, amodal_area) == 0 or not int(pose["visible"][slot]) & 2:
            continue
        item: dict[str, Any] = {"track_id": slot + 1, "actor": subject.name, "category_id": subject.category.id}
        item |= _extents(slot, labels, instance) | _boxes(slot, labels, pose, subject)
        item |= actor_state(subject.actor, pose, slot)
        if labels["keypoint_3d"][slot].any():
            item |= coco_keypoints(*(labels[k][slot] for k in ("keypoint", "keypoint_seen", "keypoint_3d")))
        if amodal is not None and amodal_area:
            item["amodal_segmentation"] = encode_mask(amodal[slot])
        (objects if visible > 0 else hidden).append(item)
    camera = {"name": camera_name, "position": round_all(view[0], 5), "rotation": round_all(view[1], 7)}
    return {"frame": frame, "time": round(time, 6), "camera": camera, "objects": objects, "hidden": hidden}


def _extents(slot: int, labels: Mapping[str, np.ndarray], instance: np.ndarray) -> dict[str, Any]:
    """What an actor covers of the picture, and what it would if nothing stood before it."""
    extents: dict[str, Any] = {}
    visible = int(labels["visible_count"][slot])
    if visible > 0:
        extents = {
            "bbox": [int(v) for v in labels["visible_box"][slot]],
            "area": visible,
            "segmentation": encode_mask(instance == slot + 1),
            "iscrowd": 0,
        }
    return extents | {
        "amodal_bbox": [int(v) for v in labels["amodal_box"][slot]],
        "amodal_area": int(labels["amodal_count"][slot]),
        "occlusion": round(float(labels["occlusion"][slot]), 6),
        "truncation": round(float(labels["truncation"][slot]), 6),
    }


def _boxes(
    slot: int, labels: Mapping[str, np.ndarray], pose: Mapping[str, np.ndarray], subject: Subject
) -> dict[str, Any]:
    """3D boxes: the tight one of the posed mesh, and the contact box."""
    rot = labels["box_rot"][slot]
    contact = np.asarray(pose["pos"][slot], float) + rotate(rot, np.array(subject.contact_center))
    corners = round_all(labels["corner"][slot], 2)
    return {
        "distance": round(float(np.linalg.norm(labels["camera_pos"][slot])), 4),
        "box_3d": {
            "size": round_all(labels["box_size"][slot], 4),
            "center": round_all(labels["box_pos"][slot], 4),
            "rotation": round_all(rot, 7),
            "yaw": round(yaw_of(rot), 6),
            "center_camera": round_all(labels["camera_pos"][slot], 4),
            "rotation_camera": round_all(labels["camera_rot"][slot], 7),
            "corners_image": [corners[k : k + 3] for k in range(0, len(corners), 3)],
        },
        "contact_box_3d": {
            "size": round_all(subject.contact_size, 4),
            "center": round_all(contact, 4),
            "rotation": round_all(rot, 7),
        },
    }
