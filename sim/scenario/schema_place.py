"""Places of the YAML format."""

# pyright: reportInvalidTypeForm=false
# Types made by calls (word(...)) are what pydantic reads.
from __future__ import annotations

from pydantic import model_validator

from sim.scenario.fields import Angle, LaneId, Length, Name, PositiveLength, Side, Strict, fault, word

ARMS = ("west", "south", "east", "north")


class Place(Strict):
    """Where something is: on a lane, in the parking lane, on the sidewalk, relative to an actor or on it, or at world coordinates."""

    lane: LaneId | None = None
    parking: Side | None = None
    sidewalk: Side | None = None
    road: Name | None = None
    arm: word("arm", *ARMS) | None = None
    s: Length | None = None
    to_junction: PositiveLength | None = None
    offset: Length | None = None
    ahead_of: Name | None = None
    behind: Name | None = None
    beside: Name | None = None
    on: Name | None = None
    side: Side | None = None
    gap: Length | None = None
    height: PositiveLength | None = None
    x: Length | None = None
    y: Length | None = None
    heading: Angle | None = None

    @model_validator(mode="after")
    def _is_one_place(self) -> Place:
        forms = [
            f
            for f in ("lane", "parking", "sidewalk", "ahead_of", "behind", "beside", "on", "x")
            if getattr(self, f) is not None
        ]
        if len(forms) != 1:
            found = " and ".join(forms) if forms else "nothing"
            raise fault(
                f"a place names one of lane, parking, sidewalk, ahead_of, behind, beside, on or x and y; found {found}",
                "Write at: {lane: -1, s: 20 m}.",
            )
        form = forms[0]
        allowed = {
            "lane": {"road", "arm", "s", "to_junction", "offset", "heading"},
            "parking": {"road", "arm", "s", "to_junction", "offset", "heading"},
            "sidewalk": {"road", "arm", "s", "to_junction", "offset", "heading"},
            "ahead_of": {"gap", "offset", "heading"},
            "behind": {"gap", "offset", "heading"},
            "beside": {"gap", "side", "offset", "heading"},
            "on": {"gap", "offset", "height", "heading"},
            "x": {"y", "heading"},
        }[form]
        for name in type(self).model_fields:
            if name != form and getattr(self, name) is not None and name not in allowed:
                raise fault(f"{name!r} does not go with {form!r}", f"With {form}: {', '.join(sorted(allowed))}.")
        if form in ("lane", "parking", "sidewalk") and (self.s is None) == (self.to_junction is None):
            raise fault(f"a place on a {form} needs one of s and to_junction", "Write s: 20 m.")
        if form == "x" and self.y is None:
            raise fault("x needs y")
        if self.road is not None and self.arm is not None:
            raise fault("name the road or the arm, not both")
        return self
