"""Where COCO's 17 keypoints of a person lie in the neutral pose, and which bone each follows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from skeleton import JOINTS, ROW

if TYPE_CHECKING:
    from people import Body

Array = npt.NDArray[np.float64]
EYE, NOSE, EAR = 0.5, 0.33, 0.42
"""Heights in the face as shares of the way from the head's joint to its top."""
LIMBS = ("arm", "fore", "hand", "thigh", "shin", "foot")
"""Bones whose joints are shoulder, elbow, wrist, hip, knee and ankle."""


def _level(head: Array, z: float, reach: float) -> Array:
    near = head[np.abs(head[:, 2] - z) < reach]
    return near if len(near) else head


def face(body: Body) -> dict[str, Array]:
    """Nose, eyes and ears [m], read off the head's vertices."""
    joint, top = body.joints[ROW["head"]], body.ends["top"]
    head = body.points[body.weights[:, ROW["head"]] > 0.6]
    size = float(top[2] - joint[2])
    middle = float(joint[1])
    ahead = head[np.abs(head[:, 1] - middle) < 0.12 * size]
    nose = _level(ahead, joint[2] + NOSE * size, 0.1 * size)
    tip = nose[nose[:, 0].argmax()]
    out = {"nose": np.array([tip[0], middle, tip[2]])}
    z = joint[2] + EYE * size
    for side, sign in (("left", 1.0), ("right", -1.0)):
        out[f"{side}_eye"] = np.array([tip[0] - 0.15 * size, middle + sign * 0.165 * size, z])
        band = _level(head, joint[2] + EAR * size, 0.12 * size)
        wide = 0.92 * min(float((sign * (band[:, 1] - middle)).max()), 0.45 * size)
        out[f"{side}_ear"] = np.array([tip[0] - 0.62 * size, middle + sign * wide, joint[2] + EAR * size])
    return out


def skeleton_of(body: Body) -> dict[str, Any]:
    """``points``: joints and tips by name; ``keypoints``: bone and place of each of COCO's 17, in COCO's order [m]."""
    found = face(body)
    head = [(ROW["head"], found[name]) for name in ("nose", "left_eye", "right_eye", "left_ear", "right_ear")]
    limbs = [(ROW[f"{side}_{bone}"], body.joints[ROW[f"{side}_{bone}"]]) for bone in LIMBS for side in "lr"]
    points = {name: body.joints[ROW[name]] for name in JOINTS} | body.ends
    return {
        "points": {name: [round(float(v), 4) for v in p] for name, p in points.items()},
        "keypoints": [[row, *(round(float(v), 4) for v in p)] for row, p in [*head, *limbs]],
    }
