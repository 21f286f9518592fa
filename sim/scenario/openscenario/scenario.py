"""An OpenSCENARIO file as a scenario: read, checked, drawn and rebuilt."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]

from sim.errors import ScenarioError
from sim.random import Stream
from sim.road.network import RoadNetwork
from sim.scenario import storyboard as asam
from sim.scenario.opendrive import load_opendrive
from sim.scenario.openscenario.catalogs import Catalogs, inside
from sim.scenario.openscenario.distributions import Distribution, read_distributions
from sim.scenario.openscenario.entities import read_entities
from sim.scenario.openscenario.parameters import ConstraintBroken, declare, variables
from sim.scenario.openscenario.positions import Places
from sim.scenario.openscenario.story import StoryReader
from sim.scenario.openscenario.xml import Node, Reading, Scope, open_root
from sim.scenario.riders import with_riders
from sim.scenario.world import Environment, Note, WorldSpec, refuse_notes

DURATION = 60.0
"""Length of an episode whose file gives no time to stop at [s]."""

MAX_DURATION = 3600.0
MAX_TRIES = 100
"""Draws of a distribution until its values meet the scenario's constraints."""


class OpenScenario:
    """See `sim.scenario.world.Scenario`. A file without distributions is one world, drawn with other looks each time.

    Args:
        file: A scenario, or a ParameterValueDistribution over one.
        strict: What the files use and Swerve does not know is an error.

    Raises:
        ScenarioError: see `load_openscenario`.
    """

    def __init__(self, file: Path, strict: bool = False) -> None:
        self.path = file
        self.id = file.stem
        self.tags: tuple[str, ...] = ()
        self.danger = ""
        self._reading = Reading()
        root = open_root(file, "a scenario")
        self._maps: dict[Path, RoadNetwork] = {}
        self._worlds: dict[tuple[tuple[str, str], ...], WorldSpec] = {}
        self.distributions: list[Distribution] = []
        self._template, self._root = file, root
        if root.find("ParameterValueDistribution") is not None:
            self._read_distributions(root)
        if root.find("Catalog") is not None:
            raise ScenarioError(
                "the file is a catalog, not a scenario",
                file=file,
                line=root.sourceline,
                hint="Name a file with a Storyboard.",
            )
        header = root.find("FileHeader")
        self.description = (header.get("description", "") if header is not None else "") or self.id
        self.source = header.get("author", "") if header is not None else ""
        self.parameters: Mapping[str, object] = {d.name: d for d in self.distributions}
        self._draw(Stream(0, 0))
        self.notes: list[Note] = self._reading.finish()
        self.notes += [n for network in self._maps.values() for n in network.notes]
        self.inputs = tuple(dict.fromkeys([file, self._template, *self._catalogs.files, *self._maps]))
        if strict:
            refuse_notes(self.notes)
        self._reading = Reading()

    def _read_distributions(self, root: etree._Element) -> None:
        node = Node(root, self.path, self._reading, Scope()).need("ParameterValueDistribution")
        self.distributions = read_distributions(node)
        reference = node.need("ScenarioFile")
        self._template = inside(reference, self.path.parent, reference.text("filepath"), (".xosc",))
        if not self._template.is_file():
            raise reference.error(
                f"the scenario file {reference.text('filepath')!r} does not exist", f"Looked for {self._template}."
            )
        self._root = open_root(self._template, "a scenario")
        if self._root.find("ParameterValueDistribution") is not None:
            raise reference.error("the scenario file is itself a distribution", "Name a file with a Storyboard.")

    # --- draws --------------------------------------------------------------------------------------------------------

    def draw(self, stream: Stream) -> WorldSpec:
        """One world; equal streams give equal worlds.

        Raises:
            ScenarioError: if the draws break the scenario's constraints in each of `MAX_TRIES` tries.
        """
        return self._world(self._draw(stream), float(stream.words("look")[0]))

    def _draw(self, stream: Stream) -> dict[str, str]:
        """Values that meet all constraints."""
        broken: ConstraintBroken | None = None
        for attempt in range(MAX_TRIES if self.distributions else 1):
            values = {d.name: d.draw(stream.uniform(f"parameters.{d.name}", attempt)) for d in self.distributions}
            try:
                self._built(values)
                return values
            except ConstraintBroken as error:
                broken = broken or error
        assert broken is not None
        raise broken

    def rebuild(self, record: Mapping[str, float | str]) -> WorldSpec:
        """The world whose draws are given.

        Raises:
            ScenarioError: if the record does not fit this file.
        """
        names = [f"parameters.{d.name}" for d in self.distributions]
        for name in (*names, "look"):
            if name not in record:
                raise ScenarioError(
                    f"the record holds no draw {name!r}",
                    file=self.path,
                    hint="It was made with another version of the file.",
                )
        return self._world(
            {d.name: str(record[f"parameters.{d.name}"]) for d in self.distributions}, float(record["look"])
        )

    def _world(self, values: Mapping[str, str], look: float) -> WorldSpec:
        record: dict[str, float | str] = {f"parameters.{name}": value for name, value in values.items()} | {
            "look": look
        }
        return with_riders(replace(self._built(values), look_seed=int(look), record=record))

    def _built(self, values: Mapping[str, str]) -> WorldSpec:
        """The world of some parameter values; those built are kept."""
        key = tuple(sorted(values.items()))
        if key not in self._worlds:
            if len(self._worlds) > 256:
                self._worlds.clear()
            self._worlds[key] = self._build(values)
        return self._worlds[key]

    # --- reading ------------------------------------------------------------------------------------------------------

    def _build(self, values: Mapping[str, str]) -> WorldSpec:
        """The world of some parameter values."""
        given: dict[str, str] = {}
        for distribution in self.distributions:
            try:
                given |= distribution.assign(values[distribution.name])
            except ValueError as error:
                raise ScenarioError(f"the record does not fit: {error}", file=self.path) from None
        root = declare(Node(self._root, self._template, self._reading, Scope()), given)
        for child in root.all():
            if child.tag == "ParameterValueDistribution":
                raise child.error("a distribution and a scenario in one file")
        base = self._template.parent
        self._catalogs = Catalogs(self._reading)
        self._catalogs.load(root.child("CatalogLocations"), base)
        network, map_key = self._network(root, base)
        entities = read_entities(root.need("Entities"), self._catalogs)
        story = StoryReader(Places(network, entities, self._catalogs))
        board = story.storyboard(root.need("Storyboard"))
        names = story.conditions.names | story.actions.names
        board = replace(board, variables=_variables(root, names))
        return WorldSpec(
            scenario=self.id, network=network, actors=entities.actors, storyboard=board,
            environment=story.environment or Environment(), duration=_duration(board), map_key=map_key, file=str(self.path),
        )  # fmt: skip

    def _network(self, root: Node, base: Path) -> tuple[RoadNetwork, str]:
        holder = root.need("RoadNetwork")
        graphics = holder.child("SceneGraphFile")
        if graphics is not None and graphics.get("filepath"):
            graphics.note("SceneGraphFile is not used: the world is drawn from the road network")
        for tag in ("TrafficSignals", "UsedArea"):
            extra = holder.child(tag)
            if extra is not None and len(extra.element):
                extra.note(f"{tag} is not used")
        logic = holder.child("LogicFile")
        if logic is None or not logic.get("filepath"):
            self._reading.note(
                holder.file, holder.line, "the scenario has no road network: the ground is level and open"
            )
            return RoadNetwork("open ground", {}), "open ground"
        path = inside(logic, base, logic.text("filepath"), (".xodr",))
        if not path.is_file():
            raise logic.error(f"the road file {logic.text('filepath')!r} does not exist", f"Looked for {path}.")
        if path not in self._maps:
            self._maps[path] = load_opendrive(path)
        digest = hashlib.blake2b(path.read_bytes(), digest_size=8).hexdigest()
        return self._maps[path], f"{path.name}/{digest}"


def _variables(root: Node, names: set[str]) -> dict[str, float | str]:
    """First values of variables, and of the parameters that conditions or actions name."""
    out = variables(root)
    for name in sorted(names - set(out)):
        if name not in root.scope:
            raise root.error(f"there is no variable or parameter {name!r}", f"Variables: {', '.join(out) or 'none'}.")
        out[name] = str(root.scope.value(name))
    return out


def _duration(board: asam.Storyboard) -> float:
    """Time at which the stop trigger fires by the clock alone [s], or `DURATION`."""
    times = []
    for group in board.stop.groups if board.stop is not None else ():
        if len(group) == 1 and isinstance(group[0].condition, asam.SimulationTimeCondition):
            times.append(group[0].condition.value + group[0].delay)
    return min(max(min(times, default=DURATION) + 0.1, 0.1), MAX_DURATION)
