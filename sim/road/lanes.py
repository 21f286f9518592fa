"""Lane strips: where the lanes of a road lie, row by row, cut at the edges of their markings."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from sim.road.elements import Lane
from sim.road.geometry import Cubic
from sim.road.markings import Band, border_bands, dash_breaks
from sim.road.network import Road
from sim.road.tables import lane_height, lane_kind
from sim.types import LaneKind

Floats = npt.NDArray[np.floating]

CHORD_ERROR = 0.008
"""How far the mesh may stray from the road between its rows [m]; heights half of it."""

MAX_STEP = 20.0
"""Greatest distance between rows [m]."""

JOINT = 0.05
"""How far a road is drawn out over the one it is linked to, so that rounding in files leaves no gap [m]."""

KERB_WIDTH = 0.14


class Cover(IntEnum):
    """What a piece of the road's surface is made of."""

    ASPHALT = 0
    SHOULDER = 1
    PARKING = 2
    CYCLE = 3
    BORDER = 4
    SIDEWALK = 5
    KERB = 6
    GRASS = 7
    GRAVEL = 8
    MARK_WHITE = 9
    MARK_YELLOW = 10
    MARK_BLUE = 11
    MARK_RED = 12
    MARK_ORANGE = 13
    MARK_GREEN = 14
    ICE = 15
    WATER = 16
    OIL = 17
    DEBRIS = 18
    FILL = 19
    SNOW = 20
    LEAVES = 21
    CONCRETE = 22
    BROKEN = 23
    RUBBLE = 24
    HUMP = 25
    RUBBER = 26


TIER = {
    Cover.ASPHALT: 0, Cover.SHOULDER: 1, Cover.PARKING: 1, Cover.CYCLE: 1, Cover.BORDER: 2, Cover.SIDEWALK: 3, Cover.KERB: 3,
    Cover.GRAVEL: 4, Cover.GRASS: 4,
}  # fmt: skip
"""Where surfaces of different roads overlap, the lowest tier stays."""

PAINTED = 256
"""What a part is multiplied with beside a `Cover`."""

RAISED = 0.03
"""Surfaces this far above the road have a kerb [m]."""


@dataclass
class Strip:
    """One lane of one section as a grid of points, cut across at its rows and lengthwise at its markings' edges."""

    road: int
    lane: int
    points: Floats
    """(nrow, ncolumn + 1, 3), rows along s, columns from right to left [m]."""
    cover: npt.NDArray[np.int64]
    """`Cover` of each cell plus `PAINTED` times the `sim.render.parts.Part` painted there, (nrow - 1, ncolumn)."""
    base: Cover
    """Of the lane without markings."""
    outline: Floats
    """Right and left edge at the rows that shape the road, (nshape, 2, 3) [m]."""
    height: float
    """Above the road's surface [m]."""


@dataclass
class Edge:
    """Outer edge of a road's surface within a lane section, in order of s."""

    road: int
    side: int
    """+1 left, -1 right of the reference line."""
    s: Floats
    points: Floats
    """(nrow, 3) [m]."""
    outward: Floats
    """Horizontal unit normal away from the road, (nrow, 3)."""
    along: Floats
    """Unit tangent towards greater s, (nrow, 3)."""
    walkable: bool
    """The outermost lane is a sidewalk."""


def evaluate(cubics: tuple[Cubic, ...] | list[Cubic], s: Floats) -> Floats:
    """Piecewise cubics at many s, (n,); 0 where there are none."""
    if not cubics:
        return np.zeros_like(s)
    which = np.clip(np.searchsorted([c.s for c in cubics], s + 1e-9, side="right") - 1, 0, None)
    table = np.array([[c.s, c.a, c.b, c.c, c.d] for c in cubics])[which]
    ds = s - table[:, 0]
    return table[:, 1] + ds * (table[:, 2] + ds * (table[:, 3] + ds * table[:, 4]))


def lane_borders(road: Road, k: int, s: Floats) -> dict[int, Floats]:
    """T of each lane's outer border in section ``k``, (n,) each; id 0: the lane offset."""
    section = road.sections[k]
    base = evaluate(road.lane_offset, s)
    out = {0: base}
    for sign in (1, -1):
        t = base
        for i in section.side(sign):
            lane = section.lanes[i]
            if lane.widths:
                t = t + sign * np.maximum(evaluate(lane.widths, s - section.s), 0.0)
            elif lane.borders:
                t = base + evaluate(lane.borders, s - section.s)
            out[i] = t
    return out


def surface_points(road: Road, s: Floats, t: Floats, height: float | Floats = 0.0) -> Floats:
    """World points [m] at (s, t), raised by ``height``; shapes broadcast, s varies along the first axis."""
    x, y, heading, curvature = road.line(s)
    roll = evaluate(road.superelevation, s)
    z = evaluate(road.elevation, s)
    t = np.asarray(t, float)
    extra = (slice(None),) + (None,) * (t.ndim - 1)
    flat = t * np.cos(roll)[extra]
    limit = 0.95 / np.maximum(np.abs(curvature), 1e-6)[extra]
    flat = np.where(flat * np.sign(curvature)[extra] > limit, np.sign(flat) * limit, flat)
    px = x[extra] - np.sin(heading)[extra] * flat
    py = y[extra] + np.cos(heading)[extra] * flat
    pz = z[extra] + t * np.sin(roll)[extra] + height
    return np.stack(np.broadcast_arrays(px, py, pz), -1)


def shape_rows(road: Road, k: int) -> Floats:
    """S of the rows of a section: as dense as curvature, heights and widths ask for."""
    s0, s1 = road.sections[k].s, road.section_end(k)
    count = max(5, int((s1 - s0) / 1.0) + 2)
    s = np.linspace(s0, s1, count)
    borders = lane_borders(road, k, s)
    edges = np.stack([np.max(list(borders.values()), 0), np.zeros_like(s), np.min(list(borders.values()), 0)], 1)
    points = surface_points(road, s, edges) * [1.0, 1.0, 2.0]
    step = (s1 - s0) / (count - 1)
    bend = np.linalg.norm(np.diff(points, 2, axis=0), axis=2).max(1) / step**2
    widths = np.stack(list(borders.values()), 1)
    bend = np.maximum(bend, np.abs(np.diff(widths, 2, axis=0)).max(1) / step**2)
    bend = np.concatenate([bend[:1], bend, bend[-1:]])
    bend[1:-1] = np.maximum(bend[1:-1], np.maximum(bend[:-2], bend[2:]))
    density = np.clip(np.sqrt(bend / (8 * CHORD_ERROR)), 1.0 / MAX_STEP, 4.0)
    total = np.concatenate([[0.0], np.cumsum((density[1:] + density[:-1]) / 2 * step)])
    return np.interp(np.linspace(0.0, total[-1], int(np.ceil(total[-1] - 1e-6)) + 1), total, s)


def lane_cover(lane: Lane, width: float, outermost: bool, green: bool) -> Cover:
    """What a lane is paved with; ``green``: wide borders are grass (outside towns)."""
    kind = lane_kind(lane)
    if kind == LaneKind.DRIVING:
        return Cover.ASPHALT
    if kind == LaneKind.SIDEWALK:
        return Cover.SIDEWALK
    if kind == LaneKind.PARKING:
        return Cover.PARKING
    if kind == LaneKind.BIKING:
        return Cover.CYCLE
    if kind == LaneKind.SHOULDER:
        return Cover.SHOULDER
    if kind == LaneKind.MEDIAN:
        return Cover.GRASS if width > 1.0 else Cover.KERB
    if kind == LaneKind.BORDER:
        if lane.kind == "curb":
            return Cover.KERB
        if width < 1.2 or lane.kind == "restricted":
            return Cover.SHOULDER
        return (Cover.GRASS if green or width > 8.0 else Cover.BORDER) if outermost else Cover.GRASS
    return Cover.GRASS


def _columns(
    low: Floats, high: Floats, lower: list[Band], upper: list[Band], kerbs: tuple[bool, bool]
) -> tuple[Floats, list[tuple[float, float, int]]]:
    """T of a lane's column edges, (nrow, ncolumn + 1), and of each column its (offset from, offset to, border)."""
    middle = (low + high) / 2
    cuts_low = sorted({x for b in lower for x in (b.low, b.high) if x > 1e-4} | ({KERB_WIDTH} if kerbs[0] else set()))
    cuts_high = sorted(
        {x for b in upper for x in (b.low, b.high) if x < -1e-4} | ({-KERB_WIDTH} if kerbs[1] else set())
    )
    edges = [
        low,
        *(np.minimum(low + c, middle) for c in cuts_low),
        *(np.maximum(high + c, middle) for c in cuts_high),
        high,
    ]
    ends_low, ends_high = [0.0, *cuts_low], [*cuts_high, 0.0]
    spans = [(ends_low[i], ends_low[i + 1], -1) for i in range(len(cuts_low))]
    spans.append((0.0, 0.0, 0))
    spans += [(ends_high[i], ends_high[i + 1], 1) for i in range(len(cuts_high))]
    return np.stack(edges, 1), spans


def _paint(
    spans: list[tuple[float, float, int]], rows: Floats, base: Cover, lower: list[Band], upper: list[Band],
    kerbs: tuple[bool, bool],
) -> npt.NDArray[np.int64]:  # fmt: skip
    """`Strip.cover` of a lane, (nrow - 1, ncolumn)."""
    middle = (rows[1:] + rows[:-1]) / 2
    cover = np.full((len(middle), len(spans)), int(base), np.int64)
    for column, (a, b, border) in enumerate(spans):
        if border == 0:
            continue
        if (kerbs[0] and border < 0) or (kerbs[1] and border > 0):
            cover[:, column] = int(Cover.KERB)
        for band in lower if border < 0 else upper:
            if band.low - 1e-6 <= a and b <= band.high + 1e-6:
                cover[band.drawn(middle), column] = int(Cover[f"MARK_{band.color}"]) + PAINTED * band.part
    return cover


def _fine(points: Floats, s: Floats, rows: Floats) -> Floats:
    """Points at ``rows``, between those at ``s`` along straight lines, so that finer cells stay in the plane of coarser ones."""
    i = np.clip(np.searchsorted(s, rows, side="right") - 1, 0, len(s) - 2)
    w = ((rows - s[i]) / (s[i + 1] - s[i]))[:, None, None]
    return points[i] * (1.0 - w) + points[i + 1] * w


def _draw_out(points: Floats, ends: tuple[bool, bool]) -> Floats:
    """Moves the first or last row outwards by `JOINT`."""
    for row, inner, go in ((0, 1, ends[0]), (-1, -2, ends[1])):
        if go:
            step = points[row] - points[inner]
            points[row] += step * (JOINT / np.maximum(np.linalg.norm(step, axis=-1, keepdims=True), 1e-6))
    return points


def section_strips(road: Road, k: int, *, green: bool, verge: float) -> tuple[list[Strip], list[Edge]]:
    """Strips and outer edges of one lane section.

    Args:
        road: The road.
        k: Index of the section.
        green: Wide outer borders are grass.
        verge: Width of a grass verge added outside lanes that do not end in grass [m].
    """
    section = road.sections[k]
    s = shape_rows(road, k)
    borders = lane_borders(road, k, s)
    ids = sorted(borders)
    lanes = [i for i in ids if i != 0]
    bands = {i: border_bands(road, k, i, _level_both_sides(road, k, i, ids)) for i in ids}
    breaks = dash_breaks([b for group in bands.values() for b in group], s[0], s[-1])
    rows = s if len(breaks) == 0 else np.unique(np.concatenate([s, breaks[np.abs(breaks[:, None] - s).min(1) > 0.02]]))
    ends = (k == 0 and road.predecessor is not None, k == len(road.sections) - 1 and road.successor is not None)
    strips = []
    for i in lanes:
        lane = section.lanes[i]
        low_id, high_id = (i, i + 1) if i < 0 else (i - 1, i)
        low, high = borders[low_id], borders[high_id]
        width = float(np.max(high - low))
        if width < 0.01:
            continue
        outermost = i in (ids[0], ids[-1])
        base = lane_cover(lane, width, outermost, green)
        height = lane_height(lane)
        kerbs = (False, False)
        if height > RAISED and base == Cover.SIDEWALK and width > 0.5:
            kerbs = (i > 0 or not outermost, i < 0 or not outermost)
        t, spans = _columns(low, high, bands[low_id], bands[high_id], kerbs)
        points = _draw_out(surface_points(road, s, t, height), ends)
        cover = _paint(spans, rows, base, bands[low_id], bands[high_id], kerbs)
        strips.append(Strip(road.index, i, _fine(points, s, rows), cover, base, points[:, [0, -1]], height))
    edges = _edges(road, s, borders, ids, strips, verge)
    return strips, edges


def _level_both_sides(road: Road, k: int, border: int, ids: list[int]) -> bool:
    """Whether the lanes on both sides of a border exist and lie at one height."""
    if border in (ids[0], ids[-1]):
        return False
    lanes = road.sections[k].lanes
    near = [border, border - 1] if border < 0 else [border, border + 1] if border > 0 else [-1, 1]
    heights = [lane_height(lanes[i]) for i in near if i in lanes]
    return len(heights) == 2 and abs(heights[0] - heights[1]) < 0.01


def _edges(
    road: Road, s: Floats, borders: dict[int, Floats], ids: list[int], strips: list[Strip], verge: float
) -> list[Edge]:
    """Outer edges of a section; appends verge strips to ``strips`` where asked for."""
    edges = []
    by_lane = {strip.lane: strip for strip in strips}
    _, _, heading, _ = road.line(s)
    along = np.stack([np.cos(heading), np.sin(heading), np.zeros_like(s)], 1)
    for side in (1, -1):
        mine = [i for i in ids if i * side > 0 and i in by_lane]
        outer = by_lane[mine[-1] if side > 0 else mine[0]] if mine else None
        height = outer.height if outer else 0.0
        t = borders[ids[-1] if side > 0 else ids[0]]
        if verge > 0.0 and road.junction is None and (outer is None or outer.base != Cover.GRASS):
            inner, drop_inner = t, 0.0
            for share, drop in ((0.3, 0.03), (1.0, 0.14)):
                reach = t + side * verge * share
                first, second = (inner, reach) if side > 0 else (reach, inner)
                z = (drop_inner, drop) if side > 0 else (drop, drop_inner)
                grid = np.stack(
                    [surface_points(road, s, first, height - z[0]), surface_points(road, s, second, height - z[1])], 1
                )
                cells = np.full((len(s) - 1, 1), int(Cover.GRASS), np.int64)
                strips.append(Strip(road.index, side * 1000, grid, cells, Cover.GRASS, grid, 0.0))
                inner, drop_inner = reach, drop
            t, height = inner, height - drop_inner
        outward = side * np.stack([-along[:, 1], along[:, 0], along[:, 2]], 1)
        walkable = bool(outer and outer.base == Cover.SIDEWALK)
        edges.append(Edge(road.index, side, s, surface_points(road, s, t, height), outward, along, walkable))
    return edges
