"""Road coordinates on the device: against the network in float64, and there and back."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from sim.road.network import RoadNetwork
from sim.road.shorthand import CrossSection, Segment, road
from sim.road.tables import build_road_tables
from sim.scenario.opendrive import load_opendrive
from sim.types import Shape
from tests.road.points import locate_points, place_points
from tests.scenario.openx import map_xml, road_xml


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> RoadNetwork:
    """A straight, a spiral, an arc and another straight, over a hill, banked."""
    radius, clothoid, arc = 80.0, 40.0, 60.0
    turn = clothoid / (2 * radius)
    from sim.road.geometry import Arc, Spiral

    spiral = Spiral(100.0, 100.0, 0.0, 0.0, clothoid, 0.0, 1 / radius)
    x1, y1, h1, _ = (float(c[0]) for c in spiral.evaluate(np.array([clothoid])))
    x2, y2, h2, _ = (float(c[0]) for c in Arc(140.0, x1, y1, h1, arc, 1 / radius).evaluate(np.array([arc])))
    assert h1 == pytest.approx(turn)
    plan = (
        '<geometry s="0" x="0" y="0" hdg="0" length="100"><line/></geometry>'
        f'<geometry s="100" x="100" y="0" hdg="0" length="{clothoid}"><spiral curvStart="0" curvEnd="{1 / radius}"/></geometry>'
        f'<geometry s="140" x="{x1}" y="{y1}" hdg="{h1}" length="{arc}"><arc curvature="{1 / radius}"/></geometry>'
        f'<geometry s="200" x="{x2}" y="{y2}" hdg="{h2}" length="100"><line/></geometry>'
    )
    extra = (
        '<elevationProfile><elevation s="0" a="2" b="0.03" c="-0.0001" d="0"/></elevationProfile>'
        '<lateralProfile><superelevation s="0" a="0" b="0.0003" c="0" d="0"/></lateralProfile>'
    )
    file = tmp_path_factory.mktemp("map") / "map.xodr"
    file.write_text(map_xml(road_xml(plan, length=300.0, extra=extra)))
    return load_opendrive(file)


def test_tables_match_the_network(network: RoadNetwork) -> None:
    tables = build_road_tables([network], "cpu")
    generator = np.random.default_rng(5)
    st = np.column_stack([generator.uniform(0, 300, 500), generator.uniform(-7, 3.5, 500)])
    pos, heading = place_points(tables, np.zeros(500, np.int32), st)
    want = [network.roads["0"].pose(s, t) for s, t in st]
    np.testing.assert_allclose(pos.numpy(), [(p.x, p.y, p.z) for p in want], atol=1e-3)
    np.testing.assert_allclose(heading.numpy(), [p.heading for p in want], atol=1e-4)


def test_there_and_back(network: RoadNetwork) -> None:
    tables = build_road_tables([network], "cpu")
    generator = np.random.default_rng(6)
    st = np.column_stack([generator.uniform(1, 299, 500), generator.uniform(-7, 3.5, 500)])
    pos, heading = place_points(tables, np.zeros(500, np.int32), st)
    rows, coord = locate_points(tables, 0, pos.numpy()[:, :2])
    assert (rows.numpy() == 0).all()
    np.testing.assert_allclose(coord.numpy()[:, :2], st, atol=2e-3)
    np.testing.assert_allclose(coord.numpy()[:, 2], heading.numpy(), atol=1e-4)


@pytest.mark.parametrize(
    ("segments", "profile", "shape"),
    [
        ([Segment(length=300.0)], (), Shape.STRAIGHT | Shape.LEVEL | Shape.EVEN),
        ([Segment(length=300.0)], ((0.0, 0.0), (150.0, 4.0), (300.0, 0.0)), Shape.STRAIGHT | Shape.EVEN),
        ([Segment(length=100.0), Segment(radius=60.0, angle=1.0)], (), Shape.LEVEL | Shape.EVEN),
        (None, (), Shape.EVEN),
    ],
)
def test_what_a_section_has_none_of_is_left_out_without_a_trace(network, segments, profile, shape) -> None:
    """Look-ups that go by `Shape` give the bits that they give without."""
    if segments is not None:
        network = road(segments, CrossSection(oncoming=1, forward=2), profile=profile)
    tables, plain = build_road_tables([network], "cpu"), build_road_tables([network], "cpu")
    assert tables.section_shape.numpy().tolist() == [shape | Shape.SMOOTH]
    plain.section_shape.zero_()
    generator = np.random.default_rng(7)
    length = network.order[0].length
    st = np.column_stack([generator.uniform(-5, length + 5, 400), generator.uniform(-8, 4, 400)])
    places = [place_points(some, np.zeros(400, np.int32), st) for some in (tables, plain)]
    found = [locate_points(some, 0, places[0][0].numpy()[:, :2]) for some in (tables, plain)]
    for left, right in zip((*places[0], *found[0]), (*places[1], *found[1]), strict=True):
        np.testing.assert_array_equal(left.numpy(), right.numpy())


def test_the_host_finds_places_too(network: RoadNetwork) -> None:
    road = network.roads["0"]
    for s, t in ((10.0, -1.0), (130.0, -5.0), (170.0, 2.0), (290.0, 0.5)):
        pose = road.pose(s, t)
        place = network.locate(pose.x, pose.y)
        assert place is not None
        assert (place.s, place.t) == (pytest.approx(s, abs=1e-4), pytest.approx(t, abs=2e-2))
        assert place.heading == pytest.approx(pose.heading, abs=1e-5)


def test_points_far_from_every_road_have_none(network: RoadNetwork) -> None:
    tables = build_road_tables([network], "cpu")
    rows, _ = locate_points(tables, 0, [(0.0, 0.0), (5000.0, 5000.0), (-400.0, 0.0)])
    assert rows.numpy().tolist() == [0, -1, -1]


def test_maps_of_a_batch_do_not_mix(network: RoadNetwork, tmp_path: Path) -> None:
    other = tmp_path / "other.xodr"
    other.write_text(
        map_xml(road_xml('<geometry s="0" x="0" y="0" hdg="1.0" length="50"><line/></geometry>', length=50.0))
    )
    tables = build_road_tables([network, load_opendrive(other)], "cpu")
    point = (20 * math.cos(1.0), 20 * math.sin(1.0))
    rows, coord = locate_points(tables, 1, [point])
    assert rows.numpy()[0] == 1
    assert coord.numpy()[0] == pytest.approx((20.0, 0.0, 1.0), abs=1e-3)
    assert build_road_tables([RoadNetwork("empty", {})], "cpu").road_length.shape[0] == 1
