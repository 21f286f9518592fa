"""The YAML map section as a road network."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from sim.errors import ScenarioError
from sim.road.elements import FrictionPatch
from sim.road.friction import GRIPS
from sim.road.network import RoadNetwork
from sim.road.shorthand import CrossSection, Segment, intersection, parse_lanes, road
from sim.scenario.draws import Draws, Rejected
from sim.scenario.fields import Quantity
from sim.scenario.schema import ScenarioFile
from sim.scenario.schema_map import Map
from sim.scenario.source import Path_, Source
from sim.scenario.world import Note
from sim.scenario.yaml_relief import draw_bumps, draw_potholes, draw_tunnels

STEEPEST = 0.5
"""Greatest mean slope between two points of a profile; the world's steepest streets have 0.35."""


@dataclass(frozen=True)
class MapDraw:
    """A drawn map: equal keys mean equal networks."""

    network: RoadNetwork
    key: str
    setting: str
    kind: str


def map_file(source: Source, model: ScenarioFile) -> Path | None:
    """The .xodr file a scenario uses.

    Raises:
        ScenarioError: if the path leaves the scenario's folder or the file does not exist.
    """
    if model.map.xodr is None:
        return None
    folder = source.file.resolve().parent
    named = Path(model.map.xodr)
    path = (folder / named).resolve()
    if named.is_absolute() or not path.is_relative_to(folder):
        raise source.error(
            f"map file {model.map.xodr!r} lies outside the scenario's folder",
            ("map", "xodr"),
            "Keep maps beside the file.",
        )
    if not path.is_file():
        raise source.error(f"map file {model.map.xodr!r} does not exist", ("map", "xodr"), f"Looked in {folder}.")
    if path.suffix.lower() != ".xodr":
        raise source.error(f"map file {model.map.xodr!r} is not an .xodr file", ("map", "xodr"))
    return path


class MapBuilder:
    """Draws maps and keeps those built, by key."""

    def __init__(self, scenario_id: str, model: ScenarioFile, source: Source) -> None:
        self.id = scenario_id
        self.model = model
        self.source = source
        self.file = map_file(source, model)
        self.built: dict[str, RoadNetwork] = {}

    def draw(self, draws: Draws) -> MapDraw:
        """One map.

        Raises:
            ScenarioError: if the shorthand or file describes no usable road.
            Rejected: if this draw of it does not work out.
        """
        setting = draws.word(self.model.setting, ("setting",), "auto")
        if self.file is not None:
            return MapDraw(self._network("file", self._load), f"{self.id}/{setting}/file", setting, "file")
        arguments = self._arguments(draws, setting)
        text = repr((sorted(arguments.items()), setting))
        digest = hashlib.blake2b(text.encode(), digest_size=6).hexdigest()
        network = self._network(digest, lambda: self._build(arguments))
        return MapDraw(network, f"{self.id}/{draws.variant}/{digest}", setting, str(arguments["kind"]))

    def notes(self) -> list[Note]:
        """What the .xodr file holds and Swerve does not use.

        Raises:
            ScenarioError: if the file describes no usable road.
        """
        return [] if self.file is None else list(self._network("file", self._load).notes)

    def _network(self, key: str, build: object) -> RoadNetwork:
        if key not in self.built:
            if len(self.built) > 64:
                self.built.clear()
            self.built[key] = build()  # type: ignore[operator]
        return self.built[key]

    def _load(self) -> RoadNetwork:
        from sim.scenario.opendrive import load_opendrive

        assert self.file is not None
        return load_opendrive(self.file)

    def _arguments(self, draws: Draws, setting: str) -> dict[str, object]:
        """Every drawn number of the map, as the builders of `sim.road.shorthand` take them."""
        m = self.model.map
        number = draws.number
        shape = draws.word(m.road, ("map", "road"))
        own = {"town": "town", "suburb": "town", "rural": "rural", "forest": "rural", "motorway": "motorway"}
        kind = draws.word(m.type, ("map", "type"), own.get(setting, "town"))
        try:
            oncoming, forward = parse_lanes(m.lanes or "1+1")
        except ScenarioError as error:
            raise self.source.error(error.message, ("map", "lanes"), error.hint or "") from None
        section = CrossSection(
            oncoming, forward,
            number(m.lane_width, ("map", "lane_width"), 3.75 if kind == "motorway" else 3.5),
            draws.word(m.parking, ("map", "parking"), "none"),
            number(m.sidewalk, ("map", "sidewalk")),
            number(m.shoulder, ("map", "shoulder")),
            number(m.median, ("map", "median")),
            number(m.verge, ("map", "verge"), 1.5),
        )  # fmt: skip
        if not 2.0 <= section.lane_width <= 8.0:
            raise self.source.error(f"lanes {section.lane_width:g} m wide", ("map", "lane_width"), "From 2 to 8 m.")
        limit = number(m.speed_limit, ("map", "speed_limit"), 0.0) or None
        common: dict[str, object] = {"shape": shape, "section": section, "kind": kind, "speed_limit": limit}
        if shape == "intersection":
            arms = tuple(draws.word(a, ("map", "arms", i)) for i, a in enumerate(m.arms)) if m.arms else None
            return common | {
                "arms": arms or ("west", "south", "east", "north"),
                "arm_length": number(m.arm_length, ("map", "arm_length"), 120.0),
                "corner_radius": number(m.corner_radius, ("map", "corner_radius"), 6.0),
                "signals": m.signals is not False,
                "crosswalks": m.crosswalks is not False,
            }
        segments = self._segments(m, shape, draws)
        length = sum(s.length if s.angle == 0 else abs(s.angle) * s.radius + s.transition for s in segments)
        lanes = partial(self._borders, section, draws)
        relief = {
            "bumps": draw_bumps(m, length, draws, lanes),
            "potholes": draw_potholes(m, length, draws, lanes),
            "tunnels": draw_tunnels(m, draws),
        }
        return common | {
            "segments": segments,
            "profile": self._profile(m, length, draws),
            "patches": self._patches(m, section, length, draws),
            # What a map has none of is no part of its key.
            **{name: rows for name, rows in relief.items() if rows},
        }

    def _segments(self, m: Map, shape: str, draws: Draws) -> tuple[Segment, ...]:
        number = draws.number
        if shape == "straight":
            return (Segment(number(m.length, ("map", "length"))),)
        if shape == "curve":
            bend = Segment(
                0.0,
                number(m.radius, ("map", "radius")),
                number(m.angle, ("map", "angle")),
                number(m.transition, ("map", "transition")),
            )
            before, after = number(m.before, ("map", "before"), 50.0), number(m.after, ("map", "after"), 50.0)
            found = [Segment(before), bend, Segment(after)]
        else:
            found = []
            for i, piece in enumerate(m.segments or []):
                at = ("map", "segments", i)
                if piece.straight is not None:
                    found.append(Segment(number(piece.straight, (*at, "straight"))))
                else:
                    numbers = (number(piece.radius, (*at, "radius")), number(piece.bend, (*at, "bend")))
                    found.append(Segment(0.0, *numbers, number(piece.transition, (*at, "transition"))))
        kept = tuple(s for s in found if s.length > 1e-6 or s.angle)
        for piece in kept:
            if piece.angle and not piece.radius >= 5.0:
                raise Rejected(f"a bend of radius {piece.radius:g} m", ("map",), "At least 5 m.")
        return kept

    def _profile(self, m: Map, length: float, draws: Draws) -> tuple[tuple[float, float], ...]:
        if m.crest is not None:
            at = draws.number(m.crest.at, ("map", "crest", "at"))
            height = draws.number(m.crest.height, ("map", "crest", "height"))
            half = draws.number(m.crest.length, ("map", "crest", "length")) / 2
            if not (half > 0 and 0 <= at - half and at + half <= length + 1e-6):
                raise Rejected(
                    f"the crest from {at - half:g} to {at + half:g} m is not on the road of {length:g} m",
                    ("map", "crest"),
                )
            return _passable(((at - half, 0.0), (at, height), (at + half, 0.0)), ("map", "crest"))
        points = []
        for i, point in enumerate(m.profile or []):
            at_path = ("map", "profile", i)
            points.append((draws.number(point.s, (*at_path, "s")), draws.number(point.z, (*at_path, "z"))))
        if any(b[0] <= a[0] for a, b in zip(points, points[1:], strict=False)):
            raise Rejected("the profile's points do not follow each other", ("map", "profile"), "Let s grow.")
        return _passable(tuple(points), ("map", "profile"))

    def _patches(self, m: Map, section: CrossSection, length: float, draws: Draws) -> tuple[FrictionPatch, ...]:
        out = []
        for i, patch in enumerate(m.patches or []):
            at = ("map", "patches", i)
            s0, s1 = draws.number(patch.start, (*at, "from")), draws.number(patch.end, (*at, "to"))
            if not 0.0 <= s0 < s1 <= length + 1e-6:
                raise Rejected(f"a patch from {s0:g} to {s1:g} m is not on the road of {length:g} m", at)
            t0, t1 = self._borders(section, draws, patch.lane, at)
            if patch.side is not None:
                left = (draws.word(patch.side, (*at, "side")) == "left") == (t1 <= 0.0)
                t0, t1 = (0.5 * (t0 + t1), t1) if left else (t0, 0.5 * (t0 + t1))
            kind = draws.word(patch.kind, (*at, "kind"), "ice")
            grip = GRIPS[kind]
            friction = draws.number(patch.friction, (*at, "friction"), grip.friction)
            depth = draws.number(patch.depth, (*at, "depth"), grip.depth)
            out.append(FrictionPatch(s0, s1, t0, t1, friction, kind, depth))
        return tuple(out)

    def _borders(self, section: CrossSection, draws: Draws, lane_id: Quantity | None, at: Path_) -> tuple[float, float]:
        """Right and left border of a lane, or of all lanes to drive on [m]."""
        if lane_id is None:
            return -section.forward * section.lane_width, section.oncoming * section.lane_width + section.median
        lane = draws.whole(lane_id, (*at, "lane"))
        first = 2 if section.median > 0 else 1
        lanes = [*range(-section.forward, 0), *range(first, first + section.oncoming)]
        if lane not in lanes:
            known = ", ".join(map(str, lanes))
            raise self.source.error(f"there is no lane {lane}: lanes here are {known}", (*at, "lane"))
        w = section.lane_width
        inner = (lane + 1) * w if lane < 0 else section.median + (lane - first) * w
        t0, t1 = sorted((inner, inner + math.copysign(w, lane)))
        return t0, t1

    def _build(self, arguments: dict[str, object]) -> RoadNetwork:
        rest = {k: v for k, v in arguments.items() if k != "shape"}
        try:
            if arguments["shape"] == "intersection":
                return intersection(name=self.id, **rest)  # type: ignore[arg-type]
            return road(name=self.id, **rest)  # type: ignore[arg-type]
        except ScenarioError as error:
            raise self.source.error(error.message, ("map",), error.hint or "") from None


def _passable(points: tuple[tuple[float, float], ...], path: Path_) -> tuple[tuple[float, float], ...]:
    """A profile's points as they are.

    Raises:
        Rejected: where the road would climb or fall by more than `STEEPEST` from one point to the next.
    """
    for (a, low), (b, high) in zip(points, points[1:], strict=False):
        slope = abs(high - low) / (b - a)
        if slope > STEEPEST:
            message = f"from {a:g} to {b:g} m the road climbs or falls by {slope:.0%}"
            raise Rejected(message, path, f"At most {STEEPEST:.0%}.")
    return points
