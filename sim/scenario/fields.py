"""Field types of the YAML schema: quantities of a kind, words of a set, and strict models with suggestions."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    ModelWrapValidatorHandler,
    PlainValidator,
    ValidationError,
    model_validator,
)
from pydantic_core import InitErrorDetails, PydanticCustomError

from sim.scenario import units as u
from sim.scenario.distributions import Choice, Node, Number, Uniform, Word, bounds, children, dimension_of, references
from sim.scenario.grammar import parse_value
from sim.scenario.units import Dimension, Kind, QuantityError, allowed_units, describe


@dataclass(frozen=True)
class Quantity:
    """A parsed value of a field: a number of a kind, or one of some words."""

    text: str
    node: Node
    kind: Kind | None = None
    words: tuple[str, ...] | None = None
    """Words allowed; empty: any. None: a number."""


LENGTH = Kind("length", u.LENGTH, "3.5 m", -1e5, 1e5)
POSITIVE_LENGTH = Kind("length", u.LENGTH, "3.5 m", 0.0, 1e5)
VISIBILITY = Kind("visibility", u.LENGTH, "200 m", 1.0, 1e5)
SPEED = Kind("speed", u.SPEED, "50 km/h", 0.0, 120.0)
RATE = Kind("acceleration", u.ACCELERATION, "6 m/s2", 0.01, 100.0)
BRAKING = Kind("acceleration", u.ACCELERATION, "6 m/s2, or 80 % of the pedal", 0.01, 100.0)
TIME = Kind("time", u.TIME, "2 s", 0.0, 3600.0)
CLOCK = Kind("time of day", u.TIME, "18:30", 0.0, 86400.0)
ANGLE = Kind("angle", u.ANGLE, "15 deg", -4 * math.pi, 4 * math.pi)
LATITUDE = Kind("latitude", u.ANGLE, "48 deg", -math.pi / 2, math.pi / 2)
SLANT = Kind("angle from straight across", u.ANGLE, "-8..8 deg", -1.4, 1.4)
WHEEL_ANGLE = Kind("angle of the front wheels", u.ANGLE, "5 deg", -0.8, 0.8)
SHARE = Kind("share", u.NONE, "0.6", 0.0, 1.0)
NUMBER = Kind("number", u.NONE, "2.5", -1e9, 1e9)
TURBIDITY = Kind("turbidity", u.NONE, "3", 1.0, 12.0)
COUNT = Kind("number of things", u.NONE, "4", 0, 100, whole=True)
DAY = Kind("day of the year", u.NONE, "172", 1, 366, whole=True)
LANE = Kind("lane", u.NONE, "-1", -20, 20, whole=True)
RAIN = Kind("rain rate", u.RAIN, "4 mm/h", 0.0, 300.0)
TEMPERATURE = Kind("temperature", u.TEMPERATURE, "-2 degC", -60.0, 60.0)
HEAT = Kind("temperature of brakes", u.TEMPERATURE, "600 degC", 0.0, 1000.0)
FRICTION = Kind("friction", u.NONE, "0.15", 0.01, 2.0)
MASS = Kind("mass", u.MASS, "1500 kg", 0.1, 1e5)


def fault(message: str, hint: str = "", at: tuple[str, ...] = ()) -> PydanticCustomError:
    """An error of a field, with what would be right; ``at``: keys from the field to the fault."""
    return PydanticCustomError("fault", "{message}", {"message": message, "hint": hint, "at": at})


def suggest(word: str, known: Any) -> str:
    """'Did you mean ...?' or the list of what there is."""
    known = sorted(known)
    near = difflib.get_close_matches(word, known, 1, 0.6)
    return f"Did you mean {near[0]!r}?" if near else f"Known: {', '.join(known)}."


def _unknown_parameter(name: str) -> Dimension | None:
    raise QuantityError(f"${name} is not known here")


def check_dimension(quantity: Quantity, dimension: Dimension | None) -> None:
    """Compare a value's dimension with its field's.

    Raises:
        QuantityError: if they differ.
    """
    kind = quantity.kind
    if kind is None:
        if dimension is not None:
            raise QuantityError(f"{quantity.text!r} is {describe(dimension)}, not a word")
        return
    a_kind = u.article(kind.name)
    if dimension is None:
        raise QuantityError(f"{quantity.text!r} is a word, not {a_kind}", f"Write {a_kind} such as {kind.example}.")
    if dimension == kind.dimension:
        return
    zero = isinstance(quantity.node, Number) and quantity.node.value == 0.0 and quantity.node.bare
    if zero:
        return
    units = f" Units: {allowed_units(kind.dimension)}." if kind.dimension != u.NONE else ""
    if dimension == u.NONE:
        raise QuantityError(f"{quantity.text!r} has no unit", f"Write {a_kind} such as {kind.example}.{units}")
    raise QuantityError(
        f"{quantity.text!r} is {describe(dimension)} where {a_kind} belongs",
        f"Write one such as {kind.example}.{units}",
    )


def check_bounds(value: float, kind: Kind, text: str) -> None:
    """Raise QuantityError unless ``value`` lies within the kind's bounds."""
    if not (kind.low - 1e-9 <= value <= kind.high + 1e-9):
        raise QuantityError(
            f"{text!r} reaches {value:g} (SI), outside {kind.low:g}..{kind.high:g} for {u.article(kind.name)}",
            f"Such as {kind.example}.",
        )


def _check_ranges(node: Node, text: str) -> None:
    if isinstance(node, Uniform) and not references(node):
        low, high = bounds(node.low)[0], bounds(node.high)[1]
        if high < low:
            raise QuantityError(f"the range in {text!r} runs backwards", "Write the smaller end first.")
        if node.course == "log" and low <= 0.0:
            raise QuantityError(f"loguniform in {text!r} needs positive ends")
    for child in children(node):
        _check_ranges(child, text)


def parse_quantity(text: Any, kind: Kind) -> Quantity:
    """A number of a kind, checked as far as it holds no parameters.

    Raises:
        QuantityError: if it is something else.
    """
    if not isinstance(text, str):
        raise QuantityError(
            f"expected {u.article(kind.name)}, not {_plain(text)}", f"Write one such as {kind.example}."
        )
    if re.fullmatch(r"[+-]?\.?(nan|inf|infinity)", text.strip(), re.IGNORECASE):
        raise QuantityError(f"{text!r} is not a finite number", f"Write {u.article(kind.name)} such as {kind.example}.")
    quantity = Quantity(text, parse_value(text), kind)
    if not references(quantity.node):
        check_dimension(quantity, dimension_of(quantity.node, _unknown_parameter))
    _check_ranges(quantity.node, text)
    if not references(quantity.node):
        low, high = bounds(quantity.node)
        for value in (low, high):
            if math.isfinite(value):
                check_bounds(value, kind, text)
        if kind.whole and isinstance(quantity.node, Number) and quantity.node.value % 1:
            raise QuantityError(f"{text!r} is not a whole number")
    return quantity


def parse_word(text: Any, words: tuple[str, ...], what: str) -> Quantity:
    """A word of a set, or a choice or parameter of such words.

    Raises:
        QuantityError: if it is something else.
    """
    if not isinstance(text, str):
        raise QuantityError(f"expected {what}, not {_plain(text)}", f"One of: {', '.join(words)}." if words else "")
    stripped = text.strip()
    if stripped.startswith(("choice(", "$")):
        node = parse_value(stripped)
        if isinstance(node, Choice) and any(not isinstance(o, Word) for o, _ in node.options):
            raise QuantityError(f"{text!r} offers what is no {what}")
    else:
        node = Word(stripped)
    options = [n for n in ([node] if isinstance(node, Word) else children(node)) if isinstance(n, Word)]
    for option in options:
        if words and option.text not in words:
            raise QuantityError(f"unknown {what} {option.text!r}", suggest(option.text, words))
    return Quantity(text, node, None, words)


def _plain(value: Any) -> str:
    return {dict: "a mapping", list: "a list", type(None): "nothing"}.get(type(value), str(value).lower())


def quantity(kind: Kind) -> Any:
    """Field type: a quantity of a kind."""

    def read(value: Any) -> Quantity:
        if isinstance(value, Quantity):
            return value
        try:
            return parse_quantity(value, kind)
        except QuantityError as error:
            raise fault(error.message, error.hint) from None

    return Annotated[Quantity, PlainValidator(read)]


def word(what: str, *words: str) -> Any:
    """Field type: one of some words (any word if none are named)."""

    def read(value: Any) -> Quantity:
        if isinstance(value, Quantity):
            return value
        try:
            return parse_word(value, words, what)
        except QuantityError as error:
            raise fault(error.message, error.hint) from None

    return Annotated[Quantity, PlainValidator(read)]


def _as_list(value: Any) -> Any:
    return value if isinstance(value, list) else [value]


ListOrOne = BeforeValidator(_as_list)
"""A single item stands for a list of one."""


class Strict(BaseModel):
    """A mapping whose unknown keys are errors with a suggestion."""

    model_config = ConfigDict(extra="forbid", arbitrary_types_allowed=True, frozen=True)

    @model_validator(mode="wrap")
    @classmethod
    def _know_keys(cls, data: Any, handler: ModelWrapValidatorHandler[Any]) -> Any:
        if not isinstance(data, dict):
            if isinstance(data, Strict):
                return handler(data)
            keys = ", ".join(name for name in _keys(cls))
            raise fault(f"expected a mapping, not {_plain(data)}", f"With the keys: {keys}.")
        faults: list[InitErrorDetails] = []
        for key in data:
            if key not in _keys(cls):
                error = fault(f"unknown key {key!r}", suggest(key, _keys(cls)), (key,))
                faults.append(InitErrorDetails(type=error, input=data))
            elif data[key] is None:
                error = fault(f"nothing stands after {key!r}", "Give it a value, or leave the key out.", (key,))
                faults.append(InitErrorDetails(type=error, input=data))
        if not faults:
            return handler(data)
        known = {key: value for key, value in data.items() if key in _keys(cls) and value is not None}
        # What is missing, or wrong with all of the mapping, may only follow from the keys that are wrong.
        others = (
            item
            for item in faults_within(handler, known)
            if item.get("loc") and (item["type"] != "missing" or len(item.get("loc", ())) > 1)
        )
        raise ValidationError.from_exception_data(cls.__name__, [*faults, *others])


def faults_within(handler: ModelWrapValidatorHandler[Any], data: Any) -> Iterator[InitErrorDetails]:
    """Faults that a model's other validators find, to be raised along with those of a wrapping one."""
    try:
        handler(data)
    except ValidationError as error:
        for item in error.errors():
            context = item.get("ctx", {})
            kind = PydanticCustomError("fault", "{message}", context) if item["type"] == "fault" else item["type"]
            yield InitErrorDetails(type=kind, loc=item["loc"], input=item["input"], ctx=context)


def _keys(cls: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in cls.model_fields.items()]


Length = quantity(LENGTH)
PositiveLength = quantity(POSITIVE_LENGTH)
Visibility = quantity(VISIBILITY)
Speed = quantity(SPEED)
Rate = quantity(RATE)
Braking = quantity(BRAKING)
Time = quantity(TIME)
Clock = quantity(CLOCK)
Angle = quantity(ANGLE)
Latitude = quantity(LATITUDE)
Slant = quantity(SLANT)
WheelAngle = quantity(WHEEL_ANGLE)
Share = quantity(SHARE)
Numeric = quantity(NUMBER)
Turbidity = quantity(TURBIDITY)
Count = quantity(COUNT)
Day = quantity(DAY)
LaneId = quantity(LANE)
Rain = quantity(RAIN)
Temperature = quantity(TEMPERATURE)
Heat = quantity(HEAT)
Friction = quantity(FRICTION)
Mass = quantity(MASS)
Side = word("side", "left", "right")
Name = Annotated[str, BeforeValidator(lambda v: v if isinstance(v, str) and v.strip() else _refuse(v))]


def _refuse(value: Any) -> Any:
    raise fault("the name is empty" if isinstance(value, str) else f"expected a name, not {_plain(value)}")
