"""All faults of a YAML scenario that do not follow from one another are told at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.errors import ScenarioError
from tests.scenario.files import changed, draw, write


def test_several_faults_are_counted_and_the_first_is_told(tmp_path: Path) -> None:
    text = changed("speed: 30..60", "sped: 30..60").replace("kind: van", "kind: vann")
    with pytest.raises(ScenarioError, match=r"unknown key 'sped' \(and 1 more fault\)") as caught:
        draw(write(tmp_path, text))
    assert caught.value.line == 5
    assert [(e.line, e.message) for e in caught.value.each()] == [(5, "unknown key 'sped'"), (6, "unknown kind 'vann'")]
    text = (
        changed("30..60 km/h", "30..60 m")
        .replace("length: 250 m", "length: 250 s")
        .replace("drive: 20 km/h", "drive: 20 s")
    )
    with pytest.raises(ScenarioError, match=r"\(and 2 more faults\)") as caught:
        draw(write(tmp_path, text))
    assert [e.line for e in caught.value.each()] == [2, 5, 9]


def faults(tmp_path: Path, text: str) -> list[tuple[int | None, str | None]]:
    """Line and path of every fault of a file."""
    with pytest.raises(ScenarioError) as caught:
        draw(write(tmp_path, text))
    assert all(e.file and e.file.endswith("test.yaml") for e in caught.value.each())
    return [(e.line, e.path) for e in caught.value.each()]


def test_all_faults_of_one_mapping_are_told(tmp_path: Path) -> None:
    text = changed("speed: 30..60 km/h", "sped: 3 m, speed: 30 kph, colour: red, color: ~").replace(
        "kind: van", "kind: vann"
    )
    assert sorted(faults(tmp_path, text), key=str) == [
        (5, "actors.ego.color"),
        (5, "actors.ego.colour"),
        (5, "actors.ego.sped"),
        (5, "actors.ego.speed"),
        (6, "actors.van.kind"),
    ]


def test_what_only_follows_from_a_wrong_key_is_not_told(tmp_path: Path) -> None:
    assert faults(tmp_path, changed("kind: van", "kund: van")) == [(6, "actors.van.kund")], "not that 'kind' is missing"
    assert faults(tmp_path, changed("length: 250 m", "lenght: 250 m")) == [(2, "map.lenght")], (
        "not that it needs a length"
    )
    text = changed("environment:", "parameters: {a: 3 m + 2 s, b: $a, c: 2 m + 1, d: 3 kg}\nenvironment:")
    text = text.replace("length: 250 m", "length: $b").replace("30..60 km/h", "$c").replace("s: 120 m", "s: $d")
    assert faults(tmp_path, text) == [(3, "parameters.a"), (3, "parameters.c"), (7, "actors.van.at.s")]
    for order in ("a: 3 m + 2 s, b: $a, c: $b", "c: $b, b: $a, a: 3 m + 2 s", "b: $a, a: 3 m + 2 s, c: $b + $a"):
        text = changed("environment:", f"parameters: {{{order}}}\nenvironment:").replace("length: 250 m", "length: $c")
        assert faults(tmp_path, text) == [(3, "parameters.a")], order


def test_an_ego_is_missed_whatever_else_is_wrong(tmp_path: Path) -> None:
    text = changed(", goal: {lane: -1, s: 220 m}", "").replace("kind: van", "goal: {lane: -1, s: 9 m}, kind: vann")
    assert faults(tmp_path, text.replace("end:", "ends:")) == [
        (5, "actors.ego"),
        (6, "actors.van"),
        (6, "actors.van.kind"),
        (10, "ends"),
    ]
    text = changed("ego: {kind: car", "ergo: {kind: carr")
    assert faults(tmp_path, text) == [(4, "actors"), (5, "actors.ergo.kind")]
    assert faults(tmp_path, changed("goal:", "gaol:")) == [(5, "actors.ego.gaol")], "not that it has no goal"


def test_all_faulty_parameters_are_told(tmp_path: Path) -> None:
    text = changed("environment:", 'parameters: {1a: 3 m, b: "3 m..", c: $gone, d: 4 m}\nenvironment:')
    assert sorted(faults(tmp_path, text)) == [(3, "parameters.1a"), (3, "parameters.b"), (3, "parameters.c")]


def test_all_faults_of_actors_are_told_but_not_of_those_who_stand_by_them(tmp_path: Path) -> None:
    text = changed("kind: van,", "kind: van, asset: vanx,").replace(
        "storyboard:",
        "  bus: {kind: bus, at: {lane: 1, s: 60 m}, color: bleu}\n  cone: {kind: cone, at: {behind: van}}\nstoryboard:",
    )
    assert faults(tmp_path, text) == [(6, "actors.van.asset"), (7, "actors.bus.color")]


def test_all_faults_of_signals_story_and_end_are_told(tmp_path: Path) -> None:
    text = changed("time_to_reach: van", "time_to_reach: vam").replace("do: {van:", "do: {vann: {lights: brake}, van:")
    text = text.replace("end: {after: 12 s}", "end: {after: 12 s, when: {step: x}}\nsignals: {west: green}")
    more = """storyboard:
  - when: {any: [{step: y}, {ego: {time_to_reach: bus, below: 3 s}, van: {touches: tram}}]}
    do: {van: {follow: trolley, gap: 3 m}, ego: {relative_to: nobody, drive: 3 m/s}}"""
    text = text.replace("storyboard:", more)
    line = 1 + text.splitlines().index("storyboard:")
    assert faults(tmp_path, text) == [
        (line + 1, "storyboard[0].when.any[0].step"),
        (line + 1, "storyboard[0].when.any[1].ego.time_to_reach"),
        (line + 1, "storyboard[0].when.any[1].van.touches"),
        (line + 2, "storyboard[0].do.van[0].follow"),
        (line + 2, "storyboard[0].do.ego[0].relative_to"),
        (line + 3, "storyboard[1].when.ego.time_to_reach"),
        (line + 4, "storyboard[1].do.vann"),
        (line + 5, "end.when.step"),
        (line + 6, "signals.west"),
    ]


def test_a_place_that_no_draw_can_give_hides_no_fault_before_it(tmp_path: Path) -> None:
    text = changed("time_to_reach: van", "time_to_reach: vam").replace(
        "end:", "  - do: {ego: {jump_to: {lane: -1, s: 400 m}}}\nend:"
    )
    assert faults(tmp_path, text) == [(8, "storyboard[0].when.ego.time_to_reach")]


CROSSING = """\
name: Crossing
map: {road: intersection, arm_length: 80 m}
actors:
  ego: {kind: car, at: {arm: west, lane: -1, to_junction: 40 m}, goal: {arm: east, lane: 1, s: 40 m}}
parameters: {hue: blue}
signals: {west: $hue, nort: green, sout: red}
end: {after: 3 s}
"""


def test_a_signal_that_no_draw_can_set_hides_no_other(tmp_path: Path) -> None:
    assert faults(tmp_path, CROSSING) == [(6, "signals.nort"), (6, "signals.sout")]
    text = CROSSING.replace("nort", "north").replace("sout", "south")
    assert faults(tmp_path, text) == [(6, "signals.west")]
    draw(write(tmp_path, text.replace("blue", "red")))
