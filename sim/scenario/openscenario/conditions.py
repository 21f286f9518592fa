"""Triggers and their conditions."""

from __future__ import annotations

from dataclasses import dataclass, field

from sim.scenario import storyboard as asam
from sim.scenario.openscenario.positions import Places
from sim.scenario.openscenario.xml import Node, Unsupported
from sim.scenario.storyboard import Coordinates, DistanceType, Edge, ElementKind, ElementState, Rule

MAX_CONDITIONS = 20_000
MAX_DELAY = 3600.0

RULES = {
    "lessThan": Rule.LESS_THAN, "greaterThan": Rule.GREATER_THAN, "equalTo": Rule.EQUAL_TO, "lessOrEqual": Rule.LESS_OR_EQUAL,
    "greaterOrEqual": Rule.GREATER_OR_EQUAL, "notEqualTo": Rule.NOT_EQUAL_TO,
}  # fmt: skip
EDGES = {"none": Edge.NONE, "rising": Edge.RISING, "falling": Edge.FALLING, "risingOrFalling": Edge.RISING_OR_FALLING}
COORDINATES = {
    "entity": Coordinates.ENTITY, "lane": Coordinates.LANE, "road": Coordinates.ROAD, "trajectory": Coordinates.TRAJECTORY,
    "world": Coordinates.WORLD,
}  # fmt: skip
DISTANCES = {
    "longitudinal": DistanceType.LONGITUDINAL, "lateral": DistanceType.LATERAL, "euclidianDistance": DistanceType.EUCLIDEAN,
    "euclideanDistance": DistanceType.EUCLIDEAN, "cartesianDistance": DistanceType.EUCLIDEAN,
}  # fmt: skip
DIRECTIONS = {
    "longitudinal": DistanceType.LONGITUDINAL, "lateral": DistanceType.LATERAL, "vertical": None, "": DistanceType.EUCLIDEAN
}  # fmt: skip
ELEMENTS = {
    "story": ElementKind.STORY, "act": ElementKind.ACT, "maneuverGroup": ElementKind.MANEUVER_GROUP, "maneuver": ElementKind.MANEUVER,
    "event": ElementKind.EVENT, "action": ElementKind.ACTION,
}  # fmt: skip
STATES = {
    "standbyState": ElementState.STANDBY, "runningState": ElementState.RUNNING, "completeState": ElementState.COMPLETE,
    "startTransition": ElementState.START_TRANSITION, "endTransition": ElementState.END_TRANSITION,
    "stopTransition": ElementState.STOP_TRANSITION, "skipTransition": ElementState.SKIP_TRANSITION,
}  # fmt: skip
NEVER = asam.SimulationTimeCondition(1e9, Rule.GREATER_THAN)
"""Stands for a condition that Swerve cannot evaluate."""


@dataclass
class Conditions:
    """Reads triggers; keeps what they refer to, to be checked once the whole storyboard is read."""

    places: Places
    element_references: list[tuple[Node, ElementKind, str]] = field(default_factory=list)
    names: set[str] = field(default_factory=set)
    """Variables and parameters that conditions ask for."""
    signals: list[tuple[Node, str]] = field(default_factory=list)
    count: int = 0

    def trigger(self, node: Node | None) -> asam.Trigger | None:
        """A start or stop trigger; None for none."""
        if node is None:
            return None
        groups = []
        for group in node.children("ConditionGroup"):
            conditions = tuple(self.condition(c) for c in group.children("Condition"))
            if conditions:
                groups.append(conditions)
        return asam.Trigger(tuple(groups))

    def condition(self, node: Node) -> asam.Condition:
        """A condition; one Swerve cannot evaluate never holds, and is noted."""
        self.count += 1
        if self.count > MAX_CONDITIONS:
            raise node.error(f"there are more than {MAX_CONDITIONS} conditions")
        name = node.label()
        edge = node.choice("conditionEdge", EDGES, "none")
        delay = node.number("delay", 0.0, low=0.0)
        if delay > MAX_DELAY:
            raise node.error(f"delay={delay:g} s is too long", f"At most {MAX_DELAY:g} s.")
        try:
            holder = node.only()
            if holder.tag == "ByEntityCondition":
                entities, any_one = self._triggering(holder.need("TriggeringEntities"))
                inner = self._by_entity(holder.need("EntityCondition").only())
                return asam.Condition(name, inner, edge, delay, entities, any_one, node.origin)
            if holder.tag == "ByValueCondition":
                return asam.Condition(name, self._by_value(holder.only()), edge, delay, origin=node.origin)
            raise Unsupported(holder, f"{holder.tag} is not supported")
        except Unsupported as missing:
            missing.node.note(f"condition {name!r} never holds: {missing.message}")
            return asam.Condition(name, NEVER, edge, delay)

    def _triggering(self, node: Node) -> tuple[tuple[str, ...], bool]:
        any_one = node.choice("triggeringEntitiesRule", {"any": True, "all": False})
        return self.places.entities.all(node), any_one

    # --- by value -----------------------------------------------------------------------------------------------------

    def _by_value(self, node: Node) -> asam.ValueConditionKind:
        match node.tag:
            case "SimulationTimeCondition":
                return asam.SimulationTimeCondition(node.number("value"), node.choice("rule", RULES))
            case "StoryboardElementStateCondition":
                kind = node.choice("storyboardElementType", ELEMENTS)
                name = node.label("storyboardElementRef").replace("/", "::")
                self.element_references.append((node, kind, name))
                return asam.StoryboardElementStateCondition(kind, name, node.choice("state", STATES))
            case "ParameterCondition" | "VariableCondition" | "UserDefinedValueCondition":
                return self._named(node)
            case "TrafficSignalCondition":
                self.signals.append((node, node.text("name")))
                return asam.TrafficSignalCondition(node.text("name"), node.text("state"))
        raise Unsupported(node, f"{node.tag} is not supported")

    def _named(self, node: Node) -> asam.ValueConditionKind:
        reference = {"ParameterCondition": "parameterRef", "VariableCondition": "variableRef"}.get(node.tag, "name")
        name, rule = node.text(reference), node.choice("rule", RULES)
        if node.tag == "UserDefinedValueCondition":
            raise Unsupported(node, f"nothing sets the user-defined value {name}")
        self.names.add(name)
        return asam.VariableCondition(name, node.text("value"), rule)

    # --- by entity ----------------------------------------------------------------------------------------------------

    def _by_entity(self, node: Node) -> asam.EntityConditionKind:
        readers = {
            "CollisionCondition": self._collision, "TimeHeadwayCondition": self._headway,
            "TimeToCollisionCondition": self._time_to_collision, "DistanceCondition": self._distance,
            "RelativeDistanceCondition": self._distance, "SpeedCondition": self._speed, "RelativeSpeedCondition": self._speed,
            "AccelerationCondition": self._acceleration, "ReachPositionCondition": self._reach,
            "RelativeClearanceCondition": self._clearance,
        }  # fmt: skip
        if node.tag in readers:
            return readers[node.tag](node)
        match node.tag:
            case "StandStillCondition":
                return asam.StandStillCondition(node.number("duration", low=0.0))
            case "TraveledDistanceCondition":
                return asam.TraveledDistanceCondition(node.number("value"))
            case "EndOfRoadCondition":
                return asam.EndOfRoadCondition(node.number("duration", low=0.0))
            case "OffroadCondition":
                return asam.OffroadCondition(node.number("duration", low=0.0))
        raise Unsupported(node, f"{node.tag} is not supported")

    def _frame(self, node: Node) -> tuple[Coordinates, DistanceType]:
        """Coordinate system and kind of a distance, with the defaults of each version of the standard."""
        along = node.get("alongRoute") is not None and node.truth("alongRoute")
        coordinates = node.choice("coordinateSystem", COORDINATES, "road" if along else "entity")
        if coordinates == Coordinates.TRAJECTORY:
            raise Unsupported(node, "distances along trajectories are not supported")
        routing = node.get("routingAlgorithm")
        if routing not in (None, "undefined"):
            node.note(f"routingAlgorithm {routing} is not used")
        return coordinates, node.choice("relativeDistanceType", DISTANCES, "euclidianDistance")

    def _collision(self, node: Node) -> asam.EntityConditionKind:
        by_type = node.child("ByType")
        if by_type is not None:
            raise Unsupported(by_type, "collisions by type are not supported")
        reference = node.child("EntityRef")
        return asam.CollisionCondition(None if reference is None else self.places.entities.one(reference))

    def _headway(self, node: Node) -> asam.EntityConditionKind:
        coordinates, kind = self._frame(node)
        return asam.TimeHeadwayCondition(
            self.places.entities.one(node), node.number("value"), node.choice("rule", RULES), node.truth("freespace", False),
            coordinates=coordinates, distance_type=kind,
        )  # fmt: skip

    def _time_to_collision(self, node: Node) -> asam.EntityConditionKind:
        target = node.need("TimeToCollisionConditionTarget").only()
        aim = self.places.entities.one(target) if target.tag == "EntityRef" else self.places.position(target)
        coordinates, kind = self._frame(node)
        return asam.TimeToCollisionCondition(
            aim, node.number("value"), node.choice("rule", RULES), node.truth("freespace", False), coordinates, kind
        )

    def _distance(self, node: Node) -> asam.EntityConditionKind:
        coordinates, kind = self._frame(node)
        aim = (
            self.places.entities.one(node)
            if node.tag == "RelativeDistanceCondition"
            else self.places.position(node.need("Position"))
        )
        return asam.DistanceCondition(
            aim, node.number("value"), node.choice("rule", RULES), node.truth("freespace", False), coordinates, kind
        )

    def _direction(self, node: Node) -> DistanceType:
        found = node.choice("direction", DIRECTIONS, "")
        if found is None:
            raise Unsupported(node, "vertical directions are not supported")
        return found

    def _speed(self, node: Node) -> asam.EntityConditionKind:
        other = self.places.entities.one(node) if node.tag == "RelativeSpeedCondition" else None
        return asam.SpeedCondition(node.number("value"), node.choice("rule", RULES), other, self._direction(node))

    def _acceleration(self, node: Node) -> asam.EntityConditionKind:
        return asam.AccelerationCondition(node.number("value"), node.choice("rule", RULES), self._direction(node))

    def _reach(self, node: Node) -> asam.EntityConditionKind:
        return asam.ReachPositionCondition(
            self.places.position(node.need("Position")), node.number("tolerance", low=0.0)
        )

    def _clearance(self, node: Node) -> asam.EntityConditionKind:
        ranges = list(node.children("RelativeLaneRange"))
        low = ranges[0].get("from") if ranges else None
        high = ranges[0].get("to") if ranges else None
        if len(ranges) > 1:
            raise Unsupported(node, "several lane ranges are not supported")
        if len(self.places.entities.all(node)) > 1:
            raise Unsupported(node, "clearance from several entities is not supported")
        return asam.RelativeClearanceCondition(
            self.places.entities.all(node), node.truth("oppositeLanes"), node.number("distanceForward", 0.0),
            node.number("distanceBackward", 0.0), node.truth("freeSpace", False) or node.truth("freespace", False),
            None if low is None else ranges[0].whole("from"), None if high is None else ranges[0].whole("to"),
        )  # fmt: skip
