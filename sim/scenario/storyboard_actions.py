"""Actions of the storyboard, named as in ASAM OpenSCENARIO XML."""

from __future__ import annotations

from dataclasses import dataclass, field

from sim.errors import Origin
from sim.scenario.storyboard_enums import Dimension, Shape
from sim.scenario.storyboard_places import Position, Route, Trajectory

UNLIMITED = 1e9
"""Limits from here on are none."""


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
    constraints: DynamicConstraints | None = None
    """Limits; what they leave out is the actor's own. None: unlimited."""
    entity: str | None = None
    """Entity to whose speed, at the start, the entries are added."""
    following_position: bool = True
    """followingMode 'position' (straight lines) or 'follow' (within the limits of jerk)."""


@dataclass(frozen=True)
class LongitudinalDistanceAction:
    """Keep a distance [m] or a time gap [s] to an entity."""

    entity: str
    distance: float | None = None
    time_gap: float | None = None
    freespace: bool = True
    continuous: bool = True
    displacement: int = 0
    """+1: ahead of the entity, -1: behind it, 0: on whichever side the actor is."""
    constraints: DynamicConstraints | None = None


@dataclass(frozen=True)
class LateralDistanceAction:
    """Keep a distance [m] beside an entity, across the road."""

    entity: str
    distance: float = 0.0
    freespace: bool = True
    continuous: bool = True
    displacement: int = 0
    """+1: left of the entity as it faces, -1: right of it, 0: on whichever side the actor is."""
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
    """Changes nothing: Swerve's scripted actors have one controller, which is always on."""


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
class FaultAction:
    """Swerve's own: something fails on the actor's vehicle, for good; it is driven by pedals and steering from then on."""

    faults: int
    """Bits of `sim.types.Fault`."""
    brakes: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    """Share of brake force that each wheel loses."""
    throttle: float = 0.0
    """Where the accelerator sticks, 0..1."""
    brakes_at: float = -273.15
    """Temperature of the brakes, if they are not warmer [degC]."""


@dataclass(frozen=True)
class OverrideAction:
    """Pedals or steering work as the storyboard says, in place of the actor's driver; it is driven from then on.

    One of throttle, brake and steeringWheel of ASAM's OverrideControllerValueAction.
    """

    steers: bool
    """True: the steering, False: the pedals."""
    value: float | None
    """Pedals: -1 (full brake) .. 1 (full throttle); steering: angle of the front wheels, left positive [rad]; None: back to the driver."""
    duration: float = 0.0
    """Of the way there [s]."""


@dataclass(frozen=True)
class LooseAction:
    """Swerve's own: what rides on a carrier comes loose and goes on as a body."""


@dataclass(frozen=True)
class TrailerAction:
    """Couple a trailer to the actor, in place of the one that it pulls; None: let that one go."""

    trailer: str | None


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
    | TrailerAction
    | FaultAction
    | OverrideAction
    | LooseAction
)
GlobalAction = VariableAction | TrafficSignalAction | EnvironmentAction | EntityAction


@dataclass(frozen=True)
class Action:
    """A named action; ``actors`` overrides the manoeuvre group's (for init actions and YAML steps)."""

    name: str
    action: PrivateAction | GlobalAction
    actors: tuple[str, ...] | None = None
    origin: Origin | None = field(default=None, compare=False, repr=False)
    """Where a file asks for it."""
