"""The land around the roads: gentle hills that meet every road edge, and a far skirt up to the horizon."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from sim.render.mesh import Material, Semantic, Surface
from sim.road.clipping import subtract_all
from sim.road.faces import fan_quads, open_edges
from sim.road.holes import edge_heights
from sim.road.mesh import RoadPlan, RoadSurface
from sim.scenery.land import PIXEL, Relief, nearest_edges
from sim.scenery.parts import MeshBuilder

Floats = npt.NDArray[np.floating]
Ints = npt.NDArray[np.integer]

COARSE = 32.0
"""Cell of the land away from roads [m]."""
FINE = 8.0
"""Cell beside roads [m]."""
NEAR = 40.0
"""How far from the road's surface cells are fine [m]."""
REACH = 400.0
"""Extent of the land around the roads in use [m]."""
EDGE = 2e-3
"""How near the edge of a cell points lie in both [m]."""
LOOKUP = 6.0
"""Cell of the grid that finds the faces under a point [m]."""

GRASS = Material("meadow", (0.072, 0.105, 0.03), 0.95, surface=Surface.GRASS)
LAND = (
    GRASS,
    Material("field, green", (0.06, 0.1, 0.022), 0.95, surface=Surface.GRASS),
    Material("field, ripe", (0.24, 0.17, 0.06), 0.95, surface=Surface.GRASS),
    Material("field, ploughed", (0.11, 0.075, 0.045), 0.95, surface=Surface.SOIL),
    Material("forest floor", (0.07, 0.055, 0.028), 0.95, surface=Surface.SOIL),
    Material("yard", (0.2, 0.19, 0.175), 0.9, surface=Surface.CONCRETE),
)
"""Kinds of ground by row."""


@dataclass
class Ground:
    """The land, and where everything stands on it."""

    relief: Relief
    low: Floats
    """Corner of the detailed land [m], (2,)."""
    high: Floats
    faces: Floats
    """Convex quads of road surface and near land, (n, 4, 3); a triangle repeats its last corner."""

    @cached_property
    def _index(self) -> tuple[Floats, Ints, Ints, Ints]:
        """Lower corner, size in cells, first entry of each cell, and the faces that touch the cells."""
        low = self.faces[:, :, :2].min((0, 1)) - 0.01
        first = ((self.faces[:, :, :2].min(1) - 1e-3 - low) // LOOKUP).astype(np.int64)
        last = ((self.faces[:, :, :2].max(1) + 1e-3 - low) // LOOKUP).astype(np.int64)
        size = last.max(0) + 1
        span = last - first + 1
        count = span[:, 0] * span[:, 1]
        face = np.repeat(np.arange(len(first)), count)
        k = np.arange(len(face)) - np.repeat(np.cumsum(count) - count, count)
        cell = (first[face, 0] + k % span[face, 0]) * size[1] + first[face, 1] + k // span[face, 0]
        order = np.argsort(cell, kind="stable")
        return low, size, np.searchsorted(cell[order], np.arange(size[0] * size[1] + 1)), face[order]

    def _candidates(self, points: Floats) -> tuple[Ints, Ints]:
        """Pairs of a point and a face that may hold it."""
        low, size, start, face = self._index
        cell = ((points - low) // LOOKUP).astype(np.int64)
        inside = np.flatnonzero(((cell >= 0) & (cell < size)).all(1))
        key = cell[inside, 0] * size[1] + cell[inside, 1]
        count = start[key + 1] - start[key]
        k = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
        return np.repeat(inside, count), face[np.repeat(start[key], count) + k]

    def drawn(self, points: Floats) -> Floats:
        """`height`; `LevelGround` tells both apart."""
        return self.height(points)

    def height(self, points: Floats) -> Floats:
        """Height of the ground at points (n, 2): of the highest face there, else of the relief."""
        points = np.asarray(points, float).reshape(-1, 2)
        z = self.relief(points[:, 0], points[:, 1])
        a, b = self._candidates(points)
        best = np.full(len(points), -np.inf)
        for corners in ((0, 1, 2), (0, 2, 3)):
            tri = self.faces[b][:, corners]
            p, q, r = tri[:, 0], tri[:, 1], tri[:, 2]
            det = (q[:, 0] - p[:, 0]) * (r[:, 1] - p[:, 1]) - (q[:, 1] - p[:, 1]) * (r[:, 0] - p[:, 0])
            dx, dy = points[a, 0] - p[:, 0], points[a, 1] - p[:, 1]
            safe = np.where(np.abs(det) > 1e-9, det, 1.0)
            u = (dx * (r[:, 1] - p[:, 1]) - dy * (r[:, 0] - p[:, 0])) / safe
            v = ((q[:, 0] - p[:, 0]) * dy - (q[:, 1] - p[:, 1]) * dx) / safe
            ok = (np.abs(det) > 1e-9) & (u > -1e-4) & (v > -1e-4) & (u + v < 1 + 2e-4)
            height = p[:, 2] + u * (q[:, 2] - p[:, 2]) + v * (r[:, 2] - p[:, 2])
            np.maximum.at(best, a[ok], height[ok])
        return np.where(np.isfinite(best), best, z)


class LevelGround:
    """The land as bodies find it: beside the road as high as that, without hills.

    Args:
        surface: The roads.
        window: x0, y0, x1, y1 of the roads in use [m].
        setting: Key of `HILLS`.
        rng: Draws the hills.
    """

    def __init__(
        self, surface: RoadPlan, window: tuple[float, float, float, float], setting: str, rng: np.random.Generator
    ) -> None:
        self._surface, self._setting, self._rng = surface, setting, rng
        self._low, self._high = _extent(window)
        _, self._height = nearest_edges(surface, self._low, self._high)

    def height(self, points: Floats) -> Floats:
        """Height of the ground at points (n, 2) [m]."""
        cell = np.round((np.asarray(points, float).reshape(-1, 2) - self._low) / PIXEL).astype(int)
        cell = np.clip(cell, 0, np.array(self._height.shape[::-1]) - 1)
        return self._height[cell[:, 1], cell[:, 0]].astype(float)

    @cached_property
    def _relief(self) -> Relief:
        return Relief(self._surface, self._low, self._high, self._setting, self._rng)

    def drawn(self, points: Floats) -> Floats:
        """Height of the land that is drawn at points (n, 2) beside the road [m]: `Ground.height`, of the cells about them alone."""
        points = np.asarray(points, float).reshape(-1, 2)
        around = np.array([(-EDGE, -EDGE), (EDGE, -EDGE), (-EDGE, EDGE), (EDGE, EDGE)])
        cells = np.unique(np.floor((points[:, None] + around) / FINE).reshape(-1, 2), axis=0)
        corners = (cells[:, None] + [[0, 0], [1, 0], [1, 1], [0, 1]]) * FINE
        z = self._relief(corners[..., 0].ravel(), corners[..., 1].ravel()).reshape(-1, 4)
        faces, _ = _fit(np.concatenate([corners, z[..., None]], 2), self._surface.covers, self._relief, self._setting)
        faces = np.concatenate([faces, self._surface.covers])
        return Ground(self._relief, self._low, self._high, faces).height(points)


def _extent(window: tuple[float, float, float, float]) -> tuple[Floats, Floats]:
    """Lower and upper corner of the detailed land about roads in a window [m]."""
    low = np.floor((np.array(window[:2]) - REACH) / COARSE) * COARSE
    return low, np.ceil((np.array(window[2:]) + REACH) / COARSE) * COARSE


def build_ground(
    builder: MeshBuilder,
    surface: RoadSurface,
    window: tuple[float, float, float, float],
    setting: str,
    rng: np.random.Generator,
) -> Ground:
    """Adds the land to ``builder``.

    Args:
        builder: Receives the triangles.
        surface: The roads.
        window: x0, y0, x1, y1 of the roads in use [m]; the land reaches `REACH` beyond.
        setting: Key of `HILLS`.
        rng: Draws the hills.
    """
    low, high = _extent(window)
    relief = Relief(surface, low, high, setting, rng)
    n = np.round((high - low) / COARSE).astype(int)
    near = _near_cells(surface.covers, low, n)
    fine = _fine_cells(near, low, relief)
    corners, kind = _fit(fine, surface.covers, relief, setting)
    _emit_near(builder, corners, kind)
    fields = _Fields(rng, setting)
    _emit_coarse(builder, near, low, n, relief, fields)
    _emit_skirt(builder, low, high, n, relief, fields)
    quads = np.concatenate([corners, _mesh_faces(surface)])
    return Ground(relief, low, high, quads)


def _mesh_faces(surface: RoadSurface) -> Floats:
    """The road's level triangles as degenerate quads, for height look-ups."""
    tri = surface.mesh.vertices[surface.mesh.triangles].astype(float)
    up = np.cross(tri[:, 1] - tri[:, 0], tri[:, 2] - tri[:, 0])
    tri = tri[up[:, 2] > 1e-7]
    return np.concatenate([tri, tri[:, 2:]], 1)


def _near_cells(covers: Floats, low: Floats, n: Ints) -> npt.NDArray[np.bool_]:
    """Coarse cells that are split into fine ones, (nx, ny)."""
    near = np.zeros((n[0], n[1]), bool)
    first = np.clip(((covers[:, :, :2].min(1) - NEAR - low) // COARSE).astype(int), 0, n - 1)
    last = np.clip(((covers[:, :, :2].max(1) + NEAR - low) // COARSE).astype(int), 0, n - 1)
    for (i0, j0), (i1, j1) in np.unique(np.stack([first, last], 1), axis=0):
        near[i0 : i1 + 1, j0 : j1 + 1] = True
    return near


def _fine_cells(near: npt.NDArray[np.bool_], low: Floats, relief: Relief) -> Floats:
    """Corners of the fine cells, (n, 4, 3)."""
    i, j = np.nonzero(near)
    split = int(COARSE / FINE)
    k = np.arange(split)
    x = low[0] + i[:, None] * COARSE + k * FINE
    y = low[1] + j[:, None] * COARSE + k * FINE
    gx = np.repeat(x[:, :, None], split, 2).ravel()
    gy = np.repeat(y[:, None, :], split, 1).ravel()
    corners = np.stack([np.stack([gx + a * FINE, gy + b * FINE], -1) for a, b in ((0, 0), (1, 0), (1, 1), (0, 1))], 1)
    z = relief(corners[..., 0].ravel(), corners[..., 1].ravel()).reshape(-1, 4)
    return np.concatenate([corners, z[..., None]], 2)


def _fit(cells: Floats, covers: Floats, relief: Relief, setting: str) -> tuple[Floats, Ints]:
    """Cells without what the roads cover; corners on road edges take the road's height."""
    left = subtract_all(cells, covers)
    rows = np.array(sorted(left), int)
    keep = np.ones(len(cells), bool)
    keep[rows] = False
    quads = [q for row in rows for polygon in left[int(row)] for q in fan_quads(polygon)]
    clipped = np.array(quads, float).reshape(-1, 4, 3)
    if len(clipped):
        flat = clipped.reshape(-1, 3)
        z, _ = edge_heights(flat, covers)
        clipped = np.concatenate([flat[:, :2], z[:, None]], 1).reshape(-1, 4, 3)
    corners = np.concatenate([cells[keep], clipped])
    middle = corners.mean(1)
    kind = np.zeros(len(corners), np.int64)
    if setting == "forest":
        kind[relief.away(middle[:, 0], middle[:, 1]) > 9.0] = 4
    return corners, kind


def _emit_near(builder: MeshBuilder, corners: Floats, kind: Ints) -> None:
    """Near land with smooth normals, and curtains under its open edges."""
    flat = corners.reshape(-1, 3)
    _, same = np.unique(np.round(flat[:, :2] * 200.0).astype(np.int64), axis=0, return_inverse=True)
    same = same.ravel()
    up = np.cross(corners[:, 2] - corners[:, 0], corners[:, 3] - corners[:, 1])
    normals = np.stack([np.bincount(same, np.repeat(up[:, a], 4), same.max() + 1) for a in range(3)], 1)[same]
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
    k = np.arange(len(corners))[:, None] * 4
    triangles = np.concatenate([k + np.array([0, 1, 2]), k + np.array([0, 2, 3])])
    tri = flat[triangles]
    size = np.linalg.norm(np.cross(tri[:, 1] - tri[:, 0], tri[:, 2] - tri[:, 0]), axis=1)
    rows = np.array([builder.material(m) for m in LAND])[np.concatenate([kind, kind])]
    keep = size > 1e-8
    builder.add(flat, triangles[keep], normals, rows[keep], int(Semantic.TERRAIN), flat[:, :2] / 4.0)
    start, end, _ = open_edges(corners)
    down = np.array([0.0, 0.0, 0.5])
    builder.quads(np.stack([start - down, end - down, end, start], 1), LAND[0], int(Semantic.TERRAIN))


class _Fields:
    """Which kind of ground lies where, away from the road."""

    def __init__(self, rng: np.random.Generator, setting: str) -> None:
        self._angle = rng.uniform(0.0, math.pi)
        self._size = rng.uniform(70.0, 130.0, 2)
        kinds = {"rural": (0, 1, 1, 2, 3, 0), "motorway": (0, 1, 2, 3, 1), "forest": (4,), "town": (0,), "suburb": (0,)}
        self._table = rng.choice(kinds[setting], (61, 59))

    def __call__(self, x: Floats, y: Floats) -> Ints:
        c, s = math.cos(self._angle), math.sin(self._angle)
        i = np.floor((c * x + s * y) / self._size[0]).astype(int)
        j = np.floor((c * y - s * x) / self._size[1]).astype(int)
        return self._table[i % 61, j % 59]


def _emit_land(builder: MeshBuilder, x: Floats, y: Floats, tri: Ints, relief: Relief, fields: _Fields) -> None:
    """Triangles over plan points with heights and normals from the relief."""
    z = relief(x, y)
    dx = (relief(x + 4.0, y) - relief(x - 4.0, y)) / 8.0
    dy = (relief(x, y + 4.0) - relief(x, y - 4.0)) / 8.0
    normals = np.stack([-dx, -dy, np.ones_like(z)], 1)
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    rows = np.array([builder.material(m) for m in LAND])
    middle_x, middle_y = x[tri].mean(1), y[tri].mean(1)
    points = np.stack([x, y, z], 1)
    builder.add(points, tri, normals, rows[fields(middle_x, middle_y)], int(Semantic.TERRAIN), points[:, :2] / 4.0)


def _emit_coarse(
    builder: MeshBuilder, near: npt.NDArray[np.bool_], low: Floats, n: Ints, relief: Relief, fields: _Fields
) -> None:
    """Coarse cells: two triangles, or a fan that takes up the corners of fine neighbours."""
    padded = np.pad(near, 1)
    i, j = np.nonzero(~near)
    sides = np.stack([padded[i + 1, j], padded[i + 2, j + 1], padded[i + 1, j + 2], padded[i, j + 1]], 1)
    plain = ~sides.any(1)
    x0, y0 = low[0] + i * COARSE, low[1] + j * COARSE
    corner = np.array([[0, 0], [1, 0], [1, 1], [0, 1]]) * COARSE
    px, py = (x0[plain, None] + corner[:, 0]).ravel(), (y0[plain, None] + corner[:, 1]).ravel()
    k = (np.arange(plain.sum()) * 4)[:, None]
    tri = np.concatenate([k + np.array([0, 1, 2]), k + np.array([0, 2, 3])])
    xs, ys, tris, base = [px], [py], [tri], len(px)
    split = int(COARSE / FINE)
    for row in np.flatnonzero(~plain):
        ring = []
        for side in range(4):
            a, b = corner[side], corner[(side + 1) % 4]
            count = split if sides[row, side] else 1
            ring += [a + (b - a) * m / count for m in range(count)]
        points = np.array([*ring, [COARSE / 2, COARSE / 2]]) + [x0[row], y0[row]]
        m = len(ring)
        xs.append(points[:, 0])
        ys.append(points[:, 1])
        tris.append(np.stack([np.arange(m), (np.arange(m) + 1) % m, np.full(m, m)], 1) + base)
        base += len(points)
    _emit_land(builder, np.concatenate(xs), np.concatenate(ys), np.concatenate(tris), relief, fields)


def _emit_skirt(builder: MeshBuilder, low: Floats, high: Floats, n: Ints, relief: Relief, fields: _Fields) -> None:
    """Rings of land beyond the detailed square, out to some 4 km."""
    x = np.concatenate(
        [
            np.arange(n[0]) * COARSE + low[0],
            np.full(n[1], high[0]),
            high[0] - np.arange(n[0]) * COARSE,
            np.full(n[1], low[0]),
        ]
    )
    y = np.concatenate(
        [
            np.full(n[0], low[1]),
            np.arange(n[1]) * COARSE + low[1],
            np.full(n[0], high[1]),
            high[1] - np.arange(n[1]) * COARSE,
        ]
    )
    centre = (low + high) / 2
    rings = [np.stack([x, y], 1)]
    for scale in (60.0, 150.0, 280.0, 460.0, 700.0, 1000.0, 1500.0, 2200.0, 3200.0, 4200.0):
        direction = rings[0] - centre
        direction /= np.abs(direction).max(1, keepdims=True)
        rings.append(rings[0] + direction * scale)
    points = np.concatenate(rings)
    m = len(x)
    k = np.arange(m)
    j = (k + 1) % m
    tri = [
        np.concatenate(
            [
                np.stack([r * m + k, (r + 1) * m + k, (r + 1) * m + j], 1),
                np.stack([r * m + k, (r + 1) * m + j, r * m + j], 1),
            ]
        )
        for r in range(len(rings) - 1)
    ]
    _emit_land(builder, points[:, 0], points[:, 1], np.concatenate(tri), relief, fields)
