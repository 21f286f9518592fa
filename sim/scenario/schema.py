"""The YAML scenario format: one model per mapping. `scenarios/README.md` describes it for those who write files."""

# pyright: reportInvalidTypeForm=false
# Types made by calls (word(...)) are what pydantic reads.
from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import (
    BeforeValidator,
    Field,
    ModelWrapValidatorHandler,
    PlainValidator,
    ValidationError,
    ValidationInfo,
    model_validator,
)
from pydantic_core import InitErrorDetails, PydanticCustomError

from sim.scenario.fields import (
    Angle,
    Clock,
    Count,
    Day,
    Friction,
    LaneId,
    Latitude,
    Length,
    ListOrOne,
    Mass,
    Name,
    PositiveLength,
    Quantity,
    Rain,
    Share,
    Speed,
    Strict,
    Temperature,
    Time,
    Turbidity,
    Visibility,
    fault,
    faults_within,
    parse_word,
    suggest,
    word,
)  # fmt: skip
from sim.scenario.schema_map import Map
from sim.scenario.schema_place import ARMS, Place
from sim.scenario.schema_story import LIGHTS, Step, When
from sim.scenario.units import QuantityError

SETTINGS = ("town", "suburb", "rural", "motorway", "forest", "auto")
ASPECTS = ("red", "red_amber", "amber", "green", "off")
FACES = ("along", "against", "left", "right")
KINDS = {
    "car": "car", "suv": "car", "taxi": "car", "police": "car", "pickup": "car", "van": "van", "ambulance": "van",
    "box_van": "van", "passenger_van": "van", "small_van": "car",
    "lorry": "truck", "truck": "truck", "articulated_lorry": "truck", "tractor": "truck", "semitrailer": "semitrailer",
    "caravan": "trailer", "bus": "bus", "coach": "bus", "minibus": "van", "fire_engine": "truck", "tipper": "truck", "forklift": "truck",
    "farm_tractor": "truck", "tram": "tram",
    "motorcycle": "motorbike", "scooter": "motorbike", "bicycle": "bicycle", "cyclist": "bicycle",
    "child_bicycle": "bicycle", "e_bike": "bicycle", "e_scooter": "bicycle", "wheelchair": "wheelchair", "stroller": "wheelchair",
    "pedestrian": "pedestrian", "man": "pedestrian", "woman": "pedestrian", "child": "pedestrian", "worker": "pedestrian",
    "police_officer": "pedestrian", "sitting": "pedestrian", "boy": "pedestrian", "girl": "pedestrian", "elderly": "pedestrian",
         "mpv": "car",
    "dog": "animal", "cat": "animal", "deer": "animal", "horse": "animal", "cow": "animal", "boar": "animal",
    "pallet": "obstacle", "cone": "obstacle", "box": "obstacle", "tyre": "obstacle", "barrier": "obstacle",
    "ladder": "obstacle", "log": "obstacle", "bin": "obstacle", "crate": "obstacle",
    "triangle": "obstacle", "beacon": "obstacle", "bollard": "obstacle", "barrel": "obstacle", "works_board": "obstacle",
    "plastic_box": "obstacle", "logs": "obstacle", "branch": "obstacle", "fallen_tree": "obstacle", "fridge": "obstacle",
    "sofa": "obstacle", "mattress": "obstacle",
    **dict.fromkeys((
        "bench", "litter_bin", "rock", "boulder", "wheelbarrow", "suitcase", "step_ladder", "chair", "washing_machine", "ball", "mailbox",
        "crowd_barrier", "guard_rail", "delineator", "concrete_barrier", "barricade", "arrow_board", "manhole", "tyre_tread", "tarpaulin",
        "bus_shelter", "shopping_cart", "pipes", "sandbags", "debris", "cabinet", "hydrant",
        "sign", "speed_sign", "warning_sign", "stop_sign", "yield_sign", "priority_sign", "prohibition_sign", "mandatory_sign",
             "information_sign",
        "overturned_truck", "overturned_van", "overturned_car",
    ), "obstacle"),
    "wreck": "car", "burnt_wreck": "car",
}  # fmt: skip
"""Kind of actor -> OpenSCENARIO category."""

SIGNAL_FAULT = "a traffic light is no actor: it belongs to the map"
SIGNAL_HINT = (
    "Junctions have lights (map: {road: intersection}), and so have .xodr files; "
    "signals: {west: red} and do: {map: {signals: {west: green}}} switch them."
)


def _read_kind(value: Any, info: ValidationInfo) -> Quantity:
    """A kind of the project's, or one of the file's own assets: these come in the context of the validation."""
    if value in ("signal", "traffic_light"):
        raise fault(SIGNAL_FAULT, SIGNAL_HINT)
    if isinstance(value, Quantity):
        return value
    try:
        return parse_word(value, (*KINDS, *(info.context or {}).get("kinds", ())), "kind")
    except QuantityError as error:
        raise fault(error.message, error.hint) from None


ActorKind = Annotated[Quantity, PlainValidator(_read_kind)]


Switch = word("state of an aid", "on", "off")


def _kind_alone(value: Any) -> Any:
    return {"kind": value} if isinstance(value, str) else value


class Environment(Strict):
    """Weather and light."""

    time: Clock | None = None
    day: Day | None = None
    latitude: Latitude | None = None
    cloud: Share | None = None
    turbidity: Turbidity | None = None
    sky: word("sky") | None = None
    """Name or path of a picture, or 'computed'."""
    sky_heading: Angle | None = None
    fog: Visibility | None = None
    """Visibility [m]."""
    rain: Rain | None = None
    snow: Rain | None = None
    wetness: Share | None = None
    water: PositiveLength | None = None
    """Depth of the water film [m]."""
    snow_cover: Share | None = None
    ice: Share | None = None
    dust: Share | None = None
    temperature: Temperature | None = None
    friction: Friction | None = None
    wind: Speed | None = None
    wind_from: Angle | None = None


class Size(Strict):
    """Bounding box."""

    length: PositiveLength | None = None
    width: PositiveLength | None = None
    height: PositiveLength | None = None


class Trailer(Strict):
    """What an actor pulls; a kind alone stands for it."""

    kind: ActorKind
    mass: Mass | None = None
    abs: Switch | None = None
    brakes: Share | None = None
    """Share of its brakes' force that is there."""


class Actor(Strict):
    """Somebody or something in the scene."""

    kind: ActorKind
    at: Place
    asset: word("asset") | None = None
    color: word("colour") | None = None
    faces: word("direction", *FACES) | None = None
    pose: word("pose", "standing", "lying") | None = None
    speed: Speed | None = None
    controller: word("controller", "scripted", "idm", "vehicle") | None = None
    desired_speed: Speed | None = None
    lights: Annotated[list[word("light", *LIGHTS)], ListOrOne] | None = None
    visible: bool = True
    trailer: Annotated[Trailer, BeforeValidator(_kind_alone)] | None = None
    abs: Switch | None = None
    esc: Switch | None = None
    size: Size | None = None
    mass: Mass | None = None
    background: bool = False
    route: list[Place] | None = None
    goal: Place | None = None
    goal_radius: PositiveLength | None = None


class Parked(Strict):
    """Parked cars along a stretch, where nothing else stands."""

    side: word("side", "left", "right", "both")
    start: Length = Field(alias="from")
    end: Length = Field(alias="to")
    arm: word("arm", *ARMS) | None = None
    density: Share | None = None
    kinds: ActorKind | None = None
    limit: Count | None = None


class Walkers(Strict):
    """People who walk along the pavement."""

    side: word("side", "left", "right", "both")
    start: Length = Field(alias="from")
    end: Length = Field(alias="to")
    arm: word("arm", *ARMS) | None = None
    count: Count
    kinds: ActorKind | None = None
    speed: Speed | None = None


class Flow(Strict):
    """Cars that follow a lane."""

    lane: LaneId
    start: Length = Field(alias="from")
    end: Length = Field(alias="to")
    arm: word("arm", *ARMS) | None = None
    gap: PositiveLength
    speed: Speed
    kinds: ActorKind | None = None
    limit: Count | None = None
    controller: word("controller", "scripted", "idm") | None = None


class Traffic(Strict):
    """Dressing that makes the scene alive; it never stands where an actor is."""

    parked: Annotated[list[Parked], ListOrOne] = Field(default_factory=list)
    walkers: Annotated[list[Walkers], ListOrOne] = Field(default_factory=list)
    flow: Annotated[list[Flow], ListOrOne] = Field(default_factory=list)


class End(Strict):
    """When the scenario ends: after a time, or earlier on a condition."""

    after: Time
    when: When | None = None


class ScenarioFile(Strict):
    """A whole file."""

    name: Name
    danger: Name | None = None
    source: Name | None = None
    tags: list[Name] = Field(default_factory=list)
    parameters: dict[Name, Name] = Field(default_factory=dict)
    assets: Annotated[list[Name], ListOrOne] = Field(default_factory=list)
    """Folders of own assets."""
    map: Map
    setting: word("setting", *SETTINGS) | None = None
    environment: Environment = Environment()
    signals: dict[Name, word("aspect", *ASPECTS)] = Field(default_factory=dict)
    actors: dict[Name, Actor]
    traffic: Traffic = Traffic()
    storyboard: list[Step] = Field(default_factory=list)
    end: End

    @model_validator(mode="wrap")
    @classmethod
    def _has_an_ego(cls, data: Any, handler: ModelWrapValidatorHandler[Any]) -> Any:
        faults = [InitErrorDetails(type=error, input=data) for error in _ego_faults(data)]
        if not faults:
            return handler(data)
        raise ValidationError.from_exception_data(cls.__name__, [*faults, *faults_within(handler, data)])


def _ego_faults(data: Any) -> Iterator[PydanticCustomError]:
    """Of a file as it stands there: its ego is looked for whatever else is wrong with it."""
    actors = data.get("actors") if isinstance(data, dict) else None
    if not isinstance(actors, dict):
        return
    ego = actors.get("ego", {})
    if "ego" not in actors:
        hint = suggest("ego", actors) if actors else "Write actors: {ego: ...}."
        yield fault("no actor is named ego", hint, ("actors",))
    elif isinstance(ego, dict) and "goal" not in ego and set(ego) <= set(Actor.model_fields):
        yield fault("the ego has no goal", "Write goal: {lane: -1, s: 200 m} under actors.ego.", ("actors", "ego"))
    for name, actor in actors.items():
        if "ego" in actors and name != "ego" and isinstance(actor, dict) and {"goal", "goal_radius"} & set(actor):
            yield fault(
                f"actor {name!r} has a goal", "Only the ego has one; others may have a route.", ("actors", name)
            )


__all__ = ["Actor", "Environment", "Map", "Place", "Quantity", "ScenarioFile", "Traffic"]
