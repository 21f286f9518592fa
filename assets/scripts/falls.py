"""Falling: from a pose of a gait into that of somebody who lies limp, flat along the ground on his back, front or, animals, side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from neutral import about, turn
from scipy.spatial.transform import Rotation, Slerp
from skeleton import JOINTS, ROW, matrices, skin

if TYPE_CHECKING:
    from people import Body
    from quadruped import Mover

Array = npt.NDArray[np.float64]
STEPS = 6
"""Frames of each chain, from the pose at the hit to the last before the limp ones, which the chains share."""
SPREAD = {
    "pelvis": (0.0, 0.0), "spine": (3.0, 0.0), "chest": (7.0, 0.0), "neck": (6.0, 30.0), "head": (8.0, 68.0),
    "l_arm": (118.0, 0.0), "l_fore": (158.0, 0.0), "l_hand": (150.0, 0.0),
    "r_arm": (-48.0, 0.0), "r_fore": (-30.0, 0.0), "r_hand": (-24.0, 0.0),
    "l_thigh": (38.0, 72.0), "l_shin": (-24.0, 78.0), "l_foot": (-14.0, 80.0), "l_toe": (-14.0, 80.0),
    "r_thigh": (-15.0, -55.0), "r_shin": (-3.0, -60.0), "r_foot": (2.0, -66.0), "r_toe": (2.0, -66.0),
}  # fmt: skip
"""The limp pose: turn of each bone about the axis that looks ahead (left limbs out: positive), after one about its own upright axis
[degrees]. All lies in the body's plane: an arm up, a leg drawn up, the head to a side: back and front are equally good to lie on."""


SAG = 14.0
"""How far limbs sink at most from the body's plane to the ground on which it lies [degrees]."""
LIMBS = tuple(
    (f"{side}_{first}", [f"{side}_{n}" for n in rest])
    for first, rest in (("arm", ("arm", "fore", "hand")), ("thigh", ("thigh", "shin", "foot", "toe")))
    for side in "lr"
)
"""Limbs by their first bones."""


def limp_turns() -> Array:
    """Global turns of the limp pose with all limbs in the body's plane, (19, 3, 3)."""
    out = np.array([turn("x", SPREAD[name][0]) @ turn("z", SPREAD[name][1]) for name in JOINTS])
    for name in ("l_foot", "l_toe", "r_foot", "r_toe"):  # stretched
        out[ROW[name]] = out[ROW[name]] @ turn("y", 40.0)
    return out


def sunk(body: Body, turns: Array, down: float) -> Array:
    """Turns of the limp pose on the back (-1) or the front (1): each limb sinks as far as the trunk beside it reaches."""

    def lowest(pose: Array, mine: npt.NDArray[np.bool_]) -> float:
        return float(
            (
                down * skin(body.points[mine], body.weights[mine], matrices(body.joints, pose, np.zeros(3))[0])[:, 0]
            ).max()
        )

    own = {first: body.weights[:, [ROW[n] for n in names]].sum(axis=1) for first, names in LIMBS}
    ground = lowest(turns, sum(own.values()) < 0.1)
    out = turns.copy()
    for first, names in LIMBS:
        for angle in np.arange(SAG, 0.0, -1.0):
            pose = turns.copy()
            for name in names:
                limb = turns[ROW[name]] @ np.array([0.0, 0.0, -1.0])
                pose[ROW[name]] = about(np.cross(limb, [1.0, 0.0, 0.0]), down * angle) @ turns[ROW[name]]
            if lowest(pose, own[first] > 0.5) < ground:
                out[[ROW[n] for n in names]] = pose[[ROW[n] for n in names]]
                break
    return out


def turns_of(pose: Array, joints: Array) -> tuple[Array, Array]:
    """Global turns and the pelvis's place of a pose without scales, from its bone matrices (19, 3, 4)."""
    return pose[:, :, :3], pose[0, :, :3] @ joints[0] + pose[0, :, 3]


def between(a: tuple[Array, Array], b: tuple[Array, Array], share: float) -> tuple[Array, Array]:
    """Turns and place of a pose between two."""
    turns = [
        Slerp([0.0, 1.0], Rotation.from_matrix([p, q]))([share]).as_matrix()[0] for p, q in zip(a[0], b[0], strict=True)
    ]
    return np.array(turns), (1.0 - share) * a[1] + share * b[1]


def fall_of(body: Body, starts: Sequence[Array], x: float = 0.0, low: float = 0.0) -> Array:
    """Bone matrices of the clip 'fall' of a person, (nframe, 19, 3, 4).

    Chains of `STEPS` from each start towards the limp pose, then that pose on the back and on the front.

    Args:
        body: In the neutral pose.
        starts: Poses at the moment of a hit.
        x: Where the limp body lies in the frame of the starts: ahead [m].
        low: Its lower end, the straight leg's foot [m].
    """
    joints = body.joints
    flat = limp_turns()
    back, front = sunk(body, flat, -1.0), sunk(body, flat, 1.0)

    def root(turns: Array) -> Array:
        """Where the pelvis is when the lower end is in place."""
        foot = skin(body.points, body.weights, matrices(joints, turns, np.zeros(3))[0])[:, 2].min()
        return np.array([x, 0.0, low - foot])

    out = []
    for start in starts:
        pose = turns_of(start, joints)
        out += [matrices(joints, *between(pose, (flat, root(flat)), k / STEPS))[0] for k in range(STEPS)]
    return np.array([*out, *(matrices(joints, turns, root(turns))[0] for turns in (back, front))])


def animal_fall(mover: Mover) -> Array:
    """The same of an animal, which lies on its side; both chains begin as it stands."""
    chain = [mover.lying(k / STEPS) for k in range(STEPS)]
    return np.array([*chain, *chain, *[mover.lying(1.0)] * 2])
