"""Where a position is, on the host: absolute and relative positions of the start become world poses and road places."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from sim.behavior.codes import Anchor
from sim.errors import ScenarioError
from sim.road.network import Pose, Road, RoadNetwork
from sim.road.tables import lane_height
from sim.scenario.storyboard import (
    LanePosition,
    Orientation,
    Position,
    RelativeLanePosition,
    RelativeObjectPosition,
    RelativeRoadPosition,
    RelativeWorldPosition,
    RoadPosition,
    RoutePosition,
    TrajectoryPosition,
    WorldPosition,
)


def neighbour_lane(lane: int, steps: int) -> int:
    """The lane so many lanes to the left, seen along s; the reference line is none."""
    target = lane + steps
    if steps and (target == 0 or (target > 0) != (lane > 0)):
        target += 1 if steps > 0 else -1
    return target


def lane_rise(road: Road, s: float, lane: int) -> float:
    """Height of a lane above the road's surface [m]: of a pavement."""
    found = road.sections[road.section_index(s)].lanes.get(lane)
    return lane_height(found) if found is not None else 0.0


def is_posed(position: Position) -> bool:
    """Whether a position sets an actor off the road's surface: one in the world with a height, pitch or roll of its own."""
    return isinstance(position, WorldPosition) and any(v is not None for v in (position.z, position.p, position.r))


@dataclass
class Place:
    """A pose with its road coordinates; road -1: off every road."""

    pose: Pose
    road: int = -1
    lane: int = 0
    s: float = 0.0
    t: float = 0.0
    turn: float = 0.0
    """Heading relative to the road's reference line [rad]."""
    posed: bool = False
    """See `is_posed`."""


class Positions:
    """Resolves positions against a map and where the actors are."""

    def __init__(self, network: RoadNetwork, actors: Mapping[str, Place]) -> None:
        self.network = network
        self.actors = actors

    def resolve(self, position: Position) -> Place:
        """World pose and road place of a position.

        Raises:
            ScenarioError: if its road, lane or entity does not exist.
        """
        match position:
            case WorldPosition():
                return self._world(position)
            case LanePosition():
                road = self._road(position.road)
                return self._on_lane(road, position.lane, position.s, position.offset, position.orientation)
            case RoadPosition():
                road = self._road(position.road)
                return self._on_road(road, position.s, position.t, position.orientation)
            case RelativeLanePosition():
                return self._relative_lane(position)
            case RelativeRoadPosition():
                base = self._entity(position.entity)
                road = self.network.order[base.road]
                return self._on_road(road, base.s + position.ds, base.t + position.dt, position.orientation)
            case RelativeObjectPosition():
                base = self._entity(position.entity).pose
                c, n = math.cos(base.heading), math.sin(base.heading)
                x = base.x + c * position.dx - n * position.dy
                y = base.y + n * position.dx + c * position.dy
                return self.free(x, y, base.z + position.dz, base.heading, position.orientation)
            case RelativeWorldPosition():
                base = self._entity(position.entity).pose
                x, y, z = base.x + position.dx, base.y + position.dy, base.z + position.dz
                return self.free(x, y, z, base.heading, position.orientation)
            case RoutePosition():
                return self._on_route(position)
            case TrajectoryPosition():
                from sim.behavior.trajectory import sample_trajectory

                path = sample_trajectory(position.trajectory, lambda p: self.resolve(p).pose, corners=False)
                i = int(max(0, min(len(path.s) - 2, (path.s <= position.s).sum() - 1)))
                step = max(path.s[i + 1] - path.s[i], 1e-9)
                x, y, z = path.pos[i] + (path.pos[i + 1] - path.pos[i]) * ((position.s - path.s[i]) / step)
                h = float(path.heading[i])
                return self.free(
                    x - math.sin(h) * position.t, y + math.cos(h) * position.t, float(z), h, position.orientation
                )
        raise ScenarioError(f"position {type(position).__name__} is not known")

    def anchor(self, name: str, kind: Anchor) -> Pose:
        """The pose that trajectories relative to an entity move with."""
        place = self._entity(name)
        if kind == Anchor.OBJECT or place.road < 0:
            return place.pose
        road = self.network.order[place.road]
        return road.pose(place.s, road.lane_center(place.lane, place.s) if kind == Anchor.LANE else place.t)

    def _entity(self, name: str) -> Place:
        if name not in self.actors:
            raise ScenarioError(
                f"position relative to {name!r}, which has no place yet", hint="Place that entity before this one."
            )
        return self.actors[name]

    def _road(self, name: str) -> Road:
        if name not in self.network.roads:
            known = ", ".join(list(self.network.roads)[:10])
            raise ScenarioError(f"there is no road {name!r} in {self.network.name}", hint=f"Its roads: {known}.")
        return self.network.roads[name]

    def _on_lane(
        self, road: Road, lane: int, s: float, offset: float, orientation: Orientation | None, facing: int = 0
    ) -> Place:
        if not -1e-6 <= s <= road.length + 1e-6:
            raise ScenarioError(
                f"s = {s:g} m is off road {road.id}, which is {road.length:g} m long", hint="Use an s on the road."
            )
        if lane not in road.borders(s):
            lanes = ", ".join(str(i) for i in sorted(road.sections[road.section_index(s)].lanes) if i)
            raise ScenarioError(f"road {road.id} has no lane {lane} at s = {s:g} m", hint=f"Its lanes there: {lanes}.")
        turn = 0.0 if (facing or road.direction(lane)) > 0 else math.pi
        return self._place(road, s, road.lane_center(lane, s) + offset, lane, turn, orientation)

    def _on_road(self, road: Road, s: float, t: float, orientation: Orientation | None) -> Place:
        if not -1e-6 <= s <= road.length + 1e-6:
            raise ScenarioError(f"s = {s:g} m is off road {road.id}, which is {road.length:g} m long")
        return self._place(road, s, t, road.lane_at(s, t), 0.0, orientation)

    def _place(self, road: Road, s: float, t: float, lane: int, turn: float, orientation: Orientation | None) -> Place:
        pose = road.pose(s, t)
        base = pose.heading
        pose.z += lane_rise(road, s, lane)
        if orientation is not None:
            turn = turn + orientation.h if orientation.relative else orientation.h - base
        pose.heading = base + turn
        slope, bank = pose.pitch, pose.roll
        pose.pitch = slope * math.cos(turn) + bank * math.sin(turn)
        pose.roll = bank * math.cos(turn) - slope * math.sin(turn)
        return Place(pose, road.index, lane, s, t, turn)

    def _relative_lane(self, position: RelativeLanePosition) -> Place:
        base = self._entity(position.entity)
        if base.road < 0:
            raise ScenarioError(f"{position.entity} is on no road, so no lane is relative to it")
        road = self.network.order[base.road]
        if position.ds_lane is None:
            # in road coordinates: lanes, metres and heading along s, whichever way the entity faces
            lane = neighbour_lane(base.lane, position.d_lane)
            return self._on_lane(road, lane, base.s + position.ds, position.offset, position.orientation, 1)
        way = road.direction(base.lane)
        lane = neighbour_lane(base.lane, position.d_lane * way)
        curvature = float(road.line(base.s)[3][0])
        s = base.s + position.ds_lane / max(1.0 - curvature * base.t, 0.1) * way
        return self._on_lane(road, lane, s, position.offset * way, position.orientation)

    def _on_route(self, position: RoutePosition) -> Place:
        points = [self.resolve(w) for w in position.route.waypoints]
        if not points:
            raise ScenarioError(f"route {position.route.name} has no waypoints")
        from sim.road.route import plan_route

        left = position.s
        for a, b in zip(points, points[1:], strict=False):
            for leg in plan_route(self.network, (a.road, a.lane, a.s), (b.road, b.lane, b.s)):
                length = abs(leg.s1 - leg.s0)
                if left <= length + 1e-9:
                    road = self.network.order[leg.road]
                    s = leg.s0 + math.copysign(left, leg.s1 - leg.s0)
                    if position.lane is not None:
                        return self._on_lane(road, position.lane, s, position.t, position.orientation)
                    t = road.lane_center(leg.lane, s) + position.t
                    return self._place(road, s, t, leg.lane, 0.0 if leg.s1 >= leg.s0 else math.pi, position.orientation)
                left -= length
        raise ScenarioError(f"s = {position.s:g} m is beyond the end of route {position.route.name}")

    def _world(self, position: WorldPosition) -> Place:
        place = self.free(position.x, position.y, position.z, position.h, None)
        place.posed = is_posed(position)
        if position.p is not None:
            place.pose.pitch = position.p
        if position.r is not None:
            place.pose.roll = position.r
        return place

    def free(
        self, x: float, y: float, z: float | None, heading: float | None, orientation: Orientation | None
    ) -> Place:
        """A place in the world frame, on the road that lies there, if one does.

        Args:
            x: [m].
            y: [m].
            z: [m]; None: on the road.
            heading: [rad]; None: along the road.
            orientation: Further heading [rad], relative to ``heading`` or in its stead.
        """
        if orientation is not None:
            heading = (heading or 0.0) + orientation.h if orientation.relative else orientation.h
        found = self.network.locate(x, y, heading=heading)
        if found is None:
            return Place(Pose(x, y, z or 0.0, heading or 0.0))
        road = self.network.order[found.road]
        heading = found.heading if heading is None else heading
        turn = heading - found.heading
        place = self._place(road, found.s, found.t, found.lane, turn, None)
        place.pose.x, place.pose.y, place.pose.heading = x, y, heading
        if z is not None:
            place.pose.z = z
        return place
