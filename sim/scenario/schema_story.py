"""The storyboard of the YAML format: steps of conditions (`when`) and actions (`do`)."""

# pyright: reportInvalidTypeForm=false
# Types made by calls (word(...)) are what pydantic reads.
from __future__ import annotations

from typing import Annotated, Any, Union

from pydantic import Discriminator, Field, PlainValidator, Tag, model_validator

from sim.scenario.fields import (
    LANE,
    POSITIVE_LENGTH,
    TIME,
    Angle,
    Braking,
    Length,
    ListOrOne,
    Name,
    PositiveLength,
    Quantity,
    Rate,
    Side,
    Speed,
    Strict,
    Time,
    fault,
    parse_quantity,
    parse_word,
    suggest,
    word,
)  # fmt: skip
from sim.scenario.schema_faults import FAULTS, ComeLoose
from sim.scenario.schema_pedals import PEDALS, PressBrake, presses_brake
from sim.scenario.schema_place import Place
from sim.scenario.schema_walk import GoTo, Startle, WalkAcross
from sim.scenario.units import QuantityError

LIGHTS = ("low_beam", "high_beam", "hazard", "fog", "brake", "indicator_left", "indicator_right", "reverse", "beacon")
SHAPES = ("step", "linear", "cubic", "sinusoidal")


def _target_tag(value: Any) -> str:
    return "@name" if isinstance(value, str) else "@place"


Target = Annotated[
    Annotated[Name, Tag("@name")] | Annotated[Place, Tag("@place")],
    Discriminator(_target_tag),
]
"""An actor by name, or a place."""


# --- conditions -------------------------------------------------------------------------------------------------------

LIMITS = {
    "time_to_reach": TIME,
    "time_to_collision": TIME,
    "headway_to": TIME,
    "distance_to": POSITIVE_LENGTH,
}
"""Conditions compared with ``below`` or ``above``, and what those hold."""


class ActorCondition(Strict):
    """Something about one actor."""

    time_to_reach: Target | None = None
    time_to_collision: Target | None = None
    headway_to: Name | None = None
    distance_to: Target | None = None
    measured: word("measure", "straight", "along", "across") | None = None
    below: Any = None
    above: Any = None
    faster_than: Speed | None = None
    slower_than: Speed | None = None
    stands_for: Time | None = None
    travelled: PositiveLength | None = None
    reaches: Place | None = None
    within: PositiveLength | None = None
    touches: Name | None = None
    delay: Time | None = None

    @property
    def verb(self) -> str:
        """The condition's own key."""
        return next(v for v in VERBS if getattr(self, v) is not None)

    @model_validator(mode="before")
    @classmethod
    def _read_limit(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        verb = next((v for v in LIMITS if v in data), None)
        out = dict(data)
        for key in ("below", "above"):
            if key in data and verb and not isinstance(data[key], Quantity):
                try:
                    out[key] = parse_quantity(data[key], LIMITS[verb])
                except QuantityError as error:
                    raise fault(f"{key}: {error.message}", error.hint) from None
        return out

    @model_validator(mode="after")
    def _is_one(self) -> ActorCondition:
        verbs = [v for v in VERBS if getattr(self, v) is not None]
        if len(verbs) != 1:
            raise fault(
                f"a condition holds one of {', '.join(VERBS)}; found {len(verbs)}", "Use all: [...] for several."
            )
        limits = [k for k in ("below", "above") if getattr(self, k) is not None]
        if (len(limits) == 1) != (verbs[0] in LIMITS):
            wants = "one of below and above" if verbs[0] in LIMITS else "neither below nor above"
            raise fault(f"{verbs[0]} takes {wants}")
        if self.measured is not None and verbs[0] != "distance_to":
            raise fault(f"'measured' does not go with {verbs[0]!r}")
        if self.within is not None and verbs[0] != "reaches":
            raise fault(f"'within' does not go with {verbs[0]!r}")
        return self


VERBS = (*LIMITS, "faster_than", "slower_than", "stands_for", "travelled", "reaches", "touches")


class TimeIs(Strict):
    """Time since the start."""

    after: Time


class StepIs(Strict):
    """Another step has begun or is done."""

    step: Name
    state: word("state of a step", "started", "done") | None = Field(default=None, alias="is")
    delay: Time | None = None


class SignalIs(Strict):
    """A light shows an aspect."""

    signal: Name
    aspect: word("aspect", "red", "red_amber", "amber", "green", "off") = Field(alias="is")


class AllOf(Strict):
    """Every one holds."""

    all: list[When]


class AnyOf(Strict):
    """At least one holds."""

    any: list[When]


_WHEN_KEYS = ("after", "step", "signal", "all", "any")


def _when_tag(value: Any) -> str:
    if isinstance(value, dict):
        for key in _WHEN_KEYS:
            if key in value:
                return f"@{key}"
    return "@actor"


When = Annotated[
    Annotated[TimeIs, Tag("@after")]
    | Annotated[StepIs, Tag("@step")]
    | Annotated[SignalIs, Tag("@signal")]
    | Annotated[AllOf, Tag("@all")]
    | Annotated[AnyOf, Tag("@any")]
    | Annotated[dict[Name, ActorCondition], Tag("@actor")],
    Discriminator(_when_tag),
]
"""A condition; a mapping of several actors means all of them."""


# --- actions ----------------------------------------------------------------------------------------------------------


class Transition(Strict):
    """How a change runs: over a time, over a distance, or at a rate."""

    over: Time | None = None
    within: PositiveLength | None = None
    rate: Rate | None = None
    shape: word("shape", *SHAPES) | None = None

    @model_validator(mode="after")
    def _is_one_course(self) -> Transition:
        if sum(x is not None for x in (self.over, self.within, self.rate)) > 1:
            raise fault("give one of over, within and rate")
        return self


class Drive(Transition):
    """Change the speed; ``relative_to``: this much faster than an actor."""

    drive: Speed
    relative_to: Name | None = None


class Brake(Strict):
    """Slow down at a rate, to a standstill unless ``to`` says otherwise."""

    brake: Braking
    to: Speed | None = None


class Follow(Strict):
    """Keep a gap or headway behind an actor."""

    follow: Name
    gap: PositiveLength | None = None
    headway: Time | None = None

    @model_validator(mode="after")
    def _is_one_gap(self) -> Follow:
        if (self.gap is None) == (self.headway is None):
            raise fault("follow needs one of gap and headway", "Write {follow: ego, gap: 10 m}.")
        return self


def _read_lane(value: Any) -> Quantity:
    if isinstance(value, Quantity):
        return value
    try:
        if isinstance(value, str) and not value.lstrip("-+").isdigit():
            return parse_word(value, ("left", "right"), "direction or lane")
        return parse_quantity(value, LANE)
    except QuantityError as error:
        raise fault(error.message, error.hint) from None


class ChangeLane(Transition):
    """Move to the lane on the left or right, or to a lane by id."""

    change_lane: Annotated[Quantity, PlainValidator(_read_lane)]
    offset: Length | None = None


class Shift(Strict):
    """Move sideways to an offset from the lane's centre, left positive in driving direction."""

    shift: Length
    lateral: Rate | None = None


class OpenDoor(Strict):
    """Open a door."""

    open_door: Side
    angle: Angle | None = None
    over: Time | None = None


class Lights(Strict):
    """Switch lights."""

    lights: Annotated[list[word("light", *LIGHTS)], ListOrOne]
    on: bool = True


class Appear(Strict):
    """Come into or leave the world."""

    appear: bool


class DropFrom(Strict):
    """Fall off the back of an actor, then slide to rest on the road."""

    drop_from: Name
    gap: PositiveLength | None = None
    offset: Length | None = None
    slide: Rate | None = None


class JumpTo(Strict):
    """Be somewhere else at once."""

    jump_to: Place


class SetSignals(Strict):
    """Switch lights of the map (under ``do: {map: ...}``)."""

    signals: dict[Name, word("aspect", "red", "red_amber", "amber", "green", "off")]


ACTIONS: dict[str, type[Strict]] = {
    "drive": Drive,
    "brake": Brake,
    "follow": Follow,
    "change_lane": ChangeLane,
    "shift": Shift,
    "walk_across": WalkAcross,
    "go_to": GoTo,
    "startle": Startle,
    "open_door": OpenDoor,
    "lights": Lights,
    "appear": Appear,
    "drop_from": DropFrom,
    "jump_to": JumpTo,
    "signals": SetSignals,
    "come_loose": ComeLoose,
    **PEDALS,
    **FAULTS,
}


def _action_tag(value: Any) -> str | None:
    if isinstance(value, dict):
        if presses_brake(value.get("brake")):
            return "@press"
        for key in ACTIONS:
            if key in value:
                return f"@{key}"
    return "@none"


def _no_action(value: Any) -> Any:
    keys = ", ".join(ACTIONS)
    if isinstance(value, dict) and value:
        raise fault(
            f"no action in {{{', '.join(map(str, value))}}}", f"{suggest(next(iter(value)), ACTIONS)} Actions: {keys}."
        )
    raise fault("an action is a mapping", f"With one of: {keys}.")


Action = Annotated[
    Union[
        (
            *(Annotated[model, Tag(f"@{key}")] for key, model in ACTIONS.items()),
            Annotated[PressBrake, Tag("@press")],
            Annotated[Any, PlainValidator(_no_action), Tag("@none")],
        )
    ],
    Discriminator(_action_tag),
]


class Step(Strict):
    """When something holds, do something."""

    name: Name | None = None
    when: When | None = None
    after: Annotated[list[Name], ListOrOne] | None = None
    delay: Time | None = None
    do: dict[Name, Annotated[list[Action], ListOrOne]]
    until: When | None = None


AllOf.model_rebuild()
AnyOf.model_rebuild()
