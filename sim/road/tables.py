"""Road networks as the device sees them: `RoadTables` of all maps of a batch."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
import warp as wp

from sim.road.elements import DRIVABLE, Lane, RoadLink
from sim.road.friction import GRIPS, film_factor
from sim.road.geometry import piecewise, piecewise_slope
from sim.road.network import Road, RoadNetwork
from sim.road.relief import relief_rows
from sim.types import LaneKind, RoadTables, Shape

STEP = 1.0
"""Greatest distance between samples [m]; they stand closer where the road bends, so that they turn by at most `TURN`."""

TURN = 0.02
"""Greatest turn between samples [rad]."""

MIN_STEP = 0.1
"""Least distance between samples [m]."""

CELL = 10.0
"""Edge of a grid cell [m]."""

REACH = 25.0
"""How far beyond its lanes a road is still entered in the grid [m]."""

KINDS = {
    "shoulder": LaneKind.SHOULDER, "stop": LaneKind.SHOULDER, "parking": LaneKind.PARKING, "sidewalk": LaneKind.SIDEWALK,
    "walking": LaneKind.SIDEWALK, "border": LaneKind.BORDER, "curb": LaneKind.BORDER, "restricted": LaneKind.BORDER,
    "median": LaneKind.MEDIAN, "biking": LaneKind.BIKING,
}  # fmt: skip

FRICTION = {LaneKind.NONE: 0.6, LaneKind.MEDIAN: 0.6, LaneKind.BORDER: 0.8}
"""Dry friction of lanes without a material record; 1.0 elsewhere (dry asphalt)."""

SIDEWALK_HEIGHT = 0.12
"""Kerb height of sidewalks without a height record [m]."""


def lane_kind(lane: Lane) -> LaneKind:
    """What a lane is for."""
    return LaneKind.DRIVING if lane.kind in DRIVABLE else KINDS.get(lane.kind, LaneKind.NONE)


def lane_height(lane: Lane) -> float:
    """Height of a lane above the road's surface [m]."""
    if lane.heights:
        return (lane.heights[0][1] + lane.heights[0][2]) / 2
    return SIDEWALK_HEIGHT if lane_kind(lane) == LaneKind.SIDEWALK else 0.0


class _Builder:
    """Lists that become the arrays of `RoadTables`."""

    def __init__(self) -> None:
        self.lists: dict[str, list[Any]] = defaultdict(list)
        self.lane_row: dict[tuple[int, int, int], int] = {}
        """(road, section in road, lane id) -> row."""

    def add_map(self, network: RoadNetwork) -> None:
        lists = self.lists
        base = len(lists["road_length"])
        lists["map_first_road"].append(base)
        for road in network.order:
            self.add_road(road, base + road.index)
        for road in network.order:
            for k in range(len(road.sections)):
                for lane in road.sections[k].lanes.values():
                    self.add_links(network, road, k, lane, base)
        self.add_grid(network, base)

    def add_road(self, road: Road, row: int) -> None:
        lists = self.lists
        lists["road_length"].append(road.length)
        lists["road_first_section"].append(len(lists["section_s"]))
        lists["road_first_patch"].append(len(lists["patch"]))
        for patch in road.patches:
            lists["patch"].append((patch.s0, patch.s1, patch.t0, patch.t1))
            grip = GRIPS[patch.kind]
            lists["patch_grip"].append((patch.friction, grip.wet_loss, grip.rolling, film_factor(patch.depth)))
        lists["road_first_relief"].append(len(lists["relief_box"]))
        boxes, forms = relief_rows(road.bumps, road.potholes)
        lists["relief_box"] += boxes
        lists["relief_form"] += forms
        for k in range(len(road.sections)):
            self.add_section(road, k, row)

    def add_section(self, road: Road, k: int, row: int) -> None:
        lists = self.lists
        section = road.sections[k]
        s0, s1 = section.s, road.section_end(k)
        bend = float(np.max(np.abs(road.line(np.linspace(s0, s1, max(9, int(s1 - s0))))[3])))
        step = min(STEP, max(MIN_STEP, TURN / max(bend, 1e-6)))
        count = max(2, math.ceil((s1 - s0) / step) + 1)
        s = np.linspace(s0, s1, count)
        lists["section_s"].append((s0, s1))
        lists["section_step"].append((s1 - s0) / (count - 1))
        lists["section_first_sample"].append(len(lists["sample_heading"]))
        lists["section_first_border"].append(len(lists["border"]))
        lists["section_first_lane"].append(len(lists["lane_kind"]))
        ids = sorted({*section.lanes, 0})
        ids = list(range(ids[0], ids[-1] + 1))
        lists["section_lane_min"].append(ids[0])
        x, y, heading, curvature = road.line(np.clip(s, s0 + 1e-9, max(s1 - 1e-7, s0 + 1e-9)))
        z = [piecewise(road.elevation, v) for v in s]
        lists["sample_pos"] += list(zip(x, y, z, strict=True))
        lists["sample_heading"] += list(np.unwrap(heading))
        lists["sample_curvature"] += list(curvature)
        lists["sample_slope"] += [piecewise_slope(road.elevation, v) for v in s]
        lists["sample_roll"] += [piecewise(road.superelevation, v) for v in s]
        for v in np.clip(s, s0, max(s1 - 1e-7, s0)):
            borders = road.borders(float(v))
            lists["border"] += [borders.get(i, borders[0]) for i in ids]
        relief = relief_rows(road.bumps, road.potholes)
        smooth = not any(box[0] < s1 and box[1] > s0 for box in relief[0])
        lists["section_shape"].append(self.section_shape(count, len(ids)) | (int(Shape.SMOOTH) if smooth else 0))
        heights = [lane_height(lane) for lane in section.lanes.values()] + [0.0]
        bumps = [form[1] for box, form in zip(*relief, strict=True) if box[0] < s1 and box[1] > s0]
        bend = float(np.abs(np.diff(lists["sample_slope"][-count:])).max()) / lists["section_step"][-1]
        lists["section_rise"].append((max(heights) - min(heights) + sum(max(b, 0.0) for b in bumps), bend))
        for i in ids:
            lane = section.lanes.get(i, Lane(i, "none"))
            kind = lane_kind(lane)
            self.lane_row[row, k, i] = len(lists["lane_kind"])
            lists["lane_kind"].append(int(kind))
            lists["lane_direction"].append(road.direction(i))
            lists["lane_friction"].append(lane.friction[0][1] if lane.friction else FRICTION.get(kind, 1.0))
            lists["lane_height"].append(lane_height(lane))
            lists["lane_link"].append([0, 0])
            lists["lane_nlink"].append([0, 0])

    def section_shape(self, count: int, nlane: int) -> int:
        """Bits of `Shape` of the section of the last ``count`` samples, by what the device sees of them."""
        names = ("sample_pos", "sample_heading", "sample_curvature", "sample_slope", "sample_roll")
        pos, heading, curvature, slope, roll = (np.array(self.lists[n][-count:], np.float32) for n in names)
        border = np.array(self.lists["border"][-count * nlane :], np.float32).reshape(count, nlane)
        shape = Shape(0)
        if not curvature.any() and np.ptp(heading) == 0:
            shape |= Shape.STRAIGHT
        if not (pos[:, 2].any() or slope.any() or roll.any()):
            shape |= Shape.LEVEL
        if not np.ptp(border, axis=0).any():
            shape |= Shape.EVEN
        return int(shape)

    def add_links(self, network: RoadNetwork, road: Road, k: int, lane: Lane, base: int) -> None:
        """Where a lane leads to at its section's end (column 0) and start (column 1)."""
        lists = self.lists
        row = self.lane_row[base + road.index, k, lane.id]
        for column in (0, 1):
            links = _lane_links(network, road, k, lane, column)
            lists["lane_link"][row][column] = len(lists["link_road"])
            for other, section, target, at_end in links:
                if (base + other.index, section, target) in self.lane_row:
                    lists["link_road"].append(base + other.index)
                    lists["link_section"].append(lists["road_first_section"][base + other.index] + section)
                    lists["link_lane"].append(target)
                    lists["link_at_end"].append(int(at_end))
                    lists["lane_nlink"][row][column] += 1

    def add_grid(self, network: RoadNetwork, base: int) -> None:
        """Which roads pass each cell, and at what s."""
        lists = self.lists
        cells: dict[tuple[int, int], dict[tuple[int, int], float]] = defaultdict(dict)
        points: list[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, Road]] = []
        for road in network.order:
            s = np.linspace(0.0, road.length, max(2, math.ceil(road.length / (CELL / 2)) + 1))
            x, y, h, _ = road.line(s)
            points.append((s, x, y, h, road))
        low = np.min([[p[1].min(), p[2].min()] for p in points] or [[0.0, 0.0]], axis=0) - 2 * REACH
        high = np.max([[p[1].max(), p[2].max()] for p in points] or [[0.0, 0.0]], axis=0) + 2 * REACH
        size = np.maximum(1, np.ceil((high - low) / CELL).astype(int))
        for s, x, y, h, road in points:
            borders = [road.borders(float(v)) for v in s]
            for i in range(len(s)):
                left, right = max(borders[i].values()) + REACH, min(borders[i].values()) - REACH
                for t in np.arange(right, left + CELL / 2, CELL / 2):
                    column = int((x[i] - math.sin(h[i]) * t - low[0]) // CELL)
                    line = int((y[i] + math.cos(h[i]) * t - low[1]) // CELL)
                    if 0 <= column < size[0] and 0 <= line < size[1]:
                        cells[line, column].setdefault((base + road.index, int(s[i] // (4 * CELL))), float(s[i]))
        lists["grid_origin"].append(tuple(low))
        lists["grid_size"].append(tuple(int(v) for v in size))
        lists["grid_first_cell"].append(len(lists["cell_first"]))
        for line in range(size[1]):
            for column in range(size[0]):
                lists["cell_first"].append(len(lists["entry_road"]))
                for (row, _), s_value in sorted(cells.get((line, column), {}).items()):
                    lists["entry_road"].append(row)
                    lists["entry_s"].append(s_value)


def _lane_links(network: RoadNetwork, road: Road, k: int, lane: Lane, column: int) -> list[tuple[Road, int, int, bool]]:
    """(road, section, lane, entered at its end) that a lane leads to at its end (column 0) or start (column 1)."""
    last = len(road.sections) - 1
    target = lane.successor if column == 0 else lane.predecessor
    if (column == 0 and k < last) or (column == 1 and k > 0):
        neighbour = k + 1 if column == 0 else k - 1
        target = lane.id if target is None and lane.id in road.sections[neighbour].lanes else target
        return [(road, neighbour, target, column == 1)] if target is not None else []
    link: RoadLink | None = road.successor if column == 0 else road.predecessor
    if link is None:
        return []
    if link.kind == "road":
        other = network.roads.get(link.id)
        if other is None or target is None:
            return []
        at_end = link.contact == "end"
        return [(other, len(other.sections) - 1 if at_end else 0, target, at_end)]
    junction = network.junctions.get(link.id)
    found = []
    for connection in junction.connections if junction else ():
        other = network.roads.get(connection.connecting)
        if connection.incoming != road.id or other is None:
            continue
        at_end = connection.contact == "end"
        for source, sink in connection.lanes:
            if source == lane.id:
                found.append((other, len(other.sections) - 1 if at_end else 0, sink, at_end))
    return sorted(found, key=lambda link: abs(_turn(link[0])))


def _turn(road: Road) -> float:
    """How much a connecting road turns [rad]."""
    _, _, heading, _ = road.line(np.array([0.0, road.length - 1e-9]))
    return math.remainder(float(heading[1] - heading[0]), math.tau)


def build_road_tables(networks: Sequence[RoadNetwork], device: Any) -> RoadTables:
    """Upload maps; map i of the tables is ``networks[i]``, whose road j is row ``map_first_road[i] + j``."""
    builder = _Builder()
    for network in networks:
        builder.add_map(network)
    lists = builder.lists
    lists["map_first_road"].append(len(lists["road_length"]))
    lists["road_first_section"].append(len(lists["section_s"]))
    lists["road_first_patch"].append(len(lists["patch"]))
    lists["road_first_relief"].append(len(lists["relief_box"]))
    lists["section_first_sample"].append(len(lists["sample_heading"]))
    lists["section_first_lane"].append(len(lists["lane_kind"]))
    lists["cell_first"].append(len(lists["entry_road"]))
    tables = RoadTables()
    for name, var in RoadTables.vars.items():
        if lists[name]:
            array = wp.array(np.array(lists[name]), dtype=var.type.dtype, device=device)
        else:
            array = wp.zeros((1,) * var.type.ndim, dtype=var.type.dtype, device=device)
        setattr(tables, name, array)
    return tables
