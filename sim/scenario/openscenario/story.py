"""Stories, acts, manoeuvre groups, manoeuvres, events; and the whole storyboard."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

from sim.scenario import storyboard as asam
from sim.scenario.openscenario.actions import Actions
from sim.scenario.openscenario.conditions import Conditions
from sim.scenario.openscenario.parameters import declare
from sim.scenario.openscenario.positions import Places
from sim.scenario.openscenario.xml import Node
from sim.scenario.storyboard import ElementKind, Priority
from sim.scenario.world import Environment

PRIORITIES = {
    "override": Priority.OVERRIDE, "overwrite": Priority.OVERRIDE, "skip": Priority.SKIP, "parallel": Priority.PARALLEL
}  # fmt: skip
MAX_ELEMENTS = 20_000
MAX_COUNT = 1_000_000_000
BESIDE = 10.0
"""How far beside a road's outermost lane the ego may start (lay-bys and yards that the map does not hold) [m]."""


@dataclass
class StoryReader:
    """Reads the storyboard of one scenario."""

    places: Places
    environment: Environment | None = None
    named: dict[ElementKind, set[str]] = field(default_factory=dict)
    """Full paths of elements by kind."""
    count: int = 0

    def __post_init__(self) -> None:
        self.conditions = Conditions(self.places)
        self.actions = Actions(self.places)

    def storyboard(self, node: Node) -> asam.Storyboard:
        """Everything; variables are left to the caller.

        Raises:
            ScenarioError: for references to what is not there, and for broken content.
        """
        init = self._init(node.need("Init"))
        self.places.lenient = True
        stories = tuple(self._story(story) for story in node.children("Story"))
        stop = self.conditions.trigger(node.child("StopTrigger"))
        self._check()
        return asam.Storyboard(init, stories, stop)

    def _init(self, node: Node) -> tuple[asam.Action, ...]:
        """Init actions; an environment among them is kept apart."""
        out = []
        actions = node.child("Actions")
        for child in actions.all() if actions is not None else ():
            if child.tag == "Private":
                names = self.places.entities.names(child, child.text("entityRef"))
                for private in child.children("PrivateAction"):
                    out.append(self.actions.action(private, names, init=True))
                    self._check_start(private, out[-1].action, names)
                    self._check_hitch(private, out[-1])
            elif child.tag == "GlobalAction":
                action = self.actions.action(child, init=True)
                if isinstance(action.action, asam.EnvironmentAction):
                    self.environment = action.action.environment  # type: ignore[assignment]
                else:
                    out.append(action)
            else:
                child.note(f"{child.tag} is not carried out")
        return tuple(out)

    def _check_start(self, node: Node, action: object, names: tuple[str, ...]) -> None:
        """The ego starts on or near a road; of other vehicles that do not there is a note."""
        entities = self.places.entities
        drivers = [name for name in names if entities.types.get(name) == "vehicle"]
        if not isinstance(action, asam.TeleportAction) or not drivers:
            return
        away = self.places.off_road(action.position)
        if away <= BESIDE:
            return
        far = f"{away:.0f} m beside the nearest road" if math.isfinite(away) else "far from every road"
        if entities.actors[0].name in drivers:
            raise node.error(
                f"{entities.actors[0].name} starts {far}", f"The ego starts on a road, or within {BESIDE:g} m."
            )
        self.places.catalogs.reading.note(node.file, node.line, f"{drivers[0]} starts {far}")

    def _check_hitch(self, node: Node, action: asam.Action) -> None:
        """Whoever couples a trailer has a hitch."""
        if not isinstance(action.action, asam.TrailerAction) or action.action.trailer is None:
            return
        for actor in self.places.entities.actors:
            if actor.name in (action.actors or ()) and actor.hitch is None:
                raise node.error(f"{actor.name} has no TrailerHitch, so it can pull nothing")

    # --- elements -----------------------------------------------------------------------------------------------------

    def _name(self, node: Node, kind: ElementKind, path: str) -> tuple[str, str]:
        self.count += 1
        if self.count > MAX_ELEMENTS:
            raise node.error(f"there are more than {MAX_ELEMENTS} storyboard elements")
        name = node.label()
        full = f"{path}::{name}" if path else name
        self.named.setdefault(kind, set()).add(full)
        return name, full

    def _story(self, node: Node) -> asam.Story:
        node = declare(node)
        name, path = self._name(node, ElementKind.STORY, "")
        return asam.Story(name, tuple(self._act(act, path) for act in node.children("Act")))

    def _act(self, node: Node, parent: str) -> asam.Act:
        name, path = self._name(node, ElementKind.ACT, parent)
        groups = tuple(self._group(group, path) for group in node.children("ManeuverGroup"))
        start = self._start(node)
        return asam.Act(name, groups, start, self.conditions.trigger(node.child("StopTrigger")))

    def _start(self, node: Node) -> asam.Trigger | None:
        """The start trigger of an act or event; None, which is to start with the parent, for one without conditions."""
        holder = node.child("StartTrigger")
        trigger = self.conditions.trigger(holder)
        if holder is None or (trigger is not None and trigger.groups):
            return trigger
        if len(node.element.findall(".//Event")) or node.tag == "Event":
            holder.note(f"the StartTrigger has no condition: the {node.tag.lower()} starts at once")
        return None

    def _group(self, node: Node, parent: str) -> asam.ManeuverGroup:
        name, path = self._name(node, ElementKind.MANEUVER_GROUP, parent)
        holder = node.need("Actors")
        actors = self.places.entities.all(holder)
        if holder.truth("selectTriggeringEntities", False):
            holder.note("selectTriggeringEntities is not supported: only the actors listed take part")
        maneuvers = []
        for child in node.all():
            if child.tag == "Maneuver":
                maneuvers.append(self._maneuver(declare(child), path, actors))
            elif child.tag == "CatalogReference":
                with self.places.catalogs.entry(child, "Maneuver") as entry:
                    maneuvers.append(self._maneuver(entry, path, actors))
        return asam.ManeuverGroup(name, actors, tuple(maneuvers), self._times(node))

    def _times(self, node: Node) -> int:
        count = node.whole("maximumExecutionCount", 1)
        if not 0 <= count <= MAX_COUNT:
            raise node.error(f"maximumExecutionCount={count} is out of range", f"From 1 to {MAX_COUNT}.")
        return count

    def _maneuver(self, node: Node, parent: str, actors: tuple[str, ...]) -> asam.Maneuver:
        name, path = self._name(node, ElementKind.MANEUVER, parent)
        return asam.Maneuver(name, tuple(self._event(event, path, actors) for event in node.children("Event")))

    def _event(self, node: Node, parent: str, actors: tuple[str, ...]) -> asam.Event:
        name, path = self._name(node, ElementKind.EVENT, parent)
        actions = []
        for child in node.children("Action"):
            self._name(child, ElementKind.ACTION, path)
            action = self.actions.action(child)
            actions.append(replace(action, actors=actors) if action.actors is None else action)
            self._check_hitch(child, actions[-1])
        start = self._start(node)
        return asam.Event(name, tuple(actions), start, node.choice("priority", PRIORITIES), self._times(node))

    # --- references ---------------------------------------------------------------------------------------------------

    def _check(self) -> None:
        """Every element and signal that conditions and actions name must exist."""
        for node, kind, name in self.conditions.element_references:
            known = self.named.get(kind, set())
            if not any(full == name or full.endswith(f"::{name}") for full in known):
                word = kind.name.lower().replace("_", " ")
                last = ", ".join(sorted({full.split("::")[-1] for full in known})[:12])
                raise node.error(f"there is no {word} named {name!r}", f"There are {last or 'none'}.")
        signals = {
            key for road in self.places.network.order for s in road.signals if s.dynamic for key in (s.id, s.name)
        }
        for node, name in (*self.conditions.signals, *self.actions.signals):
            if name not in signals:
                raise node.error(
                    f"the map has no traffic signal {name!r}", f"There are {', '.join(sorted(signals)) or 'none'}."
                )
