"""Actions of the storyboard as table rows, one per actor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.behavior import codes
from sim.behavior.codes import ActionKind, Anchor, Domain, Laying, PositionField, PositionKind, RowField
from sim.behavior.lower_conditions import signal_bits
from sim.behavior.pedals import HOLDS_PEDALS, HOLDS_STEERING
from sim.behavior.positions import is_posed
from sim.behavior.trajectory import PathPoints, anchor_of, bends, shape_positions
from sim.errors import ScenarioError
from sim.scenario.storyboard import (
    UNLIMITED,
    AcquirePositionAction,
    AppearanceAction,
    AssignRouteAction,
    ControllerAction,
    DoorAction,
    DynamicConstraints,
    EntityAction,
    EnvironmentAction,
    FaultAction,
    FollowTrajectoryAction,
    LaneChangeAction,
    LaneOffsetAction,
    LateralDistanceAction,
    LightStateAction,
    LongitudinalDistanceAction,
    LooseAction,
    OverrideAction,
    Polyline,
    Position,
    RelativeLanePosition,
    RelativeObjectPosition,
    RelativeRoadPosition,
    RelativeTo,
    RelativeWorldPosition,
    SpeedAction,
    SpeedProfileAction,
    SynchronizeAction,
    TeleportAction,
    TrafficSignalAction,
    TrailerAction,
    TrajectoryPosition,
    VariableAction,
    VisibilityAction,
    WorldPosition,
)
from sim.types import Lamp

if TYPE_CHECKING:
    from sim.behavior.lowering import Lowering

PROMPT = 1e5
"""Jerk that counts as none at all [m/s^3]: what is worked out with it stays a number."""

LAMPS = {
    "lowBeam": Lamp.LOW_BEAM, "highBeam": Lamp.HIGH_BEAM, "brakeLights": Lamp.BRAKE, "indicatorLeft": Lamp.INDICATOR_LEFT,
    "indicatorRight": Lamp.INDICATOR_RIGHT, "reversingLights": Lamp.REVERSE, "fogLights": Lamp.FOG, "fogLightsFront": Lamp.FOG,
    "fogLightsRear": Lamp.FOG, "warningLights": Lamp.INDICATOR_LEFT | Lamp.INDICATOR_RIGHT, "daytimeRunningLights": Lamp.LOW_BEAM,
    "specialPurposeLights": Lamp.BEACON, "licensePlateIllumination": 0,
}  # fmt: skip


class ActionLowering:
    """Rows of actions and positions, in the order of their making."""

    def __init__(self, build: Lowering) -> None:
        self.build = build
        self.codes: list[list[int]] = []
        self.values: list[list[float]] = []
        self.position_codes: list[list[int]] = []
        self.position_values: list[tuple[float, float, float, float]] = []
        self.position_tilts: list[tuple[float, float, float]] = []
        self.shares: list[float] = []

    def lamp(self, name: str) -> int:
        """Bits of a lamp group.

        Raises:
            ScenarioError: if it is not known.
        """
        if name not in LAMPS:
            raise ScenarioError(f"lamp {name!r} is not known", hint=f"One of {', '.join(LAMPS)}.")
        return int(LAMPS[name])

    def visibility(self, action: VisibilityAction) -> int:
        """Bits of `State.visible`."""
        return int(action.graphics) + 2 * int(action.sensors) + 4 * int(action.traffic)

    def signal(self, name: str) -> int:
        """Index of a signal of the map, by id or name.

        Raises:
            ScenarioError: if there is none.
        """
        signals = [s for road in self.build.spec.network.order for s in road.signals if s.dynamic]
        for i, signal in enumerate(signals):
            if name in (signal.id, signal.name):
                return i
        raise ScenarioError(f"the map has no signal {name!r}", hint=f"Its signals: {', '.join(s.id for s in signals)}.")

    def position(self, position: Position) -> int:
        """Row of a position; relative ones are resolved when they are used."""
        code = dict.fromkeys(PositionField, -1)
        relative = {
            RelativeLanePosition: PositionKind.LANE_RELATIVE,
            RelativeRoadPosition: PositionKind.ROAD_RELATIVE,
            RelativeObjectPosition: PositionKind.OBJECT_RELATIVE,
            RelativeWorldPosition: PositionKind.WORLD_RELATIVE,
        }
        if isinstance(position, TrajectoryPosition):
            code[PositionField.KIND] = PositionKind.PATH
            code[PositionField.PATH], _ = self.build.path(FollowTrajectoryAction(position.trajectory), "")
            value = (position.s, position.t, 0.0, 0.0)
        elif type(position) in relative:
            code[PositionField.KIND] = relative[type(position)]
            code[PositionField.ENTITY] = self.build.actor(position.entity)  # type: ignore[union-attr]
            turn = position.orientation.h if position.orientation else 0.0  # type: ignore[union-attr]
            fixed = float(position.orientation is not None and not position.orientation.relative)  # type: ignore[union-attr]
            if isinstance(position, RelativeLanePosition):
                code |= {PositionField.LANE: position.d_lane, PositionField.PATH: int(position.ds_lane is not None)}
                ds = position.ds if position.ds_lane is None else position.ds_lane
                value = (ds, position.offset, turn, fixed)
            elif isinstance(position, RelativeRoadPosition):
                value = (position.ds, position.dt, turn, fixed)
            else:
                code[PositionField.PATH] = int(fixed)
                value = (position.dx, position.dy, position.dz, turn)  # type: ignore[union-attr]
        else:
            place = self.build.positions.resolve(position)
            code |= {
                PositionField.KIND: PositionKind.WORLD,
                PositionField.ROAD: place.road,
                PositionField.LANE: place.lane,
            }
            value = (place.pose.x, place.pose.y, place.s, place.pose.heading)
            code[PositionField.PATH] = int(is_posed(position))
        self.position_codes.append([int(code[f]) for f in PositionField])
        self.position_values.append(value)
        self.position_tilts.append(_tilt(position))
        return len(self.position_codes) - 1

    def add(self, action: Any, actors: Sequence[str], element: int) -> None:
        """Rows of an action for each of its actors (global actions: one row)."""
        if isinstance(action, (VariableAction, TrafficSignalAction, EnvironmentAction)):
            self._row(element, -1, *self._global(action))
            return
        if not actors:
            self._row(element, -1, {RowField.KIND: ActionKind.NOTHING}, [])
        for name in actors:
            self._row(element, self.build.actor(name), *self._private(action, name))

    def _row(self, element: int, actor: int, code: dict[RowField, int], values: list[float]) -> None:
        base = dict.fromkeys(RowField, 0) | {
            RowField.POSITION: -1,
            RowField.POSITION2: -1,
            RowField.PATH: -1,
            RowField.ENTITY: -1,
        }
        full = base | code | {RowField.ACTOR: actor, RowField.ELEMENT: element}
        self.codes.append([int(full[f]) for f in RowField])
        self.values.append([*values, *[0.0] * (8 - len(values))])

    def _global(self, action: Any) -> tuple[dict[RowField, int], list[float]]:
        field = RowField
        if isinstance(action, VariableAction):
            flags = {"set": 0, "add": codes.FLAG_ADD, "multiply": codes.FLAG_MULTIPLY}[action.op]
            index = self.build.variable(action.name)
            return {field.KIND: ActionKind.VARIABLE, field.FLAGS: flags, field.INDEX: index}, [
                self.build.number(action.value)
            ]
        if isinstance(action, TrafficSignalAction):
            index, bits = self.signal(action.signal), signal_bits(action.state)
            return {field.KIND: ActionKind.SIGNAL, field.INDEX: index, field.FLAGS: bits}, []
        return {field.KIND: ActionKind.NOTHING}, []

    def _target(self, target: Any, code: dict[RowField, int]) -> float:
        """Value of an absolute or relative target; sets entity and flags."""
        if not isinstance(target, RelativeTo):
            return float(target)
        code[RowField.ENTITY] = self.build.actor(target.entity)
        code[RowField.FLAGS] |= codes.FLAG_RELATIVE
        code[RowField.FLAGS] |= codes.FLAG_FACTOR if target.factor else 0
        code[RowField.FLAGS] |= codes.FLAG_CONTINUOUS if target.continuous else 0
        return float(target.value)

    def _private(self, action: Any, actor: str) -> tuple[dict[RowField, int], list[float]]:
        """Row of an action of an actor's own, and its numbers."""
        code: dict[RowField, int] = {RowField.FLAGS: 0}
        if hasattr(action, "dynamics"):
            dynamics = action.dynamics
            code |= {RowField.SHAPE: int(dynamics.shape), RowField.DIMENSION: int(dynamics.dimension)}
        values = self._motion(action, actor, code)
        return code, self._state(action, actor, code) if values is None else values

    def _motion(self, action: Any, actor: str, code: dict[RowField, int]) -> list[float] | None:
        """What moves an actor along or across its way; None: the action is of no such kind."""
        field, kind, lon, lat = RowField, ActionKind, int(Domain.LONGITUDINAL), int(Domain.LATERAL)
        match action:
            case SpeedAction():
                code |= {field.KIND: kind.SPEED, field.DOMAIN: lon}
                return [self._target(action.target, code), action.dynamics.value]
            case SpeedProfileAction():
                return self._profile(action, actor, code)
            case LaneChangeAction():
                code |= {field.KIND: kind.LANE_CHANGE, field.DOMAIN: lat}
                return [self._target(action.target, code), action.dynamics.value, action.target_offset]
            case LaneOffsetAction():
                code |= {field.KIND: kind.LANE_OFFSET, field.DOMAIN: lat, field.SHAPE: int(action.shape)}
                return [self._target(action.target, code), action.max_lateral_acc or UNLIMITED]
            case LongitudinalDistanceAction():
                return self._distance(action, actor, code)
            case LateralDistanceAction():
                return self._side(action, code)
            case SynchronizeAction():
                return self._synchronize(action, code)
            case FollowTrajectoryAction():
                return self._trajectory(action, actor, code)
            case OverrideAction():
                code |= {field.KIND: kind.OVERRIDE, field.DOMAIN: lat if action.steers else lon}
                code[field.FLAGS] = HOLDS_STEERING if action.steers else HOLDS_PEDALS
                code[field.INDEX] = action.value is not None
                return [action.value or 0.0, action.duration]
        return None

    def _state(self, action: Any, actor: str, code: dict[RowField, int]) -> list[float]:
        """What an actor is from then on: where, on which route, seen or not, with which lamps, doors, trailer, faults."""
        field, kind = RowField, ActionKind
        values: list[float] = []
        match action:
            case TeleportAction():
                code |= {field.KIND: kind.TELEPORT, field.POSITION: self.position(action.position)}
            case AssignRouteAction():
                code |= {field.KIND: kind.ASSIGN_ROUTE, field.INDEX: self._route(action.route.waypoints)}
            case AcquirePositionAction():
                here = RelativeRoadPosition(actor, 0.0, 0.0)
                code |= {field.KIND: kind.ASSIGN_ROUTE, field.INDEX: self._route((here, action.position))}
            case LightStateAction():
                code |= {field.KIND: kind.LIGHT, field.INDEX: self.lamp(action.light), field.FLAGS: int(action.on)}
            case DoorAction():
                code |= {field.KIND: kind.DOOR, field.INDEX: int(action.side == "right")}
                values = [action.angle, max(action.duration, 0.01)]
            case VisibilityAction():
                code |= {field.KIND: kind.VISIBILITY, field.INDEX: self.visibility(action)}
            case AppearanceAction():
                code |= {field.KIND: kind.VISIBILITY, field.INDEX: 7 if action.visible else 0}
            case TrailerAction():
                index = -1 if action.trailer is None else self.build.actor(action.trailer)
                code |= {field.KIND: kind.TRAILER, field.INDEX: index}
            case FaultAction():
                code |= {field.KIND: kind.FAULT, field.FLAGS: action.faults}
                values = [*action.brakes, action.throttle, action.brakes_at]
            case EntityAction():
                code |= {field.KIND: kind.VISIBILITY, field.INDEX: 7 if action.add else 0}
                if action.position is not None:
                    code[field.POSITION] = self.position(action.position)
            case LooseAction() | ControllerAction():
                code[field.KIND] = kind.LOOSE if isinstance(action, LooseAction) else kind.NOTHING
            case _:
                raise ScenarioError(f"action {type(action).__name__} is not known")
        return values

    def _profile(self, action: SpeedProfileAction, actor: str, code: dict[RowField, int]) -> list[float]:
        """A speed profile as three paths (see `sim.behavior.speed_profile`); its limits."""
        n = len(action.entries)
        code |= {RowField.KIND: ActionKind.SPEED_PROFILE, RowField.DOMAIN: int(Domain.LONGITUDINAL)}
        code[RowField.FLAGS] |= 0 if action.following_position else codes.FLAG_ACCELERATED
        if action.entity is not None:
            code[RowField.ENTITY] = self.build.actor(action.entity)
        sizes = 2 * n + 4, n, n + 1
        paths = [PathPoints(np.zeros((m, 3)), np.zeros(m), np.zeros(m), np.zeros(m)) for m in sizes]
        paths[1].s[:] = [entry.speed for entry in action.entries]
        paths[1].time[:] = [-1.0 if entry.time is None else entry.time for entry in action.entries]
        if n == 1 and not action.following_position and paths[1].time[0] == 0.0:
            paths[1].time[0] = -1.0  # jerks take time: as soon as possible
        self._check_pace(action, actor, bool((paths[1].time < 0.0).any()))
        code[RowField.PATH], *_ = [self.build.add_path(path) for path in paths]
        up, down, top, *rates = self._limits(action.constraints, actor)
        return [up, down, *(min(rate, PROMPT) for rate in rates), top]

    def _check_pace(self, action: SpeedProfileAction, actor: str, soon: bool) -> None:
        """An actor whose profile is run within its own limits can change its speed, else a ScenarioError."""
        own = self.build.spec.actors[self.build.actor(actor)]
        if 0.0 in (own.max_acceleration, own.max_deceleration) and (soon or action.constraints is not None):
            hint = "maxAcceleration and maxDeceleration of its Performance are greater than 0."
            raise ScenarioError(f"{actor} cannot run through a speed profile within its limits", hint=hint)

    def _limits(self, limits: DynamicConstraints | None, actor: str) -> list[float]:
        """Greatest acceleration, deceleration, speed, and rates of both: none without constraints, else at most the actor's own."""
        if limits is None:
            return [UNLIMITED] * 5
        own = self.build.spec.actors[self.build.actor(actor)]
        out = []
        for name in (
            "max_acceleration", "max_deceleration", "max_speed", "max_acceleration_rate", "max_deceleration_rate",
        ):  # fmt: skip
            found = [v for v in (getattr(limits, name), getattr(own, name, None)) if v is not None]
            out.append(min(found, default=UNLIMITED))
        return out

    def _distance(self, action: LongitudinalDistanceAction, actor: str, code: dict[RowField, int]) -> list[float]:
        code |= {RowField.KIND: ActionKind.LONGITUDINAL_DISTANCE, RowField.DOMAIN: int(Domain.LONGITUDINAL)}
        code[RowField.ENTITY] = self.build.actor(action.entity)
        code[RowField.FLAGS] |= codes.FLAG_FREESPACE if action.freespace else 0
        code[RowField.FLAGS] |= codes.FLAG_CONTINUOUS if action.continuous else 0
        code[RowField.FLAGS] |= codes.FLAG_TIME_GAP if action.time_gap is not None else 0
        code[RowField.INDEX] = action.displacement
        gap = action.time_gap if action.time_gap is not None else action.distance or 0.0
        return [gap, *self._limits(action.constraints, actor)]

    def _side(self, action: LateralDistanceAction, code: dict[RowField, int]) -> list[float]:
        limits = action.constraints or DynamicConstraints()
        code |= {RowField.KIND: ActionKind.LATERAL_DISTANCE, RowField.DOMAIN: int(Domain.LATERAL)}
        code[RowField.ENTITY] = self.build.actor(action.entity)
        code[RowField.FLAGS] |= codes.FLAG_FREESPACE if action.freespace else 0
        code[RowField.FLAGS] |= codes.FLAG_CONTINUOUS if action.continuous else 0
        code[RowField.INDEX] = action.displacement
        found = (limits.max_acceleration, limits.max_speed, limits.max_acceleration_rate)
        return [action.distance, *(UNLIMITED if v is None else v for v in found)]

    def _synchronize(self, action: SynchronizeAction, code: dict[RowField, int]) -> list[float]:
        code |= {
            RowField.KIND: ActionKind.SYNCHRONIZE,
            RowField.DOMAIN: int(Domain.LONGITUDINAL),
            RowField.POSITION: self.position(action.target_master),
            RowField.POSITION2: self.position(action.target),
            RowField.INDEX: self.build.actor(action.master),
        }
        final = 0.0
        if action.final_speed is not None:
            code[RowField.FLAGS] |= codes.FLAG_FINAL
            final = self._target(action.final_speed, code)
        steady, steady_time = action.steady_distance, action.steady_time
        if steady is not None or steady_time is not None:
            code[RowField.FLAGS] |= codes.FLAG_STEADY
        return [final, steady or 0.0, steady_time or 0.0, action.tolerance_master, action.tolerance]

    def _trajectory(self, action: FollowTrajectoryAction, actor: str, code: dict[RowField, int]) -> list[float]:
        timed = action.time_reference
        index, anchor = self.build.path(action, actor)
        points = self.build.paths[index]
        code |= {
            RowField.KIND: ActionKind.FOLLOW_TRAJECTORY,
            RowField.PATH: index,
            RowField.DOMAIN: int(Domain.LATERAL),
        }
        code[RowField.FLAGS] |= codes.FLAG_CONTINUOUS if action.trajectory.closed else 0
        code[RowField.FLAGS] |= codes.FLAG_EXPLICIT if points.explicit_heading else 0
        code[RowField.FLAGS] |= codes.FLAG_ABSOLUTE_Z if points.absolute_z else 0
        values = [action.initial_distance_offset, 0.0, 1.0]
        kind = anchor_of(action.trajectory)
        if anchor is not None and kind in (Anchor.LANE, Anchor.ROAD) and bends(action.trajectory):
            values += self._lay(action, points, code)
        elif anchor is not None:
            pose = self.build.positions.anchor(anchor, kind)
            code[RowField.INDEX] = int(kind)
            code[RowField.FLAGS] |= codes.FLAG_ANCHORED
            code[RowField.ENTITY] = self.build.actor(anchor)
            values += [pose.x, pose.y, pose.heading]
        if timed is None or points.time[-1] - points.time[0] < 1e-6:
            return values
        code[RowField.DOMAIN] |= int(Domain.LONGITUDINAL)
        code[RowField.FLAGS] |= codes.FLAG_TIMED | (codes.FLAG_ABSOLUTE_TIME if timed.absolute else 0)
        if isinstance(action.trajectory.shape, Polyline) and not action.following_position:
            code[RowField.FLAGS] |= codes.FLAG_ACCELERATED
        values[1:3] = [timed.offset, timed.scale]
        return values

    def _lay(self, action: FollowTrajectoryAction, points: PathPoints, code: dict[RowField, int]) -> list[float]:
        """Let a trajectory be laid along the road when it starts; further numbers of its row."""
        rows = [self.position(position) for position in shape_positions(action.trajectory.shape)]
        code |= {RowField.POSITION: rows[0], RowField.POSITION2: len(rows)}
        code[RowField.SHAPE] = int(Laying.CORNERS if action.following_position else Laying.VERTICES)
        if points.shares is not None:
            code[RowField.SHAPE] = int(Laying.NURBS)
        first = len(self.shares)
        self.shares += points.shares.ravel().tolist() if points.shares is not None else []
        return [0.0, 0.0, 0.0, float(first)]

    def _route(self, waypoints: Sequence[Position]) -> int:
        roads, _ = self.build.way(waypoints)
        self.build.routes.append(roads)
        return len(self.build.routes) - 1


def _tilt(position: Position) -> tuple[float, float, float]:
    """A row of `StoryTables.position_tilt`."""
    if isinstance(position, WorldPosition):
        return position.p or 0.0, position.r or 0.0, position.z or 0.0
    orientation = getattr(position, "orientation", None)
    return (orientation.p, orientation.r, 0.0) if orientation is not None else (0.0, 0.0, 0.0)
