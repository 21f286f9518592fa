"""Fillers of the YAML format: parked cars, people on the pavement, cars in the lanes. They never stand where something else is."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

from sim.road.elements import DRIVABLE
from sim.road.network import Road
from sim.scenario import storyboard as asam
from sim.scenario.bodies import Body, asset_body, category_of, choose_asset, corners, overlap
from sim.scenario.distributions import Node
from sim.scenario.draws import Draws
from sim.scenario.fields import Quantity
from sim.scenario.grammar import parse_value
from sim.scenario.schema import Flow, Parked, ScenarioFile, Walkers
from sim.scenario.source import Path_, Source
from sim.scenario.world import ActorSpec
from sim.scenario.yaml_place import Placer, Spot, lanes_to_drive

PARKED_KINDS = parse_value("choice(car x7 | van x2)")
WALKER_KINDS = parse_value("choice(man x4 | woman x4 | child)")
FLOW_KINDS = parse_value("choice(car x8 | van)")
MOST = 40
"""Fillers of one entry."""
CLEARANCE = 0.4
"""Kept between fillers and everything else [m]."""
HEADWAY = 0.6
"""Kept by cars in the lanes to actors ahead and behind at the start [s]."""
PATH_WIDTH = 1.6
"""Kept free along the paths of actors [m]."""


@dataclass
class Filler:
    """Adds fillers to a world."""

    model: ScenarioFile
    placer: Placer
    draws: Draws
    source: Source
    taken: list[list[tuple[float, float]]]
    """Corners of what stands already, and of the strips that actors walk along."""
    actors: list[ActorSpec]
    init: list[asam.Action]
    lights: bool
    own: list[list[tuple[float, float]]] = field(default_factory=list)
    """Corners of the file's own actors."""

    def fill(self) -> None:
        """Add everything of the file's `traffic`."""
        traffic = self.model.traffic
        self.own = list(self.taken)
        for i, flow in enumerate(traffic.flow):
            self._flow(flow, i)
        for i, parked in enumerate(traffic.parked):
            for side in self._sides(parked.side, ("traffic", "parked", i, "side")):
                self._parked(parked, i, side)
        for i, walkers in enumerate(traffic.walkers):
            self._walkers(walkers, i)

    def _sides(self, quantity: Quantity, path: Path_) -> tuple[str, ...]:
        side = self.draws.word(quantity, path)
        return ("left", "right") if side == "both" else (side,)

    def _road(self, arm: Quantity | None, path: Path_) -> Road:
        roads = self.placer.network.roads
        if arm is None:
            return next(iter(roads.values()))
        name = self.draws.word(arm, path)
        if name not in roads:
            raise self.source.error(f"the map has no road {name!r}", path)
        return roads[name]

    def _stretch(self, item: Parked | Walkers | Flow, road: Road, path: Path_) -> tuple[float, float]:
        ends = []
        for name, quantity in (("from", item.start), ("to", item.end)):
            s = self.draws.number(quantity, (*path, name))
            ends.append(s + road.length if s < 0 else s)
        low, high = max(0.0, min(ends)), min(road.length, max(ends))
        if low >= high:
            there = f"Road {road.id} is {road.length:.1f} m long."
            raise self.source.error(
                f"from {min(ends):.1f} m to {max(ends):.1f} m is no stretch of the road", path, there
            )
        return low, high

    def _body(self, name: str, kinds: Quantity | None, default: Node) -> tuple[str, Body]:
        kind = self.draws.choose(f"{name}.kind", kinds.node if kinds is not None else default)
        return kind, asset_body(
            self.draws.asset(f"{name}.asset", lambda n: choose_asset(kind, n, any_class=kinds is None))
        )

    def _free(self, spot: Spot, body: Body, gap: float = 0.0) -> bool:
        """Whether nothing stands there, and none of the file's own actors within ``gap`` ahead and behind."""
        box = spot.corners(body, CLEARANCE)
        wide = spot.corners(replace(body, length=body.length + 2 * gap), CLEARANCE)
        return not any(overlap(box, other) for other in self.taken) and not any(overlap(wide, o) for o in self.own)

    def _add(self, spec: ActorSpec, spot: Spot, body: Body) -> None:
        self.taken.append(spot.corners(body))
        self.placer.spots[spec.name], self.placer.bodies[spec.name] = spot, body
        self.actors.append(replace(spec, asset=body.asset, position=self.placer.position(spot), traffic=True))

    def _parked(self, item: Parked, index: int, side: str) -> None:
        path: Path_ = ("traffic", "parked", index)
        road = self._road(item.arm, (*path, "arm"))
        low, high = self._stretch(item, road, path)
        density = self.draws.number(item.density, (*path, "density"), 0.7)
        limit = self.draws.whole(item.limit, (*path, "limit"), 12)
        sign = 1 if side == "left" else -1
        lanes = [i for i, lane in road.sections[0].lanes.items() if lane.kind == "parking" and i * sign > 0]
        if not lanes:
            raise self.source.error(f"the road has no parking on the {side}", path, f"Add parking: {side} to the map.")
        s, count = low, 0
        for k in range(MOST):
            name = f"parked-{index + 1}-{side}-{k + 1}"
            s += self.draws.uniform(f"{name}.gap", 0.7, 2.2)
            kind, body = self._body(name, item.kinds, PARKED_KINDS)
            if s + body.length > high or count >= limit:
                return
            taken = self.draws.uniform(f"{name}.there") < density
            direction = road.direction(lanes[0])
            center = s + body.length / 2
            s += body.length
            offset = self.draws.uniform(f"{name}.offset", -0.12, 0.12)
            spot = self.placer.on_lane(road, lanes[0], center - direction * body.center_x, offset, 0.0)
            if taken and self._free(spot, body):
                count += 1
                self._add(ActorSpec(name, kind, category_of(kind)), spot, body)

    def _walkers(self, item: Walkers, index: int) -> None:
        path: Path_ = ("traffic", "walkers", index)
        road = self._road(item.arm, (*path, "arm"))
        low, high = self._stretch(item, road, path)
        sides = self._sides(item.side, (*path, "side"))
        for k in range(self.draws.whole(item.count, (*path, "count"))):
            name = f"walker-{index + 1}-{k + 1}"
            side = sides[self.draws.integer(f"{name}.side", len(sides))]
            sign = 1 if side == "left" else -1
            lanes = [i for i, lane in road.sections[0].lanes.items() if lane.kind == "sidewalk" and i * sign > 0]
            if not lanes:
                raise self.source.error(
                    f"the road has no sidewalk on the {side}", path, "Add sidewalk: 2 m to the map."
                )
            kind, body = self._body(name, item.kinds, WALKER_KINDS)
            s = self.draws.uniform(f"{name}.s", low, high)
            along = self.draws.uniform(f"{name}.way") < 0.5
            room = max(0.0, road.lane_width(lanes[0], s) / 2 - 0.5)
            offset = self.draws.uniform(f"{name}.offset", -room, room)
            speed = self.draws.uniform(f"{name}.speed", 0.9, 1.6)
            if item.speed is not None:
                speed = self.draws.sample(f"{name}.speed.own", item.speed, (*path, "speed"))
            t = road.lane_center(lanes[0], s) + offset
            turn = 0.0 if along == (road.direction(lanes[0]) > 0) else math.pi
            spot = self.placer.on_road(road, s, t, turn, lanes[0])
            if self._free(spot, body):
                self._add(ActorSpec(name, kind, category_of(kind), speed=speed), spot, body)
                self._walk(name, road, s, t, along)

    def _walk(self, name: str, road: Road, s: float, t: float, along: bool) -> None:
        """A walker goes on along the pavement to the end of the road."""
        end = road.length - 1.0 if along else 1.0
        count = max(1, math.ceil(abs(end - s) / 4.0)) if road.plan[0].length < road.length else 1
        points = []
        for k in range(count + 1):
            sk = s + (end - s) * k / count
            p = road.pose(sk, t)
            points.append(asam.Vertex(asam.WorldPosition(p.x, p.y, p.z + self.placer.height(road, sk, t))))
        trajectory = asam.Trajectory(f"{name} path", asam.Polyline(tuple(points)))
        self.init.append(asam.Action(f"{name} walks", asam.FollowTrajectoryAction(trajectory), (name,)))

    def _flow(self, item: Flow, index: int) -> None:
        path: Path_ = ("traffic", "flow", index)
        road = self._road(item.arm, (*path, "arm"))
        low, high = self._stretch(item, road, path)
        lane = self.draws.whole(item.lane, (*path, "lane"))
        there = road.sections[0].lanes.get(lane)
        if lane == 0 or there is None or there.kind not in DRIVABLE:
            raise self.source.error(
                f"there is no lane {lane} to drive on: lanes here are {lanes_to_drive(road, low)}", (*path, "lane"),
                f"Lane {lane} is of kind {there.kind!r}." if lane and there else "",
            )  # fmt: skip
        limit = self.draws.whole(item.limit, (*path, "limit"), 10)
        controller = self.draws.word(item.controller, (*path, "controller"), "idm")
        direction = road.direction(lane)
        s, count = low, 0
        for k in range(MOST):
            name = f"flow-{index + 1}-{k + 1}"
            s += self.draws.sample(f"{name}.gap", item.gap, (*path, "gap"))
            kind, body = self._body(name, item.kinds, FLOW_KINDS)
            if s + body.length > high or count >= limit:
                return
            center = s + body.length / 2
            s += body.length
            speed = self.draws.sample(f"{name}.speed", item.speed, (*path, "speed"))
            spot = self.placer.on_lane(road, lane, center - direction * body.center_x, 0.0, 0.0)
            if self._free(spot, body, HEADWAY * speed):
                count += 1
                lamps = ("lowBeam",) if self.lights else ()
                how = "default" if controller == "scripted" else controller
                spec = ActorSpec(
                    name, kind, category_of(kind), speed=speed, desired_speed=speed, controller=how, lamps=lamps,
                    waits=speed == 0.0,
                )  # fmt: skip
                self._add(spec, spot, body)


def path_boxes(path: list[tuple[float, float]]) -> list[list[tuple[float, float]]]:
    """Strips along a path as rectangles."""
    boxes = []
    for (ax, ay), (bx, by) in zip(path, path[1:], strict=False):
        length = math.hypot(bx - ax, by - ay)
        if length > 1e-6:
            strip = Body("", length, PATH_WIDTH, 0.0, length / 2)
            boxes.append(corners(ax, ay, math.atan2(by - ay, bx - ax), strip))
    return boxes
