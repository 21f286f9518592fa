"""Speed bumps and potholes: their heights against formulas of their own, where they lie, and what a picture shows of them."""

from __future__ import annotations

import math

import numpy as np
import pytest
import warp as wp

from sim.errors import ScenarioError
from sim.render.frames import camera_at
from sim.render.lens import intrinsic_matrix
from sim.road.elements import Bump, Pothole
from sim.road.grip import SurfacePoint
from sim.road.lanes import Cover
from sim.road.mesh import MATERIALS, build_road_surface
from sim.road.relief import MOST, REACH, relief_heights, rolled_relief
from sim.road.shorthand import CrossSection, Segment, road
from sim.road.surface import surface
from sim.road.tables import build_road_tables
from sim.types import RoadTables
from tests.render import scenes
from tests.render.test_labels_of_rays import renderer

wp.set_module_options({"enable_backward": False})

WATTS = Bump(50.0, -3.5, 3.5, 0.1, 3.7)
SHORT = Bump(50.0, -3.5, 0.0, 0.05, 0.5)
TABLE = Bump(50.0, -3.5, 3.5, 0.075, 6.0, "flat", 0.75)
SINUS = Bump(50.0, -3.5, 3.5, 0.075, 3.7, "sinus")
HOLE = Pothole(50.0, -1.6, 0.6, 0.08)
BUMPS = {"watts": WATTS, "short": SHORT, "table": TABLE, "sinus": SINUS}


def expected(item, s, t):
    """Heights as the sources draw them."""
    x = s - item.s
    if isinstance(item, Pothole):
        u = 1.0 - (x**2 + (t - item.t) ** 2) / (0.5 * item.diameter) ** 2
        return -item.depth * np.maximum(u, 0.0) ** 2
    half, h = 0.5 * item.length, item.height
    if item.shape == "round":
        angle = 2.0 * math.atan(h / half)  # half the arc that the chord spans
        radius = half / math.sin(angle)
        z = np.sqrt(np.maximum(radius**2 - x**2, 0.0)) - radius * math.cos(angle)
    elif item.shape == "sinus":
        z = h * np.cos(0.5 * math.pi * x / half) ** 2
    else:
        z = np.interp(np.abs(x), [half - item.ramp, half], [h, 0.0])
    z = np.where(np.abs(x) < half, z, 0.0)
    side = np.clip(np.minimum(t - item.t0, item.t1 - t) / (4.0 * h), 0.0, 1.0)
    return z * side


def network(*items, bend=False):
    piece = Segment(radius=40.0, angle=2.5) if bend else Segment(100.0)
    bumps = [i for i in items if isinstance(i, Bump)]
    return road([piece], CrossSection(verge=0.0), bumps=bumps, potholes=[i for i in items if isinstance(i, Pothole)])


def places(reach=2.2, count=4000):
    rng = np.random.default_rng(1)
    return np.stack([50.0 + rng.uniform(-reach, reach, count), rng.uniform(-3.4, 3.4, count)], 1)


@wp.kernel
def _read_surface(road: RoadTables, pos: wp.array[wp.vec2], out: wp.array[SurfacePoint]):
    """Reads points. Writes the surface there."""
    i = wp.tid()
    out[i] = surface(road, 0, pos[i], 0)


@wp.kernel
def _roll(road: RoadTables, s: wp.array[float], t: float, reach: float, out: wp.array[wp.vec3]):
    """Reads places. Writes what a wheel feels there."""
    i = wp.tid()
    out[i] = rolled_relief(road, 0, s[i], t, reach, 0.0)


def read(net, points):
    """Heights and normals of the ground at points (x, y)."""
    tables = build_road_tables([net], "cpu")
    out = wp.zeros(len(points), dtype=SurfacePoint, device="cpu")
    pos = wp.array(points, dtype=wp.vec2, device="cpu")
    wp.launch(_read_surface, dim=len(points), inputs=[tables, pos, out], device="cpu")
    rows = out.numpy()
    return rows["z"], rows["normal"]


@pytest.mark.parametrize("item", [*BUMPS.values(), HOLE], ids=[*BUMPS, "pothole"])
def test_heights_are_the_sources_shapes(item):
    at = places(3.2)
    bumps, holes = ([item], []) if isinstance(item, Bump) else ([], [item])
    z = relief_heights(bumps, holes, at)
    np.testing.assert_allclose(z, expected(item, *at.T), atol=3e-5)
    assert np.abs(z).max() > 0.9 * (item.height if isinstance(item, Bump) else item.depth)


@pytest.mark.parametrize("bend", [False, True], ids=["straight", "bend"])
@pytest.mark.parametrize("item", [WATTS, SINUS, HOLE], ids=["watts", "sinus", "pothole"])
def test_the_ground_rises_and_leans_as_the_heights_do(item, bend):
    net = network(item, bend=bend)
    at = places(2.2, 600)
    points = np.array([(p.x, p.y) for p in (net.order[0].pose(s, t) for s, t in at)])
    z, normal = read(net, points)
    np.testing.assert_allclose(z, expected(item, *at.T), atol=2e-4)
    step = 2e-3
    dx, dy = (read(net, points + d)[0] - read(net, points - d)[0] for d in ((step, 0.0), (0.0, step)))
    slope = np.stack([dx, dy], 1) / (2.0 * step)
    # An arc ends in a kink, and so do the sides of a bump.
    smooth = np.abs(np.abs(at[:, 0] - 50.0) - 1.85) > 0.01
    if isinstance(item, Bump):
        smooth &= np.abs(np.abs(at[:, 1]) - (3.5 - 4.0 * item.height)) > 0.01
    got = -normal[:, :2] / normal[:, 2:]
    # Across a bend a metre of s is longer outside: the slope along it is off by that share.
    assert np.abs(got - slope)[smooth].max() < (0.03 if bend else 0.012)


def test_a_road_without_them_is_level_to_the_bit():
    z, normal = read(network(), places(40.0, 500))
    assert not z.any() and (normal == (0.0, 0.0, 1.0)).all()


@pytest.mark.parametrize(
    "diameter, depth, least, most", [(0.16, 0.05, 0.0, 0.02), (0.3, 0.08, 0.02, 0.05), (1.2, 0.08, 0.07, 0.08)]
)
def test_a_wheel_bridges_a_hole_shorter_than_itself(diameter, depth, least, most):
    tables = build_road_tables([network(Pothole(50.0, -1.6, diameter, depth))], "cpu")
    s = np.linspace(49.0, 51.0, 401)
    out = wp.zeros(len(s), dtype=wp.vec3, device="cpu")
    wp.launch(
        _roll,
        dim=len(s),
        inputs=[tables, wp.array(s, dtype=float, device="cpu"), -1.6, REACH * 0.31, out],
        device="cpu",
    )
    z, along, _ = out.numpy().T
    assert least <= -z.min() <= most
    # No lower than a rigid wheel, were it as short as its contact, and no step: the slope is the height's.
    assert np.abs(np.diff(z)).max() < 0.006
    assert along[s < 50.0].min() < 0.0 < along[s > 50.0].max()


@pytest.mark.parametrize("bend", [False, True], ids=["straight", "bend"])
@pytest.mark.parametrize("item", [*BUMPS.values(), HOLE], ids=[*BUMPS, "pothole"])
def test_a_picture_shows_the_height_within_five_millimetres(item, bend):
    net = network(item, bend=bend)
    middle = item.t if isinstance(item, Pothole) else 0.5 * (item.t0 + item.t1)
    pose = net.order[0].pose(item.s, middle)
    fov = 2.0 * math.atan(0.4 / 3.0) if isinstance(item, Pothole) else 1.6
    camera = camera_at(
        (pose.x, pose.y, 3.0), yaw=pose.heading, pitch=math.pi / 2, width=160, height=160, horizontal_fov=fov
    )
    lib = scenes.library([], build_road_surface(net).mesh)
    r, scene, _ = renderer(lib, [scenes.world(lib)], camera, ("depth", "semantic"))
    r.render(scene)
    depth = r.frames.numpy()["depth"][0, 0].astype(float)
    depth[np.isinf(depth)] = 3.0  # beside the road
    k = intrinsic_matrix(camera)
    col, row = np.meshgrid(np.arange(160), np.arange(160))
    ahead, left = -(row - k[1, 2]) / k[1, 1] * depth, -(col - k[0, 2]) / k[0, 0] * depth
    c, n = math.cos(pose.heading), math.sin(pose.heading)
    x, y = pose.x + c * ahead - n * left, pose.y + n * ahead + c * left
    z = 3.0 - depth
    s, t = (40.0 * np.arctan2(x, 40.0 - y), 40.0 - np.hypot(x, y - 40.0)) if bend else (x, y)
    inside = (np.abs(t) < 3.3) & (np.abs(s - item.s) < 3.0)
    assert inside.sum() > 5000
    assert np.abs(z - expected(item, s, t))[inside].max() < 0.005
    assert np.abs(z[inside]).max() > 0.9 * (item.height if isinstance(item, Bump) else item.depth)


def test_humps_are_painted_for_whoever_meets_them_and_holes_are_broken():
    def painted(net, cover):
        mesh = build_road_surface(net).mesh
        name = MATERIALS[cover][0].name
        rows = [i for i, m in enumerate(mesh.materials) if m.name == name]
        return mesh.vertices[mesh.triangles[np.isin(mesh.material, rows)]].astype(float)

    white = painted(network(WATTS), Cover.MARK_WHITE).mean(1)
    teeth = white[(np.abs(white[:, 0] - 50.0) < 1.85) & (np.abs(np.abs(white[:, 1]) - 1.75) < 1.4)]
    assert (np.sign(teeth[:, 0] - 50.0) == np.sign(teeth[:, 1])).all() and len(teeth) > 8  # right-hand traffic
    assert len(painted(network(SHORT), Cover.MARK_YELLOW)) > 0
    assert len(painted(network(Bump(50.0, -3.5, 0.0, 0.05, 0.5, marked=False)), Cover.MARK_YELLOW)) == 0
    assert len(painted(network(SHORT), Cover.RUBBER)) > 0 and len(painted(network(WATTS), Cover.HUMP)) > 0
    outlines = {}
    for cover in (Cover.BROKEN, Cover.RUBBLE):
        faces = painted(network(HOLE), cover)
        x, y = faces[..., 0] - 50.0, faces[..., 1] + 1.6
        angle = (np.arctan2(y, x) / (math.pi / 12)).round().astype(int) % 24
        outlines[cover] = np.array([np.hypot(x, y)[angle == k].max() for k in range(24)])
    assert faces[..., 2].min() == pytest.approx(-0.08, abs=0.002), "rubble at the bottom"
    edge, inner = outlines.values()
    assert (edge > inner).all() and 0.22 < edge.min() and edge.max() < 0.4, "a rim of broken asphalt all around"
    assert edge.max() - edge.min() > 0.04 and inner.max() - inner.min() > 0.03, "no circle"


def test_more_than_the_tables_hold_is_an_error():
    holes = [Pothole(1.0 + i, -1.6, 0.3, 0.05) for i in range(MOST + 1)]
    network(*holes[:-1])
    with pytest.raises(ScenarioError, match=f"{MOST + 1} bumps and potholes") as caught:
        network(*holes)
    assert str(MOST) in (caught.value.hint or "")
