"""Falling: from a pose of a gait into that of somebody who lies limp, flat along the ground on his back, front or, animals, side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from neutral import turn
from scipy.spatial.transform import Rotation, Slerp
from skeleton import JOINTS, ROW, matrices, skin

if TYPE_CHECKING:
    from people import Body
    from quadruped import Mover

Array = npt.NDArray[np.float64]
STEPS = 6
"""Frames of each chain, from the pose at the hit to the last before the limp one, which all chains share."""
SPREAD = {
    "pelvis": (0.0, 0.0), "spine": (3.0, 0.0), "chest": (7.0, 0.0), "neck": (6.0, 30.0), "head": (8.0, 68.0),
    "l_arm": (118.0, 0.0), "l_fore": (158.0, 0.0), "l_hand": (150.0, 0.0),
    "r_arm": (-48.0, 0.0), "r_fore": (-30.0, 0.0), "r_hand": (-24.0, 0.0),
    "l_thigh": (38.0, 72.0), "l_shin": (-24.0, 78.0), "l_foot": (-14.0, 80.0), "l_toe": (-14.0, 80.0),
    "r_thigh": (-15.0, -55.0), "r_shin": (-3.0, -60.0), "r_foot": (2.0, -66.0), "r_toe": (2.0, -66.0),
}  # fmt: skip
"""The limp pose: turn of each bone about the axis that looks ahead (left limbs out: positive), after one about its own upright axis
[degrees]. All lies in the body's plane: an arm up, a leg drawn up, the head to a side, so that back and front are equally good to lie on."""


def limp_turns() -> Array:
    """Global turns of the limp pose, (19, 3, 3)."""
    out = np.array([turn("x", SPREAD[name][0]) @ turn("z", SPREAD[name][1]) for name in JOINTS])
    for side in "lr":  # feet stretched
        for part in ("foot", "toe"):
            out[ROW[f"{side}_{part}"]] = out[ROW[f"{side}_{part}"]] @ turn("y", 40.0)
    return out


def turns_of(pose: Array, joints: Array) -> tuple[Array, Array]:
    """Global turns and the pelvis's place of a pose without scales, from its bone matrices (19, 3, 4)."""
    return pose[:, :, :3], pose[0, :, :3] @ joints[0] + pose[0, :, 3]


def between(a: tuple[Array, Array], b: tuple[Array, Array], share: float) -> tuple[Array, Array]:
    """Turns and place of a pose between two."""
    turns = [
        Slerp([0.0, 1.0], Rotation.from_matrix([p, q]))([share]).as_matrix()[0]
        for p, q in zip(a[0], b[0], strict=True)
    ]
    return np.array(turns), (1.0 - share) * a[1] + share * b[1]


def fall_of(body: Body, starts: Sequence[Array], x: float = 0.0, low: float = 0.0) -> Array:
    """Bone matrices of the clip 'fall' of a person: chains of `STEPS` from each start, then the limp pose, (nframe, 19, 3, 4).

    Args:
        body: In the neutral pose.
        starts: Poses at the moment of a hit.
        x: Where the limp body lies in the frame of the starts: ahead [m].
        low: Its lower end, the straight leg's foot [m].
    """
    joints, turns = body.joints, limp_turns()
    foot = skin(body.points, body.weights, matrices(joints, turns, np.zeros(3))[0])[:, 2].min()
    limp = (turns, np.array([x, 0.0, low - foot]))
    out = []
    for start in starts:
        pose = turns_of(start, joints)
        out += [matrices(joints, *between(pose, limp, k / STEPS))[0] for k in range(STEPS)]
    return np.array([*out, matrices(joints, *limp)[0]])


def animal_fall(mover: Mover) -> Array:
    """The same of an animal, which lies on its side; both chains begin as it stands."""
    chain = [mover.lying(k / STEPS) for k in range(STEPS)]
    return np.array([*chain, *chain, mover.lying(1.0)])
