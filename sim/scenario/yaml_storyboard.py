"""The YAML storyboard as ASAM OpenSCENARIO's elements: each step is an act whose first event bears the step's name."""

from __future__ import annotations

import math
from typing import Any

from sim.errors import Faults
from sim.scenario import storyboard as asam
from sim.scenario.bodies import doors_of, with_doors
from sim.scenario.distributions import bounds, references
from sim.scenario.draws import Draws
from sim.scenario.schema import ScenarioFile
from sim.scenario.schema_faults import FAULTS, ComeLoose
from sim.scenario.schema_story import (
    Appear,
    Brake,
    ChangeLane,
    Drive,
    DropFrom,
    Follow,
    JumpTo,
    Lights,
    OpenDoor,
    SetSignals,
    Shift,
    Step,
    Transition,
)  # fmt: skip
from sim.scenario.schema_walk import GoTo, Startle, WalkAcross
from sim.scenario.source import Path_, Source
from sim.scenario.storyboard import Dimension, Dynamics, ElementKind, ElementState, Shape
from sim.scenario.yaml_conditions import ConditionBuilder, signal_name, signal_state
from sim.scenario.yaml_faults import fault_action
from sim.scenario.yaml_pedals import HINT, PEDAL_ACTIONS, pedal_actions
from sim.scenario.yaml_place import Placer
from sim.scenario.yaml_walk import STEP, WALKERS, Ways

LAMPS = {
    "low_beam": "lowBeam", "high_beam": "highBeam", "hazard": "warningLights", "fog": "fogLights", "brake": "brakeLights",
    "indicator_left": "indicatorLeft", "indicator_right": "indicatorRight", "reverse": "reversingLights",
    "beacon": "specialPurposeLights",
}  # fmt: skip
"""Lights of the YAML format -> OpenSCENARIO's vehicle light types."""
SCRIPTED = (Drive, Brake, Follow, ChangeLane, Shift, WalkAcross, GoTo, DropFrom)
"""Actions that move an actor exactly, which nobody does whom pedals and steering drive."""
LANE_CHANGE_TIME = 3.0
SLIDE = 4.0
"""Deceleration of what slides on the road [m/s^2]: friction about 0.4."""


class StoryBuilder(Ways):
    """Builds the storyboard of one world."""

    def __init__(self, model: ScenarioFile, placer: Placer, draws: Draws, source: Source) -> None:
        self.model = model
        self.placer = placer
        self.draws = draws
        self.source = source
        self.names = [step.name or f"step-{i + 1}" for i, step in enumerate(model.storyboard)]
        self.conditions = ConditionBuilder(set(model.actors), self.names, placer, draws, source)
        self.at = dict(placer.spots)
        self.startled = set()
        self.paths = []

    def build(self, init: list[asam.Action], duration: float) -> asam.Storyboard:
        """The whole storyboard.

        Raises:
            ScenarioError: if a step names what is not there.
            Rejected: if this draw of a place does not work out.
        """
        acts: list[asam.Act] = []
        late = asam.SimulationTimeCondition(duration, asam.Rule.GREATER_OR_EQUAL)
        groups = [(asam.Condition("end of time", late),)]
        with Faults() as faults:
            for i, step in enumerate(self.model.storyboard):
                name = self.names[i]
                if name in self.names[:i]:
                    hint = "Give each its own name."
                    faults.found.append(self.source.error(f"two steps are named {name!r}", ("storyboard", i), hint))
                with faults.kept():
                    acts.append(self._act(step, i))
            if self.model.end.when is not None:
                groups += self.conditions.groups(self.model.end.when, ("end", "when"))
        stories = (asam.Story("story", tuple(acts)),) if acts else ()
        return asam.Storyboard(tuple(init), stories, asam.Trigger(tuple(groups)))

    def _act(self, step: Step, index: int) -> asam.Act:
        path: Path_ = ("storyboard", index)
        name = self.names[index]
        first, later = [], []
        start = stop = None
        with Faults() as faults:
            for actor, actions in step.do.items():
                with faults.kept():
                    if actor != "map":
                        self.conditions.actor(actor, (*path, "do", actor))
                    for i, action in enumerate(actions):
                        now, then = self._action(name, actor, i, action, (*path, "do", actor, i))
                        first += now
                        later += then
            with faults.kept():
                start = self._start(step, path)
            stop = self.conditions.trigger(step.until, (*path, "until"))
        event = asam.Event(name, tuple(first), start)
        actors = tuple(actor for actor in step.do if actor != "map")
        group = asam.ManeuverGroup(f"{name} group", actors, (asam.Maneuver(f"{name} manoeuvre", (event, *later)),))
        return asam.Act(f"{name} act", (group,), None, stop)

    def _start(self, step: Step, path: Path_) -> asam.Trigger | None:
        parts = []
        delay = self.draws.number(step.delay, (*path, "delay"))
        for name in step.after or ():
            parts.append([(self.conditions.step_done(name, (*path, "after"), delay),)])
        if step.when is not None:
            parts.append(self.conditions.groups(step.when, (*path, "when")))
        if not parts:
            if delay > 0.0:
                late = asam.SimulationTimeCondition(delay, asam.Rule.GREATER_OR_EQUAL)
                return asam.Trigger(((asam.Condition(f"delay of {path[-1]}", late),),))
            return None
        if step.delay is not None and not step.after:
            raise self.source.error("'delay' goes with 'after'; a condition has its own", (*path, "delay"))
        return asam.Trigger(tuple(self.conditions.combine(parts, path)))

    # --- actions ------------------------------------------------------------------------------------------------------

    def _action(
        self, step: str, actor: str, index: int, action: Any, path: Path_
    ) -> tuple[list[asam.Action], list[asam.Event]]:
        """Actions that start with the step, and events that follow them."""
        inner, follow = self._inner(actor, action, path)
        base, origin = f"{step}/{actor}/{index}", self.source.origin(path)
        actions = [
            asam.Action(f"{base}.{k}", a, () if isinstance(a, asam.TrafficSignalAction) else (actor,), origin)
            for k, a in enumerate(inner)
        ]
        events = []
        for k, part in enumerate(follow):
            after, late = self.cue(action, k, path)
            name = actions[-1].name if after < 0 else f"{base} then {after}"
            done = asam.StoryboardElementStateCondition(ElementKind.ACTION, name, ElementState.COMPLETE)
            start = asam.Trigger(((asam.Condition(f"{base} done {k}", done, delay=late),),))
            then = (asam.Action(f"{base} then {k}", part, (actor,), origin),)
            events.append(asam.Event(f"{base} then {k}", then, start, asam.Priority.PARALLEL))
        return actions, events

    def _inner(self, actor: str, action: Any, path: Path_) -> tuple[list[Any], list[Any]]:
        """What an action does at once, and what follows it."""
        if isinstance(action, SetSignals):
            if actor != "map":
                raise self.source.error("signals belong to the map", path, "Write do: {map: {signals: {west: red}}}.")
            states = {k: signal_state(self.draws.word(v, (*path, "signals", k))) for k, v in action.signals.items()}
            return [asam.TrafficSignalAction(signal_name(k), v) for k, v in states.items()], []
        if actor == "map":
            raise self.source.error("the map only has signals", path, "Write do: {map: {signals: {west: red}}}.")
        if isinstance(action, PEDAL_ACTIONS):
            if self.category(actor) in (*WALKERS, "obstacle"):
                raise self.source.error(f"{actor} is no vehicle: it has no pedals and no steering", path)
            return list(pedal_actions(action, self.draws, path)), []
        if isinstance(action, SCRIPTED) and self._has_driver(actor):
            raise self.source.error(f"{actor} is driven by pedals: nothing else moves it", path, HINT)
        if isinstance(action, WalkAcross | GoTo):
            return self._walk(actor, action, path)
        if isinstance(action, Startle):
            return self._startle(actor, action, path)
        if isinstance(action, DropFrom):
            return self._drop(actor, action, path)
        return self._at_once(actor, action, path), []

    def _at_once(self, actor: str, action: Any, path: Path_) -> list[Any]:
        """What an action that nothing follows does."""
        number, word = self.draws.number, self.draws.word
        if isinstance(action, Drive):
            return [asam.SpeedAction(self._speed(action, path), self._dynamics(action, path, None))]
        if isinstance(action, Brake):
            rate = Dynamics(Shape.LINEAR, Dimension.RATE, number(action.brake, (*path, "brake")))
            lamp = (
                [asam.LightStateAction("brakeLights", True)]
                if self.category(actor) not in (*WALKERS, "obstacle", "bicycle")
                else []
            )
            return [*lamp, asam.SpeedAction(number(action.to, (*path, "to")), rate)]
        if isinstance(action, Follow):
            return [self._follow(actor, action, path)]
        if isinstance(action, ChangeLane):
            return [self._change_lane(actor, action, path)]
        if isinstance(action, Shift):
            lateral = number(action.lateral, (*path, "lateral"), 1.0)
            return [asam.LaneOffsetAction(number(action.shift, (*path, "shift")), Shape.SINUSOIDAL, lateral)]
        if isinstance(action, OpenDoor):
            return [self._open_door(actor, action, path)]
        if isinstance(action, Lights):
            names = [word(light, (*path, "lights", i)) for i, light in enumerate(action.lights)]
            return [asam.LightStateAction(LAMPS[n], action.on) for n in names]
        if isinstance(action, Appear):
            return [asam.AppearanceAction(action.appear)]
        if isinstance(action, ComeLoose):
            return [self._loosen(actor, path)]
        if isinstance(action, tuple(FAULTS.values())):
            if self.category(actor) in (*WALKERS, "obstacle"):
                raise self.source.error(f"{actor} is no vehicle: nothing of it fails", path)
            return [fault_action(action, self.draws, path)]
        assert isinstance(action, JumpTo)
        spot = self.placer.place(action.jump_to, (*path, "jump_to"), self.placer.bodies[actor])
        self.at[actor] = spot
        self.startled.discard(actor)
        return [asam.TeleportAction(self.placer.position(spot))]

    def _has_driver(self, actor: str) -> bool:
        """Whether pedals and steering drive an actor from the start."""
        return self.draws.word(self.model.actors[actor].controller, ("actors", actor, "controller")) == "vehicle"

    def _loosen(self, actor: str, path: Path_) -> asam.LooseAction:
        """The action, if the actor lies on another."""
        if self.model.actors[actor].at.on is None:
            raise self.source.error(f"{actor} lies on nobody", path, "Place it by at: {on: lorry}.")
        return asam.LooseAction()

    def _open_door(self, actor: str, action: OpenDoor, path: Path_) -> asam.DoorAction:
        """The action, if the actor's asset has a door there that opens so far."""
        asset = self.placer.bodies[actor].asset
        doors = doors_of(asset)
        side = self.draws.word(action.open_door, (*path, "open_door"))
        if side not in doors:
            raise self.source.error(
                f"{actor} is a {asset}, which has {', '.join(doors) or 'no'} doors that open",
                (*path, "open_door"),
                f"Give it an asset that has: {', '.join(with_doors()) or 'there is none'}.",
            )
        angle = self.draws.number(action.angle, (*path, "angle"), min(math.radians(65), doors[side]))
        low, high = angle, angle
        if action.angle is not None and not references(action.angle.node):
            # A range is judged whole, not by the draw.
            low, high = (b if math.isfinite(b) else angle for b in bounds(action.angle.node))
        if low < 0.0 or high > doors[side] + 1e-6:
            wrong = math.degrees(low if low < 0.0 else high)
            limit = math.degrees(doors[side])
            raise self.source.error(
                f"the {side} door of {actor} cannot open to {wrong:.3g} deg",
                (*path, "angle"),
                f"The doors of a {asset} open from 0 to {limit:.3g} deg.",
            )
        return asam.DoorAction(side, angle, self.draws.number(action.over, (*path, "over"), 0.8))

    def _speed(self, action: Drive, path: Path_) -> float | asam.RelativeTo:
        value = self.draws.number(action.drive, (*path, "drive"))
        if action.relative_to is None:
            return value
        return asam.RelativeTo(self.conditions.actor(action.relative_to, (*path, "relative_to")), value)

    def _dynamics(self, action: Transition, path: Path_, default: Dynamics | None) -> Dynamics:
        for name, dimension in (("over", Dimension.TIME), ("within", Dimension.DISTANCE), ("rate", Dimension.RATE)):
            quantity = getattr(action, name)
            if quantity is not None:
                usual = "linear" if isinstance(action, Drive) else "sinusoidal"
                shape = Shape[self.draws.word(action.shape, (*path, "shape"), usual).upper()]
                return Dynamics(shape, dimension, self.draws.number(quantity, (*path, name)))
        return default or STEP

    def _other(self, actor: str, name: str, path: Path_) -> str:
        """The name of another actor."""
        if name == actor:
            raise self.source.error(f"{actor} cannot do that with itself", path, "Name another actor.")
        return self.conditions.actor(name, path)

    def _follow(self, actor: str, action: Follow, path: Path_) -> asam.LongitudinalDistanceAction:
        other = self._other(actor, action.follow, (*path, "follow"))
        limits = asam.DynamicConstraints(max_acceleration=3.0, max_deceleration=8.0)
        if action.gap is not None:
            gap = self.draws.number(action.gap, (*path, "gap"))
            return asam.LongitudinalDistanceAction(other, distance=gap, displacement=-1, constraints=limits)
        headway = self.draws.number(action.headway, (*path, "headway"))
        return asam.LongitudinalDistanceAction(other, time_gap=headway, displacement=-1, constraints=limits)

    def _change_lane(self, actor: str, action: ChangeLane, path: Path_) -> asam.LaneChangeAction:
        usual = Dynamics(Shape.SINUSOIDAL, Dimension.TIME, LANE_CHANGE_TIME)
        dynamics = self._dynamics(action, path, usual)
        offset = self.draws.number(action.offset, (*path, "offset"))
        if action.change_lane.kind is not None:
            lane = self.draws.whole(action.change_lane, (*path, "change_lane"))
            known = sorted({i for road in self.placer.network.order for part in road.sections for i in part.lanes if i})
            if lane not in known:
                there = f"The map's lanes: {', '.join(map(str, known))}."
                raise self.source.error(f"there is no lane {lane}", (*path, "change_lane"), there)
            return asam.LaneChangeAction(lane, dynamics, offset)
        side = self.draws.word(action.change_lane, (*path, "change_lane"))
        return asam.LaneChangeAction(asam.RelativeTo(actor, 1.0 if side == "left" else -1.0), dynamics, offset)

    def _drop(self, actor: str, action: DropFrom, path: Path_) -> tuple[list[Any], list[Any]]:
        other = self._other(actor, action.drop_from, (*path, "drop_from"))
        body, carrier = self.placer.bodies[actor], self.placer.bodies[other]
        gap = self.draws.number(action.gap, (*path, "gap"), 0.3)
        dx = carrier.center_x - carrier.length / 2 - gap - body.length / 2 - body.center_x
        dy = self.draws.number(action.offset, (*path, "offset"))
        slide = Dynamics(Shape.LINEAR, Dimension.RATE, self.draws.number(action.slide, (*path, "slide"), SLIDE))
        now = [
            asam.TeleportAction(asam.RelativeObjectPosition(other, dx, dy)),
            asam.AppearanceAction(True),
            asam.SpeedAction(asam.RelativeTo(other, 1.0, factor=True), STEP),
        ]
        return now, [asam.SpeedAction(0.0, slide)]
