"""Triangle soup to meshes: components, cuts, creases, decimation, primitives."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from sh3f import Look, Soup

from sim.render.mesh import Material, MeshData, Semantic

CREASE = math.cos(math.radians(50.0))
"""Normals are smoothed over edges flatter than 50 degrees."""


def welded(corners: npt.NDArray[np.float64], tolerance: float = 2e-4) -> npt.NDArray[np.int64]:
    """Vertex ids of all corners, equal where positions agree, (ntriangle, 3)."""
    key = np.round(corners.reshape(-1, 3) / tolerance).astype(np.int64)
    _, inverse = np.unique(key, axis=0, return_inverse=True)
    return inverse.reshape(-1, 3)


def components(corners: npt.NDArray[np.float64], tolerance: float = 2e-4) -> npt.NDArray[np.int64]:
    """Connected component of each triangle (joined by shared vertices), (ntriangle,)."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    index = welded(corners, tolerance)
    n = int(index.max()) + 1
    rows = np.concatenate([index[:, 0], index[:, 1]])
    cols = np.concatenate([index[:, 1], index[:, 2]])
    _, label = connected_components(coo_matrix((np.ones(len(rows)), (rows, cols)), (n, n)), directed=False)
    return label[index[:, 0]]


def face_normals(corners: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Normals times twice the area, (ntriangle, 3)."""
    return np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])


def crease_normals(corners: npt.NDArray[np.float64], crease: float = CREASE) -> npt.NDArray[np.float64]:
    """Smooth corner normals, area weighted, broken at creases, (ntriangle, 3, 3).

    Sources often wind faces at random; neighbours are therefore compared up to sign.
    """
    weighted = face_normals(corners)
    unit = weighted / np.maximum(np.linalg.norm(weighted, axis=1, keepdims=True), 1e-20)
    group = welded(corners).ravel()
    order = np.argsort(group, kind="stable")
    sorted_group = group[order]
    face = order // 3
    total = weighted[face].copy()
    valence = int(np.bincount(sorted_group).max())
    for k in range(1, min(valence, 48)):
        same = np.flatnonzero(sorted_group[k:] == sorted_group[:-k])
        if not len(same):
            break
        i, j = same + k, same
        cosine = (unit[face[i]] * unit[face[j]]).sum(axis=1)
        close = np.abs(cosine) > crease
        i, j, sign = i[close], j[close], np.sign(cosine[close])[:, None]
        np.add.at(total, i, weighted[face[j]] * sign)
        np.add.at(total, j, weighted[face[i]] * sign)
    none = np.linalg.norm(total, axis=1) < 1e-3 * np.linalg.norm(weighted[face], axis=1)
    total[none] = weighted[face][none]
    out = np.empty_like(total)
    out[order] = total
    out /= np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-20)
    return out.reshape(-1, 3, 3)


def cut(soup: Soup, value: npt.NDArray[np.float64], where: npt.NDArray[np.bool_] | None = None) -> Soup:
    """Split triangles along the zero line of a value that is linear over each.

    Args:
        soup: The model.
        value: At each corner, (ntriangle, 3).
        where: Triangles that may be split; None: all.
    """
    where = np.ones(len(soup), bool) if where is None else where
    crossing = where & (value.min(axis=1) < -1e-6) & (value.max(axis=1) > 1e-6)
    pieces = [soup.pick(~crossing)]
    part = soup.pick(crossing)
    v = value[crossing]
    # Rotate corners so that corner 0 is alone on its side.
    positive = v > 0
    alone = np.where(positive.sum(axis=1) == 1, positive.argmax(axis=1), (~positive).argmax(axis=1))
    turn = (alone[:, None] + np.arange(3)) % 3
    rows = np.arange(len(v))[:, None]
    c, t, v = part.corners[rows, turn], part.uvs[rows, turn], v[rows, turn]
    f1 = (v[:, 0] / (v[:, 0] - v[:, 1]))[:, None]
    f2 = (v[:, 0] / (v[:, 0] - v[:, 2]))[:, None]
    c1, c2 = c[:, 0] + f1 * (c[:, 1] - c[:, 0]), c[:, 0] + f2 * (c[:, 2] - c[:, 0])
    t1, t2 = t[:, 0] + f1 * (t[:, 1] - t[:, 0]), t[:, 0] + f2 * (t[:, 2] - t[:, 0])
    for corners, uvs in (
        ((c[:, 0], c1, c2), (t[:, 0], t1, t2)),
        ((c1, c[:, 1], c[:, 2]), (t1, t[:, 1], t[:, 2])),
        ((c1, c[:, 2], c2), (t1, t[:, 2], t2)),
    ):
        piece = part.pick(np.ones(len(part), bool))
        piece.corners, piece.uvs = np.stack(corners, 1), np.stack(uvs, 1)
        pieces.append(piece)
    return join(pieces)


def join(soups: list[Soup]) -> Soup:
    """Pieces that share looks and groups, in one soup."""
    first = soups[0]
    return Soup(
        np.concatenate([s.corners for s in soups]),
        np.concatenate([s.uvs for s in soups]),
        np.concatenate([s.look for s in soups]),
        np.concatenate([s.group for s in soups]),
        first.looks,
        first.groups,
        first.credit,
    )


def add_look(soup: Soup, name: str, mask: npt.NDArray[np.bool_], texture_of: str | None = None) -> None:
    """Give triangles a look of a new name, with the texture of another."""
    texture = next((look.texture for look in soup.looks if look.name == texture_of), None)
    names = [look.name for look in soup.looks]
    if name not in names:
        soup.looks = [*soup.looks, Look(name, texture=texture)]
        names.append(name)
    soup.look = np.where(mask, names.index(name), soup.look).astype(np.int32)


def to_mesh(
    soup: Soup, materials: list[Material], semantic: Semantic, crease: float = CREASE, normals: np.ndarray | None = None
) -> MeshData:
    """Indexed mesh; ``materials`` go with ``soup.looks`` one to one."""
    solid = np.linalg.norm(face_normals(soup.corners), axis=1) > 1e-9
    if not solid.all():
        soup = soup.pick(solid)
        normals = normals[solid] if normals is not None else None
    normals = crease_normals(soup.corners, crease) if normals is None else normals
    rows = np.concatenate(
        [
            np.round(soup.corners.reshape(-1, 3), 5),
            np.round(normals.reshape(-1, 3), 2),
            np.round(soup.uvs.reshape(-1, 2), 5),
        ],
        axis=1,
    )
    _, first, inverse = np.unique(rows, axis=0, return_index=True, return_inverse=True)
    triangles = inverse.reshape(-1, 3)
    real = (
        (triangles[:, 0] != triangles[:, 1])
        & (triangles[:, 1] != triangles[:, 2])
        & (triangles[:, 0] != triangles[:, 2])
    )
    return MeshData(
        vertices=soup.corners.reshape(-1, 3)[first].astype(np.float32),
        triangles=triangles[real].astype(np.int32),
        normals=normals.reshape(-1, 3)[first].astype(np.float32),
        uvs=soup.uvs.reshape(-1, 2)[first].astype(np.float32),
        material=soup.look[real].astype(np.int32),
        semantic=np.full(int(real.sum()), int(semantic), np.uint8),
        materials=materials,
    )


def decimate(soup: Soup, where: npt.NDArray[np.bool_], keep: float, haste: int = 7) -> Soup:
    """Thin out untextured triangles by quadric collapse (fast-simplification), look by look and group by group.

    Args:
        soup: The model.
        where: Triangles to thin out.
        keep: Share of triangles left.
        haste: 0..10: how soon the collapse accepts errors; thin branches need 3.
    """
    import fast_simplification

    pieces = [soup.pick(~where)]
    for look in np.unique(soup.look[where]):
        for group in np.unique(soup.group[where & (soup.look == look)]):
            part = soup.pick(where & (soup.look == look) & (soup.group == group))
            index = welded(part.corners)
            points = np.zeros((int(index.max()) + 1, 3))
            points[index.ravel()] = part.corners.reshape(-1, 3)
            if len(part) < 60:
                pieces.append(part)
                continue
            points, faces = fast_simplification.simplify(
                points.astype(np.float32), index.astype(np.int32), 1.0 - keep, agg=haste
            )
            thin = part.pick(np.zeros(len(faces), np.int64))
            thin.corners = points[faces].astype(np.float64)
            thin.uvs = np.zeros((len(faces), 3, 2))
            pieces.append(thin)
    return join(pieces)


def grid_faces(points: npt.NDArray[np.float64], closed: bool = True) -> npt.NDArray[np.float64]:
    """Triangles between successive rings of points, (nring, nside, 3) -> (ntriangle, 3, 3)."""
    nxt = np.roll(points, -1, axis=1) if closed else points[:, 1:]
    here = points if closed else points[:, :-1]
    a, b, c, d = here[:-1], nxt[:-1], nxt[1:], here[1:]
    quads = [np.stack([a, b, c], 2), np.stack([a, c, d], 2)]
    return np.concatenate([q.reshape(-1, 3, 3) for q in quads])


def outward(faces: npt.NDArray[np.float64], center: tuple[float, float, float]) -> npt.NDArray[np.float64]:
    """Triangles (..., 3, 3) turned so that they look away from a point, (n, 3, 3)."""
    faces = faces.reshape(-1, 3, 3)
    away = ((faces.mean(axis=1) - center) * face_normals(faces)).sum(axis=1)
    return np.where(away[:, None, None] < 0, faces[:, ::-1], faces)


def lathe(profile: list[tuple[float, float]], sides: int = 24) -> npt.NDArray[np.float64]:
    """Surface of revolution about z of a profile of (radius, height), bottom first; triangles (n, 3, 3)."""
    angle = np.arange(sides) * (2 * math.pi / sides)
    rings = [np.stack([r * np.cos(angle), r * np.sin(angle), np.full(sides, z)], 1) for r, z in profile]
    faces = grid_faces(np.array(rings))
    return faces[np.linalg.norm(face_normals(faces), axis=1) > 1e-12]


def box(lower: tuple[float, float, float], upper: tuple[float, float, float]) -> npt.NDArray[np.float64]:
    """Twelve triangles of a box, (12, 3, 3)."""
    lo, hi = np.array(lower), np.array(upper)
    corner = np.array([[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1)]) * (hi - lo) + lo
    quads = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
    return np.array([corner[[q[0], q[i], q[i + 1]]] for q in quads for i in (1, 2)])


def tube(
    path: npt.NDArray[np.float64], radius: npt.NDArray[np.float64] | float, sides: int = 10
) -> npt.NDArray[np.float64]:
    """A round tube along a path of points (n, 3), open ends closed by fans; triangles (m, 3, 3)."""
    path = np.asarray(path, float)
    radius = np.broadcast_to(np.asarray(radius, float), (len(path),))
    tangent = np.gradient(path, axis=0)
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
    side = np.cross(tangent, [0.0, 0.0, 1.0])
    flat = np.linalg.norm(side, axis=1) < 1e-3
    side[flat] = np.cross(tangent[flat], [1.0, 0.0, 0.0])
    side /= np.linalg.norm(side, axis=1, keepdims=True)
    up = np.cross(side, tangent)
    angle = np.arange(sides) * (2 * math.pi / sides)
    ring = np.cos(angle)[None, :, None] * side[:, None] + np.sin(angle)[None, :, None] * up[:, None]
    rings = path[:, None] + ring * radius[:, None, None]
    rings = np.concatenate([path[:1, None].repeat(sides, 1), rings, path[-1:, None].repeat(sides, 1)])
    faces = grid_faces(rings)[:, ::-1]
    return faces[np.linalg.norm(face_normals(faces), axis=1) > 1e-12]
