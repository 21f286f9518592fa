"""A skeleton for people: joints, smooth skin weights over a static mesh, and the pose from which all gaits start."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from shape import face_normals

Array = npt.NDArray[np.float64]

JOINTS = (
    "pelvis", "spine", "chest", "neck", "head",
    "l_arm", "l_fore", "l_hand", "r_arm", "r_fore", "r_hand",
    "l_thigh", "l_shin", "l_foot", "l_toe", "r_thigh", "r_shin", "r_foot", "r_toe",
)  # fmt: skip
"""Joints in order of parents before children; each turns the bone that starts there."""
PARENT = (-1, 0, 1, 2, 3, 2, 5, 6, 2, 8, 9, 0, 11, 12, 13, 0, 15, 16, 17)
ROW = {name: i for i, name in enumerate(JOINTS)}
ENDS = {"head": "top", "l_hand": "l_fingers", "r_hand": "r_fingers", "l_toe": "l_tip", "r_toe": "r_tip"}
"""Points that end the last bones of each chain."""


def end_of(rig_joints: Array, ends: dict[str, Array], name: str) -> Array:
    """Where the bone of a joint ends."""
    if name in ENDS:
        return ends[ENDS[name]]
    child = {"pelvis": "spine", "spine": "chest", "chest": "neck", "neck": "head"}.get(name)
    if child is None:
        side, part = name.split("_")
        child = side + "_" + {"arm": "fore", "fore": "hand", "thigh": "shin", "shin": "foot", "foot": "toe"}[part]
    return rig_joints[ROW[child]]


def segment_distance(points: Array, a: Array, b: Array) -> Array:
    """Distance of points to a segment [m], (npoint,)."""
    ab = b - a
    t = np.clip(((points - a) @ ab) / max(float(ab @ ab), 1e-12), 0.0, 1.0)
    return np.linalg.norm(points - a - t[:, None] * ab, axis=1)


def center(corners: Array, guess: Array, reach: float = 0.11) -> Array:
    """Middle of the limb around a guess: halfway between the walls met by rays to both sides along x and y.

    Args:
        corners: Triangles [m], (ntriangle, 3, 3).
        guess: A point inside the limb [m].
        reach: Walls further away do not count [m].
    """
    p = guess.astype(float).copy()
    for axis in (0, 1, 0, 1):
        d = np.zeros(3)
        d[axis] = 1.0
        e1, e2 = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
        h = np.cross(d, e2)
        det = (e1 * h).sum(axis=1)
        safe = np.where(np.abs(det) < 1e-14, 1e-14, det)
        s = p - corners[:, 0]
        u = (s * h).sum(axis=1) / safe
        q = np.cross(s, e1)
        v = (q @ d) / safe
        t = (q * e2).sum(axis=1) / safe
        hit = t[(u >= 0) & (v >= 0) & (u + v <= 1) & (np.abs(det) > 1e-14) & (np.abs(t) < reach)]
        low, high = hit[hit < 0], hit[hit > 0]
        if len(low) and len(high):
            p[axis] += (low.max() + high.min()) / 2
    shift = p - guess
    return guess + shift * min(1.0, 0.035 / max(float(np.linalg.norm(shift)), 1e-9))


def edges_of(faces: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Pairs of neighbouring vertices, (3 ntriangle, 2)."""
    return np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])


def laplacian(points: Array, faces: npt.NDArray[np.int64]) -> tuple[Any, Array]:
    """Cotangent Laplacian (positive semi-definite, weights kept positive) and vertex areas."""
    from scipy.sparse import coo_matrix, diags

    n = len(points)
    rows, cols, values = [], [], []
    for k in range(3):
        o, a, b = (faces[:, (k + i) % 3] for i in range(3))
        u, v = points[a] - points[o], points[b] - points[o]
        cot = (u * v).sum(axis=1) / np.maximum(np.linalg.norm(np.cross(u, v), axis=1), 1e-12)
        rows += [a, b]
        cols += [b, a]
        values += [np.clip(cot, 0.05, 5.0) / 2] * 2
    w = coo_matrix((np.concatenate(values), (np.concatenate(rows), np.concatenate(cols))), (n, n)).tocsr()
    area = np.zeros(n)
    size = np.linalg.norm(face_normals(points[faces]), axis=1) / 6
    for k in range(3):
        np.add.at(area, faces[:, k], size)
    return diags(np.asarray(w.sum(axis=1)).ravel()) - w, np.maximum(area, 1e-9)


def vertex_normals(points: Array, faces: npt.NDArray[np.int64]) -> Array:
    """Area weighted unit normals, (nvertex, 3)."""
    out = np.zeros_like(points)
    for k in range(3):
        np.add.at(out, faces[:, k], face_normals(points[faces]))
    return out / np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-20)


def frame(direction: Array, hinge: Array) -> Array:
    """Axes of a bone as columns, (3, 3): z against its direction, y along the hinge made square to it."""
    z = -direction / np.linalg.norm(direction)
    y = hinge - (hinge @ z) * z
    y = y / np.linalg.norm(y)
    return np.stack([np.cross(y, z), y, z], axis=1)


def skin(points: Array, weights: Array, matrices: Array) -> Array:
    """Linear blend skinning; matrices (19, 3, 4)."""
    blend = np.einsum("vk,kij->vij", weights, matrices)
    return np.einsum("vij,vj->vi", blend[:, :, :3], points) + blend[:, :, 3]


def matrices(joints: Array, turns: Array, root: Array, scale: Array | None = None) -> tuple[Array, Array]:
    """Bone matrices of global turns, rest to posed.

    Args:
        joints: Rest positions [m], (19, 3).
        turns: Global rotation of each bone, (19, 3, 3).
        root: Where the pelvis goes [m], (3,).
        scale: Size of each bone, (19,).

    Returns:
        Matrices (19, 3, 4) and posed joints (19, 3).
    """
    size = np.ones(len(joints)) if scale is None else scale
    posed = np.zeros_like(joints)
    out = np.zeros((len(joints), 3, 4))
    for i, parent in enumerate(PARENT):
        if parent < 0:
            posed[i] = root
        else:
            posed[i] = posed[parent] + size[parent] * turns[parent] @ (joints[i] - joints[parent])
        out[i, :, :3] = size[i] * turns[i]
        out[i, :, 3] = posed[i] - out[i, :, :3] @ joints[i]
    return out, posed
