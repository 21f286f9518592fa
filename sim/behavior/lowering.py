"""Flattens a storyboard into the tables of `StoryTables` and places the actors: host, once per drawn world."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sim.behavior.ego_path import ego_path
from sim.behavior.lower_actions import ActionLowering
from sim.behavior.lower_conditions import ConditionLowering
from sim.behavior.lower_rows import path_rows, state_rows, story_rows
from sim.behavior.positions import Place, Positions
from sim.behavior.trajectory import PathPoints, sample_trajectory, shape_positions
from sim.errors import Origin, ScenarioError, placed
from sim.road.route import plan_route, route_polyline
from sim.scenario.storyboard import (
    UNLIMITED,
    Act,
    Action,
    ClothoidSpline,
    ControllerAction,
    Dimension,
    ElementKind,
    Event,
    FollowTrajectoryAction,
    LightStateAction,
    Maneuver,
    ManeuverGroup,
    Priority,
    RelativeTo,
    Shape,
    SpeedAction,
    Story,
    Storyboard,
    TeleportAction,
    Trigger,
    VisibilityAction,
)
from sim.scenario.world import WorldSpec

INIT = "\0init"
"""Name of the story that holds init actions which take time."""


@dataclass
class Lowered:
    """Rows of one world as `sim.structs.from_rows` takes them."""

    scene: dict[str, Any]
    state: dict[str, Any]


@dataclass
class Start:
    """Where and how an actor begins."""

    place: Place
    speed: float
    visible: int = 7
    lamps: int = 0


class Lowering:
    """The lists that become one world's rows."""

    def __init__(self, spec: WorldSpec, actors: Sequence[Any]) -> None:
        self.spec = spec
        self.names = {actor.name: i for i, actor in enumerate(spec.actors)}
        self.actors = actors
        self.starts: dict[str, Start] = {}
        self.places: dict[str, Place] = {}
        self.positions = Positions(spec.network, self.places)
        self.elements: list[dict[str, int]] = []
        self.element_names: list[str] = []
        self.triggers: list[list[list[int]]] = []
        self.paths: list[PathPoints] = []
        self.path_index: dict[tuple[int, bool, str | None], int] = {}
        self.routes: list[list[int]] = []
        self.variables: dict[str, int] = {}
        self.values: list[float] = []
        self.strings: dict[str, int] = {}
        self.conditions = ConditionLowering(self)
        self.rows = ActionLowering(self)
        for name, value in spec.storyboard.variables.items():
            self.variables[name] = len(self.values)
            self.values.append(self.number(value))

    # --- shared by actions and conditions -----------------------------------------------------------------------------

    def actor(self, name: str) -> int:
        """Slot of an actor.

        Raises:
            ScenarioError: if there is none of that name.
        """
        if name not in self.names:
            known = ", ".join(self.names)
            raise ScenarioError(f"there is no entity {name!r}", hint=f"Entities: {known}.")
        return self.names[name]

    def number(self, value: float | str) -> float:
        """A value as a float; texts are numbered as they come, 'true' and 'false' are 1 and 0."""
        if isinstance(value, (int, float)):
            return float(value)
        text = value.strip()
        if text.lower() in ("true", "false"):
            return float(text.lower() == "true")
        try:
            return float(text)
        except ValueError:
            return 1e6 + self.strings.setdefault(text, len(self.strings))

    def variable(self, name: str) -> int:
        """Row of a variable; unknown ones begin at 0."""
        if name not in self.variables:
            self.variables[name] = len(self.values)
            self.values.append(0.0)
        return self.variables[name]

    def path(self, action: FollowTrajectoryAction, actor: str) -> tuple[int, str | None]:
        """Row of a trajectory's points, and the entity it lies relative to, None if to none.

        Points of a relative trajectory are where it lies at the start; kernels move them with the entity.
        """
        shape = action.trajectory.shape
        start = self.places[actor].pose if actor in self.places else None
        entities = [getattr(p, "entity", None) for p in shape_positions(shape)]
        anchor = next((entity for entity in entities if entity is not None), None)
        if isinstance(shape, ClothoidSpline) and shape.segments[0].position_start is None and actor:
            anchor = actor
        key = (id(action.trajectory), action.following_position, anchor)
        if key not in self.path_index:
            points = sample_trajectory(
                action.trajectory, lambda p: self.positions.resolve(p).pose, action.following_position, start
            )
            self.path_index[key] = self.add_path(points)
            if points.shares is not None:  # room for the points that tangents are taken from
                n = len(points.shares) - len(points.s)
                self.add_path(PathPoints(np.zeros((n, 3)), np.zeros(n), np.zeros(n), np.full(n, -1.0)))
        return self.path_index[key], anchor

    def add_path(self, path: PathPoints) -> int:
        """Row of new path points."""
        self.paths.append(path)
        return len(self.paths) - 1

    def way(self, waypoints: Sequence[Any]) -> tuple[list[int], np.ndarray]:
        """Roads in order and the lane-centre polyline through waypoints."""
        places = [self.positions.resolve(w) for w in waypoints]
        roads: list[int] = []
        lines = []
        for a, b in zip(places, places[1:], strict=False):
            legs = plan_route(self.spec.network, (a.road, a.lane, a.s), (b.road, b.lane, b.s))
            roads += [leg.road for leg in legs if not roads or roads[-1] != leg.road]
            lines.append(route_polyline(self.spec.network, legs))
        return roads, np.concatenate(lines) if lines else np.zeros((0, 4))

    def trigger(self, trigger: Trigger | None) -> int:
        """Row of a trigger, -1 for none."""
        if trigger is None:
            return -1
        self.triggers.append([[self.conditions.add(c) for c in group] for group in trigger.groups])
        return len(self.triggers) - 1

    # --- elements -----------------------------------------------------------------------------------------------------

    def element(self, kind: ElementKind, name: str, parent: int, **columns: int) -> int:
        """A new element; its ``last`` is set when its children are in."""
        base = {"start": -1, "stop": -1, "priority": 0, "max_count": 1, "first_row": 0, "nrow": 0}
        self.elements.append({"kind": int(kind), "parent": parent, "last": 0, **base, **columns})
        self.element_names.append(name)
        return len(self.elements) - 1

    def close(self, index: int) -> None:
        """Mark the end of an element's subtree."""
        self.elements[index]["last"] = len(self.elements)

    def storyboard(self, storyboard: Storyboard, later: list[Action]) -> None:
        """All elements; ``later`` are init actions that take time."""
        root = self.element(ElementKind.STORYBOARD, "", -1)
        if later:
            event = Event(INIT, tuple(later), priority=Priority.PARALLEL)
            group = ManeuverGroup(INIT, (), (Maneuver(INIT, (event,)),))
            self.story(Story(INIT, (Act(INIT, (group,)),)), root)
        for story in storyboard.stories:
            self.story(story, root)
        self.close(root)
        self.elements[root]["stop"] = self.trigger(storyboard.stop)

    def story(self, story: Story, parent: int) -> None:
        """A story with its acts."""
        index = self.element(ElementKind.STORY, story.name, parent)
        for act in story.acts:
            a = self.element(ElementKind.ACT, act.name, index)
            for group in act.groups:
                self.group(group, a)
            self.close(a)
            self.elements[a] |= {"start": self.trigger(act.start), "stop": self.trigger(act.stop)}
        self.close(index)

    def group(self, group: ManeuverGroup, parent: int) -> None:
        """A manoeuvre group with its manoeuvres and events."""
        g = self.element(ElementKind.MANEUVER_GROUP, group.name, parent, max_count=group.max_count)
        for maneuver in group.maneuvers:
            m = self.element(ElementKind.MANEUVER, maneuver.name, g)
            for event in maneuver.events:
                self.event(event, group, m)
            self.close(m)
        self.close(g)

    def event(self, event: Event, group: ManeuverGroup, parent: int) -> None:
        """An event with its actions, one row per actor of each."""
        e = self.element(ElementKind.EVENT, event.name, parent, priority=int(event.priority), max_count=event.max_count)
        for action in event.actions or (Action("", ControllerAction(), ()),):
            a = self.element(ElementKind.ACTION, action.name, e, first_row=len(self.rows.codes))
            actors = action.actors if action.actors is not None else group.actors
            with placed(action.origin):
                self.rows.add(action.action, actors, a)
            self.elements[a]["nrow"] = len(self.rows.codes) - self.elements[a]["first_row"]
            self.close(a)
        self.close(e)
        self.elements[e]["start"] = self.trigger(event.start)

    # --- start --------------------------------------------------------------------------------------------------------

    def place_actors(self) -> list[Action]:
        """Where everybody begins; returns the init actions that take time, for the storyboard."""
        waiting = [a for a in self.spec.actors if a.position is not None]
        pending: list[tuple[str, Any, Origin | None]] = [(a.name, a.position, None) for a in waiting]
        later: list[Action] = []
        for action in self.spec.storyboard.init:
            inner = action.action
            for name in action.actors or ():
                if isinstance(inner, TeleportAction):
                    pending.append((name, inner.position, action.origin))
                elif isinstance(inner, FollowTrajectoryAction) and name not in {p[0] for p in pending}:
                    pending.append((name, inner, action.origin))
        self._resolve(pending)
        for name in self.names:
            if name not in self.places:
                self.places[name] = self.positions.free(0.0, 0.0, None, 0.0, None)
        for actor in self.spec.actors:
            if actor.carrier is not None and actor.position is None:  # who rides a cycle
                self.places[actor.name] = self.places[actor.carrier]
            self.starts[actor.name] = Start(self.places[actor.name], actor.speed, 7 if actor.visible else 0)
            for lamp in actor.lamps:
                self.starts[actor.name].lamps |= self.rows.lamp(lamp)
        for action in self.spec.storyboard.init:
            with placed(action.origin):
                if not self._immediate(action):
                    later.append(action)
        self._align_trains()
        return later

    def _align_trains(self) -> None:
        """Put trailers in line behind whatever pulls them, at its speed."""
        actors = {actor.name: actor for actor in self.spec.actors}
        pulled = {actor.trailer for actor in self.spec.actors}
        for head in self.spec.actors:
            tow = head
            while head.name not in pulled and tow.trailer is not None:
                trailer, pose = actors[tow.trailer], self.places[tow.name].pose
                back = (tow.hitch or 0.0) - (trailer.coupler or 0.0)
                x, y = pose.x + back * math.cos(pose.heading), pose.y + back * math.sin(pose.heading)
                place = self.positions.free(x, y, None, pose.heading, None)
                if place.road < 0:
                    place.pose.z = pose.z
                self.places[trailer.name] = self.starts[trailer.name].place = place
                self.starts[trailer.name].speed = self.starts[tow.name].speed
                tow = trailer

    def _resolve(self, pending: list[tuple[str, Any, Origin | None]]) -> None:
        """Place actors in an order in which each finds those it is relative to."""
        while pending:
            left, failure = [], None
            for name, position, origin in pending:
                self.actor(name)
                try:
                    with placed(origin):
                        self.places[name] = self._start_place(position, name)
                except ScenarioError as error:
                    if "which has no place yet" not in error.message:
                        raise
                    failure = error
                    left.append((name, position, origin))
            if len(left) == len(pending) and failure is not None:
                raise failure
            pending = left

    def _start_place(self, position: Any, name: str) -> Place:
        """Where a position is, or where on a trajectory an actor starts."""
        if not isinstance(position, FollowTrajectoryAction):
            return self.positions.resolve(position)
        path = self.paths[self.path(position, name)[0]]
        i = int(np.searchsorted(path.s, position.initial_distance_offset, side="right") - 1)
        i = max(0, min(i, len(path.s) - 2))
        f = (position.initial_distance_offset - path.s[i]) / max(path.s[i + 1] - path.s[i], 1e-9)
        way = path.pos[i + 1] - path.pos[i]
        x, y, z = path.pos[i] + f * way
        ahead = math.atan2(way[1], way[0]) if np.hypot(way[0], way[1]) > 1e-6 else path.heading[i]
        return self.positions.free(x, y, z, float(path.heading[i]) if path.explicit_heading else float(ahead), None)

    def _immediate(self, action: Action) -> bool:
        """Carry out an init action at once if it takes no time; False if it has to run."""
        inner = action.action
        names = action.actors or ()
        if isinstance(inner, TeleportAction):
            return True
        if isinstance(inner, SpeedAction):
            instant = inner.dynamics.shape == Shape.STEP or (
                inner.dynamics.dimension != Dimension.RATE and inner.dynamics.value == 0
            )
            if instant and not (isinstance(inner.target, RelativeTo) and inner.target.continuous):
                for name in names:
                    self.starts[name].speed = self._speed(inner.target)
                return True
        if isinstance(inner, VisibilityAction):
            for name in names:
                self.starts[name].visible = self.rows.visibility(inner)
            return True
        if isinstance(inner, LightStateAction):
            for name in names:
                self.starts[name].lamps |= self.rows.lamp(inner.light) if inner.on else 0
            return True
        return False

    def _speed(self, target: float | RelativeTo) -> float:
        if not isinstance(target, RelativeTo):
            return target
        other = self.starts[self.spec.actors[self.actor(target.entity)].name].speed
        return other * target.value if target.factor else other + target.value

    def ego_route(self) -> int:
        """Row of the ego's path to its goal, -1 if it has none and its lane leads nowhere."""
        path = ego_path(self.spec, self.positions, self.places[self.spec.actors[0].name])
        return -1 if path is None else self.add_path(path)


def lower(spec: WorldSpec, actors: Sequence[Any]) -> Lowered:
    """One world's storyboard, paths and starting state.

    Args:
        spec: The drawn world.
        actors: Resolved actors (`sim.sampling.ResolvedActor`), in the order of ``spec.actors``.

    Raises:
        ScenarioError: if the storyboard names what is not there.
    """
    build = Lowering(spec, actors)
    later = build.place_actors()
    build.storyboard(spec.storyboard, later)
    build.conditions.link()
    route = build.ego_route()
    goal = build.positions.resolve(spec.goal.position).pose if spec.goal else None
    scene = {
        "route_path": route,
        "goal": np.array((goal.x, goal.y, goal.z) if goal else (0, 0, 0), np.float32),
        "goal_radius": spec.goal.radius if spec.goal else 0.0,
        "desired_speed": np.array(
            [a.desired_speed if a.desired_speed is not None else build.starts[a.name].speed for a in spec.actors],
            np.float32,
        ),
        **{
            name: np.array(
                [UNLIMITED if (limit := getattr(a, name)) is None else limit for a in spec.actors], np.float32
            )
            for name in ("max_speed", "max_acceleration", "max_deceleration")
        },
        "path": path_rows(build.paths),
        "story": story_rows(build),
    }
    return Lowered(scene, state_rows(build))
