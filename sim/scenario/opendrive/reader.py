"""Reads OpenDRIVE 1.4 to 1.8 files into a `RoadNetwork`; files from strangers are hostile."""

from __future__ import annotations

import math
import re
from pathlib import Path

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]

from sim.errors import ScenarioError
from sim.road.elements import Connection, Junction, Lane, LaneSection, RoadLink, RoadMark, RoadObject, Signal, Tunnel
from sim.road.geometry import Arc, Cubic, Geometry, Line, ParamPoly3, Spiral
from sim.road.network import Road, RoadNetwork
from sim.scenario.world import Note

MAX_BYTES = 64 << 20
MAX_ROAD = 1e5
"""Longest road [m]."""
MAX_TOTAL = 2e6
"""Greatest length of all roads together [m]."""
MAX_LANE = 100
"""Greatest lane id."""
MAX_WIDTH = 1000.0
"""Widest lane, and farthest border, object or signal beside a road; widest and highest object [m]."""
BOUNDS = {"s": MAX_ROAD, "length": MAX_ROAD, "distance": MAX_ROAD}
"""Of lengths along a road, by attribute [m]."""
MAX_SECTIONS = 50_000
NUMBER_HINT = "A number belongs here, such as 3.5."
DOCTYPE_FAULT, DOCTYPE_HINT = (
    "document type and entity declarations are not allowed",
    "Write the values where they are used.",
)
UNDERSTOOD = {
    "header", "road", "junction", "controller", "link", "type", "planView", "elevationProfile", "lateralProfile", "lanes",
    "objects", "signals", "laneOffset", "laneSection", "userData", "include", "junctionGroup", "dataQuality", "license",
}  # fmt: skip
SPEED_UNITS = {"m/s": 1.0, "km/h": 1 / 3.6, "mph": 0.44704, None: 1.0, "": 1.0}


def read_xml(path: Path, what: str, limit: int = MAX_BYTES) -> etree._Element:
    """Root of an XML file: no entities, no network, no huge trees.

    Raises:
        ScenarioError: if it is missing, too large, truncated or not XML.
    """
    try:
        size = path.stat().st_size
        if size > limit:
            raise ScenarioError(
                f"{size >> 20} MiB is too large for {what}", file=path, hint=f"At most {limit >> 20} MiB."
            )
        data = path.read_bytes()
    except OSError as error:
        raise ScenarioError(f"cannot read {what}: {error.strerror}", file=path) from None
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        line = data[: data.find(b"<!")].count(b"\n") + 1
        raise ScenarioError(DOCTYPE_FAULT, file=path, line=line, hint=DOCTYPE_HINT)
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, huge_tree=False, load_dtd=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        fault = re.sub(r", line \d+, column \d+$", "", str(error.msg))
        raise ScenarioError(
            f"not well-formed XML: {fault}", file=path, line=error.lineno, hint="Is the file complete?"
        ) from None
    if root.getroottree().docinfo.doctype:
        raise ScenarioError(DOCTYPE_FAULT, file=path, line=1, hint=DOCTYPE_HINT)
    return root


class _Reader:
    def __init__(self, path: Path) -> None:
        self.path = path
        self.notes: list[Note] = []

    def fail(self, node: etree._Element, message: str, hint: str | None = None) -> ScenarioError:
        return ScenarioError(message, file=self.path, line=node.sourceline, path=str(node.tag), hint=hint)

    def number(self, node: etree._Element, name: str, default: float | None = None) -> float:
        text = node.get(name)
        if text is None or not text.strip():
            if default is not None:
                return default
            raise self.fail(node, f"attribute {name} is missing", NUMBER_HINT)
        try:
            value = float(text)
        except ValueError:
            raise self.fail(node, f"{name}={text[:80]!r} is not a number", NUMBER_HINT) from None
        if not math.isfinite(value):
            raise self.fail(node, f"{name}={text[:80]!r} is not a finite number", NUMBER_HINT)
        return value

    def bounded(self, node: etree._Element, name: str, default: float | None = None, limit: float = MAX_WIDTH) -> float:
        """A number [m] from -limit to limit."""
        value = self.number(node, name, default)
        if abs(value) > limit:
            raise self.fail(node, f"{name}={value:g} m is out of range", f"From {-limit:g} to {limit:g} m.")
        return value

    def cubics(self, parent: etree._Element | None, tag: str, s_name: str = "s") -> list[Cubic]:
        if parent is None:
            return []
        found = [Cubic(self.number(n, s_name), *(self.number(n, k, 0.0) for k in "abcd")) for n in parent.iterfind(tag)]
        return sorted(found, key=lambda c: c.s)

    def network(self) -> RoadNetwork:
        root = read_xml(self.path, "a road network")
        if etree.QName(root).localname != "OpenDRIVE":
            raise self.fail(root, f"the root element is {root.tag}, not OpenDRIVE")
        for node in root.iter():
            if isinstance(node.tag, str) and node.tag.startswith("{"):
                node.tag = etree.QName(node).localname
        header = root.find("header")
        roads: dict[str, Road] = {}
        for node in root.iterfind("road"):
            road = self.road(node, len(roads))
            if road.id in roads:
                raise self.fail(node, f"road id {road.id!r} is used twice")
            roads[road.id] = road
        if not roads:
            raise self.fail(root, "the network has no road")
        for node in root:
            if node.tag not in UNDERSTOOD:
                self.notes.append(Note(str(self.path), node.sourceline, f"element {node.tag} is not used"))
        total = sum(road.length for road in roads.values())
        if total > MAX_TOTAL:
            raise self.fail(
                root, f"roads of {total / 1000:.0f} km in all are too long", f"At most {MAX_TOTAL / 1000:g} km."
            )
        junctions = {j.id: j for j in (self.junction(n, roads) for n in root.iterfind("junction"))}
        self.check_links(root, roads, junctions)
        name = header.get("name", "") if header is not None else ""
        return RoadNetwork(name or self.path.stem, roads, junctions, self.notes)

    def check_links(self, root: etree._Element, roads: dict[str, Road], junctions: dict[str, Junction]) -> None:
        """Note links to what the map does not hold: a road ends there."""
        for node, road in zip(root.iterfind("road"), roads.values(), strict=True):
            for link in (road.predecessor, road.successor):
                if link is not None and link.id not in (junctions if link.kind == "junction" else roads):
                    message = f"road {road.id} leads to {link.kind} {link.id}, which is not in the map"
                    self.notes.append(Note(str(self.path), node.sourceline, message))

    def road(self, node: etree._Element, index: int) -> Road:
        length = self.number(node, "length")
        if length <= 0:
            raise self.fail(node, f"length {length:g} m is not positive")
        if length > MAX_ROAD:
            raise self.fail(node, f"a road of {length:g} m is too long", f"At most {MAX_ROAD:g} m.")
        junction = node.get("junction", "-1")
        road = Road(
            id=node.get("id", str(index)), index=index, length=length, name=node.get("name", ""),
            junction=None if junction == "-1" else junction, left_hand=node.get("rule", "RHT") == "LHT",
        )  # fmt: skip
        plan = node.find("planView")
        road.plan = [self.geometry(g) for g in plan.iterfind("geometry")] if plan is not None else []
        if not road.plan:
            raise self.fail(node, f"road {road.id} has no plan view", "It needs at least one geometry.")
        road.elevation = self.cubics(node.find("elevationProfile"), "elevation")
        road.superelevation = self.cubics(node.find("lateralProfile"), "superelevation")
        if node.find("lateralProfile/shape") is not None or node.find("lateralProfile/crossfall") is not None:
            self.notes.append(Note(str(self.path), node.sourceline, f"road {road.id}: lateral shape is not used"))
        lanes = node.find("lanes")
        road.lane_offset = self.cubics(lanes, "laneOffset")
        road.sections = [self.section(s) for s in lanes.iterfind("laneSection")] if lanes is not None else []
        if any(s.s > length + 1e-3 for s in road.sections) or len(road.sections) > MAX_SECTIONS:
            raise self.fail(lanes, f"road {road.id} has a lane section beyond its end", f"It is {length:g} m long.")  # type: ignore[arg-type]
        if not any(i for s in road.sections for i in s.lanes if i):
            raise self.fail(node, f"road {road.id} has no lanes", "Its lane sections need left or right lanes.")
        for kind in node.iterfind("type"):
            speed = kind.find("speed")
            limit = self.speed(speed) if speed is not None else None
            road.kinds.append((self.number(kind, "s", 0.0), kind.get("type", "unknown"), limit))
        road.predecessor = self.link(node.find("link/predecessor"))
        road.successor = self.link(node.find("link/successor"))
        road.objects = [self.object(o) for o in node.iterfind("objects/object")]
        road.tunnels = [self.tunnel(t) for t in node.iterfind("objects/tunnel")]
        road.tunnels += [
            Tunnel(o.s, o.length)
            for o in road.objects
            if o.kind.lower() == "tunnel" and o.length > 0.0 and not o.repeats
        ]
        road.signals = [self.signal(s) for s in node.iterfind("signals/signal")]
        return road

    def speed(self, node: etree._Element) -> float | None:
        if node.get("max") in ("no limit", "undefined", None):
            return None
        return self.number(node, "max") * SPEED_UNITS.get(node.get("unit"), 1.0)

    def geometry(self, node: etree._Element) -> Geometry:
        s, x, y, hdg, length = (self.number(node, k) for k in ("s", "x", "y", "hdg", "length"))
        if length < 0 or length > MAX_ROAD:
            raise self.fail(node, f"a geometry of length {length:g} m", f"From 0 to {MAX_ROAD:g} m.")
        shapes = [child for child in node if isinstance(child.tag, str) and child.tag != "userData"]
        if not shapes:
            raise self.fail(node, "the geometry has no shape", "line, arc, spiral, poly3 or paramPoly3 belongs in it.")
        shape = shapes[0]
        match shape.tag:
            case "line":
                return Line(s, x, y, hdg, length)
            case "arc":
                return Arc(s, x, y, hdg, length, self.number(shape, "curvature"))
            case "spiral":
                return Spiral(s, x, y, hdg, length, self.number(shape, "curvStart"), self.number(shape, "curvEnd"))
            case "poly3":
                v = Cubic(0.0, *(self.number(shape, k) for k in "abcd"))
                return ParamPoly3(s, x, y, hdg, length, Cubic(0, 0, 1), v, length)
            case "paramPoly3":
                u = Cubic(0.0, *(self.number(shape, k + "U") for k in "abcd"))
                v = Cubic(0.0, *(self.number(shape, k + "V") for k in "abcd"))
                return ParamPoly3(s, x, y, hdg, length, u, v, 1.0 if shape.get("pRange") == "normalized" else length)
        raise self.fail(shape, f"unknown geometry {shape.tag}")

    def section(self, node: etree._Element) -> LaneSection:
        lanes = {}
        for lane in node.iterfind("*/lane"):
            number = int(self.number(lane, "id"))
            if abs(number) > MAX_LANE:
                raise self.fail(lane, f"lane id {number} is out of range", f"From -{MAX_LANE} to {MAX_LANE}.")
            lanes[number] = self.lane(lane, number)
            for width in (*lanes[number].widths, *lanes[number].borders):
                if abs(width.a) > MAX_WIDTH:
                    raise self.fail(lane, f"lane {number} is {width.a:g} m wide", f"At most {MAX_WIDTH:g} m.")
        return LaneSection(self.number(node, "s"), lanes)

    def lane(self, node: etree._Element, number: int) -> Lane:
        link = {tag: node.find(f"link/{tag}") for tag in ("predecessor", "successor")}
        ids = {tag: int(self.number(n, "id")) if n is not None else None for tag, n in link.items()}
        marks = tuple(
            RoadMark(
                self.number(m, "sOffset", 0.0),
                m.get("type", "none"),
                m.get("color", "standard"),
                self.number(m, "width", 0.12),
            )
            for m in node.iterfind("roadMark")
        )
        speed = node.find("speed")
        return Lane(
            number, node.get("type", "none"), tuple(self.cubics(node, "width", "sOffset")),
            tuple(self.cubics(node, "border", "sOffset")), marks, **ids,
            friction=tuple(
                (self.number(m, "sOffset", 0.0), self.number(m, "friction")) for m in node.iterfind("material") if m.get("friction")
            ),
            heights=tuple(
                (self.number(h, "sOffset", 0.0), self.number(h, "inner", 0.0), self.number(h, "outer", 0.0))
                for h in node.iterfind("height")
            ),
            speed=self.speed(speed) if speed is not None else None,
        )  # fmt: skip

    def link(self, node: etree._Element | None) -> RoadLink | None:
        if node is None or node.get("elementId") is None:
            return None
        return RoadLink(node.get("elementType", "road"), node.get("elementId", ""), node.get("contactPoint", "start"))

    def object(self, node: etree._Element) -> RoadObject:
        get = {k: self.bounded(node, k, 0.0) for k in ("t", "zOffset", "width", "height")}
        get |= {k: self.bounded(node, k, 0.0, MAX_ROAD) for k in ("s", "length")}
        if "radius" in node.attrib and not get["length"]:
            get["length"] = get["width"] = 2 * self.bounded(node, "radius")
        repeats = tuple(
            {k: self.bounded(r, k, limit=BOUNDS.get(k, MAX_WIDTH)) for k in r.keys() if _is_number(r.get(k))}
            for r in node.iterfind("repeat")
        )
        local = [
            tuple(self.bounded(c, k, 0.0) for k in ("u", "v", "z", "height")) for c in node.iterfind(".//cornerLocal")
        ]
        on_road = [
            tuple(self.bounded(c, k, 0.0, BOUNDS.get(k, MAX_WIDTH)) for k in ("s", "t", "dz", "height"))
            for c in node.iterfind(".//cornerRoad")
        ]
        return RoadObject(
            node.get("id", ""), node.get("type", "none"), node.get("name", ""), get["s"], get["t"],
            get["zOffset"], self.number(node, "hdg", 0.0),
            get["length"], get["width"], get["height"], repeats, tuple(local or on_road), bool(on_road and not local),  # type: ignore[arg-type]
            node.get("orientation", "none"),
        )  # fmt: skip

    def tunnel(self, node: etree._Element) -> Tunnel:
        """A tunnel; ``lighting`` is the degree of artificial light, 0..1."""
        s, length = (self.bounded(node, k, limit=MAX_ROAD) for k in ("s", "length"))
        return Tunnel(s, length, self.number(node, "lighting", 1.0) > 0.0)

    def signal(self, node: etree._Element) -> Signal:
        return Signal(
            node.get("id", ""), node.get("name", ""), self.bounded(node, "s", limit=MAX_ROAD),
            self.bounded(node, "t"), self.bounded(node, "zOffset", 0.0),
            node.get("type", ""), node.get("subtype", ""), node.get("dynamic") == "yes",
            node.get("orientation", "+"), self.number(node, "hOffset", 0.0), self.bounded(node, "width", 0.0),
            self.bounded(node, "height", 0.0), self.number(node, "value") if _is_number(node.get("value")) else None, node.get("text", ""),
        )  # fmt: skip

    def junction(self, node: etree._Element, roads: dict[str, Road]) -> Junction:
        connections = tuple(
            Connection(
                c.get("incomingRoad", ""), c.get("connectingRoad", c.get("linkedRoad", "")), c.get("contactPoint", "start"),
                tuple((int(self.number(l, "from")), int(self.number(l, "to"))) for l in c.iterfind("laneLink")),
            )
            for c in node.iterfind("connection")
        )  # fmt: skip
        junction = Junction(node.get("id", ""), node.get("name", ""), connections)
        return _both_ways(junction, roads) if node.get("type") == "direct" else junction


def _both_ways(junction: Junction, roads: dict[str, Road]) -> Junction:
    """A direct junction with its connections the other way too: there the roads themselves are joined (ASAM OpenDRIVE 1.7)."""
    back = []
    for c in junction.connections:
        if c.incoming in roads:
            link = roads[c.incoming].successor
            contact = "end" if link is not None and link.kind == "junction" and link.id == junction.id else "start"
            back.append(Connection(c.connecting, c.incoming, contact, tuple((b, a) for a, b in c.lanes)))
    return Junction(junction.id, junction.name, (*junction.connections, *back))


def _is_number(text: str | None) -> bool:
    try:
        return text is not None and math.isfinite(float(text))
    except ValueError:
        return False


def load_opendrive(path: str | Path) -> RoadNetwork:
    """Read an OpenDRIVE file.

    Raises:
        ScenarioError: with file, line and what would be right.
    """
    return _Reader(Path(path)).network()
