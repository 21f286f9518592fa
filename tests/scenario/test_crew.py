"""Vehicles that somebody drives have a driver and some passengers, parked ones nobody; a draw depends on name and look seed alone."""

from __future__ import annotations

import numpy as np
import pytest

from sim.assets import list_assets
from sim.assets.occupants import LOOKS
from sim.config import SimConfig
from sim.sampling import sample_worlds
from sim.scenario.crew import TAKEN, draw_crew
from sim.scenario.reader import load_scenario
from sim.types import SEAT_BITS

SCENARIO = """\
name: Crews
map: {road: straight, length: 200 m, lanes: 1+1, parking: right, sidewalk: 2 m}
setting: town
actors:
  ego: {kind: car, at: {lane: -1, s: 20 m}, goal: {lane: -1, s: 180 m}}
  bus: {kind: bus, at: {lane: 1, s: 120 m}, speed: 30 km/h}
  free: {kind: suv, at: {lane: 1, s: 60 m}, controller: idm, speed: 0 km/h}
  later: {kind: van, at: {lane: -1, s: 60 m}}
  door: {kind: car, asset: hatchback, at: {lane: -1, s: 80 m}}
  still: {kind: taxi, at: {lane: -1, s: 100 m}}
  lit: {kind: car, at: {parking: right, s: 120 m}}
  broken: {kind: car, at: {lane: -1, s: 120 m}, lights: hazard}
  across: {kind: car, at: {lane: 1, s: 150 m, heading: 60 deg}}
  wreck: {kind: wreck, at: {lane: -1, s: 140 m}, speed: 1 km/h}
  walker: {kind: child, at: {sidewalk: right, s: 25 m}}
traffic:
  parked: {side: right, from: 10 m, to: 190 m, density: 1}
storyboard:
  - when: {ego: {stands_for: 1 s}}
    do: {later: {drive: 20 km/h}, door: {open_door: left}, lit: {lights: hazard}}
end: {after: 4 s}
"""


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = tmp_path_factory.mktemp("crew") / "crews.yaml"
    path.write_text(SCENARIO)
    return path


def crews(path, keys):
    """Crews by actor of each world."""
    batch = sample_worlds([load_scenario(path)], keys, "cpu", SimConfig(pool=1))
    rows = batch.scene.crew.numpy()
    worlds = [draws[0] for draws in batch.actor_specs]
    return [{a.spec.name: int(c) for a, c in zip(w, row, strict=False)} for w, row in zip(worlds, rows, strict=True)]


def seats(crew):
    return [(crew >> (SEAT_BITS * k)) & ((1 << SEAT_BITS) - 1) for k in range(5)]


def test_those_who_drive_or_will_are_there_and_parked_cars_are_empty(path):
    for world in crews(path, [1, 2, 3]):
        parked = [crew for name, crew in world.items() if name.startswith("parked-")]
        assert len(parked) > 5 and not any(parked)
        assert not any(world[name] for name in ("lit", "broken", "across", "wreck", "walker"))
        for name in ("ego", "bus", "free", "later", "door", "still"):
            assert 1 <= seats(world[name])[0] <= len(LOOKS), f"{name} has no driver"


def test_at_night_those_who_wait_are_lit_and_parked_cars_are_dark(path):
    night = path.parent / "night" / path.name
    night.parent.mkdir()
    night.write_text(SCENARIO.replace("actors:", "environment: {time: 23:30}\nactors:"))
    (world,) = (draws[0] for draws in sample_worlds([load_scenario(night)], [1], "cpu", SimConfig(pool=1)).actor_specs)
    lamps = {a.spec.name: a.spec.lamps for a in world}
    assert all(lamps[name] == ("lowBeam",) for name in ("ego", "bus", "free", "later", "door", "still"))
    assert lamps["broken"] == ("warningLights",) and not any(lamps[name] for name in ("lit", "across", "walker"))
    assert not any(lit for name, lit in lamps.items() if name.startswith("parked-"))


def test_a_world_in_a_batch_is_the_world_alone_and_others_change_nothing(path):
    many = crews(path, list(range(6)))
    assert many[4] == crews(path, [4])[0]
    assert len({world["ego"] for world in many}) > 1
    fewer = path.parent / "fewer" / path.name
    fewer.parent.mkdir()
    fewer.write_text(
        SCENARIO.replace("  free: {kind: suv, at: {lane: 1, s: 60 m}, controller: idm, speed: 0 km/h}\n", "")
    )
    for one, other in zip(many, crews(fewer, list(range(6))), strict=True):
        assert {k: v for k, v in one.items() if k != "free"} == other


def test_every_look_drives_and_passengers_are_as_many_as_said():
    coach = list_assets()["coach"]
    drawn = np.array([seats(draw_crew(f"bus {k}", coach, 7)) for k in range(400)])
    assert set(drawn[:, 0]) == set(range(1, len(LOOKS) + 1))
    assert (drawn[:, 1:] > 0).mean() == pytest.approx(TAKEN, abs=0.05)
    assert not draw_crew("x", list_assets()["caravan"], 7)
