"""Textures, holes cut by alpha, glass, lamps and paint."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sim.config import RenderConfig
from sim.render.frames import Renderer, camera_at
from sim.render.mesh import Material, MeshData, Role, Semantic, Surface, merge
from sim.render.models import Model, ModelPart
from sim.render.plates import PLATES, lay_plates, plate_number
from sim.render.textures import mip_levels
from sim.types import Lamp
from tests.render import scenes

NOON = {"sun_direction": (-0.5, 0.0, 0.866), "cloud_cover": 0.0}


def board(material, semantic=Semantic.TRAFFIC_SIGN):
    """Upright square of 2 m facing -x, texture upright and readable."""
    vertices = [(0, 1, 0), (0, -1, 0), (0, -1, 2), (0, 1, 2)]
    mesh = scenes.build(vertices, [(0, 1, 2), (0, 2, 3)], [(-1, 0, 0)] * 4, semantic, material)
    return replace(mesh, uvs=np.array([(0, 1), (1, 1), (1, 0), (0, 0)], np.float32))


def picture(models, actors, quality="draft", weather=None, pos=(0, 0, 1), size=64, **state):
    lib = scenes.library(models, scenes.plane(z=-30.0))
    scene, rows = scenes.batch([scenes.world(lib, actors, weather or NOON, **state)])
    camera = camera_at(pos, width=size, height=size, horizontal_fov=0.6)
    r = Renderer(lib, scene, rows, RenderConfig((camera,), quality, ("rgb", "depth", "instance", "semantic")))
    r.render(scene)
    return {k: v[0, 0] for k, v in r.frames.numpy().items()}


@pytest.mark.parametrize("quality", ["fast", "draft"])
def test_texture_is_upright_and_not_mirrored(quality):
    image = np.zeros((8, 8, 4), np.uint8)
    image[..., 3] = 255
    image[:4, :4, 0], image[:4, 4:, 1], image[4:, :4, 2] = 255, 255, 255  # red, green / blue, black
    sign = scenes.model(board(Material("sign", (0.9, 0.9, 0.9), texture=image)), "sign")
    rgb = picture([sign], [("sign", (5, 0, 0), 0.0)], quality)["rgb"].astype(int)
    corner = {(20, 20): 0, (20, 44): 1, (44, 20): 2}
    for (row, col), channel in corner.items():
        others = [c for c in range(3) if c != channel]
        assert rgb[row, col, channel] > 2 * rgb[row, col, others].max()
    assert rgb[44, 44].max() < 60


@pytest.mark.parametrize("quality", ["fast", "draft"])
def test_each_instance_has_a_number_of_its_own(quality):
    """Whatever part of whatever picture the model's plate shows; upright, unmirrored, the blue strip on the left."""
    decoy = np.full((64, 64, 4), (0, 200, 0, 255), np.uint8)
    plate = board(Material("plate", (0.9, 0.9, 0.9), texture=decoy, role=Role.PLATE))
    plate = scenes.model(replace(plate, uvs=0.3 + 0.1 * plate.uvs), "van")
    behind, there = ("van", (-9, 0, 0), 0.0), ("van", (7, 0, 0), 0.0)
    one, other = (
        picture([plate], actors, quality, size=160)["rgb"].astype(int) for actors in ([there, behind], [behind, there])
    )
    for shown in (one, other):
        strip, rest = shown[60:100, 46:50].mean((0, 1)), shown[60:100, 54:114].mean((0, 1))
        assert strip[2] > 1.5 * strip[0] and rest[0] > 1.5 * strip[0] and abs(rest[1] - rest[0]) < 12
    assert (np.abs(one - other).max(-1) > 60).mean() > 0.01, "two numbers"


def test_faces_beside_a_plate_keep_their_texture():
    sheet = board(Material("sheet", texture=np.zeros((4, 4, 4), np.uint8)))
    plate = Material("plate", texture=sheet.materials[0].texture, role=Role.PLATE)
    mesh = replace(sheet, materials=[*sheet.materials, plate], material=np.array([0, 1], np.int32))
    laid = lay_plates(mesh)
    assert np.array_equal(laid.vertices[laid.triangles], mesh.vertices[mesh.triangles])
    assert np.array_equal(laid.uvs[laid.triangles[0]], mesh.uvs[mesh.triangles[0]])
    assert laid.uvs[laid.triangles[1]].min() == 0.0 and laid.uvs[laid.triangles[1]].max() == 1.0


def test_no_plate_is_one_that_a_country_issues():
    numbers = [plate_number(i) for i in range(PLATES)]
    assert len(set(numbers)) == PLATES and all(text[0] == "Q" for text in numbers)


def test_mip_levels_keep_the_mean_in_linear_light():
    rng = np.random.default_rng(0)
    image = rng.integers(0, 2, (16, 32, 1), np.uint8) * np.array([255, 255, 255, 0], np.uint8)
    image[..., 3] = 255
    levels = mip_levels(image)
    assert [x.shape[:2] for x in levels] == [(16, 32), (8, 16), (4, 8), (2, 4), (1, 2), (1, 1)]
    share = (image[..., 0] > 0).mean()
    linear = ((levels[-1][0, 0, 0] / 255.0 + 0.055) / 1.055) ** 2.4
    assert linear == pytest.approx(share, abs=0.03)


def test_rays_pass_through_holes_and_labels_agree():
    image = np.full((4, 4, 4), 255, np.uint8)
    image[:, 2:, 3] = 0  # the right half is a hole
    sheet = scenes.model(board(Material("sheet", texture=image, alpha_cutoff=0.5)), "sheet")
    back = scenes.model(scenes.box((0, -1.5, 0), (1, 1.5, 2), Semantic.CAR), "back")
    out = picture([sheet, back], [("sheet", (5, 0, 0), 0.0), ("back", (8, 0, 0), 0.0)])
    assert out["instance"][32, 24] == 1 and out["semantic"][32, 24] == Semantic.TRAFFIC_SIGN
    assert out["instance"][32, 40] == 2 and out["depth"][32, 40] == pytest.approx(8.0, abs=1e-3)


def test_glass_keeps_its_label_and_shows_what_is_behind():
    pane = scenes.model(board(Material("pane", (0.9, 0.9, 0.9), 0.05, transmission=0.9), Semantic.CAR), "pane")
    red = scenes.model(scenes.box((0, -3, -3), (1, 3, 5), material=Material("red", (0.8, 0.02, 0.02))), "red")
    out = picture([pane, red], [("pane", (5, 0, 0), 0.0), ("red", (8, 0, 0), 0.0)])
    assert out["instance"][32, 32] == 1
    seen = out["rgb"][32, 32].astype(int)
    assert seen[0] > seen[1] + 30


def test_fog_before_a_pane_is_not_tinted_by_it():
    """Far away in thick fog a pane looks like the fog beside it."""
    pane = scenes.model(board(Material("pane", (0.02, 0.02, 0.02), 0.05, transmission=0.5), Semantic.CAR), "pane")
    black = scenes.model(scenes.box((0, -9, -9), (1, 9, 9), material=Material("black", (0.02, 0.02, 0.02))), "black")
    weather = {**NOON, "fog_visibility": 10.0}
    out = picture([pane, black], [("pane", (12, 0, 0), 0.0), ("black", (14, 0, 0), 0.0)], weather=weather)
    fog, through = (out["rgb"][out["instance"] == k].mean(0) for k in (2, 1))
    assert (out["instance"] == 1).sum() > 50
    assert np.abs(through - fog).max() < 4.0


def test_upright_concrete_varies_along_and_up():
    concrete = Material("concrete", (0.4, 0.4, 0.4), 0.9, surface=Surface.CONCRETE)
    wall = scenes.model(scenes.box((0, -3, -3), (1, 3, 5), material=concrete), "wall")
    for turn in (0.0, np.pi / 2):
        seen = picture([wall], [("wall", (4, 0, 0), turn)])["rgb"][20:44, 20:44, 1].astype(float)
        down, across = np.abs(np.diff(seen, axis=0)).mean(), np.abs(np.diff(seen, axis=1)).mean()
        assert 0.4 < down / across < 2.5


@pytest.mark.parametrize("quality", ["fast", "draft"])
def test_paint_is_the_actors(quality):
    paint = Material("paint", (0.0, 1.0, 0.0), 0.5, surface=Surface.CAR_PAINT, role=Role.PAINT)
    car = scenes.model(scenes.box((0, -1, 0.5), (3, 1, 2.5), material=paint), "car")
    rgb = picture([car], [("car", (5, 0, 0), 0.0)], quality)["rgb"][30, 32].astype(int)
    assert rgb[0] > 1.4 * rgb[1]


def test_lamps_glow_when_switched_on():
    lens = Material("brake", (0.3, 0.02, 0.02), role=Role.BRAKE_LAMP)
    body = scenes.box((0.02, -1, 0), (3, 1, 2), material=Material("body", (0.2, 0.2, 0.2)))
    car = scenes.model(merge([body, scenes.box((0, -0.5, 0.5), (0.02, 0.5, 1.5), material=lens)]), "car")
    off, on = (
        picture([car], [("car", (5, 0, 0), 0.0)], lamps=[bits])["rgb"][32, 32].astype(int)
        for bits in (0, int(Lamp.BRAKE))
    )
    assert on[0] > off[0] + 60 and on[0] > on[1]


def test_signal_shows_its_aspect():
    from sim.render.library import MeshLibrary
    from sim.render.models import MapModel, StaticInstance

    heads = [
        scenes.box((0, -0.3, z), (0.1, 0.3, z + 0.5), material=Material(str(role), (0.02,) * 3, role=role))
        for z, role in ((2.0, Role.SIGNAL_RED), (1.4, Role.SIGNAL_AMBER), (0.8, Role.SIGNAL_GREEN))
    ]
    signal = scenes.model(merge(heads), "signal")
    place = np.eye(4)
    place[0, 3] = 6.0
    lib = MeshLibrary([signal], [MapModel(scenes.plane(), (), [StaticInstance("signal", place, signal=1)])], "cpu")
    levels = []
    for aspect in (1, 4):
        scene, rows = scenes.batch([scenes.world(lib, weather=NOON, signal=[0, aspect])])
        camera = camera_at((0, 0, 1.5), width=64, height=64, horizontal_fov=0.6)
        r = Renderer(lib, scene, rows, RenderConfig((camera,), "draft", ("rgb",)))
        r.render(scene)
        light = r.radiance.numpy()[0, 0]
        levels.append((light[:25, 30:34].max(axis=(0, 1)), light[36:, 30:34].max(axis=(0, 1))))
    assert levels[0][0][0] > 3 * levels[1][0][0]  # red on top
    assert levels[1][1][1] > 3 * levels[0][1][1]  # green below


def test_clip_frames_must_share_their_triangles():
    a, b = scenes.box((0, 0, 0), (1, 1, 1)), scenes.plane()
    with pytest.raises(ValueError, match="share"):
        scenes.library([Model("walker", (ModelPart((a, b)),), (1, 1, 1), (0, 0, 0))])
    assert isinstance(a, MeshData)
