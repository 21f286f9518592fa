"""Ways over the network: which lanes to follow from a start to a goal, and the line they make."""

from __future__ import annotations

import heapq
import itertools
import math
from dataclasses import dataclass

import numpy as np

from sim.errors import ScenarioError
from sim.road.elements import DRIVABLE
from sim.road.network import RoadNetwork
from sim.road.tables import _lane_links

LANE_CHANGE_COST = 5.0
"""What a change of lane is worth in metres when ways are compared."""


@dataclass(frozen=True)
class Leg:
    """A stretch of one lane in one section."""

    road: int
    section: int
    lane: int
    s0: float
    s1: float
    """s1 < s0 where the way runs against s."""


Node = tuple[int, int, int]
"""(road index, section, lane)."""


def plan_route(network: RoadNetwork, start: tuple[int, int, float], goal: tuple[int, int, float]) -> list[Leg]:
    """The shortest way along lanes, with lane changes between neighbours of one direction (Dijkstra 1959).

    Args:
        network: The map.
        start: Road index, lane, s [m].
        goal: Likewise.

    Raises:
        ScenarioError: if there is none.
    """
    first = _node(network, *start)
    last = _node(network, *goal)
    counter = itertools.count()
    queue: list[tuple[float, int, Node, Node | None]] = [(0.0, next(counter), first, None)]
    came: dict[Node, Node | None] = {}
    while queue:
        cost, _, node, previous = heapq.heappop(queue)
        if node in came:
            continue
        came[node] = previous
        if node == last and (node != first or _ahead(network, start, goal)):
            return _legs(network, _chain(came, last), start[2], goal[2])
        for neighbour, extra in _neighbours(network, node):
            if neighbour not in came:
                heapq.heappush(queue, (cost + extra, next(counter), neighbour, node))
    raise _no_way(network, start, goal)


def _no_way(network: RoadNetwork, start: tuple[int, int, float], goal: tuple[int, int, float]) -> ScenarioError:
    """What is wrong with a way that is not there: the likeliest reason, and the lanes that there are."""
    if goal[0] < 0 or start[0] < 0:
        return ScenarioError("a way leads off every road", hint="Name places on lanes to drive on.")
    here, there = network.order[start[0]], network.order[goal[0]]
    what = f"no way from lane {start[1]} of road {here.id}, s = {start[2]:.1f} m, to lane {goal[1]} of road {there.id}, s = {goal[2]:.1f} m"
    lanes = there.sections[there.section_index(goal[2])].lanes
    ways = ", ".join(
        f"{i} ({'along' if there.direction(i) > 0 else 'against'} s)"
        for i in sorted(lanes)
        if i and lanes[i].kind in DRIVABLE
    )
    hint = f"Lanes to drive on there: {ways or 'none'}."
    if goal[1] not in lanes or lanes[goal[1]].kind not in DRIVABLE:
        kind = lanes[goal[1]].kind if goal[1] in lanes and goal[1] else "no"
        return ScenarioError(f"{what}: that is {'no' if kind in ('no', 'none') else f'a {kind}'} lane", hint=hint)
    if here is there and here.direction(start[1]) != there.direction(goal[1]):
        return ScenarioError(f"{what}: that lane runs the other way", hint=hint)
    if here is there and not _ahead(network, start, goal):
        return ScenarioError(f"{what}: that lies behind", hint=hint)
    return ScenarioError(what, hint=f"Is it ahead, in the direction of traffic? {hint}")


def _node(network: RoadNetwork, road: int, lane: int, s: float) -> Node:
    return road, network.order[road].section_index(s), lane


def _ahead(network: RoadNetwork, start: tuple[int, int, float], goal: tuple[int, int, float]) -> bool:
    return (goal[2] - start[2]) * network.order[start[0]].direction(start[1]) >= -1e-6


def _neighbours(network: RoadNetwork, node: Node) -> list[tuple[Node, float]]:
    road = network.order[node[0]]
    lane = road.sections[node[1]].lanes[node[2]]
    length = road.section_end(node[1]) - road.sections[node[1]].s
    direction = road.direction(node[2])
    found: list[tuple[Node, float]] = []
    for other, section, target, _ in _lane_links(network, road, node[1], lane, 0 if direction > 0 else 1):
        if target in other.sections[section].lanes:
            found.append(((other.index, section, target), length))
    for step in (-1, 1):
        side = road.sections[node[1]].lanes.get(node[2] + step)
        if side is not None and side.kind in DRIVABLE and road.direction(side.id) == direction and side.id != 0:
            found.append(((node[0], node[1], side.id), LANE_CHANGE_COST))
    return found


def _chain(came: dict[Node, Node | None], last: Node) -> list[Node]:
    chain = [last]
    while (previous := came[chain[-1]]) is not None:
        chain.append(previous)
    return chain[::-1]


def _legs(network: RoadNetwork, chain: list[Node], s_start: float, s_goal: float) -> list[Leg]:
    legs = []
    for i, (r, k, lane) in enumerate(chain):
        road = network.order[r]
        low, high = road.sections[k].s, road.section_end(k)
        s0, s1 = (low, high) if road.direction(lane) > 0 else (high, low)
        changed = i > 0 and chain[i - 1][:2] == (r, k)
        if i == 0:
            s0 = s_start
        elif changed:
            s0 = legs[-1].s0
            legs.pop()
        if i == len(chain) - 1:
            s1 = s_goal
        legs.append(Leg(r, k, lane, s0, s1))
    return legs


def route_polyline(network: RoadNetwork, legs: list[Leg], spacing: float = 2.0) -> np.ndarray:
    """Points along the legs' lane centres: x, y, z [m], heading [rad] of travel; (n, 4)."""
    points: list[tuple[float, float, float, float]] = []
    for leg in legs:
        road = network.order[leg.road]
        forward = leg.s1 >= leg.s0
        n = max(2, math.ceil(abs(leg.s1 - leg.s0) / spacing) + 1)
        inner = np.linspace(leg.s0, leg.s1, n)
        low, high = road.sections[leg.section].s, road.section_end(leg.section)
        line, headings = road.lane_line(leg.section, leg.lane, np.clip(inner, low, max(low, high - 1e-6)))
        for (x, y, z), heading in zip(line.tolist(), headings.tolist(), strict=True):
            if not points or math.dist(points[-1][:2], (x, y)) > 0.05:
                points.append((x, y, z, heading if forward else heading + math.pi))
    line = np.array(points)
    if len(line):
        line[:, 3] = np.unwrap(line[:, 3])
    return line
