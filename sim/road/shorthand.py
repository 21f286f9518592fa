"""Builds road networks from a few words, as the YAML format does: straights, bends, motorways, junctions.

Right-hand traffic. ``lanes="A+B"`` gives A oncoming lanes left of the reference line and B in its direction; "B" alone is one-way.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sim.errors import ScenarioError
from sim.road.elements import (
    Bump,
    Connection,
    FrictionPatch,
    Junction,
    Lane,
    LaneSection,
    Pothole,
    RoadLink,
    RoadMark,
    RoadObject,
    Signal,
    Tunnel,
)
from sim.road.geometry import Arc, Cubic, Geometry, Line, Spiral
from sim.road.network import Road, RoadNetwork
from sim.road.relief import MOST

PARKING_WIDTH = 2.2
KERB = 0.12
"""Height of sidewalks [m]."""
LIGHT = "1000001"
"""OpenDRIVE's type of a three-aspect traffic light."""
ARMS = {"west": 0.0, "south": math.pi / 2, "east": math.pi, "north": -math.pi / 2}
"""Arms of a junction and the heading with which they run towards it [rad]."""


@dataclass(frozen=True)
class CrossSection:
    """Lanes side by side, the same along a whole road."""

    oncoming: int = 1
    forward: int = 1
    lane_width: float = 3.5
    parking: str = "none"
    """none, left, right or both."""
    sidewalk: float = 0.0
    """Width [m], 0 for none; both sides."""
    shoulder: float = 0.0
    """Width of a paved shoulder [m]; a motorway's hard shoulder."""
    median: float = 0.0
    """Width of a green strip between the directions [m]."""
    verge: float = 1.5
    """Width of the grass strip outside everything [m]."""


@dataclass(frozen=True)
class Segment:
    """A piece of a road: straight (no angle), or a bend by ``angle`` [rad, left positive] with clothoids at both ends."""

    length: float = 0.0
    radius: float = 0.0
    angle: float = 0.0
    transition: float = 0.0
    """Length of each clothoid [m]."""


def parse_lanes(text: str) -> tuple[int, int]:
    """(oncoming, forward) of "1+1", "0+2" or "3".

    Raises:
        ScenarioError: if it is something else, or no lane at all.
    """
    match = re.fullmatch(r"\s*(?:(\d{1,2})\s*\+\s*)?(\d{1,2})\s*", str(text))
    if not match:
        raise ScenarioError(f"lanes {text!r} are not understood", hint="Write oncoming+own, such as 1+1 or 0+2.")
    oncoming, forward = int(match[1] or 0), int(match[2])
    if oncoming + forward == 0:
        raise ScenarioError("a road needs at least one lane", hint="Write oncoming+own, such as 1+1 or 0+2.")
    if max(oncoming, forward) > 8:
        raise ScenarioError(f"lanes {text!r}: at most 8 lanes in a direction")
    return oncoming, forward


def _side(section: CrossSection, sign: int, kind: str) -> list[Lane]:
    """Lanes of one side from the centre outwards; sign +1 left, -1 right."""
    count = section.oncoming if sign > 0 else section.forward
    parked = section.parking in ("both", "left" if sign > 0 else "right")
    urban = section.sidewalk > 0 or parked
    rows: list[tuple[str, float, RoadMark, float]] = []
    for i in range(count):
        inner = i + 1 < count
        mark = RoadMark(0, "broken" if inner else ("none" if urban else "solid"), "standard", 0.12)
        rows.append(("driving", section.lane_width, mark, 0.0))
    none = RoadMark(0, "none")
    if section.shoulder > 0 and (count or kind != "motorway"):
        rows.append(("shoulder", section.shoulder, none, 0.0))
    if parked:
        rows.append(("parking", PARKING_WIDTH, none, 0.0))
    if section.sidewalk > 0:
        rows.append(("sidewalk", section.sidewalk, none, KERB))
    elif section.verge > 0:
        rows.append(("none", section.verge, none, 0.0))
    if sign > 0 and section.median > 0 and count:
        rows.insert(0, ("median", section.median, RoadMark(0, "solid"), 0.0))
    return [
        Lane(
            sign * (i + 1), name, (Cubic(0, width),), marks=(mark,), predecessor=sign * (i + 1),
            successor=sign * (i + 1), heights=((0.0, height, height),) if height else (),
        )
        for i, (name, width, mark, height) in enumerate(rows)
    ]  # fmt: skip


def lane_section(section: CrossSection, kind: str) -> LaneSection:
    """The lanes of a cross-section, centre lane included."""
    if section.oncoming and section.forward:
        one_each = section.oncoming == section.forward == 1
        centre = "solid" if section.median > 0 or not one_each else "broken"
    else:
        centre = "solid"
    lanes = {0: Lane(0, "none", marks=(RoadMark(0, centre),))}
    for sign in (1, -1):
        lanes |= {lane.id: lane for lane in _side(section, sign, kind)}
    return LaneSection(0.0, lanes)


def plan_view(
    segments: Sequence[Segment], x: float = 0.0, y: float = 0.0, hdg: float = 0.0
) -> tuple[list[Geometry], float]:
    """Reference line of joined segments, and its length [m]."""
    plan: list[Geometry] = []
    s = 0.0
    for segment in segments:
        pieces: list[Geometry] = []
        if segment.angle == 0.0:
            pieces.append(Line(0, 0, 0, 0, segment.length))
        else:
            k = math.copysign(1.0 / segment.radius, segment.angle)
            ramp = segment.transition
            arc = (abs(segment.angle) - ramp * abs(k)) / abs(k)
            if arc < 0:
                raise ScenarioError(f"a bend of {math.degrees(segment.angle):.0f} deg has no room for its transitions")
            if ramp > 0:
                pieces.append(Spiral(0, 0, 0, 0, ramp, 0.0, k))
            pieces.append(Arc(0, 0, 0, 0, arc, k))
            if ramp > 0:
                pieces.append(Spiral(0, 0, 0, 0, ramp, k, 0.0))
        for piece in pieces:
            if piece.length <= 1e-9:
                continue
            placed = replace(piece, s=s, x=x, y=y, hdg=hdg)
            plan.append(placed)
            px, py, ph, _ = placed.evaluate([placed.length])  # type: ignore[arg-type]
            x, y, hdg = float(px[0]), float(py[0]), float(ph[0])
            s += placed.length
    return plan, s


def smooth_profile(points: Sequence[tuple[float, float]]) -> list[Cubic]:
    """Elevation through (s, z) points: monotone cubics (Fritsch and Carlson 1980), level at both ends."""
    points = sorted(points)
    if not points:
        return []
    slopes = [0.0] * len(points)
    steps = [(b[1] - a[1]) / (b[0] - a[0]) for a, b in zip(points, points[1:], strict=False)]
    for i in range(1, len(points) - 1):
        if steps[i - 1] * steps[i] > 0:
            slopes[i] = 2 * steps[i - 1] * steps[i] / (steps[i - 1] + steps[i])
    cubics = [Cubic(0.0, points[0][1])] if points[0][0] > 0 else []
    for (a, b), m0, m1 in zip(zip(points, points[1:], strict=False), slopes, slopes[1:], strict=False):
        h, dz = b[0] - a[0], b[1] - a[1]
        cubics.append(Cubic(a[0], a[1], m0, (3 * dz / h - 2 * m0 - m1) / h, (m0 + m1 - 2 * dz / h) / (h * h)))
    cubics.append(Cubic(points[-1][0], points[-1][1]))
    return cubics


def road(
    segments: Sequence[Segment],
    section: CrossSection | None = None,
    *,
    kind: str = "town",
    speed_limit: float | None = None,
    profile: Sequence[tuple[float, float]] = (),
    patches: Sequence[FrictionPatch] = (),
    bumps: Sequence[Bump] = (),
    potholes: Sequence[Pothole] = (),
    tunnels: Sequence[Tunnel] = (),
    name: str = "road",
) -> RoadNetwork:
    """A network of one road.

    Args:
        segments: Pieces of the reference line, joined end to end.
        section: Lanes side by side.
        kind: OpenDRIVE road type: town, rural, motorway ...
        speed_limit: [m/s].
        profile: (s, height) points [m] that the road passes.
        patches: Friction patches (ice, water ...).
        bumps: Speed bumps.
        potholes: Holes in the road.
        tunnels: Stretches under ground.
        name: Name of the network and its road.

    Raises:
        ScenarioError: if it has no length or no lane, or too many bumps and potholes.
    """
    section = section or CrossSection()
    if section.oncoming + section.forward < 1:
        raise ScenarioError("a road needs at least one lane")
    plan, length = plan_view(segments)
    if length <= 0:
        raise ScenarioError("the road has no length", hint="Give a length such as 250 m.")
    if len(bumps) + len(potholes) > MOST:
        raise ScenarioError(f"{len(bumps) + len(potholes)} bumps and potholes", hint=f"A road has {MOST} at most.")
    built = Road(
        "0", 0, length, name, plan=plan, elevation=smooth_profile(profile), sections=[lane_section(section, kind)],
        kinds=[(0.0, kind, speed_limit)], patches=list(patches), bumps=list(bumps), potholes=list(potholes),
        tunnels=list(tunnels),
    )  # fmt: skip
    if kind == "motorway":
        built.objects += _guard_rails(built)
    return RoadNetwork(name, {"0": built})


def _guard_rails(road: Road) -> list[RoadObject]:
    borders = road.borders(0.0)
    rails = []
    for t in (max(borders.values()) - 0.5, min(borders.values()) + 0.5):
        repeat = {
            "s": 0.0,
            "length": road.length,
            "distance": 0.0,
            "tStart": t,
            "tEnd": t,
            "heightStart": 0.75,
            "heightEnd": 0.75,
        }
        rails.append(
            RoadObject(f"rail{t:.1f}", "barrier", "guardRail", 0.0, t, 0.0, 0.0, road.length, 0.3, 0.75, (repeat,))
        )
    return rails


def intersection(
    section: CrossSection | None = None,
    *,
    arms: Sequence[str] = ("west", "south", "east", "north"),
    arm_length: float = 120.0,
    corner_radius: float = 6.0,
    signals: bool = True,
    crosswalks: bool = True,
    speed_limit: float | None = None,
    kind: str = "town",
    name: str = "intersection",
) -> RoadNetwork:
    """A junction at the origin. Each arm is a road named by where it comes from and runs towards the junction.

    Args:
        section: Lanes of every arm; ``forward`` lanes approach.
        arms: Three or four of west, south, east, north.
        arm_length: [m].
        corner_radius: Of the kerb at the corners [m].
        signals: Three-aspect lights, opposite arms together.
        crosswalks: Zebra crossings before the stop lines.
        speed_limit: [m/s].
        kind: OpenDRIVE road type.
        name: Name of the network.

    Raises:
        ScenarioError: for unknown or too few arms, arms without length, or lanes in one direction only.
    """
    section = section or CrossSection(sidewalk=2.0)
    unknown = [a for a in arms if a not in ARMS]
    if unknown or len(set(arms)) < 3:
        raise ScenarioError(f"arms {list(arms)} are not three or four of {', '.join(ARMS)}")
    if not (section.oncoming and section.forward):
        raise ScenarioError("an intersection's arms need lanes in both directions", hint="Write lanes: 1+1.")
    if arm_length <= 0.0:
        raise ScenarioError("the intersection's arms have no length", hint="Give an arm_length such as 120 m.")
    half = section.lane_width * max(section.oncoming, section.forward) + section.median + corner_radius
    roads: dict[str, Road] = {}
    for arm in arms:
        roads[arm] = _arm(arm, len(roads), half + arm_length, arm_length, section, kind, speed_limit)
        _furnish_arm(roads[arm], section, signals, crosswalks)
    connections = _connect(roads, list(arms), section)
    junction = Junction("junction", name, tuple(connections))
    return RoadNetwork(name, roads, {"junction": junction})


def _arm(
    name: str, index: int, distance: float, length: float, section: CrossSection, kind: str, limit: float | None
) -> Road:
    """The road that begins ``distance`` from the junction's middle and runs towards it."""
    h = ARMS[name]
    plan, _ = plan_view([Segment(length)], -distance * math.cos(h), -distance * math.sin(h), h)
    return Road(
        name, index, length, name, plan=plan, sections=[lane_section(section, kind)],
        kinds=[(0.0, kind, limit)], successor=RoadLink("junction", "junction"),
    )  # fmt: skip


def _furnish_arm(road: Road, section: CrossSection, signals: bool, crosswalks: bool) -> None:
    borders = road.borders(0.0)
    kerb_right = road.lane_center(-section.forward, 0.0) - section.lane_width / 2
    kerb_left = max(
        road.lane_center(i, 0.0)
        for i in road.sections[0].lanes
        if i > 0 and road.sections[0].lanes[i].kind == "driving"
    )
    kerb_left += section.lane_width / 2
    crossing = road.length - 2.5
    stop = road.length - (5.0 if crosswalks else 1.0)
    if crosswalks:
        corners = ((-1.5, kerb_right), (1.5, kerb_right), (1.5, kerb_left), (-1.5, kerb_left))
        outline = tuple((crossing + ds, t, 0.0, 0.0) for ds, t in corners)
        road.objects.append(
            RoadObject(f"zebra-{road.id}", "crosswalk", "zebra", crossing, 0.0, outline=outline, outline_road=True)
        )
    corners = ((0.0, kerb_right), (0.4, kerb_right), (0.4, 0.0), (0.0, 0.0))
    road.objects.append(
        RoadObject(
            f"stop-{road.id}", "roadMark", "stopLine", stop, 0.0,
            outline=tuple((stop + ds, t, 0.0, 0.0) for ds, t in corners), outline_road=True,
        )
    )  # fmt: skip
    if signals:
        t = max(kerb_right - 0.8, min(borders.values()))
        road.signals.append(Signal(f"light-{road.id}", "light", stop + 0.2, t, 0.0, LIGHT, dynamic=True, height=3.2))


def _connect(roads: dict[str, Road], arms: list[str], section: CrossSection) -> list[Connection]:
    """Connecting roads for every movement: left from the inner lane, right from the outer one, straight from each."""
    driving = [i for i, lane in roads[arms[0]].sections[0].lanes.items() if lane.kind == "driving"]
    approach = sorted((i for i in driving if i < 0), key=abs)
    depart = sorted((i for i in driving if i > 0), key=abs)
    connections = []
    for origin in arms:
        for target in arms:
            if origin == target:
                continue
            turn = math.remainder(ARMS[target] + math.pi - ARMS[origin], math.tau)
            if abs(turn) < 0.1:
                pairs = list(zip(approach, depart, strict=False))
            elif turn > 0:
                pairs = [(approach[0], depart[0])]
            else:
                pairs = [(approach[-1], depart[-1])]
            for source, sink in pairs:
                built = _connecting_road(roads, origin, target, source, sink, section, len(roads), turn)
                roads[built.id] = built
                connections.append(Connection(origin, built.id, "start", ((source, -1),)))
    return connections


def _connecting_road(
    roads: dict[str, Road],
    origin: str,
    target: str,
    source: int,
    sink: int,
    section: CrossSection,
    index: int,
    turn: float,
) -> Road:
    a, b = roads[origin], roads[target]
    start = a.pose(a.length, a.lane_center(source, a.length))
    end = b.pose(b.length, b.lane_center(sink, b.length))
    c, n = math.cos(start.heading), math.sin(start.heading)
    dx, dy = end.x - start.x, end.y - start.y
    ahead, left = dx * c + dy * n, dy * c - dx * n
    if abs(turn) < 0.1:
        segments = [Segment(math.hypot(dx, dy))]
    else:
        to_corner = ahead - left / math.tan(turn)
        beyond = left / math.sin(turn)
        tangent = min(to_corner, beyond)
        radius = tangent / math.tan(abs(turn) / 2)
        segments = [Segment(to_corner - tangent), Segment(radius=radius, angle=turn), Segment(beyond - tangent)]
    plan, length = plan_view([s for s in segments if s.angle or s.length > 1e-6], start.x, start.y, start.heading)
    width = section.lane_width
    lanes = {
        0: Lane(0, "none", marks=(RoadMark(0, "none"),)),
        -1: Lane(-1, "driving", (Cubic(0, width),), marks=(RoadMark(0, "none"),), predecessor=source, successor=sink),
    }
    if turn < -0.1 and section.sidewalk > 0:
        height = ((0.0, KERB, KERB),)
        lanes[-2] = Lane(-2, "sidewalk", (Cubic(0, section.sidewalk),), marks=(RoadMark(0, "none"),), heights=height)
    return Road(
        f"{origin}-{target}{source}", index, length, f"{origin} to {target}", "junction", plan=plan,
        lane_offset=[Cubic(0, width / 2)], sections=[LaneSection(0.0, lanes)], kinds=list(a.kinds),
        predecessor=RoadLink("road", origin, "end"), successor=RoadLink("road", target, "end"),
    )  # fmt: skip
