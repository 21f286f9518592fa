"""The bones of people, and poses as global turns of them."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

BONES = (
    "pelvis", "spine", "chest", "neck", "head",
    "l_arm", "l_fore", "l_hand", "r_arm", "r_fore", "r_hand",
    "l_thigh", "l_shin", "l_foot", "l_toe", "r_thigh", "r_shin", "r_foot", "r_toe",
)  # fmt: skip
"""Joints in order of parents before children; each turns the bone that starts there."""
PARENT = (-1, 0, 1, 2, 3, 2, 5, 6, 2, 8, 9, 0, 11, 12, 13, 0, 15, 16, 17)
ROW = {name: i for i, name in enumerate(BONES)}
TIPS = {"head": "top", "l_hand": "l_fingers", "r_hand": "r_fingers", "l_toe": "l_tip", "r_toe": "r_tip"}
"""Points that end the last bones of each chain."""
KEYPOINTS = (
    "nose", "left_eye", "right_eye", "left_ear", "right_ear", "left_shoulder", "right_shoulder", "left_elbow", "right_elbow",
    "left_wrist", "right_wrist", "left_hip", "right_hip", "left_knee", "right_knee", "left_ankle", "right_ankle",
)  # fmt: skip
"""COCO's keypoints of a person, in its order."""


def turn(axis: str, degrees: float) -> Array:
    """Rotation about x, y or z, (3, 3)."""
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    if axis == "x":
        return np.array([[1, 0, 0], [0, c, -s], [0, s, c]])
    if axis == "y":
        return np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])
    return np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])


def bone_end(points: dict[str, Array], name: str) -> Array:
    """Where a bone ends in the rest pose [m]."""
    if name in TIPS:
        return points[TIPS[name]]
    child = {"pelvis": "spine", "spine": "chest", "chest": "neck", "neck": "head"}.get(name)
    if child is None:
        side, part = name.split("_")
        child = f"{side}_" + {"arm": "fore", "fore": "hand", "thigh": "shin", "shin": "foot", "foot": "toe"}[part]
    return points[child]


def repose(matrices: Array, joints: Array, change: Callable[[Array], None], on_feet: bool = False) -> Array:
    """Poses with some bones turned otherwise.

    Args:
        matrices: Rest to posed, (nframe, nbone, 3, 4), rotations without scale.
        joints: Of the rest pose [m], (nbone, 3).
        change: Writes global turns (nbone, 3, 3) of one pose in place.
        on_feet: Whether the body is then set on its feet.

    Returns:
        Matrices of the same shape.
    """
    out = np.array(matrices, np.float64)
    for pose in out:
        turns = pose[:, :, :3].copy()
        at = np.zeros_like(joints)
        at[0] = pose[0, :, :3] @ joints[0] + pose[0, :, 3]
        change(turns)
        for row, parent in enumerate(PARENT[1:], 1):
            at[row] = at[parent] + turns[parent] @ (joints[row] - joints[parent])
        if on_feet:
            at[:, 2] += joints[ROW["l_foot"], 2] - at[ROW["l_foot"], 2]
        pose[:, :, :3] = turns
        pose[:, :, 3] = at - np.einsum("bij,bj->bi", turns, joints)
    return out


def hold_phone(turns: Array) -> None:
    """The right hand before the chest, the head bowed over it."""
    chest = turns[ROW["chest"]]
    turns[ROW["r_arm"]] = chest @ turn("z", 8.0) @ turn("y", -22.0)
    turns[ROW["r_fore"]] = chest @ turn("z", 28.0) @ turn("y", -102.0)
    turns[ROW["r_hand"]] = chest @ turn("z", 24.0) @ turn("y", -100.0)
    turns[ROW["neck"]] = turns[ROW["neck"]] @ turn("y", 10.0)
    turns[ROW["head"]] = turns[ROW["head"]] @ turn("y", 24.0)


def sit(turns: Array) -> None:
    """Seated on something as high as the knees, hands on the thighs."""
    turns[ROW["pelvis"]] = turns[ROW["spine"]] = turn("y", -6.0)
    turns[ROW["chest"]] = turn("y", 2.0)
    for side, out in (("l", 1.0), ("r", -1.0)):
        spread = turn("z", 7.0 * out)
        turns[ROW[f"{side}_thigh"]] = spread @ turn("y", -86.0)
        turns[ROW[f"{side}_shin"]] = spread @ turn("y", 4.0)
        turns[ROW[f"{side}_foot"]] = turns[ROW[f"{side}_toe"]] = spread
        turns[ROW[f"{side}_arm"]] = turn("z", 4.0 * out) @ turn("y", -14.0)
        turns[ROW[f"{side}_fore"]] = turn("z", -12.0 * out) @ turn("y", -52.0)
        turns[ROW[f"{side}_hand"]] = turn("z", -8.0 * out) @ turn("y", -66.0)


SHARE = {"pelvis": 1.0, "spine": 1.0, "chest": 0.85, "neck": 0.35, "arm": 0.7, "fore": 0.5, "thigh": 0.8, "shin": 0.5}
"""How much of a body's girth goes to each part; heads, hands and feet have none."""


def thicken(vertices: Array, bones: Array, weights: Array, points: dict[str, Array], girth: float) -> Array:
    """A rest pose of another girth.

    Args:
        vertices: Of the rest pose [m], (nvertex, 3).
        bones: Rows of `BONES`, (nvertex, 4).
        weights: (nvertex, 4).
        points: Joints and tips of the rest pose [m].
        girth: Thickness next to what it was.
    """
    shift = np.zeros((len(vertices), len(BONES), 3))
    for row, name in enumerate(BONES):
        share = SHARE.get(name.split("_")[-1], 0.0)
        if share == 0.0:
            continue
        a, b = points[name], bone_end(points, name)
        along = (b - a) / max(float(np.linalg.norm(b - a)), 1e-9)
        away = vertices - a - ((vertices - a) @ along)[:, None] * along
        if name in ("pelvis", "spine") and girth > 1.0:
            away[:, 0] *= np.where(away[:, 0] > 0.0, 1.5, 0.9)  # a belly
        shift[:, row] = share * (girth - 1.0) * away
    rows = np.arange(len(vertices))[:, None]
    return vertices + (weights[..., None] * shift[rows, bones.astype(int)]).sum(axis=1)
