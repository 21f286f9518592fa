"""Where things may stand: a raster of what is taken, and walks along the roads' edges."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sim.road.lanes import Cover, Edge
from sim.road.mesh import CARRIAGEWAY, RoadPlan

Floats = npt.NDArray[np.floating]

CARRIAGE, WALK, SOFT, BUILT, TAKEN = 1, 2, 4, 8, 16
"""Bits of the raster: lanes and shoulders; sidewalks; grass of the road; buildings; furniture and trees."""


class Occupancy:
    """A raster over the land near the roads; everything outside it is free.

    Args:
        surface: The roads.
        low: Lower corner [m], (2,).
        high: Upper corner [m], (2,).
    """

    def __init__(self, surface: RoadPlan, low: Floats, high: Floats) -> None:
        import cv2

        self.low = np.asarray(low, float)
        span = float(np.max(np.asarray(high) - self.low))
        self.cell = 0.25 if span < 900.0 else 0.5 if span < 2500.0 else 1.0
        size = np.ceil((np.asarray(high) - self.low) / self.cell).astype(int) + 1
        self.image = np.zeros((size[1], size[0]), np.uint8)
        road = np.isin(surface.cover_kind, [int(c) for c in CARRIAGEWAY])
        walk = np.isin(surface.cover_kind, [int(Cover.SIDEWALK), int(Cover.KERB)])
        pixels = np.round((surface.covers[:, :, :2] - self.low) / self.cell).astype(np.int32)
        for bit, rows in ((SOFT, ~road & ~walk), (WALK, walk), (CARRIAGE, road)):
            mask = np.zeros_like(self.image)
            for quad in pixels[rows]:
                cv2.fillConvexPoly(mask, quad, bit)
            self.image |= mask
        for polygon in surface.holes:
            self.claim(polygon[:, :2], CARRIAGE)

    def _pixels(self, polygon: Floats) -> tuple[npt.NDArray[np.int32], int, int, int, int]:
        """A polygon in pixels, and the part of the raster about it: first and last column, first and last line."""
        pixels = np.round((np.asarray(polygon, float)[:, :2] - self.low) / self.cell).astype(np.int32)
        x, y = pixels.T.tolist()
        lines, columns = self.image.shape
        return pixels, max(min(x), 0), min(max(x) + 1, columns), max(min(y), 0), min(max(y) + 1, lines)

    def claim(self, polygon: Floats, bit: int) -> None:
        """Marks a convex polygon (n, 2)."""
        import cv2

        pixels, x0, x1, y0, y1 = self._pixels(polygon)
        if x1 <= x0 or y1 <= y0:
            return
        patch = np.zeros((y1 - y0, x1 - x0), np.uint8)
        cv2.fillConvexPoly(patch, pixels - np.array([x0, y0], np.int32), bit)
        self.image[y0:y1, x0:x1] |= patch

    def touches(self, polygon: Floats, bits: int) -> bool:
        """Whether anything of the given bits lies in a convex polygon (n, 2), its rim included."""
        import cv2

        pixels, x0, x1, y0, y1 = self._pixels(polygon)
        if x1 <= x0 or y1 <= y0:
            return False
        patch = np.zeros((y1 - y0, x1 - x0), np.uint8)
        cv2.fillConvexPoly(patch, pixels - np.array([x0, y0], np.int32), 1)
        return bool(((self.image[y0:y1, x0:x1] & bits) * patch).any())

    def free(self, points: Floats, radius: float, bits: int) -> npt.NDArray[np.bool_]:
        """Whether discs about points (n, 2) are clear of the given bits."""
        points = np.asarray(points, float).reshape(-1, 2)
        out = np.ones(len(points), bool)
        reach = int(np.ceil(radius / self.cell))
        dy, dx = np.mgrid[-reach : reach + 1, -reach : reach + 1]
        near = dx**2 + dy**2 <= (radius / self.cell + 0.71) ** 2
        dx, dy = dx[near], dy[near]
        centre = np.round((points - self.low) / self.cell).astype(int)
        for start in range(0, len(points), 4096):
            x = np.clip(centre[start : start + 4096, None, 0] + dx, 0, self.image.shape[1] - 1)
            y = np.clip(centre[start : start + 4096, None, 1] + dy, 0, self.image.shape[0] - 1)
            out[start : start + 4096] = ~((self.image[y, x] & bits) != 0).any(1)
        return out

    def claim_discs(self, points: Floats, radius: float, bit: int = TAKEN) -> None:
        """Marks discs about points (n, 2)."""
        angle = np.arange(8) * (np.pi / 4)
        ring = np.stack([np.cos(angle), np.sin(angle)], 1) * radius
        for p in np.asarray(points, float).reshape(-1, 2):
            self.claim(p + ring, bit)


@dataclass
class Walk:
    """A road's edge as a line to place things along."""

    edge: Edge
    length: float
    _s: Floats

    def at(self, s: npt.ArrayLike, offset: npt.ArrayLike = 0.0) -> tuple[Floats, Floats, Floats]:
        """Points (n, 3), outward (n, 3) and along (n, 3) vectors at distances along the edge, ``offset`` outwards."""
        s = np.atleast_1d(np.asarray(s, float))
        points = np.stack([np.interp(s, self._s, self.edge.points[:, k]) for k in range(3)], 1)
        outward = np.stack([np.interp(s, self._s, self.edge.outward[:, k]) for k in range(3)], 1)
        outward /= np.maximum(np.linalg.norm(outward, axis=1, keepdims=True), 1e-9)
        along = np.stack([np.interp(s, self._s, self.edge.along[:, k]) for k in range(3)], 1)
        along /= np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-9)
        return points + outward * np.broadcast_to(offset, len(s))[:, None], outward, along


def walks(edges: list[Edge], window: tuple[float, float, float, float], roads: set[int]) -> Iterator[Walk]:
    """The edges of some roads, consecutive sections joined, cut to a window x0, y0, x1, y1."""
    groups: dict[tuple[int, int], list[Edge]] = {}
    for edge in edges:
        if edge.road in roads:
            groups.setdefault((edge.road, edge.side), []).append(edge)
    for (road, side), parts in sorted(groups.items()):
        parts.sort(key=lambda e: e.s[0])
        joined = Edge(
            road, side, np.concatenate([e.s for e in parts]), np.concatenate([e.points for e in parts]),
            np.concatenate([e.outward for e in parts]), np.concatenate([e.along for e in parts]), any(e.walkable for e in parts),
        )  # fmt: skip
        inside = _inside(joined.points, window)
        if inside.sum() < 2:
            continue
        first, last = np.flatnonzero(inside)[[0, -1]]
        first, last = max(0, first - 1), min(len(inside) - 1, last + 1)
        cut = slice(first, last + 1)
        joined.s, joined.points = joined.s[cut], joined.points[cut]
        joined.outward, joined.along = joined.outward[cut], joined.along[cut]
        step = np.linalg.norm(np.diff(joined.points, axis=0), axis=1)
        s = np.concatenate([[0.0], np.cumsum(step)])
        if s[-1] > 1.0:
            yield Walk(joined, float(s[-1]), s)


def _inside(points: Floats, window: tuple[float, float, float, float]) -> npt.NDArray[np.bool_]:
    x0, y0, x1, y1 = window
    return (points[:, 0] >= x0) & (points[:, 0] <= x1) & (points[:, 1] >= y0) & (points[:, 1] <= y1)
