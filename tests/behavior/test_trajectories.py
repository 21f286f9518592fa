"""Trajectories, synchronisation and routes."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from tests.behavior.run import run
from tests.behavior.test_motion import after, at
from tests.scenario.openx import (
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

NO_TIME = "<TimeReference><None/></TimeReference>"
TIMED = '<TimeReference><Timing domainAbsoluteRelative="relative" scale="1" offset="0"/></TimeReference>'


def world(x: float, y: float, heading: str = "") -> str:
    return f'<Position><WorldPosition x="{x}" y="{y}"{heading and f" h={chr(34)}{heading}{chr(34)}"}/></Position>'


def follow(shape: str, time: str = NO_TIME, mode: str = "position", offset: float = 0.0) -> str:
    return (
        f'<PrivateAction><RoutingAction><FollowTrajectoryAction initialDistanceOffset="{offset}"><TrajectoryRef>'
        f'<Trajectory name="way" closed="false"><Shape>{shape}</Shape></Trajectory></TrajectoryRef>{time}'
        f'<TrajectoryFollowingMode followingMode="{mode}"/></FollowTrajectoryAction></RoutingAction></PrivateAction>'
    )


def polyline(
    *points: tuple[float, float], times: tuple[float, ...] | None = None, headings: tuple[str, ...] | None = None
) -> str:
    rows = []
    for i, (x, y) in enumerate(points):
        time = f' time="{times[i]}"' if times else ""
        rows.append(f"<Vertex{time}>{world(x, y, headings[i] if headings else '')}</Vertex>")
    return f"<Polyline>{''.join(rows)}</Polyline>"


def test_a_polyline_at_the_own_speed(tmp_path: Path) -> None:
    found = run(tmp_path, after(follow(polyline((60, -1.75), (90, -1.75), (90, 38.25)))), 9.0)
    assert found.of(found.pos)[round(1.01 / 0.01)][:2] == pytest.approx((60.1, -1.75), abs=1e-3)
    assert found.of(found.pos)[400 + 50][:2] == pytest.approx((90.0, -1.75 + 5.0), abs=0.02)
    assert at(found, found.heading, 3.7) == pytest.approx(0.0, abs=1e-4)
    assert at(found, found.heading, 4.0) == pytest.approx(math.pi / 4, abs=0.03)
    assert at(found, found.heading, 4.4) == pytest.approx(math.pi / 2, abs=1e-4)


def test_explicit_headings_hold(tmp_path: Path) -> None:
    found = run(tmp_path, after(follow(polyline((60, -1.75), (100, -1.75), headings=("0.5", "0.5")))), 4.0)
    assert at(found, found.heading, 2.0) == pytest.approx(0.5, abs=1e-5)


def test_a_timed_polyline_reaches_its_vertices_in_time(tmp_path: Path) -> None:
    shape = polyline((60, -1.75), (80, -1.75), (110, -1.75), times=(0.0, 1.0, 2.0))
    found = run(tmp_path, after(follow(shape, TIMED)), 4.0)
    assert at(found, found.pos[..., 0], 2.0) == pytest.approx(80.0, abs=0.01)
    assert at(found, found.pos[..., 0], 3.0) == pytest.approx(110.0, abs=0.01)
    assert at(found, found.speed, 1.5) == pytest.approx(20.0, abs=0.01)
    assert at(found, found.speed, 3.5) == pytest.approx(30.0, abs=0.01)  # goes on as it was
    smooth = run(tmp_path, after(follow(shape, TIMED, "follow")), 4.0)
    assert at(smooth, smooth.pos[..., 0], 2.0) == pytest.approx(80.0, abs=0.02)
    assert at(smooth, smooth.speed, 1.5) == pytest.approx(20.0, abs=0.2)  # from 10 m/s by 20 m/s^2
    assert at(smooth, smooth.speed, 1.9) == pytest.approx(28.0, abs=0.3)


def test_clothoids_and_splines(tmp_path: Path) -> None:
    arc = f'<Clothoid curvature="0.02" curvaturePrime="0" length="60">{world(60, 0, "0")}</Clothoid>'
    found = run(tmp_path, after(follow(arc)), 5.0)
    turned = 30.0 * 0.02
    assert found.of(found.pos)[400][:2] == pytest.approx(
        (60 + 50 * math.sin(turned), 50 * (1 - math.cos(turned))), abs=0.01
    )
    assert at(found, found.heading, 4.0) == pytest.approx(turned, abs=1e-3)
    spline = (
        '<ClothoidSpline><ClothoidSplineSegment curvatureStart="0" curvatureEnd="0" length="10"/>'
        '<ClothoidSplineSegment curvatureStart="0.05" curvatureEnd="0.05" length="40"/></ClothoidSpline>'
    )
    begun = run(tmp_path, after(follow(spline)), 3.0)  # begins where the car is
    turned = 10.0 * 0.05
    assert begun.of(begun.pos)[300][:2] == pytest.approx(
        (70 + 20 * math.sin(turned), -1.75 + 20 * (1 - math.cos(turned))), abs=0.02
    )


def test_nurbs_pass_their_ends(tmp_path: Path) -> None:
    points = ((60, -1.75), (80, -1.75), (80, 5.0), (100, 5.0))
    control = "".join(f"<ControlPoint>{world(x, y)}</ControlPoint>" for x, y in points)
    knots = "".join(f'<Knot value="{k}"/>' for k in (0, 0, 0, 0, 1, 1, 1, 1))
    found = run(tmp_path, after(follow(f'<Nurbs order="4">{control}{knots}</Nurbs>')), 6.0)
    path = found.of(found.pos)[101:, :2]
    middle = np.array([(60 + 3 * 80 + 3 * 80 + 100) / 8, (-1.75 * 4 + 5 * 4) / 8])  # Bezier curve at one half
    assert np.hypot(*(path - middle).T).min() < 0.06
    assert np.hypot(*(path - points[-1]).T).min() < 0.06


def test_nurbs_headings_are_linear_along_chords(tmp_path: Path) -> None:
    """A parabola x = 40 u, y = 20 u^2, whose slope is u, in 49 chords (the control polygon's length in metres, rounded up)."""
    control = "".join(f"<ControlPoint>{world(x, y)}</ControlPoint>" for x, y in ((60, 0), (80, 0), (100, 20)))
    knots = "".join(f'<Knot value="{k}"/>' for k in (0, 0, 0, 1, 1, 1))
    found = run(tmp_path, after(follow(f'<Nurbs order="3">{control}{knots}</Nurbs>')), 6.0)
    u = (found.of(found.pos)[101:500, 0] - 60.0) / 40.0
    heading = found.of(found.heading)[101:500]
    first = u < 1 / 49
    assert heading[first] == pytest.approx(math.atan(1 / 49), abs=1e-3)
    assert heading[~first] == pytest.approx(np.arctan(u[~first]), abs=1e-3)
    way = (math.sqrt(2) + math.asinh(1.0)) / 2 * 40.0  # of the whole parabola
    assert np.hypot(*np.diff(found.of(found.pos)[101:500, :2], axis=0).T) == pytest.approx(0.1, abs=1e-3)
    assert at(found, found.pos[..., 0], 1.0 + way / 10.0) == pytest.approx(100.0, abs=0.1)


def test_who_walks_steps_onto_the_pavement_at_the_border(tmp_path: Path) -> None:
    """A border of 1 m between a lane of 3.5 m and a pavement of 2 m: its centre is nearer from t = -(1.75 + 5.5) / 2 on."""
    width = '<width sOffset="0" a="{}" b="0" c="0" d="0"/>'
    lanes = (
        f'<lanes><laneSection s="0"><center><lane id="0" type="none"/></center><right>'
        f'<lane id="-1" type="driving">{width.format(3.5)}</lane>'
        f'<lane id="-2" type="border">{width.format(1)}</lane><lane id="-3" type="sidewalk">{width.format(2)}'
        '<height sOffset="0" inner="0.2" outer="0.2"/></lane></right></laneSection></lanes>'
    )
    person = (
        car_xml("Ego")
        .replace("Vehicle", "Pedestrian")
        .replace("vehicleCategory", "pedestrianCategory")
        .replace('"car"', '"pedestrian"')
    )
    shape = polyline((60, -1.75), (60, -6.0))
    for entity, step in ((person, -3.625), (car_xml("Ego"), -4.5)):
        init = {"Ego": teleport_xml() + speed_xml(1)}
        found = run(tmp_path, after(follow(shape), init=init, entities=entity), 5.0, map_xml(road_xml(lanes=lanes)))
        y, z = found.of(found.pos)[102:, 1], found.of(found.pos)[102:, 2]
        assert z[y > step + 0.01] == pytest.approx(0.0)
        assert z[y < step - 0.01] == pytest.approx(0.2)


def test_a_relative_trajectory_lies_where_its_entity_is(tmp_path: Path) -> None:
    def vertex(dx: float, dy: float) -> str:
        return f'<Vertex><Position><RelativeObjectPosition entityRef="Ego" dx="{dx}" dy="{dy}"/></Position></Vertex>'

    shape = f"<Polyline>{vertex(0, 0)}{vertex(30, 3)}</Polyline>"
    found = run(tmp_path, after(follow(shape)), 3.0)
    along = 20.0 / math.hypot(30, 3)
    assert found.of(found.pos)[300][:2] == pytest.approx((60 + 30 * along, -1.75 + 3 * along), abs=0.01)


STRAIGHT_THEN_BEND = (
    '<geometry s="0" x="0" y="0" hdg="0" length="100"><line/></geometry>'
    '<geometry s="100" x="100" y="0" hdg="0" length="400"><arc curvature="0.01"/></geometry>'
)


def on_lane(s: float, offset: float) -> tuple[float, float]:
    """World place beside the centre of lane -1 of that road."""
    turn, radius = (s - 100.0) * 0.01, 100.0 + 1.75 - offset
    return (100.0 + radius * math.sin(turn), 100.0 - radius * math.cos(turn)) if turn > 0 else (s, offset - 1.75)


@pytest.mark.parametrize("shape", ["position", "follow", "nurbs"])
def test_a_trajectory_relative_to_a_lane_follows_the_road_from_where_it_starts(tmp_path: Path, shape: str) -> None:
    """At 4 s the car is at s = 90 m, 10 m before the bend, which was out of the trajectory's reach where the car was placed."""
    way = ((0, 0.0), (25, 1.0), (50, 2.0))
    places = [
        f'<Position><RelativeLanePosition entityRef="Ego" dLane="0" dsLane="{s}" offset="{t}"/></Position>'
        for s, t in way
    ]
    corners = [np.array(on_lane(90.0 + s, t)) for s, t in way]
    if shape == "nurbs":
        points = "".join(f"<ControlPoint>{place}</ControlPoint>" for place in places)
        points = f'<Nurbs order="3">{points}{"".join(f"<Knot value={chr(34)}{k}{chr(34)}/>" for k in (0, 0, 0, 1, 1, 1))}</Nurbs>'
        on_way = [(corners[0] + 2 * corners[1] + corners[2]) / 4, corners[2]]
    else:
        points = f"<Polyline>{''.join(f'<Vertex>{place}</Vertex>' for place in places)}</Polyline>"
        on_way = [(corners[0] + corners[1]) / 2, corners[1], corners[2]]
    story = story_xml(
        event_xml("go", follow(points, mode="position" if shape == "nurbs" else shape), trigger_xml(time_xml(4.0)))
    )
    found = run(tmp_path, scenario_xml(story=story), 9.5, map_xml(road_xml(STRAIGHT_THEN_BEND)))
    path = found.of(found.pos)[401:, :2]
    assert path[0] == pytest.approx((90.1, -1.75), abs=0.02)
    for point in on_way:
        assert np.hypot(*(path - point).T).min() < 0.06
    if shape == "position":
        between = math.atan2(*(corners[1] - corners[0])[::-1])
        assert at(found, found.heading, 5.0) == pytest.approx(between, abs=1e-3)


def synchronise(final: str = "") -> str:
    place = '<Position><LanePosition roadId="0" laneId="{}" s="{}"/></Position>'
    return (
        f'<PrivateAction><SynchronizeAction masterEntityRef="Master"><TargetPositionMaster>{place.format(-1, 200)}</TargetPositionMaster>'
        f"<TargetPosition>{place.format(-2, 160)}</TargetPosition>{final}</SynchronizeAction></PrivateAction>"
    ).replace("<TargetPositionMaster><Position>", "<TargetPositionMaster>").replace(
        "</Position></TargetPositionMaster>", "</TargetPositionMaster>"
    ).replace("<TargetPosition><Position>", "<TargetPosition>").replace("</Position></TargetPosition>", "</TargetPosition>")  # fmt: skip


@pytest.mark.parametrize("final", ["", '<FinalSpeed><AbsoluteSpeed value="12"/></FinalSpeed>'])
def test_synchronised_actors_arrive_together(tmp_path: Path, final: str) -> None:
    """The master needs 11 s from 1 s on to s = 200 m; the ego has 150 m less the first second to s = 160 m."""
    init = {"Ego": teleport_xml(30, lane="-2") + speed_xml(8), "Master": teleport_xml(80) + speed_xml(10)}
    found = run(tmp_path, scenario_xml(
        init=init, entities=car_xml("Ego") + car_xml("Master"), stop=trigger_xml(time_xml(40), tag="StopTrigger"),
        story=story_xml(event_xml("go", synchronise(final), trigger_xml(time_xml(1.0)))),
    ), 13.0)  # fmt: skip
    assert at(found, found.s, 12.0, "Master") == pytest.approx(200.0, abs=0.02)
    assert at(found, found.s, 12.0) == pytest.approx(160.0, abs=0.3)
    if final:
        assert at(found, found.speed, 12.3) == pytest.approx(12.0, abs=0.05)
        # by constant accelerations, without a jump at the end
        assert np.abs(np.diff(found.of(found.speed)))[200:].max() < 0.15


def crossing() -> str:
    """A T-junction: road 0 leads along x into it; road 2 goes straight on, road 3 turns left to road 1 along y."""
    lane = '<width sOffset="0" a="3.5" b="0" c="0" d="0"/>'
    single = (
        '<lanes><laneSection s="0"><center><lane id="0" type="none"/></center><right><lane id="-1" type="driving">{}'
        + lane
    )
    single += "</lane></right></laneSection></lanes>"
    links = "<link><predecessor id='-1'/><successor id='-1'/></link>"

    def line(x: float, y: float, h: float, length: float) -> str:
        return f'<geometry s="0" x="{x}" y="{y}" hdg="{h}" length="{length}"><line/></geometry>'

    def road(ident: str, plan: str, length: float, before: str, behind: str, junction: str = "-1") -> str:
        ends = "".join(
            f'<{tag} elementType="{"junction" if name[0] == "j" else "road"}" elementId="{name.strip("j")}" contactPoint="{contact}"/>'
            for tag, name, contact in (("predecessor", *before.split()), ("successor", *behind.split())) if name != "x"
        )  # fmt: skip
        text = road_xml(plan, single.format(links), road_id=ident, length=length, extra=f"<link>{ends}</link>")
        return text.replace('junction="-1"', f'junction="{junction}"')

    quarter = f'<geometry s="0" x="100" y="0" hdg="0" length="{math.pi * 10}"><arc curvature="0.05"/></geometry>'
    roads = (
        road("0", line(0, 0, 0, 100), 100, "x x", "j7 start"), road("1", line(120, 20, math.pi / 2, 100), 100, "j7 start", "x x"),
        road("2", line(100, 0, 0, 40), 40, "0 end", "4 start", "7"), road("3", quarter, math.pi * 10, "0 end", "1 start", "7"),
        road("4", line(140, 0, 0, 100), 100, "j7 start", "x x"),
    )  # fmt: skip
    ways = "".join(
        f'<connection id="{i}" incomingRoad="0" connectingRoad="{r}" contactPoint="start"><laneLink from="-1" to="-1"/></connection>'
        for i, r in enumerate("23")
    )
    return map_xml(*roads, extra=f'<junction id="7" name="t">{ways}</junction>')


@pytest.mark.parametrize(
    ("goal", "end"),
    [("1", (120 + 1.75, 20 + 50 - math.pi * 10 - 0.5 * 1.75 * math.pi)), ("4", (150, -1.75)), (None, (150, -1.75))],
)
def test_routes_choose_the_way_through_a_junction(tmp_path: Path, goal: str | None, end: tuple[float, float]) -> None:
    def place(road: str, s: float) -> str:
        return f'<Waypoint routeStrategy="shortest"><Position><LanePosition roadId="{road}" laneId="-1" s="{s}"/></Position></Waypoint>'

    route = f'<Route name="r" closed="false">{place("0", 50)}{place(goal or "4", 90)}</Route>'
    action = (
        f"<PrivateAction><RoutingAction><AssignRouteAction>{route}</AssignRouteAction></RoutingAction></PrivateAction>"
    )
    init = {"Ego": teleport_xml(50) + speed_xml(20) + (action if goal else "")}
    found = run(tmp_path, scenario_xml(init=init), 5.0, crossing())
    assert found.of(found.pos)[-1][:2] == pytest.approx(end, abs=0.03)
    way = np.hypot(*np.diff(found.of(found.pos)[:, :2], axis=0).T).sum()
    assert way == pytest.approx(100.0, abs=0.05)
