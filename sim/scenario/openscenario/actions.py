"""Actions on entities and on the world."""

from __future__ import annotations

from dataclasses import dataclass, field

from sim.scenario import storyboard as asam
from sim.scenario.openscenario.conditions import COORDINATES
from sim.scenario.openscenario.entities import read_controller
from sim.scenario.openscenario.environment import read_environment
from sim.scenario.openscenario.positions import Places
from sim.scenario.openscenario.xml import Node, Unsupported
from sim.scenario.storyboard import UNLIMITED, Coordinates, Dimension, Shape

SHAPES = {"step": Shape.STEP, "linear": Shape.LINEAR, "cubic": Shape.CUBIC, "sinusoidal": Shape.SINUSOIDAL}
DIMENSIONS = {"time": Dimension.TIME, "rate": Dimension.RATE, "distance": Dimension.DISTANCE}
SIDES = {"any": 0, "trailingReferencedEntity": -1, "leadingReferencedEntity": 1}
FLANKS = {"any": 0, "leftToReferencedEntity": 1, "rightToReferencedEntity": -1}
LIGHTS = {
    name: name
    for name in (
        "daytimeRunningLights", "lowBeam", "highBeam", "fogLights", "fogLightsFront", "fogLightsRear", "brakeLights", "warningLights",
        "indicatorLeft", "indicatorRight", "reversingLights", "licensePlateIllumination", "specialPurposeLights",
    )
}  # fmt: skip
LIGHT_MODES = {"on": True, "off": False, "flashing": True}
FLASHING = ("indicatorLeft", "indicatorRight", "warningLights", "specialPurposeLights")
"""Lamps that flash whenever they are on."""
PACES = {
    "max_acceleration": "maxAcceleration", "max_deceleration": "maxDeceleration",
    "max_acceleration_rate": "maxAccelerationRate", "max_deceleration_rate": "maxDecelerationRate",
}  # fmt: skip
"""Limits that a speed profile divides by: fields of `DynamicConstraints` and their attributes."""
DEFAULT_LATERAL_ACCELERATION = 0.5
"""Of a LaneOffsetAction that does not say its own [m/s^2]; esmini's."""
NOTHING = asam.ControllerAction()
"""Stands for an action that Swerve cannot carry out."""


@dataclass
class Actions:
    """Reads private and global actions."""

    places: Places
    names: set[str] = field(default_factory=set)
    """Variables and parameters that actions set."""
    signals: list[tuple[Node, str]] = field(default_factory=list)

    def action(self, node: Node, actors: tuple[str, ...] | None = None, init: bool = False) -> asam.Action:
        """What an Action element holds, or an init action; one Swerve lacks does nothing, and is noted."""
        name = node.label() if node.tag == "Action" else ""
        holder = node.only() if node.tag == "Action" else node
        try:
            if holder.tag == "PrivateAction":
                return asam.Action(name, self._private(holder.only(), actors), actors, holder.origin)
            if holder.tag == "GlobalAction":
                inner, own = self._global(holder.only(), init)
                return asam.Action(name, inner, own, holder.origin)
            raise Unsupported(holder, f"{holder.tag} is not supported")
        except Unsupported as missing:
            label = f"action {name!r}" if name else "the action"
            missing.node.note(f"{label} does nothing: {missing.message}")
            return asam.Action(name, NOTHING, actors if actors is not None else ())

    # --- private ------------------------------------------------------------------------------------------------------

    def _private(self, node: Node, actors: tuple[str, ...] | None) -> asam.PrivateAction:
        if node.tag in ("LongitudinalAction", "LateralAction", "RoutingAction", "AppearanceAction"):
            node = node.only()
        readers = {
            "SpeedAction": self._speed, "SpeedProfileAction": self._profile, "LongitudinalDistanceAction": self._longitudinal_distance,
            "LaneChangeAction": self._lane_change, "LaneOffsetAction": self._lane_offset, "TeleportAction": self._teleport,
            "LateralDistanceAction": self._lateral_distance, "VisibilityAction": self._visibility,
            "SynchronizeAction": self._synchronize, "FollowTrajectoryAction": self._follow, "LightStateAction": self._light,
            "AcquirePositionAction": self._acquire, "AssignRouteAction": self._assign_route,
            "ActivateControllerAction": self._activate, "TrailerAction": self._trailer,
        }  # fmt: skip
        if node.tag == "ControllerAction":
            return self._controller(node, actors)
        if node.tag not in readers:
            raise Unsupported(node, f"{node.tag} is not supported")
        return readers[node.tag](node)

    def _dynamics(self, node: Node) -> asam.Dynamics:
        shape = node.choice("dynamicsShape", SHAPES)
        following = node.get("followingMode")
        if following not in (None, "position"):
            node.note(f"followingMode {following} is carried out as position")
        value = node.number("value", 0.0 if shape == Shape.STEP else None)
        dimension = node.choice("dynamicsDimension", DIMENSIONS, "time")
        if value < 0.0 and dimension != Dimension.RATE:
            raise node.error(f"value={value:g} is negative", "Times and distances of a transition are positive.")
        return asam.Dynamics(shape, dimension, abs(value))

    def _speed(self, node: Node) -> asam.PrivateAction:
        dynamics = self._dynamics(node.need("SpeedActionDynamics"))
        target = node.need("SpeedActionTarget").only()
        if target.tag == "AbsoluteTargetSpeed":
            return asam.SpeedAction(target.number("value"), dynamics)
        if target.tag != "RelativeTargetSpeed":
            raise Unsupported(target, f"{target.tag} is not supported")
        factor = target.choice("speedTargetValueType", {"delta": False, "factor": True})
        relative = asam.RelativeTo(
            self.places.entities.one(target), target.number("value"), factor, target.truth("continuous")
        )
        return asam.SpeedAction(relative, dynamics)

    def _limits(self, node: Node) -> asam.DynamicConstraints | None:
        found = node.child("DynamicConstraints")
        if found is None:
            return None
        names = ("maxSpeed", "maxAcceleration", "maxDeceleration", "maxAccelerationRate", "maxDecelerationRate")
        values = [found.number(n, low=0.0, infinite=True) if found.get(n) not in (None, "") else None for n in names]
        return asam.DynamicConstraints(*(None if v is None or v >= UNLIMITED else v for v in values))

    def _profile(self, node: Node) -> asam.PrivateAction:
        entries = tuple(
            asam.SpeedProfileEntry(e.number("speed"), e.optional("time")) for e in node.children("SpeedProfileEntry")
        )
        if not entries:
            raise node.error("a speed profile needs an entry")
        exact = node.choice("followingMode", {"position": True, "follow": False}, "position")
        entity = self.places.entities.one(node) if node.get("entityRef") else None
        limits = self._limits(node)
        for name in PACES if limits is not None else ():
            if getattr(limits, name) == 0.0:
                raise node.need("DynamicConstraints").error(
                    f"{PACES[name]}=0 lets the actor reach no other speed", "Greater than 0, or left out."
                )
        return asam.SpeedProfileAction(entries, limits, entity, exact)

    def _longitudinal_distance(self, node: Node) -> asam.PrivateAction:
        distance, gap = node.optional("distance"), node.optional("timeGap")
        if distance is None and gap is None:
            raise node.error("neither distance nor timeGap is given")
        if node.choice("coordinateSystem", COORDINATES, "road") not in (Coordinates.ROAD, Coordinates.LANE):
            node.note("the distance is kept along the road")
        return asam.LongitudinalDistanceAction(
            self.places.entities.one(node), distance, gap, node.truth("freespace"), node.truth("continuous"),
            node.choice("displacement", SIDES, "trailingReferencedEntity"), self._limits(node),
        )  # fmt: skip

    def _lateral_distance(self, node: Node) -> asam.PrivateAction:
        if node.choice("coordinateSystem", COORDINATES, "entity") not in (Coordinates.ROAD, Coordinates.LANE):
            node.note("the distance is kept across the road")
        limits = self._limits(node)
        if limits is not None and (limits.max_deceleration or limits.max_deceleration_rate):
            node.note("across the road maxAcceleration and maxAccelerationRate hold both ways")
        return asam.LateralDistanceAction(
            self.places.entities.one(node), node.number("distance", 0.0, low=0.0), node.truth("freespace"), node.truth("continuous"),
            node.choice("displacement", FLANKS, "any"), limits,
        )  # fmt: skip

    def _lane_change(self, node: Node) -> asam.PrivateAction:
        dynamics = self._dynamics(node.need("LaneChangeActionDynamics"))
        target = node.need("LaneChangeTarget").only()
        offset = node.number("targetLaneOffset", 0.0)
        if target.tag == "AbsoluteTargetLane":
            return asam.LaneChangeAction(target.whole("value"), dynamics, offset)
        if target.tag != "RelativeTargetLane":
            raise Unsupported(target, f"{target.tag} is not supported")
        relative = asam.RelativeTo(self.places.entities.one(target), float(target.whole("value")))
        return asam.LaneChangeAction(relative, dynamics, offset)

    def _lane_offset(self, node: Node) -> asam.PrivateAction:
        dynamics, target = node.need("LaneOffsetActionDynamics"), node.need("LaneOffsetTarget").only()
        shape = dynamics.choice("dynamicsShape", SHAPES)
        limit = dynamics.number("maxLateralAcc", DEFAULT_LATERAL_ACCELERATION, low=0.0, infinite=True)
        continuous = node.truth("continuous", False)
        if target.tag == "AbsoluteTargetLaneOffset":
            return asam.LaneOffsetAction(target.number("value"), shape, max(limit, 1e-6), continuous)
        if target.tag != "RelativeTargetLaneOffset":
            raise Unsupported(target, f"{target.tag} is not supported")
        relative = asam.RelativeTo(self.places.entities.one(target), target.number("value"))
        return asam.LaneOffsetAction(relative, shape, max(limit, 1e-6), continuous)

    def _teleport(self, node: Node) -> asam.PrivateAction:
        return asam.TeleportAction(self.places.position(node.need("Position")))

    def _synchronize(self, node: Node) -> asam.PrivateAction:
        final, distance, time = None, None, None
        speed = node.child("FinalSpeed")
        if speed is not None:
            inner = speed.only()
            if inner.tag == "AbsoluteSpeed":
                final = inner.number("value")
            elif inner.tag == "RelativeSpeedToMaster":
                factor = inner.choice("speedTargetValueType", {"delta": False, "factor": True})
                final = asam.RelativeTo(
                    self.places.entities.one(node, "masterEntityRef"), inner.number("value"), factor
                )
            else:
                raise Unsupported(inner, f"{inner.tag} is not supported")
            steady = inner.child("TargetDistanceSteadyState")
            distance = None if steady is None else steady.number("distance", low=0.0)
            steady = inner.child("TargetTimeSteadyState")
            time = None if steady is None else steady.number("time", low=0.0)
        return asam.SynchronizeAction(
            self.places.entities.one(node, "masterEntityRef"), self.places.position(node.need("TargetPositionMaster")),
            self.places.position(node.need("TargetPosition")), final, distance, time,
            node.number("targetToleranceMaster", 0.0, low=0.0), node.number("targetTolerance", 0.0, low=0.0),
        )  # fmt: skip

    def _follow(self, node: Node) -> asam.PrivateAction:
        holder = node.child("TrajectoryRef") or node
        trajectory = self.places.trajectory(holder)
        reference = node.child("TimeReference")
        timed = None
        if reference is not None and (timing := reference.child("Timing")) is not None:
            absolute = timing.choice("domainAbsoluteRelative", {"absolute": True, "relative": False})
            timed = asam.TimeReference(absolute, timing.number("offset"), timing.number("scale", low=1e-9))
        elif reference is not None:
            reference.child("None")
        mode = node.child("TrajectoryFollowingMode")
        exact = mode is not None and mode.choice("followingMode", {"position": True, "follow": False}, "follow")
        return asam.FollowTrajectoryAction(trajectory, timed, exact, node.number("initialDistanceOffset", 0.0, low=0.0))

    def _assign_route(self, node: Node) -> asam.PrivateAction:
        return asam.AssignRouteAction(self.places.route(node))

    def _acquire(self, node: Node) -> asam.PrivateAction:
        return asam.AcquirePositionAction(self.places.position(node.need("Position")))

    def _activate(self, node: Node) -> asam.PrivateAction:
        for name in ("objectControllerRef", "lateral", "longitudinal", "lighting", "animation"):
            node.get(name)
        return NOTHING

    def _controller(self, node: Node, actors: tuple[str, ...] | None) -> asam.PrivateAction:
        for child in node.all():
            if child.tag == "AssignControllerAction":
                for name in ("activateLateral", "activateLongitudinal", "activateLighting", "activateAnimation"):
                    child.get(name)
                read_controller(child, ", ".join(actors) if actors else "its actors")
            elif child.tag == "ActivateControllerAction":
                self._activate(child)
            elif not _overrides_nothing(child):
                child.note(f"{child.tag} does nothing: the default controller has no pedals")
        return NOTHING

    def _visibility(self, node: Node) -> asam.PrivateAction:
        return asam.VisibilityAction(node.truth("graphics"), node.truth("sensors"), node.truth("traffic"))

    def _trailer(self, node: Node) -> asam.PrivateAction:
        inner = node.only()
        if inner.tag == "DisconnectTrailerAction":
            return asam.TrailerAction(None)
        if inner.tag != "ConnectTrailerAction":
            raise Unsupported(inner, f"{inner.tag} is not supported")
        trailer = self.places.entities.one(inner, "trailerRef")
        if next(a for a in self.places.entities.actors if a.name == trailer).coupler is None:
            raise inner.error(f"{trailer} has no TrailerCoupler, so nothing can pull it")
        return asam.TrailerAction(trailer)

    def _light(self, node: Node) -> asam.PrivateAction:
        kind = node.need("LightType").only()
        if kind.tag != "VehicleLight":
            raise Unsupported(kind, f"{kind.tag} is not supported")
        name = kind.choice("vehicleLightType", LIGHTS)
        node.get("transitionTime")
        state = node.need("LightState")
        on = state.choice("mode", LIGHT_MODES)
        for attribute in ("luminousIntensity", "flashingOnDuration", "flashingOffDuration"):
            state.get(attribute)
        if (color := state.child("Color")) is not None:
            color.note(f"the colour of {name} is the vehicle's own")
        if state.get("mode") == "flashing" and name not in FLASHING:
            state.note(f"{name} stay on: only indicators and beacons flash")
        return asam.LightStateAction(name, on)

    # --- global -------------------------------------------------------------------------------------------------------

    def _global(self, node: Node, init: bool) -> tuple[asam.GlobalAction, tuple[str, ...]]:
        if node.tag == "InfrastructureAction":
            node = node.only()
        match node.tag:
            case "EnvironmentAction":
                action = asam.EnvironmentAction(read_environment(node, self.places.catalogs))
                if not init:
                    node.note("a change of weather during the scenario is not carried out")
                return action, ()
            case "VariableAction" | "ParameterAction":
                return self._set(node), ()
            case "EntityAction":
                inner = node.only()
                position = inner.child("Position")
                place = None if position is None else self.places.position(position)
                return asam.EntityAction(inner.tag == "AddEntityAction", place), (self.places.entities.one(node),)
            case "TrafficSignalAction":
                state = node.only()
                if state.tag != "TrafficSignalStateAction":
                    raise Unsupported(state, f"{state.tag} is not supported")
                self.signals.append((state, state.text("name")))
                return asam.TrafficSignalAction(state.text("name"), state.text("state")), ()
        raise Unsupported(node, f"{node.tag} is not supported")

    def _set(self, node: Node) -> asam.GlobalAction:
        name = node.text("variableRef" if node.tag == "VariableAction" else "parameterRef")
        self.names.add(name)
        inner = node.only()
        if inner.tag == "SetAction":
            return asam.VariableAction(name, "set", inner.text("value"))
        rule = inner.need("Rule").only()
        if rule.tag in ("AddValue", "MultiplyByValue"):
            return asam.VariableAction(name, "add" if rule.tag == "AddValue" else "multiply", rule.number("value"))
        raise Unsupported(rule, f"{rule.tag} is not supported")


def _overrides_nothing(node: Node) -> bool:
    """Whether an OverrideControllerValueAction switches nothing on."""
    return node.tag == "OverrideControllerValueAction" and all(
        child.get("active") in ("false", "0") for child in node.all()
    )
