"""YAML scenarios on OpenDRIVE files."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.errors import ScenarioError
from sim.random import Stream
from sim.road.elements import Tunnel
from sim.scenario.reader import load_scenario
from sim.scenario.storyboard import LanePosition
from tests.scenario.files import BASE, changed, write

MAP = "map: {road: straight, length: 250 m, lanes: 1+1, parking: right, sidewalk: 2 m}"
LANE = '<lane id="{0}" type="{1}" level="false"><width sOffset="0" a="{2}" b="0" c="0" d="0"/></lane>'
TOWN = f"""<?xml version="1.0"?>
<OpenDRIVE>
  <header revMajor="1" revMinor="6" name="town"/>
  <road name="street" length="250" id="7" junction="-1">
    <planView><geometry s="0" x="100" y="50" hdg="0" length="250"><line/></geometry></planView>
    <lanes><laneSection s="0">
      <left>{LANE.format(1, "driving", 3.0)}</left>
      <center><lane id="0" type="none" level="false"/></center>
      <right>{LANE.format(-1, "driving", 3.0)}{LANE.format(-2, "parking", 2.5)}</right>
    </laneSection></lanes>
  </road>
</OpenDRIVE>
"""


def scenario_on(folder: Path, town: str, at: str = "{parking: right, s: 120 m}") -> Path:
    (folder / "maps").mkdir(exist_ok=True)
    (folder / "maps" / "town.xodr").write_text(town)
    text = changed(MAP, "map: {xodr: maps/town.xodr}")
    return write(folder, text.replace("{parking: right, s: 120 m}", at))


def test_actors_stand_on_the_files_lanes(tmp_path: Path) -> None:
    scenario = load_scenario(scenario_on(tmp_path, TOWN))
    assert scenario.inputs == (tmp_path / "test.yaml", (tmp_path / "maps" / "town.xodr").resolve())
    world = scenario.draw(Stream(0, 0))
    assert list(world.network.roads) == ["7"]
    ego, van = (a.position for a in world.actors)
    assert isinstance(ego, LanePosition) and (ego.road, ego.lane, ego.s) == ("7", -1, 20.0)
    assert isinstance(van, LanePosition) and van.lane == -2
    road = world.network.roads["7"]
    at = road.pose(ego.s, road.lane_center(ego.lane, ego.s))
    assert (at.x, at.y) == pytest.approx((120.0, 48.5))
    assert load_scenario(tmp_path / "test.yaml").rebuild(world.record).actors == world.actors


@pytest.mark.parametrize(
    "at", ["{lane: -1, road: 8, s: 120 m}", "{lane: -5, s: 120 m}", "{lane: -1, s: 260 m}", "{sidewalk: left, s: 9 m}"]
)
def test_places_that_the_file_does_not_have(tmp_path: Path, at: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        load_scenario(scenario_on(tmp_path, TOWN, at)).draw(Stream(0, 0))
    assert (caught.value.line, caught.value.path) == (6, "actors.van.at")
    assert caught.value.hint


@pytest.mark.parametrize("cut", [200, len(TOWN) // 2, len(TOWN) - 20])
def test_a_truncated_map_is_named_with_its_line(tmp_path: Path, cut: int) -> None:
    with pytest.raises(ScenarioError) as caught:
        load_scenario(scenario_on(tmp_path, TOWN[:cut])).draw(Stream(0, 0))
    assert caught.value.file is not None and caught.value.file.endswith("town.xodr")
    assert caught.value.line is not None


def test_a_map_without_lanes(tmp_path: Path) -> None:
    bare = (
        TOWN.replace(LANE.format(1, "driving", 3.0), "").split("<right>")[0]
        + "</laneSection></lanes></road></OpenDRIVE>"
    )
    with pytest.raises(ScenarioError):
        load_scenario(scenario_on(tmp_path, bare)).draw(Stream(0, 0))


def test_a_map_leaves_no_room_for_other_words(tmp_path: Path) -> None:
    (tmp_path / "town.xodr").write_text(TOWN)
    with pytest.raises(ScenarioError, match="does not go with xodr") as caught:
        load_scenario(write(tmp_path, BASE.replace(MAP, "map: {xodr: town.xodr, lanes: 1+1}")))
    assert caught.value.path == "map"


def test_what_the_file_holds_and_no_one_uses_is_noted(tmp_path: Path) -> None:
    path = scenario_on(tmp_path, TOWN.replace("</OpenDRIVE>", "<station/></OpenDRIVE>"))
    assert [note.message for note in load_scenario(path).notes] == ["element station is not used"]
    with pytest.raises(ScenarioError, match="station"):
        load_scenario(path, strict=True)


def test_tunnels_of_a_file(tmp_path: Path) -> None:
    """The element of its own, and objects of that type."""
    objects = (
        '<objects><tunnel id="1" name="t" type="standard" s="20" length="60" lighting="0"/>'
        '<object id="2" type="tunnel" name="u" s="120" t="0" length="50"/></objects></road>'
    )
    world = load_scenario(scenario_on(tmp_path, TOWN.replace("</road>", objects))).draw(Stream(0, 0))
    assert world.network.roads["7"].tunnels == [Tunnel(20.0, 60.0, False), Tunnel(120.0, 50.0)]
