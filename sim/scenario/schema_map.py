"""Roads of the YAML format: the map, its surface, humps, holes and tunnels."""

# pyright: reportInvalidTypeForm=false
# Types made by calls (word(...)) are what pydantic reads.
from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, model_validator

from sim.road.friction import GRIPS
from sim.scenario.fields import (
    Angle,
    Friction,
    LaneId,
    Length,
    ListOrOne,
    Name,
    PositiveLength,
    Side,
    Speed,
    Strict,
    fault,
    word,
)  # fmt: skip
from sim.scenario.schema_place import ARMS

ROADS = ("straight", "curve", "segments", "intersection")
BUMPS = ("round", "sinus", "flat")


class Patch(Strict):
    """A stretch of road with a surface of its own: ice, water, oil ..."""

    kind: word("patch", *GRIPS) | None = None
    start: PositiveLength = Field(alias="from")
    end: PositiveLength = Field(alias="to")
    friction: Friction | None = None
    depth: PositiveLength | None = None
    """Of water [m]."""
    lane: LaneId | None = None
    side: Side | None = None
    """Half of the lane."""

    @model_validator(mode="after")
    def _is_whole(self) -> Patch:
        if self.kind is None and self.friction is None:
            raise fault("a patch needs a kind or a friction", f"Write kind: ice; kinds: {', '.join(GRIPS)}.")
        if self.side is not None and self.lane is None:
            raise fault("'side' is the half of a lane: name the lane", "Write lane: -1, side: right.")
        return self


class Bump(Strict):
    """A speed bump: hump, table or cushion."""

    s: PositiveLength
    """Of its middle [m]."""
    height: PositiveLength | None = None
    length: PositiveLength | None = None
    shape: word("shape of a bump", *BUMPS) | None = None
    ramp: PositiveLength | None = None
    """Of each end of a flat one [m]."""
    lane: LaneId | None = None
    marked: bool = True


class Pothole(Strict):
    """A hole in a lane."""

    s: PositiveLength
    lane: LaneId
    offset: Length | None = None
    """From the lane's centre, left positive in its direction [m]."""
    diameter: PositiveLength | None = None
    depth: PositiveLength | None = None


class ProfilePoint(Strict):
    """The road passes height ``z`` at ``s``."""

    s: PositiveLength
    z: Length


class Crest(Strict):
    """A hump (or, with a negative height, a dip) of the road, smooth over ``length``."""

    at: PositiveLength
    height: Length
    length: PositiveLength


class Tunnel(Strict):
    """A stretch of road under ground."""

    s: PositiveLength
    """Where it begins."""
    length: PositiveLength
    lit: bool = True


class Segment(Strict):
    """A straight of a length, or a bend by an angle (left positive) with a radius and clothoids of length ``transition``."""

    straight: PositiveLength | None = None
    bend: Angle | None = None
    radius: PositiveLength | None = None
    transition: PositiveLength | None = None

    @model_validator(mode="after")
    def _is_one(self) -> Segment:
        if (self.straight is None) == (self.bend is None):
            raise fault("a segment is a straight or a bend", "Write {straight: 100 m} or {bend: 40 deg, radius: 80 m}.")
        if (self.bend is None) != (self.radius is None):
            raise fault("a bend needs an angle and a radius", "Write {bend: 40 deg, radius: 80 m}.")
        return self


def _lanes_text(value: Any) -> Any:
    if not isinstance(value, str):
        raise fault("lanes are written oncoming+own", "Write lanes: 1+1, or 0+3 for a carriageway of three.")
    return value


class Map(Strict):
    """The road: shorthand, or a file."""

    xodr: Name | None = None
    road: word("road", *ROADS) | None = None
    length: PositiveLength | None = None
    radius: PositiveLength | None = None
    angle: Angle | None = None
    before: PositiveLength | None = None
    after: PositiveLength | None = None
    transition: PositiveLength | None = None
    segments: list[Segment] | None = None
    arms: list[word("arm", *ARMS)] | None = None
    arm_length: PositiveLength | None = None
    corner_radius: PositiveLength | None = None
    signals: bool | None = None
    crosswalks: bool | None = None
    lanes: Annotated[str, BeforeValidator(_lanes_text)] | None = None
    lane_width: PositiveLength | None = None
    parking: word("parking", "none", "left", "right", "both") | None = None
    sidewalk: PositiveLength | None = None
    shoulder: PositiveLength | None = None
    median: PositiveLength | None = None
    verge: PositiveLength | None = None
    type: word("road type", "town", "rural", "motorway", "lowSpeed") | None = None
    speed_limit: Speed | None = None
    profile: list[ProfilePoint] | None = None
    crest: Crest | None = None
    patches: Annotated[list[Patch], ListOrOne] | None = None
    bumps: Annotated[list[Bump], ListOrOne] | None = None
    potholes: Annotated[list[Pothole], ListOrOne] | None = None
    tunnels: Annotated[list[Tunnel], ListOrOne] | None = None

    @model_validator(mode="after")
    def _is_one_map(self) -> Map:
        own = {name for name in type(self).model_fields if getattr(self, name) is not None}
        if (self.xodr is None) == (self.road is None):
            raise fault("a map is a road shorthand or an .xodr file", "Write road: straight, or xodr: maps/town.xodr.")
        if self.xodr is not None:
            if own - {"xodr"}:
                raise fault(f"{min(own - {'xodr'})!r} does not go with xodr", "The file says it all.")
            return self
        assert self.road is not None
        shape = self.road.text
        needs = {"straight": {"length"}, "curve": {"radius", "angle"}, "segments": {"segments"}, "intersection": set()}
        special = {"length", "radius", "angle", "before", "after", "transition", "segments", "arms", "arm_length", "corner_radius",
                   "signals", "crosswalks"}  # fmt: skip
        allowed = {
            "straight": {"length"},
            "curve": {"radius", "angle", "before", "after", "transition"},
            "segments": {"segments"},
            "intersection": {"arms", "arm_length", "corner_radius", "signals", "crosswalks"},
        }
        if shape in needs:
            missing = needs[shape] - own
            if missing:
                raise fault(
                    f"road: {shape} needs {', '.join(sorted(missing))}",
                    "Such as length: 250 m, radius: 80 m, angle: 40 deg.",
                )
            wrong = own & (special - allowed[shape])
            if wrong:
                raise fault(
                    f"{min(wrong)!r} does not go with road: {shape}", f"With it: {', '.join(sorted(allowed[shape]))}."
                )
        if shape == "intersection" and own & {"bumps", "potholes", "tunnels"}:
            raise fault(
                f"{min(own & {'bumps', 'potholes', 'tunnels'})!r} does not go with road: intersection",
                "Bumps, potholes and tunnels lie on straight, curve and segments.",
            )
        if self.profile is not None and self.crest is not None:
            raise fault("give profile or crest, not both")
        return self
