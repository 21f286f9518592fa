"""Road markings: the lines along lane borders, and what is painted or lies on the surface as areas.

Markings are cut into the road's surface as triangles of their own, so nothing lies a hair's breadth above anything else.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sim.render.parts import LineColor, LineKind, Part, line_part
from sim.road.elements import DRIVABLE, RoadMark, RoadObject
from sim.road.network import Road, RoadNetwork

Floats = npt.NDArray[np.floating]

DASHES = {"motorway": (6.0, 12.0), "rural": (4.0, 8.0), "town": (3.0, 6.0)}
"""Length of a stroke and of the gap after it [m], by road type (German RMS-1, narrow lines)."""

COLORS = {
    "standard": "WHITE", "white": "WHITE", "yellow": "YELLOW", "orange": "ORANGE", "red": "RED", "blue": "BLUE",
    "green": "GREEN", "violet": "BLUE", "black": "WHITE",
}  # fmt: skip


@dataclass(frozen=True)
class Band:
    """One line of a marking along a lane border."""

    s0: float
    s1: float
    low: float
    """Right edge, left of the border [m]."""
    high: float
    """Left edge [m]."""
    dash: tuple[float, float] | None
    """Stroke and gap [m]; None: solid."""
    color: str
    """Name of a `LineColor`."""
    kind: LineKind
    """Of the whole marking, of which this may be one line of two."""

    @property
    def part(self) -> int:
        """What its triangles are (`sim.render.parts`)."""
        return line_part(self.kind, LineColor[self.color])

    def drawn(self, s: Floats) -> npt.NDArray[np.bool_]:
        """Whether there is paint at each s."""
        on = (s >= self.s0 - 1e-6) & (s < self.s1 + 1e-6)
        if self.dash is not None:
            on &= np.mod(s, sum(self.dash)) < self.dash[0]
        return on


@dataclass(frozen=True)
class Area:
    """A convex part of the surface made of something else: paint, ice, water."""

    corners: Floats
    """Counter-clockwise, (4, 3), the last may repeat [m]."""
    cover: str
    """Name of a `sim.road.lanes.Cover`."""
    part: Part = Part.NONE
    """What is painted; NONE for what is no paint."""


def road_type(road: Road, s: float = 0.0) -> str:
    """'motorway', 'rural' or 'town', from the type record, else from speed limit and lanes."""
    found = [(kind, limit) for at, kind, limit in road.kinds if at <= s + 1e-6]
    kind, limit = found[-1] if found else ("unknown", None)
    kind = kind.lower()
    if "motorway" in kind:
        return "motorway"
    if kind.startswith("rural"):
        return "rural"
    if kind.startswith(("town", "lowspeed", "pedestrian", "bicycle")):
        return "town"
    if limit is not None:
        return "motorway" if limit > 31.0 else ("town" if limit < 15.0 else "rural")
    lanes = {lane.kind for section in road.sections for lane in section.lanes.values()}
    return "town" if lanes & {"sidewalk", "parking", "walking"} else "rural"


def _lines(
    mark: RoadMark, dash: tuple[float, float], border: int
) -> list[tuple[float, float, tuple[float, float] | None]]:
    """(low, high, dash) of a mark's lines about its border; double marks are named from inside out, on the centre line from the left."""
    names = mark.kind.split()
    width = mark.width if 0.02 < mark.width < 1.0 else 0.12
    kinds = {"solid": None, "broken": dash, "botts": (0.12, 1.1)}
    if not names or names[0] not in kinds:
        return []
    if names[0] == "botts":
        names = ["botts"]
    if len(names) == 1:
        return [(-width / 2, width / 2, kinds[names[0]])]
    left, right = (names[0], names[1]) if border <= 0 else (names[1], names[0])
    return [
        (width / 2, 1.5 * width, kinds.get(left)),
        (-1.5 * width, -width / 2, kinds.get(right)),
    ]


_KINDS = {
    ("solid", "solid"): LineKind.DOUBLE_SOLID, ("solid", "broken"): LineKind.SOLID_BROKEN, ("broken", "solid"): LineKind.BROKEN_SOLID,
    ("broken", "broken"): LineKind.DOUBLE_BROKEN,
}  # fmt: skip


def line_kind(mark: RoadMark, border: int) -> LineKind:
    """What a mark on a border is as a whole."""
    names = mark.kind.split()
    if names[0] == "botts":
        return LineKind.BOTTS_DOTS
    if len(names) == 1:
        return LineKind.SOLID if names[0] == "solid" else LineKind.BROKEN
    left, right = (names[0], names[1]) if border <= 0 else (names[1], names[0])
    return _KINDS.get((left, right), LineKind.DOUBLE_SOLID)


def border_bands(road: Road, k: int, border: int, level: bool) -> list[Band]:
    """Lines on a lane border of section ``k``.

    Args:
        road: The road.
        k: Index of the lane section.
        border: Lane whose outer border it is, 0 for the centre.
        level: Both neighbours lie at one height; otherwise the line keeps to the inner lane.
    """
    section = road.sections[k]
    lane = section.lanes.get(border)
    if lane is None:
        return []
    end = road.section_end(k)
    dash = DASHES[road_type(road, section.s)]
    bands = []
    for n, mark in enumerate(lane.marks):
        s0 = section.s + mark.s_offset
        s1 = section.s + lane.marks[n + 1].s_offset if n + 1 < len(lane.marks) else end
        lines = _lines(mark, dash, border)
        if not lines:
            continue
        shift = 0.0
        if not level and border > 0:
            shift = -max(high for _, high, _ in lines)
        elif not level and border < 0:
            shift = -min(low for low, _, _ in lines)
        color = COLORS.get(mark.color, "WHITE")
        kind = line_kind(mark, border)
        bands += [Band(s0, s1, round(low + shift, 4), round(high + shift, 4), d, color, kind) for low, high, d in lines]
    return bands


def dash_breaks(bands: list[Band], s0: float, s1: float) -> Floats:
    """S inside a section at which strokes or marks begin or end."""
    found: set[float] = set()
    for band in bands:
        found |= {round(x, 3) for x in (band.s0, band.s1) if s0 < x < s1}
        if band.dash is not None and band.dash[0] > 0.5:
            period = sum(band.dash)
            starts = np.arange(math.floor(max(s0, band.s0) / period), math.ceil(min(s1, band.s1) / period)) * period
            for offset in (0.0, band.dash[0]):
                found |= {round(float(x), 3) for x in starts + offset if s0 < x < s1}
    out = np.array(sorted(found))
    return out[np.r_[True, np.diff(out) > 0.02]] if len(out) else out


def _quad(road: Road, s0: float, s1: float, t0: float, t1: float) -> Floats:
    """Corners of a patch of road surface, (4, 3)."""
    poses = [road.pose(s, t) for s, t in ((s0, t0), (s1, t0), (s1, t1), (s0, t1))]
    return np.array([[p.x, p.y, p.z] for p in poses])


def object_frame(road: Road, item: RoadObject) -> tuple[Floats, float]:
    """Position (3,) and heading of an object in the world."""
    pose = road.pose(min(max(item.s, 0.0), road.length), item.t)
    return np.array([pose.x, pose.y, pose.z + item.z_offset]), pose.heading + item.hdg


def _outline(road: Road, item: RoadObject) -> Floats:
    """Corners of an object's outline or, without one, of its box, (n, 3), counter-clockwise."""
    origin, yaw = object_frame(road, item)
    if item.outline and item.outline_road:
        poses = [road.pose(min(max(s, 0.0), road.length), t) for s, t, _, _ in item.outline]
        corners = np.array([[p.x, p.y, p.z] for p in poses])
    else:
        u, v = item.length / 2, item.width / 2
        local = (
            np.array([c[:2] for c in item.outline]) if item.outline else np.array([[-u, -v], [u, -v], [u, v], [-u, v]])
        )
        c, s = math.cos(yaw), math.sin(yaw)
        corners = np.concatenate([local @ np.array([[c, s], [-s, c]]), np.zeros((len(local), 1))], 1) + origin
    x, y = corners[:, 0], corners[:, 1]
    if np.sum(x * np.roll(y, -1) - y * np.roll(x, -1)) < 0:
        corners = corners[::-1]
    return corners


def _stripes(corners: Floats, along: Floats, stroke: float, gap: float) -> list[Floats]:
    """Bars across a quadrilateral zone, each ``stroke`` wide, following one another in the direction ``along``."""
    centre = corners.mean(0)
    across = np.array([-along[1], along[0], 0.0])
    u, v = (corners - centre) @ along, (corners - centre) @ across
    count = max(1, int((u.max() - u.min() + gap) // (stroke + gap)))
    start = (u.max() + u.min()) / 2 - (count * (stroke + gap) - gap) / 2
    bars = []
    for i in range(count):
        a, b = start + i * (stroke + gap), start + i * (stroke + gap) + stroke
        low, high = v.min() + 0.02, v.max() - 0.02
        bars.append(np.array([centre + along * p + across * q for p, q in ((a, low), (b, low), (b, high), (a, high))]))
    return bars


def _crosswalk(road: Road, item: RoadObject) -> list[Area]:
    """Zebra bars: they lie along the road and follow one another across it."""
    corners = _outline(road, item)
    pose = road.pose(min(max(item.s, 0.0), road.length), item.t)
    across = np.array([-math.sin(pose.heading), math.cos(pose.heading), 0.0])
    return [Area(bar, "MARK_WHITE", Part.CROSSWALK) for bar in _stripes(corners, across, 0.5, 0.5)]


def _parking_bay(road: Road, item: RoadObject) -> list[Area]:
    """Lines around a parking space, open towards the lane."""
    corners = _outline(road, item)
    areas = []
    for i in range(len(corners)):
        a, b = corners[i - 1], corners[i]
        direction = b - a
        length = float(np.linalg.norm(direction))
        if length < 0.3:
            continue
        direction /= length
        inward = np.array([-direction[1], direction[0], 0.0]) * 0.1
        areas.append(Area(np.array([a, b, b + inward, a + inward]), "MARK_WHITE", Part.PARKING_BAY))
    return areas


def _arrow(pos: Floats, yaw: float, name: str, length: float) -> list[Area]:
    """Lane arrow of convex parts: shaft and head, straight on, left or right."""
    c, s = math.cos(yaw), math.sin(yaw)
    k = length / 5.0
    shaft = [(-2.5, -0.075), (0.9, -0.075), (0.9, 0.075), (-2.5, 0.075)]
    parts = []
    turn = "left" if "left" in name else "right" if "right" in name else ""
    if not turn or "straight" in name:
        parts += [shaft, [(0.9, -0.35), (2.5, 0.0), (0.9, 0.35), (0.9, 0.35)]]
    if turn:
        m = 1.0 if turn == "left" else -1.0
        side = [(0.2, 0.075 * m), (0.35, 0.075 * m), (0.75, 0.5 * m), (0.6, 0.5 * m)]
        head = [(0.1, 0.5 * m), (1.25, 0.5 * m), (0.7, 1.05 * m), (0.7, 1.05 * m)]
        stem = [(-2.5, -0.075), (0.35, -0.075), (0.35, 0.075), (-2.5, 0.075)]
        parts += [side if m > 0 else side[::-1], head if m < 0 else head[::-1]] + ([] if "straight" in name else [stem])
    areas = []
    for part in parts:
        local = np.array(part) * k
        world = np.concatenate([local @ np.array([[c, s], [-s, c]]), np.zeros((4, 1))], 1) + pos
        x, y = world[:, 0], world[:, 1]
        if np.sum(x * np.roll(y, -1) - y * np.roll(x, -1)) < 0:
            world = world[::-1]
        areas.append(Area(np.ascontiguousarray(world), "MARK_WHITE", Part.ARROW))
    return areas


def object_areas(road: Road) -> list[Area]:
    """Painted areas from a road's objects: crosswalks, parking bays, stop lines, arrows."""
    areas: list[Area] = []
    for item in road.objects:
        kind, name = item.kind.lower(), item.name.lower()
        if kind == "crosswalk":
            areas += _crosswalk(road, item)
        elif kind == "parkingspace":
            areas += _parking_bay(road, item)
        elif kind == "roadmark" or "arrow" in name or "stopline" in name.replace("_", "").replace(" ", ""):
            pos, yaw = object_frame(road, item)
            if "arrow" in name:
                if item.orientation == "-":
                    yaw += math.pi
                areas += _arrow(pos, yaw, name, item.length if item.length > 1.0 else 5.0)
            elif len(item.outline) == 4 or (item.length > 0.0 and item.width > 0.0):
                what = Part.STOP_LINE if "stop" in name else Part.OTHER_MARKING
                areas.append(Area(_outline(road, item)[:4], "MARK_WHITE", what))
    for signal in road.signals:
        if signal.kind in ("294", "1.294") or "stopline" in signal.name.lower().replace(" ", "").replace("_", ""):
            item = RoadObject("", "roadmark", "stopline", signal.s, signal.t, 0.0, 0.0, 0.5, max(signal.width, 2.5))
            areas.append(Area(_outline(road, item), "MARK_WHITE", Part.STOP_LINE))
    return areas


PATCH_COVER = {
    "ice": "ICE", "water": "WATER", "oil": "OIL", "snow": "SNOW", "leaves": "LEAVES", "concrete": "CONCRETE", "asphalt": "FILL",
}  # fmt: skip


def patch_areas(road: Road) -> list[Area]:
    """Friction patches as they look: the stretch of lane, with a ragged outline of convex parts."""
    areas = []
    for patch in road.patches:
        cover = PATCH_COVER.get(patch.kind, "DEBRIS")
        count = max(1, math.ceil((patch.s1 - patch.s0) / 1.5))
        s = np.linspace(patch.s0, patch.s1, count + 1)
        taper = np.clip(np.minimum(s - patch.s0, patch.s1 - s) / 1.5, 0.0, 1.0) ** 0.5
        wave = 0.12 * (np.sin(s * 2.1 + 0.7) + np.sin(s * 0.83))
        middle, half = (patch.t0 + patch.t1) / 2, abs(patch.t1 - patch.t0) / 2
        half = half * np.maximum(taper, 0.15) * (0.88 + 0.4 * wave)
        for i in range(count):
            corners = np.array(
                [
                    [p.x, p.y, p.z]
                    for p in (
                        road.pose(s[i], middle - half[i]),
                        road.pose(s[i + 1], middle - half[i + 1]),
                        road.pose(s[i + 1], middle + half[i + 1]),
                        road.pose(s[i], middle + half[i]),
                    )
                ]
            )
            areas.append(Area(corners, cover))
    return areas


def junction_approaches(network: RoadNetwork) -> list[tuple[Road, bool]]:
    """Roads that lead into a junction, with whether they do so at their end."""
    found = []
    for road in network.order:
        if road.junction is not None:
            continue
        if road.successor is not None and road.successor.kind == "junction":
            found.append((road, True))
        if road.predecessor is not None and road.predecessor.kind == "junction":
            found.append((road, False))
    return found


def default_areas(network: RoadNetwork) -> list[Area]:
    """Stop lines where signals or town streets meet a junction, and zebra crossings where sidewalks do, if the file has none."""
    if any(
        item.kind.lower() == "crosswalk" or "stop" in item.name.lower()
        for road in network.order
        for item in road.objects
    ):
        return []
    areas: list[Area] = []
    for road, at_end in junction_approaches(network):
        k = len(road.sections) - 1 if at_end else 0
        lanes = road.sections[k].lanes
        walk = any(lane.kind in ("sidewalk", "walking") for lane in lanes.values())
        if not walk or road.length < 25.0:
            continue
        end = road.length if at_end else 0.0
        inward = -1.0 if at_end else 1.0
        borders = road.borders(end - 1e-6 if at_end else 0.0)
        paved = [
            i
            for i, lane in lanes.items()
            if lane.kind in DRIVABLE and abs(borders[i] - borders[i - (1 if i > 0 else -1)]) > 1.0
        ]
        if not paved:
            continue
        ts = [borders[j] for i in paved for j in (i, i - (1 if i > 0 else -1))]
        a, b = sorted((end + inward * 1.0, end + inward * 4.0))
        zone = _quad(road, a, b, min(ts), max(ts))
        heading = road.pose(end, 0.0).heading
        areas += [
            Area(bar, "MARK_WHITE", Part.CROSSWALK)
            for bar in _stripes(zone, np.array([-math.sin(heading), math.cos(heading), 0.0]), 0.5, 0.5)
        ]
        for i in paved:
            if road.direction(i) == (1 if at_end else -1):
                t = sorted((borders[i], borders[i - (1 if i > 0 else -1)]))
                a, b = sorted((end + inward * 5.0, end + inward * 5.5))
                areas.append(Area(_quad(road, a, b, t[0] + 0.12, t[1] - 0.12), "MARK_WHITE", Part.STOP_LINE))
    return areas
