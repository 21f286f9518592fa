"""The ego's way to its goal as a path: host, once per drawn world."""

from __future__ import annotations

import math

import numpy as np

from sim.behavior.positions import Place, Positions
from sim.behavior.trajectory import PathPoints
from sim.road.network import RoadNetwork
from sim.road.route import plan_route, route_polyline
from sim.scenario.world import WorldSpec

REACH = 400.0
"""How far an ego without a goal goes along its lane [m]."""


def ego_path(spec: WorldSpec, positions: Positions, start: Place) -> PathPoints | None:
    """The way from ``start`` by the ego's waypoints to its goal or, without one, along its lane; None if that leads nowhere.

    Raises:
        ScenarioError: if no way leads there.
    """
    if spec.goal is not None:
        stops = [start, *(positions.resolve(p) for p in spec.route), positions.resolve(spec.goal.position)]
        lines = []
        for a, b in zip(stops, stops[1:], strict=False):
            legs = plan_route(spec.network, (a.road, a.lane, a.s), (b.road, b.lane, b.s))
            lines.append(route_polyline(spec.network, legs))
        line = np.concatenate(lines)
    else:
        line = _lane_ahead(spec.network, start)
    if len(line) < 2:
        return None
    s = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(line[:, :2], axis=0).T))])
    return PathPoints(line[:, :3], np.unwrap(line[:, 3]), s, np.full(len(s), -1.0))


def _lane_ahead(network: RoadNetwork, start: Place) -> np.ndarray:
    """Points x, y, z [m] and headings [rad] along a lane, (n, 4)."""
    if start.road < 0:
        return np.zeros((0, 4))
    road = network.order[start.road]
    facing = 1 if math.cos(start.turn) >= 0 else -1
    end = min(max(start.s + facing * REACH, 0.0), road.length)
    rows = []
    for s in np.linspace(start.s, end, max(2, math.ceil(abs(end - start.s) / 2.0) + 1)):
        lane = start.lane if start.lane in road.borders(float(s)) else road.lane_at(float(s), start.t)
        pose = road.pose(float(s), road.lane_center(lane, float(s)))
        rows.append((pose.x, pose.y, pose.z, pose.heading if facing > 0 else pose.heading + math.pi))
    return np.array(rows)
