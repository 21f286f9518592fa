"""Class images, scene flow, albedo and linear light of small worlds in which all is known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sim.config import CameraConfig, RenderConfig
from sim.render.class_images import Anomaly, Drivable, LampState
from sim.render.frames import Renderer, camera_at
from sim.render.mesh import Material, Role, Semantic, merge
from sim.render.models import Model, ModelPart, PartMotion
from sim.render.parts import LineColor, LineKind, Part, line_of, line_part, part_names
from sim.road.mesh import build_road_surface
from sim.road.shorthand import CrossSection, Segment, road
from sim.rotation import quaternion
from sim.types import Lamp
from tests.render import scenes

W, H = 96, 64
CLASSES = ("semantic", "instance", "panoptic", "part", "lane", "drivable", "anomaly", "lamp", "normal", "normal_world")
BRAKE = Material("brake lamp", (0.4, 0.05, 0.04), role=Role.BRAKE_LAMP)


def car():
    body = scenes.box((-2.0, -0.9, 0.3), (2.0, 0.9, 1.4))
    lamp = scenes.box((-2.05, -0.9, 0.5), (-2.0, 0.9, 0.9), material=BRAKE)
    wheel = scenes.box((-0.3, -0.1, -0.3), (0.3, 0.1, 0.3))
    parts = (ModelPart((merge([body, lamp]),)), ModelPart((wheel,), PartMotion.WHEEL, (-1.2, 0.95, 0.3)))
    return Model("car", parts, (4.0, 1.8, 1.4), (0.0, 0.0, 0.85))


def shoot(lib, rows, camera, outputs=CLASSES, quality="fast", later=None):
    scene, state = scenes.batch([rows])
    r = Renderer(lib, scene, state, RenderConfig((camera,), quality, outputs))
    if later is not None:
        for _ in range(2):
            r.advance(*scenes.batch([later]))
    r.render(scene)
    return {k: v[0, 0] for k, v in r.frames.numpy().items()}, r


def test_parts_lamps_and_panoptic_ids_of_a_car():
    lib = scenes.library([car()])
    camera = camera_at((0, 0, 1.0), width=W, height=H)
    actors = [("car", (8.0, 0.0, 0.0), 0.0)]
    for bits, state in ((0, LampState.OFF), (int(Lamp.BRAKE), LampState.ON)):
        rows = scenes.world(lib, actors, lamps=[bits])
        rows[0]["semantic"] = [int(Semantic.CAR)]
        out, _ = shoot(lib, rows, camera)
        mine = out["instance"] == 1
        assert set(np.unique(out["part"][mine])) == {int(Part.BODY), int(Part.BRAKE_LAMP), int(Part.WHEEL)}
        lamp = out["part"] == int(Part.BRAKE_LAMP)
        # 0.4 m by 1.8 m at 5.95 m, seen along its middle.
        k = W / 2 / math.tan(camera.horizontal_fov / 2)
        assert lamp.sum() == pytest.approx(0.4 * 1.8 * (k / 5.95) ** 2, rel=0.1)
        assert (out["lamp"][lamp] == int(state)).all() and not out["lamp"][~lamp].any()
        assert (out["panoptic"] == 256 * out["instance"] + out["semantic"] + 1).all()
        assert (out["anomaly"] == 0).all()


def test_parts_that_a_mesh_brings_stay_with_their_triangles():
    rng = np.random.default_rng(2)
    spots = rng.permutation([(y, z) for y in np.linspace(-2.5, 2.5, 6) for z in np.linspace(0.3, 2.3, 5)])
    boxes = [scenes.box((0.0, y - 0.15, z - 0.15), (0.3, y + 0.15, z + 0.15), Semantic.PERSON) for y, z in spots]
    mesh = merge(boxes)
    mesh.part = np.repeat(np.arange(16, 46) % 14 + 16, 12).astype(np.uint8)
    lib = scenes.library([scenes.model(mesh, "crowd")])
    out, _ = shoot(
        lib, scenes.world(lib, [("crowd", (7.0, 0.0, 0.0), 0.0)]), camera_at((0, 0, 1.3), width=192, height=128)
    )
    k = 96 / math.tan(CameraConfig().horizontal_fov / 2)
    for part, (y, z) in zip(mesh.part[::12], spots, strict=True):
        col, row = round(95.5 - k * y / 7.0), round(63.5 - k * (z - 1.3) / 7.0)
        assert out["part"][row, col] == part


def test_anomalies_are_what_lies_or_does_not_belong():
    box = scenes.model(scenes.box((-0.5, -0.5, 0.0), (0.5, 0.5, 1.0)), "box")
    lib = scenes.library([box])
    camera = camera_at((0, 0, 3.0), pitch=0.25, width=192, height=H, horizontal_fov=1.4)
    kinds = [
        Semantic.CAR,
        Semantic.ANIMAL,
        Semantic.OBSTACLE,
        Semantic.PERSON,
        Semantic.CAR,
        Semantic.TRAFFIC_CONE,
        Semantic.PERSON,
    ]
    actors = [("box", (9.0, 6.0 - 2.0 * k, 0.5 * (k == 4)), 0.0) for k in range(len(kinds))]
    rows = scenes.world(lib, actors, fallen=[0, 0, 0, 12, 0, 0, 0])
    rows[0]["semantic"] = [int(k) for k in kinds]
    rows[1]["rot"][4] = quaternion(0.0, 0.0, 1.3)
    out, _ = shoot(lib, rows, camera)
    expected = [0, Anomaly.ANIMAL, Anomaly.OBSTACLE, Anomaly.FALLEN, Anomaly.OVERTURNED, 0, 0]
    for k, anomaly in enumerate(expected):
        seen = np.unique(out["anomaly"][out["instance"] == k + 1])
        assert seen.tolist() == [int(anomaly)], kinds[k].name
    assert not out["anomaly"][out["instance"] == 0].any()


def test_normals_in_the_world_are_the_scenes_own():
    lib = scenes.library([car()])
    camera = camera_at((0, 0, 1.0), yaw=0.4, pitch=0.2, width=W, height=H)
    out, r = shoot(lib, scenes.world(lib, [("car", (8.0, 2.0, 0.0), 0.3)]), camera)
    ground = out["semantic"] == int(Semantic.ROAD)
    np.testing.assert_allclose(out["normal_world"][ground], np.broadcast_to((0, 0, 1), (ground.sum(), 3)), atol=1e-6)
    turned = out["normal"] @ r.views[1].rot.numpy()[0, 0].T
    np.testing.assert_allclose(out["normal_world"], turned, atol=1e-5)
    back = (out["part"] == int(Part.BRAKE_LAMP)) & (out["normal_world"][..., 2] < 0.5)
    assert back.sum() > 20
    np.testing.assert_allclose(out["normal_world"][back][0], (-math.cos(0.3), -math.sin(0.3), 0.0), atol=1e-5)


def test_markings_and_drivable_area_of_a_street():
    section = CrossSection(sidewalk=2.0, parking="right")
    network = road([Segment(80.0)], section)
    ground = build_road_surface(network).mesh
    lib = scenes.library([], ground)
    camera = camera_at((19.5, 0.0, 6.0), pitch=math.pi / 2, width=240, height=96, horizontal_fov=1.966)
    out, _ = shoot(lib, scenes.world(lib), camera)
    marking = out["semantic"] == int(Semantic.ROAD_MARKING)
    assert marking.any() and ((out["lane"] > 0) == marking).all()
    kinds = {line_of(int(p)) for p in np.unique(out["lane"][marking])}
    assert kinds <= {(kind, LineColor.WHITE) for kind in LineKind} and len(kinds) >= 1
    assert (out["drivable"][out["part"] == int(Part.LANE)] == int(Drivable.LANE)).all()
    assert (out["drivable"][out["part"] == int(Part.PARKING)] == int(Drivable.BESIDE)).all()
    assert (out["part"] == int(Part.PARKING)).sum() > 100 < (out["part"] == int(Part.LANE)).sum()
    for part in (Part.SIDEWALK, Part.KERB):
        assert (out["part"] == int(part)).any() and not out["drivable"][out["part"] == int(part)].any()


def test_scene_flow_is_the_motion_in_the_world():
    lib = scenes.library([car()])
    camera = CameraConfig(width=W, height=H, pos=(-8.0, 0.0, 1.0), show_ego=True)
    first = scenes.world(lib, [("car", (0.0, 0.0, 0.0), 0.0), ("car", (6.0, 2.5, 0.0), 0.0)])
    then = scenes.world(lib, [("car", (0.4, 0.0, 0.0), 0.0), ("car", (6.0, 2.5, 0.0), 0.1)])
    scene, state = scenes.batch([first])
    r = Renderer(lib, scene, state, RenderConfig((camera,), "fast", ("depth", "instance", "scene_flow")))
    r.advance(*scenes.batch([first]))
    r.advance(*scenes.batch([then]))
    r.render(scene)
    out = {k: v[0, 0] for k, v in r.frames.numpy().items()}
    assert (out["instance"] == 1).sum() > 100 and (out["instance"] == 2).sum() > 40
    np.testing.assert_allclose(
        out["scene_flow"][out["instance"] == 1], [[0.4, 0.0, 0.0]] * (out["instance"] == 1).sum(), atol=1e-5
    )
    assert (out["scene_flow"][out["instance"] == 0] == 0.0).all()
    # A turn about the actor's origin, told by the points themselves.
    mine = out["instance"] == 2
    k = W / 2 / math.tan(camera.horizontal_fov / 2)
    row, col = np.nonzero(mine)
    d = out["depth"][mine]
    p = np.stack([d - 8.0, -(col - (W - 1) / 2) / k * d, 1.0 - (row - (H - 1) / 2) / k * d], 1) - (6.0, 2.5, 0.0)
    c, s = math.cos(0.1), math.sin(0.1)
    moved = p @ np.array([[c, s, 0], [-s, c, 0], [0, 0, 1]]) - p
    np.testing.assert_allclose(out["scene_flow"][mine], moved, atol=2e-3)


def test_albedo_and_light_as_numbers():
    plain = Material("plain", (0.3, 0.2, 0.1), roughness=1.0)
    ball = scenes.model(scenes.sphere(1.0, 64, material=plain), "ball")
    lib = scenes.library([ball])
    rows = scenes.world(lib, [("ball", (5.0, 0.0, 1.0), 0.0)], {"cloud_cover": 1.0})
    camera = camera_at((0, 0, 1.0), width=W, height=H)
    for quality in ("fast", "standard"):
        out, _ = shoot(lib, rows, camera, ("rgb", "instance", "semantic", "albedo", "hdr"), quality)
        mine, sky = out["instance"] == 1, out["semantic"] == int(Semantic.SKY)
        np.testing.assert_allclose(out["albedo"][mine], np.broadcast_to((0.3, 0.2, 0.1), (mine.sum(), 3)), atol=1e-4)
        assert not out["albedo"][sky].any()
        light = out["hdr"][mine].mean(0)
        assert light[0] / light[2] == pytest.approx(3.0, rel=0.35) and (out["hdr"][sky] > 0.0).all()
        # Linear light in the picture's order: exposure and curve only stretch it.
        dark, bright = np.quantile(out["hdr"][mine, 1], (0.2, 0.8))
        shown = out["rgb"][mine, 1].astype(float)
        assert shown[out["hdr"][mine, 1] >= bright].min() > shown[out["hdr"][mine, 1] <= dark].max()
    alone, _ = shoot(lib, rows, camera, ("rgb",), "fast")
    both, _ = shoot(lib, rows, camera, ("rgb", "hdr"), "fast")
    only, _ = shoot(lib, rows, camera, ("hdr",), "fast")
    assert (alone["rgb"] == both["rgb"]).all() and (only["hdr"] == both["hdr"]).all()


def test_part_codes_do_not_collide():
    names = part_names()
    assert len(names) == len(Part) + len(LineKind) * len(LineColor) and max(names) < 128
    assert line_of(line_part(LineKind.BROKEN, LineColor.YELLOW)) == (LineKind.BROKEN, LineColor.YELLOW)
    assert names[line_part(LineKind.DOUBLE_SOLID, LineColor.WHITE)] == "double solid white line"
