"""Draws of YAML scenarios: the same key the same world, each value its own stream, records rebuild worlds."""

from __future__ import annotations

import json
from pathlib import Path
from statistics import mean

import pytest

from sim.errors import ScenarioError
from sim.random import Stream
from sim.scenario.reader import load_scenario
from sim.scenario.world import WorldSpec
from tests.scenario.files import BASE, changed, draw, write

RICH = """\
name: Everything that is drawn
parameters:
  gap: 4..9 m
  fast: 40..60 km/h
  size: 240..260 m
map: {road: straight, length: $size, lanes: 1+1, lane_width: 3..4 m, parking: both, sidewalk: 2 m}
setting: choice(town | suburb)
environment: {time: 06:00..20:00, rain: choice(0 mm/h | 1..8 mm/h), fog: loguniform(100..9000 m), temperature: normal(8 +- 6 | -5..25) degC}
actors:
  ego: {kind: car, at: {lane: -1, s: 20..30 m}, speed: $fast, goal: {lane: -1, s: 220 m}}
  van: {kind: van, at: {parking: right, s: 110..130 m}}
  other: {kind: choice(car | van | lorry), at: {ahead_of: ego, gap: $gap}, speed: $fast}
traffic:
  parked: {side: both, from: 0 m, to: 240 m, density: 0.5..0.9}
  flow: {lane: 1, from: 20 m, to: 230 m, gap: 20..50 m, speed: 30..50 km/h}
storyboard:
  - when: {ego: {time_to_reach: van, below: 1..3 s}}
    do: {other: {brake: 3..7 m/s2}}
end: {after: 10..14 s}
"""


def same(a: WorldSpec, b: WorldSpec) -> bool:
    """Whether two worlds are equal in everything but identity."""
    return (
        a.record == b.record
        and a.actors == b.actors
        and a.storyboard == b.storyboard
        and a.environment == b.environment
        and a.goal == b.goal
        and (a.duration, a.setting, a.look_seed, a.map_key) == (b.duration, b.setting, b.look_seed, b.map_key)
    )


def test_the_same_key_gives_the_same_world(tmp_path: Path) -> None:
    file = write(tmp_path, RICH)
    assert same(draw(file, 3, 5, 2), draw(file, 3, 5, 2))


def test_seed_key_and_episode_give_other_worlds(tmp_path: Path) -> None:
    file = write(tmp_path, RICH)
    first = draw(file, 3, 5, 2)
    for other in (draw(file, 4, 5, 2), draw(file, 3, 6, 2), draw(file, 3, 5, 3)):
        assert first.record["parameters.fast"] != other.record["parameters.fast"]


def test_two_scenarios_with_one_key_are_drawn_apart(tmp_path: Path) -> None:
    a, b = draw(write(tmp_path, RICH, "a.yaml")), draw(write(tmp_path, RICH, "b.yaml"))
    assert a.record["environment.time"] != b.record["environment.time"]


ADDED = {
    "an actor": ("  van: {kind", "  bus: {kind: choice(bus | lorry), at: {lane: 1, s: 40..60 m}}\n  van: {kind"),
    "a parameter": ("  gap: 4..9 m", "  first: 0..1\n  gap: 4..9 m"),
    "a step": ("end:", "  - do: {van: {lights: choice(hazard | low_beam)}}\nend:"),
    "a value": ("setting: choice", "signals: {}\nsetting: choice"),
    "a number": ("{time: 06:00..20:00,", "{cloud: 0..1, time: 06:00..20:00,"),
    "traffic": ("  flow:", "  walkers: {side: both, from: 0 m, to: 200 m, count: whole(1..5)}\n  flow:"),
}


@pytest.mark.parametrize("case", ADDED.values(), ids=ADDED.keys())
def test_what_is_added_changes_no_other_draw(tmp_path: Path, case: tuple[str, str]) -> None:
    old, new = case
    assert old in RICH
    more = RICH.replace(old, new, 1)
    for key in range(3):
        before = draw(write(tmp_path, RICH), key).record
        after = draw(write(tmp_path, more), key).record
        kept = {name: value for name, value in before.items() if not name.startswith(("flow", "parked"))}
        assert kept and all(after[name] == value for name, value in kept.items())


def test_the_order_of_actors_and_values_does_not_matter(tmp_path: Path) -> None:
    lines = RICH.splitlines(keepends=True)
    ego, van = (next(i for i, line in enumerate(lines) if line.startswith(f"  {name}:")) for name in ("ego", "van"))
    lines[ego], lines[van] = lines[van], lines[ego]
    assert draw(write(tmp_path, "".join(lines))).record == draw(write(tmp_path, RICH)).record


def test_a_record_rebuilds_its_world_after_a_trip_through_json(tmp_path: Path) -> None:
    file = write(tmp_path, RICH)
    for key in range(5):
        world = draw(file, key)
        record = json.loads(json.dumps(world.record))
        assert same(world, load_scenario(file).rebuild(record))


def test_a_record_that_lacks_a_draw_is_refused(tmp_path: Path) -> None:
    file = write(tmp_path, RICH)
    record = dict(draw(file).record)
    del record["parameters.gap"]
    with pytest.raises(ScenarioError, match=r"the record holds no draw 'parameters\.gap'"):
        load_scenario(file).rebuild(record)


def test_a_parameter_is_one_value_everywhere(tmp_path: Path) -> None:
    world = draw(write(tmp_path, RICH))
    ego, other = world.actors[0], world.actors[2]
    assert ego.speed == other.speed == world.record["parameters.fast"]


def test_two_ranges_are_two_draws(tmp_path: Path) -> None:
    text = RICH.replace("speed: $fast}", "speed: 40..60 km/h}").replace("speed: $fast,", "speed: 40..60 km/h,")
    world = draw(write(tmp_path, text))
    assert world.actors[0].speed != world.actors[2].speed


def test_worlds_share_a_few_maps(tmp_path: Path) -> None:
    scenario = load_scenario(write(tmp_path, RICH))
    worlds = [scenario.draw(Stream(0, key)) for key in range(60)]
    by_key: dict[str, float] = {}
    for world in worlds:
        length = next(iter(world.network.roads.values())).length
        assert by_key.setdefault(world.map_key, length) == length
    assert 4 <= len(by_key) <= Stream(0, 0).map_variants
    assert len(set(by_key.values())) == len(by_key)


def test_ranges_are_filled(tmp_path: Path) -> None:
    scenario = load_scenario(write(tmp_path, RICH))
    worlds = [scenario.draw(Stream(1, key)) for key in range(80)]
    speeds = [world.actors[0].speed * 3.6 for world in worlds]
    assert 40 <= min(speeds) < 42 and 58 < max(speeds) <= 60
    assert mean(speeds) == pytest.approx(50, abs=3 * 20 / 12**0.5 / 80**0.5)
    assert {world.actors[2].kind for world in worlds} == {"car", "van", "lorry"}
    assert {world.setting for world in worlds} == {"town", "suburb"}


def test_a_draw_that_does_not_work_out_is_drawn_again(tmp_path: Path) -> None:
    file = write(tmp_path, changed("{parking: right, s: 120 m}", "{lane: -1, s: 18..60 m}"))
    for key in range(20):
        world = draw(file, key)
        position = world.actors[1].position
        assert position is not None and abs(position.s - 20.0) > 3.0, "a van inside the ego"  # type: ignore[union-attr]


def test_rain_wets_the_road_and_lights_lamps(tmp_path: Path) -> None:
    dry = draw(write(tmp_path, changed("choice(0 mm/h x3 | 4 mm/h)", "0 mm/h").replace("07:00..20:00", "12:00")))
    wet = draw(write(tmp_path, changed("choice(0 mm/h x3 | 4 mm/h)", "4 mm/h").replace("07:00..20:00", "12:00")))
    night = draw(write(tmp_path, changed("choice(0 mm/h x3 | 4 mm/h)", "0 mm/h").replace("07:00..20:00", "23:30")))
    dusty = draw(write(tmp_path, changed("rain: choice(0 mm/h x3 | 4 mm/h)", "dust: 0.6")))
    assert (dry.environment.dust, dusty.environment.dust) == (0.0, 0.6)
    assert (dry.environment.wetness, wet.environment.wetness) == (0.0, pytest.approx(0.85))
    assert wet.environment.cloud_cover > 0.7 > dry.environment.cloud_cover
    assert [w.actors[0].lamps for w in (dry, wet, night)] == [(), ("lowBeam",), ("lowBeam",)]


def test_tags_may_hold_commas_in_quotes(tmp_path: Path) -> None:
    text = BASE + 'tags: [pedestrian, occlusion, "after euro-ncap/CPNCO-50, faster"]\n'
    scenario = load_scenario(write(tmp_path, text))
    assert scenario.tags == ("pedestrian", "occlusion", "after euro-ncap/CPNCO-50, faster")
