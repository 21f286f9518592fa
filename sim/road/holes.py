"""Holes that the lanes of a junction leave between them, filled at the height of the surfaces around them."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from sim.road.clipping import subtract_all
from sim.road.faces import Faces, fan_quads
from sim.road.lanes import Cover
from sim.road.network import RoadNetwork

Floats = npt.NDArray[np.floating]
Ints = npt.NDArray[np.integer]

RASTER = 0.2
"""Cell of the raster that tells holes in a junction from the land around it [m]."""


def fill_holes(network: RoadNetwork, covers: Floats, faces: Faces) -> list[Floats]:
    """Adds asphalt to ``faces`` where a junction's lanes leave holes between them; returns the added polygons."""
    import cv2

    filled: list[Floats] = []
    lanes = {road.index for road in network.order if road.junction is not None}
    ids = np.array(sorted(lanes))
    if len(ids) == 0:
        return filled
    junctions = {road.junction for road in network.order if road.junction is not None}
    for name in sorted(junctions, key=str):
        mine = np.isin(faces.road // 4096, [r.index for r in network.order if r.junction == name])
        if not mine.any():
            continue
        low = faces.corners[mine, :, :2].min((0, 1)) - 1.0
        high = faces.corners[mine, :, :2].max((0, 1)) + 1.0
        near = (covers[:, :, :2].max(1) > low).all(1) & (covers[:, :, :2].min(1) < high).all(1)
        size = np.ceil((high - low) / RASTER).astype(int) + 1
        image = np.zeros((size[1], size[0]), np.uint8)
        for quad in covers[near]:
            cv2.fillConvexPoly(image, np.round((quad[:, :2] - low) / RASTER).astype(np.int32), 1)
        count, label = cv2.connectedComponents((image == 0).astype(np.uint8), connectivity=4)
        border = set(np.unique(np.concatenate([label[0], label[-1], label[:, 0], label[:, -1]])))
        holes = [i for i in range(1, count) if i not in border]
        for i in holes:
            y, x = np.nonzero(label == i)
            box = np.array([x.min() - 3, y.min() - 3, x.max() + 3, y.max() + 3]) * RASTER + np.tile(low, 2)
            filled += _hole_pieces(box, covers[near], label, i, low)
    if filled:
        quads = np.array([q for polygon in filled for q in fan_quads(list(map(tuple, polygon)))])
        kind, n = int(Cover.FILL), len(quads)
        road = np.full(n, int(ids[0]) * 4096)
        faces.add(Faces(quads, np.full(n, kind), np.full(n, kind), road, np.zeros(n), np.zeros((n, 3))))
    return filled


def _hole_pieces(box: Floats, covers: Floats, label: npt.NDArray, hole: int, low: Floats) -> list[Floats]:
    """Convex pieces of a hole, at the height of the surfaces around it."""
    x = np.linspace(box[0], box[2], max(2, math.ceil((box[2] - box[0]) / 3.0) + 1))
    y = np.linspace(box[1], box[3], max(2, math.ceil((box[3] - box[1]) / 3.0) + 1))
    gx, gy = np.meshgrid(x, y, indexing="ij")
    grid = np.stack([gx, gy, np.full_like(gx, covers[:, :, 2].mean())], -1)
    cells = np.stack([grid[:-1, :-1], grid[1:, :-1], grid[1:, 1:], grid[:-1, 1:]], 2).reshape(-1, 4, 3)
    left = subtract_all(cells, covers)
    out = []
    for row in range(len(cells)):
        for polygon in left.get(row, [[tuple(p) for p in cells[row].tolist()]]):
            p = np.array(polygon)
            at = np.round((p[:, :2].mean(0) - low) / RASTER).astype(int)
            if label[min(at[1], label.shape[0] - 1), min(at[0], label.shape[1] - 1)] == hole:
                out.append(meet_edges(p, covers))
    return out


def meet_edges(points: Floats, covers: Floats) -> Floats:
    """Points with z taken from the edge of a cover they lie on; other points take a mean of the covers' corners by distance."""
    z, found = edge_heights(points, covers)
    rest = ~found
    if rest.any():
        corners = covers.reshape(-1, 3)
        d2 = ((points[rest, None, :2] - corners[None, :, :2]) ** 2).sum(2)
        weight = 1.0 / (d2 + 0.01) ** 2
        z[rest] = (weight * corners[:, 2]).sum(1) / weight.sum(1)
    out = points.copy()
    out[:, 2] = z
    return out


def edge_heights(points: Floats, covers: Floats, reach: float = 2e-3) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Height of the highest cover edge within ``reach`` of each point, and whether there is one."""
    a = covers.reshape(-1, 3)
    b = np.roll(covers, -1, 1).reshape(-1, 3)
    d = b[:, :2] - a[:, :2]
    length2 = np.maximum((d**2).sum(1), 1e-12)
    z = points[:, 2].copy()
    found = np.zeros(len(points), bool)
    for start in range(0, len(points), 256):
        p = points[start : start + 256]
        low, high = p[:, :2].min(0) - reach, p[:, :2].max(0) + reach
        near = np.flatnonzero((np.maximum(a, b)[:, :2] >= low).all(1) & (np.minimum(a, b)[:, :2] <= high).all(1))
        if len(near) == 0:
            continue
        f = np.clip(((p[:, None, :2] - a[None, near, :2]) * d[near]).sum(2) / length2[near], 0.0, 1.0)
        away = np.linalg.norm(p[:, None, :2] - a[None, near, :2] - f[..., None] * d[near], axis=2)
        height = np.where(away < reach, a[near, 2] + f * (b[near, 2] - a[near, 2]), -np.inf)
        best = height.max(1)
        ok = np.isfinite(best)
        z[start : start + 256][ok] = best[ok]
        found[start : start + 256] = ok
    return z, found
