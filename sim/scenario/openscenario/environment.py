"""Weather and light of an Environment element."""

from __future__ import annotations

import datetime
import math

from sim.scenario.openscenario.catalogs import Catalogs
from sim.scenario.openscenario.parameters import declare
from sim.scenario.openscenario.xml import Node
from sim.scenario.world import Environment, clouds_for

OKTAS = {
    name: i / 8
    for i, name in enumerate(
        (
            "zeroOktas", "oneOktas", "twoOktas", "threeOktas", "fourOktas", "fiveOktas", "sixOktas", "sevenOktas", "eightOktas", "nineOktas"
        )
    )
}  # fmt: skip
CLOUDS = {"free": 0.0, "cloudy": 0.5, "overcast": 0.95, "rainy": 1.0, "skyOff": 0.2, "skyoff": 0.2}
WETNESS = {"dry": 0.0, "moist": 0.25, "wetWithPuddles": 0.7, "lowFlooded": 0.9, "highFlooded": 1.0}
NIGHT_ILLUMINANCE = 10.0
"""Below this [lx] the light is not the sun's (full moon: 0.3; civil twilight: 3.4)."""
NIGHT_ELEVATION = -0.3
"""Sun elevation that stands for night [rad]."""


def read_environment(action: Node, catalogs: Catalogs) -> Environment:
    """Environment of an EnvironmentAction."""
    reference = action.child("CatalogReference")
    if reference is not None:
        with catalogs.entry(reference, "Environment") as entry:
            return _environment(entry)
    return _environment(declare(action.need("Environment")))


def _environment(node: Node) -> Environment:
    node.get("name")
    values: dict[str, object] = {}
    clock = node.child("TimeOfDay")
    if clock is not None:
        _time(clock, values)
    weather = node.child("Weather")
    if weather is not None:
        _weather(weather, values)
    road = node.child("RoadCondition")
    if road is not None:
        values["friction_scale"] = road.number("frictionScaleFactor", 1.0, low=0.0)
        if road.get("wetness") is not None:
            values["wetness"] = road.choice("wetness", WETNESS)
    return Environment(**values)  # type: ignore[arg-type]


def _time(clock: Node, values: dict[str, object]) -> None:
    clock.get("animation")
    text = clock.text("dateTime")
    try:
        moment = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        raise clock.error(f"dateTime={text!r} is not a date and time", "Such as 2023-06-21T12:00:00.") from None
    values["time_of_day"] = moment.hour * 3600.0 + moment.minute * 60.0 + moment.second
    values["day_of_year"] = moment.timetuple().tm_yday


def _weather(weather: Node, values: dict[str, object]) -> None:
    if weather.get("fractionalCloudCover") is not None:
        values["cloud_cover"] = min(weather.choice("fractionalCloudCover", OKTAS), 1.0)
    elif weather.get("cloudState") is not None:
        values["cloud_cover"] = weather.choice("cloudState", CLOUDS)
    weather.get("atmosphericPressure")
    kelvin = weather.optional("temperature")
    if kelvin is not None:
        values["temperature"] = kelvin - 273.15
    sun = weather.child("Sun")
    if sun is not None:
        light = sun.optional("illuminance")
        light = sun.optional("intensity") if light is None else light
        values["sun_azimuth"], values["sun_elevation"] = sun.number("azimuth"), sun.number("elevation")
        if light is not None and light < NIGHT_ILLUMINANCE:
            values["sun_elevation"] = NIGHT_ELEVATION
    fog = weather.child("Fog")
    if fog is not None:
        values["fog_visibility"] = min(max(fog.number("visualRange", low=0.0), 5.0), 50_000.0)
        box = fog.child("BoundingBox")
        if box is not None:
            box.note("fog fills the whole world, not a box")
    wind = weather.child("Wind")
    if wind is not None:
        speed, direction = wind.number("speed", low=0.0), wind.number("direction")
        values["wind"] = (speed * math.cos(direction), speed * math.sin(direction))
    fall = weather.child("Precipitation")
    if fall is not None:
        _precipitation(fall, values)


def _precipitation(fall: Node, values: dict[str, object]) -> None:
    kind = fall.choice("precipitationType", {"dry": "dry", "rain": "rain", "snow": "snow"})
    rate = fall.optional("precipitationIntensity")
    if rate is None:
        rate = 20.0 * fall.number("intensity", 0.0, low=0.0)
    if kind == "rain" and rate > 0.0:
        values["rain"] = min(rate, 200.0)
        values.setdefault("wetness", min(1.0, 0.45 + 0.1 * rate))
        values.setdefault("cloud_cover", clouds_for(rate, 0.0))
    elif kind == "snow" and rate > 0.0:
        values["snow"] = min(rate, 50.0)
        values.setdefault("snow_cover", min(1.0, 0.2 * rate))
        values.setdefault("cloud_cover", clouds_for(0.0, rate))
