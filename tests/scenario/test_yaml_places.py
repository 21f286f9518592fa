"""Where the YAML format puts roads, actors and traffic."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from sim.random import Stream
from sim.scenario.bodies import Body, asset_body, corners, overlap
from sim.scenario.reader import load_scenario
from sim.scenario.storyboard import LanePosition, WorldPosition
from sim.scenario.world import ActorSpec, WorldSpec
from tests.scenario.files import write

STREET = "{road: straight, length: 200 m, lanes: 1+1, lane_width: 3.5 m, parking: both, sidewalk: 2 m}"


def world(folder: Path, actors: str, road: str = STREET, rest: str = "", key: int = 0) -> WorldSpec:
    """A world with an ego at s = 20 m of lane -1, or that of ``actors``."""
    ego = "" if "ego:" in actors else "  ego: {kind: car, at: {lane: -1, s: 20 m}, goal: {lane: -1, s: 150 m}}\n"
    text = f"name: Test\nmap: {road}\nactors:\n{ego}{actors}\nend: {{after: 5 s}}\n{rest}"
    return load_scenario(write(folder, text)).draw(Stream(0, key))


def pose(spec: WorldSpec, actor: ActorSpec) -> tuple[float, float, float, float]:
    """World x, y, z and heading of an actor's start."""
    p = actor.position
    if isinstance(p, WorldPosition):
        return p.x, p.y, p.z or 0.0, p.h or 0.0
    assert isinstance(p, LanePosition)
    road = spec.network.roads[p.road]
    at = road.pose(p.s, road.lane_center(p.lane, p.s) + p.offset)
    turn = p.orientation.h if p.orientation is not None else 0.0
    return at.x, at.y, at.z, at.heading + (0.0 if road.direction(p.lane) > 0 else math.pi) + (turn or 0.0)


def box(spec: WorldSpec, actor: ActorSpec) -> list[tuple[float, float]]:
    """Corners of an actor's box at its start."""
    x, y, _, heading = pose(spec, actor)
    return corners(x, y, heading, body_of(actor))


def body_of(actor: ActorSpec) -> Body:
    assert actor.asset is not None
    return asset_body(actor.asset, actor.length or 0.0, actor.width or 0.0, actor.height or 0.0)


def actor(spec: WorldSpec, name: str) -> ActorSpec:
    return next(a for a in spec.actors if a.name == name)


@pytest.mark.parametrize(
    ("at", "x", "y", "heading"),
    [
        ("{lane: -1, s: 60 m}", 60.0, -1.75, 0.0),
        ("{lane: 1, s: 60 m}", 60.0, 1.75, math.pi),
        ("{lane: -1, s: 60 m, offset: 0.5 m}", 60.0, -1.25, 0.0),
        ("{lane: 1, s: 60 m, offset: 0.5 m}", 60.0, 1.25, math.pi),
        ("{lane: -1, s: -50 m}", 150.0, -1.75, 0.0),
        ("{lane: -1, s: 60 m, heading: 30 deg}", 60.0, -1.75, math.pi / 6),
        ("{x: 60 m, y: -1.75 m, heading: 90 deg}", 60.0, -1.75, math.pi / 2),
    ],
)
def test_places_on_lanes(tmp_path: Path, at: str, x: float, y: float, heading: float) -> None:
    spec = world(tmp_path, f"  it: {{kind: car, at: {at}}}")
    found = pose(spec, actor(spec, "it"))
    assert found[:2] == pytest.approx((x, y), abs=1e-9)
    assert math.remainder(found[3] - heading, math.tau) == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize(("side", "y", "heading"), [("right", -4.6, 0.0), ("left", 4.6, math.pi)])
def test_parked_with_the_middle_where_the_file_says(tmp_path: Path, side: str, y: float, heading: float) -> None:
    spec = world(tmp_path, f"  it: {{kind: van, at: {{parking: {side}, s: 100 m}}}}")
    found = np.array(box(spec, actor(spec, "it")))
    assert found.mean(0) == pytest.approx((100.0, y), abs=1e-9)
    assert math.remainder(pose(spec, actor(spec, "it"))[3] - heading, math.tau) == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize(
    ("side", "faces", "y", "heading"),
    [("right", "along", -6.7, 0), ("right", "left", -6.7, 90), ("left", "along", 6.7, 180), ("left", "left", 6.7, -90)],
)
def test_people_stand_on_the_pavement_at_its_height(
    tmp_path: Path, side: str, faces: str, y: float, heading: float
) -> None:
    spec = world(tmp_path, f"  it: {{kind: man, at: {{sidewalk: {side}, s: 80 m}}, faces: {faces}}}")
    found = pose(spec, actor(spec, "it"))
    assert found[:3] == pytest.approx((80.0, y, 0.12))
    assert math.remainder(found[3] - math.radians(heading), math.tau) == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize(("form", "sign"), [("ahead_of", 1), ("behind", -1)])
@pytest.mark.parametrize("lane", [-1, 1])
def test_a_gap_lies_between_the_boxes(tmp_path: Path, form: str, sign: int, lane: int) -> None:
    spec = world(
        tmp_path,
        f"  base: {{kind: lorry, at: {{lane: {lane}, s: 100 m}}}}\n  it: {{kind: car, at: {{{form}: base, gap: 3 m}}}}",
    )
    a, b = (np.array(box(spec, actor(spec, n)))[:, 0] for n in ("base", "it"))
    ahead = sign * (1 if lane < 0 else -1)
    gap = b.min() - a.max() if ahead > 0 else a.min() - b.max()
    assert gap == pytest.approx(3.0, abs=1e-6)
    assert math.cos(pose(spec, actor(spec, "it"))[3]) == pytest.approx(1.0 if lane < 0 else -1.0)


def test_beside(tmp_path: Path) -> None:
    spec = world(
        tmp_path,
        "  base: {kind: car, at: {lane: -1, s: 100 m}}\n  it: {kind: car, at: {beside: base, side: left, gap: 1 m}}",
    )
    a, b = (np.array(box(spec, actor(spec, n)))[:, 1] for n in ("base", "it"))
    assert b.min() - a.max() == pytest.approx(1.0, abs=1e-6)


def test_given_sizes_stretch_the_box(tmp_path: Path) -> None:
    spec = world(tmp_path, "  it: {kind: lorry, at: {lane: -1, s: 100 m}, size: {length: 14 m, height: 4 m}}")
    it = actor(spec, "it")
    assert (it.length, it.width, it.height) == (14.0, None, 4.0)


def test_arms_of_an_intersection(tmp_path: Path) -> None:
    road = "{road: intersection, lanes: 1+1, lane_width: 3.5 m, arm_length: 100 m, corner_radius: 6 m}"
    half = 3.5 + 6.0
    ego = "  ego: {kind: car, at: {arm: west, lane: -1, to_junction: 30 m}, goal: {arm: east, lane: 1, s: 50 m}}\n"
    spec = world(tmp_path, ego + "  it: {kind: car, at: {arm: south, lane: -1, to_junction: 20 m}}", road)
    assert pose(spec, spec.actors[0]) == pytest.approx((-half - 30.0, -1.75, 0.0, 0.0), abs=1e-9)
    assert pose(spec, spec.actors[1]) == pytest.approx((1.75, -half - 20.0, 0.0, math.pi / 2), abs=1e-9)


def test_maps_hold_what_their_words_say(tmp_path: Path) -> None:
    road = (
        "{road: curve, before: 50 m, radius: 100 m, angle: 90 deg, after: 30 m, lanes: 2+2, median: 2 m, shoulder: 1 m}"
    )
    spec = world(tmp_path, "", road)
    it = next(iter(spec.network.roads.values()))
    assert it.length == pytest.approx(50 + 100 * math.pi / 2 + 30)
    end = it.pose(it.length, 0.0)
    assert (end.x, end.y, end.heading) == pytest.approx((150.0, 130.0, math.pi / 2), abs=1e-6)
    kinds = {i: lane.kind for i, lane in it.sections[0].lanes.items()}
    assert kinds == {0: "none", -1: "driving", -2: "driving", -3: "shoulder", -4: "none", 1: "median", 2: "driving", 3: "driving",
                     4: "shoulder", 5: "none"}  # fmt: skip


def test_crest_profile_and_patch(tmp_path: Path) -> None:
    road = "{road: straight, length: 200 m, lanes: 1+1, crest: {at: 100 m, height: 4 m, length: 80 m}, patches: {kind: ice, from: 20 m, to: 50 m, friction: 0.15, lane: -1}}"  # noqa: E501
    it = next(iter(world(tmp_path, "", road).network.roads.values()))
    assert [it.pose(s, 0.0).z for s in (0, 60, 100, 140, 200)] == pytest.approx([0, 0, 4, 0, 0], abs=1e-9)
    assert [it.pose(s, 0.0).pitch for s in (60, 100, 140)] == pytest.approx([0, 0, 0], abs=1e-6)
    patch = it.patches[0]
    assert (patch.s0, patch.s1, patch.t0, patch.t1, patch.friction, patch.kind) == (20.0, 50.0, -3.5, 0.0, 0.15, "ice")
    points = "{road: straight, length: 200 m, lanes: 1+1, profile: [{s: 0 m, z: 2 m}, {s: 100 m, z: 5 m}, {s: 200 m, z: 3 m}]}"
    it = next(iter(world(tmp_path, "", points).network.roads.values()))
    assert [it.pose(s, 0.0).z for s in (0, 100, 200)] == pytest.approx([2, 5, 3], abs=1e-9)


TRAFFIC = """\
traffic:
  parked: {side: both, from: 0 m, to: 200 m, density: 0.9, limit: 30}
  walkers: {side: both, from: 10 m, to: 190 m, count: 8}
  flow: [{lane: 1, from: 20 m, to: 190 m, gap: 10..20 m, speed: 30 km/h}, {lane: -1, from: 60 m, to: 190 m, gap: 20 m, speed: 0 km/h}]
storyboard:
  - do: {man: {walk_across: road, speed: 5 km/h}}
"""


@pytest.mark.parametrize("key", range(5))
def test_traffic_stands_in_nobodys_way(tmp_path: Path, key: int) -> None:
    actors = "  van: {kind: van, at: {parking: right, s: 90 m}}\n  man: {kind: man, at: {sidewalk: right, s: 110 m}}"
    spec = world(tmp_path, actors, rest=TRAFFIC, key=key)
    boxes = {a.name: box(spec, a) for a in spec.actors}
    names = list(boxes)
    assert sum(n.startswith("parked") for n in names) >= 15
    assert sum(n.startswith("walker") for n in names) >= 4
    assert sum(n.startswith("flow") for n in names) >= 4
    for i, a in enumerate(names):
        for b in names[:i]:
            assert not overlap(boxes[a], boxes[b]), f"{a} stands in {b}"
    way = [(109.6, -7.0), (110.4, -7.0), (110.4, 7.0), (109.6, 7.0)]
    assert not [n for n in names if n != "man" and overlap(boxes[n], way)]
    for a in spec.actors:
        _, y, z, heading = pose(spec, a)
        if a.name.startswith("parked"):
            assert abs(abs(y) - 4.6) < 0.2 and math.cos(heading) == pytest.approx(-math.copysign(1, y)), (
                "parked against traffic"
            )
        if a.name.startswith("walker"):
            assert 5.7 < abs(y) < 7.7 and z == pytest.approx(0.12)
        assert a.traffic == a.name.startswith(("parked", "walker", "flow"))


def test_traffic_keeps_its_limits(tmp_path: Path) -> None:
    rest = "traffic: {parked: {side: right, from: 0 m, to: 200 m, density: 1, limit: 3}, flow: {lane: 1, from: 100 m, to: 160 m, gap: 8 m, speed: 30 km/h, controller: scripted}}\n"  # noqa: E501
    spec = world(tmp_path, "  van: {kind: van, at: {parking: right, s: 90 m}}", rest=rest)
    assert sum(a.name.startswith("parked") for a in spec.actors) == 3
    flow = [a for a in spec.actors if a.name.startswith("flow")]
    assert flow and all(a.controller == "default" for a in flow)
    xs = np.array([c[0] for a in flow for c in box(spec, a)])
    assert xs.min() >= 100.0 and xs.max() <= 160.0
