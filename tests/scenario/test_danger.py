"""Shares of danger on scenarios whose shares are known beforehand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import sim.danger
import sim.scenario.shares
from sim.danger import Danger, entry_of, measure_danger, store
from sim.errors import ScenarioError
from sim.scenario.reader import load_scenario
from sim.scenario.shares import file_digest, load_shares
from tests.scenario.files import BASE, write

ROAD = "map: {road: straight, length: 300 m, lanes: 0+3, shoulder: 2 m}\nsetting: motorway\n"
EGO = "  ego: {kind: car, at: {lane: -2, s: 20 m}, speed: 20 m/s, goal: {lane: -2, s: 250 m}}\n"


def danger_of(folder: Path, actors: str, draws: int = 8) -> Danger:
    file = write(folder, f"name: Test\n{ROAD}actors:\n{EGO}{actors}end: {{after: 8 s}}\n")
    return measure_danger(load_scenario(file), draws, threads=1)


def test_an_empty_road_is_no_danger(tmp_path: Path) -> None:
    danger = danger_of(tmp_path, "  van: {kind: van, at: {lane: -3, s: 90 m}}\n")
    assert (danger.critical, danger.contact, danger.avoidable, danger.partners) == (0.0, 0.0, 1.0, {})


def test_a_standing_car_far_ahead_is_critical_and_avoidable(tmp_path: Path) -> None:
    danger = danger_of(tmp_path, "  van: {kind: van, at: {lane: -2, s: 140 m}}\n")
    assert (danger.critical, danger.contact, danger.avoidable) == (1.0, 1.0, 1.0)
    assert danger.by_evasion["evade_brake"] == 1.0
    assert danger.partners == {"van": 8}
    assert danger.warning == pytest.approx((4.0, 4.0, 4.0), abs=0.03)


def test_a_wall_that_appears_near_is_critical_and_not_avoidable(tmp_path: Path) -> None:
    wall = "".join(f"  v{i}: {{kind: van, at: {{lane: {i}, s: 34 m}}}}\n" for i in (-1, -2, -3))
    danger = danger_of(tmp_path, wall)
    assert (danger.critical, danger.avoidable) == (1.0, 0.0)


def test_the_best_evasion_counts(tmp_path: Path) -> None:
    oncoming = "  van: {kind: van, at: {lane: -2, s: 180 m}, faces: against, speed: 20 m/s}\n"
    danger = danger_of(tmp_path, oncoming)
    assert danger.by_evasion == {"evade_brake": 0.0, "evade_left": 1.0, "evade_right": 1.0}
    assert (danger.critical, danger.avoidable) == (1.0, 1.0)


def test_the_share_is_that_of_the_draws(tmp_path: Path) -> None:
    draws = 40
    file_danger = danger_of(tmp_path, "  van: {kind: van, at: {lane: choice(-2 x3 | -3), s: 140 m}}\n", draws)
    from sim.random import Stream

    scenario = load_scenario(tmp_path / "test.yaml")
    ahead = sum(scenario.draw(Stream(0, key)).actors[1].position.lane == -2 for key in range(draws))  # type: ignore[union-attr]
    assert 0 < ahead < draws
    assert file_danger.critical == file_danger.contact == ahead / draws


def test_shares_are_kept_with_what_they_were_measured_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "shares.json"
    monkeypatch.setattr(sim.scenario.shares, "shares_file", lambda: file)
    monkeypatch.setattr(sim.danger, "shares_file", lambda: file)
    assert load_shares() == {}
    scenario = write(tmp_path)
    nan = float("nan")
    entry = entry_of(Danger(0.81234, 0.7, 0.5, {}, {}, (nan, nan, nan)), scenario, 200, 3)
    assert entry["sha256"] == file_digest(scenario)
    store({"deer-at-night": entry, "of another time": entry})
    kept = load_shares()
    assert set(kept) == {"deer-at-night"}, "only the library's scenarios are kept"
    assert (kept["deer-at-night"]["critical"], kept["deer-at-night"]["draws"], kept["deer-at-night"]["seed"]) == (
        0.8123,
        200,
        3,
    )
    store({"car-door-opening": entry | {"critical": 0.5}})
    assert set(load_shares()) == {"car-door-opening", "deer-at-night"}
    assert json.loads(file.read_text())["car-door-opening"]["critical"] == 0.5


def test_a_damaged_file_of_shares_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "shares.json"
    file.write_text("{")
    monkeypatch.setattr(sim.scenario.shares, "shares_file", lambda: file)
    with pytest.raises(ScenarioError, match="Measure anew"):
        load_shares()


def test_a_digest_changes_with_what_is_driven_not_with_how_it_is_described(tmp_path: Path) -> None:
    first = file_digest(write(tmp_path))
    assert file_digest(write(tmp_path, "# a comment\n" + BASE.replace("name: Test", "name: Other\ntags: [a]"))) == first
    assert file_digest(write(tmp_path, BASE.replace("20 km/h", "21 km/h"))) != first
    assert file_digest(write(tmp_path, BASE.replace("over: 3 s", "over: 4 s"))) != first
