"""Ways over a network: through junctions, over lane changes, against the direction of s."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sim.errors import ScenarioError
from sim.road.network import RoadNetwork
from sim.road.route import plan_route, route_polyline
from sim.scenario.opendrive import load_opendrive
from tests.behavior.test_trajectories import crossing
from tests.scenario.openx import map_xml


@pytest.fixture(scope="module")
def junction(tmp_path_factory: pytest.TempPathFactory) -> RoadNetwork:
    file = tmp_path_factory.mktemp("map") / "map.xodr"
    file.write_text(crossing())
    return load_opendrive(file)


@pytest.mark.parametrize(("goal", "through"), [("1", "3"), ("4", "2")])
def test_the_way_leads_through_the_connecting_road(junction: RoadNetwork, goal: str, through: str) -> None:
    ids = [road.id for road in junction.order]
    legs = plan_route(junction, (ids.index("0"), -1, 10.0), (ids.index(goal), -1, 50.0))
    assert [ids[leg.road] for leg in legs] == ["0", through, goal]
    line = route_polyline(junction, legs)
    assert (legs[0].s0, legs[-1].s1) == (10.0, 50.0)
    steps = np.hypot(*np.diff(line[:, :2], axis=0).T)
    assert steps.max() < 2.5
    ways = np.arctan2(np.diff(line[:, 1]), np.diff(line[:, 0]))
    middle = (line[1:, 3] + line[:-1, 3]) / 2
    assert np.abs(np.angle(np.exp(1j * (ways - middle)))).max() < 0.02


def test_lane_changes_and_oncoming_lanes(tmp_path: Path) -> None:
    file = tmp_path / "map.xodr"
    file.write_text(map_xml())
    network = load_opendrive(file)
    legs = plan_route(network, (0, -1, 10.0), (0, -2, 200.0))
    assert legs[-1].lane == -2
    back = plan_route(network, (0, 1, 200.0), (0, 1, 10.0))
    line = route_polyline(network, back)
    assert line[0, 0] > line[-1, 0] and abs(abs(line[0, 3]) - np.pi) < 1e-9
    with pytest.raises(ScenarioError, match="no way"):
        plan_route(network, (0, -1, 10.0), (0, 1, 200.0))
