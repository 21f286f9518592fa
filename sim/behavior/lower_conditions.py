"""Conditions of the storyboard as table rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sim.behavior.codes import ConditionField, ConditionKind
from sim.errors import Origin, ScenarioError, placed
from sim.scenario.storyboard import (
    AccelerationCondition,
    CollisionCondition,
    Condition,
    DistanceCondition,
    DistanceType,
    ElementKind,
    EndOfRoadCondition,
    OffroadCondition,
    ReachPositionCondition,
    RelativeClearanceCondition,
    Rule,
    SimulationTimeCondition,
    SpeedCondition,
    StandStillCondition,
    StoryboardElementStateCondition,
    TimeHeadwayCondition,
    TimeToCollisionCondition,
    TimeToReachCondition,
    TrafficSignalCondition,
    TraveledDistanceCondition,
    VariableCondition,
)
from sim.types import TICK

if TYPE_CHECKING:
    from sim.behavior.lowering import Lowering

KINDS: dict[type, ConditionKind] = {
    SimulationTimeCondition: ConditionKind.TIME, StoryboardElementStateCondition: ConditionKind.ELEMENT,
    VariableCondition: ConditionKind.VARIABLE, TrafficSignalCondition: ConditionKind.SIGNAL, CollisionCondition: ConditionKind.COLLISION,
    TimeHeadwayCondition: ConditionKind.HEADWAY, TimeToCollisionCondition: ConditionKind.TIME_TO_COLLISION,
    TimeToReachCondition: ConditionKind.TIME_TO_REACH, DistanceCondition: ConditionKind.DISTANCE, SpeedCondition: ConditionKind.SPEED,
    AccelerationCondition: ConditionKind.ACCELERATION, StandStillCondition: ConditionKind.STAND_STILL,
    TraveledDistanceCondition: ConditionKind.TRAVELED, ReachPositionCondition: ConditionKind.REACH_POSITION,
    EndOfRoadCondition: ConditionKind.END_OF_ROAD, OffroadCondition: ConditionKind.OFFROAD,
    RelativeClearanceCondition: ConditionKind.CLEARANCE,
}  # fmt: skip
"""Of each condition its code."""

SHARED = {
    "rule": ConditionField.RULE, "freespace": ConditionField.FREESPACE, "coordinates": ConditionField.COORDINATES,
    "distance_type": ConditionField.DISTANCE, "direction": ConditionField.DISTANCE,
}  # fmt: skip
"""Columns of what several kinds of conditions have."""

SIGNAL_BITS = {"red": 1, "amber": 2, "yellow": 2, "green": 4, "off": 0}
"""Aspects of three-aspect lights."""


def signal_bits(state: str) -> int:
    """Aspect bits of a state: a name, or ';'-separated on/off for red, amber, green."""
    text = state.strip().lower()
    if ";" in text:
        parts = [part.strip() in ("on", "flashing") for part in text.split(";")]
        aspects = (1, 4) if len(parts) == 2 else (1, 2, 4)  # lights of two lamps have red and green
        return sum(bit for bit, on in zip(aspects, parts, strict=False) if on)
    if text not in SIGNAL_BITS:
        raise ScenarioError(f"signal state {state!r} is not known", hint="red, amber, green, off or on;off;off.")
    return SIGNAL_BITS[text]


class ConditionLowering:
    """Rows of conditions, in the order of their making."""

    def __init__(self, build: Lowering) -> None:
        self.build = build
        self.codes: list[list[int]] = []
        self.values: list[tuple[float, float, float, float]] = []
        self.entities: list[int] = []
        self.element_references: list[tuple[int, StoryboardElementStateCondition, Origin | None]] = []

    def add(self, condition: Condition) -> int:
        """Row of a condition."""
        build = self.build
        code = dict.fromkeys(ConditionField, 0)
        code[ConditionField.TARGET] = code[ConditionField.POSITION] = -1
        code[ConditionField.EDGE] = int(condition.edge)
        code[ConditionField.DELAY] = round(condition.delay / TICK)
        code[ConditionField.ANY] = int(condition.any_entity)
        code[ConditionField.FIRST_ENTITY] = len(self.entities)
        code[ConditionField.NENTITY] = len(condition.entities)
        row = len(self.codes)
        self.codes.append([])
        self.values.append((0.0, 0.0, 0.0, 0.0))
        with placed(condition.origin):
            self.entities += [build.actor(name) for name in condition.entities]
            self.values[row] = self._kind(condition.condition, code)
        if isinstance(condition.condition, StoryboardElementStateCondition):
            self.element_references.append((row, condition.condition, condition.origin))
        self.codes[row] = [int(code[field]) for field in ConditionField]
        return row

    def _kind(self, inner: Any, code: dict[ConditionField, int]) -> tuple[float, float, float, float]:
        """Fill in what a kind of condition says; its numbers."""
        field = ConditionField
        if type(inner) not in KINDS:
            raise ScenarioError(f"condition {type(inner).__name__} is not known")
        code[field.KIND] = KINDS[type(inner)]
        for name, column in SHARED.items():
            if hasattr(inner, name):
                code[column] = int(getattr(inner, name))
        value = float(getattr(inner, "value", 0.0)) if not isinstance(inner, VariableCondition) else 0.0
        match inner:
            case StoryboardElementStateCondition():
                code[field.STATE] = int(inner.state)
            case VariableCondition():
                code[field.REFERENCE] = self.build.variable(inner.name)
                value = self.build.number(inner.value)
            case TrafficSignalCondition():
                code[field.REFERENCE] = self.build.rows.signal(inner.signal)
                code[field.STATE] = signal_bits(inner.state)
            case CollisionCondition() | SpeedCondition():
                code[field.TARGET] = self.build.actor(inner.entity) if inner.entity else -1
            case TimeHeadwayCondition():
                code[field.TARGET] = self.build.actor(inner.entity)
            case TimeToCollisionCondition() | TimeToReachCondition() | DistanceCondition():
                if isinstance(inner.target, str):
                    code[field.TARGET] = self.build.actor(inner.target)
                else:
                    code[field.POSITION] = self.build.rows.position(inner.target)
            case StandStillCondition() | EndOfRoadCondition() | OffroadCondition():
                value = inner.duration
            case TraveledDistanceCondition():
                code[field.RULE] = Rule.GREATER_OR_EQUAL
            case ReachPositionCondition():
                code[field.RULE] = Rule.LESS_OR_EQUAL
                code[field.POSITION] = self.build.rows.position(inner.position)
                code[field.DISTANCE] = int(DistanceType.EUCLIDEAN)
                value = inner.tolerance
            case RelativeClearanceCondition():
                code[field.STATE] = int(inner.opposite_lanes)
                if inner.entities:
                    code[field.TARGET] = self.build.actor(inner.entities[0])
                low = -1e6 if inner.lane_from is None else float(inner.lane_from)
                high = 1e6 if inner.lane_to is None else float(inner.lane_to)
                return (inner.distance_forward, inner.distance_backward, low, high)
        return (value, 0.0, 0.0, 0.0)

    def link(self) -> None:
        """Find the elements that conditions wait for, by kind and name (the rightmost part of a path may be given).

        Raises:
            ScenarioError: if there is none.
        """
        build = self.build
        for row, inner, origin in self.element_references:
            wanted = inner.name.split("::")[-1]
            found = [
                i
                for i, element in enumerate(build.elements)
                if element["kind"] == int(inner.kind)
                and build.element_names[i] == wanted
                and self._matches(i, inner.name)
            ]
            if not found:
                kind = ElementKind(inner.kind).name.lower().replace("_", " ")
                with placed(origin):
                    hint = "Check the condition's reference."
                    raise ScenarioError(f"there is no {kind} named {inner.name!r}", hint=hint)
            self.codes[row][ConditionField.REFERENCE] = found[0]

    def _matches(self, index: int, name: str) -> bool:
        for part in reversed(name.split("::")):
            if index < 0 or self.build.element_names[index] != part:
                return False
            index = self.build.elements[index]["parent"]
        return True
