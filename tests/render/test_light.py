"""Shadows, energy, fog, lamps, and the equality of a world alone with the same world in a batch."""

from __future__ import annotations

import math

import numpy as np
import pytest
import warp as wp

from sim.config import CameraConfig, RenderConfig
from sim.render.frames import Renderer, camera_at
from sim.render.mesh import Light, Material, Role, Semantic, Surface
from sim.render.sky import extinction_of
from sim.types import Lamp
from tests.render import scenes

wp.set_module_options({"enable_backward": False})

BLACK = Material("black", (0.0, 0.0, 0.0), roughness=1.0)


def make(lib, worlds, camera, quality="draft", outputs=("rgb", "depth", "range", "instance", "semantic")):
    scene, state = scenes.batch(worlds)
    return Renderer(lib, scene, state, RenderConfig((camera,), quality, outputs)), scene, state


@pytest.mark.parametrize("quality", ["fast", "draft"])
def test_shadow_lies_where_the_sun_puts_it(quality):
    post = scenes.model(scenes.box((-0.5, -0.5, 0), (0.5, 0.5, 4.0)), "post")
    lib = scenes.library([post])
    sun = np.array([-0.6, 0.0, 0.8])
    worlds = [scenes.world(lib, [("post", (0, 0, 0), 0.0)], {"sun_direction": tuple(sun), "cloud_cover": 0.0})]
    camera = camera_at((0, 0, 30), pitch=math.pi / 2, width=61, height=61, horizontal_fov=0.5)
    r, scene, _ = make(lib, worlds, camera, quality)
    r.render(scene)
    out = {k: v[0, 0] for k, v in r.frames.numpy().items()}
    # Straight down: image rows run along -x, columns along -y.
    f = 30.5 / math.tan(0.25)
    col, row = np.meshgrid(np.arange(61), np.arange(61))
    x, y = -(row - 30) / f * 30.0, -(col - 30) / f * 30.0
    ground = out["instance"] == 0
    dark = out["rgb"][..., 1].astype(int)
    inside = ground & (x > 0.8) & (x < 3.0) & (np.abs(y) < 0.3)
    outside = ground & ((x < -0.8) | (np.abs(y) > 0.8) | (x > 4.0))
    assert inside.sum() > 10 and outside.sum() > 500
    assert dark[inside].max() < 0.7 * dark[outside].min()


def test_white_furnace():
    """In a uniform world a white sphere of any finish is neither brighter nor darker than what it sees."""
    finishes = [
        Material("matt", (1.0, 1.0, 1.0), roughness=1.0),
        Material("coated", (1.0, 1.0, 1.0), roughness=0.8, clearcoat=1.0),
        Material("metal", (1.0, 1.0, 1.0), roughness=0.1, metallic=1.0),
    ]
    for finish in finishes:
        ball = scenes.model(scenes.sphere(1.0, 64, material=finish), "ball")
        lib = scenes.library([ball], scenes.plane(half=1.0, z=-900.0))
        camera = camera_at((-4, 0, 0), width=40, height=40, horizontal_fov=0.4)
        r, scene, _ = make(lib, [scenes.world(lib, [("ball", (0, 0, 0), 0.0)])], camera, "high")
        r.sky.table.fill_(wp.vec4(1.0, 1.0, 1.0, 0.0))
        for name, value in (("sun", 0.0), ("ambient", 1.0), ("ground", 1.0), ("extinction", 0.0)):
            array = getattr(r.sky, name)
            array.fill_(wp.vec3(value, value, value) if array.dtype is wp.vec3 else value)
        r.render(scene)
        light = r.radiance.numpy()[0, 0]
        np.testing.assert_allclose(light.mean(), 1.0, atol=0.012)
        assert light.max() < 1.06 and light.min() > 0.9, finish.name


@wp.kernel
def _evaluate_extinction(visibility: wp.array[float], out: wp.array[float]):
    """Reads visibility. Writes extinction."""
    i = wp.tid()
    out[i] = extinction_of(visibility[i], 0.0, 0.0)


def test_extinction_is_koschmieders():
    visibility = wp.array([50.0, 200.0, 10_000.0], dtype=float, device="cpu")
    out = wp.zeros(3, dtype=float, device="cpu")
    wp.launch(_evaluate_extinction, dim=3, inputs=[visibility], outputs=[out], device="cpu")
    np.testing.assert_allclose(out.numpy() * visibility.numpy(), 3.912, rtol=1e-5)
    np.testing.assert_allclose(np.exp(-out.numpy() * visibility.numpy()), 0.02, rtol=1e-3)


def test_contrast_in_a_picture_falls_as_koschmieder_says():
    """Black boards stand before each other: C(x) = C0 exp(-3.912 x / V) against the fog's own radiance."""
    distances = (10.0, 25.0, 50.0)
    boards = [
        scenes.model(scenes.box((0, -1, 0), (0.2, 1, 3), Semantic.STATIC, BLACK), f"board{k}")
        for k in range(len(distances))
    ]
    lib = scenes.library(boards, scenes.plane(z=-400.0, material=BLACK))
    actors = [(f"board{k}", (x, (k - 1) * 0.25 * x, 0), 0.0) for k, x in enumerate(distances)]
    weather = {"fog_visibility": 60.0, "cloud_cover": 1.0, "sun_direction": (0.0, 0.0, 1.0)}
    r, scene, _ = make(lib, [scenes.world(lib, actors, weather)], camera_at((0, 0, 1.5), width=128, height=48))
    r.render(scene)
    light = r.radiance.numpy()[0, 0, ..., 1]
    out = {k: v[0, 0] for k, v in r.frames.numpy().items()}
    air = light[24][out["instance"][24] == 0].max()
    for k, x in enumerate(distances):
        mine = out["instance"] == k + 1
        inner = mine & np.roll(mine, 1, 0) & np.roll(mine, -1, 0) & np.roll(mine, 1, 1) & np.roll(mine, -1, 1)
        contrast = 1.0 - light[inner].mean() / air
        assert contrast == pytest.approx(math.exp(-3.912 * x / 60.0), abs=0.03)


def test_head_lamps_light_the_road_at_night():
    mesh = scenes.box((-1, -1, 0.2), (3, 1, 1.5))
    lamp = Light((3.1, 0, 0.7), (0.99, 0, -0.1), (60.0, 60.0, 60.0), 0.95, 0.8, Role.HEAD_LAMP)
    car = scenes.model(mesh, "car", lights=(lamp,))
    lib = scenes.library([car])
    night = {"sun_direction": (0.6, 0.0, -0.8)}
    levels = []
    for lamps in (0, int(Lamp.LOW_BEAM)):
        worlds = [scenes.world(lib, [("car", (0, 0, 0), 0.0)], night, lamps=[lamps])]
        r, scene, _ = make(lib, worlds, CameraConfig(width=48, height=32, pos=(1.5, 0, 1.5), pitch=0.15))
        r.render(scene)
        assert r.lights.count.numpy()[0] == (1 if lamps else 0)
        levels.append(float(r.radiance.numpy()[0, 0, 16:].mean()))
    assert levels[1] > 5.0 * levels[0]


def test_wet_road_is_darker_and_mirrors():
    asphalt = Material("asphalt", (0.12, 0.12, 0.12), roughness=0.9, surface=Surface.ASPHALT)
    wall = scenes.model(scenes.box((0, -30, 0), (1, 30, 30), material=Material("wall", (0.8, 0.1, 0.1))), "wall")
    lib = scenes.library([wall], scenes.plane(material=asphalt))
    camera = camera_at((0, 0, 1.5), width=64, height=48)
    light = []
    for wet in (0.0, 1.0):
        weather = {"wetness": wet, "sun_direction": (-0.7, 0.1, 0.7)}
        r, scene, _ = make(lib, [scenes.world(lib, [("wall", (15.0, 0, 0), 0.0)], weather)], camera)
        r.render(scene)
        light.append(r.radiance.numpy()[0, 0])
    near, far = light[1][44:].mean() / light[0][44:].mean(), [x[30:33] for x in light]
    assert near < 0.85
    redness = [x[..., 0].mean() / x[..., 1].mean() for x in far]
    assert redness[1] > 1.5 * redness[0]


def batch_of_worlds(lib):
    places = [
        scenes.world(lib, [("car", (k * 0.3, 0, 0), 0.0), ("car", (8 + k, k - 2, 0), 0.3 * k)][: 1 + (k != 2)],
                     {"cloud_cover": 0.2 * k, "wetness": 0.3 * k, "rain": 2.0 * (k % 2), "fog_visibility": 300.0 + 99.0 * k},
                     key=11 + k, tick=7 * k)
        for k in range(4)
    ]  # fmt: skip
    return places


@pytest.mark.parametrize("quality", ["fast", "draft"])
def test_world_in_a_batch_equals_the_world_alone(quality):
    paint = Material("paint", (0.5, 0.5, 0.5), 0.4, clearcoat=1.0, surface=Surface.CAR_PAINT)
    car = scenes.model(scenes.box((-1, -1, 0.2), (3, 1, 1.5), material=paint), "car")
    lib = scenes.library([car], scenes.plane(material=Material("a", (0.12,) * 3, surface=Surface.ASPHALT)))
    worlds = batch_of_worlds(lib)
    outputs = ("rgb", "depth", "range", "instance", "normal", "semantic", "flow_back")
    camera = CameraConfig(width=40, height=32)

    def pictures(some):
        scene, state = scenes.batch(some, nactor=2)
        r = Renderer(lib, scene, state, RenderConfig((camera,), quality, outputs))
        r.advance(scene, state)
        r.render(scene)
        return {k: v.copy() for k, v in r.frames.numpy().items()}

    together = pictures(worlds)
    assert len({together["rgb"][w].tobytes() for w in range(4)}) == 4
    for w in range(4):
        for name, value in pictures([worlds[w]]).items():
            np.testing.assert_array_equal(value[0], together[name][w], err_msg=f"{name} of world {w}")
    for name, value in pictures(worlds).items():
        np.testing.assert_array_equal(value, together[name], err_msg=f"{name} rendered twice")


def test_threads_and_graph_change_nothing():
    car = scenes.model(scenes.box((-1, -1, 0.2), (3, 1, 1.5)), "car")
    lib = scenes.library([car])
    scene, state = scenes.batch([scenes.world(lib, [("car", (0, 0, 0), 0.0), ("car", (9, 1, 0), 0.4)])])
    config = RenderConfig((CameraConfig(width=50, height=30),), "draft", ("rgb", "depth", "flow_back"))
    pictures = []
    for threads in (1, 2):
        r = Renderer(lib, scene, state, config, threads=threads)
        r.render(scene)
        pictures.append({k: v.copy() for k, v in r.frames.numpy().items()})
    r = Renderer(lib, scene, state, config)
    with wp.ScopedCapture(device="cpu") as capture:
        r.render(scene)
    for array in r.frames.arrays.values():
        array.zero_()
    wp.capture_launch(capture.graph)
    pictures.append(r.frames.numpy())
    for other in pictures[1:]:
        for name, value in other.items():
            np.testing.assert_array_equal(value, pictures[0][name], err_msg=name)
    tensors = r.frames.torch()
    assert tuple(tensors["rgb"].shape) == (1, 1, 30, 50, 3)
    tensors["rgb"].zero_()
    assert not r.frames.numpy()["rgb"].any()
