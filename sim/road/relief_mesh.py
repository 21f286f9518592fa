"""Speed bumps and potholes in the road's surface: triangles cut finely and laid on `sim.road.relief`, and what is painted there."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from sim.render.parts import Part
from sim.road.clipping import Polygon, split
from sim.road.elements import DRIVABLE, Bump, Pothole
from sim.road.faces import Faces, replace_rows
from sim.road.lanes import Cover
from sim.road.markings import Area
from sim.road.network import Road, RoadNetwork
from sim.road.relief import SIDE, relief_heights, side_ramp

Floats = npt.NDArray[np.floating]

CHORD = 0.001
"""How far triangles may stray from a bump's or pothole's height along each of the road's directions [m]."""
RIM, BOTTOM, EDGES = 0.97, 0.62, 24
"""Mean radii within which a pothole shows broken asphalt and the rubble at its bottom, over its own, and edges of each outline."""
LOBES, JAG = 0.07, 0.06
"""How far an outline strays from its mean, over it: in each of its waves, and from corner to corner."""
TOOTH, SPACING, TRIANGLE = 0.75, 0.95, 1.75
"""Width of the triangles on a hump's ramp, that and the gap to the next, and the most of their length [m]; UK diagram 1062: bases at its
foot, tips towards its top."""
BAR = 0.5
"""Width of the coloured bars across a short hump [m]."""
SHORT = 1.5
"""Humps shorter than this are striped [m]."""


def raise_faces(faces: Faces, network: RoadNetwork) -> Faces:
    """Faces cut along each bump's and pothole's own rows and columns, and laid on their heights."""
    for road in network.order:
        for b in road.bumps:
            faces = _cut_grid(faces, road, *_bump_grid(b))
        for p in road.potholes:
            faces = _cut_grid(faces, road, *_pothole_grid(p), [_outline(road, p, part) for part in (RIM, BOTTOM)])
        for item in (*road.bumps, *road.potholes):
            _lift(faces, road, item)
    return faces


def _even(a: float, b: float, step: float) -> Floats:
    return np.linspace(a, b, max(1, math.ceil((b - a) / step)) + 1)


def _bump_grid(b: Bump) -> tuple[Floats, Floats]:
    """S and t at which a bump is cut."""
    half, side = 0.5 * b.length, side_ramp(b)
    t = np.array([b.t0, b.t0 + side, b.t1 - side, b.t1])
    if b.shape == "flat":
        return b.s + np.unique([-half, b.ramp - half, half - b.ramp, half]), t
    bend = 8.0 * b.height / b.length**2 * (1.0 if b.shape == "round" else 0.25 * math.pi**2)
    # An arc that is high for its length bends more: its radius is the chord's over its sine.
    bend *= (1.0 + (b.height / half) ** 2) if b.shape == "round" else 1.0
    return b.s + _even(-half, half, math.sqrt(8.0 * CHORD / bend)), t


def _pothole_grid(p: Pothole) -> tuple[Floats, Floats]:
    """S and t at which a pothole is cut: the rim bends most, by 8 depth / R^2."""
    half = 0.5 * p.diameter
    ways = _even(-half, half, half * math.sqrt(CHORD / p.depth))
    return p.s + ways, p.t + ways


def _reach(p: Pothole, part: float) -> Floats:
    """Radii of the corners of a pothole's ragged outline of mean radius ``part`` over its own [m], (`EDGES`,); equal for equal holes."""
    rng = np.random.default_rng([round(1000 * abs(p.s)), round(1000 * abs(p.t)), round(1000 * part)])
    angle = np.arange(EDGES) * (math.tau / EDGES)
    waves = sum(rng.uniform(0.3, 1.0) * np.cos(k * angle + rng.uniform(0.0, math.tau)) for k in (2, 3, 5))
    return 0.5 * p.diameter * part * (1.0 + LOBES * waves + rng.uniform(-JAG, JAG, EDGES))


def _outline(road: Road, p: Pothole, part: float) -> Floats:
    """Corners of a pothole's ragged outline, counter-clockwise, after its middle, (1 + `EDGES`, 2)."""
    angle = np.arange(EDGES) * (math.tau / EDGES)
    reach = _reach(p, part)
    poses = [road.pose(p.s, p.t)]
    poses += [road.pose(p.s + r * math.cos(a), p.t + r * math.sin(a)) for a, r in zip(angle, reach, strict=True)]
    return np.array([(q.x, q.y) for q in poses])


def _inside(p: Pothole, part: float, places: Floats) -> npt.NDArray[np.bool_]:
    """Whether road places lie in a pothole's outline, (n,)."""
    ds, dt = places[:, 0] - p.s, places[:, 1] - p.t
    step = math.tau / EDGES
    turn = np.arctan2(dt, ds) % math.tau
    i = np.minimum((turn / step).astype(int), EDGES - 1)
    reach = _reach(p, part)
    a, b, f = reach[i], reach[(i + 1) % EDGES], turn - i * step
    edge = a * b * math.sin(step) / (a * np.sin(f) + b * np.sin(step - f))
    return np.hypot(ds, dt) < edge


def _cut_grid(faces: Faces, road: Road, s: Floats, t: Floats, outlines: Sequence[Floats] = ()) -> Faces:
    """Cuts a road's faces along the lines of a grid, straight between its rows, and along outlines."""
    s = _rows(road, s)
    x, y, heading, _ = road.line(s)
    across = np.stack([-np.sin(heading), np.cos(heading)], 1)
    grid = np.stack([x, y], 1)[:, None] + across[:, None] * t[None, :, None]
    low, high = grid.min((0, 1)), grid.max((0, 1))
    corners = faces.corners[:, :, :2]
    near = (corners.max(1) > low).all(1) & (corners.min(1) < high).all(1) & (faces.road // 4096 == road.index)
    pieces: dict[int, list[Polygon]] = {}
    for row in np.flatnonzero(near):
        ring = [tuple(p) for p in faces.corners[row].tolist()]
        if ring[2] == ring[3]:
            ring.pop()
        found = _cut_face(ring, grid)
        for outline in outlines:
            found = [part for piece in found for part in _cut_outline(piece, outline)]
        if len(found) > 1:
            pieces[int(row)] = found
    return replace_rows(faces, pieces)


def _rows(road: Road, s: Floats) -> Floats:
    """Rows at ``s``, and in bends as many more as keep chords, which a bump's sides may climb across, near their arcs."""
    bend = float(np.abs(road.line(np.linspace(s[0], s[-1], 9))[3]).max())
    step = math.sqrt(8.0 * CHORD * SIDE / max(bend, 1e-4))
    parts = [_even(a, b, step)[:-1] for a, b in zip(s[:-1], s[1:], strict=True)]
    return np.concatenate([*parts, s[-1:]])


def _cut_face(ring: Polygon, grid: Floats) -> list[Polygon]:
    """Parts of a convex polygon in the cells of a grid (nrow, ncolumn, 2), and around it."""
    behind, rest = _part(ring, grid[0, 0], grid[0, -1])
    out = [behind]
    for i in range(len(grid) - 1):
        row, rest = _part(rest, grid[i + 1, 0], grid[i + 1, -1])
        for j in range(grid.shape[1]):
            cell, row = _part(row, grid[i + 1, j], grid[i, j])
            out.append(cell)
        out.append(row)
    return [p for p in [*out, rest] if len(p) > 2]


def _cut_outline(piece: Polygon, outline: Floats) -> list[Polygon]:
    """Parts of a convex polygon in and outside an outline, which is convex in each of its wedges only."""
    middle, corners = outline[0], outline[1:]
    away = [math.hypot(x - middle[0], y - middle[1]) for x, y, _ in piece]
    reach = np.linalg.norm(corners - middle, axis=1)
    if max(away) < 0.98 * reach.min() or min(away) > reach.max() + 0.1:
        return [piece]
    inside, left = [], [piece]
    for a, b in zip(corners, np.roll(corners, -1, 0), strict=True):
        rest = []
        for polygon in left:
            part, outside = polygon, []
            for start, end in ((middle, a), (a, b), (b, middle)):
                part, out = _part(part, start, end)
                outside.append(out)
            inside += [part] if len(part) > 2 else []
            rest += [out for out in outside if len(out) > 2] if len(part) > 2 else [polygon]
        left = rest
    return [*inside, *left]


def _part(polygon: Polygon, a: Floats, b: Floats) -> tuple[Polygon, Polygon]:
    """Parts of a polygon left and right of the line from a to b."""
    return split(polygon, float(a[0]), float(a[1]), float(b[0]), float(b[1])) if len(polygon) > 2 else ([], [])


def _lift(faces: Faces, road: Road, item: Bump | Pothole) -> None:
    """Raises the corners of a road's faces by a bump or a pothole, whose bottom is broken asphalt."""
    mine = np.flatnonzero(faces.road // 4096 == road.index)
    pose = road.pose(item.s, 0.5 * (item.t0 + item.t1) if isinstance(item, Bump) else item.t)
    size = (item.length, item.t1 - item.t0) if isinstance(item, Bump) else (item.diameter, item.diameter)
    away = np.abs(faces.corners[mine, :, :2] - (pose.x, pose.y)).max(2).min(1)
    mine = mine[away < math.hypot(*size)]
    corners = faces.corners[mine]
    middles = corners.mean(1)
    places = _places(road, np.concatenate([corners.reshape(-1, 3), middles]), item.s)
    if isinstance(item, Bump):
        rise = relief_heights([item], [], places)
    else:
        rise = relief_heights([], [item], places)
        middles = places[-len(mine) :]
        faces.cover[mine[_inside(item, RIM, middles)]] = int(Cover.BROKEN)
        faces.cover[mine[_inside(item, BOTTOM, middles)]] = int(Cover.RUBBLE)
    faces.corners[mine, :, 2] += rise[: 4 * len(mine)].reshape(-1, 4)


def _places(road: Road, points: Floats, start: float) -> Floats:
    """Road places (s, t) of points not far from ``start``, (n, 2)."""
    s = np.full(len(points), start)
    for _ in range(8):
        x, y, heading, curvature = road.line(s)
        dx, dy = points[:, 0] - x, points[:, 1] - y
        t = dy * np.cos(heading) - dx * np.sin(heading)
        s = s + (dx * np.cos(heading) + dy * np.sin(heading)) / np.maximum(1.0 - curvature * t, 0.2)
        s = np.clip(s, 0.0, road.length)
    return np.stack([s, t], 1)


def relief_areas(road: Road) -> list[Area]:
    """What shows of marked bumps: dark asphalt and triangles up the ramp that a lane's traffic meets, or rubber with yellow bars."""
    areas = []
    for b in road.bumps:
        if not b.marked:
            continue
        half = 0.5 * b.length
        whole = ((-half, b.t0), (half, b.t0), (half, b.t1), (-half, b.t1))
        areas.append(_area(road, b.s, whole, "RUBBER" if b.length < SHORT else "HUMP"))
        if b.length < SHORT:
            edges = np.arange(b.t0, b.t1 - 0.5 * BAR, 2.0 * BAR)
            ends = np.minimum(edges + BAR, b.t1)
            bars = [
                ((-half, low), (half, low), (half, high), (-half, high)) for low, high in zip(edges, ends, strict=True)
            ]
            areas += [_area(road, b.s, bar, "MARK_YELLOW") for bar in bars]
            continue
        long = b.ramp if b.shape == "flat" else min(TRIANGLE, half)
        for low, high, way in _lanes(road, b):
            count = max(1, int((high - low) / SPACING))
            for middle in low + (np.arange(count) + 0.5) * (high - low) / count:
                foot, side = -way * half, way * 0.5 * TOOTH
                ring = (
                    (foot, middle - side),
                    (foot + way * long, middle),
                    (foot, middle + side),
                    (foot, middle + side),
                )
                areas.append(_area(road, b.s, ring, "MARK_WHITE"))
    return areas


def _lanes(road: Road, b: Bump) -> list[tuple[float, float, int]]:
    """Right and left border and direction of the lanes that a bump lies on."""
    borders = road.borders(b.s)
    lanes = road.sections[road.section_index(b.s)].lanes
    found = []
    for i, lane in lanes.items():
        if i == 0 or lane.kind not in DRIVABLE:
            continue
        low, high = sorted((borders[i], borders[i - (1 if i > 0 else -1)]))
        if b.t0 - 0.01 < low and high < b.t1 + 0.01:
            found.append((low, high, road.direction(i)))
    return found


def _area(road: Road, s: float, ring: tuple[tuple[float, float], ...], cover: str) -> Area:
    poses = [road.pose(s + float(ds), float(t)) for ds, t in ring]
    what = Part.OTHER_MARKING if cover.startswith("MARK") else Part.NONE
    return Area(np.array([[p.x, p.y, p.z] for p in poses]), cover, what)
