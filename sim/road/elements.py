"""What roads are made of: ASAM OpenDRIVE's lanes, marks, links, objects, signals and junctions, as plain data."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from sim.road.geometry import Cubic

DRIVABLE = frozenset({
    "driving", "entry", "exit", "offRamp", "onRamp", "connectingRamp", "slipLane", "bidirectional", "bus", "taxi", "HOV", "roadWorks",
})  # fmt: skip
"""Lane types motor vehicles drive on."""


@dataclass(frozen=True)
class RoadMark:
    """Marking on a lane's outer border (centre lane: on the reference line), from ``s_offset`` in the lane section."""

    s_offset: float
    kind: str
    color: str = "standard"
    width: float = 0.12


@dataclass(frozen=True)
class Lane:
    """A lane of a section; positive ids left of the reference line."""

    id: int
    kind: str
    widths: tuple[Cubic, ...] = ()
    """By s offset in the section [m]."""
    borders: tuple[Cubic, ...] = ()
    marks: tuple[RoadMark, ...] = ()
    predecessor: int | None = None
    successor: int | None = None
    friction: tuple[tuple[float, float], ...] = ()
    """(s offset, friction) of material records."""
    heights: tuple[tuple[float, float, float], ...] = ()
    """(s offset, inner, outer) height above the road [m]."""
    speed: float | None = None


@dataclass(frozen=True)
class LaneSection:
    """Lanes from ``s`` to the next section."""

    s: float
    lanes: dict[int, Lane]

    @cached_property
    def _sides(self) -> dict[int, list[int]]:
        return {sign: sorted((i for i in self.lanes if i * sign > 0), key=abs) for sign in (1, -1)}

    @cached_property
    def steady(self) -> bool:
        """Whether no lane's width changes along the section."""
        widths = [lane.widths for lane in self.lanes.values()]
        plain = all(len(w) < 2 and not any(c.b or c.c or c.d for c in w) for w in widths)
        return plain and not any(lane.borders for lane in self.lanes.values())

    def side(self, sign: int) -> list[int]:
        """Lane ids of one side, from the centre outwards."""
        return self._sides[sign]


@dataclass(frozen=True)
class RoadLink:
    """What a road's end is joined to."""

    kind: str
    """'road' or 'junction'."""
    id: str
    contact: str = "start"


@dataclass(frozen=True)
class RoadObject:
    """An object beside or on the road."""

    id: str
    kind: str
    name: str
    s: float
    t: float
    z_offset: float = 0.0
    hdg: float = 0.0
    length: float = 0.0
    width: float = 0.0
    height: float = 0.0
    repeats: tuple[dict[str, float], ...] = ()
    outline: tuple[tuple[float, float, float, float], ...] = ()
    """Corners: local u, v, z, height [m], or road s, t, dz, height where ``outline_road``."""
    outline_road: bool = False
    orientation: str = "none"


@dataclass(frozen=True)
class Signal:
    """A sign or a light."""

    id: str
    name: str
    s: float
    t: float
    z_offset: float
    kind: str
    subtype: str = ""
    dynamic: bool = False
    orientation: str = "+"
    h_offset: float = 0.0
    width: float = 0.0
    height: float = 0.0
    value: float | None = None
    text: str = ""


@dataclass(frozen=True)
class FrictionPatch:
    """Friction between s0..s1 and t0..t1 that replaces the lanes' own; ``kind`` says what lies there (ice, water, oil ...)."""

    s0: float
    s1: float
    t0: float
    t1: float
    friction: float
    kind: str = "ice"
    """Of `sim.road.friction.GRIPS`: what weather does to it."""
    depth: float = 0.0
    """Of water that stands there [m]."""


@dataclass(frozen=True)
class Tunnel:
    """A stretch of road under ground."""

    s: float
    """Where it begins [m]."""
    length: float
    """[m]."""
    lit: bool = True
    """Whether it has lamps."""


@dataclass(frozen=True)
class Bump:
    """A speed bump across t0..t1, its middle at ``s``; heights: `sim.road.relief`."""

    s: float
    t0: float
    t1: float
    height: float
    """[m]."""
    length: float
    """Along the road [m]."""
    shape: str = "round"
    """round, sinus or flat."""
    ramp: float = 0.0
    """Length of each ramp of a flat one [m]."""
    marked: bool = True
    """Painted, so that drivers see it."""


@dataclass(frozen=True)
class Pothole:
    """A round hole in the road around (s, t)."""

    s: float
    t: float
    diameter: float
    """[m]."""
    depth: float
    """[m]."""


@dataclass(frozen=True)
class Connection:
    """A way through a junction."""

    incoming: str
    connecting: str
    contact: str
    lanes: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True)
class Junction:
    """Where roads meet."""

    id: str
    name: str
    connections: tuple[Connection, ...]
