"""Positions, routes and trajectories."""

from __future__ import annotations

import math
from dataclasses import dataclass

from sim.road.network import Road, RoadNetwork
from sim.scenario import storyboard as asam
from sim.scenario.openscenario.catalogs import Catalogs
from sim.scenario.openscenario.entities import Entities
from sim.scenario.openscenario.parameters import declare
from sim.scenario.openscenario.xml import Node, Unsupported

MAX_POINTS = 20_000
MAX_NESTING = 8
SLACK = 0.05
"""How far s may lie beyond a road's end [m]."""


@dataclass
class Places:
    """Reads positions against a map and the scenario's entities."""

    network: RoadNetwork
    entities: Entities
    catalogs: Catalogs
    depth: int = 0
    lenient: bool = False
    """Whether an s beyond a road's end is moved to the end with a note: for positions that nobody starts at."""

    def position(self, holder: Node) -> asam.Position:
        """The position that a Position element holds.

        Raises:
            ScenarioError: if its road, lane or entity does not exist.
            Unsupported: for kinds Swerve lacks.
        """
        node = holder.only()
        readers = {
            "WorldPosition": self._world, "LanePosition": self._lane, "RoadPosition": self._road_position,
            "RelativeLanePosition": self._relative_lane, "RelativeRoadPosition": self._relative_road,
            "RelativeObjectPosition": self._relative_object, "RelativeWorldPosition": self._relative_world,
            "RoutePosition": self._on_route, "TrajectoryPosition": self._on_trajectory,
        }  # fmt: skip
        if node.tag not in readers:
            raise Unsupported(node, f"{node.tag} is not supported")
        self.depth += 1
        try:
            if self.depth > MAX_NESTING:
                raise node.error("positions lie inside each other too deeply", f"At most {MAX_NESTING}.")
            return readers[node.tag](node)
        finally:
            self.depth -= 1

    def _orientation(self, node: Node) -> asam.Orientation | None:
        found = node.child("Orientation")
        if found is None:
            return None
        relative = found.choice("type", {"relative": True, "absolute": False}, "absolute")
        return asam.Orientation(found.number("h", 0.0), found.number("p", 0.0), found.number("r", 0.0), relative)

    def road(self, node: Node) -> Road:
        """The road that an element names."""
        name = node.text("roadId")
        if name not in self.network.roads:
            known = ", ".join(list(self.network.roads)[:12])
            raise node.error(f"there is no road {name!r} in the map {self.network.name}", f"Its roads: {known}.")
        return self.network.roads[name]

    def _s(self, node: Node, road: Road) -> float:
        s = node.number("s")
        if not -SLACK <= s <= road.length + SLACK:
            message = f"s={s:g} m is off road {road.id}, which is {road.length:g} m long"
            if not self.lenient:
                raise node.error(message, f"From 0 to {road.length:g} m.")
            self.catalogs.reading.note(node.file, node.line, f"{message}: its end is taken")
        return min(max(s, 0.0), road.length)

    def _lane(self, node: Node) -> asam.Position:
        road = self.road(node)
        s, lane = self._s(node, road), node.whole("laneId")
        if lane not in road.borders(s):
            lanes = ", ".join(str(i) for i in sorted(road.sections[road.section_index(s)].lanes) if i)
            raise node.error(f"road {road.id} has no lane {lane} at s={s:g} m", f"Its lanes there: {lanes}.")
        return asam.LanePosition(road.id, lane, s, node.number("offset", 0.0), self._orientation(node))

    def _road_position(self, node: Node) -> asam.Position:
        road = self.road(node)
        return asam.RoadPosition(road.id, self._s(node, road), node.number("t", 0.0), self._orientation(node))

    def _world(self, node: Node) -> asam.Position:
        rest = (node.optional(name) for name in ("z", "h", "p", "r"))
        return asam.WorldPosition(node.number("x"), node.number("y"), *rest)

    def off_road(self, position: asam.Position) -> float:
        """How far a position lies beside the nearest road [m]; 0 on it, without roads, and for places relative to others."""
        if isinstance(position, asam.LanePosition):
            road, s = self.network.roads[position.road], position.s
            t = road.lane_center(position.lane, s) + position.offset
        elif isinstance(position, asam.RoadPosition):
            road, s, t = self.network.roads[position.road], position.s, position.t
        elif isinstance(position, asam.WorldPosition) and self.network.order:
            place = self.network.locate(position.x, position.y)
            if place is None:
                return math.inf
            road, s, t = self.network.order[place.road], place.s, place.t
        else:
            return 0.0
        borders = road.borders(s).values()
        return max(0.0, t - max(borders), min(borders) - t)

    def _relative_lane(self, node: Node) -> asam.Position:
        return asam.RelativeLanePosition(
            self.entities.one(node), node.whole("dLane"), node.number("ds", 0.0), node.optional("dsLane"),
            node.number("offset", 0.0), self._orientation(node),
        )  # fmt: skip

    def _relative_road(self, node: Node) -> asam.Position:
        return asam.RelativeRoadPosition(
            self.entities.one(node), node.number("ds"), node.number("dt"), self._orientation(node)
        )

    def _relative_object(self, node: Node) -> asam.Position:
        numbers = node.number("dx"), node.number("dy"), node.number("dz", 0.0)
        return asam.RelativeObjectPosition(self.entities.one(node), *numbers, self._orientation(node))

    def _relative_world(self, node: Node) -> asam.Position:
        numbers = node.number("dx"), node.number("dy"), node.number("dz", 0.0)
        return asam.RelativeWorldPosition(self.entities.one(node), *numbers, self._orientation(node))

    def _on_trajectory(self, node: Node) -> asam.Position:
        trajectory = self.trajectory(node.need("TrajectoryRef"))
        return asam.TrajectoryPosition(trajectory, node.number("s"), node.number("t", 0.0), self._orientation(node))

    def _on_route(self, node: Node) -> asam.Position:
        route = self.route(node.need("RouteRef"))
        place = node.need("InRoutePosition").only()
        orientation = self._orientation(node)
        if place.tag == "FromLaneCoordinates":
            return asam.RoutePosition(
                route, place.number("pathS"), place.number("laneOffset", 0.0), place.whole("laneId"), orientation
            )
        if place.tag == "FromRoadCoordinates":
            return asam.RoutePosition(route, place.number("pathS"), place.number("t", 0.0), None, orientation)
        raise Unsupported(place, f"{place.tag} is not supported")

    # --- routes and trajectories --------------------------------------------------------------------------------------

    def route(self, holder: Node) -> asam.Route:
        """The route that an element holds or refers to."""
        reference = holder.child("CatalogReference")
        if reference is not None:
            with self.catalogs.entry(reference, "Route") as entry:
                return self._route(entry)
        return self._route(declare(holder.need("Route")))

    def _route(self, node: Node) -> asam.Route:
        points = []
        for waypoint in node.children("Waypoint"):
            waypoint.get("routeStrategy")
            points.append(self.position(waypoint.need("Position")))
        if len(points) < 2:
            raise node.error("a route needs two waypoints or more")
        return asam.Route(node.label(), tuple(points), node.truth("closed", False))

    def trajectory(self, holder: Node) -> asam.Trajectory:
        """The trajectory that an element holds or refers to."""
        reference = holder.child("CatalogReference")
        if reference is not None:
            with self.catalogs.entry(reference, "Trajectory") as entry:
                return self._trajectory(entry)
        return self._trajectory(declare(holder.need("Trajectory")))

    def _trajectory(self, node: Node) -> asam.Trajectory:
        shape = node.need("Shape").only()
        readers = {
            "Polyline": self._polyline, "Clothoid": self._clothoid, "ClothoidSpline": self._spline, "Nurbs": self._nurbs
        }  # fmt: skip
        if shape.tag not in readers:
            raise Unsupported(shape, f"{shape.tag} is not supported")
        return asam.Trajectory(node.label(), readers[shape.tag](shape), node.truth("closed", False))

    def _polyline(self, node: Node) -> asam.Polyline:
        vertices = []
        for vertex in node.children("Vertex"):
            vertices.append(asam.Vertex(self.position(vertex.need("Position")), vertex.optional("time")))
            if len(vertices) > MAX_POINTS:
                raise vertex.error(f"a trajectory of more than {MAX_POINTS} vertices")
        if len(vertices) < 2:
            raise node.error("a polyline needs two vertices or more")
        return asam.Polyline(tuple(vertices))

    def _clothoid(self, node: Node) -> asam.Clothoid:
        prime = node.optional("curvaturePrime")
        prime = node.number("curvatureDot", 0.0) if prime is None else prime
        length = node.number("length")
        if not 0.0 < length < 1e5:
            raise node.error(f"length={length:g} m is out of range", "More than 0, at most 100 km.")
        return asam.Clothoid(
            self.position(node.need("Position")), node.number("curvature"), prime, length,
            node.optional("startTime"), node.optional("stopTime"),
        )  # fmt: skip

    def _spline(self, node: Node) -> asam.ClothoidSpline:
        segments = []
        for segment in node.children("ClothoidSplineSegment"):
            start = segment.child("PositionStart")
            length = segment.number("length")
            if not 0.0 < length < 1e5:
                raise segment.error(f"length={length:g} m is out of range", "More than 0, at most 100 km.")
            curvature = segment.number("curvatureStart"), segment.number("curvatureEnd")
            position = None if start is None else self.position(start)
            turn, begin = segment.number("hOffset", 0.0), segment.optional("timeStart")
            segments.append(asam.ClothoidSegment(*curvature, length, turn, position, begin))
        if not segments:
            raise node.error("a clothoid spline needs a segment")
        return asam.ClothoidSpline(tuple(segments), node.optional("timeEnd"))

    def _nurbs(self, node: Node) -> asam.Nurbs:
        points = tuple(
            asam.ControlPoint(self.position(p.need("Position")), p.number("weight", 1.0, low=1e-9), p.optional("time"))
            for p in node.children("ControlPoint")
        )
        knots = tuple(k.number("value") for k in node.children("Knot"))
        order = node.whole("order")
        if not 2 <= order <= 10 or len(points) < order or len(knots) != len(points) + order:
            raise node.error(
                f"{len(points)} control points and {len(knots)} knots do not fit order {order}",
                "Order 2 to 10, as many control points or more, and as many knots as both together.",
            )
        if any(b < a for a, b in zip(knots, knots[1:], strict=False)) or math.isclose(knots[0], knots[-1]):
            raise node.error("the knots do not grow")
        return asam.Nurbs(order, points, knots)
