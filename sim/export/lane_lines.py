"""Lane lines as 3D polylines around the ego, with kind and colour, as OpenLane numbers them; and the drivable area as polygons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sim.render.parts import FIRST_MARKING, LineKind, Part
from sim.road.lanes import RAISED, lane_borders, surface_points
from sim.road.markings import Band, border_bands
from sim.road.network import Road, RoadNetwork
from sim.road.tables import lane_height
from sim.rotation import inverse, rotate

Floats = npt.NDArray[np.floating]

STEP = 1.0
"""Distance of points along a line [m]."""
AHEAD, BEHIND, ASIDE = 100.0, 10.0, 40.0
"""Lines are told within this of the ego [m]."""
JOINED = 0.3
"""Ends of equal lines that are nearer than this are one [m]."""
BESIDE = (0.0, 12.0)
"""Where a line must pass the ego to be counted as left or right of it [m ahead]."""
SEEN = (0.25, 0.02)
"""How much nearer than a point what hides it must be [m], and per metre."""

OPENLANE = {
    ("white", LineKind.BROKEN): 1, ("white", LineKind.SOLID): 2, ("white", LineKind.DOUBLE_BROKEN): 3, ("white", LineKind.DOUBLE_SOLID): 4,
    ("white", LineKind.BROKEN_SOLID): 5, ("white", LineKind.SOLID_BROKEN): 6, ("yellow", LineKind.BROKEN): 7, ("yellow", LineKind.SOLID): 8,
    ("yellow", LineKind.DOUBLE_BROKEN): 9, ("yellow", LineKind.DOUBLE_SOLID): 10, ("yellow", LineKind.BROKEN_SOLID): 11,
    ("yellow", LineKind.SOLID_BROKEN): 12,
}  # fmt: skip
"""Categories of OpenLane (Chen et al. 2022); 20 and 21 are kerbs to the left and right, 0 is unknown to it."""


MIRRORED = {LineKind.SOLID_BROKEN: LineKind.BROKEN_SOLID, LineKind.BROKEN_SOLID: LineKind.SOLID_BROKEN}
"""What a line is to who comes the other way."""


@dataclass(frozen=True)
class LaneLine:
    """A line along lane borders, or a kerb."""

    points: Floats
    """World frame [m], (n, 3); where the two sides of a double line differ, in the direction of the road's reference line."""
    kind: LineKind | None
    """None: a kerb."""
    color: str | None


def network_lines(network: RoadNetwork) -> list[LaneLine]:
    """All lane lines and kerbs of a map, those of consecutive sections and roads joined."""
    lines: list[LaneLine] = []
    for road in network.order:
        for k in range(len(road.sections)):
            if road.section_end(k) - road.sections[k].s > 0.05:
                lines += _section_lines(road, k)
    return _join(lines)


def _section_lines(road: Road, k: int) -> list[LaneLine]:
    """Lines on the borders of a lane section."""
    section = road.sections[k]
    ids = sorted({0, *section.lanes})
    out = []
    for border in ids:
        level, kerb = _heights(road, k, border, ids)
        bands = border_bands(road, k, border, level)
        for s0, s1 in sorted({(band.s0, band.s1) for band in bands}):
            mine = [b for b in bands if (b.s0, b.s1) == (s0, s1)]
            middle = (min(b.low for b in mine) + max(b.high for b in mine)) / 2
            out.append(_line(road, k, border, (s0, s1), middle, mine[0]))
        if kerb:
            out.append(_line(road, k, border, (section.s, road.section_end(k)), 0.0, None))
    return [line for line in out if len(line.points) > 1]


def _heights(road: Road, k: int, border: int, ids: Sequence[int]) -> tuple[bool, bool]:
    """Whether both sides of a border lie at one height, and whether one is a kerb higher than the other."""
    if border in (ids[0], ids[-1]):
        return False, False
    lanes = road.sections[k].lanes
    near = [border, border - 1] if border < 0 else [border, border + 1] if border > 0 else [-1, 1]
    heights = [lane_height(lanes[i]) for i in near if i in lanes]
    step = abs(heights[0] - heights[1]) if len(heights) == 2 else 1.0
    return step < 0.01, len(heights) == 2 and step > RAISED


def _line(road: Road, k: int, border: int, span: tuple[float, float], middle: float, band: Band | None) -> LaneLine:
    s0, s1 = max(span[0], road.sections[k].s), min(span[1], road.section_end(k))
    s = np.linspace(s0, s1, max(2, int(np.ceil((s1 - s0) / STEP)) + 1)) if s1 - s0 > 0.05 else np.zeros(0)
    if len(s) == 0:
        return LaneLine(np.zeros((0, 3)), None, None)
    t = lane_borders(road, k, s)[border] + middle
    points = surface_points(road, s, t)
    return LaneLine(points, band.kind, band.color.lower()) if band else LaneLine(points, None, None)


def _join(lines: list[LaneLine]) -> list[LaneLine]:
    """Lines of one kind and colour that go on where another ends, as one."""
    out: list[LaneLine] = []
    for line in lines:
        points = line.points
        k = 0
        while k < len(out):
            other = out[k]
            both = None
            if (other.kind, other.color) == (line.kind, line.color):
                both = _chain(other.points, points, line.kind in MIRRORED)
            if both is not None:
                points = both
                out.pop(k)
                k = 0
                continue
            k += 1
        out.append(LaneLine(points, line.kind, line.color))
    return out


def _chain(a: Floats, b: Floats, sided: bool) -> Floats | None:
    """Two polylines as one if an end of one meets an end of the other without a bend; ``sided``: both as they run. None otherwise."""
    for first, second in ((a, b), (b, a)) if sided else ((x, y) for x in (a, a[::-1]) for y in (b, b[::-1])):
        if len(first) and len(second):
            gap = np.linalg.norm(first[-1] - second[0])
            ahead, on = first[-1] - first[-2], second[1] - second[0]
            straight = ahead @ on > 0.9 * np.linalg.norm(ahead) * np.linalg.norm(on)
            if gap < JOINED and straight:
                return np.concatenate([first, second[1:]])
    return None


def frame_lines(lines: Sequence[LaneLine], pos: Floats, rot: Floats, visible: Any) -> list[dict[str, Any]]:
    """The lines around the ego.

    Args:
        lines: Of the map, `network_lines`.
        pos: The ego's position [m], (3,).
        rot: Its orientation, x y z w.
        visible: Function of world points (n, 3) that says which the camera sees, bool (n,).

    Returns:
        A row per stretch of a line: ``track_id`` (of the map's line), ``category`` (OpenLane's), ``kind``, ``color``, ``attribute``
        (OpenLane's: 1 left-left, 2 left, 3 right, 4 right-right of the ego, 0 others), ``xyz`` in the ego's frame, ``visibility``.
    """
    back = inverse(rot)
    rows = []
    for number, line in enumerate(lines, 1):
        local = rotate(back, line.points - pos)
        near = (local[:, 0] > -BEHIND) & (local[:, 0] < AHEAD) & (np.abs(local[:, 1]) < ASIDE)
        for first, last in _runs(near):
            if last - first < 2:
                continue
            xyz, seen = local[first:last], visible(line.points[first:last])
            kind = line.kind
            if xyz[-1, 0] < xyz[0, 0]:
                xyz, seen = xyz[::-1], seen[::-1]
                kind = MIRRORED.get(kind, kind) if kind is not None else None
            side = 20 if float(np.interp(0.0, xyz[:, 0], xyz[:, 1])) > 0.0 else 21
            rows.append(
                {
                    "track_id": number,
                    "category": side if kind is None else OPENLANE.get((line.color or "", kind), 0),
                    "kind": "kerb" if kind is None else kind.name.lower(),
                    "color": line.color,
                    "attribute": 0,
                    "xyz": [[round(float(v), 3) for v in p] for p in xyz],
                    "visibility": seen.astype(int).tolist(),
                }
            )
    _number_sides(rows)
    return rows


def _runs(mask: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    """First and end of each run of true values."""
    edge = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(int)))
    return list(zip(edge[::2].tolist(), edge[1::2].tolist(), strict=True))


def _number_sides(rows: list[dict[str, Any]]) -> None:
    """Fill in which lines lie left and right of the ego."""
    passing = []
    for row in rows:
        p = np.array(row["xyz"])
        if row["kind"] != "kerb" and p[0, 0] < BESIDE[1] and p[-1, 0] > BESIDE[0]:
            at = np.clip((BESIDE[0] + BESIDE[1]) / 2, p[:, 0].min(), p[:, 0].max())
            passing.append((float(np.interp(at, p[:, 0], p[:, 1])), row))
    left = sorted((item for item in passing if item[0] > 0.0), key=lambda item: item[0])
    right = sorted((item for item in passing if item[0] <= 0.0), key=lambda item: -item[0])
    for (_, row), number in [*zip(left, (2, 1), strict=False), *zip(right, (3, 4), strict=False)]:
        row["attribute"] = number


def drivable_polygons(part: npt.NDArray[np.uint8], half: float, cell: float) -> list[dict[str, Any]]:
    """Outlines of the lanes and junctions of a bird's-eye raster, in the ego's frame [m], right to half a cell.

    Args:
        part: `sim.render.birds_eye.BirdsEyeGrid.part`, (row, column).
        half: The raster's reach [m].
        cell: Edge of a cell [m].

    Returns:
        ``outer`` and ``holes`` of each connected area, lists of [x, y].
    """
    import cv2

    area = ((part == int(Part.LANE)) | (part >= FIRST_MARKING)).astype(np.uint8)
    contours, tree = cv2.findContours(area, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    if tree is None:
        return []

    def metres(contour: Any) -> list[list[float]]:
        thin = cv2.approxPolyDP(contour, 0.7, True)[:, 0].astype(float)
        return [[round(half - (v + 0.5) * cell, 3), round(half - (u + 0.5) * cell, 3)] for u, v in thin]

    out = []
    for k, contour in enumerate(contours):
        if tree[0][k][3] >= 0 or cv2.contourArea(contour) * cell * cell < 1.0:
            continue
        holes = [
            metres(c) for j, c in enumerate(contours) if tree[0][j][3] == k and cv2.contourArea(c) * cell * cell > 1.0
        ]
        out.append({"outer": metres(contour), "holes": holes})
    return out


def line_names() -> dict[str, Any]:
    """Names of OpenLane's categories as used here, for calibration.json."""
    named = {str(number): f"{color} {kind.name.lower()}" for (color, kind), number in OPENLANE.items()}
    return {
        "0": "unknown to OpenLane: see kind and color",
        **named,
        "20": "kerb to the left",
        "21": "kerb to the right",
    }
