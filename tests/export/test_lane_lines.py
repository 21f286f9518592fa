"""Lane lines of maps whose lines are known, and the drivable area of rasters that are."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sim.export.lane_lines import OPENLANE, LaneLine, drivable_polygons, frame_lines, line_names, network_lines
from sim.render.parts import LineColor, LineKind, Part, line_part
from sim.road.elements import Lane, RoadMark
from sim.road.shorthand import CrossSection, Segment, intersection, road
from sim.rotation import quaternion


def everything(points):
    return np.ones(len(points), bool)


def test_lines_of_a_straight_street():
    lines = network_lines(road([Segment(100.0)], CrossSection(oncoming=1, forward=2, lane_width=3.0, sidewalk=2.0)))
    found = {(line.kind, round(float(line.points[0, 1]), 2)) for line in lines}
    assert found == {(LineKind.SOLID, 0.0), (LineKind.BROKEN, -3.0), (None, 3.0), (None, -6.0)}
    for line in lines:
        assert line.color == (None if line.kind is None else "white")
        np.testing.assert_allclose(line.points[[0, -1], 0], (0.0, 100.0), atol=1e-6)
        assert np.diff(line.points[:, 0]).max() <= 1.0 + 1e-6


def test_lines_around_the_ego_are_in_its_frame_and_numbered():
    lines = network_lines(road([Segment(300.0)], CrossSection(oncoming=2, forward=2, lane_width=3.0)))
    pos, yaw = np.array([150.0, 4.5, 0.0]), math.pi  # in the oncoming outer lane, driving along it
    rows = frame_lines(lines, pos, quaternion(yaw), everything)
    assert {row["attribute"] for row in rows} >= {1, 2, 3}
    for row in rows:
        p = np.array(row["xyz"])
        assert p[0, 0] < p[-1, 0] and p[0, 0] >= -10.0 and p[-1, 0] <= 100.0 and len(row["visibility"]) == len(p)
        line = lines[row["track_id"] - 1]
        np.testing.assert_allclose(p[:, 1], -(line.points[0, 1] - 4.5), atol=1e-3)
    beside = {row["attribute"]: np.array(row["xyz"])[0, 1] for row in rows if row["attribute"]}
    # Its lane's border to the other oncoming lane lies left, 1.5 m away; the outer line right; beyond the left the centre line.
    assert beside[2] == pytest.approx(1.5) and beside[3] == pytest.approx(-1.5) and beside[1] == pytest.approx(4.5)
    hidden = frame_lines(lines, pos, quaternion(yaw), lambda points: points[:, 0] > 140.0)
    for row in hidden:
        seen = np.array(row["visibility"]) == 1
        assert (seen == (150.0 - np.array(row["xyz"])[:, 0] > 140.0)).all() and 0 < seen.sum() < len(seen)


def test_lines_go_on_through_junctions_only_where_they_do():
    lines = network_lines(intersection(CrossSection(sidewalk=2.0), arm_length=40.0))
    centre = [line for line in lines if line.kind is not None]
    assert len(centre) == 4 and all(len(line.points) > 25 for line in centre)
    kerbs = [line for line in lines if line.kind is None]
    assert len(kerbs) == 4, "each corner is one line from arm to arm"


def test_double_lines_are_mirrored_for_who_comes_the_other_way():
    network = road([Segment(80.0)], CrossSection())
    section = network.order[0].sections[0]
    section.lanes[0] = Lane(0, "none", marks=(RoadMark(0, "solid broken", "yellow", 0.12),))
    lines = [line for line in network_lines(network) if line.color == "yellow"]
    assert [line.kind for line in lines] == [LineKind.SOLID_BROKEN]
    for x, yaw, category in ((20.0, 0.0, 12), (60.0, math.pi, 11)):
        row = next(r for r in frame_lines(lines, np.array([x, 0.0, 0.0]), quaternion(yaw), everything))
        assert row["category"] == category, "solid left of broken, seen by the ego"
    assert OPENLANE[("white", LineKind.DOUBLE_SOLID)] == 4 and line_names()["12"] == "yellow solid_broken"


def test_unknown_colours_have_no_openlane_category():
    line = LaneLine(np.stack([np.arange(20.0), np.ones(20), np.zeros(20)], 1), LineKind.SOLID, "red")
    row = frame_lines([line], np.zeros(3), quaternion(0.0), everything)[0]
    assert row["category"] == 0 and row["color"] == "red" and row["kind"] == "solid"


def test_drivable_polygons_enclose_the_lanes():
    part = np.full((100, 100), int(Part.SIDEWALK), np.uint8)
    part[10:90, 20:60] = int(Part.LANE)
    part[40:60, 30:50] = int(Part.SIDEWALK)  # an island
    part[10:90, 40] = line_part(LineKind.SOLID, LineColor.WHITE)
    part[40:60, 40] = int(Part.SIDEWALK)
    part[5, 95] = int(Part.LANE)  # too small to tell
    areas = drivable_polygons(part, half=25.0, cell=0.5)
    assert len(areas) == 1 and len(areas[0]["holes"]) == 1
    outer = np.array(areas[0]["outer"])
    np.testing.assert_allclose((outer.min(0), outer.max(0)), ((-19.75, -4.75), (19.75, 14.75)))
    hole = np.array(areas[0]["holes"][0])
    assert np.abs(hole.mean(0) - (0.0, 5.0)).max() < 0.6
