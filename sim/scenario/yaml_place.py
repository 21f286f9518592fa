"""Places of the YAML format as concrete positions on a drawn map."""

from __future__ import annotations

import math
from dataclasses import dataclass

from sim.errors import ScenarioError
from sim.road.elements import DRIVABLE
from sim.road.network import Road, RoadNetwork
from sim.road.route import plan_route
from sim.scenario.bodies import Body, corners
from sim.scenario.draws import Draws, Rejected
from sim.scenario.schema_place import Place
from sim.scenario.source import Path_, Source
from sim.scenario.storyboard import LanePosition, Orientation, Position, WorldPosition

POINT = Body("", 0.0, 0.0, 0.0, 0.0)
FACING = {"along": 0.0, "against": math.pi, "left": math.pi / 2, "right": -math.pi / 2}
ALONG = math.cos(math.radians(30.0))
"""Cosine of the largest angle to its lane at which a vehicle stands along it."""


@dataclass(frozen=True)
class Spot:
    """A resolved place: world pose of the reference point, and where that is on the road."""

    x: float
    y: float
    z: float
    heading: float
    road: str | None = None
    lane: int = 0
    s: float = 0.0
    t: float = 0.0
    turn: float = 0.0
    """Heading relative to the lane's direction of travel [rad]."""

    def corners(self, body: Body, margin: float = 0.0) -> list[tuple[float, float]]:
        """Corners of a body that stands here."""
        return corners(self.x, self.y, self.heading, body, margin)


def lanes_to_drive(road: Road, s: float) -> str:
    """Ids of the lanes that vehicles drive on at ``s``, for messages."""
    lanes = road.sections[road.section_index(s)].lanes
    return ", ".join(str(i) for i in sorted(lanes) if i and lanes[i].kind in DRIVABLE) or "none"


class Placer:
    """Resolves places against a map and the actors placed so far."""

    def __init__(self, network: RoadNetwork, source: Source, draws: Draws) -> None:
        self.network = network
        self.source = source
        self.draws = draws
        self.spots: dict[str, Spot] = {}
        self.bodies: dict[str, Body] = {}

    def place(self, place: Place, path: Path_, body: Body = POINT, faces: str = "along") -> Spot:
        """The spot a place names.

        Raises:
            ScenarioError: if the road, lane or actor it names does not exist.
            Rejected: if this draw of it lies off the road.
        """
        turn = FACING[faces] + self.draws.number(place.heading, (*path, "heading"))
        if place.x is not None:
            return self._world(place, path, turn)
        if place.on is not None:
            dx, dy, dz, turn = self.seat(place, path, body, turn)
            base = self.spots[place.on]
            c, n = math.cos(base.heading), math.sin(base.heading)
            return Spot(base.x + c * dx - n * dy, base.y + n * dx + c * dy, base.z + dz, base.heading + turn)
        if place.ahead_of is not None or place.behind is not None or place.beside is not None:
            return self._relative(place, path, body, turn)
        road = self._road(place, path)
        s = self._s(place, road, path)
        offset = self.draws.number(place.offset, (*path, "offset"))
        if place.lane is not None:
            lane = self.draws.whole(place.lane, (*path, "lane"))
            self._check_lane(road, lane, s, path)
        else:
            kind = "parking" if place.parking is not None else "sidewalk"
            side = self.draws.word(place.parking or place.sidewalk, (*path, kind))
            lane = self._lane_of_kind(road, kind, side, s, path)
        direction = road.direction(lane)
        if place.parking is not None:
            s -= direction * body.center_x
            self._check_s(road, s, path)
        return self.on_lane(road, lane, s, offset * direction, turn)

    def on_lane(self, road: Road, lane: int, s: float, offset: float, turn: float) -> Spot:
        """The spot at a lane's centre plus ``offset`` (left of the road's s direction) [m]."""
        t = road.lane_center(lane, s) + offset
        return self.on_road(road, s, t, turn, lane)

    def on_road(self, road: Road, s: float, t: float, turn: float, lane: int | None = None) -> Spot:
        """The spot at (s, t), turned from the direction of travel of the lane there."""
        lane = road.lane_at(s, t) if lane is None else lane
        pose = road.pose(s, t)
        heading = pose.heading + (0.0 if road.direction(lane) > 0 else math.pi) + turn
        return Spot(pose.x, pose.y, pose.z + self.height(road, s, t), heading, road.id, lane, s, t, turn)

    def back(self, spot: Spot, way: float, path: Path_) -> Spot:
        """The spot ``way`` metres behind another, along its road.

        Raises:
            Rejected: if the road begins there.
        """
        if spot.road is None:
            c, n = math.cos(spot.heading), math.sin(spot.heading)
            return Spot(spot.x - way * c, spot.y - way * n, spot.z, spot.heading)
        road = self.network.roads[spot.road]
        facing = road.direction(spot.lane) * (1 if math.cos(spot.turn) >= 0 else -1)
        s = spot.s - facing * way
        self._check_s(road, s, path)
        return self.on_road(road, s, spot.t, spot.turn, spot.lane)

    def height(self, road: Road, s: float, t: float) -> float:
        """Height above the road's surface at (s, t): that of sidewalks [m]."""
        lane = road.sections[road.section_index(s)].lanes.get(road.lane_at(s, t))
        borders = road.borders(s)
        if lane is None or not lane.heights or not min(borders.values()) <= t <= max(borders.values()):
            return 0.0
        return lane.heights[0][1]

    def position(self, spot: Spot) -> Position:
        """The spot as a storyboard position: on its lane where it is one to drive on, else in the world."""
        if spot.road is not None:
            road = self.network.roads[spot.road]
            lane = road.sections[road.section_index(spot.s)].lanes.get(spot.lane)
            if lane is not None and not lane.heights:
                turn = Orientation(h=spot.turn) if abs(spot.turn) > 1e-9 else None
                return LanePosition(spot.road, spot.lane, spot.s, spot.t - road.lane_center(spot.lane, spot.s), turn)
        return WorldPosition(spot.x, spot.y, spot.z, spot.heading)

    def check_on_road(self, spot: Spot, category: str, path: Path_, lane_named: bool = False) -> None:
        """Vehicles stand on lanes to drive, park or stop on.

        Args:
            spot: Where it stands.
            category: What it is.
            path: Where the file says so.
            lane_named: The file names the lane, so the fault may be the lane's.

        Raises:
            Rejected: if this one does not.
        """
        if category in ("pedestrian", "animal", "wheelchair", "obstacle", "bicycle"):
            return
        if spot.road is None:
            found = self.network.locate(spot.x, spot.y)
            if found is None:
                raise Rejected("the actor stands off every road", path, "Place it on a lane.")
            spot = Spot(
                spot.x, spot.y, spot.z, spot.heading, self.network.order[found.road].id, found.lane, found.s, found.t
            )
        road = self.network.roads[spot.road or ""]
        lane = road.sections[road.section_index(spot.s)].lanes.get(spot.lane)
        borders = road.borders(spot.s)
        inside = min(borders.values()) <= spot.t <= max(borders.values())
        usable = {*DRIVABLE, "parking", "shoulder", "biking", "border", "stop"}
        at = road.sections[road.section_index(spot.s)].lanes.get(road.lane_at(spot.s, spot.t))
        if lane_named and lane is not None and lane.kind not in usable:
            raise Rejected(
                f"there is no lane {spot.lane} to drive on: lanes here are {lanes_to_drive(road, spot.s)}", path,
                f"Lane {spot.lane} is of kind {lane.kind!r}.",
            )  # fmt: skip
        if lane is None or at is None or at.kind not in usable or not inside:
            raise Rejected(
                f"the actor stands off the road (s = {spot.s:.1f} m, {spot.t:+.1f} m from the centre line)", path,
                "Vehicles stand on driving, parking or shoulder lanes.",
            )  # fmt: skip

    def in_traffic(self, spot: Spot) -> bool:
        """Whether what stands there is in a lane to drive on and faces along it, so that it waits and is not parked."""
        if spot.road is None:
            return False
        road = self.network.roads[spot.road]
        lane = road.sections[road.section_index(spot.s)].lanes.get(road.lane_at(spot.s, spot.t))
        return lane is not None and lane.kind in DRIVABLE and math.cos(spot.turn) > ALONG

    def check_way(self, start: Spot, goal: Spot, path: Path_) -> None:
        """A way along lanes leads from one spot to the other.

        Raises:
            Rejected: if none does.
        """
        ends = [self._on_network(spot, path) for spot in (start, goal)]
        try:
            plan_route(self.network, ends[0], ends[1])
        except ScenarioError as error:
            raise Rejected(error.message, path, error.hint or "") from None

    def _on_network(self, spot: Spot, path: Path_) -> tuple[int, int, float]:
        """Road index, lane and s of a spot."""
        if spot.road is not None:
            return self.network.roads[spot.road].index, spot.lane, spot.s
        found = self.network.locate(spot.x, spot.y)
        if found is None:
            raise Rejected(f"({spot.x:.1f} m, {spot.y:.1f} m) lies off every road", path, "Name a place on a lane.")
        return found.road, found.lane, found.s

    # --- forms of places ----------------------------------------------------------------------------------------------

    def _road(self, place: Place, path: Path_) -> Road:
        roads = self.network.roads
        if place.arm is not None:
            name = self.draws.word(place.arm, (*path, "arm"))
        elif place.road is not None:
            name = place.road
        else:
            name = next(iter(roads))
            if len([r for r in roads.values() if r.junction is None]) > 1:
                raise self.source.error("the map has several roads", path, f"Name one: {', '.join(list(roads)[:12])}.")
        if name not in roads:
            raise self.source.error(f"the map has no road {name!r}", path, f"Its roads: {', '.join(list(roads)[:12])}.")
        return roads[name]

    def _s(self, place: Place, road: Road, path: Path_) -> float:
        if place.to_junction is not None:
            if road.successor is None or road.successor.kind != "junction":
                raise self.source.error("'to_junction' needs an arm of an intersection", path)
            s = road.length - self.draws.number(place.to_junction, (*path, "to_junction"))
        else:
            s = self.draws.number(place.s, (*path, "s"))
            if s < 0:
                s += road.length
        self._check_s(road, s, path)
        return s

    def _check_s(self, road: Road, s: float, path: Path_) -> None:
        if not 0.0 <= s <= road.length:
            raise Rejected(f"s = {s:.1f} m lies off the road", path, f"It is {road.length:.1f} m long.")

    def _check_lane(self, road: Road, lane: int, s: float, path: Path_) -> None:
        lanes = road.sections[road.section_index(s)].lanes
        if lane == 0 or lane not in lanes:
            known = ", ".join(f"{i} ({lanes[i].kind})" for i in sorted(lanes) if i)
            raise self.source.error(
                f"there is no lane {lane}: lanes here are {lanes_to_drive(road, s)}", path, f"All that it has: {known}."
            )

    def _lane_of_kind(self, road: Road, kind: str, side: str, s: float, path: Path_) -> int:
        sign = 1 if side == "left" else -1
        lanes = road.sections[road.section_index(s)].lanes
        found = [i for i, lane in lanes.items() if lane.kind == kind and i * sign > 0]
        if not found:
            raise self.source.error(
                f"the road has no {kind} on the {side}",
                path,
                f"Add {'parking: ' + side if kind == 'parking' else 'sidewalk: 2 m'} to the map.",
            )
        return min(found, key=abs)

    def _world(self, place: Place, path: Path_, turn: float) -> Spot:
        x, y = self.draws.number(place.x, (*path, "x")), self.draws.number(place.y, (*path, "y"))
        found = self.network.locate(x, y)
        z = 0.0
        if found is not None:
            road = self.network.order[found.road]
            z = road.pose(found.s, found.t).z + self.height(road, found.s, found.t)
        return Spot(x, y, z, turn)

    def seat(self, place: Place, path: Path_, body: Body, turn: float) -> tuple[float, float, float, float]:
        """Where ``place`` puts a body on its carrier: `sim.scenario.world.ActorSpec.seat`.

        Raises:
            ScenarioError: if there is no such carrier.
        """
        assert place.on is not None
        if place.on not in self.spots:
            raise self.source.error(f"on: there is no actor {place.on!r}", path, f"Actors: {', '.join(self.spots)}.")
        under = self.bodies[place.on]
        gap = self.draws.number(place.gap, (*path, "gap"), 0.2)
        half = 0.5 * (body.length * abs(math.cos(turn)) + body.width * abs(math.sin(turn)))
        dx = under.center_x - 0.5 * under.length + gap + half - body.center_x * math.cos(turn)
        dy = self.draws.number(place.offset, (*path, "offset")) - body.center_x * math.sin(turn)
        return dx, dy, self.draws.number(place.height, (*path, "height"), under.height), turn

    def _relative(self, place: Place, path: Path_, body: Body, turn: float) -> Spot:
        form = "ahead_of" if place.ahead_of is not None else "behind" if place.behind is not None else "beside"
        other = getattr(place, form)
        if other not in self.spots:
            raise self.source.error(f"{form}: there is no actor {other!r}", path, f"Actors: {', '.join(self.spots)}.")
        base, other_body = self.spots[other], self.bodies[other]
        gap = self.draws.number(place.gap, (*path, "gap"), 0.5)
        offset = self.draws.number(place.offset, (*path, "offset"))
        along, across = 0.0, 0.0
        flat = abs(math.sin(turn)) > 0.7
        half = (body.width if flat else body.length) / 2
        own = 0.0 if flat else body.center_x * math.cos(turn)
        if form == "beside":
            side = 1 if self.draws.word(place.side, (*path, "side"), "left") == "left" else -1
            wide = (body.length if flat else body.width) / 2
            across = side * (other_body.width / 2 + gap + wide)
            along = other_body.center_x - own + offset
        else:
            sign = 1 if form == "ahead_of" else -1
            along = other_body.center_x + sign * (other_body.length / 2 + gap + half) - own
            across = offset
        if base.road is None:
            c, n = math.cos(base.heading), math.sin(base.heading)
            return Spot(base.x + c * along - n * across, base.y + n * along + c * across, base.z, base.heading + turn)
        road = self.network.roads[base.road]
        facing = road.direction(base.lane) * (1 if math.cos(base.turn) >= 0 else -1)
        s, t = base.s + facing * along, base.t + facing * across
        self._check_s(road, s, path)
        spot = self.on_road(road, s, t, turn)
        # 'along' means the other actor's own direction, whatever lane this ends up in
        same = road.direction(spot.lane) == facing
        return spot if same else self.on_road(road, s, t, turn + math.pi, spot.lane)
