"""A skeleton for people: joints, smooth skin weights over a static mesh, and the pose from which all gaits start."""

from __future__ import annotations

from dataclasses import dataclass, field

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
RADIUS = {
    "pelvis": 0.085, "spine": 0.075, "chest": 0.08, "neck": 0.035, "head": 0.065, "arm": 0.027, "fore": 0.022,
    "hand": 0.022, "thigh": 0.052, "shin": 0.032, "foot": 0.025, "toe": 0.02,
}  # fmt: skip
"""Thickness around each bone as a share of the body's height: who owns a vertex between two bones."""


@dataclass
class Rig:
    """A mesh with bones."""

    joints: Array
    """Positions of `JOINTS` [m], (19, 3)."""
    ends: dict[str, Array]
    """Tips of the last bones [m]."""
    points: Array
    """Welded vertices [m], (nvertex, 3)."""
    weights: Array
    """(nvertex, 19), rows sum to 1."""
    height: float = 0.0
    faces: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros((0, 3), np.int64))


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


def _edges(faces: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    return np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])


def laplacian(points: Array, faces: npt.NDArray[np.int64]) -> tuple[object, Array]:
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


def _segments(joints: Array, ends: dict[str, Array], height: float) -> list[tuple[int, Array, Array, float]]:
    out = []
    for i, name in enumerate(JOINTS):
        radius = RADIUS[name.split("_")[-1]] * height
        out.append((i, joints[i], end_of(joints, ends, name), radius))
    for side in "lr":
        shoulder, hip, chest = (joints[ROW[f"{side}_{n}"]] for n in ("arm", "thigh")), None, None
        shoulder = joints[ROW[f"{side}_arm"]]
        inner = joints[ROW["neck"]] + 0.62 * (shoulder - joints[ROW["neck"]])
        out.append(
            (ROW["chest"], joints[ROW["neck"]] - [0, 0, 0.03 * height], inner - [0, 0, 0.02 * height], 0.035 * height)
        )
        hip = joints[ROW[f"{side}_thigh"]]
        out.append((ROW["pelvis"], joints[0], hip + 0.35 * (joints[0] - hip) + [0, 0, 0.01 * height], 0.06 * height))
        del chest
    return out


def vertex_normals(points: Array, faces: npt.NDArray[np.int64]) -> Array:
    """Area weighted unit normals, (nvertex, 3)."""
    out = np.zeros_like(points)
    for k in range(3):
        np.add.at(out, faces[:, k], face_normals(points[faces]))
    return out / np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-20)


def _faces_away(
    points: Array, normal: Array, a: Array, b: Array, d: Array, row: int, height: float
) -> npt.NDArray[np.bool_]:
    """Vertices that cannot lie around a limb: too far, or looking at it from outside, as a coat looks at a hand beside it."""
    part = JOINTS[row].split("_")[-1]
    if row < ROW["l_arm"]:
        return np.zeros(len(points), bool)
    t = np.clip(((points - a) @ (b - a)) / max(float((b - a) @ (b - a)), 1e-12), 0.0, 1.0)
    out = points - a - t[:, None] * (b - a)
    against = (out * normal).sum(axis=1) < -0.15 * d
    limit = {"arm": 0.06, "fore": 0.045, "hand": 0.06}.get(part, 0.14) * height
    return (against & (d > 0.018 * height)) | (d > limit)


def _largest_pieces(
    label: npt.NDArray[np.int64], edges: npt.NDArray[np.int64], rows: tuple[int, ...]
) -> npt.NDArray[np.bool_]:
    """Vertices of a limb that do not hang together with its main part, yet with something else."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    n = len(label)
    mine = np.isin(label, rows)
    _, whole = connected_components(coo_matrix((np.ones(len(edges)), edges.T), (n, n)), directed=False)
    inside = edges[mine[edges].all(axis=1)]
    _, piece = connected_components(coo_matrix((np.ones(len(inside)), inside.T), (n, n)), directed=False)
    stray = np.zeros(n, bool)
    for component in np.unique(whole[mine]):
        part = mine & (whole == component)
        ids, counts = np.unique(piece[part], return_counts=True)
        if part.sum() < (whole == component).sum():
            stray |= part & (piece != ids[counts.argmax()])
    return stray


def skin_weights(
    points: Array, faces: npt.NDArray[np.int64], joints: Array, ends: dict[str, Array], height: float, heat: float = 0.6
) -> Array:
    """Bone heat: each vertex is heated by its nearest bone, and heat spreads over the surface (Baran and Popovic 2007).

    Returns:
        (nvertex, 19), rows sum to 1.
    """
    from scipy.sparse import diags
    from scipy.sparse.linalg import splu

    distance = np.full((len(points), len(JOINTS)), np.inf)
    signed = distance.copy()
    normal = vertex_normals(points, faces)
    for row, a, b, radius in _segments(joints, ends, height):
        d = segment_distance(points, a, b)
        d[_faces_away(points, normal, a, b, d, row, height)] = np.inf
        better = d - radius < signed[:, row]
        signed[better, row], distance[better, row] = (d - radius)[better], d[better]
    label = signed.argmin(axis=1)
    edges = _edges(faces)
    for names in (("l_arm", "l_fore", "l_hand"), ("r_arm", "r_fore", "r_hand"), ("l_thigh", "l_shin", "l_foot", "l_toe"),
                  ("r_thigh", "r_shin", "r_foot", "r_toe")):  # fmt: skip
        rows = tuple(ROW[n] for n in names)
        stray = _largest_pieces(label, edges, rows)
        other = signed.copy()
        other[:, rows] = np.inf
        label[stray] = other[stray].argmin(axis=1)
    matrix, area = laplacian(points, faces)
    near = np.maximum(distance[np.arange(len(points)), label], 0.006 * height)
    h = heat * area / near**2
    target = np.zeros((len(points), len(JOINTS)))
    target[np.arange(len(points)), label] = 1.0
    weights = splu((matrix + diags(h)).tocsc()).solve(h[:, None] * target)
    weights = np.maximum(weights, 0.0)
    weights /= weights.sum(axis=1, keepdims=True)
    _shoes(weights, points, edges, joints, ends, height)
    return weights


def _shoes(
    weights: Array, points: Array, edges: npt.NDArray[np.int64], joints: Array, ends: dict[str, Array], height: float
) -> None:
    """Shoes of their own follow foot and toes alone, heels too, and bend at the ball; changes the weights."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    n = len(points)
    _, whole = connected_components(coo_matrix((np.ones(len(edges)), edges.T), (n, n)), directed=False)
    top = np.full(whole.max() + 1, -np.inf)
    np.maximum.at(top, whole, points[:, 2])
    low = top[whole] < 0.085 * height
    sides = {}
    for s in "lr":
        d = segment_distance(points, joints[ROW[f"{s}_foot"]], ends[f"{s}_tip"])
        sides[s] = (np.bincount(whole, d) / np.bincount(whole))[whole]
    for side, other in (("l", "r"), ("r", "l")):
        shoe = low & (sides[side] < sides[other])
        ankle, ball = joints[ROW[f"{side}_foot"]], joints[ROW[f"{side}_toe"]]
        ahead = ends[f"{side}_tip"] - ankle
        ahead = np.array([ahead[0], ahead[1], 0.0]) / np.hypot(ahead[0], ahead[1])
        along = (points[shoe] - ball) @ ahead / (0.018 * height)
        toe = np.clip(along * 0.5 + 0.5, 0.0, 1.0)
        toe = toe * toe * (3 - 2 * toe)
        weights[shoe] = 0.0
        weights[shoe, ROW[f"{side}_foot"]] = 1.0 - toe
        weights[shoe, ROW[f"{side}_toe"]] = toe


def four(weights: Array) -> tuple[npt.NDArray[np.uint8], Array]:
    """The four strongest bones of each vertex and their weights, both (nvertex, 4)."""
    order = np.argsort(-weights, axis=1)[:, :4]
    top = np.take_along_axis(weights, order, axis=1)
    top[top < 0.02] = 0.0
    return order.astype(np.uint8), top / top.sum(axis=1, keepdims=True)


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
