"""Roads and the network they make, and where things are on them (float64, host)."""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from sim.road.elements import Bump, FrictionPatch, Junction, LaneSection, Pothole, RoadLink, RoadObject, Signal, Tunnel
from sim.road.geometry import Cubic, Geometry, piecewise, piecewise_array, piecewise_slope


@dataclass
class Pose:
    """Place and angles (yaw, pitch positive down-slope nose down, roll) in the world frame."""

    x: float
    y: float
    z: float
    heading: float
    pitch: float = 0.0
    roll: float = 0.0


@dataclass
class RoadPlace:
    """A world point in road coordinates."""

    road: int
    s: float
    t: float
    lane: int
    offset: float
    heading: float


@dataclass
class Road:
    """A road: reference line, heights, lanes and what stands beside it."""

    id: str
    index: int
    length: float
    name: str = ""
    junction: str | None = None
    left_hand: bool = False
    plan: list[Geometry] = field(default_factory=list)
    elevation: list[Cubic] = field(default_factory=list)
    superelevation: list[Cubic] = field(default_factory=list)
    lane_offset: list[Cubic] = field(default_factory=list)
    sections: list[LaneSection] = field(default_factory=list)
    objects: list[RoadObject] = field(default_factory=list)
    signals: list[Signal] = field(default_factory=list)
    patches: list[FrictionPatch] = field(default_factory=list)
    bumps: list[Bump] = field(default_factory=list)
    potholes: list[Pothole] = field(default_factory=list)
    tunnels: list[Tunnel] = field(default_factory=list)
    kinds: list[tuple[float, str, float | None]] = field(default_factory=list)
    """(s, type, speed limit [m/s])."""
    predecessor: RoadLink | None = None
    successor: RoadLink | None = None

    def section_index(self, s: float) -> int:
        """Lane section at ``s``."""
        return max(0, bisect_right(self._section_s, s + 1e-9) - 1)

    def section_end(self, i: int) -> float:
        """S at which section ``i`` ends."""
        return self.sections[i + 1].s if i + 1 < len(self.sections) else self.length

    @cached_property
    def _plan_s(self) -> list[float]:
        return [g.s for g in self.plan]

    def line(self, s: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """x, y, heading, curvature of the reference line at an array of s."""
        s = np.atleast_1d(np.asarray(s, float))
        which = np.clip(np.searchsorted(self._plan_s, s + 1e-9, side="right") - 1, 0, len(self.plan) - 1)
        out = np.empty((4, len(s)))
        for g in np.unique(which):
            rows = which == g
            out[:, rows] = self.plan[g].evaluate(s[rows] - self.plan[g].s)
        return out[0], out[1], out[2], out[3]

    def point(self, s: float) -> tuple[float, float, float, float]:
        """x, y, heading, curvature of the reference line at one s."""
        g = self.plan[min(max(bisect_right(self._plan_s, s + 1e-9) - 1, 0), len(self.plan) - 1)]
        return g.at(s - g.s)

    @cached_property
    def coarse(self) -> np.ndarray:
        """s, x, y every 2 m of the reference line at most, (3, n): where look-ups begin."""
        s = np.linspace(0.0, self.length, max(2, math.ceil(self.length / 2.0) + 1))
        x, y, _, _ = self.line(s)
        return np.stack([s, x, y])

    @cached_property
    def reach(self) -> float:
        """No lane border lies further from the reference line than this at any section's start or end [m]."""
        ends = [s for i, x in enumerate(self.sections) for s in (x.s, self.section_end(i))]
        return max((max(map(abs, self.borders(s).values())) for s in ends), default=0.0)

    def pose(self, s: float, t: float) -> Pose:
        """Pose at (s, t), heading along the reference line."""
        x, y, h, _ = self.point(s)
        roll = piecewise(self.superelevation, s)
        slope = piecewise_slope(self.elevation, s)
        z = piecewise(self.elevation, s) + t * math.sin(roll)
        t_flat = t * math.cos(roll)
        return Pose(x - math.sin(h) * t_flat, y + math.cos(h) * t_flat, z, h, -math.atan(slope), roll)

    def borders(self, s: float) -> dict[int, float]:
        """T of each lane's outer border at ``s``; id 0: the lane offset."""
        index = self.section_index(s)
        if not self.lane_offset and self.sections[index].steady:
            if index not in self._steady_borders:
                self._steady_borders[index] = self._borders(self.sections[index], s)
            return dict(self._steady_borders[index])
        return self._borders(self.sections[index], s)

    @cached_property
    def _steady_borders(self) -> dict[int, dict[int, float]]:
        """Borders of sections whose lanes keep their widths."""
        return {}

    @cached_property
    def _section_s(self) -> list[float]:
        return [x.s for x in self.sections]

    def _borders(self, section: LaneSection, s: float) -> dict[int, float]:
        ds = s - section.s
        base = piecewise(self.lane_offset, s)
        out = {0: base}
        for sign in (1, -1):
            t = base
            for i in section.side(sign):
                lane = section.lanes[i]
                if lane.widths:
                    t += sign * max(piecewise(lane.widths, ds), 0.0)
                elif lane.borders:
                    t = base + piecewise(lane.borders, ds)
                out[i] = t
        return out

    def lane_center(self, lane: int, s: float) -> float:
        """T of a lane's centre line; for lane 0 the lane offset.

        Raises:
            KeyError: if there is no such lane at ``s``.
        """
        borders = self.borders(s)
        if lane == 0:
            return borders[0]
        outer = borders[lane]
        step = 1 if lane > 0 else -1
        inner = borders.get(lane - step, borders[0])
        return (inner + outer) / 2

    def lane_line(self, section: int, lane: int, s: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Points x, y, z [m] (n, 3) of a lane's centre line and the reference line's heading [rad] (n,) at an array of s."""
        x, y, heading, _ = self.line(s)
        inner = outer = piecewise_array(self.lane_offset, s)
        base, sign = outer, 1 if lane > 0 else -1
        for i in self.sections[section].side(sign) if lane else ():
            row = self.sections[section].lanes[i]
            ds = s - self.sections[section].s
            inner = outer
            if row.widths:
                outer = outer + sign * np.maximum(piecewise_array(row.widths, ds), 0.0)
            elif row.borders:
                outer = base + piecewise_array(row.borders, ds)
            if i == lane:
                break
        t = (inner + outer) / 2
        roll = piecewise_array(self.superelevation, s)
        flat, z = t * np.cos(roll), piecewise_array(self.elevation, s) + t * np.sin(roll)
        return np.column_stack([x - np.sin(heading) * flat, y + np.cos(heading) * flat, z]), heading

    def lane_width(self, lane: int, s: float) -> float:
        """Width of a lane [m]."""
        borders = self.borders(s)
        return abs(borders[lane] - borders[lane - (1 if lane > 0 else -1)])

    def lane_at(self, s: float, t: float) -> int:
        """Lane that holds t at ``s``; the outermost one beyond the road's edge."""
        borders = self.borders(s)
        sign = 1 if t > borders[0] else -1
        lanes = sorted((i for i in borders if i * sign > 0), key=abs)
        for i in lanes:
            if sign * t <= sign * borders[i] and abs(borders[i] - borders[i - sign]) > 1e-6:
                return i
        return lanes[-1] if lanes else 0

    def direction(self, lane: int) -> int:
        """+1 if traffic on the lane runs with s, -1 against it."""
        return (1 if lane <= 0 else -1) * (-1 if self.left_hand else 1)


@dataclass
class RoadNetwork:
    """A map."""

    name: str
    roads: dict[str, Road]
    junctions: dict[str, Junction] = field(default_factory=dict)
    notes: list[Any] = field(default_factory=list)

    @cached_property
    def order(self) -> list[Road]:
        """Roads by index."""
        return list(self.roads.values())

    def road(self, road: str | int) -> Road:
        """A road by id (string) or index.

        Raises:
            KeyError: if there is none.
        """
        return self.order[road] if isinstance(road, int) else self.roads[road]

    def locate(self, x: float, y: float, hint: int | None = None, heading: float | None = None) -> RoadPlace | None:
        """The road place of a world point: on the nearest road whose lanes hold it, else the nearest road at all."""
        best: tuple[float, RoadPlace] | None = None
        starts = []
        for road in self.order:
            squared = (road.coarse[1] - x) ** 2 + (road.coarse[2] - y) ** 2
            k = int(np.argmin(squared))
            starts.append((math.sqrt(float(squared[k])), road, float(road.coarse[0, k])))
        starts.sort(key=lambda row: (row[0], row[1].index))
        for distance, road, start in starts:
            # The nearest point is at most a metre and a bit nearer than the nearest coarse one.
            if best is not None and distance - 2.0 - 2.0 * road.reach > best[0] + 0.5:
                continue
            s, t, h = self._project(road, x, y, start)
            if s is None:
                continue
            borders = road.borders(s)
            outside = max(0.0, t - max(borders.values()), min(borders.values()) - t)
            cost = outside + 1e-3 * abs(t)
            if heading is not None:
                turn = abs(math.remainder(heading - h, math.tau))
                cost += 0.05 * min(turn, math.pi - turn)
            if hint is not None and road.index == hint:
                cost -= 0.5
            if best is None or (cost, road.index) < (best[0], best[1].road):
                lane = road.lane_at(s, t)
                best = cost, RoadPlace(road.index, s, t, lane, t - road.lane_center(lane, s), h)
        return best[1] if best else None

    @staticmethod
    def _project(road: Road, x: float, y: float, best: float) -> tuple[float | None, float, float]:
        """s, t, heading of the point's foot on a road's reference line, searched from ``best``."""
        for _ in range(8):
            cx, cy, h, _ = road.point(best)
            last, step = best, (x - cx) * math.cos(h) + (y - cy) * math.sin(h)
            best = min(max(best + step, 0.0), road.length)
            if abs(best - last) < 1e-9:
                break
        cx, cy, h, _ = road.point(best)
        along = (x - cx) * math.cos(h) + (y - cy) * math.sin(h)
        if abs(along) > 1e-3:
            return (best, (y - cy) * math.cos(h) - (x - cx) * math.sin(h), h) if abs(along) < 5.0 else (None, 0.0, 0.0)
        return best, (y - cy) * math.cos(h) - (x - cx) * math.sin(h), h
