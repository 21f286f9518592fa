"""What bones tell of a skinned mesh: which limb a triangle belongs to, and where a person's 17 keypoints are.

Files hold bone matrices but no joints. A joint is the point that both bones which meet there carry alike in every pose, so the poses
of the clips give it by least squares. Eyes, ears and nose are found on the face, from the profile of the head's mesh.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sim.render.mesh import MeshData
from sim.render.parts import Part

Floats = npt.NDArray[np.floating]

PERSON = (
    "pelvis", "spine", "chest", "neck", "head", "l_arm", "l_fore", "l_hand", "r_arm", "r_fore", "r_hand",
    "l_thigh", "l_shin", "l_foot", "l_toe", "r_thigh", "r_shin", "r_foot", "r_toe",
)  # fmt: skip
"""Bones of a person, as `assets/scripts/skeleton.py` orders them."""
PARENT = (-1, 0, 1, 2, 3, 2, 5, 6, 2, 8, 9, 0, 11, 12, 13, 0, 15, 16, 17)

KEYPOINTS = (
    "nose", "left_eye", "right_eye", "left_ear", "right_ear", "left_shoulder", "right_shoulder", "left_elbow", "right_elbow",
    "left_wrist", "right_wrist", "left_hip", "right_hip", "left_knee", "right_knee", "left_ankle", "right_ankle",
)  # fmt: skip
"""COCO's order."""
LIMBS = ("arm", "fore", "hand", "thigh", "shin", "foot")
"""Bones at whose start the keypoints from the shoulders on lie, left one first."""

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


def joint_of(child: int, matrices: Floats, vertices: Floats, weights: Floats) -> Floats:
    """Where a bone meets its parent at rest [m], (3,): what both carry alike; along an axis that they never leave, amid their vertices.

    Args:
        child: The bone.
        matrices: Of all poses, (npose, nbone, 3, 4).
        vertices: At rest [m], (nvertex, 3).
        weights: (nvertex, nbone).
    """
    parent = PARENT[child]
    both = np.sqrt(weights[:, child] * weights[:, parent])
    if both.sum() < 1e-3:
        own = vertices[weights[:, child] > 0.5]
        other = vertices[weights[:, parent] > 0.5].mean(0)
        middle = own[np.linalg.norm(own - other, axis=1).argsort()[: max(1, len(own) // 5)]].mean(0)
    else:
        middle = (both[:, None] * vertices).sum(0) / both.sum()
    apart = matrices[:, child] - matrices[:, parent]
    a, b = apart[:, :, :3].reshape(-1, 3), -apart[:, :, 3].reshape(-1)
    hold = 1e-5 * len(matrices)
    return np.linalg.solve(a.T @ a + hold * np.eye(3), a.T @ b + hold * middle)


def _tones(mesh: MeshData, triangles: npt.NDArray[np.bool_]) -> dict[int, tuple[int, Floats]]:
    """Number of triangles and median linear albedo (3,) of each material among some triangles."""
    found = {}
    middle = mesh.uvs[mesh.triangles].mean(1)
    for row, material in enumerate(mesh.materials):
        own = triangles & (mesh.material == row)
        tone = np.array([material.base_color], float)
        if material.texture is not None and own.any():
            size = np.array(material.texture.shape[1::-1])
            col, line = (np.floor(middle[own] * size).astype(int) % size).T
            tone = tone * (material.texture[line, col, :3] / 255.0) ** 2.2
        if own.any():
            found[row] = int(own.sum()), np.median(tone, axis=0)
    return found


SKIN = np.array([0.45, 0.22, 0.13])
"""Linear albedo taken for the skin of who wears gloves."""


def face_triangles(mesh: MeshData) -> npt.NDArray[np.bool_]:
    """Triangles of the head whose material is nearest to the skin of the hands in tone: neither hair nor hat nor helmet, (ntriangle,)."""
    assert mesh.part is not None
    head = mesh.part == int(Part.HEAD)
    hands = _tones(mesh, np.isin(mesh.part, [int(Part.LEFT_HAND), int(Part.RIGHT_HAND)]))
    skin = max(hands.values(), key=lambda item: item[0])[1] if hands else SKIN
    skin = skin if skin[2] < 0.65 * skin[0] else SKIN
    best, face = np.inf, head
    for row, (count, tone) in _tones(mesh, head).items():
        tint = np.abs(tone / max(tone.sum(), 1e-6) - skin / skin.sum()).sum()
        off = float(3.0 * tint + abs(np.log((tone.sum() + 1e-3) / skin.sum())))
        if count > 0.15 * head.sum() and off < best:
            best, face = off, head & (mesh.material == row)
    return face


def face_points(vertices: Floats) -> Floats:
    """Nose, eyes and ears of a head [m], (5, 3).

    The nose is what lies farthest from the head's middle line between chin and brow, within 45 degrees of x; the way to it is where the
    face looks. The others lie from its tip as in the mean adult's face (Farkas 1994), scaled with the head: eyes 0.031 m aside, 0.042 m
    higher and 0.03 m behind (pupils), ears (tragion) 0.07 m aside, 0.02 m higher and 0.12 m behind.

    Args:
        vertices: Of the face and of the skin around it, in the actor's frame as the person stands [m], (nvertex, 3).
    """
    lower, upper = vertices.min(0), vertices.max(0)
    share = (vertices[:, 2] - lower[2]) / (upper[2] - lower[2])
    level = vertices[(share > 0.3) & (share < 0.6)]
    middle = (level[:, :2].min(0) + level[:, :2].max(0)) / 2
    out = vertices[:, :2] - middle
    face = (share > 0.25) & (share < 0.5) & (out[:, 0] > np.abs(out[:, 1]))
    nose = vertices[face][np.linalg.norm(out[face], axis=1).argmax()]
    ahead = (nose[:2] - middle) / np.linalg.norm(nose[:2] - middle)
    axes = np.array([[ahead[0], ahead[1], 0.0], [-ahead[1], ahead[0], 0.0], [0.0, 0.0, 1.0]])
    rows = [(0.0, 0.0, 0.0), (-0.03, 0.031, 0.042), (-0.03, -0.031, 0.042), (-0.12, 0.07, 0.02), (-0.12, -0.07, 0.02)]
    return nose + np.array(rows) * ((upper[2] - lower[2]) / 0.25) @ axes


def find_keypoints(mesh: MeshData, weights: Floats, poses: Sequence[Floats], standing: Floats) -> Keypoints | None:
    """The keypoints of a skinned person; None for everything else.

    Args:
        mesh: At rest.
        weights: (nvertex, nbone).
        poses: Bone matrices of the clips, (nframe, nbone, 3, 4) each.
        standing: Of the pose that stands or sits upright, (nbone, 3, 4).
    """
    if weights.shape[1] != len(PERSON):
        return None
    vertices, matrices = mesh.vertices.astype(float), np.concatenate(poses).astype(float)
    head = PERSON.index("head")
    m = np.asarray(standing, float)[head]
    skin = np.unique(mesh.triangles[face_triangles(mesh)])
    skin = skin[weights[skin, head] > 0.6]
    face = face_points(vertices[skin] @ m[:, :3].T + m[:, 3])
    face = (face - m[:, 3]) @ np.linalg.inv(m[:, :3]).T
    limbs = [PERSON.index(f"{side}_{limb}") for limb in LIMBS for side in "lr"]
    joints = [joint_of(bone, matrices, vertices, weights) for bone in limbs]
    return Keypoints(np.concatenate([face, joints]), np.array([head] * len(face) + limbs))
