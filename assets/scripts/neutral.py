"""Takes a posed body to the neutral pose: upright, legs straight down, arms hanging, everything facing +x."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from skeleton import ENDS, JOINTS, ROW, end_of, frame, matrices

Array = npt.NDArray[np.float64]

LEFT = np.array([0.0, 1.0, 0.0])
DOWN = np.array([0.0, 0.0, -1.0])


def turn(axis: str, degrees: float) -> Array:
    """Rotation about x, y or z, (3, 3)."""
    a = np.radians(degrees)
    c, s = np.cos(a), np.sin(a)
    if axis == "x":
        return np.array([[1, 0, 0], [0, c, -s], [0, s, c]])
    if axis == "y":
        return np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])
    return np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])


@dataclass
class Pose:
    """What cannot be seen from the joints of a static person."""

    head: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """Yaw to the left, pitch down and roll of the head in the source [degrees]."""
    elbow: dict[str, Array] = field(default_factory=dict)
    """Hinge of an elbow, by side, where the arm is too straight to tell."""
    palm: dict[str, float] = field(default_factory=dict)
    """Turn of a hand about its forearm that lays the palm to the thigh, by side [degrees]."""
    foot: dict[str, tuple[float, float]] = field(default_factory=dict)
    """Pitch (toes down) and roll of a foot that is not flat, by side [degrees]."""
    abduction: float = 9.0
    """Of hanging arms, away from the body [degrees]."""


def _torso(joints: Array) -> dict[str, Array]:
    """Frames of pelvis, spine, chest and neck in the source."""
    hips = joints[ROW["l_thigh"]] - joints[ROW["r_thigh"]]
    shoulders = joints[ROW["l_arm"]] - joints[ROW["r_arm"]]
    pelvis = frame(joints[ROW["pelvis"]] - joints[ROW["spine"]], hips)
    spine = frame(
        joints[ROW["spine"]] - joints[ROW["chest"]], hips / np.linalg.norm(hips) + shoulders / np.linalg.norm(shoulders)
    )
    chest = frame(joints[ROW["chest"]] - joints[ROW["neck"]], shoulders)
    return {"pelvis": pelvis, "spine": spine, "chest": chest}


def _arm(joints: Array, ends: dict[str, Array], side: str, pose: Pose) -> dict[str, Array]:
    """Turns of an arm from the source to hanging."""
    shoulder, elbow, wrist = (joints[ROW[f"{side}_{n}"]] for n in ("arm", "fore", "hand"))
    upper, lower = elbow - shoulder, wrist - elbow
    bend = np.cross(upper, lower)
    sharp = np.linalg.norm(bend) / (np.linalg.norm(upper) * np.linalg.norm(lower))
    hinge = -pose.elbow.get(side, LEFT)
    if side not in pose.elbow and sharp > 0.25:
        hinge = bend / np.linalg.norm(bend)
    out = 1.0 if side == "l" else -1.0
    a = np.radians(pose.abduction)
    hanging = np.array([0.0, out * np.sin(a), -np.cos(a)])
    target = frame(hanging, -LEFT)
    turns = {"arm": target @ frame(upper, hinge).T}
    bent = turn("y", -12.0) @ np.array([0.0, out * np.sin(a * 0.4), -np.cos(a * 0.4)])
    turns["fore"] = frame(bent, -LEFT) @ frame(lower, hinge).T
    hand = end_of(joints, ends, f"{side}_hand") - wrist
    # The hand keeps its turn within the forearm, and half of its bend.
    carried = turns["fore"] @ hand / np.linalg.norm(hand)
    wanted = carried + 1.2 * bent / np.linalg.norm(bent)
    turns["hand"] = between(carried, wanted) @ turns["fore"]
    twist = pose.palm.get(side, 0.0)
    turns["fore"] = about(bent, 0.4 * twist) @ turns["fore"]
    turns["hand"] = about(bent, twist) @ turns["hand"]
    return turns


def about(axis: Array, degrees: float) -> Array:
    """Rotation about any axis (Rodrigues), (3, 3)."""
    k = axis / np.linalg.norm(axis)
    a = np.radians(degrees)
    m = np.array([[0, -k[2], k[1]], [k[2], 0, -k[0]], [-k[1], k[0], 0]])
    return np.eye(3) + np.sin(a) * m + (1 - np.cos(a)) * m @ m


def between(a: Array, b: Array) -> Array:
    """Shortest rotation from one direction to another, (3, 3)."""
    a, b = a / np.linalg.norm(a), b / np.linalg.norm(b)
    axis = np.cross(a, b)
    if np.linalg.norm(axis) < 1e-9:
        return np.eye(3)
    return about(axis, float(np.degrees(np.arctan2(np.linalg.norm(axis), a @ b))))


def _leg(joints: Array, ends: dict[str, Array], side: str, pose: Pose) -> dict[str, Array]:
    """Turns of a leg from the source to straight down with the foot ahead."""
    hip, knee, ankle = (joints[ROW[f"{side}_{n}"]] for n in ("thigh", "shin", "foot"))
    ahead = ends[f"{side}_tip"] - ankle
    ahead = np.array([ahead[0], ahead[1], 0.0]) / np.hypot(ahead[0], ahead[1])
    hinge = np.cross([0.0, 0.0, 1.0], ahead)
    straight = frame(DOWN, LEFT)
    out = {"thigh": straight @ frame(knee - hip, hinge).T, "shin": straight @ frame(ankle - knee, hinge).T}
    foot = np.stack([ahead, hinge, [0.0, 0.0, 1.0]], axis=1)
    pitch, roll = pose.foot.get(side, (0.0, 0.0))
    splay = turn("z", 5.0 if side == "l" else -5.0)
    out["foot"] = splay @ turn("y", -pitch) @ turn("x", -roll) @ foot.T
    out["toe"] = splay @ turn("x", -roll) @ foot.T if pitch else out["foot"]
    return out


def to_neutral(
    joints: Array, ends: dict[str, Array], pose: Pose, scale: Array | None = None
) -> tuple[Array, Array, dict[str, Array]]:
    """Bone matrices from the source to the neutral pose, and where the joints and ends are then.

    Args:
        joints: (19, 3) [m].
        ends: Tips of the last bones [m].
        pose: What the joints do not tell.
        scale: Size of each bone, (19,).
    """
    turns = np.tile(np.eye(3), (len(JOINTS), 1, 1))
    upright = frame(DOWN, LEFT)
    for name, source in _torso(joints).items():
        turns[ROW[name]] = upright @ source.T
    yaw, pitch, roll = pose.head
    turns[ROW["head"]] = (turn("z", yaw) @ turn("y", pitch) @ turn("x", roll)).T
    neck = joints[ROW["head"]] - joints[ROW["neck"]]
    ahead = np.array([0.012, 0.0, 0.0]) + np.array([0.3 * neck[2], 0.0, neck[2]])
    turns[ROW["neck"]] = between(turn("z", -yaw / 2) @ neck, ahead) @ turn("z", -yaw / 2)
    for side in "lr":
        for bone, value in (_arm(joints, ends, side, pose) | _leg(joints, ends, side, pose)).items():
            turns[ROW[f"{side}_{bone}"]] = value
    moved, posed = matrices(joints, turns, np.array([0.0, 0.0, joints[0, 2]]), scale)
    tips = {}
    for name, tip in ENDS.items():
        m = moved[ROW[name]]
        tips[tip] = m[:, :3] @ ends[tip] + m[:, 3]
    return moved, posed, tips
