"""What bones tell of a skinned mesh: which limb a triangle belongs to, and where a person's 17 keypoints are in a pose."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sim.render.parts import Part

Floats = npt.NDArray[np.floating]

_BODY = (Part.TORSO,) * 4 + (Part.HEAD,)
_PERSON_PARTS = (
    *_BODY, Part.LEFT_UPPER_ARM, Part.LEFT_LOWER_ARM, Part.LEFT_HAND, Part.RIGHT_UPPER_ARM, Part.RIGHT_LOWER_ARM, Part.RIGHT_HAND,
    Part.LEFT_UPPER_LEG, Part.LEFT_LOWER_LEG, Part.LEFT_FOOT, Part.LEFT_FOOT,
    Part.RIGHT_UPPER_LEG, Part.RIGHT_LOWER_LEG, Part.RIGHT_FOOT, Part.RIGHT_FOOT,
)  # fmt: skip
_BEAST_PARTS = (
    *_BODY, *(Part.LEFT_HIND_LEG,) * 4, *(Part.RIGHT_HIND_LEG,) * 4, *(Part.LEFT_FRONT_LEG,) * 4, *(Part.RIGHT_FRONT_LEG,) * 4,
)  # fmt: skip
BONE_PARTS: dict[int, tuple[Part, ...]] = {
    len(_PERSON_PARTS): _PERSON_PARTS,
    len(_BEAST_PARTS): _BEAST_PARTS,
    3: (Part.PEDALS,) * 3,
}
"""Part of each bone, by the number of bones: people, animals on four legs (`assets/scripts/quadruped.py`), pedals."""


def weight_table(joints: npt.NDArray[np.uint8], weights: Floats, nbone: int) -> Floats:
    """Weight of each bone at each vertex, (nvertex, nbone)."""
    out = np.zeros((len(joints), nbone))
    np.add.at(out, (np.arange(len(joints))[:, None], joints), weights)
    return out


def limb_parts(triangles: npt.NDArray[np.int32], weights: Floats) -> npt.NDArray[np.uint8] | None:
    """Part of each triangle, that of the bones that move it most, (ntriangle,); None for an unknown skeleton.

    Args:
        triangles: (ntriangle, 3).
        weights: (nvertex, nbone).
    """
    bones = BONE_PARTS.get(weights.shape[1])
    if bones is None:
        return None
    parts = sorted({int(b) for b in bones})
    share = np.stack([weights[:, [int(b) == p for b in bones]].sum(1) for p in parts], 1)
    return np.array(parts, np.uint8)[share[triangles].sum(1).argmax(1)]


@dataclass(frozen=True)
class Keypoints:
    """A person's keypoints at rest and the bones that carry them."""

    points: Floats
    """[m], (17, 3)."""
    bones: npt.NDArray[np.int64]
    """(17,)."""

    def posed(self, matrices: Floats) -> npt.NDArray[np.float32]:
        """Where they are in a pose of bone matrices (nbone, 3, 4) [m], (17, 3)."""
        m = np.asarray(matrices, float)[self.bones]
        return (np.einsum("kij,kj->ki", m[:, :, :3], self.points) + m[:, :, 3]).astype(np.float32)
