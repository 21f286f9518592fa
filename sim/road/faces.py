"""The road's surface while it is cut: convex quads with what covers them and whose they are."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np
import numpy.typing as npt

from sim.road.lanes import Strip

Floats = npt.NDArray[np.floating]
Ints = npt.NDArray[np.integer]


@dataclass
class Faces:
    """Convex quads under construction; a triangle repeats its last corner."""

    corners: Floats
    """Counter-clockwise, (n, 4, 3) [m]."""
    cover: Ints
    """What is seen, as `sim.road.lanes.Strip.cover`, (n,)."""
    base: Ints
    """`sim.road.lanes.Cover` of the strip it was cut from, (n,)."""
    road: Ints
    """Road's index times 4096, plus the lane's id modulo 4096, (n,)."""
    height: Floats
    """Above the road's surface (kerbs) [m], (n,)."""
    across: Floats
    """a, b, c: a x + b y + c is the distance of a point from the middle of its lane, left positive [m], (n, 3)."""

    def rows(self, which: Ints | npt.NDArray[np.bool_]) -> Faces:
        """Some of the faces."""
        return Faces(*(getattr(self, f.name)[which] for f in fields(self)))

    def add(self, more: Faces) -> None:
        """Put further faces behind these."""
        for f in fields(self):
            setattr(self, f.name, np.concatenate([getattr(self, f.name), getattr(more, f.name)]))


def strip_faces(strips: list[Strip]) -> Faces:
    """The quads of all strips, sound ones only."""
    corners, cover, base, road, height, across = [], [], [], [], [], []
    for strip in strips:
        p = strip.points
        quads = np.stack([p[:-1, :-1], p[1:, :-1], p[1:, 1:], p[:-1, 1:]], 2).reshape(-1, 4, 3)
        corners.append(quads)
        cover.append(strip.cover.ravel())
        base.append(np.full(len(quads), int(strip.base)))
        road.append(np.full(len(quads), strip.road * 4096 + strip.lane % 4096))
        height.append(np.full(len(quads), strip.height))
        across.append(_lane_offsets(p, quads))
    return _sound(Faces(*(np.concatenate(x) for x in (corners, cover, base, road, height, across))))


def _lane_offsets(points: Floats, quads: Floats) -> Floats:
    """`Faces.across` of the quads of a strip whose columns run from its right edge to its left."""
    reach = np.linalg.norm(points[..., :2] - points[:, :1, :2], axis=2)
    offset = reach - 0.5 * reach[:, -1:]
    o0, o1, o3 = (x.ravel() for x in (offset[:-1, :-1], offset[1:, :-1], offset[:-1, 1:]))
    p0 = quads[:, 0, :2]
    ahead, left = quads[:, 1, :2] - p0, quads[:, 3, :2] - p0
    size = ahead[:, 0] * left[:, 1] - ahead[:, 1] * left[:, 0]
    size = np.where(np.abs(size) < 1e-6, np.inf, size)
    a = ((o1 - o0) * left[:, 1] - (o3 - o0) * ahead[:, 1]) / size
    b = ((o3 - o0) * ahead[:, 0] - (o1 - o0) * left[:, 0]) / size
    return np.stack([a, b, o0 - a * p0[:, 0] - b * p0[:, 1]], 1)


def _sound(faces: Faces) -> Faces:
    """Drops empty and folded quads; those with one bad corner become a triangle."""
    q = faces.corners
    edge = np.roll(q[:, :, :2], -1, 1) - q[:, :, :2]
    following = np.roll(edge, -1, 1)
    turn = np.roll(edge[..., 0] * following[..., 1] - edge[..., 1] * following[..., 0], 1, 1)
    diagonal = q[:, 2, :2] - q[:, 0, :2], q[:, 3, :2] - q[:, 1, :2]
    size = (diagonal[0][:, 0] * diagonal[1][:, 1] - diagonal[0][:, 1] * diagonal[1][:, 0]) / 2
    bad = turn < -1e-7
    one = bad.sum(1) == 1
    q = q.copy()
    for row in np.flatnonzero(one & (size > 1e-6)):
        at = (int(np.argmax(bad[row])) + 2) % 4
        ring = [q[row, (at + i) % 4] for i in range(4) if i != 2]
        q[row] = [*ring, ring[-1]]
    keep = (size > 1e-6) & (bad.sum(1) < 2)
    return replace(faces, corners=q).rows(keep)


def cover_quads(strips: list[Strip]) -> tuple[Floats, Ints, Ints]:
    """Coarse convex quads over all strips, their kind and road."""
    quads, kinds, roads = [], [], []
    for strip in strips:
        o = strip.outline
        q = np.stack([o[:-1, 0], o[1:, 0], o[1:, 1], o[:-1, 1]], 1)
        quads.append(q)
        kinds.append(np.full(len(q), int(strip.base)))
        roads.append(np.full(len(q), strip.road * 4096 + strip.lane % 4096))
    faces = _sound(
        Faces(
            np.concatenate(quads),
            np.concatenate(kinds),
            np.concatenate(kinds),
            np.concatenate(roads),
            np.zeros(sum(map(len, quads))),
            np.zeros((sum(map(len, quads)), 3)),
        )
    )
    return faces.corners, faces.cover, faces.road


def replace_rows(faces: Faces, pieces: dict[int, list]) -> Faces:
    """Faces with some rows replaced by polygons."""
    if not pieces:
        return faces
    rows = np.array(sorted(pieces))
    keep = np.ones(len(faces.corners), bool)
    keep[rows] = False
    quads, source = [], []
    for row in rows:
        for polygon in pieces[int(row)]:
            fan = fan_quads(polygon)
            quads += fan
            source += [row] * len(fan)
    if not quads:
        return faces.rows(keep)
    index = np.array(source, int)
    return Faces(
        np.concatenate([faces.corners[keep], np.array(quads, float)]),
        np.concatenate([faces.cover[keep], faces.cover[index]]),
        np.concatenate([faces.base[keep], faces.base[index]]),
        np.concatenate([faces.road[keep], faces.road[index]]),
        np.concatenate([faces.height[keep], faces.height[index]]),
        np.concatenate([faces.across[keep], faces.across[index]]),
    )


def fan_quads(polygon: list) -> list[list]:
    """A convex polygon as quads and at most one triangle (last corner repeated)."""
    out = []
    n = len(polygon)
    i = 1
    while i < n - 1:
        if i + 2 < n:
            out.append([polygon[0], polygon[i], polygon[i + 1], polygon[i + 2]])
            i += 2
        else:
            out.append([polygon[0], polygon[i], polygon[i + 1], polygon[i + 1]])
            i += 1
    return out


def open_edges(corners: Floats) -> tuple[Floats, Floats, Ints]:
    """Start, end and owner of every edge of quads (n, 4, 3) that no other quad shares in the opposite direction."""
    start, end = corners.reshape(-1, 3), np.roll(corners, -1, 1).reshape(-1, 3)
    owner = np.repeat(np.arange(len(corners)), 4)
    real = np.abs(start - end).sum(1) > 1e-6
    start, end, owner = start[real], end[real], owner[real]
    hashing = np.array([73856093, 19349663, 83492791])
    key_a, key_b = (np.round(x * 500.0).astype(np.int64) @ hashing for x in (start, end))
    loose = ~np.isin(key_a * 1_000_003 + key_b, key_b * 1_000_003 + key_a)
    return start[loose], end[loose], owner[loose]
