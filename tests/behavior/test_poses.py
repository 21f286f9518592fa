"""Positions with a height, a pitch or a roll of their own: whoever stands there keeps them until it moves."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from sim.rotation import quaternion
from tests.behavior.run import run
from tests.scenario.openx import event_xml, scenario_xml, speed_xml, story_xml, teleport_xml, time_xml, trigger_xml

POSED = '<WorldPosition x="20" y="-1.75" z="10" h="0.4" p="0.3" r="0.2"/>'


def put_xml(place: str) -> str:
    """A TeleportAction."""
    return f"<PrivateAction><TeleportAction><Position>{place}</Position></TeleportAction></PrivateAction>"


def same(rotation: np.ndarray, yaw: float, pitch: float, roll: float) -> bool:
    """Whether a quaternion is a rotation by these angles."""
    return abs(float(np.dot(rotation, quaternion(yaw, pitch, roll)))) == pytest.approx(1.0, abs=1e-5)


@pytest.mark.parametrize("later", [False, True])
def test_a_pose_of_ones_own_is_kept_until_one_moves(tmp_path: Path, later: bool) -> None:
    init = {"Ego": teleport_xml() + speed_xml(0)} if later else {"Ego": put_xml(POSED) + speed_xml(0)}
    events = event_xml("go", speed_xml(5.0), trigger_xml(time_xml(2.0)), priority="parallel")
    if later:
        events += event_xml("put", put_xml(POSED), trigger_xml(time_xml(0.5)), priority="parallel")
    found = run(tmp_path, scenario_xml(init=init, story=story_xml(events)), 1.5)
    assert found.of(found.pos)[-1] == pytest.approx((20.0, -1.75, 10.0), abs=1e-4)
    assert same(found.batch.state.rot.numpy()[0][0], 0.4, 0.3, 0.2)
    moving = run(tmp_path, scenario_xml(init=init, story=story_xml(events)), 2.5)
    assert moving.of(moving.pos)[-1, 2] == pytest.approx(0.0, abs=1e-4)
    assert moving.of(moving.pos)[-1, 0] > 21.0


def test_who_is_put_on_its_side_lies_there(tmp_path: Path) -> None:
    """Relative to itself: rolled by a quarter; then a metre up in its own frame is a metre to the right."""
    fall = '<RelativeObjectPosition entityRef="Ego" dx="0" dy="0" dz="0"><Orientation type="relative" r="{}"/></RelativeObjectPosition>'
    events = event_xml("fall", put_xml(fall.format(math.pi / 2)), trigger_xml(time_xml(0.5)))
    events += event_xml(
        "rise", put_xml(fall.format(-math.pi / 2).replace('dz="0"', 'dz="1"')), trigger_xml(time_xml(1.0))
    )
    init = {"Ego": teleport_xml() + speed_xml(0)}
    lying = run(tmp_path, scenario_xml(init=init, story=story_xml(events)), 0.9)
    assert same(lying.batch.state.rot.numpy()[0][0], 0.0, 0.0, math.pi / 2)
    risen = run(tmp_path, scenario_xml(init=init, story=story_xml(events)), 1.4)
    assert same(risen.batch.state.rot.numpy()[0][0], 0.0, 0.0, 0.0)
    assert risen.of(risen.pos)[-1] == pytest.approx((50.0, -2.75, 0.0), abs=1e-3)
