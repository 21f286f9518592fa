"""Who owns which vertex: smooth skin weights of a static person over clothes, hands on hips and crossed legs."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from skeleton import JOINTS, PARENT, ROW, Array, edges_of, end_of, laplacian, segment_distance, vertex_normals

RADIUS = {
    "pelvis": 0.085, "spine": 0.075, "chest": 0.08, "neck": 0.035, "head": 0.065, "arm": 0.027, "fore": 0.022,
    "hand": 0.022, "thigh": 0.052, "shin": 0.032, "foot": 0.025, "toe": 0.02,
}  # fmt: skip
"""Thickness around each bone as a share of the body's height: who owns a vertex between two bones."""


def _segments(joints: Array, ends: dict[str, Array], height: float) -> list[tuple[int, Array, Array, float]]:
    out = []
    for i, name in enumerate(JOINTS):
        radius = RADIUS[name.split("_")[-1]] * height
        out.append((i, joints[i], end_of(joints, ends, name), radius))
    for side in "lr":
        shoulder = joints[ROW[f"{side}_arm"]]
        inner = joints[ROW["neck"]] + 0.62 * (shoulder - joints[ROW["neck"]])
        out.append(
            (ROW["chest"], joints[ROW["neck"]] - [0, 0, 0.03 * height], inner - [0, 0, 0.02 * height], 0.035 * height)
        )
        hip = joints[ROW[f"{side}_thigh"]]
        out.append((ROW["pelvis"], joints[0], hip + 0.35 * (joints[0] - hip) + [0, 0, 0.01 * height], 0.06 * height))
    return out


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


LIMB_ROWS = (
    ("l_thigh", "l_shin", "l_foot", "l_toe"), ("r_thigh", "r_shin", "r_foot", "r_toe"),
    ("l_arm", "l_fore", "l_hand"), ("r_arm", "r_fore", "r_hand"),
)  # fmt: skip


def _stray(
    label: npt.NDArray[np.int64], whole: npt.NDArray[np.int64], edges: npt.NDArray[np.int64], rows: list[int]
) -> npt.NDArray[np.bool_]:
    """Vertices given to a limb that only lie beside it: patches cut off from its main part, (nvertex,).

    Args:
        label: Bone of each vertex.
        whole: Component of each vertex.
        edges: Pairs of neighbours.
        rows: Bones of the limb.
    """
    mine = np.isin(label, rows)
    piece = _components(len(label), edges[mine[edges].all(axis=1)])
    stray = np.zeros(len(label), bool)
    for component in np.unique(whole[mine]):
        part = mine & (whole == component)
        if part.sum() < (whole == component).sum():
            ids, counts = np.unique(piece[part], return_counts=True)
            stray |= part & (piece != ids[counts.argmax()])
    return stray


def _components(n: int, edges: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Component of each vertex, (n,)."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    return connected_components(coo_matrix((np.ones(len(edges)), edges.T), (n, n)), directed=False)[1]


def _around(
    points: Array,
    whole: npt.NDArray[np.int64],
    joints: Array,
    ends: dict[str, Array],
    names: tuple[str, ...],
    limit: float,
) -> npt.NDArray[np.bool_]:
    """Vertices of components that wrap an arm, all of them near it: hands and sleeves, not pockets beside a hand."""
    spans = [(joints[ROW[n]], end_of(joints, ends, n)) for n in names]
    near = np.array([segment_distance(points, a, b) for a, b in spans])
    reach = np.zeros(whole.max() + 1)
    np.maximum.at(reach, whole, near.min(axis=0))
    a, b = np.array([s[0] for s in spans])[near.argmin(axis=0)], np.array([s[1] for s in spans])[near.argmin(axis=0)]
    ab = b - a
    t = np.clip(((points - a) * ab).sum(axis=1) / (ab * ab).sum(axis=1), 0.0, 1.0)
    out = points - a - t[:, None] * ab
    out /= np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-9)
    count = np.bincount(whole)
    mean = np.stack([np.bincount(whole, out[:, k]) / count for k in range(3)], axis=1)
    return ((reach < limit) & (count > 40) & (np.linalg.norm(mean, axis=1) < 0.6))[whole]


def _labels(
    points: Array, edges: npt.NDArray[np.int64], signed: Array, joints: Array, ends: dict[str, Array], height: float
) -> npt.NDArray[np.int64]:
    """Bone that owns each vertex, (nvertex,): the nearest, but hands on hips stay hands and hips stay hips."""
    whole = _components(len(points), edges)
    label = signed.argmin(axis=1)
    for names in LIMB_ROWS:
        rows = [ROW[n] for n in names]
        arm = names[0].endswith("arm")
        others = signed.copy()
        others[:, rows] = np.inf
        if arm:
            whose = _around(points, whole, joints, ends, names, 0.085 * height)
            own = np.full_like(signed, np.inf)
            own[:, rows] = signed[:, rows]
            lost = np.isinf(own).all(axis=1)
            own[lost, rows[2]] = 0.0
            label[whose] = own[whose].argmin(axis=1)
            # A garment that ends below the shoulder has no sleeves.
            top = np.full(whole.max() + 1, -np.inf)
            np.maximum.at(top, whole, points[:, 2])
            bare = ~whose & (top[whole] < joints[rows[0], 2] - 0.08 * height) & np.isin(label, rows)
            label[bare] = others[bare].argmin(axis=1)
        stray = _stray(label, whole, edges, rows)
        label[stray] = others[stray].argmin(axis=1)
    _fingers(label, whole, edges)
    _trousers(label, whole, points, edges, signed, joints, height)
    return label


def _fingers(label: npt.NDArray[np.int64], whole: npt.NDArray[np.int64], edges: npt.NDArray[np.int64]) -> None:
    """Small patches that hang on a hand alone are its fingers, though they lie on a hip; changes the labels."""
    arms = [ROW[n] for names in LIMB_ROWS[2:] for n in names]
    other = ~np.isin(label, arms)
    piece = _components(len(label), edges[other[edges].all(axis=1)])
    ids, counts = np.unique(piece[other], return_counts=True)
    size = np.bincount(whole)[whole]
    for k in ids[counts < 120]:
        mine = other & (piece == k)
        beside = np.concatenate([edges[mine[edges[:, 0]], 1], edges[mine[edges[:, 1]], 0]])
        hands = label[beside][np.isin(label[beside], [ROW["l_hand"], ROW["r_hand"]])]
        if len(hands) and mine.sum() < 0.05 * size[mine].max():
            label[mine] = np.bincount(hands).argmax()


def _trousers(
    label: npt.NDArray[np.int64], whole: npt.NDArray[np.int64], points: Array, edges: npt.NDArray[np.int64], signed: Array, joints: Array,
    height: float,
) -> None:  # fmt: skip
    """Legs of trousers follow one leg each, also where legs cross, and end at the shins; changes the labels."""
    sides = [np.bincount(whole, np.isin(label, [ROW[f"{s}_thigh"], ROW[f"{s}_shin"]])) > 20 for s in "lr"]
    both = (sides[0] & sides[1])[whole]
    crotch = min(joints[ROW["l_thigh"], 2], joints[ROW["r_thigh"], 2]) - 0.1 * height
    low = both & (points[:, 2] < crotch)
    piece = _components(len(points), edges[low[edges].all(axis=1)])
    for k in np.unique(piece[low]):
        mine = low & (piece == k)
        hem = mine & (points[:, 2] < points[mine, 2].min() + 0.05 * height)
        if mine.sum() < 20:
            continue
        gap = [np.linalg.norm(points[hem].mean(axis=0) - joints[ROW[f"{s}_foot"]]) for s in "lr"]
        if points[hem, 2].mean() < 0.25 * height and abs(gap[0] - gap[1]) > 0.02 * height:
            s = "lr"[int(np.argmin(gap))]
            rows = [ROW[f"{s}_thigh"], ROW[f"{s}_shin"]]
            label[mine] = np.array(rows)[signed[mine][:, rows].argmin(axis=1)]
    for s in "lr":
        label[both & np.isin(label, [ROW[f"{s}_foot"], ROW[f"{s}_toe"]])] = ROW[f"{s}_shin"]


def _layers(
    points: Array, normal: Array, label: npt.NDArray[np.int64], edges: npt.NDArray[np.int64], reach: float
) -> npt.NDArray[np.int64]:
    """Pairs of vertices of different components that lie on each other, as cloth on skin, and must move alike, (npair, 2)."""
    from scipy.spatial import KDTree

    whole = _components(len(points), edges)
    pairs = KDTree(points).query_pairs(reach, output_type="ndarray")
    parent = np.array(PARENT)
    a, b = label[pairs[:, 0]], label[pairs[:, 1]]
    kin = (a == b) | (parent[a] == b) | (parent[b] == a)
    alike = (normal[pairs[:, 0]] * normal[pairs[:, 1]]).sum(axis=1) > 0.4
    return pairs[(whole[pairs[:, 0]] != whole[pairs[:, 1]]) & kin & alike]


def skin_weights(
    points: Array,
    faces: npt.NDArray[np.int64],
    joints: Array,
    ends: dict[str, Array],
    height: float,
    heat: float = 0.6,
    hands: npt.NDArray[np.bool_] | None = None,
) -> Array:
    """Bone heat: each vertex is heated by its nearest bone, and heat spreads over the surface (Baran and Popovic 2007).

    Args:
        points: Welded vertices [m], (nvertex, 3).
        faces: (ntriangle, 3).
        joints: (19, 3) [m].
        ends: Tips of the last bones [m].
        height: Of the body [m].
        heat: How strongly bones heat.
        hands: Vertices known to be of hands, (nvertex,).

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
        if row == ROW["pelvis"]:
            # What hangs below the hips, skirts too, follows the thighs.
            d[points[:, 2] < min(joints[ROW["l_thigh"], 2], joints[ROW["r_thigh"], 2]) - 0.02 * height] = np.inf
        better = d - radius < signed[:, row]
        signed[better, row], distance[better, row] = (d - radius)[better], d[better]
    edges = edges_of(faces)
    label = _labels(points, edges, signed, joints, ends, height)
    if hands is not None:
        left = segment_distance(points, joints[ROW["l_hand"]], ends["l_fingers"])
        right = segment_distance(points, joints[ROW["r_hand"]], ends["r_fingers"])
        label[hands] = np.where(left < right, ROW["l_hand"], ROW["r_hand"])[hands]
    for row, a, b, _ in _segments(joints, ends, height):
        mine = (label == row) & np.isinf(distance[:, row])
        distance[mine, row] = segment_distance(points[mine], a, b)
    matrix, area = laplacian(points, faces)
    matrix = matrix + _coupling(_layers(points, normal, label, edges, 0.013 * height), len(points))
    near = np.maximum(distance[np.arange(len(points)), label], 0.006 * height)
    h = heat * area / near**2
    target = np.zeros((len(points), len(JOINTS)))
    target[np.arange(len(points)), label] = 1.0
    weights = splu((matrix + diags(h)).tocsc()).solve(h[:, None] * target)
    weights = np.maximum(weights, 0.0)
    weights /= weights.sum(axis=1, keepdims=True)
    _shoes(weights, points, edges, joints, ends, height)
    return weights


def _coupling(pairs: npt.NDArray[np.int64], n: int) -> Any:
    """Laplacian of loose pairs of vertices; many pairs of one vertex share its weight."""
    from scipy.sparse import coo_matrix, diags

    if not len(pairs):
        return coo_matrix((n, n))
    count = np.bincount(pairs.ravel(), minlength=n)
    value = 1.5 / np.maximum(count[pairs].max(axis=1), 1)
    w = coo_matrix(
        (
            np.concatenate([value, value]),
            (np.concatenate([pairs[:, 0], pairs[:, 1]]), np.concatenate([pairs[:, 1], pairs[:, 0]])),
        ),
        (n, n),
    ).tocsr()
    return diags(np.asarray(w.sum(axis=1)).ravel()) - w


def _shoes(
    weights: Array, points: Array, edges: npt.NDArray[np.int64], joints: Array, ends: dict[str, Array], height: float
) -> None:
    """Shoes and bare feet follow foot and toes alone, heels too, and bend at the ball; changes the weights.

    They are told from trousers' hems by components that belong to one leg and reach its toes.
    """
    whole = _components(len(points), edges)
    away = {}
    for s in "lr":
        knee, ankle, tip = joints[ROW[f"{s}_shin"]], joints[ROW[f"{s}_foot"]], ends[f"{s}_tip"]
        away[s] = np.minimum(segment_distance(points, ankle, tip), segment_distance(points, knee, ankle))
    for s, other in (("l", "r"), ("r", "l")):
        ankle, ball, tip = joints[ROW[f"{s}_foot"]], joints[ROW[f"{s}_toe"]], ends[f"{s}_tip"]
        up = joints[ROW[f"{s}_shin"]] - ankle
        up /= np.linalg.norm(up)
        mine = (np.bincount(whole, away[s] - away[other]) < 0)[whole]
        one_sided = (np.bincount(whole, np.where(mine, away[s] > away[other], 0)) < 0.1 * np.bincount(whole))[whole]
        nearest = np.full(whole.max() + 1, np.inf)
        np.minimum.at(nearest, whole, np.linalg.norm(points - tip, axis=1))
        reach = np.zeros(whole.max() + 1)
        np.maximum.at(reach, whole, segment_distance(points, ankle, tip))
        shoe = mine & (reach[whole] < 0.09 * height)
        bare = mine & one_sided & (nearest[whole] < 0.03 * height) & ~shoe
        below = np.clip(0.5 - (points - ankle) @ up / (0.024 * height), 0.0, 1.0)
        share = np.where(shoe, 1.0, np.where(bare, below, 0.0))[:, None]
        ahead = tip - ankle
        ahead = np.array([ahead[0], ahead[1], 0.0]) / np.hypot(ahead[0], ahead[1])
        toe = np.clip((points - ball) @ ahead / (0.036 * height) + 0.5, 0.0, 1.0)
        toe = toe * toe * (3 - 2 * toe)
        foot = np.zeros_like(weights)
        foot[:, ROW[f"{s}_foot"]], foot[:, ROW[f"{s}_toe"]] = 1.0 - toe, toe
        weights[:] = (1 - share) * weights + share * foot


def four(weights: Array) -> tuple[npt.NDArray[np.uint8], Array]:
    """The four strongest bones of each vertex and their weights, both (nvertex, 4)."""
    order = np.argsort(-weights, axis=1)[:, :4]
    top = np.take_along_axis(weights, order, axis=1)
    top[top < 0.02] = 0.0
    return order.astype(np.uint8), top / top.sum(axis=1, keepdims=True)
