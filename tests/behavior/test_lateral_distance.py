"""LateralDistanceAction against closed form: at once, at a greatest speed, by a spring."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from tests.behavior.run import Run, run
from tests.behavior.test_motion import after, at
from tests.scenario.openx import car_xml, speed_xml, teleport_xml

APART = 3.5
"""Between the centres of the lanes that the two cars begin on [m]."""


def beside(
    folder: Path, distance: float, limits: str = "", side: str = "left", more: str = "", lane: str = "-1"
) -> Run:
    """The ego begins to keep beside the other car at 1 s; both drive at 10 m/s."""
    constraints = f"<DynamicConstraints {limits}/>" if limits else ""
    options = 'freespace="false" continuous="true" coordinateSystem="road"'
    action = (
        f'<PrivateAction><LateralAction><LateralDistanceAction entityRef="Other" distance="{distance}" {more or options} '
        f'displacement="{side}ToReferencedEntity">{constraints}</LateralDistanceAction></LateralAction></PrivateAction>'
    )
    init = {"Ego": teleport_xml(50, lane) + speed_xml(10), "Other": teleport_xml(52, "-2") + speed_xml(10)}
    return run(folder, after(action, init=init, entities=car_xml("Ego") + car_xml("Other")), 5.0)


def gap(found: Run, time: float) -> float:
    """How far the ego is left of the other car."""
    return at(found, found.t, time) - at(found, found.t, time, "Other")


def test_without_limits_the_distance_is_there_at_once(tmp_path: Path) -> None:
    found = beside(tmp_path, 2.0)
    assert gap(found, 1.0) == pytest.approx(APART)
    assert gap(found, 1.05) == pytest.approx(2.0, abs=1e-4)
    assert at(found, found.pos[..., 1], 3.0) == pytest.approx(-5.25 + 2.0, abs=1e-4)
    assert at(found, found.heading, 3.0) == pytest.approx(0.0, abs=1e-4)


def test_without_limits_the_ego_changes_to_the_lane_that_it_is_put_on(tmp_path: Path) -> None:
    """Right of the other car's line it is in that car's lane, and goes on along it."""
    options = 'freespace="false" continuous="false" coordinateSystem="road"'
    for more in (options, options.replace('"false" coord', '"true" coord')):
        found = beside(tmp_path, 1.0, side="right", more=more)
        assert at(found, found.lane, 0.9) == -1
        assert at(found, found.lane, 1.1) == -2 and at(found, found.lane, 4.0) == -2
        assert gap(found, 4.0) == pytest.approx(-1.0, abs=1e-3)


def test_free_space_is_between_the_sides(tmp_path: Path) -> None:
    found = beside(tmp_path, 0.5, more='freespace="true" continuous="true" coordinateSystem="road"')
    assert gap(found, 2.0) == pytest.approx(0.5 + 1.8, abs=1e-4)


def test_a_greatest_speed_across_is_taken_from_the_speed_along(tmp_path: Path) -> None:
    found = beside(tmp_path, 2.0, 'maxSpeed="1"')
    slope = np.diff(found.of(found.t)[110:200]) / 0.01
    assert slope == pytest.approx(-1.0, abs=2e-3)
    assert np.diff(found.of(found.s)[110:200]) / 0.01 == pytest.approx(math.sqrt(99), abs=1e-2)
    assert at(found, found.heading, 2.0) == pytest.approx(-math.asin(0.1), abs=1e-3)
    assert gap(found, 2.0) == pytest.approx(APART - 1.0, abs=0.03)
    assert gap(found, 4.0) == pytest.approx(2.0, abs=1e-3)
    assert at(found, found.heading, 4.0) == pytest.approx(0.0, abs=1e-3)


def test_an_acceleration_makes_it_a_critically_damped_spring(tmp_path: Path) -> None:
    """Angular frequency sqrt(0.4 a): the rest of 1.5 m is 1.5 (1 + w t) exp(-w t)."""
    found = beside(tmp_path, 2.0, 'maxAcceleration="10"')
    for t in (0.5, 1.0, 2.0):
        assert gap(found, 1.01 + t) == pytest.approx(2.0 + 1.5 * (1 + 2 * t) * math.exp(-2 * t), abs=0.03)


def test_it_ends_once_there_unless_continuous(tmp_path: Path) -> None:
    """To the right of the other car, from its left; then the ego goes on along what is now its lane."""
    found = beside(
        tmp_path, 1.0, 'maxSpeed="3"', "right", 'freespace="false" continuous="false" coordinateSystem="road"'
    )
    assert gap(found, 4.0) == pytest.approx(-1.0, abs=0.02)
    assert at(found, found.lane, 4.0) == -2
    assert found.when("go action", 3) == pytest.approx(1.0 + 4.5 / 3.0, abs=0.05)
