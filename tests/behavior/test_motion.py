"""Scripted motion against closed form: speed shapes, lane changes, distances, ends of roads."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from tests.behavior.run import Run, run
from tests.scenario.openx import (
    LANES,
    car_xml,
    event_xml,
    map_xml,
    road_xml,
    scenario_xml,
    speed_xml,
    story_xml,
    teleport_xml,
    time_xml,
    trigger_xml,
)

START = 1.01
"""First state after an event at 1 s [s]."""


def after(
    action: str, init: dict[str, str] | None = None, entities: str | None = None, actors: tuple[str, ...] = ("Ego",)
) -> str:
    """A scenario in which an action begins at 1 s."""
    return scenario_xml(
        init=init, entities=entities, story=story_xml(event_xml("go", action, trigger_xml(time_xml(1.0))), actors)
    )


def at(run_: Run, values: np.ndarray, time: float, name: str = "Ego") -> float:
    """An actor's value at a time."""
    return float(run_.of(values, name)[round(time / 0.01)])


# --- speed --------------------------------------------------------------------------------------------------------------

SHAPES = {
    "linear": lambda f: f,
    "sinusoidal": lambda f: (1 - math.cos(math.pi * f)) / 2,
    "cubic": lambda f: f * f * (3 - 2 * f),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_speed_over_time(tmp_path: Path, shape: str) -> None:
    found = run(tmp_path, after(speed_xml(20.0, shape, "time", 4.0)), 6.0)
    for f in (0.0, 0.25, 0.5, 0.75, 1.0):
        assert at(found, found.speed, 1.0 + 4.0 * f) == pytest.approx(10.0 + 10.0 * SHAPES[shape](f), abs=0.06)
    assert at(found, found.speed, 6.0) == pytest.approx(20.0)
    assert at(found, found.s, 5.0) == pytest.approx(50.0 + 10.0 + 15.0 * 4.0, abs=0.25)  # all shapes have the same mean


def test_speed_by_rate(tmp_path: Path) -> None:
    found = run(tmp_path, after(speed_xml(4.0, "linear", "rate", 3.0)), 4.0)
    assert at(found, found.speed, 2.0) == pytest.approx(7.0, abs=0.04)
    assert at(found, found.speed, 3.1) == pytest.approx(4.0, abs=1e-4)


def test_nobody_drives_on_where_there_are_no_roads(tmp_path: Path) -> None:
    """The default controller keeps a lane: without any it stops."""
    place = '<PrivateAction><TeleportAction><Position><WorldPosition x="5" y="{}" h="0.5"/></Position></TeleportAction></PrivateAction>'
    text = scenario_xml(init={"Ego": place.format(2) + speed_xml(10)})
    found = run(tmp_path, text.replace('<LogicFile filepath="map.xodr"/>', ""), 0.5)
    assert found.of(found.pos)[-1, :2] == pytest.approx((5.0, 2.0))
    assert found.of(found.speed)[-1] == 0.0


@pytest.mark.parametrize(("offset", "stops"), [(6.0, True), (5.0, False)])
def test_off_the_road_is_beside_its_outermost_lane(tmp_path: Path, offset: float, stops: bool) -> None:
    """From t = -1.75 m a step to the left by 5.25 m is where the road ends; whoever is beyond it for a second brakes."""
    aside = (
        '<PrivateAction><LateralAction><LaneOffsetAction continuous="false"><LaneOffsetActionDynamics dynamicsShape="step"/>'
        f'<LaneOffsetTarget><AbsoluteTargetLaneOffset value="{offset}"/></LaneOffsetTarget></LaneOffsetAction></LateralAction>'
        "</PrivateAction>"
    )
    off = (
        '<Condition name="off" delay="0" conditionEdge="none"><ByEntityCondition><TriggeringEntities triggeringEntitiesRule="any">'
        '<EntityRef entityRef="Ego"/></TriggeringEntities><EntityCondition><OffroadCondition duration="1"/></EntityCondition>'
        "</ByEntityCondition></Condition>"
    )
    events = event_xml("aside", aside, trigger_xml(time_xml(1.0))) + event_xml("stop", speed_xml(0.0), trigger_xml(off))
    found = run(tmp_path, scenario_xml(story=story_xml(events)), 3.0)
    assert at(found, found.t, 1.5) == pytest.approx(offset - 1.75, abs=1e-3)
    assert at(found, found.speed, 1.98) == pytest.approx(10.0)
    assert at(found, found.speed, 2.05) == pytest.approx(0.0 if stops else 10.0)


def test_a_whole_number_of_steps_falls_just_short_of_a_traveled_distance(tmp_path: Path) -> None:
    """After 50 steps of 0.1 m a player's sum is a hair under 5 m, on a bend as on a straight road: the event begins a tick later."""
    gone = (
        '<Condition name="gone" delay="0" conditionEdge="none"><ByEntityCondition><TriggeringEntities triggeringEntitiesRule="any">'
        '<EntityRef entityRef="Ego"/></TriggeringEntities><EntityCondition><TraveledDistanceCondition value="5"/></EntityCondition>'
        "</ByEntityCondition></Condition>"
    )
    found = run(tmp_path, scenario_xml(story=story_xml(event_xml("go", speed_xml(3.0), trigger_xml(gone)))), 1.0)
    assert at(found, found.speed, 0.51) == pytest.approx(10.0)
    assert at(found, found.speed, 0.52) == pytest.approx(3.0)


def test_speed_over_distance(tmp_path: Path) -> None:
    found = run(tmp_path, after(speed_xml(20.0, "linear", "distance", 60.0)), 6.0)
    reached = int(np.argmax(found.of(found.speed) >= 20.0 - 1e-3))
    assert found.of(found.s)[reached] - 60.0 == pytest.approx(60.0, abs=0.4)


def test_speed_stays_within_the_performance(tmp_path: Path) -> None:
    """The car brakes at most at 10 m/s^2, whatever the action asks for."""
    found = run(tmp_path, after(speed_xml(0.0, "linear", "time", 0.2)), 3.0)
    slope = np.diff(found.of(found.speed)) / 0.01
    assert slope.min() == pytest.approx(-10.0, abs=0.02)
    assert at(found, found.speed, 2.1) == pytest.approx(0.0, abs=1e-3)


def test_a_relative_speed_follows_its_entity(tmp_path: Path) -> None:
    target = (
        '<PrivateAction><LongitudinalAction><SpeedAction><SpeedActionDynamics dynamicsShape="step" dynamicsDimension="time" value="0"/>'
        '<SpeedActionTarget><RelativeTargetSpeed entityRef="Lead" value="2" speedTargetValueType="delta" continuous="true"/>'
        "</SpeedActionTarget></SpeedAction></LongitudinalAction></PrivateAction>"
    )
    events = event_xml("follow", target, trigger_xml(time_xml(0)))
    lead = story_xml(
        event_xml("lead", speed_xml(3, "linear", "rate", 2), trigger_xml(time_xml(1.0))), ("Lead",)
    ).replace('"story"', '"other"')
    init = {"Ego": teleport_xml() + speed_xml(10), "Lead": teleport_xml(200) + speed_xml(8)}
    found = run(
        tmp_path,
        scenario_xml(entities=car_xml("Ego") + car_xml("Lead"), init=init, story=story_xml(events) + lead),
        3.0,
    )
    assert at(found, found.speed, 0.5) == pytest.approx(10.0)
    assert at(found, found.speed, 2.0) == pytest.approx(8.0, abs=0.05)


# --- across the lane ----------------------------------------------------------------------------------------------------


def lane_change(shape: str, dimension: str, value: float, target: int = -2) -> str:
    return (
        f"<PrivateAction><LateralAction><LaneChangeAction>"
        f'<LaneChangeActionDynamics dynamicsShape="{shape}" dynamicsDimension="{dimension}" '
        f'value="{value}"/><LaneChangeTarget><AbsoluteTargetLane value="{target}"/></LaneChangeTarget></LaneChangeAction></LateralAction>'
        "</PrivateAction>"
    )


@pytest.mark.parametrize("shape", SHAPES)
def test_lane_change_over_time(tmp_path: Path, shape: str) -> None:
    found = run(tmp_path, after(lane_change(shape, "time", 3.0)), 5.0)
    for f in (0.25, 0.5, 0.75):
        assert at(found, found.t, 1.0 + 3.0 * f) == pytest.approx(-1.75 - 3.5 * SHAPES[shape](f), abs=0.05)
    assert at(found, found.t, 4.1) == pytest.approx(-5.25, abs=1e-4)
    assert at(found, found.lane, 4.1) == -2
    way = np.hypot(*np.diff(found.of(found.pos)[:, :2], axis=0).T).sum()
    assert way == pytest.approx(10.0 * 5.0, abs=0.02)  # the speed holds along the path, not along the road


def test_lane_change_turns_the_heading(tmp_path: Path) -> None:
    found = run(tmp_path, after(lane_change("linear", "distance", 35.0)), 5.0)
    assert at(found, found.heading, 2.5) == pytest.approx(-math.atan(0.1), abs=1e-4)
    assert at(found, found.heading, 4.8) == pytest.approx(0.0, abs=1e-5)


def test_lane_change_by_rate_has_its_greatest_rate(tmp_path: Path) -> None:
    found = run(tmp_path, after(lane_change("sinusoidal", "rate", 1.4)), 6.0)
    rate = -np.diff(found.of(found.t)) / 0.01
    assert rate.max() == pytest.approx(1.4, abs=0.02)


def test_lane_offset_keeps_to_its_lateral_acceleration(tmp_path: Path) -> None:
    action = (
        '<PrivateAction><LateralAction><LaneOffsetAction continuous="false"><LaneOffsetActionDynamics dynamicsShape="sinusoidal" '
        'maxLateralAcc="0.5"/><LaneOffsetTarget><AbsoluteTargetLaneOffset value="-1.0"/></LaneOffsetTarget></LaneOffsetAction>'
        "</LateralAction></PrivateAction>"
    )
    found = run(tmp_path, after(action), 6.0)
    t = found.of(found.t).astype(float)
    assert t[-1] == pytest.approx(-2.75, abs=1e-4)
    bend = (t[20::10] - 2 * t[10:-10:10] + t[:-20:10]) / 0.1**2
    assert np.abs(bend[9:-9]).max() == pytest.approx(0.5, rel=0.15)


# --- distances ----------------------------------------------------------------------------------------------------------


def keep(distance: float, freespace: str, limits: str = "", continuous: str = "true") -> str:
    return (
        f'<PrivateAction><LongitudinalAction><LongitudinalDistanceAction entityRef="Lead" distance="{distance}" freespace="{freespace}" '
        f'continuous="{continuous}" displacement="trailingReferencedEntity">'
        f"{limits}</LongitudinalDistanceAction></LongitudinalAction></PrivateAction>"
    )


@pytest.mark.parametrize(("freespace", "apart"), [("false", 20.0), ("true", 24.0)])
def test_a_distance_without_limits_is_taken_at_once(tmp_path: Path, freespace: str, apart: float) -> None:
    init = {"Ego": teleport_xml(50) + speed_xml(10), "Lead": teleport_xml(120) + speed_xml(10)}
    found = run(tmp_path, after(keep(20.0, freespace), init, car_xml("Ego") + car_xml("Lead")), 2.0)
    assert at(found, found.s, 1.5, "Lead") - at(found, found.s, 1.5) == pytest.approx(apart, abs=0.12)


def test_a_distance_with_limits_is_approached(tmp_path: Path) -> None:
    limits = '<DynamicConstraints maxAcceleration="3" maxDeceleration="4" maxSpeed="30"/>'
    init = {"Ego": teleport_xml(50) + speed_xml(10), "Lead": teleport_xml(120) + speed_xml(10)}
    found = run(tmp_path, scenario_xml(
        init=init, entities=car_xml("Ego") + car_xml("Lead"), stop=trigger_xml(time_xml(40), tag="StopTrigger"),
        story=story_xml(event_xml("go", keep(20.0, "false", limits), trigger_xml(time_xml(1.0)))),
    ), 14.0)  # fmt: skip
    slope = np.diff(found.of(found.speed)) / 0.01
    assert slope.max() <= 3.0 + 1e-2 and slope.min() >= -4.0 - 1e-2
    assert at(found, found.s, 14.0, "Lead") - at(found, found.s, 14.0) == pytest.approx(20.0, abs=0.5)


def test_limits_do_not_exceed_what_the_car_can(tmp_path: Path) -> None:
    """Its performance is 10 m/s^2 both ways: it holds where constraints say more, and where they say nothing."""
    init = {"Ego": teleport_xml(50) + speed_xml(10), "Lead": teleport_xml(200) + speed_xml(10)}
    limits = '<DynamicConstraints maxAcceleration="30"/>'
    found = run(tmp_path, after(keep(5.0, "false", limits), init, car_xml("Ego") + car_xml("Lead")), 9.0)
    slope = np.diff(found.of(found.speed)) / 0.01
    assert slope.max() == pytest.approx(10.0, abs=0.02) and slope.min() == pytest.approx(-10.0, abs=0.02)


# --- roads --------------------------------------------------------------------------------------------------------------


def test_a_car_in_a_bend_covers_its_speed(tmp_path: Path) -> None:
    """On the outside of an arc s grows slower than the way, on the inside faster; the heading turns with the road."""
    bend = map_xml(road_xml('<geometry s="0" x="0" y="0" hdg="0" length="500"><arc curvature="0.01"/></geometry>'))
    found = run(tmp_path, scenario_xml(), 4.0, bend)
    steps = np.hypot(*np.diff(found.of(found.pos)[:, :2], axis=0).T)
    assert steps.sum() == pytest.approx(40.0, abs=0.01)
    assert at(found, found.s, 4.0) - 50.0 == pytest.approx(40.0 / (1 + 0.01 * 1.75), abs=0.01)
    assert at(found, found.heading, 4.0) == pytest.approx(at(found, found.s, 4.0) * 0.01, abs=1e-4)


def test_a_car_stops_at_the_end_of_its_road(tmp_path: Path) -> None:
    found = run(tmp_path, scenario_xml(init={"Ego": teleport_xml(480) + speed_xml(10)}), 4.0)
    assert found.of(found.s)[-1] == pytest.approx(500.0, abs=0.11)
    assert found.of(found.speed)[-1] == 0.0


def test_a_car_goes_on_over_joined_roads_of_either_direction(tmp_path: Path) -> None:
    """Road 0 leads to the end of road 1, which runs the other way: s falls there, the car goes straight on."""
    own = '<link><successor elementType="road" elementId="1" contactPoint="end"/></link>'
    other = '<link><successor elementType="road" elementId="0" contactPoint="end"/></link>'
    link = '<width sOffset="0" a="3.5" b="0" c="0" d="0"/>'
    lanes = LANES.replace(
        f'<lane id="-1" type="driving">{link}', f'<lane id="-1" type="driving"><link><successor id="1"/></link>{link}'
    )
    back = '<geometry s="0" x="200" y="0" hdg="3.141592653589793" length="100"><line/></geometry>'
    first = road_xml(
        '<geometry s="0" x="0" y="0" hdg="0" length="100"><line/></geometry>', lanes, length=100, extra=own
    )
    second = road_xml(back, LANES, road_id="1", length=100, extra=other)
    found = run(tmp_path, scenario_xml(init={"Ego": teleport_xml(80) + speed_xml(10)}), 5.0, map_xml(first, second))
    x, y, _ = found.of(found.pos)[-1]
    assert (x, y) == (pytest.approx(130.0, abs=1e-3), pytest.approx(-1.75, abs=1e-4))
    assert found.of(found.road)[-1] == 1 and found.of(found.lane)[-1] == 1
    assert found.of(found.s)[-1] == pytest.approx(70.0, abs=1e-3)
    assert at(found, found.heading, 5.0) == pytest.approx(0.0, abs=1e-5)


def test_actors_stand_on_pavements(tmp_path: Path) -> None:
    walk = LANES.replace('<lane id="-2" type="driving">', '<lane id="-2" type="sidewalk">').replace(
        '</lane></right>', '<height sOffset="0" inner="0.15" outer="0.15"/></lane></right>'
    )  # fmt: skip
    found = run(
        tmp_path,
        scenario_xml(init={"Ego": teleport_xml(50, lane="-2") + speed_xml(1)}),
        0.5,
        map_xml(road_xml(lanes=walk)),
    )
    assert found.of(found.pos)[:, 2] == pytest.approx(0.15)
