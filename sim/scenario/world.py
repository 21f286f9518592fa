"""One concrete world as the readers hand it over: every number drawn, nothing on the device yet."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from sim.errors import ScenarioError
from sim.scenario.storyboard import Position, Storyboard

if TYPE_CHECKING:
    from sim.random import Stream
    from sim.road.network import RoadNetwork
    from sim.scenario.skies import SkyFile


@dataclass(frozen=True)
class Environment:
    """Weather and light: drives friction, picture and sensors alike."""

    time_of_day: float = 12 * 3600.0
    """Local solar time [s since midnight]."""
    day_of_year: int = 172
    latitude: float = 0.85
    """[rad]; with time and day it places the sun."""
    sun_azimuth: float | None = None
    """Explicit sun direction, clockwise from north = +y [rad]; None: from time, day and latitude."""
    sun_elevation: float | None = None
    """[rad] above the horizon."""
    cloud_cover: float = 0.2
    """0 clear .. 1 overcast."""
    turbidity: float = 3.0
    fog_visibility: float = 50_000.0
    """Meteorological visibility (5 % contrast) [m]."""
    rain: float = 0.0
    """Rain rate [mm/h]."""
    snow: float = 0.0
    """Snowfall, water equivalent [mm/h]."""
    wetness: float = 0.0
    """Water on the road, 0 dry .. 1 standing water."""
    water: float | None = None
    """Depth of the water film over the road's texture [m]; None: from the rain."""
    snow_cover: float = 0.0
    """Share of the ground under snow, 0..1."""
    ice: float = 0.0
    """Share of the road under (black) ice, 0..1, apart from patches of the map."""
    dust: float = 0.0
    """Dust on the ground and in the air, 0..1."""
    temperature: float = 15.0
    """Air [degC]."""
    friction_scale: float | None = None
    """Multiplies the road's friction; None: derived from surface, water, snow, ice and speed (`sim.road.grip`)."""
    wind: tuple[float, float] = (0.0, 0.0)
    """[m/s] along world x, y."""
    sky: str | None = None
    """What the file calls the picture of its sky; None: computed from the above."""
    sky_heading: float = 0.0
    """Where the middle of that picture lies, from world x to the left [rad]."""


def sun_direction(environment: Environment) -> tuple[float, float, float]:
    """Unit vector towards the sun; x east, y north, z up.

    From local solar time, day and latitude by the declination and hour angle (Cooper 1969), unless the environment says it.
    """
    azimuth, elevation = environment.sun_azimuth, environment.sun_elevation
    if azimuth is None or elevation is None:
        declination = math.radians(23.45) * math.sin(2 * math.pi * (284 + environment.day_of_year) / 365)
        hour = (environment.time_of_day / 3600 - 12) * math.pi / 12
        phi = environment.latitude
        up = math.sin(phi) * math.sin(declination) + math.cos(phi) * math.cos(declination) * math.cos(hour)
        east = -math.cos(declination) * math.sin(hour)
        north = math.cos(phi) * math.sin(declination) - math.sin(phi) * math.cos(declination) * math.cos(hour)
        return east, north, up
    return (
        math.cos(elevation) * math.sin(azimuth),
        math.cos(elevation) * math.cos(azimuth),
        math.sin(elevation),
    )


def clouds_for(rain: float, snow: float) -> float:
    """Cloud cover where a file tells only what falls [mm/h]: fair where nothing does, and a closed deck from about 2 mm/h on."""
    return 0.2 + 0.8 * (1.0 - math.exp(-1.5 * (rain + snow)))


@dataclass(frozen=True)
class ActorSpec:
    """One actor as placed in the world."""

    name: str
    kind: str
    """Kind of asset: 'car', 'van', 'lorry', 'bus', 'motorcycle', 'bicycle', 'pedestrian', 'child', 'dog', 'deer', 'pallet' ..."""
    category: str = "car"
    """OpenSCENARIO category, lower case: car, van, truck, bus, motorbike, bicycle, pedestrian, animal, obstacle ..."""
    asset: str | None = None
    """Asset by name; None: picked from the kind with the world's look stream."""
    length: float | None = None
    """Bounding box [m]; None: the asset's own."""
    width: float | None = None
    height: float | None = None
    box_center: tuple[float, float, float] | None = None
    """Box centre in the actor's frame [m] (origin: reference point); None: the asset's own."""
    mass: float | None = None
    wheelbase: float | None = None
    wheel_radius: float | None = None
    max_speed: float | None = None
    max_acceleration: float | None = None
    max_deceleration: float | None = None
    hitch: float | None = None
    """Where it pulls a trailer: ahead of its reference point [m], as a rule negative; None: nowhere."""
    coupler: float | None = None
    """Of a trailer: from its reference point ahead to where it is pulled [m]; None: it is no trailer."""
    trailer: str | None = None
    """Name of the actor that it pulls from the start."""
    carrier: str | None = None
    """Name of the actor on which it rides from the start."""
    seat: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    """Where on it: ahead, left and up in the carrier's frame [m], and how it is turned there [rad]."""
    position: Position | None = None
    """Where it starts; None: set by an init action."""
    speed: float = 0.0
    abs: bool = True
    """Whether its anti-lock system works, if its kind has one."""
    esc: bool = True
    """Whether its stability control works, if its kind has one."""
    brakes: float = 1.0
    """Share of its kind's brake force that is there."""
    color: tuple[float, float, float] | None = None
    """Paint, linear RGB; None: drawn."""
    controller: str = "default"
    """'default' (scripted), 'idm', or 'vehicle' for dynamics driven by pedals and steering."""
    visible: bool = True
    lies: bool = False
    """A person or an animal that lies on the ground from the start."""
    desired_speed: float | None = None
    """Of IDM [m/s]; None: ``speed``."""
    lamps: tuple[str, ...] = ()
    """Lamp groups on from the start: 'lowBeam', 'warningLights' ..."""
    traffic: bool = False
    """Background traffic or dressing: not part of the danger."""
    waits: bool = False
    """It stands, but is not parked: somebody sits in it, as in what moves."""


@dataclass(frozen=True)
class Goal:
    """Where the ego is to go: success is reaching it in time without contact."""

    position: Position
    radius: float = 5.0


@dataclass
class WorldSpec:
    """A drawn world. Actor 0 is the ego."""

    scenario: str
    """Id of the scenario it was drawn from."""
    network: RoadNetwork
    actors: list[ActorSpec]
    storyboard: Storyboard
    environment: Environment = Environment()
    goal: Goal | None = None
    route: tuple[Position, ...] = ()
    """Waypoints of the ego between start and goal."""
    duration: float = 30.0
    """Episode length [s]."""
    sky: SkyFile | None = None
    """Picture of the sky that ``environment.sky`` names."""
    setting: str = "auto"
    """What stands beside the road: town, suburb, rural, motorway, forest, auto."""
    look_seed: int = 0
    """Seeds everything that changes looks only."""
    map_key: str = ""
    """Equal keys mean equal network and setting, so the map is built and uploaded once."""
    record: dict[str, float | str] = field(default_factory=dict)
    """Each draw by name: enough to rebuild the world with ``Scenario.rebuild``."""
    file: str = field(default="", compare=False)
    """The scenario's file: for what is told of faults."""
    rejected: tuple[str, ...] = field(default=(), compare=False)
    """Why each try before this one was rejected: place in the file and reason."""


@dataclass(frozen=True)
class Note:
    """Something a file holds that was understood in part or not at all."""

    file: str
    line: int
    message: str


def refuse_notes(notes: Sequence[Note]) -> None:
    """What ``--strict`` does with notes.

    Raises:
        ScenarioError: of the first one, if there is any.
    """
    if notes:
        more = f" (and {len(notes) - 1} more)" if len(notes) > 1 else ""
        first = notes[0]
        raise ScenarioError(f"{first.message}{more}", file=first.file, line=first.line, hint="--strict allows none.")


class Scenario(Protocol):
    """A distribution over worlds, read from a file."""

    id: str
    path: Path
    description: str
    tags: tuple[str, ...]
    danger: str
    source: str
    notes: list[Note]
    inputs: tuple[Path, ...]
    """Every file it was read from (itself, catalogs, roads)."""

    @property
    def parameters(self) -> Mapping[str, object]:
        """Named values of the file, not yet drawn."""
        ...

    def draw(self, stream: Stream) -> WorldSpec:
        """One world; equal streams give equal worlds.

        Raises:
            ScenarioError: if no acceptable world is found in a bounded number of tries.
        """
        ...

    def rebuild(self, record: Mapping[str, float | str]) -> WorldSpec:
        """The world whose draws are given (``WorldSpec.record``)."""
        ...
