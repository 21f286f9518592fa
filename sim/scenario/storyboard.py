"""The storyboard both file formats build: ASAM OpenSCENARIO XML's elements as plain dataclasses.

Names and meanings are those of ASAM OpenSCENARIO XML 1.3; quantities are SI and radians, and every number is concrete (already
drawn). Entities are named by their actor name. `sim.behavior.lowering` flattens a storyboard into the tables that kernels run.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from sim.scenario.storyboard_actions import (
    UNLIMITED,
    AcquirePositionAction,
    Action,
    AppearanceAction,
    AssignRouteAction,
    ControllerAction,
    DoorAction,
    DynamicConstraints,
    Dynamics,
    EntityAction,
    EnvironmentAction,
    FaultAction,
    FollowTrajectoryAction,
    GlobalAction,
    LaneChangeAction,
    LaneOffsetAction,
    LateralDistanceAction,
    LightStateAction,
    LongitudinalDistanceAction,
    LooseAction,
    OverrideAction,
    PrivateAction,
    RelativeTo,
    SpeedAction,
    SpeedProfileAction,
    SpeedProfileEntry,
    SynchronizeAction,
    TeleportAction,
    TimeReference,
    TrafficSignalAction,
    TrailerAction,
    VariableAction,
    VisibilityAction,
)
from sim.scenario.storyboard_conditions import (
    AccelerationCondition,
    CollisionCondition,
    Condition,
    DistanceCondition,
    EndOfRoadCondition,
    EntityConditionKind,
    OffroadCondition,
    ReachPositionCondition,
    RelativeClearanceCondition,
    SimulationTimeCondition,
    SpeedCondition,
    StandStillCondition,
    StoryboardElementStateCondition,
    TimeHeadwayCondition,
    TimeToCollisionCondition,
    TimeToReachCondition,
    TrafficSignalCondition,
    TraveledDistanceCondition,
    Trigger,
    ValueConditionKind,
    VariableCondition,
)
from sim.scenario.storyboard_enums import (
    Coordinates,
    Dimension,
    DistanceType,
    Edge,
    ElementKind,
    ElementState,
    Priority,
    Rule,
    Shape,
)
from sim.scenario.storyboard_places import (
    Clothoid,
    ClothoidSegment,
    ClothoidSpline,
    ControlPoint,
    LanePosition,
    Nurbs,
    Orientation,
    Polyline,
    Position,
    RelativeLanePosition,
    RelativeObjectPosition,
    RelativeRoadPosition,
    RelativeWorldPosition,
    RoadPosition,
    Route,
    RoutePosition,
    Trajectory,
    TrajectoryPosition,
    Vertex,
    WorldPosition,
)

__all__ = [
    "UNLIMITED", "AccelerationCondition", "AcquirePositionAction", "Act", "Action", "AppearanceAction", "AssignRouteAction", "Clothoid",
    "ClothoidSegment", "ClothoidSpline", "CollisionCondition", "Condition", "ControlPoint", "ControllerAction", "Coordinates",
    "Dimension", "DistanceCondition", "DistanceType", "DoorAction", "DynamicConstraints", "Dynamics", "Edge", "ElementKind",
    "ElementState", "EndOfRoadCondition", "EntityAction", "EntityConditionKind", "EnvironmentAction", "Event", "FaultAction",
    "FollowTrajectoryAction", "GlobalAction", "LaneChangeAction", "LaneOffsetAction", "LanePosition", "LateralDistanceAction",
    "LightStateAction", "LongitudinalDistanceAction", "LooseAction", "Maneuver", "ManeuverGroup", "Nurbs", "OffroadCondition",
    "Orientation", "OverrideAction", "Polyline", "Position", "Priority", "PrivateAction", "ReachPositionCondition",
    "RelativeClearanceCondition", "RelativeLanePosition", "RelativeObjectPosition", "RelativeRoadPosition", "RelativeTo",
    "RelativeWorldPosition", "RoadPosition", "Route", "RoutePosition", "Rule", "Shape", "SimulationTimeCondition", "SpeedAction",
    "SpeedCondition", "SpeedProfileAction", "SpeedProfileEntry", "StandStillCondition", "Story", "Storyboard",
    "StoryboardElementStateCondition", "SynchronizeAction", "TeleportAction", "TimeHeadwayCondition", "TimeReference",
    "TimeToCollisionCondition", "TimeToReachCondition", "TrafficSignalAction", "TrafficSignalCondition", "TrailerAction", "Trajectory",
    "TrajectoryPosition", "TraveledDistanceCondition", "Trigger", "ValueConditionKind", "VariableAction", "VariableCondition", "Vertex",
    "VisibilityAction", "WorldPosition",
]  # fmt: skip


@dataclass(frozen=True)
class Event:
    """Starts its actions when triggered."""

    name: str
    actions: tuple[Action, ...]
    start: Trigger | None = None
    priority: Priority = Priority.OVERRIDE
    max_count: int = 1


@dataclass(frozen=True)
class Maneuver:
    """Events that share priorities."""

    name: str
    events: tuple[Event, ...]


@dataclass(frozen=True)
class ManeuverGroup:
    """Manoeuvres of some actors."""

    name: str
    actors: tuple[str, ...]
    maneuvers: tuple[Maneuver, ...]
    max_count: int = 1


@dataclass(frozen=True)
class Act:
    """Groups that start and stop together."""

    name: str
    groups: tuple[ManeuverGroup, ...]
    start: Trigger | None = None
    stop: Trigger | None = None


@dataclass(frozen=True)
class Story:
    """Acts under one name."""

    name: str
    acts: tuple[Act, ...]


@dataclass(frozen=True)
class Storyboard:
    """Everything that happens: first ``init``, then the stories until ``stop``."""

    init: tuple[Action, ...] = ()
    stories: tuple[Story, ...] = ()
    stop: Trigger | None = None
    variables: dict[str, float | str] = field(default_factory=dict)
    """Initial values; strings (and booleans as 'true'/'false') are interned when lowered."""
