"""Every triangle of a road's surface says what lane or marking it belongs to."""

from __future__ import annotations

import numpy as np
import pytest

from sim.render.mesh import Semantic
from sim.render.parts import FIRST_MARKING, LineColor, LineKind, Part, line_part
from sim.road.elements import Lane, RoadMark
from sim.road.markings import default_areas, object_areas
from sim.road.mesh import build_road_surface
from sim.road.shorthand import CrossSection, Segment, intersection, road


def areas_of(mesh):
    """Area of each part [m^2]."""
    a, b, c = (mesh.vertices[mesh.triangles[:, k]].astype(float) for k in range(3))
    size = 0.5 * np.abs(np.cross(b - a, c - a)[:, 2])
    return {int(p): float(size[mesh.part == p].sum()) for p in np.unique(mesh.part)}


def check_markings(mesh):
    assert mesh.part is not None
    np.testing.assert_array_equal(mesh.part >= FIRST_MARKING, mesh.semantic == int(Semantic.ROAD_MARKING))


def test_lanes_and_lines_of_a_street():
    section = CrossSection(oncoming=1, forward=2, lane_width=3.0, parking="right", sidewalk=2.0)
    mesh = build_road_surface(road([Segment(90.0)], section)).mesh
    check_markings(mesh)
    area = areas_of(mesh)
    broken, solid = (line_part(kind, LineColor.WHITE) for kind in (LineKind.BROKEN, LineKind.SOLID))
    assert area[solid] == pytest.approx(90.0 * 0.12, rel=0.01)
    assert area[broken] == pytest.approx(90.0 * 0.12 / 3.0, rel=0.05), "strokes of 3 m, gaps of 6 m"
    assert area[int(Part.LANE)] == pytest.approx(90.0 * 9.0 - area[solid] - area[broken], rel=0.01)
    assert (
        area[int(Part.PARKING)] > 90.0 * 1.8 and area[int(Part.SIDEWALK)] > 90.0 * 3.0 and area[int(Part.KERB)] > 20.0
    )


@pytest.mark.parametrize(
    ("mark", "color", "kind"),
    [
        ("solid solid", "yellow", LineKind.DOUBLE_SOLID), ("broken broken", "white", LineKind.DOUBLE_BROKEN),
        ("solid broken", "orange", LineKind.SOLID_BROKEN), ("broken solid", "red", LineKind.BROKEN_SOLID),
        ("solid", "blue", LineKind.SOLID), ("broken", "green", LineKind.BROKEN),
    ],
)  # fmt: skip
def test_kinds_and_colours_of_lines(mark, color, kind):
    network = road([Segment(60.0)], CrossSection())
    network.order[0].sections[0].lanes[0] = Lane(0, "none", marks=(RoadMark(0, mark, color, 0.12),))
    mesh = build_road_surface(network).mesh
    check_markings(mesh)
    assert areas_of(mesh)[line_part(kind, LineColor[color.upper()])] > 0.1


def test_stop_lines_and_crosswalks_of_a_junction():
    network = intersection(CrossSection(sidewalk=2.2), arm_length=40.0)
    mesh = build_road_surface(network).mesh
    check_markings(mesh)
    area = areas_of(mesh)
    painted = [a for r in network.order for a in object_areas(r)] + default_areas(network)
    assert {a.part for a in painted} == {Part.STOP_LINE, Part.CROSSWALK}
    bars = sum(a.part == Part.CROSSWALK for a in painted)
    assert area[int(Part.CROSSWALK)] == pytest.approx(bars * 0.5 * 2.96, rel=0.1) and area[int(Part.STOP_LINE)] > 4.0
