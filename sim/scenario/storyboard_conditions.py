"""Conditions of the storyboard, named as in ASAM OpenSCENARIO XML."""

from __future__ import annotations

from dataclasses import dataclass, field

from sim.errors import Origin
from sim.scenario.storyboard_enums import Coordinates, DistanceType, Edge, ElementKind, ElementState, Rule
from sim.scenario.storyboard_places import Position


@dataclass(frozen=True)
class SimulationTimeCondition:
    """Simulation time [s] against a value."""

    value: float
    rule: Rule


@dataclass(frozen=True)
class StoryboardElementStateCondition:
    """An element (by name) reaches a state or transition."""

    kind: ElementKind
    name: str
    state: ElementState


@dataclass(frozen=True)
class VariableCondition:
    """A variable, parameter or user-defined value against a value."""

    name: str
    value: float | str
    rule: Rule


@dataclass(frozen=True)
class TrafficSignalCondition:
    """A signal shows a state."""

    signal: str
    state: str


@dataclass(frozen=True)
class CollisionCondition:
    """The entity touches ``entity`` (None: anything)."""

    entity: str | None = None


@dataclass(frozen=True)
class TimeHeadwayCondition:
    """Time [s] to where ``entity`` is now, at the triggering entity's speed."""

    entity: str
    value: float
    rule: Rule
    freespace: bool = True
    coordinates: Coordinates = Coordinates.ROAD
    distance_type: DistanceType = DistanceType.LONGITUDINAL


@dataclass(frozen=True)
class TimeToCollisionCondition:
    """Time [s] to reach an entity or position at the present closing speed."""

    target: str | Position
    value: float
    rule: Rule
    freespace: bool = True
    coordinates: Coordinates = Coordinates.ROAD
    distance_type: DistanceType = DistanceType.LONGITUDINAL


@dataclass(frozen=True)
class TimeToReachCondition:
    """Swerve's own: time [s] until the triggering entity's front reaches ``entity``'s (or position's) s at its present speed."""

    target: str | Position
    value: float
    rule: Rule = Rule.LESS_THAN


@dataclass(frozen=True)
class DistanceCondition:
    """Distance [m] to an entity or a position."""

    target: str | Position
    value: float
    rule: Rule
    freespace: bool = False
    coordinates: Coordinates = Coordinates.ENTITY
    distance_type: DistanceType = DistanceType.EUCLIDEAN


@dataclass(frozen=True)
class SpeedCondition:
    """Speed [m/s], total or along a direction; ``entity``: relative to that entity's."""

    value: float
    rule: Rule
    entity: str | None = None
    direction: DistanceType = DistanceType.EUCLIDEAN


@dataclass(frozen=True)
class AccelerationCondition:
    """Acceleration [m/s^2], total or along a direction."""

    value: float
    rule: Rule
    direction: DistanceType = DistanceType.EUCLIDEAN


@dataclass(frozen=True)
class StandStillCondition:
    """Standing still for a duration [s]."""

    duration: float


@dataclass(frozen=True)
class TraveledDistanceCondition:
    """Distance [m] travelled since the start."""

    value: float


@dataclass(frozen=True)
class ReachPositionCondition:
    """Within ``tolerance`` [m] of a position."""

    position: Position
    tolerance: float


@dataclass(frozen=True)
class EndOfRoadCondition:
    """At the end of the road for a duration [s]."""

    duration: float


@dataclass(frozen=True)
class OffroadCondition:
    """Off the road for a duration [s]."""

    duration: float


@dataclass(frozen=True)
class RelativeClearanceCondition:
    """No other entity on lanes beside the triggering entity's (left positive), within the given distances, and such a lane exists."""

    entities: tuple[str, ...]
    """Whom to look for; empty: everybody."""
    opposite_lanes: bool
    distance_forward: float = 0.0
    distance_backward: float = 0.0
    freespace: bool = True
    lane_from: int | None = None
    lane_to: int | None = None


EntityConditionKind = (
    CollisionCondition
    | TimeHeadwayCondition
    | TimeToCollisionCondition
    | TimeToReachCondition
    | DistanceCondition
    | SpeedCondition
    | AccelerationCondition
    | StandStillCondition
    | TraveledDistanceCondition
    | ReachPositionCondition
    | EndOfRoadCondition
    | OffroadCondition
    | RelativeClearanceCondition
)
ValueConditionKind = (
    SimulationTimeCondition | StoryboardElementStateCondition | VariableCondition | TrafficSignalCondition
)


@dataclass(frozen=True)
class Condition:
    """A named condition with edge and delay [s]; entity conditions name their triggering entities."""

    name: str
    condition: EntityConditionKind | ValueConditionKind
    edge: Edge = Edge.NONE
    delay: float = 0.0
    entities: tuple[str, ...] = ()
    any_entity: bool = True
    """True: one triggering entity suffices; False: all must."""
    origin: Origin | None = field(default=None, compare=False, repr=False)
    """Where a file asks for it."""


@dataclass(frozen=True)
class Trigger:
    """Fires when all conditions of any group hold; no groups: never fires (``None`` in an element: at once)."""

    groups: tuple[tuple[Condition, ...], ...]
