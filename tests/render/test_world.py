"""Maps and libraries as they are drawn: nothing floats, hangs over the carriageway or stands on it; signals show their own aspect."""

from __future__ import annotations

import numpy as np
import pytest

from sim.config import SimConfig
from sim.physics.faults import DROP
from sim.render.mesh import Semantic
from sim.render.models import PartMotion
from sim.render.scenery import build_map, map_of, scenery_model
from sim.render.world import asset_model, build_library
from sim.road.shorthand import CrossSection, Segment, intersection, road
from sim.sampling import sample_worlds
from sim.scenario.reader import library_files, load_scenario
from sim.scenery.build import guess_setting
from sim.scenery.site import HEADROOM

MAPS = {
    "town": lambda: intersection(CrossSection(sidewalk=2.2, parking="right"), arm_length=60.0),
    "suburb": lambda: road([Segment(140.0)], CrossSection(sidewalk=2.0)),
    "rural": lambda: road([Segment(80.0), Segment(radius=120.0, angle=0.6), Segment(60.0)], kind="rural"),
    "motorway": lambda: road([Segment(200.0)], CrossSection(0, 3, shoulder=2.5), kind="motorway"),
    "forest": lambda: road([Segment(120.0)], kind="rural", profile=((0.0, 0.0), (60.0, 4.0), (120.0, 0.0))),
}


@pytest.fixture(scope="module", params=MAPS)
def built(request):
    network = MAPS[request.param]()
    return request.param, network, build_map(network, request.param, seed=5, detail=0.3)


def lanes_of(network, margin):
    """Points all over the carriageways, ``margin`` inside their edges, and their heights."""
    points = []
    for r in network.order:
        for s in np.arange(0.5, r.length, 2.0):
            for i, lane in r.sections[r.section_index(s)].lanes.items():
                if lane.kind == "driving":
                    half = r.lane_width(i, s) / 2 - margin
                    points += [r.pose(s, r.lane_center(i, s) + t) for t in (-half, 0.0, half)]
    return np.array([(p.x, p.y, p.z) for p in points])


def test_nothing_stands_on_or_low_over_the_carriageway(built):
    _, network, made = built
    road_points = lanes_of(network, 0.3)
    mesh = made.mesh
    solid = ~np.isin(
        mesh.semantic, [int(s) for s in (Semantic.ROAD, Semantic.ROAD_MARKING, Semantic.SIDEWALK, Semantic.TERRAIN)]
    )
    corners = mesh.vertices[mesh.triangles[solid]].reshape(-1, 3)
    for x, y, z in road_points[:: max(1, len(road_points) // 400)]:
        near = corners[np.hypot(corners[:, 0] - x, corners[:, 1] - y) < 0.3]
        low = near[(near[:, 2] > z + 0.2) & (near[:, 2] < z + HEADROOM - 0.6)]
        assert len(low) == 0, f"something hangs {low[0] - (x, y, z)} over the road at ({x:.1f}, {y:.1f})"


def test_trees_and_lights_stand_on_the_ground(built):
    _, _, made = built
    mesh = made.mesh
    level = np.isin(mesh.semantic, [int(s) for s in (Semantic.TERRAIN, Semantic.SIDEWALK, Semantic.ROAD)])
    tri = mesh.vertices[mesh.triangles[level]].astype(float)
    for instance in made.instances:
        if instance.model.startswith("signal/"):
            continue
        x, y, z = np.asarray(instance.matrix)[:3, 3]
        assert abs(height_under(tri, x, y) - z) < 0.05, (
            f"{instance.model} at ({x:.1f}, {y:.1f}) does not stand on the ground"
        )


def height_under(tri, x, y):
    """Height of the highest triangle over a point."""
    box = (tri[:, :, :2].min(1) <= (x, y)).all(1) & (tri[:, :, :2].max(1) >= (x, y)).all(1)
    best = -np.inf
    for p, q, r in tri[box]:
        det = (q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0])
        if abs(det) < 1e-9:
            continue
        u = ((x - p[0]) * (r[1] - p[1]) - (y - p[1]) * (r[0] - p[0])) / det
        v = ((q[0] - p[0]) * (y - p[1]) - (q[1] - p[1]) * (x - p[0])) / det
        if u >= -1e-4 and v >= -1e-4 and u + v <= 1 + 2e-4:
            best = max(best, p[2] + u * (q[2] - p[2]) + v * (r[2] - p[2]))
    return best


def test_maps_have_what_their_setting_promises(built):
    setting, _, made = built
    found = set(np.unique(made.mesh.semantic).tolist())
    wanted = {
        "town": (Semantic.BUILDING, Semantic.POLE, Semantic.ROAD_MARKING), "suburb": (Semantic.BUILDING, Semantic.VEGETATION),
        "rural": (Semantic.VEGETATION, Semantic.TERRAIN), "motorway": (Semantic.GUARD_RAIL, Semantic.ROAD_MARKING),
        "forest": (Semantic.VEGETATION,),
    }[setting]  # fmt: skip
    assert {int(s) for s in wanted} <= found
    assert np.isfinite(made.mesh.vertices).all() and np.allclose(
        np.linalg.norm(made.mesh.normals, axis=1), 1.0, atol=1e-3
    )


def test_lights_face_the_traffic_they_are_for():
    network = MAPS["town"]()
    made = build_map(network, "town", seed=5, detail=0.3)
    heads = [i for i in made.instances if i.signal >= 0]
    signals = [(r, s) for r in network.order for s in r.signals if s.dynamic]
    assert sorted(i.signal for i in heads) == list(range(len(signals)))
    for head in heads:
        r, signal = signals[head.signal]
        front = np.asarray(head.matrix)[:2, 0]
        heading = r.pose(signal.s, 0.0).heading
        assert front @ (np.cos(heading), np.sin(heading)) == pytest.approx(-1.0, abs=1e-6)
        assert (
            np.hypot(*(np.asarray(head.matrix)[:2, 3] - (r.pose(signal.s, signal.t).x, r.pose(signal.s, signal.t).y)))
            < 0.01
        )


def test_settings_are_guessed_from_the_roads():
    assert guess_setting(MAPS["town"]()) == "town"
    assert guess_setting(MAPS["motorway"]()) == "motorway"
    assert guess_setting(MAPS["rural"]()) == "rural"


def test_equal_keys_share_a_map_and_seeds_change_it():
    network = MAPS["rural"]()
    assert map_of("a key", network, "rural", 0.2) is map_of("a key", network, "rural", 0.2)
    one, two = build_map(network, "rural", 1, 0.2), build_map(network, "rural", 1, 0.2)
    other = build_map(network, "rural", 2, 0.2)
    assert np.array_equal(one.mesh.vertices, two.mesh.vertices)
    assert one.mesh.vertices.shape != other.mesh.vertices.shape or not np.array_equal(
        one.mesh.vertices, other.mesh.vertices
    )


def test_libraries_hold_the_batch():
    batch = sample_worlds([load_scenario(library_files()["lost-cargo-ahead"])], [0], "cpu", SimConfig(pool=1))
    library = build_library(batch, detail=0.2)
    rows = batch.scene.asset.numpy()[0][batch.scene.valid.numpy()[0] > 0]
    for row, actor in zip(rows, batch.actor_specs[0][0], strict=True):
        assert library.models[row].name == actor.asset.name and library.models[row].parts
    assert len(library.maps) == len(batch.map_specs)


def test_walkers_have_a_walk_a_run_a_stand_and_a_fall():
    model = asset_model("boy")
    clip = max(model.parts, key=lambda part: len(part.frames))
    assert 0 < model.walk_frames < model.rest_frame == len(clip.frames) - 1 - model.fall_frames
    assert model.run_stride > model.stride > 0.3 and model.fall_frames > 8


@pytest.mark.parametrize("name", ["sedan", "suv", "van", "lorry", "motorcycle"])
def test_a_burst_wheel_is_as_small_as_physics_lets_it_down(name):
    wheels = [part for part in asset_model(name).parts if part.motion in (PartMotion.WHEEL, PartMotion.STEERED_WHEEL)]
    assert wheels
    for part in wheels:
        whole, burst = ((np.hypot(f.vertices[:, 0], f.vertices[:, 2]), f) for f in part.frames)
        assert (1 - DROP) * whole[0].max() * 0.93 < burst[0].max() <= (1 - DROP) * whole[0].max() * 1.0001
        rim = whole[0] < 0.6 * whole[0].max()
        np.testing.assert_allclose(burst[1].vertices[rim], whole[1].vertices[rim], atol=1e-6)
        np.testing.assert_allclose(np.linalg.norm(burst[1].normals, axis=1), 1.0, atol=1e-3)


def test_signal_heads_have_one_lens_per_aspect():
    for name, count in (("signal/three", 3), ("signal/two", 2)):
        mesh = scenery_model(name).parts[0].frames[0]
        assert sum(m.role.name.startswith("SIGNAL") for m in mesh.materials) == count
