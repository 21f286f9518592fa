"""Weather and light of a YAML scenario's worlds."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from sim.scenario.draws import Draws
from sim.scenario.schema import ScenarioFile
from sim.scenario.skies import COMPUTED, SkyFile, sun_of, told
from sim.scenario.source import Source
from sim.scenario.world import Environment, clouds_for, sun_direction

LIT_HEIGHT = math.sin(math.radians(8))
"""Height of the sun (sine of its elevation) below which vehicles in traffic have their lights on."""


def draw_environment(model: ScenarioFile, draws: Draws) -> Environment:
    """Weather and light of one world; water lies on the road where it rains, unless the file says how much."""
    e, plain = model.environment, Environment()
    at = "environment"

    def number(name: str, default: float) -> float:
        return draws.number(getattr(e, name), (at, name), default)

    rain = number("rain", 0.0)
    snow = number("snow", 0.0)
    water = None if e.water is None else number("water", 0.0)
    wet = min(1.0, 0.45 + 0.1 * rain) if rain > 0.0 else 0.0
    wet = 1.0 if water else wet
    wind, blow = number("wind", 0.0), number("wind_from", 0.0) + math.pi
    sky = draws.word(e.sky, (at, "sky"), COMPUTED)
    return Environment(
        time_of_day=number("time", plain.time_of_day), day_of_year=int(number("day", plain.day_of_year)),
        latitude=number("latitude", plain.latitude), cloud_cover=number("cloud", clouds_for(rain, snow)),
        turbidity=number("turbidity", plain.turbidity), fog_visibility=number("fog", plain.fog_visibility), rain=rain, snow=snow,
        wetness=number("wetness", wet), water=water, snow_cover=number("snow_cover", 0.0), ice=number("ice", 0.0), dust=number("dust", 0.0),
        temperature=number("temperature", plain.temperature),
        friction_scale=None if e.friction is None else number("friction", 1.0),
        wind=(wind * math.cos(blow), wind * math.sin(blow)),
        sky=None if sky == COMPUTED else sky, sky_heading=number("sky_heading", 0.0),
    )  # fmt: skip


def draw_sky(
    environment: Environment, model: ScenarioFile, files: Mapping[str, Path], source: Source
) -> tuple[Environment, SkyFile | None]:
    """The environment with the sun of its sky's picture, and that picture.

    A picture's sun is the scene's, whatever the hour; unless the file says an hour at which the sun is down: that picture is a night's, and
    what is bright in it stays where it is.

    Raises:
        ScenarioError: if the picture cannot be used.
    """
    if environment.sky is None:
        return environment, None
    night = model.environment.time is not None and sun_direction(environment)[2] < 0.0
    path = files.get(environment.sky)
    if path is None:
        raise source.error(f"the scenario has no sky {environment.sky!r}", ("environment", "sky"))
    sun = told(sun_of, path, source)
    if sun is None or night:
        return environment, SkyFile(path, not night)
    x, y, z = sun
    from_x = math.atan2(y, x) + environment.sky_heading
    azimuth = (0.5 * math.pi - from_x) % (2 * math.pi)
    return replace(environment, sun_azimuth=azimuth, sun_elevation=math.asin(z)), SkyFile(path, True)


def lights_on(environment: Environment) -> bool:
    """Whether vehicles in traffic have their lights on: at night, in fog, in rain and in snow."""
    return (
        sun_direction(environment)[2] < LIT_HEIGHT
        or environment.fog_visibility < 600.0
        or environment.rain + environment.snow > 0.5
    )
