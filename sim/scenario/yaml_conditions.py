"""Conditions of the YAML storyboard as ASAM OpenSCENARIO's."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

from sim.errors import Faults
from sim.scenario import storyboard as asam
from sim.scenario.draws import Draws
from sim.scenario.fields import suggest
from sim.scenario.schema_place import ARMS, Place
from sim.scenario.schema_story import ActorCondition, AllOf, AnyOf, SignalIs, StepIs, TimeIs
from sim.scenario.source import Path_, Source
from sim.scenario.storyboard import Condition, DistanceType, ElementKind, ElementState, Rule
from sim.scenario.yaml_place import Placer

MAX_GROUPS = 64
Groups = list[tuple[Condition, ...]]
MEASURES = {"straight": DistanceType.EUCLIDEAN, "along": DistanceType.LONGITUDINAL, "across": DistanceType.LATERAL}
ASPECT_STATES = {"red_amber": "on;on;off"}
"""Aspects with more than one lamp, as OpenDRIVE signal states."""


def signal_name(name: str) -> str:
    """Signal of an intersection's arm, or the map's own name."""
    return f"light-{name}" if name in ARMS else name


def signal_state(aspect: str) -> str:
    """State of a three-aspect light."""
    return ASPECT_STATES.get(aspect, aspect)


class ConditionBuilder:
    """Builds triggers.

    Args:
        actors: Names of all actors.
        steps: Names of the steps.
        placer: Resolves places.
        draws: The world's draws.
        source: For errors.
    """

    def __init__(self, actors: set[str], steps: list[str], placer: Placer, draws: Draws, source: Source) -> None:
        self.actors = actors
        self.steps = steps
        self.placer = placer
        self.draws = draws
        self.source = source
        self.count = 0

    def trigger(self, when: Any, path: Path_) -> asam.Trigger | None:
        """The trigger of a `when`; None for none."""
        return None if when is None else asam.Trigger(tuple(self.groups(when, path)))

    def groups(self, when: Any, path: Path_) -> Groups:
        """Alternatives of conditions that all hold (disjunctive normal form)."""
        if isinstance(when, TimeIs):
            value = self.draws.number(when.after, (*path, "after"))
            return [(self._named(asam.SimulationTimeCondition(value, Rule.GREATER_OR_EQUAL)),)]
        if isinstance(when, StepIs):
            return self._step(when, path)
        if isinstance(when, SignalIs):
            state = signal_state(self.draws.word(when.aspect, (*path, "is")))
            return [(self._named(asam.TrafficSignalCondition(signal_name(when.signal), state)),)]
        if isinstance(when, AnyOf):
            return [group for part in self._each(when.any, (*path, "any")) for group in part]
        if isinstance(when, AllOf):
            return self.combine(self._each(when.all, (*path, "all")), path)
        parts = []
        with Faults() as faults:
            for name, condition in when.items():
                with faults.kept():
                    parts.append([(self._actor(name, condition, (*path, name)),)])
        return self.combine(parts, path)

    def _each(self, conditions: Sequence[Any], path: Path_) -> list[Groups]:
        parts = []
        with Faults() as faults:
            for i, when in enumerate(conditions):
                with faults.kept():
                    parts.append(self.groups(when, (*path, i)))
        return parts

    def combine(self, parts: list[Groups], path: Path_) -> Groups:
        """All parts at once."""
        size = 1
        for part in parts:
            size *= max(1, len(part))
        if size > MAX_GROUPS:
            raise self.source.error("conditions are nested into too many alternatives", path, f"At most {MAX_GROUPS}.")
        return [tuple(itertools.chain(*choice)) for choice in itertools.product(*parts)]

    def step_done(self, name: str, path: Path_, delay: float = 0.0) -> Condition:
        """The step of that name is complete."""
        self._know_step(name, path)
        kind = asam.StoryboardElementStateCondition(ElementKind.EVENT, name, ElementState.COMPLETE)
        return self._named(kind, delay)

    def actor(self, name: str, path: Path_) -> str:
        """An actor's name.

        Raises:
            ScenarioError: if there is none.
        """
        if name not in self.actors:
            raise self.source.error(f"there is no actor {name!r}", path, suggest(name, self.actors))
        return name

    def _know_step(self, name: str, path: Path_) -> None:
        if name not in self.steps:
            raise self.source.error(f"there is no step {name!r}", path, suggest(name, self.steps))

    def _named(self, kind: Any, delay: float = 0.0, entities: tuple[str, ...] = ()) -> Condition:
        self.count += 1
        return Condition(f"condition-{self.count}", kind, delay=delay, entities=entities)

    def _step(self, when: StepIs, path: Path_) -> Groups:
        self._know_step(when.step, (*path, "step"))
        delay = self.draws.number(when.delay, (*path, "delay"))
        states = [ElementState.COMPLETE]
        if self.draws.word(when.state, (*path, "is"), "done") == "started":
            states.append(ElementState.RUNNING)
        kinds = [asam.StoryboardElementStateCondition(ElementKind.EVENT, when.step, state) for state in states]
        return [(self._named(kind, delay),) for kind in kinds]

    def _actor(self, name: str, c: ActorCondition, path: Path_) -> Condition:
        self.actor(name, path)
        delay = self.draws.number(c.delay, (*path, "delay"))
        return self._named(self._kind(c, path), delay, (name,))

    def _kind(self, c: ActorCondition, path: Path_) -> Any:
        number = self.draws.number
        verb = c.verb
        if verb in ("faster_than", "slower_than"):
            rule = Rule.GREATER_THAN if verb == "faster_than" else Rule.LESS_THAN
            return asam.SpeedCondition(number(getattr(c, verb), (*path, verb)), rule)
        if verb == "stands_for":
            return asam.StandStillCondition(number(c.stands_for, (*path, verb)))
        if verb == "travelled":
            return asam.TraveledDistanceCondition(number(c.travelled, (*path, verb)))
        if verb == "touches":
            assert c.touches is not None
            return asam.CollisionCondition(None if c.touches == "anything" else self.actor(c.touches, (*path, verb)))
        if verb == "reaches":
            assert c.reaches is not None
            spot = self.placer.place(c.reaches, (*path, verb))
            return asam.ReachPositionCondition(self.placer.position(spot), number(c.within, (*path, "within"), 2.0))
        below = c.below is not None
        rule = Rule.LESS_THAN if below else Rule.GREATER_THAN
        value = number(c.below if below else c.above, (*path, "below" if below else "above"))
        target = self._target(getattr(c, verb), (*path, verb))
        if verb == "time_to_reach":
            return asam.TimeToReachCondition(target, value, rule)
        if verb == "headway_to":
            return asam.TimeHeadwayCondition(str(target), value, rule)
        if verb == "time_to_collision":
            return asam.TimeToCollisionCondition(target, value, rule)
        measure = MEASURES[self.draws.word(c.measured, (*path, "measured"), "straight")]
        coordinates = asam.Coordinates.ENTITY if measure == DistanceType.EUCLIDEAN else asam.Coordinates.ROAD
        return asam.DistanceCondition(target, value, rule, True, coordinates, measure)

    def _target(self, target: str | Place, path: Path_) -> Any:
        if isinstance(target, str):
            return self.actor(target, path)
        return self.placer.position(self.placer.place(target, path))
