"""Plan-view curves, heights and lanes of OpenDRIVE against closed form."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from sim.road.geometry import Arc, Cubic, Line, ParamPoly3, Spiral
from sim.road.network import RoadNetwork
from sim.scenario.opendrive import load_opendrive
from tests.scenario.openx import LANES, map_xml, road_xml

S = np.array([0.0, 1.0, 17.3, 60.0])


def load(folder: Path, *roads: str) -> RoadNetwork:
    file = folder / "map.xodr"
    file.write_text(map_xml(*roads))
    return load_opendrive(file)


def plan(shape: str, length: float = 500.0, hdg: float = 0.0, x: float = 0.0, y: float = 0.0) -> str:
    return f'<geometry s="0" x="{x}" y="{y}" hdg="{hdg}" length="{length}">{shape}</geometry>'


def test_line() -> None:
    x, y, h, k = Line(0.0, 3.0, 4.0, 0.7, 100.0).evaluate(S)
    np.testing.assert_allclose(x, 3 + S * math.cos(0.7), atol=1e-12)
    np.testing.assert_allclose(y, 4 + S * math.sin(0.7), atol=1e-12)
    np.testing.assert_allclose(h, 0.7)
    np.testing.assert_allclose(k, 0.0)


@pytest.mark.parametrize("curvature", [0.02, -0.1])
def test_arc(curvature: float) -> None:
    x, y, h, k = Arc(0.0, 0.0, 0.0, 0.0, 60.0, curvature).evaluate(S)
    np.testing.assert_allclose(x, np.sin(curvature * S) / curvature, atol=1e-9)
    np.testing.assert_allclose(y, (1 - np.cos(curvature * S)) / curvature, atol=1e-9)
    np.testing.assert_allclose(h, curvature * S)
    np.testing.assert_allclose(k, curvature)


def test_spiral_against_fresnel_integrals() -> None:
    """From a straight, the heading is s^2 / (2 R L); x and y are the integrals of its cosine and sine."""
    radius, length = 30.0, 60.0
    fine = np.linspace(0.0, length, 600_001)
    phi = fine * fine / (2 * radius * length)
    sums = [
        np.concatenate([[0.0], np.cumsum((f[1:] + f[:-1]) / 2) * (fine[1] - fine[0])])
        for f in (np.cos(phi), np.sin(phi))
    ]
    x, y, h, k = Spiral(0.0, 0.0, 0.0, 0.0, length, 0.0, 1 / radius).evaluate(S)
    np.testing.assert_allclose(x, np.interp(S, fine, sums[0]), atol=1e-8)
    np.testing.assert_allclose(y, np.interp(S, fine, sums[1]), atol=1e-8)
    np.testing.assert_allclose(h, S * S / (2 * radius * length), atol=1e-12)
    np.testing.assert_allclose(k, S / (radius * length), atol=1e-12)


def test_poly3_and_parampoly3_lie_on_their_polynomials(tmp_path: Path) -> None:
    cubic = 'a="0" b="0" c="0.002" d="-0.00001"'
    road = load(tmp_path, road_xml(plan(f"<poly3 {cubic}/>", 100.0), length=100.0)).roads["0"]
    x, y, h, _ = road.line(np.linspace(0, 100, 11))
    np.testing.assert_allclose(y, 0.002 * x**2 - 0.00001 * x**3, atol=1e-6)
    np.testing.assert_allclose(np.tan(h), 0.004 * x - 0.00003 * x**2, atol=1e-6)
    curve = 'aU="0" bU="80" cU="-10" dU="5" aV="0" bV="0" cV="30" dV="-8" pRange="normalized"'
    p = np.linspace(0, 1, 200_001)
    u, v = 80 * p - 10 * p**2 + 5 * p**3, 30 * p**2 - 8 * p**3
    arc = np.concatenate([[0], np.cumsum(np.hypot(np.diff(u), np.diff(v)))])
    road = load(tmp_path, road_xml(plan(f"<paramPoly3 {curve}/>", arc[-1]), length=float(arc[-1]))).roads["0"]
    s = np.linspace(0, arc[-1] - 1e-6, 9)
    x, y, _, _ = road.line(s)
    np.testing.assert_allclose(x, np.interp(s, arc, u), atol=2e-3)
    np.testing.assert_allclose(y, np.interp(s, arc, v), atol=2e-3)


def test_parampoly3_of_a_circle_has_its_curvature() -> None:
    r = 50.0  # a cubic arc of 0.2 rad; its error is far below a millimetre
    c, s = math.cos(0.2), math.sin(0.2)
    b = 3 * 4 / 3 * math.tan(0.05) * r
    u = Cubic(0, 0, b, 3 * (r * s - b / 3 * c) - 2 * b, r * s - 3 * (r * s - b / 3 * c) + b)
    v = Cubic(0, 0, 0, 3 * (r * (1 - c) - b / 3 * s), r * (1 - c) - 3 * (r * (1 - c) - b / 3 * s))
    _, _, h, k = ParamPoly3(0, 0, 0, 0, 0.2 * r, u, v, 1.0).evaluate(np.array([0.0, 5.0, 10.0]))
    np.testing.assert_allclose(h, [0, 0.1, 0.2], atol=1e-4)
    np.testing.assert_allclose(k, 1 / r, rtol=2e-3)


def test_geometries_join(tmp_path: Path) -> None:
    pieces = (
        plan("<line/>", 50)
        + f'<geometry s="50" x="50" y="0" hdg="0" length="{math.pi * 10}"><arc curvature="0.05"/></geometry>'
    )
    road = load(tmp_path, road_xml(pieces, length=50 + math.pi * 10)).roads["0"]
    x, y, h, _ = (float(c[0]) for c in road.line(50 + math.pi * 10))
    assert (x, y, h) == (pytest.approx(70), pytest.approx(20), pytest.approx(math.pi / 2))


def test_elevation_and_superelevation(tmp_path: Path) -> None:
    extra = (
        '<elevationProfile><elevation s="0" a="10" b="0.05" c="0" d="0"/>'
        '<elevation s="100" a="15" b="0.05" c="-0.001" d="0"/></elevationProfile>'
        '<lateralProfile><superelevation s="0" a="0.1" b="0" c="0" d="0"/></lateralProfile>'
    )
    road = load(tmp_path, road_xml(extra=extra)).roads["0"]
    pose = road.pose(120.0, 0.0)
    assert pose.z == pytest.approx(15 + 0.05 * 20 - 0.001 * 400)
    assert pose.pitch == pytest.approx(-math.atan(0.05 - 0.002 * 20))
    assert pose.roll == pytest.approx(0.1)
    left = road.pose(120.0, 3.0)
    assert (left.y, left.z - pose.z) == (pytest.approx(3 * math.cos(0.1)), pytest.approx(3 * math.sin(0.1)))


def test_lane_widths_offsets_and_borders(tmp_path: Path) -> None:
    wide = '<width sOffset="0" a="3" b="0.01" c="0" d="0"/>'
    lanes = LANES.replace(
        '<laneSection s="0">', '<laneOffset s="0" a="1" b="0.002" c="0" d="0"/><laneSection s="0">'
    ).replace('<width sOffset="0" a="3.5" b="0" c="0" d="0"/>', wide, 2)
    road = load(tmp_path, road_xml(lanes=lanes)).roads["0"]
    borders = road.borders(100.0)
    assert borders[0] == pytest.approx(1.2)
    assert borders[1] == pytest.approx(1.2 + 4.0)
    assert borders[-1] == pytest.approx(1.2 - 4.0)
    assert borders[-2] == pytest.approx(1.2 - 4.0 - 3.5)
    assert road.lane_center(-2, 100.0) == pytest.approx(1.2 - 4.0 - 1.75)
    assert road.lane_width(1, 100.0) == pytest.approx(4.0)
    assert [road.lane_at(100.0, t) for t in (3.0, 1.0, -2.0, -4.0, -99.0)] == [1, -1, -1, -2, -2]


def test_traffic_runs_on_the_right_or_left(tmp_path: Path) -> None:
    right = load(tmp_path, road_xml()).roads["0"]
    left = load(tmp_path, road_xml().replace("<road ", '<road rule="LHT" ')).roads["0"]
    assert (right.direction(-1), right.direction(1)) == (1, -1)
    assert (left.direction(-1), left.direction(1)) == (-1, 1)
