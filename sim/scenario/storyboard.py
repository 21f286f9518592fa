"""The storyboard both file formats build: ASAM OpenSCENARIO XML's elements as plain dataclasses.

Names and meanings are those of ASAM OpenSCENARIO XML 1.3; quantities are SI and radians, and every number is concrete (already
drawn). Entities are named by their actor name. `sim.behavior.lowering` flattens a storyboard into the tables that kernels run.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum

# --- closed sets ------------------------------------------------------------------------------------------------------


class Rule(IntEnum):
    """Comparison of a condition's measured value with its limit."""

    LESS_THAN = 0
    GREATER_THAN = 1
    EQUAL_TO = 2
    LESS_OR_EQUAL = 3
    GREATER_OR_EQUAL = 4
    NOT_EQUAL_TO = 5


class Edge(IntEnum):
    """Which change of a condition's logical value counts."""

    NONE = 0
    RISING = 1
    FALLING = 2
    RISING_OR_FALLING = 3


class Priority(IntEnum):
    """What a starting event does to the running events of its manoeuvre."""

    OVERRIDE = 0
    SKIP = 1
    PARALLEL = 2


class Shape(IntEnum):
    """Course of a transition."""

    STEP = 0
    LINEAR = 1
    CUBIC = 2
    SINUSOIDAL = 3


class Dimension(IntEnum):
    """What ``value`` of a transition measures."""

    TIME = 0
    RATE = 1
    DISTANCE = 2


class ElementKind(IntEnum):
    """Level of a storyboard element."""

    STORYBOARD = 0
    STORY = 1
    ACT = 2
    MANEUVER_GROUP = 3
    MANEUVER = 4
    EVENT = 5
    ACTION = 6


class ElementState(IntEnum):
    """States and transitions that a StoryboardElementStateCondition can wait for."""

    STANDBY = 0
    RUNNING = 1
    COMPLETE = 2
    START_TRANSITION = 3
    END_TRANSITION = 4
    STOP_TRANSITION = 5
    SKIP_TRANSITION = 6


class Coordinates(IntEnum):
    """Coordinate system in which a distance is measured."""

    ENTITY = 0
    LANE = 1
    ROAD = 2
    TRAJECTORY = 3
    WORLD = 4


class DistanceType(IntEnum):
    """Component of a distance."""

    EUCLIDEAN = 0
    LONGITUDINAL = 1
    LATERAL = 2


# --- positions --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Orientation:
    """Angles [rad]; relative to the position's own reference (lane, road, object) where ``relative``, else to the world."""

    h: float = 0.0
    p: float = 0.0
    r: float = 0.0
    relative: bool = True


@dataclass(frozen=True)
class WorldPosition:
    """Point [m] and heading [rad] in the world frame; None: take the road's height and angles, and of a trajectory its direction."""

    x: float
    y: float
    z: float | None = None
    h: float | None = None
    p: float | None = None
    r: float | None = None


@dataclass(frozen=True)
class LanePosition:
    """s [m] along a road and offset [m] (left positive in the road's s direction) from a lane's centre."""

    road: str
    lane: int
    s: float
    offset: float = 0.0
    orientation: Orientation | None = None


@dataclass(frozen=True)
class RoadPosition:
    """s, t [m] of a road's reference line."""

    road: str
    s: float
    t: float
    orientation: Orientation | None = None


@dataclass(frozen=True)
class RelativeLanePosition:
    """Lanes and metres away from an entity, along the lane (``ds_lane``) or the road (``ds``)."""

    entity: str
    d_lane: int
    ds: float = 0.0
    ds_lane: float | None = None
    offset: float = 0.0
    orientation: Orientation | None = None


@dataclass(frozen=True)
class RelativeRoadPosition:
    """ds, dt [m] away from an entity in road coordinates."""

    entity: str
    ds: float
    dt: float
    orientation: Orientation | None = None


@dataclass(frozen=True)
class RelativeObjectPosition:
    """dx, dy, dz [m] in an entity's own frame."""

    entity: str
    dx: float
    dy: float
    dz: float = 0.0
    orientation: Orientation | None = None


@dataclass(frozen=True)
class RelativeWorldPosition:
    """dx, dy, dz [m] along the world's axes from an entity."""

    entity: str
    dx: float
    dy: float
    dz: float = 0.0
    orientation: Orientation | None = None


@dataclass(frozen=True)
class TrajectoryPosition:
    """s, t [m] along a trajectory."""

    trajectory: Trajectory
    s: float
    t: float = 0.0
    orientation: Orientation | None = None


@dataclass(frozen=True)
class RoutePosition:
    """s, t [m] along a route (``lane``: offset from that lane's centre instead of t)."""

    route: Route
    s: float
    t: float = 0.0
    lane: int | None = None
    orientation: Orientation | None = None


Position = (
    WorldPosition
    | LanePosition
    | RoadPosition
    | RelativeLanePosition
    | RelativeRoadPosition
    | RelativeObjectPosition
    | RelativeWorldPosition
    | TrajectoryPosition
    | RoutePosition
)


@dataclass(frozen=True)
class Route:
    """Waypoints to pass in order; the road network finds the way between them."""

    name: str
    waypoints: tuple[Position, ...]
    closed: bool = False


@dataclass(frozen=True)
class Vertex:
    """A corner of a polyline; ``time`` [s] where the trajectory is timed."""

    position: Position
    time: float | None = None


@dataclass(frozen=True)
class Polyline:
    """Straight segments between vertices."""

    vertices: tuple[Vertex, ...]


@dataclass(frozen=True)
class Clothoid:
    """A curve of linearly changing curvature from ``position``."""

    position: Position
    curvature: float
    """At the start [1/m], left positive."""
    curvature_prime: float
    """Change per metre [1/m^2]."""
    length: float
    start_time: float | None = None
    stop_time: float | None = None


@dataclass(frozen=True)
class ClothoidSegment:
    """One piece of a clothoid spline."""

    curvature_start: float
    curvature_end: float
    length: float
    h_offset: float = 0.0
    position_start: Position | None = None
    time_start: float | None = None


@dataclass(frozen=True)
class ClothoidSpline:
    """Clothoid pieces joined end to end; without a first start they begin where the actor is."""

    segments: tuple[ClothoidSegment, ...]
    time_end: float | None = None


@dataclass(frozen=True)
class ControlPoint:
    """A control point of a NURBS."""

    position: Position
    weight: float = 1.0
    time: float | None = None


@dataclass(frozen=True)
class Nurbs:
    """Non-uniform rational B-spline."""

    order: int
    control_points: tuple[ControlPoint, ...]
    knots: tuple[float, ...]


@dataclass(frozen=True)
class Trajectory:
    """A path in space, timed or not."""

    name: str
    shape: Polyline | Clothoid | ClothoidSpline | Nurbs
    closed: bool = False


# --- actions ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Dynamics:
    """How a transition runs: over ``value`` seconds, metres, or at ``value`` units per second."""

    shape: Shape
    dimension: Dimension
    value: float


@dataclass(frozen=True)
class RelativeTo:
    """A target measured against an entity."""

    entity: str
    value: float
    factor: bool = False
    """True: multiply the entity's value; False: add to it."""
    continuous: bool = False


@dataclass(frozen=True)
class SpeedAction:
    """Change the longitudinal speed [m/s]."""

    target: float | RelativeTo
    dynamics: Dynamics


@dataclass(frozen=True)
class SpeedProfileEntry:
    """Speed [m/s] to reach ``time`` [s] after the previous entry (None: as fast as the limits allow)."""

    speed: float
    time: float | None = None


@dataclass(frozen=True)
class DynamicConstraints:
    """Limits of a controlled motion; None: unlimited."""

    max_speed: float | None = None
    max_acceleration: float | None = None
    max_deceleration: float | None = None
    max_acceleration_rate: float | None = None
    max_deceleration_rate: float | None = None


@dataclass(frozen=True)
class SpeedProfileAction:
    """Run through a list of speeds."""

    entries: tuple[SpeedProfileEntry, ...]
    follow_time: bool = False
    """Reach each entry at its time exactly (position mode) rather than within the limits (follow mode)."""
    constraints: DynamicConstraints = DynamicConstraints()
    relative_to: str | None = None


@dataclass(frozen=True)
class LongitudinalDistanceAction:
    """Keep a distance [m] or a time gap [s] to an entity."""

    entity: str
    distance: float | None = None
    time_gap: float | None = None
    freespace: bool = True
    continuous: bool = True
    coordinates: Coordinates = Coordinates.LANE
    displacement: int = 0
    """+1: ahead of the entity, -1: behind it, 0: on whichever side the actor is."""
    constraints: DynamicConstraints | None = None


@dataclass(frozen=True)
class LateralDistanceAction:
    """Keep a lateral distance [m] to an entity."""

    entity: str
    distance: float | None = None
    freespace: bool = True
    continuous: bool = True
    coordinates: Coordinates = Coordinates.LANE
    displacement: int = 0
    """+1: to the left of the entity, -1: to its right, 0: any."""
    constraints: DynamicConstraints | None = None


@dataclass(frozen=True)
class LaneChangeAction:
    """Move to another lane: an absolute lane id, or lanes relative to an entity (left positive)."""

    target: int | RelativeTo
    dynamics: Dynamics
    target_offset: float = 0.0


@dataclass(frozen=True)
class LaneOffsetAction:
    """Move sideways within the lane to an offset [m] (or relative to an entity's), left positive as the actor faces."""

    target: float | RelativeTo
    shape: Shape
    max_lateral_acc: float | None = None
    continuous: bool = False


@dataclass(frozen=True)
class TeleportAction:
    """Jump to a position."""

    position: Position


@dataclass(frozen=True)
class SynchronizeAction:
    """Reach ``target`` when ``master`` reaches ``target_master``, optionally at a final speed."""

    master: str
    target_master: Position
    target: Position
    final_speed: float | RelativeTo | None = None
    steady_distance: float | None = None
    steady_time: float | None = None
    tolerance_master: float = 0.0
    tolerance: float = 0.0


@dataclass(frozen=True)
class TimeReference:
    """Scale and offset [s] of a trajectory's own times; ``absolute``: against simulation time."""

    absolute: bool = False
    offset: float = 0.0
    scale: float = 1.0


@dataclass(frozen=True)
class FollowTrajectoryAction:
    """Move along a trajectory, timed by ``time_reference`` or at the actor's own speed."""

    trajectory: Trajectory
    time_reference: TimeReference | None = None
    following_position: bool = True
    """followingMode 'position' (exact) or 'follow'."""
    initial_distance_offset: float = 0.0


@dataclass(frozen=True)
class AssignRouteAction:
    """Follow a route from now on."""

    route: Route


@dataclass(frozen=True)
class AcquirePositionAction:
    """Drive to a position over the road network."""

    position: Position


@dataclass(frozen=True)
class ControllerAction:
    """Assign and/or switch the actor's controller; ``controller`` None keeps the one assigned."""

    controller: str | None = None
    lateral: bool | None = None
    longitudinal: bool | None = None


@dataclass(frozen=True)
class VisibilityAction:
    """Show or hide the actor from cameras, other sensors and traffic."""

    graphics: bool = True
    sensors: bool = True
    traffic: bool = True


@dataclass(frozen=True)
class LightStateAction:
    """Switch a lamp group of the actor: 'indicatorLeft', 'brakeLights', 'lowBeam', 'warningLights' ..."""

    light: str
    on: bool
    flashing: bool = False


@dataclass(frozen=True)
class DoorAction:
    """Swerve's own: open a door to an angle [rad] over a time [s]."""

    side: str
    """'left' or 'right'."""
    angle: float
    duration: float


@dataclass(frozen=True)
class AppearanceAction:
    """Swerve's own: let an actor that waits unseen appear (drop cargo), or take it away."""

    visible: bool


@dataclass(frozen=True)
class VariableAction:
    """Set, add to or multiply a variable or parameter."""

    name: str
    op: str
    """'set', 'add' or 'multiply'."""
    value: float | str


@dataclass(frozen=True)
class TrafficSignalAction:
    """Put a signal of the map into a state ('red', 'amber', 'green', 'off' or the file's own)."""

    signal: str
    state: str


@dataclass(frozen=True)
class EnvironmentAction:
    """Replace the weather and time of day."""

    environment: object
    """A `sim.scenario.world.Environment`."""


@dataclass(frozen=True)
class EntityAction:
    """Add an entity at a position, or delete it."""

    add: bool
    position: Position | None = None


PrivateAction = (
    SpeedAction
    | SpeedProfileAction
    | LongitudinalDistanceAction
    | LateralDistanceAction
    | LaneChangeAction
    | LaneOffsetAction
    | TeleportAction
    | SynchronizeAction
    | FollowTrajectoryAction
    | AssignRouteAction
    | AcquirePositionAction
    | ControllerAction
    | VisibilityAction
    | LightStateAction
    | DoorAction
    | AppearanceAction
)
GlobalAction = VariableAction | TrafficSignalAction | EnvironmentAction | EntityAction


@dataclass(frozen=True)
class Action:
    """A named action; ``actors`` overrides the manoeuvre group's (for init actions and YAML steps)."""

    name: str
    action: PrivateAction | GlobalAction
    actors: tuple[str, ...] | None = None


# --- conditions -------------------------------------------------------------------------------------------------------


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
    along_route: bool = False
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


@dataclass(frozen=True)
class Trigger:
    """Fires when all conditions of any group hold; no groups: never fires (``None`` in an element: at once)."""

    groups: tuple[tuple[Condition, ...], ...]


# --- elements ---------------------------------------------------------------------------------------------------------


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
    triggering_actors: bool = False
    """selectTriggeringEntities: the actors also include whoever triggered."""


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
